// SPDX-License-Identifier: GPL-2.0

//! What clients may make the kernel allocate: at most `maxmemory`.

use kernel::{
    alloc::{AllocError, Flags},
    prelude::*,
    sync::atomic::{Atomic, Relaxed},
};

static USED: Atomic<usize> = Atomic::new(0);

/// Bytes in use.
pub(crate) fn used() -> usize {
    USED.load(Relaxed)
}

/// Bytes that may be in use.
pub(crate) fn max() -> usize {
    crate::value(crate::module_parameters::maxmemory.value())
}

/// How to allocate what a client asks for: it is told when that fails, the kernel log is not.
pub(crate) fn flags() -> Flags {
    GFP_KERNEL | __GFP_NOWARN
}

/// Bytes that count as used as long as this lives.
pub(crate) struct Charge(usize);

impl Charge {
    /// To be made before the memory is allocated. Fails if that would be more than `maxmemory`.
    pub(crate) fn new(bytes: usize) -> Result<Self, AllocError> {
        let used = USED.fetch_add(bytes, Relaxed);
        // From here on `drop` takes the bytes off again.
        let charge = Self(bytes);
        if bytes > max().saturating_sub(used) {
            return Err(AllocError);
        }
        Ok(charge)
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        USED.fetch_sub(self.0, Relaxed);
    }
}
