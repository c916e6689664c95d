//! The validator's process.

use std::{
    ffi::OsString,
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use anyhow::{anyhow, bail, ensure, Context, Result};
use surfpool_core::solana_rpc_client::rpc_client::RpcClient;

use crate::{clock::Wall, ports::Ports};

/// How long the validator may take until it serves.
const START_DEADLINE: Duration = Duration::from_secs(300);
const POLL: Duration = Duration::from_millis(200);
/// Shreds of the ledger that are kept: all of a suite's.
const SHREDS: &str = "50000000";
/// Lines of what the validator said that are shown when it ends early.
const LAST_LINES: usize = 20;

/// What is loaded before the validator's own libraries.
const PRELOAD: &str = include_str!("preload.c");

/// The running validator; dropping it ends it and waits.
pub struct Validator {
    /// Nothing once it is ended from here.
    child: Arc<Mutex<Option<Child>>>,
    output: PathBuf,
}

impl Validator {
    /// Starts `binary` with its ledger in `folder`.
    ///
    /// # Errors
    /// When there is no C compiler, or the binary cannot be started.
    pub fn start(binary: &Path, folder: &Path, ports: &Ports, wall: &Wall, genesis: &[OsString]) -> Result<Self> {
        let output = folder.join("validator.out");
        let file = File::create(&output).with_context(|| format!("cannot write {}", output.display()))?;
        let (first, last) = ports.between_validators();
        let child = Command::new(binary)
            .current_dir(folder)
            .args(["--quiet", "--bind-address", "127.0.0.1", "--limit-ledger-size", SHREDS])
            .arg("--ledger")
            .arg(folder.join("ledger"))
            .args(["--rpc-port", &ports.validator_rpc().port().to_string()])
            .args(["--faucet-port", &ports.faucet().to_string()])
            .args(["--gossip-port", &ports.gossip().to_string()])
            .args(["--dynamic-port-range", &format!("{first}-{last}")])
            .args(["--slots-per-epoch", &wall.span.slots_per_epoch().to_string()])
            .args(["--warp-slot", &wall.span.first_slot().to_string()])
            .args(genesis)
            .env("LD_PRELOAD", preload(folder)?)
            .env("UPSIDE_CLOCK", wall.path())
            .stdin(Stdio::null())
            .stdout(file.try_clone().context("one more handle of a file")?)
            .stderr(file)
            .spawn()
            .with_context(|| format!("{} cannot be started", binary.display()))?;
        Ok(Self {
            child: Arc::new(Mutex::new(Some(child))),
            output,
        })
    }

    /// Waits until the validator has made a slot and its clock shows the machine's time.
    ///
    /// # Errors
    /// When it ends or takes too long, with its last words.
    pub fn wait_until_it_serves(&self, rpc: &RpcClient, wall: &Wall) -> Result<()> {
        let started = Instant::now();
        while !rpc.get_slot().is_ok_and(|slot| slot > wall.span.first_slot()) {
            if let Some(error) = self.ended() {
                return Err(error);
            }
            if started.elapsed() > START_DEADLINE {
                bail!(
                    "the validator made no slot within {START_DEADLINE:?}{}",
                    self.last_words()
                );
            }
            thread::sleep(POLL);
        }
        wall.begin(rpc)
            .with_context(|| format!("the validator's clock does not follow{}", self.last_words()))
    }

    /// Ends this process with an error as soon as the validator ends by itself.
    pub fn watch(&self) {
        let watched = Self {
            child: Arc::clone(&self.child),
            output: self.output.clone(),
        };
        thread::spawn(move || loop {
            if let Some(error) = watched.ended() {
                eprintln!("error: {error:#}");
                std::process::exit(1);
            }
            thread::sleep(POLL);
        });
    }

    /// Why the validator is not there any more, if it ended by itself.
    fn ended(&self) -> Option<anyhow::Error> {
        let mut child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        match child.as_mut()?.try_wait() {
            Ok(None) => None,
            Ok(Some(status)) => Some(anyhow!("the validator ended early ({status}){}", self.last_words())),
            Err(error) => Some(anyhow!("the validator is lost: {error}")),
        }
    }

    /// The last lines that the validator printed.
    fn last_words(&self) -> String {
        let text = fs::read(&self.output).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().collect();
        let last = &lines[lines.len().saturating_sub(LAST_LINES)..];
        format!("; it said:\n  {}", last.join("\n  "))
    }

    /// Ends the validator and waits.
    pub fn stop(&self) {
        let child = self.child.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(mut child) = child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Drop for Validator {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The library that is loaded first, compiled.
fn preload(folder: &Path) -> Result<PathBuf> {
    let (source, library) = (folder.join("preload.c"), folder.join("preload.so"));
    fs::write(&source, PRELOAD).with_context(|| format!("cannot write {}", source.display()))?;
    let compiled = Command::new("cc")
        .args(["-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o"])
        .arg(&library)
        .arg(&source)
        .arg("-ldl")
        .output()
        .context("the C compiler `cc` cannot be started")?;
    ensure!(
        compiled.status.success(),
        "`cc` refused preload.c: {}",
        String::from_utf8_lossy(&compiled.stderr)
    );
    Ok(library)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `date` prints with the library loaded, `ahead` seconds ahead.
    fn date(folder: &Path, ahead: i64) -> i64 {
        let clock = folder.join("some clock");
        fs::write(&clock, ahead.to_ne_bytes()).expect("clock");
        let ran = Command::new("date")
            .arg("+%s")
            .env("LD_PRELOAD", preload(folder).expect("compiled"))
            .env("UPSIDE_CLOCK", &clock)
            .output()
            .expect("date");
        String::from_utf8_lossy(&ran.stdout).trim().parse().expect("seconds")
    }

    #[test]
    fn the_wall_clock_of_another_program_runs_ahead_by_what_the_file_says() {
        let folder = tempfile::tempdir().expect("folder");
        let before = date(folder.path(), 0);
        let ahead = date(folder.path(), 90 * 86_400);
        assert!((0..60).contains(&(ahead - before - 90 * 86_400)), "{before} {ahead}");
    }

    #[test]
    fn without_its_file_the_program_does_not_run() {
        let folder = tempfile::tempdir().expect("folder");
        let ran = Command::new("date")
            .env("LD_PRELOAD", preload(folder.path()).expect("compiled"))
            .env("UPSIDE_CLOCK", folder.path().join("missing"))
            .output()
            .expect("date");
        assert_eq!(ran.status.code(), Some(1));
    }
}
