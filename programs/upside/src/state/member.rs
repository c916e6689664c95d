//! The member: one security's application to a collective, and its membership.

use anchor_lang::prelude::*;

use crate::error::{require, UpsideError};

/// Where an application stands. Stored as one byte, numbered in this order; append only.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemberStatus {
    /// It waits for consent.
    Applied,
    /// The collective's issuer consents, until the consent is revoked or expires.
    Admitted,
    /// It has joined, for good.
    Joined,
}

/// An application, then a membership. Seeds: `member`, collective, member security. Its terms are those of the moment of applying; consent is
/// to them and nothing else.
#[account(zero_copy)]
#[derive(Debug)]
#[repr(C)]
pub struct Member {
    /// Layout version.
    pub version: u8,
    /// Canonical bump of this account.
    pub bump: u8,
    /// [`MemberStatus`].
    pub status: u8,
    /// Zero.
    pub padding: [u8; 5],
    /// The collective.
    pub collective: Pubkey,
    /// The security that applies.
    pub member_security: Pubkey,
    /// Who applied for it, was its issuer then, and alone can join.
    pub wallet: Pubkey,
    /// Who paid the rent, and gets it back if the application is withdrawn.
    pub rent_payer: Pubkey,
    /// The member's grant; zeros before it has joined.
    pub grant: Pubkey,
    /// Share atoms of its own that it gives.
    pub contribution_atoms: u64,
    /// Share atoms of the collective's security that it receives.
    pub shares_atoms: u64,
    /// When it applied, unix seconds: the announcement.
    pub applied_ts: i64,
    /// The consent holds before, unix seconds; 0 without one.
    pub expires_ts: i64,
    /// When it joined, unix seconds; 0 before.
    pub joined_ts: i64,
    /// Number of the last event of this account.
    pub sequence: u64,
    /// Zero.
    pub reserved: [u8; 32],
}

const _: () = assert!(core::mem::size_of::<Member>() == 8 + 5 * 32 + 6 * 8 + 32);

impl Member {
    /// Account size with the discriminator, bytes.
    pub const SPACE: usize = 8 + core::mem::size_of::<Self>();

    fn is(&self, status: MemberStatus) -> bool {
        self.status == status as u8
    }

    /// Refuses one that has joined.
    pub fn check_open(&self) -> Result<()> {
        require!(!self.is(MemberStatus::Joined), UpsideError::AlreadyMember);
        Ok(())
    }

    /// Records consent to the application as it is, until `expires_ts`. The collective's issuer has signed; `notice_seconds` is its security's.
    pub fn admit(&mut self, now: i64, expires_ts: i64, notice_seconds: i64) -> Result<()> {
        self.check_open()?;
        // A consent that ends before the notice does could never be used.
        let earliest = self.earliest_join(notice_seconds)?;
        require!(expires_ts > now && expires_ts > earliest, UpsideError::BadExpiry);
        self.status = MemberStatus::Admitted as u8;
        self.expires_ts = expires_ts;
        self.next_sequence()?;
        Ok(())
    }

    /// Takes consent back that was not used.
    pub fn revoke_admission(&mut self) -> Result<()> {
        self.check_open()?;
        require!(self.is(MemberStatus::Admitted), UpsideError::NotAdmitted);
        self.status = MemberStatus::Applied as u8;
        self.expires_ts = 0;
        self.next_sequence()?;
        Ok(())
    }

    /// First second in which it may join, unix seconds.
    pub fn earliest_join(&self, notice_seconds: i64) -> Result<i64> {
        Ok(self
            .applied_ts
            .checked_add(notice_seconds)
            .ok_or(UpsideError::Overflow)?)
    }

    /// Makes it a member, whose shares `grant` carries. The recorded wallet has signed.
    pub fn join(&mut self, now: i64, notice_seconds: i64, grant: Pubkey) -> Result<()> {
        self.check_open()?;
        require!(self.is(MemberStatus::Admitted), UpsideError::NotAdmitted);
        require!(now < self.expires_ts, UpsideError::AdmissionExpired);
        require!(now >= self.earliest_join(notice_seconds)?, UpsideError::NoticeTooShort);
        self.status = MemberStatus::Joined as u8;
        self.expires_ts = 0;
        self.joined_ts = now;
        self.grant = grant;
        self.next_sequence()?;
        Ok(())
    }

    /// Takes the next event number of this account.
    pub fn next_sequence(&mut self) -> Result<u64> {
        self.sequence = self.sequence.checked_add(1).ok_or(UpsideError::Overflow)?;
        Ok(self.sequence)
    }
}
