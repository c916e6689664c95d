//! The command line: global options and the tree of commands.

use std::path::PathBuf;

use anchor_lang::prelude::Pubkey;
use clap::{Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::{commands, failure::EXIT_CODES};

/// Securities that anyone can issue from a wallet: issue, hold, back, and pay upside.
///
/// Reads the Solana CLI's config file. Amounts are written like 1000.25 and are never rounded.
#[derive(Debug, Parser)]
#[command(
    name = "upside",
    version,
    max_term_width = 100,
    arg_required_else_help = true,
    after_help = "Example: upside -u localhost token show MINT",
    after_long_help = format!("Example: upside -u localhost token show MINT\n\n{EXIT_CODES}")
)]
pub struct Cli {
    /// What every command takes.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Options of every command.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Options for every command")]
pub struct Global {
    /// Config file of the Solana CLI [default: ~/.config/solana/cli/config.yml].
    #[arg(short = 'C', long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Cluster: localhost (l), devnet (d), testnet (t), mainnet-beta (m) or a URL.
    #[arg(short, long, global = true, value_name = "URL")]
    pub url: Option<String>,
    /// Key file of who acts [default: the config file's].
    #[arg(short, long, global = true, value_name = "FILE")]
    pub keypair: Option<PathBuf>,
    /// Who pays fees and rent: a key file, or an address when nothing is sent [default: who acts].
    #[arg(long, global = true, value_name = "FILE|PUBKEY")]
    pub fee_payer: Option<String>,
    /// Act for this issuer or holder, whose key is elsewhere (a multisig); needs --base64, --sign-only or --dry-run.
    #[arg(long, global = true, value_name = "PUBKEY", visible_alias = "holder")]
    pub issuer: Option<Pubkey>,
    /// How to print results.
    #[arg(long, global = true, value_enum, default_value_t = Format::Display)]
    pub output: Format,
    /// Simulate and show what would change; send nothing.
    #[arg(long, global = true, conflicts_with_all = ["sign_only", "base64"])]
    pub dry_run: bool,
    /// Sign with the keys that are here and print the signatures; send nothing.
    #[arg(long, global = true, conflicts_with = "base64")]
    pub sign_only: bool,
    /// Print the unsigned message in base64, for a multisig or another tool; send nothing.
    #[arg(long, global = true)]
    pub base64: bool,
    /// Blockhash of a message that is printed [default: the newest].
    #[arg(long, global = true, value_name = "HASH")]
    pub blockhash: Option<String>,
    /// Do not ask before what cannot be undone.
    #[arg(short, long, global = true)]
    pub yes: bool,
    /// Seconds to wait for one answer of the server.
    #[arg(long, global = true, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=600))]
    pub timeout: u64,
}

impl Global {
    /// Whether nothing will be sent.
    pub fn sends_nothing(&self) -> bool {
        self.dry_run || self.sign_only || self.base64
    }
}

/// How results are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Display,
    /// JSON over several lines.
    Json,
    /// JSON on one line.
    JsonCompact,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Securities: create, show, list, update, hand over, retire.
    #[command(subcommand)]
    Token(commands::token::Command),
    /// Shares: issue, register, unregister, send, approve, list.
    #[command(subcommand)]
    Shares(commands::shares::Command),
    /// Backing: open vaults, deposit, list.
    #[command(subcommand)]
    Vault(commands::vault::Command),
    /// Redemption: quote, start, collect, status.
    #[command(subcommand)]
    Redeem(commands::redeem::Command),
    /// Grants of shares for help: create, batch, claim, approve, revoke, close, list.
    #[command(subcommand)]
    Grant(commands::grant::Command),
    /// Rounds that sell shares: create, show, list, subscribe, invite, withdraw, close, settle, refund, runway.
    #[command(subcommand)]
    Round(commands::round::Command),
    /// Money: distribute, claim, status.
    #[command(subcommand)]
    Upside(commands::upside::Command),
    /// Move what the shares in a security's vaults have earned one hop up, to its holders.
    Harvest(commands::harvest::Args),
    /// Do everything that anybody may do for others, from the bottom up: harvests, claims, grants, rounds, inboxes.
    Crank(commands::crank::Args),
    /// Who holds whom: show.
    #[command(subcommand)]
    Layers(commands::layers::Command),
    /// Securities that others join on equal terms: create, apply, withdraw, admit, revoke, join, list.
    #[command(subcommand)]
    Collective(commands::collective::Command),
    /// A holder's records.
    #[command(subcommand)]
    Account(commands::account::Command),
    /// Rebuild a security from its events and compare with the live accounts.
    Audit(commands::audit::Args),
    /// What everybody's shares are worth, through all layers.
    Value(commands::value::Args),
    /// Play a script of the fuzzer step by step, in a virtual machine of this process.
    Replay(commands::replay::Args),
    /// Print the completion script of a shell.
    #[command(after_help = "Example: upside completions bash > ~/.local/share/bash-completion/completions/upside")]
    Completions {
        /// The shell.
        shell: Shell,
    },
}
