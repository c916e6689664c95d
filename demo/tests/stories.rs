//! The stories that ship, on a real local validator.

use std::{
    collections::BTreeSet,
    fs::Permissions,
    io::{BufRead, BufReader, Read},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use num_rational::BigRational;
use num_traits::One;
use serde_json::Value as Json;
use tempfile::TempDir;
use upside_client::{solana_keypair::Keypair, solana_signer::Signer};
use upside_demo::{
    check::{worth::Between, Disagreement, Figure, Figures, Value, WalletFigure},
    localnet::{Funding, Localnet},
    play::play,
    story::{PersonId, SecurityId, Source, Story},
    verb::Action,
    world::{Outcome, Sample, Stage, World, BANK_SOL_A_PERSON},
};
use upside_localnet_process::path;

fn program() -> PathBuf {
    path("UPSIDE_PROGRAM_SO")
}

fn localnet() -> PathBuf {
    path("UPSIDE_LOCALNET_BIN")
}

fn demo() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_upside-demo"));
    command
        .arg("--program")
        .arg(program())
        .arg("--localnet")
        .arg(localnet());
    command
}

/// A file beside the manifest.
fn shipped(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn story(name: &str) -> Story {
    let text = std::fs::read_to_string(shipped(name)).expect("a story that ships");
    let name = name.to_owned();
    Story::read(&Source { name, text }).expect("a story that is right")
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn json(output: &Output) -> Json {
    serde_json::from_slice(&output.stdout).expect("one JSON document and nothing else")
}

fn list<'a>(value: &'a Json, key: &str) -> &'a Vec<Json> {
    value[key].as_array().unwrap_or_else(|| panic!("{key} in {value}"))
}

/// `atoms` of a key, by name of the entry.
fn named<'a>(entries: &'a [Json], name: &str) -> &'a Json {
    entries
        .iter()
        .find(|entry| entry["name"] == name || entry["symbol"] == name)
        .unwrap_or_else(|| panic!("{name}"))
}

/// Money that went from one security to one that holds it, payout atoms.
fn climbed(report: &Json, from: &str, to: &str) -> u64 {
    let flows = list(report, "flows");
    let flow = flows
        .iter()
        .find(|flow| flow["kind"] == "harvested" && flow["from"] == from && flow["to"] == to);
    flow.unwrap_or_else(|| panic!("{from} {to}"))["atoms"]
        .as_u64()
        .expect("atoms")
}

/// Rounding may have kept two atoms.
fn near(is: u64, should: u64) {
    assert!(is <= should && should - is <= 2, "{is} instead of {should}");
}

/// The report as HTML must need nothing else and do nothing.
fn assert_self_contained(html: &str) {
    assert!(html.starts_with("<!DOCTYPE html>"), "{}", &html[..60]);
    let lower = html.to_lowercase();
    for forbidden in [
        "<script",
        "javascript:",
        "<link",
        "<img",
        "<iframe",
        "@import",
        "url(",
        "src=",
        "href=",
        " onload",
        " onclick",
        "http-equiv=\"refresh",
    ] {
        assert!(!lower.contains(forbidden), "{forbidden}");
    }
    for open in ["<svg", "<section", "<table", "<ol", "<g", "<text"] {
        let close = open.replace('<', "</");
        let opened = lower
            .match_indices(open)
            .filter(|(at, _)| lower[at + open.len()..].starts_with([' ', '>']));
        assert_eq!(opened.count(), lower.matches(&format!("{close}>")).count(), "{open}");
    }
}

