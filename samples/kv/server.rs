// SPDX-License-Identifier: GPL-2.0

//! The server: threads that share nothing but the table.

use crate::{
    command::Session,
    connection::{Connection, Next},
    memory::{self, Account},
    store::{self, Store},
};
use core::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use kernel::{
    error::to_result,
    prelude::*,
    str::CString,
    sync::{
        atomic::{Atomic, Relaxed},
        Arc,
        Completion, //
    },
};
use ukl::{
    errno,
    net::{TcpListener, TcpSocket, TcpStream},
    poll::{Events, Interest, Poll, Token},
    App,
};

/// Connections at a time. One that is idle takes less than 100 bytes beside its socket.
pub(crate) const MAX_CLIENTS: usize = 10_000;

/// Connections that wait to be accepted, for each thread.
const BACKLOG: u32 = 511;

/// Connections that a thread accepts before it looks after the others again.
const ACCEPTS: usize = 64;

/// Events that a thread takes at a time.
const EVENTS: usize = 128;

/// What threads share.
#[pin_data]
pub(crate) struct Server {
    port: u16,
    threads: usize,
    /// Complete when [`Server::run`] listens, or cannot, for the errno in `error`.
    #[pin]
    started: Completion,
    error: Atomic<i32>,
    clients: Atomic<usize>,
    pub(crate) account: Arc<Account>,
    #[pin]
    pub(crate) store: Store,
}

impl Server {
    pub(crate) fn new(port: u16, threads: usize) -> Result<Arc<Self>> {
        let account = Account::new()?;
        Arc::pin_init(
            pin_init!(Self {
                port,
                threads,
                started <- Completion::new(),
                error: Atomic::new(0),
                clients: Atomic::new(0),
                store <- Store::new(account.clone()),
                account,
            }),
            GFP_KERNEL,
        )
    }

    /// What the application's first thread does: starts the others, and is one of them.
    pub(crate) fn run(self: &Arc<Self>, app: &App) -> Result {
        let started = self.start(app);
        if let Err(error) = started {
            self.error.store(error.to_errno(), Relaxed);
        }
        self.started.complete_all();
        started?.run(app)
    }

    /// Starts all threads but this one.
    fn start(self: &Arc<Self>, app: &App) -> Result<Worker<'_>> {
        // Before any of them takes connections, all listen: otherwise some would be lost.
        let mut listeners = listen(app, self.port, self.threads)?;
        let mine = listeners.pop().ok_or(EINVAL)?;
        while let Some(listener) = listeners.pop() {
            let server = self.clone();
            app.spawn(move |app| Worker::new(app, &server, listener)?.run(app))?;
        }
        Worker::new(app, self, mine)
    }

    /// Waits until [`Server::run`] listens.
    ///
    /// `EADDRINUSE`, `ENOMEM`.
    pub(crate) fn wait(&self) -> Result {
        self.started.wait_for_completion();
        to_result(self.error.load(Relaxed))
    }

    /// What `INFO` says.
    pub(crate) fn info(&self) -> Result<CString, store::Error> {
        Ok(CString::try_from_fmt(fmt!(
            "# kv\r\n\
             tcp_port:{}\r\n\
             threads:{}\r\n\
             connected_clients:{}\r\n\
             maxclients:{}\r\n\
             used_memory:{}\r\n\
             maxmemory:{}\r\n\
             keys:{}\r\n",
            self.port,
            self.threads,
            self.clients.load(Relaxed),
            MAX_CLIENTS,
            self.account.used(),
            memory::max(),
            self.store.len(),
        ))?)
    }
}

/// `count` sockets that listen on `port`, for IPv6 and IPv4, or for IPv4 alone where the kernel was told to
/// do without IPv6. The kernel gives each connection to one of them.
fn listen(app: &App, port: u16, count: usize) -> Result<KVec<TcpListener>> {
    match listen_at(app, (Ipv6Addr::UNSPECIFIED, port).into(), count) {
        Err(error) if error == errno::eafnosupport() => {
            listen_at(app, (Ipv4Addr::UNSPECIFIED, port).into(), count)
        }
        result => result,
    }
}

fn listen_at(app: &App, addr: SocketAddr, count: usize) -> Result<KVec<TcpListener>> {
    let mut listeners = KVec::with_capacity(count, GFP_KERNEL)?;
    for _ in 0..count {
        let socket = TcpSocket::new_for(app, addr)?;
        socket.set_reuseaddr(app, true)?;
        // A single one wants its port for itself.
        socket.set_reuseport(app, count > 1)?;
        // For the connections, which have it from here.
        socket.set_nodelay(app, true)?;
        socket.bind(app, addr)?;
        listeners.push(socket.listen(app, BACKLOG)?, GFP_KERNEL)?;
    }
    Ok(listeners)
}

/// One of the [`MAX_CLIENTS`] connections.
pub(crate) struct Seat<'a>(&'a Server);

