// SPDX-License-Identifier: GPL-2.0

//! What may be in a set.

use super::{link::Link, Events, Ready, Set};
use crate::{bindings, file::File, net::Socket, once::Once};
use core::{
    cell::{Cell, UnsafeCell},
    mem::offset_of,
    pin::Pin,
    ptr::{self, NonNull},
};
use kernel::{
    error::to_result,
    ffi::{c_int, c_uint, c_ulong, c_void},
    prelude::*,
    sync::Arc,
};

/// What a [`Source`] looks at: a socket, or a file if the lowest bit is set.
#[derive(Clone, Copy)]
struct Target(usize);

impl Target {
    const FILE: usize = 1;

    /// # Safety
    ///
    /// What it points to must be alive.
    #[inline(always)]
    unsafe fn poll(self, wanted: Events) -> Events {
        let address = self.0 & !Self::FILE;
        // SAFETY: By the function's requirements, and `Source::new` made the address from such one.
        Events(unsafe {
            if self.0 & Self::FILE == 0 {
                bindings::ukl_helper_sock_poll(address as *mut bindings::socket)
            } else {
                bindings::ukl_helper_file_poll(address as *mut bindings::file)
            }
        })
        .and(wanted)
    }

    /// The same without asking it, if that is possible: whatever is locked.
    ///
    /// # Safety
    ///
    /// What it points to must be alive.
    #[inline(always)]
    unsafe fn peek(self, wanted: Events) -> Option<Events> {
        if self.0 & Self::FILE != 0 {
            return None;
        }
        // SAFETY: By the function's requirements, and `Source::new` made the address of a socket.
        let events = unsafe {
            bindings::ukl_helper_sock_peek(self.0 as *mut bindings::socket, wanted.bits())
        };
        u32::try_from(events).ok().map(Events)
    }
}

/// Something that may be in a [`Set`]: an entry of the wait queue of a socket or a file.
///
/// # Invariants
///
/// `word` holds the address of the [`Set`] that the source is in, as [`Arc::into_raw`] gave it, or 0,
/// beside the lock's bit. It is changed under the bit lock only. While it is not 0, `entry` may be on
/// the wait queue `queue`, and `link` in the list of the set.
pub struct Source {
    entry: UnsafeCell<bindings::wait_queue_entry>,
    queue: UnsafeCell<*mut bindings::wait_queue_head>,
    word: UnsafeCell<c_ulong>,
    target: Target,
    pub(super) link: Link,
    /// What is reported; written with `looking` held.
    token: Once<u64>,
    /// What is waited for, and what is reported always; nothing when the source is disarmed. Written with
    /// `looking` held, read by wake-ups.
    interest: Once<u32>,
    /// What has come up and was not reported; written with the set's lock held.
    pending: Cell<u32>,
}

// SAFETY: What changes is changed under the locks that the fields say.
unsafe impl Sync for Source {}
// SAFETY: A source is not tied to a task.
unsafe impl Send for Source {}

/// In `pending`: something happened, and only looking says what.
const LOOK: u32 = bindings::UKL_EPOLL_LOOK;

/// The lock's bit of `Source::word`.
const LOCKED: c_ulong = 1;

impl Source {
    /// A source that looks at `socket`.
    ///
    /// # Safety
    ///
    /// The socket must be alive until the source was dropped.
    pub unsafe fn of_socket(socket: &Socket) -> Self {
        Self::new(Target(socket.as_ptr() as usize))
    }

    /// A source that looks at `file`.
    ///
    /// # Safety
    ///
    /// The file must be alive until the source was dropped.
    pub unsafe fn of_file(file: &File) -> Self {
        Self::new(Target(file.as_ptr() as usize | Target::FILE))
    }

    fn new(target: Target) -> Self {
        // INVARIANT: `word` is 0.
        Self {
            entry: UnsafeCell::new(Default::default()),
            queue: UnsafeCell::new(ptr::null_mut()),
            word: UnsafeCell::new(0),
            target,
            link: Link::new(),
            token: Once::new(0),
            interest: Once::new(0),
            pending: Cell::new(0),
        }
    }

    /// The set that the source is in, without the lock.
    fn set(&self) -> Option<NonNull<Set>> {
        // SAFETY: A word that others change in single accesses.
        NonNull::new((unsafe { self.word.get().read_volatile() } & !LOCKED) as *mut Set)
    }

