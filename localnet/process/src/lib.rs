//! A local validator as a child process, for suites and tools that play on one. Which binary it is says `UPSIDE_LOCALNET_BIN`: `upside-localnet`, or
//! another that takes the same flags and prints the same ready line.
#![deny(missing_docs)]

use std::{
    env,
    ffi::OsString,
    io::{BufRead, BufReader},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anchor_lang::prelude::Pubkey;
use anyhow::{ensure, Context, Result};
use rand::Rng;
use serde_json::{json, Value};
use solana_rpc_client::rpc_client::RpcClient;
use solana_rpc_client_api::request::RpcRequest;

/// Milliseconds of a slot: what suites wait for.
const SLOT_MS: &str = "50";
/// How long a transfer may take until it is confirmed.
const DEADLINE: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(10);

/// The path that an environment variable holds.
///
/// # Panics
/// When it is not set.
pub fn path(variable: &str) -> PathBuf {
    env::var_os(variable)
        .unwrap_or_else(|| panic!("set {variable}; `cargo xtask test` does"))
        .into()
}

/// A running validator. It ends with its standard input, so with this process; dropping it ends it and waits.
pub struct Process {
    child: Child,
    arguments: Vec<OsString>,
    is_silent: bool,
    /// JSON-RPC URL.
    pub rpc: String,
}

impl Process {
    /// Starts one, with more flags.
    ///
    /// # Panics
    /// When it does not become ready.
    pub fn start<Flags>(flags: Flags) -> Self
    where
        Flags: IntoIterator<Item: Into<OsString>>,
    {
        Self::spawn(flags.into_iter().map(Into::into).collect(), false)
    }

    /// Starts one that can be killed and comes back, at the same address, with what it had: its ledger is in `folder`, which may have one already.
    /// What it says when it is killed is nobody's concern.
    ///
    /// # Panics
    /// When it does not become ready.
    pub fn kept<Flags>(folder: &Path, flags: Flags) -> Self
    where
        Flags: IntoIterator<Item: Into<OsString>>,
    {
        let mut arguments: Vec<OsString> = vec!["--rpc-port".into(), free_port().to_string().into()];
        arguments.extend(["--ledger".into(), ledger(folder).into()]);
        arguments.extend(flags.into_iter().map(Into::into));
        Self::spawn(arguments, true)
    }

    fn spawn(arguments: Vec<OsString>, is_silent: bool) -> Self {
        let binary = path("UPSIDE_LOCALNET_BIN");
        let mut child = Command::new(&binary)
            .args(["--json", "--quiet", "--exit-with-stdin", "--slot-ms", SLOT_MS])
            .args(["--parent-pid", &std::process::id().to_string()])
            .args(&arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(if is_silent { Stdio::null() } else { Stdio::inherit() })
            .spawn()
            .unwrap_or_else(|error| panic!("UPSIDE_LOCALNET_BIN names {}: {error}", binary.display()));
        let mut line = String::new();
        let stdout = child.stdout.take().expect("a pipe");
        BufReader::new(stdout).read_line(&mut line).expect("a line of output");
        let ready: Value = serde_json::from_str(&line).unwrap_or_else(|error| {
            panic!("{} prints no ready line ({error}): {line:?}", binary.display());
        });
        Self {
            child,
            arguments,
            is_silent,
            rpc: ready["rpc"].as_str().expect("the ready line names its URL").to_owned(),
        }
    }

    /// Kills it with SIGKILL and starts it again with the same flags.
    ///
    /// # Panics
    /// When it does not become ready again.
    pub fn die_and_rise(&mut self) {
        self.kill();
        *self = Self::spawn(self.arguments.clone(), self.is_silent);
    }

    /// Kills it with SIGKILL.
    ///
    /// # Panics
    /// When it has been killed before.
    pub fn kill(&mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it has ended");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// Where [`Process::kept`] has its ledger.
pub fn ledger(folder: &Path) -> PathBuf {
    folder.join("ledger")
}

/// A port below those that the system gives away, so that it is still free after a death; the next one, for the websocket, is free too.
pub fn free_port() -> u16 {
    let mut random = rand::thread_rng();
    loop {
        let port = random.gen_range(10_000..30_000u16);
        if [port, port + 1]
            .iter()
            .all(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        {
            return port;
        }
    }
}

/// Gives `wallet` lamports and waits until that is confirmed.
///
/// # Errors
/// When the network refuses or takes too long.
pub fn airdrop(rpc: &RpcClient, wallet: &Pubkey, lamports: u64) -> Result<()> {
    let signature = rpc
        .request_airdrop(wallet, lamports)
        .with_context(|| format!("the network gives {wallet} no SOL"))?;
    let started = Instant::now();
    while !rpc.confirm_transaction(&signature)? {
        ensure!(
            started.elapsed() < DEADLINE,
            "the SOL for {wallet} has not arrived within {DEADLINE:?}"
        );
        thread::sleep(POLL);
    }
    Ok(())
}

/// Moves the network's clock to the Unix time `to`, in seconds.
///
/// # Errors
/// When the network refuses.
pub fn travel(rpc: &RpcClient, to: i64) -> Result<()> {
    let request = RpcRequest::Custom {
        method: "surfnet_timeTravel",
    };
    rpc.send::<Value>(request, json!([{ "absoluteTimestamp": to * 1_000 }]))
        .with_context(|| format!("the network did not travel to {to}"))
        .map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_free_port_and_the_next_can_be_taken() {
        let port = free_port();
        let taken = [port, port + 1].map(|port| TcpListener::bind(("127.0.0.1", port)));
        assert!(taken.iter().all(Result::is_ok));
    }

    #[test]
    #[should_panic(expected = "set UPSIDE_NOBODY_SETS_THIS")]
    fn a_missing_variable_is_named() {
        path("UPSIDE_NOBODY_SETS_THIS");
    }
}
