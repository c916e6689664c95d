//! A transfer hook that appears after the deposit: what it may do to its own asset, and that it reaches nothing else.

use anchor_lang::{
    prelude::{AccountMeta, Pubkey},
    solana_program::instruction::{error::InstructionError, Instruction},
};
use hook::{Mode, EXECUTE, REFUSED};
use solana_keypair::Keypair;
use solana_signer::Signer;
use upside::{constants::TOKEN_2022_PROGRAM_ID, error::UpsideError};
use upside_client::{events::Event, instructions::Claim, Receipt};
use upside_lookalike_mints::balances::MintRef;
use upside_tests::{
    assert::logs_of,
    context::DAY,
    setup::{hook_program, TestHook},
    Refusal, TestContext, TestSecurity,
};

/// Share atoms authorised in these tests, all of them issued.
const AUTHORISED: u64 = 1_000_000;
/// What each vault holds, atoms.
const HELD: u64 = 2_000_003;
/// What a fifth of the shares collects of it, rounded down.
const FIFTH: u64 = 400_000;

/// Bob has redeemed a fifth of a security with three vaults, of which the second asset can carry a hook.
struct Scene {
    ctx: TestContext,
    alice: TestSecurity,
    bob: Keypair,
    assets: [MintRef; 3],
}

impl Scene {
    fn new() -> Self {
        let ctx = TestContext::new();
        let alice = ctx
            .security("alice")
            .supply(AUTHORISED, AUTHORISED)
            .redeemable(0)
            .create();
        let bob = ctx.wallet("bob");
        ctx.give_shares(&alice, &bob, AUTHORISED / 5);
        let assets = [ctx.legacy_mint("asset"), ctx.equity("ACMEx"), ctx.equity("GLBXx")];
        for asset in &assets {
            ctx.open_vault(&alice, asset);
            ctx.deposit(&alice, asset, HELD);
            ctx.open_account(asset, &bob.pubkey());
        }
        ctx.distribute(&alice, 700_000_000);
        ctx.warp(DAY);
        ctx.redeem(&alice, &bob, 0, AUTHORISED / 5);
        Self {
            ctx,
            alice,
            bob,
            assets,
        }
    }

    fn hooked(&self) -> &MintRef {
        &self.assets[1]
    }

    /// Collects the hooked asset with these accounts behind the instruction's own, given as they are: also those that sign.
    fn collect_with(&self, accounts: &[AccountMeta]) -> Instruction {
        let mut instruction = self
            .ctx
            .collect_instruction(&self.alice, &self.bob.pubkey(), 0, self.hooked())
            .instruction();
        instruction.accounts.extend_from_slice(accounts);
        instruction
    }

    fn assert_paid(&self, receipt: &Receipt, asset: &MintRef) {
        let [Event::AssetCollected(event)] = receipt.events.as_slice() else {
            panic!("one event")
        };
        assert_eq!((event.paid_atoms, event.arrived_atoms), (FIFTH, FIFTH));
        assert_eq!(self.ctx.balance(&asset.account_of(&self.bob.pubkey())), FIFTH);
    }

    /// The two other assets pay, whatever the hooked one does.
    fn others_pay(&self) {
        for asset in [&self.assets[0], &self.assets[2]] {
            let receipt = self.ctx.collect(&self.alice, &self.bob, 0, asset);
            self.assert_paid(&receipt, asset);
        }
    }

    /// The hook blocks its own asset with this error, and no other. Once it lets go, its asset pays as much as ever.
    fn blocks_its_own_leg_only(&self, hook: &TestHook, error: impl Into<Refusal>) {
        let collect = self.collect_with(&hook.accounts());
        self.ctx.refuse(std::slice::from_ref(&collect), &[&self.bob], error);
        self.others_pay();
        let close = self
            .ctx
            .close_redemption_instruction(&self.alice, &self.bob.pubkey(), 0);
        self.ctx
            .refuse(&[close.instruction()], &[&self.bob], UpsideError::NotAllCollected);
        self.ctx.switch_hook(hook, Mode::Accept, &[]);
        let receipt = self.ctx.send(&[collect], &[&self.bob]);
        self.assert_paid(&receipt, self.hooked());
        self.ctx.close_redemption(&self.alice, &self.bob, 0);
        self.ctx.assert_events_rebuild_state();
    }
}

