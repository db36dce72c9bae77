// SPDX-License-Identifier: GPL-2.0
/* Threads: spawn, join, stop, detach, their stacks. */
#include <linux/delay.h>
#include <linux/mm.h>
#include <linux/preempt.h>
#include <linux/sched/task_stack.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "test.h"

static int return_it(void *data)
{
	return (long)data;
}

static int until_stopped(void *data)
{
	int *polls = data;

	while (!ukl_should_stop()) {
		fsleep(1000);
		if (polls)
			(*polls)++;
	}
	return ukl_null();
}

static int join_gives_the_status(struct test *t)
{
	static const int statuses[] = { 0, 42, -5, INT_MAX, INT_MIN };

	for (size_t i = 0; i < ARRAY_SIZE(statuses); i++) {
		struct ukl_thread *thread;
		int status = 1;

		thread = ukl_thread_spawn(return_it, (void *)(long)statuses[i], 0);
		if (!EXPECT_OK(t, thread))
			return 0;
		EXPECT_EQ(t, ukl_thread_join(thread, &status), 0);
		EXPECT_EQ(t, status, statuses[i]);
	}
	return 0;
}

static int join_without_a_status(struct test *t)
{
	struct ukl_thread *thread = ukl_thread_spawn(return_it, NULL, 0);

	if (EXPECT_OK(t, thread))
		EXPECT_EQ(t, ukl_thread_join(thread, NULL), 0);
	return 0;
}

static int join_after_the_end(struct test *t)
{
	struct ukl_thread *thread = ukl_thread_spawn(return_it, (void *)7, 0);
	int status = 0;

	settle();
	if (EXPECT_OK(t, thread))
		EXPECT_EQ(t, ukl_thread_join(thread, &status), 0);
	EXPECT_EQ(t, status, 7);
	return 0;
}

static int join_self_main(void *data)
{
	struct ukl_thread **self = data;

	while (!READ_ONCE(*self))
		fsleep(1000);
	return ukl_thread_join(*self, NULL);
}

static int join_of_itself(struct test *t)
{
	struct ukl_thread *self = NULL, *thread;
	int status = 0;

	thread = ukl_thread_spawn(join_self_main, &self, 0);
	if (!EXPECT_OK(t, thread))
		return 0;
	WRITE_ONCE(self, thread);
	EXPECT_EQ(t, ukl_thread_join(thread, &status), 0);
	EXPECT_EQ(t, status, -EDEADLK);
	return 0;
}

static int join_main(void *data)
{
	return ukl_thread_join(data, NULL);
}

static int join_of_a_joiner_that_is_stopped(struct test *t)
{
	struct ukl_thread *worker = ukl_thread_spawn(until_stopped, NULL, 0);
	struct ukl_thread *joiner;
	int status = 0;

	if (!EXPECT_OK(t, worker))
		return 0;
	joiner = ukl_thread_spawn(join_main, worker, 0);
	if (!EXPECT_OK(t, joiner))
		return 0;
	settle();
	EXPECT_EQ(t, ukl_thread_stop(joiner), 0);
	EXPECT_EQ(t, ukl_thread_join(joiner, &status), 0);
	EXPECT_EQ(t, status, -EINTR);
	/* The join that failed left the handle to us. */
	EXPECT_EQ(t, ukl_thread_stop(worker), 0);
	EXPECT_EQ(t, ukl_thread_join(worker, &status), 0);
	EXPECT_EQ(t, status, -EINTR);
	return 0;
}

static int bad_handles(struct test *t)
{
	struct ukl_thread *error = ERR_PTR(-ENOMEM);

	EXPECT_EQ(t, ukl_thread_join(NULL, NULL), -ESRCH);
	EXPECT_EQ(t, ukl_thread_join(error, NULL), -ESRCH);
	EXPECT_EQ(t, ukl_thread_stop(NULL), -ESRCH);
	EXPECT_EQ(t, ukl_thread_stop(error), -ESRCH);
	EXPECT_EQ(t, ukl_thread_detach(NULL), -ESRCH);
	EXPECT_EQ(t, ukl_thread_detach(error), -ESRCH);
	return 0;
}

static int spawn_of_nothing(struct test *t)
{
	EXPECT_ERR(t, ukl_thread_spawn(NULL, NULL, 0), -EINVAL);
	return 0;
}

