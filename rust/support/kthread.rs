// SPDX-License-Identifier: GPL-2.0

//! Kernel threads.
//!
//! C header: [`include/linux/kthread.h`](srctree/include/linux/kthread.h)

use crate::bindings;
use kernel::ffi::{c_int, c_void};
use kernel::{
    error::from_err_ptr,
    prelude::*,
    sync::{aref::ARef, Arc},
    task::Task,
};

/// What a kernel thread runs.
pub trait Main: Send + Sync + 'static {
    /// The thread's body. The thread ends when it returns.
    fn run(self: Arc<Self>);
}

/// Starts a kernel thread that runs `main`. May sleep.
///
/// The thread holds a reference on this module until it no longer runs any of its code.
pub fn spawn<T: Main>(name: &CStr, main: Arc<T>) -> Result<ARef<Task>> {
    // SAFETY: Always safe; `entry` or the error path below puts it.
    if !unsafe { bindings::ukl_helper_module_get() } {
        return Err(ENODEV);
    }
    let data = Arc::into_raw(main);
    // SAFETY: `entry::<T>` takes over the reference in `data` and the one on the module.
    let task = from_err_ptr(unsafe {
        bindings::ukl_helper_kthread_create(
            Some(entry::<T>),
            data as *mut c_void,
            name.as_char_ptr(),
        )
    });
    match task {
        Ok(task) => {
            // SAFETY: The task has not run yet, so it is alive; `Task` is a `task_struct`.
            let task = ARef::from(unsafe { &*task.cast::<Task>() });
            task.wake_up();
            Ok(task)
        }
        Err(error) => {
            // SAFETY: No thread was made, so the reference and the module are still ours.
            unsafe {
                drop(Arc::from_raw(data));
                bindings::ukl_helper_module_put();
            }
            Err(error)
        }
    }
}

/// What the kernel calls on the new thread.
///
/// # Safety
///
/// Only for [`spawn`], which hands over `data` and a reference on this module.
unsafe extern "C" fn entry<T: Main>(data: *mut c_void) -> c_int {
    // SAFETY: `spawn` gave this thread the reference.
    T::run(unsafe { Arc::from_raw(data.cast::<T>()) });
    // SAFETY: `spawn` took the module reference for this thread, which has dropped all it owned.
    unsafe { bindings::ukl_helper_module_put_and_kthread_exit() }
}

/// A signal that a kernel thread may want to hear of.
#[derive(Clone, Copy)]
#[repr(u32)]
pub enum Signal {
    /// `SIGKILL`.
    Kill = bindings::SIGKILL,
    /// `SIGTERM`.
    Term = bindings::SIGTERM,
}

/// Lets `signal` reach the current kernel thread, which ignores all signals unless told otherwise.
pub fn allow_signal(signal: Signal) {
    // SAFETY: Acts on the current task only.
    unsafe { bindings::ukl_helper_allow_signal(signal as u32 as c_int) };
}
