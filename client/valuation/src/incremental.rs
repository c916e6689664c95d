//! One holding, supply or price changes: values follow without a full solve.

use std::{cmp::Ordering, collections::BinaryHeap};

use crate::{
    certificate::certify,
    components::Holders,
    graph::{Graph, GraphError, Holding, Supply},
    iterate::Iteration,
    price::Prices,
    solve::Unsolved,
    sum::Sum,
    system::{fill, System},
    value::{finite, unbounded, value, Options, Valuation},
};

/// One thing that changes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Change {
    /// A vault with shares of another security; it is opened if there is none yet.
    Shares(Holding),
    /// A vault with a primitive asset; it is opened if there is none yet.
    Primitive(Holding),
    /// A security's supply.
    Supply {
        /// Which security.
        security: u32,
        /// Its supply from now on.
        supply: Supply,
    },
    /// An asset's price per atom.
    Price {
        /// Which asset.
        asset: u32,
        /// At least this.
        low: f64,
        /// At most this; infinite if nothing bounds it.
        high: f64,
    },
}

/// What an update took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// Securities whose residual was passed on.
    pub pushes: usize,
    /// Holdings that were read for it.
    pub holdings: usize,
    /// How far it went.
    pub reach: Reach,
}

/// How far an update went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// Only securities near the change were touched.
    #[default]
    Local,
    /// The change went everywhere: iterations over the whole graph, starting from the values before.
    Passes,
    /// Everything was solved anew.
    Solve,
}

/// Values that are kept up to date.
///
/// For each end of the prices it keeps value `v` and residual `r` per share atom, where `r = q + M v - v` and `M` has the part of each held
/// share that one share atom of the holder stands for. In these units a change of one security touches one row. A push moves a
/// residual into the value and to the rows that hold the security; each push lets the part that leaves the graph vanish. Pushing the largest
/// first stops as soon as `sum claims |r|`, which is the `|r|_1` of the certificate, is below the tolerance.
#[derive(Clone, Debug)]
pub struct Incremental {
    graph: Graph,
    prices: Prices,
    options: Options,
    holders: Holders,
    asset_holders: Holders,
    /// At the lower ends of prices, and at the upper ones when they differ.
    ends: Vec<End>,
}

#[derive(Clone, Debug, Default)]
struct End {
    prices: Vec<f64>,
    values: Vec<f64>,
    residuals: Vec<f64>,
    /// Sum of claims times residuals' magnitudes.
    norm: f64,
    /// All primitive value.
    primitive: f64,
}

struct Pending {
    weight: f64,
    security: u32,
}

impl PartialEq for Pending {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}
impl Eq for Pending {}
impl PartialOrd for Pending {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Pending {
    fn cmp(&self, other: &Self) -> Ordering {
        self.weight
            .total_cmp(&other.weight)
            .then(other.security.cmp(&self.security))
    }
}

fn part(graph: &Graph, holding: &Holding) -> f64 {
    match graph.denominator_number(holding) {
        0.0 => 0.0,
        denominator => holding.balance as f64 / denominator,
    }
}

impl End {
    fn new(graph: &Graph, prices: Vec<f64>, solved: &[f64]) -> Self {
        let mut end = Self {
            values: vec![0.0; solved.len()],
            residuals: vec![0.0; solved.len()],
            norm: 0.0,
            primitive: 0.0,
            prices,
        };
        end.take(graph, solved);
        end.primitive = graph
            .primitives()
            .iter()
            .map(|holding| holding.balance as f64 * end.prices[holding.asset as usize])
            .sum();
        end
    }

    fn weight(&self, graph: &Graph, security: u32) -> f64 {
        graph.supplies()[security as usize].claims_number() * self.residuals[security as usize].abs()
    }

    /// A residual by its row.
    fn residual(&self, graph: &Graph, security: u32) -> f64 {
        let shares = graph.shares_of(security).iter();
        let held: f64 = shares
            .map(|holding| part(graph, holding) * self.values[holding.asset as usize])
            .sum();
        let primitives = graph.primitives_of(security).iter();
        let owned: f64 = primitives
            .map(|holding| part(graph, holding) * self.prices[holding.asset as usize])
            .sum();
        owned + held - self.values[security as usize]
    }

    /// Computes a residual anew.
    fn refresh(&mut self, graph: &Graph, security: u32) {
        let before = self.weight(graph, security);
        self.residuals[security as usize] = self.residual(graph, security);
        self.norm += self.weight(graph, security) - before;
    }

