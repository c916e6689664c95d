//! The whole life of a token, by commands.

use crate::network::{asset, network, payout};
use serde_json::Value;
use upside_client::{accounts, solana_signer::Signer};
use upside_lookalike_mints::keys;

const WEEK: i64 = 7 * 86_400;

fn amount(value: &Value) -> &str {
    value["amount"].as_str().unwrap_or_else(|| panic!("no amount: {value}"))
}

#[test]
fn a_personal_token_is_issued_backed_shared_out_and_pays() {
    let net = network();
    let (alice, teacher) = (net.wallet(), net.wallet());
    let money = payout().mint.to_string();
    let made = net.json(
        &alice,
        &[
            "token",
            "create",
            "--kind",
            "person",
            "--name",
            "Alice Example",
            "--symbol",
            "ALICE",
            "--authorised",
            "1000000",
            "--initial",
            "800000",
            "--payout-mint",
            &money,
            "--redeem-after",
            "2040-01-01",
        ],
    );
    let mint = made["mint"].as_str().unwrap();
    let again = net.run(
        &alice,
        &[
            "token",
            "create",
            "--kind",
            "person",
            "--name",
            "B",
            "--symbol",
            "B",
            "--authorised",
            "1000000",
            "--payout-mint",
            &money,
        ],
    );
    assert_eq!(again.code, 1, "{}", again.err);
    assert!(
        again.err.contains("has created its personal token already"),
        "{}",
        again.err
    );

    let issued = net.json(&alice, &["shares", "issue", mint, "1000"]);
    assert_eq!(amount(&issued["registered"]), "801000");
    let sent = net.json(&alice, &["shares", "send", mint, "200250.5", &teacher.text()]);
    assert_eq!(amount(&sent["registered"]), "600749.5");

    let acme = asset("ACMEx").mint.to_string();
    net.json(&alice, &["vault", "open", mint, &acme]);
    let deposited = net.json(&teacher, &["vault", "deposit", mint, &acme, "12.5"]);
    assert_eq!(amount(&deposited["balance"]), "12.5");
    let vaults = net.json(&alice, &["vault", "list", mint]);
    // 12.5 of 1,000,000 that may ever exist, rounded down.
    assert_eq!(amount(&vaults["vaults"][0]["perShare"]), "0.0000125");
    assert!(vaults["vaults"][0]["issuerCan"].to_string().contains("claw it back"));

    let paid = net.json(&teacher, &["upside", "distribute", mint, "801"]);
    assert_eq!(amount(&paid["paidIn"]), "801");
    net.travel(WEEK + 60);
    let status = net.json(&teacher, &["upside", "status", mint]);
    assert_eq!(amount(&status["stream"]["toCome"]), "0");
    // 801 * 200,250.5 / 801,000 is 200.2505; the accumulator and the payment are rounded down.
    assert_eq!(amount(&status["holder"]["claimable"]), "200.250499");
    let claimed = net.json(&teacher, &["upside", "claim", mint]);
    assert_eq!(amount(&claimed["paid"]), "200.250499");
    // Anybody may pay Alice, to the account that she chose.
    let pushed = net.json(&teacher, &["upside", "claim", mint, "--for", &alice.text()]);
    assert_eq!(amount(&pushed["paid"]), "600.749499");
    let nothing = net.run(&teacher, &["upside", "claim", mint]);
    assert_eq!(nothing.code, 1);
    assert!(
        nothing.err.contains("is owed nothing at this moment"),
        "{}",
        nothing.err
    );

    let shown = net.json(&alice, &["token", "show", mint]);
    assert_eq!(shown["symbol"], "ALICE");
    assert_eq!(amount(&shown["supply"]["registered"]), "801000");
    assert_eq!(amount(&shown["holders"][1]["claimed"]), "200.250499");
    let held = net.json(&teacher, &["shares", "list"]);
    assert_eq!(amount(&held["shares"][0]["registered"]), "200250.5");
    let listed = net.json(&teacher, &["token", "list"]);
    assert_eq!(listed["securities"][0]["mint"].as_str(), Some(mint));

    let audit = net.json(&alice, &["audit", mint]);
    assert_eq!(audit["sound"], true, "{audit}");
    assert_eq!(audit["events"], 8, "{audit}");

    let statement = net.run(&teacher, &["account", "statement", mint, "--period", "all"]);
    assert_eq!(statement.code, 0, "{}", statement.err);
    let mut reader = csv::Reader::from_reader(statement.out.as_bytes());
    let head = reader.headers().unwrap().clone();
    let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 1);
    let column = |name: &str| &rows[0][head.iter().position(|column| column == name).unwrap()];
    assert_eq!(column("shares_received"), "200250.5");
    assert_eq!(column("shares_at_end"), "200250.5");
    assert_eq!(column("upside_earned"), "200.250499");
    assert_eq!(column("upside_claimed"), "200.250499");
    assert_eq!(column("upside_owed_at_end"), "0");
}

