//! The security's own instructions.

use anchor_lang::{error::ErrorCode, prelude::Pubkey};
use solana_signer::Signer;
use upside::{
    constants::{MAX_DRIP_SECONDS, MAX_NOTICE_SECONDS},
    error::UpsideError,
    instructions::security::UpdateMetadataArgs,
    state::Kind,
};
use upside_client::{
    accounts,
    events::Event,
    instructions::{
        AcceptIssuer, AdvanceRedemption, ApproveHolder, Issue, PostUpdate, ProposeIssuer, RemoveApproval, Retire,
        TransferShares, UpdateMetadata,
    },
};
use upside_tests::{
    context::{DAY, START_TS},
    Refusal, TestContext, TestSecurity,
};

fn issue(
    ctx: &TestContext,
    security: &TestSecurity,
    amount: u64,
) -> anchor_lang::solana_program::instruction::Instruction {
    Issue {
        keys: &security.keys,
        payer: ctx.payer.pubkey(),
        issuer: security.issuer_key(),
        amount,
    }
    .instruction()
}

#[test]
fn create_security_registers_the_initial_shares_to_the_issuer() {
    let ctx = TestContext::new();
    for (builder, curated) in [
        (ctx.security("alice"), false),
        (ctx.security("school").kind(Kind::Collective, 7).curated().drip(0), true),
    ] {
        let builder = builder.with(|args| args.terms.agreement_sha256 = [9; 32]);
        let (security, receipt) = builder.create_with_receipt();
        let issuer = security.issuer_key();
        ctx.assert_registered(&security, &issuer, 900_000_000_000);
        assert_eq!(ctx.supply(&security.keys.mint), 900_000_000_000);
        let vault = ctx.token(&security.keys.payout_vault()).unwrap();
        assert_eq!((vault.mint, vault.owner), (ctx.payout().mint, security.keys.security));
        assert_eq!((vault.amount, vault.frozen), (0, false));

        let state = ctx.security_state(&security);
        assert_eq!((state.issuer, state.pending_issuer), (issuer, Pubkey::default()));
        assert_eq!(
            (
                state.authorised_atoms,
                state.issued_atoms,
                state.reserved_atoms,
                state.registered_atoms
            ),
            (1_000_000_000_000, 900_000_000_000, 0, 900_000_000_000)
        );
        assert_eq!(state.is_curated(), curated);
        assert_eq!(state.kind, builder.args.kind as u8);
        assert_eq!(state.index, builder.args.index);
        assert_eq!((state.decimals, state.payout_decimals), (6, 6));
        assert_eq!(
            (state.created_ts, state.stream_start_ts, state.stream_end_ts),
            (START_TS, START_TS, START_TS)
        );
        assert_eq!(state.agreement_sha256, [9; 32]);
        assert_eq!(state.inbox, ctx.payout().account_of(&security.keys.security));
        assert_eq!(state.sequence, 1);

        let position = ctx.position(&security, &issuer);
        assert_eq!(position.rent_payer, ctx.payer.pubkey());
        assert_eq!(position.payout_account, ctx.payout().account_of(&issuer));
        assert_eq!(position.sequence, 1);

        let mint = accounts::get_mint(&ctx.sender, &security.keys.mint).unwrap();
        assert_eq!(
            (mint.mint_authority, mint.freeze_authority),
            (Some(security.keys.security), Some(security.keys.security))
        );
        assert_eq!(
            (mint.permanent_delegate, mint.hook_program, mint.frozen_by_default),
            (None, None, curated)
        );
        let metadata = mint.metadata.unwrap();
        assert_eq!(
            (metadata.name, metadata.symbol, metadata.uri),
            (builder.args.name.clone(), "UP".to_owned(), builder.args.uri.clone())
        );

        let [Event::SecurityCreated(event)] = receipt.events.as_slice() else {
            panic!("one event: {:?}", receipt.events)
        };
        assert_eq!(
            (event.security, event.mint, event.issuer),
            (security.keys.security, security.keys.mint, issuer)
        );
        assert_eq!(
            (event.kind, event.index, event.terms),
            (builder.args.kind, builder.args.index, security.terms)
        );
        assert_eq!(event.position.shares_atoms, 900_000_000_000);
    }
    ctx.assert_events_rebuild_state();
}

