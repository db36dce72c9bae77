// SPDX-License-Identifier: GPL-2.0
/*
 * The bypass: its budget, what ends it, what it leaves as it is. A bypassed receive stays on the
 * application stack and a full one does not, so where they ran tells which ones were bypassed.
 */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "hook.h"

/* Nothing ends a bypass of a thread that no other one may preempt. */
static struct hook *undisturbed(struct test *t)
{
	struct hook *hook = kzalloc(sizeof(*hook), GFP_KERNEL);

	sched_set_fifo(current);
	if (hook_open(t, hook))
		return hook;
	kfree(hook);
	return NULL;
}

static void done(struct test *t, struct hook *hook)
{
	hook_close(t, hook);
	kfree(hook);
}

/* Of @calls receives the first @bypassed are. */
static void expect_bypassed(struct test *t, struct hook *hook, unsigned int calls,
			    unsigned int bypassed)
{
	hook->stacks = (struct stacks) { };
	hook_recv(t, hook, bypassed, 0);
	EXPECT_EQ(t, hook->stacks.app, bypassed);
	EXPECT_EQ(t, hook->stacks.task, 0);
	hook_recv(t, hook, calls - bypassed, 0);
	EXPECT_EQ(t, hook->stacks.app, bypassed);
	EXPECT_EQ(t, hook->stacks.task, calls - bypassed);
}

static int budget_is_exact(struct test *t)
{
	static const unsigned int budgets[] = { 1, 2, 7, 100, 3000 };
	struct hook *hook = undisturbed(t);

	if (!hook)
		return 0;
	expect_bypassed(t, hook, 3, 0);
	for (size_t i = 0; i < ARRAY_SIZE(budgets); i++) {
		EXPECT_EQ(t, ukl_bypass(budgets[i]), 0);
		expect_bypassed(t, hook, budgets[i] + 3, budgets[i]);
	}
	done(t, hook);
	return 0;
}

static int zero_switches_off(struct test *t)
{
	struct hook *hook = undisturbed(t);

	if (!hook)
		return 0;
	EXPECT_EQ(t, ukl_bypass(100), 0);
	expect_bypassed(t, hook, 10, 10);
	EXPECT_EQ(t, ukl_bypass(0), 0);
	expect_bypassed(t, hook, 5, 0);
	done(t, hook);
	return 0;
}

static int new_budget_replaces(struct test *t)
{
	struct hook *hook = undisturbed(t);

	if (!hook)
		return 0;
	EXPECT_EQ(t, ukl_bypass(100), 0);
	expect_bypassed(t, hook, 10, 10);
	EXPECT_EQ(t, ukl_bypass(3), 0);
	expect_bypassed(t, hook, 10, 3);
	done(t, hook);
	return 0;
}

static int too_large_is_refused(struct test *t)
{
	struct hook *hook = undisturbed(t);

	if (!hook)
		return 0;
	EXPECT_EQ(t, ukl_bypass(UKL_BYPASS_MAX), 0);
	EXPECT_EQ(t, ukl_bypass(5), 0);
	EXPECT_EQ(t, ukl_bypass(UKL_BYPASS_MAX + 1), -EINVAL);
	EXPECT_EQ(t, ukl_bypass(UINT_MAX), -EINVAL);
	/* The old budget is whole. */
	expect_bypassed(t, hook, 8, 5);
	done(t, hook);
	return 0;
}

static int other_calls_take_nothing(struct test *t)
{
	struct hook *hook = undisturbed(t);

	if (!hook)
		return 0;
	EXPECT_EQ(t, ukl_bypass(5), 0);
	for (int i = 0; i < 3; i++) {
		EXPECT_EQ(t, ukl_tcp_nodelay(hook->sock, true), 0);
		EXPECT_EQ(t, ukl_null_same_stack(), 0);
	}
	expect_bypassed(t, hook, 8, 5);
	/* A null call does. */
	EXPECT_EQ(t, ukl_bypass(5), 0);
	EXPECT_EQ(t, ukl_null(), 0);
	EXPECT_EQ(t, ukl_null(), 0);
	expect_bypassed(t, hook, 8, 3);
	done(t, hook);
	return 0;
}

