// SPDX-License-Identifier: GPL-2.0

//! Readiness: sets of sockets and files that say themselves when they become ready.
//!
//! The callbacks of a socket (`sk_data_ready` and its kin) wake the socket's wait queue with the events
//! that came up. A [`Source`] is an entry of that queue: when it is woken it puts itself on the list of
//! its [`Set`], which is what a waiter looks at. The callbacks themselves are left alone: they are
//! copied to the connections that a listening socket takes, which nobody could restore them in.
//!
//! C header: [`include/linux/wait.h`](srctree/include/linux/wait.h),
//! [`include/linux/poll.h`](srctree/include/linux/poll.h); the model is `fs/eventpoll.c`.
//!
//! # Locks
//!
//! In this order, each inside those before it:
//!
//! 1. a source's bit lock, while it is attached, modified and detached;
//! 2. a set's `looking`, while somebody looks at the set's sources, or changes which there are: whoever
//!    holds it may use the sources on the set's list;
//! 3. the lock of what a source waits for (its wait queue), the kernel's;
//! 4. the lock of the set's wait queue, for its list and its state. It is taken in interrupts.

mod link;
mod set;
mod source;

pub use self::{
    set::{Ready, Set},
    source::Source,
};

use crate::bindings;

/// A set of `EPOLL*` bits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Events(u32);

impl Events {
    /// None.
    pub const NONE: Self = Self(0);
    /// `EPOLLET`: report edges, not levels.
    pub const EDGE: Self = Self(bindings::UKL_EPOLLET);
    /// `EPOLLONESHOT`: report once, then nothing until [`Source::modify`].
    pub const ONCE: Self = Self(bindings::UKL_EPOLLONESHOT);
    /// What a source may be waited for.
    pub const WAITABLE: Self = Self(bindings::UKL_EPOLL_WAITABLE);
    /// What is reported whether it is waited for or not: `EPOLLERR` and `EPOLLHUP`.
    const ALWAYS: Self = Self(bindings::UKL_EPOLL_ALWAYS);
    /// What the kernel wakes with, but only looking says whether it is so.
    const VAGUE: Self = Self(bindings::UKL_EPOLLPRI);

    /// The events in `bits`.
    pub const fn new(bits: u32) -> Self {
        Self(bits)
    }

    /// The bits.
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// Both sets.
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What is in both.
    const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether all of `other` is in the set.
    pub const fn contains(self, other: Self) -> bool {
        other.0 & !self.0 == 0
    }

    const fn is_empty(self) -> bool {
        self.0 == 0
    }
}