#[test]
fn a_hook_that_appears_stops_deposits_and_gets_the_accounts_it_wants() {
    let scene = Scene::new();
    let (ctx, alice, asset) = (&scene.ctx, &scene.alice, scene.hooked());
    let depositor = ctx.wallet("depositor");
    ctx.fund(asset, &depositor.pubkey(), 10);
    let hook = ctx.set_hook(asset, &[]);
    ctx.switch_hook(&hook, Mode::Count, &[0; 8]);
    let deposit = ctx.deposit_instruction(alice, asset, 10).instruction();
    ctx.refuse(std::slice::from_ref(&deposit), &[&depositor], UpsideError::HookSet);
    let carol = ctx.security("carol").create();
    let open = ctx.open_vault_instruction(&carol, asset).instruction();
    ctx.refuse(&[open], &[&carol.issuer], UpsideError::HookSet);
    // Without the hook's program there is nothing to call; with it, but without its list, the hook misses its switch.
    ctx.refuse(
        &[scene.collect_with(&[])],
        &[&scene.bob],
        Refusal::Plain(TOKEN_2022_PROGRAM_ID, InstructionError::MissingAccount),
    );
    ctx.refuse(
        &[scene.collect_with(&[AccountMeta::new_readonly(hook.program, false)])],
        &[&scene.bob],
        Refusal::Plain(hook_program(), InstructionError::InvalidArgument),
    );
    let receipt = ctx.send(&[scene.collect_with(&hook.accounts())], &[&scene.bob]);
    scene.assert_paid(&receipt, asset);
    assert_eq!(ctx.hook_calls(&hook), 1, "the hook wrote to its own account");
    scene.others_pay();
    // Without the hook deposits go on.
    ctx.point_hook(asset, None);
    ctx.send(&[deposit], &[&depositor]);
    ctx.assert_events_rebuild_state();
}

#[test]
fn the_accounts_of_a_hook_may_come_in_any_order_and_with_more() {
    let scene = Scene::new();
    let hook = scene.ctx.set_hook(scene.hooked(), &[]);
    scene.ctx.switch_hook(&hook, Mode::Count, &[0; 8]);
    let mut accounts = hook.accounts();
    accounts.reverse();
    accounts.push(AccountMeta::new_readonly(scene.ctx.key("nobody"), false));
    // The client drops signatures: nobody would have to sign.
    let collect = upside_client::instructions::Collect {
        hook: accounts,
        ..scene
            .ctx
            .collect_instruction(&scene.alice, &scene.bob.pubkey(), 0, scene.hooked())
    };
    let receipt = scene.ctx.send(&[collect.instruction()], &[&scene.bob]);
    scene.assert_paid(&receipt, scene.hooked());
    assert_eq!(scene.ctx.hook_calls(&hook), 1);
}

#[test]
fn a_hook_that_refuses_blocks_its_own_asset_only() {
    let scene = Scene::new();
    let hook = scene.ctx.set_hook(scene.hooked(), &[]);
    scene.ctx.switch_hook(&hook, Mode::Refuse, &[]);
    scene.blocks_its_own_leg_only(&hook, Refusal::Plain(hook_program(), InstructionError::Custom(REFUSED)));
}

#[test]
fn a_hook_that_burns_compute_blocks_its_own_asset_only() {
    let scene = Scene::new();
    let hook = scene.ctx.set_hook(scene.hooked(), &[]);
    scene.ctx.switch_hook(&hook, Mode::Burn, &[]);
    scene.blocks_its_own_leg_only(
        &hook,
        Refusal::Plain(hook_program(), InstructionError::ProgramFailedToComplete),
    );
}

