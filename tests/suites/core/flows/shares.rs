//! Moves of shares; a holder's own settings.

use anchor_lang::prelude::Pubkey;
use anchor_spl::token_2022::spl_token_2022::instruction as token;
use solana_signer::Signer;
use upside::{constants::TOKEN_2022_PROGRAM_ID, error::UpsideError};
use upside_client::{
    events::Event,
    instructions::{ClosePosition, Register, SetPayoutAccount, TransferShares, Unregister},
};
use upside_tests::{context::DAY, TestContext, TestSecurity};

/// 2^39 shares issued: halves and quarters earn exact atoms.
pub const ISSUED: u64 = 1 << 39;

/// An open security whose numbers divide evenly.
pub fn even(ctx: &TestContext) -> TestSecurity {
    ctx.security("alice").supply(1 << 40, ISSUED).drip(3_600).create()
}

fn register<'a>(ctx: &TestContext, security: &'a TestSecurity, holder: Pubkey, amount: u64) -> Register<'a> {
    Register {
        keys: &security.keys,
        payer: ctx.payer.pubkey(),
        holder,
        bearer_account: security.keys.bearer_account(&holder),
        amount,
    }
}

fn unregister(security: &TestSecurity, holder: Pubkey, amount: u64) -> Unregister<'_> {
    Unregister {
        keys: &security.keys,
        holder,
        bearer_account: security.keys.bearer_account(&holder),
        amount,
    }
}

fn transfer<'a>(
    ctx: &TestContext,
    security: &'a TestSecurity,
    from: Pubkey,
    to: Pubkey,
    amount: u64,
) -> TransferShares<'a> {
    TransferShares {
        keys: &security.keys,
        payer: ctx.payer.pubkey(),
        from,
        to,
        amount,
    }
}

#[test]
fn shares_go_bearer_trade_and_come_back() {
    let ctx = TestContext::new();
    let alice = even(&ctx);
    let receipt = ctx.go_bearer(&alice, &alice.issuer, ISSUED / 4);
    let [Event::SharesUnregistered(event)] = receipt.events.as_slice() else {
        panic!("one event")
    };
    assert_eq!(
        (event.amount_atoms, event.totals.registered_atoms),
        (ISSUED / 4, ISSUED / 4 * 3)
    );
    ctx.assert_registered(&alice, &alice.issuer_key(), ISSUED / 4 * 3);
    let bearer = alice.keys.bearer_account(&alice.issuer_key());
    assert_eq!(ctx.balance(&bearer), ISSUED / 4);

    // Traded like any token, to somebody who has no position.
    let bob = ctx.wallet("bob");
    let bobs = ctx.open_account(&ctx.share(&alice), &bob.pubkey());
    let trade = token::transfer_checked(
        &TOKEN_2022_PROGRAM_ID,
        &bearer,
        &alice.keys.mint,
        &bobs,
        &alice.issuer_key(),
        &[],
        ISSUED / 4,
        6,
    )
    .unwrap();
    ctx.send(&[trade], &[&alice.issuer]);

    // Bearer shares earn nothing; registered ones all.
    ctx.distribute(&alice, 3_000);
    ctx.warp(3_600);
    let receipt = ctx.send(
        &[register(&ctx, &alice, bob.pubkey(), ISSUED / 4).instruction()],
        &[&bob],
    );
    let [Event::SharesRegistered(event)] = receipt.events.as_slice() else {
        panic!("one event")
    };
    assert_eq!(
        (event.amount_atoms, event.opened_by, event.bearer_account),
        (ISSUED / 4, ctx.payer.pubkey(), bobs)
    );
    ctx.assert_registered(&alice, &bob.pubkey(), ISSUED / 4);
    assert_eq!(ctx.balance(&bobs), 0);
    // 3,000 over 3 * 2^37 shares is 1,000 / 2^37 each: the accumulator holds it exactly.
    assert_eq!(ctx.claim(&alice, &alice.issuer), 3_000);
    ctx.open_account(&alice.payout, &bob.pubkey());
    let position = ctx.position(&alice, &bob.pubkey());
    let claim = upside_client::instructions::Claim::crank(&alice.keys, &position).instruction();
    ctx.refuse(&[claim], &[], UpsideError::NothingToClaim);

    ctx.distribute(&alice, 4_000);
    ctx.warp(3_600);
    assert_eq!(ctx.claim(&alice, &bob), 1_000);
    assert_eq!(ctx.claim(&alice, &alice.issuer), 3_000);
    ctx.assert_events_rebuild_state();
}

