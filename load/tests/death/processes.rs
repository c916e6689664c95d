//! Commands that are disturbed, and the files of the dead.

use std::{
    fs,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use rand::{rngs::StdRng, Rng};
use upside_client::solana_keypair::Keypair;
use upside_localnet_process::{ledger, Process};

/// Copies a ledger that nobody has open.
pub fn copy(from: &Path, to: &Path) {
    let (from, to) = (ledger(from), ledger(to));
    fs::create_dir_all(&to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

/// Writes a key file that only its owner reads.
pub fn key_file(folder: &Path, name: &str, key: &Keypair) -> PathBuf {
    let path = folder.join(format!("{name}.json"));
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path)
        .unwrap();
    let bytes = serde_json::to_string(&key.to_bytes().to_vec()).unwrap();
    std::io::Write::write_all(&mut file, bytes.as_bytes()).unwrap();
    path
}

/// Who dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Victim {
    Command,
    Validator,
    Both,
}

/// How long a command may go on after its validator died.
const PATIENCE: Duration = Duration::from_secs(90);

/// Runs a command to its end, undisturbed, and says how long it took.
pub fn undisturbed(command: &mut Command) -> (Output, Duration) {
    let started = Instant::now();
    let output = command.stdin(Stdio::null()).output().unwrap();
    (output, started.elapsed())
}

/// Runs a command and lets somebody die at a moment of the time that it takes undisturbed.
pub fn disturbed(command: &mut Command, usual: Duration, validator: &mut Process, random: &mut StdRng) -> String {
    let victim = [Victim::Command, Victim::Validator, Victim::Both][random.gen_range(0..3)];
    let moment = usual.mul_f64(random.gen_range(0.02..0.98));
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    sleep(moment);
    if victim != Victim::Validator {
        child.kill().unwrap();
        child.wait().unwrap();
    }
    if victim != Victim::Command {
        validator.die_and_rise();
    }
    let deadline = Instant::now() + PATIENCE;
    while child.try_wait().unwrap().is_none() {
        assert!(Instant::now() < deadline, "the command hangs after its validator died");
        sleep(Duration::from_millis(20));
    }
    format!("{victim:?} after {} of {} ms", moment.as_millis(), usual.as_millis())
}
