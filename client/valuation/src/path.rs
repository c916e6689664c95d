//! Why a holding is worth what it is worth: which asset, through whom, how much.

use std::{
    cmp::Ordering,
    collections::{BTreeMap, BinaryHeap},
};

use crate::graph::{Graph, Holding};

/// One way from a primitive asset to a holding.
#[derive(Clone, Debug, PartialEq)]
pub struct Path {
    /// Securities, the one that is held first. One that repeats is a ring gone round.
    pub through: Vec<u32>,
    /// The asset at the end.
    pub asset: u32,
    /// What the holding has of its value this way.
    pub value: f64,
}

/// The largest paths and what is left.
#[derive(Clone, Debug, PartialEq)]
pub struct Why {
    /// What the holding is worth.
    pub total: f64,
    /// The paths of the most value, largest first: no other path has more.
    pub paths: Vec<Path>,
    /// All other paths together, at most; the rounding of the given values comes on top.
    pub remainder: f64,
}

/// Where the value of one holding comes from, all paths together.
#[derive(Clone, Debug, PartialEq)]
pub struct Attribution {
    /// What the holding is worth.
    pub total: f64,
    /// What comes from each asset. If the asset's price changes by a percent, the holding changes by a percent of this.
    pub assets: BTreeMap<u32, f64>,
    /// What comes through each security, in any number of rounds; the held one has at least all of it.
    pub through: BTreeMap<u32, f64>,
    /// What is not followed to its end.
    pub remainder: f64,
}

/// A path, or the beginning of one, with the value of all that it can become.
struct Candidate {
    bound: f64,
    node: usize,
    asset: Option<u32>,
}

impl PartialEq for Candidate {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}
impl Eq for Candidate {}
impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Candidate {
    fn cmp(&self, other: &Self) -> Ordering {
        self.bound.total_cmp(&other.bound).then(other.node.cmp(&self.node))
    }
}

/// Part of a vault's balance that one share atom of its security stands for.
fn per_share(graph: &Graph, holding: &Holding) -> f64 {
    let denominator = graph.denominator(holding);
    if denominator == 0 {
        0.0
    } else {
        holding.balance as f64 / denominator as f64
    }
}

fn per_atom(graph: &Graph, values: &[f64], security: u32) -> f64 {
    let claims = graph.supplies()[security as usize].claims();
    if claims == 0 {
        0.0
    } else {
        values[security as usize] / claims as f64
    }
}

/// The `top` largest paths behind `shares` atoms of `security`, with `values` per security and `prices` per atom.
///
/// Best first: the beginning of a path carries the value of everything that it can become (`weight * value of its last security`), so
/// when a complete path comes out of the queue no other path is larger. That holds in rings too, where the paths are endless;
/// what waits in the queue at the end is the remainder. At most `steps` beginnings are followed.
#[must_use]
pub fn why(graph: &Graph, prices: &[f64], values: &[f64], security: u32, shares: u64, top: usize, steps: usize) -> Why {
    let total = per_atom(graph, values, security) * shares as f64;
    // Beginnings: the one it continues, its last security, and how many atoms of that the holding stands for.
    let mut nodes: Vec<(usize, u32, f64)> = vec![(usize::MAX, security, shares as f64)];
    let mut queue = BinaryHeap::from([Candidate {
        bound: total,
        node: 0,
        asset: None,
    }]);
    let mut paths = Vec::new();
    let mut followed = 0;
    while paths.len() < top {
        match queue.peek() {
            Some(candidate) if candidate.asset.is_some() || followed < steps => {}
            _ => break,
        }
        let Some(Candidate { bound, node, asset }) = queue.pop() else {
            break;
        };
        if let Some(asset) = asset {
            let mut through = Vec::new();
            let mut at = node;
            while at != usize::MAX {
                through.push(nodes[at].1);
                at = nodes[at].0;
            }
            through.reverse();
            paths.push(Path {
                through,
                asset,
                value: bound,
            });
            continue;
        }
        followed += 1;
        let (_, last, atoms) = nodes[node];
        for holding in graph.primitives_of(last) {
            let value = atoms * per_share(graph, holding) * prices[holding.asset as usize];
            if value > 0.0 {
                queue.push(Candidate {
                    bound: value,
                    node,
                    asset: Some(holding.asset),
                });
            }
        }
        for holding in graph.shares_of(last) {
            let atoms = atoms * per_share(graph, holding);
            let bound = atoms * per_atom(graph, values, holding.asset);
            if bound > 0.0 {
                nodes.push((node, holding.asset, atoms));
                queue.push(Candidate {
                    bound,
                    node: nodes.len() - 1,
                    asset: None,
                });
            }
        }
    }
    Why {
        total,
        paths,
        remainder: queue.into_iter().map(|candidate| candidate.bound).sum(),
    }
}

/// What each asset contributes to `shares` atoms of `security`: the adjoint solve, by local pushes.
///
/// Value still to be explained sits at securities; the largest is pushed to what that security holds, until at most `tolerance` of the
/// total is left or `steps` pushes are done. Nothing outside what the holding reaches is touched.
#[must_use]
pub fn attribution(
    graph: &Graph,
    prices: &[f64],
    values: &[f64],
    (security, shares): (u32, u64),
    tolerance: f64,
    steps: usize,
) -> Attribution {
    let total = per_atom(graph, values, security) * shares as f64;
    let mut waiting: BTreeMap<u32, f64> = BTreeMap::from([(security, shares as f64)]);
    let mut queue = BinaryHeap::from([Candidate {
        bound: total,
        node: security as usize,
        asset: None,
    }]);
    let mut assets = BTreeMap::new();
    let mut through = BTreeMap::new();
    let mut left = total;
    let mut pushes = 0;
    while left > tolerance * total && pushes < steps {
        let Some(Candidate { bound, node, .. }) = queue.pop() else {
            break;
        };
        let at = u32::try_from(node).expect("securities are numbered by u32");
        let Some(atoms) = waiting.get(&at).copied() else {
            continue;
        };
        let present = atoms * per_atom(graph, values, at);
        // More has come since this entry was made; a later entry stands for it.
        if present > bound {
            continue;
        }
        waiting.remove(&at);
        pushes += 1;
        *through.entry(at).or_insert(0.0) += present;
        for holding in graph.primitives_of(at) {
            let value = atoms * per_share(graph, holding) * prices[holding.asset as usize];
            if value > 0.0 {
                *assets.entry(holding.asset).or_insert(0.0) += value;
                left -= value;
            }
        }
        for holding in graph.shares_of(at) {
            let more = atoms * per_share(graph, holding);
            let all = waiting.entry(holding.asset).or_insert(0.0);
            *all += more;
            let bound = *all * per_atom(graph, values, holding.asset);
            if bound > 0.0 {
                queue.push(Candidate {
                    bound,
                    node: holding.asset as usize,
                    asset: None,
                });
            } else {
                waiting.remove(&holding.asset);
            }
        }
    }
    Attribution {
        total,
        assets,
        through,
        remainder: waiting
            .iter()
            .map(|(security, atoms)| atoms * per_atom(graph, values, *security))
            .sum(),
    }
}
