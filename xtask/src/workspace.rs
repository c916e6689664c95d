//! Folders, members and the target folder that all builds share.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{bail, ensure, Context, Result};
use serde::Deserialize;

/// The checkout this command runs in.
pub struct Workspace {
    /// The folder of the workspace's Cargo.toml.
    pub root: PathBuf,
    /// `UPSIDE_CACHE`, default `~/.cache/upside`: toolchain, builds, compiled programs. May be deleted at any time.
    pub cache: PathBuf,
    /// Where sub-builds go: `CARGO_TARGET_DIR`, default `target` in the cache, so that checkouts share compiled dependencies.
    pub target: PathBuf,
}

/// A package as `cargo metadata --no-deps` describes it.
#[derive(Clone, Debug, Deserialize)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The path of its Cargo.toml.
    pub manifest_path: PathBuf,
    /// Its libraries, binaries and tests.
    pub targets: Vec<Target>,
    /// What it depends on.
    pub dependencies: Vec<Dependency>,
}

/// One library, binary or test of a package.
#[derive(Clone, Debug, Deserialize)]
pub struct Target {
    /// Its name.
    pub name: String,
    /// `lib`, `cdylib`, `bin`, `test`, ...
    pub kind: Vec<String>,
}

/// A dependency of a package.
#[derive(Clone, Debug, Deserialize)]
pub struct Dependency {
    /// The folder, when it is a path dependency.
    pub path: Option<PathBuf>,
}

impl Package {
    /// The folder of its Cargo.toml.
    pub fn folder(&self) -> &Path {
        self.manifest_path.parent().unwrap_or(&self.manifest_path)
    }

    /// The name of its `cdylib` target, if it is a program.
    pub fn program_name(&self) -> Option<String> {
        let target = self
            .targets
            .iter()
            .find(|target| target.kind.iter().any(|kind| kind == "cdylib"))?;
        Some(target.name.replace('-', "_"))
    }
}

impl Workspace {
    /// The workspace this binary was built from, with the folders that the environment names.
    pub fn find() -> Result<Self> {
        let xtask = std::env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let Some(root) = xtask.parent().filter(|root| root.join("Cargo.lock").is_file()) else {
            bail!(
                "{} is not in a checkout of the project; run this as `cargo xtask` inside one",
                xtask.display()
            );
        };
        let root = root
            .canonicalize()
            .with_context(|| format!("cannot resolve {}", root.display()))?;
        let cache = match (std::env::var_os("UPSIDE_CACHE"), std::env::var_os("HOME")) {
            (Some(cache), _) => std::path::absolute(cache)?,
            (None, Some(home)) => PathBuf::from(home).join(".cache/upside"),
            (None, None) => bail!("neither UPSIDE_CACHE nor HOME is set: set UPSIDE_CACHE to a folder for builds"),
        };
        let target = match std::env::var_os("CARGO_TARGET_DIR") {
            Some(target) => std::path::absolute(target)?,
            None => cache.join("target"),
        };
        Ok(Self { root, cache, target })
    }

    /// The log file of a step; each checkout has its own.
    pub fn log(&self, step: &str) -> PathBuf {
        self.root
            .join("target/log")
            .join(format!("{}.log", step.replace([' ', '/'], "-")))
    }

    /// `cargo` in the root of the workspace, building into [`Self::target`].
    pub fn cargo(&self) -> Command {
        let mut command = Command::new("cargo");
        command.current_dir(&self.root).env("CARGO_TARGET_DIR", &self.target);
        command
    }

    /// The members of the workspace.
    pub fn members(&self) -> Result<Vec<Package>> {
        packages(&self.root.join("Cargo.toml"))
    }

    /// Copies the files of this checkout that git knows, without the dApp's, into a folder.
    pub fn copy_sources(&self, folder: &Path) -> Result<()> {
        let output = Command::new("git")
            .current_dir(&self.root)
            .args(["ls-files", "-z", "--", ".", ":!app"])
            .output()
            .context("cannot run git")?;
        ensure!(output.status.success(), "git cannot list the files of this checkout");
        let files = String::from_utf8(output.stdout).context("a file's name is not text")?;
        for file in files.split_terminator('\0') {
            let (from, to) = (self.root.join(file), folder.join(file));
            if let Some(parent) = to.parent() {
                fs::create_dir_all(parent)?;
            }
            fs::copy(&from, &to).with_context(|| format!("cannot copy {}", from.display()))?;
        }
        Ok(())
    }

    /// Makes sure that cargo does not take another checkout's compiled members for this one's.
    ///
    /// Cargo tells checkouts in a shared target folder apart only by the age of their files: an older file in this checkout would count as
    /// unchanged although the build came from the other one. So the folder remembers its last user, and members are forgotten when it changes;
    /// compiled dependencies stay.
    pub fn claim(&self, target: &Path, members: &[Package]) -> Result<()> {
        let mark = target.join(".upside-checkout");
        let me = self.root.to_string_lossy();
        if fs::read_to_string(&mark).is_ok_and(|last| last == me) {
            return Ok(());
        }
        fs::create_dir_all(target).with_context(|| {
            format!(
                "cannot create {}: set CARGO_TARGET_DIR or UPSIDE_CACHE to a folder you can write to",
                target.display()
            )
        })?;
        if target.join("debug").is_dir() {
            let mut command = Command::new("cargo");
            command
                .current_dir(&self.root)
                .args(["clean", "--quiet", "--locked", "--target-dir"])
                .arg(target);
            for member in members {
                command.args(["--package", &member.name]);
            }
            let output = command.output().context("cannot run cargo")?;
            if !output.status.success() {
                bail!(
                    "cargo clean failed in {}: {}",
                    target.display(),
                    String::from_utf8_lossy(&output.stderr).trim()
                );
            }
        }
        fs::write(&mark, me.as_bytes()).with_context(|| format!("cannot write {}", mark.display()))
    }
}

/// The packages of a manifest's workspace, without their dependencies.
pub fn packages(manifest: &Path) -> Result<Vec<Package>> {
    #[derive(Deserialize)]
    struct Metadata {
        packages: Vec<Package>,
    }
    let output = Command::new("cargo")
        .args([
            "metadata",
            "--no-deps",
            "--locked",
            "--format-version=1",
            "--manifest-path",
        ])
        .arg(manifest)
        .output()
        .context("cannot run cargo")?;
    if !output.status.success() {
        bail!(
            "cannot read {}: {}",
            manifest.display(),
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    let metadata: Metadata =
        serde_json::from_slice(&output.stdout).context("cargo metadata printed something else than packages")?;
    Ok(metadata.packages)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_is_a_member_and_its_library_is_named_upside() {
        let members = Workspace::find().expect("workspace").members().expect("members");
        let program = members.iter().find(|member| member.name == "upside").expect("upside");
        assert_eq!(program.program_name().as_deref(), Some("upside"));
        assert!(program.folder().ends_with("programs/upside"));
    }

    #[test]
    fn logs_of_steps_with_spaces_have_plain_names() {
        let workspace = Workspace {
            root: "/w".into(),
            cache: "/c".into(),
            target: "/t".into(),
        };
        assert_eq!(
            workspace.log("test upside/math"),
            Path::new("/w/target/log/test-upside-math.log")
        );
    }
}