static void ends_for(struct test *t, int flag)
{
	struct hook *hook = undisturbed(t);

	if (!hook)
		return;
	/* An interrupt in between would see to the flag before the call does. */
	for (int try = 0; try < 5; try++) {
		EXPECT_EQ(t, ukl_bypass(100), 0);
		expect_bypassed(t, hook, 10, 10);
		hook->stacks = (struct stacks) { };
		set_tsk_thread_flag(current, flag);
		hook_recv(t, hook, 1, 0);
		if (hook->stacks.task)
			break;
	}
	EXPECT_EQ(t, hook->stacks.task, 1);
	EXPECT_EQ(t, test_tsk_thread_flag(current, flag), 0);
	/* For good. */
	expect_bypassed(t, hook, 5, 0);
	done(t, hook);
}

static int ends_for_a_reschedule(struct test *t)
{
	ends_for(t, TIF_NEED_RESCHED);
	return 0;
}

/* The tick turns it into a reschedule at once; until then it is none. */
static int outlasts_a_lazy_reschedule(struct test *t)
{
	struct hook *hook = undisturbed(t);

	if (!hook)
		return 0;
	EXPECT_EQ(t, ukl_bypass(100), 0);
	set_tsk_thread_flag(current, TIF_NEED_RESCHED_LAZY);
	expect_bypassed(t, hook, 10, 10);
	EXPECT_EQ(t, ukl_bypass(0), 0);
	set_tsk_thread_flag(current, TIF_NEED_RESCHED_LAZY);
	EXPECT_EQ(t, ukl_null(), 0);
	EXPECT_EQ(t, test_tsk_thread_flag(current, TIF_NEED_RESCHED_LAZY), 0);
	done(t, hook);
	return 0;
}

/* What bypassed calls have left to be done ends it where it is done: before the next full call. */
static int ends_for_work_before_a_call(struct test *t)
{
	struct hook *hook = undisturbed(t);

	if (!hook)
		return 0;
	EXPECT_EQ(t, ukl_bypass(100), 0);
	expect_bypassed(t, hook, 10, 10);
	set_tsk_thread_flag(current, TIF_NOTIFY_RESUME);
	EXPECT_EQ(t, ukl_tcp_nodelay(hook->sock, true), 0);
	EXPECT_EQ(t, test_tsk_thread_flag(current, TIF_NOTIFY_RESUME), 0);
	expect_bypassed(t, hook, 5, 0);
	done(t, hook);
	return 0;
}

/** struct runner - a thread in a bypass that is asked to stop */
struct runner {
	struct test *t;
	struct completion bypassing, asked;
	int signal;
	long recv, null, again;
	unsigned int ran;
};

static int runner_main(void *data)
{
	struct runner *r = data;
	struct hook *hook = undisturbed(r->t);
	char byte;

	if (!hook)
		return 1;
	EXPECT_EQ(r->t, ukl_bypass(100), 0);
	expect_bypassed(r->t, hook, 10, 10);
	if (r->signal)
		EXPECT_EQ(r->t, send_sig(r->signal, current, 1), 0);
	complete(&r->bypassing);
	wait_for_completion(&r->asked);
	hook->stacks = (struct stacks) { };
	r->recv = ukl_tcp_recv(hook->sock, &byte, 1, MSG_DONTWAIT);
	r->null = ukl_null();
	r->again = ukl_tcp_recv(hook->sock, &byte, 1, MSG_DONTWAIT);
	r->ran = hook->stacks.app + hook->stacks.task;
	done(r->t, hook);
	return 0;
}