#[test]
fn create_security_may_issue_nothing_and_everything() {
    let ctx = TestContext::new();
    let none = ctx.security("alice").supply(1_000_000, 0).create();
    ctx.assert_registered(&none, &none.issuer_key(), 0);
    let all = ctx.security("bob").supply(u64::MAX, u64::MAX).create();
    ctx.assert_registered(&all, &all.issuer_key(), u64::MAX);
    ctx.assert_events_rebuild_state();
}

#[test]
fn create_security_accepts_each_term_at_its_bounds_and_refuses_the_next_value() {
    let ctx = TestContext::new();
    let issuer = ctx.wallet("alice");
    let base = ctx.security("alice").kind(Kind::Expression, 0);
    let refuse = |builder: upside_tests::setup::SecurityBuilder, error: UpsideError| {
        ctx.refuse(&[builder.instruction().instruction()], &[&issuer], error);
    };
    let terms = |change: fn(&mut upside::state::Terms)| base.clone().with(|args| change(&mut args.terms));
    refuse(terms(|t| t.decimals = 10), UpsideError::TooManyDecimals);
    refuse(terms(|t| t.authorised_atoms = 999_999), UpsideError::AuthorisedTooSmall);
    refuse(terms(|t| t.drip_seconds = 3_599), UpsideError::DripOutOfRange);
    refuse(
        terms(|t| t.drip_seconds = MAX_DRIP_SECONDS + 1),
        UpsideError::DripOutOfRange,
    );
    refuse(base.clone().curated().drip(-1), UpsideError::DripOutOfRange);
    refuse(terms(|t| t.notice_seconds = DAY - 1), UpsideError::NoticeOutOfRange);
    refuse(
        terms(|t| t.notice_seconds = MAX_NOTICE_SECONDS + 1),
        UpsideError::NoticeOutOfRange,
    );
    refuse(base.clone().supply(1_000_000, 1_000_001), UpsideError::AboveAuthorised);
    refuse(base.clone().kind(Kind::Person, 1), UpsideError::PersonIndexNotZero);
    for name in ["", "   ", "a\nb", &"x".repeat(65)] {
        refuse(
            base.clone().with(|args| args.name = name.to_owned()),
            UpsideError::BadName,
        );
    }
    for symbol in ["", " ", "\u{7}", &"x".repeat(17)] {
        refuse(
            base.clone().with(|args| args.symbol = symbol.to_owned()),
            UpsideError::BadSymbol,
        );
    }
    for uri in ["https://a b", "a\tb", &"x".repeat(201)] {
        refuse(base.clone().with(|args| args.uri = uri.to_owned()), UpsideError::BadUri);
    }

    let mut index = 0;
    let mut accept = |builder: upside_tests::setup::SecurityBuilder| {
        let _ = builder.kind(Kind::Expression, index).create();
        index += 1;
    };
    accept(terms(|t| t.decimals = 9));
    accept(terms(|t| t.decimals = 0));
    accept(base.clone().supply(1_000_000, 1_000_000));
    accept(base.clone().drip(3_600));
    accept(base.clone().drip(MAX_DRIP_SECONDS));
    accept(base.clone().curated().drip(0));
    accept(terms(|t| t.notice_seconds = DAY));
    accept(terms(|t| t.notice_seconds = MAX_NOTICE_SECONDS));
    accept(base.clone().with(|args| {
        args.name = "x".repeat(64);
        args.symbol = "x".repeat(16);
        args.uri = "x".repeat(200);
    }));
    accept(base.clone().with(|args| args.uri = String::new()));
    accept(base.clone().with(|args| args.name = "Ωμέγα 学校".to_owned()));
    let _ = base.clone().kind(Kind::Expression, u16::MAX).create();
    ctx.assert_events_rebuild_state();
}

