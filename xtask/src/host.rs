//! The packages that the machine needs beside Rust.

use std::{path::Path, process::Command};

use anyhow::{bail, Context, Result};

use crate::{console::Console, console::Task, process, workspace::Workspace};

/// What the workspace itself links against: the Debian package, and the module whose presence `pkg-config` confirms.
const LIBRARIES: &[(&str, &str)] = &[("libssl-dev", "openssl")];

/// Checks that this machine has every package the toolchain and the workspace need.
///
/// Where packages are missing the error is the one `apt-get install` line that brings them. As root on a build server (`CI=true`) that line is run
/// instead.
pub fn check(workspace: &Workspace, console: &Console, task: &Task) -> Result<()> {
    let missing = missing_packages(workspace)?;
    if missing.is_empty() {
        return Ok(());
    }
    let line = install_line(&missing);
    if std::env::var("CI").is_ok_and(|value| value == "true") && is_root() {
        let log = workspace.log("apt-get");
        let mut command = Command::new("sh");
        command
            .env("DEBIAN_FRONTEND", "noninteractive")
            .args(["-c", &format!("apt-get update -q && {line}")]);
        process::run_plain(&mut command, console, task, &log)?;
        task.note(&format!("installed: {}", missing.join(" ")));
        let still = missing_packages(workspace)?;
        if still.is_empty() {
            return Ok(());
        }
        bail!("`{line}` ran, and these are still missing: {}", still.join(" "));
    }
    bail!(
        "this machine lacks packages that the project needs; run: {}{line}",
        if is_root() { "" } else { "sudo " }
    );
}

/// The Debian packages that are not there, each once, in a stable order.
fn missing_packages(workspace: &Workspace) -> Result<Vec<String>> {
    let mut missing = Vec::new();
    if !works(Command::new("pkg-config").arg("--version")) {
        missing.push("pkg-config".to_owned());
    }
    for (package, module) in LIBRARIES {
        if !works(Command::new("pkg-config").args(["--exists", module])) {
            missing.push((*package).to_owned());
        }
    }
    // z3 comes as a Python package.
    if !works(Command::new("python3").args(["-c", "import ensurepip, venv"])) {
        missing.push("python3-venv".to_owned());
    }
    if !crate::toolchain::platform_tools_on_path() {
        let script = workspace.root.join("toolchain/build.sh");
        let output = Command::new(&script)
            .arg("--missing-packages")
            .output()
            .with_context(|| format!("cannot run {}", script.display()))?;
        missing.extend(String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned));
    }
    missing.sort();
    missing.dedup();
    Ok(missing)
}

fn install_line(packages: &[String]) -> String {
    format!("apt-get install -y --no-install-recommends {}", packages.join(" "))
}

fn works(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(Path::new("/proc/self")).is_ok_and(|me| me.uid() == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_installs_all_that_is_missing() {
        assert_eq!(
            install_line(&["libssl-dev".into(), "pkg-config".into()]),
            "apt-get install -y --no-install-recommends libssl-dev pkg-config"
        );
    }
}
