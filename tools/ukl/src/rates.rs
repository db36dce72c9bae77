// SPDX-License-Identifier: GPL-2.0

//! What a thread or an application did between two snapshots of its counters.

use std::time::Duration;

use crate::table::Row;

/// The counters that rates are made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Calls with a full transition.
    pub calls: u64,
    /// Calls that bypassed it.
    pub bypassed: u64,
    /// Sends over TCP.
    pub sends: u64,
    /// Receives over TCP.
    pub recvs: u64,
}

/// What happened in a second, on average.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rates {
    /// Calls, bypassing or not.
    pub calls: f64,
    /// The part of them that bypassed the transition, 0 to 1; nothing if there was no call.
    pub bypass: Option<f64>,
    /// Sends over TCP.
    pub sends: f64,
    /// Receives over TCP.
    pub recvs: f64,
}

impl Counters {
    /// Those of a row; what it has no column for was never counted.
    pub fn of(row: Row<'_>) -> Self {
        let counter = |column| row.number(column).unwrap_or(0);
        Self {
            calls: counter("calls"),
            bypassed: counter("bypassed"),
            sends: counter("tcp_sends"),
            recvs: counter("tcp_recvs"),
        }
    }

    /// What was counted since `before`; nothing if a counter went down.
    fn since(self, before: Self) -> Option<Self> {
        Some(Self {
            calls: self.calls.checked_sub(before.calls)?,
            bypassed: self.bypassed.checked_sub(before.bypassed)?,
            sends: self.sends.checked_sub(before.sends)?,
            recvs: self.recvs.checked_sub(before.recvs)?,
        })
    }
}

/// The rates between two snapshots that are `elapsed` apart. What was not there in the first one
/// started in between, and what counted down is another one with the same number: all that they
/// counted is of this time.
pub fn rates(now: Counters, before: Option<Counters>, elapsed: Duration) -> Option<Rates> {
    let seconds = elapsed.as_secs_f64();
    if seconds <= 0.0 {
        return None;
    }
    let done = now.since(before.unwrap_or_default()).unwrap_or(now);
    let calls = done.calls as f64 + done.bypassed as f64;
    Some(Rates {
        calls: calls / seconds,
        bypass: (calls > 0.0).then(|| done.bypassed as f64 / calls),
        sends: done.sends as f64 / seconds,
        recvs: done.recvs as f64 / seconds,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: Counters = Counters {
        calls: 100,
        bypassed: 50,
        sends: 10,
        recvs: 20,
    };
    const NOW: Counters = Counters {
        calls: 200,
        bypassed: 350,
        sends: 30,
        recvs: 20,
    };
    const TWO: Duration = Duration::from_secs(2);

    #[test]
    fn of_a_thread_that_was_there() {
        let rates = rates(NOW, Some(BEFORE), TWO).unwrap();
        assert_eq!(
            rates,
            Rates {
                calls: 200.0,
                bypass: Some(0.75),
                sends: 10.0,
                recvs: 0.0
            }
        );
    }

    #[test]
    fn of_a_thread_that_did_nothing() {
        let rates = rates(NOW, Some(NOW), TWO).unwrap();
        assert_eq!(
            rates,
            Rates {
                calls: 0.0,
                bypass: None,
                sends: 0.0,
                recvs: 0.0
            }
        );
    }

    #[test]
    fn of_a_thread_that_started_in_between() {
        let rates = rates(BEFORE, None, TWO).unwrap();
        assert_eq!(rates.calls, 75.0);
        assert_eq!(rates.recvs, 10.0);
    }

    #[test]
    fn of_another_thread_with_the_same_number() {
        let young = Counters {
            calls: 150,
            sends: 2,
            ..BEFORE
        };
        let rates = rates(young, Some(BEFORE), TWO).unwrap();
        assert_eq!((rates.calls, rates.sends), (100.0, 1.0));
    }

    #[test]
    fn of_no_time() {
        assert_eq!(rates(NOW, Some(BEFORE), Duration::ZERO), None);
    }
}
