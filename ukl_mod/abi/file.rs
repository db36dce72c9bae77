// SPDX-License-Identifier: GPL-2.0

//! `include/ukl/file.h`: files.

use super::{bindings, closing, count, errno, export, file, handle, kernel_half, status};
use crate::call;
use bindings::{ukl_app, ukl_file};
use core::ptr;
use kernel::{
    ffi::{c_char, c_int, c_ushort, c_void},
    prelude::*,
};

export! {
    fn ukl_file_open(path: *const c_char, flags: c_int, mode: c_ushort) -> *mut ukl_file {
        handle((|| {
            kernel_half(path.cast(), 1)?;
            // SAFETY: The caller gives a C string.
            call::file::open_path(unsafe { CStr::from_char_ptr(path) }, flags, mode)
        })())
    }

    fn ukl_file_from_fd(app: *mut ukl_app, fd: c_int) -> *mut ukl_file {
        handle(call::file::from_fd(app.cast_const().cast(), fd))
    }

    fn ukl_file_read(handle: *mut ukl_file, buf: *mut c_void, len: usize) -> isize {
        // SAFETY: The caller gives an open handle, and memory that is writable.
        unsafe { read(handle, buf, len, None) }
    }

    fn ukl_file_write(handle: *mut ukl_file, buf: *const c_void, len: usize) -> isize {
        // SAFETY: The caller gives an open handle, and memory that is mapped.
        unsafe { write(handle, buf, len, None) }
    }

    fn ukl_file_pread(handle: *mut ukl_file, buf: *mut c_void, len: usize, pos: i64) -> isize {
        // SAFETY: The caller gives an open handle, and memory that is writable.
        unsafe { read(handle, buf, len, Some(pos)) }
    }

    fn ukl_file_pwrite(handle: *mut ukl_file, buf: *const c_void, len: usize, pos: i64) -> isize {
        // SAFETY: The caller gives an open handle, and memory that is mapped.
        unsafe { write(handle, buf, len, Some(pos)) }
    }

    fn ukl_file_sync(handle: *mut ukl_file, datasync: bool) -> c_int {
        // SAFETY: The caller gives an open handle.
        status(unsafe { file(handle) }.and_then(|file| call::file::sync(file, datasync)))
    }

    fn ukl_file_size(handle: *mut ukl_file) -> i64 {
        // SAFETY: The caller gives an open handle.
        match unsafe { file(handle) }.and_then(call::file::size) {
            Ok(size) => size as i64,
            Err(error) => errno(error).into(),
        }
    }

    fn ukl_file_close(handle: *mut ukl_file) -> c_int {
        status(closing(handle, || EBADF).and_then(call::file::close))
    }
}

/// # Safety
///
/// `handle` must be an open handle, `buf` writable or in the user half.
unsafe fn read(handle: *mut ukl_file, buf: *mut c_void, len: usize, pos: Option<i64>) -> isize {
    count((|| {
        kernel_half(buf, len)?;
        let buffer = ptr::slice_from_raw_parts_mut(buf.cast(), len);
        // SAFETY: By the function's requirements.
        unsafe { call::file::read(file(handle)?, buffer, pos) }
    })())
}

/// # Safety
///
/// `handle` must be an open handle, `buf` mapped or in the user half.
unsafe fn write(handle: *mut ukl_file, buf: *const c_void, len: usize, pos: Option<i64>) -> isize {
    count((|| {
        kernel_half(buf, len)?;
        let data = ptr::slice_from_raw_parts(buf.cast(), len);
        // SAFETY: By the function's requirements.
        unsafe { call::file::write(file(handle)?, data, pos) }
    })())
}
