// SPDX-License-Identifier: GPL-2.0

//! `READ_ONCE()` and `WRITE_ONCE()`.
//!
//! [`kernel::sync::atomic::Atomic`] has the same meaning for relaxed loads and stores, but without
//! `CONFIG_RUST_INLINE_HELPERS` each of its operations is a call into C. What a transition reads and
//! writes has to be one instruction.
//!
//! C header: [`include/asm-generic/rwonce.h`](srctree/include/asm-generic/rwonce.h)

use core::cell::UnsafeCell;

/// Types that the machine loads and stores in one piece.
///
/// # Safety
///
/// The type is at most a machine word wide, is loaded and stored by a single instruction when it is
/// aligned, and any of its values may be sent to another thread.
pub unsafe trait Word: Copy {}

// SAFETY: x86-64 moves an aligned `u32` in one instruction.
unsafe impl Word for u32 {}
// SAFETY: As above, 64 bits.
unsafe impl Word for u64 {}
// SAFETY: As above, 64 bits.
unsafe impl Word for usize {}
// SAFETY: One byte; only `true` and `false` are ever stored through [`Once`].
unsafe impl Word for bool {}

/// A word that one context writes and any context may read, without ordering.
///
/// The value read may be old, it is never torn.
#[repr(transparent)]
pub struct Once<T: Word>(UnsafeCell<T>);

// SAFETY: All accesses are single instructions (`Word`), so that concurrent ones cannot tear.
unsafe impl<T: Word> Sync for Once<T> {}

impl<T: Word> Once<T> {
    /// A word that holds `value`.
    pub const fn new(value: T) -> Self {
        Self(UnsafeCell::new(value))
    }

    /// `READ_ONCE()`.
    #[inline(always)]
    pub fn load(&self) -> T {
        // SAFETY: The pointer comes from `self` and is valid and aligned; see `Sync` for races.
        unsafe { self.0.get().read_volatile() }
    }

    /// Where the word is, for C code.
    pub fn as_ptr(&self) -> *mut T {
        self.0.get()
    }

    /// `WRITE_ONCE()`.
    #[inline(always)]
    pub fn store(&self, value: T) {
        // SAFETY: The pointer comes from `self` and is valid and aligned; see `Sync` for races.
        unsafe { self.0.get().write_volatile(value) }
    }
}

impl Once<u64> {
    /// Adds `n`, for a counter that only one context writes. Wraps after 2⁶⁴.
    #[inline(always)]
    pub fn add(&self, n: u64) {
        self.store(self.load().wrapping_add(n));
    }
}
