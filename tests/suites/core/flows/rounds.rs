//! Rounds: who may want how much and when, and what a round that sells, fails or is called off does to shares and money.

use anchor_lang::error::ErrorCode;
use anchor_lang::prelude::Pubkey;
use solana_keypair::Keypair;
use solana_signer::Signer;
use upside::{
    constants::{MAX_COMMIT_SECONDS, MAX_RUNWAY_SECONDS},
    error::UpsideError,
    instructions::round::CreateRoundArgs,
    state::RoundStatus,
};
use upside_client::{
    events::Event,
    instructions::{Issue, Retire, SettleSubscription, Subscribe},
};
use upside_tests::{
    context::{DAY, START_TS},
    setup::{over_time, public_round},
    TestContext, TestSecurity,
};

/// Share atoms authorised in these tests, of which half are issued.
const AUTHORISED: u64 = 100_000_000;
/// Share atoms for sale in most of them.
const FOR_SALE: u64 = 10_000_000;
/// When a [`public_round`] that opens at the start binds, and closes.
const COMMIT_TS: i64 = START_TS + DAY;
const CLOSES_TS: i64 = START_TS + 2 * DAY;

/// Alice's security, of which she holds everything issued.
fn alone(ctx: &TestContext) -> TestSecurity {
    ctx.security("alice").supply(AUTHORISED, AUTHORISED / 2).create()
}

/// Alice's security with a round that opens now.
fn selling(ctx: &TestContext, change: impl FnOnce(&mut CreateRoundArgs)) -> TestSecurity {
    let alice = alone(ctx);
    let mut args = public_round(0, FOR_SALE, START_TS);
    change(&mut args);
    ctx.create_round(&alice, args);
    alice
}

/// R-1 and S-2 for the rounds of one security, from live accounts; and E-1.
fn assert_sound(ctx: &TestContext, security: &TestSecurity, ids: &[u64]) {
    let mut reserved = 0;
    for id in ids {
        let round = ctx.round(security, *id);
        assert_eq!(ctx.round_money(security, *id), round.money_atoms, "money of round {id}");
        if round.unsettled == 0 {
            let kept = round.raised_atoms - round.backed_atoms - round.released_atoms;
            assert_eq!(round.money_atoms, kept + round.refunds_atoms, "R-1 of round {id}");
        }
        reserved += round.reserved_left_atoms;
    }
    let state = ctx.security_state(security);
    assert_eq!(state.reserved_atoms, reserved, "S-2");
    let funded = ids.iter().filter(|id| ctx.round(security, **id).money_atoms > 0);
    assert_eq!(usize::try_from(state.funded_rounds).unwrap(), funded.count());
    ctx.assert_events_rebuild_state();
}

fn refuse_subscribe(ctx: &TestContext, security: &TestSecurity, investor: &Keypair, wanted: u64, error: UpsideError) {
    let subscribe = ctx.subscribe_instruction(security, 0, &investor.pubkey(), wanted);
    ctx.refuse(&[subscribe.instruction()], &[investor], error);
}

fn refuse_settle(ctx: &TestContext, security: &TestSecurity, investor: &Pubkey, error: UpsideError) {
    let settle = ctx.settle_instruction(security, 0, investor).instruction();
    ctx.refuse(&[settle], &[], error);
}

#[test]
fn a_public_round_sells_what_is_wanted_and_frees_the_rest() {
    let ctx = TestContext::new();
    let alice = alone(&ctx);
    let receipt = ctx.create_round(&alice, public_round(0, FOR_SALE, START_TS));
    let [Event::RoundCreated(event)] = receipt.events.as_slice() else {
        panic!("one event")
    };
    assert_eq!(
        (
            event.id,
            event.for_sale_atoms,
            event.price_atoms,
            event.totals.reserved_atoms
        ),
        (0, FOR_SALE, 2_000_000, FOR_SALE)
    );
    let (bob, carol) = (ctx.wallet("bob"), ctx.wallet("carol"));
    ctx.subscribe(&alice, 0, &bob, 3_000_000);
    ctx.subscribe(&alice, 0, &carol, 1);
    assert_eq!(ctx.round_money(&alice, 0), 6_000_002);
    assert_sound(&ctx, &alice, &[0]);

    ctx.set_time(CLOSES_TS);
    let receipt = ctx.close_round(&alice, 0);
    let [Event::RoundClosed(event)] = receipt.events.as_slice() else {
        panic!("one event")
    };
    assert_eq!(event.round_totals.status, RoundStatus::Succeeded as u8);
    assert_eq!(
        (event.freed_atoms, event.totals.reserved_atoms),
        (FOR_SALE - 3_000_001, 3_000_001)
    );
    // By a stranger, who pays for what is missing; the subscription's rent goes back to who paid that.
    let mallory = ctx.wallet("mallory");
    let settle = SettleSubscription {
        payer: mallory.pubkey(),
        ..ctx.settle_instruction(&alice, 0, &bob.pubkey())
    };
    let (before, subscription) = (
        ctx.lamports(&ctx.payer.pubkey()),
        alice.keys.subscription(0, &bob.pubkey()),
    );
    let rent = ctx.lamports(&subscription);
    let receipt = ctx.send(&[settle.instruction()], &[&mallory]);
    let [Event::SubscriptionSettled(event)] = receipt.events.as_slice() else {
        panic!("one event")
    };
    assert_eq!(
        (
            event.opened_by,
            event.allocation_atoms,
            event.cost_atoms,
            event.refund_atoms,
            event.closed
        ),
        (mallory.pubkey(), 3_000_000, 6_000_000, 0, true)
    );
    assert_eq!(ctx.lamports(&ctx.payer.pubkey()), before + rent - receipt.fee);
    assert!(ctx.account(&subscription).is_none());
    ctx.assert_registered(&alice, &bob.pubkey(), 3_000_000);
    assert_sound(&ctx, &alice, &[0]);
    assert_eq!(ctx.settle(&alice, 0, &carol.pubkey()), (1, 0));
    assert_sound(&ctx, &alice, &[0]);
    // No runway: everything at once.
    assert_eq!(ctx.release(&alice, 0), (0, 6_000_002));
    assert_eq!(ctx.round_money(&alice, 0), 0);
    let state = ctx.security_state(&alice);
    assert_eq!(
        (state.issued_atoms, state.reserved_atoms),
        (AUTHORISED / 2 + 3_000_001, 0)
    );
    assert_sound(&ctx, &alice, &[0]);
}

