//! `cargo xtask cu`: measures every instruction anew and rewrites `docs/compute_units.md`, and its figures in `docs/peers.md`.

use std::{fs, process::ExitCode};

use anyhow::{bail, Context, Result};

use crate::{
    commands::{
        peers,
        test::{failures, Built, Selection},
    },
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
    let docs = workspace.root.join("docs");
    let read = |name: &str| fs::read_to_string(docs.join(name)).with_context(|| format!("cannot read docs/{name}"));
    let page = peers::refreshed(&read("peers.md")?, &read("compute_units.md")?)?;
    fs::write(docs.join("peers.md"), page).context("cannot write docs/peers.md")?;
    println!(
        "docs/compute_units.md and the figures in docs/peers.md are written; look at their diff before you commit it"
    );
    Ok(ExitCode::SUCCESS)
}
