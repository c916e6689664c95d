//! A check of a solution by somebody who does not trust whoever made it: one pass over the holdings.
//!
//! Let `x` be claimed values of `V = p + C V` and `r = p + C x - x`. Multiplying by the row of ones,
//!
//! ```text
//! sum_j leak_j x_j  =  sum_i p_i  -  sum_i r_i        leak_j = 1 - sum_i C[i][j] >= 0
//! ```
//!
//! and `leak_j x_j` is what leaves the graph at `j`: to outside holders, to capacity not issued yet, to open tickets. So the
//! total outside differs from the total of primitive assets by at most `|r|_1`. More than that: `leak (I - C)^-1` is the row of ones, hence
//! `sum_j leak_j |x_j - V_j| <= |r|_1`: **all errors of all outside holders together are at most `|r|_1`**. No norm of an inverse, no
//! condition number, and nothing to trust: `r` takes one pass. The pass adds a bound on its own rounding (Higham's gamma, per row), so the
//! stated bound holds for the exact graph and not only for the one in floating point.

use std::ops::Range;

use rayon::prelude::*;

use crate::{
    graph::{Graph, Holding},
    sum::{gamma, Sum},
    system::{fill, PARALLEL, ROWS},
};

/// Where all value is, and how far that can be from the truth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Certificate {
    /// All primitive assets in all vaults.
    pub primitive: f64,
    /// What live shares outside the graph stand for.
    pub outside: f64,
    /// What capacity not issued yet stands for.
    pub capacity: f64,
    /// What open redemption tickets have not collected.
    pub tickets: f64,
    /// What vaults hold that nobody has a claim on: all shares are redeemed and collected.
    pub unclaimed: f64,
    /// All errors of all outside claims together are at most this.
    pub bound: f64,
}

impl Certificate {
    /// What is outside, of every kind, less what came in. At most [`Self::bound`] in magnitude.
    #[must_use]
    pub fn gap(&self) -> f64 {
        [
            self.outside,
            self.capacity,
            self.tickets,
            self.unclaimed,
            -self.primitive,
        ]
        .into_iter()
        .collect::<Sum>()
        .get()
    }

    /// The bound as a part of all primitive value; 0 if there is none.
    #[must_use]
    pub fn relative_bound(&self) -> f64 {
        if self.primitive > 0.0 {
            self.bound / self.primitive
        } else {
            0.0
        }
    }
}

/// Why claimed values are refused.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum Rejection {
    /// Another number of values than securities, or of prices than assets.
    #[error("there are {given} values or prices where the graph has {wanted}")]
    Length {
        /// How many were given.
        given: usize,
        /// How many the graph has.
        wanted: usize,
    },
    /// A value or price that is no number of 0 or above.
    #[error("value or price {index} is no number of 0 or above")]
    NotANumber {
        /// Which one.
        index: usize,
    },
    /// The values do not solve the graph.
    #[error("the values miss the graph by up to {bound:e}, more than the {claimed:e} that was claimed")]
    Misses {
        /// How far off they may be.
        bound: f64,
        /// What was claimed.
        claimed: f64,
    },
}

/// Roundings in one entry: four conversions of integers, three operations, two in the price, and the last sums.
const ENTRY: usize = 16;

