//! Accounts made twice, and closed accounts that somebody tries to keep alive.

use anchor_lang::{
    error::ErrorCode,
    prelude::Pubkey,
    solana_program::{instruction::error::InstructionError, system_instruction},
};
use solana_signer::Signer;
use upside::error::UpsideError;
use upside_client::instructions::ApproveHolder;
use upside_tests::{context::DAY, setup::over_time, Refusal, TestContext, TestSecurity};

/// Lamports that would keep any account of the program.
const ENOUGH: u64 = 10_000_000;

fn lamports(ctx: &TestContext, to: &Pubkey) -> anchor_lang::solana_program::instruction::Instruction {
    system_instruction::transfer(&ctx.payer.pubkey(), to, ENOUGH)
}

fn redeemable(ctx: &TestContext) -> TestSecurity {
    ctx.security("alice")
        .supply(1_000_000, 1_000_000)
        .redeemable(0)
        .create()
}

#[test]
fn nothing_is_initialised_twice() {
    let ctx = TestContext::new();
    let alice = redeemable(&ctx);
    let asset = ctx.legacy_mint("asset");
    let bob = ctx.wallet("bob");
    ctx.give_shares(&alice, &bob, 10_000);

    let in_use = Refusal::Plain(anchor_lang::system_program::ID, InstructionError::Custom(0));
    let again = ctx.security("alice").supply(1_000_000, 1_000_000).instruction();
    ctx.refuse(&[again.instruction()], &[&alice.issuer], in_use);

    let open = ctx.open_vault_instruction(&alice, &asset).instruction();
    ctx.send(std::slice::from_ref(&open), &[&alice.issuer]);
    ctx.refuse(&[open], &[&alice.issuer], UpsideError::VaultAlreadyOpen);

    let redeem = ctx.redeem_instruction(&alice, &bob.pubkey(), 3, 1_000).instruction();
    ctx.send(std::slice::from_ref(&redeem), &[&bob]);
    ctx.refuse(&[redeem], &[&bob], UpsideError::RedemptionExists);

    let school = ctx.security("school").curated().create();
    let grant = ctx
        .create_grant_instruction(&school, &bob.pubkey(), over_time(5, 100, ctx.now() + 8 * DAY, DAY))
        .instruction();
    ctx.send(std::slice::from_ref(&grant), &[&school.issuer]);
    ctx.refuse(&[grant], &[&school.issuer], UpsideError::GrantExists);

    let approve = ApproveHolder {
        keys: &school.keys,
        payer: ctx.payer.pubkey(),
        issuer: school.issuer_key(),
        holder: bob.pubkey(),
    }
    .instruction();
    ctx.send(std::slice::from_ref(&approve), &[&school.issuer]);
    ctx.refuse(&[approve], &[&school.issuer], UpsideError::AlreadyApproved);
    ctx.assert_events_rebuild_state();
}

#[test]
fn a_ticket_that_was_closed_collects_nothing_although_somebody_pays_its_rent() {
    let ctx = TestContext::new();
    let alice = redeemable(&ctx);
    let asset = ctx.legacy_mint("asset");
    ctx.open_vault(&alice, &asset);
    ctx.deposit(&alice, &asset, 1_000_003);
    let holder = alice.issuer_key();
    ctx.redeem(&alice, &alice.issuer, 0, 100_000);
    ctx.collect(&alice, &alice.issuer, 0, &asset);
    let close = ctx.close_redemption_instruction(&alice, &holder, 0).instruction();
    let collect = ctx.collect_instruction(&alice, &holder, 0, &asset).instruction();
    let ticket = alice.keys.redemption(&holder, 0);
    // In the transaction that closes it, and in a later one.
    ctx.refuse(
        &[close.clone(), lamports(&ctx, &ticket), collect.clone()],
        &[&alice.issuer],
        ErrorCode::AccountOwnedByWrongProgram,
    );
    ctx.send(&[close, lamports(&ctx, &ticket)], &[&alice.issuer]);
    ctx.refuse(&[collect], &[&alice.issuer], ErrorCode::AccountOwnedByWrongProgram);
    // A new ticket of that number burns shares of its own.
    let before = ctx.balance(&alice.keys.registered(&holder));
    ctx.redeem(&alice, &alice.issuer, 0, 1_000);
    assert_eq!(ctx.balance(&alice.keys.registered(&holder)), before - 1_000);
    ctx.assert_events_rebuild_state();
}

#[test]
fn a_grant_that_was_closed_vests_nothing_although_somebody_pays_its_rent() {
    let ctx = TestContext::new();
    let alice = ctx.security("alice").supply(1_000_000, 500_000).create();
    let bob = ctx.wallet("bob").pubkey();
    ctx.create_grant(&alice, &bob, over_time(1, 1_000, ctx.now(), DAY));
    ctx.warp(DAY);
    assert_eq!(ctx.claim_grant(&alice, &bob, 1), 1_000);
    let close = ctx.close_grant_instruction(&alice, &bob, 1).instruction();
    let claim = ctx.claim_grant_instruction(&alice, &bob, 1).instruction();
    let grant = alice.keys.grant(&bob, 1);
    ctx.refuse(
        &[close.clone(), lamports(&ctx, &grant), claim.clone()],
        &[],
        ErrorCode::AccountOwnedByWrongProgram,
    );
    ctx.send(&[close, lamports(&ctx, &grant)], &[]);
    ctx.refuse(&[claim], &[], ErrorCode::AccountOwnedByWrongProgram);
    ctx.assert_registered(&alice, &bob, 1_000);
    ctx.assert_events_rebuild_state();
}

#[test]
fn no_instruction_takes_a_sysvar_from_whoever_calls() {
    let idl: &str = include_str!("../../../../idl/upside.json");
    // Every fixed address of the interface is a program's: time and rent are asked of the runtime.
    for line in idl.lines().filter(|line| line.contains("\"address\"")) {
        assert!(!line.contains("Sysvar"), "{line}");
    }
    assert!(idl.contains("\"address\""));
}
