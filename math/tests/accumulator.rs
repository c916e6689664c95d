//! The accumulator and what a position is owed, against exact rationals.

mod support;

use num_rational::BigRational;
use proptest::prelude::*;
use support::{any_i64, any_u128, any_u64, as_u128, cases, q, ratio, two_64};
use upside_math::{fraction, owed_x64, payable, settle, Accumulator, MathError, Stream};

fn any_accumulator() -> impl Strategy<Value = Accumulator> {
    (any_u128(), any_u128()).prop_map(|(upside_per_share_x64, remainder_x64)| Accumulator {
        upside_per_share_x64,
        remainder_x64,
    })
}

/// `x` modulo `2^128`, between 0 and `2^128`.
fn modulo_128(x: &BigRational) -> u128 {
    let two_128 = two_64() * two_64();
    as_u128(&(x - (x / &two_128).floor() * &two_128)).expect("below 2^128")
}

fn exact_accrue(a: Accumulator, emit: u64, registered: u64) -> Result<Accumulator, MathError> {
    if emit == 0 {
        return Ok(a);
    }
    let n = q(emit) * two_64() + q(a.remainder_x64);
    let per_share = ratio(n.clone(), q(registered))?.floor();
    as_u128(&n)?;
    Ok(Accumulator {
        upside_per_share_x64: modulo_128(&(q(a.upside_per_share_x64) + &per_share)),
        remainder_x64: as_u128(&(n - per_share * q(registered)))?,
    })
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn accrue_is_the_formula_and_a_failure_changes_nothing(
        before in any_accumulator(), emit in any_u64(), registered in any_u64(),
    ) {
        let mut accumulator = before;
        let result = accumulator.accrue(emit, registered);
        match exact_accrue(before, emit, registered) {
            Ok(after) => prop_assert_eq!((result, accumulator), (Ok(()), after)),
            Err(error) => prop_assert_eq!((result, accumulator), (Err(error), before)),
        }
    }

    #[test]
    fn accruing_in_parts_or_at_once_ends_in_the_same_state(
        start in any_u128(), remainder in any_u64(), a in any_u64(), b in any_u64(), registered in 1..=u64::MAX, shift in 0_u32..64,
    ) {
        let registered = (registered >> shift).max(1);
        let b = b.min(u64::MAX - a);
        let before = Accumulator { upside_per_share_x64: start, remainder_x64: remainder.into() };
        let (mut parts, mut whole) = (before, before);
        parts.accrue(a, registered).unwrap();
        parts.accrue(b, registered).unwrap();
        whole.accrue(a + b, registered).unwrap();
        prop_assert_eq!(parts, whole);
    }

    #[test]
    fn a_taken_back_fraction_is_shared_out_by_the_next_emission(
        emit in 1_u64..1 << 40, registered in 1_u64..1 << 40, remainder in any_u64(), fraction in any_u64(),
    ) {
        let mut accumulator = Accumulator { upside_per_share_x64: 0, remainder_x64: remainder.into() };
        accumulator.take_back(fraction.into()).unwrap();
        prop_assert_eq!(accumulator.remainder_x64, u128::from(remainder) + u128::from(fraction));
        accumulator.accrue(emit, registered).unwrap();
        prop_assert_eq!(
            q(accumulator.upside_per_share_x64) * q(registered) + q(accumulator.remainder_x64),
            q(emit) * two_64() + q(remainder) + q(fraction)
        );
        prop_assert!(accumulator.remainder_x64 < registered.into());
    }

    #[test]
    fn owed_is_the_formula_for_any_input(
        accrued in any_u128(), shares in any_u64(), per_share in any_u128(), checkpoint in any_u128(),
    ) {
        let growth = q(modulo_128(&(q(per_share) - q(checkpoint))));
        let expected = if shares == 0 {
            Ok(accrued)
        } else if growth >= q(1_u128 << 127) {
            Err(MathError::ClockBehindCheckpoint)
        } else {
            as_u128(&(q(accrued) + q(shares) * growth))
        };
        prop_assert_eq!(owed_x64(accrued, shares, per_share, checkpoint), expected);
    }

    /// The accumulator may have wrapped between checkpoint and now: the vault still covers the difference.
    #[test]
    fn whatever_a_vault_can_hold_is_owed_exactly(
        checkpoint in any_u128(), shares in 2..=u64::MAX, shift in 0_u32..64, earned_atoms in any_u64(), less in any_u64(),
    ) {
        let shares = (shares >> shift).max(2);
        // The growth is at most what a full vault holds for these shares.
        let growth = ((u128::from(earned_atoms) << 64) / u128::from(shares)).saturating_sub(less.into());
        let owed = owed_x64(0, shares, checkpoint.wrapping_add(growth), checkpoint);
        prop_assert_eq!(owed.map(q), Ok(q(growth) * q(shares)));
    }

    /// ... and an accumulator that is behind by whatever a stream can hold is told apart from one that is ahead.
    #[test]
    fn an_accumulator_behind_the_checkpoint_is_always_noticed(
        checkpoint in any_u128(), accrued in any_u128(), shares in 2..=u64::MAX, shift in 0_u32..64,
        others in any_u64(), undripped in any_u64(), less in any_u64(),
    ) {
        let shares = (shares >> shift).max(2);
        let registered = shares.saturating_add(others);
        let behind = ((u128::from(undripped) << 64) / u128::from(registered)).saturating_sub(less.into()).max(1);
        prop_assert_eq!(
            owed_x64(accrued, shares, checkpoint.wrapping_sub(behind), checkpoint),
            Err(MathError::ClockBehindCheckpoint)
        );
    }

    #[test]
    fn one_share_atom_is_told_apart_below_2_to_the_63_atoms(checkpoint in any_u128(), distance in 1..=1_u128 << 127) {
        if distance < 1 << 127 {
            prop_assert_eq!(owed_x64(0, 1, checkpoint.wrapping_add(distance), checkpoint), Ok(distance));
        }
        prop_assert_eq!(
            owed_x64(0, 1, checkpoint.wrapping_sub(distance), checkpoint),
            Err(MathError::ClockBehindCheckpoint)
        );
    }

    #[test]
    fn what_is_payable_and_its_fraction_are_all_that_is_owed(accrued in any_u128()) {
        prop_assert_eq!(q(payable(accrued)), (q(accrued) / two_64()).floor());
        prop_assert_eq!(q(payable(accrued)) * two_64() + q(fraction(accrued)), q(accrued));
    }

    #[test]
    fn settling_is_moving_then_accruing_or_nothing_at_all(
        total in any_u64(), dripped in any_u64(), start_ts in any_i64(), end_ts in any_i64(), last_ts in any_i64(),
        before in any_accumulator(), now in any_i64(), registered in any_u64(),
    ) {
        let stream = Stream { total, dripped: dripped.min(total), start_ts, end_ts, last_ts };
        let (mut moved, mut accrued) = (stream, before);
        let apart = moved.advance(now, registered).and_then(|emitted| accrued.accrue(emitted, registered).map(|()| emitted));
        let (mut s, mut a) = (stream, before);
        prop_assert_eq!(settle(&mut s, &mut a, now, registered), apart);
        if apart.is_ok() {
            prop_assert_eq!((s, a), (moved, accrued));
        } else {
            prop_assert_eq!((s, a), (stream, before));
        }
    }
}

