//! Every instruction that an issuer signs: none lowers what a holder is owed.
//!
//! The same story runs with and without it: a holder with shares, money on its way, backing and a grant half vested. What the holder gets in
//! the end, money and backing, must be at least what they get without it.

use std::collections::BTreeMap;

use anchor_lang::prelude::Pubkey;
use solana_keypair::Keypair;
use solana_signer::Signer;
use upside::{
    error::UpsideError,
    instructions::{collective::CreateCollectiveArgs, round::CreateRoundArgs, security::UpdateMetadataArgs},
};
use upside_client::instructions::{
    AcceptIssuer, AdvanceRedemption, ApproveHolder, Issue, PostUpdate, ProposeIssuer, RemoveApproval, Retire,
    UpdateMetadata,
};
use upside_lookalike_mints::{balances::MintRef, Extension};
use upside_tests::{
    context::{DAY, START_TS},
    setup::{a_tenth, over_time, public_round},
    TestContext, TestSecurity,
};

/// What a holder has in the end: money claimed, backing collected.
type Gets = [u64; 2];

/// The holder's grant.
const GRANT: u64 = 1;

/// Where the issuer acts.
struct Scene {
    ctx: TestContext,
    alice: TestSecurity,
    bob: Keypair,
    asset: MintRef,
}

impl Scene {
    fn new(curated: bool) -> Self {
        let ctx = TestContext::new();
        let builder = ctx.security("alice").supply(1_000_000_000, 500_000_000).redeemable(DAY);
        let builder = if curated { builder.curated() } else { builder };
        let alice = builder.create();
        let bob = ctx.wallet("bob");
        ctx.give_shares(&alice, &bob, 200_000_000);
        let asset = ctx.legacy_mint("asset");
        ctx.open_vault(&alice, &asset);
        ctx.deposit(&alice, &asset, 1_000_003);
        let start = ctx.now() + 7 * DAY;
        ctx.create_grant(&alice, &bob.pubkey(), over_time(GRANT, 10_000_001, start, 10 * DAY));
        ctx.distribute(&alice, 1_000_003);
        // Half vested, all dripped, and money on its way again.
        ctx.warp(12 * DAY);
        ctx.distribute(&alice, 700_001);
        ctx.warp(DAY);
        Self { ctx, alice, bob, asset }
    }

    /// The holder takes all they can: what has vested at once, money when it has dripped, then the backing of every share.
    fn ends(self) -> Gets {
        let (ctx, alice, bob) = (&self.ctx, &self.alice, &self.bob);
        ctx.claim_grant(alice, &bob.pubkey(), GRANT);
        ctx.warp(30 * DAY);
        let money = ctx.claim(alice, bob);
        let shares = ctx.balance(&alice.keys.registered(&bob.pubkey()));
        ctx.redeem(alice, bob, 9, shares);
        ctx.collect(alice, bob, 9, &self.asset);
        ctx.assert_events_rebuild_state();
        [money, ctx.balance(&self.asset.account_of(&bob.pubkey()))]
    }
}

/// What an issuer does, by the name of the instruction.
type Act = fn(&Scene);

/// A round to which the issuer invites one accomplice.
fn invited_round(s: &Scene) -> Pubkey {
    let round = CreateRoundArgs {
        invited: true,
        ..public_round(1, 1_000_000, s.ctx.now() + 7 * DAY)
    };
    s.ctx.create_round(&s.alice, round);
    let mallory = s.ctx.wallet("mallory").pubkey();
    s.ctx.invite(&s.alice, 1, &mallory, 1_000_000);
    mallory
}

/// An accomplice's security to whose joining the issuer consents, for as many shares as there can be, vested at once.
fn admitted(s: &Scene) -> TestSecurity {
    let rule = CreateCollectiveArgs {
        contribution_bps: 1,
        shares: 300_000_000,
        cliff_seconds: 0,
        vesting_seconds: 0,
    };
    s.ctx.create_collective(&s.alice, rule);
    let member = s.ctx.security("mallory").create();
    s.ctx.apply_to(&s.alice, &member);
    s.ctx.admit(&s.alice, &member, s.ctx.now() + 30 * DAY);
    member
}

