//! What others do beforehand or meanwhile: addresses funded or made before, payout accounts closed or frozen, an inbox that is frozen,
//! absent or made before, a clock set back. Nothing is stuck for good, and nothing is paid wrongly.

use anchor_lang::prelude::Pubkey;
use anchor_spl::token_2022::spl_token_2022::{
    error::TokenError,
    extension::{cpi_guard, memo_transfer, ExtensionType},
    instruction as token,
};
use solana_signer::Signer;
use upside::error::UpsideError;
use upside_client::instructions::{ApproveHolder, Claim, Distribute, SetPayoutAccount, TransferShares};
use upside_tests::{
    context::{DAY, START_TS},
    TestContext, TestSecurity,
};

/// The least that an empty account may hold, about the rent of a token account, far more than any rent.
const DUST: [u64; 3] = [890_880, 2_039_280, 5_000_000_000];

fn swept(ctx: &TestContext, security: &TestSecurity) -> u64 {
    ctx.balance(&security.keys.payout_vault())
}

#[test]
fn a_security_is_created_at_addresses_that_hold_lamports() {
    for lamports in DUST {
        for curated in [false, true] {
            let ctx = TestContext::new();
            let mut builder = ctx.security("alice");
            if curated {
                builder = builder.curated();
            }
            let accounts = builder.instruction().accounts();
            for address in [
                accounts.mint,
                accounts.security,
                accounts.payout_vault,
                accounts.position,
                accounts.registered,
            ] {
                ctx.airdrop(&address, lamports);
            }
            let alice = builder.create();
            ctx.assert_registered(&alice, &alice.issuer_key(), 900_000_000_000);
            // Positions, registered accounts and approvals of receivers as well.
            let bob = ctx.wallet("bob");
            let b = bob.pubkey();
            for address in [
                alice.keys.position(&b),
                alice.keys.registered(&b),
                alice.keys.approval(&b),
            ] {
                ctx.airdrop(&address, lamports);
            }
            ctx.give_shares(&alice, &bob, 10);
            ctx.assert_registered(&alice, &b, 10);
            ctx.assert_events_rebuild_state();
        }
    }
}

#[test]
fn a_vault_opens_at_addresses_that_were_funded_or_made_before() {
    for (made, lamports) in [(false, DUST[0]), (true, DUST[0]), (true, DUST[2])] {
        let ctx = TestContext::new();
        let alice = ctx.security("alice").create();
        for asset in [ctx.legacy_mint("asset"), ctx.equity("ACMEx"), ctx.equity("INITx")] {
            let vault = alice.keys.vault(&asset.mint);
            ctx.airdrop(&vault, lamports);
            if made {
                // Made and filled by a stranger.
                ctx.fund(&asset, &vault, 55);
            } else {
                ctx.airdrop(&asset.account_of(&vault), lamports);
            }
            ctx.open_vault(&alice, &asset);
            let donated = if made { 55 } else { 0 };
            assert_eq!(ctx.vault(&alice, &asset.mint).deposited_total_atoms, 0);
            ctx.deposit(&alice, &asset, 100);
            assert_eq!(ctx.balance(&asset.account_of(&vault)), 100 + donated);
            assert_eq!(ctx.vault(&alice, &asset.mint).deposited_total_atoms, 100);
        }
        ctx.assert_events_rebuild_state();
    }
}

#[test]
fn a_stranger_who_opens_a_position_pays_for_it_and_chooses_nothing() {
    let ctx = TestContext::new();
    let alice = ctx.security("alice").drip(3_600).create();
    let (mallory, bob) = (ctx.wallet("mallory"), ctx.wallet("bob"));
    ctx.give_shares(&alice, &mallory, 10);
    let send = TransferShares {
        keys: &alice.keys,
        payer: mallory.pubkey(),
        from: mallory.pubkey(),
        to: bob.pubkey(),
        amount: 1,
    };
    ctx.send(&[send.instruction()], &[&mallory]);
    let position = ctx.position(&alice, &bob.pubkey());
    assert_eq!(position.payout_account, alice.payout.account_of(&bob.pubkey()));
    assert_eq!(position.rent_payer, mallory.pubkey());
}

