//! An example of an indexer for Upside: small enough to read, sound enough to run.
//!
//! | module | holds |
//! |---|---|
//! | [`change`] | which accounts an event changed, and what they are then |
//! | [`store`] | the database: transactions in, cap table, history and gaps out; any order, any number of times |
//! | [`chain`] | the transactions of a cluster that the database does not have, by `getSignaturesForAddress` |
//! | [`watch`] | waits for news by websocket, `logsSubscribe` |
//!
//! The schema is `src/schema.sql`; `docs/scale.md` tells how far it carries and how it grows.
//!
//! Nothing is remembered but what was read. A run lists the newest slots again and everything after them, oldest first, so it may be killed at any
//! moment; a transaction that shows up late takes its place among the others.

#![deny(missing_docs)]

pub mod chain;
pub mod change;
pub mod store;
pub mod watch;

/// The tables and indices.
pub const SCHEMA: &str = include_str!("schema.sql");
