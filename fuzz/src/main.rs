//! `upside-fuzz`: the search, as `cargo xtask fuzz` runs it.

use std::{
    fs,
    io::{IsTerminal, Write},
    path::PathBuf,
    process::ExitCode,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use anyhow::{bail, Context, Result};
use clap::Parser;
use upside_fuzz::{
    campaign::{self, Findings, Plan},
    corpus,
};
use upside_tests::context::program_bytes;

/// Seconds between two lines of progress when the output is no terminal.
const QUIET_SECONDS: u64 = 20;

/// Coverage-guided sequences of transactions on the compiled program.
#[derive(Parser)]
struct Args {
    /// How long.
    #[arg(long, default_value_t = 2)]
    minutes: u64,
    /// Seed of all chance [default: from the clock].
    #[arg(long)]
    seed: Option<u64>,
    /// Folder of the committed corpus.
    #[arg(long, value_name = "FOLDER")]
    corpus: Option<PathBuf>,
    /// Where new sequences and failures are put.
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Put a small corpus that takes every edge reached into the committed folder.
    #[arg(long)]
    keep: bool,
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
    let seed = args.seed.unwrap_or_else(|| {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        since.as_secs()
    });
    let committed = args.corpus.clone().unwrap_or_else(|| corpus::folder("corpus"));
    let out = args.out.clone().unwrap_or_else(campaign::default_folder);
    let mut first = corpus::read(&out.join("corpus"))?;
    first.extend(corpus::read(&committed)?);
    println!("seed {seed}, {} sequences to start from", first.len());
    let plan = Plan::new(program_bytes(), Duration::from_secs(args.minutes * 60), seed);
    let terminal = std::io::stdout().is_terminal();
    let mut next = 0;
    let findings = campaign::run(
        &plan,
        first.into_iter().map(|(_, steps)| steps).collect(),
        |findings, elapsed| {
            if terminal {
                print!("\r{}\x1b[K", findings.line(elapsed));
                let _ = std::io::stdout().flush();
            } else if elapsed.as_secs() >= next {
                println!("{}", findings.line(elapsed));
                next = elapsed.as_secs() + QUIET_SECONDS;
            }
        },
    );
    print!("{}{findings}", if terminal { "\r\x1b[K" } else { "" });
    keep(args, &findings, &committed, &out)?;
    if let Some(found) = findings.found {
        println!("A sequence goes wrong; it is being shrunk.");
        let (found, script) = found.shrunk(&plan.program, None);
        let sequence = corpus::write(&corpus::folder("regressions"), &found.steps)?;
        fs::create_dir_all(&out).with_context(|| format!("cannot create {}", out.display()))?;
        let path = out.join(format!("{}.json", corpus::name(&found.steps)?));
        fs::write(&path, serde_json::to_string(&script)?)
            .with_context(|| format!("cannot write {}", path.display()))?;
        for step in &found.steps {
            println!("    {},", step.as_rust());
        }
        bail!(
            "{}\nIt is kept in {}; play it step by step with `upside replay {}`",
            found.why,
            sequence.display(),
            path.display()
        );
    }
    if let Err(sentence) = findings.is_hostile_enough() {
        bail!("{sentence}");
    }
    Ok(())
}

/// Keeps the sequences that took new edges: on this machine always, in the committed folder if asked for.
fn keep(args: &Args, findings: &Findings, committed: &std::path::Path, out: &std::path::Path) -> Result<()> {
    let cover = findings.cover();
    for folder in [Some(out.join("corpus")), args.keep.then(|| committed.to_path_buf())]
        .into_iter()
        .flatten()
    {
        for (name, _) in corpus::read(&folder)? {
            let path = folder.join(format!("{name}.jsonl"));
            fs::remove_file(&path).with_context(|| format!("cannot delete {}", path.display()))?;
        }
        for entry in &cover {
            corpus::write(&folder, &entry.steps)?;
        }
    }
    Ok(())
}
