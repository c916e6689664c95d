//! `cargo xtask fuzz`: coverage-guided sequences of transactions on the compiled program.

use std::process::{Command, ExitCode};

use anyhow::{Context, Result};

use crate::{
    commands::test::{Built, Selection},
    console::Console,
    program,
    toolchain::Choice,
    workspace::Workspace,
};

/// Minutes in the whole check.
pub const CHECK_MINUTES: u64 = 2;

/// Arguments of `cargo xtask fuzz`.
#[derive(clap::Args)]
pub struct Args {
    /// How long.
    #[arg(long, default_value_t = CHECK_MINUTES)]
    minutes: u64,
    /// Seed of all chance [default: from the clock].
    #[arg(long)]
    seed: Option<u64>,
    /// Put a small corpus that takes every edge reached into fuzz/corpus.
    #[arg(long)]
    keep: bool,
}

/// Builds what is needed and searches in the foreground.
pub fn run(workspace: &Workspace, console: &Console, args: &Args) -> Result<ExitCode> {
    let task = console.task("program");
    program::build_all(workspace, Choice::Auto, console, &task)?;
    task.finish("ok");
    let task = console.task("fuzzer");
    let built = Built::build(workspace, Selection::Binaries, console, &task)?;
    task.finish("ok");
    let mut command = command(workspace, &built, args.minutes)?;
    if let Some(seed) = args.seed {
        command.args(["--seed", &seed.to_string()]);
    }
    if args.keep {
        command.arg("--keep");
    }
    let status = command.status().context("cannot start the fuzzer")?;
    Ok(if status.success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// The fuzzer for so many minutes. What it learns on this machine stays in the target folder.
pub fn command(workspace: &Workspace, built: &Built, minutes: u64) -> Result<Command> {
    let mut command = Command::new(built.binary("upside-fuzz")?);
    command
        .current_dir(&workspace.root)
        .args(["--minutes", &minutes.to_string()])
        .env("CARGO_MANIFEST_DIR", workspace.root.join("fuzz"))
        .env("UPSIDE_PROGRAM_SO", program::main_program(workspace))
        .env("UPSIDE_FUZZ_FOLDER", workspace.root.join("target/fuzz"));
    Ok(command)
}
