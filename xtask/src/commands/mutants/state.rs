//! Mutants of the program's state. Host tests see little of it, so each mutant is compiled to bytecode and judged by the suites that run it.

use std::{
    cell::Cell,
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{bail, ensure, Context, Result};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::{explained, place, Outcome};
use crate::{
    commands::test::Built,
    console::{Console, Task},
    process, program, tool, toolchain,
    workspace::Workspace,
};

/// What is changed.
const SOURCES: &str = "programs/upside/src/state/*.rs";
/// Host tests among them, which are not.
const TESTS: &str = "programs/upside/src/state/*_tests.rs";
/// A suite that judges.
struct Judge {
    suite: &'static str,
    /// The one test of it that is run; none: all.
    test: Option<&'static str>,
    environment: &'static [(&'static str, &'static str)],
}

/// The suites that judge, one after another until one notices; after them the program's own unit tests.
const JUDGES: [Judge; 3] = [
    Judge {
        suite: "core",
        test: None,
        environment: &[],
    },
    Judge {
        suite: "negative_matrix",
        test: None,
        environment: &[],
    },
    Judge {
        suite: "stateful",
        test: Some("random_sequences_agree_with_the_model_and_keep_every_invariant"),
        environment: &[("UPSIDE_SEQUENCES", "100"), ("UPSIDE_STEPS", "200")],
    },
];

/// A change, as cargo-mutants lists it.
#[derive(Debug, Deserialize)]
struct Mutant {
    name: String,
    file: String,
    replacement: String,
    span: Span,
}

#[derive(Debug, Deserialize)]
struct Span {
    start: Place,
    end: Place,
}

/// Line and column, both from 1; the column counts characters.
#[derive(Debug, Deserialize)]
struct Place {
    line: usize,
    column: usize,
}

/// What became of a mutant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Caught,
    Missed,
    /// It does not compile.
    Unviable,
}

impl Fate {
    const ALL: [(Self, &'static str); 3] = [
        (Self::Caught, "caught"),
        (Self::Missed, "missed"),
        (Self::Unviable, "unviable"),
    ];

    fn word(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(fate, _)| *fate == self)
            .map_or("", |(_, word)| word)
    }
}

/// Tries all mutants, or one of so many, always the same ones whatever their lines. What was decided for the same program stays decided, so a run
/// that was stopped goes on.
pub fn check(
    workspace: &Workspace,
    built: &Built,
    every: Option<usize>,
    console: &Console,
    task: &Task,
) -> Result<Outcome> {
    let original = fs::read(program::main_program(workspace)).context("the program is not compiled")?;
    let record = workspace.root.join("target/mutants/state.txt");
    let mut decided = Decided::read(&record, &format!("{:x}", Sha256::digest(&original)));
    let chosen: Vec<Mutant> = list(workspace, console, task)?
        .into_iter()
        .filter(|mutant| every.is_none_or(|n| is_chosen(&mutant.name, n)))
        .collect();
    ensure!(!chosen.is_empty(), "no mutant is chosen: ask for more of them");
    let tree = Tree::new(workspace)?;
    for (index, mutant) in chosen.iter().enumerate() {
        task.progress(index as u64, chosen.len() as u64, &mutant.name);
        if decided.fates.contains_key(&mutant.name) {
            continue;
        }
        let fate = match tree.compile(workspace, mutant, console, task)? {
            None => Fate::Unviable,
            Some(file)
                if judged(workspace, built, &file, console, task)?
                    || tree.unit_tests_notice(workspace, mutant, console, task)? =>
            {
                Fate::Caught
            }
            Some(_) => Fate::Missed,
        };
        decided.add(&mutant.name, fate)?;
    }
    let fates = || chosen.iter().map(|mutant| (&mutant.name, decided.fates[&mutant.name]));
    explained(
        workspace,
        fates()
            .filter(|(_, fate)| *fate == Fate::Missed)
            .map(|(name, _)| name.as_str()),
    )?;
    let count = |wanted| fates().filter(|(_, fate)| *fate == wanted).count();
    Ok(Outcome {
        caught: count(Fate::Caught),
        missed: count(Fate::Missed),
        timeout: 0,
    })
}

