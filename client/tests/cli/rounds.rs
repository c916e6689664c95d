//! `round`: announced, subscribed to, decided, settled by anybody, paid out over a runway.

use anchor_spl::token::spl_token;
use serde_json::Value;
use upside_client::{accounts, instructions::token, pda, solana_signer::Signer};

use crate::{
    network::{network, payout, run, Network, Wallet},
    proxy::{held_up_after, with_rival},
};

const DAY: i64 = 86_400;

fn amount(value: &Value) -> &str {
    value["amount"].as_str().unwrap_or_else(|| panic!("no amount: {value}"))
}

fn atoms(value: &Value) -> u64 {
    value["atoms"].as_str().unwrap().parse().unwrap()
}

/// A security of 1,000,000 shares of which 400,000 are issued, and 1,000 of them held by somebody else.
fn security(net: &Network, symbol: &str) -> (Wallet, Wallet, String) {
    let (issuer, holder) = (net.wallet(), net.wallet());
    let mint = net.token_with(&issuer, symbol, &["--initial", "400000"]);
    net.json(&issuer, &["shares", "send", &mint, "1000", &holder.text()]);
    (issuer, holder, mint)
}

fn money(net: &Network, wallet: &Wallet) -> u64 {
    accounts::token_balance(&net.sender(), &payout().account_of(&wallet.address())).unwrap()
}

fn shares(net: &Network, wallet: &Wallet) -> u64 {
    let held = net.json(wallet, &["shares", "list"]);
    held["shares"]
        .as_array()
        .unwrap()
        .first()
        .map_or(0, |entry| atoms(&entry["registered"]))
}

/// Whole money in atoms.
const fn whole(units: u64) -> u64 {
    units * 1_000_000
}

