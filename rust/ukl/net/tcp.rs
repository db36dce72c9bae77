// SPDX-License-Identifier: GPL-2.0

//! TCP.

use super::{
    addr::{self, with_sockaddr, Storage},
    exchange::{self, Exchange, Exchanged},
    sock::{socket, Sock, DONTWAIT, WAIT},
    Shutdown,
};
use crate::{
    count,
    io::{IoSlice, IoSliceMut, Pages},
    nanoseconds, result, App,
};
use core::{net::SocketAddr, ops::Range, time::Duration};
use kernel::{ffi::c_int, prelude::*};
use ukl_bindings::{self as bindings, errno};

/// Connections that wait for [`TcpListener::accept`], as `std` has it.
const BACKLOG: u32 = 128;

/// Options that every TCP socket has.
macro_rules! tcp_options {
    ($type:ident) => {
        impl $type {
            /// `TCP_NODELAY`: whether small segments are sent at once. The connections that a listener
            /// takes have it from there. C: `ukl_tcp_nodelay()`.
            ///
            /// # Errors
            ///
            /// None but those of every call.
            pub fn set_nodelay(&self, _app: &App, on: bool) -> Result {
                // SAFETY: `_app` says that this is application mode; the handle is open.
                result(unsafe { bindings::ukl_tcp_nodelay(self.0.as_ptr(), on) })
            }

            /// `SO_KEEPALIVE`: whether the peer is asked for a sign of life when the connection is idle.
            /// C: `ukl_setsockopt()`.
            ///
            /// # Errors
            ///
            /// None but those of every call.
            pub fn set_keepalive(&self, app: &App, on: bool) -> Result {
                self.0
                    .set_number(app, bindings::SOL_SOCKET, bindings::SO_KEEPALIVE, on.into())
            }

            /// `TCP_KEEPIDLE`: for how long a connection is idle before the peer is asked, in whole seconds.
            /// C: `ukl_setsockopt()`.
            ///
            /// # Errors
            ///
            /// `EINVAL` for less than 1 s or more than 32767 s.
            pub fn set_keepalive_time(&self, app: &App, time: Duration) -> Result {
                self.set_seconds(app, bindings::TCP_KEEPIDLE, time)
            }

            /// `TCP_KEEPINTVL`: how long after the last question the peer is asked again, in whole seconds.
            /// C: `ukl_setsockopt()`.
            ///
            /// # Errors
            ///
            /// `EINVAL` for less than 1 s or more than 32767 s.
            pub fn set_keepalive_interval(&self, app: &App, interval: Duration) -> Result {
                self.set_seconds(app, bindings::TCP_KEEPINTVL, interval)
            }

            /// `TCP_KEEPCNT`: how many questions without an answer end the connection. C:
            /// `ukl_setsockopt()`.
            ///
            /// # Errors
            ///
            /// `EINVAL` for 0 or more than 127.
            pub fn set_keepalive_retries(&self, app: &App, retries: u32) -> Result {
                self.0.set_number(
                    app,
                    bindings::SOL_TCP,
                    bindings::TCP_KEEPCNT,
                    retries as usize,
                )
            }

            fn set_seconds(&self, app: &App, name: u32, time: Duration) -> Result {
                let seconds = usize::try_from(time.as_secs()).map_err(|_| EINVAL)?;
                self.0.set_number(app, bindings::SOL_TCP, name, seconds)
            }

            /// `SO_LINGER`: what happens to bytes that are not sent yet when the socket is closed. They are
            /// sent by and by without a time, the close waits for that as long as `time`, in whole seconds, and
            /// with a time of 0 the connection is reset. C: `ukl_setsockopt()`.
            ///
            /// # Errors
            ///
            /// `EINVAL` for more than `i32::MAX` seconds.
            pub fn set_linger(&self, app: &App, time: Option<Duration>) -> Result {
                let seconds = c_int::try_from(time.unwrap_or_default().as_secs());
                let value = bindings::linger {
                    l_onoff: time.is_some().into(),
                    l_linger: seconds.map_err(|_| EINVAL)?,
                };
                self.0
                    .set(app, bindings::SOL_SOCKET, bindings::SO_LINGER, value)
            }

            /// The address of this end. C: `ukl_getsockname()`.
            ///
            /// # Errors
            ///
            /// `EAFNOSUPPORT` if it is neither IPv4 nor IPv6.
            pub fn local_addr(&self, app: &App) -> Result<SocketAddr> {
                Ok(self.0.name(app)?.0.inet()?.unwrap_or(addr::NOBODY))
            }
        }

        socket!($type);
    };
}

