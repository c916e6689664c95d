//! The compiler for Solana: `cargo build-sbf` where Solana's tools are installed, else the toolchain of `toolchain/build.sh`.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{anyhow, bail, Context, Result};

use crate::{
    console::{Console, Task},
    process::{self, Stream},
    workspace::Workspace,
};

/// What compiles programs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Toolchain {
    /// `cargo build-sbf` of Solana's platform tools.
    Platform,
    /// The project's own, in this folder.
    Own(PathBuf),
}

/// Which toolchain to use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Choice {
    /// `cargo build-sbf` when it is on PATH, else the project's own.
    Auto,
    /// `cargo build-sbf`.
    Platform,
    /// The project's own.
    Own,
}

impl Choice {
    /// Decides between the two by what is on PATH.
    pub fn is_platform(self) -> bool {
        match self {
            Choice::Auto => platform_tools_on_path(),
            Choice::Platform => true,
            Choice::Own => false,
        }
    }
}

/// Whether `cargo build-sbf` can be run.
pub fn platform_tools_on_path() -> bool {
    std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join("cargo-build-sbf").is_file()))
}

/// The project's own toolchain, ready, whatever else is on PATH.
pub fn own(workspace: &Workspace, console: &Console, task: &Task) -> Result<PathBuf> {
    match ensure(workspace, Choice::Own, console, task)? {
        Toolchain::Own(folder) => Ok(folder),
        Toolchain::Platform => bail!("the project's own toolchain was asked for, not Solana's"),
    }
}

/// The project's own toolchain once more, in another folder: what is small is copied, the rest linked.
pub fn elsewhere(toolchain: &Path, folder: &Path) -> Result<PathBuf> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    for small in ["bin", "target"] {
        let (from, to) = (toolchain.join(small), folder.join(small));
        fs::create_dir_all(&to).with_context(|| format!("cannot make {}", to.display()))?;
        for file in fs::read_dir(&from).with_context(|| format!("cannot read {}", from.display()))? {
            let file = file?;
            fs::copy(file.path(), to.join(file.file_name()))
                .with_context(|| format!("cannot fill {}", to.display()))?;
        }
    }
    for part in ["library", "linker", "llvm", "rust"] {
        let real = fs::canonicalize(toolchain.join(part)).with_context(|| format!("the toolchain has no {part}"))?;
        std::os::unix::fs::symlink(real, folder.join(part))
            .with_context(|| format!("cannot fill {}", folder.display()))?;
    }
    Ok(folder.to_owned())
}

/// Makes the chosen toolchain ready. The first time, the project's own takes some minutes; after that it is there at once.
pub fn ensure(workspace: &Workspace, choice: Choice, console: &Console, task: &Task) -> Result<Toolchain> {
    if choice.is_platform() {
        return Ok(Toolchain::Platform);
    }
    let mut folder = None;
    let mut command = Command::new(workspace.root.join("toolchain/build.sh"));
    command.env("UPSIDE_CACHE", &workspace.cache);
    process::run(
        &mut command,
        console,
        task,
        &workspace.log("toolchain"),
        |stream, line| {
            match parse(stream, line) {
                Progress::Step { position, length, text } => task.progress(position, length, text),
                Progress::Note(text) => task.note(text),
                Progress::Ready(path) => folder = Some(PathBuf::from(path)),
                Progress::Other => {}
            }
            Some(line.to_owned())
        },
    )?;
    folder
        .map(Toolchain::Own)
        .ok_or_else(|| anyhow!("toolchain/build.sh ended without its \"ready: FOLDER\" line"))
}

