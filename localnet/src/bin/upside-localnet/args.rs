//! The flags: our own, and those of `solana-test-validator` that Anchor passes.

use std::{ffi::OsStr, path::PathBuf, str::FromStr};

use anchor_lang::prelude::Pubkey;
use anyhow::{bail, Context, Result};
use clap::{ArgAction, Parser};
use solana_keypair::{EncodableKey, Keypair, Signer};
use upside_localnet::{config::DEFAULT_SLOT_MS, gifts::Gifts, program::upgrade_authority, Config, Localnet, Program};

/// The name under which Anchor starts its validator.
const TEST_VALIDATOR: &str = "solana-test-validator";
/// The JSON-RPC port that `solana-test-validator` serves unless told otherwise.
const TEST_VALIDATOR_RPC_PORT: u16 = 8899;

/// A local Solana network with the Upside program and look-alike mints. It serves JSON-RPC and websocket on
/// 127.0.0.1, opens no outbound connection, and runs until it is told to stop.
///
/// Started under the name solana-test-validator it answers to the flags that `anchor test` passes, on port 8899.
#[derive(Debug, Parser)]
#[command(name = "upside-localnet", version, max_term_width = 110)]
pub struct Args {
    /// JSON-RPC port; 0 chooses a free one [default: 0; 8899 as solana-test-validator].
    #[arg(long, value_name = "PORT")]
    rpc_port: Option<u16>,
    /// Websocket port; 0 takes the JSON-RPC port plus one.
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    ws_port: u16,
    /// Milliseconds of a slot.
    #[arg(long, value_name = "MS", default_value_t = DEFAULT_SLOT_MS)]
    slot_ms: u64,

    /// The compiled Upside program; it is deployed at the address it declares.
    #[arg(long, value_name = "PATH")]
    upside: Option<PathBuf>,
    /// Another program: its address (or key file) and its file.
    #[arg(long = "program", value_name = "ID=PATH")]
    programs: Vec<String>,
    /// Who may upgrade the programs above, or `none`; by default a key that everybody can derive.
    #[arg(long, value_name = "PUBKEY")]
    upgrade_authority: Option<String>,
    /// As --program, with two values.
    #[arg(long, num_args = 2, action = ArgAction::Append, value_names = ["ID", "PATH"])]
    bpf_program: Vec<String>,
    /// A program with its own upgrade authority, or `none`.
    #[arg(long, num_args = 3, action = ArgAction::Append, value_names = ["ID", "PATH", "AUTHORITY"])]
    upgradeable_program: Vec<String>,

    /// Keep the state in this directory and continue from it; without it the state is in memory only.
    #[arg(short, long, value_name = "DIR")]
    ledger: Option<PathBuf>,
    /// Forget the state in the ledger directory.
    #[arg(short, long)]
    reset: bool,
    /// Do not make the look-alike mints.
    #[arg(long)]
    no_mints: bool,

    /// Give this wallet SOL, payout tokens and every equity at start (repeatable).
    #[arg(long, value_name = "PUBKEY")]
    fund: Vec<Pubkey>,
    /// As --fund; the name that solana-test-validator has for it.
    #[arg(long, value_name = "PUBKEY")]
    mint: Vec<Pubkey>,
    #[command(flatten)]
    gifts: Gifts,

    /// Print one line of JSON when ready.
    #[arg(long)]
    pub json: bool,
    /// Print nothing but errors, and the line of JSON if asked for.
    #[arg(short, long)]
    pub quiet: bool,
    /// Print what the validator logs to standard error.
    #[arg(long)]
    log: bool,
    /// Stop when this process has gone.
    #[arg(long, value_name = "PID")]
    pub parent_pid: Option<u32>,
    /// Stop when standard input is closed.
    #[arg(long)]
    pub exit_with_stdin: bool,

