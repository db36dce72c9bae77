// SPDX-License-Identifier: GPL-2.0
/* Options of sockets, by what they do where that can be seen. */
#include <linux/tcp.h>
#include <net/sock.h>
#include <net/tcp.h>

#include "test.h"

static long set(struct ukl_sock *sock, int level, int name, int value)
{
	return ukl_setsockopt(sock, level, name, &value, sizeof(value));
}

static long get(struct ukl_sock *sock, int name)
{
	int value = -1, len = ukl_getsockopt(sock, SOL_SOCKET, name, &value, sizeof(value));

	return len < 0 ? len : len == sizeof(value) ? value : -EIO;
}

static struct ukl_sock *tcp_socket(struct test *t)
{
	struct ukl_sock *sock = ukl_socket(AF_INET, SOCK_STREAM, 0);

	EXPECT_OK(t, sock);
	return sock;
}

static int switches(struct test *t)
{
	static const int names[] = {
		SO_REUSEADDR, SO_REUSEPORT, SO_KEEPALIVE, SO_BROADCAST, SO_OOBINLINE, SO_DONTROUTE,
	};
	struct ukl_sock *sock = tcp_socket(t);

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		EXPECT_EQ(t, get(sock, names[i]), 0);
		EXPECT_EQ(t, set(sock, SOL_SOCKET, names[i], 1), 0);
		EXPECT_EQ(t, get(sock, names[i]), 1);
		EXPECT_EQ(t, set(sock, SOL_SOCKET, names[i], 0), 0);
		EXPECT_EQ(t, get(sock, names[i]), 0);
	}
	EXPECT_EQ(t, ukl_close(sock), 0);
	return 0;
}

/* The kernel doubles what is asked for, within its limits. */
static int buffer_sizes(struct test *t)
{
	struct ukl_sock *sock = tcp_socket(t);
	long most;

	EXPECT_EQ(t, set(sock, SOL_SOCKET, SO_SNDBUF, 20000), 0);
	EXPECT_EQ(t, get(sock, SO_SNDBUF), 40000);
	EXPECT_EQ(t, set(sock, SOL_SOCKET, SO_RCVBUF, 30000), 0);
	EXPECT_EQ(t, get(sock, SO_RCVBUF), 60000);
	EXPECT_EQ(t, set(sock, SOL_SOCKET, SO_SNDBUF, 0), 0);
	EXPECT_TRUE(t, get(sock, SO_SNDBUF) > 0);
	EXPECT_EQ(t, set(sock, SOL_SOCKET, SO_SNDBUF, INT_MAX), 0);
	most = get(sock, SO_SNDBUF);
	EXPECT_TRUE(t, most > 40000 && most < INT_MAX);
	/* More than that is for who has CAP_NET_ADMIN. */
	EXPECT_EQ(t, set(sock, SOL_SOCKET, SO_SNDBUFFORCE, most), 0);
	EXPECT_EQ(t, get(sock, SO_SNDBUF), 2 * most);
	EXPECT_EQ(t, ukl_close(sock), 0);
	return 0;
}

/* A smaller buffer takes less before there is no room. */
static int send_buffer_is_used(struct test *t)
{
	static char chunk[4096];
	size_t took[2] = { };

	for (int i = 0; i < 2; i++) {
		struct pair pair;
		ssize_t n;

		if (!any_pair_open(t, &pair, 4))
			return 0;
		if (!i) {
			EXPECT_EQ(t, set(pair.client, SOL_SOCKET, SO_SNDBUF, 1), 0);
			EXPECT_EQ(t, set(pair.server, SOL_SOCKET, SO_RCVBUF, 1), 0);
		}
		while ((n = ukl_send(pair.client, chunk, sizeof(chunk), MSG_DONTWAIT)) > 0)
			took[i] += n;
		EXPECT_EQ(t, n, -EAGAIN);
		pair_close(t, &pair);
	}
	test_log(t, "%zu bytes, %zu with buffers of the usual size\n", took[0], took[1]);
	EXPECT_TRUE(t, took[0] > 0 && took[0] * 2 < took[1]);
	return 0;
}

