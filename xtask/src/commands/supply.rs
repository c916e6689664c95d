//! Where everything that is built comes from: `cargo deny`, the bill of materials, and that the program's bytes depend on the sources alone.

use std::{
    fs,
    process::{Command, ExitCode},
};

use anyhow::{bail, ensure, Context, Result};

use crate::{
    console::{Console, Task},
    process, program,
    tool::{self, Tool},
    toolchain::{self, Choice},
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

/// The crates that are published.
const PUBLISHED: &[&str] = &[
    "upside-math",
    "upside-valuation",
    "upside-derive",
    "upside",
    "upside-client",
];

/// What `cargo publish --dry-run` says of every crate, because it was asked for.
const DRY_RUN: &str = "warning: aborting upload due to dry run";

/// Publishes every crate that is published, but for the upload; a warning, such as of missing metadata, fails.
pub fn packages(workspace: &Workspace, console: &Console, task: &Task) -> Result<()> {
    let mut command = workspace.cargo();
    command.args([
        "publish",
        "--dry-run",
        "--locked",
        "--no-verify",
        "--allow-dirty",
        "--target-dir",
    ]);
    command.arg(workspace.target.join("packages"));
    for name in PUBLISHED {
        command.args(["--package", name]);
    }
    let mut warnings = Vec::new();
    process::run(&mut command, console, task, &workspace.log("packages"), |_, line| {
        if line.starts_with("warning") && line != DRY_RUN {
            warnings.push(line.to_owned());
        }
        Some(line.to_owned())
    })?;
    ensure!(warnings.is_empty(), "{}", warnings.join("; "));
    Ok(())
}

/// Builds the program in this checkout and again, with nothing compiled before, from two copies of it in folders of other names and depths, the
/// second with the toolchain in another folder too, and compares the bytes.
pub fn reproducible(workspace: &Workspace, console: &Console) -> Result<()> {
    let task = console.task("program here");
    program::build_all(workspace, Choice::Own, console, &task)?;
    task.finish("ok");
    let path = program::main_program(workspace);
    let here = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let folder = tempfile::tempdir().context("cannot make a folder")?;
    for name in ["a", "another/and a deeper/checkout of it"] {
        let task = console.task(format!("program in {name}"));
        let mut by = toolchain::own(workspace, console, &task)?;
        if name != "a" {
            by = toolchain::elsewhere(&by, &folder.path().join("another-home/toolchain"))?;
        }
        let copy = folder.path().join(name).join("sources");
        workspace.copy_sources(&copy)?;
        let built = program::compile_in(
            workspace,
            &by,
            &copy.join("programs/upside"),
            "upside",
            &folder.path().join(name).join("target"),
            console,
            &task,
        )?;
        let there = fs::read(&built).with_context(|| format!("cannot read {}", built.display()))?;
        ensure!(
            here == there,
            "the program built in {} differs from {}: something in its bytes depends on the folder",
            copy.display(),
            path.display()
        );
        task.finish("the same bytes");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn npm_file(name: &str) -> String {
        let root = Workspace::find().expect("a checkout").root;
        fs::read_to_string(root.join("app").join(name)).expect("a file")
    }

    #[test]
    fn npm_pins_are_exact_and_no_script_of_a_package_runs() {
        let mut pins = 0;
        for file in ["package.json", "client/package.json"] {
            let manifest: Value = serde_json::from_str(&npm_file(file)).expect("JSON");
            for group in ["dependencies", "devDependencies", "peerDependencies", "overrides"] {
                for (name, version) in manifest[group].as_object().into_iter().flatten() {
                    let version = version.as_str().expect("a version");
                    let exact = version
                        .strip_prefix('$')
                        .is_some_and(|other| manifest["devDependencies"][other].is_string())
                        || version.split('.').count() == 3
                            && version.split('.').all(|part| part.parse::<u32>().is_ok());
                    assert!(exact, "{file}: {name} is {version}, not one exact version");
                    pins += 1;
                }
            }
        }
        assert!(pins > 15, "{pins}");
        for file in [".npmrc", "client/.npmrc"] {
            let settings = npm_file(file);
            assert!(settings.lines().any(|line| line == "ignore-scripts=true"), "{file}");
            assert!(settings.lines().any(|line| line == "save-exact=true"), "{file}");
        }
        let lock: Value = serde_json::from_str(&npm_file("package-lock.json")).expect("JSON");
        for (path, package) in lock["packages"].as_object().expect("packages") {
            assert!(
                path.is_empty() || package["integrity"].is_string() || package["link"] == true,
                "{path} has no hash in package-lock.json"
            );
        }
    }

    #[test]
    fn every_crate_that_may_be_published_is_packed_and_no_other() {
        for member in Workspace::find().expect("a checkout").members().expect("members") {
            let manifest = fs::read_to_string(&member.manifest_path).expect("a manifest");
            let private = manifest.contains("publish.workspace = true") || manifest.contains("publish = false");
            assert_eq!(!private, PUBLISHED.contains(&member.name.as_str()), "{}", member.name);
            for field in ["description = ", "readme = ", "keywords = ", "categories = "] {
                assert!(private || manifest.contains(field), "{} lacks {field}", member.name);
            }
        }
    }
}
