//! What everybody's shares stand for, by exact fractions from the books: the equations of who holds whom, solved by elimination. Nothing of
//! `upside-valuation` or `upside-math` is used, nor anything that was read.

use std::collections::BTreeMap;

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, Zero};

use super::{Backing, Disagreement};
use crate::story::{AssetId, PersonId, SecurityId, Story};

/// The widest that a value may be known, payout atoms: a cent.
pub const WIDEST_ATOMS: u64 = 10_000;

/// Payout atoms that are known to lie between two numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Between {
    /// At least this.
    pub low: BigRational,
    /// At most this.
    pub high: BigRational,
}

impl Between {
    /// A value that is at most `off` away from `middle`.
    #[must_use]
    pub fn about(middle: &BigRational, off: &BigRational) -> Self {
        Self {
            low: middle - off,
            high: middle + off,
        }
    }

    /// Both together.
    pub fn add(&mut self, other: &Self) {
        self.low += &other.low;
        self.high += &other.high;
    }

    /// The middle, to the nearest atom.
    #[must_use]
    pub fn atoms(&self) -> u64 {
        let middle = (&self.low + &self.high) / whole(2);
        middle.round().to_integer().try_into().unwrap_or(0)
    }

    fn holds(&self, value: &BigRational) -> bool {
        self.low <= *value && *value <= self.high
    }

    fn is_narrow(&self) -> bool {
        &self.high - &self.low <= whole(WIDEST_ATOMS)
    }
}

/// What was read and valued, each known to lie between two numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Valued {
    /// What everybody's shares stand for.
    pub people: BTreeMap<PersonId, Between>,
    /// What all shares of a security stand for, those that may still be issued included.
    pub securities: BTreeMap<SecurityId, Between>,
    /// Everything in vaults but shares.
    pub vaults: Between,
    /// Of that, what shares outside vaults stand for.
    pub holders: Between,
    /// What shares that may still be issued stand for.
    pub may_come: Between,
    /// What open redemption tickets have left to collect.
    pub tickets: Between,
    /// What vaults hold that nobody has a claim on.
    pub unclaimed: Between,
    /// All errors of holders' values together are at most this, payout atoms.
    pub bound: BigRational,
}

/// A vault.
#[derive(Clone, Debug)]
pub struct Backed {
    /// What it holds.
    pub by: Backing,
    /// How much, atoms.
    pub amount: BigRational,
    /// Shares whose tickets have nothing more to collect here.
    pub collected: BigRational,
}

/// A security: who has a part of its vaults.
#[derive(Clone, Debug)]
pub struct Shared {
    /// Shares in existence.
    pub live: BigRational,
    /// Of them, those that are not registered in a vault.
    pub outside: BigRational,
    /// Shares that may still be issued.
    pub may_come: BigRational,
    /// Shares on tickets, ever.
    pub redeemed: BigRational,
    /// Shares of people, registered or bearer.
    pub people: BTreeMap<PersonId, BigRational>,
    /// Its vaults.
    pub vaults: Vec<Backed>,
}

impl Shared {
    /// The shares that a vault is divided among.
    fn among(&self, vault: &Backed) -> BigRational {
        &self.live + &self.may_come + &self.redeemed - &vault.collected
    }
}

/// What everything stands for, exactly, payout atoms.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Worth {
    people: BTreeMap<PersonId, BigRational>,
    securities: BTreeMap<SecurityId, BigRational>,
    vaults: BigRational,
    holders: BigRational,
    may_come: BigRational,
    tickets: BigRational,
    unclaimed: BigRational,
}

fn whole(n: impl Into<BigInt>) -> BigRational {
    BigRational::from_integer(n.into())
}

/// Prices of assets: payout atoms for a whole unit as wallets show it.
pub type Prices = BTreeMap<AssetId, u64>;

/// Payout atoms that one stored atom of an asset is worth.
fn price(story: &Story, prices: &Prices, asset: AssetId) -> BigRational {
    let mint = story.asset(asset);
    let shown = BigRational::from_float(mint.multiplier()).unwrap_or_else(BigRational::one);
    let price = prices.get(&asset).copied().unwrap_or(0);
    whole(price) * shown / whole(BigInt::from(10u8).pow(mint.decimals.into()))
}

