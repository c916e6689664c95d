//! Why something is worth what it is worth.

use proptest::prelude::*;
use upside_valuation::{attribution, effect_of_asset, value, why, Graph, Holding, Options, Prices, Supply};

use crate::graphs::{random, Case};

/// All paths up to a length, by plain recursion.
fn all_paths(case: &Case, security: u32, weight: f64, depth: usize, through: &mut Vec<u32>, found: &mut Vec<f64>) {
    let graph = &case.graph;
    through.push(security);
    let part = |holding: &Holding| match graph.denominator(holding) {
        0 => 0.0,
        denominator => holding.balance as f64 / denominator as f64,
    };
    for holding in graph.primitives_of(security) {
        found.push(weight * part(holding) * case.prices[holding.asset as usize]);
    }
    if depth > 0 {
        for holding in graph.shares_of(security) {
            all_paths(case, holding.asset, weight * part(holding), depth - 1, through, found);
        }
    }
    through.pop();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn the_largest_paths_are_the_largest_and_the_rest_is_bounded(seed: u64, securities in 2u32..7) {
        let case = random(seed, securities, 1, false);
        let graph = &case.graph;
        let solved = value(graph, &case.certain(), &Options::default()).unwrap();
        let shares = graph.outside(0);
        let found = why(graph, &case.prices, &solved.low, 0, shares, 5, 10_000);
        let tiny = 1e-9 * (1.0 + found.total);
        let sum: f64 = found.paths.iter().map(|path| path.value).sum();
        prop_assert!((sum + found.remainder - found.total).abs() <= tiny);
        let mut all = Vec::new();
        all_paths(&case, 0, shares as f64, 9, &mut Vec::new(), &mut all);
        all.retain(|value| *value > 0.0);
        all.sort_by(|a, b| b.total_cmp(a));
        for (path, expected) in found.paths.iter().zip(&all) {
            prop_assert!((path.value - expected).abs() <= tiny, "{found:?} {all:?}");
        }
        prop_assert!(found.paths.len() >= all.len().min(5));
    }

    #[test]
    fn what_assets_contribute_is_what_their_change_does(seed: u64, securities in 2u32..30) {
        let case = random(seed, securities, 3, false);
        let graph = &case.graph;
        let solved = value(graph, &case.certain(), &Options::default()).unwrap();
        let shares = graph.outside(0);
        let claims = graph.supplies()[0].claims();
        prop_assume!(claims > 0);
        let found = attribution(graph, &case.prices, &solved.low, (0, shares), 1e-10, 1_000_000);
        let tiny = 1e-8 * (1.0 + found.total);
        let sum: f64 = found.assets.values().sum();
        prop_assert!((sum + found.remainder - found.total).abs() <= tiny);
        for asset in 0..graph.asset_count() {
            let forward = effect_of_asset(graph, asset, case.prices[asset as usize], &Options::default()).unwrap();
            let expected = forward[0] / claims as f64 * shares as f64;
            prop_assert!((found.assets.get(&asset).copied().unwrap_or(0.0) - expected).abs() <= tiny);
        }
    }
}

#[test]
fn a_ring_is_gone_round_path_by_path() {
    let holding = |holder, asset, balance| Holding {
        holder,
        asset,
        balance,
        collected_total: 0,
    };
    let graph = Graph::new(
        vec![Supply::all_issued(1_000_000); 2],
        1,
        vec![holding(0, 1, 500_000), holding(1, 0, 500_000)],
        vec![holding(0, 0, 300)],
    )
    .unwrap();
    let solved = value(&graph, &Prices::certain(vec![1.0]), &Options::default()).unwrap();
    let found = why(&graph, &[1.0], &solved.low, 1, 500_000, 3, 1_000);
    // 100 in all: a quarter of 300, then a quarter of that each time round.
    let through: Vec<&[u32]> = found.paths.iter().map(|path| path.through.as_slice()).collect();
    assert_eq!(through, [&[1u32, 0][..], &[1, 0, 1, 0], &[1, 0, 1, 0, 1, 0]]);
    for (path, expected) in found.paths.iter().zip([75.0, 18.75, 4.6875]) {
        assert!((path.value - expected).abs() < 1e-9);
    }
    assert!((found.remainder - 1.5625).abs() < 1e-9);
}
