// SPDX-License-Identifier: GPL-2.0

//! Files, after `std::fs`.
//!
//! They are opened with the credentials, the root and the mount namespace of the thread: root's and
//! init's, for the kernel threads that [`Application::start`](crate::Application::start) makes. A relative
//! path begins at the thread's working directory, which is the root there.

use crate::{
    count,
    poll::{Handle, Source},
    result, App, Owner,
};
use core::mem::ManuallyDrop;
use kernel::{
    error::from_err_ptr,
    ffi::{c_int, c_ushort},
    prelude::*,
};
use ukl_bindings as bindings;

/// How a file is opened.
///
/// ```
/// let log = OpenOptions::new().append(true).create(true).mode(0o600).open(app, c"/var/log/app")?;
/// ```
#[derive(Clone, Debug)]
pub struct OpenOptions {
    read: bool,
    write: bool,
    append: bool,
    flags: u32,
    mode: c_ushort,
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self::new()
    }
}

impl OpenOptions {
    /// Options of which none is set; the mode is 0o666.
    pub fn new() -> Self {
        Self {
            read: false,
            write: false,
            append: false,
            flags: 0,
            mode: 0o666,
        }
    }

    /// To read.
    pub fn read(&mut self, on: bool) -> &mut Self {
        self.read = on;
        self
    }

    /// To write.
    pub fn write(&mut self, on: bool) -> &mut Self {
        self.write = on;
        self
    }

    /// To write at the end, wherever that is then: `O_APPEND`.
    pub fn append(&mut self, on: bool) -> &mut Self {
        self.append = on;
        self
    }

    /// Empties a file that there is: `O_TRUNC`.
    pub fn truncate(&mut self, on: bool) -> &mut Self {
        self.flag(bindings::O_TRUNC, on)
    }

    /// Makes the file if there is none: `O_CREAT`.
    pub fn create(&mut self, on: bool) -> &mut Self {
        self.flag(bindings::O_CREAT, on)
    }

    /// Makes the file, `EEXIST` if there is one: `O_CREAT` and `O_EXCL`.
    pub fn create_new(&mut self, on: bool) -> &mut Self {
        self.flag(bindings::O_CREAT | bindings::O_EXCL, on)
    }

    /// The permissions of a file that is made, from which the thread's umask is taken off.
    pub fn mode(&mut self, mode: u16) -> &mut Self {
        self.mode = mode;
        self
    }

    /// More flags of `open()`, as [`kernel::fs::file::flags`] has them: `O_DSYNC`, `O_NONBLOCK`…
    pub fn custom_flags(&mut self, flags: u32) -> &mut Self {
        self.flag(flags & !bindings::O_ACCMODE, true)
    }

    fn flag(&mut self, flag: u32, on: bool) -> &mut Self {
        self.flags = if on {
            self.flags | flag
        } else {
            self.flags & !flag
        };
        self
    }

    /// Opens the file at `path`. Blocks while the file system does. C: `ukl_file_open()`.
    ///
    /// # Errors
    ///
    /// `EINVAL` if it is to be neither read nor written; `ENOENT`, `EEXIST`, `EACCES`, `EISDIR`, `ENOTDIR`,
    /// `EROFS`, `ENAMETOOLONG`, `ENFILE`, `ENOMEM` and the others of `open()`.
    pub fn open(&self, _app: &App, path: &CStr) -> Result<File> {
        let append = if self.append { bindings::O_APPEND } else { 0 };
        let access = match (self.read, self.write || self.append) {
            (true, false) => bindings::O_RDONLY,
            (false, true) => bindings::O_WRONLY | append,
            (true, true) => bindings::O_RDWR | append,
            (false, false) => return Err(EINVAL),
        };
        let flags = (access | self.flags) as c_int;
        // SAFETY: `_app` says that this is application mode; `path` is a C string.
        File::new(unsafe { bindings::ukl_file_open(path.as_char_ptr(), flags, self.mode) })
    }
}

/// An open file. Dropping it closes it, which loses the error that [`File::close`] returns.
///
/// Several threads may use it at once.
pub struct File(*mut bindings::ukl_file);

// SAFETY: The calls take a handle from any UKL thread of the application, several at a time.
unsafe impl Send for File {}
// SAFETY: As above.
unsafe impl Sync for File {}

impl File {
    fn new(handle: *mut bindings::ukl_file) -> Result<Self> {
        from_err_ptr(handle).map(Self)
    }

    /// Opens a file to read it.
    ///
    /// # Errors
    ///
    /// As [`OpenOptions::open`].
    pub fn open(app: &App, path: &CStr) -> Result<Self> {
        OpenOptions::new().read(true).open(app, path)
    }

    /// Opens a file to write it, makes it if there is none and empties it if there is.
    ///
    /// # Errors
    ///
    /// As [`OpenOptions::open`].
    pub fn create(app: &App, path: &CStr) -> Result<Self> {
        OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .open(app, path)
    }

