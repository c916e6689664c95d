//! A program for the suites: a transfer hook that does what its switch says, a wallet that signs for what it is told, and one that divides.
//!
//! As a hook it is called by Token-2022 with source, mint, destination, authority and the list of extra accounts, and then those extra
//! accounts. The first of them is the switch: its first byte is a [`Mode`].
//!
//! As a wallet ([`RELAY`]) it stands for multisigs: the holder is an address of this program, which signs by a call.
//!
//! Dividing ([`DIVIDE`]) it shows whether compiled programs divide as the machine does that compiled them.
#![allow(unexpected_cfgs)] // `target_os = "solana"` is no target that the host compiler knows
#![deny(missing_docs)]

use core::hint::black_box;

use anchor_lang::solana_program::{
    account_info::AccountInfo,
    entrypoint::ProgramResult,
    instruction::{AccountMeta, Instruction},
    program::{invoke, invoke_signed},
    program_error::ProgramError,
    pubkey::Pubkey,
};

/// First bytes of the data with which Token-2022 calls a hook: the start of `sha256("spl-transfer-hook-interface:execute")`.
pub const EXECUTE: [u8; 8] = [105, 37, 101, 197, 75, 251, 102, 26];
/// First bytes of the data that make the wallet call: then its bump, then the data of the call. The program called is the first account.
pub const RELAY: [u8; 8] = *b"relay   ";
/// First bytes of the data that make it divide. Behind them, as often as wanted, 16 bytes each: dividend, divisor, quotient and remainder
/// of them as unsigned numbers, quotient and remainder as signed ones.
pub const DIVIDE: [u8; 8] = *b"divide  ";
/// The number of the error with which it finds other results.
pub const MISCOUNTED: u32 = 7_778;
/// Seed of the wallet's address.
pub const WALLET: &[u8] = b"wallet";
/// The number of the error with which [`Mode::Refuse`] refuses.
pub const REFUSED: u32 = 7_777;

/// What the hook does when it is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Mode {
    /// Nothing.
    Accept = 0,
    /// Refuses with [`REFUSED`].
    Refuse = 1,
    /// Computes until the budget is used up.
    Burn = 2,
    /// Calls the program of the second extra account with the accounts after it and the data behind the switch's first byte.
    Call = 3,
    /// Refuses unless the second extra account has signed.
    DemandSignature = 4,
    /// Counts its calls in the eight bytes behind the switch's first byte.
    Count = 5,
    /// Panics.
    Panic = 6,
}

/// What the runtime calls.
///
/// Errors: as [`Mode`] says; [`MISCOUNTED`]; [`ProgramError::InvalidInstructionData`] for data that is none of [`EXECUTE`], [`RELAY`]
/// and [`DIVIDE`], and for a divisor of zero.
pub fn process(program: &Pubkey, accounts: &[AccountInfo], data: &[u8]) -> ProgramResult {
    match data.split_first_chunk::<8>() {
        Some((&EXECUTE, _)) => execute(accounts),
        Some((&RELAY, [bump, data @ ..])) => relay(program, accounts, *bump, data),
        Some((&DIVIDE, cases)) => divide(cases),
        _ => Err(ProgramError::InvalidInstructionData),
    }
}

fn execute(accounts: &[AccountInfo]) -> ProgramResult {
    let [_source, _mint, _destination, _authority, _list, switch, extra @ ..] = accounts else {
        return Err(ProgramError::InvalidArgument);
    };
    let mode = switch.try_borrow_data()?.first().copied();
    match mode {
        Some(0) => Ok(()),
        Some(1) => Err(ProgramError::Custom(REFUSED)),
        Some(2) => {
            let mut turns = 0_u64;
            loop {
                turns = black_box(turns.wrapping_add(1));
            }
        }
        Some(3) => {
            let (target, rest) = extra.split_first().ok_or(ProgramError::InvalidArgument)?;
            let data = switch.try_borrow_data()?[1..].to_vec();
            invoke(&instruction(target.key, rest, data), rest)
        }
        Some(4) => match extra.first() {
            Some(account) if account.is_signer => Ok(()),
            _ => Err(ProgramError::MissingRequiredSignature),
        },
        Some(5) => {
            let mut data = switch.try_borrow_mut_data()?;
            let count = data[1..]
                .first_chunk_mut::<8>()
                .ok_or(ProgramError::InvalidAccountData)?;
            *count = u64::from_le_bytes(*count).wrapping_add(1).to_le_bytes();
            Ok(())
        }
        Some(6) => panic!("the switch says so"),
        _ => Err(ProgramError::InvalidAccountData),
    }
}

fn relay(program: &Pubkey, accounts: &[AccountInfo], bump: u8, data: &[u8]) -> ProgramResult {
    let (target, rest) = accounts.split_first().ok_or(ProgramError::InvalidArgument)?;
    let seeds: &[&[u8]] = &[WALLET, &[bump]];
    let wallet = Pubkey::create_program_address(seeds, program).map_err(|_| ProgramError::InvalidSeeds)?;
    let mut call = instruction(target.key, rest, data.to_vec());
    for meta in &mut call.accounts {
        meta.is_signer |= meta.pubkey == wallet;
    }
    invoke_signed(&call, rest, &[seeds])
}

fn divide(cases: &[u8]) -> ProgramResult {
    let (cases, []) = cases.as_chunks::<96>() else {
        return Err(ProgramError::InvalidInstructionData);
    };
    for case in cases {
        let (words, _) = case.as_chunks::<16>();
        // Each operation reads them anew: none is derived from another's result.
        let number = |place: usize| black_box(u128::from_le_bytes(words[place]));
        let signed = |place: usize| number(place).cast_signed();
        if number(1) == 0 {
            return Err(ProgramError::InvalidInstructionData);
        }
        let counted = [
            number(0) / number(1),
            number(0) % number(1),
            signed(0).wrapping_div(signed(1)).cast_unsigned(),
            signed(0).wrapping_rem(signed(1)).cast_unsigned(),
        ];
        if (2..6).any(|place| counted[place - 2] != number(place)) {
            return Err(ProgramError::Custom(MISCOUNTED));
        }
    }
    Ok(())
}

/// A call with the rights that the accounts have here.
fn instruction(program: &Pubkey, accounts: &[AccountInfo], data: Vec<u8>) -> Instruction {
    Instruction {
        program_id: *program,
        accounts: accounts
            .iter()
            .map(|info| AccountMeta {
                pubkey: *info.key,
                is_signer: info.is_signer,
                is_writable: info.is_writable,
            })
            .collect(),
        data,
    }
}

#[cfg(target_os = "solana")]
anchor_lang::solana_program::entrypoint!(process);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_data_is_refused() {
        for data in [
            &[][..],
            &[0; 8],
            &EXECUTE[..7],
            &RELAY,
            &[&DIVIDE[..], &[0; 95]].concat(),
            &[&DIVIDE[..], &[0; 96]].concat(),
        ] {
            assert_eq!(
                process(&Pubkey::default(), &[], data),
                Err(ProgramError::InvalidInstructionData),
                "{data:?}"
            );
        }
    }
}
