/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The stack switches of coroutine.rs, in the shape of __switch_to_asm(): what a C function must keep
 * is pushed, the stack pointer exchanged, and what the other side pushed is popped. struct Coroutine
 * begins with three words: the stack pointer of the coroutine while it is left, that of who resumed
 * it, and the place on the latter's stack below which the coroutine may call.
 *
 * In all of them %rdi is the coroutine; interrupts and preemption are as the caller has them and not
 * touched; the stack pointer is valid and what is below it free between any two instructions; flags
 * are not kept, the direction flag is clear on both sides.
 */
#include <linux/linkage.h>
#include <linux/objtool.h>
#include <asm/nospec-branch.h>
#include <asm/unwind_hints.h>

#define INNER	0
#define OUTER	8
#define TOP	16

.macro PUSH_CALLEE_SAVED
	pushq	%rbp
	pushq	%rbx
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
.endm

.macro POP_CALLEE_SAVED
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbx
	popq	%rbp
.endm

	.text

/* void ukl_helper_coroutine_resume(void *coroutine): returns when the coroutine is left. */
SYM_FUNC_START(ukl_helper_coroutine_resume)
	PUSH_CALLEE_SAVED
	/* The stack pointer is 8 off a multiple of 16 here; a Top is one, with 16 bytes above it. */
	leaq	-24(%rsp), %rax
	movq	%rax, TOP(%rdi)
	movq	%rsp, OUTER(%rdi)
	movq	INNER(%rdi), %rsp
	POP_CALLEE_SAVED
	RET
SYM_FUNC_END(ukl_helper_coroutine_resume)

/* void ukl_helper_coroutine_suspend(void *coroutine): returns when the coroutine is resumed. */
SYM_FUNC_START(ukl_helper_coroutine_suspend)
	PUSH_CALLEE_SAVED
	movq	%rsp, INNER(%rdi)
	movq	OUTER(%rdi), %rsp
	POP_CALLEE_SAVED
	RET
SYM_FUNC_END(ukl_helper_coroutine_suspend)

/*
 * Not called: where a coroutine that is not to go on is sent instead, by changing the registers of
 * an exception or interrupt. As ukl_helper_coroutine_suspend(), but nothing is kept.
 */
SYM_FUNC_START(ukl_helper_coroutine_abandon)
	ANNOTATE_NOENDBR
	PUSH_CALLEE_SAVED
	movq	OUTER(%rdi), %rsp
	POP_CALLEE_SAVED
	RET
SYM_FUNC_END(ukl_helper_coroutine_abandon)

/* What the first ukl_helper_coroutine_resume() returns to, with the coroutine in %rbx. */
SYM_CODE_START(ukl_helper_coroutine_begin)
	UNWIND_HINT_END_OF_STACK
	ANNOTATE_NOENDBR
	movq	%rbx, %rdi
	call	ukl_helper_coroutine_main
	ud2
SYM_CODE_END(ukl_helper_coroutine_begin)
