// SPDX-License-Identifier: GPL-2.0

//! `poll()`, and `select()` by means of it.

use super::{signal::Mask, time};
use crate::{
    bindings::{self, ukl_linux_poll, ukl_linux_pollfd},
    face::{self, Answer},
    program,
};
use core::{ops::Range, slice};
use kernel::prelude::*;

/// The most descriptors: what a process may have open by default, and more than a program polls.
const MAX: u64 = 65_536;

/// Events that need not be asked for.
const ALWAYS: u32 = bindings::POLLERR | bindings::POLLHUP;

/// Until `deadline`, in nanoseconds of the monotonic clock; never if it is negative, 0 does not wait.
fn until(args: &[u64; 6], deadline: i64, mask: &Mask) -> Answer {
    let count = args[1];
    if count > MAX {
        return Err(EINVAL);
    }
    let fds = program::writable(args[0], count as usize * size_of::<ukl_linux_pollfd>())?;
    wait(fds.cast(), count as usize, ALWAYS, deadline, mask)
}

/// Waits for what the `count` entries at `fds` ask for, and `always`.
fn wait(
    fds: *mut ukl_linux_pollfd,
    count: usize,
    always: u32,
    deadline: i64,
    mask: &Mask,
) -> Answer {
    let mut poll = ukl_linux_poll {
        fds,
        count: count as u32,
        deadline,
        always,
        mask: mask.get(),
    };
    // SAFETY: The helper takes this.
    mask.take_back(unsafe { face::call_polling(bindings::ukl_linux_helper_poll, &mut poll) })
}

/// When so many nanoseconds are over, as [`until`] takes it.
fn deadline(timeout: i64) -> i64 {
    match timeout {
        0 => 0,
        timeout => time::from_now(timeout),
    }
}

/// `poll(fds, nfds, timeout)`.
pub(crate) fn poll(args: &[u64; 6]) -> Answer {
    let deadline = match args[2] as i32 {
        timeout @ 0.. => deadline(i64::from(timeout) * 1_000_000),
        _ => -1,
    };
    until(args, deadline, &Mask::NONE)
}

/// `ppoll(fds, nfds, timeout, mask, size)`.
pub(crate) fn ppoll(args: &[u64; 6]) -> Answer {
    let deadline = match args[2] {
        0 => -1,
        at => deadline(time::duration(at)?),
    };
    until(args, deadline, &Mask::at(args[3], args[4])?)
}

/// What `select()` asks for of a descriptor in each of its three sets.
const EVENTS: [u32; 3] = [
    bindings::POLLIN | bindings::POLLRDNORM | bindings::POLLRDBAND | ALWAYS,
    bindings::POLLOUT | bindings::POLLWRNORM | bindings::POLLWRBAND | bindings::POLLERR,
    bindings::POLLPRI,
];

/// The sets of a `select()`: the first `count` bits at each address that is not NULL.
struct Sets {
    at: [u64; 3],
    count: usize,
}

impl Sets {
    /// `EINVAL` for a negative count.
    fn new(args: &[u64; 6]) -> Result<Self> {
        let count = u32::try_from(args[0] as i32)?;
        Ok(Self {
            at: [args[1], args[2], args[3]],
            // SAFETY: Has no arguments.
            count: count.min(unsafe { bindings::ukl_linux_helper_max_fds() }) as usize,
        })
    }

    fn words(&self) -> Range<usize> {
        0..self.count.div_ceil(64)
    }

    /// Where word number `word` of set number `set` is; 0 if there is no such set.
    fn address(&self, set: usize, word: usize) -> u64 {
        match self.at[set] {
            0 => 0,
            at => at.wrapping_add(8 * word as u64),
        }
    }

    /// What is there.
    fn word(&self, set: usize, word: usize) -> Result<u64> {
        let bits = match self.address(set, word) {
            0 => 0,
            at => program::read(at)?,
        };
        match self.count - 64 * word {
            64.. => Ok(bits),
            count => Ok(bits & ((1 << count) - 1)),
        }
    }

