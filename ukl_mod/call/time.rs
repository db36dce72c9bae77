// SPDX-License-Identifier: GPL-2.0

//! Sleeping, and waiting for a word of memory. Times are in nanoseconds.

use crate::transition;
use kernel::prelude::*;
use ukl_support::time;

/// `ukl_sleep()`.
pub(crate) fn sleep(ns: i64) -> Result {
    transition::call(|_| match ns {
        ..0 => Err(EINVAL),
        0 => Ok(()),
        _ => time::sleep(ns),
    })
}

/// `ukl_futex_wait()`.
///
/// # Safety
///
/// `word` must be mapped and aligned during the call.
pub(crate) unsafe fn futex_wait(word: *const u32, expected: u32, timeout: i64) -> Result {
    // SAFETY: By the function's requirements.
    transition::call(|_| unsafe { time::futex_wait(word, expected, timeout) })
}

/// `ukl_futex_wake()`. No transition.
pub(crate) fn futex_wake(address: usize, count: i32) -> Result<i32> {
    if count < 1 {
        return Err(EINVAL);
    }
    Ok(time::futex_wake(address, count))
}
