//! `--dry-run` shows what would change and changes nothing; questions without a terminal are refused.

use serde_json::Value;
use upside_client::{accounts, pda, Sender};

use crate::network::{asset, network, payout};

#[test]
fn a_dry_run_shows_before_and_after_and_changes_nothing() {
    let net = network();
    let (issuer, friend) = (net.wallet(), net.poor_wallet());
    let mint = net.token(&issuer, "DRY");
    let sender = net.sender();
    let security = pda::security(&mint.parse().unwrap());
    let acme = asset("ACMEx").mint.to_string();
    net.json(&issuer, &["vault", "open", &mint, &acme]);
    let state = || {
        let mut addresses: Vec<_> = accounts::positions_of(&sender, &security)
            .unwrap()
            .into_iter()
            .map(|(a, _)| a)
            .collect();
        addresses.extend([security, issuer.address(), payout().account_of(&issuer.address())]);
        sender.get_multiple_accounts(&addresses).unwrap()
    };
    let before = state();

    let shown = net.json(&issuer, &["shares", "send", &mint, "10.5", &friend.text(), "--dry-run"]);
    assert_eq!(shown["dryRun"], true);
    let change = |shown: &Value, what: &str, field: &str| {
        let effects = shown["effects"].as_array().unwrap();
        let effect = effects
            .iter()
            .find(|effect| effect["what"].as_str().unwrap().starts_with(what));
        let effect = effect.unwrap_or_else(|| panic!("{what} is missing: {shown}"));
        let change = effect["changes"]
            .as_array()
            .unwrap()
            .iter()
            .find(|change| change["field"] == field);
        let change = change.unwrap_or_else(|| panic!("{what} has no {field}: {shown}"));
        (change["before"].clone(), change["after"].clone())
    };
    let start: String = friend.text().chars().take(4).collect();
    let opened = change(&shown, &format!("position of {start}"), "shares");
    assert_eq!(opened, (Value::Null, "10.5 DRY".into()));
    let start: String = issuer.text().chars().take(4).collect();
    let reduced = change(&shown, &format!("position of {start}"), "shares");
    assert_eq!(reduced, ("1,000,000 DRY".into(), "999,989.5 DRY".into()));

    let shown = net.json(&issuer, &["upside", "distribute", &mint, "100", "--dry-run"]);
    let (_, after) = change(&shown, "security DRY", "stream to drip");
    assert!(after.as_str().unwrap().starts_with("100 "), "{shown}");
    let shown = net.json(&issuer, &["vault", "deposit", &mint, &acme, "2", "--dry-run"]);
    let (_, after) = change(&shown, "vault of", "deposited in all");
    assert_eq!(after, "2 ACMEx");

    for more in [
        vec!["shares", "unregister", &mint, "5"],
        vec!["token", "retire", &mint, "0.000001"],
        vec!["token", "handover", "propose", &mint, &friend.text()],
        vec!["token", "update", &mint, "--name", "Other"],
    ] {
        let ran = net.run(&issuer, &[&more[..], &["--dry-run"]].concat());
        if more[1] == "retire" {
            // All is issued: the refusal is that of the program, without anything sent.
            assert_eq!(ran.code, 2, "{}", ran.err);
        } else {
            assert_eq!(ran.code, 0, "{more:?}: {}", ran.err);
            assert!(ran.out.contains('→'), "{more:?}: {}", ran.out);
        }
    }
    assert_eq!(state(), before);
    assert_eq!(net.json(&issuer, &["audit", &mint])["events"], 2);
}

#[test]
fn the_creation_of_a_token_can_be_tried() {
    let net = network();
    let issuer = net.wallet();
    let money = payout().mint.to_string();
    let ran = net.run(
        &issuer,
        &[
            "token",
            "create",
            "--kind",
            "person",
            "--name",
            "Trial",
            "--symbol",
            "TRY",
            "--authorised",
            "1000000",
            "--payout-mint",
            &money,
            "--dry-run",
        ],
    );
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out.contains("the one personal token"), "{}", ran.out);
    assert!(ran.out.contains("mint TRY"), "{}", ran.out);
    let mint = pda::mint(&issuer.address(), upside_client::upside::state::Kind::Person, 0);
    assert!(net.sender().get_account(&mint).unwrap().is_none());
}

#[test]
fn what_cannot_be_undone_is_asked_about_first() {
    let net = network();
    let (issuer, friend) = (net.wallet(), net.poor_wallet());
    let mint = net.token(&issuer, "ASK");
    let ran = net.run(&issuer, &["shares", "send", &mint, "1", &friend.text()]);
    assert_eq!(ran.code, 5, "{}", ran.err);
    assert!(ran.err.contains("can send them back"), "{}", ran.err);
    assert!(ran.err.contains("add --yes"), "{}", ran.err);
    assert!(ran.out.is_empty());
    let held = net.json(&issuer, &["shares", "list", &mint]);
    assert_eq!(held["holders"].as_array().unwrap().len(), 1);
}
