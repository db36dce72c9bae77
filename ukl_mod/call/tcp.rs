// SPDX-License-Identifier: GPL-2.0

//! The TCP shortcuts: to `tcp_sendmsg()` and `tcp_recvmsg()` without descriptor, VFS and user copy.

use super::sock::{self, open};
use crate::{
    sock::Sock,
    transition::{self, Kernel},
};
use kernel::prelude::*;
use ukl_support::net::{self, Address, Kind, Message, Socket};

/// Flags that a caller of `ukl_tcp_send()` may set.
const SEND_FLAGS: Message = net::DONTWAIT.or(net::MORE).or(net::NOSIGNAL);
/// Flags that a caller of `ukl_tcp_recv()` may set.
const RECV_FLAGS: Message = net::DONTWAIT.or(net::PEEK).or(net::WAITALL);

/// `UKL_NSS`: the call stays on the application stack if there is room.
pub(crate) const SAME_STACK: Message = Message::new(1 << 30);

/// The way of a shortcut into the kernel: bypassed, on the application stack, or in full.
#[inline(always)]
fn shortcut<R>(flags: Message, f: impl FnOnce(Kernel<'_>, Message) -> Result<R>) -> Result<R> {
    let rest = flags.without(SAME_STACK);
    if transition::bypass() {
        transition::bypassed(|kernel| f(kernel, rest))
    } else if flags.contains(SAME_STACK) {
        transition::call_same_stack(|kernel| f(kernel, rest))
    } else {
        transition::call(|kernel| f(kernel, rest))
    }
}

/// `ukl_tcp_listen()`.
pub(crate) fn listen(address: &Address, backlog: i32) -> Result<*const Sock> {
    transition::call(|kernel| {
        let socket = Socket::new(Kind::tcp(address)?)?;
        socket.set_reuse_address();
        socket.bind(address)?;
        socket.listen(backlog)?;
        open(kernel, socket)
    })
}

/// `ukl_tcp_accept()`.
pub(crate) fn accept(listener: &Sock, nonblock: bool) -> Result<*const Sock> {
    transition::call(|kernel| {
        let listener = sock::hold(listener);
        open(kernel, listener.tcp()?.accept(nonblock)?)
    })
}

/// `ukl_tcp_connect()`.
pub(crate) fn connect(address: &Address) -> Result<*const Sock> {
    transition::call(|kernel| {
        let socket = Socket::new(Kind::tcp(address)?)?;
        socket.connect(address)?;
        open(kernel, socket)
    })
}

/// `ukl_tcp_send()`.
///
/// # Safety
///
/// `data` must be mapped during the call.
#[inline]
pub(crate) unsafe fn send(sock: &Sock, data: *const [u8], flags: Message) -> Result<usize> {
    shortcut(flags, |kernel, flags| {
        if !SEND_FLAGS.contains(flags) {
            return Err(EINVAL);
        }
        let sock = sock::hold(sock);
        let tcp = sock.tcp()?;
        if data.len() == 0 {
            return Ok(0);
        }
        // NOSIGNAL: SIGPIPE is for processes; here the error says it.
        // SAFETY: It is TCP, and `data` is mapped by the function's requirements.
        let sent = unsafe { tcp.tcp_send(data, flags.or(net::NOSIGNAL)) }?;
        let counters = &kernel.thread().counters;
        counters.tcp_sends.add(1);
        counters.tcp_sent_bytes.add(sent as u64);
        Ok(sent)
    })
}

/// `ukl_tcp_recv()`.
///
/// # Safety
///
/// `buffer` must be mapped and writable during the call.
#[inline]
pub(crate) unsafe fn receive(sock: &Sock, buffer: *mut [u8], flags: Message) -> Result<usize> {
    shortcut(flags, |kernel, flags| {
        if !RECV_FLAGS.contains(flags) {
            return Err(EINVAL);
        }
        let sock = sock::hold(sock);
        let tcp = sock.tcp()?;
        if buffer.len() == 0 {
            return Ok(0);
        }
        // SAFETY: `buffer` is writable by the function's requirements.
        let received = unsafe { tcp.receive(buffer, flags) }?;
        let counters = &kernel.thread().counters;
        counters.tcp_recvs.add(1);
        counters.tcp_received_bytes.add(received as u64);
        Ok(received)
    })
}

/// `ukl_tcp_nodelay()`.
pub(crate) fn set_nodelay(sock: &Sock, on: bool) -> Result {
    transition::call(|_| sock::hold(sock).tcp()?.set_nodelay(on))
}