#[test]
fn terms_out_of_range_are_refused_each_with_its_own_error() {
    let ctx = TestContext::new();
    let alice = alone(&ctx);
    ctx.open_vault(&alice, &alice.payout);
    let refuse = |change: fn(&mut CreateRoundArgs), error: UpsideError| {
        let mut args = public_round(0, FOR_SALE, START_TS);
        change(&mut args);
        let create = ctx.create_round_instruction(&alice, args).instruction();
        ctx.refuse(&[create], &[&alice.issuer], error);
    };
    refuse(|a| a.for_sale = 999_999, UpsideError::ForSaleTooSmall);
    refuse(|a| a.price = 0, UpsideError::PriceZero);
    refuse(|a| a.minimum = FOR_SALE + 1, UpsideError::MinimumAboveForSale);
    refuse(|a| a.opens_ts = a.commit_ts + 1, UpsideError::BadRoundTimes);
    refuse(|a| a.commit_ts = a.closes_ts + 1, UpsideError::BadRoundTimes);
    refuse(
        |a| a.commit_ts = a.closes_ts - MAX_COMMIT_SECONDS - 1,
        UpsideError::BadRoundTimes,
    );
    refuse(
        |a| {
            a.opens_ts = i64::MIN;
            a.commit_ts = i64::MIN;
        },
        UpsideError::BadRoundTimes,
    );
    // It must be able to take subscriptions.
    refuse(
        |a| {
            a.opens_ts = a.closes_ts;
            a.commit_ts = a.closes_ts;
        },
        UpsideError::BadRoundTimes,
    );
    refuse(
        |a| {
            a.opens_ts = START_TS - 2;
            a.commit_ts = START_TS - 1;
            a.closes_ts = START_TS;
        },
        UpsideError::BadRoundTimes,
    );
    refuse(|a| a.runway_seconds = -1, UpsideError::RunwayOutOfRange);
    refuse(
        |a| a.runway_seconds = MAX_RUNWAY_SECONDS + 1,
        UpsideError::RunwayOutOfRange,
    );
    refuse(|a| a.backing_bps = 10_001, UpsideError::BackingAboveOne);
    refuse(|a| a.price = u64::MAX, UpsideError::Overflow);
    refuse(|a| a.for_sale = AUTHORISED / 2 + 1, UpsideError::AboveAuthorised);
    // A part that becomes backing needs an open vault.
    let mut create = ctx
        .create_round_instruction(
            &alice,
            CreateRoundArgs {
                backing_bps: 1,
                ..public_round(0, FOR_SALE, START_TS)
            },
        )
        .instruction();
    let vault = alice.keys.vault(&alice.payout.mint);
    let place = create.accounts.iter_mut().find(|meta| meta.pubkey == vault).unwrap();
    place.pubkey = upside::ID;
    ctx.refuse(&[create], &[&alice.issuer], UpsideError::BackingVaultMissing);
    // The borders themselves are fine.
    let borders: [fn(&mut CreateRoundArgs); 4] = [
        |a| a.for_sale = 1_000_000,
        |a| {
            a.minimum = FOR_SALE;
            a.runway_seconds = MAX_RUNWAY_SECONDS;
            a.price = 1;
        },
        |a| {
            a.opens_ts = START_TS - DAY;
            a.commit_ts = START_TS - DAY;
            a.closes_ts = a.commit_ts + MAX_COMMIT_SECONDS;
        },
        |a| {
            a.for_sale = 1_000_000;
            a.price = u64::MAX;
        },
    ];
    for (id, change) in borders.into_iter().enumerate() {
        let mut args = public_round(id as u64, FOR_SALE, START_TS);
        change(&mut args);
        ctx.create_round(&alice, args);
    }
    let again = ctx
        .create_round_instruction(&alice, public_round(3, FOR_SALE, START_TS))
        .instruction();
    ctx.refuse(&[again], &[&alice.issuer], UpsideError::RoundExists);
    let bob = ctx.wallet("bob");
    let mut create = ctx.create_round_instruction(&alice, public_round(9, FOR_SALE, START_TS));
    create.issuer = bob.pubkey();
    ctx.refuse(&[create.instruction()], &[&bob], UpsideError::NotIssuer);
    assert_sound(&ctx, &alice, &[0, 1, 2, 3]);
}

