//! `cargo xtask bench`: measures beside other software and rewrites the documents with the numbers.

use std::{
    path::PathBuf,
    process::{Command, ExitCode},
};

use anyhow::{bail, Context, Result};

use crate::workspace::Workspace;

/// Versions of the packages that are measured beside ours.
const PACKAGES: [&str; 2] = ["numpy==2.4.6", "scipy==1.17.1"];

/// Arguments of `cargo xtask bench`.
#[derive(clap::Args)]
pub struct Args {
    /// What to measure.
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// Look-through value beside SciPy and power iteration; rewrites docs/valuation.md and docs/valuation.svg.
    Valuation {
        /// Most holdings.
        #[arg(long, default_value_t = 10_000_000)]
        to: u64,
        /// Seconds that one method has on one graph.
        #[arg(long, default_value_t = 120)]
        seconds: u64,
        /// Memory that one method has, MiB.
        #[arg(long, default_value_t = 12_000)]
        memory: u64,
        /// Print only; leave the documents as they are.
        #[arg(long)]
        dry_run: bool,
    },
}

/// Runs the measurement in the foreground.
pub fn run(workspace: &Workspace, args: &Args) -> Result<ExitCode> {
    let What::Valuation {
        to,
        seconds,
        memory,
        dry_run,
    } = &args.what;
    let python = python(workspace)?;
    let mut command = workspace.cargo();
    command
        .args([
            "run",
            "--release",
            "--locked",
            "--package",
            "upside-valuation",
            "--example",
            "bench",
            "--",
        ])
        .arg("--python")
        .arg(python)
        .args(["--to", &to.to_string(), "--seconds", &seconds.to_string()])
        .args(["--memory", &memory.to_string()])
        .arg("--folder")
        .arg(workspace.cache.join("bench/graph"));
    if !dry_run {
        command.arg("--docs").arg(workspace.root.join("docs"));
    }
    let status = command.status().context("cannot run cargo")?;
    Ok(if status.success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// A Python in the cache with [`PACKAGES`], made when it is not there.
fn python(workspace: &Workspace) -> Result<PathBuf> {
    let folder = workspace.cache.join("bench/venv");
    let python = folder.join("bin/python");
    let has = |package: &str| {
        let (name, version) = package.split_once("==").unwrap_or((package, ""));
        let code = format!("import {name}, sys; sys.exit({name}.__version__ != '{version}')");
        Command::new(&python)
            .args(["-c", &code])
            .output()
            .is_ok_and(|ran| ran.status.success())
    };
    if PACKAGES.iter().all(|package| has(package)) {
        return Ok(python);
    }
    let made = Command::new("python3")
        .args(["-m", "venv"])
        .arg(&folder)
        .status()
        .context("cannot run python3: install it with `apt-get install python3-venv`")?;
    if !made.success() {
        bail!("python3 cannot make {}: install python3-venv", folder.display());
    }
    let installed = Command::new(&python)
        .args(["-m", "pip", "install", "--quiet"])
        .args(PACKAGES)
        .status()
        .context("cannot run pip")?;
    if !installed.success() {
        bail!("pip could not install {}", PACKAGES.join(" "));
    }
    Ok(python)
}
