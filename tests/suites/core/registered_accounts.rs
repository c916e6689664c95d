//! Registered shares against the real Token-2022: nobody moves them past the program, and what a holder does to their account hurts
//! nobody else.

use anchor_lang::{
    prelude::Pubkey,
    solana_program::instruction::{error::InstructionError, Instruction},
};
use anchor_spl::{
    token_2022::spl_token_2022::{
        error::TokenError,
        extension::{cpi_guard, memo_transfer, ExtensionType},
        instruction::{self as token, AuthorityType},
    },
    token_2022_extensions::spl_token_metadata_interface as metadata,
};
use solana_keypair::Keypair;
use solana_signer::Signer;
use upside::{constants::TOKEN_2022_PROGRAM_ID, error::UpsideError};
use upside_client::instructions::{ClaimGrant, ClosePosition, Register, RemoveApproval, TransferShares, Unregister};
use upside_tests::{context::DAY, setup::over_time, Refusal, TestContext, TestSecurity};

const PROGRAM: &Pubkey = &TOKEN_2022_PROGRAM_ID;

/// An open and a curated security; bob holds 1,000 shares of each.
fn both_policies(ctx: &TestContext) -> (Keypair, [TestSecurity; 2]) {
    let bob = ctx.wallet("bob");
    let securities = [
        ctx.security("alice").create(),
        ctx.security("school").curated().create(),
    ];
    for security in &securities {
        ctx.give_shares(security, &bob, 1_000);
    }
    (bob, securities)
}

#[test]
fn holder_issuer_and_stranger_fail_to_touch_a_registered_account() {
    let ctx = TestContext::new();
    let (bob, securities) = both_policies(&ctx);
    let mallory = ctx.wallet("mallory");
    for security in &securities {
        let registered = security.keys.registered(&bob.pubkey());
        let mint = &security.keys.mint;
        let other = ctx.open_account(&ctx.share(security), &mallory.pubkey());
        for actor in [&bob, &security.issuer, &mallory] {
            let a = &actor.pubkey();
            #[allow(deprecated)]
            let plain_transfer = token::transfer(PROGRAM, &registered, &other, a, &[], 1).unwrap();
            for instruction in [
                plain_transfer,
                token::transfer_checked(PROGRAM, &registered, mint, &other, a, &[], 1, 6).unwrap(),
                token::burn(PROGRAM, &registered, mint, a, &[], 1).unwrap(),
                token::burn_checked(PROGRAM, &registered, mint, a, &[], 1, 6).unwrap(),
                token::approve(PROGRAM, &registered, a, a, &[], 1).unwrap(),
                token::approve_checked(PROGRAM, &registered, mint, a, a, &[], 1, 6).unwrap(),
                token::revoke(PROGRAM, &registered, a, &[]).unwrap(),
                token::set_authority(PROGRAM, &registered, Some(a), AuthorityType::AccountOwner, a, &[]).unwrap(),
                token::set_authority(PROGRAM, &registered, Some(a), AuthorityType::CloseAccount, a, &[]).unwrap(),
                token::mint_to(PROGRAM, mint, &registered, a, &[], 1).unwrap(),
            ] {
                ctx.refuse(&[instruction], &[actor], TokenError::AccountFrozen);
            }
            for instruction in [
                token::thaw_account(PROGRAM, &registered, mint, a, &[]).unwrap(),
                token::set_authority(PROGRAM, mint, Some(a), AuthorityType::MintTokens, a, &[]).unwrap(),
                token::set_authority(PROGRAM, mint, Some(a), AuthorityType::FreezeAccount, a, &[]).unwrap(),
            ] {
                ctx.refuse(&[instruction], &[actor], TokenError::OwnerMismatch);
            }
            // Not even the holder closes an account with shares in it.
            ctx.refuse(
                &[token::close_account(PROGRAM, &registered, a, a, &[]).unwrap()],
                &[actor],
                TokenError::NonNativeHasBalance,
            );
            // There is no delegate over everybody, no close authority of the mint, and the metadata is the program's.
            for kind in [
                AuthorityType::PermanentDelegate,
                AuthorityType::CloseMint,
                AuthorityType::TransferHookProgramId,
                AuthorityType::Pause,
            ] {
                let set = token::set_authority(PROGRAM, mint, Some(a), kind, a, &[]).unwrap();
                ctx.refuse(
                    &[set],
                    &[actor],
                    Refusal::Plain(*PROGRAM, InstructionError::InvalidAccountData),
                );
            }
            let rename =
                metadata::instruction::update_field(PROGRAM, mint, a, metadata::state::Field::Name, "Mine".to_owned());
            let not_authority = metadata::error::TokenMetadataError::IncorrectUpdateAuthority as u32;
            ctx.refuse(
                &[rename],
                &[actor],
                Refusal::Plain(*PROGRAM, InstructionError::Custom(not_authority)),
            );
        }
        ctx.assert_registered(security, &bob.pubkey(), 1_000);
    }
}

