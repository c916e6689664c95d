//! `collective`, `layers`, `harvest`, `crank`, and shares in vaults.

use std::fs;

use serde_json::Value;
use upside_client::{
    accounts, instructions::token, pda, transactions, upside::constants::TOKEN_2022_PROGRAM_ID, SecurityKeys,
};

use crate::{
    network::{network, payout, run},
    proxy::with_rival,
};

const DAY: i64 = 86_400;

fn amount(value: &Value) -> &str {
    value["amount"].as_str().unwrap_or_else(|| panic!("no amount: {value}"))
}

fn list<'a>(value: &'a Value, field: &str) -> &'a Vec<Value> {
    value[field].as_array().unwrap_or_else(|| panic!("no {field}: {value}"))
}

#[test]
fn a_school_rises_with_its_students_and_the_crank_carries_money_up() {
    let net = network();
    let _alone = net.alone_in_time();
    let (head, alice, bruno, stranger) = (net.wallet(), net.wallet(), net.wallet(), net.wallet());
    let school = net.token_with(&head, "SCHOOL", &["--initial", "100000"]);
    let students = [
        (&alice, net.token_with(&alice, "ALICE", &["--initial", "1000000"])),
        (&bruno, net.token_with(&bruno, "BRUNO", &["--initial", "1000000"])),
    ];
    let (alices, brunos) = (&students[0].1, &students[1].1);

    let nobody = net.run(&alice, &["collective", "apply", &school, alices]);
    assert_eq!(nobody.code, 1, "{}", nobody.err);
    assert!(nobody.err.contains("upside collective create"), "{}", nobody.err);
    let create = ["collective", "create", &school, "--gives", "10", "--receives", "1000"];
    let create = [&create[..], &["--cliff", "1y", "--vesting", "4y"]].concat();
    let asked = net.run(&head, &create);
    assert_eq!(asked.code, 5, "{}", asked.err);
    assert!(asked.err.contains("room for 256 members"), "{}", asked.err);
    net.json(&head, &create);
    for (wallet, mint) in &students {
        let applied = net.json(wallet, &["collective", "apply", &school, mint]);
        assert_eq!(amount(&applied["gives"]), "100000");
    }
    let dry = net.json(&head, &["collective", "admit", &school, alices, "--dry-run"]);
    assert!(dry.to_string().contains("admitted"), "{dry}");
    for (_, mint) in &students {
        net.json(&head, &["collective", "admit", &school, mint]);
    }
    let early = net.run(&alice, &["collective", "join", &school, alices]);
    assert_eq!(early.code, 1, "{}", early.err);
    assert!(early.err.contains("at the earliest"), "{}", early.err);
    // Consent is taken back, and given again; an application too.
    net.json(&head, &["collective", "revoke", &school, brunos]);
    net.json(&bruno, &["collective", "withdraw", &school, brunos]);
    net.json(&bruno, &["collective", "apply", &school, brunos]);
    net.json(&head, &["collective", "admit", &school, brunos, "--until", "40d"]);
    net.travel(8 * DAY);
    for (wallet, mint) in &students {
        let joined = net.json(wallet, &["collective", "join", &school, mint]);
        assert_eq!(amount(&joined["gave"]), "100000");
        assert_eq!(amount(&joined["granted"]), "1000");
    }
    let members = net.json(&stranger, &["collective", "list", &school]);
    assert_eq!(members["rule"]["members"], 2);
    assert!(list(&members, "members")
        .iter()
        .all(|member| member["status"] == "joined"));
    let of = net.run(&stranger, &["collective", "list", "--of", alices]);
    assert!(of.out.contains("SCHOOL") && of.out.contains("joined"), "{}", of.out);

    // Two friends hold each other.
    for ((wallet, mint), (_, other)) in students.iter().zip(students.iter().rev()) {
        net.json(wallet, &["vault", "open", mint, other]);
    }
    net.json(&bruno, &["vault", "deposit", alices, brunos, "50000"]);
    let deposited = net.json(&alice, &["vault", "deposit", brunos, alices, "100000"]);
    assert_eq!(amount(&deposited["balance"]), "100000");
    let much = net.run(&alice, &["vault", "deposit", brunos, alices, "900000", "--yes"]);
    assert_eq!(much.code, 1, "{}", much.err);
    assert!(much.err.contains("800,000 ALICE registered"), "{}", much.err);

    let folder = tempfile::tempdir().unwrap();
    let svg = folder.path().join("layers.svg");
    let shown = net.json(&stranger, &["layers", "show", &school, "--svg", svg.to_str().unwrap()]);
    assert_eq!(list(&shown, "securities").len(), 3);
    let part = |holder: &str, held: &str| {
        let found = list(&shown, "holdings")
            .iter()
            .find(|h| h["holder"] == holder && h["held"] == held);
        let found = found.unwrap_or_else(|| panic!("{holder} {held}: {shown}"));
        (found["part"].as_str().unwrap().to_owned(), found["cycle"] == true)
    };
    assert_eq!(part(&school, alices), ("10.00%".to_owned(), false));
    assert_eq!(part(alices, brunos), ("5.00%".to_owned(), true));
    assert_eq!(part(brunos, alices), ("10.00%".to_owned(), true));
    let picture = fs::read_to_string(&svg).unwrap();
    assert!(
        picture.contains("SCHOOL") && picture.contains("class=\"ring\""),
        "{picture}"
    );
    let tree = net.run(&stranger, &["layers", "show", &school]).out;
    for expected in ["10.00% of ALICE", "5.00% of BRUNO", "↻"] {
        assert!(tree.contains(expected), "{expected}: {tree}");
    }

    // A hundred and twenty-eighth of the shares: every part of it is exact.
    net.json(&head, &["upside", "distribute", alices, "7812.5"]);
    net.travel(8 * DAY);
    let dry = net.json(&stranger, &["crank", &school, "--dry-run", "--minimum", "1"]);
    let deeds: Vec<&str> = list(&dry, "tasks")
        .iter()
        .map(|task| task["deed"].as_str().unwrap())
        .collect();
    assert_eq!(deeds, ["harvest", "harvest", "claim"], "{dry}");
    assert_eq!(dry["transactions"], 1);
    let harvested = net.json(&stranger, &["harvest", &school, alices]);
    let harvest = &list(&harvested, "harvests")[0];
    assert_eq!(
        (amount(&harvest["amount"]), harvest["into"].as_str()),
        ("781.25", Some("stream"))
    );
    let unneeded = net.run(&stranger, &["crank", "--dry-run"]);
    assert_eq!(unneeded.code, 1, "{}", unneeded.err);
    assert!(unneeded.err.contains("neither issues nor holds"), "{}", unneeded.err);
    let exported = net.run(&stranger, &["crank", &school, "--base64"]);
    assert_eq!(exported.code, 1, "{}", exported.err);

    // A stranger pays the fees; the money goes to whom it belongs.
    let cranked = net.json(&stranger, &["crank", &school, "--minimum", "1"]);
    let moved: Vec<(&str, &str)> = list(&cranked, "tasks")
        .iter()
        .map(|task| (task["deed"].as_str().unwrap(), amount(&task["moves"])))
        .collect();
    assert_eq!(moved, [("harvest", "781.25"), ("claim", "6250")], "{cranked}");
    let again = net.json(&stranger, &["crank", &school, "--minimum", "1"]);
    assert_eq!(list(&again, "tasks").len(), 0, "{again}");

    // What the layers above received has dripped: what is below the minimum waits.
    net.travel(8 * DAY);
    let least = payout().mint.to_string() + "=500";
    let log = net.run(&stranger, &["crank", &school, "--minimum-of", &least]);
    assert_eq!(log.code, 0, "{}", log.err);
    for claim in ["✓ claim of SCHOOL", "✓ claim of BRUNO"] {
        assert!(log.err.contains(claim), "{claim}: {}", log.err);
    }
    assert!(log.out.contains("2 small ones with 117.18"), "{}", log.out);
}

