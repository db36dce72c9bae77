// SPDX-License-Identifier: GPL-2.0

//! A socket that belongs to an application.

use core::{mem::MaybeUninit, ptr::NonNull};
use kernel::{
    alloc::KBox,
    prelude::*,
    sync::{
        aref::{ARef, AlwaysRefCounted},
        atomic::Relaxed,
        Refcount,
    },
};
use ukl_bindings::errno;
use ukl_support::net::{Shutdown, Socket};

/// A socket, counted by the application that has it open and by each call that is using it.
///
/// The last one to let go closes it, so that a socket closed in the middle of another thread's call
/// stays whole until that call has returned.
pub(crate) struct Sock {
    socket: Socket,
    tcp: bool,
    users: Refcount,
}

// SAFETY: The value is freed when the count that `inc_ref` and `dec_ref` keep drops to 0.
unsafe impl AlwaysRefCounted for Sock {
    fn inc_ref(&self) {
        self.users.inc();
    }

    unsafe fn dec_ref(this: NonNull<Self>) {
        // SAFETY: The caller has a reference, so the value is alive.
        if unsafe { this.as_ref() }.users.dec_and_test() {
            // SAFETY: `Sock::new` took the pointer from a `KBox`, and nobody has a reference now.
            drop(unsafe { KBox::from_raw(this.as_ptr()) });
        }
    }
}

impl Sock {
    /// Memory for a value to be; `ENOMEM`.
    pub(crate) fn reserve() -> Result<KBox<MaybeUninit<Self>>> {
        Ok(KBox::new_uninit(GFP_KERNEL)?)
    }

    /// Wraps `socket` in `memory`. The reference that is returned keeps it open.
    pub(crate) fn new(memory: KBox<MaybeUninit<Self>>, socket: Socket) -> ARef<Self> {
        let sock = KBox::write(
            memory,
            Self {
                tcp: socket.is_tcp(),
                socket,
                users: Refcount::new(1),
            },
        );
        // SAFETY: The pointer is not null and carries the count of 1.
        unsafe { ARef::from_raw(NonNull::new_unchecked(KBox::into_raw(sock))) }
    }

    /// The kernel's socket.
    pub(crate) fn socket(&self) -> &Socket {
        &self.socket
    }

    /// The kernel's socket, `EPROTOTYPE` if it is not TCP.
    #[inline]
    pub(crate) fn tcp(&self) -> Result<&Socket> {
        if self.tcp {
            Ok(&self.socket)
        } else {
            Err(errno::eprototype())
        }
    }

    /// Lets go of an open socket. Calls that other threads have under way on it come back with what
    /// a shut-down socket gives.
    pub(crate) fn close(this: ARef<Self>) {
        if this.users.as_atomic().load(Relaxed) > 1 {
            // An error means that there is no connection to wait on.
            let _ = this.socket.shutdown(Shutdown::Both);
        }
    }
}
