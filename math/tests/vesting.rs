//! Vesting against exact rationals.

mod support;

use proptest::prelude::*;
use support::{any_i64, any_u64, as_u64, cases, q, z};
use upside_math::vested;

fn schedule() -> impl Strategy<Value = (i64, i64, i64)> {
    (any_i64(), any_i64(), any_i64()).prop_map(|(a, b, c)| {
        let mut times = [a, b, c];
        times.sort_unstable();
        (times[0], times[1], times[2])
    })
}

/// A schedule of days to years that is going on at `t`.
fn ongoing() -> impl Strategy<Value = (i64, i64, i64, i64)> {
    (0_i64..1 << 34, 0_i64..1 << 29, 0_i64..1 << 29, 0_i64..1 << 30)
        .prop_map(|(start, cliff, rest, t)| (start, start + cliff, start + cliff + rest, start + t))
}

fn exact(amount: u64, start: i64, cliff: i64, end: i64, t: i64) -> u64 {
    if t >= end {
        amount
    } else if t < cliff {
        0
    } else {
        let part = (z(t) - z(start)) / (z(end) - z(start));
        as_u64(&(q(amount) * part).floor()).expect("a part of an amount fits")
    }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn vested_is_the_formula(amount in any_u64(), (start, cliff, end) in schedule(), t in any_i64()) {
        prop_assert_eq!(vested(amount, start, cliff, end, t), exact(amount, start, cliff, end, t));
    }

    #[test]
    fn vested_on_the_way_is_the_formula(amount in any_u64(), (start, cliff, end, t) in ongoing()) {
        prop_assert_eq!(vested(amount, start, cliff, end, t), exact(amount, start, cliff, end, t));
    }

    /// Invariant G-1, also for schedules that no grant can have.
    #[test]
    fn vested_never_falls_and_never_exceeds_the_amount(
        amount in any_u64(), start in any_i64(), cliff in any_i64(), end in any_i64(), a in any_i64(), b in any_i64(),
    ) {
        let earlier = vested(amount, start, cliff, end, a.min(b));
        let later = vested(amount, start, cliff, end, a.max(b));
        prop_assert!(earlier <= later && later <= amount);
    }

    #[test]
    fn vested_never_falls_from_one_second_to_the_next(amount in any_u64(), (start, cliff, end, t) in ongoing()) {
        prop_assert!(vested(amount, start, cliff, end, t) <= vested(amount, start, cliff, end, t + 1));
    }

    #[test]
    fn everything_is_vested_at_the_end_and_nothing_before_the_cliff(
        amount in any_u64(), (start, cliff, end) in schedule(),
    ) {
        prop_assert_eq!(vested(amount, start, cliff, end, end), amount);
        if let (Some(before), true) = (cliff.checked_sub(1), cliff < end) {
            prop_assert_eq!(vested(amount, start, cliff, end, before), 0);
        }
    }
}

#[test]
fn a_year_with_a_quarter_cliff() {
    let at = |t| vested(1_000, 0, 90, 365, t);
    assert_eq!(
        [0, 89, 90, 182, 364, 365, 366].map(at),
        [0, 0, 246, 498, 997, 1_000, 1_000]
    );
}

#[test]
fn a_schedule_of_no_length_vests_at_once() {
    assert_eq!([6, 7, 8].map(|t| vested(9, 7, 7, 7, t)), [0, 9, 9]);
    assert_eq!(
        vested(u64::MAX, i64::MIN, i64::MIN, i64::MAX, i64::MAX - 1),
        u64::MAX - 1
    );
    assert_eq!(vested(9, 5, 0, 10, 3), 0, "nothing vests before the start");
    assert_eq!(vested(9, 0, 10, 5, 5), 9, "the end is tested before the cliff");
}
