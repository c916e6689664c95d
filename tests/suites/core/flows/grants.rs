//! Grants: shares for help, over time or for a milestone.

use anchor_lang::prelude::Pubkey;
use solana_keypair::Keypair;
use solana_signer::Signer;
use upside::{
    error::UpsideError,
    instructions::grant::CreateGrantArgs,
    state::{Grant, TransferPolicy},
};
use upside_client::{
    events::Event,
    instructions::{AcceptIssuer, ClaimGrant, CloseGrant, CreateGrant, Issue, ProposeIssuer, Retire, RevokeGrant},
};
use upside_tests::{
    context::{DAY, START_TS},
    setup::over_time,
    TestContext, TestSecurity,
};

/// Share atoms authorised in these tests, of which half are issued.
const AUTHORISED: u64 = 1_000_000;
/// The earliest start of what is announced at [`START_TS`] while others hold shares.
const NOTICED_TS: i64 = START_TS + 7 * DAY;

/// Alice's security, of which bob holds 1,000 share atoms, and bob.
fn held_by_others(ctx: &TestContext) -> (TestSecurity, Keypair) {
    let alice = alone(ctx);
    let bob = ctx.wallet("bob");
    ctx.give_shares(&alice, &bob, 1_000);
    (alice, bob)
}

/// Alice's security, of which she holds everything issued.
fn alone(ctx: &TestContext) -> TestSecurity {
    ctx.security("alice")
        .supply(AUTHORISED, AUTHORISED / 2)
        .redeemable(0)
        .create()
}

/// A grant that the approver must sign before `deadline_ts`.
fn milestone(args: CreateGrantArgs, approver: &Keypair, deadline_ts: i64) -> CreateGrantArgs {
    CreateGrantArgs {
        approver: approver.pubkey(),
        deadline_ts,
        ..args
    }
}

/// Issued, reserved, registered share atoms and the mint's supply.
fn supply(ctx: &TestContext, security: &TestSecurity) -> [u64; 4] {
    let state = ctx.security_state(security);
    [
        state.issued_atoms,
        state.reserved_atoms,
        state.registered_atoms,
        ctx.supply(&security.keys.mint),
    ]
}

fn refuse_grant(
    ctx: &TestContext,
    security: &TestSecurity,
    recipient: &Pubkey,
    args: CreateGrantArgs,
    error: UpsideError,
) {
    let create = ctx.create_grant_instruction(security, recipient, args);
    ctx.refuse(&[create.instruction()], &[&security.issuer], error);
}

fn refuse_claim(ctx: &TestContext, security: &TestSecurity, recipient: &Pubkey, id: u64) {
    let claim = ctx.claim_grant_instruction(security, recipient, id).instruction();
    ctx.refuse(&[claim], &[], UpsideError::NothingVested);
}

#[test]
fn a_grant_reserves_at_once_and_issues_what_has_vested() {
    let ctx = TestContext::new();
    let (alice, _) = held_by_others(&ctx);
    let teacher = ctx.key("teacher");
    let args = CreateGrantArgs {
        cliff_ts: NOTICED_TS + 100,
        ..over_time(3, 10_007, NOTICED_TS, 1_000)
    };
    let receipt = ctx.create_grant(&alice, &teacher, args);
    let [Event::GrantCreated(event)] = receipt.events.as_slice() else {
        panic!("one event")
    };
    assert_eq!(
        (event.recipient, event.id, event.amount_atoms, event.ts, event.revocable),
        (teacher, 3, 10_007, START_TS, true)
    );
    assert_eq!(event.totals.reserved_atoms, 10_007);
    assert_eq!(supply(&ctx, &alice), [500_000, 10_007, 500_000, 500_000]);
    ctx.assert_events_rebuild_state();
    // Nothing before the cliff, whatever the line says: at start + 99 it would be 990.
    for ts in [START_TS, NOTICED_TS - 1, NOTICED_TS, NOTICED_TS + 1, NOTICED_TS + 99] {
        ctx.set_time(ts);
        refuse_claim(&ctx, &alice, &teacher, 3);
    }
    // Ten and seven thousandths a second, rounded down each time, and never more than the whole.
    let mut claimed = 0;
    for (seconds, vested) in [(100, 1_000), (101, 1_010), (500, 5_003), (999, 9_996), (1_000, 10_007)] {
        ctx.set_time(NOTICED_TS + seconds);
        assert_eq!(ctx.claim_grant(&alice, &teacher, 3), vested - claimed, "{seconds}");
        refuse_claim(&ctx, &alice, &teacher, 3);
        claimed = vested;
        assert_eq!(
            supply(&ctx, &alice),
            [500_000 + vested, 10_007 - vested, 500_000 + vested, 500_000 + vested]
        );
        ctx.assert_registered(&alice, &teacher, vested);
        ctx.assert_events_rebuild_state();
    }
    ctx.warp(1);
    refuse_claim(&ctx, &alice, &teacher, 3);
}

