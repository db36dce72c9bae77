// SPDX-License-Identifier: GPL-2.0

//! Threads of a program.

use crate::{
    bindings::{self, ukl_linux_thread},
    face::{self, Answer},
    process::Process,
    program,
};
use core::{
    ffi::{c_int, c_void},
    sync::atomic::{AtomicU32, Ordering},
};
use kernel::{new_spinlock, prelude::*, sync::SpinLock};

/// What the kernel would do when a thread ends, by its number.
struct Member {
    tid: i32,
    /// The word that is zeroed and woken (`CLONE_CHILD_CLEARTID`), 0 for none.
    clear: u64,
}

struct Members {
    /// Those that run.
    list: KVec<Member>,
    /// How many are to come, for whom there is room.
    expected: usize,
}

/// The threads that run.
pub(crate) struct Threads {
    members: Pin<KBox<SpinLock<Members>>>,
    /// How many there are, for who waits for the others.
    count: AtomicU32,
}

impl Threads {
    pub(crate) fn new() -> Result<Self> {
        let members = Members {
            list: KVec::new(),
            expected: 0,
        };
        Ok(Self {
            members: KBox::pin_init(new_spinlock!(members), GFP_KERNEL_ACCOUNT)?,
            count: AtomicU32::new(0),
        })
    }

    /// Makes room for a thread that is to begin, which could not do without.
    pub(crate) fn expect(&self) -> Result {
        let mut members = self.members.lock();
        let expected = members.expected + 1;
        members.list.reserve(expected, GFP_ATOMIC)?;
        members.expected = expected;
        Ok(())
    }

    /// An expected thread does not begin.
    fn cancel(&self) {
        self.members.lock().expected -= 1;
    }

    /// The calling thread begins, as expected.
    pub(crate) fn begin(&self, clear: u64) {
        let member = Member { tid: tid(), clear };
        let mut members = self.members.lock();
        members.expected -= 1;
        // There is room.
        let _ = members.list.push_within_capacity(member);
        drop(members);
        self.count.fetch_add(1, Ordering::Relaxed);
    }

    /// Sets the word that is zeroed when the calling thread ends.
    pub(crate) fn set_clear(&self, clear: u64) {
        let tid = tid();
        if let Some(member) = self
            .members
            .lock()
            .list
            .iter_mut()
            .find(|member| member.tid == tid)
        {
            member.clear = clear;
        }
    }

    /// The calling thread ends: does what it left to be done. Returns how many are left.
    fn end(&self) -> Result<u32> {
        let tid = tid();
        let mut members = self.members.lock();
        let list = &mut members.list;
        let index = list.iter().position(|member| member.tid == tid);
        let member = index.and_then(|index| list.remove(index).ok());
        drop(members);
        let left = self.count.fetch_sub(1, Ordering::Relaxed) - 1;
        face::futex_wake(self.count.as_ptr(), c_int::MAX)?;
        if let Some(Member {
            clear: word @ 1.., ..
        }) = member
        {
            program::write(word, 0u32)?;
            face::futex_wake(word as *const u32, 1)?;
        }
        Ok(left)
    }

    /// Waits until the caller, which is no member any more, is the only thread.
    fn wait_for_others(&self) {
        loop {
            match self.count.load(Ordering::Relaxed) {
                0 => break,
                // An error ends this thread with the application, at the next call.
                count => drop(face::futex_wait(self.count.as_ptr(), count, -1)),
            }
        }
    }
}

/// The calling thread's number.
pub(crate) fn tid() -> i32 {
    // SAFETY: Has no arguments.
    unsafe { bindings::ukl_linux_helper_tid() }
}

/// What a new thread is started with: the application's memory, which the new thread gives back.
struct Start {
    thread: ukl_linux_thread,
    /// The thread's number, once it runs.
    tid: AtomicU32,
}

/// The size of a thread's stack: as asked, but not below `UKL_STACK_MIN`; 0 leaves it to the process.
fn stack_size(asked: usize) -> usize {
    match asked {
        0 => 0,
        asked => asked.max(bindings::UKL_STACK_MIN as usize),
    }
}

/// `ukl_linux_thread()`.
pub(crate) fn start(thread: &ukl_linux_thread) -> Answer {
    if thread.start.is_none() {
        return Err(EINVAL);
    }
    let threads = &Process::get()?.threads;
    let start = face::allocate(size_of::<Start>())?.cast::<Start>();
    // SAFETY: It is large enough and aligned, and nobody else has it.
    unsafe {
        start.write(Start {
            thread: *thread,
            tid: AtomicU32::new(0),
        })
    };
    let spawned = threads.expect().and_then(|()| {
        // SAFETY: `main` gets what it expects.
        let handle = unsafe {
            bindings::ukl_thread_spawn(Some(main), start.cast(), stack_size(thread.stack_size))
        };
        match face::answer(handle as i64) {
            Ok(_) => Ok(handle),
            Err(error) => {
                threads.cancel();
                Err(error)
            }
        }
    });
    match spawned {
        // SAFETY: The handle is this thread's to give back.
        Ok(handle) => drop(unsafe { bindings::ukl_thread_detach(handle) }),
        Err(error) => {
            face::free(start.cast())?;
            return Err(match error {
                EINVAL => error,
                _ => EAGAIN,
            });
        }
    }
    // SAFETY: The new thread leaves it to this one.
    let tid = unsafe { &(*start).tid };
    let number = loop {
        match tid.load(Ordering::Acquire) {
            0 => match face::futex_wait(tid.as_ptr(), 0, -1) {
                Err(error) if face::should_stop() => return Err(error),
                _ => (),
            },
            number => break number,
        }
    };
    face::free(start.cast())?;
    Ok(number.into())
}

/// What a new thread runs.
///
/// # Safety
///
/// `start` is a [`Start`] that is valid until its number is set.
unsafe extern "C" fn main(start: *mut c_void) -> c_int {
    // SAFETY: By the function's requirements.
    let start = unsafe { &*start.cast::<Start>() };
    let ukl_linux_thread {
        start: function,
        arg,
        tls,
        tid: to,
        clear_tid,
        ..
    } = start.thread;
    if !tls.is_null() {
        set_tls(tls as u64);
    }
    let number = tid();
    let begun = Process::get().and_then(|process| {
        process.threads.begin(clear_tid as u64);
        program::write_if(to as u64, number)
    });
    let word = start.tid.as_ptr();
    start.tid.store(number as u32, Ordering::Release);
    // From here on `start` is the other thread's. If this fails, that is asked to stop.
    let _ = face::futex_wake(word, 1);
    if begun.is_ok() {
        if let Some(function) = function {
            // SAFETY: The program says that it is a function to be called so.
            unsafe { function(arg) };
        }
    }
    exit().to_errno()
}

/// Sets the base of the calling thread's `%fs`.
pub(crate) fn set_tls(base: u64) {
    // SAFETY: The processor has FSGSBASE, or the program would not run; in the application, it is that of
    // the application.
    unsafe { bindings::ukl_linux_helper_set_fs_base(base as usize) };
}

/// `exit()`: ends the calling thread. Returns only with an error.
pub(crate) fn exit() -> Error {
    let end = || -> Result<Error> {
        let process = Process::get()?;
        let left = process.threads.end()?;
        if tid() == process.pid {
            // The process is there as long as its first thread.
            process.threads.wait_for_others();
        }
        if left == 0 || tid() == process.pid {
            return Ok(face::exit(0));
        }
        Ok(face::thread_exit())
    };
    end().unwrap_or_else(|error| error)
}
