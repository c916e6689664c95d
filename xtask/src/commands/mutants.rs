//! `cargo xtask mutants`: changes the sources in small ways and looks whether a test notices. The formulas are judged by their own tests, the
//! program's state by the suites on the compiled program.

mod state;

use std::{
    fs,
    process::{Command, ExitCode},
};

use anyhow::{ensure, Context, Result};
use serde::Deserialize;

use crate::{
    commands::test::{Built, Selection},
    console::{Console, Task},
    process, program, tool,
    toolchain::Choice,
    workspace::Workspace,
};

/// Cases of each property test: enough for a wrong formula, and quick.
const CASES: &str = "3000";
/// The check tries one of so many mutants of the formulas.
const MATH_SAMPLE: usize = 40;
/// The check tries one of so many mutants of the state; each takes most of a minute.
const STATE_SAMPLE: usize = 100;
/// Of every hundred mutants of the formulas, so many must be noticed.
const LEAST_PERCENT: usize = 95;

/// Arguments of `cargo xtask mutants`.
#[derive(clap::Args)]
pub struct Args {
    /// Which sources.
    #[arg(value_enum)]
    part: Part,
    /// Only one of so many mutants, always the same ones.
    #[arg(long, value_name = "N")]
    every: Option<usize>,
}

/// Sources that are changed.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub enum Part {
    /// The formulas, `math/`.
    Math,
    /// The program's state, `programs/upside/src/state/`.
    State,
}

/// Runs all mutants of a part, or a sample, in the foreground.
pub fn run(workspace: &Workspace, console: &Console, args: &Args) -> Result<ExitCode> {
    let outcome = match args.part {
        Part::Math => {
            let task = console.task("mutants of the formulas");
            let outcome = formulas(workspace, args.every, console, &task)?;
            task.finish(&outcome.sentence());
            outcome
        }
        Part::State => state(workspace, console, args.every)?,
    };
    println!("{}", outcome.sentence());
    Ok(ExitCode::SUCCESS)
}

/// Builds the suites and tries the mutants of the program's state: all that are not decided yet, or one of so many.
pub fn state(workspace: &Workspace, console: &Console, every: Option<usize>) -> Result<Outcome> {
    let task = console.task("program");
    program::build_all(workspace, Choice::Auto, console, &task)?;
    task.finish("ok");
    let task = console.task("suites");
    let built = Built::build(workspace, Selection::TestsAndBinaries, console, &task)?;
    task.finish("ok");
    let task = console.task("mutants of the state");
    let outcome = state::check(workspace, &built, every, console, &task)?;
    task.finish(&outcome.sentence());
    Ok(outcome)
}

/// A sample of a part for `cargo xtask test`.
pub fn sample(workspace: &Workspace, built: &Built, part: Part, console: &Console, task: &Task) -> Result<Outcome> {
    match part {
        Part::Math => formulas(workspace, Some(MATH_SAMPLE), console, task),
        Part::State => state::check(workspace, built, Some(STATE_SAMPLE), console, task),
    }
}

/// What became of the mutants.
#[derive(Debug, Default, Deserialize, PartialEq)]
pub struct Outcome {
    caught: usize,
    missed: usize,
    timeout: usize,
}

impl Outcome {
    /// One sentence.
    pub fn sentence(&self) -> String {
        let all = self.caught + self.missed + self.timeout;
        format!(
            "{} of {all} mutants noticed, {} not",
            self.caught + self.timeout,
            self.missed
        )
    }

    /// Whether so many of a hundred were noticed.
    fn reaches(&self, percent: usize) -> bool {
        (self.caught + self.timeout) * 100 >= (self.caught + self.timeout + self.missed) * percent
    }
}

