//! `cargo xtask cu`: measures every instruction anew and rewrites `docs/compute_units.md`.

use std::process::ExitCode;

use anyhow::{bail, Result};

use crate::{
    commands::test::{failures, Built, Selection},
    console::Console,
    program,
    toolchain::Choice,
    workspace::Workspace,
};

/// The suite of `upside-tests` that measures; with `UPDATE_CU=1` it writes the document instead of comparing with it.
const SUITE: &str = "compute_units";

/// Builds the program and the suite and runs it with `UPDATE_CU=1`.
pub fn run(workspace: &Workspace, console: &Console) -> Result<ExitCode> {
    let task = console.task("program");
    program::build_all(workspace, Choice::Auto, console, &task)?;
    task.finish("ok");
    let task = console.task("suite");
    let built = Built::build(workspace, Selection::Suite(SUITE), console, &task)?;
    task.finish("ok");
    let task = console.task("measure");
    let suites = built.run_tests(workspace, "upside-tests", &[("UPDATE_CU", "1")], console, &task)?;
    failures(&suites)?;
    task.finish("ok");
    if suites.iter().all(|suite| suite.counts.passed == 0) {
        bail!("the suite {SUITE} ran no test");
    }
    println!("docs/compute_units.md is written; look at its diff before you commit it");
    Ok(ExitCode::SUCCESS)
}
