// SPDX-License-Identifier: GPL-2.0

//! `futex()`, for words of the program's.

use super::time;
use crate::{
    bindings,
    face::{self, Answer},
    program,
};
use kernel::prelude::*;

/// `futex(uaddr, op, val, timeout, uaddr2, val3)`. Those that wait at a second word are woken instead of
/// moved there, which is allowed. Who wakes need not have the word any more: its address is compared.
pub(crate) fn futex(args: &[u64; 6]) -> Answer {
    const FLAGS: u32 = bindings::FUTEX_PRIVATE_FLAG | bindings::FUTEX_CLOCK_REALTIME;
    let &[address, op, value, timeout, _, value3] = args;
    if address % 4 != 0 {
        return Err(EINVAL);
    }
    let word = program::word(address)?;
    let is_real = op as u32 & bindings::FUTEX_CLOCK_REALTIME != 0;
    match op as u32 & !FLAGS {
        bindings::FUTEX_WAIT => {
            let timeout = match timeout {
                0 => -1,
                at => time::duration(at)?,
            };
            wait(word, value, timeout)
        }
        bindings::FUTEX_WAIT_BITSET if value3 as u32 == u32::MAX => {
            let timeout = match timeout {
                0 => -1,
                at => time::left(time::duration(at)?, is_real),
            };
            wait(word, value, timeout)
        }
        bindings::FUTEX_WAKE => wake(word, value),
        bindings::FUTEX_WAKE_BITSET if value3 as u32 == u32::MAX => wake(word, value),
        bindings::FUTEX_REQUEUE => wake(word, value.saturating_add(timeout)),
        bindings::FUTEX_CMP_REQUEUE => {
            if program::read::<u32>(address)? != value3 as u32 {
                return Err(EAGAIN);
            }
            wake(word, value.saturating_add(timeout))
        }
        _ => Err(face::errno(bindings::ENOSYS)),
    }
}

fn wait(word: *const u32, value: u64, timeout: i64) -> Answer {
    program::readable(word as u64, 4)?;
    face::futex_wait(word, value as u32, timeout).map(|()| 0)
}

fn wake(word: *const u32, count: u64) -> Answer {
    match i32::try_from(count).unwrap_or(i32::MAX) {
        ..=0 => Ok(0),
        count => face::futex_wake(word, count),
    }
}
