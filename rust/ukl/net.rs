// SPDX-License-Identifier: GPL-2.0

//! TCP, after `std::net`.
//!
//! Sending is `tcp_sendmsg()`, receiving `tcp_recvmsg()`, without descriptor, VFS and user copy. Left
//! out with them: the LSM hooks and the cgroup BPF programs of the `sendmsg` and `recvmsg` system
//! calls, and receive packet steering's flow table.
//!
//! A socket that is dropped outside application mode stays open until its application stops.

use crate::{count, result, App};
use core::{
    mem::{size_of, MaybeUninit},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    ptr,
};
use kernel::{error::from_err_ptr, ffi::c_int, prelude::*};
use ukl_bindings::{self as bindings, errno};

pub use core::net::{SocketAddrV4, SocketAddrV6};

/// Connections that wait for [`TcpListener::accept`], as `std` has it.
const BACKLOG: c_int = 128;

/// Which half of a connection [`TcpStream::shutdown`] ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shutdown {
    /// No more receiving.
    Read,
    /// No more sending: the peer reads the end of the stream.
    Write,
    /// Neither.
    Both,
}

/// An open socket handle. Dropping it closes the socket.
struct Sock(*mut bindings::ukl_sock);

// SAFETY: The calls take a handle from any UKL thread of the application, several at a time.
unsafe impl Send for Sock {}
// SAFETY: As above.
unsafe impl Sync for Sock {}

impl Sock {
    fn new(handle: *mut bindings::ukl_sock) -> Result<Self> {
        from_err_ptr(handle).map(Self)
    }

    fn name(
        &self,
        get: unsafe extern "C" fn(
            *mut bindings::ukl_sock,
            *mut bindings::__kernel_sockaddr_storage,
        ) -> c_int,
    ) -> Result<SocketAddr> {
        let mut storage = MaybeUninit::<bindings::__kernel_sockaddr_storage>::zeroed();
        // SAFETY: The handle is open, and there is room for any address.
        result(unsafe { get(self.0, storage.as_mut_ptr()) }.min(0))?;
        address(&storage)
    }
}

impl Drop for Sock {
    fn drop(&mut self) {
        // SAFETY: The handle is ours and not used again.
        let _ = unsafe { bindings::ukl_close(self.0) };
    }
}

/// Hands `addr` to `f` as C has it: a pointer and a length.
fn with_sockaddr<R>(addr: SocketAddr, f: impl FnOnce(*const bindings::sockaddr, c_int) -> R) -> R {
    match addr {
        SocketAddr::V4(addr) => {
            let c = bindings::sockaddr_in {
                sin_family: bindings::AF_INET as u16,
                sin_port: addr.port().to_be(),
                sin_addr: bindings::in_addr {
                    s_addr: u32::from_ne_bytes(addr.ip().octets()),
                },
                ..Default::default()
            };
            f(ptr::from_ref(&c).cast(), size_of_val(&c) as c_int)
        }
        SocketAddr::V6(addr) => {
            let mut c = bindings::sockaddr_in6 {
                sin6_family: bindings::AF_INET6 as u16,
                sin6_port: addr.port().to_be(),
                sin6_flowinfo: addr.flowinfo(),
                sin6_scope_id: addr.scope_id(),
                ..Default::default()
            };
            c.sin6_addr.in6_u.u6_addr8 = addr.ip().octets();
            f(ptr::from_ref(&c).cast(), size_of_val(&c) as c_int)
        }
    }
}

/// The IPv4 or IPv6 address in `storage`; `EAFNOSUPPORT` for another family.
fn address(storage: &MaybeUninit<bindings::__kernel_sockaddr_storage>) -> Result<SocketAddr> {
    const _: () = assert!(
        size_of::<bindings::__kernel_sockaddr_storage>() >= size_of::<bindings::sockaddr_in6>()
    );
    // SAFETY: The storage was zeroed, so that all of its bytes may be read, and it is large and
    // aligned enough for either family.
    let (v4, v6) = unsafe {
        (
            &*storage.as_ptr().cast::<bindings::sockaddr_in>(),
            &*storage.as_ptr().cast::<bindings::sockaddr_in6>(),
        )
    };
    match v4.sin_family.into() {
        bindings::AF_INET => Ok(SocketAddr::new(
            IpAddr::V4(Ipv4Addr::from(v4.sin_addr.s_addr.to_ne_bytes())),
            u16::from_be(v4.sin_port),
        )),
        bindings::AF_INET6 => {
            // SAFETY: Any bytes are an address.
            let octets = unsafe { v6.sin6_addr.in6_u.u6_addr8 };
            Ok(SocketAddrV6::new(
                Ipv6Addr::from(octets),
                u16::from_be(v6.sin6_port),
                v6.sin6_flowinfo,
                v6.sin6_scope_id,
            )
            .into())
        }
        _ => Err(errno::eafnosupport()),
    }
}

/// A TCP socket that listens for connections.
pub struct TcpListener(Sock);

impl TcpListener {
    /// A socket bound to `addr` that listens, with `SO_REUSEADDR` set. Port 0 lets the kernel choose;
    /// an unspecified IPv6 address takes IPv4 connections as well.
    ///
    /// `EADDRINUSE`, `EADDRNOTAVAIL`, `EACCES`, `ENOMEM`.
    pub fn bind(_app: &App, addr: impl Into<SocketAddr>) -> Result<Self> {
        Sock::new(with_sockaddr(addr.into(), |addr, len| {
            // SAFETY: `_app` says that this is application mode; the address has `len` bytes.
            unsafe { bindings::ukl_tcp_listen(addr, len, BACKLOG) }
        }))
        .map(Self)
    }

