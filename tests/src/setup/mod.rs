//! What a test starts from. Builders have defaults that suit most tests; everything they send must succeed.

mod collectives;
mod grants;
mod hooks;
mod layers;
mod mints;
mod redemptions;
mod rounds;
mod securities;
mod vaults;

pub use collectives::a_tenth;
pub use grants::over_time;
pub use hooks::{hook_program, TestHook};
pub use rounds::public_round;
pub use securities::{SecurityBuilder, TestSecurity};
