// SPDX-License-Identifier: GPL-2.0

//! Sockets.
//!
//! C header: [`include/linux/net.h`](srctree/include/linux/net.h)

use crate::bindings;
use core::{
    ffi::{c_int, c_void},
    mem,
    ptr::{self, NonNull},
    slice,
};
use kernel::{
    error::{from_err_ptr, to_result},
    prelude::*,
    sync::atomic::{Acquire, Atomic, Release},
};

/// Bytes of the largest socket address, `struct sockaddr_storage`.
pub const ADDRESS_MAX: usize = 128;

/// `SOL_SOCKET`: the level of the options that every socket has.
pub const SOCKET_LEVEL: i32 = bindings::SOL_SOCKET as i32;

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

    /// No address.
    pub const fn none() -> Self {
        Self {
            bytes: [0; ADDRESS_MAX],
            len: 0,
        }
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
    /// Any, by its numbers. What does not exist is refused when a socket is made of it.
    pub const fn new(family: u32, kind: u32, protocol: u32) -> Self {
        Self {
            family,
            kind,
            protocol,
        }
    }

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
/// `MSG_EOR`: the end of a record.
pub const EOR: Message = Message(bindings::MSG_EOR);
/// `MSG_TRUNC`: return how long a datagram was, not how much of it fitted.
pub const TRUNC: Message = Message(bindings::MSG_TRUNC);

/// The buffers of a vectored call: `struct kvec`s.
#[derive(Clone, Copy)]
pub struct Parts<'a> {
    vec: &'a [bindings::kvec],
    len: usize,
}

impl<'a> Parts<'a> {
    /// The buffers of an array in C; `EMSGSIZE` if they have more than `c_int::MAX` bytes in sum, and
    /// what `check` says of a buffer.
    ///
    /// # Safety
    ///
    /// `vec` must point to `count` of them, which stay as they are for `'a`.
    pub unsafe fn from_raw(
        vec: *const c_void,
        count: usize,
        check: impl Fn(*const c_void, usize) -> Result,
    ) -> Result<Self> {
        let vec = if count == 0 {
            &[]
        } else {
            // SAFETY: By the function's requirements.
            unsafe { slice::from_raw_parts(vec.cast::<bindings::kvec>(), count) }
        };
        let mut len = 0_usize;
        for part in vec {
            check(part.iov_base, part.iov_len)?;
            len = len.saturating_add(part.iov_len);
        }
        if len > c_int::MAX as usize {
            return Err(EMSGSIZE);
        }
        Ok(Self { vec, len })
    }

    /// Hands the one buffer of `len` bytes at `base` to `f`.
    #[inline(always)]
    pub fn one<R>(base: *mut c_void, len: usize, f: impl FnOnce(Parts<'_>) -> R) -> R {
        let vec = bindings::kvec {
            iov_base: base,
            iov_len: len,
        };
        f(Parts {
            vec: slice::from_ref(&vec),
            len,
        })
    }

    /// Bytes in sum.
    pub fn len(self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.len == 0
    }

    pub(crate) fn as_ptr(self) -> *const bindings::kvec {
        self.vec.as_ptr()
    }

    pub(crate) fn count(self) -> usize {
        self.vec.len()
    }
}

/// What a function of C's returned as a count or a negative errno.
#[inline(always)]
pub(crate) fn count(value: c_int) -> Result<usize> {
    usize::try_from(value).map_err(|_| Error::from_errno(value))
}

/// A socket of the kernel's. Dropping it closes it, unless a process has it as well.
///
/// Methods take `&self`: the kernel locks a socket itself. Unless they say otherwise they may sleep.
///
/// # Invariants
///
/// `socket` points to a `struct socket` whose `sk` is not null. If it has a file, this value owns a
/// reference on that, else the socket itself.
pub struct Socket {
    socket: NonNull<bindings::socket>,
    /// Whether a connect waits: the time-out of the socket is its own then.
    connecting: Atomic<bool>,
}

// SAFETY: A socket is not tied to the task that made it.
unsafe impl Send for Socket {}
// SAFETY: The kernel serialises concurrent calls on a socket.
unsafe impl Sync for Socket {}

impl Socket {
    /// The caller sees to the type's invariant.
    fn own(socket: NonNull<bindings::socket>) -> Self {
        Self {
            socket,
            connecting: Atomic::new(false),
        }
    }

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
        Ok(Self::own(NonNull::new(socket).ok_or(EINVAL)?))
    }

