// SPDX-License-Identifier: GPL-2.0
/*
 * A long stream of bytes to or from a peer in user space, in random chunks of 1 byte to 1 MB.
 * Arguments: FAMILY (4 or 6) PORT BYTES SEED.
 */
#include <linux/delay.h>
#include <linux/kernel.h>
#include <linux/vmalloc.h>

#include "../stream.h"
#include "test.h"

/** struct plan - what a case was asked to do */
struct plan {
	int family;
	u16 port;
	size_t bytes;
	u64 seed, random;
	void *buf;
	/** @calls, @dontwait, @peeks: how often */
	unsigned long calls, dontwait, peeks;
};

static bool plan_read(struct test *t, struct plan *plan)
{
	if (sscanf(t->args, "%d %hu %zu %llu", &plan->family, &plan->port, &plan->bytes,
		   &plan->seed) != 4) {
		EXPECT_EQ(t, -EINVAL, 0);
		return false;
	}
	plan->random = plan->seed;
	plan->buf = vmalloc(STREAM_CHUNK_MAX);
	EXPECT_TRUE(t, plan->buf);
	return plan->buf;
}

static void plan_end(struct test *t, struct plan *plan)
{
	vfree(plan->buf);
	test_log(t, "%lu calls, %lu of them MSG_DONTWAIT, %lu MSG_PEEK\n", plan->calls,
		 plan->dontwait, plan->peeks);
}

/* Sends the stream, then waits until the peer has closed: it has then seen and checked it all. */
static void send_stream(struct test *t, struct plan *plan, struct ukl_sock *sock)
{
	size_t pos = 0;
	char byte;

	while (pos < plan->bytes) {
		size_t len = min(stream_chunk(&plan->random), plan->bytes - pos), done = 0;

		stream_fill(plan->buf, len, plan->seed, pos);
		while (done < len) {
			int flags = stream_random(&plan->random) % 8 ? 0 : MSG_DONTWAIT;
			ssize_t n = ukl_tcp_send(sock, plan->buf + done, len - done, flags);

			plan->calls++;
			plan->dontwait += !!flags;
			if (n == -EAGAIN && flags)
				continue;
			if (n <= 0 || n > len - done) {
				EXPECT_EQ(t, n, len - done);
				test_log(t, "at byte %zu\n", pos + done);
				return;
			}
			/* Only MSG_DONTWAIT may take less than all. */
			if (!flags)
				EXPECT_EQ(t, n, len - done);
			done += n;
		}
		pos += len;
	}
	EXPECT_EQ(t, ukl_shutdown(sock, SHUT_WR), 0);
	EXPECT_EQ(t, ukl_tcp_recv(sock, &byte, 1, 0), 0);
}

static bool recv_exactly(struct test *t, struct plan *plan, size_t pos, ssize_t n, size_t len)
{
	size_t good;

	plan->calls++;
	if (n <= 0 || n > len) {
		EXPECT_EQ(t, n, len);
		test_log(t, "at byte %zu\n", pos);
		return false;
	}
	good = stream_check(plan->buf, n, plan->seed, pos);
	if (good != n) {
		EXPECT_EQ(t, good, n);
		test_log(t, "wrong at byte %zu\n", pos + good);
		return false;
	}
	return true;
}

static void recv_stream(struct test *t, struct plan *plan, struct ukl_sock *sock)
{
	size_t pos = 0;
	ssize_t n;

	while (pos < plan->bytes) {
		size_t len = min(stream_chunk(&plan->random), plan->bytes - pos);
		unsigned int kind = stream_random(&plan->random) % 16;

		if (kind == 0) {
			n = ukl_tcp_recv(sock, plan->buf, len, MSG_PEEK);
			plan->peeks++;
			if (!recv_exactly(t, plan, pos, n, len))
				return;
			/* What was seen is there. */
			len = n;
		}
		n = ukl_tcp_recv(sock, plan->buf, len, kind < 4 ? MSG_WAITALL : 0);
		if (!recv_exactly(t, plan, pos, n, len))
			return;
		if (kind < 4)
			EXPECT_EQ(t, n, len);
		pos += n;
	}
	EXPECT_EQ(t, ukl_tcp_recv(sock, plan->buf, 1, 0), 0);
}

typedef void move_fn(struct test *t, struct plan *plan, struct ukl_sock *sock);

static int stream_connect(struct test *t, move_fn *move)
{
	struct plan plan = { };
	union address address;
	struct ukl_sock *sock;

	if (!plan_read(t, &plan))
		return 0;
	sock = ukl_tcp_connect(&address.any, loopback(&address, plan.family, plan.port),
			       UKL_FOREVER);
	if (EXPECT_OK(t, sock)) {
		move(t, &plan, sock);
		EXPECT_EQ(t, ukl_close(sock), 0);
	}
	plan_end(t, &plan);
	return 0;
}

static int stream_listen(struct test *t, move_fn *move)
{
	struct ukl_sock *listener, *sock;
	struct plan plan = { };

	if (!plan_read(t, &plan))
		return 0;
	listener = listen_on(plan.family, plan.port);
	if (EXPECT_OK(t, listener)) {
		sock = ukl_accept(listener, NULL, 0);
		if (EXPECT_OK(t, sock)) {
			move(t, &plan, sock);
			EXPECT_EQ(t, ukl_close(sock), 0);
		}
		EXPECT_EQ(t, ukl_close(listener), 0);
	}
	plan_end(t, &plan);
	return 0;
}

static int connect_and_send(struct test *t)
{
	return stream_connect(t, send_stream);
}

static int connect_and_receive(struct test *t)
{
	return stream_connect(t, recv_stream);
}

static int listen_and_send(struct test *t)
{
	return stream_listen(t, send_stream);
}

static int listen_and_receive(struct test *t)
{
	return stream_listen(t, recv_stream);
}

const struct test_case stream_cases[] = {
	{ "stream.connect_and_send", connect_and_send, TEST_ARGS },
	{ "stream.connect_and_receive", connect_and_receive, TEST_ARGS },
	{ "stream.listen_and_send", listen_and_send, TEST_ARGS },
	{ "stream.listen_and_receive", listen_and_receive, TEST_ARGS },
	{ }
};