#[test]
fn each_time_begins_to_the_second() {
    let ctx = TestContext::new();
    let alice = alone(&ctx);
    let opens_ts = START_TS + 100;
    let args = |id| public_round(id, FOR_SALE, opens_ts);
    ctx.create_round(&alice, args(0));
    ctx.create_round(&alice, args(1));
    let (bob, carol) = (ctx.wallet("bob"), ctx.wallet("carol"));
    ctx.fund(&alice.payout, &bob.pubkey(), 1_000);
    let withdraw = || {
        ctx.withdraw_subscription_instruction(&alice, 0, &bob.pubkey())
            .instruction()
    };
    ctx.set_time(opens_ts - 1);
    refuse_subscribe(&ctx, &alice, &bob, 10, UpsideError::RoundNotTaking);
    ctx.set_time(opens_ts);
    ctx.subscribe(&alice, 0, &bob, 10);
    ctx.set_time(opens_ts + 1);
    ctx.subscribe(&alice, 0, &carol, 11);

    let (commit_ts, closes_ts) = (args(0).commit_ts, args(0).closes_ts);
    ctx.set_time(commit_ts - 1);
    ctx.subscribe(&alice, 0, &carol, 10);
    ctx.send(&[withdraw()], &[&bob]);
    ctx.subscribe(&alice, 0, &bob, 10);
    ctx.cancel_round(&alice, 1);
    let again = ctx.cancel_round_instruction(&alice, 1).instruction();
    ctx.refuse(&[again], &[&alice.issuer], UpsideError::TooLateToCancel);
    for ts in [commit_ts, commit_ts + 1] {
        ctx.set_time(ts);
        ctx.refuse(&[withdraw()], &[&bob], UpsideError::Committed);
        refuse_subscribe(&ctx, &alice, &bob, 9, UpsideError::Committed);
        let cancel = ctx.cancel_round_instruction(&alice, 0).instruction();
        ctx.refuse(&[cancel], &[&alice.issuer], UpsideError::TooLateToCancel);
        // Raising goes on until the end.
        let wanted = ctx.find_subscription(&alice, 0, &carol.pubkey()).unwrap().wanted_atoms;
        ctx.subscribe(&alice, 0, &carol, wanted + 1);
    }
    let close = || ctx.close_round_instruction(&alice, 0).instruction();
    ctx.set_time(closes_ts - 1);
    ctx.refuse(&[close()], &[], UpsideError::TooEarlyToClose);
    refuse_settle(&ctx, &alice, &bob.pubkey(), UpsideError::RoundNotDecided);
    ctx.subscribe(&alice, 0, &bob, 11);
    ctx.set_time(closes_ts);
    refuse_subscribe(&ctx, &alice, &bob, 12, UpsideError::RoundNotTaking);
    ctx.refuse(&[withdraw()], &[&bob], UpsideError::RoundNotTaking);
    refuse_settle(&ctx, &alice, &bob.pubkey(), UpsideError::RoundNotDecided);
    assert_sound(&ctx, &alice, &[0, 1]);
    ctx.send(&[close()], &[]);
    ctx.refuse(&[close()], &[], UpsideError::TooEarlyToClose);
    // Decided is decided, whatever the clock does.
    ctx.set_time(opens_ts);
    refuse_subscribe(&ctx, &alice, &bob, 12, UpsideError::RoundNotTaking);
    ctx.refuse(&[withdraw()], &[&bob], UpsideError::RoundNotTaking);
    let cancel = ctx.cancel_round_instruction(&alice, 0).instruction();
    ctx.refuse(&[cancel], &[&alice.issuer], UpsideError::TooLateToCancel);
    assert_eq!(ctx.settle(&alice, 0, &bob.pubkey()), (11, 0));
    assert_eq!(ctx.settle(&alice, 0, &carol.pubkey()), (12, 0));
    assert_sound(&ctx, &alice, &[0, 1]);
}

#[test]
fn a_round_that_misses_its_minimum_refunds_everybody() {
    let ctx = TestContext::new();
    for (missed, status) in [(1, RoundStatus::Failed), (0, RoundStatus::Succeeded)] {
        let issuer = format!("misses-by-{missed}");
        let security = ctx.security(&issuer).supply(AUTHORISED, AUTHORISED / 2).create();
        let args = CreateRoundArgs {
            minimum: 5_000_000,
            ..public_round(0, FOR_SALE, ctx.now())
        };
        ctx.create_round(&security, args);
        let investors = ["bob", "carol"].map(|name| ctx.wallet(name));
        ctx.subscribe(&security, 0, &investors[0], 3_000_000);
        ctx.subscribe(&security, 0, &investors[1], 2_000_000 - missed);
        ctx.warp(2 * DAY);
        ctx.close_round(&security, 0);
        assert!(ctx.round(&security, 0).is(status));
        assert_sound(&ctx, &security, &[0]);
        if missed == 0 {
            continue;
        }
        assert_eq!(ctx.security_state(&security).reserved_atoms, 0);
        let release = ctx.release_instruction(&security, 0).instruction();
        ctx.refuse(&[release], &[], UpsideError::NothingToRelease);
        assert_eq!(
            ctx.settle(&security, 0, &investors[1].pubkey()),
            (0, 2 * (2_000_000 - missed))
        );
        assert_eq!(ctx.settle(&security, 0, &investors[0].pubkey()), (0, 6_000_000));
        assert!(ctx.find_position(&security, &investors[0].pubkey()).is_none());
        assert_eq!(ctx.round_money(&security, 0), 0);
        assert_sound(&ctx, &security, &[0]);
    }
}

