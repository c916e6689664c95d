//! Redemption when assets misbehave: the others pay, the blocked one pays when it can, everyone shares gains and losses alike.
//!
//! Every asset here is a look-alike that carries its extensions together, as real tokenised stocks do.

use anchor_lang::prelude::Pubkey;
use anchor_spl::token_2022::spl_token_2022::{
    error::TokenError,
    extension::{cpi_guard, memo_transfer, transfer_fee, ExtensionType},
    instruction as token,
};
use solana_keypair::Keypair;
use solana_signer::Signer;
use upside::{constants::TOKEN_2022_PROGRAM_ID, error::UpsideError, state::Redemption};
use upside_client::{
    events::{AssetCollected, Event},
    instructions::Collect,
};
use upside_lookalike_mints::{balances::MintRef, Extension};
use upside_tests::{TestContext, TestSecurity};

const PROGRAM: &Pubkey = &TOKEN_2022_PROGRAM_ID;

/// Share atoms authorised in these tests, all of them issued.
const AUTHORISED: u64 = 1_000_000;
/// What each vault holds at the beginning, atoms: no multiple of anything.
const HELD: u64 = 1_000_003;
/// Share atoms of the three holders: one tenth, three tenths, the rest.
const SHARES: [u64; 3] = [100_000, 300_000, 600_000];

/// Everything that a tokenised stock may carry, at once; the fee is still zero.
const EVERYTHING: &[Extension] = &[
    Extension::Metadata,
    Extension::ScaledUiAmount { multiplier: 1.0 },
    Extension::PermanentDelegate,
    Extension::Pausable,
    Extension::DefaultAccountState { frozen: false },
    Extension::ConfidentialTransfer,
    Extension::TransferFee {
        bps: 0,
        maximum_atoms: u64::MAX,
    },
    Extension::ConfidentialTransferFee,
    Extension::TransferHook { program: None },
    Extension::MintCloseAuthority,
];

/// `floor(balance * shares / divisor)`, computed here once more.
fn part(balance: u64, shares: u64, divisor: u64) -> u64 {
    u64::try_from(u128::from(balance) * u128::from(shares) / u128::from(divisor)).expect("a part")
}

/// A security with four vaults, held by three.
struct Scene {
    ctx: TestContext,
    alice: TestSecurity,
    holders: [Keypair; 3],
    assets: [MintRef; 4],
}

impl Scene {
    /// Nobody has redeemed yet.
    fn held() -> Self {
        let ctx = TestContext::new();
        let alice = ctx
            .security("alice")
            .supply(AUTHORISED, AUTHORISED)
            .redeemable(0)
            .create();
        let holders = [ctx.wallet("bob"), ctx.wallet("carol"), ctx.wallet("alice")];
        for at in [0, 1] {
            ctx.give_shares(&alice, &holders[at], SHARES[at]);
        }
        let everything = ctx.mint_with("everything", EVERYTHING);
        // A mint that can be closed backs only while somebody has some of it.
        ctx.fund(&everything, &ctx.key("somebody"), 1);
        let assets = [
            ctx.legacy_mint("asset"),
            ctx.equity("ACMEx"),
            ctx.equity("INITx"),
            everything,
        ];
        for asset in &assets {
            ctx.open_vault(&alice, asset);
            ctx.deposit(&alice, asset, HELD);
            for holder in &holders {
                ctx.fund(asset, &holder.pubkey(), 0);
            }
        }
        Self {
            ctx,
            alice,
            holders,
            assets,
        }
    }

    /// All three have redeemed all they have, and collected nothing.
    fn redeemed() -> Self {
        let scene = Self::held();
        for (holder, shares) in scene.holders.iter().zip(SHARES) {
            scene.ctx.redeem(&scene.alice, holder, 0, shares);
        }
        scene
    }

    fn everything(&self) -> &MintRef {
        &self.assets[3]
    }

    fn vault_account(&self, asset: &MintRef) -> Pubkey {
        asset.account_of(&self.alice.keys.vault(&asset.mint))
    }

    /// What the vault holds now.
    fn in_vault(&self, asset: &MintRef) -> u64 {
        self.ctx.balance(&self.vault_account(asset))
    }