#[test]
fn a_statement_splits_what_was_earned_at_the_borders_of_its_periods() {
    let net = network();
    let issuer = net.wallet();
    let mint = net.token_with(&issuer, "SPLIT", &["--drip", "10d"]);
    net.json(&issuer, &["upside", "distribute", &mint, "1000"]);
    net.travel(3 * 86_400);
    net.json(&issuer, &["upside", "claim", &mint]);
    net.travel(8 * 86_400);
    let statement = net.json(&issuer, &["account", "statement", &mint, "--period", "day"]);
    let rows = statement["rows"].as_array().unwrap();
    assert!(rows.len() >= 11, "{statement}");
    let atoms = |row: &Value, field: &str| row[field]["atoms"].as_str().unwrap().parse::<u64>().unwrap();
    let sum = |field: &str| rows.iter().map(|row| atoms(row, field)).sum::<u64>();
    // The accumulator is rounded down.
    let earned = sum("upsideEarned");
    assert!((999_999_999..=1_000_000_000).contains(&earned), "{earned}");
    assert_eq!(
        sum("upsideClaimed") + atoms(rows.last().unwrap(), "upsideOwedAtEnd"),
        earned
    );
    let status = net.json(&issuer, &["upside", "status", &mint]);
    assert_eq!(status["holder"]["claimable"], rows.last().unwrap()["upsideOwedAtEnd"]);
    assert!(sum("upsideClaimed") >= 299_999_999);
    // Ten days of dripping cover nine whole days at least; each earns a tenth. When they are is up to the clock, which other tests move too.
    let whole = |row: &&Value| (99_999_999..=100_000_001).contains(&atoms(row, "upsideEarned"));
    assert!(rows.iter().filter(whole).count() >= 9, "{statement}");
}

#[test]
fn shares_go_bearer_and_come_back() {
    let net = network();
    let issuer = net.wallet();
    let mint = net.token(&issuer, "BEAR");
    let out = net.json(&issuer, &["shares", "unregister", &mint, "40"]);
    assert_eq!(amount(&out["bearer"]), "40");
    assert_eq!(amount(&out["registered"]), "999960");
    let back = net.json(&issuer, &["shares", "register", &mint, "15.5"]);
    assert_eq!(amount(&back["bearer"]), "24.5");
    assert_eq!(amount(&back["registered"]), "999975.5");
    let page = net.run(&issuer, &["token", "show", &mint]);
    assert!(page.out.contains("not earning"), "{}", page.out);
    assert_eq!(net.json(&issuer, &["audit", &mint])["sound"], true);
}

#[test]
fn curated_shares_go_to_approved_holders_only() {
    let net = network();
    let (issuer, friend) = (net.wallet(), net.poor_wallet());
    let mint = net.token_with(&issuer, "CUR", &["--policy", "curated", "--drip", "0s"]);
    let refused = net.run(&issuer, &["shares", "send", &mint, "1", &friend.text(), "--yes"]);
    assert_eq!(refused.code, 2, "{}", refused.err);
    assert!(refused.err.contains("upside shares approve"), "{}", refused.err);
    net.json(&issuer, &["shares", "approve", &mint, &friend.text()]);
    net.json(&issuer, &["shares", "send", &mint, "1", &friend.text()]);
    let listed = net.json(&issuer, &["shares", "list", &mint]);
    assert_eq!(listed["approved"][0].as_str(), Some(friend.text().as_str()));
    let removed = net.json(&issuer, &["shares", "approve", &mint, &friend.text(), "--remove"]);
    assert_eq!(removed["approved"], false);
    let refused = net.run(&issuer, &["shares", "send", &mint, "1", &friend.text(), "--yes"]);
    assert_eq!(refused.code, 2, "{}", refused.err);
    let bearer = net.run(&issuer, &["shares", "unregister", &mint, "1"]);
    assert_eq!(bearer.code, 1);
    assert!(bearer.err.contains("no bearer form"), "{}", bearer.err);
    assert_eq!(net.json(&issuer, &["audit", &mint])["sound"], true);
}

