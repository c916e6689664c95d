//! The money of rounds: nobody's account holds up anybody else's, and every atom is accounted for in every order of calls.

use std::collections::BTreeMap;

use anchor_lang::prelude::Pubkey;
use anchor_spl::token_2022::spl_token_2022::{
    extension::{cpi_guard, memo_transfer, ExtensionType},
    instruction as token,
    instruction::AuthorityType,
};
use rand::{rngs::StdRng, seq::SliceRandom, Rng, SeedableRng};
use solana_keypair::Keypair;
use solana_signer::Signer;
use upside::{
    error::UpsideError,
    instructions::round::CreateRoundArgs,
    state::{RoundStatus, Subscription},
};
use upside_client::{
    events::Event,
    instructions::{AcceptIssuer, ProposeIssuer, ReleaseRunway, SettleSubscription, Subscribe},
    Sender,
};
use upside_lookalike_mints::balances::MintRef;
use upside_tests::{
    assert::Refusal,
    context::{DAY, START_TS},
    setup::public_round,
    TestContext, TestSecurity,
};

/// Share atoms authorised in these tests, of which half are issued.
const AUTHORISED: u64 = 100_000_000;
/// Share atoms for sale in most of them.
const FOR_SALE: u64 = 10_000_000;
/// When a [`public_round`] that opens at the start closes.
const CLOSES_TS: i64 = START_TS + 2 * DAY;

/// Alice's security, of which she holds everything issued.
fn alone(ctx: &TestContext) -> TestSecurity {
    ctx.security("alice").supply(AUTHORISED, AUTHORISED / 2).create()
}

/// Alice's security that pays in `payout`, with a decided round: each investor wanted a third more than there is for them.
fn decided(ctx: &TestContext, payout: MintRef, investors: &[&Keypair]) -> TestSecurity {
    let alice = ctx
        .security("alice")
        .payout(payout)
        .supply(AUTHORISED, AUTHORISED / 2)
        .create();
    ctx.create_round(&alice, public_round(0, 3_000_000 * investors.len() as u64, START_TS));
    for investor in investors {
        ctx.subscribe(&alice, 0, investor, 4_000_000.min(3_000_000 * investors.len() as u64));
    }
    ctx.set_time(CLOSES_TS);
    ctx.close_round(&alice, 0);
    alice
}

/// What each investor of [`decided`] gets: share atoms and payout atoms.
const PART: (u64, u64) = (3_000_000, 2_000_000);

/// R-1 from live accounts, and E-1.
fn assert_sound(ctx: &TestContext, security: &TestSecurity, id: u64) {
    let round = ctx.round(security, id);
    assert_eq!(ctx.round_money(security, id), round.money_atoms);
    if round.unsettled == 0 {
        let kept = round.raised_atoms - round.backed_atoms - round.released_atoms;
        assert_eq!(round.money_atoms, kept + round.refunds_atoms, "R-1");
        assert_eq!(round.reserved_left_atoms * u64::from(!round.is(RoundStatus::Open)), 0);
    }
    assert_eq!(ctx.security_state(security).reserved_atoms, round.reserved_left_atoms);
    ctx.assert_events_rebuild_state();
}

fn booked(ctx: &TestContext, security: &TestSecurity, investor: &Pubkey) -> Option<u64> {
    ctx.find_subscription(security, 0, investor)
        .map(|subscription| subscription.refund_atoms)
}

