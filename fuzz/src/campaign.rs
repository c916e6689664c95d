//! The search on all cores.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    num::NonZero,
    path::PathBuf,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use rand::{rngs::StdRng, Rng, SeedableRng};
use upside_client::script::Script;
use upside_tests::{
    model::Flaw,
    sequence::{
        run::{Failure, Run, Tally},
        search::shrink,
        step::{sequence, Hostility, Step},
        world::Fixture,
    },
};

use crate::{
    coverage::{self, Edges},
    mutate::{mutated, with_hostility},
};

/// What to do.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Bytes of the program.
    pub program: Vec<u8>,
    /// How long.
    pub time: Duration,
    /// Most sequences.
    pub sequences: u64,
    /// Seed of all chance.
    pub seed: u64,
    /// Threads.
    pub threads: usize,
    /// A deliberate error in the reference model.
    pub flaw: Option<Flaw>,
}

impl Plan {
    /// On all cores until the time is over.
    #[must_use]
    pub fn new(program: &[u8], time: Duration, seed: u64) -> Self {
        Self {
            program: program.to_vec(),
            time,
            sequences: u64::MAX,
            seed,
            threads: std::thread::available_parallelism().map_or(1, NonZero::get),
            flaw: None,
        }
    }
}

/// A sequence that takes edges.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its steps.
    pub steps: Vec<Step>,
    /// The edges it takes.
    pub edges: Vec<u32>,
}

/// A sequence that goes wrong at its last step.
#[derive(Clone, Debug)]
pub struct Found {
    /// Its steps.
    pub steps: Vec<Step>,
    /// What goes wrong.
    pub why: String,
}

/// What was done and found so far.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    /// Sequences run.
    pub sequences: u64,
    /// Steps run.
    pub steps: u64,
    /// Of these, hostile ones, by kind.
    pub hostile: BTreeMap<Hostility, u64>,
    /// Steps accepted and refused, by name.
    pub tally: Tally,
    /// Sequences that took an edge that none before had taken.
    pub corpus: Vec<Entry>,
    /// The edges of the program.
    pub edges: Edges,
    /// By edge, how many sequences took it.
    pub taken: Vec<u64>,
    /// How long it took.
    pub time: Duration,
    /// The first sequence that went wrong.
    pub found: Option<Found>,
}

impl Findings {
    /// How many edges were taken at least once.
    #[must_use]
    pub fn reached(&self) -> usize {
        self.taken.iter().filter(|count| **count > 0).count()
    }

    /// Hostile steps in all.
    #[must_use]
    pub fn hostile_steps(&self) -> u64 {
        self.hostile.values().sum()
    }

    /// Whether every kind of hostile step was tried and together they are at least a fifth of all steps.
    ///
    /// # Errors
    /// A sentence, if not.
    pub fn is_hostile_enough(&self) -> Result<(), String> {
        if self.hostile_steps() * 5 < self.steps {
            return Err(format!(
                "{} of {} steps are hostile; a fifth must be",
                self.hostile_steps(),
                self.steps
            ));
        }
        match Hostility::ALL.iter().find(|kind| !self.hostile.contains_key(kind)) {
            Some(kind) => Err(format!("no hostile step of the kind {kind:?} was tried")),
            None => Ok(()),
        }
    }

    /// One line of progress.
    #[must_use]
    pub fn line(&self, elapsed: Duration) -> String {
        let seconds = elapsed.as_secs();
        let percent = |part: u64, whole: u64| part * 100 / whole.max(1);
        let total = u64::from(self.edges.len());
        let reached = self.reached() as u64;
        format!(
            "{}:{:02}  {} sequences  {} steps ({}/s)  edges {reached}/{total} ({} %)  corpus {}  hostile {} %",
            seconds / 60,
            seconds % 60,
            self.sequences,
            self.steps,
            self.steps / seconds.max(1),
            percent(reached, total),
            self.corpus.len(),
            percent(self.hostile_steps(), self.steps)
        )
    }

    fn add(&mut self, done: Done, steps: &[Step]) {
        self.sequences += 1;
        self.steps += done.ran as u64;
        for step in &steps[..done.ran] {
            if let Some(kind) = step.hostility() {
                *self.hostile.entry(kind).or_default() += 1;
            }
        }
        for (name, [accepted, refused]) in done.tally {
            let sum = self.tally.entry(name).or_default();
            sum[0] += accepted;
            sum[1] += refused;
        }
        if self.edges.is_empty() {
            self.edges = coverage::edges();
            self.taken = vec![0; self.edges.len() as usize];
        }
        let mut new = false;
        for edge in &done.edges {
            let taken = &mut self.taken[*edge as usize];
            new |= *taken == 0;
            *taken += 1;
        }
        if let Some(failure) = done.failure {
            self.found.get_or_insert(Found {
                steps: steps[..=failure.at].to_vec(),
                why: failure.why,
            });
        } else if new {
            self.corpus.push(Entry {
                steps: steps[..done.last].to_vec(),
                edges: done.edges,
            });
        }
    }