#[test]
fn without_a_cliff_vesting_begins_after_the_start() {
    let ctx = TestContext::new();
    let (alice, _) = held_by_others(&ctx);
    let teacher = ctx.key("teacher");
    ctx.create_grant(&alice, &teacher, over_time(0, 10_007, NOTICED_TS, 1_000));
    for ts in [NOTICED_TS - 1, NOTICED_TS] {
        ctx.set_time(ts);
        refuse_claim(&ctx, &alice, &teacher, 0);
    }
    ctx.set_time(NOTICED_TS + 1);
    assert_eq!(ctx.claim_grant(&alice, &teacher, 0), 10);
    // Claimed once at the end, it is the same in all.
    ctx.set_time(NOTICED_TS + 1_000);
    assert_eq!(ctx.claim_grant(&alice, &teacher, 0), 9_997);
    // Everything at one moment is a schedule too.
    let moment = ctx.now() + 7 * DAY;
    ctx.create_grant(&alice, &teacher, over_time(1, 5, moment, 0));
    ctx.set_time(moment - 1);
    refuse_claim(&ctx, &alice, &teacher, 1);
    ctx.set_time(moment);
    assert_eq!(ctx.claim_grant(&alice, &teacher, 1), 5);
    ctx.assert_events_rebuild_state();
}

#[test]
fn a_stranger_claims_for_a_recipient_who_has_never_been_there() {
    let ctx = TestContext::new();
    let (alice, _) = held_by_others(&ctx);
    let (teacher, mallory) = (ctx.key("teacher"), ctx.wallet("mallory"));
    ctx.create_grant(&alice, &teacher, over_time(0, 1_000, NOTICED_TS, 0));
    ctx.set_time(NOTICED_TS);
    let claim = ClaimGrant {
        payer: mallory.pubkey(),
        ..ctx.claim_grant_instruction(&alice, &teacher, 0)
    };
    let receipt = ctx.send(&[claim.instruction()], &[&mallory]);
    let [Event::GrantClaimed(event)] = receipt.events.as_slice() else {
        panic!("one event")
    };
    assert_eq!(
        (
            event.recipient,
            event.opened_by,
            event.amount_atoms,
            event.claimed_atoms
        ),
        (teacher, mallory.pubkey(), 1_000, 1_000)
    );
    // The stranger has paid, and has chosen nothing.
    let position = ctx.position(&alice, &teacher);
    assert_eq!(
        (position.rent_payer, position.payout_account),
        (mallory.pubkey(), alice.keys.payout_account(&teacher))
    );
    ctx.assert_registered(&alice, &teacher, 1_000);
    assert!(ctx.find_position(&alice, &mallory.pubkey()).is_none());
    ctx.assert_events_rebuild_state();
}

#[test]
fn a_claim_settles_first_so_new_shares_earn_from_then_on() {
    let ctx = TestContext::new();
    let alice = alone(&ctx);
    let teacher = ctx.wallet("teacher");
    ctx.create_grant(&alice, &teacher.pubkey(), over_time(0, 500_000, START_TS, 0));
    ctx.distribute(&alice, 700_000_000);
    ctx.warp(DAY);
    assert_eq!(ctx.claim_grant(&alice, &teacher.pubkey(), 0), 500_000);
    ctx.warp(6 * DAY);
    // 100 million a day: the first to Alice alone, of the rest half.
    assert_eq!(ctx.claim(&alice, &teacher), 300_000_000);
    assert_eq!(ctx.claim(&alice, &alice.issuer), 400_000_000);
    ctx.assert_events_rebuild_state();
}

#[test]
fn a_curated_recipient_needs_no_approval() {
    let ctx = TestContext::new();
    let school = ctx.security("school").curated().create();
    assert_eq!(school.terms.policy, TransferPolicy::Curated);
    let teacher = ctx.key("teacher");
    ctx.create_grant(&school, &teacher, over_time(0, 77, START_TS, 0));
    assert_eq!(ctx.claim_grant(&school, &teacher, 0), 77);
    assert!(ctx.find_approval(&school, &teacher).is_none());
    ctx.assert_registered(&school, &teacher, 77);
    ctx.assert_events_rebuild_state();
}

