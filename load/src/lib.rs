//! Many holders at once, over JSON-RPC: how much a validator takes, how long each transaction waits, what was refused, and whether every atom is
//! where it must be afterwards.
//!
//! | module | holds |
//! |---|---|
//! | [`link`] | one connection: sign, send, wait for the confirmation, say how long it took |
//! | [`market`] | what the load is put on: securities, holders, money; all from one seed |
//! | [`run`] | the load itself: every worker plays its own part of one plan |
//! | [`audit`] | what is on the chain beside what was acknowledged |
//! | [`report`] | what came of it, as data and as text |
#![deny(missing_docs)]

pub mod audit;
pub mod link;
pub mod market;
pub mod report;
pub mod run;