    fn lock(&self) -> Locked<'_> {
        // SAFETY: The word is valid; `Locked` unlocks it.
        unsafe { bindings::ukl_helper_lock_bit(self.word.get()) };
        Locked(self)
    }

    /// Puts the source into `set`. `EEXIST` if it is in it, `EBUSY` if it is in another one that is
    /// not closed, `EBADF` if `set` is closed; for a file `EPERM` if it cannot be waited for and
    /// `EOPNOTSUPP` if it has several wait queues. May sleep.
    pub fn attach(self: Pin<&Self>, set: &Arc<Set>, interest: Events, token: u64) -> Result {
        let locked = self.get_ref().lock();
        match locked.set() {
            Some(other) if ptr::eq(other, &**set) => return Err(EEXIST),
            Some(other) if !other.is_closed() => return Err(EBUSY),
            _ => locked.detach(),
        }
        locked.attach(set, interest.or(Events::ALWAYS), token)
    }

    /// Changes what the source is waited for in `set`; `ENOENT` if it is in another one or none. May
    /// sleep.
    pub fn modify(self: Pin<&Self>, set: &Set, interest: Events, token: u64) -> Result {
        let source = self.get_ref();
        let interest = interest.or(Events::ALWAYS);
        let locked = source.lock();
        locked.expect(set)?;
        {
            let _looking = set.looking.lock();
            source.interest.store(interest.bits());
            source.token.store(token);
            source.look(set);
        }
        if set.is_closed() {
            return Err(EBADF);
        }
        Ok(())
    }

    /// Takes the source out of `set`; `ENOENT` if it is in another one or none. May sleep.
    pub fn detach_from(self: Pin<&Self>, set: &Set) -> Result {
        let locked = self.get_ref().lock();
        locked.expect(set)?;
        locked.detach();
        Ok(())
    }

    /// Takes the source out of the set that it is in, if any. May sleep.
    pub fn detach(&self) {
        if self.set().is_some() {
            self.lock().detach();
        }
    }

    /// Takes what has come up and was not reported, and says whether one has to look for more. The
    /// set's lock is held.
    #[inline(always)]
    pub(super) fn take_pending(&self) -> (Events, bool) {
        let pending = self.pending.replace(0);
        (Events(pending & !LOOK), pending & LOOK != 0)
    }

    /// What is waited for, [`Events::EDGE`] and [`Events::ONCE`] among it, and what is reported always.
    /// Nothing when the source is disarmed.
    #[inline(always)]
    pub(super) fn wanted(&self) -> Events {
        Events(self.interest.load())
    }

    /// What the source is ready for now, of what is `wanted`.
    ///
    /// # Safety
    ///
    /// The source must be attached, and stay so: `looking` is held.
    #[inline(always)]
    pub(super) unsafe fn poll(&self, wanted: Events) -> Events {
        // SAFETY: What is attached has its target alive.
        unsafe { self.target.poll(wanted) }
    }

    /// The same without asking the target, if that is possible. The set's lock may be held.
    ///
    /// # Safety
    ///
    /// The source must be attached, and stay so: `looking` is held.
    #[inline(always)]
    pub(super) unsafe fn peek(&self, wanted: Events) -> Option<Events> {
        // SAFETY: What is attached has its target alive.
        unsafe { self.target.peek(wanted) }
    }

    /// Whether edges are reported, not levels.
    #[inline(always)]
    pub(super) fn is_edge(&self) -> bool {
        self.wanted().contains(Events::EDGE)
    }

    /// Whether the source is to be looked at again after it was reported, as a level is. If it was to be
    /// reported once, it is disarmed. `looking` is held.
    #[inline(always)]
    pub(super) fn stays(&self) -> bool {
        let wanted = self.wanted();
        if wanted.contains(Events::ONCE) {
            self.interest.store(0);
            return false;
        }
        !wanted.contains(Events::EDGE)
    }

    /// What a waiter is told, if any of these events is waited for.
    #[inline(always)]
    pub(super) fn ready(&self, events: Events) -> Option<Ready> {
        let events = events.and(self.wanted());
        (!events.is_empty()).then(|| Ready {
            events,
            token: self.token.load(),
        })
    }

    /// Puts the entry on the wait queue of the target.
    fn enqueue(&self) -> Result {
        let address = self.target.0 & !Target::FILE;
        let (entry, queue) = (self.entry.get(), self.queue.get());
        // SAFETY: The target is alive, and the entry is initialised and stays where it is, as the
        // caller has the source pinned, until it is taken off the queue.
        unsafe {
            if self.target.0 & Target::FILE == 0 {
                *queue = bindings::ukl_helper_sock_queue(address as *mut bindings::socket);
                bindings::add_wait_queue(*queue, entry);
                return Ok(());
            }
            let file = address as *mut bindings::file;
            if !bindings::ukl_helper_file_can_poll(file) {
                return Err(EPERM);
            }
            to_result(bindings::ukl_helper_file_attach(file, entry, queue))
        }
    }

    /// Looks whether the source is ready, with `looking` held, and puts it on the list of `set` if so:
    /// when it was put on its wait queue, or its interest was changed.
    fn look(&self, set: &Set) {
        // That is to be seen by others before this looks: else it might find nothing, and whoever makes the
        // target ready at that moment nobody to tell. Pairs with the barrier in `wq_has_sleeper()`, as the
        // one in `ep_modify()` does.
        // SAFETY: No requirements.
        unsafe { bindings::ukl_helper_smp_mb() };
        // SAFETY: It is attached, and `looking` is held.
        self.raise(set, unsafe { self.poll(self.wanted()) });
    }

    /// Notes that `events` came up, and wakes a waiter if they matter.
    #[inline]
    fn raise(&self, set: &Set, events: Events) {
        let matters = events.and(self.wanted().or(Events(LOOK)));
        if matters.is_empty() {
            return;
        }
        let mut locked = set.lock();
        self.pending.set(self.pending.get() | matters.bits());
        if !self.link.is_linked() {
            locked.append(self);
        }
        locked.wake_one();
    }

    /// The function of the wait-queue entry.
    ///
    /// # Safety
    ///
    /// Only for the wait queue that [`Source::attach`] put the entry on, which calls it with its lock
    /// held and interrupts disabled.
    unsafe extern "C" fn woken(
        entry: *mut bindings::wait_queue_entry,
        _mode: c_uint,
        _flags: c_int,
        key: *mut c_void,
    ) -> c_int {
        // SAFETY: The entry is the field of a source that is attached, and so alive.
        let source = unsafe { &*entry.byte_sub(offset_of!(Source, entry)).cast::<Source>() };
        // SAFETY: While the entry is on the queue, the source has a reference on the set.
        if let Some(set) = source.set().map(|set| unsafe { &*set.as_ptr() }) {
            let events = match key as usize as u32 {
                0 => Events(LOOK),
                events if events & Events::VAGUE.bits() & source.interest.load() != 0 => {
                    Events(events | LOOK)
                }
                events => Events(events),
            };
            source.raise(set, events);
        }
        // SAFETY: Called from the queue that the entry is on. Behind this the source may go.
        unsafe { bindings::ukl_helper_pollfree(key, source.queue.get(), entry) };
        1
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        self.detach();
    }
}

