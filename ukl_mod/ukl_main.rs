// SPDX-License-Identifier: GPL-2.0

//! `ukl.ko`: UKL's transitions, bypass and shortcuts for applications that live in the kernel.
//!
//! `abi` → `call` → `transition` → `mode` → `thread`: each file uses those behind it.

#![crate_name = "ukl_mod"]

mod abi;
mod app;
mod attachment;
mod budget;
mod call;
mod carrier;
mod device;
mod fault;
mod handle;
mod mode;
mod process;
mod program;
mod resource;
mod seat;
mod stats;
mod thread;
mod transition;
mod watch;

use crate::{device::Device, fault::Containment, stats::Stats};
use kernel::{
    debugfs::Dir,
    miscdevice::{MiscDeviceOptions, MiscDeviceRegistration},
    prelude::*,
};
use ukl_bindings as bindings;
use ukl_support::{
    fault::FaultHook,
    module::{OnUnload, Owner, UnloadHook},
    periodic::{Periodic, Tick},
    task_local::Notifiers,
};

module! {
    type: Ukl,
    name: "ukl",
    authors: ["The ukl authors"],
    description: "Unikernel Linux as a loadable module",
    license: "GPL v2",
    params: {
        watchdog_ms: u32 {
            default: 1000,
            description: "Report a thread that runs this long without a transition, in ms of CPU time (0: never)",
        },
    },
}

/// The module. Its fields are undone in their order when it unloads.
#[pin_data]
struct Ukl {
    #[pin]
    _device: MiscDeviceRegistration<Device>,
    #[pin]
    stats: Stats,
    #[pin]
    _watchdog: Periodic<Watchdog>,
    #[pin]
    _unload: UnloadHook<Unloaded>,
    #[pin]
    _faults: FaultHook<Containment>,
    // Held while the module is loaded, so that starting and ending threads patches no kernel code.
    _notifiers: Notifiers,
}

impl kernel::InPlaceModule for Ukl {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        pin_init::pin_init_scope(|| {
            app::init();
            program::init();
            let dir = Dir::new(c"ukl");
            Ok(try_pin_init!(Self {
                stats <- Stats::new(&dir),
                _faults <- FaultHook::new(),
                _watchdog <- Periodic::new(watch::PERIOD),
                _unload <- UnloadHook::new(),
                _notifiers: Notifiers::new(),
                // Last, when all that it needs is there.
                _device <- MiscDeviceRegistration::register(MiscDeviceOptions { name: c"ukl" }),
            }))
        })
    }
}

/// What happens when some module unloads.
struct Unloaded;

impl OnUnload for Unloaded {
    fn unloaded(owner: Owner) {
        call::app::stop_all_of(owner);
        call::program::unregister_all_of(owner);
    }
}

/// What happens five times a second.
struct Watchdog;

impl Tick for Watchdog {
    fn tick() {
        app::App::for_each(app::App::watch);
        fault::end_runaways();
    }
}
