//! What a test starts from. Builders have defaults that suit most tests; everything they send must succeed.

mod mints;
mod redemptions;
mod securities;
mod vaults;

pub use securities::{SecurityBuilder, TestSecurity};
