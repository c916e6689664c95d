//! Redemption in kind.

use anchor_lang::prelude::Pubkey;
use solana_signer::Signer;
use upside::{constants::NEVER_TS, error::UpsideError};
use upside_client::events::Event;
use upside_tests::{
    context::{DAY, START_TS},
    TestContext,
};

/// Share atoms authorised in these tests.
const AUTHORISED: u64 = 1_000_000;

#[test]
fn a_ticket_collects_its_part_of_what_is_authorised_from_every_vault() {
    let ctx = TestContext::new();
    let alice = ctx.security("alice").supply(AUTHORISED, 500_000).redeemable(0).create();
    let bob = ctx.wallet("bob");
    ctx.give_shares(&alice, &bob, 100_000);
    let assets = [ctx.legacy_mint("asset"), ctx.equity("ACMEx"), ctx.equity("INITx")];
    for asset in &assets {
        ctx.open_vault(&alice, asset);
        ctx.deposit(&alice, asset, 1_000_003);
    }
    let receipt = ctx.redeem(&alice, &bob, 7, 10_000);
    let [Event::SharesRedeemed(event)] = receipt.events.as_slice() else {
        panic!("one event")
    };
    assert_eq!(
        (event.holder, event.id, event.amount_atoms, event.vault_count),
        (bob.pubkey(), 7, 10_000, 3)
    );
    let state = ctx.security_state(&alice);
    assert_eq!(
        (
            state.issued_atoms,
            state.registered_atoms,
            state.redeemed_total_atoms,
            ctx.supply(&alice.keys.mint)
        ),
        (500_000, 490_000, 10_000, 490_000)
    );
    ctx.assert_registered(&alice, &bob.pubkey(), 90_000);
    for asset in &assets {
        let receipt = ctx.collect(&alice, &bob, 7, asset);
        let [Event::AssetCollected(event)] = receipt.events.as_slice() else {
            panic!("one event")
        };
        // 10,000 of 1,000,000 authorised: 1 % of 1,000,003, rounded down.
        assert_eq!(
            (event.paid_atoms, event.arrived_atoms, event.balance_atoms),
            (10_000, 10_000, 990_003)
        );
        assert_eq!(ctx.balance(&asset.account_of(&bob.pubkey())), 10_000);
        assert_eq!(ctx.vault(&alice, &asset.mint).collected_total_atoms, 10_000);
        ctx.refuse(
            &[ctx.collect_instruction(&alice, &bob.pubkey(), 7, asset).instruction()],
            &[&bob],
            UpsideError::AlreadyCollected,
        );
    }
    ctx.assert_events_rebuild_state();
    let ticket = alice.keys.redemption(&bob.pubkey(), 7);
    let (rent, before) = (ctx.lamports(&ticket), ctx.lamports(&ctx.payer.pubkey()));
    ctx.close_redemption(&alice, &bob, 7);
    assert_eq!(ctx.account(&ticket), None);
    // Two signatures of fee.
    assert_eq!(ctx.lamports(&ctx.payer.pubkey()), before + rent - 10_000);
    ctx.assert_events_rebuild_state();
}

#[test]
fn shares_are_redeemed_from_the_time_on_that_the_terms_say() {
    let ctx = TestContext::new();
    let alice = ctx
        .security("alice")
        .supply(AUTHORISED, AUTHORISED)
        .redeemable(DAY)
        .create();
    let redeem = ctx.redeem_instruction(&alice, &alice.issuer_key(), 0, 1).instruction();
    let refuse = || {
        ctx.refuse(
            std::slice::from_ref(&redeem),
            &[&alice.issuer],
            UpsideError::RedemptionNotOpen,
        )
    };
    refuse();
    ctx.set_time(START_TS + DAY - 1);
    refuse();
    ctx.set_time(START_TS + DAY);
    ctx.redeem(&alice, &alice.issuer, 0, 1);
    // Never is never, whatever the clock says.
    let bob = ctx.security("bob").create();
    assert_eq!(bob.terms.redeem_after_ts, NEVER_TS);
    let redeem = ctx.redeem_instruction(&bob, &bob.issuer_key(), 0, 1).instruction();
    ctx.refuse(&[redeem], &[&bob.issuer], UpsideError::RedemptionNotOpen);
}

#[test]
fn redeeming_settles_first_and_earns_nothing_after() {
    let ctx = TestContext::new();
    let alice = ctx
        .security("alice")
        .supply(AUTHORISED, AUTHORISED)
        .redeemable(0)
        .create();
    let bob = ctx.wallet("bob");
    ctx.give_shares(&alice, &bob, AUTHORISED / 2);
    ctx.distribute(&alice, 700_000_000);
    ctx.warp(DAY);
    ctx.redeem(&alice, &bob, 0, AUTHORISED / 2);
    ctx.warp(6 * DAY);
    // 100 million a day: half of the first, of the rest nothing.
    assert_eq!(ctx.claim(&alice, &bob), 50_000_000);
    assert_eq!(ctx.claim(&alice, &alice.issuer), 650_000_000);
    ctx.assert_events_rebuild_state();
}