#[test]
fn the_report_of_alice_tells_what_happened() {
    let directory = TempDir::new().expect("a folder");
    let (picture, html) = (
        directory.path().join("alice.svg"),
        directory.path().join("new/alice.html"),
    );
    let output = demo()
        .args(["--output", "json", "--picture"])
        .arg(&picture)
        .arg("--html")
        .arg(&html)
        .output()
        .expect("the demo runs");
    assert!(output.status.success(), "{}", stderr(&output));
    let report = json(&output);

    let story = story("alice.toml");
    let steps = list(&report, "steps");
    assert_eq!(steps.len(), story.steps.len());
    for (step, told) in story.steps.iter().zip(steps) {
        let waits = matches!(step.action, Action::Wait(_));
        let nothing = waits || matches!(step.action, Action::ValueEveryone(_)) || step.refused.is_some();
        assert_eq!(told["transaction"].is_null(), nothing, "{}", step.title);
        let changed = !list(told, "changes").is_empty();
        // While time passes nothing may drip.
        assert!(changed == step.refused.is_none() || waits, "{}", step.title);
        if !nothing {
            assert!(
                told["transaction"]["compute_units"].as_u64() > Some(1_000),
                "{}",
                step.title
            );
        }
    }
    assert_eq!(report["broke_off"], Json::Null);
    assert_eq!(report["check"]["differences"], 0);
    assert!(report["check"]["figures"].as_u64() > Some(4_000));

    let alice = named(list(&report, "securities"), "ALICE");
    let holders = list(alice, "holders");
    // Of Alice's 620,000 each friend's token holds a twentieth of the million and the school a tenth. Chen has the bounty of 5,000.
    for (name, shares) in [
        ("Alice", 420_000),
        ("Bruno", 60_000),
        ("Chen", 45_000),
        ("vault of BRUNO", 50_000),
        ("vault of CHEN", 50_000),
        ("vault of SCHOOL", 100_000),
    ] {
        assert_eq!(
            named(holders, name)["registered_atoms"],
            shares * 1_000_000u64,
            "{name}"
        );
    }
    // The teacher has all of her grant of 24,000. Of 200,000 that were wanted 100,000 were for sale: everybody got half.
    for (name, shares) in [
        ("Ms Okafor", 84_000),
        ("Acme", 20_000),
        ("Dana", 30_000),
        ("Harbour", 50_000),
    ] {
        assert_eq!(
            named(holders, name)["registered_atoms"],
            shares * 1_000_000u64,
            "{name}"
        );
    }
    assert_eq!(holders.len(), 10);
    assert_eq!(alice["promised_atoms"], 0);
    let round = &list(alice, "rounds")[0];
    assert_eq!(round["status"], "succeeded");
    // 100,000 shares at 0.60: a tenth backs them, the rest reached Alice.
    for (figure, money) in [
        ("raised_atoms", 60_000),
        ("backed_atoms", 6_000),
        ("released_atoms", 54_000),
        ("money_atoms", 0),
    ] {
        assert_eq!(round[figure], money * 1_000_000u64, "{figure}");
    }
    assert_eq!(alice["money_backing_atoms"], 6_000_000_000u64);

    // Three tenths of the exit reach whoever holds Alice, registered shares alone; of that the friends and the school their parts of 909,000; and
    // a twentieth of Bruno's part comes back to her.
    let (to_alice, back) = (climbed(&report, "ACME", "ALICE"), climbed(&report, "BRUNO", "ALICE"));
    near(to_alice, 120_000_000_000);
    near(climbed(&report, "ALICE", "BRUNO"), to_alice * 50 / 909);
    near(climbed(&report, "ALICE", "SCHOOL"), to_alice * 100 / 909);
    near(back, climbed(&report, "ALICE", "BRUNO") / 20);

    // Everything has dripped: all that was paid in is earned, but for less than an atom for each holder's rounding.
    let received = alice["stream"]["received_atoms"].as_u64().expect("money");
    assert_eq!(received, 31_600_000_000 + to_alice + back);
    let earned: u64 = holders
        .iter()
        .map(|holder| holder["claimed_atoms"].as_u64().unwrap() + holder["claimable_atoms"].as_u64().unwrap())
        .sum();
    assert!((received - 10..=received).contains(&earned), "{earned} of {received}");

    // 117.6 and 44.1 of stock, a fourth more of the latter as wallets show it, 6,000 of money, 300 of stock behind the company.
    let before = 117_600_000 * 40 + 44_100_000 * 5 / 4 * 20 + 6_000_000_000 + 300_000_000 * 40;
    let valuings = list(&report["worth"], "valuings");
    assert_eq!(valuings.len(), 2);
    for (valuing, (when, all)) in valuings.iter().zip([
        ("before the exit", before),
        ("after the exit", before + 417_600_000 * 210),
    ]) {
        assert_eq!(valuing["when"], when);
        let of = |what: &str| valuing[what].as_u64().expect("atoms");
        assert_eq!(of("vaults_atoms"), all, "{when}");
        let outside = of("holders_atoms") + of("may_come_atoms") + of("tickets_atoms") + of("unclaimed_atoms");
        assert!(outside.abs_diff(all) <= 2, "{outside} of {all}");
        assert_eq!(of("bound_atoms"), 1, "all errors together are below an atom");
        assert_eq!(of("checked"), 5 + 9 + 5);
    }
    let rows = list(&report["worth"], "rows");
    let kinds: Vec<&str> = rows.iter().map(|row| row["what"].as_str().expect("a word")).collect();
    assert_eq!(kinds[..5], ["expression", "person", "person", "person", "collective"]);
    for row in rows {
        let value = |at: usize| row["value_atoms"][at].as_u64().expect("atoms");
        assert!(0 < value(0) && value(0) < value(1), "the exit reaches everybody: {row}");
    }
    assert_eq!(
        named(rows, "ACME")["value_atoms"],
        serde_json::json!([12_000_000_000u64, 75_000_000_000u64])
    );
    assert_eq!(
        named(rows, "ACME")["money_atoms"],
        serde_json::json!([0, 400_000_000_000u64])
    );
    // Bruno has redeemed 20,000 of the million: two in a hundred of each vault, of the paused one too.
    assert_eq!(named(list(alice, "vaults"), "ACMEx")["atoms"], 11_760_000_000u64);
    assert_eq!(named(list(alice, "vaults"), "GLBXx")["atoms"], 4_410_000_000u64);
    let redeemed: Vec<(&str, u64)> = list(&report, "flows")
        .iter()
        .filter(|flow| flow["kind"] == "redeemed" && flow["to"] == "Bruno")
        .map(|flow| {
            (
                flow["unit"]["symbol"].as_str().unwrap(),
                flow["atoms"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(redeemed, [("ACMEx", 240_000_000), ("GLBXx", 90_000_000)]);

    let picture = std::fs::read_to_string(&picture).expect("a picture");
    assert!(picture.starts_with("<svg ") && picture.contains("Who earned what") && picture.contains("before the exit"));
    let html = std::fs::read_to_string(&html).expect("a report");
    assert_self_contained(&html);
    for told in [
        "Ms Okafor",
        "151,930.03",
        "620,000",
        "Acme Robotics (look-alike)",
        "<li class=\"chapter\">Rise together</li>",
        "ACME to ALICE: 120,000.00",
        "ALICE to SCHOOL",
        "before the exit (ACMEx 40.00, GLBXx 20.00): 23,806.50 in all vaults",
        "all errors of all holders together are below 0.000001 USDC",
        "+63,000.00",
    ] {
        assert!(html.contains(told), "{told}");
    }
    for step in steps.iter().filter(|step| !step["transaction"].is_null()) {
        assert!(html.contains(step["transaction"]["signature"].as_str().expect("a signature")));
    }
}

#[test]
fn the_story_with_every_verb_uses_every_verb_and_every_figure_agrees() {
    // Securities that hold each other are a story of their own.
    let (story, together) = (story("every-verb.toml"), story("together.toml"));
    let all: BTreeSet<&str> = Action::NAMES.iter().copied().collect();
    // A verb counts only if it was really done.
    let steps = story.steps.iter().chain(&together.steps);
    let done = steps.filter(|step| step.refused.is_none());
    assert_eq!(done.map(|step| step.action.name()).collect::<BTreeSet<_>>(), all);

    let directory = TempDir::new().expect("a folder");
    let output = demo()
        .args(["--output", "json", "--story"])
        .arg(shipped("every-verb.toml"))
        .arg("--reports")
        .arg(directory.path())
        .output()
        .expect("the demo runs");
    assert!(output.status.success(), "{}", stderr(&output));
    let report = json(&output);
    let steps = list(&report, "steps");
    assert_eq!(steps.len(), story.steps.len());
    for (step, told) in story.steps.iter().zip(steps) {
        assert_eq!(told["refused"].is_null(), step.refused.is_none(), "{}", step.title);
        assert_eq!(told["verb"], step.action.name());
        let changed = !list(told, "changes").is_empty();
        let waits = matches!(step.action, Action::Wait(_));
        assert!(changed == step.refused.is_none() || waits, "{}: {told}", step.title);
    }
    let securities = list(&report, "securities");
    let film = named(securities, "FILM");
    assert_eq!(film["name"], "The Film & its <Sequel>");
    assert_eq!(film["issuer"], "Gus");
    assert_eq!(film["authorised_atoms"], 80_000_000_000u64);
    // Eli's milestone, and 8 of 30 days of Fay's grant before it was revoked, to the second.
    let granted = film["issued_atoms"].as_u64().expect("shares") - 62_345_678_901 - 500_500_000;
    assert!((240_000_000..240_100_000).contains(&granted), "{granted}");
    assert_eq!(film["promised_atoms"], 0);
    // Gus has redeemed 1,234.567891, and 0.25 bearer shares were burnt.
    let supply = film["supply_atoms"].as_u64().expect("shares");
    assert_eq!(supply, 61_110_861_010 + 500_500_000 + granted);
    // 10 and what was sent there after he redeemed, less his part: 1,234.567891 of 79,999.75, rounded down.
    assert_eq!(named(list(film, "vaults"), "ACMEx")["atoms"], 9_944_135_324u64);
    // 33.333333 less half a percent, rounded up: 0.166667 stays behind; less his part.
    assert_eq!(named(list(film, "vaults"), "UMBRx")["atoms"], 32_654_834);
    assert_eq!(named(list(film, "vaults"), "INITx")["frozen"], true);
    let school = named(securities, "SCHOOL");
    assert_eq!(school["policy"], "curated");
    let statuses: Vec<&str> = list(school, "rounds")
        .iter()
        .map(|round| round["status"].as_str().expect("a status"))
        .collect();
    assert_eq!(statuses, ["succeeded", "cancelled", "failed", "succeeded"]);
    // 1,000 of 1,300.3 wanted: 769.053 and 230.946, at 1.25, each rounded up; a fifth of the money as backing, rounded down.
    assert_eq!(list(school, "rounds")[3]["raised_atoms"], 961_316_250u64 + 288_682_500);
    // Eli has redeemed 100 of the 20,000 that may ever exist: one in two hundred of it, rounded down.
    assert_eq!(school["money_backing_atoms"], 249_999_750u64 - 1_249_998);
    assert_eq!(school["promised_atoms"], 0);

    let html =
        std::fs::read_to_string(directory.path().join("every-verb.html")).expect("a report named after the story");
    assert_self_contained(&html);
    assert!(html.contains("The Film &amp; its &lt;Sequel&gt;") && !html.contains("<Sequel>"));
}

#[test]
fn an_exit_pays_the_company_then_the_person_then_the_collective() {
    let directory = TempDir::new().expect("a folder");
    let output = demo()
        .args(["--output", "json", "--story"])
        .arg(shipped("together.toml"))
        .arg("--reports")
        .arg(directory.path())
        .output()
        .expect("the demo runs");
    assert!(output.status.success(), "{}", stderr(&output));
    let report = json(&output);
    let climbed = |from, to| climbed(&report, from, to);
    // Three tenths of a million; a twentieth of that to each friend and a tenth to the school; of each friend's in turn the same.
    near(climbed("ACME", "ALICE"), 300_000_000_000);
    near(climbed("ALICE", "BRUNO"), 15_000_000_000);
    near(climbed("ALICE", "SCHOOL"), 30_000_000_000);
    near(climbed("BRUNO", "ALICE"), 750_000_000);
    near(climbed("BRUNO", "SCHOOL"), 1_500_000_000);
    // Bruno's twentieth was also Chen's before Chen's was the school's.
    near(climbed("BRUNO", "CHEN"), 750_000_000);

    // The bearer shares that Acme sent to Alice's vault count since they were registered; a twenty-fifth of them and of all else is Alice's.
    let shares = |of: &str, holder: &str| {
        let holders = list(named(list(&report, "securities"), of), "holders");
        named(holders, holder)["registered_atoms"].as_u64().expect("shares")
    };
    assert_eq!(shares("ACME", "vault of ALICE"), 320_000_000_000 / 25 * 24);
    assert_eq!(shares("ACME", "Alice"), 320_000_000_000 / 25);
    assert_eq!(shares("BRUNO", "Alice"), 50_000_000_000 / 25);
    assert_eq!(shares("CHEN", "Alice"), 50_000_000_000 / 25);
    // What she redeems takes nothing from anybody, and is nobody's but hers while it is on the ticket.
    let worth = &report["worth"];
    let whens: Vec<&Json> = list(worth, "valuings").iter().map(|valuing| &valuing["when"]).collect();
    assert_eq!(
        whens,
        ["before the exit", "after the exit", "with a ticket", "redeemed"]
    );
    let tickets: Vec<u64> = list(worth, "valuings")
        .iter()
        .map(|valuing| valuing["tickets_atoms"].as_u64().expect("atoms"))
        .collect();
    assert_eq!((tickets[0], tickets[1], tickets[3]), (0, 0, 0));
    let value = |name: &str, at: usize| {
        named(list(worth, "rows"), name)["value_atoms"][at]
            .as_u64()
            .expect("atoms")
    };
    assert!(
        value("Alice", 3).abs_diff(value("Alice", 2) + tickets[2]) <= 3,
        "{worth}"
    );
    for name in ["Bruno", "Chen", "Lina", "Acme"] {
        assert!(value(name, 3).abs_diff(value(name, 2)) <= 3, "{name}: {worth}");
    }

    let html = std::fs::read_to_string(directory.path().join("together.html")).expect("a report named after the story");
    assert_self_contained(&html);
    for link in ["ACME to ALICE", "ALICE to SCHOOL", "ALICE to BRUNO", "SCHOOL to Lina"] {
        assert!(html.contains(link), "{link}");
    }
}

#[test]
fn a_story_that_breaks_off_gives_a_clear_account() {
    let directory = TempDir::new().expect("a folder");
    let html = directory.path().join("r.html");
    let run = |output: &str| {
        let mut command = demo();
        command
            .args(["--output", output, "--story"])
            .arg(shipped("breaks-off.toml"));
        command.arg("--html").arg(&html).output().expect("the demo runs")
    };
    let output = run("text");
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    let error = stderr(&output);
    assert!(
        error.starts_with("error: the story broke off at step 6 (The label pays for the second month)"),
        "{error}"
    );
    assert!(
        error.contains("BadSource") && error.trim_end().lines().count() == 1,
        "{error}"
    );
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let account = &text[text.find("The story broke off at step 6 of 8").expect("the account")..];
    let parts = [
        "What happened",
        "   5  Jo claims",
        "What did not happen",
        "   6  The label pays",
        "are what they were before it",
        "   8  The label adds stock",
        "What each person holds now",
        "249.999999 USDC, 150 SONG registered",
        "500.50 USDC, 10 GLBXx",
    ];
    let mut at = 0;
    for part in parts {
        at += account[at..]
            .find(part)
            .unwrap_or_else(|| panic!("{part} in order in {account}"));
    }
    let page = std::fs::read_to_string(&html).expect("a report");
    assert_self_contained(&page);
    assert!(page.contains("broke off at step 6") && page.contains("The label adds stock"));

    let output = run("json");
    assert_eq!(output.status.code(), Some(3));
    let report = json(&output);
    assert_eq!(list(&report, "steps").len(), 5);
    assert_eq!(report["broke_off"]["number"], 6);
    assert_eq!(list(&report["broke_off"], "not_reached").len(), 2);
    let song = named(list(&report, "securities"), "SONG");
    assert_eq!(song["stream"]["received_atoms"], 1_000_000_000);
    assert!(list(song, "vaults").is_empty());
}

/// Plays the first step of breaks-off.toml and one more.
fn play_with(step: &str) -> Output {
    let directory = TempDir::new().expect("a folder");
    let text = std::fs::read_to_string(shipped("breaks-off.toml")).expect("a story that ships");
    let second = text.match_indices("[[steps]]").nth(1).expect("a second step").0;
    let file = directory.path().join("short.toml");
    std::fs::write(&file, format!("{}{step}", &text[..second])).expect("a file");
    demo().arg("--story").arg(&file).output().expect("the demo runs")
}

#[test]
fn a_refusal_for_another_reason_and_one_that_does_not_come_break_the_story_off() {
    let step = "[[steps]]\nverb = \"claim\"\nholder = \"Mira\"\n";
    let output = play_with(&format!("{step}refused = \"NothingToClaim\"\n"));
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let output = play_with(&format!("{step}refused = \"PositionMissing\"\n"));
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    assert!(stderr(&output).contains("NothingToClaim"), "{}", stderr(&output));
    let output = play_with(
        "[[steps]]\nverb = \"send\"\nfrom = \"Mira\"\nto = \"Jo\"\nshares = 1\nrefused = \"NotEnoughShares\"\n",
    );
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    assert!(stderr(&output).contains("but it was done"), "{}", stderr(&output));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("1 SONG registered"), "{text}");
}

#[test]
fn without_a_terminal_the_text_is_plain() {
    let output = demo().output().expect("the demo runs");
    assert!(output.status.success(), "{}", stderr(&output));
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(text.starts_with(&story("alice.toml").headline));
    assert!(!text.contains('\u{1b}'));
    assert!(text.contains("agree with an independent calculation"));
}

/// Processes whose parent is `pid`.
fn children(pid: u32) -> Vec<u32> {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).expect("a process");
    let lists = tasks
        .flatten()
        .filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok());
    lists
        .flat_map(|list| {
            list.split_whitespace()
                .filter_map(|id| id.parse().ok())
                .collect::<Vec<_>>()
        })
        .collect()
}

fn read_to_the_first_step(lines: &mut impl BufRead) {
    let mut line = String::new();
    while !line.starts_with(" 1  ") {
        line.clear();
        assert!(
            lines.read_line(&mut line).expect("a line") > 0,
            "the demo ended before its first step"
        );
    }
}

#[test]
fn an_interrupted_story_leaves_nothing_running() {
    let mut child = demo().stdout(Stdio::piped()).spawn().expect("the demo starts");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe"));
    read_to_the_first_step(&mut lines);
    let validators = children(child.id());
    assert_eq!(validators.len(), 1);
    let killed = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .expect("kill runs");
    assert!(killed.success());
    let mut rest = String::new();
    lines.read_to_string(&mut rest).expect("the rest");
    assert_eq!(child.wait().expect("a status").code(), Some(130));
    assert!(
        !Path::new(&format!("/proc/{}", validators[0])).exists(),
        "the validator is still there"
    );
}

#[test]
fn a_validator_that_does_not_start_is_an_error_in_one_sentence() {
    let output = Command::new(env!("CARGO_BIN_EXE_upside-demo"))
        .args(["--program", "missing.so", "--localnet"])
        .arg(localnet())
        .output()
        .expect("the demo runs");
    assert_eq!(output.status.code(), Some(1));
    let error = stderr(&output);
    assert!(
        error.starts_with("error: the local validator did not become ready"),
        "{error}"
    );
    // Its own words name the file.
    let said = error.split("the local validator said:").nth(1).expect("its words");
    assert!(said.contains("missing.so"), "{error}");
}

/// A program that writes `words` to its standard error and then becomes the local validator.
fn talkative(directory: &Path, words: &str) -> PathBuf {
    let path = directory.join("talkative");
    let script = format!(
        "#!/bin/sh\necho '{words}' >&2\nexec '{}' \"$@\"\n",
        localnet().display()
    );
    std::fs::write(&path, script).expect("a script");
    std::fs::set_permissions(&path, Permissions::from_mode(0o755)).expect("it can be run");
    path
}

#[test]
fn what_the_validator_complains_of_is_kept_apart_while_it_goes_on() {
    let directory = TempDir::new().expect("a folder");
    let output = Command::new(env!("CARGO_BIN_EXE_upside-demo"))
        .arg("--program")
        .arg(program())
        .arg("--localnet")
        .arg(talkative(directory.path(), "thread ws panicked"))
        .arg("--story")
        .arg(shipped("breaks-off.toml"))
        .output()
        .expect("the demo runs");
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    assert!(!stderr(&output).contains("panicked"), "{}", stderr(&output));
    assert!(!String::from_utf8_lossy(&output.stdout).contains("panicked"));
}

#[test]
fn a_validator_that_dies_in_the_middle_is_named_with_its_last_words() {
    let directory = TempDir::new().expect("a folder");
    let mut child = Command::new(env!("CARGO_BIN_EXE_upside-demo"))
        .arg("--program")
        .arg(program())
        .arg("--localnet")
        .arg(talkative(directory.path(), "out of memory"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the demo starts");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe"));
    read_to_the_first_step(&mut lines);
    for validator in children(child.id()) {
        let killed = Command::new("kill")
            .args(["-KILL", &validator.to_string()])
            .status()
            .expect("kill runs");
        assert!(killed.success());
    }
    let mut rest = String::new();
    lines.read_to_string(&mut rest).expect("the rest");
    let output = child.wait_with_output().expect("a status");
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let error = stderr(&output);
    assert!(
        error.starts_with("error: the local validator ended early (signal: 9"),
        "{error}"
    );
    assert!(
        error.trim_end().ends_with("the local validator said:\n  out of memory"),
        "{error}"
    );
}

/// A network that is right in everything but one figure, or one value.
struct Falsified<'a> {
    world: World<'a>,
    figure: Option<Figure>,
    value: Option<PersonId>,
}

