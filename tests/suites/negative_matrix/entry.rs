//! What the entrypoint takes for granted about the runtime's input: the event's call, the number and order of accounts, lengths in the data.

use anchor_lang::{
    error::ErrorCode,
    event::EVENT_IX_TAG_LE,
    prelude::{AccountMeta, Pubkey},
    solana_program::instruction::Instruction,
};
use solana_account_v4::Account;
use upside_client::{
    instructions::{PostUpdate, UpdateMetadata},
    pda,
};
use upside_tests::negative::{Expect, Matrix};

use crate::{
    calls,
    world::{World, ALICE, FEE_PAYER, PAYER, STRANGER},
};

/// Sends one call on a copy of the world; it must lead to `expect`, and change nothing if that is a refusal. Says what went otherwise.
fn check(world: &World, what: &str, call: &Instruction, expect: &Expect) -> Vec<String> {
    let mut svm = world.matrix.svm.clone();
    let mut failures = Vec::new();
    let mut keys: Vec<Pubkey> = call.accounts.iter().map(|meta| meta.pubkey).collect();
    keys.retain(|key| *key != FEE_PAYER);
    let before: Vec<_> = keys.iter().map(|key| svm.get_account(key)).collect();
    let result = Matrix::send(&mut svm, &FEE_PAYER, call.clone());
    let changed = || keys.iter().map(|key| svm.get_account(key)).collect::<Vec<_>>() != before;
    match (&result, expect) {
        (Ok(_), Expect::Succeeds(_)) => {}
        (Err((error, program, _)), Expect::Refused { .. })
            if *expect == Expect::runtime(error, program.parse().unwrap_or_default()) =>
        {
            if changed() {
                failures.push(format!("{what}: a failed instruction changed an account"));
            }
        }
        _ => {
            let found = result.map_err(|(error, program, _)| format!("{error} by {program}"));
            failures.push(format!("{what}: {found:?}, must be {expect:?}"));
        }
    }
    failures
}

fn says(error: &str) -> Expect {
    Expect::runtime(error, upside::ID)
}

/// The machine does not check signatures, so here the event authority signs, as it can for the program alone.
#[test]
fn an_event_is_the_event_authoritys_signature_and_the_tag_and_nothing_less() {
    let mut world = World::new();
    let authority = pda::event_authority();
    let signed = AccountMeta::new_readonly(authority, true);
    let unsigned = AccountMeta::new_readonly(authority, false);
    let stranger = AccountMeta::new_readonly(STRANGER, true);
    let event = |accounts: &[&AccountMeta], data: &[u8]| Instruction {
        program_id: upside::ID,
        accounts: accounts.iter().map(|meta| (*meta).clone()).collect(),
        data: data.to_vec(),
    };
    let tagged = |len: usize| [EVENT_IX_TAG_LE, &vec![7; len]].concat();
    let mut wrong_tag = tagged(32);
    wrong_tag[7] ^= 1;
    let taken = || Expect::Succeeds("the program tells an event");
    let unknown = || Expect::from(ErrorCode::InstructionFallbackNotFound);
    let mut cases = vec![
        ("the tag alone", event(&[&signed], &tagged(0)), taken()),
        ("a byte after the tag", event(&[&signed], &tagged(1)), taken()),
        ("a large event", event(&[&signed], &tagged(900)), taken()),
        // More accounts than the one go the framework's way, which looks at the first.
        ("the authority twice", event(&[&signed, &signed], &tagged(32)), taken()),
        (
            "the authority first",
            event(&[&signed, &stranger], &tagged(32)),
            taken(),
        ),
        (
            "the authority second",
            event(&[&stranger, &signed], &tagged(32)),
            ErrorCode::ConstraintSeeds.into(),
        ),
        (
            "nobody signs",
            event(&[&unsigned], &tagged(32)),
            ErrorCode::ConstraintSigner.into(),
        ),
        (
            "somebody else signs",
            event(&[&stranger], &tagged(32)),
            ErrorCode::ConstraintSeeds.into(),
        ),
        ("no account", event(&[], &tagged(32)), says("NotEnoughAccountKeys")),
        ("another tag", event(&[&signed], &wrong_tag), unknown()),
        ("an instruction's tag", event(&[&signed], &[0; 64]), unknown()),
    ];
    for len in 0..8 {
        cases.push((
            "less than the tag",
            event(&[&signed], &EVENT_IX_TAG_LE[..len]),
            unknown(),
        ));
    }
    let failures: Vec<String> = cases
        .iter()
        .flat_map(|(what, call, expect)| check(&world, what, call, expect))
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));

    // Data at the authority's address, which nobody can put there, moves everything behind it in the input: data that then lies where an
    // event's tag would lie must not be taken for one.
    for len in [1, 7, 8, 9, 64, 10_000] {
        world
            .matrix
            .svm
            .set_account(
                authority,
                Account {
                    lamports: 10_000_000_000,
                    data: EVENT_IX_TAG_LE.iter().copied().cycle().take(len).collect(),
                    ..Account::default()
                },
            )
            .expect("an account can be written");
        for (what, call, expect) in &cases {
            let failures = check(&world, &format!("{what}, {len} bytes there"), call, expect);
            assert!(failures.is_empty(), "{}", failures.join("\n"));
        }
    }
}

