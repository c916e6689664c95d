//! Securities that hold each other's shares: deposits, harvests, collections, bearer shares sent to a vault, and who tries to gain by them.

use std::collections::BTreeSet;

use anchor_lang::{
    error::ErrorCode,
    prelude::Pubkey,
    solana_program::{
        instruction::{error::InstructionError, Instruction},
        system_instruction,
    },
};
use anchor_spl::token_2022::spl_token_2022;
use solana_signer::Signer;
use upside::{constants::TOKEN_2022_PROGRAM_ID, error::UpsideError, state::Kind};
use upside_client::{
    events::Event,
    instructions::{
        token, Claim, Collect, CollectShares, DepositEquity, OpenVault, Register, RegisterVaultBearer, TransferShares,
        Unregister,
    },
    layers,
    redemption::{self, Block, Plan, Quote, Receivers, Run, Step, StepResult, Tolerance},
};
use upside_tests::{
    assert::{assert_refused, Refusal},
    context::DAY,
    setup::over_time,
    TestContext, TestSecurity,
};

/// Share atoms authorised in these tests, all of them issued.
const AUTHORISED: u64 = 1_000_000;

/// A redeemable security of a million atoms, all of them its issuer's.
fn security(ctx: &TestContext, issuer: &str) -> TestSecurity {
    ctx.security(issuer)
        .supply(AUTHORISED, AUTHORISED)
        .redeemable(0)
        .create()
}

/// `instruction` with another account in the place of one.
fn replaced(mut instruction: Instruction, from: &Pubkey, to: Pubkey) -> Instruction {
    let mut found = false;
    for meta in instruction.accounts.iter_mut().filter(|meta| meta.pubkey == *from) {
        meta.pubkey = to;
        found = true;
    }
    assert!(found, "the account must be named to be replaced");
    instruction
}

#[test]
fn shares_enter_a_vault_registered_and_earn_for_it_from_then_on() {
    let ctx = TestContext::new();
    let (village, alice) = (security(&ctx, "village"), security(&ctx, "alice"));
    let vault = ctx.open_share_vault(&village, &alice);
    let state = ctx.vault(&village, &alice.keys.mint);
    assert_eq!(
        (state.holds_shares, state.decimals, state.asset_mint),
        (1, 6, alice.keys.mint)
    );
    assert_eq!(state.token_account, alice.keys.bearer_account(&vault));
    ctx.distribute(&alice, 700_000_000);
    ctx.warp(DAY);
    let securities = [village.keys.security, alice.keys.security].map(|key| ctx.account(&key));
    let receipt = ctx.deposit_shares(&village, &alice, &alice.issuer, AUTHORISED / 4);
    let [Event::SharesTransferred(moved), Event::SharesDeposited(event)] = receipt.events.as_slice() else {
        panic!("two events")
    };
    assert_eq!(
        (moved.security, moved.from, moved.to, moved.opened_by),
        (alice.keys.security, alice.issuer_key(), vault, ctx.payer.pubkey())
    );
    assert_eq!(
        (event.security, event.vault, event.held_security, event.depositor),
        (village.keys.security, vault, alice.keys.security, alice.issuer_key())
    );
    assert_eq!(
        (event.amount_atoms, event.balance_atoms, event.deposited_total_atoms),
        (AUTHORISED / 4, AUTHORISED / 4, AUTHORISED / 4)
    );
    ctx.assert_registered(&alice, &vault, AUTHORISED / 4);
    ctx.assert_registered(&alice, &alice.issuer_key(), AUTHORISED / 4 * 3);
    assert_eq!(
        [village.keys.security, alice.keys.security].map(|key| ctx.account(&key)),
        securities,
        "neither security is written"
    );
    // What the shares had earned stayed with Alice; from now on the vault earns a quarter.
    assert_eq!(ctx.claim(&alice, &alice.issuer), 100_000_000);
    ctx.warp(DAY);
    assert_eq!(ctx.claim(&alice, &alice.issuer), 75_000_000);
    ctx.deposit_shares(&village, &alice, &alice.issuer, 1);
    ctx.assert_registered(&alice, &vault, AUTHORISED / 4 + 1);
    let state = ctx.vault(&village, &alice.keys.mint);
    assert_eq!((state.deposited_total_atoms, state.sequence), (AUTHORISED / 4 + 1, 2));
    let [holding] = &layers::holdings_of(&ctx.sender, &village.keys.security).unwrap()[..] else {
        panic!("one holding")
    };
    assert_eq!(
        (
            holding.shares_atoms(),
            holding.harvestable_atoms(ctx.now()).unwrap(),
            holding.harvests_into_a_vault()
        ),
        (AUTHORISED / 4 + 1, 25_000_000, false)
    );
    ctx.assert_events_rebuild_state();
}

#[test]
fn a_vault_for_shares_comes_with_a_vault_for_the_money_that_they_earn() {
    let ctx = TestContext::new();
    let euros = ctx.legacy_mint("euros");
    let village = security(&ctx, "village");
    let alice = security(&ctx, "alice");
    let create = |issuer| {
        ctx.security(issuer)
            .supply(AUTHORISED, AUTHORISED)
            .payout(euros)
            .create()
    };
    let (bob, carol) = (create("bob"), create("carol"));
    // The same money: one vault.
    ctx.open_share_vault(&village, &alice);
    assert_eq!(ctx.security_state(&village).vault_count, 1);
    // Other money: both, and the money's is not opened twice.
    let open = ctx.open_share_vault_instruction(&village, &bob);
    let receipt = ctx.send(&[open.instruction()], &[&village.issuer]);
    let [Event::VaultOpened(shares), Event::VaultOpened(money)] = receipt.events.as_slice() else {
        panic!("two events")
    };
    assert_eq!(
        (shares.index, shares.holds_shares, shares.asset_mint),
        (1, true, bob.keys.mint)
    );
    assert_eq!(
        (money.index, money.holds_shares, money.asset_mint),
        (2, false, euros.mint)
    );
    assert_eq!(money.vault, village.keys.vault(&euros.mint));
    assert_eq!(
        ctx.token(&money.token_account).map(|token| (token.mint, token.owner)),
        Some((euros.mint, money.vault))
    );
    ctx.open_share_vault(&village, &carol);
    let state = ctx.security_state(&village);
    assert_eq!((state.vault_count, ctx.vault(&village, &carol.keys.mint).index), (4, 3));
    ctx.assert_events_rebuild_state();

    // One index left and two needed: nothing is opened. The last one goes to a vault that needs no other.
    let dave = security(&ctx, "dave");
    let count = 8 + std::mem::offset_of!(upside::state::Security, vault_count);
    ctx.patch_account(&dave.keys.security, |account| {
        account.data[count..count + 2].copy_from_slice(&255_u16.to_le_bytes())
    });
    let open = ctx.open_share_vault_instruction(&dave, &bob).instruction();
    ctx.refuse(&[open], &[&dave.issuer], UpsideError::TooManyVaults);
    ctx.open_share_vault(&dave, &alice);
    assert_eq!(ctx.vault(&dave, &alice.keys.mint).index, 255);
}

