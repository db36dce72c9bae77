/* SPDX-License-Identifier: GPL-2.0 */
/* ukl/app.h - applications, their threads, modes and transitions; see ukl.h */
#ifndef _UKL_APP_H
#define _UKL_APP_H

#include <linux/err.h>
#include <linux/module.h>
#include <linux/types.h>

/**
 * enum ukl_mode - what a UKL thread is doing, in UKL's own numbers
 * @UKL_MODE_NONE: the task is not a UKL thread, or not yet or no longer one
 * @UKL_MODE_KERNEL: kernel code runs on behalf of the application
 * @UKL_MODE_APP: application code runs
 */
enum ukl_mode {
	UKL_MODE_NONE = 0,
	UKL_MODE_KERNEL = 1,
	UKL_MODE_APP = 2,
};

/* Bytes of an application stack if the caller leaves the choice, and of the smallest. */
#define UKL_STACK_DEFAULT	(64 * 1024)
#define UKL_STACK_MIN		(16 * 1024)

/* The largest budget of ukl_bypass(). */
#define UKL_BYPASS_MAX		65536

/*
 * Beside the MSG_* flags of a call of ukl/tcp.h, in the place of MSG_CMSG_CLOEXEC, which none
 * takes: stay on the application stack, if at least UKL_NSS_ROOM bytes of it are left; switch to
 * the kernel stack as usual if not.
 */
#define UKL_NSS			0x40000000
#define UKL_NSS_ROOM		(16 * 1024)

struct ukl_app;		/* an application: its threads and what they opened */
struct ukl_thread;	/* a thread that somebody may join */

/* Applications: started and stopped by a module's init and exit functions */

struct ukl_app *__ukl_app_start(struct module *owner, const char *name, int (*main)(void *arg),
				void *arg, size_t stack_size);

/**
 * ukl_app_start() - start an application on a kernel thread
 * @name: shown in debugfs and as the name of its threads, of which the first 15 bytes are visible
 * @main: what its first thread runs, in mode %UKL_MODE_APP on an application stack
 * @arg: handed to @main
 *
 * The first thread has an application stack of %UKL_STACK_DEFAULT bytes. When @main returns, the
 * application's other threads run on; the application ends with ukl_app_stop(). A module that
 * unloads, or fails to load, with its application running has it stopped by ukl.ko, which says so
 * in the kernel log.
 *
 * Context: Task context, not a UKL thread. May sleep.
 * Return: The application, to be given back with ukl_app_stop(). Errors: -EINVAL if @name is NULL
 * or empty or @main is NULL, -EBUSY on a UKL thread, -EINTR if the caller is killed meanwhile,
 * -ENOMEM.
 */
#define ukl_app_start(name, main, arg) \
	__ukl_app_start(THIS_MODULE, (name), (main), (arg), 0)

/**
 * ukl_app_stop() - stop an application and take back all it has
 * @app: from ukl_app_start()
 *
 * Asks all threads to stop, waits until they have ended, takes back the thread handles and closes
 * the sockets, event sets and files that are left. A thread that neither returns nor makes a call
 * makes this wait for as long as it takes.
 *
 * Context: Task context, not a UKL thread. Sleeps.
 * Return: What the first thread returned, 0 if it has not run. -EINVAL if @app is no application
 * that runs, -EBUSY on a UKL thread.
 */
int ukl_app_stop(struct ukl_app *app);

/* Threads */

/**
 * ukl_thread_spawn() - start a thread of the calling application
 * @fn: what it runs, in mode %UKL_MODE_APP
 * @arg: handed to @fn
 * @stack_size: bytes of its application stack, rounded up to whole pages; 0 for %UKL_STACK_DEFAULT
 *
 * Return: A handle, to be given back with ukl_thread_join() or ukl_thread_detach(). Errors: -EINVAL
 * if @fn is NULL or @stack_size is under %UKL_STACK_MIN, -ENOMEM.
 */
struct ukl_thread *ukl_thread_spawn(int (*fn)(void *arg), void *arg, size_t stack_size);

/**
 * ukl_thread_join() - wait for the end of a thread
 * @thread: a handle of the calling application; given back if the call succeeds
 * @status: where what the thread returned goes, or NULL
 *
 * Context: As all calls; blocks.
 * Return: 0. -ESRCH if @thread is no handle of this application's, -EDEADLK if it is the caller,
 * -EINTR if the caller is asked to stop first (the handle stays).
 */
int ukl_thread_join(struct ukl_thread *thread, int *status);

/**
 * ukl_thread_stop() - ask a thread to stop
 * @thread: a handle of the calling application
 *
 * From then on the thread's calls fail with -EINTR, the one it is blocked in as well; it is up to
 * the thread to return. Works also when the caller itself was asked to stop.
 *
 * Return: 0, also if the thread has ended. -ESRCH if @thread is no handle of this application's.
 */
int ukl_thread_stop(struct ukl_thread *thread);

/**
 * ukl_thread_detach() - give back a handle without waiting
 * @thread: a handle of the calling application
 *
 * The thread runs on by itself. Works also when the caller was asked to stop.
 *
 * Return: 0. -ESRCH if @thread is no handle of this application's.
 */
int ukl_thread_detach(struct ukl_thread *thread);

/**
 * ukl_should_stop() - whether the current thread was asked to stop
 *
 * Not a transition: it tests a few words.
 *
 * Context: Any.
 * Return: True from the request on; false for a task that is not a UKL thread.
 */
bool ukl_should_stop(void);

/**
 * ukl_mode() - the mode of the current thread
 *
 * Not a transition.
 *
 * Context: Any. In an interrupt, the mode of the thread that was interrupted; %UKL_MODE_NONE if
 * that was in the middle of a context switch, with preemption disabled, and so not in application
 * code.
 * Return: One of &enum ukl_mode, %UKL_MODE_NONE for a task that is not a UKL thread.
 */
int ukl_mode(void);

/**
 * ukl_null() - a transition that does nothing
 *
 * For a loop that computes for long, to let the scheduler, RCU and stop requests in; and the null
 * call that getppid() is for system calls, to measure. It does not look whether interrupts are
 * disabled: where it reschedules, they are enabled after it.
 *
 * Return: 0.
 */
int ukl_null(void);

/**
 * ukl_null_same_stack() - ukl_null() that stays on the application stack
 *
 * What %UKL_NSS is for other calls.
 *
 * Return: 0.
 */
int ukl_null_same_stack(void);

/**
 * ukl_bypass() - let the next calls bypass the transition work (UKL_BYP)
 * @calls: how many, at most %UKL_BYPASS_MAX; 0 for none from now on
 *
 * The next @calls calls of ukl_null() and of the functions of ukl/tcp.h that send and receive by
 * this thread leave out the work on the way back (rescheduling, stop requests, RCU-tasks), the
 * counting of calls and, if %UKL_NSS_ROOM bytes of application stack are left, the stack switch.
 * A reschedule, signal or stop request that waits ends the bypass early: the call that meets it
 * is made in full. A lazy reschedule does not: the next tick makes a reschedule of it. Other
 * calls are always made in full and take nothing from the budget. A new budget replaces what is
 * left. A bypassed ukl_null() does nothing at all: it returns 0 in the middle of another call as
 * well.
 *
 * Return: 0. -EINVAL if @calls is above %UKL_BYPASS_MAX.
 */
int ukl_bypass(unsigned int calls);

#endif /* _UKL_APP_H */
