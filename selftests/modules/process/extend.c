// SPDX-License-Identifier: GPL-2.0
/* What modules that add calls of their own rely on, in a process. */
#include <linux/errno.h>
#include <linux/fdtable.h>
#include <linux/moduleparam.h>
#include <linux/sched/signal.h>
#include <linux/sched/task_stack.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/wait.h>
#include <asm/unistd_64.h>
#include <uapi/asm/signal.h>
#include <ukl/extend.h>

#include "process.h"

/* How often something was attached, and released. */
static atomic_t attached = ATOMIC_INIT(0), released = ATOMIC_INIT(0);

module_param_named(attached, attached.counter, int, 0444);
module_param_named(released, released.counter, int, 0444);

/* Sleeps, as it may. */
static void release(void *data)
{
	struct ukl_sock **listener = data;

	might_sleep();
	if (READ_ONCE(*listener) && !ukl_attached())
		atomic_inc(&released);
	kfree(data);
}

static int attach(void)
{
	/* A socket of the application's, to have something of it in there. */
	struct ukl_sock **data = kzalloc(sizeof(*data), GFP_KERNEL);
	int err;

	if (!data)
		return -ENOMEM;
	*data = ukl_socket(AF_INET, SOCK_STREAM, 0);
	err = ukl_attach(data, release);
	if (err)
		kfree(data);
	else
		atomic_inc(&attached);
	return err;
}

static int sees(void *arg)
{
	return ukl_attached() == arg && ukl_attach(arg, release) == -EBUSY ? 0 : 1;
}

int attach_something(void)
{
	struct ukl_thread *thread;
	int status = -1, err;

	if (ukl_attached() || ukl_attach(NULL, release) != -EINVAL ||
	    ukl_attach(&thread, NULL) != -EINVAL || ukl_attached())
		return 1;
	err = attach();
	if (err)
		return err;
	if (attach() != -EBUSY || !ukl_attached())
		return 2;
	thread = ukl_thread_spawn(sees, ukl_attached(), 0);
	if (IS_ERR(thread))
		return 3;
	err = ukl_thread_join(thread, &status);
	return err || status ? 4 : 0;
}

static DECLARE_WAIT_QUEUE_HEAD(never);

/* Of one call. */
struct call {
	unsigned int runs;
	int mode, nested, on_kernel_stack;
	long result;
};

static long returns(void *arg)
{
	struct call *call = arg;

	call->runs++;
	call->mode = ukl_mode();
	call->nested = ukl_call(returns, arg);
	call->on_kernel_stack = object_is_on_stack(&call);
	return call->result;
}

/* Waits until a signal comes, for the first time it is run. */
static long is_interrupted(void *arg)
{
	struct call *call = arg;

	if (++call->runs > call->result)
		return 5;
	return wait_event_interruptible_timeout(never, false, 20 * HZ) ?: -ETIMEDOUT;
}

static long never_ends(void *arg)
{
	return wait_event_interruptible(never, false);
}

static void handler(int signal, const void *info, void *arg)
{
	atomic_inc(arg);
}

static int handle(atomic_t *count, u32 flags)
{
	struct ukl_sigaction action = { .handler = handler, .arg = count, .flags = flags };

	return ukl_sigaction(SIGUSR1, &action);
}

/* call results: what is returned comes back, whatever it is; it ran once, in its place. */
static int call_results(void)
{
	static const struct {
		long is, becomes;
	} results[] = {
		{ 0, 0 }, { 1, 1 }, { LONG_MAX, LONG_MAX }, { -1, -1 }, { -EIO, -EIO },
		{ -4095, -4095 }, { -4096, -4096 }, { LONG_MIN, LONG_MIN }, { -EINTR, -EINTR },
		{ -ERESTARTSYS, -EINTR }, { -ERESTARTNOINTR, -EINTR },
		{ -ERESTARTNOHAND, -EINTR }, { -ERESTART_RESTARTBLOCK, -EINTR },
	};

	for (size_t i = 0; i < ARRAY_SIZE(results); i++) {
		struct call call = { .result = results[i].is };
		long got = ukl_call(returns, &call);

		if (got != results[i].becomes || call.runs != 1 || call.mode != UKL_MODE_KERNEL ||
		    call.nested != -EBUSY || !call.on_kernel_stack || ukl_mode() != UKL_MODE_APP) {
			say("%ld: %ld, runs %u, mode %d, nested %d, on the kernel stack %d",
			    results[i].is, got, call.runs, call.mode, call.nested,
			    call.on_kernel_stack);
			return 1;
		}
	}
	if (ukl_call(NULL, NULL) != -EINVAL)
		return 2;
	return 0;
}

