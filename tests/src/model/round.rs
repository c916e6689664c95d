//! Rounds: shares sold at one price, and what becomes of the money.
//!
//! The totals that the program counts along are sums over the subscriptions here, so that a counter that goes astray is noticed.

use std::collections::BTreeMap;

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, Zero};

use super::{security::ensure, Asset, Flaw, Refusal, Security, Wallet};

/// The least that a round may sell, share atoms.
const LEAST_FOR_SALE: u64 = 1_000_000;
/// Most seconds for which subscriptions bind before a round closes: 90 days.
const MOST_BOUND: i64 = 90 * 86_400;
/// Longest runway: ten years of 365 days, seconds.
const LONGEST_RUNWAY: i64 = 10 * 365 * 86_400;

/// What a round says when it is announced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoundTerms {
    /// Payout atoms per whole share.
    pub price: u64,
    /// Share atoms for sale.
    pub for_sale: u64,
    /// It fails below that many share atoms.
    pub minimum: u64,
    /// First second in which it takes subscriptions.
    pub opens: i64,
    /// First second from which on they bind.
    pub commit: i64,
    /// First second in which it takes none any more.
    pub closes: i64,
    /// Seconds over which the money is released.
    pub runway: i64,
    /// Part of the money that becomes backing, basis points.
    pub backing_bps: u16,
    /// Whether only invited investors may subscribe.
    pub invited: bool,
}

/// Where a round is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoundStatus {
    /// Not decided.
    Open,
    /// It sells.
    Succeeded,
    /// Too little was wanted.
    Failed,
    /// The issuer called it off.
    Cancelled,
}

/// What one investor wants of a round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// Most share atoms.
    pub cap: u64,
    /// Share atoms wanted.
    pub wanted: u64,
    /// Payout atoms paid for them.
    pub paid: BigInt,
    /// The address of the account that paid last; `None` while nothing is wanted.
    pub refund_account: Option<[u8; 32]>,
    /// Payout atoms that are still to be refunded, once it is settled.
    pub refund: Option<BigInt>,
}

impl Subscription {
    /// Whether it wants something and is not settled.
    #[must_use]
    pub fn is_unsettled(&self) -> bool {
        self.wanted > 0 && self.refund.is_none()
    }
}

/// A token account that an instruction pays to or takes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Purse {
    /// Its address.
    pub address: [u8; 32],
    /// It is an unfrozen account of the payout mint that belongs to whom the instruction says.
    pub usable: bool,
    /// Payout atoms in it.
    pub balance: u64,
}

/// What a release of the runway meets outside the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Release {
    /// The issuer signed, or the account is the one that anybody may pay to.
    pub named: bool,
    /// The issuer's account can receive.
    pub usable: bool,
    /// The asset whose vault gets the backing, if a part becomes backing, and whether that vault can receive.
    pub backing: Option<(Asset, bool)>,
    /// The round's token account is not frozen.
    pub round_open: bool,
}

/// A round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Round {
    /// As it was announced.
    pub terms: RoundTerms,
    /// Decimals of a share.
    pub decimals: u8,
    /// Where it is in its life.
    pub status: RoundStatus,
    /// By investor; settled ones that are owed nothing are gone.
    pub subscriptions: BTreeMap<Wallet, Subscription>,
    /// Share atoms wanted by all, as they were when it was decided.
    pub wanted_when_decided: BigInt,
    /// Share atoms allocated.
    pub allocated: BigInt,
    /// Payout atoms raised.
    pub raised: BigInt,
    /// Payout atoms of it that became backing.
    pub backed: BigInt,
    /// Payout atoms of it that went to the issuer.
    pub released: BigInt,
    /// Share atoms that are reserved for it.
    pub reserved: BigInt,
    /// Payout atoms in its token account, donations included.
    pub balance: BigInt,
    /// The deliberate error, if any.
    pub flaw: Option<Flaw>,
}

impl Round {
    /// What so many share atoms cost, payout atoms, rounded up.
    #[must_use]
    pub fn cost(&self, shares: &BigInt) -> BigInt {
        let exact = BigRational::new(
            shares * self.terms.price,
            BigInt::from(10).pow(u32::from(self.decimals)),
        );
        if self.flaw == Some(Flaw::FloorCost) {
            exact.floor()
        } else {
            exact.ceil()
        }
        .to_integer()
    }

    /// Share atoms wanted by all.
    #[must_use]
    pub fn wanted(&self) -> BigInt {
        if self.status == RoundStatus::Open {
            self.subscriptions
                .values()
                .map(|subscription| subscription.wanted)
                .sum()
        } else {
            self.wanted_when_decided.clone()
        }
    }

