// SPDX-License-Identifier: GPL-2.0

//! A count of users, in one instruction for each of its operations.
//!
//! [`kernel::sync::Refcount`] is the same with a guard against overflow, which this one does without:
//! a user is a thread in the middle of a call, of which there are fewer than a word can count. Without
//! `CONFIG_RUST_INLINE_HELPERS` each of its operations is a call into C.

use core::{arch::asm, cell::UnsafeCell};

/// How many users something has.
pub struct Users(UnsafeCell<u32>);

// SAFETY: The count is changed by locked instructions only.
unsafe impl Sync for Users {}
// SAFETY: A word.
unsafe impl Send for Users {}

impl Users {
    /// One user.
    pub const fn one() -> Self {
        Self(UnsafeCell::new(1))
    }

    /// One more. A full barrier.
    #[inline(always)]
    pub fn add(&self) {
        // SAFETY: Increments the word.
        unsafe { asm!("lock inc dword ptr [{}]", in(reg) self.0.get(), options(nostack)) };
    }

    /// One less; whether that was the last one. A full barrier.
    #[inline(always)]
    pub fn remove(&self) -> bool {
        // SAFETY: Decrements the word.
        unsafe {
            asm!(
                "lock dec dword ptr [{}]",
                "jnz {more}",
                in(reg) self.0.get(),
                more = label { return false },
                options(nostack),
            )
        };
        true
    }

    /// How many there are, without ordering.
    pub fn count(&self) -> u32 {
        // SAFETY: Reads the word.
        unsafe { self.0.get().read_volatile() }
    }
}

#[kernel::macros::kunit_tests(ukl_users)]
mod tests {
    use super::*;

    #[test]
    fn the_last_one() {
        let users = Users::one();
        users.add();
        users.add();
        assert_eq!(users.count(), 3);
        assert!(!users.remove());
        assert!(!users.remove());
        assert!(users.remove());
        assert_eq!(users.count(), 0);
    }
}
