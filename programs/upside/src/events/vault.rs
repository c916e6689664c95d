//! Events of backing.

use anchor_lang::prelude::*;
use upside_derive::Encode;

use super::SecurityTotals;

/// A vault for one asset was opened.
#[event]
#[derive(Clone, Debug, PartialEq, Encode)]
pub struct VaultOpened {
    /// Event layout version.
    pub version: u8,
    /// Unix seconds.
    pub ts: i64,
    /// The security.
    pub security: Pubkey,
    /// The vault.
    pub vault: Pubkey,
    /// The asset.
    pub asset_mint: Pubkey,
    /// The vault's index.
    pub index: u8,
    /// Whether the asset is the share of another security.
    pub holds_shares: bool,
    /// Share atoms counted as having collected here already.
    pub collected_total_atoms: u64,
    /// The security after.
    pub totals: SecurityTotals,
    /// Decimals of the asset.
    pub decimals: u8,
    /// The vault's associated token account for the asset.
    pub token_account: Pubkey,
}

/// Equity entered a vault for good.
#[event]
#[derive(Clone, Debug, PartialEq, Encode)]
pub struct EquityDeposited {
    /// Event layout version.
    pub version: u8,
    /// Unix seconds.
    pub ts: i64,
    /// Number of this event among the vault's.
    pub sequence: u64,
    /// The security.
    pub security: Pubkey,
    /// The vault.
    pub vault: Pubkey,
    /// The asset.
    pub asset_mint: Pubkey,
    /// Who deposited.
    pub depositor: Pubkey,
    /// Asset atoms sent.
    pub sent_atoms: u64,
    /// Asset atoms that arrived (less than sent if the mint withholds a fee).
    pub arrived_atoms: u64,
    /// The vault's balance after.
    pub balance_atoms: u64,
    /// Asset atoms ever deposited, after, modulo 2^64.
    pub deposited_total_atoms: u64,
}

/// Registered shares of another security entered a vault for good, or bearer shares that lay there became registered. Told after the event
/// of the security whose shares they are. The vault's own security is not written: its `sequence` does not move.
#[event]
#[derive(Clone, Debug, PartialEq, Encode)]
pub struct SharesDeposited {
    /// Event layout version.
    pub version: u8,
    /// Unix seconds.
    pub ts: i64,
    /// Number of this event among the vault's.
    pub sequence: u64,
    /// The security that they back.
    pub security: Pubkey,
    /// Its vault.
    pub vault: Pubkey,
    /// The security whose shares they are.
    pub held_security: Pubkey,
    /// Who gave them; zeros if they were sent as bearer shares.
    pub depositor: Pubkey,
    /// Share atoms.
    pub amount_atoms: u64,
    /// Share atoms in the vault's position after.
    pub balance_atoms: u64,
    /// Asset atoms ever deposited, after, modulo 2^64.
    pub deposited_total_atoms: u64,
}

/// What a vault's shares had earned, in other money than its own security pays out, went into that security's vault of that money. Told
/// after the [`super::UpsideClaimed`] of the security whose shares they are.
#[event]
#[derive(Clone, Debug, PartialEq, Encode)]
pub struct BackingHarvested {
    /// Event layout version.
    pub version: u8,
    /// Unix seconds.
    pub ts: i64,
    /// Number of this event among those of the vault that received.
    pub sequence: u64,
    /// The security.
    pub security: Pubkey,
    /// Its vault that holds the shares.
    pub from_vault: Pubkey,
    /// The security whose shares they are.
    pub held_security: Pubkey,
    /// Its vault that received.
    pub vault: Pubkey,
    /// The money.
    pub asset_mint: Pubkey,
    /// Atoms of it.
    pub amount_atoms: u64,
    /// That vault's balance after.
    pub balance_atoms: u64,
    /// Asset atoms ever deposited there, after, modulo 2^64.
    pub deposited_total_atoms: u64,
}
