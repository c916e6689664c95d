//! Every order of eight acts in the reference model, a sample of them on the compiled program, and what is too large for either.

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicUsize, Ordering},
};

use num_traits::ToPrimitive;
use rand::{rngs::StdRng, seq::SliceRandom, Rng, SeedableRng};
use upside_tests::{
    context::START_TS,
    model::{Collection, Refusal, Terms},
};

use super::*;

/// Nothing outside stands in the way.
const FREE: Collection = Collection {
    vault_open: true,
    mint_open: true,
    can_receive: true,
    fee_bps: 0,
    fee_maximum: 0,
};
/// What lies where the later vault will be: of 5,003 atoms sent there its mint withheld 26.
const LATER_BALANCE: u64 = 4_977;

fn atoms(value: &BigInt) -> u64 {
    value.to_u64().expect("an amount of 64 bits")
}

/// What an act makes of the model; what is refused changes nothing.
fn act_in_model(model: &Security, act: Act) -> Result<Security, Refusal> {
    let mut model = model.clone();
    let shares = |model: &Security, w: Wallet| model.positions.get(&w).map_or(0, |p| atoms(&p.shares));
    match act {
        Act::Redeem(w) => {
            let amount = redeemed_part(w).of(shares(&model, w));
            model.redeem((w, 0), amount, false, START_TS)?;
        }
        Act::Collect(w, a) => {
            model.collect((w, 0), a, 0, FREE)?;
        }
        Act::Issue => {
            let room = model.terms.authorised - atoms(&model.issued);
            model.issue(0, Part::Share(20_000).of(room), START_TS)?;
        }
        Act::Retire => {
            let room = model.terms.authorised - atoms(&model.issued).max(1_000_000);
            model.retire(0, Part::Share(9_000).of(room))?;
        }
        Act::Donate(a) => model.vaults.get_mut(&a).ok_or(Refusal::Missing)?.balance += GIVEN,
        Act::Deposit(a) => {
            let vault = model.vaults.get_mut(&a).ok_or(Refusal::Missing)?;
            vault.balance += GIVEN;
            vault.deposited += GIVEN;
        }
        Act::BurnBearer => {
            let bearer = model.bearer.entry(BEARER).or_default();
            *bearer -= Part::Share(30_000).of(atoms(bearer));
        }
        Act::ClawBack(a) => {
            let vault = model.vaults.get_mut(&a).ok_or(Refusal::Missing)?;
            vault.balance -= CLAWED.of(atoms(&vault.balance));
        }
        Act::OpenLater => model.open_vault(0, LATER, true, LATER_BALANCE)?,
        Act::Pause(_) => return Err(Refusal::BadMint),
    }
    Ok(model)
}

/// What each ticket was paid of each asset.
fn payments(model: &Security) -> BTreeMap<(Wallet, Asset), BigInt> {
    let mut payments = BTreeMap::new();
    for ((w, _), ticket) in &model.tickets {
        for (a, vault) in &model.vaults {
            if let Some(paid) = ticket.collected.get(&vault.index) {
                payments.insert((*w, *a), paid.clone());
            }
        }
    }
    payments
}

/// An order as one vault sees it: what moved it or what it is divided by, in that order, and who collected in between, in no order.
fn as_seen_by(a: Asset, order: &[Act]) -> Vec<BTreeSet<Act>> {
    let mut seen = vec![BTreeSet::new()];
    for act in order {
        if act.moves_backing(a) {
            seen.extend([BTreeSet::from([*act]), BTreeSet::new()]);
        } else if matches!(act, Act::Collect(_, of) if *of == a) {
            let last = seen.len() - 1;
            seen[last].insert(*act);
        }
    }
    seen
}

/// Every race of two holders with two things that happen meanwhile.
fn races() -> Vec<Race> {
    let [a, b] = EARLY;
    let with_bearer = [
        Act::Retire,
        Act::Donate(a),
        Act::Deposit(b),
        Act::BurnBearer,
        Act::ClawBack(a),
        Act::OpenLater,
    ];
    let mut races = Vec::new();
    for (i, one) in with_bearer.iter().enumerate() {
        races.extend(with_bearer[i..].iter().map(|other| two_holders_and(&[*one, *other])));
    }
    for other in [
        Act::Issue,
        Act::Retire,
        Act::Donate(a),
        Act::Deposit(b),
        Act::ClawBack(a),
    ] {
        races.push(two_holders_and(&[Act::Issue, other]));
    }
    races
}

