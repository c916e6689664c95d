//! `uninvite`

use crate::{
    constants::*,
    error::{require, UpsideError},
    events::{emit, InvestorUninvited, RoundTotals},
    prelude::*,
    state::{Round, Security, Subscription},
    token::close_state,
};

/// Accounts of `uninvite`.
#[event_cpi]
#[derive(Accounts)]
pub struct Uninvite<'info> {
    /// Chooses the investors.
    pub issuer: Signer<'info>,
    /// Names the issuer.
    #[account(has_one = issuer @ UpsideError::NotIssuer)]
    pub security: AccountLoader<'info, Security>,
    /// The round.
    #[account(mut, has_one = security @ UpsideError::WrongRound)]
    pub round: AccountLoader<'info, Round>,
    /// Closed.
    #[account(mut,
        has_one = round @ UpsideError::WrongSubscription,
        has_one = rent_payer @ UpsideError::WrongRentReceiver)]
    pub subscription: AccountLoader<'info, Subscription>,
    /// CHECK: gets the rent back, by the subscription's record.
    #[account(mut)]
    pub rent_payer: UncheckedAccount<'info>,
}

/// See [`crate::upside::uninvite`].
pub fn uninvite<'info>(ctx: Context<'info, Uninvite<'info>>) -> Result<()> {
    let a = &ctx.accounts;
    let now = crate::instructions::now()?;
    let event = {
        let mut round = a.round.load_mut()?;
        let subscription = a.subscription.load()?;
        // What is wanted has been paid; what is settled may be owed a refund, and then wants something still.
        require!(subscription.wanted_atoms == 0, UpsideError::SubscriptionInUse);
        round.next_sequence()?;
        InvestorUninvited {
            version: EVENT_VERSION,
            ts: now,
            security: round.security,
            round: a.round.key(),
            investor: subscription.investor,
            round_totals: RoundTotals::from(&*round),
        }
    };

    close_state(a.subscription.as_ref(), &a.rent_payer)?;

    emit(&event, &a.event_authority)
}