#[test]
fn a_round_that_nobody_wants_fails() {
    let ctx = TestContext::new();
    let alice = selling(&ctx, |_| {});
    ctx.set_time(CLOSES_TS + 365 * DAY);
    ctx.close_round(&alice, 0);
    assert!(ctx.round(&alice, 0).is(RoundStatus::Failed));
    assert_sound(&ctx, &alice, &[0]);
}

#[test]
fn what_is_wanted_too_often_is_shared_pro_rata_and_the_dust_returns_with_the_last() {
    let ctx = TestContext::new();
    let alice = selling(&ctx, |a| {
        a.for_sale = 1_000_000;
        a.minimum = 1_000_000;
    });
    let wants = [("bob", 1_000_000), ("carol", 999_999), ("dave", 333_333), ("tiny", 1)];
    for (name, wanted) in wants {
        ctx.subscribe(&alice, 0, &ctx.wallet(name), wanted);
    }
    ctx.set_time(CLOSES_TS);
    ctx.close_round(&alice, 0);
    let total: u64 = wants.iter().map(|(_, wanted)| wanted).sum();
    let mut given = 0;
    for (name, wanted) in wants {
        let investor = ctx.key(name);
        let allocation = u64::try_from(u128::from(wanted) * 1_000_000 / u128::from(total)).unwrap();
        assert_eq!(ctx.security_state(&alice).reserved_atoms, 1_000_000 - given, "{name}");
        assert_eq!(
            ctx.settle(&alice, 0, &investor),
            (allocation, 2 * (wanted - allocation)),
            "{name}"
        );
        given += allocation;
        if allocation == 0 {
            // Too little for an atom: the money is back, and no account was made.
            assert_eq!(name, "tiny");
            assert!(ctx.find_position(&alice, &investor).is_none());
        }
        assert_sound(&ctx, &alice, &[0]);
    }
    assert_eq!(given, 999_999);
    let state = ctx.security_state(&alice);
    assert_eq!((state.reserved_atoms, state.issued_atoms), (0, AUTHORISED / 2 + given));
    assert_eq!(ctx.release(&alice, 0), (0, 2 * given));
    assert_sound(&ctx, &alice, &[0]);
}

#[test]
fn a_change_pays_or_returns_the_difference_and_the_cost_is_rounded_up() {
    let ctx = TestContext::new();
    // A third of a payout atom for each share atom.
    let alice = selling(&ctx, |a| a.price = 333_334);
    let bob = ctx.wallet("bob");
    let account = ctx.fund(&alice.payout, &bob.pubkey(), 1_000_000);
    let subscribe = |wanted: u64, paid: u64| {
        let receipt = ctx.subscribe(&alice, 0, &bob, wanted);
        let [Event::SharesSubscribed(event)] = receipt.events.as_slice() else {
            panic!("one event")
        };
        assert_eq!((event.wanted_atoms, event.paid_atoms), (wanted, paid));
        assert_eq!(event.round_totals.total_wanted_atoms, u128::from(wanted));
        assert_eq!(
            (ctx.balance(&account), ctx.round_money(&alice, 0)),
            (1_000_000 - paid, paid)
        );
        assert_sound(&ctx, &alice, &[0]);
    };
    subscribe(1, 1);
    subscribe(3, 2);
    subscribe(2, 1);
    subscribe(2, 1);
    subscribe(1_000_000, 333_334);
    for wanted in [0, FOR_SALE + 1, u64::MAX] {
        refuse_subscribe(&ctx, &alice, &bob, wanted, UpsideError::WantedOutOfRange);
    }
    // More than there is in the account, somebody else's account, one of another mint, and the round's own.
    refuse_subscribe(&ctx, &alice, &bob, 9_000_000, UpsideError::BadSource);
    let carols = ctx.fund(&alice.payout, &ctx.key("carol"), 1_000_000);
    let others = ctx.fund(&ctx.legacy_mint("other money"), &bob.pubkey(), 1_000_000);
    for source in [carols, others, alice.keys.round_account(0), ctx.key("absent")] {
        let subscribe = Subscribe {
            source,
            ..ctx.subscribe_instruction(&alice, 0, &bob.pubkey(), 9)
        };
        ctx.refuse(&[subscribe.instruction()], &[&bob], UpsideError::BadSource);
    }
    let receipt = ctx.withdraw_subscription(&alice, 0, &bob);
    let [Event::SubscriptionWithdrawn(event)] = receipt.events.as_slice() else {
        panic!("one event")
    };
    assert_eq!((event.amount_atoms, event.closed), (333_334, true));
    assert_eq!((ctx.balance(&account), ctx.round_money(&alice, 0)), (1_000_000, 0));
    assert!(ctx.find_subscription(&alice, 0, &bob.pubkey()).is_none());
    assert_sound(&ctx, &alice, &[0]);
}

