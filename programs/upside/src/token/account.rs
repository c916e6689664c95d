//! Reads of token accounts and mints, with the checks that typed accounts would make.
//!
//! The hot paths read bytes at fixed offsets instead of unpacking whole structures. This file is the one place that does so:
//! owner program, length, account type and initialisation are checked here, and nowhere skipped.

use anchor_lang::prelude::*;
use solana_account_view::AccountView;

use crate::{
    constants::{TOKEN_2022_PROGRAM_ID, TOKEN_PROGRAM_ID},
    error::{require, UpsideError},
};

/// Length of a token account without extensions.
pub const TOKEN_ACCOUNT_LEN: usize = 165;
/// Length of a mint without extensions.
pub const MINT_LEN: usize = 82;
/// Length of a multisig of either token program, which is never an account or a mint.
pub const MULTISIG_LEN: usize = 355;
/// The length that Token-2022 gives an account of `len` bytes: never a multisig's, by which it tells multisigs.
pub const fn token_len(len: usize) -> usize {
    if len == MULTISIG_LEN {
        len + 2
    } else {
        len
    }
}

/// `AccountType` byte of a mint with extensions, at offset 165.
const TYPE_MINT: u8 = 1;
/// `AccountType` byte of a token account with extensions, at offset 165.
const TYPE_ACCOUNT: u8 = 2;

/// State byte of a thawed token account.
pub const STATE_INITIALIZED: u8 = 1;
/// State byte of a frozen token account.
pub const STATE_FROZEN: u8 = 2;

/// What a token account says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenAccountView {
    /// The mint.
    pub mint: Pubkey,
    /// The owner (the authority over its tokens, not the owning program).
    pub owner: Pubkey,
    /// Atoms.
    pub amount: u64,
    /// Whether it is frozen.
    pub frozen: bool,
}

/// What a mint says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MintView {
    /// Who may mint; `None` for nobody.
    pub mint_authority: Option<Pubkey>,
    /// Atoms in existence.
    pub supply: u64,
    /// Decimals.
    pub decimals: u8,
    /// Who may freeze; `None` for nobody.
    pub freeze_authority: Option<Pubkey>,
}

fn key_at(data: &[u8], at: usize) -> Option<Pubkey> {
    Some(Pubkey::new_from_array(*data.get(at..)?.first_chunk()?))
}

fn u64_at(data: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*data.get(at..)?.first_chunk()?))
}

/// Whether `key` is one of the two token programs.
pub fn is_token_program(key: &Pubkey) -> bool {
    *key == TOKEN_PROGRAM_ID || *key == TOKEN_2022_PROGRAM_ID
}

/// Reads an initialised token account of `token_program`; `None` if `info` is anything else. In line: most callers compare keys and drop
/// them, which then copies nothing.
#[inline(always)]
pub fn read_token_account(info: &AccountInfo, token_program: &Pubkey) -> Option<TokenAccountView> {
    let data = info.try_borrow_data().ok()?;
    parse_token_account(info.owner, &data, token_program)
}

/// As [`read_token_account`], in the runtime's input.
#[inline(always)]
pub fn view_token_account(view: &AccountView, token_program: &Pubkey) -> Option<TokenAccountView> {
    let data = view.try_borrow().ok()?;
    parse_token_account(view.owner(), &data, token_program)
}

#[inline(always)]
fn parse_token_account(owner: &Pubkey, data: &[u8], token_program: &Pubkey) -> Option<TokenAccountView> {
    if owner != token_program {
        return None;
    }
    let kind = match data.len() {
        TOKEN_ACCOUNT_LEN => TYPE_ACCOUNT,
        MULTISIG_LEN => return None,
        n if n > TOKEN_ACCOUNT_LEN => data[TOKEN_ACCOUNT_LEN],
        _ => return None,
    };
    let state = data[108];
    if kind != TYPE_ACCOUNT || !(state == STATE_INITIALIZED || state == STATE_FROZEN) {
        return None;
    }
    Some(TokenAccountView {
        mint: key_at(data, 0)?,
        owner: key_at(data, 32)?,
        amount: u64_at(data, 64)?,
        frozen: state == STATE_FROZEN,
    })
}

