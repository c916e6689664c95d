//! `cargo xtask test` and `cargo xtask lint`: the steps that have to pass, declared in one list.

use std::{
    collections::VecDeque,
    ffi::OsString,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
    sync::{Mutex, MutexGuard, OnceLock, PoisonError},
    thread,
    time::{Duration, Instant},
};

use anyhow::{anyhow, bail, Context, Result};
use serde::Deserialize;

use crate::{
    commands::{
        agave, anchor, app, deep, demo, formal, fuzz,
        mutants::{self, Part},
        program_metadata, supply,
    },
    console::{seconds, Console, Task},
    host,
    process::{self, Counts, Stream},
    program,
    toolchain::{self, Choice},
    workspace::{Package, Target, Workspace},
};

/// Arguments of `cargo xtask test`.
#[derive(clap::Args)]
pub struct Args {
    /// Only these steps and what they need (see --list); default: all.
    steps: Vec<String>,
    /// Leave out the slow steps.
    #[arg(long)]
    fast: bool,
    /// Go on after a failed step; steps that need it are left out.
    #[arg(long)]
    keep_going: bool,
    /// Print the steps and run nothing.
    #[arg(long)]
    list: bool,
    /// Instead of the steps: 5,000 random sequences of 500 steps against the reference model; the next run goes on where this one stopped.
    #[arg(long, conflicts_with_all = ["steps", "fast", "keep_going", "list"])]
    deep: bool,
    /// The local validator on which the suites over JSON-RPC run; with Agave's only those run.
    #[arg(long, value_enum, default_value_t, conflicts_with = "deep")]
    validator: Validator,
    /// With --deep: the first sequence, from 0.
    #[arg(long, requires = "deep")]
    from: Option<u64>,
    /// With --deep: the sequence before which to stop.
    #[arg(long, requires = "deep", default_value_t = deep::SEQUENCES)]
    to: u64,
}

/// A local validator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Validator {
    /// The project's own, `upside-localnet`.
    #[default]
    Embedded,
    /// `solana-test-validator`, compiled from the package `agave-validator` the first time.
    Agave,
}

/// One thing that has to pass.
struct Step {
    name: &'static str,
    /// Left out by `--fast`.
    slow: bool,
    /// Runs beside the steps that are not, and at the end beside the last of its own kind: it takes long and waits for no step but those it needs.
    aside: bool,
    /// Names of earlier steps without which this one makes no sense.
    needs: &'static [&'static str],
    action: Action,
}