/* One child in a bypass, with 90 calls left, is asked to stop by @signal, or by its handle. */
static void ends_for_signal(struct test *t, int signal)
{
	struct runner r = { .t = t, .signal = signal };
	struct ukl_thread *thread;
	int status = -1;

	init_completion(&r.bypassing);
	init_completion(&r.asked);
	thread = ukl_thread_spawn(runner_main, &r, 0);
	if (!EXPECT_OK(t, thread))
		return;
	wait_for_completion(&r.bypassing);
	if (!signal)
		EXPECT_EQ(t, ukl_thread_stop(thread), 0);
	complete(&r.asked);
	EXPECT_EQ(t, ukl_thread_join(thread, &status), 0);
	EXPECT_EQ(t, status, 0);
	EXPECT_EQ(t, r.recv, -EINTR);
	EXPECT_EQ(t, r.null, -EINTR);
	EXPECT_EQ(t, r.again, -EINTR);
	EXPECT_EQ(t, r.ran, 0);
}

static int ends_for_sigterm(struct test *t)
{
	ends_for_signal(t, SIGTERM);
	return 0;
}

static int ends_for_sigkill(struct test *t)
{
	ends_for_signal(t, SIGKILL);
	return 0;
}

static int ends_for_a_stop(struct test *t)
{
	ends_for_signal(t, 0);
	return 0;
}

static int bytes_are_right(struct test *t)
{
	enum { SIZE = 16384, ROUNDS = 200 };
	u8 *out = kmalloc(SIZE, GFP_KERNEL), *in = kmalloc(SIZE, GFP_KERNEL);
	struct pair pair;
	u32 seed = 1;

	if (!pair_open(t, &pair, 4))
		return 0;
	for (int i = 0; i < SIZE; i++) {
		seed = seed * 1664525 + 1013904223;
		out[i] = seed >> 24;
	}
	EXPECT_EQ(t, ukl_bypass(2 * ROUNDS), 0);
	for (int i = 0; i < ROUNDS; i++) {
		size_t at = (i * 37) % 512, len = 1 + (i * i * 7) % (SIZE - 512);

		memset(in, 0, len + 1);
		EXPECT_EQ(t, ukl_tcp_send(pair.client, out + at, len, 0), len);
		EXPECT_EQ(t, ukl_tcp_recv(pair.server, in, len, MSG_WAITALL), len);
		EXPECT_EQ(t, memcmp(in, out + at, len), 0);
		EXPECT_EQ(t, in[len], 0);
	}
	pair_close(t, &pair);
	kfree(out);
	kfree(in);
	return 0;
}

static int arguments_are_checked(struct test *t)
{
	struct socket *udp;
	struct ukl_sock *other;
	struct pair pair;
	char byte = 0;

	if (!pair_open(t, &pair, 4))
		return 0;
	EXPECT_EQ(t, sock_create_kern(&init_net, AF_INET, SOCK_DGRAM, IPPROTO_UDP, &udp), 0);
	other = ukl_sock_adopt(udp);
	if (!EXPECT_OK(t, other))
		return 0;
	EXPECT_EQ(t, ukl_bypass(1000), 0);
	EXPECT_EQ(t, ukl_tcp_send(NULL, &byte, 1, 0), -ENOTSOCK);
	EXPECT_EQ(t, ukl_tcp_recv(ERR_PTR(-EIO), &byte, 1, 0), -ENOTSOCK);
	EXPECT_EQ(t, ukl_tcp_send(other, &byte, 1, 0), -EPROTOTYPE);
	EXPECT_EQ(t, ukl_tcp_recv(other, &byte, 1, 0), -EPROTOTYPE);
	EXPECT_EQ(t, ukl_tcp_send(pair.client, NULL, 1, 0), -EFAULT);
	EXPECT_EQ(t, ukl_tcp_recv(pair.server, (void *)8, 1, 0), -EFAULT);
	EXPECT_EQ(t, ukl_tcp_send(pair.client, &byte, 1, MSG_OOB), -EINVAL);
	EXPECT_EQ(t, ukl_tcp_recv(pair.server, &byte, 1, MSG_OOB), -EINVAL);
	EXPECT_EQ(t, ukl_tcp_send(pair.client, &byte, (size_t)INT_MAX + 1, 0), -EMSGSIZE);
	EXPECT_EQ(t, ukl_tcp_recv(pair.listener, &byte, 1, MSG_DONTWAIT), -ENOTCONN);
	EXPECT_EQ(t, ukl_tcp_send(pair.client, &byte, 0, 0), 0);
	EXPECT_EQ(t, ukl_mode(), UKL_MODE_APP);
	EXPECT_EQ(t, ukl_close(other), 0);
	pair_close(t, &pair);
	return 0;
}

