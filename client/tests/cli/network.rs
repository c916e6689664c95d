//! The shared local validator, wallets on it, and runs of the binary.

use std::{
    cell::Cell,
    fs::{self, OpenOptions},
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{Mutex, MutexGuard, OnceLock, PoisonError},
};

use anchor_lang::{prelude::Pubkey, solana_program::instruction::Instruction};
use serde_json::Value;
use tempfile::TempDir;
use upside_client::{
    sender::{PriorityFee, RpcConfig, RpcSender},
    solana_keypair::Keypair,
    solana_signer::Signer,
    upside::constants::{TOKEN_2022_PROGRAM_ID, TOKEN_PROGRAM_ID},
    Sender,
};
use upside_localnet_process::{airdrop, path, travel, Process};
use upside_lookalike_mints::{balances::MintRef, equity, keys, PAYOUT};

/// A local validator that ends with this process: its standard input closes.
pub struct Network {
    /// JSON-RPC URL.
    pub rpc: String,
    _process: Process,
    keys: TempDir,
}

/// Address of a program whose own address stands for a multisig: it signs for what it is told.
pub fn board_program() -> Pubkey {
    keys::keypair("board program").pubkey()
}

/// The network of the whole suite.
pub fn network() -> &'static Network {
    static NETWORK: OnceLock<Network> = OnceLock::new();
    NETWORK.get_or_init(Network::start)
}

/// Whose turn it is to move the clock, which all tests share.
static TIME: Mutex<()> = Mutex::new(());

thread_local! {
    /// Whether this test holds [`TIME`].
    static IS_ALONE: Cell<bool> = const { Cell::new(false) };
}

/// See [`Network::alone_in_time`].
pub struct AloneInTime {
    _guard: MutexGuard<'static, ()>,
}

impl Drop for AloneInTime {
    fn drop(&mut self) {
        IS_ALONE.set(false);
    }
}

impl Network {
    fn start() -> Self {
        let board = format!("{}={}", board_program(), path("UPSIDE_HOOK_SO").display());
        let process = Process::start([
            "--upside".into(),
            path("UPSIDE_PROGRAM_SO").into_os_string(),
            "--program".into(),
            board.into(),
        ]);
        Self {
            rpc: process.rpc.clone(),
            _process: process,
            keys: tempfile::tempdir().unwrap(),
        }
    }

    /// A connection.
    pub fn sender(&self) -> RpcSender {
        let config = RpcConfig {
            priority_fee: PriorityFee::None,
            ..RpcConfig::default()
        };
        RpcSender::connect(&self.rpc, config).unwrap()
    }

    /// A wallet with 20 SOL, 10,000 of the payout mint, 1,000 of ACMEx and of UMBRx, and a key file.
    pub fn wallet(&self) -> Wallet {
        let wallet = self.poor_wallet();
        let sender = self.sender();
        airdrop(sender.rpc(), &wallet.address(), 20_000_000_000).unwrap();
        let (payer, owner) = (wallet.address(), wallet.address());
        let (money, authority) = (payout(), keys::payout_authority());
        let gifts = [
            money.open_account(&payer, &owner),
            money.mint_to(&authority.pubkey(), &owner, 10_000_000_000).unwrap(),
        ];
        sender.send(&gifts, &wallet.key, &[&authority]).unwrap();
        let authority = keys::equity_authority();
        for symbol in ["ACMEx", "UMBRx"] {
            let asset = asset(symbol);
            let atoms = 1_000 * 10u64.pow(u32::from(asset.decimals));
            let gifts = [
                asset.open_account(&payer, &owner),
                asset.mint_to(&authority.pubkey(), &owner, atoms).unwrap(),
            ];
            sender.send(&gifts, &wallet.key, &[&authority]).unwrap();
        }
        wallet
    }

    /// A wallet with nothing but a key file.
    pub fn poor_wallet(&self) -> Wallet {
        let key = Keypair::new();
        let file = self.keys.path().join(format!("{}.json", key.pubkey()));
        write_key(&file, &key, 0o600);
        Wallet { key, file }
    }

    /// Sends instructions of tests themselves.
    pub fn send(&self, instructions: &[Instruction], payer: &Wallet, signer: &Keypair) {
        self.sender().send(instructions, &payer.key, &[signer]).unwrap();
    }

