// SPDX-License-Identifier: GPL-2.0

//! Stacks, and running a closure on one.

use crate::once::Word;
use core::{
    arch::asm,
    ffi::c_void,
    mem::{ManuallyDrop, MaybeUninit},
};
use kernel::{
    alloc::{flags::*, Flags},
    error::code::*,
    page::PAGE_SIZE,
    prelude::*,
};

/// Where on a stack the next frame goes.
///
/// # Invariants
///
/// 16-byte aligned; while the stack it came from is allocated, the 16 bytes above it are not in use
/// and what is below it down to the stack's end belongs to whoever runs there next.
#[derive(Clone, Copy)]
pub struct Top(usize);

// SAFETY: A machine word, and a plain address.
unsafe impl Word for Top {}

impl Top {
    /// The address.
    pub(crate) const fn address(self) -> usize {
        self.0
    }
}

/// Who pays for memory.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Charge {
    /// Nobody in particular.
    Kernel,
    /// The memory cgroup of the current task.
    Cgroup,
}

impl Charge {
    /// How to allocate such memory, in a context that may sleep.
    pub(crate) fn flags(self) -> Flags {
        match self {
            Self::Kernel => GFP_KERNEL,
            Self::Cgroup => GFP_KERNEL_ACCOUNT,
        }
    }
}

/// A stack in vmalloc memory.
///
/// vmalloc leaves an unmapped page after every area, so that the page below this stack is either
/// the one that guards the area before it or unmapped address space: an overflow is a double fault,
/// as on the kernel's own `VMAP_STACK`, and never a silent write. The memory is not executable, not
/// zeroed and always mapped.
pub struct Stack(VVec<u8>);

impl Stack {
    /// Allocates a stack of `size` bytes, rounded up to whole pages. May sleep.
    ///
    /// `ENOMEM` when there is no memory, without a message in the kernel log.
    pub fn new(size: usize, charge: Charge) -> Result<Self> {
        let size = size.checked_next_multiple_of(PAGE_SIZE).ok_or(ENOMEM)?;
        Ok(Self(VVec::with_capacity(
            size,
            charge.flags() | __GFP_NOWARN,
        )?))
    }

    /// Bytes of stack.
    pub fn size(&self) -> usize {
        self.0.capacity()
    }

    /// The lowest address of the stack.
    pub fn bottom(&self) -> usize {
        self.0.as_ptr() as usize
    }

    /// Whether `address` is on the stack.
    pub fn contains(&self, address: usize) -> bool {
        (self.bottom()..self.bottom() + self.size()).contains(&address)
    }

    /// The top of the empty stack.
    pub fn top(&self) -> Top {
        // INVARIANT: vmalloc memory and its size are page aligned; nobody uses an empty stack.
        Top(self.bottom() + self.size() - 16)
    }
}

/// The stack pointer, in a frame of the caller's.
#[inline(always)]
pub fn pointer() -> usize {
    let pointer;
    // SAFETY: Copies a register.
    unsafe { asm!("mov {}, rsp", out(reg) pointer, options(nomem, nostack, preserves_flags)) };
    pointer
}

/// What crosses from one stack to the other: the closures there, the result back.
struct Crossing<F, L, R> {
    f: ManuallyDrop<F>,
    last: ManuallyDrop<L>,
    result: MaybeUninit<R>,
}

/// Runs `f` and, when its result is safe, `last` on the stack at `top`, then returns to this one.
///
/// # Registers
///
/// Four instructions in the shape that objtool knows as a stack switch (`call_on_stack()` in
/// `arch/x86/include/asm/irq_stack.h`): the old stack pointer is stored at `top`, the stack pointer
/// becomes `top`, a direct call, and the old stack pointer is popped. Nothing else is moved: the
/// callee-saved registers cross in place, the call saves those that `f` uses, and the others are
/// declared clobbered to the compiler. Flags are not kept; the direction flag is clear on both
/// sides. Interrupts and preemption are as the caller has them. An interrupt between any two of the
/// four finds a valid stack pointer with free memory below it.
///
/// # Safety
///
/// `top` must belong to a stack that is mapped until this function returns, with room for what they
/// do, and on which nobody else, including the frames that called this function, uses memory below
/// `top`.
#[inline(always)]
pub unsafe fn call_on<R>(top: Top, f: impl FnOnce() -> R, last: impl FnOnce()) -> R {
    let mut crossing = Crossing {
        f: ManuallyDrop::new(f),
        last: ManuallyDrop::new(last),
        result: MaybeUninit::uninit(),
    };
    let pointer: *mut Crossing<_, _, R> = &mut crossing;

    // SAFETY: By the function's requirements `top` can be written and called on. `arrive` takes
    // exactly this argument, and takes the closures out of `crossing` once.
    unsafe { switch(top, pointer) };

    // SAFETY: `arrive` returned, so it has written the result.
    unsafe { crossing.result.assume_init() }
}

/// The assembly of [`call_on`], apart so that the closures' types can be named.
///
/// # Safety
///
/// As for [`call_on`]; `crossing` must be valid for writes and still hold its closures.
#[inline(always)]
unsafe fn switch<F, L, R>(top: Top, crossing: *mut Crossing<F, L, R>)
where
    F: FnOnce() -> R,
    L: FnOnce(),
{
    // SAFETY: The stack pointer is restored before the block ends; every register that the C calling
    // convention lets `arrive` change is declared.
    unsafe {
        asm!(
            "mov [rsi], rsp",
            "mov rsp, rsi",
            "call {arrive}",
            "pop rsp",
            arrive = sym arrive::<F, L, R>,
            inout("rdi") crossing => _,
            inout("rsi") top.0 => _,
            clobber_abi("C"),
        )
    };
}

/// What [`switch`] calls on the new stack.
///
/// # Safety
///
/// Only [`switch`] may call it.
unsafe extern "C" fn arrive<F, L, R>(crossing: *mut c_void)
where
    F: FnOnce() -> R,
    L: FnOnce(),
{
    // SAFETY: `switch` hands over the address of a live `Crossing<F, L, R>` that nobody else uses.
    let crossing = unsafe { &mut *crossing.cast::<Crossing<F, L, R>>() };
    // SAFETY: The closures are taken here, once.
    let (f, last) = unsafe {
        (
            ManuallyDrop::take(&mut crossing.f),
            ManuallyDrop::take(&mut crossing.last),
        )
    };
    crossing.result.write(f());
    // Behind the result, so that it ends in a jump where nothing has to be kept.
    last();
}
