//! What is refused, before anything is spent.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
};

use serde_json::{json, Value};
use solana_keypair::Keypair;
use solana_signer::Signer;
use upside_deploy::{
    buffer::{self, Place},
    deployment::{self, Request},
};

use crate::cluster::{elf, other_elf, program_path, Cluster};

#[test]
fn a_truncated_program_is_refused_before_anything_is_spent_and_by_the_loader_too() {
    let cluster = Cluster::empty();
    let payer = cluster.funded(20);
    let truncated = &elf()[..200_000];
    let so = cluster.file("truncated.so", truncated, 0o644);
    let balance = cluster.balance(&payer);
    let refused = cluster.refused(&payer, &so, &[]);
    assert!(refused.contains("the loader would refuse the file"), "{refused}");
    assert_eq!(cluster.balance(&payer), balance);

    // Uploaded all the same, the cluster's loader refuses it.
    let link = cluster.link(&payer);
    let key = Keypair::new();
    let place = Place::derive(&payer.pubkey(), &key.pubkey(), truncated).unwrap();
    buffer::upload(&link, &place, truncated, |_, _| {}).unwrap();
    let request = Request {
        program: key.pubkey(),
        program_key: Some(&key),
        elf: truncated,
        buffer: None,
        finalize: false,
    };
    let error = format!(
        "{:#}",
        deployment::deploy(&link, &request, &place.address()).unwrap_err()
    );
    assert!(error.contains("invalid account data"), "{error}");
    assert_eq!(link.account(&key.pubkey()).unwrap(), None);
}

#[test]
fn a_program_built_for_another_address_is_refused() {
    let cluster = Cluster::empty();
    let payer = cluster.funded(20);
    let balance = cluster.balance(&payer);
    let key = cluster.key_file(&Keypair::new());
    let refused = cluster.refused(&payer, &program_path(), &["--program-keypair", key.to_str().unwrap()]);
    assert!(refused.contains("was built for another address"), "{refused}");
    assert_eq!(cluster.balance(&payer), balance);
}

#[test]
fn too_little_money_is_named_and_nothing_is_spent() {
    let cluster = Cluster::empty();
    let payer = cluster.funded(1);
    let refused = cluster.refused(&payer, &program_path(), &[]);
    assert!(refused.contains("has 1 SOL and the deployment needs "), "{refused}");
    assert_eq!(cluster.balance(&payer), 1_000_000_000);

    // The amount that it names is enough.
    let needs = refused.split("needs ").nth(1).unwrap().split(':').next().unwrap();
    let (whole, fraction) = needs.split_once('.').unwrap();
    let lamports = format!("{whole}{fraction:0<9}").parse::<u64>().unwrap();
    let link = cluster.link(&payer);
    upside_localnet_process::airdrop(&link.rpc, &payer.pubkey(), lamports - 1_000_000_000).unwrap();
    cluster.deploy(&payer, &program_path(), &[]);
}

#[test]
fn a_stranger_cannot_upgrade_and_is_told_who_can() {
    let cluster = Cluster::start(&["--no-mints", "--upside", program_path().to_str().unwrap()]);
    let stranger = cluster.funded(20);
    let so = cluster.file("other.so", &other_elf(16), 0o644);
    let holder = upside_lookalike_mints::keys::keypair("upgrade authority").pubkey();
    let refused = cluster.refused(&stranger, &so, &[]);
    assert!(
        refused.contains(&format!("the upgrade authority of {} is {holder}", upside::ID)),
        "{refused}"
    );
}

#[test]
fn a_dry_run_says_what_would_happen_and_sends_nothing() {
    let cluster = Cluster::empty();
    let payer = cluster.funded(20);
    let balance = cluster.balance(&payer);
    let plan = cluster.deploy(&payer, &program_path(), &["--dry-run"]);
    assert_eq!(plan["action"], "deploy");
    assert!(plan["chunks_to_write"].as_u64().unwrap() > 0);
    assert_eq!(cluster.balance(&payer), balance);
}

#[test]
fn a_key_that_others_can_read_is_refused_and_never_shown() {
    let cluster = Cluster::empty();
    let payer = Keypair::new();
    let text = serde_json::to_string(&payer.to_bytes().to_vec()).unwrap();
    let open = cluster.file("open.json", text.as_bytes(), 0o644);
    let refused = cluster.refused(
        &Keypair::new(),
        &program_path(),
        &["--program-keypair", open.to_str().unwrap()],
    );
    assert!(refused.contains("others can use the key file"), "{refused}");
    assert!(!refused.contains(&text[1..20]), "{refused}");
}

#[test]
fn the_localnet_program_is_refused_on_a_public_cluster() {
    let cluster = Cluster::empty();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let (mut line, mut length) = (String::new(), 0);
        while reader.read_line(&mut line).unwrap() > 2 {
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            line.clear();
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        let asked: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(asked["method"], "getGenesisHash");
        let devnet = "EtWTRABZaYq6iMfeYKouRu166VU2xqa1wcaWoxPkrZBG";
        let answer = json!({ "jsonrpc": "2.0", "id": asked["id"], "result": devnet }).to_string();
        write!(
            stream,
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{answer}",
            answer.len()
        )
        .unwrap();
    });
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_upside-deploy"));
    let output = command
        .args(["--url", &url, "--yes", "--keypair"])
        .arg(cluster.key_file(&Keypair::new()))
        .arg("--so")
        .arg(program_path())
        .output()
        .unwrap();
    server.join().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(error.contains("devnet"), "{error}");
}

#[test]
fn nothing_is_published_where_program_metadata_is_missing() {
    let cluster = Cluster::empty();
    let payer = cluster.funded(20);
    let refused = cluster.refused(&payer, &program_path(), &["--metadata"]);
    assert!(
        refused.contains("Program Metadata (ProgM6JCCvbYkfKqJYHePx4xxSUSqJp7rh8Lyv7nk7S) is not on this cluster"),
        "{refused}"
    );
}
