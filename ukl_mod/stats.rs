// SPDX-License-Identifier: GPL-2.0

//! The statistics: tables with a line of names, columns separated by tabs. debugfs shows them, under
//! `/sys/kernel/debug/ukl`, and `/dev/ukl` hands them out. What else shows them takes the names from here.

use crate::{app::App, bindings, program::Program, thread::Totals};
use core::fmt::Write;
use kernel::{
    debugfs::{Dir, File},
    fmt,
    prelude::*,
};
use ukl_support::task;

/// The files, removed when this is dropped.
#[pin_data]
pub(crate) struct Stats {
    #[pin]
    apps: File<()>,
    #[pin]
    threads: File<()>,
    #[pin]
    programs: File<()>,
}

impl Stats {
    /// Makes the files in `dir`.
    pub(crate) fn new(dir: &Dir) -> impl PinInit<Self, Error> + '_ {
        try_pin_init!(Self {
            apps <- dir.read_callback_file(c"apps", (), &|(), f: &mut fmt::Formatter<'_>| apps(f)),
            threads <- dir.read_callback_file(c"threads", (), &|(), f: &mut fmt::Formatter<'_>| threads(f)),
            programs <- dir.read_callback_file(c"programs", (), &|(), f: &mut fmt::Formatter<'_>| programs(f)),
        })
    }
}

/// One line for each application: what its threads, gone ones too, have done.
fn apps(f: &mut impl Write) -> fmt::Result {
    f.write_str("app\tpid\tcarrier\tthreads\tmemory\tsockets\tevent_sets\tfiles")?;
    names(f)?;
    App::try_for_each(|app| {
        let summary = app.totals();
        let (pid, carrier) = carrier(app);
        write!(
            f,
            "{}\t{pid}\t{carrier}\t{}\t{}",
            fmt::Adapter(app.name()),
            summary.threads,
            summary.memory
        )?;
        for count in summary.open {
            write!(f, "\t{count}")?;
        }
        counts(f, &summary.totals)
    })
}

/// One line for each thread.
fn threads(f: &mut impl Write) -> fmt::Result {
    f.write_str("app\tpid\ttid\tmode\tstack\tbypass\tsince_us\tlongest_run_us")?;
    names(f)?;
    App::try_for_each(|app| {
        let (pid, _) = carrier(app);
        let mut result = Ok(());
        app.for_each_task(|thread, task| {
            result = result.and_then(|()| {
                let mode = thread.mode.get();
                write!(
                    f,
                    "{}\t{pid}\t{}\t{}\t{}\t{}\t{}\t{}",
                    fmt::Adapter(app.name()),
                    task::number(task),
                    mode.name(),
                    thread.stack().size(),
                    thread.attention.second.load(),
                    thread.watch.since(mode, task::cpu_time(task)) / 1000,
                    thread.watch.longest() / 1000,
                )?;
                counts(f, &thread.counters.read())
            });
        });
        result
    })
}

/// One line for each program that may be run.
fn programs(f: &mut impl Write) -> fmt::Result {
    f.write_str("program\tmodule\trunning\n")?;
    Program::try_for_each(|program, module| {
        let mut running = 0;
        App::for_each(|app| {
            if app
                .process()
                .is_some_and(|process| core::ptr::eq(process.program(), program))
            {
                running += 1;
            }
        });
        writeln!(
            f,
            "{}\t{}\t{running}",
            fmt::Adapter(program.name()),
            fmt::Adapter(module)
        )
    })
}

/// The process of an application, 0 for kernel threads, and what carries it.
fn carrier(app: &App) -> (u32, &'static str) {
    match app.process() {
        Some(process) => (process.pid(), "process"),
        None => (0, "kthread"),
    }
}

/// A table as text (`UKL_STATS_*`). `EINVAL` if there is none of that number, `ENOMEM`.
pub(crate) fn table(number: u32) -> Result<KVVec<u8>> {
    let mut text = Text(KVVec::new());
    match number {
        bindings::UKL_STATS_APPS => apps(&mut text),
        bindings::UKL_STATS_THREADS => threads(&mut text),
        bindings::UKL_STATS_PROGRAMS => programs(&mut text),
        _ => return Err(EINVAL),
    }
    .map_err(|_| ENOMEM)?;
    Ok(text.0)
}

/// Text that grows.
struct Text(KVVec<u8>);

impl Write for Text {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        self.0
            .extend_from_slice(part.as_bytes(), GFP_KERNEL)
            .map_err(|_| fmt::Error)
    }
}

fn names(f: &mut impl Write) -> fmt::Result {
    for name in Totals::NAMES {
        write!(f, "\t{name}")?;
    }
    f.write_str("\n")
}

fn counts(f: &mut impl Write, totals: &Totals) -> fmt::Result {
    for value in totals.values() {
        write!(f, "\t{value}")?;
    }
    f.write_str("\n")
}
