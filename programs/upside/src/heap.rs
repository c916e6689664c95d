//! The heap: the runtime gives 32 KiB, an instruction takes from the top down and gives nothing back.
//!
//! The same as the allocator of the program crates, but prepared once at entry instead of at each allocation. The two allocations that every
//! account takes before anything else happens are put in line; some 1,500 others, almost all of them in the making of errors, are calls.

use core::alloc::Layout;
#[cfg(target_os = "solana")]
use core::{alloc::GlobalAlloc, ptr::NonNull};

use anchor_lang::solana_program::entrypoint::{HEAP_LENGTH, HEAP_START_ADDRESS};

/// Where the lowest address given out is kept: at the start of the heap.
#[cfg(target_os = "solana")]
const LOWEST: *mut usize = HEAP_START_ADDRESS as *mut usize;
/// Nothing is given out below: the first word is [`LOWEST`].
const FLOOR: usize = HEAP_START_ADDRESS as usize + size_of::<usize>();
/// Everything is given out below.
const TOP: usize = HEAP_START_ADDRESS as usize + HEAP_LENGTH;

/// The highest address below `lowest` that has room for `layout` and is aligned; `None` if the heap has no room.
///
/// `lowest` is [`FLOOR`] or above. Almost every size and alignment is known where this is compiled, and every alignment but the rarest
/// divides that of `FLOOR`: what remains is a comparison, a subtraction and a mask.
#[inline(always)]
fn below(lowest: usize, layout: Layout) -> Option<usize> {
    if layout.size() > lowest.wrapping_sub(FLOOR) {
        return None;
    }
    let address = lowest.wrapping_sub(layout.size()) & !(layout.align().wrapping_sub(1));
    // Rounding down to a divisor of FLOOR's alignment cannot step over FLOOR.
    if layout.align() > align_of::<usize>() && address < FLOOR {
        return None;
    }
    Some(address)
}

#[cfg(target_os = "solana")]
struct Heap;

#[cfg(target_os = "solana")]
#[global_allocator]
static HEAP: Heap = Heap;

/// Ends the instruction: it wants more memory than the runtime gives.
#[cfg(target_os = "solana")]
#[cold]
#[inline(never)]
fn exhausted() -> ! {
    std::process::abort()
}

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

/// Takes memory from the heap.
///
/// # Safety
/// [`prepare`] has been called.
#[cfg(target_os = "solana")]
#[inline(always)]
unsafe fn take(layout: Layout) -> NonNull<u8> {
    // SAFETY: `prepare` has written it before anything is allocated.
    let lowest = unsafe { *LOWEST };
    // SAFETY: it was TOP, and `below` has given nothing below FLOOR.
    unsafe { core::hint::assert_unchecked(lowest >= FLOOR) };
    let Some(address) = below(lowest, layout) else {
        // Said here, once, rather than by everyone who would have to look at a null pointer.
        exhausted()
    };
    // SAFETY: as above; the word is below FLOOR, so nobody else has it.
    unsafe { *LOWEST = address };
    // SAFETY: FLOOR or above.
    unsafe { NonNull::new_unchecked(address as *mut u8) }
}

/// [`take`], out of line.
///
/// # Safety
/// As for [`take`].
#[cfg(target_os = "solana")]
#[inline(never)]
unsafe fn take_out_of_line(layout: Layout) -> NonNull<u8> {
    // SAFETY: the caller's.
    unsafe { take(layout) }
}

/// The counted cells of an account's lamports and of its data.
#[cfg(target_os = "solana")]
const CELLS: [usize; 2] = [
    2 * size_of::<usize>() + size_of::<core::cell::RefCell<&mut u64>>(),
    2 * size_of::<usize>() + size_of::<core::cell::RefCell<&mut [u8]>>(),
];

// SAFETY: every address given out lies between FLOOR and TOP, with its size below all given out before, and is aligned. A program has one
// thread, so nothing comes between reading and writing LOWEST. Memory that is given back stays taken, so none is given out twice.
#[cfg(target_os = "solana")]
unsafe impl GlobalAlloc for Heap {
    #[inline(always)]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // Two of each are taken for every account of every instruction. Most other places are errors, hundreds of them, never reached.
        if CELLS.contains(&layout.size()) && layout.align() == align_of::<usize>() {
            // SAFETY: the entrypoint prepares the heap first.
            unsafe { take(layout).as_ptr() }
        } else {
            // SAFETY: as above.
            unsafe { take_out_of_line(layout).as_ptr() }
        }
    }

    /// The runtime clears the heap before the program runs, and nothing is given out twice.
    #[inline(always)]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's.
        unsafe { self.alloc(layout) }
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
