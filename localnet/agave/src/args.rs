//! The flags: those of `upside-localnet` that make sense for another validator.

use std::{path::PathBuf, str::FromStr};

use anchor_lang::prelude::Pubkey;
use anyhow::{Context, Result};
use clap::Parser;
use upside_localnet::gifts::Gifts;

/// Names Agave's validator where no flag does.
const VALIDATOR_VARIABLE: &str = "UPSIDE_AGAVE_BIN";
/// Says how far the clock can be moved where no flag does.
const DAYS_VARIABLE: &str = "UPSIDE_AGAVE_DAYS";
const DEFAULT_DAYS: u32 = 60;

/// Agave's validator with the Upside program and look-alike mints, started like upside-localnet. It serves JSON-RPC and websocket on 127.0.0.1 and
/// runs until it is told to stop. Its slots last 400 ms.
#[derive(Debug, Parser)]
#[command(name = "upside-agave", version, max_term_width = 110)]
pub struct Args {
    /// The binary solana-test-validator [default: what UPSIDE_AGAVE_BIN names].
    #[arg(long, value_name = "PATH")]
    validator: Option<PathBuf>,
    /// How many days the clock can be moved ahead, all journeys together; each takes 5 MB of memory [default: what UPSIDE_AGAVE_DAYS says, else
    /// 60].
    #[arg(long, value_name = "DAYS")]
    days: Option<u32>,
    /// The compiled Upside program; it is loaded at the address it declares.
    #[arg(long, value_name = "PATH")]
    upside: Option<PathBuf>,
    /// Another program: its address and its file.
    #[arg(long = "program", value_name = "ID=PATH")]
    programs: Vec<String>,
    /// Do not make the look-alike mints.
    #[arg(long)]
    pub no_mints: bool,
    /// Give this wallet SOL, payout tokens and every equity at start (repeatable).
    #[arg(long, value_name = "PUBKEY")]
    pub fund: Vec<Pubkey>,
    #[command(flatten)]
    pub gifts: Gifts,
    /// Print one line of JSON when ready.
    #[arg(long)]
    pub json: bool,
    /// Print nothing but errors, and the line of JSON if asked for.
    #[arg(short, long)]
    pub quiet: bool,
    /// Stop when this process has gone.
    #[arg(long, value_name = "PID")]
    pub parent_pid: Option<u32>,
    /// Stop when standard input is closed.
    #[arg(long)]
    pub exit_with_stdin: bool,
    /// Accepted and ignored: a slot lasts 400 ms.
    #[arg(long, value_name = "MS", hide = true)]
    slot_ms: Option<u64>,
}

impl Args {
    /// Where Agave's validator is.
    ///
    /// # Errors
    /// When nothing says so.
    pub fn validator(&self) -> Result<PathBuf> {
        self.validator
            .clone()
            .or_else(|| std::env::var_os(VALIDATOR_VARIABLE).map(PathBuf::from))
            .with_context(|| format!("name solana-test-validator with --validator or {VALIDATOR_VARIABLE}"))
    }

    /// How many days the clock can be moved ahead.
    ///
    /// # Errors
    /// When the variable is no number of days.
    pub fn days(&self) -> Result<u32> {
        match (self.days, std::env::var(DAYS_VARIABLE)) {
            (Some(days), _) => Ok(days),
            (None, Ok(text)) => text
                .parse()
                .with_context(|| format!("{DAYS_VARIABLE} must be a number of days, not {text}")),
            (None, Err(_)) => Ok(DEFAULT_DAYS),
        }
    }

    /// The programs to load and their files; Upside first.
    ///
    /// # Errors
    /// When an address is none.
    pub fn programs(&self) -> Result<Vec<(Pubkey, PathBuf)>> {
        let mut programs: Vec<_> = self.upside.iter().map(|path| (upside::ID, path.clone())).collect();
        for pair in &self.programs {
            let (id, path) = pair
                .split_once('=')
                .with_context(|| format!("--program {pair} is not of the form ID=PATH"))?;
            let id = Pubkey::from_str(id).with_context(|| format!("{id} is not an address"))?;
            programs.push((id, PathBuf::from(path)));
        }
        Ok(programs)
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_flags_are_consistent() {
        Args::command().debug_assert();
    }

    #[test]
    fn the_flags_that_suites_pass_to_the_embedded_validator_are_understood() {
        let args = Args::parse_from([
            "upside-agave",
            "--json",
            "--quiet",
            "--exit-with-stdin",
            "--slot-ms",
            "50",
            "--upside",
            "a.so",
            "--program",
            "11111111111111111111111111111111=b.so",
            "--parent-pid",
            "1",
        ]);
        let programs = args.programs().expect("addresses");
        assert_eq!(programs[0], (upside::ID, PathBuf::from("a.so")));
        assert_eq!(programs[1], (Pubkey::default(), PathBuf::from("b.so")));
    }

    #[test]
    fn a_program_without_an_address_is_refused_by_name() {
        let args = Args::parse_from(["upside-agave", "--program", "b.so"]);
        let refused = args.programs().expect_err("no address").to_string();
        assert!(refused.contains("ID=PATH"), "{refused}");
    }
}
