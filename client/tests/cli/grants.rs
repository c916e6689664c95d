//! `grant`: promises with notice, milestones, revocation, and hundreds from a table.

use std::{fs, path::PathBuf};

use serde_json::Value;
use upside_client::{accounts, pda, solana_keypair::Keypair, solana_signer::Signer};

use crate::{
    network::{asset, network, run, Network, Wallet},
    proxy::{held_up_after, with_rival},
};

const DAY: i64 = 86_400;
/// Starts of these tests: later than any of them travels while it prepares.
const LATER: &str = "60d";

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

fn only(list: &Value) -> &Value {
    assert_eq!(list["grants"].as_array().unwrap().len(), 1, "{list}");
    &list["grants"][0]
}

#[test]
fn a_teacher_is_granted_shares_with_notice_and_what_has_not_vested_can_be_revoked() {
    let net = network();
    let _alone = net.alone_in_time();
    let (issuer, holder, mint) = security(net, "TEACH");
    let teacher = net.wallet();
    let acme = asset("ACMEx").mint.to_string();
    net.json(&issuer, &["vault", "open", &mint, &acme]);
    net.json(&issuer, &["vault", "deposit", &mint, &acme, "100"]);
    let create = ["grant", "create", &mint, &teacher.text(), "5000"];
    let line = ["--start", LATER, "--cliff", "10d", "--end", "40d", "--revocable"];

    let soon = net.run(
        &issuer,
        &[&create[..], &["--start", "1d", "--end", "40d", "--yes"]].concat(),
    );
    assert_eq!(soon.code, 1, "{}", soon.err);
    assert!(soon.err.contains("1w of notice are due"), "{}", soon.err);
    assert!(soon.err.contains("leave --start away"), "{}", soon.err);
    let odd = net.run(
        &issuer,
        &[&create[..], &["--start", LATER, "--cliff", "9d", "--end", "1d"]].concat(),
    );
    assert_eq!(odd.code, 1, "{}", odd.err);
    assert!(
        odd.err.contains("a grant starts, then reaches its cliff"),
        "{}",
        odd.err
    );
    let endless = net.run(&issuer, &create);
    assert_eq!(endless.code, 1, "{}", endless.err);
    assert!(endless.err.contains("--end"), "{}", endless.err);
    let nobodys = net.run(
        &issuer,
        &[&["grant", "create", &mint, &acme, "1", "--end", "40d"][..]].concat(),
    );
    assert_eq!(nobodys.code, 1, "{}", nobodys.err);
    assert!(nobodys.err.contains("can never sign"), "{}", nobodys.err);

    let dry = net.json(&issuer, &[&create[..], &line, &["--dry-run"]].concat());
    let text = dry.to_string();
    for expected in [
        "GrantCreated",
        "5,000 TEACH",
        "promised",
        "10% of TEACH today has 9.87%",
        "can revoke",
    ] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    // It is said before it is signed.
    let asked = net.run(&issuer, &[&create[..], &line].concat());
    assert_eq!(asked.code, 5, "{}", asked.err);
    assert!(asked.err.contains("the cliff at"), "{}", asked.err);
    assert!(asked.err.contains("at the earliest 1w after"), "{}", asked.err);

    let made = net.json(&issuer, &[&create[..], &line].concat());
    assert_eq!(made["id"], 0);
    let listed = net.json(&teacher, &["grant", "list"]);
    let grant = only(&listed);
    assert_eq!(grant["status"], "announced");
    assert_eq!(grant["grant"], made["grant"]);
    assert_eq!(amount(&grant["claimable"]), "0");

    // A stranger sees what is announced.
    let shown = net.json(&holder, &["token", "show", &mint]);
    let announced = &shown["announced"];
    assert_eq!(amount(&announced["promised"]), "5000");
    assert_eq!(announced["grants"][0]["recipient"], teacher.text());
    assert_eq!(announced["worstCase"]["percent"], "98.76%");
    assert_eq!(announced["issuer"]["redemptionOpen"], false);
    // 399,000 of 1,000,000 shares of 100.
    assert_eq!(amount(&announced["issuer"]["standsFor"][0]["amount"]), "39.9");
    let page = net.run(&holder, &["token", "show", &mint]).out;
    assert!(page.contains("What is announced"), "{page}");
    assert!(page.contains("a grant of 5,000 TEACH"), "{page}");
    assert!(page.contains("What the issuer could redeem today"), "{page}");

    let early = net.run(&teacher, &["grant", "claim", &mint]);
    assert_eq!(early.code, 1, "{}", early.err);
    assert!(early.err.contains("nothing more has vested"), "{}", early.err);

    net.travel(60 * DAY + 20 * DAY);
    let quoted = net.json(&holder, &["grant", "list", &mint, "--for", &teacher.text()]);
    let vested = atoms(&only(&quoted)["vested"]);
    // Half of it, and what other tests have travelled.
    assert!((2_500_000_000..5_000_000_000).contains(&vested), "{quoted}");
    assert_eq!(only(&quoted)["status"], "vesting");
    // Anybody can make the claim, and cannot receive it.
    let claimed = net.json(&holder, &["grant", "claim", &mint, "--for", &teacher.text()]);
    let first = atoms(&claimed["claims"][0]["issued"]);
    assert!(first >= vested, "{claimed}");
    let held = net.json(&teacher, &["shares", "list"]);
    assert_eq!(atoms(&held["shares"][0]["registered"]), first);

    let not_issuer = net.run(&holder, &["grant", "revoke", &mint, &teacher.text(), "--yes"]);
    assert_eq!(not_issuer.code, 2, "{}", not_issuer.err);
    let revoked = net.json(&issuer, &["grant", "revoke", &mint, &teacher.text()]);
    let (kept, freed) = (atoms(&revoked["vested"]), atoms(&revoked["freed"]));
    assert_eq!(kept + freed, 5_000_000_000, "{revoked}");
    assert!(kept >= first && freed > 0, "{revoked}");
    assert_eq!(only(&net.json(&teacher, &["grant", "list"]))["status"], "revoked");
    let again = net.run(&issuer, &["grant", "revoke", &mint, &teacher.text(), "--yes"]);
    assert_eq!(again.code, 1, "{}", again.err);
    assert!(again.err.contains("that can be revoked"), "{}", again.err);
    let by_id = net.run(
        &issuer,
        &["grant", "revoke", &mint, &teacher.text(), "--id", "0", "--yes"],
    );
    assert_eq!(by_id.code, 2, "{}", by_id.err);
    assert!(by_id.err.contains("nothing needs to be done"), "{}", by_id.err);

    if kept > first {
        net.json(&teacher, &["grant", "claim", &mint]);
    }
    assert_eq!(net.json(&issuer, &["audit", &mint])["sound"], true);
    let closed = net.json(&holder, &["grant", "close", &mint]);
    assert_eq!(closed["closed"].as_array().unwrap().len(), 1, "{closed}");
    assert_eq!(
        net.json(&teacher, &["grant", "list"])["grants"]
            .as_array()
            .unwrap()
            .len(),
        0
    );
    assert_eq!(net.json(&issuer, &["audit", &mint])["sound"], true);

    let statement = net.json(&teacher, &["account", "statement", &mint, "--period", "all"]);
    assert_eq!(atoms(&statement["rows"][0]["sharesGranted"]), kept, "{statement}");
    assert_eq!(atoms(&statement["rows"][0]["sharesAtEnd"]), kept);
    let csv = net
        .run(&teacher, &["account", "statement", &mint, "--period", "all"])
        .out;
    assert!(
        csv.starts_with("from,to,symbol,mint,shares_issued,shares_granted,"),
        "{csv}"
    );
}

