//! The accumulator: how much one registered share has earned since the beginning, and what a position is owed.

use crate::{
    formula,
    wide::{hi, lo},
    MathError, Stream,
};

/// What one registered share atom has earned, and the rest of the last division. Source: protocol, Accumulator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Accumulator {
    /// Payout atoms per share atom, 64 fractional bits, modulo `2^128`. Only differences mean anything.
    pub upside_per_share_x64: u128,
    /// Money emitted that no share has been credited with yet, 64 fractional bits. The next emission shares it out.
    pub remainder_x64: u128,
}

impl Accumulator {
    /// Shares `emit` atoms out: `n = (emit << 64) + remainder`, `upside_per_share += floor(n / registered)`,
    /// `remainder = n mod registered`. With `emit = 0` nothing changes.
    ///
    /// - Units: `emit` in payout atoms, `registered` in share atoms. Rounding: down; the remainder is kept, so one
    ///   emission of `a + b` and emissions of `a` and `b` to the same registered shares end in the same state.
    /// - Bounds: `emit` and the remainder are money in the payout vault that nobody has claimed, so in a valid state
    ///   `n <= balance << 64 < 2^128`. The accumulator itself wraps: money that goes round may pass `2^128`.
    /// - Errors, the accumulator unchanged: [`MathError::ZeroDenominator`] if `emit > 0` and `registered = 0`,
    ///   [`MathError::Overflow`] if `n` does not fit 128 bits.
    pub fn accrue(&mut self, emit: u64, registered: u64) -> Result<(), MathError> {
        formula::accrue(
            &mut self.upside_per_share_x64,
            &mut self.remainder_x64,
            emit,
            registered,
        )
    }

    /// Takes back the fraction of a position that is closed; the next emission shares it out.
    ///
    /// Call [`settle`] first and store both values: otherwise the fraction would join money that dripped before the
    /// position was closed, and the result would depend on when one settles.
    ///
    /// - Units: payout atoms, 64 fractional bits. Exact.
    /// - Bounds: as in [`Accumulator::accrue`], the remainder is unclaimed money in the payout vault.
    /// - Errors, the accumulator unchanged: [`MathError::Overflow`] if the sum does not fit 128 bits.
    pub fn take_back(&mut self, fraction_x64: u128) -> Result<(), MathError> {
        self.remainder_x64 = self
            .remainder_x64
            .checked_add(fraction_x64)
            .ok_or(MathError::Overflow)?;
        Ok(())
    }
}

/// Moves `stream` to `max(now, last_ts)` and shares out what it emits; returns the atoms emitted.
///
/// This is all of settling a security. Writing instructions store both values; `claim`, `transfer_shares` and quotes call
/// it on copies, because the result does not depend on when one settles.
///
/// Errors: those of [`Stream::advance`] and [`Accumulator::accrue`]; both values are then unchanged.
pub fn settle(stream: &mut Stream, accumulator: &mut Accumulator, now: i64, registered: u64) -> Result<u64, MathError> {
    let mut moved = *stream;
    let emitted = moved.advance(now, registered)?;
    accumulator.accrue(emitted, registered)?;
    *stream = moved;
    Ok(emitted)
}

/// What a position is owed: `accrued + shares * (upside_per_share - checkpoint)`, the difference modulo `2^128`.
///
/// - Units: payout atoms, 64 fractional bits; `shares` in share atoms. Exact: rounding happens only in [`payable`].
/// - Errors: [`MathError::ClockBehindCheckpoint`] if the accumulator is behind the checkpoint,
///   [`MathError::Overflow`] if the result does not fit 128 bits (no valid state).
///
/// # Why the difference may wrap, and how a clock set back is told apart
///
/// Let `D` be the true growth of the accumulator since the checkpoint. The position held its shares all that time, and
/// what it earned, `shares * D`, is unclaimed money that the payout vault holds: `shares * D <= (2^64 - 1) << 64 < 2^128`.
/// So with `shares >= 1` the wrapped difference is `D` itself, and adding `accrued` (held by the same vault) stays
/// below `2^128`. With `shares = 0` nothing is earned and the difference, which may then be anything, is not looked at.
///
/// `claim` and `transfer_shares` set a checkpoint ahead of the stored accumulator. If the clock is set back, the accumulator is
/// computed at an earlier time and may be `x > 0` behind; `x` is at most what the stream still holds per registered
/// share: `x <= ((2^64 - 1) << 64) / registered`.
///
/// The rule: a wrapped difference of `2^127` or more means "behind". For `shares >= 2` (hence `registered >= 2`) it is
/// exact: a true growth is `D < 2^128 / 2`, and being behind by `x < 2^127` shows as more than `2^127`. For a position of
/// exactly one share atom it is exact while the payout vault holds fewer than `2^63` atoms. Beyond that, one share
/// atom that earned `2^63` atoms since its checkpoint is refused; and only if it was also the single registered atom
/// could a clock set back by `2^63` atoms' worth of time go unnoticed here.
pub fn owed_x64(
    accrued_x64: u128,
    shares: u64,
    upside_per_share_x64: u128,
    checkpoint_x64: u128,
) -> Result<u128, MathError> {
    formula::owed(accrued_x64, shares, upside_per_share_x64, checkpoint_x64)
}

/// The whole atoms of what is owed: `floor(accrued / 2^64)`. They can be paid now. Never fails.
pub const fn payable(accrued_x64: u128) -> u64 {
    hi(accrued_x64)
}

/// What stays owed after paying [`payable`]: `accrued mod 2^64`, payout atoms with 64 fractional bits, below one atom.
pub const fn fraction(accrued_x64: u128) -> u128 {
    lo(accrued_x64) as u128
}
