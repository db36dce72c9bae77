// SPDX-License-Identifier: GPL-2.0

//! Safe wrappers over what the `kernel` crate lacks: sockets, files, readiness, kernel threads, a
//! per-task pointer, stacks and coroutines to run code on, exceptions, signals, memory shared with a
//! process.
//!
//! This crate knows nothing of UKL. Each file wraps one thing of the kernel's and could be offered
//! to the `kernel` crate as it is; the unsafe code of `ukl.ko` lives here and at its ABI edge.

#![crate_name = "ukl_support"]
#![warn(missing_docs)]

#[allow(
    clippy::undocumented_unsafe_blocks,
    improper_ctypes,
    missing_docs,
    non_camel_case_types,
    non_upper_case_globals,
    unreachable_pub,
    unsafe_op_in_unsafe_fn
)]
mod bindings {
    //! C declarations: those the kernel crate has, and `helpers/helpers.h`.
    pub(crate) use kernel::bindings::*;
    use kernel::ffi;
    include!(concat!(
        env!("UKL_OBJ"),
        "/rust/support/helpers_generated.rs"
    ));
}

pub mod area;
pub mod coroutine;
pub mod fault;
pub mod file;
pub mod kthread;
pub mod module;
pub mod net;
mod notifier;
pub mod once;
pub mod periodic;
pub mod poll;
pub mod signal;
pub mod stack;
pub mod task;
pub mod task_local;
pub mod tcp;
pub mod time;
pub mod tls;
pub mod users;
