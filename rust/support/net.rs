// SPDX-License-Identifier: GPL-2.0

//! Sockets.
//!
//! C header: [`include/linux/net.h`](srctree/include/linux/net.h)

use crate::bindings;
use core::{
    ffi::{c_int, c_void},
    mem,
    ptr::{self, NonNull},
};
use kernel::{error::to_result, prelude::*};

/// Bytes of the largest socket address, `struct sockaddr_storage`.
pub const ADDRESS_MAX: usize = 128;

/// A socket address in the kernel's own layout, of any family.
#[derive(Clone, Copy)]
#[repr(C, align(8))]
pub struct Address {
    bytes: [u8; ADDRESS_MAX],
    len: usize,
}

impl Address {
    /// Copies an address of at most [`ADDRESS_MAX`] bytes; `EINVAL` for another length.
    pub fn new(from: &[u8]) -> Result<Self> {
        if from.len() < mem::size_of::<bindings::sa_family_t>() || from.len() > ADDRESS_MAX {
            return Err(EINVAL);
        }
        let mut bytes = [0; ADDRESS_MAX];
        bytes[..from.len()].copy_from_slice(from);
        Ok(Self {
            bytes,
            len: from.len(),
        })
    }

    /// The address family (`AF_INET` and so on).
    pub fn family(&self) -> u16 {
        u16::from_ne_bytes([self.bytes[0], self.bytes[1]])
    }

    /// The bytes of the address.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    /// All bytes, zero behind the address: a `struct sockaddr_storage`.
    pub fn as_storage(&self) -> &[u8; ADDRESS_MAX] {
        &self.bytes
    }
}

/// Which half of a connection is shut down.
#[derive(Clone, Copy)]
#[repr(u32)]
pub enum Shutdown {
    /// No more receiving.
    Read = bindings::sock_shutdown_cmd_SHUT_RD,
    /// No more sending: the peer sees the end of the stream.
    Write = bindings::sock_shutdown_cmd_SHUT_WR,
    /// Neither.
    Both = bindings::sock_shutdown_cmd_SHUT_RDWR,
}

/// A family, type and protocol that belong together.
#[derive(Clone, Copy)]
pub struct Kind {
    family: u32,
    kind: u32,
    protocol: u32,
}

impl Kind {
    /// TCP over the family of `address`: `EAFNOSUPPORT` for another than IPv4 and IPv6.
    pub fn tcp(address: &Address) -> Result<Self> {
        match address.family().into() {
            family @ (bindings::AF_INET | bindings::AF_INET6) => Ok(Self {
                family,
                kind: bindings::sock_type_SOCK_STREAM,
                protocol: bindings::UKL_IPPROTO_TCP,
            }),
            _ => Err(Error::from_errno(-(bindings::EAFNOSUPPORT as c_int))),
        }
    }
}

/// Flags of a send or receive, `MSG_*`.
#[derive(Clone, Copy)]
pub struct Message(u32);

impl Message {
    /// The flags in `bits`.
    pub const fn new(bits: u32) -> Self {
        Self(bits)
    }

    /// The bits.
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// Both sets.
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The set without `other`.
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether all of `other` is in the set.
    #[inline(always)]
    pub const fn contains(self, other: Self) -> bool {
        other.0 & !self.0 == 0
    }
}

/// `MSG_DONTWAIT`: `EAGAIN` instead of waiting.
pub const DONTWAIT: Message = Message(bindings::MSG_DONTWAIT);
/// `MSG_MORE`: more data follows, a segment that is not full may wait for it.
pub const MORE: Message = Message(bindings::MSG_MORE);
/// `MSG_NOSIGNAL`: no `SIGPIPE`.
pub const NOSIGNAL: Message = Message(bindings::MSG_NOSIGNAL);
/// `MSG_PEEK`: leave the data in the socket.
pub const PEEK: Message = Message(bindings::MSG_PEEK);
/// `MSG_WAITALL`: wait until the buffer is full.
pub const WAITALL: Message = Message(bindings::MSG_WAITALL);

/// A socket of the kernel's. Dropping it closes it.
///
/// Methods take `&self`: the kernel locks a socket itself. Unless they say otherwise they may sleep.
///
/// # Invariants
///
/// Points to a `struct socket` that this value owns, whose `sk` is not null.
pub struct Socket(NonNull<bindings::socket>);

// SAFETY: A socket is not tied to the task that made it.
unsafe impl Send for Socket {}
// SAFETY: The kernel serialises concurrent calls on a socket.
unsafe impl Sync for Socket {}

impl Socket {
    /// `sock_create()`: a socket in the network namespace of the current task, past its LSM checks.
    pub fn new(kind: Kind) -> Result<Self> {
        let mut socket = ptr::null_mut();
        // SAFETY: `socket` is valid for a write.
        to_result(unsafe {
            bindings::sock_create(
                kind.family as c_int,
                kind.kind as c_int,
                kind.protocol as c_int,
                &mut socket,
            )
        })?;
        // INVARIANT: A socket that was created has a `sk`.
        Ok(Self(NonNull::new(socket).ok_or(EINVAL)?))
    }

