// SPDX-License-Identifier: GPL-2.0

//! The process's signals: caught for the application, or as a request to stop.
//!
//! A signal for the application is caught by a thread that runs it. The catcher writes it to the
//! thread's run area, for the next `UKL_RUN` to hand over, and blocks all signals from then on, so
//! that no second one comes before that. `UKL_RUN` goes back to the mask that was; while it runs,
//! the mask is the application's own business. Wherever the catcher interrupts, nothing is lost:
//! before or after the application the next `UKL_RUN` finds it, in the middle `UKL_RUN` comes back,
//! and a system call for the application returns or is not begun (`syscall.rs`).
//!
//! A thread that runs no application has all signals blocked. Masks and actions are those of the
//! kernel, 64 bits: the C library would keep signals 32 and 33 for itself, which the application's C
//! library wants for itself as well.

use std::{
    arch::global_asm,
    cell::Cell,
    mem, ptr,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use libc::{c_int, c_void, siginfo_t, ucontext_t};
use nix::sys::resource::{setrlimit, Resource};

use super::{
    stopping::{self, Place},
    syscall,
};
use crate::{abi, device::RunArea};

/// The mask of all signals.
const ALL: u64 = u64::MAX;

/// Those that ask an application to stop, unless it handles them.
const STOPS: [c_int; 4] = [libc::SIGINT, libc::SIGTERM, libc::SIGHUP, libc::SIGQUIT];

/// Those that the C library keeps for itself, to end threads and to change all threads' users.
const LIBRARY: [c_int; 2] = [32, 33];

type Catcher = unsafe extern "C" fn(c_int, *mut siginfo_t, *mut c_void);

/// `SA_RESTORER`: `Action::restorer` is set, as it has to be on this architecture.
const SA_RESTORER: u64 = 0x0400_0000;

/// What is done about a signal, as the kernel has it (`struct sigaction` of its own).
#[derive(Clone, Copy, Default)]
#[repr(C)]
struct Action {
    /// A [`Catcher`] or `SIG_*`.
    handler: usize,
    flags: u64,
    /// Where a catcher returns to.
    restorer: usize,
    mask: u64,
}

// What a catcher returns to: makes the kernel go back to what was interrupted. These instructions are
// what debuggers and unwinders know the frame of a signal by, the first being found before the return
// address.
global_asm!(
    ".pushsection .text.ukl_restorer, \"ax\", @progbits",
    "nop",
    ".globl ukl_restorer",
    ".hidden ukl_restorer",
    ".type ukl_restorer, @function",
    "ukl_restorer:",
    "mov rax, {rt_sigreturn}",
    "syscall",
    ".size ukl_restorer, . - ukl_restorer",
    ".popsection",
    rt_sigreturn = const libc::SYS_rt_sigreturn,
);

extern "C" {
    fn ukl_restorer();
}

thread_local! {
    /// The run area of this thread. Needs no allocation and no destructor: a catcher may look.
    static AREA: Cell<*mut abi::ukl_run> = const { Cell::new(ptr::null_mut()) };
}

/// What whoever started us wants done about `SIGPIPE`: systemd has its services ignore it.
static PIPE: AtomicUsize = AtomicUsize::new(libc::SIG_DFL);

/// Called before Rust's runtime begins.
#[used]
#[link_section = ".init_array"]
static LOOK: extern "C" fn() = {
    extern "C" fn look() {
        PIPE.store(action(libc::SIGPIPE), Ordering::Relaxed);
    }
    look
};

/// Undoes what Rust's runtime does about signals: it ignores `SIGPIPE`, and catches `SIGSEGV` and
/// `SIGBUS` to name stacks that overflow.
pub fn restore() {
    // Cannot fail for these.
    let _ = set_action(libc::SIGPIPE, PIPE.load(Ordering::Relaxed));
    for signal in [libc::SIGSEGV, libc::SIGBUS] {
        let _ = set_action(signal, libc::SIG_DFL);
    }
}

/// Takes from the C library what it keeps for itself: that takes a signal's action when the process
/// starts its first thread, so that one has to come before any that is the application's.
pub fn claim_all() {
    let mask = block_all();
    // Nobody minds if it cannot be started: then others cannot either.
    if let Ok(first) = thread::Builder::new().spawn(|| ()) {
        let _ = first.join();
    }
    for signal in LIBRARY {
        let _ = set_action(signal, libc::SIG_DFL);
    }
    set_mask(mask);
}

/// Makes the signals of [`STOPS`] requests, except those that whoever started us wants ignored, as
/// `nohup` does.
pub fn prepare() {
    let kicked: Catcher = kicked;
    let asked: Catcher = asked;
    let _ = set_action(stopping::kick(), kicked as usize);
    for signal in STOPS {
        if action(signal) != libc::SIG_IGN {
            let _ = set_action(signal, asked as usize);
        }
    }
}

/// Sets how a signal is handled (`UKL_SIGNAL_*`). Returns 0 or a negative errno.
pub fn handle(signal: u32, handling: u32) -> i64 {
    let Some(signal) = c_int::try_from(signal)
        .ok()
        .filter(|&signal| signal != stopping::kick())
    else {
        return -i64::from(libc::EINVAL);
    };
    let asked: Catcher = asked;
    let caught: Catcher = caught;
    let handler = match handling {
        abi::UKL_SIGNAL_IGNORE => libc::SIG_IGN,
        abi::UKL_SIGNAL_HANDLE | abi::UKL_SIGNAL_ONCE => caught as usize,
        abi::UKL_SIGNAL_DEFAULT if STOPS.contains(&signal) => asked as usize,
        abi::UKL_SIGNAL_DEFAULT => libc::SIG_DFL,
        _ => return -i64::from(libc::EINVAL),
    };
    // A system call that is interrupted is on the point of being made again then, and `cancel` finds it there:
    // the application says whether it is, once its handler has run.
    let flags = match handling {
        abi::UKL_SIGNAL_HANDLE => libc::SA_RESTART,
        abi::UKL_SIGNAL_ONCE => libc::SA_RESTART | libc::SA_RESETHAND,
        _ => 0,
    };
    match set_action_with(signal, handler, flags) {
        Ok(()) => {
            if stopping::is_requested() {
                end_at_once();
            }
            0
        }
        Err(errno) => -i64::from(errno),
    }
}

/// Blocks all signals of the current thread. Returns the mask that was.
pub fn block_all() -> u64 {
    set_mask(ALL)
}

/// The mask of the application's on a thread whose mask is `mask`: not the one that a catcher has left
/// until the signal is handed over.
pub fn of_application(area: &RunArea<'_>, mask: u64) -> u64 {
    let run = area.as_ptr();
    // SAFETY: the area is mapped, and with all signals blocked no catcher is at it.
    unsafe {
        if ptr::read_volatile(&raw const (*run).flags) & abi::UKL_RUN_SIGNAL == 0 {
            return mask;
        }
        ptr::read_volatile(&raw const (*run).signal.mask)
    }
}

/// Sets the mask of the current thread, for when it runs the application: not without the kick.
pub fn set_mask_to_run(mask: u64) {
    set_mask(mask & !bit(stopping::kick()));
}

/// Sets the mask of the current thread. Returns the one that was.
pub fn set_mask(mask: u64) -> u64 {
    let mut old = 0_u64;
    // SAFETY: the kernel reads and writes 8 bytes, a mask.
    let error = unsafe {
        libc::syscall(
            libc::SYS_rt_sigprocmask,
            libc::SIG_SETMASK,
            &mask,
            &mut old,
            size_of_val(&mask),
        )
    };
    debug_assert_eq!(error, 0);
    old
}

/// A thread that runs the application: signals that it catches go to its run area.
pub struct Attached<'a> {
    // Dropped before the area: by then nobody sends this thread anything.
    _place: Place,
    /// Its run area.
    pub area: RunArea<'a>,
}

