//! Backing.

mod deposit_equity;
mod deposit_shares;
mod harvest;
mod open_vault;
mod register_vault_bearer;

pub use deposit_equity::*;
pub use deposit_shares::*;
pub use harvest::*;
pub use open_vault::*;
pub use register_vault_bearer::*;
