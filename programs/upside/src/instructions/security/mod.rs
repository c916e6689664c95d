//! The security itself: creation, supply, issuer, metadata, approvals.

mod create_security;
mod issue;

pub use create_security::*;
pub use issue::*;
