// SPDX-License-Identifier: GPL-2.0

//! The C face: what `include/ukl.h` declares and `exports.c` exports.
//!
//! Each function checks and converts what C hands over, calls one safe function and turns its result
//! into an errno. The compiler compares each with its declaration in the header, through bindgen.

use crate::{app::App, call, mode::Mode, sock::Sock, thread::Body};
use bindings::{
    __kernel_sockaddr_storage as sockaddr_storage, sockaddr, socket, ukl_app, ukl_sock, ukl_thread,
};
use core::{
    ptr::{self, NonNull},
    slice,
};
use kernel::{
    error::from_result,
    ffi::{c_char, c_int, c_uint, c_void},
    prelude::*,
};
use ukl_bindings::errno as code;
use ukl_support::{
    module::Owner,
    net::{Address, Message, Shutdown},
};

/// What bindgen made of `include/ukl.h`.
pub(crate) use ukl_bindings as bindings;

// The numbers of the header are those of the code.
const _: () = {
    assert!(Mode::None as u32 == bindings::ukl_mode_UKL_MODE_NONE);
    assert!(Mode::Kernel as u32 == bindings::ukl_mode_UKL_MODE_KERNEL);
    assert!(Mode::App as u32 == bindings::ukl_mode_UKL_MODE_APP);
    assert!(call::thread::STACK_DEFAULT == bindings::UKL_STACK_DEFAULT as usize);
    assert!(call::thread::STACK_MIN == bindings::UKL_STACK_MIN as usize);
    assert!(crate::thread::SAME_STACK_ROOM == bindings::UKL_NSS_ROOM as usize);
    assert!(crate::transition::BYPASS_MAX == bindings::UKL_BYPASS_MAX);
    assert!(call::tcp::SAME_STACK.bits() == bindings::UKL_NSS);
};

