//! What every instruction uses: the framework's prelude, with the types and the derive of account structs that load by table.

pub use anchor_lang::prelude::*;
pub use upside_derive::Accounts;

pub use crate::checked::{AccountLoader, Program, Signer};
