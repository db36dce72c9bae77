// SPDX-License-Identifier: GPL-2.0

//! Accepting connections. Other calls of sockets that are made once for a connection or less are made in
//! user space, with all that the kernel does there.

use super::file::{self, For};
use crate::{
    bindings::{self, ukl_linux_accept},
    face::{self, Answer},
};
use kernel::prelude::*;

/// `accept4(fd, addr, addrlen, flags)`.
pub(crate) fn accept4(args: &[u64; 6]) -> Answer {
    const FLAGS: u32 = bindings::O_CLOEXEC | bindings::O_NONBLOCK;
    if args[3] as u32 & !FLAGS != 0 {
        return Err(EINVAL);
    }
    let mut name = [0_u8; 128];
    let mut accept = ukl_linux_accept {
        fd: args[0] as i32,
        flags: args[3] as i32,
        name: name.as_mut_ptr().cast(),
        namelen: 0,
    };
    let mut call = || {
        // SAFETY: The helper takes this.
        unsafe { face::call_raw(bindings::ukl_linux_helper_accept, &mut accept) }
    };
    let fd = file::settle(call(), args[0], For::Reading, 0, call)?;
    if let Err(error) = file::put_name(&name, accept.namelen, args[1], args[2]) {
        // Nobody would know of it.
        file::close(&[fd as u64, 0, 0, 0, 0, 0])?;
        return Err(error);
    }
    Ok(fd)
}

/// `accept(fd, addr, addrlen)`.
pub(crate) fn accept(args: &[u64; 6]) -> Answer {
    accept4(&[args[0], args[1], args[2], 0, 0, 0])
}
