//! The client's plans against real transfer hooks: it finds what they want by their own rules, says what they refuse, and no hostile one costs
//! the holder another asset.

use std::collections::BTreeSet;

use anchor_lang::prelude::{AccountMeta, Pubkey};
use hook::{Mode, EXECUTE};
use solana_keypair::Keypair;
use solana_signer::Signer;
use upside_client::{
    redemption::{self, Plan, Quote, Receivers, Run, Step, StepResult, Tolerance},
    Receipt,
};
use upside_lookalike_mints::balances::MintRef;
use upside_tests::{
    context::DAY,
    setup::{hook_program, TestHook},
    TestContext, TestSecurity,
};

/// Share atoms authorised, all of them issued.
const AUTHORISED: u64 = 1_000_000;
/// What each vault holds, atoms.
const HELD: u64 = 2_000_003;
/// What a fifth of the shares collects of it, rounded down.
const FIFTH: u64 = 400_000;

/// Bob has a fifth of a security with three vaults; hooks sit on the last two assets.
struct Scene {
    ctx: TestContext,
    alice: TestSecurity,
    bob: Keypair,
    assets: [MintRef; 3],
    hooks: [TestHook; 2],
}

impl Scene {
    fn new() -> Self {
        // A plan is rehearsed before anybody has signed, as an RPC server simulates it.
        let ctx = TestContext::without_signatures();
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
        }
        ctx.warp(DAY);
        let hooks = [&assets[1], &assets[2]].map(|asset| ctx.set_hook(asset, &[]));
        Self {
            ctx,
            alice,
            bob,
            assets,
            hooks,
        }
    }

    fn quote(&self) -> Quote {
        let sender = &self.ctx.sender;
        let (security, holder) = (self.alice.keys.security, self.bob.pubkey());
        match redemption::open_tickets(sender, &self.alice.keys, &holder)
            .unwrap()
            .first()
        {
            Some(ticket) => Quote::of_ticket(sender, ticket, &Receivers::new()).unwrap(),
            None => Quote::of_shares(sender, &security, &holder, AUTHORISED / 5, &Receivers::new()).unwrap(),
        }
    }

    fn plan(&self, quote: &Quote) -> Plan {
        let payer = self.ctx.payer.pubkey();
        Plan::new(
            &self.ctx.sender,
            quote,
            payer,
            0,
            Tolerance::default(),
            &BTreeSet::new(),
        )
        .unwrap()
    }

    /// Carries a plan out; returns what landed and the assets that were refused.
    fn run(&self, plan: &Plan) -> (Vec<Receipt>, Vec<Pubkey>) {
        let mut run = Run::new(&self.ctx.sender, plan, &self.ctx.payer, &self.bob).unwrap();
        let (mut receipts, mut refused) = (Vec::new(), Vec::new());
        while let Some(result) = run.send_next().unwrap() {
            match result {
                StepResult::Done { receipt, .. } => receipts.push(*receipt),
                StepResult::Refused {
                    step: Step::Collect { asset },
                    ..
                } => refused.push(asset),
                StepResult::Refused { step, error } => panic!("{step:?}: {error}"),
            }
        }
        (receipts, refused)
    }

    fn received(&self) -> [u64; 3] {
        let holder = self.bob.pubkey();
        [0, 1, 2].map(|index| {
            let account = self.assets[index].account_of(&holder);
            self.ctx.account(&account).map_or(0, |_| self.ctx.balance(&account))
        })
    }
}

/// An entry of a hook's list: kind, 32 bytes of configuration, signer, writable.
fn entry(kind: u8, config: &[u8], writable: bool) -> Vec<u8> {
    let mut entry = vec![kind];
    entry.extend_from_slice(config);
    entry.resize(33, 0);
    entry.extend([0, u8::from(writable)]);
    entry
}

