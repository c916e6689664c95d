//! Messages for other tools: `--base64` and `--sign-only`.

use anchor_lang::{
    prelude::{AccountMeta, Pubkey},
    solana_program::instruction::Instruction,
};
use base64::{engine::general_purpose::STANDARD, Engine};
use serde_json::{json, Value};
use solana_rpc_client_api::request::RpcRequest;
use upside_client::{accounts, solana_keypair::Keypair, solana_signer::Signer, Sender};

use upside_localnet_process::airdrop;

use hook::{RELAY, WALLET};

use crate::network::{asset, board_program, network, payout, run, Network, Wallet};

/// The program whose instructions set a transaction's limits.
const COMPUTE_BUDGET: Pubkey = Pubkey::from_str_const("ComputeBudget111111111111111111111111111111");

/// Another tool: signs the bytes of a message, sends them, and waits.
fn sign_and_send(net: &Network, message: &[u8], signers: &[&Keypair]) {
    let mut wire = vec![u8::try_from(signers.len()).unwrap()];
    for signer in signers {
        wire.extend_from_slice(signer.sign_message(message).as_ref());
    }
    wire.extend_from_slice(message);
    send(net, &wire);
}

fn send(net: &Network, wire: &[u8]) {
    let sender = net.sender();
    let parameters = json!([STANDARD.encode(wire), { "encoding": "base64", "preflightCommitment": "confirmed" }]);
    let signature: String = sender.rpc().send(RpcRequest::SendTransaction, parameters).unwrap();
    let signature = signature.parse().unwrap();
    for _ in 0..200 {
        if sender.rpc().confirm_transaction(&signature).unwrap() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    panic!("{signature} did not land");
}

fn exported(net: &Network, issuer: &Pubkey, arguments: &[&str]) -> (Vec<u8>, Vec<String>) {
    let issuer = issuer.to_string();
    let shown = run(&[
        &["-u", &net.rpc, "--issuer", &issuer, "--base64", "--output", "json"],
        arguments,
    ]
    .concat());
    assert_eq!(shown.code, 0, "{}", shown.err);
    let value: Value = serde_json::from_str(&shown.out).unwrap();
    let message = STANDARD.decode(value["message"].as_str().unwrap()).unwrap();
    let signers = value["signers"].as_array().unwrap();
    assert!(
        signers.iter().all(|signer| signer["signature"].is_null()),
        "nothing is signed"
    );
    let signers = signers
        .iter()
        .map(|signer| signer["signer"].as_str().unwrap().to_owned());
    (message, signers.collect())
}

#[test]
fn an_issuer_whose_key_is_elsewhere_lives_by_exported_messages() {
    let net = network();
    let (board, relayer) = (net.wallet(), net.wallet());
    let money = payout().mint.to_string();
    let create = [
        "token",
        "create",
        "--kind",
        "collective",
        "--name",
        "A school",
        "--symbol",
        "SCHOOL",
        "--authorised",
        "1000000",
        "--payout-mint",
        &money,
        "--fee-payer",
        &relayer.text(),
    ];
    let (message, signers) = exported(net, &board.address(), &create);
    assert_eq!(signers, [relayer.text(), board.text()]);
    sign_and_send(net, &message, &[&relayer.key, &board.key]);
    let listed = run(&[
        "-u",
        &net.rpc,
        "--issuer",
        &board.text(),
        "token",
        "list",
        "--output",
        "json",
    ]);
    let listed: Value = serde_json::from_str(&listed.out).unwrap();
    let mint = listed["securities"][0]["mint"].as_str().unwrap().to_owned();
    assert_eq!(listed["securities"][0]["issuer"].as_str(), Some(board.text().as_str()));

    // Without another fee payer the issuer pays everything, as a multisig's account does.
    let (message, signers) = exported(net, &board.address(), &["shares", "send", &mint, "12", &relayer.text()]);
    assert_eq!(signers, [board.text()]);
    sign_and_send(net, &message, &[&board.key]);
    let held = net.json(&relayer, &["shares", "list"]);
    assert_eq!(held["shares"][0]["registered"]["amount"], "12");
    assert_eq!(net.json(&relayer, &["audit", &mint])["sound"], true);
}

#[test]
fn the_issuer_may_be_an_address_that_no_key_has() {
    let net = network();
    // A multisig's account: off the curve, so that only its program can sign for it.
    let (multisig, _) = Pubkey::find_program_address(&[b"vault", &[0]], &Pubkey::new_unique());
    let relayer = net.wallet();
    let money = payout().mint.to_string();
    let create = [
        "token",
        "create",
        "--kind",
        "expression",
        "--name",
        "Of a board",
        "--symbol",
        "BOARD",
        "--authorised",
        "1000000",
        "--payout-mint",
        &money,
        "--fee-payer",
        &relayer.text(),
    ];
    let (message, signers) = exported(net, &multisig, &create);
    assert_eq!(signers, [relayer.text(), multisig.to_string()]);
    // Accounts come after the header of three bytes and the count of one.
    assert_eq!(&message[4..36], relayer.address().as_ref());
    assert_eq!(&message[36..68], multisig.as_ref());
    let sent = run(&["-u", &net.rpc, "--issuer", &multisig.to_string(), "token", "list"]);
    assert_eq!(sent.code, 0, "{}", sent.err);
    let needs = run(&[
        &["-u", &net.rpc, "--issuer", &multisig.to_string(), "--yes"],
        &create[..12],
    ]
    .concat());
    assert_eq!(needs.code, 4, "{}", needs.err);
    assert!(needs.err.contains("--base64"), "{}", needs.err);
}

/// A multisig's own tool: what an exported message would do, done by the multisig's program, which signs for its address.
fn execute(net: &Network, message: &[u8], multisig: (Pubkey, u8), relayer: &Wallet) {
    let mut rest = message;
    let mut take = |len: usize| {
        let (taken, after) = rest.split_at(len);
        rest = after;
        taken
    };
    let header = take(3);
    let [signers, readonly_signers, readonly] = [header[0], header[1], header[2]].map(usize::from);
    let keys: Vec<Pubkey> = (0..length(&mut take))
        .map(|_| Pubkey::try_from(take(32)).unwrap())
        .collect();
    let writable = |i: usize| i < signers - readonly_signers || (i >= signers && i < keys.len() - readonly);
    take(32); // the blockhash: the multisig's transaction has its own
    let calls: Vec<Instruction> = (0..length(&mut take))
        .map(|_| {
            let program = keys[usize::from(take(1)[0])];
            let accounts = length(&mut take);
            let accounts = take(accounts).iter().map(|&i| {
                let (i, key) = (usize::from(i), keys[usize::from(i)]);
                AccountMeta {
                    pubkey: key,
                    is_signer: i < signers && key != multisig.0,
                    is_writable: writable(i),
                }
            });
            let accounts = [AccountMeta::new_readonly(program, false)]
                .into_iter()
                .chain(accounts)
                .collect();
            let data = length(&mut take);
            Instruction {
                program_id: board_program(),
                accounts,
                data: [&RELAY[..], &[multisig.1], take(data)].concat(),
            }
        })
        // The multisig's transaction sets its own limits.
        .filter(|call: &Instruction| call.accounts[0].pubkey != COMPUTE_BUDGET)
        .collect();
    assert!(rest.is_empty(), "the whole message was read");
    net.sender().send(&calls, &relayer.key, &[]).unwrap();
}

/// A length as messages have it: seven bits a byte, the lowest first.
fn length<'a>(take: &mut impl FnMut(usize) -> &'a [u8]) -> usize {
    let mut length = 0;
    for shift in [0, 7, 14] {
        let byte = usize::from(take(1)[0]);
        length |= (byte & 0x7f) << shift;
        if byte < 0x80 {
            break;
        }
    }
    length
}