#[test]
fn unknown_kinds_and_policies_are_refused_before_the_program_sees_them() {
    let ctx = TestContext::new();
    let issuer = ctx.wallet("alice");
    let instruction = ctx.security("alice").instruction().instruction();
    // Discriminator 8 bytes, then kind u8, index u16, decimals u8, policy u8.
    for (at, value) in [(8, 3), (12, 2)] {
        let mut changed = instruction.clone();
        changed.data[at] = value;
        ctx.refuse(&[changed], &[&issuer], ErrorCode::InstructionDidNotDeserialize);
    }
}

#[test]
fn a_wallet_has_one_personal_token_for_ever() {
    let ctx = TestContext::new();
    let alice = ctx.security("alice").create();
    let again = ctx.security("alice").with(|args| args.name = "Another".to_owned());
    let in_use = Refusal::Plain(
        anchor_lang::system_program::ID,
        anchor_lang::solana_program::instruction::error::InstructionError::Custom(0),
    );
    ctx.refuse(&[again.instruction().instruction()], &[&alice.issuer], in_use.clone());
    // Handing it over does not free the slot.
    let bob = ctx.wallet("bob");
    ctx.send(
        &[
            ProposeIssuer {
                keys: &alice.keys,
                issuer: alice.issuer_key(),
                pending_issuer: Some(bob.pubkey()),
            }
            .instruction(),
            AcceptIssuer {
                keys: &alice.keys,
                pending_issuer: bob.pubkey(),
            }
            .instruction(),
        ],
        &[&alice.issuer, &bob],
    );
    ctx.refuse(&[again.instruction().instruction()], &[&alice.issuer], in_use);
    let _ = ctx.security("bob").create();
}

#[test]
fn create_security_needs_the_issuer_to_sign() {
    let ctx = TestContext::new();
    let mut instruction = ctx.security("alice").instruction().instruction();
    let issuer = ctx.key("alice");
    for meta in &mut instruction.accounts {
        meta.is_signer &= meta.pubkey != issuer;
    }
    ctx.refuse(&[instruction], &[], ErrorCode::AccountNotSigner);
}

#[test]
fn issue_registers_new_shares_only_while_the_issuer_holds_all() {
    let ctx = TestContext::new();
    let alice = ctx.security("alice").create();
    let receipt = ctx.send(&[issue(&ctx, &alice, 40_000_000_000)], &[&alice.issuer]);
    let [Event::SharesIssued(event)] = receipt.events.as_slice() else {
        panic!("one event")
    };
    assert_eq!(
        (event.amount_atoms, event.opened_by),
        (40_000_000_000, Pubkey::default())
    );
    ctx.assert_registered(&alice, &alice.issuer_key(), 940_000_000_000);
    assert_eq!(ctx.security_state(&alice).issued_atoms, 940_000_000_000);

    ctx.refuse(&[issue(&ctx, &alice, 0)], &[&alice.issuer], UpsideError::ZeroAmount);
    ctx.refuse(
        &[issue(&ctx, &alice, 60_000_000_001)],
        &[&alice.issuer],
        UpsideError::AboveAuthorised,
    );
    ctx.refuse(
        &[issue(&ctx, &alice, u64::MAX)],
        &[&alice.issuer],
        UpsideError::Overflow,
    );

    // One share elsewhere, registered or bearer, is enough.
    let bob = ctx.wallet("bob");
    ctx.give_shares(&alice, &bob, 1);
    ctx.refuse(
        &[issue(&ctx, &alice, 1)],
        &[&alice.issuer],
        UpsideError::OthersHoldShares,
    );
    ctx.transfer_shares(&alice, &bob, &alice.issuer_key(), 1);
    ctx.go_bearer(&alice, &alice.issuer, 1);
    ctx.refuse(
        &[issue(&ctx, &alice, 1)],
        &[&alice.issuer],
        UpsideError::OthersHoldShares,
    );
    ctx.assert_events_rebuild_state();
}

