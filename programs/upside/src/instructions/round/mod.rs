//! Rounds: shares sold at one price, the money released over time.

mod cancel_round;
mod close_round;
mod create_round;
mod invite;
mod money;
mod release_runway;
mod settle_subscription;
mod subscribe;
mod uninvite;
mod withdraw_refund;
mod withdraw_subscription;

pub use cancel_round::*;
pub use close_round::*;
pub use create_round::*;
pub use invite::*;
pub use release_runway::*;
pub use settle_subscription::*;
pub use subscribe::*;
pub use uninvite::*;
pub use withdraw_refund::*;
pub use withdraw_subscription::*;
