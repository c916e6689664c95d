//! A local Solana network with the Upside program and look-alike mints, until it is told to stop.

mod args;

use std::{io::Write, process::ExitCode};

use anyhow::{Context, Result};
use clap::Parser;
use upside_localnet::{lifetime, Localnet, Ready};

use args::Args;

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
    for note in args.notes()? {
        eprintln!("note: {note}");
    }
    let localnet = Localnet::start(args.config()?)?;
    for wallet in args.wallets_to_fund() {
        args.fund(&localnet, wallet)?;
    }
    announce(args, localnet.ready())?;
    let reason = lifetime::wait(args.parent_pid, args.exit_with_stdin)?;
    localnet.stop();
    if !args.quiet {
        eprintln!("stopped: {reason}");
    }
    Ok(())
}

/// Prints the ready line. Whoever waits for it reads a pipe, so it is flushed.
fn announce(args: &Args, ready: &Ready) -> Result<()> {
    let mut out = std::io::stdout().lock();
    if args.json {
        writeln!(out, "{}", ready.to_json_line()?)
    } else if args.quiet {
        Ok(())
    } else {
        writeln!(out, "JSON-RPC     {}", ready.rpc)
            .and_then(|()| writeln!(out, "websocket    {}", ready.ws))
            .and_then(|()| writeln!(out, "slot         {} ms", ready.slot_ms))
            .and_then(|()| {
                ready
                    .programs
                    .iter()
                    .try_for_each(|program| writeln!(out, "program      {program}"))
            })
            .and_then(|()| {
                ready
                    .payout_mint
                    .iter()
                    .try_for_each(|mint| writeln!(out, "payout mint  {mint}"))
            })
            .and_then(|()| {
                ready
                    .equity
                    .iter()
                    .try_for_each(|equity| writeln!(out, "{:<12} {}  {}", equity.symbol, equity.mint, equity.name))
            })
            .and_then(|()| writeln!(out, "ready; stop with Ctrl-C"))
    }
    .and_then(|()| out.flush())
    .context("the ready line cannot be written")
}