#[test]
fn the_crank_says_which_inbox_it_sweeps_and_whose_bearer_shares_it_registers() {
    let net = network();
    let (head, alice, stranger) = (net.wallet(), net.wallet(), net.wallet());
    let (village, token) = (
        net.token_with(&head, "HAMLET", &["--initial", "1000"]),
        net.token_with(&alice, "ALICIA", &["--initial", "1000"]),
    );
    net.json(&head, &["vault", "open", &village, &token]);
    let keys = |mint: &str| {
        let address = pda::security(&mint.parse().unwrap());
        SecurityKeys::from(&accounts::get_security(&net.sender(), &address).unwrap())
    };
    let (upper, held) = (keys(&village), keys(&token));
    let (owner, vault) = (alice.address(), upper.vault(&held.mint));
    let bearer = [
        transactions::go_bearer(&held, &owner, owner, 12_500_000),
        vec![
            token::create_ata(&owner, &vault, &held.mint, &TOKEN_2022_PROGRAM_ID),
            token::transfer_between_atas(&TOKEN_2022_PROGRAM_ID, &held.mint, 6, &owner, &vault, 12_500_000).unwrap(),
        ],
    ];
    net.send(&bearer.concat(), &alice, &alice.key);
    let (money, payer) = (payout(), alice.address());
    let gift = [
        token::create_ata(&payer, &held.security, &money.mint, &money.token_program),
        token::transfer_between_atas(
            &money.token_program,
            &money.mint,
            money.decimals,
            &payer,
            &held.security,
            3_250_000,
        )
        .unwrap(),
    ];
    net.send(&gift, &alice, &alice.key);

    let moved = |told: &Value| -> Vec<(String, String)> {
        let tasks = list(told, "tasks").iter();
        tasks
            .map(|task| {
                let deed = task["deed"].as_str().unwrap().to_owned();
                (deed, amount(&task["moves"]).to_owned())
            })
            .collect()
    };
    let pair = |deed: &str, atoms: &str| vec![(deed.to_owned(), atoms.to_owned())];
    // The vault holds nothing registered, so the village reaches nobody yet: its own vault is looked at all the same.
    let dry = net.run(&stranger, &["crank", &village, "--dry-run"]);
    assert_eq!(dry.code, 0, "{}", dry.err);
    let expected = "register bearer shares of ALICIA in the vault of HAMLET: 12.5 ALICIA";
    assert!(dry.out.contains(expected), "{}", dry.out);
    let cranked = net.json(&stranger, &["crank", &village]);
    assert_eq!(moved(&cranked), pair("register", "12.5"), "{cranked}");
    // Now it reaches Alice, and what lies in her inbox.
    let dry = net.run(&stranger, &["crank", &village, "--dry-run"]);
    assert!(dry.out.contains("sweep the inbox of ALICIA: 3.25"), "{}", dry.out);
    let cranked = net.json(&stranger, &["crank", &village]);
    assert_eq!(moved(&cranked), pair("sweep", "3.25"), "{cranked}");
}

