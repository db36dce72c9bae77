// SPDX-License-Identifier: GPL-2.0

//! Calls on sockets of any protocol.

use super::{from_any_task, open};
use crate::{
    app::App,
    handle::{Given, Handle, Place},
    resource::Sock,
    transition,
};
use core::{ffi::c_void, mem, ptr::NonNull};
use kernel::prelude::*;
use ukl_bindings::errno;
use ukl_support::{
    net::{self, Address, Kind, Message, Parts, Shutdown, Socket},
    time::Deadline,
};

/// Flags that a caller of `ukl_sendto()` and its like may set.
const SEND_FLAGS: Message = net::DONTWAIT.or(net::MORE).or(net::EOR).or(net::NOSIGNAL);
/// Flags that a caller of `ukl_recvfrom()` and its like may set.
const RECV_FLAGS: Message = net::DONTWAIT.or(net::PEEK).or(net::WAITALL).or(net::TRUNC);

/// `ukl_socket()`.
pub(crate) fn socket(kind: Kind) -> Result<*const Handle<Sock>> {
    transition::call(|kernel| open(kernel, Sock::new(Socket::new(kind)?)))
}

/// `ukl_sock_adopt()`.
///
/// # Safety
///
/// `socket` must be a valid `struct socket` whose ownership passes on if the call succeeds.
pub(crate) unsafe fn adopt(socket: NonNull<c_void>) -> Result<*const Handle<Sock>> {
    transition::call(|kernel| {
        // SAFETY: By the function's requirements; on an error it is forgotten again.
        let socket = unsafe { Socket::from_raw(socket) };
        kernel
            .app()
            .open(Sock::new(socket))
            .map_err(|(error, sock)| {
                mem::forget(sock.into_socket());
                error
            })
    })
}

/// `ukl_sock_from_fd()`.
pub(crate) fn from_fd(app: *const App, fd: i32) -> Result<*const Handle<Sock>> {
    from_any_task(app, |app| {
        let sock = Sock::new(Socket::from_fd(fd)?);
        app.open(sock).map_err(|(error, _)| error)
    })
}

/// `ukl_sock_to_fd()`. For want of memory, of whatever kind, the socket is closed.
pub(crate) fn to_fd(app: *const App, sock: *const Handle<Sock>, flags: i32) -> Result<i32> {
    from_any_task(app, |app| {
        let place = Place::new();
        let sock = app.close(sock)?;
        let Ok(place) = place else {
            Handle::<Sock>::close(sock);
            return Err(ENOMEM);
        };
        Handle::<Sock>::into_fd(sock, flags).map_err(|(error, sock)| {
            match sock {
                Some(sock) if error == ENOMEM => Handle::<Sock>::close(sock),
                Some(sock) => app.reopen(place, sock),
                None => {}
            }
            error
        })
    })
}

/// `ukl_bind()`.
pub(crate) fn bind(sock: Given<Sock>, address: &Address) -> Result {
    transition::call(|kernel| kernel.hold(sock)?.socket().bind(address))
}

/// `ukl_listen()`.
pub(crate) fn listen(sock: Given<Sock>, backlog: i32) -> Result {
    transition::call(|kernel| kernel.hold(sock)?.socket().listen(backlog))
}

/// `ukl_accept()`. Hands the peer's address to `peer`, none if it is gone already.
pub(crate) fn accept(
    listener: Given<Sock>,
    nonblock: bool,
    mut peer: Option<impl FnMut(Address)>,
) -> Result<*const Handle<Sock>> {
    transition::call(|kernel| {
        let socket = kernel.hold(listener)?.socket().accept(nonblock)?;
        if let Some(peer) = &mut peer {
            peer(socket.peer_address().unwrap_or(Address::none()));
        }
        open(kernel, Sock::new(socket))
    })
}

/// `ukl_connect()`, with a time-out in nanoseconds.
pub(crate) fn connect(sock: Given<Sock>, address: &Address, timeout: i64) -> Result {
    let deadline = Deadline::after(timeout);
    transition::call(|kernel| {
        let sock = kernel.hold(sock)?;
        restarting(sock.socket().connect(address, deadline.left()))
    })
}

/// What a connect came to: one with a time-out says `EINTR` if it is interrupted, as the kernel could not
/// make it again with what is left of the time.
pub(super) fn restarting(result: Result) -> Result {
    match result {
        Err(EINTR) => Err(ERESTARTSYS),
        result => result,
    }
}

/// `ukl_send()`, `ukl_sendto()` and `ukl_sendv()`.
///
/// # Safety
///
/// `parts` must be mapped during the call.
pub(crate) unsafe fn send(
    sock: Given<Sock>,
    parts: Parts<'_>,
    flags: Message,
    address: Option<&Address>,
) -> Result<usize> {
    transition::call(|kernel| {
        if !SEND_FLAGS.contains(flags) {
            return Err(EINVAL);
        }
        let sock = kernel.hold(sock)?;
        // NOSIGNAL: SIGPIPE is for processes; here the error says it.
        // SAFETY: By the function's requirements.
        unsafe { sock.socket().send(parts, flags.or(net::NOSIGNAL), address) }
    })
}

/// `ukl_recv()`, `ukl_recvfrom()` and `ukl_recvv()`.
///
/// # Safety
///
/// `parts` must be writable during the call.
pub(crate) unsafe fn receive(
    sock: Given<Sock>,
    parts: Parts<'_>,
    flags: Message,
    mut from: Option<&mut Address>,
) -> Result<usize> {
    transition::call(|kernel| {
        if !RECV_FLAGS.contains(flags) {
            return Err(EINVAL);
        }
        let sock = kernel.hold(sock)?;
        // SAFETY: By the function's requirements.
        unsafe { sock.socket().receive(parts, flags, from.as_deref_mut()) }
    })
}

/// `ukl_setsockopt()`.
///
/// # Safety
///
/// `value` must be mapped during the call.
pub(crate) unsafe fn set_option(
    sock: Given<Sock>,
    level: i32,
    name: i32,
    value: *const c_void,
    len: i32,
) -> Result {
    // SAFETY: By the function's requirements.
    transition::call(|kernel| unsafe {
        kernel
            .hold(sock)?
            .socket()
            .set_option(level, name, value, len)
    })
}

/// `ukl_getsockopt()`. Returns how many bytes were written.
///
/// # Safety
///
/// `value` must be writable during the call.
pub(crate) unsafe fn option(
    sock: Given<Sock>,
    level: i32,
    name: i32,
    value: *mut c_void,
    len: i32,
) -> Result<i32> {
    transition::call(|kernel| {
        if level != net::SOCKET_LEVEL {
            return Err(errno::eopnotsupp());
        }
        // SAFETY: By the function's requirements.
        unsafe { kernel.hold(sock)?.socket().option(name, value, len) }
    })
}

/// `ukl_shutdown()`.
pub(crate) fn shutdown(sock: Given<Sock>, how: Shutdown) -> Result {
    transition::call_always(|kernel| kernel.hold(sock)?.socket().shutdown(how))
}

/// `ukl_getsockname()` and `ukl_getpeername()`.
pub(crate) fn name(sock: Given<Sock>, peer: bool) -> Result<Address> {
    transition::call(|kernel| {
        let sock = kernel.hold(sock)?;
        if peer {
            sock.socket().peer_address()
        } else {
            sock.socket().local_address()
        }
    })
}

/// `ukl_close()`.
pub(crate) fn close(sock: *const Handle<Sock>) -> Result {
    transition::call_always(|kernel| {
        Handle::<Sock>::close(kernel.app().close(sock)?);
        Ok(())
    })
}
