//! The whole story on a real local validator.

use std::{
    collections::BTreeMap,
    env,
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use num_rational::BigRational;
use num_traits::One;
use serde_json::Value;
use upside_client::{solana_keypair::Keypair, solana_signer::Signer};
use upside_demo::{
    check::{Figure, Figures},
    execute::{wallets, Asset, Outcome, Sample, Stage, World, FUNDER_EQUITY, FUNDER_MONEY, FUNDER_SOL},
    localnet::{Funding, Localnet},
    play::play,
    story::{alice, Action, Story},
};

fn program() -> PathBuf {
    env::var_os("UPSIDE_PROGRAM_SO")
        .expect("set UPSIDE_PROGRAM_SO to the compiled program; `cargo xtask test` does")
        .into()
}

fn localnet() -> PathBuf {
    env::var_os("UPSIDE_LOCALNET_BIN")
        .expect("set UPSIDE_LOCALNET_BIN to the local validator's binary; `cargo xtask test` does")
        .into()
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

#[test]
fn the_report_of_the_story_tells_what_happened() {
    let directory = env::temp_dir().join(format!("upside-demo-{}", std::process::id()));
    let output = demo()
        .args(["--output", "json", "--picture"])
        .arg(&directory)
        .output()
        .expect("the demo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).expect("one JSON document and nothing else");

    let story = alice();
    let steps = report["steps"].as_array().expect("steps");
    assert_eq!(steps.len(), story.steps.len());
    for (step, told) in story.steps.iter().zip(steps) {
        let waits = matches!(step.action, Action::Wait { .. });
        assert_eq!(told["transaction"].is_null(), waits, "{}", step.title);
        assert!(
            !told["changes"].as_array().expect("changes").is_empty(),
            "{}",
            step.title
        );
        if !waits {
            assert!(
                told["transaction"]["compute_units"].as_u64() > Some(1_000),
                "{}",
                step.title
            );
        }
    }
    assert_eq!(report["check"]["differences"], 0);
    assert!(report["check"]["figures"].as_u64() > Some(2_000));

    let shares: BTreeMap<&str, u64> = report["holders"]
        .as_array()
        .expect("holders")
        .iter()
        .map(|holder| {
            let registered = holder["registered_atoms"].as_u64().expect("shares");
            (holder["name"].as_str().expect("a name"), registered / 1_000_000)
        })
        .collect();
    let expected = [
        ("Alice", 620_000),
        ("Bruno", 80_000),
        ("Chen", 40_000),
        ("Ms Okafor", 60_000),
    ];
    assert_eq!(shares, BTreeMap::from(expected));

    // Everything has dripped: all that was paid in is earned, but for less than an atom for each holder's rounding.
    let received = report["stream"]["received_atoms"].as_u64().expect("money");
    assert_eq!(received, 31_600_000_000);
    let earned: u64 = report["holders"]
        .as_array()
        .expect("holders")
        .iter()
        .map(|holder| holder["claimed_atoms"].as_u64().unwrap() + holder["claimable_atoms"].as_u64().unwrap())
        .sum();
    assert!((received - 5..=received).contains(&earned), "{earned}");
    assert_eq!(report["vaults"][0]["atoms"], 12_000_000_000u64);

    let picture = std::fs::read_to_string(&directory).expect("a picture");
    std::fs::remove_file(&directory).expect("the picture can be removed");
    assert!(picture.starts_with("<svg ") && picture.contains("Who earned what"));
}

#[test]
fn without_a_terminal_the_text_is_plain() {
    let output = demo().output().expect("the demo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(text.starts_with(alice().headline));
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

#[test]
fn an_interrupted_story_leaves_nothing_running() {
    let mut child = demo().stdout(Stdio::piped()).spawn().expect("the demo starts");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe"));
    let mut line = String::new();
    while !line.starts_with(" 1  ") {
        line.clear();
        assert!(
            lines.read_line(&mut line).expect("a line") > 0,
            "the demo ended before its first step"
        );
    }
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
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.contains("the local validator did not become ready"), "{error}");
}

/// A network that is right in everything but one figure.
struct Falsified<'a> {
    world: World<'a>,
    figure: Figure,
}

impl Falsified<'_> {
    fn falsify(&self, mut figures: Figures) -> Figures {
        if let Some(value) = figures.get_mut(&self.figure) {
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
        self.world.perform(action)
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
    fn assets(&self) -> &[Asset] {
        self.world.assets()
    }
    fn money_decimals(&self) -> u8 {
        self.world.money_decimals()
    }
    fn share_mint(&self) -> String {
        self.world.share_mint()
    }
}

fn start(story: &Story, wallets: &BTreeMap<&'static str, Keypair>) -> Localnet {
    let funding = Funding {
        wallet: wallets[story.funder].pubkey().to_string(),
        sol: FUNDER_SOL,
        payout: FUNDER_MONEY,
        equity: FUNDER_EQUITY,
    };
    Localnet::start(&localnet(), &program(), &funding).expect("a network")
}

#[test]
fn one_atom_less_than_the_books_say_ends_the_story() {
    let story = alice();
    let wallets = wallets(&story);
    let localnet = start(&story, &wallets);
    let stage = Falsified {
        world: World::enter(&story, wallets, &localnet.ready).expect("wallets"),
        figure: Figure::Money("Ms Okafor"),
    };
    let mut told = 0;
    let refusal = play(&story, &stage, &mut |_| {
        told += 1;
        Ok(())
    })
    .expect_err("a falsified figure")
    .to_string();
    let claim = Action::Claim {
        holder: "Ms Okafor",
        by: "Ms Okafor",
    };
    let first_claim = story.steps.iter().position(|step| step.action == claim);
    assert_eq!(
        Some(told),
        first_claim,
        "the steps before are told, the falsified one is not"
    );
    assert!(refusal.contains("Ms Okafor, wallet, payout tokens"), "{refusal}");
    assert!(refusal.contains("(off by -1)"), "{refusal}");
    assert_eq!(refusal.lines().count(), 2, "one figure differs: {refusal}");
}