impl<'a> Attached<'a> {
    /// The current thread, which has all signals blocked.
    pub fn new(area: RunArea<'a>, place: Place) -> Self {
        place.enter();
        AREA.set(area.as_ptr());
        Self {
            _place: place,
            area,
        }
    }
}

impl Drop for Attached<'_> {
    /// Blocks all signals. A signal of the process's that came too late goes to another thread.
    fn drop(&mut self) {
        block_all();
        let area = AREA.replace(ptr::null_mut());
        // SAFETY: the area is mapped until this is dropped; with all signals blocked, nobody else
        // is at it.
        unsafe {
            if ptr::read_volatile(&raw const (*area).flags) & abi::UKL_RUN_SIGNAL != 0 {
                let signal = ptr::read_volatile(&raw const (*area).signal);
                give_back(signal.number as c_int, signal.info.as_ptr().cast());
            }
        }
    }
}

/// The first thread has ended, and with it the application: asks the other threads to stop. From
/// now on a signal of [`STOPS`] that neither the application handles nor the process's first `mask`
/// blocks ends the process at once.
pub fn stop_others(mask: u64) {
    stopping::request(None);
    end_at_once();
    let own = STOPS
        .into_iter()
        .filter(|&signal| action(signal) == libc::SIG_DFL);
    set_mask(mask | !own.map(bit).sum::<u64>());
}

