//! What everybody should have earned if nothing were ever rounded: money per second, integrated over time, shared by shares.

use std::collections::BTreeMap;

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{Signed, Zero};

use crate::{
    story::{GrantId, PersonId, RoundId, SecurityId, Story},
    verb::{collective, grant, round, Action, Moment},
};

/// Earnings per security and holder, payout atoms as exact fractions.
pub type Earnings = BTreeMap<(SecurityId, PersonId), BigRational>;

fn number(n: impl Into<BigInt>) -> BigRational {
    BigRational::from_integer(n.into())
}

#[derive(Clone, Debug, Default)]
struct Current {
    registered: BTreeMap<PersonId, BigRational>,
    /// Shares in vaults of other securities.
    vaults: BTreeMap<SecurityId, Stake>,
    inbox: BigRational,
    left: BigRational,
    seconds_left: BigRational,
    /// Shares that nobody can ever redeem: capacity that was given up, bearer shares that were burnt.
    gone: BigRational,
    /// Shares on tickets, ever, and on the open ones.
    redeemed: BigRational,
    tickets: BTreeMap<PersonId, BigRational>,
}

/// Shares in a vault of another security.
#[derive(Clone, Debug, Default)]
struct Stake {
    shares: BigRational,
    /// Bearer shares that were sent there.
    waiting: BigRational,
    /// Shares of the other security that have nothing more to take from here.
    served: BigRational,
    earned: BigRational,
    moved_on: BigRational,
}

/// The currents of money of a story's securities. A payment starts to flow when it is made and flows evenly for the security's drip time; if
/// an earlier one is still flowing, what is left of both flows together until the mean of the two ends weighted by money, in whole seconds.
/// While nobody is registered nothing flows.
#[derive(Clone, Debug)]
pub struct Fair<'a> {
    story: &'a Story,
    currents: BTreeMap<SecurityId, Current>,
    promises: BTreeMap<GrantId, Promise>,
    sales: BTreeMap<RoundId, Sale>,
    rules: BTreeMap<SecurityId, collective::Rule>,
    /// What a member gives and receives, as it was when it applied: collective, member.
    applications: BTreeMap<(SecurityId, SecurityId), (u64, u64)>,
    earned: Earnings,
}

/// Shares that are sold, and what everybody wants of them.
#[derive(Clone, Debug)]
struct Sale {
    for_sale: u64,
    minimum: u64,
    off: bool,
    wants: BTreeMap<PersonId, u64>,
}

impl Sale {
    /// Whole shares that somebody gets: the same part of what they want as everybody else.
    fn part(&self, person: PersonId) -> u64 {
        let wanted = number(self.wants.get(&person).copied().unwrap_or(0));
        let all = number(self.wants.values().map(|wanted| u128::from(*wanted)).sum::<u128>());
        let sold = all.clone().min(number(self.for_sale));
        if self.off || !sold.is_positive() || sold < number(self.minimum) {
            return 0;
        }
        (wanted * sold / all).floor().to_integer().try_into().unwrap_or(0)
    }
}

/// Shares that come to somebody as time passes.
#[derive(Clone, Debug)]
struct Promise {
    shares: u64,
    /// When the first and the last of them come, and before when none do.
    from: i64,
    cliff: i64,
    until: i64,
    waits_for_approval: bool,
    /// When no more of them came.
    stopped: Option<i64>,
    came: u64,
}

impl Promise {
    /// Whole shares that have come at a time: for each second from the first to the last the same part.
    fn come(&self, ts: i64) -> u64 {
        let ts = self.stopped.map_or(ts, |stopped| stopped.min(ts));
        if self.waits_for_approval || ts < self.cliff {
            return 0;
        }
        if ts >= self.until {
            return self.shares;
        }
        let part = number(self.shares) * number(ts - self.from) / number(self.until - self.from);
        part.floor().to_integer().try_into().unwrap_or(self.shares)
    }
}

impl<'a> Fair<'a> {
    /// Before the first step.
    #[must_use]
    pub fn new(story: &'a Story) -> Self {
        let all = story.security_ids();
        let pairs = all.flat_map(|of| story.person_ids().map(move |person| (of, person)));
        Self {
            story,
            currents: story.security_ids().map(|of| (of, Current::default())).collect(),
            promises: BTreeMap::new(),
            sales: BTreeMap::new(),
            rules: BTreeMap::new(),
            applications: BTreeMap::new(),
            earned: pairs.map(|pair| (pair, BigRational::zero())).collect(),
        }
    }