static int keepalive(struct test *t)
{
	struct socket *socket;
	struct ukl_sock *sock;

	EXPECT_EQ(t, sock_create_kern(&init_net, AF_INET, SOCK_STREAM, 0, &socket), 0);
	sock = ukl_sock_adopt(socket);
	if (!EXPECT_OK(t, sock))
		return 0;
	EXPECT_EQ(t, set(sock, SOL_SOCKET, SO_KEEPALIVE, 1), 0);
	EXPECT_EQ(t, set(sock, SOL_TCP, TCP_KEEPIDLE, 12), 0);
	EXPECT_EQ(t, set(sock, SOL_TCP, TCP_KEEPINTVL, 34), 0);
	EXPECT_EQ(t, set(sock, SOL_TCP, TCP_KEEPCNT, 5), 0);
	EXPECT_EQ(t, keepalive_time_when(tcp_sk(socket->sk)), 12 * HZ);
	EXPECT_EQ(t, keepalive_intvl_when(tcp_sk(socket->sk)), 34 * HZ);
	EXPECT_EQ(t, keepalive_probes(tcp_sk(socket->sk)), 5);
	EXPECT_TRUE(t, sock_flag(socket->sk, SOCK_KEEPOPEN));
	EXPECT_EQ(t, set(sock, SOL_TCP, TCP_KEEPIDLE, 0), -EINVAL);
	EXPECT_EQ(t, set(sock, SOL_TCP, TCP_KEEPCNT, 1000), -EINVAL);
	EXPECT_EQ(t, ukl_close(sock), 0);
	return 0;
}

static int nodelay(struct test *t)
{
	struct socket *socket;
	struct ukl_sock *sock;

	EXPECT_EQ(t, sock_create_kern(&init_net, AF_INET, SOCK_STREAM, 0, &socket), 0);
	sock = ukl_sock_adopt(socket);
	if (!EXPECT_OK(t, sock))
		return 0;
	EXPECT_EQ(t, set(sock, SOL_TCP, TCP_NODELAY, 1), 0);
	EXPECT_TRUE(t, tcp_sk(socket->sk)->nonagle & TCP_NAGLE_OFF);
	EXPECT_EQ(t, ukl_tcp_nodelay(sock, false), 0);
	EXPECT_TRUE(t, !(tcp_sk(socket->sk)->nonagle & TCP_NAGLE_OFF));
	EXPECT_EQ(t, ukl_close(sock), 0);
	return 0;
}

static int errors_are_told_once(struct test *t)
{
	struct peer peer;
	char byte;

	if (!peer_open(t, &peer))
		return 0;
	EXPECT_EQ(t, get(peer.sock, SO_ERROR), 0);
	peer_reset(&peer);
	EXPECT_EQ(t, get(peer.sock, SO_ERROR), ECONNRESET);
	EXPECT_EQ(t, get(peer.sock, SO_ERROR), 0);
	/* Whoever was told is told; the next call only finds the end. */
	EXPECT_EQ(t, ukl_recv(peer.sock, &byte, 1, 0), 0);
	EXPECT_EQ(t, ukl_close(peer.sock), 0);
	EXPECT_EQ(t, ukl_close(peer.listener), 0);
	return 0;
}

/* Two listeners of one port, and both get connections. */
static int reuseport(struct test *t)
{
	enum { CLIENTS = 64 };
	struct ukl_sock *listeners[2], *refused = tcp_socket(t), *clients[CLIENTS];
	union address address;
	int len = loopback(&address, 4, 0), taken[2] = { };

	for (int i = 0; i < 2; i++) {
		listeners[i] = tcp_socket(t);
		EXPECT_EQ(t, set(listeners[i], SOL_SOCKET, SO_REUSEPORT, 1), 0);
		EXPECT_EQ(t, ukl_bind(listeners[i], &address.any, len), 0);
		EXPECT_EQ(t, ukl_listen(listeners[i], CLIENTS), 0);
		EXPECT_EQ(t, ukl_getsockname(listeners[i], &address.storage), len);
	}
	/* Who does not say that it shares cannot have it. */
	EXPECT_EQ(t, ukl_bind(refused, &address.any, len), -EADDRINUSE);
	for (int i = 0; i < CLIENTS; i++) {
		clients[i] = ukl_tcp_connect(&address.any, len, UKL_FOREVER);
		EXPECT_OK(t, clients[i]);
	}
	for (int i = 0; i < 2; i++) {
		struct ukl_sock *sock;

		while (!IS_ERR(sock = ukl_accept(listeners[i], NULL, O_NONBLOCK))) {
			taken[i]++;
			EXPECT_EQ(t, ukl_close(sock), 0);
		}
		EXPECT_EQ(t, PTR_ERR(sock), -EAGAIN);
		EXPECT_TRUE(t, taken[i] > 0);
	}
	test_log(t, "%d and %d\n", taken[0], taken[1]);
	EXPECT_EQ(t, taken[0] + taken[1], CLIENTS);
	return 0;
}

