//! Collectives: the rule, applications, consent, and joining; what may change in between, and who may do what.

use anchor_lang::solana_program::instruction::Instruction;
use solana_keypair::Keypair;
use solana_signer::Signer;
use upside::{
    constants::MAX_VESTING_SECONDS,
    error::UpsideError,
    instructions::collective::{AdmitArgs, CreateCollectiveArgs},
    state::{Kind, MemberStatus},
};
use upside_client::{
    accounts,
    events::Event,
    instructions::{AcceptIssuer, Admit, Apply, Join, ProposeIssuer, Retire},
    layers,
};
use upside_tests::{
    context::{DAY, START_TS},
    setup::{a_tenth, over_time},
    TestContext, TestSecurity,
};

/// Share atoms authorised of a collective.
const AUTHORISED: u64 = 1_000_000;
/// The notice of every security here.
const NOTICE: i64 = 7 * DAY;

/// A collective whose members give a tenth; half of its shares are issued to its issuer.
fn village(ctx: &TestContext, issuer: &str) -> TestSecurity {
    let village = ctx
        .security(issuer)
        .kind(Kind::Collective, 0)
        .supply(AUTHORISED, AUTHORISED / 2)
        .create();
    ctx.create_collective(&village, a_tenth());
    village
}

/// A person whose shares are all their own.
fn person(ctx: &TestContext, issuer: &str, authorised: u64) -> TestSecurity {
    ctx.security(issuer).supply(authorised, authorised).create()
}

/// The time until which consent holds in most of these tests.
fn later(ctx: &TestContext) -> i64 {
    ctx.now() + 100 * DAY
}

/// Applied, admitted, and the notice over.
fn admitted(ctx: &TestContext, collective: &TestSecurity, member: &TestSecurity) {
    ctx.apply_to(collective, member);
    ctx.admit(collective, member, later(ctx));
    ctx.warp(NOTICE);
}

#[test]
fn a_member_gives_its_part_and_receives_a_grant() {
    let ctx = TestContext::new();
    let village = village(&ctx, "village");
    let alice = person(&ctx, "alice", 1_000_003);
    let rule = ctx.collective(&village);
    assert_eq!(
        (rule.contribution_bps, rule.shares_atoms, rule.members, rule.security),
        (1_000, 5_000, 0, village.keys.security)
    );
    ctx.assert_events_rebuild_state();

    let receipt = ctx.apply_to(&village, &alice);
    let [Event::MemberApplied(applied)] = receipt.events.as_slice() else {
        panic!("one event")
    };
    // A tenth of 1,000,003, rounded up.
    assert_eq!(
        (applied.wallet, applied.contribution_atoms, applied.shares_atoms),
        (alice.issuer_key(), 100_001, 5_000)
    );
    // Nothing has moved.
    ctx.assert_registered(&alice, &alice.issuer_key(), 1_000_003);
    assert_eq!(ctx.security_state(&village).reserved_atoms, 0);
    ctx.assert_events_rebuild_state();
    let applied_ts = ctx.now();
    ctx.warp(DAY);
    ctx.admit(&village, &alice, later(&ctx));
    assert_eq!(
        accounts::status_of(&ctx.member(&village, &alice)),
        Some(MemberStatus::Admitted)
    );
    ctx.assert_events_rebuild_state();
    ctx.distribute(&alice, 700_000_000);
    ctx.warp(NOTICE);

    let receipt = ctx.join(&village, &alice);
    let [Event::VaultOpened(opened), Event::SharesTransferred(moved), Event::SharesDeposited(deposited), Event::GrantCreated(granted), Event::MemberJoined(joined)] =
        receipt.events.as_slice()
    else {
        panic!("five events: {:?}", receipt.events)
    };
    let vault = village.keys.vault(&alice.keys.mint);
    assert_eq!((opened.vault, opened.holds_shares, opened.index), (vault, true, 0));
    assert_eq!(
        (moved.from, moved.to, moved.amount_atoms),
        (alice.issuer_key(), vault, 100_001)
    );
    assert_eq!(
        (deposited.depositor, deposited.balance_atoms),
        (alice.issuer_key(), 100_001)
    );
    assert_eq!(
        (granted.recipient, granted.amount_atoms, granted.revocable),
        (alice.issuer_key(), 5_000, false)
    );
    assert_eq!(
        (
            joined.grant,
            joined.contribution_atoms,
            joined.shares_atoms,
            joined.members
        ),
        (granted.grant, 100_001, 5_000, 1)
    );
    ctx.assert_registered(&alice, &vault, 100_001);
    ctx.assert_registered(&alice, &alice.issuer_key(), 900_002);
    let grant = ctx.grant(&village, &alice.issuer_key(), 0);
    let now = ctx.now();
    assert_eq!(
        (grant.start_ts, grant.cliff_ts, grant.end_ts, grant.announced_ts),
        (now, now + DAY, now + 10 * DAY, applied_ts)
    );
    let member = ctx.member(&village, &alice);
    assert_eq!(
        (
            accounts::status_of(&member),
            member.joined_ts,
            member.grant,
            member.sequence
        ),
        (Some(MemberStatus::Joined), now, granted.grant, 3)
    );
    assert_eq!(ctx.collective(&village).members, 1);
    assert_eq!(ctx.security_state(&village).reserved_atoms, 5_000);
    ctx.assert_events_rebuild_state();

    // What the shares had earned was Alice's; from now on the village has its part, and Alice hers of the village.
    assert_eq!(ctx.claim(&alice, &alice.issuer), 699_999_999);
    ctx.distribute(&alice, 100_000_300);
    ctx.warp(10 * DAY);
    assert_eq!(ctx.harvest(&village, &alice), 10_000_100);
    assert_eq!(ctx.claim_grant(&village, &alice.issuer_key(), 0), 5_000);
    ctx.close_grant(&village, &alice.issuer_key(), 0);
    ctx.assert_events_rebuild_state();
}