/// A TCP socket that is not connected and does not listen yet: for options that have to be set before.
pub struct TcpSocket(Sock);

tcp_options!(TcpSocket);

impl TcpSocket {
    /// A socket for IPv4. C: `ukl_socket()`.
    ///
    /// # Errors
    ///
    /// `EAFNOSUPPORT`, `EACCES`, `EPERM`, `ENOMEM`.
    pub fn new_v4(app: &App) -> Result<Self> {
        Self::new(app, bindings::AF_INET)
    }

    /// A socket for IPv6, and for IPv4 unless [`TcpSocket::set_only_v6`] or the system says otherwise. C:
    /// `ukl_socket()`.
    ///
    /// # Errors
    ///
    /// As [`TcpSocket::new_v4`].
    pub fn new_v6(app: &App) -> Result<Self> {
        Self::new(app, bindings::AF_INET6)
    }

    /// A socket for addresses like `addr`.
    ///
    /// # Errors
    ///
    /// As [`TcpSocket::new_v4`].
    pub fn new_for(app: &App, addr: impl Into<SocketAddr>) -> Result<Self> {
        Self::new(app, addr::family(addr.into()))
    }

    fn new(app: &App, family: u32) -> Result<Self> {
        Sock::open(app, family, bindings::sock_type_SOCK_STREAM).map(Self)
    }

    /// `SO_REUSEADDR`: whether an address may be bound that connections in their last state still have.
    /// C: `ukl_setsockopt()`.
    ///
    /// # Errors
    ///
    /// None but those of every call.
    pub fn set_reuseaddr(&self, app: &App, on: bool) -> Result {
        self.0
            .set_number(app, bindings::SOL_SOCKET, bindings::SO_REUSEADDR, on.into())
    }

    /// `SO_REUSEPORT`: whether several sockets that all say so may listen at one address; each connection
    /// is given to one of them. C: `ukl_setsockopt()`.
    ///
    /// # Errors
    ///
    /// None but those of every call.
    pub fn set_reuseport(&self, app: &App, on: bool) -> Result {
        self.0
            .set_number(app, bindings::SOL_SOCKET, bindings::SO_REUSEPORT, on.into())
    }

    /// `IPV6_V6ONLY`: whether an IPv6 socket leaves IPv4 to others. C: `ukl_setsockopt()`.
    ///
    /// # Errors
    ///
    /// `ENOPROTOOPT` for an IPv4 socket, `EINVAL` once it is bound.
    pub fn set_only_v6(&self, app: &App, on: bool) -> Result {
        self.0
            .set_number(app, bindings::SOL_IPV6, bindings::IPV6_V6ONLY, on.into())
    }

    /// Gives the socket an address; port 0 lets the kernel choose. C: `ukl_bind()`.
    ///
    /// # Errors
    ///
    /// `EADDRINUSE`, `EADDRNOTAVAIL`, `EACCES`, `EINVAL` if it has one.
    pub fn bind(&self, app: &App, addr: impl Into<SocketAddr>) -> Result {
        self.0.bind(app, addr.into())
    }

    /// Lets it take connections, of which `backlog` may wait to be accepted. C: `ukl_listen()`.
    ///
    /// # Errors
    ///
    /// `EADDRINUSE`.
    pub fn listen(self, app: &App, backlog: u32) -> Result<TcpListener> {
        self.0.listen(app, backlog)?;
        Ok(TcpListener(self.0))
    }