#[test]
fn what_shares_have_earned_stays_with_who_held_them() {
    let ctx = TestContext::new();
    let alice = even(&ctx);
    let bob = ctx.wallet("bob");
    ctx.give_shares(&alice, &bob, ISSUED / 2);
    ctx.distribute(&alice, 3_600);
    ctx.warp(1_800);
    // Bob sends everything back at half time; the position stays and keeps its half of 1,800.
    let receipt = ctx.transfer_shares(&alice, &bob, &alice.issuer_key(), ISSUED / 2);
    let [Event::SharesTransferred(event)] = receipt.events.as_slice() else {
        panic!("one event")
    };
    assert_eq!(
        (event.from, event.to, event.amount_atoms, event.opened_by),
        (bob.pubkey(), alice.issuer_key(), ISSUED / 2, Pubkey::default())
    );
    assert_eq!(event.from_position.accrued_x64, 900 << 64);
    assert_eq!(event.to_position.accrued_x64, 900 << 64);
    ctx.warp(1_800);
    assert_eq!(ctx.claim(&alice, &bob), 900);
    assert_eq!(ctx.claim(&alice, &alice.issuer), 2_700);
    // Unregistering keeps what was earned too.
    ctx.distribute(&alice, 3_600);
    ctx.warp(3_600);
    ctx.go_bearer(&alice, &alice.issuer, ISSUED);
    assert_eq!(ctx.claim(&alice, &alice.issuer), 3_600);
    ctx.assert_events_rebuild_state();
}

#[test]
fn a_transfer_does_not_write_the_security() {
    let ctx = TestContext::new();
    let alice = even(&ctx);
    ctx.distribute(&alice, 1_000);
    ctx.warp(10);
    let before = ctx.account(&alice.keys.security);
    ctx.give_shares(&alice, &ctx.wallet("bob"), 1);
    ctx.claim(&alice, &alice.issuer);
    assert_eq!(ctx.account(&alice.keys.security), before);
}

#[test]
fn moves_refuse_zero_too_much_and_themselves() {
    let ctx = TestContext::new();
    let alice = even(&ctx);
    let bob = ctx.wallet("bob");
    ctx.give_shares(&alice, &bob, 10);
    ctx.go_bearer(&alice, &bob, 5);
    let (a, b) = (alice.issuer_key(), bob.pubkey());
    for instruction in [
        transfer(&ctx, &alice, b, a, 0).instruction(),
        register(&ctx, &alice, b, 0).instruction(),
        unregister(&alice, b, 0).instruction(),
    ] {
        ctx.refuse(&[instruction], &[&bob], UpsideError::ZeroAmount);
    }
    ctx.refuse(
        &[transfer(&ctx, &alice, b, a, 6).instruction()],
        &[&bob],
        UpsideError::NotEnoughShares,
    );
    ctx.refuse(
        &[unregister(&alice, b, 6).instruction()],
        &[&bob],
        UpsideError::NotEnoughShares,
    );
    ctx.refuse(
        &[register(&ctx, &alice, b, 6).instruction()],
        &[&bob],
        UpsideError::NotEnoughShares,
    );
    ctx.refuse(
        &[register(&ctx, &alice, b, u64::MAX).instruction()],
        &[&bob],
        UpsideError::NotEnoughShares,
    );
    ctx.refuse(
        &[transfer(&ctx, &alice, b, b, 1).instruction()],
        &[&bob],
        UpsideError::SameAccount,
    );
    // Exactly everything is fine.
    ctx.send(&[register(&ctx, &alice, b, 5).instruction()], &[&bob]);
    ctx.send(&[transfer(&ctx, &alice, b, a, 10).instruction()], &[&bob]);
    ctx.assert_registered(&alice, &b, 0);
    ctx.assert_events_rebuild_state();
}

#[test]
fn curated_shares_have_no_bearer_form() {
    let ctx = TestContext::new();
    let school = ctx.security("school").curated().create();
    let issuer = school.issuer_key();
    let account = ctx.open_account(&ctx.share(&school), &issuer);
    assert!(ctx.token(&account).unwrap().frozen);
    ctx.refuse(
        &[unregister(&school, issuer, 1).instruction()],
        &[&school.issuer],
        UpsideError::CuratedHasNoBearer,
    );
    ctx.refuse(
        &[register(&ctx, &school, issuer, 1).instruction()],
        &[&school.issuer],
        UpsideError::CuratedHasNoBearer,
    );
}

