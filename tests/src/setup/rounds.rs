//! Rounds and what becomes of their money.

use anchor_lang::prelude::Pubkey;
use solana_keypair::Keypair;
use solana_signer::Signer;
use upside::{
    instructions::round::CreateRoundArgs,
    state::{Round, Subscription},
};
use upside_client::{
    accounts,
    instructions::{
        CancelRound, CloseRound, CreateRound, Invite, ReleaseRunway, SettleSubscription, Subscribe, Uninvite,
        WithdrawRefund, WithdrawSubscription,
    },
    Receipt,
};

use crate::{
    context::{TestContext, DAY},
    setup::TestSecurity,
};

/// A public round that opens at `opens_ts`, binds after one day and closes after two; at 2 payout atoms for each share atom of a security with 6
/// decimals, without minimum, backing or runway.
#[must_use]
pub fn public_round(id: u64, for_sale: u64, opens_ts: i64) -> CreateRoundArgs {
    CreateRoundArgs {
        id,
        price: 2_000_000,
        for_sale,
        minimum: 0,
        opens_ts,
        commit_ts: opens_ts + DAY,
        closes_ts: opens_ts + 2 * DAY,
        runway_seconds: 0,
        backing_bps: 0,
        invited: false,
    }
}

impl TestContext {
    /// The instruction with which the first issuer announces a round.
    #[must_use]
    pub fn create_round_instruction<'a>(&self, security: &'a TestSecurity, args: CreateRoundArgs) -> CreateRound<'a> {
        CreateRound {
            keys: &security.keys,
            payer: self.payer.pubkey(),
            issuer: security.issuer_key(),
            args,
        }
    }

    /// The first issuer announces a round.
    ///
    /// # Panics
    /// If it is refused.
    pub fn create_round(&self, security: &TestSecurity, args: CreateRoundArgs) -> Receipt {
        let create = self.create_round_instruction(security, args);
        self.send(&[create.instruction()], &[&security.issuer])
    }

    /// The instruction with which the first issuer invites.
    #[must_use]
    pub fn invite_instruction<'a>(
        &self,
        security: &'a TestSecurity,
        id: u64,
        investor: &Pubkey,
        cap: u64,
    ) -> Invite<'a> {
        Invite {
            keys: &security.keys,
            payer: self.payer.pubkey(),
            issuer: security.issuer_key(),
            id,
            investor: *investor,
            cap,
        }
    }

    /// The first issuer invites.
    ///
    /// # Panics
    /// If it is refused.
    pub fn invite(&self, security: &TestSecurity, id: u64, investor: &Pubkey, cap: u64) -> Receipt {
        let invite = self.invite_instruction(security, id, investor, cap);
        self.send(&[invite.instruction()], &[&security.issuer])
    }

    /// The instruction with which the first issuer takes back an invitation whose rent [`Self::payer`] paid.
    #[must_use]
    pub fn uninvite_instruction<'a>(&self, security: &'a TestSecurity, id: u64, investor: &Pubkey) -> Uninvite<'a> {
        Uninvite {
            keys: &security.keys,
            issuer: security.issuer_key(),
            id,
            investor: *investor,
            rent_payer: self.payer.pubkey(),
        }
    }

    /// The instruction with which an investor wants shares; [`Self::payer`] pays the rent.
    #[must_use]
    pub fn subscribe_instruction<'a>(
        &self,
        security: &'a TestSecurity,
        id: u64,
        investor: &Pubkey,
        wanted: u64,
    ) -> Subscribe<'a> {
        Subscribe::from_ata(&security.keys, self.payer.pubkey(), *investor, id, wanted)
    }

    /// An investor wants shares, and is given what they lack of the money.
    ///
    /// # Panics
    /// If it is refused.
    pub fn subscribe(&self, security: &TestSecurity, id: u64, investor: &Keypair, wanted: u64) -> Receipt {
        let key = investor.pubkey();
        let cost = self.round(security, id).cost(wanted).expect("a cost");
        let paid = self
            .find_subscription(security, id, &key)
            .map_or(0, |subscription| subscription.paid_atoms);
        let has = self.balance(&security.keys.payout_account(&key));
        self.fund(&security.payout, &key, cost.saturating_sub(paid).saturating_sub(has));
        let subscribe = self.subscribe_instruction(security, id, &key, wanted);
        self.send(&[subscribe.instruction()], &[investor])
    }

    /// The instruction with which an investor withdraws to their associated token account; [`Self::payer`] paid the rent.
    #[must_use]
    pub fn withdraw_subscription_instruction<'a>(
        &self,
        security: &'a TestSecurity,
        id: u64,
        investor: &Pubkey,
    ) -> WithdrawSubscription<'a> {
        WithdrawSubscription {
            keys: &security.keys,
            investor: *investor,
            id,
            rent_payer: self.payer.pubkey(),
            receiver: security.keys.payout_account(investor),
        }
    }

    /// An investor withdraws.
    ///
    /// # Panics
    /// If it is refused.
    pub fn withdraw_subscription(&self, security: &TestSecurity, id: u64, investor: &Keypair) -> Receipt {
        let withdraw = self.withdraw_subscription_instruction(security, id, &investor.pubkey());
        self.send(&[withdraw.instruction()], &[investor])
    }

    /// The instruction with which the first issuer calls a round off.
    #[must_use]
    pub fn cancel_round_instruction<'a>(&self, security: &'a TestSecurity, id: u64) -> CancelRound<'a> {
        CancelRound {
            keys: &security.keys,
            issuer: security.issuer_key(),
            id,
        }
    }

    /// The first issuer calls a round off.
    ///
    /// # Panics
    /// If it is refused.
    pub fn cancel_round(&self, security: &TestSecurity, id: u64) -> Receipt {
        let cancel = self.cancel_round_instruction(security, id);
        self.send(&[cancel.instruction()], &[&security.issuer])
    }

    /// The instruction with which anyone decides a round.
    #[must_use]
    pub fn close_round_instruction<'a>(&self, security: &'a TestSecurity, id: u64) -> CloseRound<'a> {
        CloseRound {
            keys: &security.keys,
            id,
        }
    }

    /// Anyone decides a round.
    ///
    /// # Panics
    /// If it is refused.
    pub fn close_round(&self, security: &TestSecurity, id: u64) -> Receipt {
        self.send(&[self.close_round_instruction(security, id).instruction()], &[])
    }

    /// The instruction with which [`Self::payer`] settles, with what the subscription records.
    ///
    /// # Panics
    /// If there is no subscription.
    #[must_use]
    pub fn settle_instruction<'a>(
        &self,
        security: &'a TestSecurity,
        id: u64,
        investor: &Pubkey,
    ) -> SettleSubscription<'a> {
        let subscription = self
            .find_subscription(security, id, investor)
            .expect("a subscription to settle");
        SettleSubscription::of(&security.keys, self.payer.pubkey(), id, &subscription)
    }

    /// [`Self::payer`] settles. Returns share atoms that arrived and payout atoms that came back.
    ///
    /// # Panics
    /// If it is refused.
    pub fn settle(&self, security: &TestSecurity, id: u64, investor: &Pubkey) -> (u64, u64) {
        let settle = self.settle_instruction(security, id, investor);
        let (shares, money) = (security.keys.registered(investor), settle.refund_account);
        let before = (self.balance(&shares), self.balance(&money));
        self.send(&[settle.instruction()], &[]);
        (self.balance(&shares) - before.0, self.balance(&money) - before.1)
    }

    /// The instruction with which an investor fetches a booked refund to their associated token account; [`Self::payer`] paid the rent.
    #[must_use]
    pub fn withdraw_refund_instruction<'a>(
        &self,
        security: &'a TestSecurity,
        id: u64,
        investor: &Pubkey,
    ) -> WithdrawRefund<'a> {
        WithdrawRefund {
            keys: &security.keys,
            investor: *investor,
            id,
            rent_payer: self.payer.pubkey(),
            receiver: security.keys.payout_account(investor),
        }
    }

    /// The instruction with which anyone releases what is due to the first issuer's associated token account.
    #[must_use]
    pub fn release_instruction<'a>(&self, security: &'a TestSecurity, id: u64) -> ReleaseRunway<'a> {
        let backing = self.round(security, id).backing_bps > 0;
        ReleaseRunway::crank(&security.keys, security.issuer_key(), id, backing)
    }

    /// Anyone releases what is due; the first issuer's account is made if missing. Returns payout atoms that became backing and that reached the first issuer.
    ///
    /// # Panics
    /// If it is refused.
    pub fn release(&self, security: &TestSecurity, id: u64) -> (u64, u64) {
        let vault = security.payout.account_of(&security.keys.vault(&security.payout.mint));
        let issuer = self.open_account(&security.payout, &security.issuer_key());
        let before = (self.balance(&vault), self.balance(&issuer));
        self.send(&[self.release_instruction(security, id).instruction()], &[]);
        (self.balance(&vault) - before.0, self.balance(&issuer) - before.1)
    }

    /// A round's state.
    ///
    /// # Panics
    /// If it does not exist.
    #[must_use]
    pub fn round(&self, security: &TestSecurity, id: u64) -> Round {
        accounts::get(&self.sender, &security.keys.round(id)).expect("a round")
    }

    /// Payout atoms in a round's token account.
    #[must_use]
    pub fn round_money(&self, security: &TestSecurity, id: u64) -> u64 {
        self.balance(&security.keys.round_account(id))
    }

    /// A subscription; `None` if there is none.
    ///
    /// # Panics
    /// If the address holds something else.
    #[must_use]
    pub fn find_subscription(&self, security: &TestSecurity, id: u64, investor: &Pubkey) -> Option<Subscription> {
        accounts::find(&self.sender, &security.keys.subscription(id, investor)).expect("a subscription or nothing")
    }
}
