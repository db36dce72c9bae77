// SPDX-License-Identifier: GPL-2.0
/* What interrupts see and may do on top of a thread, and calls in the middle of a call. */
#include <linux/delay.h>
#include <linux/hrtimer.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "calls.h"
#include "hook.h"

/** RESULTS - how many calls an interrupt makes */
#define RESULTS	6

/** struct ticker - a timer on this CPU that makes calls and looks at the mode */
struct ticker {
	struct hrtimer timer;
	struct task_struct *task;
	struct hook *hook;
	unsigned int modes[UKL_MODE_APP + 1], other, hard, soft;
	long results[RESULTS];
	int left;
};

static enum hrtimer_restart ticker_fires(struct hrtimer *timer)
{
	struct ticker *ticker = container_of(timer, struct ticker, timer);
	int mode = ukl_mode();
	char byte = 0;
	int i = 0;

	if (current == ticker->task) {
		if (mode >= 0 && mode <= UKL_MODE_APP)
			ticker->modes[mode]++;
		else
			ticker->other++;
		if (in_hardirq())
			ticker->hard++;
		else if (in_serving_softirq())
			ticker->soft++;
		ticker->left--;
		if (ticker->hook) {
			ticker->results[i++] = ukl_null();
			ticker->results[i++] = ukl_null_same_stack();
			ticker->results[i++] = ukl_bypass(UKL_BYPASS_MAX);
			ticker->results[i++] = ukl_tcp_send(ticker->hook->sock, &byte, 1, UKL_NSS);
			ticker->results[i++] = ukl_tcp_recv(ticker->hook->sock, &byte, 1,
							    MSG_DONTWAIT);
			ticker->results[i++] = ukl_close(ticker->hook->sock);
		}
		/* Between the calls and after them. */
		mode = ukl_mode();
		if (mode < 0 || mode > UKL_MODE_APP)
			ticker->other++;
	}
	if (READ_ONCE(ticker->left) <= 0)
		return HRTIMER_NORESTART;
	hrtimer_forward_now(timer, us_to_ktime(300));
	return HRTIMER_RESTART;
}

/* Spins until the timer has fired 10 times on top of it. */
static void tick_here(struct ticker *ticker, enum hrtimer_mode mode)
{
	unsigned long end = jiffies + 5 * HZ;

	hrtimer_setup(&ticker->timer, ticker_fires, CLOCK_MONOTONIC, mode);
	ticker->task = current;
	ticker->left = 10;
	migrate_disable();
	hrtimer_start(&ticker->timer, us_to_ktime(300), mode);
	while (READ_ONCE(ticker->left) > 0 && time_before(jiffies, end))
		cpu_relax();
	migrate_enable();
	hrtimer_cancel(&ticker->timer);
}

static void expect_mode(struct test *t, struct ticker *ticker, int mode)
{
	test_log(t, "%u in mode none, %u kernel, %u app\n", ticker->modes[UKL_MODE_NONE],
		 ticker->modes[UKL_MODE_KERNEL], ticker->modes[UKL_MODE_APP]);
	EXPECT_EQ(t, ticker->left, 0);
	/* One that comes while the scheduler is switching to the thread sees none. */
	EXPECT_TRUE(t, ticker->modes[mode] >= (mode == UKL_MODE_NONE ? 10 : 7));
	EXPECT_EQ(t, ticker->modes[mode] + (mode ? ticker->modes[UKL_MODE_NONE] : 0), 10);
	EXPECT_EQ(t, ticker->other, 0);
}

static int mode_of_a_process(struct test *t)
{
	struct ticker ticker = { };

	tick_here(&ticker, HRTIMER_MODE_REL_PINNED_HARD);
	EXPECT_EQ(t, ticker.hard, 10);
	expect_mode(t, &ticker, UKL_MODE_NONE);
	return 0;
}

static int mode_of_an_application(struct test *t)
{
	struct ticker ticker = { };

	tick_here(&ticker, HRTIMER_MODE_REL_PINNED_HARD);
	EXPECT_EQ(t, ticker.hard, 10);
	expect_mode(t, &ticker, UKL_MODE_APP);
	return 0;
}