#[test]
fn a_hook_that_panics_blocks_its_own_asset_only_and_its_log_names_the_place() {
    let scene = Scene::new();
    let hook = scene.ctx.set_hook(scene.hooked(), &[]);
    scene.ctx.switch_hook(&hook, Mode::Panic, &[]);
    let collect = scene.collect_with(&hook.accounts());
    let logs = logs_of(&scene.ctx.try_send(&[collect], &[&scene.bob]).unwrap_err());
    let names_the_place = |line: &str| line.contains("anicked") && line.contains("tests/programs/hook/src/lib.rs");
    assert!(logs.lines().any(names_the_place), "{logs}");
    scene.blocks_its_own_leg_only(
        &hook,
        Refusal::Plain(hook_program(), InstructionError::ProgramFailedToComplete),
    );
}

#[test]
fn a_hook_that_does_not_exist_blocks_its_own_asset_only() {
    let scene = Scene::new();
    let hook = scene.ctx.set_hook(scene.hooked(), &[]);
    let nothing = scene.ctx.key("no program");
    scene.ctx.point_hook(scene.hooked(), Some(nothing));
    let collect = scene.collect_with(&[AccountMeta::new_readonly(nothing, false)]);
    let result = scene.ctx.try_send(&[collect], &[&scene.bob]);
    assert!(result.is_err(), "nothing can be called there");
    scene.others_pay();
    scene.ctx.point_hook(scene.hooked(), Some(hook.program));
    let receipt = scene.ctx.send(&[scene.collect_with(&hook.accounts())], &[&scene.bob]);
    scene.assert_paid(&receipt, scene.hooked());
}

/// The hook calls Upside with a whole instruction of the holder's.
fn re_enters(call: impl FnOnce(&Scene) -> Instruction) {
    let scene = Scene::new();
    let call = call(&scene);
    let mut extra = vec![AccountMeta::new_readonly(call.program_id, false)];
    extra.extend(call.accounts.iter().map(|meta| AccountMeta {
        is_signer: false,
        ..meta.clone()
    }));
    let hook = scene.ctx.set_hook(scene.hooked(), &extra);
    scene.ctx.switch_hook(&hook, Mode::Call, &call.data);
    // A program that is running is not called again from below.
    scene.blocks_its_own_leg_only(
        &hook,
        Refusal::Plain(hook_program(), InstructionError::ReentrancyNotAllowed),
    );
}

#[test]
fn a_hook_cannot_claim_while_an_asset_is_collected() {
    re_enters(|scene| {
        let keys = &scene.alice.keys;
        scene.ctx.open_account(&scene.alice.payout, &scene.bob.pubkey());
        Claim::crank(keys, &scene.ctx.position(&scene.alice, &scene.bob.pubkey())).instruction()
    });
}

#[test]
fn a_hook_cannot_close_the_ticket_while_an_asset_is_collected() {
    re_enters(|scene| {
        scene
            .ctx
            .close_redemption_instruction(&scene.alice, &scene.bob.pubkey(), 0)
            .instruction()
    });
}

#[test]
fn a_hook_cannot_collect_again_while_an_asset_is_collected() {
    let scene = Scene::new();
    // The receiver is named twice, by Token-2022 and by the list; that is what a list may do.
    let again = scene.collect_with(&[]);
    let mut extra = vec![AccountMeta::new_readonly(again.program_id, false)];
    extra.extend(again.accounts.iter().map(|meta| AccountMeta {
        is_signer: false,
        ..meta.clone()
    }));
    let hook = scene.ctx.set_hook(scene.hooked(), &extra);
    scene.ctx.switch_hook(&hook, Mode::Call, &again.data);
    scene.blocks_its_own_leg_only(
        &hook,
        Refusal::Plain(hook_program(), InstructionError::ReentrancyNotAllowed),
    );
}

