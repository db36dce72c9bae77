/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ukl/linux.h - what ukl_linux.ko offers to C programs: the Linux system calls
 *
 * The C library in tools/libc calls these; a program built by tools/cc/ukl-cc needs nothing else. The
 * same objects are linked for user space with functions of these names that make real system calls.
 */
#ifndef _UKL_LINUX_H
#define _UKL_LINUX_H

#ifdef __KERNEL__
#include <linux/elf.h>
#include <linux/types.h>
#else
#include <elf.h>
#include <stddef.h>
#endif

/**
 * struct ukl_linux_image - a program
 * @start: what its first thread runs: the C library's start function, which is given the initial stack
 *	as the kernel lays it out for execve(): argc, argv, NULL, envp, NULL, auxiliary vector. Does not return
 * @phdr: program headers for AT_PHDR: at most one, PT_TLS, whose p_vaddr is the image's address
 * @phnum: how many
 * @name: the program's, for messages
 * @data: its initialised variables, which are set to what is at @data_copy before it is run
 * @data_size: bytes of them
 * @data_copy: what they were when the module was loaded; NULL to leave them
 * @bss: its other variables, which are zeroed before it is run
 * @bss_size: bytes of them
 * @taken: a word of the module's, outside of these, that is 0 at first: whether a process runs it
 *
 * The variables of a module are there once, so one process at a time can run a program.
 */
struct ukl_linux_image {
	void (*start)(long *stack);
	const Elf64_Phdr *phdr;
	unsigned long phnum;
	const char *name;
	void *data;
	size_t data_size;
	const void *data_copy;
	void *bss;
	size_t bss_size;
	unsigned int *taken;
};

/* What a thread is started with; as clone(CLONE_THREAD | CLONE_VM | …) takes it. */
struct ukl_linux_thread {
	int (*start)(void *arg);
	void *arg;
	unsigned long stack_size;	/* bytes; 0 for the process's default */
	void *tls;			/* CLONE_SETTLS: base of %fs */
	int *tid;			/* CLONE_PARENT_SETTID: where its number goes before this returns; or NULL */
	int *clear_tid;			/* CLONE_CHILD_CLEARTID: zeroed and woken by futex() when it has ended; or NULL */
};

/* Runs the program as the current process, which is one of "ukl run". Returns only with an error. */
int ukl_linux_run(const struct ukl_linux_image *image);

/* A system call: its result, or a negative errno. */
long ukl_linux_syscall(long nr, unsigned long a0, unsigned long a1, unsigned long a2, unsigned long a3,
		       unsigned long a4, unsigned long a5);

/* Starts a thread: its number, or a negative errno. It ends by returning or by SYS_exit. */
long ukl_linux_thread(const struct ukl_linux_thread *thread);

#endif /* _UKL_LINUX_H */
