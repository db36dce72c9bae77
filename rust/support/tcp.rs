// SPDX-License-Identifier: GPL-2.0

//! TCP: what the kernel does inside of a send and a receive, on sockets that are TCP.
//!
//! C header: [`include/net/tcp.h`](srctree/include/net/tcp.h)

use crate::{
    bindings,
    net::{count, Message, Parts, Socket},
};
use core::{
    ffi::{c_int, c_void},
    mem::offset_of,
};
use kernel::{error::to_result, prelude::*};

/// A socket that is known to be TCP.
///
/// # Invariants
///
/// [`Socket::is_tcp`] holds.
#[derive(Clone, Copy)]
pub struct Tcp<'a>(&'a Socket);

/// Who looks at received bytes where they are, and may answer them.
pub trait Reader {
    /// Looks at the next bytes, returns how many it consumed; with fewer than all the receive ends.
    ///
    /// The socket is locked.
    fn consume(&mut self, data: &[u8]) -> Result<usize>;

    /// Whether there may be an answer.
    const REPLIES: bool = false;

    /// What to answer, at most `c_int::MAX` bytes. Called once, after `consume` was.
    fn reply(&mut self) -> Result<*const [u8]> {
        Ok(&[])
    }
}

/// A reader as C sees it.
#[repr(C)]
struct Adapter<'a, R> {
    c: bindings::ukl_tcp_reader,
    reader: &'a mut R,
}

impl<R: Reader> Adapter<'_, R> {
    /// # Safety
    ///
    /// Only for [`Tcp::read`], which hands over an adapter; `data` must have `len` bytes.
    unsafe extern "C" fn consume(
        c: *mut bindings::ukl_tcp_reader,
        data: *const c_void,
        len: usize,
    ) -> isize {
        // SAFETY: `c` is the field of an adapter that nobody else uses now.
        let this = unsafe { &mut *c.byte_sub(offset_of!(Self, c)).cast::<Self>() };
        // SAFETY: By the function's requirements.
        let data = unsafe { core::slice::from_raw_parts(data.cast(), len) };
        match this.reader.consume(data) {
            Ok(used) => isize::try_from(used).unwrap_or(isize::MAX),
            Err(error) => error.to_errno() as isize,
        }
    }

    /// # Safety
    ///
    /// Only for [`Tcp::read`], which hands over an adapter; `len` must be writable.
    unsafe extern "C" fn reply(c: *mut bindings::ukl_tcp_reader, len: *mut usize) -> *const c_void {
        // SAFETY: `c` is the field of an adapter that nobody else uses now.
        let this = unsafe { &mut *c.byte_sub(offset_of!(Self, c)).cast::<Self>() };
        match this.reader.reply() {
            Ok(data) => {
                // SAFETY: By the function's requirements.
                unsafe { len.write(data.len()) };
                data.cast()
            }
            Err(error) => error.to_ptr(),
        }
    }
}

/// What a receive in place came to.
pub struct Read {
    /// How many bytes were consumed, 0 also at the end of the stream.
    pub consumed: Result<usize>,
    /// How many bytes of the answer were sent, 0 if there was none.
    pub sent: Result<usize>,
    /// Whether the reader has looked at some: an error is its own then.
    pub called: bool,
}

impl<'a> Tcp<'a> {
    /// # Safety
    ///
    /// [`Socket::is_tcp`] must hold.
    #[inline(always)]
    pub unsafe fn new(socket: &'a Socket) -> Self {
        // INVARIANT: By the function's requirements.
        Self(socket)
    }

    /// `TCP_NODELAY`.
    pub fn set_nodelay(self, on: bool) -> Result {
        // SAFETY: The socket is a valid TCP socket.
        to_result(unsafe { bindings::ukl_helper_nodelay(self.0.as_ptr(), on) })
    }

    /// `tcp_sendmsg()`. Returns how many bytes it took.
    ///
    /// # Safety
    ///
    /// `data` must be mapped.
    #[inline(always)]
    pub unsafe fn send(self, data: *const [u8], flags: Message) -> Result<usize> {
        // SAFETY: The socket is TCP; `data` by the function's requirements.
        count(unsafe {
            bindings::ukl_helper_tcp_send(
                self.0.as_ptr(),
                data.cast(),
                data.len(),
                flags.bits() as c_int,
            )
        })
    }

    /// `tcp_sendmsg()` from several buffers.
    ///
    /// # Safety
    ///
    /// The parts must be mapped.
    pub unsafe fn send_parts(self, parts: Parts<'_>, flags: Message) -> Result<usize> {
        // SAFETY: The socket is TCP; the parts by the function's requirements.
        count(unsafe {
            bindings::ukl_helper_tcp_sendv(
                self.0.as_ptr(),
                parts.as_ptr(),
                parts.count(),
                parts.len(),
                flags.bits() as c_int,
            )
        })
    }

    /// `tcp_sendmsg()` with `MSG_SPLICE_PAGES`; `EINVAL` unless `data` is made of pages that have a
    /// count of their own.
    ///
    /// # Safety
    ///
    /// `data` must be mapped.
    pub unsafe fn send_pages(self, data: *const [u8], flags: Message) -> Result<usize> {
        // SAFETY: The socket is TCP; `data` by the function's requirements.
        count(unsafe {
            bindings::ukl_helper_tcp_send_pages(
                self.0.as_ptr(),
                data.cast(),
                data.len(),
                flags.bits() as c_int,
            )
        })
    }

    /// `tcp_recvmsg()`. Returns how many bytes arrived in `buffer`, 0 at the end of the stream.
    ///
    /// # Safety
    ///
    /// `buffer` must be writable.
    #[inline(always)]
    pub unsafe fn receive(self, buffer: *mut [u8], flags: Message) -> Result<usize> {
        // SAFETY: The socket is TCP; `buffer` by the function's requirements.
        count(unsafe {
            bindings::ukl_helper_tcp_recv(
                self.0.as_ptr(),
                buffer.cast(),
                buffer.len(),
                flags.bits() as c_int,
            )
        })
    }

    /// `tcp_recvmsg()` into several buffers.
    ///
    /// # Safety
    ///
    /// The parts must be writable.
    pub unsafe fn receive_parts(self, parts: Parts<'_>, flags: Message) -> Result<usize> {
        // SAFETY: The socket is TCP; the parts by the function's requirements.
        count(unsafe {
            bindings::ukl_helper_tcp_recvv(
                self.0.as_ptr(),
                parts.as_ptr(),
                parts.count(),
                parts.len(),
                flags.bits() as c_int,
            )
        })
    }

    /// `tcp_read_sock()`, and `tcp_sendmsg_locked()` for the answer, in one section of the socket's
    /// lock. Waits for the first byte, unless `flags` has [`DONTWAIT`](crate::net::DONTWAIT).
    ///
    /// # Safety
    ///
    /// What `reader` wants to answer must be mapped.
    #[inline(always)]
    pub unsafe fn read<R: Reader>(self, reader: &mut R, flags: Message) -> Read {
        let mut adapter = Adapter {
            c: bindings::ukl_tcp_reader {
                consume: Some(Adapter::<R>::consume),
                reply: R::REPLIES.then_some(Adapter::<R>::reply),
                sent: 0,
                called: false,
            },
            reader,
        };
        // SAFETY: The socket is TCP, and the adapter stays until the call returns.
        let consumed = unsafe {
            bindings::ukl_helper_tcp_read(self.0.as_ptr(), &mut adapter.c, flags.bits() as c_int)
        };
        Read {
            consumed: count(consumed as c_int),
            sent: count(adapter.c.sent as c_int),
            called: adapter.c.called,
        }
    }
}