#[test]
fn every_member_gives_the_same_part_and_receives_the_same() {
    let ctx = TestContext::new();
    let village = village(&ctx, "village");
    for (number, (authorised, gives)) in [(1_000_000, 100_000), (1_000_001, 100_001), (3_000_009, 300_001)]
        .into_iter()
        .enumerate()
    {
        let member = person(&ctx, &format!("member-{number}"), authorised);
        admitted(&ctx, &village, &member);
        ctx.join(&village, &member);
        ctx.assert_registered(&member, &village.keys.vault(&member.keys.mint), gives);
        assert_eq!(ctx.grant(&village, &member.issuer_key(), 0).amount_atoms, 5_000);
    }
    assert_eq!(ctx.collective(&village).members, 3);
    assert_eq!(ctx.security_state(&village).vault_count, 3);
    ctx.assert_events_rebuild_state();
}

#[test]
fn the_rule_is_within_its_ranges_and_fixed_once() {
    let ctx = TestContext::new();
    let security = ctx.security("village").supply(AUTHORISED, AUTHORISED / 2).create();
    let create = |change: fn(&mut CreateCollectiveArgs)| {
        let mut args = a_tenth();
        change(&mut args);
        ctx.create_collective_instruction(&security, args).instruction()
    };
    let refuse = |change: fn(&mut CreateCollectiveArgs), error: UpsideError| {
        ctx.refuse(&[create(change)], &[&security.issuer], error)
    };
    refuse(|args| args.contribution_bps = 0, UpsideError::BadContribution);
    refuse(|args| args.contribution_bps = 10_001, UpsideError::BadContribution);
    refuse(|args| args.shares = 0, UpsideError::ZeroAmount);
    refuse(|args| args.cliff_seconds = -1, UpsideError::BadMemberVesting);
    refuse(
        |args| args.cliff_seconds = args.vesting_seconds + 1,
        UpsideError::BadMemberVesting,
    );
    refuse(
        |args| args.vesting_seconds = MAX_VESTING_SECONDS + 1,
        UpsideError::BadMemberVesting,
    );
    let mallory = ctx.wallet("mallory");
    let mut stranger = ctx.create_collective_instruction(&security, a_tenth());
    stranger.issuer = mallory.pubkey();
    ctx.refuse(&[stranger.instruction()], &[&mallory], UpsideError::NotIssuer);
    let limits = |args: &mut CreateCollectiveArgs| {
        *args = CreateCollectiveArgs {
            contribution_bps: 10_000,
            shares: 1,
            cliff_seconds: MAX_VESTING_SECONDS,
            vesting_seconds: MAX_VESTING_SECONDS,
        }
    };
    ctx.send(&[create(limits)], &[&security.issuer]);
    refuse(|_| {}, UpsideError::CollectiveExists);
    ctx.assert_events_rebuild_state();
    // Somebody who gives everything, with a vesting that ends at once.
    let other = ctx
        .security("other")
        .kind(Kind::Collective, 0)
        .supply(AUTHORISED, 0)
        .create();
    ctx.create_collective(
        &other,
        CreateCollectiveArgs {
            contribution_bps: 10_000,
            shares: AUTHORISED,
            cliff_seconds: 0,
            vesting_seconds: 0,
        },
    );
    let alice = person(&ctx, "alice", AUTHORISED);
    admitted(&ctx, &other, &alice);
    ctx.join(&other, &alice);
    ctx.assert_registered(&alice, &alice.issuer_key(), 0);
    assert_eq!(ctx.claim_grant(&other, &alice.issuer_key(), 0), AUTHORISED);
    ctx.assert_events_rebuild_state();
}