/// A signal in a mask.
fn bit(signal: c_int) -> u64 {
    1 << (signal - 1)
}

/// Ends the process by a signal's default action, without a core: it would show nothing of ring 0.
pub fn end_by(signal: c_int) -> ! {
    let _ = setrlimit(Resource::RLIMIT_CORE, 0, 0);
    block_all();
    let _ = set_action(signal, libc::SIG_DFL);
    // SAFETY: the arguments are numbers.
    unsafe { libc::syscall(libc::SYS_tgkill, libc::getpid(), libc::gettid(), signal) };
    set_mask(!bit(signal.clamp(1, 64)));
    // The first process of a container survives its own signals.
    // SAFETY: it takes any number.
    unsafe { libc::_exit(128 + signal) }
}

/// The second signal of [`STOPS`] is not caught: the kernel ends the process, whatever its threads
/// do. Async-signal-safe.
fn end_at_once() {
    let asked: Catcher = asked;
    for signal in STOPS {
        // One that the application begins to handle meanwhile may end up here: it stops anyway.
        if action(signal) == asked as usize {
            let _ = set_action(signal, libc::SIG_DFL);
        }
    }
}

/// Catches a signal for the application.
///
/// # Safety
///
/// Called by the kernel, with all signals blocked (`sa_mask`).
unsafe extern "C" fn caught(signal: c_int, info: *mut siginfo_t, context: *mut c_void) {
    // SAFETY: the kernel hands over the context of this thread, which goes on with what is in it.
    let context = unsafe { &mut *context.cast::<ucontext_t>() };
    // The kernel's mask is the first 8 bytes of what libc declares: behind them is something else.
    let mask = (&raw mut context.uc_sigmask).cast::<u64>();
    let area = AREA.get();
    // SAFETY: `mask` is the kernel's, and `info` has the 128 bytes of a siginfo_t. An area that is
    // attached is mapped, and what this interrupts has no reference to it.
    unsafe {
        let old = mask.replace(ALL);
        if area.is_null() {
            return give_back(signal, info);
        }
        let mut taken = abi::ukl_run__bindgen_ty_2 {
            number: signal as u32,
            mask: old,
            ..Default::default()
        };
        ptr::copy_nonoverlapping(info.cast(), taken.info.as_mut_ptr(), taken.info.len());
        ptr::write_volatile(&raw mut (*area).signal, taken);
        ptr::write_volatile(&raw mut (*area).flags, abi::UKL_RUN_SIGNAL);
    }
    syscall::cancel(context);
}

/// Catches a signal of [`STOPS`]: a request to stop.
///
/// # Safety
///
/// Called by the kernel, with all signals blocked (`sa_mask`).
unsafe extern "C" fn asked(signal: c_int, _info: *mut siginfo_t, context: *mut c_void) {
    keep_errno(|| {
        end_at_once();
        stopping::request(Some(signal));
    });
    // SAFETY: the kernel hands over the context of this thread.
    syscall::cancel(unsafe { &mut *context.cast() });
}

/// Catches [`stopping::kick`]: that it was caught is all.
///
/// # Safety
///
/// Called by the kernel, with all signals blocked (`sa_mask`).
unsafe extern "C" fn kicked(_signal: c_int, _info: *mut siginfo_t, context: *mut c_void) {
    if stopping::is_requested() {
        // SAFETY: the kernel hands over the context of this thread.
        syscall::cancel(unsafe { &mut *context.cast() });
    }
}

