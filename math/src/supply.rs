//! How many shares may exist.

use crate::{formula, MathError};

/// The least authorised supply of any security, share atoms.
pub const MIN_AUTHORISED: u64 = 1_000_000;

/// Whether `new` more shares may be issued or reserved: `issued + reserved + new <= authorised`. Source: protocol, Supply.
///
/// - Units: share atoms. Exact.
/// - Errors: [`MathError::AboveAuthorised`] if not, also when the sum leaves `u64`.
pub fn authorise(issued: u64, reserved: u64, new: u64, authorised: u64) -> Result<(), MathError> {
    formula::authorise(issued, reserved, new, authorised)
}

/// The least authorised supply that `retire` may leave: `max(10^6, issued + reserved)`. Source: protocol, Supply.
///
/// - Units: share atoms. Exact.
/// - Errors: [`MathError::Overflow`] if `issued + reserved` leaves `u64` (no valid state).
pub fn retire_bound(issued: u64, reserved: u64) -> Result<u64, MathError> {
    formula::retire_bound(issued, reserved, MIN_AUTHORISED)
}

/// The authorised supply after giving up `n` shares of capacity: `authorised - n`. Source: protocol, Supply.
///
/// - Units: share atoms. Exact.
/// - Errors: [`MathError::BelowRetireBound`] if the result is below [`retire_bound`], and the errors of that function.
pub fn retire(authorised: u64, n: u64, issued: u64, reserved: u64) -> Result<u64, MathError> {
    formula::retire(authorised, n, issued, reserved, MIN_AUTHORISED)
}
