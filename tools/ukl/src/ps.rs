// SPDX-License-Identifier: GPL-2.0

//! `ukl ps`: which applications, or threads, there are.

use anyhow::Result;

use crate::{
    cli::PsArgs,
    device::{Device, Stats},
    table::{Style, Table},
};

/// What is shown of an application unless all is asked for.
const APPS: &[&str] = &[
    "app",
    "pid",
    "carrier",
    "threads",
    "memory",
    "sockets",
    "event_sets",
    "files",
    "calls",
];

/// What is shown of a thread unless all is asked for.
const THREADS: &[&str] = &[
    "app",
    "pid",
    "tid",
    "mode",
    "stack",
    "bypass",
    "since_us",
    "longest_run_us",
    "calls",
    "bypassed",
];

/// Prints the table.
pub fn ps(args: &PsArgs) -> Result<()> {
    let device = Device::expect()?;
    device.info()?;
    let which = if args.threads {
        Stats::Threads
    } else {
        Stats::Apps
    };
    print!(
        "{}",
        text(
            &Table::read(&device, which, &mut Vec::new())?,
            which,
            args.wide
        )
    );
    Ok(())
}

fn text(table: &Table, which: Stats, wide: bool) -> String {
    let columns = if which == Stats::Threads {
        THREADS
    } else {
        APPS
    };
    table.render((!wide).then_some(columns), Style::Human)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_shows_what_this_command_has_not_heard_of() {
        let table = Table::parse("app\tpid\tmemory\twarp\nkv\t1\t2048\t9\n").unwrap();
        assert_eq!(
            text(&table, Stats::Apps, false),
            "APP  PID  MEMORY\nkv     1      2K\n"
        );
        assert_eq!(
            text(&table, Stats::Apps, true),
            "APP  PID  MEMORY  WARP\nkv     1      2K     9\n"
        );
    }
}