    /// Takes over a socket that C code made.
    ///
    /// # Safety
    ///
    /// `socket` is a valid `struct socket` with a `sk`, and the caller gives up ownership.
    pub unsafe fn from_raw(socket: NonNull<c_void>) -> Self {
        // INVARIANT: By the function's requirements.
        Self::own(socket.cast())
    }

    /// `sockfd_lookup()`: the socket behind a descriptor of the current task, which keeps it as well.
    /// `EBADF`, `ENOTSOCK`.
    pub fn from_fd(fd: i32) -> Result<Self> {
        // SAFETY: Any number may be looked up.
        let socket = from_err_ptr(unsafe { bindings::ukl_helper_sockfd_lookup(fd) })?;
        // INVARIANT: It came with a reference on its file.
        Ok(Self::own(NonNull::new(socket).ok_or(EINVAL)?))
    }

    /// A new descriptor of the current task, for [`Socket::give_to_fd`]; `flags` may have `O_CLOEXEC`.
    /// `EMFILE` and, for a kernel thread, `EBADF`.
    pub fn unused_fd(flags: i32) -> Result<i32> {
        // SAFETY: No requirements.
        let fd = unsafe { bindings::ukl_helper_unused_fd(flags) };
        to_result(fd)?;
        Ok(fd)
    }

    /// Gives the socket to a descriptor; `flags` may have `O_NONBLOCK`. With an error, the socket is
    /// closed and the descriptor is free again.
    ///
    /// # Safety
    ///
    /// `fd` must come from [`Socket::unused_fd`]. The value must be forgotten, and not be used by
    /// anybody meanwhile.
    pub unsafe fn give_to_fd(&self, fd: i32, flags: i32) -> Result<i32> {
        // SAFETY: The socket is valid; the rest by the function's requirements.
        let fd = unsafe { bindings::ukl_helper_sock_to_fd(self.as_ptr(), fd, flags) };
        to_result(fd)?;
        Ok(fd)
    }

    /// The `struct socket`.
    #[inline(always)]
    pub(crate) fn as_ptr(&self) -> *mut bindings::socket {
        self.socket.as_ptr()
    }

    /// Whether the kernel made it a TCP socket, over IPv4 or IPv6.
    pub fn is_tcp(&self) -> bool {
        // SAFETY: The socket is valid; its type never changes.
        unsafe { bindings::ukl_helper_is_tcp(self.as_ptr()) }
    }

    /// `kernel_bind()`.
    pub fn bind(&self, address: &Address) -> Result {
        let mut address = *address;
        // SAFETY: The socket is valid; the address is a copy that the kernel may write.
        to_result(unsafe {
            bindings::ukl_helper_bind(
                self.as_ptr(),
                address.bytes.as_mut_ptr().cast(),
                address.len as c_int,
            )
        })
    }

    /// `kernel_listen()`.
    pub fn listen(&self, backlog: i32) -> Result {
        // SAFETY: The socket is valid.
        to_result(unsafe { bindings::kernel_listen(self.as_ptr(), backlog) })
    }

    /// `kernel_accept()`, but the connection keeps the operations that its protocol chose: waits for a
    /// connection unless `nonblock`.
    pub fn accept(&self, nonblock: bool) -> Result<Socket> {
        let mut socket = ptr::null_mut();
        let flags = if nonblock { bindings::O_NONBLOCK } else { 0 };
        // SAFETY: The socket is valid and `socket` is valid for a write.
        to_result(unsafe {
            bindings::ukl_helper_accept(self.as_ptr(), &mut socket, flags as c_int)
        })?;
        // INVARIANT: An accepted socket has been grafted onto its `sk`.
        Ok(Self::own(NonNull::new(socket).ok_or(EINVAL)?))
    }

