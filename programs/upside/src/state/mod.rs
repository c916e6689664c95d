//! One file per account. Methods decide and return summaries; they move nothing.
//!
//! Every account is C-packed and read in place. It starts with a version and its bump, then its keys, at fixed offsets
//! that `getProgramAccounts` can filter on; there is no `u128` field (its alignment differs between targets), no
//! variable-length field, and reserved bytes at the end (zero until a later version gives them a meaning).

mod approval;
#[cfg(test)]
mod border_tests;
mod collective;
mod grant;
#[cfg(test)]
mod layout_tests;
mod load;
mod member;
mod position;
mod redemption;
mod round;
mod security;
mod subscription;
mod vault;
mod x64;

pub use approval::*;
pub use collective::*;
pub use grant::*;
pub use load::*;
pub use member::*;
pub use position::*;
pub use redemption::*;
pub use round::*;
pub use security::*;
pub use subscription::*;
pub use vault::*;
pub use x64::*;
