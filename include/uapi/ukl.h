/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * uapi/ukl.h - /dev/ukl: applications of ukl.ko that run as processes
 *
 * Shaped like /dev/kvm. A process opens /dev/ukl, binds a program that a module has registered
 * (UKL_BIND), maps the run area of thread 0 and calls ioctl(UKL_RUN), which returns when user space
 * has something to do: the run area says what (the exit reason). When that is done, UKL_RUN goes on
 * where the application was. The thread that calls is the application's thread: its pid,
 * credentials, files, cgroups, scheduling are the application's.
 *
 * A thread of the application belongs to the thread that first ran it, and the descriptor to the
 * address space that bound it: others get -EPERM and -EIO. A child of fork() is another address
 * space. The application ends when its descriptor is closed for the last time.
 *
 * A reserved field that is not zero, an unknown flag and an unknown request are refused, with
 * -EINVAL and -ENOTTY. Layouts are the same for 32-bit programs.
 */
#ifndef _UAPI_UKL_H
#define _UAPI_UKL_H

#include <linux/ioctl.h>
#include <linux/types.h>

/* The version of this interface: it changes when something in here changes incompatibly. */
#define UKL_ABI_VERSION	1

#define UKL_IOC		0xBC

/**
 * struct ukl_info - what this ukl.ko is (UKL_INFO)
 * @version: UKL_ABI_VERSION
 * @run_size: bytes of a run area; a multiple of the page size
 * @data_offset: where the data window begins in a run area: the rest of it is the application's and
 *	its user-space side's to share
 * @threads_max: the most threads of one process, those that have ended but are not joined included
 * @bypass_max: the largest bypass budget
 * @reserved: 0
 */
struct ukl_info {
	__u32 version;
	__u32 run_size;
	__u32 data_offset;
	__u32 threads_max;
	__u32 bypass_max;
	__u32 reserved[3];
};

#define UKL_INFO	_IOR(UKL_IOC, 0, struct ukl_info)

/*
 * The longest name of a program, with its NUL, and the most bytes of arguments, and of
 * environment.
 */
#define UKL_NAME_MAX	64
#define UKL_ARGS_MAX	65536

/**
 * struct ukl_bind - which program this process is to run (UKL_BIND)
 * @name: address of its name, which ends with a NUL
 * @args: address of its arguments, one behind the other, each ending with a NUL; the first is the
 *	program's name by convention
 * @args_size: how many bytes that is, at most UKL_ARGS_MAX; the last one is a NUL
 * @bypass: bypass budget that each thread has again after each full transition; 0 for none
 * @stack_size: bytes of the first thread's stack, and of those that are started without a size; 0
 *	for 64 KiB
 * @env: address of its environment, in the form of the arguments
 * @env_size: how many bytes that is, at most UKL_ARGS_MAX
 * @reserved: 0
 *
 * Once for a descriptor. The module that registered the program cannot be unloaded until the
 * descriptor is closed.
 *
 * Errors: -ENOENT if no such program is registered, -EAGAIN if its module is still loading, -EBUSY
 * if a program is bound already, -EINVAL also for a smaller stack than 16 KiB, a larger bypass
 * than ukl_info says, and arguments or an environment that do not end with a NUL, -E2BIG for more
 * of them, -ENAMETOOLONG, -EFAULT, -ENOMEM.
 */
struct ukl_bind {
	__u64 name;
	__u64 args;
	__u32 args_size;
	__u32 bypass;
	__u64 stack_size;
	__u64 env;
	__u32 env_size;
	__u32 reserved;
};

#define UKL_BIND	_IOW(UKL_IOC, 1, struct ukl_bind)

/*
 * UKL_RUN: run thread number @arg (0 is the first) until there is something for user space to do.
 * Its run area is mapped with mmap(NULL, run_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
 * @arg * run_size). Numbers of threads that have ended are used again.
 *
 * Return: 0, and &struct ukl_run.exit says what is to be done. Errors: -EINTR for a signal, with
 * UKL_EXIT_SIGNAL; -ENXIO if nothing is bound, -ESRCH if there is no such thread or it has ended,
 * -EBUSY if it runs, -EPERM if it belongs to another thread, -EIO for another address space,
 * -EINVAL for what the run area asks for.
 */
#define UKL_RUN		_IO(UKL_IOC, 2)

/*
 * UKL_STOP: ask all threads of the application to stop: their calls fail with -EINTR. A thread that
 * is in user space hears of it when it is back. For any thread of the process. Return: 0. Errors:
 * -ENXIO, -EIO.
 */
#define UKL_STOP	_IO(UKL_IOC, 3)

/* Tables of UKL_STATS. */
#define UKL_STATS_APPS		0	/* one line for each application */
#define UKL_STATS_THREADS	1	/* one line for each thread */
#define UKL_STATS_PROGRAMS	2	/* one line for each registered program */

/**
 * struct ukl_stats - the counters (UKL_STATS)
 * @table: one of UKL_STATS_*
 * @reserved: 0
 * @buffer: address of where the table goes
 * @size: bytes there
 *
 * A table is text: lines that end with a newline, columns separated by tabs, the first line has the
 * columns' names. It is the same as in debugfs, and needs no descriptor that is bound. Processes
 * and threads have their numbers in the caller's pid namespace, 0 if they have none there.
 *
 * Return: how many bytes the table has; if that is more than @size, nothing was written. Errors:
 * -EINVAL, -EFAULT, -ENOMEM.
 */
