//! What shares cost in a round.

use crate::{mul_div_ceil, MathError};

/// The cost of `n` shares: `ceil(n * price / 10^decimals)`. Source: protocol, Price.
///
/// - Units: `n` in share atoms, `price` in payout atoms per whole share, the result in payout atoms. Rounding: up, so that buying in
///   parts never costs less than buying at once.
/// - Bounds: the product is exact in 128 bits.
/// - Errors: [`MathError::Overflow`] if the cost does not fit `u64`, or if `decimals > 19` (the protocol allows 0 to 9).
pub fn cost(n: u64, price: u64, decimals: u8) -> Result<u64, MathError> {
    let whole_share = 10_u64.checked_pow(u32::from(decimals)).ok_or(MathError::Overflow)?;
    mul_div_ceil(n, price, whole_share)
}