#[test]
fn nobody_joins_before_the_notice_is_over_nor_after_the_consent_has_ended() {
    let ctx = TestContext::new();
    let village = village(&ctx, "village");
    let (alice, bob) = (person(&ctx, "alice", AUTHORISED), person(&ctx, "bob", AUTHORISED));
    let earliest = START_TS + NOTICE;
    let join = |member| ctx.join_instruction(&village, member, 0).instruction();
    for member in [&alice, &bob] {
        ctx.apply_to(&village, member);
        // A consent that could never be used.
        for expires_ts in [START_TS, earliest - 1, earliest] {
            let admit = ctx.admit_instruction(&village, member, expires_ts);
            ctx.refuse(&[admit.instruction()], &[&village.issuer], UpsideError::BadExpiry);
        }
    }
    ctx.admit(&village, &alice, earliest + 1);
    ctx.admit(&village, &bob, earliest + DAY);
    for ts in [START_TS, earliest - 1] {
        ctx.set_time(ts);
        ctx.refuse(&[join(&alice)], &[&alice.issuer], UpsideError::NoticeTooShort);
    }
    ctx.set_time(earliest);
    ctx.join(&village, &alice);
    for ts in [earliest + DAY, earliest + DAY + 1] {
        ctx.set_time(ts);
        ctx.refuse(&[join(&bob)], &[&bob.issuer], UpsideError::AdmissionExpired);
    }
    // The consent may be given again; the notice is over.
    ctx.admit(&village, &bob, ctx.now() + 2);
    ctx.warp(1);
    ctx.join(&village, &bob);
    ctx.assert_events_rebuild_state();
}

