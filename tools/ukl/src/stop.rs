// SPDX-License-Identifier: GPL-2.0

//! `ukl stop`: ask an application to stop, and wait for it.

use std::{
    thread,
    time::{Duration, Instant},
};

use anyhow::{anyhow, bail, Result};
use nix::{
    errno::Errno,
    sys::signal::{kill, Signal},
    unistd::Pid,
};

use crate::{
    cli::StopArgs,
    device::{Device, Stats},
    table::Table,
};

/// How often the tables are looked at.
const PAUSE: Duration = Duration::from_millis(50);

/// Stops the application.
pub fn stop(args: &StopArgs) -> Result<()> {
    let device = Device::expect()?;
    device.info()?;
    let mut tables = Tables::read(&device)?;
    let targets = tables.targets(&args.app)?;
    let signal = if args.kill {
        Signal::SIGKILL
    } else {
        Signal::SIGTERM
    };
    for id in targets.iter().flat_map(|target| tables.receivers(target)) {
        match kill(Pid::from_raw(id), signal) {
            // It has ended in the meantime.
            Ok(()) | Err(Errno::ESRCH) => {}
            Err(Errno::EPERM) => bail!("cannot stop {}: {id} is not yours; be root", args.app),
            Err(error) => bail!("cannot send {signal} to {id}: {}", error.desc()),
        }
    }
    let end = Instant::now() + args.timeout;
    loop {
        tables = Tables::read(&device)?;
        let left: Vec<_> = targets
            .iter()
            .filter_map(|target| tables.left(target))
            .collect();
        if left.is_empty() {
            return Ok(());
        }
        if Instant::now() >= end {
            let remedy = if args.kill {
                ""
            } else {
                "; 'ukl stop --kill' does not ask"
            };
            let (seconds, left) = (args.timeout.as_secs_f64(), left.join(", "));
            bail!(
                "cannot stop {}: after {seconds} s there is {left}{remedy}",
                args.app
            );
        }
        thread::sleep(PAUSE);
    }
}

/// An application that is to be stopped.
#[derive(Debug, PartialEq, Eq)]
struct Target {
    app: String,
    /// Its process; none if it runs on kernel threads.
    process: Option<i32>,
}

struct Tables {
    apps: Table,
    threads: Table,
}

impl Tables {
    fn read(device: &Device) -> Result<Self> {
        let mut buffer = Vec::new();
        let apps = Table::read(device, Stats::Apps, &mut buffer)?;
        let threads = Table::read(device, Stats::Threads, &mut buffer)?;
        apps.require(&["app", "pid"])?;
        threads.require(&["app", "pid", "tid"])?;
        Ok(Self { apps, threads })
    }

    /// The applications with this name or pid.
    fn targets(&self, wanted: &str) -> Result<Vec<Target>> {
        let mut targets = Vec::new();
        for row in self.apps.rows() {
            let (app, pid) = (row.get("app").unwrap_or(""), row.get("pid").unwrap_or(""));
            // Pid 0 names nothing: all applications on kernel threads have it.
            if app != wanted && (pid != wanted || pid == "0") {
                continue;
            }
            let pid: i32 = pid
                .parse()
                .map_err(|_| anyhow!("ukl.ko says that {app} is '{pid}'"))?;
            if pid == 0 && row.get("carrier") == Some("process") {
                bail!("cannot stop {app}: its process is in another pid namespace; go there");
            }
            targets.push(Target {
                app: app.to_owned(),
                process: (pid != 0).then_some(pid),
            });
        }
        if targets.is_empty() {
            bail!("cannot stop {wanted}: no application has this name or pid; see 'ukl ps'");
        }
        Ok(targets)
    }

    /// Who gets the signal.
    fn receivers(&self, target: &Target) -> Vec<i32> {
        match target.process {
            Some(pid) => vec![pid],
            None => self.tids(target).collect(),
        }
    }

    fn tids<'a>(&'a self, target: &'a Target) -> impl Iterator<Item = i32> + 'a {
        let pid = target.process.unwrap_or(0) as u64;
        let own = move |row: &crate::table::Row<'_>| {
            row.get("app") == Some(&target.app) && row.number("pid") == Some(pid)
        };
        let tid = |row: crate::table::Row<'_>| i32::try_from(row.number("tid")?).ok();
        self.threads
            .rows()
            .filter(own)
            .filter_map(tid)
            .filter(|&tid| tid > 0)
    }

    /// What is still there of it. An application on kernel threads is there as long as its module
    /// is loaded, so what counts are its threads.
    fn left(&self, target: &Target) -> Option<String> {
        let tids: Vec<_> = self.tids(target).map(|tid| tid.to_string()).collect();
        let of = match target.process {
            Some(pid) => {
                let same = |row: crate::table::Row<'_>| {
                    row.get("app") == Some(&target.app) && row.number("pid") == Some(pid as u64)
                };
                if !self.apps.rows().any(same) {
                    return None;
                }
                format!("process {pid}")
            }
            None if tids.is_empty() => return None,
            None => target.app.clone(),
        };
        Some(match tids.is_empty() {
            true => format!("{of} without threads"),
            false => format!("{of} with thread {}", tids.join(" ")),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tables(apps: &str, threads: &str) -> Tables {
        let apps = format!("app\tpid\tcarrier\n{apps}");
        let threads = format!("app\tpid\ttid\n{threads}");
        Tables {
            apps: Table::parse(&apps).unwrap(),
            threads: Table::parse(&threads).unwrap(),
        }
    }

    fn all() -> Tables {
        tables(
            "kv\t12\tprocess\nkv\t20\tprocess\necho\t0\tkthread\nlost\t0\tprocess\n",
            "kv\t12\t12\nkv\t12\t13\nkv\t20\t20\necho\t0\t7\necho\t0\t8\n",
        )
    }

    fn target(app: &str, process: Option<i32>) -> Target {
        Target {
            app: app.to_owned(),
            process,
        }
    }

    #[test]
    fn a_name_is_all_processes_a_pid_is_one() {
        let all = all();
        assert_eq!(
            all.targets("kv").unwrap(),
            [target("kv", Some(12)), target("kv", Some(20))]
        );
        assert_eq!(all.targets("20").unwrap(), [target("kv", Some(20))]);
        assert_eq!(all.targets("echo").unwrap(), [target("echo", None)]);
        for none in ["0", "13", "k", ""] {
            assert!(all.targets(none).is_err(), "{none}");
        }
        assert!(all
            .targets("lost")
            .unwrap_err()
            .to_string()
            .contains("namespace"));
    }

    #[test]
    fn a_process_gets_the_signal_or_each_kernel_thread() {
        assert_eq!(all().receivers(&target("kv", Some(12))), [12]);
        assert_eq!(all().receivers(&target("echo", None)), [7, 8]);
    }

    #[test]
    fn what_is_left_is_said() {
        let kv = target("kv", Some(12));
        assert_eq!(all().left(&kv).unwrap(), "process 12 with thread 12 13");
        assert_eq!(
            tables("kv\t12\tprocess\n", "").left(&kv).unwrap(),
            "process 12 without threads"
        );
        assert_eq!(tables("kv\t13\tprocess\n", "kv\t13\t13\n").left(&kv), None);
        let echo = target("echo", None);
        assert_eq!(all().left(&echo).unwrap(), "echo with thread 7 8");
        assert_eq!(tables("echo\t0\tkthread\n", "").left(&echo), None);
    }
}
