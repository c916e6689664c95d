//! Commands of other projects, compiled once into the cache at a pinned version.

use std::{
    fs,
    path::PathBuf,
    process::Command,
    sync::{Mutex, PoisonError},
};

use anyhow::{ensure, Context, Result};

use crate::{
    console::{Console, Task},
    process,
    workspace::Workspace,
};

/// Held while a command is looked for and installed.
static INSTALLING: Mutex<()> = Mutex::new(());

/// A command that a registry package installs.
pub struct Tool {
    package: &'static str,
    version: &'static str,
    binary: &'static str,
}

/// Anchor's command line, of the version of the program's framework.
pub const ANCHOR: Tool = Tool {
    package: "anchor-cli",
    version: "1.2.2",
    binary: "anchor",
};

/// Checks licences, sources, bans and advisories of everything in the lock file.
pub const DENY: Tool = Tool {
    package: "cargo-deny",
    version: "0.20.2",
    binary: "cargo-deny",
};

/// Lists everything in the lock file for others' scanners.
pub const SBOM: Tool = Tool {
    package: "cargo-sbom",
    version: "0.10.0",
    binary: "cargo-sbom",
};

/// Changes sources in small ways and runs their tests.
pub const MUTANTS: Tool = Tool {
    package: "cargo-mutants",
    version: "27.1.0",
    binary: "cargo-mutants",
};

impl Tool {
    /// The path of the command. It runs for seconds, so it is compiled without optimisation.
    pub fn install(&self, workspace: &Workspace, console: &Console, task: &Task) -> Result<PathBuf> {
        let Self {
            package,
            version,
            binary,
        } = self;
        let home = workspace.cache.join(format!("{package}-{version}"));
        let path = home.join("bin").join(binary);
        // Two steps at a time may want it.
        let _one = INSTALLING.lock().unwrap_or_else(PoisonError::into_inner);
        if path.is_file() {
            return Ok(path);
        }
        let aside = workspace
            .cache
            .join(format!("{package}-{version}.{}", std::process::id()));
        let build = workspace.cache.join(format!("{package}-build"));
        let mut command = Command::new("cargo");
        command
            .args(["install", package, "--version"])
            .arg(format!("={version}"))
            .args(["--locked", "--root"])
            .arg(&aside)
            .env_remove("RUSTUP_TOOLCHAIN")
            // Kept until the installation is whole, so that an interrupted one goes on.
            .env("CARGO_TARGET_DIR", &build)
            .env("OPENSSL_NO_VENDOR", "1")
            .envs([
                ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0"),
                ("CARGO_PROFILE_RELEASE_DEBUG", "0"),
                ("CARGO_PROFILE_RELEASE_LTO", "off"),
                ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "256"),
                ("CARGO_PROFILE_RELEASE_STRIP", "true"),
            ]);
        let log = workspace.log(&format!("{package}-install"));
        process::run_plain(&mut command, console, task, &log)?;
        if fs::rename(&aside, &home).is_err() {
            // Another run was faster.
            fs::remove_dir_all(&aside).with_context(|| format!("cannot delete {}", aside.display()))?;
        }
        fs::remove_dir_all(&build).with_context(|| format!("cannot delete {}", build.display()))?;
        ensure!(path.is_file(), "{package} installed no {}", path.display());
        Ok(path)
    }
}
