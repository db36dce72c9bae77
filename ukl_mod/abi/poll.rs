// SPDX-License-Identifier: GPL-2.0

//! `include/ukl/poll.h`: event sets.

use super::{bindings, closing, export, file, given, handle, kernel_half, number, sock, status};
use crate::{call, handle::Given, resource::Poll};
use bindings::{ukl_event, ukl_file, ukl_poll, ukl_sock};
use kernel::{
    ffi::{c_int, c_uint},
    prelude::*,
};
use ukl_support::poll::{Events, Ready};

// The number of the header is that of the code.
const _: () = assert!(call::poll::SPIN_MAX == bindings::UKL_SPIN_MAX);

/// An event set; `EINVAL` for NULL and `ERR_PTR()`.
///
/// # Safety
///
/// As for [`given`].
unsafe fn poll(handle: *mut ukl_poll) -> Result<Given<Poll>> {
    // SAFETY: By the function's requirements.
    unsafe { given(handle, || EINVAL) }
}

export! {
    fn ukl_poll_create() -> *mut ukl_poll {
        handle(call::poll::create())
    }

    fn ukl_poll_add(set: *mut ukl_poll, what: *mut ukl_sock, events: c_uint, token: u64) -> c_int {
        // SAFETY: The caller gives open handles.
        status((|| unsafe { call::poll::add(poll(set)?, sock(what)?, Events::new(events), token) })())
    }

    fn ukl_poll_modify(set: *mut ukl_poll, what: *mut ukl_sock, events: c_uint, token: u64) -> c_int {
        // SAFETY: The caller gives open handles.
        status((|| unsafe {
            call::poll::modify(poll(set)?, sock(what)?, Events::new(events), token)
        })())
    }

    fn ukl_poll_remove(set: *mut ukl_poll, what: *mut ukl_sock) -> c_int {
        // SAFETY: The caller gives open handles.
        status((|| unsafe { call::poll::remove(poll(set)?, sock(what)?) })())
    }

    fn ukl_poll_add_file(
        set: *mut ukl_poll,
        what: *mut ukl_file,
        events: c_uint,
        token: u64,
    ) -> c_int {
        // SAFETY: The caller gives open handles.
        status((|| unsafe { call::poll::add(poll(set)?, file(what)?, Events::new(events), token) })())
    }

    fn ukl_poll_modify_file(
        set: *mut ukl_poll,
        what: *mut ukl_file,
        events: c_uint,
        token: u64,
    ) -> c_int {
        // SAFETY: The caller gives open handles.
        status((|| unsafe {
            call::poll::modify(poll(set)?, file(what)?, Events::new(events), token)
        })())
    }

    fn ukl_poll_remove_file(set: *mut ukl_poll, what: *mut ukl_file) -> c_int {
        // SAFETY: The caller gives open handles.
        status((|| unsafe { call::poll::remove(poll(set)?, file(what)?) })())
    }

    fn ukl_poll_wait(
        set: *mut ukl_poll,
        events: *mut ukl_event,
        max: c_int,
        timeout: i64,
    ) -> c_int {
        number((|| {
            let max = usize::try_from(max).map_err(|_| EINVAL)?;
            if max == 0 {
                return Err(EINVAL);
            }
            kernel_half(events.cast(), max * size_of::<ukl_event>())?;
            let mut next = events;
            let report = |ready: Ready| {
                let event = ukl_event {
                    events: ready.events.bits(),
                    token: ready.token,
                };
                // SAFETY: The caller gives an array of `max`, and no more are reported.
                unsafe {
                    next.write(event);
                    next = next.add(1);
                }
            };
            // SAFETY: The caller gives an open handle.
            let count = call::poll::wait(unsafe { poll(set) }?, max, timeout, report)?;
            Ok(count as c_int)
        })())
    }

    fn ukl_poll_wake(set: *mut ukl_poll) {
        // SAFETY: The caller gives a handle that is open until the function returns.
        unsafe {
            if let Ok(poll) = poll(set) {
                call::poll::wake(poll);
            }
        }
    }

    fn ukl_poll_spin(set: *mut ukl_poll, usecs: c_uint) -> c_int {
        // SAFETY: The caller gives an open handle.
        status(unsafe { poll(set) }.and_then(|poll| call::poll::spin(poll, usecs)))
    }

    fn ukl_poll_close(set: *mut ukl_poll) -> c_int {
        status(closing(set, || EINVAL).and_then(call::poll::close))
    }
}
