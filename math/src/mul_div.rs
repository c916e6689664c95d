//! `a * b / d` with the product at full width and the rounding in the name.

use core::num::NonZeroU64;

use crate::{
    wide::{div_rem, hi, lo, mul},
    MathError,
};

/// `floor(a * b / d)`.
///
/// - Units: those of `a * b / d`. Rounding: down.
/// - Bounds: the product is exact in 128 bits. With `b <= d` the result is at most `a`, so it fits.
/// - Errors: [`MathError::ZeroDenominator`] if `d = 0`, [`MathError::Overflow`] if the result is above `u64::MAX`.
pub fn mul_div_floor(a: u64, b: u64, d: u64) -> Result<u64, MathError> {
    let (quotient, _) = mul_div_rem(a, b, d)?;
    Ok(quotient)
}

/// `ceil(a * b / d)`.
///
/// - Units: those of `a * b / d`. Rounding: up.
/// - Bounds: the product is exact in 128 bits. With `b <= d` the result is at most `a`, so it fits.
/// - Errors: [`MathError::ZeroDenominator`] if `d = 0`, [`MathError::Overflow`] if the result is above `u64::MAX`.
pub fn mul_div_ceil(a: u64, b: u64, d: u64) -> Result<u64, MathError> {
    let (quotient, remainder) = mul_div_rem(a, b, d)?;
    if remainder == 0 {
        return Ok(quotient);
    }
    quotient.checked_add(1).ok_or(MathError::Overflow)
}

/// `floor(a * b / d)` for a denominator that may need more than 64 bits.
///
/// - Units: those of `a * b / d`. Rounding: down.
/// - Bounds: the product is exact in 128 bits; with `d >= 2^64` the result is below `2^64`, so it fits.
/// - Errors: [`MathError::ZeroDenominator`] if `d = 0`, [`MathError::Overflow`] if the result is above `u64::MAX`.
pub fn mul_div_floor_u128(a: u64, b: u64, d: u128) -> Result<u64, MathError> {
    if hi(d) == 0 {
        return mul_div_floor(a, b, lo(d));
    }
    let product = mul(a, b);
    if product < d {
        return Ok(0);
    }
    u64::try_from(product / d).map_err(|_| MathError::Overflow)
}

fn mul_div_rem(a: u64, b: u64, d: u64) -> Result<(u64, u64), MathError> {
    let d = NonZeroU64::new(d).ok_or(MathError::ZeroDenominator)?;
    let (quotient, remainder) = div_rem(mul(a, b), d);
    let quotient = u64::try_from(quotient).map_err(|_| MathError::Overflow)?;
    Ok((quotient, remainder))
}
