// SPDX-License-Identifier: GPL-2.0
/* Signals of a process that reach its application. */
#include <linux/string.h>
#include <asm/unistd_64.h>
#include <uapi/asm/signal.h>

#include "process.h"

static atomic_t handled = ATOMIC_INIT(0);
static unsigned int depth;
static unsigned int deepest;
static char order[256];

static void note(const char *what, int signal)
{
	size_t len = strlen(order);

	snprintf(order + len, sizeof(order) - len, "%s%d ", what, signal);
}

static void handler(int signal, const void *info, void *arg)
{
	if (++depth > deepest)
		deepest = depth;
	if (*(const int *)info != signal || arg != &handled || ukl_mode() != UKL_MODE_APP)
		note("bad", signal);
	note("+", signal);
	/* Transitions, in which another one may come. */
	ukl_sleep(50 * NSEC_PER_MSEC);
	note("-", signal);
	depth--;
	atomic_inc(&handled);
}

static int set(int signal, u32 flags, u64 mask)
{
	struct ukl_sigaction action = {
		.handler = handler, .arg = &handled, .mask = mask, .flags = flags,
	};

	return ukl_sigaction(signal, &action);
}

static int send(int signal)
{
	return ukl_syscall(__NR_tgkill, current->tgid, current->pid, signal, 0, 0, 0);
}

#define BIT_OF(signal) (1UL << ((signal) - 1))

/*
 * signal wait N [restart|interrupt]: handles SIGUSR1 until N have come from outside, in a call that
 * waits.
 */
static int wait(void)
{
	const char *how = ukl_arg(4);
	bool restart = how && !strcmp(how, "restart");
	long n = number(3, 1);
	int err, interrupted = 0;

	err = set(SIGUSR1, restart ? SA_RESTART : 0, 0);
	if (err)
		return err;
	say("ready");
	while (atomic_read(&handled) < n) {
		err = ukl_sleep(NSEC_PER_SEC);
		if (err == -EINTR && !ukl_should_stop())
			interrupted++;
		else if (err)
			return err;
	}
	say("handled %d interrupted %d", atomic_read(&handled), interrupted);
	return 0;
}

/* signal nested: one that is not blocked comes in the middle of another, one that is waits. */
static int nested(void)
{
	int err = set(SIGUSR1, 0, BIT_OF(SIGHUP));

	if (!err)
		err = set(SIGUSR2, 0, 0);
	if (!err)
		err = set(SIGHUP, 0, 0);
	if (err)
		return err;
	say("ready");
	while (atomic_read(&handled) < 3) {
		err = ukl_sleep(NSEC_PER_SEC);
		if (err && (err != -EINTR || ukl_should_stop()))
			return err;
	}
	say("%sdeepest %u", order, deepest);
	return 0;
}

/* signal self: to itself, blocked first. */
static int self(void)
{
	u64 old;
	int err = set(SIGUSR1, SA_RESETHAND, 0);

	if (!err)
		err = ukl_sigmask(BIT_OF(SIGUSR1), &old);
	if (err)
		return err;
	if (send(SIGUSR1) || atomic_read(&handled))
		return 1;
	ukl_null();
	if (atomic_read(&handled))
		return 2;
	err = ukl_sigmask(old, NULL);
	ukl_null();
	if (err || atomic_read(&handled) != 1)
		return 3;
	/* Ignored, and none of the application's business. */
	err = ukl_sigaction(SIGUSR2, &(struct ukl_sigaction){});
	if (err || send(SIGUSR2))
		return 4;
	ukl_null();
	if (ukl_sigaction(SIGKILL, &(struct ukl_sigaction){}) != -EINVAL ||
	    ukl_sigaction(65, NULL) != -EINVAL || ukl_sigaction(0, NULL) != -EINVAL ||
	    ukl_sigaction(SIGUSR1, &(struct ukl_sigaction){ .flags = 1 }) != -EINVAL)
		return 5;
	say("ok");
	return 0;
}

int command_signal(void)
{
	const char *name = ukl_arg(2);

	/* What is static is the module's: another process may have used it. */
	atomic_set(&handled, 0);
	depth = 0;
	deepest = 0;
	order[0] = 0;
	if (!name)
		return -EINVAL;
	if (!strcmp(name, "wait"))
		return wait();
	if (!strcmp(name, "nested"))
		return nested();
	if (!strcmp(name, "self"))
		return self();
	return -EINVAL;
}
