/* SPDX-License-Identifier: GPL-2.0 */
#include "asm.h"

/* int setjmp(jmp_buf): keeps %rbx, %rbp, %r12 to %r15, the stack as its caller sees it, and where to return. */
FUNCTION setjmp
	endbr64
	mov %rbx, (%rdi)
	mov %rbp, 8(%rdi)
	mov %r12, 16(%rdi)
	mov %r13, 24(%rdi)
	mov %r14, 32(%rdi)
	mov %r15, 40(%rdi)
	lea 8(%rsp), %rdx
	mov %rdx, 48(%rdi)
	mov (%rsp), %rdx
	mov %rdx, 56(%rdi)
	xor %eax, %eax
	RET
END setjmp
ALIAS __setjmp, setjmp
ALIAS _setjmp, setjmp
