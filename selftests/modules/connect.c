// SPDX-License-Identifier: GPL-2.0
/* Connecting: time-outs, without waiting, errors. */
#include <linux/delay.h>
#include <linux/inet.h>
#include <linux/ktime.h>
#include <net/sock.h>

#include "test.h"

/** SHORT - a time-out in nanoseconds that has to pass */
#define SHORT	(300 * NSEC_PER_MSEC)
/** LONG - one that must not */
#define LONG	(60 * (s64)NSEC_PER_SEC)

static long so_error(struct ukl_sock *sock)
{
	int value = -1, len = ukl_getsockopt(sock, SOL_SOCKET, SO_ERROR, &value, sizeof(value));

	return len < 0 ? len : value;
}

/* The first error that a connection has within a few seconds. */
static long error_to_come(struct ukl_sock *sock)
{
	long error = 0;

	for (int i = 0; i < 500 && !error; i++) {
		error = so_error(sock);
		fsleep(10000);
	}
	return error;
}

/* A listener that answers no more connections; where it listens. */
static int full(struct test *t, struct ukl_sock **listener, union address *address)
{
	int len = loopback(address, 4, 0);
	struct ukl_sock *client;

	*listener = ukl_tcp_listen(&address->any, len, 0);
	if (!EXPECT_OK(t, *listener))
		return -1;
	client = connect_to(*listener);
	EXPECT_OK(t, client);
	return ukl_getsockname(*listener, &address->storage);
}

static int in_time(struct test *t)
{
	static const s64 timeouts[] = { LONG, UKL_FOREVER, -2, S64_MIN, S64_MAX, S64_MAX / 2 };
	struct ukl_sock *listener = listen_on(4, 0), *client, *server;
	union address address;
	int len;

	if (!EXPECT_OK(t, listener))
		return 0;
	len = ukl_getsockname(listener, &address.storage);
	for (size_t i = 0; i < ARRAY_SIZE(timeouts); i++) {
		client = ukl_socket(AF_INET, SOCK_STREAM, 0);
		EXPECT_EQ(t, ukl_connect(client, &address.any, len, timeouts[i]), 0);
		EXPECT_EQ(t, ukl_connect(client, &address.any, len, timeouts[i]), -EISCONN);
		EXPECT_EQ(t, ukl_close(client), 0);
		server = ukl_accept(listener, NULL, 0);
		EXPECT_OK(t, server);
		EXPECT_EQ(t, ukl_close(server), 0);

		client = ukl_tcp_connect(&address.any, len, timeouts[i]);
		if (EXPECT_OK(t, client))
			EXPECT_EQ(t, ukl_close(client), 0);
		server = ukl_accept(listener, NULL, 0);
		EXPECT_OK(t, server);
		EXPECT_EQ(t, ukl_close(server), 0);
	}
	return 0;
}

static int timeout_passes(struct test *t)
{
	struct ukl_sock *listener, *client = ukl_socket(AF_INET, SOCK_STREAM, 0);
	union address address;
	int len = full(t, &listener, &address);
	s64 start;

	if (len < 0)
		return 0;
	start = ktime_get();
	EXPECT_EQ(t, ukl_connect(client, &address.any, len, SHORT), -ETIMEDOUT);
	EXPECT_TRUE(t, ktime_get() - start >= SHORT);
	/* It goes on being made, and here waits again. */
	start = ktime_get();
	EXPECT_EQ(t, ukl_connect(client, &address.any, len, SHORT), -ETIMEDOUT);
	EXPECT_TRUE(t, ktime_get() - start >= SHORT);
	EXPECT_EQ(t, ukl_connect(client, &address.any, len, 0), -EALREADY);
	EXPECT_EQ(t, so_error(client), 0);

	/* With room for it, it is made in the end: the kernel sends the SYN again. */
	EXPECT_OK(t, ukl_accept(listener, NULL, 0));
	EXPECT_EQ(t, ukl_connect(client, &address.any, len, UKL_FOREVER), 0);
	EXPECT_OK(t, ukl_accept(listener, NULL, 0));
	EXPECT_EQ(t, ukl_connect(client, &address.any, len, 0), -EISCONN);
	return 0;
}

