// SPDX-License-Identifier: GPL-2.0

//! The program's memory: what its system calls point to.
//!
//! The program says that it is there. An address in the user half, NULL included, is an `EFAULT`, as in
//! user space. Any other is touched here, in mode `App`, before something in mode `Kernel` does: if it
//! is bad, that is a fault of the program's, which ends it and nothing else.

use core::{
    arch::asm,
    ptr,
    sync::atomic::{AtomicU8, Ordering},
};
use kernel::prelude::*;

/// `EFAULT` unless all of it is in the kernel half.
#[inline(always)]
fn kernel_half(address: u64, len: usize) -> Result {
    let start = address as i64;
    if start >= 0 || start.wrapping_add(len as i64).wrapping_sub(1) >= 0 {
        return Err(EFAULT);
    }
    Ok(())
}

/// The address of a word that is not touched.
pub(crate) fn word(address: u64) -> Result<*const u32> {
    kernel_half(address, 4)?;
    Ok(address as *const u32)
}

/// The last byte of what `kernel_half` has found to be no more than there is.
#[inline(always)]
fn last(address: u64, len: usize) -> usize {
    (address as usize).wrapping_add(len).wrapping_sub(1)
}

#[inline(always)]
fn touch(address: usize) {
    // SAFETY: The program says that it has memory there. If not, this faults in mode `App`.
    unsafe {
        asm!("cmp byte ptr [{}], 0", in(reg) address, options(nostack, readonly));
    }
}

#[inline(always)]
fn touch_to_write(address: usize) {
    // SAFETY: As above. Atomic, so that what other threads write is not lost.
    unsafe { AtomicU8::from_ptr(address as *mut u8) }.fetch_or(0, Ordering::Relaxed);
}

/// A buffer that is read from: both ends are there.
#[inline(always)]
pub(crate) fn readable(address: u64, len: usize) -> Result<*const u8> {
    if len != 0 {
        kernel_half(address, len)?;
        touch(address as usize);
        touch(last(address, len));
    }
    Ok(address as *const u8)
}

/// A buffer that is written to: both ends are there.
#[inline(always)]
pub(crate) fn writable(address: u64, len: usize) -> Result<*mut u8> {
    if len != 0 {
        kernel_half(address, len)?;
        touch_to_write(address as usize);
        touch_to_write(last(address, len));
    }
    Ok(address as *mut u8)
}

/// Types of which any bytes are a value.
///
/// # Safety
///
/// That is so.
pub(crate) unsafe trait Plain: Copy {}

macro_rules! plain {
    ($($type:ty),*) => {
        $(
            // SAFETY: A number, or a `repr(C)` struct of numbers.
            unsafe impl $crate::program::Plain for $type {}
        )*
    };
}
pub(crate) use plain;
plain!(u8, i16, u16, i32, u32, i64, u64, usize);

// SAFETY: As many of them.
unsafe impl<T: Plain, const N: usize> Plain for [T; N] {}

/// Reads a value.
#[inline(always)]
pub(crate) fn read<T: Plain>(address: u64) -> Result<T> {
    kernel_half(address, size_of::<T>())?;
    // SAFETY: The program says that it is there; if not, this faults in mode `App`.
    Ok(unsafe { (address as *const T).read_unaligned() })
}

/// Writes a value.
#[inline(always)]
pub(crate) fn write<T: Plain>(address: u64, value: T) -> Result {
    kernel_half(address, size_of::<T>())?;
    // SAFETY: As above.
    unsafe { (address as *mut T).write_unaligned(value) };
    Ok(())
}

/// Writes a value, unless the address is NULL.
#[inline(always)]
pub(crate) fn write_if<T: Plain>(address: u64, value: T) -> Result {
    match address {
        0 => Ok(()),
        address => write(address, value),
    }
}

/// Copies `len` bytes of the program's to `to`.
///
/// # Safety
///
/// There is room for them.
pub(crate) unsafe fn copy_in(from: u64, to: *mut u8, len: usize) -> Result {
    if len != 0 {
        kernel_half(from, len)?;
        // SAFETY: By the function's requirements; for the program's memory as above.
        unsafe { ptr::copy(from as *const u8, to, len) };
    }
    Ok(())
}

/// Copies `len` bytes at `from` to the program.
///
/// # Safety
///
/// There are so many.
pub(crate) unsafe fn copy_out(from: *const u8, to: u64, len: usize) -> Result {
    if len != 0 {
        kernel_half(to, len)?;
        // SAFETY: By the function's requirements; for the program's memory as above.
        unsafe { ptr::copy(from, to as *mut u8, len) };
    }
    Ok(())
}

/// The length of a string, without its NUL, if that comes within `max` bytes.
pub(crate) fn string_len(address: u64, max: usize) -> Result<usize> {
    for len in 0..max {
        if read::<u8>(address.wrapping_add(len as u64))? == 0 {
            return Ok(len);
        }
    }
    Err(super::face::errno(super::bindings::ENAMETOOLONG))
}
