// SPDX-License-Identifier: GPL-2.0

//! Reading, writing and closing descriptors of the process.
//!
//! On a TCP socket these are the shortcuts: from the descriptor to `tcp_sendmsg()` and `tcp_recvmsg()`.

use crate::{
    bindings::{self, kvec, ukl_linux_buffer, ukl_linux_io, ukl_linux_pollfd, ukl_linux_vector},
    face::{self, Answer, Helper},
    process::Process,
    program,
    tail::{self, Arg},
};
use core::ptr;
use kernel::prelude::*;

/// The longest transfer, as the kernel's.
const MAX: u64 = 0x7fff_f000;

/// `EFAULT`, as a call returns it.
const FAULT: i64 = -(bindings::EFAULT as i64);

/// What a helper says that cannot do it (`UKL_LINUX_OTHER`).
const OTHER: Error = ENOTSUPP;

#[inline(always)]
fn buffer(fd: u64, base: *mut u8, len: u64) -> ukl_linux_buffer {
    ukl_linux_buffer {
        fd: fd as i32,
        vec: kvec {
            iov_base: base.cast(),
            iov_len: len as usize,
        },
    }
}

/// What a write came to. The kernel has sent `SIGPIPE` where it does so if nobody can read it any more; the
/// handler runs before the program hears of it, in a bypass, too.
#[cold]
fn written(answer: Answer) -> Answer {
    if answer == Err(EPIPE) {
        face::take_signals();
    }
    answer
}

/// What a transfer waits for.
#[derive(Clone, Copy)]
pub(crate) enum For {
    Reading = bindings::POLLIN as isize,
    Writing = bindings::POLLOUT as isize,
}

/// `EINTR`, as a call returns it.
const INTERRUPTED: i64 = -(bindings::EINTR as i64);

/// Whether a transfer that was interrupted is to be made again, because it would not wait: a handler that has
/// run before it is no reason to fail then. `flags` are `MSG_*`.
#[cold]
fn is_ready(fd: u64, what: For, flags: u32) -> bool {
    let mut at = ukl_linux_pollfd {
        fd: fd as i32,
        events: what as i16,
        revents: 0,
    };
    let mut ready = || {
        // SAFETY: The helper takes this.
        unsafe { face::call_raw(bindings::ukl_linux_helper_ready, &mut at) }
    };
    !face::should_stop() && (flags & bindings::MSG_DONTWAIT != 0 || ready() != 0)
}

/// A transfer that came to `result`, and as often as it is to be made again, what `again` comes to.
#[inline(always)]
pub(crate) fn settle(
    mut result: i64,
    fd: u64,
    what: For,
    flags: u32,
    mut again: impl FnMut() -> i64,
) -> Answer {
    while result == INTERRUPTED && is_ready(fd, what, flags) {
        result = again();
    }
    face::answer(result)
}

/// A transfer by a helper.
///
/// # Safety
///
/// The helper takes `io`.
#[inline(always)]
unsafe fn transfer(helper: Helper, io: &mut ukl_linux_io, what: For) -> Answer {
    let (fd, flags) = (io.fd as u64, io.flags as u32);
    // SAFETY: By the function's requirements.
    let mut call = || unsafe { face::call_raw(helper, io) };
    settle(call(), fd, what, flags, call)
}

/// `read(fd, buf, count)`.
pub(crate) fn read(args: &[u64; 6]) -> Answer {
    match try_read(args[0], args[1], args[2]) {
        count @ 0.. => Ok(count),
        errno => read_failed(args, errno),
    }
}

/// Reads what the module can; a negative errno is for [`read_failed`].
#[inline(always)]
pub(crate) fn try_read(fd: u64, address: u64, len: u64) -> i64 {
    let len = len.min(MAX);
    let Ok(to) = program::writable(address, len as usize) else {
        return FAULT;
    };
    let mut buffer = buffer(fd, to, len);
    // SAFETY: The helper takes this.
    unsafe { face::call_raw(bindings::ukl_linux_helper_read_buffer, &mut buffer) }
}

/// The rest of a read that came to `errno`: of what only user space can read, or the error.
#[cold]
#[inline(never)]
pub(crate) fn read_failed(args: &[u64; 6], errno: i64) -> Answer {
    let again = || try_read(args[0], args[1], args[2]);
    match settle(errno, args[0], For::Reading, 0, again) {
        Err(OTHER) => otherwise(bindings::__NR_read, args),
        answer => answer,
    }
}

