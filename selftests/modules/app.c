// SPDX-License-Identifier: GPL-2.0
/* Applications: start, stop, what stop has to take back. */
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "test.h"

/** STOP_LIMIT - milliseconds that a stop may take */
#define STOP_LIMIT	2000

static int return_it(void *data)
{
	return (long)data;
}

static int until_stopped(void *data)
{
	while (!ukl_should_stop())
		fsleep(1000);
	return ukl_null();
}

static void stop_in_time(struct test *t, struct ukl_app *app, int want)
{
	unsigned long start = jiffies;
	unsigned int ms;

	EXPECT_EQ(t, ukl_app_stop(app), want);
	ms = jiffies_to_msecs(jiffies - start);
	if (ms >= STOP_LIMIT)
		test_log(t, "stop took %u ms\n", ms);
	EXPECT_TRUE(t, ms < STOP_LIMIT);
}

static int start_with_bad_arguments(struct test *t)
{
	EXPECT_ERR(t, ukl_app_start(NULL, return_it, NULL), -EINVAL);
	EXPECT_ERR(t, ukl_app_start("", return_it, NULL), -EINVAL);
	EXPECT_ERR(t, ukl_app_start("name", NULL, NULL), -EINVAL);
	EXPECT_ERR(t, __ukl_app_start(THIS_MODULE, "name", return_it, NULL, 1), -EINVAL);
	EXPECT_ERR(t, __ukl_app_start(THIS_MODULE, "name", return_it, NULL, UKL_STACK_MIN - 1),
		   -EINVAL);
	return 0;
}

static int start_without_memory(struct test *t)
{
	EXPECT_ERR(t, __ukl_app_start(THIS_MODULE, "name", return_it, NULL, SZ_1T), -ENOMEM);
	EXPECT_ERR(t, __ukl_app_start(THIS_MODULE, "name", return_it, NULL, SIZE_MAX), -ENOMEM);
	return 0;
}

static int stop_gives_the_status(struct test *t)
{
	static const int statuses[] = { 0, 17, -5, INT_MIN };

	for (size_t i = 0; i < ARRAY_SIZE(statuses); i++) {
		struct ukl_app *app;

		app = ukl_app_start("status", return_it, (void *)(long)statuses[i]);
		if (!EXPECT_OK(t, app))
			return 0;
		/* After its end, and perhaps before it began. */
		if (i % 2)
			settle();
		EXPECT_EQ(t, ukl_app_stop(app), statuses[i]);
	}
	return 0;
}

static int stop_of_what_does_not_run(struct test *t)
{
	struct ukl_app *app = ukl_app_start("twice", return_it, NULL);

	if (EXPECT_OK(t, app)) {
		EXPECT_EQ(t, ukl_app_stop(app), 0);
		EXPECT_EQ(t, ukl_app_stop(app), -EINVAL);
	}
	EXPECT_EQ(t, ukl_app_stop(NULL), -EINVAL);
	EXPECT_EQ(t, ukl_app_stop(ERR_PTR(-ENOMEM)), -EINVAL);
	return 0;
}

static int start_and_stop_on_a_thread(struct test *t)
{
	EXPECT_EQ(t, ukl_app_stop(t->app), -EBUSY);
	EXPECT_EQ(t, ukl_app_stop(NULL), -EBUSY);
	EXPECT_ERR(t, ukl_app_start("name", return_it, NULL), -EBUSY);
	return 0;
}

static int name_of_any_length(struct test *t)
{
	struct ukl_app *app;
	char name[64] = "a-name-that-is-longer-than-a-task-has-room-for";

	app = ukl_app_start(name, until_stopped, NULL);
	/* It is copied. */
	memset(name, 'x', sizeof(name) - 1);
	if (EXPECT_OK(t, app))
		stop_in_time(t, app, -EINTR);
	return 0;
}

static int start_and_stop_in_a_row(struct test *t)
{
	for (int i = 0; i < 100; i++) {
		struct ukl_app *app = ukl_app_start("row", until_stopped, NULL);

		if (!EXPECT_OK(t, app))
			return 0;
		stop_in_time(t, app, -EINTR);
	}
	return 0;
}