#[test]
fn an_inbox_made_before_frozen_or_absent_holds_nobody_up() {
    let ctx = TestContext::new();
    let security = ctx.security("alice").drip(3_600);
    let keys = security.instruction().keys();
    // Money sent before the security exists waits in the inbox.
    ctx.fund(&ctx.payout(), &keys.security, 70);
    let alice = security.create();
    let authority = ctx.authority_of(&alice.payout);
    let bob = ctx.wallet("bob");
    ctx.send(
        &[alice.payout.freeze(&authority.pubkey(), &keys.security).unwrap()],
        &[&authority],
    );
    let sweep = Distribute::sweep(&alice.keys, bob.pubkey()).instruction();
    ctx.refuse(std::slice::from_ref(&sweep), &[&bob], UpsideError::NothingToDistribute);
    ctx.distribute(&alice, 30);
    assert_eq!(swept(&ctx, &alice), 30);
    ctx.send(
        &[alice.payout.thaw(&authority.pubkey(), &keys.security).unwrap()],
        &[&authority],
    );
    ctx.send(&[sweep], &[&bob]);
    assert_eq!(swept(&ctx, &alice), 100);
    // Absent.
    let carol = ctx.security("carol").drip(3_600).create();
    assert!(ctx.account(&carol.keys.inbox()).is_none());
    ctx.airdrop(&carol.keys.inbox(), DUST[0]);
    ctx.distribute(&carol, 30);
    assert_eq!(swept(&ctx, &carol), 30);
    ctx.assert_events_rebuild_state();
}

#[test]
fn a_payout_account_that_is_closed_or_frozen_delays_its_holder_only() {
    let ctx = TestContext::new();
    let alice = ctx.security("alice").supply(1 << 40, 1 << 39).drip(3_600).create();
    let (bob, carol) = (ctx.wallet("bob"), ctx.wallet("carol"));
    let keys = &alice.keys;
    ctx.give_shares(&alice, &bob, 1 << 37);
    ctx.give_shares(&alice, &carol, 1 << 37);
    let authority = ctx.authority_of(&alice.payout);
    let bobs = ctx.open_account(&alice.payout, &bob.pubkey());
    let crank = || Claim::crank(keys, &ctx.position(&alice, &bob.pubkey())).instruction();

    ctx.distribute(&alice, 4_000);
    ctx.warp(3_600);
    ctx.send(
        &[alice.payout.freeze(&authority.pubkey(), &bob.pubkey()).unwrap()],
        &[&authority],
    );
    ctx.refuse(&[crank()], &[], UpsideError::PayoutAccountNotHolders);
    assert_eq!(ctx.claim(&alice, &carol), 1_000);
    // A holder who signs names another account: here carol's.
    let elsewhere = Claim {
        keys,
        holder: bob.pubkey(),
        payout_account: keys.payout_account(&carol.pubkey()),
        holder_signs: true,
    };
    ctx.send(&[elsewhere.instruction()], &[&bob]);
    assert_eq!(ctx.balance(&keys.payout_account(&carol.pubkey())), 2_000);

    ctx.distribute(&alice, 4_000);
    ctx.warp(3_600);
    ctx.send(
        &[alice.payout.thaw(&authority.pubkey(), &bob.pubkey()).unwrap()],
        &[&authority],
    );
    ctx.send(
        &[token::close_account(&alice.payout.token_program, &bobs, &bob.pubkey(), &bob.pubkey(), &[]).unwrap()],
        &[&bob],
    );
    ctx.refuse(&[crank()], &[], UpsideError::PayoutAccountNotHolders);
    // Shares still move, money still comes, and nothing is lost.
    ctx.transfer_shares(&alice, &bob, &carol.pubkey(), 1 << 36);
    ctx.distribute(&alice, 4_000);
    ctx.warp(3_600);
    ctx.open_account(&alice.payout, &bob.pubkey());
    ctx.send(&[crank()], &[]);
    assert_eq!(ctx.balance(&bobs), 1_500);
    // Naming a closed account as payout account is refused.
    let set = SetPayoutAccount {
        keys,
        holder: bob.pubkey(),
        payout_account: ctx.key("no account"),
    }
    .instruction();
    ctx.refuse(&[set], &[&bob], UpsideError::PayoutAccountNotHolders);
    ctx.assert_events_rebuild_state();
}

