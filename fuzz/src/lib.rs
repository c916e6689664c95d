//! Coverage-guided sequences of transactions on the compiled program.
//!
//! A sequence is that of [`upside_tests::sequence`]: steps of the protocol and of a hostile environment, run on the compiled program in the
//! in-process VM beside the reference model, every invariant after every step. What guides the search is which edges of the program's own
//! bytecode a sequence takes, read from the VM's traces: one that takes an edge nobody took before joins the corpus, and new sequences are
//! made from those.
//!
//! | module | holds |
//! |---|---|
//! | [`coverage`] | the edges of the bytecode, and which of them a run takes |
//! | [`mutate`] | new sequences from old ones |
//! | [`campaign`] | the search on all cores, its statistics and its findings |
//! | [`corpus`] | sequences in files |
//! | [`plant`] | bugs put into the bytecode on purpose |
#![deny(missing_docs)]

pub mod campaign;
pub mod corpus;
pub mod coverage;
pub mod mutate;
pub mod plant;
