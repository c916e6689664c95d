//! Every instruction, every account, every substitution: the exact error, and nothing changed.

mod calls;
mod world;

use std::collections::BTreeSet;

use anchor_lang::{error::ErrorCode, ToAccountMetas};
use anchor_spl::token_2022::spl_token_2022;
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
fn spoilt_instruction_data_is_refused() {
    let world = World::new();
    let mut svm = world.matrix.svm.clone();
    let mut failures = Vec::new();
    let mut cases = 0;
    for call in calls::all(&world) {
        let data = &call.instruction.data;
        let mut spoilt = vec![(
            ErrorCode::InstructionFallbackNotFound,
            [[0xAB; 8].as_slice(), &data[8..]].concat(),
        )];
        // An instruction without arguments is complete after its discriminator.
        spoilt.extend((0..data.len()).map(|len| {
            let error = if len < 8 {
                ErrorCode::InstructionFallbackNotFound
            } else {
                ErrorCode::InstructionDidNotDeserialize
            };
            (error, data[..len].to_vec())
        }));
        for (error, data) in spoilt {
            cases += 1;
            let mut instruction = call.instruction.clone();
            instruction.data = data;
            let len = instruction.data.len();
            let expect = Expect::from(error);
            match Matrix::send(&mut svm, &FEE_PAYER, instruction) {
                Ok(_) => {
                    failures.push(format!("{}: {len} bytes are accepted", call.name));
                    svm = world.matrix.svm.clone();
                }
                Err((error, program, _)) => {
                    let found = Expect::Refused {
                        error,
                        program: program.parse().unwrap_or_default(),
                    };
                    if found != expect {
                        failures.push(format!("{}: {len} bytes: {found:?}, must be {expect:?}", call.name));
                    }
                }
            }
        }
    }
    println!("{cases} cases of spoilt data");
    assert!(failures.is_empty(), "{}", failures.join("\n"));
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
