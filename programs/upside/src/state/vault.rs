//! The vault: one backing asset of one security.

use anchor_lang::prelude::*;
use upside_math as m;

use super::Security;
use crate::error::{math, UpsideError};

/// One backing asset. Seeds: `vault`, security, asset mint. It owns the token account; no instruction but `collect` takes anything out.
#[account(zero_copy)]
#[derive(Debug)]
#[repr(C)]
pub struct Vault {
    /// Layout version.
    pub version: u8,
    /// Canonical bump of this account.
    pub bump: u8,
    /// Position in redemption bitmaps; never reused.
    pub index: u8,
    /// Decimals of the asset.
    pub decimals: u8,
    /// 1 if the asset is the share of another security: then the vault's position counts, not its token account.
    pub holds_shares: u8,
    /// Zero.
    pub padding: [u8; 3],
    /// The security that the asset backs.
    pub security: Pubkey,
    /// The asset.
    pub asset_mint: Pubkey,
    /// The vault's associated token account for the asset.
    pub token_account: Pubkey,
    /// Share atoms whose tickets have collected here, starting at the security's `redeemed_total` when the vault opened.
    pub collected_total_atoms: u64,
    /// Asset atoms that deposits, harvests and runways brought in, modulo 2^64. A statistic: redemption uses the actual balance.
    pub deposited_total_atoms: u64,
    /// Number of the last event of this account.
    pub sequence: u64,
    /// When the vault was opened, unix seconds.
    pub opened_ts: i64,
    /// Zero.
    pub reserved: [u8; 64],
}

const _: () = assert!(core::mem::size_of::<Vault>() == 8 + 3 * 32 + 4 * 8 + 64);

impl Vault {
    /// Account size with the discriminator, bytes.
    pub const SPACE: usize = 8 + core::mem::size_of::<Self>();

    /// Counts a deposit of `arrived` atoms and takes the next event number.
    pub fn count_deposit(&mut self, arrived: u64) -> Result<()> {
        self.deposited_total_atoms = self.deposited_total_atoms.wrapping_add(arrived);
        self.next_sequence()?;
        Ok(())
    }

    /// What a ticket for `shares` collects here, asset atoms: `floor(balance * shares / D)`, rounded down so that the rest stays for those who
    /// have not collected. `balance` is what the token account holds now, so that gains and losses since are shared by all of them.
    pub fn part_of(&self, security: &Security, live_supply: u64, balance: u64, shares: u64) -> Result<u64> {
        let denominator = math(m::redemption::denominator(
            live_supply,
            security.authorised_atoms,
            security.issued_atoms,
            security.redeemed_total_atoms,
            self.collected_total_atoms,
        ))?;
        math(m::redemption::payout(balance, shares, denominator))
    }

    /// Counts a ticket of `shares` as collected here and takes the next event number.
    pub fn count_collected(&mut self, shares: u64) -> Result<()> {
        self.collected_total_atoms = self
            .collected_total_atoms
            .checked_add(shares)
            .ok_or(UpsideError::Overflow)?;
        self.next_sequence()?;
        Ok(())
    }

    /// Takes the next event number of this account.
    pub fn next_sequence(&mut self) -> Result<u64> {
        self.sequence = self.sequence.checked_add(1).ok_or(UpsideError::Overflow)?;
        Ok(self.sequence)
    }
}
