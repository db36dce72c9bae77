// SPDX-License-Identifier: GPL-2.0

//! A lock, of which a thread may be ended that has it. It is then never unlocked: its application ends as a
//! whole, and who waits for it waits in a call.
//!
//! Who has it makes no call, or one with all signals blocked ([`Blocked`](crate::call::signal::Blocked)): a
//! handler might want it as well, or not come back.

use crate::face;
use core::{
    cell::UnsafeCell,
    ops::{Deref, DerefMut},
    sync::atomic::{AtomicU32, Ordering},
};
use kernel::prelude::*;

const FREE: u32 = 0;
const HELD: u32 = 1;
const WANTED: u32 = 2;

/// Data for one thread at a time.
pub(crate) struct Lock<T> {
    word: AtomicU32,
    data: UnsafeCell<T>,
}

// SAFETY: One thread at a time has the data.
unsafe impl<T: Send> Sync for Lock<T> {}

impl<T> Lock<T> {
    pub(crate) const fn new(data: T) -> Self {
        Self {
            word: AtomicU32::new(FREE),
            data: UnsafeCell::new(data),
        }
    }

    /// Waits for the lock. `EINTR` if the application ends.
    pub(crate) fn lock(&self) -> Result<Locked<'_, T>> {
        let taken = self
            .word
            .compare_exchange(FREE, HELD, Ordering::Acquire, Ordering::Relaxed);
        if taken.is_err() {
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
        if self.0.word.swap(FREE, Ordering::Release) == WANTED {
            // If this fails, those who wait are woken by what ends the application.
            let _ = face::futex_wake(self.0.word.as_ptr(), 1);
        }
    }
}
