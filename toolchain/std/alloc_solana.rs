use crate::alloc::{GlobalAlloc, Layout, System};

const HEAP_START: usize = 0x3_0000_0000;
const HEAP_LEN: usize = 32 * 1024;

#[stable(feature = "alloc_system_type", since = "1.28.0")]
unsafe impl GlobalAlloc for System {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let pos_ptr = HEAP_START as *mut usize;
        // SAFETY: the VM maps a zeroed heap at HEAP_START.
        unsafe {
            let mut pos = *pos_ptr;
            if pos == 0 {
                pos = HEAP_START + HEAP_LEN;
            }
            pos = pos.saturating_sub(layout.size());
            pos &= !(layout.align().wrapping_sub(1));
            if pos < HEAP_START + size_of::<usize>() {
                return core::ptr::null_mut();
            }
            *pos_ptr = pos;
            pos as *mut u8
        }
    }

    #[inline]
    unsafe fn dealloc(&self, _ptr: *mut u8, _layout: Layout) {}
}
