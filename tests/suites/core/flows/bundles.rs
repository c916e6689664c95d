//! Several instructions in one transaction, and one wallet in several roles.

use anchor_lang::{prelude::Pubkey, solana_program::system_instruction};
use solana_signer::Signer;
use upside::{constants::TOKEN_2022_PROGRAM_ID, error::UpsideError};
use upside_client::{
    instructions::{
        token, ApproveHolder, Claim, ClosePosition, CreateSecurity, Distribute, Register, RemoveApproval,
        TransferShares, Unregister,
    },
    transactions,
};
use upside_tests::TestContext;

use super::shares::{even, ISSUED};

#[test]
fn a_security_is_created_backed_shared_and_paid_in_one_transaction() {
    let ctx = TestContext::new();
    let asset = ctx.legacy_mint("asset");
    let alice = ctx.wallet("alice");
    let a = alice.pubkey();
    ctx.fund(&asset, &a, 500);
    ctx.fund(&ctx.payout(), &a, 1_000);
    let bob = ctx.key("bob");
    // Alice pays for everything herself.
    let creation = CreateSecurity {
        payer: a,
        ..ctx.security("alice").supply(1 << 40, ISSUED).drip(3_600).instruction()
    };
    let keys = &creation.keys();
    let mut rest = transactions::open_vault_with(keys, a, a, a, asset.mint, asset.token_program, 500);
    rest.push(
        TransferShares {
            keys,
            payer: a,
            from: a,
            to: bob,
            amount: ISSUED / 2,
        }
        .instruction(),
    );
    rest.push(Distribute::from_ata(keys, a, 1_000).instruction());
    ctx.send(&[creation.instruction()], &[&alice]);
    let receipt = ctx.send(&rest, &[&alice]);
    assert_eq!(receipt.events.len(), 4);
    assert_eq!(ctx.balance(&asset.account_of(&keys.vault(&asset.mint))), 500);
    ctx.assert_events_rebuild_state();
}

#[test]
fn one_refused_instruction_undoes_the_whole_transaction() {
    let ctx = TestContext::new();
    let alice = even(&ctx);
    let bob = ctx.wallet("bob");
    let send = |amount| {
        TransferShares {
            keys: &alice.keys,
            payer: ctx.payer.pubkey(),
            from: alice.issuer_key(),
            to: bob.pubkey(),
            amount,
        }
        .instruction()
    };
    // A-1 is checked by `refuse`: bob's position does not exist afterwards.
    ctx.refuse(&[send(10), send(0)], &[&alice.issuer], UpsideError::ZeroAmount);
    assert!(ctx.find_position(&alice, &bob.pubkey()).is_none());
}

#[test]
fn claiming_twice_in_one_transaction_pays_once_or_not_at_all() {
    let ctx = TestContext::new();
    let alice = even(&ctx);
    ctx.distribute(&alice, 3_600);
    ctx.warp(1_800);
    ctx.open_account(&alice.payout, &alice.issuer_key());
    let claim = Claim::by_holder(&alice.keys, alice.issuer_key()).instruction();
    ctx.refuse(
        &[claim.clone(), claim.clone()],
        &[&alice.issuer],
        UpsideError::NothingToClaim,
    );
    ctx.send(&[claim], &[&alice.issuer]);
    assert_eq!(ctx.balance(&alice.keys.payout_account(&alice.issuer_key())), 1_800);
}

#[test]
fn registering_for_a_moment_earns_nothing() {
    let ctx = TestContext::new();
    let alice = even(&ctx);
    let bob = ctx.wallet("bob");
    let b = bob.pubkey();
    ctx.give_shares(&alice, &bob, ISSUED / 2);
    ctx.go_bearer(&alice, &bob, ISSUED / 2);
    ctx.open_account(&alice.payout, &b);
    let funder = ctx.wallet("funder");
    ctx.fund(&alice.payout, &funder.pubkey(), 1_000_000);
    let bearer_account = alice.keys.bearer_account(&b);
    let (keys, payer) = (&alice.keys, ctx.payer.pubkey());
    let enter = Register {
        keys,
        payer,
        holder: b,
        bearer_account,
        amount: ISSUED / 2,
    }
    .instruction();
    let pay = Distribute::from_ata(keys, funder.pubkey(), 1_000_000).instruction();
    let leave = Unregister {
        keys,
        holder: b,
        bearer_account,
        amount: ISSUED / 2,
    }
    .instruction();
    let claim = Claim::by_holder(keys, b).instruction();
    // Around somebody else's payment, with a claim: nothing has dripped.
    ctx.refuse(
        &[enter.clone(), pay.clone(), leave.clone(), claim],
        &[&bob, &funder],
        UpsideError::NothingToClaim,
    );
    ctx.send(&[enter, pay, leave], &[&bob, &funder]);
    ctx.warp(3_600);
    assert_eq!(ctx.position(&alice, &b).accrued_x64.get(), 0);
    assert_eq!(ctx.claim(&alice, &alice.issuer), 1_000_000);
    ctx.assert_events_rebuild_state();
}

