// SPDX-License-Identifier: GPL-2.0

//! Applications and their threads.

use crate::result;
use core::{marker::PhantomData, mem::ManuallyDrop, num::NonZeroUsize, ptr};
use kernel::{
    error::from_err_ptr,
    ffi::{c_int, c_void},
    prelude::*,
    types::NotThreadSafe,
};
use ukl_bindings as bindings;

/// The largest budget of [`App::bypass`].
pub const BYPASS_MAX: u32 = bindings::UKL_BYPASS_MAX;

/// What a thread is doing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    /// It is not a UKL thread.
    None,
    /// The kernel works for its application.
    Kernel,
    /// It runs application code.
    App,
}

/// How many processors are online: what a server starts threads for, after `std::thread`.
pub fn available_parallelism() -> NonZeroUsize {
    // SAFETY: The kernel's own count, a word that is read whole; the kernel's `num_online_cpus()`.
    let cpus = unsafe { (&raw const bindings::__num_online_cpus.counter).read_volatile() };
    NonZeroUsize::new(cpus as usize).unwrap_or(NonZeroUsize::MIN)
}

/// Proof that this code runs on a UKL thread in application mode.
///
/// Only the closure of a thread is given one, by reference, and it cannot leave its thread.
pub struct App(NotThreadSafe);

impl App {
    /// For the functions that are the first on their thread, or in a signal's handler.
    pub(crate) fn new() -> Self {
        Self(NotThreadSafe)
    }

    /// Whether the thread was asked to stop: by [`Application`] being dropped, [`JoinHandle::stop`],
    /// `SIGTERM` or `SIGKILL`. From then on its calls fail with `EINTR`. Not a transition.
    pub fn should_stop(&self) -> bool {
        // SAFETY: May be called anywhere.
        unsafe { bindings::ukl_should_stop() }
    }

    /// The mode of this thread: [`Mode::App`], by what this type stands for.
    pub fn mode(&self) -> Mode {
        // SAFETY: May be called anywhere.
        match unsafe { bindings::ukl_mode() } as u32 {
            bindings::ukl_mode_UKL_MODE_APP => Mode::App,
            bindings::ukl_mode_UKL_MODE_KERNEL => Mode::Kernel,
            _ => Mode::None,
        }
    }

    /// A transition that does nothing but the work that waits: rescheduling, signals.
    ///
    /// For a loop that computes for long and calls nothing else. C: `ukl_null()`.
    ///
    /// # Errors
    ///
    /// `EINTR` if the thread was asked to stop.
    pub fn null(&self) -> Result {
        // SAFETY: `self` says that this is application mode.
        result(unsafe { bindings::ukl_null() })
    }

    /// As [`App::null`], but stays on the application stack. C: `ukl_null_same_stack()`.
    ///
    /// # Errors
    ///
    /// As [`App::null`].
    pub fn null_same_stack(&self) -> Result {
        // SAFETY: `self` says that this is application mode.
        result(unsafe { bindings::ukl_null_same_stack() })
    }

    /// Runs `f` with a bypass (`UKL_BYP`): its first `calls` shortcuts, which are [`App::null`] and the
    /// sending and receiving of [`crate::net::TcpStream`], leave out the work of the transition unless
    /// some waits. What is left of the budget ends with `f`. C: `ukl_bypass()`.
    ///
    /// # Errors
    ///
    /// `EINVAL` if `calls` is above [`BYPASS_MAX`].
    pub fn bypass<R>(&self, calls: u32, f: impl FnOnce(&App) -> R) -> Result<R> {
        self.set_bypass(calls)?;
        let value = f(self);
        // `EINTR` if the thread was asked to stop: then the bypass has ended as well.
        let _ = self.set_bypass(0);
        Ok(value)
    }

    fn set_bypass(&self, calls: u32) -> Result {
        // SAFETY: `self` says that this is application mode.
        result(unsafe { bindings::ukl_bypass(calls) })
    }

    /// Starts a thread of this application that runs `main`; as [`Builder::spawn`] with a stack of
    /// the default size.
    ///
    /// # Errors
    ///
    /// As [`Builder::spawn`].
    pub fn spawn<F>(&self, main: F) -> Result<JoinHandle>
    where
        F: FnOnce(&App) -> Result + Send + 'static,
    {
        Builder::new().spawn(self, main)
    }
}

/// How a thread is started.
#[derive(Default)]
pub struct Builder {
    stack_size: usize,
}

impl Builder {
    /// A thread with a stack of the default size, 64 KiB.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the size of the stack in bytes, at least 16 KiB, rounded up to whole pages.
    pub fn stack_size(self, bytes: usize) -> Self {
        Self { stack_size: bytes }
    }

    /// Starts a thread of the caller's application that runs `main`. May sleep.
    ///
    /// The thread runs on if the handle is dropped, until it returns or the application stops. What
    /// `main` returns is the thread's status: 0 or a negative errno. C: `ukl_thread_spawn()`.
    ///
    /// # Errors
    ///
    /// `ENOMEM`; `EINVAL` if the stack is smaller than the minimum.
    pub fn spawn<F>(self, _app: &App, main: F) -> Result<JoinHandle>
    where
        F: FnOnce(&App) -> Result + Send + 'static,
    {
        let body = Body::new(main)?;
        body.start(|entry, arg| {
            // SAFETY: `_app` says that this is application mode; `entry` may be called with `arg`.
            unsafe { bindings::ukl_thread_spawn(Some(entry), arg, self.stack_size) }
        })
        .map(JoinHandle)
    }
}