    fn collect_of(&self, holder: usize, asset: &MintRef) -> Collect<'_> {
        self.ctx
            .collect_instruction(&self.alice, &self.holders[holder].pubkey(), 0, asset)
    }

    /// A holder collects; the vault loses exactly what is paid, which is exactly their part of what it held.
    fn collects(&self, holder: usize, asset: &MintRef, divisor: u64) -> AssetCollected {
        let before = self.in_vault(asset);
        let collect = self.collect_of(holder, asset).instruction();
        let receipt = self.ctx.send(&[collect], &[&self.holders[holder]]);
        let [Event::AssetCollected(event)] = receipt.events.as_slice() else {
            panic!("one event")
        };
        assert_eq!(event.paid_atoms, part(before, SHARES[holder], divisor));
        assert_eq!(self.in_vault(asset), before - event.paid_atoms);
        event.clone()
    }

    fn refuses(&self, holder: usize, asset: &MintRef, error: impl Into<upside_tests::Refusal>) {
        let collect = self.collect_of(holder, asset).instruction();
        self.ctx.refuse(&[collect], &[&self.holders[holder]], error);
    }

    /// Every holder collects every asset but `blocked`, in turn, each their exact part.
    fn others_pay(&self, blocked: &MintRef) {
        for asset in self.assets.iter().filter(|asset| *asset != blocked) {
            self.all_collect(asset);
        }
    }

    /// All three collect, one after another: each the exact part of what is left, the last one all of it.
    fn all_collect(&self, asset: &MintRef) {
        let mut divisor = AUTHORISED;
        for (holder, shares) in SHARES.iter().enumerate() {
            self.collects(holder, asset, divisor);
            divisor -= shares;
        }
        assert_eq!(self.in_vault(asset), 0);
    }

    /// With everything collected the tickets close.
    fn close(&self) {
        for holder in &self.holders {
            self.ctx.close_redemption(&self.alice, holder, 0);
        }
        self.ctx.assert_events_rebuild_state();
    }

    fn issuer_does(&self, instruction: anchor_lang::solana_program::instruction::Instruction, asset: &MintRef) {
        self.ctx.send(&[instruction], &[&self.ctx.authority_of(asset)]);
    }

    fn authority(&self, asset: &MintRef) -> Pubkey {
        self.ctx.authority_of(asset).pubkey()
    }

    /// The asset's issuer takes atoms out of the vault, as permanent delegate.
    fn claw_back(&self, asset: &MintRef, atoms: u64) {
        let authority = self.authority(asset);
        let home = self.ctx.open_account(asset, &authority);
        let claw = asset
            .claw_back(&authority, &self.vault_account(asset), &home, atoms)
            .expect("instruction");
        self.issuer_does(claw, asset);
    }
}

#[test]
fn whoever_collects_first_or_last_has_the_same_part_up_to_rounding() {
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let scene = Scene::redeemed();
        for asset in &scene.assets {
            let mut divisor = AUTHORISED;
            for (before, holder) in order.into_iter().enumerate() {
                let paid = scene.collects(holder, asset, divisor).paid_atoms;
                divisor -= SHARES[holder];
                // What is rounded off stays for those who come later: less than an atom for each who came before.
                let exact = part(HELD, SHARES[holder], AUTHORISED);
                assert!(
                    (exact..=exact + before as u64).contains(&paid),
                    "{order:?}: {paid} of {exact}"
                );
            }
            assert_eq!(scene.in_vault(asset), 0);
        }
        scene.close();
    }
}

#[test]
fn a_clawback_and_a_donation_are_shared_by_all_who_have_not_collected() {
    for change in [-400_000_i64, 400_000] {
        let scene = Scene::redeemed();
        let asset = scene.everything();
        // Bob is paid before: his part neither shrinks nor grows.
        scene.collects(0, asset, AUTHORISED);
        assert_eq!(
            scene.ctx.balance(&asset.account_of(&scene.holders[0].pubkey())),
            100_000
        );
        if change < 0 {
            scene.claw_back(asset, change.unsigned_abs());
        } else {
            // Straight to the vault's account, past `deposit_equity`.
            scene
                .ctx
                .fund(asset, &scene.alice.keys.vault(&asset.mint), change.unsigned_abs());
        }
        // 900,003 are left, less or more the change; carol has a third of that and alice two thirds.
        let left = 900_003_u64.checked_add_signed(change).expect("positive");
        assert_eq!(scene.collects(1, asset, 900_000).paid_atoms, left / 3);
        assert_eq!(scene.collects(2, asset, 600_000).paid_atoms, left - left / 3);
        scene.others_pay(asset);
        scene.close();
    }
}