#[test]
fn a_vault_for_shares_is_opened_with_the_accounts_of_the_shares_own_security() {
    let ctx = TestContext::new();
    let euros = ctx.legacy_mint("euros");
    let (village, alice) = (security(&ctx, "village"), security(&ctx, "alice"));
    let bob = ctx
        .security("bob")
        .supply(AUTHORISED, AUTHORISED)
        .payout(euros)
        .create();
    let plain = OpenVault {
        asset_mint: bob.keys.mint,
        ..ctx.open_vault_instruction(&village, &ctx.share(&bob))
    };
    ctx.refuse(
        &[plain.instruction()],
        &[&village.issuer],
        UpsideError::HeldSecurityMissing,
    );
    let open = ctx.open_share_vault_instruction(&village, &bob);
    let wrong = |from: Pubkey, to: Pubkey| replaced(open.instruction(), &from, to);
    let refuse = |instruction: Instruction, error: UpsideError| ctx.refuse(&[instruction], &[&village.issuer], error);
    refuse(
        wrong(bob.keys.security, alice.keys.security),
        UpsideError::WrongSecurityAccount,
    );
    refuse(wrong(euros.mint, ctx.payout().mint), UpsideError::WrongPayoutMint);
    refuse(
        wrong(euros.mint, ctx.legacy_mint("pounds").mint),
        UpsideError::WrongPayoutMint,
    );
    // The vault of other money in the place of this money's.
    let elsewhere = village.keys.vault(&ctx.payout().mint);
    ctx.refuse(
        &[wrong(village.keys.vault(&euros.mint), elsewhere)],
        &[&village.issuer],
        ErrorCode::ConstraintSeeds,
    );
    // The associated token program looks for the account that belongs there.
    ctx.refuse(
        &[wrong(
            euros.account_of(&village.keys.vault(&euros.mint)),
            ctx.fund(&euros, &village.issuer_key(), 1),
        )],
        &[&village.issuer],
        Refusal::Plain(upside::ID, InstructionError::MissingAccount),
    );
    // Left out, an account is named by the program.
    for left_out in [euros.mint, village.keys.vault(&euros.mint)] {
        refuse(wrong(left_out, upside::ID), UpsideError::HeldSecurityMissing);
    }
    // A security never holds itself.
    let own = ctx.open_share_vault_instruction(&village, &village);
    refuse(own.instruction(), UpsideError::SelfHolding);
    ctx.open_share_vault(&village, &bob);
    refuse(open.instruction(), UpsideError::VaultAlreadyOpen);
}

#[test]
fn a_harvest_flows_onto_the_upper_stream_as_if_it_were_distributed() {
    let ctx = TestContext::new();
    let (village, alice, twin) = (
        security(&ctx, "village"),
        security(&ctx, "alice"),
        security(&ctx, "twin"),
    );
    let vault = ctx.back_with_shares(&village, &alice, AUTHORISED / 4);
    for upper in [&village, &twin] {
        ctx.distribute(upper, 70_000_000);
    }
    ctx.distribute(&alice, 700_000_001);
    ctx.warp(DAY + 1);
    let lower = ctx.account(&alice.keys.security);
    let receipt = ctx.send(&[ctx.harvest_instruction(&village, &alice).instruction()], &[]);
    let [Event::UpsideClaimed(claimed), Event::UpsideHarvested(event)] = receipt.events.as_slice() else {
        panic!("two events")
    };
    // A quarter of floor(700,000,001 * 86,401 / 604,800) = 100,001,157, rounded down.
    assert_eq!(
        (claimed.security, claimed.holder, claimed.amount_atoms),
        (alice.keys.security, vault, 25_000_289)
    );
    assert_eq!(claimed.payout_account, village.keys.payout_vault());
    assert_eq!(
        (event.security, event.vault, event.held_security, event.amount_atoms),
        (village.keys.security, vault, alice.keys.security, 25_000_289)
    );
    assert_eq!(
        ctx.account(&alice.keys.security),
        lower,
        "the security below is not written"
    );
    // The twin got the same by hand.
    ctx.distribute(&twin, 25_000_289);
    let accrual = |security: &TestSecurity| {
        let s = ctx.security_state(security);
        (s.stream(), s.accumulator(), s.received_total_atoms.get(), s.sequence)
    };
    let ((stream, accumulator, received, _), (twins, accumulators, receiveds, _)) = (accrual(&village), accrual(&twin));
    assert_eq!((stream, accumulator, received), (twins, accumulators, receiveds));
    assert_eq!(
        ctx.balance(&village.keys.payout_vault()),
        ctx.balance(&twin.keys.payout_vault())
    );
    // The fraction stays owed to the vault; at once there is nothing more.
    assert_eq!(ctx.position(&alice, &vault).accrued_x64.hi, 0);
    let again = ctx.harvest_instruction(&village, &alice).instruction();
    ctx.refuse(&[again], &[], UpsideError::NothingToHarvest);
    // Everything arrives at the top in the end.
    ctx.warp(30 * DAY);
    assert_eq!(ctx.harvest(&village, &alice), 175_000_000 - 25_000_289);
    ctx.warp(30 * DAY);
    assert_eq!(ctx.claim(&village, &village.issuer), 70_000_000 + 175_000_000);
    ctx.assert_events_rebuild_state();
}

