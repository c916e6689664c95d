//! Money in and out.

use anchor_lang::prelude::Pubkey;
use anchor_spl::token_2022::spl_token_2022::{self, instruction as token};
use solana_signer::Signer;
use upside::error::UpsideError;
use upside_client::{
    events::Event,
    instructions::{Claim, Distribute},
};
use upside_tests::{context::START_TS, TestContext};

use super::shares::{even, ISSUED};

/// 3,600 atoms over 3,600 seconds, all shares with the issuer: as many atoms are claimable as seconds have passed.
#[test]
fn money_drips_to_the_second() {
    for (elapsed, expected) in [
        (1, 1),
        (1_799, 1_799),
        (3_599, 3_599),
        (3_600, 3_600),
        (3_601, 3_600),
        (1_000_000, 3_600),
    ] {
        let ctx = TestContext::new();
        let alice = even(&ctx);
        let receipt = ctx.distribute(&alice, 3_600);
        let [Event::UpsideDistributed(event)] = receipt.events.as_slice() else {
            panic!("one event")
        };
        assert_eq!(
            (event.amount_atoms, event.swept_atoms, event.funder),
            (3_600, 0, ctx.key("funder"))
        );
        assert_eq!(
            (event.totals.stream_start_ts, event.totals.stream_end_ts),
            (START_TS, START_TS + 3_600)
        );
        ctx.warp(elapsed);
        assert_eq!(ctx.claim(&alice, &alice.issuer), expected, "after {elapsed} s");
        assert_eq!(ctx.balance(&alice.keys.payout_vault()), 3_600 - expected);
        // The rest comes at the end, whenever one claimed before.
        ctx.set_time(START_TS + 3_600);
        if expected < 3_600 {
            assert_eq!(ctx.claim(&alice, &alice.issuer), 3_600 - expected);
        }
        ctx.assert_events_rebuild_state();
    }
}

#[test]
fn without_a_drip_money_is_owed_at_once() {
    let ctx = TestContext::new();
    let school = ctx
        .security("school")
        .curated()
        .supply(1 << 40, ISSUED)
        .drip(0)
        .create();
    let bob = ctx.wallet("bob");
    ctx.give_shares(&school, &bob, ISSUED / 4);
    ctx.distribute(&school, 4_000);
    assert_eq!(ctx.claim(&school, &bob), 1_000);
    assert_eq!(ctx.claim(&school, &school.issuer), 3_000);
    assert_eq!(ctx.balance(&school.keys.payout_vault()), 0);
    ctx.assert_events_rebuild_state();
}

#[test]
fn a_later_amount_moves_the_end_by_the_weighted_mean() {
    let ctx = TestContext::new();
    let alice = even(&ctx);
    ctx.distribute(&alice, 3_600);
    ctx.warp(1_800);
    // 1,800 undripped with 1,800 s left, 600 new with 3,600 s: (1,800 * 1,800 + 600 * 3,600) / 2,400 = 2,250 s.
    ctx.distribute(&alice, 600);
    let state = ctx.security_state(&alice);
    assert_eq!(
        (state.stream_start_ts, state.stream_end_ts),
        (START_TS + 1_800, START_TS + 4_050)
    );
    assert_eq!((state.stream_total_atoms, state.stream_dripped_atoms), (2_400, 0));
    // Dust does not postpone: one atom moves the end by less than two seconds.
    ctx.distribute(&alice, 1);
    assert!(ctx.security_state(&alice).stream_end_ts <= START_TS + 4_051);
    ctx.set_time(START_TS + 4_051);
    assert_eq!(ctx.claim(&alice, &alice.issuer), 4_201);
    ctx.assert_events_rebuild_state();
}

