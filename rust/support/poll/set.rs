// SPDX-License-Identifier: GPL-2.0

//! A set, and waiting for what is in it.

use super::{link::Link, Events, Source};
use crate::{
    bindings,
    once::Once,
    task::{CurrentTask, Work},
    time,
};
use core::{cell::UnsafeCell, hint, mem::offset_of, ptr};
use kernel::{
    error::to_result,
    ffi::{c_int, c_ulong},
    new_mutex,
    prelude::*,
    sync::{Arc, Mutex},
};

/// What a waiter is told of a source.
#[derive(Clone, Copy)]
pub struct Ready {
    /// What it is ready for.
    pub events: Events,
    /// The token that it was attached with.
    pub token: u64,
}

/// A set of sources.
#[pin_data]
pub struct Set {
    queue: UnsafeCell<bindings::wait_queue_head>,
    /// The sources that may be ready.
    list: Link,
    /// Why a waiter has to look: the bits below. Written with the lock held.
    state: Once<u32>,
    /// For how many nanoseconds a wait spins.
    spin: Once<u64>,
    #[pin]
    pub(super) looking: Mutex<()>,
}

/// In `Set::state`: the list is not empty.
const SOME: u32 = 1;
/// In `Set::state`: [`Set::wake`] was called.
const WOKEN: u32 = 2;
/// In `Set::state`: the set is closed.
const CLOSED: u32 = 4;

// SAFETY: What changes is changed under the locks that the fields say.
unsafe impl Sync for Set {}
// SAFETY: A set is not tied to a task.
unsafe impl Send for Set {}

impl Set {
    /// A set without sources.
    pub fn new() -> Result<Arc<Self>> {
        let set = Arc::pin_init(
            pin_init!(Self {
                queue: UnsafeCell::new(Default::default()),
                list: Link::new(),
                state: Once::new(0),
                spin: Once::new(0),
                looking <- new_mutex!(()),
            }),
            GFP_KERNEL,
        )?;
        set.list.init();
        // SAFETY: The queue does not move from here on.
        unsafe { bindings::ukl_helper_init_waitqueue(set.queue.get()) };
        Ok(set)
    }

    #[inline(always)]
    pub(super) fn lock(&self) -> Guard<'_> {
        Guard {
            set: self,
            // SAFETY: The queue is initialised; `Guard` unlocks it.
            flags: unsafe { bindings::ukl_helper_lock_queue(self.queue.get()) },
        }
    }

    /// Whether [`Set::close`] was called.
    pub fn is_closed(&self) -> bool {
        self.state.load() & CLOSED != 0
    }

    /// Lets no more sources in, and ends all waits with `EBADF`.
    pub fn close(&self) {
        let mut locked = self.lock();
        locked.set_state(CLOSED);
        // SAFETY: The lock is held.
        unsafe { bindings::ukl_helper_wake_all_locked(self.queue.get()) };
    }

    /// Ends one wait, the one under way or the next. From any context but NMI and, with
    /// `PREEMPT_RT`, hard interrupts.
    pub fn wake(&self) {
        let mut locked = self.lock();
        locked.set_state(WOKEN);
        locked.wake_one();
    }

    /// For how many nanoseconds a wait spins before it sleeps.
    pub fn set_spin(&self, ns: u64) {
        self.spin.store(ns);
    }

    /// Waits until sources are ready, for at most `timeout` nanoseconds (negative: for ever). Hands
    /// them to `report`, at most `max`, and returns how many; 0 after the time-out and [`Set::wake`].
    /// `EBADF` if the set is closed, `ERESTARTNOHAND` for a signal. May sleep.
    #[inline]
    pub fn wait(&self, max: usize, timeout: i64, mut report: impl FnMut(Ready)) -> Result<usize> {
        let mut deadline = None;
        loop {
            let state = self.state.load();
            if state & CLOSED != 0 {
                return Err(EBADF);
            }
            if state & SOME != 0 {
                let count = self.collect(max, &mut report);
                if count != 0 {
                    if state & WOKEN != 0 {
                        self.lock().take_woken();
                    }
                    return Ok(count);
                }
            }
            if (state & WOKEN != 0 && self.lock().take_woken()) || timeout == 0 {
                return Ok(0);
            }
            if timeout > 0 && deadline.is_none() {
                deadline = Some(time::monotonic().saturating_add(timeout));
            }
            let spin = self.spin.load();
            if spin != 0 && self.spin(spin, deadline) {
                continue;
            }
            let deadline = deadline.as_mut().map_or(ptr::null_mut(), ptr::from_mut);
            // SAFETY: The queue is initialised, the word is written with its lock held.
            let result = to_result(unsafe {
                bindings::ukl_helper_wait_word(self.queue.get(), self.state.as_ptr(), deadline)
            });
            match result {
                // The kernel crate does not have it everywhere, and a name it does not know would match any error.
                Err(error) if error.to_errno() == -(bindings::ETIME as c_int) => return Ok(0),
                other => other?,
            }
        }
    }

    /// Spins until there is something to look at, for at most `ns` nanoseconds, not beyond `deadline`,
    /// and as long as nobody else wants the CPU.
    #[inline(never)]
    fn spin(&self, ns: u64, deadline: Option<i64>) -> bool {
        let end = time::monotonic().saturating_add(ns as i64);
        let end = deadline.map_or(end, |deadline| end.min(deadline));
        // SAFETY: May be called anywhere. A task that was woken runs as soon as this one sleeps.
        while unsafe { bindings::ukl_helper_single_task_running() }
            && !CurrentTask::get().work().has(Work::ANY)
        {
            if self.state.load() != 0 {
                return true;
            }
            if time::monotonic() >= end {
                break;
            }
            hint::spin_loop();
        }
        false
    }

    /// Hands the sources that are ready to `report`, at most `max`. A source in level mode stays on
    /// the list, behind the others, until it was looked at and not ready.
    fn collect(&self, max: usize, report: &mut impl FnMut(Ready)) -> usize {
        let mut count = 0;
        let mut walk = Walk {
            last: ptr::null(),
            done: false,
        };
        let _looking = self.looking.lock();
        while !walk.done && count < max {
            let mut found = [None; BATCH];
            let asked = self
                .lock()
                .walk(&mut walk, &mut found[..(max - count).min(BATCH)]);
            // Not locked, as it is the caller's.
            for ready in found.iter().map_while(|&ready| ready) {
                report(ready);
                count += 1;
            }
            if let Some(source) = asked {
                // SAFETY: `looking` is held.
                let ready = source.ready(unsafe { source.poll(source.wanted()) });
                let mut locked = self.lock();
                if ready.is_some() && source.stays() {
                    locked.append_again(source);
                }
                locked.wake_others();
                drop(locked);
                if let Some(ready) = ready {
                    report(ready);
                    count += 1;
                }
            }
        }
        count
    }
}

