//! Events of grants.

use anchor_lang::prelude::*;
use upside_derive::Encode;

use super::{PositionTotals, SecurityTotals};

/// Shares were promised to somebody. This is the announcement.
#[event]
#[derive(Clone, Debug, PartialEq, Encode)]
pub struct GrantCreated {
    /// Event layout version.
    pub version: u8,
    /// Unix seconds.
    pub ts: i64,
    /// The security.
    pub security: Pubkey,
    /// The grant, whose first event this is.
    pub grant: Pubkey,
    /// Who receives.
    pub recipient: Pubkey,
    /// Who must approve; zeros if time alone decides.
    pub approver: Pubkey,
    /// Who paid the rent.
    pub rent_payer: Pubkey,
    /// Its id.
    pub id: u64,
    /// Share atoms.
    pub amount_atoms: u64,
    /// Start of vesting, unix seconds.
    pub start_ts: i64,
    /// Nothing vests before, unix seconds.
    pub cliff_ts: i64,
    /// Everything has vested, unix seconds.
    pub end_ts: i64,
    /// The approver must have signed before, unix seconds; 0 if time alone decides.
    pub deadline_ts: i64,
    /// Whether the issuer may revoke what has not vested.
    pub revocable: bool,
    /// The security after.
    pub totals: SecurityTotals,
}

/// Vested shares were newly issued to the recipient, registered.
#[event]
#[derive(Clone, Debug, PartialEq, Encode)]
pub struct GrantClaimed {
    /// Event layout version.
    pub version: u8,
    /// Unix seconds.
    pub ts: i64,
    /// Number of this event among the grant's.
    pub sequence: u64,
    /// The security.
    pub security: Pubkey,
    /// The grant.
    pub grant: Pubkey,
    /// Who received.
    pub recipient: Pubkey,
    /// Who paid the rent if the position was opened by this instruction, else zeros.
    pub opened_by: Pubkey,
    /// Share atoms.
    pub amount_atoms: u64,
    /// Share atoms claimed of this grant, after.
    pub claimed_atoms: u64,
    /// The security after.
    pub totals: SecurityTotals,
    /// The position after.
    pub position: PositionTotals,
}

/// The approver signed: the schedule applies.
#[event]
#[derive(Clone, Debug, PartialEq, Encode)]
pub struct MilestoneApproved {
    /// Event layout version.
    pub version: u8,
    /// Unix seconds.
    pub ts: i64,
    /// Number of this event among the grant's.
    pub sequence: u64,
    /// The security.
    pub security: Pubkey,
    /// The grant.
    pub grant: Pubkey,
    /// Who receives.
    pub recipient: Pubkey,
    /// Who approved.
    pub approver: Pubkey,
}

/// The issuer stopped what had not vested.
#[event]
#[derive(Clone, Debug, PartialEq, Encode)]
pub struct GrantRevoked {
    /// Event layout version.
    pub version: u8,
    /// Unix seconds.
    pub ts: i64,
    /// Number of this event among the grant's.
    pub sequence: u64,
    /// The security.
    pub security: Pubkey,
    /// The grant.
    pub grant: Pubkey,
    /// Who receives what has vested.
    pub recipient: Pubkey,
    /// Share atoms that had vested: the grant's amount from now on.
    pub amount_atoms: u64,
    /// Share atoms whose reserve returned.
    pub freed_atoms: u64,
    /// The security after.
    pub totals: SecurityTotals,
}

/// A grant ended: everything claimed, or its milestone not approved in time.
#[event]
#[derive(Clone, Debug, PartialEq, Encode)]
pub struct GrantClosed {
    /// Event layout version.
    pub version: u8,
    /// Unix seconds.
    pub ts: i64,
    /// Number of this event among the grant's, the last.
    pub sequence: u64,
    /// The security.
    pub security: Pubkey,
    /// The grant.
    pub grant: Pubkey,
    /// Who received.
    pub recipient: Pubkey,
    /// Share atoms whose reserve returned.
    pub freed_atoms: u64,
    /// The security after.
    pub totals: SecurityTotals,
}