#[test]
fn while_others_hold_no_grant_starts_inside_the_notice() {
    let ctx = TestContext::new();
    let (alice, bob) = held_by_others(&ctx);
    // Not to any number of wallets, the issuer's own among them, and not for a milestone.
    let sybils = ["one", "two", "three"].map(|name| ctx.key(name));
    for recipient in sybils.iter().chain([&alice.issuer_key(), &bob.pubkey()]) {
        for start_ts in [i64::MIN, 0, START_TS, NOTICED_TS - 1] {
            let args = CreateGrantArgs {
                start_ts,
                ..over_time(0, 1, NOTICED_TS, 0)
            };
            refuse_grant(&ctx, &alice, recipient, args, UpsideError::NoticeTooShort);
            let args = milestone(args, &alice.issuer, i64::MAX);
            refuse_grant(&ctx, &alice, recipient, args, UpsideError::NoticeTooShort);
        }
    }
    for (id, start_ts) in [(0, NOTICED_TS), (1, NOTICED_TS + 1), (2, i64::MAX)] {
        ctx.create_grant(&alice, &sybils[0], over_time(id, 1, start_ts, 0));
    }
    // The position of anybody else counts as no shares.
    let mut create = ctx
        .create_grant_instruction(&alice, &sybils[0], over_time(3, 1, START_TS, 0))
        .instruction();
    let own = alice.keys.position(&alice.issuer_key());
    let place = create.accounts.iter_mut().find(|meta| meta.pubkey == own);
    place.expect("the issuer's position").pubkey = alice.keys.position(&bob.pubkey());
    ctx.refuse(&[create], &[&alice.issuer], UpsideError::NoticeTooShort);
    ctx.assert_events_rebuild_state();
}

#[test]
fn an_issuer_who_holds_every_share_grants_at_once() {
    let ctx = TestContext::new();
    let alice = alone(&ctx);
    let teacher = ctx.key("teacher");
    ctx.create_grant(&alice, &teacher, over_time(0, 1_000, START_TS - 500, 1_000));
    // From the moment that anybody holds one, by a claim too, the notice applies.
    ctx.create_grant(&alice, &teacher, over_time(1, 1, START_TS, 0));
    assert_eq!(ctx.claim_grant(&alice, &teacher, 0), 500);
    let at_once = over_time(2, 1, START_TS, 0);
    refuse_grant(&ctx, &alice, &teacher, at_once, UpsideError::NoticeTooShort);
    // What was announced before is not touched.
    assert_eq!(ctx.claim_grant(&alice, &teacher, 1), 1);
    // Shares that nobody has are no surprise to anybody.
    let carol = ctx.security("carol").supply(AUTHORISED, 0).create();
    ctx.create_grant(&carol, &teacher, over_time(0, AUTHORISED, i64::MIN, 0));
    assert_eq!(ctx.claim_grant(&carol, &teacher, 0), AUTHORISED);
    ctx.assert_events_rebuild_state();
}

#[test]
fn bearer_shares_count_as_held_by_others() {
    let ctx = TestContext::new();
    let alice = alone(&ctx);
    let teacher = ctx.key("teacher");
    ctx.go_bearer(&alice, &alice.issuer, 1);
    let args = over_time(0, 1, NOTICED_TS - 1, 0);
    refuse_grant(&ctx, &alice, &teacher, args, UpsideError::NoticeTooShort);
    let bob = ctx.wallet("bob");
    ctx.give_shares(&alice, &bob, 5);
    ctx.go_bearer(&alice, &bob, 5);
    refuse_grant(&ctx, &alice, &teacher, args, UpsideError::NoticeTooShort);
    ctx.create_grant(&alice, &teacher, over_time(0, 1, NOTICED_TS, 0));
    ctx.assert_events_rebuild_state();
}

