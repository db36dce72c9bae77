// SPDX-License-Identifier: GPL-2.0

//! The process carrier: a task inside `ioctl(UKL_RUN)`.

use super::Carrier;
use crate::{
    app::App,
    bindings::{self, ukl_run},
    carrier::Again,
    fault,
    process::Process,
    seat::Seat,
    thread::{Body, Exit, Thread},
    transition,
};
use core::mem::offset_of;
use kernel::{prelude::*, sync::Arc};
use ukl_support::{
    signal,
    stack::{Charge, Stack},
    task::{self, CurrentTask, Work},
    task_local::{self, Notifiers},
    tls::Tls,
};

/// The one value of the carrier: its state is in the thread's seat.
static PROCESS: InProcess = InProcess;

struct InProcess;

impl Carrier for InProcess {
    fn is_asked_to_stop(&self, thread: &Thread) -> bool {
        thread.stop_requested() || CurrentTask::get().is_killed()
    }

    // A signal by itself means nothing: its process sees to it.
    fn stops(&self, thread: &Thread) -> bool {
        self.is_asked_to_stop(thread)
    }

    fn leave(&self, thread: &Thread) {
        let current = CurrentTask::get();
        loop {
            let work = current.work();
            if work.has(Work::SIGPENDING) || !task::may_sleep() {
                break;
            }
            if work.has(Work::NOTIFICATION) {
                // That of a stop request stays until the process is back in user space.
                if thread.stop_requested() && work.has(Work::RESCHEDULE) {
                    task::schedule();
                    continue;
                }
                break;
            }
            if current.do_work().is_ok() {
                return;
            }
        }
        if current.work().has(Work::RESCHEDULE) {
            task::schedule();
        }
    }

    fn must_suspend(&self, thread: &Thread) -> bool {
        let current = CurrentTask::get();
        let work = current.work();
        // It would not come back if it is killed.
        (work.has(Work::SIGPENDING) && !current.is_killed()
            || work.has(Work::NOTIFICATION) && !self.is_asked_to_stop(thread))
            && task::may_sleep()
    }

    fn resumed(&self, thread: &Thread) -> Again {
        let again = match (&thread.seat, thread.app().process()) {
            (Some(seat), Some(process)) => hand_over_signal(thread, seat, process),
            _ => Again::Yes,
        };
        match self.is_asked_to_stop(thread) {
            true => Again::No,
            false => again,
        }
    }
}

/// Calls the application's handler for a signal that the process has caught, if there is one. Returns
/// whether a call that it has interrupted is made again.
fn hand_over_signal(thread: &Thread, seat: &Seat, process: &Process) -> Again {
    let Some(signal) = seat.take_signal() else {
        return Again::Yes;
    };
    let Some(action) = process.action(signal.number) else {
        return Again::Yes;
    };
    let mask = signal::mask();
    signal::set_mask(mask.or(action.mask));
    transition::hand_over(thread, || {
        // SAFETY: `ukl_sigaction()` was promised that it may be called so.
        unsafe {
            (action.handler)(
                signal.number as i32,
                signal.info.as_ptr().cast(),
                action.arg,
            )
        }
    });
    signal::set_mask(mask);
    match action.restart {
        true => Again::Restart,
        false => Again::No,
    }
}

/// Makes a thread of `app`, which runs in a process, that runs `body` once a task of the process takes
/// its seat.
pub(crate) fn prepare(
    app: &Arc<App>,
    process: &Process,
    body: Body,
    stack_size: usize,
    handle: bool,
) -> Result<Arc<Thread>> {
    let stack = Stack::new(stack_size, Charge::Cgroup)?;
    process.add_seat(|seat| {
        let memory = Process::thread_memory(&stack, &seat);
        let thread = Thread::new(
            app.clone(),
            body,
            stack,
            &PROCESS,
            Some(seat),
            transition::main,
        )?;
        thread.attention.second.store(process.bypass());
        // Now, since a task may take the seat as soon as it is there.
        if handle {
            app.add_thread(&thread, || Ok(None))?;
        } else {
            app.add_main_thread(&thread)?;
        }
        app.charge(memory);
        Ok(thread)
    })
}

