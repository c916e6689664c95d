//! The local validator: a child process that never outlives the demo.

use std::{
    collections::VecDeque,
    io::{BufRead, BufReader, Read},
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    sync::{
        atomic::{AtomicBool, Ordering},
        Arc, Mutex,
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use anyhow::{anyhow, bail, Context, Result};
use serde::Deserialize;
use upside_client::{sender::RpcSender, Sender};

/// How long the validator may take to end by itself before it is killed.
const END_DEADLINE: Duration = Duration::from_secs(10);

/// How long a validator that answers no more is given to have ended.
const DEATH_DEADLINE: Duration = Duration::from_secs(1);

/// Lines of the validator's standard error that are kept.
const LINES_KEPT: usize = 20;

/// The last lines of the validator's standard error. They are kept apart from the story's: a thread of the validator that complains while the
/// network goes on is nothing to its reader.
#[derive(Clone, Debug, Default)]
struct LastWords(Arc<Mutex<VecDeque<String>>>);

impl LastWords {
    /// Keeps the last lines of `from` until it closes.
    fn keep(&self, from: impl Read + Send + 'static) -> JoinHandle<()> {
        let kept = Arc::clone(&self.0);
        std::thread::spawn(move || {
            let mut lines = BufReader::new(from).split(b'\n');
            while let Some(Ok(line)) = lines.next() {
                let line = String::from_utf8_lossy(&line).trim_end().to_owned();
                if line.is_empty() {
                    continue;
                }
                let mut kept = kept.lock().unwrap_or_else(|e| e.into_inner());
                if kept.len() == LINES_KEPT {
                    kept.pop_front();
                }
                kept.push_back(line);
            }
        })
    }

    /// The error, then how the validator put it, if it said anything.
    fn after(&self, error: &anyhow::Error) -> anyhow::Error {
        let kept = self.0.lock().unwrap_or_else(|e| e.into_inner());
        if kept.is_empty() {
            return anyhow!("{error:#}");
        }
        let lines: Vec<&str> = kept.iter().map(String::as_str).collect();
        anyhow!("{error:#}\nthe local validator said:\n  {}", lines.join("\n  "))
    }
}

/// What the validator says when it is ready.
#[derive(Clone, Debug, Deserialize)]
pub struct Ready {
    /// JSON-RPC URL.
    pub rpc: String,
    /// Websocket URL.
    pub ws: String,
    /// The payout mint.
    pub payout_mint: String,
    /// The equities.
    pub equity: Vec<Equity>,
}

/// One look-alike stock.
#[derive(Clone, Debug, Deserialize)]
pub struct Equity {
    /// Ticker.
    pub symbol: String,
    /// Mint address.
    pub mint: String,
    /// Token program that owns the mint.
    pub token_program: String,
}

/// Whom to give SOL at start.
#[derive(Clone, Debug)]
pub struct Funding {
    /// Address of the wallet.
    pub wallet: String,
    /// Whole SOL.
    pub sol: u64,
    /// Wallets of spectators who want to take part: they get payout tokens and stocks too.
    pub others: Vec<String>,
}

/// Ends the validator; clones end the same one.
#[derive(Clone)]
struct Stopper {
    child: Arc<Mutex<Option<Child>>>,
    /// Whether a signal ends this process; then nobody else may, or its exit code would not be the signal's.
    signalled: Arc<AtomicBool>,
}

impl Stopper {
    /// Ends the validator and waits until it has gone; does nothing the second time.
    fn stop(&self) {
        let Some(mut child) = self.child.lock().unwrap_or_else(|e| e.into_inner()).take() else {
            return;
        };
        // It ends when its standard input closes.
        drop(child.stdin.take());
        let deadline = Instant::now() + END_DEADLINE;
        while Instant::now() < deadline {
            match child.try_wait() {
                Ok(None) => std::thread::sleep(Duration::from_millis(10)),
                Ok(Some(_)) => return,
                Err(_) => break,
            }
        }
        let _ = child.kill();
        let _ = child.wait();
    }

    /// How the validator ended, if nobody has stopped it; it is given a moment to.
    fn found_ended(&self) -> Option<ExitStatus> {
        let mut child = self.child.lock().unwrap_or_else(|e| e.into_inner());
        let child = child.as_mut()?;
        let deadline = Instant::now() + DEATH_DEADLINE;
        loop {
            match child.try_wait() {
                Ok(None) if Instant::now() < deadline => std::thread::sleep(Duration::from_millis(10)),
                Ok(status) => return status,
                Err(_) => return None,
            }
        }
    }

    /// Like [`Stopper::stop`]; when a signal ends this process, waits for that, so that the exit code is the signal's.
    fn end(&self) {
        self.stop();
        while self.signalled.load(Ordering::SeqCst) {
            std::thread::park();
        }
    }
}

/// A running validator; dropping it ends it and waits.
pub struct Localnet {
    stopper: Stopper,
    last_words: LastWords,
    /// What it said when it was ready.
    pub ready: Ready,
}

impl Localnet {
    /// Starts `binary` with the compiled `program` and waits until it is ready.
    ///
    /// # Errors
    /// When it cannot be started or does not become ready, with its own words.
    pub fn start(binary: &Path, program: &Path, funding: &Funding) -> Result<Self> {
        let mut child = Command::new(binary)
            .args(["--json", "--quiet", "--exit-with-stdin", "--slot-ms", "50", "--upside"])
            .arg(program)
            .args(["--parent-pid", &std::process::id().to_string()])
            .args(["--fund", &funding.wallet])
            .args(["--fund-sol", &funding.sol.to_string()])
            .args(funding.others.iter().flat_map(|wallet| ["--fund", wallet]))
            .args(if funding.others.is_empty() {
                &["--fund-payout", "0", "--fund-equity", "0"][..]
            } else {
                &[]
            })
            // Ctrl-C in a terminal reaches this process alone, which then ends the validator.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("the local validator {} cannot be started", binary.display()))?;
        let last_words = LastWords::default();
        let stderr = child
            .stderr
            .take()
            .context("the local validator has no standard error")?;
        let keeper = last_words.keep(stderr);
        let stdout = child.stdout.take().context("the local validator has no output")?;
        let stopper = Stopper {
            child: Arc::new(Mutex::new(Some(child))),
            signalled: Arc::new(AtomicBool::new(false)),
        };
        stop_on_signals(stopper.clone())?;
        let mut line = String::new();
        let read = BufReader::new(stdout).read_line(&mut line);
        let ready = read
            .map_err(anyhow::Error::from)
            .and_then(|_| serde_json::from_str(&line).map_err(anyhow::Error::from))
            .context("the local validator did not become ready");
        match ready {
            Ok(ready) => Ok(Self {
                stopper,
                last_words,
                ready,
            }),
            Err(error) => {
                stopper.end();
                // It has ended, so all that it said is there.
                let _ = keeper.join();
                Err(last_words.after(&error))
            }
        }
    }

    /// The same error, with the validator's last words if it has ended by itself.
    #[must_use]
    pub fn explain(&self, error: anyhow::Error) -> anyhow::Error {
        match self.stopper.found_ended() {
            Some(status) => self
                .last_words
                .after(&error.context(format!("the local validator ended early ({status})"))),
            None => error,
        }
    }

    /// Ends the validator and this process when its standard input closes, as it does when whoever holds the other end has gone.
    pub fn end_with_stdin(&self) {
        let stopper = self.stopper.clone();
        std::thread::spawn(move || {
            let _ = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
            stopper.signalled.store(true, Ordering::SeqCst);
            stopper.stop();
            std::process::exit(0);
        });
    }

    /// Waits until a signal ends this process.
    pub fn wait(&self) {
        loop {
            std::thread::park();
        }
    }
}

impl Drop for Localnet {
    fn drop(&mut self) {
        self.stopper.end();
    }
}

/// On SIGINT, SIGTERM or SIGHUP: ends the validator, waits for it, then ends this process as the signal would have.
fn stop_on_signals(stopper: Stopper) -> Result<()> {
    use tokio::signal::unix::{signal, SignalKind};
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("signals cannot be waited for")?;
    let (mut interrupt, mut terminate, mut hang_up) = {
        let _inside = runtime.enter();
        (
            signal(SignalKind::interrupt())?,
            signal(SignalKind::terminate())?,
            signal(SignalKind::hangup())?,
        )
    };
    std::thread::spawn(move || {
        let number = runtime.block_on(async {
            tokio::select! {
                _ = interrupt.recv() => 2,
                _ = terminate.recv() => 15,
                _ = hang_up.recv() => 1,
            }
        });
        stopper.signalled.store(true, Ordering::SeqCst);
        stopper.stop();
        std::process::exit(128 + number);
    });
    Ok(())
}

/// Moves the network's clock forward by `seconds` and returns its unix time before and after, seconds.
///
/// # Errors
/// When the network does not answer or shows an earlier time than asked for.
pub fn travel(sender: &RpcSender, seconds: i64) -> Result<(i64, i64)> {
    let from = sender.now()?;
    let to = from + seconds;
    upside_localnet_process::travel(sender.rpc(), to)?;
    let shown = sender.now()?;
    if shown < to {
        bail!("the clock shows {shown} after travelling to {to}");
    }
    Ok((from, shown))
}
