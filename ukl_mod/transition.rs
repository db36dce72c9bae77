// SPDX-License-Identifier: GPL-2.0

//! The transition: application → kernel → application, as a procedure call.

use crate::{
    app::{App, Resource},
    budget,
    carrier::Again,
    handle::{Given, Handle},
    mode::Mode,
    thread::{Exit, Thread},
};
use core::hint;
use kernel::{
    ffi::c_void,
    prelude::*,
    sync::{aref::ARef, Arc},
};
use ukl_bindings::errno;
use ukl_support::{
    stack,
    task::{self, CurrentTask, Work},
    task_local,
};

/// What ends a thread that is being killed and does not return.
pub(crate) const SIGKILL: u32 = 9;

/// Proof that this is kernel code on behalf of an application thread, in mode `Kernel`.
#[derive(Clone, Copy)]
pub(crate) struct Kernel<'a> {
    thread: &'a Thread,
    /// Whether there was something to see to since the application called, when other code of it may have
    /// run: a handler of a signal, another thread.
    again: bool,
}

impl<'a> Kernel<'a> {
    #[inline(always)]
    fn new(thread: &'a Thread, again: bool) -> Self {
        Self { thread, again }
    }

    /// The application that called.
    pub(crate) fn app(self) -> &'a Arc<App> {
        self.thread.app()
    }

    /// The thread that called.
    pub(crate) fn thread(self) -> &'a Thread {
        self.thread
    }

    /// Keeps what is open whole until the call is done, even if another thread closes it meanwhile.
    ///
    /// `EBADF` if it was closed before the call was made again, as of a descriptor.
    #[inline(always)]
    pub(crate) fn hold<T: Resource>(self, given: Given<T>) -> Result<ARef<Handle<T>>> {
        if self.again {
            return self.app().held(given);
        }
        // SAFETY: It was open when the call began, and it still does.
        Ok(unsafe { given.as_ref() }.into())
    }
}

/// Runs the application of `thread`, which is the current task's, until it is left, and says why.
///
/// Goes on where it was left, unless that was for good ([`Exit::Finished`], [`Exit::Fault`]).
pub(crate) fn run(thread: &Thread) -> Exit {
    // SAFETY: `Thread::new` has prepared it; only the task that the thread belongs to calls this, and it
    // does not after an exit for good. The stack belongs to `thread`.
    unsafe { thread.coroutine.resume() };
    // Whatever mode it was left in: the task is its own again.
    thread.mode.finish();
    if let Some(fault) = thread.fault.get() {
        end_bypass(thread);
        return fault;
    }
    let exit = thread.exit.lock().take();
    exit.unwrap_or(Exit::Finished(EINVAL.to_errno()))
}

/// What a thread's coroutine runs, on the application stack.
///
/// # Safety
///
/// Only for [`Coroutine::prepare`](ukl_support::coroutine::Coroutine::prepare), with a [`Thread`] that
/// outlives the coroutine.
pub(crate) unsafe extern "C" fn main(thread: *const c_void) {
    // SAFETY: By the function's requirements.
    let thread = unsafe { &*thread.cast::<Thread>() };
    thread.begin();
    arm_bypass(thread);
    thread.watch.left();
    thread.mode.start();
    thread.carrier.resumed(thread);
    let status = thread.run_body();
    thread.mode.finish();
    finish(thread, status)
}

/// Leaves the application of `thread` because of `exit`, in mode `Kernel` or `None` and on the
/// application stack, and comes back when it is resumed.
#[cold]
#[inline(never)]
fn suspend(thread: &Thread, exit: Exit) {
    end_bypass(thread);
    thread.attention.first.store(0);
    *thread.exit.lock() = Some(exit);
    thread.mode.suspend();
    // SAFETY: This is the thread's own application code, in the coroutine that `run` has resumed.
    unsafe { thread.coroutine.suspend() };
    thread.mode.resume();
}

