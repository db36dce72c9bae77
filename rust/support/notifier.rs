// SPDX-License-Identifier: GPL-2.0

//! Being told of what happens in the kernel.
//!
//! C header: [`include/linux/notifier.h`](srctree/include/linux/notifier.h)

use crate::bindings;
use core::marker::PhantomData;
use kernel::{
    error::to_result,
    ffi::{c_int, c_ulong, c_void},
    prelude::*,
    types::Opaque,
};

/// A chain of notifiers, and what to do when it is called.
///
/// # Safety
///
/// `REGISTER` and `UNREGISTER` are those of one chain, which locks itself.
pub(crate) unsafe trait Chain {
    /// Enters a block in the chain.
    const REGISTER: unsafe extern "C" fn(*mut bindings::notifier_block) -> c_int;
    /// Takes it out, and waits until nobody calls it.
    const UNREGISTER: unsafe extern "C" fn(*mut bindings::notifier_block) -> c_int;

    /// The chain is called. Returns `NOTIFY_*`.
    ///
    /// # Safety
    ///
    /// Only for the chain, whose `event` and `data` they are.
    unsafe fn call(event: c_ulong, data: *mut c_void) -> c_int;
}

/// An entry in the chain `C`, until dropped.
#[pin_data(PinnedDrop)]
pub(crate) struct Notifier<C: Chain> {
    #[pin]
    block: Opaque<bindings::notifier_block>,
    _chain: PhantomData<fn(C)>,
}

// SAFETY: The chain locks itself.
unsafe impl<C: Chain> Send for Notifier<C> {}
// SAFETY: A shared entry has no methods.
unsafe impl<C: Chain> Sync for Notifier<C> {}

impl<C: Chain> Notifier<C> {
    /// Enters it. May sleep.
    pub(crate) fn new() -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            block <- Opaque::try_ffi_init(|block: *mut bindings::notifier_block| {
                // SAFETY: `block` is memory for a `notifier_block`, pinned until `drop` takes it out.
                unsafe {
                    block.write(bindings::notifier_block {
                        notifier_call: Some(Self::call),
                        ..Default::default()
                    });
                    to_result(C::REGISTER(block))
                }
            }),
            _chain: PhantomData,
        })
    }

    /// # Safety
    ///
    /// Only for the chain.
    unsafe extern "C" fn call(
        _block: *mut bindings::notifier_block,
        event: c_ulong,
        data: *mut c_void,
    ) -> c_int {
        // SAFETY: By the function's requirements.
        unsafe { C::call(event, data) }
    }
}

#[pinned_drop]
impl<C: Chain> PinnedDrop for Notifier<C> {
    fn drop(self: Pin<&mut Self>) {
        // SAFETY: `new` entered the block. An error would mean that it is not there.
        let _ = unsafe { C::UNREGISTER(self.block.get()) };
    }
}