#[test]
fn joining_needs_consent_that_was_not_taken_back() {
    let ctx = TestContext::new();
    let village = village(&ctx, "village");
    let alice = person(&ctx, "alice", AUTHORISED);
    ctx.apply_to(&village, &alice);
    ctx.warp(NOTICE);
    let join = ctx.join_instruction(&village, &alice, 0).instruction();
    let refused = |error: UpsideError| ctx.refuse(std::slice::from_ref(&join), &[&alice.issuer], error);
    refused(UpsideError::NotAdmitted);
    let revoke = ctx.revoke_admission_instruction(&village, &alice);
    ctx.refuse(&[revoke.instruction()], &[&village.issuer], UpsideError::NotAdmitted);
    // The applicant consents to nothing for the collective.
    let own = Admit {
        issuer: alice.issuer_key(),
        ..ctx.admit_instruction(&village, &alice, later(&ctx))
    };
    ctx.refuse(&[own.instruction()], &[&alice.issuer], UpsideError::NotIssuer);
    ctx.admit(&village, &alice, later(&ctx));
    let mut stranger = ctx.revoke_admission_instruction(&village, &alice);
    stranger.issuer = alice.issuer_key();
    ctx.refuse(&[stranger.instruction()], &[&alice.issuer], UpsideError::NotIssuer);
    ctx.send(&[revoke.instruction()], &[&village.issuer]);
    ctx.assert_events_rebuild_state();
    refused(UpsideError::NotAdmitted);
    ctx.admit(&village, &alice, later(&ctx));
    ctx.send(std::slice::from_ref(&join), &[&alice.issuer]);
    // Once used, it is used.
    let grown = ctx.join_instruction(&village, &alice, 1).instruction();
    ctx.refuse(&[grown], &[&alice.issuer], UpsideError::AlreadyMember);
    ctx.refuse(&[revoke.instruction()], &[&village.issuer], UpsideError::AlreadyMember);
    let again = ctx.admit_instruction(&village, &alice, later(&ctx));
    ctx.refuse(&[again.instruction()], &[&village.issuer], UpsideError::AlreadyMember);
    let withdraw = ctx.withdraw_application_instruction(&village, &alice, &alice.issuer_key());
    ctx.refuse(&[withdraw.instruction()], &[&alice.issuer], UpsideError::AlreadyMember);
    let apply = ctx.apply_instruction(&village, &alice);
    ctx.refuse(&[apply.instruction()], &[&alice.issuer], UpsideError::ApplicationExists);
    assert_eq!(ctx.collective(&village).members, 1);
    ctx.assert_events_rebuild_state();
}

#[test]
fn consent_is_to_one_application_and_no_other_at_its_address() {
    let ctx = TestContext::new();
    let village = village(&ctx, "village");
    let alice = ctx.security("alice").supply(2_000_000, 1_000_000).create();
    ctx.apply_to(&village, &alice);
    let seen = ctx.admit_instruction(&village, &alice, later(&ctx));
    let withdraw = ctx.withdraw_application_instruction(&village, &alice, &alice.issuer_key());
    let before = ctx.lamports(&ctx.payer.pubkey());
    let rent = ctx.lamports(&village.keys.member(&alice.keys.security));
    ctx.send(&[withdraw.instruction()], &[&alice.issuer]);
    // Two signatures of fee.
    assert_eq!(ctx.lamports(&ctx.payer.pubkey()), before + rent - 10_000);
    ctx.assert_events_rebuild_state();
    ctx.warp(1);
    ctx.apply_to(&village, &alice);
    ctx.refuse(
        &[seen.instruction()],
        &[&village.issuer],
        UpsideError::ApplicationChanged,
    );
    let fresh = ctx.admit_instruction(&village, &alice, later(&ctx));
    for args in [
        AdmitArgs {
            contribution: 199_999,
            ..fresh.args
        },
        AdmitArgs {
            wallet: ctx.key("mallory"),
            ..fresh.args
        },
        AdmitArgs {
            applied_ts: fresh.args.applied_ts - 1,
            ..fresh.args
        },
    ] {
        let other = Admit { args, ..fresh };
        ctx.refuse(
            &[other.instruction()],
            &[&village.issuer],
            UpsideError::ApplicationChanged,
        );
    }
    ctx.send(&[fresh.instruction()], &[&village.issuer]);
    ctx.warp(NOTICE);
    // The member lowers what it has authorised: its part would be another than was consented to.
    let retire = Retire {
        keys: &alice.keys,
        issuer: alice.issuer_key(),
        amount: 1_000_000,
    };
    ctx.send(&[retire.instruction()], &[&alice.issuer]);
    let join = ctx.join_instruction(&village, &alice, 0).instruction();
    ctx.refuse(
        std::slice::from_ref(&join),
        &[&alice.issuer],
        UpsideError::ContributionChanged,
    );
    // Applied again, it is right.
    ctx.send(&[withdraw.instruction()], &[&alice.issuer]);
    admitted(&ctx, &village, &alice);
    ctx.send(&[join], &[&alice.issuer]);
    ctx.assert_registered(&alice, &village.keys.vault(&alice.keys.mint), 100_000);
    ctx.assert_events_rebuild_state();
}