#[test]
fn nobody_mints_and_nothing_is_sent_into_a_registered_account_from_outside() {
    let ctx = TestContext::new();
    let alice = ctx.security("alice").create();
    let (bob, mallory) = (ctx.wallet("bob"), ctx.wallet("mallory"));
    ctx.give_shares(&alice, &bob, 1_000);
    ctx.give_shares(&alice, &mallory, 1_000);
    ctx.go_bearer(&alice, &mallory, 500);
    let bearer = alice.keys.bearer_account(&mallory.pubkey());
    let registered = alice.keys.registered(&bob.pubkey());
    let donate = token::transfer_checked(
        PROGRAM,
        &bearer,
        &alice.keys.mint,
        &registered,
        &mallory.pubkey(),
        &[],
        1,
        6,
    )
    .unwrap();
    ctx.refuse(&[donate], &[&mallory], TokenError::AccountFrozen);
    for actor in [&mallory, &alice.issuer] {
        let mint = token::mint_to(PROGRAM, &alice.keys.mint, &bearer, &actor.pubkey(), &[], 1).unwrap();
        ctx.refuse(&[mint], &[actor], TokenError::OwnerMismatch);
        let freeze = token::freeze_account(PROGRAM, &bearer, &alice.keys.mint, &actor.pubkey(), &[]).unwrap();
        ctx.refuse(&[freeze], &[actor], TokenError::OwnerMismatch);
    }
    // A bearer account stays its owner's: nobody but the owner moves it.
    let take = token::transfer_checked(
        PROGRAM,
        &bearer,
        &alice.keys.mint,
        &alice.keys.bearer_account(&alice.issuer_key()),
        &alice.issuer_key(),
        &[],
        1,
        6,
    )
    .unwrap();
    ctx.open_account(&ctx.share(&alice), &alice.issuer_key());
    ctx.refuse(&[take], &[&alice.issuer], TokenError::OwnerMismatch);
    // Bearer shares may be burnt by whoever owns them: supply falls, nothing else notices.
    ctx.send(
        &[token::burn(PROGRAM, &bearer, &alice.keys.mint, &mallory.pubkey(), &[], 500).unwrap()],
        &[&mallory],
    );
    ctx.distribute(&alice, 1_000_000);
    ctx.warp(7 * DAY);
    assert_eq!(ctx.claim(&alice, &alice.issuer), 999_999);
    ctx.assert_registered(&alice, &bob.pubkey(), 1_000);
    ctx.assert_events_rebuild_state();
}

#[test]
fn a_batch_of_the_holders_own_thaws_nothing() {
    let ctx = TestContext::new();
    let alice = ctx.security("alice").create();
    let bob = ctx.wallet("bob");
    ctx.give_shares(&alice, &bob, 1_000);
    let registered = alice.keys.registered(&bob.pubkey());
    let bearer = ctx.open_account(&ctx.share(&alice), &bob.pubkey());
    // What the program sends, signed by the wrong wallet: thaw, transfer.
    let steps = [
        token::thaw_account(PROGRAM, &registered, &alice.keys.mint, &bob.pubkey(), &[]).unwrap(),
        token::transfer_checked(
            PROGRAM,
            &registered,
            &alice.keys.mint,
            &bearer,
            &bob.pubkey(),
            &[],
            1,
            6,
        )
        .unwrap(),
    ];
    let batch = |steps: &[Instruction]| {
        let mut data = vec![255];
        for step in steps {
            data.push(u8::try_from(step.accounts.len()).unwrap());
            data.push(u8::try_from(step.data.len()).unwrap());
            data.extend_from_slice(&step.data);
        }
        let accounts = steps.iter().flat_map(|step| step.accounts.clone()).collect();
        Instruction {
            program_id: *PROGRAM,
            accounts,
            data,
        }
    };
    ctx.refuse(&[batch(&steps)], &[&bob], TokenError::OwnerMismatch);
    ctx.refuse(&[batch(&steps[1..])], &[&bob], TokenError::AccountFrozen);
    // The batch itself is well formed: the same transfer from a bearer account goes through.
    ctx.go_bearer(&alice, &bob, 10);
    let other = ctx.open_account(&ctx.share(&alice), &alice.issuer_key());
    let send = token::transfer_checked(PROGRAM, &bearer, &alice.keys.mint, &other, &bob.pubkey(), &[], 1, 6).unwrap();
    ctx.send(&[batch(&[send])], &[&bob]);
    assert_eq!(ctx.balance(&other), 1);
}

