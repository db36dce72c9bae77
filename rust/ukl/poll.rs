// SPDX-License-Identifier: GPL-2.0

//! Readiness of many sockets and files, after `mio`.
//!
//! Sockets and files tell the event set themselves when they become ready, so that waiting costs as much
//! as there is ready, however many are in the set; being in a set costs a socket no memory.
//!
//! ```
//! let poll = Poll::new(app)?;
//! let mut events = Events::with_capacity(64)?;
//! poll.register(app, &listener, Token(0), Interest::READABLE)?;
//! loop {
//!     poll.wait(app, &mut events, None)?;
//!     for event in &events {
//!         match event.token() { … }
//!     }
//! }
//! ```

use crate::{nanoseconds, result, App, Owner};
use core::{fmt, ops::BitOr, slice, time::Duration};
use kernel::{
    error::from_err_ptr,
    ffi::{c_int, c_uint},
    prelude::*,
};
use ukl_bindings as bindings;

/// What the caller gives with a socket or file, and gets back with its events.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Token(pub u64);

/// What a socket or file is waited for; [`BitOr`] joins several.
///
/// In level mode a wait returns the source as long as it is ready; in edge mode ([`Interest::edge`]) once
/// for each time that something arrives or room appears: read or write until `EAGAIN` then.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Interest(u32);

impl Interest {
    /// Something to receive, a connection to accept, or the end of the stream: `EPOLLIN`.
    pub const READABLE: Self = Self(bindings::UKL_EPOLLIN);
    /// Room to send, or the end of connecting: `EPOLLOUT`.
    pub const WRITABLE: Self = Self(bindings::UKL_EPOLLOUT);
    /// The peer has ended its half: `EPOLLRDHUP`.
    pub const READ_CLOSED: Self = Self(bindings::UKL_EPOLLRDHUP);
    /// Urgent data: `EPOLLPRI`.
    pub const PRIORITY: Self = Self(bindings::UKL_EPOLLPRI);

    /// The same in edge mode: `EPOLLET`.
    pub const fn edge(self) -> Self {
        Self(self.0 | bindings::UKL_EPOLLET)
    }

    /// This and `other`.
    pub const fn add(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitOr for Interest {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        self.add(other)
    }
}

/// What a socket or file is ready for.
#[repr(transparent)]
pub struct Event(bindings::ukl_event);

impl Event {
    /// What was given with the source.
    #[inline]
    pub fn token(&self) -> Token {
        Token(self.0.token)
    }

    /// Whether there is something to receive or to accept, or the end of the stream: `EPOLLIN`.
    #[inline]
    pub fn is_readable(&self) -> bool {
        self.has(bindings::UKL_EPOLLIN)
    }

    /// Whether there is room to send: `EPOLLOUT`.
    #[inline]
    pub fn is_writable(&self) -> bool {
        self.has(bindings::UKL_EPOLLOUT)
    }

    /// Whether the peer has ended its half, or both are ended: `EPOLLRDHUP`, `EPOLLHUP`.
    #[inline]
    pub fn is_read_closed(&self) -> bool {
        self.has(bindings::UKL_EPOLLRDHUP | bindings::UKL_EPOLLHUP)
    }

    /// Whether both halves are ended: `EPOLLHUP`. Is reported also if nobody asked.
    #[inline]
    pub fn is_hangup(&self) -> bool {
        self.has(bindings::UKL_EPOLLHUP)
    }

    /// Whether the source has an error: `EPOLLERR`. Is reported also if nobody asked.
    #[inline]
    pub fn is_error(&self) -> bool {
        self.has(bindings::UKL_EPOLLERR)
    }

    /// Whether there is urgent data: `EPOLLPRI`.
    #[inline]
    pub fn is_priority(&self) -> bool {
        self.has(bindings::UKL_EPOLLPRI)
    }

    #[inline]
    fn has(&self, any: u32) -> bool {
        self.0.events & any != 0
    }
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {:#x}", self.token(), self.0.events)
    }
}

/// Room for what a wait returns.
pub struct Events {
    events: KVec<Event>,
    len: usize,
}

impl Events {
    /// Room for `capacity` events, at least 1. What does not fit comes with the next wait.
    ///
    /// # Errors
    ///
    /// `ENOMEM`.
    pub fn with_capacity(capacity: usize) -> Result<Self> {
        let capacity = capacity.max(1);
        let mut events = KVec::with_capacity(capacity, GFP_KERNEL)?;
        for _ in 0..capacity {
            events.push(Event(Default::default()), GFP_KERNEL)?;
        }
        Ok(Self { events, len: 0 })
    }

    /// The events of the last wait.
    #[inline]
    pub fn iter(&self) -> slice::Iter<'_, Event> {
        self.events.get(..self.len).unwrap_or_default().iter()
    }

    /// How many they are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none: the wait ended by its time-out or by [`Poll::wake`].
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
}