    /// Subscriptions that want something and are not settled.
    #[must_use]
    pub fn unsettled(&self) -> usize {
        self.subscriptions.values().filter(|s| s.is_unsettled()).count()
    }

    /// Payout atoms that settled subscriptions are still to be refunded.
    #[must_use]
    pub fn refunds(&self) -> BigInt {
        self.subscriptions.values().filter_map(|s| s.refund.clone()).sum()
    }

    /// Payout atoms paid in and not paid out again.
    #[must_use]
    pub fn money(&self) -> BigInt {
        let paid: BigInt = self
            .subscriptions
            .values()
            .filter(|s| s.is_unsettled())
            .map(|s| s.paid.clone())
            .sum();
        paid + self.refunds() + &self.raised - &self.backed - &self.released
    }

    /// What a subscription that wants so many share atoms gets.
    #[must_use]
    pub fn allocation(&self, wanted: u64) -> BigInt {
        if self.status != RoundStatus::Succeeded {
            return BigInt::zero();
        }
        let (all, for_sale) = (self.wanted(), BigInt::from(self.terms.for_sale));
        if all <= for_sale {
            return wanted.into();
        }
        let part = BigRational::new(for_sale * wanted, all);
        if self.flaw == Some(Flaw::CeilAllocation) {
            part.ceil()
        } else {
            part.floor()
        }
        .to_integer()
    }

    /// Payout atoms of the runway that are due and were not paid: for backing, and for the issuer.
    #[must_use]
    pub fn due(&self, now: i64) -> (BigInt, BigInt) {
        let part = BigRational::new(&self.raised * self.terms.backing_bps, 10_000.into());
        let backing = if self.flaw == Some(Flaw::CeilBacking) {
            part.ceil()
        } else {
            part.floor()
        }
        .to_integer();
        // A clock set back before the close of a round that has closed stands at the close.
        let passed = (BigInt::from(now) - self.terms.closes).max(BigInt::zero());
        let at_once = self.flaw == Some(Flaw::ReleaseAtOnce);
        let of = |whole: BigInt, paid: &BigInt| {
            let due = if passed >= self.terms.runway.into() || at_once {
                whole
            } else {
                (whole * &passed) / self.terms.runway
            };
            (due - paid).max(BigInt::zero())
        };
        let rest = &self.raised - &backing;
        (of(backing, &self.backed), of(rest, &self.released))
    }

    fn takes(&self, now: i64) -> Result<(), Refusal> {
        ensure(
            self.status == RoundStatus::Open && self.terms.opens <= now && now < self.terms.closes,
            Refusal::NotTaking,
        )
    }
}

impl Security {
    fn round(&mut self, id: u64) -> Result<&mut Round, Refusal> {
        self.rounds.get_mut(&id).ok_or(Refusal::Missing)
    }

