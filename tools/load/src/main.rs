// SPDX-License-Identifier: GPL-2.0

//! `ukl-load`: a load generator for the benchmarks. It asks an echo server, Redis or memcached in a
//! closed loop (how much can it do?) or in an open one (how long does it take at this rate?), checks
//! every reply, and prints how long they took. `run` says what the loops are, `sizes` where the sizes
//! of `--etc` come from.

mod arrivals;
mod cli;
mod connection;
mod engine;
mod figures;
mod keys;
mod pattern;
mod protocol;
mod report;
mod run;
mod search;
mod sizes;
mod system;
mod tally;

use std::process::ExitCode;

use anyhow::Result;

use cli::{Cli, Kind, StoreArgs};
use engine::Engine;
use protocol::{Echo, Memcached, Mix, Protocol, Redis};
use report::Report;
use run::Outcome;

fn main() -> ExitCode {
    match load(&Cli::read()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("ukl-load: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn load(cli: &Cli) -> Result<()> {
    let seed = cli.common().seed;
    let mix = |args: &StoreArgs| Mix::new(args.keys(), args.share(), seed);
    match &cli.protocol {
        Kind::Echo(args) => ask(cli, Echo::new(args.size as usize, seed), false),
        Kind::Redis(args) => ask(cli, Redis(mix(args)), args.preload),
        Kind::Memcached(args) => ask(cli, Memcached(mix(args)), args.preload),
    }
}

/// Connects, and does the runs that are asked for.
fn ask<P: Protocol>(cli: &Cli, mut protocol: P, preload: bool) -> Result<()> {
    let common = cli.common();
    if let Some(cpu) = common.cpu {
        system::pin(cpu)?;
    }
    let options = common.options()?;
    system::allow_connections(common.connections.into())?;
    let mut engine = Engine::open(options)?;
    if preload {
        run::preload(&mut engine, &mut protocol)?;
    }
    let mut report = Report::new(cli);
    let mut run = |rate| run::run(&mut engine, &mut protocol, &common.plan(rate));

    if let Some(limit) = common.p99_limit {
        return search(cli, limit, &mut report, run);
    }
    let rates = match common.rates.is_empty() {
        true => vec![common.rate],
        false => common.rates.iter().copied().map(Some).collect(),
    };
    for rate in rates {
        let outcome = run(rate)?;
        report.run(rate, &outcome, None)?;
        outcome.error.map_or(Ok(()), Err)?;
    }
    Ok(())
}

/// Looks for the highest rate whose p99 is within a limit, in microseconds. The most that is tried
/// is what the server does in a closed loop, unless `--rate` says otherwise.
fn search(
    cli: &Cli,
    limit: f64,
    report: &mut Report<'_>,
    mut run: impl FnMut(Option<f64>) -> Result<Outcome>,
) -> Result<()> {
    let common = cli.common();
    let ceiling = match common.rate {
        Some(rate) => rate,
        None => {
            let outcome = run(None)?;
            report.run(None, &outcome, None)?;
            outcome.error.map_or(Ok(outcome.figures.rate()), Err)?
        }
    };
    let rate = search::highest(ceiling.round().max(1.0), common.steps, |rate| {
        let outcome = run(Some(rate))?;
        let figures = &outcome.figures;
        let within = figures.kept_up() && figures.latency().p99 <= limit;
        report.run(Some(rate), &outcome, Some(within))?;
        outcome.error.map_or(Ok(within), Err)
    })?;
    report.found(limit, rate)
}
