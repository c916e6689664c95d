//! The integers that the formulas are made of.

use core::num::NonZeroU64;

use crate::wide;

/// An unsigned integer whose products are taken at twice its width.
///
/// The program computes with `u64`. The formulas of [`crate::formula`] are written over any such integer, so that they can also be run with so
/// few bits that every input can be tried, and with terms of which a solver proves what holds for all.
pub trait Word: Copy + PartialEq + PartialOrd {
    /// The integer of twice the width.
    type Wide: Copy + PartialEq + PartialOrd;
    /// One that is above zero.
    type NonZero: Copy;

    /// Zero.
    const ZERO: Self;
    /// One.
    const ONE: Self;
    /// Zero at twice the width.
    const WIDE_ZERO: Self::Wide;

    /// `self`, if it is above zero.
    fn non_zero(self) -> Option<Self::NonZero>;
    /// `self + other`, if it fits.
    fn checked_add(self, other: Self) -> Option<Self>;
    /// `self - other`, if it fits.
    fn checked_sub(self, other: Self) -> Option<Self>;
    /// `self * other`, exactly.
    fn product(self, other: Self) -> Self::Wide;
    /// The same number at twice the width.
    fn wide(self) -> Self::Wide;
    /// `self` times two to the power of the width.
    fn shifted(self) -> Self::Wide;

    /// The upper half.
    fn upper(wide: Self::Wide) -> Self;
    /// The lower half.
    fn lower(wide: Self::Wide) -> Self;
    /// `a + b`, if it fits.
    fn wide_checked_add(a: Self::Wide, b: Self::Wide) -> Option<Self::Wide>;
    /// `a - b`, if it fits.
    fn wide_checked_sub(a: Self::Wide, b: Self::Wide) -> Option<Self::Wide>;
    /// `a + b`, cut to twice the width.
    fn wide_wrapping_add(a: Self::Wide, b: Self::Wide) -> Self::Wide;
    /// `a - b`, modulo two to the power of twice the width.
    fn wide_wrapping_sub(a: Self::Wide, b: Self::Wide) -> Self::Wide;
    /// Whether the highest bit is set.
    fn wide_is_upper_half(wide: Self::Wide) -> bool;
    /// `(floor(n / d), n mod d)`.
    fn div_rem(n: Self::Wide, d: Self::NonZero) -> (Self::Wide, Self);
    /// `floor(n / d)` for a divisor whose upper half is above zero.
    fn wide_div(n: Self::Wide, d: Self::Wide) -> Self::Wide;
}

impl Word for u64 {
    type Wide = u128;
    type NonZero = NonZeroU64;

    const ZERO: Self = 0;
    const ONE: Self = 1;
    const WIDE_ZERO: u128 = 0;

    #[inline(always)]
    fn non_zero(self) -> Option<NonZeroU64> {
        NonZeroU64::new(self)
    }
    #[inline(always)]
    fn checked_add(self, other: Self) -> Option<Self> {
        self.checked_add(other)
    }
    #[inline(always)]
    fn checked_sub(self, other: Self) -> Option<Self> {
        self.checked_sub(other)
    }
    #[inline(always)]
    fn product(self, other: Self) -> u128 {
        wide::mul(self, other)
    }
    #[inline(always)]
    fn wide(self) -> u128 {
        u128::from(self)
    }
    #[inline(always)]
    fn shifted(self) -> u128 {
        u128::from(self) << 64
    }
    #[inline(always)]
    fn upper(wide: u128) -> Self {
        wide::hi(wide)
    }
    #[inline(always)]
    fn lower(wide: u128) -> Self {
        wide::lo(wide)
    }
    #[inline(always)]
    fn wide_checked_add(a: u128, b: u128) -> Option<u128> {
        a.checked_add(b)
    }
    #[inline(always)]
    fn wide_checked_sub(a: u128, b: u128) -> Option<u128> {
        a.checked_sub(b)
    }
    #[inline(always)]
    fn wide_wrapping_add(a: u128, b: u128) -> u128 {
        a.wrapping_add(b)
    }
    #[inline(always)]
    fn wide_wrapping_sub(a: u128, b: u128) -> u128 {
        a.wrapping_sub(b)
    }
    #[inline(always)]
    fn wide_is_upper_half(wide: u128) -> bool {
        wide >> 127 != 0
    }
    #[inline(always)]
    fn div_rem(n: u128, d: NonZeroU64) -> (u128, Self) {
        wide::div_rem(n, d)
    }
    #[inline(always)]
    fn wide_div(n: u128, d: u128) -> u128 {
        n / d
    }
}
