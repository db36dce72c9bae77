// SPDX-License-Identifier: GPL-2.0
/* What makes a module of a program that ukl-cc has linked; ukl-module compiles it with the program's name and licence. */
#include <linux/errno.h>
#include <ukl/linux.h>
#include <ukl/process.h>

/* musl's crt1.c */
void _start_c(long *stack);

/* Where program.lds has put what thread-local variables begin as; `ukl object` says how large they are. */
extern const char __ukl_tdata[];

static const Elf64_Phdr tls = {
	.p_type = PT_TLS,
	.p_flags = PF_R,
	.p_vaddr = (unsigned long)__ukl_tdata,
	.p_filesz = UKL_TLS_IMAGE,
	.p_memsz = UKL_TLS_SIZE,
	.p_align = UKL_TLS_ALIGN,
};

/* What patches/threads.patch makes of cancellation: signals only come within ukl_linux_syscall(). */
const int __ukl_ring0 = 1;
const char __cp_begin[1], __cp_end[1], __cp_cancel[1];

long __weak __cancel(void);
long __syscall_cp_asm(volatile int *cancel, long nr, unsigned long a0, unsigned long a1, unsigned long a2,
		      unsigned long a3, unsigned long a4, unsigned long a5);

long __syscall_cp_asm(volatile int *cancel, long nr, unsigned long a0, unsigned long a1, unsigned long a2,
		      unsigned long a3, unsigned long a4, unsigned long a5)
{
	if (*cancel)
		return __cancel();
	return ukl_linux_syscall(nr, a0, a1, a2, a3, a4, a5);
}

static const struct ukl_linux_image image = {
	.start = _start_c,
	.phdr = &tls,
	.phnum = 1,
};

static int run(void *arg)
{
	return ukl_linux_run(&image);
}

module_ukl_program(UKL_PROGRAM, run);

MODULE_DESCRIPTION("The program " UKL_PROGRAM ", for ring 0");
MODULE_LICENSE(UKL_LICENSE);
