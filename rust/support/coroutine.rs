// SPDX-License-Identifier: GPL-2.0

//! Coroutines: code with a stack of its own that can be left in the middle and gone on with.

use crate::{
    bindings,
    once::Once,
    stack::{Stack, Top},
};
use core::{ffi::c_void, mem::offset_of, ptr};

/// A coroutine on a stack that somebody else owns.
///
/// One context at a time is in it: it is resumed, runs, and is left by [`Coroutine::suspend`] or for
/// good. The words are written by that context, those that `helpers/coroutine.S` knows by assembly.
#[repr(C)]
pub struct Coroutine {
    /// The stack pointer while it is left.
    inner: Once<usize>,
    /// The stack pointer of who resumed it, while it runs.
    outer: Once<usize>,
    /// Where on that stack the next frame goes.
    top: Once<Top>,
    main: Once<usize>,
    arg: Once<usize>,
}

const _: () = {
    assert!(offset_of!(Coroutine, inner) == 0);
    assert!(offset_of!(Coroutine, outer) == 8);
    assert!(offset_of!(Coroutine, top) == 16);
};

/// What a coroutine runs. It must not return.
pub type Main = unsafe extern "C" fn(*const c_void);

impl Coroutine {
    /// A coroutine for which [`Coroutine::prepare`] has not been called.
    pub fn new(stack: &Stack) -> Self {
        Self {
            inner: Once::new(0),
            outer: Once::new(0),
            top: Once::new(stack.top()),
            main: Once::new(0),
            arg: Once::new(0),
        }
    }

    /// Makes it run `main` with `arg` on `stack` when it is first resumed.
    ///
    /// # Safety
    ///
    /// Nobody uses `stack`, and nobody but the coroutine will. `self` must not move from now on.
    pub unsafe fn prepare(&self, stack: &Stack, main: Main, arg: *const c_void) {
        self.main.store(main as usize);
        self.arg.store(arg as usize);
        // What `ukl_helper_coroutine_resume` pops: r15, r14, r13, r12, rbx, rbp, where to go on.
        let frame = [
            0,
            0,
            0,
            0,
            ptr::from_ref(self) as usize,
            0,
            bindings::ukl_helper_coroutine_begin as *const () as usize,
        ];
        // 16-byte aligned before the `call` in `ukl_helper_coroutine_begin`.
        let at = stack.top().address() - size_of_val(&frame);
        // SAFETY: The stack is mapped and larger than this, and by the function's requirements free.
        unsafe { (at as *mut [usize; 7]).write(frame) };
        self.inner.store(at);
    }

    /// Goes on with it, until it is left.
    ///
    /// # Safety
    ///
    /// It was prepared, nobody is in it, and it was not left for good. Its stack is mapped.
    pub unsafe fn resume(&self) {
        // SAFETY: By the function's requirements `inner` is where it was left or begins.
        unsafe { bindings::ukl_helper_coroutine_resume(ptr::from_ref(self).cast_mut().cast()) };
    }

    /// Leaves it: [`Coroutine::resume`] returns. Returns when it is resumed.
    ///
    /// # Safety
    ///
    /// The caller is in it.
    pub unsafe fn suspend(&self) {
        // SAFETY: By the function's requirements `outer` is the context that waits in `resume`.
        unsafe { bindings::ukl_helper_coroutine_suspend(ptr::from_ref(self).cast_mut().cast()) };
    }

    /// Where on the stack of who resumed it the next frame goes, while it runs.
    #[inline(always)]
    pub fn top(&self) -> Top {
        self.top.load()
    }
}

/// What [`Coroutine::prepare`] was given.
///
/// # Safety
///
/// Only for `helpers/coroutine.S`, on a coroutine that was prepared and is resumed for the first time.
#[no_mangle]
unsafe extern "C" fn ukl_helper_coroutine_main(coroutine: *mut c_void) {
    // SAFETY: By the function's requirements.
    let coroutine = unsafe { &*coroutine.cast::<Coroutine>() };
    // SAFETY: `prepare` stored the address of a `Main`.
    let main: Main = unsafe { core::mem::transmute::<usize, Main>(coroutine.main.load()) };
    // SAFETY: `prepare` was told to call it with this.
    unsafe { main(coroutine.arg.load() as *const c_void) }
}
