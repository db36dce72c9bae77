// SPDX-License-Identifier: GPL-2.0

//! `ukl top`: what the applications do, as it happens.

mod columns;
mod keymap;
mod model;
mod view;

use std::{
    io::Write,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use nix::sys::signal::{signal, SigHandler, Signal};
use ratatui::{
    crossterm::event::{self, Event},
    DefaultTerminal,
};

use crate::{
    cli::TopArgs,
    device::{Device, Stats},
    table::Table,
};
use keymap::Action;
use model::{Model, Snapshot};

/// Shows the applications until the user has seen enough.
pub fn top(args: &TopArgs) -> Result<()> {
    let mut source = Source {
        device: Device::expect()?,
        buffer: Vec::new(),
    };
    source.device.info()?;
    let mut model = Model::default();
    model.update(source.snapshot()?);
    if args.batch {
        return batch(&mut source, &mut model, args);
    }
    end_by_signals();
    let mut terminal = ratatui::try_init().context("cannot use this terminal; try -b")?;
    let shown = live(&mut terminal, &mut source, &mut model, args);
    ratatui::restore();
    shown
}

/// Whether a signal wants the live view to end.
static ENDED: AtomicBool = AtomicBool::new(false);

extern "C" fn end(_signal: i32) {
    ENDED.store(true, Relaxed);
}

/// Makes signals that end a process end the live view, so that the terminal is left as it was.
fn end_by_signals() {
    for number in [Signal::SIGTERM, Signal::SIGHUP, Signal::SIGINT] {
        // SAFETY: the handler stores a word. Nothing is to be done if it cannot be set.
        let _ = unsafe { signal(number, SigHandler::Handler(end)) };
    }
}

/// Where the snapshots come from: one request for each table.
struct Source {
    device: Device,
    buffer: Vec<u8>,
}

impl Source {
    fn snapshot(&mut self) -> Result<Snapshot> {
        let apps = Table::read(&self.device, Stats::Apps, &mut self.buffer)?;
        let threads = Table::read(&self.device, Stats::Threads, &mut self.buffer)?;
        apps.require(&["app", "pid"])?;
        threads.require(&["app", "pid", "tid"])?;
        Ok(Snapshot {
            at: Instant::now(),
            apps,
            threads,
        })
    }
}

/// Text, so that each time has rates: the first snapshot is not shown.
fn batch(source: &mut Source, model: &mut Model, args: &TopArgs) -> Result<()> {
    let mut shown = 0;
    while args.count.is_none_or(|count| shown < count) {
        thread::sleep(args.delay);
        model.update(source.snapshot()?);
        let text = view::text(model);
        let gap = if shown == 0 { "" } else { "\n" };
        let mut out = std::io::stdout().lock();
        write!(out, "{gap}{text}")
            .and_then(|()| out.flush())
            .context("cannot write")?;
        shown += 1;
    }
    Ok(())
}

fn live(
    terminal: &mut DefaultTerminal,
    source: &mut Source,
    model: &mut Model,
    args: &TopArgs,
) -> Result<()> {
    let mut shown = 0;
    loop {
        let next = Instant::now() + args.delay;
        loop {
            terminal
                .draw(|frame| view::draw(frame, model))
                .context("cannot draw")?;
            let wait = next.saturating_duration_since(Instant::now());
            if wait == Duration::ZERO || !event::poll(wait).context("cannot read keys")? {
                break;
            }
            // Anything else, such as another size of the terminal, is answered by drawing.
            let Event::Key(key) = event::read().context("cannot read keys")? else {
                continue;
            };
            match keymap::action(key) {
                Some(Action::Quit) => return Ok(()),
                Some(Action::Refresh) => break,
                Some(Action::Sort(column)) => model.sort_by(column),
                Some(Action::Reverse) => model.reverse(),
                Some(Action::Scroll(by)) => model.scroll(by),
                None => {}
            }
        }
        shown += 1;
        if ENDED.load(Relaxed) || args.count.is_some_and(|count| shown >= count) {
            return Ok(());
        }
        model.update(source.snapshot()?);
    }
}
