// SPDX-License-Identifier: GPL-2.0

//! `include/uapi/ukl.h` as Rust, with the layout of each struct asserted. Made by `build.rs`.

#![allow(
    dead_code,
    missing_docs,
    non_camel_case_types,
    unsafe_code,
    clippy::undocumented_unsafe_blocks,
    reason = "generated, and documented in the header"
)]

include!(concat!(env!("OUT_DIR"), "/abi.rs"));
