/* SPDX-License-Identifier: GPL-2.0 */
/* Where a program starts, and what it calls, when it is linked for user space. */

	.section .note.GNU-stack, "", @progbits
	.text

	.globl _start
	.type _start, @function
_start:
	xor %ebp, %ebp
	mov %rsp, %rdi
	and $-16, %rsp
	call _start_c
	hlt
	.size _start, . - _start

/* See <signal.h>'s SA_RESTORER: what a signal handler returns to. */
	.globl __ukl_restore
	.type __ukl_restore, @function
	nop
__ukl_restore:
	mov $15, %eax
	syscall
	.size __ukl_restore, . - __ukl_restore

/*
 * long __syscall_cp_asm(volatile int *cancel, long nr, a0 ... a5): a system call unless *cancel is set. musl's signal
 * handler for cancellation sends a thread that it finds before __cp_end to __cp_cancel.
 */
	.weak __cancel
	.globl __syscall_cp_asm, __cp_begin, __cp_end, __cp_cancel
	.type __syscall_cp_asm, @function
__syscall_cp_asm:
__cp_begin:
	mov (%rdi), %eax
	test %eax, %eax
	jnz __cp_cancel
	mov %rsi, %rax
	mov %rdx, %rdi
	mov %rcx, %rsi
	mov %r8, %rdx
	mov %r9, %r10
	mov 8(%rsp), %r8
	mov 16(%rsp), %r9
	syscall
__cp_end:
	ret
__cp_cancel:
	jmp __cancel
	.size __syscall_cp_asm, . - __syscall_cp_asm

/*
 * long __ukl_clone(flags, stack, int *tid, int *clear_tid, tls, const struct ukl_linux_thread *): clone(), the new
 * thread runs what the last argument says, which the caller has copied to the new stack.
 */
	.globl __ukl_clone
	.type __ukl_clone, @function
__ukl_clone:
	mov %rcx, %r10
	mov $56, %eax
	syscall
	test %eax, %eax
	jnz 1f
	xor %ebp, %ebp
	mov 8(%r9), %rdi
	call *(%r9)
	mov %eax, %edi
	call __ukl_exit
	hlt
1:	ret
	.size __ukl_clone, . - __ukl_clone

/* void __ukl_leave(void *stack, size_t size, int status): ends the thread and unmaps the stack it is on. */
	.globl __ukl_leave
	.type __ukl_leave, @function
__ukl_leave:
	mov %edx, %ebx
	mov $11, %eax
	syscall
	mov %ebx, %edi
	mov $60, %eax
	syscall
	hlt
	.size __ukl_leave, . - __ukl_leave

/* What returns and indirect calls are in ring 0; `ukl object` makes plain ones of nearly all of them. */
	.globl __x86_return_thunk
__x86_return_thunk:
	ret

	.irp register, rax, rbx, rcx, rdx, rsi, rdi, rbp, r8, r9, r10, r11, r12, r13, r14, r15
	.globl __x86_indirect_thunk_\register
__x86_indirect_thunk_\register:
	jmp *%\register
	.endr