impl Falsified<'_> {
    fn falsify(&self, mut figures: Figures) -> Figures {
        if let Some(Value::Number(value)) = self.figure.and_then(|figure| figures.get_mut(&figure)) {
            // From the moment on that there is something to falsify.
            if *value > BigRational::one() {
                *value -= BigRational::one();
            }
        }
        figures
    }
}

impl Stage for Falsified<'_> {
    fn perform(&self, action: &Action) -> anyhow::Result<Outcome> {
        let mut outcome = self.world.perform(action)?;
        if let (Outcome::Valued { valued, .. }, Some(person)) = (&mut outcome, self.value) {
            let value = valued.people.get_mut(&person).expect("everybody is valued");
            let atom = BigRational::one();
            *value = Between::about(
                &((&value.low + &value.high) / (&atom + &atom) - &atom),
                &BigRational::default(),
            );
        }
        Ok(outcome)
    }
    fn read(&self) -> anyhow::Result<Figures> {
        self.world.read().map(|figures| self.falsify(figures))
    }
    fn sample(&self) -> anyhow::Result<Sample> {
        let sample = self.world.sample()?;
        Ok(Sample {
            figures: self.falsify(sample.figures),
            ..sample
        })
    }
    fn share_mint(&self, of: SecurityId) -> String {
        self.world.share_mint(of)
    }
}

