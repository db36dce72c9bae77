// SPDX-License-Identifier: GPL-2.0
/* Applications and threads that end from wherever they are. */
#include <linux/fcntl.h>
#include <linux/in.h>
#include <linux/irqflags.h>
#include <linux/moduleparam.h>
#include <linux/string.h>
#include <asm/unistd_64.h>
#include <uapi/asm/signal.h>

#include "process.h"

/* What the threads of one process share. */
struct over {
	atomic_t ready, handled;
	int status;
	u32 word;
	struct ukl_sock *listener;
};

#define IN_PLACE(over) atomic_inc(&(over)->ready)

static int spins(struct over *over)
{
	bool never = false;

	IN_PLACE(over);
	while (!READ_ONCE(never))
		;
	return 0;
}

static int calls(struct over *over)
{
	IN_PLACE(over);
	for (;;)
		ukl_null();
	return 0;
}

static int bypasses(struct over *over)
{
	IN_PLACE(over);
	for (;;) {
		ukl_bypass(UKL_BYPASS_MAX);
		for (int i = 0; i < 1000; i++)
			ukl_null();
	}
	return 0;
}

/* How many threads have interrupts disabled: none is left there. */
static atomic_t disabled = ATOMIC_INIT(0);

module_param_named(disabled, disabled.counter, int, 0444);

/* With interrupts disabled most of the time, when only a null call may be made. */
static int disables(struct over *over)
{
	IN_PLACE(over);
	for (;;) {
		local_irq_disable();
		atomic_inc(&disabled);
		for (int i = 0; i < 1000; i++) {
			/* The scheduler, which a null call may meet, enables them. */
			local_irq_disable();
			ukl_null();
		}
		atomic_dec(&disabled);
		local_irq_enable();
		ukl_null();
	}
	return 0;
}

static int sleeps(struct over *over)
{
	IN_PLACE(over);
	for (;;)
		ukl_sleep(3600L * NSEC_PER_SEC);
	return 0;
}

static int waits(struct over *over)
{
	IN_PLACE(over);
	for (;;)
		ukl_futex_wait(&over->word, 0, UKL_FOREVER);
	return 0;
}

/* With a socket, a file and memory that nobody gives back. */
static int receives(struct over *over)
{
	struct __kernel_sockaddr_storage addr;
	struct ukl_sock *sock;
	char byte;

	if (ukl_getsockname(over->listener, &addr) < 0)
		return -EIO;
	sock = ukl_tcp_connect((struct sockaddr *)&addr, sizeof(struct sockaddr_in), UKL_FOREVER);
	if (IS_ERR(sock) || IS_ERR(ukl_alloc(100000)) ||
	    IS_ERR(ukl_file_open("/dev/null", O_RDONLY, 0)))
		return -EIO;
	IN_PLACE(over);
	for (;;)
		ukl_tcp_recv(sock, &byte, 1, 0);
	return 0;
}

/* In user space, with all signals blocked that can be. */
static int pauses(struct over *over)
{
	ukl_sigmask(~0UL, NULL);
	IN_PLACE(over);
	for (;;)
		ukl_syscall(__NR_pause, 0, 0, 0, 0, 0, 0);
	return 0;
}

static void sleeping_handler(int signal, const void *info, void *arg)
{
	IN_PLACE((struct over *)arg);
	for (;;)
		ukl_sleep(3600L * NSEC_PER_SEC);
}

static void spinning_handler(int signal, const void *info, void *arg)
{
	spins(arg);
}

static void pausing_handler(int signal, const void *info, void *arg)
{
	pauses(arg);
}

static int handles(struct over *over, int signal,
		   void (*handler)(int signal, const void *info, void *arg))
{
	struct ukl_sigaction action = { .handler = handler, .arg = over, .mask = ~0UL };

	ukl_sigaction(signal, &action);
	for (;;)
		ukl_syscall(__NR_tgkill, current->tgid, current->pid, signal, 0, 0, 0);
	return 0;
}

static int handles_and_sleeps(struct over *over)
{
	return handles(over, SIGUSR1, sleeping_handler);
}

static int handles_and_spins(struct over *over)
{
	return handles(over, SIGUSR2, spinning_handler);
}

static int handles_and_pauses(struct over *over)
{
	return handles(over, SIGHUP, pausing_handler);
}

static const struct {
	const char *name;
	int (*run)(struct over *over);
} kinds[] = {
	{ "spin", spins },
	{ "calls", calls },
	{ "bypass", bypasses },
	{ "disabled", disables },
	{ "sleep", sleeps },
	{ "futex", waits },
	{ "recv", receives },
	{ "pause", pauses },
	{ "handler", handles_and_sleeps },
	{ "handler-spin", handles_and_spins },
	{ "handler-pause", handles_and_pauses },
};

struct start {
	struct over *over;
	int (*run)(struct over *over);
};

static int thread(void *arg)
{
	struct start start = *(struct start *)arg;

	return start.run(start.over);
}