/* call ignored: interrupted twice by signals that the application does not want to hear of. */
static int call_ignored(void)
{
	struct call call = { .result = 2 };
	long got;

	say("ready");
	got = ukl_call(is_interrupted, &call);
	say("%ld, runs %u", got, call.runs);
	return 0;
}

/* call handled [restart]: by one that it handles, and wants it to go on or not. */
static int call_handled(void)
{
	struct call call = { .result = 1 };
	atomic_t count = ATOMIC_INIT(0);
	long got;
	int err = handle(&count, ukl_arg(3) ? SA_RESTART : 0);

	if (err)
		return err;
	say("ready");
	got = ukl_call(is_interrupted, &call);
	say("%ld, runs %u, handled %d", got, call.runs, atomic_read(&count));
	return 0;
}

/* Waits until a signal comes. */
static long is_broken_off(void *arg)
{
	struct call *call = arg;

	call->runs++;
	wait_event_interruptible_timeout(never, false, 20 * HZ);
	return -EINTR;
}

/* call broken: what says plainly that it was interrupted is not made again, with SA_RESTART. */
static int call_broken(void)
{
	struct call call = {};
	atomic_t count = ATOMIC_INIT(0);
	long got;
	int err = handle(&count, SA_RESTART);

	if (err)
		return err;
	say("ready");
	got = ukl_call(is_broken_off, &call);
	say("%ld, runs %u, handled %d", got, call.runs, atomic_read(&count));
	return 0;
}

/* call before [polling]: a signal has come before the call, and is handled when it begins. */
static int call_before(void)
{
	struct call call = { .result = 3 };
	atomic_t count = ATOMIC_INIT(0);
	long got;
	int err = handle(&count, SA_RESTART) ?: send_sig(SIGUSR1, current, 1);

	if (err)
		return err;
	got = ukl_arg(3) ? ukl_call_polling(returns, &call) : ukl_call(returns, &call);
	say("%ld, runs %u, handled %d", got, call.runs, atomic_read(&count));
	return 0;
}

/* call stopped: is left when the thread is asked to stop. */
static int call_stopped(void)
{
	say("ready");
	return ukl_call(never_ends, NULL);
}

/*
 * call bypassed: 100 calls in bypasses, counted as such, in the right mode all the same. Any of
 * them can be ended by an interrupt before its first call.
 */
static int call_bypassed(void)
{
	struct call call = { .result = 3 };
	int err = 0;

	for (int i = 0; i < 100; i++) {
		if (i % 10 == 0)
			err = err ?: ukl_bypass(UKL_BYPASS_MAX);
		if (ukl_call(returns, &call) != 3 || call.mode != UKL_MODE_KERNEL ||
		    call.nested != -EBUSY || ukl_mode() != UKL_MODE_APP)
			return 1;
	}
	err = err ?: ukl_bypass(0);
	say("runs %u", call.runs);
	return err ?: (int)ukl_call(never_ends, NULL);
}

/* How often an application has gone on without the device. */
static int went_on;

module_param(went_on, int, 0444);

static long closes(void *fd)
{
	return close_fd((long)fd);
}

/* call close FD: closes a descriptor of the process's, and goes on as if nothing were. */
static int call_close(void)
{
	void *memory = ukl_alloc(100000);
	struct ukl_sock *sock = ukl_socket(AF_INET, SOCK_DGRAM, 0);
	int err = PTR_ERR_OR_ZERO(memory) ?: PTR_ERR_OR_ZERO(sock);

	err = err ?: ukl_call(closes, (void *)number(3, -1));
	for (int i = 0; i < 3 && !err; i++)
		err = ukl_sleep(NSEC_PER_MSEC);
	if (err)
		return err;
	memset(memory, 1, 100000);
	err = ukl_close(sock) ?: ukl_free(memory);
	went_on += !err;
	return err;
}

static const struct {
	const char *name;
	int (*run)(void);
} parts[] = {
	{ "results", call_results },
	{ "ignored", call_ignored },
	{ "handled", call_handled },
	{ "broken", call_broken },
	{ "before", call_before },
	{ "stopped", call_stopped },
	{ "bypassed", call_bypassed },
	{ "close", call_close },
};

int command_call(void)
{
	const char *name = ukl_arg(2);

	for (size_t i = 0; name && i < ARRAY_SIZE(parts); i++) {
		if (!strcmp(name, parts[i].name))
			return parts[i].run();
	}
	return -EINVAL;
}
