//! Values of everybody, as intervals with a certificate at each end.

use crate::{
    certificate::{certify, Certificate},
    components::Holders,
    graph::Graph,
    price::Prices,
    solve::{solve, Unsolved},
    system::System,
};

/// How far to compute.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// All errors of all outside claims together, as a part of all primitive value.
    pub tolerance: f64,
    /// Most passes over the matrix of one component.
    pub passes: usize,
}

impl Default for Options {
    /// One part in 10^12.
    fn default() -> Self {
        Self {
            tolerance: 1e-12,
            passes: 2_000,
        }
    }
}

/// A value that is known to lie between two numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// At least this.
    pub low: f64,
    /// At most this; `None` if a price that it depends on is missing.
    pub high: Option<f64>,
}

impl Interval {
    /// Both ends multiplied by a factor of 0 or above.
    #[must_use]
    pub fn scaled(self, factor: f64) -> Self {
        Self {
            low: self.low * factor,
            high: self.high.map(|high| high * factor),
        }
    }
}

/// Values of all securities. Money is in the unit of the prices.
#[derive(Clone, Debug, PartialEq)]
pub struct Valuation {
    /// Per security, live shares and capacity together, at the lower ends of prices.
    pub low: Vec<f64>,
    /// The same at the upper ends, missing prices counted as 0.
    pub high: Vec<f64>,
    /// Whether a missing price makes a security's upper end unknown; empty if no price is missing.
    pub unbounded: Vec<bool>,
    /// The check of `low`.
    pub low_certificate: Certificate,
    /// The check of `high`.
    pub high_certificate: Certificate,
}

impl Valuation {
    /// Value of one share atom, as computed.
    #[must_use]
    pub fn per_share_atom(&self, graph: &Graph, security: u32) -> Interval {
        let at = security as usize;
        let claims = graph.supplies()[at].claims_number();
        let part = |value: f64| if claims > 0.0 { value / claims } else { 0.0 };
        Interval {
            low: part(self.low[at]),
            high: (!self.unbounded.get(at).copied().unwrap_or(false)).then(|| part(self.high[at])),
        }
    }

    /// Value of `shares` atoms that somebody outside the graph holds: the true value is certainly between these ends.
    ///
    /// The certificate bounds the errors of all outside claims together, so it bounds this one.
    #[must_use]
    pub fn position(&self, graph: &Graph, security: u32, shares: u64) -> Interval {
        let computed = self.per_share_atom(graph, security).scaled(shares as f64);
        if shares == 0 {
            return computed;
        }
        // Three roundings between the certified values and here.
        let slack = 4.0 * f64::EPSILON;
        Interval {
            low: (computed.low * (1.0 - slack) - self.low_certificate.bound).max(0.0),
            high: computed
                .high
                .map(|high| high * (1.0 + slack) + self.high_certificate.bound),
        }
    }
}

/// Values of everybody: `V = (I - C)^-1 p` at both ends of the prices.
///
/// Values grow with every price, so the lower ends of prices give the lower ends of values and the upper ends the upper ones.
///
/// # Errors
/// See [`Unsolved`].
pub fn value(graph: &Graph, prices: &Prices, options: &Options) -> Result<Valuation, Unsolved> {
    let system = System::new(graph);
    let at = |prices: &[f64]| -> Result<(Vec<f64>, Certificate), Unsolved> {
        let primitives = system.primitive_rows(graph, prices);
        let values = solve(graph, &system, &primitives, options.tolerance, options.passes)?;
        let certificate = certify(graph, prices, &values).expect("values of a solve are numbers of 0 or above");
        Ok((values, certificate))
    };
    let (low, low_certificate) = at(&prices.low)?;
    if prices.are_certain() {
        return Ok(Valuation {
            high: low.clone(),
            low,
            unbounded: Vec::new(),
            low_certificate,
            high_certificate: low_certificate,
        });
    }
    let finite = finite(&prices.high);
    let (high, high_certificate) = at(&finite)?;
    Ok(Valuation {
        low,
        high,
        unbounded: unbounded(graph, &prices.high),
        low_certificate,
        high_certificate,
    })
}

/// Prices with those that nothing bounds counted as 0.
pub fn finite(prices: &[f64]) -> Vec<f64> {
    let finite = |price: &f64| if price.is_finite() { *price } else { 0.0 };
    prices.iter().map(finite).collect()
}

/// Which securities depend on a price that nothing bounds; empty if none is missing.
pub fn unbounded(graph: &Graph, prices: &[f64]) -> Vec<bool> {
    if prices.iter().all(|price| price.is_finite()) {
        return Vec::new();
    }
    let holders = Holders::of(graph);
    let mut reached = vec![false; graph.supplies().len()];
    let mut next = Vec::new();
    for holding in graph.primitives() {
        if holding.balance > 0 && prices[holding.asset as usize].is_infinite() && !reached[holding.holder as usize] {
            reached[holding.holder as usize] = true;
            next.push(holding.holder);
        }
    }
    while let Some(security) = next.pop() {
        for vault in holders.vaults(security) {
            let holding = &graph.shares()[*vault as usize];
            if holding.balance > 0 && !reached[holding.holder as usize] {
                reached[holding.holder as usize] = true;
                next.push(holding.holder);
            }
        }
    }
    reached
}

/// What one asset does to everybody: the part of each security's value (live shares and capacity together) that comes from `asset`
/// at `price` per atom. If the price changes by a percent, each value changes by a percent of this.
///
/// # Errors
/// See [`Unsolved`].
pub fn effect_of_asset(graph: &Graph, asset: u32, price: f64, options: &Options) -> Result<Vec<f64>, Unsolved> {
    let mut prices = vec![0.0; graph.asset_count() as usize];
    prices[asset as usize] = price;
    let system = System::new(graph);
    let primitives = system.primitive_rows(graph, &prices);
    solve(graph, &system, &primitives, options.tolerance, options.passes)
}
