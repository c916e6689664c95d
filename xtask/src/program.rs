//! Compiled programs: built when their inputs changed, kept in the cache under the hash of those inputs.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{anyhow, bail, Context, Result};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::{
    console::{Console, Task},
    process::{self, Stream},
    toolchain::{self, Choice, Toolchain},
    workspace::{self, Package, Workspace},
};

/// Environment variables that change what a build produces.
const BUILD_SETTINGS: &[&str] = &["UPSIDE_PROGRAM_ID", "SBF_EXTRA_RUSTFLAGS"];

/// How many builds of a program the cache keeps.
const KEPT_BUILDS: usize = 8;

/// A compiled program.
pub struct Binary {
    /// Its name: `upside` for `upside.so`.
    pub name: String,
    /// The file in this checkout, `target/deploy/NAME.so`.
    pub path: PathBuf,
    /// Its length in bytes.
    pub bytes: u64,
    /// The SHA-256 of the file, in hex.
    pub sha256: String,
    /// Whether it was compiled now; otherwise an earlier build of the same inputs was used.
    pub compiled: bool,
}

/// Builds `programs/*` and then `tests/programs/*`, each when its inputs changed.
pub fn build_all(workspace: &Workspace, choice: Choice, console: &Console, task: &Task) -> Result<Vec<Binary>> {
    let members = workspace.members()?;
    let mut programs: Vec<Package> = members
        .iter()
        .filter(|member| is_in(member, &workspace.root.join("programs")) && member.program_name().is_some())
        .cloned()
        .collect();
    if programs.is_empty() {
        bail!("no member under programs/ has the crate type cdylib");
    }
    programs.extend(test_programs(workspace)?);
    let mut binaries = Vec::new();
    for program in &programs {
        binaries.push(build(workspace, program, choice, console, task)?);
    }
    Ok(binaries)
}

/// The file of the main program after [`build_all`].
pub fn main_program(workspace: &Workspace) -> PathBuf {
    workspace.root.join("target/deploy/upside.so")
}

/// The file of a program of `tests/programs` after [`build_all`].
pub fn test_program(workspace: &Workspace, name: &str) -> PathBuf {
    workspace.root.join(format!("target/deploy/{name}.so"))
}

fn is_in(package: &Package, folder: &Path) -> bool {
    package.folder().parent() == Some(folder)
}

fn test_programs(workspace: &Workspace) -> Result<Vec<Package>> {
    let folder = workspace.root.join("tests/programs");
    let mut manifests = BTreeSet::new();
    if folder.is_dir() {
        for entry in fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))? {
            let manifest = entry?.path().join("Cargo.toml");
            if manifest.is_file() {
                manifests.insert(manifest);
            }
        }
    }
    let mut programs = Vec::new();
    for manifest in manifests {
        let package = workspace::packages(&manifest)?
            .into_iter()
            .find(|package| package.manifest_path == manifest)
            .with_context(|| format!("{} is not a package", manifest.display()))?;
        if package.program_name().is_none() {
            bail!("{} is not a program: its crate type lacks cdylib", manifest.display());
        }
        programs.push(package);
    }
    Ok(programs)
}

fn build(workspace: &Workspace, program: &Package, choice: Choice, console: &Console, task: &Task) -> Result<Binary> {
    let name = program
        .program_name()
        .with_context(|| format!("{} is not a program", program.name))?;
    let sources = source_folders(program)?;
    let kept = workspace.cache.join("deploy").join(&name);
    let key = inputs_hash(workspace, &sources, choice)?;
    let stored = kept.join(format!("{key}.so"));
    let compiled = !stored.is_file();
    if compiled {
        let target = workspace.target.join("sbf");
        fs::create_dir_all(&target).with_context(|| format!("cannot create {}", target.display()))?;
        let lock = fs::File::create(target.join(".upside-lock"))?;
        lock.lock().context("cannot lock the program's build folder")?;
        let built = compile(workspace, program, &name, &sources, &target, choice, console, task)?;
        put(&built, &stored)?;
        forget_old_builds(&kept)?;
    }
    // A file that is read again counts as used, so that it is the last to be forgotten.
    let _ = fs::File::options()
        .append(true)
        .open(&stored)
        .and_then(|file| file.set_modified(std::time::SystemTime::now()));
    let path = workspace.root.join("target/deploy").join(format!("{name}.so"));
    put(&stored, &path)?;
    put(&stored, &workspace.cache.join("deploy").join(format!("{name}.so")))?;
    let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(Binary {
        name,
        path,
        bytes: bytes.len() as u64,
        sha256: hex(&Sha256::digest(&bytes)),
        compiled,
    })
}