#[test]
fn a_harvest_of_other_money_becomes_backing() {
    let ctx = TestContext::new();
    for (label, money) in [
        ("euros", ctx.legacy_mint("euros")),
        ("dollars", ctx.mint_with("dollars", &[])),
    ] {
        let village = security(&ctx, &format!("village-{label}"));
        let alice = ctx
            .security(&format!("alice-{label}"))
            .supply(AUTHORISED, AUTHORISED)
            .payout(money)
            .create();
        let vault = ctx.back_with_shares(&village, &alice, AUTHORISED / 2);
        ctx.deposit(&village, &money, 1_000);
        ctx.distribute(&alice, 700_000_000);
        ctx.warp(DAY);
        let upper = ctx.account(&village.keys.security);
        let receipt = ctx.send(&[ctx.harvest_instruction(&village, &alice).instruction()], &[]);
        let [Event::UpsideClaimed(claimed), Event::BackingHarvested(event)] = receipt.events.as_slice() else {
            panic!("two events")
        };
        let target = village.keys.vault(&money.mint);
        assert_eq!(
            (claimed.amount_atoms, claimed.payout_account),
            (50_000_000, money.account_of(&target))
        );
        assert_eq!(
            (
                event.security,
                event.from_vault,
                event.vault,
                event.asset_mint,
                event.sequence
            ),
            (village.keys.security, vault, target, money.mint, 2)
        );
        assert_eq!(
            (event.amount_atoms, event.balance_atoms, event.deposited_total_atoms),
            (50_000_000, 50_001_000, 50_001_000)
        );
        assert_eq!(ctx.account(&village.keys.security), upper, "no stream is written");
        // It backs the village's shares.
        ctx.redeem(&village, &village.issuer, 0, AUTHORISED / 10);
        ctx.collect(&village, &village.issuer, 0, &money);
        assert_eq!(ctx.balance(&money.account_of(&village.issuer_key())), 5_000_100);
        // A frozen vault waits; nothing is lost.
        let authority = ctx.authority_of(&money);
        let harvest = ctx.harvest_instruction(&village, &alice).instruction();
        ctx.warp(DAY);
        ctx.send(&[money.freeze(&authority.pubkey(), &target).unwrap()], &[&authority]);
        ctx.refuse(std::slice::from_ref(&harvest), &[], UpsideError::VaultAccountFrozen);
        ctx.send(&[money.thaw(&authority.pubkey(), &target).unwrap()], &[&authority]);
        ctx.send(&[harvest], &[]);
        assert_eq!(
            ctx.balance(&money.account_of(&target)),
            50_001_000 - 5_000_100 + 50_000_000
        );
    }
    ctx.assert_events_rebuild_state();
}

#[test]
fn a_harvest_goes_where_it_belongs_and_nowhere_else() {
    let ctx = TestContext::new();
    let euros = ctx.legacy_mint("euros");
    let (village, alice, bob) = (
        security(&ctx, "village"),
        security(&ctx, "alice"),
        security(&ctx, "bob"),
    );
    let carol = ctx
        .security("carol")
        .supply(AUTHORISED, AUTHORISED)
        .payout(euros)
        .create();
    let thief = ctx.wallet("thief");
    for held in [&alice, &bob, &carol] {
        ctx.back_with_shares(&village, held, AUTHORISED / 2);
        ctx.distribute(held, 700_000_000);
    }
    ctx.back_with_shares(&bob, &carol, 1);
    ctx.open_vault(&village, &ctx.payout());
    ctx.warp(DAY);
    let (stream, vault) = (
        ctx.harvest_instruction(&village, &alice),
        ctx.harvest_instruction(&village, &carol),
    );
    let refuse = |instruction: Instruction, error: UpsideError| ctx.refuse(&[instruction], &[], error);

    // To a thief, to the inbox, to the other security's payout vault, back to where it comes from, to the vault for the same money.
    let money = ctx.payout();
    for elsewhere in [
        ctx.open_account(&money, &thief.pubkey()),
        ctx.open_account(&money, &village.keys.security),
        bob.keys.payout_vault(),
        money.account_of(&village.keys.vault(&money.mint)),
    ] {
        let to = replaced(stream.instruction(), &village.keys.payout_vault(), elsewhere);
        refuse(to, UpsideError::WrongHarvestAccount);
    }
    let home = euros.account_of(&village.keys.vault(&euros.mint));
    for elsewhere in [
        ctx.open_account(&euros, &thief.pubkey()),
        ctx.open_account(&euros, &village.keys.security),
        euros.account_of(&bob.keys.vault(&euros.mint)),
        village.keys.payout_vault(),
    ] {
        refuse(
            replaced(vault.instruction(), &home, elsewhere),
            UpsideError::WrongHarvestAccount,
        );
    }
    let target = village.keys.vault(&euros.mint);
    for elsewhere in [
        bob.keys.vault(&euros.mint),
        village.keys.vault(&money.mint),
        village.keys.vault(&carol.keys.mint),
    ] {
        refuse(
            replaced(vault.instruction(), &target, elsewhere),
            UpsideError::WrongVault,
        );
    }
    refuse(
        replaced(vault.instruction(), &target, upside::ID),
        UpsideError::HarvestVaultMissing,
    );

    // Another vault's position, a wallet's, another security's; another vault.
    let position = alice.keys.position(&village.keys.vault(&alice.keys.mint));
    for elsewhere in [
        alice.keys.position(&alice.issuer_key()),
        bob.keys.position(&village.keys.vault(&bob.keys.mint)),
        carol.keys.position(&bob.keys.vault(&carol.keys.mint)),
    ] {
        refuse(
            replaced(stream.instruction(), &position, elsewhere),
            UpsideError::WrongPosition,
        );
    }
    for elsewhere in [village.keys.vault(&bob.keys.mint), bob.keys.vault(&carol.keys.mint)] {
        refuse(
            replaced(stream.instruction(), &village.keys.vault(&alice.keys.mint), elsewhere),
            UpsideError::WrongVault,
        );
    }
    // Bob's stream does not get what the village's vault earned.
    refuse(
        replaced(stream.instruction(), &village.keys.security, bob.keys.security),
        UpsideError::WrongVault,
    );
    refuse(
        replaced(stream.instruction(), &village.keys.security, alice.keys.security),
        UpsideError::WrongVault,
    );
    // Nor does anybody claim it as a holder's.
    let vault_key = village.keys.vault(&alice.keys.mint);
    let claim = Claim {
        keys: &alice.keys,
        holder: vault_key,
        payout_account: ctx.open_account(&money, &vault_key),
        holder_signs: false,
    };
    refuse(claim.instruction(), UpsideError::HeldByVault);
    for held in [&alice, &bob, &carol] {
        assert_eq!(ctx.harvest(&village, held), 50_000_000);
    }
    ctx.assert_events_rebuild_state();
}