/// Sends a signal that this thread was too late for to the process again; one that was for this
/// thread alone is gone with it. Async-signal-safe.
///
/// # Safety
///
/// `info` is the signal's.
unsafe fn give_back(signal: c_int, info: *const siginfo_t) {
    keep_errno(|| {
        // SAFETY: the kernel reads a siginfo_t. It lets the first thread alone say where a signal
        // came from; any other can only send it anew.
        unsafe {
            if (*info).si_code == libc::SI_TKILL {
                return;
            }
            let process = libc::getpid();
            if libc::syscall(libc::SYS_rt_sigqueueinfo, process, signal, info) != 0 {
                libc::kill(process, signal);
            }
        }
    });
}

fn keep_errno(f: impl FnOnce()) {
    // SAFETY: it is this thread's errno.
    let errno = unsafe { libc::__errno_location() };
    // SAFETY: as above.
    let old = unsafe { *errno };
    f();
    // SAFETY: as above.
    unsafe { *errno = old };
}

/// What is done about a signal: a function or `SIG_*`. Async-signal-safe.
fn action(signal: c_int) -> usize {
    let mut old = Action::default();
    // SAFETY: an action of the kernel's is written there.
    let _ = unsafe { rt_sigaction(signal, ptr::null(), &mut old) };
    old.handler
}

/// Sets what is done about a signal: a [`Catcher`] or `SIG_*`. Async-signal-safe.
fn set_action(signal: c_int, handler: usize) -> Result<(), c_int> {
    set_action_with(signal, handler, 0)
}

fn set_action_with(signal: c_int, handler: usize, flags: c_int) -> Result<(), c_int> {
    let restorer: unsafe extern "C" fn() = ukl_restorer;
    let new = Action {
        handler,
        flags: (libc::SA_SIGINFO | flags) as u64 | SA_RESTORER,
        restorer: restorer as usize,
        mask: ALL,
    };
    // SAFETY: the handlers are those of this file, which are async-signal-safe, and the restorer is
    // one.
    unsafe { rt_sigaction(signal, &new, ptr::null_mut()) }
}

/// The system call. Returns its errno.
///
/// # Safety
///
/// Either may be null; what `new` says is done when the signal comes.
unsafe fn rt_sigaction(signal: c_int, new: *const Action, old: *mut Action) -> Result<(), c_int> {
    let size = mem::size_of_val(&ALL);
    // SAFETY: that of this function; the kernel reads and writes what an `Action` is.
    match unsafe { libc::syscall(libc::SYS_rt_sigaction, signal, new, old, size) } {
        0 => Ok(()),
        // SAFETY: it is this thread's errno.
        _ => Err(unsafe { *libc::__errno_location() }),
    }
}

#[cfg(test)]
mod tests {
    use std::{
        arch::asm,
        sync::atomic::{AtomicUsize, Ordering::SeqCst},
    };

    use nix::{
        sys::{
            signal::Signal,
            wait::{waitpid, WaitStatus},
        },
        unistd::{fork, ForkResult},
    };

    use super::*;
    use crate::device::{
        tests::{null, INFO},
        Device,
    };

    /// How a child that runs `f` ends. `f` is async-signal-safe, as what follows a fork must be.
    fn child(f: impl FnOnce()) -> WaitStatus {
        // SAFETY: the child calls only what is async-signal-safe.
        match unsafe { fork() }.unwrap() {
            ForkResult::Child => {
                // Whoever runs the tests may ignore it, as nohup does.
                let _ = set_action(libc::SIGHUP, libc::SIG_DFL);
                f();
                // SAFETY: it takes any number.
                unsafe { libc::_exit(0) }
            }
            ForkResult::Parent { child } => waitpid(child, None).unwrap(),
        }
    }

    fn signalled(status: WaitStatus) -> Option<Signal> {
        match status {
            WaitStatus::Signaled(_, signal, false) => Some(signal),
            _ => None,
        }
    }

    /// Sends a signal to the current thread.
    fn send(signal: c_int) {
        // SAFETY: the arguments are numbers.
        unsafe { libc::syscall(libc::SYS_tgkill, libc::getpid(), libc::gettid(), signal) };
    }