#[test]
fn a_withdrawal_may_name_any_account_of_the_investors_and_no_other() {
    let ctx = TestContext::new();
    let alice = selling(&ctx, |_| {});
    let bob = ctx.wallet("bob");
    ctx.subscribe(&alice, 0, &bob, 10);
    let carols = ctx.fund(&alice.payout, &ctx.key("carol"), 0);
    let others = ctx.fund(&ctx.legacy_mint("other money"), &bob.pubkey(), 0);
    for receiver in [carols, others, alice.keys.round_account(0), ctx.key("absent")] {
        let mut withdraw = ctx.withdraw_subscription_instruction(&alice, 0, &bob.pubkey());
        withdraw.receiver = receiver;
        ctx.refuse(&[withdraw.instruction()], &[&bob], UpsideError::BadRefundReceiver);
    }
    // Nobody withdraws for anybody else.
    let mut withdraw = ctx
        .withdraw_subscription_instruction(&alice, 0, &bob.pubkey())
        .instruction();
    withdraw.accounts[0].pubkey = ctx.key("carol");
    ctx.refuse(&[withdraw], &[&ctx.wallet("carol")], UpsideError::WrongSubscription);
    assert_sound(&ctx, &alice, &[0]);
}

#[test]
fn a_cancelled_round_refunds_everybody_in_any_order() {
    let ctx = TestContext::new();
    let alice = selling(&ctx, |_| {});
    let investors = ["bob", "carol", "dave"].map(|name| ctx.wallet(name));
    for (i, investor) in investors.iter().enumerate() {
        ctx.subscribe(&alice, 0, investor, 1_000_000 + i as u64);
    }
    let bob = &investors[0];
    let mut cancel = ctx.cancel_round_instruction(&alice, 0);
    cancel.issuer = bob.pubkey();
    ctx.refuse(&[cancel.instruction()], &[bob], UpsideError::NotIssuer);
    ctx.set_time(COMMIT_TS - 1);
    let receipt = ctx.cancel_round(&alice, 0);
    let [Event::RoundCancelled(event)] = receipt.events.as_slice() else {
        panic!("one event")
    };
    assert_eq!((event.freed_atoms, event.totals.reserved_atoms), (FOR_SALE, 0));
    refuse_subscribe(&ctx, &alice, bob, 1, UpsideError::RoundNotTaking);
    let close = ctx.close_round_instruction(&alice, 0).instruction();
    ctx.set_time(CLOSES_TS);
    ctx.refuse(&[close], &[], UpsideError::TooEarlyToClose);
    for i in [2, 0, 1] {
        let refund = 2_000_000 + 2 * i as u64;
        assert_eq!(ctx.settle(&alice, 0, &investors[i].pubkey()), (0, refund));
        assert_sound(&ctx, &alice, &[0]);
    }
    assert_eq!(ctx.round_money(&alice, 0), 0);
}