/** struct low - receives in a bypass, with little stack left */
struct low {
	struct test *t;
	struct hook *hook;
};

static void low_recv(void *data)
{
	struct low *low = data;

	hook_recv(low->t, low->hook, 3, 0);
	EXPECT_EQ(low->t, ukl_null(), 0);
}

static int little_stack(struct test *t)
{
	struct hook *hook = undisturbed(t);
	struct low low = { t, hook };

	if (!hook)
		return 0;
	EXPECT_EQ(t, ukl_bypass(100), 0);
	with_stack_left(UKL_NSS_ROOM, low_recv, &low);
	EXPECT_EQ(t, hook->stacks.app, 0);
	EXPECT_EQ(t, hook->stacks.task, 3);
	/* Those were bypassed all the same. */
	expect_bypassed(t, hook, 100, 96);
	done(t, hook);
	return 0;
}

static int follows_the_thread(struct test *t)
{
	struct hook *hook = undisturbed(t);
	int cpu = raw_smp_processor_id(), other = other_cpu(cpu);

	if (!hook)
		return 0;
	EXPECT_TRUE(t, cpu != other);
	pin(t, cpu);
	EXPECT_EQ(t, ukl_bypass(100), 0);
	expect_bypassed(t, hook, 30, 30);
	pin(t, other);
	expect_bypassed(t, hook, 30, 30);
	/* Asleep, and back. */
	fsleep(2000);
	pin(t, cpu);
	expect_bypassed(t, hook, 45, 40);
	done(t, hook);
	return 0;
}

/** struct next_door - another thread on the same CPU, while a bypass is on */
struct next_door {
	struct test *t;
	int cpu;
};

static int next_door_main(void *data)
{
	struct next_door *n = data;
	struct hook *hook;

	pin(n->t, n->cpu);
	hook = undisturbed(n->t);
	if (!hook)
		return 1;
	expect_bypassed(n->t, hook, 50, 0);
	/* Nor does it take one along. */
	EXPECT_EQ(n->t, ukl_bypass(1000), 0);
	done(n->t, hook);
	return 0;
}

static long stranger_calls(void *data)
{
	struct test *t = data;

	EXPECT_EQ(t, ukl_null(), -EPERM);
	EXPECT_EQ(t, ukl_bypass(1), -EPERM);
	EXPECT_EQ(t, ukl_null(), -EPERM);
	EXPECT_EQ(t, ukl_mode(), UKL_MODE_NONE);
	return 0;
}

