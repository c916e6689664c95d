//! Values against exact rational arithmetic.

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{Signed, Zero};
use proptest::prelude::*;
use upside_valuation::{
    exact_per_share_atom, value, Asset, Graph, Holding, Multiplier, Options, Prices, Quote, Staleness, Supply, Unsolved,
};

use crate::graphs::{exact_outside, exact_primitive, number, random, Case};

/// All outside errors together, exactly.
fn outside_error(case: &Case, values: &[f64], exact: &[BigRational]) -> BigRational {
    let graph = &case.graph;
    let mut sum = BigRational::zero();
    for (security, exact) in (0u32..).zip(exact) {
        let supply = graph.supplies()[security as usize];
        let claims = BigInt::from(supply.claims());
        if claims.is_zero() {
            continue;
        }
        let claimed = BigRational::from_float(values[security as usize]).expect("finite") / BigRational::from(claims);
        let outside = u128::from(graph.outside(security)) + u128::from(supply.capacity());
        sum += (claimed - exact).abs() * BigRational::from(BigInt::from(outside));
    }
    sum
}

fn check(case: &Case) {
    let exact = exact_per_share_atom(&case.graph, &case.exact_prices()).expect("values");
    let solved = value(&case.graph, &case.certain(), &Options::default()).expect("values");
    assert_eq!(
        exact_primitive(case),
        exact_outside(case, &exact),
        "nothing is counted twice"
    );
    let bound = BigRational::from_float(solved.low_certificate.bound).expect("finite");
    assert!(outside_error(case, &solved.low, &exact) <= bound);
    // The tolerance, or what numbers of 53 bits can say when values go round many times before they leave.
    let certificate = solved.low_certificate;
    let gross: f64 = solved.low.iter().sum();
    assert!(
        certificate.bound <= 2e-12 * certificate.primitive + 64.0 * f64::EPSILON * gross,
        "{certificate:?}"
    );
    assert!(solved.low_certificate.gap().abs() <= solved.low_certificate.bound);
    for (security, exact) in (0u32..).zip(&exact) {
        let shares = case.graph.outside(security);
        let certain = solved.position(&case.graph, security, shares);
        let truth = exact * BigRational::from(BigInt::from(shares));
        assert!(BigRational::from_float(certain.low).unwrap() <= truth);
        assert!(truth <= BigRational::from_float(certain.high.unwrap()).unwrap());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn values_of_small_graphs_are_the_exact_ones_within_the_certificate(seed: u64, securities in 2u32..12, degree in 0u32..5) {
        check(&random(seed, securities, degree, false));
    }

    #[test]
    fn rings_that_keep_almost_everything_are_exact_too(seed: u64, securities in 2u32..10) {
        check(&random(seed, securities, 3, true));
    }
}

#[test]
fn components_too_large_for_elimination_are_exact_within_the_certificate() {
    for seed in 0..2 {
        check(&random(seed, 72, 3, false));
    }
    check(&random(7, 68, 2, true));
}

fn holding(holder: u32, asset: u32, balance: u64) -> Holding {
    Holding {
        holder,
        asset,
        balance,
        collected_total: 0,
    }
}

#[test]
fn two_that_hold_half_of_each_other_count_every_dollar_once() {
    let graph = Graph::new(
        vec![Supply::all_issued(1_000_000); 2],
        1,
        vec![holding(0, 1, 500_000), holding(1, 0, 500_000)],
        vec![holding(0, 0, 300)],
    )
    .unwrap();
    let solved = value(&graph, &Prices::certain(vec![1.0]), &Options::default()).unwrap();
    // V0 = 300 + V1 / 2, V1 = V0 / 2.
    assert!((solved.low[0] - 400.0).abs() < 1e-9 && (solved.low[1] - 200.0).abs() < 1e-9);
    assert!((solved.low_certificate.outside - 300.0).abs() < 1e-9);
}

#[test]
fn a_ring_that_nobody_outside_owns_has_no_value_and_says_so() {
    let ring = |members: u32| {
        let shares = (0..members)
            .map(|member| holding(member, (member + 1) % members, 1_000_000))
            .collect();
        Graph::new(
            vec![Supply::all_issued(1_000_000); members as usize],
            1,
            shares,
            vec![holding(0, 0, 5)],
        )
        .unwrap()
    };
    for members in [2, 200] {
        let graph = ring(members);
        let wrong = value(&graph, &Prices::certain(vec![1.0]), &Options::default()).unwrap_err();
        assert!(matches!(wrong, Unsolved::Trapped { .. }), "{wrong}");
        // Without anything in it, it is simply worth nothing.
        let nothing = value(&graph, &Prices::certain(vec![0.0]), &Options::default()).unwrap();
        assert!(nothing.low.iter().all(|value| *value == 0.0));
        assert!(exact_per_share_atom(&graph, &[BigRational::from(BigInt::from(1))]).is_none());
    }
}

#[test]
fn capacity_and_open_tickets_have_their_part() {
    // 400 live, 500 not issued, 100 redeemed of which 40 have collected: 1000 - 40 claims on the vault.
    let supply = Supply {
        live: 400,
        authorised: 1_000,
        issued: 500,
        redeemed_total: 100,
    };
    let vault = Holding {
        collected_total: 40,
        ..holding(0, 0, 960)
    };
    let graph = Graph::new(vec![supply], 1, vec![], vec![vault]).unwrap();
    let solved = value(&graph, &Prices::certain(vec![2.0]), &Options::default()).unwrap();
    let certificate = solved.low_certificate;
    assert_eq!(
        (certificate.outside, certificate.capacity, certificate.tickets),
        (800.0, 1_000.0, 120.0)
    );
    let interval = solved.per_share_atom(&graph, 0);
    assert!((interval.low - 2.0).abs() < 1e-12);
}

fn quoted(text: &str, as_of: Option<i64>) -> Asset {
    Asset {
        decimals: 2,
        multiplier: Some(Multiplier {
            current: 1.0,
            scheduled: 2.0,
            effective_ts: 1_000,
        }),
        quote: Some(Quote {
            low: text.parse().unwrap(),
            high: text.parse().unwrap(),
            as_of,
        }),
    }
}

#[test]
fn a_split_changes_what_wallets_show_and_not_what_atoms_are_worth() {
    let staleness = Staleness::default();
    let price = |asset: Asset, now| number(&asset.price(now, &staleness).low);
    // Quoted at 10 before a split of two for one, at 5 after it.
    assert_eq!(price(quoted("10", Some(999)), 999), 0.1);
    assert_eq!(price(quoted("10", Some(999)), 1_001), 0.1);
    assert_eq!(price(quoted("5", Some(1_000)), 1_001), 0.1);
    assert_eq!(price(quoted("5", None), 999), 0.05);
}

#[test]
fn old_quotes_widen_and_missing_ones_bound_nothing() {
    let staleness = Staleness {
        fresh_seconds: 86_400,
        widen_bps_per_day: 1_000,
    };
    let day = 86_400;
    let asset = Asset {
        multiplier: None,
        ..quoted("10", Some(0))
    };
    let at = |now| asset.price(now, &staleness);
    let ends = |now| (number(&at(now).low), number(at(now).high.as_ref().unwrap()));
    assert_eq!(ends(day), (0.1, 0.1));
    assert_eq!(ends(3 * day), (0.08, 0.12));
    assert_eq!(ends(1_000 * day).0, 0.0);
    let unknown = Asset { quote: None, ..asset };
    let graph = Graph::new(
        vec![Supply::all_issued(1_000_000); 3],
        2,
        vec![holding(1, 0, 10)],
        vec![holding(0, 1, 7), holding(1, 0, 50), holding(2, 0, 50)],
    )
    .unwrap();
    let prices = Prices::at(&[quoted("10", None), unknown], 0, &staleness);
    let solved = value(&graph, &prices, &Options::default()).unwrap();
    let high = |security| solved.per_share_atom(&graph, security).high;
    assert_eq!((high(0), high(1)), (None, None), "what it is in, and what holds that");
    assert!(high(2).is_some());
    assert!(solved.low[1] > 0.0, "the known part is still there");
}
