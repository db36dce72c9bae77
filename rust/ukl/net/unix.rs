// SPDX-License-Identifier: GPL-2.0

//! Unix stream sockets, after `std::os::unix::net`.

use super::{
    addr::{RawUnix, Storage},
    sock::{socket, Sock, DONTWAIT, WAIT},
    Shutdown,
};
use crate::{
    io::{IoSlice, IoSliceMut},
    nanoseconds, result, App,
};
use core::{fmt, time::Duration};
use kernel::prelude::*;
use ukl_bindings::{self as bindings, errno};

/// Connections that wait for [`UnixListener::accept`], as `std` has it.
const BACKLOG: u32 = 128;

/// The address of a unix socket: a path, a name in the abstract namespace, or none.
#[derive(Clone, Copy)]
pub struct UnixAddr(RawUnix);

impl UnixAddr {
    /// The address of the socket at `path`.
    ///
    /// # Errors
    ///
    /// `EINVAL` for an empty path and one with a zero in it, `ENAMETOOLONG` for more than 107 bytes.
    pub fn from_pathname(path: &[u8]) -> Result<Self> {
        if path.is_empty() || path.contains(&0) {
            return Err(EINVAL);
        }
        // The zero at its end counts.
        Self::new([path, &[0]])
    }

    /// The address of the socket that is called `name` in the network namespace. No file is involved.
    ///
    /// # Errors
    ///
    /// `ENAMETOOLONG` for more than 107 bytes.
    pub fn from_abstract_name(name: &[u8]) -> Result<Self> {
        Self::new([&[0], name])
    }

    fn new(parts: [&[u8]; 2]) -> Result<Self> {
        let mut raw = RawUnix {
            path: [0; RawUnix::PATH_LEN],
            len: 0,
        };
        for byte in parts.into_iter().flatten() {
            *raw.path.get_mut(raw.len).ok_or_else(errno::enametoolong)? = *byte;
            raw.len += 1;
        }
        Ok(Self(raw))
    }

    fn bytes(&self) -> &[u8] {
        self.0.path.get(..self.0.len).unwrap_or_default()
    }

    /// The path, if it is one.
    pub fn as_pathname(&self) -> Option<&[u8]> {
        match self.bytes() {
            [] | [0, ..] => None,
            path => path.split(|byte| *byte == 0).next(),
        }
    }

    /// The name in the abstract namespace, if it is one.
    pub fn as_abstract_name(&self) -> Option<&[u8]> {
        match self.bytes() {
            [0, name @ ..] => Some(name),
            _ => None,
        }
    }

    /// Whether the socket has no address.
    pub fn is_unnamed(&self) -> bool {
        self.bytes().is_empty()
    }
}

impl fmt::Debug for UnixAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.as_pathname(), self.as_abstract_name()) {
            (Some(path), _) => write!(f, "{}", path.escape_ascii()),
            (_, Some(name)) => write!(f, "@{}", name.escape_ascii()),
            _ => f.write_str("(unnamed)"),
        }
    }
}

fn local_addr(sock: &Sock, app: &App) -> Result<UnixAddr> {
    let (storage, len) = sock.name(app)?;
    Ok(UnixAddr(RawUnix::from_storage(&storage, len)))
}

/// A unix socket that listens for connections.
pub struct UnixListener(Sock);

socket!(UnixListener);

impl UnixListener {
    /// A socket at `addr` that listens. A path is made, with the credentials of the thread, and stays until
    /// somebody unlinks it. C: `ukl_socket()`, `ukl_bind()`, `ukl_listen()`.
    ///
    /// # Errors
    ///
    /// `EADDRINUSE`, for a path also if there is a file; `EACCES`, `ENOENT`, `ENOTDIR`, `EROFS`, `ENOMEM`.
    pub fn bind(app: &App, addr: &UnixAddr) -> Result<Self> {
        let sock = Sock::open(app, bindings::AF_UNIX, bindings::sock_type_SOCK_STREAM)?;
        addr.0.with_sockaddr(|addr, len| {
            // SAFETY: `app` says that this is application mode; the address has `len` bytes.
            result(unsafe { bindings::ukl_bind(sock.as_ptr(), addr, len) })
        })?;
        sock.listen(app, BACKLOG)?;
        Ok(Self(sock))
    }