#[test]
fn a_handover_hands_over_the_right_to_grant_and_to_revoke_and_the_notice() {
    let ctx = TestContext::new();
    let alice = alone(&ctx);
    let (carol, teacher) = (ctx.wallet("carol"), ctx.key("teacher"));
    ctx.create_grant(&alice, &teacher, over_time(0, 1_000, START_TS, 1_000));
    let propose = ProposeIssuer {
        keys: &alice.keys,
        issuer: alice.issuer_key(),
        pending_issuer: Some(carol.pubkey()),
    };
    ctx.send(&[propose.instruction()], &[&alice.issuer]);
    let accept = AcceptIssuer {
        keys: &alice.keys,
        pending_issuer: carol.pubkey(),
    };
    ctx.send(&[accept.instruction()], &[&carol]);
    refuse_grant(
        &ctx,
        &alice,
        &teacher,
        over_time(1, 1, NOTICED_TS, 0),
        UpsideError::NotIssuer,
    );
    let revoke = ctx.revoke_grant_instruction(&alice, &teacher, 0);
    ctx.refuse(&[revoke.instruction()], &[&alice.issuer], UpsideError::NotIssuer);
    let by_carol = |args| {
        CreateGrant {
            issuer: carol.pubkey(),
            ..ctx.create_grant_instruction(&alice, &teacher, args)
        }
        .instruction()
    };
    // The issuer before holds the shares, so the new one gives notice.
    let at_once = by_carol(over_time(1, 1, START_TS, 0));
    ctx.refuse(std::slice::from_ref(&at_once), &[&carol], UpsideError::NoticeTooShort);
    ctx.send(&[by_carol(over_time(2, 1, NOTICED_TS, 0))], &[&carol]);
    ctx.transfer_shares(&alice, &alice.issuer, &carol.pubkey(), AUTHORISED / 2);
    ctx.send(&[at_once], &[&carol]);
    ctx.warp(250);
    let revoke = RevokeGrant {
        issuer: carol.pubkey(),
        ..revoke
    };
    ctx.send(&[revoke.instruction()], &[&carol]);
    assert_eq!(ctx.claim_grant(&alice, &teacher, 0), 250);
    ctx.assert_events_rebuild_state();
}

#[test]
fn a_milestone_vests_nothing_until_its_approver_signs_and_then_as_written() {
    let ctx = TestContext::new();
    let (alice, bob) = held_by_others(&ctx);
    let (teacher, judge) = (ctx.key("teacher"), ctx.wallet("judge"));
    let args = over_time(0, 1_000, NOTICED_TS, 100);
    ctx.create_grant(&alice, &teacher, milestone(args, &judge, NOTICED_TS + 500));
    ctx.set_time(NOTICED_TS + 50);
    refuse_claim(&ctx, &alice, &teacher, 0);
    // Neither issuer nor recipient nor anybody else.
    for other in [&alice.issuer, &bob] {
        let approve = ctx.approve_milestone_instruction(&alice, &other.pubkey(), &teacher, 0);
        ctx.refuse(&[approve.instruction()], &[other], UpsideError::NotApprover);
    }
    let receipt = ctx.approve_milestone(&alice, &judge, &teacher, 0);
    let [Event::MilestoneApproved(event)] = receipt.events.as_slice() else {
        panic!("one event")
    };
    assert_eq!(
        (event.approver, event.recipient, event.sequence),
        (judge.pubkey(), teacher, 2)
    );
    ctx.assert_events_rebuild_state();
    // The line began at its start, not at the signature.
    assert_eq!(ctx.claim_grant(&alice, &teacher, 0), 500);
    let again = ctx.approve_milestone_instruction(&alice, &judge.pubkey(), &teacher, 0);
    ctx.refuse(&[again.instruction()], &[&judge], UpsideError::MilestoneApproved);
    // The deadline was the signature's; it ends nothing that was signed.
    ctx.set_time(NOTICED_TS + 500);
    let close = ctx.close_grant_instruction(&alice, &teacher, 0).instruction();
    ctx.refuse(&[close], &[], UpsideError::GrantNotFinished);
    assert_eq!(ctx.claim_grant(&alice, &teacher, 0), 500);
    ctx.close_grant(&alice, &teacher, 0);
    ctx.assert_events_rebuild_state();
}

#[test]
fn an_approval_before_the_schedule_begins_changes_no_date() {
    let ctx = TestContext::new();
    let (alice, _) = held_by_others(&ctx);
    let (teacher, judge) = (ctx.key("teacher"), ctx.wallet("judge"));
    let args = over_time(0, 1_000, NOTICED_TS, 100);
    ctx.create_grant(&alice, &teacher, milestone(args, &judge, START_TS + 1));
    ctx.approve_milestone(&alice, &judge, &teacher, 0);
    ctx.set_time(NOTICED_TS);
    refuse_claim(&ctx, &alice, &teacher, 0);
    ctx.warp(1);
    assert_eq!(ctx.claim_grant(&alice, &teacher, 0), 10);
    ctx.assert_events_rebuild_state();
}

