//! Instructions that go together in one transaction, because the second needs what the first makes.

use anchor_lang::{prelude::Pubkey, solana_program::instruction::Instruction};
use upside::{constants::TOKEN_2022_PROGRAM_ID, state::Position};

use crate::{
    error::Result,
    instructions::{token, Claim, DepositEquity, OpenVault, Unregister},
    pda::SecurityKeys,
};

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
