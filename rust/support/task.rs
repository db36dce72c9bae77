// SPDX-License-Identifier: GPL-2.0

//! The current task's scheduling state: work flags, preemption, RCU-tasks, rescheduling.

use crate::bindings;
use core::{arch::asm, marker::PhantomData, ptr};
use kernel::task::Task;

/// Which kinds of work wait for a task: a set of `TIF_*` flags of its `thread_info`.
#[derive(Clone, Copy)]
pub struct Work(usize);

impl Work {
    /// The scheduler wants the CPU back, at once or lazily.
    pub const RESCHEDULE: Self = Self(bindings::UKL_RESCHED_FLAGS);
    /// A signal that the task did not ignore.
    pub const SIGPENDING: Self = Self(bindings::UKL_SIGPENDING_FLAGS);
    /// What `signal_pending()` tests: a signal, or a notification (`TIF_NOTIFY_SIGNAL`).
    pub const SIGNAL: Self = Self(bindings::UKL_SIGPENDING_FLAGS | bindings::UKL_NOTIFY_FLAGS);
    /// Any of these.
    pub const ANY: Self = Self(Self::RESCHEDULE.0 | Self::SIGNAL.0);

    /// Whether any of `other` is in the set.
    #[inline(always)]
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// The task that runs now, as a proof that code is on that task. Not `Send`.
#[derive(Clone, Copy)]
pub struct CurrentTask(*mut bindings::task_struct, PhantomData<*const ()>);

impl CurrentTask {
    /// The current task: one load of a per-CPU variable.
    #[inline(always)]
    pub fn get() -> Self {
        let task;
        // SAFETY: `const_current_task` is this CPU's constant alias of `current_task`.
        unsafe {
            asm!(
                "mov {task}, qword ptr gs:[rip + const_current_task]",
                task = out(reg) task,
                options(nostack, preserves_flags, pure, nomem),
            )
        };
        Self(task, PhantomData)
    }

    /// The work that waits for the task.
    #[inline(always)]
    pub fn work(self) -> Work {
        // SAFETY: The current task is valid. Other contexts change the flags; one load of a word.
        Work(unsafe { ptr::addr_of!((*self.0).thread_info.flags).read_volatile() })
    }

    /// Reports a quiescent state to RCU-tasks: `rcu_tasks_qs(current, false)`.
    ///
    /// The same promise as a voluntary context switch: no frame of this task is inside a trampoline
    /// that RCU-tasks protects.
    #[inline(always)]
    pub fn rcu_tasks_qs(self) {
        // SAFETY: The current task is valid. The grace-period kthread writes the byte as well, with
        // single accesses, as here.
        unsafe {
            let holdout = ptr::addr_of_mut!((*self.0).rcu_tasks_holdout);
            if holdout.read_volatile() != 0 {
                holdout.write_volatile(0);
            }
        }
    }

    /// Sets a notification: [`notify`] for the current task.
    pub fn set_notification(self) {
        // SAFETY: The current task is valid.
        unsafe { bindings::ukl_helper_task_notify(self.0) };
    }

    /// Forgets a notification (`TIF_NOTIFY_SIGNAL`) that turned out to mean nothing. A full barrier.
    pub fn clear_notification(self) {
        // SAFETY: Acts on the current task, which `self` is.
        unsafe { bindings::ukl_helper_clear_notify_signal() };
    }

    /// CPU time that the task has run, in nanoseconds, up to the last tick or context switch.
    #[inline(always)]
    pub fn cpu_time(self) -> u64 {
        // SAFETY: The current task is valid; one load of a word that the scheduler writes.
        unsafe { ptr::addr_of!((*self.0).se.sum_exec_runtime).read_volatile() }
    }

    /// The task's process id in the initial namespace.
    pub fn pid(self) -> i32 {
        // SAFETY: The current task is valid, and its pid does not change.
        unsafe { (*self.0).pid }
    }
}

/// Whether this is task context with preemption, softirqs and interrupts enabled: code that may
/// sleep. Six instructions.
#[inline(always)]
pub fn may_sleep() -> bool {
    const IF: usize = 1 << 9;
    let flags: usize;
    // SAFETY: Copies the flags.
    unsafe { asm!("pushfq", "pop {}", out(reg) flags, options(nomem, preserves_flags)) };
    flags & IF != 0 && preemptible()
}

/// Whether this is task context with preemption (and so softirqs) enabled, whatever interrupts are.
/// Two instructions.
#[inline(always)]
pub fn preemptible() -> bool {
    // SAFETY: Tests the low half of `__preempt_count`, a per-CPU word of the kernel's.
    unsafe {
        asm!(
            "test dword ptr gs:[rip + __preempt_count], {count}",
            "jnz {no}",
            count = const !bindings::PREEMPT_NEED_RESCHED_LOW as i32,
            no = label { return false },
            options(nostack, readonly),
        )
    };
    true
}

/// Keeps the current task on its CPU, undisturbed by others, until dropped. Not `Send`.
pub struct PreemptDisabled(PhantomData<*const ()>);

impl PreemptDisabled {
    /// `preempt_disable()`.
    #[expect(clippy::new_without_default, reason = "it has an effect")]
    pub fn new() -> Self {
        // SAFETY: `drop` undoes it.
        unsafe { bindings::ukl_helper_preempt_disable() };
        Self(PhantomData)
    }
}

impl Drop for PreemptDisabled {
    fn drop(&mut self) {
        // SAFETY: `new` has disabled it, on this task.
        unsafe { bindings::ukl_helper_preempt_enable() };
    }
}

/// Gives up the CPU: `schedule()`. May sleep, so not in atomic context.
pub fn schedule() {
    // SAFETY: May be called from any context that may sleep; the task's state is running.
    unsafe { bindings::schedule() };
}

/// CPU time that `task` has run, in nanoseconds, up to the last tick or context switch.
pub fn cpu_time(task: &Task) -> u64 {
    // SAFETY: `task` is valid; one load of a word that the scheduler writes.
    unsafe { ptr::addr_of!((*task.as_ptr()).se.sum_exec_runtime).read_volatile() }
}

/// Makes `task` see a pending signal and wakes it, as `kthread_stop()` does, without waiting.
pub fn notify(task: &Task) {
    // SAFETY: `task` is valid; setting the flag and a spurious wake-up are allowed at any time.
    unsafe { bindings::ukl_helper_task_notify(task.as_ptr()) };
}
