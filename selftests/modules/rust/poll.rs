// SPDX-License-Identifier: GPL-2.0

//! Event sets.

use crate::{ensure, equal, localhost, pair};
use core::time::Duration;
use kernel::{fs::file::flags, prelude::*, sync::Arc};
use ukl::{
    fs::{File, OpenOptions},
    net::{Shutdown, TcpListener, TcpStream, UdpSocket, UnixAddr, UnixListener, UnixStream},
    poll::{Event, Events, Interest, Poll, Token},
    App,
};

const NOW: Option<Duration> = Some(Duration::ZERO);
const SOON: Option<Duration> = Some(Duration::from_secs(10));

/// The one event that there is.
fn only<'a>(app: &App, poll: &Poll, events: &'a mut Events) -> Result<&'a Event> {
    poll.wait(app, events, SOON)?;
    equal!(events.len(), 1);
    events.iter().next().ok_or(ENOENT)
}

fn nothing(app: &App, poll: &Poll, events: &mut Events) -> Result {
    poll.wait(app, events, NOW)?;
    ensure!(events.is_empty());
    Ok(())
}

pub(crate) fn sockets(app: &App) -> Result {
    let (poll, mut events) = (Poll::new(app)?, Events::with_capacity(8)?);
    let listener = TcpListener::bind(app, localhost())?;
    poll.register(app, &listener, Token(1), Interest::READABLE)?;
    let again = poll.register(app, &listener, Token(1), Interest::READABLE);
    equal!(again.err(), Some(EEXIST));
    let elsewhere = Poll::new(app)?.register(app, &listener, Token(1), Interest::READABLE);
    equal!(elsewhere.err(), Some(EBUSY));
    nothing(app, &poll, &mut events)?;
    let one = TcpStream::connect(app, listener.local_addr(app)?)?;
    equal!(only(app, &poll, &mut events)?.token(), Token(1));
    let (other, _) = listener.accept(app)?;
    poll.deregister(app, &listener)?;
    equal!(poll.deregister(app, &listener).err(), Some(ENOENT));

    // Level: as long as there is something. Edge: once.
    poll.register(app, &other, Token(2), Interest::READABLE)?;
    one.write_all(app, b"x")?;
    for _ in 0..2 {
        let event = only(app, &poll, &mut events)?;
        ensure!(event.is_readable() && !event.is_writable() && !event.is_error());
        equal!(event.token(), Token(2));
    }
    let both = Interest::READABLE | Interest::WRITABLE;
    poll.reregister(app, &other, Token(3), both.edge())?;
    let event = only(app, &poll, &mut events)?;
    ensure!(event.is_readable() && event.is_writable());
    equal!(event.token(), Token(3));
    nothing(app, &poll, &mut events)?;
    one.write_all(app, b"y")?;
    ensure!(only(app, &poll, &mut events)?.is_readable());
    nothing(app, &poll, &mut events)?;

    // The peer ends its half, and then both are ended.
    let interest = Interest::READ_CLOSED.add(Interest::PRIORITY);
    poll.reregister(app, &other, Token(4), interest)?;
    nothing(app, &poll, &mut events)?;
    one.shutdown(app, Shutdown::Write)?;
    let event = only(app, &poll, &mut events)?;
    ensure!(event.is_read_closed() && !event.is_hangup() && !event.is_priority());
    other.shutdown(app, Shutdown::Both)?;
    ensure!(only(app, &poll, &mut events)?.is_hangup());
    drop(other);
    nothing(app, &poll, &mut events)?;

    // One of each kind; what is dropped leaves.
    let udp = UdpSocket::bind(app, localhost())?;
    udp.connect(app, udp.local_addr(app)?)?;
    let address = UnixAddr::from_abstract_name(b"ukl test poll")?;
    let unix = UnixListener::bind(app, &address)?;
    let stream = UnixStream::connect(app, &address)?;
    poll.register(app, &udp, Token(10), Interest::READABLE)?;
    poll.register(app, &unix, Token(11), Interest::READABLE)?;
    poll.register(app, &stream, Token(12), Interest::READABLE)?;
    udp.send(app, b"x")?;
    unix.accept(app)?.write_all(app, b"x")?;
    let _waiting = UnixStream::connect(app, &address)?;
    poll.wait(app, &mut events, SOON)?;
    equal!(events.len(), 3);
    let sum: u64 = events.iter().map(|event| event.token().0).sum();
    equal!(sum, 10 + 11 + 12);
    drop((udp, unix, stream));
    nothing(app, &poll, &mut events)?;

    // More than there is room for.
    let (a, b) = pair(app)?;
    poll.register(app, &a, Token(20), Interest::WRITABLE)?;
    poll.register(app, &b, Token(21), Interest::WRITABLE)?;
    let mut one = Events::with_capacity(1)?;
    let mut sum = 0;
    for _ in 0..2 {
        poll.wait(app, &mut one, NOW)?;
        sum += one.iter().map(|event| event.token().0).sum::<u64>();
    }
    equal!(sum, 20 + 21);
    Ok(())
}

