// SPDX-License-Identifier: GPL-2.0

//! Files that are open. `kernel::fs::File` is what a process holds; it can neither be opened nor read.
//!
//! C header: [`include/linux/fs.h`](srctree/include/linux/fs.h)

use crate::bindings;
use core::{ffi::c_int, ptr::NonNull};
use kernel::{
    error::{from_err_ptr, to_result},
    prelude::*,
};

/// A reference on an open file. Methods take `&self`: the kernel locks what it has to. All may sleep.
///
/// # Invariants
///
/// Points to a `struct file` on which this value has a reference.
pub struct File(NonNull<bindings::file>);

// SAFETY: A file is not tied to the task that opened it.
unsafe impl Send for File {}
// SAFETY: The kernel serialises what has to be.
unsafe impl Sync for File {}

impl File {
    /// `filp_open()`: with the credentials and the root of the current task.
    pub fn open(path: &CStr, flags: i32, mode: u16) -> Result<Self> {
        // SAFETY: `path` is a C string.
        Self::new(unsafe { bindings::ukl_helper_file_open(path.as_char_ptr(), flags, mode) })
    }

    /// `fget()`: the file behind a descriptor of the current task; `EBADF`.
    pub fn from_fd(fd: i32) -> Result<Self> {
        // SAFETY: Any number may be looked up.
        Self::new(unsafe { bindings::ukl_helper_file_from_fd(fd) })
    }

    fn new(file: *mut bindings::file) -> Result<Self> {
        // INVARIANT: Both functions above return a reference.
        Ok(Self(NonNull::new(from_err_ptr(file)?).ok_or(EINVAL)?))
    }

    /// The `struct file`.
    pub(crate) fn as_ptr(&self) -> *mut bindings::file {
        self.0.as_ptr()
    }

    /// `kernel_read()`, at the file's position or at `pos`. Returns how many bytes were read, 0 at the
    /// end.
    ///
    /// # Safety
    ///
    /// `buffer` must be writable.
    pub unsafe fn read(&self, buffer: *mut [u8], pos: Option<i64>) -> Result<usize> {
        // SAFETY: By the function's requirements.
        unsafe { self.transfer(buffer, pos, false) }
    }

    /// `vfs_iocb_iter_write()`, at the file's position or at `pos`. Returns how many bytes were taken.
    ///
    /// # Safety
    ///
    /// `data` must be mapped.
    pub unsafe fn write(&self, data: *const [u8], pos: Option<i64>) -> Result<usize> {
        // SAFETY: By the function's requirements; what is written from is only read.
        unsafe { self.transfer(data.cast_mut(), pos, true) }
    }

    /// # Safety
    ///
    /// `buffer` must be mapped, and writable unless `write`.
    unsafe fn transfer(&self, buffer: *mut [u8], pos: Option<i64>, write: bool) -> Result<usize> {
        let (file, data, len) = (self.as_ptr(), buffer.cast(), buffer.len());
        // SAFETY: The file is valid; the rest by the function's requirements.
        let count = unsafe {
            match pos {
                None => bindings::ukl_helper_file_rw(file, data, len, write),
                Some(pos) => bindings::ukl_helper_file_prw(file, data, len, pos, write),
            }
        };
        usize::try_from(count).map_err(|_| Error::from_errno(count as c_int))
    }

    /// `vfs_fsync()`.
    pub fn sync(&self, datasync: bool) -> Result {
        // SAFETY: The file is valid.
        to_result(unsafe { bindings::vfs_fsync(self.as_ptr(), datasync.into()) })
    }

    /// The size in bytes, as `stat()` has it.
    pub fn size(&self) -> Result<u64> {
        // SAFETY: The file is valid.
        let size = unsafe { bindings::ukl_helper_file_size(self.as_ptr()) };
        u64::try_from(size).map_err(|_| Error::from_errno(size as c_int))
    }

    /// What closing the file would say: the errors that were kept for that.
    pub fn flush(&self) -> Result {
        // SAFETY: The file is valid.
        to_result(unsafe { bindings::ukl_helper_file_flush(self.as_ptr()) })
    }
}

impl Drop for File {
    fn drop(&mut self) {
        // SAFETY: The reference is ours, and not used after this.
        unsafe { bindings::ukl_helper_file_put(self.as_ptr()) };
    }
}

/// Keeps this module loaded until `file`, which one of its devices is opening, is closed. `ENODEV` if
/// the module unloads.
pub fn keep_module(file: &kernel::fs::File) -> Result {
    // SAFETY: The file is being opened, so that nobody else uses its operations.
    to_result(unsafe { bindings::ukl_helper_own_file(file.as_ptr()) })
}
