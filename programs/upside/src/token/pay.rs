//! Transfers of payout tokens and vault assets.

use anchor_lang::{
    prelude::*,
    solana_program::{
        instruction::{AccountMeta, Instruction},
        program::invoke_signed_unchecked,
    },
};

use crate::token::tag;

/// Accounts of one `TransferChecked`.
pub struct TransferAccounts<'a, 'info> {
    /// The token program that owns all of them.
    pub token_program: &'a Pubkey,
    /// Pays.
    pub source: &'a AccountInfo<'info>,
    /// The mint.
    pub mint: &'a AccountInfo<'info>,
    /// Receives.
    pub destination: &'a AccountInfo<'info>,
    /// Owner of the source.
    pub authority: &'a AccountInfo<'info>,
}

/// `TransferChecked` of `amount` atoms; `signer_seeds` is empty when the authority signed the transaction.
pub fn transfer_checked(accounts: &TransferAccounts, amount: u64, decimals: u8, signer_seeds: &[&[u8]]) -> Result<()> {
    let mut data = Vec::with_capacity(10);
    data.push(tag::TRANSFER_CHECKED);
    data.extend_from_slice(&amount.to_le_bytes());
    data.push(decimals);
    let instruction = Instruction {
        program_id: *accounts.token_program,
        accounts: vec![
            AccountMeta::new(*accounts.source.key, false),
            AccountMeta::new_readonly(*accounts.mint.key, false),
            AccountMeta::new(*accounts.destination.key, false),
            AccountMeta::new_readonly(*accounts.authority.key, true),
        ],
        data,
    };
    let infos = [
        accounts.source.clone(),
        accounts.mint.clone(),
        accounts.destination.clone(),
        accounts.authority.clone(),
    ];
    // Unchecked skips only the RefCell probes; no borrow of these accounts is held across the call.
    invoke_signed_unchecked(&instruction, &infos, &[signer_seeds])?;
    Ok(())
}