#[test]
fn a_refund_account_that_cannot_receive_keeps_its_own_refund_waiting_only() {
    let ctx = TestContext::new();
    let [frozen, closed, sold, fine] = ["frozen", "closed", "sold", "fine"].map(|name| ctx.wallet(name));
    let payout = ctx.payout();
    let alice = decided(&ctx, payout, &[&frozen, &closed, &sold, &fine]);
    let (authority, mallory) = (ctx.authority_of(&payout), ctx.wallet("mallory"));
    let account = |of: &Keypair| payout.account_of(&of.pubkey());
    ctx.send(
        &[payout.freeze(&authority.pubkey(), &frozen.pubkey()).unwrap()],
        &[&authority],
    );
    ctx.send(
        &[token::close_account(
            &payout.token_program,
            &account(&closed),
            &closed.pubkey(),
            &closed.pubkey(),
            &[],
        )
        .unwrap()],
        &[&closed],
    );
    let hand_over = |from: &Keypair, to: &Keypair| {
        let kind = AuthorityType::AccountOwner;
        let (program, owner) = (&payout.token_program, from.pubkey());
        token::set_authority(program, &account(from), Some(&to.pubkey()), kind, &owner, &[]).unwrap()
    };
    ctx.send(&[hand_over(&sold, &mallory)], &[&sold]);
    // Everybody gets their shares, and who can receive gets the money.
    for investor in [&frozen, &closed, &sold] {
        let settle = ctx.settle_instruction(&alice, 0, &investor.pubkey()).instruction();
        let receipt = ctx.send(std::slice::from_ref(&settle), &[]);
        let [Event::SubscriptionSettled(event)] = receipt.events.as_slice() else {
            panic!("one event")
        };
        assert_eq!(
            (
                event.allocation_atoms,
                event.refund_atoms,
                event.refunded_atoms,
                event.closed
            ),
            (PART.0, PART.1, 0, false)
        );
        ctx.assert_registered(&alice, &investor.pubkey(), PART.0);
        ctx.refuse(&[settle], &[], UpsideError::AlreadySettled);
        assert_sound(&ctx, &alice, 0);
    }
    assert_eq!(ctx.settle(&alice, 0, &fine.pubkey()), PART);
    assert_eq!(ctx.balance(&account(&sold)), 0);
    // The issuer's part does not touch what is booked.
    assert_eq!(ctx.release(&alice, 0), (0, 4 * 2 * PART.0));
    assert_eq!(ctx.round_money(&alice, 0), 3 * PART.1);
    assert_sound(&ctx, &alice, 0);

    let fetch = |investor: &Keypair| {
        ctx.withdraw_refund_instruction(&alice, 0, &investor.pubkey())
            .instruction()
    };
    for investor in [&frozen, &closed, &sold] {
        ctx.refuse(&[fetch(investor)], &[investor], UpsideError::BadRefundReceiver);
    }
    ctx.send(
        &[payout.thaw(&authority.pubkey(), &frozen.pubkey()).unwrap()],
        &[&authority],
    );
    ctx.open_account(&payout, &closed.pubkey());
    for investor in [&frozen, &closed] {
        let receipt = ctx.send(&[fetch(investor)], &[investor]);
        let [Event::RefundWithdrawn(event)] = receipt.events.as_slice() else {
            panic!("one event")
        };
        assert_eq!(event.amount_atoms, PART.1);
        assert_eq!(ctx.balance(&account(investor)), PART.1);
        assert_eq!(booked(&ctx, &alice, &investor.pubkey()), None);
        // Fetched is fetched.
        ctx.refuse(
            &[fetch(investor)],
            &[investor],
            anchor_lang::error::ErrorCode::AccountOwnedByWrongProgram,
        );
        assert_sound(&ctx, &alice, 0);
    }
    // Another account that is the investor's: mallory's, handed over.
    ctx.fund(&payout, &mallory.pubkey(), 0);
    ctx.send(&[hand_over(&mallory, &sold)], &[&mallory]);
    let mut elsewhere = ctx.withdraw_refund_instruction(&alice, 0, &sold.pubkey());
    elsewhere.receiver = account(&mallory);
    ctx.send(&[elsewhere.instruction()], &[&sold]);
    assert_eq!(ctx.balance(&account(&mallory)), PART.1);
    assert_eq!(ctx.round_money(&alice, 0), 0);
    assert_sound(&ctx, &alice, 0);
}

#[test]
fn switches_on_a_refund_account_hold_up_nothing() {
    let ctx = TestContext::new();
    let payout = ctx.mint_with("payout of Token-2022", &[]);
    let (bob, carol) = (ctx.wallet("bob"), ctx.wallet("carol"));
    let alice = decided(&ctx, payout, &[&bob, &carol]);
    let (bobs, b) = (payout.account_of(&bob.pubkey()), bob.pubkey());
    let kinds = [ExtensionType::MemoTransfer, ExtensionType::CpiGuard];
    ctx.send(
        &[
            token::reallocate(&payout.token_program, &bobs, &ctx.payer.pubkey(), &b, &[], &kinds).unwrap(),
            memo_transfer::instruction::enable_required_transfer_memos(&payout.token_program, &bobs, &b, &[]).unwrap(),
            cpi_guard::instruction::enable_cpi_guard(&payout.token_program, &bobs, &b, &[]).unwrap(),
        ],
        &[&bob],
    );
    // The memo is sent, and a guard does not concern what comes in.
    assert_eq!(ctx.settle(&alice, 0, &b), PART);
    assert_eq!(ctx.settle(&alice, 0, &carol.pubkey()), PART);
    assert_eq!(ctx.release(&alice, 0), (0, 2 * 2 * PART.0));
    assert_sound(&ctx, &alice, 0);
}

#[test]
fn money_that_its_issuer_freezes_in_the_round_keeps_no_shares_back() {
    let ctx = TestContext::new();
    let (bob, carol) = (ctx.wallet("bob"), ctx.wallet("carol"));
    let payout = ctx.payout();
    let alice = decided(&ctx, payout, &[&bob, &carol]);
    let (authority, round) = (ctx.authority_of(&payout), alice.keys.round(0));
    ctx.send(&[payout.freeze(&authority.pubkey(), &round).unwrap()], &[&authority]);
    assert_eq!(ctx.settle(&alice, 0, &bob.pubkey()), (PART.0, 0));
    assert_eq!(booked(&ctx, &alice, &bob.pubkey()), Some(PART.1));
    assert_sound(&ctx, &alice, 0);
    ctx.send(&[payout.thaw(&authority.pubkey(), &round).unwrap()], &[&authority]);
    assert_eq!(ctx.settle(&alice, 0, &carol.pubkey()), PART);
    let fetch = ctx.withdraw_refund_instruction(&alice, 0, &bob.pubkey());
    ctx.send(&[fetch.instruction()], &[&bob]);
    assert_eq!(ctx.balance(&payout.account_of(&bob.pubkey())), PART.1);
    assert_sound(&ctx, &alice, 0);
}

