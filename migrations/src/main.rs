//! `upside-deploy`, which `cargo xtask deploy` runs.

use std::{
    io::{IsTerminal, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anchor_lang::prelude::Pubkey;
use anyhow::{bail, Context, Result};
use clap::{Parser, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use solana_keypair::Keypair;
use solana_signer::Signer;
use upside::constants::LOCALNET_PROGRAM_ID;
use upside_client::key_file::{self, KeyFileError};
use upside_deploy::{
    deployment::{self, sol, Action, Outcome, Plan, Request},
    link::Link,
    metadata,
};

/// Deploys the program, or upgrades it, on the cluster at a URL. Running it again changes nothing when the same bytes are there, and goes on where an
/// interrupted run stopped.
#[derive(Parser)]
#[command(name = "cargo xtask deploy", bin_name = "cargo xtask deploy", max_term_width = 110)]
struct Args {
    /// JSON-RPC URL of the cluster; there is no default.
    #[arg(short, long)]
    url: String,
    /// The key that pays and holds the upgrade authority [default: ~/.config/solana/id.json].
    #[arg(short, long, value_name = "FILE")]
    keypair: Option<PathBuf>,
    /// The program's key file, or its address when it is deployed already [default: the localnet key].
    #[arg(long, value_name = "FILE|ADDRESS")]
    program_keypair: Option<String>,
    /// A buffer that exists and belongs to the key; without it one is derived from payer, program and file.
    #[arg(long, value_name = "ADDRESS")]
    buffer: Option<Pubkey>,
    /// The compiled program.
    #[arg(long, value_name = "FILE")]
    so: PathBuf,
    /// Give the upgrade authority up: nobody can ever change the program again.
    #[arg(long)]
    finalize: bool,
    /// Micro-lamports per compute unit beyond the base fee.
    #[arg(long, value_name = "PRICE", default_value_t = 0)]
    priority_fee: u64,
    /// Deploy nothing: publish the interface (`idl`, `codama`) and `security.txt` of the deployed program through Program Metadata.
    #[arg(long, conflicts_with_all = ["buffer", "finalize"])]
    metadata: bool,
    /// Say what would happen and send nothing.
    #[arg(long)]
    dry_run: bool,
    /// Do not ask.
    #[arg(short, long)]
    yes: bool,
    /// How the result is printed.
    #[arg(long, value_enum, default_value_t = Output::Display)]
    output: Output,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Output {
    Display,
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
    let payer = match &args.keypair {
        Some(path) => private_key(path)?,
        None => {
            let home = std::env::var_os("HOME").context("HOME is not set: name the key with --keypair")?;
            private_key(&PathBuf::from(home).join(".config/solana/id.json"))?
        }
    };
    let (program, program_key) = program(args.program_keypair.as_deref())?;
    let elf = std::fs::read(&args.so).with_context(|| {
        format!(
            "the program {} cannot be read: build it with `cargo xtask build`",
            args.so.display()
        )
    })?;
    let link = Link::connect(&args.url, payer, args.priority_fee)?;
    if args.metadata {
        return publish(args, &link, &program, &elf);
    }
    let request = Request {
        program,
        program_key: program_key.as_ref(),
        elf: &elf,
        buffer: args.buffer,
        finalize: args.finalize,
    };
    let plan = deployment::plan(&link, &request)?;
    if args.output == Output::Display {
        print!("{}", plan_text(&link, &plan));
    }
    if args.dry_run {
        if args.output == Output::Json {
            println!("{}", serde_json::to_string_pretty(&plan)?);
        } else {
            println!("nothing was sent (--dry-run)");
        }
        return Ok(());
    }
    if !args.yes {
        if plan.finalize {
            ask("Nobody will ever be able to change or repair this program again. Give the upgrade authority up?")?;
        } else if link.cluster.is_public() && plan.action != Action::Unchanged {
            ask(&format!("Deploy to {}?", link.cluster))?;
        }
    }
    let bar = progress_bar();
    let outcome = deployment::carry_out(&link, &request, &plan, |done, all| {
        bar.set_length(all as u64);
        bar.set_position(done as u64);
    })?;
    bar.finish_and_clear();
    match args.output {
        Output::Json => println!("{}", serde_json::to_string_pretty(&outcome)?),
        Output::Display => print!("{}", outcome_text(&outcome)),
    }
    Ok(())
}

/// Publishes what the program tells about itself.
fn publish(args: &Args, link: &Link, program: &Pubkey, elf: &[u8]) -> Result<()> {
    let idl = Path::new(env!("CARGO_MANIFEST_DIR")).join("../idl");
    let text = |name| {
        let path = idl.join(name);
        std::fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))
    };
    let documents = metadata::documents(program, &text("upside.json")?, &text("codama.json")?, elf)?;
    if link.cluster.is_public() && !args.dry_run && !args.yes {
        ask(&format!("Publish on {}?", link.cluster))?;
    }
    let published = metadata::publish(link, program, &documents, args.dry_run)?;
    if args.output == Output::Json {
        println!("{}", serde_json::to_string_pretty(&published)?);
        return Ok(());
    }
    for document in published {
        let done = match (document.unchanged, args.dry_run) {
            (true, _) => "unchanged",
            (false, true) => "would be written (--dry-run)",
            (false, false) => "written",
        };
        println!(
            "{:<10} {}  {} bytes  {done}",
            document.name, document.address, document.bytes
        );
    }
    Ok(())
}

/// The program's address and, where a file is named, its key.
fn program(named: Option<&str>) -> Result<(Pubkey, Option<Keypair>)> {
    let Some(named) = named else {
        if upside::ID.to_string() != LOCALNET_PROGRAM_ID {
            bail!(
                "this build answers to {}: name its key file (or, once deployed, its address) with --program-keypair",
                upside::ID
            );
        }
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../programs/upside/localnet-keypair.json");
        let key = key_file::read_published(&path).map_err(key_error)?;
        return Ok((key.pubkey(), Some(key)));
    };
    if let Ok(address) = named.parse() {
        return Ok((address, None));
    }
    let path = Path::new(named);
    // The localnet program's key is published, so its file need not be private.
    let key = match key_file::read_published(path) {
        Ok(key) if key.pubkey().to_string() == LOCALNET_PROGRAM_ID => key,
        _ => private_key(path)?,
    };
    Ok((key.pubkey(), Some(key)))
}

fn private_key(path: &Path) -> Result<Keypair> {
    key_file::read(path).map_err(key_error)
}

fn key_error(error: KeyFileError) -> anyhow::Error {
    match error.remedy {
        Some(remedy) => anyhow::anyhow!("{}: {remedy}", error.problem),
        None => anyhow::anyhow!(error.problem),
    }
}

/// Fails unless the person at the terminal says yes.
fn ask(question: &str) -> Result<()> {
    if !std::io::stdin().is_terminal() {
        bail!("{question} There is no terminal to ask: repeat the command with --yes if that is what you want");
    }
    print!("{question} Type yes: ");
    std::io::stdout().flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    if answer.trim() != "yes" {
        bail!("nothing was sent");
    }
    Ok(())
}

fn progress_bar() -> ProgressBar {
    let bar = ProgressBar::new(0);
    if let Ok(style) = ProgressStyle::with_template("uploading [{bar:40}] {pos}/{len} chunks  {elapsed}  left {eta}") {
        bar.set_style(style.progress_chars("=> "));
    }
    bar
}

fn plan_text(link: &Link, plan: &Plan) -> String {
    let mut text = format!(
        "cluster    {}\nprogram    {}\nfile       {} bytes, sha256 {}\n",
        link.cluster, plan.program, plan.bytes, plan.sha256
    );
    let now = match (plan.action, plan.authority_before) {
        (Action::Deploy, _) => "not deployed; the upgrade authority will be the payer".to_owned(),
        (_, Some(holder)) => format!("deployed; {holder} holds the upgrade authority"),
        (_, None) => "deployed and final: nobody holds the upgrade authority".to_owned(),
    };
    text += &format!("now        {now}\n");
    let action = match plan.action {
        Action::Unchanged => "nothing: the cluster has these bytes".to_owned(),
        Action::Deploy => "deploy".to_owned(),
        Action::Upgrade { extend_bytes: 0 } => "upgrade".to_owned(),
        Action::Upgrade { extend_bytes } => format!("extend by {extend_bytes} bytes, then upgrade"),
    };
    let finalize = if plan.finalize {
        ", then give the upgrade authority up"
    } else {
        ""
    };
    text += &format!("to do      {action}{finalize}\n");
    if plan.action != Action::Unchanged {
        text += &format!(
            "buffer     {}: {} of {} chunks to write\n",
            plan.buffer, plan.chunks_to_write, plan.chunks
        );
    }
    text + &format!(
        "payer      {}: has {} SOL, needs {}\n",
        link.payer.pubkey(),
        sol(plan.balance_lamports),
        sol(plan.needed_lamports)
    )
}

fn outcome_text(outcome: &Outcome) -> String {
    let done = match outcome.action {
        Action::Unchanged => "unchanged".to_owned(),
        Action::Deploy => format!("deployed in slot {}", outcome.slot),
        Action::Upgrade { .. } => format!("upgraded in slot {}", outcome.slot),
    };
    let holder = match outcome.authority {
        Some(holder) => format!("{holder} holds the upgrade authority"),
        None => "nobody holds the upgrade authority: the program is final".to_owned(),
    };
    format!("{}: {done}; {holder}\n", outcome.program)
}
