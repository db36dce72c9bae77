// SPDX-License-Identifier: GPL-2.0
/* Signals of a process that reach its application. */
#include <linux/sched/signal.h>
#include <linux/string.h>
#include <asm/unistd_64.h>
#include <uapi/asm/signal.h>
#include <uapi/ukl.h>

#include "process.h"

/* Of one process: what is static is the same for all. */
struct seen {
	atomic_t handled;
	u64 pause;
	/* Whether what the first handler waits for has come: whoever sends it may be slow. */
	bool (*has_come)(const struct seen *seen);
	unsigned int begun;
	unsigned int depth, deepest;
	char order[256];
};

static void note(struct seen *seen, const char *what, int signal)
{
	size_t len = strlen(seen->order);

	snprintf(seen->order + len, sizeof(seen->order) - len, "%s%d ", what, signal);
}

static bool is_pending(int signal)
{
	/* Not locked: what is on its way is seen next time. */
	return data_race(sigismember(&current->pending.signal, signal) ||
			 sigismember(&current->signal->shared_pending.signal, signal));
}

static void wait_until(bool (*has_come)(const struct seen *seen), const struct seen *seen)
{
	for (int i = 0; i < 2000 && !has_come(seen) && !ukl_should_stop(); i++)
		ukl_sleep(10 * NSEC_PER_MSEC);
}

static void handler(int signal, const void *info, void *arg)
{
	struct seen *seen = arg;

	if (++seen->depth > seen->deepest)
		seen->deepest = seen->depth;
	if (*(const int *)info != signal || ukl_mode() != UKL_MODE_APP)
		note(seen, "bad", signal);
	note(seen, "+", signal);
	/* Transitions, in which another one may come. */
	if (!seen->begun++ && seen->has_come) {
		say("begun");
		wait_until(seen->has_come, seen);
	} else {
		ukl_sleep(seen->pause);
	}
	note(seen, "-", signal);
	seen->depth--;
	atomic_inc(&seen->handled);
}

static int set(struct seen *seen, int signal, u32 flags, u64 mask)
{
	struct ukl_sigaction action = {
		.handler = handler, .arg = seen, .mask = mask, .flags = flags,
	};

	return ukl_sigaction(signal, &action);
}

static int send(int signal)
{
	return ukl_syscall(__NR_tgkill, current->tgid, current->pid, signal, 0, 0, 0);
}

#define BIT_OF(signal) (1UL << ((signal) - 1))

static bool own_failure(int err)
{
	return err && (err != -EINTR || ukl_should_stop());
}

/* signal wait N [restart|interrupt]: handles SIGUSR1 until N have come, in a call that waits. */
static int wait(struct seen *seen)
{
	const char *how = ukl_arg(4);
	bool restart = how && !strcmp(how, "restart");
	long n = number(3, 1);
	int err, interrupted = 0;

	err = set(seen, SIGUSR1, restart ? SA_RESTART : 0, 0);
	if (err)
		return err;
	say("ready");
	while (atomic_read(&seen->handled) < n) {
		err = ukl_sleep(NSEC_PER_SEC);
		if (own_failure(err))
			return err;
		interrupted += err == -EINTR;
	}
	say("handled %d interrupted %d", atomic_read(&seen->handled), interrupted);
	return 0;
}

/* signal compute N: handles SIGUSR1 until N have come, and makes nothing but short calls. */
static int compute(struct seen *seen)
{
	int err = set(seen, SIGUSR1, 0, 0), interrupted = 0;

	if (err)
		return err;
	say("ready");
	while (atomic_read(&seen->handled) < number(3, 1)) {
		err = ukl_null();
		if (own_failure(err))
			return err;
		interrupted += err == -EINTR;
	}
	/* A call that does not wait is not interrupted. */
	say("handled %d interrupted %d", atomic_read(&seen->handled), interrupted);
	return 0;
}

static bool both_have_come(const struct seen *seen)
{
	return atomic_read(&seen->handled) == 1 && is_pending(SIGHUP);
}

/* signal nested: one that is not blocked comes in the middle of another, one that is waits. */
static int nested(struct seen *seen)
{
	int err = set(seen, SIGUSR1, 0, BIT_OF(SIGHUP));

	if (!err)
		err = set(seen, SIGUSR2, 0, 0);
	if (!err)
		err = set(seen, SIGHUP, 0, 0);
	seen->has_come = both_have_come;
	if (err)
		return err;
	say("ready");
	while (atomic_read(&seen->handled) < 3) {
		err = ukl_sleep(NSEC_PER_SEC);
		if (own_failure(err))
			return err;
	}
	say("%sdeepest %u", seen->order, seen->deepest);
	return 0;
}

static bool another_waits(const struct seen *seen)
{
	return is_pending(SIGUSR1);
}

static bool another_was_handled(const struct seen *seen)
{
	return atomic_read(&seen->handled) == 1;
}