#[test]
fn a_multisig_issues_shares_and_hands_over_through_its_program() {
    let net = network();
    let multisig = Pubkey::find_program_address(&[WALLET], &board_program());
    let board = multisig.0.to_string();
    let (relayer, heir) = (net.wallet(), net.wallet());
    // The address is a wallet with lamports and money like any other; only nobody has its key.
    let sender = net.sender();
    airdrop(sender.rpc(), &multisig.0, 5_000_000_000).unwrap();
    let through = |arguments: &[&str]| {
        let fee_payer = relayer.text();
        let (message, signers) = exported(net, &multisig.0, &[arguments, &["--fee-payer", &fee_payer]].concat());
        assert_eq!(signers, [fee_payer, board.clone()]);
        execute(net, &message, multisig, &relayer);
    };
    let money = payout().mint.to_string();
    through(&[
        "token",
        "create",
        "--kind",
        "collective",
        "--name",
        "Of the board",
        "--symbol",
        "BOARD",
        "--authorised",
        "1000000",
        "--payout-mint",
        &money,
    ]);
    let listed = run(&["-u", &net.rpc, "--issuer", &board, "token", "list", "--output", "json"]);
    let listed: Value = serde_json::from_str(&listed.out).unwrap();
    let mint = listed["securities"][0]["mint"].as_str().unwrap().to_owned();
    assert_eq!(listed["securities"][0]["issuer"].as_str(), Some(board.as_str()));

    through(&["shares", "send", &mint, "12", &heir.text()]);
    assert_eq!(
        net.json(&heir, &["shares", "list"])["shares"][0]["registered"]["amount"],
        "12"
    );
    through(&["token", "update", &mint, "--name", "Of the whole board"]);
    let shown = net.json(&heir, &["token", "show", &mint]);
    assert!(shown.to_string().contains("Of the whole board"), "{shown}");
    // The board gives the token to a person, who accepts with their own key.
    through(&["token", "handover", "propose", &mint, &heir.text()]);
    net.json(&heir, &["token", "handover", "accept", &mint]);
    let listed = net.json(&heir, &["token", "list"]);
    assert_eq!(listed["securities"][0]["issuer"].as_str(), Some(heir.text().as_str()));
    assert_eq!(net.json(&heir, &["audit", &mint])["sound"], true);
}