fn close_token(account: &Pubkey, owner: &Keypair) -> Instruction {
    token::close_account(PROGRAM, account, &owner.pubkey(), &owner.pubkey(), &[]).unwrap()
}

#[test]
fn a_registered_account_that_its_holder_closed_is_made_again() {
    let ctx = TestContext::new();
    let (bob, securities) = both_policies(&ctx);
    for security in &securities {
        let registered = security.keys.registered(&bob.pubkey());
        ctx.distribute(security, 900_000_000_000);
        ctx.warp(7 * DAY);
        if security.keys.curated {
            ctx.approve(security, &security.issuer_key());
        }
        ctx.transfer_shares(security, &bob, &security.issuer_key(), 1_000);
        ctx.send(&[close_token(&registered, &bob)], &[&bob]);
        assert!(ctx.account(&registered).is_none());
        // What was earned is paid, and sending what is not there is refused.
        ctx.open_account(&security.payout, &bob.pubkey());
        ctx.crank(security, &bob.pubkey());
        let send = TransferShares {
            keys: &security.keys,
            payer: ctx.payer.pubkey(),
            from: bob.pubkey(),
            to: security.issuer_key(),
            amount: 1,
        };
        ctx.refuse(&[send.instruction()], &[&bob], UpsideError::NotEnoughShares);
        // Receiving makes it again.
        ctx.give_shares(security, &bob, 77);
        ctx.assert_registered(security, &bob.pubkey(), 77);
        // Closed again, the position can be closed without it.
        ctx.transfer_shares(security, &bob, &security.issuer_key(), 77);
        ctx.send(&[close_token(&registered, &bob)], &[&bob]);
        ctx.send(
            &[ClosePosition {
                keys: &security.keys,
                holder: bob.pubkey(),
                rent_payer: ctx.payer.pubkey(),
            }
            .instruction()],
            &[&bob],
        );
        assert!(ctx.find_position(security, &bob.pubkey()).is_none());
    }
    ctx.assert_events_rebuild_state();
}

#[test]
fn registering_makes_a_closed_registered_account_again() {
    let ctx = TestContext::new();
    let alice = ctx.security("alice").create();
    let bob = ctx.wallet("bob");
    ctx.give_shares(&alice, &bob, 100);
    ctx.go_bearer(&alice, &bob, 100);
    ctx.send(&[close_token(&alice.keys.registered(&bob.pubkey()), &bob)], &[&bob]);
    let register = Register {
        keys: &alice.keys,
        payer: ctx.payer.pubkey(),
        holder: bob.pubkey(),
        bearer_account: alice.keys.bearer_account(&bob.pubkey()),
        amount: 100,
    };
    ctx.send(&[register.instruction()], &[&bob]);
    ctx.assert_registered(&alice, &bob.pubkey(), 100);
    ctx.assert_events_rebuild_state();
}

/// The holder makes room for extensions in an account and switches them on.
fn harden(ctx: &TestContext, account: &Pubkey, owner: &Keypair, memo: bool, guard: bool) {
    let (payer, key) = (ctx.payer.pubkey(), owner.pubkey());
    let mut kinds = Vec::new();
    let mut switches = Vec::new();
    if memo {
        kinds.push(ExtensionType::MemoTransfer);
        switches.push(memo_transfer::instruction::enable_required_transfer_memos(PROGRAM, account, &key, &[]).unwrap());
    }
    if guard {
        kinds.push(ExtensionType::CpiGuard);
        switches.push(cpi_guard::instruction::enable_cpi_guard(PROGRAM, account, &key, &[]).unwrap());
    }
    let mut instructions = vec![token::reallocate(PROGRAM, account, &payer, &key, &[], &kinds).unwrap()];
    instructions.extend(switches);
    ctx.send(&instructions, &[owner]);
}

