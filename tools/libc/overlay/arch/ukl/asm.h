/* SPDX-License-Identifier: GPL-2.0 */
/* What objtool wants of assembly. */
.macro FUNCTION name
	.p2align 4
	.globl \name
	.type \name, @function
\name:
.endm

.macro END name
	.size \name, . - \name
.endm

.macro ALIAS name, of
	.globl \name
	.type \name, @function
	.set \name, \of
.endm

.macro RET
	jmp __x86_return_thunk
.endm

/* The function changes the stack in a way that objtool cannot follow. */
.macro STACK_FRAME_NON_STANDARD name
	.pushsection .discard.func_stack_frame_non_standard
	.long \name - .
	.popsection
.endm

	.section .note.GNU-stack, "", @progbits
	.text