static int stack_too_small(struct test *t)
{
	EXPECT_ERR(t, ukl_thread_spawn(return_it, NULL, 1), -EINVAL);
	EXPECT_ERR(t, ukl_thread_spawn(return_it, NULL, UKL_STACK_MIN - 1), -EINVAL);
	return 0;
}

static int stack_too_large(struct test *t)
{
	EXPECT_ERR(t, ukl_thread_spawn(return_it, NULL, SZ_1T), -ENOMEM);
	EXPECT_ERR(t, ukl_thread_spawn(return_it, NULL, SIZE_MAX / 2), -ENOMEM);
	EXPECT_ERR(t, ukl_thread_spawn(return_it, NULL, SIZE_MAX), -ENOMEM);
	/* The application goes on. */
	return join_gives_the_status(t);
}

/** struct probe - what a thread finds on its stack */
struct probe {
	size_t depth;
	bool on_task_stack, in_vmalloc;
	int mode;
};

/* Down to @lowest, whatever the compiler puts into a frame besides. */
static noinline int use_stack(uintptr_t lowest, unsigned char seed)
{
	unsigned char frame[512];
	int sum;

	for (size_t i = 0; i < sizeof(frame); i += 64)
		frame[i] = seed;
	barrier_data(frame);
	if ((uintptr_t)frame > lowest + 2 * sizeof(frame))
		sum = use_stack(lowest, seed + 1);
	else
		sum = ukl_null();
	barrier_data(frame);
	for (size_t i = 0; i < sizeof(frame); i += 64)
		sum |= frame[i] != seed;
	return sum;
}

static int probe_main(void *data)
{
	struct probe *probe = data;
	char here;

	probe->on_task_stack = object_is_on_stack(&here);
	probe->in_vmalloc = is_vmalloc_addr(&here);
	probe->mode = ukl_mode();
	return use_stack((uintptr_t)&here - probe->depth, 1);
}

static void stack_of(struct test *t, size_t size)
{
	/* Room for the frames that are not counted, and for interrupts that come in between. */
	struct probe probe = { .depth = (size ?: UKL_STACK_DEFAULT) - 8192 };
	struct ukl_thread *thread = ukl_thread_spawn(probe_main, &probe, size);
	int status = -1;

	if (!EXPECT_OK(t, thread))
		return;
	EXPECT_EQ(t, ukl_thread_join(thread, &status), 0);
	EXPECT_EQ(t, status, 0);
	EXPECT_EQ(t, probe.on_task_stack, false);
	EXPECT_EQ(t, probe.in_vmalloc, true);
	EXPECT_EQ(t, probe.mode, UKL_MODE_APP);
}

static int stack_of_the_smallest_size(struct test *t)
{
	stack_of(t, UKL_STACK_MIN);
	return 0;
}

static int stack_of_the_default_size(struct test *t)
{
	stack_of(t, 0);
	return 0;
}

static int stack_of_a_megabyte(struct test *t)
{
	stack_of(t, SZ_1M);
	return 0;
}

static int stack_of_an_odd_size(struct test *t)
{
	stack_of(t, UKL_STACK_MIN + 1);
	return 0;
}

static int stop_ends_one_thread(struct test *t)
{
	int polls = 0, before, status = 0;
	struct ukl_thread *one = ukl_thread_spawn(until_stopped, NULL, 0);
	struct ukl_thread *other = ukl_thread_spawn(until_stopped, &polls, 0);

	if (!EXPECT_OK(t, one) || !EXPECT_OK(t, other))
		return 0;
	settle();
	EXPECT_EQ(t, ukl_thread_stop(one), 0);
	EXPECT_EQ(t, ukl_thread_join(one, &status), 0);
	EXPECT_EQ(t, status, -EINTR);
	EXPECT_EQ(t, ukl_should_stop(), false);
	EXPECT_EQ(t, ukl_null(), 0);
	before = READ_ONCE(polls);
	settle();
	EXPECT_TRUE(t, READ_ONCE(polls) > before);
	EXPECT_EQ(t, ukl_thread_stop(other), 0);
	EXPECT_EQ(t, ukl_thread_join(other, &status), 0);
	EXPECT_EQ(t, status, -EINTR);
	return 0;
}

