// SPDX-License-Identifier: GPL-2.0

//! Signals of the current task.
//!
//! C header: [`include/linux/signal.h`](srctree/include/linux/signal.h)

use crate::bindings;
use kernel::task::Task;

/// How many signals there are; their numbers begin with 1.
pub const COUNT: u32 = 64;

/// A set of signals.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Set(u64);

impl Set {
    /// A set from the bits of a `sigset_t`: signal 1 is the lowest.
    pub const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// The bits of a `sigset_t`.
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// The set of `signal` alone, which must be from 1 to [`COUNT`]; the empty set if it is not.
    pub const fn of(signal: u32) -> Self {
        match signal {
            1..=COUNT => Self(1 << (signal - 1)),
            _ => Self(0),
        }
    }

    /// All but those of `other`.
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// All of both.
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// The signals that the current task blocks.
pub fn mask() -> Set {
    // SAFETY: Reads a word of the current task, which only that one writes.
    Set(unsafe { bindings::ukl_helper_signal_mask() })
}

/// Makes the current task block `mask`, but never `SIGKILL` and `SIGSTOP`. Returns what it blocked.
/// `sigprocmask()`.
pub fn set_mask(mask: Set) -> Set {
    // SAFETY: For the current task, in task context.
    Set(unsafe { bindings::ukl_helper_set_signal_mask(mask.0) })
}

/// Whether `task` is being killed.
pub fn is_killed(task: &Task) -> bool {
    // SAFETY: `task` is valid.
    unsafe { bindings::ukl_helper_fatal_signal_pending(task.as_ptr()) }
}
