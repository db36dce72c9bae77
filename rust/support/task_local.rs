// SPDX-License-Identifier: GPL-2.0

//! A per-task pointer that is found in one instruction, and a per-task budget beside it.
//!
//! Per-CPU variables hold what belongs to the task that runs on this CPU; a preempt notifier of that
//! task clears them when the task is scheduled out and sets them when the task is scheduled in,
//! possibly on another CPU. Tasks that have no value cost nothing.
//!
//! C header: [`include/linux/preempt.h`](srctree/include/linux/preempt.h), `struct preempt_notifier`

use crate::{
    bindings,
    task::{CurrentTask, PreemptDisabled, Work},
};
use core::{
    arch::asm,
    cell::{Cell, UnsafeCell},
    ffi::c_int,
    mem::offset_of,
    ptr,
};
use kernel::prelude::*;

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

/// What follows a task from CPU to CPU: a place for its value.
///
/// It is the owner's, and not on the task's stack: the kernel ends a task that faults in the kernel
/// without unwinding, which goes on being scheduled for a while, with its notifier.
#[repr(C)]
pub struct Link {
    notifier: UnsafeCell<bindings::preempt_notifier>,
    value: Cell<*const ()>,
    /// The budget while the task does not run.
    budget: Cell<u32>,
}

// SAFETY: `with` demands that one task uses it at a time.
unsafe impl Sync for Link {}
// SAFETY: It is tied to no task while `with` does not run.
unsafe impl Send for Link {}

impl Link {
    /// A place that no task uses.
    #[expect(
        clippy::new_without_default,
        reason = "a default would promise more than this is"
    )]
    pub fn new() -> Self {
        Self {
            notifier: UnsafeCell::new(bindings::preempt_notifier::default()),
            value: Cell::new(ptr::null()),
            budget: Cell::new(0),
        }
    }
}

static OPS: bindings::preempt_ops = bindings::preempt_ops {
    sched_in: Some(sched_in),
    sched_out: Some(sched_out),
};

/// Gives the current task the value `value`, and a budget of 0, while `f` runs.
///
/// The task must not have a value already; that is a bug of the caller's and gets `EBUSY`.
///
/// # Safety
///
/// No other task uses `link` meanwhile. `link`, `value` and `_on` outlive the task if that ends inside
/// `f`, by a fault in the kernel.
pub unsafe fn with<T: TaskLocal, R>(
    _on: &Notifiers,
    link: &Link,
    value: &T,
    f: impl FnOnce() -> R,
) -> Result<R> {
    if !this_cpu_value().is_null() {
        return Err(EBUSY);
    }
    // SAFETY: By the function's requirements the place is this task's.
    unsafe {
        link.notifier.get().write(bindings::preempt_notifier {
            ops: ptr::from_ref(&OPS).cast_mut(),
            ..Default::default()
        })
    };
    link.value.set(ptr::from_ref(value).cast());
    link.budget.set(0);
    {
        let _here = PreemptDisabled::new();
        // SAFETY: `_on` keeps notifiers switched on, `link` does not move and is unregistered below
        // or outlives the task.
        unsafe { bindings::preempt_notifier_register(link.notifier.get()) };
        set_this_cpu(link.value.get(), 0);
    }
    let result = f();
    {
        let _here = PreemptDisabled::new();
        set_this_cpu(ptr::null(), 0);
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
    f(unsafe { this_cpu_value().cast::<T>().as_ref() })
}

/// Takes 1 from the current task's budget if it is not 0, this is task context with preemption
/// enabled, and none of `work` waits. A task without a value has a budget of 0.
///
/// Eight instructions. Between two of them the task may be moved to another CPU, with its budget.
#[inline(always)]
pub fn spend(work: Work) -> bool {
    'refused: {
        // SAFETY: Compares two per-CPU words: the budget (helpers/helpers.h) and the preemption count.
        unsafe {
            asm!(
                "cmp dword ptr gs:[rip + ukl_task_local + {budget}], 0",
                "je {refused}",
                "cmp dword ptr gs:[rip + __preempt_count], {enabled}",
                "jne {refused}",
                budget = const offset_of!(bindings::ukl_task_local, budget),
                enabled = const bindings::PREEMPT_ENABLED_LOW as i32,
                refused = label { break 'refused },
                options(nostack, readonly),
            )
        };
        if CurrentTask::get().work().has(work) {
            break 'refused;
        }
        // SAFETY: The budget is not 0, and nobody but this task, or interrupts that leave it as it
        // was, changes it.
        unsafe {
            asm!(
                "dec dword ptr gs:[rip + ukl_task_local + {budget}]",
                budget = const offset_of!(bindings::ukl_task_local, budget),
                options(nostack),
            )
        };
        return true;
    }
    false
}

/// Sets the current task's budget, returns the one it had. For a task that has a value.
pub fn set_budget(new: u32) -> u32 {
    let mut budget = new;
    // SAFETY: Exchanges the per-CPU word in one instruction; the notifiers carry it along.
    unsafe {
        asm!(
            "xchg dword ptr gs:[rip + ukl_task_local + {offset}], {budget:e}",
            offset = const offset_of!(bindings::ukl_task_local, budget),
            budget = inout(reg) budget,
            options(nostack, preserves_flags),
        )
    };
    budget
}

/// # Safety
///
/// Only for the scheduler, with a notifier that [`with`] registered.
unsafe extern "C" fn sched_in(notifier: *mut bindings::preempt_notifier, _cpu: c_int) {
    // SAFETY: The notifier is the field of a `Link` that lives until it is unregistered.
    let link = unsafe { &*notifier.byte_sub(offset_of!(Link, notifier)).cast::<Link>() };
    set_this_cpu(link.value.get(), link.budget.get());
}

/// # Safety
///
/// Only for the scheduler, with a notifier that [`with`] registered.
unsafe extern "C" fn sched_out(
    notifier: *mut bindings::preempt_notifier,
    _next: *mut bindings::task_struct,
) {
    // SAFETY: As in `sched_in`.
    let link = unsafe { &*notifier.byte_sub(offset_of!(Link, notifier)).cast::<Link>() };
    link.budget.set(set_budget(0));
    set_this_cpu(ptr::null(), 0);
}

/// One load of this CPU's value. A task that is moved to another CPU right after it still has its
/// own value in hand.
#[inline(always)]
fn this_cpu_value() -> *const () {
    let value;
    // SAFETY: `value` is a per-CPU pointer (helpers/helpers.h), and this only reads it.
    unsafe {
        asm!(
            "mov {value}, qword ptr gs:[rip + ukl_task_local + {offset}]",
            offset = const offset_of!(bindings::ukl_task_local, value),
            value = out(reg) value,
            options(nostack, preserves_flags, readonly),
        )
    };
    value
}

/// Sets what this CPU has, for a context that cannot be moved to another one.
#[inline(always)]
fn set_this_cpu(value: *const (), budget: u32) {
    // SAFETY: Two per-CPU words (helpers/helpers.h) that only this file writes.
    unsafe {
        asm!(
            "mov qword ptr gs:[rip + ukl_task_local + {value_offset}], {value}",
            "mov dword ptr gs:[rip + ukl_task_local + {budget_offset}], {budget:e}",
            value_offset = const offset_of!(bindings::ukl_task_local, value),
            budget_offset = const offset_of!(bindings::ukl_task_local, budget),
            value = in(reg) value,
            budget = in(reg) budget,
            options(nostack, preserves_flags),
        )
    };
}
