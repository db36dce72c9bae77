// SPDX-License-Identifier: GPL-2.0
/*
 * The rules of ukl.h for the calls on event sets and for those of TCP that do not copy: where each
 * may be made, and that one which is refused does nothing.
 */
#include <linux/delay.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/preempt.h>

#include "hook.h"
#include "poll.h"

/** struct rig - what to make every call with */
struct rig {
	struct pair pair, other;
	/* The server end of the pair and the file are in the set. */
	struct ukl_poll *poll, *spare;
	struct ukl_file *file, *spare_file;
	void *page;
	unsigned int consumed;
};

/** enum - the calls */
enum {
	CREATE, ADD, MODIFY, REMOVE, ADD_FILE, MODIFY_FILE, REMOVE_FILE, WAIT, SPIN, CLOSE,
	INPLACE, EXCHANGE, SEND_PAGES, CALLS
};

static const char *const names[CALLS] = {
	"ukl_poll_create", "ukl_poll_add", "ukl_poll_modify", "ukl_poll_remove",
	"ukl_poll_add_file", "ukl_poll_modify_file", "ukl_poll_remove_file", "ukl_poll_wait",
	"ukl_poll_spin", "ukl_poll_close", "ukl_tcp_recv_inplace", "ukl_tcp_exchange",
	"ukl_tcp_send_pages",
};

static ssize_t consume(void *arg, const void *data, size_t len)
{
	struct rig *rig = arg;

	rig->consumed += len;
	return len;
}

/* Makes every call. Neither sleeps nor prints, so that it can run anywhere. */
static void call_all(struct rig *rig, int flags, long result[CALLS])
{
	struct ukl_event event;
	struct ukl_reply reply = { .data = rig->page, .len = 1 };

	result[CREATE] = PTR_ERR_OR_ZERO(ukl_poll_create());
	result[ADD] = ukl_poll_add(rig->spare, rig->other.server, EPOLLIN, 9);
	result[MODIFY] = ukl_poll_modify(rig->poll, rig->pair.server, EPOLLOUT, 9);
	result[ADD_FILE] = ukl_poll_add_file(rig->spare, rig->spare_file, EPOLLIN, 9);
	result[MODIFY_FILE] = ukl_poll_modify_file(rig->poll, rig->file, EPOLLIN, 9);
	result[WAIT] = ukl_poll_wait(rig->poll, &event, 1, 0);
	result[SPIN] = ukl_poll_spin(rig->poll, 1);
	result[INPLACE] = ukl_tcp_recv_inplace(rig->pair.server, consume, rig,
					       MSG_DONTWAIT | flags);
	result[EXCHANGE] = ukl_tcp_exchange(rig->pair.server, consume, rig, &reply,
					    MSG_DONTWAIT | flags);
	result[SEND_PAGES] = ukl_tcp_send_pages(rig->other.client, rig->page, 1, flags);
	result[REMOVE] = ukl_poll_remove(rig->poll, rig->pair.server);
	result[REMOVE_FILE] = ukl_poll_remove_file(rig->poll, rig->file);
	result[CLOSE] = ukl_poll_close(rig->spare);
}

static void expect_all(struct test *t, const long result[CALLS], long want)
{
	for (int i = 0; i < CALLS; i++) {
		if (result[i] != want)
			test_log(t, "%s gives %ld, expected %ld\n", names[i], result[i], want);
		EXPECT_EQ(t, result[i], want);
	}
}

static bool rig_open(struct test *t, struct rig *rig)
{
	memset(rig, 0, sizeof(*rig));
	rig->page = (void *)get_zeroed_page(GFP_KERNEL);
	rig->poll = ukl_poll_create();
	rig->spare = ukl_poll_create();
	rig->file = ukl_file_open("/dev/kmsg", O_RDONLY | O_NONBLOCK, 0);
	rig->spare_file = ukl_file_open("/dev/kmsg", O_RDONLY | O_NONBLOCK, 0);
	if (!EXPECT_OK(t, rig->page) || !EXPECT_OK(t, rig->poll) || !EXPECT_OK(t, rig->spare) ||
	    !EXPECT_OK(t, rig->file) || !EXPECT_OK(t, rig->spare_file) ||
	    !pair_open(t, &rig->pair, 4) || !pair_open(t, &rig->other, 4))
		return false;
	EXPECT_EQ(t, ukl_poll_add(rig->poll, rig->pair.server, EPOLLIN, 1), 0);
	EXPECT_EQ(t, ukl_poll_add_file(rig->poll, rig->file, EPOLLPRI, 2), 0);
	send_byte(t, rig->pair.client, rig->pair.server);
	return true;
}