/// A call for which the application is left, so that its process does something, and which returns
/// what the process says of it: 0 or more, or a negative errno.
///
/// If a handler of a signal has run before the process could begin, and does not want it to be made again,
/// it is `EINTR` if it `may_wait`: what the handler did might be what it would wait for.
///
/// `EOPNOTSUPP` if there is no process; else as [`call`].
pub(crate) fn ask(exit: Exit, may_wait: bool) -> Result<i64> {
    task_local::current(|thread| {
        let thread = enter(thread, task::may_sleep, refuse_if_stopped)?.thread();
        let answer = match &thread.seat {
            None => Err(errno::eopnotsupp()),
            // It would not come back.
            Some(_) if CurrentTask::get().is_killed() => Err(EINTR),
            Some(seat) => loop {
                suspend(thread, exit);
                let answer = seat.answer();
                let again = thread.carrier.resumed(thread) != Again::No
                    || !may_wait && !thread.carrier.is_asked_to_stop(thread);
                // Not begun because of a signal, which has been handed over.
                match answer {
                    Err(ERESTARTNOINTR) if again => (),
                    answer => break answer,
                }
            },
        };
        arm_bypass(thread);
        leave(thread);
        answer
    })
}

/// Ends the current thread with `status` and, if it is `over`, its application, whose other threads then
/// end at their next call.
///
/// `EOPNOTSUPP` if there is no process; else as [`call`], but made also by a thread that was asked to
/// stop.
pub(crate) fn exit(status: i32, over: bool) -> Result {
    task_local::current(|thread| {
        let thread = enter(thread, task::may_sleep, see_signals)?.thread();
        if thread.seat.is_none() {
            leave(thread);
            return Err(errno::eopnotsupp());
        }
        if over {
            thread.app().end(status);
        }
        finish(thread, status)
    })
}

/// Leaves the application of `thread` for good, in mode `Kernel`. What its frames hold is not given
/// back.
#[cold]
fn finish(thread: &Thread, status: i32) -> ! {
    loop {
        // Once is enough: nobody resumes a thread that has finished.
        suspend(thread, Exit::Finished(status));
    }
}

/// Ends `thread`, which is in mode `App`, if its application is over.
fn end_if_over(thread: &Thread) -> Result {
    // A null call may be made with interrupts disabled; the next call sees to it then.
    if thread.app().status().is_some() && task::may_sleep() {
        thread.mode.enter()?;
        finish(thread, EINTR.to_errno());
    }
    Ok(())
}

/// Ends the application of the current thread, which is in mode `App`, by `signal`.
pub(crate) fn abort(signal: u32, ip: usize) -> Result {
    task_local::current(|thread: Option<&Thread>| {
        let thread = thread.ok_or(EPERM)?;
        if !task::may_sleep() {
            return Err(errno::edeadlk());
        }
        thread.mode.enter()?;
        abandon(thread, signal, ip)
    })
}

/// Leaves the application of `thread` for good, from its own stack. What its frames hold is not given
/// back.
#[cold]
fn abandon(thread: &Thread, signal: u32, ip: usize) -> ! {
    thread.fault.set(signal, 0, ip);
    loop {
        // SAFETY: As in `suspend`. `run` sees the fault, after which nobody resumes it.
        unsafe { thread.coroutine.suspend() };
    }
}