/* The port of a connection in TIME_WAIT, with and without. */
static int reuseaddr(struct test *t)
{
	for (int on = 0; on < 2; on++) {
		struct ukl_sock *again = tcp_socket(t);
		union address address;
		struct pair pair;
		int len;

		if (!any_pair_open(t, &pair, 4))
			return 0;
		len = ukl_getsockname(pair.listener, &address.storage);
		EXPECT_EQ(t, set(pair.listener, SOL_SOCKET, SO_REUSEADDR, on), 0);
		EXPECT_EQ(t, set(pair.server, SOL_SOCKET, SO_REUSEADDR, on), 0);
		EXPECT_EQ(t, ukl_close(pair.listener), 0);
		EXPECT_EQ(t, ukl_close(pair.server), 0);
		EXPECT_EQ(t, ukl_close(pair.client), 0);
		EXPECT_EQ(t, set(again, SOL_SOCKET, SO_REUSEADDR, on), 0);
		EXPECT_EQ(t, ukl_bind(again, &address.any, len), on ? 0 : -EADDRINUSE);
		EXPECT_EQ(t, ukl_close(again), 0);
	}
	return 0;
}

static int what_is_told_of_a_socket(struct test *t)
{
	struct ukl_sock *listener = listen_on(6, 0);
	struct ukl_sock *udp = ukl_socket(AF_INET6, SOCK_DGRAM, 0);

	EXPECT_EQ(t, get(listener, SO_TYPE), SOCK_STREAM);
	EXPECT_EQ(t, get(listener, SO_DOMAIN), AF_INET6);
	EXPECT_EQ(t, get(listener, SO_PROTOCOL), IPPROTO_TCP);
	EXPECT_EQ(t, get(listener, SO_ACCEPTCONN), 1);
	/* ukl_tcp_listen() sets it. */
	EXPECT_EQ(t, get(listener, SO_REUSEADDR), 1);
	EXPECT_EQ(t, get(udp, SO_TYPE), SOCK_DGRAM);
	EXPECT_EQ(t, get(udp, SO_ACCEPTCONN), 0);
	EXPECT_EQ(t, ukl_close(listener), 0);
	EXPECT_EQ(t, ukl_close(udp), 0);
	return 0;
}

static int lengths(struct test *t)
{
	struct ukl_sock *sock = tcp_socket(t);
	char bytes[16];
	int value = 1;

	/* Setting wants all of an option. */
	EXPECT_EQ(t, ukl_setsockopt(sock, SOL_SOCKET, SO_KEEPALIVE, &value, 3), -EINVAL);
	EXPECT_EQ(t, ukl_setsockopt(sock, SOL_SOCKET, SO_KEEPALIVE, NULL, 0), -EINVAL);
	EXPECT_EQ(t, ukl_setsockopt(sock, SOL_SOCKET, SO_KEEPALIVE, &value, -1), -EINVAL);
	EXPECT_EQ(t, ukl_setsockopt(sock, SOL_SOCKET, SO_KEEPALIVE, &value, INT_MIN), -EINVAL);
	EXPECT_EQ(t, get(sock, SO_KEEPALIVE), 0);
	/* Reading gives as much as there is room for, and touches no more. */
	EXPECT_EQ(t, ukl_getsockopt(sock, SOL_SOCKET, SO_TYPE, &value, -1), -EINVAL);
	EXPECT_EQ(t, ukl_getsockopt(sock, SOL_SOCKET, SO_TYPE, &value, INT_MIN), -EINVAL);
	EXPECT_EQ(t, ukl_getsockopt(sock, SOL_SOCKET, SO_TYPE, NULL, 0), 0);
	memset(bytes, 0x5a, sizeof(bytes));
	EXPECT_EQ(t, ukl_getsockopt(sock, SOL_SOCKET, SO_TYPE, bytes, 2), 2);
	EXPECT_EQ(t, bytes[0], SOCK_STREAM);
	EXPECT_EQ(t, bytes[2], 0x5a);
	EXPECT_EQ(t, ukl_getsockopt(sock, SOL_SOCKET, SO_TYPE, bytes, 16), 4);
	EXPECT_EQ(t, bytes[4], 0x5a);
	EXPECT_EQ(t, ukl_close(sock), 0);
	return 0;
}