static void tick_in_a_call(struct hook *hook)
{
	tick_here(hook->data, HRTIMER_MODE_REL_PINNED_HARD);
}

static void mode_of_a_call_with(struct test *t, int flags, int bypass)
{
	struct hook *hook = kzalloc(sizeof(*hook), GFP_KERNEL);
	struct ticker ticker = { };

	if (hook_open(t, hook)) {
		hook->during = tick_in_a_call;
		hook->data = &ticker;
		if (bypass) {
			sched_set_fifo(current);
			EXPECT_EQ(t, ukl_bypass(bypass), 0);
		}
		hook_recv(t, hook, 1, flags);
		expect_mode(t, &ticker, UKL_MODE_KERNEL);
		EXPECT_EQ(t, hook->stacks.app, flags || bypass);
		EXPECT_EQ(t, ukl_mode(), UKL_MODE_APP);
		hook_close(t, hook);
	}
	kfree(hook);
}

static int mode_of_a_call(struct test *t)
{
	mode_of_a_call_with(t, 0, 0);
	return 0;
}

static int mode_of_a_call_on_the_same_stack(struct test *t)
{
	mode_of_a_call_with(t, UKL_NSS, 0);
	return 0;
}

static int mode_of_a_bypassed_call(struct test *t)
{
	mode_of_a_call_with(t, 0, 5);
	return 0;
}

/* Calls on top of a thread that has a bypass of 20 do nothing, not even to that. */
static void calls_from(struct test *t, enum hrtimer_mode mode)
{
	struct hook *hook = kzalloc(sizeof(*hook), GFP_KERNEL);
	struct ticker ticker = { .hook = hook };

	sched_set_fifo(current);
	if (!hook_open(t, hook)) {
		kfree(hook);
		return;
	}
	EXPECT_EQ(t, ukl_bypass(20), 0);
	tick_here(&ticker, mode);
	EXPECT_EQ(t, mode == HRTIMER_MODE_REL_PINNED_SOFT ? ticker.soft : ticker.hard, 10);
	expect_mode(t, &ticker, UKL_MODE_APP);
	for (int i = 0; i < RESULTS; i++)
		EXPECT_EQ(t, ticker.results[i], -EDEADLK);
	EXPECT_EQ(t, ukl_mode(), UKL_MODE_APP);
	hook_recv(t, hook, 25, 0);
	EXPECT_EQ(t, hook->stacks.app, 20);
	EXPECT_EQ(t, hook->stacks.task, 5);
	hook_close(t, hook);
	kfree(hook);
}

static int calls_from_a_timer(struct test *t)
{
	calls_from(t, HRTIMER_MODE_REL_PINNED_HARD);
	return 0;
}

static int calls_from_a_softirq(struct test *t)
{
	calls_from(t, HRTIMER_MODE_REL_PINNED_SOFT);
	return 0;
}

/** struct nested - what calls gave in the middle of a call, and with preemption disabled there */
struct nested {
	struct handles h;
	struct outcomes free, atomic;
	int mode[3];
};

static void nest(struct hook *hook)
{
	struct nested *n = hook->data;

	/* The socket of the call that is under way is locked only in what comes after this. */
	n->mode[0] = ukl_mode();
	call_each(&n->h, &n->free);
	n->mode[1] = ukl_mode();
	preempt_disable();
	call_each(&n->h, &n->atomic);
	preempt_enable();
	n->mode[2] = ukl_mode();
}

static void nested_in(struct test *t, int flags)
{
	struct hook *hook = kzalloc(sizeof(*hook), GFP_KERNEL);
	struct nested *n = kzalloc_obj(*n);

	if (hook && n && handles_open(t, &n->h) && hook_open(t, hook)) {
		hook->during = nest;
		hook->data = n;
		hook_recv(t, hook, 1, flags);
		hook->during = NULL;
		expect_each(t, &n->free, -EBUSY);
		expect_each(t, &n->atomic, -EDEADLK);
		for (int i = 0; i < 3; i++)
			EXPECT_EQ(t, n->mode[i], UKL_MODE_KERNEL);
		EXPECT_EQ(t, ukl_mode(), UKL_MODE_APP);
		hook_recv(t, hook, 1, 0);
		EXPECT_EQ(t, hook->stacks.task, flags ? 1 : 2);
		hook_close(t, hook);
		/* None of them did anything. */
		handles_close(t, &n->h);
	}
	kfree(n);
	kfree(hook);
}