/* Whoever made the calls did nothing. */
static void rig_close(struct test *t, struct rig *rig)
{
	char byte;

	EXPECT_EQ(t, rig->consumed, 0);
	EXPECT_EVENT(t, rig->poll, 1, EPOLLIN);
	recv_byte(t, rig->pair.server);
	EXPECT_QUIET(t, rig->poll);
	EXPECT_EQ(t, ukl_tcp_recv(rig->pair.client, &byte, 1, MSG_DONTWAIT), -EAGAIN);
	EXPECT_EQ(t, ukl_tcp_recv(rig->other.server, &byte, 1, MSG_DONTWAIT), -EAGAIN);
	EXPECT_EQ(t, ukl_poll_remove_file(rig->poll, rig->file), 0);
	EXPECT_EQ(t, ukl_poll_remove_file(rig->spare, rig->spare_file), -ENOENT);
	EXPECT_EQ(t, ukl_poll_remove(rig->spare, rig->other.server), -ENOENT);
	EXPECT_EQ(t, ukl_poll_close(rig->poll), 0);
	EXPECT_EQ(t, ukl_poll_close(rig->spare), 0);
	EXPECT_EQ(t, ukl_file_close(rig->file), 0);
	EXPECT_EQ(t, ukl_file_close(rig->spare_file), 0);
	pair_close(t, &rig->pair);
	pair_close(t, &rig->other);
	free_page((unsigned long)rig->page);
}

/** struct host - an application whose handles another task uses */
struct host {
	struct test *t;
	struct rig rig;
	struct completion ready, finish, closed;
};

static int host_main(void *data)
{
	struct host *host = data;
	bool open = rig_open(host->t, &host->rig);

	complete(&host->ready);
	wait_for_completion(&host->finish);
	if (open)
		rig_close(host->t, &host->rig);
	complete(&host->closed);
	return 0;
}

static int off_ukl_threads(struct test *t)
{
	struct host host = { .t = t };
	struct ukl_app *app;
	long result[CALLS];

	init_completion(&host.ready);
	init_completion(&host.finish);
	init_completion(&host.closed);
	app = ukl_app_start("host", host_main, &host);
	if (!EXPECT_OK(t, app))
		return 0;
	wait_for_completion(&host.ready);
	if (!t->failures) {
		call_all(&host.rig, 0, result);
		expect_all(t, result, -EPERM);
		call_all(&host.rig, UKL_NSS, result);
		expect_all(t, result, -EPERM);
	}
	complete(&host.finish);
	wait_for_completion(&host.closed);
	EXPECT_EQ(t, ukl_app_stop(app), 0);
	return 0;
}

static int with_preemption_off(struct test *t)
{
	long result[CALLS];
	struct rig rig;

	if (!rig_open(t, &rig))
		return 0;
	for (int i = 0; i < 3; i++) {
		int flags = i == 1 ? UKL_NSS : 0;

		EXPECT_EQ(t, ukl_bypass(i == 2 ? 50 : 0), 0);
		preempt_disable();
		call_all(&rig, flags, result);
		preempt_enable();
		expect_all(t, result, -EDEADLK);
	}
	EXPECT_EQ(t, ukl_bypass(0), 0);
	EXPECT_EQ(t, ukl_mode(), UKL_MODE_APP);
	rig_close(t, &rig);
	return 0;
}

static int with_interrupts_off(struct test *t)
{
	long result[CALLS];
	struct rig rig;

	if (!rig_open(t, &rig))
		return 0;
	for (int i = 0; i < 3; i++) {
		int flags = i == 1 ? UKL_NSS : 0;

		EXPECT_EQ(t, ukl_bypass(i == 2 ? 50 : 0), 0);
		local_irq_disable();
		call_all(&rig, flags, result);
		local_irq_enable();
		expect_all(t, result, -EDEADLK);
	}
	EXPECT_EQ(t, ukl_bypass(0), 0);
	rig_close(t, &rig);
	return 0;
}

