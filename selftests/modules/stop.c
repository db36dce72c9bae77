// SPDX-License-Identifier: GPL-2.0
/* A stop request reaches a thread wherever it is. */
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>

#include "test.h"

/** LIMIT - milliseconds within which a thread has to end */
#define LIMIT	1000

/** struct victim - a thread that is stopped */
struct victim {
	const char *place;
	struct task_struct *task;
	struct ukl_sock *sock;
	unsigned long calls;
	bool bypassed;
};

static int in_application(struct victim *v)
{
	/* Not even ukl_should_stop(): the next call has to tell. */
	while (!READ_ONCE(v->calls))
		cpu_relax();
	return ukl_null();
}

static int in_recv(struct victim *v, int flags)
{
	char byte;

	return ukl_tcp_recv(v->sock, &byte, 1, flags);
}

static int in_calls(struct victim *v, int (*call)(void), unsigned int budget)
{
	int error;

	do {
		if (budget && v->calls++ % budget == 0)
			ukl_bypass(budget);
		error = call();
	} while (!error);
	return error;
}

static int in_moves(struct victim *v, int flags)
{
	char byte = 0;
	long n;

	do {
		if (v->calls++ % 5000 == 0)
			ukl_bypass(flags ? 0 : 10000);
		n = ukl_tcp_recv(v->sock, &byte, 1, MSG_DONTWAIT | flags);
	} while (n == -EAGAIN);
	return n;
}

static int victim_main(void *data)
{
	struct victim *v = data;

	get_task_struct(current);
	WRITE_ONCE(v->task, current);
	if (!strcmp(v->place, "application"))
		return in_application(v);
	if (!strcmp(v->place, "recv"))
		return in_recv(v, 0);
	if (!strcmp(v->place, "recv_same_stack"))
		return in_recv(v, UKL_NSS);
	if (!strcmp(v->place, "recv_bypassed")) {
		ukl_bypass(100);
		return in_recv(v, 0);
	}
	if (!strcmp(v->place, "calls"))
		return in_calls(v, ukl_null, 0);
	if (!strcmp(v->place, "calls_same_stack"))
		return in_calls(v, ukl_null_same_stack, 0);
	if (!strcmp(v->place, "bypass"))
		return in_calls(v, ukl_null, UKL_BYPASS_MAX);
	if (!strcmp(v->place, "moves"))
		return in_moves(v, UKL_NSS);
	if (!strcmp(v->place, "moves_bypassed"))
		return in_moves(v, 0);
	return -ENOENT;
}

static void stop_by(struct test *t, const char *means, struct victim *v, struct ukl_thread *thread)
{
	if (!strcmp(means, "handle"))
		EXPECT_EQ(t, ukl_thread_stop(thread), 0);
	else if (!strcmp(means, "SIGTERM"))
		EXPECT_EQ(t, send_sig(SIGTERM, v->task, 1), 0);
	else if (!strcmp(means, "SIGKILL"))
		EXPECT_EQ(t, send_sig(SIGKILL, v->task, 1), 0);
	else
		EXPECT_EQ(t, -ENOENT, 0);
}

/* ARGUMENTS: where the thread is, and how it is stopped. */
static int stop_at(struct test *t)
{
	char *means = t->args, *place = strsep(&means, " ");
	struct victim v = { .place = place };
	struct ukl_thread *thread;
	unsigned long start;
	struct pair pair;
	int status = 0;

	if (!pair_open(t, &pair, 4))
		return 0;
	v.sock = pair.server;
	thread = ukl_thread_spawn(victim_main, &v, 0);
	if (!EXPECT_OK(t, thread))
		return 0;
	while (!READ_ONCE(v.task))
		fsleep(1000);
	settle();
	start = jiffies;
	stop_by(t, means ?: "", &v, thread);
	if (!strcmp(place, "application"))
		WRITE_ONCE(v.calls, 1);
	EXPECT_EQ(t, ukl_thread_join(thread, &status), 0);
	start = jiffies - start;
	test_log(t, "ended after %u ms\n", jiffies_to_msecs(start));
	EXPECT_EQ(t, status, -EINTR);
	EXPECT_TRUE(t, jiffies_to_msecs(start) <= LIMIT);
	put_task_struct(v.task);
	pair_close(t, &pair);
	return 0;
}

const struct test_case stop_cases[] = {
	{ "stop.at", stop_at, TEST_ARGS },
	{ }
};
