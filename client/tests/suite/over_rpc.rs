//! The story over JSON-RPC, on the local validator.

use std::env;

use upside_client::{
    cluster::Cluster,
    error::ClientError,
    program::{upgrade_authority, UpgradeAuthority},
    sender::{PriorityFee, RpcConfig, RpcSender},
    solana_keypair::Keypair,
    solana_signer::Signer,
    Sender,
};

use upside_localnet_process::{airdrop, travel, Process};
use upside_lookalike_mints::keys;

use crate::{
    in_process::program,
    story::{tell, Stage},
};

/// The local validator; or the one that `anchor test` has started.
enum Validator {
    Own(Process),
    Started(String),
}

impl Validator {
    fn find() -> Self {
        match env::var("ANCHOR_PROVIDER_URL") {
            Ok(rpc) => Self::Started(rpc),
            Err(_) => Self::Own(Process::start(["--upside".as_ref(), program().as_os_str()])),
        }
    }

    fn rpc(&self) -> &str {
        match self {
            Self::Own(process) => &process.rpc,
            Self::Started(rpc) => rpc,
        }
    }
}

fn funded(sender: &RpcSender) -> Keypair {
    let payer = Keypair::new();
    airdrop(sender.rpc(), &payer.pubkey(), 100_000_000_000).unwrap();
    payer
}

#[test]
fn the_story_holds_over_rpc() {
    let validator = Validator::find();
    let sender = RpcSender::connect(
        validator.rpc(),
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
        wait: &|seconds| travel(sender.rpc(), sender.now().unwrap() + seconds).unwrap(),
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