/// A call from the application: enters the kernel, runs `f`, leaves.
///
/// `EPERM` if the current task is not a UKL thread, `EDEADLK` in interrupt context or with preemption
/// or interrupts disabled, `EBUSY` in the middle of another call, `EINTR` once the thread was asked to
/// stop; `f` has not run then. `f` may sleep.
///
/// If it is interrupted by a signal that the application does not want to hear of, it is run again.
#[inline(always)]
pub(crate) fn call<R>(f: impl FnMut(Kernel<'_>) -> Result<R>) -> Result<R> {
    task_local::current(|thread| enter(thread, task::may_sleep, refuse_if_stopped)?.make(f))
}

/// As [`call`], but `EINTR` if a handler of a signal has run before `f` could begin, and does not want it
/// to be made again: what the handler did might be what `f` would wait for.
#[inline(always)]
pub(crate) fn call_waiting<R>(f: impl FnMut(Kernel<'_>) -> Result<R>) -> Result<R> {
    task_local::current(|thread| enter(thread, task::may_sleep, refuse_if_interrupted)?.make(f))
}

/// As [`call_waiting`], but never made again once a handler has run, whatever it says: for what waits for
/// events, see signal(7). `f` returns `ERESTARTNOHAND` if it is interrupted.
#[inline(always)]
pub(crate) fn call_polling<R>(f: impl FnMut(Kernel<'_>) -> Result<R>) -> Result<R> {
    task_local::current(|thread| enter(thread, task::may_sleep, refuse_if_handled)?.make(f))
}

/// As [`call`], but made also by a thread that was asked to stop, to give something back.
#[inline(always)]
pub(crate) fn call_always<R>(f: impl FnMut(Kernel<'_>) -> Result<R>) -> Result<R> {
    task_local::current(|thread| enter(thread, task::may_sleep, see_signals)?.make(f))
}

/// As [`call`], but stays on the application stack if it has room (`UKL_NSS`).
#[inline(always)]
pub(crate) fn call_same_stack<R>(f: impl FnMut(Kernel<'_>) -> Result<R>) -> Result<R> {
    task_local::current(
        |thread| match enter(thread, task::may_sleep, refuse_if_stopped)? {
            Way::Straight(thread) => staying(thread, f),
            Way::Seen(thread) => attended(thread, None, f),
        },
    )
}

/// [`call`] that does nothing, down to the last instruction: it does not look whether interrupts are
/// disabled, and the scheduler, which is all it may meet, enables them.
#[inline(always)]
pub(crate) fn null() -> Result {
    task_local::current(|thread| {
        enter(thread, task::preemptible, refuse_if_stopped)?.make(|_| Ok(()))
    })
}

/// [`null`] that stays on the application stack if it has room.
#[inline(always)]
pub(crate) fn null_same_stack() -> Result {
    task_local::current(|thread| {
        let thread = enter(thread, task::preemptible, refuse_if_stopped)?.thread();
        staying(thread, |_| Ok(()))
    })
}

/// Takes a call from the thread's bypass (`UKL_BYP`), if it has one and no work waits.
///
/// A lazy reschedule may wait until the tick, as it does for other kernel code: the scheduler says by it that
/// somebody else could run, not that the thread has had its time.
///
/// A call that a bypass lets through must use hardly any stack, or go through [`bypassed`].
#[inline(always)]
pub(crate) fn bypass() -> bool {
    task_local::spend(Work::URGENT)
}

/// A call that [`bypass`] let through: no leave work, no counting; the mode is kept truthful all the
/// same, and the application stack is only stayed on with room for the kernel.
#[inline(always)]
pub(crate) fn bypassed<R>(mut f: impl FnMut(Kernel<'_>) -> Result<R>) -> Result<R> {
    task_local::current(|thread| {
        let thread: &Thread = thread.ok_or(EPERM)?;
        if !task::may_sleep() {
            return Err(refused(errno::edeadlk()));
        }
        thread.mode.enter()?;
        let result = if thread.has_room() {
            f(Kernel::new(thread, false))
        } else {
            // SAFETY: As in `switched`.
            unsafe {
                stack::call_on(
                    thread.coroutine.top(),
                    || f(Kernel::new(thread, false)),
                    || (),
                )
            }
        };
        if is_interrupted(&result) {
            return in_full(thread, f);
        }
        thread.mode.leave();
        result
    })
}

/// A bypassed call that was interrupted: the work that the bypass leaves out is due.
#[cold]
#[inline(never)]
fn in_full<R>(thread: &Thread, f: impl FnMut(Kernel<'_>) -> Result<R>) -> Result<R> {
    thread.counters.calls.add(1);
    attended(thread, None, f)
}

/// Gives the current thread a bypass for its next `budget` calls, 0 for none. `EINVAL` above
/// [`budget::MAX`].
pub(crate) fn set_bypass(kernel: Kernel<'_>, budget: u32) -> Result {
    budget::check(budget)?;
    let thread = kernel.thread();
    end_bypass(thread);
    begin_bypass(thread, budget);
    Ok(())
}

fn begin_bypass(thread: &Thread, budget: u32) {
    thread.bypass.begin(budget);
    task_local::set_budget(budget);
}

/// Ends the bypass, counts the calls that it let through. Returns what is left of the budget.
fn end_bypass(thread: &Thread) -> u32 {
    let rest = task_local::set_budget(0);
    thread.counters.bypassed.add(thread.bypass.end(rest).into());
    rest
}

/// Ends the bypass because of work that waits.
fn cut_bypass(thread: &Thread) {
    if end_bypass(thread) != 0 {
        thread.counters.bypass_cut.add(1);
    }
}

/// How a call has come into the kernel.
enum Way<'a> {
    Straight(&'a Thread),
    /// Something was seen to before.
    Seen(&'a Thread),
}

impl<'a> Way<'a> {
    #[inline(always)]
    fn thread(self) -> &'a Thread {
        match self {
            Self::Straight(thread) | Self::Seen(thread) => thread,
        }
    }

    /// Makes the call `f`.
    #[inline(always)]
    fn make<R>(self, f: impl FnMut(Kernel<'_>) -> Result<R>) -> Result<R> {
        match self {
            Self::Straight(thread) => switching(thread, f),
            Self::Seen(thread) => attended(thread, None, f),
        }
    }
}

/// The way in: `context` says whether this is a place to call from, `if_work` what to do about a signal or
/// notification that waits, or work that bypassed calls have left.
#[inline(always)]
fn enter<'a>(
    thread: Option<&'a Thread>,
    context: impl FnOnce() -> bool,
    if_work: fn(&Thread) -> Result,
) -> Result<Way<'a>> {
    let Some(thread) = thread else {
        return Err(refused(EPERM));
    };
    if !context() {
        return Err(refused(errno::edeadlk()));
    }
    if CurrentTask::get().work().has(Work::BEFORE) {
        return enter_seen(thread, if_work);
    }
    begin(thread)?;
    Ok(Way::Straight(thread))
}

/// The way in if work waits.
#[cold]
#[inline(never)]
fn enter_seen(thread: &Thread, if_work: fn(&Thread) -> Result) -> Result<Way<'_>> {
    if_work(thread)?;
    begin(thread)?;
    Ok(Way::Seen(thread))
}

/// Enters for a call.
#[inline(always)]
fn begin(thread: &Thread) -> Result {
    come_in(thread)?;
    thread.counters.calls.add(1);
    Ok(())
}

/// Enters the kernel. `EBUSY` in the middle of another call.
#[inline(always)]
fn come_in(thread: &Thread) -> Result {
    thread.mode.enter()?;
    thread.watch.entered(|| thread.name());
    Ok(())
}

/// Keeps what refuses a call out of the way of those that are made: without the black box, each of
/// those would load the errno that it does not return.
#[cold]
fn refused(error: Error) -> Error {
    hint::black_box(error)
}

/// `EINTR` if the signal or notification that waits means that the thread is asked to stop; else what
/// waits is seen to.
#[cold]
#[inline(never)]
fn refuse_if_stopped(thread: &Thread) -> Result {
    refuse_stopped(thread)?;
    see_signals(thread)
}

/// `EINTR` if the thread is asked to stop.
fn refuse_stopped(thread: &Thread) -> Result {
    end_if_over(thread)?;
    if thread.carrier.stops(thread) {
        cut_bypass(thread);
        if CurrentTask::get().is_killed() {
            refuse_killed(thread);
        }
        return Err(EINTR);
    }
    Ok(())
}

/// Sees to a signal that waits, before a call that is made in any case.
#[cold]
#[inline(never)]
fn see_signals(thread: &Thread) -> Result {
    see(thread).map(drop)
}

/// As [`refuse_if_stopped`], and `EINTR` if a handler that has run says that calls are not made again.
#[cold]
#[inline(never)]
fn refuse_if_interrupted(thread: &Thread) -> Result {
    refuse_stopped(thread)?;
    match see(thread)? {
        Again::Yes | Again::Restart => Ok(()),
        Again::No => Err(EINTR),
    }
}

/// As [`refuse_if_stopped`], and `EINTR` if a handler has run.
#[cold]
#[inline(never)]
fn refuse_if_handled(thread: &Thread) -> Result {
    refuse_stopped(thread)?;
    match see(thread)? {
        Again::Yes => Ok(()),
        Again::Restart | Again::No => Err(EINTR),
    }
}

/// Sees to a signal that waits. Returns whether a call that it has interrupted is to be made again.
///
/// Before that, to what bypassed calls have left to be done: a call that blocks would keep it from being
/// done, and who closed a connection, say, keep its other end waiting.
fn see(thread: &Thread) -> Result<Again> {
    end_if_over(thread)?;
    if CurrentTask::get().work().has(Work::RESUME) && task::may_sleep() {
        come_in(thread)?;
        cut_bypass(thread);
        // SAFETY: As in `switched`.
        unsafe {
            stack::call_on(
                thread.coroutine.top(),
                || thread.carrier.leave(thread),
                || (),
            )
        };
        leave(thread);
    }
    let mut again = Again::Yes;
    if thread.carrier.must_suspend(thread) {
        come_in(thread)?;
        suspend(thread, Exit::Signal);
        again = thread.carrier.resumed(thread);
        leave(thread);
    }
    Ok(again)
}

/// How many calls a thread may try to make while its task is being killed.
const LAST_CALLS: u32 = 1000;

/// Ends a thread that goes on trying to make calls, instead of returning, while its task is being
/// killed.
fn refuse_killed(thread: &Thread) {
    thread.refused.store(thread.refused.load() + 1);
    if thread.refused.load() > LAST_CALLS && task::may_sleep() && thread.mode.enter().is_ok() {
        abandon(thread, SIGKILL, 0);
    }
}

/// Whether a call has failed because of a signal, by what the kernel's routines return then.
#[inline(always)]
fn is_interrupted<R>(result: &Result<R>) -> bool {
    matches!(
        result,
        Err(EINTR | ERESTARTSYS | ERESTARTNOINTR | ERESTARTNOHAND | ERESTART_RESTARTBLOCK)
    )
}

/// Whether a call that came to `result` is to be made again after a signal that meant `again`.
fn is_made_again<R>(result: &Result<R>, again: Again) -> bool {
    match again {
        Again::Yes => is_interrupted(result),
        Again::Restart => matches!(result, Err(ERESTARTSYS | ERESTARTNOINTR)),
        Again::No => false,
    }
}

/// Runs `f` and the leave work on the kernel stack, and goes back.
#[inline(always)]
fn switching<R>(thread: &Thread, mut f: impl FnMut(Kernel<'_>) -> Result<R>) -> Result<R> {
    let result = switched::<_, false>(thread, &mut f);
    if thread.attention.any() {
        return attended(thread, Some(result), f);
    }
    leave(thread);
    result
}

/// The same on the application stack, if it has room.
#[inline(always)]
fn staying<R>(thread: &Thread, mut f: impl FnMut(Kernel<'_>) -> Result<R>) -> Result<R> {
    if !thread.has_room() {
        return switching(thread, f);
    }
    let result = f(Kernel::new(thread, false));
    leave_work(thread);
    if thread.attention.any() {
        return attended(thread, Some(result), f);
    }
    leave(thread);
    result
}

/// Runs `f` and the leave work on the kernel stack.
#[inline(always)]
fn switched<R, const AGAIN: bool>(
    thread: &Thread,
    f: &mut impl FnMut(Kernel<'_>) -> Result<R>,
) -> Result<R> {
    // SAFETY: The application was on its own stack (mode `App`), so that nothing on the task's kernel
    // stack is in use below where `run` left it.
    unsafe {
        stack::call_on(
            thread.coroutine.top(),
            || f(Kernel::new(thread, AGAIN)),
            || leave_work(thread),
        )
    }
}

/// A call around which there is something to see to, which has come to `result` if it was made yet: makes it
/// again if it was interrupted by something that is none of the application's business.
#[cold]
#[inline(never)]
fn attended<R>(
    thread: &Thread,
    result: Option<Result<R>>,
    mut f: impl FnMut(Kernel<'_>) -> Result<R>,
) -> Result<R> {
    let mut result = result.unwrap_or_else(|| switched::<_, true>(thread, &mut f));
    while thread.attention.any() {
        let again = attend(thread);
        if !is_made_again(&result, again) {
            break;
        }
        result = switched::<_, true>(thread, &mut f);
    }
    leave(thread);
    result
}

/// Does what has to be done on the application stack before its code goes on: goes to user space and
/// comes back, begins a bypass. Returns whether a call that a signal has interrupted is to be made
/// again.
fn attend(thread: &Thread) -> Again {
    let mut again = Again::No;
    if thread.attention.first.load() != 0 {
        suspend(thread, Exit::Signal);
        again = thread.carrier.resumed(thread);
    }
    arm_bypass(thread);
    again
}

/// Begins the bypass that the thread has again after each full transition, if it has one.
fn arm_bypass(thread: &Thread) {
    let budget = thread.attention.second.load();
    if budget != 0 {
        end_bypass(thread);
        begin_bypass(thread, budget);
    }
}

/// Does all work that waits and that can be done in the kernel.
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
    thread.carrier.leave(thread);
    if thread.carrier.must_suspend(thread) {
        thread.attention.first.store(1);
    }
    CurrentTask::get().rcu_tasks_qs();
}

/// The way back, after [`leave_work`]. What comes up between the two waits for the next transition
/// or, if it is the scheduler, for the interrupt that brought it.
#[inline(always)]
fn leave(thread: &Thread) {
    thread.watch.left();
    thread.mode.leave();
}

/// Hands a signal to `handler`, a function of the application, from the middle of a call.
pub(crate) fn hand_over(thread: &Thread, handler: impl FnOnce()) {
    let was = thread.mode.get();
    if was == Mode::Kernel {
        leave(thread);
    }
    handler();
    if was == Mode::Kernel {
        thread.mode.resume();
    }
}
