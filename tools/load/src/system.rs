// SPDX-License-Identifier: GPL-2.0

//! What is asked of the kernel beyond connections.

use anyhow::{anyhow, bail, Context, Result};
use nix::{
    sched::{sched_setaffinity, CpuSet},
    sys::resource::{getrlimit, setrlimit, Resource},
    unistd::Pid,
};

/// Descriptors beside those of connections: standard ones, epoll, the timer.
const OTHERS: u64 = 32;

/// Keeps this process on a CPU.
pub fn pin(cpu: usize) -> Result<()> {
    let mut set = CpuSet::new();
    set.set(cpu)
        .and_then(|()| sched_setaffinity(Pid::from_raw(0), &set))
        .map_err(|error| {
            let why = error.desc();
            anyhow!("cannot run on CPU {cpu}: {why}; 'nproc' says how many you have")
        })
}

/// Sees to it that so many connections can be opened.
pub fn allow_connections(connections: u64) -> Result<()> {
    let wanted = connections + OTHERS;
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).context("getrlimit")?;
    if wanted <= soft {
        return Ok(());
    }
    // A process with CAP_SYS_RESOURCE may raise the hard limit, too.
    let set = |hard| setrlimit(Resource::RLIMIT_NOFILE, wanted, hard);
    if set(hard.max(wanted)).is_err() && (wanted > hard || set(hard).is_err()) {
        bail!(
            "{connections} connections need {wanted} open files and {hard} are allowed: \
             raise the limit (ulimit -Hn), or ask for at most {} connections",
            hard.saturating_sub(OTHERS)
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cpu_that_is_not_there_is_an_error() {
        let error = pin(1023).unwrap_err().to_string();
        assert!(error.contains("CPU 1023"), "{error}");
    }

    #[test]
    fn a_limit_that_may_not_be_raised_is_an_error() {
        let error = allow_connections(1 << 60).unwrap_err().to_string();
        assert!(error.contains("ulimit -Hn"), "{error}");
    }
}
