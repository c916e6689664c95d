//! Basis points.

use crate::MathError;

/// Basis points in one whole.
pub const ONE_BPS: u16 = 10_000;

/// `bps` as a numerator over [`ONE_BPS`]; [`MathError::BpsAboveOne`] if it is more than one whole.
pub(crate) fn numerator(bps: u16) -> Result<u64, MathError> {
    if bps > ONE_BPS {
        return Err(MathError::BpsAboveOne);
    }
    Ok(u64::from(bps))
}