/// Who is paid of which asset, the shares of all tickets, the capacity in the end, and the order as the vault sees it.
type Alike = (Wallet, Asset, Vec<BigInt>, u64, Vec<BTreeSet<Act>>);
/// Least and most that a ticket was paid, over the orders that look alike.
type Spread = BTreeMap<Alike, (BigInt, BigInt)>;

/// Issuing takes nothing from anybody: when the issuer redeems none of the new shares, everybody is paid exactly the same. When the issuer does,
/// the others are paid at least the same, but for an atom of rounding; more, if something arrives after the issuer has collected.
///
/// (How much there is to retire depends on what was issued: such races are left out.)
fn issuing_takes_nothing(begin: &Security, order: &[Act], paid: &BTreeMap<(Wallet, Asset), BigInt>) {
    let others = order.iter().filter(|act| **act != Act::Issue);
    let without = payments(&others.fold(begin.clone(), |model, act| act_in_model(&model, *act).unwrap_or(model)));
    let at = |act: Act| order.iter().position(|other| *other == act);
    if at(Act::Redeem(0)) < at(Act::Issue) {
        assert_eq!(*paid, without, "issuing changed what is paid in {order:?}");
    }
    for (id, paid) in paid.iter().filter(|((w, _), _)| *w != 0) {
        let least = &without[id] - 1;
        assert!(
            *paid >= least,
            "{id:?} is paid {paid}, not {}, in {order:?}",
            without[id]
        );
    }
}

/// Runs every order of a race from a model; how many there were.
fn run_race(begin: &Security, race: &Race) -> usize {
    let mut spread = Spread::new();
    let mut orders = 0;
    every_order(
        &(begin.clone(), Exact::new(begin)),
        &race.acts,
        &mut Vec::new(),
        &mut |(model, exact), act, done| {
            if let Ok(after) = act_in_model(model, act) {
                exact
                    .follow(model, &after, act)
                    .unwrap_or_else(|why| panic!("{act:?} after {done:?}: {why}"));
                *model = after;
            }
        },
        &mut |(model, _), order| {
            orders += 1;
            let paid = payments(model);
            for ((w, a), paid) in &paid {
                let shares = model.tickets.values().map(|ticket| ticket.shares.clone()).collect();
                let alike = (*w, *a, shares, model.terms.authorised, as_seen_by(*a, order));
                let (least, most) = spread.entry(alike).or_insert_with(|| (paid.clone(), paid.clone()));
                *least = paid.min(least).clone();
                *most = paid.max(most).clone();
            }
            if race.acts.contains(&Act::Issue) && !race.acts.contains(&Act::Retire) {
                issuing_takes_nothing(begin, order, &paid);
            }
        },
    );
    for ((w, a, _, _, seen), (least, most)) in spread {
        // Two collect from each vault: rounding leaves less than an atom of each behind.
        assert!(
            &most - &least < 2.into(),
            "wallet {w} is paid {least} to {most} of asset {a}, by the order of those who collect alone: {seen:?}"
        );
    }
    orders
}

#[test]
fn every_order_of_eight_acts_in_the_model_pays_each_its_part() {
    let fixture = Fixture::new();
    let begin = [false, true].map(|bearer| model_of(&start(&fixture, bearer)));
    let races = races();
    let (next, orders) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some(race) = races.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let ran = run_race(&begin[usize::from(race.bearer)], race);
                    orders.fetch_add(ran, Ordering::Relaxed);
                }
            });
        }
    });
    let orders = orders.into_inner();
    println!("{orders} orders in the model");
    // 8! orders of which one in nine opens its tickets before they collect, halved where two acts are the same.
    let different = races
        .iter()
        .map(|race| {
            let n = race.acts.len();
            4_480 / if race.acts[n - 1] == race.acts[n - 2] { 2 } else { 1 }
        })
        .sum::<usize>();
    assert_eq!(orders, different);
}

