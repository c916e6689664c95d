//! `upside-indexer`.

use std::{collections::BTreeSet, path::PathBuf, process::ExitCode, thread::sleep, time::Duration};

use anyhow::{bail, Result};
use clap::{Parser, Subcommand};
use serde_json::json;
use upside_indexer::{chain::Chain, store::Store, watch::Watch};

/// Between two readings when nothing is heard.
const LONGEST_SILENCE: Duration = Duration::from_secs(10);
/// Between two readings while something that was heard is not listed.
const PAUSE: Duration = Duration::from_millis(100);
/// Readings until something that was heard is left to the next ordinary one.
const READINGS: u32 = 50;
/// Before the websocket is tried again.
const RECONNECT: Duration = Duration::from_secs(2);

/// Fills a database with the events of Upside and answers from it.
#[derive(Parser)]
#[command(name = "upside-indexer", max_term_width = 110)]
struct Args {
    /// The database, a file of SQLite; made if missing.
    #[arg(long, value_name = "FILE")]
    db: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Read everything that is not there yet, and end.
    Sync {
        /// JSON-RPC URL of the cluster.
        #[arg(short, long)]
        url: String,
    },
    /// Read everything and go on reading as it happens. May be killed at any moment.
    Follow {
        /// JSON-RPC URL of the cluster.
        #[arg(short, long)]
        url: String,
        /// Websocket URL of the cluster.
        #[arg(short, long)]
        ws: String,
    },
    /// Who holds a security, as JSON.
    CapTable {
        /// Its address or share mint.
        security: String,
    },
    /// What happened to a holder, as JSON, oldest first.
    History {
        /// The holder.
        holder: String,
        /// Only of this security, by address or share mint.
        #[arg(long)]
        security: Option<String>,
    },
    /// Where events are missing, as JSON; exits with 1 if any are.
    Gaps,
}

fn main() -> ExitCode {
    let args = Args::parse();
    match run(&args) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Result<ExitCode> {
    let mut store = Store::open(&args.db)?;
    match &args.command {
        Command::Sync { url } => {
            let new = Chain::new(url).catch_up(&mut store, told)?;
            eprintln!("{new} transactions were new");
        }
        Command::Follow { url, ws } => follow(&mut store, &Chain::new(url), ws)?,
        Command::CapTable { security } => {
            let Some(table) = store.cap_table(security)? else {
                bail!(
                    "the database has no security {security}: name its address or share mint, or read on with `sync`"
                );
            };
            let holders: Vec<_> = table
                .holders
                .iter()
                .map(|holding| {
                    json!({
                        "holder": holding.holder, "shares_atoms": holding.shares, "claimed_total_atoms": holding.claimed,
                        "sequence": holding.sequence,
                    })
                })
                .collect();
            let table = json!({
                "security": table.security, "mint": table.mint, "name": table.name, "symbol": table.symbol, "issuer": table.issuer,
                "decimals": table.decimals, "authorised_atoms": table.authorised, "issued_atoms": table.issued,
                "reserved_atoms": table.reserved, "registered_atoms": table.registered, "redeemed_atoms": table.redeemed,
                "received_atoms": table.received.to_string(), "holders": holders,
            });
            println!("{table:#}");
        }
        Command::History { holder, security } => {
            let entries: Vec<_> = store
                .history(holder, security.as_deref())?
                .iter()
                .map(|entry| {
                    json!({
                        "ts": entry.ts, "slot": entry.slot, "signature": entry.signature, "event": entry.event,
                        "security": entry.security, "shares_change_atoms": entry.shares_change.to_string(),
                        "shares_atoms": entry.shares, "paid_atoms": entry.claimed_change.to_string(),
                    })
                })
                .collect();
            println!("{:#}", json!(entries));
        }
        Command::Gaps => {
            let gaps = store.gaps()?;
            let listed: Vec<_> = gaps
                .iter()
                .map(|gap| {
                    json!({
                        "account": gap.account, "kind": gap.account_kind, "before": gap.before, "after": gap.after,
                    })
                })
                .collect();
            println!("{:#}", json!(listed));
            if !gaps.is_empty() {
                return Ok(ExitCode::FAILURE);
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn told(done: usize, all: usize) {
    eprintln!("{done} of {all} transactions read");
}

/// Reads, then waits for news and reads again, for ever. A server that fails for a while is asked again.
fn follow(store: &mut Store, chain: &Chain, ws: &str) -> Result<()> {
    loop {
        // Subscribed before the first reading: what happens between the two is heard.
        let watch = Watch::subscribe(ws);
        let ended = match watch {
            Ok(mut watch) => listen(store, chain, &mut watch),
            Err(error) => chain.catch_up(store, told).and(Err(error)),
        };
        if let Err(error) = ended {
            eprintln!("{error:#}; trying again");
        }
        sleep(RECONNECT);
    }
}

fn listen(store: &mut Store, chain: &Chain, watch: &mut Watch) -> Result<()> {
    chain.catch_up(store, told)?;
    loop {
        let mut heard = watch.wait(LONGEST_SILENCE)?;
        for _ in 0..READINGS {
            chain.catch_up(store, told)?;
            heard = missing(store, heard)?;
            if heard.is_empty() {
                break;
            }
            sleep(PAUSE);
        }
    }
}

fn missing(store: &mut Store, heard: BTreeSet<String>) -> Result<BTreeSet<String>> {
    let mut missing = BTreeSet::new();
    for signature in heard {
        if !store.has(&signature)? {
            missing.insert(signature);
        }
    }
    Ok(missing)
}
