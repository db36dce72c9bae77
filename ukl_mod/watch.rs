// SPDX-License-Identifier: GPL-2.0

//! The watchdog: how long a thread runs without a transition.
//!
//! A thread that only computes is preempted like any kernel code, but it sees no stop request and
//! holds up the grace periods of RCU-tasks. Time here is CPU time that the thread has run, as the
//! scheduler accounts it: up to the last tick or context switch.

use crate::mode::Mode;
use core::borrow::Borrow;
use kernel::{prelude::*, time::Delta};
use ukl_support::{once::Once, task::CurrentTask};

/// How often threads that make no transition at all are looked at, to be reported or, if they are being
/// killed, ended.
pub(crate) const PERIOD: Delta = Delta::from_millis(200);

/// When a thread last left the kernel, and the longest that it ran after that.
pub(crate) struct Watch {
    /// CPU time at the end of the last transition, in nanoseconds.
    left: Once<u64>,
    /// The longest run without a transition, in nanoseconds of CPU time.
    longest: Once<u64>,
    /// Whether the kernel log has heard of this thread.
    reported: Once<bool>,
}

impl Watch {
    pub(crate) const fn new() -> Self {
        Self {
            left: Once::new(0),
            longest: Once::new(0),
            reported: Once::new(false),
        }
    }

    /// The thread goes back to its application.
    #[inline(always)]
    pub(crate) fn left(&self) {
        self.left.store(CurrentTask::get().cpu_time());
    }

    /// The thread makes a transition. `who` tells its application and its number.
    #[inline(always)]
    pub(crate) fn entered<'a>(&self, who: impl FnOnce() -> (&'a CStr, u32)) {
        let run = CurrentTask::get().cpu_time().wrapping_sub(self.left.load());
        if run > self.longest.load() {
            self.longest.store(run);
            self.report(run, who);
        }
    }

    /// For how long a thread in `mode`, which has run for `cpu_time` in all, has been in its own code,
    /// in nanoseconds.
    pub(crate) fn since(&self, mode: Mode, cpu_time: u64) -> u64 {
        match mode {
            Mode::App => cpu_time.saturating_sub(self.left.load()),
            _ => 0,
        }
    }

    /// The longest run so far, in nanoseconds.
    pub(crate) fn longest(&self) -> u64 {
        self.longest.load()
    }

    /// Looks at a thread from outside, which is in mode `App` and has run for `cpu_time` in all.
    ///
    /// The run is not over, so it is only reported here; it counts when it ends.
    pub(crate) fn look<'a>(&self, cpu_time: u64, who: impl FnOnce() -> (&'a CStr, u32)) {
        // Behind `left` if the thread has just come back: then there is nothing to say.
        self.report(cpu_time.saturating_sub(self.left.load()), who);
    }

    /// Says once that the thread has run for `run` nanoseconds, if that is over the limit.
    #[cold]
    #[inline(never)]
    fn report<'a>(&self, run: u64, who: impl FnOnce() -> (&'a CStr, u32)) {
        let limit = u64::from(limit_ms()) * 1_000_000;
        if limit == 0 || run < limit || self.reported.load() {
            return;
        }
        self.reported.store(true);
        let (app, tid) = who();
        pr_warn!(
            "{app}/{tid} ran {} ms without a transition: it cannot be stopped meanwhile; let it call ukl_null()\n",
            run / 1_000_000
        );
    }
}

/// The module parameter `watchdog_ms`, whose value is a reference before Linux 7.3.
fn limit_ms() -> u32 {
    *Borrow::<u32>::borrow(&crate::module_parameters::watchdog_ms.value())
}