static int others_have_none(struct test *t)
{
	struct next_door n = { t, other_cpu(0) };
	struct ukl_thread *thread;
	struct hook *hook;
	int status = -1;

	pin(t, n.cpu);
	hook = undisturbed(t);
	if (!hook)
		return 0;
	/* Join and spawn are full calls that leave it on. */
	EXPECT_EQ(t, ukl_bypass(100), 0);
	expect_bypassed(t, hook, 10, 10);
	EXPECT_EQ(t, work_on_cpu(n.cpu, stranger_calls, t), 0);
	expect_bypassed(t, hook, 10, 10);
	thread = ukl_thread_spawn(next_door_main, &n, 0);
	if (!EXPECT_OK(t, thread))
		return 0;
	/* It has this CPU to itself meanwhile, and its end leaves nothing behind. */
	msleep(200);
	expect_bypassed(t, hook, 10, 10);
	EXPECT_EQ(t, ukl_thread_join(thread, &status), 0);
	EXPECT_EQ(t, status, 0);
	EXPECT_EQ(t, work_on_cpu(n.cpu, stranger_calls, t), 0);
	done(t, hook);
	return 0;
}

static void park(void)
{
	while (!ukl_should_stop())
		msleep(20);
}

/* Makes 7 full and ARGUMENTS bypassed calls, then waits for somebody to read the counts. */
static int counted(struct test *t)
{
	unsigned int budget;

	sched_set_fifo(current);
	if (kstrtouint(t->args, 10, &budget))
		return 1;
	EXPECT_EQ(t, ukl_bypass(budget), 0);
	for (unsigned int i = 0; i < budget + 5; i++)
		EXPECT_EQ(t, ukl_null(), 0);
	EXPECT_EQ(t, ukl_bypass(0), 0);
	complete_all(&t->ended);
	park();
	return 0;
}

static int cut_main(void *data)
{
	struct test *t = data;

	sched_set_fifo(current);
	EXPECT_EQ(t, ukl_bypass(100), 0);
	for (int i = 0; i < 10; i++)
		EXPECT_EQ(t, ukl_null(), 0);
	if (!strcmp(t->args, "reschedule"))
		set_tsk_thread_flag(current, TIF_NEED_RESCHED);
	else if (!strcmp(t->args, "lazy"))
		set_tsk_thread_flag(current, TIF_NEED_RESCHED_LAZY);
	else if (!strcmp(t->args, "signal"))
		send_sig(SIGTERM, current, 1);
	else if (strcmp(t->args, "nothing"))
		EXPECT_EQ(t, -EINVAL, 0);
	EXPECT_EQ(t, ukl_null(), strcmp(t->args, "signal") ? 0 : -EINTR);
	return 0;
}

/* A thread's bypass of 100 is ended after 10 calls by ARGUMENTS; then waits as counted() does. */
static int cut(struct test *t)
{
	struct ukl_thread *thread = ukl_thread_spawn(cut_main, t, 0);

	if (EXPECT_OK(t, thread))
		EXPECT_EQ(t, ukl_thread_join(thread, NULL), 0);
	complete_all(&t->ended);
	park();
	return 0;
}

const struct test_case bypass_cases[] = {
	{ "bypass.budget_is_exact", budget_is_exact },
	{ "bypass.zero_switches_off", zero_switches_off },
	{ "bypass.new_budget_replaces", new_budget_replaces },
	{ "bypass.too_large_is_refused", too_large_is_refused },
	{ "bypass.other_calls_take_nothing", other_calls_take_nothing },
	{ "bypass.ends_for_a_reschedule", ends_for_a_reschedule },
	{ "bypass.ends_for_work_before_a_call", ends_for_work_before_a_call },
	{ "bypass.outlasts_a_lazy_reschedule", outlasts_a_lazy_reschedule },
	{ "bypass.ends_for_sigterm", ends_for_sigterm },
	{ "bypass.ends_for_sigkill", ends_for_sigkill },
	{ "bypass.ends_for_a_stop", ends_for_a_stop },
	{ "bypass.bytes_are_right", bytes_are_right },
	{ "bypass.arguments_are_checked", arguments_are_checked },
	{ "bypass.little_stack", little_stack },
	{ "bypass.follows_the_thread", follows_the_thread },
	{ "bypass.others_have_none", others_have_none },
	{ "bypass.counted", counted, TEST_ARGS },
	{ "bypass.cut", cut, TEST_ARGS },
	{ }
};
