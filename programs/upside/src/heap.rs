//! The heap: the runtime gives 32 KiB, an instruction takes from the top down and gives nothing back.
//!
//! The same as the allocator of the program crates, but prepared once at entry instead of at each allocation, and laid out so that
//! the compiler can put it in line: every account of an instruction takes two allocations before anything else happens.

use core::{
    alloc::{GlobalAlloc, Layout},
    ptr::null_mut,
};

use anchor_lang::solana_program::entrypoint::{HEAP_LENGTH, HEAP_START_ADDRESS};

/// Where the lowest address given out is kept: at the start of the heap.
const LOWEST: *mut usize = HEAP_START_ADDRESS as *mut usize;
/// Nothing is given out below: the first word is [`LOWEST`].
const FLOOR: usize = HEAP_START_ADDRESS as usize + size_of::<usize>();
/// Everything is given out below.
const TOP: usize = HEAP_START_ADDRESS as usize + HEAP_LENGTH;

struct Heap;

#[global_allocator]
static HEAP: Heap = Heap;

/// Makes the heap empty. Called once, before anything is allocated.
///
/// # Safety
/// Nothing has been allocated yet; the runtime has mapped the heap.
#[inline(always)]
pub unsafe fn prepare() {
    unsafe { *LOWEST = TOP };
}

// Every address given out lies between FLOOR and TOP, below all given out before, and is aligned.
unsafe impl GlobalAlloc for Heap {
    #[inline(always)]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let lowest = unsafe { *LOWEST };
        // A size is at most isize::MAX and the heap starts far above: this wraps only to addresses far above the heap, or not at all.
        let address = lowest.wrapping_sub(layout.size()) & !(layout.align().wrapping_sub(1));
        if address < FLOOR || address > lowest {
            return null_mut();
        }
        unsafe { *LOWEST = address };
        address as *mut u8
    }

    #[inline(always)]
    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}
