//! Events of moves of shares.

use anchor_lang::prelude::*;
use upside_derive::Encode;

use super::{PositionTotals, SecurityTotals};

/// Bearer shares became registered.
#[event]
#[derive(Clone, Debug, PartialEq, Encode)]
pub struct SharesRegistered {
    /// Event layout version.
    pub version: u8,
    /// Unix seconds.
    pub ts: i64,
    /// The security.
    pub security: Pubkey,
    /// The holder.
    pub holder: Pubkey,
    /// Who paid the rent if the position was opened by this instruction, else zeros.
    pub opened_by: Pubkey,
    /// The bearer account they came from.
    pub bearer_account: Pubkey,
    /// Share atoms.
    pub amount_atoms: u64,
    /// The security after.
    pub totals: SecurityTotals,
    /// The position after.
    pub position: PositionTotals,
}

/// Registered shares became bearer.
#[event]
#[derive(Clone, Debug, PartialEq, Encode)]
pub struct SharesUnregistered {
    /// Event layout version.
    pub version: u8,
    /// Unix seconds.
    pub ts: i64,
    /// The security.
    pub security: Pubkey,
    /// The holder.
    pub holder: Pubkey,
    /// The bearer account they went to.
    pub bearer_account: Pubkey,
    /// Share atoms.
    pub amount_atoms: u64,
    /// The security after.
    pub totals: SecurityTotals,
    /// The position after.
    pub position: PositionTotals,
}

/// Registered shares went to another holder: sent, put into a vault, or collected from one. The security itself is not written: its
/// `sequence` does not move.
#[event]
#[derive(Clone, Debug, PartialEq, Encode)]
pub struct SharesTransferred {
    /// Event layout version.
    pub version: u8,
    /// Unix seconds.
    pub ts: i64,
    /// The security.
    pub security: Pubkey,
    /// Who sent.
    pub from: Pubkey,
    /// Who received.
    pub to: Pubkey,
    /// Who paid the rent if the receiver's position was opened by this instruction, else zeros.
    pub opened_by: Pubkey,
    /// Share atoms.
    pub amount_atoms: u64,
    /// The sender's position after.
    pub from_position: PositionTotals,
    /// The receiver's position after.
    pub to_position: PositionTotals,
}

/// A holder named another payout account.
#[event]
#[derive(Clone, Debug, PartialEq, Encode)]
pub struct PayoutAccountSet {
    /// Event layout version.
    pub version: u8,
    /// Unix seconds.
    pub ts: i64,
    /// The security.
    pub security: Pubkey,
    /// The holder.
    pub holder: Pubkey,
    /// Where claims by anyone pay to now.
    pub payout_account: Pubkey,
    /// The position after.
    pub position: PositionTotals,
}

/// An empty position was closed.
#[event]
#[derive(Clone, Debug, PartialEq, Encode)]
pub struct PositionClosed {
    /// Event layout version.
    pub version: u8,
    /// Unix seconds.
    pub ts: i64,
    /// The security.
    pub security: Pubkey,
    /// The holder.
    pub holder: Pubkey,
    /// The fraction of one atom that went back to the security's remainder.
    pub fraction_x64: u128,
    /// The security after.
    pub totals: SecurityTotals,
    /// The position's last state.
    pub position: PositionTotals,
}
