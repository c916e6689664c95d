//! `cargo xtask load`: builds everything, then lets `upside-load` put many holders on a local validator.

use std::process::{Command, ExitCode};

use anyhow::{Context, Result};

use crate::{
    commands::test::{Built, Selection},
    console::Console,
    host, program,
    toolchain::Choice,
    workspace::Workspace,
};

/// Arguments of `cargo xtask load`.
#[derive(clap::Args)]
pub struct Args {
    /// Passed on to the load: `--holders N`, `--transactions N`, `--seconds N`, `--seed N`, `--url URL`, `--output json`;
    /// `cargo xtask load -- --help` lists the rest.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

/// Builds and runs the load in the foreground; its exit code is this command's.
pub fn run(workspace: &Workspace, console: &Console, args: &Args) -> Result<ExitCode> {
    let task = console.task("program");
    host::check(workspace, console, &task)?;
    program::build_all(workspace, Choice::Auto, console, &task)?;
    task.finish("ok");
    let task = console.task("binaries");
    let built = Built::build(workspace, Selection::Binaries, console, &task)?;
    task.finish("ok");
    let status = Command::new(built.binary("upside-load")?)
        .arg("--program")
        .arg(program::main_program(workspace))
        .arg("--localnet")
        .arg(built.binary("upside-localnet")?)
        .args(&args.arguments)
        .status()
        .context("cannot start the load")?;
    Ok(status
        .code()
        .and_then(|code| u8::try_from(code).ok())
        .map_or(ExitCode::FAILURE, ExitCode::from))
}