#[test]
fn one_atom_less_than_the_books_say_ends_the_story() {
    let story = story("alice.toml");
    let bank = Keypair::new();
    let funding = Funding {
        wallet: bank.pubkey().to_string(),
        sol: BANK_SOL_A_PERSON * (story.people.len() as u64 + 1),
        others: Vec::new(),
    };
    let localnet = Localnet::start(&localnet(), &program(), &funding).expect("a network");
    let okafor = story.find_person("Ms Okafor").expect("somebody of the story");
    let stage = Falsified {
        world: World::enter(&story, bank, &localnet.ready).expect("wallets"),
        figure: Some(Figure::Wallet(okafor, WalletFigure::Money)),
        value: None,
    };
    let mut told = 0;
    let refusal = play(&story, &stage, &mut |_| {
        told += 1;
        Ok(())
    })
    .expect_err("a falsified figure");
    let first_claim = story.steps.iter().position(|step| step.title == "Ms Okafor claims");
    assert_eq!(
        Some(told),
        first_claim,
        "the steps before are told, the falsified one is not"
    );
    let disagreement = refusal.downcast_ref::<Disagreement>().expect("a difference");
    assert_eq!(disagreement.lines.len(), 1, "{refusal}");
    let refusal = refusal.to_string();
    assert!(refusal.contains("Ms Okafor, wallet, payout tokens"), "{refusal}");
    assert!(refusal.contains("(off by -1)"), "{refusal}");
}

