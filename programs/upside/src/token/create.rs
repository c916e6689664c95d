//! Creation of accounts at program addresses that anyone may have funded before.

use anchor_lang::{prelude::*, system_program, ZeroCopy};
use anchor_spl::associated_token::{create_idempotent, Create};

use crate::{
    error::UpsideError,
    token::{call, read_token_account, tag, update_len, Meta, TOKEN_ACCOUNT_LEN},
    ID,
};

/// Instructions of the system program: their numbers, `u32` little endian.
mod system {
    pub const CREATE_ACCOUNT: u8 = 0;
    pub const ASSIGN: u8 = 1;
    pub const TRANSFER: u8 = 2;
    pub const ALLOCATE: u8 = 8;
}

/// Creates an account at a program address with `space` bytes for `owner`, rent exempt for `rent_space` bytes. Works whether or not
/// somebody sent lamports there before (the system program's own `create_account` would refuse).
#[inline(never)]
pub fn create_account<'info>(
    payer: &AccountInfo<'info>,
    target: &AccountInfo<'info>,
    system: &AccountInfo<'info>,
    space: usize,
    rent_space: usize,
    owner: &Pubkey,
    seeds: &[&[u8]],
) -> Result<()> {
    let rent = Rent::get()?.minimum_balance(rent_space);
    let present = target.lamports();
    let space = space as u64;
    if present == 0 {
        // Number, lamports, space, owner.
        let mut data = [0; 52];
        data[0] = system::CREATE_ACCOUNT;
        data[4..12].copy_from_slice(&rent.to_le_bytes());
        data[12..20].copy_from_slice(&space.to_le_bytes());
        data[20..].copy_from_slice(owner.as_ref());
        let metas = [Meta::payer(payer.key), Meta::payer(target.key)];
        call(system.key, &metas, &data, [payer, target], seeds)?;
        update_len(target);
    } else {
        if let Some(missing) = rent.checked_sub(present).filter(|missing| *missing > 0) {
            let mut data = [0; 12];
            data[0] = system::TRANSFER;
            data[4..].copy_from_slice(&missing.to_le_bytes());
            let metas = [Meta::payer(payer.key), Meta::writable(target.key)];
            call(system.key, &metas, &data, [payer, target], &[])?;
        }
        let mut data = [0; 12];
        data[0] = system::ALLOCATE;
        data[4..].copy_from_slice(&space.to_le_bytes());
        call(system.key, &[Meta::payer(target.key)], &data, [target], seeds)?;
        // The next call compares lengths.
        update_len(target);
        let mut data = [0; 36];
        data[0] = system::ASSIGN;
        data[4..].copy_from_slice(owner.as_ref());
        call(system.key, &[Meta::payer(target.key)], &data, [target], seeds)?;
    }
    Ok(())
}

/// Creates an account of this program at its address and writes its first value.
#[inline(never)]
pub fn create_state<'info, T: ZeroCopy>(
    payer: &AccountInfo<'info>,
    target: &AccountInfo<'info>,
    system: &AccountInfo<'info>,
    seeds: &[&[u8]],
    value: &T,
) -> Result<()> {
    let bytes = bytemuck::bytes_of(value);
    let space = T::DISCRIMINATOR.len() + bytes.len();
    create_account(payer, target, system, space, space, &ID, seeds)?;
    let mut data = target.try_borrow_mut_data()?;
    data[..T::DISCRIMINATOR.len()].copy_from_slice(T::DISCRIMINATOR);
    data[T::DISCRIMINATOR.len()..].copy_from_slice(bytes);
    Ok(())
}

/// Closes an account of this program; its lamports go to `receiver`. The runtime clears an account without lamports at the end of
/// the transaction; handing it to the system program at once keeps it from being revived before that.
pub fn close_state(target: &AccountInfo, receiver: &AccountInfo) -> Result<()> {
    let lamports = target.lamports();
    **receiver.try_borrow_mut_lamports()? = receiver.lamports().checked_add(lamports).ok_or(UpsideError::Overflow)?;
    **target.try_borrow_mut_lamports()? = 0;
    target.assign(&system_program::ID);
    target.resize(0)?;
    Ok(())
}

/// Creates a token account at a program address, of either token program. `owner` will be the authority over its tokens.
#[inline(never)]
pub fn create_token_account<'info>(
    payer: &AccountInfo<'info>,
    target: &AccountInfo<'info>,
    mint: &AccountInfo<'info>,
    owner: &Pubkey,
    system: &AccountInfo<'info>,
    seeds: &[&[u8]],
) -> Result<()> {
    create_account(
        payer,
        target,
        system,
        TOKEN_ACCOUNT_LEN,
        TOKEN_ACCOUNT_LEN,
        mint.owner,
        seeds,
    )?;
    let mut data = [tag::INITIALIZE_ACCOUNT_3; 33];
    data[1..].copy_from_slice(owner.as_ref());
    call(
        mint.owner,
        &[Meta::writable(target.key), Meta::readonly(mint.key)],
        &data,
        [target, mint],
        &[],
    )
}

/// What making an associated token account of a program address needs.
pub struct AssociatedAccount<'a, 'info> {
    /// Pays rent if it is missing.
    pub payer: &'a AccountInfo<'info>,
    /// The account.
    pub account: &'a AccountInfo<'info>,
    /// Its owner.
    pub owner: &'a AccountInfo<'info>,
    /// Its mint.
    pub mint: &'a AccountInfo<'info>,
    /// The program of the mint.
    pub token_program: &'a AccountInfo<'info>,
    /// The associated token program.
    pub associated_token_program: &'a Pubkey,
    /// The system program.
    pub system_program: &'a AccountInfo<'info>,
}

/// Makes an associated token account unless somebody has. The associated token program proves address and owner; `wrong` is the error if it
/// is another account after all. It may be born frozen, which only keeps it from receiving.
#[inline(never)]
pub fn create_associated_account(a: &AssociatedAccount, wrong: UpsideError) -> Result<()> {
    create_idempotent(CpiContext::new(
        *a.associated_token_program,
        Create {
            payer: a.payer.clone(),
            associated_token: a.account.clone(),
            authority: a.owner.clone(),
            mint: a.mint.clone(),
            system_program: a.system_program.clone(),
            token_program: a.token_program.clone(),
        },
    ))?;
    let made = read_token_account(a.account, a.token_program.key)
        .is_some_and(|view| view.mint == *a.mint.key && view.owner == *a.owner.key);
    if made {
        Ok(())
    } else {
        Err(wrong.into())
    }
}