    /// Calls `f` with each descriptor that is in a set, and what it is asked for.
    fn each(&self, mut f: impl FnMut(usize, u32)) -> Result {
        for word in self.words() {
            let mut bits = [0; 3];
            for (set, bits) in bits.iter_mut().enumerate() {
                *bits = self.word(set, word)?;
            }
            let mut any = bits[0] | bits[1] | bits[2];
            while any != 0 {
                let bit = any.trailing_zeros();
                any &= any - 1;
                let asked = Iterator::zip(EVENTS.iter(), bits)
                    .filter(|(_, bits)| bits & 1 << bit != 0)
                    .fold(0, |all, (events, _)| all | events);
                f(64 * word + bit as usize, asked);
            }
        }
        Ok(())
    }

    /// Leaves those in the sets that are ready. Returns how many, in all sets.
    fn keep(&self, fds: &[ukl_linux_pollfd]) -> Answer {
        let mut fds = fds.iter().peekable();
        let mut count = 0;
        for word in self.words() {
            let mut ready = [0; 3];
            while let Some(fd) = fds.next_if(|fd| fd.fd as usize / 64 == word) {
                let events = u32::from(fd.revents as u16);
                for (ready, asked) in Iterator::zip(ready.iter_mut(), EVENTS) {
                    *ready |= u64::from(events & asked != 0) << (fd.fd % 64);
                }
            }
            for (set, ready) in ready.into_iter().enumerate() {
                let ready = ready & self.word(set, word)?;
                count += i64::from(ready.count_ones());
                program::write_if(self.address(set, word), ready)?;
            }
        }
        Ok(count)
    }
}

/// Waits for what is in the sets.
fn select_until(args: &[u64; 6], deadline: i64, mask: &Mask) -> Answer {
    let sets = Sets::new(args)?;
    let mut count = 0;
    sets.each(|_, _| count += 1)?;
    // The application's, as this thread may be ended in the call.
    let memory = face::allocate((count * size_of::<ukl_linux_pollfd>()).max(1))?;
    // SAFETY: There is room for so many, zeroes are one, and nobody else has it.
    let fds = unsafe { slice::from_raw_parts_mut(memory.cast::<ukl_linux_pollfd>(), count) };
    let mut places = fds.iter_mut();
    sets.each(|fd, events| {
        // Another thread may have added some meanwhile, which is its own business.
        if let Some(place) = places.next() {
            place.fd = fd as i32;
            place.events = events as i16;
        }
    })?;
    let answer = wait(fds.as_mut_ptr(), count, 0, deadline, mask).and_then(|_| {
        let bad = |fd: &ukl_linux_pollfd| fd.revents as u32 & bindings::POLLNVAL != 0;
        match fds.iter().any(bad) {
            true => Err(EBADF),
            false => sets.keep(fds),
        }
    });
    face::free(memory)?;
    answer
}

/// `pselect6(n, readfds, writefds, exceptfds, timeout, mask)`.
pub(crate) fn pselect6(args: &[u64; 6]) -> Answer {
    let deadline = match args[4] {
        0 => -1,
        at => deadline(time::duration(at)?),
    };
    let mask = match args[5] {
        0 => Mask::NONE,
        // A pointer and a size.
        at => Mask::at(program::read(at)?, program::read(at.wrapping_add(8))?)?,
    };
    let answer = select_until(args, deadline, &mask);
    put_left(args[4], deadline, 1)?;
    answer
}

/// `select(n, readfds, writefds, exceptfds, timeout)`.
pub(crate) fn select(args: &[u64; 6]) -> Answer {
    let deadline = match args[4] {
        0 => -1,
        at => deadline(time::microseconds(at)?),
    };
    let answer = select_until(args, deadline, &Mask::NONE);
    put_left(args[4], deadline, 1000)?;
    answer
}

/// Says how long it still was until `deadline`, in seconds and units of so many nanoseconds.
fn put_left(to: u64, deadline: i64, unit: i64) -> Result {
    let left = time::left(deadline.max(0), false);
    program::write_if(
        to,
        [left / time::NSEC_PER_SEC, left % time::NSEC_PER_SEC / unit],
    )
}