#[test]
fn a_milestone_waits_for_its_approver_and_lapses_without_one() {
    let net = network();
    let _alone = net.alone_in_time();
    let (issuer, _, mint) = security(net, "BOUNTY");
    let (writer, editor) = (net.wallet(), net.wallet());
    let create = |shares: &str, more: &[&str]| {
        let (writer, editor) = (writer.text(), editor.text());
        let base = [
            "grant",
            "create",
            &mint,
            &writer,
            shares,
            "--start",
            LATER,
            "--approver",
            &editor,
        ];
        net.json(&issuer, &[&base[..], more].concat())
    };
    let alone = net.run(
        &issuer,
        &[
            "grant",
            "create",
            &mint,
            &writer.text(),
            "1",
            "--approver",
            &editor.text(),
        ],
    );
    assert_eq!(alone.code, 1, "{}", alone.err);
    assert!(alone.err.contains("--deadline"), "{}", alone.err);

    create("200", &["--deadline", "80d"]);
    create("300", &["--deadline", "80d", "--end", "30d"]);
    let waiting = net.json(&editor, &["grant", "list", "--approver", &editor.text()]);
    assert_eq!(waiting["grants"].as_array().unwrap().len(), 2, "{waiting}");
    assert_eq!(waiting["grants"][0]["status"], "awaiting approval");

    let which = net.run(&editor, &["grant", "approve", &mint, &writer.text(), "--yes"]);
    assert_eq!(which.code, 1, "{}", which.err);
    assert!(which.err.contains("2 grants of BOUNTY waiting for"), "{}", which.err);
    assert!(which.err.contains("--id"), "{}", which.err);
    let stranger = net.run(
        &writer,
        &["grant", "approve", &mint, &writer.text(), "--id", "0", "--yes"],
    );
    assert_eq!(stranger.code, 2, "{}", stranger.err);
    assert!(stranger.err.contains("NotApprover"), "{}", stranger.err);
    assert!(
        stranger.err.contains("sign with the key that the grant names"),
        "{}",
        stranger.err
    );

    let approved = net.json(&editor, &["grant", "approve", &mint, &writer.text(), "--id", "0"]);
    assert_eq!(amount(&approved["claimable"]), "0");
    let page = net.run(&writer, &["token", "show", &mint]).out;
    assert!(page.contains("whose milestone is approved"), "{page}");
    assert!(page.contains("approves before"), "{page}");

    net.travel(90 * DAY);
    let list = net.json(&writer, &["grant", "list", &mint]);
    assert_eq!(list["grants"][0]["status"], "vested", "{list}");
    assert_eq!(list["grants"][1]["status"], "lapsed", "{list}");
    let late = net.run(
        &editor,
        &["grant", "approve", &mint, &writer.text(), "--id", "1", "--yes"],
    );
    assert_eq!(late.code, 2, "{}", late.err);
    assert!(late.err.contains("it is too late"), "{}", late.err);
    let claimed = net.json(&editor, &["grant", "claim", &mint, "--all"]);
    assert_eq!(amount(&claimed["claims"][0]["issued"]), "200", "{claimed}");
    let closed = net.json(&editor, &["grant", "close", &mint]);
    assert_eq!(closed["closed"].as_array().unwrap().len(), 2, "{closed}");
    assert!(closed.to_string().contains("\"300\""), "{closed}");
    let none = net.run(&writer, &["grant", "claim", &mint]);
    assert_eq!(none.code, 1, "{}", none.err);
    let none = net.run(&writer, &["grant", "close", &mint]);
    assert_eq!(none.code, 1, "{}", none.err);
    let shown = net.json(&issuer, &["token", "show", &mint]);
    assert_eq!(amount(&shown["announced"]["promised"]), "0");
    assert_eq!(net.json(&issuer, &["audit", &mint])["sound"], true);
}