/// The issuer hands the security over.
fn hand_over(ctx: &TestContext, security: &TestSecurity, from: &Keypair, to: &Keypair) {
    let propose = ProposeIssuer {
        keys: &security.keys,
        issuer: from.pubkey(),
        pending_issuer: Some(to.pubkey()),
    };
    let accept = AcceptIssuer {
        keys: &security.keys,
        pending_issuer: to.pubkey(),
    };
    ctx.send(&[propose.instruction(), accept.instruction()], &[from, to]);
}

#[test]
fn a_member_that_was_handed_over_is_joined_by_nobody_until_it_applies_again() {
    let ctx = TestContext::new();
    let village = village(&ctx, "village");
    let alice = person(&ctx, "alice", AUTHORISED);
    let (bob, mallory) = (ctx.wallet("bob"), ctx.wallet("mallory"));
    ctx.give_shares(&alice, &bob, AUTHORISED / 2);
    admitted(&ctx, &village, &alice);
    hand_over(&ctx, &alice, &alice.issuer, &bob);
    let join = ctx.join_instruction(&village, &alice, 0);
    ctx.refuse(&[join.instruction()], &[&alice.issuer], UpsideError::NotIssuer);
    let by_bob = Join {
        wallet: bob.pubkey(),
        ..join
    };
    ctx.refuse(&[by_bob.instruction()], &[&bob], UpsideError::NotApplicant);
    let apply = Apply {
        wallet: bob.pubkey(),
        ..ctx.apply_instruction(&village, &alice)
    };
    ctx.refuse(&[apply.instruction()], &[&bob], UpsideError::ApplicationExists);
    // A stale application keeps nobody out: the new issuer may take it back, a stranger not.
    let withdraw = |signer: &Keypair| {
        ctx.withdraw_application_instruction(&village, &alice, &signer.pubkey())
            .instruction()
    };
    ctx.refuse(&[withdraw(&mallory)], &[&mallory], UpsideError::NotApplicant);
    ctx.send(&[withdraw(&bob)], &[&bob]);
    // The issuer before applies for it no more.
    let apply_alice = ctx.apply_instruction(&village, &alice).instruction();
    ctx.refuse(&[apply_alice], &[&alice.issuer], UpsideError::NotIssuer);
    ctx.send(&[apply.instruction()], &[&bob]);
    ctx.admit(&village, &alice, later(&ctx));
    ctx.warp(NOTICE);
    // Handed over and back: who applied is the issuer again.
    hand_over(&ctx, &alice, &bob, &mallory);
    ctx.refuse(&[by_bob.instruction()], &[&bob], UpsideError::NotIssuer);
    hand_over(&ctx, &alice, &mallory, &bob);
    ctx.send(&[by_bob.instruction()], &[&bob]);
    // The shares were Bob's own, and the grant is his.
    ctx.assert_registered(&alice, &bob.pubkey(), AUTHORISED / 10 * 4);
    ctx.assert_registered(&alice, &alice.issuer_key(), AUTHORISED / 2);
    assert_eq!(ctx.grant(&village, &bob.pubkey(), 0).amount_atoms, 5_000);
    ctx.assert_events_rebuild_state();
}

