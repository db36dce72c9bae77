// SPDX-License-Identifier: GPL-2.0

//! Event sets.

use super::open;
use crate::{
    app::Resource,
    handle::{Given, Handle},
    resource::{Poll, Pollable},
    transition,
};
use kernel::prelude::*;
use ukl_support::{
    poll::{Events, Ready},
    time::Deadline,
};

/// The longest that a wait may spin, in microseconds.
pub(crate) const SPIN_MAX: u32 = 1000;

/// What a caller may wait for.
const WAITABLE: Events = Events::WAITABLE.or(Events::EDGE);

/// `ukl_poll_create()`.
pub(crate) fn create() -> Result<*const Handle<Poll>> {
    transition::call(|kernel| open(kernel, Poll::new()?))
}

/// `ukl_poll_add()` and `ukl_poll_add_file()`.
pub(crate) fn add<T>(poll: Given<Poll>, what: Given<T>, events: Events, token: u64) -> Result
where
    T: Resource,
    Handle<T>: Pollable,
{
    transition::call(|kernel| {
        if !WAITABLE.contains(events) {
            return Err(EINVAL);
        }
        kernel
            .hold(what)?
            .source()
            .attach(kernel.hold(poll)?.set(), events, token)
    })
}

/// `ukl_poll_modify()` and `ukl_poll_modify_file()`.
pub(crate) fn modify<T>(poll: Given<Poll>, what: Given<T>, events: Events, token: u64) -> Result
where
    T: Resource,
    Handle<T>: Pollable,
{
    transition::call(|kernel| {
        if !WAITABLE.contains(events) {
            return Err(EINVAL);
        }
        kernel
            .hold(what)?
            .source()
            .modify(kernel.hold(poll)?.set(), events, token)
    })
}

/// `ukl_poll_remove()` and `ukl_poll_remove_file()`.
pub(crate) fn remove<T>(poll: Given<Poll>, what: Given<T>) -> Result
where
    T: Resource,
    Handle<T>: Pollable,
{
    transition::call_always(|kernel| {
        kernel
            .hold(what)?
            .source()
            .detach_from(kernel.hold(poll)?.set())
    })
}

/// `ukl_poll_wait()`: hands at most `max` events to `report`, returns how many. The time-out is in
/// nanoseconds.
#[inline]
pub(crate) fn wait(
    poll: Given<Poll>,
    max: usize,
    timeout: i64,
    mut report: impl FnMut(Ready),
) -> Result<usize> {
    let deadline = Deadline::after(timeout);
    transition::call_polling(|kernel| {
        let count = kernel
            .hold(poll)?
            .set()
            .wait(max, deadline.left(), &mut report)?;
        if count != 0 {
            let counters = &kernel.thread().counters;
            counters.poll_waits.add(1);
            counters.poll_events.add(count as u64);
        }
        Ok(count)
    })
}

/// `ukl_poll_wake()`. No transition.
///
/// # Safety
///
/// The set must be open until the function returns.
pub(crate) unsafe fn wake(poll: Given<Poll>) {
    // SAFETY: By the function's requirements.
    unsafe { poll.as_ref() }.set().wake();
}

/// `ukl_poll_spin()`.
pub(crate) fn spin(poll: Given<Poll>, usecs: u32) -> Result {
    transition::call(|kernel| {
        if usecs > SPIN_MAX {
            return Err(EINVAL);
        }
        kernel.hold(poll)?.set().set_spin(u64::from(usecs) * 1000);
        Ok(())
    })
}

/// `ukl_poll_close()`.
pub(crate) fn close(poll: *const Handle<Poll>) -> Result {
    transition::call_always(|kernel| {
        Handle::<Poll>::close(kernel.app().close(poll)?);
        Ok(())
    })
}
