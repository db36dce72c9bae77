// SPDX-License-Identifier: GPL-2.0

//! The mode of a thread, and the only changes it can make.
//!
//! ```text
//!            start            enter
//!    None ----------> App ------------> Kernel <-----------+
//!      ^               | ^                 |               |
//!      +---------------+ +-----------------+               |
//!      |     finish            leave       |               |
//!      +-----------------------------------+ suspend       |
//!      +---------------------------------------------------+
//!                              resume
//! ```

use kernel::prelude::*;
use ukl_support::once::Once;

/// What a UKL thread is doing (`ukl_mode`), in UKL's own numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u32)]
pub(crate) enum Mode {
    /// Not a UKL thread, not yet or no longer, or its process is in user space.
    None = 0,
    /// Kernel code runs on behalf of the application.
    Kernel = 1,
    /// Application code runs, on the application stack.
    App = 2,
}

impl Mode {
    /// The name that debugfs shows.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Kernel => "kernel",
            Self::App => "app",
        }
    }
}

const NONE: u32 = Mode::None as u32;
const KERNEL: u32 = Mode::Kernel as u32;
const APP: u32 = Mode::App as u32;

/// The mode of one thread.
///
/// Only the thread itself writes it. Others read it, interrupts on top of the thread too.
pub(crate) struct ModeCell(Once<u32>);

impl ModeCell {
    pub(crate) const fn new() -> Self {
        Self(Once::new(NONE))
    }

    /// The mode now.
    pub(crate) fn get(&self) -> Mode {
        match self.0.load() {
            APP => Mode::App,
            KERNEL => Mode::Kernel,
            _ => Mode::None,
        }
    }

    /// `None` → `App`: the application begins.
    pub(crate) fn start(&self) {
        self.0.store(APP);
    }

    /// To `None`: the application is done. From `App` by itself, from any mode when it is ended.
    pub(crate) fn finish(&self) {
        self.0.store(NONE);
    }

    /// `App` → `Kernel`. `EBUSY` in mode `Kernel`, `EPERM` in mode `None`.
    #[inline(always)]
    pub(crate) fn enter(&self) -> Result {
        if self.0.load() != APP {
            return Err(self.refusal());
        }
        self.0.store(KERNEL);
        Ok(())
    }

    #[cold]
    fn refusal(&self) -> Error {
        match self.get() {
            Mode::Kernel => EBUSY,
            _ => EPERM,
        }
    }

    /// `Kernel` → `None`: the task goes back to user space, in the middle of a call.
    pub(crate) fn suspend(&self) {
        self.0.store(NONE);
    }

    /// `None` → `Kernel`: the task is back.
    pub(crate) fn resume(&self) {
        self.0.store(KERNEL);
    }

    /// `Kernel` → `App`.
    #[inline(always)]
    pub(crate) fn leave(&self) {
        self.0.store(APP);
    }
}

#[kunit_tests(ukl_mode)]
mod tests {
    use super::*;

    fn cell_in(mode: Mode) -> ModeCell {
        let cell = ModeCell::new();
        match mode {
            Mode::None => (),
            Mode::App => cell.start(),
            Mode::Kernel => cell.resume(),
        }
        cell
    }

    /// Every change, from every mode: where it leads to, or why it is refused.
    #[test]
    fn changes() {
        type Change = fn(&ModeCell) -> Result;
        let changes: [(Change, [Result<Mode>; 3]); 6] = [
            // From None, Kernel, App.
            (ModeCell::enter, [Err(EPERM), Err(EBUSY), Ok(Mode::Kernel)]),
            (|cell| Ok(cell.start()), [Ok(Mode::App); 3]),
            (|cell| Ok(cell.finish()), [Ok(Mode::None); 3]),
            (|cell| Ok(cell.suspend()), [Ok(Mode::None); 3]),
            (|cell| Ok(cell.resume()), [Ok(Mode::Kernel); 3]),
            (|cell| Ok(cell.leave()), [Ok(Mode::App); 3]),
        ];
        for (change, results) in changes {
            for (from, expected) in [Mode::None, Mode::Kernel, Mode::App]
                .into_iter()
                .zip(results)
            {
                let cell = cell_in(from);
                assert_eq!(cell.get(), from);
                let result = change(&cell);
                assert_eq!(result, expected.map(drop));
                // What is refused changes nothing.
                assert_eq!(cell.get(), expected.unwrap_or(from));
            }
        }
    }

    #[test]
    fn numbers_and_names() {
        let of_ukl_h = [
            (Mode::None, 0, "none"),
            (Mode::Kernel, 1, "kernel"),
            (Mode::App, 2, "app"),
        ];
        for (mode, number, name) in of_ukl_h {
            assert_eq!(mode as u32, number);
            assert_eq!(mode.name(), name);
        }
    }
}
