//! `cargo xtask demo`: builds everything, then lets `upside-demo` play a story on a local validator.

use std::{
    path::Path,
    process::{Command, ExitCode},
};

use anyhow::{Context, Result};

use crate::{
    commands::{
        agave,
        test::{Built, Selection, Validator},
    },
    console::Console,
    host, program,
    toolchain::Choice,
    workspace::Workspace,
};

/// Arguments of `cargo xtask demo`.
#[derive(clap::Args)]
pub struct Args {
    /// The local validator that the story is played on.
    #[arg(long, value_enum, default_value_t)]
    validator: Validator,
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
    let mut command = match args.validator {
        Validator::Embedded => command(workspace, &built)?,
        Validator::Agave => {
            let task = console.task("Agave's validator");
            let validator = agave::validator(workspace, console, &task)?;
            task.finish("ok");
            on_agave(workspace, &built, &validator)?
        }
    };
    let status = command
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
    with_localnet(workspace, built, "upside-localnet")
}

/// The same on Agave's validator.
pub fn on_agave(workspace: &Workspace, built: &Built, validator: &Path) -> Result<Command> {
    let mut command = with_localnet(workspace, built, "upside-agave")?;
    command.envs(agave::environment(validator, agave::STORY_DAYS));
    Ok(command)
}

fn with_localnet(workspace: &Workspace, built: &Built, localnet: &str) -> Result<Command> {
    let mut command = Command::new(built.binary("upside-demo")?);
    command
        .arg("--program")
        .arg(program::main_program(workspace))
        .arg("--localnet")
        .arg(built.binary(localnet)?)
        .arg("--reports")
        .arg(workspace.cache.join("demo"));
    Ok(command)
}