/// Alice's security with a round of one whole share for 1,000,003 atoms over 1,000 seconds, a third of which becomes backing; bob and carol wanted
/// half of it each, and it is closed.
fn with_runway(ctx: &TestContext) -> (TestSecurity, [Keypair; 2]) {
    let alice = alone(ctx);
    ctx.open_vault(&alice, &alice.payout);
    ctx.create_round(
        &alice,
        CreateRoundArgs {
            price: 1_000_003,
            runway_seconds: 1_000,
            backing_bps: 3_333,
            ..public_round(0, 1_000_000, START_TS)
        },
    );
    let investors = ["bob", "carol"].map(|name| ctx.wallet(name));
    for investor in &investors {
        ctx.subscribe(&alice, 0, investor, 500_000);
    }
    ctx.set_time(CLOSES_TS);
    ctx.close_round(&alice, 0);
    ctx.open_account(&alice.payout, &alice.issuer_key());
    (alice, investors)
}

fn refuse_release(ctx: &TestContext, security: &TestSecurity) {
    let release = ctx.release_instruction(security, 0).instruction();
    ctx.refuse(&[release], &[], UpsideError::NothingToRelease);
}

#[test]
fn a_runway_releases_both_parts_to_the_second_of_what_is_settled() {
    let ctx = TestContext::new();
    let (alice, [bob, carol]) = with_runway(&ctx);
    // Nothing is raised before anything is settled.
    ctx.set_time(CLOSES_TS + 400);
    refuse_release(&ctx, &alice);
    // Half of 1,000,003 rounded up, of which 33.33 percent rounded down are backing.
    assert_eq!(ctx.settle(&alice, 0, &bob.pubkey()), (500_000, 0));
    let (raised, backing) = (500_002, 166_650);
    ctx.set_time(CLOSES_TS);
    refuse_release(&ctx, &alice);
    let mut paid = (0, 0);
    for seconds in [1, 2, 399, 400] {
        ctx.set_time(CLOSES_TS + seconds);
        let part = |whole: u64| whole * u64::try_from(seconds).unwrap() / 1_000;
        let due = (part(backing), part(raised - backing));
        assert_eq!(ctx.release(&alice, 0), (due.0 - paid.0, due.1 - paid.1), "{seconds}");
        paid = due;
        refuse_release(&ctx, &alice);
        assert_sound(&ctx, &alice, 0);
    }
    // A second settlement raises what is due at once.
    assert_eq!(ctx.settle(&alice, 0, &carol.pubkey()), (500_000, 0));
    let (raised, backing) = (1_000_004, 333_301);
    let due = (backing * 400 / 1_000, (raised - backing) * 400 / 1_000);
    assert_eq!(ctx.release(&alice, 0), (due.0 - paid.0, due.1 - paid.1));
    paid = due;
    // A clock set back pays nothing, and nothing is lost.
    ctx.set_time(CLOSES_TS - 100);
    refuse_release(&ctx, &alice);
    for seconds in [999, 1_000] {
        ctx.set_time(CLOSES_TS + seconds);
        let part = |whole: u64| whole * u64::try_from(seconds).unwrap() / 1_000;
        let due = (part(backing), part(raised - backing));
        assert_eq!(ctx.release(&alice, 0), (due.0 - paid.0, due.1 - paid.1), "{seconds}");
        paid = due;
    }
    ctx.set_time(CLOSES_TS + 1_001);
    refuse_release(&ctx, &alice);
    assert_eq!(
        (ctx.round_money(&alice, 0), ctx.security_state(&alice).funded_rounds),
        (0, 0)
    );
    let vault = ctx.vault(&alice, &alice.payout.mint);
    assert_eq!(vault.deposited_total_atoms, backing);
    assert_sound(&ctx, &alice, 0);
}

