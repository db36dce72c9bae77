// SPDX-License-Identifier: GPL-2.0
/* What modules that add calls of their own rely on, on kernel threads and elsewhere. */
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/sched/task_stack.h>
#include <ukl/extend.h>

#include "test.h"

/** struct extra - a call that the test adds; it may make one itself, in vain */
struct extra {
	bool nests;
	unsigned int runs, in_kernel_mode, on_task_stack;
	long nested, result;
};

static long extra_call(void *arg)
{
	struct extra *extra = arg;

	extra->runs++;
	extra->in_kernel_mode += ukl_mode() == UKL_MODE_KERNEL;
	if (extra->nests)
		extra->nested = ukl_call(extra_call, arg);
	extra->on_task_stack += object_is_on_stack(&extra);
	return extra->result;
}

static void expect_call(struct test *t, long result, long want)
{
	struct extra extra = { .result = result, .nests = true };

	EXPECT_EQ(t, ukl_call(extra_call, &extra), want);
	EXPECT_EQ(t, extra.runs, 1);
	EXPECT_EQ(t, extra.nested, -EBUSY);
	EXPECT_EQ(t, extra.in_kernel_mode, 1);
	EXPECT_EQ(t, extra.on_task_stack, 1);
	EXPECT_EQ(t, ukl_mode(), UKL_MODE_APP);
}

static int call_gives_what_it_returns(struct test *t)
{
	static const long same[] = { 0, 1, LONG_MAX, -1, -EIO, -EINTR, -4095, -4096, LONG_MIN };

	for (size_t i = 0; i < ARRAY_SIZE(same); i++)
		expect_call(t, same[i], same[i]);
	expect_call(t, -512 /* ERESTARTSYS */, -EINTR);
	EXPECT_EQ(t, ukl_call(NULL, NULL), -EINVAL);
	return 0;
}

static int call_is_bypassed(struct test *t)
{
	struct extra extra = { .result = 5 };

	sched_set_fifo(current);
	EXPECT_EQ(t, ukl_bypass(10), 0);
	for (int i = 0; i < 15; i++)
		EXPECT_EQ(t, ukl_call(extra_call, &extra), 5);
	EXPECT_EQ(t, extra.runs, 15);
	EXPECT_EQ(t, extra.in_kernel_mode, 15);
	/* A full call leaves the application stack. */
	EXPECT_EQ(t, extra.on_task_stack, 5);
	/* In the middle of a bypassed one there is no other either. */
	EXPECT_EQ(t, ukl_bypass(2), 0);
	extra.nests = true;
	EXPECT_EQ(t, ukl_call(extra_call, &extra), 5);
	EXPECT_EQ(t, extra.nested, -EBUSY);
	EXPECT_EQ(t, extra.runs, 16);
	EXPECT_EQ(t, extra.on_task_stack, 5);
	return 0;
}

static int call_needs_a_place(struct test *t)
{
	struct extra extra = { .result = 5 };

	preempt_disable();
	EXPECT_EQ(t, ukl_call(extra_call, &extra), -EDEADLK);
	preempt_enable();
	EXPECT_EQ(t, ukl_bypass(10), 0);
	preempt_disable();
	EXPECT_EQ(t, ukl_call(extra_call, &extra), -EDEADLK);
	preempt_enable();
	EXPECT_EQ(t, extra.runs, 0);
	return 0;
}

static void release_nothing(void *data)
{
}

static int strangers_get_nothing(struct test *t)
{
	struct extra extra = {};

	EXPECT_EQ(t, ukl_call(extra_call, &extra), -EPERM);
	EXPECT_EQ(t, extra.runs, 0);
	EXPECT_EQ(t, ukl_attach(&extra, release_nothing), -EPERM);
	EXPECT_EQ(t, ukl_attached(), NULL);
	EXPECT_EQ(t, ukl_exit(3), -EPERM);
	EXPECT_EQ(t, ukl_thread_exit(3), -EPERM);
	EXPECT_EQ(t, ukl_env(0), NULL);
	return 0;
}

static int kernel_threads_do_not_exit(struct test *t)
{
	for (int i = 0; i < 3; i++) {
		EXPECT_EQ(t, ukl_exit(3), -EOPNOTSUPP);
		EXPECT_EQ(t, ukl_mode(), UKL_MODE_APP);
		EXPECT_EQ(t, ukl_thread_exit(3), -EOPNOTSUPP);
		EXPECT_EQ(t, ukl_null(), 0);
		ukl_bypass(10);
	}
	EXPECT_EQ(t, ukl_should_stop(), false);
	EXPECT_EQ(t, ukl_env(0), NULL);
	preempt_disable();
	EXPECT_EQ(t, ukl_exit(3), -EDEADLK);
	EXPECT_EQ(t, ukl_thread_exit(3), -EDEADLK);
	preempt_enable();
	return 0;
}

/** struct keeper - an application with something attached */
struct keeper {
	struct test *t;
	struct completion attached, finish;
	unsigned int released;
	int value, *heap;
};

static void keeper_release(void *data)
{
	struct keeper *k = data;

	might_sleep();
	k->released++;
	/* The application's memory is still there. */
	k->value = *k->heap;
}

static int keeper_child(void *data)
{
	return ukl_attached() == data ? 0 : 1;
}

static int keeper_main(void *data)
{
	struct keeper *k = data;
	struct ukl_thread *thread;
	int status = -1;

	k->heap = ukl_alloc(sizeof(*k->heap));
	*k->heap = 77;
	EXPECT_EQ(k->t, ukl_attached(), NULL);
	EXPECT_EQ(k->t, ukl_attach(NULL, keeper_release), -EINVAL);
	EXPECT_EQ(k->t, ukl_attach(k, NULL), -EINVAL);
	EXPECT_EQ(k->t, ukl_attached(), NULL);
	EXPECT_EQ(k->t, ukl_attach(k, keeper_release), 0);
	EXPECT_EQ(k->t, ukl_attach(k->heap, release_nothing), -EBUSY);
	EXPECT_EQ(k->t, ukl_attached(), k);
	thread = ukl_thread_spawn(keeper_child, k, 0);
	if (EXPECT_OK(k->t, thread))
		EXPECT_EQ(k->t, ukl_thread_join(thread, &status), 0);
	EXPECT_EQ(k->t, status, 0);
	complete(&k->attached);
	wait_for_completion(&k->finish);
	return 0;
}

static int attached_is_released_at_the_end(struct test *t)
{
	struct keeper k = { .t = t };
	struct ukl_app *app;

	init_completion(&k.attached);
	init_completion(&k.finish);
	app = ukl_app_start("keeper", keeper_main, &k);
	if (!EXPECT_OK(t, app))
		return 0;
	wait_for_completion(&k.attached);
	EXPECT_EQ(t, k.released, 0);
	complete(&k.finish);
	EXPECT_EQ(t, ukl_app_stop(app), 0);
	EXPECT_EQ(t, k.released, 1);
	EXPECT_EQ(t, k.value, 77);
	return 0;
}

const struct test_case extend_cases[] = {
	{ "extend.call_gives_what_it_returns", call_gives_what_it_returns },
	{ "extend.call_is_bypassed", call_is_bypassed },
	{ "extend.call_needs_a_place", call_needs_a_place },
	{ "extend.strangers_get_nothing", strangers_get_nothing, TEST_TASK },
	{ "extend.kernel_threads_do_not_exit", kernel_threads_do_not_exit },
	{ "extend.attached_is_released_at_the_end", attached_is_released_at_the_end, TEST_TASK },
	{ }
};
