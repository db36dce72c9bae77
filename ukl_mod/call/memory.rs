// SPDX-License-Identifier: GPL-2.0

//! Memory that goes with its application.

use crate::transition;
use kernel::prelude::*;

/// `ukl_alloc()`.
pub(crate) fn allocate(size: usize) -> Result<*mut u8> {
    transition::call(|kernel| {
        if size == 0 || size > isize::MAX as usize {
            return Err(EINVAL);
        }
        kernel.app().allocate(size)
    })
}

/// `ukl_free()`.
pub(crate) fn free(address: *const u8) -> Result {
    transition::call_always(|kernel| kernel.app().free(address))
}
