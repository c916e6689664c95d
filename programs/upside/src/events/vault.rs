//! Events of backing.

use anchor_lang::prelude::*;

use super::SecurityTotals;

/// A vault for one asset was opened.
#[event]
#[derive(Clone, Debug, PartialEq)]
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
#[derive(Clone, Debug, PartialEq)]
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
