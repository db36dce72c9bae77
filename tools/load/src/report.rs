// SPDX-License-Identifier: GPL-2.0

//! What is printed: a line for each run, of a table or of JSON.

use std::io::{self, Write};

use anyhow::{Context, Result};
use serde::Serialize;

use crate::{cli::Cli, figures::Times, run::Outcome};

/// A run in JSON.
#[derive(Serialize)]
struct Line<'a> {
    requests: u64,
    seconds: f64,
    rate: f64,
    asked_rate: Option<f64>,
    due: Option<u64>,
    unsent: Option<u64>,
    errors: u32,
    error: Option<String>,
    latency_us: Times,
    lag_us: Option<Times>,
    within_limit: Option<bool>,
    settings: &'a Cli,
}

/// The end of a search in JSON.
#[derive(Serialize)]
struct Found<'a> {
    p99_limit_us: f64,
    highest_rate: Option<f64>,
    settings: &'a Cli,
}

/// Prints runs.
pub struct Report<'a> {
    settings: &'a Cli,
    json: bool,
    headed: bool,
}

impl<'a> Report<'a> {
    /// Of runs with these settings.
    pub fn new(settings: &'a Cli) -> Self {
        Self {
            settings,
            json: settings.common().json,
            headed: false,
        }
    }

    /// Prints a run that was asked for so many requests per second, if it was, and whether it has
    /// kept the limit, if there is one.
    pub fn run(
        &mut self,
        asked: Option<f64>,
        outcome: &Outcome,
        within: Option<bool>,
    ) -> Result<()> {
        if self.json {
            return print(&json(self.settings, asked, outcome, within)?);
        }
        let mut text = String::new();
        if !self.headed {
            self.headed = true;
            text = heading();
        }
        print(&(text + &row(asked, outcome, within)))
    }

    /// Prints what a search has found.
    pub fn found(&self, limit: f64, rate: Option<f64>) -> Result<()> {
        if self.json {
            let found = Found {
                p99_limit_us: limit,
                highest_rate: rate,
                settings: self.settings,
            };
            return print(&serde_json::to_string(&found)?);
        }
        print(&match rate {
            Some(rate) => format!("{rate:.0} requests per second have a p99 of at most {limit} us"),
            None => format!("no rate that was tried has a p99 of at most {limit} us"),
        })
    }
}

fn json(
    settings: &Cli,
    asked: Option<f64>,
    outcome: &Outcome,
    within: Option<bool>,
) -> Result<String> {
    let figures = &outcome.figures;
    let error = outcome.error.as_ref().map(|error| format!("{error:#}"));
    Ok(serde_json::to_string(&Line {
        requests: figures.requests(),
        seconds: figures.seconds(),
        rate: (figures.rate() * 10.0).round() / 10.0,
        asked_rate: asked,
        due: asked.map(|_| figures.due),
        unsent: asked.map(|_| figures.unsent),
        errors: u32::from(error.is_some()),
        error,
        latency_us: figures.latency(),
        lag_us: asked.map(|_| figures.lag()),
        within_limit: within,
        settings,
    })?)
}

const HEADINGS: [&str; 7] = [
    "asked/s", "rate/s", "p50 us", "p99 us", "p99.9 us", "max us", "requests",
];

fn heading() -> String {
    let cells = HEADINGS.map(|heading| format!("{heading:>10}"));
    cells.join(" ") + "\n"
}

fn row(asked: Option<f64>, outcome: &Outcome, within: Option<bool>) -> String {
    let figures = &outcome.figures;
    let asked = asked.map_or("-".to_owned(), |rate| format!("{rate:.0}"));
    let mut cells = vec![asked, format!("{:.0}", figures.rate())];
    cells.extend(figures.latency().line().map(|time| format!("{time:.1}")));
    cells.push(figures.requests().to_string());
    let cells: Vec<_> = cells.iter().map(|cell| format!("{cell:>10}")).collect();
    let verdict = match within {
        _ if outcome.error.is_some() => "  failed",
        Some(true) => "  within",
        Some(false) => "  beyond",
        None => "",
    };
    cells.join(" ") + verdict
}

/// Prints a line; that nobody reads it any more is an error like others.
fn print(line: &str) -> Result<()> {
    writeln!(io::stdout(), "{line}").context("cannot write to standard output")
}