static int stop_twice_and_after_the_end(struct test *t)
{
	struct ukl_thread *thread = ukl_thread_spawn(until_stopped, NULL, 0);

	if (!EXPECT_OK(t, thread))
		return 0;
	EXPECT_EQ(t, ukl_thread_stop(thread), 0);
	EXPECT_EQ(t, ukl_thread_stop(thread), 0);
	settle();
	EXPECT_EQ(t, ukl_thread_stop(thread), 0);
	EXPECT_EQ(t, ukl_thread_join(thread, NULL), 0);
	return 0;
}

static int stop_before_it_runs(struct test *t)
{
	for (int i = 0; i < 50; i++) {
		struct ukl_thread *thread = ukl_thread_spawn(until_stopped, NULL, 0);
		int status = 0;

		if (!EXPECT_OK(t, thread))
			return 0;
		EXPECT_EQ(t, ukl_thread_stop(thread), 0);
		EXPECT_EQ(t, ukl_thread_join(thread, &status), 0);
		EXPECT_EQ(t, status, -EINTR);
	}
	return 0;
}

/** struct stopped - what a thread that was asked to stop gets from its calls */
struct stopped {
	struct peer peer;
	struct ukl_thread *other;
	long null, send, recv, listen, spawn, shutdown, detach, close, again;
};

static int stopped_main(void *data)
{
	struct stopped *s = data;
	char byte = 0;

	while (!ukl_should_stop())
		fsleep(1000);
	s->null = ukl_null();
	s->send = ukl_tcp_send(s->peer.sock, &byte, 1, 0);
	s->recv = ukl_tcp_recv(s->peer.sock, &byte, 1, 0);
	s->listen = PTR_ERR_OR_ZERO(listen_on(4, 0));
	s->spawn = PTR_ERR_OR_ZERO(ukl_thread_spawn(return_it, NULL, 0));
	s->shutdown = ukl_shutdown(s->peer.sock, SHUT_WR);
	s->detach = ukl_thread_detach(s->other);
	s->close = ukl_close(s->peer.sock);
	s->again = ukl_null();
	return 0;
}

static int calls_of_a_stopped_thread(struct test *t)
{
	struct stopped s = { };
	struct ukl_thread *thread;

	if (!peer_open(t, &s.peer))
		return 0;
	s.other = ukl_thread_spawn(return_it, NULL, 0);
	thread = ukl_thread_spawn(stopped_main, &s, 0);
	if (!EXPECT_OK(t, thread) || !EXPECT_OK(t, s.other))
		return 0;
	EXPECT_EQ(t, ukl_thread_stop(thread), 0);
	EXPECT_EQ(t, ukl_thread_join(thread, NULL), 0);
	EXPECT_EQ(t, s.null, -EINTR);
	EXPECT_EQ(t, s.send, -EINTR);
	EXPECT_EQ(t, s.recv, -EINTR);
	EXPECT_EQ(t, s.listen, -EINTR);
	EXPECT_EQ(t, s.spawn, -EINTR);
	EXPECT_EQ(t, s.again, -EINTR);
	/* What only gives something back works all the same. */
	EXPECT_EQ(t, s.shutdown, 0);
	EXPECT_EQ(t, s.detach, 0);
	EXPECT_EQ(t, s.close, 0);
	peer_close(&s.peer);
	return 0;
}

static int increment(void *data)
{
	settle();
	atomic_inc(data);
	return 0;
}

static int detach_lets_it_run(struct test *t)
{
	atomic_t *ended = kzalloc(sizeof(*ended), GFP_KERNEL);
	struct ukl_thread *thread = ukl_thread_spawn(increment, ended, 0);

	if (!EXPECT_OK(t, thread))
		return 0;
	EXPECT_EQ(t, ukl_thread_detach(thread), 0);
	for (int i = 0; i < 200 && !atomic_read(ended); i++)
		fsleep(10000);
	EXPECT_EQ(t, atomic_read(ended), 1);
	kfree(ended);
	return 0;
}

static int wait_for_stop(void *arg)
{
	while (!ukl_should_stop() && !READ_ONCE(*(bool *)arg))
		fsleep(1000);
	return 0;
}

