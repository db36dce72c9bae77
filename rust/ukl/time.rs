// SPDX-License-Identifier: GPL-2.0

//! Clocks and sleeping, after `std::time` and `std::thread`.

use crate::{nanoseconds, result, App};
use core::ops::{Add, Sub};
use kernel::prelude::*;
use ukl_bindings as bindings;

pub use core::time::Duration;

/// A time of the clock that never jumps, which stands still while the machine is suspended.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Instant(Duration);

impl Instant {
    /// Now. Not a transition: from any context but NMI. C: `ukl_clock_monotonic()`.
    #[inline]
    pub fn now() -> Self {
        // SAFETY: May be called anywhere but in an NMI, where no Rust application has code.
        Self(since(unsafe { bindings::ukl_clock_monotonic() }))
    }

    /// The time from `earlier` to this, none if it is the later one.
    pub fn duration_since(&self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }

    /// The time from this to now.
    pub fn elapsed(&self) -> Duration {
        Self::now().duration_since(*self)
    }
}

impl Add<Duration> for Instant {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(duration))
    }
}

impl Sub for Instant {
    type Output = Duration;

    fn sub(self, earlier: Self) -> Duration {
        self.duration_since(earlier)
    }
}

/// A time of day.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct SystemTime(Duration);

impl SystemTime {
    /// 1970-01-01 00:00 UTC.
    pub const UNIX_EPOCH: Self = Self(Duration::ZERO);

    /// Now. Not a transition: from any context but NMI. C: `ukl_clock_realtime()`.
    #[inline]
    pub fn now() -> Self {
        // SAFETY: As in `Instant::now`.
        Self(since(unsafe { bindings::ukl_clock_realtime() }))
    }

    /// The time from `earlier` to this; `None` if it is the later one, as this clock may be set.
    pub fn duration_since(&self, earlier: Self) -> Option<Duration> {
        self.0.checked_sub(earlier.0)
    }
}

/// What C counts in nanoseconds from the clock's start.
fn since(ns: i64) -> Duration {
    Duration::from_nanos(u64::try_from(ns).unwrap_or(0))
}

/// Waits for a time: not shorter than `duration`, and longer by little more than the scheduler takes.
/// Blocks, unless it is 0. C: `ukl_sleep()`.
///
/// # Errors
///
/// `EINTR` if the thread is asked to stop.
pub fn sleep(_app: &App, duration: Duration) -> Result {
    // SAFETY: `_app` says that this is application mode.
    result(unsafe { bindings::ukl_sleep(nanoseconds(Some(duration))) })
}