static int timeout_of_a_shortcut(struct test *t)
{
	struct ukl_sock *listener;
	union address address;
	int len = full(t, &listener, &address);
	s64 start;

	if (len < 0)
		return 0;
	start = ktime_get();
	EXPECT_ERR(t, ukl_tcp_connect(&address.any, len, SHORT), -ETIMEDOUT);
	EXPECT_TRUE(t, ktime_get() - start >= SHORT);
	EXPECT_ERR(t, ukl_tcp_connect(&address.any, len, 1), -ETIMEDOUT);
	/* Without waiting there would be nothing to give back. */
	EXPECT_ERR(t, ukl_tcp_connect(&address.any, len, 0), -EINVAL);
	return 0;
}

static long send_timeout(struct ukl_sock *sock)
{
	struct __kernel_sock_timeval get = { };
	int len = ukl_getsockopt(sock, SOL_SOCKET, SO_SNDTIMEO_NEW, &get, sizeof(get));

	return len != sizeof(get) ? -EIO : get.tv_usec ? -EINVAL : get.tv_sec;
}

/* A time-out does not stay with the socket, and is no other option's. */
static int timeout_is_of_the_call(struct test *t)
{
	struct ukl_sock *listener, *client = ukl_socket(AF_INET, SOCK_STREAM, 0);
	struct __kernel_sock_timeval set = { .tv_sec = 7 };
	union address address;
	int len = full(t, &listener, &address);

	if (len < 0)
		return 0;
	EXPECT_EQ(t, ukl_setsockopt(client, SOL_SOCKET, SO_SNDTIMEO_NEW, &set, sizeof(set)), 0);
	EXPECT_EQ(t, ukl_connect(client, &address.any, len, 1), -ETIMEDOUT);
	EXPECT_EQ(t, send_timeout(client), 7);
	return 0;
}

static int child_connect_for_a_second(void *data)
{
	struct child *child = data;

	child->result = ukl_connect(child->sock, child->buf, child->len, NSEC_PER_SEC);
	return child->result;
}

/* One waits; the time-out that the socket had is there again, or the one that was set meanwhile. */
static int two_threads(struct test *t)
{
	struct ukl_sock *listener, *client = ukl_socket(AF_INET, SOCK_STREAM, 0);
	struct __kernel_sock_timeval set = { .tv_sec = 7 };
	union address address;
	struct child child;
	int len = full(t, &listener, &address);

	if (len < 0)
		return 0;
	child = (struct child){ .sock = client, .buf = &address, .len = len };
	EXPECT_EQ(t, ukl_setsockopt(client, SOL_SOCKET, SO_SNDTIMEO_NEW, &set, sizeof(set)), 0);
	if (!child_start(t, &child, child_connect_for_a_second))
		return 0;
	EXPECT_EQ(t, ukl_connect(client, &address.any, len, 3 * NSEC_PER_SEC), -EALREADY);
	EXPECT_TRUE(t, child_pending(&child));
	EXPECT_EQ(t, child_end(t, &child), -ETIMEDOUT);
	EXPECT_EQ(t, send_timeout(client), 7);

	if (!child_start(t, &child, child_connect_for_a_second))
		return 0;
	set.tv_sec = 9;
	EXPECT_EQ(t, ukl_setsockopt(client, SOL_SOCKET, SO_SNDTIMEO_NEW, &set, sizeof(set)), 0);
	EXPECT_EQ(t, child_end(t, &child), -ETIMEDOUT);
	EXPECT_EQ(t, send_timeout(client), 9);
	/* And then another one may wait. */
	EXPECT_EQ(t, ukl_connect(client, &address.any, len, SHORT), -ETIMEDOUT);
	return 0;
}

static int without_waiting(struct test *t)
{
	struct ukl_sock *listener, *client = ukl_socket(AF_INET, SOCK_STREAM, 0);
	union address address;
	int len = full(t, &listener, &address);

	if (len < 0)
		return 0;
	EXPECT_EQ(t, ukl_connect(client, &address.any, len, 0), -EINPROGRESS);
	EXPECT_EQ(t, ukl_connect(client, &address.any, len, 0), -EALREADY);
	EXPECT_EQ(t, ukl_send(client, "x", 1, MSG_DONTWAIT), -EAGAIN);
	EXPECT_OK(t, ukl_accept(listener, NULL, 0));
	EXPECT_EQ(t, ukl_connect(client, &address.any, len, UKL_FOREVER), 0);
	EXPECT_EQ(t, so_error(client), 0);
	EXPECT_EQ(t, ukl_send(client, "x", 1, MSG_DONTWAIT), 1);
	return 0;
}

