//! Agave's own validator: compiled once into the cache, and the suites that run on it.

use std::{
    ffi::OsString,
    fs,
    os::unix::fs::{symlink, PermissionsExt},
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{ensure, Context, Result};

use crate::{
    commands::test::{Built, Filter, Suite},
    console::{Console, Task},
    process,
    workspace::Workspace,
};

/// The version of the package `agave-validator`: that of the runtime which the suites run in process.
const VERSION: &str = "4.2.2";
/// Its command.
const BINARY: &str = "solana-test-validator";
/// What compiling it needs beside a C++ compiler: `protoc` and `libclang`, as packages of Python.
const BUILD_PACKAGES: [&str; 2] = ["grpcio-tools==1.71.0", "libclang==18.1.1"];
/// The name by which build scripts that were linked to `libclang` look for it when they run.
const LIBCLANG_NAMES: [&str; 2] = ["libclang.so", "libclang.so.18.1"];
/// How many days any story of `demo/` waits at most.
pub const STORY_DAYS: u32 = 1_300;

/// A suite that runs on Agave's validator.
pub struct OnAgave {
    package: &'static str,
    test: &'static str,
    /// Tests whose names contain one of these; nothing means all.
    names: &'static [&'static str],
    /// How many days its tests move the clock ahead, all together.
    days: u32,
    /// Tests that cannot run there, and why.
    left_out: &'static [(&'static str, &'static str)],
}

/// The command line and the client over JSON-RPC.
pub const CLIENT: &[OnAgave] = &[
    OnAgave {
        package: "upside-client",
        test: "suite",
        names: &["over_rpc"],
        days: 30,
        left_out: &[],
    },
    OnAgave {
        package: "upside-client",
        test: "cli",
        names: &[],
        days: 1_000,
        left_out: &[(
            "value::quotes_are_read_from_price_accounts_and_widen_with_confidence_and_age",
            "it writes price accounts with surfnet_setAccount, which Agave's validator does not have",
        )],
    },
];

/// Deployment through the upgradeable loader.
pub const DEPLOY: &[OnAgave] = &[OnAgave {
    package: "upside-deploy",
    test: "deployment",
    names: &[],
    days: 5,
    left_out: &[(
        "life::an_upload_whose_validator_is_killed_again_and_again_is_continued_by_the_same_command",
        "upside-agave keeps no ledger from which a validator could come back",
    )],
}];

/// The load generator.
pub const LOAD: &[OnAgave] = &[OnAgave {
    package: "upside-load",
    test: "load",
    names: &[],
    days: 60,
    left_out: &[],
}];

/// The indexer, which follows a story.
pub const INDEXER: &[OnAgave] = &[OnAgave {
    package: "upside-indexer",
    test: "indexer",
    names: &[],
    days: STORY_DAYS,
    left_out: &[],
}];

/// The path of the validator, compiled unless it is in the cache; that takes an hour on two cores.
pub fn validator(workspace: &Workspace, console: &Console, task: &Task) -> Result<PathBuf> {
    let home = workspace.cache.join(format!("agave-{VERSION}"));
    let validator = home.join("bin").join(BINARY);
    if validator.is_file() {
        return Ok(validator);
    }
    // Kept until the validator is there, so that an interrupted build goes on.
    let build = workspace.cache.join("agave-build");
    let tools = build.join("tools");
    install_tools(workspace, &tools, console, task)?;
    let clang = tools.join("clang");
    let mut command = Command::new("cargo");
    command
        .args(["install", "agave-validator", "--version"])
        .arg(format!("={VERSION}"))
        .args(["--locked", "--bin", BINARY, "--profile", "dev", "--config"])
        .arg(workspace.root.join("localnet/agave/validator.toml"))
        .arg("--root")
        .arg(build.join("root"))
        .env_remove("RUSTUP_TOOLCHAIN")
        .env("CARGO_TARGET_DIR", build.join("target"))
        .env("OPENSSL_NO_VENDOR", "1")
        .env("PROTOC", tools.join("protoc"))
        .env("LIBCLANG_PATH", &clang)
        .env("LD_LIBRARY_PATH", &clang)
        .env("BINDGEN_EXTRA_CLANG_ARGS", format!("-I{}", compiler_headers()?));
    process::run_plain(&mut command, console, task, &workspace.log("agave-install"))?;
    fs::rename(build.join("root"), &home).with_context(|| format!("cannot write {}", home.display()))?;
    fs::remove_dir_all(&build).with_context(|| format!("cannot delete {}", build.display()))?;
    ensure!(
        validator.is_file(),
        "agave-validator installed no {}",
        validator.display()
    );
    Ok(validator)
}

