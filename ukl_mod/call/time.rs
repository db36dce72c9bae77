// SPDX-License-Identifier: GPL-2.0

//! Sleeping, and waiting for a word of memory. Times are in nanoseconds.

use crate::transition;
use kernel::prelude::*;
use ukl_support::time::{self, Deadline};

/// `ukl_sleep()`.
pub(crate) fn sleep(ns: i64) -> Result {
    let deadline = Deadline::after(ns);
    transition::call(|_| match deadline {
        Deadline::Never => Err(EINVAL),
        Deadline::Now => Ok(()),
        Deadline::At(_) => time::sleep(deadline.left()),
    })
}

/// `ukl_futex_wait()`.
///
/// # Safety
///
/// `word` must be mapped and aligned during the call.
pub(crate) unsafe fn futex_wait(word: *const u32, expected: u32, timeout: i64) -> Result {
    let deadline = Deadline::after(timeout);
    // SAFETY: By the function's requirements.
    transition::call_waiting(|_| unsafe { time::futex_wait(word, expected, deadline.left()) })
}

/// `ukl_futex_wake()`. No transition.
pub(crate) fn futex_wake(address: usize, count: i32) -> Result<i32> {
    if count < 1 {
        return Err(EINVAL);
    }
    Ok(time::futex_wake(address, count))
}
