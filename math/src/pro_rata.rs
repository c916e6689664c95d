//! Sharing out a round that more was wanted of than was for sale.

use crate::{formula, MathError};

/// The shares one subscription gets: `wanted` if `total_wanted <= for_sale`, else
/// `floor(wanted * for_sale / total_wanted)`. Source: protocol, Instructions, `settle_subscription`.
///
/// - Units: share atoms. Rounding: down; what rounding leaves over is not sold.
/// - Bounds: with `wanted <= total_wanted` the result is at most `wanted`, and over subscriptions that make up `total_wanted`
///   the sum is at most `for_sale`.
/// - Errors: none, for any input: the quotient is only taken when `for_sale < total_wanted`, and is then below `wanted`.
pub fn allocation(wanted: u64, for_sale: u64, total_wanted: u128) -> Result<u64, MathError> {
    formula::allocation(wanted, for_sale, total_wanted)
}
