// SPDX-License-Identifier: GPL-2.0

//! A list of CPUs, for instance `0,2-3`.

use std::str::FromStr;

use anyhow::{anyhow, bail, Context, Error, Result};
use nix::{
    sched::{sched_setaffinity, CpuSet},
    unistd::Pid,
};

/// CPUs to run on.
#[derive(Clone, Debug)]
pub struct Cpus {
    text: String,
    list: Vec<usize>,
}

impl Cpus {
    /// Keeps this process on them.
    pub fn apply(&self) -> Result<()> {
        let mut set = CpuSet::new();
        let all = self.list.iter().try_for_each(|&cpu| set.set(cpu));
        all.and_then(|()| sched_setaffinity(Pid::from_raw(0), &set))
            .map_err(|error| {
                let why = error.desc();
                anyhow!(
                    "cannot run on the CPUs {}: {why}; 'nproc' says how many you have",
                    self.text
                )
            })
    }
}

impl FromStr for Cpus {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let cpu = |text: &str| match text.parse() {
            Ok(cpu) if cpu < CpuSet::count() && !text.starts_with('+') => Ok(cpu),
            _ => Err(anyhow!("'{text}' is not the number of a CPU")),
        };
        let mut list = Vec::new();
        for part in text.split(',') {
            match part.split_once('-') {
                None => list.push(cpu(part)?),
                Some((first, last)) => {
                    let (first, last) = (cpu(first)?, cpu(last)?);
                    if last < first {
                        bail!("the range '{part}' ends before it begins");
                    }
                    list.extend(first..=last);
                }
            }
        }
        list.first().context("no CPU")?;
        Ok(Self {
            text: text.to_owned(),
            list,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read() {
        let list = |text: &str| text.parse::<Cpus>().map(|cpus| cpus.list).ok();
        assert_eq!(list("0"), Some(vec![0]));
        assert_eq!(list("0,2-4,7"), Some(vec![0, 2, 3, 4, 7]));
        assert_eq!(list("3-3"), Some(vec![3]));
        for bad in [
            "", ",", "0,", "-1", "1-", "3-1", "a", "+1", "1024", "0 1", "1-2-3",
        ] {
            assert_eq!(list(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_cpu_that_is_not_there_is_an_error() {
        let error = "1023"
            .parse::<Cpus>()
            .unwrap()
            .apply()
            .unwrap_err()
            .to_string();
        assert!(error.contains("CPUs 1023"), "{error}");
    }
}