    /// Waits for a connection. Blocks. C: `ukl_accept()`.
    ///
    /// # Errors
    ///
    /// `EINVAL` once the socket was shut down, `ENOMEM`.
    pub fn accept(&self, app: &App) -> Result<UnixStream> {
        self.take(app, true)
    }

    /// Takes a connection that waits. C: `ukl_accept()`.
    ///
    /// # Errors
    ///
    /// As [`UnixListener::accept`]; `EAGAIN` if there is none.
    pub fn try_accept(&self, app: &App) -> Result<UnixStream> {
        self.take(app, false)
    }

    fn take(&self, app: &App, wait: bool) -> Result<UnixStream> {
        // Who connects rarely has an address; `peer_addr` says it.
        let mut peer = Storage::new();
        self.0.accept(app, &mut peer, wait).map(UnixStream)
    }

    /// Takes no more connections: threads that wait for one return with `EINVAL`. Works also when the
    /// thread was asked to stop. C: `ukl_shutdown()`.
    ///
    /// # Errors
    ///
    /// None but those of every call.
    pub fn shutdown(&self, app: &App) -> Result {
        self.0.shutdown(app, Shutdown::Both)
    }

    /// The address it is bound to. C: `ukl_getsockname()`.
    ///
    /// # Errors
    ///
    /// None but those of every call.
    pub fn local_addr(&self, app: &App) -> Result<UnixAddr> {
        local_addr(&self.0, app)
    }
}

/// A unix stream connection.
///
/// Several threads may use it at once.
pub struct UnixStream(Sock);

socket!(UnixStream);

impl UnixStream {
    /// Connects to `addr`; waits if the backlog there is full. Blocks. C: `ukl_socket()`, `ukl_connect()`.
    ///
    /// # Errors
    ///
    /// `ECONNREFUSED` if nobody listens, `ENOENT`, `EACCES`, `EPROTOTYPE`, `ENOMEM`.
    pub fn connect(app: &App, addr: &UnixAddr) -> Result<Self> {
        Self::dial(app, addr, None)
    }

    /// As [`UnixStream::connect`], within `timeout`; 0 does not wait.
    ///
    /// # Errors
    ///
    /// As [`UnixStream::connect`]; `EAGAIN` after `timeout`.
    pub fn connect_timeout(app: &App, addr: &UnixAddr, timeout: Duration) -> Result<Self> {
        Self::dial(app, addr, Some(timeout))
    }

    fn dial(app: &App, addr: &UnixAddr, timeout: Option<Duration>) -> Result<Self> {
        let sock = Sock::open(app, bindings::AF_UNIX, bindings::sock_type_SOCK_STREAM)?;
        addr.0.with_sockaddr(|addr, len| {
            // SAFETY: `app` says that this is application mode; the address has `len` bytes.
            result(unsafe { bindings::ukl_connect(sock.as_ptr(), addr, len, nanoseconds(timeout)) })
        })?;
        Ok(Self(sock))
    }

    /// Receives what is there, waits for at least a byte. 0 is the end of the stream, or an empty
    /// `buffer`. Blocks. C: `ukl_recv()`.
    ///
    /// # Errors
    ///
    /// `ECONNRESET`; `EMSGSIZE` for a buffer of more than `i32::MAX` bytes.
    #[inline]
    pub fn read(&self, app: &App, buffer: &mut [u8]) -> Result<usize> {
        self.0.receive(app, buffer, WAIT)
    }

    /// As [`UnixStream::read`], but does not wait.
    ///
    /// # Errors
    ///
    /// As [`UnixStream::read`]; `EAGAIN` if nothing is there.
    #[inline]
    pub fn try_read(&self, app: &App, buffer: &mut [u8]) -> Result<usize> {
        self.0.receive(app, buffer, DONTWAIT)
    }

