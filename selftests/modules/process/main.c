// SPDX-License-Identifier: GPL-2.0
/*
 * A program for processes, which does what its arguments say: ukl run ukl_test_process -- COMMAND.
 * Where a command has to be seen from outside, it writes a line to the process's standard output.
 */
#include <linux/delay.h>
#include <linux/in.h>
#include <linux/inet.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <asm/unistd_64.h>

#include "process.h"

long number(unsigned int n, long otherwise)
{
	const char *arg = ukl_arg(n);
	long value;

	if (!arg || kstrtol(arg, 0, &value))
		return otherwise;
	return value;
}

void say(const char *format, ...)
{
	unsigned long address;
	va_list args;
	size_t size;
	char *data;
	int len;

	data = ukl_data(&size, &address);
	if (!data)
		return;
	va_start(args, format);
	len = vscnprintf(data, size - 1, format, args);
	va_end(args);
	data[len++] = '\n';
	ukl_syscall(__NR_write, 1, address, len, 0, 0, 0);
}

static int command_exit(void)
{
	return number(2, 0);
}

static int command_args(void)
{
	for (unsigned int n = 0; ukl_arg(n); n++)
		say("%u %s", n, ukl_arg(n));
	return 0;
}

/* Blocks until it is asked to stop. */
static int command_sleep(void)
{
	say("ready");
	return ukl_sleep(3600L * NSEC_PER_SEC);
}

/* Computes and makes no call, on a word that nobody else changes. */
static int spin(void *arg)
{
	bool never = false;

	while (!READ_ONCE(never))
		;
	return 0;
}

static int command_spin(void)
{
	say("ready");
	return spin(NULL);
}

/* Makes calls all the time, and goes on when they fail. */
static int stubborn(void *arg)
{
	for (;;)
		ukl_null();
	return 0;
}

static int command_stubborn(void)
{
	say("ready");
	return stubborn(NULL);
}

static int calls(void *arg)
{
	int err;

	do {
		err = ukl_null();
	} while (!err);
	return err;
}

static int command_calls(void)
{
	say("ready");
	return calls(NULL);
}

static int bypassing(void *arg)
{
	int err;

	do {
		err = ukl_bypass(UKL_BYPASS_MAX);
		for (int i = 0; !err && i < UKL_BYPASS_MAX; i++)
			err = ukl_null();
	} while (!err);
	return err;
}

static int command_bypass(void)
{
	say("ready");
	return bypassing(NULL);
}

static int sleeping(void *arg)
{
	return ukl_sleep(3600L * NSEC_PER_SEC);
}

/* On a port that is free. */
static struct ukl_sock *listener(void)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};

	return ukl_tcp_listen((struct sockaddr *)&addr, sizeof(addr), 128);
}

static int receiving(void *arg)
{
	struct __kernel_sockaddr_storage addr;
	struct ukl_sock *sock;
	char byte;
	int err;

	err = ukl_getsockname(arg, &addr);
	if (err < 0)
		return err;
	sock = ukl_tcp_connect((struct sockaddr *)&addr, sizeof(struct sockaddr_in), UKL_FOREVER);
	if (IS_ERR(sock))
		return PTR_ERR(sock);
	return ukl_tcp_recv(sock, &byte, 1, 0);
}

/* receive: waits for a byte that does not come. */
static int command_receive(void)
{
	struct ukl_sock *sock = listener();

	say("ready");
	return PTR_ERR_OR_ZERO(sock) ?: receiving(sock);
}

static int allocating(void *arg)
{
	for (;;) {
		void *memory = ukl_alloc(100000);
		int err;

		if (IS_ERR(memory))
			return PTR_ERR(memory);
		err = ukl_sleep(NSEC_PER_MSEC);
		if (err)
			return err;
		ukl_free(memory);
	}
}

static int (*const kinds[])(void *arg) = {
	sleeping, receiving, spin, stubborn, calls, bypassing, allocating,
};

/* mixed N: N threads of all kinds, then waits. */
static int command_mixed(void)
{
	struct ukl_sock *sock = listener();
	long n = number(2, 8);

	if (IS_ERR(sock))
		return PTR_ERR(sock);
	for (long i = 0; i < n; i++) {
		struct ukl_thread *thread = ukl_thread_spawn(kinds[i % ARRAY_SIZE(kinds)], sock, 0);

		if (IS_ERR(thread)) {
			say("thread %ld: %pe", i, thread);
			return PTR_ERR(thread);
		}
	}
	say("ready");
	return ukl_sleep(3600L * NSEC_PER_SEC);
}

static int add(void *arg)
{
	atomic_inc(arg);
	return 3;
}

