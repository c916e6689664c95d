//! The loading of an instruction's accounts by table, in place of code for each that the framework's derive writes.
//!
//! The derive (`upside-derive`) makes a [`Table`] of an account struct: [`Rule`]s, what each account alone must be, and [`Check`]s, what it
//! must be beside others. [`take`] reads them and refuses with the framework's errors, which name the account and, where two keys differ, both. It
//! is the only code that decides whether an account is what its struct says; [`Signer`], [`Program`] and [`AccountLoader`] are made of accounts
//! that passed.

mod tables;
#[cfg(test)]
mod tests;
mod types;

pub use tables::*;
pub use types::*;
