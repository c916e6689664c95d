//! One folder per domain, one file per instruction. Each reads: validate, decide, check the invariant, move, tell.

pub mod collective;
pub mod grant;
pub mod in_place;
pub mod redemption;
pub mod round;
pub mod security;
pub mod shares;
pub mod upside;
pub mod vault;

use anchor_lang::prelude::*;

/// The cluster's time, unix seconds. Out of line: once, what refuses without a clock.
#[inline(never)]
pub(crate) fn now() -> Result<i64> {
    Ok(Clock::get()?.unix_timestamp)
}
