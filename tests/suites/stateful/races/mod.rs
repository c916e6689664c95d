//! Races of redeem and collect with everything that moves a vault or what it is divided by.
//!
//! [`on_program`] runs every order of seven acts on the compiled program, with every invariant after every act. [`in_model`] runs every order of
//! eight acts in the reference model, compares a sample of them with the program, and tries what is too large to enumerate.
//!
//! [`promises`] does the same for rounds and grants.
//!
//! In each order each payment is compared with [`Exact`]: the same vaults without any rounding, where the order of those who collect one after
//! another changes nothing.

mod in_model;
mod on_program;
mod promises;

use std::collections::BTreeMap;

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, Signed, Zero};
use upside_tests::model::{Asset, Security, TicketId, Wallet};

use upside_tests::sequence::{
    run::Run,
    step::{Least, Leg, Part, Receiver, Step, Ticket},
    world::Fixture,
};

/// The asset of the later vault: it charges for transfers, which changes nothing that leaves a vault.
const LATER: Asset = 2;
/// The assets that back the security from the start: a stock look-alike and a plain SPL Token.
const EARLY: [Asset; 2] = [0, 3];
/// Who holds bearer shares.
const BEARER: Wallet = 2;

/// What somebody does in a race.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Act {
    /// A holder redeems: the issuer, wallet 0, some shares; wallet 1 all.
    Redeem(Wallet),
    /// A holder's ticket collects an asset.
    Collect(Wallet, Asset),
    /// The issuer issues.
    Issue,
    /// The issuer gives up capacity.
    Retire,
    /// Somebody sends an asset straight to its vault.
    Donate(Asset),
    /// Somebody deposits.
    Deposit(Asset),
    /// Bearer shares are burnt by their holder.
    BurnBearer,
    /// The asset's issuer takes part of a vault away.
    ClawBack(Asset),
    /// The issuer opens [`LATER`], where something lies already.
    OpenLater,
    /// The asset's issuer stops it.
    Pause(Asset),
}

const CLAWED: Part = Part::Share(13_107);
const GIVEN: u64 = 313;

impl Act {
    fn step(self) -> Step {
        let (s, by) = (0, 0);
        match self {
            Self::Redeem(w) => Step::Redeem {
                s,
                w,
                id: 0,
                part: redeemed_part(w),
            },
            Self::Collect(w, a) => Step::Collect {
                s,
                ticket: Ticket::Id(w, 0),
                leg: Leg::Asset(a),
                to: Receiver::Holder,
                least: Least::Exact,
            },
            Self::Issue => Step::Issue {
                s,
                by,
                part: Part::Share(20_000),
            },
            Self::Retire => Step::Retire {
                s,
                by,
                part: Part::Share(9_000),
            },
            Self::Donate(a) => Step::DonateToVault { s, a, amount: GIVEN },
            Self::Deposit(a) => Step::Deposit { s, a, amount: GIVEN },
            Self::BurnBearer => Step::BurnBearer {
                s,
                w: BEARER,
                part: Part::Share(30_000),
            },
            Self::ClawBack(a) => Step::ClawBack { s, a, part: CLAWED },
            Self::OpenLater => Step::OpenVault { s, by, a: LATER },
            Self::Pause(a) => Step::Pause { a, pause: true },
        }
    }

    /// Whether it moves the vault of an asset, or what that vault is divided by, and is no collect.
    fn moves_backing(self, a: Asset) -> bool {
        match self {
            Self::Donate(of) | Self::Deposit(of) | Self::ClawBack(of) => of == a,
            Self::Retire | Self::BurnBearer => true,
            Self::OpenLater => a == LATER,
            Self::Redeem(_) | Self::Collect(..) | Self::Issue | Self::Pause(_) => false,
        }
    }

    /// V-4: which way it may move the backing of a share in the vault of an asset, but for the rounding of a collect.
    fn may(self, a: Asset) -> (bool, bool) {
        let falls = self == Self::ClawBack(a);
        (falls, self.moves_backing(a) && !falls)
    }
}

