//! `withdraw_subscription`

use super::money::RoundMoney;
use crate::{
    constants::*,
    error::{require, UpsideError},
    events::{emit, RoundTotals, SubscriptionWithdrawn},
    prelude::*,
    state::{Round, Security, Subscription},
    token::close_state,
};

/// Accounts of `withdraw_subscription`.
#[event_cpi]
#[derive(Accounts)]
pub struct WithdrawSubscription<'info> {
    /// Wants nothing any more.
    pub investor: Signer<'info>,
    /// Written if this was the round's last money.
    #[account(mut)]
    pub security: AccountLoader<'info, Security>,
    /// The round.
    #[account(mut, has_one = security @ UpsideError::WrongRound)]
    pub round: AccountLoader<'info, Round>,
    /// CHECK: the round's token account, by its record.
    #[account(mut)]
    pub round_account: UncheckedAccount<'info>,
    /// Closed if the round is public; an invitation stays.
    #[account(mut,
        has_one = round @ UpsideError::WrongSubscription,
        has_one = investor @ UpsideError::WrongSubscription,
        has_one = rent_payer @ UpsideError::WrongRentReceiver)]
    pub subscription: AccountLoader<'info, Subscription>,
    /// CHECK: gets the rent back, by the subscription's record.
    #[account(mut)]
    pub rent_payer: UncheckedAccount<'info>,
    /// CHECK: a token account of the investor that gets the money back; checked below.
    #[account(mut)]
    pub receiver: UncheckedAccount<'info>,
    /// CHECK: the payout mint, by the security's record.
    pub payout_mint: UncheckedAccount<'info>,
    /// CHECK: compared with the program of the payout mint.
    pub payout_token_program: UncheckedAccount<'info>,
    /// CHECK: the memo program, called if the receiving account requires memos.
    #[account(address = MEMO_PROGRAM_ID)]
    pub memo_program: UncheckedAccount<'info>,
}

/// See [`crate::upside::withdraw_subscription`].
pub fn withdraw_subscription<'info>(ctx: Context<'info, WithdrawSubscription<'info>>) -> Result<()> {
    let a = &ctx.accounts;
    let now = crate::instructions::now()?;
    let mut security = a.security.load_mut()?;
    let mut round = a.round.load_mut()?;
    let mut subscription = a.subscription.load_mut()?;
    round.check_taking(now)?;
    require!(subscription.wanted_atoms > 0, UpsideError::NothingWanted);
    let money = RoundMoney::new(
        &security,
        &round,
        a.round.as_ref(),
        &a.round_account,
        &a.payout_mint,
        &a.payout_token_program,
    )?;
    require!(
        money.can_receive(&a.receiver, a.investor.key),
        UpsideError::BadRefundReceiver
    );

    let funded_before = round.money_atoms;
    round.change_wanted(subscription.wanted_atoms, 0, now)?;
    let amount_atoms = subscription.paid_atoms;
    round.pay_out(amount_atoms)?;
    round.next_sequence()?;
    round.invariant()?;
    security.count_funded(funded_before, round.money_atoms)?;
    subscription.wanted_atoms = 0;
    subscription.paid_atoms = 0;
    subscription.refund_account = Pubkey::default();
    let closed = round.invited == 0;
    let event = SubscriptionWithdrawn {
        version: EVENT_VERSION,
        ts: now,
        security: round.security,
        round: a.round.key(),
        investor: *a.investor.key,
        receiver: *a.receiver.key,
        amount_atoms,
        closed,
        round_totals: RoundTotals::from(&*round),
    };
    drop((security, round, subscription));

    money.pay(&a.receiver, amount_atoms)?;
    if closed {
        close_state(a.subscription.as_ref(), &a.rent_payer)?;
    }

    emit(&event, &a.event_authority)
}
