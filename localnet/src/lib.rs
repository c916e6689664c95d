//! An embedded Solana validator for developing and testing Upside.
//!
//! [`Localnet::start`] brings up, inside the calling process and within about a second, a network with JSON-RPC and
//! websocket on 127.0.0.1, the given programs deployed as upgradeable programs, and look-alike mints. It makes no
//! outbound connection: no remote endpoint is configured, and an account that does not exist here does not exist.
//! The binary `upside-localnet` is this library with flags.
//!
//! ```no_run
//! use upside_localnet::{Config, Localnet, Program};
//!
//! # fn main() -> anyhow::Result<()> {
//! let program = Program::upside("target/deploy/upside.so")?;
//! let localnet = Localnet::start(Config { programs: vec![program], ..Config::default() })?;
//! let wallet = upside_localnet::keys::keypair("a wallet");
//! # use solana_keypair::Signer;
//! localnet.fund(&wallet.pubkey(), 10_000_000_000, 500_000_000)?;
//! localnet.time_travel(30 * 86_400)?;
//! # Ok(())
//! # }
//! ```
//!
//! The API blocks. Call it from a plain thread, or from `tokio::task::spawn_blocking`.
//!
//! | module | holds |
//! |---|---|
//! | [`config`] | what to start |
//! | [`program`] | programs, deployed by the real loader before they are installed |
//! | [`rpc`] | sending and confirming transactions |
//! | [`clock`] | reading and moving the network's time |
//! | [`market`] | the look-alike mints and giving their tokens to wallets |
//! | [`ready`] | what a started network says about itself |
//! | [`gifts`] | what wallets are given at the start |
//! | [`lifetime`] | until when a binary serves it |
#![deny(missing_docs)]

pub mod clock;
pub mod config;
pub mod gifts;
mod ledger;
pub mod lifetime;
mod localnet;
pub mod market;
pub mod program;
pub mod ready;
pub mod rpc;
mod self_test;
mod validator;

pub use clock::TimeTravel;
pub use config::Config;
pub use localnet::Localnet;
pub use program::Program;
pub use ready::Ready;
pub use upside_lookalike_mints::keys;
