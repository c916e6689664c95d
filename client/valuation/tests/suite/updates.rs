//! Updates against full solves.

use proptest::prelude::*;
use rand::{rngs::StdRng, Rng, SeedableRng};
use upside_valuation::{value, Change, GraphError, Holding, Incremental, Options, Reach, Supply, UpdateError};

use crate::graphs::random;

fn any_change(rng: &mut StdRng, state: &Incremental) -> Change {
    let graph = state.graph();
    let securities = graph.security_count();
    match rng.gen_range(0..4) {
        0 => {
            let asset = rng.gen_range(0..securities);
            let holder = (asset + rng.gen_range(1..securities)) % securities;
            let now = graph.shares_of(holder).iter().find(|vault| vault.asset == asset);
            let free = graph.outside(asset) + now.map_or(0, |vault| vault.balance);
            Change::Shares(Holding {
                holder,
                asset,
                balance: rng.gen_range(0..=free / 2),
                collected_total: graph.supplies()[holder as usize].redeemed_total,
            })
        }
        1 => Change::Primitive(Holding {
            holder: rng.gen_range(0..securities),
            asset: rng.gen_range(0..graph.asset_count()),
            balance: rng.gen_range(0..1_000_000_000),
            collected_total: 0,
        }),
        2 => {
            let low = rng.gen_range(0.0..60.0);
            Change::Price {
                asset: rng.gen_range(0..graph.asset_count()),
                low,
                high: low * rng.gen_range(1.0..1.5),
            }
        }
        _ => {
            let security = rng.gen_range(0..securities);
            let supply = graph.supplies()[security as usize];
            Change::Supply {
                security,
                supply: Supply {
                    authorised: supply.authorised + rng.gen_range(0..1_000),
                    ..supply
                },
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn after_any_changes_values_equal_a_full_solve(seed: u64, securities in 2u32..120, changes in 1usize..12) {
        let case = random(seed, securities, 2, false);
        let options = Options { tolerance: 1e-10, ..Options::default() };
        let mut state = Incremental::new(case.graph.clone(), case.certain(), options).unwrap();
        let mut prices = case.certain();
        let mut rng = StdRng::seed_from_u64(seed);
        for _ in 0..changes {
            let change = any_change(&mut rng, &state);
            if let Change::Price { asset, low, high } = change {
                prices.low[asset as usize] = low;
                prices.high[asset as usize] = high;
            }
            state.apply(change).unwrap();
        }
        let updated = state.valuation();
        let full = value(state.graph(), &prices, &Options::default()).unwrap();
        for (updated, full, ours) in [(&updated.low, &full.low, updated.low_certificate), (&updated.high, &full.high, updated.high_certificate)] {
            prop_assert!(ours.relative_bound() <= 2e-10, "{ours:?}");
            for (security, (updated, full)) in (0u32..).zip(updated.iter().zip(full)) {
                let claims = state.graph().supplies()[security as usize].claims() as f64;
                if claims == 0.0 { continue; }
                let outside = state.graph().outside(security) as f64 / claims;
                prop_assert!(outside * (updated - full).abs() <= 3e-10 * ours.primitive + 1e-6 * f64::EPSILON, "{security}: {updated} {full}");
            }
        }
    }
}

#[test]
fn a_small_change_in_a_large_graph_touches_little_of_it() {
    let case = random(3, 20_000, 2, false);
    let options = Options {
        tolerance: 1e-9,
        ..Options::default()
    };
    let mut state = Incremental::new(case.graph.clone(), case.certain(), options).unwrap();
    let vault = case.graph.primitives()[1_000];
    let work = state
        .apply(Change::Primitive(Holding {
            balance: vault.balance / 2,
            ..vault
        }))
        .unwrap();
    assert!(work.reach == Reach::Local && work.pushes > 0, "{work:?}");
    assert!(work.holdings < case.graph.shares().len(), "{work:?}");
}

#[test]
fn a_change_that_contradicts_the_graph_changes_nothing() {
    let case = random(5, 10, 2, false);
    let mut state = Incremental::new(case.graph.clone(), case.certain(), Options::default()).unwrap();
    let before = state.valuation();
    let more = Change::Shares(Holding {
        holder: 0,
        asset: 1,
        balance: u64::MAX,
        collected_total: 0,
    });
    assert!(matches!(
        state.apply(more),
        Err(UpdateError::Graph(GraphError::MoreThanLive { security: 1, .. }))
    ));
    let itself = Change::Shares(Holding {
        holder: 2,
        asset: 2,
        balance: 1,
        collected_total: 0,
    });
    assert_eq!(state.apply(itself), Err(UpdateError::Graph(GraphError::SelfHolding(2))));
    let nowhere = Change::Primitive(Holding {
        holder: 99,
        asset: 0,
        balance: 1,
        collected_total: 0,
    });
    assert!(matches!(
        state.apply(nowhere),
        Err(UpdateError::Graph(GraphError::OutOfRange { .. }))
    ));
    let supply = Supply {
        live: 0,
        ..Supply::all_issued(0)
    };
    let held = (0..10).find(|security| case.graph.held(*security) > 0).unwrap();
    assert!(state.apply(Change::Supply { security: held, supply }).is_err());
    assert_eq!(state.valuation(), before);
}
