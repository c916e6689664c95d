//! Where the runtime enters the program.
//!
//! Each instruction ends with a call of the program to itself that carries its event and does nothing. Anchor's own entrypoint would make
//! account structures for that call and compare its data with every instruction first, some 400 compute units on every instruction. So
//! the one call that matters is recognised on the runtime's input as it stands; everything else, a wrong event call too, goes to Anchor.
//! So are the instructions that run most ([`in_place`]): they work on the input itself.

use core::{mem::MaybeUninit, slice};

use anchor_lang::{
    event::EVENT_IX_TAG,
    prelude::{AccountInfo, ProgramError, Result},
    solana_program::entrypoint::{
        custom_panic_default, deserialize_into, MAX_PERMITTED_DATA_INCREASE, NON_DUP_MARKER, SUCCESS,
    },
};

use pinocchio::entrypoint::deserialize;
use solana_account_view::AccountView;

use crate::{entry, heap, instructions::in_place, EVENT_AUTHORITY_AND_BUMP};

custom_panic_default!();

/// Offset of the first account in the input, after the number of accounts.
const ACCOUNT: usize = 8;
/// Offset of its key, after four flags (duplicate, signer, writable, executable) and four bytes of padding.
const KEY: usize = ACCOUNT + 8;
/// Offset of its data length, after key, owner and lamports.
const DATA_LEN: usize = KEY + 32 + 32 + 8;
/// Offset of the instruction's data length if the only account has no data: after the room to grow, which is a multiple of 8, and the
/// rent epoch.
const INSTRUCTION_LEN: usize = DATA_LEN + 8 + MAX_PERMITTED_DATA_INCREASE + 8;
/// Offset of the instruction's data in that case.
const INSTRUCTION: usize = INSTRUCTION_LEN + 8;

/// Whether this is the program's call to itself with an event: one account, the event authority, which has signed (only this program
/// can sign for it), and data that starts with the tag of events.
///
/// # Safety
/// `input` is what the runtime passes to a program: every offset is read only after what lies before it says that it is there.
#[inline(always)]
unsafe fn is_event(input: *const u8) -> bool {
    // SAFETY: called only with offsets that lie in the input, see below; any eight bytes are a number.
    let u64_at = |at: usize| unsafe { input.add(at).cast::<u64>().read_unaligned() };
    // The number of accounts is always there. If it is 1, so is one account with all its fields, room and epoch, then the length of the
    // instruction's data, at INSTRUCTION_LEN if the account has none, and then as many bytes.
    u64_at(0) == 1
        // SAFETY: there is an account.
        && unsafe { *input.add(ACCOUNT) == NON_DUP_MARKER && *input.add(ACCOUNT + 1) == 1 }
        // SAFETY: there is an account, and it is no duplicate: those have no key.
        && unsafe { *input.add(KEY).cast::<[u8; 32]>() } == EVENT_AUTHORITY_AND_BUMP.0.to_bytes()
        && u64_at(DATA_LEN) == 0
        && u64_at(INSTRUCTION_LEN) >= 8
        && u64_at(INSTRUCTION) == EVENT_IX_TAG
}

/// Most accounts of one instruction. A transaction locks no more different ones; it may name one of them again and again, and is refused
/// then. The runtime's list is copied here, not to the heap, which saves 30 compute units an account.
const MOST_ACCOUNTS: usize = 64;

/// Runs one of the instructions that work on the input as it stands; `None` if it is another.
///
/// # Safety
/// `input` is what the runtime passes to a program, and nothing refers to it.
#[inline(always)]
unsafe fn run_in_place(input: *mut u8) -> Option<u64> {
    let mut accounts = [const { MaybeUninit::<AccountView>::uninit() }; in_place::ACCOUNTS];
    // SAFETY: `input` is the runtime's. An account that is named again is a view of the same place, which counts borrows. Of more accounts
    // than there is room for, the first are taken.
    let (_, number, data) = unsafe { deserialize::<{ in_place::ACCOUNTS }>(input, &mut accounts) };
    // SAFETY: the first `number` were written just now.
    let accounts = unsafe { slice::from_raw_parts_mut(accounts.as_mut_ptr().cast::<AccountView>(), number) };
    in_place::run(accounts, data).map(status)
}

/// The runtime's number for a result.
fn status(result: Result<()>) -> u64 {
    match result {
        Ok(()) => SUCCESS,
        Err(error) => {
            error.log();
            ProgramError::from(error).into()
        }
    }
}

/// Makes Anchor's structures and runs the instruction.
///
/// # Safety
/// `input` is what the runtime passes to a program.
#[inline(never)]
unsafe fn run(input: *mut u8) -> u64 {
    let mut accounts = [const { MaybeUninit::<AccountInfo>::uninit() }; MOST_ACCOUNTS];
    // SAFETY: `input` is the runtime's, and nothing has read or changed it. Panics, and so refuses the instruction, if there are more
    // accounts. An account that is named again shares its cells with the first, so a borrow of one is a borrow of both.
    let (program_id, number, data) = unsafe { deserialize_into(input, &mut accounts) };
    // SAFETY: the first `number` were written just now, and nothing else refers to them. They live until this function returns, and
    // what it returns is a number.
    let accounts = unsafe { slice::from_raw_parts(accounts.as_ptr().cast::<AccountInfo>(), number) };
    if in_place::is_in_place(data) {
        // With fewer accounts than it has, or more.
        // SAFETY: `input` is the runtime's; the list is not used any more.
        if let Some(status) = unsafe { run_in_place(input) } {
            return status;
        }
    }
    match entry(program_id, accounts, data) {
        Ok(()) => SUCCESS,
        Err(error) => error.into(),
    }
}

/// Called by the runtime.
///
/// # Safety
/// `input` is what the runtime passes to a program.
#[no_mangle]
pub unsafe extern "C" fn entrypoint(input: *mut u8) -> u64 {
    // SAFETY: `input` is the runtime's.
    if unsafe { is_event(input) } {
        return SUCCESS;
    }
    // SAFETY: nothing has been allocated; `input` is the runtime's, and starts with the number of accounts.
    unsafe {
        heap::prepare();
        if *input.cast::<u64>() == in_place::ACCOUNTS as u64 {
            if let Some(status) = run_in_place(input) {
                return status;
            }
        }
        run(input)
    }
}
