//! Vesting of a grant.

use core::num::NonZeroU64;

use crate::formula;

/// Shares vested at `t`: `amount` if `t >= end` (tested first), 0 before the cliff, else
/// `floor(amount * (t - start) / (end - start))`. Source: protocol, Vesting.
///
/// - Units: `amount` and the result in share atoms, times in unix seconds. Rounding: down; the rest vests later.
/// - Bounds: `start <= cliff <= end` is checked when the grant is made. Between them `t - start < end - start`, so the
///   result is at most `amount`. For any input whatsoever it is at most `amount` and never falls as `t` rises: a
///   schedule out of order vests nothing before `start`.
/// - Errors: none.
pub fn vested(amount: u64, start_ts: i64, cliff_ts: i64, end_ts: i64, t: i64) -> u64 {
    if t >= end_ts {
        return amount;
    }
    if t < cliff_ts || t < start_ts {
        return 0;
    }
    // start <= t < end from here on, so the duration is above zero.
    let Some(duration) = NonZeroU64::new(end_ts.abs_diff(start_ts)) else {
        return amount;
    };
    formula::line(amount, t.abs_diff(start_ts), duration)
}
