//! The grant: shares promised to one person for help.

use anchor_lang::prelude::*;
use upside_math as m;

use crate::error::{require, UpsideError};

/// A grant. Seeds: `grant`, security, recipient, id. Its shares are reserved until they are claimed, and then newly issued.
#[account(zero_copy)]
#[derive(Debug)]
#[repr(C)]
pub struct Grant {
    /// Layout version.
    pub version: u8,
    /// Canonical bump of this account.
    pub bump: u8,
    /// 1 if the issuer may revoke what has not vested; fixed.
    pub revocable: u8,
    /// 1 once revoked.
    pub revoked: u8,
    /// 1 once the milestone was approved.
    pub approved: u8,
    /// Zero.
    pub padding: [u8; 3],
    /// The security.
    pub security: Pubkey,
    /// Who receives the shares.
    pub recipient: Pubkey,
    /// Who must approve before anything vests; zeros if time alone decides.
    pub approver: Pubkey,
    /// Who paid the rent, and gets it back.
    pub rent_payer: Pubkey,
    /// The issuer's choice.
    pub id: u64,
    /// Share atoms granted; after a revocation what had vested.
    pub amount_atoms: u64,
    /// Share atoms claimed.
    pub claimed_atoms: u64,
    /// Where the line of vesting starts, unix seconds.
    pub start_ts: i64,
    /// Nothing vests before, unix seconds.
    pub cliff_ts: i64,
    /// Everything has vested, unix seconds.
    pub end_ts: i64,
    /// The approver must have signed before, unix seconds; 0 if time alone decides.
    pub deadline_ts: i64,
    /// When it was announced, unix seconds.
    pub announced_ts: i64,
    /// Number of the last event of this account.
    pub sequence: u64,
    /// Zero.
    pub reserved: [u8; 48],
}

const _: () = assert!(core::mem::size_of::<Grant>() == 8 + 4 * 32 + 9 * 8 + 48);

impl Grant {
    /// Account size with the discriminator, bytes.
    pub const SPACE: usize = 8 + core::mem::size_of::<Self>();

    /// Refuses terms that contradict themselves. What starts when is the security's affair: see [`super::Security::check_notice`].
    pub fn validate(&self, now: i64) -> Result<()> {
        require!(self.amount_atoms > 0, UpsideError::ZeroAmount);
        require!(
            self.start_ts <= self.cliff_ts && self.cliff_ts <= self.end_ts,
            UpsideError::BadSchedule
        );
        if self.is_milestone() {
            require!(self.deadline_ts > now, UpsideError::BadDeadline);
        } else {
            require!(self.deadline_ts == 0, UpsideError::BadDeadline);
        }
        Ok(())
    }

    /// Whether somebody must approve before anything vests.
    pub fn is_milestone(&self) -> bool {
        self.approver != Pubkey::default()
    }

    /// Whether the deadline passed without an approval: then the reserve returns.
    pub fn has_lapsed(&self, now: i64) -> bool {
        self.is_milestone() && self.approved == 0 && self.revoked == 0 && now >= self.deadline_ts
    }

    /// Share atoms vested at `now`, claimed ones included, rounded down. A milestone vests nothing until it is approved; from then on the
    /// schedule applies as written. What had vested when the grant was revoked stays vested.
    pub fn vested_at(&self, now: i64) -> u64 {
        if self.revoked == 1 {
            self.amount_atoms
        } else if self.is_milestone() && self.approved == 0 {
            0
        } else {
            m::vested(self.amount_atoms, self.start_ts, self.cliff_ts, self.end_ts, now)
        }
    }

    /// Takes what has vested and was not claimed, share atoms.
    pub fn claim(&mut self, now: i64) -> Result<u64> {
        // Under a clock set back less may have vested than was claimed: then nothing is due.
        let amount = self.vested_at(now).saturating_sub(self.claimed_atoms);
        require!(amount > 0, UpsideError::NothingVested);
        self.claimed_atoms = self.claimed_atoms.checked_add(amount).ok_or(UpsideError::Overflow)?;
        self.next_sequence()?;
        Ok(amount)
    }

    /// Lets the schedule apply. The approver has signed.
    pub fn approve(&mut self, now: i64) -> Result<()> {
        require!(self.is_milestone(), UpsideError::NotAMilestone);
        require!(self.revoked == 0, UpsideError::GrantRevoked);
        require!(self.approved == 0, UpsideError::MilestoneApproved);
        require!(now < self.deadline_ts, UpsideError::DeadlinePassed);
        self.approved = 1;
        self.next_sequence()?;
        Ok(())
    }

    /// Stops what has not vested and returns it, share atoms. The issuer has signed.
    pub fn revoke(&mut self, now: i64) -> Result<u64> {
        require!(self.revocable == 1, UpsideError::NotRevocable);
        require!(self.revoked == 0, UpsideError::GrantRevoked);
        // What was claimed had vested, whatever a clock set back says now.
        let vested = self.vested_at(now).max(self.claimed_atoms);
        let freed = self
            .amount_atoms
            .checked_sub(vested)
            .filter(|freed| *freed > 0)
            .ok_or(UpsideError::NothingToRevoke)?;
        self.amount_atoms = vested;
        self.revoked = 1;
        self.next_sequence()?;
        Ok(freed)
    }

    /// Ends a grant of which everything is claimed, or whose milestone was not approved in time. Returns the share atoms whose reserve
    /// returns.
    pub fn close(&mut self, now: i64) -> Result<u64> {
        let left = self
            .amount_atoms
            .checked_sub(self.claimed_atoms)
            .ok_or(UpsideError::InvariantBroken)?;
        require!(left == 0 || self.has_lapsed(now), UpsideError::GrantNotFinished);
        self.next_sequence()?;
        Ok(left)
    }

    /// Takes the next event number of this account.
    pub fn next_sequence(&mut self) -> Result<u64> {
        self.sequence = self.sequence.checked_add(1).ok_or(UpsideError::Overflow)?;
        Ok(self.sequence)
    }
}