/// What one share of each security stands for. Each is a sum of money and of parts of others; one after another is put in wherever it occurs.
/// `None` if some hold all of each other, so that nothing of them ever reaches anybody.
fn a_share(
    shared: &BTreeMap<SecurityId, Shared>,
    price: &dyn Fn(AssetId) -> BigRational,
) -> Option<BTreeMap<SecurityId, BigRational>> {
    let mut money: BTreeMap<SecurityId, BigRational> = BTreeMap::new();
    let mut parts: BTreeMap<SecurityId, BTreeMap<SecurityId, BigRational>> = BTreeMap::new();
    for (of, security) in shared {
        let (own, of_others) = (money.entry(*of).or_default(), parts.entry(*of).or_default());
        for vault in &security.vaults {
            let among = security.among(vault);
            if among.is_zero() {
                continue;
            }
            let part = &vault.amount / among;
            match vault.by {
                Backing::Asset(asset) => *own += part * price(asset),
                Backing::Money => *own += part,
                Backing::Shares(other) => *of_others.entry(other).or_default() += part,
            }
        }
    }
    for put_in in shared.keys() {
        // It may have come to hold a part of itself, through those that were put in before.
        let mut inside = std::mem::take(parts.get_mut(put_in)?);
        let rest = BigRational::one() - inside.remove(put_in).unwrap_or_default();
        if rest.is_zero() {
            return None;
        }
        for part in inside.values_mut() {
            *part /= &rest;
        }
        let worth = money.get(put_in)? / rest;
        for of in shared.keys().filter(|of| *of != put_in) {
            let others = parts.get_mut(of)?;
            let Some(times) = others.remove(put_in) else {
                continue;
            };
            for (other, part) in &inside {
                *others.entry(*other).or_default() += &times * part;
            }
            *money.get_mut(of)? += times * &worth;
        }
        money.insert(*put_in, worth);
        parts.insert(*put_in, inside);
    }
    Some(money)
}

/// Everybody's part; `None` as [`a_share`].
fn exact(story: &Story, prices: &Prices, shared: &BTreeMap<SecurityId, Shared>) -> Option<Worth> {
    let price = |asset| price(story, prices, asset);
    let a_share = a_share(shared, &price)?;
    let mut worth = Worth {
        people: story.person_ids().map(|person| (person, BigRational::zero())).collect(),
        ..Worth::default()
    };
    for (of, security) in shared {
        let share = a_share.get(of)?;
        for (person, shares) in &security.people {
            *worth.people.entry(*person).or_default() += shares * share;
        }
        let all = (&security.live + &security.may_come) * share;
        worth.securities.insert(*of, all);
        worth.holders += &security.outside * share;
        worth.may_come += &security.may_come * share;
        for vault in &security.vaults {
            let atom = match vault.by {
                Backing::Asset(asset) => price(asset),
                Backing::Money => BigRational::one(),
                Backing::Shares(other) => a_share.get(&other)?.clone(),
            };
            let has = &vault.amount * atom;
            if !matches!(vault.by, Backing::Shares(_)) {
                worth.vaults += &has;
            }
            let among = security.among(vault);
            if among.is_zero() {
                worth.unclaimed += has;
            } else {
                worth.tickets += has * (&security.redeemed - &vault.collected) / among;
            }
        }
    }
    Some(worth)
}

