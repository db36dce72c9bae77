// SPDX-License-Identifier: GPL-2.0
/* What the tests of the device want to know exactly. */
#include <linux/kernel.h>
#include <linux/string.h>
#include <asm/unistd_64.h>
#include <uapi/asm/signal.h>

#include "process.h"

/* How many strings there are, how many bytes with their NULs, an FNV-1a hash of these. */
static int say_hash(const char *(*string)(unsigned int n))
{
	u64 hash = 0xcbf29ce484222325;
	size_t bytes = 0;
	const char *arg;
	unsigned int n;

	for (n = 0; (arg = string(n)); n++) {
		size_t len = strlen(arg) + 1;

		for (size_t i = 0; i < len; i++)
			hash = (hash ^ (u8)arg[i]) * 0x100000001b3;
		bytes += len;
	}
	say("%u %zu %llx", n, bytes, hash);
	return 0;
}

/* hash: of the arguments */
int command_hash(void)
{
	return say_hash(ukl_arg);
}

/* env-hash: of the environment */
int command_env_hash(void)
{
	return say_hash(ukl_env);
}

const char *environment(const char *name)
{
	size_t len = strlen(name);
	const char *string;

	for (unsigned int n = 0; (string = ukl_env(n)); n++) {
		if (!strncmp(string, name, len) && string[len] == '=')
			return string + len + 1;
	}
	return NULL;
}

/* env: the strings of the environment, one a line. */
int command_env(void)
{
	const char *string;

	for (unsigned int n = 0; (string = ukl_env(n)); n++)
		say("%s", string);
	return 0;
}

/* syscall NR A0 ... A5: makes it and says what it gave. */
int command_syscall(void)
{
	long ret = ukl_syscall(number(2, 0), number(3, 0), number(4, 0), number(5, 0), number(6, 0),
			       number(7, 0), number(8, 0));

	say("%ld", ret);
	return 0;
}

static void handler(int signal, const void *info, void *arg)
{
	say("signal %d", signal);
}

/* sigaction SIGNAL default|ignore|handle...: sets one after the other, says what each gave. */
int command_sigaction(void)
{
	struct ukl_sigaction handle = { .handler = handler }, ignore = {};
	const char *how;

	for (unsigned int n = 3; (how = ukl_arg(n)); n++) {
		const struct ukl_sigaction *action = NULL;

		if (!strcmp(how, "handle"))
			action = &handle;
		else if (!strcmp(how, "ignore"))
			action = &ignore;
		say("%d", ukl_sigaction(number(2, 0), action));
	}
	return 0;
}

static int waiting(void *arg)
{
	return ukl_sleep(3600L * NSEC_PER_SEC);
}

/* spawn N [STACK]: starts N threads that wait, says how many there are and what the last gave. */
int command_spawn(void)
{
	long n = number(2, 1), done;
	int err = 0;

	for (done = 0; done < n && !err; done += !err)
		err = PTR_ERR_OR_ZERO(ukl_thread_spawn(waiting, NULL, number(3, 0)));
	say("%ld %d", done, err);
	return waiting(NULL);
}

static int speaking(void *arg)
{
	say("here");
	return 0;
}

/* speakers N: starts N threads that say something, and waits. */
int command_speakers(void)
{
	for (long n = number(2, 1); n > 0; n--)
		ukl_thread_spawn(speaking, NULL, 0);
	return waiting(NULL);
}

static int calling(void *arg)
{
	int err;

	do {
		err = ukl_null();
	} while (!err);
	return err;
}

/* busy N: N threads that make calls, half of them, or wait. */
int command_busy(void)
{
	for (long n = number(2, 1); n > 0; n--)
		ukl_thread_spawn(n & 1 ? calling : waiting, NULL, 0);
	say("ready");
	return waiting(NULL);
}

/* As deep as @end: how large a frame is, the compiler says. */
static noinline int deep(unsigned long end)
{
	char frame[512];

	frame[0] = end;
	frame[sizeof(frame) - 1] = end;
	OPTIMIZER_HIDE_VAR(end);
	barrier_data(frame);
	if (current_stack_pointer > end + sizeof(frame))
		frame[0] += deep(end);
	return frame[0] + frame[sizeof(frame) - 1];
}

/* stack BYTES: uses so much of it, and makes a call from there. */
int command_stack(void)
{
	deep(current_stack_pointer - number(2, 0));
	return ukl_null();
}

/* data: the size of the data window, and where it is for the process. */
int command_data(void)
{
	unsigned long address = 0;
	size_t size = 0;
	char *data = ukl_data(&size, &address);
	bool clear = data;

	for (size_t i = 0; data && i < size; i++)
		clear &= !data[i];
	say("%zu %lx %d", size, address, clear);
	return 0;
}

/* pipe: writes to a pipe that nobody reads, and says what that gave. */
int command_pipe(void)
{
	unsigned long address;
	struct ukl_file *file;
	size_t size;
	int *ends;

	ends = ukl_data(&size, &address);
	if (!ends || ukl_syscall(__NR_pipe, address, 0, 0, 0, 0, 0))
		return 1;
	file = ukl_file_from_fd(NULL, ends[1]);
	if (IS_ERR(file) || ukl_syscall(__NR_close, ends[0], 0, 0, 0, 0, 0))
		return 2;
	say("write %zd", ukl_file_write(file, "x", 1));
	return 0;
}

/* turns N: counts to N, with a call of the process for each. */
int command_turns(void)
{
	for (long i = 0; i < number(2, 1); i++)
		say("%ld", i);
	return 0;
}

/* nulls N: N calls, and then a line. */
int command_nulls(void)
{
	int err = 0;

	for (long i = number(2, 0); i > 0 && !err; i--)
		err = ukl_null();
	say("%d", err);
	return waiting(NULL);
}
