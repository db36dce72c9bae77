// SPDX-License-Identifier: GPL-2.0

//! What debugfs shows, under `/sys/kernel/debug/ukl`: tables with a line of names, columns separated
//! by tabs.

use crate::{app::App, thread::Totals};
use kernel::{
    debugfs::{Dir, File},
    fmt,
    prelude::*,
};

/// The files, removed when this is dropped.
#[pin_data]
pub(crate) struct Stats {
    #[pin]
    apps: File<()>,
    #[pin]
    threads: File<()>,
}

impl Stats {
    /// Makes the files in `dir`.
    pub(crate) fn new(dir: &Dir) -> impl PinInit<Self, Error> + '_ {
        try_pin_init!(Self {
            apps <- dir.read_callback_file(c"apps", (), &|(), f: &mut fmt::Formatter<'_>| apps(f)),
            threads <- dir.read_callback_file(c"threads", (), &|(), f: &mut fmt::Formatter<'_>| threads(f)),
        })
    }
}

/// One line for each application: what its threads, gone ones too, have done.
fn apps(f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str("app\tthreads\tsockets\tevent_sets\tfiles")?;
    names(f)?;
    App::try_for_each(|app| {
        let (totals, threads, open) = app.totals();
        write!(f, "{}\t{threads}", fmt::Adapter(app.name()))?;
        for count in open {
            write!(f, "\t{count}")?;
        }
        counts(f, &totals)
    })
}

/// One line for each thread.
fn threads(f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str("app\ttid\tmode\tstack\tlongest_run_us")?;
    names(f)?;
    App::try_for_each(|app| {
        app.for_each_thread(|thread| {
            write!(
                f,
                "{}\t{}\t{}\t{}\t{}",
                fmt::Adapter(app.name()),
                thread.tid(),
                thread.mode.get().name(),
                thread.stack().size(),
                thread.watch.longest() / 1000,
            )?;
            counts(f, &thread.counters.read())
        })
    })
}

fn names(f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for name in Totals::NAMES {
        write!(f, "\t{name}")?;
    }
    f.write_str("\n")
}

fn counts(f: &mut fmt::Formatter<'_>, totals: &Totals) -> fmt::Result {
    for value in totals.values() {
        write!(f, "\t{value}")?;
    }
    f.write_str("\n")
}
