// SPDX-License-Identifier: GPL-2.0

//! `poll()`.

use super::{signal, time};
use crate::{
    bindings::{self, ukl_linux_poll, ukl_linux_pollfd},
    face::{self, Answer},
    program,
};
use kernel::prelude::*;

/// The most descriptors: what a process may have open by default, and more than a program polls.
const MAX: u64 = 65_536;

/// Until `deadline`, in nanoseconds of the monotonic clock; never if it is negative, 0 does not wait.
fn until(args: &[u64; 6], deadline: i64) -> Answer {
    let count = args[1];
    if count > MAX {
        return Err(EINVAL);
    }
    let fds = program::writable(args[0], count as usize * size_of::<ukl_linux_pollfd>())?;
    let mut poll = ukl_linux_poll {
        fds: fds.cast(),
        count: count as u32,
        deadline,
    };
    // SAFETY: The helper takes this.
    unsafe { face::call(bindings::ukl_linux_helper_poll, &mut poll) }
}

/// `poll(fds, nfds, timeout)`.
pub(crate) fn poll(args: &[u64; 6]) -> Answer {
    let deadline = match args[2] as i32 {
        0 => 0,
        timeout @ 1.. => time::from_now(i64::from(timeout) * 1_000_000),
        _ => -1,
    };
    until(args, deadline)
}

/// `ppoll(fds, nfds, timeout, mask, size)`.
pub(crate) fn ppoll(args: &[u64; 6]) -> Answer {
    let deadline = match args[2] {
        0 => -1,
        at => match time::duration(at)? {
            0 => 0,
            timeout => time::from_now(timeout),
        },
    };
    match args[3] {
        0 => until(args, deadline),
        mask => signal::masked(mask, || until(args, deadline)),
    }
}