/// A date far enough from now, as tables have them.
fn date(net: &Network, days: i64) -> String {
    use upside_client::{time::date_to_text, Sender};
    date_to_text(net.sender().now().unwrap() + days * DAY)
}

fn table(directory: &tempfile::TempDir, text: &str) -> PathBuf {
    let file = directory.path().join("grants.csv");
    fs::write(&file, text).unwrap();
    file
}

#[test]
fn a_table_with_mistakes_is_refused_whole_with_every_line() {
    let net = network();
    let _alone = net.alone_in_time();
    let (issuer, _, mint) = security(net, "WRONG");
    let directory = tempfile::tempdir().unwrap();
    let who = Keypair::new().pubkey();
    let mint_address = asset("ACMEx").mint;
    let (start, soon) = (date(net, 60), date(net, 1));
    let batch = |text: &str| {
        let file = table(&directory, text);
        net.run(&issuer, &["grant", "batch", &mint, file.to_str().unwrap(), "--yes"])
    };
    let unreadable = batch(&format!(
        "recipient,amount,start,end\n{who},1.5,{start},1y\nx,-1,never,\n"
    ));
    assert_eq!(unreadable.code, 1, "{}", unreadable.err);
    for expected in [
        "4 things are wrong",
        "line 3: recipient: \"x\" is not an address",
        "line 3: amount: an amount has no sign",
        "line 3: start: \"never\" is not a date",
        "line 3: end: it is empty",
        "nothing was sent",
    ] {
        assert!(unreadable.err.contains(expected), "{expected}: {}", unreadable.err);
    }
    // What only the network knows: whether somebody can receive, how much notice is due, and what is left.
    let impossible = batch(&format!(
        "recipient,amount,start,end\n{mint_address},1,{start},1y\n{who},1,{soon},1y\n{who},600001,{start},1y\n{who},7,{start},1y\n"
    ));
    assert_eq!(impossible.code, 1, "{}", impossible.err);
    for expected in [
        "line 2: recipient:",
        "which can never sign",
        "line 3: start: it would start at",
        "line 4: amount: 599,998 WRONG can still be promised",
    ] {
        assert!(impossible.err.contains(expected), "{expected}: {}", impossible.err);
    }
    assert!(!impossible.err.contains("line 5"), "{}", impossible.err);
    let file = table(&directory, "recipient;amount;start\n");
    let json = net.run(
        &issuer,
        &[
            "grant",
            "batch",
            &mint,
            file.to_str().unwrap(),
            "--output",
            "json-compact",
        ],
    );
    let value: Value = serde_json::from_str(&json.err).unwrap_or_else(|e| panic!("{e}: {}", json.err));
    assert!(
        value["error"]["details"][0].as_str().unwrap().starts_with("line 1: "),
        "{value}"
    );
    let missing = net.run(&issuer, &["grant", "batch", &mint, "/nonexistent/grants.csv"]);
    assert_eq!(missing.code, 1, "{}", missing.err);
    assert_eq!(
        net.json(&issuer, &["grant", "list", &mint])["grants"]
            .as_array()
            .unwrap()
            .len(),
        0
    );
}