#[test]
fn display_prints_nothing_but_the_message() {
    let net = network();
    let issuer = net.wallet();
    let mint = net.token(&issuer, "ONLY");
    let ran = net.run(&issuer, &["shares", "unregister", &mint, "1", "--base64"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(STANDARD.decode(ran.out.trim()).is_ok(), "{}", ran.out);
    assert!(ran.err.contains("must be signed by"), "{}", ran.err);
    let refused = net.run(
        &issuer,
        &[
            "shares",
            "send",
            &mint,
            "1000001",
            &net.poor_wallet().text(),
            "--base64",
        ],
    );
    assert_eq!(
        refused.code, 2,
        "what would be refused is not exported: {}",
        refused.err
    );
}

fn signed(net: &Network, wallet: &Wallet, arguments: &[&str]) -> Value {
    net.json(wallet, &[arguments, &["--sign-only"]].concat())
}

#[test]
fn a_transaction_signed_here_is_sent_by_another_tool() {
    let net = network();
    let (issuer, friend) = (net.wallet(), net.poor_wallet());
    let mint = net.token(&issuer, "SIGN");
    let value = signed(net, &issuer, &["shares", "send", &mint, "3", &friend.text()]);
    assert!(value["signers"][0]["signature"].is_string());
    assert_eq!(
        net.json(&issuer, &["shares", "list", &mint])["holders"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    send(net, &STANDARD.decode(value["transaction"].as_str().unwrap()).unwrap());
    let listed = net.json(&issuer, &["shares", "list", &mint]);
    assert_eq!(listed["holders"][1]["shares"]["amount"], "3");
}

#[test]
fn a_missing_signature_is_named_and_added_elsewhere() {
    let net = network();
    let (issuer, relayer) = (net.wallet(), net.wallet());
    let mint = net.token(&issuer, "PART");
    let command = ["shares", "unregister", &mint, "2", "--fee-payer", &relayer.text()];
    let shown = net.run(&issuer, &[&command[..], &["--sign-only"]].concat());
    assert!(shown.out.contains("Absent Signers (Pubkey):"), "{}", shown.out);
    let value = signed(net, &issuer, &command);
    let message = STANDARD.decode(value["message"].as_str().unwrap()).unwrap();
    let mut wire = STANDARD.decode(value["transaction"].as_str().unwrap()).unwrap();
    assert_eq!(value["signers"][0]["signer"].as_str(), Some(relayer.text().as_str()));
    assert!(value["signers"][0]["signature"].is_null());
    wire[1..65].copy_from_slice(relayer.key.sign_message(&message).as_ref());
    send(net, &wire);
    assert_eq!(
        net.json(&issuer, &["shares", "list"])["shares"][0]["bearer"]["amount"],
        "2"
    );
    assert!(net.sender().now().is_ok());
}

#[test]
fn a_blockhash_can_be_given() {
    let net = network();
    let issuer = net.wallet();
    let mint = net.token(&issuer, "HASH");
    let hash = Pubkey::new_unique().to_string();
    let value = signed(
        net,
        &issuer,
        &["shares", "unregister", &mint, "1", "--blockhash", &hash],
    );
    assert_eq!(value["blockhash"].as_str(), Some(hash.as_str()));
    let wrong = net.run(
        &issuer,
        &["shares", "unregister", &mint, "1", "--sign-only", "--blockhash", "xyz"],
    );
    assert_eq!(wrong.code, 1);
}

#[test]
fn a_holder_whose_key_is_elsewhere_redeems_by_an_exported_message() {
    let net = network();
    let (board, relayer) = (net.wallet(), net.wallet());
    let mint = net.token_with(&board, "EXRED", &["--redeem-after", "2020-01-01"]);
    let acme = asset("ACMEx");
    net.json(&board, &["vault", "open", &mint, &acme.mint.to_string()]);
    net.json(&board, &["vault", "deposit", &mint, &acme.mint.to_string(), "100"]);
    let account = acme.account_of(&board.address());
    let before = accounts::token_balance(&net.sender(), &account).unwrap();

    let start = ["redeem", "start", &mint, "1000", "--fee-payer", &relayer.text()];
    let (message, signers) = exported(net, &board.address(), &start);
    assert_eq!(signers, [relayer.text(), board.text()]);
    sign_and_send(net, &message, &[&relayer.key, &board.key]);

    let after = accounts::token_balance(&net.sender(), &account).unwrap();
    // A thousandth of 100, all in one transaction, with the ticket closed again.
    assert_eq!(after - before, 10_000_000);
    let status = net.json(&board, &["redeem", "status", &mint]);
    assert_eq!(status["tickets"].as_array().unwrap().len(), 0, "{status}");
    assert_eq!(net.json(&board, &["audit", &mint])["sound"], true);
}
