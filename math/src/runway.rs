//! A runway: the money of a round reaches the backing vault and the issuer over time.

use crate::{
    bps::{numerator, ONE_BPS},
    formula, mul_div_floor, MathError,
};

/// Atoms due to the backing vault after `elapsed` of `runway` seconds, from the beginning:
/// `floor(floor(raised * bps / 10^4) * e)` with `e = elapsed / runway`. Source: protocol, Instructions, `release_runway`.
///
/// The caller sends the difference to what it has already sent.
///
/// - Units: `raised` and the result in payout atoms, times in seconds. Rounding: down twice, as written; everything
///   once `elapsed >= runway`, so a runway of 0 releases all at once.
/// - Bounds: at most `raised`; never falls as `elapsed` rises or as `raised` grows.
/// - Errors: [`MathError::BpsAboveOne`] if `bps > 10^4`, [`MathError::NegativeDuration`] if a time is below zero.
pub fn backing_due(raised: u64, bps: u16, elapsed: i64, runway: i64) -> Result<u64, MathError> {
    due(for_backing(raised, bps)?, elapsed, runway)
}

/// Atoms due to the issuer after `elapsed` of `runway` seconds, from the beginning:
/// `floor((raised - floor(raised * bps / 10^4)) * e)`. Source: protocol, Instructions, `release_runway`.
///
/// The caller sends the difference to what it has already sent. At the end this and [`backing_due`] add up to `raised`.
///
/// Units, rounding, bounds and errors are those of [`backing_due`].
pub fn issuer_due(raised: u64, bps: u16, elapsed: i64, runway: i64) -> Result<u64, MathError> {
    let for_issuer = raised
        .checked_sub(for_backing(raised, bps)?)
        .ok_or(MathError::Overflow)?;
    due(for_issuer, elapsed, runway)
}

fn for_backing(raised: u64, bps: u16) -> Result<u64, MathError> {
    mul_div_floor(raised, numerator(bps)?, u64::from(ONE_BPS))
}

fn due(whole: u64, elapsed: i64, runway: i64) -> Result<u64, MathError> {
    let elapsed = u64::try_from(elapsed).map_err(|_| MathError::NegativeDuration)?;
    let runway = u64::try_from(runway).map_err(|_| MathError::NegativeDuration)?;
    formula::due(whole, elapsed, runway)
}
