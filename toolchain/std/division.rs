
#[cfg(target_arch = "bpf")]
#[unsafe(no_mangle)]
pub unsafe extern "unadjusted" fn __divti3(n: i128, d: i128) -> i128 {
    let q = udivmod128(n.unsigned_abs(), d.unsigned_abs()).0 as i128;
    if (n < 0) != (d < 0) { q.wrapping_neg() } else { q }
}

#[cfg(target_arch = "bpf")]
#[unsafe(no_mangle)]
pub unsafe extern "unadjusted" fn __modti3(n: i128, d: i128) -> i128 {
    let r = udivmod128(n.unsigned_abs(), d.unsigned_abs()).1 as i128;
    if n < 0 { r.wrapping_neg() } else { r }
}

/// The leading zeros of a byte.
#[cfg(target_arch = "bpf")]
static LEADING_ZEROS: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = (byte as u8).leading_zeros() as u8;
        byte += 1;
    }
    table
};

/// Leading zeros: halves down to a byte, whose zeros are looked up.
#[cfg(target_arch = "bpf")]
#[inline(never)]
fn clz64(mut x: u64) -> u32 {
    let mut zeros = 56;
    if x >> 32 != 0 {
        x >>= 32;
        zeros -= 32;
    }
    if x >> 16 != 0 {
        x >>= 16;
        zeros -= 16;
    }
    if x >> 8 != 0 {
        x >>= 8;
        zeros -= 8;
    }
    // SAFETY: what is left is a byte.
    zeros + unsafe { *LEADING_ZEROS.as_ptr().add(x as usize) } as u32
}

/// 128-by-64 division in 32-bit digits for a normalized `v` (top bit set) and `un32 < v`: quotient and remainder.
#[cfg(target_arch = "bpf")]
#[inline(always)]
fn divlu_norm(un32: u64, un10: u64, v: u64) -> (u64, u64) {
    let quotient = quotient_norm(un32, un10, v);
    (quotient, un10.wrapping_sub(quotient.wrapping_mul(v)))
}

/// The quotient of `divlu_norm`: each digit is estimated from the upper half of `v`, which is at most two too many.
#[cfg(target_arch = "bpf")]
#[inline(never)]
fn quotient_norm(un32: u64, un10: u64, v: u64) -> u64 {
    const MASK: u64 = (1 << 32) - 1;
    let (upper, lower) = (v >> 32, v & MASK);
    let high = quotient_digit(un32, un10 >> 32, upper, lower);
    let rest = (un32 << 32 | un10 >> 32).wrapping_sub(high.wrapping_mul(v));
    high << 32 | quotient_digit(rest, un10 & MASK, upper, lower)
}

#[cfg(target_arch = "bpf")]
#[inline(always)]
fn quotient_digit(un: u64, next: u64, upper: u64, lower: u64) -> u64 {
    // SAFETY: the top bit of `v` is set.
    unsafe { crate::hint::assert_unchecked(upper != 0) };
    let mut digit = un / upper;
    let mut rest = un - digit * upper;
    while digit >> 32 != 0 || digit * lower > (rest << 32 | next) {
        digit -= 1;
        rest += upper;
        if rest >> 32 != 0 {
            break;
        }
    }
    digit
}