#[test]
fn a_harvest_onto_a_stream_without_registered_shares_waits_for_the_first() {
    let ctx = TestContext::new();
    let (village, alice) = (security(&ctx, "village"), security(&ctx, "alice"));
    ctx.back_with_shares(&village, &alice, AUTHORISED / 2);
    ctx.go_bearer(&village, &village.issuer, AUTHORISED);
    ctx.distribute(&alice, 700_000_000);
    ctx.warp(DAY);
    assert_eq!(ctx.harvest(&village, &alice), 50_000_000);
    ctx.warp(100 * DAY);
    assert_eq!(ctx.harvest(&village, &alice), 300_000_000);
    let register = Register {
        keys: &village.keys,
        payer: ctx.payer.pubkey(),
        holder: village.issuer_key(),
        bearer_account: village.keys.bearer_account(&village.issuer_key()),
        amount: 1,
    };
    ctx.send(&[register.instruction()], &[&village.issuer]);
    ctx.warp(7 * DAY);
    assert_eq!(ctx.claim(&village, &village.issuer), 350_000_000);
    ctx.assert_events_rebuild_state();
}

#[test]
fn nobody_gains_by_standing_around_a_harvest() {
    let ctx = TestContext::new();
    let (village, alice) = (security(&ctx, "village"), security(&ctx, "alice"));
    ctx.back_with_shares(&village, &alice, AUTHORISED / 2);
    let mallory = ctx.wallet("mallory");
    ctx.transfer_shares(&village, &village.issuer, &mallory.pubkey(), AUTHORISED / 2);
    ctx.transfer_shares(&alice, &alice.issuer, &mallory.pubkey(), AUTHORISED / 4);
    ctx.go_bearer(&village, &mallory, AUTHORISED / 2);
    ctx.distribute(&alice, 700_000_000);
    ctx.warp(DAY);
    // Registered for the moment of the harvest, in one transaction.
    let register = Register {
        keys: &village.keys,
        payer: ctx.payer.pubkey(),
        holder: mallory.pubkey(),
        bearer_account: village.keys.bearer_account(&mallory.pubkey()),
        amount: AUTHORISED / 2,
    };
    let unregister = Unregister {
        keys: &village.keys,
        holder: mallory.pubkey(),
        bearer_account: village.keys.bearer_account(&mallory.pubkey()),
        amount: AUTHORISED / 2,
    };
    // And shares given for the moment: they had earned for their giver, and earn nothing in it.
    let deposit = ctx.deposit_shares_instruction(&village, &alice, &mallory.pubkey(), AUTHORISED / 4);
    let receipt = ctx.send(
        &[
            register.instruction(),
            deposit.instruction(),
            ctx.harvest_instruction(&village, &alice).instruction(),
            unregister.instruction(),
        ],
        &[&mallory],
    );
    let harvested = receipt.events.iter().find_map(|event| match event {
        Event::UpsideHarvested(e) => Some(e.amount_atoms),
        _ => None,
    });
    assert_eq!(harvested, Some(50_000_000));
    ctx.warp(7 * DAY);
    let claim = Claim::by_holder(&village.keys, mallory.pubkey()).instruction();
    ctx.open_account(&ctx.payout(), &mallory.pubkey());
    ctx.refuse(&[claim], &[&mallory], UpsideError::NothingToClaim);
    // Mallory's own shares of Alice earned one day's quarter.
    assert_eq!(ctx.claim(&alice, &mallory), 25_000_000);
    assert_eq!(ctx.claim(&village, &village.issuer), 50_000_000);
    ctx.assert_events_rebuild_state();
}

#[test]
fn a_ticket_collects_shares_registered_and_settled() {
    let ctx = TestContext::new();
    let (village, alice) = (security(&ctx, "village"), security(&ctx, "alice"));
    let vault = ctx.back_with_shares(&village, &alice, 300_007);
    let bob = ctx.wallet("bob");
    ctx.give_shares(&village, &bob, 100_000);
    ctx.distribute(&alice, 700_000_000);
    ctx.redeem(&village, &bob, 7, 100_000);
    ctx.warp(DAY);
    let securities = [village.keys.security, alice.keys.security].map(|key| ctx.account(&key));
    let collect = ctx.collect_shares_instruction(&village, &alice, &bob.pubkey(), 7);
    let asks = |least_atoms| CollectShares { least_atoms, ..collect }.instruction();
    ctx.refuse(&[asks(30_001)], &[&bob], UpsideError::TooLittleArrived);
    let receipt = ctx.send(&[asks(30_000)], &[&bob]);
    let [Event::SharesTransferred(moved), Event::AssetCollected(event)] = receipt.events.as_slice() else {
        panic!("two events")
    };
    // A tenth of what is authorised: a tenth of 300,007, rounded down.
    assert_eq!(
        (moved.from, moved.to, moved.amount_atoms),
        (vault, bob.pubkey(), 30_000)
    );
    assert_eq!(
        (
            event.paid_atoms,
            event.arrived_atoms,
            event.balance_atoms,
            event.asset_mint
        ),
        (30_000, 30_000, 270_007, alice.keys.mint)
    );
    assert_eq!(event.receiver, alice.keys.registered(&bob.pubkey()));
    ctx.assert_registered(&alice, &bob.pubkey(), 30_000);
    ctx.assert_registered(&alice, &vault, 270_007);
    assert_eq!(
        [village.keys.security, alice.keys.security].map(|key| ctx.account(&key)),
        securities,
        "neither security is written"
    );
    // What the shares earned before belongs to the vault, what they earn from now on to Bob.
    assert_eq!(ctx.harvest(&village, &alice), 30_000_700);
    ctx.warp(DAY);
    assert_eq!(ctx.claim(&alice, &bob), 3_000_000);
    ctx.refuse(&[asks(0)], &[&bob], UpsideError::AlreadyCollected);
    ctx.close_redemption(&village, &bob, 7);
    ctx.assert_events_rebuild_state();
}

