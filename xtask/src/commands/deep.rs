//! `cargo xtask test --deep`: many long random sequences, the program's bytes from other folders, many deaths of validator and commands, and
//! then every mutant of the program's state, in pieces, so that a run can stop and go on.

use std::{
    path::Path,
    process::{Command, ExitCode},
    time::{Duration, Instant},
};

use anyhow::{bail, Context, Result};

use crate::{
    commands::{
        mutants, supply,
        test::{failures, Built, Selection},
    },
    console::Console,
    process, program,
    toolchain::Choice,
    workspace::Workspace,
};

/// How many sequences.
pub const SEQUENCES: u64 = 5_000;
/// Steps of each.
const STEPS: u64 = 500;
/// How many are played between two lines of progress.
const PIECE: u64 = 50;
/// Seed of sequence 0; the others count up from it.
const SEED: u64 = 50_000_000;
/// The suite and its test that plays them.
const SUITE: (&str, &str) = (
    "stateful",
    "random_sequences_agree_with_the_model_and_keep_every_invariant",
);

/// The member and the suite in which validator and commands are killed.
const DEATH: (&str, &str) = ("upside-load", "death");
/// How many worlds are disturbed, five commands in each.
const DEATHS: &str = "50";

/// Builds the program and the suite and plays sequences `from` (default: where the last run of the same program stopped) up to, not
/// including, `to`. Without `from`, the comparison of its bytes from other folders, the deaths and the mutants of its
/// state follow.
pub fn run(workspace: &Workspace, console: &Console, from: Option<u64>, to: u64) -> Result<ExitCode> {
    let task = console.task("program");
    let binaries = program::build_all(workspace, Choice::Auto, console, &task)?;
    task.finish("ok");
    let task = console.task("suite");
    let built = Built::build(workspace, Selection::Suite(SUITE.0), console, &task)?;
    task.finish("ok");
    let digest = binaries
        .iter()
        .map(|binary| binary.sha256.clone())
        .collect::<Vec<_>>()
        .join("+");
    let mark = workspace.root.join("target/deep.txt");
    let first = match from {
        Some(from) => from,
        None => std::fs::read_to_string(&mark)
            .ok()
            .and_then(|text| stopped_at(&text, &digest))
            .unwrap_or(0),
    };
    if first >= to {
        bail!("sequences up to {first} have been played and there are {to}: name another first one with --from");
    }
    println!("sequences {first} to {} of {STEPS} steps", to - 1);
    let started = Instant::now();
    let mut next = first;
    while next < to {
        let piece = PIECE.min(to - next);
        let task = console.task("sequences");
        let mut command = command(workspace, built.test("upside-tests", SUITE.0)?, next, piece);
        process::run_plain(&mut command, console, &task, &workspace.log("deep"))
            .with_context(|| format!("one of the sequences {next} to {}", next + piece - 1))?;
        next += piece;
        task.finish(&progress(next - first, to - next, started.elapsed()));
        // What somebody picks out says nothing about where the whole stands.
        if from.is_none() {
            std::fs::write(&mark, format!("{digest} {next}\n"))
                .with_context(|| format!("cannot write {}", mark.display()))?;
        }
    }
    if from.is_none() {
        supply::reproducible(workspace, console)?;
        deaths(workspace, console)?;
        println!("{}", mutants::state(workspace, console, None)?.sentence());
    }
    Ok(ExitCode::SUCCESS)
}

fn deaths(workspace: &Workspace, console: &Console) -> Result<()> {
    let task = console.task(DEATH.1);
    let built = Built::build(workspace, Selection::SuiteAndBinaries(DEATH.1), console, &task)?;
    failures(&built.run_tests(workspace, DEATH.0, &[("UPSIDE_DEATHS", DEATHS)], console, &task)?)?;
    task.finish("ok");
    Ok(())
}

fn command(workspace: &Workspace, suite: &Path, first: u64, sequences: u64) -> Command {
    let mut command = Command::new(suite);
    command
        .current_dir(&workspace.root)
        .args([SUITE.1, "--exact", "--nocapture"])
        .env("UPSIDE_PROGRAM_SO", program::main_program(workspace))
        .env("UPSIDE_SEED", (SEED + first).to_string())
        .env("UPSIDE_SEQUENCES", sequences.to_string())
        .env("UPSIDE_STEPS", STEPS.to_string());
    command
}

/// Where the last run stopped, if it was of the same program.
fn stopped_at(text: &str, digest: &str) -> Option<u64> {
    let (of, next) = text.trim().split_once(' ')?;
    (of == digest).then(|| next.parse().ok())?
}

/// How many were played, how fast, and how long the rest takes at that rate.
fn progress(played: u64, left: u64, took: Duration) -> String {
    let seconds = took.as_secs_f64().max(0.001);
    let rate = played as f64 / seconds;
    format!(
        "{played} played, {left} left: {rate:.2} sequences/s, {:.0} steps/s, {:.0} min to go",
        rate * STEPS as f64,
        left as f64 / rate / 60.0
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_goes_on_where_the_last_one_of_the_same_program_stopped() {
        assert_eq!(stopped_at("abc 150\n", "abc"), Some(150));
        assert_eq!(stopped_at("abc 150\n", "def"), None);
        assert_eq!(stopped_at("", "abc"), None);
        assert_eq!(stopped_at("abc x", "abc"), None);
    }

    #[test]
    fn progress_says_the_rate_and_what_is_left() {
        assert_eq!(
            progress(100, 600, Duration::from_secs(50)),
            "100 played, 600 left: 2.00 sequences/s, 1000 steps/s, 5 min to go"
        );
    }
}
