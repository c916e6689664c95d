//! Builds, signs, sends and reads Upside transactions.
#![deny(missing_docs)]

pub mod accounts;
pub mod error;
pub mod events;
pub mod instructions;
pub mod pda;
pub mod sender;

pub use error::{ClientError, Result};
pub use pda::SecurityKeys;
pub use sender::{Receipt, Sender};
pub use {solana_account, solana_keypair, solana_signer, upside, upside_math};
