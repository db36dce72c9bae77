// SPDX-License-Identifier: GPL-2.0

//! Carriers: where the task of a UKL thread comes from.

pub(crate) mod kthread;

/// What a kind of task does for a UKL thread.
pub(crate) trait Carrier: Sync {
    /// Whether the current thread is asked to stop, given that a signal or a notification waits for
    /// its task; `asked` tells whether somebody asked it by name. May be called on either stack.
    fn stops(&self, asked: &dyn Fn() -> bool) -> bool;

    /// Does all work that waits for the current task before its application code goes on. Called in
    /// mode `Kernel`; may sleep.
    fn leave(&self);
}