static int refused(struct test *t)
{
	for (int family = 4; family <= 6; family += 2) {
		int af = family == 4 ? AF_INET : AF_INET6;
		struct ukl_sock *client = ukl_socket(af, SOCK_STREAM, 0);
		union address address;
		int len = loopback(&address, family, 1);

		EXPECT_EQ(t, ukl_connect(client, &address.any, len, UKL_FOREVER), -ECONNREFUSED);
		EXPECT_EQ(t, ukl_connect(client, &address.any, len, LONG), -ECONNREFUSED);
		EXPECT_EQ(t, so_error(client), 0);
		EXPECT_EQ(t, ukl_close(client), 0);
	}
	return 0;
}

/* Without waiting, SO_ERROR says how it went: once. */
static int refused_without_waiting(struct test *t)
{
	struct ukl_sock *client = ukl_socket(AF_INET, SOCK_STREAM, 0);
	union address address;
	int len = loopback(&address, 4, 1);

	EXPECT_EQ(t, ukl_connect(client, &address.any, len, 0), -EINPROGRESS);
	EXPECT_EQ(t, error_to_come(client), ECONNREFUSED);
	EXPECT_EQ(t, so_error(client), 0);
	EXPECT_EQ(t, ukl_close(client), 0);
	return 0;
}

static int bad_addresses(struct test *t)
{
	struct ukl_sock *client = ukl_socket(AF_INET, SOCK_STREAM, 0);
	union address address;
	int len = loopback(&address, 4, 1);

	EXPECT_EQ(t, ukl_connect(client, &address.any, -1, 0), -EINVAL);
	EXPECT_EQ(t, ukl_connect(client, &address.any, 0, 0), -EINVAL);
	EXPECT_EQ(t, ukl_connect(client, &address.any, 1, 0), -EINVAL);
	EXPECT_EQ(t, ukl_connect(client, &address.any, len - 1, 0), -EINVAL);
	EXPECT_EQ(t, ukl_connect(client, &address.any, sizeof(address.storage) + 1, 0), -EINVAL);
	address.any.sa_family = AF_UNIX;
	EXPECT_EQ(t, ukl_connect(client, &address.any, len, 0), -EAFNOSUPPORT);
	address.any.sa_family = AF_INET;
	address.in.sin_addr.s_addr = htonl(0xc0000201); /* 192.0.2.1, for documentation */
	EXPECT_EQ(t, ukl_connect(client, &address.any, len, LONG), -ENETUNREACH);
	EXPECT_EQ(t, ukl_close(client), 0);
	return 0;
}

static int of_a_listener(struct test *t)
{
	struct ukl_sock *listener = listen_on(4, 0);
	union address address;
	int len;

	if (!EXPECT_OK(t, listener))
		return 0;
	len = ukl_getsockname(listener, &address.storage);
	EXPECT_EQ(t, ukl_connect(listener, &address.any, len, 0), -EISCONN);
	EXPECT_EQ(t, ukl_close(listener), 0);
	return 0;
}

/* A datagram socket only remembers the address, and another one in its place. */
static int of_datagrams(struct test *t)
{
	struct ukl_sock *sock = ukl_socket(AF_INET, SOCK_DGRAM, 0);
	union address address, peer;
	int len = loopback(&address, 4, 1);

	EXPECT_EQ(t, ukl_connect(sock, &address.any, len, 0), 0);
	address.in.sin_port = htons(2);
	EXPECT_EQ(t, ukl_connect(sock, &address.any, len, UKL_FOREVER), 0);
	EXPECT_EQ(t, ukl_getpeername(sock, &peer.storage), len);
	EXPECT_EQ(t, memcmp(&peer, &address, len), 0);
	/* An address of no family takes it away. */
	address.any.sa_family = AF_UNSPEC;
	EXPECT_EQ(t, ukl_connect(sock, &address.any, len, 0), 0);
	EXPECT_EQ(t, ukl_getpeername(sock, &peer.storage), -ENOTCONN);
	EXPECT_EQ(t, ukl_close(sock), 0);
	return 0;
}