/** struct nested - calls in the middle of a call */
struct nested {
	struct rig *rig;
	long result[CALLS];
	int flags;
};

static void nest(struct hook *hook)
{
	struct nested *nested = hook->data;

	call_all(nested->rig, nested->flags, nested->result);
}

static int in_a_call(struct test *t)
{
	struct hook *hook = kzalloc(sizeof(*hook), GFP_KERNEL);
	struct rig rig;
	struct nested nested = { .rig = &rig };

	if (!hook || !rig_open(t, &rig) || !hook_open(t, hook)) {
		kfree(hook);
		return 0;
	}
	hook->during = nest;
	hook->data = &nested;
	for (int i = 0; i < 3; i++) {
		nested.flags = i == 1 ? UKL_NSS : 0;
		EXPECT_EQ(t, ukl_bypass(i == 2 ? 50 : 0), 0);
		hook_recv(t, hook, 1, nested.flags);
		expect_all(t, nested.result, -EBUSY);
	}
	EXPECT_EQ(t, ukl_bypass(0), 0);
	hook->during = NULL;
	hook_close(t, hook);
	kfree(hook);
	rig_close(t, &rig);
	return 0;
}

static int stopped_main(void *data)
{
	struct nested *nested = data;

	while (!ukl_should_stop())
		msleep(20);
	call_all(nested->rig, nested->flags, nested->result);
	return 0;
}

static int after_a_stop_request(struct test *t)
{
	struct rig rig;

	for (int i = 0; i < 2; i++) {
		struct nested nested = { .rig = &rig, .flags = i ? UKL_NSS : 0 };
		struct ukl_thread *thread;

		if (!rig_open(t, &rig))
			return 0;
		thread = ukl_thread_spawn(stopped_main, &nested, 0);
		if (!EXPECT_OK(t, thread))
			return 0;
		EXPECT_EQ(t, ukl_thread_stop(thread), 0);
		EXPECT_EQ(t, ukl_thread_join(thread, NULL), 0);
		/* These give back what there is, and work. */
		EXPECT_EQ(t, nested.result[REMOVE], 0);
		EXPECT_EQ(t, nested.result[REMOVE_FILE], 0);
		EXPECT_EQ(t, nested.result[CLOSE], 0);
		nested.result[REMOVE] = -EINTR;
		nested.result[REMOVE_FILE] = -EINTR;
		nested.result[CLOSE] = -EINTR;
		expect_all(t, nested.result, -EINTR);
		/* As they were. */
		rig.spare = ukl_poll_create();
		EXPECT_EQ(t, ukl_poll_add(rig.poll, rig.pair.server, EPOLLIN, 1), 0);
		EXPECT_EQ(t, ukl_poll_add_file(rig.poll, rig.file, EPOLLPRI, 2), 0);
		rig_close(t, &rig);
	}
	return 0;
}

/* The same calls where they may be made: so it was not for another reason that they failed. */
static int where_they_may_be_made(struct test *t)
{
	static const long want[CALLS] = {
		[WAIT] = 1, [INPLACE] = 1, [EXCHANGE] = -EAGAIN, [SEND_PAGES] = 1,
	};
	long result[CALLS];
	struct rig rig;

	if (!rig_open(t, &rig))
		return 0;
	call_all(&rig, 0, result);
	for (int i = 0; i < CALLS; i++)
		EXPECT_EQ(t, result[i], want[i]);
	EXPECT_EQ(t, rig.consumed, 1);
	free_page((unsigned long)rig.page);
	return 0;
}

const struct test_case rules_cases[] = {
	{ "rules.where_they_may_be_made", where_they_may_be_made },
	{ "rules.off_ukl_threads", off_ukl_threads, TEST_TASK },
	{ "rules.with_preemption_off", with_preemption_off },
	{ "rules.with_interrupts_off", with_interrupts_off },
	{ "rules.in_a_call", in_a_call },
	{ "rules.after_a_stop_request", after_a_stop_request },
	{ }
};
