//! Reads of accounts that no table loads, with the checks that tables make: of accounts that an instruction may have just created,
//! and of accounts in the runtime's input as it stands, for the instructions that the entrypoint runs itself.

use std::cell::RefMut;

use anchor_lang::{prelude::*, ZeroCopy};
use solana_account_view::{AccountView, Ref, RefMut as ViewMut};

use crate::{
    error::{require, UpsideError},
    ID,
};

/// Reads an account of this program in place for writing; `wrong` unless owner, type and length are right.
pub fn load_state_mut<'a, T: ZeroCopy>(info: &'a AccountInfo<'_>, wrong: UpsideError) -> Result<RefMut<'a, T>> {
    if *info.owner != ID {
        return Err(wrong.into());
    }
    require!(info.is_writable, ErrorCode::AccountNotMutable);
    // An account that the instruction has already borrowed is named twice: as this and as something else.
    let data = info.try_borrow_mut_data().map_err(|_| wrong)?;
    let at = T::DISCRIMINATOR.len();
    if data.len() != at + size_of::<T>() || !data.starts_with(T::DISCRIMINATOR) {
        return Err(wrong.into());
    }
    Ok(RefMut::map(data, |data| bytemuck::from_bytes_mut(&mut data[at..])))
}

/// What the framework's `AccountLoader` demands of an account of type `T`, with its errors: owned by this program, its type's bytes first,
/// long enough. An error names the account as the framework's do.
#[inline(always)]
fn check<T: ZeroCopy>(view: &AccountView, name: &str) -> Result<()> {
    check_type::<T>(view).map_err(|error| Error::from(error).with_account_name(name))
}

#[inline(always)]
fn check_type<T: ZeroCopy>(view: &AccountView) -> core::result::Result<(), ErrorCode> {
    if !view.owned_by(&ID) {
        return Err(ErrorCode::AccountOwnedByWrongProgram);
    }
    // What is borrowed for writing already is named twice: as this and as something else.
    let data = view.try_borrow().map_err(|_| ErrorCode::AccountDiscriminatorMismatch)?;
    if !data.starts_with(T::DISCRIMINATOR) {
        return Err(ErrorCode::AccountDiscriminatorMismatch);
    }
    if data.len() < T::DISCRIMINATOR.len() + size_of::<T>() {
        return Err(ErrorCode::AccountDidNotDeserialize);
    }
    Ok(())
}

/// Reads an account of this program in the runtime's input. As a typed account, an error if it is another program's, of another type, too
/// short, or borrowed for writing.
#[inline(always)]
pub fn view<'a, T: ZeroCopy>(view: &'a AccountView, name: &str) -> Result<Ref<'a, T>> {
    check::<T>(view, name)?;
    let at = T::DISCRIMINATOR.len();
    Ok(Ref::map(view.try_borrow()?, |data| {
        bytemuck::from_bytes(&data[at..at + size_of::<T>()])
    }))
}

/// Reads an account of this program in the runtime's input for writing: as [`view`], and [`ErrorCode::ConstraintMut`] if it may not be written,
/// or an error if it is borrowed at all. So an account that is named twice is never read and written at once.
#[inline(always)]
pub fn view_mut<'a, T: ZeroCopy>(view: &'a mut AccountView, name: &str) -> Result<ViewMut<'a, T>> {
    check::<T>(view, name)?;
    if !view.is_writable() {
        return Err(Error::from(ErrorCode::ConstraintMut).with_account_name(name));
    }
    let at = T::DISCRIMINATOR.len();
    Ok(ViewMut::map(view.try_borrow_mut()?, |data| {
        bytemuck::from_bytes_mut(&mut data[at..at + size_of::<T>()])
    }))
}
