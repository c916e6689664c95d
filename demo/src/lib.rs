//! The story of a personal token, played on a local validator and checked by an independent calculation.
//!
//! | module | holds |
//! |---|---|
//! | [`story`] | what happens, as data |
//! | [`localnet`] | the validator: a child process |
//! | [`execute`] | doing it: transactions, readings |
//! | [`check`] | the independent calculation, and the comparison |
//! | [`play`] | perform, read back, check, tell, to the report |
//! | [`narrate`] | what people would say has changed |
//! | [`report`] | what a run showed, as data |
//! | [`render`] | pages, charts, the picture |
//! | [`amount`] | amounts as people write them |
#![deny(missing_docs)]

pub mod amount;
pub mod check;
pub mod execute;
pub mod localnet;
pub mod narrate;
pub mod play;
pub mod render;
pub mod report;
pub mod story;
