//! Plays the story of a personal token on a local validator.

use std::{
    io::{IsTerminal, Write},
    path::PathBuf,
    process::ExitCode,
};

use anyhow::{Context, Result};
use clap::{Parser, ValueEnum};
use upside_client::solana_signer::Signer;
use upside_demo::{
    execute::{wallets, World, FUNDER_EQUITY, FUNDER_MONEY, FUNDER_SOL},
    localnet::{Funding, Localnet},
    play::play,
    render::{pages, svg, Line},
    story,
};

/// Watch a personal token live: Alice, nineteen, issues it, shares it with those who help her, backs it with stock, and pays them when
/// money comes in.
///
/// Everything runs on a validator on this machine, started for the story and ended after it. Every figure is read back over JSON-RPC
/// and compared with an independent calculation; one difference ends the story with an error that names it.
#[derive(Debug, Parser)]
#[command(name = "upside-demo", version, max_term_width = 110)]
struct Args {
    /// The compiled program; `cargo xtask demo` fills it in.
    #[arg(long, value_name = "PATH")]
    program: PathBuf,
    /// The local validator's binary; `cargo xtask demo` fills it in.
    #[arg(long, value_name = "PATH")]
    localnet: PathBuf,
    /// Sentences for people, or one JSON document with every figure of the end.
    #[arg(long, value_enum, default_value_t = Output::Text)]
    output: Output,
    /// Also write the last page as a picture (SVG).
    #[arg(long, value_name = "FILE")]
    picture: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Output {
    Text,
    Json,
}

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
    let story = story::alice();
    let text = args.output == Output::Text;
    let colour = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let print = |lines: &[Line]| {
        let mut out = std::io::stdout().lock();
        let written = lines
            .iter()
            .try_for_each(|line| writeln!(out, "{}", line.to_terminal(colour)));
        written
            .and_then(|()| out.flush())
            .context("the output cannot be written")
    };
    if text {
        print(&pages::opening(&story))?;
    }
    let wallets = wallets(&story);
    let funder = wallets
        .get(story.funder)
        .context("the story's funder is not in it")?
        .pubkey();
    let funding = Funding {
        wallet: funder.to_string(),
        sol: FUNDER_SOL,
        payout: FUNDER_MONEY,
        equity: FUNDER_EQUITY,
    };
    let localnet = Localnet::start(&args.localnet, &args.program, &funding)?;
    let world = World::enter(&story, wallets, &localnet.ready)?;
    let report = play(&story, &world, &mut |step| {
        if text {
            print(&pages::step(step))?;
        }
        Ok(())
    })?;
    drop(localnet);
    let last_page = pages::last_page(&report);
    if text {
        print(&last_page)?;
    } else {
        let document = serde_json::to_string_pretty(&report)?;
        writeln!(std::io::stdout(), "{document}").context("the output cannot be written")?;
    }
    if let Some(path) = &args.picture {
        std::fs::write(path, svg::svg(&last_page, &report.headline))
            .with_context(|| format!("the picture {} cannot be written", path.display()))?;
    }
    Ok(())
}
