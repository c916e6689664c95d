//! The security itself: creation, supply, issuer, metadata, approvals.

mod accept_issuer;
mod advance_redemption;
mod approve_holder;
mod create_security;
mod issue;
mod post_update;
mod propose_issuer;
mod remove_approval;
mod retire;
mod update_metadata;

pub use accept_issuer::*;
pub use advance_redemption::*;
pub use approve_holder::*;
pub use create_security::*;
pub use issue::*;
pub use post_update::*;
pub use propose_issuer::*;
pub use remove_approval::*;
pub use retire::*;
pub use update_metadata::*;
