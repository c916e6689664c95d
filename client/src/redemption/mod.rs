//! A redemption from the first look to the last asset.
//!
//! | step | by |
//! |---|---|
//! | what each asset pays now, and which is blocked and why | [`Quote`] |
//! | the instructions, in transactions as full as they can be | [`Plan`], [`pack`](Plan::pack) |
//! | sending them, one asset never holding up another | [`Run`] |
//!
//! Everything is read from the chain each time: after a crash, [`open_tickets`] finds what was begun, and a new [`Quote::of_ticket`] knows what
//! is left of it.

mod hook;
mod plan;
mod quote;
mod run;

pub use hook::extra_accounts;
pub use plan::{Plan, Step, Tolerance, Transactions};
pub use quote::{free_id, open_tickets, Block, Leg, Quote, Receivers};
pub use run::{Run, StepResult};
