//! `V = p + C V` in floating point, rows in the order of computation.

use std::ops::Range;

use rayon::prelude::*;
use sprs::CsMatI;

use crate::{
    components::{components, Holders},
    graph::{Graph, Holding},
    solve::Unsolved,
};

/// The matrix of cross-holdings, permuted so that components are contiguous and come after what they hold.
pub struct System {
    /// `C`: row = who holds, column = what is held; the fraction of the column's claims whose value is the row's.
    pub matrix: CsMatI<f64, u32>,
    /// Where each component is.
    pub components: Vec<Range<usize>>,
    /// Security at each place.
    pub order: Vec<u32>,
    /// Part of each place's value that leaves its component: to outside holders, capacity, tickets and later components. Only ever added
    /// up from terms above zero, so that it is right to almost all digits however small it is.
    pub exit: Vec<f64>,
}

/// What a vault passes on to live shares and capacity of its security, the open tickets' part being taken out: `claims / D`.
pub fn kept(graph: &Graph, holding: &Holding) -> f64 {
    let denominator = graph.denominator(holding);
    if denominator == 0 {
        0.0
    } else {
        graph.supplies()[holding.holder as usize].claims() as f64 / denominator as f64
    }
}

/// What open tickets take of a vault; all of it when nobody else has a claim.
fn to_tickets(graph: &Graph, holding: &Holding) -> f64 {
    let denominator = graph.denominator(holding);
    if denominator == 0 {
        1.0
    } else {
        let open = denominator - graph.supplies()[holding.holder as usize].claims();
        open as f64 / denominator as f64
    }
}

/// `C[holder][asset]` of a vault with shares.
pub fn fraction(graph: &Graph, holding: &Holding) -> f64 {
    let claims = graph.supplies()[holding.asset as usize].claims();
    if claims == 0 {
        return 0.0;
    }
    holding.balance as f64 / claims as f64 * kept(graph, holding)
}

impl System {
    /// Finds components and builds the matrix.
    pub fn new(graph: &Graph) -> Self {
        let holders = Holders::of(graph);
        let found = components(graph, &holders);
        let count = graph.supplies().len();
        let mut order = Vec::with_capacity(count);
        let mut ranges = Vec::with_capacity(found.len());
        for component in found {
            let start = order.len();
            order.extend(component);
            ranges.push(start..order.len());
        }
        drop(holders);
        let mut place = vec![0u32; count];
        for (at, security) in (0u32..).zip(&order) {
            place[*security as usize] = at;
        }
        let mut exit: Vec<f64> = order
            .iter()
            .map(|security| {
                let supply = &graph.supplies()[*security as usize];
                let claims = supply.claims();
                if claims == 0 {
                    return 1.0;
                }
                (u128::from(graph.outside(*security)) + u128::from(supply.capacity())) as f64 / claims as f64
            })
            .collect();
        let mut starts = Vec::with_capacity(count + 1);
        let mut columns = Vec::with_capacity(graph.shares().len());
        let mut values = Vec::with_capacity(graph.shares().len());
        let mut row: Vec<(u32, f64)> = Vec::new();
        starts.push(0);
        for range in &ranges {
            for security in &order[range.clone()] {
                row.clear();
                for holding in graph.shares_of(*security) {
                    let column = place[holding.asset as usize];
                    let claims = graph.supplies()[holding.asset as usize].claims();
                    if claims > 0 {
                        exit[column as usize] += holding.balance as f64 / claims as f64 * to_tickets(graph, holding);
                    }
                    let value = fraction(graph, holding);
                    if value > 0.0 {
                        row.push((column, value));
                        if (column as usize) < range.start {
                            exit[column as usize] += value;
                        }
                    }
                }
                row.sort_unstable_by_key(|(column, _)| *column);
                for (column, value) in &row {
                    columns.push(*column);
                    values.push(*value);
                }
                starts.push(u32::try_from(columns.len()).expect("as many as holdings at most"));
            }
        }
        let matrix = CsMatI::new((count, count), starts, columns, values);
        Self {
            matrix,
            components: ranges,
            order,
            exit,
        }
    }

    /// `p`: what each place has in primitive assets, live shares and capacity together.
    pub fn primitive_rows(&self, graph: &Graph, prices: &[f64]) -> Vec<f64> {
        self.order
            .par_iter()
            .map(|security| {
                let rows = graph.primitives_of(*security).iter();
                rows.map(|holding| holding.balance as f64 * prices[holding.asset as usize] * kept(graph, holding))
                    .sum()
            })
            .collect()
    }

    /// Values by security of values by place.
    pub fn by_security(&self, places: &[f64]) -> Vec<f64> {
        let mut values = vec![0.0; places.len()];
        for (security, value) in self.order.iter().zip(places) {
            values[*security as usize] = *value;
        }
        values
    }

    /// The row of a place: columns and entries.
    pub fn row(&self, place: usize) -> (&[u32], &[f64]) {
        let starts = self.matrix.indptr();
        let starts = starts.raw_storage();
        let range = starts[place] as usize..starts[place + 1] as usize;
        (&self.matrix.indices()[range.clone()], &self.matrix.data()[range])
    }

    /// `x = p + C x`, component by component.
    ///
    /// # Errors
    /// See [`Unsolved`].
    pub fn solve(&self, primitives: &[f64], tolerance: f64, budget: usize) -> Result<Vec<f64>, Unsolved> {
        crate::solve::solve(self, primitives, tolerance, budget)
    }
}
