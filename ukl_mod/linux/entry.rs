// SPDX-License-Identifier: GPL-2.0

//! `include/ukl/linux.h`: what a program's C library calls.

use crate::{
    bindings,
    call::{file, time},
    epoll,
    face::{self, Answer},
    process::Process,
    start,
    table::{self, How},
    tail, thread, trace,
};
use kernel::{
    error::code::EINTR,
    ffi::{c_int, c_long, c_ulong, c_void},
};

/// Makes a system call. The hottest are found without the table.
#[inline(always)]
pub(crate) fn make(nr: u64, args: &[u64; 6]) -> Answer {
    match nr as u32 {
        bindings::__NR_read => file::read(args),
        bindings::__NR_write => file::write(args),
        bindings::__NR_epoll_wait => epoll::wait(args),
        _ => by_table(nr, args),
    }
}

#[inline(never)]
fn by_table(nr: u64, args: &[u64; 6]) -> Answer {
    match table::find(nr) {
        Some(entry) => match entry.how {
            How::Here(call) => call(args),
            How::Tail(kinds) => tail::call(nr, args, kinds),
            How::Never => Err(face::errno(bindings::ENOSYS)),
        },
        None => {
            if let Some(process) = Process::current() {
                process.unknown(nr);
            }
            Err(face::errno(bindings::ENOSYS))
        }
    }
}

/// See `include/ukl/linux.h`.
///
/// # Safety
///
/// Called by a program that was registered here. What the arguments point to is what the system call
/// says.
#[no_mangle]
unsafe extern "C" fn ukl_linux_syscall(
    nr: c_long,
    a0: c_ulong,
    a1: c_ulong,
    a2: c_ulong,
    a3: c_ulong,
    a4: c_ulong,
    a5: c_ulong,
) -> c_long {
    let args = [
        a0 as u64, a1 as u64, a2 as u64, a3 as u64, a4 as u64, a5 as u64,
    ];
    let answer = match trace::is_on() {
        false => make(nr as u64, &args),
        true => trace::make(nr as u64, &args),
    };
    if answer == Err(EINTR) {
        end_if_stopped();
    }
    face::number(answer) as c_long
}

/// See `include/ukl/linux.h`.
///
/// # Safety
///
/// Called by a program that was registered here.
#[no_mangle]
unsafe extern "C" fn ukl_linux_clock_gettime(clock: c_int, to: *mut c_void) -> c_long {
    let args = [clock as u64, to as u64, 0, 0, 0, 0];
    let answer = match trace::is_on() {
        false => time::clock_gettime(&args),
        true => trace::make(bindings::__NR_clock_gettime.into(), &args),
    };
    face::number(answer) as c_long
}

/// A process that is asked to stop by a signal which its program does not handle is to end: it does not
/// expect calls to fail from then on.
#[cold]
#[inline(never)]
fn end_if_stopped() {
    if face::should_stop() {
        // What ended it is what "ukl run" says.
        let _ = face::exit(128);
    }
}

/// See `include/ukl/linux.h`.
///
/// # Safety
///
/// `thread` is valid, and what is in it is what the header says.
#[no_mangle]
unsafe extern "C" fn ukl_linux_thread(thread: *const bindings::ukl_linux_thread) -> c_long {
    // SAFETY: By the function's requirements.
    let answer = thread::start(unsafe { &*thread });
    trace::thread(&answer);
    face::number(answer) as c_long
}

/// See `include/ukl/linux.h`.
///
/// # Safety
///
/// `image` is that of the module `owner`, and stays as long as it is registered.
#[no_mangle]
unsafe extern "C" fn ukl_linux_register(
    owner: *mut bindings::module,
    image: *const bindings::ukl_linux_image,
) -> *mut bindings::ukl_program {
    // SAFETY: By the function's requirements.
    match start::register(owner, unsafe { &*image }) {
        Ok(program) => program,
        Err(error) => error.to_ptr(),
    }
}

/// See `include/ukl/linux.h`.
///
/// # Safety
///
/// `program` is what [`ukl_linux_register`] has returned.
#[no_mangle]
unsafe extern "C" fn ukl_linux_unregister(program: *mut bindings::ukl_program) {
    // SAFETY: By the function's requirements. It is one, so this does not fail.
    unsafe { bindings::ukl_program_unregister(program) };
}

/// Compares a function with its declaration in the header.
macro_rules! declared {
    ($($name:ident: $type:ty,)*) => {
        $(const _: $type = if true { bindings::$name } else { $name };)*
    };
}

declared! {
    ukl_linux_syscall: unsafe extern "C" fn(
        c_long, c_ulong, c_ulong, c_ulong, c_ulong, c_ulong, c_ulong,
    ) -> c_long,
    ukl_linux_clock_gettime: unsafe extern "C" fn(c_int, *mut c_void) -> c_long,
    ukl_linux_thread: unsafe extern "C" fn(*const bindings::ukl_linux_thread) -> c_long,
    ukl_linux_register: unsafe extern "C" fn(
        *mut bindings::module, *const bindings::ukl_linux_image,
    ) -> *mut bindings::ukl_program,
    ukl_linux_unregister: unsafe extern "C" fn(*mut bindings::ukl_program),
}