#[test]
fn neither_part_of_the_runway_waits_for_the_other() {
    let ctx = TestContext::new();
    let (alice, [bob, carol]) = with_runway(&ctx);
    for investor in [&bob, &carol] {
        ctx.settle(&alice, 0, &investor.pubkey());
    }
    let (payout, authority) = (alice.payout, ctx.authority_of(&alice.payout));
    let vault = alice.keys.vault(&payout.mint);
    let switch = |owner: &Pubkey, freeze: bool| {
        let instruction = if freeze {
            payout.freeze(&authority.pubkey(), owner)
        } else {
            payout.thaw(&authority.pubkey(), owner)
        };
        ctx.send(&[instruction.unwrap()], &[&authority]);
    };
    let (backing, issuer) = (333_301, 666_703);
    ctx.set_time(CLOSES_TS + 500);
    switch(&vault, true);
    assert_eq!(ctx.release(&alice, 0), (0, issuer / 2));
    assert_sound(&ctx, &alice, 0);
    switch(&alice.issuer_key(), true);
    refuse_release(&ctx, &alice);
    switch(&vault, false);
    assert_eq!(ctx.release(&alice, 0), (backing / 2, 0));
    ctx.set_time(CLOSES_TS + 1_000);
    assert_eq!(ctx.release(&alice, 0), (backing - backing / 2, 0));
    switch(&alice.issuer_key(), false);
    assert_eq!(ctx.release(&alice, 0), (0, issuer - issuer / 2));
    assert_sound(&ctx, &alice, 0);
    assert_eq!(ctx.round_money(&alice, 0), 0);
}

#[test]
fn the_runway_goes_to_the_issuer_of_the_moment_and_to_no_other_account() {
    let ctx = TestContext::new();
    let (alice, [bob, carol]) = with_runway(&ctx);
    for investor in [&bob, &carol] {
        ctx.settle(&alice, 0, &investor.pubkey());
    }
    ctx.set_time(CLOSES_TS + 500);
    let crank = ctx.release_instruction(&alice, 0);
    // A stranger chooses nothing, not even another account of the issuer's; nor may the vault be left out.
    ctx.fund(&alice.payout, &carol.pubkey(), 0);
    let elsewhere = ReleaseRunway {
        issuer_account: alice.payout.account_of(&carol.pubkey()),
        ..crank
    };
    ctx.refuse(&[elsewhere.instruction()], &[], UpsideError::WrongIssuerAccount);
    let without = ReleaseRunway {
        backing: false,
        ..crank
    };
    ctx.refuse(&[without.instruction()], &[], UpsideError::BackingVaultMissing);
    let not_the_issuer = ReleaseRunway::crank(&alice.keys, carol.pubkey(), 0, true);
    ctx.refuse(&[not_the_issuer.instruction()], &[], UpsideError::NotIssuer);
    assert_eq!(ctx.release(&alice, 0), (166_650, 333_351));
    // Carol takes over: the rest is hers.
    let propose = ProposeIssuer {
        keys: &alice.keys,
        issuer: alice.issuer_key(),
        pending_issuer: Some(carol.pubkey()),
    };
    let accept = AcceptIssuer {
        keys: &alice.keys,
        pending_issuer: carol.pubkey(),
    };
    ctx.send(&[propose.instruction(), accept.instruction()], &[&alice.issuer, &carol]);
    ctx.set_time(CLOSES_TS + 750);
    ctx.refuse(&[crank.instruction()], &[], UpsideError::NotIssuer);
    let carols = alice.payout.account_of(&carol.pubkey());
    let before = ctx.balance(&carols);
    ctx.send(&[not_the_issuer.instruction()], &[]);
    assert_eq!(ctx.balance(&carols) - before, 500_027 - 333_351);
    // An issuer who signs names any account of theirs: here alice's, handed over; nobody else's.
    ctx.set_time(CLOSES_TS + 1_000);
    let alices = alice.payout.account_of(&alice.issuer_key());
    let signed = ReleaseRunway {
        issuer_signs: true,
        issuer_account: alices,
        backing: true,
        ..not_the_issuer
    };
    let held = ctx.balance(&alices);
    // It is alice's still: only the backing goes.
    let receipt = ctx.send(&[signed.instruction()], &[&carol]);
    let [Event::RunwayReleased(event)] = receipt.events.as_slice() else {
        panic!("one event")
    };
    assert_eq!(event.issuer_atoms, 0);
    assert_eq!(ctx.balance(&alices), held);
    let owner = AuthorityType::AccountOwner;
    let (program, a, c) = (&alice.payout.token_program, alice.issuer_key(), carol.pubkey());
    ctx.send(
        &[token::set_authority(program, &alices, Some(&c), owner, &a, &[]).unwrap()],
        &[&alice.issuer],
    );
    ctx.send(&[signed.instruction()], &[&carol]);
    assert_eq!(ctx.balance(&alices) - held, 666_703 - 500_027);
    assert_eq!(ctx.round_money(&alice, 0), 0);
    assert_sound(&ctx, &alice, 0);
}