#[test]
fn a_public_round_is_shared_by_all_who_want_it_and_pays_over_its_runway() {
    let net = network();
    let _alone = net.alone_in_time();
    let (issuer, stranger, mint) = security(net, "PUBLIC");
    let [a, b, c, d] = [0; 4].map(|_| net.wallet());
    let terms = [
        "round",
        "create",
        &mint,
        "--for-sale",
        "100000",
        "--price",
        "0.05",
        "--minimum",
        "40000",
        "--commit",
        "10d",
        "--closes",
        "20d",
        "--runway",
        "100d",
        "--backing",
        "10",
    ];
    let create = |more: &[&str]| net.run(&issuer, &[&terms[..], more, &["--yes"]].concat());
    let unbacked = create(&["--opens", "60d"]);
    assert_eq!(unbacked.code, 1, "{}", unbacked.err);
    assert!(unbacked.err.contains("has no vault for the money"), "{}", unbacked.err);
    net.json(&issuer, &["vault", "open", &mint, &payout().mint.to_string()]);
    let soon = create(&["--opens", "1d"]);
    assert_eq!(soon.code, 1, "{}", soon.err);
    assert!(soon.err.contains("1w of notice are due"), "{}", soon.err);
    let asked = net.run(&issuer, &[&terms[..], &["--opens", "60d"]].concat());
    assert_eq!(asked.code, 5, "{}", asked.err);
    for expected in [
        "5,000 ",
        "If fewer than 40,000 PUBLIC are wanted it fails",
        "strangers can crowd anybody out",
        "in a line over 14w2d from the close on",
        "10% of it becomes backing",
        "a holder of 10% of PUBLIC today has 8.00%",
    ] {
        assert!(asked.err.contains(expected), "{expected}: {}", asked.err);
    }
    let dry = net.json(&issuer, &[&terms[..], &["--opens", "60d", "--dry-run"]].concat());
    assert!(dry.to_string().contains("RoundCreated"), "{dry}");
    let made = net.json(&issuer, &[&terms[..], &["--opens", "60d"]].concat());
    assert_eq!(made["round"], 0);

    let shown = net.json(&stranger, &["token", "show", &mint]);
    let announced = &shown["announced"]["rounds"][0];
    assert_eq!(announced["status"], "announced");
    assert_eq!(amount(&announced["price"]), "0.05");
    assert!(announced["crowding"]
        .as_str()
        .unwrap()
        .contains("strangers can crowd anybody out"));
    assert_eq!(shown["announced"]["worstCase"]["percent"], "80.00%");
    let page = net.run(&stranger, &["token", "show", &mint]).out;
    assert!(page.contains("round 0 sells up to 100,000 PUBLIC at 0.05"), "{page}");
    let early = net.run(&a, &["round", "subscribe", &mint, "10", "--id", "0", "--yes"]);
    assert_eq!(early.code, 1, "{}", early.err);
    assert!(early.err.contains("it is announced"), "{}", early.err);

    net.travel(60 * DAY + 60);
    let asked = net.run(&a, &["round", "subscribe", &mint, "80000"]);
    assert_eq!(asked.code, 5, "{}", asked.err);
    assert!(asked.err.contains("You can lower or withdraw it for"), "{}", asked.err);
    assert!(
        asked.err.contains("if nothing changes you get all 80,000 PUBLIC"),
        "{}",
        asked.err
    );
    assert!(
        asked
            .err
            .contains("if others want as much again, you get 50,000 PUBLIC"),
        "{}",
        asked.err
    );
    let dry = net.json(&a, &["round", "subscribe", &mint, "80000", "--dry-run"]);
    assert!(dry.to_string().contains("wanted by all"), "{dry}");
    net.json(&a, &["round", "subscribe", &mint, "80000"]);
    assert_eq!(money(net, &a), whole(10_000 - 4_000));
    let what_if = net.json(&b, &["round", "show", &mint, "--what-if", "60000"]);
    // 100,000 of 140,000.
    assert_eq!(amount(&what_if["yours"]["allocation"]), "42857.142857");
    net.json(&b, &["round", "subscribe", &mint, "60000"]);
    net.json(&c, &["round", "subscribe", &mint, "70000"]);
    net.json(&c, &["round", "subscribe", &mint, "60000"]);
    assert_eq!(money(net, &c), whole(10_000 - 3_000));
    let same = net.run(&c, &["round", "subscribe", &mint, "60000", "--yes"]);
    assert_eq!(same.code, 1, "{}", same.err);
    net.json(&d, &["round", "subscribe", &mint, "10.5"]);
    net.json(&d, &["round", "withdraw", &mint]);
    assert_eq!(money(net, &d), whole(10_000));
    let nothing = net.run(&d, &["round", "withdraw", &mint, "--yes"]);
    assert_eq!(nothing.code, 1, "{}", nothing.err);
    let too_much = net.run(&d, &["round", "subscribe", &mint, "100001", "--yes"]);
    assert!(too_much.err.contains("sells 100,000 PUBLIC in all"), "{}", too_much.err);

    let page = net.run(&b, &["round", "show", &mint]).out;
    for expected in [
        "round 0 of PUBLIC: open",
        "500% of the minimum",
        "200% of the 100,000 PUBLIC for sale",
        "closes in 2w",
        "subscriptions bind in 1w",
        "You want 60,000 PUBLIC",
        "if nothing changes you get 30,000 PUBLIC",
        "Subscriptions",
    ] {
        assert!(page.contains(expected), "{expected}: {page}");
    }
    let early = net.run(&stranger, &["round", "close", &mint, "--id", "0", "--yes"]);
    assert_eq!(early.code, 1, "{}", early.err);
    assert!(early.err.contains("a round is never closed earlier"), "{}", early.err);
    let early = net.run(&stranger, &["round", "settle", &mint, "--id", "0", "--yes"]);
    assert_eq!(early.code, 1, "{}", early.err);

    net.travel(10 * DAY);
    assert_eq!(net.json(&a, &["round", "show", &mint])["status"], "open and binding");
    let bound = net.run(&a, &["round", "withdraw", &mint, "--yes"]);
    assert_eq!(bound.code, 1, "{}", bound.err);
    assert!(bound.err.contains("bind since"), "{}", bound.err);
    let less = net.run(&a, &["round", "subscribe", &mint, "1", "--yes"]);
    assert_eq!(less.code, 1, "{}", less.err);
    let late = net.run(&issuer, &["round", "cancel", &mint, "--id", "0", "--yes"]);
    assert_eq!(late.code, 2, "{}", late.err);
    assert!(late.err.contains("investors rely on it"), "{}", late.err);
    assert_eq!(net.json(&issuer, &["audit", &mint])["sound"], true);

    net.travel(10 * DAY);
    let undecided = net.run(&stranger, &["round", "settle", &mint, "--id", "0", "--yes"]);
    assert_eq!(undecided.code, 1, "{}", undecided.err);
    assert!(undecided.err.contains("upside round close"), "{}", undecided.err);
    let closed = net.json(&stranger, &["round", "close", &mint]);
    assert_eq!(closed["status"], "succeeded", "{closed}");
    let settled = net.json(&stranger, &["round", "settle", &mint]);
    assert_eq!(settled["settled"].as_array().unwrap().len(), 3, "{settled}");
    // Half of what each wanted, and half of the money back.
    for (wallet, got) in [(&a, 40_000), (&b, 30_000), (&c, 30_000)] {
        assert_eq!(shares(net, wallet), whole(got));
        assert_eq!(money(net, wallet), whole(10_000) - whole(got) / 20);
    }
    assert_eq!(net.json(&issuer, &["audit", &mint])["sound"], true);
    let over = net.run(&stranger, &["round", "settle", &mint, "--yes"]);
    assert_eq!(over.code, 1, "{}", over.err);

    net.travel(50 * DAY);
    let before = money(net, &issuer);
    let half = net.json(&stranger, &["round", "runway", &mint]);
    let (to_issuer, to_vault) = (atoms(&half["issuer"]), atoms(&half["backing"]));
    // Half of 4,500 and of 500, and what the tests of others travelled.
    assert!((whole(2_250)..whole(2_700)).contains(&to_issuer), "{half}");
    assert!((whole(250)..whole(300)).contains(&to_vault), "{half}");
    assert_eq!(money(net, &issuer) - before, to_issuer);
    let page = net.run(&stranger, &["round", "show", &mint]).out;
    assert!(page.contains("of 5,000 "), "{page}");
    assert!(page.contains("the runway ends in"), "{page}");
    net.travel(60 * DAY);
    net.json(&stranger, &["round", "runway", &mint]);
    assert_eq!(money(net, &issuer) - before, whole(4_500));
    let vaults = net.json(&stranger, &["vault", "list", &mint]);
    assert_eq!(amount(&vaults["vaults"][0]["balance"]), "500");
    let empty = net.run(&stranger, &["round", "runway", &mint, "--yes"]);
    assert_eq!(empty.code, 1, "{}", empty.err);
    let empty = net.run(&stranger, &["round", "runway", &mint, "--id", "0", "--yes"]);
    assert!(empty.err.contains("all of it is paid"), "{}", empty.err);

    let row =
        |wallet: &Wallet| net.json(wallet, &["account", "statement", &mint, "--period", "all"])["rows"][0].clone();
    assert_eq!(amount(&row(&c)["sharesBought"]), "30000");
    assert_eq!(amount(&row(&c)["paidIntoRounds"]), "3500");
    assert_eq!(amount(&row(&c)["returnedByRounds"]), "2000");
    assert_eq!(amount(&row(&d)["paidIntoRounds"]), amount(&row(&d)["returnedByRounds"]));
    assert_eq!(amount(&row(&issuer)["runwayReceived"]), "4500");
    let csv = net.run(&c, &["account", "statement"]).out;
    assert!(
        csv.lines()
            .next()
            .unwrap()
            .ends_with("paid_into_rounds,returned_by_rounds,runway_received"),
        "{csv}"
    );
    assert_eq!(net.json(&issuer, &["audit", &mint])["sound"], true);
    let listed = net.json(&stranger, &["round", "list", &mint]);
    assert_eq!(listed["rounds"][0]["status"], "succeeded");
}

