// SPDX-License-Identifier: GPL-2.0

//! When requests are due in an open loop: whatever the server does, for they are another's.

use clap::ValueEnum;
use rand::{rngs::SmallRng, Rng, SeedableRng};
use serde::Serialize;

/// How requests follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Arrivals {
    /// As from many independent clients: the times between are exponentially distributed
    Poisson,
    /// At equal distances
    Uniform,
}

/// The times at which requests are due, in nanoseconds from the start on.
#[derive(Debug)]
pub struct Schedule {
    arrivals: Arrivals,
    interval: f64,
    count: u64,
    last: f64,
    random: SmallRng,
}

impl Schedule {
    /// `rate` requests per second.
    pub fn new(arrivals: Arrivals, rate: f64, seed: u64) -> Self {
        Self {
            arrivals,
            interval: 1e9 / rate,
            count: 0,
            last: 0.0,
            random: SmallRng::seed_from_u64(seed),
        }
    }

    /// When the next one is due.
    pub fn next(&mut self) -> u64 {
        self.last = match self.arrivals {
            // From the count: a sum would carry its rounding along.
            Arrivals::Uniform => self.count as f64 * self.interval,
            Arrivals::Poisson => {
                let part: f64 = self.random.random();
                self.last - (1.0 - part).ln() * self.interval
            }
        };
        self.count += 1;
        self.last as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The times between requests.
    fn gaps(arrivals: Arrivals, seed: u64, count: usize) -> Vec<f64> {
        let mut schedule = Schedule::new(arrivals, 10_000.0, seed);
        let mut last = 0;
        let gap = |_| {
            let due = schedule.next();
            let gap = due - last;
            last = due;
            gap as f64
        };
        (0..count).map(gap).collect()
    }

    #[test]
    fn uniform_arrivals_are_equally_far_apart() {
        let gaps = gaps(Arrivals::Uniform, 1, 1000);
        assert_eq!(gaps[0], 0.0);
        assert!(gaps[1..].iter().all(|&gap| gap == 100_000.0), "{gaps:?}");
    }

    #[test]
    fn poisson_arrivals_are_exponentially_distributed() {
        let gaps = gaps(Arrivals::Poisson, 1, 100_000);
        let count = gaps.len() as f64;
        let mean = gaps.iter().sum::<f64>() / count;
        assert!((99_000.0..101_000.0).contains(&mean), "{mean}");
        let square = gaps.iter().map(|gap| (gap - mean) * (gap - mean));
        let deviation = (square.sum::<f64>() / count).sqrt();
        assert!((98_000.0..102_000.0).contains(&deviation), "{deviation}");
        // 1 - 1/e of them are below the mean.
        let below = gaps.iter().filter(|&&gap| gap < mean).count() as f64 / count;
        assert!((0.627..0.637).contains(&below), "{below}");
    }

    #[test]
    fn a_seed_gives_the_same_again() {
        let run = |seed| gaps(Arrivals::Poisson, seed, 100);
        assert_eq!(run(1), run(1));
        assert_ne!(run(1), run(2));
    }
}