#[test]
fn a_round_is_made_where_others_sent_lamports_and_money_before() {
    let ctx = TestContext::new();
    let alice = alone(&ctx);
    let bob = ctx.wallet("bob");
    let keys = &alice.keys;
    for address in [
        keys.round(0),
        keys.subscription(0, &bob.pubkey()),
        keys.registered(&bob.pubkey()),
    ] {
        ctx.airdrop(&address, 1_000_000);
    }
    ctx.fund(&alice.payout, &keys.round(0), 77);
    ctx.create_round(&alice, public_round(0, FOR_SALE, START_TS));
    // What was sent there straight is no part of the round, and makes it no funded one.
    assert_eq!(
        (
            ctx.round(&alice, 0).money_atoms,
            ctx.security_state(&alice).funded_rounds
        ),
        (0, 0)
    );
    ctx.subscribe(&alice, 0, &bob, 100);
    ctx.fund(&alice.payout, &keys.round(0), 23);
    ctx.set_time(CLOSES_TS);
    ctx.close_round(&alice, 0);
    assert_eq!(ctx.settle(&alice, 0, &bob.pubkey()), (100, 0));
    assert_eq!(ctx.release(&alice, 0), (0, 200));
    // It stays, and nobody is owed it.
    assert_eq!((ctx.round_money(&alice, 0), ctx.round(&alice, 0).money_atoms), (100, 0));
    refuse_release(&ctx, &alice);
    ctx.assert_events_rebuild_state();
}

#[test]
fn the_largest_numbers_and_the_smallest_price_are_exact() {
    let ctx = TestContext::new();
    let alice = ctx
        .security("alice")
        .with(|args| args.terms.decimals = 9)
        .supply(u64::MAX, 0)
        .create();
    // One payout atom for 10^9 share atoms.
    ctx.create_round(
        &alice,
        CreateRoundArgs {
            price: 1,
            ..public_round(0, u64::MAX, START_TS)
        },
    );
    let (bob, carol) = (ctx.wallet("bob"), ctx.wallet("carol"));
    for investor in [&bob, &carol] {
        ctx.subscribe(&alice, 0, investor, u64::MAX);
        let subscription = ctx.find_subscription(&alice, 0, &investor.pubkey()).unwrap();
        assert_eq!(subscription.paid_atoms, 18_446_744_074);
    }
    assert_eq!(ctx.round(&alice, 0).total_wanted_atoms.get(), 2 * u128::from(u64::MAX));
    ctx.set_time(CLOSES_TS);
    ctx.close_round(&alice, 0);
    for investor in [&bob, &carol] {
        let part = (u64::MAX / 2, 18_446_744_074 - 9_223_372_037);
        assert_eq!(ctx.settle(&alice, 0, &investor.pubkey()), part);
        assert_sound(&ctx, &alice, 0);
    }
    let state = ctx.security_state(&alice);
    assert_eq!((state.issued_atoms, state.reserved_atoms), (u64::MAX - 1, 0));
    assert_eq!(ctx.release(&alice, 0), (0, 2 * 9_223_372_037));

    // All the money there can be, for one share atom more than a million.
    let ctx = TestContext::new();
    let alice = ctx.security("alice").with(|args| args.terms.decimals = 0).create();
    ctx.create_round(
        &alice,
        CreateRoundArgs {
            price: u64::MAX / 1_000_000,
            ..public_round(0, 1_000_000, START_TS)
        },
    );
    ctx.subscribe(&alice, 0, &bob, 1_000_000);
    ctx.set_time(CLOSES_TS);
    ctx.close_round(&alice, 0);
    assert_eq!(ctx.settle(&alice, 0, &bob.pubkey()), (1_000_000, 0));
    assert_eq!(ctx.release(&alice, 0), (0, u64::MAX / 1_000_000 * 1_000_000));
    assert_sound(&ctx, &alice, 0);
}

#[test]
fn dust_prices_buy_no_share_for_nothing() {
    let ctx = TestContext::new();
    let alice = alone(&ctx);
    ctx.create_round(
        &alice,
        CreateRoundArgs {
            price: 1,
            ..public_round(0, FOR_SALE, START_TS)
        },
    );
    let many: Vec<Keypair> = (0..20).map(|i| ctx.wallet(&format!("splitter {i}"))).collect();
    for (investor, wanted) in many.iter().zip([1, 999_999, 1_000_000, 1_000_001].into_iter().cycle()) {
        ctx.subscribe(&alice, 0, investor, wanted);
    }
    ctx.set_time(CLOSES_TS);
    ctx.close_round(&alice, 0);
    let mut raised = 0;
    for investor in &many {
        let paid = ctx.find_subscription(&alice, 0, &investor.pubkey()).unwrap().paid_atoms;
        let (shares, back) = ctx.settle(&alice, 0, &investor.pubkey());
        // Rounded up for each of them: splitting an order only makes it dearer.
        assert_eq!(paid - back, shares.div_ceil(1_000_000));
        raised += paid - back;
    }
    assert_eq!(ctx.round(&alice, 0).raised_atoms, raised);
    assert_sound(&ctx, &alice, 0);
}

