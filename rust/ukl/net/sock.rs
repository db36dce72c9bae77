// SPDX-License-Identifier: GPL-2.0

//! What all sockets have in common.

use super::{
    addr::{with_sockaddr, Storage},
    Shutdown,
};
use crate::{
    count,
    io::{IoSlice, IoSliceMut},
    nanoseconds, result, App, Owner,
};
use core::{
    mem::{size_of, MaybeUninit},
    net::SocketAddr,
    ptr,
    time::Duration,
};
use kernel::{
    error::from_err_ptr,
    ffi::{c_int, c_void},
    prelude::*,
};
use ukl_bindings as bindings;

/// Wait where it takes that.
pub(super) const WAIT: u32 = 0;
/// Do not wait.
pub(super) const DONTWAIT: u32 = bindings::MSG_DONTWAIT;

/// An open socket handle. Dropping it closes the socket.
pub(super) struct Sock(*mut bindings::ukl_sock);

// SAFETY: The calls take a handle from any UKL thread of the application, several at a time.
unsafe impl Send for Sock {}
// SAFETY: As above.
unsafe impl Sync for Sock {}

/// What an option of a socket is set to and read as.
///
/// # Safety
///
/// Any bytes are a value, and none of them is padding.
pub(super) unsafe trait OptionValue: Copy {}

// SAFETY: An integer.
unsafe impl OptionValue for c_int {}
// SAFETY: Two integers.
unsafe impl OptionValue for bindings::linger {}

impl Sock {
    #[inline]
    pub(super) fn new(handle: *mut bindings::ukl_sock) -> Result<Self> {
        from_err_ptr(handle).map(Self)
    }

    #[inline]
    pub(super) fn as_ptr(&self) -> *mut bindings::ukl_sock {
        self.0
    }

    pub(super) fn open(_app: &App, family: u32, kind: u32) -> Result<Self> {
        // SAFETY: `_app` says that this is application mode.
        Self::new(unsafe { bindings::ukl_socket(family as c_int, kind as c_int, 0) })
    }

    pub(super) fn from_fd(owner: Owner<'_>, fd: u32) -> Result<Self> {
        let fd = c_int::try_from(fd).map_err(|_| EBADF)?;
        // SAFETY: The application runs as long as `owner` is borrowed.
        Self::new(unsafe { bindings::ukl_sock_from_fd(owner.as_ptr(), fd) })
    }

    pub(super) fn into_fd(self, owner: Owner<'_>, flags: u32) -> Result<u32> {
        // SAFETY: The application runs as long as `owner` is borrowed; the handle is ours.
        let fd = unsafe { bindings::ukl_sock_to_fd(owner.as_ptr(), self.0, flags as c_int) };
        let result = u32::try_from(fd).map_err(|_| Error::from_errno(fd));
        if matches!(result, Ok(_) | Err(ENFILE | ENOMEM)) {
            // The handle is gone.
            core::mem::forget(self);
        }
        result
    }

    /// # Safety
    ///
    /// `socket` is one that the caller may give away.
    pub(super) unsafe fn from_raw(_app: &App, socket: *mut bindings::socket) -> Result<Self> {
        // SAFETY: `_app` says that this is application mode; `socket` by the function's requirements.
        Self::new(unsafe { bindings::ukl_sock_adopt(socket) })
    }

    pub(super) fn bind(&self, _app: &App, addr: SocketAddr) -> Result {
        with_sockaddr(addr, |addr, len| {
            // SAFETY: `_app` says that this is application mode; the address has `len` bytes.
            result(unsafe { bindings::ukl_bind(self.0, addr, len) })
        })
    }

    pub(super) fn listen(&self, _app: &App, backlog: u32) -> Result {
        let backlog = c_int::try_from(backlog).unwrap_or(c_int::MAX);
        // SAFETY: `_app` says that this is application mode; the handle is open.
        result(unsafe { bindings::ukl_listen(self.0, backlog) })
    }

    /// Takes a connection, with the address of the other end in `peer`.
    pub(super) fn accept(&self, _app: &App, peer: &mut Storage, wait: bool) -> Result<Self> {
        let flags = if wait { 0 } else { bindings::O_NONBLOCK };
        // SAFETY: `_app` says that this is application mode; the handle is open, and there is room for any
        // address.
        Self::new(unsafe { bindings::ukl_accept(self.0, peer.as_mut_ptr(), flags as c_int) })
    }