/* join N: starts N threads and joins them. */
static int command_join(void)
{
	struct ukl_thread **threads;
	atomic_t count = ATOMIC_INIT(0);
	long n = number(2, 4);
	int status, err = 0;

	threads = ukl_alloc(n * sizeof(*threads));
	if (IS_ERR(threads))
		return PTR_ERR(threads);
	for (long i = 0; i < n; i++) {
		threads[i] = ukl_thread_spawn(add, &count, 0);
		if (IS_ERR(threads[i])) {
			say("thread %ld: %pe", i, threads[i]);
			err = PTR_ERR(threads[i]);
			n = i;
		}
	}
	for (long i = 0; i < n; i++) {
		if (ukl_thread_join(threads[i], &status) || status != 3)
			return 1;
	}
	say("joined %d", atomic_read(&count));
	return err;
}

/* alloc MB: takes memory until it has so much, then waits. */
static int command_alloc(void)
{
	long mb = number(2, 1);

	for (long i = 0; i < mb; i++) {
		void *memory = ukl_alloc(1 << 20);

		if (IS_ERR(memory)) {
			say("after %ld MB: %pe", i, memory);
			return PTR_ERR(memory);
		}
	}
	say("ready");
	return ukl_sleep(3600L * NSEC_PER_SEC);
}

/* identity: what the kernel says of the caller, by system calls of the process and by itself. */
static int command_identity(void)
{
	say("pid %d tid %d", current->tgid, current->pid);
	say("getpid %ld gettid %ld", ukl_syscall(__NR_getpid, 0, 0, 0, 0, 0, 0),
	    ukl_syscall(__NR_gettid, 0, 0, 0, 0, 0, 0));
	say("uid %u", from_kuid(&init_user_ns, current_uid()));
	say("mode %d", ukl_mode());
	say("close %ld", ukl_syscall(__NR_close, -1, 0, 0, 0, 0, 0));
	return 0;
}

/* serve: answers each byte with that byte, one connection at a time; says its port. */
static int command_serve(void)
{
	struct ukl_sock *at = listener();
	struct __kernel_sockaddr_storage addr;

	if (IS_ERR(at))
		return PTR_ERR(at);
	ukl_getsockname(at, &addr);
	say("port %u", ntohs(((struct sockaddr_in *)&addr)->sin_port));
	for (;;) {
		struct ukl_sock *sock = ukl_accept(at, NULL, 0);
		char buffer[512];
		ssize_t n;

		if (IS_ERR(sock))
			return PTR_ERR(sock);
		while ((n = ukl_tcp_recv(sock, buffer, sizeof(buffer), 0)) > 0)
			ukl_tcp_send(sock, buffer, n, 0);
		ukl_close(sock);
	}
}

static const struct {
	const char *name;
	int (*run)(void);
} commands[] = {
	{ "exit", command_exit },
	{ "args", command_args },
	{ "sleep", command_sleep },
	{ "spin", command_spin },
	{ "stubborn", command_stubborn },
	{ "calls", command_calls },
	{ "receive", command_receive },
	{ "bypass", command_bypass },
	{ "mixed", command_mixed },
	{ "join", command_join },
	{ "alloc", command_alloc },
	{ "identity", command_identity },
	{ "serve", command_serve },
	{ "fault", command_fault },
	{ "signal", command_signal },
	{ "hash", command_hash },
	{ "syscall", command_syscall },
	{ "sigaction", command_sigaction },
	{ "spawn", command_spawn },
	{ "speakers", command_speakers },
	{ "batch", command_batch },
	{ "busy", command_busy },
	{ "stack", command_stack },
	{ "data", command_data },
	{ "pipe", command_pipe },
	{ "turns", command_turns },
	{ "nulls", command_nulls },
	{ "env", command_env },
	{ "env-hash", command_env_hash },
	{ "over", command_over },
	{ "thread-exit", command_thread_exit },
	{ "race", command_race },
	{ "tls", command_tls },
	{ "call", command_call },
};

static int process_main(void *arg)
{
	const char *name = ukl_arg(1);

	/* Beside whatever else it does. */
	if (environment("UKL_TEST_ATTACH")) {
		int failed = attach_something();

		if (failed) {
			say("attach: %d", failed);
			return failed;
		}
	}
	for (size_t i = 0; name && i < ARRAY_SIZE(commands); i++) {
		if (!strcmp(name, commands[i].name))
			return commands[i].run();
	}
	/* On a kernel thread there is nobody to say what to do. */
	return name ? -EINVAL : command_none();
}

module_ukl_program("ukl_test_process", process_main);

MODULE_DESCRIPTION("A program for processes that does what its arguments say");
MODULE_LICENSE("GPL");
