// SPDX-License-Identifier: GPL-2.0

//! Which requests and replies of a run count.

use std::time::Duration;

use crate::{engine::NEVER, figures::Figures};

/// When to end.
#[derive(Clone, Copy, Debug)]
pub enum Amount {
    /// After so many requests that count.
    Requests(u64),
    /// After so long.
    Time(Duration),
}

/// The counts of a run, and its window. A *closed* loop counts the replies that come in the window,
/// an *open* one the requests that are due in it, whenever they are answered.
#[derive(Debug)]
pub struct Tally {
    /// What was counted.
    pub figures: Figures,
    /// When the window ends; `NEVER` if that is not known yet.
    pub end: u64,
    /// Requests without a reply.
    pub under_way: u64,
    start: u64,
    open: bool,
    amount: Amount,
}

impl Tally {
    /// Of a run whose window begins at `start`.
    pub fn new(figures: Figures, open: bool, amount: Amount, start: u64) -> Self {
        let end = match amount {
            Amount::Requests(_) => NEVER,
            Amount::Time(time) => start + time.as_nanos() as u64,
        };
        Self {
            figures,
            end,
            under_way: 0,
            start,
            open,
            amount,
        }
    }

    /// Whether a closed loop asks once more.
    pub fn more(&self, now: u64) -> bool {
        match self.amount {
            _ if now < self.start => true,
            Amount::Time(_) => now < self.end,
            Amount::Requests(count) => self.figures.replies + self.under_way < count,
        }
    }

    /// Whether all has come that was asked for.
    pub fn done(&self, now: u64) -> bool {
        now >= self.end && self.under_way == 0
    }

    /// Whether as many requests were due in an open loop as are wanted.
    pub fn enough_due(&self) -> bool {
        matches!(self.amount, Amount::Requests(count) if count == self.figures.due)
    }

    /// A request of an open loop was due; another one follows after about `interval`.
    pub fn due(&mut self, due: u64, interval: u64) {
        if due < self.start {
            return;
        }
        self.figures.due += 1;
        if self.enough_due() {
            self.end = due + interval;
        }
    }

    /// A request of an open loop was sent when its connection was free.
    pub fn sent(&mut self, due: u64, now: u64) {
        if due >= self.start {
            self.figures.late(now.saturating_sub(due));
        }
    }

    /// The right reply to a request that was due then has come.
    pub fn reply(&mut self, due: u64, now: u64) {
        self.under_way -= 1;
        let inside = (self.start..self.end).contains(&now);
        let counts = if self.open { due >= self.start } else { inside };
        if counts {
            self.figures.took(now.saturating_sub(due));
        }
        self.figures.replies += u64::from(inside);
        let last = |count| !self.open && inside && count == self.figures.replies;
        if matches!(self.amount, Amount::Requests(count) if last(count)) {
            self.end = now;
        }
    }

    /// The window has ended, and a request that was due has not been sent.
    pub fn unsent(&mut self, due: u64) {
        if due >= self.start {
            self.figures.unsent += 1;
            self.figures.took(self.end.saturating_sub(due));
        }
    }

    /// All of it, when the run ends.
    pub fn finish(mut self, now: u64) -> Figures {
        self.figures.window = self.end.min(now).saturating_sub(self.start);
        self.figures
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(open: bool, amount: Amount) -> Tally {
        Tally::new(Figures::new().unwrap(), open, amount, 1000)
    }

    /// A reply for each of these pairs of due and now.
    fn reply(tally: &mut Tally, times: &[(u64, u64)]) {
        for &(due, now) in times {
            tally.under_way += 1;
            tally.reply(due, now);
        }
    }

    #[test]
    fn a_closed_loop_counts_replies_in_the_window() {
        let mut tally = tally(false, Amount::Time(Duration::from_micros(1)));
        reply(
            &mut tally,
            &[(900, 999), (900, 1000), (1000, 1999), (1500, 2000)],
        );
        assert!(tally.more(1999) && !tally.more(2000) && tally.done(2000));
        let figures = tally.finish(5000);
        assert_eq!((figures.replies, figures.requests()), (2, 2));
        assert_eq!((figures.window, figures.rate()), (1000, 2e6));
    }

    #[test]
    fn a_closed_loop_asks_for_as_many_as_are_wanted() {
        let mut tally = tally(false, Amount::Requests(3));
        tally.under_way = 3;
        assert!(tally.more(999) && !tally.more(1000));
        tally.under_way = 2;
        assert!(tally.more(1000));
        tally.under_way = 0;
        reply(
            &mut tally,
            &[(0, 999), (0, 1001), (0, 1002), (0, 1500), (0, 1500)],
        );
        assert!(!tally.more(1500) && tally.done(1500));
        let figures = tally.finish(9000);
        assert_eq!((figures.replies, figures.window), (3, 500));
    }

    #[test]
    fn an_open_loop_counts_what_was_due_in_the_window() {
        let mut tally = tally(true, Amount::Time(Duration::from_micros(1)));
        for due in [999, 1000, 1500, 1900] {
            tally.due(due, 100);
        }
        reply(&mut tally, &[(999, 1100), (1000, 1200), (1500, 3500)]);
        tally.unsent(1900);
        let figures = tally.finish(4000);
        // Two replies came in the window; two latencies are of replies, one of what was not sent.
        assert_eq!(
            (figures.due, figures.replies, figures.requests()),
            (3, 2, 2)
        );
        assert_eq!(figures.unsent, 1);
        assert!(!figures.kept_up());
    }

    #[test]
    fn an_open_loop_ends_behind_the_last_request() {
        let mut tally = tally(true, Amount::Requests(2));
        tally.due(900, 100);
        tally.due(1000, 100);
        assert_eq!(tally.end, NEVER);
        assert!(!tally.enough_due());
        tally.due(1100, 100);
        assert_eq!(tally.end, 1200);
        assert!(tally.enough_due());
        reply(&mut tally, &[(1000, 1050), (1100, 1150)]);
        assert!(!tally.done(1199) && tally.done(1200));
        assert_eq!(tally.finish(1250).window, 200);
    }

    #[test]
    fn a_run_that_fails_has_a_shorter_window() {
        let tally = tally(false, Amount::Requests(3));
        assert_eq!(tally.finish(1400).window, 400);
    }
}
