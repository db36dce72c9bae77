// SPDX-License-Identifier: GPL-2.0

//! Files, with the credentials of the calling task.

use super::{from_any_task, open};
use crate::{
    app::App,
    handle::{Given, Handle},
    resource::OpenFile,
    transition,
};
use kernel::prelude::*;
use ukl_support::file::File;

/// `ukl_file_open()`.
pub(crate) fn open_path(path: &CStr, flags: i32, mode: u16) -> Result<*const Handle<OpenFile>> {
    transition::call(|kernel| open(kernel, OpenFile::new(File::open(path, flags, mode)?)))
}

/// `ukl_file_from_fd()`.
pub(crate) fn from_fd(app: *const App, fd: i32) -> Result<*const Handle<OpenFile>> {
    from_any_task(app, |app| {
        let file = OpenFile::new(File::from_fd(fd)?);
        app.open(file).map_err(|(error, _)| error)
    })
}

/// `ukl_file_read()` and `ukl_file_pread()`.
///
/// # Safety
///
/// `buffer` must be mapped and writable during the call.
pub(crate) unsafe fn read(
    file: Given<OpenFile>,
    buffer: *mut [u8],
    pos: Option<i64>,
) -> Result<usize> {
    // SAFETY: By the function's requirements.
    transition::call(|kernel| unsafe { kernel.hold(file)?.file().read(buffer, pos) })
}

/// `ukl_file_write()` and `ukl_file_pwrite()`.
///
/// # Safety
///
/// `data` must be mapped during the call.
pub(crate) unsafe fn write(
    file: Given<OpenFile>,
    data: *const [u8],
    pos: Option<i64>,
) -> Result<usize> {
    // SAFETY: By the function's requirements.
    transition::call_always(|kernel| unsafe { kernel.hold(file)?.file().write(data, pos) })
}

/// `ukl_file_sync()`.
pub(crate) fn sync(file: Given<OpenFile>, datasync: bool) -> Result {
    transition::call_always(|kernel| kernel.hold(file)?.file().sync(datasync))
}

/// `ukl_file_size()`, in bytes.
pub(crate) fn size(file: Given<OpenFile>) -> Result<u64> {
    transition::call(|kernel| kernel.hold(file)?.file().size())
}

/// `ukl_file_close()`.
pub(crate) fn close(file: *const Handle<OpenFile>) -> Result {
    transition::call_always(|kernel| Handle::<OpenFile>::close(kernel.app().close(file)?))
}