static int options_that_do_not_exist(struct test *t)
{
	struct ukl_sock *sock = tcp_socket(t);
	int value = 0;

	EXPECT_EQ(t, set(sock, SOL_SOCKET, 9999, 1), -ENOPROTOOPT);
	EXPECT_EQ(t, set(sock, SOL_TCP, 9999, 1), -ENOPROTOOPT);
	EXPECT_EQ(t, set(sock, 9999, 1, 1), -ENOPROTOOPT);
	EXPECT_EQ(t, get(sock, 9999), -ENOPROTOOPT);
	EXPECT_EQ(t, set(sock, SOL_SOCKET, SO_TYPE, 1), -ENOPROTOOPT);
	/* Of other levels, the kernel can be told but not asked. */
	EXPECT_EQ(t, ukl_getsockopt(sock, SOL_TCP, TCP_NODELAY, &value, sizeof(value)),
		  -EOPNOTSUPP);
	EXPECT_EQ(t, ukl_getsockopt(sock, IPPROTO_IP, 1, &value, sizeof(value)), -EOPNOTSUPP);
	EXPECT_EQ(t, ukl_getsockopt(sock, -1, 1, &value, sizeof(value)), -EOPNOTSUPP);
	EXPECT_EQ(t, ukl_close(sock), 0);
	return 0;
}

static int values_that_cannot_be(struct test *t)
{
	struct __kernel_sock_timeval bad = { .tv_usec = USEC_PER_SEC };
	struct ukl_sock *sock = tcp_socket(t);

	EXPECT_EQ(t, ukl_setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO_NEW, &bad, sizeof(bad)), -EDOM);
	EXPECT_EQ(t, set(sock, SOL_TCP, TCP_MAXSEG, 1), -EINVAL);
	EXPECT_EQ(t, ukl_close(sock), 0);
	return 0;
}

/* The time-out of receiving is the socket's. */
static int receive_timeout(struct test *t)
{
	struct __kernel_sock_timeval limit = { .tv_usec = 200000 };
	struct pair pair;
	char byte;
	s64 start;

	if (!any_pair_open(t, &pair, 4))
		return 0;
	EXPECT_EQ(t, ukl_setsockopt(pair.server, SOL_SOCKET, SO_RCVTIMEO_NEW, &limit,
				    sizeof(limit)), 0);
	start = ktime_get();
	EXPECT_EQ(t, ukl_recv(pair.server, &byte, 1, 0), -EAGAIN);
	/* In ticks, of which the first one has begun. */
	EXPECT_TRUE(t, ktime_get() - start >= 190 * NSEC_PER_MSEC);
	start = ktime_get();
	EXPECT_EQ(t, ukl_tcp_recv(pair.server, &byte, 1, 0), -EAGAIN);
	EXPECT_TRUE(t, ktime_get() - start >= 200 * NSEC_PER_MSEC);
	pair_close(t, &pair);
	return 0;
}

const struct test_case option_cases[] = {
	{ "option.switches", switches },
	{ "option.buffer_sizes", buffer_sizes },
	{ "option.send_buffer_is_used", send_buffer_is_used },
	{ "option.keepalive", keepalive },
	{ "option.nodelay", nodelay },
	{ "option.errors_are_told_once", errors_are_told_once },
	{ "option.reuseport", reuseport },
	{ "option.reuseaddr", reuseaddr },
	{ "option.what_is_told_of_a_socket", what_is_told_of_a_socket },
	{ "option.lengths", lengths },
	{ "option.options_that_do_not_exist", options_that_do_not_exist },
	{ "option.values_that_cannot_be", values_that_cannot_be },
	{ "option.receive_timeout", receive_timeout },
	{ }
};
