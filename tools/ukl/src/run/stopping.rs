// SPDX-License-Identifier: GPL-2.0

//! The request to stop, which a catcher of signals can make: all here is async-signal-safe, except
//! for [`prepare`].
//!
//! `UKL_STOP` reaches a thread in the application. One that makes a system call for it, in user
//! space, is reached by a signal of its own, [`kick`].

use std::{
    os::fd::AsRawFd,
    sync::{
        atomic::{AtomicI32, AtomicU32, Ordering::SeqCst},
        OnceLock,
    },
};

use libc::{c_int, pid_t};

use crate::{abi, device::Device};

/// Whether it was made. A word, since `syscall` looks at it in assembly.
static STOPPING: AtomicU32 = AtomicU32::new(0);
/// The signal that made it.
static SIGNAL: AtomicI32 = AtomicI32::new(0);
static DEVICE: AtomicI32 = AtomicI32::new(-1);
/// The tids of the threads that run the application.
static THREADS: OnceLock<Box<[AtomicI32]>> = OnceLock::new();

const FREE: pid_t = 0;
const CLAIMED: pid_t = -1;

/// Says what is to be stopped: the application of `device`, which stays open as long as the
/// application runs. It can have `threads` threads at a time.
pub fn prepare(device: &Device, threads: u32) {
    DEVICE.store(device.as_raw_fd(), SeqCst);
    THREADS.get_or_init(|| (0..threads).map(|_| AtomicI32::new(FREE)).collect());
}

/// The right of a thread to run the application.
#[derive(Debug)]
pub struct Place(&'static AtomicI32);

impl Place {
    /// None if the application has as many threads as it may.
    pub fn claim() -> Option<Self> {
        let mut places = THREADS.get()?.iter();
        let claim = |place: &&AtomicI32| {
            place
                .compare_exchange(FREE, CLAIMED, SeqCst, SeqCst)
                .is_ok()
        };
        places.find(claim).map(Self)
    }

    /// The current thread takes it.
    pub fn enter(&self) {
        // SAFETY: it has no arguments.
        self.0.store(unsafe { libc::gettid() }, SeqCst);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.store(FREE, SeqCst);
    }
}

/// Asks the application to stop, because of `signal` if there is one.
pub fn request(signal: Option<c_int>) {
    if let Some(signal) = signal {
        let _ = SIGNAL.compare_exchange(0, signal, SeqCst, SeqCst);
    }
    // Before the kicks: a thread that is not in a system call yet sees it and makes none.
    STOPPING.store(1, SeqCst);
    Device::stop(DEVICE.load(SeqCst));
    // SAFETY: they have no arguments.
    let (process, own) = unsafe { (libc::getpid(), libc::gettid()) };
    for thread in THREADS.get().into_iter().flatten() {
        let tid = thread.load(SeqCst);
        if tid > 0 && tid != own {
            // SAFETY: the arguments are numbers. If the thread has ended, nobody, or another
            // thread of this process, which does not mind, gets the signal.
            unsafe { libc::syscall(libc::SYS_tgkill, process, tid, kick()) };
        }
    }
}

/// The signal that makes a thread come back from a system call: the application can neither handle
/// nor block it.
pub const fn kick() -> c_int {
    abi::UKL_SIGNAL_OWN as c_int
}

/// Whether the application was asked to stop.
pub fn is_requested() -> bool {
    STOPPING.load(SeqCst) != 0
}

/// The word that is not 0 from the request on.
pub fn word() -> *const u32 {
    STOPPING.as_ptr()
}

/// The signal that asked.
pub fn signal() -> Option<c_int> {
    Some(SIGNAL.load(SeqCst)).filter(|&signal| signal != 0)
}
