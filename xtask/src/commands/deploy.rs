//! `cargo xtask deploy`: builds the program and lets `upside-deploy` put it on a cluster.

use std::process::{Command, ExitCode};

use anyhow::{Context, Result};

use crate::{
    commands::test::{Built, Selection},
    console::Console,
    host, program,
    toolchain::Choice,
    workspace::Workspace,
};

/// Arguments of `cargo xtask deploy`.
#[derive(clap::Args)]
#[command(disable_help_flag = true)]
pub struct Args {
    /// Passed on to the deployment; `cargo xtask deploy --help` lists what it understands.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

/// Builds what is needed and deploys in the foreground; the exit code is the deployment's.
pub fn run(workspace: &Workspace, console: &Console, args: &Args) -> Result<ExitCode> {
    let names_a_file = args
        .arguments
        .iter()
        .any(|argument| argument == "--so" || argument.starts_with("--so="));
    let asks_for_help = args
        .arguments
        .iter()
        .any(|argument| argument == "--help" || argument == "-h");
    let task = console.task("deploy command");
    host::check(workspace, console, &task)?;
    let built = Built::build(workspace, Selection::Binaries, console, &task)?;
    task.finish("ok");
    let mut command = Command::new(built.binary("upside-deploy")?);
    if !names_a_file && !asks_for_help {
        let task = console.task("program");
        program::build_all(workspace, Choice::Auto, console, &task)?;
        task.finish("ok");
        command.arg("--so").arg(program::main_program(workspace));
    }
    let status = command
        .args(&args.arguments)
        .status()
        .context("cannot start the deployment")?;
    Ok(status
        .code()
        .and_then(|code| u8::try_from(code).ok())
        .map_or(ExitCode::FAILURE, ExitCode::from))
}