#[test]
fn a_reallocated_account_that_requires_memos_sends_and_receives() {
    let ctx = TestContext::new();
    let (bob, securities) = both_policies(&ctx);
    for security in &securities {
        let registered = security.keys.registered(&bob.pubkey());
        let before = ctx.token(&registered).unwrap().len;
        harden(&ctx, &registered, &bob, true, false);
        assert!(ctx.token(&registered).unwrap().len > before);
        ctx.give_shares(security, &bob, 500);
        ctx.assert_registered(security, &bob.pubkey(), 1_500);
        if security.keys.curated {
            ctx.approve(security, &security.issuer_key());
        }
        ctx.transfer_shares(security, &bob, &security.issuer_key(), 200);
        ctx.assert_registered(security, &bob.pubkey(), 1_300);
    }
    // Out to a bearer account that requires memos, and back.
    let alice = &securities[0];
    let bearer = ctx.open_account(&ctx.share(alice), &bob.pubkey());
    harden(&ctx, &bearer, &bob, true, false);
    ctx.go_bearer(alice, &bob, 1_300);
    let register = Register {
        keys: &alice.keys,
        payer: ctx.payer.pubkey(),
        holder: bob.pubkey(),
        bearer_account: bearer,
        amount: 1_300,
    };
    ctx.send(&[register.instruction()], &[&bob]);
    ctx.assert_registered(alice, &bob.pubkey(), 1_300);
    ctx.assert_events_rebuild_state();
}

#[test]
fn room_for_any_extension_in_a_registered_account_stops_nobody() {
    let ctx = TestContext::new();
    let (bob, securities) = both_policies(&ctx);
    let kinds = [
        ExtensionType::TransferFeeAmount,
        ExtensionType::ConfidentialTransferAccount,
        ExtensionType::ConfidentialTransferFeeAmount,
        ExtensionType::NonTransferableAccount,
        ExtensionType::TransferHookAccount,
        ExtensionType::PausableAccount,
        ExtensionType::MemoTransfer,
        ExtensionType::CpiGuard,
    ];
    for security in &securities {
        let registered = security.keys.registered(&bob.pubkey());
        let mut shares = 1_000;
        for kind in kinds {
            // Whether the token program makes room or refuses: bob still receives.
            let room =
                token::reallocate(PROGRAM, &registered, &ctx.payer.pubkey(), &bob.pubkey(), &[], &[kind]).unwrap();
            let _ = ctx.try_send(&[room], &[&bob]);
            ctx.give_shares(security, &bob, 1);
            shares += 1;
            ctx.assert_registered(security, &bob.pubkey(), shares);
        }
        assert!(ctx.token(&registered).unwrap().len > 170, "room was made");
    }
    ctx.assert_events_rebuild_state();
}

#[test]
fn nothing_that_a_recipient_does_to_their_account_stops_a_claim_of_their_grant() {
    let ctx = TestContext::new();
    let (bob, securities) = both_policies(&ctx);
    let mallory = ctx.wallet("mallory");
    for security in &securities {
        let (keys, key) = (&security.keys, bob.pubkey());
        let registered = keys.registered(&key);
        let start_ts = ctx.now() + 7 * DAY;
        ctx.create_grant(security, &key, over_time(0, 1_000, start_ts, 1_000));
        ctx.set_time(start_ts);
        // Guarded, memos required, longer; the position is there, so the stranger pays nothing.
        harden(&ctx, &registered, &bob, true, true);
        ctx.warp(100);
        let claim = ClaimGrant {
            payer: mallory.pubkey(),
            ..ctx.claim_grant_instruction(security, &key, 0)
        }
        .instruction();
        let before = ctx.lamports(&mallory.pubkey());
        ctx.send(std::slice::from_ref(&claim), &[&mallory]);
        assert_eq!(ctx.lamports(&mallory.pubkey()), before);
        ctx.assert_registered(security, &key, 1_100);
        // The approval removed: what has vested is the recipient's all the same.
        if keys.curated {
            let remove = RemoveApproval {
                keys,
                issuer: security.issuer_key(),
                holder: key,
                rent_payer: ctx.payer.pubkey(),
            };
            ctx.send(&[remove.instruction()], &[&security.issuer]);
            ctx.warp(1);
            assert_eq!(ctx.claim_grant(security, &key, 0), 1);
        }
    }
    // Emptied, the account closed, then the position too: a claim makes them again.
    let carol = ctx.wallet("carol");
    for security in &securities {
        let (keys, key) = (&security.keys, carol.pubkey());
        let registered = keys.registered(&key);
        if keys.curated {
            ctx.approve(security, &security.issuer_key());
        }
        let start_ts = ctx.now() + 7 * DAY;
        ctx.create_grant(security, &key, over_time(0, 3, start_ts, 3));
        for (second, position_too) in [(1, false), (2, true), (3, false)] {
            ctx.set_time(start_ts + second);
            assert_eq!(ctx.claim_grant(security, &key, 0), 1);
            ctx.assert_registered(security, &key, 1);
            ctx.transfer_shares(security, &carol, &security.issuer_key(), 1);
            ctx.send(&[close_token(&registered, &carol)], &[&carol]);
            if position_too {
                let close = ClosePosition {
                    keys,
                    holder: key,
                    rent_payer: ctx.payer.pubkey(),
                };
                ctx.send(&[close.instruction()], &[&carol]);
            }
        }
    }
    ctx.assert_events_rebuild_state();
}

