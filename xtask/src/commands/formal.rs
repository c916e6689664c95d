//! z3, for the proofs of `formal/`.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{ensure, Context, Result};

use crate::{
    console::{Console, Task},
    process,
    workspace::Workspace,
};

/// The version of the package `z3-solver`.
const VERSION: &str = "5.4.1.0";

/// The path of z3, installed once into the cache.
pub fn z3(workspace: &Workspace, console: &Console, task: &Task) -> Result<PathBuf> {
    let home = workspace.cache.join(format!("z3-{VERSION}"));
    let z3 = home.join("bin/z3");
    if answers(&z3) {
        return Ok(z3);
    }
    let log = workspace.log("z3-install");
    let mut make = Command::new("python3");
    make.args(["-m", "venv", "--clear"]).arg(&home);
    process::run_plain(&mut make, console, task, &log)
        .context("python3 cannot make a virtual environment; run `apt-get install python3-venv`")?;
    let mut install = Command::new(home.join("bin/python"));
    install.args(["-m", "pip", "install", "--quiet", "--only-binary=:all:"]);
    install.arg(format!("z3-solver=={VERSION}"));
    process::run_plain(&mut install, console, task, &log)?;
    ensure!(answers(&z3), "z3-solver installed no {}", z3.display());
    Ok(z3)
}

fn answers(z3: &Path) -> bool {
    Command::new(z3)
        .arg("--version")
        .output()
        .is_ok_and(|ran| ran.status.success())
}
