// SPDX-License-Identifier: GPL-2.0

//! `include/ukl.h` for Rust, as bindgen reads it. Declarations only: nothing of this crate is linked.

#![crate_name = "ukl_bindings"]
#![allow(
    clippy::all,
    clippy::undocumented_unsafe_blocks,
    improper_ctypes,
    missing_docs,
    non_camel_case_types,
    non_upper_case_globals,
    unreachable_pub,
    unsafe_op_in_unsafe_fn
)]

pub use kernel::bindings::*;
use kernel::{error::Error, ffi};

type __kernel_ssize_t = isize;

include!(concat!(env!("UKL_OBJ"), "/rust/bindings/ukl_generated.rs"));

/// Errors of sockets and of waiting, for which the kernel crate has names since Linux 7.3 only.
pub mod errno {
    use super::{ffi::c_int, Error};

    macro_rules! errors {
        ($($name:ident = $code:ident,)*) => {
            $(
                #[inline]
                pub fn $name() -> Error {
                    Error::from_errno(-(super::$code as c_int))
                }
            )*
        };
    }

    errors! {
        eaddrinuse = EADDRINUSE,
        eaddrnotavail = EADDRNOTAVAIL,
        eafnosupport = EAFNOSUPPORT,
        ealready = EALREADY,
        ebadmsg = EBADMSG,
        econnaborted = ECONNABORTED,
        econnrefused = ECONNREFUSED,
        econnreset = ECONNRESET,
        edeadlk = EDEADLK,
        edestaddrreq = EDESTADDRREQ,
        ehostunreach = EHOSTUNREACH,
        einprogress = EINPROGRESS,
        eisconn = EISCONN,
        eloop = ELOOP,
        emsgsize = EMSGSIZE,
        enametoolong = ENAMETOOLONG,
        enetunreach = ENETUNREACH,
        enobufs = ENOBUFS,
        enoprotoopt = ENOPROTOOPT,
        enotconn = ENOTCONN,
        enotsock = ENOTSOCK,
        eopnotsupp = EOPNOTSUPP,
        eprototype = EPROTOTYPE,
        etimedout = ETIMEDOUT,
    }
}
