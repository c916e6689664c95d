//! `audit` finds what differs, and servers that fail or lie are found out.

use std::time::Duration;

use base64::{engine::general_purpose::STANDARD, Engine};
use serde_json::{json, Value};

use crate::{
    network::{network, run},
    proxy,
};

#[test]
fn a_history_with_a_gap_is_a_difference() {
    let net = network();
    let issuer = net.wallet();
    let mint = net.token(&issuer, "GAP");
    net.json(&issuer, &["shares", "unregister", &mint, "1"]);
    net.json(&issuer, &["shares", "register", &mint, "1"]);
    // The history comes newest first.
    let url = proxy::lying(|method, result| {
        if method == "getSignaturesForAddress" {
            if let Some(list) = result.as_array_mut().filter(|list| list.len() > 2) {
                list.remove(1);
            }
        }
    });
    let ran = run(&["-u", &url, "audit", &mint, "--output", "json-compact"]);
    assert_eq!(ran.code, 6, "{}", ran.err);
    let value: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(value["sound"], false);
    assert!(
        value["differences"][0]
            .as_str()
            .unwrap()
            .contains("missing, doubled or out of order"),
        "{value}"
    );
}

#[test]
fn an_account_that_is_not_what_its_history_says_is_a_difference() {
    let net = network();
    let issuer = net.wallet();
    let mint = net.token(&issuer, "LIVE");
    let url = proxy::lying(|method, result| {
        if method != "getProgramAccounts" {
            return;
        }
        for account in result.as_array_mut().into_iter().flatten() {
            let data = &mut account["account"]["data"][0];
            let mut bytes = STANDARD.decode(data.as_str().unwrap()).unwrap();
            // A position: its claimed total comes before its sequence and its reserved bytes.
            if bytes.len() == 224 {
                bytes[224 - 24 - 8 - 8] ^= 1;
            }
            *data = json!(STANDARD.encode(bytes));
        }
    });
    let ran = run(&["-u", &url, "audit", &mint]);
    assert_eq!(ran.code, 6, "{}", ran.err);
    assert!(ran.out.contains("position"), "{}", ran.out);
    assert!(ran.out.contains("differs from byte"), "{}", ran.out);
}

#[test]
fn a_server_that_is_down_is_named() {
    // A port that the system gives to nobody.
    let url = "http://127.0.0.1:1".to_owned();
    let ran = run(&["-u", &url, "token", "list", "--all"]);
    assert_eq!(ran.code, 3);
    assert!(ran.err.contains(&url), "{}", ran.err);
    // The key to a paid server is part of its URL.
    let ran = run(&[
        "-u",
        &format!("{url}/v2/SECRET?api-key=TOKEN"),
        "token",
        "list",
        "--all",
    ]);
    assert_eq!(ran.code, 3);
    assert!(!ran.err.contains("SECRET") && !ran.err.contains("TOKEN"), "{}", ran.err);
}

#[test]
fn a_server_that_is_slow_is_given_up() {
    let url = proxy::slow(Duration::from_secs(3));
    let ran = run(&["-u", &url, "--timeout", "1", "token", "list", "--all"]);
    assert_eq!(ran.code, 3, "{}", ran.err);
}

#[test]
fn a_server_that_is_no_rpc_server_is_named() {
    let url = proxy::lying(|_, result| *result = json!("welcome"));
    let ran = run(&["-u", &url, "token", "list", "--all"]);
    assert_eq!(ran.code, 3, "{}", ran.err);
}

#[test]
fn the_localnet_program_is_refused_on_a_public_cluster() {
    let url = proxy::lying(|method, result| {
        if method == "getGenesisHash" {
            *result = json!("EtWTRABZaYq6iMfeYKouRu166VU2xqa1wcaWoxPkrZBG");
        }
    });
    let ran = run(&["-u", &url, "token", "list", "--all"]);
    assert_eq!(ran.code, 1, "{}", ran.err);
    assert!(ran.err.contains("must never be used on"), "{}", ran.err);
}

#[test]
fn a_confirmation_without_the_effect_is_not_believed() {
    let net = network();
    let issuer = net.wallet();
    let mint = net.token(&issuer, "FAKE");
    let url = proxy::lying(|method, result| {
        if method == "getTransaction" {
            result["meta"]["innerInstructions"] = json!([]);
        }
    });
    let key = issuer.file.to_str().unwrap();
    let ran = run(&["-u", &url, "-k", key, "shares", "unregister", &mint, "1"]);
    assert_eq!(ran.code, 3, "{}", ran.err);
    assert!(ran.err.contains("does not show what was asked for"), "{}", ran.err);
}
