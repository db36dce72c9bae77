/* SPDX-License-Identifier: GPL-2.0 */
#include "asm.h"

/*
 * int sigsetjmp(sigjmp_buf, int save): with save, both setjmp() and siglongjmp() come back here first, and
 * __sigsetjmp_tail() keeps or restores the signal mask. 64(buf) is the return address, 80(buf) the caller's %rbx.
 */
FUNCTION sigsetjmp
	endbr64
	test %esi, %esi
	jz setjmp

	pop 64(%rdi)
	mov %rbx, 72+8(%rdi)
	mov %rdi, %rbx
	call setjmp
	push 64(%rbx)
	mov %rbx, %rdi
	mov %eax, %esi
	mov 72+8(%rbx), %rbx
	jmp __sigsetjmp_tail
END sigsetjmp
ALIAS __sigsetjmp, sigsetjmp
STACK_FRAME_NON_STANDARD sigsetjmp
STACK_FRAME_NON_STANDARD __sigsetjmp