/// `tools/protoc`, and `tools/clang` with `libclang`.
fn install_tools(workspace: &Workspace, tools: &Path, console: &Console, task: &Task) -> Result<()> {
    let protoc = tools.join("protoc");
    if protoc.is_file() {
        return Ok(());
    }
    let log = workspace.log("agave-tools");
    let python = tools.join("bin/python");
    let mut make = Command::new("python3");
    make.args(["-m", "venv", "--clear"]).arg(tools);
    process::run_plain(&mut make, console, task, &log)
        .context("python3 cannot make a virtual environment; run `apt-get install python3-venv`")?;
    let mut install = Command::new(&python);
    install
        .args(["-m", "pip", "install", "--quiet", "--only-binary=:all:"])
        .args(BUILD_PACKAGES);
    process::run_plain(&mut install, console, task, &log)?;
    let output = Command::new(&python)
        .args([
            "-c",
            "import clang, pathlib; print(pathlib.Path(clang.__file__).parent / 'native/libclang.so')",
        ])
        .output()
        .context("cannot run the environment's python")?;
    let library = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    ensure!(library.is_file(), "the Python package libclang has no libclang.so");
    let clang = tools.join("clang");
    fs::create_dir_all(&clang).with_context(|| format!("cannot create {}", clang.display()))?;
    for name in LIBCLANG_NAMES {
        symlink(&library, clang.join(name)).with_context(|| format!("cannot link {name}"))?;
    }
    // Written last: with it the tools are whole.
    let script = format!("#!/bin/sh\nexec \"{}\" -m grpc_tools.protoc \"$@\"\n", python.display());
    let aside = tools.join("protoc.new");
    fs::write(&aside, script).with_context(|| format!("cannot write {}", aside.display()))?;
    fs::set_permissions(&aside, fs::Permissions::from_mode(0o755)).context("protoc cannot be made executable")?;
    fs::rename(&aside, &protoc).with_context(|| format!("cannot write {}", protoc.display()))
}

/// The C compiler's own headers: `libclang` alone comes without any.
fn compiler_headers() -> Result<String> {
    let output = Command::new("cc")
        .arg("-print-file-name=include")
        .output()
        .context("the C compiler `cc` cannot be started")?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The variables that tell `upside-agave` which validator to start, and how far its clock goes.
pub fn environment(validator: &Path, days: u32) -> [(&'static str, OsString); 2] {
    [
        ("UPSIDE_AGAVE_BIN", validator.as_os_str().to_owned()),
        ("UPSIDE_AGAVE_DAYS", days.to_string().into()),
    ]
}

/// Runs suites on the validator.
pub fn check(
    workspace: &Workspace,
    built: &Built,
    suites: &[OnAgave],
    console: &Console,
    task: &Task,
) -> Result<Vec<Suite>> {
    let validator = validator(workspace, console, task)?;
    let mut ran = Vec::new();
    for suite in suites {
        for (name, reason) in suite.left_out {
            task.note(&format!("{} {name} is left out: {reason}", suite.test));
        }
        let filter = Filter {
            test: suite.test,
            names: suite.names,
            left_out: suite.left_out.iter().map(|(name, _)| *name).collect(),
        };
        let environment = environment(&validator, suite.days);
        ran.push(built.run_on_agave(workspace, suite.package, &filter, &environment, console, task)?);
    }
    Ok(ran)
}
