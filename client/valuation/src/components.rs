//! Rings of cross-holdings: strongly connected components, in the order in which values can be computed.

use fixedbitset::FixedBitSet;
use petgraph::{
    algo::kosaraju_scc,
    visit::{GraphBase, GraphRef, IntoNeighbors, IntoNeighborsDirected, IntoNodeIdentifiers, Visitable},
    Direction,
};

use crate::graph::Graph;

/// The graph both ways: an edge from a security to each security whose shares it holds.
#[derive(Clone, Copy)]
struct Edges<'a> {
    graph: &'a Graph,
    holders: &'a Holders,
}

/// For every security, the vaults that hold its shares.
#[derive(Clone, Debug)]
pub struct Holders {
    rows: Vec<u32>,
    /// Indices into [`Graph::shares`].
    vaults: Vec<u32>,
}

impl Holders {
    /// Turns the list of holdings around.
    pub fn of(graph: &Graph) -> Self {
        Self::by_asset(
            graph.supplies().len(),
            graph.shares().iter().map(|holding| holding.asset),
        )
    }

    /// For every primitive asset, the vaults that hold it: indices into [`Graph::primitives`].
    pub fn of_primitives(graph: &Graph) -> Self {
        Self::by_asset(
            graph.asset_count() as usize,
            graph.primitives().iter().map(|holding| holding.asset),
        )
    }

    fn by_asset(count: usize, assets: impl Iterator<Item = u32> + Clone) -> Self {
        let mut rows = vec![0u32; count + 1];
        let mut total = 0;
        for asset in assets.clone() {
            rows[asset as usize + 1] += 1;
            total += 1;
        }
        for index in 0..count {
            rows[index + 1] += rows[index];
        }
        let mut next = rows.clone();
        let mut vaults = vec![0u32; total];
        for (vault, asset) in (0u32..).zip(assets) {
            let at = &mut next[asset as usize];
            vaults[*at as usize] = vault;
            *at += 1;
        }
        Self { rows, vaults }
    }

    /// Indices of the vaults that hold `asset`.
    pub fn vaults(&self, asset: u32) -> &[u32] {
        let at = asset as usize;
        &self.vaults[self.rows[at] as usize..self.rows[at + 1] as usize]
    }
}

impl GraphBase for Edges<'_> {
    type NodeId = u32;
    type EdgeId = u32;
}
impl GraphRef for Edges<'_> {}

/// Securities next to one, in one direction.
pub struct Neighbours<'a> {
    vaults: std::slice::Iter<'a, u32>,
    rows: std::slice::Iter<'a, crate::graph::Holding>,
    graph: &'a Graph,
}

impl Iterator for Neighbours<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        if let Some(holding) = self.rows.next() {
            return Some(holding.asset);
        }
        let vault = self.vaults.next()?;
        Some(self.graph.shares()[*vault as usize].holder)
    }
}

impl<'a> IntoNeighbors for Edges<'a> {
    type Neighbors = Neighbours<'a>;

    fn neighbors(self, security: u32) -> Neighbours<'a> {
        self.neighbors_directed(security, Direction::Outgoing)
    }
}

impl<'a> IntoNeighborsDirected for Edges<'a> {
    type NeighborsDirected = Neighbours<'a>;

    fn neighbors_directed(self, security: u32, direction: Direction) -> Neighbours<'a> {
        let (rows, vaults): (&[_], &[_]) = match direction {
            Direction::Outgoing => (self.graph.shares_of(security), &[]),
            Direction::Incoming => (&[], self.holders.vaults(security)),
        };
        Neighbours {
            vaults: vaults.iter(),
            rows: rows.iter(),
            graph: self.graph,
        }
    }
}

impl IntoNodeIdentifiers for Edges<'_> {
    type NodeIdentifiers = std::ops::Range<u32>;

    fn node_identifiers(self) -> std::ops::Range<u32> {
        0..self.graph.security_count()
    }
}

impl Visitable for Edges<'_> {
    type Map = FixedBitSet;

    fn visit_map(&self) -> FixedBitSet {
        FixedBitSet::with_capacity(self.graph.supplies().len())
    }

    fn reset_map(&self, map: &mut FixedBitSet) {
        map.clear();
    }
}

/// Components, each after all that it holds shares of.
pub fn components(graph: &Graph, holders: &Holders) -> Vec<Vec<u32>> {
    let mut components = kosaraju_scc(Edges { graph, holders });
    for component in &mut components {
        component.sort_unstable();
    }
    components
}
