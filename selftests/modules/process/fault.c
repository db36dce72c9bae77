// SPDX-License-Identifier: GPL-2.0
/* Applications that do what a process is ended for. */
#include <linux/bug.h>
#include <linux/delay.h>
#include <linux/in.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/objtool.h>
#include <linux/string.h>

#include "process.h"

static int fault_read(void)
{
	return READ_ONCE(*(int *)8);
}

static int fault_write(void)
{
	WRITE_ONCE(*(int *)8, 1);
	return 0;
}

static int fault_noncanonical(void)
{
	WRITE_ONCE(*(int *)0x8000000000000000, 1);
	return 0;
}

static const int constant = 5;

/* In the module's read-only data. */
static int fault_readonly(void)
{
	WRITE_ONCE(*(int *)&constant, 6);
	return constant;
}

static int fault_call(void)
{
	int (*nowhere)(void) = (void *)0xffffffff00000000;

	OPTIMIZER_HIDE_VAR(nowhere);
	nowhere();
	/* A call, not a jump. */
	barrier();
	return 0;
}

static int fault_ud2(void)
{
	asm volatile("1: ud2\n" ANNOTATE_REACHABLE(1b));
	return 0;
}

static int fault_divide(void)
{
	unsigned int low = 1, high = 0;

	asm volatile("div %2" : "+a" (low), "+d" (high) : "r" (0));
	return low;
}

static int fault_bug(void)
{
	BUG();
	return 0;
}

static int fault_abort(void)
{
	return ukl_abort();
}

/* In a function of the kernel's that the application has called. */
static int fault_memcpy(void)
{
	memset((void *)(-(1UL << 40)), 0, number(4, 4096));
	return 0;
}

static const struct {
	const char *name;
	int (*run)(void);
} faults[] = {
	{ "read", fault_read },
	{ "write", fault_write },
	{ "noncanonical", fault_noncanonical },
	{ "readonly", fault_readonly },
	{ "call", fault_call },
	{ "ud2", fault_ud2 },
	{ "divide", fault_divide },
	{ "bug", fault_bug },
	{ "abort", fault_abort },
	{ "memcpy", fault_memcpy },
};

typedef int (*fault_fn)(void);

static fault_fn find(const char *name)
{
	for (size_t i = 0; name && i < ARRAY_SIZE(faults); i++) {
		if (!strcmp(name, faults[i].name))
			return faults[i].run;
	}
	return NULL;
}

static int thread(void *arg)
{
	fault_fn run = arg;

	return run();
}

static int sleeping(void *arg)
{
	return ukl_sleep(3600L * NSEC_PER_SEC);
}

/* Something that has to be closed when the application ends. */
static void open_something(void)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};

	ukl_tcp_listen((struct sockaddr *)&addr, sizeof(addr), 1);
	ukl_poll_create();
	ukl_alloc(100000);
}

static int beside(fault_fn run)
{
	ukl_thread_spawn(thread, run, 0);
	return sleeping(NULL);
}

/* fault KIND [THREAD]: makes one, on the first thread or on one beside it. */
int command_fault(void)
{
	fault_fn run = find(ukl_arg(2));

	if (!run)
		return -EINVAL;
	open_something();
	return number(3, 0) ? beside(run) : run();
}

/* The same on kernel threads, for parameters of the module. */

static int first(void *arg)
{
	open_something();
	return thread(arg);
}

static int second(void *arg)
{
	open_something();
	return beside(arg);
}

/* Ends an application that makes a fault on its thread @which; whether that went as it should. */
static int stop(struct ukl_app *app, long which)
{
	int status = ukl_app_stop(app);

	/* The first thread waits, and is asked to stop. */
	return status == (which ? -EINTR : -EFAULT) ? 0 : -EIO;
}

/* "KIND THREAD": one application, which makes one. */
static int set_fault(const char *value, const struct kernel_param *param)
{
	struct ukl_app *app;
	char kind[32];
	long which;
	fault_fn run;

	if (sscanf(value, "%31s %ld", kind, &which) != 2)
		return -EINVAL;
	run = find(kind);
	if (!run)
		return -EINVAL;
	app = ukl_app_start(KBUILD_MODNAME, which ? second : first, run);
	if (IS_ERR(app))
		return PTR_ERR(app);
	/* Long enough for it to have come to that: a stop could come before. */
	msleep(300);
	return stop(app, which);
}

/* "KIND ROUNDS AT_ONCE": so many, so many at once. */
static int set_flood(const char *value, const struct kernel_param *param)
{
	unsigned int rounds, at_once, done = 0;
	struct ukl_app *apps[32];
	char kind[32];
	fault_fn run;
	int err = 0;

	if (sscanf(value, "%31s %u %u", kind, &rounds, &at_once) != 3 || at_once > ARRAY_SIZE(apps))
		return -EINVAL;
	run = find(kind);
	if (!run)
		return -EINVAL;
	while (done < rounds && !err) {
		unsigned int n;

		for (n = 0; n < at_once && done < rounds; n++, done++)
			apps[n] = ukl_app_start(KBUILD_MODNAME, thread, run);
		while (n--)
			err = PTR_ERR_OR_ZERO(apps[n]) ?: stop(apps[n], 0) ?: err;
	}
	return err;
}

static const struct kernel_param_ops fault_ops = { .set = set_fault };
static const struct kernel_param_ops flood_ops = { .set = set_flood };

module_param_cb(fault, &fault_ops, NULL, 0200);
module_param_cb(flood, &flood_ops, NULL, 0200);

static char *fault_at_start;
module_param(fault_at_start, charp, 0444);

/* What it does on a kernel thread: waits, beside a thread that makes a fault if one is wanted. */
int command_none(void)
{
	fault_fn run = find(fault_at_start);

	return run ? beside(run) : sleeping(NULL);
}
