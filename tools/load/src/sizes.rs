// SPDX-License-Identifier: GPL-2.0

//! How long keys and values are.
//!
//! `--etc` is the workload of Facebook's general-purpose memcached pool ETC, as B. Atikoglu et al.
//! fitted it in "Workload Analysis of a Large-Scale Key-Value Store" (SIGMETRICS 2012): the length
//! of keys is a generalised extreme value distribution, that of values a generalised Pareto
//! distribution with a table of its own below 15 bytes, and there are 30 gets for each set. What the
//! paper says of how often a key is asked for, and of the hours of a day, is left out: all keys are
//! as likely, and arrivals are what `--arrivals` says.

use crate::pattern::mix;

/// Sets among all requests of ETC.
pub const ETC_SETS: f64 = 1.0 / 31.0;

/// The longest value: Pareto has no end, memcached's items have.
const ETC_LONGEST: f64 = 512.0 * 1024.0;

/// How likely values of 0 to 14 bytes are.
const ETC_SHORT: [f64; 15] = [
    0.00536, 0.00047, 0.17820, 0.09239, 0.00018, 0.02740, 0.00065, 0.00606, 0.00023, 0.00837,
    0.00837, 0.08989, 0.00092, 0.00326, 0.01980,
];

/// The lengths of the key with a number and of its value, in bytes.
#[derive(Debug)]
pub enum Sizes {
    /// The same for all.
    Fixed { key: usize, value: usize },
    /// Those of ETC, one for each key: they are costly to work out.
    Etc(Vec<(u8, u32)>),
}

impl Sizes {
    /// Those of ETC for `count` keys.
    pub fn etc(count: u64) -> Self {
        let sizes = |number| {
            let key = etc_key(part(mix(number)));
            let value = etc_value(part(mix(!number)));
            (key as u8, value as u32)
        };
        Self::Etc((0..count).map(sizes).collect())
    }

    /// The length of a key.
    pub fn key(&self, number: u64) -> usize {
        match self {
            Self::Fixed { key, .. } => *key,
            Self::Etc(sizes) => sizes[number as usize].0.into(),
        }
    }

    /// The length of a key's value.
    pub fn value(&self, number: u64) -> usize {
        match self {
            Self::Fixed { value, .. } => *value,
            Self::Etc(sizes) => sizes[number as usize].1 as usize,
        }
    }

    /// The length of the longest value.
    pub fn longest_value(&self) -> usize {
        match self {
            Self::Fixed { value, .. } => *value,
            Self::Etc(sizes) => sizes.iter().map(|size| size.1).max().unwrap_or(0) as usize,
        }
    }
}

/// A random number as one from 0 to 1, both left out: with 53 bits, the half would round up to 1.
fn part(random: u64) -> f64 {
    ((random >> 12) as f64 + 0.5) / (1u64 << 52) as f64
}

/// The length of keys that a part `p` of ETC's does not exceed. memcached takes up to 250 bytes.
fn etc_key(p: f64) -> f64 {
    let (place, scale, shape) = (30.7984, 8.20449, 0.078688);
    (place + scale * ((-p.ln()).powf(-shape) - 1.0) / shape)
        .round()
        .clamp(1.0, 250.0)
}

/// The length of values that a part `p` of ETC's does not exceed.
fn etc_value(p: f64) -> f64 {
    let mut below = 0.0;
    for (len, likely) in ETC_SHORT.iter().enumerate() {
        below += likely;
        if p < below {
            return len as f64;
        }
    }
    let (place, scale, shape) = (15.0, 214.476, 0.348238);
    let rest = (1.0 - p) / (1.0 - below);
    (place + scale * (rest.powf(-shape) - 1.0) / shape)
        .floor()
        .min(ETC_LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The length that a part of so many does not exceed.
    fn quantile(mut sizes: Vec<usize>, part: f64) -> usize {
        sizes.sort_unstable();
        sizes[(sizes.len() as f64 * part) as usize]
    }

    #[test]
    fn etc_has_the_papers_quantiles() {
        let count = 100_000;
        let sizes = Sizes::etc(count);
        let keys: Vec<_> = (0..count).map(|number| sizes.key(number)).collect();
        let values: Vec<_> = (0..count).map(|number| sizes.value(number)).collect();
        // Worked out by hand from the formulas.
        assert!((33..=35).contains(&quantile(keys.clone(), 0.5)));
        assert!((50..=53).contains(&quantile(keys.clone(), 0.9)));
        assert!(keys.iter().all(|key| (1..=250).contains(key)));
        let short = values.iter().filter(|&&value| value < 15).count() as f64 / count as f64;
        assert!((0.43..0.45).contains(&short), "{short}");
        let two = values.iter().filter(|&&value| value == 2).count() as f64 / count as f64;
        assert!((0.173..0.183).contains(&two), "{two}");
        assert!((480..=550).contains(&quantile(values.clone(), 0.9)));
        assert_eq!(values.iter().max(), Some(&sizes.longest_value()));
    }

    #[test]
    fn the_ends_are_finite() {
        for random in [0, u64::MAX] {
            let p = part(random);
            assert!(p > 0.0 && p < 1.0, "{p}");
            assert!((1.0..=250.0).contains(&etc_key(p)));
            assert!((0.0..=ETC_LONGEST).contains(&etc_value(p)));
        }
    }
}
