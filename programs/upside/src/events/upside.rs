//! Events of money paid in and out.

use anchor_lang::prelude::*;
use upside_derive::Encode;

use super::{PositionTotals, SecurityTotals};

/// Money was put on the stream.
#[event]
#[derive(Clone, Debug, PartialEq, Encode)]
pub struct UpsideDistributed {
    /// Event layout version.
    pub version: u8,
    /// Unix seconds.
    pub ts: i64,
    /// The security.
    pub security: Pubkey,
    /// Who signed.
    pub funder: Pubkey,
    /// Payout atoms from the funder.
    pub amount_atoms: u64,
    /// Payout atoms swept from the inbox.
    pub swept_atoms: u64,
    /// The security after.
    pub totals: SecurityTotals,
}

/// A holder was paid; a vault that holds shares is paid by a harvest. The security itself is not written: its `sequence` does not move.
#[event]
#[derive(Clone, Debug, PartialEq, Encode)]
pub struct UpsideClaimed {
    /// Event layout version.
    pub version: u8,
    /// Unix seconds.
    pub ts: i64,
    /// The security.
    pub security: Pubkey,
    /// The holder.
    pub holder: Pubkey,
    /// Where the money went.
    pub payout_account: Pubkey,
    /// Payout atoms paid, rounded down; the fraction stays owed.
    pub amount_atoms: u64,
    /// The position after.
    pub position: PositionTotals,
}

/// What a vault's shares had earned went onto the stream of the vault's own security. Told after the [`UpsideClaimed`] of the security
/// whose shares they are.
#[event]
#[derive(Clone, Debug, PartialEq, Encode)]
pub struct UpsideHarvested {
    /// Event layout version.
    pub version: u8,
    /// Unix seconds.
    pub ts: i64,
    /// The security that received.
    pub security: Pubkey,
    /// Its vault that holds the shares.
    pub vault: Pubkey,
    /// The security whose shares they are.
    pub held_security: Pubkey,
    /// Payout atoms.
    pub amount_atoms: u64,
    /// The security after.
    pub totals: SecurityTotals,
}