/// A cheap round to oneself, then redemption: everybody else's part of the backing stays, to the atom.
#[test]
fn a_cheap_round_to_oneself_takes_no_backing_from_anybody() {
    let collected = |with_round: bool| {
        let ctx = TestContext::new();
        let alice = ctx
            .security("alice")
            .supply(AUTHORISED, AUTHORISED / 2)
            .redeemable(0)
            .create();
        let bob = ctx.wallet("bob");
        ctx.give_shares(&alice, &bob, 1_000_000);
        let equity = ctx.legacy_mint("equity");
        let vault = equity.account_of(&ctx.open_vault(&alice, &equity));
        ctx.open_vault(&alice, &alice.payout);
        ctx.deposit(&alice, &equity, 1_000_000_007);
        let part = || {
            let state = ctx.security_state(&alice);
            let unissued = state.authorised_atoms - state.issued_atoms;
            let divisor = ctx.supply(&alice.keys.mint) + unissued;
            (ctx.balance(&vault), divisor)
        };
        let before = part();
        let mut hers = AUTHORISED / 2 - 1_000_000;
        if with_round {
            let opens_ts = START_TS + 7 * DAY;
            ctx.create_round(
                &alice,
                CreateRoundArgs {
                    price: 1,
                    backing_bps: 10_000,
                    ..public_round(0, AUTHORISED / 2, opens_ts)
                },
            );
            assert_eq!(part(), before);
            ctx.set_time(opens_ts);
            ctx.subscribe(&alice, 0, &alice.issuer, AUTHORISED / 2);
            ctx.set_time(opens_ts + 2 * DAY);
            ctx.close_round(&alice, 0);
            assert_eq!(part(), before);
            assert_eq!(ctx.settle(&alice, 0, &alice.issuer_key()), (AUTHORISED / 2, 0));
            // V-4: all of the capacity issued for 50 atoms, and no share's part has moved.
            assert_eq!(part(), before);
            assert_eq!(ctx.release(&alice, 0), (50, 0));
            hers += AUTHORISED / 2;
        }
        ctx.redeem(&alice, &alice.issuer, 0, hers);
        ctx.collect(&alice, &alice.issuer, 0, &equity);
        ctx.redeem(&alice, &bob, 0, 1_000_000);
        ctx.collect(&alice, &bob, 0, &equity);
        ctx.assert_events_rebuild_state();
        let got = |owner: &Pubkey| ctx.balance(&equity.account_of(owner));
        // Each share redeemed for its part of all that is authorised, rounded against who came first.
        let part = u64::try_from(1_000_000_007 * u128::from(hers) / u128::from(AUTHORISED)).unwrap();
        assert_eq!(got(&alice.issuer_key()), part);
        got(&bob.pubkey())
    };
    let (without, with) = (collected(false), collected(true));
    assert_eq!(without, 10_000_000);
    assert!(
        with >= without,
        "the round took {} atoms of bob's backing",
        without - with
    );
    // The atom that alice's rounding left.
    assert_eq!(with, 10_000_001);
}

/// `ceil(n * price / 10^6)`, by itself.
fn cost(n: u64, price: u64) -> u64 {
    u64::try_from((u128::from(n) * u128::from(price)).div_ceil(1_000_000)).unwrap()
}

/// One round from announcement to the last atom, every choice by a seed.
struct RandomRound {
    ctx: TestContext,
    rng: StdRng,
    alice: TestSecurity,
    args: CreateRoundArgs,
    investors: Vec<Keypair>,
    /// Share atoms wanted, by investor.
    wanted: BTreeMap<usize, u64>,
}

/// Payout atoms of each investor at first.
const MONEY: u64 = 1_000_000_000_000;

