//! The subscription: what one investor wants of a round.

use anchor_lang::prelude::*;

/// What one investor wants of a round, and has paid for it. Seeds: `subscription`, round, investor. Closed when it is settled and refunded.
#[account(zero_copy)]
#[derive(Debug)]
#[repr(C)]
pub struct Subscription {
    /// Layout version.
    pub version: u8,
    /// Canonical bump of this account.
    pub bump: u8,
    /// 1 once settled: then only the refund is left.
    pub settled: u8,
    /// Zero.
    pub padding: [u8; 5],
    /// The round.
    pub round: Pubkey,
    /// The investor.
    pub investor: Pubkey,
    /// The token account that last paid: refunds go there while it is the investor's. Zeros until something is wanted.
    pub refund_account: Pubkey,
    /// Who paid the rent, and gets it back.
    pub rent_payer: Pubkey,
    /// Most share atoms that may be wanted; what is for sale in a public round.
    pub cap_atoms: u64,
    /// Share atoms wanted.
    pub wanted_atoms: u64,
    /// Payout atoms paid: always the cost of what is wanted.
    pub paid_atoms: u64,
    /// Payout atoms to be refunded, once settled.
    pub refund_atoms: u64,
    /// Zero.
    pub reserved: [u8; 32],
}

const _: () = assert!(core::mem::size_of::<Subscription>() == 8 + 4 * 32 + 4 * 8 + 32);

impl Subscription {
    /// Account size with the discriminator, bytes.
    pub const SPACE: usize = 8 + core::mem::size_of::<Self>();
}
