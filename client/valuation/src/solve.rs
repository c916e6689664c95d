//! The solver. Components are taken in order; each by the method that fits its size.
//!
//! - One security: its row, once.
//! - Up to [`SMALL`]: Grassmann-Taksar-Heyman elimination. It never subtracts, so every value is right to almost all digits however
//!   slowly money leaves the ring.
//! - Larger: restarted GMRES on the fixed-point equation of a block Gauss-Seidel sweep. One sweep per step costs one pass over the
//!   matrix; the Krylov space takes out the few slow modes (rings that hold nearly all of each other) on which plain iteration spends
//!   thousands of passes. Blocks have fixed borders, so results do not depend on the number of threads.

use std::ops::Range;

use rayon::prelude::*;

use crate::{sum::Sum, system::System};

/// Securities of a component that is still solved by elimination.
const SMALL: usize = 64;
/// Steps between restarts: vectors of the component's length that are kept.
const KRYLOV: usize = 10;
/// Blocks of a sweep that are computed side by side.
const BLOCKS: usize = 8;
/// Entries below which a sweep is one block: handing out work would take longer than the work.
const ONE_BLOCK: usize = 200_000;
/// Elements per task of a vector operation.
const CHUNK: usize = 1 << 14;

/// Why there are no values.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum Unsolved {
    /// A ring in which securities hold all of each other receives value that can never leave.
    #[error("security {security} and the ring it is in hold all of each other's shares: what they own never reaches anybody, so it has no value to name")]
    Trapped {
        /// One security of the ring.
        security: u32,
    },
    /// The budget of passes was used up.
    #[error("after {sweeps} passes the residual is {residual:e}, above the wanted {wanted:e}: allow more passes or a wider tolerance")]
    NotConverged {
        /// Passes made.
        sweeps: usize,
        /// Residual reached, in money.
        residual: f64,
        /// Residual wanted, in money.
        wanted: f64,
    },
}

/// Solves `x = p + C x` until the residual's 1-norm is at most `tolerance` of all of `p`.
pub fn solve(system: &System, primitives: &[f64], tolerance: f64, budget: usize) -> Result<Vec<f64>, Unsolved> {
    let count = primitives.len();
    let total = primitives.iter().copied().collect::<Sum>().get();
    let mut values = vec![0.0; count];
    for range in &system.components {
        if range.len() == 1 {
            let place = range.start;
            let (columns, entries) = system.row(place);
            values[place] = primitives[place] + dot(columns, entries, &values);
            continue;
        }
        // What the component has from outside itself.
        let inflow: Vec<f64> = range
            .clone()
            .into_par_iter()
            .with_min_len(CHUNK / 8)
            .map(|place| {
                let (columns, entries) = system.row(place);
                let before = columns.partition_point(|column| (*column as usize) < range.start);
                primitives[place] + dot(&columns[..before], &entries[..before], &values)
            })
            .collect();
        if inflow.iter().all(|value| *value == 0.0) {
            continue;
        }
        let solved = if range.len() <= SMALL {
            eliminate(system, range, inflow)?
        } else {
            let wanted = 0.5 * tolerance * total * range.len() as f64 / count as f64;
            Large::new(system, range, &inflow).run(wanted, budget)?
        };
        values[range.clone()].copy_from_slice(&solved);
    }
    Ok(values)
}

fn dot(columns: &[u32], entries: &[f64], values: &[f64]) -> f64 {
    columns
        .iter()
        .zip(entries)
        .map(|(column, entry)| entry * values[*column as usize])
        .sum()
}

/// Elimination without subtractions.
fn eliminate(system: &System, range: &Range<usize>, mut inflow: Vec<f64>) -> Result<Vec<f64>, Unsolved> {
    let size = range.len();
    let mut dense = vec![0.0; size * size];
    for (row, place) in range.clone().enumerate() {
        let (columns, entries) = system.row(place);
        for (column, entry) in columns.iter().zip(entries) {
            if *column as usize >= range.start {
                dense[row * size + *column as usize - range.start] = *entry;
            }
        }
    }
    let mut exit = system.exit[range.clone()].to_vec();
    let mut pivots = vec![0.0; size];
    for k in 0..size {
        let pivot = exit[k] + (k + 1..size).map(|row| dense[row * size + k]).sum::<f64>();
        if pivot == 0.0 {
            return Err(Unsolved::Trapped {
                security: system.order[range.start + k],
            });
        }
        pivots[k] = pivot;
        for row in k + 1..size {
            let factor = dense[row * size + k] / pivot;
            if factor == 0.0 {
                continue;
            }
            inflow[row] += factor * inflow[k];
            for column in k + 1..size {
                if column != row {
                    dense[row * size + column] += factor * dense[k * size + column];
                }
            }
        }
        for column in k + 1..size {
            exit[column] += exit[k] / pivot * dense[k * size + column];
        }
    }
    let mut values = inflow;
    for k in (0..size).rev() {
        let later: f64 = (k + 1..size)
            .map(|column| dense[k * size + column] * values[column])
            .sum();
        values[k] = (values[k] + later) / pivots[k];
    }
    Ok(values)
}