    pub(super) fn connect(
        &self,
        _app: &App,
        addr: SocketAddr,
        timeout: Option<Duration>,
    ) -> Result {
        with_sockaddr(addr, |addr, len| {
            // SAFETY: `_app` says that this is application mode; the address has `len` bytes.
            result(unsafe { bindings::ukl_connect(self.0, addr, len, nanoseconds(timeout)) })
        })
    }

    #[inline]
    pub(super) fn send(&self, _app: &App, data: &[u8], flags: u32) -> Result<usize> {
        let (data, len) = (data.as_ptr().cast(), data.len());
        // SAFETY: `_app` says that this is application mode; the handle is open and the data mapped.
        count(unsafe { bindings::ukl_send(self.0, data, len, flags as c_int) })
    }

    #[inline]
    pub(super) fn send_to(
        &self,
        _app: &App,
        data: &[u8],
        flags: u32,
        addr: SocketAddr,
    ) -> Result<usize> {
        let (data, len) = (data.as_ptr().cast(), data.len());
        with_sockaddr(addr, |addr, addrlen| {
            // SAFETY: As in `send`; the address has `addrlen` bytes.
            count(unsafe { bindings::ukl_sendto(self.0, data, len, flags as c_int, addr, addrlen) })
        })
    }

    pub(super) fn send_vectored(
        &self,
        _app: &App,
        parts: &[IoSlice<'_>],
        flags: u32,
    ) -> Result<usize> {
        // SAFETY: As in `send`, for each part.
        count(unsafe {
            bindings::ukl_sendv(self.0, parts.as_ptr().cast(), parts.len(), flags as c_int)
        })
    }

    #[inline]
    pub(super) fn receive(&self, _app: &App, buffer: &mut [u8], flags: u32) -> Result<usize> {
        let (buffer, len) = (buffer.as_mut_ptr().cast(), buffer.len());
        // SAFETY: `_app` says that this is application mode; the handle is open, the buffer writable.
        count(unsafe { bindings::ukl_recv(self.0, buffer, len, flags as c_int) })
    }

    #[inline]
    pub(super) fn receive_from(
        &self,
        _app: &App,
        buffer: &mut [u8],
        flags: u32,
        from: &mut Storage,
    ) -> Result<usize> {
        let (buffer, len) = (buffer.as_mut_ptr().cast(), buffer.len());
        // SAFETY: As in `receive`; there is room for any address.
        count(unsafe {
            bindings::ukl_recvfrom(self.0, buffer, len, flags as c_int, from.as_mut_ptr())
        })
    }

    pub(super) fn receive_vectored(
        &self,
        _app: &App,
        parts: &mut [IoSliceMut<'_>],
        flags: u32,
    ) -> Result<usize> {
        // SAFETY: As in `receive`, for each part.
        count(unsafe {
            bindings::ukl_recvv(self.0, parts.as_ptr().cast(), parts.len(), flags as c_int)
        })
    }

    pub(super) fn shutdown(&self, _app: &App, how: Shutdown) -> Result {
        let how = match how {
            Shutdown::Read => bindings::sock_shutdown_cmd_SHUT_RD,
            Shutdown::Write => bindings::sock_shutdown_cmd_SHUT_WR,
            Shutdown::Both => bindings::sock_shutdown_cmd_SHUT_RDWR,
        };
        // SAFETY: `_app` says that this is application mode; the handle is open.
        result(unsafe { bindings::ukl_shutdown(self.0, how as c_int) })
    }

    pub(super) fn set_bytes(&self, _app: &App, level: u32, name: u32, value: &[u8]) -> Result {
        let len = c_int::try_from(value.len()).map_err(|_| EINVAL)?;
        let value = value.as_ptr().cast();
        // SAFETY: `_app` says that this is application mode; the handle is open, the value has `len` bytes.
        result(unsafe {
            bindings::ukl_setsockopt(self.0, level as c_int, name as c_int, value, len)
        })
    }

    pub(super) fn get_bytes(
        &self,
        app: &App,
        level: u32,
        name: u32,
        value: &mut [u8],
    ) -> Result<usize> {
        let len = c_int::try_from(value.len()).map_err(|_| EINVAL)?;
        // SAFETY: There is room for `len` bytes.
        unsafe { self.get_raw(app, level, name, value.as_mut_ptr().cast(), len) }
    }

    pub(super) fn set<T: OptionValue>(
        &self,
        _app: &App,
        level: u32,
        name: u32,
        value: T,
    ) -> Result {
        let (value, len) = (ptr::from_ref(&value).cast(), size_of::<T>() as c_int);
        // SAFETY: `_app` says that this is application mode; the handle is open, the value has `len` bytes.
        result(unsafe {
            bindings::ukl_setsockopt(self.0, level as c_int, name as c_int, value, len)
        })
    }

    /// An option that is a whole number.
    pub(super) fn set_number(&self, app: &App, level: u32, name: u32, value: usize) -> Result {
        self.set(
            app,
            level,
            name,
            c_int::try_from(value).map_err(|_| EINVAL)?,
        )
    }

    pub(super) fn get<T: OptionValue>(&self, app: &App, level: u32, name: u32) -> Result<T> {
        let mut value = MaybeUninit::<T>::zeroed();
        let len = size_of::<T>() as c_int;
        // SAFETY: There is room for `len` bytes.
        unsafe { self.get_raw(app, level, name, value.as_mut_ptr().cast(), len) }?;
        // SAFETY: Any bytes are a value.
        Ok(unsafe { value.assume_init() })
    }

    /// # Safety
    ///
    /// There is room for `len` bytes at `value`.
    unsafe fn get_raw(
        &self,
        _app: &App,
        level: u32,
        name: u32,
        value: *mut c_void,
        len: c_int,
    ) -> Result<usize> {
        // SAFETY: `_app` says that this is application mode; the handle is open, and `value` as the
        // function requires.
        let len =
            unsafe { bindings::ukl_getsockopt(self.0, level as c_int, name as c_int, value, len) };
        usize::try_from(len).map_err(|_| Error::from_errno(len))
    }

    /// The error that the socket has, which is cleared.
    pub(super) fn take_error(&self, app: &App) -> Result<Option<Error>> {
        let error: c_int = self.get(app, bindings::SOL_SOCKET, bindings::SO_ERROR)?;
        Ok((error != 0).then(|| Error::from_errno(-error)))
    }

    /// The local address, and its length.
    pub(super) fn name(&self, _app: &App) -> Result<(Storage, usize)> {
        let mut storage = Storage::new();
        // SAFETY: `_app` says that this is application mode; the handle is open, and there is room for any
        // address.
        let len = unsafe { bindings::ukl_getsockname(self.0, storage.as_mut_ptr()) };
        Ok((storage, count(len as isize)?))
    }

    /// The address of the other end, and its length.
    pub(super) fn peer(&self, _app: &App) -> Result<(Storage, usize)> {
        let mut storage = Storage::new();
        // SAFETY: As in `name`.
        let len = unsafe { bindings::ukl_getpeername(self.0, storage.as_mut_ptr()) };
        Ok((storage, count(len as isize)?))
    }
}

impl Drop for Sock {
    fn drop(&mut self) {
        // SAFETY: The handle is ours and not used again.
        let _ = unsafe { bindings::ukl_close(self.0) };
    }
}

/// Methods that every kind of socket has. `$type` is a tuple struct around a [`Sock`].
macro_rules! socket {
    ($type:ident) => {
        impl $type {
            /// Takes over a socket of the calling process by its descriptor, which the process keeps: both
            /// use the socket from then on, and what the process does to it happens to the application
            /// as well. It is `owner`'s. In a thread that a process's system call runs on, or a UKL
            /// thread. May sleep. C: `ukl_sock_from_fd()`.
            ///
            /// A socket of another kind is taken as well; what does not suit it fails then.
            ///
            /// # Errors
            ///
            /// `EBADF` if the descriptor is not open, as none is in a kernel thread; `ENOTSOCK`; `EINVAL`,
            /// `EPERM` if `owner` is not this application; `EINTR` if it is stopping; `ENOMEM`.
            pub fn from_fd<'a>(
                owner: impl Into<$crate::Owner<'a>>,
                fd: u32,
            ) -> kernel::error::Result<Self> {
                $crate::net::sock::Sock::from_fd(owner.into(), fd).map(Self)
            }

            /// Hands the socket over to the calling process and returns its descriptor. `flags` may be
            /// `O_CLOEXEC` and `O_NONBLOCK` of [`kernel::fs::file::flags`]. Context as
            #[doc = concat!("[`", stringify!($type), "::from_fd`]. C: `ukl_sock_to_fd()`.")]
            ///
            /// # Errors
            ///
            /// `EBADF` in a kernel thread, `EMFILE`, `ENFILE`, `EINVAL` for other flags, `EPERM` on a thread of
            /// another application, `ENOMEM`. The socket is closed then.
            pub fn into_fd<'a>(
                self,
                owner: impl Into<$crate::Owner<'a>>,
                flags: u32,
            ) -> kernel::error::Result<u32> {
                self.0.into_fd(owner.into(), flags)
            }

            /// Makes a socket of the kernel's one of the application's. C: `ukl_sock_adopt()`.
            ///
            /// # Safety
            ///
            /// `socket` must be NULL or a socket that the caller may release, as from
            /// `sock_create_kern()`. If the call succeeds it is the application's.
            ///
            /// # Errors
            ///
            /// `ENOTSOCK` for NULL, `ENOMEM`.
            pub unsafe fn from_raw(
                app: &$crate::App,
                socket: *mut kernel::bindings::socket,
            ) -> kernel::error::Result<Self> {
                // SAFETY: By the function's requirements.
                unsafe { $crate::net::sock::Sock::from_raw(app, socket) }.map(Self)
            }

            /// `SO_ERROR`: the error that the socket has, such as that of a connection which could not be
            /// made, and clears it. C: `ukl_getsockopt()`.
            ///
            /// # Errors
            ///
            /// None but those of every call.
            pub fn take_error(
                &self,
                app: &$crate::App,
            ) -> kernel::error::Result<Option<kernel::error::Error>> {
                self.0.take_error(app)
            }

            /// `SO_SNDBUF`: how many bytes wait in the socket to be sent, at most. The kernel takes twice
            /// `size`, for its own needs, up to `net.core.wmem_max`. C: `ukl_setsockopt()`.
            ///
            /// # Errors
            ///
            /// `EINVAL` for more than `i32::MAX`.
            pub fn set_send_buffer_size(
                &self,
                app: &$crate::App,
                size: usize,
            ) -> kernel::error::Result {
                self.0
                    .set_number(app, ukl_bindings::SOL_SOCKET, ukl_bindings::SO_SNDBUF, size)
            }

            /// `SO_SNDBUF`, as the kernel took it. C: `ukl_getsockopt()`.
            ///
            /// # Errors
            ///
            /// None but those of every call.
            pub fn send_buffer_size(&self, app: &$crate::App) -> kernel::error::Result<usize> {
                let size: kernel::ffi::c_int =
                    self.0
                        .get(app, ukl_bindings::SOL_SOCKET, ukl_bindings::SO_SNDBUF)?;
                Ok(size as usize)
            }

            /// `SO_RCVBUF`: how many bytes wait in the socket to be received, at most; else as
            #[doc = concat!("[`", stringify!($type), "::set_send_buffer_size`].")]
            ///
            /// # Errors
            ///
            /// `EINVAL` for more than `i32::MAX`.
            pub fn set_recv_buffer_size(
                &self,
                app: &$crate::App,
                size: usize,
            ) -> kernel::error::Result {
                self.0
                    .set_number(app, ukl_bindings::SOL_SOCKET, ukl_bindings::SO_RCVBUF, size)
            }

            /// `SO_RCVBUF`, as the kernel took it. C: `ukl_getsockopt()`.
            ///
            /// # Errors
            ///
            /// None but those of every call.
            pub fn recv_buffer_size(&self, app: &$crate::App) -> kernel::error::Result<usize> {
                let size: kernel::ffi::c_int =
                    self.0
                        .get(app, ukl_bindings::SOL_SOCKET, ukl_bindings::SO_RCVBUF)?;
                Ok(size as usize)
            }

            /// Sets an option that has no method of its own, to bytes as the option has them.
            /// C: `ukl_setsockopt()`.
            ///
            /// # Errors
            ///
            /// `ENOPROTOOPT` for an option that `level` does not have, `EINVAL`, `EPERM`, `EDOM`, `EBUSY`.
            pub fn set_option(
                &self,
                app: &$crate::App,
                level: u32,
                name: u32,
                value: &[u8],
            ) -> kernel::error::Result {
                self.0.set_bytes(app, level, name, value)
            }

            /// Reads an option that has no method of its own, and returns its length. C:
            /// `ukl_getsockopt()`.
            ///
            /// # Errors
            ///
            /// `ENOPROTOOPT` for an option that does not exist, `EOPNOTSUPP` for one of another level than
            /// `SOL_SOCKET`, which the kernel does not read into kernel memory.
            pub fn option(
                &self,
                app: &$crate::App,
                level: u32,
                name: u32,
                value: &mut [u8],
            ) -> kernel::error::Result<usize> {
                self.0.get_bytes(app, level, name, value)
            }
        }

        impl $crate::poll::Source for $type {}

        impl $crate::poll::Sealed for $type {
            #[inline]
            fn handle(&self) -> $crate::poll::Handle {
                $crate::poll::Handle::Sock(self.0.as_ptr())
            }
        }
    };
}
pub(super) use socket;