/// `write(fd, buf, count)`.
pub(crate) fn write(args: &[u64; 6]) -> Answer {
    match try_write(args[0], args[1], args[2]) {
        count @ 0.. => Ok(count),
        errno => write_failed(args, errno),
    }
}

/// Writes what the module can; a negative errno is for [`write_failed`].
#[inline(always)]
pub(crate) fn try_write(fd: u64, address: u64, len: u64) -> i64 {
    let len = len.min(MAX);
    let Ok(from) = program::readable(address, len as usize) else {
        return FAULT;
    };
    let mut buffer = buffer(fd, from.cast_mut(), len);
    // SAFETY: The helper takes this.
    unsafe { face::call_raw(bindings::ukl_linux_helper_write_buffer, &mut buffer) }
}

/// The rest of a write that came to `errno`: to what only user space can write, or the error.
#[cold]
#[inline(never)]
pub(crate) fn write_failed(args: &[u64; 6], errno: i64) -> Answer {
    let again = || try_write(args[0], args[1], args[2]);
    match settle(errno, args[0], For::Writing, 0, again) {
        Err(OTHER) => otherwise(bindings::__NR_write, args),
        answer => written(answer),
    }
}

/// A read or write in user space, with an offset or without, of as much as there is room for.
#[cold]
fn otherwise(nr: u32, args: &[u64; 6]) -> Answer {
    const ROOM: u64 = 8192;
    let mut args = *args;
    let buffer = match nr {
        bindings::__NR_read | bindings::__NR_pread64 => Arg::OutLen(2),
        _ => {
            args[2] = args[2].min(ROOM);
            Arg::InLen(2)
        }
    };
    tail::call(nr.into(), &args, &[Arg::Num, buffer, Arg::Num, Arg::Num])
}

/// The most parts of a vector.
const IOV_MAX: u64 = 1024;

/// A `struct iovec` of the program's, which is one of the kernel's: how many bytes it has, up to [`MAX`].
/// Each part is there. `too_many` says what is wrong with more than [`IOV_MAX`] parts.
#[inline(always)]
fn vector(address: u64, count: u64, writes: bool, too_many: u32) -> Result<(*const kvec, usize)> {
    if count > IOV_MAX {
        return Err(face::errno(too_many));
    }
    let vec = program::readable(address, count as usize * size_of::<kvec>())?.cast::<kvec>();
    let mut len = 0_usize;
    for i in 0..count as usize {
        // SAFETY: So many are there.
        let part = unsafe { vec.add(i).read_unaligned() };
        let base = part.iov_base as u64;
        if (part.iov_len as isize) < 0 {
            return Err(EINVAL);
        }
        let used = part.iov_len.min(MAX as usize - len);
        match writes {
            true => drop(program::writable(base, used)?),
            false => drop(program::readable(base, used)?),
        }
        len += used;
    }
    Ok((vec, len))
}

fn io(fd: u64) -> ukl_linux_io {
    ukl_linux_io {
        fd: fd as i32,
        ..Default::default()
    }
}

/// Makes call `nr` in user space for the first part of a vector that has some bytes, which is what a call
/// may do.
#[cold]
fn first_part(nr: u32, args: &[u64; 6]) -> Answer {
    for i in 0..args[2] {
        let at = args[1] + i * size_of::<kvec>() as u64;
        let (base, len) = (program::read(at)?, program::read(at + 8)?);
        if len != 0 {
            return otherwise(nr, &[args[0], base, len, args[3], 0, 0]);
        }
    }
    Ok(0)
}

/// `readv(fd, iov, iovcnt)`.
pub(crate) fn readv(args: &[u64; 6]) -> Answer {
    let mut io = io(args[0]);
    (io.vec, io.len) = vector(args[1], args[2], true, bindings::EINVAL)?;
    io.count = args[2] as usize;
    // SAFETY: The helper takes this.
    match unsafe { transfer(bindings::ukl_linux_helper_read, &mut io, For::Reading) } {
        Err(OTHER) => first_part(bindings::__NR_read, args),
        answer => answer,
    }
}

/// `writev(fd, iov, iovcnt)`.
pub(crate) fn writev(args: &[u64; 6]) -> Answer {
    let mut io = io(args[0]);
    (io.vec, io.len) = vector(args[1], args[2], false, bindings::EINVAL)?;
    io.count = args[2] as usize;
    // SAFETY: The helper takes this.
    match unsafe { transfer(bindings::ukl_linux_helper_write, &mut io, For::Writing) } {
        Err(OTHER) => first_part(bindings::__NR_write, args),
        answer => written(answer),
    }
}