#[test]
fn a_value_that_is_an_atom_off_ends_the_story() {
    // Three steps are enough: one share in two, and stock behind them.
    let source = Source {
        name: "short.toml".to_owned(),
        text: r#"
headline = "Short."
[mints]
equity = ["GLBXx"]
[prices]
GLBXx = 7.5
[[people]]
name = "Mira"
equity = { GLBXx = 3 }
[[securities]]
symbol = "SONG"
name = "Song"
kind = "expression"
issuer = "Mira"
authorised = 10
initial = 5
drip = "1 day"
[[steps]]
verb = "create"
[[steps]]
verb = "open-vault"
equity = "GLBXx"
[[steps]]
verb = "deposit"
from = "Mira"
equity = "GLBXx"
amount = 3
[[steps]]
verb = "value-everyone"
when = "now"
"#
        .to_owned(),
    };
    let story = Story::read(&source).expect("a story that is right");
    let mira = story.find_person("Mira").expect("somebody of the story");
    let bank = Keypair::new();
    let funding = Funding {
        wallet: bank.pubkey().to_string(),
        sol: BANK_SOL_A_PERSON * 2,
        others: Vec::new(),
    };
    let localnet = Localnet::start(&localnet(), &program(), &funding).expect("a network");
    let stage = Falsified {
        world: World::enter(&story, bank, &localnet.ready).expect("wallets"),
        figure: None,
        value: Some(mira),
    };
    let refusal = play(&story, &stage, &mut |_| Ok(())).expect_err("a falsified value");
    let disagreement = refusal.downcast_ref::<Disagreement>().expect("a difference");
    assert_eq!(disagreement.lines.len(), 1, "{refusal}");
    assert!(
        disagreement.lines[0].contains("Mira, shares looked through"),
        "{refusal}"
    );
}

#[test]
fn a_demo_that_stays_ends_with_its_network_when_its_standard_input_closes() {
    let mut child = demo()
        .arg("--story")
        .arg(shipped("together.toml"))
        .args(["--stay", "--exit-with-stdin"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a demo");
    let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
    let network = lines
        .find_map(|line| {
            line.expect("text")
                .strip_prefix("The network stays: http://")
                .map(str::to_owned)
        })
        .expect("the network's address");
    assert!(std::net::TcpStream::connect(&network).is_ok(), "{network} answers");
    drop(child.stdin.take());
    assert!(child.wait().expect("its end").success());
    assert!(std::net::TcpStream::connect(&network).is_err(), "{network} has gone");
}
