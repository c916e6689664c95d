//! The books, kept from the written rules in exact fractions.

use std::collections::BTreeMap;

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, Zero};

use super::{Figure, Figures};
use crate::story::{Action, Story};

fn whole(n: impl Into<BigInt>) -> BigRational {
    BigRational::from_integer(n.into())
}

/// The accumulator keeps 64 binary places; what is below stays in the remainder.
fn to_64_places(value: &BigRational) -> BigRational {
    let scale = whole(BigInt::one() << 64u32);
    (value * &scale).floor() / scale
}

#[derive(Clone, Debug)]
struct Line {
    total: BigRational,
    dripped: BigRational,
    start: i64,
    end: i64,
    last: i64,
    per_share: BigRational,
    remainder: BigRational,
}

#[derive(Clone, Debug)]
struct Holder {
    shares: BigRational,
    opened: bool,
    bearer: BigRational,
    checkpoint: BigRational,
    accrued: BigRational,
    claimed: BigRational,
    money: BigRational,
    equity: BTreeMap<&'static str, BigRational>,
}

/// The independent calculation: fed with what was done and when, it predicts every figure.
#[derive(Clone, Debug)]
pub struct Ledger {
    issuer: &'static str,
    share_unit: BigRational,
    money_unit: BigRational,
    equity_units: BTreeMap<&'static str, BigRational>,
    authorised: BigRational,
    initial: BigRational,
    drip: i64,
    created: bool,
    supply: BigRational,
    issued: BigRational,
    registered: BigRational,
    received: BigRational,
    paid: BigRational,
    open_vaults: u16,
    line: Line,
    holders: BTreeMap<&'static str, Holder>,
    vaults: BTreeMap<&'static str, BigRational>,
}

