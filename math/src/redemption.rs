//! Redemption in kind: the part of one vault that a redeemed share collects.

use crate::{formula, mul_div_floor_u128, MathError};

/// The number of shares that one vault is divided among:
/// `D = live_supply + (authorised - issued) + redeemed_total - collected_total`. Source: protocol, Redemption.
///
/// Capacity that was not issued yet counts, so issuing never changes what a share redeems for. Shares burnt by `redeem` count
/// until they have collected from this vault.
///
/// - Units: share atoms. Exact.
/// - Bounds: a sum of three `u64` fits 128 bits. In a valid state `live_supply <= issued - redeemed_total` and
///   `collected_total <= redeemed_total`, hence `D <= authorised - collected_total`.
/// - Errors: [`MathError::Overflow`] if `issued > authorised` or `collected_total` exceeds the rest of the sum.
pub fn denominator(
    live_supply: u64,
    authorised: u64,
    issued: u64,
    redeemed_total: u64,
    collected_total: u64,
) -> Result<u128, MathError> {
    formula::denominator(live_supply, authorised, issued, redeemed_total, collected_total)
}

/// What a ticket collects from one vault: `floor(balance * shares / denominator)`. Source: protocol, Redemption.
///
/// - Units: `balance` and the result in atoms of the vault's asset, `shares` and `denominator` (from [`denominator`]) in share
///   atoms. Rounding: down; the rest stays for those who have not collected.
/// - Bounds: with `shares <= denominator`, which holds for every ticket that has not collected, at most `balance`.
/// - Errors: [`MathError::ZeroDenominator`] if `denominator = 0`; [`MathError::Overflow`] if the result does not fit.
pub fn payout(balance: u64, shares: u64, denominator: u128) -> Result<u64, MathError> {
    mul_div_floor_u128(balance, shares, denominator)
}
