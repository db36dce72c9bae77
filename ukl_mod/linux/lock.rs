// SPDX-License-Identifier: GPL-2.0

//! A lock that may be held across calls, by a thread that may be ended in one.
//!
//! It is then never unlocked: its application ends as a whole, and who waits for it waits in a call.

use crate::{bindings, face, thread};
use core::{
    cell::UnsafeCell,
    ops::{Deref, DerefMut},
    sync::atomic::{AtomicI32, AtomicU32, Ordering},
};
use kernel::prelude::*;

const FREE: u32 = 0;
const HELD: u32 = 1;
const WANTED: u32 = 2;

/// Data for one thread at a time.
pub(crate) struct Lock<T> {
    word: AtomicU32,
    /// The thread that has it.
    owner: AtomicI32,
    data: UnsafeCell<T>,
}

// SAFETY: One thread at a time has the data.
unsafe impl<T: Send> Sync for Lock<T> {}

impl<T> Lock<T> {
    pub(crate) const fn new(data: T) -> Self {
        Self {
            word: AtomicU32::new(FREE),
            owner: AtomicI32::new(0),
            data: UnsafeCell::new(data),
        }
    }

    /// Waits for the lock. `EINTR` if the application ends, `EDEADLK` in a handler of a signal that has come
    /// while the thread had it.
    pub(crate) fn lock(&self) -> Result<Locked<'_, T>> {
        let taken = |seen| {
            self.word
                .compare_exchange(FREE, seen, Ordering::Acquire, Ordering::Relaxed)
                .is_ok()
        };
        let own = thread::tid();
        if !taken(HELD) {
            if self.owner.load(Ordering::Relaxed) == own {
                return Err(face::errno(bindings::EDEADLK));
            }
            while self.word.swap(WANTED, Ordering::Acquire) != FREE {
                match face::futex_wait(self.word.as_ptr(), WANTED, -1) {
                    Ok(()) | Err(EAGAIN) => (),
                    Err(error) if face::should_stop() => return Err(error),
                    // A handler of a signal has run.
                    Err(EINTR) => (),
                    Err(error) => return Err(error),
                }
            }
        }
        self.owner.store(own, Ordering::Relaxed);
        Ok(Locked(self))
    }
}

/// The right to use the data.
pub(crate) struct Locked<'a, T>(&'a Lock<T>);

impl<T> Deref for Locked<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: Until this is dropped, nobody else has it.
        unsafe { &*self.0.data.get() }
    }
}

impl<T> DerefMut for Locked<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: As above.
        unsafe { &mut *self.0.data.get() }
    }
}

impl<T> Drop for Locked<'_, T> {
    fn drop(&mut self) {
        self.0.owner.store(0, Ordering::Relaxed);
        if self.0.word.swap(FREE, Ordering::Release) == WANTED {
            // If this fails, those who wait are woken by what ends the application.
            let _ = face::futex_wake(self.0.word.as_ptr(), 1);
        }
    }
}