#[test]
fn an_invited_round_that_wants_too_little_pays_everybody_back() {
    let net = network();
    let _alone = net.alone_in_time();
    let (issuer, stranger, mint) = security(net, "INVITED");
    let (a, b) = (net.wallet(), net.wallet());
    net.json(
        &issuer,
        &[
            "round",
            "create",
            &mint,
            "--for-sale",
            "100000",
            "--price",
            "0.1",
            "--minimum",
            "50000",
            "--opens",
            "60d",
            "--closes",
            "20d",
            "--invited",
        ],
    );
    let shown = net.run(&stranger, &["token", "show", &mint]).out;
    assert!(shown.contains("no stranger can crowd anybody out"), "{shown}");
    net.json(&issuer, &["round", "invite", &mint, &a.text(), "20000"]);
    let more = net.json(&issuer, &["round", "invite", &mint, &b.text(), "90000"]);
    assert_eq!(amount(&more["capsInAll"]), "110000");
    let twice = net.run(&issuer, &["round", "invite", &mint, &a.text(), "1", "--yes"]);
    assert_eq!(twice.code, 1, "{}", twice.err);
    net.json(&issuer, &["round", "uninvite", &mint, &b.text()]);

    net.travel(60 * DAY + 60);
    let uninvited = net.run(&b, &["round", "subscribe", &mint, "10", "--yes"]);
    assert_eq!(uninvited.code, 1, "{}", uninvited.err);
    assert!(uninvited.err.contains("is by invitation"), "{}", uninvited.err);
    let above = net.run(&a, &["round", "subscribe", &mint, "20001", "--yes"]);
    assert_eq!(above.code, 1, "{}", above.err);
    assert!(above.err.contains("is for up to 20,000 INVITED"), "{}", above.err);
    net.json(&a, &["round", "subscribe", &mint, "20000"]);
    let used = net.run(&issuer, &["round", "uninvite", &mint, &a.text(), "--yes"]);
    assert_eq!(used.code, 1, "{}", used.err);
    assert!(used.err.contains("has subscribed for 20,000 INVITED"), "{}", used.err);
    // The investor's account is gone when the refund comes: it waits.
    let money_mint = payout();
    let account = money_mint.account_of(&a.address());
    let left = money(net, &a);
    let send = token::transfer_between_atas(
        &money_mint.token_program,
        &money_mint.mint,
        money_mint.decimals,
        &a.address(),
        &issuer.address(),
        left,
    )
    .unwrap();
    let close =
        spl_token::instruction::close_account(&money_mint.token_program, &account, &a.address(), &a.address(), &[])
            .unwrap();
    net.send(&[send, close], &a, &a.key);

    net.travel(20 * DAY);
    let closed = net.json(&stranger, &["round", "close", &mint]);
    assert_eq!(closed["status"], "failed", "{closed}");
    let text = net.run(&stranger, &["round", "settle", &mint, "--id", "0", "--yes"]);
    assert_eq!(text.code, 0, "{}", text.err);
    assert!(text.out.contains("could not be paid back yet"), "{}", text.out);
    assert_eq!(net.json(&issuer, &["audit", &mint])["sound"], true);
    let page = net.run(&a, &["round", "show", &mint, "--id", "0"]).out;
    assert!(
        page.contains("2,000 ") && page.contains("upside round refund"),
        "{page}"
    );
    let none = net.run(&b, &["round", "refund", &mint, "--yes"]);
    assert_eq!(none.code, 1, "{}", none.err);
    let refunded = net.json(&a, &["round", "refund", &mint]);
    assert_eq!(amount(&refunded["refunded"]), "2000");
    assert_eq!(money(net, &a), whole(2_000));
    let row = net.json(&a, &["account", "statement", &mint, "--period", "all"])["rows"][0].clone();
    assert_eq!(amount(&row["returnedByRounds"]), "2000");
    let unpaid = net.run(&issuer, &["round", "runway", &mint, "--id", "0", "--yes"]);
    assert_eq!(unpaid.code, 1, "{}", unpaid.err);
    assert!(unpaid.err.contains("it has no runway"), "{}", unpaid.err);

    // A second one is called off.
    net.json(
        &issuer,
        &[
            "round",
            "create",
            &mint,
            "--for-sale",
            "10",
            "--price",
            "1",
            "--minimum",
            "0",
            "--opens",
            "60d",
            "--closes",
            "9d",
        ],
    );
    let none = net.run(&issuer, &["round", "invite", &mint, &b.text(), "1", "--yes"]);
    assert!(none.err.contains("no round by invitation"), "{}", none.err);
    let public = net.run(
        &issuer,
        &["round", "invite", &mint, &b.text(), "1", "--id", "1", "--yes"],
    );
    assert!(public.err.contains("is public"), "{}", public.err);
    net.travel(60 * DAY + 60);
    net.json(&b, &["round", "subscribe", &mint, "3"]);
    net.json(&issuer, &["round", "cancel", &mint]);
    let settled = net.json(&stranger, &["round", "settle", &mint]);
    assert_eq!(amount(&settled["settled"][0]["refunded"]), "3");
    assert_eq!(money(net, &b), whole(10_000));
    let shown = net.json(&issuer, &["token", "show", &mint]);
    assert_eq!(amount(&shown["supply"]["reserved"]), "0");
    assert_eq!(net.json(&issuer, &["audit", &mint])["sound"], true);
}

