// SPDX-License-Identifier: GPL-2.0

//! `ukl.ko`, as safe as its C face can be made: what every file here calls instead of it.

use crate::bindings;
use core::{ffi::c_void, ptr};
use kernel::{error::to_result, ffi::c_long, prelude::*};

/// What a call comes to: a number, or an errno.
pub(crate) type Answer = Result<i64>;

/// An answer from what C returns.
#[inline(always)]
pub(crate) fn answer(result: i64) -> Answer {
    match result {
        errno @ -4095..0 => Err(Error::from_errno(errno as i32)),
        result => Ok(result),
    }
}

/// The errno of an answer, or its number.
#[inline(always)]
pub(crate) fn number(answer: Answer) -> i64 {
    match answer {
        Ok(number) => number,
        Err(error) => error.to_errno().into(),
    }
}

/// An errno that the kernel crate has no name for.
#[cold]
pub(crate) fn errno(code: u32) -> Error {
    Error::from_errno(-(code as i32))
}

/// A helper that is run as a call, in mode `Kernel`.
pub(crate) type Helper = unsafe extern "C" fn(*mut c_void) -> c_long;

/// Runs a helper of `helpers.c` as a call.
///
/// # Safety
///
/// The helper takes a pointer to a `T`, and what is in there is what it says.
#[inline(always)]
pub(crate) unsafe fn call<T>(helper: Helper, arg: &mut T) -> Answer {
    // SAFETY: By the function's requirements.
    answer(unsafe { call_raw(helper, arg) })
}

/// As [`call`], for what a hot call returns as it is: a number, or a negative errno.
///
/// # Safety
///
/// As of [`call`].
#[inline(always)]
pub(crate) unsafe fn call_raw<T>(helper: Helper, arg: &mut T) -> i64 {
    // SAFETY: By the function's requirements.
    unsafe { bindings::ukl_call(Some(helper), ptr::from_mut(arg).cast()) as i64 }
}

/// As [`call`], for a helper that waits for events: `EINTR` once a handler of a signal has run.
///
/// # Safety
///
/// As of [`call`].
pub(crate) unsafe fn call_polling<T>(helper: Helper, arg: &mut T) -> Answer {
    // SAFETY: By the function's requirements.
    answer(unsafe { bindings::ukl_call_polling(Some(helper), ptr::from_mut(arg).cast()) as i64 })
}

/// A system call that the process makes in user space. Pointers are its addresses.
pub(crate) fn syscall(nr: u64, args: [u64; 6]) -> Answer {
    let [a, b, c, d, e, f] = args.map(|arg| arg as usize);
    // SAFETY: Takes any numbers.
    answer(unsafe { bindings::ukl_syscall(nr as c_long, a, b, c, d, e, f) } as i64)
}

/// Memory that the thread and its process share.
pub(crate) struct Window {
    pub(crate) data: *mut u8,
    pub(crate) size: usize,
    /// Where the process has it.
    pub(crate) address: u64,
}

/// The calling thread's window.
pub(crate) fn window() -> Result<Window> {
    let (mut size, mut address) = (0, 0);
    // SAFETY: Both are places for a word.
    let data = unsafe { bindings::ukl_data(&mut size, &mut address) };
    if data.is_null() {
        return Err(EPERM);
    }
    Ok(Window {
        data: data.cast(),
        size,
        address: address as u64,
    })
}

/// Zeroed memory of the application, page-aligned if it is a page or more.
pub(crate) fn allocate(size: usize) -> Result<*mut u8> {
    // SAFETY: Takes any size.
    let memory = unsafe { bindings::ukl_alloc(size) };
    match answer(memory as i64) {
        Err(error) => Err(error),
        Ok(_) => Ok(memory.cast()),
    }
}

/// Gives back what [`allocate`] returned.
pub(crate) fn free(memory: *const u8) -> Result {
    // SAFETY: `ukl_free()` looks the address up before it believes it.
    to_result(unsafe { bindings::ukl_free(memory.cast()) })
}

/// Waits until somebody wakes `word`, if it is `expected`, for at most `timeout` nanoseconds, for ever
/// if that is negative.
pub(crate) fn futex_wait(word: *const u32, expected: u32, timeout: i64) -> Result {
    // SAFETY: The word is the program's, or of somebody who waits here.
    to_result(unsafe { bindings::ukl_futex_wait(word, expected, timeout) })
}

/// Wakes `count` who wait for `word`. Returns how many there were.
pub(crate) fn futex_wake(word: *const u32, count: i32) -> Answer {
    // SAFETY: As above; the address is compared only.
    answer(unsafe { bindings::ukl_futex_wake(word, count) }.into())
}

/// Ends the application. Returns only if that fails.
pub(crate) fn exit(status: i32) -> Error {
    // SAFETY: Takes any number.
    Error::from_errno(unsafe { bindings::ukl_exit(status) })
}

/// Ends the calling thread. Returns only if that fails.
pub(crate) fn thread_exit() -> Error {
    // SAFETY: Takes any number.
    Error::from_errno(unsafe { bindings::ukl_thread_exit(0) })
}

/// Whether the application was asked to stop.
pub(crate) fn should_stop() -> bool {
    // SAFETY: Has no arguments.
    unsafe { bindings::ukl_should_stop() }
}

/// Has signals that wait handed over, which a bypass leaves to the next call.
pub(crate) fn take_signals() {
    // SAFETY: Has no arguments. If it fails, so does the next call.
    unsafe { bindings::ukl_null() };
}

/// An argument of the process, or NULL.
pub(crate) fn arg(n: u32) -> *const u8 {
    // SAFETY: Takes any number.
    unsafe { bindings::ukl_arg(n) }.cast()
}

/// A string of the process's environment, or NULL.
pub(crate) fn env(n: u32) -> *const u8 {
    // SAFETY: Takes any number.
    unsafe { bindings::ukl_env(n) }.cast()
}
