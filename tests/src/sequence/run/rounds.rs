//! The steps of rounds: the instructions they send, and what the model makes of them.

use crate::model::{Asset, Purse, Release, Round, RoundStatus, RoundTerms, Security, Subscription};
use anchor_lang::prelude::Pubkey;
use num_bigint::BigInt;
use upside::instructions::round::CreateRoundArgs;
use upside_client::{
    instructions::{
        CancelRound, CloseRound, CreateRound, Invite, ReleaseRunway, SettleSubscription, Subscribe, Uninvite,
        WithdrawRefund, WithdrawSubscription,
    },
    SecurityKeys,
};

use super::{
    protocol::{atoms, chosen, with_model, Planned},
    Models, Run,
};
use crate::sequence::step::{Payee, Pick, Step, ROUNDS, WALLETS};

/// Which round a step means, among those of the model that it suits.
fn round_of(model: Option<&Security>, pick: Pick, suits: impl Fn(&Round) -> bool) -> u64 {
    let by_number = |n: usize| (n % ROUNDS) as u64;
    match pick {
        Pick::Number(n) => by_number(n),
        Pick::Fit(n) => {
            let rounds = model.iter().flat_map(|model| &model.rounds);
            let fit = rounds.filter(|(_, round)| suits(round)).map(|(id, _)| *id);
            chosen(n, fit.collect(), by_number)
        }
    }
}

/// Which subscription a step means, among those of the model that it suits: round and investor.
fn subscription_of(
    model: Option<&Security>,
    pick: Pick,
    suits: impl Fn(&Round, &Subscription) -> bool,
) -> (u64, usize) {
    let by_number = |n: usize| ((n / WALLETS % ROUNDS) as u64, n % WALLETS);
    match pick {
        Pick::Number(n) => by_number(n),
        Pick::Fit(n) => {
            let mut fit = Vec::new();
            for (id, round) in model.iter().flat_map(|model| &model.rounds) {
                let those = round.subscriptions.iter().filter(|(_, one)| suits(round, one));
                fit.extend(those.map(|(w, _)| (*id, *w)));
            }
            chosen(n, fit, by_number)
        }
    }
}

fn place_of(id: u64) -> usize {
    usize::try_from(id).unwrap_or(usize::MAX)
}

