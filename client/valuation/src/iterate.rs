//! Iterations on one system, from the quickest to the most patient. Each stops by itself when it gets nowhere.
//!
//! 1. Gauss-Seidel passes; after each, all values are scaled so that what leaves the system is what enters it. That takes out the slowest
//!    mode (everything a little too low) for nothing.
//! 2. BiCGStab on the fixed-point equation of a pass, when passes alone would take long. Two passes per step, seven vectors.
//! 3. GMRES on the same equation, which never breaks down.

use crate::{
    sum::Sum,
    sweep::{Pass, Sweeper},
    system::System,
    vector::{change, combine, combine_two, inner, inner_and_square, one_norm},
};

/// Passes that are foreseen at most before a Krylov method takes over.
const FORESEEN: f64 = 24.0;
/// Passes after which the rate of the last one is believed.
const TRUSTED: usize = 4;
/// Steps within which BiCGStab has to halve its residual.
const PATIENCE: usize = 60;
/// Steps of GMRES between restarts: vectors of the system's length that are kept.
const KRYLOV: usize = 30;
/// Smallest residual, as a part of all values, that rounding lets anybody reach.
const FLOOR: f64 = 8.0 * f64::EPSILON;

/// How an iteration ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ended {
    /// Whether the residual is within what was wanted.
    pub reached: bool,
    /// Passes made.
    pub passes: usize,
    /// Bound on the residual's 1-norm.
    pub residual: f64,
    /// What was wanted, or what rounding allows if that is more.
    pub goal: f64,
}

/// One system being solved.
pub struct Iteration<'a> {
    system: &'a System,
    sweeper: Sweeper<'a>,
    inflow: &'a [f64],
    entering: f64,
    wanted: f64,
    budget: usize,
    passes: usize,
    /// The values.
    pub values: Vec<f64>,
}

impl<'a> Iteration<'a> {
    /// Begins with what flows in. `wanted` is the residual's 1-norm, `budget` the most passes.
    pub fn new(system: &'a System, inflow: &'a [f64], wanted: f64, budget: usize) -> Self {
        Self {
            system,
            sweeper: Sweeper::new(system),
            inflow,
            entering: inflow.iter().copied().collect::<Sum>().get(),
            wanted,
            budget,
            passes: 0,
            values: inflow.to_vec(),
        }
    }

    /// Begins with values that are near the truth already.
    pub fn resume(mut self, values: Vec<f64>) -> Self {
        self.values = values;
        self
    }

    fn ended(&self, pass: Pass) -> Ended {
        let goal = self.wanted.max(FLOOR * pass.sum);
        Ended {
            reached: pass.change <= goal,
            passes: self.passes,
            residual: pass.change,
            goal,
        }
    }

    fn sweep(&mut self) -> Ended {
        let pass = self.sweeper.sweep(Some(self.inflow), &mut self.values);
        self.passes += 1;
        self.ended(pass)
    }

    /// Passes with scaling for as long as they promise to end soon.
    pub fn passes(&mut self) -> Ended {
        let mut last = f64::INFINITY;
        loop {
            let ended = self.sweep();
            if ended.reached || self.passes >= self.budget {
                return ended;
            }
            let rate = ended.residual / last;
            let foreseen = (ended.goal / ended.residual).ln() / rate.ln();
            if self.passes >= TRUSTED && (rate >= 1.0 || foreseen > FORESEEN) {
                return ended;
            }
            last = ended.residual;
            let leaving = inner(&self.system.leak, &self.values);
            let factor = self.entering / leaving;
            // Far from 1 it says that values are not near the truth yet, or that nothing leaves.
            if (0.25..4.0).contains(&factor) {
                change(&mut self.values, |value| value * factor);
            }
        }
    }

    /// BiCGStab, begun anew while it helps.
    pub fn bicgstab(&mut self) -> Ended {
        let mut before = f64::INFINITY;
        let mut best = Vec::new();
        loop {
            let mut residual = self.values.clone();
            let ended = self.sweep();
            if ended.reached || self.passes >= self.budget {
                return ended;
            }
            if ended.residual > 0.5 * before {
                if ended.residual > before {
                    self.values = best;
                }
                return ended;
            }
            before = ended.residual;
            best = self.values.clone();
            // The residual of the values before the pass, to which the steps belong.
            std::mem::swap(&mut residual, &mut self.values);
            combine(&mut residual, &self.values, |new, old| new - old);
            self.bicgstab_steps(residual, 0.5 * ended.goal);
            // True values are never below zero.
            change(&mut self.values, |value| if value > 0.0 { value } else { 0.0 });
        }
    }

