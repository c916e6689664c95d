//! The oracle: exact rational values of small graphs, by elimination. Shares no code with the solver.

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, Zero};

use crate::graph::Graph;

/// Value of one share atom of every security, exactly, with `prices` per atom; `None` if a ring of securities holds all of each other, so
/// that no value of theirs ever reaches anybody.
///
/// Time grows with the third power of the number of securities and numbers grow with it: for graphs of up to about a hundred.
#[must_use]
pub fn per_share_atom(graph: &Graph, prices: &[BigRational]) -> Option<Vec<BigRational>> {
    let count = graph.supplies().len();
    let ratio = |balance: u64, denominator: u128| BigRational::new(BigInt::from(balance), BigInt::from(denominator));
    // One row per security: the identity less what it holds of others; the last column is what it has in primitive assets.
    let mut rows = Vec::with_capacity(count);
    for security in 0..graph.security_count() {
        let mut row = vec![BigRational::zero(); count + 1];
        row[security as usize] = BigRational::one();
        for holding in graph.shares_of(security) {
            let denominator = graph.denominator(holding);
            if denominator > 0 {
                row[holding.asset as usize] -= ratio(holding.balance, denominator);
            }
        }
        for holding in graph.primitives_of(security) {
            let denominator = graph.denominator(holding);
            if denominator > 0 {
                row[count] += ratio(holding.balance, denominator) * &prices[holding.asset as usize];
            }
        }
        rows.push(row);
    }
    for pivot in 0..count {
        let found = (pivot..count).find(|row| !rows[*row][pivot].is_zero())?;
        rows.swap(pivot, found);
        let inverse = rows[pivot][pivot].recip();
        for cell in &mut rows[pivot][pivot..] {
            *cell *= &inverse;
        }
        let pivot_row = rows[pivot].clone();
        for (index, row) in rows.iter_mut().enumerate() {
            if index == pivot || row[pivot].is_zero() {
                continue;
            }
            let factor = row[pivot].clone();
            for column in pivot..=count {
                if !pivot_row[column].is_zero() {
                    let change = &factor * &pivot_row[column];
                    row[column] -= change;
                }
            }
        }
    }
    Some(rows.into_iter().map(|mut row| row.remove(count)).collect())
}