#[test]
fn a_cpi_guard_blocks_its_holders_own_moves_only() {
    let ctx = TestContext::new();
    let (bob, securities) = both_policies(&ctx);
    for security in &securities {
        let keys = &security.keys;
        let registered = keys.registered(&bob.pubkey());
        harden(&ctx, &registered, &bob, true, true);
        if keys.curated {
            ctx.approve(security, &security.issuer_key());
        }
        let send = TransferShares {
            keys,
            payer: ctx.payer.pubkey(),
            from: bob.pubkey(),
            to: security.issuer_key(),
            amount: 1_000,
        };
        ctx.refuse(&[send.instruction()], &[&bob], TokenError::CpiGuardTransferBlocked);
        // Others still send to bob, and bob still earns.
        ctx.give_shares(security, &bob, 500);
        ctx.assert_registered(security, &bob.pubkey(), 1_500);
        ctx.distribute(security, 900_000_000_000);
        ctx.warp(7 * DAY);
        assert_eq!(ctx.claim(security, &bob), 1_500);
        assert!(ctx.claim(security, &security.issuer) > 0);
        // Bob switches it off and moves again.
        ctx.send(
            &[cpi_guard::instruction::disable_cpi_guard(PROGRAM, &registered, &bob.pubkey(), &[]).unwrap()],
            &[&bob],
        );
        ctx.transfer_shares(security, &bob, &security.issuer_key(), 1_500);
        // With the guard on again the position still closes; the empty account stays, and serves the next position.
        ctx.send(
            &[cpi_guard::instruction::enable_cpi_guard(PROGRAM, &registered, &bob.pubkey(), &[]).unwrap()],
            &[&bob],
        );
        ctx.send(
            &[ClosePosition {
                keys,
                holder: bob.pubkey(),
                rent_payer: ctx.payer.pubkey(),
            }
            .instruction()],
            &[&bob],
        );
        assert!(ctx.token(&registered).unwrap().frozen);
        ctx.give_shares(security, &bob, 5);
        ctx.assert_registered(security, &bob.pubkey(), 5);
    }
    ctx.assert_events_rebuild_state();
}

#[test]
fn shares_are_issued_into_a_guarded_account() {
    let ctx = TestContext::new();
    let alice = ctx.security("alice").create();
    harden(
        &ctx,
        &alice.keys.registered(&alice.issuer_key()),
        &alice.issuer,
        true,
        true,
    );
    let issue = upside_client::instructions::Issue {
        keys: &alice.keys,
        payer: ctx.payer.pubkey(),
        issuer: alice.issuer_key(),
        amount: 10,
    };
    ctx.send(&[issue.instruction()], &[&alice.issuer]);
    ctx.assert_registered(&alice, &alice.issuer_key(), 900_000_000_010);
}