#[test]
fn a_transfer_fee_switched_on_later_takes_from_the_receiver_only() {
    let scene = Scene::redeemed();
    let asset = scene.everything();
    let set =
        transfer_fee::instruction::set_transfer_fee(PROGRAM, &asset.mint, &scene.authority(asset), &[], 500, u64::MAX)
            .expect("instruction");
    scene.issuer_does(set, asset);
    // It applies two epochs later.
    {
        let mut svm = scene.ctx.sender.svm();
        let mut clock = svm.get_sysvar::<anchor_lang::prelude::Clock>();
        clock.epoch += 2;
        svm.set_sysvar(&clock);
    }
    let event = scene.collects(0, asset, AUTHORISED);
    assert_eq!((event.paid_atoms, event.arrived_atoms), (100_000, 95_000));
    let least = Collect {
        least_atoms: 285_001,
        ..scene.collect_of(1, asset)
    };
    scene.ctx.refuse(
        &[least.instruction()],
        &[&scene.holders[1]],
        UpsideError::TooLittleArrived,
    );
    // The fee that bob's transfer paid is none of the others' business.
    let event = scene.collects(1, asset, 900_000);
    assert_eq!((event.paid_atoms, event.arrived_atoms), (300_001, 285_000));
    let event = scene.collects(2, asset, 600_000);
    assert_eq!((event.paid_atoms, event.arrived_atoms), (600_002, 570_001));
    scene.others_pay(asset);
    scene.close();
}

#[test]
fn a_changed_multiplier_changes_no_atom() {
    let scene = Scene::redeemed();
    let asset = scene.everything();
    scene.collects(0, asset, AUTHORISED);
    let set = asset
        .set_multiplier(&scene.authority(asset), 2.5, scene.ctx.now())
        .expect("instruction");
    scene.issuer_does(set, asset);
    assert_eq!(scene.collects(1, asset, 900_000).paid_atoms, 300_001);
    assert_eq!(scene.collects(2, asset, 600_000).paid_atoms, 600_002);
    scene.others_pay(asset);
    scene.close();
}

#[test]
fn a_paused_asset_blocks_itself_only_and_pays_when_it_resumes() {
    let scene = Scene::redeemed();
    let asset = scene.everything();
    scene.issuer_does(asset.pause(&scene.authority(asset)).expect("instruction"), asset);
    for holder in 0..3 {
        scene.refuses(holder, asset, TokenError::MintPaused);
    }
    scene.others_pay(asset);
    let close = scene
        .ctx
        .close_redemption_instruction(&scene.alice, &scene.holders[0].pubkey(), 0);
    scene.ctx.refuse(
        &[close.instruction()],
        &[&scene.holders[0]],
        UpsideError::NotAllCollected,
    );
    scene.issuer_does(asset.resume(&scene.authority(asset)).expect("instruction"), asset);
    scene.all_collect(asset);
    scene.close();
}

#[test]
fn a_frozen_vault_account_blocks_its_asset_only_and_pays_when_thawed() {
    // The legacy mint too: whoever may freeze, may freeze a vault's account.
    for at in 0..4 {
        let scene = Scene::redeemed();
        let asset = &scene.assets[at];
        let vault = scene.alice.keys.vault(&asset.mint);
        let authority = scene.authority(asset);
        scene.issuer_does(asset.freeze(&authority, &vault).expect("instruction"), asset);
        for holder in 0..3 {
            scene.refuses(holder, asset, UpsideError::VaultAccountFrozen);
        }
        scene.others_pay(asset);
        scene.issuer_does(asset.thaw(&authority, &vault).expect("instruction"), asset);
        scene.all_collect(asset);
        scene.close();
    }
}

#[test]
fn a_receiver_that_cannot_receive_blocks_its_own_leg_only() {
    let scene = Scene::redeemed();
    for asset in &scene.assets {
        let bob = &scene.holders[0];
        let account = asset.account_of(&bob.pubkey());
        let to = |receiver: Pubkey| {
            Collect {
                receiver,
                ..scene.collect_of(0, asset)
            }
            .instruction()
        };
        let refuse = |receiver| scene.ctx.refuse(&[to(receiver)], &[bob], UpsideError::BadReceiver);
        // Missing; of another asset; frozen.
        refuse(asset.account_of(&scene.ctx.key("nobody")));
        let other = scene
            .assets
            .iter()
            .find(|other| *other != asset)
            .expect("another asset");
        refuse(other.account_of(&bob.pubkey()));
        let authority = scene.authority(asset);
        scene.issuer_does(asset.freeze(&authority, &bob.pubkey()).expect("instruction"), asset);
        refuse(account);
        // The others are not held up, and a ticket may pay to somebody else's account.
        scene.collects(1, asset, AUTHORISED);
        let friend = scene.ctx.fund(asset, &scene.ctx.key("friend"), 0);
        let part = part(scene.in_vault(asset), SHARES[0], 700_000);
        scene.ctx.send(&[to(friend)], &[bob]);
        assert_eq!((scene.ctx.balance(&friend), scene.ctx.balance(&account)), (part, 0));
        scene.collects(2, asset, 600_000);
    }
    scene.close();
}

