//! Instructions that go together in one transaction, because the second needs what the first makes.

use std::ops::Range;

use anchor_lang::{prelude::Pubkey, solana_program::instruction::Instruction};
use solana_compute_budget_interface::ComputeBudgetInstruction;
use solana_transaction_v3::Transaction;
use upside::{constants::TOKEN_2022_PROGRAM_ID, state::Position};

use crate::{
    error::{ClientError, Result},
    instructions::{token, Claim, DepositEquity, OpenVault, Unregister},
    pda::SecurityKeys,
};

/// Most bytes of a transaction on the wire.
pub const MAX_TRANSACTION_BYTES: usize = 1_232;
/// Compute units that one transaction is filled to at most; the cluster allows 1,400,000.
pub(crate) const FILL_COMPUTE_UNITS: u32 = 1_000_000;

/// Bytes on the wire of a transaction with these instructions, and room for a compute limit and a price.
pub(crate) fn bytes_of<'a>(payer: &Pubkey, parts: impl IntoIterator<Item = &'a Instruction>) -> usize {
    let mut instructions = vec![
        ComputeBudgetInstruction::set_compute_unit_limit(0),
        ComputeBudgetInstruction::set_compute_unit_price(0),
    ];
    instructions.extend(parts.into_iter().cloned());
    let transaction = Transaction::new_with_payer(&instructions, Some(payer));
    // The count of signatures is one byte: a message that fits has far fewer than 128.
    1 + 64 * transaction.signatures.len() + transaction.message_data().len()
}

/// Packs pieces that do not depend on each other into as few transactions as fit by size and compute units, in order: returns which pieces go
/// into each. A piece is its instructions and the most compute units that they take.
///
/// # Errors
/// [`ClientError::TooLarge`] if one piece alone does not fit.
pub fn pack(payer: &Pubkey, pieces: &[(Vec<Instruction>, u32)]) -> Result<Vec<Range<usize>>> {
    let mut packed: Vec<Range<usize>> = Vec::new();
    let mut start = 0;
    for end in 0..pieces.len() {
        let of = |range: Range<usize>| bytes_of(payer, pieces[range].iter().flat_map(|(part, _)| part));
        let units: u32 = pieces[start..=end].iter().map(|(_, units)| units).sum();
        if end > start && (units > FILL_COMPUTE_UNITS || of(start..end + 1) > MAX_TRANSACTION_BYTES) {
            packed.push(start..end);
            start = end;
        }
        let bytes = of(start..end + 1);
        if bytes > MAX_TRANSACTION_BYTES {
            return Err(ClientError::TooLarge {
                bytes,
                most: MAX_TRANSACTION_BYTES,
            });
        }
    }
    if start < pieces.len() {
        packed.push(start..pieces.len());
    }
    Ok(packed)
}

/// Pays a holder out to the account stored in their position, which is created first if it is their associated token account and missing.
/// Signed by `payer` alone.
#[must_use]
pub fn claim_for(keys: &SecurityKeys, payer: &Pubkey, position: &Position) -> Vec<Instruction> {
    let mut instructions = Vec::with_capacity(2);
    if position.payout_account == keys.payout_account(&position.holder) {
        instructions.push(create_payout_account(keys, payer, &position.holder));
    }
    instructions.push(Claim::crank(keys, position).instruction());
    instructions
}

/// Pays a holder out to their associated token account, which is created first if it is missing. Signed by `payer` and `holder`.
#[must_use]
pub fn claim_by_holder(keys: &SecurityKeys, payer: &Pubkey, holder: Pubkey) -> Vec<Instruction> {
    vec![
        create_payout_account(keys, payer, &holder),
        Claim::by_holder(keys, holder).instruction(),
    ]
}

/// Turns registered shares into bearer ones in the holder's associated token account, which is created first if it is missing. Signed by
/// `payer` and `holder`.
#[must_use]
pub fn go_bearer(keys: &SecurityKeys, payer: &Pubkey, holder: Pubkey, amount: u64) -> Vec<Instruction> {
    vec![
        token::create_ata(payer, &holder, &keys.mint, &TOKEN_2022_PROGRAM_ID),
        Unregister {
            keys,
            holder,
            bearer_account: keys.bearer_account(&holder),
            amount,
        }
        .instruction(),
    ]
}

/// Sends `amount` payout atoms to the inbox, which is created first if it is missing; the next `distribute` sweeps them in. Signed by `payer`
/// and `from`, whose associated token account pays.
///
/// # Errors
/// As [`token::transfer`].
pub fn send_to_inbox(
    keys: &SecurityKeys,
    payer: &Pubkey,
    from: &Pubkey,
    payout_decimals: u8,
    amount: u64,
) -> Result<Vec<Instruction>> {
    let (program, mint) = (&keys.payout_token_program, &keys.payout_mint);
    Ok(vec![
        token::create_ata(payer, &keys.security, mint, program),
        token::transfer_between_atas(program, mint, payout_decimals, from, &keys.security, amount)?,
    ])
}

/// Opens a vault and makes the first deposit, from the depositor's associated token account. Signed by `payer`, `issuer` and `depositor`. An
/// asset whose accounts are born frozen needs its issuer's thaw between the two: then send them apart.
#[must_use]
pub fn open_vault_with(
    keys: &SecurityKeys,
    payer: Pubkey,
    issuer: Pubkey,
    depositor: Pubkey,
    asset_mint: Pubkey,
    asset_token_program: Pubkey,
    amount: u64,
) -> Vec<Instruction> {
    vec![
        OpenVault {
            keys,
            payer,
            issuer,
            asset_mint,
            asset_token_program,
        }
        .instruction(),
        DepositEquity::from_ata(keys, depositor, asset_mint, asset_token_program, amount).instruction(),
    ]
}

fn create_payout_account(keys: &SecurityKeys, payer: &Pubkey, holder: &Pubkey) -> Instruction {
    token::create_ata(payer, holder, &keys.payout_mint, &keys.payout_token_program)
}
