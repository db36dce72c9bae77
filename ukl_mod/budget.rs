// SPDX-License-Identifier: GPL-2.0

//! The budget of a bypass: how many calls it lets through.
//!
//! What is left of it is beside the pointer to the current thread
//! ([`ukl_support::task_local::set_budget`]), where a call takes one in one instruction. Here is what it
//! began with, from which follows how many it has let through.

use kernel::prelude::*;
use ukl_support::once::Once;

/// The largest budget of a bypass. A bypassed call reports nothing to RCU-tasks, so this bounds for
/// how many calls a grace period may be held up.
pub(crate) const MAX: u32 = 65_536;

/// `EINVAL` above [`MAX`].
pub(crate) fn check(calls: u32) -> Result {
    match calls {
        0..=MAX => Ok(()),
        _ => Err(EINVAL),
    }
}

/// What the bypass of one thread began with. Only the thread itself uses it.
pub(crate) struct Budget(Once<u32>);

impl Budget {
    /// No bypass.
    pub(crate) const fn none() -> Self {
        Self(Once::new(0))
    }

    /// A bypass begins, of so many calls.
    pub(crate) fn begin(&self, calls: u32) {
        self.0.store(calls);
    }

    /// It ends, with `rest` calls left. Returns how many it has let through.
    pub(crate) fn end(&self, rest: u32) -> u32 {
        let calls = self.0.load();
        self.0.store(0);
        calls.saturating_sub(rest)
    }
}

#[kunit_tests(ukl_budget)]
mod tests {
    use super::*;

    #[test]
    fn limits() {
        assert_eq!(check(0), Ok(()));
        assert_eq!(check(MAX), Ok(()));
        assert_eq!(check(MAX + 1), Err(EINVAL));
        assert_eq!(check(u32::MAX), Err(EINVAL));
    }

    #[test]
    fn what_was_let_through() {
        let budget = Budget::none();
        assert_eq!(budget.end(0), 0);
        for (calls, rest, used) in [(0, 0, 0), (1, 1, 0), (1, 0, 1), (MAX, 1, MAX - 1)] {
            budget.begin(calls);
            assert_eq!(budget.end(rest), used);
        }
    }

    #[test]
    fn it_ends_once() {
        let budget = Budget::none();
        budget.begin(8);
        assert_eq!(budget.end(3), 5);
        assert_eq!(budget.end(0), 0);
    }

    #[test]
    fn more_is_left_than_there_was() {
        let budget = Budget::none();
        budget.begin(2);
        assert_eq!(budget.end(3), 0);
    }
}
