// SPDX-License-Identifier: GPL-2.0
/* Faults that are made on purpose. */
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/uaccess.h>

#include "hook.h"

/** NOWHERE - an address of the kernel half where nothing is; ukl_test_faults.ko knows it */
#define NOWHERE	((void *)-8L)

static int in_application_mode(struct test *t)
{
	long value;

	EXPECT_EQ(t, ukl_mode(), UKL_MODE_APP);
	for (int i = 0; i < 3; i++)
		EXPECT_EQ(t, copy_from_kernel_nofault(&value, NOWHERE, sizeof(value)), -EFAULT);
	return 0;
}

static int in_a_process(struct test *t)
{
	long value;

	EXPECT_EQ(t, copy_from_kernel_nofault(&value, NOWHERE, sizeof(value)), -EFAULT);
	return 0;
}

static void fault_in_a_call(struct hook *hook)
{
	long value;

	copy_from_kernel_nofault(&value, NOWHERE, sizeof(value));
}

static int in_a_call(struct test *t)
{
	static struct hook hook;

	if (!hook_open(t, &hook))
		return 0;
	hook.during = fault_in_a_call;
	hook_recv(t, &hook, 1, 0);
	hook_close(t, &hook);
	return 0;
}

static noinline void fault_in_the_kernel(struct hook *hook)
{
	READ_ONCE(*(int *)NOWHERE);
}

/* The task does not survive this. */
static int in_the_kernel(struct test *t)
{
	static struct hook hook;

	if (!hook_open(t, &hook))
		return 0;
	hook.during = fault_in_the_kernel;
	hook_recv(t, &hook, 1, 0);
	EXPECT_TRUE(t, false);
	return 0;
}

static noinline int recurse(int depth)
{
	char frame[256];

	barrier_data(frame);
	/* Not a tail call, and more than the compiler can see the end of. */
	depth = depth ? recurse(depth + 1) : 0;
	barrier_data(frame);
	return depth;
}

/* The machine does not survive this. */
static int overflow(struct test *t)
{
	unsigned long top = PAGE_ALIGN(current_stack_pointer);

	pr_info("stack of %d bytes ends at %lx\n", UKL_STACK_DEFAULT, top - UKL_STACK_DEFAULT);
	return recurse(1);
}

const struct test_case fault_cases[] = {
	{ "fault.in_application_mode", in_application_mode, TEST_ARGS },
	{ "fault.in_a_process", in_a_process, TEST_ARGS },
	{ "fault.in_a_call", in_a_call, TEST_ARGS },
	{ "fault.overflow", overflow, TEST_ARGS },
	{ "fault.in_the_kernel", in_the_kernel, TEST_ARGS },
	{ }
};