/// `pread64(fd, buf, count, offset)`.
pub(crate) fn pread(args: &[u64; 6]) -> Answer {
    let mut io = io(args[0]);
    io.len = args[2].min(MAX) as usize;
    let part = kvec {
        iov_base: program::writable(args[1], io.len)?.cast(),
        iov_len: io.len,
    };
    io.vec = &part;
    io.count = 1;
    io.pos = args[3] as i64;
    // SAFETY: The helper takes this.
    match unsafe { transfer(bindings::ukl_linux_helper_pread, &mut io, For::Reading) } {
        Err(OTHER) => otherwise(bindings::__NR_pread64, args),
        answer => answer,
    }
}

/// `pwrite64(fd, buf, count, offset)`.
pub(crate) fn pwrite(args: &[u64; 6]) -> Answer {
    let mut io = io(args[0]);
    io.len = args[2].min(MAX) as usize;
    let part = kvec {
        iov_base: program::readable(args[1], io.len)?.cast_mut().cast(),
        iov_len: io.len,
    };
    io.vec = &part;
    io.count = 1;
    io.pos = args[3] as i64;
    // SAFETY: The helper takes this.
    match unsafe { transfer(bindings::ukl_linux_helper_pwrite, &mut io, For::Writing) } {
        Err(OTHER) => otherwise(bindings::__NR_pwrite64, args),
        answer => answer,
    }
}

/// `preadv(fd, iov, iovcnt, offset)`.
pub(crate) fn preadv(args: &[u64; 6]) -> Answer {
    let mut io = io(args[0]);
    (io.vec, io.len) = vector(args[1], args[2], true, bindings::EINVAL)?;
    io.count = args[2] as usize;
    io.pos = args[3] as i64;
    // SAFETY: The helper takes this.
    match unsafe { transfer(bindings::ukl_linux_helper_pread, &mut io, For::Reading) } {
        Err(OTHER) => first_part(bindings::__NR_pread64, args),
        answer => answer,
    }
}

/// `pwritev(fd, iov, iovcnt, offset)`.
pub(crate) fn pwritev(args: &[u64; 6]) -> Answer {
    let mut io = io(args[0]);
    (io.vec, io.len) = vector(args[1], args[2], false, bindings::EINVAL)?;
    io.count = args[2] as usize;
    io.pos = args[3] as i64;
    // SAFETY: The helper takes this.
    match unsafe { transfer(bindings::ukl_linux_helper_pwrite, &mut io, For::Writing) } {
        Err(OTHER) => first_part(bindings::__NR_pwrite64, args),
        answer => answer,
    }
}

/// Bytes of the largest socket address.
const NAME_MAX: usize = 128;

/// `sendto(fd, buf, len, flags, addr, addrlen)`.
pub(crate) fn sendto(args: &[u64; 6]) -> Answer {
    let len = args[2].min(MAX);
    let part = kvec {
        iov_base: program::readable(args[1], len as usize)?.cast_mut().cast(),
        iov_len: len as usize,
    };
    let mut name = [0_u8; NAME_MAX];
    let mut io = io(args[0]);
    io.flags = args[3] as i32;
    io.vec = &part;
    io.count = 1;
    io.len = len as usize;
    if args[4] != 0 {
        let len = args[5] as usize;
        if len > NAME_MAX {
            return Err(EINVAL);
        }
        // SAFETY: There is room for so many.
        unsafe { program::copy_in(args[4], name.as_mut_ptr(), len)? };
        io.name = name.as_mut_ptr().cast();
        io.namelen = len as i32;
    }
    send(&mut io)
}

fn send(io: &mut ukl_linux_io) -> Answer {
    // SAFETY: The helper takes this.
    written(unsafe { transfer(bindings::ukl_linux_helper_send, io, For::Writing) })
}

/// `sendmsg()` of a message that has nothing but a vector; a negative errno is for [`send_failed`].
#[inline(always)]
pub(crate) fn try_send_vector(fd: u64, address: u64, count: u64, flags: u64) -> i64 {
    let (vec, len) = match vector(address, count, false, bindings::EMSGSIZE) {
        Ok(vector) => vector,
        Err(error) => return error.to_errno().into(),
    };
    let mut vector = ukl_linux_vector {
        fd: fd as i32,
        flags: flags as i32,
        vec,
        count: count as usize,
        len,
    };
    // SAFETY: The helper takes this.
    unsafe { face::call_raw(bindings::ukl_linux_helper_send_vector, &mut vector) }
}

/// The rest of a send of a vector that came to `errno`.
#[cold]
#[inline(never)]
pub(crate) fn send_failed([fd, address, count, flags]: [u64; 4], errno: i64) -> Answer {
    let again = || try_send_vector(fd, address, count, flags);
    written(settle(errno, fd, For::Writing, flags as u32, again))
}