#[test]
fn a_receiver_that_requires_memos_gets_one() {
    let scene = Scene::redeemed();
    for asset in &scene.assets[1..] {
        let bob = &scene.holders[0];
        let account = asset.account_of(&bob.pubkey());
        let (payer, key) = (scene.ctx.payer.pubkey(), bob.pubkey());
        let room = token::reallocate(PROGRAM, &account, &payer, &key, &[], &[ExtensionType::MemoTransfer]);
        let demand = memo_transfer::instruction::enable_required_transfer_memos(PROGRAM, &account, &key, &[]);
        scene
            .ctx
            .send(&[room.expect("instruction"), demand.expect("instruction")], &[bob]);
        scene.all_collect(asset);
        assert_eq!(scene.ctx.balance(&account), 100_000);
    }
    scene.all_collect(&scene.assets[0]);
    scene.close();
}

#[test]
fn an_emptied_vault_is_collected_without_mint_and_receiver() {
    let scene = Scene::redeemed();
    let asset = scene.everything();
    let authority = scene.authority(asset);
    scene.claw_back(asset, HELD);
    // The issuer burns all there is and closes the mint.
    let mut last = Vec::new();
    for owner in [authority, scene.ctx.key("somebody")] {
        let account = asset.account_of(&owner);
        let atoms = scene.ctx.balance(&account);
        last.push(token::burn(PROGRAM, &account, &asset.mint, &authority, &[], atoms).expect("instruction"));
    }
    last.push(token::close_account(PROGRAM, &asset.mint, &authority, &authority, &[]).expect("instruction"));
    scene.ctx.send(&last, &[&scene.ctx.authority_of(asset)]);
    assert_eq!(scene.ctx.account(&asset.mint), None);
    for (holder, signer) in scene.holders.iter().enumerate() {
        let collect = Collect {
            receiver: scene.ctx.key("nobody"),
            ..scene.collect_of(holder, asset)
        };
        let asking = Collect {
            least_atoms: 1,
            ..collect.clone()
        };
        scene
            .ctx
            .refuse(&[asking.instruction()], &[signer], UpsideError::TooLittleArrived);
        let receipt = scene.ctx.send(&[collect.instruction()], &[signer]);
        let [Event::AssetCollected(event)] = receipt.events.as_slice() else {
            panic!("one event")
        };
        assert_eq!(
            (event.paid_atoms, event.arrived_atoms, event.receiver),
            (0, 0, Pubkey::default())
        );
    }
    scene.others_pay(asset);
    scene.close();
}

#[test]
fn what_is_paused_frozen_and_clawed_back_at_once_still_blocks_nothing_else() {
    let scene = Scene::held();
    let (paused, frozen, clawed) = (&scene.assets[1], &scene.assets[2], &scene.assets[3]);
    let authority = scene.authority(paused);
    scene.issuer_does(paused.pause(&authority).expect("instruction"), paused);
    let vault = scene.alice.keys.vault(&frozen.mint);
    scene.issuer_does(frozen.freeze(&authority, &vault).expect("instruction"), frozen);
    scene.claw_back(clawed, HELD / 2);
    // Redeeming itself touches no asset.
    for (holder, shares) in scene.holders.iter().zip(SHARES) {
        scene.ctx.redeem(&scene.alice, holder, 0, shares);
    }
    scene.refuses(0, paused, TokenError::MintPaused);
    scene.refuses(0, frozen, UpsideError::VaultAccountFrozen);
    scene.all_collect(clawed);
    scene.all_collect(&scene.assets[0]);
    scene.issuer_does(paused.resume(&authority).expect("instruction"), paused);
    scene.issuer_does(frozen.thaw(&authority, &vault).expect("instruction"), frozen);
    scene.all_collect(paused);
    scene.all_collect(frozen);
    scene.close();
}