/// A source whose bit lock is held.
struct Locked<'a>(&'a Source);

impl Locked<'_> {
    fn set(&self) -> Option<&Set> {
        // SAFETY: The source has a reference on the set, which it keeps while the lock is held.
        self.0.set().map(|set| unsafe { &*set.as_ptr() })
    }

    fn expect(&self, set: &Set) -> Result {
        match self.set() {
            Some(other) if ptr::eq(other, set) => Ok(()),
            _ => Err(ENOENT),
        }
    }

    /// The source must be in no set.
    fn attach(&self, set: &Arc<Set>, interest: Events, token: u64) -> Result {
        let source = self.0;
        {
            let looking = set.looking.lock();
            source.link.init();
            source.pending.set(0);
            source.interest.store(interest.bits());
            source.token.store(token);
            // SAFETY: The lock is held, and the entry is on no queue, so that nobody uses these.
            unsafe {
                *source.entry.get() = bindings::wait_queue_entry {
                    func: Some(Source::woken),
                    ..Default::default()
                };
                *source.queue.get() = ptr::null_mut();
                // INVARIANT: The address of the set, with the reference that it stands for.
                let address = Arc::into_raw(set.clone()) as c_ulong;
                source.word.get().write_volatile(address | LOCKED);
            }
            if let Err(error) = source.enqueue() {
                drop(looking);
                self.detach();
                return Err(error);
            }
            source.look(set);
        }
        if set.is_closed() {
            self.detach();
            return Err(EBADF);
        }
        Ok(())
    }

    /// Afterwards the source is in no set.
    fn detach(&self) {
        let source = self.0;
        let Some(set) = source.set() else { return };
        // SAFETY: `attach` took the address from `into_raw`, and nobody else takes it back, as the
        // lock is held.
        let set = unsafe { Arc::from_raw(set.as_ptr().cast_const()) };
        {
            let _looking = set.looking.lock();
            // SAFETY: The entry is on that queue or on none.
            unsafe { bindings::ukl_helper_detach(source.queue.get(), source.entry.get()) };
            let mut locked = set.lock();
            if source.link.is_linked() {
                locked.remove(source);
            }
        }
        // INVARIANT: The reference goes with the address.
        // SAFETY: The lock is held.
        unsafe { source.word.get().write_volatile(LOCKED) };
    }
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        // SAFETY: `Source::lock` has locked it.
        unsafe { bindings::ukl_helper_unlock_bit(self.0.word.get()) };
    }
}
