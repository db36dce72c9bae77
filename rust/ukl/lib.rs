// SPDX-License-Identifier: GPL-2.0

//! Applications that live in the kernel: the Rust face of `ukl.ko`.
//!
//! An application is a kernel module whose code runs on UKL threads. It starts with
//! [`Application::start`], which runs a closure on a first thread, in application mode, on an
//! application stack. What the closure gets is [`App`]: the proof that code is on such a thread, which
//! every call into the kernel takes. A call is a transition, a plain procedure call; names follow
//! `std` where `std` has the thing.
//!
//! ```
//! use ukl::{net::TcpListener, App};
//!
//! fn serve(app: &App) -> Result {
//!     let listener = TcpListener::bind(app, "[::]:7".parse().unwrap())?;
//!     while !app.should_stop() {
//!         let stream = listener.accept(app)?;
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
//! # Errors
//!
//! Every call may fail with `EINTR` once its thread was asked to stop: return, and let values drop.
//! Beyond that each call lists its own.
//!
//! # Memory
//!
//! Closures and buffers are ordinary kernel memory. A thread's stack is 64 KiB unless [`Builder`]
//! says otherwise.

#![crate_name = "ukl"]
#![warn(missing_docs)]

pub mod net;
mod thread;

pub use ukl_bindings::errno;

pub use thread::{App, Application, Builder, JoinHandle, Mode, BYPASS_MAX};

use kernel::{error::to_result, ffi::c_int, prelude::*};

/// What the C face returns as a count or a negative errno.
fn count(value: isize) -> Result<usize> {
    match usize::try_from(value) {
        Ok(count) => Ok(count),
        Err(_) => Err(Error::from_errno(value as c_int)),
    }
}

fn result(value: c_int) -> Result {
    to_result(value)
}
