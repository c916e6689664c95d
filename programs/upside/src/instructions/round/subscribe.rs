//! `subscribe`

use std::cell::RefMut;

use anchor_lang::system_program;
use bytemuck::Zeroable;

use super::money::RoundMoney;
use crate::{
    constants::*,
    error::{require, require_keys_eq, UpsideError},
    events::{emit, RoundTotals, SharesSubscribed},
    prelude::*,
    seeds,
    state::{load_state_mut, Round, Security, Subscription},
    token::create_state,
    ID,
};

/// Accounts of `subscribe`.
#[event_cpi]
#[derive(Accounts)]
pub struct Subscribe<'info> {
    /// Pays rent if the subscription is missing, and gets it back when it is closed.
    #[account(mut)]
    pub payer: Signer<'info>,
    /// Wants shares; owns the account that pays.
    pub investor: Signer<'info>,
    /// Written if this is the round's first money.
    #[account(mut)]
    pub security: AccountLoader<'info, Security>,
    /// The round.
    #[account(mut, has_one = security @ UpsideError::WrongRound)]
    pub round: AccountLoader<'info, Round>,
    /// CHECK: the round's token account, by its record.
    #[account(mut)]
    pub round_account: UncheckedAccount<'info>,
    /// CHECK: created here at its address if it is missing and the round is public; loaded below otherwise.
    #[account(mut, seeds = [seeds::SUBSCRIPTION, round.key().as_ref(), investor.key.as_ref()], bump)]
    pub subscription: UncheckedAccount<'info>,
    /// CHECK: the investor's token account that pays, or gets the difference back; checked below.
    #[account(mut)]
    pub source: UncheckedAccount<'info>,
    /// CHECK: the payout mint, by the security's record.
    pub payout_mint: UncheckedAccount<'info>,
    /// CHECK: compared with the program of the payout mint.
    pub payout_token_program: UncheckedAccount<'info>,
    /// CHECK: the memo program, called if money goes back to an account that requires memos.
    #[account(address = MEMO_PROGRAM_ID)]
    pub memo_program: UncheckedAccount<'info>,
    /// Creates the subscription.
    pub system_program: Program<'info, System>,
}

impl Subscribe<'_> {
    /// Creates the subscription if it is missing, which only a public round allows; returns whether it did.
    fn ensure(&self, round: &Round, bump: u8) -> Result<bool> {
        if *self.subscription.owner == ID {
            return Ok(false);
        }
        require_keys_eq!(
            *self.subscription.owner,
            system_program::ID,
            UpsideError::WrongSubscription
        );
        require!(round.invited == 0, UpsideError::NotInvited);
        let mut subscription = Subscription::zeroed();
        subscription.version = ACCOUNT_VERSION;
        subscription.bump = bump;
        subscription.round = self.round.key();
        subscription.investor = *self.investor.key;
        subscription.rent_payer = *self.payer.key;
        subscription.cap_atoms = round.for_sale_atoms;
        create_state(
            &self.payer,
            &self.subscription,
            &self.system_program,
            &[
                seeds::SUBSCRIPTION,
                subscription.round.as_ref(),
                self.investor.key.as_ref(),
                &[bump],
            ],
            &subscription,
        )?;
        Ok(true)
    }
}

/// See [`crate::upside::subscribe`].
pub fn subscribe<'info>(ctx: Context<'info, Subscribe<'info>>, wanted: u64) -> Result<()> {
    let a = &ctx.accounts;
    let now = crate::instructions::now()?;
    let mut security = a.security.load_mut()?;
    let mut round = a.round.load_mut()?;
    round.check_taking(now)?;
    require!(
        wanted > 0 && wanted <= round.for_sale_atoms,
        UpsideError::WantedOutOfRange
    );
    let opened = a.ensure(&round, ctx.bumps.subscription)?;
    let mut subscription: RefMut<Subscription> = load_state_mut(&a.subscription, UpsideError::WrongSubscription)?;
    require!(wanted <= subscription.cap_atoms, UpsideError::AboveCap);
    let money = RoundMoney::new(
        &security,
        &round,
        a.round.as_ref(),
        &a.round_account,
        &a.payout_mint,
        &a.payout_token_program,
    )?;
    // It pays, gets refunds, and may get some of the money back now.
    require!(money.can_receive(&a.source, a.investor.key), UpsideError::BadSource);

    // What is paid is always the cost of what is wanted: a change pays or returns the difference.
    let (paid_before, paid) = (subscription.paid_atoms, round.cost(wanted)?);
    let funded_before = round.money_atoms;
    round.change_wanted(subscription.wanted_atoms, wanted, now)?;
    round.pay_out(paid_before)?;
    round.pay_in(paid)?;
    round.next_sequence()?;
    round.invariant()?;
    security.count_funded(funded_before, round.money_atoms)?;
    subscription.wanted_atoms = wanted;
    subscription.paid_atoms = paid;
    subscription.refund_account = *a.source.key;
    let event = SharesSubscribed {
        version: EVENT_VERSION,
        ts: now,
        security: round.security,
        round: a.round.key(),
        investor: *a.investor.key,
        opened_by: if opened { *a.payer.key } else { Pubkey::default() },
        refund_account: *a.source.key,
        wanted_atoms: wanted,
        paid_atoms: paid,
        round_totals: RoundTotals::from(&*round),
    };
    drop((security, round, subscription));

    if paid > paid_before {
        money.take(&a.source, &a.investor, paid - paid_before)?;
    } else if paid < paid_before {
        money.pay(&a.source, paid_before - paid)?;
    }

    emit(&event, &a.event_authority)
}
