// SPDX-License-Identifier: GPL-2.0

//! `include/ukl/app.h`: applications, threads, modes.

use super::{bindings, export, handle, status};
use crate::{app::App, call, mode::Mode, thread::Body};
use bindings::{ukl_app, ukl_thread};
use kernel::{
    error::from_result,
    ffi::{c_char, c_int, c_uint, c_void},
    prelude::*,
};
use ukl_support::module::Owner;

// The numbers of the header are those of the code.
const _: () = {
    assert!(Mode::None as u32 == bindings::ukl_mode_UKL_MODE_NONE);
    assert!(Mode::Kernel as u32 == bindings::ukl_mode_UKL_MODE_KERNEL);
    assert!(Mode::App as u32 == bindings::ukl_mode_UKL_MODE_APP);
    assert!(call::thread::STACK_DEFAULT == bindings::UKL_STACK_DEFAULT as usize);
    assert!(call::thread::STACK_MIN == bindings::UKL_STACK_MIN as usize);
    assert!(crate::thread::SAME_STACK_ROOM == bindings::UKL_NSS_ROOM as usize);
    assert!(crate::budget::MAX == bindings::UKL_BYPASS_MAX);
};

type Main = Option<unsafe extern "C" fn(*mut c_void) -> c_int>;

export! {
    fn __ukl_app_start(
        owner: *mut bindings::module,
        name: *const c_char,
        main: Main,
        arg: *mut c_void,
        stack_size: usize,
    ) -> *mut ukl_app {
        handle::<App, _>((|| {
            let main = main.ok_or(EINVAL)?;
            if name.is_null() {
                return Err(EINVAL);
            }
            // SAFETY: The caller gives a C string.
            let name = unsafe { CStr::from_char_ptr(name) };
            // SAFETY: The caller promises that `main` may be called until it stops the application.
            call::app::start(Owner::new(owner), name, unsafe { Body::new(main, arg) }, stack_size)
        })())
    }

    fn ukl_app_stop(app: *mut ukl_app) -> c_int {
        from_result(|| call::app::stop(app.cast_const().cast()))
    }

    fn ukl_thread_spawn(main: Main, arg: *mut c_void, stack_size: usize) -> *mut ukl_thread {
        handle((|| {
            let main = main.ok_or(EINVAL)?;
            // SAFETY: The caller promises that `main` may be called until its application stops.
            call::thread::spawn(unsafe { Body::new(main, arg) }, stack_size)
        })())
    }

    fn ukl_thread_join(thread: *mut ukl_thread, result: *mut c_int) -> c_int {
        status(call::thread::join(thread.cast_const().cast()).map(|value| {
            if !result.is_null() {
                // SAFETY: The caller gives NULL or a place for the result.
                unsafe { result.write(value) };
            }
        }))
    }

    fn ukl_thread_stop(thread: *mut ukl_thread) -> c_int {
        status(call::thread::stop(thread.cast_const().cast()))
    }

    fn ukl_thread_detach(thread: *mut ukl_thread) -> c_int {
        status(call::thread::detach(thread.cast_const().cast()))
    }

    fn ukl_should_stop() -> bool {
        call::thread::should_stop()
    }

    fn ukl_mode() -> c_int {
        call::thread::mode() as c_int
    }

    fn ukl_null() -> c_int {
        if call::thread::null_bypassed() {
            return 0;
        }
        null_in_full()
    }

    fn ukl_null_same_stack() -> c_int {
        status(call::thread::null_same_stack())
    }

    fn ukl_bypass(calls: c_uint) -> c_int {
        status(call::thread::bypass(calls))
    }
}

/// Apart from `ukl_null()` so that a bypassed call saves no registers.
#[inline(never)]
fn null_in_full() -> c_int {
    status(call::thread::null())
}