    /// Accepted and ignored: requestAirdrop is served on the JSON-RPC port.
    #[arg(long, value_name = "PORT", hide = true)]
    faucet_port: Option<String>,
    /// Accepted and ignored.
    #[arg(long, value_name = "SOL", hide = true)]
    faucet_sol: Option<String>,
    /// Accepted and ignored: always 127.0.0.1.
    #[arg(long, value_name = "HOST", hide = true)]
    bind_address: Option<String>,
    /// Accepted and ignored.
    #[arg(long, value_name = "HOST", hide = true)]
    gossip_host: Option<String>,
    /// Accepted and ignored.
    #[arg(long, value_name = "PORT", hide = true)]
    gossip_port: Option<String>,
    /// Accepted and ignored.
    #[arg(long, value_name = "RANGE", hide = true)]
    dynamic_port_range: Option<String>,
    /// Accepted and ignored.
    #[arg(long, value_name = "SHREDS", hide = true)]
    limit_ledger_size: Option<String>,
    /// Accepted and ignored: see --slot-ms.
    #[arg(long, value_name = "TICKS", hide = true)]
    ticks_per_slot: Option<String>,
    /// Accepted and ignored.
    #[arg(long, value_name = "SLOTS", hide = true)]
    slots_per_epoch: Option<String>,
    /// Accepted and ignored: nothing is fetched.
    #[arg(short, long, value_name = "URL", hide = true)]
    url: Option<String>,

    /// Refused: there is no network to clone from.
    #[arg(short, long, value_name = "ADDRESS", hide = true)]
    clone: Vec<String>,
    /// Refused: there is no network to clone from.
    #[arg(long, value_name = "ADDRESS", hide = true)]
    clone_upgradeable_program: Vec<String>,
    /// Refused: accounts are made by transactions.
    #[arg(long, num_args = 2, action = ArgAction::Append, hide = true)]
    account: Vec<String>,
    /// Refused: accounts are made by transactions.
    #[arg(long, value_name = "DIR", hide = true)]
    account_dir: Vec<String>,
    /// Refused: time travel is the request surfnet_timeTravel.
    #[arg(short, long, value_name = "SLOT", hide = true)]
    warp_slot: Option<String>,
    /// Refused: the features are those of mainnet.
    #[arg(long, value_name = "FEATURE", hide = true)]
    deactivate_feature: Vec<String>,
}

impl Args {
    /// What is accepted but has no effect, one sentence each.
    ///
    /// # Errors
    /// When a flag asks for something that this network cannot do.
    pub fn notes(&self) -> Result<Vec<String>> {
        let refused = [
            (
                "--clone",
                !self.clone.is_empty(),
                "this network has no other network to clone from",
            ),
            (
                "--clone-upgradeable-program",
                !self.clone_upgradeable_program.is_empty(),
                "this network has no other network to clone from",
            ),
            (
                "--account",
                !self.account.is_empty(),
                "accounts are made by transactions here",
            ),
            (
                "--account-dir",
                !self.account_dir.is_empty(),
                "accounts are made by transactions here",
            ),
            (
                "--warp-slot",
                self.warp_slot.is_some(),
                "time moves by the request surfnet_timeTravel here",
            ),
            (
                "--deactivate-feature",
                !self.deactivate_feature.is_empty(),
                "the active features are those of mainnet",
            ),
        ];
        if let Some((flag, _, reason)) = refused.iter().find(|(_, given, _)| *given) {
            bail!("{flag} is not supported: {reason}");
        }
        let ignored = [
            (
                "--faucet-port",
                &self.faucet_port,
                "requestAirdrop is served on the JSON-RPC port",
            ),
            ("--faucet-sol", &self.faucet_sol, "the faucet has what it needs"),
            ("--gossip-host", &self.gossip_host, "there is no gossip"),
            ("--gossip-port", &self.gossip_port, "there is no gossip"),
            (
                "--dynamic-port-range",
                &self.dynamic_port_range,
                "only two ports are served",
            ),
            ("--limit-ledger-size", &self.limit_ledger_size, "the ledger is one file"),
            ("--ticks-per-slot", &self.ticks_per_slot, "use --slot-ms"),
            (
                "--slots-per-epoch",
                &self.slots_per_epoch,
                "epochs are as long as on mainnet",
            ),
            ("--url", &self.url, "nothing is fetched from anywhere"),
        ];
        let mut notes: Vec<String> = ignored
            .iter()
            .filter(|(_, value, _)| value.is_some())
            .map(|(flag, _, reason)| format!("{flag} is ignored: {reason}"))
            .collect();
        if let Some(host) = &self.bind_address {
            if host != "127.0.0.1" && host != "localhost" {
                notes.push(format!("--bind-address {host} is ignored: only 127.0.0.1 is served"));
            }
        }
        if self.quiet {
            notes.clear();
        }
        Ok(notes)
    }