    /// The story.
    #[must_use]
    pub fn story(&self) -> &'a Story {
        self.story
    }

    fn current(&mut self, of: SecurityId) -> &mut Current {
        self.currents.entry(of).or_default()
    }

    /// Shares become registered.
    pub fn enter(&mut self, of: SecurityId, holder: PersonId, shares: u64) {
        *self.current(of).registered.entry(holder).or_default() += number(shares);
    }

    /// Shares stop being registered.
    pub fn leave(&mut self, of: SecurityId, holder: PersonId, shares: u64) {
        *self.current(of).registered.entry(holder).or_default() -= number(shares);
    }

    /// Shares of `held` are in the vault of `of` from now on.
    pub fn enter_vault(&mut self, of: SecurityId, held: SecurityId, shares: u64) {
        self.current(held).vaults.entry(of).or_default().shares += number(shares);
    }

    /// A vault of `of` for shares of `held`.
    pub fn open_vault(&mut self, of: SecurityId, held: SecurityId) {
        let served = self.current(of).redeemed.clone();
        self.current(held).vaults.entry(of).or_default().served = served;
    }

    /// Bearer shares of `held` are sent to the vault of `of`.
    pub fn wait_in_vault(&mut self, of: SecurityId, held: SecurityId, shares: u64) {
        self.current(held).vaults.entry(of).or_default().waiting += number(shares);
    }

    /// They count from now on.
    pub fn stop_waiting(&mut self, of: SecurityId, held: SecurityId) {
        let stake = self.current(held).vaults.entry(of).or_default();
        stake.shares += std::mem::take(&mut stake.waiting);
    }

    /// Nobody can ever redeem these shares.
    pub fn give_up(&mut self, of: SecurityId, shares: u64) {
        self.current(of).gone += number(shares);
    }

    /// Registered shares are given up for a ticket.
    pub fn redeem(&mut self, of: SecurityId, holder: PersonId, shares: u64) {
        self.leave(of, holder, shares);
        let current = self.current(of);
        current.redeemed += number(shares);
        current.tickets.insert(holder, number(shares));
    }

    /// A ticket's part of the shares of `held` in the vault of `of`, in whole ones: of all that could ever be redeemed here and was not.
    pub fn take_from_vault(&mut self, of: SecurityId, held: SecurityId, holder: PersonId) {
        let all = number(self.story.security(of).terms.authorised_atoms);
        let current = self.current(of);
        let all = all - &current.gone;
        let ticket = current.tickets.get(&holder).cloned().unwrap_or_default();
        let stake = self.current(held).vaults.entry(of).or_default();
        let part = (&stake.shares * &ticket / (all - &stake.served)).floor();
        stake.shares -= &part;
        stake.served += ticket;
        *self.current(held).registered.entry(holder).or_default() += part;
    }

    /// What the shares of `held` in the vault of `of` have earned, in whole atoms, is paid in for the holders of `of`.
    pub fn harvest(&mut self, of: SecurityId, held: SecurityId) {
        let stake = self.current(held).vaults.entry(of).or_default();
        let atoms = (&stake.earned - &stake.moved_on).floor();
        stake.moved_on += &atoms;
        self.pay_in(of, atoms.to_integer().try_into().unwrap_or(0), false);
    }

    /// Others may join on these terms.
    pub fn create_collective(&mut self, of: SecurityId, rule: collective::Rule) {
        self.rules.insert(of, rule);
    }

    /// A security wants to join.
    pub fn apply(&mut self, of: SecurityId, member: SecurityId) {
        let Some(rule) = self.rules.get(&of) else {
            return;
        };
        let all = u128::from(self.story.security(member).terms.authorised_atoms);
        let gives = (all * u128::from(rule.gives_bps)).div_ceil(10_000);
        let terms = (u64::try_from(gives).unwrap_or(u64::MAX), rule.receives);
        self.applications.insert((of, member), terms);
    }

    /// A security gives its part and is promised its shares from now on.
    pub fn join(&mut self, id: GrantId, member: SecurityId, at: Moment) {
        let terms = self.applications.get(&(id.of, member)).copied();
        let (Some(rule), Some((gives, receives))) = (self.rules.get(&id.of).copied(), terms) else {
            return;
        };
        self.leave(member, id.recipient, gives);
        if !self.current(member).vaults.contains_key(&id.of) {
            self.open_vault(id.of, member);
        }
        self.enter_vault(id.of, member, gives);
        let promise = Promise {
            shares: receives,
            from: at.ts,
            cliff: at.ts + rule.cliff,
            until: at.ts + rule.lasts,
            waits_for_approval: false,
            stopped: None,
            came: 0,
        };
        self.promises.insert(id, promise);
    }

    /// Shares are promised.
    pub fn promise(&mut self, id: GrantId, terms: &grant::Terms, at: Moment) {
        let from = at.asked_ts + terms.starts_in;
        let promise = Promise {
            shares: terms.shares,
            from,
            cliff: from + terms.cliff,
            until: from + terms.lasts,
            waits_for_approval: terms.milestone.is_some(),
            stopped: None,
            came: 0,
        };
        self.promises.insert(id, promise);
    }

    /// Promised shares that have come become registered.
    pub fn claim_promise(&mut self, id: GrantId, at: Moment) {
        let Some(promise) = self.promises.get_mut(&id) else {
            return;
        };
        let came = promise.come(at.ts);
        let shares = came.saturating_sub(promise.came);
        promise.came = came;
        self.enter(id.of, id.recipient, shares);
    }

    /// Promised shares come from now on.
    pub fn approve_promise(&mut self, id: GrantId) {
        if let Some(promise) = self.promises.get_mut(&id) {
            promise.waits_for_approval = false;
        }
    }

    /// No more of the promised shares come.
    pub fn revoke_promise(&mut self, id: GrantId, at: Moment) {
        if let Some(promise) = self.promises.get_mut(&id) {
            promise.stopped = Some(at.ts);
        }
    }

    /// Shares are for sale.
    pub fn announce(&mut self, id: RoundId, terms: &round::Terms) {
        let sale = Sale {
            for_sale: terms.for_sale,
            minimum: terms.minimum,
            off: false,
            wants: BTreeMap::new(),
        };
        self.sales.insert(id, sale);
    }

    /// Somebody wants shares, in all.
    pub fn want(&mut self, id: RoundId, person: PersonId, shares: u64) {
        if let Some(sale) = self.sales.get_mut(&id) {
            sale.wants.insert(person, shares);
        }
    }

    /// Nothing is sold.
    pub fn call_off(&mut self, id: RoundId) {
        if let Some(sale) = self.sales.get_mut(&id) {
            sale.off = true;
        }
    }

    /// Somebody gets their part, registered.
    pub fn get(&mut self, id: RoundId, person: PersonId) {
        let shares = self.sales.get(&id).map_or(0, |sale| sale.part(person));
        self.enter(id.of, person, shares);
    }

    /// Money lies where the next payment finds it.
    pub fn send_to_inbox(&mut self, of: SecurityId, atoms: u64) {
        self.current(of).inbox += number(atoms);
    }

    /// Money is paid in; `sweeps` says whether what lies in the inbox goes with it.
    pub fn pay_in(&mut self, of: SecurityId, atoms: u64, sweeps: bool) {
        let drip = number(self.story.security(of).terms.drip_seconds);
        let current = self.current(of);
        let mut amount = number(atoms);
        if sweeps {
            amount += std::mem::take(&mut current.inbox);
        }
        let together = &current.left + &amount;
        if together.is_positive() {
            let seconds = (&current.left * &current.seconds_left + &amount * drip) / &together;
            current.seconds_left = seconds.floor();
        }
        current.left = together;
    }

    fn flow(&mut self, elapsed: i64) {
        let elapsed = number(elapsed.max(0));
        for (of, current) in &mut self.currents {
            let people: BigRational = current.registered.values().sum();
            let vaults: BigRational = current.vaults.values().map(|stake| &stake.shares).sum();
            let all = people + vaults;
            if !all.is_positive() || !current.left.is_positive() {
                continue;
            }
            let flowing = elapsed.clone().min(current.seconds_left.clone());
            let flowed = if current.seconds_left.is_positive() {
                &current.left * &flowing / &current.seconds_left
            } else {
                current.left.clone()
            };
            for (person, shares) in &current.registered {
                *self.earned.entry((*of, *person)).or_default() += &flowed * shares / &all;
            }
            for stake in current.vaults.values_mut() {
                stake.earned += &flowed * &stake.shares / &all;
            }
            current.left -= flowed;
            current.seconds_left -= flowing;
        }
    }
}