#[test]
fn more_accounts_than_the_program_has_room_for_are_refused() {
    const ROOM: usize = 64;
    let world = World::new();
    let post = PostUpdate {
        keys: &world.a,
        issuer: ALICE,
        uri: String::new(),
        sha256: [1; 32],
    }
    .instruction();
    for (number, expect) in [
        (ROOM - 1, Expect::Succeeds("there is room")),
        (ROOM, Expect::Succeeds("there is room")),
        (ROOM + 1, says("ProgramFailedToComplete")),
        (200, says("ProgramFailedToComplete")),
        (255, says("ProgramFailedToComplete")),
    ] {
        // Every account named again and again: each of these is one byte of the transaction and one place in the program's list.
        let mut call = post.clone();
        call.accounts = post.accounts.iter().cycle().take(number).cloned().collect();
        let failures = check(&world, &format!("{number} accounts"), &call, &expect);
        assert!(failures.is_empty(), "{}", failures.join("\n"));
    }
}

/// What runs on the input in place takes the accounts it has from however many come, up to the program's room.
#[test]
fn instructions_that_work_in_place_look_at_their_own_accounts_only() {
    let world = World::new();
    let mut failures = Vec::new();
    for name in ["claim by anyone", "claim by the holder", "distribute"] {
        let call = calls::all(&world)
            .into_iter()
            .find(|call| call.name == name)
            .unwrap_or_else(|| panic!("there is a call {name:?}"));
        let own = call.instruction.accounts.len();
        for (number, expect) in [
            (0, ErrorCode::AccountNotEnoughKeys.into()),
            (1, ErrorCode::AccountNotEnoughKeys.into()),
            (own - 1, ErrorCode::AccountNotEnoughKeys.into()),
            (own, Expect::Succeeds("its own")),
            (own + 1, Expect::Succeeds("one more")),
            (64, Expect::Succeeds("there is room")),
            (65, says("ProgramFailedToComplete")),
        ] {
            let mut instruction = call.instruction.clone();
            instruction.accounts = call.instruction.accounts.iter().cycle().take(number).cloned().collect();
            failures.extend(check(
                &world,
                &format!("{name}, {number} accounts"),
                &instruction,
                &expect,
            ));
        }
        for len in 0..8 {
            let mut instruction = call.instruction.clone();
            instruction.data.truncate(len);
            failures.extend(check(
                &world,
                &format!("{name}, {len} bytes"),
                &instruction,
                &ErrorCode::InstructionFallbackNotFound.into(),
            ));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn accounts_in_another_order_are_refused() {
    let world = World::new();
    let (mut failures, mut cases) = (Vec::new(), 0);
    for call in calls::all(&world) {
        let accounts = &call.instruction.accounts;
        for first in 0..accounts.len() {
            for second in first + 1..accounts.len() {
                if accounts[first].pubkey == accounts[second].pubkey {
                    continue;
                }
                // Anything may stand in the place of the issuer's position: it then counts as no shares, which only makes the notice apply.
                // The event's call finds the program wherever it is named.
                if (call.roles[first].0, call.roles[second].0) == ("issuer_position", "program") {
                    continue;
                }
                cases += 1;
                let mut swapped = call.instruction.clone();
                swapped.accounts.swap(first, second);
                let what = format!("{}: {} and {}", call.name, call.roles[first].0, call.roles[second].0);
                let mut svm = world.matrix.svm.clone();
                let before: Vec<_> = accounts.iter().map(|meta| svm.get_account(&meta.pubkey)).collect();
                if Matrix::send(&mut svm, &FEE_PAYER, swapped).is_ok() {
                    failures.push(format!("{what}: accepted"));
                }
                let after: Vec<_> = accounts.iter().map(|meta| svm.get_account(&meta.pubkey)).collect();
                if after != before {
                    failures.push(format!("{what}: changed an account"));
                }
            }
        }
    }
    println!("{cases} pairs of accounts");
    assert!(cases > 500, "{cases}");
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// A text says how long it is before it comes. The program makes room for what it says, so a lie must end the instruction, not reach beyond
/// the data or the heap.
#[test]
fn texts_that_say_they_are_longer_than_the_data_are_refused() {
    let world = World::new();
    let text = "a-text-to-be-found-in-the-data";
    let post = PostUpdate {
        keys: &world.a,
        issuer: ALICE,
        uri: text.to_owned(),
        sha256: [1; 32],
    };
    let update = UpdateMetadata {
        keys: &world.a,
        payer: PAYER,
        issuer: ALICE,
        args: upside::instructions::security::UpdateMetadataArgs {
            name: Some(text.to_owned()),
            symbol: None,
            uri: None,
        },
    };
    let mut creation = crate::world::create(ALICE, 2, upside::state::TransferPolicy::Open, &world.payout);
    creation.args.name = text.to_owned();
    for valid in [post.instruction(), update.instruction(), creation.instruction()] {
        let at = valid
            .data
            .windows(text.len())
            .position(|window| window == text.as_bytes())
            .expect("the text is in the data");
        assert_eq!(valid.data[at - 4..at], 30_u32.to_le_bytes());
        for (len, expect) in [
            (30, Expect::Succeeds("it is as long as it says")),
            (2_000, ErrorCode::InstructionDidNotDeserialize.into()),
            (20_000, ErrorCode::InstructionDidNotDeserialize.into()),
            // The heap has 32 KiB.
            (40_000, says("ProgramFailedToComplete")),
            (i32::MAX as u32, says("ProgramFailedToComplete")),
            (u32::MAX, says("ProgramFailedToComplete")),
        ] {
            let mut call = valid.clone();
            call.data[at - 4..at].copy_from_slice(&len.to_le_bytes());
            let failures = check(&world, &format!("{len} bytes"), &call, &expect);
            assert!(failures.is_empty(), "{}", failures.join("\n"));
        }
    }
}