/// Whatever an issuer signs for an existing security, as hard on the holder as it can be.
const ACTS: &[(&str, Act)] = &[
    ("issue", |s| {
        let issue = Issue {
            keys: &s.alice.keys,
            payer: s.ctx.payer.pubkey(),
            issuer: s.alice.issuer_key(),
            amount: 100_000_000,
        };
        s.ctx.refuse(
            &[issue.instruction()],
            &[&s.alice.issuer],
            UpsideError::OthersHoldShares,
        );
    }),
    ("retire", |s| {
        let retire = Retire {
            keys: &s.alice.keys,
            issuer: s.alice.issuer_key(),
            amount: 400_000_000,
        };
        s.ctx.send(&[retire.instruction()], &[&s.alice.issuer]);
    }),
    ("advance_redemption", |s| {
        let to = |redeem_after_ts| {
            AdvanceRedemption {
                keys: &s.alice.keys,
                issuer: s.alice.issuer_key(),
                redeem_after_ts,
            }
            .instruction()
        };
        s.ctx.refuse(
            &[to(START_TS + 400 * DAY)],
            &[&s.alice.issuer],
            UpsideError::RedemptionNotEarlier,
        );
        s.ctx.send(&[to(START_TS)], &[&s.alice.issuer]);
    }),
    ("open_vault", |s| {
        // An asset that its issuer can take back and stop, beside the good one.
        let extensions: &[Extension] = &[Extension::PermanentDelegate, Extension::Pausable];
        let bad = s.ctx.mint_with("bad asset", extensions);
        s.ctx.open_vault(&s.alice, &bad);
        s.ctx.deposit(&s.alice, &bad, 5_000);
        let authority = s.ctx.authority_of(&bad);
        s.ctx
            .send(&[bad.pause(&authority.pubkey()).expect("instruction")], &[&authority]);
    }),
    ("create_grant", |s| {
        let all = 1_000_000_000 - 500_000_000 - 10_000_001;
        let mallory = s.ctx.wallet("mallory").pubkey();
        let soon = over_time(7, all, s.ctx.now() + 7 * DAY - 1, DAY);
        let grant = s.ctx.create_grant_instruction(&s.alice, &mallory, soon);
        s.ctx
            .refuse(&[grant.instruction()], &[&s.alice.issuer], UpsideError::NoticeTooShort);
        s.ctx
            .create_grant(&s.alice, &mallory, over_time(7, all, s.ctx.now() + 7 * DAY, DAY));
    }),
    ("revoke_grant", |s| {
        s.ctx.revoke_grant(&s.alice, &s.bob.pubkey(), GRANT);
    }),
    ("create_round", |s| {
        // All that is left, nearly for nothing.
        let giveaway = |opens_ts| CreateRoundArgs {
            price: 1,
            ..public_round(1, 1_000_000_000 - 500_000_000 - 10_000_001, opens_ts)
        };
        let soon = s
            .ctx
            .create_round_instruction(&s.alice, giveaway(s.ctx.now() + 7 * DAY - 1));
        s.ctx
            .refuse(&[soon.instruction()], &[&s.alice.issuer], UpsideError::NoticeTooShort);
        s.ctx.create_round(&s.alice, giveaway(s.ctx.now() + 7 * DAY));
    }),
    ("cancel_round", |s| {
        s.ctx
            .create_round(&s.alice, public_round(1, 1_000_000, s.ctx.now() + 7 * DAY));
        s.ctx.cancel_round(&s.alice, 1);
    }),
    ("invite", |s| {
        invited_round(s);
    }),
    ("uninvite", |s| {
        let mallory = invited_round(s);
        let uninvite = s.ctx.uninvite_instruction(&s.alice, 1, &mallory);
        s.ctx.send(&[uninvite.instruction()], &[&s.alice.issuer]);
    }),
    ("propose_issuer", |s| {
        let mallory = s.ctx.wallet("mallory");
        let propose = ProposeIssuer {
            keys: &s.alice.keys,
            issuer: s.alice.issuer_key(),
            pending_issuer: Some(mallory.pubkey()),
        };
        let accept = AcceptIssuer {
            keys: &s.alice.keys,
            pending_issuer: mallory.pubkey(),
        };
        s.ctx.send(
            &[propose.instruction(), accept.instruction()],
            &[&s.alice.issuer, &mallory],
        );
    }),
    ("update_metadata", |s| {
        let update = UpdateMetadata {
            keys: &s.alice.keys,
            payer: s.ctx.payer.pubkey(),
            issuer: s.alice.issuer_key(),
            args: UpdateMetadataArgs {
                name: Some("Worthless".to_owned()),
                symbol: Some("NIL".to_owned()),
                uri: Some(String::new()),
            },
        };
        s.ctx.send(&[update.instruction()], &[&s.alice.issuer]);
    }),
    ("post_update", |s| {
        let post = PostUpdate {
            keys: &s.alice.keys,
            issuer: s.alice.issuer_key(),
            uri: "https://goodbye.invalid".to_owned(),
            sha256: [0; 32],
        };
        s.ctx.send(&[post.instruction()], &[&s.alice.issuer]);
    }),
    ("create_collective", |s| {
        s.ctx.create_collective(&s.alice, a_tenth());
    }),
    ("admit", |s| {
        let member = admitted(s);
        // What had vested earns while the notice passes, as it does in the story without.
        s.ctx.claim_grant(&s.alice, &s.bob.pubkey(), GRANT);
        s.ctx.warp(7 * DAY);
        s.ctx.join(&s.alice, &member);
        s.ctx.claim_grant(&s.alice, &member.issuer_key(), 0);
    }),
    ("revoke_admission", |s| {
        let member = admitted(s);
        let revoke = s.ctx.revoke_admission_instruction(&s.alice, &member);
        s.ctx.send(&[revoke.instruction()], &[&s.alice.issuer]);
    }),
];

