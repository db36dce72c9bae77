// SPDX-License-Identifier: GPL-2.0

//! The C face: what `include/ukl.h` and the headers beside it declare and `exports.c` exports.
//!
//! Each function checks and converts what C hands over, calls one safe function and turns its result
//! into an errno. The compiler compares each with its declaration in the header, through bindgen.

mod app;
mod extend;
mod file;
mod memory;
mod poll;
mod process;
mod sock;
mod tcp;
mod time;

use crate::handle::{Given, Handle};
use core::{ptr, slice};
use kernel::{
    ffi::{c_int, c_void},
    prelude::*,
};
use ukl_bindings::errno as code;
use ukl_support::net::{Address, Parts};

/// What bindgen made of `include/ukl.h`.
pub(crate) use ukl_bindings as bindings;

/// Defines functions of the C face and compares each with the header.
macro_rules! export {
    ($($(#[$meta:meta])* fn $name:ident($($arg:ident: $type:ty),* $(,)?) $(-> $ret:ty)? $body:block)*) => {
        $(
            $(#[$meta])*
            /// See the function in `include/ukl.h` and the headers beside it.
            ///
            /// # Safety
            ///
            /// Handles and pointers are what the header says.
            #[no_mangle]
            unsafe extern "C" fn $name($($arg: $type),*) $(-> $ret)? $body

            const _: unsafe extern "C" fn($($type),*) $(-> $ret)? =
                if true { $crate::abi::bindings::$name } else { $name };
        )*
    };
}
use export;

/// A length that fits the kernel's `int`, `EMSGSIZE` if not.
fn length(len: usize) -> Result<usize> {
    if len > c_int::MAX as usize {
        return Err(EMSGSIZE);
    }
    Ok(len)
}

/// `EFAULT` unless all of a buffer is in the kernel half of the address space.
fn kernel_half(address: *const c_void, len: usize) -> Result {
    let start = address as isize;
    // From an address of the kernel half it is as far to the end of the address space as to 0 from its
    // negative number.
    if len != 0 && (start >= 0 || len > start.unsigned_abs()) {
        return Err(EFAULT);
    }
    Ok(())
}

/// `EFAULT` unless `pointer` points into the kernel half of the address space.
fn kernel_pointer<T>(pointer: *const T) -> Result {
    kernel_half(pointer.cast(), size_of::<T>())
}

/// A handle; `error` for NULL and `ERR_PTR()`.
///
/// # Safety
///
/// Anything else must be a handle of that kind that is open when the call begins. `H` must be what
/// the headers call a `Handle<T>`.
#[inline(always)]
unsafe fn given<H, T>(handle: *mut H, error: impl FnOnce() -> Error) -> Result<Given<T>> {
    if is_err_or_null(handle) {
        return Err(error());
    }
    // SAFETY: An open handle is the address of a `Handle` that its application has open.
    Ok(unsafe { Given::new(handle.cast_const().cast()) })
}

/// The address of a handle that is looked up before it is used; `error` for NULL and `ERR_PTR()`.
fn closing<H, T>(handle: *mut H, error: impl FnOnce() -> Error) -> Result<*const Handle<T>> {
    if is_err_or_null(handle) {
        return Err(error());
    }
    Ok(handle.cast_const().cast())
}

/// A socket; `ENOTSOCK` for NULL and `ERR_PTR()`.
///
/// # Safety
///
/// As for [`given`].
#[inline(always)]
unsafe fn sock(handle: *mut bindings::ukl_sock) -> Result<Given<crate::resource::Sock>> {
    // SAFETY: By the function's requirements.
    unsafe { given(handle, code::enotsock) }
}

/// A file; `EBADF` for NULL and `ERR_PTR()`.
///
/// # Safety
///
/// As for [`given`].
unsafe fn file(handle: *mut bindings::ukl_file) -> Result<Given<crate::resource::OpenFile>> {
    // SAFETY: By the function's requirements.
    unsafe { given(handle, || EBADF) }
}

/// A socket address of `len` bytes; `EINVAL` for a wrong length, `EFAULT` for a bad pointer.
///
/// # Safety
///
/// An address in the kernel half must be mapped.
unsafe fn address(addr: *const bindings::sockaddr, len: c_int) -> Result<Address> {
    let len = usize::try_from(len).map_err(|_| EINVAL)?;
    kernel_half(addr.cast(), len)?;
    if len == 0 {
        return Err(EINVAL);
    }
    // SAFETY: By the function's requirements.
    Address::new(unsafe { slice::from_raw_parts(addr.cast(), len) })
}

/// Writes an address to where C wants it.
///
/// # Safety
///
/// `to` must be a place for an address.
unsafe fn put_address(to: *mut bindings::__kernel_sockaddr_storage, address: &Address) {
    // SAFETY: By the function's requirements.
    unsafe { to.cast::<[u8; 128]>().write(*address.as_storage()) };
}

/// The buffers of a vectored call; `EINVAL` if there are too many, `EFAULT` for a bad pointer, `EMSGSIZE`
/// if they have too many bytes.
///
/// # Safety
///
/// An array in the kernel half must be mapped and stay as it is during the call.
unsafe fn parts<'a>(vec: *const bindings::kvec, count: usize) -> Result<Parts<'a>> {
    if count > bindings::UKL_IOV_MAX as usize {
        return Err(EINVAL);
    }
    kernel_half(vec.cast(), count * size_of::<bindings::kvec>())?;
    // SAFETY: By the function's requirements.
    unsafe { Parts::from_raw(vec.cast(), count, kernel_half) }
}

/// The `len` bytes at `data`; `EMSGSIZE` if they are too many, `EFAULT` for a bad pointer.
fn bytes(data: *const c_void, len: usize) -> Result<*const [u8]> {
    let len = length(len)?;
    kernel_half(data, len)?;
    Ok(ptr::slice_from_raw_parts(data.cast(), len))
}

fn is_err_or_null<T>(pointer: *mut T) -> bool {
    // NULL, and the last 4,095 addresses, which are errno values.
    (pointer as usize).wrapping_add(4095) <= 4095
}

/// The kernel's restart codes are between it and the system-call exit; applications see `EINTR`.
#[cold]
#[inline(never)]
fn errno(error: Error) -> c_int {
    match error {
        ERESTARTSYS | ERESTARTNOINTR | ERESTARTNOHAND | ERESTART_RESTARTBLOCK => EINTR,
        error => error,
    }
    .to_errno()
}

fn status(result: Result) -> c_int {
    match result {
        Ok(()) => 0,
        Err(error) => errno(error),
    }
}

fn number(result: Result<c_int>) -> c_int {
    result.unwrap_or_else(errno)
}

fn count(result: Result<usize>) -> isize {
    match result {
        Ok(count) => count as isize,
        Err(error) => errno(error) as isize,
    }
}

fn handle<T, H>(result: Result<*const T>) -> *mut H {
    match result {
        Ok(pointer) => pointer.cast_mut().cast(),
        Err(error) => errno(error) as isize as *mut H,
    }
}
