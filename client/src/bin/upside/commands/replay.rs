//! `upside replay`

use std::path::PathBuf;

/// `replay`
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: upside replay target/fuzz/failure.json --program target/deploy/upside.so")]
pub struct Args {
    /// The script.
    file: PathBuf,
    /// The compiled program that it is played on.
    #[arg(long, value_name = "FILE", env = "UPSIDE_PROGRAM_SO")]
    program: PathBuf,
    /// Print the log of every refused transaction.
    #[arg(long)]
    logs: bool,
}

#[cfg(feature = "litesvm")]
mod played {
    use std::path::Path;

    use serde_json::{json, Value};
    use upside_client::{
        events::Event,
        script::{Act, Played, Script},
    };

    use super::Args;
    use crate::{
        app::App,
        failure::{Failure, Reason, Result},
        output,
    };

    fn read(path: &Path, what: &str) -> Result<Vec<u8>> {
        std::fs::read(path).map_err(|e| {
            Failure::input(format!("the {what} {} cannot be read: {e}", path.display()))
                .remedy(format!("name a {what} that is there"))
        })
    }

    /// What an entry of a script does, beside its step.
    fn deed(act: &Act, played: &Played) -> String {
        match (act, &played.outcome) {
            (Act::Lamports { lamports, .. }, _) => format!("{lamports} lamports from nowhere"),
            (Act::Clock { ts, epoch }, _) => format!("the clock shows {ts}, epoch {epoch}"),
            (Act::Transaction { kept, .. }, Ok(events)) => {
                let names: Vec<&str> = events.iter().map(Event::name).collect();
                let does = if *kept { "accepted" } else { "would be accepted" };
                match names.as_slice() {
                    [] => does.to_owned(),
                    names => format!("{does}: {}", names.join(", ")),
                }
            }
            (Act::Transaction { .. }, Err(refused)) => format!("refused: {}", refused.error),
        }
    }

    /// Runs `upside replay`.
    pub fn run(app: &App, args: &Args) -> Result<()> {
        let text = String::from_utf8(read(&args.file, "script")?)
            .map_err(|_| Failure::input(format!("the script {} must be text", args.file.display())))?;
        let script = Script::parse(&text).map_err(|e| Failure::input(e.to_string()))?;
        let program = read(&args.program, "compiled program")?;
        let mut lines = Vec::new();
        let mut steps: Vec<Value> = Vec::new();
        let (mut set_up, mut step, mut number, mut otherwise) = (0_u64, String::new(), 0_u64, 0_u64);
        script
            .play(&program, |played| {
                let entry = &script.entries[played.number];
                otherwise += u64::from(!played.as_written);
                if entry.step.is_empty() && played.as_written {
                    set_up += 1;
                    return;
                }
                if entry.step != step {
                    number += 1;
                    step.clone_from(&entry.step);
                    lines.push(format!("{} {step}", app.canvas.dim(&format!("{number:>4}"))));
                }
                let deed = deed(&entry.act, played);
                lines.push(format!("       {deed}"));
                if !played.as_written {
                    lines.push(app.canvas.warning("       the script says otherwise"));
                }
                if let (true, Err(refused)) = (args.logs, &played.outcome) {
                    lines.extend(
                        refused
                            .logs
                            .iter()
                            .map(|log| app.canvas.dim(&format!("         {log}"))),
                    );
                }
                steps.push(json!({ "step": step, "deed": deed, "as_written": played.as_written }));
            })
            .map_err(|e| Failure::input(e.to_string()))?;
        lines.insert(0, format!("{set_up} transactions and other acts set everything up."));
        if script.why.is_empty() {
            lines.push("Nothing goes wrong, says the script.".to_owned());
        } else {
            lines.push(format!("What is wrong then: {}", script.why));
        }
        let result = json!({ "set_up": set_up, "steps": steps, "why": script.why, "differs": otherwise });
        output::print(app.global.output, &lines, &result);
        if otherwise > 0 {
            return Err(Failure::new(
                Reason::Difference,
                format!("{otherwise} transactions ended otherwise than the script says"),
            )
            .remedy("play it on the program that it was written for"));
        }
        Ok(())
    }
}

#[cfg(feature = "litesvm")]
pub use played::run;

/// Runs `upside replay`.
#[cfg(not(feature = "litesvm"))]
pub fn run(_: &crate::app::App, args: &Args) -> crate::failure::Result<()> {
    Err(crate::failure::Failure::input(format!(
        "this build of upside has no virtual machine to play {} on",
        args.file.display()
    ))
    .remedy("build it with the feature `litesvm`"))
}