/// A round of 7,000 shares at 1 that is over, and those who want 1,000 each.
fn wanting(net: &Network, issuer: &Wallet, mint: &str, investors: usize) -> Vec<Wallet> {
    let create = [
        "round",
        "create",
        mint,
        "--for-sale",
        "7000",
        "--price",
        "1",
        "--minimum",
        "1",
        "--opens",
        "60d",
        "--closes",
        "5d",
    ];
    net.json(issuer, &create);
    net.travel(60 * DAY + 60);
    let investors: Vec<Wallet> = (0..investors).map(|_| net.wallet()).collect();
    for investor in &investors {
        net.json(investor, &["round", "subscribe", mint, "1000"]);
    }
    net.travel(5 * DAY);
    investors
}

#[test]
fn a_killed_settlement_is_gone_on_with_by_anybody() {
    let net = network();
    let _alone = net.alone_in_time();
    let (issuer, stranger, mint) = security(net, "CRANKS");
    let investors = wanting(net, &issuer, &mint, 12);
    net.json(&stranger, &["round", "close", &mint]);
    let mut child = held_up_after(&stranger, 2, &["round", "settle", &mint]);
    child.kill().unwrap();
    child.wait().unwrap();
    let open = || {
        let security = pda::security(&mint.parse().unwrap());
        accounts::subscriptions_of(&net.sender(), &pda::round(&security, 0))
            .unwrap()
            .len()
    };
    assert!((1..12).contains(&open()), "{}", open());
    let rest = net.json(&issuer, &["round", "settle", &mint]);
    let transactions = rest["transactions"].as_array().unwrap().len();
    let settled = rest["settled"].as_array().unwrap().len();
    assert!(
        transactions * 2 <= settled + 1,
        "{transactions} transactions for {settled}"
    );
    assert_eq!(open(), 0);
    for investor in &investors {
        // 1,000 of 12,000 wanted, 7,000 for sale: 583.333333, whose cost is the same amount of money.
        assert_eq!(shares(net, investor), 583_333_333);
        assert_eq!(money(net, investor), whole(10_000) - 583_333_333);
    }
    let done = net.json(&issuer, &["round", "settle", &mint, "--id", "0"]);
    assert_eq!(done["settled"].as_array().unwrap().len(), 0);
    // What rounding left is free again.
    let shown = net.json(&issuer, &["token", "show", &mint]);
    assert_eq!(amount(&shown["supply"]["reserved"]), "0");
    assert_eq!(net.json(&issuer, &["audit", &mint])["sound"], true);
    let runway = net.json(&stranger, &["round", "runway", &mint]);
    assert_eq!(atoms(&runway["issuer"]), 12 * 583_333_333);
}

