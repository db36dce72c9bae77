// SPDX-License-Identifier: GPL-2.0

//! A UKL thread: a task with a mode, an application stack, a carrier and counters.

use crate::{app::App, budget::Budget, carrier::Carrier, mode::ModeCell, seat::Seat, watch::Watch};
use kernel::ffi::{c_int, c_void};
use kernel::{
    new_condvar, new_mutex,
    prelude::*,
    sync::{Arc, CondVar, Mutex},
};
use ukl_support::{
    coroutine::{Coroutine, Main},
    once::{Once, Pair},
    stack::{self, Stack},
    task::CurrentTask,
    task_local::{Link, TaskLocal},
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

/// Why a thread's application was left.
#[derive(Clone, Copy)]
pub(crate) enum Exit {
    /// It has returned this.
    Finished(i32),
    /// It was ended by this signal.
    Fault {
        signal: u32,
        address: usize,
        ip: usize,
    },
    /// A signal waits, which the process has to see to.
    Signal,
    /// The process has to start a thread for this seat.
    Thread(u32),
    /// The process has to make a system call: number and arguments.
    Syscall([u64; 7]),
    /// The process has to handle a signal in another way (`UKL_SIGNAL_*`).
    Sigaction { signal: u32, handling: u32 },
}

/// What ended a thread, written in the context of an exception.
pub(crate) struct FaultCell {
    signal: Once<u32>,
    address: Once<usize>,
    ip: Once<usize>,
}

impl FaultCell {
    const fn new() -> Self {
        Self {
            signal: Once::new(0),
            address: Once::new(0),
            ip: Once::new(0),
        }
    }

    /// Notes what it was.
    pub(crate) fn set(&self, signal: u32, address: usize, ip: usize) {
        self.address.store(address);
        self.ip.store(ip);
        self.signal.store(signal);
    }

    /// What it was.
    pub(crate) fn get(&self) -> Option<Exit> {
        match self.signal.load() {
            0 => None,
            signal => Some(Exit::Fault {
                signal,
                address: self.address.load(),
                ip: self.ip.load(),
            }),
        }
    }
}

/// A UKL thread.
#[pin_data]
pub(crate) struct Thread {
    // What every transition touches comes first.
    pub(crate) mode: ModeCell,
    /// The application's frames, and where those of its calls go on the task's kernel stack.
    pub(crate) coroutine: Coroutine,
    /// What makes it the current thread of its task.
    pub(crate) link: Link,
    /// What to see to on the way out of a call: `first`, whether the task has to go to user space;
    /// `second`, the bypass that begins anew.
    pub(crate) attention: Pair,
    /// The lowest stack pointer at which a call may stay on the application stack.
    same_stack_limit: usize,
    pub(crate) watch: Watch,
    pub(crate) counters: Counters,
    /// The budget that the thread's bypass began with.
    pub(crate) bypass: Budget,
    stop: Once<bool>,
    /// How many calls were refused while the task was being killed.
    pub(crate) refused: Once<u32>,
    pub(crate) carrier: &'static dyn Carrier,
    tid: Once<u32>,
    /// What ended the thread from outside its own code.
    pub(crate) fault: FaultCell,
    /// Where its thread-local storage is, while it is left.
    pub(crate) tls: Once<usize>,
    /// The thread's place in a process, if it is one's.
    pub(crate) seat: Option<Arc<Seat>>,
    stack: Stack,
    body: Body,
    app: Arc<App>,
    /// Why the application was left; for the carrier.
    #[pin]
    pub(crate) exit: Mutex<Option<Exit>>,
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
        seat: Option<Arc<Seat>>,
        main: Main,
    ) -> Result<Arc<Self>> {
        let thread = Arc::pin_init(
            pin_init!(Self {
                mode: ModeCell::new(),
                coroutine: Coroutine::new(&stack),
                link: Link::new(),
                attention: Pair::new(),
                same_stack_limit: stack.bottom() + SAME_STACK_ROOM,
                watch: Watch::new(),
                counters: Counters::new(),
                bypass: Budget::none(),
                stop: Once::new(false),
                refused: Once::new(0),
                carrier,
                tid: Once::new(0),
                fault: FaultCell::new(),
                tls: Once::new(0),
                seat,
                stack,
                body,
                app,
                exit <- new_mutex!(None),
                status <- new_mutex!(None),
                ended <- new_condvar!(),
            }),
            GFP_KERNEL,
        )?;
        // SAFETY: The stack is the thread's and nobody uses it yet; an `Arc` does not move. `main` gets
        // what it expects.
        unsafe {
            let arg = Arc::as_ptr(&thread).cast();
            thread.coroutine.prepare(&thread.stack, main, arg);
        }
        Ok(thread)
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

    /// Notes which task runs it.
    pub(crate) fn begin(&self) {
        self.tid.store(CurrentTask::get().pid() as u32);
    }

    /// Runs the application's function; the caller has put the thread on its application stack.
    pub(crate) fn run_body(&self) -> i32 {
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

    /// Waits until the thread has ended, returns its status. `ERESTARTSYS` if the caller has a signal or
    /// is asked to stop.
    pub(crate) fn wait(&self) -> Result<i32> {
        let mut status = self.status.lock();
        loop {
            if let Some(status) = *status {
                return Ok(status);
            }
            if self.ended.wait_interruptible(&mut status) {
                return (*status).ok_or(ERESTARTSYS);
            }
        }
    }
}
