// SPDX-License-Identifier: GPL-2.0

//! Calls of other modules.

use crate::{attachment::Release, thread::Thread, transition};
use core::{ffi::c_void, ptr};
use kernel::prelude::*;
use ukl_support::task_local;

/// `ukl_call()`: runs `f` as a call, bypassed if it may be.
#[inline(always)]
pub(crate) fn call<R>(mut f: impl FnMut() -> Result<R>) -> Result<R> {
    if transition::bypass() {
        return transition::bypassed(|_| f());
    }
    transition::call_waiting(|_| f())
}

/// `ukl_call_polling()`: the same for what waits for events.
#[inline(always)]
pub(crate) fn call_polling<R>(mut f: impl FnMut() -> Result<R>) -> Result<R> {
    if transition::bypass() {
        return transition::bypassed(|_| f());
    }
    transition::call_polling(|_| f())
}

/// `ukl_attach()`: keeps `data` for the calling thread's application. No transition.
pub(crate) fn attach(data: *mut c_void, release: Release) -> Result {
    task_local::current(|thread: Option<&Thread>| {
        let app = thread.ok_or(EPERM)?.app();
        app.attachment().set(data, release)
    })
}

/// `ukl_attached()`: what is kept. No transition.
#[inline(always)]
pub(crate) fn attached() -> *mut c_void {
    task_local::current(|thread: Option<&Thread>| {
        thread.map_or(ptr::null_mut(), |thread| thread.app().attachment().get())
    })
}
