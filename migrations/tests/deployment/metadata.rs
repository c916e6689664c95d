//! Publishing through the real Program Metadata program, on a local cluster, with the command that people run.
//! `UPSIDE_PROGRAM_METADATA_SO` names the compiled program; `cargo xtask test program-metadata` does.

use std::io::Read;

use flate2::read::ZlibDecoder;
use serde_json::Value;
use solana_keypair::Keypair;
use upside_deploy::metadata::{publish, Document, HEADER_LEN, PROGRAM_METADATA};

use crate::cluster::{error_of, program_path, Cluster};

fn cluster() -> Cluster {
    let so = std::env::var("UPSIDE_PROGRAM_METADATA_SO").expect("set UPSIDE_PROGRAM_METADATA_SO");
    Cluster::start(&["--no-mints", "--bpf-program", &PROGRAM_METADATA.to_string(), &so])
}

fn content(cluster: &Cluster, payer: &Keypair, name: &'static str) -> Value {
    let document = Document::json(name, &Value::Null).expect("a document");
    let account = cluster
        .link(payer)
        .account(&document.address(&upside_client::upside::ID))
        .expect("an answer")
        .unwrap_or_else(|| panic!("{name} is not there"));
    assert_eq!((account.owner, account.data[0]), (PROGRAM_METADATA, 2));
    let mut text = String::new();
    ZlibDecoder::new(&account.data[HEADER_LEN..])
        .read_to_string(&mut text)
        .expect("zlib");
    serde_json::from_str(&text).expect("JSON")
}

#[test]
fn interface_and_security_txt_are_published_and_published_anew_when_they_differ() {
    let cluster = cluster();
    let payer = cluster.funded(100);
    let so = program_path();
    let refused = cluster.refused(&payer, &so, &["--metadata"]);
    assert!(refused.contains("is not deployed"), "{refused}");
    cluster.deploy(&payer, &so, &[]);

    let stranger = cluster.funded(10);
    let refused = cluster.refused(&stranger, &so, &["--metadata"]);
    assert!(refused.contains("only it can publish"), "{refused}");

    let dry = cluster.deploy(&payer, &so, &["--metadata", "--dry-run"]);
    let unchanged = |published: &Value| -> Vec<bool> {
        let documents = published.as_array().expect("documents");
        documents
            .iter()
            .map(|d| d["unchanged"].as_bool().expect("a fact"))
            .collect()
    };
    assert_eq!(unchanged(&dry), [false; 3]);
    assert_eq!(unchanged(&cluster.deploy(&payer, &so, &["--metadata"])), [false; 3]);
    let idl = content(&cluster, &payer, "idl");
    assert_eq!(idl["address"], upside_client::upside::ID.to_string());
    assert!(idl["instructions"].as_array().expect("instructions").len() > 40);
    assert_eq!(content(&cluster, &payer, "codama")["standard"], "codama");
    assert_eq!(content(&cluster, &payer, "security")["name"], "Upside");
    let after = cluster.balance(&payer);
    assert_eq!(unchanged(&cluster.deploy(&payer, &so, &["--metadata"])), [true; 3]);
    assert_eq!(cluster.balance(&payer), after, "nothing was sent");

    // Another version of one, shorter than the present; the rent of the old one comes back.
    let link = cluster.link(&payer);
    let other = Document::json("idl", &serde_json::json!({ "address": "another" })).expect("a document");
    let written = publish(&link, &upside_client::upside::ID, &[other], false).expect("written");
    assert!(!written[0].unchanged);
    assert_eq!(content(&cluster, &payer, "idl")["address"], "another");
    assert!(cluster.balance(&payer) > after);
    assert_eq!(
        unchanged(&cluster.deploy(&payer, &so, &["--metadata"])),
        [false, true, true]
    );
    assert_eq!(content(&cluster, &payer, "idl"), idl);

    cluster.deploy(&payer, &so, &["--finalize", "--yes"]);
    let refused = cluster.refused(&payer, &so, &["--metadata"]);
    assert!(refused.contains("is final"), "{refused}");
}

#[test]
fn a_publication_that_was_killed_is_continued_by_the_same_command() {
    let cluster = cluster();
    let payer = cluster.funded(100);
    let so = program_path();
    cluster.deploy(&payer, &so, &[]);
    let mut killed = 0;
    for ms in [150, 300, 500, 800] {
        let mut child = cluster
            .command(&payer, &so)
            .arg("--metadata")
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .expect("started");
        std::thread::sleep(std::time::Duration::from_millis(ms));
        if child.try_wait().expect("an answer").is_none() {
            child.kill().expect("killed");
            killed += 1;
        }
        child.wait().expect("ended");
    }
    assert!(killed > 0, "it was always faster");
    let output = cluster.command(&payer, &so).arg("--metadata").output().expect("run");
    assert!(output.status.success(), "{}", error_of(&output));
    for name in ["idl", "codama", "security"] {
        assert!(content(&cluster, &payer, name).is_object());
    }
}
