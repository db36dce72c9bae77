// SPDX-License-Identifier: GPL-2.0

//! The base of `%fs`, where a C library has its thread-local storage. The kernel does not use it, and
//! carries it for each task.

use crate::{bindings, once::Once};
use core::marker::PhantomData;

/// What `%fs` is in the middle of an application, until dropped; then it is the process's again.
pub struct Tls<'a> {
    process: usize,
    application: &'a Once<usize>,
    _task: PhantomData<*const ()>,
}

impl<'a> Tls<'a> {
    /// Makes `application` the base of the current task's `%fs`, and keeps there what the application
    /// changes it to. Nothing on a processor without FSGSBASE.
    pub fn swap(application: &'a Once<usize>) -> Self {
        // SAFETY: For the current task, in the kernel, which does not use it.
        let process = unsafe { bindings::ukl_helper_swap_fs_base(application.load()) };
        Self {
            process,
            application,
            _task: PhantomData,
        }
    }
}

impl Drop for Tls<'_> {
    fn drop(&mut self) {
        // SAFETY: As above; it was so before.
        let now = unsafe { bindings::ukl_helper_swap_fs_base(self.process) };
        self.application.store(now);
    }
}