#[test]
fn the_stream_waits_while_nobody_is_registered() {
    let ctx = TestContext::new();
    let alice = even(&ctx);
    ctx.distribute(&alice, 3_600);
    ctx.warp(600);
    ctx.go_bearer(&alice, &alice.issuer, ISSUED);
    ctx.warp(100_000);
    let bearer = alice.keys.bearer_account(&alice.issuer_key());
    let register = upside_client::instructions::Register {
        keys: &alice.keys,
        payer: ctx.payer.pubkey(),
        holder: alice.issuer_key(),
        bearer_account: bearer,
        amount: ISSUED,
    };
    ctx.send(&[register.instruction()], &[&alice.issuer]);
    assert_eq!(ctx.claim(&alice, &alice.issuer), 600);
    ctx.warp(2_999);
    assert_eq!(ctx.claim(&alice, &alice.issuer), 2_999);
    ctx.warp(1);
    assert_eq!(ctx.claim(&alice, &alice.issuer), 1);
    ctx.assert_events_rebuild_state();
}

#[test]
fn distribute_sweeps_the_inbox() {
    let ctx = TestContext::new();
    let alice = even(&ctx);
    let inbox = ctx.fund(&alice.payout, &alice.keys.security, 500);
    assert_eq!(inbox, alice.keys.inbox());
    let bob = ctx.wallet("bob");
    let receipt = ctx.send(&[Distribute::sweep(&alice.keys, bob.pubkey()).instruction()], &[&bob]);
    assert!(
        matches!(receipt.events.as_slice(), [Event::UpsideDistributed(e)] if e.amount_atoms == 0 && e.swept_atoms == 500)
    );
    assert_eq!((ctx.balance(&inbox), ctx.balance(&alice.keys.payout_vault())), (0, 500));
    ctx.fund(&alice.payout, &alice.keys.security, 7);
    let receipt = ctx.distribute(&alice, 93);
    assert!(
        matches!(receipt.events.as_slice(), [Event::UpsideDistributed(e)] if e.amount_atoms == 93 && e.swept_atoms == 7)
    );
    ctx.warp(3_600);
    assert_eq!(ctx.claim(&alice, &alice.issuer), 600);
    ctx.assert_events_rebuild_state();
}

#[test]
fn distribute_refuses_nothing_and_bad_sources() {
    let ctx = TestContext::new();
    let alice = even(&ctx);
    let bob = ctx.wallet("bob");
    let keys = &alice.keys;
    ctx.refuse(
        &[Distribute::sweep(keys, bob.pubkey()).instruction()],
        &[&bob],
        UpsideError::NothingToDistribute,
    );
    let bobs = ctx.fund(&alice.payout, &bob.pubkey(), 100);
    let inbox = ctx.fund(&alice.payout, &keys.security, 100);
    ctx.distribute(&alice, 100);
    let other_mint = ctx.fund(&ctx.legacy_mint("asset"), &bob.pubkey(), 100);
    let from = |source, amount| {
        Distribute {
            keys,
            funder: bob.pubkey(),
            source,
            amount,
        }
        .instruction()
    };
    for source in [
        None,
        Some(keys.payout_vault()),
        Some(inbox),
        Some(other_mint),
        Some(alice.payout.mint),
        Some(bob.pubkey()),
    ] {
        ctx.refuse(&[from(source, 1)], &[&bob], UpsideError::BadSource);
    }
    ctx.refuse(&[from(Some(bobs), 101)], &[&bob], UpsideError::BadSource);
    // Somebody else's account: the token program refuses.
    let funder = ctx.fund(&alice.payout, &ctx.key("funder"), 5);
    ctx.refuse(
        &[from(Some(funder), 5)],
        &[&bob],
        spl_token_2022::error::TokenError::OwnerMismatch,
    );
    let authority = ctx.authority_of(&alice.payout);
    ctx.send(
        &[alice.payout.freeze(&authority.pubkey(), &bob.pubkey()).unwrap()],
        &[&authority],
    );
    ctx.refuse(&[from(Some(bobs), 1)], &[&bob], UpsideError::BadSource);

    // Wrong accounts of the security.
    let swap = |from: Pubkey, to: Pubkey| {
        let mut instruction = Distribute::sweep(keys, bob.pubkey()).instruction();
        instruction
            .accounts
            .iter_mut()
            .filter(|meta| meta.pubkey == from)
            .for_each(|meta| meta.pubkey = to);
        instruction
    };
    ctx.refuse(
        &[swap(keys.payout_vault(), bobs)],
        &[&bob],
        UpsideError::WrongSecurityAccount,
    );
    ctx.refuse(&[swap(keys.inbox(), bobs)], &[&bob], UpsideError::WrongSecurityAccount);
    ctx.refuse(
        &[swap(keys.payout_mint, keys.mint)],
        &[&bob],
        UpsideError::WrongPayoutMint,
    );
    ctx.refuse(
        &[swap(
            keys.payout_token_program,
            upside::constants::TOKEN_2022_PROGRAM_ID,
        )],
        &[&bob],
        UpsideError::WrongTokenProgram,
    );
}

