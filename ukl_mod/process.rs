// SPDX-License-Identifier: GPL-2.0

//! What an application has of the process that runs it.

use crate::{program::Program, seat::Seat, thread::Thread};
use core::ffi::{c_int, c_void};
use kernel::{
    mm::Mm,
    new_mutex,
    prelude::*,
    sync::{aref::ARef, Arc, Mutex},
};
use ukl_support::{
    module::ModuleRef,
    signal::{self, Set},
    stack::Stack,
    task::{CurrentTask, ProcessId},
};

/// The most threads of one process, those that have ended but were not joined included.
pub(crate) const THREADS_MAX: usize = 4096;

/// A function of an application that is called for a signal: its number, its `siginfo_t`, and what the
/// application wants to have with it.
pub(crate) type Handler = unsafe extern "C" fn(c_int, *const c_void, *mut c_void);

/// How an application wants to hear of a signal.
#[derive(Clone, Copy)]
pub(crate) struct Action {
    pub(crate) handler: Handler,
    pub(crate) arg: *mut c_void,
    /// The signals that are blocked meanwhile.
    pub(crate) mask: Set,
    /// Whether a call that it interrupts is made again.
    pub(crate) restart: bool,
    /// Whether it is taken back when the signal comes.
    pub(crate) once: bool,
}

// SAFETY: `ukl_sigaction()` demands that the function may be called with the argument on any thread.
unsafe impl Send for Action {}
// SAFETY: As above; it is only read.
unsafe impl Sync for Action {}

/// Strings, one behind the other, each with its NUL.
pub(crate) struct Strings {
    bytes: KVVec<u8>,
    /// Where each ends. An application that goes through all of them makes no call meanwhile: it has to
    /// be quick.
    ends: KVVec<u32>,
}

impl Strings {
    /// `EINVAL` if the last has no NUL; `ENOMEM`.
    pub(crate) fn new(bytes: KVVec<u8>) -> Result<Self> {
        if bytes.last().is_some_and(|&last| last != 0) {
            return Err(EINVAL);
        }
        let count = bytes.iter().filter(|&&byte| byte == 0).count();
        let mut ends = KVVec::with_capacity(count, GFP_KERNEL_ACCOUNT)?;
        for (at, &byte) in bytes.iter().enumerate() {
            if byte == 0 {
                ends.push(u32::try_from(at + 1)?, GFP_KERNEL_ACCOUNT)?;
            }
        }
        Ok(Self { bytes, ends })
    }

    /// String number `n`.
    pub(crate) fn get(&self, n: usize) -> Option<&CStr> {
        let end = *self.ends.get(n)? as usize;
        let start = match n.checked_sub(1) {
            Some(before) => *self.ends.get(before)? as usize,
            None => 0,
        };
        CStr::from_bytes_with_nul(self.bytes.get(start..end)?).ok()
    }
}

/// The process of an application.
#[pin_data]
pub(crate) struct Process {
    pid: ProcessId,
    mm: ARef<Mm>,
    program: Arc<Program>,
    args: Strings,
    env: Strings,
    stack_size: usize,
    bypass: u32,
    #[pin]
    seats: Mutex<KVec<Option<Arc<Thread>>>>,
    #[pin]
    actions: Mutex<KVec<Option<Action>>>,
    // Last: the program's code is in it.
    _module: ModuleRef,
}

impl Process {
    /// The current process, to run `program`. `ENOMEM`.
    pub(crate) fn new(
        (program, module): (Arc<Program>, ModuleRef),
        args: Strings,
        env: Strings,
        stack_size: usize,
        bypass: u32,
    ) -> Result<Arc<Self>> {
        let mm = ARef::<Mm>::from(&**kernel::current!().mm().ok_or(EINVAL)?);
        let pid = CurrentTask::get().process_id();
        let actions = KVec::from_elem(None, signal::COUNT as usize, GFP_KERNEL_ACCOUNT)?;
        Arc::pin_init(
            pin_init!(Self {
                pid,
                mm,
                program,
                args,
                env,
                stack_size,
                bypass,
                seats <- new_mutex!(KVec::new()),
                actions <- new_mutex!(actions),
                _module: module,
            }),
            GFP_KERNEL,
        )
    }

    /// The number of the process in the current task's pid namespace, 0 if it has none there.
    pub(crate) fn pid(&self) -> u32 {
        self.pid.number()
    }

    /// What it runs.
    pub(crate) fn program(&self) -> &Program {
        &self.program
    }

    /// Whether the current task is one of the process.
    pub(crate) fn is_current(&self) -> bool {
        CurrentTask::get().mm() == self.mm.as_raw() as usize
    }

    /// Bytes of the stack of a thread that does not say.
    pub(crate) fn stack_size(&self) -> usize {
        self.stack_size
    }

    /// The bypass that each thread begins with.
    pub(crate) fn bypass(&self) -> u32 {
        self.bypass
    }

    /// Its arguments; the first is the program's name.
    pub(crate) fn args(&self) -> &Strings {
        &self.args
    }

    /// Its environment.
    pub(crate) fn env(&self) -> &Strings {
        &self.env
    }

    /// The thread at seat number `number`; `ESRCH` if there is none.
    pub(crate) fn thread(&self, number: usize) -> Result<Arc<Thread>> {
        let seats = self.seats.lock();
        seats.get(number).cloned().flatten().ok_or(ESRCH)
    }

    /// Makes a seat for the thread that `thread` makes for it, whose application knows it by then.
    /// `EAGAIN` if there are too many.
    pub(crate) fn add_seat(
        &self,
        thread: impl FnOnce(Arc<Seat>) -> Result<Arc<Thread>>,
    ) -> Result<Arc<Thread>> {
        let mut seats = self.seats.lock();
        let number = match seats.iter().position(Option::is_none) {
            Some(number) => number,
            None if seats.len() < THREADS_MAX => {
                seats.push(None, GFP_KERNEL_ACCOUNT)?;
                seats.len() - 1
            }
            None => return Err(EAGAIN),
        };
        let thread = thread(Seat::new(number as u32)?)?;
        seats[number] = Some(thread.clone());
        Ok(thread)
    }

    /// Takes a seat away, whose thread has ended or does not begin.
    pub(crate) fn remove_seat(&self, seat: &Seat) {
        let thread = match self.seats.lock().get_mut(seat.number() as usize) {
            Some(place) => place.take(),
            None => None,
        };
        drop(thread);
    }

    /// Takes all seats away, at the end.
    pub(crate) fn remove_seats(&self) {
        let seats = core::mem::replace(&mut *self.seats.lock(), KVec::new());
        drop(seats);
    }

    /// What to do about `signal`.
    pub(crate) fn action(&self, signal: u32) -> Option<Action> {
        let index = signal.checked_sub(1)? as usize;
        let mut actions = self.actions.lock();
        let action = actions.get_mut(index)?;
        let now = *action;
        if now.is_some_and(|now| now.once) {
            *action = None;
        }
        now
    }

    /// Sets what to do about `signal`, one of 1 to 64. Returns what was done.
    pub(crate) fn set_action(&self, signal: u32, new: Option<Action>) -> Option<Action> {
        let index = signal.checked_sub(1)? as usize;
        core::mem::replace(self.actions.lock().get_mut(index)?, new)
    }

    /// What a thread takes of memory: its stack and run area, in bytes.
    pub(crate) fn thread_memory(stack: &Stack, seat: &Seat) -> usize {
        stack.size() + seat.area().size()
    }
}
