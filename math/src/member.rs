//! What a member gives to a collective.

use crate::{
    bps::{numerator, ONE_BPS},
    mul_div_ceil, MathError,
};

/// The shares a member gives: `ceil(authorised * bps / 10^4)`. Source: protocol, Instructions, `join`.
///
/// - Units: share atoms of the member's security. Rounding: up; every member gives at least the agreed fraction.
/// - Bounds: with `bps <= 10^4` at most `authorised`, so it fits.
/// - Errors: [`MathError::BpsAboveOne`] if `bps > 10^4`.
pub fn contribution(authorised: u64, bps: u16) -> Result<u64, MathError> {
    mul_div_ceil(authorised, numerator(bps)?, u64::from(ONE_BPS))
}