#[test]
fn anyone_cranks_a_claim_and_only_the_holder_chooses_where_it_goes() {
    let ctx = TestContext::new();
    let alice = even(&ctx);
    let (bob, carol) = (ctx.wallet("bob"), ctx.wallet("carol"));
    let keys = &alice.keys;
    ctx.give_shares(&alice, &bob, ISSUED / 2);
    ctx.distribute(&alice, 2_000);
    ctx.warp(1_800);
    let bobs = ctx.open_account(&alice.payout, &bob.pubkey());
    let carols = ctx.open_account(&alice.payout, &carol.pubkey());
    let receipt = ctx.crank(&alice, &bob.pubkey());
    let [Event::UpsideClaimed(event)] = receipt.events.as_slice() else {
        panic!("one event")
    };
    assert_eq!(
        (event.amount_atoms, event.payout_account, event.holder),
        (500, bobs, bob.pubkey())
    );
    assert_eq!(event.position.claimed_total_atoms, 500);
    // Twice in the same second pays nothing.
    let crank = Claim::crank(keys, &ctx.position(&alice, &bob.pubkey())).instruction();
    ctx.refuse(&[crank], &[], UpsideError::NothingToClaim);
    ctx.warp(1_800);
    let claim = |payout_account, holder_signs| {
        Claim {
            keys,
            holder: bob.pubkey(),
            payout_account,
            holder_signs,
        }
        .instruction()
    };
    ctx.refuse(&[claim(carols, false)], &[], UpsideError::WrongPayoutAccount);
    ctx.refuse(
        &[claim(keys.payout_vault(), true)],
        &[&bob],
        UpsideError::WrongPayoutAccount,
    );
    for account in [bob.pubkey(), alice.payout.mint, keys.registered(&bob.pubkey())] {
        ctx.refuse(&[claim(account, true)], &[&bob], UpsideError::PayoutAccountNotHolders);
    }
    ctx.send(&[claim(carols, true)], &[&bob]);
    assert_eq!((ctx.balance(&bobs), ctx.balance(&carols)), (500, 500));

    let swap = |from: Pubkey, to: Pubkey| {
        let mut instruction = claim(bobs, false);
        instruction
            .accounts
            .iter_mut()
            .filter(|meta| meta.pubkey == from)
            .for_each(|meta| meta.pubkey = to);
        instruction
    };
    ctx.refuse(
        &[swap(keys.payout_vault(), keys.inbox())],
        &[],
        UpsideError::WrongSecurityAccount,
    );
    ctx.refuse(&[swap(keys.payout_mint, keys.mint)], &[], UpsideError::WrongPayoutMint);
    ctx.refuse(
        &[swap(keys.position(&bob.pubkey()), keys.position(&alice.issuer_key()))],
        &[],
        UpsideError::WrongPosition,
    );
    ctx.refuse(
        &[swap(
            keys.payout_token_program,
            upside::constants::TOKEN_2022_PROGRAM_ID,
        )],
        &[],
        UpsideError::WrongTokenProgram,
    );
    ctx.assert_events_rebuild_state();
}

