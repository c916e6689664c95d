//! Every way through the solver, on graphs that take it.

use rand::{rngs::StdRng, Rng, SeedableRng};
use upside_valuation::{certify, value, Graph, Holding, Options, Prices, Supply};

const SHARES: u64 = 1_000_000_000_000;

fn vault(holder: u32, asset: u32, balance: u64) -> Holding {
    Holding {
        holder,
        asset,
        balance,
        collected_total: 0,
    }
}

fn graph(securities: u32, shares: Vec<Holding>, primitives: Vec<Holding>) -> Graph {
    Graph::new(
        vec![Supply::all_issued(SHARES); securities as usize],
        1,
        shares,
        primitives,
    )
    .expect("a graph")
}

/// Whether two numbers agree to ten digits.
fn close(left: f64, right: f64) -> bool {
    (left - right).abs() <= 1e-10 * right.abs()
}

#[test]
fn a_long_chain_in_an_unlucky_order_is_solved_in_one_pass() {
    // Each holds nine tenths of the next, and only the last has an asset: whole passes in this order carry it one step each.
    let count = 50_000;
    let tenths = SHARES / 10 * 9;
    let shares = (0..count - 1).map(|holder| vault(holder, holder + 1, tenths)).collect();
    let graph = graph(count, shares, vec![vault(count - 1, 0, 1_000)]);
    let options = Options {
        passes: 40,
        ..Options::default()
    };
    let worth = value(&graph, &Prices::certain(vec![1.0]), &options).expect("values");
    assert!(close(worth.low[count as usize - 1], 1_000.0));
    assert!(close(worth.low[count as usize - 101], 1_000.0 * 0.9f64.powi(100)));
    assert!(worth.low_certificate.relative_bound() <= 1e-12);
}

#[test]
fn a_ring_that_iterations_do_not_get_through_is_solved_by_elimination() {
    // A thousand in a ring that hold all of each other, but for one share of a million million each.
    let count = 1_000;
    let shares = (0..count)
        .map(|holder| vault(holder, (holder + 1) % count, SHARES - 1))
        .collect();
    let graph = graph(count, shares, vec![vault(0, 0, 1_000)]);
    let options = Options {
        tolerance: 1e-3,
        passes: 40,
    };
    let worth = value(&graph, &Prices::certain(vec![1.0]), &options).expect("values");
    // Nearly the same for everyone; what leaves at the thousand exits together is what came in.
    let each = 1_000.0 * SHARES as f64 / f64::from(count);
    for value in &worth.low {
        assert!((value - each).abs() <= 1e-6 * each, "{value} {each}");
    }
    assert!(worth.low_certificate.gap().abs() <= worth.low_certificate.bound);
}

#[test]
fn many_threads_compute_the_very_same_numbers_as_one() {
    let (count, holdings) = (40_000u32, 450_000);
    let mut rng = StdRng::seed_from_u64(11);
    let mut pairs: Vec<(u32, u32)> = (0..holdings + holdings / 20)
        .map(|_| (rng.gen_range(0..count), rng.gen_range(0..count)))
        .filter(|(holder, asset)| holder != asset)
        .collect();
    pairs.sort_unstable();
    pairs.dedup();
    assert!(pairs.len() > 440_000);
    // About eleven vaults hold each: 3% each leaves most rings slow enough for a Krylov method in one of two cases.
    for part in [SHARES / 33, SHARES / 1_000] {
        let shares = pairs.iter().map(|(holder, asset)| vault(*holder, *asset, part));
        let primitives = (0..count).map(|holder| vault(holder, 0, 1 + u64::from(holder) % 977));
        let graph = graph(count, shares.collect(), primitives.collect());
        let prices = Prices::certain(vec![1.0]);
        let solve = |threads| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .expect("threads");
            pool.install(|| value(&graph, &prices, &Options::default()).expect("values"))
        };
        let (alone, together) = (solve(1), solve(5));
        assert_eq!(alone, together);
        let checked = certify(&graph, &prices.low, &alone.low).expect("numbers");
        assert!(checked.relative_bound() <= 2e-12, "{checked:?}");
    }
}