    /// `x - G x` of a linear pass `G`.
    fn defect(&mut self, from: &[f64], to: &mut Vec<f64>) {
        to.clear();
        to.extend_from_slice(from);
        self.sweeper.sweep(None, to);
        self.passes += 1;
        combine(to, from, |image, value| value - image);
    }

    fn bicgstab_steps(&mut self, mut residual: Vec<f64>, goal: f64) {
        let shadow = residual.clone();
        let mut direction = residual.clone();
        let (mut image, mut half_image) = (Vec::new(), Vec::new());
        let mut rho = inner(&shadow, &residual);
        let (mut lowest, mut since) = (f64::INFINITY, 0);
        while self.passes < self.budget && since < PATIENCE {
            self.defect(&direction, &mut image);
            let step = rho / inner(&shadow, &image);
            if !step.is_finite() || step == 0.0 {
                return;
            }
            combine(&mut residual, &image, |residual, image| residual - step * image);
            self.defect(&residual, &mut half_image);
            let [along, square] = inner_and_square(&half_image, &residual);
            let damping = if square > 0.0 { along / square } else { 0.0 };
            combine_two(&mut self.values, &direction, &residual, |value, direction, residual| {
                value + step * direction + damping * residual
            });
            combine(&mut residual, &half_image, |residual, image| residual - damping * image);
            let norm = one_norm(&residual);
            if norm <= goal || damping == 0.0 {
                return;
            }
            (lowest, since) = if norm <= 0.5 * lowest {
                (norm, 0)
            } else {
                (lowest, since + 1)
            };
            let next = inner(&shadow, &residual);
            let turn = next / rho * (step / damping);
            if !turn.is_finite() {
                return;
            }
            rho = next;
            combine_two(&mut direction, &residual, &image, |direction, residual, image| {
                residual + turn * (direction - damping * image)
            });
        }
    }

    /// Restarted GMRES while it helps.
    pub fn gmres(&mut self) -> Ended {
        let mut basis: Vec<Vec<f64>> = Vec::new();
        let mut before = f64::INFINITY;
        loop {
            let mut first = self.values.clone();
            let ended = self.sweep();
            let slow = ended.residual > 0.9 * before;
            if ended.reached || self.passes >= self.budget || slow {
                return ended;
            }
            before = ended.residual;
            std::mem::swap(&mut first, &mut self.values);
            combine(&mut first, &self.values, |new, old| new - old);
            self.gmres_cycle(first, &mut basis, 0.3 * ended.goal / ended.residual);
            change(&mut self.values, |value| if value > 0.0 { value } else { 0.0 });
        }
    }

    /// One cycle of GMRES on `x - G x = residual`.
    fn gmres_cycle(&mut self, residual: Vec<f64>, basis: &mut Vec<Vec<f64>>, reduction: f64) {
        let norm = inner(&residual, &residual).sqrt();
        if norm == 0.0 {
            return;
        }
        basis.truncate(0);
        basis.push(residual);
        change(&mut basis[0], |value| value / norm);
        let mut hessenberg: Vec<Vec<f64>> = Vec::new();
        let mut rotations: Vec<(f64, f64)> = Vec::new();
        let mut target = vec![norm];
        for step in 0..KRYLOV {
            let mut next = Vec::with_capacity(basis[step].len());
            self.defect(&basis[step], &mut next);
            let mut column = Vec::with_capacity(step + 2);
            for known in basis.iter() {
                let along = inner(&next, known);
                combine(&mut next, known, |value, known| value - along * known);
                column.push(along);
            }
            let length = inner(&next, &next).sqrt();
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
            let done = length <= f64::EPSILON * norm || target[step + 1].abs() <= reduction * norm;
            if done || self.passes >= self.budget {
                break;
            }
            change(&mut next, |value| value / length);
            basis.push(next);
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
        for (weight, direction) in weights.into_iter().zip(basis.iter()) {
            combine(&mut self.values, direction, |value, direction| {
                value + weight * direction
            });
        }
    }
}
