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

/// Makes a system call. The hottest without an entry of its own is found without the table.
#[inline(always)]
pub(crate) fn make(nr: u64, args: &[u64; 6]) -> Answer {
    match nr as u32 {
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
    finish(answer)
}

/// What a system call returns. The program goes on only if it is not to end.
#[inline(always)]
fn finish(answer: Answer) -> c_long {
    if answer == Err(EINTR) {
        end_if_stopped();
    }
    face::number(answer) as c_long
}

/// A call with an entry of its own: what `first` comes to, a negative errno being for `failed`; or what
/// `shown` does, if some program is traced.
#[inline(always)]
fn hot(
    first: impl FnOnce() -> i64,
    failed: impl FnOnce(i64) -> Answer,
    shown: impl FnOnce() -> Answer,
) -> c_long {
    if trace::is_on() {
        return finish(shown());
    }
    match first() {
        count @ 0.. => count as c_long,
        errno => finish(failed(errno)),
    }
}

/// See `include/ukl/linux.h`.
///
/// # Safety
///
/// Called by a program that was registered here.
#[no_mangle]
unsafe extern "C" fn ukl_linux_read(fd: c_int, to: *mut c_void, len: usize) -> c_long {
    let (fd, to, len) = (fd as u64, to as u64, len as u64);
    hot(
        || file::try_read(fd, to, len),
        |errno| file::read_failed(&[fd, to, len, 0, 0, 0], errno),
        || trace::make(bindings::__NR_read.into(), &[fd, to, len, 0, 0, 0]),
    )
}

/// See `include/ukl/linux.h`.
///
/// # Safety
///
/// Called by a program that was registered here.
#[no_mangle]
unsafe extern "C" fn ukl_linux_write(fd: c_int, from: *const c_void, len: usize) -> c_long {
    let (fd, from, len) = (fd as u64, from as u64, len as u64);
    hot(
        || file::try_write(fd, from, len),
        |errno| file::write_failed(&[fd, from, len, 0, 0, 0], errno),
        || trace::make(bindings::__NR_write.into(), &[fd, from, len, 0, 0, 0]),
    )
}

/// See `include/ukl/linux.h`.
///
/// # Safety
///
/// Called by a program that was registered here.
#[no_mangle]
unsafe extern "C" fn ukl_linux_send_vector(
    fd: c_int,
    vec: *const c_void,
    count: usize,
    flags: c_int,
) -> c_long {
    let (fd, vec, count, flags) = (fd as u64, vec as u64, count as u64, flags as u64);
    hot(
        || file::try_send_vector(fd, vec, count, flags),
        |errno| file::send_failed([fd, vec, count, flags], errno),
        || {
            file::with_message([fd, vec, count, flags], |args| {
                trace::make(bindings::__NR_sendmsg.into(), args)
            })
        },
    )
}

/// See `include/ukl/linux.h`.
///
/// # Safety
///
/// Called by a program that was registered here.
#[no_mangle]
unsafe extern "C" fn ukl_linux_clock_gettime(clock: c_int, to: *mut c_void) -> c_long {
    let (clock, to) = (clock as u64, to as u64);
    hot(
        || time::try_clock_gettime(clock, to),
        |_| time::clock_gettime(&[clock, to, 0, 0, 0, 0]),
        || {
            trace::make(
                bindings::__NR_clock_gettime.into(),
                &[clock, to, 0, 0, 0, 0],
            )
        },
    )
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
    ukl_linux_read: unsafe extern "C" fn(c_int, *mut c_void, usize) -> c_long,
    ukl_linux_write: unsafe extern "C" fn(c_int, *const c_void, usize) -> c_long,
    ukl_linux_send_vector: unsafe extern "C" fn(c_int, *const c_void, usize, c_int) -> c_long,
    ukl_linux_clock_gettime: unsafe extern "C" fn(c_int, *mut c_void) -> c_long,
    ukl_linux_thread: unsafe extern "C" fn(*const bindings::ukl_linux_thread) -> c_long,
    ukl_linux_register: unsafe extern "C" fn(
        *mut bindings::module, *const bindings::ukl_linux_image,
    ) -> *mut bindings::ukl_program,
    ukl_linux_unregister: unsafe extern "C" fn(*mut bindings::ukl_program),
}