#[test]
fn an_applicant_may_take_the_application_back_while_somebody_else_is_issuer() {
    let ctx = TestContext::new();
    let village = village(&ctx, "village");
    let alice = person(&ctx, "alice", AUTHORISED);
    let bob = ctx.wallet("bob");
    ctx.apply_to(&village, &alice);
    hand_over(&ctx, &alice, &alice.issuer, &bob);
    let withdraw = ctx.withdraw_application_instruction(&village, &alice, &alice.issuer_key());
    let mut wrong = withdraw;
    wrong.rent_payer = bob.pubkey();
    ctx.refuse(&[wrong.instruction()], &[&alice.issuer], UpsideError::WrongRentReceiver);
    ctx.send(&[withdraw.instruction()], &[&alice.issuer]);
    ctx.assert_events_rebuild_state();
}

#[test]
fn joining_is_refused_when_either_side_cannot_give_what_it_promised() {
    let ctx = TestContext::new();
    let village = village(&ctx, "village");
    let (alice, bob) = (person(&ctx, "alice", AUTHORISED), person(&ctx, "bob", AUTHORISED));
    for member in [&alice, &bob] {
        ctx.apply_to(&village, member);
        ctx.admit(&village, member, later(&ctx));
    }
    ctx.warp(NOTICE);
    let join = |member, id| ctx.join_instruction(&village, member, id).instruction();
    // Alice has given away too much.
    let carol = ctx.wallet("carol");
    ctx.give_shares(&alice, &carol, 900_001);
    ctx.refuse(&[join(&alice, 0)], &[&alice.issuer], UpsideError::NotEnoughShares);
    ctx.transfer_shares(&alice, &carol, &alice.issuer_key(), 1);
    ctx.join(&village, &alice);
    ctx.assert_registered(&alice, &alice.issuer_key(), 0);
    // The collective has one atom too few left.
    let retire = |amount| Retire {
        keys: &village.keys,
        issuer: village.issuer_key(),
        amount,
    };
    ctx.refuse(
        &[retire(1).instruction()],
        &[&village.issuer],
        UpsideError::BelowRetireBound,
    );
    let reserved = 8 + std::mem::offset_of!(upside::state::Security, reserved_atoms);
    let set_reserved = |atoms: u64| {
        ctx.patch_account(&village.keys.security, |account| {
            account.data[reserved..reserved + 8].copy_from_slice(&atoms.to_le_bytes())
        })
    };
    set_reserved(AUTHORISED / 2 - 4_999);
    ctx.refuse(&[join(&bob, 0)], &[&bob.issuer], UpsideError::AboveAuthorised);
    set_reserved(5_000);
    // A grant of that number exists.
    let args = over_time(7, 10, ctx.now() + 8 * DAY, DAY);
    ctx.create_grant(&village, &bob.issuer_key(), args);
    ctx.refuse(&[join(&bob, 7)], &[&bob.issuer], UpsideError::GrantExists);
    ctx.send(&[join(&bob, 8)], &[&bob.issuer]);
    ctx.assert_events_rebuild_state();
}

#[test]
fn a_vault_that_is_open_is_used_and_the_last_index_ends_the_joining() {
    let ctx = TestContext::new();
    let village = village(&ctx, "village");
    let people: Vec<TestSecurity> = ["alice", "bob", "carol"]
        .iter()
        .map(|name| person(&ctx, name, AUTHORISED))
        .collect();
    ctx.back_with_shares(&village, &people[0], 1_000);
    for member in &people {
        ctx.apply_to(&village, member);
        ctx.admit(&village, member, later(&ctx));
    }
    ctx.warp(NOTICE);
    let receipt = ctx.join(&village, &people[0]);
    assert_eq!(receipt.events.len(), 4, "no vault was opened: {:?}", receipt.events);
    ctx.assert_registered(&people[0], &village.keys.vault(&people[0].keys.mint), 101_000);
    ctx.assert_events_rebuild_state();
    let count = 8 + std::mem::offset_of!(upside::state::Security, vault_count);
    ctx.patch_account(&village.keys.security, |account| {
        account.data[count..count + 2].copy_from_slice(&255_u16.to_le_bytes())
    });
    ctx.join(&village, &people[1]);
    let join = ctx.join_instruction(&village, &people[2], 0).instruction();
    ctx.refuse(&[join], &[&people[2].issuer], UpsideError::TooManyVaults);
}

