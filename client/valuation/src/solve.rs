//! The solver: the quickest method that serves, chosen by what the graph shows.
//!
//! A large graph is first taken as it is. Passes that converge fast, and else BiCGStab, answer almost every graph before its rings are even
//! known. When they get nowhere (long chains in an unlucky order, rings that keep nearly everything), strongly connected
//! components are found and solved each after what it holds: a single security by its row, a small ring by elimination, a larger one by
//! the iterations with more patience, and one of middling size that resists them by elimination too. Every way has a bound.

use crate::{
    components::{components, Holders},
    graph::Graph,
    iterate::{Ended, Iteration},
    sum::Sum,
    system::System,
};

/// Securities of a ring that is solved by elimination at once.
const SMALL: usize = 64;
/// Securities of a ring that is still solved by elimination when nothing else works.
const MIDDLING: usize = 2_000;

/// Why there are no values.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum Unsolved {
    /// A ring in which securities hold all of each other receives value that can never leave.
    #[error("security {security} and the ring it is in hold all of each other's shares: what they own never reaches anybody, so it has no value to name")]
    Trapped {
        /// One security of the ring.
        security: u32,
    },
    /// The budget of passes was used up, or no method gets nearer.
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

/// Solves `x = p + C x` until the residual's 1-norm is at most `tolerance` of all of `p`; at most `budget` passes per component.
pub fn solve(
    graph: &Graph,
    system: &System,
    primitives: &[f64],
    tolerance: f64,
    budget: usize,
) -> Result<Vec<f64>, Unsolved> {
    let total = primitives.iter().copied().collect::<Sum>().get();
    // Half is left for what the certificate adds.
    let wanted = 0.5 * tolerance * total;
    if system.size() > SMALL {
        let mut whole = Iteration::new(system, primitives, wanted, budget);
        if whole.passes().reached || whole.bicgstab().reached {
            return Ok(whole.values);
        }
    }
    by_components(graph, system, primitives, wanted, budget)
}

fn by_components(
    graph: &Graph,
    system: &System,
    primitives: &[f64],
    wanted: f64,
    budget: usize,
) -> Result<Vec<f64>, Unsolved> {
    let found = {
        let holders = Holders::of(graph);
        components(graph, &holders)
    };
    let mut component_of = vec![0u32; system.size()];
    for (index, component) in (0u32..).zip(&found) {
        for security in component {
            component_of[*security as usize] = index;
        }
    }
    // What leaves each security's component.
    let mut exit = system.leak.clone();
    for (row, own) in component_of.iter().enumerate() {
        let (columns, entries) = system.row(row);
        for (column, entry) in columns.iter().zip(entries) {
            if component_of[*column as usize] != *own {
                exit[*column as usize] += entry;
            }
        }
    }
    drop(component_of);
    let mut place = vec![0u32; system.size()];
    // Zero until it is known: a row's entries in its own or a later component add nothing.
    let mut values = vec![0.0; system.size()];
    for component in found {
        let inflow = component.iter().map(|security| {
            let at = *security as usize;
            system.image(at, primitives[at], &values)
        });
        let inflow: Vec<f64> = inflow.collect();
        if let [security] = component[..] {
            values[security as usize] = inflow[0];
            continue;
        }
        if inflow.iter().all(|value| *value == 0.0) {
            continue;
        }
        let part = system.part(&component, &exit, &mut place);
        if part.leak.iter().all(|exit| *exit == 0.0) {
            return Err(Unsolved::Trapped { security: component[0] });
        }
        let share = component.len() as f64 / system.size() as f64;
        let solved = ring(&part, inflow, wanted * share, budget)
            .map_err(|failed| failed.unwrap_or(Unsolved::Trapped { security: component[0] }))?;
        for (security, value) in component.iter().zip(solved) {
            values[*security as usize] = value;
        }
    }
    Ok(values)
}

/// Values of one ring. `Err(None)`: nothing can leave a part of it.
fn ring(system: &System, inflow: Vec<f64>, wanted: f64, budget: usize) -> Result<Vec<f64>, Option<Unsolved>> {
    if system.size() <= SMALL {
        return eliminate(system, inflow).ok_or(None);
    }
    let mut iteration = Iteration::new(system, &inflow, wanted, budget);
    let mut ended: Ended = iteration.passes();
    if !ended.reached {
        ended = iteration.bicgstab();
    }
    if !ended.reached && system.size() > MIDDLING {
        ended = iteration.gmres();
    }
    if ended.reached {
        return Ok(iteration.values);
    }
    drop(iteration);
    if system.size() <= MIDDLING {
        return eliminate(system, inflow).ok_or(None);
    }
    Err(Some(Unsolved::NotConverged {
        sweeps: ended.passes,
        residual: ended.residual,
        wanted: ended.goal,
    }))
}

/// Grassmann-Taksar-Heyman elimination. It never subtracts, so every value is right to almost all digits however slowly money leaves
/// the ring. `None`: nothing can leave a part of it.
fn eliminate(system: &System, mut inflow: Vec<f64>) -> Option<Vec<f64>> {
    let size = system.size();
    let mut dense = vec![0.0; size * size];
    for row in 0..size {
        let (columns, entries) = system.row(row);
        for (column, entry) in columns.iter().zip(entries) {
            dense[row * size + *column as usize] = *entry;
        }
    }
    let mut exit = system.leak.clone();
    let mut pivots = vec![0.0; size];
    for k in 0..size {
        let pivot = exit[k] + (k + 1..size).map(|row| dense[row * size + k]).sum::<f64>();
        if pivot == 0.0 {
            return None;
        }
        pivots[k] = pivot;
        let (above, below) = dense.split_at_mut((k + 1) * size);
        let eliminated = &above[k * size..];
        for (row, line) in (k + 1..size).zip(below.chunks_exact_mut(size)) {
            let factor = line[k] / pivot;
            if factor == 0.0 {
                continue;
            }
            inflow[row] += factor * inflow[k];
            let diagonal = line[row];
            for (to, from) in line[k + 1..].iter_mut().zip(&eliminated[k + 1..]) {
                *to += factor * from;
            }
            // What comes back to where it was is in the pivot already.
            line[row] = diagonal;
        }
        for column in k + 1..size {
            exit[column] += exit[k] / pivot * eliminated[column];
        }
    }
    let mut values = inflow;
    for k in (0..size).rev() {
        let later: f64 = (k + 1..size)
            .map(|column| dense[k * size + column] * values[column])
            .sum();
        values[k] = (values[k] + later) / pivots[k];
    }
    Some(values)
}
