//! Transfers of payout tokens and vault assets.

use anchor_lang::prelude::*;

use super::{call, tag, Meta};

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
    let mut data = [0; 10];
    data[0] = tag::TRANSFER_CHECKED;
    data[1..9].copy_from_slice(&amount.to_le_bytes());
    data[9] = decimals;
    call(
        accounts.token_program,
        &[
            Meta::writable(accounts.source.key),
            Meta::readonly(accounts.mint.key),
            Meta::writable(accounts.destination.key),
            Meta::signer(accounts.authority.key),
        ],
        &data,
        [accounts.source, accounts.mint, accounts.destination, accounts.authority],
        signer_seeds,
    )
}
