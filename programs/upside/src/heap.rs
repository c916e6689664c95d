//! The heap: the runtime gives 32 KiB, an instruction takes from the top down and gives nothing back.
//!
//! The same as the allocator of the program crates, but prepared once at entry instead of at each allocation, and laid out so that
//! the compiler can put it in line: every account of an instruction takes two allocations before anything else happens.

use core::alloc::Layout;
#[cfg(target_os = "solana")]
use core::{alloc::GlobalAlloc, ptr::null_mut};

use anchor_lang::solana_program::entrypoint::{HEAP_LENGTH, HEAP_START_ADDRESS};

/// Where the lowest address given out is kept: at the start of the heap.
#[cfg(target_os = "solana")]
const LOWEST: *mut usize = HEAP_START_ADDRESS as *mut usize;
/// Nothing is given out below: the first word is [`LOWEST`].
const FLOOR: usize = HEAP_START_ADDRESS as usize + size_of::<usize>();
/// Everything is given out below.
const TOP: usize = HEAP_START_ADDRESS as usize + HEAP_LENGTH;

/// The highest address below `lowest` that has room for `layout` and is aligned; `None` if the heap has no room.
#[inline(always)]
fn below(lowest: usize, layout: Layout) -> Option<usize> {
    // A size is at most isize::MAX and the heap starts far above: this wraps only to addresses far above the heap, or not at all.
    let address = lowest.wrapping_sub(layout.size()) & !(layout.align().wrapping_sub(1));
    if address < FLOOR || address > lowest {
        None
    } else {
        Some(address)
    }
}

#[cfg(target_os = "solana")]
struct Heap;

#[cfg(target_os = "solana")]
#[global_allocator]
static HEAP: Heap = Heap;

/// Makes the heap empty. Called once, before anything is allocated.
///
/// # Safety
/// Nothing has been allocated yet; the runtime has mapped the heap.
#[cfg(target_os = "solana")]
#[inline(always)]
pub unsafe fn prepare() {
    // SAFETY: the heap starts here, aligned, and nothing of it has been given out.
    unsafe { *LOWEST = TOP };
}

// SAFETY: every address given out lies between FLOOR and TOP, with its size below all given out before, and is aligned. A program has one
// thread, so nothing comes between reading and writing LOWEST. Memory that is given back stays taken, so none is given out twice.
#[cfg(target_os = "solana")]
unsafe impl GlobalAlloc for Heap {
    #[inline(always)]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: `prepare` has written it before anything is allocated.
        let lowest = unsafe { *LOWEST };
        let Some(address) = below(lowest, layout) else {
            return null_mut();
        };
        // SAFETY: as above; the word is below FLOOR, so nobody else has it.
        unsafe { *LOWEST = address };
        address as *mut u8
    }

    #[inline(always)]
    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(size: usize, align: usize) -> Layout {
        Layout::from_size_align(size, align).expect("a layout")
    }

    #[test]
    fn pieces_are_aligned_and_never_overlap() {
        let mut lowest = TOP;
        let mut pieces = 0;
        // Sizes and alignments that repeat with different periods, so that they meet in every combination.
        for (size, align) in (0..).map(|n: usize| (n * 7 % 61, 1_usize << (n % 7))) {
            let Some(address) = below(lowest, layout(size, align)) else {
                break;
            };
            assert!(
                address >= FLOOR && address + size <= lowest,
                "{size} bytes at {address:x} under {lowest:x}"
            );
            assert_eq!(address % align, 0);
            lowest = address;
            pieces += 1;
        }
        assert!(pieces > 500, "{pieces}");
    }

    #[test]
    fn the_heap_is_given_out_to_its_last_byte_and_no_further() {
        assert_eq!(below(TOP, layout(TOP - FLOOR, 1)), Some(FLOOR));
        assert_eq!(below(TOP, layout(TOP - FLOOR + 1, 1)), None);
        assert_eq!(below(FLOOR, layout(0, 1)), Some(FLOOR));
        assert_eq!(below(FLOOR, layout(1, 1)), None);
        // FLOOR is aligned to 8: what wants more would reach below it.
        assert_eq!(below(FLOOR + 8, layout(1, 16)), None);
    }

    #[test]
    fn sizes_beyond_the_address_space_wrap_to_nothing() {
        let most = isize::MAX as usize;
        for lowest in [TOP, FLOOR + 1, FLOOR] {
            for size in [HEAP_LENGTH, TOP, TOP + 1, most / 2, most - 4_096, most] {
                for align in [1, 8, 4_096] {
                    if let Ok(layout) = Layout::from_size_align(size, align) {
                        assert_eq!(
                            below(lowest, layout),
                            None,
                            "{size} bytes aligned to {align} under {lowest:x}"
                        );
                    }
                }
            }
        }
    }
}
