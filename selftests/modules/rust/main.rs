// SPDX-License-Identifier: GPL-2.0

//! Tests of the Rust face: `insmod ukl_test_rust.ko case=N` runs a case and fails if that does.
//!
//! What the calls do is tested through the C face. Here each method is called once, to see that it makes the
//! call it says, with what it was given. `tests/rust.sh` knows the numbers of the cases.

#![crate_name = "ukl_test_rust_main"]

mod fd;
mod fs;
mod inplace;
mod poll;
mod process;
mod sync;
mod tcp;
mod udp;
mod unix;

use core::{borrow::Borrow, net::Ipv4Addr};
use kernel::{
    error::to_result,
    prelude::*,
    sync::{
        atomic::{Atomic, Relaxed},
        Arc,
        Completion, //
    },
};
use ukl::{
    net::{SocketAddr, TcpListener, TcpStream},
    App, Application,
};

module! {
    type: Test,
    name: "ukl_test_rust",
    authors: ["The UKL authors"],
    description: "Tests of the Rust face of ukl",
    license: "GPL",
    params: {
        case: usize {
            default: 0,
            description: "Which case to run",
        },
    },
}

/// Fails the case, and says where, unless `$condition` holds.
macro_rules! ensure {
    ($condition:expr) => {
        if !$condition {
            pr_info!(
                "{}:{}: not so: {}\n",
                file!(),
                line!(),
                stringify!($condition)
            );
            return Err(EIO);
        }
    };
}

/// Fails the case, and says where, unless `$is` equals `$should`.
macro_rules! equal {
    ($is:expr, $should:expr $(,)?) => {
        match ($is, $should) {
            (is, should) => {
                if is != should {
                    pr_info!(
                        "{}:{}: {:?} instead of {:?}\n",
                        file!(),
                        line!(),
                        is,
                        should
                    );
                    return Err(EIO);
                }
            }
        }
    };
}
pub(crate) use {ensure, equal};

/// A case, which runs on the first thread of an application.
type Case = fn(&App) -> Result;

/// Those that need what the process has that loads the module are in `fd.rs`.
const CASES: [Case; 13] = [
    tcp::connections,
    tcp::sending_and_receiving,
    tcp::options,
    inplace::reading,
    inplace::exchange,
    inplace::pages,
    udp::datagrams,
    unix::streams,
    poll::sockets,
    poll::waking,
    poll::files,
    fs::files,
    sync::time_and_words,
];

/// The number of the case that its thread does not survive, which `contain.sh` runs.
const FATAL: usize = 100;

/// Some port of this machine.
fn localhost() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 0).into()
}

/// Two ends of a connection.
fn pair(app: &App) -> Result<(TcpStream, TcpStream)> {
    let listener = TcpListener::bind(app, localhost())?;
    let one = TcpStream::connect(app, listener.local_addr(app)?)?;
    let (other, peer) = listener.accept(app)?;
    equal!(peer, one.local_addr(app)?);
    Ok((one, other))
}

/// How a case ended.
#[pin_data]
struct Outcome {
    #[pin]
    done: Completion,
    errno: Atomic<i32>,
}

impl Outcome {
    fn new() -> Result<Arc<Self>> {
        Arc::pin_init(
            pin_init!(Self {
                done <- Completion::new(),
                errno: Atomic::new(0),
            }),
            GFP_KERNEL,
        )
    }

    /// Runs `case`, on its thread.
    fn run(&self, case: impl FnOnce() -> Result) -> Result {
        let result = case();
        if let Err(error) = result {
            self.errno.store(error.to_errno(), Relaxed);
        }
        self.done.complete_all();
        result
    }

    /// Waits for it, on another one.
    fn wait(&self) -> Result {
        self.done.wait_for_completion();
        to_result(self.errno.load(Relaxed))
    }
}

struct Test;

impl kernel::Module for Test {
    fn init(module: &'static ThisModule) -> Result<Self> {
        // It is handed out by reference before Linux 7.3.
        let number: usize = *module_parameters::case.value().borrow();
        let case = match (CASES.get(number), number) {
            (Some(case), _) => *case,
            (None, FATAL) => process::abort_in_a_call,
            (None, _) => return fd::descriptors(module).map(|()| Self),
        };
        let outcome = Outcome::new()?;
        let on_thread = outcome.clone();
        let main = move |app: &App| on_thread.run(|| case(app));
        // SAFETY: What a case opens does not leave the threads of its application.
        let _app = unsafe { Application::start(module, c"ukl_test_rust", main) }?;
        outcome.wait().map(|()| Self)
    }
}