#[test]
fn switches_on_a_holders_payout_account_concern_that_holder_only() {
    let ctx = TestContext::new();
    let payout = ctx.mint_with("payout of Token-2022", &[]);
    let alice = ctx
        .security("alice")
        .payout(payout)
        .supply(1 << 40, 1 << 39)
        .drip(3_600)
        .create();
    let (bob, carol) = (ctx.wallet("bob"), ctx.wallet("carol"));
    let keys = &alice.keys;
    ctx.give_shares(&alice, &bob, 1 << 37);
    ctx.give_shares(&alice, &carol, 1 << 37);
    let bobs = ctx.open_account(&payout, &bob.pubkey());
    let b = bob.pubkey();
    let kinds = [ExtensionType::MemoTransfer, ExtensionType::CpiGuard];
    ctx.send(
        &[
            token::reallocate(&payout.token_program, &bobs, &ctx.payer.pubkey(), &b, &[], &kinds).unwrap(),
            memo_transfer::instruction::enable_required_transfer_memos(&payout.token_program, &bobs, &b, &[]).unwrap(),
            cpi_guard::instruction::enable_cpi_guard(&payout.token_program, &bobs, &b, &[]).unwrap(),
        ],
        &[&bob],
    );
    ctx.distribute(&alice, 4_000);
    ctx.warp(3_600);
    let crank = Claim::crank(keys, &ctx.position(&alice, &b)).instruction();
    ctx.refuse(std::slice::from_ref(&crank), &[], TokenError::NoMemo);
    assert_eq!(ctx.claim(&alice, &carol), 1_000);
    assert_eq!(ctx.claim(&alice, &alice.issuer), 2_000);
    // Bob switches the memos off; the guard does not matter for what comes in.
    ctx.send(
        &[
            memo_transfer::instruction::disable_required_transfer_memos(&payout.token_program, &bobs, &b, &[]).unwrap(),
            crank,
        ],
        &[&bob],
    );
    assert_eq!(ctx.balance(&bobs), 1_000);
    // A guarded account cannot fund a distribution; that is its owner's own business.
    let fund = Distribute {
        keys,
        funder: b,
        source: Some(bobs),
        amount: 1,
    }
    .instruction();
    ctx.refuse(&[fund], &[&bob], TokenError::CpiGuardTransferBlocked);
    ctx.assert_events_rebuild_state();
}

#[test]
fn a_frozen_payout_vault_waits_for_the_moneys_own_issuer() {
    let ctx = TestContext::new();
    let alice = ctx.security("alice").supply(1 << 40, 1 << 39).drip(3_600).create();
    ctx.distribute(&alice, 1_000);
    ctx.warp(3_600);
    let authority = ctx.authority_of(&alice.payout);
    let vault = alice.keys.payout_vault();
    let (program, mint) = (&alice.payout.token_program, &alice.payout.mint);
    ctx.send(
        &[token::freeze_account(program, &vault, mint, &authority.pubkey(), &[]).unwrap()],
        &[&authority],
    );
    ctx.open_account(&alice.payout, &alice.issuer_key());
    let claim = Claim::by_holder(&alice.keys, alice.issuer_key()).instruction();
    ctx.refuse(&[claim], &[&alice.issuer], TokenError::AccountFrozen);
    ctx.give_shares(&alice, &ctx.wallet("bob"), 1);
    ctx.send(
        &[token::thaw_account(program, &vault, mint, &authority.pubkey(), &[]).unwrap()],
        &[&authority],
    );
    assert_eq!(ctx.claim(&alice, &alice.issuer), 1_000);
    ctx.assert_events_rebuild_state();
}