#[test]
fn an_invited_round_takes_the_invited_up_to_their_caps() {
    let ctx = TestContext::new();
    let alice = selling(&ctx, |a| {
        a.invited = true;
        a.opens_ts = START_TS + 10;
    });
    let (bob, carol) = (ctx.wallet("bob"), ctx.wallet("carol"));
    // Before it opens too.
    let receipt = ctx.invite(&alice, 0, &bob.pubkey(), 5_000_000);
    let [Event::InvestorInvited(event)] = receipt.events.as_slice() else {
        panic!("one event")
    };
    assert_eq!((event.investor, event.cap_atoms), (bob.pubkey(), 5_000_000));
    let invite = |investor: &Pubkey, cap| ctx.invite_instruction(&alice, 0, investor, cap).instruction();
    ctx.refuse(
        &[invite(&bob.pubkey(), 1)],
        &[&alice.issuer],
        UpsideError::AlreadyInvited,
    );
    ctx.refuse(&[invite(&carol.pubkey(), 0)], &[&alice.issuer], UpsideError::ZeroAmount);
    for no_wallet in [alice.keys.security, alice.keys.registered(&carol.pubkey())] {
        ctx.refuse(&[invite(&no_wallet, 1)], &[&alice.issuer], UpsideError::NotAHolder);
    }
    let mut by_bob = ctx.invite_instruction(&alice, 0, &carol.pubkey(), 1);
    by_bob.issuer = bob.pubkey();
    ctx.refuse(&[by_bob.instruction()], &[&bob], UpsideError::NotIssuer);
    assert_sound(&ctx, &alice, &[0]);

    ctx.set_time(START_TS + 10);
    ctx.fund(&alice.payout, &bob.pubkey(), 20_000_000);
    ctx.fund(&alice.payout, &carol.pubkey(), 20_000_000);
    refuse_subscribe(&ctx, &alice, &carol, 1, UpsideError::NotInvited);
    refuse_subscribe(&ctx, &alice, &bob, 5_000_001, UpsideError::AboveCap);
    // Nothing is wanted yet: there is nothing to withdraw, to settle or to refund.
    let withdraw = ctx.withdraw_subscription_instruction(&alice, 0, &bob.pubkey());
    ctx.refuse(&[withdraw.instruction()], &[&bob], UpsideError::NothingWanted);
    let mut settle = ctx.settle_instruction(&alice, 0, &bob.pubkey());
    settle.refund_account = alice.keys.payout_account(&bob.pubkey());
    ctx.refuse(&[settle.instruction()], &[], UpsideError::NothingWanted);
    let refund = ctx.withdraw_refund_instruction(&alice, 0, &bob.pubkey());
    ctx.refuse(&[refund.instruction()], &[&bob], UpsideError::NothingToRefund);
    ctx.subscribe(&alice, 0, &bob, 5_000_000);
    // An invitation in use stays; withdrawn, it stays too and can be taken back.
    let uninvite = |investor: &Pubkey| ctx.uninvite_instruction(&alice, 0, investor).instruction();
    ctx.refuse(
        &[uninvite(&bob.pubkey())],
        &[&alice.issuer],
        UpsideError::SubscriptionInUse,
    );
    ctx.withdraw_subscription(&alice, 0, &bob);
    let subscription = ctx.find_subscription(&alice, 0, &bob.pubkey()).unwrap();
    assert_eq!(
        (
            subscription.wanted_atoms,
            subscription.paid_atoms,
            subscription.cap_atoms
        ),
        (0, 0, 5_000_000)
    );
    assert_sound(&ctx, &alice, &[0]);
    let mut by_bob = ctx.uninvite_instruction(&alice, 0, &bob.pubkey());
    by_bob.issuer = bob.pubkey();
    ctx.refuse(&[by_bob.instruction()], &[&bob], UpsideError::NotIssuer);
    let receipt = ctx.send(&[uninvite(&bob.pubkey())], &[&alice.issuer]);
    assert!(matches!(receipt.events.as_slice(), [Event::InvestorUninvited(_)]));
    refuse_subscribe(&ctx, &alice, &bob, 1, UpsideError::NotInvited);
    // With another cap, above what is for sale: then that is the limit.
    ctx.invite(&alice, 0, &bob.pubkey(), u64::MAX);
    refuse_subscribe(&ctx, &alice, &bob, FOR_SALE + 1, UpsideError::WantedOutOfRange);
    ctx.subscribe(&alice, 0, &bob, FOR_SALE);
    ctx.set_time(CLOSES_TS - 1);
    ctx.invite(&alice, 0, &carol.pubkey(), 1);
    ctx.set_time(CLOSES_TS);
    let late = ctx.key("late");
    ctx.refuse(&[invite(&late, 1)], &[&alice.issuer], UpsideError::RoundNotTaking);
    ctx.close_round(&alice, 0);
    assert_eq!(ctx.settle(&alice, 0, &bob.pubkey()), (FOR_SALE, 0));
    // An unused invitation is taken back at any time.
    ctx.send(&[uninvite(&carol.pubkey())], &[&alice.issuer]);
    assert_sound(&ctx, &alice, &[0]);
}

#[test]
fn a_public_round_invites_nobody() {
    let ctx = TestContext::new();
    let alice = selling(&ctx, |_| {});
    let bob = ctx.wallet("bob");
    let invite = ctx.invite_instruction(&alice, 0, &bob.pubkey(), 1).instruction();
    ctx.refuse(&[invite], &[&alice.issuer], UpsideError::NotAnInvitedRound);
    ctx.subscribe(&alice, 0, &bob, 1);
    let uninvite = ctx.uninvite_instruction(&alice, 0, &bob.pubkey()).instruction();
    ctx.refuse(&[uninvite], &[&alice.issuer], UpsideError::SubscriptionInUse);
}

#[test]
fn strangers_can_crowd_a_public_round_and_not_an_invited_one() {
    let ctx = TestContext::new();
    let alice = alone(&ctx);
    ctx.create_round(&alice, public_round(0, FOR_SALE, START_TS));
    ctx.create_round(
        &alice,
        CreateRoundArgs {
            invited: true,
            ..public_round(1, FOR_SALE, START_TS)
        },
    );
    let bob = ctx.wallet("bob");
    ctx.subscribe(&alice, 0, &bob, FOR_SALE);
    ctx.invite(&alice, 1, &bob.pubkey(), FOR_SALE);
    ctx.subscribe(&alice, 1, &bob, FOR_SALE);
    let sybils: Vec<Keypair> = (0..9).map(|i| ctx.wallet(&format!("sybil {i}"))).collect();
    for sybil in &sybils {
        ctx.subscribe(&alice, 0, sybil, FOR_SALE);
        let subscribe = ctx.subscribe_instruction(&alice, 1, &sybil.pubkey(), 1);
        ctx.refuse(&[subscribe.instruction()], &[sybil], UpsideError::NotInvited);
    }
    ctx.set_time(CLOSES_TS);
    ctx.close_round(&alice, 0);
    ctx.close_round(&alice, 1);
    // Nobody was kept out: a tenth for each, and the rest of the money back.
    assert_eq!(ctx.settle(&alice, 0, &bob.pubkey()), (FOR_SALE / 10, 18_000_000));
    assert_eq!(ctx.settle(&alice, 1, &bob.pubkey()), (FOR_SALE, 0));
    for sybil in &sybils {
        assert_eq!(ctx.settle(&alice, 0, &sybil.pubkey()), (FOR_SALE / 10, 18_000_000));
    }
    assert_sound(&ctx, &alice, &[0, 1]);
}

