// SPDX-License-Identifier: GPL-2.0

//! Programs that processes run, and what an application asks of its process.

use crate::{result, thread::App};
use core::{marker::PhantomData, ptr};
use kernel::{
    error::from_err_ptr,
    ffi::{c_int, c_void},
    prelude::*,
};
use ukl_bindings as bindings;

/// A program that processes may run: a module keeps it in its module struct.
///
/// Each process that runs it has an application of its own. Statics are the module's, so they are the
/// same for all. While a process runs it, the module cannot be unloaded.
pub struct Program(*mut bindings::ukl_program);

// SAFETY: The handle may be used by any task.
unsafe impl Send for Program {}
// SAFETY: There is nothing to do with a shared one.
unsafe impl Sync for Program {}

impl Program {
    /// Offers `main` under `name`, which has at most 63 bytes. May sleep. C: `ukl_program_register()`.
    ///
    /// `module` is the module that this code is in. It is a function and no closure, as processes may
    /// run it for longer than this value lives.
    ///
    /// # Safety
    ///
    /// What belongs to an application that runs `main` must not be used after its end, nor be used or
    /// dropped by another one: see [the crate](crate#what-belongs-to-an-application).
    ///
    /// # Errors
    ///
    /// `EEXIST` if there is a program of that name, `EINVAL` for one that is empty or too long,
    /// `ENOMEM`.
    pub unsafe fn register(
        module: &'static ThisModule,
        name: &CStr,
        main: fn(&App) -> Result,
    ) -> Result<Self> {
        // SAFETY: `name` is a C string; `entry` may be called with `main` as long as `module` is loaded.
        from_err_ptr(unsafe {
            bindings::__ukl_program_register(
                module.as_ptr(),
                name.as_char_ptr(),
                Some(entry),
                main as *mut c_void,
            )
        })
        .map(Self)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // SAFETY: The handle is ours and not used again.
        let _ = unsafe { bindings::ukl_program_unregister(self.0) };
    }
}

/// # Safety
///
/// Called on a UKL thread in application mode, with a `fn(&App) -> Result`.
unsafe extern "C" fn entry(main: *mut c_void) -> c_int {
    // SAFETY: By the function's requirements.
    let main = unsafe { core::mem::transmute::<*mut c_void, fn(&App) -> Result>(main) };
    match main(&App::new()) {
        Ok(()) => 0,
        Err(error) => error.to_errno(),
    }
}

/// The arguments of the process, the program's name first; none on a kernel thread. After
/// `std::env::args`.
pub fn args(_app: &App) -> Args<'_> {
    Args(0, PhantomData)
}

/// What [`args`] returns.
pub struct Args<'a>(u32, PhantomData<&'a App>);

impl<'a> Iterator for Args<'a> {
    type Item = &'a CStr;

    fn next(&mut self) -> Option<&'a CStr> {
        // SAFETY: May be called anywhere.
        let arg = unsafe { bindings::ukl_arg(self.0) };
        if arg.is_null() {
            return None;
        }
        self.0 += 1;
        // SAFETY: A string that stays as long as the application.
        Some(unsafe { CStr::from_char_ptr(arg) })
    }
}

/// The value of the argument `NAME=VALUE`, `None` if there is none. C: `ukl_option()`.
pub fn option<'a>(app: &'a App, name: &str) -> Option<&'a str> {
    args(app).skip(1).find_map(|arg| {
        let value = arg.to_str().ok()?.strip_prefix(name)?;
        value.strip_prefix('=')
    })
}

/// Has the process make a system call; negative errno values included. Blocks. C: `ukl_syscall()`.
///
/// # Safety
///
/// It must not take memory of the process away that is in use, and what it does to the process must
/// be what that expects.
///
/// # Errors
///
/// `EOPNOTSUPP` on a kernel thread, and what the call returns.
pub unsafe fn syscall(_app: &App, number: usize, args: [usize; 6]) -> Result<usize> {
    let [a, b, c, d, e, f] = args;
    // SAFETY: `_app` says that this is application mode; the rest by the function's requirements.
    crate::count(unsafe { bindings::ukl_syscall(number as isize, a, b, c, d, e, f) })
}

/// Ends the application at once, as a process by `SIGABRT`. Nothing is dropped. C: `ukl_abort()`.
///
/// # Panics
///
/// In the middle of another call, as in the closure of
/// [`read_in_place`](crate::net::TcpStream::read_in_place), and with preemption disabled: there the
/// application cannot be left, and this is a `BUG()` of the kernel's.
#[inline(always)]
pub fn abort(_app: &App) -> ! {
    let here: usize;
    // SAFETY: Copies the instruction pointer.
    unsafe {
        core::arch::asm!("lea {}, [rip]", out(reg) here, options(nomem, nostack, preserves_flags))
    };
    // SAFETY: May be called anywhere.
    let refused = unsafe { bindings::__ukl_abort(here) };
    panic!("ukl_abort() returned {refused}");
}

/// How a signal of the process reaches the application.
#[derive(Clone, Copy)]
pub enum Handling {
    /// As if there were no application.
    Default,
    /// Not at all.
    Ignore,
    /// By a call of this function with the signal's number, in application mode, at the next transition
    /// of the thread that gets it. A call that it interrupts is made again.
    Restart(fn(&App, i32)),
    /// The same, but a call that it interrupts fails with `EINTR`.
    Interrupt(fn(&App, i32)),
}

/// Sets how a signal of the process reaches the application. May sleep. C: `ukl_sigaction()`.
///
/// # Errors
///
/// `EINVAL` for a number that is no signal's, `SIGKILL` and `SIGSTOP`; `EOPNOTSUPP` on a kernel thread.
pub fn handle_signal(_app: &App, signal: i32, handling: Handling) -> Result {
    let mut action = bindings::ukl_sigaction::default();
    let action = match handling {
        Handling::Default => ptr::null(),
        Handling::Ignore => &raw const action,
        Handling::Restart(function) | Handling::Interrupt(function) => {
            action.arg = function as *mut c_void;
            action.handler = Some(call_handler);
            if let Handling::Restart(_) = handling {
                action.flags = bindings::SA_RESTART;
            }
            &raw const action
        }
    };
    // SAFETY: `_app` says that this is application mode; `action` is NULL or valid, and its function may
    // be called for the signal as long as the module is loaded.
    result(unsafe { bindings::ukl_sigaction(signal, action) })
}

/// # Safety
///
/// Called on a UKL thread in application mode, with a `fn(&App, i32)`.
unsafe extern "C" fn call_handler(signal: c_int, _info: *const c_void, function: *mut c_void) {
    // SAFETY: By the function's requirements.
    let function = unsafe { core::mem::transmute::<*mut c_void, fn(&App, i32)>(function) };
    function(&App::new(), signal);
}