#[test]
fn a_sample_of_the_orders_in_the_model_is_the_same_on_the_program() {
    let fixture = Fixture::new();
    let rng = &mut StdRng::seed_from_u64(4);
    let races = races();
    let begin = [false, true].map(|bearer| start(&fixture, bearer));
    for _ in 0..150 {
        let race = races.choose(rng).expect("races");
        let mut run = begin[usize::from(race.bearer)].clone();
        let mut model = model_of(&run);
        let (mut left, mut done) = (race.acts.clone(), Vec::new());
        while !left.is_empty() {
            let act = left.remove(rng.gen_range(0..left.len()));
            let accepted = run
                .step(&act.step(), left.is_empty())
                .unwrap_or_else(|why| panic!("{act:?} after {done:?}: {why}"));
            let after = act_in_model(&model, act);
            assert_eq!(after.is_ok(), accepted, "{act:?} after {done:?}: {after:?}");
            model = after.unwrap_or(model);
            done.push(act);
            assert_eq!(model, model_of(&run), "after {done:?}");
        }
    }
}

/// A security whose issuer holds `issued` of `authorised` shares and that redeems from the start.
fn redeemable(authorised: u64, issued: u64) -> Security {
    let terms = Terms {
        decimals: 0,
        curated: false,
        authorised,
        drip_seconds: 3_600,
        notice_seconds: 86_400,
        redeem_after: START_TS,
    };
    Security::create(terms, "large", 0, issued, START_TS, None).expect("good terms")
}

/// Collects, and compares what is paid with the exact part, rounded down.
fn collect(model: &mut Security, id: TicketId, a: Asset) -> Result<(), Refusal> {
    let before = model.clone();
    model.collect(id, a, 0, FREE)?;
    let vault = &before.vaults[&a];
    let part = &vault.balance * &before.tickets[&id].shares / before.redemption_divisor(vault);
    assert_eq!(model.tickets[&id].collected[&vault.index], part, "{id:?} of {vault:?}");
    moves_for_a_reason(&before, model, a, Act::Collect(id.0, a)).unwrap_or_else(|why| panic!("{why}"));
    Ok(())
}

#[test]
fn tickets_collect_from_256_vaults_and_from_none_that_was_opened_later() {
    const HOLDERS: Wallet = 4;
    const BATCH: usize = 64;
    let rng = &mut StdRng::seed_from_u64(256);
    let mut model = redeemable(1_000_003, 900_001);
    for w in 1..HOLDERS {
        model.transfer(0, w, 200_003, false, START_TS).expect("shares");
    }
    // A batch of vaults, then each holder redeems: four tickets of each, which reach 64 vaults more each time.
    for batch in 0..4 {
        for a in batch * BATCH..(batch + 1) * BATCH {
            model
                .open_vault(0, a, true, rng.gen_range(0..100_000))
                .expect("a vault");
        }
        for w in 0..HOLDERS {
            let id = u64::try_from(batch).expect("a small number");
            model.redeem((w, id), 40_009, false, START_TS).expect("a ticket");
        }
        covers_tickets(&model).unwrap_or_else(|why| panic!("{why}"));
    }
    assert_eq!(model.open_vault(0, 256, true, 1), Err(Refusal::TooManyVaults));
    let mut pairs: Vec<(TicketId, Asset)> = model.tickets.keys().flat_map(|id| (0..256).map(|a| (*id, a))).collect();
    pairs.shuffle(rng);
    let mut collected = 0;
    for (id, a) in pairs {
        let ticket = model.tickets[&id].clone();
        assert_eq!(ticket.reach, BATCH * (usize::try_from(id.1).expect("small") + 1));
        let result = collect(&mut model, id, a);
        if a < ticket.reach {
            assert_eq!(result, Ok(()), "{id:?} and asset {a}");
            assert_eq!(collect(&mut model.clone(), id, a), Err(Refusal::CollectedAlready));
            collected += 1;
        } else {
            assert_eq!(result, Err(Refusal::OutOfReach), "{id:?} and asset {a}");
        }
    }
    // Four holders, and tickets that reach 64, 128, 192 and 256 vaults.
    assert_eq!(collected, HOLDERS * BATCH * (1 + 2 + 3 + 4));
    covers_tickets(&model).unwrap_or_else(|why| panic!("{why}"));
    for id in model.tickets.keys().copied().collect::<Vec<_>>() {
        model.close_redemption(id).expect("all collected");
    }
    assert!(model.vaults.values().all(|vault| vault.collected == model.redeemed));
}

