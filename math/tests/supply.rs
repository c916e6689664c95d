//! Supply and what a member gives, against exact arithmetic; and the errors' texts.

mod support;

use std::collections::HashSet;

use proptest::prelude::*;
use support::{any_u64, as_u64, cases, q, up_to};
use upside_math::{
    bps::ONE_BPS,
    member::contribution,
    supply::{authorise, retire, retire_bound, MIN_AUTHORISED},
    MathError,
};

proptest! {
    #![proptest_config(cases())]

    /// Invariant S-2.
    #[test]
    fn authorise_lets_through_exactly_what_fits(
        issued in any_u64(), reserved in any_u64(), new in any_u64(), authorised in any_u64(),
    ) {
        let fits = q(issued) + q(reserved) + q(new) <= q(authorised);
        prop_assert_eq!(authorise(issued, reserved, new, authorised), if fits { Ok(()) } else { Err(MathError::AboveAuthorised) });
    }

    #[test]
    fn authorise_is_exact_at_the_edge(issued in up_to(1 << 62), reserved in up_to(1 << 62), new in up_to(1 << 62)) {
        let all = issued + reserved + new;
        prop_assert_eq!(authorise(issued, reserved, new, all), Ok(()));
        prop_assert_eq!(authorise(issued, reserved, new, all + 1), Ok(()));
        prop_assert_eq!(authorise(issued, reserved, new + 1, all), Err(MathError::AboveAuthorised));
    }

    #[test]
    fn retire_leaves_what_is_used_and_the_least_supply(
        authorised in any_u64(), n in any_u64(), issued in any_u64(), reserved in any_u64(),
    ) {
        let bound = as_u64(&(q(issued) + q(reserved)).max(q(1_000_000_u64)));
        prop_assert_eq!(retire_bound(issued, reserved), bound);
        let after = q(authorised) - q(n);
        let expected = bound.and_then(|bound| {
            if after >= q(bound) { as_u64(&after) } else { Err(MathError::BelowRetireBound) }
        });
        prop_assert_eq!(retire(authorised, n, issued, reserved), expected);
    }

    #[test]
    fn retire_is_exact_at_the_edge(issued in up_to(1 << 62), reserved in up_to(1 << 62), spare in up_to(1 << 62)) {
        let bound = (issued + reserved).max(1_000_000);
        prop_assert_eq!(retire(bound + spare, spare, issued, reserved), Ok(bound));
        prop_assert_eq!(retire(bound + spare, spare + 1, issued, reserved), Err(MathError::BelowRetireBound));
    }

    #[test]
    fn a_member_gives_the_exact_fraction_rounded_up(authorised in any_u64(), bps in prop_oneof![5 => 0..=10_000_u16, 1 => any::<u16>()]) {
        let expected = if bps > 10_000 {
            Err(MathError::BpsAboveOne)
        } else {
            as_u64(&(q(authorised) * q(bps) / q(10_000_u64)).ceil())
        };
        prop_assert_eq!(contribution(authorised, bps), expected);
    }
}

#[test]
fn known_values_hold() {
    assert_eq!((MIN_AUTHORISED, ONE_BPS), (1_000_000, 10_000));
    assert_eq!(contribution(1_000_001, 1), Ok(101));
    assert_eq!(contribution(u64::MAX, 10_000), Ok(u64::MAX));
    assert_eq!(contribution(u64::MAX, 10_001), Err(MathError::BpsAboveOne));
    assert_eq!(authorise(u64::MAX, 1, 0, u64::MAX), Err(MathError::AboveAuthorised));
    assert_eq!(retire(2_000_000, 1_000_000, 0, 0), Ok(1_000_000));
    assert_eq!(retire(2_000_000, 1_000_001, 0, 0), Err(MathError::BelowRetireBound));
}

#[test]
fn every_error_says_something_of_its_own() {
    let all = [
        MathError::Overflow,
        MathError::ZeroDenominator,
        MathError::ZeroAmount,
        MathError::NegativeDuration,
        MathError::StreamNotStarted,
        MathError::ClockBehindCheckpoint,
        MathError::BpsAboveOne,
        MathError::AboveAuthorised,
        MathError::BelowRetireBound,
    ];
    let texts: HashSet<String> = all
        .iter()
        .map(|error| (error as &dyn std::error::Error).to_string())
        .collect();
    assert_eq!(texts.len(), all.len());
    assert!(texts.iter().all(|text| text.contains("must")));
}