/// One ticket, this many vaults: two kinds of asset in turn, and every part exact.
fn collects_from(vaults: u16) {
    let ctx = TestContext::without_signatures();
    let alice = ctx
        .security("alice")
        .supply(AUTHORISED, AUTHORISED)
        .redeemable(0)
        .create();
    let assets: Vec<MintRef> = (0..vaults)
        .map(|at| {
            let label = format!("asset {at}");
            if at % 2 == 0 {
                ctx.legacy_mint(&label)
            } else {
                ctx.mint_with(&label, &EVERYTHING[1..9])
            }
        })
        .collect();
    for (at, asset) in (1..).zip(&assets) {
        ctx.open_vault(&alice, asset);
        ctx.deposit(&alice, asset, 1_000 * at + 7);
        ctx.open_account(asset, &alice.issuer_key());
    }
    ctx.redeem(&alice, &alice.issuer, 0, AUTHORISED / 4);
    let ticket = alice.keys.redemption(&alice.issuer_key(), 0);
    for (at, asset) in (1..).zip(&assets) {
        let close = ctx.close_redemption_instruction(&alice, &alice.issuer_key(), 0);
        ctx.refuse(&[close.instruction()], &[&alice.issuer], UpsideError::NotAllCollected);
        let collect = ctx.collect_instruction(&alice, &alice.issuer_key(), 0, asset);
        ctx.send(&[collect.instruction()], &[&alice.issuer]);
        assert_eq!(
            ctx.balance(&asset.account_of(&alice.issuer_key())),
            part(1_000 * at + 7, 1, 4)
        );
    }
    // The same size for one vault and for all that there can be.
    let size = ctx.account(&ticket).expect("a ticket").data.len();
    assert_eq!(size, Redemption::SPACE);
    assert!(size < 200, "{size}");
    ctx.close_redemption(&alice, &alice.issuer, 0);
    ctx.assert_events_rebuild_state();
}

#[test]
fn a_ticket_collects_from_sixty_four_vaults() {
    collects_from(64);
}

#[test]
fn a_ticket_collects_from_as_many_vaults_as_there_can_be() {
    collects_from(256);
}

#[test]
fn a_cpi_guard_keeps_only_its_own_holder_from_redeeming() {
    let scene = Scene::held();
    let (ctx, alice, bob) = (&scene.ctx, &scene.alice, &scene.holders[0]);
    let registered = alice.keys.registered(&bob.pubkey());
    let (payer, key) = (ctx.payer.pubkey(), bob.pubkey());
    let room = token::reallocate(PROGRAM, &registered, &payer, &key, &[], &[ExtensionType::CpiGuard]);
    let guard = cpi_guard::instruction::enable_cpi_guard(PROGRAM, &registered, &key, &[]);
    ctx.send(&[room.expect("instruction"), guard.expect("instruction")], &[bob]);
    let redeem = ctx.redeem_instruction(alice, &key, 0, SHARES[0]).instruction();
    ctx.refuse(std::slice::from_ref(&redeem), &[bob], TokenError::CpiGuardBurnBlocked);
    ctx.redeem(alice, &scene.holders[1], 0, SHARES[1]);
    let guard = cpi_guard::instruction::disable_cpi_guard(PROGRAM, &registered, &key, &[]);
    ctx.send(&[guard.expect("instruction")], &[bob]);
    ctx.send(&[redeem], &[bob]);
    ctx.assert_registered(alice, &key, 0);
    ctx.assert_events_rebuild_state();
}

#[test]
fn curated_shares_redeem_without_an_approval() {
    let ctx = TestContext::new();
    let alice = ctx
        .security("alice")
        .curated()
        .supply(AUTHORISED, AUTHORISED)
        .redeemable(0)
        .create();
    let bob = ctx.wallet("bob");
    ctx.give_shares(&alice, &bob, 10_000);
    let asset = ctx.equity("INITx");
    ctx.open_vault(&alice, &asset);
    ctx.deposit(&alice, &asset, HELD);
    let remove = upside_client::instructions::RemoveApproval {
        keys: &alice.keys,
        issuer: alice.issuer_key(),
        holder: bob.pubkey(),
        rent_payer: ctx.payer.pubkey(),
    };
    ctx.send(&[remove.instruction()], &[&alice.issuer]);
    ctx.redeem(&alice, &bob, 0, 10_000);
    ctx.collect(&alice, &bob, 0, &asset);
    assert_eq!(ctx.balance(&asset.account_of(&bob.pubkey())), 10_000);
    ctx.close_redemption(&alice, &bob, 0);
    ctx.assert_events_rebuild_state();
}
