//! `upside value`, from files and from the live network.

use std::{fs, path::PathBuf};

use serde_json::Value;
use solana_rpc_client_api::request::RpcRequest;
use tempfile::TempDir;
use upside_client::{accounts, solana_keypair::Keypair, solana_signer::Signer, time, Sender};

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

#[test]
fn quotes_are_read_from_price_accounts_and_widen_with_confidence_and_age() {
    let net = network();
    let issuer = net.wallet();
    let mint = net.token_with(&issuer, "QUOTED", &["--initial", "1000000"]);
    let acme = asset("ACMEx").mint.to_string();
    net.json(&issuer, &["vault", "open", &mint, &acme]);
    net.json(&issuer, &["vault", "deposit", &mint, &acme, "10"]);
    let sender = net.sender();
    let scaled = accounts::get_mint(&sender, &asset("ACMEx").mint).unwrap().scaled_ui;
    // A price of 200, give or take 1, published fifteen days ago: a day is fresh, fourteen widen by a percent each.
    let at_ts = sender.now().unwrap();
    let published_ts = at_ts - 15 * 86_400;
    let at = time::date_to_text(at_ts);
    let account = Keypair::new().pubkey();
    let mut data = vec![34, 241, 35, 99, 157, 126, 244, 205];
    data.extend([7; 32]);
    data.push(1);
    data.extend([0xab; 32]);
    data.extend(20_000_000_000i64.to_le_bytes());
    data.extend(100_000_000u64.to_le_bytes());
    data.extend((-8i32).to_le_bytes());
    data.extend(published_ts.to_le_bytes());
    data.extend([0; 32]);
    let set = |owner: &str| {
        let hex: String = data.iter().map(|byte| format!("{byte:02x}")).collect();
        let method = RpcRequest::Custom {
            method: "surfnet_setAccount",
        };
        let account = serde_json::json!([account.to_string(), { "lamports": 2_000_000, "data": hex, "owner": owner }]);
        let _: Value = sender.rpc().send(method, account).unwrap();
    };
    let folder = TempDir::new().unwrap();
    let prices = folder.path().join("prices.toml");
    let feed = "ab".repeat(32);
    let text = format!("unit = \"USD\"\n[asset.{acme}]\naccount = \"{account}\"\nfeed = \"{feed}\"\n");
    fs::write(&prices, text).unwrap();
    let worth = || {
        let value = net.json(&issuer, &["value", "--at", &at, "--prices", prices.to_str().unwrap()]);
        let holders = value["holders"].as_array().unwrap();
        let mine = holders.iter().find(|row| row["holder"] == issuer.text().as_str());
        mine.unwrap()["worth"].clone()
    };
    // Nobody says anything yet: from 0 to anything.
    let open = worth();
    assert_eq!(number(&open["low"]), 0.0, "{open}");
    assert!(open["high"].is_null(), "{open}");

    set("rec5EKMGg6MxZYaMdyBfgwp4d5rB9T1VQH5pJv5LtFJ");
    let found = worth();
    let shown = scaled.map_or(1.0, |scaled| scaled.at(published_ts));
    let near = |value: &Value, price: f64, days: f64| {
        let expected = 10.0 * shown * price * (1.0 + days / 100.0);
        (number(value) / expected - 1.0).abs() < 1e-3
    };
    assert!(near(&found["low"], 199.0, -14.0), "{found} {shown}");
    assert!(near(&found["high"], 201.0, 14.0), "{found} {shown}");

    // The same bytes from a program that verified nothing.
    set("TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA");
    let ran = net.run(&issuer, &["value", "--prices", prices.to_str().unwrap()]);
    assert_eq!(ran.code, 1, "{}", ran.out);
    assert!(
        ran.err.contains("price account") && ran.err.contains("owns it"),
        "{}",
        ran.err
    );
}
