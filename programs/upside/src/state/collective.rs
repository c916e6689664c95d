//! The collective: the rule by which other securities join one.

use anchor_lang::prelude::*;
use upside_math as m;

use crate::{
    constants::MAX_VESTING_SECONDS,
    error::{math, require, UpsideError},
};

/// The rule. Seeds: `collective`, security. It never changes, so that every member joins on the same terms.
#[account(zero_copy)]
#[derive(Debug)]
#[repr(C)]
pub struct Collective {
    /// Layout version.
    pub version: u8,
    /// Canonical bump of this account.
    pub bump: u8,
    /// Part of a member's authorised supply that it gives, basis points.
    pub contribution_bps: u16,
    /// Members that have joined.
    pub members: u16,
    /// Zero.
    pub padding: [u8; 2],
    /// The security that members join.
    pub security: Pubkey,
    /// Share atoms granted to each member.
    pub shares_atoms: u64,
    /// Seconds from joining until the cliff of that grant.
    pub cliff_seconds: i64,
    /// Seconds from joining until all of it has vested.
    pub vesting_seconds: i64,
    /// Number of the last event of this account.
    pub sequence: u64,
    /// When it was created, unix seconds.
    pub created_ts: i64,
    /// Zero.
    pub reserved: [u8; 64],
}

const _: () = assert!(core::mem::size_of::<Collective>() == 8 + 32 + 5 * 8 + 64);

impl Collective {
    /// Account size with the discriminator, bytes.
    pub const SPACE: usize = 8 + core::mem::size_of::<Self>();

    /// Refuses terms outside their ranges, each with its own error.
    pub fn validate(&self) -> Result<()> {
        require!(
            (1..=m::bps::ONE_BPS).contains(&self.contribution_bps),
            UpsideError::BadContribution
        );
        require!(self.shares_atoms > 0, UpsideError::ZeroAmount);
        require!(
            0 <= self.cliff_seconds
                && self.cliff_seconds <= self.vesting_seconds
                && self.vesting_seconds <= MAX_VESTING_SECONDS,
            UpsideError::BadMemberVesting
        );
        Ok(())
    }

    /// Share atoms that a member with `authorised` share atoms gives, rounded up: every member gives at least the agreed part.
    pub fn contribution_of(&self, authorised: u64) -> Result<u64> {
        math(m::member::contribution(authorised, self.contribution_bps))
    }

    /// Counts a member and takes the next event number.
    pub fn count_member(&mut self) -> Result<()> {
        // Each has a vault of its own, and those end at 256.
        self.members = self.members.checked_add(1).ok_or(UpsideError::Overflow)?;
        self.next_sequence()?;
        Ok(())
    }

    /// Takes the next event number of this account.
    pub fn next_sequence(&mut self) -> Result<u64> {
        self.sequence = self.sequence.checked_add(1).ok_or(UpsideError::Overflow)?;
        Ok(self.sequence)
    }
}
