
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