#[test]
fn securities_that_cannot_be_members_do_not_apply() {
    let ctx = TestContext::new();
    let village = village(&ctx, "village");
    let euros = ctx.legacy_mint("euros");
    let bob = ctx
        .security("bob")
        .supply(AUTHORISED, AUTHORISED)
        .payout(euros)
        .create();
    let refuse =
        |instruction: Instruction, signer: &Keypair, error: UpsideError| ctx.refuse(&[instruction], &[signer], error);
    refuse(
        ctx.apply_instruction(&village, &bob).instruction(),
        &bob.issuer,
        UpsideError::PayoutMintsDiffer,
    );
    refuse(
        ctx.apply_instruction(&village, &village).instruction(),
        &village.issuer,
        UpsideError::SelfHolding,
    );
    let mallory = ctx.wallet("mallory");
    let alice = person(&ctx, "alice", AUTHORISED);
    let stranger = Apply {
        wallet: mallory.pubkey(),
        ..ctx.apply_instruction(&village, &alice)
    };
    refuse(stranger.instruction(), &mallory, UpsideError::NotIssuer);
}

#[test]
fn accounts_of_one_collective_do_not_serve_another() {
    let ctx = TestContext::new();
    let (village, town) = (village(&ctx, "village"), village(&ctx, "town"));
    let (alice, bob) = (person(&ctx, "alice", AUTHORISED), person(&ctx, "bob", AUTHORISED));
    for member in [&alice, &bob] {
        ctx.apply_to(&village, member);
        ctx.admit(&village, member, later(&ctx));
    }
    ctx.apply_to(&town, &alice);
    ctx.warp(NOTICE);
    let replaced = |mut instruction: Instruction, from, to| {
        for meta in instruction.accounts.iter_mut().filter(|meta| meta.pubkey == from) {
            meta.pubkey = to;
        }
        instruction
    };
    let join = ctx.join_instruction(&village, &alice, 0).instruction();
    for (from, to, error) in [
        (
            village.keys.collective(),
            town.keys.collective(),
            UpsideError::WrongCollective,
        ),
        (
            village.keys.member(&alice.keys.security),
            town.keys.member(&alice.keys.security),
            UpsideError::WrongMember,
        ),
        (
            village.keys.member(&alice.keys.security),
            village.keys.member(&bob.keys.security),
            UpsideError::WrongMember,
        ),
        (village.keys.security, town.keys.security, UpsideError::WrongCollective),
        (alice.keys.security, bob.keys.security, UpsideError::WrongMember),
        (alice.keys.mint, bob.keys.mint, UpsideError::WrongSecurityAccount),
    ] {
        ctx.refuse(&[replaced(join.clone(), from, to)], &[&alice.issuer], error);
    }
    // The town's issuer consents to nothing in the village.
    let admit = ctx.admit_instruction(&town, &alice, later(&ctx)).instruction();
    let elsewhere = replaced(
        admit,
        town.keys.member(&alice.keys.security),
        village.keys.member(&alice.keys.security),
    );
    ctx.refuse(&[elsewhere], &[&town.issuer], UpsideError::WrongMember);
    ctx.send(&[join], &[&alice.issuer]);
    assert_eq!(
        accounts::memberships_of(&ctx.sender, &alice.keys.security)
            .unwrap()
            .len(),
        2
    );
    assert_eq!(
        accounts::members_of(&ctx.sender, &village.keys.collective())
            .unwrap()
            .len(),
        2
    );
    assert_eq!(
        accounts::memberships_of_wallet(&ctx.sender, &bob.issuer_key())
            .unwrap()
            .len(),
        1
    );
    ctx.assert_events_rebuild_state();
}