#[test]
fn what_somebody_else_harvests_meanwhile_is_no_failure() {
    let net = network();
    let _alone = net.alone_in_time();
    let (head, stranger) = (net.wallet(), net.wallet());
    let upper = net.token_with(&head, "UPPER", &["--initial", "1000"]);
    let lower = ["LOWERA", "LOWERB"].map(|symbol| net.token_with(&head, symbol, &["--initial", "1000"]));
    for mint in &lower {
        net.json(&head, &["vault", "open", &upper, mint]);
        net.json(&head, &["vault", "deposit", &upper, mint, "500"]);
        net.json(&head, &["upside", "distribute", mint, "100"]);
    }
    net.travel(8 * DAY);
    let theirs = upper.clone();
    let url = with_rival(move || {
        let harvested = network().json(&network().wallet(), &["harvest", &theirs]);
        assert_eq!(list(&harvested, "harvests").len(), 2, "{harvested}");
    });
    let key = stranger.file.to_str().unwrap();
    let ran = run(&["-u", &url, "-k", key, "--output", "json", "--yes", "harvest", &upper]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let told: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(list(&told, "harvests").len(), 0, "{told}");
    assert_eq!(told["harvested_by_others"], 2);
    assert_eq!(list(&told, "refused").len(), 0);
}
