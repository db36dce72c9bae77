/* SPDX-License-Identifier: GPL-2.0 */
/* ukl/process.h - programs for processes, and what an application asks of its process; see ukl.h */
#ifndef _UKL_PROCESS_H
#define _UKL_PROCESS_H

#include <linux/instruction_pointer.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/string.h>
#include <linux/types.h>
#include <ukl/app.h>

struct ukl_program;	/* a function that processes may run, under a name */

struct ukl_program *__ukl_program_register(struct module *owner, const char *name,
					   int (*main)(void *arg), void *arg);

/**
 * ukl_program_register() - offer a program to processes
 * @name: what "ukl run" calls it, and how it is shown; fewer than 64 bytes
 * @main: what the first thread of a process that runs it runs, in mode %UKL_MODE_APP
 * @arg: handed to @main
 *
 * Each process that binds the program (see uapi/ukl.h) has an application of its own, whose threads
 * are the process's; several may run at once. When @main returns, the process is done: its other
 * threads are asked to stop. The module cannot be unloaded while a process runs it, and none can
 * run it before the module's init function has returned. Static variables are the module's, so they
 * are the same for all.
 *
 * Context: Task context. May sleep.
 * Return: The program, to be given back with ukl_program_unregister(). Errors: -EINVAL if @name is
 * NULL, empty or too long or @main is NULL, -EEXIST if there is a program of that name, -ENOMEM.
 */
#define ukl_program_register(name, main, arg) \
	__ukl_program_register(THIS_MODULE, (name), (main), (arg))

/**
 * ukl_program_unregister() - take a program back
 * @program: from ukl_program_register()
 *
 * Processes that run it go on.
 *
 * Context: Task context. May sleep.
 * Return: 0. -EINVAL if @program is no program.
 */
int ukl_program_unregister(struct ukl_program *program);

/* What module_ukl_program() makes of a module. */
struct __ukl_module {
	struct ukl_program *program;
	struct ukl_app *app;
};

static inline int __ukl_module_init(struct __ukl_module *self, struct module *owner,
				    const char *name, int (*main)(void *arg), bool start)
{
	self->program = __ukl_program_register(owner, name, main, NULL);
	if (IS_ERR(self->program) || !start)
		return PTR_ERR_OR_ZERO(self->program);
	self->app = __ukl_app_start(owner, name, main, NULL, 0);
	if (IS_ERR(self->app))
		ukl_program_unregister(self->program);
	return PTR_ERR_OR_ZERO(self->app);
}

static inline void __ukl_module_exit(struct __ukl_module *self)
{
	if (self->app)
		ukl_app_stop(self->app);
	ukl_program_unregister(self->program);
}

/**
 * module_ukl_program() - a module that is one program
 * @__name: the program's name, a string
 * @__main: what it runs, as for ukl_program_register(); called with NULL
 *
 * The module's init and exit functions, and its parameter "start": 1, as by default, also starts
 * the program on a kernel thread when the module is loaded, as ukl_app_start() does; 0, which is
 * what "ukl run" loads it with, does not.
 *
 * What such a program needs it may say with MODULE_INFO(ukl, "stack=1M bypass=64"): "ukl run" takes
 * that where its command line does not say. Nobody else reads it.
 */
#define module_ukl_program(__name, __main)						\
	static bool start = true;							\
	module_param(start, bool, 0444);						\
	MODULE_PARM_DESC(start, "start it on a kernel thread when loaded (1)");		\
	static struct __ukl_module __ukl_self;						\
	static int __init __ukl_init(void)						\
	{										\
		return __ukl_module_init(&__ukl_self, THIS_MODULE, __name, __main, start); \
	}										\
	static void __exit __ukl_exit(void)						\
	{										\
		__ukl_module_exit(&__ukl_self);						\
	}										\
	module_init(__ukl_init);							\
	module_exit(__ukl_exit)

/**
 * ukl_arg() - an argument of the process
 * @n: which; 0 is the program's name
 *
 * Not a transition.
 *
 * Context: Any.
 * Return: A string that stays as long as the application, NULL if there are fewer, and on a kernel
 * thread.
 */
const char *ukl_arg(unsigned int n);

/**
 * ukl_env() - a string of the process's environment
 * @n: which
 *
 * Not a transition.
 *
 * Context: Any.
 * Return: NAME=VALUE, which stays as long as the application; NULL if there are fewer, and on a
 * kernel thread.
 */
const char *ukl_env(unsigned int n);

/**
 * ukl_option() - the value of an argument NAME=VALUE of the process
 * @name: its name
 *
 * Not a transition.
 *
 * Context: Any.
 * Return: What is behind the "=" of the first argument that begins with @name and that, NULL if
 * there is none.
 */
static inline const char *ukl_option(const char *name)
{
	size_t len = strlen(name);
	const char *arg;

	for (unsigned int n = 1; (arg = ukl_arg(n)); n++) {
		if (!strncmp(arg, name, len) && arg[len] == '=')
			return arg + len + 1;
	}
	return NULL;
}

