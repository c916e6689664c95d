//! The committed sequences still pass, and the search finds what is wrong on purpose.

use std::time::Duration;

use rand::{rngs::StdRng, SeedableRng};
use upside_client::script::Script;
use upside_fuzz::{
    campaign::{self, Findings, Plan},
    corpus,
    coverage::{self, Edges},
    plant::{self, Observed},
};
use upside_tests::{
    context::program_bytes,
    model::Flaw,
    sequence::{
        run::Run,
        step::{sequence, Step},
        world::Fixture,
    },
};

/// Bugs that are planted.
const BUGS: usize = 8;
/// Steps of the corpus that a check must have refused for its absence to be looked for.
const OFTEN: u64 = 16;
/// Most sequences that the search may need for one planted bug.
const SEQUENCES: u64 = 75;
/// More time than any machine needs for them.
const LONG: Duration = Duration::from_secs(600);

fn committed(folder: &str) -> Vec<(String, Vec<Step>)> {
    corpus::read(&corpus::folder(folder)).expect("the committed sequences can be read")
}

/// The committed corpus, run once on this program.
fn covered(program: &[u8]) -> Findings {
    let first: Vec<Vec<Step>> = committed("corpus").into_iter().map(|(_, steps)| steps).collect();
    let plan = Plan {
        sequences: first.len() as u64,
        ..Plan::new(program, LONG, 1)
    };
    campaign::run(&plan, first, |_, _| {})
}

#[test]
fn every_committed_sequence_passes() {
    let fixture = Fixture::new();
    let sequences = ["corpus", "regressions"].into_iter().flat_map(committed);
    let mut count = 0;
    for (name, steps) in sequences {
        if let Err(failure) = Run::new(&fixture, None).all(&steps, |_, _| {}) {
            panic!("{name}: step {}: {}", failure.at, failure.why);
        }
        count += 1;
    }
    assert!(count > 10, "only {count} sequences are committed");
}

#[test]
fn the_corpus_reaches_much_of_the_programs_bytecode() {
    let findings = covered(program_bytes());
    assert!(findings.found.is_none(), "{:?}", findings.found);
    let (reached, total) = (findings.reached(), findings.edges.len() as usize);
    println!("{reached} of {total} edges");
    assert!(total > 5_000, "only {total} edges");
    // Most of the rest are ways to refuse what a sequence cannot ask for, and what formats a refusal.
    assert!(reached * 8 > total * 3, "only {reached} of {total} edges");
}

#[test]
fn calling_through_the_relay_changes_nothing() {
    let outcomes = |fixture: &Fixture, steps: &[Step]| {
        let mut outcomes = Vec::new();
        Run::new(fixture, None)
            .all(steps, |_, accepted| outcomes.push(accepted))
            .unwrap_or_else(|failure| panic!("step {}: {}", failure.at, failure.why));
        outcomes
    };
    let (plain, relayed) = (Fixture::new(), coverage::fixture(program_bytes()));
    for seed in 0..10 {
        let steps = sequence(&mut StdRng::seed_from_u64(seed), 60);
        assert_eq!(outcomes(&plain, &steps), outcomes(&relayed, &steps), "seed {seed}");
    }
}

/// What the steps of the committed corpus do to each check of the program.
fn observed() -> (Edges, Observed) {
    let fixture = coverage::fixture(program_bytes());
    let mut observed = Observed::default();
    for (name, steps) in committed("corpus") {
        let mut run = Run::new(&fixture, None);
        for step in &steps {
            coverage::start(false);
            let accepted = run.step(step, false).unwrap_or_else(|why| panic!("{name}: {why}"));
            observed.add(accepted, &coverage::taken());
        }
    }
    (coverage::edges(), observed)
}

#[test]
fn checks_taken_out_of_the_bytecode_are_missed() {
    let (edges, observed) = observed();
    let checks = observed.checks(&edges);
    println!("{} checks refuse a step of the corpus", checks.len());
    assert!(checks.len() > 40, "only {} checks were seen", checks.len());
    // Those that the corpus meets often; behind one that is rare there is mostly a second.
    let often: Vec<_> = checks.iter().filter(|(.., refused)| *refused >= OFTEN).collect();
    assert!(often.len() >= BUGS, "only {} checks refuse often", often.len());
    let chosen: Vec<_> = often.iter().step_by(often.len() / BUGS).take(BUGS).collect();
    let mut found = 0;
    for (pc, bug, count) in &chosen {
        let program = plant::planted(program_bytes(), *pc, *bug).expect("a jump to decide");
        let first = committed("corpus").into_iter().map(|(_, steps)| steps).collect();
        let plan = Plan {
            sequences: SEQUENCES,
            ..Plan::new(&program, LONG, 1)
        };
        let findings = campaign::run(&plan, first, |_, _| {});
        let why = findings.found.map(|found| found.why);
        println!(
            "instruction {pc} {bug:?} (refused {count} steps), {} sequences: {}",
            findings.sequences,
            why.as_deref().and_then(|why| why.lines().next()).unwrap_or("NOT FOUND")
        );
        found += usize::from(why.is_some());
    }
    // A second check may stand behind the one that is gone; which checks are chosen moves with every build of the program.
    assert!(
        found * 4 >= chosen.len(),
        "only {found} of {} planted bugs were found",
        chosen.len()
    );
}

#[test]
fn wrong_models_of_layers_and_collectives_are_noticed() {
    for flaw in [
        Flaw::CeilHarvest,
        Flaw::CollectAsBearer,
        Flaw::FloorContribution,
        Flaw::ForgetMember,
    ] {
        let plan = Plan {
            flaw: Some(flaw),
            sequences: SEQUENCES * 10,
            ..Plan::new(program_bytes(), LONG, 4)
        };
        let first = committed("corpus").into_iter().map(|(_, steps)| steps).collect();
        let findings = campaign::run(&plan, first, |_, _| {});
        println!("{flaw:?}: {} sequences", findings.sequences);
        assert!(findings.found.is_some(), "{flaw:?} is not noticed");
    }
}

#[test]
fn a_wrong_model_is_noticed_shrunk_and_written_as_a_script_that_plays() {
    let plan = Plan {
        flaw: Some(Flaw::CeilPayout),
        sequences: SEQUENCES * 50,
        ..Plan::new(program_bytes(), LONG, 3)
    };
    let found = campaign::run(&plan, Vec::new(), |_, _| {})
        .found
        .expect("it is noticed");
    let (found, script) = found.shrunk(program_bytes(), plan.flaw);
    assert!(found.steps.len() <= 10, "still {} steps", found.steps.len());

    let text = serde_json::to_string(&script).expect("JSON");
    let script = Script::parse(&text).expect("a script");
    let mut transactions = 0;
    script
        .play(program_bytes(), |played| {
            assert!(
                played.as_written,
                "{:?}: {:?}",
                script.entries[played.number], played.outcome
            );
            transactions += 1;
        })
        .expect("it plays");
    assert!(transactions > found.steps.len());
    assert_eq!(script.why, found.why);
}
