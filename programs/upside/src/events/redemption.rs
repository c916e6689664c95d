//! Events of redemption.

use anchor_lang::prelude::*;
use upside_derive::Encode;

use super::{PositionTotals, SecurityTotals};

/// Registered shares were burnt for a ticket.
#[event]
#[derive(Clone, Debug, PartialEq, Encode)]
pub struct SharesRedeemed {
    /// Event layout version.
    pub version: u8,
    /// Unix seconds.
    pub ts: i64,
    /// The security.
    pub security: Pubkey,
    /// The holder.
    pub holder: Pubkey,
    /// The ticket, whose first event this is.
    pub redemption: Pubkey,
    /// Its id.
    pub id: u64,
    /// Who paid its rent.
    pub rent_payer: Pubkey,
    /// Vaults in its reach: those with a lower index.
    pub vault_count: u16,
    /// Share atoms.
    pub amount_atoms: u64,
    /// The security after.
    pub totals: SecurityTotals,
    /// The position after.
    pub position: PositionTotals,
}

/// A ticket was paid its part of one vault. The security itself is not written: its `sequence` does not move.
#[event]
#[derive(Clone, Debug, PartialEq, Encode)]
pub struct AssetCollected {
    /// Event layout version.
    pub version: u8,
    /// Unix seconds.
    pub ts: i64,
    /// Number of this event among the vault's.
    pub sequence: u64,
    /// Number of this event among the ticket's.
    pub redemption_sequence: u64,
    /// The security.
    pub security: Pubkey,
    /// The ticket.
    pub redemption: Pubkey,
    /// Its holder.
    pub holder: Pubkey,
    /// The vault.
    pub vault: Pubkey,
    /// The vault's index: the ticket's bit that is set now.
    pub index: u8,
    /// The asset.
    pub asset_mint: Pubkey,
    /// The token account that was paid, for shares of a security the holder's registered account; zeros if the part was zero.
    pub receiver: Pubkey,
    /// Share atoms of the ticket.
    pub shares_atoms: u64,
    /// Asset atoms that left the vault.
    pub paid_atoms: u64,
    /// Asset atoms that arrived (less than paid if the mint withholds a fee).
    pub arrived_atoms: u64,
    /// The vault's balance after.
    pub balance_atoms: u64,
    /// Share atoms that have collected here, after.
    pub collected_total_atoms: u64,
}

/// A ticket that has collected everything was closed.
#[event]
#[derive(Clone, Debug, PartialEq, Encode)]
pub struct RedemptionClosed {
    /// Event layout version.
    pub version: u8,
    /// Unix seconds.
    pub ts: i64,
    /// Number of this event among the ticket's, the last.
    pub sequence: u64,
    /// The security.
    pub security: Pubkey,
    /// The ticket.
    pub redemption: Pubkey,
    /// Its holder.
    pub holder: Pubkey,
}