#[test]
fn large_random_races_keep_every_promise_of_redemption() {
    const HOLDERS: Wallet = 20;
    const ACTS: usize = 1_500;
    let (mut refused, mut collects) = (0, 0);
    for seed in 0..6 {
        let rng = &mut StdRng::seed_from_u64(seed);
        // Every other one with the largest numbers there are.
        let (authorised, most) = if seed % 2 == 0 {
            (u64::MAX, u64::MAX / 8_000)
        } else {
            (1_000_003, 1_000)
        };
        let mut model = redeemable(authorised, authorised / 10 * 9);
        for a in 0..4 {
            model.open_vault(0, a, true, rng.gen_range(0..=most)).expect("a vault");
        }
        for w in 1..HOLDERS {
            let amount = rng.gen_range(1..=authorised / 40);
            model.transfer(0, w, amount, false, START_TS).expect("shares");
            model
                .unregister(w, amount / 4, true, false, START_TS)
                .expect("bearer shares");
        }
        for _ in 0..ACTS {
            let (w, a) = (rng.gen_range(0..HOLDERS), rng.gen_range(0..12));
            let shares = model.positions.get(&w).map_or(0, |p| atoms(&p.shares));
            let bearer = model.bearer.get(&w).map_or(0, atoms);
            let balance = model.vaults.get(&a).map_or(0, |v| atoms(&v.balance));
            let before = model.clone();
            let id = (w, rng.gen_range(0..4));
            let (act, result) = match rng.gen_range(0..20) {
                0..=2 => {
                    let amount = rng.gen_range(0..=shares / 4);
                    (Act::Redeem(w), model.redeem(id, amount, false, START_TS))
                }
                3..=12 => (Act::Collect(w, a), model.collect(id, a, 0, FREE).map(drop)),
                13 => (Act::Redeem(w), model.close_redemption(id)),
                14 => (Act::Retire, model.retire(0, rng.gen_range(0..=authorised / 10_000))),
                15 => (Act::Issue, model.issue(0, 1, START_TS)),
                16..=17 => {
                    let given = rng.gen_range(0..=most);
                    let vault = model.vaults.get_mut(&a).ok_or(Refusal::Missing);
                    (Act::Donate(a), vault.map(|vault| vault.balance += given))
                }
                18 => {
                    let burnt = rng.gen_range(0..=bearer / 4);
                    let given = model.bearer.entry(w).or_default();
                    *given -= burnt;
                    (Act::BurnBearer, Ok(()))
                }
                _ if rng.gen() => {
                    let clawed = rng.gen_range(0..=balance);
                    let vault = model.vaults.get_mut(&a).ok_or(Refusal::Missing);
                    (Act::ClawBack(a), vault.map(|vault| vault.balance -= clawed))
                }
                _ => (Act::Issue, model.open_vault(0, a, true, rng.gen_range(0..=most))),
            };
            if result.is_err() {
                model = before;
                refused += 1;
                continue;
            }
            collects += usize::from(matches!(act, Act::Collect(..)));
            for a in before.vaults.keys() {
                moves_for_a_reason(&before, &model, *a, act).unwrap_or_else(|why| panic!("seed {seed}: {why}"));
            }
            covers_tickets(&model).unwrap_or_else(|why| panic!("seed {seed}: {why}"));
            assert!(model.redeemed <= model.issued && model.issued <= authorised.into());
        }
    }
    println!("{collects} collects, {refused} acts refused");
    assert!(collects > 700, "only {collects} collects");
}
