//! Agave's own validator, `solana-test-validator`, behind the flags and the ready line of `upside-localnet`: whatever starts the embedded
//! validator starts this one instead.
//!
//! ```text
//! client ──JSON-RPC──▶ proxy ──▶ solana-test-validator      every byte as it is
//!                        └ surfnet_timeTravel ──▶ the wall clock of the validator's process
//! client ──websocket──▶ proxy ──▶ solana-test-validator
//! ```
//!
//! - [`genesis`] says what is there before the first slot.
//! - [`clock`] moves the time: the validator votes with the time of its process, and the network's clock follows its votes.
//! - [`proxy`] stands before its ports.
//! - [`process`] starts it, waits until it serves, and ends it.

#![deny(missing_docs)]

mod args;
mod clock;
mod genesis;
mod ports;
mod process;
mod proxy;

use std::{io::Write, process::ExitCode};

use anyhow::{Context, Result};
use clap::Parser;
use solana_keypair::Signer;
use upside_localnet::{keys, lifetime, market, ready::ReadyEquity, rpc, Ready};
use upside_lookalike_mints::{EQUITIES, PAYOUT};

use crate::{
    args::Args,
    clock::{Span, Wall},
    ports::Ports,
    process::Validator,
};

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Result<()> {
    let folder = tempfile::tempdir().context("no temporary folder can be made")?;
    let ports = Ports::free()?;
    let wall = Wall::create(folder.path(), Span::of_days(args.days()?))?;
    let validator = Validator::start(
        &args.validator()?,
        folder.path(),
        &ports,
        &wall,
        &genesis::flags(args, folder.path())?,
    )?;
    let rpc = rpc::client(&format!("http://{}", ports.validator_rpc()));
    validator.wait_until_it_serves(&rpc, &wall)?;
    if !args.no_mints {
        market::create_mints(&rpc, &keys::faucet()).context("the look-alike mints cannot be made")?;
    }
    for wallet in &args.fund {
        args.gifts.give(&rpc, &keys::faucet(), wallet, !args.no_mints)?;
    }
    proxy::serve(&ports, wall)?;
    validator.watch();
    announce(args, &ports)?;
    let reason = lifetime::wait(args.parent_pid, args.exit_with_stdin)?;
    validator.stop();
    if !args.quiet {
        eprintln!("stopped: {reason}");
    }
    Ok(())
}

/// Prints the ready line. Whoever waits for it reads a pipe, so it is flushed.
fn announce(args: &Args, ports: &Ports) -> Result<()> {
    let programs: Vec<String> = args.programs()?.into_iter().map(|(id, _)| id.to_string()).collect();
    let mints = !args.no_mints;
    let ready = Ready {
        rpc: format!("http://{}", ports.rpc()),
        ws: format!("ws://{}", ports.ws()),
        program: programs.first().cloned(),
        programs,
        payout_mint: mints.then(|| keys::payout_mint().pubkey().to_string()),
        payout_decimals: PAYOUT.decimals,
        equity: if mints {
            EQUITIES.iter().map(ReadyEquity::from).collect()
        } else {
            Vec::new()
        },
        slot_ms: clock::SLOT_MS,
        pid: std::process::id(),
    };
    let mut out = std::io::stdout().lock();
    let written = if args.json {
        writeln!(out, "{}", ready.to_json_line()?)
    } else {
        writeln!(
            out,
            "JSON-RPC     {}\nwebsocket    {}\nready; stop with Ctrl-C",
            ready.rpc, ready.ws
        )
    };
    written
        .and_then(|()| out.flush())
        .context("the ready line cannot be written")
}