#[test]
fn a_curated_member_needs_no_approval_of_the_collectives_vault() {
    let ctx = TestContext::new();
    let village = village(&ctx, "village");
    let alice = ctx.security("alice").supply(AUTHORISED, AUTHORISED).curated().create();
    admitted(&ctx, &village, &alice);
    ctx.join(&village, &alice);
    ctx.assert_registered(&alice, &village.keys.vault(&alice.keys.mint), AUTHORISED / 10);
    ctx.assert_events_rebuild_state();
}

/// A collective of `size` people named after it. Each of them has joined.
fn school(ctx: &TestContext, name: &str, size: usize) -> (TestSecurity, Vec<TestSecurity>) {
    let school = ctx
        .security(name)
        .kind(Kind::Collective, 0)
        .supply(10_000_000, 1_000_000)
        .drip(3_600)
        .create();
    ctx.create_collective(&school, a_tenth());
    let people: Vec<TestSecurity> = (0..size)
        .map(|number| {
            let person = ctx
                .security(&format!("{name}-{number}"))
                .supply(AUTHORISED, AUTHORISED)
                .drip(3_600)
                .create();
            ctx.apply_to(&school, &person);
            ctx.admit(&school, &person, START_TS + 100 * DAY);
            person
        })
        .collect();
    (school, people)
}

#[test]
fn a_collective_has_room_for_256_members_and_no_more() {
    let ctx = TestContext::without_signatures();
    let (school, people) = school(&ctx, "school", 257);
    ctx.warp(NOTICE);
    for person in &people[..256] {
        ctx.join(&school, person);
    }
    let join = ctx.join_instruction(&school, &people[256], 0).instruction();
    ctx.refuse(&[join], &[&people[256].issuer], UpsideError::TooManyVaults);
    assert_eq!(ctx.collective(&school).members, 256);
    assert_eq!(
        ctx.vault(&school, &people[255].keys.mint).index,
        255,
        "the last index is used"
    );
    ctx.assert_events_rebuild_state();
}

#[test]
fn a_thousand_people_rise_in_two_layers() {
    let ctx = TestContext::without_signatures();
    let (district, _) = school(&ctx, "district", 0);
    let schools: Vec<(TestSecurity, Vec<TestSecurity>)> = (0..4)
        .map(|number| school(&ctx, &format!("school-{number}"), 250))
        .collect();
    for (school, _) in &schools {
        ctx.apply_to(&district, school);
        ctx.admit(&district, school, START_TS + 100 * DAY);
    }
    ctx.warp(NOTICE);
    for (school, people) in &schools {
        for person in people {
            ctx.join(school, person);
        }
        ctx.join(&district, school);
        assert_eq!(
            accounts::members_of(&ctx.sender, &school.keys.collective())
                .unwrap()
                .len(),
            250
        );
    }
    // Ten people have a success; everybody may turn the crank.
    let mut paid_in = 0;
    for (number, (_, people)) in schools.iter().enumerate() {
        for person in people.iter().skip(number).step_by(99) {
            ctx.distribute(person, 1_000_000_000);
            paid_in += 1_000_000_000_u64;
        }
    }
    let mut harvests = Vec::new();
    loop {
        ctx.warp(DAY);
        let layers = layers::read_layers(&ctx.sender).unwrap();
        let due = layers.due_harvests(ctx.now()).unwrap();
        if due.is_empty() {
            break;
        }
        for (holding, _) in &due {
            ctx.send(&[holding.harvest()], &[]);
        }
        harvests.push(due.len());
    }
    // First the schools get their tenth of each, then the district its part of the four: 10 % and 1,000,000 of 1,000,000 issued.
    assert_eq!(harvests, [12, 4]);
    let received = ctx.security_state(&district).received_total_atoms.get();
    assert_eq!(paid_in, 12_000_000_000);
    assert_eq!(received, 1_200_000_000);
    assert_eq!(ctx.claim(&district, &district.issuer), 1_200_000_000);
}
