// SPDX-License-Identifier: GPL-2.0
/* A thread that is blocked in a call: closing, shutting down and stopping end the call. */
#include <linux/delay.h>
#include <linux/slab.h>

#include "test.h"

/** struct place - a call that blocks, and what it gives when its socket is closed meanwhile */
struct place {
	int (*call)(void *data);
	/* What it is blocked on: a stream of this family, or else. */
	enum { STREAM, FULL_STREAM, DATAGRAMS, LISTENER, FULL_LISTENER } on;
	int family;
	long want;
};

/** struct blocked - a thread in a call, and what it is blocked on */
struct blocked {
	struct child child;
	struct pair pair;
	union address address;
	char bytes[16];
};

static int child_any_accept(void *data)
{
	struct sockaddr_storage peer;
	struct child *child = data;

	child->result = PTR_ERR_OR_ZERO(ukl_accept(child->sock, &peer, 0));
	return child->result;
}

static const struct place places[] = {
	{ child_recv, STREAM, 4, 0 },
	{ child_recvv, STREAM, 6, 0 },
	{ child_any_recv, STREAM, 4, 0 },
	{ child_recvfrom, STREAM, 4, 0 },
	{ child_any_recvv, STREAM, 4, 0 },
	{ child_send, FULL_STREAM, 4, -EPIPE },
	{ child_sendv, FULL_STREAM, 6, -EPIPE },
	{ child_any_send, FULL_STREAM, 4, -EPIPE },
	{ child_any_sendv, FULL_STREAM, 4, -EPIPE },
	{ child_any_accept, LISTENER, 4, -EINVAL },
	{ child_connect, FULL_LISTENER, 4, -ECONNRESET },
	{ child_any_recv, STREAM, 1, 0 },
	{ child_any_recvv, STREAM, 1, 0 },
	{ child_any_send, FULL_STREAM, 1, -EPIPE },
	{ child_any_sendv, FULL_STREAM, 1, -EPIPE },
	{ child_any_accept, LISTENER, 1, -EINVAL },
	{ child_any_recv, DATAGRAMS, 4, 0 },
	{ child_recvfrom, DATAGRAMS, 4, 0 },
	{ child_recvfrom, DATAGRAMS, 6, 0 },
	{ child_any_recvv, DATAGRAMS, 4, 0 },
	{ child_recvfrom, DATAGRAMS, 1, 0 },
};

static bool block(struct test *t, struct blocked *b, const struct place *place)
{
	int af = place->family == 4 ? AF_INET : place->family == 6 ? AF_INET6 : AF_UNIX;
	struct child *child = &b->child;

	*child = (struct child){ .buf = b->bytes, .len = sizeof(b->bytes) };
	if (!any_pair_open(t, &b->pair, place->family))
		return false;
	switch (place->on) {
	case STREAM:
		child->sock = b->pair.server;
		break;
	case FULL_STREAM:
		fill_up(t, b->pair.server);
		child->sock = b->pair.server;
		break;
	case LISTENER:
		child->sock = b->pair.listener;
		break;
	case FULL_LISTENER:
		child->sock = ukl_socket(af, SOCK_STREAM, 0);
		EXPECT_EQ(t, ukl_listen(b->pair.listener, 0), 0);
		EXPECT_OK(t, connect_to(b->pair.listener));
		child->len = ukl_getsockname(b->pair.listener, &b->address.storage);
		child->buf = &b->address;
		break;
	case DATAGRAMS:
		child->sock = ukl_socket(af, SOCK_DGRAM, 0);
		if (place->family == 1)
			EXPECT_EQ(t, ukl_bind(child->sock, (void *)&(sa_family_t){ AF_UNIX },
					      sizeof(sa_family_t)), 0);
		else
			EXPECT_EQ(t, ukl_bind(child->sock, &b->address.any,
					      loopback(&b->address, place->family, 0)), 0);
		break;
	}
	return EXPECT_OK(t, child->sock) && child_start(t, child, place->call);
}