#[test]
fn a_crank_stops_when_the_stored_account_was_handed_to_somebody_else() {
    let ctx = TestContext::new();
    let alice = even(&ctx);
    let bob = ctx.wallet("bob");
    ctx.give_shares(&alice, &bob, ISSUED / 2);
    ctx.distribute(&alice, 2_000);
    ctx.warp(3_600);
    let bobs = ctx.open_account(&alice.payout, &bob.pubkey());
    let hand_over = token::set_authority(
        &alice.payout.token_program,
        &bobs,
        Some(&ctx.key("carol")),
        token::AuthorityType::AccountOwner,
        &bob.pubkey(),
        &[],
    )
    .unwrap();
    ctx.send(&[hand_over], &[&bob]);
    let crank = Claim::crank(&alice.keys, &ctx.position(&alice, &bob.pubkey())).instruction();
    ctx.refuse(&[crank], &[], UpsideError::PayoutAccountNotHolders);
}

#[test]
fn positions_of_vaults_are_not_claimed() {
    let ctx = TestContext::new();
    let alice = even(&ctx);
    let asset = ctx.legacy_mint("asset");
    let vault = ctx.open_vault(&alice, &asset);
    let bob = ctx.wallet("bob");
    ctx.give_shares(&alice, &bob, ISSUED / 2);
    ctx.distribute(&alice, 2_000);
    ctx.warp(3_600);
    // No instruction of this version lets a vault hold: the bytes of bob's position are written with the vault as holder.
    let position = alice.keys.position(&bob.pubkey());
    let holder = 8 + std::mem::offset_of!(upside::state::Position, holder);
    ctx.patch_account(&position, |a| {
        a.data[holder..holder + 32].copy_from_slice(vault.as_ref())
    });
    let mut claim = Claim {
        keys: &alice.keys,
        holder: vault,
        payout_account: ctx.open_account(&alice.payout, &bob.pubkey()),
        holder_signs: false,
    }
    .instruction();
    let vaults = alice.keys.position(&vault);
    claim
        .accounts
        .iter_mut()
        .filter(|meta| meta.pubkey == vaults)
        .for_each(|meta| meta.pubkey = position);
    ctx.refuse(&[claim], &[], UpsideError::HeldByVault);
}

#[test]
fn rounding_never_pays_more_than_came_in() {
    let ctx = TestContext::new();
    let alice = ctx.security("alice").supply(1_000_000, 999_999).drip(3_600).create();
    let holders: Vec<_> = (0..5).map(|i| ctx.wallet(&format!("holder {i}"))).collect();
    for (i, holder) in holders.iter().enumerate() {
        ctx.give_shares(&alice, holder, 77_777 + i as u64);
    }
    let (mut paid, mut received) = (0, 0);
    for (amount, wait) in [
        (1, 1_237),
        (3, 1_237),
        (1_000, 1),
        (999_999_999, 1_237),
        (7, 3_599),
        (13, 1_000_000),
    ] {
        ctx.distribute(&alice, amount);
        received += amount;
        ctx.warp(wait);
        for holder in holders.iter().chain([&alice.issuer]) {
            let account = alice.keys.payout_account(&holder.pubkey());
            let before = ctx.balance(&account);
            let instructions =
                upside_client::transactions::claim_by_holder(&alice.keys, &ctx.payer.pubkey(), holder.pubkey());
            if ctx.try_send(&instructions, &[holder]).is_ok() {
                paid += ctx.balance(&account) - before;
            }
        }
        assert!(paid <= received);
        assert_eq!(ctx.balance(&alice.keys.payout_vault()), received - paid);
    }
    // Less than one atom per holder stays.
    assert!(received - paid < 6, "{received} received, {paid} paid");
    ctx.assert_events_rebuild_state();
}
