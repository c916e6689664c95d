//! Deploy, again, interrupted, upgrade, finalise.

use std::{
    process::{Child, Stdio},
    time::{Duration, Instant},
};

use anchor_lang::prelude::Pubkey;
use serde_json::json;
use solana_keypair::Keypair;
use solana_signer::Signer;
use upside_client::{
    accounts,
    instructions::{CreateSecurity, Distribute},
    sender::{RpcConfig, RpcSender},
    upside::{
        constants::{NEVER_TS, TOKEN_PROGRAM_ID},
        instructions::security::CreateSecurityArgs,
        state::{Kind, Terms, TransferPolicy},
    },
    Sender,
};
use upside_deploy::{
    buffer::{self, Place},
    link::Link,
};
use upside_lookalike_mints::keys;

use crate::cluster::{elf, other_elf, program_path, Cluster};

const PROGRAM: Pubkey = upside_client::upside::ID;

#[test]
fn a_deployment_belongs_to_the_payer_and_a_second_one_changes_nothing() {
    let cluster = Cluster::empty();
    let payer = cluster.funded(20);
    let before = cluster.link(&payer).rpc.get_slot().unwrap();
    let outcome = cluster.deploy(&payer, &program_path(), &[]);
    let after = cluster.link(&payer).rpc.get_slot().unwrap();
    assert_eq!(outcome["action"], "deploy");
    assert_eq!(outcome["authority"], payer.pubkey().to_string());
    let deployed = cluster.deployed(&PROGRAM);
    assert!(deployed.runs(&elf()));
    assert_eq!(deployed.authority, Some(payer.pubkey()));
    assert!(
        (before..=after).contains(&deployed.slot),
        "{} in {before}..={after}",
        deployed.slot
    );
    assert_eq!(outcome["slot"], deployed.slot);

    let balance = cluster.balance(&payer);
    let again = cluster.deploy(&payer, &program_path(), &[]);
    assert_eq!(again["action"], "unchanged");
    assert_eq!(again["chunks_written"], 0);
    assert_eq!(cluster.balance(&payer), balance, "nothing was paid");
    assert_eq!(cluster.deployed(&PROGRAM), deployed);
}

/// How long something may take to happen.
const PATIENCE: Duration = Duration::from_secs(60);

fn wait_until(mut holds: impl FnMut() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < PATIENCE, "it does not go on");
        // Reading a whole buffer keeps the validator from its work.
        std::thread::sleep(Duration::from_millis(400));
    }
}

