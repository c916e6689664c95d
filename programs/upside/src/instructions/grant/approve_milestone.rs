//! `approve_milestone`

use crate::{
    constants::*,
    error::UpsideError,
    events::{emit, MilestoneApproved},
    prelude::*,
    state::{Grant, Security},
};

/// Accounts of `approve_milestone`.
#[event_cpi]
#[derive(Accounts)]
pub struct ApproveMilestone<'info> {
    /// Whom the grant names.
    pub approver: Signer<'info>,
    /// Read only: named so that the history of its address is complete.
    pub security: AccountLoader<'info, Security>,
    /// The grant.
    #[account(mut,
        has_one = security @ UpsideError::WrongGrant,
        has_one = approver @ UpsideError::NotApprover)]
    pub grant: AccountLoader<'info, Grant>,
}

/// See [`crate::upside::approve_milestone`].
pub fn approve_milestone<'info>(ctx: Context<'info, ApproveMilestone<'info>>) -> Result<()> {
    let a = &ctx.accounts;
    let now = crate::instructions::now()?;
    let event = {
        let mut grant = a.grant.load_mut()?;
        grant.approve(now)?;
        MilestoneApproved {
            version: EVENT_VERSION,
            ts: now,
            sequence: grant.sequence,
            security: grant.security,
            grant: a.grant.key(),
            recipient: grant.recipient,
            approver: grant.approver,
        }
    };

    emit(&event, &a.event_authority)
}
