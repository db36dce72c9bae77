// SPDX-License-Identifier: GPL-2.0

//! The loop that asks and receives, on one thread. A *closed loop* keeps so many requests under way
//! on each connection and asks the next when one is answered: it says what a server can do. An *open
//! loop* asks when its schedule says so, and counts from then on, whether or not the request could be
//! sent: a server that stalls makes those wait that come in that time, and they are counted. In a
//! closed loop nobody comes in that time (*coordinated omission*).
//!
//! The requests of an open loop belong to the connections in turn. One whose connection has no room
//! waits for it, even if another one has: else those would be asked less that are slow.

use std::{net::SocketAddr, time::Duration};

use anyhow::{anyhow, bail, Error, Result};
use mio::{event::Event, Events};

use crate::{
    arrivals::{Arrivals, Schedule},
    connection::{Connection, Pending},
    engine::{Engine, NEVER, TICK},
    figures::Figures,
    protocol::{Preload, Protocol},
    tally::{Amount, Tally},
};

/// Events that are taken at once.
const EVENTS: usize = 256;
/// Requests under way on a connection while what is asked for is stored.
const PRELOAD_PIPELINE: usize = 16;

/// What a run does.
#[derive(Debug)]
pub struct Plan {
    /// When to ask.
    pub pace: Pace,
    /// When to end.
    pub amount: Amount,
    /// How long not to count at the beginning.
    pub warmup: Duration,
    /// How many requests may be under way on a connection.
    pub pipeline: usize,
}

/// When to ask.
#[derive(Clone, Copy, Debug)]
pub enum Pace {
    /// When there is room.
    Closed,
    /// When it is due.
    Open {
        /// Requests per second.
        rate: f64,
        /// How they follow each other.
        arrivals: Arrivals,
        /// Of the random numbers.
        seed: u64,
    },
}

/// What a run came to.
#[derive(Debug)]
pub struct Outcome {
    /// What was counted until it ended, or failed.
    pub figures: Figures,
    /// Why it failed.
    pub error: Option<Error>,
}

/// Does a run.
pub fn run<P: Protocol>(
    engine: &mut Engine<P::Request>,
    protocol: &mut P,
    plan: &Plan,
) -> Result<Outcome> {
    let started = engine.now();
    let (schedule, interval) = match plan.pace {
        Pace::Closed => (None, 0),
        Pace::Open {
            rate,
            arrivals,
            seed,
        } => (
            Some(Schedule::new(arrivals, rate, seed)),
            (1e9 / rate) as u64,
        ),
    };
    let start = started + plan.warmup.as_nanos() as u64;
    let mut run = Run {
        tally: Tally::new(Figures::new()?, schedule.is_some(), plan.amount, start),
        engine,
        protocol,
        plan,
        started,
        schedule,
        interval,
        due: NEVER,
        turn: 0,
    };
    let error = run.go().err();
    let now = run.engine.now();
    Ok(Outcome {
        figures: run.tally.finish(now),
        error,
    })
}

/// Stores what will be asked for.
pub fn preload<P: Protocol>(engine: &mut Engine<P::Request>, protocol: &mut P) -> Result<()> {
    let plan = Plan {
        pace: Pace::Closed,
        amount: Amount::Requests(protocol.preloads()),
        warmup: Duration::ZERO,
        pipeline: PRELOAD_PIPELINE,
    };
    match run(engine, &mut Preload::new(protocol), &plan)?.error {
        None => Ok(()),
        Some(error) => Err(error.context("cannot store the keys")),
    }
}

/// A run that goes on.
struct Run<'a, P: Protocol> {
    engine: &'a mut Engine<P::Request>,
    protocol: &'a mut P,
    plan: &'a Plan,
    tally: Tally,
    started: u64,
    /// In an open loop.
    schedule: Option<Schedule>,
    /// Nanoseconds between two requests of an open loop, on average.
    interval: u64,
    /// When the next request of an open loop is due.
    due: u64,
    /// The connection of the next request of an open loop.
    turn: usize,
}

