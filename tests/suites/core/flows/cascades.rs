//! C-1 and C-2: fifty securities that hold each other at random, in cycles too, on the compiled program.
//!
//! What comes out at the holders outside is compared with the closed forms, which are computed here and share no code with the program: money
//! paid in reaches them as `(I - C)^-1 d`, and a share redeemed hop by hop is worth `(I - C)^-1 p`, whatever the order.

use std::collections::BTreeMap;

use anchor_lang::prelude::Pubkey;
use rand::{rngs::StdRng, seq::SliceRandom, Rng, SeedableRng};
use solana_signer::Signer;
use upside_client::{events::Event, layers, quote};
use upside_lookalike_mints::balances::MintRef;
use upside_tests::{context::DAY, TestContext, TestSecurity};

/// Securities of a graph.
const SECURITIES: usize = 50;
/// Share atoms authorised of each, all of them issued.
const AUTHORISED: u64 = 1_000_000_000_000;
/// Most share atoms of one security that others hold: the rest is its issuer's, who is outside.
const MOST_HELD: u64 = AUTHORISED / 10 * 6;

/// Securities by number, and who holds how many atoms of whom.
struct Graph {
    ctx: TestContext,
    rng: StdRng,
    securities: Vec<TestSecurity>,
    /// By upper and lower security.
    held: BTreeMap<(usize, usize), u64>,
}

impl Graph {
    /// Every security holds one to four others. `money(i)` is what number i pays out.
    fn new(seed: u64, money: impl Fn(&TestContext, usize) -> MintRef) -> Self {
        let ctx = TestContext::without_signatures();
        let mut rng = StdRng::seed_from_u64(seed);
        let securities: Vec<TestSecurity> = (0..SECURITIES)
            .map(|number| {
                ctx.security(&format!("security-{number}"))
                    .supply(AUTHORISED, AUTHORISED)
                    .drip(3_600)
                    .redeemable(0)
                    .payout(money(&ctx, number))
                    .create()
            })
            .collect();
        let mut held: BTreeMap<(usize, usize), u64> = BTreeMap::new();
        for upper in 0..SECURITIES {
            for _ in 0..rng.gen_range(1..=4) {
                let lower = rng.gen_range(0..SECURITIES);
                let amount = rng.gen_range(AUTHORISED / 100..AUTHORISED / 4);
                let total: u64 = held
                    .iter()
                    .filter(|((_, l), _)| *l == lower)
                    .map(|(_, amount)| amount)
                    .sum();
                if lower != upper && total + amount <= MOST_HELD && !held.contains_key(&(upper, lower)) {
                    held.insert((upper, lower), amount);
                }
            }
        }
        for ((upper, lower), amount) in &held {
            ctx.back_with_shares(&securities[*upper], &securities[*lower], *amount);
        }
        let graph = Self {
            ctx,
            rng,
            securities,
            held,
        };
        assert!(graph.has_a_cycle(), "seed {seed} has no cycle");
        graph
    }

    fn has_a_cycle(&self) -> bool {
        // A security that reaches itself.
        let reaches = |from: usize| {
            let (mut seen, mut next) = (vec![false; SECURITIES], vec![from]);
            while let Some(upper) = next.pop() {
                for ((_, lower), _) in self.held.range((upper, 0)..(upper + 1, 0)) {
                    if *lower == from {
                        return true;
                    }
                    if !std::mem::replace(&mut seen[*lower], true) {
                        next.push(*lower);
                    }
                }
            }
            false
        };
        (0..SECURITIES).any(reaches)
    }

    /// The part of `lower` that `upper` holds, for every pair, as fractions.
    fn parts(&self) -> impl Iterator<Item = (usize, usize, f64)> + '_ {
        self.held
            .iter()
            .map(|((upper, lower), amount)| (*upper, *lower, *amount as f64 / AUTHORISED as f64))
    }

    /// Harvests whatever is due, in a random order. Returns how many there were.
    fn crank(&mut self) -> usize {
        let layers = layers::read_layers(&self.ctx.sender).expect("the machine answers");
        let mut due = layers.due_harvests(self.ctx.now()).expect("quotes");
        due.shuffle(&mut self.rng);
        for (holding, quoted) in &due {
            let receipt = self.ctx.send(&[holding.harvest()], &[]);
            let Some(Event::UpsideClaimed(claimed)) = receipt.events.first() else {
                panic!("a harvest tells what it took")
            };
            // One harvest changes no other of this moment: money drips.
            assert_eq!(claimed.amount_atoms, *quoted);
        }
        due.len()
    }

    /// Atoms of a money in the payout vaults, in vaults, and with the issuers.
    fn money(&self, money: &MintRef) -> (u64, u64, u64) {
        let balance = |account: Pubkey| self.ctx.balance(&account);
        let sum = |of: &dyn Fn(&TestSecurity) -> u64| self.securities.iter().map(of).sum::<u64>();
        let of_this = |s: &TestSecurity| s.payout.mint == money.mint;
        (
            sum(&|s| if of_this(s) { balance(s.keys.payout_vault()) } else { 0 }),
            sum(&|s| balance(money.account_of(&s.keys.vault(&money.mint)))),
            sum(&|s| balance(money.account_of(&s.issuer_key()))),
        )
    }

    /// Every issuer claims what is due. Returns what each got.
    fn claim_all(&self) -> Vec<u64> {
        let now = self.ctx.now();
        self.securities
            .iter()
            .map(|security| {
                let position = self.ctx.position(security, &security.issuer_key());
                let state = self.ctx.security_state(security);
                let owed = quote::position(&state, &position, now).expect("a quote");
                if owed.claimable_atoms > 0 {
                    self.ctx.claim(security, &security.issuer)
                } else {
                    0
                }
            })
            .collect()
    }
}