    /// Connects it to `addr`. Blocks. C: `ukl_connect()`.
    ///
    /// # Errors
    ///
    /// As [`TcpStream::connect`]; `EAFNOSUPPORT` for an address of the other family.
    pub fn connect(self, app: &App, addr: impl Into<SocketAddr>) -> Result<TcpStream> {
        self.0.connect(app, addr.into(), None)?;
        Ok(TcpStream(self.0))
    }

    /// Connects it to `addr` within `timeout`. Blocks. C: `ukl_connect()`.
    ///
    /// # Errors
    ///
    /// As [`TcpStream::connect_timeout`]; `EAFNOSUPPORT` for an address of the other family.
    pub fn connect_timeout(
        self,
        app: &App,
        addr: impl Into<SocketAddr>,
        timeout: Duration,
    ) -> Result<TcpStream> {
        if timeout.is_zero() {
            return Err(EINVAL);
        }
        self.0.connect(app, addr.into(), Some(timeout))?;
        Ok(TcpStream(self.0))
    }

    /// Begins to connect it to `addr`. The connection is there, or could not be made, once an event set
    /// says that it is writable: [`TcpStream::take_error`] tells which. Does not block. C: `ukl_connect()`.
    ///
    /// # Errors
    ///
    /// `EADDRNOTAVAIL`, `ENETUNREACH`, `EAFNOSUPPORT` for an address of the other family, `ENOMEM`.
    pub fn start_connect(self, app: &App, addr: impl Into<SocketAddr>) -> Result<TcpStream> {
        match self.0.connect(app, addr.into(), Some(Duration::ZERO)) {
            Ok(()) => {}
            Err(error) if error == errno::einprogress() => {}
            Err(error) => return Err(error),
        }
        Ok(TcpStream(self.0))
    }
}

/// A TCP socket that listens for connections.
pub struct TcpListener(Sock);

tcp_options!(TcpListener);

impl TcpListener {
    /// A socket bound to `addr` that listens, with `SO_REUSEADDR` set. Port 0 lets the kernel choose;
    /// an unspecified IPv6 address takes IPv4 connections as well. [`TcpSocket`] is for more options. C:
    /// `ukl_tcp_listen()`.
    ///
    /// # Errors
    ///
    /// `EADDRINUSE`, `EADDRNOTAVAIL`, `EACCES`, `EAFNOSUPPORT`, `ENOMEM`.
    pub fn bind(_app: &App, addr: impl Into<SocketAddr>) -> Result<Self> {
        Sock::new(with_sockaddr(addr.into(), |addr, len| {
            // SAFETY: `_app` says that this is application mode; the address has `len` bytes.
            unsafe { bindings::ukl_tcp_listen(addr, len, BACKLOG as c_int) }
        }))
        .map(Self)
    }

    /// Waits for a connection; returns it with the address of its other end, which is 0.0.0.0 with port 0
    /// if that one is gone already. Blocks. C: `ukl_accept()`.
    ///
    /// # Errors
    ///
    /// `EINVAL` once the socket was shut down, `ECONNABORTED`, `ENOMEM`.
    pub fn accept(&self, app: &App) -> Result<(TcpStream, SocketAddr)> {
        self.take(app, true)
    }

    /// Takes a connection that waits; else as [`TcpListener::accept`].
    ///
    /// # Errors
    ///
    /// As [`TcpListener::accept`]; `EAGAIN` if there is none.
    pub fn try_accept(&self, app: &App) -> Result<(TcpStream, SocketAddr)> {
        self.take(app, false)
    }

    fn take(&self, app: &App, wait: bool) -> Result<(TcpStream, SocketAddr)> {
        let mut peer = Storage::new();
        let stream = TcpStream(self.0.accept(app, &mut peer, wait)?);
        Ok((stream, peer.inet()?.unwrap_or(addr::NOBODY)))
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
}

/// A TCP connection.
///
/// Several threads may use it at once; each call is whole, their order is the kernel's.
pub struct TcpStream(Sock);

tcp_options!(TcpStream);

impl TcpStream {
    /// Connects to `addr`. Blocks. C: `ukl_tcp_connect()`.
    ///
    /// # Errors
    ///
    /// `ECONNREFUSED`, `ETIMEDOUT`, `ENETUNREACH`, `EHOSTUNREACH`, `EADDRNOTAVAIL`, `EAFNOSUPPORT`, `ENOMEM`.
    pub fn connect(app: &App, addr: impl Into<SocketAddr>) -> Result<Self> {
        Self::dial(app, addr.into(), None)
    }