    fn attach(device: &Device) -> Attached<'_> {
        stopping::prepare(device, 64);
        block_all();
        Attached::new(device.map(0, &INFO).unwrap(), Place::claim().unwrap())
    }

    #[test]
    fn a_caught_signal_is_in_the_run_area_and_no_second_one_comes() {
        let device = null();
        let attached = attach(&device);
        let area = attached.area.as_ptr();
        assert_eq!(handle(libc::SIGUSR1 as u32, abi::UKL_SIGNAL_HANDLE), 0);
        let mask = bit(libc::SIGUSR2);
        set_mask(mask);
        send(libc::SIGUSR1);
        send(libc::SIGUSR1);
        // SAFETY: the area is mapped.
        let (run, info) = unsafe {
            (
                (*area),
                (*area)
                    .signal
                    .info
                    .as_ptr()
                    .cast::<siginfo_t>()
                    .read_unaligned(),
            )
        };
        assert_eq!(run.flags, abi::UKL_RUN_SIGNAL);
        assert_eq!(run.signal.number, libc::SIGUSR1 as u32);
        assert_eq!(run.signal.mask, mask);
        assert_eq!(
            (info.si_signo, info.si_code),
            (libc::SIGUSR1, libc::SI_TKILL)
        );
        // All but the two that cannot be blocked.
        let unblockable = bit(libc::SIGKILL) | bit(libc::SIGSTOP);
        assert_eq!(block_all(), ALL & !unblockable);

        // As UKL_RUN does.
        // SAFETY: the area is mapped.
        unsafe { (*area).flags = 0 };
        set_mask(mask);
        // SAFETY: the area is mapped.
        let flags = unsafe { (*area).flags };
        assert_eq!(flags, abi::UKL_RUN_SIGNAL, "the second one is lost");
        assert_eq!(handle(libc::SIGUSR1 as u32, abi::UKL_SIGNAL_DEFAULT), 0);
    }

    /// How many instructions `step` lets pass from the look at the flags on.
    static STEPS: AtomicUsize = AtomicUsize::new(0);

    /// Catches the trap before each instruction. When it is time, sends `SIGUSR1`, which comes when
    /// this returns, before the instruction, and steps no further.
    unsafe extern "C" fn step(_signal: c_int, _info: *mut siginfo_t, context: *mut c_void) {
        // SAFETY: the kernel hands over the context of this thread.
        let registers = unsafe { &mut (*context.cast::<ucontext_t>()).uc_mcontext.gregs };
        if !syscall::tests::is_about_to_call(registers[libc::REG_RIP as usize] as usize) {
            return;
        }
        if STEPS.fetch_sub(1, SeqCst) == 0 {
            registers[libc::REG_EFL as usize] &= !0x100;
            send(libc::SIGUSR1);
        }
    }

    #[test]
    fn a_signal_just_before_a_call_is_not_left_waiting() {
        // Two looks of two instructions, the call; then the call is made, and takes its time.
        for steps in 0..=5 {
            let device = null();
            stopping::prepare(&device, 64);
            let area = device.map(0, &INFO).unwrap();
            let place = Place::claim().unwrap();
            let status = child(|| {
                block_all();
                let mut attached = Attached::new(area, place);
                handle(libc::SIGUSR1 as u32, abi::UKL_SIGNAL_HANDLE);
                let step: Catcher = step;
                let _ = set_action(libc::SIGTRAP, step as usize);
                STEPS.store(steps, SeqCst);
                set_mask(0);
                // SAFETY: sets the trap flag, which `step` clears.
                unsafe { asm!("pushfq", "or dword ptr [rsp], 0x100", "popfq") };
                let half_a_second = [0, 0, 500, 0, 0, 0];
                let nr = libc::SYS_poll as u64;
                let result = syscall::make(&mut attached.area, nr, &half_a_second);
                // SAFETY: the area is mapped.
                let flags = unsafe { (*attached.area.as_ptr()).flags };
                let well = result == -syscall::ERESTARTNOINTR && flags == abi::UKL_RUN_SIGNAL;
                mem::forget(attached);
                // SAFETY: it takes any number.
                unsafe { libc::_exit(if well { 7 } else { 8 }) };
            });
            let want = if steps < 5 { 7 } else { 8 };
            let ended = matches!(status, WaitStatus::Exited(_, code) if code == want);
            assert!(ended, "{steps}: {status:?}");
        }
    }

    #[test]
    fn a_thread_without_an_application_gives_the_signal_back() {
        let status = child(|| {
            handle(libc::SIGUSR2 as u32, abi::UKL_SIGNAL_HANDLE);
            set_mask(0);
            // SAFETY: the arguments are numbers.
            unsafe { libc::kill(libc::getpid(), libc::SIGUSR2) };
            // It waits for the process now, whose only thread is closed to it.
            handle(libc::SIGUSR2 as u32, abi::UKL_SIGNAL_DEFAULT);
            set_mask(0);
        });
        assert_eq!(signalled(status), Some(Signal::SIGUSR2));
    }

    #[test]
    fn a_signal_too_late_for_a_thread_goes_to_the_process() {
        let device = null();
        let area = device.map(0, &INFO).unwrap();
        stopping::prepare(&device, 64);
        let place = Place::claim().unwrap();
        let status = child(|| {
            block_all();
            let attached = Attached::new(area, place);
            handle(libc::SIGUSR2 as u32, abi::UKL_SIGNAL_HANDLE);
            set_mask(0);
            // SAFETY: the arguments are numbers.
            unsafe { libc::kill(libc::getpid(), libc::SIGUSR2) };
            drop(attached);
            handle(libc::SIGUSR2 as u32, abi::UKL_SIGNAL_DEFAULT);
            set_mask(0);
        });
        assert_eq!(signalled(status), Some(Signal::SIGUSR2));
    }

    #[test]
    fn the_first_signal_asks_the_second_ends() {
        let status = child(|| {
            prepare();
            set_mask(0);
            send(libc::SIGTERM);
            if stopping::is_requested() && stopping::signal() == Some(libc::SIGTERM) {
                send(libc::SIGHUP);
            }
        });
        assert_eq!(signalled(status), Some(Signal::SIGHUP));
    }

    #[test]
    fn a_signal_ends_a_process_whose_application_has_ended() {
        let ended = |mask| {
            child(|| {
                prepare();
                handle(libc::SIGHUP as u32, abi::UKL_SIGNAL_HANDLE);
                block_all();
                stop_others(mask);
                send(libc::SIGUSR1);
                send(libc::SIGHUP);
                send(libc::SIGTERM);
            })
        };
        assert_eq!(signalled(ended(0)), Some(Signal::SIGTERM));
        let status = ended(bit(libc::SIGTERM));
        assert!(matches!(status, WaitStatus::Exited(_, 0)), "{status:?}");
    }

    #[test]
    fn what_is_ignored_from_the_start_stays_so() {
        let status = child(|| {
            let _ = set_action(libc::SIGHUP, libc::SIG_IGN);
            prepare();
            set_mask(0);
            send(libc::SIGHUP);
            send(libc::SIGHUP);
        });
        assert!(matches!(status, WaitStatus::Exited(_, 0)), "{status:?}");
    }

    #[test]
    fn handling_is_the_applications_to_say() {
        let status = child(|| {
            prepare();
            set_mask(0);
            handle(libc::SIGTERM as u32, abi::UKL_SIGNAL_IGNORE);
            send(libc::SIGTERM);
            send(libc::SIGTERM);
            handle(libc::SIGTERM as u32, abi::UKL_SIGNAL_DEFAULT);
            send(libc::SIGTERM);
            // Asked to stop: a default that is set now is that of the process.
            handle(libc::SIGQUIT as u32, abi::UKL_SIGNAL_DEFAULT);
            let _ = setrlimit(Resource::RLIMIT_CORE, 0, 0);
            send(libc::SIGQUIT);
        });
        assert_eq!(signalled(status), Some(Signal::SIGQUIT));

        for (signal, handling) in [
            (0, abi::UKL_SIGNAL_IGNORE),
            (libc::SIGKILL as u32, abi::UKL_SIGNAL_HANDLE),
            (65, abi::UKL_SIGNAL_HANDLE),
            (u32::MAX, abi::UKL_SIGNAL_HANDLE),
            (libc::SIGUSR1 as u32, 4),
            (stopping::kick() as u32, abi::UKL_SIGNAL_HANDLE),
        ] {
            assert_eq!(
                handle(signal, handling),
                -i64::from(libc::EINVAL),
                "{signal}"
            );
        }
    }

    #[test]
    fn all_signals_can_be_the_applications() {
        let device = null();
        stopping::prepare(&device, 64);
        let area = device.map(0, &INFO).unwrap();
        let place = Place::claim().unwrap();
        let status = child(|| {
            claim_all();
            block_all();
            let attached = Attached::new(area, place);
            let area = attached.area.as_ptr();
            let uncaught = [libc::SIGKILL, libc::SIGSTOP, stopping::kick()];
            let mut missed = 0;
            for signal in (1..=64).filter(|signal| !uncaught.contains(signal)) {
                let error = handle(signal as u32, abi::UKL_SIGNAL_HANDLE);
                // Threads that are started meanwhile change nothing.
                let started = thread::Builder::new().spawn(|| ());
                let _ = started.map(|thread| thread.join());
                set_mask(0);
                send(signal);
                // SAFETY: the area is mapped.
                let number = unsafe {
                    (*area).flags = 0;
                    (*area).signal.number
                };
                let blocked = block_all() | bit(libc::SIGKILL) | bit(libc::SIGSTOP);
                missed += i32::from((error, number, blocked) != (0, signal as u32, ALL));
                handle(signal as u32, abi::UKL_SIGNAL_DEFAULT);
            }
            mem::forget(attached);
            // SAFETY: it takes any number.
            unsafe { libc::_exit(missed) };
        });
        assert!(matches!(status, WaitStatus::Exited(_, 0)), "{status:?}");
    }

    #[test]
    fn a_thread_that_runs_the_application_can_be_kicked() {
        set_mask_to_run(ALL);
        let blocked = set_mask(0);
        assert_eq!(blocked & bit(stopping::kick()), 0);
        assert_ne!(blocked & bit(stopping::kick() - 1), 0);
    }

    #[test]
    fn a_mask_is_not_the_one_until_a_signal_is_handed_over() {
        let device = null();
        let attached = attach(&device);
        assert_eq!(of_application(&attached.area, 5), 5);
        handle(libc::SIGUSR1 as u32, abi::UKL_SIGNAL_HANDLE);
        set_mask(bit(libc::SIGUSR2));
        send(libc::SIGUSR1);
        let mask = block_all();
        assert_eq!(of_application(&attached.area, mask), bit(libc::SIGUSR2));
        // SAFETY: the area is mapped.
        unsafe { (*attached.area.as_ptr()).flags = 0 };
        handle(libc::SIGUSR1 as u32, abi::UKL_SIGNAL_DEFAULT);
    }

    #[test]
    fn a_kick_brings_a_thread_back_from_a_call() {
        let device = null();
        stopping::prepare(&device, 64);
        let area = device.map(0, &INFO).unwrap();
        let place = Place::claim().unwrap();
        let status = child(|| {
            block_all();
            let mut attached = Attached::new(area, place);
            prepare();
            set_mask(0);
            // SAFETY: the child has this one thread, and its parent waits.
            let helper = unsafe { libc::fork() };
            if helper == 0 {
                // SAFETY: the arguments are numbers. The kick is repeated: it does nothing until
                // the application is asked to stop.
                unsafe {
                    libc::usleep(20_000);
                    libc::kill(libc::getppid(), stopping::kick());
                    libc::usleep(20_000);
                    libc::kill(libc::getppid(), libc::SIGTERM);
                    libc::_exit(0);
                }
            }
            let pause = |attached: &mut Attached<'_>| {
                syscall::make(&mut attached.area, libc::SYS_pause as u64, &[0; 6])
            };
            let eintr = -i64::from(libc::EINTR);
            // By the kick, by SIGTERM, and not begun any more.
            let ends = [(); 3].map(|()| pause(&mut attached));
            let ended = ends == [eintr, eintr, -syscall::ERESTARTNOINTR]
                && stopping::signal() == Some(libc::SIGTERM);
            mem::forget(attached);
            // SAFETY: it takes any number.
            unsafe { libc::_exit(if ended { 7 } else { 8 }) };
        });
        assert!(matches!(status, WaitStatus::Exited(_, 7)), "{status:?}");
    }

    #[test]
    fn the_process_ends_by_the_signal() {
        for signal in [
            Signal::SIGSEGV,
            Signal::SIGILL,
            Signal::SIGTERM,
            Signal::SIGABRT,
        ] {
            let status = child(|| end_by(signal as c_int));
            assert_eq!(signalled(status), Some(signal));
        }
        // Not one that ends a process.
        let status = child(|| end_by(libc::SIGCHLD));
        assert!(matches!(status, WaitStatus::Exited(_, 145)), "{status:?}");
    }
}