/// Hands a socket address of `len` bytes to the program, which has room for as many as the word at
/// `room` says.
pub(crate) fn put_name(name: &[u8; NAME_MAX], len: i32, to: u64, room: u64) -> Result {
    if to == 0 {
        return Ok(());
    }
    let has = program::read::<i32>(room)?;
    if has < 0 {
        return Err(EINVAL);
    }
    let len = len.clamp(0, NAME_MAX as i32);
    // SAFETY: There are so many.
    unsafe { program::copy_out(name.as_ptr(), to, len.min(has) as usize)? };
    program::write(room, len)
}

/// `recvfrom(fd, buf, len, flags, addr, addrlen)`.
pub(crate) fn recvfrom(args: &[u64; 6]) -> Answer {
    let len = args[2].min(MAX);
    let part = kvec {
        iov_base: program::writable(args[1], len as usize)?.cast(),
        iov_len: len as usize,
    };
    let mut name = [0_u8; NAME_MAX];
    let mut io = io(args[0]);
    io.flags = args[3] as i32;
    io.vec = &part;
    io.count = 1;
    io.len = len as usize;
    if args[4] != 0 {
        io.name = name.as_mut_ptr().cast();
    }
    // SAFETY: The helper takes this.
    let count = unsafe { transfer(bindings::ukl_linux_helper_recv, &mut io, For::Reading)? };
    put_name(&name, io.namelen, args[4], args[5])?;
    Ok(count)
}

/// A `struct msghdr` of the program's.
#[repr(C)]
#[derive(Clone, Copy)]
struct Message {
    name: u64,
    namelen: u32,
    _pad: u32,
    vec: u64,
    count: u64,
    control: u64,
    controllen: u64,
    flags: i32,
    _pad2: u32,
}

program::plain!(Message);

/// `sendmsg()` of a message that has nothing but a vector, as [`sendmsg`] takes it: `then` makes the call.
#[cold]
#[inline(never)]
pub(crate) fn with_message<R>(
    [fd, vec, count, flags]: [u64; 4],
    then: impl FnOnce(&[u64; 6]) -> R,
) -> R {
    let message = Message {
        name: 0,
        namelen: 0,
        _pad: 0,
        vec,
        count,
        control: 0,
        controllen: 0,
        flags: 0,
        _pad2: 0,
    };
    then(&[fd, ptr::from_ref(&message) as u64, flags, 0, 0, 0])
}

/// Where `msg_namelen`, `msg_controllen` and `msg_flags` are.
const AT_NAMELEN: u64 = 8;
const AT_CONTROLLEN: u64 = 40;
const AT_FLAGS: u64 = 48;

/// `sendmsg(fd, msg, flags)`.
pub(crate) fn sendmsg(args: &[u64; 6]) -> Answer {
    let message: Message = program::read(args[1])?;
    let mut name = [0_u8; NAME_MAX];
    let mut io = io(args[0]);
    (io.vec, io.len) = vector(message.vec, message.count, false, bindings::EMSGSIZE)?;
    io.count = message.count as usize;
    io.flags = args[2] as i32;
    if message.name != 0 {
        let len = message.namelen as usize;
        if len > NAME_MAX {
            return Err(EINVAL);
        }
        // SAFETY: There is room for so many.
        unsafe { program::copy_in(message.name, name.as_mut_ptr(), len)? };
        io.name = name.as_mut_ptr().cast();
        io.namelen = len as i32;
    }
    if message.controllen != 0 {
        io.controllen = message.controllen as usize;
        io.control = program::writable(message.control, io.controllen)?.cast();
    }
    send(&mut io)
}

/// `recvmsg(fd, msg, flags)`.
pub(crate) fn recvmsg(args: &[u64; 6]) -> Answer {
    let message: Message = program::read(args[1])?;
    let mut name = [0_u8; NAME_MAX];
    let mut io = io(args[0]);
    (io.vec, io.len) = vector(message.vec, message.count, true, bindings::EMSGSIZE)?;
    io.count = message.count as usize;
    io.flags = args[2] as i32;
    if message.name != 0 {
        io.name = name.as_mut_ptr().cast();
    }
    if message.control != 0 {
        io.controllen = message.controllen as usize;
        io.control = program::writable(message.control, io.controllen)?.cast();
    }
    // SAFETY: The helper takes this.
    let count = unsafe { transfer(bindings::ukl_linux_helper_recv, &mut io, For::Reading)? };
    if message.name != 0 {
        put_name(&name, io.namelen, message.name, args[1] + AT_NAMELEN)?;
    }
    program::write(args[1] + AT_CONTROLLEN, io.controllen)?;
    program::write(args[1] + AT_FLAGS, io.msg_flags)?;
    Ok(count)
}