#[test]
fn the_accounts_of_a_hook_are_found_by_every_rule_of_its_list() {
    let scene = Scene::new();
    let (ctx, hook) = (&scene.ctx, &scene.hooks[0]);
    // A key inside the switch's data, behind its first byte and its count.
    let named = ctx.key("named by data");
    ctx.switch_hook(hook, Mode::Count, &[&[0; 8][..], named.as_ref()].concat());
    let entries = [
        entry(0, hook.switch.as_ref(), true),
        // From text, the mint, the amount in the call, and four bytes of the receiving account's data.
        entry(1, &[1, 4, b's', b'e', b'e', b'd', 3, 1, 2, 8, 8, 4, 2, 32, 4], false),
        // Of the program at index 3, the vault's address, which owns nothing: from the source.
        entry(128 + 3, &[3, 0], false),
        // The key in account 5's data.
        entry(2, &[2, 5, 9], false),
    ];
    let body = [
        &u32::try_from(entries.len()).unwrap().to_le_bytes()[..],
        &entries.concat(),
    ]
    .concat();
    let data = [&EXECUTE[..], &u32::try_from(body.len()).unwrap().to_le_bytes(), &body].concat();
    ctx.patch_account(&hook.list, |account| {
        account.lamports *= 10;
        account.data = data;
    });
    // Seeds that read the receiver's data need the receiver.
    ctx.open_account(&scene.assets[1], &scene.bob.pubkey());

    let quote = scene.quote();
    let leg = &quote.legs[1];
    let derived = Pubkey::find_program_address(
        &[
            b"seed",
            scene.assets[1].mint.as_ref(),
            &FIFTH.to_le_bytes(),
            &scene.bob.pubkey().as_ref()[..4],
        ],
        &hook_program(),
    )
    .0;
    let of_vault = Pubkey::find_program_address(&[leg.vault.token_account.as_ref()], &leg.vault_address).0;
    assert_eq!(
        leg.hook,
        [
            AccountMeta::new(hook.switch, false),
            AccountMeta::new_readonly(derived, false),
            AccountMeta::new_readonly(of_vault, false),
            AccountMeta::new_readonly(named, false),
            AccountMeta::new_readonly(hook.program, false),
            AccountMeta::new_readonly(hook.list, false),
        ]
    );
    // Token-2022 resolves the list again and refuses if one of them is missing.
    let (_, refused) = scene.run(&scene.plan(&quote));
    assert!(refused.is_empty(), "{refused:?}");
    assert_eq!(ctx.hook_calls(hook), 1);
    assert_eq!(scene.received(), [FIFTH; 3]);
    ctx.assert_events_rebuild_state();
}

#[test]
fn a_list_that_cannot_be_read_blocks_its_own_asset_and_the_others_pay() {
    let scene = Scene::new();
    scene.ctx.patch_account(&scene.hooks[0].list, |account| {
        account.data = [&EXECUTE[..], &[4, 0, 0, 0], &[9, 0, 0, 0]].concat();
    });
    let quote = scene.quote();
    assert!(quote.legs[1].blocks[0].to_string().contains("cannot be served"));
    let (_, refused) = scene.run(&scene.plan(&quote));
    assert!(refused.is_empty());
    assert_eq!(scene.received(), [FIFTH, 0, FIFTH]);
}

#[test]
fn what_a_hook_refuses_is_known_before_signing_and_costs_no_other_asset() {
    for mode in [Mode::Refuse, Mode::Burn] {
        let scene = Scene::new();
        scene.ctx.switch_hook(&scene.hooks[0], mode, &[]);
        let quote = scene.quote();
        assert!(quote.legs.iter().all(redemption::Leg::is_free));
        let plan = scene.plan(&quote);
        let rehearsed = plan.rehearse(&scene.ctx.sender, &scene.ctx.payer).unwrap();
        let assets: Vec<Pubkey> = rehearsed.iter().map(|(asset, _)| *asset).collect();
        assert_eq!(assets, [scene.assets[1].mint], "{mode:?}");

        let (_, refused) = scene.run(&plan);
        assert_eq!(refused, [scene.assets[1].mint], "{mode:?}");
        assert_eq!(scene.received(), [FIFTH, 0, FIFTH], "{mode:?}");

        // The ticket stays open, and goes on when the hook lets go.
        scene.ctx.switch_hook(&scene.hooks[0], Mode::Accept, &[]);
        let (receipts, refused) = scene.run(&scene.plan(&scene.quote()));
        assert!(refused.is_empty() && !receipts.is_empty());
        assert_eq!(scene.received(), [FIFTH; 3]);
        let open = redemption::open_tickets(&scene.ctx.sender, &scene.alice.keys, &scene.bob.pubkey()).unwrap();
        assert!(open.is_empty());
        scene.ctx.assert_events_rebuild_state();
    }
}
