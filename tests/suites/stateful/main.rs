//! Random sequences on the compiled program, against the reference model.
//!
//! A sequence is a list of [`Step`](upside_tests::sequence::step::Step)s, generated from a seed; a quarter of them are hostile. After every step the live accounts must be
//! exactly what the model says, and every invariant must hold. A failing sequence is shrunk and printed: paste it into
//! [`known::sequences`] to keep it.
//!
//! `UPSIDE_SEQUENCES` (500), `UPSIDE_STEPS` (200) and `UPSIDE_SEED` set how much is tried and which; `UPSIDE_HINTS` renews [`hints`].

mod hints;
mod known;
mod races;

use std::io::Write;

use upside_tests::{
    model::Flaw,
    sequence::{
        run,
        search::{again, find, soonest, Plan},
        world,
    },
};

fn from_env(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| {
        text.parse()
            .unwrap_or_else(|_| panic!("{name} must be a whole number, not {text:?}"))
    })
}

#[test]
fn random_sequences_agree_with_the_model_and_keep_every_invariant() {
    let plan = Plan {
        seed: from_env("UPSIDE_SEED", 20_261_125),
        sequences: from_env("UPSIDE_SEQUENCES", 500),
        steps: usize::try_from(from_env("UPSIDE_STEPS", 200)).expect("a number of steps"),
        flaw: None,
    };
    let outcome = find(&plan);
    println!("{outcome}");
    if let Some(found) = outcome.found {
        panic!("{}", found.shrunk(None));
    }
}

#[test]
fn every_flaw_of_a_wrong_model_is_noticed() {
    let fixture = world::Fixture::new();
    let looked_through = from_env("UPSIDE_HINTS", 0);
    for flaw in Flaw::ALL {
        let plan = Plan {
            seed: 1,
            sequences: 600,
            steps: 200,
            flaw: Some(flaw),
        };
        let hint = hints::SOONEST.iter().find(|(of, ..)| *of == flaw);
        let found = if looked_through > 0 {
            let sequences = looked_through;
            soonest(&fixture, &Plan { sequences, ..plan })
        } else {
            hint.and_then(|(_, number, steps)| again(&fixture, &plan, *number, *steps))
        };
        let found = found.unwrap_or_else(|| {
            // Not by a macro, so that it is seen although the test passes.
            let note = format!("stale: hints.rs has no sequence that notices {flaw:?}; looking for one takes longer\n");
            std::io::stderr().write_all(note.as_bytes()).expect("standard error");
            let found = find(&plan).found;
            found.unwrap_or_else(|| panic!("600 sequences did not notice {flaw:?}"))
        });
        println!(
            "    (Flaw::{flaw:?}, {}, {}), // {}",
            found.number,
            found.sequence.len(),
            found.failure.why.lines().next().unwrap_or_default()
        );
    }
}

#[test]
fn a_failing_sequence_is_shrunk_to_what_matters() {
    let flaw = Some(Flaw::CeilPayout);
    let found = find(&Plan {
        seed: 2,
        sequences: 200,
        steps: 150,
        flaw,
    })
    .found
    .expect("a wrong model is noticed");
    let shrunk = found.shrunk(flaw);
    println!("{shrunk}");
    assert!(shrunk.sequence.len() <= 8, "still {} steps", shrunk.sequence.len());
}

#[test]
fn sequences_that_once_failed_pass() {
    let fixture = world::Fixture::new();
    for (name, sequence) in known::sequences() {
        if let Err(failure) = run::run(&fixture, &sequence, None, &mut run::Tally::new()) {
            panic!("{name}: step {}: {}", failure.at, failure.why);
        }
    }
}
