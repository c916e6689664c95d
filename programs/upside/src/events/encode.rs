//! The bytes of an event, written in place.

use anchor_lang::prelude::Pubkey;

/// A value whose Borsh form always has the same length. Every length is known when the program is compiled, so writing one is its loads and
/// stores, without a look at what room is left.
pub trait Encode {
    /// Bytes of it.
    const LEN: usize;

    /// Writes what Borsh writes. `to` has [`Self::LEN`] bytes.
    fn encode(&self, to: &mut [u8]);
}

macro_rules! numbers {
    ($($number:ty),+) => {$(
        impl Encode for $number {
            const LEN: usize = size_of::<Self>();

            #[inline(always)]
            fn encode(&self, to: &mut [u8]) {
                to.copy_from_slice(&self.to_le_bytes());
            }
        }
    )+};
}

numbers!(u8, u16, u64, u128, i64);

impl Encode for bool {
    const LEN: usize = 1;

    #[inline(always)]
    fn encode(&self, to: &mut [u8]) {
        u8::from(*self).encode(to);
    }
}

impl Encode for Pubkey {
    const LEN: usize = 32;

    #[inline(always)]
    fn encode(&self, to: &mut [u8]) {
        to.copy_from_slice(self.as_ref());
    }
}
