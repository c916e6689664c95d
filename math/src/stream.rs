//! The stream: money paid in drips to the registered shares over time, so that nobody gains by registering
//! for a moment.

use core::num::NonZeroU64;

use crate::{formula, MathError};

/// Money on its way to the registered shares. Source: protocol, Stream.
///
/// Of `total` atoms, `floor(total * (t - start_ts) / (end_ts - start_ts))` have been emitted at time `t`,
/// all of them from `end_ts` on. Because every amount is taken from that one line and not from the time since
/// the last call, moving the stream often or rarely emits the same.
///
/// Starting from [`Stream::default`] and calling only the methods below, `dripped <= total` and
/// `start_ts <= last_ts` always hold. A value read from elsewhere that breaks them is refused, not repaired.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stream {
    /// Atoms the present line carries: what had not been emitted when it was drawn, and what was added then.
    pub total: u64,
    /// Atoms of `total` already emitted to the accumulator; never above `total`.
    pub dripped: u64,
    /// Where the line starts, unix seconds. Moves on while no share is registered.
    pub start_ts: i64,
    /// When everything has been emitted, unix seconds. Moves on while no share is registered.
    pub end_ts: i64,
    /// The latest time the stream was moved to, unix seconds. Never goes back, even if the clock does.
    pub last_ts: i64,
}

impl Stream {
    /// Atoms not emitted yet: `total - dripped`.
    ///
    /// A value with `dripped > total` cannot arise here; it answers 0, and [`Stream::advance`] and
    /// [`Stream::add`] refuse it.
    pub fn undripped(&self) -> u64 {
        self.checked_undripped().unwrap_or(0)
    }

    /// Moves the stream to `t = max(now, last_ts)` and returns the atoms emitted since the last move.
    ///
    /// - With `registered > 0`: `total - dripped` if `t >= end` (tested first, so a drip of 0 seconds pays at
    ///   once), else `floor(total * (t - start) / (end - start)) - dripped`.
    /// - With `registered = 0` nothing is emitted: `start` and `end` both move by the elapsed time.
    /// - Units: `now` in unix seconds, `registered` in share atoms, the result in payout atoms. Rounding: down; the
    ///   rest stays in the stream.
    /// - Bounds: the product is exact in 128 bits; the line never exceeds `total`.
    /// - Errors, the stream unchanged: [`MathError::Overflow`] if `dripped > total`, if the line is below
    ///   `dripped`, or if a moved time leaves `i64`; [`MathError::StreamNotStarted`] if `t < start_ts < end_ts`. None of
    ///   these can be reached from [`Stream::default`] while clock and durations stay centuries away from the ends of `i64`.
    pub fn advance(&mut self, now: i64, registered: u64) -> Result<u64, MathError> {
        let undripped = self.checked_undripped()?;
        let t = now.max(self.last_ts);
        if registered == 0 {
            let elapsed = t.abs_diff(self.last_ts);
            let start_ts = later(self.start_ts, elapsed)?;
            self.end_ts = later(self.end_ts, elapsed)?;
            self.start_ts = start_ts;
            self.last_ts = t;
            return Ok(0);
        }
        let emitted = if t >= self.end_ts {
            undripped
        } else {
            if t < self.start_ts {
                return Err(MathError::StreamNotStarted);
            }
            let elapsed = t.abs_diff(self.start_ts);
            let duration = NonZeroU64::new(self.end_ts.abs_diff(self.start_ts)).ok_or(MathError::ZeroDenominator)?;
            // elapsed < duration, so the line is at most `total`.
            formula::line(self.total, elapsed, duration)
                .checked_sub(self.dripped)
                .ok_or(MathError::Overflow)?
        };
        self.dripped = self.dripped.checked_add(emitted).ok_or(MathError::Overflow)?;
        self.last_ts = t;
        Ok(emitted)
    }

    /// Adds `amount` and draws a new line from `last_ts` on. Call [`Stream::advance`] first.
    ///
    /// `end = t + floor((undripped * max(end - t, 0) + amount * drip_seconds) / (undripped + amount))`, then
    /// `total = undripped + amount`, `dripped = 0`, `start = t`, with `t = last_ts`.
    ///
    /// The new end is the mean of the old end and of the amount's own, weighted by atoms. So dust cannot postpone
    /// money: one atom on top of `n` moves the end by at most `drip_seconds / (n + 1)`.
    ///
    /// - Units: `amount` in payout atoms, `drip_seconds` in seconds. Rounding: the end is rounded down (earlier).
    /// - Bounds: durations below `2^63` keep the sum of both products below `2^128`; the mean never exceeds the
    ///   longer of the two durations.
    /// - Errors, the stream unchanged: [`MathError::ZeroAmount`] if `amount = 0`, [`MathError::NegativeDuration`]
    ///   if `drip_seconds < 0`, [`MathError::Overflow`] if the sum of atoms leaves `u64` or the end leaves `i64`.
    pub fn add(&mut self, amount: u64, drip_seconds: i64) -> Result<(), MathError> {
        if amount == 0 {
            return Err(MathError::ZeroAmount);
        }
        let drip_seconds = u64::try_from(drip_seconds).map_err(|_| MathError::NegativeDuration)?;
        let undripped = self.checked_undripped()?;
        let t = self.last_ts;
        let remaining = if self.end_ts > t { self.end_ts.abs_diff(t) } else { 0 };
        let (duration, total) = formula::mean_duration(undripped, remaining, amount, drip_seconds)?;
        self.end_ts = later(t, duration)?;
        self.total = total;
        self.dripped = 0;
        self.start_ts = t;
        Ok(())
    }

    /// Call after [`Stream::advance`] when the last registered share leaves: `total = undripped`, `dripped = 0`,
    /// `start = last_ts`. What is left keeps its end, which moves on while nobody is registered.
    pub fn pause(&mut self) {
        self.total = self.undripped();
        self.dripped = 0;
        self.start_ts = self.last_ts;
    }

    fn checked_undripped(&self) -> Result<u64, MathError> {
        self.total.checked_sub(self.dripped).ok_or(MathError::Overflow)
    }
}

fn later(ts: i64, seconds: u64) -> Result<i64, MathError> {
    ts.checked_add_unsigned(seconds).ok_or(MathError::Overflow)
}