    /// Takes over a file of the calling process by its descriptor, which the process keeps: both use
    /// the file from then on. It is `owner`'s. In a thread that a process's system call runs on, or a
    /// UKL thread. May sleep. C: `ukl_file_from_fd()`.
    ///
    /// # Errors
    ///
    /// `EBADF` if the descriptor is not open, as none is in a kernel thread; `EINVAL`, `EPERM` if `owner`
    /// is not this application; `EINTR` if it is stopping; `ENOMEM`.
    pub fn from_fd<'a>(owner: impl Into<Owner<'a>>, fd: u32) -> Result<Self> {
        let fd = c_int::try_from(fd).map_err(|_| EBADF)?;
        // SAFETY: The application runs as long as `owner` is borrowed.
        Self::new(unsafe { bindings::ukl_file_from_fd(owner.into().as_ptr(), fd) })
    }

    /// Reads from the file's position on, which moves. 0 is the end of the file, or an empty `buffer`.
    /// Blocks, unless the file is `O_NONBLOCK`. C: `ukl_file_read()`.
    ///
    /// # Errors
    ///
    /// `EBADF` if it was not opened for reading, `EINVAL` for one that cannot be read into kernel memory,
    /// `EAGAIN`, `EISDIR`, `EIO`.
    pub fn read(&self, _app: &App, buffer: &mut [u8]) -> Result<usize> {
        let (buffer, len) = (buffer.as_mut_ptr().cast(), buffer.len());
        // SAFETY: `_app` says that this is application mode; the handle is open, the buffer writable.
        count(unsafe { bindings::ukl_file_read(self.0, buffer, len) })
    }

    /// Reads from `position` on, in bytes from the start. Else as [`File::read`]. C: `ukl_file_pread()`.
    ///
    /// # Errors
    ///
    /// As [`File::read`]; `ESPIPE` for a file without positions, `EINVAL` for a position that no file has.
    pub fn read_at(&self, _app: &App, buffer: &mut [u8], position: u64) -> Result<usize> {
        let position = i64::try_from(position).map_err(|_| EINVAL)?;
        let (buffer, len) = (buffer.as_mut_ptr().cast(), buffer.len());
        // SAFETY: As in `read`.
        count(unsafe { bindings::ukl_file_pread(self.0, buffer, len, position) })
    }

    /// Writes at the file's position, which moves, or at its end if it was opened to append; returns how
    /// many bytes were taken. Blocks. Works also when the thread was asked to stop. C: `ukl_file_write()`.
    ///
    /// # Errors
    ///
    /// `EBADF` if it was not opened for writing, `EINVAL` for one that cannot be written from kernel
    /// memory, `EAGAIN`, `ENOSPC`, `EDQUOT`, `EFBIG`, `EPIPE`, `EIO`.
    pub fn write(&self, _app: &App, data: &[u8]) -> Result<usize> {
        // SAFETY: `_app` says that this is application mode; the handle is open, the data mapped.
        count(unsafe { bindings::ukl_file_write(self.0, data.as_ptr().cast(), data.len()) })
    }

    /// Writes all of `data`, as [`File::write`].
    ///
    /// # Errors
    ///
    /// As [`File::write`].
    pub fn write_all(&self, app: &App, mut data: &[u8]) -> Result {
        while !data.is_empty() {
            let written = self.write(app, data)?;
            data = data.get(written..).filter(|_| written != 0).ok_or(EIO)?;
        }
        Ok(())
    }

    /// Writes at `position`, in bytes from the start, which means nothing if the file was opened to
    /// append. Else as [`File::write`]. C: `ukl_file_pwrite()`.
    ///
    /// # Errors
    ///
    /// As [`File::write`]; `ESPIPE` for a file without positions, `EINVAL` for a position that no file has.
    pub fn write_at(&self, _app: &App, data: &[u8], position: u64) -> Result<usize> {
        let position = i64::try_from(position).map_err(|_| EINVAL)?;
        let (data, len) = (data.as_ptr().cast(), data.len());
        // SAFETY: As in `write`.
        count(unsafe { bindings::ukl_file_pwrite(self.0, data, len, position) })
    }

    /// Waits until all that was written is on the disk. Blocks. Works also when the thread was asked to
    /// stop. C: `ukl_file_sync()`.
    ///
    /// # Errors
    ///
    /// `EINVAL` for a file that has no disk, `EIO`, `ENOSPC`, `EDQUOT`.
    pub fn sync_all(&self, app: &App) -> Result {
        self.sync(app, false)
    }

    /// As [`File::sync_all`], without metadata that reading the data back does not need.
    ///
    /// # Errors
    ///
    /// As [`File::sync_all`].
    pub fn sync_data(&self, app: &App) -> Result {
        self.sync(app, true)
    }

    fn sync(&self, _app: &App, datasync: bool) -> Result {
        // SAFETY: `_app` says that this is application mode; the handle is open.
        result(unsafe { bindings::ukl_file_sync(self.0, datasync) })
    }

    /// The size in bytes, as `stat()` says it. C: `ukl_file_size()`.
    ///
    /// # Errors
    ///
    /// `EIO`.
    pub fn len(&self, _app: &App) -> Result<u64> {
        // SAFETY: `_app` says that this is application mode; the handle is open.
        let size = unsafe { bindings::ukl_file_size(self.0) };
        u64::try_from(size).map_err(|_| Error::from_errno(size as c_int))
    }

    /// Closes the file and returns the error of writing that its file system kept until now. Works also
    /// when the thread was asked to stop. C: `ukl_file_close()`.
    ///
    /// # Errors
    ///
    /// `EIO`, `ENOSPC`, `EDQUOT`. The file is closed in any case.
    pub fn close(self, _app: &App) -> Result {
        let file = ManuallyDrop::new(self);
        // SAFETY: `_app` says that this is application mode; the handle is ours and not used again.
        result(unsafe { bindings::ukl_file_close(file.0) })
    }
}

impl Drop for File {
    fn drop(&mut self) {
        // SAFETY: The handle is ours and not used again.
        let _ = unsafe { bindings::ukl_file_close(self.0) };
    }
}

impl Source for File {}

impl crate::poll::Sealed for File {
    fn handle(&self) -> Handle {
        Handle::File(self.0)
    }
}
