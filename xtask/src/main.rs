//! Every command the README names: `cargo xtask help` lists them.
//!
//! - [`commands`] has one file per command; [`commands::test`] declares the steps of the whole check in one list.
//! - [`program`] turns the program's sources into an SBF binary, with Solana's tools or the project's own [`toolchain`].
//! - [`workspace`] knows the folders and members, [`host`] the packages the machine needs.
//! - [`tool`] installs other projects' commands at pinned versions.
//! - [`process`] runs child programs into log files, [`console`] shows what goes on.

#![deny(missing_docs)]

mod commands;
mod console;
mod host;
mod process;
mod program;
mod tool;
mod toolchain;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::{console::Console, workspace::Workspace};

/// Builds, checks and shows Upside.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    /// Show the output of every child program instead of only on failure.
    #[arg(long, short, global = true)]
    verbose: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build the dApp and serve it beside a local network on which the demo story was played.
    App(commands::app::Args),
    /// Measure beside other software and rewrite the documents with the numbers.
    Bench(commands::bench::Args),
    /// Build the program (and the test programs) for Solana.
    Build(commands::build::Args),
    /// Run everything that has to pass, with a table of times at the end.
    Test(commands::test::Args),
    /// Check formatting and lints.
    Lint,
    /// Generate idl/upside.json from the program.
    Idl(commands::idl::Args),
    /// Build everything and show a personal token living on a local validator.
    Demo(commands::demo::Args),
    /// Put thousands of holders on a local validator, measure, and account for every atom.
    Load(commands::load::Args),
    /// Deploy, upgrade or finalise the program on a cluster.
    Deploy(commands::deploy::Args),
    /// Measure compute units anew and rewrite docs/compute_units.md.
    Cu,
    /// Write the bill of materials (SPDX) of everything in the lock file.
    Sbom,
    /// Search for sequences of transactions that go wrong, guided by coverage of the program's bytecode.
    Fuzz(commands::fuzz::Args),
    /// Change the sources in small ways and look whether a test notices.
    Mutants(commands::mutants::Args),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let console = Console::new(cli.verbose);
    let run = || match cli.command {
        Command::App(args) => commands::app::run(&Workspace::find()?, &console, &args),
        Command::Bench(args) => commands::bench::run(&Workspace::find()?, &args),
        Command::Build(args) => commands::build::run(&Workspace::find()?, &console, &args),
        Command::Test(args) => commands::test::run(&Workspace::find()?, &console, &args),
        Command::Lint => commands::test::lint(&Workspace::find()?, &console),
        Command::Idl(args) => commands::idl::run(&Workspace::find()?, &args),
        Command::Demo(args) => commands::demo::run(&Workspace::find()?, &console, &args),
        Command::Load(args) => commands::load::run(&Workspace::find()?, &console, &args),
        Command::Deploy(args) => commands::deploy::run(&Workspace::find()?, &console, &args),
        Command::Cu => commands::cu::run(&Workspace::find()?, &console),
        Command::Sbom => commands::supply::sbom(&Workspace::find()?, &console),
        Command::Fuzz(args) => commands::fuzz::run(&Workspace::find()?, &console, &args),
        Command::Mutants(args) => commands::mutants::run(&Workspace::find()?, &console, &args),
    };
    match run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