    /// Waits for a connection.
    ///
    /// `EINVAL` once the socket was shut down, `ENOMEM`, `ENFILE`.
    pub fn accept(&self, _app: &App) -> Result<TcpStream> {
        // SAFETY: `_app` says that this is application mode; the handle is open.
        Sock::new(unsafe { bindings::ukl_tcp_accept(self.0 .0, 0) }).map(TcpStream)
    }

    /// Takes a connection that waits; `EAGAIN` if there is none.
    pub fn try_accept(&self, _app: &App) -> Result<TcpStream> {
        // SAFETY: `_app` says that this is application mode; the handle is open.
        Sock::new(unsafe { bindings::ukl_tcp_accept(self.0 .0, bindings::O_NONBLOCK as c_int) })
            .map(TcpStream)
    }

    /// The address it is bound to.
    pub fn local_addr(&self, _app: &App) -> Result<SocketAddr> {
        self.0.name(bindings::ukl_getsockname)
    }
}

/// A TCP connection.
///
/// Several threads may use it at once; each call is whole, their order is the kernel's.
pub struct TcpStream(Sock);

impl TcpStream {
    /// Connects to `addr`, waits for it.
    ///
    /// `ECONNREFUSED`, `ETIMEDOUT`, `ENETUNREACH`, `ENOMEM`.
    pub fn connect(_app: &App, addr: impl Into<SocketAddr>) -> Result<Self> {
        Sock::new(with_sockaddr(addr.into(), |addr, len| {
            // SAFETY: `_app` says that this is application mode; the address has `len` bytes.
            unsafe { bindings::ukl_tcp_connect(addr, len) }
        }))
        .map(Self)
    }

    /// Receives what is there, waits for at least a byte. 0 is the end of the stream, or an empty
    /// `buffer`.
    ///
    /// `ECONNRESET`, `ETIMEDOUT`; `EMSGSIZE` for a buffer of more than `i32::MAX` bytes.
    #[inline]
    pub fn read(&self, app: &App, buffer: &mut [u8]) -> Result<usize> {
        self.receive(app, buffer, 0)
    }

    /// As [`TcpStream::read`], but `EAGAIN` where that would wait.
    #[inline]
    pub fn try_read(&self, app: &App, buffer: &mut [u8]) -> Result<usize> {
        self.receive(app, buffer, bindings::MSG_DONTWAIT)
    }

    /// As [`TcpStream::read`], but leaves the bytes in the socket.
    #[inline]
    pub fn peek(&self, app: &App, buffer: &mut [u8]) -> Result<usize> {
        self.receive(app, buffer, bindings::MSG_PEEK)
    }

    /// Fills `buffer`; returns less at the end of the stream only.
    #[inline]
    pub fn read_full(&self, app: &App, buffer: &mut [u8]) -> Result<usize> {
        self.receive(app, buffer, bindings::MSG_WAITALL)
    }

    #[inline]
    fn receive(&self, _app: &App, buffer: &mut [u8], flags: u32) -> Result<usize> {
        // SAFETY: `_app` says that this is application mode; the handle is open and the buffer
        // writable.
        count(unsafe {
            bindings::ukl_tcp_recv(
                self.0 .0,
                buffer.as_mut_ptr().cast(),
                buffer.len(),
                flags as c_int,
            )
        })
    }

    /// Sends from the start of `data`, waits for room. Less than all was sent if the thread was asked
    /// to stop or the connection broke in the middle.
    ///
    /// `EPIPE` once the sending half is shut down, `ECONNRESET`, `ETIMEDOUT`; `EMSGSIZE` for more
    /// than `i32::MAX` bytes.
    #[inline]
    pub fn write(&self, app: &App, data: &[u8]) -> Result<usize> {
        self.send(app, data, 0)
    }

    /// As [`TcpStream::write`], but sends what there is room for; `EAGAIN` if there is none.
    #[inline]
    pub fn try_write(&self, app: &App, data: &[u8]) -> Result<usize> {
        self.send(app, data, bindings::MSG_DONTWAIT)
    }

    /// Sends all of `data`.
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
        // SAFETY: `_app` says that this is application mode; the handle is open and the data mapped.
        count(unsafe {
            bindings::ukl_tcp_send(self.0 .0, data.as_ptr().cast(), data.len(), flags as c_int)
        })
    }

    /// Ends one or both halves of the connection; calls that are blocked in it return.
    ///
    /// `ENOTCONN`.
    pub fn shutdown(&self, _app: &App, how: Shutdown) -> Result {
        let how = match how {
            Shutdown::Read => bindings::sock_shutdown_cmd_SHUT_RD,
            Shutdown::Write => bindings::sock_shutdown_cmd_SHUT_WR,
            Shutdown::Both => bindings::sock_shutdown_cmd_SHUT_RDWR,
        };
        // SAFETY: `_app` says that this is application mode; the handle is open.
        result(unsafe { bindings::ukl_shutdown(self.0 .0, how as c_int) })
    }

    /// `TCP_NODELAY`: whether small segments are sent at once.
    pub fn set_nodelay(&self, _app: &App, on: bool) -> Result {
        // SAFETY: `_app` says that this is application mode; the handle is open.
        result(unsafe { bindings::ukl_tcp_nodelay(self.0 .0, on) })
    }

    /// The address of this end.
    pub fn local_addr(&self, _app: &App) -> Result<SocketAddr> {
        self.0.name(bindings::ukl_getsockname)
    }

    /// The address of the other end; `ENOTCONN` without one.
    pub fn peer_addr(&self, _app: &App) -> Result<SocketAddr> {
        self.0.name(bindings::ukl_getpeername)
    }
}
