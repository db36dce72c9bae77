// SPDX-License-Identifier: GPL-2.0

//! The threads of the application: each runs it with `UKL_RUN` and does what it asks for.

use std::{
    sync::{
        atomic::{AtomicBool, Ordering},
        Mutex,
    },
    thread::{self, Builder, Scope},
};

use anyhow::{anyhow, Error, Result};
use nix::{errno::Errno, sys::signal::Signal};

use super::{
    signals::{self, Attached},
    stopping::{self, Place},
    syscall, FAILED,
};
use crate::{
    abi,
    device::{Device, Exit, Fault, RunArea},
};

/// Bytes of a thread's stack in user space: it makes system calls and catches signals.
const STACK_SIZE: usize = 128 << 10;

/// What the threads have in common.
pub struct Application<'a> {
    name: String,
    device: &'a Device,
    info: abi::ukl_info,
    /// Why a thread other than the first could not go on.
    failure: Mutex<Option<Error>>,
}

impl<'a> Application<'a> {
    /// The application that is bound to `device`.
    pub fn new(name: String, device: &'a Device, info: abi::ukl_info) -> Self {
        Self {
            name,
            device,
            info,
            failure: Mutex::new(None),
        }
    }

    /// Runs a thread to its end, on the current one, with `mask` as its first mask. Returns what
    /// its function returned, or why it could not go on. All signals are blocked before and after.
    fn carry<'scope>(
        &'scope self,
        scope: &'scope Scope<'scope, '_>,
        area: RunArea<'_>,
        place: Place,
        mask: u64,
    ) -> Result<i32> {
        let mut attached = Attached::new(area, place);
        signals::set_mask_to_run(mask);
        let area = &mut attached.area;
        loop {
            match area.run() {
                Ok(Exit::Finished { status, over }) => {
                    if over {
                        // The others end at their next call; this gets them there.
                        stopping::request(None);
                    }
                    return Ok(status);
                }
                // If it was caught, the next UKL_RUN hands it over.
                Ok(Exit::Signal) => {}
                Ok(Exit::Thread(number)) => {
                    let result = match self.start(scope, area, number) {
                        Ok(()) => 0,
                        Err(error) => -(error as i64),
                    };
                    area.set_result(result);
                }
                Ok(Exit::Syscall(nr, args)) => {
                    let result = syscall::make(area, nr, &args);
                    area.set_result(result);
                }
                Ok(Exit::Sigaction(signal, handling)) => {
                    area.set_result(signals::handle(signal, handling));
                }
                Ok(Exit::Fault(fault)) => self.fault(fault),
                Ok(Exit::Unknown(reason)) => {
                    return Err(anyhow!(
                        "{} cannot go on: it wants what this command does not know ({reason}); \
                         install a newer one",
                        self.name
                    ));
                }
                // A child of fork() that the application asked for has no application.
                Err(Errno::EIO) => {
                    eprintln!("ukl: {} does not go on in a child process", self.name);
                    // SAFETY: it takes any number. Nothing of the parent's is to be cleaned up.
                    unsafe { libc::_exit(FAILED.into()) }
                }
                Err(error) => {
                    return Err(anyhow!(
                        "{} cannot go on: UKL_RUN: {}",
                        self.name,
                        error.desc()
                    ));
                }
            }
        }
    }

    /// Starts thread `number`, with the mask of the current one, whose area is `own_area`.
    fn start<'scope>(
        &'scope self,
        scope: &'scope Scope<'scope, '_>,
        own_area: &RunArea<'_>,
        number: u32,
    ) -> Result<(), Errno> {
        let place = Place::claim().ok_or(Errno::EAGAIN)?;
        let area = self.device.map(number, &self.info)?;
        // It begins with the mask of who starts it, and catches nothing before it is attached.
        let own_mask = signals::block_all();
        let mask = signals::of_application(own_area, own_mask);
        let thread = Builder::new()
            .name(format!("{}/{number}", self.name))
            .stack_size(STACK_SIZE);
        let started = thread.spawn_scoped(scope, move || {
            if let Err(error) = self.carry(scope, area, place, mask) {
                self.failure
                    .lock()
                    .expect("no thread panics")
                    .get_or_insert(error);
                stopping::request(None);
            }
        });
        signals::set_mask(own_mask);
        started.map(drop).map_err(|_| Errno::EAGAIN)
    }

    /// Ends the process as one that did this in user space ends.
    fn fault(&self, fault: Fault) -> ! {
        static FIRST: AtomicBool = AtomicBool::new(true);
        signals::block_all();
        // The others wait for the end.
        while !FIRST.swap(false, Ordering::Relaxed) {
            thread::park();
        }
        eprintln!("ukl: {}: {}", self.name, describe(fault));
        signals::end_by(fault.signal)
    }
}

/// Runs the application on this thread, which is its first, and those that it starts. Returns what
/// the first thread returned, when all have ended.
pub fn run(app: &Application<'_>) -> Result<i32> {
    let place =
        Place::claim().ok_or_else(|| anyhow!("cannot run {}: no thread at all", app.name))?;
    let area = app
        .device
        .map(0, &app.info)
        .map_err(|error| anyhow!("cannot map the run area of {}: {}", app.name, error.desc()))?;
    name_process(&app.name);
    let mask = signals::block_all();
    let returned = thread::scope(|scope| {
        let returned = app.carry(scope, area, place, mask);
        signals::stop_others(mask);
        returned
        // The scope ends when all threads have.
    })?;
    let failure = app.failure.lock().expect("no thread panics").take();
    failure.map_or(Ok(returned), Err)
}

/// The application's name is what `ps` and `pkill` know the process by.
fn name_process(name: &str) {
    let mut bytes = name.as_bytes().to_vec();
    bytes.push(0);
    // SAFETY: the kernel reads up to the NUL, and 15 bytes at most.
    unsafe { libc::prctl(libc::PR_SET_NAME, bytes.as_ptr()) };
}

fn describe(fault: Fault) -> String {
    let signal = Signal::try_from(fault.signal).map_or_else(
        |_| format!("signal {}", fault.signal),
        |signal| signal.to_string(),
    );
    let at = match fault.signal {
        libc::SIGSEGV => format!(" at address {:#x}", fault.address),
        _ => String::new(),
    };
    format!("{signal}{at}, instruction {:#x} (see dmesg)", fault.ip)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_described_by_its_signal() {
        let fault = |signal| {
            describe(Fault {
                signal,
                address: 0x10,
                ip: 0xffff_ffff_c000_0000,
            })
        };
        assert_eq!(
            fault(libc::SIGSEGV),
            "SIGSEGV at address 0x10, instruction 0xffffffffc0000000 (see dmesg)"
        );
        assert_eq!(
            fault(libc::SIGILL),
            "SIGILL, instruction 0xffffffffc0000000 (see dmesg)"
        );
        assert_eq!(
            fault(99),
            "signal 99, instruction 0xffffffffc0000000 (see dmesg)"
        );
    }
}