#[test]
fn what_a_share_redeems_for_in_shares_is_its_part_of_authorised_whoever_redeems_first() {
    let ctx = TestContext::new();
    let village = ctx
        .security("village")
        .supply(AUTHORISED, AUTHORISED / 2)
        .redeemable(0)
        .create();
    let alice = security(&ctx, "alice");
    ctx.back_with_shares(&village, &alice, 100_000);
    let people = ["bob", "carol", "dave"].map(|name| ctx.wallet(name));
    for person in &people {
        ctx.give_shares(&village, person, 100_000);
    }
    ctx.redeem(&village, &people[0], 0, 100_000);
    assert_eq!(ctx.collect_shares(&village, &alice, &people[0], 0), 10_000);
    // A ticket that waits, and shares that arrive meanwhile.
    ctx.redeem(&village, &people[1], 0, 100_000);
    ctx.redeem(&village, &people[2], 0, 50_000);
    ctx.deposit_shares(&village, &alice, &alice.issuer, 9_000);
    assert_eq!(ctx.collect_shares(&village, &alice, &people[2], 0), 5_500);
    assert_eq!(ctx.collect_shares(&village, &alice, &people[1], 0), 11_000);
    ctx.redeem(&village, &people[2], 1, 50_000);
    assert_eq!(ctx.collect_shares(&village, &alice, &people[2], 1), 5_500);
    ctx.assert_events_rebuild_state();
}

#[test]
fn a_curated_securitys_shares_enter_without_approval_and_leave_to_an_approved_holder() {
    let ctx = TestContext::new();
    let village = security(&ctx, "village");
    let alice = ctx.security("alice").supply(AUTHORISED, AUTHORISED).curated().create();
    let vault = ctx.back_with_shares(&village, &alice, AUTHORISED / 2);
    ctx.assert_registered(&alice, &vault, AUTHORISED / 2);
    let (bob, carol) = (ctx.wallet("bob"), ctx.wallet("carol"));
    ctx.give_shares(&village, &bob, 100_000);
    ctx.redeem(&village, &bob, 0, 100_000);
    let collect = ctx.collect_shares_instruction(&village, &alice, &bob.pubkey(), 0);
    ctx.refuse(&[collect.instruction()], &[&bob], UpsideError::HolderNotApproved);
    // Somebody else's approval, and none.
    ctx.approve(&alice, &carol.pubkey());
    let approval = alice.keys.approval(&bob.pubkey());
    for other in [alice.keys.approval(&carol.pubkey()), upside::ID] {
        ctx.refuse(
            &[replaced(collect.instruction(), &approval, other)],
            &[&bob],
            UpsideError::HolderNotApproved,
        );
    }
    ctx.approve(&alice, &bob.pubkey());
    assert_eq!(ctx.collect_shares(&village, &alice, &bob, 0), 50_000);
    ctx.assert_registered(&alice, &bob.pubkey(), 50_000);
    ctx.assert_events_rebuild_state();
}

#[test]
fn a_part_of_zero_shares_needs_no_position_and_no_approval() {
    let ctx = TestContext::new();
    let village = security(&ctx, "village");
    let alice = ctx.security("alice").supply(AUTHORISED, AUTHORISED).curated().create();
    let bob = ctx.wallet("bob");
    let vault = ctx.open_share_vault(&village, &alice);
    ctx.give_shares(&village, &bob, 20);
    ctx.redeem(&village, &bob, 0, 10);
    ctx.redeem(&village, &bob, 1, 10);
    // The vault has no position yet; another one in its place would hide what it holds.
    let collect = |id| {
        ctx.collect_shares_instruction(&village, &alice, &bob.pubkey(), id)
            .instruction()
    };
    let missing = alice.keys.position(&vault);
    for other in [
        alice.keys.position(&alice.issuer_key()),
        alice.keys.position(&bob.pubkey()),
    ] {
        ctx.refuse(
            &[replaced(collect(0), &missing, other)],
            &[&bob],
            UpsideError::WrongPosition,
        );
    }
    ctx.send(&[collect(0)], &[&bob]);
    ctx.deposit_shares(&village, &alice, &alice.issuer, 1_000);
    // 10 of 999,990 of 1,000 shares.
    ctx.send(&[collect(1)], &[&bob]);
    assert_eq!(ctx.account(&alice.keys.position(&bob.pubkey())), None);
    ctx.assert_registered(&alice, &vault, 1_000);
    for id in [0, 1] {
        ctx.close_redemption(&village, &bob, id);
    }
    ctx.assert_events_rebuild_state();
}

#[test]
fn shares_are_collected_from_the_right_vault_by_the_right_instruction() {
    let ctx = TestContext::new();
    let (village, alice, bob) = (
        security(&ctx, "village"),
        security(&ctx, "alice"),
        security(&ctx, "bob"),
    );
    let asset = ctx.legacy_mint("asset");
    for held in [&alice, &bob] {
        ctx.back_with_shares(&village, held, AUTHORISED / 2);
    }
    ctx.open_vault(&village, &asset);
    ctx.deposit(&village, &asset, 1_000);
    let holder = village.issuer_key();
    ctx.redeem(&village, &village.issuer, 0, AUTHORISED / 2);
    let collect = ctx
        .collect_shares_instruction(&village, &alice, &holder, 0)
        .instruction();
    let refuse = |instruction: Instruction, error: UpsideError| ctx.refuse(&[instruction], &[&village.issuer], error);
    let vault = village.keys.vault(&alice.keys.mint);
    for other in [village.keys.vault(&bob.keys.mint), village.keys.vault(&asset.mint)] {
        refuse(replaced(collect.clone(), &vault, other), UpsideError::WrongVault);
    }
    refuse(
        replaced(collect.clone(), &alice.keys.mint, bob.keys.mint),
        UpsideError::WrongVault,
    );
    refuse(
        replaced(collect.clone(), &alice.keys.security, bob.keys.security),
        UpsideError::WrongVault,
    );
    for other in [
        alice.keys.position(&alice.issuer_key()),
        bob.keys.position(&village.keys.vault(&bob.keys.mint)),
    ] {
        refuse(
            replaced(collect.clone(), &alice.keys.position(&vault), other),
            UpsideError::WrongPosition,
        );
    }
    // To the vault itself: it cannot be the ticket's holder, and its position is not the holder's.
    refuse(
        replaced(
            collect.clone(),
            &alice.keys.position(&holder),
            alice.keys.position(&vault),
        ),
        UpsideError::WrongPosition,
    );
    refuse(
        replaced(
            collect.clone(),
            &alice.keys.registered(&vault),
            alice.keys.registered(&alice.issuer_key()),
        ),
        UpsideError::WrongRegisteredAccount,
    );
    // By the instruction for other assets.
    let plain = Collect {
        receiver: ctx.open_account(&ctx.share(&alice), &holder),
        ..ctx.collect_instruction(&village, &holder, 0, &ctx.share(&alice))
    };
    refuse(plain.instruction(), UpsideError::ProtocolShares);
    assert_eq!(ctx.collect_shares(&village, &alice, &village.issuer, 0), AUTHORISED / 4);
    ctx.assert_events_rebuild_state();
}

