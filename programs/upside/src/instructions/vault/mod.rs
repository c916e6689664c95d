//! Backing.

mod deposit_equity;
mod open_vault;

pub use deposit_equity::*;
pub use open_vault::*;
