//! Where everything that is built comes from: `cargo deny` and the bill of materials.

use std::{
    fs,
    process::{Command, ExitCode},
};

use anyhow::{bail, Context, Result};

use crate::{
    console::{Console, Task},
    process,
    tool::{self, Tool},
    workspace::Workspace,
};

/// Licences, sources and bans of everything in the lock file as `deny.toml` wants them, and advisories where their database can be reached.
pub fn check(workspace: &Workspace, console: &Console, task: &Task) -> Result<()> {
    let run = |arguments: &[&str], log: &str| {
        let mut command = command(&tool::DENY, workspace, console, task)?;
        command.args(arguments);
        process::run_plain(&mut command, console, task, &workspace.log(log))
    };
    run(&["check", "bans", "licenses", "sources"], "deny")?;
    if run(&["fetch", "db"], "deny-fetch").is_err() {
        task.note("advisories not checked: their database cannot be reached from here");
        return Ok(());
    }
    run(&["check", "--disable-fetch", "advisories"], "deny-advisories")
}

fn command(tool: &Tool, workspace: &Workspace, console: &Console, task: &Task) -> Result<Command> {
    let mut command = Command::new(tool.install(workspace, console, task)?);
    command.current_dir(&workspace.root).env_remove("RUSTUP_TOOLCHAIN");
    Ok(command)
}

/// `cargo xtask sbom`: writes the bill of materials, everything that `Cargo.lock` names, with version and licence.
///
/// It is generated, not committed: the lock file is the source, and a copy of it in another format could only be right or out of date.
pub fn sbom(workspace: &Workspace, console: &Console) -> Result<ExitCode> {
    let task = console.task("bill of materials".to_owned());
    let mut command = command(&tool::SBOM, workspace, console, &task)?;
    let output = command
        .args(["--output-format", "spdx_json_2_3"])
        .output()
        .context("cannot run cargo-sbom")?;
    if !output.status.success() {
        bail!("cargo-sbom failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    let path = workspace.root.join("target/upside.spdx.json");
    fs::create_dir_all(workspace.root.join("target"))?;
    fs::write(&path, &output.stdout).with_context(|| format!("cannot write {}", path.display()))?;
    task.finish("ok");
    println!("{}", path.display());
    Ok(ExitCode::SUCCESS)
}
