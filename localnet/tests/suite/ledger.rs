//! A kept ledger and a validator that is killed while it writes.

use std::{
    collections::HashSet,
    sync::{
        atomic::{AtomicUsize, Ordering},
        Mutex,
    },
    thread,
    time::Duration,
};

use anchor_lang::{prelude::Pubkey, solana_program::system_instruction};
use solana_keypair::{Keypair, Signature, Signer};
use surfpool_core::{
    solana_commitment_config::CommitmentConfig,
    solana_rpc_client::rpc_client::{GetConfirmedSignaturesForAddress2Config, RpcClient},
};
use upside_localnet::{keys, market, rpc};

use crate::binary::{binary, Running};

/// How often it is killed.
const DEATHS: u32 = 4;
/// How many people send at once, so that it is always writing.
const SENDERS: usize = 3;
/// Transactions before a kill: some, and so many more each time.
const BEFORE: (usize, u32) = (7, 5);
/// Accounts that one transaction changes, so that writing it takes a while.
const ACCOUNTS: usize = 12;

/// Every transaction that moved something at `address`, whatever page it is on.
fn history(client: &RpcClient, address: &Pubkey) -> HashSet<Signature> {
    let mut all = HashSet::new();
    let mut before = None;
    loop {
        let config = GetConfirmedSignaturesForAddress2Config {
            before,
            commitment: Some(CommitmentConfig::confirmed()),
            ..GetConfirmedSignaturesForAddress2Config::default()
        };
        let page = client
            .get_signatures_for_address_with_config(address, config)
            .expect("a history");
        let Some(last) = page.last() else {
            return all;
        };
        before = Some(last.signature.parse().expect("a signature"));
        all.extend(page.iter().map(|entry| {
            assert_eq!(entry.err, None);
            entry.signature.parse::<Signature>().expect("a signature")
        }));
    }
}

/// Mints an atom to everybody in each transaction until nobody answers any more; the lamports make each transaction another one.
fn mint_one_by_one(url: &str, wallets: &[Pubkey], payer: &Keypair, next: &AtomicUsize, sent: &Mutex<Vec<Signature>>) {
    let client = rpc::client(url);
    let (authority, mint) = (keys::payout_authority(), market::payout_mint());
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let mut instructions = vec![system_instruction::transfer(
            &payer.pubkey(),
            &wallets[0],
            1_000_000 + number as u64,
        )];
        instructions.extend(
            wallets
                .iter()
                .map(|wallet| mint.mint_to(&authority.pubkey(), wallet, 1).expect("an instruction")),
        );
        match rpc::submit(&client, &instructions, payer, &[&authority]) {
            Ok(signature) => sent.lock().expect("nobody panicked").push(signature),
            Err(_) => return,
        }
    }
}

#[test]
fn a_killed_validator_comes_back_with_whole_transactions_and_with_all_that_was_confirmed() {
    let directory = tempfile::tempdir().expect("a directory");
    let ledger = directory.path().join("ledger");
    let start = || Running::start(binary().arg("--ledger").arg(&ledger));
    let wallets: Vec<_> = (0..ACCOUNTS).map(|_| Keypair::new().pubkey()).collect();
    let (payer, mint) = (Keypair::new(), market::payout_mint());
    let mut running = start();
    let client = rpc::client(&running.ready.rpc);
    market::fund(&client, &keys::faucet(), &payer.pubkey(), 1_000_000_000_000, 0).expect("funded");
    for wallet in &wallets {
        market::fund(&client, &payer, wallet, 0, 1).expect("funded");
    }
    let next = AtomicUsize::new(0);
    let mut confirmed = HashSet::new();
    for death in 0..DEATHS {
        let sent = Mutex::new(Vec::new());
        let url = running.ready.rpc.clone();
        let client = rpc::client(&url);
        let enough = BEFORE.0 + (BEFORE.1 * death) as usize;
        thread::scope(|scope| {
            for _ in 0..SENDERS {
                scope.spawn(|| mint_one_by_one(&url, &wallets, &payer, &next, &sent));
            }
            let mut seen = 0;
            while seen < enough {
                thread::sleep(Duration::from_millis(3));
                let so_far = sent.lock().expect("nobody panicked").clone();
                let statuses = client.get_signature_statuses(&so_far).expect("an answer").value;
                let known = so_far.iter().zip(statuses).filter_map(|(signature, status)| {
                    status?
                        .satisfies_commitment(CommitmentConfig::confirmed())
                        .then_some(*signature)
                });
                confirmed.extend(known);
                seen = so_far.len();
            }
            // Whoever has just answered was not writing; a little later it is again.
            thread::sleep(Duration::from_millis(u64::from(1 + death)));
            running.kill();
        });

        running = start();
        let client = rpc::client(&running.ready.rpc);
        for wallet in &wallets {
            let kept = history(&client, &mint.account_of(wallet));
            let atoms = market::balance(&client, &mint, wallet).expect("a balance");
            assert_eq!(
                atoms,
                kept.len() as u64,
                "death {death}: every transaction that is known has moved an atom, no other"
            );
            let lost: Vec<_> = confirmed.difference(&kept).collect();
            assert!(lost.is_empty(), "death {death}: confirmed and gone: {lost:?}");
        }
    }
    assert!(!confirmed.is_empty());
}
