//! Plays a story on a local validator.

use std::{
    io::{IsTerminal, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, Result};
use clap::{Parser, ValueEnum};
use upside_client::{solana_keypair::Keypair, solana_signer::Signer};
use upside_demo::{
    check::Disagreement,
    localnet::{Funding, Localnet},
    play::play,
    render::{html, pages, svg, Line},
    report::Report,
    story::{Source, Story, ALICE},
    world::{World, BANK_SOL_A_PERSON},
};

/// What the program ends with, beside 0.
const EXIT_CODES: &str = "Exit codes:
  0  the story was played to its end, and every figure agreed
  1  the story could not be played: files, the validator, the network
  2  the story's file or the command line is wrong; nothing was started
  3  the story broke off; the account of it was given
  4  a figure differs from the independent calculation";

const FAILED: u8 = 1;
const BAD_STORY: u8 = 2;
const BROKE_OFF: u8 = 3;
const DISAGREED: u8 = 4;

/// Watch a security live. Without a story of your own: Alice, nineteen, issues her personal token, shares it with those who help her, backs it
/// with stock, pays them when money comes in, and rises together with her friends and her school.
///
/// Everything runs on a validator on this machine, started for the story and ended after it. Every figure is read back over JSON-RPC
/// and compared with an independent calculation; one difference ends the story with an error that names it.
#[derive(Debug, Parser)]
#[command(name = "upside-demo", version, max_term_width = 110, after_help = EXIT_CODES)]
struct Args {
    /// The compiled program; `cargo xtask demo` fills it in.
    #[arg(long, value_name = "PATH")]
    program: PathBuf,
    /// The local validator's binary; `cargo xtask demo` fills it in.
    #[arg(long, value_name = "PATH")]
    localnet: PathBuf,
    /// Play the story of this TOML file; demo/every-verb.toml shows everything that a story can do.
    #[arg(long, value_name = "FILE")]
    story: Option<PathBuf>,
    /// Sentences for people, or one JSON document with every figure of the end.
    #[arg(long, value_enum, default_value_t = Output::Text)]
    output: Output,
    /// Write the report as one HTML file that needs nothing else.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Write the report into this folder, named after the story, when --html does not say where; `cargo xtask demo` fills it in.
    #[arg(long, value_name = "FOLDER")]
    reports: Option<PathBuf>,
    /// Leave the network running when the story has ended, and print its address; Ctrl-C ends it.
    #[arg(long)]
    stay: bool,
    /// End when the standard input closes: whoever started this has gone.
    #[arg(long)]
    exit_with_stdin: bool,
    /// Give this wallet SOL, payout tokens and stocks at the start (repeatable).
    #[arg(long, value_name = "ADDRESS")]
    fund: Vec<String>,
    /// Also write a picture of the end (SVG): the first security, and what everybody has.
    #[arg(long, value_name = "FILE")]
    picture: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Output {
    Text,
    Json,
}

fn main() -> ExitCode {
    let args = Args::parse();
    let source = match source(args.story.as_deref()) {
        Ok(source) => source,
        Err(error) => return fail(&format!("{error:#}"), BAD_STORY),
    };
    let story = match Story::read(&source) {
        Ok(story) => story,
        Err(problem) => return fail(&problem.in_source(&source).to_string(), BAD_STORY),
    };
    match run(&args, &story) {
        Ok(report) => match &report.broke_off {
            None => ExitCode::SUCCESS,
            Some(end) => {
                let message = format!(
                    "the story broke off at step {} ({}): {}",
                    end.number, end.title, end.reason
                );
                fail(&message, BROKE_OFF)
            }
        },
        Err(error) if error.downcast_ref::<Disagreement>().is_some() => fail(&format!("{error:#}"), DISAGREED),
        Err(error) => fail(&format!("{error:#}"), FAILED),
    }
}

fn fail(message: &str, code: u8) -> ExitCode {
    eprintln!("error: {message}");
    ExitCode::from(code)
}

fn source(path: Option<&Path>) -> Result<Source> {
    let Some(path) = path else {
        return Ok(Source {
            name: "demo/alice.toml".to_owned(),
            text: ALICE.to_owned(),
        });
    };
    let name = path.display().to_string();
    let bytes = std::fs::read(path).with_context(|| format!("the story {name} cannot be read"))?;
    let text = String::from_utf8(bytes)
        .ok()
        .with_context(|| format!("the story {name} is not UTF-8 text"))?;
    Ok(Source { name, text })
}

/// Where the HTML report goes, if anywhere.
fn html_path(args: &Args) -> Option<PathBuf> {
    let named = || {
        let stem = args.story.as_deref().and_then(Path::file_stem);
        let stem = stem.map_or("alice".into(), |stem| stem.to_string_lossy().into_owned());
        Some(args.reports.as_ref()?.join(format!("{stem}.html")))
    };
    args.html.clone().or_else(named)
}

fn run(args: &Args, story: &Story) -> Result<Report> {
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
        print(&pages::opening(story))?;
    }
    let bank = Keypair::new();
    let funding = Funding {
        wallet: bank.pubkey().to_string(),
        sol: BANK_SOL_A_PERSON * (u64::try_from(story.people.len())? + 1),
        others: args.fund.clone(),
    };
    let localnet = Localnet::start(&args.localnet, &args.program, &funding)?;
    if args.exit_with_stdin {
        localnet.end_with_stdin();
    }
    let played = World::enter(story, bank, &localnet.ready).and_then(|world| {
        play(story, &world, &mut |step| {
            if text {
                print(&pages::step(step))?;
            }
            Ok(())
        })
    });
    let report = played.map_err(|error| match error.downcast_ref::<Disagreement>() {
        Some(_) => error,
        None => localnet.explain(error),
    })?;
    let localnet = args.stay.then_some(localnet);
    if text {
        if let Some(broke_off) = &report.broke_off {
            print(&pages::broke_off(&report, broke_off))?;
        }
    }
    let last_page = pages::last_page(&report);
    if text {
        print(&last_page)?;
    } else {
        let document = serde_json::to_string_pretty(&report)?;
        writeln!(std::io::stdout(), "{document}").context("the output cannot be written")?;
    }
    if let Some(path) = &args.picture {
        write(path, &svg::svg(&pages::poster(&report), &report.headline), "picture")?;
    }
    if let Some(path) = html_path(args) {
        write(&path, &html::page(&report), "report")?;
        if text {
            writeln!(std::io::stdout(), "\nThe report: {}", path.display()).context("the output cannot be written")?;
        }
    }
    if let Some(localnet) = localnet {
        println!("The network stays: {}", localnet.ready.rpc);
        localnet.wait();
    }
    Ok(report)
}

fn write(path: &Path, content: &str, what: &str) -> Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder
        .map_or(Ok(()), std::fs::create_dir_all)
        .and_then(|()| std::fs::write(path, content))
        .with_context(|| format!("the {what} {} cannot be written", path.display()))
}
