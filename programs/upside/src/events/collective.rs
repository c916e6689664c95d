//! Events of collectives.

use anchor_lang::prelude::*;
use upside_derive::Encode;

/// A security became a collective: the rule by which others join it was fixed.
#[event]
#[derive(Clone, Debug, PartialEq, Encode)]
pub struct CollectiveCreated {
    /// Event layout version.
    pub version: u8,
    /// Unix seconds.
    pub ts: i64,
    /// The security.
    pub security: Pubkey,
    /// The collective, whose first event this is.
    pub collective: Pubkey,
    /// Part of a member's authorised supply that it gives, basis points.
    pub contribution_bps: u16,
    /// Share atoms granted to each member.
    pub shares_atoms: u64,
    /// Seconds from joining until the cliff of that grant.
    pub cliff_seconds: i64,
    /// Seconds from joining until all of it has vested.
    pub vesting_seconds: i64,
}

/// A security applied. This is the announcement of its grant.
#[event]
#[derive(Clone, Debug, PartialEq, Encode)]
pub struct MemberApplied {
    /// Event layout version.
    pub version: u8,
    /// Unix seconds.
    pub ts: i64,
    /// The collective's security.
    pub security: Pubkey,
    /// The collective.
    pub collective: Pubkey,
    /// The application, whose first event this is.
    pub member: Pubkey,
    /// The security that applies.
    pub member_security: Pubkey,
    /// Its issuer, who alone can join.
    pub wallet: Pubkey,
    /// Who paid the rent.
    pub rent_payer: Pubkey,
    /// Share atoms of its own that it gives.
    pub contribution_atoms: u64,
    /// Share atoms of the collective's security that it receives.
    pub shares_atoms: u64,
}

/// An application was taken back.
#[event]
#[derive(Clone, Debug, PartialEq, Encode)]
pub struct ApplicationWithdrawn {
    /// Event layout version.
    pub version: u8,
    /// Unix seconds.
    pub ts: i64,
    /// Number of this event among the application's, the last.
    pub sequence: u64,
    /// The collective's security.
    pub security: Pubkey,
    /// The collective.
    pub collective: Pubkey,
    /// The application.
    pub member: Pubkey,
    /// The security that had applied.
    pub member_security: Pubkey,
    /// Who took it back.
    pub by: Pubkey,
}

/// The collective's issuer consented to an application.
#[event]
#[derive(Clone, Debug, PartialEq, Encode)]
pub struct MemberAdmitted {
    /// Event layout version.
    pub version: u8,
    /// Unix seconds.
    pub ts: i64,
    /// Number of this event among the application's.
    pub sequence: u64,
    /// The collective's security.
    pub security: Pubkey,
    /// The collective.
    pub collective: Pubkey,
    /// The application.
    pub member: Pubkey,
    /// The security that applies.
    pub member_security: Pubkey,
    /// The consent holds before, unix seconds.
    pub expires_ts: i64,
}

/// The collective's issuer took consent back.
#[event]
#[derive(Clone, Debug, PartialEq, Encode)]
pub struct AdmissionRevoked {
    /// Event layout version.
    pub version: u8,
    /// Unix seconds.
    pub ts: i64,
    /// Number of this event among the application's.
    pub sequence: u64,
    /// The collective's security.
    pub security: Pubkey,
    /// The collective.
    pub collective: Pubkey,
    /// The application.
    pub member: Pubkey,
    /// The security that applies.
    pub member_security: Pubkey,
}

/// A security joined. Told after the events of what that moved: the vault if it was opened, the shares given, and the grant.
#[event]
#[derive(Clone, Debug, PartialEq, Encode)]
pub struct MemberJoined {
    /// Event layout version.
    pub version: u8,
    /// Unix seconds.
    pub ts: i64,
    /// Number of this event among the member's.
    pub sequence: u64,
    /// Number of this event among the collective's.
    pub collective_sequence: u64,
    /// The collective's security.
    pub security: Pubkey,
    /// The collective.
    pub collective: Pubkey,
    /// The member.
    pub member: Pubkey,
    /// Its security.
    pub member_security: Pubkey,
    /// Who joined for it, and receives the grant.
    pub wallet: Pubkey,
    /// The grant.
    pub grant: Pubkey,
    /// Share atoms of its own that it gave.
    pub contribution_atoms: u64,
    /// Share atoms of the collective's security granted to it.
    pub shares_atoms: u64,
    /// Members after.
    pub members: u16,
}
