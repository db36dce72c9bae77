// SPDX-License-Identifier: GPL-2.0

//! The kernel-thread carrier.

use super::Carrier;
use crate::{
    app::App,
    fault,
    thread::{Body, Exit, Thread},
    transition,
};
use kernel::{prelude::*, sync::Arc};
use ukl_support::{
    kthread,
    stack::{Charge, Stack},
    task::{self, CurrentTask, Work},
    task_local::{self, Notifiers},
};

/// The one value of the carrier: it has no state of its own.
static KTHREAD: Kthread = Kthread;

struct Kthread;

impl Carrier for Kthread {
    // A kernel thread only sees signals that it allowed, SIGKILL and SIGTERM, and both mean stop.
    // They stay pending, so that none of its calls blocks any more.
    fn is_asked_to_stop(&self, _thread: &Thread) -> bool {
        // What calls look at first, so that none is made after this was seen to be true.
        CurrentTask::get().work().has(Work::SIGNAL)
    }

    fn stops(&self, thread: &Thread) -> bool {
        let current = CurrentTask::get();
        if thread.stop_requested() || current.work().has(Work::SIGPENDING) {
            return true;
        }
        // A notification by somebody else. A request may come before it is cleared.
        current.clear_notification();
        if thread.stop_requested() {
            current.set_notification();
            return true;
        }
        false
    }

    // Rescheduling is all there is: signals are for `stops`, and nobody queues task work for a
    // kernel thread, whose last fput() goes to a workqueue instead. What wants to be looked at when user
    // mode is resumed never is.
    fn leave(&self, _thread: &Thread) {
        CurrentTask::get().forget_resume_work();
        while CurrentTask::get().work().has(Work::RESCHEDULE) {
            task::schedule();
        }
    }
}

/// Starts a thread of `app` on a kernel thread that runs `body` on a stack of `stack_size` bytes.
pub(crate) fn start(app: &Arc<App>, body: Body, stack_size: usize) -> Result<Arc<Thread>> {
    let stack = Stack::new(stack_size, Charge::Kernel)?;
    let thread = Thread::new(app.clone(), body, stack, &KTHREAD, None, transition::main)?;
    app.charge(thread.stack().size());
    app.add_thread(&thread, || {
        Ok(Some(kthread::spawn(app.name(), thread.clone())?))
    })
    .inspect_err(|_| app.uncharge(thread.stack().size()))?;
    Ok(thread)
}

impl kthread::Main for Thread {
    fn run(self: Arc<Self>) {
        kthread::allow_signal(kthread::Signal::Kill);
        kthread::allow_signal(kthread::Signal::Term);
        let notifiers = Notifiers::new();
        // SAFETY: This task alone runs the thread. If it ends in there, what this frame has is not
        // dropped.
        let exit =
            unsafe { task_local::with(&notifiers, &self.link, &*self, || transition::run(&self)) };
        let status = match exit {
            Ok(Exit::Finished(status)) => status,
            Ok(exit) => fault::report(&self, exit),
            Err(error) => error.to_errno(),
        };
        self.end(status);
        self.app().end_thread(&self);
        self.app().uncharge(self.stack().size());
    }
}
