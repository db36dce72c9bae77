// SPDX-License-Identifier: GPL-2.0

//! The columns of the view: their headings, widths, cells, order and colours.

use std::cmp::{Ordering, Reverse};

use ratatui::style::{Color, Modifier, Style};

use super::model::Line;
use crate::{format, rates::Rates};

/// A column of one of the two lists, or of both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Column {
    /// The application.
    Name,
    /// Its process; 0 if it has none.
    Pid,
    /// What its threads are.
    Carrier,
    /// How many it has.
    Threads,
    /// Its memory.
    Memory,
    /// The thread.
    Tid,
    /// Where it is.
    Mode,
    /// Calls in a second.
    #[default]
    Calls,
    /// The part of them without a transition.
    Bypass,
    /// Sends in a second.
    Sends,
    /// Receives in a second.
    Recvs,
    /// Processor time since the last transition.
    Since,
    /// The most of it there was.
    Longest,
}

use Column::*;

/// The list of applications.
pub const APPS: [Column; 10] = [
    Name, Pid, Carrier, Threads, Memory, Calls, Bypass, Sends, Recvs, Longest,
];

/// The list of threads.
pub const THREADS: [Column; 10] = [
    Name, Pid, Tid, Mode, Calls, Bypass, Sends, Recvs, Since, Longest,
];

/// Of headings.
pub const HEADING: Style = Style::new().add_modifier(Modifier::REVERSED);
/// Of the heading that the lists are sorted by.
pub const SORTED: Style = HEADING.add_modifier(Modifier::BOLD);
/// Of what is said about the whole.
pub const SUMMARY: Style = Style::new().add_modifier(Modifier::BOLD);
/// Of hints.
pub const HINT: Style = Style::new().fg(Color::DarkGray);

impl Column {
    /// The column that this key sorts by.
    pub fn with_key(key: char) -> Option<Self> {
        Some(match key {
            'n' => Name,
            'p' => Pid,
            'm' => Memory,
            'c' => Calls,
            'b' => Bypass,
            's' => Sends,
            'r' => Recvs,
            't' => Since,
            'l' => Longest,
            _ => return None,
        })
    }

    /// Its heading.
    pub fn title(self) -> &'static str {
        match self {
            Name => "NAME",
            Pid => "PID",
            Carrier => "CARRIER",
            Threads => "THR",
            Memory => "MEM",
            Tid => "TID",
            Mode => "MODE",
            Calls => "CALLS/s",
            Bypass => "BYP%",
            Sends => "SENDS/s",
            Recvs => "RECVS/s",
            Since => "SINCE",
            Longest => "LONGEST",
        }
    }

    /// How wide it is where there is little room. A list fits into 80 columns.
    pub fn width(self) -> u16 {
        match self {
            Name => 12,
            Pid | Tid | Carrier | Calls | Sends | Recvs | Longest => 7,
            Mode | Since => 6,
            Memory => 5,
            Threads | Bypass => 4,
        }
    }

    /// Whether its cells are words.
    pub fn is_text(self) -> bool {
        matches!(self, Name | Carrier | Mode)
    }

    /// The cell of a line.
    pub fn cell(self, line: &Line) -> String {
        let rate = |of: fn(&Rates) -> f64| line.rates.as_ref().map(|r| format::count(of(r) as u64));
        let cell = match self {
            Name => Some(line.app.clone()),
            Pid => Some(line.pid.to_string()),
            Carrier => line.carrier.clone(),
            Threads => Some(line.threads.to_string()),
            Memory => line.memory.map(format::bytes),
            Tid => line.tid.map(|tid| tid.to_string()),
            Mode => line.mode.clone(),
            Calls => rate(|rates| rates.calls),
            Bypass => line
                .rates
                .and_then(|rates| rates.bypass)
                .map(|share| format!("{:.0}", share * 100.0)),
            Sends => rate(|rates| rates.sends),
            Recvs => rate(|rates| rates.recvs),
            Since => line.since.map(format::micros),
            Longest => line.longest.map(format::micros),
        };
        cell.unwrap_or_else(|| "-".to_owned())
    }

    /// The order of two lines: words and numbers of processes from small to large, quantities
    /// from large to small, what is not known last.
    pub fn order(self, a: &Line, b: &Line) -> Ordering {
        fn rate(line: &Line, of: fn(&Rates) -> f64) -> f64 {
            line.rates.as_ref().map_or(-1.0, of)
        }
        let by_rate = |of: fn(&Rates) -> f64| rate(b, of).total_cmp(&rate(a, of));
        match self {
            Name => a.app.cmp(&b.app),
            Pid => a.pid.cmp(&b.pid),
            Carrier => a.carrier.cmp(&b.carrier),
            Threads => Reverse(a.threads).cmp(&Reverse(b.threads)),
            Memory => Reverse(a.memory).cmp(&Reverse(b.memory)),
            Tid => a.tid.cmp(&b.tid),
            Mode => a.mode.cmp(&b.mode),
            Calls => by_rate(|rates| rates.calls),
            Bypass => by_rate(|rates| rates.bypass.unwrap_or(-1.0)),
            Sends => by_rate(|rates| rates.sends),
            Recvs => by_rate(|rates| rates.recvs),
            Since => Reverse(a.since).cmp(&Reverse(b.since)),
            Longest => Reverse(a.longest).cmp(&Reverse(b.longest)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_fit_into_80_columns() {
        for list in [APPS, THREADS] {
            let widths: u16 = list.iter().map(|column| column.width()).sum();
            assert!(widths + list.len() as u16 - 1 <= 80);
            for column in list {
                assert!(column.title().len() <= column.width().into(), "{column:?}");
            }
        }
    }
}
