//! What the property tests share: number generators that favour edges, and exact rational arithmetic.
#![allow(dead_code, reason = "each test binary uses its own part")]

use num_rational::BigRational;
use num_traits::{FromPrimitive, ToPrimitive, Zero};
use proptest::{prelude::*, sample::select, test_runner::FileFailurePersistence};
use upside_math::MathError;

/// 100,000 cases, or as many as `PROPTEST_CASES` says.
pub fn cases() -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES")
        .ok()
        .map_or(100_000, |n| n.parse().expect("PROPTEST_CASES must be a number"));
    ProptestConfig {
        cases,
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        ..ProptestConfig::default()
    }
}

pub const U64_EDGES: [u64; 14] = [
    0,
    1,
    2,
    3,
    9_999,
    10_000,
    (1 << 32) - 1,
    1 << 32,
    (1 << 32) + 1,
    (1 << 63) - 1,
    1 << 63,
    (1 << 63) + 1,
    u64::MAX - 1,
    u64::MAX,
];

/// Edges, every magnitude alike, and uniform ones.
pub fn any_u64() -> impl Strategy<Value = u64> {
    prop_oneof![
        2 => select(U64_EDGES.as_slice()),
        4 => (any::<u64>(), 0_u32..64).prop_map(|(x, shift)| x >> shift),
        1 => any::<u64>(),
    ]
}

pub const I64_EDGES: [i64; 9] = [
    i64::MIN,
    i64::MIN + 1,
    -1,
    0,
    1,
    1 << 62,
    -(1 << 62),
    i64::MAX - 1,
    i64::MAX,
];

pub fn any_i64() -> impl Strategy<Value = i64> {
    prop_oneof![
        2 => select(I64_EDGES.as_slice()),
        4 => (any::<i64>(), 0_u32..64).prop_map(|(x, shift)| x >> shift),
        1 => any::<i64>(),
    ]
}

pub const U128_EDGES: [u128; 12] = [
    0,
    1,
    (1 << 64) - 1,
    1 << 64,
    (1 << 64) + 1,
    (1 << 126) - 1,
    1 << 126,
    (1 << 127) - 1,
    1 << 127,
    (1 << 127) + 1,
    u128::MAX - 1,
    u128::MAX,
];

pub fn any_u128() -> impl Strategy<Value = u128> {
    prop_oneof![
        2 => select(U128_EDGES.as_slice()),
        4 => (any::<u128>(), 0_u32..128).prop_map(|(x, shift)| x >> shift),
        1 => any::<u128>(),
    ]
}

/// A number of atoms of every magnitude up to `most`.
pub fn up_to(most: u64) -> impl Strategy<Value = u64> {
    (any::<u64>(), 0_u32..64).prop_map(move |(x, shift)| (u128::from(x >> shift) % (u128::from(most) + 1)) as u64)
}

/// An unsigned number as a rational.
pub fn q(x: impl Into<u128>) -> BigRational {
    BigRational::from_u128(x.into()).expect("an integer is a rational")
}

/// A signed number as a rational.
pub fn z(x: impl Into<i128>) -> BigRational {
    BigRational::from_i128(x.into()).expect("an integer is a rational")
}

/// One over this is the unit of `_x64` numbers.
pub fn two_64() -> BigRational {
    q(1_u128 << 64)
}

/// An integral rational as `u64`, [`MathError::Overflow`] if it does not fit.
pub fn as_u64(x: &BigRational) -> Result<u64, MathError> {
    assert!(x.is_integer(), "{x} was not rounded");
    x.to_integer().to_u64().ok_or(MathError::Overflow)
}

/// An integral rational as `u128`, [`MathError::Overflow`] if it does not fit.
pub fn as_u128(x: &BigRational) -> Result<u128, MathError> {
    assert!(x.is_integer(), "{x} was not rounded");
    x.to_integer().to_u128().ok_or(MathError::Overflow)
}

/// An integral rational as `i64`, [`MathError::Overflow`] if it does not fit.
pub fn as_i64(x: &BigRational) -> Result<i64, MathError> {
    assert!(x.is_integer(), "{x} was not rounded");
    x.to_integer().to_i64().ok_or(MathError::Overflow)
}

/// `n / d`, [`MathError::ZeroDenominator`] if `d = 0`.
pub fn ratio(n: BigRational, d: BigRational) -> Result<BigRational, MathError> {
    if d.is_zero() {
        return Err(MathError::ZeroDenominator);
    }
    Ok(n / d)
}
