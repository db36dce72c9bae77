// SPDX-License-Identifier: GPL-2.0

//! What a program has while a process runs it.

use crate::{
    bindings, call::signal::Actions, epoll::Epolls, memory::Memory, start::Image, table,
    thread::Threads, trace,
};
use core::{
    ffi::c_void,
    ops::RangeInclusive,
    sync::atomic::{AtomicU64, Ordering},
};
use kernel::{error::to_result, prelude::*};

/// How many numbers of unknown system calls are remembered.
const UNKNOWN: usize = 512;

/// The state of a program: its application has it attached.
pub(crate) struct Process {
    /// Dropped last: from then on the program may be run again.
    image: Image,
    pub(crate) pid: i32,
    pub(crate) memory: Memory,
    pub(crate) epolls: Epolls,
    pub(crate) actions: Actions,
    pub(crate) threads: Threads,
    /// The descriptor that `ukl run` runs the program with: for the program it is not open.
    device: u32,
    trace: Option<trace::On>,
    /// Which unknown system calls the log has heard of.
    named: [AtomicU64; UNKNOWN / 64],
    /// How many unknown system calls were made.
    unknown: AtomicU64,
}

impl Process {
    /// Makes the state of the calling application, which has none, that of `image`.
    pub(crate) fn attach(image: Image, trace: Option<trace::On>) -> Result<&'static Self> {
        let process = KBox::new(
            Self {
                // SAFETY: Has no arguments.
                pid: unsafe { bindings::ukl_linux_helper_pid() },
                memory: Memory::new(),
                epolls: Epolls::new(),
                actions: Actions::new()?,
                threads: Threads::new()?,
                // SAFETY: Has no arguments.
                device: unsafe { bindings::ukl_linux_helper_device_fd() } as u32,
                trace,
                named: [const { AtomicU64::new(0) }; UNKNOWN / 64],
                unknown: AtomicU64::new(0),
                image,
            },
            GFP_KERNEL_ACCOUNT,
        )?;
        let process = KBox::into_raw(process);
        // SAFETY: `release` takes it, once. The application's module uses this one.
        let error = unsafe { bindings::ukl_attach(process.cast(), Some(Self::release)) };
        if let Err(error) = to_result(error) {
            // SAFETY: Nobody else has it.
            drop(unsafe { KBox::from_raw(process) });
            return Err(error);
        }
        // SAFETY: It lives until no thread runs the application any more.
        Ok(unsafe { &*process })
    }

    /// That of the calling thread's application.
    #[inline(always)]
    pub(crate) fn current() -> Option<&'static Self> {
        // SAFETY: Only `attach` attaches something to applications whose code calls this module; it lives
        // as long as a thread runs the application.
        unsafe { bindings::ukl_attached().cast::<Self>().as_ref() }
    }

    /// The same; `ESRCH` for who is none.
    #[inline(always)]
    pub(crate) fn get() -> Result<&'static Self> {
        Self::current().ok_or(ESRCH)
    }

    /// # Safety
    ///
    /// Only for `ukl_attach()`.
    unsafe extern "C" fn release(process: *mut c_void) {
        // SAFETY: `attach` has given it away.
        drop(unsafe { KBox::from_raw(process.cast::<Self>()) });
    }

    /// The descriptor of `ukl run`, if it is one of these.
    pub(crate) fn device_in(&self, fds: RangeInclusive<u32>) -> Option<u32> {
        fds.contains(&self.device).then_some(self.device)
    }

    /// `EBADF` if this is the descriptor of `ukl run`.
    pub(crate) fn not_device(&self, fd: u64) -> Result {
        match fd as u32 == self.device {
            true => Err(EBADF),
            false => Ok(()),
        }
    }

    /// Whether its system calls are to be shown.
    pub(crate) fn is_traced(&self) -> bool {
        self.trace.is_some()
    }

    /// Counts a system call that this module does not know, and names it once.
    #[cold]
    pub(crate) fn unknown(&self, nr: u64) {
        self.unknown.fetch_add(1, Ordering::Relaxed);
        let Some(word) = self.named.get(nr as usize / 64) else {
            return;
        };
        let bit = 1 << (nr % 64);
        if word.fetch_or(bit, Ordering::Relaxed) & bit == 0 {
            pr_info!(
                "{}/{}: system call {} ({nr}) is not supported: ENOSYS\n",
                self.image.name(),
                self.pid,
                table::name(nr)
            );
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let unknown = self.unknown.load(Ordering::Relaxed);
        if unknown != 0 {
            pr_info!(
                "{}/{}: {unknown} system calls were not supported\n",
                self.image.name(),
                self.pid
            );
        }
    }
}
