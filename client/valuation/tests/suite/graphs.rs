//! Random graphs: rings everywhere, open tickets, capacity, supplies that are used up.

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::ToPrimitive;
use rand::{rngs::StdRng, seq::SliceRandom, Rng, SeedableRng};
use upside_valuation::{Graph, Holding, Prices, Supply};

/// A graph with prices that both arithmetics can represent exactly.
pub struct Case {
    pub graph: Graph,
    pub prices: Vec<f64>,
}

impl Case {
    pub fn exact_prices(&self) -> Vec<BigRational> {
        let exact = |price: &f64| BigRational::from_float(*price).expect("prices are finite");
        self.prices.iter().map(exact).collect()
    }

    pub fn certain(&self) -> Prices {
        Prices::certain(self.prices.clone())
    }
}

/// A graph of `securities`, each with about `degree` vaults of shares. `tight` leaves only a few atoms outside, so that money goes round
/// for long.
pub fn random(seed: u64, securities: u32, degree: u32, tight: bool) -> Case {
    let mut rng = StdRng::seed_from_u64(seed);
    let assets = 3;
    let supplies: Vec<Supply> = (0..securities)
        .map(|_| {
            let authorised = if tight {
                1_000_000
            } else {
                rng.gen_range(10..2_000_000u64)
            };
            let issued = if tight || rng.gen_bool(0.5) {
                authorised
            } else {
                rng.gen_range(0..=authorised)
            };
            let redeemed_total = if rng.gen_bool(0.3) {
                rng.gen_range(0..=issued / 4)
            } else {
                0
            };
            Supply {
                live: issued - redeemed_total,
                authorised,
                issued,
                redeemed_total,
            }
        })
        .collect();
    let collected = |rng: &mut StdRng, holder: u32| rng.gen_range(0..=supplies[holder as usize].redeemed_total);
    let mut shares = Vec::new();
    for asset in 0..securities {
        let mut free = supplies[asset as usize].live;
        let mut others: Vec<u32> = (0..securities).filter(|other| *other != asset).collect();
        others.shuffle(&mut rng);
        let wanted = rng.gen_range(0..=degree * 2).min(securities - 1);
        for (index, holder) in (0..wanted).zip(others) {
            let balance = if tight && index + 1 == wanted {
                free.saturating_sub(rng.gen_range(1..5))
            } else {
                rng.gen_range(0..=free / 2)
            };
            free -= balance;
            shares.push(Holding {
                holder,
                asset,
                balance,
                collected_total: collected(&mut rng, holder),
            });
        }
    }
    let mut primitives = Vec::new();
    for holder in 0..securities {
        for asset in 0..assets {
            if rng.gen_bool(0.4) {
                primitives.push(Holding {
                    holder,
                    asset,
                    balance: rng.gen_range(0..1_000_000_000),
                    collected_total: collected(&mut rng, holder),
                });
            }
        }
    }
    let prices = (0..assets)
        .map(|_| f64::from(rng.gen_range(0..4_000u32)) / 64.0)
        .collect();
    Case {
        graph: Graph::new(supplies, assets, shares, primitives).expect("a graph"),
        prices,
    }
}

/// What is outside in exact arithmetic: every claim's amount of atoms times its value, open tickets vault by vault.
pub fn exact_outside(case: &Case, per_atom: &[BigRational]) -> BigRational {
    let whole = |atoms: u128| BigRational::from(BigInt::from(atoms));
    let graph = &case.graph;
    let prices = case.exact_prices();
    let mut sum = whole(0);
    for security in 0..graph.security_count() {
        let supply = graph.supplies()[security as usize];
        sum +=
            whole(u128::from(graph.outside(security)) + u128::from(supply.capacity())) * &per_atom[security as usize];
    }
    let of_shares = graph
        .shares()
        .iter()
        .map(|holding| (holding, &per_atom[holding.asset as usize]));
    let of_assets = graph
        .primitives()
        .iter()
        .map(|holding| (holding, &prices[holding.asset as usize]));
    for (holding, price) in of_shares.chain(of_assets) {
        let worth = whole(u128::from(holding.balance)) * price;
        let denominator = graph.denominator(holding);
        if denominator == 0 {
            sum += worth;
        } else {
            let open = denominator - graph.supplies()[holding.holder as usize].claims();
            sum += worth * whole(open) / whole(denominator);
        }
    }
    sum
}

pub fn exact_primitive(case: &Case) -> BigRational {
    let prices = case.exact_prices();
    let worth = |holding: &Holding| BigRational::from(BigInt::from(holding.balance)) * &prices[holding.asset as usize];
    case.graph.primitives().iter().map(worth).sum()
}

pub fn number(exact: &BigRational) -> f64 {
    exact.to_f64().expect("a number")
}
