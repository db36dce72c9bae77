// SPDX-License-Identifier: GPL-2.0

//! Signals, which are the process's: `ukl_sigaction()`.

use crate::{
    bindings::{self, ukl_linux_mask},
    face::{self, Answer},
    process::Process,
    program,
};
use core::{
    ffi::{c_int, c_void},
    ptr,
};
use kernel::{error::to_result, new_spinlock, prelude::*, sync::SpinLock};

/// Bytes of the kernel's `sigset_t`.
const SET_SIZE: u64 = 8;
const SIG_DFL: u64 = 0;
const SIG_IGN: u64 = 1;

/// A `struct sigaction` as the system call has it.
#[repr(C)]
#[derive(Clone, Copy, Default)]
struct Action {
    handler: u64,
    flags: u64,
    restorer: u64,
    mask: u64,
}

program::plain!(Action);

/// What the program has said about each signal.
pub(crate) struct Actions(Pin<KBox<SpinLock<[Action; 64]>>>);

impl Actions {
    /// Those of a new program: what its process ignores it does, too.
    pub(crate) fn new() -> Result<Self> {
        // SAFETY: Has no arguments.
        let ignored = unsafe { bindings::ukl_linux_helper_ignored() };
        let actions = core::array::from_fn(|index| Action {
            handler: match ignored & 1 << index {
                0 => SIG_DFL,
                _ => SIG_IGN,
            },
            ..Default::default()
        });
        let actions = KBox::pin_init(new_spinlock!(actions), GFP_KERNEL_ACCOUNT)?;
        Ok(Self(actions))
    }

    /// A handler of `signal`, one of 1 to 64, is called. Returns the signals that are blocked while it
    /// runs.
    fn called(&self, signal: c_int) -> u64 {
        let index = signal as usize - 1;
        let mut actions = self.0.lock();
        let action = &mut actions[index];
        let flags = action.flags as u32;
        if flags & bindings::SA_RESETHAND != 0 {
            action.handler = SIG_DFL;
        }
        match flags & bindings::SA_NODEFER {
            0 => action.mask | 1 << index,
            _ => action.mask,
        }
    }
}

/// A `ucontext_t`, of which a handler can read the mask and nothing else.
#[repr(C, align(16))]
struct Context {
    words: [u64; 37],
    mask: u64,
    rest: [u64; 82],
}

/// Calls a handler of the program's. What it blocks is blocked here, as its context says what was before;
/// ukl.ko takes it back.
///
/// # Safety
///
/// `handler` is the address of one, `info` that of a `siginfo_t`.
unsafe extern "C" fn handle(signal: c_int, info: *const c_void, handler: *mut c_void) {
    let mut context = Context {
        words: [0; 37],
        mask: blocked(),
        rest: [0; 82],
    };
    if let Some(process) = Process::current() {
        // SAFETY: Takes any signals.
        unsafe { bindings::ukl_linux_helper_block(process.actions.called(signal)) };
    }
    // SAFETY: By the function's requirements. A handler without SA_SIGINFO does not look at the others.
    unsafe {
        let handler: unsafe extern "C" fn(c_int, *const c_void, *mut c_void) =
            core::mem::transmute::<*mut c_void, _>(handler);
        handler(signal, info, ptr::from_mut(&mut context).cast());
    }
}

/// `rt_sigaction(signum, act, oldact, size)`.
pub(crate) fn sigaction(args: &[u64; 6]) -> Answer {
    let &[signal, new, old, size, ..] = args;
    if size != SET_SIZE || !(1..=64).contains(&signal) {
        return Err(EINVAL);
    }
    let actions = &Process::get()?.actions.0;
    let index = signal as usize - 1;
    let was = actions.lock()[index];
    if new != 0 {
        let action: Action = program::read(new)?;
        // First, as it may come at once.
        actions.lock()[index] = action;
        if let Err(error) = apply(signal as i32, &action) {
            actions.lock()[index] = was;
            return Err(error);
        }
    }
    program::write_if(old, was)?;
    Ok(0)
}

fn apply(signal: i32, action: &Action) -> Result {
    const FLAGS: u32 = bindings::SA_RESTART | bindings::SA_RESETHAND;
    if action.handler == SIG_DFL {
        // SAFETY: NULL is an action.
        return to_result(unsafe { bindings::ukl_sigaction(signal, ptr::null()) });
    }
    let handler: unsafe extern "C" fn(c_int, *const c_void, *mut c_void) = handle;
    let wanted = bindings::ukl_sigaction {
        handler: (action.handler != SIG_IGN).then_some(handler),
        arg: action.handler as *mut c_void,
        mask: 0,
        flags: action.flags as u32 & FLAGS | bindings::SA_NODEFER,
    };
    // SAFETY: `handle` gets what it expects, if the program's handler is one.
    to_result(unsafe { bindings::ukl_sigaction(signal, &wanted) })
}