/// Compiles and returns the path of the shared object in the target folder. The caller holds that folder's lock.
#[allow(clippy::too_many_arguments)]
fn compile(
    workspace: &Workspace,
    program: &Package,
    name: &str,
    sources: &[Source],
    target: &Path,
    choice: Choice,
    console: &Console,
    task: &Task,
) -> Result<PathBuf> {
    let log = workspace.log(&format!("program-{name}"));
    match toolchain::ensure(workspace, choice, console, task)? {
        Toolchain::Platform => {
            let out = target.join("platform");
            let mut command = Command::new("cargo");
            command
                .arg("build-sbf")
                .arg("--manifest-path")
                .arg(&program.manifest_path)
                .arg("--sbf-out-dir")
                .arg(&out);
            command
                .args(["--", "--locked"])
                .env("CARGO_TARGET_DIR", target)
                .env_remove("RUSTUP_TOOLCHAIN");
            process::run_plain(&mut command, console, task, &log)?;
            Ok(out.join(format!("{name}.so")))
        }
        Toolchain::Own(folder) => {
            let cargo = || {
                let mut command = Command::new(folder.join("bin/sbf-build"));
                command
                    .current_dir(program.folder())
                    .env("CARGO_TARGET_DIR", target)
                    .arg("--locked");
                command
            };
            // Another checkout may have built here: see `Workspace::claim`.
            let mut clean = cargo();
            clean.env("SBF_CARGO_SUBCOMMAND", "clean");
            for source in sources {
                clean.args(["--package", &source.package]);
            }
            if target.join("release").is_dir() {
                process::run_plain(&mut clean, console, task, &log)?;
            }
            build_own(cargo(), name, console, task, &log)
        }
    }
}

/// Runs the toolchain's cargo and returns the shared object that it makes.
fn build_own(mut cargo: Command, name: &str, console: &Console, task: &Task, log: &Path) -> Result<PathBuf> {
    let mut built = None;
    process::run(
        cargo.arg("--message-format=json-render-diagnostics"),
        console,
        task,
        log,
        |stream, line| {
            if stream == Stream::Err {
                return Some(line.to_owned());
            }
            if let Some(file) = shared_object(line, name) {
                built = Some(file);
            }
            None
        },
    )?;
    built.ok_or_else(|| anyhow!("the build of {name} produced no shared object; see {}", log.display()))
}

/// Compiles the program `name` in a folder that is no part of this checkout, or a changed copy of it, by the project's own toolchain in `toolchain`.
/// The file is there until the next build in that target folder.
pub fn compile_in(
    workspace: &Workspace,
    toolchain: &Path,
    folder: &Path,
    name: &str,
    target: &Path,
    console: &Console,
    task: &Task,
) -> Result<PathBuf> {
    let mut command = Command::new(toolchain.join("bin/sbf-build"));
    command
        .current_dir(folder)
        .env("CARGO_TARGET_DIR", target)
        .arg("--locked");
    build_own(
        command,
        name,
        console,
        task,
        &workspace.log(&format!("program-copy-{name}")),
    )
}

/// The shared object that a line of cargo's JSON names for this target, if it does.
fn shared_object(line: &str, name: &str) -> Option<PathBuf> {
    #[derive(Deserialize)]
    struct Artifact {
        target: workspace::Target,
        filenames: Vec<PathBuf>,
    }
    let artifact: Artifact = serde_json::from_str(line).ok()?;
    if artifact.target.name.replace('-', "_") != name || !artifact.target.kind.iter().any(|kind| kind == "cdylib") {
        return None;
    }
    artifact
        .filenames
        .into_iter()
        .find(|file| file.extension().is_some_and(|extension| extension == "so"))
}

/// A package whose sources go into a program.
struct Source {
    package: String,
    folder: PathBuf,
}

/// The program's package and everything it depends on by path.
fn source_folders(program: &Package) -> Result<Vec<Source>> {
    let mut sources = vec![Source {
        package: program.name.clone(),
        folder: program.folder().to_owned(),
    }];
    let mut open: Vec<PathBuf> = program
        .dependencies
        .iter()
        .filter_map(|dependency| dependency.path.clone())
        .collect();
    while let Some(folder) = open.pop() {
        if sources.iter().any(|source| source.folder == folder) {
            continue;
        }
        let manifest = folder.join("Cargo.toml");
        let package = workspace::packages(&manifest)?
            .into_iter()
            .find(|package| package.manifest_path == manifest)
            .with_context(|| format!("{} is not a package", manifest.display()))?;
        open.extend(
            package
                .dependencies
                .iter()
                .filter_map(|dependency| dependency.path.clone()),
        );
        sources.push(Source {
            package: package.name,
            folder,
        });
    }
    sources.sort_by(|a, b| a.folder.cmp(&b.folder));
    Ok(sources)
}

/// A hash of everything that decides what a build produces: sources, locked versions, profiles, toolchain and build settings.
fn inputs_hash(workspace: &Workspace, sources: &[Source], choice: Choice) -> Result<String> {
    let mut files = BTreeSet::from([workspace.root.join("Cargo.toml"), workspace.root.join("Cargo.lock")]);
    for source in sources {
        collect_files(&source.folder, &mut files)?;
    }
    let mut hash = Sha256::new();
    if choice.is_platform() {
        hash.update(b"cargo build-sbf\0");
    } else {
        collect_files(&workspace.root.join("toolchain"), &mut files)?;
    }
    for setting in BUILD_SETTINGS {
        hash.update(format!("{setting}={}\0", std::env::var(setting).unwrap_or_default()));
    }
    for file in files {
        let bytes = fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
        let name = file.strip_prefix(&workspace.root).unwrap_or(&file);
        hash.update(format!("{}\0{}\0", name.display(), bytes.len()));
        hash.update(&bytes);
    }
    Ok(hex(&hash.finalize())[..16].to_owned())
}

