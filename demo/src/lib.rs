//! A story about securities, played on a local validator and checked by an independent calculation.
//!
//! | module | holds |
//! |---|---|
//! | [`story`] | what happens, as data, read from a TOML file; what is said when the file is wrong |
//! | [`verb`] | everything that can happen: how it is read, told, done and booked |
//! | [`localnet`] | the validator: a child process |
//! | [`world`] | the network as the story knows it: wallets, transactions, readings |
//! | [`check`] | the independent calculation, and the comparison |
//! | [`play`] | perform, read back, check, tell, to the report |
//! | [`narrate`] | what people would say has changed |
//! | [`report`] | what a run showed, as data |
//! | [`render`] | pages, charts, the picture, the HTML report |
//! | [`amount`] | amounts as people write them |
#![deny(missing_docs)]

pub mod amount;
pub mod check;
pub mod localnet;
pub mod narrate;
pub mod play;
pub mod render;
pub mod report;
pub mod story;
pub mod verb;
pub mod world;
