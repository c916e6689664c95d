//! The arithmetic of every formula over any [`Word`].
//!
//! The other modules give it units, times and names at 64 bits; what is computed is here, once. Each function's documentation is that of the
//! module that names it.

use crate::{word::Word, MathError};

fn mul_div_rem<W: Word>(a: W, b: W, d: W) -> Result<(W, W), MathError> {
    let d = d.non_zero().ok_or(MathError::ZeroDenominator)?;
    let (quotient, remainder) = W::div_rem(a.product(b), d);
    if W::upper(quotient) != W::ZERO {
        return Err(MathError::Overflow);
    }
    Ok((W::lower(quotient), remainder))
}

/// `floor(a * b / d)`: [`crate::mul_div::mul_div_floor`].
pub fn mul_div_floor<W: Word>(a: W, b: W, d: W) -> Result<W, MathError> {
    let (quotient, _) = mul_div_rem(a, b, d)?;
    Ok(quotient)
}

/// `ceil(a * b / d)`: [`crate::mul_div::mul_div_ceil`].
pub fn mul_div_ceil<W: Word>(a: W, b: W, d: W) -> Result<W, MathError> {
    let (quotient, remainder) = mul_div_rem(a, b, d)?;
    if remainder == W::ZERO {
        return Ok(quotient);
    }
    quotient.checked_add(W::ONE).ok_or(MathError::Overflow)
}

/// `floor(a * b / d)` for a wide denominator: [`crate::mul_div::mul_div_floor_u128`].
pub fn mul_div_floor_wide<W: Word>(a: W, b: W, d: W::Wide) -> Result<W, MathError> {
    if W::upper(d) == W::ZERO {
        return mul_div_floor(a, b, W::lower(d));
    }
    let product = a.product(b);
    if product < d {
        return Ok(W::ZERO);
    }
    let quotient = W::wide_div(product, d);
    if W::upper(quotient) != W::ZERO {
        return Err(MathError::Overflow);
    }
    Ok(W::lower(quotient))
}

/// Shares `emit` atoms out, in place: [`crate::Accumulator::accrue`]. If it fails both stay as they were.
pub fn accrue<W: Word>(
    per_share: &mut W::Wide,
    remainder: &mut W::Wide,
    emit: W,
    registered: W,
) -> Result<(), MathError> {
    if emit == W::ZERO {
        return Ok(());
    }
    let registered = registered.non_zero().ok_or(MathError::ZeroDenominator)?;
    let n = W::wide_checked_add(emit.shifted(), *remainder).ok_or(MathError::Overflow)?;
    let (growth, left) = W::div_rem(n, registered);
    *per_share = W::wide_wrapping_add(*per_share, growth);
    *remainder = left.wide();
    Ok(())
}

/// What a position is owed: [`crate::owed_x64`].
pub fn owed<W: Word>(
    accrued: W::Wide,
    shares: W,
    per_share: W::Wide,
    checkpoint: W::Wide,
) -> Result<W::Wide, MathError> {
    if shares == W::ZERO {
        return Ok(accrued);
    }
    let growth = W::wide_wrapping_sub(per_share, checkpoint);
    if W::wide_is_upper_half(growth) {
        return Err(MathError::ClockBehindCheckpoint);
    }
    // shares * growth in halves: the upper one is nearly always zero.
    let mut earned = shares.product(W::lower(growth));
    if W::upper(growth) != W::ZERO {
        let upper = shares.product(W::upper(growth));
        if W::upper(upper) != W::ZERO {
            return Err(MathError::Overflow);
        }
        earned = W::wide_checked_add(earned, W::lower(upper).shifted()).ok_or(MathError::Overflow)?;
    }
    W::wide_checked_add(accrued, earned).ok_or(MathError::Overflow)
}

/// `floor(whole * elapsed / duration)` with `elapsed < duration`: a stream's line, a grant's vesting. It is at most `whole`.
pub fn line<W: Word>(whole: W, elapsed: W, duration: W::NonZero) -> W {
    // The quotient is at most `whole`, so its upper half is zero.
    W::lower(W::div_rem(whole.product(elapsed), duration).0)
}

/// The mean of two durations, weighted by atoms, rounded down: the new length of a stream of `undripped` atoms that had `remaining` seconds left,
/// when `amount` atoms are added that would take `drip` seconds. With it, the new total.
pub fn mean_duration<W: Word>(undripped: W, remaining: W, amount: W, drip: W) -> Result<(W, W), MathError> {
    let total = undripped.checked_add(amount).ok_or(MathError::Overflow)?;
    let divisor = total.non_zero().ok_or(MathError::Overflow)?;
    let weighted =
        W::wide_checked_add(undripped.product(remaining), amount.product(drip)).ok_or(MathError::Overflow)?;
    // A mean of two words fits a word.
    Ok((W::lower(W::div_rem(weighted, divisor).0), total))
}

/// What a vault is divided among: [`crate::redemption::denominator`]. The sum of three words fits twice the width.
pub fn denominator<W: Word>(
    live_supply: W,
    authorised: W,
    issued: W,
    redeemed_total: W,
    collected_total: W,
) -> Result<W::Wide, MathError> {
    let unissued = authorised.checked_sub(issued).ok_or(MathError::Overflow)?;
    W::wide_checked_add(live_supply.wide(), unissued.wide())
        .and_then(|sum| W::wide_checked_add(sum, redeemed_total.wide()))
        .and_then(|sum| W::wide_checked_sub(sum, collected_total.wide()))
        .ok_or(MathError::Overflow)
}

/// The shares that one subscription gets: [`crate::pro_rata::allocation`].
pub fn allocation<W: Word>(wanted: W, for_sale: W, total_wanted: W::Wide) -> Result<W, MathError> {
    if total_wanted <= for_sale.wide() {
        return Ok(wanted);
    }
    mul_div_floor_wide(wanted, for_sale, total_wanted)
}

/// Whether `issued + reserved + new <= authorised`: [`crate::supply::authorise`].
#[inline(always)]
pub fn authorise<W: Word>(issued: W, reserved: W, new: W, authorised: W) -> Result<(), MathError> {
    let after = issued.checked_add(reserved).and_then(|used| used.checked_add(new));
    match after {
        Some(after) if after <= authorised => Ok(()),
        _ => Err(MathError::AboveAuthorised),
    }
}

/// The least authorised supply that may be left, `least` or what is used: [`crate::supply::retire_bound`].
pub fn retire_bound<W: Word>(issued: W, reserved: W, least: W) -> Result<W, MathError> {
    let used = issued.checked_add(reserved).ok_or(MathError::Overflow)?;
    Ok(if used > least { used } else { least })
}

/// The authorised supply after giving up `n`: [`crate::supply::retire`].
pub fn retire<W: Word>(authorised: W, n: W, issued: W, reserved: W, least: W) -> Result<W, MathError> {
    let bound = retire_bound(issued, reserved, least)?;
    match authorised.checked_sub(n) {
        Some(after) if after >= bound => Ok(after),
        _ => Err(MathError::BelowRetireBound),
    }
}

/// What is due of `whole` after `elapsed` of `runway`: [`crate::runway::backing_due`].
pub fn due<W: Word>(whole: W, elapsed: W, runway: W) -> Result<W, MathError> {
    if elapsed >= runway {
        return Ok(whole);
    }
    mul_div_floor(whole, elapsed, runway)
}
