// SPDX-License-Identifier: GPL-2.0

//! What is shown: the last snapshot, the rates since the one before, and the order.

use std::{collections::HashMap, time::Instant};

use super::columns::Column;
use crate::{
    rates::{rates, Counters, Rates},
    table::{Row, Table},
};

/// The counters at one time.
pub struct Snapshot {
    /// When.
    pub at: Instant,
    /// A row for each application.
    pub apps: Table,
    /// A row for each thread.
    pub threads: Table,
}

/// What an application or a thread is known by: name, process, thread.
type Key = (String, u64, Option<u64>);

/// An application or a thread.
#[derive(Clone, Debug)]
pub struct Line {
    /// The application.
    pub app: String,
    /// Its process, or 0.
    pub pid: u64,
    /// The thread, if this is one.
    pub tid: Option<u64>,
    /// What the application's threads are.
    pub carrier: Option<String>,
    /// How many it has.
    pub threads: u64,
    /// Bytes.
    pub memory: Option<u64>,
    /// Where the thread is.
    pub mode: Option<String>,
    /// What it does; unknown at the first snapshot.
    pub rates: Option<Rates>,
    /// Microseconds of processor time since the last transition.
    pub since: Option<u64>,
    /// The most of them there were; of an application, of all its threads.
    pub longest: Option<u64>,
}

/// What is shown.
#[derive(Default)]
pub struct Model {
    /// The applications, in order.
    pub apps: Vec<Line>,
    /// The threads, in order.
    pub threads: Vec<Line>,
    /// What the order is by.
    pub sort: Column,
    /// The first thread that is shown.
    pub first: usize,
    reversed: bool,
    past: Option<(Instant, HashMap<Key, Counters>)>,
}

impl Model {
    /// Takes over a snapshot.
    pub fn update(&mut self, now: Snapshot) {
        let mut counted = HashMap::new();
        let mut line = |row: Row<'_>| {
            let mut line = Line::new(row);
            let counters = Counters::of(row);
            if let Some((then, past)) = &self.past {
                line.rates = rates(counters, past.get(&line.key()).copied(), now.at - *then);
            }
            counted.insert(line.key(), counters);
            line
        };
        let mut apps: Vec<_> = now.apps.rows().map(&mut line).collect();
        let threads: Vec<_> = now.threads.rows().map(&mut line).collect();
        for app in &mut apps {
            let own = threads
                .iter()
                .filter(|thread| thread.app == app.app && thread.pid == app.pid);
            app.longest = own.filter_map(|thread| thread.longest).max();
        }
        (self.apps, self.threads) = (apps, threads);
        self.past = Some((now.at, counted));
        self.order();
        self.scroll(0);
    }

    /// Sorts by another column.
    pub fn sort_by(&mut self, column: Column) {
        (self.sort, self.reversed, self.first) = (column, false, 0);
        self.order();
    }

    /// Turns the order round.
    pub fn reverse(&mut self) {
        self.reversed = !self.reversed;
        self.order();
    }

    /// Moves the list of threads.
    pub fn scroll(&mut self, by: isize) {
        let last = self.threads.len().saturating_sub(1);
        self.first = self.first.saturating_add_signed(by).min(last);
    }

    fn order(&mut self) {
        let (sort, reversed) = (self.sort, self.reversed);
        for lines in [&mut self.apps, &mut self.threads] {
            lines.sort_by(|a, b| {
                let order = sort.order(a, b);
                let order = if reversed { order.reverse() } else { order };
                order.then_with(|| (&a.app, a.pid, a.tid).cmp(&(&b.app, b.pid, b.tid)))
            });
        }
    }
}

impl Line {
    fn new(row: Row<'_>) -> Self {
        let text = |column| row.get(column).map(str::to_owned);
        Self {
            app: text("app").unwrap_or_default(),
            pid: row.number("pid").unwrap_or(0),
            tid: row.number("tid"),
            carrier: text("carrier"),
            threads: row.number("threads").unwrap_or(0),
            memory: row.number("memory"),
            mode: text("mode"),
            rates: None,
            since: row.number("since_us"),
            longest: row.number("longest_run_us"),
        }
    }

