//! Collectives: securities that join one on equal terms.

mod admit;
mod apply;
mod create_collective;
mod join;
mod revoke_admission;
mod withdraw_application;

pub use admit::*;
pub use apply::*;
pub use create_collective::*;
pub use join::*;
pub use revoke_admission::*;
pub use withdraw_application::*;
