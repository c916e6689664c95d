//! 128-bit helpers. A 128-bit division costs hundreds of compute units on the target, a 64-bit one a single
//! instruction, so the short way is taken whenever the numbers allow it.

use core::num::NonZeroU64;

/// The high 64 bits.
pub(crate) const fn hi(x: u128) -> u64 {
    (x >> 64) as u64
}

/// The low 64 bits; the cut is the meaning.
pub(crate) const fn lo(x: u128) -> u64 {
    x as u64
}

/// The exact product; it always fits: `(2^64 - 1)^2 < 2^128`.
pub(crate) const fn mul(a: u64, b: u64) -> u128 {
    (a as u128) * (b as u128)
}

/// `(floor(n / d), n mod d)`, exact.
pub(crate) fn div_rem(n: u128, d: NonZeroU64) -> (u128, u64) {
    if hi(n) == 0 {
        let n = lo(n);
        return (u128::from(n / d), n % d);
    }
    let wide = u128::from(d.get());
    let quotient = n / wide;
    (quotient, lo(n - quotient * wide))
}
