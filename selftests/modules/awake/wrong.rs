// SPDX-License-Identifier: GPL-2.0
//! What Rust does wrong: for the checkers that the compiler has to help.

use core::ffi::{c_char, c_uint, c_ulong};
use core::hint::black_box;

/// # Safety
///
/// There is none: it reads `memory[at]`, wherever that is.
#[no_mangle]
pub unsafe extern "C" fn read_in_rust(memory: *const c_char, at: c_uint) -> c_char {
    // SAFETY: it is not.
    unsafe { *black_box(memory).add(at as usize) }
}

/// # Safety
///
/// There is none: it counts without a lock.
#[no_mangle]
pub unsafe extern "C" fn count_in_rust(counter: *mut c_ulong) {
    for _ in 0..1000 {
        // SAFETY: it is not.
        unsafe { *black_box(counter) += 1 };
    }
}