/// Share atoms in existence. `mint` is the one that its security's record names: this program has made it and nobody can close it, so that
/// it is an initialised account of Token-2022 is enough; [`UpsideError::NotAMint`] otherwise.
pub fn read_share_supply(mint: &AccountInfo) -> Result<u64> {
    let data = mint.try_borrow_data()?;
    require!(
        *mint.owner == TOKEN_2022_PROGRAM_ID && data.get(45) == Some(&1),
        UpsideError::NotAMint
    );
    u64_at(&data, 36).ok_or_else(|| UpsideError::NotAMint.into())
}

/// Reads an initialised mint of either token program; [`UpsideError::NotAMint`] if `info` is anything else.
pub fn read_mint(info: &AccountInfo) -> Result<MintView> {
    mint_view(info).ok_or_else(|| UpsideError::NotAMint.into())
}

#[inline(always)]
fn mint_view(info: &AccountInfo) -> Option<MintView> {
    if !is_token_program(info.owner) {
        return None;
    }
    let data = info.try_borrow_data().ok()?;
    let kind = match data.len() {
        MINT_LEN => TYPE_MINT,
        MULTISIG_LEN => return None,
        n if n > TOKEN_ACCOUNT_LEN && *info.owner == TOKEN_2022_PROGRAM_ID => data[TOKEN_ACCOUNT_LEN],
        _ => return None,
    };
    if kind != TYPE_MINT || data[45] != 1 {
        return None;
    }
    let option = |at: usize| -> Option<Option<Pubkey>> {
        match data.get(at..)?.first_chunk::<4>()? {
            [0, 0, 0, 0] => Some(None),
            [1, 0, 0, 0] => Some(Some(key_at(&data, at + 4)?)),
            _ => None,
        }
    };
    Some(MintView {
        mint_authority: option(0)?,
        supply: u64_at(&data, 36)?,
        decimals: data[44],
        freeze_authority: option(46)?,
    })
}

/// Walks the extensions of a Token-2022 mint or account: calls `visit(type, value)` for each until it returns `false`. Accounts without
/// extensions have none. `None` if the list is malformed.
pub fn for_each_extension(data: &[u8], mut visit: impl FnMut(u16, &[u8]) -> bool) -> Option<()> {
    if data.len() <= TOKEN_ACCOUNT_LEN + 1 {
        return Some(());
    }
    let mut rest = &data[TOKEN_ACCOUNT_LEN + 1..];
    // A type of 0 ends the list; so does a tail too short for a header.
    while rest.len() >= 4 {
        let kind = u16::from_le_bytes([rest[0], rest[1]]);
        if kind == 0 {
            break;
        }
        let len = usize::from(u16::from_le_bytes([rest[2], rest[3]]));
        let value = rest.get(4..4 + len)?;
        if !visit(kind, value) {
            break;
        }
        rest = &rest[4 + len..];
    }
    Some(())
}

/// Extension type of an account that may demand a memo before each incoming transfer.
const EXTENSION_MEMO_TRANSFER: u16 = 8;
/// Extension type of an account whose owner may forbid some moves through other programs.
const EXTENSION_CPI_GUARD: u16 = 11;

/// Whether the one-byte switch of an account's extension is on.
fn is_switched_on(info: &AccountInfo, extension: u16) -> Result<bool> {
    let data = info.try_borrow_data()?;
    let mut on = false;
    for_each_extension(&data, |kind, value| {
        if kind == extension {
            on = value.first() == Some(&1);
        }
        kind != extension
    });
    Ok(on)
}

/// Whether a transfer into this Token-2022 account needs a memo right before it.
pub fn requires_memo(info: &AccountInfo) -> Result<bool> {
    is_switched_on(info, EXTENSION_MEMO_TRANSFER)
}

/// Whether the owner of this Token-2022 account has switched the CPI guard on.
pub fn is_cpi_guarded(info: &AccountInfo) -> Result<bool> {
    is_switched_on(info, EXTENSION_CPI_GUARD)
}