/// Fails with every value that was read and does not agree with the books; returns how many agree.
///
/// # Errors
/// One line for each.
pub fn agree(
    story: &Story,
    when: &str,
    prices: &Prices,
    read: &Valued,
    shared: &BTreeMap<SecurityId, Shared>,
) -> Result<usize, Disagreement> {
    let refuse = |lines| Disagreement {
        when: when.to_owned(),
        lines,
    };
    let Some(worth) = exact(story, prices, shared) else {
        let line = "  some securities hold all of each other, and yet they were valued".to_owned();
        return Err(refuse(vec![line]));
    };
    let nothing = Between::default();
    let totals = [
        ("everything in vaults", &read.vaults, &worth.vaults),
        ("shares of all holders", &read.holders, &worth.holders),
        ("shares not issued yet", &read.may_come, &worth.may_come),
        ("open redemptions", &read.tickets, &worth.tickets),
        ("what nobody has a claim on", &read.unclaimed, &worth.unclaimed),
    ];
    let of_people = worth.people.iter().map(|(person, exact)| {
        let read = read.people.get(person).unwrap_or(&nothing);
        (format!("{}, shares looked through", story.name(*person)), read, exact)
    });
    let of_securities = worth.securities.iter().map(|(of, exact)| {
        let read = read.securities.get(of).unwrap_or(&nothing);
        (format!("{}, all shares looked through", story.symbol(*of)), read, exact)
    });
    let values: Vec<(String, &Between, &BigRational)> = totals
        .into_iter()
        .map(|(name, read, exact)| (name.to_owned(), read, exact))
        .chain(of_people)
        .chain(of_securities)
        .collect();
    let lines: Vec<String> = values
        .iter()
        .filter(|(_, read, exact)| !read.holds(exact) || !read.is_narrow())
        .map(|(name, read, exact)| {
            let Between { low, high } = read;
            let what = format!("the valuation says {low} to {high} payout atoms, the independent calculation {exact}");
            let wide = if read.is_narrow() {
                ""
            } else {
                "; it has to be known to a cent"
            };
            format!("  {name}: {what}{wide}")
        })
        .collect();
    if lines.is_empty() {
        Ok(values.len())
    } else {
        Err(refuse(lines))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::story::Source;

    fn together() -> Story {
        let source = Source {
            name: "together.toml".to_owned(),
            text: include_str!("../../together.toml").to_owned(),
        };
        Story::read(&source).expect("the story of layers")
    }

    /// `outside` are the shares that are in no vault.
    fn shared(
        live: u64,
        outside: u64,
        may_come: u64,
        redeemed: u64,
        people: &[(usize, u64)],
        vaults: Vec<Backed>,
    ) -> Shared {
        Shared {
            live: whole(live),
            outside: whole(outside),
            may_come: whole(may_come),
            redeemed: whole(redeemed),
            people: people
                .iter()
                .map(|(person, shares)| (PersonId(*person), whole(*shares)))
                .collect(),
            vaults,
        }
    }

    fn vault(by: Backing, amount: u64, collected: u64) -> Backed {
        Backed {
            by,
            amount: whole(amount),
            collected: whole(collected),
        }
    }

    /// Two that hold half and a third of each other; the first has 600 of money, of which an open ticket has its part.
    fn ring() -> BTreeMap<SecurityId, Shared> {
        let (first, second) = (SecurityId(0), SecurityId(1));
        let of_first = vec![vault(Backing::Money, 600, 0), vault(Backing::Shares(second), 50, 20)];
        let of_second = vec![vault(Backing::Shares(first), 20, 0)];
        BTreeMap::from([
            (first, shared(60, 40, 20, 20, &[(0, 40)], of_first)),
            (second, shared(100, 50, 0, 0, &[(1, 50)], of_second)),
        ])
    }

    fn exact_ring() -> Worth {
        exact(&together(), &Prices::new(), &ring()).expect("a value")
    }

    #[test]
    fn a_ring_is_valued_exactly_and_nothing_is_counted_twice() {
        let worth = exact_ring();
        // x = 600/100 + 50/80 y and y = 20/100 x: x = 6 / (1 - 1/8) = 48/7.
        let x = BigRational::new(48.into(), 7.into());
        assert_eq!(worth.people[&PersonId(0)], whole(40) * &x);
        assert_eq!(worth.people[&PersonId(1)], whole(10) * &x);
        assert_eq!(worth.securities[&SecurityId(0)], whole(80) * &x);
        assert_eq!(worth.may_come, whole(20) * &x);
        assert_eq!(worth.tickets, whole(120));
        assert_eq!(worth.vaults, whole(600));
        assert_eq!(worth.vaults, &worth.holders + &worth.may_come + &worth.tickets);
    }

    #[test]
    fn three_that_hold_each_other_satisfy_their_equations_in_any_order() {
        let held = |by: usize, amount| vault(Backing::Shares(SecurityId(by)), amount, 0);
        let all = BTreeMap::from([
            (
                SecurityId(0),
                shared(
                    100,
                    60,
                    0,
                    0,
                    &[],
                    vec![vault(Backing::Money, 700, 0), held(1, 30), held(2, 10)],
                ),
            ),
            (
                SecurityId(1),
                shared(100, 65, 0, 0, &[], vec![held(0, 15), held(2, 20)]),
            ),
            (SecurityId(2), shared(100, 70, 0, 0, &[], vec![held(0, 25), held(1, 5)])),
        ]);
        let values = a_share(&all, &|_| BigRational::zero()).expect("a value");
        for (of, security) in &all {
            let right = security.vaults.iter().map(|vault| {
                let atom = match vault.by {
                    Backing::Shares(other) => values[&other].clone(),
                    _ => BigRational::one(),
                };
                &vault.amount * atom / whole(100)
            });
            assert_eq!(values[of], right.sum(), "{of:?}");
        }
        let worth = exact(&together(), &Prices::new(), &all).expect("a value");
        assert_eq!(worth.holders, whole(700), "all of it is somebody's outside");
    }

    #[test]
    fn a_price_is_of_what_wallets_show_and_what_everybody_redeemed_is_nobodys() {
        let alice = Story::alice().expect("the story of this build");
        let globex = alice.find_asset("GLBXx").expect("an asset");
        // A wallet shows 1.25 for each; the mint has eight decimals: 2 stored units at 8.
        let prices = Prices::from([(globex, 8_000_000)]);
        let in_vault = |live, redeemed, collected| {
            let vaults = vec![vault(Backing::Asset(globex), 200_000_000, collected)];
            BTreeMap::from([(SecurityId(0), shared(live, live, 0, redeemed, &[], vaults))])
        };
        let worth = exact(&alice, &prices, &in_vault(10, 0, 0)).expect("a value");
        assert_eq!(worth.securities[&SecurityId(0)], whole(20_000_000));
        let worth = exact(&alice, &prices, &in_vault(0, 10, 10)).expect("a value");
        assert_eq!((worth.unclaimed, worth.holders), (whole(20_000_000), whole(0)));
    }

    #[test]
    fn what_holds_all_of_each_other_has_no_value() {
        let (first, second) = (SecurityId(0), SecurityId(1));
        let all = |of| vec![vault(Backing::Shares(of), 10, 0)];
        let ring = BTreeMap::from([
            (first, shared(10, 0, 0, 0, &[], all(second))),
            (second, shared(10, 0, 0, 0, &[], all(first))),
        ]);
        assert_eq!(exact(&together(), &Prices::new(), &ring), None);
    }

    #[test]
    fn a_value_that_is_off_or_vague_is_named() {
        let (story, ring, worth) = (together(), ring(), exact_ring());
        let about = |value: &BigRational| Between::about(value, &whole(1));
        let read = Valued {
            people: worth
                .people
                .iter()
                .map(|(person, value)| (*person, about(value)))
                .collect(),
            securities: worth.securities.iter().map(|(of, value)| (*of, about(value))).collect(),
            vaults: about(&worth.vaults),
            holders: about(&worth.holders),
            may_come: about(&worth.may_come),
            tickets: about(&worth.tickets),
            unclaimed: about(&worth.unclaimed),
            bound: whole(1),
        };
        let compare = |read: &Valued| agree(&story, "now", &Prices::new(), read, &ring);
        assert_eq!(compare(&read), Ok(5 + story.people.len() + 2));
        let mut off = read.clone();
        off.people
            .insert(PersonId(1), about(&(&worth.people[&PersonId(1)] + whole(2))));
        let refusal = compare(&off).expect_err("two atoms off").to_string();
        assert!(refusal.contains("Bruno, shares looked through"), "{refusal}");
        assert!(!refusal.contains("Alice"), "{refusal}");
        let mut missing = read.clone();
        missing.securities.clear();
        let refusal = compare(&missing).expect_err("not valued").to_string();
        assert!(refusal.contains("ACME, all shares looked through"), "{refusal}");
        let mut vague = read.clone();
        vague.tickets = Between {
            low: BigRational::zero(),
            high: whole(1_000_000),
        };
        let refusal = compare(&vague).expect_err("too wide").to_string();
        assert!(
            refusal.contains("open redemptions") && refusal.contains("to a cent"),
            "{refusal}"
        );
    }
}
