/* SPDX-License-Identifier: GPL-2.0 */
#include "asm.h"

/*
 * void longjmp(jmp_buf, int value): returns from setjmp() again, with value, or 1 if that is 0. By an indirect jump, for
 * which the compiler has put an endbr64 there. It is not part of the function, which for objtool would otherwise be one
 * that returns.
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
	mov 56(%rdi), %rdx
	jmp .Lback
END longjmp

.Lback:
	UNWIND_HINT_UNDEFINED
	cs jmp __x86_indirect_thunk_rdx
	int3

ALIAS _longjmp, longjmp
STACK_FRAME_NON_STANDARD longjmp
STACK_FRAME_NON_STANDARD _longjmp