#[test]
fn hundreds_are_granted_from_a_table_and_a_killed_batch_is_gone_on_with() {
    const PEOPLE: usize = 120;
    let net = network();
    let _alone = net.alone_in_time();
    let (issuer, _, mint) = security(net, "HUNDREDS");
    let directory = tempfile::tempdir().unwrap();
    let people: Vec<Keypair> = (0..PEOPLE).map(|_| Keypair::new()).collect();
    let start = date(net, 60);
    let mut text = String::from("recipient,amount,start,cliff,end,revocable\n");
    for (number, person) in people.iter().enumerate() {
        text.push_str(&format!("{},{}.5,{start},10d,100d,yes\n", person.pubkey(), number + 1));
    }
    // Somebody gets two.
    text.push_str(&format!("{},1000,{start},,1d,no\n", people[0].pubkey()));
    let file = table(&directory, &text);
    let batch = ["grant", "batch", &mint, file.to_str().unwrap()];
    let rows = PEOPLE + 1;

    let dry = net.json(&issuer, &[&batch[..], &["--dry-run"]].concat());
    assert_eq!(dry["toMake"], rows, "{dry}");
    assert_eq!(dry["refused"].as_array().unwrap().len(), 0, "{dry}");
    // 7,260 + 60 + 1,000 are new beside 400,000.
    assert_eq!(amount(&dry["granted"]), "8320");
    assert_eq!(dry["everybodyElseAfter"], "97.96%");
    let first = &dry["recipients"][0];
    assert_eq!(first["recipient"], people[0].pubkey().to_string());
    assert_eq!(
        (first["before"].as_str(), first["after"].as_str()),
        (Some("0.00%"), Some("0.24%"))
    );
    let shown = net.run(&issuer, &[&batch[..], &["--dry-run"]].concat()).out;
    assert!(shown.contains("and 80 recipients more"), "{shown}");
    let grants = || {
        let security = pda::security(&mint.parse().unwrap());
        accounts::grants_of(&net.sender(), &security).unwrap()
    };
    assert_eq!(grants().len(), 0);
    let asked = net.run(&issuer, &batch);
    assert_eq!(asked.code, 5, "{}", asked.err);
    assert!(asked.err.contains("120 of them can be revoked"), "{}", asked.err);

    let mut child = held_up_after(&issuer, 4, &batch);
    child.kill().unwrap();
    child.wait().unwrap();
    let half = grants().len();
    assert!((1..rows).contains(&half), "{half}");

    let done = net.json(&issuer, &batch);
    // What was on its way when the command was killed may have landed since.
    let existed = usize::try_from(done["existed"].as_u64().unwrap()).unwrap();
    assert!(existed >= half, "{done}");
    assert_eq!(usize::try_from(done["made"].as_u64().unwrap()).unwrap() + existed, rows);
    let transactions = done["transactions"].as_array().unwrap().len();
    assert!(
        transactions * 3 <= rows - existed + 3,
        "{transactions} transactions for {} grants",
        rows - existed
    );
    assert_eq!(grants().len(), rows);
    let again = net.json(&issuer, &batch);
    assert_eq!(
        (again["made"].as_u64(), again["existed"].as_u64()),
        (Some(0), Some(rows as u64))
    );
    assert!(net
        .run(&issuer, &batch)
        .out
        .contains("exist exactly so already and are skipped"));

    // A row that says something else than what exists is never a second grant.
    let other = table(&directory, &text.replacen("1.5,", "9.5,", 1));
    let differs = net.run(&issuer, &["grant", "batch", &mint, other.to_str().unwrap(), "--yes"]);
    assert_eq!(differs.code, 1, "{}", differs.err);
    assert!(differs.err.contains("line 2: grant 0 of"), "{}", differs.err);
    assert!(
        differs.err.contains("its amount is 1.5, and the row says 9.5"),
        "{}",
        differs.err
    );
    let more = net.json(
        &issuer,
        &[
            "grant",
            "batch",
            &mint,
            other.to_str().unwrap(),
            "--first-id",
            "100",
            "--dry-run",
        ],
    );
    assert_eq!(more["toMake"], rows);

    // A grant that was revoked at once, and closed, is not made again.
    net.json(&issuer, &["grant", "revoke", &mint, &people[1].pubkey().to_string()]);
    let revoked = table(&directory, &text);
    let skipped = net.json(&issuer, &["grant", "batch", &mint, revoked.to_str().unwrap()]);
    assert_eq!(skipped["existed"], rows, "{skipped}");
    net.json(&issuer, &["grant", "close", &mint]);
    let skipped = net.json(&issuer, &["grant", "batch", &mint, revoked.to_str().unwrap()]);
    assert_eq!(
        (skipped["closed"].as_u64(), skipped["made"].as_u64()),
        (Some(1), Some(0)),
        "{skipped}"
    );
    assert_eq!(grants().len(), rows - 1);
    let other = table(&directory, &text.replacen("2.5,", "7.5,", 1));
    let differs = net.run(&issuer, &["grant", "batch", &mint, other.to_str().unwrap(), "--yes"]);
    assert!(
        differs.err.contains("line 3: grant 0 of") && differs.err.contains("made before"),
        "{}",
        differs.err
    );
    assert_eq!(net.json(&issuer, &["audit", &mint])["sound"], true);

    net.travel(200 * DAY);
    let claimed = net.json(&net.wallet(), &["grant", "claim", &mint, "--all"]);
    assert_eq!(claimed["claims"].as_array().unwrap().len(), rows - 1);
    // Everything but what was revoked.
    let shown = net.json(&issuer, &["token", "show", &mint]);
    assert_eq!(amount(&shown["supply"]["reserved"]), "0");
    assert_eq!(amount(&shown["supply"]["issued"]), "408317.5");
    assert_eq!(net.json(&issuer, &["audit", &mint])["sound"], true);
}