/// Defines the functions of the C face and compares each with the header.
macro_rules! export {
    ($($(#[$meta:meta])* fn $name:ident($($arg:ident: $type:ty),* $(,)?) -> $ret:ty $body:block)*) => {
        $(
            $(#[$meta])*
            /// See the function in `include/ukl.h`.
            ///
            /// # Safety
            ///
            /// Handles and pointers are what `include/ukl.h` says.
            #[no_mangle]
            unsafe extern "C" fn $name($($arg: $type),*) -> $ret $body

            const _: unsafe extern "C" fn($($type),*) -> $ret =
                if true { bindings::$name } else { $name };
        )*
    };
}

type Main = Option<unsafe extern "C" fn(*mut c_void) -> c_int>;

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
    if len != 0 && (start >= 0 || start.wrapping_add(len as isize - 1) >= 0) {
        return Err(EFAULT);
    }
    Ok(())
}

/// A socket handle; `ENOTSOCK` for NULL and `ERR_PTR()`.
///
/// # Safety
///
/// Anything else must be a handle that is open when the call begins.
unsafe fn sock<'a>(handle: *mut ukl_sock) -> Result<&'a Sock> {
    if is_err_or_null(handle) {
        return Err(code::enotsock());
    }
    // SAFETY: An open handle is the address of a `Sock` whose application has it open.
    Ok(unsafe { &*handle.cast::<Sock>() })
}

/// A socket address of `len` bytes; `EINVAL` for a wrong length, `EFAULT` for a bad pointer.
///
/// # Safety
///
/// An address in the kernel half must be mapped.
unsafe fn address(addr: *const sockaddr, len: c_int) -> Result<Address> {
    let len = usize::try_from(len).map_err(|_| EINVAL)?;
    kernel_half(addr.cast(), len)?;
    if len == 0 {
        return Err(EINVAL);
    }
    // SAFETY: By the function's requirements.
    Address::new(unsafe { slice::from_raw_parts(addr.cast(), len) })
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

export! {
    fn __ukl_app_start(
        owner: *mut bindings::module,
        name: *const c_char,
        main: Main,
        arg: *mut c_void,
        stack_size: usize,
    ) -> *mut ukl_app {
        handle::<App, _>((|| {
            let main = main.ok_or(EINVAL)?;
            if name.is_null() {
                return Err(EINVAL);
            }
            // SAFETY: The caller gives a C string.
            let name = unsafe { CStr::from_char_ptr(name) };
            // SAFETY: The caller promises that `main` may be called until it stops the application.
            call::app::start(Owner::new(owner), name, unsafe { Body::new(main, arg) }, stack_size)
        })())
    }

    fn ukl_app_stop(app: *mut ukl_app) -> c_int {
        from_result(|| call::app::stop(app.cast_const().cast()))
    }

    fn ukl_thread_spawn(main: Main, arg: *mut c_void, stack_size: usize) -> *mut ukl_thread {
        handle((|| {
            let main = main.ok_or(EINVAL)?;
            // SAFETY: The caller promises that `main` may be called until its application stops.
            call::thread::spawn(unsafe { Body::new(main, arg) }, stack_size)
        })())
    }

    fn ukl_thread_join(thread: *mut ukl_thread, result: *mut c_int) -> c_int {
        status(call::thread::join(thread.cast_const().cast()).map(|value| {
            if !result.is_null() {
                // SAFETY: The caller gives NULL or a place for the result.
                unsafe { result.write(value) };
            }
        }))
    }

    fn ukl_thread_stop(thread: *mut ukl_thread) -> c_int {
        status(call::thread::stop(thread.cast_const().cast()))
    }

    fn ukl_thread_detach(thread: *mut ukl_thread) -> c_int {
        status(call::thread::detach(thread.cast_const().cast()))
    }

    fn ukl_should_stop() -> bool {
        call::thread::should_stop()
    }

    fn ukl_mode() -> c_int {
        call::thread::mode() as c_int
    }

    fn ukl_null() -> c_int {
        if call::thread::null_bypassed() {
            return 0;
        }
        null_in_full()
    }

    fn ukl_null_same_stack() -> c_int {
        status(call::thread::null_same_stack())
    }

    fn ukl_bypass(calls: c_uint) -> c_int {
        status(call::thread::bypass(calls))
    }

    fn ukl_tcp_listen(addr: *const sockaddr, addrlen: c_int, backlog: c_int) -> *mut ukl_sock {
        // SAFETY: The caller gives an address of `addrlen` bytes.
        handle(unsafe { address(addr, addrlen) }
            .and_then(|address| call::tcp::listen(&address, backlog)))
    }

    fn ukl_tcp_accept(listener: *mut ukl_sock, flags: c_int) -> *mut ukl_sock {
        handle((|| {
            let nonblock = match flags as u32 {
                0 => false,
                bindings::O_NONBLOCK => true,
                _ => return Err(EINVAL),
            };
            // SAFETY: The caller gives an open handle.
            call::tcp::accept(unsafe { sock(listener) }?, nonblock)
        })())
    }

    fn ukl_tcp_connect(addr: *const sockaddr, addrlen: c_int) -> *mut ukl_sock {
        // SAFETY: The caller gives an address of `addrlen` bytes.
        handle(unsafe { address(addr, addrlen) }.and_then(|address| call::tcp::connect(&address)))
    }

    fn ukl_tcp_send(
        handle: *mut ukl_sock,
        buf: *const c_void,
        len: usize,
        flags: c_int,
    ) -> isize {
        count((|| {
            let data = ptr::slice_from_raw_parts(buf.cast(), length(len)?);
            kernel_half(buf, len)?;
            // SAFETY: The caller gives an open handle, and memory that is mapped.
            unsafe { call::tcp::send(sock(handle)?, data, Message::new(flags as u32)) }
        })())
    }

    fn ukl_tcp_recv(
        handle: *mut ukl_sock,
        buf: *mut c_void,
        len: usize,
        flags: c_int,
    ) -> isize {
        count((|| {
            let buffer = ptr::slice_from_raw_parts_mut(buf.cast(), length(len)?);
            kernel_half(buf, len)?;
            // SAFETY: The caller gives an open handle, and memory that is writable.
            unsafe { call::tcp::receive(sock(handle)?, buffer, Message::new(flags as u32)) }
        })())
    }

    fn ukl_tcp_nodelay(handle: *mut ukl_sock, on: bool) -> c_int {
        // SAFETY: The caller gives an open handle.
        status(unsafe { sock(handle) }.and_then(|sock| call::tcp::set_nodelay(sock, on)))
    }

    fn ukl_sock_adopt(socket: *mut socket) -> *mut ukl_sock {
        handle((|| {
            if is_err_or_null(socket) {
                return Err(code::enotsock());
            }
            // SAFETY: Not null, and a valid socket that the caller owns and gives up on success.
            unsafe { call::sock::adopt(NonNull::new_unchecked(socket.cast())) }
        })())
    }

    fn ukl_shutdown(handle: *mut ukl_sock, how: c_int) -> c_int {
        status((|| {
            let how = match how as u32 {
                bindings::sock_shutdown_cmd_SHUT_RD => Shutdown::Read,
                bindings::sock_shutdown_cmd_SHUT_WR => Shutdown::Write,
                bindings::sock_shutdown_cmd_SHUT_RDWR => Shutdown::Both,
                _ => return Err(EINVAL),
            };
            // SAFETY: The caller gives an open handle.
            call::sock::shutdown(unsafe { sock(handle) }?, how)
        })())
    }

    fn ukl_getsockname(handle: *mut ukl_sock, addr: *mut sockaddr_storage) -> c_int {
        // SAFETY: The caller gives an open handle and room for an address.
        unsafe { name(handle, addr, false) }
    }

    fn ukl_getpeername(handle: *mut ukl_sock, addr: *mut sockaddr_storage) -> c_int {
        // SAFETY: The caller gives an open handle and room for an address.
        unsafe { name(handle, addr, true) }
    }

    fn ukl_close(handle: *mut ukl_sock) -> c_int {
        if is_err_or_null(handle) {
            return status(Err(code::enotsock()));
        }
        status(call::sock::close(handle.cast_const().cast()))
    }
}

/// Apart from `ukl_null()` so that a bypassed call saves no registers.
#[inline(never)]
fn null_in_full() -> c_int {
    status(call::thread::null())
}

/// # Safety
///
/// `handle` must be an open handle, `addr` a place for an address or in the user half.
unsafe fn name(handle: *mut ukl_sock, addr: *mut sockaddr_storage, peer: bool) -> c_int {
    from_result(|| {
        kernel_half(addr.cast(), size_of::<sockaddr_storage>())?;
        // SAFETY: By the function's requirements.
        let address = call::sock::name(unsafe { sock(handle) }?, peer)?;
        // SAFETY: By the function's requirements.
        unsafe { addr.cast::<[u8; 128]>().write(*address.as_storage()) };
        Ok(address.as_bytes().len() as c_int)
    })
}