/// Takes back the seat of a thread, and that none will take it; whether none has.
pub(crate) fn discard(app: &App, process: &Process, thread: &Thread) -> bool {
    match &thread.seat {
        Some(seat) if seat.give_up() => {
            process.remove_seat(seat);
            app.uncharge(Process::thread_memory(thread.stack(), seat));
            true
        }
        _ => false,
    }
}

/// `UKL_RUN`: runs the thread at seat number `number` until there is something to do for the process,
/// and says in its run area what.
pub(crate) fn run(app: &App, number: usize) -> Result {
    let process = app.process().ok_or(ENXIO)?;
    if !process.is_current() {
        return Err(EIO);
    }
    let thread = process.thread(number)?;
    let Some(seat) = &thread.seat else {
        return Err(ESRCH);
    };
    let taken = seat.take(|task| app.set_task(&thread, task))?;
    let exit = match seat.read() {
        Ok(()) => {
            if thread.stop_requested() {
                // Going to user space has taken it away.
                CurrentTask::get().set_notification();
            }
            let notifiers = Notifiers::new();
            let _tls = Tls::swap(&thread.tls);
            // SAFETY: This task alone has taken the thread's seat. If it ends in there, what this frame
            // has is not dropped.
            unsafe {
                task_local::with(&notifiers, &thread.link, &*thread, || {
                    transition::run(&thread)
                })
            }?
        }
        Err(EINTR) => Exit::Signal,
        Err(error) => {
            seat.store(offset_of!(ukl_run, exit), bindings::UKL_EXIT_NONE);
            return Err(error);
        }
    };
    let (exit, status) = match exit {
        Exit::Finished(status) => (exit, Some(status)),
        Exit::Fault { signal, .. } => {
            let status = fault::report(&thread, exit);
            match app.status() {
                // That was what ended it.
                Some(_) if signal == transition::SIGKILL => (Exit::Finished(status), Some(status)),
                _ => (exit, Some(status)),
            }
        }
        _ => (exit, None),
    };
    if let Some(status) = status {
        seat.end();
        thread.end(status);
        app.end_thread(&thread);
        process.remove_seat(seat);
        app.uncharge(Process::thread_memory(thread.stack(), seat));
    }
    drop(taken);
    say(seat, exit, app.status())
}

/// Writes `exit` into the run area; `EINTR` if it is a signal. `over` is what the application has ended
/// with, if it is over.
fn say(seat: &Seat, exit: Exit, over: Option<i32>) -> Result {
    /// Where what belongs to an exit begins.
    const AT: usize = offset_of!(ukl_run, __bindgen_anon_1);
    let (reason, result) = match exit {
        Exit::Finished(status) => {
            seat.store(AT, over.unwrap_or(status));
            seat.store(AT + 4, u32::from(over.is_some()));
            (bindings::UKL_EXIT_FINISHED, Ok(()))
        }
        Exit::Fault {
            signal,
            address,
            ip,
        } => {
            seat.store(AT, signal);
            seat.store(AT + 4, 0u32);
            seat.store(AT + 8, address);
            seat.store(AT + 16, ip);
            (bindings::UKL_EXIT_FAULT, Ok(()))
        }
        Exit::Signal => (bindings::UKL_EXIT_SIGNAL, Err(EINTR)),
        Exit::Thread(number) => {
            seat.store(AT, number);
            (bindings::UKL_EXIT_THREAD, Ok(()))
        }
        Exit::Syscall(words) => {
            for (i, word) in words.into_iter().enumerate() {
                seat.store(AT + 8 * i, word);
            }
            (bindings::UKL_EXIT_SYSCALL, Ok(()))
        }
        Exit::Sigaction { signal, handling } => {
            seat.store(AT, signal);
            seat.store(AT + 4, handling);
            (bindings::UKL_EXIT_SIGACTION, Ok(()))
        }
    };
    seat.store(offset_of!(ukl_run, exit), reason);
    result
}
