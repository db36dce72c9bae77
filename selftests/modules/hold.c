// SPDX-License-Identifier: GPL-2.0
/*
 * Applications that go on until they are stopped, killed or unloaded, each in another place. Their
 * status is what the call that ended returned.
 */
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "test.h"

static int in_accept(struct test *t)
{
	return PTR_ERR_OR_ZERO(ukl_accept(listen_on(4, 0), NULL, 0));
}

static int in_recv(struct test *t)
{
	struct pair pair;
	char byte;

	if (!pair_open(t, &pair, 4))
		return 1;
	return ukl_tcp_recv(pair.server, &byte, 1, 0);
}

/* A first send fills the connection, so that the second one finds no room at all. */
static int in_send(struct test *t)
{
	struct pair pair;
	ssize_t n = 1;
	void *buf;

	if (!pair_open(t, &pair, 4))
		return 1;
	buf = vzalloc(SZ_1M);
	while (buf && n > 0)
		n = ukl_tcp_send(pair.client, buf, SZ_1M, MSG_DONTWAIT);
	n = ukl_tcp_send(pair.client, buf, SZ_1M, 0);
	vfree(buf);
	return n;
}

static int in_connect(struct test *t)
{
	union address address;
	int len = loopback(&address, 4, 0);
	struct ukl_sock *listener = ukl_tcp_listen(&address.any, len, 0);

	/* With its queue full, a listener does not answer. */
	if (!EXPECT_OK(t, listener) || !EXPECT_OK(t, connect_to(listener)))
		return 1;
	return PTR_ERR_OR_ZERO(connect_to(listener));
}

static int accept_main(void *data)
{
	return PTR_ERR_OR_ZERO(ukl_accept(data, NULL, 0));
}

static int in_join(struct test *t)
{
	struct ukl_thread *thread = ukl_thread_spawn(accept_main, listen_on(4, 0), 0);

	if (!EXPECT_OK(t, thread))
		return 1;
	return ukl_thread_join(thread, NULL);
}

static int in_calls(struct test *t)
{
	int error;

	do {
		error = ukl_null();
	} while (!error);
	return error;
}

static int in_application(struct test *t)
{
	while (!ukl_should_stop())
		cpu_relax();
	return ukl_null();
}

/* Makes 1000 calls, moves 3000 bytes in 3 sends and 2 receives, then waits in accept. */
static int counted(struct test *t)
{
	struct pair pair;
	char *buf;

	if (!pair_open(t, &pair, 4))
		return 1;
	buf = kzalloc(3000, GFP_KERNEL);
	for (int i = 0; i < 1000; i++)
		EXPECT_EQ(t, ukl_null(), 0);
	for (int i = 0; i < 3; i++)
		EXPECT_EQ(t, ukl_tcp_send(pair.client, buf, 1000, 0), 1000);
	for (int i = 0; i < 2; i++)
		EXPECT_EQ(t, ukl_tcp_recv(pair.server, buf, 1500, MSG_WAITALL), 1500);
	kfree(buf);
	return PTR_ERR_OR_ZERO(ukl_accept(pair.listener, NULL, 0));
}

static int serve_one(void *data)
{
	struct ukl_sock *sock = data;
	char buf[512];
	ssize_t n;

	do {
		n = ukl_tcp_recv(sock, buf, sizeof(buf), 0);
		if (n > 0)
			n = ukl_tcp_send(sock, buf, n, 0);
	} while (n > 0);
	ukl_close(sock);
	return n;
}

/* An echo server on port ARGUMENTS, a thread for each connection. */
static int serve(struct test *t)
{
	union address address = { .in6.sin6_family = AF_INET6 };
	struct ukl_sock *listener, *sock;
	u16 port;

	if (kstrtou16(t->args, 10, &port)) {
		EXPECT_EQ(t, -EINVAL, 0);
		return 1;
	}
	address.in6.sin6_port = htons(port);
	listener = ukl_tcp_listen(&address.any, sizeof(address.in6), 1024);
	if (!EXPECT_OK(t, listener))
		return 1;
	for (;;) {
		struct ukl_thread *thread;

		sock = ukl_accept(listener, NULL, 0);
		if (IS_ERR(sock))
			return PTR_ERR(sock);
		thread = ukl_thread_spawn(serve_one, sock, 0);
		if (IS_ERR(thread))
			return PTR_ERR(thread);
		ukl_thread_detach(thread);
	}
}

const struct test_case hold_cases[] = {
	{ "hold.in_accept", in_accept, TEST_ARGS },
	{ "hold.in_recv", in_recv, TEST_ARGS },
	{ "hold.in_send", in_send, TEST_ARGS },
	{ "hold.in_connect", in_connect, TEST_ARGS },
	{ "hold.in_join", in_join, TEST_ARGS },
	{ "hold.in_calls", in_calls, TEST_ARGS },
	{ "hold.in_application", in_application, TEST_ARGS },
	{ "hold.counted", counted, TEST_ARGS },
	{ "hold.serve", serve, TEST_ARGS },
	{ }
};
