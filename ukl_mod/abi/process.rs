// SPDX-License-Identifier: GPL-2.0

//! `include/ukl/process.h`: programs, and what an application asks of its process.

use super::{bindings, errno, export, handle, kernel_pointer, status};
use crate::{call, process::Action, program::Program, thread::Body};
use bindings::ukl_program;
use core::ptr;
use kernel::{
    error::from_result,
    ffi::{c_char, c_int, c_long, c_uint, c_ulong, c_void},
    prelude::*,
};
use ukl_support::{module::Owner, signal::Set};

type Main = Option<unsafe extern "C" fn(*mut c_void) -> c_int>;

/// Flags of `struct ukl_sigaction`.
const FLAGS: u32 = bindings::SA_RESTART | bindings::SA_NODEFER | bindings::SA_RESETHAND;

/// What `action` says about `signal`: how the process handles it, and the application's handler.
///
/// # Safety
///
/// `action` must be NULL or valid, and its handler a function that may be called for the signal until
/// the application ends.
unsafe fn action(
    signal: c_int,
    action: *const bindings::ukl_sigaction,
) -> Result<(u32, Option<Action>)> {
    if action.is_null() {
        return Ok((bindings::UKL_SIGNAL_DEFAULT, None));
    }
    kernel_pointer(action)?;
    // SAFETY: By the function's requirements.
    let action = unsafe { &*action };
    if action.flags & !FLAGS != 0 {
        return Err(EINVAL);
    }
    let Some(handler) = action.handler else {
        return Ok((bindings::UKL_SIGNAL_IGNORE, None));
    };
    let itself = match action.flags & bindings::SA_NODEFER {
        0 => Set::of(signal as u32),
        _ => Set::default(),
    };
    let action = Action {
        handler,
        arg: action.arg,
        mask: call::process::blockable(Set::from_bits(action.mask)).or(itself),
        restart: action.flags & bindings::SA_RESTART != 0,
        once: action.flags & bindings::SA_RESETHAND != 0,
    };
    let handling = match action.once {
        true => bindings::UKL_SIGNAL_ONCE,
        false => bindings::UKL_SIGNAL_HANDLE,
    };
    Ok((handling, Some(action)))
}

export! {
    fn __ukl_program_register(
        owner: *mut bindings::module,
        name: *const c_char,
        main: Main,
        arg: *mut c_void,
    ) -> *mut ukl_program {
        handle::<Program, _>((|| {
            let main = main.ok_or(EINVAL)?;
            if name.is_null() {
                return Err(EINVAL);
            }
            // SAFETY: The caller gives a C string.
            let name = unsafe { CStr::from_char_ptr(name) };
            // SAFETY: The caller promises that `main` may be called as long as its module is loaded.
            call::program::register(Owner::new(owner), name, unsafe { Body::new(main, arg) })
        })())
    }

    fn ukl_program_unregister(program: *mut ukl_program) -> c_int {
        from_result(|| call::program::unregister(program.cast_const().cast()).map(|()| 0))
    }

    fn ukl_arg(n: c_uint) -> *const c_char {
        call::process::arg(n as usize).cast()
    }

    fn ukl_env(n: c_uint) -> *const c_char {
        call::process::env(n as usize).cast()
    }

    fn ukl_exit(code: c_int) -> c_int {
        status(call::process::exit(code, true))
    }

    fn ukl_thread_exit(code: c_int) -> c_int {
        status(call::process::exit(code, false))
    }

    fn ukl_sigaction(signal: c_int, how: *const bindings::ukl_sigaction) -> c_int {
        status((|| {
            // SAFETY: The caller gives NULL or a valid action.
            let (handling, action) = unsafe { action(signal, how) }?;
            call::process::sigaction(signal as u32, handling, action)
        })())
    }

    fn ukl_sigmask(mask: u64, old: *mut u64) -> c_int {
        status((|| {
            if !old.is_null() {
                kernel_pointer(old)?;
            }
            let was = call::process::sigmask(Set::from_bits(mask))?;
            if !old.is_null() {
                // SAFETY: The caller gives NULL or a place for it.
                unsafe { old.write(was.bits()) };
            }
            Ok(())
        })())
    }

    fn ukl_syscall(
        nr: c_long,
        a0: c_ulong,
        a1: c_ulong,
        a2: c_ulong,
        a3: c_ulong,
        a4: c_ulong,
        a5: c_ulong,
    ) -> c_long {
        let words = [nr as u64, a0 as u64, a1 as u64, a2 as u64, a3 as u64, a4 as u64, a5 as u64];
        match call::process::syscall(words) {
            Ok(value) => value as c_long,
            Err(error) => errno(error) as c_long,
        }
    }

    fn ukl_data(size: *mut usize, address: *mut c_ulong) -> *mut c_void {
        let Some(window) = call::process::data() else {
            return ptr::null_mut();
        };
        if !size.is_null() {
            // SAFETY: The caller gives NULL or a place for it.
            unsafe { size.write(window.size) };
        }
        if !address.is_null() {
            // SAFETY: As above.
            unsafe { address.write(window.address as c_ulong) };
        }
        window.data.cast()
    }

    fn __ukl_abort(ip: c_ulong) -> c_int {
        status(call::process::abort(ip as usize))
    }
}
