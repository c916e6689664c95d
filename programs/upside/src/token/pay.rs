//! Transfers of payout tokens and vault assets.

use anchor_lang::{
    prelude::*,
    solana_program::{
        instruction::{AccountMeta, Instruction},
        program::invoke_signed_unchecked,
    },
};

use super::{call, requires_memo, tag, Meta, Passed};
use crate::constants::MEMO_PROGRAM_ID;

/// Accounts of one `TransferChecked`.
pub struct TransferAccounts<'a, A> {
    /// The token program that owns all of them.
    pub token_program: &'a Pubkey,
    /// Pays.
    pub source: &'a A,
    /// The mint.
    pub mint: &'a A,
    /// Receives.
    pub destination: &'a A,
    /// Owner of the source.
    pub authority: &'a A,
}

fn data(amount: u64, decimals: u8) -> [u8; 10] {
    let mut data = [0; 10];
    data[0] = tag::TRANSFER_CHECKED;
    data[1..9].copy_from_slice(&amount.to_le_bytes());
    data[9] = decimals;
    data
}

/// `TransferChecked` of `amount` atoms; `signer_seeds` is empty when the authority signed the transaction.
pub fn transfer_checked<A: Passed>(
    accounts: &TransferAccounts<A>,
    amount: u64,
    decimals: u8,
    signer_seeds: &[&[u8]],
) -> Result<()> {
    call(
        accounts.token_program,
        &[
            Meta::writable(accounts.source.key()),
            Meta::readonly(accounts.mint.key()),
            Meta::writable(accounts.destination.key()),
            Meta::signer(accounts.authority.key()),
        ],
        &data(amount, decimals),
        [accounts.source, accounts.mint, accounts.destination, accounts.authority],
        signer_seeds,
    )
}

/// `TransferChecked` that also passes on what the mint's transfer hook wants: its own accounts, the list of them and its program, in any order.
///
/// Nobody's signature but the authority's is passed on, whatever the transaction has: the hook is foreign code, and a holder who signs
/// to collect has not signed for what it might do. No data of any account may be borrowed.
#[inline(never)]
pub fn transfer_checked_with_hook<'info>(
    accounts: &TransferAccounts<'_, AccountInfo<'info>>,
    hook: &[AccountInfo<'info>],
    amount: u64,
    decimals: u8,
    signer_seeds: &[&[u8]],
) -> Result<()> {
    let mut metas = vec![
        AccountMeta::new(*accounts.source.key, false),
        AccountMeta::new_readonly(*accounts.mint.key, false),
        AccountMeta::new(*accounts.destination.key, false),
        AccountMeta::new_readonly(*accounts.authority.key, true),
    ];
    metas.extend(hook.iter().map(|info| AccountMeta {
        pubkey: *info.key,
        is_signer: false,
        is_writable: info.is_writable,
    }));
    let mut infos: Vec<_> = [accounts.source, accounts.mint, accounts.destination, accounts.authority]
        .map(AccountInfo::clone)
        .into();
    infos.extend_from_slice(hook);
    let instruction = Instruction {
        program_id: *accounts.token_program,
        accounts: metas,
        data: data(amount, decimals).to_vec(),
    };
    // Unchecked skips only the RefCell probes; no borrow of these accounts is held across the call.
    invoke_signed_unchecked(&instruction, &infos, &[signer_seeds])?;
    Ok(())
}

/// Sends the memo that a Token-2022 account with required memos wants right before a transfer into it.
pub fn memo_if_required(to: &AccountInfo) -> Result<()> {
    if requires_memo(to)? {
        call::<AccountInfo, 0>(&MEMO_PROGRAM_ID, &[], b"upside", [], &[])?;
    }
    Ok(())
}
