// SPDX-License-Identifier: GPL-2.0

//! Applications that live in the kernel: the Rust face of `ukl.ko`.
//!
//! An application is a kernel module whose code runs on UKL threads. It starts with
//! [`Application::start`], which runs a closure on a first thread, in application mode, on an
//! application stack. What the closure gets is [`App`]: the proof that code is on such a thread, which
//! every call into the kernel takes. A call is a transition, a plain procedure call; names follow
//! `std`, `tokio` and `mio` where those have the thing.
//!
//! ```
//! use ukl::{net::TcpListener, App};
//!
//! fn serve(app: &App) -> Result {
//!     let listener = TcpListener::bind(app, "[::]:7".parse().unwrap())?;
//!     while !app.should_stop() {
//!         let (stream, _) = listener.accept(app)?;
//!         app.spawn(move |app| {
//!             let mut buffer = [0; 4096];
//!             loop {
//!                 match stream.read(app, &mut buffer)? {
//!                     0 => return Ok(()),
//!                     n => stream.write_all(app, &buffer[..n])?,
//!                 }
//!             }
//!         })?;
//!     }
//!     Ok(())
//! }
//! ```
//!
//! # Where things are
//!
//!  - applications and their threads: [`App`], [`Application`], [`JoinHandle`]
//!  - TCP, UDP and unix sockets: [`net`]
//!  - readiness of many sockets and files: [`poll`]
//!  - programs that processes run, their arguments and signals: [`process`]
//!  - memory that goes with the application: [`mem`]
//!  - files: [`fs`]
//!  - clocks, sleeping, waiting for a word of memory: [`time`], [`sync`]
//!  - buffers for the calls that take several, pages that are sent without a copy: [`io`]
//!
//! # Context
//!
//! What takes an [`App`] may sleep, and may reschedule before it returns. What is named `try_…` does not
//! wait for the other side: it fails with `EAGAIN` where its namesake would.
//!
//! # Errors
//!
//! Every call may fail with `EINTR` once its thread was asked to stop: return, and let values drop.
//! In the middle of another call of the thread, as in the closure of
//! [`read_in_place`](net::TcpStream::read_in_place), every call fails with `EBUSY`.
//! Beyond that each call lists its own. Errors that have no name in the kernel crate before Linux 7.3
//! are in [`errno`].
//!
//! # Memory
//!
//! Closures and buffers are ordinary kernel memory. A thread's stack is 64 KiB unless [`Builder`]
//! says otherwise. A thread that is ended by a fault, or killed in its own code, drops nothing: what
//! [`mem`] has allocated and what is open is taken back all the same.
//!
//! # What belongs to an application
//!
//! Sockets, files, event sets, thread handles and the memory of [`mem`] belong to the application of the
//! thread that made them, or to the [`Owner`] that was said. They are closed when their value is dropped,
//! and at the latest when the application ends, whoever has the value then. A value that is dropped outside
//! application mode, or in the middle of a call, stays open until then.
//!
//! A value does not know whose it is. Whoever starts an application or offers a program says with an `unsafe`
//! ([`Application::start`], [`Program::register`](process::Program::register)) that in all the code that this
//! runs
//!
//!  - no value is used after its application has ended, which goes for slices of [`mem::Memory`], too;
//!  - no value is used by another application, or dropped on a thread of one. Two processes that run the same
//!    program are two applications.
//!
//! So it is by itself as long as values stay in the variables of an application's threads, and in what only
//! these share. To be looked at is what others see as well: statics, and what a closure shares with its
//! module. To drop a value there late, on a thread of no application, or never, does no harm.

#![crate_name = "ukl"]
#![warn(missing_docs)]

pub mod fs;
pub mod io;
pub mod mem;
pub mod net;
pub mod poll;
pub mod process;
pub mod sync;
mod thread;
pub mod time;

pub use ukl_bindings::errno;

pub use thread::{
    available_parallelism, App, Application, Builder, JoinHandle, Mode, Owner, BYPASS_MAX,
};

use core::time::Duration;
use kernel::{error::to_result, ffi::c_int, prelude::*};

/// What the C face returns as a count or a negative errno.
#[inline]
fn count(value: isize) -> Result<usize> {
    match usize::try_from(value) {
        Ok(count) => Ok(count),
        Err(_) => Err(Error::from_errno(value as c_int)),
    }
}

fn result(value: c_int) -> Result {
    to_result(value)
}

/// A time-out as C has it: nanoseconds, negative for none.
#[inline]
fn nanoseconds(timeout: Option<Duration>) -> i64 {
    let Some(timeout) = timeout else {
        return ukl_bindings::UKL_FOREVER.into();
    };
    // 292 years, if it is longer.
    timeout
        .as_secs()
        .checked_mul(1_000_000_000)
        .and_then(|ns| ns.checked_add(timeout.subsec_nanos().into()))
        .and_then(|ns| i64::try_from(ns).ok())
        .unwrap_or(i64::MAX)
}
