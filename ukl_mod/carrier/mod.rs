// SPDX-License-Identifier: GPL-2.0

//! Carriers: where the task of a UKL thread comes from.

pub(crate) mod kthread;

use ukl_support::task::Work;

/// What a kind of task does for a UKL thread before application code goes on.
pub(crate) trait Carrier: Sync {
    /// The work that makes a transition call [`Carrier::leave`].
    fn work(&self) -> Work;

    /// Does all work that waits for the current task. May sleep. Returns whether the thread is
    /// asked to stop, by a signal or because `stop` says that somebody asked.
    fn leave(&self, stop: bool) -> bool;
}
