// SPDX-License-Identifier: GPL-2.0

//! Clocks, sleeping, and waiting for a word of memory. Times are in nanoseconds.
//!
//! C header: [`include/linux/timekeeping.h`](srctree/include/linux/timekeeping.h),
//! [`include/linux/wait_bit.h`](srctree/include/linux/wait_bit.h)

use crate::bindings;
use core::{ffi::c_int, ptr};
use kernel::{error::to_result, prelude::*};

/// `ktime_get()`. From any context but NMI.
#[inline]
pub fn monotonic() -> i64 {
    // SAFETY: May be called anywhere but in NMI.
    unsafe { bindings::ukl_helper_ktime_get() }
}

/// `ktime_get_real()`. From any context but NMI.
pub fn realtime() -> i64 {
    // SAFETY: As above.
    unsafe { bindings::ukl_helper_ktime_get_real() }
}

/// When a wait ends that may be begun anew.
#[derive(Clone, Copy)]
pub enum Deadline {
    /// It does not.
    Never,
    /// There is no wait.
    Now,
    /// At that time of the monotonic clock.
    At(i64),
}

impl Deadline {
    /// After `timeout` nanoseconds; never if that is negative.
    #[inline]
    pub fn after(timeout: i64) -> Self {
        match timeout {
            ..0 => Self::Never,
            0 => Self::Now,
            _ => Self::At(monotonic().saturating_add(timeout)),
        }
    }

    /// The time-out from now on: at least 1 if there was one at all.
    #[inline]
    pub fn left(self) -> i64 {
        match self {
            Self::Never => -1,
            Self::Now => 0,
            Self::At(end) => end.saturating_sub(monotonic()).max(1),
        }
    }
}

/// Sleeps for `ns` nanoseconds; `ERESTARTSYS` for a signal.
pub fn sleep(ns: i64) -> Result {
    let mut deadline = monotonic().saturating_add(ns);
    // SAFETY: `deadline` is valid during the call.
    to_result(unsafe { bindings::ukl_helper_sleep(&mut deadline) })
}

/// Waits until [`futex_wake`] is called for `word`, if it holds `expected`, for at most `timeout`
/// nanoseconds (negative: for ever). `EAGAIN` if it holds something else, `ETIMEDOUT`,
/// `ERESTARTSYS` for a signal. May sleep, and may end without a reason.
///
/// # Safety
///
/// `word` must be valid for reads, and aligned, until the function returns.
pub unsafe fn futex_wait(word: *const u32, expected: u32, timeout: i64) -> Result {
    let mut deadline = monotonic().saturating_add(timeout);
    let deadline = if timeout < 0 {
        ptr::null_mut()
    } else {
        &mut deadline
    };
    // SAFETY: By the function's requirements.
    to_result(unsafe { bindings::ukl_helper_futex_wait(word, expected, deadline) })
}

/// Wakes at most `count` of those that wait for the word at `address`. Returns how many. From any
/// context.
pub fn futex_wake(address: usize, count: c_int) -> c_int {
    // SAFETY: The address is compared only.
    unsafe { bindings::ukl_helper_futex_wake(address as *const u32, count) }
}
