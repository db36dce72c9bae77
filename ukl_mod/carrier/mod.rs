// SPDX-License-Identifier: GPL-2.0

//! Carriers: where the task of a UKL thread comes from.

pub(crate) mod kthread;
pub(crate) mod process;

use crate::thread::Thread;

/// What a signal means for a call that it has interrupted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Again {
    /// It is made again: the application did not hear of it.
    Yes,
    /// It is, unless it waits for events: a handler has run that says so (`SA_RESTART`).
    Restart,
    /// It is not.
    No,
}

/// What a kind of task does for the UKL thread that it carries, which is the current one.
pub(crate) trait Carrier: Sync {
    /// Whether the thread is asked to stop. From any context.
    fn is_asked_to_stop(&self, thread: &Thread) -> bool;

    /// The same, given that a signal or a notification waits; one that means nothing may be taken away.
    /// May be called on either stack.
    fn stops(&self, thread: &Thread) -> bool;

    /// Does all work that waits and can be done here, before application code goes on. Called in mode
    /// `Kernel`; may sleep.
    fn leave(&self, thread: &Thread);

    /// Whether work waits that only user space can do.
    fn must_suspend(&self, _thread: &Thread) -> bool {
        false
    }

    /// The thread is back from user space, on its application stack: hands over a signal that came
    /// along. Returns whether a call that a signal has interrupted is to be made again.
    fn resumed(&self, _thread: &Thread) -> Again {
        Again::Yes
    }
}