#[test]
fn without_an_approval_the_reserve_returns_at_the_deadline_by_anyones_hand() {
    let ctx = TestContext::new();
    let (alice, _) = held_by_others(&ctx);
    let (teacher, judge) = (ctx.key("teacher"), ctx.wallet("judge"));
    let deadline_ts = NOTICED_TS + 500;
    for (id, revocable) in [(0, true), (1, false), (2, false)] {
        let args = CreateGrantArgs {
            revocable,
            ..over_time(id, 1_000, NOTICED_TS, 0)
        };
        ctx.create_grant(&alice, &teacher, milestone(args, &judge, deadline_ts));
    }
    // One second before, the approver may sign and nobody may close.
    ctx.set_time(deadline_ts - 1);
    let close = ctx.close_grant_instruction(&alice, &teacher, 1).instruction();
    ctx.refuse(std::slice::from_ref(&close), &[], UpsideError::GrantNotFinished);
    ctx.approve_milestone(&alice, &judge, &teacher, 0);
    for ts in [deadline_ts, deadline_ts + 1] {
        ctx.set_time(ts);
        let approve = ctx.approve_milestone_instruction(&alice, &judge.pubkey(), &teacher, 1);
        ctx.refuse(&[approve.instruction()], &[&judge], UpsideError::DeadlinePassed);
        refuse_claim(&ctx, &alice, &teacher, 1);
    }
    ctx.set_time(deadline_ts);
    let receipt = ctx.send(&[close], &[]);
    let [Event::GrantClosed(event)] = receipt.events.as_slice() else {
        panic!("one event")
    };
    assert_eq!((event.freed_atoms, event.totals.reserved_atoms), (1_000, 2_000));
    ctx.warp(1);
    ctx.close_grant(&alice, &teacher, 2);
    assert_eq!(supply(&ctx, &alice), [500_000, 1_000, 500_000, 500_000]);
    assert_eq!(ctx.claim_grant(&alice, &teacher, 0), 1_000);
    ctx.assert_events_rebuild_state();
}

#[test]
fn revoking_keeps_what_has_vested_and_frees_the_rest() {
    let ctx = TestContext::new();
    let (alice, _) = held_by_others(&ctx);
    let teacher = ctx.key("teacher");
    let args = CreateGrantArgs {
        cliff_ts: NOTICED_TS + 100,
        ..over_time(0, 10_007, NOTICED_TS, 1_000)
    };
    // Before the start, one second before the cliff, at the cliff, later, one second before the end.
    for (id, seconds, vested) in [
        (0, -1, 0),
        (1, 99, 0),
        (2, 100, 1_000),
        (3, 500, 5_003),
        (4, 999, 9_996),
    ] {
        ctx.set_time(START_TS);
        ctx.create_grant(&alice, &teacher, CreateGrantArgs { id, ..args });
        ctx.set_time(NOTICED_TS + seconds);
        let before = supply(&ctx, &alice);
        let receipt = ctx.revoke_grant(&alice, &teacher, id);
        let [Event::GrantRevoked(event)] = receipt.events.as_slice() else {
            panic!("one event")
        };
        assert_eq!((event.amount_atoms, event.freed_atoms), (vested, 10_007 - vested));
        let after = supply(&ctx, &alice);
        assert_eq!(after, [before[0], before[1] - (10_007 - vested), before[2], before[3]]);
        let again = ctx.revoke_grant_instruction(&alice, &teacher, id).instruction();
        ctx.refuse(&[again], &[&alice.issuer], UpsideError::GrantRevoked);
        // It stays so: not less, not more, at the end and long after.
        ctx.set_time(NOTICED_TS + 1_000 * DAY);
        assert_eq!(ctx.grant(&alice, &teacher, id).vested_at(ctx.now()), vested);
        if vested > 0 {
            let close = ctx.close_grant_instruction(&alice, &teacher, id).instruction();
            ctx.refuse(&[close], &[], UpsideError::GrantNotFinished);
            assert_eq!(ctx.claim_grant(&alice, &teacher, id), vested);
        }
        refuse_claim(&ctx, &alice, &teacher, id);
        ctx.close_grant(&alice, &teacher, id);
        assert_eq!(ctx.security_state(&alice).reserved_atoms, 0);
        ctx.assert_events_rebuild_state();
    }
}