#[test]
fn a_clock_set_back_pays_nothing_twice_and_catches_up() {
    let ctx = TestContext::new();
    let alice = ctx.security("alice").supply(1 << 40, 1 << 39).drip(3_600).create();
    let (bob, carol) = (ctx.wallet("bob"), ctx.wallet("carol"));
    ctx.give_shares(&alice, &bob, 1 << 38);
    ctx.distribute(&alice, 3_600);
    ctx.warp(1_800);
    // Bob claims at half time; the security is not written and still says that nothing dripped.
    assert_eq!(ctx.claim(&alice, &bob), 900);
    ctx.set_time(START_TS + 600);
    let crank = Claim::crank(&alice.keys, &ctx.position(&alice, &bob.pubkey())).instruction();
    ctx.refuse(std::slice::from_ref(&crank), &[], UpsideError::ClockBehindCheckpoint);
    let send = TransferShares {
        keys: &alice.keys,
        payer: ctx.payer.pubkey(),
        from: bob.pubkey(),
        to: carol.pubkey(),
        amount: 1,
    };
    ctx.refuse(&[send.instruction()], &[&bob], UpsideError::ClockBehindCheckpoint);
    // Others are not concerned.
    assert_eq!(ctx.claim(&alice, &alice.issuer), 300);
    // Settled by a write at a later time, a security never runs backwards.
    ctx.set_time(START_TS + 2_400);
    ctx.distribute(&alice, 1_200);
    let settled = ctx.security_state(&alice).upside_per_share_x64.get();
    ctx.set_time(START_TS);
    ctx.distribute(&alice, 1);
    let state = ctx.security_state(&alice);
    assert_eq!(
        (state.upside_per_share_x64.get(), state.stream_last_ts),
        (settled, START_TS + 2_400)
    );
    assert_eq!(ctx.claim(&alice, &bob), 300);
    // At the end everything has been paid once.
    ctx.set_time(START_TS + 10 * DAY);
    ctx.transfer_shares(&alice, &bob, &carol.pubkey(), 1);
    let paid = 900 + 300 + 300 + ctx.claim(&alice, &bob) + ctx.claim(&alice, &alice.issuer);
    assert!((4_800..=4_801).contains(&paid), "{paid}");
    assert_eq!(swept(&ctx, &alice), 4_801 - paid);
    ctx.assert_events_rebuild_state();
}

#[test]
fn redemption_and_creation_times_do_not_depend_on_a_late_clock() {
    let ctx = TestContext::new();
    ctx.set_time(0);
    let alice = ctx.security("alice").drip(3_600).create();
    ctx.distribute(&alice, 1_000_000);
    ctx.set_time(START_TS);
    assert!(ctx.claim(&alice, &alice.issuer) >= 999_999);
    ctx.assert_events_rebuild_state();
}

#[test]
fn an_approval_is_given_at_an_address_that_holds_lamports() {
    let ctx = TestContext::new();
    let school = ctx.security("school").curated().create();
    let bob: Pubkey = ctx.key("bob");
    ctx.airdrop(&school.keys.approval(&bob), DUST[0]);
    let approve = ApproveHolder {
        keys: &school.keys,
        payer: ctx.payer.pubkey(),
        issuer: school.issuer_key(),
        holder: bob,
    };
    ctx.send(&[approve.instruction()], &[&school.issuer]);
    assert_eq!(ctx.find_approval(&school, &bob).unwrap().holder, bob);
}
