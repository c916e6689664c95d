//! `close_grant`

use crate::{
    constants::*,
    error::UpsideError,
    events::{emit, GrantClosed, SecurityTotals},
    prelude::*,
    state::{Grant, Security},
    token::close_state,
};

/// Accounts of `close_grant`. Anyone.
#[event_cpi]
#[derive(Accounts)]
pub struct CloseGrant<'info> {
    /// Gets back what is still reserved.
    #[account(mut)]
    pub security: AccountLoader<'info, Security>,
    /// Closed.
    #[account(mut,
        has_one = security @ UpsideError::WrongGrant,
        has_one = rent_payer @ UpsideError::WrongRentReceiver)]
    pub grant: AccountLoader<'info, Grant>,
    /// CHECK: gets the rent back, by the grant's record.
    #[account(mut)]
    pub rent_payer: UncheckedAccount<'info>,
}

/// See [`crate::upside::close_grant`].
pub fn close_grant<'info>(ctx: Context<'info, CloseGrant<'info>>) -> Result<()> {
    let a = &ctx.accounts;
    let now = crate::instructions::now()?;
    let event = {
        let mut security = a.security.load_mut()?;
        let mut grant = a.grant.load_mut()?;
        let freed_atoms = grant.close(now)?;
        security.unreserve(freed_atoms)?;
        security.next_sequence()?;
        security.invariant()?;
        GrantClosed {
            version: EVENT_VERSION,
            ts: now,
            sequence: grant.sequence,
            security: grant.security,
            grant: a.grant.key(),
            recipient: grant.recipient,
            freed_atoms,
            totals: SecurityTotals::from(&*security),
        }
    };

    close_state(a.grant.as_ref(), &a.rent_payer)?;

    emit(&event, &a.event_authority)
}