pub(crate) fn waking(app: &App) -> Result {
    let poll = Arc::new(Poll::new(app)?, GFP_KERNEL)?;
    let mut events = Events::with_capacity(1)?;
    poll.wake(app);
    poll.wake(app);
    poll.wait(app, &mut events, None)?;
    ensure!(events.is_empty());
    let waker = poll.clone();
    let thread = app.spawn(move |app| {
        ukl::time::sleep(app, Duration::from_millis(20))?;
        waker.wake(app);
        Ok(())
    })?;
    poll.set_spin(app, Duration::from_micros(100))?;
    poll.wait(app, &mut events, None)?;
    ensure!(events.is_empty());
    thread.join(app)??;

    let before = ukl::time::Instant::now();
    poll.wait(app, &mut events, Some(Duration::from_millis(20)))?;
    ensure!(before.elapsed() >= Duration::from_millis(20));
    let long = poll.set_spin(app, Duration::from_millis(2));
    equal!(long.err(), Some(EINVAL));

    // A thread that waits is asked to stop.
    let waiter = app.spawn(move |app| poll.wait(app, &mut events, None))?;
    waiter.stop(app);
    equal!(waiter.join(app)?.err(), Some(EINTR));
    Ok(())
}

/// `tests/rust.sh` makes the pipe.
pub(crate) fn files(app: &App) -> Result {
    let (poll, mut events) = (Poll::new(app)?, Events::with_capacity(8)?);
    let path = c"/tmp/ukl_test_rust.fifo";
    let mut options = OpenOptions::new();
    let reader = options
        .read(true)
        .custom_flags(flags::O_NONBLOCK)
        .open(app, path)?;
    let writer = OpenOptions::new().write(true).open(app, path)?;
    poll.register(app, &reader, Token(1), Interest::READABLE)?;
    nothing(app, &poll, &mut events)?;
    writer.write_all(app, b"wake up")?;
    let event = only(app, &poll, &mut events)?;
    ensure!(event.is_readable());
    equal!(event.token(), Token(1));
    poll.reregister(app, &reader, Token(2), Interest::READABLE.edge())?;
    equal!(only(app, &poll, &mut events)?.token(), Token(2));
    let mut buffer = [0; 16];
    equal!(reader.read(app, &mut buffer)?, 7);
    equal!(reader.read(app, &mut buffer).err(), Some(EAGAIN));
    poll.deregister(app, &reader)?;
    let disk = File::open(app, c"/etc/passwd")?;
    let always = poll.register(app, &disk, Token(3), Interest::READABLE);
    equal!(always.err(), Some(EPERM));
    equal!(
        poll.reregister(app, &disk, Token(3), Interest::READABLE)
            .err(),
        Some(ENOENT)
    );
    Ok(())
}