/// Runs the mutants of the formulas: all, or every n-th. One that no test notices must be explained in docs/mutants.md; nineteen in twenty must
/// be noticed.
fn formulas(workspace: &Workspace, every: Option<usize>, console: &Console, task: &Task) -> Result<Outcome> {
    let tool = tool::MUTANTS.install(workspace, console, task)?;
    let out = workspace.root.join("target/mutants/math");
    fs::create_dir_all(&out).with_context(|| format!("cannot create {}", out.display()))?;
    let mut command = Command::new(tool);
    command
        .current_dir(&workspace.root)
        .args([
            "mutants",
            "--jobs",
            "1",
            "--no-shuffle",
            "--colors",
            "never",
            "--timeout",
            "300",
            "--output",
        ])
        .arg(&out)
        .args(["--package", "upside-math"])
        .env_remove("RUSTUP_TOOLCHAIN")
        // One folder for all copies of the sources: what they depend on is compiled once.
        .env("CARGO_TARGET_DIR", workspace.cache.join("mutants-target"))
        .env("PROPTEST_CASES", CASES);
    if let Some(n) = every {
        command.args(["--sharding", "round-robin", "--shard", &format!("0/{n}")]);
    }
    let log = workspace.log("mutants-math");
    // It fails when a mutant is not noticed; that is judged below.
    let ran = process::run_plain(&mut command, console, task, &log);
    let outcomes = out.join("mutants.out/outcomes.json");
    let text = match (fs::read_to_string(&outcomes), ran) {
        (Ok(text), _) => text,
        (Err(_), Err(error)) => return Err(error),
        (Err(error), Ok(())) => return Err(error).context(format!("cannot read {}", outcomes.display())),
    };
    let outcome: Outcome = serde_json::from_str(&text).context("cargo-mutants writes another form of outcomes.json")?;
    ensure!(
        outcome.caught > 0,
        "no mutant was noticed: the tests do not run; see {}",
        log.display()
    );
    let missed = fs::read_to_string(out.join("mutants.out/missed.txt")).context("cargo-mutants wrote no missed.txt")?;
    explained(workspace, missed.lines())?;
    if every.is_none() {
        ensure!(
            outcome.reaches(LEAST_PERCENT),
            "{}; at least {LEAST_PERCENT} % must be",
            outcome.sentence()
        );
    }
    Ok(outcome)
}

/// Every mutant that no test noticed must stand in docs/mutants.md.
fn explained<'a>(workspace: &Workspace, missed: impl Iterator<Item = &'a str>) -> Result<()> {
    let page = fs::read_to_string(workspace.root.join("docs/mutants.md")).context("docs/mutants.md")?;
    let unexplained: Vec<_> = missed.filter(|mutant| !is_named(&page, mutant)).collect();
    ensure!(
        unexplained.is_empty(),
        "no test notices these; write one, or explain them in docs/mutants.md:\n{}",
        unexplained.join("\n")
    );
    Ok(())
}

/// Whether a table of the page names this mutant; a bar in a table is written with a backslash.
fn is_named(page: &str, mutant: &str) -> bool {
    page.replace("\\|", "|").contains(&place(mutant))
}

/// What a mutant is called without its line, as docs/mutants.md names it: the file, and what is changed where.
fn place(mutant: &str) -> String {
    let mut parts = mutant.splitn(4, ':');
    match (parts.next(), parts.nth(2)) {
        (Some(file), Some(what)) => format!("`{file}`: `{}`", what.trim()),
        _ => mutant.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mutant_is_named_without_its_line() {
        assert_eq!(
            place("math/src/wide.rs:26:9: replace == with != in div_rem"),
            "`math/src/wide.rs`: `replace == with != in div_rem`"
        );
    }

    #[test]
    fn a_mutant_that_changes_a_bar_is_found_in_a_table() {
        let page = r"| `a.rs`: `replace \| with ^ in f` | the same |";
        assert!(is_named(page, "a.rs:1:2: replace | with ^ in f"));
        assert!(!is_named(page, "a.rs:1:2: replace | with & in f"));
    }

    #[test]
    fn a_percentage_is_of_all_mutants_that_compiled() {
        let outcome = Outcome {
            caught: 18,
            missed: 1,
            timeout: 1,
        };
        assert!(outcome.reaches(95) && !outcome.reaches(96));
        assert_eq!(outcome.sentence(), "19 of 20 mutants noticed, 1 not");
    }
}
