//! `cargo xtask idl`: the program's interface description, built the way the Anchor command line builds it.

use std::{fs, process::ExitCode};

use anchor_lang_idl::build::IdlBuilder;
use anyhow::{bail, Context, Result};

use crate::workspace::Workspace;

/// Arguments of `cargo xtask idl`.
#[derive(clap::Args)]
pub struct Args {
    /// Compare with the committed file and fail on a difference instead of writing it.
    #[arg(long)]
    check: bool,
}

/// Generates `idl/upside.json`, or checks that it is what the program's sources say.
pub fn run(workspace: &Workspace, args: &Args) -> Result<ExitCode> {
    let target = workspace.target.join("idl");
    workspace.claim(&target, &workspace.members()?)?;
    // The builder runs `cargo` in the program's folder. With a toolchain named in the environment it would try to install one.
    std::env::remove_var("RUSTUP_TOOLCHAIN");
    std::env::set_var("CARGO_TARGET_DIR", &target);
    let idl = IdlBuilder::new()
        .program_path(workspace.root.join("programs/upside"))
        // Dependencies run for a moment only: compiling them unoptimised is faster.
        .cargo_args(
            ["--locked", "--lib", "--config", "profile.dev.package.\"*\".opt-level=0"]
                .map(str::to_owned)
                .to_vec(),
        )
        .build()
        .context("cannot build the IDL of programs/upside (with ANCHOR_LOG=1 the compiler's output is shown)")?;
    let text = serde_json::to_string_pretty(&idl).context("cannot write the IDL as JSON")? + "\n";
    let path = workspace.root.join("idl/upside.json");
    if args.check {
        let committed = fs::read_to_string(&path)
            .with_context(|| format!("cannot read {}: run `cargo xtask idl` and commit it", path.display()))?;
        if let Some(difference) = first_difference(&committed, &text) {
            bail!(
                "{} is not what the program's sources say; run `cargo xtask idl` and commit the result\n{difference}",
                path.display()
            );
        }
        println!("idl/upside.json is up to date");
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    }
    fs::write(&path, &text).with_context(|| format!("cannot write {}", path.display()))?;
    println!(
        "{}: {} instructions, {} accounts, {} events, {} errors",
        path.display(),
        idl.instructions.len(),
        idl.accounts.len(),
        idl.events.len(),
        idl.errors.len()
    );
    Ok(ExitCode::SUCCESS)
}

/// Where two texts differ first, with both lines.
fn first_difference(committed: &str, generated: &str) -> Option<String> {
    let (mut left, mut right) = (committed.lines(), generated.lines());
    let mut number = 0;
    loop {
        number += 1;
        match (left.next(), right.next()) {
            (None, None) => return (committed != generated).then(|| "only the line ends differ".to_owned()),
            (left, right) if left == right => {}
            (left, right) => {
                return Some(format!(
                    "line {number}\n  committed: {}\n  generated: {}",
                    left.unwrap_or("(end)"),
                    right.unwrap_or("(end)")
                ))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_difference_is_shown_with_both_lines() {
        assert_eq!(first_difference("a\nb\n", "a\nb\n"), None);
        assert_eq!(
            first_difference("a\nb\n", "a\nc\n").as_deref(),
            Some("line 2\n  committed: b\n  generated: c")
        );
        assert_eq!(
            first_difference("a\n", "a\nb\n").as_deref(),
            Some("line 2\n  committed: (end)\n  generated: b")
        );
        assert_eq!(
            first_difference("a", "a\n").as_deref(),
            Some("only the line ends differ")
        );
    }
}
