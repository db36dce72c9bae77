// SPDX-License-Identifier: GPL-2.0
/* What makes a module of a program that ukl-cc has linked; ukl-module compiles it with the program's name and licence. */
#include <linux/errno.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <ukl/linux.h>

/* musl's crt1.c */
void _start_c(long *stack);

/*
 * Where program.lds has put variables, and what thread-local ones begin as; `ukl object` says how
 * large these are.
 */
extern char __ukl_data[], __ukl_data_end[], __ukl_bss[], __ukl_bss_end[];
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

static unsigned int taken;

static struct ukl_linux_image image = {
	.start = _start_c,
	.phdr = &tls,
	.phnum = 1,
	.name = UKL_PROGRAM,
	.data = __ukl_data,
	.bss = __ukl_bss,
	.taken = &taken,
};

static bool start;
module_param(start, bool, 0444);
MODULE_PARM_DESC(start, "0: a program in C runs as a process, by ukl run, and on no kernel thread");

static struct ukl_program *program;

static int __init init(void)
{
	if (start) {
		pr_err(UKL_PROGRAM ": a program in C runs as a process: ukl run " UKL_PROGRAM "\n");
		return -EOPNOTSUPP;
	}
	image.data_size = __ukl_data_end - __ukl_data;
	image.bss_size = __ukl_bss_end - __ukl_bss;
	image.data_copy = kvmemdup(__ukl_data, image.data_size, GFP_KERNEL);
	if (image.data_size && !image.data_copy)
		return -ENOMEM;
	program = ukl_linux_register(THIS_MODULE, &image);
	if (IS_ERR(program))
		kvfree(image.data_copy);
	return PTR_ERR_OR_ZERO(program);
}

static void __exit cleanup(void)
{
	ukl_linux_unregister(program);
	kvfree(image.data_copy);
}

module_init(init);
module_exit(cleanup);

MODULE_DESCRIPTION("The program " UKL_PROGRAM ", for ring 0");
MODULE_LICENSE(UKL_LICENSE);
/* What ukl run takes where its command line does not say. */
MODULE_INFO(ukl, UKL_DEFAULTS);
