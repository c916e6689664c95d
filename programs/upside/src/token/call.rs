//! Calls of other programs through the runtime's C interface, which takes keys and accounts by reference: the Rust interface copies each
//! key and counts references to each account, some hundreds of compute units a call.
//!
//! After such a call an [`AccountInfo`] shows new lamports, data and owner, but not a new data length: [`update_len`] does that where a call
//! creates or enlarges an account. What closes one goes through the Rust interface.

use anchor_lang::prelude::*;
use solana_account_view::AccountView;

/// One account of a call: by reference, as the runtime's C interface has it.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Meta<'a> {
    key: &'a Pubkey,
    is_writable: bool,
    is_signer: bool,
}

impl<'a> Meta<'a> {
    /// May be changed.
    pub const fn writable(key: &'a Pubkey) -> Self {
        Self {
            key,
            is_writable: true,
            is_signer: false,
        }
    }

    /// May be read.
    pub const fn readonly(key: &'a Pubkey) -> Self {
        Self {
            key,
            is_writable: false,
            is_signer: false,
        }
    }

    /// May be changed and has signed: pays, or is a program address that this program signs for.
    pub const fn payer(key: &'a Pubkey) -> Self {
        Self {
            key,
            is_writable: true,
            is_signer: true,
        }
    }

    /// May be read and has signed: the transaction, or this program by its seeds.
    pub const fn signer(key: &'a Pubkey) -> Self {
        Self {
            key,
            is_writable: false,
            is_signer: true,
        }
    }
}

/// An instruction as the runtime's C interface has it.
#[cfg(target_os = "solana")]
#[repr(C)]
struct Instruction {
    program: *const Pubkey,
    metas: *const u8,
    metas_len: u64,
    data: *const u8,
    data_len: u64,
}

/// An account that can be passed to a called program.
pub trait Passed {
    /// Its address.
    fn key(&self) -> &Pubkey;
    /// As the runtime's C interface has it.
    #[cfg(target_os = "solana")]
    fn info(&self) -> Info;
}

/// An account as the runtime's C interface has it.
#[cfg(target_os = "solana")]
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Info {
    key: *const Pubkey,
    lamports: *mut u64,
    data_len: u64,
    data: *mut u8,
    owner: *const Pubkey,
    rent_epoch: u64,
    is_signer: bool,
    is_writable: bool,
    executable: bool,
}

impl Passed for AccountInfo<'_> {
    #[inline(always)]
    fn key(&self) -> &Pubkey {
        self.key
    }

    #[cfg(target_os = "solana")]
    #[inline(always)]
    fn info(&self) -> Info {
        // A build with `-Cdebug-assertions=on` shows that no caller keeps a borrow; the suites pass on it.
        debug_assert!(self.try_borrow_mut_data().is_ok() && self.try_borrow_mut_lamports().is_ok());
        // SAFETY: both cells hold references into the runtime's input, which outlives every account. Their targets are taken as pointers,
        // without a reference between, so that what the runtime writes through them during the call is no reference's business.
        let (lamports, data) = unsafe { (&raw mut **self.lamports.as_ptr(), &raw mut **self.data.as_ptr()) };
        Info {
            key: self.key,
            lamports,
            data_len: data.len() as u64,
            data: data.cast(),
            owner: self.owner,
            rent_epoch: 0,
            is_signer: self.is_signer,
            is_writable: self.is_writable,
            executable: self.executable,
        }
    }
}

impl Passed for UncheckedAccount<'_> {
    #[inline(always)]
    fn key(&self) -> &Pubkey {
        self.key
    }

    #[cfg(target_os = "solana")]
    #[inline(always)]
    fn info(&self) -> Info {
        self.as_ref().info()
    }
}

impl Passed for AccountView {
    #[inline(always)]
    fn key(&self) -> &Pubkey {
        self.address()
    }

    #[cfg(target_os = "solana")]
    #[inline(always)]
    fn info(&self) -> Info {
        debug_assert!(!self.is_borrowed());
        let account = self.account_ptr().cast_mut();
        // SAFETY: a view points into the runtime's input, where the account's fields lie, and its data right behind them. Only pointers are
        // taken, and what the runtime writes through them during the call is no reference's business: no caller keeps a borrow.
        unsafe {
            Info {
                key: &raw const (*account).address,
                lamports: &raw mut (*account).lamports,
                data_len: (*account).data_len,
                data: account.add(1).cast(),
                owner: &raw const (*account).owner,
                rent_epoch: 0,
                is_signer: (*account).is_signer != 0,
                is_writable: (*account).is_writable != 0,
                executable: (*account).executable != 0,
            }
        }
    }
}

/// Calls `program`. `infos` has every account that `metas` names; no data of theirs may be borrowed. `signer_seeds` derive the address that
/// this program signs for, and are empty if it signs for none: an empty list of seeds would be the address of no seeds, which not
/// every program has.
///
/// Errors: those of the runtime and of the program called, which end the transaction.
#[inline(always)]
pub fn call<A: Passed, const N: usize>(
    program: &Pubkey,
    metas: &[Meta],
    data: &[u8],
    infos: [&A; N],
    signer_seeds: &[&[u8]],
) -> Result<()> {
    let signers = [signer_seeds];
    call_by(
        program,
        metas,
        data,
        infos,
        &signers[..usize::from(!signer_seeds.is_empty())],
    )
}

/// As [`call`], where this program signs for several addresses: the seeds of each.
#[cfg(target_os = "solana")]
#[inline(always)]
pub fn call_by<A: Passed, const N: usize>(
    program: &Pubkey,
    metas: &[Meta],
    data: &[u8],
    infos: [&A; N],
    signers: &[&[&[u8]]],
) -> Result<()> {
    let infos = infos.map(Passed::info);
    let instruction = Instruction {
        program,
        metas: metas.as_ptr().cast(),
        metas_len: metas.len() as u64,
        data: data.as_ptr(),
        data_len: data.len() as u64,
    };
    // SAFETY: every pointer is to something alive until the call returns; a slice is a pointer and a length, as the runtime's own crates
    // assume. The runtime writes through them only what the called program may change, and no caller keeps a borrow of that.
    let status = unsafe {
        solana_define_syscall::definitions::sol_invoke_signed_c(
            core::ptr::from_ref(&instruction).cast(),
            infos.as_ptr().cast(),
            N as u64,
            signers.as_ptr().cast(),
            signers.len() as u64,
        )
    };
    match status {
        0 => Ok(()),
        error => Err(ProgramError::from(error).into()),
    }
}

/// Shows the length that a call gave to an account, where it has created or enlarged it.
#[cfg(target_os = "solana")]
pub fn update_len(info: &AccountInfo) {
    let mut data = info.data.borrow_mut();
    let start = data.as_mut_ptr();
    // SAFETY: the runtime keeps the length in the eight bytes before the data and has updated it there. It lets nothing grow beyond the
    // room behind the data. The old slice is gone when the new one is made: the cell is borrowed, and holds the only one.
    *data = unsafe { core::slice::from_raw_parts_mut(start, *start.sub(8).cast::<u64>() as usize) };
}

/// Outside the runtime nothing is called, so no length changes.
#[cfg(not(target_os = "solana"))]
pub fn update_len(_info: &AccountInfo) {}

/// Outside the runtime there is no program to call.
#[cfg(not(target_os = "solana"))]
pub fn call_by<A: Passed, const N: usize>(
    _program: &Pubkey,
    _metas: &[Meta],
    _data: &[u8],
    _infos: [&A; N],
    _signers: &[&[&[u8]]],
) -> Result<()> {
    Err(ProgramError::IncorrectProgramId.into())
}