fn redeemed_part(w: Wallet) -> Part {
    if w == 0 {
        Part::Share(40_000)
    } else {
        Part::All
    }
}

/// A race: where it starts, and who takes part.
#[derive(Clone, Debug)]
struct Race {
    /// Whether a third wallet holds bearer shares: then the issuer can never issue again.
    bearer: bool,
    acts: Vec<Act>,
}

/// Two holders redeem and collect from two vaults, and something happens meanwhile.
fn two_holders_and(meanwhile: &[Act]) -> Race {
    let mut acts: Vec<Act> = Vec::new();
    for w in [0, 1] {
        acts.push(Act::Redeem(w));
        acts.extend(EARLY.map(|a| Act::Collect(w, a)));
    }
    acts.extend(meanwhile);
    Race {
        bearer: !meanwhile.contains(&Act::Issue),
        acts,
    }
}

/// The steps before a race.
fn opening(bearer: bool) -> Vec<Step> {
    let s = 0;
    let mut steps = vec![Step::Create {
        s,
        curated: false,
        name: 8,
        authorised: 1_500_007,
        initial: Part::Share(45_000),
        drip: 3_600,
    }];
    for (a, amount) in EARLY.into_iter().zip([1_009, 999_983]) {
        steps.push(Step::OpenVault { s, by: 0, a });
        steps.push(Step::Deposit { s, a, amount });
    }
    steps.push(Step::DonateToVault {
        s,
        a: LATER,
        amount: 5_003,
    });
    steps.push(Step::Transfer {
        s,
        from: 0,
        to: 1,
        part: Part::Share(20_000),
    });
    if bearer {
        steps.push(Step::Unregister {
            s,
            w: 0,
            part: Part::Share(9_000),
        });
        steps.push(Step::SendBearer {
            s,
            from: 0,
            to: BEARER,
            part: Part::All,
        });
    }
    steps.push(Step::AdvanceFromNow { s, by: 0, seconds: 0 });
    steps
}

/// A machine on which a race is about to start.
fn start(fixture: &Fixture, bearer: bool) -> Run<'_> {
    let mut run = Run::new(fixture, None);
    for step in opening(bearer) {
        let accepted = run.step(&step, false).unwrap_or_else(|why| panic!("{step:?}: {why}"));
        assert!(accepted, "{step:?} is refused");
    }
    run
}

fn model_of(run: &Run) -> Security {
    run.model(0).expect("the security was created").clone()
}

/// Visits every order of `left` in which a ticket is opened before it collects. `act` changes a copy of the state; `end` sees each whole order.
fn every_order<S: Clone>(
    state: &S,
    left: &[Act],
    done: &mut Vec<Act>,
    act: &mut impl FnMut(&mut S, Act, &[Act]),
    end: &mut impl FnMut(&S, &[Act]),
) {
    if left.is_empty() {
        end(state, done);
    }
    for (i, next) in left.iter().enumerate() {
        let waits = matches!(next, Act::Collect(w, _) if left.contains(&Act::Redeem(*w)));
        // Two acts that are the same change places for nothing.
        if waits || left[..i].contains(next) {
            continue;
        }
        let mut state = state.clone();
        act(&mut state, *next, done);
        let mut rest = left.to_vec();
        rest.remove(i);
        done.push(*next);
        every_order(&state, &rest, done, act, end);
        done.pop();
    }
}

/// The vaults of a security as if atoms could be divided, and what rounding may make of them.
#[derive(Clone, Debug)]
struct Exact {
    balance: BTreeMap<Asset, BigRational>,
    /// How often it was collected from.
    collects: BTreeMap<Asset, u32>,
    /// Capacity and balances at the start: what the issuer promised.
    promised: BTreeMap<Asset, (u64, BigInt)>,
    clawed_back: bool,
}

fn rational(value: &BigInt) -> BigRational {
    BigRational::from(value.clone())
}

