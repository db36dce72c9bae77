// SPDX-License-Identifier: GPL-2.0

//! Memory: see [`crate::memory`].

use crate::{bindings, face::Answer, process::Process};
use kernel::prelude::*;

/// `mmap(addr, length, prot, flags, fd, offset)`: of anonymous memory, which is always there, readable and
/// writable.
pub(crate) fn mmap(args: &[u64; 6]) -> Answer {
    let &[address, len, prot, flags, ..] = args;
    if prot as u32 & bindings::PROT_EXEC != 0 {
        return Err(EACCES);
    }
    if flags as u32 & bindings::MAP_ANONYMOUS == 0 {
        return Err(ENODEV);
    }
    let memory = &Process::get()?.memory;
    let at = match flags as u32 & (bindings::MAP_FIXED | bindings::MAP_FIXED_NOREPLACE) {
        0 => memory.map(len)?,
        how => memory.map_at(address, len, how == bindings::MAP_FIXED)?,
    };
    Ok(at as i64)
}

/// `munmap(addr, length)`.
pub(crate) fn munmap(args: &[u64; 6]) -> Answer {
    Process::get()?.memory.unmap(args[0], args[1]).map(|()| 0)
}

/// `mremap(old, old_size, new_size, flags, new)`.
pub(crate) fn mremap(args: &[u64; 6]) -> Answer {
    const MAYMOVE: u64 = 1;
    let &[address, old, new, flags, ..] = args;
    if flags & !MAYMOVE != 0 {
        return Err(EINVAL);
    }
    let at = Process::get()?
        .memory
        .remap(address, old, new, flags & MAYMOVE != 0)?;
    Ok(at as i64)
}

/// `mprotect(addr, len, prot)`: nothing but that code is never written to and data never run.
pub(crate) fn mprotect(args: &[u64; 6]) -> Answer {
    if args[2] as u32 & bindings::PROT_EXEC != 0 {
        return Err(EACCES);
    }
    Ok(0)
}

/// `madvise(addr, length, advice)`.
pub(crate) fn madvise(args: &[u64; 6]) -> Answer {
    match args[2] as u32 {
        bindings::MADV_DONTNEED => Process::get()?.memory.clear(args[0], args[1]).map(|()| 0),
        // Hints.
        0..=3 | 8 | 12..=21 => Ok(0),
        _ => Err(EINVAL),
    }
}

/// `brk(addr)`: there is no heap at the end of the program; C libraries take memory with `mmap()` then.
pub(crate) fn brk(_args: &[u64; 6]) -> Answer {
    Ok(0)
}

/// `mlock()` and its kin: all memory is locked.
pub(crate) fn mlock(_args: &[u64; 6]) -> Answer {
    Ok(0)
}

/// `mincore(addr, length, vec)`: all of it is.
pub(crate) fn mincore(args: &[u64; 6]) -> Answer {
    Process::get()?.memory.check(args[0], args[1])?;
    let pages = args[1].div_ceil(kernel::page::PAGE_SIZE as u64);
    for page in 0..pages {
        crate::program::write(args[2].wrapping_add(page), 1_u8)?;
    }
    Ok(0)
}

/// `msync()`: there is no file.
pub(crate) fn msync(args: &[u64; 6]) -> Answer {
    Process::get()?.memory.check(args[0], args[1]).map(|()| 0)
}
