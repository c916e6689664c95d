//! A small load, run as people run it; what is asserted are counts and the audit, never a time.

use std::process::{Command, Stdio};

use serde_json::Value;
use upside_localnet_process::path;

#[test]
fn every_atom_of_a_small_load_is_accounted_for() {
    let output = Command::new(env!("CARGO_BIN_EXE_upside-load"))
        .arg("--program")
        .arg(path("UPSIDE_PROGRAM_SO"))
        .arg("--localnet")
        .arg(path("UPSIDE_LOCALNET_BIN"))
        .args(["--holders", "50", "--securities", "2", "--workers", "8", "--seed", "7"])
        .args(["--transactions", "400", "--seconds", "600", "--output", "json"])
        .stdin(Stdio::null())
        .output()
        .expect("the load starts");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{}\n{text}",
        String::from_utf8_lossy(&output.stderr)
    );
    let report: Value = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text}"));
    assert_eq!(report["sound"], true, "{text}");
    assert_eq!(report["transactions"], 400, "{text}");
    assert_eq!(report["unknown"], 0, "{text}");
    // Nothing is refused but what was not due yet.
    let failures = report["failures"].as_object().expect("failures");
    for reason in failures.keys() {
        assert!(
            ["NothingToClaim", "NothingToHarvest"].contains(&reason.as_str()),
            "{text}"
        );
    }
    let refused: u64 = failures.values().filter_map(Value::as_u64).sum();
    let kinds = report["kinds"].as_array().expect("kinds");
    for kind in kinds {
        assert!(kind["done"].as_u64() > Some(0), "{text}");
    }
    let all = kinds.last().expect("all of it");
    assert_eq!(all["done"].as_u64(), Some(400 - refused), "{text}");
    assert!(report["audit"]["claimedAtoms"].as_u64() > Some(0), "{text}");
    // Every transaction that was done told at least one event, and so did the making of the market.
    assert!(report["audit"]["events"].as_u64() > all["done"].as_u64(), "{text}");
}

#[test]
fn a_load_without_a_network_names_what_is_missing() {
    let output = Command::new(env!("CARGO_BIN_EXE_upside-load"))
        .args(["--url", "http://127.0.0.1:1", "--holders", "1", "--workers", "1"])
        .output()
        .expect("the load starts");
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.contains("does not answer as a local network"), "{error}");
}
