// SPDX-License-Identifier: GPL-2.0

//! Calls on sockets of any protocol.

use crate::{
    sock::Sock,
    transition::{self, Kernel},
};
use core::{ffi::c_void, mem, ptr::NonNull};
use kernel::{prelude::*, sync::aref::ARef};
use ukl_support::net::{Address, Shutdown, Socket};

/// Makes `socket` one of the calling application's.
pub(super) fn open(kernel: Kernel<'_>, socket: Socket) -> Result<*const Sock> {
    kernel.app().add_sock(socket).map_err(|(error, _)| error)
}

/// Keeps `sock` whole until the call is done, even if another thread closes it meanwhile.
#[inline]
pub(super) fn hold(sock: &Sock) -> ARef<Sock> {
    sock.into()
}

/// `ukl_sock_adopt()`.
///
/// # Safety
///
/// `socket` must be a valid `struct socket` whose ownership passes on if the call succeeds.
pub(crate) unsafe fn adopt(socket: NonNull<c_void>) -> Result<*const Sock> {
    transition::call(|kernel| {
        // SAFETY: By the function's requirements; on an error it is forgotten again.
        let socket = unsafe { Socket::from_raw(socket) };
        kernel.app().add_sock(socket).map_err(|(error, socket)| {
            mem::forget(socket);
            error
        })
    })
}

/// `ukl_shutdown()`.
pub(crate) fn shutdown(sock: &Sock, how: Shutdown) -> Result {
    transition::call_always(|_| hold(sock).socket().shutdown(how))
}

/// `ukl_getsockname()` and `ukl_getpeername()`.
pub(crate) fn name(sock: &Sock, peer: bool) -> Result<Address> {
    transition::call(|_| {
        let sock = hold(sock);
        if peer {
            sock.socket().peer_address()
        } else {
            sock.socket().local_address()
        }
    })
}

/// `ukl_close()`.
pub(crate) fn close(sock: *const Sock) -> Result {
    transition::call_always(|kernel| {
        Sock::close(kernel.app().remove_sock(sock)?);
        Ok(())
    })
}
