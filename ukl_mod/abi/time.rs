// SPDX-License-Identifier: GPL-2.0

//! `include/ukl/time.h`: time, sleeping, waiting for a word of memory.

use super::{export, kernel_pointer, number, status};
use crate::call;
use kernel::{ffi::c_int, prelude::*};
use ukl_support::time;

export! {
    fn ukl_clock_monotonic() -> i64 {
        time::monotonic()
    }

    fn ukl_clock_realtime() -> i64 {
        time::realtime()
    }

    fn ukl_sleep(ns: i64) -> c_int {
        status(call::time::sleep(ns))
    }

    fn ukl_futex_wait(word: *const u32, expected: u32, timeout: i64) -> c_int {
        status((|| {
            if !word.is_aligned() {
                return Err(EINVAL);
            }
            kernel_pointer(word)?;
            // SAFETY: The caller gives a word that is mapped.
            unsafe { call::time::futex_wait(word, expected, timeout) }
        })())
    }

    fn ukl_futex_wake(word: *const u32, count: c_int) -> c_int {
        number(call::time::futex_wake(word as usize, count))
    }
}