/// A component too large for elimination. Indices are local to it.
struct Large<'a> {
    system: &'a System,
    range: &'a Range<usize>,
    inflow: &'a [f64],
    /// Rows of each block.
    blocks: Vec<Range<usize>>,
    /// For each row the borders of its entries: first in the component, first in the block, first after the row itself.
    borders: Vec<[u32; 3]>,
}

impl<'a> Large<'a> {
    fn new(system: &'a System, range: &'a Range<usize>, inflow: &'a [f64]) -> Self {
        let entries: usize = range.clone().map(|place| system.row(place).0.len() + 1).sum();
        let count = if entries < ONE_BLOCK { 1 } else { BLOCKS };
        let mut blocks = Vec::with_capacity(count);
        let (mut start, mut seen) = (range.start, 0);
        for place in range.clone() {
            seen += system.row(place).0.len() + 1;
            if seen * count >= entries * (blocks.len() + 1) {
                blocks.push(start..place + 1);
                start = place + 1;
            }
        }
        let borders = blocks
            .iter()
            .flat_map(|block| {
                block.clone().map(move |place| {
                    let columns = system.row(place).0;
                    let at = |limit: usize| {
                        u32::try_from(columns.partition_point(|column| (*column as usize) < limit))
                            .expect("a row has fewer than 2^32 entries")
                    };
                    [at(range.start), at(block.start), at(place)]
                })
            })
            .collect();
        let blocks = blocks
            .into_iter()
            .filter(|block| !block.is_empty())
            .map(|block| block.start - range.start..block.end - range.start)
            .collect();
        Self {
            system,
            range,
            inflow,
            blocks,
            borders,
        }
    }

    fn size(&self) -> usize {
        self.range.len()
    }

    /// One sweep: new values within a block as soon as they are known, old ones elsewhere. With `inflow` or, for differences, without.
    fn sweep(&self, old: &[f64], new: &mut [f64], with_inflow: bool) {
        let base = self.range.start;
        let mut rest = new;
        let mut parts = Vec::with_capacity(self.blocks.len());
        for block in &self.blocks {
            let (part, tail) = rest.split_at_mut(block.len());
            parts.push((block, part));
            rest = tail;
        }
        parts.into_par_iter().for_each(|(block, part)| {
            for row in block.clone() {
                let (columns, entries) = self.system.row(base + row);
                let [first, own, later] = self.borders[row].map(|border| border as usize);
                let mut value = if with_inflow { self.inflow[row] } else { 0.0 };
                for at in first..own {
                    value += entries[at] * old[columns[at] as usize - base];
                }
                for at in own..later {
                    value += entries[at] * part[columns[at] as usize - base - block.start];
                }
                for at in later..columns.len() {
                    value += entries[at] * old[columns[at] as usize - base];
                }
                part[row - block.start] = value;
            }
        });
    }

    /// 1-norm of `inflow + C x - x`.
    fn residual(&self, values: &[f64]) -> f64 {
        let base = self.range.start;
        let parts: Vec<f64> = (0..self.size())
            .into_par_iter()
            .chunks(CHUNK)
            .map(|rows| {
                rows.into_iter()
                    .map(|row| {
                        let (columns, entries) = self.system.row(base + row);
                        let first = self.borders[row][0] as usize;
                        let held: f64 = columns[first..]
                            .iter()
                            .zip(&entries[first..])
                            .map(|(column, entry)| entry * values[*column as usize - base])
                            .sum();
                        (self.inflow[row] + held - values[row]).abs()
                    })
                    .sum()
            })
            .collect();
        parts.into_iter().sum()
    }

    fn run(&self, wanted: f64, budget: usize) -> Result<Vec<f64>, Unsolved> {
        if self.system.exit[self.range.clone()].iter().all(|exit| *exit == 0.0) {
            return Err(Unsolved::Trapped {
                security: self.system.order[self.range.start],
            });
        }
        let size = self.size();
        let mut values = self.inflow.to_vec();
        let mut swept = vec![0.0; size];
        let mut basis: Vec<Vec<f64>> = Vec::new();
        let mut sweeps = 0;
        // Smallest residual that rounding lets anybody reach.
        let floor = 8.0 * f64::EPSILON;
        loop {
            self.sweep(&values, &mut swept, true);
            std::mem::swap(&mut values, &mut swept);
            let residual = self.residual(&values);
            sweeps += 2;
            let goal = wanted.max(floor * values.iter().sum::<f64>());
            if residual <= goal {
                return Ok(values);
            }
            if sweeps >= budget {
                return Err(Unsolved::NotConverged {
                    sweeps,
                    residual,
                    wanted: goal,
                });
            }
            self.sweep(&values, &mut swept, true);
            sweeps += 1;
            sweeps += self.krylov(&mut values, &swept, &mut basis, 0.3 * goal / residual);
        }
    }