/// A thread that can be waited for. Dropping it lets the thread go on by itself.
pub struct JoinHandle(*mut bindings::ukl_thread);

// SAFETY: A handle may be used by any UKL thread.
unsafe impl Send for JoinHandle {}

impl JoinHandle {
    /// Waits for the thread's end and returns what it returned. Blocks. C: `ukl_thread_join()`.
    ///
    /// # Errors
    ///
    /// `EINTR` if the caller is asked to stop first; `EDEADLK` if the thread is the caller.
    pub fn join(self, _app: &App) -> Result<Result> {
        let mut status: c_int = 0;
        // SAFETY: `_app` says that this is application mode, and the handle is ours.
        result(unsafe { bindings::ukl_thread_join(self.0, &mut status) })?;
        // The handle is gone with the thread.
        let _ = ManuallyDrop::new(self);
        Ok(result(status))
    }

    /// Asks the thread to stop: its calls fail with `EINTR` from now on, blocked ones too. Works also
    /// when the caller was asked to stop. C: `ukl_thread_stop()`.
    pub fn stop(&self, _app: &App) {
        // SAFETY: `_app` says that this is application mode, and the handle is ours.
        // The errors are those of a bad handle and a wrong context, which cannot be.
        let _ = unsafe { bindings::ukl_thread_stop(self.0) };
    }
}

impl Drop for JoinHandle {
    fn drop(&mut self) {
        // SAFETY: The handle is ours and not used again.
        // Outside application mode the call is refused and the thread's few hundred bytes stay.
        let _ = unsafe { bindings::ukl_thread_detach(self.0) };
    }
}

/// A running application: a module keeps it in its module struct.
///
/// Dropping it asks all threads to stop, waits until they have ended and closes what they left
/// open; it must not happen on a UKL thread. A thread that neither returns nor makes a call makes
/// that wait as long as it takes.
pub struct Application(*mut bindings::ukl_app);

// SAFETY: The handle may be used by any task.
unsafe impl Send for Application {}
// SAFETY: There is nothing to do with a shared one.
unsafe impl Sync for Application {}

impl Application {
    /// Starts an application on a kernel thread that runs `main`. May sleep. C: `ukl_app_start()`.
    ///
    /// `module` is the module that this code is in. `name` is what debugfs and the threads show.
    ///
    /// # Safety
    ///
    /// What belongs to the application must not be used after its end, nor be used or dropped by another
    /// one: see [the crate](crate#what-belongs-to-an-application).
    ///
    /// # Errors
    ///
    /// `ENOMEM`; `EINVAL` for an empty name; `EBUSY` on a UKL thread; `EINTR` if the caller is killed
    /// meanwhile.
    pub unsafe fn start<F>(module: &'static ThisModule, name: &CStr, main: F) -> Result<Self>
    where
        F: FnOnce(&App) -> Result + Send + 'static,
    {
        let body = Body::new(main)?;
        body.start(|entry, arg| {
            // SAFETY: `name` is a C string; `entry` may be called with `arg` as long as `module`, which
            // has its code, is loaded, and `ukl.ko` stops the application before that ends.
            unsafe {
                bindings::__ukl_app_start(module.as_ptr(), name.as_char_ptr(), Some(entry), arg, 0)
            }
        })
        .map(Self)
    }
}

impl Drop for Application {
    fn drop(&mut self) {
        // SAFETY: The handle is ours and not used again.
        // The status is that of the first thread, which has nobody to go to here.
        let _ = unsafe { bindings::ukl_app_stop(self.0) };
    }
}

/// The application that gets a socket or a file which is taken over by descriptor: a running one, or
/// that of the calling thread.
pub struct Owner<'a>(*mut bindings::ukl_app, PhantomData<&'a Application>);

impl Owner<'_> {
    /// As C has it. Valid as long as `self` is borrowed from something.
    pub(crate) fn as_ptr(&self) -> *mut bindings::ukl_app {
        self.0
    }
}

impl<'a> From<&'a App> for Owner<'a> {
    fn from(_app: &'a App) -> Self {
        Self(ptr::null_mut(), PhantomData)
    }
}

impl<'a> From<&'a Application> for Owner<'a> {
    fn from(app: &'a Application) -> Self {
        Self(app.0, PhantomData)
    }
}

/// A closure on its way to a thread.
struct Body<F>(KBox<F>);

impl<F: FnOnce(&App) -> Result + Send + 'static> Body<F> {
    fn new(main: F) -> Result<Self> {
        Ok(Self(KBox::new(main, GFP_KERNEL)?))
    }

    /// Hands the closure to `start` as a C function and its argument, takes it back on an error.
    fn start<T>(
        self,
        start: impl FnOnce(unsafe extern "C" fn(*mut c_void) -> c_int, *mut c_void) -> *mut T,
    ) -> Result<*mut T> {
        let arg = KBox::into_raw(self.0);
        from_err_ptr(start(Self::entry, arg.cast())).inspect_err(|_| {
            // SAFETY: No thread was started, so the closure is still ours.
            drop(unsafe { KBox::from_raw(arg) });
        })
    }

    /// # Safety
    ///
    /// Called once on a UKL thread in application mode, with the address of a boxed `F`.
    unsafe extern "C" fn entry(arg: *mut c_void) -> c_int {
        // SAFETY: `start` gave the box to this thread.
        let main = unsafe { KBox::from_raw(arg.cast::<F>()) };
        match KBox::into_inner(main)(&App::new()) {
            Ok(()) => 0,
            Err(error) => error.to_errno(),
        }
    }
}
