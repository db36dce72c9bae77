// SPDX-License-Identifier: GPL-2.0

//! Clocks and sleeping.

use crate::{
    bindings::{self, timespec64, ukl_linux_sleep},
    face::{self, Answer},
    program,
    tail::{self, Arg},
};
use kernel::prelude::*;

pub(crate) const NSEC_PER_SEC: i64 = 1_000_000_000;

/// The time of `clock`, if it is one that can be read here.
#[inline(always)]
fn now(clock: u32) -> Option<(i64, i64)> {
    let mut time = timespec64::default();
    // SAFETY: There is room for it. From any context.
    let known = unsafe { bindings::ukl_linux_helper_clock(clock as i32, &mut time) } == 0;
    known.then_some((time.tv_sec, time.tv_nsec as i64))
}

/// Reads a clock that can be read here, to a place that is there; a negative number is for
/// [`clock_gettime`]. No transition.
#[inline(always)]
pub(crate) fn try_clock_gettime(clock: u64, address: u64) -> i64 {
    let Ok(to) = program::writable(address, size_of::<timespec64>()) else {
        return -1;
    };
    // SAFETY: There is room for it. From any context.
    unsafe { bindings::ukl_linux_helper_clock(clock as i32, to.cast()) }.into()
}

/// `clock_gettime(clock, tp)`. No transition.
#[cold]
#[inline(never)]
pub(crate) fn clock_gettime(args: &[u64; 6]) -> Answer {
    let Some((seconds, nanoseconds)) = now(args[0] as u32) else {
        return tail::call(
            bindings::__NR_clock_gettime.into(),
            args,
            &[Arg::Num, Arg::Out(16)],
        );
    };
    program::write(args[1], [seconds, nanoseconds])?;
    Ok(0)
}

/// `gettimeofday(tv, tz)`. No transition.
pub(crate) fn gettimeofday(args: &[u64; 6]) -> Answer {
    if let (address @ 1.., Some((seconds, nanoseconds))) = (args[0], now(bindings::CLOCK_REALTIME))
    {
        program::write(address, [seconds, nanoseconds / 1000])?;
    }
    program::write_if(args[1], [0_i32; 2])?;
    Ok(0)
}

/// `time(tloc)`. No transition.
pub(crate) fn time(args: &[u64; 6]) -> Answer {
    let (seconds, _) = now(bindings::CLOCK_REALTIME).ok_or(EINVAL)?;
    program::write_if(args[0], seconds)?;
    Ok(seconds)
}

/// Nanoseconds of a `struct timespec` of the program's, as many as fit. `EINVAL` if it is none.
pub(crate) fn duration(address: u64) -> Result<i64> {
    let [seconds, nanoseconds]: [i64; 2] = program::read(address)?;
    if seconds < 0 || !(0..NSEC_PER_SEC).contains(&nanoseconds) {
        return Err(EINVAL);
    }
    Ok(seconds
        .saturating_mul(NSEC_PER_SEC)
        .saturating_add(nanoseconds))
}

/// The same of a `struct timeval`, whose microseconds may be more than a second.
pub(crate) fn microseconds(address: u64) -> Result<i64> {
    let [seconds, microseconds]: [i64; 2] = program::read(address)?;
    if seconds < 0 || microseconds < 0 {
        return Err(EINVAL);
    }
    Ok(seconds
        .saturating_mul(NSEC_PER_SEC)
        .saturating_add(microseconds.saturating_mul(1000)))
}

/// The time of the monotonic clock in so many nanoseconds.
pub(crate) fn from_now(timeout: i64) -> i64 {
    at(bindings::CLOCK_MONOTONIC).saturating_add(timeout)
}

/// The time of `clock` in nanoseconds.
fn at(clock: u32) -> i64 {
    now(clock).map_or(0, |(seconds, nanoseconds)| {
        seconds * NSEC_PER_SEC + nanoseconds
    })
}

/// `clock_nanosleep(clock, flags, request, remain)`.
pub(crate) fn clock_nanosleep(args: &[u64; 6]) -> Answer {
    const TIMER_ABSTIME: u64 = 1;
    let clock = args[0] as u32;
    if !matches!(
        clock,
        bindings::CLOCK_REALTIME | bindings::CLOCK_MONOTONIC | bindings::CLOCK_BOOTTIME
    ) {
        return tail::call(
            bindings::__NR_clock_nanosleep.into(),
            args,
            &[Arg::Num, Arg::Num, Arg::In(16), Arg::Out(16)],
        );
    }
    let asked = duration(args[2])?;
    let is_absolute = args[1] & TIMER_ABSTIME != 0;
    let mut sleep = match is_absolute {
        true => ukl_linux_sleep {
            deadline: asked,
            clock: clock as i32,
        },
        // What the clock is set to has no effect on a sleep of some length.
        false => ukl_linux_sleep {
            deadline: from_now(asked),
            clock: bindings::CLOCK_MONOTONIC as i32,
        },
    };
    // SAFETY: The helper takes this.
    let answer = unsafe { face::call(bindings::ukl_linux_helper_sleep, &mut sleep) };
    if answer == Err(EINTR) && !is_absolute && args[3] != 0 {
        let left = (sleep.deadline - at(bindings::CLOCK_MONOTONIC)).max(0);
        program::write(args[3], [left / NSEC_PER_SEC, left % NSEC_PER_SEC])?;
    }
    answer
}

/// `nanosleep(request, remain)`.
pub(crate) fn nanosleep(args: &[u64; 6]) -> Answer {
    let clock = bindings::CLOCK_MONOTONIC.into();
    clock_nanosleep(&[clock, 0, args[0], args[1], 0, 0])
}

/// How long it is to an absolute time of the monotonic clock, or of the real one, in nanoseconds; 0 if it
/// is over.
pub(crate) fn left(deadline: i64, is_real: bool) -> i64 {
    let clock = match is_real {
        true => bindings::CLOCK_REALTIME,
        false => bindings::CLOCK_MONOTONIC,
    };
    deadline.saturating_sub(at(clock)).max(0)
}
