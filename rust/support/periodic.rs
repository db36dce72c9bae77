// SPDX-License-Identifier: GPL-2.0

//! Work that is done again and again until it is cancelled.
//!
//! The kernel crate has delayed work, but nothing that cancels it and waits, as a module must before
//! it unloads.
//!
//! C header: [`include/linux/workqueue.h`](srctree/include/linux/workqueue.h)

use crate::bindings;
use core::marker::PhantomData;
use kernel::{prelude::*, time::Delta, types::Opaque};

/// What is done. May sleep.
pub trait Tick {
    /// Once a period.
    fn tick();
}

/// Calls `T` once a period until dropped.
#[pin_data(PinnedDrop)]
pub struct Periodic<T: Tick> {
    #[pin]
    work: Opaque<bindings::ukl_periodic>,
    _tick: PhantomData<fn(T)>,
}

// SAFETY: The kernel locks its work items.
unsafe impl<T: Tick> Send for Periodic<T> {}
// SAFETY: A shared value has no methods.
unsafe impl<T: Tick> Sync for Periodic<T> {}

impl<T: Tick> Periodic<T> {
    /// Starts it; the first call is one `period` away.
    pub fn new(period: Delta) -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            work <- Opaque::ffi_init(move |work| {
                // SAFETY: `work` is pinned memory, until `drop` cancels.
                unsafe {
                    bindings::ukl_helper_periodic_start(
                        work,
                        Some(Self::call),
                        period.as_millis() as u32,
                    )
                }
            }),
            _tick: PhantomData,
        })
    }

    /// # Safety
    ///
    /// None; it is unsafe for C's sake.
    unsafe extern "C" fn call() {
        T::tick();
    }
}

#[pinned_drop]
impl<T: Tick> PinnedDrop for Periodic<T> {
    fn drop(self: Pin<&mut Self>) {
        // SAFETY: `new` started it. Waits for a call that is under way.
        unsafe { bindings::ukl_helper_periodic_stop(self.work.get()) };
    }
}
