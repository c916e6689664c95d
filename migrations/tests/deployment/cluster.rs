//! A local cluster, and the deploy command against it.

use std::{
    ffi::OsString,
    io::{BufRead, BufReader},
    net::TcpListener,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

use anchor_lang::prelude::Pubkey;
use serde_json::Value;
use solana_keypair::Keypair;
use solana_signer::Signer;
use upside_deploy::{
    link::Link,
    standing::{self, Deployed, Standing},
};

const SOL: u64 = 1_000_000_000;

/// The compiled program.
pub fn program_path() -> PathBuf {
    PathBuf::from(
        std::env::var_os("UPSIDE_PROGRAM_SO")
            .expect("set UPSIDE_PROGRAM_SO to the compiled program; `cargo xtask test` does"),
    )
}

/// Its bytes.
pub fn elf() -> Vec<u8> {
    std::fs::read(program_path()).unwrap()
}

/// A program that behaves the same and has other bytes: some follow what the loader looks at.
pub fn other_elf(more: usize) -> Vec<u8> {
    let mut elf = elf();
    elf.extend(std::iter::repeat_n(1, more));
    elf
}

/// A local cluster that ends with its standard input, and a folder for keys and programs.
pub struct Cluster {
    child: Child,
    arguments: Vec<OsString>,
    pub url: String,
    pub folder: tempfile::TempDir,
}

impl Cluster {
    pub fn start(arguments: &[&str]) -> Self {
        let arguments = arguments.iter().map(OsString::from).collect();
        Self::start_in(tempfile::tempdir().unwrap(), arguments)
    }

    fn start_in(folder: tempfile::TempDir, arguments: Vec<OsString>) -> Self {
        let (child, url) = spawn(&arguments);
        Self {
            child,
            arguments,
            url,
            folder,
        }
    }

    /// A cluster that has nothing of ours.
    pub fn empty() -> Self {
        Self::start(&["--no-mints"])
    }

    /// The same, which comes back with what it had when it dies, at the same address.
    pub fn kept() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ledger = folder.path().join("ledger");
        let mut arguments = vec!["--no-mints".into(), "--ledger".into(), ledger.into()];
        arguments.extend(["--rpc-port".into(), free_port().to_string().into()]);
        Self::start_in(folder, arguments)
    }

    /// Kills it with SIGKILL and starts it again.
    pub fn die_and_rise(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        (self.child, self.url) = spawn(&self.arguments);
    }

    /// A key with money.
    pub fn funded(&self, sol: u64) -> Keypair {
        let key = Keypair::new();
        let link = self.link(&key);
        link.rpc.request_airdrop(&key.pubkey(), sol * SOL).unwrap();
        link.rpc
            .poll_get_balance_with_commitment(&key.pubkey(), link.rpc.commitment())
            .unwrap();
        key
    }

    pub fn link(&self, payer: &Keypair) -> Link {
        Link::connect(&self.url, payer.insecure_clone(), 0).unwrap()
    }

    pub fn balance(&self, key: &Keypair) -> u64 {
        self.link(key).rpc.get_balance(&key.pubkey()).unwrap()
    }

    pub fn deployed(&self, program: &Pubkey) -> Deployed {
        match standing::read(&self.link(&Keypair::new()), program).unwrap() {
            Standing::Deployed(deployed) => deployed,
            Standing::Absent => panic!("{program} is not deployed"),
        }
    }

    /// A file in the folder.
    pub fn file(&self, name: &str, bytes: &[u8], mode: u32) -> PathBuf {
        let path = self.folder.path().join(name);
        let _ = std::fs::remove_file(&path);
        let mut options = std::fs::OpenOptions::new();
        let mut file = options.write(true).create_new(true).mode(mode).open(&path).unwrap();
        std::io::Write::write_all(&mut file, bytes).unwrap();
        path
    }

    pub fn key_file(&self, key: &Keypair) -> PathBuf {
        let text = serde_json::to_string(&key.to_bytes().to_vec()).unwrap();
        self.file(&format!("{}.json", key.pubkey()), text.as_bytes(), 0o600)
    }

    /// The deploy command for the localnet program.
    pub fn command(&self, payer: &Keypair, so: &Path) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_upside-deploy"));
        command
            .args(["--url", &self.url, "--output", "json", "--keypair"])
            .arg(self.key_file(payer))
            .arg("--so")
            .arg(so)
            .stdin(Stdio::null());
        command
    }

    /// Runs the command, which must succeed.
    pub fn deploy(&self, payer: &Keypair, so: &Path, more: &[&str]) -> Value {
        let output = self.command(payer, so).args(more).output().unwrap();
        assert!(output.status.success(), "{}", error_of(&output));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Runs the command, which must fail; returns what it says.
    pub fn refused(&self, payer: &Keypair, so: &Path, more: &[&str]) -> String {
        let output = self.command(payer, so).args(more).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{}", error_of(&output));
        error_of(&output)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

fn spawn(arguments: &[OsString]) -> (Child, String) {
    let binary = std::env::var_os("UPSIDE_LOCALNET_BIN")
        .expect("set UPSIDE_LOCALNET_BIN to the local validator's binary; `cargo xtask test` does");
    let mut child = Command::new(binary)
        .args(["--json", "--quiet", "--exit-with-stdin", "--slot-ms", "50"])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the local validator starts");
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let ready: Value = serde_json::from_str(&line).unwrap_or_else(|e| panic!("no ready line: {e}: {line}"));
    (child, ready["rpc"].as_str().unwrap().to_owned())
}

/// A port below those that the system hands out, so that it is still free after a death; the next one is for the websocket.
fn free_port() -> u16 {
    let first = u16::try_from(std::process::id() % 5_000).unwrap();
    let is_free = |port: u16| TcpListener::bind(("127.0.0.1", port)).is_ok();
    (0..5_000)
        .map(|pair| 10_000 + 2 * ((first + pair) % 5_000))
        .find(|port| is_free(*port) && is_free(port + 1))
        .expect("a free pair of ports")
}

pub fn error_of(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