/// Bounds the error of claimed `values` (per security: live shares and capacity together) with `prices` per atom.
///
/// # Errors
/// [`Rejection::Length`] and [`Rejection::NotANumber`].
pub fn certify(graph: &Graph, prices: &[f64], values: &[f64]) -> Result<Certificate, Rejection> {
    let securities = graph.supplies().len();
    for (list, wanted) in [(values, securities), (prices, graph.asset_count() as usize)] {
        if list.len() != wanted {
            return Err(Rejection::Length {
                given: list.len(),
                wanted,
            });
        }
        if let Some(index) = list.iter().position(|value| !(value.is_finite() && *value >= 0.0)) {
            return Err(Rejection::NotANumber { index });
        }
    }
    let mut per_atom = vec![0.0; securities];
    fill(&mut per_atom, graph.shares().len(), |security| {
        match graph.supplies()[security].claims_number() {
            0.0 => 0.0,
            claims => values[security] / claims,
        }
    });
    // Sums of fixed parts: the same on any number of threads.
    let mut parts = vec![Sums::default(); securities.div_ceil(ROWS)];
    let rows = |part: usize| part * ROWS..((part + 1) * ROWS).min(securities);
    let check = |part: usize| Sums::of(graph, rows(part), prices, values, &per_atom);
    if graph.shares().len() < PARALLEL {
        parts
            .iter_mut()
            .enumerate()
            .for_each(|(part, sums)| *sums = check(part));
    } else {
        parts
            .par_iter_mut()
            .enumerate()
            .for_each(|(part, sums)| *sums = check(part));
    }
    let total = |of: fn(&Sums) -> Sum| parts.iter().map(|sums| of(sums).get()).collect::<Sum>().get();
    let primitive = total(|sums| sums.primitive);
    Ok(Certificate {
        primitive,
        outside: total(|sums| sums.outside),
        capacity: total(|sums| sums.capacity),
        tickets: total(|sums| sums.tickets),
        unclaimed: total(|sums| sums.unclaimed),
        // The sums and totals themselves: a few roundings of what is in them.
        bound: total(|sums| sums.bound) * (1.0 + gamma(ENTRY)) + gamma(ENTRY) * primitive,
    })
}

/// What some rows add to a certificate.
#[derive(Clone, Copy, Default)]
struct Sums {
    primitive: Sum,
    outside: Sum,
    capacity: Sum,
    tickets: Sum,
    unclaimed: Sum,
    bound: Sum,
}

impl Sums {
    fn of(graph: &Graph, rows: Range<usize>, prices: &[f64], values: &[f64], per_atom: &[f64]) -> Self {
        let mut sums = Self::default();
        for at in rows {
            let security = u32::try_from(at).expect("securities are numbered by u32");
            let supply = &graph.supplies()[at];
            let claims = supply.claims_number();
            let (shares, primitives) = (graph.shares_of(security), graph.primitives_of(security));
            let mut row = 0.0;
            for holding in primitives {
                let worth = holding.balance as f64 * prices[holding.asset as usize];
                sums.primitive.add(worth);
                row += sums.kept(graph, holding, worth);
            }
            for holding in shares {
                let worth = holding.balance as f64 * per_atom[holding.asset as usize];
                row += sums.kept(graph, holding, worth);
            }
            let value = values[at];
            sums.bound
                .add((row - value).abs() + gamma(shares.len() + primitives.len() + ENTRY) * (row + value));
            if claims > 0.0 {
                sums.outside.add(value * (graph.outside(security) as f64 / claims));
                let capacity = supply.capacity();
                if capacity > 0 {
                    sums.capacity.add(value * (capacity as f64 / claims));
                }
            }
        }
        sums
    }

    /// What of a vault's worth is for live shares and capacity; the rest is booked where it goes.
    fn kept(&mut self, graph: &Graph, holding: &Holding, worth: f64) -> f64 {
        let supply = &graph.supplies()[holding.holder as usize];
        let claims = supply.claims();
        if supply.redeemed_total == holding.collected_total && claims > 0 {
            return worth;
        }
        let denominator = graph.denominator(holding);
        if denominator == 0 {
            self.unclaimed.add(worth);
            return 0.0;
        }
        let open = (denominator - claims) as f64;
        self.tickets.add(worth * (open / denominator as f64));
        worth * (claims as f64 / denominator as f64)
    }
}

/// Accepts claimed `values` only if they are within `claimed` of the truth.
///
/// # Errors
/// See [`Rejection`].
pub fn verify(graph: &Graph, prices: &[f64], values: &[f64], claimed: f64) -> Result<Certificate, Rejection> {
    let certificate = certify(graph, prices, values)?;
    if certificate.bound <= claimed {
        Ok(certificate)
    } else {
        Err(Rejection::Misses {
            bound: certificate.bound,
            claimed,
        })
    }
}
