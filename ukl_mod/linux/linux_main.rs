// SPDX-License-Identifier: GPL-2.0

//! `ukl_linux.ko`: the Linux system calls for C programs in ring 0, on top of `ukl.ko`.
//!
//! ```text
//!   program, libc ──> entry ──> table ──> call ──> fd, memory, signal, … ──> face ──> ukl.ko
//!                       │         └────> tail: the process makes the call in user space
//!                     trace
//! ```
//!
//! All of this runs in mode `App`, on the application stack, but for the functions of `helpers.c` that are
//! handed to `ukl_call()`. So a thread may be ended wherever it makes a call, and wherever it touches the
//! program's memory: nothing is held there that has to be given back, and what is allocated across a call
//! belongs to the application.

#![crate_name = "ukl_linux_mod"]

mod call;
mod entry;
mod epoll;
mod face;
mod lock;
mod memory;
mod process;
mod program;
mod start;
mod table;
mod tail;
mod thread;
mod trace;

use kernel::prelude::*;

#[allow(
    dead_code,
    clippy::undocumented_unsafe_blocks,
    improper_ctypes,
    missing_docs,
    non_camel_case_types,
    non_upper_case_globals,
    unreachable_pub,
    unsafe_op_in_unsafe_fn
)]
mod bindings {
    //! C declarations: `include/ukl.h` with the kernel's, and `helpers.h`.
    use kernel::ffi;
    pub(crate) use ukl_bindings::*;
    include!(concat!(
        env!("UKL_OBJ"),
        "/ukl_mod/linux/helpers_generated.rs"
    ));
}

module! {
    type: UklLinux,
    name: "ukl_linux",
    authors: ["The ukl authors"],
    description: "Linux system calls for C programs in ring 0",
    license: "GPL v2",
}

/// The module. It has no state: that of a program is its application's.
struct UklLinux;

impl kernel::Module for UklLinux {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        Ok(Self)
    }
}

impl Drop for UklLinux {
    fn drop(&mut self) {
        // SAFETY: A program holds a reference to this module, so there is none.
        unsafe { bindings::ukl_linux_helper_free_stages() };
    }
}