    /// Takes over a socket that C code made.
    ///
    /// # Safety
    ///
    /// `socket` is a valid `struct socket` with a `sk`, and the caller gives up ownership.
    pub unsafe fn from_raw(socket: NonNull<c_void>) -> Self {
        // INVARIANT: By the function's requirements.
        Self(socket.cast())
    }

    /// Whether the kernel made it a TCP socket, over IPv4 or IPv6.
    pub fn is_tcp(&self) -> bool {
        // SAFETY: The socket is valid; its type never changes.
        unsafe { bindings::ukl_helper_is_tcp(self.0.as_ptr()) }
    }

    /// `kernel_bind()`.
    pub fn bind(&self, address: &Address) -> Result {
        let mut address = *address;
        // SAFETY: The socket is valid; the address is a copy that the kernel may write.
        to_result(unsafe {
            bindings::ukl_helper_bind(
                self.0.as_ptr(),
                address.bytes.as_mut_ptr().cast(),
                address.len as c_int,
            )
        })
    }

    /// `kernel_listen()`.
    pub fn listen(&self, backlog: i32) -> Result {
        // SAFETY: The socket is valid.
        to_result(unsafe { bindings::kernel_listen(self.0.as_ptr(), backlog) })
    }

    /// `kernel_accept()`: waits for a connection unless `nonblock`.
    pub fn accept(&self, nonblock: bool) -> Result<Socket> {
        let mut socket = ptr::null_mut();
        let flags = if nonblock { bindings::O_NONBLOCK } else { 0 };
        // SAFETY: The socket is valid and `socket` is valid for a write.
        to_result(unsafe {
            bindings::kernel_accept(self.0.as_ptr(), &mut socket, flags as c_int)
        })?;
        // INVARIANT: An accepted socket has been grafted onto its `sk`.
        Ok(Socket(NonNull::new(socket).ok_or(EINVAL)?))
    }

    /// `kernel_connect()`: waits until connected.
    pub fn connect(&self, address: &Address) -> Result {
        let mut address = *address;
        // SAFETY: The socket is valid; the address is a copy that the kernel may write.
        to_result(unsafe {
            bindings::ukl_helper_connect(
                self.0.as_ptr(),
                address.bytes.as_mut_ptr().cast(),
                address.len as c_int,
                0,
            )
        })
    }

    /// `kernel_sock_shutdown()`.
    pub fn shutdown(&self, how: Shutdown) -> Result {
        // SAFETY: The socket is valid.
        to_result(unsafe { bindings::kernel_sock_shutdown(self.0.as_ptr(), how as u32) })
    }

    /// `SO_REUSEADDR`.
    pub fn set_reuse_address(&self) {
        // SAFETY: The socket is valid.
        unsafe { bindings::ukl_helper_reuseaddr(self.0.as_ptr()) };
    }

    /// `TCP_NODELAY`. The socket must be TCP ([`Socket::is_tcp`]), else `EINVAL`.
    pub fn set_nodelay(&self, on: bool) -> Result {
        if !self.is_tcp() {
            return Err(EINVAL);
        }
        // SAFETY: The socket is a valid TCP socket.
        to_result(unsafe { bindings::ukl_helper_nodelay(self.0.as_ptr(), on) })
    }

    /// The local address.
    pub fn local_address(&self) -> Result<Address> {
        self.name(false)
    }

    /// The peer's address; `ENOTCONN` without one.
    pub fn peer_address(&self) -> Result<Address> {
        self.name(true)
    }

    fn name(&self, peer: bool) -> Result<Address> {
        let mut bytes = [0; ADDRESS_MAX];
        // SAFETY: The socket is valid and `bytes` is as large as any address.
        let len =
            unsafe { bindings::ukl_helper_name(self.0.as_ptr(), bytes.as_mut_ptr().cast(), peer) };
        to_result(len)?;
        Ok(Address {
            bytes,
            len: len as usize,
        })
    }

    /// `tcp_sendmsg()` on a TCP socket ([`Socket::is_tcp`]). Returns how many bytes it took.
    ///
    /// # Safety
    ///
    /// The socket must be TCP and `data` must be mapped.
    #[inline(always)]
    pub unsafe fn tcp_send(&self, data: *const [u8], flags: Message) -> Result<usize> {
        // SAFETY: By the function's requirements; the length is at most `c_int::MAX` or refused by
        // the caller.
        let sent = unsafe {
            bindings::ukl_helper_tcp_send(
                self.0.as_ptr(),
                data.cast(),
                data.len(),
                flags.0 as c_int,
            )
        };
        to_result(sent)?;
        Ok(sent as usize)
    }

    /// The protocol's `recvmsg()`, for TCP `tcp_recvmsg()`. Returns how many bytes arrived in
    /// `buffer`, 0 at the end of the stream.
    ///
    /// # Safety
    ///
    /// `buffer` must be mapped and writable.
    #[inline(always)]
    pub unsafe fn receive(&self, buffer: *mut [u8], flags: Message) -> Result<usize> {
        // SAFETY: By the function's requirements.
        let received = unsafe {
            bindings::ukl_helper_recv(
                self.0.as_ptr(),
                buffer.cast(),
                buffer.len(),
                flags.0 as c_int,
            )
        };
        to_result(received)?;
        Ok(received as usize)
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // SAFETY: The socket is valid and owned; nobody uses it after this.
        unsafe { bindings::sock_release(self.0.as_ptr()) };
    }
}
