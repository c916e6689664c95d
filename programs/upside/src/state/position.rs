//! The position: what one holder has and is owed of one security.

use anchor_lang::prelude::*;
use upside_math as m;

use super::X64;
use crate::error::{math, require, UpsideError};

/// What a holder has and is owed. Seeds: `position`, security, holder.
#[account(zero_copy)]
#[derive(Debug)]
#[repr(C)]
pub struct Position {
    /// Layout version.
    pub version: u8,
    /// Canonical bump of this account.
    pub bump: u8,
    /// Canonical bump of the registered account.
    pub registered_bump: u8,
    /// Zero.
    pub padding: [u8; 5],
    /// The security.
    pub security: Pubkey,
    /// The wallet (or vault) that holds.
    pub holder: Pubkey,
    /// Where a claim by anyone pays to: a token account of the payout mint. The holder's associated token account until
    /// the holder names another.
    pub payout_account: Pubkey,
    /// Who paid the rent of this account and of the registered account, and gets it back.
    pub rent_payer: Pubkey,
    /// Registered share atoms; equal to the registered account's balance.
    pub shares_atoms: u64,
    /// The accumulator when `accrued_x64` was last brought up to date.
    pub checkpoint_x64: X64,
    /// Payout atoms owed, with the fraction of one atom that is kept.
    pub accrued_x64: X64,
    /// Payout atoms ever paid to this position, modulo 2^64.
    pub claimed_total_atoms: u64,
    /// Number of the last event of this account.
    pub sequence: u64,
    /// Zero.
    pub reserved: [u8; 24],
}

const _: () = assert!(core::mem::size_of::<Position>() + 8 == 224);

impl Position {
    /// Account size with the discriminator, bytes.
    pub const SPACE: usize = 8 + core::mem::size_of::<Self>();

    /// Brings what is owed up to the accumulator. Exact: rounding happens only when paid.
    pub fn settle(&mut self, upside_per_share_x64: u128) -> Result<()> {
        self.accrued_x64 = math(m::owed_x64(
            self.accrued_x64.get(),
            self.shares_atoms,
            upside_per_share_x64,
            self.checkpoint_x64.get(),
        ))?
        .into();
        self.checkpoint_x64 = upside_per_share_x64.into();
        Ok(())
    }

    /// Adds shares. Settle first.
    pub fn credit(&mut self, amount: u64) -> Result<()> {
        self.shares_atoms = self.shares_atoms.checked_add(amount).ok_or(UpsideError::Overflow)?;
        Ok(())
    }

    /// Takes shares away. Settle first.
    pub fn debit(&mut self, amount: u64) -> Result<()> {
        self.shares_atoms = self
            .shares_atoms
            .checked_sub(amount)
            .ok_or(UpsideError::NotEnoughShares)?;
        Ok(())
    }

    /// Takes the whole atoms owed, rounded down; the fraction stays owed. Settle first.
    pub fn take_payable(&mut self) -> u64 {
        let accrued = self.accrued_x64.get();
        let payable = m::payable(accrued);
        self.accrued_x64 = m::fraction(accrued).into();
        self.claimed_total_atoms = self.claimed_total_atoms.wrapping_add(payable);
        payable
    }

    /// Gives up what is left of an empty position: less than one atom, 64 fractional bits, which goes back to the security. Settle first.
    pub fn close(&mut self) -> Result<u128> {
        let accrued_x64 = self.accrued_x64.get();
        require!(
            self.shares_atoms == 0 && m::payable(accrued_x64) == 0,
            UpsideError::PositionNotEmpty
        );
        self.accrued_x64 = X64::default();
        Ok(accrued_x64)
    }

    /// Takes the next event number of this account.
    pub fn next_sequence(&mut self) -> Result<u64> {
        self.sequence = self.sequence.checked_add(1).ok_or(UpsideError::Overflow)?;
        Ok(self.sequence)
    }
}
