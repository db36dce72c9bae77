// SPDX-License-Identifier: GPL-2.0

//! Receiving in place: code of the application looks at the bytes where the network put them.

use core::slice;
use kernel::{
    ffi::{c_int, c_void},
    prelude::*,
};
use ukl_bindings as bindings;

use super::sock::Sock;
use crate::{count, App};

/// One side of a conversation: what [`TcpStream::exchange`](super::TcpStream::exchange) runs with the
/// socket locked.
///
/// The methods are called in mode `KERNEL`, in the middle of a call, so that every other call fails with
/// `EBUSY`; on a kernel stack of 16 KiB. They may allocate memory and take mutexes for a short time, and
/// must not wait for anything that depends on this connection.
pub trait Exchange {
    /// Looks at the next bytes of the stream, at least one, and returns how many it consumed, from the
    /// front. With fewer than all the receive ends, and the rest stays in the socket.
    ///
    /// A message does not have to end where `bytes` ends: what is in front of it and behind it may come
    /// in other calls, as the network cut the stream. What is not complete is copied and consumed.
    ///
    /// # Errors
    ///
    /// What it returns ends the receive, with none of `bytes` consumed.
    fn consume(&mut self, bytes: &[u8]) -> Result<usize>;

    /// All that is to be answered to what was consumed so far; is asked after each
    /// [`Exchange::consume`], and sent after the last.
    fn reply(&self) -> &[u8];
}

/// What became of an exchange.
#[derive(Clone, Copy, Debug)]
pub struct Exchanged {
    /// How many bytes were consumed; 0 at the end of the stream, or if nothing of what is there was
    /// wanted.
    pub consumed: usize,
    /// How many bytes of the reply the socket took. What it had no room for is left to the caller; `EAGAIN`
    /// if that is all. Other errors are those of [`TcpStream::write`](super::TcpStream::write).
    pub sent: Result<usize>,
}

/// What C takes for the result of a consumer.
#[inline]
fn consumed(result: Result<usize>) -> isize {
    match result {
        // More than there was, which is an error of its own.
        Ok(count) => isize::try_from(count).unwrap_or(isize::MAX),
        Err(error) => error.to_errno() as isize,
    }
}

/// # Safety
///
/// `arg` is an `F` that nobody else uses during the call; there are `len` bytes at `data`.
unsafe extern "C" fn look<F: FnMut(&[u8]) -> Result<usize>>(
    arg: *mut c_void,
    data: *const c_void,
    len: usize,
) -> isize {
    // SAFETY: By the function's requirements.
    let (look, bytes) = unsafe {
        (
            &mut *arg.cast::<F>(),
            slice::from_raw_parts(data.cast(), len),
        )
    };
    consumed(look(bytes))
}

/// `ukl_tcp_recv_inplace()`.
#[inline]
pub(super) fn read_in_place<F>(sock: &Sock, _app: &App, mut f: F, flags: u32) -> Result<usize>
where
    F: FnMut(&[u8]) -> Result<usize>,
{
    let arg = (&raw mut f).cast();
    // SAFETY: `_app` says that this is application mode; the handle is open, and `look` gets what it needs.
    count(unsafe {
        bindings::ukl_tcp_recv_inplace(sock.as_ptr(), Some(look::<F>), arg, flags as c_int)
    })
}

/// What is behind the argument of [`answer`].
struct Conversation<'a, E> {
    exchange: &'a mut E,
    reply: bindings::ukl_reply,
}

/// # Safety
///
/// `arg` is a `Conversation<E>` that nobody else uses during the call; there are `len` bytes at `data`.
unsafe extern "C" fn answer<E: Exchange>(
    arg: *mut c_void,
    data: *const c_void,
    len: usize,
) -> isize {
    let conversation = arg.cast::<Conversation<'_, E>>();
    // SAFETY: By the function's requirements.
    let (exchange, bytes) = unsafe {
        (
            &mut *(*conversation).exchange,
            slice::from_raw_parts(data.cast(), len),
        )
    };
    let result = exchange.consume(bytes);
    let reply = exchange.reply();
    // SAFETY: As above. The bytes of the reply stay as they are until the next `consume`, or until the
    // call returns: `exchange` is borrowed for as long.
    unsafe {
        (*conversation).reply.data = reply.as_ptr().cast();
        (*conversation).reply.len = reply.len();
    }
    consumed(result)
}

/// `ukl_tcp_exchange()`.
#[inline]
pub(super) fn exchange<E: Exchange>(
    sock: &Sock,
    _app: &App,
    exchange: &mut E,
    flags: u32,
) -> Result<Exchanged> {
    let mut conversation = Conversation {
        exchange,
        reply: bindings::ukl_reply::default(),
    };
    let arg = &raw mut conversation;
    // SAFETY: `_app` says that this is application mode; the handle is open, and `answer` gets what it
    // needs: C uses the reply while it does not run only.
    let (consumed, sent) = unsafe {
        let reply = &raw mut (*arg).reply;
        let consumed = bindings::ukl_tcp_exchange(
            sock.as_ptr(),
            Some(answer::<E>),
            arg.cast(),
            reply,
            flags as c_int,
        );
        (consumed, (*reply).sent)
    };
    Ok(Exchanged {
        consumed: count(consumed)?,
        sent: count(sent),
    })
}