#[derive(Clone, Copy)]
enum Action {
    /// The packages of the machine.
    Host,
    /// The SBF toolchain.
    Toolchain,
    /// `programs/*` and `tests/programs/*`.
    Programs,
    /// A cargo command in the root.
    Cargo(&'static [&'static str]),
    /// `idl/upside.json` is what the sources say.
    IdlDrift,
    /// Every test and binary of the workspace, compiled at once: one selection of features for all.
    Compile,
    /// The unit tests and suites of one member.
    Member(&'static str),
    /// The examples in documentation.
    DocTests,
    /// The demo without a terminal.
    Demo,
    /// The dApp: types, lints, unit tests, drift, build, sizes, and its life in a browser.
    App,
    /// `anchor test` with the program and with a broken one, `anchor idl build`.
    Anchor,
    /// `cargo deny`: licences, sources, bans, and advisories where they can be reached.
    Deny,
    /// The crates that are published, packed.
    Packages,
    /// Publishing through the real Program Metadata program, where its sources can be reached.
    ProgramMetadata,
    /// The properties of the formulas, tried and proved.
    Formal,
    /// The fuzzer, for some minutes.
    Fuzz,
    /// A sample of the mutants of the formulas or of the state.
    Mutants(Part),
    /// Agave's validator is in the cache.
    Agave,
    /// Suites on Agave's validator.
    OnAgave(&'static [agave::OnAgave]),
    /// The demo without a terminal on Agave's validator.
    DemoOnAgave,
}

/// The machine has what the others need.
const HOST: Step = Step {
    name: "host",
    slow: false,
    aside: false,
    needs: &[],
    action: Action::Host,
};
/// The SBF toolchain is there.
const TOOLCHAIN: Step = Step {
    name: "toolchain",
    slow: false,
    aside: false,
    needs: &["host"],
    action: Action::Toolchain,
};
/// The programs are compiled.
const PROGRAM: Step = Step {
    name: "program",
    slow: false,
    aside: false,
    needs: &["toolchain"],
    action: Action::Programs,
};
/// Everything on the host is compiled.
const COMPILE: Step = Step {
    name: "compile",
    slow: false,
    aside: false,
    needs: &["host"],
    action: Action::Compile,
};

/// Everything that has to pass, in the order it runs.
const STEPS: &[Step] = &[
    HOST,
    TOOLCHAIN,
    PROGRAM,
    Step {
        name: "fmt",
        slow: false,
        aside: false,
        needs: &[],
        action: Action::Cargo(&["fmt", "--all", "--check"]),
    },
    Step {
        name: "clippy",
        slow: false,
        aside: false,
        needs: &["host"],
        action: Action::Cargo(&[
            "clippy",
            "--workspace",
            "--all-targets",
            "--locked",
            "--",
            "-D",
            "warnings",
        ]),
    },
    Step {
        name: "deny",
        slow: false,
        aside: false,
        needs: &["host"],
        action: Action::Deny,
    },
    Step {
        name: "packages",
        slow: false,
        aside: false,
        needs: &["host"],
        action: Action::Packages,
    },
    Step {
        name: "idl",
        slow: false,
        aside: false,
        needs: &[],
        action: Action::IdlDrift,
    },
    COMPILE,
    Step {
        name: "upside-math",
        slow: false,
        aside: false,
        needs: &["compile"],
        action: Action::Member("upside-math"),
    },
    Step {
        name: "upside-formal",
        slow: false,
        aside: false,
        needs: &["compile"],
        action: Action::Formal,
    },
    Step {
        name: "upside-valuation",
        slow: false,
        aside: false,
        needs: &["compile"],
        action: Action::Member("upside-valuation"),
    },
    Step {
        name: "upside-derive",
        slow: false,
        aside: false,
        needs: &["compile"],
        action: Action::Member("upside-derive"),
    },
    Step {
        name: "upside",
        slow: false,
        aside: false,
        needs: &["compile"],
        action: Action::Member("upside"),
    },
    Step {
        name: "upside-client",
        slow: false,
        aside: false,
        needs: &["compile", "program"],
        action: Action::Member("upside-client"),
    },
    Step {
        name: "upside-lookalike-mints",
        slow: false,
        aside: false,
        needs: &["compile"],
        action: Action::Member("upside-lookalike-mints"),
    },
    Step {
        name: "upside-localnet",
        slow: true,
        aside: false,
        needs: &["compile", "program"],
        action: Action::Member("upside-localnet"),
    },
    Step {
        name: "upside-localnet-process",
        slow: false,
        aside: false,
        needs: &["compile"],
        action: Action::Member("upside-localnet-process"),
    },
    Step {
        name: "upside-agave",
        slow: false,
        aside: false,
        needs: &["compile"],
        action: Action::Member("upside-agave"),
    },
    Step {
        name: "upside-tests",
        slow: true,
        aside: false,
        needs: &["compile", "program"],
        action: Action::Member("upside-tests"),
    },
    Step {
        name: "upside-test-hook",
        slow: false,
        aside: false,
        needs: &["compile"],
        action: Action::Member("upside-test-hook"),
    },
    Step {
        name: "upside-example-lock",
        slow: false,
        aside: false,
        needs: &["compile"],
        action: Action::Member("upside-example-lock"),
    },
    Step {
        name: "upside-demo",
        slow: false,
        aside: false,
        needs: &["compile", "program"],
        action: Action::Member("upside-demo"),
    },
    Step {
        name: "upside-indexer",
        slow: true,
        aside: false,
        needs: &["compile", "program"],
        action: Action::Member("upside-indexer"),
    },
    Step {
        name: "upside-deploy",
        slow: true,
        aside: false,
        needs: &["compile", "program"],
        action: Action::Member("upside-deploy"),
    },
    Step {
        name: "program-metadata",
        slow: true,
        aside: false,
        needs: &["compile", "program"],
        action: Action::ProgramMetadata,
    },
    Step {
        name: "upside-load",
        slow: true,
        aside: false,
        needs: &["compile", "program"],
        action: Action::Member("upside-load"),
    },
    Step {
        name: "xtask",
        slow: false,
        aside: false,
        needs: &["compile"],
        action: Action::Member("xtask"),
    },
    Step {
        name: "doc-tests",
        slow: true,
        aside: false,
        needs: &["compile"],
        action: Action::DocTests,
    },
    Step {
        name: "demo",
        slow: true,
        aside: false,
        needs: &["compile", "program"],
        action: Action::Demo,
    },
    Step {
        name: "anchor",
        slow: true,
        aside: false,
        needs: &["compile", "program"],
        action: Action::Anchor,
    },
    // What takes longest first, so that no core waits for it at the end.
    Step {
        name: "app",
        slow: true,
        aside: true,
        needs: &["compile", "program"],
        action: Action::App,
    },
    Step {
        name: "fuzz",
        slow: true,
        aside: true,
        needs: &["compile", "program"],
        action: Action::Fuzz,
    },
    Step {
        name: "mutants-math",
        slow: true,
        aside: true,
        needs: &["compile"],
        action: Action::Mutants(Part::Math),
    },
    Step {
        name: "mutants-state",
        slow: true,
        aside: true,
        needs: &["compile", "program"],
        action: Action::Mutants(Part::State),
    },
    Step {
        name: "upside-fuzz",
        slow: true,
        aside: true,
        needs: &["compile", "program"],
        action: Action::Member("upside-fuzz"),
    },
];

/// What runs on Agave's validator, after the steps it needs.
const AGAVE_STEPS: &[Step] = &[
    HOST,
    TOOLCHAIN,
    PROGRAM,
    COMPILE,
    Step {
        name: "agave",
        slow: false,
        aside: false,
        needs: &["host"],
        action: Action::Agave,
    },
    Step {
        name: "client",
        slow: false,
        aside: false,
        needs: &["compile", "program", "agave"],
        action: Action::OnAgave(agave::CLIENT),
    },
    Step {
        name: "deploy",
        slow: false,
        aside: false,
        needs: &["compile", "program", "agave"],
        action: Action::OnAgave(agave::DEPLOY),
    },
    Step {
        name: "load",
        slow: false,
        aside: false,
        needs: &["compile", "program", "agave"],
        action: Action::OnAgave(agave::LOAD),
    },
    Step {
        name: "indexer",
        slow: false,
        aside: false,
        needs: &["compile", "program", "agave"],
        action: Action::OnAgave(agave::INDEXER),
    },
    Step {
        name: "demo",
        slow: false,
        aside: false,
        needs: &["compile", "program", "agave"],
        action: Action::DemoOnAgave,
    },
];

/// Runs the chosen steps, prints the table of times and, last, how many tests passed and failed.
pub fn run(workspace: &Workspace, console: &Console, args: &Args) -> Result<ExitCode> {
    if args.deep {
        return deep::run(workspace, console, args.from, args.to);
    }
    let steps = match args.validator {
        Validator::Embedded => STEPS,
        Validator::Agave => AGAVE_STEPS,
    };
    let chosen = choose(steps, &args.steps, args.fast)?;
    if args.list {
        for step in chosen {
            println!("{}{}", step.name, if step.slow { "  (slow)" } else { "" });
        }
        return Ok(ExitCode::SUCCESS);
    }
    let session = Session {
        workspace,
        console,
        built: OnceLock::new(),
    };
    let started = Instant::now();
    let outcomes = session.run(&chosen, args.keep_going);
    print!("{}", table(&outcomes, started.elapsed()));
    let mut counts = Counts::default();
    for outcome in &outcomes {
        counts += outcome.counts;
    }
    println!("{}", closing_line(counts));
    Ok(exit_code(&outcomes))
}

/// `cargo xtask lint`: formatting and lints.
pub fn lint(workspace: &Workspace, console: &Console) -> Result<ExitCode> {
    let chosen: Vec<_> = STEPS
        .iter()
        .filter(|step| matches!(step.name, "fmt" | "clippy"))
        .collect();
    let session = Session {
        workspace,
        console,
        built: OnceLock::new(),
    };
    Ok(exit_code(&session.run(&chosen, true)))
}

/// The steps to run: all, or the named ones with what they need; without slow ones when `fast`.
fn choose<'a>(steps: &'a [Step], names: &[String], fast: bool) -> Result<Vec<&'a Step>> {
    let mut wanted: Vec<&str> = names.iter().map(String::as_str).collect();
    for name in &wanted {
        if !steps.iter().any(|step| step.name == *name) {
            bail!("there is no step \"{name}\"; `cargo xtask test --list` prints them");
        }
    }
    let mut next = 0;
    while let Some(name) = wanted.get(next).copied() {
        next += 1;
        wanted.extend(
            steps
                .iter()
                .filter(|step| step.name == name)
                .flat_map(|step| step.needs.iter().copied()),
        );
    }
    let is_wanted = |step: &&Step| (names.is_empty() || wanted.contains(&step.name)) && !(fast && step.slow);
    Ok(steps.iter().filter(is_wanted).collect())
}

