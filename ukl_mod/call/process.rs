// SPDX-License-Identifier: GPL-2.0

//! What an application asks of the process that runs it.

use crate::{
    bindings,
    process::{Action, Process, Strings},
    seat::Window,
    thread::{Exit, Thread},
    transition,
};
use kernel::prelude::*;
use ukl_bindings::errno;
use ukl_support::{signal, task_local};

/// `ukl_arg()`: argument number `n` of the process. No transition.
pub(crate) fn arg(n: usize) -> *const u8 {
    string(n, Process::args)
}

/// `ukl_env()`: string number `n` of the process's environment. No transition.
pub(crate) fn env(n: usize) -> *const u8 {
    string(n, Process::env)
}

fn string(n: usize, strings: impl FnOnce(&Process) -> &Strings) -> *const u8 {
    task_local::current(|thread: Option<&Thread>| {
        thread
            .and_then(|thread| strings(thread.app().process()?).get(n))
            .map_or(core::ptr::null(), |string| {
                string.to_bytes_with_nul().as_ptr()
            })
    })
}

/// `ukl_exit()` and `ukl_thread_exit()`: ends the calling thread with `status` and, if it is `over`, its
/// application.
pub(crate) fn exit(status: i32, over: bool) -> Result {
    transition::exit(status, over)
}

/// `ukl_syscall()`.
pub(crate) fn syscall(words: [u64; 7]) -> Result<i64> {
    transition::ask(Exit::Syscall(words), may_wait(&words))
}

/// The system calls that may wait for what a handler of a signal could bring.
const WAITING: &[u32] = &[
    bindings::__NR_read,
    bindings::__NR_readv,
    bindings::__NR_pread64,
    bindings::__NR_preadv,
    bindings::__NR_preadv2,
    bindings::__NR_recvfrom,
    bindings::__NR_recvmsg,
    bindings::__NR_recvmmsg,
    bindings::__NR_write,
    bindings::__NR_writev,
    bindings::__NR_pwrite64,
    bindings::__NR_pwritev,
    bindings::__NR_pwritev2,
    bindings::__NR_sendto,
    bindings::__NR_sendmsg,
    bindings::__NR_sendmmsg,
    bindings::__NR_sendfile,
    bindings::__NR_splice,
    bindings::__NR_vmsplice,
    bindings::__NR_tee,
    bindings::__NR_accept,
    bindings::__NR_accept4,
    bindings::__NR_poll,
    bindings::__NR_ppoll,
    bindings::__NR_select,
    bindings::__NR_pselect6,
    bindings::__NR_epoll_wait,
    bindings::__NR_epoll_pwait,
    bindings::__NR_epoll_pwait2,
    bindings::__NR_pause,
    bindings::__NR_rt_sigsuspend,
    bindings::__NR_rt_sigtimedwait,
    bindings::__NR_wait4,
    bindings::__NR_waitid,
    bindings::__NR_nanosleep,
    bindings::__NR_clock_nanosleep,
    bindings::__NR_futex,
    bindings::__NR_flock,
    bindings::__NR_msgsnd,
    bindings::__NR_msgrcv,
    bindings::__NR_semop,
    bindings::__NR_semtimedop,
    bindings::__NR_mq_timedsend,
    bindings::__NR_mq_timedreceive,
    bindings::__NR_io_getevents,
    bindings::__NR_io_pgetevents,
    bindings::__NR_io_uring_enter,
];

/// Whether a system call may wait for that.
fn may_wait(&[nr, _, command, ..]: &[u64; 7]) -> bool {
    let (nr, command) = (nr as u32, command as u32);
    WAITING.contains(&nr)
        || nr == bindings::__NR_fcntl
            && [bindings::F_SETLKW, bindings::F_OFD_SETLKW].contains(&command)
}

/// `ukl_data()`: the data window of the calling thread. No transition.
pub(crate) fn data() -> Option<Window> {
    task_local::current(|thread: Option<&Thread>| Some(thread?.seat.as_ref()?.window()))
}

/// `ukl_sigaction()`: what to do about a signal: `handling` (`UKL_SIGNAL_*`), with `action` to handle it.
pub(crate) fn sigaction(number: u32, handling: u32, action: Option<Action>) -> Result {
    const SIGSTOP: u32 = 19;
    const UNCATCHABLE: [u32; 3] = [transition::SIGKILL, SIGSTOP, bindings::UKL_SIGNAL_OWN];
    if !(1..=signal::COUNT).contains(&number) || UNCATCHABLE.contains(&number) {
        return Err(EINVAL);
    }
    let set = |action| {
        transition::call_always(|kernel| {
            let process = kernel.app().process().ok_or_else(errno::eopnotsupp)?;
            Ok(process.set_action(number, action))
        })
    };
    let exit = Exit::Sigaction {
        signal: number,
        handling,
    };
    // There has to be a handler for as long as the process catches the signal.
    if action.is_none() {
        transition::ask(exit, false)?;
        set(None)?;
        return Ok(());
    }
    let before = set(action)?;
    if let Err(error) = transition::ask(exit, false) {
        set(before)?;
        return Err(error);
    }
    Ok(())
}

/// `ukl_sigmask()`: the signals that the calling thread blocks from now on; returns those it did.
pub(crate) fn sigmask(mask: signal::Set) -> Result<signal::Set> {
    transition::call(|kernel| {
        if kernel.app().process().is_none() {
            return Err(errno::eopnotsupp());
        }
        Ok(signal::set_mask(blockable(mask)))
    })
}

/// What an application may block of `mask`: not what brings its threads back to it.
pub(crate) fn blockable(mask: signal::Set) -> signal::Set {
    mask.without(signal::Set::of(bindings::UKL_SIGNAL_OWN))
}

/// `ukl_abort()`: ends the application as by `SIGABRT`.
pub(crate) fn abort(ip: usize) -> Result {
    transition::abort(SIGABRT, ip)
}

const SIGABRT: u32 = 6;