#[test]
fn a_grant_is_exported_for_a_multisig() {
    let net = network();
    let _alone = net.alone_in_time();
    let (issuer, _, mint) = security(net, "EXPORTG");
    let teacher = Keypair::new().pubkey().to_string();
    let ran = crate::network::run(&[
        "-u",
        &net.rpc,
        "--issuer",
        &issuer.text(),
        "--base64",
        "--output",
        "json",
        "grant",
        "create",
        &mint,
        &teacher,
        "10",
        "--end",
        "1y",
    ]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let value: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(value["signers"][0]["signer"], issuer.text());
    assert!(
        value["irreversible"].to_string().contains("Nobody can revoke it"),
        "{value}"
    );
    let directory = tempfile::tempdir().unwrap();
    let mut text = String::from("recipient,amount,start,end\n");
    for _ in 0..20 {
        text.push_str(&format!("{},1,{},1y\n", Keypair::new().pubkey(), date(net, 60)));
    }
    let file = table(&directory, &text);
    let ran = net.run(&issuer, &["grant", "batch", &mint, file.to_str().unwrap(), "--base64"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.err.contains("this is the first, for line 2 to line"), "{}", ran.err);
    assert_eq!(ran.out.lines().count(), 1, "{}", ran.out);
    assert_eq!(
        net.json(&issuer, &["grant", "list", &mint])["grants"]
            .as_array()
            .unwrap()
            .len(),
        0
    );
}

/// Runs `upside grant` as `wallet`, while somebody else runs the same.
fn overtaken(wallet: &Wallet, verb: &[&'static str], mint: &str, done: &'static str, grants: usize) -> Value {
    let theirs = [&["grant"][..], verb].concat();
    let token = mint.to_owned();
    let url = with_rival(move || {
        let rival = network().wallet();
        let made = network().json(&rival, &[&theirs[..], &[&token]].concat());
        assert_eq!(made[done].as_array().unwrap().len(), grants);
    });
    let key = wallet.file.to_str().unwrap();
    let begin = ["-u", &url, "-k", key, "--output", "json", "--yes", "grant"];
    let ran = run(&[&begin[..], verb, &[mint]].concat());
    assert_eq!(ran.code, 0, "{}", ran.err);
    serde_json::from_str(&ran.out).unwrap()
}

#[test]
fn what_somebody_else_claims_or_closes_meanwhile_is_no_failure() {
    const GRANTS: usize = 3;
    let net = network();
    let _alone = net.alone_in_time();
    let (issuer, holder, mint) = security(net, "GRANTRACE");
    let teachers: Vec<Wallet> = (0..GRANTS).map(|_| net.wallet()).collect();
    for teacher in &teachers {
        let create = [
            "grant",
            "create",
            &mint,
            &teacher.text(),
            "50",
            "--start",
            "8d",
            "--end",
            "1d",
        ];
        net.json(&issuer, &create);
    }
    net.travel(10 * DAY);
    let told = overtaken(&holder, &["claim", "--all"], &mint, "claims", GRANTS);
    assert_eq!(told["claims"].as_array().unwrap().len(), 0, "{told}");
    assert_eq!(told["claimed_by_others"], GRANTS);
    assert_eq!(told["refused"].as_array().unwrap().len(), 0);
    for teacher in &teachers {
        let held = net.json(teacher, &["shares", "list"]);
        assert!(held.to_string().contains("\"50\""), "{held}");
    }
    let told = overtaken(&holder, &["close"], &mint, "closed", GRANTS);
    assert_eq!(told["closed"].as_array().unwrap().len(), 0, "{told}");
    assert_eq!(told["closed_by_others"], GRANTS);
    assert_eq!(told["refused"].as_array().unwrap().len(), 0);
}
