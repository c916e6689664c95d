//! Every instruction, every account, every substitution: the exact error, and nothing changed.

mod calls;
mod entry;
mod world;

use std::collections::BTreeSet;

use anchor_lang::{
    error::ErrorCode,
    prelude::{AccountMeta, Pubkey},
    solana_program::instruction::Instruction,
    ToAccountMetas,
};
use anchor_spl::token_2022::spl_token_2022;
use litesvm::LiteSVM;
use upside::{constants::TOKEN_2022_PROGRAM_ID, error::UpsideError, state::TransferPolicy};
use upside_tests::negative::{Expect, Matrix, Report};
use world::{create, World, FEE_PAYER, RECEIVER};

/// Instructions by name, as the program's own source lists them.
fn instructions_of_the_program() -> BTreeSet<String> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../programs/upside/src/lib.rs");
    let source = std::fs::read_to_string(path).expect("the program's source must be readable");
    source
        .lines()
        .filter_map(|line| {
            line.strip_prefix("    pub fn ")?
                .split_once('<')
                .map(|(name, _)| name.to_owned())
        })
        .collect()
}

#[test]
fn every_instruction_has_a_valid_call() {
    let world = World::new();
    let called: BTreeSet<String> = calls::all(&world)
        .iter()
        .map(|call| call.name.split([' ', ',']).next().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(called, instructions_of_the_program());
}

#[test]
fn every_substitution_is_refused_with_its_error_and_changes_nothing() {
    let world = World::new();
    let mut report = Report::default();
    for call in calls::all(&world) {
        world.matrix.run(&call, &mut report);
    }
    println!("{} cases, of which must succeed: {:#?}", report.cases, report.allowed);
    assert!(
        report.failures.is_empty(),
        "{} of {} cases went otherwise than declared:\n{}",
        report.failures.len(),
        report.cases,
        report.failures.join("\n")
    );
}

#[test]
fn spoilt_data_and_account_lists_are_refused() {
    let world = World::new();
    let mut svm = world.matrix.svm.clone();
    let mut failures = Vec::new();
    let mut cases = 0;
    for call in calls::all(&world) {
        let valid = &call.instruction;
        let mut spoilt = Vec::new();
        let mut data = |what: String, bytes: Vec<u8>, expect: Expect| {
            let mut instruction = valid.clone();
            instruction.data = bytes;
            spoilt.push((what, instruction, expect));
        };
        let unknown = [&[0xAB; 8], &valid.data[8..]].concat();
        data(
            "an unknown discriminator".to_owned(),
            unknown,
            ErrorCode::InstructionFallbackNotFound.into(),
        );
        for len in 0..valid.data.len() {
            let error = if len < 8 {
                ErrorCode::InstructionFallbackNotFound
            } else {
                ErrorCode::InstructionDidNotDeserialize
            };
            data(format!("{len} bytes of data"), valid.data[..len].to_vec(), error.into());
        }
        let longer = [valid.data.as_slice(), &[0xFF; 3]].concat();
        data(
            "trailing bytes".to_owned(),
            longer,
            Expect::Succeeds("the framework reads the arguments and no further"),
        );
        for len in 0..valid.accounts.len() {
            let mut instruction = valid.clone();
            instruction.accounts.truncate(len);
            spoilt.push((
                format!("{len} accounts"),
                instruction,
                ErrorCode::AccountNotEnoughKeys.into(),
            ));
        }
        let mut instruction = valid.clone();
        instruction.accounts.push(instruction.accounts[0].clone());
        spoilt.push((
            "one account more".to_owned(),
            instruction,
            Expect::Succeeds("accounts beyond the last are not looked at"),
        ));

        for (what, instruction, expect) in spoilt {
            cases += 1;
            let keys: Vec<_> = valid.accounts.iter().map(|meta| meta.pubkey).collect();
            let before: Vec<_> = keys.iter().map(|key| svm.get_account(key)).collect();
            match (Matrix::send(&mut svm, &FEE_PAYER, instruction), &expect) {
                (Ok(_), Expect::Succeeds(_)) => svm = world.matrix.svm.clone(),
                (Err((error, program, _)), Expect::Refused { .. })
                    if expect == Expect::runtime(&error, program.parse().unwrap_or_default()) =>
                {
                    let after: Vec<_> = keys.iter().map(|key| svm.get_account(key)).collect();
                    if after != before {
                        failures.push(format!(
                            "{}: {what}: a failed instruction changed an account",
                            call.name
                        ));
                    }
                }
                (result, _) => {
                    failures.push(format!(
                        "{}: {what}: {:?}, must be {expect:?}",
                        call.name,
                        result.map_err(|e| (e.0, e.1))
                    ));
                    svm = world.matrix.svm.clone();
                }
            }
        }
    }
    println!("{cases} cases of spoilt data and account lists");
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Any program may call each instruction and gets what a transaction gets: the same accounts with the signatures, the same refusal without.
#[test]
fn every_instruction_called_by_another_program_does_the_same_and_takes_no_signature_from_it() {
    let world = World::new();
    let (mut failures, mut cases) = (Vec::new(), 0);
    for call in calls::all(&world) {
        let keys: Vec<_> = call.instruction.accounts.iter().map(|meta| meta.pubkey).collect();
        let after = |svm: &LiteSVM| keys.iter().map(|key| svm.get_account(key)).collect::<Vec<_>>();
        let (mut direct, mut below) = (world.matrix.svm.clone(), world.matrix.svm.clone());
        below
            .add_program_from_file(RELAY_PROGRAM, std::env::var("UPSIDE_HOOK_SO").expect("UPSIDE_HOOK_SO"))
            .expect("the relay loads");
        let unsigned = below.clone();
        Matrix::send(&mut direct, &FEE_PAYER, call.instruction.clone()).expect("a valid call");
        cases += 1;
        match Matrix::send(&mut below, &FEE_PAYER, relayed(&call.instruction)) {
            Ok(_) if after(&direct) == after(&below) => {}
            Ok(_) => failures.push(format!("{}: leaves other accounts when a program calls it", call.name)),
            Err(e) => failures.push(format!(
                "{}: refused when a program calls it: {} {}",
                call.name, e.0, e.1
            )),
        }
        // A signature that the transaction does not carry, the program below cannot add.
        for (at, meta) in call.instruction.accounts.iter().enumerate() {
            if !meta.is_signer || meta.pubkey == FEE_PAYER {
                continue;
            }
            cases += 1;
            let mut instruction = call.instruction.clone();
            for other in &mut instruction.accounts {
                other.is_signer &= other.pubkey != meta.pubkey;
            }
            let mut svm = unsigned.clone();
            let alone = Matrix::send(&mut svm, &FEE_PAYER, instruction.clone()).map_err(|e| (e.0, e.1));
            let mut svm = unsigned.clone();
            let called = Matrix::send(&mut svm, &FEE_PAYER, relayed(&instruction)).map_err(|e| (e.0, e.1));
            if called.is_ok() != alone.is_ok() || called.as_ref().err() != alone.as_ref().err() {
                failures.push(format!(
                    "{}: without the signature of account {at}: {called:?} below a program, {alone:?} alone",
                    call.name
                ));
            }
        }
    }
    println!("{cases} calls by another program");
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Where the program of `tests/programs/hook` is, as a program that calls others.
const RELAY_PROGRAM: Pubkey = Pubkey::new_from_array([77; 32]);

/// An instruction as a call by [`RELAY_PROGRAM`].
fn relayed(instruction: &Instruction) -> Instruction {
    let (_, bump) = Pubkey::find_program_address(&[hook::WALLET], &RELAY_PROGRAM);
    let mut accounts = vec![AccountMeta::new_readonly(instruction.program_id, false)];
    accounts.extend_from_slice(&instruction.accounts);
    Instruction {
        program_id: RELAY_PROGRAM,
        accounts,
        data: [&hook::RELAY[..], &[bump], &instruction.data].concat(),
    }
}

/// Shares of a new security, credited to an old security's position, would earn the old one's upside.
#[test]
fn a_new_security_cannot_credit_a_position_of_another_whose_registered_account_was_closed() {
    let world = World::new();
    let mut svm = world.matrix.svm.clone();
    let (position, registered) = (world.b.position(&RECEIVER), world.b.registered(&RECEIVER));
    // A holder may close a frozen account that holds nothing; its address is then free.
    let close =
        spl_token_2022::instruction::close_account(&TOKEN_2022_PROGRAM_ID, &registered, &RECEIVER, &RECEIVER, &[])
            .expect("a valid instruction");
    Matrix::send(&mut svm, &FEE_PAYER, close).expect("a holder may close an empty registered account");
    let creation = create(RECEIVER, 0, TransferPolicy::Open, &world.payout);
    let mut instruction = creation.instruction();
    let mut accounts = creation.accounts();
    (accounts.position, accounts.registered) = (position, registered);
    instruction.accounts = accounts.to_account_metas(None);
    let before = svm.get_account(&position);
    let (error, program, _) = Matrix::send(&mut svm, &FEE_PAYER, instruction).expect_err("must be refused");
    let found = Expect::Refused {
        error,
        program: program.parse().unwrap_or_default(),
    };
    assert_eq!(found, UpsideError::WrongPosition.into());
    assert_eq!(svm.get_account(&position), before);
}