/* Ends the call in each place by @end; gives @want, or what the place says if that is 1. */
static void in_each_place(struct test *t, long (*end)(struct child *child), long want)
{
	struct blocked *b = kzalloc_obj(*b);

	for (size_t i = 0; b && i < ARRAY_SIZE(places); i++) {
		const struct place *place = &places[i];
		unsigned int before = t->failures;

		if (block(t, b, place)) {
			EXPECT_EQ(t, end(&b->child), 0);
			EXPECT_EQ(t, child_end(t, &b->child), want == 1 ? place->want : want);
			EXPECT_EQ(t, ukl_null(), 0);
		}
		if (t->failures != before)
			test_log(t, "that was %ps, kind %d of family %d\n", place->call, place->on,
				 place->family);
		/* What is already closed says so. */
		ukl_close(b->child.sock);
		ukl_close(b->pair.client);
		ukl_close(b->pair.server);
		ukl_close(b->pair.listener);
	}
	kfree(b);
}

static long close_it(struct child *child)
{
	return ukl_close(child->sock);
}

static long stop_it(struct child *child)
{
	return ukl_thread_stop(child->thread);
}

static long shut_it_down(struct child *child)
{
	long error = ukl_shutdown(child->sock, SHUT_RDWR);

	/* It is done all the same where there is no connection. */
	return error == -ENOTCONN ? 0 : error;
}

static int close_in_each_call(struct test *t)
{
	in_each_place(t, close_it, 1);
	return 0;
}

static int shutdown_in_each_call(struct test *t)
{
	in_each_place(t, shut_it_down, 1);
	return 0;
}

static int stop_in_each_call(struct test *t)
{
	in_each_place(t, stop_it, -EINTR);
	return 0;
}

/** RACES - how many times something is closed in the middle of calls */
#define RACES	300

/** struct racer - a thread that makes calls until its socket is gone */
struct racer {
	struct ukl_sock *sock;
	bool sends;
	long calls, last;
};

static int racer_main(void *data)
{
	struct racer *r = data;
	char buf[256] = "";

	do {
		r->last = r->sends ? ukl_tcp_send(r->sock, buf, sizeof(buf), 0) :
				     ukl_tcp_recv(r->sock, buf, sizeof(buf), 0);
		r->calls++;
	} while (r->last > 0);
	return 0;
}

/* Two threads are in the middle of their calls, on both ends, when one end is shut down. */
static int shutdown_in_the_middle(struct test *t)
{
	long calls = 0;

	for (int i = 0; i < RACES && !t->failures; i++) {
		struct racer racers[2] = { };
		struct ukl_thread *threads[2];
		struct pair pair;

		if (!pair_open(t, &pair, 4))
			break;
		for (int k = 0; k < 2; k++) {
			racers[k].sock = k ? pair.server : pair.client;
			racers[k].sends = k;
			threads[k] = ukl_thread_spawn(racer_main, &racers[k], 0);
			EXPECT_OK(t, threads[k]);
		}
		usleep_range(i * 10, i * 10 + 50);
		EXPECT_EQ(t, ukl_shutdown(pair.client, SHUT_RDWR), 0);
		for (int k = 0; k < 2; k++) {
			EXPECT_EQ(t, ukl_thread_join(threads[k], NULL), 0);
			calls += racers[k].calls;
		}
		/* What comes in after that is answered with a reset. */
		EXPECT_TRUE(t, racers[0].last == 0 || racers[0].last == -ECONNRESET);
		EXPECT_TRUE(t, racers[1].last == -EPIPE || racers[1].last == -ECONNRESET);
		pair_close(t, &pair);
	}
	test_log(t, "%ld calls\n", calls);
	return 0;
}

const struct test_case close_cases[] = {
	{ "close.in_each_call", close_in_each_call },
	{ "close.shutdown_in_each_call", shutdown_in_each_call },
	{ "close.stop_in_each_call", stop_in_each_call },
	{ "close.shutdown_in_the_middle", shutdown_in_the_middle },
	{ }
};