    /// Announces a round. `backing`: the asset that is the payout mint, if it can have a vault. `balance`: what lies in the round's token
    /// account already.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub fn create_round(
        &mut self,
        by: Wallet,
        id: u64,
        terms: RoundTerms,
        backing: Option<Asset>,
        balance: u64,
        now: i64,
    ) -> Result<(), Refusal> {
        self.by_issuer(by)?;
        ensure(!self.rounds.contains_key(&id), Refusal::Exists)?;
        ensure(
            terms.for_sale >= LEAST_FOR_SALE && terms.price > 0 && terms.minimum <= terms.for_sale,
            Refusal::Terms,
        )?;
        ensure(
            terms.opens <= terms.commit
                && terms.commit <= terms.closes
                && terms.opens < terms.closes
                && now < terms.closes
                && BigInt::from(terms.closes) - terms.commit <= MOST_BOUND.into(),
            Refusal::Terms,
        )?;
        ensure(
            (0..=LONGEST_RUNWAY).contains(&terms.runway) && terms.backing_bps <= 10_000,
            Refusal::Terms,
        )?;
        ensure(
            terms.backing_bps == 0 || backing.is_some_and(|asset| self.vaults.contains_key(&asset)),
            Refusal::Missing,
        )?;
        let round = Round {
            terms,
            decimals: self.terms.decimals,
            status: RoundStatus::Open,
            subscriptions: BTreeMap::new(),
            wanted_when_decided: BigInt::zero(),
            allocated: BigInt::zero(),
            raised: BigInt::zero(),
            backed: BigInt::zero(),
            released: BigInt::zero(),
            reserved: terms.for_sale.into(),
            balance: balance.into(),
            flaw: self.flaw,
        };
        ensure(round.cost(&terms.for_sale.into()) <= u64::MAX.into(), Refusal::TooMuch)?;
        self.gives_notice(terms.opens, now)?;
        self.reserve(terms.for_sale)?;
        self.rounds.insert(id, round);
        Ok(())
    }

    /// Lets an investor subscribe up to a cap.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub fn invite(&mut self, by: Wallet, id: u64, investor: Wallet, cap: u64, now: i64) -> Result<(), Refusal> {
        self.by_issuer(by)?;
        let round = self.round(id)?;
        ensure(cap > 0, Refusal::Nothing)?;
        ensure(round.terms.invited, Refusal::Policy)?;
        ensure(
            round.status == RoundStatus::Open && now < round.terms.closes,
            Refusal::NotTaking,
        )?;
        let invitation = Subscription {
            cap,
            wanted: 0,
            paid: BigInt::zero(),
            refund_account: None,
            refund: None,
        };
        ensure(
            round.subscriptions.insert(investor, invitation).is_none(),
            Refusal::Exists,
        )
    }

    /// Takes an invitation back of which no use was made.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub fn uninvite(&mut self, by: Wallet, id: u64, investor: Wallet) -> Result<(), Refusal> {
        self.by_issuer(by)?;
        let round = self.round(id)?;
        let subscription = round.subscriptions.get(&investor).ok_or(Refusal::Missing)?;
        ensure(subscription.wanted == 0, Refusal::NotEmpty)?;
        round.subscriptions.remove(&investor);
        Ok(())
    }

    /// Wants so many share atoms and pays for them, or gets the difference to before back. `round_open`: the round's token account is not frozen.
    /// Returns the payout atoms paid.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub fn subscribe(
        &mut self,
        id: u64,
        investor: Wallet,
        wanted: u64,
        purse: Purse,
        round_open: bool,
        now: i64,
    ) -> Result<BigInt, Refusal> {
        let flaw = self.flaw;
        let round = self.round(id)?;
        round.takes(now)?;
        ensure(wanted > 0 && wanted <= round.terms.for_sale, Refusal::Terms)?;
        let before = match round.subscriptions.get(&investor) {
            Some(subscription) => subscription.clone(),
            None => {
                ensure(!round.terms.invited, Refusal::NotApproved)?;
                Subscription {
                    cap: round.terms.for_sale,
                    wanted: 0,
                    paid: BigInt::zero(),
                    refund_account: None,
                    refund: None,
                }
            }
        };
        ensure(wanted <= before.cap || flaw == Some(Flaw::IgnoreCap), Refusal::TooMuch)?;
        ensure(purse.usable, Refusal::BadAccount)?;
        ensure(
            wanted >= before.wanted || now < round.terms.commit || flaw == Some(Flaw::LowerLate),
            Refusal::TooLate,
        )?;
        let paid = round.cost(&wanted.into());
        let pays = &paid - &before.paid;
        ensure(pays <= purse.balance.into(), Refusal::NotEnough)?;
        ensure(pays.is_zero() || round_open, Refusal::BadAccount)?;
        round.balance += &pays;
        let after = Subscription {
            wanted,
            paid,
            refund_account: Some(purse.address),
            ..before
        };
        round.subscriptions.insert(investor, after);
        Ok(pays)
    }

    /// Wants nothing any more, and gets everything back; returns the payout atoms. `usable`: the money can move from the round to the receiver.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub fn withdraw_subscription(
        &mut self,
        id: u64,
        investor: Wallet,
        usable: bool,
        now: i64,
    ) -> Result<BigInt, Refusal> {
        let flaw = self.flaw;
        let round = self.round(id)?;
        let subscription = round.subscriptions.get_mut(&investor).ok_or(Refusal::Missing)?;
        ensure(subscription.wanted > 0, Refusal::Nothing)?;
        let paid = std::mem::take(&mut subscription.paid);
        subscription.wanted = 0;
        subscription.refund_account = None;
        round.takes(now)?;
        ensure(usable, Refusal::BadAccount)?;
        ensure(
            now < round.terms.commit || flaw == Some(Flaw::LowerLate),
            Refusal::TooLate,
        )?;
        round.balance -= &paid;
        if !round.terms.invited {
            round.subscriptions.remove(&investor);
        }
        Ok(paid)
    }

    /// Calls a round off.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub fn cancel_round(&mut self, by: Wallet, id: u64, now: i64) -> Result<(), Refusal> {
        self.by_issuer(by)?;
        let flaw = self.flaw;
        let round = self.round(id)?;
        ensure(
            round.status == RoundStatus::Open && (now < round.terms.commit || flaw == Some(Flaw::CancelLate)),
            Refusal::TooLate,
        )?;
        self.decide(id, RoundStatus::Cancelled, BigInt::zero())
    }

    /// Decides whether a round sells; anyone may ask.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub fn close_round(&mut self, id: u64, now: i64) -> Result<(), Refusal> {
        let flaw = self.flaw;
        let round = self.round(id)?;
        ensure(
            round.status == RoundStatus::Open && now >= round.terms.closes,
            Refusal::TooEarly,
        )?;
        let sold = round.wanted().min(round.terms.for_sale.into());
        let enough = sold >= round.terms.minimum.into() || flaw == Some(Flaw::IgnoreMinimum);
        if sold.is_zero() || !enough {
            self.decide(id, RoundStatus::Failed, BigInt::zero())
        } else {
            self.decide(id, RoundStatus::Succeeded, sold)
        }
    }

    fn decide(&mut self, id: u64, status: RoundStatus, keeps: BigInt) -> Result<(), Refusal> {
        let flaw = self.flaw;
        let round = self.round(id)?;
        round.wanted_when_decided = round.wanted();
        round.status = status;
        let freed = &round.reserved - &keeps;
        round.reserved = keeps;
        if flaw != Some(Flaw::KeepUnsold) {
            self.reserved -= freed;
        }
        Ok(())
    }

    /// Gives a subscription its shares and its refund; anyone may ask. `usable`: its refund can move to the recorded account. Returns the payout atoms
    /// refunded at once.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub fn settle_subscription(
        &mut self,
        id: u64,
        investor: Wallet,
        usable: bool,
        now: i64,
    ) -> Result<BigInt, Refusal> {
        let flaw = self.flaw;
        let round = self.round(id)?;
        let subscription = round.subscriptions.get(&investor).ok_or(Refusal::Missing)?.clone();
        ensure(subscription.is_unsettled(), Refusal::Nothing)?;
        ensure(round.status != RoundStatus::Open, Refusal::TooEarly)?;
        let allocation = round.allocation(subscription.wanted);
        let cost = round.cost(&allocation);
        let refund = if flaw == Some(Flaw::KeepRefund) && allocation > BigInt::zero() {
            BigInt::zero()
        } else {
            &subscription.paid - &cost
        };
        round.raised += cost;
        round.allocated += &allocation;
        round.reserved -= &allocation;
        let now_paid = if usable || flaw == Some(Flaw::RefundBlindly) {
            round.balance -= &refund;
            round.subscriptions.remove(&investor);
            refund
        } else {
            if refund.is_zero() {
                round.subscriptions.remove(&investor);
            } else {
                let settled = Subscription {
                    refund: Some(refund),
                    ..subscription
                };
                round.subscriptions.insert(investor, settled);
            }
            BigInt::zero()
        };
        // What rounding left over is not sold.
        let dust = if round.unsettled() == 0 && flaw != Some(Flaw::KeepDust) {
            std::mem::take(&mut round.reserved)
        } else {
            BigInt::zero()
        };
        self.reserved -= dust;
        if !allocation.is_zero() {
            self.issue_reserved(investor, &allocation, now)?;
        }
        Ok(now_paid)
    }

    /// Pays a refund that could not be paid when it was settled; returns the payout atoms. `usable`: it can move to the receiver.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub fn withdraw_refund(&mut self, id: u64, investor: Wallet, usable: bool) -> Result<BigInt, Refusal> {
        let round = self.round(id)?;
        let subscription = round.subscriptions.get(&investor).ok_or(Refusal::Missing)?;
        let refund = subscription.refund.clone().ok_or(Refusal::Nothing)?;
        ensure(usable, Refusal::BadAccount)?;
        round.balance -= &refund;
        round.subscriptions.remove(&investor);
        Ok(refund)
    }

    /// Pays what is due of the runway, each part if its account can receive it. Returns the payout atoms for backing and for the issuer.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub fn release_runway(
        &mut self,
        id: u64,
        issuer: Wallet,
        meets: Release,
        now: i64,
    ) -> Result<(BigInt, BigInt), Refusal> {
        self.by_issuer(issuer)?;
        let round = self.round(id)?;
        ensure(meets.named, Refusal::BadAccount)?;
        ensure(round.status == RoundStatus::Succeeded, Refusal::Nothing)?;
        let (mut to_vault, mut to_issuer) = round.due(now);
        let backing = meets.backing.filter(|(_, open)| *open);
        if backing.is_none() {
            to_vault = BigInt::zero();
        }
        if !meets.usable {
            to_issuer = BigInt::zero();
        }
        let both = &to_vault + &to_issuer;
        ensure(both >= BigInt::one(), Refusal::Nothing)?;
        ensure(meets.round_open, Refusal::BadAccount)?;
        round.backed += &to_vault;
        round.released += &to_issuer;
        round.balance -= both;
        if let Some((asset, _)) = backing {
            let vault = self.vaults.get_mut(&asset).ok_or(Refusal::Missing)?;
            vault.balance += &to_vault;
            vault.deposited += &to_vault;
        }
        Ok((to_vault, to_issuer))
    }
}
