//! `close_round`

use crate::{
    constants::*,
    error::UpsideError,
    events::{emit, RoundClosed, RoundTotals, SecurityTotals},
    prelude::*,
    state::{Round, Security},
};

/// Accounts of `close_round`. Anyone.
#[event_cpi]
#[derive(Accounts)]
pub struct CloseRound<'info> {
    /// Gets back the reserve of what is not sold.
    #[account(mut)]
    pub security: AccountLoader<'info, Security>,
    /// The round.
    #[account(mut, has_one = security @ UpsideError::WrongRound)]
    pub round: AccountLoader<'info, Round>,
}

/// See [`crate::upside::close_round`].
pub fn close_round<'info>(ctx: Context<'info, CloseRound<'info>>) -> Result<()> {
    let a = &ctx.accounts;
    let now = crate::instructions::now()?;
    let event = {
        let mut security = a.security.load_mut()?;
        let mut round = a.round.load_mut()?;
        let freed_atoms = round.close(now)?;
        round.next_sequence()?;
        round.invariant()?;
        security.unreserve(freed_atoms)?;
        security.next_sequence()?;
        security.invariant()?;
        RoundClosed {
            version: EVENT_VERSION,
            ts: now,
            security: round.security,
            round: a.round.key(),
            freed_atoms,
            round_totals: RoundTotals::from(&*round),
            totals: SecurityTotals::from(&*security),
        }
    };

    emit(&event, &a.event_authority)
}
