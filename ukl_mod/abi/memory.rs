// SPDX-License-Identifier: GPL-2.0

//! `include/ukl/memory.h`: memory that goes with its application.

use super::{export, handle, status};
use crate::call;
use kernel::ffi::{c_int, c_void};

export! {
    fn ukl_alloc(size: usize) -> *mut c_void {
        handle(call::memory::allocate(size).map(<*mut u8>::cast_const))
    }

    fn ukl_free(memory: *const c_void) -> c_int {
        if memory.is_null() {
            return 0;
        }
        status(call::memory::free(memory.cast()))
    }
}
