// SPDX-License-Identifier: GPL-2.0

//! The transition: application → kernel → application, as a procedure call.

use crate::{app::App, thread::Thread};
use core::hint;
use kernel::{prelude::*, sync::Arc};
use ukl_bindings::errno;
use ukl_support::{
    stack,
    task::{self, CurrentTask, Work},
    task_local,
};

/// The largest budget of a bypass. A bypassed call reports nothing to RCU-tasks, so this bounds for
/// how many calls a grace period may be held up.
pub(crate) const BYPASS_MAX: u32 = 65_536;

/// Proof that this is kernel code on behalf of an application thread, in mode `Kernel`.
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
    let status = unsafe {
        stack::call_on(
            thread.stack().top(),
            |kernel_top| {
                thread.kernel_top.store(kernel_top);
                thread.watch.left();
                thread.mode.start();
                thread.run_body()
            },
            || thread.mode.finish(),
        )
    };
    end_bypass(thread);
    status
}

/// A call from the application: enters the kernel, runs `f`, leaves.
///
/// `EPERM` if the current task is not a UKL thread, `EDEADLK` in interrupt context or with preemption
/// or interrupts disabled, `EBUSY` in the middle of another call, `EINTR` once the thread was asked to
/// stop; `f` has not run then. `f` may sleep.
#[inline(always)]
pub(crate) fn call<R>(f: impl FnOnce(Kernel<'_>) -> Result<R>) -> Result<R> {
    task_local::current(|thread| {
        let thread = enter(thread, task::may_sleep, refuse_if_stopped)?;
        switching(thread, f)
    })
}

/// As [`call`], but made also by a thread that was asked to stop, to give something back.
#[inline(always)]
pub(crate) fn call_always<R>(f: impl FnOnce(Kernel<'_>) -> Result<R>) -> Result<R> {
    task_local::current(|thread| {
        let thread = enter(thread, task::may_sleep, |_| Ok(()))?;
        switching(thread, f)
    })
}

/// As [`call`], but stays on the application stack if it has room (`UKL_NSS`).
#[inline(always)]
pub(crate) fn call_same_stack<R>(f: impl FnOnce(Kernel<'_>) -> Result<R>) -> Result<R> {
    task_local::current(|thread| {
        let thread = enter(thread, task::may_sleep, refuse_if_stopped)?;
        staying(thread, f)
    })
}

/// [`call`] that does nothing, down to the last instruction: it does not look whether interrupts are
/// disabled, and the scheduler, which is all it may meet, enables them.
#[inline(always)]
pub(crate) fn null() -> Result {
    task_local::current(|thread| {
        let thread = enter(thread, task::preemptible, refuse_if_stopped)?;
        switching(thread, |_| Ok(()))
    })
}

/// [`null`] that stays on the application stack if it has room.
#[inline(always)]
pub(crate) fn null_same_stack() -> Result {
    task_local::current(|thread| {
        let thread = enter(thread, task::preemptible, refuse_if_stopped)?;
        staying(thread, |_| Ok(()))
    })
}

/// Takes a call from the thread's bypass (`UKL_BYP`), if it has one and no work waits.
///
/// A call that a bypass lets through must use hardly any stack, or go through [`bypassed`].
#[inline(always)]
pub(crate) fn bypass() -> bool {
    task_local::spend(Work::ANY)
}

/// A call that [`bypass`] let through: no leave work, no counting; the mode is kept truthful all the
/// same, and the application stack is only stayed on with room for the kernel.
#[inline(always)]
pub(crate) fn bypassed<R>(f: impl FnOnce(Kernel<'_>) -> Result<R>) -> Result<R> {
    task_local::current(|thread| {
        let thread: &Thread = thread.ok_or(EPERM)?;
        if !task::may_sleep() {
            return Err(refused(errno::edeadlk()));
        }
        thread.mode.enter()?;
        let result = if thread.has_room() {
            f(Kernel(thread))
        } else {
            // SAFETY: As in `switching`.
            unsafe { stack::call_on(thread.kernel_top.load(), |_| f(Kernel(thread)), || ()) }
        };
        thread.mode.leave();
        result
    })
}

/// Gives the current thread a bypass for its next `budget` calls, 0 for none. `EINVAL` above
/// [`BYPASS_MAX`].
pub(crate) fn set_bypass(kernel: Kernel<'_>, budget: u32) -> Result {
    if budget > BYPASS_MAX {
        return Err(EINVAL);
    }
    let thread = kernel.thread();
    end_bypass(thread);
    thread.bypass.store(budget);
    task_local::set_budget(budget);
    Ok(())
}

/// Ends the bypass, counts the calls that it let through. Returns what is left of the budget.
fn end_bypass(thread: &Thread) -> u32 {
    let rest = task_local::set_budget(0);
    let used = thread.bypass.load().saturating_sub(rest);
    thread.bypass.store(0);
    thread.counters.bypassed.add(used.into());
    rest
}

/// Ends the bypass because of work that waits.
fn cut_bypass(thread: &Thread) {
    if end_bypass(thread) != 0 {
        thread.counters.bypass_cut.add(1);
    }
}

/// The way in: `context` says whether this is a place to call from, `if_signal` what to do about a
/// signal or notification that waits.
#[inline(always)]
fn enter<'a>(
    thread: Option<&'a Thread>,
    context: impl FnOnce() -> bool,
    if_signal: impl FnOnce(&Thread) -> Result,
) -> Result<&'a Thread> {
    let Some(thread) = thread else {
        return Err(refused(EPERM));
    };
    if !context() {
        return Err(refused(errno::edeadlk()));
    }
    if CurrentTask::get().work().has(Work::SIGNAL) {
        if_signal(thread)?;
    }
    thread.mode.enter()?;
    thread.counters.calls.add(1);
    thread.watch.entered(|| thread.name());
    Ok(thread)
}

/// Keeps what refuses a call out of the way of those that are made: without the black box, each of
/// those would load the errno that it does not return.
#[cold]
fn refused(error: Error) -> Error {
    hint::black_box(error)
}

/// `EINTR` if the signal or notification that waits means that the thread is asked to stop.
#[cold]
#[inline(never)]
fn refuse_if_stopped(thread: &Thread) -> Result {
    if !thread.carrier.stops(&|| thread.stop_requested()) {
        return Ok(());
    }
    cut_bypass(thread);
    Err(EINTR)
}

/// Runs `f` and the leave work on the kernel stack, and goes back.
#[inline(always)]
fn switching<R>(thread: &Thread, f: impl FnOnce(Kernel<'_>) -> Result<R>) -> Result<R> {
    // SAFETY: The application was on its own stack (mode `App`), so that nothing on the task's
    // kernel stack is in use below where `run` left it.
    let result = unsafe {
        stack::call_on(
            thread.kernel_top.load(),
            |_| f(Kernel(thread)),
            || leave_work(thread),
        )
    };
    leave(thread);
    result
}

/// The same on the application stack, if it has room.
#[inline(always)]
fn staying<R>(thread: &Thread, f: impl FnOnce(Kernel<'_>) -> Result<R>) -> Result<R> {
    if !thread.has_room() {
        return switching(thread, f);
    }
    let result = f(Kernel(thread));
    leave_work(thread);
    leave(thread);
    result
}

/// What has to be done before application code goes on.
#[inline(always)]
fn leave_work(thread: &Thread) {
    let current = CurrentTask::get();
    if current.work().has(Work::ANY) {
        slow_leave_work(thread);
    } else {
        current.rcu_tasks_qs();
    }
}

#[cold]
#[inline(never)]
fn slow_leave_work(thread: &Thread) {
    thread.counters.leave_work.add(1);
    cut_bypass(thread);
    thread.carrier.leave();
    CurrentTask::get().rcu_tasks_qs();
}

/// The way back, after [`leave_work`]. What comes up between the two waits for the next transition
/// or, if it is the scheduler, for the interrupt that brought it.
#[inline(always)]
fn leave(thread: &Thread) {
    thread.watch.left();
    thread.mode.leave();
}
