// SPDX-License-Identifier: GPL-2.0

//! Threads of an application, and what a thread asks about itself.

use crate::{
    carrier::kthread,
    mode::Mode,
    thread::{Body, Thread},
    transition,
};
use core::ptr;
use kernel::{prelude::*, sync::Arc};
use ukl_bindings::errno;
use ukl_support::{
    task::{CurrentTask, Work},
    task_local,
};

/// Bytes of an application stack when the caller leaves the choice.
pub(crate) const STACK_DEFAULT: usize = 64 * 1024;
/// Bytes of the smallest application stack: what the kernel gives its own threads.
pub(crate) const STACK_MIN: usize = 16 * 1024;

/// The stack size a caller asked for; `EINVAL` below the minimum.
pub(super) fn stack_size(asked: usize) -> Result<usize> {
    match asked {
        0 => Ok(STACK_DEFAULT),
        STACK_MIN.. => Ok(asked),
        _ => Err(EINVAL),
    }
}

/// `ukl_thread_spawn()`: a new thread of the caller's application. Returns its handle.
pub(crate) fn spawn(body: Body, asked: usize) -> Result<*const Thread> {
    transition::call(|kernel| {
        let thread = kthread::start(kernel.app(), body, stack_size(asked)?)?;
        Ok(Arc::as_ptr(&thread))
    })
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
        // What calls look at first, so that none is made after this was seen to be true.
        thread.is_some() && CurrentTask::get().work().has(Work::SIGNAL)
    })
}

/// `ukl_mode()`: the current thread's mode. No transition.
pub(crate) fn mode() -> Mode {
    task_local::current(|thread: Option<&Thread>| {
        thread.map_or(Mode::None, |thread| thread.mode.get())
    })
}
