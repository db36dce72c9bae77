// SPDX-License-Identifier: GPL-2.0
/* Threads that keep a CPU to themselves, or would like to. */
#include <linux/delay.h>
#include <linux/sched.h>

#include "hook.h"

/* CPU time as the scheduler accounts it, up to the last tick. */
static u64 used(void)
{
	return READ_ONCE(current->se.sum_exec_runtime);
}

/* Returns how long it was: what counts as CPU time may come in large pieces. */
static u64 spin_ms(unsigned int ms)
{
	u64 begin = used();

	while (used() - begin < (u64)ms * NSEC_PER_MSEC)
		cpu_relax();
	return used() - begin;
}

/*
 * Uses ARGUMENTS milliseconds of CPU without a call, then makes one, and the same again for half as
 * long; then waits for somebody to read the longest run.
 */
static int without_a_call(struct test *t)
{
	unsigned int ms;

	if (kstrtouint(t->args, 10, &ms))
		return 1;
	pin(t, other_cpu(0));
	for (unsigned int part = 1; part <= 2; part++) {
		EXPECT_EQ(t, ukl_null(), 0);
		test_log(t, "ran %llu us\n", div_u64(spin_ms(ms / part), NSEC_PER_USEC));
		EXPECT_EQ(t, ukl_null(), 0);
	}
	complete_all(&t->ended);
	while (!ukl_should_stop())
		msleep(20);
	return 0;
}

/* Bypasses without end on the last CPU, at the priority that everybody has. */
static int in_a_bypass(struct test *t)
{
	unsigned int calls = 0;
	int error = 0;

	pin(t, other_cpu(0));
	while (!error) {
		if (calls++ % UKL_BYPASS_MAX == 0)
			error = ukl_bypass(UKL_BYPASS_MAX);
		if (!error)
			error = ukl_null();
	}
	return error;
}

const struct test_case spin_cases[] = {
	{ "spin.without_a_call", without_a_call, TEST_ARGS },
	{ "spin.in_a_bypass", in_a_bypass, TEST_ARGS },
	{ }
};
