// SPDX-License-Identifier: GPL-2.0

//! What a module that extends ukl.ko keeps for an application.

use core::ffi::c_void;
use kernel::prelude::*;
use ukl_support::once::Once;

/// Called once with the data, when no thread runs the application any more.
pub(crate) type Release = unsafe extern "C" fn(*mut c_void);

/// A pointer of another module's, and what takes it back.
pub(crate) struct Attachment {
    data: Once<usize>,
    release: Once<usize>,
}

impl Attachment {
    pub(crate) fn new() -> Self {
        Self {
            data: Once::new(0),
            release: Once::new(0),
        }
    }

    /// Sets it, once. `EBUSY` if there is one.
    ///
    /// For the first thread of an application, which is alone or says nothing to the others before.
    pub(crate) fn set(&self, data: *mut c_void, release: Release) -> Result {
        if !self.get().is_null() {
            return Err(EBUSY);
        }
        self.release.store(release as usize);
        self.data.store(data as usize);
        Ok(())
    }

    /// What was set; NULL before.
    #[inline(always)]
    pub(crate) fn get(&self) -> *mut c_void {
        self.data.load() as *mut c_void
    }

    /// Gives it back, if there is one.
    pub(crate) fn release(&self) {
        let data = self.get();
        if data.is_null() {
            return;
        }
        self.data.store(0);
        // SAFETY: `set` stored the address of a `Release`.
        let release: Release =
            unsafe { core::mem::transmute::<usize, Release>(self.release.load()) };
        // SAFETY: Its module was promised to stay as long as the application.
        unsafe { release(data) };
    }
}
