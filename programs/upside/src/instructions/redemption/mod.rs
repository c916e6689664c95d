//! Redemption in kind: shares burnt once, each asset collected by itself.

mod close_redemption;
mod collect;
mod collect_shares;
mod redeem;

pub use close_redemption::*;
pub use collect::*;
pub use collect_shares::*;
pub use redeem::*;
