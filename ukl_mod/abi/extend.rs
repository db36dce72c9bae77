// SPDX-License-Identifier: GPL-2.0

//! `include/ukl/extend.h`: what other modules build calls of their own on.

use super::{errno, export, status};
use crate::call;
use kernel::{
    ffi::{c_int, c_long, c_void},
    prelude::*,
};

type Function = unsafe extern "C" fn(*mut c_void) -> c_long;

/// What `f` comes to.
///
/// # Safety
///
/// It may be called so.
#[inline(always)]
unsafe fn run(f: Option<Function>, arg: *mut c_void) -> Result<c_long> {
    // SAFETY: By the function's requirements.
    match unsafe { f.ok_or(EINVAL)?(arg) } {
        errno @ -4095..0 => Err(Error::from_errno(errno as i32)),
        result => Ok(result),
    }
}

#[inline(always)]
fn long(result: Result<c_long>) -> c_long {
    result.unwrap_or_else(|error| errno(error) as c_long)
}

export! {
    fn ukl_call(f: Option<Function>, arg: *mut c_void) -> c_long {
        // SAFETY: The caller gives a function that may be called so.
        long(call::extend::call(|| unsafe { run(f, arg) }))
    }

    fn ukl_call_polling(f: Option<Function>, arg: *mut c_void) -> c_long {
        // SAFETY: As above.
        long(call::extend::call_polling(|| unsafe { run(f, arg) }))
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