    fn key(&self) -> Key {
        (self.app.clone(), self.pid, self.tid)
    }
}

#[cfg(test)]
pub mod tests {
    use std::time::Duration;

    use super::*;

    /// Two applications with two threads and one, `seconds` after `start`; the counters grow by 100
    /// a second.
    pub fn snapshot(start: Instant, seconds: u64) -> Snapshot {
        let n = 100 * seconds;
        let apps = format!(
            "app\tpid\tcarrier\tthreads\tmemory\tcalls\tbypassed\ttcp_sends\ttcp_recvs\n\
             kv\t812\tprocess\t2\t1572864\t{}\t{}\t{n}\t{n}\n\
             echo\t0\tkthread\t1\t65536\t7\t0\t0\t0\n",
            1000 + n,
            3 * n,
        );
        let threads = format!(
            "app\tpid\ttid\tmode\tsince_us\tlongest_run_us\tcalls\tbypassed\ttcp_sends\ttcp_recvs\n\
             kv\t812\t812\tapp\t1500\t2500\t{n}\t{}\t{n}\t0\n\
             kv\t812\t{}\tkernel\t0\t90\t{n}\t0\t0\t{n}\n\
             echo\t0\t99\tnone\t0\t4000000\t7\t0\t0\t0\n",
            3 * n,
            900 + seconds,
        );
        Snapshot {
            at: start + Duration::from_secs(seconds),
            apps: Table::parse(&apps).unwrap(),
            threads: Table::parse(&threads).unwrap(),
        }
    }

    #[test]
    fn rates_are_those_since_the_last_snapshot() {
        let start = Instant::now();
        let mut model = Model::default();
        model.update(snapshot(start, 1));
        assert!(model
            .apps
            .iter()
            .chain(&model.threads)
            .all(|line| line.rates.is_none()));

        model.update(snapshot(start, 3));
        let kv = &model.apps[0];
        assert_eq!(
            (kv.app.as_str(), kv.pid, kv.longest),
            ("kv", 812, Some(2500))
        );
        let rates = kv.rates.unwrap();
        assert_eq!(
            (rates.calls, rates.bypass, rates.sends),
            (400.0, Some(0.75), 100.0)
        );
        let idle = model.apps[1].rates.unwrap();
        assert_eq!((idle.calls, idle.bypass), (0.0, None));

        // Thread 901 has ended and 903 has started: what it counted is of these two seconds.
        let tids: Vec<_> = model
            .threads
            .iter()
            .map(|thread| thread.tid.unwrap())
            .collect();
        assert_eq!(tids, [812, 903, 99]);
        assert_eq!(model.threads[1].rates.unwrap().calls, 150.0);
    }

    #[test]
    fn the_order_can_be_changed() {
        let mut model = Model::default();
        model.update(snapshot(Instant::now(), 1));
        let order = |model: &Model| {
            model
                .threads
                .iter()
                .map(|t| t.tid.unwrap())
                .collect::<Vec<_>>()
        };
        model.sort_by(Column::Longest);
        assert_eq!(order(&model), [99, 812, 901]);
        model.reverse();
        assert_eq!(order(&model), [901, 812, 99]);
        model.sort_by(Column::Pid);
        assert_eq!(order(&model), [99, 812, 901]);
    }

    #[test]
    fn scrolling_stays_in_the_list() {
        let mut model = Model::default();
        model.scroll(5);
        assert_eq!(model.first, 0);
        model.update(snapshot(Instant::now(), 1));
        model.scroll(10);
        assert_eq!(model.first, 2);
        model.scroll(-1);
        assert_eq!(model.first, 1);
        model.scroll(isize::MIN);
        assert_eq!(model.first, 0);
    }
}
