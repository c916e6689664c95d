//! Addresses never change: wallets, indexers and the app compute them too.

use anchor_lang::prelude::Pubkey;
use upside_client::{
    pda,
    upside::{
        constants::{TOKEN_2022_PROGRAM_ID, TOKEN_PROGRAM_ID},
        state::{Kind, TransferPolicy},
    },
    SecurityKeys,
};

#[test]
fn addresses_are_the_same_for_ever() {
    let issuer = Pubkey::new_from_array([1; 32]);
    let holder = Pubkey::new_from_array([2; 32]);
    let asset = Pubkey::new_from_array([3; 32]);
    let payout_mint = Pubkey::new_from_array([4; 32]);
    let keys = SecurityKeys::derive(
        &issuer,
        Kind::Expression,
        258,
        TransferPolicy::Open,
        payout_mint,
        TOKEN_PROGRAM_ID,
    );
    let vault = keys.vault(&asset);
    let computed = [
        ("mint", keys.mint),
        ("security", keys.security),
        ("payout vault", keys.payout_vault()),
        ("inbox", keys.inbox()),
        ("position", keys.position(&holder)),
        ("registered", keys.registered(&holder)),
        ("bearer account", keys.bearer_account(&holder)),
        ("payout account", keys.payout_account(&holder)),
        ("vault", vault),
        (
            "vault account",
            pda::vault_account(&vault, &asset, &TOKEN_2022_PROGRAM_ID),
        ),
        ("approval", keys.approval(&holder)),
        ("event authority", pda::event_authority()),
    ]
    .map(|(name, address)| format!("{name} {address}"));
    assert_eq!(computed.join("\n"), include_str!("addresses.txt").trim_end());
}

#[test]
fn the_event_authority_is_derived_from_the_program() {
    let (address, bump) = Pubkey::find_program_address(&[b"__event_authority"], &upside_client::upside::ID);
    assert_eq!((address, bump), upside_client::upside::EVENT_AUTHORITY_AND_BUMP);
}