    /// What to start.
    ///
    /// # Errors
    /// When a program file cannot be read or an address is none.
    pub fn config(&self) -> Result<Config> {
        let default_rpc_port = if called_as_test_validator() {
            TEST_VALIDATOR_RPC_PORT
        } else {
            0
        };
        Ok(Config {
            rpc_port: self.rpc_port.unwrap_or(default_rpc_port),
            ws_port: self.ws_port,
            slot_ms: self.slot_ms,
            programs: self.programs_to_load()?,
            ledger: self.ledger.clone(),
            reset: self.reset,
            mints: !self.no_mints,
            verbose: self.log,
        })
    }

    fn programs_to_load(&self) -> Result<Vec<Program>> {
        let authority = match &self.upgrade_authority {
            None => Some(upgrade_authority().pubkey()),
            Some(text) => authority(text)?,
        };
        let mut programs = Vec::new();
        if let Some(path) = &self.upside {
            programs.push(Program {
                upgrade_authority: authority,
                ..Program::upside(path)?
            });
        }
        for pair in &self.programs {
            let (id, path) = pair
                .split_once('=')
                .with_context(|| format!("--program {pair} is not of the form ID=PATH"))?;
            programs.push(Program {
                upgrade_authority: authority,
                ..Program::from_file(address(id)?, path)?
            });
        }
        for pair in self.bpf_program.chunks_exact(2) {
            programs.push(Program {
                upgrade_authority: authority,
                ..Program::from_file(address(&pair[0])?, &pair[1])?
            });
        }
        for triple in self.upgradeable_program.chunks_exact(3) {
            programs.push(Program {
                upgrade_authority: self::authority(&triple[2])?,
                ..Program::from_file(address(&triple[0])?, &triple[1])?
            });
        }
        Ok(programs)
    }

    /// The wallets to give money to.
    pub fn wallets_to_fund(&self) -> impl Iterator<Item = &Pubkey> {
        self.fund.iter().chain(&self.mint)
    }

    /// Gives `wallet` what the flags say.
    ///
    /// # Errors
    /// When an amount is too large or the network refuses.
    pub fn fund(&self, localnet: &Localnet, wallet: &Pubkey) -> Result<()> {
        self.gifts
            .give(localnet.rpc(), localnet.faucet(), wallet, !self.no_mints)
    }
}

/// An address, or the address of the key in a file.
fn address(text: &str) -> Result<Pubkey> {
    if let Ok(address) = Pubkey::from_str(text) {
        return Ok(address);
    }
    match Keypair::read_from_file(text) {
        Ok(keypair) => Ok(keypair.pubkey()),
        Err(error) => bail!("{text} is neither an address nor a key file ({error})"),
    }
}

/// An upgrade authority; `none` makes a program final.
fn authority(text: &str) -> Result<Option<Pubkey>> {
    if text == "none" {
        Ok(None)
    } else {
        address(text).map(Some)
    }
}

/// Whether the binary was started under the name of Solana's test validator.
fn called_as_test_validator() -> bool {
    std::env::args_os()
        .next()
        .map(PathBuf::from)
        .as_deref()
        .and_then(std::path::Path::file_name)
        == Some(OsStr::new(TEST_VALIDATOR))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_flags_are_consistent() {
        Args::command().debug_assert();
    }

    #[test]
    fn the_flags_that_anchor_passes_are_understood() {
        let wallet = Pubkey::new_unique();
        let args = Args::parse_from([
            "solana-test-validator",
            "--ledger",
            "some/dir",
            "--mint",
            &wallet.to_string(),
            "--bpf-program",
            "11111111111111111111111111111111",
            "a.so",
            "--upgradeable-program",
            "11111111111111111111111111111111",
            "b.so",
            "none",
            "--bind-address",
            "0.0.0.0",
            "--faucet-port",
            "9900",
            "--rpc-port",
            "8899",
            "--reset",
        ]);
        assert_eq!(args.bpf_program, ["11111111111111111111111111111111", "a.so"]);
        assert_eq!(args.upgradeable_program.len(), 3);
        assert_eq!(args.wallets_to_fund().collect::<Vec<_>>(), [&wallet]);
        assert_eq!(args.rpc_port, Some(8899));
        assert_eq!(args.notes().expect("nothing is refused").len(), 2);
    }

    #[test]
    fn what_cannot_be_done_is_refused_and_named() {
        let args = Args::parse_from(["upside-localnet", "--clone", "11111111111111111111111111111111"]);
        let refusal = args.notes().expect_err("cloning needs a network");
        assert!(refusal.to_string().starts_with("--clone is not supported"), "{refusal}");
    }
}