impl RandomRound {
    fn new(seed: u64) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let ctx = TestContext::without_signatures();
        let alice = alone(&ctx);
        ctx.open_vault(&alice, &alice.payout);
        let for_sale = rng.gen_range(1_000_000..3_000_000);
        let args = CreateRoundArgs {
            price: *[1, 3, 333_333, 999_999, 1_000_001, 7_777_777].choose(&mut rng).unwrap(),
            minimum: rng.gen_range(0..for_sale),
            runway_seconds: rng.gen_range(0..5_000),
            backing_bps: *[0, 1, 3_333, 10_000].choose(&mut rng).unwrap(),
            ..public_round(0, for_sale, START_TS)
        };
        ctx.create_round(&alice, args);
        let investors: Vec<Keypair> = (0..6).map(|i| ctx.wallet(&format!("investor {i}"))).collect();
        for investor in &investors {
            ctx.fund(&alice.payout, &investor.pubkey(), MONEY);
        }
        Self {
            ctx,
            rng,
            alice,
            args,
            investors,
            wanted: BTreeMap::new(),
        }
    }

    fn investor(&self, i: usize) -> Pubkey {
        self.investors[i].pubkey()
    }

    /// Somebody withdraws, or wants another number of shares; refused only if it is less and binding.
    fn want(&mut self, binding: bool) {
        let i = self.rng.gen_range(0..self.investors.len());
        let (investor, has) = (self.investor(i), self.wanted.get(&i).copied().unwrap_or(0));
        let for_sale = self.args.for_sale;
        let wants = match self.rng.gen_range(0..10) {
            0..=2 => 0,
            3..=5 => self.rng.gen_range(1..10),
            6 | 7 => for_sale - self.rng.gen_range(0..10),
            _ => self.rng.gen_range(1..for_sale),
        };
        let instruction = match (wants, has) {
            (0, 0) => return,
            (0, _) => self
                .ctx
                .withdraw_subscription_instruction(&self.alice, 0, &investor)
                .instruction(),
            _ => self
                .ctx
                .subscribe_instruction(&self.alice, 0, &investor, wants)
                .instruction(),
        };
        if binding && wants < has {
            self.ctx.refuse(&[instruction], &[], UpsideError::Committed);
            return;
        }
        self.ctx.send(&[instruction], &[]);
        self.wanted.insert(i, wants);
        self.wanted.retain(|_, wants| *wants > 0);
    }

    fn total(&self) -> u128 {
        self.wanted.values().map(|wants| u128::from(*wants)).sum()
    }

    fn sells(&self) -> bool {
        let total = self.total();
        total > 0 && total.min(self.args.for_sale.into()) >= self.args.minimum.into()
    }

    /// Share atoms that an investor must get.
    fn allocation(&self, i: usize) -> u64 {
        let (wants, total) = (self.wanted.get(&i).copied().unwrap_or(0), self.total());
        match (self.sells(), total <= u128::from(self.args.for_sale)) {
            (false, _) => 0,
            (true, true) => wants,
            (true, false) => u64::try_from(u128::from(wants) * u128::from(self.args.for_sale) / total).unwrap(),
        }
    }

    /// Settles one, whose account is frozen before in four of ten cases. Returns whether it was.
    fn settle(&mut self, i: usize) -> bool {
        let (investor, price) = (self.investor(i), self.args.price);
        let allocation = self.allocation(i);
        let refund = cost(self.wanted[&i], price) - cost(allocation, price);
        let frozen = self.rng.gen_bool(0.4);
        let (ctx, alice) = (&self.ctx, &self.alice);
        if frozen {
            let authority = ctx.authority_of(&alice.payout).pubkey();
            ctx.send(&[alice.payout.freeze(&authority, &investor).unwrap()], &[]);
            assert_eq!(ctx.settle(alice, 0, &investor), (allocation, 0));
            assert_eq!(booked(ctx, alice, &investor), Some(refund).filter(|refund| *refund > 0));
        } else {
            assert_eq!(ctx.settle(alice, 0, &investor), (allocation, refund));
        }
        frozen
    }

    /// Thaws an account and fetches what is booked.
    fn fetch(&self, i: usize) {
        let (ctx, alice, investor) = (&self.ctx, &self.alice, self.investor(i));
        let authority = ctx.authority_of(&alice.payout).pubkey();
        ctx.send(&[alice.payout.thaw(&authority, &investor).unwrap()], &[]);
        if booked(ctx, alice, &investor).is_some() {
            let fetch = ctx.withdraw_refund_instruction(alice, 0, &investor);
            ctx.send(&[fetch.instruction()], &[]);
        }
    }

    /// Some time later, releases what is due, if anything is.
    fn release(&mut self) {
        self.ctx.warp(self.rng.gen_range(0..500));
        let release = self.ctx.release_instruction(&self.alice, 0).instruction();
        if let Err(error) = self.ctx.try_send(&[release], &[]) {
            assert!(Refusal::from(UpsideError::NothingToRelease).matches(&error), "{error}");
        }
    }

    /// Settling, fetching, releasing and freezing in any order, until everybody is settled and refunded.
    fn settle_all(&mut self) {
        let mut open: Vec<usize> = self.wanted.keys().copied().collect();
        open.shuffle(&mut self.rng);
        let mut waiting = Vec::new();
        while !(open.is_empty() && waiting.is_empty()) {
            match self.rng.gen_range(0..4) {
                0 | 1 => {
                    if let Some(i) = open.pop() {
                        if self.settle(i) {
                            waiting.push(i);
                        }
                    }
                }
                2 => {
                    waiting.shuffle(&mut self.rng);
                    if let Some(i) = waiting.pop() {
                        self.fetch(i);
                    }
                }
                _ => self.release(),
            }
            assert_sound(&self.ctx, &self.alice, 0);
        }
    }

    fn run(mut self) {
        let issuers = self.ctx.open_account(&self.alice.payout, &self.alice.issuer_key());
        for step in 0..30 {
            if step == 20 {
                self.ctx.set_time(self.args.commit_ts);
            }
            self.want(step >= 20);
            let paid: u64 = self.wanted.values().map(|wants| cost(*wants, self.args.price)).sum();
            assert_eq!(self.ctx.round_money(&self.alice, 0), paid);
            assert_sound(&self.ctx, &self.alice, 0);
        }
        self.ctx.set_time(self.args.closes_ts);
        self.ctx.close_round(&self.alice, 0);
        assert_eq!(self.ctx.round(&self.alice, 0).is(RoundStatus::Succeeded), self.sells());
        self.settle_all();
        // To the atom: everybody paid the cost of what they got, and that is what issuer and backing have.
        let (ctx, alice) = (&self.ctx, &self.alice);
        let mut raised = 0;
        for i in 0..self.investors.len() {
            let (investor, shares) = (self.investor(i), self.allocation(i));
            let paid = cost(shares, self.args.price);
            raised += paid;
            assert_eq!(ctx.balance(&alice.keys.registered(&investor)), shares);
            assert_eq!(ctx.balance(&alice.payout.account_of(&investor)), MONEY - paid);
        }
        ctx.set_time(self.args.closes_ts + self.args.runway_seconds);
        if ctx.round_money(alice, 0) > 0 {
            ctx.release(alice, 0);
        }
        let vault = alice.payout.account_of(&alice.keys.vault(&alice.payout.mint));
        let backing = u64::try_from(u128::from(raised) * u128::from(self.args.backing_bps) / 10_000).unwrap();
        assert_eq!(
            (ctx.balance(&vault), ctx.balance(&issuers), ctx.round_money(alice, 0)),
            (backing, raised - backing, 0)
        );
        assert_sound(ctx, alice, 0);
    }
}

