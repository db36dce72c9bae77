// SPDX-License-Identifier: GPL-2.0

//! A per-task pointer that is found in one instruction.
//!
//! A per-CPU variable holds the value of the task that runs on this CPU; a preempt notifier of that
//! task clears it when the task is scheduled out and sets it when the task is scheduled in, possibly
//! on another CPU. Tasks that have no value cost nothing.
//!
//! C header: [`include/linux/preempt.h`](srctree/include/linux/preempt.h), `struct preempt_notifier`

use crate::bindings;
use core::{arch::asm, cell::UnsafeCell, ffi::c_int, mem::offset_of, ptr};
use kernel::{interrupt::local_interrupt_disable, prelude::*};

/// Types that a task can have one value of.
///
/// # Safety
///
/// At most one type in a module implements this: there is one per-CPU variable.
pub unsafe trait TaskLocal: Sized + Sync {}

/// Keeps preempt notifiers switched on in the kernel.
pub struct Notifiers(());

impl Notifiers {
    /// Switches preempt notifiers on, until the value is dropped. May sleep.
    #[expect(clippy::new_without_default, reason = "it has an effect")]
    pub fn new() -> Self {
        // SAFETY: Always safe in process context; `drop` undoes it.
        unsafe { bindings::preempt_notifier_inc() };
        Self(())
    }
}

impl Drop for Notifiers {
    fn drop(&mut self) {
        // SAFETY: `new` has switched them on.
        unsafe { bindings::preempt_notifier_dec() };
    }
}

#[repr(C)]
struct Link {
    notifier: UnsafeCell<bindings::preempt_notifier>,
    value: *const (),
}

static OPS: bindings::preempt_ops = bindings::preempt_ops {
    sched_in: Some(sched_in),
    sched_out: Some(sched_out),
};

/// Gives the current task the value `value` while `f` runs.
///
/// The task must not have a value already; that is a bug of the caller's and gets `EBUSY`.
pub fn with<T: TaskLocal, R>(_on: &Notifiers, value: &T, f: impl FnOnce() -> R) -> Result<R> {
    if !load().is_null() {
        return Err(EBUSY);
    }
    let link = Link {
        notifier: UnsafeCell::new(bindings::preempt_notifier {
            ops: ptr::from_ref(&OPS).cast_mut(),
            ..Default::default()
        }),
        value: ptr::from_ref(value).cast(),
    };
    {
        let _irq = local_interrupt_disable();
        // SAFETY: `_on` keeps notifiers switched on, `link` does not move and is unregistered below
        // before it goes: code of the kernel never unwinds past `f`.
        unsafe { bindings::preempt_notifier_register(link.notifier.get()) };
        store(link.value);
    }
    let result = f();
    {
        let _irq = local_interrupt_disable();
        store(ptr::null());
        // SAFETY: Registered above, by this same task.
        unsafe { bindings::preempt_notifier_unregister(link.notifier.get()) };
    }
    Ok(result)
}

/// Hands the current task's value to `f`, `None` if it has none.
///
/// In an interrupt it is the value of the task that was interrupted.
#[inline(always)]
pub fn current<T: TaskLocal, R>(f: impl FnOnce(Option<&T>) -> R) -> R {
    // SAFETY: A value that is not null was stored by `with` for this task, which is inside its `f`
    // now and keeps `value` borrowed until `f` returns, so for longer than this call. `TaskLocal`
    // says that the type is the one that was stored.
    f(unsafe { load().cast::<T>().as_ref() })
}

/// # Safety
///
/// Only for the scheduler, with a notifier that [`with`] registered.
unsafe extern "C" fn sched_in(notifier: *mut bindings::preempt_notifier, _cpu: c_int) {
    // SAFETY: The notifier is the field of a `Link` that lives until it is unregistered.
    let link = unsafe { &*notifier.byte_sub(offset_of!(Link, notifier)).cast::<Link>() };
    store(link.value);
}

/// # Safety
///
/// Only for the scheduler, with a notifier that [`with`] registered.
unsafe extern "C" fn sched_out(
    _notifier: *mut bindings::preempt_notifier,
    _next: *mut bindings::task_struct,
) {
    store(ptr::null());
}

/// One load of this CPU's variable. A task that is moved to another CPU right after it still has
/// its own value in hand.
#[inline(always)]
fn load() -> *const () {
    let value;
    // SAFETY: `ukl_task_local` is a per-CPU pointer (helpers.c), and this only reads it.
    unsafe {
        asm!(
            "mov {value}, qword ptr gs:[rip + ukl_task_local]",
            value = out(reg) value,
            options(nostack, preserves_flags, readonly),
        )
    };
    value
}

/// One store to this CPU's variable, for a context that cannot be moved to another CPU.
#[inline(always)]
fn store(value: *const ()) {
    // SAFETY: `ukl_task_local` is a per-CPU pointer (helpers.c) that only this file writes.
    unsafe {
        asm!(
            "mov qword ptr gs:[rip + ukl_task_local], {value}",
            value = in(reg) value,
            options(nostack, preserves_flags),
        )
    };
}
