// SPDX-License-Identifier: GPL-2.0
/* Applications that do what a process is ended for. */
#include <linux/bug.h>
#include <linux/objtool.h>
#include <linux/string.h>

#include "process.h"

static int fault_read(void)
{
	return *(volatile int *)8;
}

static int fault_write(void)
{
	*(volatile int *)8 = 1;
	return 0;
}

static int fault_noncanonical(void)
{
	*(volatile int *)0x8000000000000000 = 1;
	return 0;
}

static const int constant = 5;

/* In the module's read-only data. */
static int fault_readonly(void)
{
	*(volatile int *)&constant = 6;
	return constant;
}

static int fault_call(void)
{
	int (*volatile nowhere)(void) = (void *)0xffffffff00000000;

	return nowhere();
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

static int thread(void *arg)
{
	int (*run)(void) = arg;

	return run();
}

static int sleeping(void *arg)
{
	return ukl_sleep(3600L * NSEC_PER_SEC);
}

/* fault KIND [THREAD]: makes one, on the first thread or on one beside it. */
int command_fault(void)
{
	const char *name = ukl_arg(2);

	for (size_t i = 0; name && i < ARRAY_SIZE(faults); i++) {
		if (strcmp(name, faults[i].name))
			continue;
		if (!number(3, 0))
			return faults[i].run();
		ukl_thread_spawn(thread, faults[i].run, 0);
		return sleeping(NULL);
	}
	return -EINVAL;
}