#[test]
fn deposits_of_shares_refuse_what_they_must() {
    let ctx = TestContext::new();
    let (village, alice, bob) = (
        security(&ctx, "village"),
        security(&ctx, "alice"),
        security(&ctx, "bob"),
    );
    for held in [&alice, &bob] {
        ctx.open_share_vault(&village, held);
    }
    ctx.open_share_vault(&alice, &bob);
    let holder = alice.issuer_key();
    let deposit = |amount| {
        ctx.deposit_shares_instruction(&village, &alice, &holder, amount)
            .instruction()
    };
    let refuse = |instruction: Instruction, error: UpsideError| ctx.refuse(&[instruction], &[&alice.issuer], error);
    refuse(deposit(0), UpsideError::ZeroAmount);
    refuse(deposit(AUTHORISED + 1), UpsideError::NotEnoughShares);
    let vault = village.keys.vault(&alice.keys.mint);
    refuse(
        replaced(deposit(1), &vault, village.keys.vault(&bob.keys.mint)),
        UpsideError::WrongVault,
    );
    refuse(
        replaced(deposit(1), &vault, alice.keys.vault(&bob.keys.mint)),
        UpsideError::WrongVault,
    );
    // A security never holds itself: it has no vault for its own shares.
    refuse(
        replaced(deposit(1), &village.keys.security, alice.keys.security),
        UpsideError::WrongVault,
    );
    // From itself into itself: a transfer that moves nothing would double the shares.
    refuse(
        replaced(deposit(1), &alice.keys.position(&vault), alice.keys.position(&holder)),
        UpsideError::WrongPosition,
    );
    refuse(
        replaced(
            deposit(1),
            &alice.keys.registered(&vault),
            alice.keys.registered(&holder),
        ),
        UpsideError::WrongRegisteredAccount,
    );
    ctx.deposit_shares(&village, &alice, &alice.issuer, 10);
    for (from, to) in [
        (alice.keys.registered(&vault), alice.keys.registered(&holder)),
        (alice.keys.registered(&holder), alice.keys.registered(&vault)),
    ] {
        refuse(replaced(deposit(1), &from, to), UpsideError::WrongRegisteredAccount);
    }
    for (from, to) in [
        (alice.keys.position(&vault), alice.keys.position(&holder)),
        (alice.keys.position(&holder), alice.keys.position(&vault)),
    ] {
        refuse(replaced(deposit(1), &from, to), UpsideError::WrongPosition);
    }
    // Shares of Bob in the vault for Alice's.
    refuse(
        replaced(deposit(1), &alice.keys.security, bob.keys.security),
        UpsideError::WrongSecurityAccount,
    );
    ctx.assert_registered(&alice, &vault, 10);
    ctx.assert_events_rebuild_state();
}

#[test]
fn no_other_instruction_gives_shares_to_a_vault() {
    let ctx = TestContext::new();
    let (village, alice) = (security(&ctx, "village"), security(&ctx, "alice"));
    let vault = ctx.back_with_shares(&village, &alice, 1_000);
    for holder in [
        vault,
        village.keys.security,
        village.keys.payout_vault(),
        alice.keys.security,
    ] {
        let give = TransferShares {
            keys: &alice.keys,
            payer: ctx.payer.pubkey(),
            from: alice.issuer_key(),
            to: holder,
            amount: 1,
        };
        let result = ctx.try_send(&[give.instruction()], &[&alice.issuer]);
        if holder == village.keys.payout_vault() {
            // A token account is an account of another program; nothing of this program is given away by that.
            result.unwrap();
        } else {
            assert_refused(result, UpsideError::NotAHolder);
        }
    }
    let args = over_time(0, 10, ctx.now() + 8 * DAY, DAY);
    let other = ctx
        .security("other")
        .kind(Kind::Expression, 0)
        .supply(AUTHORISED, 0)
        .create();
    let grant = ctx.create_grant_instruction(&other, &vault, args).instruction();
    ctx.refuse(&[grant], &[&other.issuer], UpsideError::NotAHolder);
    // Shares have no bearer form in a vault for equity.
    let plain = DepositEquity {
        source: ctx.open_account(&ctx.share(&alice), &alice.issuer_key()),
        depositor: alice.issuer_key(),
        ..ctx.deposit_instruction(&village, &ctx.share(&alice), 1)
    };
    ctx.refuse(&[plain.instruction()], &[&alice.issuer], UpsideError::ProtocolShares);
}

#[test]
fn a_vault_address_that_was_given_shares_before_it_opened_keeps_them() {
    let ctx = TestContext::new();
    let (village, alice) = (security(&ctx, "village"), security(&ctx, "alice"));
    let vault = village.keys.vault(&alice.keys.mint);
    // An address with lamports is an account of the system program: it may hold.
    ctx.airdrop(&vault, 1_000_000_000);
    ctx.transfer_shares(&alice, &alice.issuer, &vault, 1_000);
    ctx.distribute(&alice, 700_000_000);
    ctx.warp(DAY);
    ctx.open_share_vault(&village, &alice);
    ctx.deposit_shares(&village, &alice, &alice.issuer, 1_000);
    ctx.assert_registered(&alice, &vault, 2_000);
    assert_eq!(ctx.harvest(&village, &alice), 100_000);
    ctx.redeem(&village, &village.issuer, 0, AUTHORISED / 2);
    assert_eq!(ctx.collect_shares(&village, &alice, &village.issuer, 0), 1_000);
    ctx.assert_events_rebuild_state();
}

