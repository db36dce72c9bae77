// SPDX-License-Identifier: GPL-2.0

//! The connections of all runs, and waiting for what happens on them.

use std::{
    io::ErrorKind,
    net::{Ipv4Addr, SocketAddr},
    os::fd::{AsFd, AsRawFd},
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use mio::{unix::SourceFd, Events, Interest, Poll, Token};
use nix::sys::{
    time::TimeSpec,
    timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags},
};

use crate::connection::Connection;

/// The longest sleep: how often a run looks whether a reply is missing.
pub const TICK: Duration = Duration::from_millis(50);
/// Times closer than this, in nanoseconds, are not worth a sleep.
const SHORT: u64 = 2_000;
/// A time that does not come.
pub const NEVER: u64 = u64::MAX;
/// The timer among the connections.
const TIMER: Token = Token(usize::MAX);

/// How to connect, and how long to wait.
#[derive(Debug)]
pub struct Options {
    /// The server.
    pub address: SocketAddr,
    /// How many connections.
    pub connections: usize,
    /// Addresses of this machine to come from.
    pub sources: u8,
    /// For a connection, and for a reply.
    pub timeout: Duration,
    /// For a run that ends with a number of requests.
    pub limit: Duration,
    /// Whether to look for replies all the time instead of sleeping until there are some.
    pub spin: bool,
}

/// The connections and what they are waited for with. Times are nanoseconds since it was made.
pub struct Engine<R> {
    /// How it was made.
    pub options: Options,
    /// Those that a run uses. Between two runs nothing is under way on them.
    pub connections: Vec<Connection<R>>,
    /// For what is received.
    pub buffer: Vec<u8>,
    poll: Poll,
    timer: TimerFd,
    /// When the timer goes off.
    armed: u64,
    epoch: Instant,
}

impl<R> Engine<R> {
    /// Connects to the server.
    pub fn open(options: Options) -> Result<Self> {
        let poll = Poll::new().context("epoll_create")?;
        let timer = TimerFd::new(
            ClockId::CLOCK_MONOTONIC,
            TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC,
        )
        .context("timerfd_create")?;
        poll.registry()
            .register(
                &mut SourceFd(&timer.as_fd().as_raw_fd()),
                TIMER,
                Interest::READABLE,
            )
            .context("epoll_ctl")?;
        let mut engine = Self {
            connections: Vec::with_capacity(options.connections),
            options,
            poll,
            timer,
            armed: NEVER,
            epoch: Instant::now(),
            buffer: vec![0; 64 << 10],
        };
        for number in 0..engine.options.connections {
            engine.connect(number)?;
        }
        Ok(engine)
    }

    fn connect(&mut self, number: usize) -> Result<()> {
        let Options {
            address,
            sources,
            timeout,
            ..
        } = self.options;
        let source = (sources > 1).then(|| {
            let last = 1 + (number % usize::from(sources)) as u8;
            Ipv4Addr::new(127, 0, 0, last)
        });
        let mut connection = Connection::open(address, source, timeout)?;
        self.poll
            .registry()
            .register(
                &mut connection.stream,
                Token(number),
                Interest::READABLE | Interest::WRITABLE,
            )
            .context("epoll_ctl")?;
        self.connections.push(connection);
        Ok(())
    }

    /// The time.
    pub fn now(&self) -> u64 {
        self.epoch.elapsed().as_nanos() as u64
    }

    /// Waits for events, until a time or a bit longer, but not for long.
    pub fn wait(&mut self, events: &mut Events, now: u64, until: u64) -> Result<()> {
        let left = until.saturating_sub(now);
        let timeout = match self.options.spin || left < SHORT {
            true => Duration::ZERO,
            false => TICK,
        };
        if timeout == TICK && left < TICK.as_nanos() as u64 && self.armed != until {
            let after = TimeSpec::from_duration(Duration::from_nanos(left));
            self.timer
                .set(Expiration::OneShot(after), TimerSetTimeFlags::empty())
                .context("timerfd_settime")?;
            self.armed = until;
        }
        match self.poll.poll(events, Some(timeout)) {
            Err(error) if error.kind() == ErrorKind::Interrupted => Ok(()),
            result => result.context("epoll_wait"),
        }
    }
}
