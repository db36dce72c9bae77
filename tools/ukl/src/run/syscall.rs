// SPDX-License-Identifier: GPL-2.0

//! System calls for the application.
//!
//! A signal that is caught just before the `syscall` instruction must not be left waiting until the
//! call returns, which may be never. So whether one was caught is looked at right before, and a
//! catcher that interrupts a thread between that look and the instruction takes it to the end (as
//! musl's `__syscall_cp_asm` does). The kernel is told that the call was not begun, and asks again when
//! the signal was handed over.

use std::arch::global_asm;

use libc::ucontext_t;

use super::stopping;
use crate::{abi, device::RunArea};

/// The kernel's errno for a call that was not begun because of a signal.
pub const ERESTARTNOINTR: i64 = 513;

// In: rdi the flags of the run area, rsi the stop word, rdx the number, rcx six arguments. Out:
// rax. Moves no stack and calls nothing, so that a catcher can take it from any place to
// `cancelled`.
global_asm!(
    ".pushsection .text.ukl_syscall, \"ax\", @progbits",
    ".globl ukl_syscall, ukl_syscall_look, ukl_syscall_done, ukl_syscall_cancelled",
    ".hidden ukl_syscall, ukl_syscall_look, ukl_syscall_done, ukl_syscall_cancelled",
    ".type ukl_syscall, @function",
    "ukl_syscall:",
    ".cfi_startproc",
    "mov rax, rdx",
    "mov r11, rdi",
    "mov r9, rcx",
    "mov rcx, rsi",
    "mov rdi, [r9]",
    "mov rsi, [r9 + 8]",
    "mov rdx, [r9 + 16]",
    "mov r10, [r9 + 24]",
    "mov r8, [r9 + 32]",
    "mov r9, [r9 + 40]",
    "ukl_syscall_look:",
    "test dword ptr [r11], {signal}",
    "jnz 2f",
    "cmp dword ptr [rcx], 0",
    "jne 2f",
    "syscall",
    "ukl_syscall_done:",
    "ret",
    "ukl_syscall_cancelled:",
    "2:",
    "mov rax, -{again}",
    "ret",
    ".cfi_endproc",
    ".size ukl_syscall, . - ukl_syscall",
    ".popsection",
    signal = const abi::UKL_RUN_SIGNAL,
    again = const ERESTARTNOINTR,
);

extern "C" {
    fn ukl_syscall(flags: *const u32, stop: *const u32, nr: u64, args: *const [u64; 6]) -> i64;
    static ukl_syscall_look: u8;
    static ukl_syscall_done: u8;
    static ukl_syscall_cancelled: u8;
}

/// What would take this process, its threads, signals, heap or thread-local storage away from under
/// this command, or make another process of it that has no application. The application has calls of
/// its own for what of this it may want. `execve()` is not in here: it is the end of both.
const REFUSED: [i64; 15] = [
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    libc::SYS_clone,
    libc::SYS_clone3,
    libc::SYS_fork,
    libc::SYS_vfork,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_brk,
    libc::SYS_restart_syscall,
    libc::SYS_arch_prctl,
    libc::SYS_set_tid_address,
    libc::SYS_set_robust_list,
    libc::SYS_rseq,
];

/// Makes a system call for the application of `area`. Returns what it returned, as the kernel says
/// it: [`ERESTARTNOINTR`] if a signal was caught, or the application asked to stop, before it; `-ENOSYS`
/// for what this command cannot do for anybody.
pub fn make(area: &mut RunArea<'_>, nr: u64, args: &[u64; 6]) -> i64 {
    // The kernel looks at 32 bits of it.
    if REFUSED.contains(&i64::from(nr as i32)) {
        return -i64::from(libc::ENOSYS);
    }
    // SAFETY: both words stay where they are. The call is what the application wants of its
    // process, and the application is part of the kernel: there is nothing it could not do without
    // us.
    unsafe {
        ukl_syscall(
            &raw const (*area.as_ptr()).flags,
            stopping::word(),
            nr,
            args,
        )
    }
}

/// For a catcher that has just made [`make`] not want to begin: takes a thread that is about to
/// make the call past it. Async-signal-safe.
pub fn cancel(context: &mut ucontext_t) {
    let ip = &mut context.uc_mcontext.gregs[libc::REG_RIP as usize];
    // The addresses of instructions.
    let look = (&raw const ukl_syscall_look).addr();
    let done = (&raw const ukl_syscall_done).addr();
    if (look..done).contains(&(*ip as usize)) {
        *ip = (&raw const ukl_syscall_cancelled).addr() as i64;
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::device::tests::{null, INFO};

    /// Whether a thread that is at `ip` is about to make a call.
    pub fn is_about_to_call(ip: usize) -> bool {
        let look = (&raw const ukl_syscall_look).addr();
        let done = (&raw const ukl_syscall_done).addr();
        (look..done).contains(&ip)
    }

    #[test]
    fn calls_are_made_as_the_kernel_says() {
        let device = null();
        let mut area = device.map(0, &INFO).unwrap();
        let mut call = |nr: i64, args| make(&mut area, nr as u64, &args);
        // SAFETY: it has no arguments.
        let tid = unsafe { libc::gettid() };
        assert_eq!(call(libc::SYS_gettid, [0; 6]), i64::from(tid));
        assert_eq!(
            call(libc::SYS_close, [u64::MAX, 0, 0, 0, 0, 0]),
            -i64::from(libc::EBADF)
        );
        for nr in REFUSED
            .into_iter()
            .chain([1 << 20, (1 << 32) | libc::SYS_exit_group])
        {
            assert_eq!(call(nr, [0; 6]), -i64::from(libc::ENOSYS), "{nr}");
        }

        // All six arguments arrive: an anonymous page, at an offset that only a file may have.
        let flags = (libc::MAP_ANONYMOUS | libc::MAP_PRIVATE) as u64;
        let page = call(libc::SYS_mmap, [0, 4096, 3, flags, u64::MAX, 0]);
        assert!(page > 0, "{page}");
        assert_eq!(call(libc::SYS_munmap, [page as u64, 4096, 0, 0, 0, 0]), 0);
        let odd = call(libc::SYS_mmap, [0, 4096, 3, flags, u64::MAX, 1]);
        assert_eq!(odd, -i64::from(libc::EINVAL));
    }

    #[test]
    fn a_call_is_not_begun_with_a_signal_to_hand_over() {
        let device = null();
        let mut area = device.map(0, &INFO).unwrap();
        // SAFETY: the area is mapped.
        unsafe { (*area.as_ptr()).flags = abi::UKL_RUN_SIGNAL };
        // It would never return.
        assert_eq!(
            make(&mut area, libc::SYS_pause as u64, &[0; 6]),
            -ERESTARTNOINTR
        );
    }
}