/// The solution of `x = start + M x`, with `M` given by entries (row, column, value), by iteration until nothing changes.
fn solve(start: &[f64], entries: &[(usize, usize, f64)]) -> Vec<f64> {
    let mut x = start.to_vec();
    for _ in 0..10_000 {
        let mut next = start.to_vec();
        for (row, column, value) in entries {
            next[*row] += value * x[*column];
        }
        if next == x {
            break;
        }
        x = next;
    }
    x
}

#[test]
fn money_paid_in_anywhere_reaches_the_holders_outside_as_the_closed_form_says() {
    for seed in [1, 2, 3] {
        let mut graph = Graph::new(seed, |ctx, _| ctx.payout());
        let money = graph.ctx.payout();
        let mut paid_in = vec![0; SECURITIES];
        for _ in 0..10 {
            let to = graph.rng.gen_range(0..SECURITIES);
            let atoms = graph.rng.gen_range(1..2_000_000_000);
            graph.ctx.distribute(&graph.securities[to], atoms);
            paid_in[to] += atoms;
        }
        let total: u64 = paid_in.iter().sum();
        let (mut rounds, mut harvests) = (0, 0);
        let mut got = vec![0; SECURITIES];
        loop {
            graph.ctx.warp(DAY);
            let due = graph.crank();
            harvests += due;
            rounds += 1;
            // C-1 after every round: no atom is made or lost, and what is outside never exceeds what was paid in.
            let (inside, backing, outside) = graph.money(&money);
            assert_eq!((inside + outside, backing), (total, 0), "seed {seed}, round {rounds}");
            if rounds % 7 == 0 || due == 0 {
                for (sum, claimed) in got.iter_mut().zip(graph.claim_all()) {
                    *sum += claimed;
                }
            }
            if due == 0 {
                break;
            }
            assert!(rounds < 200, "seed {seed} does not converge");
        }
        // Everything received by i: what was paid in there and its part of what those received that it holds.
        let entries: Vec<_> = graph.parts().collect();
        let start: Vec<f64> = paid_in.iter().map(|atoms| *atoms as f64).collect();
        let received = solve(&start, &entries);
        let mut outside = [1.0; SECURITIES];
        for (_, lower, part) in &entries {
            outside[*lower] -= part;
        }
        // Less than an atom stays behind in each position, and less than one in each remainder; wherever it is, it is missing at most once.
        let behind = (graph.held.len() + 2 * SECURITIES) as f64;
        for number in 0..SECURITIES {
            let expected = received[number] * outside[number];
            let difference = got[number] as f64 - expected;
            assert!(
                difference.abs() <= behind,
                "seed {seed}: security {number} paid {} out where {expected} was due",
                got[number]
            );
        }
        let out: u64 = got.iter().sum();
        assert!(
            out <= total && (total - out) as f64 <= behind,
            "seed {seed}: {out} of {total}"
        );
        println!(
            "seed {seed}: {} holdings, {harvests} harvests in {rounds} rounds, {out} of {total} atoms",
            graph.held.len()
        );
        graph.ctx.assert_events_rebuild_state();
    }
}

