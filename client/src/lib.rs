//! Builds, signs, sends and reads Upside transactions.
//!
//! | module | holds |
//! |---|---|
//! | [`pda`] | every address, and [`SecurityKeys`], the fixed keys of one security |
//! | [`instructions`] | pure builders over the program's own types |
//! | [`transactions`] | instructions that go together |
//! | [`accounts`] | typed reads of securities, positions, vaults, approvals, token accounts and mints |
//! | [`quote`] | what a claim pays, what has dripped, what a distribution does, what a share is backed by, what a grant has vested, what a round leaves for a subscription: by the program's own formulas |
//! | [`announced`] | what will dilute the holders, when, to whom, and by how much at worst |
//! | [`batch`] | grants by the hundred, from a table that people write |
//! | [`risk`] | what the issuer of any mint can do to those who hold it |
//! | [`redemption`] | what a redemption pays, asset by asset; its steps, packed; carrying them out, and going on after a crash |
//! | [`layers`] | which securities hold shares of which, and what those have earned: due harvests |
//! | [`crank`] | what anybody may do for others, found and done from the bottom up: harvests, claims, grants, rounds, inboxes, bearer shares in vaults |
//! | [`look_through`] | everything on a cluster as a market, for the look-through values of [`upside_valuation`] |
//! | [`events`], [`replay`] | what happened, and the state rebuilt from it |
//! | [`script`] | what was done to a machine, written down, and played again |
//! | [`sender`] | one [`Sender`] over JSON-RPC and over a virtual machine in this process |
//! | [`cluster`] | which cluster a server belongs to; the localnet program is refused on public ones |
//! | [`amount`], [`time`] | texts that people write, without floats |
//! | [`key_file`] | keys from files that nobody else can use |
//! | [`program`] | who could change the program |
//! | [`error`] | what went wrong and what to do about it |
//!
//! # Example
//!
//! ```no_run
//! use upside_client::{
//!     accounts, amount,
//!     instructions::{Claim, Distribute},
//!     quote,
//!     sender::{RpcConfig, RpcSender},
//!     SecurityKeys, Sender,
//! };
//! # use anchor_lang::prelude::Pubkey;
//! # use upside_client::solana_keypair::Keypair;
//! # fn example(address: Pubkey, payer: Keypair, holder: Pubkey) -> upside_client::Result<()> {
//! use upside_client::solana_signer::Signer;
//!
//! let sender = RpcSender::connect("http://127.0.0.1:8899", RpcConfig::default())?;
//! let security = accounts::get_security(&sender, &address)?;
//! let keys = SecurityKeys::from(&security);
//!
//! // Pay 1,000.25 in.
//! let atoms = amount::parse_atoms("1000.25", security.payout_decimals).expect("an amount");
//! let receipt = sender.send(
//!     &[Distribute::from_ata(&keys, payer.pubkey(), atoms).instruction()],
//!     &payer,
//!     &[],
//! )?;
//! println!("{} took {} compute units", receipt.signature, receipt.compute_units);
//!
//! // Pay a holder what has dripped, if anything.
//! if let Some(position) = accounts::find_position(&sender, &address, &holder)? {
//!     let owed = quote::position(&security, &position, sender.now()?)?;
//!     if owed.claimable_atoms > 0 {
//!         sender.send(&[Claim::crank(&keys, &position).instruction()], &payer, &[])?;
//!     }
//! }
//! # Ok(())
//! # }
//! ```
#![deny(missing_docs)]

pub mod accounts;
pub mod amount;
pub mod announced;
pub mod batch;
pub mod cluster;
pub mod crank;
pub mod error;
pub mod events;
pub mod instructions;
pub mod key_file;
pub mod layers;
pub mod look_through;
pub mod pda;
pub mod price_account;
pub mod program;
pub mod quote;
pub mod redemption;
pub mod replay;
pub mod risk;
pub mod script;
pub mod sender;
pub mod time;
pub mod transactions;

pub use error::{ClientError, Result};
pub use pda::SecurityKeys;
pub use sender::{Receipt, Sender};
pub use {solana_account, solana_keypair, solana_signer, upside, upside_math, upside_valuation};
