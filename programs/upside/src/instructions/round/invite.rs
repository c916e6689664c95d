//! `invite`

use anchor_lang::system_program;
use bytemuck::Zeroable;

use crate::{
    constants::*,
    error::{require, require_keys_eq, UpsideError},
    events::{emit, InvestorInvited, RoundTotals},
    instructions::shares::check_holder,
    prelude::*,
    seeds,
    state::{Round, RoundStatus, Security, Subscription},
    token::create_state,
};

/// Accounts of `invite`.
#[event_cpi]
#[derive(Accounts)]
pub struct Invite<'info> {
    /// Pays rent, and gets it back when the subscription is closed.
    #[account(mut)]
    pub payer: Signer<'info>,
    /// Chooses the investors.
    pub issuer: Signer<'info>,
    /// Names the issuer.
    #[account(has_one = issuer @ UpsideError::NotIssuer)]
    pub security: AccountLoader<'info, Security>,
    /// The round.
    #[account(mut, has_one = security @ UpsideError::WrongRound)]
    pub round: AccountLoader<'info, Round>,
    /// CHECK: any wallet; checked by `check_holder`.
    pub investor: UncheckedAccount<'info>,
    /// CHECK: created here at its address.
    #[account(mut, seeds = [seeds::SUBSCRIPTION, round.key().as_ref(), investor.key.as_ref()], bump)]
    pub subscription: UncheckedAccount<'info>,
    /// Creates the subscription.
    pub system_program: Program<'info, System>,
}

/// See [`crate::upside::invite`].
pub fn invite<'info>(ctx: Context<'info, Invite<'info>>, cap: u64) -> Result<()> {
    let a = &ctx.accounts;
    require!(cap > 0, UpsideError::ZeroAmount);
    require_keys_eq!(*a.subscription.owner, system_program::ID, UpsideError::AlreadyInvited);
    check_holder(&a.investor)?;
    let now = crate::instructions::now()?;
    let round_key = a.round.key();
    let round_totals = {
        let mut round = a.round.load_mut()?;
        require!(round.invited == 1, UpsideError::NotAnInvitedRound);
        // Not in its time yet is fine; decided, cancelled or over is not.
        require!(
            round.is(RoundStatus::Open) && now < round.closes_ts,
            UpsideError::RoundNotTaking
        );
        round.next_sequence()?;
        RoundTotals::from(&*round)
    };
    let mut subscription = Subscription::zeroed();
    subscription.version = ACCOUNT_VERSION;
    subscription.bump = ctx.bumps.subscription;
    subscription.round = round_key;
    subscription.investor = *a.investor.key;
    subscription.rent_payer = *a.payer.key;
    subscription.cap_atoms = cap;

    create_state(
        &a.payer,
        &a.subscription,
        &a.system_program,
        &[
            seeds::SUBSCRIPTION,
            round_key.as_ref(),
            a.investor.key.as_ref(),
            &[subscription.bump],
        ],
        &subscription,
    )?;

    emit(
        &InvestorInvited {
            version: EVENT_VERSION,
            ts: now,
            security: a.security.key(),
            round: round_key,
            investor: *a.investor.key,
            rent_payer: subscription.rent_payer,
            cap_atoms: cap,
            round_totals,
        },
        &a.event_authority,
    )
}
