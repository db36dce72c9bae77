// SPDX-License-Identifier: GPL-2.0

//! UDP.

use super::{
    addr::{self, Storage},
    sock::{socket, Sock, DONTWAIT, WAIT},
};
use crate::App;
use core::net::SocketAddr;
use kernel::prelude::*;
use ukl_bindings as bindings;

/// A UDP socket.
///
/// Several threads may use it at once; each datagram goes to one of them, whole.
pub struct UdpSocket(Sock);

socket!(UdpSocket);

impl UdpSocket {
    /// A socket bound to `addr`. Port 0 lets the kernel choose; an unspecified IPv6 address receives
    /// IPv4 datagrams as well. C: `ukl_socket()`, `ukl_bind()`.
    ///
    /// # Errors
    ///
    /// `EADDRINUSE`, `EADDRNOTAVAIL`, `EACCES`, `EAFNOSUPPORT`, `ENOMEM`.
    pub fn bind(app: &App, addr: impl Into<SocketAddr>) -> Result<Self> {
        let addr = addr.into();
        let socket = Self::new(app, addr::family(addr))?;
        socket.0.bind(app, addr)?;
        Ok(socket)
    }

    /// As [`UdpSocket::bind`], with `SO_REUSEPORT`: several sockets that all say so may have one address;
    /// each datagram goes to one of them.
    ///
    /// # Errors
    ///
    /// As [`UdpSocket::bind`].
    pub fn bind_reuseport(app: &App, addr: impl Into<SocketAddr>) -> Result<Self> {
        let addr = addr.into();
        let socket = Self::new(app, addr::family(addr))?;
        let (level, name) = (bindings::SOL_SOCKET, bindings::SO_REUSEPORT);
        socket.0.set_number(app, level, name, 1)?;
        socket.0.bind(app, addr)?;
        Ok(socket)
    }

    fn new(app: &App, family: u32) -> Result<Self> {
        Sock::open(app, family, bindings::sock_type_SOCK_DGRAM).map(Self)
    }

    /// Makes `addr` the peer: what [`UdpSocket::send`] sends to, and the only one that is received from. C:
    /// `ukl_connect()`.
    ///
    /// # Errors
    ///
    /// `ENETUNREACH`, `EACCES`, `EAFNOSUPPORT`.
    pub fn connect(&self, app: &App, addr: impl Into<SocketAddr>) -> Result {
        self.0.connect(app, addr.into(), None)
    }

    /// Sends a datagram to `addr`, waits for room. It is taken whole. Blocks. C: `ukl_sendto()`.
    ///
    /// # Errors
    ///
    /// `EMSGSIZE` if it is too large, `ENETUNREACH`, `EHOSTUNREACH`, `ECONNREFUSED` for an earlier one,
    /// `EACCES`, `ENOBUFS`, `ENOMEM`.
    #[inline]
    pub fn send_to(&self, app: &App, data: &[u8], addr: impl Into<SocketAddr>) -> Result<usize> {
        self.0.send_to(app, data, WAIT, addr.into())
    }

    /// As [`UdpSocket::send_to`], but does not wait.
    ///
    /// # Errors
    ///
    /// As [`UdpSocket::send_to`]; `EAGAIN` if there is no room.
    #[inline]
    pub fn try_send_to(
        &self,
        app: &App,
        data: &[u8],
        addr: impl Into<SocketAddr>,
    ) -> Result<usize> {
        self.0.send_to(app, data, DONTWAIT, addr.into())
    }

    /// Sends a datagram to the peer; else as [`UdpSocket::send_to`]. C: `ukl_send()`.
    ///
    /// # Errors
    ///
    /// As [`UdpSocket::send_to`]; `EDESTADDRREQ` without a peer.
    #[inline]
    pub fn send(&self, app: &App, data: &[u8]) -> Result<usize> {
        self.0.send(app, data, WAIT)
    }

