//! Program addresses, derived by the program itself.
//!
//! The runtime charges 1,500 compute units for each bump it tries. What it does for them is one SHA-256 and one test whether the digest is a
//! point of the curve, which it also offers one by one for about 380. Both give the same address for the same bump: a test compares
//! them over thousands of keys, and every account that the client finds at the runtime's address is made at ours.

use anchor_lang::prelude::*;
use solana_curve25519::edwards::{validate_edwards, PodEdwardsPoint};
use solana_sha256_hasher::hashv;

use crate::error::err;

/// What the runtime appends to seeds, bump and program.
const MARKER: &[u8; 21] = b"ProgramDerivedAddress";
/// Most seeds of an address, its bump not counted.
const MOST_SEEDS: usize = 4;

/// The digest of seeds, bump and program, one after another.
#[inline(always)]
fn digest<const N: usize>(seeds: [&[u8]; N], bump: u8, program: &Pubkey) -> Pubkey {
    const { assert!(N <= MOST_SEEDS) };
    let bump = [bump];
    let mut parts: [&[u8]; MOST_SEEDS + 3] = [&[]; MOST_SEEDS + 3];
    parts[..N].copy_from_slice(&seeds);
    parts[N] = &bump;
    parts[N + 1] = program.as_ref();
    parts[N + 2] = MARKER;
    Pubkey::new_from_array(hashv(&parts[..N + 3]).to_bytes())
}

/// The address of `seeds`, and its canonical bump: the highest with which the digest is off the curve, so that nobody has its key. The
/// same as `Pubkey::find_program_address`. Seeds have at most 32 bytes each, as the runtime demands when the address signs.
///
/// Errors: [`ErrorCode::ConstraintSeeds`] if every bump gives a point of the curve, which takes 2^255 tries to meet.
#[inline(never)]
pub fn find<const N: usize>(seeds: [&[u8]; N], program: &Pubkey) -> Result<(Pubkey, u8)> {
    for bump in (1..=u8::MAX).rev() {
        let address = digest(seeds, bump, program);
        if !validate_edwards(&PodEdwardsPoint(address.to_bytes())) {
            return Ok((address, bump));
        }
    }
    err!(ErrorCode::ConstraintSeeds)
}

/// The address of `seeds` and the bump that [`find`] once gave for them: it was off the curve then and is now, so that is not asked again.
pub fn of<const N: usize>(seeds: [&[u8]; N], canonical_bump: u8, program: &Pubkey) -> Pubkey {
    digest(seeds, canonical_bump, program)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{seeds, ID};

    /// Keys that are different in every case and the same in every run.
    fn key(case: u32, name: &str) -> Pubkey {
        Pubkey::new_from_array(hashv(&[name.as_bytes(), &case.to_le_bytes()]).to_bytes())
    }

    #[test]
    fn addresses_and_bumps_are_those_of_the_runtime() {
        let mut bumps = std::collections::BTreeSet::new();
        for case in 0..2_000 {
            let (one, two, program) = (key(case, "one"), key(case, "two"), key(case, "program"));
            let (kind, index) = ([2], 7_u16.to_le_bytes());
            let mint: [&[u8]; 4] = [seeds::MINT, one.as_ref(), &kind, &index];
            let three: [&[u8]; 3] = [seeds::POSITION, one.as_ref(), two.as_ref()];
            let plain: [&[u8]; 2] = [seeds::SECURITY, one.as_ref()];
            let found = [
                (find(mint, &ID), Pubkey::find_program_address(&mint, &ID)),
                (find(three, &ID), Pubkey::find_program_address(&three, &ID)),
                (find(plain, &program), Pubkey::find_program_address(&plain, &program)),
            ];
            for (ours, runtimes) in found {
                assert_eq!(ours.expect("an address"), runtimes);
                bumps.insert(runtimes.1);
            }
            let (address, bump) = Pubkey::find_program_address(&three, &ID);
            assert_eq!(of(three, bump, &ID), address);
            assert_ne!(of(three, bump - 1, &ID), address);
        }
        assert!(bumps.len() > 8, "{bumps:?}");
    }

    #[test]
    fn a_digest_on_the_curve_is_no_address() {
        let on_curve = (0..64).find_map(|case| {
            let one = key(case, "one");
            let first = of([seeds::SECURITY, one.as_ref()], u8::MAX, &ID);
            first.is_on_curve().then_some((one, first))
        });
        let (one, first) = on_curve.expect("every second digest is on the curve");
        let (address, bump) = find([seeds::SECURITY, one.as_ref()], &ID).expect("an address");
        assert!(bump < u8::MAX && address != first && !address.is_on_curve());
    }
}