    /// `kernel_connect()`: waits until connected, for at most `timeout` nanoseconds (negative: for
    /// ever), but not while another thread does. `EINPROGRESS` and `EALREADY` without waiting,
    /// `ETIMEDOUT`.
    pub fn connect(&self, address: &Address, timeout: i64) -> Result {
        let mut address = *address;
        let waits = timeout != 0 && !self.connecting.xchg(true, Acquire);
        // SAFETY: The socket is valid; the address is a copy that the kernel may write.
        let result = to_result(unsafe {
            bindings::ukl_helper_connect(
                self.as_ptr(),
                address.bytes.as_mut_ptr().cast(),
                address.len as c_int,
                if waits { timeout } else { 0 },
            )
        });
        if waits {
            self.connecting.store(false, Release);
        }
        result
    }

    /// `kernel_sock_shutdown()`.
    pub fn shutdown(&self, how: Shutdown) -> Result {
        // SAFETY: The socket is valid.
        to_result(unsafe { bindings::kernel_sock_shutdown(self.as_ptr(), how as u32) })
    }

    /// `SO_REUSEADDR`.
    pub fn set_reuse_address(&self) {
        // SAFETY: The socket is valid.
        unsafe { bindings::ukl_helper_reuseaddr(self.as_ptr()) };
    }

    /// `do_sock_setsockopt()`.
    ///
    /// # Safety
    ///
    /// `value` must be mapped.
    pub unsafe fn set_option(
        &self,
        level: i32,
        name: i32,
        value: *const c_void,
        len: i32,
    ) -> Result {
        // SAFETY: The socket is valid; the rest by the function's requirements.
        to_result(unsafe {
            bindings::ukl_helper_setsockopt(self.as_ptr(), level, name, value, len)
        })
    }

    /// `sk_getsockopt()`, for options of level `SOL_SOCKET`. Returns how many bytes were written.
    ///
    /// # Safety
    ///
    /// `value` must be writable.
    pub unsafe fn option(&self, name: i32, value: *mut c_void, len: i32) -> Result<i32> {
        // SAFETY: The socket is valid; the rest by the function's requirements.
        let len = unsafe { bindings::ukl_helper_getsockopt(self.as_ptr(), name, value, len) };
        to_result(len)?;
        Ok(len)
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
            unsafe { bindings::ukl_helper_name(self.as_ptr(), bytes.as_mut_ptr().cast(), peer) };
        to_result(len)?;
        Ok(Address {
            bytes,
            len: len as usize,
        })
    }

    /// `sock_sendmsg()` from `parts`, which have `len` bytes in sum, to `address` or the peer. Returns
    /// how many bytes were taken.
    ///
    /// # Safety
    ///
    /// The parts must be mapped.
    pub unsafe fn send(
        &self,
        parts: Parts<'_>,
        flags: Message,
        address: Option<&Address>,
    ) -> Result<usize> {
        // The kernel may write it.
        let mut copy = address.copied().unwrap_or(Address::none());
        let name = address.map_or(ptr::null(), |_| copy.bytes.as_mut_ptr().cast_const());
        // SAFETY: The socket is valid; the rest by the function's requirements.
        count(unsafe {
            bindings::ukl_helper_sendmsg(
                self.as_ptr(),
                parts.as_ptr(),
                parts.count(),
                parts.len,
                flags.bits() as c_int,
                name.cast(),
                copy.len as c_int,
            )
        })
    }

    /// `sock_recvmsg()` into `parts`; the sender's address, if it has one, into `from`, which must be
    /// [`Address::none`]. Returns how many bytes were received.
    ///
    /// # Safety
    ///
    /// The parts must be writable.
    pub unsafe fn receive(
        &self,
        parts: Parts<'_>,
        flags: Message,
        from: Option<&mut Address>,
    ) -> Result<usize> {
        let name = from.map_or(ptr::null_mut(), |from| from.bytes.as_mut_ptr());
        // SAFETY: The socket is valid; the rest by the function's requirements.
        count(unsafe {
            bindings::ukl_helper_recvmsg(
                self.as_ptr(),
                parts.as_ptr(),
                parts.count(),
                parts.len,
                flags.bits() as c_int,
                name.cast(),
            )
        })
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // SAFETY: The socket or the reference on its file is ours; nobody uses it after this.
        unsafe { bindings::ukl_helper_sock_put(self.as_ptr()) };
    }
}
