// SPDX-License-Identifier: GPL-2.0

//! The current task's scheduling state: work flags, preemption, RCU-tasks, rescheduling.

use crate::bindings;
use core::{arch::asm, marker::PhantomData, ptr};
use kernel::{error::to_result, prelude::*, sync::aref::ARef, task::Task};

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
    /// A notification alone.
    pub const NOTIFICATION: Self = Self(bindings::UKL_NOTIFY_FLAGS);
    /// What a task does before it returns to user space, such as to give back files that were closed.
    pub const RESUME: Self = Self(bindings::UKL_RESUME_FLAGS);
    /// These two: what a call has to see to before it is made.
    pub const BEFORE: Self = Self(Self::SIGNAL.0 | Self::RESUME.0);
    /// Any of these.
    pub const ANY: Self = Self(Self::RESCHEDULE.0 | Self::BEFORE.0);

    /// The same but for a lazy reschedule, which the tick turns into one at once if the task has not gone
    /// by then.
    pub const URGENT: Self = Self(bindings::UKL_RESCHED_NOW_FLAGS | Self::BEFORE.0);

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

    /// Forgets that something wants to be looked at when the task resumes user mode, for a task that never
    /// does (`TIF_NOTIFY_RESUME`).
    pub fn forget_resume_work(self) {
        // SAFETY: Acts on the current task, which `self` is.
        unsafe { bindings::ukl_helper_clear_notify_resume() };
    }

    /// Does the work that waits for the task, reschedules included, until there is none; `EINTR` if
    /// some of it is a signal or a notification, which only a return to user space does. For tasks of
    /// processes. May sleep. `xfer_to_guest_mode_handle_work()`.
    pub fn do_work(self) -> Result {
        // SAFETY: For the current task, with interrupts and preemption enabled.
        to_result(unsafe { bindings::ukl_helper_guest_work() })
    }

    /// Whether the task is being killed.
    pub fn is_killed(self) -> bool {
        // SAFETY: The current task is valid.
        unsafe { bindings::ukl_helper_fatal_signal_pending(self.0) }
    }

    /// The task itself, to keep.
    pub fn task(self) -> ARef<Task> {
        // SAFETY: The current task is alive; `Task` is a `task_struct`.
        ARef::from(unsafe { &*self.0.cast::<Task>() })
    }

    /// Which process the task is of, to keep.
    pub fn process_id(self) -> ProcessId {
        // SAFETY: The current task is alive, so that it has one; the reference becomes the value's.
        ProcessId(unsafe { bindings::get_task_pid(self.0, bindings::pid_type_PIDTYPE_TGID) })
    }

    /// The address of its address space's `mm_struct`, 0 for a kernel thread.
    pub fn mm(self) -> usize {
        // SAFETY: The current task is valid, and only it changes this.
        unsafe { (*self.0).mm as usize }
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

/// The identity of a process, which its threads and programs may change under (`struct pid`).
pub struct ProcessId(*mut bindings::pid);

// SAFETY: The kernel counts references on it and locks what it has to.
unsafe impl Send for ProcessId {}
// SAFETY: As above.
unsafe impl Sync for ProcessId {}

impl ProcessId {
    /// Its number in the pid namespace of the current task, 0 if it has none there.
    pub fn number(&self) -> u32 {
        // SAFETY: `self` has a reference.
        unsafe { bindings::pid_vnr(self.0) as u32 }
    }
}

impl Drop for ProcessId {
    fn drop(&mut self) {
        // SAFETY: The reference is this value's.
        unsafe { bindings::put_pid(self.0) };
    }
}

/// The number of `task` in the pid namespace of the current task, 0 if it has none there.
pub fn number(task: &Task) -> u32 {
    // SAFETY: `task` is valid.
    unsafe { bindings::ukl_helper_task_vnr(task.as_ptr()) as u32 }
}

/// Whether the current task may tune `task`: it has the same user, or `CAP_SYS_NICE`.
pub fn may_tune(task: &Task) -> bool {
    // SAFETY: `task` is valid.
    unsafe { bindings::ukl_helper_may_tune(task.as_ptr()) }
}

/// Makes `task` see a pending signal and wakes it, as `kthread_stop()` does, without waiting.
pub fn notify(task: &Task) {
    // SAFETY: `task` is valid; setting the flag and a spurious wake-up are allowed at any time.
    unsafe { bindings::ukl_helper_task_notify(task.as_ptr()) };
}
