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
    transition::ask(Exit::Syscall(words))
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
        transition::ask(exit)?;
        set(None)?;
        return Ok(());
    }
    let before = set(action)?;
    if let Err(error) = transition::ask(exit) {
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
