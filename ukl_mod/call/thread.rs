// SPDX-License-Identifier: GPL-2.0

//! Threads of an application, and what a thread asks about itself.

use crate::{
    carrier::{kthread, process},
    mode::Mode,
    thread::{Body, Exit, Thread},
    transition,
};
use core::ptr;
use kernel::{prelude::*, sync::Arc};
use ukl_bindings::errno;
use ukl_support::task_local;

/// Bytes of an application stack when the caller leaves the choice.
pub(crate) const STACK_DEFAULT: usize = 64 * 1024;
/// Bytes of the smallest application stack: what the kernel gives its own threads.
pub(crate) const STACK_MIN: usize = 16 * 1024;

/// The stack size a caller asked for; `EINVAL` below the minimum.
pub(crate) fn stack_size(asked: usize) -> Result<usize> {
    match asked {
        0 => Ok(STACK_DEFAULT),
        STACK_MIN.. => Ok(asked),
        _ => Err(EINVAL),
    }
}

/// `ukl_thread_spawn()`: a new thread of the caller's application. Returns its handle.
pub(crate) fn spawn(body: Body, asked: usize) -> Result<*const Thread> {
    let (thread, seat) = transition::call(|kernel| {
        let app = kernel.app();
        let Some(in_process) = app.process() else {
            let thread = kthread::start(app, body, stack_size(asked)?)?;
            return Ok((Arc::as_ptr(&thread), None));
        };
        let size = match asked {
            0 => in_process.stack_size(),
            asked => stack_size(asked)?,
        };
        let thread = process::prepare(app, in_process, body, size, true)?;
        Ok((
            Arc::as_ptr(&thread),
            thread.seat.as_ref().map(|seat| seat.number()),
        ))
    })?;
    let Some(number) = seat else {
        return Ok(thread);
    };
    let Err(error) = transition::ask(Exit::Thread(number), false) else {
        return Ok(thread);
    };
    let gone = transition::call_always(|kernel| {
        let app = kernel.app();
        match (app.thread(thread), app.process()) {
            (Ok(thread), Some(in_process)) if process::discard(app, in_process, &thread) => {
                app.forget_thread(&thread);
                Ok(true)
            }
            // Whatever the process says, a task runs it.
            _ => Ok(false),
        }
    })?;
    match gone {
        true => Err(error),
        false => Ok(thread),
    }
}

/// `ukl_thread_join()`: waits for a thread's end, gives its handle back, returns its status.
/// `EDEADLK` for the caller itself.
pub(crate) fn join(handle: *const Thread) -> Result<i32> {
    transition::call(|kernel| {
        let thread = kernel.app().thread(handle)?;
        if ptr::eq(kernel.thread(), &*thread) {
            return Err(errno::edeadlk());
        }
        let status = thread.wait()?;
        kernel.app().release_thread(handle)?;
        Ok(status)
    })
}

/// `ukl_thread_stop()`: asks a thread to stop.
pub(crate) fn stop(handle: *const Thread) -> Result {
    transition::call_always(|kernel| kernel.app().stop_thread(handle))
}

/// `ukl_thread_detach()`: gives a handle back.
pub(crate) fn detach(handle: *const Thread) -> Result {
    transition::call_always(|kernel| kernel.app().release_thread(handle))
}

/// `ukl_null()`: a transition that does nothing, to measure and to let pending work be done.
#[inline]
pub(crate) fn null() -> Result {
    transition::null()
}

/// The same, if the thread's bypass lets it through.
#[inline]
pub(crate) fn null_bypassed() -> bool {
    transition::bypass()
}

/// `ukl_null_same_stack()`: the same on the application stack.
#[inline]
pub(crate) fn null_same_stack() -> Result {
    transition::null_same_stack()
}

/// `ukl_bypass()`: lets the next `budget` shortcuts of this thread bypass the transition work.
pub(crate) fn bypass(budget: u32) -> Result {
    transition::call(|kernel| transition::set_bypass(kernel, budget))
}

/// `ukl_should_stop()`: whether the current thread was asked to stop. No transition.
pub(crate) fn should_stop() -> bool {
    task_local::current(|thread: Option<&Thread>| {
        thread.is_some_and(|thread| thread.carrier.is_asked_to_stop(thread))
    })
}

/// `ukl_mode()`: the current thread's mode. No transition.
pub(crate) fn mode() -> Mode {
    task_local::current(|thread: Option<&Thread>| {
        thread.map_or(Mode::None, |thread| thread.mode.get())
    })
}
