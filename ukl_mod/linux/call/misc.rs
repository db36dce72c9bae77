// SPDX-License-Identifier: GPL-2.0

//! Who one is, randomness, the processor, threads.

use crate::{
    bindings,
    face::{self, Answer},
    process::Process,
    program,
    tail::{self, Arg},
    thread,
};
use kernel::prelude::*;

/// `getpid()`. No transition.
pub(crate) fn getpid(_args: &[u64; 6]) -> Answer {
    Ok(Process::get()?.pid.into())
}

/// `gettid()`. No transition.
pub(crate) fn gettid(_args: &[u64; 6]) -> Answer {
    Ok(thread::tid().into())
}

/// `getrandom(buf, buflen, flags)`. No transition.
pub(crate) fn getrandom(args: &[u64; 6]) -> Answer {
    let len = args[1].min(i32::MAX as u64) as usize;
    let to = program::writable(args[0], len)?;
    // SAFETY: The program has room for so many.
    unsafe { bindings::ukl_linux_helper_random(to.cast(), len) };
    Ok(len as i64)
}

/// `getcpu(cpu, node)`. No transition.
pub(crate) fn getcpu(args: &[u64; 6]) -> Answer {
    // SAFETY: Has no arguments.
    program::write_if(args[0], unsafe { bindings::ukl_linux_helper_cpu() })?;
    program::write_if(args[1], 0_u32)?;
    Ok(0)
}

/// `exit(status)`.
pub(crate) fn exit(_args: &[u64; 6]) -> Answer {
    Err(thread::exit())
}

/// `exit_group(status)`.
pub(crate) fn exit_group(args: &[u64; 6]) -> Answer {
    Err(face::exit((args[0] & 0xff) as i32))
}

/// `set_tid_address(tidptr)`.
pub(crate) fn set_tid_address(args: &[u64; 6]) -> Answer {
    Process::get()?.threads.set_clear(args[0]);
    Ok(thread::tid().into())
}

/// `arch_prctl(code, addr)`: the base of `%fs`.
pub(crate) fn arch_prctl(args: &[u64; 6]) -> Answer {
    const SET_FS: u64 = 0x1002;
    const GET_FS: u64 = 0x1003;
    match args[0] {
        SET_FS => thread::set_tls(args[1]),
        // SAFETY: Has no arguments.
        GET_FS => program::write(args[1], unsafe { bindings::ukl_linux_helper_fs_base() }
            as u64)?,
        _ => return Err(EINVAL),
    }
    Ok(0)
}

/// What makes no difference here: robust futexes, restartable sequences.
pub(crate) fn ignored(_args: &[u64; 6]) -> Answer {
    Ok(0)
}

/// `getgroups(size, list)`.
pub(crate) fn getgroups(args: &[u64; 6]) -> Answer {
    let nr = bindings::__NR_getgroups.into();
    let count = face::syscall(nr, [0; 6])?;
    match i64::from(args[0] as i32) {
        0 => Ok(count),
        size if size < count => Err(EINVAL),
        _ => tail::call(
            nr,
            &[count as u64, args[1], 0, 0, 0, 0],
            &[Arg::Num, Arg::Out(4 * count as usize)],
        ),
    }
}

/// `setgroups(size, list)`.
pub(crate) fn setgroups(args: &[u64; 6]) -> Answer {
    let size = args[0] as usize;
    if size > 65_536 {
        return Err(EINVAL);
    }
    tail::call(
        bindings::__NR_setgroups.into(),
        args,
        &[Arg::Num, Arg::In(4 * size)],
    )
}

/// `capget(header, data)` and `capset()`: how much the data is, the header's version says.
fn capabilities(nr: u32, args: &[u64; 6], data: fn(usize) -> Arg) -> Answer {
    const VERSION_1: u32 = 0x1998_0330;
    // struct __user_cap_data_struct.
    let size = match program::read::<u32>(args[0])? {
        VERSION_1 => 12,
        _ => 24,
    };
    tail::call(nr.into(), args, &[Arg::InOut(8), data(size)])
}

/// `capget(header, data)`.
pub(crate) fn capget(args: &[u64; 6]) -> Answer {
    capabilities(bindings::__NR_capget, args, Arg::Out)
}

/// `capset(header, data)`.
pub(crate) fn capset(args: &[u64; 6]) -> Answer {
    capabilities(bindings::__NR_capset, args, Arg::In)
}

/// `prctl(option, …)`: the name is a string.
pub(crate) fn prctl(args: &[u64; 6]) -> Answer {
    const SET_NAME: u64 = 15;
    const GET_NAME: u64 = 16;
    let kind = match args[0] {
        SET_NAME => Arg::Str,
        GET_NAME => Arg::Out(16),
        _ => Arg::Num,
    };
    tail::call(
        bindings::__NR_prctl.into(),
        args,
        &[Arg::Num, kind, Arg::Num, Arg::Num, Arg::Num],
    )
}