/* While the thread runs, so that it is there to be found. */
static int detached_handle_is_gone(struct test *t)
{
	bool done = false;
	struct ukl_thread *thread = ukl_thread_spawn(wait_for_stop, &done, 0);

	if (!EXPECT_OK(t, thread))
		return 0;
	EXPECT_EQ(t, ukl_thread_detach(thread), 0);
	EXPECT_EQ(t, ukl_thread_detach(thread), -ESRCH);
	EXPECT_EQ(t, ukl_thread_join(thread, NULL), -ESRCH);
	EXPECT_EQ(t, ukl_thread_stop(thread), -ESRCH);
	WRITE_ONCE(done, true);
	/* It looks at this stack until it has seen that. */
	fsleep(500000);
	return 0;
}

static int detach_with_preemption_off(struct test *t)
{
	struct ukl_thread *thread = ukl_thread_spawn(return_it, NULL, 0);
	int off;

	if (!EXPECT_OK(t, thread))
		return 0;
	settle();
	preempt_disable();
	off = ukl_thread_detach(thread);
	preempt_enable();
	EXPECT_EQ(t, off, -EDEADLK);
	/* It failed, so the handle is still ours. */
	EXPECT_EQ(t, ukl_thread_join(thread, NULL), 0);
	return 0;
}

/* What hundreds do that are to leave some time to each other. */
static int seldom_awake(void *data)
{
	while (!ukl_should_stop())
		fsleep(50000);
	return ukl_null();
}

static int many_at_once(struct test *t)
{
	enum { MANY = 200 };
	struct ukl_thread **threads = kcalloc(MANY, sizeof(*threads), GFP_KERNEL);
	int status;

	for (int i = 0; i < MANY; i++) {
		threads[i] = ukl_thread_spawn(seldom_awake, NULL, UKL_STACK_MIN);
		EXPECT_OK(t, threads[i]);
	}
	for (int i = 0; i < MANY; i++)
		if (!IS_ERR(threads[i]))
			EXPECT_EQ(t, ukl_thread_stop(threads[i]), 0);
	for (int i = 0; i < MANY; i++) {
		if (IS_ERR(threads[i]))
			continue;
		EXPECT_EQ(t, ukl_thread_join(threads[i], &status), 0);
		EXPECT_EQ(t, status, -EINTR);
	}
	kfree(threads);
	return 0;
}

static int tree(void *data)
{
	long depth = (long)data;
	struct ukl_thread *child[2];
	int status[2] = { };

	if (!depth)
		return 1;
	for (int i = 0; i < 2; i++) {
		child[i] = ukl_thread_spawn(tree, (void *)(depth - 1), UKL_STACK_MIN);
		if (IS_ERR(child[i]))
			return PTR_ERR(child[i]);
	}
	for (int i = 0; i < 2; i++)
		if (ukl_thread_join(child[i], &status[i]))
			return -ECHILD;
	return status[0] + status[1];
}

static int threads_spawn_threads(struct test *t)
{
	EXPECT_EQ(t, tree((void *)5), 32);
	return 0;
}

const struct test_case thread_cases[] = {
	{ "thread.join_gives_the_status", join_gives_the_status },
	{ "thread.join_without_a_status", join_without_a_status },
	{ "thread.join_after_the_end", join_after_the_end },
	{ "thread.join_of_itself", join_of_itself },
	{ "thread.join_of_a_joiner_that_is_stopped", join_of_a_joiner_that_is_stopped },
	{ "thread.bad_handles", bad_handles },
	{ "thread.spawn_of_nothing", spawn_of_nothing },
	{ "thread.stack_too_small", stack_too_small },
	{ "thread.stack_too_large", stack_too_large },
	{ "thread.stack_of_the_smallest_size", stack_of_the_smallest_size },
	{ "thread.stack_of_the_default_size", stack_of_the_default_size },
	{ "thread.stack_of_a_megabyte", stack_of_a_megabyte },
	{ "thread.stack_of_an_odd_size", stack_of_an_odd_size },
	{ "thread.stop_ends_one_thread", stop_ends_one_thread },
	{ "thread.stop_twice_and_after_the_end", stop_twice_and_after_the_end },
	{ "thread.stop_before_it_runs", stop_before_it_runs },
	{ "thread.calls_of_a_stopped_thread", calls_of_a_stopped_thread },
	{ "thread.detach_lets_it_run", detach_lets_it_run },
	{ "thread.detached_handle_is_gone", detached_handle_is_gone },
	{ "thread.detach_with_preemption_off", detach_with_preemption_off },
	{ "thread.many_at_once", many_at_once },
	{ "thread.threads_spawn_threads", threads_spawn_threads },
	{ }
};