    /// As [`UnixStream::read`], but leaves the bytes in the socket.
    ///
    /// # Errors
    ///
    /// As [`UnixStream::read`].
    #[inline]
    pub fn peek(&self, app: &App, buffer: &mut [u8]) -> Result<usize> {
        self.0.receive(app, buffer, bindings::MSG_PEEK)
    }

    /// Fills `buffer`; returns less at the end of the stream only. Blocks. C: `ukl_recv()`.
    ///
    /// # Errors
    ///
    /// As [`UnixStream::read`].
    #[inline]
    pub fn read_full(&self, app: &App, buffer: &mut [u8]) -> Result<usize> {
        self.0.receive(app, buffer, bindings::MSG_WAITALL)
    }

    /// As [`UnixStream::read`], into several buffers in their order. C: `ukl_recvv()`.
    ///
    /// # Errors
    ///
    /// As [`UnixStream::read`]; `EINVAL` for more than [`IOV_MAX`](crate::io::IOV_MAX) buffers.
    pub fn read_vectored(&self, app: &App, buffers: &mut [IoSliceMut<'_>]) -> Result<usize> {
        self.0.receive_vectored(app, buffers, WAIT)
    }

    /// Sends from the start of `data`, waits for room. Blocks. C: `ukl_send()`.
    ///
    /// # Errors
    ///
    /// `EPIPE` once the sending half is shut down or the peer is gone, `ENOBUFS`, `ENOMEM`; `EMSGSIZE` for
    /// more than `i32::MAX` bytes.
    #[inline]
    pub fn write(&self, app: &App, data: &[u8]) -> Result<usize> {
        self.0.send(app, data, WAIT)
    }

    /// As [`UnixStream::write`], but sends what there is room for.
    ///
    /// # Errors
    ///
    /// As [`UnixStream::write`]; `EAGAIN` if there is no room.
    #[inline]
    pub fn try_write(&self, app: &App, data: &[u8]) -> Result<usize> {
        self.0.send(app, data, DONTWAIT)
    }

    /// Sends all of `data`, as [`UnixStream::write`].
    ///
    /// # Errors
    ///
    /// As [`UnixStream::write`].
    #[inline]
    pub fn write_all(&self, app: &App, mut data: &[u8]) -> Result {
        while !data.is_empty() {
            let sent = self.write(app, data)?;
            data = data.get(sent..).ok_or(EIO)?;
        }
        Ok(())
    }

    /// As [`UnixStream::write`], from several buffers in their order. C: `ukl_sendv()`.
    ///
    /// # Errors
    ///
    /// As [`UnixStream::write`]; `EINVAL` for more than [`IOV_MAX`](crate::io::IOV_MAX) buffers.
    pub fn write_vectored(&self, app: &App, buffers: &[IoSlice<'_>]) -> Result<usize> {
        self.0.send_vectored(app, buffers, WAIT)
    }

    /// Ends one or both halves of the connection; calls that are blocked in it return. Works also when the
    /// thread was asked to stop. C: `ukl_shutdown()`.
    ///
    /// # Errors
    ///
    /// `ENOTCONN`.
    pub fn shutdown(&self, app: &App, how: Shutdown) -> Result {
        self.0.shutdown(app, how)
    }

    /// The address of this end. C: `ukl_getsockname()`.
    ///
    /// # Errors
    ///
    /// None but those of every call.
    pub fn local_addr(&self, app: &App) -> Result<UnixAddr> {
        local_addr(&self.0, app)
    }

    /// The address of the other end. C: `ukl_getpeername()`.
    ///
    /// # Errors
    ///
    /// `ENOTCONN` without one.
    pub fn peer_addr(&self, app: &App) -> Result<UnixAddr> {
        let (storage, len) = self.0.peer(app)?;
        Ok(UnixAddr(RawUnix::from_storage(&storage, len)))
    }
}
