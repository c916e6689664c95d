//! What holds for every input of the formulas of [`upside_math::formula`].
//!
//! A [`property`] is a Rust function over any [`Subject`]: an integer whose exact value can be compared. It is run
//!
//! - at 8 and 12 bits with every input, or, where that would take hours, every input on a grid that has both ends ([`narrow`]),
//! - at 64 bits with terms instead of numbers: each way through formula and property becomes one question to z3, whether any input takes it and
//!   breaks the property ([`term`]).
//!
//! Both run the very functions that the program runs. Every property names a mutant, a wrong formula, that it must catch both ways.
#![deny(missing_docs)]

pub mod narrow;
pub mod property;
pub mod subject;
pub mod term;

pub use subject::Subject;
