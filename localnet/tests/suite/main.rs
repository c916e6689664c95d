//! The local network, exercised as a library and as a binary. Most tests need no compiled program; those of
//! [`upgradeable_loader`] deploy the one that `UPSIDE_PROGRAM_SO` names.

mod binary;
mod clock;
mod ledger;
mod mints;
mod network;
mod upgradeable_loader;

use anchor_lang::prelude::Pubkey;
use upside_localnet::{Config, Localnet};

/// Slot of the networks in tests, in milliseconds: short, so that confirmations are.
const SLOT_MS: u64 = 50;

/// A small program that every network has; tests deploy copies of it.
const MEMO: Pubkey = Pubkey::from_str_const("MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr");

/// An in-memory network on free ports.
fn start() -> Localnet {
    Localnet::start(Config {
        slot_ms: SLOT_MS,
        ..Config::default()
    })
    .expect("the network starts")
}
