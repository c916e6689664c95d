//! Instructions of the token programs that go with the protocol's own.

use anchor_lang::{prelude::Pubkey, solana_program::instruction::Instruction};
use anchor_spl::{
    associated_token::spl_associated_token_account::instruction::create_associated_token_account_idempotent,
    token_2022::spl_token_2022,
};

use crate::{
    error::{ClientError, Result},
    pda,
};

/// Creates the associated token account of `owner` for `mint` unless it exists. `payer` pays rent.
#[must_use]
pub fn create_ata(payer: &Pubkey, owner: &Pubkey, mint: &Pubkey, token_program: &Pubkey) -> Instruction {
    create_associated_token_account_idempotent(payer, owner, mint, token_program)
}

/// Moves `amount` atoms between two token accounts of `mint`, of either token program. `authority` owns `source` and signs.
///
/// # Errors
/// [`ClientError::Malformed`] if `token_program` is neither token program.
pub fn transfer(
    token_program: &Pubkey,
    mint: &Pubkey,
    decimals: u8,
    source: &Pubkey,
    destination: &Pubkey,
    authority: &Pubkey,
    amount: u64,
) -> Result<Instruction> {
    spl_token_2022::instruction::transfer_checked(
        token_program,
        source,
        mint,
        destination,
        authority,
        &[],
        amount,
        decimals,
    )
    .map_err(|e| ClientError::Malformed {
        what: "token program",
        address: *token_program,
        reason: e.to_string(),
    })
}

/// Moves `amount` atoms from the associated token account of `from` to the one of `to`, which must exist.
///
/// # Errors
/// As [`transfer`].
pub fn transfer_between_atas(
    token_program: &Pubkey,
    mint: &Pubkey,
    decimals: u8,
    from: &Pubkey,
    to: &Pubkey,
    amount: u64,
) -> Result<Instruction> {
    transfer(
        token_program,
        mint,
        decimals,
        &pda::ata(from, mint, token_program),
        &pda::ata(to, mint, token_program),
        from,
        amount,
    )
}