/// The signals that the calling thread blocks.
fn blocked() -> u64 {
    // SAFETY: Has no arguments.
    unsafe { bindings::ukl_linux_helper_blocked() }
}

/// Makes the calling thread block `mask`. Returns what it blocked.
fn set_mask(mask: u64) -> Result<u64> {
    let mut old = 0;
    // SAFETY: There is room for it.
    to_result(unsafe { bindings::ukl_sigmask(mask, &mut old) })?;
    Ok(old)
}

/// All signals are blocked until this is dropped: no handler runs in the calls that are made meanwhile.
pub(crate) struct Blocked(u64);

impl Blocked {
    pub(crate) fn all() -> Result<Self> {
        set_mask(u64::MAX).map(Self)
    }
}

impl Drop for Blocked {
    fn drop(&mut self) {
        // If this fails, the application ends.
        let _ = set_mask(self.0);
    }
}

/// `rt_sigprocmask(how, set, oldset, size)`.
pub(crate) fn sigprocmask(args: &[u64; 6]) -> Answer {
    let &[how, new, old, size, ..] = args;
    if size != SET_SIZE {
        return Err(EINVAL);
    }
    let was = blocked();
    if new != 0 {
        let set: u64 = program::read(new)?;
        let mask = match how as u32 {
            bindings::SIG_BLOCK => was | set,
            bindings::SIG_UNBLOCK => was & !set,
            bindings::SIG_SETMASK => set,
            _ => return Err(EINVAL),
        };
        if mask != was {
            set_mask(mask)?;
        }
    }
    program::write_if(old, was)?;
    Ok(0)
}

/// The mask that a wait has, and how it is taken back.
pub(crate) struct Mask(ukl_linux_mask);

impl Mask {
    /// None: signals stay as they are.
    pub(crate) const NONE: Self = Self(ukl_linux_mask {
        is_set: false,
        during: 0,
        before: 0,
    });

    /// Of a wait that blocks `signals`.
    fn of(signals: u64) -> Self {
        Self(ukl_linux_mask {
            is_set: true,
            during: signals,
            before: blocked(),
        })
    }

    /// The one at `address`, of `size` bytes; none if that is NULL.
    pub(crate) fn at(address: u64, size: u64) -> Result<Self> {
        match (address, size) {
            (0, _) => Ok(Self::NONE),
            (address, SET_SIZE) => program::read(address).map(Self::of),
            _ => Err(EINVAL),
        }
    }

    /// For a helper that waits with it, and takes it back unless it is interrupted.
    pub(crate) fn get(&self) -> ukl_linux_mask {
        ukl_linux_mask { ..self.0 }
    }

    /// After such a wait: the handler has run, the thread blocks again what it did before.
    pub(crate) fn take_back(&self, answer: Answer) -> Answer {
        if self.0.is_set && answer == Err(EINTR) {
            set_mask(self.0.before)?;
        }
        answer
    }

    /// Makes `wait` with the mask, where no helper waits. It is told whether a signal has come, so that it
    /// only looks: then nothing is `EINTR`.
    pub(crate) fn with(mut self, wait: impl Fn(bool) -> Answer) -> Answer {
        // SAFETY: The helper takes this.
        let has_come = unsafe { face::call(bindings::ukl_linux_helper_mask, &mut self.0)? } != 0;
        let answer = match wait(has_come) {
            // A bypass has left its handler to this call.
            Err(EINTR) if has_come => wait(true),
            answer => answer,
        };
        let answer = match answer {
            Ok(0) if has_come => Err(EINTR),
            answer => answer,
        };
        set_mask(self.0.before)?;
        answer
    }
}

/// `rt_sigsuspend(mask, size)`.
pub(crate) fn sigsuspend(args: &[u64; 6]) -> Answer {
    if args[1] != SET_SIZE {
        return Err(EINVAL);
    }
    wait(Mask::of(program::read(args[0])?))
}

/// Waits until a handler has run.
fn wait(mut mask: Mask) -> Answer {
    // SAFETY: The helper takes this.
    let answer = unsafe { face::call_polling(bindings::ukl_linux_helper_pause, &mut mask.0) };
    mask.take_back(answer)
}

/// `pause()`.
pub(crate) fn pause(_args: &[u64; 6]) -> Answer {
    wait(Mask::NONE)
}

/// `sigaltstack(ss, old)`: handlers run on the thread's stack.
pub(crate) fn sigaltstack(args: &[u64; 6]) -> Answer {
    const SS_DISABLE: u64 = 2;
    program::write_if(args[1], [0, SS_DISABLE, 0])?;
    Ok(0)
}