#[test]
fn issue_opens_the_position_of_a_new_issuer() {
    let ctx = TestContext::new();
    let alice = ctx.security("alice").supply(1_000_000, 0).create();
    let bob = ctx.wallet("bob");
    ctx.send(
        &[
            ProposeIssuer {
                keys: &alice.keys,
                issuer: alice.issuer_key(),
                pending_issuer: Some(bob.pubkey()),
            }
            .instruction(),
            AcceptIssuer {
                keys: &alice.keys,
                pending_issuer: bob.pubkey(),
            }
            .instruction(),
        ],
        &[&alice.issuer, &bob],
    );
    let receipt = ctx.send(
        &[Issue {
            keys: &alice.keys,
            payer: ctx.payer.pubkey(),
            issuer: bob.pubkey(),
            amount: 1_000_000,
        }
        .instruction()],
        &[&bob],
    );
    let [Event::SharesIssued(event)] = receipt.events.as_slice() else {
        panic!("one event")
    };
    assert_eq!(event.opened_by, ctx.payer.pubkey());
    ctx.assert_registered(&alice, &bob.pubkey(), 1_000_000);
    ctx.assert_events_rebuild_state();
}

#[test]
fn retire_lowers_authorised_down_to_its_bound() {
    let ctx = TestContext::new();
    let alice = ctx.security("alice").create();
    let retire = |amount| {
        Retire {
            keys: &alice.keys,
            issuer: alice.issuer_key(),
            amount,
        }
        .instruction()
    };
    ctx.refuse(&[retire(0)], &[&alice.issuer], UpsideError::ZeroAmount);
    ctx.refuse(
        &[retire(100_000_000_001)],
        &[&alice.issuer],
        UpsideError::BelowRetireBound,
    );
    ctx.refuse(&[retire(u64::MAX)], &[&alice.issuer], UpsideError::BelowRetireBound);
    let receipt = ctx.send(&[retire(100_000_000_000)], &[&alice.issuer]);
    let [Event::CapacityRetired(event)] = receipt.events.as_slice() else {
        panic!("one event")
    };
    assert_eq!(
        (event.amount_atoms, event.totals.authorised_atoms),
        (100_000_000_000, 900_000_000_000)
    );
    ctx.refuse(
        &[issue(&ctx, &alice, 1)],
        &[&alice.issuer],
        UpsideError::AboveAuthorised,
    );
    // A million atoms stay although nothing is issued.
    let bob = ctx.security("bob").supply(1_000_001, 0).create();
    let retire = |amount| {
        Retire {
            keys: &bob.keys,
            issuer: bob.issuer_key(),
            amount,
        }
        .instruction()
    };
    ctx.refuse(&[retire(2)], &[&bob.issuer], UpsideError::BelowRetireBound);
    ctx.send(&[retire(1)], &[&bob.issuer]);
    ctx.assert_events_rebuild_state();
}

#[test]
fn redemption_moves_to_an_earlier_time_only() {
    let ctx = TestContext::new();
    let alice = ctx.security("alice").create();
    let advance = |ts| {
        AdvanceRedemption {
            keys: &alice.keys,
            issuer: alice.issuer_key(),
            redeem_after_ts: ts,
        }
        .instruction()
    };
    let receipt = ctx.send(&[advance(START_TS + DAY)], &[&alice.issuer]);
    assert!(matches!(receipt.events.as_slice(), [Event::RedemptionAdvanced(e)] if e.redeem_after_ts == START_TS + DAY));
    for ts in [START_TS + DAY + 1, START_TS + DAY] {
        ctx.refuse(&[advance(ts)], &[&alice.issuer], UpsideError::RedemptionNotEarlier);
    }
    ctx.send(&[advance(START_TS + DAY - 1)], &[&alice.issuer]);
    assert_eq!(ctx.security_state(&alice).redeem_after_ts, START_TS + DAY - 1);
    ctx.assert_events_rebuild_state();
}

