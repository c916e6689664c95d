//! The compiler for Solana: `cargo build-sbf` where Solana's tools are installed, else the toolchain of `toolchain/build.sh`.

use std::{path::PathBuf, process::Command};

use anyhow::{anyhow, Result};

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
}
