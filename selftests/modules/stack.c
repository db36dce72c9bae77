// SPDX-License-Identifier: GPL-2.0
/* On which stack the kernel's part of a call runs. */
#include <linux/sched.h>
#include <linux/slab.h>

#include "hook.h"

/** ROOM - more stack than a call that stays on it has to find */
#define ROOM	(UKL_NSS_ROOM + 2048)

/** struct probe - one kind of call, made somewhere on the stack */
struct probe {
	struct test *t;
	struct hook *hook;
	struct pair *pair;
	int flags;
};

static struct hook *open_hook(struct test *t)
{
	struct hook *hook = kzalloc(sizeof(*hook), GFP_KERNEL);

	if (hook_open(t, hook))
		return hook;
	kfree(hook);
	return NULL;
}

static void close_hook(struct test *t, struct hook *hook)
{
	hook_close(t, hook);
	kfree(hook);
}

static void do_recv(void *data)
{
	struct probe *p = data;

	hook_recv(p->t, p->hook, 10, p->flags);
}

static void do_send(void *data)
{
	struct probe *p = data;
	char byte = 0;

	for (int i = 0; i < 10; i++)
		EXPECT_EQ(p->t, ukl_tcp_send(p->pair->client, &byte, 1, p->flags), 1);
}

/* The scheduler is called on the way back if it is wanted. */
static void do_null(void *data)
{
	struct probe *p = data;

	for (int i = 0; i < 10; i++) {
		set_tsk_thread_flag(current, TIF_NEED_RESCHED_LAZY);
		EXPECT_EQ(p->t, p->flags ? ukl_null_same_stack() : ukl_null(), 0);
	}
}

static void expect(struct test *t, const char *what, const struct stacks *stacks, bool app)
{
	test_log(t, "%s: %u on the application stack, %u on the kernel's\n", what, stacks->app,
		 stacks->task);
	EXPECT_EQ(t, stacks->app, app ? 10 : 0);
	EXPECT_EQ(t, stacks->task, app ? 0 : 10);
}

static int recv_in_full(struct test *t)
{
	struct probe p = { t, open_hook(t) };

	if (!p.hook)
		return 0;
	do_recv(&p);
	expect(t, "receive", &p.hook->stacks, false);
	close_hook(t, p.hook);
	return 0;
}

static int recv_on_the_same_stack(struct test *t)
{
	struct probe p = { t, open_hook(t), .flags = UKL_NSS };

	if (!p.hook)
		return 0;
	do_recv(&p);
	expect(t, "receive", &p.hook->stacks, true);
	close_hook(t, p.hook);
	return 0;
}

static int recv_with_just_enough_room(struct test *t)
{
	struct probe p = { t, open_hook(t), .flags = UKL_NSS };

	if (!p.hook)
		return 0;
	with_stack_left(ROOM, do_recv, &p);
	expect(t, "receive", &p.hook->stacks, true);
	close_hook(t, p.hook);
	return 0;
}

static int recv_without_room(struct test *t)
{
	struct probe p = { t, open_hook(t), .flags = UKL_NSS };

	if (!p.hook)
		return 0;
	with_stack_left(UKL_NSS_ROOM, do_recv, &p);
	expect(t, "receive", &p.hook->stacks, false);
	close_hook(t, p.hook);
	return 0;
}

static int recv_with_hardly_any_stack(struct test *t)
{
	struct probe p = { t, open_hook(t), .flags = UKL_NSS };

	if (!p.hook)
		return 0;
	with_stack_left(4096, do_recv, &p);
	expect(t, "receive", &p.hook->stacks, false);
	close_hook(t, p.hook);
	return 0;
}

static void send_of(struct test *t, int flags, size_t left, bool app)
{
	struct pair pair;
	struct probe p = { t, .pair = &pair, .flags = flags };
	struct trap *trap = kzalloc(sizeof(*trap), GFP_KERNEL);

	if (pair_open(t, &pair, 4) && trap_set(t, trap, "tcp_sendmsg")) {
		if (left)
			with_stack_left(left, do_send, &p);
		else
			do_send(&p);
		trap_clear(trap);
		expect(t, "send", &trap->stacks, app);
		pair_close(t, &pair);
	}
	kfree(trap);
}

static int send_in_full(struct test *t)
{
	send_of(t, 0, 0, false);
	return 0;
}

static int send_on_the_same_stack(struct test *t)
{
	send_of(t, UKL_NSS, 0, true);
	return 0;
}

static int send_without_room(struct test *t)
{
	send_of(t, UKL_NSS, UKL_NSS_ROOM, false);
	return 0;
}

static int send_in_a_bypass(struct test *t)
{
	sched_set_fifo(current);
	EXPECT_EQ(t, ukl_bypass(10), 0);
	send_of(t, 0, 0, true);
	return 0;
}

static int send_in_a_bypass_without_room(struct test *t)
{
	sched_set_fifo(current);
	EXPECT_EQ(t, ukl_bypass(10), 0);
	send_of(t, 0, UKL_NSS_ROOM, false);
	return 0;
}

static void null_of(struct test *t, bool same_stack, size_t left, bool app)
{
	struct probe p = { t, .flags = same_stack };
	struct trap *trap = kzalloc(sizeof(*trap), GFP_KERNEL);

	if (trap_set(t, trap, "schedule")) {
		if (left)
			with_stack_left(left, do_null, &p);
		else
			do_null(&p);
		trap_clear(trap);
		/* An interrupt in between may have seen to the scheduler. */
		test_log(t, "schedule(): %u on the application stack, %u on the kernel's\n",
			 trap->stacks.app, trap->stacks.task);
		EXPECT_TRUE(t, (app ? trap->stacks.app : trap->stacks.task) >= 5);
		EXPECT_EQ(t, app ? trap->stacks.task : trap->stacks.app, 0);
	}
	kfree(trap);
}

static int null_in_full(struct test *t)
{
	null_of(t, false, 0, false);
	return 0;
}

static int null_on_the_same_stack(struct test *t)
{
	null_of(t, true, 0, true);
	return 0;
}

static int null_without_room(struct test *t)
{
	null_of(t, true, UKL_NSS_ROOM, false);
	return 0;
}

const struct test_case stack_cases[] = {
	{ "stack.recv_in_full", recv_in_full },
	{ "stack.recv_on_the_same_stack", recv_on_the_same_stack },
	{ "stack.recv_with_just_enough_room", recv_with_just_enough_room },
	{ "stack.recv_without_room", recv_without_room },
	{ "stack.recv_with_hardly_any_stack", recv_with_hardly_any_stack },
	{ "stack.send_in_full", send_in_full },
	{ "stack.send_on_the_same_stack", send_on_the_same_stack },
	{ "stack.send_without_room", send_without_room },
	{ "stack.send_in_a_bypass", send_in_a_bypass },
	{ "stack.send_in_a_bypass_without_room", send_in_a_bypass_without_room },
	{ "stack.null_in_full", null_in_full },
	{ "stack.null_on_the_same_stack", null_on_the_same_stack },
	{ "stack.null_without_room", null_without_room },
	{ }
};