static noinline int exit_deep(struct over *over, int frames, int (*how)(int status))
{
	char frame[64];
	int err;

	OPTIMIZER_HIDE_VAR(frames);
	frame[0] = frames;
	barrier_data(frame);
	err = frames ? exit_deep(over, frames - 1, how) : how(over->status);
	barrier_data(frame);
	return err;
}

static int exits(void *arg)
{
	struct over *over = arg;

	return ukl_exit(over->status);
}

static void exiting_handler(int signal, const void *info, void *arg)
{
	exits(arg);
}

/* Waits until @n threads are where they want to be, and a little longer. */
static int wait_for(struct over *over, int n)
{
	int err = 0;

	while (atomic_read(&over->ready) < n && !err)
		err = ukl_sleep(NSEC_PER_MSEC);
	return err ?: ukl_sleep(50 * NSEC_PER_MSEC);
}

static int be_over(struct over *over, const char *who)
{
	if (!strcmp(who, "first"))
		return exits(over);
	if (!strcmp(who, "deep"))
		return exit_deep(over, 50, ukl_exit);
	if (!strcmp(who, "handler")) {
		struct ukl_sigaction action = { .handler = exiting_handler, .arg = over };

		ukl_sigaction(SIGTERM, &action);
		for (;;)
			ukl_syscall(__NR_tgkill, current->tgid, current->pid, SIGTERM, 0, 0, 0);
	}
	if (!strcmp(who, "bypass")) {
		ukl_bypass(100);
		ukl_null();
		return exits(over);
	}
	/* Another one; this is in the kernel, its own code or user space. */
	ukl_thread_spawn(exits, over, 0);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (!strcmp(who, kinds[i].name))
			return kinds[i].run(over);
	}
	return -EINVAL;
}

static struct over *new_over(void)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct over *over = ukl_alloc(sizeof(*over));

	if (!IS_ERR(over))
		over->listener = ukl_tcp_listen((struct sockaddr *)&addr, sizeof(addr), 128);
	return over;
}

/*
 * over WHO STATUS KIND...: starts a thread of each kind and ends the application, on the first
 * thread (first, deep, handler or bypass), or on another while the first one does as the kind WHO.
 */
int command_over(void)
{
	struct over *over = new_over();
	const char *kind;
	int n, err;

	if (IS_ERR(over) || IS_ERR(over->listener) || !ukl_arg(2))
		return -EINVAL;
	over->status = number(3, 0);
	for (n = 0; (kind = ukl_arg(4 + n)); n++) {
		struct start *start = ukl_alloc(sizeof(*start));
		size_t i = 0;

		while (i < ARRAY_SIZE(kinds) && strcmp(kind, kinds[i].name))
			i++;
		if (i == ARRAY_SIZE(kinds) || IS_ERR(start))
			return -EINVAL;
		*start = (struct start){ over, kinds[i].run };
		err = PTR_ERR_OR_ZERO(ukl_thread_spawn(thread, start, 0));
		if (err)
			return err;
	}
	err = wait_for(over, n);
	if (err)
		return err;
	say("ready");
	err = be_over(over, ukl_arg(2));
	/* It did not. */
	say("back %d", err);
	return err;
}

static int exits_deep(void *arg)
{
	return exit_deep(arg, 20, ukl_thread_exit);
}

static void thread_exiting_handler(int signal, const void *info, void *arg)
{
	struct over *over = arg;

	ukl_thread_exit(over->status + 1);
}

static int in_handler(void *over)
{
	struct ukl_sigaction action = { .handler = thread_exiting_handler, .arg = over };

	ukl_sigaction(SIGUSR1, &action);
	for (;;)
		ukl_syscall(__NR_tgkill, current->tgid, current->pid, SIGUSR1, 0, 0, 0);
	return 0;
}

/* thread_exit N: threads that end themselves, joined N times; then the first one does. */
int command_thread_exit(void)
{
	struct over *over = new_over();
	int status, other, err;

	if (IS_ERR(over))
		return PTR_ERR(over);
	for (long n = number(2, 1); n > 0; n--) {
		struct ukl_thread *deep, *handler;

		over->status = 10 + n;
		deep = ukl_thread_spawn(exits_deep, over, 0);
		handler = ukl_thread_spawn(in_handler, over, 0);
		if (IS_ERR(deep) || IS_ERR(handler))
			return -EIO;
		err = ukl_thread_join(deep, &status) ?: ukl_thread_join(handler, &other);
		if (err || status != 10 + n || other != 11 + n) {
			say("%d: %d and %d instead of %ld", err, status, other, 10 + n);
			return 1;
		}
	}
	over->status = 7;
	return exits_deep(over);
}

static int exits_with(void *arg)
{
	return ukl_exit((long)arg);
}

/* race N: N threads that all end the application, with statuses from 1 on. */
int command_race(void)
{
	for (long n = 1; n <= number(2, 2); n++)
		ukl_thread_spawn(exits_with, (void *)n, 0);
	for (;;)
		ukl_null();
	return 0;
}