    /// As [`TcpStream::connect`], within `timeout`.
    ///
    /// # Errors
    ///
    /// As [`TcpStream::connect`]; `ETIMEDOUT` after `timeout`, `EINVAL` if it is 0.
    pub fn connect_timeout(
        app: &App,
        addr: impl Into<SocketAddr>,
        timeout: Duration,
    ) -> Result<Self> {
        Self::dial(app, addr.into(), Some(timeout))
    }

    fn dial(_app: &App, addr: SocketAddr, timeout: Option<Duration>) -> Result<Self> {
        Sock::new(with_sockaddr(addr, |addr, len| {
            // SAFETY: `_app` says that this is application mode; the address has `len` bytes.
            unsafe { bindings::ukl_tcp_connect(addr, len, nanoseconds(timeout)) }
        }))
        .map(Self)
    }

    /// Receives what is there, waits for at least a byte. 0 is the end of the stream, or an empty
    /// `buffer`. Blocks. C: `ukl_tcp_recv()`.
    ///
    /// # Errors
    ///
    /// `ECONNRESET`, `ETIMEDOUT`, `ENOTCONN`; `EMSGSIZE` for a buffer of more than `i32::MAX` bytes.
    #[inline]
    pub fn read(&self, app: &App, buffer: &mut [u8]) -> Result<usize> {
        self.receive(app, buffer, WAIT)
    }

    /// As [`TcpStream::read`], but does not wait.
    ///
    /// # Errors
    ///
    /// As [`TcpStream::read`]; `EAGAIN` if nothing is there.
    #[inline]
    pub fn try_read(&self, app: &App, buffer: &mut [u8]) -> Result<usize> {
        self.receive(app, buffer, DONTWAIT)
    }

    /// As [`TcpStream::read`], but leaves the bytes in the socket.
    ///
    /// # Errors
    ///
    /// As [`TcpStream::read`].
    #[inline]
    pub fn peek(&self, app: &App, buffer: &mut [u8]) -> Result<usize> {
        self.receive(app, buffer, bindings::MSG_PEEK)
    }

    /// Fills `buffer`; returns less at the end of the stream only. Blocks. C: `ukl_tcp_recv()`.
    ///
    /// # Errors
    ///
    /// As [`TcpStream::read`].
    #[inline]
    pub fn read_full(&self, app: &App, buffer: &mut [u8]) -> Result<usize> {
        self.receive(app, buffer, bindings::MSG_WAITALL)
    }

    #[inline]
    fn receive(&self, _app: &App, buffer: &mut [u8], flags: u32) -> Result<usize> {
        let (buffer, len) = (buffer.as_mut_ptr().cast(), buffer.len());
        // SAFETY: `_app` says that this is application mode; the handle is open, the buffer writable.
        count(unsafe { bindings::ukl_tcp_recv(self.0.as_ptr(), buffer, len, flags as c_int) })
    }