/// `close(fd)`.
pub(crate) fn close(args: &[u64; 6]) -> Answer {
    let mut fd = args[0] as i32;
    let process = Process::get()?;
    process.not_device(args[0])?;
    process.epolls.closing(fd)?;
    loop {
        // SAFETY: The helper takes this.
        match unsafe { face::call(bindings::ukl_linux_helper_close, &mut fd) } {
            // A handler has run before it began: programs take it for closed.
            Err(EINTR) if !face::should_stop() => (),
            answer => return answer,
        }
    }
}

/// `dup2(oldfd, newfd)`: `newfd` is closed if it is open.
pub(crate) fn dup2(args: &[u64; 6]) -> Answer {
    duplicate(bindings::__NR_dup2, args)
}

/// `dup3(oldfd, newfd, flags)`.
pub(crate) fn dup3(args: &[u64; 6]) -> Answer {
    duplicate(bindings::__NR_dup3, args)
}

fn duplicate(nr: u32, args: &[u64; 6]) -> Answer {
    let process = Process::get()?;
    process.not_device(args[0])?;
    process.not_device(args[1])?;
    let fd = face::syscall(nr.into(), *args)?;
    if args[0] as i32 != args[1] as i32 {
        // What the sets have is what was there before, whatever is there now.
        process.epolls.closing(fd as i32)?;
    }
    Ok(fd)
}

/// `ioctl(fd, request, argument)`: what the argument is, the request says.
pub(crate) fn ioctl(args: &[u64; 6]) -> Answer {
    let request = args[1] as u32;
    let size = (request >> 16 & 0x3fff) as usize;
    let kind = match request {
        bindings::TCGETS => Arg::Out(36),
        bindings::TCSETS | bindings::TCSETSW | bindings::TCSETSF => Arg::In(36),
        bindings::TIOCGWINSZ => Arg::Out(8),
        bindings::TIOCSWINSZ => Arg::In(8),
        bindings::FIONBIO | bindings::FIOASYNC | bindings::TIOCSPGRP => Arg::In(4),
        bindings::FIONREAD | bindings::TIOCGPGRP | bindings::TIOCOUTQ => Arg::Out(4),
        // Interfaces: struct ifreq, but for SIOCGIFCONF, which points further.
        0x8912 => return Err(face::errno(bindings::ENOTTY)),
        0x8910..=0x894f => Arg::InOut(40),
        _ if size != 0 && request >> 30 != 0 => Arg::InOut(size),
        _ => Arg::Num,
    };
    tail::call(
        bindings::__NR_ioctl.into(),
        args,
        &[Arg::Num, Arg::Num, kind],
    )
}

/// `fcntl(fd, cmd, arg)`.
pub(crate) fn fcntl(args: &[u64; 6]) -> Answer {
    let kind = match args[1] as u32 {
        // struct flock.
        5..=7 | 36..=38 => Arg::InOut(32),
        // struct f_owner_ex.
        15 | 16 => Arg::InOut(8),
        _ => Arg::Num,
    };
    tail::call(
        bindings::__NR_fcntl.into(),
        args,
        &[Arg::Num, Arg::Num, kind],
    )
}

/// `close_range(first, last, flags)`.
pub(crate) fn close_range(args: &[u64; 6]) -> Answer {
    let &[first, last, flags, ..] = args;
    let (first, last) = (first as u32, last as u32);
    let close = |first: u32, last: u32| {
        let args = [first.into(), last.into(), flags, 0, 0, 0];
        face::syscall(bindings::__NR_close_range.into(), args)
    };
    // CLOSE_RANGE_CLOEXEC closes nothing now; of other flags, and if it is no range, the kernel says EINVAL.
    if first > last || flags & !u64::from(bindings::CLOSE_RANGE_UNSHARE) != 0 {
        return close(first, last);
    }
    let process = Process::get()?;
    // SAFETY: Has no arguments.
    for fd in first..=last.min(unsafe { bindings::ukl_linux_helper_max_fds() }) {
        process.epolls.closing(fd as i32)?;
    }
    let Some(device) = process.device_in(first..=last) else {
        return close(first, last);
    };
    if first < device {
        close(first, device - 1)?;
    }
    match device < last {
        true => close(device + 1, last),
        false => Ok(0),
    }
}