#[test]
fn a_position_closed_and_opened_in_one_transaction_is_a_new_one() {
    let ctx = TestContext::new();
    let alice = even(&ctx);
    let bob = ctx.wallet("bob");
    let b = bob.pubkey();
    ctx.give_shares(&alice, &bob, ISSUED / 2);
    ctx.distribute(&alice, 2_000);
    ctx.warp(3_600);
    assert_eq!(ctx.claim(&alice, &bob), 1_000);
    ctx.transfer_shares(&alice, &bob, &alice.issuer_key(), ISSUED / 2);
    let keys = &alice.keys;
    let close = ClosePosition {
        keys,
        holder: b,
        rent_payer: ctx.payer.pubkey(),
    }
    .instruction();
    let give = TransferShares {
        keys,
        payer: ctx.payer.pubkey(),
        from: alice.issuer_key(),
        to: b,
        amount: 7,
    }
    .instruction();
    ctx.send(&[close.clone(), give.clone()], &[&bob, &alice.issuer]);
    ctx.assert_registered(&alice, &b, 7);
    let position = ctx.position(&alice, &b);
    assert_eq!((position.claimed_total_atoms, position.sequence), (0, 1));
    // Lamports sent to the closed addresses in the same transaction revive nothing.
    ctx.transfer_shares(&alice, &bob, &alice.issuer_key(), 7);
    let revive = |to: Pubkey| system_instruction::transfer(&ctx.payer.pubkey(), &to, 3_000_000);
    ctx.send(
        &[close.clone(), revive(keys.position(&b)), revive(keys.registered(&b))],
        &[&bob],
    );
    assert!(ctx.find_position(&alice, &b).is_none());
    ctx.send(&[give], &[&alice.issuer]);
    ctx.assert_registered(&alice, &b, 7);
    ctx.assert_events_rebuild_state();
}

#[test]
fn an_approval_removed_in_the_same_transaction_no_longer_counts() {
    let ctx = TestContext::new();
    let school = ctx.security("school").curated().create();
    let bob = ctx.wallet("bob").pubkey();
    let (keys, payer, issuer) = (&school.keys, ctx.payer.pubkey(), school.issuer_key());
    let approve = ApproveHolder {
        keys,
        payer,
        issuer,
        holder: bob,
    }
    .instruction();
    let remove = RemoveApproval {
        keys,
        issuer,
        holder: bob,
        rent_payer: payer,
    }
    .instruction();
    let send = TransferShares {
        keys,
        payer,
        from: issuer,
        to: bob,
        amount: 5,
    }
    .instruction();
    ctx.refuse(
        &[approve.clone(), remove.clone(), send.clone()],
        &[&school.issuer],
        UpsideError::HolderNotApproved,
    );
    ctx.send(&[approve.clone(), remove, approve, send], &[&school.issuer]);
    ctx.assert_registered(&school, &bob, 5);
    ctx.assert_events_rebuild_state();
}

#[test]
fn a_holder_may_be_issuer_payer_and_funder_at_once() {
    let ctx = TestContext::new();
    let alice = even(&ctx);
    let a = alice.issuer_key();
    ctx.fund(&alice.payout, &a, 3_600);
    ctx.send(
        &[Distribute::from_ata(&alice.keys, a, 3_600).instruction()],
        &[&alice.issuer],
    );
    ctx.warp(3_600);
    // What an issuer pays in comes back to them as a holder: circular, harmless, exact.
    assert_eq!(ctx.claim(&alice, &alice.issuer), 3_600);
    ctx.assert_events_rebuild_state();
}

#[test]
fn who_pays_rent_for_themselves_gets_it_back_themselves() {
    let ctx = TestContext::new();
    let alice = even(&ctx);
    let bob = ctx.wallet("bob");
    let b = bob.pubkey();
    let keys = &alice.keys;
    ctx.go_bearer(&alice, &alice.issuer, 100);
    let bobs = ctx.open_account(&ctx.share(&alice), &b);
    let sell =
        token::transfer_between_atas(&TOKEN_2022_PROGRAM_ID, &keys.mint, 6, &alice.issuer_key(), &b, 100).unwrap();
    ctx.send(&[sell], &[&alice.issuer]);
    let before = ctx.lamports(&b);
    let enter = Register {
        keys,
        payer: b,
        holder: b,
        bearer_account: bobs,
        amount: 100,
    }
    .instruction();
    let leave = Unregister {
        keys,
        holder: b,
        bearer_account: bobs,
        amount: 100,
    }
    .instruction();
    let close = ClosePosition {
        keys,
        holder: b,
        rent_payer: b,
    }
    .instruction();
    ctx.send(&[enter], &[&bob]);
    assert!(ctx.lamports(&b) < before);
    ctx.send(&[leave, close], &[&bob]);
    assert_eq!(ctx.lamports(&b), before);

    let school = ctx.security("school").curated().create();
    let (keys, issuer) = (&school.keys, school.issuer_key());
    let before = ctx.lamports(&issuer);
    let approve = ApproveHolder {
        keys,
        payer: issuer,
        issuer,
        holder: b,
    }
    .instruction();
    let remove = RemoveApproval {
        keys,
        issuer,
        holder: b,
        rent_payer: issuer,
    }
    .instruction();
    ctx.send(&[approve], &[&school.issuer]);
    ctx.send(&[remove], &[&school.issuer]);
    assert_eq!(ctx.lamports(&issuer), before);
    ctx.assert_events_rebuild_state();
}
