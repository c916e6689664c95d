//! `upside replay`, in a virtual machine of its own.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anchor_lang::{prelude::Pubkey, solana_program::system_instruction};
use serde_json::Value;
use tempfile::TempDir;
use upside_client::script::Recorder;

use crate::network::{run, Ran};

fn program() -> String {
    std::env::var("UPSIDE_PROGRAM_SO").expect("set UPSIDE_PROGRAM_SO to the compiled program; `cargo xtask test` does")
}

/// A file with a script: lamports, a transfer, and one that the sender cannot afford, of which the script says that it was `accepted`.
fn script(folder: &TempDir, accepted: bool) -> PathBuf {
    let (rich, poor) = (Pubkey::new_from_array([1; 32]), Pubkey::new_from_array([2; 32]));
    let mut recorder = Recorder::default();
    recorder.lamports(&rich, 1_000_000_000);
    recorder.begin("Send a little".to_owned());
    let little = system_instruction::transfer(&rich, &poor, 10_000_000);
    recorder.transaction(&rich, &[little], true, true);
    recorder.begin("Send too much".to_owned());
    let much = system_instruction::transfer(&rich, &poor, 5_000_000_000);
    recorder.transaction(&rich, &[much], accepted, true);
    let path = folder.path().join("script.json");
    let text = serde_json::to_string(&recorder.script("nobody has that much".to_owned())).expect("JSON");
    fs::write(&path, text).expect("a file");
    path
}

fn replay(path: &Path, more: &[&str]) -> Ran {
    let program = program();
    let mut arguments = vec!["replay", path.to_str().expect("a path"), "--program", &program];
    arguments.extend_from_slice(more);
    run(&arguments)
}

#[test]
fn a_script_is_played_step_by_step() {
    let folder = TempDir::new().expect("a folder");
    let path = script(&folder, false);
    let ran = replay(&path, &["--logs"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    for words in [
        "1 transactions and other acts set everything up",
        "1 Send a little",
        "accepted",
        "2 Send too much",
        "refused: InstructionError",
        "insufficient lamports",
        "What is wrong then: nobody has that much",
    ] {
        assert!(ran.out.contains(words), "no {words:?} in\n{}", ran.out);
    }
    let ran = replay(&path, &["--output", "json"]);
    let value: Value = serde_json::from_str(&ran.out).expect("JSON");
    assert_eq!(value["steps"].as_array().expect("steps").len(), 2);
    assert_eq!(value["differs"], 0);
}

#[test]
fn a_script_that_ends_otherwise_is_a_difference() {
    let folder = TempDir::new().expect("a folder");
    let ran = replay(&script(&folder, true), &[]);
    assert_eq!(ran.code, 6, "{}", ran.out);
    assert!(ran.out.contains("the script says otherwise"), "{}", ran.out);
    assert!(ran.err.contains("1 transactions ended otherwise"), "{}", ran.err);
}

#[test]
fn what_is_no_script_is_refused_in_words() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("nothing.json");
    let ran = replay(&path, &[]);
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("cannot be read"), "{}", ran.err);
    fs::write(&path, "{}").expect("a file");
    let ran = replay(&path, &[]);
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("a script must be JSON"), "{}", ran.err);
}
