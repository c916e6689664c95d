//! The binary: its ready line, its end, its sockets.

use std::{
    collections::HashSet,
    io::{BufRead, BufReader},
    os::unix::process::CommandExt,
    path::PathBuf,
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use solana_keypair::{Keypair, Signer};
use upside_localnet::{market, rpc, Ready};

/// How long the binary may take to end.
const END_DEADLINE: Duration = Duration::from_secs(20);

/// A running binary; killed when a test fails.
pub struct Running {
    child: Child,
    pub ready: Ready,
}

impl Running {
    pub fn start(command: &mut Command) -> Self {
        let mut child = command
            .args(["--json", "--slot-ms", "50"])
            .stdout(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let mut line = String::new();
        let stdout = child.stdout.as_mut().expect("a pipe");
        BufReader::new(stdout).read_line(&mut line).expect("a line of output");
        let ready = serde_json::from_str(&line).unwrap_or_else(|error| {
            let _ = child.kill();
            panic!("the first line is not the ready line ({error}): {line:?}")
        });
        Self { child, ready }
    }

    /// Kills it with SIGKILL.
    pub fn kill(&mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("a status");
    }

    fn wait(&mut self) -> ExitStatus {
        let deadline = Instant::now() + END_DEADLINE;
        loop {
            if let Some(status) = self.child.try_wait().expect("a status") {
                return status;
            }
            assert!(Instant::now() < deadline, "the binary did not end");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn binary() -> Command {
    Command::new(env!("CARGO_BIN_EXE_upside-localnet"))
}

/// A free port, with a free one behind it for the websocket, below those that the system hands out: networks that other tests start
/// meanwhile on ports of the system's choice cannot take it.
fn port_that_nobody_is_given() -> u16 {
    const LOWEST: u16 = 20_000;
    const PAIRS: u16 = 5_000;
    let first = u16::try_from(std::process::id() % u32::from(PAIRS)).expect("below the number of pairs");
    let is_free = |port: u16| std::net::TcpListener::bind(("127.0.0.1", port)).is_ok();
    (0..PAIRS)
        .map(|pair| LOWEST + 2 * ((first + pair) % PAIRS))
        .find(|port| is_free(*port) && is_free(port + 1))
        .expect("a free pair of ports")
}

fn terminate(pid: u32) {
    let killed = Command::new("kill")
        .args(["-TERM", &pid.to_string()])
        .status()
        .expect("kill runs");
    assert!(killed.success());
}

#[test]
fn the_ready_line_is_true_and_sigterm_ends_the_binary() {
    let wallet = Keypair::new().pubkey();
    let mut running = Running::start(binary().args(["--fund", &wallet.to_string(), "--fund-sol", "3"]));
    let ready = running.ready.clone();
    assert_eq!(ready.pid, running.child.id());
    assert_eq!(ready.slot_ms, 50);
    assert_eq!(ready.program, None);
    assert_eq!(ready.payout_mint, Some(market::payout_mint().mint.to_string()));
    assert_eq!(ready.equity.len(), 4);

    let client = rpc::client(&ready.rpc);
    client.get_health().expect("healthy");
    assert_eq!(client.get_balance(&wallet).expect("a balance"), 3_000_000_000);
    assert_eq!(
        market::balance(&client, &market::payout_mint(), &wallet).expect("a balance"),
        1_000_000_000_000
    );

    terminate(ready.pid);
    let status = running.wait();
    assert_eq!(status.code(), Some(0), "{status}");
    assert!(client.get_health().is_err(), "nothing is left running");
}

#[test]
fn the_binary_ends_when_standard_input_closes() {
    let mut running = Running::start(binary().arg("--exit-with-stdin").stdin(Stdio::piped()));
    rpc::client(&running.ready.rpc).get_health().expect("healthy");
    drop(running.child.stdin.take());
    assert_eq!(running.wait().code(), Some(0));
}

#[test]
fn the_binary_ends_when_the_watched_process_has_gone() {
    let mut watched = Command::new("cat")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("cat runs");
    let mut running = Running::start(binary().args(["--parent-pid", &watched.id().to_string()]));
    rpc::client(&running.ready.rpc).get_health().expect("healthy");
    drop(watched.stdin.take());
    watched.wait().expect("cat ends");
    assert_eq!(running.wait().code(), Some(0));
}

#[test]
fn it_stands_in_for_the_test_validator_with_the_flags_that_anchor_passes() {
    let directory = tempfile::tempdir().expect("a directory");
    let rpc_port = port_that_nobody_is_given().to_string();
    let wallet = Keypair::new().pubkey();
    let ledger = directory.path().join("ledger");
    let mut command = binary();
    command.arg0("solana-test-validator").args([
        "--ledger",
        ledger.to_str().expect("UTF-8"),
        "--mint",
        &wallet.to_string(),
        "--bind-address",
        "0.0.0.0",
        "--rpc-port",
        &rpc_port,
        "--faucet-port",
        "9900",
        "--reset",
    ]);
    let running = Running::start(&mut command);
    assert_eq!(running.ready.rpc, format!("http://127.0.0.1:{rpc_port}"));
    let client = rpc::client(&running.ready.rpc);
    assert!(client.get_balance(&wallet).expect("a balance") > 0);
}

#[test]
fn what_cannot_be_done_ends_with_one_sentence_and_a_failure() {
    let output = binary()
        .args(["--upside", "no/such/program.so"])
        .output()
        .expect("the binary runs");
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(
        text.starts_with("error: the program file no/such/program.so cannot be read"),
        "{text}"
    );
}

/// Every socket of the process stays on this machine. `/proc` lists all of them, also those that are closing.
#[cfg(target_os = "linux")]
#[test]
fn no_socket_leaves_the_machine() {
    let wallet = Keypair::new().pubkey();
    let running = Running::start(binary().args(["--fund", &wallet.to_string()]));
    let client = rpc::client(&running.ready.rpc);
    // Asking for what does not exist is what makes a network with a remote go and look for it.
    assert!(!rpc::exists(&client, &Keypair::new().pubkey()).expect("an answer"));
    client
        .get_token_accounts_by_owner(
            &wallet,
            surfpool_core::solana_rpc_client::api::request::TokenAccountsFilter::ProgramId(anchor_spl::token::ID),
        )
        .expect("an answer");

    let own = socket_inodes(running.child.id());
    let sockets: Vec<_> = ["tcp", "tcp6", "udp", "udp6"]
        .iter()
        .flat_map(|table| sockets_of(table, &own))
        .collect();
    assert!(sockets.len() >= 2, "the two servers are seen: {sockets:?}");
    for (local, remote) in &sockets {
        // Hexadecimal in host byte order: 127.0.0.1, and nothing where nobody is connected.
        assert_eq!(local, "0100007F", "{sockets:?}");
        assert!(remote == "0100007F" || remote == "00000000", "{sockets:?}");
    }
}

/// The inodes of the sockets that process `pid` holds.
#[cfg(target_os = "linux")]
fn socket_inodes(pid: u32) -> HashSet<String> {
    std::fs::read_dir(PathBuf::from(format!("/proc/{pid}/fd")))
        .expect("the process runs")
        .filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok())
        .filter_map(|target| {
            let inode = target.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?;
            Some(inode.to_owned())
        })
        .collect()
}

/// Local and remote address of each socket of `own` in a table of `/proc/net`.
#[cfg(target_os = "linux")]
fn sockets_of(table: &str, own: &HashSet<String>) -> Vec<(String, String)> {
    let text = std::fs::read_to_string(format!("/proc/net/{table}")).unwrap_or_default();
    text.lines()
        .skip(1)
        .filter_map(|line| {
            let fields: Vec<_> = line.split_whitespace().collect();
            let address = |field: &str| field.split(':').next().map(str::to_owned);
            own.contains(*fields.get(9)?)
                .then(|| Some((address(fields.get(1)?)?, address(fields.get(2)?)?)))?
        })
        .collect()
}