#[test]
fn an_issuer_hands_over_to_one_who_accepts() {
    let ctx = TestContext::new();
    let alice = ctx.security("alice").create();
    let (bob, carol) = (ctx.wallet("bob"), ctx.wallet("carol"));
    let propose = |to| {
        ProposeIssuer {
            keys: &alice.keys,
            issuer: alice.issuer_key(),
            pending_issuer: to,
        }
        .instruction()
    };
    let accept = |by| {
        AcceptIssuer {
            keys: &alice.keys,
            pending_issuer: by,
        }
        .instruction()
    };
    ctx.refuse(&[accept(bob.pubkey())], &[&bob], UpsideError::NotPendingIssuer);
    ctx.refuse(
        &[propose(Some(alice.issuer_key()))],
        &[&alice.issuer],
        UpsideError::BadPendingIssuer,
    );
    ctx.send(&[propose(Some(bob.pubkey()))], &[&alice.issuer]);
    ctx.refuse(&[accept(carol.pubkey())], &[&carol], UpsideError::NotPendingIssuer);
    // Withdrawn.
    ctx.send(&[propose(None)], &[&alice.issuer]);
    ctx.refuse(&[accept(bob.pubkey())], &[&bob], UpsideError::NotPendingIssuer);
    ctx.send(&[propose(Some(bob.pubkey()))], &[&alice.issuer]);
    let receipt = ctx.send(&[accept(bob.pubkey())], &[&bob]);
    let [Event::IssuerAccepted(event)] = receipt.events.as_slice() else {
        panic!("one event")
    };
    assert_eq!(
        (event.previous_issuer, event.issuer),
        (alice.issuer_key(), bob.pubkey())
    );
    let state = ctx.security_state(&alice);
    assert_eq!((state.issuer, state.pending_issuer), (bob.pubkey(), Pubkey::default()));
    // The proposal is used up, and the old issuer has no rights left.
    ctx.refuse(&[accept(bob.pubkey())], &[&bob], UpsideError::NotPendingIssuer);
    ctx.refuse(&[propose(None)], &[&alice.issuer], UpsideError::NotIssuer);
    // Shares stay where they were.
    ctx.assert_registered(&alice, &alice.issuer_key(), 900_000_000_000);
    ctx.assert_events_rebuild_state();
}

#[test]
fn metadata_grows_and_shrinks_on_the_mint() {
    let ctx = TestContext::new();
    let alice = ctx.security("alice").create();
    let update = |name: Option<&str>, symbol: Option<&str>, uri: Option<&str>| {
        UpdateMetadata {
            keys: &alice.keys,
            payer: ctx.payer.pubkey(),
            issuer: alice.issuer_key(),
            args: UpdateMetadataArgs {
                name: name.map(str::to_owned),
                symbol: symbol.map(str::to_owned),
                uri: uri.map(str::to_owned),
            },
        }
        .instruction()
    };
    let metadata = || {
        accounts::get_mint(&ctx.sender, &alice.keys.mint)
            .unwrap()
            .metadata
            .unwrap()
    };
    let (long_name, long_uri) = ("n".repeat(64), "u".repeat(200));
    let receipt = ctx.send(
        &[update(Some(&long_name), Some("LONGER"), Some(&long_uri))],
        &[&alice.issuer],
    );
    assert!(
        matches!(receipt.events.as_slice(), [Event::MetadataUpdated(e)] if e.name == long_name && e.symbol == "LONGER" && e.uri == long_uri)
    );
    assert_eq!(
        (metadata().name, metadata().symbol, metadata().uri),
        (long_name.clone(), "LONGER".to_owned(), long_uri.clone())
    );
    let len = ctx.account(&alice.keys.mint).unwrap().data.len();
    let rent = ctx.sender.svm().minimum_balance_for_rent_exemption(len);
    assert!(ctx.lamports(&alice.keys.mint) >= rent);
    ctx.send(&[update(Some("A"), None, Some(""))], &[&alice.issuer]);
    assert_eq!(
        (metadata().name, metadata().symbol, metadata().uri),
        ("A".to_owned(), "LONGER".to_owned(), String::new())
    );
    ctx.send(&[update(Some(&long_name), None, Some(&long_uri))], &[&alice.issuer]);

    ctx.refuse(
        &[update(None, None, None)],
        &[&alice.issuer],
        UpsideError::NothingToUpdate,
    );
    ctx.refuse(
        &[update(None, Some("LONGER"), None)],
        &[&alice.issuer],
        UpsideError::NothingToUpdate,
    );
    ctx.refuse(&[update(Some(""), None, None)], &[&alice.issuer], UpsideError::BadName);
    ctx.refuse(
        &[update(None, Some(""), None)],
        &[&alice.issuer],
        UpsideError::BadSymbol,
    );
    ctx.refuse(
        &[update(None, None, Some("a b"))],
        &[&alice.issuer],
        UpsideError::BadUri,
    );
    ctx.assert_events_rebuild_state();
}