impl Exact {
    fn new(model: &Security) -> Self {
        Self {
            balance: model.vaults.iter().map(|(a, v)| (*a, rational(&v.balance))).collect(),
            collects: BTreeMap::new(),
            promised: model
                .vaults
                .iter()
                .map(|(a, vault)| (*a, (model.terms.authorised, vault.balance.clone())))
                .collect(),
            clawed_back: false,
        }
    }

    /// Follows one act that was accepted, and compares.
    fn follow(&mut self, before: &Security, after: &Security, act: Act) -> Result<(), String> {
        self.clawed_back |= matches!(act, Act::ClawBack(_));
        for (a, now) in &after.vaults {
            let Some(was) = before.vaults.get(a) else {
                self.balance.insert(*a, rational(&now.balance));
                continue;
            };
            if !matches!(act, Act::Collect(_, of) if of == *a) {
                let balance = self.balance.entry(*a).or_default();
                *balance += rational(&(&now.balance - &was.balance));
            }
            moves_for_a_reason(before, after, *a, act)?;
        }
        covers_tickets(after)?;
        if let Act::Collect(w, a) = act {
            self.collected(before, after, (w, 0), a)?;
        }
        Ok(())
    }

    /// A payment is the exact one, rounded down, and at most what earlier rounding left behind above it.
    fn collected(&mut self, before: &Security, after: &Security, id: TicketId, a: Asset) -> Result<(), String> {
        let (vault, ticket) = (&before.vaults[&a], &before.tickets[&id]);
        let paid = &after.tickets[&id].collected[&vault.index];
        let balance = self.balance.entry(a).or_default();
        let part = &*balance * rational(&ticket.shares) / rational(&before.redemption_divisor(vault));
        *balance -= &part;
        let earlier = self.collects.entry(a).or_default();
        let (least, most) = (&part - BigRational::one(), &part + rational(&(*earlier).into()));
        *earlier += 1;
        if rational(paid) <= least || rational(paid) > most {
            return Err(format!(
                "{id:?} is paid {paid} of asset {a}, exactly it would be {part}"
            ));
        }
        if let Some((authorised, balance)) = self.promised.get(&a).filter(|_| !self.clawed_back) {
            let promised = balance * &ticket.shares / *authorised;
            if *paid < promised {
                return Err(format!("{id:?} is paid {paid} of asset {a}, {promised} were promised"));
            }
        }
        Ok(())
    }
}

/// V-2 and V-4 in the model: what backs a share moves only as the act may move it.
fn moves_for_a_reason(before: &Security, after: &Security, a: Asset, act: Act) -> Result<(), String> {
    let of = |model: &Security| {
        let vault = &model.vaults[&a];
        (vault.balance.clone(), model.redemption_divisor(vault))
    };
    let ((was, divided_by), (is, divides_by)) = (of(before), of(after));
    if !(divided_by.is_positive() && divides_by.is_positive()) {
        return Ok(());
    }
    let (falls, rises) = act.may(a);
    // `is / divides_by - was / divided_by`, times both divisors.
    let change = &is * &divided_by - &was * &divides_by;
    let most = match act {
        // Rounding leaves less than an atom behind.
        Act::Collect(_, of) if of == a => divided_by.clone() - 1,
        _ => BigInt::zero(),
    };
    if (change.is_negative() && !falls) || (change > most && !rises) {
        return Err(format!(
            "{act:?} moved a share of asset {a} from {was} / {divided_by} to {is} / {divides_by}"
        ));
    }
    Ok(())
}

/// V-3 in the model: every ticket counts once in what a vault is divided by, and their parts are there.
fn covers_tickets(model: &Security) -> Result<(), String> {
    for (a, vault) in &model.vaults {
        let left = model.tickets.values().filter(|ticket| ticket.has_left(vault));
        let (mut shares, mut parts) = (BigInt::zero(), BigInt::zero());
        for ticket in left {
            shares += &ticket.shares;
            parts += model.part_of(vault, &ticket.shares);
        }
        if shares != &model.redeemed - &vault.collected || parts > vault.balance {
            return Err(format!("asset {a}: {shares} shares would collect {parts} of {vault:?}"));
        }
    }
    Ok(())
}
