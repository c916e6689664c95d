//! The step that publishes through the real Program Metadata program.
//!
//! Nobody ships that program compiled. It is compiled here from its sources, a pinned commit, and kept in the cache; where they cannot be reached the
//! step says so.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

use crate::{
    commands::test::{run_counting, Built, Selection},
    console::{Console, Task},
    process::{self, Counts},
    program, toolchain,
    workspace::Workspace,
};

/// Where its sources are; `UPSIDE_PROGRAM_METADATA` names another repository or a clone.
const SOURCES: &str = "https://github.com/solana-program/program-metadata";
/// The commit that is compiled.
const COMMIT: &str = "75ea1f14cecb00b57aff4287dbfda022e03d4865";

/// Compiles the program if it is not in the cache, then the suite, and runs it.
pub fn check(workspace: &Workspace, built: &Built, console: &Console, task: &Task, counts: &mut Counts) -> Result<()> {
    let Some(so) = compiled(workspace, console, task)? else {
        task.note("publishing not tried: the sources of Program Metadata cannot be reached from here; name a clone with UPSIDE_PROGRAM_METADATA");
        return Ok(());
    };
    let suite = Built::build(workspace, Selection::ProgramMetadata, console, task)?;
    let mut command = Command::new(suite.test("upside-deploy", "deployment")?);
    command
        .arg("metadata::")
        .current_dir(workspace.root.join("migrations"))
        .env("UPSIDE_PROGRAM_SO", program::main_program(workspace))
        .env("UPSIDE_LOCALNET_BIN", built.binary("upside-localnet")?)
        .env("UPSIDE_PROGRAM_METADATA_SO", so);
    run_counting(&mut command, console, task, &workspace.log("program-metadata"), counts)
}

/// The compiled program; nothing if its sources cannot be reached.
fn compiled(workspace: &Workspace, console: &Console, task: &Task) -> Result<Option<PathBuf>> {
    let stored = workspace
        .cache
        .join("deploy")
        .join(format!("program-metadata-{COMMIT}.so"));
    if stored.is_file() {
        return Ok(Some(stored));
    }
    let sources = workspace.cache.join("program-metadata");
    if !fetch(&sources, console, task, workspace)? {
        return Ok(None);
    }
    let target = workspace.cache.join("program-metadata-sbf");
    let built = program::compile_in(
        workspace,
        &toolchain::own(workspace, console, task)?,
        &sources.join("program"),
        "spl_program_metadata",
        &target,
        console,
        task,
    )?;
    program::put(&built, &stored)?;
    Ok(Some(stored))
}

/// Checks the commit out; whether it could be reached.
fn fetch(folder: &Path, console: &Console, task: &Task, workspace: &Workspace) -> Result<bool> {
    if folder.is_dir() {
        fs::remove_dir_all(folder).with_context(|| format!("cannot empty {}", folder.display()))?;
    }
    fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let from = std::env::var("UPSIDE_PROGRAM_METADATA").unwrap_or_else(|_| SOURCES.to_owned());
    let git = |arguments: &[&str]| {
        let mut command = Command::new("git");
        command
            .current_dir(folder)
            .env("GIT_TERMINAL_PROMPT", "0")
            .args(["-c", "http.lowSpeedTime=20", "-c", "http.lowSpeedLimit=1"])
            .args(arguments);
        process::run_plain(&mut command, console, task, &workspace.log("program-metadata-fetch"))
    };
    git(&["init", "--quiet"])?;
    if git(&["fetch", "--quiet", "--depth", "1", &from, COMMIT]).is_err() {
        return Ok(false);
    }
    git(&["checkout", "--quiet", COMMIT])?;
    // It names a compiler that rustup would download; the toolchain has its own.
    let named = folder.join("rust-toolchain.toml");
    if named.is_file() {
        fs::remove_file(&named).with_context(|| format!("cannot delete {}", named.display()))?;
    }
    Ok(true)
}
