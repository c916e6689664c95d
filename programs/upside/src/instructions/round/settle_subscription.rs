//! `settle_subscription`

use super::money::RoundMoney;
use crate::{
    constants::*,
    error::{require, require_keys_eq, UpsideError},
    events::{emit, PositionTotals, RoundTotals, SecurityTotals, SubscriptionSettled},
    instructions::shares::{check_position, load_position_mut, OpenPosition},
    prelude::*,
    state::{Round, Security, Subscription},
    token::{assert_registered, close_state, ShareMint},
};

/// Accounts of `settle_subscription`.
#[event_cpi]
#[derive(Accounts)]
pub struct SettleSubscription<'info> {
    /// Pays rent if the investor's position or registered account is missing. Anyone.
    #[account(mut)]
    pub payer: Signer<'info>,
    /// CHECK: the subscription's investor, by its record.
    pub investor: UncheckedAccount<'info>,
    /// Settled: issued and registered shares change.
    #[account(mut)]
    pub security: AccountLoader<'info, Security>,
    /// CHECK: compared with the security's record when the moves are prepared.
    #[account(mut)]
    pub mint: UncheckedAccount<'info>,
    /// The round.
    #[account(mut, has_one = security @ UpsideError::WrongRound)]
    pub round: AccountLoader<'info, Round>,
    /// CHECK: the round's token account, by its record.
    #[account(mut)]
    pub round_account: UncheckedAccount<'info>,
    /// Closed if nothing is owed any more.
    #[account(mut,
        has_one = round @ UpsideError::WrongSubscription,
        has_one = investor @ UpsideError::WrongSubscription,
        has_one = rent_payer @ UpsideError::WrongRentReceiver)]
    pub subscription: AccountLoader<'info, Subscription>,
    /// CHECK: gets the rent back, by the subscription's record.
    #[account(mut)]
    pub rent_payer: UncheckedAccount<'info>,
    /// CHECK: gets the refund if it can; compared with the subscription's record below, once there is something to settle.
    #[account(mut)]
    pub refund_account: UncheckedAccount<'info>,
    /// CHECK: the investor's position, opened if missing; owner, type and keys are checked when loaded.
    #[account(mut)]
    pub position: UncheckedAccount<'info>,
    /// CHECK: proven to be the registered account before the move, and S-1 after it.
    #[account(mut)]
    pub registered: UncheckedAccount<'info>,
    /// CHECK: the payout mint, by the security's record.
    pub payout_mint: UncheckedAccount<'info>,
    /// CHECK: compared with the program of the payout mint.
    pub payout_token_program: UncheckedAccount<'info>,
    /// CHECK: the memo program, called if the refund account requires memos.
    #[account(address = MEMO_PROGRAM_ID)]
    pub memo_program: UncheckedAccount<'info>,
    /// CHECK: the Token-2022 program.
    #[account(address = TOKEN_2022_PROGRAM_ID @ UpsideError::WrongTokenProgram)]
    pub token_program: UncheckedAccount<'info>,
    /// Creates what is missing.
    pub system_program: Program<'info, System>,
}

impl<'info> SettleSubscription<'info> {
    /// Credits the allocation to the investor's position, opened if missing, and mints it. Returns the position after and whether it was opened.
    fn credit(&self, security: &mut Security, now: i64, allocation: u64) -> Result<(PositionTotals, bool)> {
        let security_key = self.security.key();
        let shares = ShareMint::new(security, self.security.as_ref(), &self.mint)?;
        let opened = OpenPosition {
            security_key: &security_key,
            position: &self.position,
            holder: &self.investor,
            payer: &self.payer,
            system: &self.system_program,
        }
        .ensure(security)?;
        let upside_per_share_x64 = security.settle(now)?;
        let (registered, position) = {
            let mut position = load_position_mut(&self.position)?;
            check_position(&position, &security_key, self.investor.key)?;
            position.settle(upside_per_share_x64)?;
            position.credit(allocation)?;
            position.next_sequence()?;
            (
                shares.prove_or_create(
                    &self.registered,
                    self.position.key,
                    &position,
                    &self.payer,
                    &self.system_program,
                )?,
                PositionTotals::from(&*position),
            )
        };
        security.issue_reserved(allocation)?;
        security.add_registered(allocation)?;
        shares.mint_to(&registered, allocation)?;
        assert_registered(registered.info, position.shares_atoms)?;
        Ok((position, opened))
    }
}

/// See [`crate::upside::settle_subscription`].
pub fn settle_subscription<'info>(ctx: Context<'info, SettleSubscription<'info>>) -> Result<()> {
    let a = &ctx.accounts;
    let now = crate::instructions::now()?;
    let mut security = a.security.load_mut()?;
    let mut round = a.round.load_mut()?;
    let mut subscription = a.subscription.load_mut()?;
    require!(subscription.settled == 0, UpsideError::AlreadySettled);
    require!(subscription.wanted_atoms > 0, UpsideError::NothingWanted);
    require_keys_eq!(
        *a.refund_account.key,
        subscription.refund_account,
        UpsideError::WrongRefundAccount
    );
    let money = RoundMoney::new(
        &security,
        &round,
        a.round.as_ref(),
        &a.round_account,
        &a.payout_mint,
        &a.payout_token_program,
    )?;

    let (allocation, refund) = round.settle(subscription.wanted_atoms, subscription.paid_atoms)?;
    let cost = subscription.paid_atoms - refund;
    subscription.settled = 1;
    // An account that cannot receive keeps nobody waiting: the refund stays booked for its investor. Nor does money that its own issuer froze:
    // the shares come all the same.
    let refunded = if refund > 0 && money.can_pay() && money.can_receive(&a.refund_account, a.investor.key) {
        refund
    } else {
        0
    };
    subscription.refund_atoms = refund - refunded;
    let closed = subscription.refund_atoms == 0;
    let funded_before = round.money_atoms;
    round.pay_refund(refunded)?;
    security.unreserve(round.free_dust())?;
    round.next_sequence()?;
    round.invariant()?;
    security.count_funded(funded_before, round.money_atoms)?;
    let (round_totals, security_key) = (RoundTotals::from(&*round), round.security);
    drop((round, subscription));

    let (totals, position, opened) = if allocation > 0 {
        // The security signs for the mint: its data must not be borrowed meanwhile, so a copy is credited and written back.
        let mut credited = *security;
        drop(security);
        let (position, opened) = a.credit(&mut credited, now, allocation)?;
        let mut security = a.security.load_mut()?;
        *security = credited;
        security.next_sequence()?;
        security.invariant()?;
        (SecurityTotals::from(&*security), Some(position), opened)
    } else {
        security.next_sequence()?;
        security.invariant()?;
        let totals = SecurityTotals::from(&*security);
        drop(security);
        (totals, None, false)
    };
    if refunded > 0 {
        money.pay(&a.refund_account, refunded)?;
    }
    if closed {
        close_state(a.subscription.as_ref(), &a.rent_payer)?;
    }

    emit(
        &SubscriptionSettled {
            version: EVENT_VERSION,
            ts: now,
            security: security_key,
            round: a.round.key(),
            investor: *a.investor.key,
            opened_by: if opened { *a.payer.key } else { Pubkey::default() },
            allocation_atoms: allocation,
            cost_atoms: cost,
            refund_atoms: refund,
            refunded_atoms: refunded,
            closed,
            round_totals,
            totals,
            position: position.unwrap_or_default(),
        },
        &a.event_authority,
    )
}
