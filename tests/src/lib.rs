//! The harness of the suites: the compiled program in a real virtual machine, with fixed keys and a fixed clock.
//!
//! | module | holds |
//! |---|---|
//! | [`context`] | [`TestContext`]: the machine, the clock, wallets, sending, and A-1 after every refused transaction |
//! | [`setup`] | what a test starts from: securities, holders, mints, vaults, money |
//! | [`assert`](mod@assert) | [`Refusal`]: the exact error of a refused transaction |
//! | [`accounts`] | reads of state; token accounts and mints by offsets that share no code with the client |
//! | [`model`] | the reference model, in exact arithmetic, that shares no code with the program |
//! | [`invariants`] | each invariant of the protocol, one function by its id |
//! | [`negative`] | wrong accounts, made from the role each account plays |
//! | [`sequence`] | random sequences: what they are made of, the machine they run on, and what must hold after every step |
//!
//! # Example
//!
//! ```no_run
//! use upside::error::UpsideError;
//! use upside_client::instructions::Retire;
//! use upside_tests::TestContext;
//!
//! let ctx = TestContext::new();
//! let alice = ctx.security("alice").create();
//! let bob = ctx.wallet("bob");
//! ctx.give_shares(&alice, &bob, 1_000);
//! ctx.distribute(&alice, 1_000_000);
//! ctx.warp(3_600);
//! ctx.claim(&alice, &bob);
//! let retire = Retire { keys: &alice.keys, issuer: ctx.key("bob"), amount: 1 }.instruction();
//! ctx.refuse(&[retire], &[&bob], UpsideError::NotIssuer);
//! ctx.assert_events_rebuild_state();
//! ```

#[deny(missing_docs)]
pub mod accounts;
#[deny(missing_docs)]
pub mod assert;
#[deny(missing_docs)]
pub mod context;
#[deny(missing_docs)]
pub mod invariants;
#[deny(missing_docs)]
pub mod model;
pub mod negative;
#[deny(missing_docs)]
pub mod sequence;
#[deny(missing_docs)]
pub mod setup;

pub use assert::Refusal;
pub use context::TestContext;
pub use setup::TestSecurity;