#[test]
fn holders_are_wallets_or_accounts_of_other_programs() {
    let ctx = TestContext::new();
    let alice = even(&ctx);
    let bob = ctx.security("bob").create();
    let to = |holder| transfer(&ctx, &alice, alice.issuer_key(), holder, 1).instruction();
    // Accounts of this program, and addresses off the curve that hold nothing.
    let nowhere = Pubkey::find_program_address(&[b"nowhere"], &TOKEN_2022_PROGRAM_ID).0;
    for holder in [
        alice.keys.security,
        bob.keys.security,
        alice.keys.position(&alice.issuer_key()),
        nowhere,
    ] {
        ctx.refuse(&[to(holder)], &[&alice.issuer], UpsideError::NotAHolder);
    }
    // A wallet that does not exist yet, and an existing account of another program (as a multisig is).
    let unfunded = ctx.key("nobody yet");
    ctx.send(&[to(unfunded)], &[&alice.issuer]);
    ctx.airdrop(&nowhere, 1_000_000);
    ctx.send(&[to(nowhere)], &[&alice.issuer]);
    ctx.assert_registered(&alice, &unfunded, 1);
    ctx.assert_registered(&alice, &nowhere, 1);
    ctx.assert_events_rebuild_state();
}

#[test]
fn positions_and_accounts_of_others_are_refused() {
    let ctx = TestContext::new();
    let alice = even(&ctx);
    let (bob, carol) = (ctx.wallet("bob"), ctx.wallet("carol"));
    ctx.give_shares(&alice, &bob, 100);
    ctx.give_shares(&alice, &carol, 100);
    ctx.go_bearer(&alice, &bob, 10);
    ctx.go_bearer(&alice, &carol, 10);
    let (b, c, keys) = (bob.pubkey(), carol.pubkey(), &alice.keys);
    let swap = |mut instruction: anchor_lang::solana_program::instruction::Instruction, from: Pubkey, to: Pubkey| {
        for meta in &mut instruction.accounts {
            if meta.pubkey == from {
                meta.pubkey = to;
            }
        }
        instruction
    };
    let to_alice = transfer(&ctx, &alice, b, alice.issuer_key(), 1).instruction();
    let leave = unregister(&alice, b, 1).instruction();
    let enter = register(&ctx, &alice, b, 1).instruction();
    for instruction in [&to_alice, &leave, &enter] {
        ctx.refuse(
            &[swap(instruction.clone(), keys.position(&b), keys.position(&c))],
            &[&bob],
            UpsideError::WrongPosition,
        );
        ctx.refuse(
            &[swap(instruction.clone(), keys.registered(&b), keys.registered(&c))],
            &[&bob],
            UpsideError::WrongRegisteredAccount,
        );
        ctx.refuse(
            &[swap(instruction.clone(), keys.mint, alice.payout.mint)],
            &[&bob],
            UpsideError::WrongSecurityAccount,
        );
    }
    for instruction in [&leave, &enter] {
        for other in [keys.bearer_account(&c), alice.payout.mint, keys.payout_vault()] {
            ctx.refuse(
                &[swap(instruction.clone(), keys.bearer_account(&b), other)],
                &[&bob],
                UpsideError::WrongBearerAccount,
            );
        }
        ctx.refuse(
            &[swap(instruction.clone(), keys.bearer_account(&b), keys.registered(&b))],
            &[&bob],
            UpsideError::SameAccount,
        );
    }
    for instruction in [to_alice, leave, enter] {
        ctx.refuse(
            &[swap(
                instruction,
                TOKEN_2022_PROGRAM_ID,
                upside::constants::TOKEN_PROGRAM_ID,
            )],
            &[&bob],
            UpsideError::WrongTokenProgram,
        );
    }
}

#[test]
fn a_move_that_would_break_s1_is_refused() {
    let ctx = TestContext::new();
    let alice = even(&ctx);
    let bob = ctx.wallet("bob");
    ctx.give_shares(&alice, &bob, 100);
    // A position that says one share more than the registered account has, as only a defect could make it.
    let shares = 8 + std::mem::offset_of!(upside::state::Position, shares_atoms);
    ctx.patch_account(&alice.keys.position(&bob.pubkey()), |a| a.data[shares] += 1);
    ctx.refuse(
        &[transfer(&ctx, &alice, bob.pubkey(), alice.issuer_key(), 1).instruction()],
        &[&bob],
        UpsideError::RegisteredMismatch,
    );
}