impl<P: Protocol> Run<'_, P> {
    fn go(&mut self) -> Result<()> {
        let mut events = Events::with_capacity(EVENTS);
        let mut look = 0;
        match self.schedule {
            Some(_) => self.next_due(),
            None => (0..self.engine.connections.len()).try_for_each(|number| self.ask(number))?,
        }
        loop {
            self.ask_due()?;
            let now = self.engine.now();
            if now >= self.tally.end {
                self.give_up_waiting();
            }
            if self.tally.done(now) {
                return Ok(());
            }
            if now >= look {
                self.look_for_missing(now)?;
                look = now + TICK.as_nanos() as u64;
            }
            let end = if now < self.tally.end {
                self.tally.end
            } else {
                NEVER
            };
            self.engine.wait(&mut events, now, self.due.min(end))?;
            for event in &events {
                self.happened(event)?;
            }
        }
    }

    /// Something has happened on a connection, or the timer has gone off.
    fn happened(&mut self, event: &Event) -> Result<()> {
        let number = event.token().0;
        if number >= self.engine.connections.len() {
            return Ok(());
        }
        if event.is_writable() && !self.engine.connections[number].out.is_empty() {
            self.send(number)?;
        }
        if event.is_readable() || event.is_read_closed() || event.is_error() {
            self.receive(number, event.is_read_closed() || event.is_error())?;
        }
        // What other connections have is not to hold up what is due.
        match self.due {
            NEVER => Ok(()),
            _ => self.ask_due(),
        }
    }

    /// Finds out when the next request of an open loop is due.
    fn next_due(&mut self) {
        self.due = match &mut self.schedule {
            Some(schedule) => self.started + schedule.next(),
            None => NEVER,
        };
        if self.due >= self.tally.end || self.tally.enough_due() {
            self.due = NEVER;
        }
    }

    /// Sends the requests of an open loop that are due.
    fn ask_due(&mut self) -> Result<()> {
        while self.due != NEVER && self.due <= self.engine.now() {
            let (due, number) = (self.due, self.turn);
            self.turn = (self.turn + 1) % self.engine.connections.len();
            self.tally.due(due, self.interval);
            let connection = &mut self.engine.connections[number];
            connection.waiting.push_back(due);
            if connection.waiting.len() == 1 && connection.pending.len() < self.plan.pipeline {
                self.tally.sent(due, self.engine.now());
                self.ask(number)?;
            }
            self.next_due();
        }
        Ok(())
    }

    /// Sends as many requests on a connection as there is room for.
    fn ask(&mut self, number: usize) -> Result<()> {
        let now = self.engine.now();
        let connection = &mut self.engine.connections[number];
        let mut asked = false;
        while connection.pending.len() < self.plan.pipeline {
            let due = match self.schedule {
                Some(_) => connection.waiting.pop_front(),
                None => self.tally.more(now).then_some(now),
            };
            let Some(due) = due else { break };
            connection.pending.push_back(Pending {
                request: self.protocol.ask(&mut connection.out),
                due,
                sent: now,
            });
            self.tally.under_way += 1;
            asked = true;
        }
        match asked {
            true => self.send(number),
            false => Ok(()),
        }
    }

    fn send(&mut self, number: usize) -> Result<()> {
        let connection = &mut self.engine.connections[number];
        let address = self.engine.options.address;
        let sent = connection.send();
        sent.map_err(|error| self.lost(number, address, &error.to_string()))
    }

    /// Takes the replies that are there, and asks again. The end of a connection is no event of its
    /// own if it was seen together with bytes: then `to_the_end` is set.
    fn receive(&mut self, number: usize, to_the_end: bool) -> Result<()> {
        let address = self.engine.options.address;
        loop {
            let Engine {
                connections,
                buffer,
                ..
            } = &mut *self.engine;
            let connection = &mut connections[number];
            let count = match connection.receive(buffer) {
                Ok(None) => break,
                Ok(Some(0)) => {
                    return Err(self.lost(number, address, "the server closed the connection"))
                }
                Ok(Some(count)) => count,
                Err(error) => return Err(self.lost(number, address, &error.to_string())),
            };
            let now = self.engine.now();
            self.take(number, count, now)?;
            // A socket that had less than there was room for has no more; what comes later is an event.
            if count < self.engine.buffer.len() && !to_the_end {
                break;
            }
        }
        self.ask(number)
    }

    /// Checks the replies in what was received.
    fn take(&mut self, number: usize, count: usize, now: u64) -> Result<()> {
        let Engine {
            connections,
            buffer,
            options,
            ..
        } = &mut *self.engine;
        let Connection { rest, pending, .. } = &mut connections[number];
        let (protocol, tally, address) = (&*self.protocol, &mut self.tally, options.address);
        rest.feed(&buffer[..count], |input| {
            let Some(asked) = pending.front() else {
                bail!(
                    "{address}: {} bytes came that nothing was asked for",
                    input.len()
                );
            };
            match protocol.check(asked.request, input) {
                Ok(None) => Ok(0),
                Ok(Some(len)) => {
                    tally.reply(asked.due, now);
                    pending.pop_front();
                    Ok(len)
                }
                Err(wrong) => {
                    let name = protocol.name(asked.request);
                    Err(anyhow!("{address}: {name}: {wrong}"))
                }
            }
        })
    }

    /// A connection is of no use any more.
    fn lost(&self, number: usize, address: SocketAddr, why: &str) -> Error {
        let connection = &self.engine.connections[number];
        match connection.pending.front() {
            None => anyhow!("{address}: {why}; expected it to stay open"),
            Some(asked) => anyhow!(
                "{address}: {why}; expected the reply to {}, {} bytes of it came",
                self.protocol.name(asked.request),
                connection.rest.len()
            ),
        }
    }

    /// The window has ended: what waits for its turn is not sent any more.
    fn give_up_waiting(&mut self) {
        self.due = NEVER;
        for connection in &mut self.engine.connections {
            for due in connection.waiting.drain(..) {
                self.tally.unsent(due);
            }
        }
    }

    /// Fails if a reply takes too long, or the whole run does.
    fn look_for_missing(&self, now: u64) -> Result<()> {
        let options = &self.engine.options;
        for (number, connection) in self.engine.connections.iter().enumerate() {
            let late = |asked: &Pending<_>| now - asked.sent > options.timeout.as_nanos() as u64;
            if connection.pending.front().is_some_and(late) {
                let seconds = options.timeout.as_secs_f64();
                let why = format!("no reply within {seconds} s (--timeout)");
                return Err(self.lost(number, options.address, &why));
            }
        }
        match self.plan.amount {
            Amount::Requests(count) if now - self.started > options.limit.as_nanos() as u64 => {
                bail!(
                    "{}: expected {count} replies within {} s (--limit), {} came",
                    options.address,
                    options.limit.as_secs_f64(),
                    self.tally.figures.replies
                )
            }
            _ => Ok(()),
        }
    }
}
