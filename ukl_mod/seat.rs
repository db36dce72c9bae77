// SPDX-License-Identifier: GPL-2.0

//! A thread's place in a process: its number, its run area, and which task may take it.

use crate::bindings::{self, ukl_run};
use core::mem::offset_of;
use kernel::{
    new_mutex,
    prelude::*,
    sync::{aref::ARef, Arc, Mutex},
    task::Task,
};
use ukl_support::{
    area::Area,
    once::{Once, Word},
    signal,
    task::CurrentTask,
};

/// Pages of a run area.
pub(crate) const RUN_PAGES: usize = 4;
/// Where the data window begins in a run area.
pub(crate) const DATA_OFFSET: usize = 1024;

const _: () = assert!(size_of::<ukl_run>() <= DATA_OFFSET);

/// A signal on its way to the application's handler: its number, and its `siginfo_t`.
#[derive(Clone, Copy)]
pub(crate) struct Signal {
    pub(crate) number: u32,
    pub(crate) info: [u8; 128],
}

/// Memory that an application and its process share.
pub(crate) struct Window {
    pub(crate) data: *mut u8,
    pub(crate) size: usize,
    /// Where the process says it has it.
    pub(crate) address: u64,
}

/// The place of a thread in a process.
#[pin_data]
pub(crate) struct Seat {
    number: u32,
    area: Area,
    /// What the process says of the last exit, for `transition::ask`.
    result: Once<i64>,
    #[pin]
    state: Mutex<State>,
    #[pin]
    signal: Mutex<Option<Signal>>,
}

enum State {
    /// No task has taken it yet.
    Free,
    /// Its task runs the application.
    Taken(ARef<Task>),
    /// Its task is in user space.
    Left(ARef<Task>),
    /// Its thread has ended.
    Ended,
}

/// The right of the current task to run the thread of a seat.
pub(crate) struct Taken<'a>(&'a Seat);

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state.lock();
        if let State::Taken(task) = &*state {
            let task = task.clone();
            *state = State::Left(task);
        }
    }
}

impl Seat {
    /// A seat that nobody has taken. `ENOMEM`.
    pub(crate) fn new(number: u32) -> Result<Arc<Self>> {
        let area = Area::new(RUN_PAGES)?;
        Arc::pin_init(
            pin_init!(Self {
                number,
                area,
                result: Once::new(0),
                state <- new_mutex!(State::Free),
                signal <- new_mutex!(None),
            }),
            GFP_KERNEL,
        )
    }

    /// What user space calls it.
    pub(crate) fn number(&self) -> u32 {
        self.number
    }

    /// The run area.
    pub(crate) fn area(&self) -> &Area {
        &self.area
    }

    /// Takes the seat for the current task. `first` is called if none has taken it before.
    ///
    /// `EBUSY` while it is taken, `EPERM` for another task than the first, `ESRCH` at the end.
    pub(crate) fn take(&self, first: impl FnOnce(ARef<Task>)) -> Result<Taken<'_>> {
        let current = CurrentTask::get().task();
        let mut state = self.state.lock();
        match &*state {
            State::Free => first(current.clone()),
            State::Left(task) if task.as_ptr() == current.as_ptr() => (),
            State::Left(_) => return Err(EPERM),
            State::Taken(_) => return Err(EBUSY),
            State::Ended => return Err(ESRCH),
        }
        *state = State::Taken(current);
        Ok(Taken(self))
    }

    /// Gives the seat up if no task has taken it; whether that is so.
    pub(crate) fn give_up(&self) -> bool {
        let mut state = self.state.lock();
        match &*state {
            State::Free => {
                *state = State::Ended;
                true
            }
            _ => false,
        }
    }

    /// The thread has ended: nobody takes the seat any more.
    pub(crate) fn end(&self) {
        *self.state.lock() = State::Ended;
    }

    /// Reads what user space wants before the thread goes on, and does what concerns signals.
    ///
    /// `EINVAL` for what it cannot want, `EINTR` if it does not want to go on.
    pub(crate) fn read(&self) -> Result {
        let flags: u32 = self.load(offset_of!(ukl_run, flags));
        let interrupt: u32 = self.load(offset_of!(ukl_run, interrupt));
        if flags & !bindings::UKL_RUN_SIGNAL != 0 {
            return Err(EINVAL);
        }
        if flags & bindings::UKL_RUN_SIGNAL != 0 {
            const AT: usize = offset_of!(ukl_run, signal);
            let mut signal = Signal {
                number: self.load(AT),
                info: [0; 128],
            };
            let reserved: u32 = self.load(AT + 4);
            if !(1..=signal::COUNT).contains(&signal.number) || reserved != 0 {
                return Err(EINVAL);
            }
            for (i, byte) in signal.info.iter_mut().enumerate() {
                *byte = self.load(AT + 16 + i);
            }
            self.store(offset_of!(ukl_run, flags), 0u32);
            *self.signal.lock() = Some(signal);
            signal::set_mask(signal::Set::from_bits(self.load(AT + 8)));
        }
        if interrupt != 0 {
            self.store(offset_of!(ukl_run, interrupt), 0u32);
            // A signal that came along is what it was about.
            if flags & bindings::UKL_RUN_SIGNAL == 0 {
                return Err(EINTR);
            }
        }
        self.result.store(self.load(offset_of!(ukl_run, result)));
        Ok(())
    }

    /// What the process said of the last exit.
    pub(crate) fn answer(&self) -> Result<i64> {
        match self.result.load() {
            errno @ -4095..0 => Err(Error::from_errno(errno as i32)),
            answer => Ok(answer),
        }
    }

    /// The signal that is to be handed over, once.
    pub(crate) fn take_signal(&self) -> Option<Signal> {
        self.signal.lock().take()
    }

    /// The data window.
    pub(crate) fn window(&self) -> Window {
        Window {
            // The area is larger.
            data: self.area.as_ptr().wrapping_add(DATA_OFFSET),
            size: self.area.size() - DATA_OFFSET,
            address: self.load(offset_of!(ukl_run, data)),
        }
    }

    /// Reads a word of the run area.
    pub(crate) fn load<T: Word>(&self, offset: usize) -> T {
        self.area.load(offset)
    }

    /// Writes a word of the run area.
    pub(crate) fn store<T: Word>(&self, offset: usize, value: T) {
        self.area.store(offset, value);
    }
}