#[test]
fn redeem_refuses_what_it_must() {
    let ctx = TestContext::new();
    let alice = ctx
        .security("alice")
        .supply(AUTHORISED, AUTHORISED)
        .redeemable(0)
        .create();
    let bob = ctx.wallet("bob");
    ctx.give_shares(&alice, &bob, 10);
    let redeem = |id, amount| ctx.redeem_instruction(&alice, &bob.pubkey(), id, amount).instruction();
    ctx.refuse(&[redeem(0, 0)], &[&bob], UpsideError::ZeroAmount);
    ctx.refuse(&[redeem(0, 11)], &[&bob], UpsideError::NotEnoughShares);
    ctx.redeem(&alice, &bob, 0, 4);
    ctx.refuse(&[redeem(0, 4)], &[&bob], UpsideError::RedemptionExists);
    ctx.redeem(&alice, &bob, u64::MAX, 6);
    ctx.assert_registered(&alice, &bob.pubkey(), 0);
    // Without a vault there is nothing to collect: the ticket closes at once, and its id is free again.
    ctx.close_redemption(&alice, &bob, 0);
    ctx.give_shares(&alice, &bob, 1);
    ctx.redeem(&alice, &bob, 0, 1);
    ctx.assert_events_rebuild_state();
}

#[test]
fn a_ticket_reaches_the_vaults_of_its_time_only() {
    let ctx = TestContext::new();
    let alice = ctx
        .security("alice")
        .supply(AUTHORISED, AUTHORISED)
        .redeemable(0)
        .create();
    let bob = ctx.wallet("bob");
    ctx.give_shares(&alice, &bob, AUTHORISED / 2);
    let (old, new) = (ctx.legacy_mint("old"), ctx.equity("ACMEx"));
    ctx.open_vault(&alice, &old);
    ctx.deposit(&alice, &old, 100);
    ctx.redeem(&alice, &bob, 0, AUTHORISED / 4);
    ctx.open_vault(&alice, &new);
    ctx.deposit(&alice, &new, 300);
    // Half of what the old vault receives later still counts for the ticket.
    ctx.deposit(&alice, &old, 100);
    let collect = ctx.collect_instruction(&alice, &bob.pubkey(), 0, &new);
    ctx.fund(&new, &bob.pubkey(), 0);
    ctx.refuse(&[collect.instruction()], &[&bob], UpsideError::VaultOutOfReach);
    let close = ctx.close_redemption_instruction(&alice, &bob.pubkey(), 0);
    ctx.refuse(&[close.instruction()], &[&bob], UpsideError::NotAllCollected);
    ctx.collect(&alice, &bob, 0, &old);
    assert_eq!(ctx.balance(&old.account_of(&bob.pubkey())), 50);
    // The later ticket has a third of the new vault, the earlier one is out of its divisor.
    ctx.redeem(&alice, &bob, 1, AUTHORISED / 4);
    ctx.collect(&alice, &bob, 1, &new);
    assert_eq!(ctx.balance(&new.account_of(&bob.pubkey())), 100);
    ctx.assert_events_rebuild_state();
}

#[test]
fn collect_pays_no_less_than_asked_and_only_where_it_can() {
    let ctx = TestContext::new();
    let alice = ctx
        .security("alice")
        .supply(AUTHORISED, AUTHORISED)
        .redeemable(0)
        .create();
    // 50 basis points of fee.
    let asset = ctx.equity("UMBRx");
    let vault = ctx.open_vault(&alice, &asset);
    ctx.deposit(&alice, &asset, 2_000_000);
    let holder = alice.issuer_key();
    ctx.redeem(&alice, &alice.issuer, 0, AUTHORISED / 2);
    let to = |receiver: Pubkey, least_atoms| {
        upside_client::instructions::Collect {
            receiver,
            least_atoms,
            ..ctx.collect_instruction(&alice, &holder, 0, &asset)
        }
        .instruction()
    };
    let own = ctx.fund(&asset, &holder, 0);
    let vault_account = asset.account_of(&vault);
    for wrong in [vault_account, ctx.payer.pubkey(), alice.keys.registered(&holder)] {
        ctx.refuse(&[to(wrong, 0)], &[&alice.issuer], UpsideError::BadReceiver);
    }
    // 1,990,000 arrived; half of it is paid, 0.5 % of that withheld.
    ctx.refuse(&[to(own, 990_026)], &[&alice.issuer], UpsideError::TooLittleArrived);
    let receipt = ctx.send(&[to(own, 990_025)], &[&alice.issuer]);
    let [Event::AssetCollected(event)] = receipt.events.as_slice() else {
        panic!("one event")
    };
    assert_eq!(
        (event.paid_atoms, event.arrived_atoms, event.receiver),
        (995_000, 990_025, own)
    );
    ctx.assert_events_rebuild_state();
}

#[test]
fn nobody_else_collects_or_closes_a_ticket() {
    let ctx = TestContext::new();
    let alice = ctx
        .security("alice")
        .supply(AUTHORISED, AUTHORISED)
        .redeemable(0)
        .create();
    let (bob, asset) = (ctx.wallet("bob"), ctx.legacy_mint("asset"));
    ctx.open_vault(&alice, &asset);
    ctx.redeem(&alice, &alice.issuer, 0, 1);
    let ticket = alice.keys.redemption(&alice.issuer_key(), 0);
    let collect = ctx.collect_instruction(&alice, &bob.pubkey(), 0, &asset);
    let mut collect = collect.instruction();
    let own = alice.keys.redemption(&bob.pubkey(), 0);
    let place = |meta: &&mut anchor_lang::prelude::AccountMeta| meta.pubkey == own;
    collect.accounts.iter_mut().find(place).expect("the ticket").pubkey = ticket;
    ctx.refuse(&[collect], &[&bob], UpsideError::WrongRedemption);
    let mut close = ctx.close_redemption_instruction(&alice, &bob.pubkey(), 0).instruction();
    close.accounts.iter_mut().find(place).expect("the ticket").pubkey = ticket;
    ctx.refuse(&[close], &[&bob], UpsideError::WrongRedemption);
}