impl<'a> IntoIterator for &'a Events {
    type Item = &'a Event;
    type IntoIter = slice::Iter<'a, Event>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// What may be in an event set: sockets and files of this crate.
#[expect(private_bounds, reason = "nobody else has handles")]
pub trait Source: Sealed {}

pub(crate) trait Sealed {
    fn handle(&self) -> Handle;
}

/// What C knows a source by.
pub(crate) enum Handle {
    Sock(*mut bindings::ukl_sock),
    File(*mut bindings::ukl_file),
}

/// An event set: what `epoll` is for a process. Dropping it closes it; what is in it stays open.
///
/// Several threads may wait for one set: an event goes to one of them.
pub struct Poll(*mut bindings::ukl_poll);

// SAFETY: The calls take a handle from any UKL thread of the application, several at a time.
unsafe impl Send for Poll {}
// SAFETY: As above.
unsafe impl Sync for Poll {}

impl Poll {
    /// An empty set. C: `ukl_poll_create()`.
    ///
    /// # Errors
    ///
    /// `ENOMEM`.
    pub fn new(_app: &App) -> Result<Self> {
        // SAFETY: `_app` says that this is application mode.
        from_err_ptr(unsafe { bindings::ukl_poll_create() }).map(Self)
    }

    /// Puts a source into the set. If it is ready now, that is the first event. It leaves the set when
    /// it is dropped. C: `ukl_poll_add()`, `ukl_poll_add_file()`.
    ///
    /// # Errors
    ///
    /// `EEXIST` if it is in this set, `EBUSY` if it is in another one; for a file `EPERM` if it is always
    /// ready, such as one on a disk, and `EOPNOTSUPP` if it waits in more than one place, such as a pipe
    /// that is open for reading and writing.
    pub fn register(
        &self,
        _app: &App,
        source: &impl Source,
        token: Token,
        interest: Interest,
    ) -> Result {
        // SAFETY: `_app` says that this is application mode; the handles are open.
        result(unsafe {
            match source.handle() {
                Handle::Sock(sock) => bindings::ukl_poll_add(self.0, sock, interest.0, token.0),
                Handle::File(file) => {
                    bindings::ukl_poll_add_file(self.0, file, interest.0, token.0)
                }
            }
        })
    }

    /// Changes what a source in the set is waited for. If it is ready for that now, that is an event, in
    /// edge mode as well. C: `ukl_poll_modify()`, `ukl_poll_modify_file()`.
    ///
    /// # Errors
    ///
    /// `ENOENT` if it is not in the set.
    pub fn reregister(
        &self,
        _app: &App,
        source: &impl Source,
        token: Token,
        interest: Interest,
    ) -> Result {
        // SAFETY: `_app` says that this is application mode; the handles are open.
        result(unsafe {
            match source.handle() {
                Handle::Sock(sock) => bindings::ukl_poll_modify(self.0, sock, interest.0, token.0),
                Handle::File(file) => {
                    bindings::ukl_poll_modify_file(self.0, file, interest.0, token.0)
                }
            }
        })
    }

    /// Takes a source out of the set: no wait that begins afterwards returns it. Works also when the
    /// thread was asked to stop. C: `ukl_poll_remove()`, `ukl_poll_remove_file()`.
    ///
    /// # Errors
    ///
    /// `ENOENT` if it is not in the set.
    pub fn deregister(&self, _app: &App, source: &impl Source) -> Result {
        // SAFETY: `_app` says that this is application mode; the handles are open.
        result(unsafe {
            match source.handle() {
                Handle::Sock(sock) => bindings::ukl_poll_remove(self.0, sock),
                Handle::File(file) => bindings::ukl_poll_remove_file(self.0, file),
            }
        })
    }

    /// Waits until something in the set is ready, and puts it into `events`. After `timeout`, if there is
    /// one, and after [`Poll::wake`] there may be nothing in it. A `timeout` of 0 does not wait. Blocks,
    /// after spinning as [`Poll::set_spin`] says. C: `ukl_poll_wait()`.
    ///
    /// # Errors
    ///
    /// `EINTR` if the thread is asked to stop or a handler of a signal has run.
    #[inline]
    pub fn wait(&self, _app: &App, events: &mut Events, timeout: Option<Duration>) -> Result {
        events.len = 0;
        let room = events.events.as_mut_ptr().cast::<bindings::ukl_event>();
        let max = c_int::try_from(events.events.len()).unwrap_or(c_int::MAX);
        // SAFETY: `_app` says that this is application mode; the handle is open, and there is room for as
        // many events.
        let count = unsafe { bindings::ukl_poll_wait(self.0, room, max, nanoseconds(timeout)) };
        events.len = usize::try_from(count).map_err(|_| Error::from_errno(count))?;
        Ok(())
    }

    /// Ends a wait: the one under way, or the next. Calls before that count as one. Not a transition: from
    /// any context that has the application of the set, but NMI and, with `PREEMPT_RT`, hard interrupts.
    /// C: `ukl_poll_wake()`.
    pub fn wake<'a>(&self, _owner: impl Into<Owner<'a>>) {
        // SAFETY: The set is open until it is dropped, as its application runs.
        unsafe { bindings::ukl_poll_wake(self.0) };
    }

    /// Lets waits spin for at most `duration` before they sleep, which saves being woken where the next
    /// event is near, for CPU time. In whole microseconds, at most 1000; 0, as at first, for not at all.
    /// C: `ukl_poll_spin()`.
    ///
    /// # Errors
    ///
    /// `EINVAL` if it is longer.
    pub fn set_spin(&self, _app: &App, duration: Duration) -> Result {
        let usecs = c_uint::try_from(duration.as_micros()).map_err(|_| EINVAL)?;
        // SAFETY: `_app` says that this is application mode; the handle is open.
        result(unsafe { bindings::ukl_poll_spin(self.0, usecs) })
    }
}

impl Drop for Poll {
    fn drop(&mut self) {
        // SAFETY: The handle is ours and not used again.
        let _ = unsafe { bindings::ukl_poll_close(self.0) };
    }
}
