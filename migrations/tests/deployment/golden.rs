//! Accounts that exist must stay readable for ever: committed bytes of every account layout, and what the program's types read in them.
//!
//! `UPDATE_GOLDEN=1` writes the files of layouts that are new. It never touches a file that exists: old bytes are what this is about.

use std::{fmt::Debug, fs, path::PathBuf};

use anchor_lang::{AccountDeserialize, Discriminator};
use upside_client::upside::state::{
    Approval, Collective, Grant, Member, Position, Redemption, Round, Security, Subscription, Vault,
};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

/// The value as its type prints it, arrays on one line.
fn shown(value: &impl Debug) -> String {
    let mut text = String::new();
    let mut depth = 0;
    for line in format!("{value:#?}").lines() {
        let part = line.trim();
        if part.starts_with(']') {
            depth -= 1;
        }
        let within = depth > 0 || part.starts_with(']');
        text += if within { part } else { line };
        if part.ends_with('[') {
            depth += 1;
        }
        text += if depth > 0 { " " } else { "\n" };
    }
    text
}

fn from_hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    digits
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

/// Bytes that no two neighbours of are equal: the discriminator, then a pattern.
fn new_bytes(discriminator: &[u8], len: usize) -> Vec<u8> {
    let pattern = (discriminator.len()..len).map(|i| u8::try_from((i * 37 + 11) % 251).unwrap());
    discriminator.iter().copied().chain(pattern).collect()
}

fn check<T: AccountDeserialize + Discriminator + Debug>(name: &str, space: usize) {
    let (bytes_path, values_path) = (
        folder().join(format!("{name}.hex")),
        folder().join(format!("{name}.txt")),
    );
    if std::env::var_os("UPDATE_GOLDEN").is_some() && !bytes_path.exists() {
        let bytes = new_bytes(T::DISCRIMINATOR, space);
        let hex: Vec<String> = bytes
            .chunks(32)
            .map(|line| line.iter().map(|byte| format!("{byte:02x}")).collect())
            .collect();
        fs::write(&bytes_path, hex.join("\n") + "\n").unwrap();
        let value = T::try_deserialize(&mut bytes.as_slice()).unwrap();
        fs::write(&values_path, shown(&value)).unwrap();
    }
    let committed = |path: &PathBuf| {
        fs::read_to_string(path).unwrap_or_else(|e| {
            panic!(
                "{}: {e}; run this test with UPDATE_GOLDEN=1 and commit it",
                path.display()
            )
        })
    };
    let bytes = from_hex(&committed(&bytes_path));
    assert_eq!(bytes.len(), space, "accounts that exist have the committed length");
    let value = T::try_deserialize(&mut bytes.as_slice()).expect("the committed bytes are readable");
    assert_eq!(shown(&value), committed(&values_path), "{name} is read differently");
}

macro_rules! layouts {
    ($($test:ident: $type:ident),* $(,)?) => {
        $(
            #[test]
            fn $test() {
                check::<$type>(stringify!($type), $type::SPACE);
            }
        )*

        /// The layouts that are checked.
        const CHECKED: &[&str] = &[$(stringify!($type)),*];
    };
}

layouts! {
    the_golden_approval_is_read_as_ever: Approval,
    the_golden_collective_is_read_as_ever: Collective,
    the_golden_grant_is_read_as_ever: Grant,
    the_golden_member_is_read_as_ever: Member,
    the_golden_position_is_read_as_ever: Position,
    the_golden_redemption_is_read_as_ever: Redemption,
    the_golden_round_is_read_as_ever: Round,
    the_golden_security_is_read_as_ever: Security,
    the_golden_subscription_is_read_as_ever: Subscription,
    the_golden_vault_is_read_as_ever: Vault,
}

#[test]
fn every_account_of_the_program_has_golden_bytes() {
    let idl: serde_json::Value = serde_json::from_str(include_str!("../../../idl/upside.json")).unwrap();
    let accounts: Vec<&str> = idl["accounts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|account| account["name"].as_str().unwrap())
        .collect();
    assert!(!accounts.is_empty());
    assert_eq!(accounts, CHECKED, "add the new layout to `layouts!` in golden.rs");
}