#[test]
fn a_longer_name_beside_a_shorter_uri_needs_no_rent() {
    let ctx = TestContext::new();
    let alice = ctx.security("alice").with(|args| args.uri = "u".repeat(200)).create();
    let before = ctx.lamports(&alice.keys.mint);
    let args = UpdateMetadataArgs {
        name: Some("n".repeat(64)),
        symbol: None,
        uri: Some("short".to_owned()),
    };
    let update = UpdateMetadata {
        keys: &alice.keys,
        payer: ctx.payer.pubkey(),
        issuer: alice.issuer_key(),
        args,
    };
    ctx.send(&[update.instruction()], &[&alice.issuer]);
    assert_eq!(ctx.lamports(&alice.keys.mint), before);
    ctx.assert_events_rebuild_state();
}

/// Token-2022 makes an account of exactly a multisig's length two bytes longer; every length must find its rent.
#[test]
fn texts_of_every_length_are_created_and_updated() {
    for curated in [false, true] {
        let ctx = TestContext::new();
        let mut builder = ctx.security("alice").kind(Kind::Expression, 0).with(|args| {
            args.name = "n".to_owned();
            args.symbol = "s".to_owned();
        });
        if curated {
            builder = builder.curated();
        }
        for len in 0..=200 {
            let uri = "u".repeat(len);
            let len = u16::try_from(len).unwrap();
            let created = builder
                .clone()
                .kind(Kind::Expression, len)
                .with(|args| args.uri.clone_from(&uri))
                .create();
            assert_eq!(
                accounts::get_mint(&ctx.sender, &created.keys.mint)
                    .unwrap()
                    .metadata
                    .unwrap()
                    .uri,
                uri
            );
        }
        // One security that grows byte by byte, then shrinks by several at a time.
        let alice = builder
            .clone()
            .kind(Kind::Expression, 201)
            .with(|args| args.uri = String::new())
            .create();
        for len in (1..=200).chain((0..200).rev().step_by(7)) {
            let update = UpdateMetadata {
                keys: &alice.keys,
                payer: ctx.payer.pubkey(),
                issuer: alice.issuer_key(),
                args: UpdateMetadataArgs {
                    name: None,
                    symbol: None,
                    uri: Some("u".repeat(len)),
                },
            };
            ctx.send(&[update.instruction()], &[&alice.issuer]);
        }
        ctx.assert_events_rebuild_state();
    }
}

#[test]
fn post_update_is_an_event_and_nothing_else() {
    let ctx = TestContext::new();
    let alice = ctx.security("alice").create();
    let post = |uri: &str| {
        PostUpdate {
            keys: &alice.keys,
            issuer: alice.issuer_key(),
            uri: uri.to_owned(),
            sha256: [5; 32],
        }
        .instruction()
    };
    let receipt = ctx.send(&[post("https://upside.invalid/may")], &[&alice.issuer]);
    assert!(
        matches!(receipt.events.as_slice(), [Event::UpdatePosted(e)] if e.uri == "https://upside.invalid/may" && e.sha256 == [5; 32] && e.totals.sequence == 2)
    );
    ctx.refuse(&[post("a b")], &[&alice.issuer], UpsideError::BadUri);
    ctx.assert_events_rebuild_state();
}

