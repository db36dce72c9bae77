// SPDX-License-Identifier: GPL-2.0

//! Memory that goes with its application, however that ends.

use crate::{result, thread::App};
use core::ops::{Deref, DerefMut};
use kernel::{error::from_err_ptr, prelude::*};
use ukl_bindings as bindings;

/// Bytes of memory, zeroed at first: counted as the application's and, in a process, charged to the
/// process's memory cgroup. Dropping it gives it back.
pub struct Memory {
    start: *mut u8,
    len: usize,
}

// SAFETY: The bytes are nobody else's.
unsafe impl Send for Memory {}
// SAFETY: A shared one is only read.
unsafe impl Sync for Memory {}

impl Memory {
    /// Allocates `len` bytes, at least 1. May sleep. C: `ukl_alloc()`.
    ///
    /// # Errors
    ///
    /// `ENOMEM`; `EINVAL` for a length of 0.
    pub fn new(_app: &App, len: usize) -> Result<Self> {
        // SAFETY: `_app` says that this is application mode.
        let start = from_err_ptr(unsafe { bindings::ukl_alloc(len) })?.cast();
        Ok(Self { start, len })
    }
}

impl Deref for Memory {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        // SAFETY: `ukl_alloc()` has returned so many bytes, zeroed, which are this value's.
        unsafe { core::slice::from_raw_parts(self.start, self.len) }
    }
}

impl DerefMut for Memory {
    fn deref_mut(&mut self) -> &mut [u8] {
        // SAFETY: As above.
        unsafe { core::slice::from_raw_parts_mut(self.start, self.len) }
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        // SAFETY: The memory is ours and not used again.
        // Outside application mode the call is refused, and it goes with the application.
        let _ = result(unsafe { bindings::ukl_free(self.start.cast()) });
    }
}
