//! `withdraw_refund`

use super::money::RoundMoney;
use crate::{
    constants::*,
    error::{require, UpsideError},
    events::{emit, RefundWithdrawn, RoundTotals},
    prelude::*,
    state::{Round, Security, Subscription},
    token::close_state,
};

/// Accounts of `withdraw_refund`.
#[event_cpi]
#[derive(Accounts)]
pub struct WithdrawRefund<'info> {
    /// Is owed the refund.
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
    /// Closed.
    #[account(mut,
        has_one = round @ UpsideError::WrongSubscription,
        has_one = investor @ UpsideError::WrongSubscription,
        has_one = rent_payer @ UpsideError::WrongRentReceiver)]
    pub subscription: AccountLoader<'info, Subscription>,
    /// CHECK: gets the rent back, by the subscription's record.
    #[account(mut)]
    pub rent_payer: UncheckedAccount<'info>,
    /// CHECK: a token account of the investor; checked below.
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

/// See [`crate::upside::withdraw_refund`].
pub fn withdraw_refund<'info>(ctx: Context<'info, WithdrawRefund<'info>>) -> Result<()> {
    let a = &ctx.accounts;
    let now = crate::instructions::now()?;
    let mut security = a.security.load_mut()?;
    let mut round = a.round.load_mut()?;
    let subscription = a.subscription.load()?;
    let amount_atoms = subscription.refund_atoms;
    require!(amount_atoms > 0, UpsideError::NothingToRefund);
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
    round.pay_refund(amount_atoms)?;
    round.next_sequence()?;
    round.invariant()?;
    security.count_funded(funded_before, round.money_atoms)?;
    let event = RefundWithdrawn {
        version: EVENT_VERSION,
        ts: now,
        security: round.security,
        round: a.round.key(),
        investor: *a.investor.key,
        receiver: *a.receiver.key,
        amount_atoms,
        round_totals: RoundTotals::from(&*round),
    };
    drop((security, round, subscription));

    money.pay(&a.receiver, amount_atoms)?;
    close_state(a.subscription.as_ref(), &a.rent_payer)?;

    emit(&event, &a.event_authority)
}
