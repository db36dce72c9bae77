// SPDX-License-Identifier: GPL-2.0

//! System calls that the process makes in user space: what they point to goes through the window that the
//! thread shares with its process.
//!
//! The first word of the window says how much of it is taken by a call under way: a handler of a signal
//! may make calls in the middle of one. The process can change all of it; that is its own business.

use crate::{
    face::{self, Answer, Window},
    program,
};
use kernel::prelude::*;

/// What an argument is.
#[derive(Clone, Copy)]
pub(crate) enum Arg {
    /// A number.
    Num,
    /// A string.
    Str,
    /// So many bytes that are read.
    In(usize),
    /// As many bytes that are read as this argument says.
    InLen(usize),
    /// So many bytes that are written.
    Out(usize),
    /// As many bytes that are written as this argument says at most, and the result.
    OutLen(usize),
    /// So many bytes that are read and written.
    InOut(usize),
    /// Bytes that are written, as many as the `int` that this argument points to says at most.
    OutLenAt(usize),
}
use Arg::*;

/// The longest path, with its NUL.
const PATH_MAX: usize = 4096;
/// Where the first byte of a call goes.
const HEAD: usize = 16;

/// The part of an argument's memory that is read before the call and written after it.
struct Extent {
    len: usize,
    reads: bool,
    writes: bool,
}

impl Arg {
    /// What argument number `i` of `args` points to; none if it is a number or NULL.
    fn extent(self, args: &[u64; 6], i: usize) -> Result<Option<Extent>> {
        let (len, reads, writes) = match self {
            Num => return Ok(None),
            _ if args[i] == 0 => return Ok(None),
            Str => (program::string_len(args[i], PATH_MAX)? + 1, true, false),
            In(len) => (len, true, false),
            InLen(of) => (args[of] as usize, true, false),
            Out(len) => (len, false, true),
            OutLen(of) => (args[of] as usize, false, true),
            InOut(len) => (len, true, true),
            OutLenAt(at) => match args[at] {
                0 => return Err(EFAULT),
                at => (program::read::<u32>(at)? as usize, true, true),
            },
        };
        Ok(Some(Extent { len, reads, writes }))
    }

    /// Whether the call makes sense for fewer bytes than asked for.
    fn may_be_short(self) -> bool {
        matches!(self, OutLen(_))
    }
}

/// A window with the part that is free.
struct Free {
    window: Window,
    from: usize,
}

impl Free {
    fn new() -> Result<Self> {
        let window = face::window()?;
        // SAFETY: The head of the window, which the process may write to as well.
        let used = unsafe { window.data.cast::<usize>().read_volatile() };
        Ok(Self {
            from: used.clamp(HEAD, window.size),
            window,
        })
    }

    /// Says that all before `to` is taken.
    fn take(&self, to: usize) {
        // SAFETY: As above.
        unsafe { self.window.data.cast::<usize>().write_volatile(to) };
    }
}

/// Makes system call `nr` in user space, whose arguments are what `kinds` says.
pub(crate) fn call(nr: u64, args: &[u64; 6], kinds: &[Arg]) -> Answer {
    if kinds.iter().all(|kind| matches!(kind, Num)) {
        return face::syscall(nr, *args);
    }
    let free = Free::new()?;
    let mut passed = *args;
    let mut places = [(0, 0, false); 6];
    let mut at = free.from;
    for (i, &kind) in kinds.iter().enumerate() {
        let Some(mut extent) = kind.extent(args, i)? else {
            continue;
        };
        let room = free.window.size - at;
        if extent.len > room {
            if !kind.may_be_short() || room < 1024 {
                return Err(ENOMEM);
            }
            extent.len = room;
            if let OutLen(of) = kind {
                passed[of] = room as u64;
            }
        }
        let data = free.window.data.wrapping_add(at);
        // SAFETY: There is so much room in the window.
        unsafe {
            match extent.reads {
                true => program::copy_in(args[i], data, extent.len)?,
                false => data.write_bytes(0, extent.len),
            }
        }
        passed[i] = free.window.address + at as u64;
        if extent.writes {
            places[i] = (at, extent.len, extent.reads);
        }
        at = (at + extent.len).next_multiple_of(16).min(free.window.size);
    }
    free.take(at);
    let result = face::syscall(nr, passed);
    free.take(free.from);
    for (i, (at, len, was_read)) in places.into_iter().enumerate() {
        let len = match (result, kinds.get(i)) {
            (Ok(result), Some(OutLen(_))) => len.min(result.max(0) as usize),
            // A call that fails writes little or nothing, over what was read there.
            (Err(_), _) if !was_read => 0,
            _ => len,
        };
        // SAFETY: It is in the window.
        unsafe { program::copy_out(free.window.data.wrapping_add(at), args[i], len)? };
    }
    result
}

/// Makes a system call that reads the `len` bytes at `data`, which are ours, as argument number `i`.
pub(crate) fn call_with(nr: u64, mut args: [u64; 6], i: usize, data: &[u8]) -> Answer {
    let free = Free::new()?;
    if data.len() > free.window.size - free.from {
        return Err(ENOMEM);
    }
    // SAFETY: There is so much room in the window.
    unsafe {
        free.window
            .data
            .add(free.from)
            .copy_from_nonoverlapping(data.as_ptr(), data.len());
    }
    args[i] = free.window.address + free.from as u64;
    free.take(
        (free.from + data.len())
            .next_multiple_of(16)
            .min(free.window.size),
    );
    let result = face::syscall(nr, args);
    free.take(free.from);
    result
}
