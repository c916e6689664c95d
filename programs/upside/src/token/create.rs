//! Creation of accounts at program addresses that anyone may have funded before.

use anchor_lang::{
    prelude::*,
    system_program::{self, Allocate, Assign, CreateAccount, Transfer},
    ZeroCopy,
};

use crate::{
    token::{call, tag, Meta, TOKEN_ACCOUNT_LEN},
    ID,
};

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
    if present == 0 {
        return system_program::create_account(
            CpiContext::new_with_signer(
                *system.key,
                CreateAccount {
                    from: payer.clone(),
                    to: target.clone(),
                },
                &[seeds],
            ),
            rent,
            space as u64,
            owner,
        );
    }
    if let Some(missing) = rent.checked_sub(present).filter(|missing| *missing > 0) {
        system_program::transfer(
            CpiContext::new(
                *system.key,
                Transfer {
                    from: payer.clone(),
                    to: target.clone(),
                },
            ),
            missing,
        )?;
    }
    system_program::allocate(
        CpiContext::new_with_signer(
            *system.key,
            Allocate {
                account_to_allocate: target.clone(),
            },
            &[seeds],
        ),
        space as u64,
    )?;
    system_program::assign(
        CpiContext::new_with_signer(
            *system.key,
            Assign {
                account_to_assign: target.clone(),
            },
            &[seeds],
        ),
        owner,
    )
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
    **receiver.try_borrow_mut_lamports()? = receiver
        .lamports()
        .checked_add(lamports)
        .ok_or(crate::error::UpsideError::Overflow)?;
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
