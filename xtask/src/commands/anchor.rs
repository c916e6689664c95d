//! Anchor's own command line against this workspace: `anchor test` on the local validator, `anchor idl build`.

use std::{fs, os::unix::fs::symlink, path::Path, process::Command};

use anyhow::{bail, ensure, Context, Result};

use crate::{
    commands::test::Built,
    console::{Console, Task},
    process, program, tool,
    workspace::Workspace,
};

/// The name under which Anchor starts a validator.
const TEST_VALIDATOR: &str = "solana-test-validator";
/// What the suite prints when its tests ran on the cluster that Anchor started.
const STORY: &str = "test over_rpc::the_story_holds_over_rpc ... ";

/// Installs anchor-cli if it is missing, then checks that the program passes `anchor test`, that a broken one does not, and that `anchor idl build`
/// says what `idl/upside.json` says.
pub fn check(workspace: &Workspace, built: &Built, console: &Console, task: &Task) -> Result<()> {
    let anchor = tool::ANCHOR.install(workspace, console, task)?;
    let elf = fs::read(program::main_program(workspace)).context("the compiled program cannot be read")?;
    let passing = workspace.log("anchor-test");
    let outcome = test(workspace, &anchor, built, "whole", &elf, console, task, &passing);
    outcome.context("`anchor test` fails")?;
    ensure!(
        fs::read_to_string(&passing)?.contains(&format!("{STORY}ok")),
        "`anchor test` did not run the suite; its output is in {}",
        passing.display()
    );

    let failing = workspace.log("anchor-test-broken");
    let broken = broken(&elf)?;
    if test(workspace, &anchor, built, "broken", &broken, console, task, &failing).is_ok() {
        bail!(
            "`anchor test` passes with a program that does nothing; its output is in {}",
            failing.display()
        );
    }
    ensure!(
        fs::read_to_string(&failing)?.contains(&format!("{STORY}FAILED")),
        "`anchor test` with a broken program failed for another reason than the suite; its output is in {}",
        failing.display()
    );
    idl(workspace, &anchor, console, task)
}

/// Runs `anchor test` with these bytes as the program.
#[allow(clippy::too_many_arguments)]
fn test(
    workspace: &Workspace,
    anchor: &Path,
    built: &Built,
    name: &str,
    elf: &[u8],
    console: &Console,
    task: &Task,
    log: &Path,
) -> Result<()> {
    // Anchor looks for the program and its IDL in cargo's target folder: here one of the run's own.
    let stage = workspace.root.join("target/anchor").join(name);
    for folder in ["deploy", "idl", "bin"] {
        let folder = stage.join(folder);
        fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    }
    fs::write(stage.join("deploy/upside.so"), elf)?;
    fs::copy(workspace.root.join("idl/upside.json"), stage.join("idl/upside.json"))?;
    let validator = stage.join("bin").join(TEST_VALIDATOR);
    let _ = fs::remove_file(&validator);
    symlink(built.binary("upside-localnet")?, &validator)
        .with_context(|| format!("cannot create {}", validator.display()))?;
    let mut path = std::ffi::OsString::from(stage.join("bin"));
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap_or_default());

    let mut command = Command::new(anchor);
    command
        .current_dir(&workspace.root)
        .args(["test", "--skip-build", "--validator", "legacy", "--provider.wallet"])
        .arg(workspace.root.join("programs/upside/localnet-keypair.json"))
        .env("PATH", path)
        .env("CARGO_TARGET_DIR", &stage)
        .env("UPSIDE_RPC_SUITE", built.test("upside-client", "suite")?)
        .env("UPSIDE_PROGRAM_SO", stage.join("deploy/upside.so"))
        // The suite must not be able to start a validator of its own.
        .env_remove("UPSIDE_LOCALNET_BIN")
        .env_remove("RUSTUP_TOOLCHAIN");
    process::run_plain(&mut command, console, task, log)
}

/// A program that the loader accepts and that does nothing: its entry returns at once.
fn broken(elf: &[u8]) -> Result<Vec<u8>> {
    const EXIT: [u8; 8] = [0x95, 0, 0, 0, 0, 0, 0, 0];
    let number = |at: usize, len: usize| -> Option<usize> {
        let mut bytes = [0; 8];
        bytes[..len].copy_from_slice(elf.get(at..at.checked_add(len)?)?);
        usize::try_from(u64::from_le_bytes(bytes)).ok()
    };
    let entry = || {
        let (address, headers, count) = (number(24, 8)?, number(32, 8)?, number(56, 2)?);
        (0..count).find_map(|index| {
            let header = headers + index * 56;
            let (offset, start, len) = (number(header + 8, 8)?, number(header + 16, 8)?, number(header + 32, 8)?);
            (start..start + len)
                .contains(&address)
                .then(|| offset + address - start)
        })
    };
    let entry = entry().context("the compiled program has no entry")?;
    let mut broken = elf.to_vec();
    broken
        .get_mut(entry..entry + EXIT.len())
        .context("the compiled program ends before its entry")?
        .copy_from_slice(&EXIT);
    Ok(broken)
}

/// Compares what `anchor idl build` says with the committed file.
fn idl(workspace: &Workspace, anchor: &Path, console: &Console, task: &Task) -> Result<()> {
    let out = workspace.root.join("target/anchor/upside.json");
    let target = workspace.target.join("idl");
    workspace.claim(&target, &workspace.members()?)?;
    let mut command = Command::new(anchor);
    command
        .current_dir(&workspace.root)
        .args(["idl", "build", "--program-name", "upside", "--out"])
        .arg(&out)
        .args([
            "--",
            "--locked",
            "--lib",
            "--config",
            "profile.dev.package.\"*\".opt-level=0",
        ])
        .env("CARGO_TARGET_DIR", &target)
        // With a toolchain named, Anchor would try to install one.
        .env_remove("RUSTUP_TOOLCHAIN");
    process::run_plain(&mut command, console, task, &workspace.log("anchor-idl"))?;
    let read = |path: &Path| -> Result<serde_json::Value> {
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        serde_json::from_str(&text).with_context(|| format!("{} is not JSON", path.display()))
    };
    ensure!(
        read(&out)? == read(&workspace.root.join("idl/upside.json"))?,
        "`anchor idl build` says something else than idl/upside.json; compare it with {}",
        out.display()
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_broken_program_differs_at_its_entry_only() {
        let mut elf = vec![7; 200];
        elf[24..32].copy_from_slice(&0x1010u64.to_le_bytes());
        elf[32..40].copy_from_slice(&64u64.to_le_bytes());
        elf[56..58].copy_from_slice(&1u16.to_le_bytes());
        elf[64 + 8..64 + 16].copy_from_slice(&120u64.to_le_bytes());
        elf[64 + 16..64 + 24].copy_from_slice(&0x1000u64.to_le_bytes());
        elf[64 + 32..64 + 40].copy_from_slice(&64u64.to_le_bytes());
        let broken = broken(&elf).expect("broken");
        assert_eq!(broken[136..144], [0x95, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!((&broken[..136], &broken[144..]), (&elf[..136], &elf[144..]));
        assert!(super::broken(&[0; 100]).is_err());
    }
}
