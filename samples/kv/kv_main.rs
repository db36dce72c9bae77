// SPDX-License-Identifier: GPL-2.0

//! A small Redis server that lives in the kernel: what a UKL application looks like.
//!
//!  - `server.rs`: threads, one for each processor, each with connections of its own
//!  - `connection.rs`: what happens when one of those is ready
//!  - `feed.rs`: from received bytes to requests, most of them where the network put them
//!  - `resp.rs`: what a request looks like
//!  - `command.rs`: what requests do, and their answers
//!  - `buffer.rs`: answers, and what connections have to keep
//!  - `store.rs`: the keys and values
//!  - `memory.rs`: how much of it there may be
//!
//! A request is received in place, carried out and answered in one section of its socket's lock: the bytes
//! of a `GET` are copied once, from the table to the socket. A client that breaks the protocol, breaks off,
//! or asks for too much ends its own connection and nothing else. All limits are in `resp.rs`, `server.rs` and
//! the module's parameters.

// The module's own name is that of its object file, which the crate root must not have.
#![crate_name = "kv"]

mod buffer;
mod command;
mod connection;
mod feed;
mod memory;
mod resp;
mod server;
mod store;
mod tests;

use core::{borrow::Borrow, str::FromStr};
use kernel::prelude::*;
use server::Server;
use ukl::{
    available_parallelism,
    process::{self, Program},
    App, Application,
};

module! {
    type: Kv,
    name: "kv",
    authors: ["The UKL authors"],
    description: "A small Redis server that lives in the kernel",
    license: "GPL",
    params: {
        start: u8 {
            default: 1,
            description: "Serve on kernel threads when loaded; 0: only in processes",
        },
        port: u16 {
            default: 6379,
            description: "TCP port to listen on, for IPv4 and IPv6",
        },
        threads: usize {
            default: 0,
            description: "Threads, at most 1024; 0 for one for each processor that is online",
        },
        maxmemory: usize {
            default: 268435456,
            description: "Bytes that the clients of a server may make the kernel allocate",
        },
    },
}

/// The value of a module parameter, which is handed out by reference before Linux 7.3.
fn value<T: Copy>(value: impl Borrow<T>) -> T {
    *value.borrow()
}

struct Kv {
    /// Dropping it ends all connections.
    _app: Option<Application>,
    _program: Program,
}

/// Most threads of a server.
const MAX_THREADS: usize = 1024;

/// How many threads `asked` means: 0 is one for each processor. `EINVAL` if they are too many.
fn threads(asked: usize) -> Result<usize> {
    match asked {
        0 => Ok(available_parallelism().get().min(MAX_THREADS)),
        1..=MAX_THREADS => Ok(asked),
        _ => {
            pr_err!("`threads={asked}` is too many: there may be {MAX_THREADS}\n");
            Err(EINVAL)
        }
    }
}

/// The number in the argument `NAME=VALUE` of a process, `otherwise` if there is none.
fn argument<T: FromStr>(app: &App, name: &str, otherwise: T) -> Result<T> {
    match process::option(app, name) {
        Some(value) => value.parse().map_err(|_| EINVAL),
        None => Ok(otherwise),
    }
}

/// What a process runs.
fn main(app: &App) -> Result {
    let port = argument(app, "port", value(module_parameters::port.value()))?;
    let asked = argument(app, "threads", value(module_parameters::threads.value()))?;
    Server::new(port, threads(asked)?)?.run(app)
}

impl kernel::Module for Kv {
    fn init(module: &'static ThisModule) -> Result<Self> {
        // SAFETY: What a server opens is in the `Worker` of one of its threads, or on its way there.
        let program = unsafe { Program::register(module, c"kv", main) }?;
        let app = match value(module_parameters::start.value()) {
            0 => None,
            _ => Some(start(module)?),
        };
        Ok(Self {
            _app: app,
            _program: program,
        })
    }
}

/// Serves on kernel threads.
fn start(module: &'static ThisModule) -> Result<Application> {
    let port = value(module_parameters::port.value());
    let server = Server::new(port, threads(value(module_parameters::threads.value()))?)?;
    let main = server.clone();
    // SAFETY: As in `init`; `Server`, which is shared with this thread, has nothing that is open.
    let app = unsafe { Application::start(module, c"kv", move |app| main.run(app)) }?;
    server
        .wait()
        .inspect_err(|error| pr_err!("cannot serve on port {port}: {error:?}\n"))?;
    pr_info!("listening on port {port}\n");
    Ok(app)
}
