//! The core on the compiled program.
//!
//! | module | what is tested |
//! |---|---|
//! | [`flows`] | every instruction: effects to the atom, events, every error it can return |
//! | [`registered_accounts`] | nobody moves registered shares past the program; odd accounts hurt nobody else |
//! | [`prefunded`] | addresses funded or made before, frozen and closed accounts, a clock set back |
//! | [`mint_policy`] | every extension by number, for vaults and payout mints |
//! | [`attacks`] | attacks that no other module makes; the catalogue of all |
//! | [`binary`] | security.txt in the program's file, and the id it answers to |
//! | [`cpi`] | a program that calls Upside, the example in `tests/programs/lock` |
//! | [`division`] | that compiled programs divide 128-bit numbers rightly |
//! | [`errors`] | that no error is left untested |
//! | [`harness`] | that the harness notices what it must |

mod attacks;
mod binary;
mod cpi;
mod division;
mod errors;
mod flows;
mod harness;
mod mint_policy;
mod prefunded;
mod registered_accounts;
