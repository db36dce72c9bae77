// SPDX-License-Identifier: GPL-2.0

//! `include/ukl/socket.h`: sockets of any kind.

use super::{
    address, bindings, bytes, closing, code, count, export, handle, is_err_or_null, kernel_half,
    kernel_pointer, number, parts, put_address, sock, status,
};
use crate::call;
use bindings::{
    __kernel_sockaddr_storage as sockaddr_storage, kvec, sockaddr, socket, ukl_app, ukl_sock,
};
use core::ptr::NonNull;
use kernel::{
    ffi::{c_int, c_void},
    prelude::*,
};
use ukl_support::net::{Address, Kind, Message, Parts, Shutdown};

export! {
    fn ukl_socket(family: c_int, kind: c_int, protocol: c_int) -> *mut ukl_sock {
        handle((|| {
            // SOCK_NONBLOCK and SOCK_CLOEXEC are of a descriptor.
            if kind & !0xf != 0 {
                return Err(EINVAL);
            }
            call::sock::socket(Kind::new(family as u32, kind as u32, protocol as u32))
        })())
    }

    fn ukl_sock_adopt(socket: *mut socket) -> *mut ukl_sock {
        handle((|| {
            if is_err_or_null(socket) {
                return Err(code::enotsock());
            }
            // SAFETY: Not null, and a valid socket that the caller owns and gives up on success.
            unsafe { call::sock::adopt(NonNull::new_unchecked(socket.cast())) }
        })())
    }

    fn ukl_sock_from_fd(app: *mut ukl_app, fd: c_int) -> *mut ukl_sock {
        handle(call::sock::from_fd(app.cast_const().cast(), fd))
    }

    fn ukl_sock_to_fd(app: *mut ukl_app, sock: *mut ukl_sock, flags: c_int) -> c_int {
        number((|| {
            if flags as u32 & !(bindings::O_CLOEXEC | bindings::O_NONBLOCK) != 0 {
                return Err(EINVAL);
            }
            call::sock::to_fd(app.cast_const().cast(), closing(sock, code::enotsock)?, flags)
        })())
    }

    fn ukl_bind(handle: *mut ukl_sock, addr: *const sockaddr, addrlen: c_int) -> c_int {
        // SAFETY: The caller gives an open handle, and an address of `addrlen` bytes.
        status((|| unsafe { call::sock::bind(sock(handle)?, &address(addr, addrlen)?) })())
    }

    fn ukl_listen(handle: *mut ukl_sock, backlog: c_int) -> c_int {
        // SAFETY: The caller gives an open handle.
        status(unsafe { sock(handle) }.and_then(|sock| call::sock::listen(sock, backlog)))
    }

    fn ukl_accept(
        listener: *mut ukl_sock,
        peer: *mut sockaddr_storage,
        flags: c_int,
    ) -> *mut ukl_sock {
        handle((|| {
            let nonblock = match flags as u32 {
                0 => false,
                bindings::O_NONBLOCK => true,
                _ => return Err(EINVAL),
            };
            let put = if peer.is_null() {
                None
            } else {
                kernel_pointer(peer)?;
                // SAFETY: The caller gives room for an address.
                Some(|address: Address| unsafe { put_address(peer, &address) })
            };
            // SAFETY: The caller gives an open handle.
            call::sock::accept(unsafe { sock(listener) }?, nonblock, put)
        })())
    }

    fn ukl_connect(
        handle: *mut ukl_sock,
        addr: *const sockaddr,
        addrlen: c_int,
        timeout: i64,
    ) -> c_int {
        // SAFETY: The caller gives an open handle, and an address of `addrlen` bytes.
        status((|| unsafe {
            call::sock::connect(sock(handle)?, &address(addr, addrlen)?, timeout)
        })())
    }

    fn ukl_sendto(
        handle: *mut ukl_sock,
        buf: *const c_void,
        len: usize,
        flags: c_int,
        addr: *const sockaddr,
        addrlen: c_int,
    ) -> isize {
        count((|| {
            let to = if addr.is_null() && addrlen == 0 {
                None
            } else {
                // SAFETY: The caller gives an address of `addrlen` bytes.
                Some(unsafe { address(addr, addrlen) }?)
            };
            let len = bytes(buf, len)?.len();
            Parts::one(buf.cast_mut(), len, |parts| {
                // SAFETY: The caller gives an open handle, and memory that is mapped.
                unsafe { call::sock::send(sock(handle)?, parts, Message::new(flags as u32), to.as_ref()) }
            })
        })())
    }

    fn ukl_recvfrom(
        handle: *mut ukl_sock,
        buf: *mut c_void,
        len: usize,
        flags: c_int,
        from: *mut sockaddr_storage,
    ) -> isize {
        count((|| {
            let len = bytes(buf, len)?.len();
            let mut address = Address::none();
            if !from.is_null() {
                kernel_pointer(from)?;
            }
            let received = Parts::one(buf, len, |parts| {
                let from = (!from.is_null()).then_some(&mut address);
                // SAFETY: The caller gives an open handle, and memory that is writable.
                unsafe { call::sock::receive(sock(handle)?, parts, Message::new(flags as u32), from) }
            })?;
            if !from.is_null() {
                // SAFETY: The caller gives room for an address.
                unsafe { put_address(from, &address) };
            }
            Ok(received)
        })())
    }

    fn ukl_send(handle: *mut ukl_sock, buf: *const c_void, len: usize, flags: c_int) -> isize {
        count((|| {
            let len = bytes(buf, len)?.len();
            Parts::one(buf.cast_mut(), len, |parts| {
                // SAFETY: The caller gives an open handle, and memory that is mapped.
                unsafe { call::sock::send(sock(handle)?, parts, Message::new(flags as u32), None) }
            })
        })())
    }

    fn ukl_recv(handle: *mut ukl_sock, buf: *mut c_void, len: usize, flags: c_int) -> isize {
        count((|| {
            let len = bytes(buf, len)?.len();
            Parts::one(buf, len, |parts| {
                // SAFETY: The caller gives an open handle, and memory that is writable.
                unsafe { call::sock::receive(sock(handle)?, parts, Message::new(flags as u32), None) }
            })
        })())
    }

    fn ukl_sendv(handle: *mut ukl_sock, vec: *const kvec, count: usize, flags: c_int) -> isize {
        super::count((|| {
            // SAFETY: The caller gives an open handle, and buffers that are mapped.
            unsafe {
                let parts = parts(vec, count)?;
                call::sock::send(sock(handle)?, parts, Message::new(flags as u32), None)
            }
        })())
    }

    fn ukl_recvv(handle: *mut ukl_sock, vec: *const kvec, count: usize, flags: c_int) -> isize {
        super::count((|| {
            // SAFETY: The caller gives an open handle, and buffers that are writable.
            unsafe {
                let parts = parts(vec, count)?;
                call::sock::receive(sock(handle)?, parts, Message::new(flags as u32), None)
            }
        })())
    }

    fn ukl_setsockopt(
        handle: *mut ukl_sock,
        level: c_int,
        name: c_int,
        value: *const c_void,
        len: c_int,
    ) -> c_int {
        status((|| {
            kernel_half(value, usize::try_from(len).map_err(|_| EINVAL)?)?;
            // SAFETY: The caller gives an open handle, and a value of `len` bytes.
            unsafe { call::sock::set_option(sock(handle)?, level, name, value, len) }
        })())
    }

    fn ukl_getsockopt(
        handle: *mut ukl_sock,
        level: c_int,
        name: c_int,
        value: *mut c_void,
        len: c_int,
    ) -> c_int {
        number((|| {
            kernel_half(value, usize::try_from(len).map_err(|_| EINVAL)?)?;
            // SAFETY: The caller gives an open handle, and room for `len` bytes.
            unsafe { call::sock::option(sock(handle)?, level, name, value, len) }
        })())
    }

    fn ukl_shutdown(handle: *mut ukl_sock, how: c_int) -> c_int {
        status((|| {
            let how = match how as u32 {
                bindings::sock_shutdown_cmd_SHUT_RD => Shutdown::Read,
                bindings::sock_shutdown_cmd_SHUT_WR => Shutdown::Write,
                bindings::sock_shutdown_cmd_SHUT_RDWR => Shutdown::Both,
                _ => return Err(EINVAL),
            };
            // SAFETY: The caller gives an open handle.
            call::sock::shutdown(unsafe { sock(handle) }?, how)
        })())
    }

    fn ukl_getsockname(handle: *mut ukl_sock, addr: *mut sockaddr_storage) -> c_int {
        // SAFETY: The caller gives an open handle and room for an address.
        unsafe { name(handle, addr, false) }
    }

    fn ukl_getpeername(handle: *mut ukl_sock, addr: *mut sockaddr_storage) -> c_int {
        // SAFETY: The caller gives an open handle and room for an address.
        unsafe { name(handle, addr, true) }
    }

    fn ukl_close(handle: *mut ukl_sock) -> c_int {
        status(closing(handle, code::enotsock).and_then(call::sock::close))
    }
}

/// # Safety
///
/// `handle` must be an open handle, `addr` a place for an address or in the user half.
unsafe fn name(handle: *mut ukl_sock, addr: *mut sockaddr_storage, peer: bool) -> c_int {
    number((|| {
        kernel_pointer(addr)?;
        // SAFETY: By the function's requirements.
        let address = call::sock::name(unsafe { sock(handle) }?, peer)?;
        // SAFETY: By the function's requirements.
        unsafe { put_address(addr, &address) };
        Ok(address.as_bytes().len() as c_int)
    })())
}