#[test]
fn an_issuer_hands_over_updates_and_retires() {
    let net = network();
    let (issuer, heir) = (net.wallet(), net.wallet());
    let mint = net.token_with(&issuer, "HAND", &["--initial", "100"]);
    let none = net.run(&issuer, &["token", "handover", "withdraw", &mint]);
    assert_eq!(none.code, 1, "{}", none.err);
    net.json(&issuer, &["token", "handover", "propose", &mint, &heir.text()]);
    let withdrawn = net.json(&issuer, &["token", "handover", "withdraw", &mint]);
    assert!(withdrawn["proposedIssuer"].is_null());
    let refused = net.run(&heir, &["token", "handover", "accept", &mint, "--yes"]);
    assert_eq!(refused.code, 2, "{}", refused.err);
    assert!(refused.err.contains("handover propose"), "{}", refused.err);
    net.json(&issuer, &["token", "handover", "propose", &mint, &heir.text()]);
    let accepted = net.json(&heir, &["token", "handover", "accept", &mint]);
    assert_eq!(accepted["issuer"].as_str(), Some(heir.text().as_str()));

    let former = net.run(&issuer, &["token", "update", &mint, "--name", "Mine"]);
    assert_eq!(former.code, 2, "{}", former.err);
    net.json(
        &heir,
        &["token", "update", &mint, "--name", "Another work", "--symbol", "HEIR"],
    );
    let retired = net.json(&heir, &["token", "retire", &mint, "250000.5"]);
    assert_eq!(amount(&retired["authorised"]), "749999.5");
    let shown = net.json(&heir, &["token", "show", &mint]);
    assert_eq!(shown["name"], "Another work");
    assert_eq!(net.json(&heir, &["audit", &mint])["sound"], true);
}

#[test]
fn money_sent_to_the_inbox_is_swept_in() {
    let net = network();
    let issuer = net.wallet();
    let mint = net.token(&issuer, "INBOX");
    let empty = net.run(&issuer, &["upside", "distribute", &mint, "--sweep", "--yes"]);
    assert_eq!(empty.code, 1);
    let shown = net.json(&issuer, &["token", "show", &mint]);
    let security = shown["security"].as_str().unwrap().parse().unwrap();
    let (money, authority) = (payout(), keys::payout_authority());
    let gift = [
        money.open_account(&issuer.address(), &security),
        money.mint_to(&authority.pubkey(), &security, 25_000_000).unwrap(),
    ];
    net.send(&gift, &issuer, &authority);
    let status = net.run(&issuer, &["upside", "status", &mint]);
    assert!(status.out.contains("waits in the inbox"), "{}", status.out);
    let swept = net.json(&issuer, &["upside", "distribute", &mint, "--sweep"]);
    assert_eq!(amount(&swept["swept"]), "25");
    assert_eq!(amount(&swept["paidIn"]), "0");
}

#[test]
fn an_asset_that_takes_a_fee_or_is_born_frozen_says_so() {
    let net = network();
    let issuer = net.wallet();
    let mint = net.token(&issuer, "FEES");
    let umbrella = asset("UMBRx").mint.to_string();
    net.json(&issuer, &["vault", "open", &mint, &umbrella]);
    let asked = net.run(&issuer, &["vault", "deposit", &mint, &umbrella, "100"]);
    assert_eq!(asked.code, 5);
    assert!(asked.err.contains("withholds 0.5% of it"), "{}", asked.err);
    let deposited = net.json(&issuer, &["vault", "deposit", &mint, &umbrella, "100"]);
    assert_eq!(amount(&deposited["sent"]), "100");
    assert_eq!(amount(&deposited["arrived"]), "99.5");

    let initech = asset("INITx").mint.to_string();
    let opened = net.run(&issuer, &["vault", "open", &mint, &initech, "--yes"]);
    assert_eq!(opened.code, 0, "{}", opened.err);
    assert!(opened.out.contains("was born frozen"), "{}", opened.out);
    let listed = net.run(&issuer, &["vault", "list", &mint]);
    assert!(listed.out.contains("is frozen now"), "{}", listed.out);
    let words: Vec<&str> = listed.out.split_whitespace().collect();
    assert!(
        words.join(" ").contains("take a fee of each transfer (now 0.5%)"),
        "{}",
        listed.out
    );
}

#[test]
fn a_holder_may_be_paid_into_another_account() {
    let net = network();
    let (issuer, bank) = (net.wallet(), net.wallet());
    let mint = net.token_with(&issuer, "BANK", &["--policy", "curated", "--drip", "0s"]);
    net.json(&issuer, &["upside", "distribute", &mint, "50"]);
    let account = payout().account_of(&bank.address()).to_string();
    let stranger = net.run(
        &bank,
        &["upside", "claim", &mint, "--for", &issuer.text(), "--to", &account],
    );
    assert_eq!(stranger.code, 1, "only a holder chooses: {}", stranger.err);
    let paid = net.json(&issuer, &["upside", "claim", &mint, "--to", &account]);
    // The accumulator is rounded down.
    assert_eq!(amount(&paid["paid"]), "49.999999");
    let held = accounts::token_balance(&net.sender(), &payout().account_of(&bank.address())).unwrap();
    assert_eq!(held, 10_049_999_999);
}