#[test]
fn bearer_shares_sent_to_a_vault_count_and_earn_once_registered() {
    let ctx = TestContext::new();
    let (village, alice) = (security(&ctx, "village"), security(&ctx, "alice"));
    let vault = ctx.open_share_vault(&village, &alice);
    let share = ctx.share(&alice);
    let alices = alice.issuer_key();
    ctx.go_bearer(&alice, &alice.issuer, AUTHORISED / 2);
    let send = |to: &Pubkey, atoms| {
        spl_token_2022::instruction::transfer_checked(
            &TOKEN_2022_PROGRAM_ID,
            &share.account_of(&alices),
            &share.mint,
            to,
            &alices,
            &[],
            atoms,
            share.decimals,
        )
        .unwrap()
    };
    let register = ctx.register_vault_bearer_instruction(&village, &alice);
    ctx.refuse(&[register.instruction()], &[], UpsideError::NothingToRegister);
    ctx.send(&[send(&share.account_of(&vault), 250_000)], &[&alice.issuer]);
    ctx.distribute(&alice, 700_000_000);
    // Bearer shares do not count yet.
    ctx.redeem(&village, &village.issuer, 0, 1_000);
    let collect = ctx.collect_shares_instruction(&village, &alice, &village.issuer_key(), 0);
    ctx.send(&[collect.instruction()], &[&village.issuer]);
    assert_eq!(
        ctx.find_position(&alice, &village.issuer_key()).map(|p| p.shares_atoms),
        None
    );
    ctx.warp(DAY);
    let receipt = ctx.send(&[register.instruction()], &[]);
    let [Event::SharesRegistered(registered), Event::SharesDeposited(event)] = receipt.events.as_slice() else {
        panic!("two events")
    };
    assert_eq!(
        (
            registered.security,
            registered.holder,
            registered.amount_atoms,
            registered.totals.registered_atoms
        ),
        (alice.keys.security, vault, 250_000, AUTHORISED / 2 + 250_000)
    );
    assert_eq!(
        (
            event.security,
            event.vault,
            event.depositor,
            event.amount_atoms,
            event.balance_atoms
        ),
        (village.keys.security, vault, Pubkey::default(), 250_000, 250_000)
    );
    ctx.assert_registered(&alice, &vault, 250_000);
    ctx.warp(DAY);
    // The first day is all Alice's, of the second a third the vault's.
    assert_eq!(ctx.harvest(&village, &alice), 33_333_333);
    // From any account that the vault owns, made by anybody.
    let other = upside_lookalike_mints::keys::keypair("another account");
    let rent = 10_000_000;
    let make = [
        system_instruction::create_account(&ctx.payer.pubkey(), &other.pubkey(), rent, 165, &TOKEN_2022_PROGRAM_ID),
        spl_token_2022::instruction::initialize_account3(&TOKEN_2022_PROGRAM_ID, &other.pubkey(), &share.mint, &vault)
            .unwrap(),
        send(&other.pubkey(), 5),
    ];
    ctx.send(&make, &[&other, &alice.issuer]);
    let from = RegisterVaultBearer {
        bearer_account: other.pubkey(),
        ..register
    };
    ctx.send(&[from.instruction()], &[]);
    ctx.assert_registered(&alice, &vault, 250_005);
    ctx.redeem(&village, &village.issuer, 1, 499_500);
    assert_eq!(ctx.collect_shares(&village, &alice, &village.issuer, 1), 125_002);
    ctx.assert_events_rebuild_state();
}

#[test]
fn only_a_vaults_own_bearer_shares_become_its_registered_ones() {
    let ctx = TestContext::new();
    let (village, alice, bob) = (
        security(&ctx, "village"),
        security(&ctx, "alice"),
        security(&ctx, "bob"),
    );
    let curated = ctx
        .security("curated")
        .supply(AUTHORISED, AUTHORISED)
        .curated()
        .create();
    for held in [&alice, &bob, &curated] {
        ctx.back_with_shares(&village, held, 1_000);
    }
    let vault = village.keys.vault(&alice.keys.mint);
    ctx.go_bearer(&alice, &alice.issuer, 1_000);
    let register = ctx.register_vault_bearer_instruction(&village, &alice);
    let refuse = |instruction: Instruction, error: UpsideError| ctx.refuse(&[instruction], &[], error);
    for other in [
        alice.keys.bearer_account(&alice.issuer_key()),
        bob.keys.bearer_account(&village.keys.vault(&bob.keys.mint)),
        ctx.payer.pubkey(),
        alice.keys.registered(&alice.issuer_key()),
    ] {
        let from = RegisterVaultBearer {
            bearer_account: other,
            ..register
        };
        refuse(from.instruction(), UpsideError::WrongBearerAccount);
    }
    // Its registered shares once more.
    let twice = RegisterVaultBearer {
        bearer_account: alice.keys.registered(&vault),
        ..register
    };
    refuse(twice.instruction(), UpsideError::SameAccount);
    refuse(
        ctx.register_vault_bearer_instruction(&village, &curated).instruction(),
        UpsideError::CuratedHasNoBearer,
    );
    refuse(
        replaced(register.instruction(), &village.keys.security, alice.keys.security),
        UpsideError::WrongVault,
    );
    refuse(
        replaced(register.instruction(), &village.keys.security, bob.keys.security),
        UpsideError::WrongVault,
    );
    let send = token::transfer_between_atas(
        &TOKEN_2022_PROGRAM_ID,
        &alice.keys.mint,
        6,
        &alice.issuer_key(),
        &vault,
        1,
    )
    .unwrap();
    ctx.send(&[send], &[&alice.issuer]);
    refuse(
        replaced(
            register.instruction(),
            &alice.keys.position(&vault),
            alice.keys.position(&alice.issuer_key()),
        ),
        UpsideError::WrongPosition,
    );
    refuse(
        replaced(
            register.instruction(),
            &alice.keys.registered(&vault),
            alice.keys.registered(&alice.issuer_key()),
        ),
        UpsideError::WrongRegisteredAccount,
    );
    ctx.send(&[register.instruction()], &[]);
    ctx.assert_registered(&alice, &vault, 1_001);
    ctx.assert_events_rebuild_state();
}

