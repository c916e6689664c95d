//! `cargo xtask app`: builds the dApp and serves it beside a local network on which the demo story was played; and the step of
//! `cargo xtask test` that checks it.

use std::{
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Command, ExitCode, Stdio},
};

use anyhow::{bail, Context, Result};

use crate::{
    commands::{
        demo,
        test::{Built, Selection},
    },
    console::{Console, Task},
    host,
    process::{self, Counts},
    program,
    toolchain::Choice,
    workspace::Workspace,
};

/// The least Node that the packages run on.
const LEAST_NODE: (u32, u32) = (20, 19);
/// How the demo names the network that it leaves running.
const NETWORK_STAYS: &str = "The network stays: ";
/// What is checked before the page is built, as scripts of `app/package.json`.
const CHECKS: &[&str] = &["typecheck", "lint", "test", "generate:check"];

/// Arguments of `cargo xtask app`.
#[derive(clap::Args)]
pub struct Args {
    /// Give this wallet SOL, payout tokens and stocks on the local network, so that you can take part (repeatable).
    #[arg(long, value_name = "ADDRESS")]
    fund: Vec<String>,
    /// Port of the page; 0 chooses a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Build and check what the page needs, and serve nothing.
    #[arg(long)]
    build_only: bool,
}

/// Builds everything, plays the story, and serves the page until Ctrl-C.
pub fn run(workspace: &Workspace, console: &Console, args: &Args) -> Result<ExitCode> {
    let task = console.task("program");
    host::check(workspace, console, &task)?;
    program::build_all(workspace, Choice::Auto, console, &task)?;
    task.finish("ok");
    let task = console.task("binaries");
    let built = Built::build(workspace, Selection::Binaries, console, &task)?;
    task.finish("ok");
    let task = console.task("page");
    let app = App::new(workspace);
    app.install(console, &task, 0, 2)?;
    task.progress(1, 2, "build");
    app.script("build", console, &task, &[])?;
    task.finish("ok");
    if args.build_only {
        println!("The page is in {}", app.dist().display());
        return Ok(ExitCode::SUCCESS);
    }
    let (_server, address) = app.serve(args.port)?;
    let mut story = demo::command(workspace, &built)?;
    // However this process ends, its end of the pipe closes, and the story and its network end too.
    story
        .args(["--stay", "--exit-with-stdin"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    for wallet in &args.fund {
        story.args(["--fund", wallet]);
    }
    let mut story = story.spawn().context("cannot start the demo")?;
    let output = story.stdout.take().context("the demo has no output")?;
    for line in BufReader::new(output).lines() {
        let line = line?;
        match line.strip_prefix(NETWORK_STAYS) {
            Some(network) => {
                println!("\nThe page: {address}/?rpc={network}#/explore");
                println!("It talks to the network at {network}; Ctrl-C ends both.");
            }
            None => println!("{line}"),
        }
    }
    let status = story.wait().context("lost the demo")?;
    Ok(if status.success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Everything that the page has to pass: packages, types, lints, unit tests, drift of what is generated, build, sizes, and its life in a
/// browser.
pub fn check(workspace: &Workspace, built: &Built, console: &Console, task: &Task, counts: &mut Counts) -> Result<()> {
    let app = App::new(workspace);
    let steps = CHECKS.len() as u64 + 5;
    app.install(console, task, 0, steps)?;
    let localnet = built.binary("upside-localnet")?.display().to_string();
    let program = program::main_program(workspace).display().to_string();
    let cache = workspace.cache.display().to_string();
    let environment = [
        ("UPSIDE_LOCALNET_BIN", localnet.as_str()),
        ("UPSIDE_PROGRAM_SO", program.as_str()),
        ("UPSIDE_CACHE", cache.as_str()),
    ];
    let scripts = CHECKS
        .iter()
        .chain(&["client:check", "build", "size:check", "test:browser"]);
    for (index, name) in (1..).zip(scripts) {
        task.progress(index, steps, name);
        *counts += app.script(name, console, task, &environment)?;
    }
    Ok(())
}

/// The folder `app/` of a checkout.
struct App<'a> {
    workspace: &'a Workspace,
}

impl<'a> App<'a> {
    fn new(workspace: &'a Workspace) -> Self {
        Self { workspace }
    }

    fn folder(&self) -> PathBuf {
        self.workspace.root.join("app")
    }

    /// Where the built page goes: no build output lies among the sources.
    fn dist(&self) -> PathBuf {
        self.workspace.root.join("target/app")
    }

    /// Brings exactly the packages of the lock file, without running scripts of theirs; quick when they are there already.
    fn install(&self, console: &Console, task: &Task, position: u64, length: u64) -> Result<()> {
        check_node()?;
        task.progress(position, length, "packages");
        let installed = self.folder().join("node_modules/.upside-lock");
        let lock =
            std::fs::read(self.folder().join("package-lock.json")).context("app/package-lock.json is missing")?;
        if std::fs::read(&installed).is_ok_and(|was| was == lock) {
            return Ok(());
        }
        let mut command = Command::new("npm");
        command.current_dir(self.folder()).args(["ci", "--ignore-scripts"]);
        process::run_plain(&mut command, console, task, &self.workspace.log("app-packages"))?;
        std::fs::write(&installed, lock).with_context(|| format!("cannot write {}", installed.display()))
    }

    /// Runs a script of `package.json`; what its tests counted is returned.
    fn script(&self, name: &str, console: &Console, task: &Task, environment: &[(&str, &str)]) -> Result<Counts> {
        let mut command = Command::new("npm");
        command
            .current_dir(self.folder())
            .args(["run", "--silent", name])
            .env("UPSIDE_APP_DIST", self.dist())
            .envs(environment.iter().copied());
        let log = self.workspace.log(&format!("app-{}", name.replace(':', "-")));
        let mut counts = Counts::default();
        process::run(&mut command, console, task, &log, |_, line| {
            count(line, &mut counts);
            Some(line.to_owned())
        })?;
        Ok(counts)
    }

    /// Serves the built page on 127.0.0.1, as long as the server lives; with its address.
    fn serve(&self, port: u16) -> Result<(Server, String)> {
        let mut child = Command::new("node")
            .current_dir(self.folder())
            .arg("scripts/serve.mjs")
            .arg(self.dist())
            .arg(port.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start the page's server")?;
        let output = child.stdout.take().context("the page's server has no output")?;
        let mut address = String::new();
        BufReader::new(output).read_line(&mut address)?;
        if address.trim().is_empty() {
            bail!("the page's server did not start; is port {port} in use?");
        }
        Ok((Server(child), address.trim().to_owned()))
    }
}

/// The page's server; it ends when this is dropped, and when this process does, because its standard input closes.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

/// Refuses a missing or old Node before npm fails on it in many words.
fn check_node() -> Result<()> {
    let output = Command::new("node").arg("--version").output();
    let version = match &output {
        Ok(output) if output.status.success() => String::from_utf8_lossy(&output.stdout).trim().to_owned(),
        _ => bail!(
            "the page needs Node {}.{} or newer and npm; run: apt-get install -y nodejs npm",
            LEAST_NODE.0,
            LEAST_NODE.1
        ),
    };
    if node_version(&version).is_none_or(|found| found < LEAST_NODE) {
        bail!(
            "the page needs Node {}.{} or newer, and `node --version` says {version}",
            LEAST_NODE.0,
            LEAST_NODE.1
        );
    }
    Ok(())
}

/// Major and minor of a text like `v20.20.2`.
fn node_version(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.strip_prefix('v')?.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// Adds what a line of Node's test runner counts, like `# pass 12`.
fn count(line: &str, counts: &mut Counts) {
    let number = |name: &str| line.strip_prefix(name).and_then(|rest| rest.trim().parse::<u64>().ok());
    counts.passed += number("# pass ").unwrap_or(0);
    counts.failed += number("# fail ").unwrap_or(0);
    counts.skipped += number("# skipped ").unwrap_or(0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_test_runner_are_counted() {
        let mut counts = Counts::default();
        for line in ["# tests 5", "# pass 3", "# fail 1", "# skipped 1", "ok 1 - # pass 9"] {
            count(line, &mut counts);
        }
        assert_eq!((counts.passed, counts.failed, counts.skipped), (3, 1, 1));
    }

    #[test]
    fn versions_of_node_are_read() {
        assert_eq!(node_version("v20.20.2"), Some((20, 20)));
        assert_eq!(node_version("nonsense"), None);
        assert!(node_version("v22.1.0") > Some(LEAST_NODE));
        assert!(node_version("v20.18.9") < Some(LEAST_NODE));
    }
}
