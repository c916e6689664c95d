//! The story over JSON-RPC, on the local validator.

use std::{
    env,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

use serde_json::{json, Value};
use solana_rpc_client::rpc_client::RpcClient;
use solana_rpc_client_api::request::RpcRequest;
use upside_client::{
    cluster::Cluster,
    error::ClientError,
    program::{upgrade_authority, UpgradeAuthority},
    sender::{PriorityFee, RpcConfig, RpcSender},
    solana_keypair::Keypair,
    solana_signer::Signer,
    Sender,
};

use upside_lookalike_mints::keys;

use crate::{
    in_process::program,
    story::{tell, Stage},
};

/// A local validator that ends with its standard input; or the one that `anchor test` has started.
struct Validator {
    child: Option<Child>,
    rpc: String,
}

impl Validator {
    fn start() -> Self {
        if let Ok(rpc) = env::var("ANCHOR_PROVIDER_URL") {
            return Self { child: None, rpc };
        }
        let binary = env::var_os("UPSIDE_LOCALNET_BIN")
            .expect("set UPSIDE_LOCALNET_BIN to the local validator's binary; `cargo xtask test` does");
        let mut child = Command::new(&binary)
            .args(["--json", "--exit-with-stdin", "--slot-ms", "50", "--upside"])
            .arg(program())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|e| panic!("UPSIDE_LOCALNET_BIN names {}: {e}", binary.display()));
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let ready: Value = serde_json::from_str(&line).unwrap_or_else(|e| panic!("no ready line: {e}: {line}"));
        Self {
            child: Some(child),
            rpc: ready["rpc"].as_str().unwrap().to_owned(),
        }
    }
}

impl Drop for Validator {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            drop(child.stdin.take());
            let _ = child.wait();
        }
    }
}

fn travel(rpc: &RpcClient, sender: &RpcSender, seconds: i64) {
    let to_ms = (sender.now().unwrap() + seconds) * 1_000;
    let request = RpcRequest::Custom {
        method: "surfnet_timeTravel",
    };
    let _: Value = rpc.send(request, json!([{ "absoluteTimestamp": to_ms }])).unwrap();
}

fn funded(sender: &RpcSender) -> Keypair {
    let payer = Keypair::new();
    sender.rpc().request_airdrop(&payer.pubkey(), 100_000_000_000).unwrap();
    sender
        .rpc()
        .poll_get_balance_with_commitment(&payer.pubkey(), sender.rpc().commitment())
        .unwrap();
    payer
}

#[test]
fn the_story_holds_over_rpc() {
    let validator = Validator::start();
    let sender = RpcSender::connect(
        &validator.rpc,
        RpcConfig {
            priority_fee: PriorityFee::Fixed(10),
            ..RpcConfig::default()
        },
    )
    .unwrap();
    assert_eq!(sender.cluster(), Cluster::Private);
    // Anyone can derive the key that may upgrade programs of a local network.
    let authority = keys::keypair("upgrade authority").pubkey();
    assert_eq!(
        upgrade_authority(&sender, &upside_client::upside::ID).unwrap(),
        UpgradeAuthority::Held(authority)
    );
    let payer = funded(&sender);
    tell(&Stage {
        sender: &sender,
        payer: &payer,
        wait: &|seconds| travel(sender.rpc(), &sender, seconds),
    });
}

#[test]
fn a_server_that_does_not_answer_is_named() {
    // A port that the system gives to nobody.
    let url = "http://127.0.0.1:1".to_owned();
    match RpcSender::connect(&url, RpcConfig::default()) {
        Err(ClientError::Rpc { url: named, .. }) => assert_eq!(named, url),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("nobody listens there"),
    }
}