/// How many sources are looked at under one lock.
const BATCH: usize = 8;

/// How far the sources on a list were looked at.
struct Walk {
    /// The last one of those that are. It stays on the list until its turn.
    last: *const Source,
    /// Whether it had its turn.
    done: bool,
}

/// A set whose wait queue is locked.
pub(super) struct Guard<'a> {
    set: &'a Set,
    flags: c_ulong,
}

impl<'a> Guard<'a> {
    #[inline(always)]
    fn set_state(&mut self, bits: u32) {
        self.set.state.store(self.set.state.load() | bits);
    }

    #[inline(always)]
    fn clear_state(&mut self, bits: u32) {
        self.set.state.store(self.set.state.load() & !bits);
    }

    fn take_woken(&mut self) -> bool {
        let woken = self.set.state.load() & WOKEN != 0;
        self.clear_state(WOKEN);
        woken
    }

    /// For a source that is attached to the set and not on its list.
    #[inline(always)]
    pub(super) fn append(&mut self, source: &Source) {
        // SAFETY: Both were initialised and stay where they are while the source is attached.
        unsafe { source.link.append_to(&self.set.list) };
        self.set_state(SOME);
    }

    /// For a source that is attached to the set, and may have come back by itself.
    #[inline(always)]
    fn append_again(&mut self, source: &Source) {
        if !source.link.is_linked() {
            self.append(source);
        }
    }

    /// For a source that is on the set's list.
    #[inline(always)]
    pub(super) fn remove(&mut self, source: &Source) {
        // SAFETY: The source is on the list, so that its link is initialised.
        unsafe { source.link.unlink() };
        if !self.set.list.is_linked() {
            self.clear_state(SOME);
        }
    }

    /// Looks at the sources on the list, as far as there is room in `found` for those that are ready.
    /// Returns one that has to be asked without the lock, which is not on the list then. `looking`
    /// must be held for as long as it is used.
    #[inline(always)]
    fn walk(&mut self, walk: &mut Walk, found: &mut [Option<Ready>]) -> Option<&'a Source> {
        if walk.last.is_null() {
            walk.last = self.last();
        }
        let mut count = 0;
        for _ in 0..found.len() {
            let Some(source) = self.first() else {
                walk.done = true;
                return None;
            };
            walk.done = ptr::eq(source, walk.last);
            self.remove(source);
            let (mut events, look) = source.take_pending();
            if look || !source.is_edge() {
                // SAFETY: `looking` is held.
                match unsafe { source.peek(source.wanted()) } {
                    Some(found) => events = found,
                    None => return Some(source),
                }
            }
            let ready = source.ready(events);
            if ready.is_some() {
                found[count] = ready;
                count += 1;
                if source.stays() {
                    self.append(source);
                }
            }
            if walk.done {
                break;
            }
        }
        self.wake_others();
        None
    }

    /// Wakes somebody else for what is left on the list.
    #[inline(always)]
    fn wake_others(&mut self) {
        if self.set.list.is_linked() {
            self.wake_one();
        }
    }

    /// The first source on the list. `looking` must be held for as long as it is used.
    #[inline(always)]
    fn first(&self) -> Option<&'a Source> {
        if !self.set.list.is_linked() {
            return None;
        }
        // SAFETY: Every link of the ring but the list itself is the field of a source, which is
        // attached and stays so while `looking` is held.
        Some(unsafe { &*source_of(self.set.list.first()) })
    }

    /// The address of the last source on the list, which is not empty.
    #[inline(always)]
    fn last(&self) -> *const Source {
        source_of(self.set.list.last())
    }

    #[inline(always)]
    pub(super) fn wake_one(&mut self) {
        // SAFETY: The lock is held.
        unsafe { bindings::ukl_helper_wake_one_locked(self.set.queue.get()) };
    }
}

impl Drop for Guard<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        // SAFETY: `Set::lock` has locked it, with these flags.
        unsafe { bindings::ukl_helper_unlock_queue(self.set.queue.get(), self.flags) };
    }
}

/// The source that has the link.
#[inline(always)]
fn source_of(link: *const Link) -> *const Source {
    link.wrapping_byte_sub(offset_of!(Source, link)).cast()
}
