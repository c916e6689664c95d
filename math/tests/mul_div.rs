//! `mul_div_*` against exact rationals.

mod support;

use proptest::prelude::*;
use support::{any_u128, any_u64, as_u64, cases, q, ratio, U64_EDGES};
use upside_math::{mul_div_ceil, mul_div_floor, mul_div_floor_u128, MathError};

fn exact_floor(a: u64, b: u64, d: u128) -> Result<u64, MathError> {
    as_u64(&ratio(q(a) * q(b), q(d))?.floor())
}

fn exact_ceil(a: u64, b: u64, d: u64) -> Result<u64, MathError> {
    as_u64(&ratio(q(a) * q(b), q(d))?.ceil())
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn floor_and_ceil_round_the_exact_quotient(a in any_u64(), b in any_u64(), d in any_u64()) {
        prop_assert_eq!(mul_div_floor(a, b, d), exact_floor(a, b, d.into()));
        prop_assert_eq!(mul_div_ceil(a, b, d), exact_ceil(a, b, d));
    }

    #[test]
    fn a_wide_denominator_rounds_down(a in any_u64(), b in any_u64(), d in any_u128()) {
        prop_assert_eq!(mul_div_floor_u128(a, b, d), exact_floor(a, b, d));
    }

    #[test]
    fn quotients_next_to_an_integer_are_exact(quotient in any_u64(), d in any_u64()) {
        if let Some(multiple) = quotient.checked_mul(d) {
            for a in [multiple.checked_sub(1), Some(multiple), multiple.checked_add(1)].into_iter().flatten() {
                prop_assert_eq!(mul_div_floor(a, 1, d), exact_floor(a, 1, d.into()));
                prop_assert_eq!(mul_div_ceil(a, 1, d), exact_ceil(a, 1, d));
            }
        }
    }
}

#[test]
fn every_combination_of_edges_is_exact() {
    for a in U64_EDGES {
        for b in U64_EDGES {
            for d in U64_EDGES {
                assert_eq!(
                    mul_div_floor(a, b, d),
                    exact_floor(a, b, d.into()),
                    "floor({a} * {b} / {d})"
                );
                assert_eq!(mul_div_ceil(a, b, d), exact_ceil(a, b, d), "ceil({a} * {b} / {d})");
                let wide = (u128::from(d) << 64) | u128::from(b);
                assert_eq!(
                    mul_div_floor_u128(a, b, wide),
                    exact_floor(a, b, wide),
                    "floor({a} * {b} / {wide})"
                );
            }
        }
    }
}

#[test]
fn known_values_hold() {
    assert_eq!(mul_div_floor(7, 3, 2), Ok(10));
    assert_eq!(mul_div_ceil(7, 3, 2), Ok(11));
    assert_eq!(mul_div_ceil(8, 3, 2), Ok(12));
    assert_eq!(mul_div_floor(u64::MAX, u64::MAX, u64::MAX), Ok(u64::MAX));
    assert_eq!(mul_div_floor(u64::MAX, 2, 1), Err(MathError::Overflow));
    // 31 * 1,190,112,520,884,487,201 = 2^65 - 1: the floor of its half fits, the ceiling does not.
    assert_eq!(mul_div_floor(31, 1_190_112_520_884_487_201, 2), Ok(u64::MAX));
    assert_eq!(mul_div_ceil(31, 1_190_112_520_884_487_201, 2), Err(MathError::Overflow));
    assert_eq!(mul_div_floor(1, 1, 0), Err(MathError::ZeroDenominator));
    assert_eq!(mul_div_floor_u128(u64::MAX, u64::MAX, 1 << 64), Ok(u64::MAX - 1));
}