static int several_at_once(struct test *t)
{
	struct ukl_app *apps[8];

	for (size_t i = 0; i < ARRAY_SIZE(apps); i++) {
		apps[i] = ukl_app_start("several", until_stopped, NULL);
		EXPECT_OK(t, apps[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(apps); i++)
		if (!IS_ERR(apps[i]))
			stop_in_time(t, apps[i], -EINTR);
	return 0;
}

/** struct blocked - an application whose threads are in calls when it is stopped */
struct blocked {
	struct test *t;
	struct completion ready;
	struct peer peer;
	struct ukl_thread *threads[64];
	struct child accept, recv, send;
};

static int blocked_main(void *data)
{
	struct blocked *b = data;
	struct test *t = b->t;

	if (peer_open(t, &b->peer)) {
		b->accept.sock = b->peer.listener;
		b->recv.sock = b->peer.sock;
		b->send.sock = b->peer.sock;
		b->recv.len = SZ_4K;
		/* More than the buffers of a connection ever hold. */
		b->send.len = SZ_64M;
		for (size_t i = 0; i < ARRAY_SIZE(b->threads) && !t->failures; i += 4) {
			b->threads[i] = ukl_thread_spawn(child_accept, &b->accept, 0);
			b->threads[i + 1] = ukl_thread_spawn(child_recv, &b->recv, 0);
			b->threads[i + 2] = ukl_thread_spawn(child_send, &b->send, 0);
			b->threads[i + 3] = ukl_thread_spawn(until_stopped, NULL, 0);
		}
	}
	settle();
	complete(&b->ready);
	return PTR_ERR_OR_ZERO(ukl_accept(b->peer.listener, NULL, 0));
}

static int stop_of_blocked_threads(struct test *t)
{
	struct blocked *b = kzalloc(sizeof(*b), GFP_KERNEL);
	struct ukl_app *app;

	if (!b)
		return -ENOMEM;
	b->t = t;
	init_completion(&b->ready);
	b->recv.buf = kmalloc(SZ_4K, GFP_KERNEL);
	b->send.buf = vmalloc(SZ_64M);
	if (b->recv.buf && b->send.buf) {
		app = ukl_app_start("blocked", blocked_main, b);
		if (EXPECT_OK(t, app)) {
			wait_for_completion(&b->ready);
			stop_in_time(t, app, -EINTR);
			EXPECT_EQ(t, b->recv.result, -EINTR);
		}
		if (b->peer.far)
			peer_close(&b->peer);
	}
	vfree(b->send.buf);
	kfree(b->recv.buf);
	kfree(b);
	return 0;
}

/* The application leaves everything open: its end is the end of the stream for the peer. */
static int open_main(void *data)
{
	struct blocked *b = data;

	peer_open(b->t, &b->peer);
	complete(&b->ready);
	return 0;
}

static int stop_closes_the_sockets(struct test *t)
{
	struct blocked *b = kzalloc(sizeof(*b), GFP_KERNEL);
	struct ukl_app *app;
	char byte;

	if (!b)
		return -ENOMEM;
	b->t = t;
	init_completion(&b->ready);
	app = ukl_app_start("open", open_main, b);
	if (EXPECT_OK(t, app)) {
		struct msghdr msg = { .msg_flags = MSG_DONTWAIT };
		struct kvec vec = { &byte, 1 };

		wait_for_completion(&b->ready);
		if (b->peer.far) {
			EXPECT_EQ(t, kernel_recvmsg(b->peer.far, &msg, &vec, 1, 1, MSG_DONTWAIT),
				  -EAGAIN);
			stop_in_time(t, app, 0);
			EXPECT_EQ(t, kernel_recvmsg(b->peer.far, &msg, &vec, 1, 1, 0), 0);
			peer_close(&b->peer);
		}
	}
	kfree(b);
	return 0;
}

/** struct busy - an application whose threads never wait */
struct busy {
	struct test *t;
	struct completion ready;
	struct pair pair;
	void *buf;
};

static int echo_back(void *data)
{
	struct busy *busy = data;
	ssize_t n;

	do {
		n = ukl_tcp_recv(busy->pair.server, busy->buf, SZ_4K, 0);
		if (n > 0)
			n = ukl_tcp_send(busy->pair.server, busy->buf, n, 0);
	} while (n > 0);
	return n;
}

static int null_forever(void *data)
{
	int error;

	do {
		error = ukl_null();
	} while (!error);
	return error;
}

static int compute_forever(void *data)
{
	while (!ukl_should_stop())
		cpu_relax();
	return 0;
}

static int busy_main(void *data)
{
	struct busy *busy = data;
	ssize_t n = 1;

	if (pair_open(busy->t, &busy->pair, 4)) {
		EXPECT_OK(busy->t, ukl_thread_spawn(echo_back, busy, 0));
		EXPECT_OK(busy->t, ukl_thread_spawn(null_forever, busy, 0));
		EXPECT_OK(busy->t, ukl_thread_spawn(compute_forever, busy, 0));
	}
	complete(&busy->ready);
	while (n > 0) {
		n = ukl_tcp_send(busy->pair.client, busy->buf, 1000, 0);
		if (n > 0)
			n = ukl_tcp_recv(busy->pair.client, busy->buf, 1000, MSG_WAITALL);
	}
	return n;
}

static int stop_of_busy_threads(struct test *t)
{
	struct busy *busy = kzalloc(sizeof(*busy), GFP_KERNEL);
	struct ukl_app *app;

	if (!busy)
		return -ENOMEM;
	busy->buf = kzalloc(SZ_4K, GFP_KERNEL);
	for (int i = 0; i < 10 && busy->buf && !t->failures; i++) {
		busy->t = t;
		init_completion(&busy->ready);
		app = ukl_app_start("busy", busy_main, busy);
		if (!EXPECT_OK(t, app))
			break;
		wait_for_completion(&busy->ready);
		settle();
		stop_in_time(t, app, -EINTR);
	}
	kfree(busy->buf);
	kfree(busy);
	return 0;
}

const struct test_case app_cases[] = {
	{ "app.start_with_bad_arguments", start_with_bad_arguments, TEST_TASK },
	{ "app.start_without_memory", start_without_memory, TEST_TASK },
	{ "app.stop_gives_the_status", stop_gives_the_status, TEST_TASK },
	{ "app.stop_of_what_does_not_run", stop_of_what_does_not_run, TEST_TASK },
	{ "app.start_and_stop_on_a_thread", start_and_stop_on_a_thread },
	{ "app.name_of_any_length", name_of_any_length, TEST_TASK },
	{ "app.start_and_stop_in_a_row", start_and_stop_in_a_row, TEST_TASK },
	{ "app.several_at_once", several_at_once, TEST_TASK },
	{ "app.stop_of_blocked_threads", stop_of_blocked_threads, TEST_TASK },
	{ "app.stop_of_busy_threads", stop_of_busy_threads, TEST_TASK },
	{ "app.stop_closes_the_sockets", stop_closes_the_sockets, TEST_TASK },
	{ }
};