/// The same, for securities whose issuer chooses who may receive.
const CURATED_ACTS: &[(&str, Act)] = &[
    ("remove_approval", |s| {
        let remove = RemoveApproval {
            keys: &s.alice.keys,
            issuer: s.alice.issuer_key(),
            holder: s.bob.pubkey(),
            rent_payer: s.ctx.payer.pubkey(),
        };
        s.ctx.send(&[remove.instruction()], &[&s.alice.issuer]);
    }),
    ("approve_holder", |s| {
        let approve = ApproveHolder {
            keys: &s.alice.keys,
            payer: s.ctx.payer.pubkey(),
            issuer: s.alice.issuer_key(),
            holder: s.ctx.wallet("mallory").pubkey(),
        };
        s.ctx.send(&[approve.instruction()], &[&s.alice.issuer]);
    }),
];

/// What an issuer signs, and why it is not tried here.
const ELSEWHERE: &[(&str, &str)] = &[("create_security", "makes another security and touches no other")];

/// The names of the instructions that an issuer signs, from the program's interface.
fn signed_by_an_issuer() -> Vec<String> {
    let idl = include_str!("../../../../idl/upside.json");
    let mut names = Vec::new();
    let (mut name, mut account) = (String::new(), "");
    // The interface has one line for each name; instructions are indented by six spaces, their accounts by ten.
    for line in idl.lines() {
        if let Some(rest) = line.strip_prefix("      \"name\": \"") {
            rest.trim_end_matches(['"', ',']).clone_into(&mut name);
        } else if let Some(rest) = line.strip_prefix("          \"name\": \"") {
            account = rest.trim_end_matches(['"', ',']);
        } else if line.trim().starts_with("\"signer\": true") && account == "issuer" && !names.contains(&name) {
            names.push(name.clone());
        }
    }
    names
}

#[test]
fn no_instruction_of_an_issuer_lowers_what_a_holder_is_owed() {
    for (curated, acts) in [(false, ACTS), (true, ACTS), (true, CURATED_ACTS)] {
        let without = {
            let scene = Scene::new(curated);
            scene.ends()
        };
        assert!(without.iter().all(|got| *got > 0), "{without:?}");
        let mut got = BTreeMap::new();
        for (name, act) in acts {
            let scene = Scene::new(curated);
            act(&scene);
            got.insert(*name, scene.ends());
        }
        println!("without: {without:?}, with: {got:?}");
        for (name, with) in got {
            if name == "revoke_grant" {
                // What had not vested never was the holder's; what had vested by then is all that the story claims either way.
                assert_eq!(with, without, "{name}");
            }
            for (with, without) in with.iter().zip(&without) {
                assert!(with >= without, "{name}: {with} instead of {without}");
            }
        }
    }
}

#[test]
fn every_instruction_that_an_issuer_signs_is_tried() {
    let names = signed_by_an_issuer();
    assert!(names.contains(&"retire".to_owned()), "{names:?}");
    for name in names {
        let tried = ACTS.iter().chain(CURATED_ACTS).any(|(tried, _)| *tried == name);
        let elsewhere = ELSEWHERE.iter().any(|(other, _)| *other == name);
        assert!(
            tried || elsewhere,
            "{name} is signed by an issuer: add it to ACTS, or to ELSEWHERE with the reason"
        );
    }
}