#[test]
fn what_was_claimed_before_a_revocation_counts_as_vested() {
    let ctx = TestContext::new();
    let alice = alone(&ctx);
    let teacher = ctx.key("teacher");
    ctx.create_grant(&alice, &teacher, over_time(0, 1_000, START_TS, 1_000));
    ctx.warp(300);
    assert_eq!(ctx.claim_grant(&alice, &teacher, 0), 300);
    ctx.warp(100);
    ctx.revoke_grant(&alice, &teacher, 0);
    assert_eq!(ctx.claim_grant(&alice, &teacher, 0), 100);
    ctx.close_grant(&alice, &teacher, 0);
    assert_eq!(supply(&ctx, &alice), [500_400, 0, 500_400, 500_400]);
    ctx.assert_events_rebuild_state();
}

#[test]
fn only_a_revocable_grant_with_something_left_is_revoked() {
    let ctx = TestContext::new();
    let alice = alone(&ctx);
    let (teacher, judge) = (ctx.key("teacher"), ctx.wallet("judge"));
    let fixed = CreateGrantArgs {
        revocable: false,
        ..over_time(0, 1_000, START_TS, 1_000)
    };
    ctx.create_grant(&alice, &teacher, fixed);
    ctx.create_grant(&alice, &teacher, over_time(1, 1_000, START_TS, 1_000));
    let args = over_time(2, 1_000, START_TS, 0);
    ctx.create_grant(&alice, &teacher, milestone(args, &judge, START_TS + 2_000));
    let refuse = |id, error| {
        let revoke = ctx.revoke_grant_instruction(&alice, &teacher, id).instruction();
        ctx.refuse(&[revoke], &[&alice.issuer], error);
    };
    refuse(0, UpsideError::NotRevocable);
    ctx.set_time(START_TS + 1_000);
    refuse(1, UpsideError::NothingToRevoke);
    // A milestone that nobody has signed has vested nothing, whatever its schedule says; signing it later is refused.
    ctx.revoke_grant(&alice, &teacher, 2);
    let approve = ctx.approve_milestone_instruction(&alice, &judge.pubkey(), &teacher, 2);
    ctx.refuse(&[approve.instruction()], &[&judge], UpsideError::GrantRevoked);
    refuse_claim(&ctx, &alice, &teacher, 2);
    ctx.close_grant(&alice, &teacher, 2);
    assert_eq!(ctx.claim_grant(&alice, &teacher, 0), 1_000);
    assert_eq!(ctx.claim_grant(&alice, &teacher, 1), 1_000);
    ctx.assert_events_rebuild_state();
}

#[test]
fn a_grant_whose_terms_contradict_themselves_is_refused() {
    let ctx = TestContext::new();
    let alice = alone(&ctx);
    let (teacher, judge) = (ctx.key("teacher"), ctx.wallet("judge"));
    let good = over_time(0, 1_000, START_TS, 1_000);
    let refuse = |args, error| refuse_grant(&ctx, &alice, &teacher, args, error);
    refuse(CreateGrantArgs { amount: 0, ..good }, UpsideError::ZeroAmount);
    for (cliff_ts, end_ts) in [
        (good.start_ts - 1, good.end_ts),
        (good.end_ts + 1, good.end_ts),
        (i64::MIN, i64::MIN),
    ] {
        let args = CreateGrantArgs {
            cliff_ts,
            end_ts,
            ..good
        };
        refuse(args, UpsideError::BadSchedule);
    }
    for deadline_ts in [i64::MIN, 0, START_TS - 1, START_TS] {
        refuse(milestone(good, &judge, deadline_ts), UpsideError::BadDeadline);
    }
    for deadline_ts in [-1, 1, START_TS + 1] {
        refuse(CreateGrantArgs { deadline_ts, ..good }, UpsideError::BadDeadline);
    }
    for amount in [AUTHORISED / 2 + 1, u64::MAX] {
        refuse(CreateGrantArgs { amount, ..good }, UpsideError::AboveAuthorised);
    }
    ctx.create_grant(
        &alice,
        &teacher,
        CreateGrantArgs {
            amount: AUTHORISED / 2,
            ..good
        },
    );
    refuse(
        CreateGrantArgs {
            id: 1,
            amount: 1,
            ..good
        },
        UpsideError::AboveAuthorised,
    );
    refuse(CreateGrantArgs { amount: 1, ..good }, UpsideError::GrantExists);
}