#[test]
fn every_order_of_calls_pays_the_same_to_the_atom() {
    for seed in 0..24 {
        println!("seed {seed}");
        RandomRound::new(seed).run();
    }
}

#[test]
fn ten_thousand_subscriptions_are_settled_by_cranks_in_any_order() {
    const INVESTORS: u64 = 10_000;
    const PRICE: u64 = 1_234_567;
    let rng = &mut StdRng::seed_from_u64(10_000);
    let ctx = TestContext::without_signatures();
    let alice = ctx.security("alice").create();
    let for_sale = 50_000_000_000;
    ctx.create_round(
        &alice,
        CreateRoundArgs {
            price: PRICE,
            runway_seconds: 730 * DAY,
            ..public_round(0, for_sale, START_TS)
        },
    );
    let (keys, payer, authority) = (&alice.keys, ctx.payer.pubkey(), ctx.authority_of(&alice.payout));
    let mut investors: Vec<(Pubkey, u64)> = (0..INVESTORS)
        .map(|i| {
            // Any key signs: this machine checks no signatures.
            let mut key = [0x5E; 32];
            key[..8].copy_from_slice(&i.to_le_bytes());
            (Pubkey::new_from_array(key), rng.gen_range(1..20_000_000))
        })
        .collect();
    for (investor, wanted) in &investors {
        let subscribe = Subscribe::from_ata(keys, payer, *investor, 0, *wanted);
        let steps = [
            alice.payout.open_account(&payer, investor),
            alice
                .payout
                .mint_to(&authority.pubkey(), investor, cost(*wanted, PRICE))
                .unwrap(),
            subscribe.instruction(),
        ];
        ctx.sender.send(&steps, &ctx.payer, &[]).unwrap();
    }
    let total: u128 = investors.iter().map(|(_, wanted)| u128::from(*wanted)).sum();
    assert!(total > for_sale.into(), "more is wanted than is for sale");
    assert_eq!(ctx.round(&alice, 0).total_wanted_atoms.get(), total);
    assert_eq!(ctx.round(&alice, 0).unsettled, INVESTORS);
    ctx.set_time(CLOSES_TS);
    ctx.close_round(&alice, 0);
    investors.shuffle(rng);
    let settle = |(investor, _): &(Pubkey, u64)| {
        let subscription: Subscription = ctx.find_subscription(&alice, 0, investor).unwrap();
        SettleSubscription::of(keys, payer, 0, &subscription).instruction()
    };
    // Three settlements fit in a transaction.
    for batch in investors.chunks(3) {
        let steps: Vec<_> = batch.iter().map(settle).collect();
        ctx.sender.send(&steps, &ctx.payer, &[]).unwrap();
    }
    let (mut sold, mut raised) = (0, 0);
    for (investor, wanted) in &investors {
        let allocation = u64::try_from(u128::from(*wanted) * u128::from(for_sale) / total).unwrap();
        let paid = cost(allocation, PRICE);
        assert_eq!(ctx.balance(&keys.registered(investor)), allocation);
        assert_eq!(ctx.balance(&keys.payout_account(investor)), cost(*wanted, PRICE) - paid);
        sold += allocation;
        raised += paid;
    }
    let (round, state) = (ctx.round(&alice, 0), ctx.security_state(&alice));
    assert_eq!(
        (round.unsettled, round.refunds_atoms, round.raised_atoms),
        (0, 0, raised)
    );
    assert_eq!((ctx.round_money(&alice, 0), round.money_atoms), (raised, raised));
    assert_eq!(
        (state.issued_atoms, state.reserved_atoms),
        (alice.terms.authorised_atoms / 10 * 9 + sold, 0)
    );
    ctx.open_account(&alice.payout, &alice.issuer_key());
    ctx.set_time(CLOSES_TS + 730 * DAY);
    assert_eq!(ctx.release(&alice, 0), (0, raised));
    ctx.assert_events_rebuild_state();
}
