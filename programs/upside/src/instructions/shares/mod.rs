//! Registering, unregistering and sending shares; a holder's own settings.

mod close_position;
mod move_shares;
mod open_position;
mod register;
mod set_payout_account;
mod transfer_shares;
mod unregister;

pub use close_position::*;
pub use move_shares::*;
pub use open_position::*;
pub use register::*;
pub use set_payout_account::*;
pub use transfer_shares::*;
pub use unregister::*;
