//! `cargo xtask build`: the program and the test programs, compiled for Solana.

use std::process::ExitCode;

use anyhow::Result;

use crate::{commands::supply, console::Console, program, toolchain::Choice, workspace::Workspace};

/// Arguments of `cargo xtask build`.
#[derive(clap::Args)]
pub struct Args {
    /// The compiler to use.
    #[arg(long, value_enum, default_value_t = Choice::Auto)]
    toolchain: Choice,
    /// Build it again in two other folders, with nothing compiled before, and compare the bytes.
    #[arg(long, conflicts_with = "toolchain")]
    reproducible: bool,
}

/// Builds what changed and prints path, size and SHA-256 of every program.
pub fn run(workspace: &Workspace, console: &Console, args: &Args) -> Result<ExitCode> {
    if args.reproducible {
        supply::reproducible(workspace, console)?;
    }
    let task = console.task("build");
    let binaries = match program::build_all(workspace, args.toolchain, console, &task) {
        Ok(binaries) => binaries,
        Err(error) => {
            task.finish("failed");
            return Err(error);
        }
    };
    task.finish("ok");
    for binary in binaries {
        let state = if binary.compiled { "compiled" } else { "unchanged" };
        println!(
            "{}  {} bytes  sha256 {}  {state}\n    {}",
            binary.name,
            binary.bytes,
            binary.sha256,
            binary.path.display()
        );
    }
    Ok(ExitCode::SUCCESS)
}
