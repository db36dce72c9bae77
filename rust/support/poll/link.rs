// SPDX-License-Identifier: GPL-2.0

//! The list of a set.

use core::{cell::Cell, marker::PhantomPinned, ptr};

/// A doubly linked list in which each link is part of what it links.
///
/// # Invariants
///
/// Both pointers point to links of one ring, or to this link itself. They are used with the lock of
/// the set's wait queue held only.
pub(super) struct Link {
    next: Cell<*const Link>,
    prev: Cell<*const Link>,
    _pin: PhantomPinned,
}

impl Link {
    /// A link that is in no list, or a list that is empty, once [`Link::init`] was called.
    pub(super) const fn new() -> Self {
        Self {
            next: Cell::new(ptr::null()),
            prev: Cell::new(ptr::null()),
            _pin: PhantomPinned,
        }
    }

    pub(super) fn init(&self) {
        self.next.set(self);
        self.prev.set(self);
    }

    /// The first link of a list; the list itself if it is empty.
    pub(super) fn first(&self) -> *const Link {
        self.next.get()
    }

    /// The last link of a list; the list itself if it is empty.
    pub(super) fn last(&self) -> *const Link {
        self.prev.get()
    }

    pub(super) fn is_linked(&self) -> bool {
        !ptr::eq(self.next.get(), self)
    }

    /// # Safety
    ///
    /// Both were initialised and are pinned, `self` is in no list; the lock is held.
    pub(super) unsafe fn append_to(&self, list: &Link) {
        let last = list.prev.get();
        self.prev.set(last);
        self.next.set(list);
        list.prev.set(self);
        // SAFETY: By the type's invariant it is a link of the ring, which is alive.
        unsafe { &*last }.next.set(self);
    }

    /// # Safety
    ///
    /// Was initialised and is pinned; the lock is held.
    pub(super) unsafe fn unlink(&self) {
        let (next, prev) = (self.next.get(), self.prev.get());
        // SAFETY: By the type's invariant they are links of the ring, which are alive.
        unsafe {
            (*next).prev.set(prev);
            (*prev).next.set(next);
        }
        self.init();
    }
}