    /// As [`UdpSocket::send`], but does not wait.
    ///
    /// # Errors
    ///
    /// As [`UdpSocket::send`]; `EAGAIN` if there is no room.
    #[inline]
    pub fn try_send(&self, app: &App, data: &[u8]) -> Result<usize> {
        self.0.send(app, data, DONTWAIT)
    }

    /// Waits for a datagram; returns how many of its bytes are in `buffer`, and from whom it is. What
    /// does not fit is lost. Blocks. C: `ukl_recvfrom()`.
    ///
    /// # Errors
    ///
    /// `ECONNREFUSED` if there is nobody at the peer's address.
    #[inline]
    pub fn recv_from(&self, app: &App, buffer: &mut [u8]) -> Result<(usize, SocketAddr)> {
        self.receive_from(app, buffer, WAIT)
    }

    /// As [`UdpSocket::recv_from`], but does not wait.
    ///
    /// # Errors
    ///
    /// As [`UdpSocket::recv_from`]; `EAGAIN` if there is no datagram.
    #[inline]
    pub fn try_recv_from(&self, app: &App, buffer: &mut [u8]) -> Result<(usize, SocketAddr)> {
        self.receive_from(app, buffer, DONTWAIT)
    }

    /// As [`UdpSocket::recv_from`], but leaves the datagram in the socket.
    ///
    /// # Errors
    ///
    /// As [`UdpSocket::recv_from`].
    #[inline]
    pub fn peek_from(&self, app: &App, buffer: &mut [u8]) -> Result<(usize, SocketAddr)> {
        self.receive_from(app, buffer, bindings::MSG_PEEK)
    }

    #[inline]
    fn receive_from(
        &self,
        app: &App,
        buffer: &mut [u8],
        flags: u32,
    ) -> Result<(usize, SocketAddr)> {
        let mut from = Storage::new();
        let count = self.0.receive_from(app, buffer, flags, &mut from)?;
        Ok((count, from.inet()?.unwrap_or(addr::NOBODY)))
    }

    /// Waits for a datagram; returns how many of its bytes are in `buffer`. What does not fit is lost.
    /// Blocks. C: `ukl_recv()`.
    ///
    /// # Errors
    ///
    /// As [`UdpSocket::recv_from`].
    #[inline]
    pub fn recv(&self, app: &App, buffer: &mut [u8]) -> Result<usize> {
        self.0.receive(app, buffer, WAIT)
    }

    /// As [`UdpSocket::recv`], but does not wait.
    ///
    /// # Errors
    ///
    /// As [`UdpSocket::recv`]; `EAGAIN` if there is no datagram.
    #[inline]
    pub fn try_recv(&self, app: &App, buffer: &mut [u8]) -> Result<usize> {
        self.0.receive(app, buffer, DONTWAIT)
    }

    /// `SO_BROADCAST`: whether it may send to broadcast addresses. C: `ukl_setsockopt()`.
    ///
    /// # Errors
    ///
    /// None but those of every call.
    pub fn set_broadcast(&self, app: &App, on: bool) -> Result {
        self.0
            .set_number(app, bindings::SOL_SOCKET, bindings::SO_BROADCAST, on.into())
    }

    /// The address it is bound to. C: `ukl_getsockname()`.
    ///
    /// # Errors
    ///
    /// `EAFNOSUPPORT` if it is neither IPv4 nor IPv6.
    pub fn local_addr(&self, app: &App) -> Result<SocketAddr> {
        Ok(self.0.name(app)?.0.inet()?.unwrap_or(addr::NOBODY))
    }

    /// The peer that [`UdpSocket::connect`] was told. C: `ukl_getpeername()`.
    ///
    /// # Errors
    ///
    /// `ENOTCONN` without one.
    pub fn peer_addr(&self, app: &App) -> Result<SocketAddr> {
        Ok(self.0.peer(app)?.0.inet()?.unwrap_or(addr::NOBODY))
    }
}
