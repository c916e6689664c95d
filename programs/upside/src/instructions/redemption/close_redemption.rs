//! `close_redemption`

use crate::{
    constants::*,
    error::UpsideError,
    events::{emit, RedemptionClosed},
    prelude::*,
    state::{Redemption, Security},
    token::close_state,
};

/// Accounts of `close_redemption`.
#[event_cpi]
#[derive(Accounts)]
pub struct CloseRedemption<'info> {
    /// The ticket's holder.
    pub holder: Signer<'info>,
    /// Read only: named so that the history of its address is complete.
    pub security: AccountLoader<'info, Security>,
    /// Closed.
    #[account(mut,
        has_one = security @ UpsideError::WrongRedemption,
        has_one = holder @ UpsideError::WrongRedemption,
        has_one = rent_payer @ UpsideError::WrongRentReceiver)]
    pub redemption: AccountLoader<'info, Redemption>,
    /// CHECK: gets the rent back, by the ticket's record.
    #[account(mut)]
    pub rent_payer: UncheckedAccount<'info>,
}

/// See [`crate::upside::close_redemption`].
pub fn close_redemption<'info>(ctx: Context<'info, CloseRedemption<'info>>) -> Result<()> {
    let a = &ctx.accounts;
    let now = crate::instructions::now()?;
    let event = {
        let mut redemption = a.redemption.load_mut()?;
        redemption.close()?;
        RedemptionClosed {
            version: EVENT_VERSION,
            ts: now,
            sequence: redemption.sequence,
            security: redemption.security,
            redemption: a.redemption.key(),
            holder: redemption.holder,
        }
    };

    close_state(a.redemption.as_ref(), &a.rent_payer)?;

    emit(&event, &a.event_authority)
}
