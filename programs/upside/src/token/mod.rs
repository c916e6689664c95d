//! Everything that touches token programs: reading their accounts, the mint policy, moves of registered shares, payments.

mod account;
mod batch;
mod call;
mod create;
mod pay;
mod policy;
mod registered;

pub use account::*;
pub use batch::*;
pub use call::*;
pub use create::*;
pub use pay::*;
pub use policy::*;
pub use registered::*;
