//! The framework's types of these names, made of accounts that [`check`](super::check) has passed: a reference, and no check of its own.

use std::{
    cell::{Ref, RefMut},
    marker::PhantomData,
    ops::Deref,
};

use anchor_lang::{
    prelude::{AccountInfo, AccountMeta, ErrorCode, Key, Pubkey, Result, ToAccountInfos, ToAccountMetas},
    AccountsExit, ZeroCopy,
};

use crate::error::{err, refuse};

/// An account that signed.
#[derive(Clone, Copy)]
pub struct Signer<'info> {
    info: &'info AccountInfo<'info>,
}

/// The program `T`.
#[derive(Clone, Copy)]
pub struct Program<'info, T> {
    info: &'info AccountInfo<'info>,
    program: PhantomData<T>,
}

/// An account of this program that holds a `T`, read and written in place.
#[derive(Clone, Copy)]
pub struct AccountLoader<'info, T> {
    info: &'info AccountInfo<'info>,
    state: PhantomData<T>,
}

impl<'info> Signer<'info> {
    /// The account, which is known to have signed.
    #[inline(always)]
    pub fn checked(info: &'info AccountInfo<'info>) -> Self {
        Self { info }
    }
}

impl<'info, T> Program<'info, T> {
    /// The account, which is known to be the program.
    #[inline(always)]
    pub fn checked(info: &'info AccountInfo<'info>) -> Self {
        Self {
            info,
            program: PhantomData,
        }
    }
}

impl<'info, T: ZeroCopy> AccountLoader<'info, T> {
    /// The account, which is known to be this program's and of this type.
    #[inline(always)]
    pub fn checked(info: &'info AccountInfo<'info>) -> Self {
        Self {
            info,
            state: PhantomData,
        }
    }

    /// Reads it.
    ///
    /// # Errors
    /// If it is borrowed for writing (named twice: as this and as something else), or was closed by this instruction.
    #[inline(always)]
    pub fn load(&self) -> Result<Ref<'info, T>> {
        let data = self.info.try_borrow_data()?;
        let at = T::DISCRIMINATOR.len();
        Ref::filter_map(data, |data| data.get(at..at + size_of::<T>()).map(bytemuck::from_bytes))
            .map_err(|_| refuse(ErrorCode::AccountDidNotDeserialize))
    }

    /// Reads it for writing.
    ///
    /// # Errors
    /// As [`Self::load`]; if it is borrowed at all; [`ErrorCode::AccountNotMutable`] if it may not be written.
    #[inline(always)]
    pub fn load_mut(&self) -> Result<RefMut<'info, T>> {
        if !self.info.is_writable {
            return err!(ErrorCode::AccountNotMutable);
        }
        let data = self.info.try_borrow_mut_data()?;
        let at = T::DISCRIMINATOR.len();
        RefMut::filter_map(data, |data| {
            data.get_mut(at..at + size_of::<T>()).map(bytemuck::from_bytes_mut)
        })
        .map_err(|_| refuse(ErrorCode::AccountDidNotDeserialize))
    }
}

/// What the framework's macros and the program's functions expect of a type of account.
macro_rules! account {
    ($name:ident $(, $state:ident)?) => {
        impl<'info $(, $state)?> AsRef<AccountInfo<'info>> for $name<'info $(, $state)?> {
            #[inline(always)]
            fn as_ref(&self) -> &AccountInfo<'info> {
                self.info
            }
        }

        impl<'info $(, $state)?> Deref for $name<'info $(, $state)?> {
            type Target = AccountInfo<'info>;

            #[inline(always)]
            fn deref(&self) -> &AccountInfo<'info> {
                self.info
            }
        }

        impl<'info $(, $state)?> Key for $name<'info $(, $state)?> {
            #[inline(always)]
            fn key(&self) -> Pubkey {
                *self.info.key
            }
        }

        impl<'info $(, $state)?> ToAccountInfos<'info> for $name<'info $(, $state)?> {
            fn to_account_infos(&self) -> Vec<AccountInfo<'info>> {
                vec![self.info.clone()]
            }
        }

        impl<'info $(, $state)?> ToAccountMetas for $name<'info $(, $state)?> {
            fn to_account_metas(&self, is_signer: Option<bool>) -> Vec<AccountMeta> {
                self.info.to_account_metas(is_signer)
            }
        }

        impl<'info $(, $state)?> AccountsExit<'info> for $name<'info $(, $state)?> {}
    };
}

account!(Signer);
account!(Program, T);
account!(AccountLoader, T);