    /// Held by tests that travel far, and by those that need nobody else to: meanwhile no other test moves the clock.
    pub fn alone_in_time(&self) -> AloneInTime {
        let guard = TIME.lock().unwrap_or_else(PoisonError::into_inner);
        IS_ALONE.set(true);
        AloneInTime { _guard: guard }
    }

    /// Moves the network's clock, once no other test is alone in time.
    pub fn travel(&self, seconds: i64) {
        let _turn = (!IS_ALONE.get()).then(|| TIME.lock().unwrap_or_else(PoisonError::into_inner));
        let sender = self.sender();
        travel(sender.rpc(), sender.now().unwrap() + seconds).unwrap();
    }

    /// Runs the binary on this network as `wallet`.
    pub fn run(&self, wallet: &Wallet, arguments: &[&str]) -> Ran {
        let key = wallet.file.to_str().unwrap();
        run(&[&["-u", &self.rpc, "-k", key], arguments].concat())
    }

    /// Runs the binary as `wallet`, and reads the JSON that it prints; it must succeed.
    pub fn json(&self, wallet: &Wallet, arguments: &[&str]) -> Value {
        let ran = self.run(wallet, &[arguments, &["--output", "json-compact", "--yes"]].concat());
        assert_eq!(ran.code, 0, "{arguments:?}: {}", ran.err);
        serde_json::from_str(&ran.out).unwrap_or_else(|e| panic!("{arguments:?}: {e}: {}", ran.out))
    }

    /// Issues an open security of 1,000,000 shares and returns its share mint.
    pub fn token(&self, issuer: &Wallet, symbol: &str) -> String {
        self.token_with(issuer, symbol, &[])
    }

    /// As [`Network::token`], with more arguments.
    pub fn token_with(&self, issuer: &Wallet, symbol: &str, more: &[&str]) -> String {
        let payout = payout().mint.to_string();
        let create = [
            "token",
            "create",
            "--kind",
            "expression",
            "--name",
            "A work",
            "--symbol",
            symbol,
        ];
        let terms = ["--authorised", "1000000", "--payout-mint", &payout];
        let made = self.json(issuer, &[&create[..], &terms, more].concat());
        made["mint"].as_str().unwrap().to_owned()
    }
}

/// A wallet and its key file.
pub struct Wallet {
    /// Its key.
    pub key: Keypair,
    /// The file.
    pub file: PathBuf,
}

impl Wallet {
    /// Its address.
    pub fn address(&self) -> Pubkey {
        self.key.pubkey()
    }

    /// Its address as text.
    pub fn text(&self) -> String {
        self.address().to_string()
    }
}

/// Writes a key file as `solana-keygen` does.
pub fn write_key(path: &Path, key: &Keypair, mode: u32) {
    let bytes = serde_json::to_string(&key.to_bytes().to_vec()).unwrap();
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)
        .unwrap();
    file.write_all(bytes.as_bytes()).unwrap();
    // The mask of the process may have taken bits away.
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
}

/// The payout mint.
pub fn payout() -> MintRef {
    MintRef {
        mint: keys::payout_mint().pubkey(),
        token_program: TOKEN_PROGRAM_ID,
        decimals: PAYOUT.decimals,
    }
}

/// A look-alike stock.
pub fn asset(symbol: &str) -> MintRef {
    MintRef {
        mint: keys::equity_mint(symbol).pubkey(),
        token_program: TOKEN_2022_PROGRAM_ID,
        decimals: equity::by_symbol(symbol).unwrap().decimals,
    }
}

/// How a run of the binary ended.
#[derive(Debug)]
pub struct Ran {
    /// Exit code.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

/// The binary, without any configuration of this machine and without a terminal.
pub fn binary() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_upside"));
    command.env_clear().env("HOME", "/nonexistent").stdin(Stdio::null());
    command
}

/// Runs the binary.
pub fn run(arguments: &[&str]) -> Ran {
    ended(binary().args(arguments))
}

/// Runs a prepared command.
pub fn ended(command: &mut Command) -> Ran {
    let output = command.output().unwrap();
    Ran {
        code: output.status.code().expect("it exits by itself"),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}
