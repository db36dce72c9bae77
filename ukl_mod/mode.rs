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