impl Ledger {
    /// The books before the first step. `money_decimals` are those of the payout mint, `equities` the tickers with their decimals;
    /// the story's funder has `money` whole payout tokens and `equity` whole tokens of each equity.
    #[must_use]
    pub fn new(story: &Story, money_decimals: u8, equities: &[(&'static str, u8)], money: u64, equity: u64) -> Self {
        let unit = |decimals: u8| whole(BigInt::from(10u8).pow(u32::from(decimals)));
        let (share_unit, money_unit) = (unit(story.terms.decimals), unit(money_decimals));
        let equity_units: BTreeMap<_, _> = equities
            .iter()
            .map(|(symbol, decimals)| (*symbol, unit(*decimals)))
            .collect();
        let holders = story
            .actors
            .iter()
            .map(|actor| {
                let funded = actor.name == story.funder;
                let of = |amount: u64, unit: &BigRational| {
                    if funded {
                        whole(amount) * unit
                    } else {
                        BigRational::zero()
                    }
                };
                let holder = Holder {
                    shares: BigRational::zero(),
                    opened: false,
                    bearer: BigRational::zero(),
                    checkpoint: BigRational::zero(),
                    accrued: BigRational::zero(),
                    claimed: BigRational::zero(),
                    money: of(money, &money_unit),
                    equity: equity_units
                        .iter()
                        .map(|(symbol, unit)| (*symbol, of(equity, unit)))
                        .collect(),
                };
                (actor.name, holder)
            })
            .collect();
        Self {
            issuer: story.issuer(),
            authorised: whole(story.terms.authorised) * &share_unit,
            initial: whole(story.terms.initial) * &share_unit,
            drip: i64::from(story.terms.drip_days) * 86_400,
            vaults: equity_units
                .keys()
                .map(|symbol| (*symbol, BigRational::zero()))
                .collect(),
            share_unit,
            money_unit,
            equity_units,
            created: false,
            supply: BigRational::zero(),
            issued: BigRational::zero(),
            registered: BigRational::zero(),
            received: BigRational::zero(),
            paid: BigRational::zero(),
            open_vaults: 0,
            line: Line {
                total: BigRational::zero(),
                dripped: BigRational::zero(),
                start: 0,
                end: 0,
                last: 0,
                per_share: BigRational::zero(),
                remainder: BigRational::zero(),
            },
            holders,
        }
    }

    /// The stream at a time. Money drips in whole atoms; with nobody registered the line waits.
    fn line_at(&self, ts: i64) -> Line {
        let mut line = self.line.clone();
        let t = ts.max(line.last);
        if self.registered.is_zero() {
            let waited = t - line.last;
            line.start += waited;
            line.end += waited;
            line.last = t;
            return line;
        }
        let due = if t >= line.end {
            line.total.clone()
        } else {
            (&line.total * whole(t - line.start) / whole(line.end - line.start)).floor()
        };
        let pot = &due - &line.dripped + &line.remainder;
        let rise = to_64_places(&(&pot / &self.registered));
        line.remainder = pot - &rise * &self.registered;
        line.per_share += rise;
        line.dripped = due;
        line.last = t;
        line
    }

    fn settle(&mut self, name: &'static str, per_share: &BigRational) {
        if let Some(holder) = self.holders.get_mut(name) {
            holder.accrued += &holder.shares * (per_share - &holder.checkpoint);
            holder.checkpoint = per_share.clone();
        }
    }

    fn move_shares(&mut self, name: &'static str, change: &BigRational) {
        if let Some(holder) = self.holders.get_mut(name) {
            holder.shares += change;
            holder.opened = true;
        }
    }

    /// Books a step that took place at the unix time `ts`, seconds.
    pub fn book(&mut self, action: &Action, ts: i64) {
        match *action {
            Action::Create => {
                self.created = true;
                self.supply = self.initial.clone();
                self.issued = self.initial.clone();
                self.registered = self.initial.clone();
                (self.line.start, self.line.end, self.line.last) = (ts, ts, ts);
                let initial = self.initial.clone();
                self.move_shares(self.issuer, &initial);
            }
            Action::Transfer { from, to, shares } => {
                let per_share = self.line_at(ts).per_share;
                let shares = whole(shares) * &self.share_unit;
                self.settle(from, &per_share);
                self.settle(to, &per_share);
                self.move_shares(from, &-shares.clone());
                self.move_shares(to, &shares);
            }
            Action::OpenVault { .. } => self.open_vaults += 1,
            Action::Wait { .. } => {}
            Action::Deposit { from, equity, amount } => {
                let amount = self
                    .equity_units
                    .get(equity)
                    .map_or_else(BigRational::zero, |unit| whole(amount) * unit);
                if let Some(balance) = self
                    .holders
                    .get_mut(from)
                    .and_then(|holder| holder.equity.get_mut(equity))
                {
                    *balance -= &amount;
                }
                if let Some(vault) = self.vaults.get_mut(equity) {
                    *vault += amount;
                }
            }
            Action::Distribute { from, amount } => {
                let amount = whole(amount) * &self.money_unit;
                let mut line = self.line_at(ts);
                let waiting = &line.total - &line.dripped;
                let total = &waiting + &amount;
                let left = whole((line.end - line.last).max(0));
                let length = ((&waiting * left + &amount * whole(self.drip)) / &total)
                    .floor()
                    .to_integer();
                line.start = line.last;
                line.end = line.last + i64::try_from(length).unwrap_or(i64::MAX);
                line.total = total;
                line.dripped = BigRational::zero();
                self.line = line;
                self.received += &amount;
                if let Some(holder) = self.holders.get_mut(from) {
                    holder.money -= amount;
                }
            }
            Action::Claim { holder, .. } => {
                let per_share = self.line_at(ts).per_share;
                self.settle(holder, &per_share);
                if let Some(holder) = self.holders.get_mut(holder) {
                    let payment = holder.accrued.floor();
                    holder.accrued -= &payment;
                    holder.claimed += &payment;
                    holder.money += &payment;
                    self.paid += payment;
                }
            }
            Action::Unregister { holder, shares } => self.turn(holder, -whole(shares) * &self.share_unit, ts),
            Action::Register { holder, shares } => self.turn(holder, whole(shares) * &self.share_unit, ts),
        }
    }

    /// `change` bearer shares become registered; the other way round if negative.
    fn turn(&mut self, holder: &'static str, change: BigRational, ts: i64) {
        self.line = self.line_at(ts);
        let per_share = self.line.per_share.clone();
        self.settle(holder, &per_share);
        self.move_shares(holder, &change);
        self.registered += &change;
        if let Some(holder) = self.holders.get_mut(holder) {
            holder.bearer -= change;
        }
        if self.registered.is_zero() {
            self.line.total = &self.line.total - &self.line.dripped;
            self.line.dripped = BigRational::zero();
            self.line.start = self.line.last;
        }
    }

    /// What a claim at the unix time `ts` would pay, payout atoms.
    #[must_use]
    pub fn claimable(&self, name: &str, ts: i64) -> BigRational {
        let per_share = self.line_at(ts).per_share;
        self.holders.get(name).map_or_else(BigRational::zero, |holder| {
            (&holder.accrued + &holder.shares * (per_share - &holder.checkpoint)).floor()
        })
    }

    /// Every figure as it must be read now.
    #[must_use]
    pub fn figures(&self) -> Figures {
        let flag = |set: bool| whole(u8::from(set));
        let authorised = if self.created {
            self.authorised.clone()
        } else {
            BigRational::zero()
        };
        let mut figures = Figures::from([
            (Figure::Supply, self.supply.clone()),
            (Figure::Authorised, authorised),
            (Figure::Issued, self.issued.clone()),
            (Figure::Reserved, BigRational::zero()),
            (Figure::Registered, self.registered.clone()),
            (Figure::Received, self.received.clone()),
            (Figure::StreamTotal, self.line.total.clone()),
            (Figure::StreamDripped, self.line.dripped.clone()),
            (Figure::StreamStart, whole(self.line.start)),
            (Figure::StreamEnd, whole(self.line.end)),
            (Figure::StreamLast, whole(self.line.last)),
            (Figure::UpsidePerShare, self.line.per_share.clone()),
            (Figure::Remainder, self.line.remainder.clone()),
            (Figure::PayoutVault, &self.received - &self.paid),
            (Figure::Vaults, whole(self.open_vaults)),
        ]);
        for (symbol, balance) in &self.vaults {
            figures.insert(Figure::Vault(symbol), balance.clone());
            figures.insert(Figure::Deposited(symbol), balance.clone());
        }
        for (name, holder) in &self.holders {
            figures.insert(Figure::Shares(name), holder.shares.clone());
            figures.insert(Figure::RegisteredAccount(name), holder.shares.clone());
            figures.insert(Figure::Frozen(name), flag(holder.opened));
            figures.insert(Figure::Bearer(name), holder.bearer.clone());
            figures.insert(Figure::Checkpoint(name), holder.checkpoint.clone());
            figures.insert(Figure::Accrued(name), holder.accrued.clone());
            figures.insert(Figure::Claimed(name), holder.claimed.clone());
            figures.insert(Figure::Money(name), holder.money.clone());
            for (symbol, balance) in &holder.equity {
                figures.insert(Figure::Equity(name, symbol), balance.clone());
            }
        }
        figures
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{check, story::alice};

    const DAY: i64 = 86_400;

    fn ledger() -> Ledger {
        Ledger::new(&alice(), 6, &[("ACMEx", 8), ("GLBXx", 8)], 100_000, 500)
    }

    fn claimed(ledger: &Ledger, who: &'static str) -> u64 {
        check::atoms(&ledger.figures(), Figure::Claimed(who))
    }

    /// The accumulator's last place may cost one atom.
    fn assert_rounded_down(actual: &BigRational, exact: u64) {
        assert!(
            *actual == whole(exact) || *actual == whole(exact - 1),
            "{actual} instead of {exact}"
        );
    }

    #[test]
    fn a_month_of_the_first_payment_reaches_holders_in_proportion() {
        let mut ledger = ledger();
        ledger.book(&Action::Create, 1_000);
        let transfer = |to, shares| Action::Transfer {
            from: "Alice",
            to,
            shares,
        };
        ledger.book(&transfer("Ms Okafor", 200_000), 1_001);
        ledger.book(
            &Action::Distribute {
                from: "Acme",
                amount: 24_000,
            },
            2_000,
        );
        // Half of the 28 days: half of the money, a quarter of it the teacher's; rounded down.
        assert_rounded_down(&ledger.claimable("Ms Okafor", 2_000 + 14 * DAY), 3_000_000_000);
        for who in ["Alice", "Ms Okafor"] {
            ledger.book(&Action::Claim { holder: who, by: who }, 2_000 + 30 * DAY);
        }
        assert!((17_999_999_999..=18_000_000_000).contains(&claimed(&ledger, "Alice")));
        assert!((5_999_999_999..=6_000_000_000).contains(&claimed(&ledger, "Ms Okafor")));
    }

    #[test]
    fn bearer_shares_do_not_earn() {
        let mut ledger = ledger();
        ledger.book(&Action::Create, 0);
        ledger.book(
            &Action::Transfer {
                from: "Alice",
                to: "Chen",
                shares: 400_000,
            },
            1,
        );
        ledger.book(
            &Action::Unregister {
                holder: "Chen",
                shares: 400_000,
            },
            2,
        );
        ledger.book(
            &Action::Distribute {
                from: "Acme",
                amount: 1_000,
            },
            3,
        );
        assert!(ledger.claimable("Chen", 3 + 28 * DAY).is_zero());
        assert_rounded_down(&ledger.claimable("Alice", 3 + 28 * DAY), 1_000_000_000);
    }

    #[test]
    fn the_stream_waits_while_nobody_is_registered() {
        let mut ledger = ledger();
        ledger.book(&Action::Create, 0);
        ledger.book(
            &Action::Distribute {
                from: "Acme",
                amount: 28,
            },
            0,
        );
        ledger.book(
            &Action::Unregister {
                holder: "Alice",
                shares: 800_000,
            },
            7 * DAY,
        );
        ledger.book(
            &Action::Register {
                holder: "Alice",
                shares: 800_000,
            },
            100 * DAY,
        );
        assert_rounded_down(&ledger.claimable("Alice", 100 * DAY), 7_000_000);
        assert_rounded_down(&ledger.claimable("Alice", 107 * DAY), 14_000_000);
        assert_rounded_down(&ledger.claimable("Alice", 121 * DAY), 28_000_000);
    }

    #[test]
    fn a_figure_that_is_off_by_one_atom_is_named() {
        let ledger = ledger();
        let mut read = ledger.figures();
        assert_eq!(check::agree("nothing", &read, &ledger.figures()).ok(), Some(read.len()));
        *read.entry(Figure::Money("Acme")).or_default() += whole(1);
        let refusal = check::agree("nothing", &read, &ledger.figures())
            .map(|_| ())
            .unwrap_err()
            .to_string();
        assert!(
            refusal.contains("Acme, wallet, payout tokens: the network says 100000000001"),
            "{refusal}"
        );
        assert!(refusal.contains("off by 1"), "{refusal}");
    }

    #[test]
    fn a_figure_that_was_not_read_is_a_difference() {
        let ledger = ledger();
        let mut read = ledger.figures();
        read.remove(&Figure::Supply);
        assert_eq!(check::compare(&read, &ledger.figures()).len(), 1);
    }
}
