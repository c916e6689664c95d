//! Starting, the self test, money, a kept ledger.

use anchor_spl::token_2022::spl_token_2022;
use solana_keypair::{Keypair, Signer};
use surfpool_core::solana_rpc_client::rpc_client::RpcClient;
use upside_localnet::{market, rpc, Config, Localnet, Program};

use crate::{start, MEMO, SLOT_MS};

const SOL: u64 = 1_000_000_000;

#[test]
fn two_networks_run_at_once_on_free_ports_and_stop() {
    let first = start();
    let second = start();
    assert_ne!(first.rpc_url(), second.rpc_url());
    for network in [&first, &second] {
        network.rpc().get_health().expect("healthy");
        assert!(network.rpc_url().starts_with("http://127.0.0.1:"));
        assert!(network.ws_url().starts_with("ws://127.0.0.1:"));
    }
    let url = first.rpc_url().to_owned();
    first.stop();
    assert!(RpcClient::new(url).get_health().is_err(), "the port is free");
    second.rpc().get_health().expect("the other one still runs");
}

#[test]
fn a_taken_port_is_an_error_and_leaves_nothing_running() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = taken.local_addr().expect("an address").port();
    let refused = Localnet::start(Config {
        rpc_port: port,
        ..Config::default()
    });
    let error = format!("{:#}", refused.err().expect("the port is taken"));
    assert!(error.contains("in use"), "{error}");
}

#[test]
fn a_wallet_is_funded_with_sol_payout_tokens_and_equity() {
    let network = start();
    let wallet = Keypair::new().pubkey();
    network.fund(&wallet, 3 * SOL, 250_000_000).expect("funded");
    assert_eq!(network.rpc().get_balance(&wallet).expect("a balance"), 3 * SOL);
    let payout = market::payout_mint();
    assert_eq!(
        market::balance(network.rpc(), &payout, &wallet).expect("a balance"),
        250_000_000
    );

    network.fund(&wallet, 0, 1).expect("funded again");
    assert_eq!(
        market::balance(network.rpc(), &payout, &wallet).expect("a balance"),
        250_000_001
    );

    for symbol in ["ACMEx", "INITx", "UMBRx"] {
        for _ in 0..2 {
            network
                .mint_equity(symbol, &wallet, 7)
                .expect("minted, thawed where frozen");
        }
        let equity = upside_lookalike_mints::equity::by_symbol(symbol).expect("listed");
        let mint = market::equity_mint(equity);
        assert_eq!(market::balance(network.rpc(), &mint, &wallet).expect("a balance"), 14);
        assert_eq!(
            market::is_frozen(network.rpc(), &mint, &wallet).expect("a state"),
            Some(false)
        );
    }
    let unknown = network.mint_equity("NONEx", &wallet, 1).expect_err("no such equity");
    assert!(unknown.to_string().contains("ACMEx"), "{unknown}");
}

#[test]
fn a_token_2022_without_batch_is_refused_in_a_plain_sentence() {
    // The memo program stands in for a Token-2022 that does not know the instruction.
    let memo = {
        let network = start();
        network.rpc().get_account_data(&MEMO).expect("the memo program")
    };
    let refused = Localnet::start(Config {
        programs: vec![Program {
            id: spl_token_2022::ID,
            elf: memo,
            upgrade_authority: None,
        }],
        ..Config::default()
    });
    let error = format!("{:#}", refused.err().expect("Batch is missing"));
    assert!(
        error.starts_with("Token-2022 on this network does not have the Batch instruction"),
        "{error}"
    );
}

#[test]
fn a_kept_ledger_continues_with_its_accounts_and_never_with_an_earlier_clock_or_slot() {
    let directory = tempfile::tempdir().expect("a directory");
    let config = || Config {
        slot_ms: SLOT_MS,
        ledger: Some(directory.path().to_owned()),
        ..Config::default()
    };
    let wallet = Keypair::new();
    let before = {
        let network = Localnet::start(config()).expect("starts");
        network.time_travel(90 * 86_400).expect("travels");
        network.fund(&wallet.pubkey(), SOL, 5).expect("funded");
        network.clock().expect("a clock")
    };
    let payout = market::payout_mint();
    let network = Localnet::start(config()).expect("starts again");
    assert_eq!(network.rpc().get_balance(&wallet.pubkey()).expect("a balance"), SOL);
    assert_eq!(
        market::balance(network.rpc(), &payout, &wallet.pubkey()).expect("a balance"),
        5
    );
    let after = network.clock().expect("a clock");
    assert!(after.unix_timestamp >= before.unix_timestamp);
    // The last transaction was in this slot or in the one before.
    assert!(after.slot >= before.slot, "{} after {}", after.slot, before.slot);
    // The kept accounts are not only readable: a program runs on them.
    network.fund(&wallet.pubkey(), 0, 2).expect("funded again");
    assert_eq!(
        market::balance(network.rpc(), &payout, &wallet.pubkey()).expect("a balance"),
        7
    );
    drop(network);

    let network = Localnet::start(Config {
        reset: true,
        ..config()
    })
    .expect("starts afresh");
    assert!(!rpc::exists(network.rpc(), &wallet.pubkey()).expect("an answer"));
}
