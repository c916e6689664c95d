//! Puts a load on a local validator and audits what came of it.

use std::{
    path::PathBuf,
    process::ExitCode,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use clap::{Parser, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use upside_client::solana_signer::Signer;
use upside_demo::localnet::{Funding, Localnet};
use upside_load::{
    audit,
    market::{Market, Size},
    report::{Report, Times},
    run::{self, Limits},
};

/// Thousands of holders who claim, transfer, pay in and harvest at once, on a local validator. At the end every share and every atom of money is
/// compared with what was acknowledged; the exit code is 0 only if all of it is where it must be and no transaction was lost.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask load", bin_name = "cargo xtask load", max_term_width = 110)]
struct Args {
    /// The compiled program; `cargo xtask load` fills it in.
    #[arg(long, value_name = "PATH", required_unless_present = "url")]
    program: Option<PathBuf>,
    /// The local validator's binary; `cargo xtask load` fills it in.
    #[arg(long, value_name = "PATH", required_unless_present = "url")]
    localnet: Option<PathBuf>,
    /// Use the upside-localnet that serves here instead of starting one.
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// Holders of all securities.
    #[arg(long, default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    holders: u32,
    /// Securities whose shares the upper one holds.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=64))]
    securities: u32,
    /// Stop after so many transactions.
    #[arg(long, default_value_t = 20_000)]
    transactions: usize,
    /// Stop after so many seconds.
    #[arg(long, default_value_t = 120)]
    seconds: u64,
    /// Transactions in flight at most; each worker has its own connection and payer.
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..=1_024))]
    workers: u32,
    /// Everything random comes from it: keys, who does what, and how much.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Sentences for people, or one JSON document.
    #[arg(long, value_enum, default_value_t = Output::Text)]
    output: Output,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Output {
    Text,
    Json,
}

fn main() -> ExitCode {
    match start(&Args::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn start(args: &Args) -> Result<bool> {
    let market = Market::plan(Size {
        seed: args.seed,
        holders: args.holders as usize,
        lower: args.securities as usize,
        workers: args.workers as usize,
    });
    if let Some(url) = &args.url {
        return load(args, &market, url);
    }
    let (Some(binary), Some(program)) = (&args.localnet, &args.program) else {
        unreachable!("clap asks for both unless there is a URL");
    };
    let funding = Funding {
        wallet: market.issuer.pubkey().to_string(),
        sol: 1,
        others: Vec::new(),
    };
    let localnet = Localnet::start(binary, program, &funding)?;
    load(args, &market, &localnet.ready.rpc).map_err(|error| localnet.explain(error))
}

/// Whether all went well.
fn load(args: &Args, market: &Market, url: &str) -> Result<bool> {
    let bar = bar("holders", args.holders.into())?;
    let started = Instant::now();
    market.set_up(url, &bar)?;
    let set_up = started.elapsed();
    bar.finish_and_clear();

    let bar = self::bar("transactions", args.transactions as u64)?;
    let limits = Limits {
        transactions: args.transactions,
        time: Duration::from_secs(args.seconds),
    };
    let (samples, run) = run::run(market, url, limits, &bar)?;
    bar.finish_and_clear();

    let bar = ProgressBar::new_spinner();
    bar.set_message("every atom is looked for");
    bar.enable_steady_tick(Duration::from_millis(200));
    let started = Instant::now();
    let audit = audit::audit(market, &samples, url)?;
    let times = Times {
        set_up,
        run,
        audit: started.elapsed(),
    };
    bar.finish_and_clear();
    let report = Report::new(market.size, times, &samples, audit);
    match args.output {
        Output::Text => print!("{}", report.text()),
        Output::Json => println!("{}", serde_json::to_string_pretty(&report)?),
    }
    Ok(report.sound && report.unknown == 0)
}

/// A bar on a terminal, nothing elsewhere.
fn bar(what: &'static str, length: u64) -> Result<ProgressBar> {
    let style = ProgressStyle::with_template("{wide_bar} {pos}/{len} {msg}, {per_sec}, {eta} left")
        .context("the bar's template is wrong")?;
    Ok(ProgressBar::new(length).with_style(style).with_message(what))
}
