//! `remove_approval`

use crate::{
    constants::*,
    error::UpsideError,
    events::{emit, ApprovalRemoved, SecurityTotals},
    prelude::*,
    state::{Approval, Security},
    token::close_state,
};

/// Accounts of `remove_approval`.
#[event_cpi]
#[derive(Accounts)]
pub struct RemoveApproval<'info> {
    /// Chooses who may receive.
    pub issuer: Signer<'info>,
    /// The security that the approval is for.
    #[account(mut, has_one = issuer @ UpsideError::NotIssuer)]
    pub security: AccountLoader<'info, Security>,
    /// Closed.
    #[account(mut,
        has_one = security @ UpsideError::HolderNotApproved,
        has_one = rent_payer @ UpsideError::WrongRentReceiver)]
    pub approval: AccountLoader<'info, Approval>,
    /// CHECK: gets the rent back, by the approval's record.
    #[account(mut)]
    pub rent_payer: UncheckedAccount<'info>,
}

/// See [`crate::upside::remove_approval`].
pub fn remove_approval<'info>(ctx: Context<'info, RemoveApproval<'info>>) -> Result<()> {
    let a = &ctx.accounts;
    let now = crate::instructions::now()?;
    let totals = {
        let mut security = a.security.load_mut()?;
        security.next_sequence()?;
        SecurityTotals::from(&*security)
    };
    let holder = a.approval.load()?.holder;

    close_state(a.approval.as_ref(), &a.rent_payer)?;

    emit(
        &ApprovalRemoved {
            version: EVENT_VERSION,
            ts: now,
            security: a.security.key(),
            holder,
            totals,
        },
        &a.event_authority,
    )
}