/// How a step ended.
struct Outcome {
    name: &'static str,
    result: Ended,
    time: Duration,
    counts: Counts,
    suites: Vec<Suite>,
}

/// One test executable of a member and how it ended.
pub struct Suite {
    name: String,
    time: Duration,
    /// What its runner counted, also when it failed.
    pub counts: Counts,
    /// Why it failed.
    error: Option<String>,
}

/// One error that names every suite that failed.
pub fn failures(suites: &[Suite]) -> Result<()> {
    let failed: Vec<_> = suites
        .iter()
        .filter_map(|suite| Some(format!("{}: {}", suite.name, suite.error.as_ref()?)))
        .collect();
    if failed.is_empty() {
        return Ok(());
    }
    bail!("{}", failed.join("\n"))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Ended {
    Passed,
    Failed,
    /// A step it needs failed.
    LeftOut,
}

struct Session<'a> {
    workspace: &'a Workspace,
    console: &'a Console,
    built: OnceLock<Built>,
}

/// A step and how its line begins.
struct Numbered<'a> {
    label: String,
    step: &'a Step,
}

fn numbered<'a>(steps: &[&'a Step]) -> Vec<Numbered<'a>> {
    let label = |(index, step): (usize, &&'a Step)| Numbered {
        label: format!("[{:>2}/{}] {}", index + 1, steps.len(), step.name),
        step,
    };
    steps.iter().enumerate().map(label).collect()
}