/// Earnings up to the unix time `until`, from what was done and when.
#[must_use]
pub fn earnings(story: &Story, steps: &[(&Action, Moment)], until: i64) -> Earnings {
    let mut fair = Fair::new(story);
    let mut clock = steps.first().map_or(until, |(_, at)| at.ts);
    for (action, at) in steps {
        fair.flow(at.ts - clock);
        clock = at.ts.max(clock);
        action.flow(&mut fair, *at);
    }
    fair.flow(until - clock);
    fair.earned
}

/// Fails if somebody's earnings differ from the unrounded ones by more atoms than there were steps to round in, or if all of them
/// together were paid more than flowed.
///
/// # Errors
/// Who, and by how much.
pub fn agree(
    story: &Story,
    actual: &BTreeMap<(SecurityId, PersonId), u64>,
    fair: &Earnings,
    steps: usize,
) -> anyhow::Result<()> {
    let limit = number(u64::try_from(steps)?);
    for ((of, person), fair) in fair {
        let actual = number(actual.get(&(*of, *person)).copied().unwrap_or(0));
        let off = &actual - fair;
        if off.abs() > limit {
            anyhow::bail!(
                "{} earned {actual} atoms of {}, but without rounding it would be {fair}: more than {steps} rounding steps explain",
                story.name(*person),
                story.symbol(*of)
            );
        }
    }
    for of in story.security_ids() {
        let paid = actual.iter().filter(|((security, _), _)| *security == of);
        let paid: BigRational = number(paid.map(|(_, atoms)| u128::from(*atoms)).sum::<u128>());
        let flowed = fair.iter().filter(|((security, _), _)| *security == of);
        let flowed: BigRational = flowed.map(|(_, earned)| earned).sum();
        if paid > flowed {
            let symbol = story.symbol(of);
            anyhow::bail!("{paid} atoms of {symbol} were earned in all, but only {flowed} have flowed");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{check::Ledger, story::Source};

    /// Plays a story in the books alone, a wait taking its time and everything else three seconds.
    fn ledger_and_fair_agree(story: &Story) {
        let mut ledger = Ledger::new(story);
        let (mut clock, mut done) = (1_800_000_000i64, Vec::new());
        for step in story.steps.iter().filter(|step| step.refused.is_none()) {
            clock += match &step.action {
                Action::Wait(_) => 15 * 86_400 + 7,
                _ => 3,
            };
            let at = Moment {
                asked_ts: clock,
                ts: clock,
            };
            step.action.book(&mut ledger, at);
            done.push((&step.action, at));
            let fair = earnings(story, &done, clock);
            let actual = fair
                .keys()
                .map(|(of, person)| {
                    let earned = ledger.paid(*of, *person) + ledger.claimable(*of, *person, clock);
                    ((*of, *person), u64::try_from(earned.to_integer()).expect("an amount"))
                })
                .collect();
            agree(story, &actual, &fair, done.len()).expect("within rounding");
        }
    }

    #[test]
    fn the_ledger_stays_within_rounding_of_the_unrounded_earnings() {
        ledger_and_fair_agree(&Story::alice().expect("the story of this build"));
        let every_verb = Source {
            name: "every-verb.toml".to_owned(),
            text: include_str!("../../every-verb.toml").to_owned(),
        };
        ledger_and_fair_agree(&Story::read(&every_verb).expect("the story with every verb"));
        let together = Source {
            name: "together.toml".to_owned(),
            text: include_str!("../../together.toml").to_owned(),
        };
        ledger_and_fair_agree(&Story::read(&together).expect("the story of layers"));
    }

    #[test]
    fn earnings_that_are_too_high_or_too_low_are_refused() {
        let story = Story::alice().expect("the story of this build");
        let of = SecurityId(0);
        let (alice, bruno) = (PersonId(0), PersonId(2));
        let fair = Earnings::from([((of, alice), number(100)), ((of, bruno), number(50))]);
        let agreed = |first| {
            let actual = BTreeMap::from([((of, alice), first), ((of, bruno), 50)]);
            agree(&story, &actual, &fair, 1).is_ok()
        };
        assert!(agreed(100));
        assert!(agreed(99));
        assert!(!agreed(101));
        assert!(!agreed(97));
    }
}