#[test]
fn money_of_two_kinds_is_conserved_and_ends_with_holders_or_in_vaults() {
    let mut graph = Graph::new(4, |ctx, number| {
        if number % 3 == 0 {
            ctx.legacy_mint("euros")
        } else {
            ctx.payout()
        }
    });
    let kinds = [graph.ctx.payout(), graph.ctx.legacy_mint("euros")];
    let mut paid_in = [0; 2];
    for _ in 0..20 {
        let to = graph.rng.gen_range(0..SECURITIES);
        let atoms = graph.rng.gen_range(1..2_000_000_000);
        graph.ctx.distribute(&graph.securities[to], atoms);
        let kind = usize::from(graph.securities[to].payout.mint != kinds[0].mint);
        paid_in[kind] += atoms;
    }
    let mut rounds = 0;
    loop {
        graph.ctx.warp(DAY);
        let due = graph.crank();
        for (money, paid_in) in kinds.iter().zip(paid_in) {
            let (inside, backing, outside) = graph.money(money);
            assert_eq!(inside + backing + outside, paid_in);
        }
        if due == 0 {
            break;
        }
        rounds += 1;
        assert!(rounds < 200);
    }
    graph.claim_all();
    let behind = (graph.held.len() + 2 * SECURITIES) as u64;
    for (money, paid_in) in kinds.iter().zip(paid_in) {
        let (inside, backing, outside) = graph.money(money);
        assert!(inside <= behind, "{inside} atoms are left inside");
        assert!(backing > 0 && outside > 0 && backing + outside <= paid_in);
    }
    graph.ctx.assert_events_rebuild_state();
}

/// Redeems hop by hop what the issuer of security 0 has, in an order that `seed` decides, until nothing is left but crumbs. Returns the atoms of
/// `asset` that arrived, and the closed form of what they should be, with how far rounding may have led from it.
fn redeem_hop_by_hop(seed: u64, order: u64) -> (u64, f64, f64) {
    /// Fewer share atoms than this are not worth a ticket.
    const CRUMB: u64 = 1_000;
    let mut graph = Graph::new(seed, |ctx, _| ctx.payout());
    let asset = graph.ctx.legacy_mint("asset");
    let mut backing = vec![0.0; SECURITIES];
    for (number, backing) in backing.iter_mut().enumerate() {
        let atoms = graph.rng.gen_range(0..2 * AUTHORISED);
        graph.ctx.open_vault(&graph.securities[number], &asset);
        graph.ctx.deposit(&graph.securities[number], &asset, atoms);
        *backing = atoms as f64;
    }
    // Worth of one whole security: what lies in its vault and its part of what those are worth that it holds.
    let entries: Vec<_> = graph.parts().collect();
    let worth = solve(&backing, &entries);
    let most_worth = worth.iter().copied().fold(0.0, f64::max) / AUTHORISED as f64;

    let holder = graph.ctx.wallet("holder");
    let start = AUTHORISED / 10 * 4;
    graph.ctx.give_shares(&graph.securities[0], &holder, start);
    graph.ctx.open_account(&asset, &holder.pubkey());
    let mut rng = StdRng::seed_from_u64(order);
    let mut held: BTreeMap<usize, u64> = [(0, start)].into();
    let (mut id, mut collections) = (0, 0);
    loop {
        let worthwhile: Vec<usize> = held
            .iter()
            .filter(|(_, amount)| **amount >= CRUMB)
            .map(|(number, _)| *number)
            .collect();
        let Some(number) = worthwhile.choose(&mut rng).copied() else {
            break;
        };
        let amount = held.remove(&number).expect("held");
        let security = &graph.securities[number];
        graph.ctx.redeem(security, &holder, id, amount);
        let mut legs: Vec<Option<usize>> = vec![None];
        legs.extend(
            graph
                .held
                .range((number, 0)..(number + 1, 0))
                .map(|((_, lower), _)| Some(*lower)),
        );
        legs.shuffle(&mut rng);
        for leg in legs {
            collections += 1;
            match leg {
                None => {
                    let collect = graph.ctx.collect_instruction(security, &holder.pubkey(), id, &asset);
                    graph.ctx.send(&[collect.instruction()], &[&holder]);
                }
                Some(lower) => {
                    let arrived = graph
                        .ctx
                        .collect_shares(security, &graph.securities[lower], &holder, id);
                    *held.entry(lower).or_default() += arrived;
                }
            }
        }
        id += 1;
    }
    let crumbs: u64 = held.values().sum();
    let expected = worth[0] * start as f64 / AUTHORISED as f64;
    // Each collection leaves less than one atom behind, and the crumbs were not redeemed.
    let rounding = (collections as f64 + crumbs as f64) * most_worth.max(1.0);
    println!("seed {seed}, order {order}: {id} tickets, {collections} collections, {crumbs} crumbs");
    graph.ctx.assert_events_rebuild_state();
    (
        graph.ctx.balance(&asset.account_of(&holder.pubkey())),
        expected,
        rounding,
    )
}

#[test]
fn redeeming_hop_by_hop_pays_the_look_through_worth_in_any_order() {
    for (seed, order) in [(1, 10), (1, 11), (5, 12)] {
        let (arrived, expected, rounding) = redeem_hop_by_hop(seed, order);
        let difference = arrived as f64 - expected;
        println!("seed {seed}, order {order}: {arrived} arrived, {expected} expected, within {rounding}");
        assert!(
            difference.abs() <= rounding && rounding < expected / 10_000.0,
            "seed {seed}, order {order}: {arrived} arrived, {expected} expected, within {rounding}"
        );
    }
}
