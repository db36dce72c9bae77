// SPDX-License-Identifier: GPL-2.0

//! `ukl stat`: all that ukl.ko counts.

use std::{
    io::{stdout, Write},
    thread,
    time::Duration,
};

use anyhow::{Context, Result};
use serde_json::{Map, Value};

use crate::{
    cli::StatArgs,
    device::{Device, Stats},
    table::{Style, Table},
};

const TABLES: [(&str, Stats); 3] = [
    ("apps", Stats::Apps),
    ("threads", Stats::Threads),
    ("programs", Stats::Programs),
];

/// Prints all tables, as often as asked.
pub fn stat(args: &StatArgs) -> Result<()> {
    let device = Device::expect()?;
    device.info()?;
    let mut buffer = Vec::new();
    let forever = args.interval.is_some() && args.count.is_none();
    let mut left = args.count.unwrap_or(1);
    loop {
        let mut tables = Vec::new();
        for (name, which) in TABLES {
            tables.push((name, Table::read(&device, which, &mut buffer)?));
        }
        let text = if args.json {
            json(&tables)
        } else {
            plain(&tables)
        };
        let mut out = stdout().lock();
        out.write_all(text.as_bytes())
            .and_then(|()| out.flush())
            .context("cannot write")?;
        left -= 1;
        if left == 0 && !forever {
            return Ok(());
        }
        left += u64::from(forever);
        thread::sleep(args.interval.unwrap_or(Duration::from_secs(1)));
    }
}

fn plain(tables: &[(&str, Table)]) -> String {
    let text =
        |(name, table): &(&str, Table)| format!("{name}:\n{}\n", table.render(None, Style::Plain));
    tables.iter().map(text).collect()
}

fn json(tables: &[(&str, Table)]) -> String {
    let object = |(name, table): &(&str, Table)| ((*name).to_owned(), table.to_json());
    let all: Map<String, Value> = tables.iter().map(object).collect();
    format!("{}\n", Value::Object(all))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tables() -> [(&'static str, Table); 2] {
        let apps = Table::parse("app\tpid\nkv\t12\n").unwrap();
        let programs = Table::parse("program\tmodule\trunning\n").unwrap();
        [("apps", apps), ("programs", programs)]
    }

    #[test]
    fn json_is_an_object_on_a_line() {
        assert_eq!(
            json(&tables()),
            "{\"apps\":[{\"app\":\"kv\",\"pid\":12}],\"programs\":[]}\n"
        );
    }

    #[test]
    fn plain_tables_have_a_title() {
        let want = "apps:\napp  pid\nkv    12\n\nprograms:\nprogram  module  running\n\n";
        assert_eq!(plain(&tables()), want);
    }
}
