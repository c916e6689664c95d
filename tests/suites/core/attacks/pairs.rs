//! Every two extensions that the policy accepts, together on one mint.

use std::collections::BTreeSet;

use solana_signer::Signer;
use upside::constants::TOKEN_2022_PROGRAM_ID;
use upside_client::events::Event;
use upside_lookalike_mints::{balances::MintRef, keys, EquityMint, Extension};
use upside_tests::TestContext;

/// Every extension of a mint that a vault accepts and that can be made alone.
const ACCEPTED: &[(&str, Extension)] = &[
    (
        "TransferFee",
        Extension::TransferFee {
            bps: 100,
            maximum_atoms: 5_000,
        },
    ),
    ("MintCloseAuthority", Extension::MintCloseAuthority),
    ("ConfidentialTransfer", Extension::ConfidentialTransfer),
    ("DefaultAccountState", Extension::DefaultAccountState { frozen: true }),
    ("InterestBearing", Extension::InterestBearing { rate_bps: 700 }),
    ("PermanentDelegate", Extension::PermanentDelegate),
    ("TransferHook", Extension::TransferHook { program: None }),
    ("Metadata", Extension::Metadata),
    ("ScaledUiAmount", Extension::ScaledUiAmount { multiplier: 2.5 }),
    ("Pausable", Extension::Pausable),
];

/// The pairs that Token-2022 itself does not make.
const REFUSED_BY_TOKEN_2022: &[(&str, &str)] = &[
    // Only together with the fee of confidential transfers: that mint is in `mint_policy`.
    ("TransferFee", "ConfidentialTransfer"),
    ("InterestBearing", "ScaledUiAmount"),
];

/// Share atoms authorised and issued.
const SUPPLY: u64 = 1_000_000;
/// Of these redeemed.
const REDEEMED: u64 = 250_000;

/// A mint with these two, if Token-2022 makes it.
fn mint_of(ctx: &TestContext, label: &str, extensions: [Extension; 2]) -> Option<MintRef> {
    let (key, authority) = (keys::keypair(label), keys::equity_authority());
    let description = EquityMint {
        symbol: "PAIRx",
        name: "Pair",
        uri: "https://pair.invalid/x.json",
        decimals: 6,
        // A description lives as long as the process, like those of the table.
        extensions: Box::leak(Box::new(extensions)),
    };
    let instructions = description
        .create_instructions(&ctx.payer.pubkey(), &key.pubkey(), &authority.pubkey())
        .ok()?;
    ctx.try_send(&instructions, &[&key, &authority]).ok()?;
    Some(MintRef {
        mint: key.pubkey(),
        token_program: TOKEN_2022_PROGRAM_ID,
        decimals: 6,
    })
}

#[test]
fn every_pair_of_accepted_extensions_backs_a_security_and_is_redeemed() {
    let ctx = TestContext::new();
    let alice = ctx.security("alice").supply(SUPPLY, SUPPLY).redeemable(0).create();
    let mut assets = Vec::new();
    let mut refused = BTreeSet::new();
    for (at, (one, first)) in ACCEPTED.iter().enumerate() {
        for (other, second) in &ACCEPTED[at + 1..] {
            let label = format!("{one} and {other}");
            match mint_of(&ctx, &label, [*first, *second]) {
                Some(mint) => assets.push((label, mint)),
                None => {
                    refused.insert((*one, *other));
                }
            }
        }
    }
    assert_eq!(refused, REFUSED_BY_TOKEN_2022.iter().copied().collect());
    assert_eq!(assets.len() + refused.len(), ACCEPTED.len() * (ACCEPTED.len() - 1) / 2);
    for (_, asset) in &assets {
        // One that can be closed needs a supply.
        ctx.fund(asset, &ctx.key("somebody"), 1);
        ctx.open_vault(&alice, asset);
        ctx.deposit(&alice, asset, 1_000_003);
    }
    ctx.redeem(&alice, &alice.issuer, 0, REDEEMED);
    for (label, asset) in &assets {
        let receipt = ctx.collect(&alice, &alice.issuer, 0, asset);
        let [Event::AssetCollected(event)] = receipt.events.as_slice() else {
            panic!("{label}: one event")
        };
        let held = event.balance_atoms + event.paid_atoms;
        assert_eq!(event.paid_atoms, held / 4, "{label}: a quarter of {held}");
        // What arrives is what was paid less the fee, if there is one: 1 %, rounded up, at most 5,000.
        let fee = if label.contains("TransferFee") {
            event.paid_atoms.div_ceil(100).min(5_000)
        } else {
            0
        };
        assert_eq!(event.arrived_atoms, event.paid_atoms - fee, "{label}");
    }
    ctx.close_redemption(&alice, &alice.issuer, 0);
    ctx.assert_events_rebuild_state();
}
