// SPDX-License-Identifier: GPL-2.0

//! The kernel-thread carrier.

use super::Carrier;
use crate::{
    app::App,
    thread::{Body, Thread},
    transition,
};
use kernel::{prelude::*, sync::Arc};
use ukl_support::{
    kthread,
    stack::Stack,
    task::{self, CurrentTask, Work},
    task_local::{self, Notifiers},
};

/// The one value of the carrier: it has no state of its own.
static KTHREAD: Kthread = Kthread;

struct Kthread;

impl Carrier for Kthread {
    // Not TIF_NOTIFY_RESUME: nobody queues task work for a kernel thread, whose last fput() goes to
    // a workqueue instead.
    fn work(&self) -> Work {
        Work::RESCHEDULE.or(Work::SIGNAL)
    }

    fn leave(&self, stop: bool) -> bool {
        let current = CurrentTask::get();
        while current.work().has(Work::RESCHEDULE) {
            task::schedule();
        }
        // A kernel thread only sees signals that it allowed, SIGKILL and SIGTERM, and both mean
        // stop. They stay pending, so that no call of this thread blocks any more.
        stop || current.work().has(Work::SIGNAL)
    }
}

/// Starts a thread of `app` on a kernel thread that runs `body` on a stack of `stack_size` bytes.
pub(crate) fn start(app: &Arc<App>, body: Body, stack_size: usize) -> Result<Arc<Thread>> {
    let thread = Thread::new(app.clone(), body, Stack::new(stack_size)?, &KTHREAD)?;
    app.add_thread(&thread, || kthread::spawn(app.name(), thread.clone()))?;
    Ok(thread)
}

impl kthread::Main for Thread {
    fn run(self: Arc<Self>) {
        kthread::allow_signal(kthread::Signal::Kill);
        kthread::allow_signal(kthread::Signal::Term);
        let notifiers = Notifiers::new();
        let status = task_local::with(&notifiers, &*self, || transition::run(&self));
        self.end(status.unwrap_or_else(|error| error.to_errno()));
        self.app().end_thread(&self);
    }
}
