//! The approval: a holder that may receive curated shares.

use anchor_lang::prelude::*;

/// A holder that may receive shares of a curated security. Seeds: `approval`, security, holder. Removing it never stops
/// earning, claiming, redeeming, sending, or taking vested or bought shares.
#[account(zero_copy)]
#[derive(Debug)]
#[repr(C)]
pub struct Approval {
    /// Layout version.
    pub version: u8,
    /// Canonical bump of this account.
    pub bump: u8,
    /// Zero.
    pub padding: [u8; 6],
    /// The security.
    pub security: Pubkey,
    /// The approved holder.
    pub holder: Pubkey,
    /// Who paid the rent, and gets it back.
    pub rent_payer: Pubkey,
    /// When it was given, unix seconds.
    pub approved_ts: i64,
    /// Zero.
    pub reserved: [u8; 16],
}

const _: () = assert!(core::mem::size_of::<Approval>() == 8 + 3 * 32 + 8 + 16);

impl Approval {
    /// Account size with the discriminator, bytes.
    pub const SPACE: usize = 8 + core::mem::size_of::<Self>();
}
