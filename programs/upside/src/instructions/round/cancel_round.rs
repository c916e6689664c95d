//! `cancel_round`

use crate::{
    constants::*,
    error::UpsideError,
    events::{emit, RoundCancelled, RoundTotals, SecurityTotals},
    prelude::*,
    state::{Round, Security},
};

/// Accounts of `cancel_round`.
#[event_cpi]
#[derive(Accounts)]
pub struct CancelRound<'info> {
    /// Calls it off.
    pub issuer: Signer<'info>,
    /// Gets the reserve back.
    #[account(mut, has_one = issuer @ UpsideError::NotIssuer)]
    pub security: AccountLoader<'info, Security>,
    /// The round.
    #[account(mut, has_one = security @ UpsideError::WrongRound)]
    pub round: AccountLoader<'info, Round>,
}

/// See [`crate::upside::cancel_round`].
pub fn cancel_round<'info>(ctx: Context<'info, CancelRound<'info>>) -> Result<()> {
    let a = &ctx.accounts;
    let now = crate::instructions::now()?;
    let event = {
        let mut security = a.security.load_mut()?;
        let mut round = a.round.load_mut()?;
        let freed_atoms = round.cancel(now)?;
        round.next_sequence()?;
        round.invariant()?;
        security.unreserve(freed_atoms)?;
        security.next_sequence()?;
        security.invariant()?;
        RoundCancelled {
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