    /// Few sequences of the corpus that together take every edge that it takes.
    #[must_use]
    pub fn cover(&self) -> Vec<&Entry> {
        let mut left: BTreeSet<u32> = self
            .corpus
            .iter()
            .flat_map(|entry| entry.edges.iter().copied())
            .collect();
        let mut cover = Vec::new();
        while !left.is_empty() {
            let gain = |entry: &Entry| entry.edges.iter().filter(|edge| left.contains(edge)).count();
            let Some(best) = self.corpus.iter().max_by_key(|entry| gain(entry)) else {
                break;
            };
            for edge in &best.edges {
                left.remove(edge);
            }
            cover.push(best);
        }
        cover
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.line(self.time))?;
        writeln!(f, "{:<22} {:>9} {:>9}", "step", "accepted", "refused")?;
        for (name, [accepted, refused]) in &self.tally {
            writeln!(f, "{name:<22} {accepted:>9} {refused:>9}")?;
        }
        let kinds = self.hostile.iter().map(|(kind, count)| format!("{kind:?} {count}"));
        writeln!(f, "hostile: {}", kinds.collect::<Vec<_>>().join(", "))
    }
}

/// One sequence that was run.
struct Done {
    /// Steps that ran.
    ran: usize,
    /// Steps up to the last that took an edge for the first time in this run.
    last: usize,
    edges: Vec<u32>,
    tally: Tally,
    failure: Option<Failure>,
}

fn execute(fixture: &Fixture, steps: &[Step], flaw: Option<Flaw>) -> Done {
    coverage::start(false);
    let mut run = Run::new(fixture, flaw);
    let (mut tally, mut ran, mut last, mut count) = (Tally::new(), 0, 0, 0);
    let failure = run
        .all(steps, |step, accepted| {
            tally.entry(step.name()).or_default()[usize::from(!accepted)] += 1;
            ran += 1;
            if coverage::count() > count {
                count = coverage::count();
                last = ran;
            }
        })
        .err();
    Done {
        ran,
        last,
        edges: coverage::taken(),
        tally,
        failure,
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs `first`, then what comes of mutating whatever took new edges, until the plan is done or a sequence goes wrong. `tell` hears of
/// the progress once a second.
pub fn run(plan: &Plan, first: Vec<Vec<Step>>, mut tell: impl FnMut(&Findings, Duration)) -> Findings {
    let started = Instant::now();
    let findings = Mutex::new(Findings::default());
    let queue = Mutex::new(first);
    let is_over = |findings: &Findings| {
        findings.found.is_some() || started.elapsed() >= plan.time || findings.sequences >= plan.sequences
    };
    let work = |thread: usize| {
        let mut rng = StdRng::seed_from_u64(plan.seed ^ (thread as u64) << 48);
        let fixture = coverage::fixture(&plan.program);
        loop {
            let waiting = locked(&queue).pop();
            let steps = match waiting {
                Some(steps) => steps,
                None => {
                    let (parent, other) = {
                        let findings = locked(&findings);
                        let corpus = &findings.corpus;
                        let mut pick = || match corpus.len() {
                            0 => None,
                            // Half the time one of the newest.
                            n if rng.gen() => corpus.get(n - 1 - rng.gen_range(0..n.min(24))),
                            n => corpus.get(rng.gen_range(0..n)),
                        };
                        (pick().cloned(), pick().cloned())
                    };
                    let steps = match (parent, other) {
                        (Some(parent), Some(other)) if rng.gen_bool(0.9) => {
                            mutated(&mut rng, &parent.steps, &other.steps)
                        }
                        _ => {
                            let length = rng.gen_range(20..=60);
                            sequence(&mut rng, length)
                        }
                    };
                    with_hostility(&mut rng, steps)
                }
            };
            let done = execute(&fixture, &steps, plan.flaw);
            let mut findings = locked(&findings);
            findings.add(done, &steps);
            if is_over(&findings) {
                break;
            }
        }
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..plan.threads.max(1))
            .map(|thread| scope.spawn(move || work(thread)))
            .collect();
        let mut told = Instant::now();
        while !threads.iter().all(|thread| thread.is_finished()) {
            std::thread::sleep(Duration::from_millis(20));
            if told.elapsed() >= Duration::from_secs(1) {
                told = Instant::now();
                let findings = locked(&findings).clone();
                tell(&findings, started.elapsed());
            }
        }
    });
    let mut findings = findings.into_inner().unwrap_or_else(PoisonError::into_inner);
    findings.time = started.elapsed();
    findings
}

impl Found {
    /// The same failure with few steps, on the program without the relay unless it fails with it only, and as a script.
    ///
    /// # Panics
    /// If it fails neither way: then chance, and not the steps, made it fail.
    #[must_use]
    pub fn shrunk(self, program: &[u8], flaw: Option<Flaw>) -> (Self, Script) {
        let plain = Fixture::on(litesvm::LiteSVM::new(), program, None);
        let try_on = |fixture: &Fixture, steps: &[Step]| Run::new(fixture, flaw).all(steps, |_, _| {});
        let traced;
        let (fixture, failure) = match try_on(&plain, &self.steps) {
            Err(failure) => (&plain, failure),
            Ok(()) => {
                traced = coverage::fixture(program);
                let failure = try_on(&traced, &self.steps).expect_err("a sequence that failed fails again");
                (&traced, failure)
            }
        };
        let (steps, _) = shrink(self.steps, failure, |candidate| try_on(fixture, candidate));
        let mut run = Run::new(fixture, flaw);
        run.record();
        let failure = run
            .all(&steps, |_, _| {})
            .expect_err("a sequence that failed fails again");
        let script = run.script(failure.why.clone()).expect("it was recorded");
        let found = Self {
            steps,
            why: failure.why,
        };
        (found, script)
    }
}

/// Where findings of this machine are kept.
#[must_use]
pub fn default_folder() -> PathBuf {
    std::env::var_os("UPSIDE_FUZZ_FOLDER").map_or_else(|| PathBuf::from("target/fuzz"), PathBuf::from)
}
