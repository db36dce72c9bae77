// SPDX-License-Identifier: GPL-2.0

//! The transition: application → kernel → application, as a procedure call.

use crate::{app::App, mode::When, thread::Thread};
use kernel::{prelude::*, sync::Arc};
use ukl_support::{stack, task, task::CurrentTask, task_local};

/// Proof that this is kernel code on behalf of an application thread, in mode `Kernel` on the task's
/// own kernel stack.
#[derive(Clone, Copy)]
pub(crate) struct Kernel<'a>(&'a Thread);

impl<'a> Kernel<'a> {
    /// The application that called.
    pub(crate) fn app(self) -> &'a Arc<App> {
        self.0.app()
    }

    /// The thread that called.
    pub(crate) fn thread(self) -> &'a Thread {
        self.0
    }
}

/// Runs the body of `thread`, which is the current task's, in mode `App` on its application stack.
pub(crate) fn run(thread: &Thread) -> i32 {
    // SAFETY: The stack belongs to `thread`, which lives until this returns and runs once.
    unsafe {
        stack::call_on(thread.stack().top(), |kernel_top| {
            thread.kernel_top.store(kernel_top);
            thread.mode.start();
            let status = thread.run_body();
            thread.mode.finish();
            status
        })
    }
}

/// A call from the application: enters the kernel, runs `f`, leaves.
///
/// `EPERM` if the current task is not a UKL thread, `EDEADLK` in interrupt context or with preemption
/// disabled, `EBUSY` in the middle of another call, `EINTR` once the thread was asked to stop; `f`
/// has not run then. `f` may sleep.
#[inline(always)]
pub(crate) fn call<R>(f: impl FnOnce(Kernel<'_>) -> Result<R>) -> Result<R> {
    call_when(When::Running, f)
}

/// As [`call`], but made also by a thread that was asked to stop.
#[inline(always)]
pub(crate) fn call_always<R>(f: impl FnOnce(Kernel<'_>) -> Result<R>) -> Result<R> {
    call_when(When::Always, f)
}

#[inline(always)]
fn call_when<R>(when: When, f: impl FnOnce(Kernel<'_>) -> Result<R>) -> Result<R> {
    task_local::current(|thread: Option<&Thread>| {
        let thread = thread.ok_or(EPERM)?;
        if !task::preemptible() {
            return Err(EDEADLK);
        }
        thread.mode.enter(when)?;
        thread.counters.calls.add(1);
        // SAFETY: The application was on its own stack (mode `App`), so that nothing on the task's
        // kernel stack is in use below where `run` left it.
        let result = unsafe {
            stack::call_on(thread.kernel_top.load(), |_| {
                let result = f(Kernel(thread));
                leave_work(thread);
                result
            })
        };
        thread.mode.leave(thread.stop_requested());
        result
    })
}

/// What has to be done before application code goes on.
#[inline(always)]
fn leave_work(thread: &Thread) {
    let current = CurrentTask::get();
    if current.work().has(thread.work) {
        slow_leave_work(thread);
    }
    current.rcu_tasks_qs();
}

#[cold]
#[inline(never)]
fn slow_leave_work(thread: &Thread) {
    thread.counters.leave_work.add(1);
    if thread.carrier.leave(thread.stop_requested()) {
        thread.request_stop();
    }
}
