// SPDX-License-Identifier: GPL-2.0

//! The TCP shortcuts: to `tcp_sendmsg()`, `tcp_recvmsg()` and `tcp_read_sock()` without descriptor, VFS
//! and user copy.

use super::{open, sock::restarting};
use crate::{
    handle::{Given, Handle},
    resource::Sock,
    transition::{self, Kernel},
};
use kernel::prelude::*;
use ukl_support::{
    net::{self, Address, Kind, Message, Parts, Socket},
    tcp::{Read, Reader, Tcp},
    time::Deadline,
};

/// Flags that a caller of `ukl_tcp_send()` and its like may set.
const SEND_FLAGS: Message = net::DONTWAIT.or(net::MORE).or(net::NOSIGNAL);
/// Flags that a caller of `ukl_tcp_recv()` and its like may set.
const RECV_FLAGS: Message = net::DONTWAIT.or(net::PEEK).or(net::WAITALL);
/// Flags that a caller of a receive in place may set.
const READ_FLAGS: Message = net::DONTWAIT;

/// `UKL_NSS`: the call stays on the application stack if there is room.
pub(crate) const SAME_STACK: Message = Message::new(1 << 30);

/// The way of a shortcut into the kernel: bypassed, on the application stack, or in full.
#[inline(always)]
fn shortcut<R>(flags: Message, mut f: impl FnMut(Kernel<'_>, Message) -> Result<R>) -> Result<R> {
    let rest = flags.without(SAME_STACK);
    if transition::bypass() {
        transition::bypassed(|kernel| f(kernel, rest))
    } else if flags.contains(SAME_STACK) {
        transition::call_same_stack(|kernel| f(kernel, rest))
    } else {
        transition::call(|kernel| f(kernel, rest))
    }
}

/// A shortcut that sends by `f`, unless there is nothing to send, and counts what was sent.
#[inline(always)]
fn sending(
    sock: Given<Sock>,
    is_empty: bool,
    flags: Message,
    mut f: impl FnMut(Tcp<'_>, Message) -> Result<usize>,
) -> Result<usize> {
    shortcut(flags, |kernel, flags| {
        if !SEND_FLAGS.contains(flags) {
            return Err(EINVAL);
        }
        let sock = kernel.hold(sock)?;
        let tcp = sock.tcp()?;
        if is_empty {
            return Ok(0);
        }
        // NOSIGNAL: SIGPIPE is for processes; here the error says it.
        let sent = f(tcp, flags.or(net::NOSIGNAL))?;
        count_sent(kernel, sent);
        Ok(sent)
    })
}

/// A shortcut that receives by `f`, unless there is no room, and counts what was received.
#[inline(always)]
fn receiving(
    sock: Given<Sock>,
    is_empty: bool,
    flags: Message,
    mut f: impl FnMut(Tcp<'_>, Message) -> Result<usize>,
) -> Result<usize> {
    shortcut(flags, |kernel, flags| {
        if !RECV_FLAGS.contains(flags) {
            return Err(EINVAL);
        }
        let sock = kernel.hold(sock)?;
        let tcp = sock.tcp()?;
        if is_empty {
            return Ok(0);
        }
        let received = f(tcp, flags)?;
        count_received(kernel, received);
        Ok(received)
    })
}

#[inline(always)]
fn count_sent(kernel: Kernel<'_>, sent: usize) {
    let counters = &kernel.thread().counters;
    counters.tcp_sends.add(1);
    counters.tcp_sent_bytes.add(sent as u64);
}

#[inline(always)]
fn count_received(kernel: Kernel<'_>, received: usize) {
    let counters = &kernel.thread().counters;
    counters.tcp_recvs.add(1);
    counters.tcp_received_bytes.add(received as u64);
}

/// `ukl_tcp_listen()`.
pub(crate) fn listen(address: &Address, backlog: i32) -> Result<*const Handle<Sock>> {
    transition::call(|kernel| {
        let socket = Socket::new(Kind::tcp(address)?)?;
        socket.set_reuse_address();
        socket.bind(address)?;
        socket.listen(backlog)?;
        open(kernel, Sock::new(socket))
    })
}

/// `ukl_tcp_connect()`, with a time-out in nanoseconds.
pub(crate) fn connect(address: &Address, timeout: i64) -> Result<*const Handle<Sock>> {
    let deadline = Deadline::after(timeout);
    transition::call(|kernel| {
        if timeout == 0 {
            return Err(EINVAL);
        }
        let socket = Socket::new(Kind::tcp(address)?)?;
        restarting(socket.connect(address, deadline.left()))?;
        open(kernel, Sock::new(socket))
    })
}

/// `ukl_tcp_send()`.
///
/// # Safety
///
/// `data` must be mapped during the call.
#[inline]
pub(crate) unsafe fn send(sock: Given<Sock>, data: *const [u8], flags: Message) -> Result<usize> {
    // SAFETY: By the function's requirements.
    sending(sock, data.len() == 0, flags, |tcp, flags| unsafe {
        tcp.send(data, flags)
    })
}

/// `ukl_tcp_sendv()`.
///
/// # Safety
///
/// `parts` must be mapped during the call.
pub(crate) unsafe fn send_parts(
    sock: Given<Sock>,
    parts: Parts<'_>,
    flags: Message,
) -> Result<usize> {
    // SAFETY: By the function's requirements.
    sending(sock, parts.is_empty(), flags, |tcp, flags| unsafe {
        tcp.send_parts(parts, flags)
    })
}

/// `ukl_tcp_send_pages()`.
///
/// # Safety
///
/// `data` must be mapped during the call.
pub(crate) unsafe fn send_pages(
    sock: Given<Sock>,
    data: *const [u8],
    flags: Message,
) -> Result<usize> {
    // SAFETY: By the function's requirements.
    sending(sock, data.len() == 0, flags, |tcp, flags| unsafe {
        tcp.send_pages(data, flags)
    })
}

/// `ukl_tcp_recv()`.
///
/// # Safety
///
/// `buffer` must be mapped and writable during the call.
#[inline]
pub(crate) unsafe fn receive(
    sock: Given<Sock>,
    buffer: *mut [u8],
    flags: Message,
) -> Result<usize> {
    // SAFETY: By the function's requirements.
    receiving(sock, buffer.len() == 0, flags, |tcp, flags| unsafe {
        tcp.receive(buffer, flags)
    })
}

/// `ukl_tcp_recvv()`.
///
/// # Safety
///
/// `parts` must be mapped and writable during the call.
pub(crate) unsafe fn receive_parts(
    sock: Given<Sock>,
    parts: Parts<'_>,
    flags: Message,
) -> Result<usize> {
    // SAFETY: By the function's requirements.
    receiving(sock, parts.is_empty(), flags, |tcp, flags| unsafe {
        tcp.receive_parts(parts, flags)
    })
}

/// `ukl_tcp_recv_inplace()` and `ukl_tcp_exchange()`: what `reader` answers is sent under the same lock,
/// and `sent` told what became of that.
///
/// # Safety
///
/// What `reader` wants to answer must be mapped.
#[inline]
pub(crate) unsafe fn read<R: Reader>(
    sock: Given<Sock>,
    reader: &mut R,
    flags: Message,
    mut sent: impl FnMut(Result<usize>),
) -> Result<usize> {
    shortcut(flags, |kernel, flags| {
        if !READ_FLAGS.contains(flags) {
            return Err(EINVAL);
        }
        let sock = kernel.hold(sock)?;
        // SAFETY: By the function's requirements.
        let read: Read = unsafe { sock.tcp()?.read(reader, flags) };
        if let Ok(count @ 1..) = read.sent {
            count_sent(kernel, count);
        }
        sent(read.sent);
        match read.consumed {
            Ok(consumed) => count_received(kernel, consumed),
            // One of the application's is no reason to make the call again, whatever it is.
            Err(error) if !read.called => return Err(error),
            Err(_) => (),
        }
        Ok(read.consumed)
    })?
}

/// `ukl_tcp_nodelay()`.
pub(crate) fn set_nodelay(sock: Given<Sock>, on: bool) -> Result {
    transition::call(|kernel| kernel.hold(sock)?.tcp()?.set_nodelay(on))
}
