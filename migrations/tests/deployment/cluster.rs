//! A local cluster, and the deploy command against it.

use std::{
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use anchor_lang::prelude::Pubkey;
use serde_json::Value;
use solana_keypair::Keypair;
use solana_signer::Signer;
use upside_deploy::{
    link::Link,
    standing::{self, Deployed, Standing},
};
use upside_localnet_process::{airdrop, path, Process};

const SOL: u64 = 1_000_000_000;

/// The compiled program.
pub fn program_path() -> PathBuf {
    path("UPSIDE_PROGRAM_SO")
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
    process: Process,
    pub url: String,
    pub folder: tempfile::TempDir,
}

impl Cluster {
    pub fn start(arguments: &[&str]) -> Self {
        Self::of(Process::start(arguments), tempfile::tempdir().unwrap())
    }

    /// A cluster that has nothing of ours.
    pub fn empty() -> Self {
        Self::start(&["--no-mints"])
    }

    /// The same, which comes back with what it had when it dies, at the same address.
    pub fn kept() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self::of(Process::kept(folder.path(), ["--no-mints"]), folder)
    }

    fn of(process: Process, folder: tempfile::TempDir) -> Self {
        Self {
            url: process.rpc.clone(),
            process,
            folder,
        }
    }

    /// Kills it with SIGKILL and starts it again.
    pub fn die_and_rise(&mut self) {
        self.process.die_and_rise();
    }

    /// A key with money.
    pub fn funded(&self, sol: u64) -> Keypair {
        let key = Keypair::new();
        let link = self.link(&key);
        airdrop(&link.rpc, &key.pubkey(), sol * SOL).unwrap();
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

pub fn error_of(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
