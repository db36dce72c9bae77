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
// SAFETY: As above.
unsafe impl Word for i32 {}
// SAFETY: As above.
unsafe impl Word for i64 {}
// SAFETY: One byte, and all values of it are.
unsafe impl Word for u8 {}
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

/// Two words, of which either may say that there is something to do.
#[repr(C, align(8))]
pub struct Pair {
    /// The one.
    pub first: Once<u32>,
    /// The other.
    pub second: Once<u32>,
}

impl Pair {
    /// Both 0.
    #[expect(clippy::new_without_default, reason = "as for `Once`")]
    pub const fn new() -> Self {
        Self {
            first: Once::new(0),
            second: Once::new(0),
        }
    }

    /// Whether either is not 0, in one comparison.
    #[inline(always)]
    pub fn any(&self) -> bool {
        // SAFETY: Eight aligned bytes that belong to `self`; see `Once` for races. Each half is one that
        // was stored.
        unsafe { core::ptr::from_ref(self).cast::<u64>().read_volatile() != 0 }
    }
}

#[kernel::macros::kunit_tests(ukl_once)]
mod tests {
    use super::*;

    #[test]
    fn what_was_stored() {
        let word = Once::new(7_u32);
        assert_eq!(word.load(), 7);
        word.store(u32::MAX);
        assert_eq!(word.load(), u32::MAX);
    }

    #[test]
    fn counters_wrap() {
        let counter = Once::new(u64::MAX - 1);
        counter.add(1);
        assert_eq!(counter.load(), u64::MAX);
        counter.add(2);
        assert_eq!(counter.load(), 1);
    }

    #[test]
    fn either_of_two() {
        let pair = Pair::new();
        assert!(!pair.any());
        pair.first.store(1);
        assert!(pair.any());
        pair.first.store(0);
        assert!(!pair.any());
        pair.second.store(1 << 31);
        assert!(pair.any());
    }
}