#[test]
fn two_securities_hold_each_other_and_no_account_of_one_passes_for_the_others() {
    let ctx = TestContext::new();
    let (alice, bob) = (security(&ctx, "alice"), security(&ctx, "bob"));
    let in_alice = ctx.back_with_shares(&alice, &bob, AUTHORISED / 2);
    let in_bob = ctx.back_with_shares(&bob, &alice, AUTHORISED / 2);
    ctx.distribute(&alice, 700_000_000);
    ctx.distribute(&bob, 700_000_000);
    ctx.warp(DAY);
    // The accounts of the two directions, one exchanged for its counterpart at a time.
    let pairs = [
        (alice.keys.security, bob.keys.security),
        (in_bob, in_alice),
        (alice.keys.payout_vault(), bob.keys.payout_vault()),
        (alice.keys.position(&in_bob), bob.keys.position(&in_alice)),
        (alice.keys.registered(&in_bob), bob.keys.registered(&in_alice)),
        (alice.keys.mint, bob.keys.mint),
    ];
    let holder = alice.issuer_key();
    ctx.redeem(&bob, &bob.issuer, 0, AUTHORISED / 4);
    let bobs = bob.issuer_key();
    for (instruction, signer) in [
        (ctx.harvest_instruction(&bob, &alice).instruction(), None),
        (
            ctx.deposit_shares_instruction(&bob, &alice, &holder, 10).instruction(),
            Some(&alice.issuer),
        ),
        (
            ctx.collect_shares_instruction(&bob, &alice, &bobs, 0).instruction(),
            Some(&bob.issuer),
        ),
    ] {
        let signers: Vec<&dyn Signer> = signer.iter().map(|signer| *signer as &dyn Signer).collect();
        let named = |key: &Pubkey| instruction.accounts.iter().any(|meta| meta.pubkey == *key);
        let mut tried = 0;
        for (one, other) in pairs.iter().flat_map(|(a, b)| [(a, b), (b, a)]) {
            if named(one) {
                tried += 1;
                let result = ctx.try_send(&[replaced(instruction.clone(), one, *other)], &signers);
                assert!(result.is_err(), "{one} passed for {other}");
            }
        }
        assert!(tried >= 5, "{tried}");
        ctx.send(&[instruction], &signers);
    }
    ctx.assert_registered(&alice, &bobs, AUTHORISED / 8 + 2);
    ctx.assert_events_rebuild_state();
}

#[test]
fn a_planned_redemption_harvests_first_and_collects_shares_like_any_asset() {
    let ctx = TestContext::new();
    let euros = ctx.legacy_mint("euros");
    let (village, alice) = (security(&ctx, "village"), security(&ctx, "alice"));
    let bob = ctx
        .security("bob")
        .supply(AUTHORISED, AUTHORISED)
        .payout(euros)
        .create();
    let curated = ctx
        .security("curated")
        .supply(AUTHORISED, AUTHORISED)
        .curated()
        .create();
    for held in [&alice, &bob, &curated] {
        ctx.back_with_shares(&village, held, AUTHORISED / 2);
    }
    ctx.distribute(&alice, 700_000_000);
    ctx.distribute(&bob, 700_000_000);
    ctx.warp(DAY);
    let carol = ctx.wallet("carol");
    ctx.give_shares(&village, &carol, AUTHORISED / 10);
    let quote = Quote::of_shares(
        &ctx.sender,
        &village.keys.security,
        &carol.pubkey(),
        AUTHORISED / 10,
        &Receivers::new(),
    )
    .unwrap();
    let legs: Vec<_> = quote
        .legs
        .iter()
        .map(|leg| {
            (
                leg.vault.asset_mint,
                leg.part_atoms,
                leg.harvestable_atoms,
                leg.blocks.clone(),
            )
        })
        .collect();
    let not_approved = Block::NotApproved {
        security: curated.keys.security,
    };
    assert_eq!(
        legs,
        [
            (alice.keys.mint, AUTHORISED / 20, 50_000_000, vec![]),
            (bob.keys.mint, AUTHORISED / 20, 50_000_000, vec![]),
            (euros.mint, 0, 0, vec![]),
            (curated.keys.mint, AUTHORISED / 20, 0, vec![not_approved]),
        ]
    );
    let plan = |quote: &Quote| {
        Plan::new(
            &ctx.sender,
            quote,
            ctx.payer.pubkey(),
            0,
            Tolerance::default(),
            &BTreeSet::new(),
        )
        .unwrap()
    };
    let planned = plan(&quote);
    let asset = |security: &TestSecurity| security.keys.mint;
    let steps: Vec<Step> = planned.steps().cloned().collect();
    assert_eq!(
        steps,
        [
            Step::Harvest { asset: asset(&alice) },
            Step::Harvest { asset: asset(&bob) },
            Step::Redeem,
            Step::Collect { asset: asset(&alice) },
            Step::Collect { asset: asset(&bob) },
            Step::Collect { asset: euros.mint },
        ]
    );
    // Somebody harvests between: the plan goes on.
    ctx.harvest(&village, &alice);
    ctx.open_account(&euros, &carol.pubkey());
    let run = |planned: &Plan| {
        let mut run = Run::new(&ctx.sender, planned, &ctx.payer, &carol).unwrap();
        let mut refused = Vec::new();
        while let Some(result) = run.send_next().unwrap() {
            if let StepResult::Refused { step, error } = result {
                refused.push((step, Refusal::from(UpsideError::NothingToHarvest).matches(&error)));
            }
        }
        refused
    };
    assert_eq!(run(&planned), [(Step::Harvest { asset: asset(&alice) }, true)]);
    for held in [&alice, &bob] {
        ctx.assert_registered(held, &carol.pubkey(), AUTHORISED / 20);
    }
    // A tenth of what the harvest brought.
    assert_eq!(ctx.balance(&euros.account_of(&carol.pubkey())), 5_000_000);
    // The rest once the issuer approves, from the ticket alone.
    let ticket = redemption::open_tickets(&ctx.sender, &village.keys, &carol.pubkey()).unwrap()[0];
    let left = || Quote::of_ticket(&ctx.sender, &ticket, &Receivers::new()).unwrap();
    assert!(plan(&left()).is_empty());
    ctx.approve(&curated, &carol.pubkey());
    let rest: Vec<Step> = plan(&left()).steps().cloned().collect();
    assert_eq!(rest, [Step::Collect { asset: asset(&curated) }, Step::Close]);
    assert_eq!(run(&plan(&left())), []);
    ctx.assert_registered(&curated, &carol.pubkey(), AUTHORISED / 20);
    ctx.assert_events_rebuild_state();
}
