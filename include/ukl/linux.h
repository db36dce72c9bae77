/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ukl/linux.h - what ukl_linux.ko offers to C programs: the Linux system calls
 *
 * The C library in tools/libc calls these; a program built by tools/cc/ukl-cc needs nothing else.
 * The same objects are linked for user space with functions of these names that make real system
 * calls.
 *
 * These functions are the boundary that system calls are for a process: a program on the other
 * side of it is not derived from the kernel by calling them (see the note of COPYING on system
 * calls), so modules of any licence may use them. A module should say truly which one it has.
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

/* Of the auxiliary vector: where the stack of the first thread ends, and its bytes. */
#define UKL_AT_STACK		0x756b6c00
#define UKL_AT_STACK_SIZE	0x756b6c01

/**
 * struct ukl_linux_image - a program
 * @start: what its first thread runs: the C library's start function, which is given the initial
 *	stack as the kernel lays it out for execve(): argc, argv, NULL, envp, NULL, auxiliary
 *	vector. Does not return
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
	const void *phdr;
	unsigned long phnum;
	const char *name;
	void *data;
	size_t data_size;
	const void *data_copy;
	void *bss;
	size_t bss_size;
	unsigned int *taken;
};

/**
 * struct ukl_linux_thread - what a thread is started with, as clone() takes it
 * @start: what it runs
 * @arg: handed to @start
 * @stack_size: bytes of its stack, of which there are %UKL_STACK_MIN at least; 0 for the process's
 *	default
 * @tls: base of its %fs (CLONE_SETTLS)
 * @tid: where its number goes before ukl_linux_thread() returns (CLONE_PARENT_SETTID), or NULL
 * @clear_tid: zeroed, and woken by futex(), when it has ended (CLONE_CHILD_CLEARTID), or NULL
 */
struct ukl_linux_thread {
	int (*start)(void *arg);
	void *arg;
	unsigned long stack_size;
	void *tls;
	int *tid;
	int *clear_tid;
};

struct module;
struct ukl_program;

/**
 * ukl_linux_register() - offer a program to processes
 * @owner: %THIS_MODULE
 * @image: the program; stays as long as it is registered
 *
 * As ukl_program_register(), with what runs it.
 *
 * Context: Task context. May sleep.
 * Return: The program, to be given back with ukl_linux_unregister(). Errors: -EINVAL, -EEXIST if
 * there is a program of that name, -EOPNOTSUPP without FSGSBASE, -ENOMEM.
 */
struct ukl_program *ukl_linux_register(struct module *owner, const struct ukl_linux_image *image);

/**
 * ukl_linux_unregister() - take a program back
 * @program: from ukl_linux_register()
 *
 * Context: Task context. May sleep.
 */
void ukl_linux_unregister(struct ukl_program *program);

/**
 * ukl_linux_syscall() - make a system call
 * @nr: its number
 * @a0: first argument
 * @a1: second argument
 * @a2: third argument
 * @a3: fourth argument
 * @a4: fifth argument
 * @a5: sixth argument
 *
 * Return: Its result, or a negative errno.
 */
long ukl_linux_syscall(long nr, unsigned long a0, unsigned long a1, unsigned long a2,
		       unsigned long a3, unsigned long a4, unsigned long a5);

/**
 * ukl_linux_read() - read(2), which programs call so often that it has an entry of its own
 * @fd: the descriptor
 * @to: where the bytes go
 * @len: how many there is room for
 *
 * Return: As read(2), a negative errno for an error.
 */
long ukl_linux_read(int fd, void *to, size_t len);

/**
 * ukl_linux_write() - write(2), likewise
 * @fd: the descriptor
 * @from: where the bytes are
 * @len: how many
 *
 * Return: As write(2), a negative errno for an error.
 */
long ukl_linux_write(int fd, const void *from, size_t len);

/**
 * ukl_linux_send_vector() - sendmsg(2) of a message without a name and without control data
 * @fd: the descriptor
 * @vec: the parts of the message: struct iovec
 * @count: how many
 * @flags: as of sendmsg(2)
 *
 * Return: As sendmsg(2), a negative errno for an error.
 */
long ukl_linux_send_vector(int fd, const void *vec, size_t count, int flags);

/**
 * ukl_linux_clock_gettime() - clock_gettime(2), which programs call so often that it has an entry
 *	of its own, as it has in the vDSO
 * @clock: the clock
 * @time: where its time goes: a struct timespec
 *
 * Context: As ukl_linux_syscall().
 * Return: As clock_gettime(2), a negative errno for an error.
 */
long ukl_linux_clock_gettime(int clock, void *time);

/**
 * ukl_linux_thread() - start a thread
 * @thread: what it is started with; read before this returns
 *
 * It ends by returning, or by exit().
 *
 * Return: Its number. -EAGAIN if it cannot be started, -EINVAL, -ENOMEM.
 */
long ukl_linux_thread(const struct ukl_linux_thread *thread);

#endif /* _UKL_LINUX_H */