#[test]
fn a_holder_takes_only_excess_lamports_out_of_a_registered_account() {
    let ctx = TestContext::new();
    let alice = ctx.security("alice").create();
    let bob = ctx.wallet("bob");
    ctx.give_shares(&alice, &bob, 10);
    let registered = alice.keys.registered(&bob.pubkey());
    let rent = ctx.lamports(&registered);
    ctx.airdrop(&registered, 12_345);
    let withdraw = |owner: &Keypair| {
        token::withdraw_excess_lamports(PROGRAM, &registered, &owner.pubkey(), &owner.pubkey(), &[]).unwrap()
    };
    ctx.refuse(&[withdraw(&alice.issuer)], &[&alice.issuer], TokenError::OwnerMismatch);
    ctx.send(&[withdraw(&bob)], &[&bob]);
    assert_eq!(ctx.lamports(&registered), rent);
    ctx.assert_registered(&alice, &bob.pubkey(), 10);
}

#[test]
fn aliased_and_look_alike_accounts_are_refused() {
    let ctx = TestContext::new();
    let (bob, [alice, school]) = both_policies(&ctx);
    let b = bob.pubkey();
    let swap = |mut instruction: Instruction, from: Pubkey, to: Pubkey| {
        instruction
            .accounts
            .iter_mut()
            .filter(|meta| meta.pubkey == from)
            .for_each(|meta| meta.pubkey = to);
        instruction
    };
    ctx.go_bearer(&alice, &bob, 400);
    let keys = &alice.keys;
    let (registered, bearer) = (keys.registered(&b), keys.bearer_account(&b));
    let enter = Register {
        keys,
        payer: ctx.payer.pubkey(),
        holder: b,
        bearer_account: bearer,
        amount: 100,
    }
    .instruction();
    let leave = Unregister {
        keys,
        holder: b,
        bearer_account: bearer,
        amount: 100,
    }
    .instruction();
    let send = TransferShares {
        keys,
        payer: ctx.payer.pubkey(),
        from: b,
        to: alice.issuer_key(),
        amount: 100,
    }
    .instruction();
    for instruction in [&enter, &leave] {
        // Into itself, both ways round.
        ctx.refuse(
            &[swap(instruction.clone(), bearer, registered)],
            &[&bob],
            UpsideError::SameAccount,
        );
        ctx.refuse(
            &[swap(instruction.clone(), registered, bearer)],
            &[&bob],
            UpsideError::SameAccount,
        );
    }
    // A thawed account of the same mint and holder is not the registered one.
    let second = upside_lookalike_mints::keys::keypair("bob's second bearer account");
    let rent = ctx.sender.svm().minimum_balance_for_rent_exemption(165);
    ctx.send(
        &[
            anchor_lang::solana_program::system_instruction::create_account(
                &ctx.payer.pubkey(),
                &second.pubkey(),
                rent,
                165,
                PROGRAM,
            ),
            token::initialize_account3(PROGRAM, &second.pubkey(), &keys.mint, &b).unwrap(),
        ],
        &[&second],
    );
    for instruction in [&enter, &leave, &send] {
        ctx.refuse(
            &[swap(instruction.clone(), registered, second.pubkey())],
            &[&bob],
            UpsideError::WrongRegisteredAccount,
        );
    }
    // The sender's own accounts as the receiver's.
    let a = alice.issuer_key();
    ctx.refuse(
        &[swap(send.clone(), keys.registered(&a), registered)],
        &[&bob],
        UpsideError::WrongRegisteredAccount,
    );
    ctx.refuse(
        &[swap(send.clone(), registered, keys.registered(&a))],
        &[&bob],
        UpsideError::WrongRegisteredAccount,
    );
    ctx.refuse(
        &[swap(send.clone(), keys.position(&a), keys.position(&b))],
        &[&bob],
        UpsideError::WrongPosition,
    );
    ctx.refuse(
        &[swap(send.clone(), keys.position(&b), keys.position(&a))],
        &[&bob],
        UpsideError::WrongPosition,
    );
    ctx.refuse(&[swap(send, a, b)], &[&bob], UpsideError::SameAccount);

    // Curated accounts are all born frozen: only the derived address counts.
    ctx.approve(&school, &school.issuer_key());
    let look_alike = ctx.open_account(&ctx.share(&school), &b);
    assert!(ctx.token(&look_alike).unwrap().frozen);
    let send = TransferShares {
        keys: &school.keys,
        payer: ctx.payer.pubkey(),
        from: b,
        to: school.issuer_key(),
        amount: 1,
    }
    .instruction();
    ctx.refuse(
        &[swap(send, school.keys.registered(&b), look_alike)],
        &[&bob],
        UpsideError::WrongRegisteredAccount,
    );
    ctx.assert_registered(&alice, &b, 600);
    ctx.assert_registered(&school, &b, 1_000);
}
