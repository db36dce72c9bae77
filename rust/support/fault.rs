// SPDX-License-Identifier: GPL-2.0

//! Exceptions in kernel mode before they become fatal, and code that an interrupt interrupted: where
//! it was, and sending it elsewhere.
//!
//! C header: [`include/linux/kdebug.h`](srctree/include/linux/kdebug.h)

use crate::{
    bindings,
    coroutine::Coroutine,
    module::Owner,
    notifier::{Chain, Notifier},
    stack::Stack,
};
use core::{marker::PhantomData, ptr};
use kernel::{
    ffi::{c_int, c_ulong, c_void},
    prelude::*,
};

/// Code of the current task that was interrupted by an exception or an interrupt. Nothing that the
/// kernel could tell was held: see `may_be_left()` in `helpers/fault.c`.
pub struct Interrupted<'a>(&'a mut bindings::ukl_fault);

impl Interrupted<'_> {
    /// The signal that a process would get for it.
    pub fn signal(&self) -> u32 {
        self.0.signal as u32
    }

    /// The address of the instruction.
    pub fn ip(&self) -> usize {
        self.0.ip
    }

    /// The address in the code that is to blame: that of the instruction or, if there is none, of where it
    /// was called from. `stack` is what the code used.
    pub fn culprit(&self, stack: &Stack) -> usize {
        let sp = self.0.sp;
        if self.0.ip != self.0.address || sp % 8 != 0 || !stack.contains(sp) {
            return self.0.ip;
        }
        // SAFETY: An aligned word of a stack, at the top of which a call has pushed where it was made.
        unsafe { (sp as *const usize).read_volatile() }
    }

    /// The address that a page fault is about, 0 for anything else.
    pub fn address(&self) -> usize {
        self.0.address
    }

    /// Whether the code used `stack`.
    pub fn is_on(&self, stack: &Stack) -> bool {
        stack.contains(self.0.sp)
    }

    /// The place in the code.
    pub fn place(&self) -> Place {
        Place(self.0.ip)
    }

    /// Makes the code leave `coroutine` for good, as soon as the exception or interrupt is done.
    ///
    /// # Safety
    ///
    /// The code is in `coroutine`, which runs on `stack`. What its frames hold is never given back.
    pub unsafe fn leave(&mut self, coroutine: &Coroutine, stack: &Stack) {
        // SAFETY: By the function's requirements; it gets what it expects.
        unsafe {
            bindings::ukl_helper_divert(
                self.0,
                bindings::ukl_helper_coroutine_abandon as *const () as usize,
                stack.top().address() - 8,
                ptr::from_ref(coroutine) as usize,
            )
        };
    }
}

/// A place in code.
#[derive(Clone, Copy)]
pub struct Place(usize);

impl Place {
    /// Whether it is in the module `owner`, which must be loaded.
    pub fn is_in(self, owner: Owner) -> bool {
        // SAFETY: `owner` says that it is a module's address, or NULL, and the caller that it is loaded.
        unsafe { bindings::ukl_helper_module_has_code(owner.as_ptr(), self.0) }
    }
}

/// What to do about an exception.
pub trait OnFault {
    /// Whether the exception was dealt with, so that the interrupted code may go on. In the context of
    /// the exception: interrupts are disabled, may not sleep.
    fn fault(interrupted: &mut Interrupted<'_>) -> bool;
}

/// Shows exceptions in kernel mode to `T` before they become fatal, until dropped.
#[pin_data]
pub struct FaultHook<T: OnFault> {
    #[pin]
    notifier: Notifier<DieChain<T>>,
}

struct DieChain<T>(PhantomData<T>);

// SAFETY: The die chain, which is atomic.
unsafe impl<T: OnFault> Chain for DieChain<T> {
    const REGISTER: unsafe extern "C" fn(*mut bindings::notifier_block) -> c_int =
        bindings::register_die_notifier;
    const UNREGISTER: unsafe extern "C" fn(*mut bindings::notifier_block) -> c_int =
        bindings::unregister_die_notifier;

    unsafe fn call(event: c_ulong, data: *mut c_void) -> c_int {
        let mut fault = bindings::ukl_fault::default();
        // SAFETY: By the function's requirements `data` is a `struct die_args`.
        if unsafe { bindings::ukl_helper_fault(event, data, &mut fault) }
            && T::fault(&mut Interrupted(&mut fault))
        {
            return bindings::UKL_NOTIFY_STOP as c_int;
        }
        bindings::NOTIFY_DONE as c_int
    }
}

impl<T: OnFault> FaultHook<T> {
    /// Registers the hook. May sleep.
    pub fn new() -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            notifier <- Notifier::new(),
        })
    }
}

/// What to do about code that is interrupted.
pub trait OnInterrupt {
    /// Called on each CPU, in an interrupt, if that interrupted kernel code that may be left.
    fn interrupted(interrupted: &mut Interrupted<'_>);
}

/// Interrupts all CPUs and shows `T` what that interrupted. Takes two milliseconds; sleeps. One at a time
/// may do so.
pub fn interrupt_all<T: OnInterrupt>() {
    /// # Safety
    ///
    /// Only for `ukl_helper_interrupt_all()`.
    unsafe extern "C" fn call<T: OnInterrupt>(fault: *mut bindings::ukl_fault) {
        // SAFETY: The caller's own variable.
        T::interrupted(&mut Interrupted(unsafe { &mut *fault }));
    }
    // SAFETY: Task context with interrupts enabled.
    unsafe { bindings::ukl_helper_interrupt_all(Some(call::<T>)) };
}

/// The name of the function that an address is in, with the offset and its size, for people.
pub struct Symbol([u8; bindings::UKL_SYMBOL_LEN as usize]);

impl Symbol {
    /// Looks `address` up. The address itself if there is no name for it.
    pub fn of(address: usize) -> Self {
        let mut name = [0; bindings::UKL_SYMBOL_LEN as usize];
        // SAFETY: There is room for the longest name and its NUL.
        unsafe { bindings::ukl_helper_symbol(address, name.as_mut_ptr().cast()) };
        Self(name)
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        CStr::from_bytes_until_nul(&self.0)
            .ok()
            .and_then(|name| name.to_str().ok())
            .unwrap_or("?")
    }
}