impl<'a> Seat<'a> {
    fn take(server: &'a Server) -> Option<Self> {
        // From here on `drop` gives it back.
        let taken = server.clients.fetch_add(1, Relaxed);
        let seat = Self(server);
        (taken < MAX_CLIENTS).then_some(seat)
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        self.0.clients.fetch_sub(1, Relaxed);
    }
}

/// One thread's: connections that stay with it, and what it serves them with.
struct Worker<'a> {
    server: &'a Server,
    listener: TcpListener,
    poll: Poll,
    connections: Slab<KBox<Connection<'a>>>,
    session: Session<'a>,
}

impl<'a> Worker<'a> {
    /// The token of the listener; connections have their place in the slab.
    const LISTENER: Token = Token(u64::MAX);
    /// What listener and connections are waited for: to be told once of whatever comes.
    const INTEREST: Interest = Interest::READABLE
        .add(Interest::WRITABLE)
        .add(Interest::READ_CLOSED)
        .edge();

    fn new(app: &App, server: &'a Server, listener: TcpListener) -> Result<Self> {
        let poll = Poll::new(app)?;
        poll.register(app, &listener, Self::LISTENER, Self::INTEREST)?;
        Ok(Self {
            server,
            listener,
            poll,
            connections: Slab::new(),
            session: Session::new(server)?,
        })
    }

    /// Serves until the thread is asked to stop.
    fn run(&mut self, app: &App) -> Result {
        let mut events = Events::with_capacity(EVENTS)?;
        loop {
            self.poll.wait(app, &mut events, None)?;
            for event in &events {
                if event.token() == Self::LISTENER {
                    self.accept(app)?;
                    continue;
                }
                let place = event.token().0 as usize;
                let Some(connection) = self.connections.get_mut(place) else {
                    continue;
                };
                match connection.serve(app, event, &mut self.session) {
                    Ok(Next::Wait) => {}
                    Ok(Next::Again) => {
                        // It has had its share: behind the others, there will be another event.
                        let stream = connection.stream();
                        let again =
                            self.poll
                                .reregister(app, stream, event.token(), Self::INTEREST);
                        if again.is_err() {
                            self.connections.remove(place);
                        }
                    }
                    // A client that breaks off, or the protocol, ends its own connection.
                    Ok(Next::Close) | Err(_) => {
                        self.session.output.clear();
                        self.connections.remove(place);
                    }
                }
                if let Some(mut cleared) = self.session.take_cleared() {
                    while cleared.drop_some() {
                        app.null()?;
                    }
                }
            }
        }
    }

    /// Takes connections that wait, but not too many at once.
    fn accept(&mut self, app: &App) -> Result {
        for _ in 0..ACCEPTS {
            match self.listener.try_accept(app) {
                Ok((stream, _)) => self.welcome(app, stream),
                Err(EAGAIN) => return Ok(()),
                // What can go wrong with a connection is no reason to refuse the next one.
                Err(_) => break,
            }
        }
        self.poll
            .reregister(app, &self.listener, Self::LISTENER, Self::INTEREST)
    }

    fn welcome(&mut self, app: &App, stream: TcpStream) {
        let Some(seat) = Seat::take(self.server) else {
            // There is room in a socket that was not used yet.
            let _ = stream.try_write(app, b"-ERR max number of clients reached\r\n");
            return;
        };
        let Ok(connection) = KBox::new(Connection::new(stream, seat), memory::flags()) else {
            return;
        };
        let Ok(place) = self.connections.insert(connection) else {
            return;
        };
        let Some(connection) = self.connections.get_mut(place) else {
            return;
        };
        let token = Token(place as u64);
        let added = self
            .poll
            .register(app, connection.stream(), token, Self::INTEREST);
        if added.is_err() {
            self.connections.remove(place);
        }
    }
}

/// Things in places that keep their number.
struct Slab<T> {
    places: KVVec<Option<T>>,
    /// Has room for all places.
    free: KVVec<usize>,
}

impl<T> Slab<T> {
    const fn new() -> Self {
        Self {
            places: KVVec::new(),
            free: KVVec::new(),
        }
    }

    fn get_mut(&mut self, place: usize) -> Option<&mut T> {
        self.places.get_mut(place)?.as_mut()
    }

    fn insert(&mut self, thing: T) -> Result<usize> {
        if self.free.is_empty() {
            self.free.reserve(self.places.len() + 1, memory::flags())?;
            self.places.push(None, memory::flags())?;
            self.free.push(self.places.len() - 1, memory::flags())?;
        }
        let place = self.free.pop().ok_or(ENOMEM)?;
        if let Some(empty) = self.places.get_mut(place) {
            *empty = Some(thing);
        }
        Ok(place)
    }

    fn remove(&mut self, place: usize) {
        let thing = self.places.get_mut(place).and_then(Option::take);
        if thing.is_some() {
            // There is room.
            let _ = self.free.push(place, memory::flags());
        }
    }
}