/* A unix listener whose queue is full says so, at once or in time. */
static int to_a_full_unix_listener(struct test *t)
{
	struct ukl_sock *waiting = ukl_socket(AF_UNIX, SOCK_STREAM, 0);
	struct ukl_sock *client = ukl_socket(AF_UNIX, SOCK_STREAM, 0);
	union address address;
	struct pair pair;
	s64 start;
	int len;

	if (!any_pair_open(t, &pair, 1))
		return 0;
	EXPECT_EQ(t, ukl_listen(pair.listener, 0), 0);
	len = ukl_getsockname(pair.listener, &address.storage);
	EXPECT_EQ(t, ukl_connect(waiting, &address.any, len, 0), 0);
	EXPECT_EQ(t, ukl_connect(client, &address.any, len, 0), -EAGAIN);
	start = ktime_get();
	EXPECT_EQ(t, ukl_connect(client, &address.any, len, SHORT), -EAGAIN);
	EXPECT_TRUE(t, ktime_get() - start >= SHORT);
	EXPECT_OK(t, ukl_accept(pair.listener, NULL, 0));
	EXPECT_EQ(t, ukl_connect(client, &address.any, len, UKL_FOREVER), 0);
	/* The kernel looks for room first. */
	EXPECT_EQ(t, ukl_connect(client, &address.any, len, 0), -EAGAIN);
	EXPECT_OK(t, ukl_accept(pair.listener, NULL, 0));
	EXPECT_EQ(t, ukl_connect(client, &address.any, len, UKL_FOREVER), -EISCONN);
	EXPECT_EQ(t, ukl_connect(pair.client, &address.any, len, 0), -EISCONN);
	pair_close(t, &pair);
	return 0;
}

/*
 * ARGUMENTS: an address that answers nothing, and one that the routes say cannot be reached.
 */
static int into_the_void(struct test *t)
{
	char *other = t->args, *silent = strsep(&other, " ");
	struct ukl_sock *client = ukl_socket(AF_INET, SOCK_STREAM, 0);
	union address address;
	int len = loopback(&address, 4, 80), tries = 1;
	s64 start;

	address.in.sin_addr.s_addr = in_aton(silent);
	start = ktime_get();
	EXPECT_EQ(t, ukl_connect(client, &address.any, len, SHORT), -ETIMEDOUT);
	EXPECT_TRUE(t, ktime_get() - start >= SHORT);
	start = ktime_get();
	EXPECT_ERR(t, ukl_tcp_connect(&address.any, len, SHORT), -ETIMEDOUT);
	EXPECT_TRUE(t, ktime_get() - start >= SHORT);
	EXPECT_EQ(t, ukl_close(client), 0);

	/* The kernel gives up by itself: with one more SYN, after some seconds. */
	client = ukl_socket(AF_INET, SOCK_STREAM, 0);
	EXPECT_EQ(t, ukl_setsockopt(client, SOL_TCP, 7 /* TCP_SYNCNT */, &tries, sizeof(tries)), 0);
	EXPECT_EQ(t, ukl_connect(client, &address.any, len, UKL_FOREVER), -ETIMEDOUT);
	EXPECT_EQ(t, ukl_close(client), 0);

	client = ukl_socket(AF_INET, SOCK_STREAM, 0);
	address.in.sin_addr.s_addr = in_aton(other);
	EXPECT_EQ(t, ukl_connect(client, &address.any, len, LONG), -EHOSTUNREACH);
	EXPECT_ERR(t, ukl_tcp_connect(&address.any, len, LONG), -EHOSTUNREACH);
	EXPECT_EQ(t, ukl_close(client), 0);
	return 0;
}

const struct test_case connect_cases[] = {
	{ "connect.in_time", in_time },
	{ "connect.timeout_passes", timeout_passes },
	{ "connect.timeout_of_a_shortcut", timeout_of_a_shortcut },
	{ "connect.timeout_is_of_the_call", timeout_is_of_the_call },
	{ "connect.two_threads", two_threads },
	{ "connect.without_waiting", without_waiting },
	{ "connect.refused", refused },
	{ "connect.refused_without_waiting", refused_without_waiting },
	{ "connect.bad_addresses", bad_addresses },
	{ "connect.of_a_listener", of_a_listener },
	{ "connect.of_datagrams", of_datagrams },
	{ "connect.to_a_full_unix_listener", to_a_full_unix_listener },
	{ "connect.into_the_void", into_the_void, TEST_ARGS },
	{ }
};