#[test]
fn who_fills_a_round_and_withdraws_at_the_last_second_leaves_time_for_others() {
    let ctx = TestContext::new();
    let alice = selling(&ctx, |a| a.minimum = 2_000_000);
    let (mallory, bob) = (ctx.wallet("mallory"), ctx.wallet("bob"));
    ctx.subscribe(&alice, 0, &mallory, FOR_SALE);
    ctx.set_time(COMMIT_TS - 1);
    ctx.withdraw_subscription(&alice, 0, &mallory);
    assert_eq!(ctx.round(&alice, 0).total_wanted_atoms.get(), 0);
    // From then on what is wanted is binding, and a day is left.
    ctx.set_time(COMMIT_TS);
    ctx.subscribe(&alice, 0, &mallory, FOR_SALE);
    let withdraw = ctx.withdraw_subscription_instruction(&alice, 0, &mallory.pubkey());
    ctx.refuse(&[withdraw.instruction()], &[&mallory], UpsideError::Committed);
    ctx.set_time(CLOSES_TS - 1);
    ctx.subscribe(&alice, 0, &bob, FOR_SALE);
    ctx.set_time(CLOSES_TS);
    ctx.close_round(&alice, 0);
    assert_eq!(ctx.settle(&alice, 0, &bob.pubkey()), (FOR_SALE / 2, FOR_SALE));
    assert_eq!(ctx.settle(&alice, 0, &mallory.pubkey()), (FOR_SALE / 2, FOR_SALE));
    assert_sound(&ctx, &alice, &[0]);
}

#[test]
fn while_others_hold_no_round_opens_inside_the_notice() {
    let ctx = TestContext::new();
    let alice = alone(&ctx);
    ctx.give_shares(&alice, &ctx.wallet("bob"), 1);
    let noticed_ts = START_TS + 7 * DAY;
    for opens_ts in [START_TS, noticed_ts - 1] {
        let create = ctx.create_round_instruction(&alice, public_round(0, FOR_SALE, opens_ts));
        ctx.refuse(&[create.instruction()], &[&alice.issuer], UpsideError::NoticeTooShort);
    }
    for (id, opens_ts) in [(0, noticed_ts), (1, noticed_ts + 1)] {
        ctx.create_round(&alice, public_round(id, FOR_SALE, opens_ts));
    }
    assert_sound(&ctx, &alice, &[0, 1]);
}

#[test]
fn while_a_round_has_money_in_it_nothing_starts_inside_the_notice() {
    let ctx = TestContext::new();
    let alice = alone(&ctx);
    let (bob, teacher) = (ctx.wallet("bob"), ctx.key("teacher"));
    let mut next = 0;
    let mut may_start_at_once = |may: bool| {
        next += 1;
        let grant = ctx.create_grant_instruction(&alice, &teacher, over_time(next, 1, ctx.now(), DAY));
        let mut round = ctx.create_round_instruction(&alice, public_round(next, 1_000_000, ctx.now()));
        if may {
            ctx.send(&[grant.instruction()], &[&alice.issuer]);
            ctx.send(&[round.instruction()], &[&alice.issuer]);
            ctx.cancel_round(&alice, next);
        } else {
            ctx.refuse(&[grant.instruction()], &[&alice.issuer], UpsideError::NoticeTooShort);
            ctx.refuse(&[round.instruction()], &[&alice.issuer], UpsideError::NoticeTooShort);
            round.args = public_round(next, 1_000_000, ctx.now() + 7 * DAY);
            ctx.send(&[round.instruction()], &[&alice.issuer]);
            ctx.cancel_round(&alice, next);
        }
        ctx.assert_events_rebuild_state();
    };
    ctx.create_round(&alice, public_round(0, FOR_SALE, START_TS));
    may_start_at_once(true);
    ctx.subscribe(&alice, 0, &bob, 1);
    may_start_at_once(false);
    ctx.withdraw_subscription(&alice, 0, &bob);
    may_start_at_once(true);
    ctx.subscribe(&alice, 0, &bob, 1);
    ctx.cancel_round(&alice, 0);
    may_start_at_once(false);
    // A refund that waits for its investor is money in the round.
    let account = alice.keys.payout_account(&bob.pubkey());
    let authority = ctx.authority_of(&alice.payout);
    ctx.send(
        &[alice.payout.freeze(&authority.pubkey(), &bob.pubkey()).unwrap()],
        &[&authority],
    );
    assert_eq!(ctx.settle(&alice, 0, &bob.pubkey()), (0, 0));
    may_start_at_once(false);
    ctx.send(
        &[alice.payout.thaw(&authority.pubkey(), &bob.pubkey()).unwrap()],
        &[&authority],
    );
    let refund = ctx.withdraw_refund_instruction(&alice, 0, &bob.pubkey());
    ctx.send(&[refund.instruction()], &[&bob]);
    assert_eq!(ctx.balance(&account), 2);
    may_start_at_once(true);
}

