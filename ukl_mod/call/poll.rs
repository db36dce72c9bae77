// SPDX-License-Identifier: GPL-2.0

//! Event sets.

use super::open;
use crate::{
    handle::Handle,
    resource::{Poll, Pollable},
    transition,
};
use kernel::{prelude::*, sync::aref::AlwaysRefCounted};
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
pub(crate) fn add<T>(poll: &Handle<Poll>, what: &Handle<T>, events: Events, token: u64) -> Result
where
    Handle<T>: Pollable + AlwaysRefCounted,
{
    transition::call(|_| {
        if !WAITABLE.contains(events) {
            return Err(EINVAL);
        }
        what.hold()
            .source()
            .attach(poll.hold().set(), events, token)
    })
}

/// `ukl_poll_modify()` and `ukl_poll_modify_file()`.
pub(crate) fn modify<T>(poll: &Handle<Poll>, what: &Handle<T>, events: Events, token: u64) -> Result
where
    Handle<T>: Pollable + AlwaysRefCounted,
{
    transition::call(|_| {
        if !WAITABLE.contains(events) {
            return Err(EINVAL);
        }
        what.hold()
            .source()
            .modify(poll.hold().set(), events, token)
    })
}

/// `ukl_poll_remove()` and `ukl_poll_remove_file()`.
pub(crate) fn remove<T>(poll: &Handle<Poll>, what: &Handle<T>) -> Result
where
    Handle<T>: Pollable + AlwaysRefCounted,
{
    transition::call_always(|_| what.hold().source().detach_from(poll.hold().set()))
}

/// `ukl_poll_wait()`: hands at most `max` events to `report`, returns how many. The time-out is in
/// nanoseconds.
#[inline]
pub(crate) fn wait(
    poll: &Handle<Poll>,
    max: usize,
    timeout: i64,
    mut report: impl FnMut(Ready),
) -> Result<usize> {
    let deadline = Deadline::after(timeout);
    transition::call_polling(|kernel| {
        let count = poll.hold().set().wait(max, deadline.left(), &mut report)?;
        if count != 0 {
            let counters = &kernel.thread().counters;
            counters.poll_waits.add(1);
            counters.poll_events.add(count as u64);
        }
        Ok(count)
    })
}

/// `ukl_poll_wake()`. No transition.
pub(crate) fn wake(poll: &Handle<Poll>) {
    poll.set().wake();
}

/// `ukl_poll_spin()`.
pub(crate) fn spin(poll: &Handle<Poll>, usecs: u32) -> Result {
    transition::call(|_| {
        if usecs > SPIN_MAX {
            return Err(EINVAL);
        }
        poll.set().set_spin(u64::from(usecs) * 1000);
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
