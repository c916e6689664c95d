//! Reads of accounts that an instruction may have just created, with the checks a typed account makes.

use std::cell::RefMut;

use anchor_lang::{prelude::*, ZeroCopy};

use crate::{error::UpsideError, ID};

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
