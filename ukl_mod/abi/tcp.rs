// SPDX-License-Identifier: GPL-2.0

//! `include/ukl/tcp.h`: the TCP shortcuts.

use super::{
    address, bindings, bytes, count, export, handle, kernel_half, kernel_pointer, length, parts,
    sock, status,
};
use crate::call;
use bindings::{kvec, sockaddr, ukl_reply, ukl_sock};
use core::ptr;
use kernel::{
    ffi::{c_int, c_void},
    prelude::*,
};
use ukl_support::{net::Message, tcp::Reader};

// The number of the header is that of the code.
const _: () = assert!(call::tcp::SAME_STACK.bits() == bindings::UKL_NSS);

type Consume = unsafe extern "C" fn(*mut c_void, *const c_void, usize) -> isize;

/// The function of an application that looks at received bytes, and its argument.
struct Consumer {
    consume: Consume,
    arg: *mut c_void,
}

impl Reader for Consumer {
    #[inline(always)]
    fn consume(&mut self, data: &[u8]) -> Result<usize> {
        // SAFETY: The caller of the receive promised that it may be called so.
        let used = unsafe { (self.consume)(self.arg, data.as_ptr().cast(), data.len()) };
        usize::try_from(used).map_err(|_| match used {
            -4095..0 => Error::from_errno(used as c_int),
            _ => EINVAL,
        })
    }
}

/// A consumer that answers.
struct Responder {
    consumer: Consumer,
    reply: *mut ukl_reply,
}

impl Reader for Responder {
    const REPLIES: bool = true;

    #[inline(always)]
    fn consume(&mut self, data: &[u8]) -> Result<usize> {
        self.consumer.consume(data)
    }

    #[inline(always)]
    fn reply(&mut self) -> Result<*const [u8]> {
        // SAFETY: The caller of the exchange gave a valid reply, which its function has filled.
        let (data, len) = unsafe { ((*self.reply).data, (*self.reply).len) };
        bytes(data, len)
    }
}

export! {
    fn ukl_tcp_listen(addr: *const sockaddr, addrlen: c_int, backlog: c_int) -> *mut ukl_sock {
        // SAFETY: The caller gives an address of `addrlen` bytes.
        handle(unsafe { address(addr, addrlen) }
            .and_then(|address| call::tcp::listen(&address, backlog)))
    }

    fn ukl_tcp_connect(addr: *const sockaddr, addrlen: c_int, timeout: i64) -> *mut ukl_sock {
        // SAFETY: The caller gives an address of `addrlen` bytes.
        handle(unsafe { address(addr, addrlen) }
            .and_then(|address| call::tcp::connect(&address, timeout)))
    }

    fn ukl_tcp_send(
        handle: *mut ukl_sock,
        buf: *const c_void,
        len: usize,
        flags: c_int,
    ) -> isize {
        count((|| {
            let data = ptr::slice_from_raw_parts(buf.cast(), length(len)?);
            kernel_half(buf, len)?;
            // SAFETY: The caller gives an open handle, and memory that is mapped.
            unsafe { call::tcp::send(sock(handle)?, data, Message::new(flags as u32)) }
        })())
    }

    fn ukl_tcp_recv(
        handle: *mut ukl_sock,
        buf: *mut c_void,
        len: usize,
        flags: c_int,
    ) -> isize {
        count((|| {
            let buffer = ptr::slice_from_raw_parts_mut(buf.cast(), length(len)?);
            kernel_half(buf, len)?;
            // SAFETY: The caller gives an open handle, and memory that is writable.
            unsafe { call::tcp::receive(sock(handle)?, buffer, Message::new(flags as u32)) }
        })())
    }

    fn ukl_tcp_sendv(handle: *mut ukl_sock, vec: *const kvec, count: usize, flags: c_int) -> isize {
        super::count((|| {
            // SAFETY: The caller gives an open handle, and buffers that are mapped.
            unsafe {
                let parts = parts(vec, count)?;
                call::tcp::send_parts(sock(handle)?, parts, Message::new(flags as u32))
            }
        })())
    }

    fn ukl_tcp_recvv(handle: *mut ukl_sock, vec: *const kvec, count: usize, flags: c_int) -> isize {
        super::count((|| {
            // SAFETY: The caller gives an open handle, and buffers that are writable.
            unsafe {
                let parts = parts(vec, count)?;
                call::tcp::receive_parts(sock(handle)?, parts, Message::new(flags as u32))
            }
        })())
    }

    fn ukl_tcp_send_pages(
        handle: *mut ukl_sock,
        buf: *const c_void,
        len: usize,
        flags: c_int,
    ) -> isize {
        count((|| {
            let data = bytes(buf, len)?;
            // SAFETY: The caller gives an open handle, and memory that is mapped.
            unsafe { call::tcp::send_pages(sock(handle)?, data, Message::new(flags as u32)) }
        })())
    }

    fn ukl_tcp_recv_inplace(
        handle: *mut ukl_sock,
        consume: Option<Consume>,
        arg: *mut c_void,
        flags: c_int,
    ) -> isize {
        count((|| {
            let mut reader = Consumer { consume: consume.ok_or(EINVAL)?, arg };
            // SAFETY: The caller gives an open handle; there is no answer.
            unsafe { call::tcp::read(sock(handle)?, &mut reader, Message::new(flags as u32), |_| ()) }
        })())
    }

    fn ukl_tcp_exchange(
        handle: *mut ukl_sock,
        consume: Option<Consume>,
        arg: *mut c_void,
        reply: *mut ukl_reply,
        flags: c_int,
    ) -> isize {
        count((|| {
            let consumer = Consumer { consume: consume.ok_or(EINVAL)?, arg };
            kernel_pointer(reply)?;
            // SAFETY: The caller gives a valid reply.
            unsafe {
                (*reply).len = 0;
                (*reply).sent = 0;
            }
            let sent = |sent: Result<usize>| {
                // SAFETY: As above.
                unsafe { (*reply).sent = count(sent) };
            };
            let mut reader = Responder { consumer, reply };
            // SAFETY: The caller gives an open handle; the function has set the answer to memory that
            // is mapped.
            unsafe { call::tcp::read(sock(handle)?, &mut reader, Message::new(flags as u32), sent) }
        })())
    }

    fn ukl_tcp_nodelay(handle: *mut ukl_sock, on: bool) -> c_int {
        // SAFETY: The caller gives an open handle.
        status(unsafe { sock(handle) }.and_then(|sock| call::tcp::set_nodelay(sock, on)))
    }
}