/// Steps that run beside others, for whoever has time.
struct Aside<'a> {
    console: Console,
    waiting: Mutex<VecDeque<Numbered<'a>>>,
    keep_going: bool,
}

impl<'a> Aside<'a> {
    fn waiting(&self) -> MutexGuard<'_, VecDeque<Numbered<'a>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self) -> Option<Numbered<'a>> {
        self.waiting().pop_front()
    }

    /// Lets nothing more begin.
    fn stop(&self) {
        self.waiting().clear();
    }
}

fn results(outcomes: &[Outcome]) -> Vec<(&'static str, Ended)> {
    outcomes.iter().map(|outcome| (outcome.name, outcome.result)).collect()
}

impl Session<'_> {
    /// Runs all steps: those aside in a thread of their own as soon as the steps they need have ended; when the others have ended, this thread
    /// takes of those too. Their lines are shown when all have ended.
    fn run(&self, steps: &[&Step], keep_going: bool) -> Vec<Outcome> {
        let (beside, own): (Vec<_>, Vec<_>) = numbered(steps).into_iter().partition(|step| step.step.aside);
        let needed: Vec<&str> = beside.iter().flat_map(|step| step.step.needs).copied().collect();
        let aside = Aside {
            console: Console::aside(),
            waiting: Mutex::new(beside.into()),
            keep_going,
        };
        let mut outcomes = Vec::new();
        let mut beside = thread::scope(|scope| {
            let mut thread = None;
            for step in own {
                let has_ended = |need: &&str| outcomes.iter().any(|outcome: &Outcome| outcome.name == *need);
                if thread.is_none() && needed.iter().all(has_ended) {
                    let (aside, ended) = (&aside, results(&outcomes));
                    thread = Some(scope.spawn(move || self.run_aside(aside, ended)));
                }
                let outcome = self.run_one(&step, self.console, &results(&outcomes));
                let failed = outcome.result == Ended::Failed;
                outcomes.push(outcome);
                if failed && !keep_going {
                    aside.stop();
                    return thread.and_then(|thread| thread.join().ok()).unwrap_or_default();
                }
            }
            let mut beside = self.run_aside(&aside, results(&outcomes));
            beside.extend(thread.and_then(|thread| thread.join().ok()).unwrap_or_default());
            beside
        });
        print!("{}", aside.console.kept());
        outcomes.append(&mut beside);
        outcomes
    }

    /// Runs steps aside until none waits.
    fn run_aside(&self, aside: &Aside, ended: Vec<(&'static str, Ended)>) -> Vec<Outcome> {
        let mut outcomes = Vec::new();
        while let Some(step) = aside.take() {
            let outcome = self.run_one(&step, &aside.console, &ended);
            if outcome.result == Ended::Failed && !aside.keep_going {
                aside.stop();
            }
            outcomes.push(outcome);
        }
        outcomes
    }

    /// Runs a step, unless one that it needs has failed.
    fn run_one(&self, step: &Numbered, console: &Console, ended: &[(&'static str, Ended)]) -> Outcome {
        let Numbered { label, step } = step;
        let is_broken = |need: &&&str| {
            ended
                .iter()
                .any(|(name, ended)| name == *need && *ended != Ended::Passed)
        };
        let mut outcome = Outcome {
            name: step.name,
            result: Ended::LeftOut,
            time: Duration::ZERO,
            counts: Counts::default(),
            suites: Vec::new(),
        };
        if let Some(need) = step.needs.iter().find(is_broken) {
            console.line(&format!("{label} left out: it needs {need}"));
            return outcome;
        }
        let task = console.task(label.clone());
        let result = self.step(step.action, console, &task, &mut outcome.counts, &mut outcome.suites);
        outcome.time = task.finish(&match &result {
            Ok(()) if outcome.counts == Counts::default() => "ok".to_owned(),
            Ok(()) => format!("ok ({} tests)", outcome.counts.passed),
            Err(_) => "failed".to_owned(),
        });
        outcome.result = if result.is_ok() { Ended::Passed } else { Ended::Failed };
        if let Err(error) = result {
            console.line(&format!("error: {error:#}"));
        }
        outcome
    }

    fn step(
        &self,
        action: Action,
        console: &Console,
        task: &Task,
        counts: &mut Counts,
        suites: &mut Vec<Suite>,
    ) -> Result<()> {
        let workspace = self.workspace;
        match action {
            Action::Host => host::check(workspace, console, task),
            Action::Toolchain => toolchain::ensure(workspace, Choice::Auto, console, task).map(drop),
            Action::Programs => {
                for binary in program::build_all(workspace, Choice::Auto, console, task)? {
                    task.note(&format!(
                        "{}: {} bytes, sha256 {}",
                        binary.name, binary.bytes, binary.sha256
                    ));
                }
                Ok(())
            }
            Action::Cargo(arguments) => {
                workspace.claim(&workspace.target, &workspace.members()?)?;
                process::run_plain(
                    workspace.cargo().args(arguments),
                    console,
                    task,
                    &workspace.log(arguments[0]),
                )
            }
            Action::IdlDrift => {
                let xtask = std::env::current_exe().context("cannot find this program's own file")?;
                let mut command = Command::new(xtask);
                command.current_dir(&workspace.root).args(["idl", "--check"]);
                process::run_plain(&mut command, console, task, &workspace.log("idl"))
            }
            Action::Compile => {
                let built = Built::build(workspace, Selection::TestsAndBinaries, console, task)?;
                self.built.set(built).map_err(|_| anyhow!("compiled twice"))?;
                Ok(())
            }
            Action::Member(package) => {
                let run = self.built()?.run_tests(workspace, package, &[], console, task)?;
                for suite in &run {
                    *counts += suite.counts;
                }
                *suites = run;
                failures(suites)
            }
            Action::DocTests => {
                let mut command = workspace.cargo();
                command.args(["test", "--workspace", "--doc", "--locked"]);
                run_counting(&mut command, console, task, &workspace.log("doc-tests"), counts)
            }
            Action::Deny => supply::check(workspace, console, task),
            Action::Packages => supply::packages(workspace, console, task),
            Action::ProgramMetadata => program_metadata::check(workspace, self.built()?, console, task, counts),
            Action::Formal => {
                let z3 = formal::z3(workspace, console, task)?;
                let z3 = z3.to_str().context("the path of z3 must be text")?;
                let run = self
                    .built()?
                    .run_tests(workspace, "upside-formal", &[("UPSIDE_Z3", z3)], console, task)?;
                for suite in &run {
                    *counts += suite.counts;
                }
                *suites = run;
                failures(suites)
            }
            Action::Fuzz => process::run_plain(
                &mut fuzz::command(workspace, self.built()?, fuzz::CHECK_MINUTES)?,
                console,
                task,
                &workspace.log("fuzz"),
            ),
            Action::Mutants(part) => {
                task.note(&mutants::sample(workspace, self.built()?, part, console, task)?.sentence());
                Ok(())
            }
            Action::App => app::check(workspace, self.built()?, console, task, counts),
            Action::Anchor => anchor::check(workspace, self.built()?, console, task),
            Action::Demo => process::run_plain(
                &mut demo::command(workspace, self.built()?)?,
                console,
                task,
                &workspace.log("demo"),
            ),
            Action::Agave => agave::validator(workspace, console, task).map(drop),
            Action::OnAgave(on_agave) => {
                let run = agave::check(workspace, self.built()?, on_agave, console, task)?;
                for suite in &run {
                    *counts += suite.counts;
                }
                *suites = run;
                failures(suites)
            }
            Action::DemoOnAgave => {
                let validator = agave::validator(workspace, console, task)?;
                process::run_plain(
                    &mut demo::on_agave(workspace, self.built()?, &validator)?,
                    console,
                    task,
                    &workspace.log("demo-agave"),
                )
            }
        }
    }

    fn built(&self) -> Result<&Built> {
        self.built.get().context("nothing is compiled yet")
    }
}

/// What to compile.
#[derive(Clone, Copy)]
pub enum Selection {
    /// All that the whole check needs.
    TestsAndBinaries,
    /// Binaries only.
    Binaries,
    /// One suite.
    Suite(&'static str),
    /// One suite that runs binaries.
    SuiteAndBinaries(&'static str),
    /// The suite of deployments with the tests of publishing through the Program Metadata program.
    ProgramMetadata,
}

/// The executables of the workspace.
pub struct Built {
    executables: Vec<Executable>,
    packages: Vec<Package>,
}

struct Executable {
    manifest_path: PathBuf,
    name: String,
    is_test: bool,
    path: PathBuf,
}

impl Built {
    /// Compiles for the whole workspace, so that every member is built with the same features and dependencies are compiled once.
    pub fn build(workspace: &Workspace, selection: Selection, console: &Console, task: &Task) -> Result<Self> {
        let packages = workspace.members()?;
        workspace.claim(&workspace.target, &packages)?;
        let mut command = workspace.cargo();
        command.args([
            "build",
            "--workspace",
            "--locked",
            "--message-format=json-render-diagnostics",
        ]);
        match selection {
            Selection::TestsAndBinaries => command.args(["--bins", "--tests"]),
            Selection::Binaries => command.arg("--bins"),
            Selection::Suite(name) => command.args(["--test", name]),
            Selection::SuiteAndBinaries(name) => command.args(["--bins", "--test", name]),
            Selection::ProgramMetadata => {
                command.args(["--test", "deployment", "--features", "upside-deploy/program-metadata"])
            }
        };
        let mut executables = Vec::new();
        process::run(
            &mut command,
            console,
            task,
            &workspace.log("compile"),
            |stream, line| {
                if stream == Stream::Err {
                    return Some(line.to_owned());
                }
                executables.extend(executable(line));
                None
            },
        )?;
        Ok(Self { executables, packages })
    }

    /// The path of a binary.
    pub fn binary(&self, name: &str) -> Result<&Path> {
        match self
            .executables
            .iter()
            .find(|executable| !executable.is_test && executable.name == name)
        {
            Some(executable) => Ok(&executable.path),
            None => bail!("the workspace has no binary {name}"),
        }
    }

    /// The path of a member's suite.
    pub fn test(&self, package: &str, name: &str) -> Result<&Path> {
        let manifest = self
            .packages
            .iter()
            .find(|member| member.name == package)
            .map(|member| &member.manifest_path);
        match self.executables.iter().find(|executable| {
            executable.is_test && executable.name == name && Some(&executable.manifest_path) == manifest
        }) {
            Some(executable) => Ok(&executable.path),
            None => bail!("the suite {name} of {package} is not compiled"),
        }
    }

    /// Runs the compiled tests of a member, each in the member's folder as `cargo test` does, all of them also when one fails.
    ///
    /// `UPSIDE_PROGRAM_SO` names the compiled program, `UPSIDE_HOOK_SO` and `UPSIDE_LOCK_SO` those of `tests/programs`, and
    /// `UPSIDE_LOCALNET_BIN` the local validator and `UPSIDE_CLI_BIN` the command line, where they were built.
    pub fn run_tests(
        &self,
        workspace: &Workspace,
        package: &str,
        environment: &[(&str, &str)],
        console: &Console,
        task: &Task,
    ) -> Result<Vec<Suite>> {
        let Some(package) = self.packages.iter().find(|member| member.name == package) else {
            bail!("the workspace has no member {package}");
        };
        let mut suites = Vec::new();
        for test in self
            .executables
            .iter()
            .filter(|executable| executable.is_test && executable.manifest_path == package.manifest_path)
        {
            let mut command = self.test_command(workspace, package, &test.path);
            command.envs(environment.iter().copied());
            let log = workspace.log(&format!("test-{}-{}", package.name, test.name));
            let (started, mut counts) = (Instant::now(), Counts::default());
            let result = run_counting(&mut command, console, task, &log, &mut counts);
            suites.push(Suite {
                name: test.name.clone(),
                time: started.elapsed(),
                counts,
                error: result.err().map(|error| format!("{error:#}")),
            });
        }
        Ok(suites)
    }

    /// A member's suite as `cargo test` would start it, with the variables of [`Built::run_tests`].
    fn test_command(&self, workspace: &Workspace, package: &Package, suite: &Path) -> Command {
        let mut command = Command::new(suite);
        command
            .current_dir(package.folder())
            .env("CARGO_MANIFEST_DIR", package.folder())
            .env("CARGO_PKG_NAME", &package.name)
            .env("CARGO_PKG_VERSION", &package.version)
            .env("UPSIDE_PROGRAM_SO", program::main_program(workspace))
            .env("UPSIDE_HOOK_SO", program::test_program(workspace, "hook"))
            .env("UPSIDE_LOCK_SO", program::test_program(workspace, "lock"));
        for (variable, binary) in [("UPSIDE_LOCALNET_BIN", "upside-localnet"), ("UPSIDE_CLI_BIN", "upside")] {
            if let Ok(path) = self.binary(binary) {
                command.env(variable, path);
            }
        }
        command
    }

    /// Runs some tests of a member's suite on Agave's validator instead of the embedded one.
    pub fn run_on_agave(
        &self,
        workspace: &Workspace,
        package: &str,
        filter: &Filter,
        environment: &[(&str, OsString)],
        console: &Console,
        task: &Task,
    ) -> Result<Suite> {
        let Some(member) = self.packages.iter().find(|member| member.name == package) else {
            bail!("the workspace has no member {package}");
        };
        let path = self.test(package, filter.test)?;
        let listed = self.test_command(workspace, member, path).arg("--list").output();
        let listed = String::from_utf8(listed.context("cannot list the tests of a suite")?.stdout)?;
        filter.check(&listed)?;
        let mut command = self.test_command(workspace, member, path);
        command
            .args(filter.arguments())
            .env("UPSIDE_LOCALNET_BIN", self.binary("upside-agave")?)
            .envs(environment.iter().map(|(name, value)| (name, value)));
        let name = filter.name();
        let log = workspace.log(&format!("agave-{package}-{name}"));
        let (started, mut counts) = (Instant::now(), Counts::default());
        let result = run_counting(&mut command, console, task, &log, &mut counts);
        Ok(Suite {
            name,
            time: started.elapsed(),
            counts,
            error: result.err().map(|error| format!("{error:#}")),
        })
    }
}

/// Some tests of a suite.
pub struct Filter {
    /// The suite.
    pub test: &'static str,
    /// Those whose names contain one of these; nothing means all.
    pub names: &'static [&'static str],
    /// Not these, by their whole names.
    pub left_out: Vec<&'static str>,
}

impl Filter {
    /// What to pass to the suite.
    fn arguments(&self) -> Vec<&str> {
        let left_out = self.left_out.iter().flat_map(|name| ["--skip", name]);
        self.names.iter().copied().chain(left_out).collect()
    }

    /// What the run is called.
    fn name(&self) -> String {
        [&[self.test], self.names].concat().join(" ")
    }

    /// Every test that is left out is one that the suite lists.
    fn check(&self, listed: &str) -> Result<()> {
        for name in &self.left_out {
            if !listed.lines().any(|line| line.strip_suffix(": test") == Some(name)) {
                bail!("{} has no test {name} to leave out", self.test);
            }
        }
        Ok(())
    }
}

/// Runs a command that prints `test result:` lines. What it says is stale in the sources is shown below the step.
pub fn run_counting(
    command: &mut Command,
    console: &Console,
    task: &Task,
    log: &Path,
    counts: &mut Counts,
) -> Result<()> {
    process::run(command, console, task, log, |_, line| {
        counts.add_line(line);
        if line.starts_with("stale: ") {
            task.note(line);
        }
        Some(line.to_owned())
    })
}

/// The executable that a line of cargo's JSON names, if it does.
fn executable(line: &str) -> Option<Executable> {
    #[derive(Deserialize)]
    struct Artifact {
        manifest_path: PathBuf,
        target: Target,
        profile: Profile,
        executable: Option<PathBuf>,
    }
    #[derive(Deserialize)]
    struct Profile {
        test: bool,
    }
    let artifact: Artifact = serde_json::from_str(line).ok()?;
    Some(Executable {
        manifest_path: artifact.manifest_path,
        name: artifact.target.name,
        is_test: artifact.profile.test,
        path: artifact.executable?,
    })
}

/// Steps, times and counts, one line per step; below a member with several test executables one line for each.
fn table(outcomes: &[Outcome], took: Duration) -> String {
    let mut rows = Vec::new();
    for outcome in outcomes {
        let result = match outcome.result {
            Ended::Passed => "ok",
            Ended::Failed => "failed",
            Ended::LeftOut => "left out",
        };
        rows.push((outcome.name.to_owned(), outcome.time, outcome.counts, result));
        if outcome.suites.len() > 1 {
            rows.extend(outcome.suites.iter().map(|suite| {
                let result = if suite.error.is_none() { "ok" } else { "failed" };
                (format!("  {}", suite.name), suite.time, suite.counts, result)
            }));
        }
    }
    let width = rows
        .iter()
        .map(|(name, ..)| name.len())
        .max()
        .unwrap_or(0)
        .max("total".len());
    let mut text = format!("\n{:width$}  {:>13}  {:>6}  result\n", "step", "time", "tests");
    for (name, time, counts, result) in rows {
        let tests = counts.passed + counts.failed;
        let tests = if tests == 0 { String::new() } else { tests.to_string() };
        text += &format!("{name:width$}  {:>13}  {tests:>6}  {result}\n", seconds(time));
    }
    text + &format!("{:width$}  {:>13}\n\n", "total", seconds(took))
}

/// The line that says how many tests ran, in the form that build servers read.
fn closing_line(counts: Counts) -> String {
    let mut line = format!("{} passed, {} failed", counts.passed, counts.failed);
    if counts.skipped > 0 {
        line += &format!(", {} skipped", counts.skipped);
    }
    line
}

fn exit_code(outcomes: &[Outcome]) -> ExitCode {
    if outcomes.iter().all(|outcome| outcome.result == Ended::Passed) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(steps: &[&Step]) -> Vec<&'static str> {
        steps.iter().map(|step| step.name).collect()
    }

    #[test]
    fn every_member_of_the_workspace_has_a_step_that_runs_its_tests() {
        for member in Workspace::find().expect("workspace").members().expect("members") {
            assert!(
                STEPS.iter().any(
                    |step| matches!(step.action, Action::Member(name) if name == member.name)
                        || matches!(step.action, Action::Formal if member.name == "upside-formal")
                ),
                "no step runs the tests of {}",
                member.name
            );
        }
    }

    #[test]
    fn steps_need_only_earlier_steps_that_are_neither_slow_nor_aside() {
        for (steps, index, step) in [STEPS, AGAVE_STEPS]
            .into_iter()
            .flat_map(|steps| steps.iter().enumerate().map(move |(index, step)| (steps, index, step)))
        {
            for need in step.needs {
                assert!(
                    steps[..index]
                        .iter()
                        .any(|earlier| earlier.name == *need && !earlier.slow && !earlier.aside),
                    "{} needs {need}",
                    step.name
                );
            }
        }
    }

    #[test]
    fn each_step_aside_is_taken_once() {
        let aside = Aside {
            console: Console::aside(),
            waiting: Mutex::new(
                numbered(&choose(STEPS, &[], false).expect("steps"))
                    .into_iter()
                    .filter(|step| step.step.aside)
                    .collect(),
            ),
            keep_going: false,
        };
        let take_all = || std::iter::from_fn(|| aside.take().map(|step| step.step.name)).collect::<Vec<_>>();
        let mut taken = thread::scope(|scope| {
            let other = scope.spawn(take_all);
            [take_all(), other.join().expect("no panic")].concat()
        });
        taken.sort_unstable();
        let mut expected: Vec<_> = STEPS.iter().filter(|step| step.aside).map(|step| step.name).collect();
        expected.sort_unstable();
        assert_eq!(taken, expected);
    }

    #[test]
    fn after_a_failed_step_nothing_more_begins_aside() {
        let steps = choose(STEPS, &[], false).expect("steps");
        let aside = Aside {
            console: Console::aside(),
            waiting: Mutex::new(numbered(&steps).into()),
            keep_going: false,
        };
        assert!(aside.take().is_some());
        aside.stop();
        assert!(aside.take().is_none());
    }

    #[test]
    fn a_test_to_leave_out_must_be_one_that_there_is() {
        let filter = Filter {
            test: "cli",
            names: &["life", "value"],
            left_out: vec!["value::old"],
        };
        assert_eq!(filter.arguments(), ["life", "value", "--skip", "value::old"]);
        assert!(filter.check("value::old: test\n").is_ok());
        let error = filter.check("value::old_and_new: test\n").expect_err("no such test");
        assert!(error.to_string().contains("value::old"), "{error}");
    }

    #[test]
    fn a_named_step_brings_what_it_needs() {
        let chosen = choose(STEPS, &["upside-tests".to_owned()], false).expect("steps");
        assert_eq!(
            names(&chosen),
            ["host", "toolchain", "program", "compile", "upside-tests"]
        );
    }

    #[test]
    fn fast_leaves_out_slow_steps() {
        let chosen = choose(STEPS, &[], true).expect("steps");
        assert!(names(&chosen).contains(&"clippy") && !names(&chosen).contains(&"upside-tests"));
    }

    #[test]
    fn an_unknown_step_is_refused_by_name() {
        let error = choose(STEPS, &["nonsense".to_owned()], false).err().expect("refused");
        assert!(error.to_string().contains("\"nonsense\""));
    }

    #[test]
    fn the_closing_line_names_skipped_tests_only_when_there_are_some() {
        assert_eq!(
            closing_line(Counts {
                passed: 3,
                failed: 0,
                skipped: 0
            }),
            "3 passed, 0 failed"
        );
        assert_eq!(
            closing_line(Counts {
                passed: 3,
                failed: 1,
                skipped: 2
            }),
            "3 passed, 1 failed, 2 skipped"
        );
    }

    #[test]
    fn test_executables_are_told_from_binaries() {
        let line = |test: bool| {
            format!(
                r#"{{"reason":"compiler-artifact","manifest_path":"/w/a/Cargo.toml","target":{{"name":"a","kind":["bin"]}},"profile":{{"test":{test}}},"executable":"/t/a"}}"#
            )
        };
        assert!(executable(&line(true)).is_some_and(|found| found.is_test && found.path == Path::new("/t/a")));
        assert!(executable(&line(false)).is_some_and(|found| !found.is_test));
        assert!(executable(r#"{"reason":"build-finished","success":true}"#).is_none());
    }

    #[test]
    fn the_table_has_one_line_per_step_and_the_total() {
        let outcome = |name, result, time| Outcome {
            name,
            result,
            time: Duration::from_millis(time),
            counts: Counts::default(),
            suites: Vec::new(),
        };
        let outcomes = [
            outcome("fmt", Ended::Passed, 1_000),
            outcome("clippy", Ended::Failed, 2_500),
        ];
        let text = table(&outcomes, Duration::from_millis(3_500));
        let lines: Vec<_> = text.lines().filter(|line| !line.is_empty()).collect();
        assert_eq!(lines.len(), 4);
        assert!(lines[2].starts_with("clippy") && lines[2].ends_with("failed"));
        assert!(lines[3].starts_with("total") && lines[3].ends_with("3.5 s"));
    }

    fn suite(name: &str, passed: u64, error: Option<&str>) -> Suite {
        Suite {
            name: name.to_owned(),
            time: Duration::from_millis(500),
            counts: Counts {
                passed,
                ..Counts::default()
            },
            error: error.map(str::to_owned),
        }
    }

    #[test]
    fn the_table_shows_each_suite_of_a_member_that_has_several() {
        let suites = vec![suite("core", 12, None), suite("stateful", 3, Some("exit status 101"))];
        let text = table(
            &[Outcome {
                name: "upside-tests",
                result: Ended::Failed,
                time: Duration::from_secs(1),
                counts: Counts::default(),
                suites,
            }],
            Duration::from_secs(1),
        );
        let line = |name: &str| {
            text.lines()
                .find(|line| line.trim_start().starts_with(name))
                .expect("line")
        };
        assert!(line("core").contains("0.5 s") && line("core").contains("12") && line("core").ends_with("ok"));
        assert!(line("stateful").ends_with("failed"));
    }

    #[test]
    fn the_error_of_a_member_names_the_suites_that_failed_only() {
        assert!(failures(&[suite("core", 1, None)]).is_ok());
        let error =
            failures(&[suite("core", 1, None), suite("stateful", 0, Some("exit status 101"))]).expect_err("failed");
        assert_eq!(error.to_string(), "stateful: exit status 101");
    }
}
