// SPDX-License-Identifier: GPL-2.0

//! What is counted in a run.

use anyhow::Result;
use hdrhistogram::Histogram;
use serde::Serialize;

/// The longest time that is told from longer ones, in nanoseconds: an hour.
const LONGEST: u64 = 3_600_000_000_000;

/// Counts of a run, whose window is what comes after the warm-up.
#[derive(Debug)]
pub struct Figures {
    /// Length of the window, in nanoseconds.
    pub window: u64,
    /// Replies that came in the window.
    pub replies: u64,
    /// Requests that were due in the window, in an open loop.
    pub due: u64,
    /// Those of them that were not sent until its end, as their connections still waited for replies.
    pub unsent: u64,
    latency: Histogram<u64>,
    lag: Histogram<u64>,
}

impl Figures {
    /// Nothing counted.
    pub fn new() -> Result<Self> {
        let histogram = || Histogram::new_with_bounds(1, LONGEST, 3);
        Ok(Self {
            window: 0,
            replies: 0,
            due: 0,
            unsent: 0,
            latency: histogram()?,
            lag: histogram()?,
        })
    }

    /// A request took so long, in nanoseconds.
    pub fn took(&mut self, time: u64) {
        self.latency.saturating_record(time);
    }

    /// A request was sent so late by this program, in nanoseconds, though its connection was free.
    pub fn late(&mut self, time: u64) {
        self.lag.saturating_record(time);
    }

    /// The window in seconds.
    pub fn seconds(&self) -> f64 {
        self.window as f64 / 1e9
    }

    /// Replies in a second.
    pub fn rate(&self) -> f64 {
        match self.window {
            0 => 0.0,
            _ => self.replies as f64 / self.seconds(),
        }
    }

    /// Whether the server has kept up with what was due.
    pub fn kept_up(&self) -> bool {
        self.replies as f64 >= 0.98 * self.due as f64
    }

    /// How many latencies there are: of requests that were answered, or due but not sent.
    pub fn requests(&self) -> u64 {
        self.latency.len() - self.unsent
    }

    /// How long requests took.
    pub fn latency(&self) -> Times {
        Times::of(&self.latency)
    }

    /// How late requests were sent by this program.
    pub fn lag(&self) -> Times {
        Times::of(&self.lag)
    }
}

/// Some of the quantiles of a distribution, in microseconds.
#[derive(Debug, Serialize)]
pub struct Times {
    min: f64,
    mean: f64,
    p50: f64,
    p90: f64,
    p95: f64,
    /// What 99 % do not exceed.
    pub p99: f64,
    #[serde(rename = "p99.9")]
    p999: f64,
    max: f64,
}

impl Times {
    fn of(histogram: &Histogram<u64>) -> Self {
        // Tenths: the histogram has three digits.
        let micros = |nanos: f64| (nanos / 100.0).round() / 10.0;
        let quantile = |part| micros(histogram.value_at_quantile(part) as f64);
        Self {
            min: micros(histogram.min() as f64),
            mean: micros(histogram.mean()),
            p50: quantile(0.5),
            p90: quantile(0.9),
            p95: quantile(0.95),
            p99: quantile(0.99),
            p999: quantile(0.999),
            max: micros(histogram.max() as f64),
        }
    }

    /// For a line of a table: the middle, 99 %, 99.9 %, the longest.
    pub fn line(&self) -> [f64; 4] {
        [self.p50, self.p99, self.p999, self.max]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether two numbers are the same up to three digits.
    fn near(a: f64, b: f64) -> bool {
        (a - b).abs() <= b * 0.001 + 0.05
    }

    #[test]
    fn quantiles_are_those_of_what_was_recorded() {
        let mut figures = Figures::new().unwrap();
        for micros in 1..=10_000 {
            figures.took(micros * 1000);
        }
        let [p50, p99, p999, max] = figures.latency().line();
        for (came, expected) in [(p50, 5e3), (p99, 9.9e3), (p999, 9.99e3), (max, 1e4)] {
            assert!(near(came, expected), "{came}, not {expected}");
        }
        assert!(near(figures.latency().mean, 5000.5));
        assert!(near(figures.latency().min, 1.0));
        assert_eq!(figures.requests(), 10_000);
    }

    #[test]
    fn a_rate_is_of_the_window() {
        let mut figures = Figures::new().unwrap();
        assert_eq!(figures.rate(), 0.0);
        (figures.window, figures.replies, figures.due) = (500_000_000, 98, 100);
        assert_eq!(figures.rate(), 196.0);
        assert!(figures.kept_up());
        figures.replies = 97;
        assert!(!figures.kept_up());
    }
}
