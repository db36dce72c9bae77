// SPDX-License-Identifier: GPL-2.0

//! The scheduling policy of the process.

use anyhow::{anyhow, Result};
use clap::ValueEnum;
use nix::{errno::Errno, libc};

/// One of `sched(7)`, with the names that `chrt` has for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Policy {
    /// The usual one
    Other,
    /// Not to take the CPU from who wakes it: more work at a time, for less
    Batch,
}

impl Policy {
    /// Gives it to this process, and so to the threads that it makes.
    pub fn apply(self) -> Result<()> {
        let policy = match self {
            Self::Other => libc::SCHED_OTHER,
            Self::Batch => libc::SCHED_BATCH,
        };
        let param = libc::sched_param { sched_priority: 0 };
        // SAFETY: Reads the parameter.
        Errno::result(unsafe { libc::sched_setscheduler(0, policy, &param) })
            .map(drop)
            .map_err(|error| anyhow!("cannot change the scheduling policy: {}", error.desc()))
    }
}
