// SPDX-License-Identifier: GPL-2.0

//! A small Redis server that lives in the kernel: what a UKL application looks like.
//!
//!  - `server.rs`: connections, one thread each
//!  - `buffer.rs`: what a connection received, what it is to send
//!  - `resp.rs`: requests in the bytes that were received
//!  - `command.rs`: what they do
//!  - `store.rs`: the keys and values
//!  - `memory.rs`: how much of it there may be
//!
//! A client that breaks the protocol, breaks off, or asks for too much ends its own thread and nothing
//! else. All limits are in `resp.rs`, `server.rs` and the module's parameters.

// The module's own name is that of its object file, which the crate root must not have.
#![crate_name = "kv"]

mod buffer;
mod command;
mod memory;
mod resp;
mod server;
mod store;

use core::borrow::Borrow;
use kernel::prelude::*;
use server::Server;
use ukl::Application;

module! {
    type: Kv,
    name: "kv",
    authors: ["The UKL authors"],
    description: "A small Redis server that lives in the kernel",
    license: "GPL",
    params: {
        port: u16 {
            default: 6379,
            description: "TCP port to listen on, for IPv4 and IPv6",
        },
        maxmemory: usize {
            default: 268435456,
            description: "Bytes that clients may make the kernel allocate",
        },
    },
}

/// The value of a module parameter, which is handed out by reference before Linux 7.3.
fn value<T: Copy>(value: impl Borrow<T>) -> T {
    *value.borrow()
}

struct Kv {
    /// Dropping it ends all connections.
    _app: Application,
}

impl kernel::Module for Kv {
    fn init(module: &'static ThisModule) -> Result<Self> {
        let port = value(module_parameters::port.value());
        let server = Server::new(port)?;
        let main = server.clone();
        let app = Application::start(module, c"kv", move |app| main.run(app))?;
        server
            .wait()
            .inspect_err(|error| pr_err!("cannot listen on port {port}: {error:?}\n"))?;
        pr_info!("listening on port {port}\n");
        Ok(Self { _app: app })
    }
}