    /// Pushes, largest first, until the norm is at most `goal`; `false` if that would read more than `most` holdings.
    fn settle(
        &mut self,
        graph: &Graph,
        holders: &Holders,
        changed: &[u32],
        goal: f64,
        most: usize,
        work: &mut Work,
    ) -> bool {
        // What is smaller is left lying: all of it together is a quarter of the goal, and the solve left another quarter.
        let least = goal / (4.0 * self.values.len() as f64);
        let pending = |security: &u32| Pending {
            weight: self.weight(graph, *security),
            security: *security,
        };
        let mut queue: BinaryHeap<Pending> = changed.iter().map(pending).collect();
        while self.norm > goal {
            let Some(Pending { security, .. }) = queue.pop() else {
                return false;
            };
            let present = self.weight(graph, security);
            if present == 0.0 {
                continue;
            }
            let vaults = holders.vaults(security);
            work.holdings += vaults.len();
            if work.holdings > most {
                return false;
            }
            let moved = std::mem::take(&mut self.residuals[security as usize]);
            self.values[security as usize] += moved;
            self.norm -= present;
            work.pushes += 1;
            for vault in vaults {
                let holding = &graph.shares()[*vault as usize];
                let before = self.weight(graph, holding.holder);
                self.residuals[holding.holder as usize] += part(graph, holding) * moved;
                let after = self.weight(graph, holding.holder);
                self.norm += after - before;
                // One entry each: it is put in when the residual becomes large enough.
                if after >= least && before < least {
                    queue.push(Pending {
                        weight: after,
                        security: holding.holder,
                    });
                }
            }
        }
        true
    }

    /// Iterations over the whole graph from the values there are, until the norm is at most `goal`; `false` if they get nowhere.
    fn polish(&mut self, graph: &Graph, goal: f64, budget: usize) -> bool {
        let system = System::new(graph);
        let primitives = system.primitive_rows(graph, &self.prices);
        let values = self.all(graph);
        let mut iteration = Iteration::new(&system, &primitives, goal / 4.0, budget).resume(values);
        if !iteration.passes().reached && !iteration.bicgstab().reached {
            return false;
        }
        self.take(graph, &iteration.values);
        self.norm <= goal
    }

    /// Values of live shares and capacity together.
    fn all(&self, graph: &Graph) -> Vec<f64> {
        let supplies = graph.supplies().iter();
        supplies
            .zip(&self.values)
            .map(|(supply, value)| (value * supply.claims_number()).max(0.0))
            .collect()
    }

    /// Takes solved values, and computes every residual anew.
    fn take(&mut self, graph: &Graph, solved: &[f64]) {
        fill(&mut self.values, graph.shares().len(), |at| {
            match graph.supplies()[at].claims_number() {
                0.0 => 0.0,
                claims => solved[at] / claims,
            }
        });
        let mut residuals = std::mem::take(&mut self.residuals);
        fill(&mut residuals, graph.shares().len(), |at| {
            self.residual(graph, u32::try_from(at).expect("securities are numbered by u32"))
        });
        self.residuals = residuals;
        let weights = (0..graph.security_count()).map(|security| self.weight(graph, security));
        self.norm = weights.collect::<Sum>().get();
    }
}

impl Incremental {
    /// Solves once; the tolerance of `options` is kept by every update.
    ///
    /// # Errors
    /// See [`Unsolved`].
    pub fn new(graph: Graph, prices: Prices, options: Options) -> Result<Self, Unsolved> {
        let holders = Holders::of(&graph);
        let asset_holders = Holders::of_primitives(&graph);
        let mut state = Self {
            graph,
            prices,
            options,
            holders,
            asset_holders,
            ends: Vec::new(),
        };
        state.solve()?;
        Ok(state)
    }

    fn solve(&mut self) -> Result<(), Unsolved> {
        // Tighter, so that updates have room before they reach the tolerance.
        let options = Options {
            tolerance: self.options.tolerance / 4.0,
            ..self.options
        };
        let solved = value(&self.graph, &self.prices, &options)?;
        let end = |prices, values: &[f64]| End::new(&self.graph, finite(prices), values);
        self.ends = if self.prices.are_certain() {
            vec![end(&self.prices.low, &solved.low)]
        } else {
            vec![end(&self.prices.low, &solved.low), end(&self.prices.high, &solved.high)]
        };
        Ok(())
    }

    fn both(&self) -> [&End; 2] {
        [&self.ends[0], self.ends.last().unwrap_or(&self.ends[0])]
    }

