//! `a * b / d` with the product at full width and the rounding in the name.

use crate::{formula, MathError};

/// `floor(a * b / d)`.
///
/// - Units: those of `a * b / d`. Rounding: down.
/// - Bounds: the product is exact in 128 bits. With `b <= d` the result is at most `a`, so it fits.
/// - Errors: [`MathError::ZeroDenominator`] if `d = 0`, [`MathError::Overflow`] if the result is above `u64::MAX`.
pub fn mul_div_floor(a: u64, b: u64, d: u64) -> Result<u64, MathError> {
    formula::mul_div_floor(a, b, d)
}

/// `ceil(a * b / d)`.
///
/// - Units: those of `a * b / d`. Rounding: up.
/// - Bounds: the product is exact in 128 bits. With `b <= d` the result is at most `a`, so it fits.
/// - Errors: [`MathError::ZeroDenominator`] if `d = 0`, [`MathError::Overflow`] if the result is above `u64::MAX`.
pub fn mul_div_ceil(a: u64, b: u64, d: u64) -> Result<u64, MathError> {
    formula::mul_div_ceil(a, b, d)
}

/// `floor(a * b / d)` for a denominator that may need more than 64 bits.
///
/// - Units: those of `a * b / d`. Rounding: down.
/// - Bounds: the product is exact in 128 bits; with `d >= 2^64` the result is below `2^64`, so it fits.
/// - Errors: [`MathError::ZeroDenominator`] if `d = 0`, [`MathError::Overflow`] if the result is above `u64::MAX`.
pub fn mul_div_floor_u128(a: u64, b: u64, d: u128) -> Result<u64, MathError> {
    formula::mul_div_floor_wide(a, b, d)
}
