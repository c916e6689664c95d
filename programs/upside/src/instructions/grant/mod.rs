//! Grants: shares for help.

mod approve_milestone;
mod claim_grant;
mod close_grant;
mod create_grant;
mod revoke_grant;

pub use approve_milestone::*;
pub use claim_grant::*;
pub use close_grant::*;
pub use create_grant::*;
pub use revoke_grant::*;
