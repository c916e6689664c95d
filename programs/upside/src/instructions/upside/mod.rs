//! Money in and out.

mod claim;
mod distribute;

pub use claim::*;
pub use distribute::*;
