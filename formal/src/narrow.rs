//! Words of 8 and 12 bits.

use std::num::NonZeroU32;

use upside_math::Word;

use crate::Subject;

/// A word of `BITS` bits, in the lower bits of a `u32`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Narrow<const BITS: u32>(pub u32);

impl<const BITS: u32> Narrow<BITS> {
    /// The largest.
    pub const MAX: u32 = (1 << BITS) - 1;
    /// The largest of twice the width.
    const WIDE_MAX: u32 = (1 << (2 * BITS)) - 1;

    fn fits(value: u32) -> Option<Self> {
        (value <= Self::MAX).then_some(Self(value))
    }
}

impl<const BITS: u32> Word for Narrow<BITS> {
    type Wide = u32;
    type NonZero = NonZeroU32;

    const ZERO: Self = Self(0);
    const ONE: Self = Self(1);
    const WIDE_ZERO: u32 = 0;

    fn non_zero(self) -> Option<NonZeroU32> {
        NonZeroU32::new(self.0)
    }
    fn checked_add(self, other: Self) -> Option<Self> {
        Self::fits(self.0 + other.0)
    }
    fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }
    fn product(self, other: Self) -> u32 {
        self.0 * other.0
    }
    fn wide(self) -> u32 {
        self.0
    }
    fn shifted(self) -> u32 {
        self.0 << BITS
    }
    fn upper(wide: u32) -> Self {
        Self(wide >> BITS)
    }
    fn lower(wide: u32) -> Self {
        Self(wide & Self::MAX)
    }
    fn wide_checked_add(a: u32, b: u32) -> Option<u32> {
        Some(a + b).filter(|sum| *sum <= Self::WIDE_MAX)
    }
    fn wide_checked_sub(a: u32, b: u32) -> Option<u32> {
        a.checked_sub(b)
    }
    fn wide_wrapping_add(a: u32, b: u32) -> u32 {
        (a + b) & Self::WIDE_MAX
    }
    fn wide_wrapping_sub(a: u32, b: u32) -> u32 {
        a.wrapping_sub(b) & Self::WIDE_MAX
    }
    fn wide_is_upper_half(wide: u32) -> bool {
        wide >> (2 * BITS - 1) != 0
    }
    fn div_rem(n: u32, d: NonZeroU32) -> (u32, Self) {
        (n / d, Self(n % d))
    }
    fn wide_div(n: u32, d: u32) -> u32 {
        n / d
    }
}

impl<const BITS: u32> Subject for Narrow<BITS> {
    type Exact = i64;

    fn exact(self) -> i64 {
        i64::from(self.0)
    }
    fn exact_wide(wide: u32) -> i64 {
        i64::from(wide)
    }
    fn plus(a: i64, b: i64) -> i64 {
        a + b
    }
    fn minus(a: i64, b: i64) -> i64 {
        a - b
    }
    fn times(a: i64, b: i64) -> i64 {
        a * b
    }
    fn radix() -> i64 {
        1 << BITS
    }
}