#[test]
fn close_position_returns_the_fraction_and_the_rent() {
    let ctx = TestContext::new();
    let alice = ctx.security("alice").supply(1_000_000, 999_999).drip(3_600).create();
    let bob = ctx.wallet("bob");
    ctx.give_shares(&alice, &bob, 333_333);
    ctx.distribute(&alice, 10);
    ctx.warp(3_600);
    let close = |holder, rent_payer| {
        ClosePosition {
            keys: &alice.keys,
            holder,
            rent_payer,
        }
        .instruction()
    };
    ctx.refuse(
        &[close(bob.pubkey(), ctx.payer.pubkey())],
        &[&bob],
        UpsideError::PositionNotEmpty,
    );
    ctx.transfer_shares(&alice, &bob, &alice.issuer_key(), 333_333);
    // Three and a third atoms owed: three are paid, then a third goes back.
    ctx.refuse(
        &[close(bob.pubkey(), ctx.payer.pubkey())],
        &[&bob],
        UpsideError::PositionNotEmpty,
    );
    assert_eq!(ctx.claim(&alice, &bob), 3);
    ctx.refuse(
        &[close(bob.pubkey(), bob.pubkey())],
        &[&bob],
        UpsideError::WrongRentReceiver,
    );
    let (position, registered) = (alice.keys.position(&bob.pubkey()), alice.keys.registered(&bob.pubkey()));
    let rent = ctx.lamports(&position) + ctx.lamports(&registered);
    let before = ctx.lamports(&ctx.payer.pubkey());
    let receipt = ctx.send(&[close(bob.pubkey(), ctx.payer.pubkey())], &[&bob]);
    let [Event::PositionClosed(event)] = receipt.events.as_slice() else {
        panic!("one event")
    };
    let third = (1_u128 << 64) / 3;
    assert!(event.fraction_x64.abs_diff(third) < 1 << 20, "{}", event.fraction_x64);
    assert_eq!(ctx.lamports(&ctx.payer.pubkey()) + receipt.fee - before, rent);
    assert!(ctx.account(&position).is_none() && ctx.account(&registered).is_none());
    // The fraction earns again: six and two thirds, plus the third that came back, once something new drips.
    ctx.distribute(&alice, 1);
    ctx.warp(3_600);
    let paid = ctx.claim(&alice, &alice.issuer);
    assert!(paid == 7 || paid == 8, "{paid}");
    // A closed position can be opened again.
    ctx.give_shares(&alice, &bob, 1);
    ctx.assert_registered(&alice, &bob.pubkey(), 1);
    ctx.assert_events_rebuild_state();
}

#[test]
fn a_holder_names_a_payout_account_of_their_own() {
    let ctx = TestContext::new();
    let alice = even(&ctx);
    let (bob, carol) = (ctx.wallet("bob"), ctx.wallet("carol"));
    ctx.give_shares(&alice, &bob, ISSUED / 2);
    let set = |payout_account| {
        SetPayoutAccount {
            keys: &alice.keys,
            holder: bob.pubkey(),
            payout_account,
        }
        .instruction()
    };
    // A second token account of bob's: legacy, at an address of its own.
    let second = upside_lookalike_mints::keys::keypair("bob's second account");
    let rent = ctx.sender.svm().minimum_balance_for_rent_exemption(165);
    ctx.send(
        &[
            anchor_lang::solana_program::system_instruction::create_account(
                &ctx.payer.pubkey(),
                &second.pubkey(),
                rent,
                165,
                &alice.payout.token_program,
            ),
            token::initialize_account3(
                &alice.payout.token_program,
                &second.pubkey(),
                &alice.payout.mint,
                &bob.pubkey(),
            )
            .unwrap(),
        ],
        &[&second],
    );
    let receipt = ctx.send(&[set(second.pubkey())], &[&bob]);
    assert!(matches!(receipt.events.as_slice(), [Event::PayoutAccountSet(e)] if e.payout_account == second.pubkey()));
    ctx.distribute(&alice, 2_000);
    ctx.warp(DAY);
    ctx.crank(&alice, &bob.pubkey());
    assert_eq!(ctx.balance(&second.pubkey()), 1_000);

    let carols = ctx.open_account(&alice.payout, &carol.pubkey());
    let shares = ctx.open_account(&ctx.share(&alice), &bob.pubkey());
    for account in [
        carols,
        shares,
        alice.payout.mint,
        bob.pubkey(),
        alice.keys.payout_vault(),
    ] {
        ctx.refuse(&[set(account)], &[&bob], UpsideError::PayoutAccountNotHolders);
    }
    let bobs = ctx.open_account(&alice.payout, &bob.pubkey());
    let authority = ctx.authority_of(&alice.payout);
    ctx.send(
        &[alice.payout.freeze(&authority.pubkey(), &bob.pubkey()).unwrap()],
        &[&authority],
    );
    ctx.refuse(&[set(bobs)], &[&bob], UpsideError::PayoutAccountNotHolders);
    ctx.assert_events_rebuild_state();
}
