// SPDX-License-Identifier: GPL-2.0

//! How an application is run where the command line does not say: its module does, with
//! `MODULE_INFO(ukl, "stack=1M bypass=64 sched=batch")`.

use anyhow::{anyhow, bail, Context, Result};
use clap::ValueEnum;

use super::{modinfo::Modinfo, policy::Policy};
use crate::format;

/// What modules call their string.
pub const NAME: &str = "ukl";

/// What a module may say.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Defaults {
    /// Bytes of a stack.
    pub stack: Option<u64>,
    /// The bypass budget of each thread.
    pub bypass: Option<u32>,
    /// The scheduling policy.
    pub sched: Option<Policy>,
}

impl Defaults {
    /// What a module says.
    pub fn of(module: &Modinfo) -> Result<Self> {
        let mut defaults = Self::default();
        for word in module.get(NAME).flat_map(str::split_whitespace) {
            defaults
                .set(word)
                .with_context(|| format!("its module says '{word}'"))?;
        }
        Ok(defaults)
    }

    fn set(&mut self, word: &str) -> Result<()> {
        match word.split_once('=') {
            Some(("stack", size)) => self.stack = Some(format::parse_bytes(size)?),
            Some(("bypass", budget)) => {
                let budget = budget.parse().map_err(|_| anyhow!("not a bypass budget"))?;
                self.bypass = Some(budget);
            }
            Some(("sched", policy)) => {
                let policy = Policy::from_str(policy, false);
                self.sched = Some(policy.map_err(|_| anyhow!("not a scheduling policy"))?);
            }
            _ => bail!("this command does not know it; install a newer one"),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Result<Defaults> {
        Defaults::of(&Modinfo::of_strings(&[("ukl", text), ("license", "x=y")]))
    }

    #[test]
    fn words_are_settings() {
        let all = Defaults {
            stack: Some(1 << 20),
            bypass: Some(64),
            sched: Some(Policy::Batch),
        };
        assert_eq!(of(" stack=1M\tbypass=64 sched=batch ").unwrap(), all);
        assert_eq!(of("").unwrap(), Defaults::default());
        let bypass = of("bypass=0").unwrap();
        assert_eq!((bypass.stack, bypass.bypass), (None, Some(0)));
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, why) in [
            ("stack=1X", "its module says 'stack=1X': "),
            (
                "bypass=-1",
                "its module says 'bypass=-1': not a bypass budget",
            ),
            (
                "sched=fifo",
                "its module says 'sched=fifo': not a scheduling policy",
            ),
            ("threads=3", "its module says 'threads=3': this command"),
            ("stack", "its module says 'stack': this command"),
        ] {
            let error = format!("{:#}", of(text).unwrap_err());
            assert!(error.starts_with(why), "{error}");
        }
    }
}