#[test]
fn a_position_without_shares_owes_what_it_had_whatever_the_checkpoint() {
    for (per_share, checkpoint) in [(0, 1), (1, 0), (0, u128::MAX), (1 << 127, 0), (0, 1 << 127)] {
        assert_eq!(owed_x64(42, 0, per_share, checkpoint), Ok(42));
    }
}

#[test]
fn limits_of_what_is_owed() {
    let full = (u128::from(u64::MAX)) << 64;
    assert_eq!(owed_x64(0, 2, full / 2, 0), Ok(full));
    assert_eq!(owed_x64(full, 1, (1 << 64) - 1, 0), Ok(u128::MAX));
    assert_eq!(owed_x64(full, 1, 1 << 64, 0), Err(MathError::Overflow));
    assert_eq!(owed_x64(0, u64::MAX, (1 << 64) + 1, 0), Ok(u128::MAX));
    assert_eq!(owed_x64(0, u64::MAX, (1 << 64) + 2, 0), Err(MathError::Overflow));
    assert_eq!(owed_x64(0, 4, (1 << 126) - 1, 0), Ok(u128::MAX - 3));
    assert_eq!(owed_x64(0, 4, 1 << 126, 0), Err(MathError::Overflow));
    assert_eq!(owed_x64(0, 1, (1 << 127) - 1, 0), Ok((1 << 127) - 1));
    assert_eq!(owed_x64(0, 1, 1 << 127, 0), Err(MathError::ClockBehindCheckpoint));
    assert_eq!(owed_x64(0, 1, 0, 1), Err(MathError::ClockBehindCheckpoint));
    assert_eq!(owed_x64(5, 9, 2, u128::MAX), Ok(5 + 9 * 3), "the accumulator wrapped");
}

#[test]
fn accruing_to_nobody_is_an_error_unless_there_is_nothing() {
    let mut accumulator = Accumulator {
        upside_per_share_x64: 1,
        remainder_x64: 2,
    };
    assert_eq!(accumulator.accrue(0, 0), Ok(()));
    assert_eq!(accumulator.accrue(1, 0), Err(MathError::ZeroDenominator));
    assert_eq!(accumulator.take_back(u128::MAX), Err(MathError::Overflow));
    assert_eq!(
        accumulator,
        Accumulator {
            upside_per_share_x64: 1,
            remainder_x64: 2
        }
    );
}