#[test]
fn approvals_decide_who_receives_curated_shares() {
    let ctx = TestContext::new();
    let school = ctx.security("school").curated().create();
    let bob = ctx.wallet("bob");
    let transfer = |from: Pubkey, to: Pubkey| {
        TransferShares {
            keys: &school.keys,
            payer: ctx.payer.pubkey(),
            from,
            to,
            amount: 10,
        }
        .instruction()
    };
    let approve = |holder| {
        ApproveHolder {
            keys: &school.keys,
            payer: ctx.payer.pubkey(),
            issuer: school.issuer_key(),
            holder,
        }
        .instruction()
    };
    let remove = |rent_payer| {
        RemoveApproval {
            keys: &school.keys,
            issuer: school.issuer_key(),
            holder: bob.pubkey(),
            rent_payer,
        }
        .instruction()
    };
    // At the approval's address is nothing, or the approval given is another's, or none is given.
    let to_bob = transfer(school.issuer_key(), bob.pubkey());
    ctx.refuse(
        std::slice::from_ref(&to_bob),
        &[&school.issuer],
        UpsideError::HolderNotApproved,
    );
    let receipt = ctx.approve(&school, &bob.pubkey());
    assert!(
        matches!(receipt.events.as_slice(), [Event::HolderApproved(e)] if e.holder == bob.pubkey() && e.rent_payer == ctx.payer.pubkey())
    );
    let mut to_carol = transfer(school.issuer_key(), ctx.wallet("carol").pubkey());
    let carols = school.keys.approval(&ctx.key("carol"));
    for meta in &mut to_carol.accounts {
        if meta.pubkey == carols {
            meta.pubkey = school.keys.approval(&bob.pubkey());
        }
    }
    ctx.refuse(
        std::slice::from_ref(&to_carol),
        &[&school.issuer],
        UpsideError::HolderNotApproved,
    );
    for meta in &mut to_carol.accounts {
        if meta.pubkey == school.keys.approval(&bob.pubkey()) {
            meta.pubkey = upside::ID; // "none"
        }
    }
    ctx.refuse(&[to_carol], &[&school.issuer], UpsideError::HolderNotApproved);

    ctx.send(std::slice::from_ref(&to_bob), &[&school.issuer]);
    ctx.refuse(
        &[approve(bob.pubkey())],
        &[&school.issuer],
        UpsideError::AlreadyApproved,
    );
    ctx.refuse(
        &[approve(school.keys.security)],
        &[&school.issuer],
        UpsideError::NotAHolder,
    );
    ctx.refuse(
        &[remove(ctx.key("carol"))],
        &[&school.issuer],
        UpsideError::WrongRentReceiver,
    );
    let approval = school.keys.approval(&bob.pubkey());
    let (rent, before) = (ctx.lamports(&approval), ctx.lamports(&ctx.payer.pubkey()));
    let receipt = ctx.send(&[remove(ctx.payer.pubkey())], &[&school.issuer]);
    assert!(matches!(receipt.events.as_slice(), [Event::ApprovalRemoved(e)] if e.holder == bob.pubkey()));
    assert_eq!(ctx.lamports(&ctx.payer.pubkey()) + receipt.fee - before, rent);
    assert!(ctx.account(&approval).is_none());
    ctx.refuse(
        std::slice::from_ref(&to_bob),
        &[&school.issuer],
        UpsideError::HolderNotApproved,
    );

    // What bob has keeps earning and can be sent to an approved holder: here the issuer, once approved.
    ctx.distribute(&school, 900_000_000_000);
    ctx.warp(7 * DAY);
    assert_eq!(ctx.claim(&school, &bob), 10);
    ctx.approve(&school, &school.issuer_key());
    ctx.send(&[transfer(bob.pubkey(), school.issuer_key())], &[&bob]);
    // Approved again after it was removed.
    ctx.send(&[approve(bob.pubkey()), to_bob], &[&school.issuer]);
    ctx.assert_events_rebuild_state();
}

