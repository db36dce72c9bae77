// SPDX-License-Identifier: GPL-2.0

//! A UKL thread: a task with a mode, an application stack, a carrier and counters.

use crate::{app::App, carrier::Carrier, mode::ModeCell, watch::Watch};
use kernel::ffi::{c_int, c_void};
use kernel::{
    new_condvar, new_mutex,
    prelude::*,
    sync::{Arc, CondVar, Mutex},
};
use ukl_support::{
    once::Once,
    stack::{self, Stack, Top},
    task::CurrentTask,
    task_local::TaskLocal,
};

/// Bytes of application stack that have to be left for a call to stay on it: as much as the kernel
/// gives its own threads.
pub(crate) const SAME_STACK_ROOM: usize = 16 * 1024;

/// What a thread runs: a C function of the application and its argument.
#[derive(Clone, Copy)]
pub(crate) struct Body {
    main: unsafe extern "C" fn(*mut c_void) -> c_int,
    arg: *mut c_void,
}

// SAFETY: `Body::new` demands that the function may be called with the argument on another thread.
unsafe impl Send for Body {}
// SAFETY: As above; it is only read.
unsafe impl Sync for Body {}

impl Body {
    /// # Safety
    ///
    /// `main` may be called once with `arg` on another thread, at any time until the application
    /// has stopped.
    pub(crate) unsafe fn new(
        main: unsafe extern "C" fn(*mut c_void) -> c_int,
        arg: *mut c_void,
    ) -> Self {
        Self { main, arg }
    }
}

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// Counts of one thread. Only the thread adds to them, anybody reads them.
        pub(crate) struct Counters {
            $($(#[$doc])* pub(crate) $name: Once<u64>,)*
        }

        impl Counters {
            const fn new() -> Self {
                Self { $($name: Once::new(0),)* }
            }

            /// The counts now.
            pub(crate) fn read(&self) -> Totals {
                Totals { $($name: self.$name.load(),)* }
            }
        }

        /// Counts of one thread or the sum over several.
        #[derive(Clone, Copy, Default)]
        pub(crate) struct Totals {
            $($(#[$doc])* pub(crate) $name: u64,)*
        }

        impl Totals {
            /// All zero.
            pub(crate) const ZERO: Self = Self { $($name: 0,)* };

            /// The names of the counts, in order.
            pub(crate) const NAMES: &'static [&'static str] = &[$(stringify!($name),)*];

            /// The counts, in the order of their names.
            pub(crate) fn values(&self) -> [u64; Self::NAMES.len()] {
                [$(self.$name,)*]
            }
        }

        impl core::ops::AddAssign for Totals {
            fn add_assign(&mut self, other: Self) {
                $(self.$name = self.$name.wrapping_add(other.$name);)*
            }
        }
    };
}

counters! {
    /// Transitions from the application into the kernel.
    calls,
    /// Transitions on whose way back work waited.
    leave_work,
    /// Calls that a bypass let through, as far as their budget has ended.
    bypassed,
    /// Bypasses that pending work ended before their budget was spent.
    bypass_cut,
    /// Sends by a shortcut that succeeded, with those of `ukl_tcp_exchange()`.
    tcp_sends,
    /// Bytes that they sent.
    tcp_sent_bytes,
    /// Receives by a shortcut that succeeded, with those in place.
    tcp_recvs,
    /// Bytes that they received.
    tcp_received_bytes,
    /// Calls of `ukl_poll_wait()` that returned events.
    poll_waits,
    /// Events that they returned.
    poll_events,
}

/// A UKL thread.
#[pin_data]
pub(crate) struct Thread {
    // What every transition touches comes first.
    pub(crate) mode: ModeCell,
    /// Where the thread's frames go on its task's kernel stack while the application runs.
    pub(crate) kernel_top: Once<Top>,
    /// The lowest stack pointer at which a call may stay on the application stack.
    same_stack_limit: usize,
    pub(crate) watch: Watch,
    pub(crate) counters: Counters,
    /// The budget that the thread's bypass began with.
    pub(crate) bypass: Once<u32>,
    stop: Once<bool>,
    pub(crate) carrier: &'static dyn Carrier,
    tid: Once<u32>,
    stack: Stack,
    body: Body,
    app: Arc<App>,
    #[pin]
    status: Mutex<Option<i32>>,
    #[pin]
    ended: CondVar,
}

// SAFETY: The only type in this module that is task-local.
unsafe impl TaskLocal for Thread {}

impl Thread {
    pub(crate) fn new(
        app: Arc<App>,
        body: Body,
        stack: Stack,
        carrier: &'static dyn Carrier,
    ) -> Result<Arc<Self>> {
        Arc::pin_init(
            pin_init!(Self {
                mode: ModeCell::new(),
                kernel_top: Once::new(stack.top()),
                same_stack_limit: stack.bottom() + SAME_STACK_ROOM,
                watch: Watch::new(),
                counters: Counters::new(),
                bypass: Once::new(0),
                stop: Once::new(false),
                carrier,
                tid: Once::new(0),
                stack,
                body,
                app,
                status <- new_mutex!(None),
                ended <- new_condvar!(),
            }),
            GFP_KERNEL,
        )
    }

    /// The application that the thread belongs to.
    pub(crate) fn app(&self) -> &Arc<App> {
        &self.app
    }

    /// The application's name and the thread's number, to tell people.
    pub(crate) fn name(&self) -> (&CStr, u32) {
        (self.app.name(), self.tid())
    }

    /// The application stack.
    pub(crate) fn stack(&self) -> &Stack {
        &self.stack
    }

    /// The thread's process id, 0 before it runs.
    pub(crate) fn tid(&self) -> u32 {
        self.tid.load()
    }

    /// Runs the application's function; the caller has put the thread on its application stack.
    pub(crate) fn run_body(&self) -> i32 {
        self.tid.store(CurrentTask::get().pid() as u32);
        // SAFETY: `Body::new` promised it, and a thread runs its body once.
        unsafe { (self.body.main)(self.body.arg) }
    }

    /// Whether a call may stay on the application stack, of which this is called.
    #[inline(always)]
    pub(crate) fn has_room(&self) -> bool {
        stack::pointer() >= self.same_stack_limit
    }

    /// Whether somebody asked the thread to stop.
    pub(crate) fn stop_requested(&self) -> bool {
        self.stop.load()
    }

    /// Asks the thread to stop. It hears of it once its task is notified.
    pub(crate) fn request_stop(&self) {
        self.stop.store(true);
    }

    /// Marks the thread as ended with `status` and wakes who waits for that.
    pub(crate) fn end(&self, status: i32) {
        *self.status.lock() = Some(status);
        self.ended.notify_all();
    }

    /// What the thread ended with, `None` while it runs.
    pub(crate) fn status(&self) -> Option<i32> {
        *self.status.lock()
    }

    /// Waits until the thread has ended, returns its status. `EINTR` if the caller has a signal or
    /// is asked to stop.
    pub(crate) fn wait(&self) -> Result<i32> {
        let mut status = self.status.lock();
        loop {
            if let Some(status) = *status {
                return Ok(status);
            }
            if self.ended.wait_interruptible(&mut status) {
                return (*status).ok_or(EINTR);
            }
        }
    }
}
