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
    // A kernel thread only sees signals that it allowed, SIGKILL and SIGTERM, and both mean stop.
    // They stay pending, so that none of its calls blocks any more.
    fn stops(&self, asked: &dyn Fn() -> bool) -> bool {
        let current = CurrentTask::get();
        if asked() || current.work().has(Work::SIGPENDING) {
            return true;
        }
        // A notification by somebody else. One that `asked` explains may come before it is cleared.
        current.clear_notification();
        if asked() {
            current.set_notification();
            return true;
        }
        false
    }

    // Rescheduling is all there is: signals are for `stops`, and nobody queues task work for a
    // kernel thread, whose last fput() goes to a workqueue instead.
    fn leave(&self) {
        while CurrentTask::get().work().has(Work::RESCHEDULE) {
            task::schedule();
        }
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
