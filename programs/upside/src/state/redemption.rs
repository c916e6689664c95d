//! The ticket of a redemption: shares burnt, and which vaults they have collected from.

use anchor_lang::prelude::*;

use crate::error::{require, UpsideError};

/// A ticket. Seeds: `redemption`, security, holder, id. It collects its part of every vault that was open when the shares were burnt, each
/// by itself, so that an asset that cannot move holds no other up.
#[account(zero_copy)]
#[derive(Debug)]
#[repr(C)]
pub struct Redemption {
    /// Layout version.
    pub version: u8,
    /// Canonical bump of this account.
    pub bump: u8,
    /// Zero.
    pub padding: [u8; 4],
    /// Vaults open when the shares were burnt: those with a lower index are in reach.
    pub vault_count: u16,
    /// The security.
    pub security: Pubkey,
    /// Who burnt the shares, and collects.
    pub holder: Pubkey,
    /// Who paid the rent, and gets it back.
    pub rent_payer: Pubkey,
    /// The holder's choice.
    pub id: u64,
    /// Share atoms burnt.
    pub shares_atoms: u64,
    /// When, unix seconds.
    pub redeemed_ts: i64,
    /// Number of the last event of this account.
    pub sequence: u64,
    /// Zero.
    pub reserved: [u8; 8],
    /// One bit per vault, the lowest of the first byte for index 0: set once it has been collected from.
    pub collected: [u8; 32],
}

const _: () = assert!(core::mem::size_of::<Redemption>() == 8 + 3 * 32 + 5 * 8 + 32);

impl Redemption {
    /// Account size with the discriminator, bytes.
    pub const SPACE: usize = 8 + core::mem::size_of::<Self>();

    /// Whether it has collected from the vault of `index`.
    pub fn has_collected(&self, index: u8) -> bool {
        self.collected[usize::from(index / 8)] & (1 << (index % 8)) != 0
    }

    /// Marks the vault of `index` as collected from, once, and takes the next event number.
    pub fn collect(&mut self, index: u8) -> Result<()> {
        require!(u16::from(index) < self.vault_count, UpsideError::VaultOutOfReach);
        require!(!self.has_collected(index), UpsideError::AlreadyCollected);
        self.collected[usize::from(index / 8)] |= 1 << (index % 8);
        self.next_sequence()?;
        Ok(())
    }

    /// Vaults in reach that it has not collected from.
    pub fn uncollected(&self) -> u32 {
        let collected: u32 = self.collected.iter().map(|byte| byte.count_ones()).sum();
        u32::from(self.vault_count).saturating_sub(collected)
    }

    /// Takes the last event number. Refused while a vault is left.
    pub fn close(&mut self) -> Result<()> {
        require!(self.uncollected() == 0, UpsideError::NotAllCollected);
        self.next_sequence()?;
        Ok(())
    }

    /// Takes the next event number of this account.
    pub fn next_sequence(&mut self) -> Result<u64> {
        self.sequence = self.sequence.checked_add(1).ok_or(UpsideError::Overflow)?;
        Ok(self.sequence)
    }
}
