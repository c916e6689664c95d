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

use crate::{
    graph::Graph,
    sum::{gamma, Sum},
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
    let [mut primitive, mut outside, mut capacity, mut tickets, mut unclaimed, mut bound] = [Sum::default(); 6];
    for security in 0..graph.security_count() {
        let supply = &graph.supplies()[security as usize];
        let claims = supply.claims() as f64;
        let value = values[security as usize];
        let mut row = 0.0;
        let mut terms = 0;
        let of_shares = graph.shares_of(security).iter().map(|holding| {
            let claims = graph.supplies()[holding.asset as usize].claims() as f64;
            let per_atom = values[holding.asset as usize] / claims;
            (
                holding,
                holding.balance as f64 * if claims > 0.0 { per_atom } else { 0.0 },
            )
        });
        let of_assets = graph.primitives_of(security).iter().map(|holding| {
            let worth = holding.balance as f64 * prices[holding.asset as usize];
            primitive.add(worth);
            (holding, worth)
        });
        for (holding, worth) in of_shares.chain(of_assets) {
            terms += 1;
            let denominator = graph.denominator(holding);
            if denominator == 0 {
                unclaimed.add(worth);
                continue;
            }
            let open = (denominator - supply.claims()) as f64;
            row += worth * (claims / denominator as f64);
            tickets.add(worth * (open / denominator as f64));
        }
        bound.add((row - value).abs());
        bound.add(gamma(terms + ENTRY) * (row + value));
        if claims > 0.0 {
            outside.add(value * (graph.outside(security) as f64 / claims));
            capacity.add(value * (supply.capacity() as f64 / claims));
        }
    }
    let primitive = primitive.get();
    Ok(Certificate {
        primitive,
        outside: outside.get(),
        capacity: capacity.get(),
        tickets: tickets.get(),
        unclaimed: unclaimed.get(),
        // The sums and totals themselves: a few roundings of what is in them.
        bound: bound.get() * (1.0 + gamma(ENTRY)) + gamma(ENTRY) * primitive,
    })
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
