//! `upside value`, from files and from the live network.

use std::{fs, path::PathBuf};

use serde_json::Value;
use tempfile::TempDir;
use upside_client::{accounts, Sender};

use crate::network::{asset, network, run};

/// The example of the valuation crate.
fn village() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/valuation/examples/village.toml"))
}

fn number(value: &Value) -> f64 {
    value
        .as_str()
        .and_then(|text| text.parse().ok())
        .unwrap_or_else(|| panic!("no number: {value}"))
}

#[test]
fn a_market_in_a_file_is_valued_explained_and_drawn_without_a_cluster() {
    let folder = TempDir::new().unwrap();
    let picture = folder.path().join("village.svg");
    let ran = run(&[
        "--output",
        "json",
        "value",
        "--file",
        village().to_str().unwrap(),
        "--why",
        "Teacher",
        "--svg",
        picture.to_str().unwrap(),
    ]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let value: Value = serde_json::from_str(&ran.out).unwrap();
    // By hand, at the lower ends. Per million: alice = 1 + 0.1 village, village = 0.3 alice + 200,000 of Bob's 980,000 shares of 96,000.
    let bob = 120_000.0 * 0.8 / 980_000.0;
    let village = (0.3 * 1_000_000.0 + 200_000.0 * bob) / (1.0 - 0.3 * 0.1);
    let teacher = &value["holders"]
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["holder"] == "Teacher")
        .unwrap()["worth"];
    assert!((number(&teacher["low"]) - village * 0.2).abs() < 1e-6, "{teacher}");
    assert!(number(&teacher["high"]) > number(&teacher["low"]));
    let certificate = &value["certificate"]["low"];
    assert!(number(&certificate["gap"]).abs() <= number(&certificate["bound"]));
    let why = &value["why"][0];
    assert_eq!(why["paths"][0]["asset"], "ACME");
    assert_eq!(why["paths"][0]["through"], serde_json::json!(["ALICE", "VILLAGE"]));
    let drawn = fs::read_to_string(picture).unwrap();
    assert!(
        drawn.contains("Teacher") && drawn.contains("#d9622b"),
        "one path is highlighted"
    );
}

#[test]
fn a_bad_file_is_refused_with_line_and_column() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("bad.toml");
    let text = fs::read_to_string(village())
        .unwrap()
        .replace("price = \"12.50\"", "price = \"12,50\"");
    fs::write(&file, text).unwrap();
    let ran = run(&["value", "--file", file.to_str().unwrap()]);
    assert_eq!(ran.code, 1, "{}", ran.out);
    assert!(ran.err.contains("bad.toml, line 7, column 9"), "{}", ran.err);
}

#[test]
fn what_is_on_the_cluster_is_valued_with_quotes_by_mint() {
    let net = network();
    let issuer = net.wallet();
    let mint = net.token_with(&issuer, "VALUED", &["--initial", "600000"]);
    let acme = asset("ACMEx").mint.to_string();
    net.json(&issuer, &["vault", "open", &mint, &acme]);
    net.json(&issuer, &["vault", "deposit", &mint, &acme, "10"]);
    let folder = TempDir::new().unwrap();
    let prices = folder.path().join("prices.toml");
    fs::write(&prices, format!("unit = \"USDC\"\n[asset.{acme}]\nprice = \"200\"\n")).unwrap();
    let value = net.json(&issuer, &["value", "--prices", prices.to_str().unwrap()]);
    let holders = value["holders"].as_array().unwrap();
    let mine = holders
        .iter()
        .find(|row| row["holder"] == issuer.text().as_str())
        .unwrap();
    // 10 of ACMEx at 200 per unit that wallets show, among 1,000,000 that may ever exist, of which the issuer holds 600,000.
    let sender = net.sender();
    let scaled = accounts::get_mint(&sender, &asset("ACMEx").mint).unwrap().scaled_ui;
    let shown = scaled.map_or(1.0, |scaled| scaled.at(sender.now().unwrap()));
    let expected = 10.0 * shown * 200.0 * 0.6;
    assert!(
        (number(&mine["worth"]["low"]) - expected).abs() < 1e-6,
        "{mine}, {expected}"
    );
}