/// Adds the files below a folder, without Markdown, build output and the packages' tests.
fn collect_files(folder: &Path, files: &mut BTreeSet<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let entry = entry?;
        let path = entry.path();
        if entry.file_type()?.is_dir() {
            if !matches!(
                path.file_name().and_then(|name| name.to_str()),
                Some("target" | "tests" | "proptest-regressions")
            ) {
                collect_files(&path, files)?;
            }
        } else if path.extension().is_none_or(|extension| extension != "md") {
            files.insert(path);
        }
    }
    Ok(())
}

/// Copies a file so that the destination is never half written.
pub fn put(from: &Path, to: &Path) -> Result<()> {
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    }
    let aside = to.with_extension(format!("so.{}", std::process::id()));
    fs::copy(from, &aside).with_context(|| format!("cannot copy {} to {}", from.display(), aside.display()))?;
    fs::rename(&aside, to).with_context(|| format!("cannot write {}", to.display()))
}

fn forget_old_builds(folder: &Path) -> Result<()> {
    let mut builds = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "so") {
            builds.push((fs::metadata(&path)?.modified()?, path));
        }
    }
    builds.sort();
    for (_, path) in builds.iter().take(builds.len().saturating_sub(KEPT_BUILDS)) {
        fs::remove_file(path).with_context(|| format!("cannot delete {}", path.display()))?;
    }
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checkout() -> (tempfile::TempDir, Workspace, Vec<Source>) {
        let folder = tempfile::tempdir().expect("folder");
        let root = folder.path().to_owned();
        for (path, text) in [
            ("Cargo.toml", "[workspace]"),
            ("Cargo.lock", ""),
            ("toolchain/versions.env", "LLVM=1"),
            ("math/src/lib.rs", "//"),
            ("math/README.md", "a"),
        ] {
            let path = root.join(path);
            fs::create_dir_all(path.parent().expect("parent")).expect("create");
            fs::write(path, text).expect("write");
        }
        let sources = vec![Source {
            package: "math".into(),
            folder: root.join("math"),
        }];
        (
            folder,
            Workspace {
                cache: root.join("cache"),
                target: root.join("target"),
                root,
            },
            sources,
        )
    }

    #[test]
    fn inputs_hash_changes_with_sources_and_toolchain_and_not_with_documents() {
        let (_folder, workspace, sources) = checkout();
        let hash = || inputs_hash(&workspace, &sources, Choice::Own).expect("hash");
        let first = hash();
        fs::write(workspace.root.join("math/README.md"), "b").expect("write");
        assert_eq!(hash(), first);
        fs::write(workspace.root.join("math/src/lib.rs"), "//!").expect("write");
        let second = hash();
        assert_ne!(second, first);
        fs::write(workspace.root.join("toolchain/versions.env"), "LLVM=2").expect("write");
        assert_ne!(hash(), second);
    }

    #[test]
    fn inputs_hash_does_not_depend_on_where_the_checkout_is() {
        let (_a, one, one_sources) = checkout();
        let (_b, two, two_sources) = checkout();
        assert_eq!(
            inputs_hash(&one, &one_sources, Choice::Own).expect("hash"),
            inputs_hash(&two, &two_sources, Choice::Own).expect("hash")
        );
    }

    #[test]
    fn only_the_most_recently_used_builds_are_kept() {
        let folder = tempfile::tempdir().expect("folder");
        for n in 0..KEPT_BUILDS as u64 + 2 {
            let file = fs::File::create(folder.path().join(format!("{n}.so"))).expect("create");
            file.set_modified(std::time::UNIX_EPOCH + std::time::Duration::from_secs(n))
                .expect("time");
        }
        forget_old_builds(folder.path()).expect("forget");
        assert!(!folder.path().join("1.so").exists() && folder.path().join("2.so").exists());
    }

    #[test]
    fn the_shared_object_is_found_in_the_messages_of_cargo() {
        let line = r#"{"reason":"compiler-artifact","target":{"name":"up-side","kind":["cdylib","lib"]},"filenames":["/t/libup_side.rlib","/t/libup_side.so"]}"#;
        assert_eq!(shared_object(line, "up_side"), Some(PathBuf::from("/t/libup_side.so")));
        assert_eq!(shared_object(line, "other"), None);
        assert_eq!(shared_object("not json", "up_side"), None);
    }

    #[test]
    fn the_programs_sources_include_the_math_crate() {
        let workspace = Workspace::find().expect("workspace");
        let program = workspace
            .members()
            .expect("members")
            .into_iter()
            .find(|member| member.name == "upside")
            .expect("upside");
        let sources = source_folders(&program).expect("sources");
        assert!(sources.iter().any(|source| source.package == "upside-math"));
    }
}