#[test]
fn an_open_security_has_no_approvals() {
    let ctx = TestContext::new();
    let (alice, school) = (
        ctx.security("alice").create(),
        ctx.security("school").curated().create(),
    );
    let bob = ctx.wallet("bob").pubkey();
    let approve = ApproveHolder {
        keys: &alice.keys,
        payer: ctx.payer.pubkey(),
        issuer: alice.issuer_key(),
        holder: bob,
    };
    ctx.refuse(&[approve.instruction()], &[&alice.issuer], UpsideError::NotCurated);
    // Another security's approval cannot be removed with ours.
    ctx.approve(&school, &bob);
    let mut remove = RemoveApproval {
        keys: &alice.keys,
        issuer: alice.issuer_key(),
        holder: bob,
        rent_payer: ctx.payer.pubkey(),
    }
    .instruction();
    for meta in &mut remove.accounts {
        if meta.pubkey == alice.keys.approval(&bob) {
            meta.pubkey = school.keys.approval(&bob);
        }
    }
    ctx.refuse(&[remove], &[&alice.issuer], UpsideError::HolderNotApproved);
}

#[test]
fn nobody_but_the_issuer_acts_for_the_security() {
    let ctx = TestContext::new();
    let school = ctx.security("school").curated().create();
    let mallory = ctx.wallet("mallory");
    let (payer, issuer, holder) = (ctx.payer.pubkey(), mallory.pubkey(), ctx.wallet("bob").pubkey());
    ctx.approve(&school, &holder);
    let keys = &school.keys;
    let asset = ctx.legacy_mint("asset");
    let metadata = UpdateMetadataArgs {
        name: Some("Mine".to_owned()),
        symbol: None,
        uri: None,
    };
    for instruction in [
        Issue {
            keys,
            payer,
            issuer,
            amount: 1,
        }
        .instruction(),
        Retire {
            keys,
            issuer,
            amount: 1,
        }
        .instruction(),
        AdvanceRedemption {
            keys,
            issuer,
            redeem_after_ts: 0,
        }
        .instruction(),
        ProposeIssuer {
            keys,
            issuer,
            pending_issuer: Some(issuer),
        }
        .instruction(),
        UpdateMetadata {
            keys,
            payer,
            issuer,
            args: metadata,
        }
        .instruction(),
        PostUpdate {
            keys,
            issuer,
            uri: String::new(),
            sha256: [0; 32],
        }
        .instruction(),
        ApproveHolder {
            keys,
            payer,
            issuer,
            holder: issuer,
        }
        .instruction(),
        RemoveApproval {
            keys,
            issuer,
            holder,
            rent_payer: payer,
        }
        .instruction(),
        upside_client::instructions::OpenVault {
            keys,
            payer,
            issuer,
            asset_mint: asset.mint,
            asset_token_program: asset.token_program,
        }
        .instruction(),
    ] {
        ctx.refuse(&[instruction], &[&mallory], UpsideError::NotIssuer);
    }
}

#[test]
fn broken_state_is_refused_and_numbers_do_not_wrap() {
    let ctx = TestContext::new();
    let alice = ctx.security("alice").create();
    let at = |field: usize| 8 + field;
    // An event number that cannot be followed by another.
    let post = PostUpdate {
        keys: &alice.keys,
        issuer: alice.issuer_key(),
        uri: String::new(),
        sha256: [0; 32],
    }
    .instruction();
    let sequence = at(std::mem::offset_of!(upside::state::Security, sequence));
    ctx.patch_account(&alice.keys.security, |a| a.data[sequence..sequence + 8].fill(0xff));
    ctx.refuse(&[post], &[&alice.issuer], UpsideError::Overflow);
    ctx.patch_account(&alice.keys.security, |a| a.data[sequence..sequence + 8].fill(0));
    // More redeemed than issued: impossible, so nothing may go on.
    let redeemed = at(std::mem::offset_of!(upside::state::Security, redeemed_total_atoms));
    ctx.patch_account(&alice.keys.security, |a| a.data[redeemed..redeemed + 8].fill(0xff));
    let retire = Retire {
        keys: &alice.keys,
        issuer: alice.issuer_key(),
        amount: 1,
    }
    .instruction();
    ctx.refuse(&[retire], &[&alice.issuer], UpsideError::InvariantBroken);
}