    /// One cycle of GMRES on `x - sweep(x) = 0`; `swept` is the sweep of `values`. Returns the passes made.
    fn krylov(&self, values: &mut [f64], swept: &[f64], basis: &mut Vec<Vec<f64>>, reduction: f64) -> usize {
        let size = self.size();
        let vector = |basis: &mut Vec<Vec<f64>>, index: usize| {
            if basis.len() <= index {
                basis.push(vec![0.0; size]);
            }
        };
        vector(basis, 0);
        basis[0]
            .par_iter_mut()
            .with_min_len(CHUNK)
            .zip(swept.par_iter().zip(values.par_iter()))
            .for_each(|(to, (new, old))| *to = new - old);
        let norm = inner(&basis[0], &basis[0]).sqrt();
        if norm == 0.0 {
            return 0;
        }
        scale(&mut basis[0], 1.0 / norm);
        let mut hessenberg: Vec<Vec<f64>> = Vec::new();
        let mut rotations: Vec<(f64, f64)> = Vec::new();
        let mut target = vec![norm];
        let mut passes = 0;
        for step in 0..KRYLOV {
            vector(basis, step + 1);
            let (known, fresh) = basis.split_at_mut(step + 1);
            let next = &mut fresh[0];
            self.sweep(&known[step], next, false);
            passes += 1;
            next.par_iter_mut()
                .with_min_len(CHUNK)
                .zip(known[step].par_iter())
                .for_each(|(to, from)| *to = from - *to);
            let mut column = Vec::with_capacity(step + 2);
            for before in known.iter() {
                let along = inner(next, before);
                add(next, -along, before);
                column.push(along);
            }
            let length = inner(next, next).sqrt();
            for (row, (cosine, sine)) in rotations.iter().enumerate() {
                let (upper, lower) = (column[row], column[row + 1]);
                column[row] = cosine * upper + sine * lower;
                column[row + 1] = cosine * lower - sine * upper;
            }
            let diagonal = column[step];
            let radius = diagonal.hypot(length);
            let (cosine, sine) = if radius > 0.0 {
                (diagonal / radius, length / radius)
            } else {
                (1.0, 0.0)
            };
            column[step] = radius;
            hessenberg.push(column);
            let last = target[step];
            target[step] = cosine * last;
            target.push(-sine * last);
            rotations.push((cosine, sine));
            if length <= f64::EPSILON * norm || target[step + 1].abs() <= reduction * norm {
                break;
            }
            scale(next, 1.0 / length);
        }
        let steps = hessenberg.len();
        let mut weights = vec![0.0; steps];
        for row in (0..steps).rev() {
            let known: f64 = (row + 1..steps)
                .map(|later| hessenberg[later][row] * weights[later])
                .sum();
            if hessenberg[row][row] != 0.0 {
                weights[row] = (target[row] - known) / hessenberg[row][row];
            }
        }
        for (weight, direction) in weights.iter().zip(basis.iter()) {
            add(values, *weight, direction);
        }
        // True values are never below zero; the next sweep keeps them there.
        values
            .par_iter_mut()
            .with_min_len(CHUNK)
            .for_each(|value| *value = value.max(0.0));
        passes
    }
}

/// Inner product in chunks of fixed length: the same on any number of threads.
fn inner(left: &[f64], right: &[f64]) -> f64 {
    let parts: Vec<f64> = left
        .par_chunks(CHUNK)
        .zip(right.par_chunks(CHUNK))
        .map(|(left, right)| left.iter().zip(right).map(|(a, b)| a * b).sum())
        .collect();
    parts.into_iter().sum()
}

fn add(to: &mut [f64], weight: f64, from: &[f64]) {
    to.par_chunks_mut(CHUNK)
        .zip(from.par_chunks(CHUNK))
        .for_each(|(to, from)| to.iter_mut().zip(from).for_each(|(to, from)| *to += weight * from));
}

fn scale(vector: &mut [f64], factor: f64) {
    vector
        .par_chunks_mut(CHUNK)
        .for_each(|part| part.iter_mut().for_each(|value| *value *= factor));
}
