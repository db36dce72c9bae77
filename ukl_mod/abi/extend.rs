// SPDX-License-Identifier: GPL-2.0

//! `include/ukl/extend.h`: what other modules build calls of their own on.

use super::{errno, export, status};
use crate::call;
use kernel::{
    ffi::{c_int, c_long, c_void},
    prelude::*,
};

export! {
    fn ukl_call(f: Option<unsafe extern "C" fn(*mut c_void) -> c_long>, arg: *mut c_void) -> c_long {
        let Some(f) = f else {
            return EINVAL.to_errno() as c_long;
        };
        let run = || {
            // SAFETY: The caller gives a function that may be called so.
            match unsafe { f(arg) } {
                errno @ -4095..0 => Err(Error::from_errno(errno as i32)),
                result => Ok(result),
            }
        };
        match call::extend::call(run) {
            Ok(result) => result,
            Err(error) => errno(error) as c_long,
        }
    }

    fn ukl_attach(data: *mut c_void, release: Option<unsafe extern "C" fn(*mut c_void)>) -> c_int {
        status((|| {
            let release = release.filter(|_| !data.is_null()).ok_or(EINVAL)?;
            call::extend::attach(data, release)
        })())
    }

    fn ukl_attached() -> *mut c_void {
        call::extend::attached()
    }
}
