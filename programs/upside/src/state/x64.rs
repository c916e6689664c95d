//! 128-bit values inside accounts.

use anchor_lang::prelude::*;

/// A `u128` in two words, low word first, so that its alignment is 8 on every target. Same bytes as a little-endian `u128`.
#[zero_copy]
#[derive(Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct X64 {
    /// Low 64 bits; of a `_x64` amount, the fraction of one atom.
    pub lo: u64,
    /// High 64 bits; of a `_x64` amount, whole atoms.
    pub hi: u64,
}

impl X64 {
    /// The value as one number.
    pub const fn get(&self) -> u128 {
        (self.hi as u128) << 64 | self.lo as u128
    }
}

impl From<u128> for X64 {
    fn from(value: u128) -> Self {
        let bytes = value.to_le_bytes();
        let word = |at: usize| {
            let mut word = [0; 8];
            word.copy_from_slice(&bytes[at..at + 8]);
            u64::from_le_bytes(word)
        };
        Self {
            lo: word(0),
            hi: word(8),
        }
    }
}