/// The hook wants the signature of an account that signs the transaction, and its list says so.
fn demands_the_signature_of(signer: impl FnOnce(&Scene) -> Pubkey) {
    let scene = Scene::new();
    let signer = signer(&scene);
    let hook = scene.ctx.set_hook(scene.hooked(), &[AccountMeta::new(signer, true)]);
    scene.ctx.switch_hook(&hook, Mode::DemandSignature, &[]);
    // Called with the signature the hook is content: below it refuses for want of it, and of nothing else.
    let unused = AccountMeta::new_readonly(hook.list, false);
    let mut accounts = vec![unused; 5];
    accounts.extend(hook.accounts());
    let direct = Instruction {
        program_id: hook.program,
        accounts,
        data: EXECUTE.to_vec(),
    };
    scene.ctx.send(&[direct], &[&scene.bob]);
    // The account is given to collect as a signer, which our client would not do.
    assert!(hook.accounts().iter().any(|meta| meta.is_signer));
    scene.blocks_its_own_leg_only(
        &hook,
        Refusal::Plain(hook_program(), InstructionError::MissingRequiredSignature),
    );
}

#[test]
fn a_hook_is_not_given_the_holders_signature() {
    demands_the_signature_of(|scene| scene.bob.pubkey());
}

#[test]
fn a_hook_is_not_given_the_payers_signature() {
    demands_the_signature_of(|scene| scene.ctx.payer.pubkey());
}

#[test]
fn accounts_for_a_hook_do_not_disturb_assets_without_one() {
    let scene = Scene::new();
    scene.ctx.load_hook_program();
    let more: Vec<AccountMeta> = [
        scene.ctx.payer.pubkey(),
        hook_program(),
        Pubkey::new_from_array([7; 32]),
    ]
    .map(|key| AccountMeta::new_readonly(key, false))
    .into();
    for asset in &scene.assets {
        let mut collect = scene
            .ctx
            .collect_instruction(&scene.alice, &scene.bob.pubkey(), 0, asset)
            .instruction();
        collect.accounts.extend_from_slice(&more);
        let receipt = scene.ctx.send(&[collect], &[&scene.bob]);
        scene.assert_paid(&receipt, asset);
    }
}

#[test]
fn a_wallet_of_another_program_redeems_and_collects_below_a_hook() {
    let ctx = TestContext::new();
    let alice = ctx
        .security("alice")
        .supply(AUTHORISED, AUTHORISED)
        .redeemable(0)
        .create();
    let asset = ctx.equity("ACMEx");
    ctx.open_vault(&alice, &asset);
    ctx.deposit(&alice, &asset, HELD);
    let wallet = ctx.relay_wallet();
    ctx.transfer_shares(&alice, &alice.issuer, &wallet, AUTHORISED / 5);
    ctx.open_account(&asset, &wallet);
    let hook = ctx.set_hook(&asset, &[]);
    ctx.switch_hook(&hook, Mode::Count, &[0; 8]);
    // Nobody signs but the wallet's program. The deepest call is the hook's: wallet, Upside, Token-2022, hook.
    let redeem = ctx.redeem_instruction(&alice, &wallet, 0, AUTHORISED / 5);
    ctx.send(&[ctx.relay(&redeem.instruction())], &[]);
    let collect = upside_client::instructions::Collect {
        hook: hook.accounts(),
        ..ctx.collect_instruction(&alice, &wallet, 0, &asset)
    };
    ctx.send(&[ctx.relay(&collect.instruction())], &[]);
    assert_eq!(ctx.balance(&asset.account_of(&wallet)), FIFTH);
    assert_eq!(ctx.hook_calls(&hook), 1);
    let close = ctx.close_redemption_instruction(&alice, &wallet, 0);
    ctx.send(&[ctx.relay(&close.instruction())], &[]);
    ctx.assert_events_rebuild_state();
}