    /// As [`TcpStream::read`], into several buffers in their order. C: `ukl_tcp_recvv()`.
    ///
    /// # Errors
    ///
    /// As [`TcpStream::read`]; `EINVAL` for more than [`IOV_MAX`](crate::io::IOV_MAX) buffers.
    pub fn read_vectored(&self, app: &App, buffers: &mut [IoSliceMut<'_>]) -> Result<usize> {
        self.receive_vectored(app, buffers, WAIT)
    }

    /// As [`TcpStream::read_vectored`], but does not wait.
    ///
    /// # Errors
    ///
    /// As [`TcpStream::read_vectored`]; `EAGAIN` if nothing is there.
    pub fn try_read_vectored(&self, app: &App, buffers: &mut [IoSliceMut<'_>]) -> Result<usize> {
        self.receive_vectored(app, buffers, DONTWAIT)
    }

    fn receive_vectored(
        &self,
        _app: &App,
        buffers: &mut [IoSliceMut<'_>],
        flags: u32,
    ) -> Result<usize> {
        let (parts, parts_len) = (buffers.as_ptr().cast(), buffers.len());
        // SAFETY: As in `receive`, for each buffer.
        count(unsafe { bindings::ukl_tcp_recvv(self.0.as_ptr(), parts, parts_len, flags as c_int) })
    }

    /// Receives without copying: `look` is called for what is there, buffer by buffer, where the network
    /// has put it, and returns how many bytes it consumed from the front. Until all that is there is
    /// consumed, or it consumes less than it was given; the rest stays in the socket. Returns how many bytes
    /// were consumed: 0 at the end of the stream, and if `look` wanted nothing. Waits for at least a
    /// byte. Blocks. C: `ukl_tcp_recv_inplace()`.
    ///
    /// `look` is called with the socket locked, in the middle of this call; what it may do and how the
    /// stream is cut says [`Exchange`].
    ///
    /// # Errors
    ///
    /// What `look` returned, if nothing was consumed before; `EINVAL` if it says that it consumed more than
    /// there was; `EBADMSG` if urgent data comes next, which only [`TcpStream::read`] gets past; and
    /// those of that one.
    #[inline]
    pub fn read_in_place<F>(&self, app: &App, look: F) -> Result<usize>
    where
        F: FnMut(&[u8]) -> Result<usize>,
    {
        exchange::read_in_place(&self.0, app, look, WAIT)
    }

    /// As [`TcpStream::read_in_place`], but does not wait.
    ///
    /// # Errors
    ///
    /// As [`TcpStream::read_in_place`]; `EAGAIN` if nothing is there.
    #[inline]
    pub fn try_read_in_place<F>(&self, app: &App, look: F) -> Result<usize>
    where
        F: FnMut(&[u8]) -> Result<usize>,
    {
        exchange::read_in_place(&self.0, app, look, DONTWAIT)
    }

    /// Receives in place, as [`TcpStream::read_in_place`], and sends the reply, in one section of the
    /// socket's lock. The reply is sent also if [`Exchange::consume`] has failed. The send does not wait:
    /// what there is no room for is left to the caller. Blocks until there is at least a byte to receive. C:
    /// `ukl_tcp_exchange()`.
    ///
    /// # Errors
    ///
    /// As [`TcpStream::read_in_place`]; what became of the reply is in [`Exchanged::sent`].
    #[inline]
    pub fn exchange<E: Exchange>(&self, app: &App, with: &mut E) -> Result<Exchanged> {
        exchange::exchange(&self.0, app, with, WAIT)
    }

    /// As [`TcpStream::exchange`], but does not wait for something to receive.
    ///
    /// # Errors
    ///
    /// As [`TcpStream::exchange`]; `EAGAIN` if nothing is there.
    #[inline]
    pub fn try_exchange<E: Exchange>(&self, app: &App, with: &mut E) -> Result<Exchanged> {
        exchange::exchange(&self.0, app, with, DONTWAIT)
    }

    /// Sends from the start of `data`, waits for room. Less than all was sent if the thread was asked
    /// to stop or the connection broke in the middle. Blocks. C: `ukl_tcp_send()`.
    ///
    /// # Errors
    ///
    /// `EPIPE` once the sending half is shut down, `ECONNRESET`, `ETIMEDOUT`, `ENOMEM`; `EMSGSIZE` for more
    /// than `i32::MAX` bytes.
    #[inline]
    pub fn write(&self, app: &App, data: &[u8]) -> Result<usize> {
        self.send(app, data, WAIT)
    }

    /// As [`TcpStream::write`], but sends what there is room for.
    ///
    /// # Errors
    ///
    /// As [`TcpStream::write`]; `EAGAIN` if there is no room.
    #[inline]
    pub fn try_write(&self, app: &App, data: &[u8]) -> Result<usize> {
        self.send(app, data, DONTWAIT)
    }

    /// As [`TcpStream::write`], but more comes at once (`MSG_MORE`): a segment that is not full waits
    /// for it.
    ///
    /// # Errors
    ///
    /// As [`TcpStream::write`].
    #[inline]
    pub fn write_more(&self, app: &App, data: &[u8]) -> Result<usize> {
        self.send(app, data, bindings::MSG_MORE)
    }

    /// Sends all of `data`, as [`TcpStream::write`].
    ///
    /// # Errors
    ///
    /// As [`TcpStream::write`].
    #[inline]
    pub fn write_all(&self, app: &App, mut data: &[u8]) -> Result {
        while !data.is_empty() {
            let sent = self.write(app, data)?;
            data = data.get(sent..).ok_or(EIO)?;
        }
        Ok(())
    }

    #[inline]
    fn send(&self, _app: &App, data: &[u8], flags: u32) -> Result<usize> {
        let (data, len) = (data.as_ptr().cast(), data.len());
        // SAFETY: `_app` says that this is application mode; the handle is open and the data mapped.
        count(unsafe { bindings::ukl_tcp_send(self.0.as_ptr(), data, len, flags as c_int) })
    }

    /// As [`TcpStream::write`], from several buffers in their order. C: `ukl_tcp_sendv()`.
    ///
    /// # Errors
    ///
    /// As [`TcpStream::write`]; `EINVAL` for more than [`IOV_MAX`](crate::io::IOV_MAX) buffers.
    pub fn write_vectored(&self, app: &App, buffers: &[IoSlice<'_>]) -> Result<usize> {
        self.send_vectored(app, buffers, WAIT)
    }

    /// As [`TcpStream::write_vectored`], but sends what there is room for.
    ///
    /// # Errors
    ///
    /// As [`TcpStream::write_vectored`]; `EAGAIN` if there is no room.
    pub fn try_write_vectored(&self, app: &App, buffers: &[IoSlice<'_>]) -> Result<usize> {
        self.send_vectored(app, buffers, DONTWAIT)
    }

    fn send_vectored(&self, _app: &App, buffers: &[IoSlice<'_>], flags: u32) -> Result<usize> {
        let (parts, parts_len) = (buffers.as_ptr().cast(), buffers.len());
        // SAFETY: As in `send`, for each buffer.
        count(unsafe { bindings::ukl_tcp_sendv(self.0.as_ptr(), parts, parts_len, flags as c_int) })
    }

    /// Sends bytes of `pages` without copying (`MSG_SPLICE_PAGES`), waits for room: the socket refers to
    /// the pages until the peer has acknowledged them. Pays from a few KiB on. Else as
    /// [`TcpStream::write`]. C: `ukl_tcp_send_pages()`.
    ///
    /// # Errors
    ///
    /// As [`TcpStream::write`]; `EINVAL` if `range` is not inside of the pages.
    pub fn write_pages(&self, app: &App, pages: &Pages, range: Range<usize>) -> Result<usize> {
        self.send_pages(app, pages, range, WAIT)
    }

    /// As [`TcpStream::write_pages`], but sends what there is room for.
    ///
    /// # Errors
    ///
    /// As [`TcpStream::write_pages`]; `EAGAIN` if there is no room.
    pub fn try_write_pages(&self, app: &App, pages: &Pages, range: Range<usize>) -> Result<usize> {
        self.send_pages(app, pages, range, DONTWAIT)
    }

    fn send_pages(
        &self,
        _app: &App,
        pages: &Pages,
        range: Range<usize>,
        flags: u32,
    ) -> Result<usize> {
        let data = pages.get(range).ok_or(EINVAL)?;
        let (data, len) = (data.as_ptr().cast(), data.len());
        // SAFETY: As in `send`. The bytes are in pages of vmalloc's and nobody changes them: `Pages` gives
        // out shared references only, and pages that are freed stay as long as the socket refers to them.
        count(unsafe { bindings::ukl_tcp_send_pages(self.0.as_ptr(), data, len, flags as c_int) })
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

    /// The address of the other end. C: `ukl_getpeername()`.
    ///
    /// # Errors
    ///
    /// `ENOTCONN` without one.
    pub fn peer_addr(&self, app: &App) -> Result<SocketAddr> {
        Ok(self.0.peer(app)?.0.inet()?.unwrap_or(addr::NOBODY))
    }
}
