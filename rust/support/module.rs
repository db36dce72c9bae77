// SPDX-License-Identifier: GPL-2.0

//! Knowing when another module unloads.
//!
//! C header: [`include/linux/module.h`](srctree/include/linux/module.h)

use crate::{
    bindings,
    notifier::{Chain, Notifier},
};
use core::marker::PhantomData;
use kernel::{
    ffi::{c_int, c_ulong, c_void},
    prelude::*,
};

/// A module by its address, to compare.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Owner(usize);

impl Owner {
    /// The module at `module`. NULL is code that is not in a module and never unloads.
    pub fn new(module: *const bindings::module) -> Self {
        Self(module as usize)
    }

    pub(crate) fn as_ptr(self) -> *mut bindings::module {
        self.0 as *mut _
    }

    /// Keeps the module from being unloaded until the value is dropped. `None` if it is not ready:
    /// before its init function has returned, and once it unloads.
    ///
    /// # Safety
    ///
    /// The module is there, or NULL.
    pub unsafe fn get(self) -> Option<ModuleRef> {
        // SAFETY: By the function's requirements.
        unsafe { bindings::ukl_helper_module_get_live(self.as_ptr()) }.then_some(ModuleRef(self))
    }

    /// The module's name.
    ///
    /// # Safety
    ///
    /// The module is there, or NULL, as long as the name is used.
    pub unsafe fn name<'a>(self) -> &'a CStr {
        if self.0 == 0 {
            return c"-";
        }
        // SAFETY: By the function's requirements; a module's name ends with a NUL.
        unsafe { CStr::from_char_ptr((&raw const (*self.as_ptr()).name).cast()) }
    }
}

/// Keeps a module loaded.
pub struct ModuleRef(Owner);

impl Drop for ModuleRef {
    fn drop(&mut self) {
        // SAFETY: `Owner::get` has taken the reference.
        unsafe { bindings::ukl_helper_module_put_other(self.0.as_ptr()) };
    }
}

/// What to do when a module unloads.
pub trait OnUnload {
    /// `owner`'s exit function, or its init function that failed, has returned; its memory is freed
    /// once this returns. May sleep.
    fn unloaded(owner: Owner);
}

/// Calls `T` for each module that unloads, until dropped.
#[pin_data]
pub struct UnloadHook<T: OnUnload> {
    #[pin]
    notifier: Notifier<ModuleChain<T>>,
}

struct ModuleChain<T>(PhantomData<T>);

// SAFETY: The chain of modules, which has a lock.
unsafe impl<T: OnUnload> Chain for ModuleChain<T> {
    const REGISTER: unsafe extern "C" fn(*mut bindings::notifier_block) -> c_int =
        bindings::register_module_notifier;
    const UNREGISTER: unsafe extern "C" fn(*mut bindings::notifier_block) -> c_int =
        bindings::unregister_module_notifier;

    unsafe fn call(event: c_ulong, module: *mut c_void) -> c_int {
        if event == bindings::module_state_MODULE_STATE_GOING as c_ulong {
            T::unloaded(Owner::new(module.cast_const().cast()));
        }
        bindings::NOTIFY_DONE as c_int
    }
}

impl<T: OnUnload> UnloadHook<T> {
    /// Registers the hook. May sleep.
    pub fn new() -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            notifier <- Notifier::new(),
        })
    }
}
