//! Passes over the matrix: Gauss-Seidel, which uses a new value as soon as it is known.

use std::ops::Range;

use rayon::prelude::*;

use crate::system::{System, PARALLEL};

/// Stages of a parallel pass, one after the other; each sees the new values of those before.
const STAGES: usize = 4;
/// Tasks of a stage, side by side; each sees its own new values.
const LANES: usize = 8;

/// What a pass did.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pass {
    /// 1-norm of the change. The residual afterwards is at most this: the upper triangle of `C` times the change, and columns of `C` sum
    /// to at most 1.
    pub change: f64,
    /// Sum of the new values.
    pub sum: f64,
}

/// One task of a parallel pass.
struct Lane {
    rows: Range<usize>,
    /// For each row where its entries within the lane, before the row itself, begin and end.
    own: Vec<[u32; 2]>,
}

/// A system with a plan of its passes. Borders depend on the matrix only, so results do not depend on the number of threads.
pub struct Sweeper<'a> {
    pub system: &'a System,
    /// None for a matrix that one thread is through with sooner.
    stages: Vec<Vec<Lane>>,
    scratch: Vec<f64>,
}

impl<'a> Sweeper<'a> {
    pub fn new(system: &'a System) -> Self {
        let stages = if system.matrix.nnz() < PARALLEL {
            Vec::new()
        } else {
            stages(system)
        };
        let longest = stages.iter().map(|lanes| length(lanes)).max();
        Self {
            system,
            stages,
            scratch: vec![0.0; longest.unwrap_or(0)],
        }
    }

    /// `x = inflow + C x`, row by row in place; without `inflow` the pass is linear.
    pub fn sweep(&mut self, inflow: Option<&[f64]>, values: &mut [f64]) -> Pass {
        let system = self.system;
        let from = |row: usize| inflow.map_or(0.0, |inflow| inflow[row]);
        let mut pass = Pass::default();
        if self.stages.is_empty() {
            for row in 0..system.size() {
                let value = system.image(row, from(row), values);
                pass.change += (value - values[row]).abs();
                pass.sum += value;
                values[row] = value;
            }
            return pass;
        }
        for lanes in &self.stages {
            let mut rest = &mut self.scratch[..length(lanes)];
            let mut parts = Vec::with_capacity(lanes.len());
            for lane in lanes {
                let (part, tail) = rest.split_at_mut(lane.rows.len());
                parts.push((lane, part));
                rest = tail;
            }
            let before: &[f64] = values;
            let done: Vec<Pass> = parts
                .into_par_iter()
                .map(|(lane, part)| lane.sweep(system, from, before, part))
                .collect();
            for of_lane in done {
                pass.change += of_lane.change;
                pass.sum += of_lane.sum;
            }
            let start = lanes[0].rows.start;
            let length = length(lanes);
            values[start..start + length].copy_from_slice(&self.scratch[..length]);
        }
        pass
    }
}

impl Lane {
    fn sweep(&self, system: &System, from: impl Fn(usize) -> f64, before: &[f64], part: &mut [f64]) -> Pass {
        let mut pass = Pass::default();
        for (row, [start, end]) in self.rows.clone().zip(&self.own) {
            let (columns, entries) = system.row(row);
            let (start, end) = (*start as usize, *end as usize);
            let mut value = from(row);
            for at in (0..start).chain(end..columns.len()) {
                value += entries[at] * before[columns[at] as usize];
            }
            for at in start..end {
                value += entries[at] * part[columns[at] as usize - self.rows.start];
            }
            pass.change += (value - before[row]).abs();
            pass.sum += value;
            part[row - self.rows.start] = value;
        }
        pass
    }
}

fn length(lanes: &[Lane]) -> usize {
    lanes.iter().map(|lane| lane.rows.len()).sum()
}

/// Lanes with about equally many entries.
fn stages(system: &System) -> Vec<Vec<Lane>> {
    let count = STAGES * LANES;
    let work = system.matrix.nnz() + system.size();
    let mut lanes: Vec<Range<usize>> = Vec::with_capacity(count);
    let (mut start, mut seen) = (0, 0);
    for row in 0..system.size() {
        seen += system.row(row).0.len() + 1;
        if seen * count >= work * (lanes.len() + 1) {
            lanes.push(start..row + 1);
            start = row + 1;
        }
    }
    let lane = |rows: &Range<usize>| {
        let own = rows.clone().map(|row| {
            let columns = system.row(row).0;
            [rows.start, row].map(|limit| {
                let at = columns.partition_point(|column| (*column as usize) < limit);
                u32::try_from(at).expect("a row has fewer than 2^32 entries")
            })
        });
        Lane {
            own: own.collect(),
            rows: rows.clone(),
        }
    };
    let lanes: Vec<Lane> = lanes.par_iter().map(lane).collect();
    let mut stages: Vec<Vec<Lane>> = Vec::with_capacity(STAGES);
    for (index, lane) in lanes.into_iter().enumerate() {
        if index % LANES == 0 {
            stages.push(Vec::with_capacity(LANES));
        }
        stages[index / LANES].push(lane);
    }
    stages
}