/**
 * struct ukl_sigaction - how an application hears of a signal
 * @handler: called with the signal's number, its siginfo_t, which is 128 bytes and stays as long as
 *	the call, and @arg
 * @arg: handed to @handler
 * @mask: signals that are blocked meanwhile, as in a sigset_t: signal 1 is the lowest bit
 * @flags: any of %SA_RESTART, %SA_NODEFER, %SA_RESETHAND, with their usual meaning
 */
struct ukl_sigaction {
	void (*handler)(int signal, const void *info, void *arg);
	void *arg;
	u64 mask;
	u32 flags;
};

/**
 * ukl_sigaction() - set how the process's signals reach the application
 * @signal: its number, not %SIGKILL, %SIGSTOP or %UKL_SIGNAL_OWN (64)
 * @action: how; NULL for what happens without an application, a @handler of NULL to ignore it
 *
 * Signals belong to the process: what it does about them is the default of its user-space side, or
 * what the application says here. A handler runs in mode %UKL_MODE_APP on the application stack of
 * the thread that got the signal, at its next transition or in the middle of the one that the
 * signal interrupts, and may make calls; a second signal may interrupt it in turn, unless it is
 * blocked. A call that was interrupted is made again after the handler if %SA_RESTART is set,
 * and fails with -EINTR if not, as if it had not been made: what it had transferred already it
 * returns instead. ukl_poll_wait() is never made again, as poll(2) is not, nor is a call on a
 * socket that has a time-out of its own (%SO_RCVTIMEO, %SO_SNDTIMEO): see signal(7).
 *
 * Context: As all calls; goes to the process in between.
 * Return: 0. -EOPNOTSUPP on a kernel thread, -EINVAL for another @signal or other flags.
 */
int ukl_sigaction(int signal, const struct ukl_sigaction *action);

/**
 * ukl_sigmask() - block signals
 * @mask: the signals that the calling thread blocks from now on, as in a sigset_t
 * @old: where those that it blocked before go, or NULL
 *
 * sigprocmask(). What is blocked waits. %SIGKILL, %SIGSTOP and %UKL_SIGNAL_OWN (64) are never
 * blocked.
 *
 * Return: 0. -EOPNOTSUPP on a kernel thread.
 */
int ukl_sigmask(u64 mask, u64 *old);

/**
 * ukl_syscall() - have the process make a system call
 * @nr: its number
 * @a0: first argument
 * @a1: second argument
 * @a2: third argument
 * @a3: fourth argument
 * @a4: fifth argument
 * @a5: sixth argument
 *
 * For what is called rarely: the thread goes to user space, makes the call there and comes back.
 * Arguments are numbers or user-space addresses; what the call returns, -EINTR included, is what
 * this returns. A handler without %SA_RESTART that runs just before it is -EINTR as well, if the
 * call is one that may wait for what the handler does.
 *
 * Context: As all calls; blocks as long as the system call does.
 * Return: What the system call returned, negative errno values included. -EOPNOTSUPP on a kernel
 * thread.
 */
long ukl_syscall(long nr, unsigned long a0, unsigned long a1, unsigned long a2, unsigned long a3,
		 unsigned long a4, unsigned long a5);

/**
 * ukl_data() - memory that the calling thread shares with its process
 * @size: where its size in bytes goes, or NULL
 * @address: where its user-space address goes, as the process says it, for ukl_syscall(); or NULL
 *
 * The data window of the thread's run area. The process may change it at any time. Not a
 * transition.
 *
 * Return: The memory, NULL on a kernel thread.
 */
void *ukl_data(size_t *size, unsigned long *address);

/**
 * ukl_exit() - end the application with a status
 * @status: what a first thread would have returned
 *
 * As exit_group(): the calling thread does not come back, and the others end at their next call,
 * where they are: what their frames hold is not given back. A thread that makes no call is made to
 * leave by an interrupt, if that finds it in its own code. The first of several that call it says
 * the status. In a process only.
 *
 * Context: As all calls.
 * Return: Only with an error: that of a call, %-EOPNOTSUPP on a kernel thread.
 */
int ukl_exit(int status);

/**
 * ukl_thread_exit() - end the calling thread with a status
 * @status: what its function would have returned
 *
 * The thread does not come back: what its frames hold is not given back. For the first thread this
 * is the end of the application, as if it had returned. In a process only.
 *
 * Context: As all calls.
 * Return: Only with an error: that of a call, %-EOPNOTSUPP on a kernel thread.
 */
int ukl_thread_exit(int status);

int __ukl_abort(unsigned long ip);

/**
 * ukl_abort() - end the application at once
 *
 * As for a fault: the thread does not come back, the application's other threads are asked to stop,
 * what is open is closed when the application ends, and a process is ended by %SIGABRT.
 *
 * Return: Only with an error: -EPERM for a task that is no UKL thread, -EDEADLK, -EBUSY.
 */
#define ukl_abort() __ukl_abort(_THIS_IP_)

#endif /* _UKL_PROCESS_H */
