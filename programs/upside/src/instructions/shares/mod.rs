//! Registering, unregistering and sending shares; a holder's own settings.

mod open_position;
mod register;
mod transfer_shares;
mod unregister;

pub use open_position::*;
pub use register::*;
pub use transfer_shares::*;
pub use unregister::*;
