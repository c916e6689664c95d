//! Every formula of the Upside protocol, once.
//!
//! Plain integer arithmetic on plain values: no accounts, no framework, no allocation, no dependency.
//! The program, the client and the tests call these functions; nobody restates a formula. The arithmetic itself is in [`formula`], over any
//! width of integer: at 8 and 12 bits every input can be tried, and a solver takes it at 64.
//!
//! # Rules that hold everywhere
//!
//! - What is paid is rounded down, what is charged is rounded up.
//! - A result that does not fit is an error. Nothing saturates; nothing wraps except the accumulator and
//!   the difference of two of its values (see [`owed_x64`]).
//! - No input makes a function panic, and a method that fails leaves its value as it was.
//!
//! # Units
//!
//! Amounts of money, shares and backing are atoms (the smallest unit of their mint, `u64`). Times are unix
//! seconds (`i64`, `_ts`). Rates are basis points (`_bps`, 1/10,000). Fixed point carries 64 fractional
//! bits (`_x64`): `atoms * 2^64`.
#![no_std]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod accumulator;
pub mod bps;
pub mod error;
pub mod formula;
pub mod member;
pub mod mul_div;
pub mod price;
pub mod pro_rata;
pub mod redemption;
pub mod runway;
pub mod stream;
pub mod supply;
pub mod vesting;
mod wide;
pub mod word;

pub use accumulator::{fraction, owed_x64, payable, settle, Accumulator};
pub use error::MathError;
pub use mul_div::{mul_div_ceil, mul_div_floor, mul_div_floor_u128};
pub use stream::Stream;
pub use vesting::vested;
pub use word::Word;