impl Run<'_> {
    /// The asset that is the payout mint of a security, which its rounds can turn into backing.
    pub(super) fn payout_asset(&self, s: usize) -> Option<Asset> {
        let payout = self.fixture.payouts[s].mint;
        self.fixture.assets.iter().position(|asset| asset.mint.mint == payout)
    }

    /// Nobody has frozen the token account of a round.
    fn round_open(&self, s: usize, id: u64) -> bool {
        let account = &self.fixture.places[s].round_account[place_of(id)];
        self.token_at(account).is_none_or(|view| !view.frozen)
    }

    /// An unfrozen account of the payout mint that a wallet owns.
    fn usable(&self, s: usize, address: &Pubkey, w: usize) -> bool {
        self.can_receive(s, address) && self.is_owned_by(address, w)
    }

    /// The instructions of a step of rounds, and what the model makes of it; `None` for other steps. `signed`: whether a wallet has signed for an
    /// earlier instruction of the same transaction.
    pub(super) fn plan_rounds(
        &self,
        step: &Step,
        models: &mut Models,
        signed: &dyn Fn(usize) -> bool,
    ) -> Option<Planned> {
        let f = self.fixture;
        let payer = f.bank;
        let now = self.now;
        Some(match step {
            Step::CreateRound { s, by, id, .. } => {
                let keys = self.keys(*s, models);
                let terms = self.round_terms(*s, step, models);
                let create = CreateRound {
                    keys: &keys,
                    payer,
                    issuer: f.wallets[*by],
                    args: CreateRoundArgs {
                        id: *id,
                        price: terms.price,
                        for_sale: terms.for_sale,
                        minimum: terms.minimum,
                        opens_ts: terms.opens,
                        commit_ts: terms.commit,
                        closes_ts: terms.closes,
                        runway_seconds: terms.runway,
                        backing_bps: terms.backing_bps,
                        invited: terms.invited,
                    },
                };
                let balance = self
                    .token_at(&f.places[*s].round_account[place_of(*id)])
                    .map_or(0, |view| view.amount);
                let backing = self.payout_asset(*s);
                let result = with_model(models, *s, |m| m.create_round(*by, *id, terms, backing, balance, now));
                (vec![create.instruction()], result)
            }
            Step::Invite { s, by, round, w, cap } => {
                let open = |round: &Round| round.status == RoundStatus::Open && round.terms.invited;
                let id = round_of(models[*s].as_ref(), *round, open);
                let keys = self.keys(*s, models);
                let for_sale = self.for_sale(*s, id, models);
                let invite = Invite {
                    keys: &keys,
                    payer,
                    issuer: f.wallets[*by],
                    id,
                    investor: f.wallets[*w],
                    cap: cap.of(for_sale),
                };
                let result = with_model(models, *s, |m| m.invite(*by, id, *w, cap.of(for_sale), now));
                (vec![invite.instruction()], result)
            }
            Step::Uninvite { s, by, subscription } => {
                let (id, w) = subscription_of(models[*s].as_ref(), *subscription, |_, one| one.wanted == 0);
                let keys = self.keys(*s, models);
                let uninvite = Uninvite {
                    keys: &keys,
                    issuer: f.wallets[*by],
                    id,
                    investor: f.wallets[w],
                    rent_payer: payer,
                };
                (
                    vec![uninvite.instruction()],
                    with_model(models, *s, |m| m.uninvite(*by, id, w)),
                )
            }
            Step::Subscribe {
                s,
                round,
                w,
                part,
                from,
            } => {
                let takes = |round: &Round| {
                    round.status == RoundStatus::Open && round.terms.opens <= now && now < round.terms.closes
                };
                let id = round_of(models[*s].as_ref(), *round, takes);
                let wanted = part.of(self.for_sale(*s, id, models));
                let keys = self.keys(*s, models);
                let source = self.payee(*s, *w, *from);
                let subscribe = Subscribe {
                    keys: &keys,
                    payer,
                    investor: f.wallets[*w],
                    id,
                    source,
                    wanted,
                };
                let purse = Purse {
                    address: source.to_bytes(),
                    usable: self.usable(*s, &source, *w),
                    balance: self.purse(&source),
                };
                let open = self.round_open(*s, id);
                let result = with_model(models, *s, |m| {
                    let paid = m.subscribe(id, *w, wanted, purse, open, now)?;
                    self.flows(&source, -paid);
                    Ok(())
                });
                (vec![subscribe.instruction()], result)
            }
            Step::WithdrawSubscription { s, subscription, to } => {
                let can = |round: &Round, one: &Subscription| one.is_unsettled() && round.status == RoundStatus::Open;
                let (id, w) = subscription_of(models[*s].as_ref(), *subscription, can);
                let keys = self.keys(*s, models);
                let receiver = self.payee(*s, w, *to);
                let withdraw = WithdrawSubscription {
                    keys: &keys,
                    investor: f.wallets[w],
                    id,
                    rent_payer: payer,
                    receiver,
                };
                let usable = self.usable(*s, &receiver, w) && self.round_open(*s, id);
                let result = with_model(models, *s, |m| {
                    let paid = m.withdraw_subscription(id, w, usable, now)?;
                    self.flows(&receiver, paid);
                    Ok(())
                });
                (vec![withdraw.instruction()], result)
            }
            Step::CancelRound { s, by, round } => {
                let binds_not = |round: &Round| round.status == RoundStatus::Open && now < round.terms.commit;
                let id = round_of(models[*s].as_ref(), *round, binds_not);
                let keys = self.keys(*s, models);
                let cancel = CancelRound {
                    keys: &keys,
                    issuer: f.wallets[*by],
                    id,
                };
                (
                    vec![cancel.instruction()],
                    with_model(models, *s, |m| m.cancel_round(*by, id, now)),
                )
            }
            Step::CloseRound { s, round } => {
                let over = |round: &Round| round.status == RoundStatus::Open && now >= round.terms.closes;
                let id = round_of(models[*s].as_ref(), *round, over);
                let keys = self.keys(*s, models);
                let close = CloseRound { keys: &keys, id };
                (
                    vec![close.instruction()],
                    with_model(models, *s, |m| m.close_round(id, now)),
                )
            }
            Step::Settle { s, subscription } => {
                let can = |round: &Round, one: &Subscription| one.is_unsettled() && round.status != RoundStatus::Open;
                let (id, w) = subscription_of(models[*s].as_ref(), *subscription, can);
                let keys = self.keys(*s, models);
                let settle = self.settlement(&keys, id, w, models[*s].as_ref());
                let usable = self.usable(*s, &settle.refund_account, w) && self.round_open(*s, id);
                let result = with_model(models, *s, |m| {
                    let refunded = m.settle_subscription(id, w, usable, now)?;
                    self.flows(&settle.refund_account, refunded);
                    Ok(())
                });
                (vec![settle.instruction()], result)
            }
            Step::WithdrawRefund { s, subscription, to } => {
                let owed = |_: &Round, one: &Subscription| one.refund.is_some();
                let (id, w) = subscription_of(models[*s].as_ref(), *subscription, owed);
                let keys = self.keys(*s, models);
                let receiver = self.payee(*s, w, *to);
                let withdraw = WithdrawRefund {
                    keys: &keys,
                    investor: f.wallets[w],
                    id,
                    rent_payer: payer,
                    receiver,
                };
                let usable = self.usable(*s, &receiver, w) && self.round_open(*s, id);
                let result = with_model(models, *s, |m| {
                    let refund = m.withdraw_refund(id, w, usable)?;
                    self.flows(&receiver, refund);
                    Ok(())
                });
                (vec![withdraw.instruction()], result)
            }
            Step::ReleaseRunway { s, round, to } => self.plan_release(*s, *round, *to, models, signed),
            _ => return None,
        })
    }

    fn round_terms(&self, s: usize, step: &Step, models: &Models) -> RoundTerms {
        let Step::CreateRound {
            part,
            minimum,
            price,
            opens,
            commit,
            closes,
            runway,
            bps,
            invited,
            ..
        } = step
        else {
            unreachable!("called for the creation of a round");
        };
        let for_sale = part.of(self.room(s, models));
        let opens = self.now + opens;
        RoundTerms {
            price: *price,
            for_sale,
            minimum: minimum.of(for_sale),
            opens,
            commit: opens + commit,
            closes: opens + closes,
            runway: *runway,
            backing_bps: *bps,
            invited: *invited,
        }
    }

    fn for_sale(&self, s: usize, id: u64, models: &Models) -> u64 {
        let round = models[s].as_ref().and_then(|model| model.rounds.get(&id));
        round.map_or(1_000_000, |round| round.terms.for_sale)
    }

    /// The instruction that settles a subscription, with the account that the model has recorded.
    pub(super) fn settlement<'k>(
        &self,
        keys: &'k SecurityKeys,
        id: u64,
        w: usize,
        model: Option<&Security>,
    ) -> SettleSubscription<'k> {
        let subscription = model.and_then(|model| model.rounds.get(&id)?.subscriptions.get(&w));
        let recorded = subscription.and_then(|subscription| subscription.refund_account);
        SettleSubscription {
            keys,
            payer: self.fixture.bank,
            id,
            investor: self.fixture.wallets[w],
            refund_account: recorded.map_or_else(Pubkey::default, Pubkey::new_from_array),
            rent_payer: self.fixture.bank,
        }
    }

    fn plan_release(
        &self,
        s: usize,
        round: Pick,
        to: Option<Payee>,
        models: &mut Models,
        signed: &dyn Fn(usize) -> bool,
    ) -> Planned {
        let f = self.fixture;
        let now = self.now;
        let due = |round: &Round| round.status == RoundStatus::Succeeded && round.due(now) != Default::default();
        let id = round_of(models[s].as_ref(), round, due);
        let keys = self.keys(s, models);
        let issuer = models[s].as_ref().map_or(s, |model| model.issuer);
        let account = self.payee(s, issuer, to.unwrap_or(Payee::Own));
        let becomes_backing = models[s]
            .as_ref()
            .and_then(|model| model.rounds.get(&id))
            .is_some_and(|round| round.terms.backing_bps > 0);
        let mut release = ReleaseRunway::crank(&keys, f.wallets[issuer], id, becomes_backing);
        release.issuer_signs = to.is_some();
        release.issuer_account = account;
        let named = to.is_some() || signed(issuer) || account == f.places[s].payout[issuer][0];
        let usable = self.usable(s, &account, issuer);
        let backing = self.payout_asset(s).filter(|_| becomes_backing).map(|asset| {
            let vault = &f.places[s].vault_account[asset];
            (asset, self.can_hold(asset, vault, models))
        });
        let meets = Release {
            named,
            usable,
            backing,
            round_open: self.round_open(s, id),
        };
        let result = with_model(models, s, |m| {
            let (_, to_issuer) = m.release_runway(id, issuer, meets, now)?;
            self.flows(&account, to_issuer);
            Ok(())
        });
        (vec![release.instruction()], result)
    }

    /// Payout atoms in an account, with what earlier instructions of the same transaction moved.
    fn purse(&self, address: &Pubkey) -> u64 {
        let there = self.token_at(address).map_or(0, |view| view.amount);
        let moved = self.moved.borrow().get(address).cloned().unwrap_or_default();
        atoms(&(BigInt::from(there) + moved))
    }

    /// Notes what an instruction moves into a token account, for those after it in the same transaction.
    pub(super) fn flows(&self, address: &Pubkey, atoms: BigInt) {
        *self.moved.borrow_mut().entry(*address).or_default() += atoms;
    }
}
