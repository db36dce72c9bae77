// SPDX-License-Identifier: GPL-2.0

//! `include/ukl.h` for Rust, as bindgen reads it. Declarations only: nothing of this crate is linked.

#![crate_name = "ukl_bindings"]
#![allow(
    clippy::all,
    improper_ctypes,
    missing_docs,
    non_camel_case_types,
    non_upper_case_globals,
    unreachable_pub,
    unsafe_op_in_unsafe_fn
)]

use kernel::ffi;
pub use kernel::bindings::*;

type __kernel_ssize_t = isize;

include!(concat!(env!("UKL_OBJ"), "/rust/bindings/ukl_generated.rs"));
