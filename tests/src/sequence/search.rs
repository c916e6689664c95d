//! Looks for a failing sequence on all cores, and shrinks it.

use std::{
    fmt,
    num::NonZero,
    sync::{
        atomic::{AtomicBool, AtomicU64, Ordering},
        Mutex,
    },
    time::{Duration, Instant},
};

use crate::model::Flaw;
use rand::{rngs::StdRng, SeedableRng};

use super::{
    run::{run, Failure, Tally},
    step::{sequence, Step},
    world::Fixture,
};

/// Most runs that shrinking may take.
const SHRINK_RUNS: usize = 600;

/// What to try.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Seed of the first sequence; the others count up from it.
    pub seed: u64,
    /// How many sequences.
    pub sequences: u64,
    /// Steps of each.
    pub steps: usize,
    /// A deliberate error in the model.
    pub flaw: Option<Flaw>,
}

/// What was tried and found.
pub struct Outcome {
    plan: Plan,
    tried: u64,
    steps: u64,
    took: Duration,
    threads: usize,
    tally: Tally,
    /// The failing sequence with the lowest number among those that ran.
    pub found: Option<Found>,
}

/// A failing sequence.
pub struct Found {
    /// Its number, counted from the plan's seed.
    pub number: u64,
    /// Its steps, up to the failing one.
    pub sequence: Vec<Step>,
    /// What failed.
    pub failure: Failure,
}

fn generate(plan: &Plan, number: u64) -> Vec<Step> {
    sequence(&mut StdRng::seed_from_u64(plan.seed.wrapping_add(number)), plan.steps)
}

/// Runs the first steps of one sequence of a plan; the failure, if there still is one.
#[must_use]
pub fn again(fixture: &Fixture, plan: &Plan, number: u64, steps: usize) -> Option<Found> {
    let mut sequence = generate(plan, number);
    sequence.truncate(steps);
    let failure = run(fixture, &sequence, plan.flaw, &mut Tally::new()).err()?;
    sequence.truncate(failure.at + 1);
    Some(Found {
        number,
        sequence,
        failure,
    })
}

/// Of all sequences of a plan the one that fails after the fewest steps.
#[must_use]
pub fn soonest(fixture: &Fixture, plan: &Plan) -> Option<Found> {
    let (mut best, mut steps) = (None, plan.steps);
    for number in 0..plan.sequences {
        if let Some(found) = again(fixture, plan, number, steps) {
            steps = found.failure.at;
            best = Some(found);
        }
    }
    best
}

/// Runs the plan until it is done or a sequence fails.
///
/// # Panics
/// If a thread panics.
#[must_use]
pub fn find(plan: &Plan) -> Outcome {
    let started = Instant::now();
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
    let (next, tried, stop) = (AtomicU64::new(0), AtomicU64::new(0), AtomicBool::new(false));
    let found: Mutex<Option<Found>> = Mutex::new(None);
    let total: Mutex<Tally> = Mutex::new(Tally::new());
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let fixture = Fixture::new();
                let mut tally = Tally::new();
                while !stop.load(Ordering::Relaxed) {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= plan.sequences {
                        break;
                    }
                    let steps = generate(plan, number);
                    let result = run(&fixture, &steps, plan.flaw, &mut tally);
                    tried.fetch_add(1, Ordering::Relaxed);
                    if let Err(failure) = result {
                        stop.store(true, Ordering::Relaxed);
                        let mut found = found.lock().expect("no thread panics while it holds this");
                        if found.as_ref().is_none_or(|other| number < other.number) {
                            let sequence = steps[..=failure.at].to_vec();
                            *found = Some(Found {
                                number,
                                sequence,
                                failure,
                            });
                        }
                    }
                }
                let mut total = total.lock().expect("no thread panics while it holds this");
                for (name, [accepted, refused]) in tally {
                    let sum = total.entry(name).or_default();
                    sum[0] += accepted;
                    sum[1] += refused;
                }
            });
        }
    });
    let tally = total.into_inner().expect("no thread panicked");
    Outcome {
        plan: *plan,
        tried: tried.into_inner(),
        steps: tally.values().flatten().sum(),
        took: started.elapsed(),
        threads,
        tally,
        found: found.into_inner().expect("no thread panicked"),
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.took.as_secs_f64();
        writeln!(
            f,
            "UPSIDE_SEED={} : {} sequences, {} steps in {seconds:.1} s on {} threads: {:.0} steps a second",
            self.plan.seed,
            self.tried,
            self.steps,
            self.threads,
            self.steps as f64 / seconds
        )?;
        writeln!(f, "{:<22} {:>9} {:>9} {:>9}", "step", "accepted", "refused", "accepted")?;
        for (name, [accepted, refused]) in &self.tally {
            let share = *accepted as f64 / (accepted + refused).max(1) as f64;
            writeln!(f, "{name:<22} {accepted:>9} {refused:>9} {:>7.0} %", share * 100.0)?;
        }
        Ok(())
    }
}

/// Drops steps while the sequence still fails: halves first, then single steps. `attempt` runs one.
pub fn shrink(
    sequence: Vec<Step>,
    failure: Failure,
    mut attempt: impl FnMut(&[Step]) -> Result<(), Failure>,
) -> (Vec<Step>, Failure) {
    let (mut best, mut why) = (sequence, failure);
    let mut runs = 0;
    let mut size = best.len().div_ceil(2);
    while size > 0 && runs < SHRINK_RUNS {
        let mut smaller = false;
        let mut from = 0;
        while from < best.len() && runs < SHRINK_RUNS {
            let mut candidate = best.clone();
            candidate.drain(from..(from + size).min(candidate.len()));
            runs += 1;
            match attempt(&candidate) {
                Err(failure) => {
                    candidate.truncate(failure.at + 1);
                    (best, why) = (candidate, failure);
                    smaller = true;
                }
                Ok(()) => from += size,
            }
        }
        size = match (smaller, size) {
            (true, _) => size.min(best.len().div_ceil(2)),
            (false, 1) => 0,
            (false, _) => size / 2,
        };
    }
    (best, why)
}

impl Found {
    /// The same failure with as few steps as [`shrink`] finds.
    #[must_use]
    pub fn shrunk(self, flaw: Option<Flaw>) -> Self {
        let fixture = Fixture::new();
        let (sequence, failure) = shrink(self.sequence, self.failure, |candidate| {
            run(&fixture, candidate, flaw, &mut Tally::new())
        });
        Self {
            number: self.number,
            sequence,
            failure,
        }
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "sequence {} fails at its last step: {}",
            self.number, self.failure.why
        )?;
        writeln!(
            f,
            "with `use upside_tests::sequence::step::{{Form::*, Least::*, Leg::*, Meddling::*, Part::*, Payee::*, Pick::*, Receiver::*, Step::*, Ticket::*}}`:"
        )?;
        writeln!(f, "vec![")?;
        for step in &self.sequence {
            writeln!(f, "    {},", step.as_rust())?;
        }
        write!(f, "]")
    }
}