#[test]
fn what_a_round_promises_is_neither_issued_nor_retired() {
    let ctx = TestContext::new();
    let alice = selling(&ctx, |a| a.for_sale = AUTHORISED / 2);
    let issue = Issue {
        keys: &alice.keys,
        payer: ctx.payer.pubkey(),
        issuer: alice.issuer_key(),
        amount: 1,
    }
    .instruction();
    let retire = Retire {
        keys: &alice.keys,
        issuer: alice.issuer_key(),
        amount: 1,
    }
    .instruction();
    ctx.refuse(
        std::slice::from_ref(&issue),
        &[&alice.issuer],
        UpsideError::OthersHoldShares,
    );
    ctx.refuse(
        std::slice::from_ref(&retire),
        &[&alice.issuer],
        UpsideError::BelowRetireBound,
    );
    let more = ctx.create_round_instruction(&alice, public_round(1, 1_000_000, START_TS));
    ctx.refuse(&[more.instruction()], &[&alice.issuer], UpsideError::AboveAuthorised);
    ctx.cancel_round(&alice, 0);
    ctx.send(&[issue, retire], &[&alice.issuer]);
    assert_sound(&ctx, &alice, &[0]);
}

#[test]
fn curated_investors_need_no_approval() {
    let ctx = TestContext::new();
    let school = ctx
        .security("school")
        .curated()
        .supply(AUTHORISED, AUTHORISED / 2)
        .create();
    ctx.create_round(
        &school,
        CreateRoundArgs {
            invited: true,
            ..public_round(0, FOR_SALE, START_TS)
        },
    );
    let bob = ctx.wallet("bob");
    ctx.invite(&school, 0, &bob.pubkey(), 100);
    ctx.subscribe(&school, 0, &bob, 100);
    ctx.set_time(CLOSES_TS);
    ctx.close_round(&school, 0);
    assert_eq!(ctx.settle(&school, 0, &bob.pubkey()), (100, 0));
    assert!(ctx.find_approval(&school, &bob.pubkey()).is_none());
    ctx.assert_registered(&school, &bob.pubkey(), 100);
    assert_sound(&ctx, &school, &[0]);
}

#[test]
fn a_settlement_settles_first_so_bought_shares_earn_from_then_on() {
    let ctx = TestContext::new();
    let alice = selling(&ctx, |a| a.for_sale = AUTHORISED / 2);
    let bob = ctx.wallet("bob");
    ctx.subscribe(&alice, 0, &bob, AUTHORISED / 2);
    ctx.set_time(CLOSES_TS);
    ctx.close_round(&alice, 0);
    ctx.distribute(&alice, 700_000_000);
    ctx.warp(DAY);
    assert_eq!(ctx.settle(&alice, 0, &bob.pubkey()), (AUTHORISED / 2, 0));
    ctx.warp(6 * DAY);
    assert_eq!(ctx.claim(&alice, &bob), 300_000_000);
    assert_eq!(ctx.claim(&alice, &alice.issuer), 400_000_000);
    assert_sound(&ctx, &alice, &[0]);
}

#[test]
fn accounts_of_other_rounds_and_investors_are_refused() {
    let ctx = TestContext::new();
    let alice = selling(&ctx, |_| {});
    ctx.create_round(&alice, public_round(1, FOR_SALE, START_TS));
    let carol = ctx.security("carol").supply(AUTHORISED, 0).create();
    ctx.create_round(&carol, public_round(0, FOR_SALE, START_TS));
    let (bob, dave) = (ctx.wallet("bob"), ctx.wallet("dave"));
    for id in [0, 1] {
        ctx.subscribe(&alice, id, &bob, 10);
    }
    ctx.subscribe(&alice, 0, &dave, 10);
    ctx.set_time(CLOSES_TS);
    // Another security's round.
    let mut close = ctx.close_round_instruction(&alice, 0).instruction();
    close.accounts[1].pubkey = carol.keys.round(0);
    ctx.refuse(&[close], &[], UpsideError::WrongRound);
    ctx.close_round(&alice, 0);
    ctx.close_round(&alice, 1);
    let settle = ctx.settle_instruction(&alice, 0, &bob.pubkey());
    let accounts = settle.accounts();
    let spoilt = |from: Pubkey, to: Pubkey| {
        let mut settle = settle.instruction();
        let place = settle.accounts.iter_mut().find(|meta| meta.pubkey == from).unwrap();
        place.pubkey = to;
        settle
    };
    let elsewhere = alice.keys.subscription(1, &bob.pubkey());
    let daves = alice.keys.payout_account(&dave.pubkey());
    for (from, to, error) in [
        (
            accounts.round_account,
            alice.keys.round_account(1),
            UpsideError::WrongRoundAccount,
        ),
        (accounts.subscription, elsewhere, UpsideError::WrongSubscription),
        (accounts.investor, dave.pubkey(), UpsideError::WrongSubscription),
        (accounts.refund_account, daves, UpsideError::WrongRefundAccount),
        (
            accounts.position,
            alice.keys.position(&dave.pubkey()),
            UpsideError::WrongPosition,
        ),
    ] {
        ctx.refuse(&[spoilt(from, to)], &[], error);
    }
    assert_eq!(ctx.settle(&alice, 0, &bob.pubkey()), (10, 0));
    // Settled and refunded, the subscription is gone.
    ctx.refuse(&[settle.instruction()], &[], ErrorCode::AccountOwnedByWrongProgram);
    assert_sound(&ctx, &alice, &[0, 1]);
}
