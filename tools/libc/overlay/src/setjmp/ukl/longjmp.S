/* SPDX-License-Identifier: GPL-2.0 */
#include "asm.h"

/*
 * void longjmp(jmp_buf, int value): returns from setjmp() again, with value, or 1 if that is 0. By a return, which needs
 * no endbr64 there.
 */
FUNCTION longjmp
	endbr64
	xor %eax, %eax
	cmp $1, %esi
	adc %esi, %eax
	mov (%rdi), %rbx
	mov 8(%rdi), %rbp
	mov 16(%rdi), %r12
	mov 24(%rdi), %r13
	mov 32(%rdi), %r14
	mov 40(%rdi), %r15
	mov 48(%rdi), %rsp
	push 56(%rdi)
	RET
END longjmp
ALIAS _longjmp, longjmp
STACK_FRAME_NON_STANDARD longjmp
STACK_FRAME_NON_STANDARD _longjmp