    /// The graph as it is now.
    #[must_use]
    pub const fn graph(&self) -> &Graph {
        &self.graph
    }

    /// Value of one share atom at the lower and upper ends of the prices (missing ones counted as 0).
    #[must_use]
    pub fn per_share_atom(&self, security: u32) -> [f64; 2] {
        self.both().map(|end| end.values[security as usize].max(0.0))
    }

    /// All values with fresh certificates: one pass.
    #[must_use]
    pub fn valuation(&self) -> Valuation {
        let ends = self.both();
        let [low, high] = ends.map(|end| end.all(&self.graph));
        let check = |end: &End, values: &[f64]| {
            certify(&self.graph, &end.prices, values).expect("updated values are numbers of 0 or above")
        };
        Valuation {
            low_certificate: check(ends[0], &low),
            high_certificate: check(ends[1], &high),
            unbounded: unbounded(&self.graph, &self.prices.high),
            low,
            high,
        }
    }

    /// Makes a change and brings all values up to date.
    ///
    /// # Errors
    /// [`UpdateError::Graph`] if the change contradicts the graph; nothing changed then. [`UpdateError::Unsolved`] if no values exist after it.
    pub fn apply(&mut self, change: Change) -> Result<Work, UpdateError> {
        let changed: Vec<u32> = match change {
            Change::Shares(holding) => self.set_vault(true, holding)?,
            Change::Primitive(holding) => self.set_vault(false, holding)?,
            Change::Supply { security, supply } => {
                // Weights count claims: leave with the old ones, come back with the new ones.
                for end in &mut self.ends {
                    end.norm -= end.weight(&self.graph, security);
                }
                let set = self.graph.set_supply(security, supply);
                for end in &mut self.ends {
                    end.norm += end.weight(&self.graph, security);
                }
                set?;
                vec![security]
            }
            Change::Price { asset, low, high } => {
                if self.ends.len() == 1 && low != high {
                    self.ends.push(self.ends[0].clone());
                }
                self.prices.low[asset as usize] = low;
                self.prices.high[asset as usize] = high;
                let graph = &self.graph;
                let vaults = self.asset_holders.vaults(asset);
                for (end, price) in self.ends.iter_mut().zip(finite(&[low, high])) {
                    let balance: f64 = vaults
                        .iter()
                        .map(|v| graph.primitives()[*v as usize].balance as f64)
                        .sum();
                    end.primitive += balance * (price - end.prices[asset as usize]);
                    end.prices[asset as usize] = price;
                }
                vaults
                    .iter()
                    .map(|vault| graph.primitives()[*vault as usize].holder)
                    .collect()
            }
        };
        let mut work = Work::default();
        // Pushes read memory here and there: past a part of the graph, whole passes are quicker.
        let most = self.graph.shares().len() / 32 + 1_000;
        for end in &mut self.ends {
            for security in &changed {
                end.refresh(&self.graph, *security);
            }
            let goal = self.options.tolerance * end.primitive.max(0.0);
            if !end.settle(&self.graph, &self.holders, &changed, goal, most, &mut work) {
                work.reach = work.reach.max(Reach::Passes);
                if !end.polish(&self.graph, goal, self.options.passes) {
                    work.reach = Reach::Solve;
                    break;
                }
            }
        }
        if work.reach == Reach::Solve {
            self.solve()?;
        }
        Ok(work)
    }

    fn set_vault(&mut self, of_shares: bool, holding: Holding) -> Result<Vec<u32>, GraphError> {
        let before = self.graph.vault(of_shares, holding.holder, holding.asset)?;
        let old = match before {
            Ok(index) => {
                let list = if of_shares {
                    self.graph.shares()
                } else {
                    self.graph.primitives()
                };
                let old = list[index].balance;
                self.graph.set_holding(of_shares, index, holding)?;
                old
            }
            Err(index) => {
                self.graph.insert(of_shares, index, holding)?;
                if of_shares {
                    self.holders = Holders::of(&self.graph);
                } else {
                    self.asset_holders = Holders::of_primitives(&self.graph);
                }
                0
            }
        };
        if !of_shares {
            for end in &mut self.ends {
                end.primitive += (holding.balance as f64 - old as f64) * end.prices[holding.asset as usize];
            }
        }
        Ok(vec![holding.holder])
    }
}

/// Why a change was not made.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum UpdateError {
    /// It contradicts the graph.
    #[error(transparent)]
    Graph(#[from] GraphError),
    /// There are no values after it.
    #[error(transparent)]
    Unsolved(#[from] Unsolved),
}