static int nested_in_a_call(struct test *t)
{
	nested_in(t, 0);
	return 0;
}

static int nested_on_the_same_stack(struct test *t)
{
	nested_in(t, UKL_NSS);
	return 0;
}

static void nest_in_bypass(struct hook *hook)
{
	long *result = hook->data;
	char byte;

	/* Of these the first three would be bypassed themselves. */
	*result++ = ukl_null();
	*result++ = ukl_tcp_send(hook->far, &byte, 1, 0);
	*result++ = ukl_tcp_recv(hook->far, &byte, 1, MSG_DONTWAIT);
	*result++ = ukl_null_same_stack();
	*result++ = ukl_bypass(0);
	*result++ = ukl_mode();
}

/*
 * A null call in the middle of a bypassed call is bypassed, which does nothing; all others are
 * refused.
 */
static int nested_in_a_bypassed_call(struct test *t)
{
	struct hook *hook = kzalloc(sizeof(*hook), GFP_KERNEL);
	long result[6] = { };

	sched_set_fifo(current);
	if (hook_open(t, hook)) {
		hook->during = nest_in_bypass;
		hook->data = result;
		EXPECT_EQ(t, ukl_bypass(50), 0);
		hook_recv(t, hook, 1, 0);
		hook->during = NULL;
		EXPECT_TRUE(t, result[0] == 0 || result[0] == -EBUSY);
		for (int i = 1; i < 5; i++)
			EXPECT_EQ(t, result[i], -EBUSY);
		EXPECT_EQ(t, result[5], UKL_MODE_KERNEL);
		EXPECT_EQ(t, ukl_mode(), UKL_MODE_APP);
		hook_recv(t, hook, 1, 0);
		EXPECT_EQ(t, hook->stacks.app, 2);
		hook_close(t, hook);
	}
	kfree(hook);
	return 0;
}

static int calls_from_a_kprobe(struct test *t)
{
	struct trap *trap = kzalloc(sizeof(*trap), GFP_KERNEL);
	struct pair pair;
	char byte = 0;

	if (pair_open(t, &pair, 4) && trap_set(t, trap, "tcp_sendmsg")) {
		EXPECT_EQ(t, ukl_tcp_send(pair.client, &byte, 1, 0), 1);
		trap_clear(trap);
		EXPECT_EQ(t, trap->stacks.task, 1);
		EXPECT_EQ(t, trap->mode, UKL_MODE_KERNEL);
		EXPECT_EQ(t, trap->null, -EDEADLK);
		EXPECT_EQ(t, ukl_mode(), UKL_MODE_APP);
		pair_close(t, &pair);
	}
	kfree(trap);
	return 0;
}

const struct test_case interrupt_cases[] = {
	{ "interrupt.mode_of_a_process", mode_of_a_process, TEST_TASK },
	{ "interrupt.mode_of_an_application", mode_of_an_application },
	{ "interrupt.mode_of_a_call", mode_of_a_call },
	{ "interrupt.mode_of_a_call_on_the_same_stack", mode_of_a_call_on_the_same_stack },
	{ "interrupt.mode_of_a_bypassed_call", mode_of_a_bypassed_call },
	{ "interrupt.calls_from_a_timer", calls_from_a_timer },
	{ "interrupt.calls_from_a_softirq", calls_from_a_softirq },
	{ "interrupt.calls_from_a_kprobe", calls_from_a_kprobe },
	{ "interrupt.nested_in_a_call", nested_in_a_call },
	{ "interrupt.nested_on_the_same_stack", nested_on_the_same_stack },
	{ "interrupt.nested_in_a_bypassed_call", nested_in_a_bypassed_call },
	{ }
};
