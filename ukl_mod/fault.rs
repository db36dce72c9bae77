// SPDX-License-Identifier: GPL-2.0

//! Containment: an application that does what a process would be ended for is ended, and the kernel
//! goes on.
//!
//! In mode `App` a thread holds nothing of the kernel's that the kernel can see, so that its frames may
//! be left where they are. In mode `Kernel` a fault is the kernel's own, and takes its usual course.

use crate::{
    app::App,
    mode::Mode,
    thread::{Exit, Thread},
    transition::SIGKILL,
};
use kernel::prelude::*;
use ukl_support::{
    fault::{self, Interrupted, OnFault, OnInterrupt, Symbol},
    task::CurrentTask,
    task_local,
};

/// What happens to an exception in kernel mode.
pub(crate) struct Containment;

impl OnFault for Containment {
    fn fault(interrupted: &mut Interrupted<'_>) -> bool {
        leave_application(interrupted, interrupted.signal(), |_| true)
    }
}

/// What happens to a thread that is to end and makes no call.
struct Ending;

impl OnInterrupt for Ending {
    fn interrupted(interrupted: &mut Interrupted<'_>) {
        let killed = CurrentTask::get().is_killed();
        let at = interrupted.place();
        leave_application(interrupted, SIGKILL, |app| {
            // Nowhere but in its own code: what it has called may hold something.
            (killed || app.status().is_some()) && at.is_in(app.owner())
        });
    }
}

/// Makes the current thread leave its application for good, if that is what was interrupted.
fn leave_application(
    interrupted: &mut Interrupted<'_>,
    signal: u32,
    allowed: impl FnOnce(&App) -> bool,
) -> bool {
    task_local::current(|thread: Option<&Thread>| {
        let Some(thread) = thread else {
            return false;
        };
        if thread.mode.get() != Mode::App
            || !interrupted.is_on(thread.stack())
            || !allowed(thread.app())
        {
            return false;
        }
        thread.fault.set(
            signal,
            interrupted.address(),
            interrupted.culprit(thread.stack()),
        );
        // SAFETY: In mode `App`, on the application stack: the code is in the thread's coroutine.
        unsafe { interrupted.leave(&thread.coroutine, thread.stack()) };
        true
    })
}

/// How often threads that are to end are looked for, two milliseconds each, before it is given up
/// until the next time.
const TRIES: u32 = 200;

/// Ends threads that are to end and make no call, wherever they run. May sleep.
pub(crate) fn end_runaways() {
    for _ in 0..TRIES {
        let mut some = false;
        App::for_each(|app| some |= app.has_runaway());
        if !some {
            break;
        }
        fault::interrupt_all::<Ending>();
    }
}

/// Says what has ended a thread from outside its code and, if that was a fault, asks the other threads of
/// its application to stop. Returns the thread's status.
pub(crate) fn report(thread: &Thread, exit: Exit) -> i32 {
    let Exit::Fault {
        signal,
        address,
        ip,
    } = exit
    else {
        return EINVAL.to_errno();
    };
    if signal == SIGKILL && thread.app().status().is_some() {
        return EINTR.to_errno();
    }
    let (app, tid) = thread.name();
    let symbol = Symbol::of(ip);
    let symbol = symbol.as_str();
    if signal == SIGKILL {
        match ip {
            0 => pr_info!("{app}/{tid} was killed, and went on making calls\n"),
            _ => pr_info!("{app}/{tid} was killed in the middle of {symbol}\n"),
        }
        return EINTR.to_errno();
    }
    thread.app().request_stop();
    match name(signal) {
        "SIGSEGV" => {
            pr_err!("{app}/{tid}: SIGSEGV in {symbol}, address {address:#x}: the application is ended\n")
        }
        name => pr_err!("{app}/{tid}: {name} in {symbol}: the application is ended\n"),
    }
    EFAULT.to_errno()
}

/// The names of the signals that an exception may mean.
fn name(signal: u32) -> &'static str {
    match signal {
        4 => "SIGILL",
        5 => "SIGTRAP",
        6 => "SIGABRT",
        7 => "SIGBUS",
        8 => "SIGFPE",
        11 => "SIGSEGV",
        _ => "a signal",
    }
}
