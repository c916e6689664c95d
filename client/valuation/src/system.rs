//! `V = p + C V` in floating point: one row per security.

use rayon::prelude::*;
use sprs::CsMatI;

use crate::graph::{Graph, Holding};

/// Entries from which work is handed out to threads: below, that takes longer than the work.
pub const PARALLEL: usize = 400_000;
/// Rows per task.
pub const ROWS: usize = 1 << 12;

/// The matrix of cross-holdings.
pub struct System {
    /// `C`: row = who holds, column = what is held; the fraction of the column's claims whose value is the row's.
    pub matrix: CsMatI<f64, u32>,
    /// Part of each security's value that leaves these rows: to outside holders, capacity, tickets. Only ever added up from terms above
    /// zero, so that it is right to almost all digits however small it is.
    pub leak: Vec<f64>,
}

/// What a vault passes on to live shares and capacity of its security, the open tickets' part being taken out: `claims / D`.
pub fn kept(graph: &Graph, holding: &Holding) -> f64 {
    let supply = &graph.supplies()[holding.holder as usize];
    // Every ticket has collected here: nothing to divide.
    if supply.redeemed_total == holding.collected_total && supply.claims() > 0 {
        return 1.0;
    }
    match graph.denominator(holding) {
        0 => 0.0,
        denominator => supply.claims_number() / denominator as f64,
    }
}

/// What open tickets take of a vault; all of it when nobody else has a claim.
fn to_tickets(graph: &Graph, holding: &Holding) -> f64 {
    match graph.denominator(holding) {
        0 => 1.0,
        denominator => {
            let open = denominator - graph.supplies()[holding.holder as usize].claims();
            open as f64 / denominator as f64
        }
    }
}

/// Calls `row` with the number and the place of every row, on all threads if there are many entries.
pub fn fill<T: Send>(to: &mut [T], entries: usize, row: impl Fn(usize) -> T + Sync) {
    let fill = |(chunk, to): (usize, &mut [T])| {
        for (at, to) in (chunk * ROWS..).zip(to) {
            *to = row(at);
        }
    };
    if entries < PARALLEL {
        to.chunks_mut(ROWS).enumerate().for_each(fill);
    } else {
        to.par_chunks_mut(ROWS).enumerate().for_each(fill);
    }
}

impl System {
    /// Builds the matrix; vaults stay in the order of the graph.
    pub fn new(graph: &Graph) -> Self {
        let (count, entries) = (graph.supplies().len(), graph.shares().len());
        let claims = |security: usize| graph.supplies()[security].claims_number();
        let mut per_atom = vec![0.0; count];
        fill(&mut per_atom, entries, |security| match claims(security) {
            0.0 => 0.0,
            claims => 1.0 / claims,
        });
        let mut leak = vec![1.0; count];
        fill(&mut leak, entries, |security| match claims(security) {
            0.0 => 1.0,
            claims => {
                let at = u32::try_from(security).expect("securities are numbered by u32");
                let free = graph.outside(at) + graph.supplies()[security].capacity();
                free as f64 / claims
            }
        });
        let (mut columns, mut values) = (vec![0; entries], vec![0.0; entries]);
        let copy = |((columns, values), holdings): ((&mut [u32], &mut [f64]), &[Holding])| {
            for ((column, value), holding) in columns.iter_mut().zip(values).zip(holdings) {
                *column = holding.asset;
                *value = holding.balance as f64 * per_atom[holding.asset as usize];
            }
        };
        if entries < PARALLEL {
            copy(((&mut columns, &mut values), graph.shares()));
        } else {
            columns
                .par_chunks_mut(ROWS)
                .zip(values.par_chunks_mut(ROWS))
                .zip(graph.shares().par_chunks(ROWS))
                .for_each(copy);
        }
        // Open tickets take their part of what the vault holds.
        for (security, supply) in graph.supplies().iter().enumerate() {
            if supply.redeemed_total > 0 || supply.claims() == 0 {
                let rows = graph.share_rows();
                let row = rows[security] as usize..rows[security + 1] as usize;
                for (value, holding) in values[row.clone()].iter_mut().zip(&graph.shares()[row]) {
                    leak[holding.asset as usize] += *value * to_tickets(graph, holding);
                    *value *= kept(graph, holding);
                }
            }
        }
        Self {
            matrix: CsMatI::new((count, count), graph.share_rows().to_vec(), columns, values),
            leak,
        }
    }

    /// How many rows there are.
    pub fn size(&self) -> usize {
        self.leak.len()
    }

    /// `p`: what each security has in primitive assets, live shares and capacity together.
    pub fn primitive_rows(&self, graph: &Graph, prices: &[f64]) -> Vec<f64> {
        let mut rows = vec![0.0; self.size()];
        fill(&mut rows, self.matrix.nnz(), |security| {
            let at = u32::try_from(security).expect("securities are numbered by u32");
            graph
                .primitives_of(at)
                .iter()
                .map(|holding| holding.balance as f64 * prices[holding.asset as usize] * kept(graph, holding))
                .sum()
        });
        rows
    }

    /// A row: columns and entries.
    pub fn row(&self, at: usize) -> (&[u32], &[f64]) {
        let starts = self.matrix.indptr();
        let starts = starts.raw_storage();
        let range = starts[at] as usize..starts[at + 1] as usize;
        (&self.matrix.indices()[range.clone()], &self.matrix.data()[range])
    }

    /// The rows and columns of `component` alone; `exit` is what leaves it. `place` has room for every security.
    pub fn part(&self, component: &[u32], exit: &[f64], place: &mut [u32]) -> Self {
        for (at, security) in (0u32..).zip(component) {
            place[*security as usize] = at;
        }
        let inside = |column: u32| component.get(place[column as usize] as usize) == Some(&column);
        let mut starts = vec![0u32];
        let (mut columns, mut values) = (Vec::new(), Vec::new());
        for security in component {
            let (row, entries) = self.row(*security as usize);
            for (column, value) in row.iter().zip(entries) {
                if inside(*column) {
                    columns.push(place[*column as usize]);
                    values.push(*value);
                }
            }
            starts.push(u32::try_from(columns.len()).expect("as many as holdings at most"));
        }
        Self {
            matrix: CsMatI::new((component.len(), component.len()), starts, columns, values),
            leak: component.iter().map(|security| exit[*security as usize]).collect(),
        }
    }

    /// `p + C x` of a row.
    pub fn image(&self, at: usize, inflow: f64, values: &[f64]) -> f64 {
        let (columns, entries) = self.row(at);
        inflow + dot(columns, entries, values)
    }
}

/// A row times a vector.
fn dot(columns: &[u32], entries: &[f64], values: &[f64]) -> f64 {
    columns
        .iter()
        .zip(entries)
        .map(|(column, entry)| entry * values[*column as usize])
        .sum()
}
