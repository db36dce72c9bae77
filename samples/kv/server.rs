// SPDX-License-Identifier: GPL-2.0

//! Connections: one UKL thread each.

use crate::{
    buffer::{Input, Output},
    command::{Next, Session},
    memory,
    store::{self, Store},
};
use core::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use kernel::{
    error::to_result,
    fmt::Write,
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
    net::{Shutdown, TcpListener, TcpStream},
    App,
};

/// Connections at a time. Each takes two stacks and two buffers, about 120 KiB.
pub(crate) const MAX_CLIENTS: usize = 1000;

/// What connections share.
#[pin_data]
pub(crate) struct Server {
    port: u16,
    /// Complete when [`Server::run`] listens, or cannot, for the errno in `error`.
    #[pin]
    started: Completion,
    error: Atomic<i32>,
    clients: Atomic<usize>,
    #[pin]
    pub(crate) store: Store,
}

impl Server {
    pub(crate) fn new(port: u16) -> Result<Arc<Self>> {
        Arc::pin_init(
            pin_init!(Self {
                port,
                started <- Completion::new(),
                error: Atomic::new(0),
                clients: Atomic::new(0),
                store <- Store::new(),
            }),
            GFP_KERNEL,
        )
    }

    /// What the application's first thread does: a thread for every connection, until it is asked to
    /// stop.
    pub(crate) fn run(self: &Arc<Self>, app: &App) -> Result {
        let listener = listen(app, self.port).inspect_err(|error| {
            self.error.store(error.to_errno(), Relaxed);
        });
        self.started.complete_all();
        let listener = listener?;
        while !app.should_stop() {
            // What can go wrong with a connection is no reason to refuse the next one.
            let Ok(stream) = listener.accept(app) else {
                app.null()?;
                continue;
            };
            let Some(seat) = Seat::take(self) else {
                let _ = stream.write_all(app, b"-ERR max number of clients reached\r\n");
                continue;
            };
            if let Err(error) = app.spawn(move |app| serve(app, &stream, &seat.0)) {
                pr_debug!("no thread for a connection: {error:?}\n");
            }
        }
        Ok(())
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
             connected_clients:{}\r\n\
             maxclients:{}\r\n\
             used_memory:{}\r\n\
             maxmemory:{}\r\n\
             keys:{}\r\n",
            self.port,
            self.clients.load(Relaxed),
            MAX_CLIENTS,
            memory::used(),
            memory::max(),
            self.store.len(),
        ))?)
    }
}

/// IPv6 and IPv4, or IPv4 alone where the kernel was told to do without IPv6.
fn listen(app: &App, port: u16) -> Result<TcpListener> {
    match TcpListener::bind(app, SocketAddr::from((Ipv6Addr::UNSPECIFIED, port))) {
        Err(error) if error == errno::eafnosupport() => {
            TcpListener::bind(app, SocketAddr::from((Ipv4Addr::UNSPECIFIED, port)))
        }
        result => result,
    }
}

/// One of the [`MAX_CLIENTS`] connections.
struct Seat(Arc<Server>);

impl Seat {
    fn take(server: &Arc<Server>) -> Option<Self> {
        // From here on `drop` gives it back.
        let taken = server.clients.fetch_add(1, Relaxed);
        let seat = Self(server.clone());
        (taken < MAX_CLIENTS).then_some(seat)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.clients.fetch_sub(1, Relaxed);
    }
}

/// Serves a connection to its end.
fn serve(app: &App, stream: &TcpStream, server: &Arc<Server>) -> Result {
    match converse(app, stream, server)? {
        End::Client => Ok(()),
        End::Server => linger(app, stream),
    }
}

/// Who ends a connection.
enum End {
    Client,
    Server,
}

/// Carries out what the client sends.
fn converse(app: &App, stream: &TcpStream, server: &Arc<Server>) -> Result<End> {
    stream.set_nodelay(app, true)?;
    let mut input = Input::new()?;
    let mut output = Output::new(app, stream)?;
    let mut session = Session::new(server.as_arc_borrow());
    loop {
        let Ok(room) = input.room() else {
            write!(output, "-{}\r\n", store::Error::OutOfMemory.message())?;
            break;
        };
        match stream.read(app, room)? {
            0 => return Ok(End::Client),
            count => input.received(count),
        }
        // All that arrived is carried out before the answers are sent.
        let next = session.execute_all(&mut input, &mut output)?;
        if next == Next::Close {
            break;
        }
        output.flush()?;
    }
    output.flush()?;
    Ok(End::Server)
}

/// Waits for the client to close, so that no reset overtakes the last answer. A client that goes on
/// sending is cut off.
fn linger(app: &App, stream: &TcpStream) -> Result {
    stream.shutdown(app, Shutdown::Write)?;
    let mut ignored = [0; 4096];
    for _ in 0..256 {
        if stream.read(app, &mut ignored)? == 0 {
            break;
        }
    }
    Ok(())
}