#[test]
fn no_account_of_this_program_receives_a_grant() {
    let ctx = TestContext::new();
    let alice = alone(&ctx);
    let asset = ctx.legacy_mint("asset");
    let vault = alice.keys.vault(&asset.mint);
    let args = over_time(0, 1_000, START_TS, 0);
    for recipient in [
        alice.keys.security,
        alice.keys.position(&alice.issuer_key()),
        // No account and no wallet.
        vault,
    ] {
        refuse_grant(&ctx, &alice, &recipient, args, UpsideError::NotAHolder);
    }
    // An address with lamports may be anybody's; if it becomes a vault, the vault gets nothing.
    ctx.airdrop(&vault, 1_000_000);
    ctx.create_grant(&alice, &vault, args);
    ctx.create_grant(&alice, &vault, over_time(1, 1_000, START_TS, 1_000));
    ctx.open_vault(&alice, &asset);
    let claim = ctx.claim_grant_instruction(&alice, &vault, 0).instruction();
    ctx.refuse(&[claim], &[], UpsideError::NotAHolder);
    ctx.revoke_grant(&alice, &vault, 1);
    ctx.close_grant(&alice, &vault, 1);
    ctx.assert_events_rebuild_state();
}

#[test]
fn a_grant_is_claimed_by_its_own_recipient_and_closed_for_its_own_payer() {
    let ctx = TestContext::new();
    let alice = alone(&ctx);
    let (teacher, mallory) = (ctx.key("teacher"), ctx.wallet("mallory"));
    ctx.create_grant(&alice, &teacher, over_time(0, 1_000, START_TS, 0));
    let mut claim = ctx.claim_grant_instruction(&alice, &mallory.pubkey(), 0).instruction();
    let own = alice.keys.grant(&mallory.pubkey(), 0);
    let place = claim.accounts.iter_mut().find(|meta| meta.pubkey == own);
    place.expect("the grant").pubkey = alice.keys.grant(&teacher, 0);
    ctx.refuse(&[claim], &[], UpsideError::WrongGrant);
    ctx.claim_grant(&alice, &teacher, 0);
    let close = ctx.close_grant_instruction(&alice, &teacher, 0);
    let to_mallory = CloseGrant {
        rent_payer: mallory.pubkey(),
        ..close
    };
    ctx.refuse(&[to_mallory.instruction()], &[], UpsideError::WrongRentReceiver);
    let grant = alice.keys.grant(&teacher, 0);
    let (rent, before) = (ctx.lamports(&grant), ctx.lamports(&ctx.payer.pubkey()));
    ctx.close_grant(&alice, &teacher, 0);
    assert_eq!(ctx.account(&grant), None);
    // One signature of fee.
    assert_eq!(ctx.lamports(&ctx.payer.pubkey()), before + rent - 5_000);
    // The id is free again, at an address that somebody has funded meanwhile, and nothing of the grant before is left.
    ctx.airdrop(&grant, 1_000_000);
    ctx.create_grant(&alice, &teacher, over_time(0, 5, START_TS + 7 * DAY, 10));
    let state: Grant = ctx.grant(&alice, &teacher, 0);
    assert_eq!((state.claimed_atoms, state.amount_atoms, state.sequence), (0, 5, 1));
    refuse_claim(&ctx, &alice, &teacher, 0);
    ctx.assert_events_rebuild_state();
}

#[test]
fn a_clock_set_back_takes_nothing_that_was_claimed() {
    let ctx = TestContext::new();
    let alice = alone(&ctx);
    let teacher = ctx.key("teacher");
    for id in [0, 1] {
        ctx.create_grant(&alice, &teacher, over_time(id, 1_000, START_TS, 1_000));
    }
    ctx.warp(500);
    assert_eq!(ctx.claim_grant(&alice, &teacher, 0), 500);
    assert_eq!(ctx.claim_grant(&alice, &teacher, 1), 500);
    ctx.set_time(START_TS + 100);
    refuse_claim(&ctx, &alice, &teacher, 0);
    ctx.revoke_grant(&alice, &teacher, 0);
    assert_eq!(ctx.grant(&alice, &teacher, 0).amount_atoms, 500);
    ctx.close_grant(&alice, &teacher, 0);
    ctx.set_time(START_TS + 501);
    assert_eq!(ctx.claim_grant(&alice, &teacher, 1), 1);
    ctx.assert_registered(&alice, &teacher, 1_001);
    ctx.assert_events_rebuild_state();
}

