//! Look-alikes of real mints, for local networks and tests.
//!
//! Real tokenised stocks are Token-2022 mints that carry many extensions at once, and real payout money is a
//! legacy SPL Token mint with a freeze authority. This crate describes both as data ([`EquityMint`], [`PayoutMint`])
//! and turns a description into a list of instructions. It holds no connection, no virtual machine and no state,
//! so an in-process test, an RPC client and the local validator make exactly the same mints.
//!
//! | module | holds |
//! |---|---|
//! | [`equity`] | the specification of a tokenised stock, the table [`EQUITIES`], its creation |
//! | [`payout`] | the look-alike of USDC |
//! | [`balances`] | giving atoms of a mint to an owner, thawing, pausing |
//! | [`keys`] | the deterministic keys of a local network |
#![deny(missing_docs)]

pub mod balances;
pub mod equity;
pub mod keys;
pub mod payout;

pub use equity::{EquityMint, Extension, EQUITIES};
pub use payout::{PayoutMint, PAYOUT};