/* signal same FLAG: the same signal in its own handler: waits, or does not (nodefer). */
static int same(struct seen *seen)
{
	const char *how = ukl_arg(3);
	bool nested = how && !strcmp(how, "nodefer");
	int err = set(seen, SIGUSR1, nested ? SA_NODEFER : 0, 0);

	seen->has_come = nested ? another_was_handled : another_waits;
	if (err)
		return err;
	say("ready");
	while (atomic_read(&seen->handled) < 2) {
		err = ukl_sleep(NSEC_PER_SEC);
		if (own_failure(err))
			return err;
	}
	say("%sdeepest %u", seen->order, seen->deepest);
	return 0;
}

/* signal syscall: a system call of the process that waits is interrupted, and is not made again. */
static int in_a_syscall(struct seen *seen)
{
	int err = set(seen, SIGUSR1, SA_RESTART, 0);
	long ret;

	if (err)
		return err;
	say("ready");
	ret = ukl_syscall(__NR_pause, 0, 0, 0, 0, 0, 0);
	say("pause %ld, handled %d", ret, atomic_read(&seen->handled));
	return 0;
}

static bool at_once(const struct seen *seen)
{
	return true;
}

/* signal accept [restart]: as above, of one that is made again if the handler wants that. */
static int in_accept(struct seen *seen)
{
	int err = set(seen, SIGUSR1, ukl_arg(3) ? SA_RESTART : 0, 0);
	long fd = ukl_syscall(__NR_socket, AF_INET, SOCK_STREAM, 0, 0, 0, 0);
	long ret;

	seen->has_come = at_once;
	err = err ?: ukl_syscall(__NR_listen, fd, 1, 0, 0, 0, 0);
	if (err)
		return err;
	say("ready");
	ret = ukl_syscall(__NR_accept, fd, 0, 0, 0, 0, 0);
	say("accept %ld, handled %d", ret, atomic_read(&seen->handled));
	return 0;
}

/* signal masked: SIGUSR1 is blocked for good, in this thread and in one that it starts; says so. */
static int thread_mask(void *arg)
{
	u64 old;
	int err = ukl_sigmask(0, &old);

	return err ?: old == BIT_OF(SIGUSR1) ? 7 : 8;
}

static int masked(struct seen *seen)
{
	struct ukl_thread *thread;
	int status, err;

	err = set(seen, SIGUSR1, 0, 0) ?: ukl_sigmask(BIT_OF(SIGUSR1), NULL);
	if (err)
		return err;
	thread = ukl_thread_spawn(thread_mask, NULL, 0);
	if (IS_ERR(thread))
		return PTR_ERR(thread);
	err = ukl_thread_join(thread, &status);
	if (err || status != 7)
		return err ?: status;
	say("ready");
	wait_until(another_waits, seen);
	err = ukl_sleep(50 * NSEC_PER_MSEC);
	if (err)
		return err;
	if (!is_pending(SIGUSR1) || atomic_read(&seen->handled))
		return 1;
	err = ukl_sigmask(0, NULL);
	ukl_null();
	say("handled %d", atomic_read(&seen->handled));
	return err;
}

/* signal self: to itself, blocked first. */
static int self(struct seen *seen)
{
	u64 old;
	struct ukl_sigaction ignore = {}, action = {};
	int err = set(seen, SIGUSR1, SA_RESETHAND, 0);

	if (!err)
		err = ukl_sigmask(BIT_OF(SIGUSR1), &old);
	if (err)
		return err;
	if (send(SIGUSR1) || atomic_read(&seen->handled))
		return 1;
	ukl_null();
	if (atomic_read(&seen->handled))
		return 2;
	err = ukl_sigmask(old, NULL);
	ukl_null();
	if (err || atomic_read(&seen->handled) != 1)
		return 3;
	/* Ignored, and none of the application's business. */
	err = ukl_sigaction(SIGUSR2, &ignore);
	if (err || send(SIGUSR2))
		return 4;
	ukl_null();
	action.flags = 1;
	if (ukl_sigaction(SIGKILL, &ignore) != -EINVAL || ukl_sigaction(65, NULL) != -EINVAL ||
	    ukl_sigaction(0, NULL) != -EINVAL || ukl_sigaction(SIGUSR1, &action) != -EINVAL)
		return 5;
	say("ok");
	return 0;
}

/* What is closed in the middle of a call on it: one of these. */
struct closing {
	struct ukl_sock *sock;
	struct ukl_file *file;
};

static void closes(int signal, const void *info, void *arg)
{
	struct closing *closing = arg;

	if (closing->sock)
		ukl_close(closing->sock);
	if (closing->file)
		ukl_file_close(closing->file);
}