#[test]
fn the_largest_and_the_smallest_grants_vest_to_the_atom() {
    let ctx = TestContext::new();
    let alice = ctx.security("alice").supply(u64::MAX, 0).create();
    let teacher = ctx.key("teacher");
    let args = CreateGrantArgs {
        id: u64::MAX,
        amount: u64::MAX - 1,
        start_ts: i64::MIN,
        cliff_ts: i64::MIN,
        end_ts: i64::MAX,
        ..over_time(0, 1, START_TS, 0)
    };
    ctx.create_grant(&alice, &teacher, args);
    let elapsed = u128::from(START_TS.abs_diff(i64::MIN));
    let vested = u128::from(u64::MAX - 1) * elapsed / u128::from(u64::MAX);
    assert_eq!(u128::from(ctx.claim_grant(&alice, &teacher, u64::MAX)), vested);
    // One atom over a hundred years comes at the last second.
    let start_ts = START_TS + 7 * DAY;
    let century = 36_525 * DAY;
    ctx.create_grant(&alice, &teacher, over_time(0, 1, start_ts, century));
    ctx.set_time(start_ts + century - 1);
    refuse_claim(&ctx, &alice, &teacher, 0);
    ctx.set_time(start_ts + century);
    assert_eq!(ctx.claim_grant(&alice, &teacher, 0), 1);
    ctx.close_grant(&alice, &teacher, 0);
    ctx.set_time(i64::MAX - 1);
    ctx.claim_grant(&alice, &teacher, u64::MAX);
    // One second before the end of time one atom has not vested.
    assert_eq!(supply(&ctx, &alice)[..2], [u64::MAX - 1, 1]);
    ctx.assert_events_rebuild_state();
}

#[test]
fn what_is_reserved_is_neither_retired_nor_issued() {
    let ctx = TestContext::new();
    let alice = ctx.security("alice").supply(2_000_000, 500_000).create();
    let teacher = ctx.key("teacher");
    ctx.create_grant(&alice, &teacher, over_time(0, 1_000_000, START_TS + 1, 0));
    let retire = |amount| {
        Retire {
            keys: &alice.keys,
            issuer: alice.issuer_key(),
            amount,
        }
        .instruction()
    };
    ctx.refuse(&[retire(500_001)], &[&alice.issuer], UpsideError::BelowRetireBound);
    ctx.send(&[retire(499_999)], &[&alice.issuer]);
    let issue = Issue {
        keys: &alice.keys,
        payer: ctx.payer.pubkey(),
        issuer: alice.issuer_key(),
        amount: 1,
    }
    .instruction();
    ctx.refuse(
        std::slice::from_ref(&issue),
        &[&alice.issuer],
        UpsideError::OthersHoldShares,
    );
    ctx.revoke_grant(&alice, &teacher, 0);
    ctx.send(&[issue], &[&alice.issuer]);
    assert_eq!(supply(&ctx, &alice), [500_001, 0, 500_001, 500_001]);
    ctx.assert_events_rebuild_state();
}

#[test]
fn no_act_on_a_grant_changes_what_a_share_redeems_for() {
    let ctx = TestContext::new();
    let (alice, bob) = held_by_others(&ctx);
    let (teacher, judge) = (ctx.key("teacher"), ctx.wallet("judge"));
    let asset = ctx.legacy_mint("asset");
    ctx.open_vault(&alice, &asset);
    // One atom for every authorised share.
    ctx.deposit(&alice, &asset, AUTHORISED);
    let mut id = 0;
    let mut redeem_hundred = || {
        let account = asset.account_of(&bob.pubkey());
        let before = ctx.balance(&account);
        ctx.redeem(&alice, &bob, id, 100);
        ctx.collect(&alice, &bob, id, &asset);
        id += 1;
        assert_eq!(ctx.balance(&account) - before, 100);
    };
    redeem_hundred();
    ctx.create_grant(&alice, &teacher, over_time(0, 400_000, NOTICED_TS, 1_000));
    redeem_hundred();
    let args = over_time(1, 100_000, NOTICED_TS, 0);
    ctx.create_grant(&alice, &teacher, milestone(args, &judge, NOTICED_TS));
    redeem_hundred();
    ctx.set_time(NOTICED_TS + 500);
    ctx.claim_grant(&alice, &teacher, 0);
    redeem_hundred();
    ctx.revoke_grant(&alice, &teacher, 0);
    redeem_hundred();
    ctx.close_grant(&alice, &teacher, 1);
    redeem_hundred();
    ctx.close_grant(&alice, &teacher, 0);
    redeem_hundred();
    ctx.assert_events_rebuild_state();
}