/// The deploy command at work.
fn uploading(cluster: &Cluster, payer: &Keypair) -> Child {
    cluster
        .command(payer, &program_path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Chunks that are not in the buffer yet; nothing while nobody answers.
fn missing(link: &Link, place: &Place, elf: &[u8]) -> Option<usize> {
    let present = buffer::read(link, place, elf).ok()?;
    Some(buffer::differing(present.as_deref(), elf).len())
}

#[test]
fn a_killed_upload_is_continued_and_only_the_rest_is_written() {
    let cluster = Cluster::empty();
    let payer = cluster.funded(20);
    let elf = elf();
    let place = Place::derive(&payer.pubkey(), &PROGRAM, &elf).unwrap();
    let link = cluster.link(&payer);
    let mut child = uploading(&cluster, &payer);
    let all = elf.chunks(buffer::CHUNK_LEN).len();
    let missing = || missing(&link, &place, &elf).unwrap();
    // Zeros of the file need no write, so a fresh buffer has some chunks already.
    wait_until(|| missing() <= all / 2);
    child.kill().unwrap();
    child.wait().unwrap();
    let rest = missing();
    assert!(rest > 0, "the upload was over before it was killed");

    let outcome = cluster.deploy(&payer, &program_path(), &[]);
    let written = outcome["chunks_written"].as_u64().unwrap();
    // What was on its way when the process was killed may have landed since.
    assert!(written > 0 && written <= rest as u64, "{written} of {rest}");
    assert_eq!(outcome["chunks_kept"].as_u64().unwrap() + written, all as u64);
    assert!(cluster.deployed(&PROGRAM).runs(&elf));
    assert_eq!(link.account(&place.address()).unwrap(), None, "the buffer is used up");
}

/// Chunks that arrive before the validator dies.
const MORE: usize = 30;

#[test]
fn an_upload_whose_validator_is_killed_again_and_again_is_continued_by_the_same_command() {
    let mut cluster = Cluster::kept();
    let payer = cluster.funded(20);
    let elf = elf();
    let place = Place::derive(&payer.pubkey(), &PROGRAM, &elf).unwrap();
    let all = elf.chunks(buffer::CHUNK_LEN).len();
    let mut rest = all;
    for together in [true, false, true] {
        let enough = rest - MORE;
        let link = cluster.link(&payer);
        let mut child = uploading(&cluster, &payer);
        wait_until(|| missing(&link, &place, &elf).is_some_and(|missing| missing <= enough));
        if together {
            child.kill().unwrap();
        }
        cluster.die_and_rise();
        // It sends again what was not confirmed, and says so when that is too much.
        wait_until(|| child.try_wait().unwrap().is_some());
        rest = missing(&cluster.link(&payer), &place, &elf).expect("the validator is back");
        assert!(rest <= enough, "{rest} of {all} are missing, more than before");
    }
    assert!(rest > 0, "the upload was over before it was killed");
    let outcome = cluster.deploy(&payer, &program_path(), &[]);
    assert_eq!(outcome["action"], "deploy");
    assert_eq!(outcome["chunks_written"], rest);
    let link = cluster.link(&payer);
    assert!(cluster.deployed(&PROGRAM).runs(&elf));
    assert_eq!(link.account(&place.address()).unwrap(), None, "the buffer is used up");
}

#[test]
fn an_upgrade_grows_the_program_and_keeps_every_account_readable() {
    let authority = keys::keypair("upgrade authority");
    let cluster = Cluster::start(&[
        "--upside",
        program_path().to_str().unwrap(),
        "--fund",
        &authority.pubkey().to_string(),
    ]);
    let sender = RpcSender::connect(&cluster.url, RpcConfig::default()).unwrap();
    let creation = CreateSecurity {
        payer: authority.pubkey(),
        issuer: authority.pubkey(),
        payout_mint: keys::payout_mint().pubkey(),
        payout_token_program: TOKEN_PROGRAM_ID,
        args: CreateSecurityArgs {
            kind: Kind::Person,
            index: 0,
            terms: Terms {
                decimals: 6,
                policy: TransferPolicy::Open,
                authorised_atoms: 1_000_000_000_000,
                drip_seconds: 7 * 86_400,
                notice_seconds: 7 * 86_400,
                redeem_after_ts: NEVER_TS,
                agreement_sha256: [0; 32],
            },
            name: "Alice".to_owned(),
            symbol: "ALICE".to_owned(),
            uri: "https://example.org/alice.json".to_owned(),
            initial_shares_atoms: 900_000_000_000,
        },
    };
    let keys = creation.keys();
    sender.send(&[creation.instruction()], &authority, &[]).unwrap();
    let bytes = |address: &Pubkey| sender.get_account(address).unwrap().unwrap().data;
    let position = accounts::find_position(&sender, &keys.security, &authority.pubkey())
        .unwrap()
        .unwrap();
    let position_address = upside_client::pda::position(&keys.security, &authority.pubkey());
    let before = (bytes(&keys.security), bytes(&position_address));

    let larger = other_elf(1_000);
    let so = cluster.file("larger.so", &larger, 0o644);
    let old = cluster.deployed(&PROGRAM);
    let outcome = cluster.deploy(&authority, &so, &[]);
    assert_eq!(outcome["action"], json!({ "upgrade": { "extend_bytes": 10_240 } }));
    let new = cluster.deployed(&PROGRAM);
    assert!(new.runs(&larger) && new.slot > old.slot);
    assert_eq!(new.authority, Some(authority.pubkey()));
    assert_eq!(new.code.len(), old.code.len() + 10_240);

    assert_eq!((bytes(&keys.security), bytes(&position_address)), before);
    let security = accounts::get_security(&sender, &keys.security).unwrap();
    assert_eq!(security.issuer, authority.pubkey());
    assert_eq!(
        accounts::find_position(&sender, &keys.security, &authority.pubkey())
            .unwrap()
            .unwrap()
            .shares_atoms,
        position.shares_atoms
    );
    // The upgraded program reads and writes what the old one made.
    sender
        .send(
            &[Distribute::from_ata(&keys, authority.pubkey(), 1_000_000).instruction()],
            &authority,
            &[],
        )
        .unwrap();
    assert_ne!(bytes(&keys.security), before.0);

    // Back to the smaller file: the account keeps its size, zeros fill it.
    let back = cluster.deploy(&authority, &program_path(), &[]);
    assert_eq!(back["action"], json!({ "upgrade": { "extend_bytes": 0 } }));
    assert!(cluster.deployed(&PROGRAM).runs(&elf()));
}

#[test]
fn a_final_program_is_never_upgraded_again() {
    let cluster = Cluster::empty();
    let payer = cluster.funded(20);
    cluster.deploy(&payer, &program_path(), &[]);
    let unasked = cluster.refused(&payer, &program_path(), &["--finalize"]);
    assert!(unasked.contains("There is no terminal to ask"), "{unasked}");
    assert_eq!(cluster.deployed(&PROGRAM).authority, Some(payer.pubkey()));

    let outcome = cluster.deploy(&payer, &program_path(), &["--finalize", "--yes"]);
    assert_eq!(outcome["authority"], json!(null));
    let last = cluster.deployed(&PROGRAM);
    assert_eq!(last.authority, None);

    let so = cluster.file("other.so", &other_elf(16), 0o644);
    let refused = cluster.refused(&payer, &so, &["--yes"]);
    assert!(
        refused.contains("is final: its upgrade authority was given up"),
        "{refused}"
    );
    let again = cluster.deploy(&payer, &program_path(), &["--finalize", "--yes"]);
    assert_eq!(again["action"], "unchanged");
    assert_eq!(cluster.deployed(&PROGRAM), last);
}