struct ukl_stats {
	__u32 table;
	__u32 reserved;
	__u64 buffer;
	__u64 size;
};

#define UKL_STATS	_IOW(UKL_IOC, 4, struct ukl_stats)

/**
 * struct ukl_set - a setting of a running thread (UKL_SET)
 * @tid: the thread, of any application, in the caller's pid namespace
 * @bypass: the bypass budget that it has again after each full transition; 0 for none
 * @reserved: 0
 *
 * Return: 0. Errors: -ESRCH if no such thread runs an application, -EPERM unless it is a process
 * of the caller's user or the caller has CAP_SYS_NICE, -EINVAL for a larger budget than there is.
 */
struct ukl_set {
	__u32 tid;
	__u32 bypass;
	__u64 reserved;
};

#define UKL_SET		_IOW(UKL_IOC, 5, struct ukl_set)

/*
 * The signal that is user space's own, to bring its threads back from system calls: an application
 * can neither handle nor block it.
 */
#define UKL_SIGNAL_OWN	64

/* Why UKL_RUN returned. */
#define UKL_EXIT_NONE		0	/* it failed before the application ran */
#define UKL_EXIT_FINISHED	1	/* the thread has ended: .finished */
#define UKL_EXIT_SIGNAL		2	/* a signal waits, or .interrupt was set: -EINTR */
#define UKL_EXIT_THREAD		3	/* a thread is to be started: .thread */
#define UKL_EXIT_SYSCALL	4	/* a system call is to be made: .syscall */
#define UKL_EXIT_SIGACTION	5	/* how a signal is handled changes: .sigaction */
#define UKL_EXIT_FAULT		6	/* the thread did what ends a process: .fault */

/* Flags of struct ukl_run, set by user space. */
#define UKL_RUN_SIGNAL		1	/* .signal is to be handed to the application's handler */

/* How a signal is handled (.sigaction.handling). */
#define UKL_SIGNAL_DEFAULT	0	/* as if there were no application */
#define UKL_SIGNAL_IGNORE	1
#define UKL_SIGNAL_HANDLE	2	/* catch it, and hand it over with UKL_RUN_SIGNAL */
#define UKL_SIGNAL_ONCE		3	/* the same with SA_RESETHAND: only the next one */

/**
 * struct ukl_run - what user space and a thread tell each other: the head of its run area
 * @flags: set by user space: UKL_RUN_*; cleared by UKL_RUN
 * @interrupt: set by user space, from a signal handler for instance: not 0 makes the next UKL_RUN
 *	return with UKL_EXIT_SIGNAL before the application runs, unless UKL_RUN_SIGNAL is set;
 *	cleared by UKL_RUN
 * @result: set by user space before the application goes on. UKL_EXIT_THREAD: 0 if it was started,
 *	else a negative errno, which ukl_thread_spawn() returns. UKL_EXIT_SYSCALL: what the system
 *	call returned, as the kernel would, or -ERESTARTNOINTR (-513) if it was not begun because
 *	of a signal: it is asked for again. UKL_EXIT_SIGACTION: 0 or a negative errno
 * @exit: set by UKL_RUN: UKL_EXIT_*
 * @reserved: 0
 * @data: set by user space: its address of the data window, for the application's system calls
 * @finished: UKL_EXIT_FINISHED: what the thread's function returned, or handed to
 *	ukl_thread_exit(); and whether the application is over (ukl_exit()), with that status
 *	whichever thread it is: the others come back at their next call, or are made to
 * @thread: UKL_EXIT_THREAD: which thread to run
 * @syscall: UKL_EXIT_SYSCALL: its number and arguments; pointers are user-space addresses
 * @sigaction: UKL_EXIT_SIGACTION: the signal and one of UKL_SIGNAL_*
 * @fault: UKL_EXIT_FAULT: the signal that a process would be ended with, the address that was
 *	accessed if it is a SIGSEGV, and the address of the instruction
 * @signal: set by user space with UKL_RUN_SIGNAL: the signal, the mask of blocked signals to go
 *	back to, and its siginfo_t. The thread blocks what the handler's mask says while the handler
 *	runs. It may come with any @result, and when the thread is first run; a signal that the
 *	application has no handler for is dropped. To leave no gap, the catcher of the signal sets
 *	the mask in its ucontext_t to block all signals, and what was there is handed over here
 */
struct ukl_run {
	__u32 flags;
	__u32 interrupt;
	__s64 result;
	__u32 exit;
	__u32 reserved;
	__u64 data;
	union {
		struct {
			__s32 status;
			__u32 over;
		} finished;
		struct {
			__u32 number;
		} thread;
		struct {
			__u64 nr;
			__u64 args[6];
		} syscall;
		struct {
			__u32 number;
			__u32 handling;
		} sigaction;
		struct {
			__u32 signal;
			__u32 reserved;
			__u64 address;
			__u64 ip;
		} fault;
		__u64 padding[16];
	};
	struct {
		__u32 number;
		__u32 reserved;
		__u64 mask;
		__u8 info[128];
	} signal;
};

#endif /* _UAPI_UKL_H */
