// SPDX-License-Identifier: GPL-2.0

//! What of `ukl.ko` needs nothing of the kernel, with its KUnit suites, for user space; `logic.t` runs them.

#![feature(asm_goto)]
#![allow(stable_features, dead_code)]

extern crate self as kernel;
extern crate self as ukl_support;

/// What these files take from the kernel crate.
pub mod prelude {
    pub use kunit::kunit_tests;

    /// A positive errno.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub struct Error(i32);
    pub type Result<T = (), E = Error> = core::result::Result<T, E>;

    pub const EPERM: Error = Error(1);
    pub const EBUSY: Error = Error(16);
    pub const EINVAL: Error = Error(22);
}

pub use kunit as macros;

#[path = "../../../ukl_mod/budget.rs"]
mod budget;
#[path = "../../../ukl_mod/mode.rs"]
mod mode;
#[path = "../../../rust/support/once.rs"]
pub mod once;
#[path = "../../../rust/support/users.rs"]
pub mod users;