#[test]
fn a_round_is_exported_for_a_multisig() {
    let net = network();
    let (issuer, _, mint) = security(net, "EXPORTR");
    let ran = crate::network::run(&[
        "-u",
        &net.rpc,
        "--issuer",
        &issuer.text(),
        "--base64",
        "--output",
        "json",
        "round",
        "create",
        &mint,
        "--for-sale",
        "10",
        "--price",
        "1",
        "--minimum",
        "0",
        "--closes",
        "9d",
    ]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let value: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(value["signers"][0]["signer"], issuer.key.pubkey().to_string());
    assert!(
        value["irreversible"].to_string().contains("succeeds if anything"),
        "{value}"
    );
}

#[test]
fn what_somebody_else_settles_meanwhile_is_no_failure() {
    const INVESTORS: usize = 4;
    let net = network();
    let _alone = net.alone_in_time();
    let (issuer, stranger, mint) = security(net, "RACE");
    let investors = wanting(net, &issuer, &mint, INVESTORS);
    net.json(&stranger, &["round", "close", &mint]);
    let theirs = mint.clone();
    let url = with_rival(move || {
        let settled = network().json(&stranger, &["round", "settle", &theirs]);
        assert_eq!(settled["settled"].as_array().unwrap().len(), INVESTORS);
    });
    let key = issuer.file.to_str().unwrap();
    let settle = ["round", "settle", &mint, "--output", "json", "--yes"];
    let ran = run(&[&["-u", &url, "-k", key][..], &settle].concat());
    assert_eq!(ran.code, 0, "{}", ran.err);
    let told: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(told["settled"].as_array().unwrap().len(), 0);
    assert_eq!(told["settled_by_others"], INVESTORS);
    assert_eq!(told["refused"].as_array().unwrap().len(), 0);
    for investor in &investors {
        assert_eq!(shares(net, investor), whole(1_000));
    }
}