static ssize_t receives(struct closing *closing)
{
	char byte;

	closing->sock = ukl_socket(AF_INET, SOCK_DGRAM, 0);
	return PTR_ERR_OR_ZERO(closing->sock) ?: ukl_recv(closing->sock, &byte, 1, 0);
}

static ssize_t accepts(struct closing *closing)
{
	struct sockaddr_in addr = { .sin_family = AF_INET };

	closing->sock = ukl_tcp_listen((struct sockaddr *)&addr, sizeof(addr), 4);
	return PTR_ERR_OR_ZERO(closing->sock) ?: PTR_ERR(ukl_accept(closing->sock, NULL, 0));
}

static ssize_t receives_tcp(struct closing *closing)
{
	struct sockaddr_in addr = { .sin_family = AF_INET };
	struct ukl_sock *listener = ukl_tcp_listen((struct sockaddr *)&addr, sizeof(addr), 4);
	struct __kernel_sockaddr_storage at;
	char byte;
	int err;

	err = PTR_ERR_OR_ZERO(listener) ?: ukl_getsockname(listener, &at);
	if (err < 0)
		return err;
	closing->sock = ukl_tcp_connect((struct sockaddr *)&at, err, UKL_FOREVER);
	return PTR_ERR_OR_ZERO(closing->sock) ?: ukl_tcp_recv(closing->sock, &byte, 1, 0);
}

static ssize_t receives_tcp_bypassed(struct closing *closing)
{
	return ukl_bypass(1000) ?: receives_tcp(closing);
}

/* A named pipe. */
static ssize_t reads(struct closing *closing)
{
	char byte;

	closing->file = ukl_file_open(ukl_arg(4), O_RDWR, 0);
	return PTR_ERR_OR_ZERO(closing->file) ?: ukl_file_read(closing->file, &byte, 1);
}

static const struct {
	const char *name;
	ssize_t (*call)(struct closing *closing);
} calls[] = {
	{ "recv", receives },
	{ "accept", accepts },
	{ "tcp_recv", receives_tcp },
	{ "bypassed", receives_tcp_bypassed },
	{ "read", reads },
};

/* signal closed CALL [PATH]: the handler closes what a call waits for that is made again. */
static int closed(struct seen *seen)
{
	struct closing *closing = ukl_alloc(sizeof(*closing));
	struct ukl_sigaction action = { .handler = closes, .arg = closing, .flags = SA_RESTART };
	const char *name = ukl_arg(3);
	int err = PTR_ERR_OR_ZERO(closing) ?: ukl_sigaction(SIGUSR1, &action);

	if (err)
		return err;
	for (size_t i = 0; name && i < ARRAY_SIZE(calls); i++) {
		if (strcmp(name, calls[i].name))
			continue;
		say("ready");
		say("%zd", calls[i].call(closing));
		return 0;
	}
	return -EINVAL;
}

static int nothing(void *arg)
{
	return 0;
}

static bool can_be_handled(int signal)
{
	return signal != SIGKILL && signal != SIGSTOP && signal != UKL_SIGNAL_OWN;
}

/* signal all: each of them reaches its handler, threads started meanwhile or not. */
static int all(struct seen *seen)
{
	struct ukl_thread *thread;
	int handled = 0, err;

	seen->pause = 0;
	for (int signal = 1; signal <= 64; signal++) {
		err = set(seen, signal, 0, 0);
		if (err != (can_be_handled(signal) ? 0 : -EINVAL)) {
			say("signal %d: %d", signal, err);
			return 1;
		}
	}
	thread = ukl_thread_spawn(nothing, NULL, 0);
	err = PTR_ERR_OR_ZERO(thread) ?: ukl_thread_join(thread, NULL);
	if (err)
		return err;
	for (int signal = 1; signal <= 64; signal++) {
		if (!can_be_handled(signal))
			continue;
		seen->order[0] = 0;
		err = send(signal);
		ukl_null();
		if (err || atomic_read(&seen->handled) != ++handled) {
			say("signal %d: %d, %s", signal, err, seen->order);
			return 1;
		}
	}
	say("handled %d", handled);
	return 0;
}

static const struct {
	const char *name;
	int (*run)(struct seen *seen);
} parts[] = {
	{ "wait", wait },
	{ "compute", compute },
	{ "nested", nested },
	{ "same", same },
	{ "syscall", in_a_syscall },
	{ "accept", in_accept },
	{ "masked", masked },
	{ "self", self },
	{ "closed", closed },
	{ "all", all },
};

int command_signal(void)
{
	const char *name = ukl_arg(2);
	struct seen *seen = ukl_alloc(sizeof(*seen));

	if (IS_ERR(seen))
		return PTR_ERR(seen);
	seen->pause = 50 * NSEC_PER_MSEC;
	for (size_t i = 0; name && i < ARRAY_SIZE(parts); i++) {
		if (!strcmp(name, parts[i].name))
			return parts[i].run(seen);
	}
	return -EINVAL;
}
