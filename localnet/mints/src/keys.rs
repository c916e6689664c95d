//! The deterministic keys of a local network.
//!
//! Every key is `sha256("upside localnet: " + label)` used as an ed25519 seed. Whoever reads this file holds these
//! keys: they are worth nothing and must never sign on a public network. That anyone can derive them is the point:
//! a test, a script or a browser mints look-alike tokens without being handed a key file.

use sha2::{Digest, Sha256};
use solana_keypair::Keypair;

/// What every label is prefixed with before it is hashed.
pub const LABEL_PREFIX: &str = "upside localnet: ";

/// The key of `label`: `sha256(LABEL_PREFIX + label)` as the ed25519 seed.
#[must_use]
pub fn keypair(label: &str) -> Keypair {
    let seed: [u8; 32] = Sha256::new()
        .chain_update(LABEL_PREFIX)
        .chain_update(label)
        .finalize()
        .into();
    Keypair::new_from_array(seed)
}

/// Pays for the transactions that the local network sends itself (label `faucet`).
#[must_use]
pub fn faucet() -> Keypair {
    keypair("faucet")
}

/// The payout mint (label `payout mint`).
#[must_use]
pub fn payout_mint() -> Keypair {
    keypair("payout mint")
}

/// Mints and freezes the payout mint (label `payout authority`).
#[must_use]
pub fn payout_authority() -> Keypair {
    keypair("payout authority")
}

/// The equity mint of `symbol` (label `equity mint SYMBOL`).
#[must_use]
pub fn equity_mint(symbol: &str) -> Keypair {
    keypair(&format!("equity mint {symbol}"))
}

/// The issuer of every equity: mints, freezes, pauses, claws back (label `equity authority`).
#[must_use]
pub fn equity_authority() -> Keypair {
    keypair("equity authority")
}