/// Whether a mutant is in the sample of one in `n`.
fn is_chosen(name: &str, n: usize) -> bool {
    let digest = Sha256::digest(place(name));
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&digest[..8]);
    u64::from_le_bytes(bytes) % n.max(1) as u64 == 0
}

fn list(workspace: &Workspace, console: &Console, task: &Task) -> Result<Vec<Mutant>> {
    let tool = tool::MUTANTS.install(workspace, console, task)?;
    let output = Command::new(tool)
        .current_dir(&workspace.root)
        .args(["mutants", "--list", "--json", "--package", "upside", "--file", SOURCES])
        .args(["--exclude", TESTS])
        .env_remove("RUSTUP_TOOLCHAIN")
        .output()
        .context("cannot run cargo-mutants")?;
    ensure!(
        output.status.success(),
        "cargo-mutants cannot list the mutants: {}",
        String::from_utf8_lossy(&output.stderr).trim()
    );
    serde_json::from_slice(&output.stdout).context("cargo-mutants lists mutants in another form")
}

/// Whether a suite notices that this program is not the right one; it is ended at the first test that does.
fn judged(workspace: &Workspace, built: &Built, program: &Path, console: &Console, task: &Task) -> Result<bool> {
    for judge in &JUDGES {
        let mut command = Command::new(built.test("upside-tests", judge.suite)?);
        command
            .current_dir(workspace.root.join("tests"))
            .args(judge.test.iter().flat_map(|test| [*test, "--exact"]))
            .env("UPSIDE_PROGRAM_SO", program)
            .env("UPSIDE_HOOK_SO", program::test_program(workspace, "hook"))
            .env("UPSIDE_LOCK_SO", program::test_program(workspace, "lock"))
            .envs(judge.environment.iter().copied());
        if !process::passes(&mut command, console, task, &workspace.log("mutants-judge"), is_failure)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether a line of a suite's output says that a test failed.
fn is_failure(line: &str) -> bool {
    line.starts_with("test ") && line.ends_with(" ... FAILED")
}

/// A copy of the sources, in which one file at a time is changed.
struct Tree {
    folder: PathBuf,
    /// The unit tests pass as long as nothing is changed.
    is_sound: Cell<bool>,
}

impl Tree {
    /// Copies all files under version control but the page's, which no program needs.
    fn new(workspace: &Workspace) -> Result<Self> {
        let folder = workspace.cache.join("mutants-tree");
        if folder.is_dir() {
            fs::remove_dir_all(&folder).with_context(|| format!("cannot empty {}", folder.display()))?;
        }
        workspace.copy_sources(&folder)?;
        Ok(Self {
            folder,
            is_sound: Cell::new(false),
        })
    }

    /// Does something while this change is made; the copy is as before afterwards.
    fn with<T>(&self, mutant: &Mutant, act: impl FnOnce() -> Result<T>) -> Result<T> {
        let file = self.folder.join(&mutant.file);
        let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        fs::write(&file, changed(&text, &mutant.span, &mutant.replacement)?)?;
        let done = act();
        fs::write(&file, text)?;
        done
    }

    /// Compiles the program with this change; `None` if it does not compile.
    fn compile(
        &self,
        workspace: &Workspace,
        mutant: &Mutant,
        console: &Console,
        task: &Task,
    ) -> Result<Option<PathBuf>> {
        let toolchain = toolchain::own(workspace, console, task)?;
        self.with(mutant, || {
            let built = program::compile_in(
                workspace,
                &toolchain,
                &self.folder.join("programs/upside"),
                "upside",
                &workspace.cache.join("mutants-sbf"),
                console,
                task,
            );
            Ok(built.ok())
        })
    }

    /// Whether the program's unit tests, which run on the host, notice this change.
    fn unit_tests_notice(
        &self,
        workspace: &Workspace,
        mutant: &Mutant,
        console: &Console,
        task: &Task,
    ) -> Result<bool> {
        let pass = || {
            let mut command = Command::new("cargo");
            command
                .current_dir(&self.folder)
                .args(["test", "--quiet", "--locked", "--package", "upside", "--lib"])
                .env_remove("RUSTUP_TOOLCHAIN")
                .env("CARGO_TARGET_DIR", workspace.cache.join("mutants-target"));
            process::passes(
                &mut command,
                console,
                task,
                &workspace.log("mutants-unit-tests"),
                is_failure,
            )
        };
        if !self.is_sound.get() {
            ensure!(pass()?, "the program's unit tests fail although nothing is changed");
            self.is_sound.set(true);
        }
        Ok(!self.with(mutant, pass)?)
    }
}

/// The text with what lies in `span` replaced.
fn changed(text: &str, span: &Span, replacement: &str) -> Result<String> {
    let offset = |place: &Place| {
        let line = text
            .split_inclusive('\n')
            .take(place.line - 1)
            .map(str::len)
            .sum::<usize>();
        let column = text[line..].char_indices().nth(place.column - 1).map(|(at, _)| at);
        column.map(|column| line + column)
    };
    match (offset(&span.start), offset(&span.end)) {
        (Some(start), Some(end)) if start <= end => Ok([&text[..start], replacement, &text[end..]].concat()),
        _ => bail!("cargo-mutants names a place that is not there: {span:?}"),
    }
}

/// What was decided for one program, on disk.
struct Decided {
    path: PathBuf,
    text: String,
    fates: BTreeMap<String, Fate>,
}

impl Decided {
    /// What is on disk, if it is of this program.
    fn read(path: &Path, digest: &str) -> Self {
        let text = fs::read_to_string(path)
            .ok()
            .filter(|text| text.lines().next() == Some(digest))
            .unwrap_or_else(|| format!("{digest}\n"));
        let fates = text
            .lines()
            .skip(1)
            .filter_map(|line| {
                let (word, name) = line.split_once(' ')?;
                let (fate, _) = Fate::ALL.iter().find(|(_, known)| *known == word)?;
                Some((name.to_owned(), *fate))
            })
            .collect();
        Self {
            path: path.to_owned(),
            text,
            fates,
        }
    }

    fn add(&mut self, name: &str, fate: Fate) -> Result<()> {
        self.text += &format!("{} {name}\n", fate.word());
        self.fates.insert(name.to_owned(), fate);
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&self.path, &self.text).with_context(|| format!("cannot write {}", self.path.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(line: usize, column: usize) -> Place {
        Place { line, column }
    }

    #[test]
    fn a_change_is_made_where_it_is_named() {
        let text = "one\nfn é() -> u8 { a + b }\nthree\n";
        let span = Span {
            start: place(2, 18),
            end: place(2, 19),
        };
        assert_eq!(
            changed(text, &span, "-").expect("a text"),
            "one\nfn é() -> u8 { a - b }\nthree\n"
        );
        let nowhere = Span {
            start: place(9, 1),
            end: place(9, 2),
        };
        assert!(changed(text, &nowhere, "-").is_err());
    }

    #[test]
    fn a_sample_does_not_depend_on_lines() {
        let sampled = |line: usize| {
            (0..400)
                .filter(|n| is_chosen(&format!("a.rs:{line}:7: replace f{n} with 0"), 20))
                .collect::<Vec<_>>()
        };
        assert_eq!(sampled(3), sampled(300));
        assert!((5..60).contains(&sampled(3).len()));
    }

    #[test]
    fn what_was_decided_for_the_same_program_is_kept() {
        let folder = std::env::temp_dir().join(format!("upside-mutants-{}", std::process::id()));
        let path = folder.join("state.txt");
        let mut decided = Decided::read(&path, "abc");
        decided
            .add("a.rs:1:2: replace + with -", Fate::Missed)
            .expect("written");
        decided
            .add("a.rs:2:2: replace + with *", Fate::Caught)
            .expect("written");
        let again = Decided::read(&path, "abc");
        assert_eq!(again.fates, decided.fates);
        assert_eq!(Decided::read(&path, "def").fates.len(), 0);
        fs::remove_dir_all(folder).expect("removed");
    }
}
