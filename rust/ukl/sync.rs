// SPDX-License-Identifier: GPL-2.0

//! Waiting for a word of memory: what locks and the like of applications are made of.
//!
//! The kernel crate's locks, [`kernel::sync`], work in applications as well, but a thread that is
//! blocked in one does not notice that it was asked to stop.

use crate::{nanoseconds, result, App};
use core::time::Duration;
use kernel::{ffi::c_int, prelude::*, sync::atomic::Atomic};
use ukl_bindings as bindings;

/// Waits until [`futex_wake`] is called for `word`, unless it does not hold `expected`.
///
/// The word is read after the waiter can be woken, so that a thread that changes it and then wakes
/// reaches everyone who saw the old value. A wait may end without a reason: look at the word again.
/// Without a `timeout` there is none. Blocks. C: `ukl_futex_wait()`.
///
/// # Errors
///
/// `EAGAIN` if the word does not hold `expected`, `ETIMEDOUT`, `EINTR` if the thread is asked to stop.
pub fn futex_wait(
    _app: &App,
    word: &Atomic<u32>,
    expected: u32,
    timeout: Option<Duration>,
) -> Result {
    // SAFETY: `_app` says that this is application mode; the word is alive and aligned.
    result(unsafe { bindings::ukl_futex_wait(word.as_ptr(), expected, nanoseconds(timeout)) })
}

/// Wakes at most `count` of the threads that wait for `word`, those that have waited longest first, and
/// returns how many. Not a transition: from any context but NMI and, with `PREEMPT_RT`, hard
/// interrupts. C: `ukl_futex_wake()`.
pub fn futex_wake(word: &Atomic<u32>, count: u32) -> usize {
    let count = c_int::try_from(count).unwrap_or(c_int::MAX);
    if count == 0 {
        return 0;
    }
    // SAFETY: May be called anywhere; the word is not read.
    let woken = unsafe { bindings::ukl_futex_wake(word.as_ptr(), count) };
    usize::try_from(woken).unwrap_or(0)
}
