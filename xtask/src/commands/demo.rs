//! `cargo xtask demo`: builds everything, then lets `upside-demo` play a story on a local validator.

use std::process::{Command, ExitCode};

use anyhow::{Context, Result};

use crate::{
    commands::test::{Built, Selection},
    console::Console,
    host, program,
    toolchain::Choice,
    workspace::Workspace,
};

/// Arguments of `cargo xtask demo`.
#[derive(clap::Args)]
pub struct Args {
    /// Passed on to the demo: `--story FILE` plays another story, `--html FILE` says where the report goes; `cargo xtask demo -- --help` lists
    /// the rest.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

/// Builds and runs the demo in the foreground; its exit code is this command's.
pub fn run(workspace: &Workspace, console: &Console, args: &Args) -> Result<ExitCode> {
    let task = console.task("program");
    host::check(workspace, console, &task)?;
    program::build_all(workspace, Choice::Auto, console, &task)?;
    task.finish("ok");
    let task = console.task("binaries");
    let built = Built::build(workspace, Selection::Binaries, console, &task)?;
    task.finish("ok");
    let status = command(workspace, &built)?
        .args(&args.arguments)
        .status()
        .context("cannot start the demo")?;
    Ok(status
        .code()
        .and_then(|code| u8::try_from(code).ok())
        .map_or(ExitCode::FAILURE, ExitCode::from))
}

/// The demo's command with the program and the local validator that were built; reports go to the cache.
pub fn command(workspace: &Workspace, built: &Built) -> Result<Command> {
    let mut command = Command::new(built.binary("upside-demo")?);
    command
        .arg("--program")
        .arg(program::main_program(workspace))
        .arg("--localnet")
        .arg(built.binary("upside-localnet")?)
        .arg("--reports")
        .arg(workspace.cache.join("demo"));
    Ok(command)
}
