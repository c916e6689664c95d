//! The processes that live and die.

use std::{
    ffi::OsString,
    fs,
    io::{BufRead, BufReader},
    net::TcpListener,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use rand::{rngs::StdRng, Rng};
use upside_client::solana_keypair::Keypair;

/// What `cargo xtask test` says the path of something is.
pub fn path(variable: &str) -> OsString {
    std::env::var_os(variable).unwrap_or_else(|| panic!("set {variable}; `cargo xtask test` does"))
}

/// A validator whose state is in a folder; it can be killed and started again.
pub struct Validator {
    child: Child,
    ledger: PathBuf,
    port: u16,
    arguments: Vec<OsString>,
}

impl Validator {
    /// Starts on the ledger in `folder`, which may be new.
    pub fn start(folder: &Path, arguments: &[OsString]) -> Self {
        let port = free_port();
        let ledger = folder.join("ledger");
        Self {
            child: spawn(&ledger, port, arguments),
            ledger,
            port,
            arguments: arguments.to_vec(),
        }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Kills it with SIGKILL and starts it again at the same address from what is on the disk.
    pub fn die_and_rise(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.child = spawn(&self.ledger, self.port, &self.arguments);
    }

    /// Ends it in order.
    pub fn stop(mut self) {
        drop(self.child.stdin.take());
        self.child.wait().unwrap();
    }
}

impl Drop for Validator {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port below those that the system gives to connections, so that it is still free after a death; the next one is for the websocket.
fn free_port() -> u16 {
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

fn spawn(ledger: &Path, port: u16, arguments: &[OsString]) -> Child {
    let mut child = Command::new(path("UPSIDE_LOCALNET_BIN"))
        .args(["--json", "--quiet", "--exit-with-stdin", "--slot-ms", "50"])
        .args(["--rpc-port", &port.to_string(), "--ledger"])
        .arg(ledger)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("UPSIDE_LOCALNET_BIN names the local validator");
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    assert!(
        line.starts_with('{'),
        "the validator did not start from its ledger: {line}"
    );
    child
}

/// Copies a ledger that nobody has open.
pub fn copy(from: &Path, to: &Path) {
    let (from, to) = (from.join("ledger"), to.join("ledger"));
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
pub fn disturbed(command: &mut Command, usual: Duration, validator: &mut Validator, random: &mut StdRng) -> String {
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