/// A line of `toolchain/build.sh`.
#[derive(Debug, PartialEq, Eq)]
enum Progress<'a> {
    Step { position: u64, length: u64, text: &'a str },
    Note(&'a str),
    Ready(&'a str),
    Other,
}

fn parse(stream: Stream, line: &str) -> Progress<'_> {
    if stream == Stream::Err {
        return Progress::Other;
    }
    if let Some(path) = line.strip_prefix("ready: ") {
        return Progress::Ready(path);
    }
    if line.starts_with("note: ") {
        return Progress::Note(line);
    }
    let step = || {
        let (numbers, text) = line.strip_prefix("step ")?.split_once(": ")?;
        let (position, length) = numbers.split_once('/')?;
        Some(Progress::Step {
            position: position.parse().ok()?,
            length: length.parse().ok()?,
            text,
        })
    };
    step().unwrap_or(Progress::Other)
}

#[cfg(test)]
mod tests {
    use std::{
        fs,
        io::{BufRead, BufReader},
        path::Path,
        process::{Output, Stdio},
    };

    use sha2::{Digest, Sha256};
    use tempfile::TempDir;

    use super::*;

    #[test]
    fn progress_lines_are_understood() {
        assert_eq!(
            parse(Stream::Out, "step 2/5: LLVM 23 from Debian sid"),
            Progress::Step {
                position: 2,
                length: 5,
                text: "LLVM 23 from Debian sid"
            }
        );
        assert_eq!(
            parse(Stream::Out, "note: libc6 is newer"),
            Progress::Note("note: libc6 is newer")
        );
        assert_eq!(parse(Stream::Out, "ready: /cache/sbf"), Progress::Ready("/cache/sbf"));
        assert_eq!(parse(Stream::Out, "step by step"), Progress::Other);
        assert_eq!(parse(Stream::Err, "ready: /cache/sbf"), Progress::Other);
    }

    /// The script that this project ships.
    fn script() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../toolchain/build.sh")
    }

    fn folder() -> TempDir {
        TempDir::new().expect("a temporary folder")
    }

    /// Runs a line of shell after the functions of `build.sh`, with a cache of its own. `$D` is a folder for apt.
    fn run(cache: &Path, line: &str) -> Output {
        let prepare = r#"source "$BUILD_SH"; D=$TMP/apt; mkdir -p "$D/state/lists/partial" "$D/cache" "$D/archives/partial"; : > "$D/status""#;
        Command::new("bash")
            .args(["-c", &format!("{prepare}; {line}")])
            .env("BUILD_SH", script())
            .env("UPSIDE_CACHE", cache)
            .env_remove("UPSIDE_TOOLCHAIN_EXACT")
            .output()
            .expect("bash")
    }

    /// The one sentence on standard error.
    fn refusal(output: &Output) -> String {
        let said = String::from_utf8_lossy(&output.stderr).trim_end().to_owned();
        assert!(!output.status.success(), "it succeeds: {output:?}");
        assert_eq!(said.lines().count(), 1, "one sentence: {said}");
        said
    }

    /// Makes an empty Debian package; returns its file.
    fn deb(at: &Path, name: &str, version: &str) -> PathBuf {
        let tree = at.join(format!("{name}-tree"));
        fs::create_dir_all(tree.join("DEBIAN")).expect("a folder");
        fs::write(
            tree.join("DEBIAN/control"),
            format!(
                "Package: {name}\nVersion: {version}\nArchitecture: amd64\nMaintainer: Nobody\nDescription: empty\n"
            ),
        )
        .expect("a file");
        let file = at.join(format!("{name}_{version}_amd64.deb"));
        let made = Command::new("dpkg-deb")
            .args(["--root-owner-group", "--build"])
            .args([&tree, &file])
            .stdout(Stdio::null())
            .status()
            .expect("dpkg-deb");
        assert!(made.success());
        fs::remove_dir_all(tree).expect("the tree goes");
        file
    }

    fn sha256(file: &Path) -> String {
        format!("{:x}", Sha256::digest(fs::read(file).expect("a file")))
    }

    /// A Debian mirror in a folder that has these packages; returns the line of shell that makes apt read it.
    fn mirror(at: &Path, packages: &[(&str, &str)]) -> String {
        let mut index = String::new();
        for (name, version) in packages {
            let file = deb(at, name, version);
            let (bytes, sha) = (fs::metadata(&file).expect("a file").len(), sha256(&file));
            let file = file.file_name().expect("a name").to_string_lossy().into_owned();
            index += &format!(
                "Package: {name}\nVersion: {version}\nArchitecture: amd64\nMaintainer: Nobody\nDescription: empty\n\
                 Filename: ./{file}\nSize: {bytes}\nSHA256: {sha}\n\n"
            );
        }
        fs::write(at.join("Packages"), index).expect("a file");
        format!(
            r#"echo "deb [trusted=yes] file:{} ./" > "$D/sources.list"; apt_ "$D" apt-get update > "$D/log" 2>&1"#,
            at.display()
        )
    }

    #[test]
    fn an_llvm_that_debian_no_longer_has_is_named() {
        let (cache, at) = (folder(), folder());
        let line = format!(
            "{}; find_llvm \"$D\"; echo $LLVM_FILES",
            mirror(at.path(), &[("libllvm98", "1")])
        );
        let said = refusal(&run(cache.path(), &format!("LLVM_MAJOR=97; {line}")));
        assert!(
            said.starts_with("error: Debian sid no longer has libllvm97: raise LLVM_MAJOR, "),
            "{said}"
        );
        let found = run(cache.path(), &format!("LLVM_MAJOR=98; {line}"));
        assert_eq!(
            String::from_utf8_lossy(&found.stdout),
            "libllvm98_1_amd64.deb\n",
            "{found:?}"
        );
    }

    #[test]
    fn a_rustc_that_debian_no_longer_has_is_named_with_the_one_it_has() {
        let (cache, at) = (folder(), folder());
        let packages = [("rustc-web", "1.42.0+dfsg1-1"), ("libtinfo6", "6.4-4")];
        let update = mirror(at.path(), &packages);
        let check = |version: &str, package: &str| {
            let settings = format!("RUSTC_VERSION={version}; RUSTC_SUITE=old-security");
            run(
                cache.path(),
                &format!("{settings}; {update}; check_rustc \"$D\" libtinfo6 {package}"),
            )
        };
        let said = refusal(&check("1.41.0", "rustc-web"));
        let gone = "error: Debian's suite old-security no longer has rustc-web 1.41.0 (it has: 1.42.0+dfsg1-1): move RUSTC_VERSION";
        assert!(said.starts_with(gone), "{said}");
        // A longer number that starts the same is another version.
        assert!(refusal(&check("1.4", "rustc-web")).contains("no longer has rustc-web 1.4 (it has: 1.42.0"));
        assert!(refusal(&check("1.42.0", "rust-web-src")).contains("no longer has rust-web-src 1.42.0 (it has: none)"));
        assert!(refusal(&check("1.42.0", "libicu72"))
            .starts_with("error: Debian's suite old-security no longer has libicu72: set"));
        let there = check("1.42.0", "rustc-web");
        assert!(there.status.success() && there.stderr.is_empty(), "{there:?}");
    }

    #[test]
    fn packages_are_compared_with_their_pins() {
        let (cache, at) = (folder(), folder());
        let file = deb(at.path(), "libmd0", "1.3.0-1");
        let sha = sha256(&file);
        let check = |pin: &str, setting: &str| {
            let (archives, list) = (at.path().display(), at.path().join("packages.txt"));
            run(
                cache.path(),
                &format!("{setting} check_debs '{archives}' '{pin}' '{}'", list.display()),
            )
        };
        let same = check(&format!("libmd0 1.3.0-1 {sha}"), "");
        assert!(same.status.success() && same.stdout.is_empty(), "{same:?}");
        let list = fs::read_to_string(at.path().join("packages.txt")).expect("the list");
        assert_eq!(list, format!("libmd0 1.3.0-1 {sha}\n"));

        let wrong = "0".repeat(64);
        let said = refusal(&check(&format!("libmd0 1.3.0-1 {wrong}"), ""));
        let differs =
            format!("error: checksum of libmd0_1.3.0-1_amd64.deb differs: wanted {wrong}, got {sha}. Delete ");
        assert!(said.starts_with(&differs), "{said}");

        let older = format!("libmd0 1.2.0-1 {wrong}");
        let newer = check(&older, "");
        let noted = "note: libmd0 is 1.3.0-1 now, pinned was 1.2.0-1; taken, its signature is Debian's\n";
        assert_eq!(
            (newer.status.success(), &*String::from_utf8_lossy(&newer.stdout)),
            (true, noted)
        );
        let said = refusal(&check(&older, "UPSIDE_TOOLCHAIN_EXACT=1"));
        assert!(
            said.starts_with("error: the Debian mirror serves libmd0 1.3.0-1, toolchain/versions.env pins 1.2.0-1"),
            "{said}"
        );
        let unpinned = check("", "");
        let noted = "note: Debian now also needs libmd0 1.3.0-1, which is not pinned\n";
        assert_eq!(
            (unpinned.status.success(), &*String::from_utf8_lossy(&unpinned.stdout)),
            (true, noted)
        );
    }

    #[test]
    fn a_crate_with_another_checksum_is_refused() {
        let (cache, at) = (folder(), folder());
        let vendored = at.path().join("sbpf-linker");
        fs::create_dir(&vendored).expect("a folder");
        let (good, bad) = ("ab".repeat(32), "cd".repeat(32));
        fs::write(
            vendored.join(".cargo-checksum.json"),
            format!(r#"{{"files":{{"Cargo.toml":"{bad}"}},"package":"{good}"}}"#),
        )
        .expect("a file");
        let check = |want: &str| {
            run(
                cache.path(),
                &format!("check_crate '{}' sbpf-linker {want}", at.path().display()),
            )
        };
        assert!(check(&good).status.success());
        let said = refusal(&check(&bad));
        let differs =
            format!("error: checksum of the crate sbpf-linker differs: wanted {bad}, got {good}. Do not use it; ");
        assert!(said.starts_with(&differs), "{said}");
    }

    #[test]
    fn a_mirror_that_does_not_answer_is_named_and_a_second_run_waits_for_the_first() {
        let cache = folder();
        fs::create_dir_all(cache.path().join("toolchain")).expect("a folder");
        let lock = fs::File::create(cache.path().join("toolchain/.lock")).expect("a file");
        lock.lock().expect("a lock");
        let nowhere = format!("file:{}", cache.path().join("nowhere").display());
        let mut second = Command::new(script())
            .env("UPSIDE_CACHE", cache.path())
            .env("UPSIDE_DEBIAN_MIRROR", &nowhere)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the script");
        let mut said = BufReader::new(second.stdout.take().expect("its output")).lines();
        let waits = said.find_map(|line| line.ok().filter(|line| line.starts_with("note: ")));
        assert!(
            waits.is_some_and(|line| line.starts_with("note: another run is building this toolchain in ")),
            "it must say that it waits"
        );
        assert!(second.try_wait().expect("its state").is_none(), "it must wait");
        drop(lock);
        let rest: Vec<_> = said.map_while(Result::ok).collect();
        assert!(rest.iter().any(|line| line.starts_with("step 2/5: LLVM ")), "{rest:?}");
        let second = second.wait_with_output().expect("the script ends");
        let said = refusal(&second);
        assert!(
            said.starts_with("error: the Debian mirror did not deliver its package lists (file:"),
            "{said}"
        );
        assert!(
            said.contains("or name another mirror with UPSIDE_DEBIAN_MIRROR"),
            "{said}"
        );
    }
}
