// SPDX-License-Identifier: GPL-2.0

//! What clients may make the kernel allocate: at most `maxmemory` for each server.

use kernel::{
    alloc::{AllocError, Flags},
    prelude::*,
    sync::{
        atomic::{Atomic, Relaxed},
        Arc, //
    },
};

/// Bytes that the clients of a server have in use.
///
/// It is not a static: what a process had that was killed in the middle is never given back.
pub(crate) struct Account(Atomic<usize>);

impl Account {
    /// An account of which nothing is used. `ENOMEM`.
    pub(crate) fn new() -> Result<Arc<Self>> {
        Ok(Arc::new(Self(Atomic::new(0)), GFP_KERNEL)?)
    }

    /// Bytes in use.
    pub(crate) fn used(&self) -> usize {
        self.0.load(Relaxed)
    }
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
pub(crate) struct Charge {
    account: Arc<Account>,
    bytes: usize,
}

impl Charge {
    /// To be made before the memory is allocated. Fails if that would be more than `maxmemory`.
    pub(crate) fn new(account: &Arc<Account>, bytes: usize) -> Result<Self, AllocError> {
        let used = account.0.fetch_add(bytes, Relaxed);
        // From here on `drop` takes the bytes off again.
        let charge = Self {
            account: account.clone(),
            bytes,
        };
        if bytes > max().saturating_sub(used) {
            return Err(AllocError);
        }
        Ok(charge)
    }

    /// A charge to the same account.
    pub(crate) fn another(&self, bytes: usize) -> Result<Self, AllocError> {
        Self::new(&self.account, bytes)
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.account.0.fetch_sub(self.bytes, Relaxed);
    }
}
