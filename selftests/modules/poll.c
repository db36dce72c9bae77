// SPDX-License-Identifier: GPL-2.0
/* Event sets: what is an event, for whom, and when. */
#include <linux/delay.h>
#include <linux/hrtimer.h>
#include <linux/kthread.h>
#include <linux/net.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/un.h>
#include <net/sock.h>

#include "../stream.h"
#include "poll.h"

#define EDGE	EPOLLET

/* What there is of sockets, in either mode. */
static const __poll_t modes[] = { 0, EDGE };

/** struct one - a connection whose server end a set is for */
struct one {
	struct pair pair;
	struct ukl_poll *poll;
};

static bool one_open(struct test *t, struct one *one)
{
	one->poll = ukl_poll_create();
	return EXPECT_OK(t, one->poll) && pair_open(t, &one->pair, 4);
}

static void one_close(struct test *t, struct one *one)
{
	pair_close(t, &one->pair);
	EXPECT_EQ(t, ukl_poll_close(one->poll), 0);
}

static int level_repeats(struct test *t)
{
	struct one o;

	if (!one_open(t, &o))
		return 0;
	EXPECT_EQ(t, ukl_poll_add(o.poll, o.pair.server, EPOLLIN, 7), 0);
	EXPECT_QUIET(t, o.poll);
	for (int i = 0; i < 3; i++) {
		send_byte(t, o.pair.client, o.pair.server);
		for (int j = 0; j < 3; j++)
			EXPECT_EVENT(t, o.poll, 7, EPOLLIN);
		recv_byte(t, o.pair.server);
		EXPECT_QUIET(t, o.poll);
	}
	/* A byte of two is left. */
	send_byte(t, o.pair.client, o.pair.server);
	send_byte(t, o.pair.client, o.pair.server);
	EXPECT_EVENT(t, o.poll, 7, EPOLLIN);
	recv_byte(t, o.pair.server);
	while (drain(o.pair.server) != 1)
		EXPECT_EVENT(t, o.poll, 7, EPOLLIN);
	EXPECT_QUIET(t, o.poll);
	one_close(t, &o);
	return 0;
}

static int edge_comes_once(struct test *t)
{
	struct one o;

	if (!one_open(t, &o))
		return 0;
	EXPECT_EQ(t, ukl_poll_add(o.poll, o.pair.server, EPOLLIN | EDGE, 7), 0);
	EXPECT_QUIET(t, o.poll);
	/* Nobody reads: each arrival is an event all the same. */
	for (int i = 0; i < 3; i++) {
		send_byte(t, o.pair.client, o.pair.server);
		EXPECT_EVENT(t, o.poll, 7, EPOLLIN);
		EXPECT_QUIET(t, o.poll);
	}
	/* Two that nobody waited for in between are one. */
	send_byte(t, o.pair.client, o.pair.server);
	send_byte(t, o.pair.client, o.pair.server);
	EXPECT_EVENT(t, o.poll, 7, EPOLLIN);
	EXPECT_QUIET(t, o.poll);
	/* Reading is no event. */
	recv_byte(t, o.pair.server);
	EXPECT_QUIET(t, o.poll);
	EXPECT_EQ(t, drain(o.pair.server), 4);
	EXPECT_QUIET(t, o.poll);
	send_byte(t, o.pair.client, o.pair.server);
	EXPECT_EVENT(t, o.poll, 7, EPOLLIN);
	one_close(t, &o);
	return 0;
}

/* What was read before anybody waited is no event. */
static int level_that_went_away(struct test *t)
{
	struct one o;

	if (!one_open(t, &o))
		return 0;
	EXPECT_EQ(t, ukl_poll_add(o.poll, o.pair.server, EPOLLIN, 7), 0);
	send_byte(t, o.pair.client, o.pair.server);
	recv_byte(t, o.pair.server);
	EXPECT_QUIET(t, o.poll);
	send_byte(t, o.pair.client, o.pair.server);
	EXPECT_EVENT(t, o.poll, 7, EPOLLIN);
	one_close(t, &o);
	return 0;
}

static int ready_when_added(struct test *t)
{
	struct one o;

	if (!one_open(t, &o))
		return 0;
	send_byte(t, o.pair.client, o.pair.server);
	for (int i = 0; i < ARRAY_SIZE(modes); i++) {
		EXPECT_EQ(t, ukl_poll_add(o.poll, o.pair.server, EPOLLIN | modes[i], 7), 0);
		EXPECT_EVENT(t, o.poll, 7, EPOLLIN);
		EXPECT_EQ(t, ukl_poll_remove(o.poll, o.pair.server), 0);
		EXPECT_EQ(t, ukl_poll_add(o.poll, o.pair.client, EPOLLIN | EPOLLOUT | modes[i],
					  U64_MAX), 0);
		EXPECT_EVENT(t, o.poll, U64_MAX, EPOLLOUT);
		EXPECT_EQ(t, ukl_poll_remove(o.poll, o.pair.client), 0);
	}
	EXPECT_EQ(t, ukl_poll_add(o.poll, o.pair.server, EPOLLIN | EPOLLOUT, 0), 0);
	EXPECT_EVENT(t, o.poll, 0, EPOLLIN | EPOLLOUT);
	one_close(t, &o);
	return 0;
}

static int room_to_send_again(struct test *t)
{
	for (int i = 0; i < ARRAY_SIZE(modes); i++) {
		struct ukl_event event = { };
		struct one o;
		int n = 0;

		if (!one_open(t, &o))
			return 0;
		EXPECT_TRUE(t, fill(o.pair.client) > 0);
		EXPECT_EQ(t, ukl_poll_add(o.poll, o.pair.client, EPOLLOUT | modes[i], 3), 0);
		EXPECT_QUIET(t, o.poll);
		for (int tries = 0; !n && tries < 200; tries++) {
			drain(o.pair.server);
			n = ukl_poll_wait(o.poll, &event, 1, MOMENT);
		}
		EXPECT_EQ(t, n, 1);
		EXPECT_EQ(t, event.token, 3);
		EXPECT_EQ(t, event.events, EPOLLOUT);
		if (modes[i])
			EXPECT_QUIET(t, o.poll);
		else
			EXPECT_EVENT(t, o.poll, 3, EPOLLOUT);
		one_close(t, &o);
	}
	return 0;
}

static int end_of_the_stream(struct test *t)
{
	for (int i = 0; i < ARRAY_SIZE(modes); i++) {
		const __poll_t all = EPOLLIN | EPOLLOUT | EPOLLRDHUP;
		struct one o;

		if (!one_open(t, &o))
			return 0;
		EXPECT_EQ(t, ukl_poll_add(o.poll, o.pair.server,
					  EPOLLIN | EPOLLRDHUP | modes[i], 1), 0);
		EXPECT_QUIET(t, o.poll);
		EXPECT_EQ(t, ukl_shutdown(o.pair.client, SHUT_WR), 0);
		EXPECT_EQ(t, poll_until(o.poll, EPOLLRDHUP), EPOLLIN | EPOLLRDHUP);
		/* Only what was asked for. */
		EXPECT_EQ(t, ukl_poll_modify(o.poll, o.pair.server, EPOLLRDHUP | modes[i], 2), 0);
		EXPECT_EVENT(t, o.poll, 2, EPOLLRDHUP);
		EXPECT_EQ(t, ukl_poll_modify(o.poll, o.pair.server, EPOLLIN | modes[i], 2), 0);
		EXPECT_EVENT(t, o.poll, 2, EPOLLIN);
		EXPECT_EQ(t, ukl_poll_modify(o.poll, o.pair.server, modes[i], 2), 0);
		EXPECT_QUIET(t, o.poll);
		/* The other half ends too: that is told in any case. */
		EXPECT_EQ(t, ukl_shutdown(o.pair.server, SHUT_WR), 0);
		EXPECT_EQ(t, poll_until(o.poll, EPOLLHUP), EPOLLHUP);
		EXPECT_EQ(t, ukl_poll_modify(o.poll, o.pair.server, all | modes[i], 3), 0);
		EXPECT_EVENT(t, o.poll, 3, all | EPOLLHUP);
		one_close(t, &o);
	}
	return 0;
}

/* What one does oneself is told as well. */
static int shutdown_by_oneself(struct test *t)
{
	for (int i = 0; i < ARRAY_SIZE(modes); i++) {
		const __poll_t all = EPOLLIN | EPOLLRDHUP;
		struct one o;

		if (!one_open(t, &o))
			return 0;
		EXPECT_EQ(t, ukl_poll_add(o.poll, o.pair.server, all | modes[i], 1), 0);
		EXPECT_QUIET(t, o.poll);
		EXPECT_EQ(t, ukl_shutdown(o.pair.server, SHUT_RD), 0);
		EXPECT_EVENT(t, o.poll, 1, all);
		EXPECT_EQ(t, ukl_shutdown(o.pair.server, SHUT_WR), 0);
		EXPECT_EQ(t, poll_until(o.poll, EPOLLHUP), all | EPOLLHUP);
		EXPECT_EQ(t, ukl_poll_remove(o.poll, o.pair.server), 0);
		/* Of a listener, whoever accepts has to know. */
		EXPECT_EQ(t, ukl_poll_add(o.poll, o.pair.listener, EPOLLIN | modes[i], 2), 0);
		EXPECT_QUIET(t, o.poll);
		EXPECT_EQ(t, ukl_shutdown(o.pair.listener, SHUT_RDWR), 0);
		EXPECT_TRUE(t, poll_until(o.poll, EPOLLHUP) & EPOLLHUP);
		one_close(t, &o);
	}
	return 0;
}

static int reset_of_a_connection(struct test *t)
{
	for (int i = 0; i < ARRAY_SIZE(modes); i++) {
		const __poll_t all = EPOLLIN | EPOLLOUT | EPOLLRDHUP;
		struct ukl_poll *poll = ukl_poll_create();
		struct peer peer;
		int error = 0;

		if (!EXPECT_OK(t, poll) || !peer_open(t, &peer))
			return 0;
		EXPECT_EQ(t, ukl_poll_add(poll, peer.sock, modes[i], 1), 0);
		EXPECT_QUIET(t, poll);
		peer_reset(&peer);
		EXPECT_EQ(t, poll_until(poll, EPOLLERR), EPOLLERR | EPOLLHUP);
		EXPECT_EQ(t, ukl_poll_modify(poll, peer.sock, all | modes[i], 2), 0);
		EXPECT_EVENT(t, poll, 2, all | EPOLLERR | EPOLLHUP);
		EXPECT_EQ(t, ukl_getsockopt(peer.sock, SOL_SOCKET, SO_ERROR, &error,
					    sizeof(error)), sizeof(error));
		EXPECT_EQ(t, error, ECONNRESET);
		EXPECT_EQ(t, ukl_poll_modify(poll, peer.sock, modes[i], 3), 0);
		EXPECT_EVENT(t, poll, 3, EPOLLHUP);
		EXPECT_EQ(t, ukl_close(peer.sock), 0);
		EXPECT_EQ(t, ukl_close(peer.listener), 0);
		EXPECT_EQ(t, ukl_poll_close(poll), 0);
	}
	return 0;
}

static int urgent_data(struct test *t)
{
	for (int i = 0; i < ARRAY_SIZE(modes); i++) {
		struct msghdr plain = { }, msg = { .msg_flags = MSG_OOB };
		struct kvec byte = { "!", 1 };
		struct ukl_poll *poll = ukl_poll_create();
		struct peer peer;
		char got;

		if (!EXPECT_OK(t, poll) || !peer_open(t, &peer))
			return 0;
		EXPECT_EQ(t, ukl_poll_add(poll, peer.sock, EPOLLPRI | modes[i], 1), 0);
		EXPECT_QUIET(t, poll);
		/* The kernel wakes for this as well, but it is not urgent. */
		EXPECT_EQ(t, kernel_sendmsg(peer.far, &plain, &byte, 1, 1), 1);
		EXPECT_EQ(t, ukl_tcp_recv(peer.sock, &got, 1, MSG_PEEK), 1);
		EXPECT_QUIET(t, poll);
		EXPECT_EQ(t, kernel_sendmsg(peer.far, &msg, &byte, 1, 1), 1);
		EXPECT_EVENT(t, poll, 1, EPOLLPRI);
		if (!modes[i])
			EXPECT_EVENT(t, poll, 1, EPOLLPRI);
		peer_close(&peer);
		EXPECT_EQ(t, ukl_close(peer.sock), 0);
		EXPECT_EQ(t, ukl_close(peer.listener), 0);
		EXPECT_EQ(t, ukl_poll_close(poll), 0);
	}
	return 0;
}

static int connections_to_accept(struct test *t)
{
	for (int i = 0; i < ARRAY_SIZE(modes); i++) {
		struct ukl_sock *listener = listen_on(4, 0), *near, *far[2];
		struct ukl_poll *poll = ukl_poll_create();

		if (!EXPECT_OK(t, poll) || !EXPECT_OK(t, listener))
			return 0;
		EXPECT_EQ(t, ukl_poll_add(poll, listener, EPOLLIN | EPOLLOUT | modes[i], 9), 0);
		EXPECT_QUIET(t, poll);
		for (int round = 0; round < 3; round++) {
			far[0] = connect_to(listener);
			EXPECT_EVENT(t, poll, 9, EPOLLIN);
			far[1] = connect_to(listener);
			EXPECT_EVENT(t, poll, 9, EPOLLIN);
			/* Both are there, and so is the last step of the last one. */
			if (modes[i])
				EXPECT_QUIET(t, poll);
			for (int j = 0; j < 2; j++) {
				if (!modes[i])
					EXPECT_EVENT(t, poll, 9, EPOLLIN);
				near = ukl_accept(listener, NULL, O_NONBLOCK);
				if (EXPECT_OK(t, near))
					EXPECT_EQ(t, ukl_close(near), 0);
				if (EXPECT_OK(t, far[j]))
					EXPECT_EQ(t, ukl_close(far[j]), 0);
			}
			EXPECT_ERR(t, ukl_accept(listener, NULL, O_NONBLOCK), -EAGAIN);
			EXPECT_QUIET(t, poll);
		}
		EXPECT_EQ(t, ukl_close(listener), 0);
		EXPECT_EQ(t, ukl_poll_close(poll), 0);
	}
	return 0;
}

/* A connection that comes from a listener in a set is in none. */
static int accepted_is_in_no_set(struct test *t)
{
	struct ukl_sock *listener = listen_on(4, 0), *near, *far;
	struct ukl_poll *poll = ukl_poll_create();

	if (!EXPECT_OK(t, poll) || !EXPECT_OK(t, listener))
		return 0;
	EXPECT_EQ(t, ukl_poll_add(poll, listener, EPOLLIN, 1), 0);
	far = connect_to(listener);
	EXPECT_EVENT(t, poll, 1, EPOLLIN);
	near = ukl_accept(listener, NULL, 0);
	if (!EXPECT_OK(t, far) || !EXPECT_OK(t, near))
		return 0;
	EXPECT_EQ(t, ukl_close(listener), 0);
	send_byte(t, far, near);
	EXPECT_QUIET(t, poll);
	EXPECT_EQ(t, ukl_poll_modify(poll, near, EPOLLIN, 2), -ENOENT);
	EXPECT_EQ(t, ukl_poll_remove(poll, near), -ENOENT);
	EXPECT_EQ(t, ukl_poll_add(poll, near, EPOLLIN, 2), 0);
	EXPECT_EVENT(t, poll, 2, EPOLLIN);
	EXPECT_EQ(t, ukl_poll_close(poll), 0);
	return 0;
}

static struct ukl_sock *connect_without_waiting(struct test *t, const union address *to, int len)
{
	struct ukl_sock *sock = ukl_socket(AF_INET, SOCK_STREAM, 0);

	if (EXPECT_OK(t, sock))
		EXPECT_EQ(t, ukl_connect(sock, &to->any, len, 0), -EINPROGRESS);
	return sock;
}

static int connection_that_is_made(struct test *t)
{
	for (int i = 0; i < ARRAY_SIZE(modes); i++) {
		struct ukl_sock *listener, *first, *sock, *near;
		struct ukl_poll *poll = ukl_poll_create();
		union address address;
		int len = loopback(&address, 4, 0), error = -1;

		/* With its queue full, a listener does not answer. */
		listener = ukl_tcp_listen(&address.any, len, 0);
		if (!EXPECT_OK(t, poll) || !EXPECT_OK(t, listener))
			return 0;
		len = ukl_getsockname(listener, &address.storage);
		first = connect_to(listener);
		EXPECT_OK(t, first);
		sock = connect_without_waiting(t, &address, len);
		EXPECT_EQ(t, ukl_poll_add(poll, sock, EPOLLIN | EPOLLOUT | modes[i], 5), 0);
		EXPECT_QUIET(t, poll);
		near = ukl_accept(listener, NULL, 0);
		if (EXPECT_OK(t, near))
			EXPECT_EQ(t, ukl_close(near), 0);
		/* It asks again, a second later or a little more. */
		EXPECT_EVENT(t, poll, 5, EPOLLOUT);
		EXPECT_EQ(t, ukl_getsockopt(sock, SOL_SOCKET, SO_ERROR, &error, sizeof(error)),
			  sizeof(error));
		EXPECT_EQ(t, error, 0);
		near = ukl_accept(listener, NULL, 0);
		if (EXPECT_OK(t, near))
			EXPECT_EQ(t, ukl_tcp_send(near, "x", 1, 0), 1);
		if (modes[i])
			EXPECT_EQ(t, poll_until(poll, EPOLLIN) & EPOLLIN, EPOLLIN);
		else
			EXPECT_EQ(t, poll_until(poll, EPOLLIN), EPOLLIN | EPOLLOUT);
		recv_byte(t, sock);
		EXPECT_EQ(t, ukl_close(near), 0);
		EXPECT_EQ(t, ukl_close(sock), 0);
		EXPECT_EQ(t, ukl_close(first), 0);
		EXPECT_EQ(t, ukl_close(listener), 0);
		EXPECT_EQ(t, ukl_poll_close(poll), 0);
	}
	return 0;
}

static int connection_that_is_refused(struct test *t)
{
	for (int i = 0; i < ARRAY_SIZE(modes); i++) {
		struct ukl_poll *poll = ukl_poll_create();
		struct ukl_sock *sock;
		union address address;
		int len = loopback(&address, 4, 1), error = -1;

		if (!EXPECT_OK(t, poll))
			return 0;
		sock = connect_without_waiting(t, &address, len);
		EXPECT_EQ(t, ukl_poll_add(poll, sock, EPOLLOUT | modes[i], 5), 0);
		EXPECT_EQ(t, poll_until(poll, EPOLLERR), EPOLLOUT | EPOLLERR | EPOLLHUP);
		EXPECT_EQ(t, ukl_getsockopt(sock, SOL_SOCKET, SO_ERROR, &error, sizeof(error)),
			  sizeof(error));
		EXPECT_EQ(t, error, ECONNREFUSED);
		EXPECT_EQ(t, ukl_close(sock), 0);
		EXPECT_EQ(t, ukl_poll_close(poll), 0);
	}
	return 0;
}

/* As for epoll, a socket that was never connected has hung up. */
static int socket_without_connection(struct test *t)
{
	struct ukl_sock *sock = ukl_socket(AF_INET, SOCK_STREAM, 0);
	struct ukl_poll *poll = ukl_poll_create();

	if (!EXPECT_OK(t, poll) || !EXPECT_OK(t, sock))
		return 0;
	EXPECT_EQ(t, ukl_poll_add(poll, sock, EPOLLIN | EPOLLOUT, 5), 0);
	EXPECT_EVENT(t, poll, 5, EPOLLOUT | EPOLLHUP);
	EXPECT_EQ(t, ukl_poll_modify(poll, sock, 0, 5), 0);
	EXPECT_EVENT(t, poll, 5, EPOLLHUP);
	EXPECT_EQ(t, ukl_close(sock), 0);
	EXPECT_EQ(t, ukl_poll_close(poll), 0);
	return 0;
}

static void datagrams(struct test *t, int family, const union address *at, int len, __poll_t mode)
{
	struct ukl_sock *to = ukl_socket(family, SOCK_DGRAM, 0);
	struct ukl_sock *from = ukl_socket(family, SOCK_DGRAM, 0);
	struct ukl_poll *poll = ukl_poll_create();
	union address name;
	char bytes[2];

	if (!EXPECT_OK(t, poll) || !EXPECT_OK(t, to) || !EXPECT_OK(t, from))
		return;
	EXPECT_EQ(t, ukl_bind(to, &at->any, len), 0);
	len = ukl_getsockname(to, &name.storage);
	EXPECT_EQ(t, ukl_connect(from, &name.any, len, 0), 0);
	EXPECT_EQ(t, ukl_poll_add(poll, from, EPOLLIN | EPOLLOUT | mode, 1), 0);
	EXPECT_EVENT(t, poll, 1, EPOLLOUT);
	EXPECT_EQ(t, ukl_poll_remove(poll, from), 0);
	EXPECT_EQ(t, ukl_poll_add(poll, to, EPOLLIN | mode, 2), 0);
	EXPECT_QUIET(t, poll);
	for (int i = 0; i < 3; i++) {
		EXPECT_EQ(t, ukl_send(from, "ab", 2, 0), 2);
		EXPECT_EVENT(t, poll, 2, EPOLLIN);
		if (mode)
			EXPECT_QUIET(t, poll);
		else
			EXPECT_EVENT(t, poll, 2, EPOLLIN);
		EXPECT_EQ(t, ukl_recv(to, bytes, 2, MSG_DONTWAIT), 2);
		EXPECT_QUIET(t, poll);
	}
	/* An empty one is one. */
	EXPECT_EQ(t, ukl_send(from, NULL, 0, 0), 0);
	EXPECT_EVENT(t, poll, 2, EPOLLIN);
	EXPECT_EQ(t, ukl_recv(to, bytes, 2, MSG_DONTWAIT), 0);
	EXPECT_EQ(t, ukl_close(to), 0);
	if (family == AF_INET) {
		/* The port is unreachable now, and its host says so. */
		EXPECT_EQ(t, ukl_poll_add(poll, from, EPOLLIN | mode, 3), 0);
		EXPECT_EQ(t, ukl_send(from, "ab", 2, 0), 2);
		EXPECT_EQ(t, poll_until(poll, EPOLLERR) & EPOLLERR, EPOLLERR);
		EXPECT_EQ(t, ukl_recv(from, bytes, 2, MSG_DONTWAIT), -ECONNREFUSED);
	}
	EXPECT_EQ(t, ukl_close(from), 0);
	EXPECT_EQ(t, ukl_poll_close(poll), 0);
}

static int abstract_name(union address *address, const char *name)
{
	struct sockaddr_un *un = (struct sockaddr_un *)address;

	memset(address, 0, sizeof(*address));
	un->sun_family = AF_UNIX;
	strscpy(un->sun_path + 1, name, sizeof(un->sun_path) - 1);
	return offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name);
}

static int udp(struct test *t)
{
	for (int i = 0; i < ARRAY_SIZE(modes); i++) {
		union address address;
		int len = loopback(&address, 4, 0);

		datagrams(t, AF_INET, &address, len, modes[i]);
	}
	return 0;
}

static int unix_datagrams(struct test *t)
{
	for (int i = 0; i < ARRAY_SIZE(modes); i++) {
		union address address;
		int len = abstract_name(&address, "ukl_test");

		datagrams(t, AF_UNIX, &address, len, modes[i]);
	}
	return 0;
}

static int unix_stream(struct test *t)
{
	for (int i = 0; i < ARRAY_SIZE(modes); i++) {
		struct ukl_sock *listener = ukl_socket(AF_UNIX, SOCK_STREAM, 0), *near;
		struct ukl_sock *far = ukl_socket(AF_UNIX, SOCK_STREAM, 0);
		struct ukl_poll *poll = ukl_poll_create();
		union address address;
		int len = abstract_name(&address, "ukl_test");
		char byte;

		if (!EXPECT_OK(t, poll) || !EXPECT_OK(t, listener) || !EXPECT_OK(t, far))
			return 0;
		EXPECT_EQ(t, ukl_bind(listener, &address.any, len), 0);
		EXPECT_EQ(t, ukl_listen(listener, 5), 0);
		EXPECT_EQ(t, ukl_poll_add(poll, listener, EPOLLIN | modes[i], 1), 0);
		EXPECT_QUIET(t, poll);
		EXPECT_EQ(t, ukl_connect(far, &address.any, len, UKL_FOREVER), 0);
		EXPECT_EVENT(t, poll, 1, EPOLLIN);
		near = ukl_accept(listener, NULL, 0);
		if (!EXPECT_OK(t, near))
			return 0;
		EXPECT_QUIET(t, poll);
		EXPECT_EQ(t, ukl_poll_add(poll, near, EPOLLIN | EPOLLRDHUP | modes[i], 2), 0);
		EXPECT_QUIET(t, poll);
		EXPECT_EQ(t, ukl_send(far, "x", 1, 0), 1);
		EXPECT_EVENT(t, poll, 2, EPOLLIN);
		EXPECT_EQ(t, ukl_recv(near, &byte, 1, 0), 1);
		EXPECT_QUIET(t, poll);
		EXPECT_EQ(t, ukl_close(far), 0);
		EXPECT_EVENT(t, poll, 2, EPOLLIN | EPOLLRDHUP | EPOLLHUP);
		EXPECT_EQ(t, ukl_close(near), 0);
		EXPECT_EQ(t, ukl_close(listener), 0);
		EXPECT_EQ(t, ukl_poll_close(poll), 0);
	}
	return 0;
}

static int modify(struct test *t)
{
	struct one o;

	if (!one_open(t, &o))
		return 0;
	EXPECT_EQ(t, ukl_poll_modify(o.poll, o.pair.server, EPOLLIN, 1), -ENOENT);
	EXPECT_EQ(t, ukl_poll_add(o.poll, o.pair.server, EPOLLIN, 1), 0);
	EXPECT_EQ(t, ukl_poll_modify(o.poll, o.pair.server, EPOLLIN, 2), 0);
	EXPECT_QUIET(t, o.poll);
	send_byte(t, o.pair.client, o.pair.server);
	/* The event is there, and the token is still the caller's to change. */
	EXPECT_EQ(t, ukl_poll_modify(o.poll, o.pair.server, EPOLLIN, 3), 0);
	EXPECT_EVENT(t, o.poll, 3, EPOLLIN);
	EXPECT_EQ(t, ukl_poll_modify(o.poll, o.pair.server, EPOLLOUT, 4), 0);
	EXPECT_EVENT(t, o.poll, 4, EPOLLOUT);
	EXPECT_EQ(t, ukl_poll_modify(o.poll, o.pair.server, 0, 5), 0);
	EXPECT_QUIET(t, o.poll);
	send_byte(t, o.pair.client, o.pair.server);
	EXPECT_QUIET(t, o.poll);
	/* To edges: what is ready now is the first of them. */
	EXPECT_EQ(t, ukl_poll_modify(o.poll, o.pair.server, EPOLLIN | EDGE, 6), 0);
	EXPECT_EVENT(t, o.poll, 6, EPOLLIN);
	EXPECT_QUIET(t, o.poll);
	/* Again, and that is how to ask for another look. */
	EXPECT_EQ(t, ukl_poll_modify(o.poll, o.pair.server, EPOLLIN | EDGE, 7), 0);
	EXPECT_EVENT(t, o.poll, 7, EPOLLIN);
	EXPECT_QUIET(t, o.poll);
	/* And back. */
	EXPECT_EQ(t, ukl_poll_modify(o.poll, o.pair.server, EPOLLIN, 8), 0);
	EXPECT_EVENT(t, o.poll, 8, EPOLLIN);
	EXPECT_EVENT(t, o.poll, 8, EPOLLIN);
	one_close(t, &o);
	return 0;
}

/* An event that is waited for by nobody any more is dropped. */
static int modify_away(struct test *t)
{
	for (int i = 0; i < ARRAY_SIZE(modes); i++) {
		struct one o;

		if (!one_open(t, &o))
			return 0;
		EXPECT_EQ(t, ukl_poll_add(o.poll, o.pair.server, EPOLLIN | modes[i], 1), 0);
		send_byte(t, o.pair.client, o.pair.server);
		EXPECT_EQ(t, ukl_poll_modify(o.poll, o.pair.server, EPOLLPRI | modes[i], 1), 0);
		EXPECT_QUIET(t, o.poll);
		one_close(t, &o);
	}
	return 0;
}

/* A modification wakes a wait that is under way. */
static int modify_wakes_a_waiter(struct test *t)
{
	struct waiter w;
	struct one o;

	if (!one_open(t, &o))
		return 0;
	EXPECT_EQ(t, ukl_poll_add(o.poll, o.pair.server, EPOLLIN, 1), 0);
	if (waiter_start(t, &w, o.poll, UKL_FOREVER)) {
		EXPECT_EQ(t, ukl_poll_modify(o.poll, o.pair.server, EPOLLOUT, 2), 0);
		EXPECT_EQ(t, waiter_end(t, &w), 1);
		EXPECT_EQ(t, w.events[0].token, 2);
		EXPECT_EQ(t, w.events[0].events, EPOLLOUT);
	}
	EXPECT_EQ(t, ukl_poll_modify(o.poll, o.pair.server, EPOLLIN, 3), 0);
	if (waiter_start(t, &w, o.poll, UKL_FOREVER)) {
		EXPECT_EQ(t, ukl_poll_add(o.poll, o.pair.client, EPOLLOUT, 4), 0);
		EXPECT_EQ(t, waiter_end(t, &w), 1);
		EXPECT_EQ(t, w.events[0].token, 4);
	}
	one_close(t, &o);
	return 0;
}

static int remove(struct test *t)
{
	for (int i = 0; i < ARRAY_SIZE(modes); i++) {
		struct one o;

		if (!one_open(t, &o))
			return 0;
		EXPECT_EQ(t, ukl_poll_remove(o.poll, o.pair.server), -ENOENT);
		EXPECT_EQ(t, ukl_poll_add(o.poll, o.pair.server, EPOLLIN | modes[i], 1), 0);
		EXPECT_EQ(t, ukl_poll_remove(o.poll, o.pair.server), 0);
		EXPECT_EQ(t, ukl_poll_remove(o.poll, o.pair.server), -ENOENT);
		EXPECT_EQ(t, ukl_poll_modify(o.poll, o.pair.server, EPOLLIN, 1), -ENOENT);
		send_byte(t, o.pair.client, o.pair.server);
		EXPECT_QUIET(t, o.poll);
		EXPECT_EQ(t, ukl_poll_add(o.poll, o.pair.server, EPOLLIN | modes[i], 2), 0);
		/* With an event that nobody has seen. */
		EXPECT_EQ(t, ukl_poll_remove(o.poll, o.pair.server), 0);
		EXPECT_QUIET(t, o.poll);
		/* And with one that somebody has. */
		EXPECT_EQ(t, ukl_poll_add(o.poll, o.pair.server, EPOLLIN | modes[i], 3), 0);
		EXPECT_EVENT(t, o.poll, 3, EPOLLIN);
		EXPECT_EQ(t, ukl_poll_remove(o.poll, o.pair.server), 0);
		EXPECT_QUIET(t, o.poll);
		one_close(t, &o);
	}
	return 0;
}

static int one_set_at_a_time(struct test *t)
{
	struct ukl_poll *other = ukl_poll_create();
	struct one o;

	if (!one_open(t, &o) || !EXPECT_OK(t, other))
		return 0;
	EXPECT_EQ(t, ukl_poll_add(o.poll, o.pair.server, EPOLLIN, 1), 0);
	EXPECT_EQ(t, ukl_poll_add(o.poll, o.pair.server, EPOLLOUT, 2), -EEXIST);
	EXPECT_EQ(t, ukl_poll_add(other, o.pair.server, EPOLLOUT, 3), -EBUSY);
	EXPECT_EQ(t, ukl_poll_modify(other, o.pair.server, EPOLLOUT, 3), -ENOENT);
	EXPECT_EQ(t, ukl_poll_remove(other, o.pair.server), -ENOENT);
	/* None of that changed anything. */
	EXPECT_QUIET(t, o.poll);
	EXPECT_QUIET(t, other);
	send_byte(t, o.pair.client, o.pair.server);
	EXPECT_EVENT(t, o.poll, 1, EPOLLIN);
	/* From one to the other. */
	for (int i = 0; i < 3; i++) {
		EXPECT_EQ(t, ukl_poll_remove(o.poll, o.pair.server), 0);
		EXPECT_EQ(t, ukl_poll_add(other, o.pair.server, EPOLLIN, 4), 0);
		EXPECT_EQ(t, ukl_poll_add(o.poll, o.pair.server, EPOLLIN, 5), -EBUSY);
		EXPECT_QUIET(t, o.poll);
		EXPECT_EVENT(t, other, 4, EPOLLIN);
		EXPECT_EQ(t, ukl_poll_remove(other, o.pair.server), 0);
		EXPECT_EQ(t, ukl_poll_add(o.poll, o.pair.server, EPOLLIN, 6), 0);
		EXPECT_QUIET(t, other);
		EXPECT_EVENT(t, o.poll, 6, EPOLLIN);
	}
	/* The two ends of a connection are two sockets. */
	EXPECT_EQ(t, ukl_poll_add(other, o.pair.client, EPOLLOUT, 7), 0);
	EXPECT_EVENT(t, other, 7, EPOLLOUT);
	EXPECT_EVENT(t, o.poll, 6, EPOLLIN);
	EXPECT_EQ(t, ukl_poll_close(other), 0);
	one_close(t, &o);
	return 0;
}

static int bad_arguments(struct test *t)
{
	void *bad[] = { NULL, ERR_PTR(-ENOMEM), ERR_PTR(-1), ERR_PTR(-MAX_ERRNO) };
	static const __poll_t others[] = {
		EPOLLERR, EPOLLHUP, EPOLLEXCLUSIVE, EPOLLWAKEUP, EPOLLRDNORM,
		EPOLLWRNORM, EPOLLRDBAND, EPOLLMSG, EPOLLNVAL, (__force __poll_t)(1U << 27),
		(__force __poll_t)~0U, EPOLLONESHOT | EPOLLEXCLUSIVE,
	};
	struct ukl_event event;
	struct one o;

	if (!one_open(t, &o))
		return 0;
	for (int i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(t, ukl_poll_add(bad[i], o.pair.server, EPOLLIN, 1), -EINVAL);
		EXPECT_EQ(t, ukl_poll_modify(bad[i], o.pair.server, EPOLLIN, 1), -EINVAL);
		EXPECT_EQ(t, ukl_poll_remove(bad[i], o.pair.server), -EINVAL);
		EXPECT_EQ(t, ukl_poll_wait(bad[i], &event, 1, 0), -EINVAL);
		EXPECT_EQ(t, ukl_poll_spin(bad[i], 0), -EINVAL);
		EXPECT_EQ(t, ukl_poll_close(bad[i]), -EINVAL);
		ukl_poll_wake(bad[i]);

		EXPECT_EQ(t, ukl_poll_add(o.poll, bad[i], EPOLLIN, 1), -ENOTSOCK);
		EXPECT_EQ(t, ukl_poll_modify(o.poll, bad[i], EPOLLIN, 1), -ENOTSOCK);
		EXPECT_EQ(t, ukl_poll_remove(o.poll, bad[i]), -ENOTSOCK);
		EXPECT_EQ(t, ukl_poll_add_file(o.poll, bad[i], EPOLLIN, 1), -EBADF);
		EXPECT_EQ(t, ukl_poll_modify_file(o.poll, bad[i], EPOLLIN, 1), -EBADF);
		EXPECT_EQ(t, ukl_poll_remove_file(o.poll, bad[i]), -EBADF);
	}
	for (int i = 0; i < ARRAY_SIZE(others); i++)
		EXPECT_EQ(t, ukl_poll_add(o.poll, o.pair.server, others[i], 1), -EINVAL);
	EXPECT_EQ(t, ukl_poll_remove(o.poll, o.pair.server), -ENOENT);
	EXPECT_EQ(t, ukl_poll_add(o.poll, o.pair.server, EPOLLIN | EPOLLPRI, 1), 0);
	for (int i = 0; i < ARRAY_SIZE(others); i++)
		EXPECT_EQ(t, ukl_poll_modify(o.poll, o.pair.server, others[i], 2), -EINVAL);
	send_byte(t, o.pair.client, o.pair.server);
	EXPECT_EVENT(t, o.poll, 1, EPOLLIN);
	EXPECT_EQ(t, ukl_poll_spin(o.poll, UKL_SPIN_MAX), 0);
	EXPECT_EQ(t, ukl_poll_spin(o.poll, UKL_SPIN_MAX + 1), -EINVAL);
	EXPECT_EQ(t, ukl_poll_spin(o.poll, UINT_MAX), -EINVAL);
	EXPECT_EQ(t, ukl_poll_spin(o.poll, 0), 0);
	one_close(t, &o);
	return 0;
}

static int bad_room_for_events(struct test *t)
{
	void *bad[] = {
		NULL, (void *)1, (void *)0x1000, (void *)0x7ffffffff000, (void *)LONG_MAX,
	};
	static const int numbers[] = { 0, -1, INT_MIN };
	struct ukl_event event = { };
	struct one o;

	if (!one_open(t, &o))
		return 0;
	EXPECT_EQ(t, ukl_poll_add(o.poll, o.pair.server, EPOLLIN | EDGE, 1), 0);
	send_byte(t, o.pair.client, o.pair.server);
	for (int i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(t, ukl_poll_wait(o.poll, bad[i], 1, 0), -EFAULT);
		EXPECT_EQ(t, ukl_poll_wait(o.poll, bad[i], 100, UKL_FOREVER), -EFAULT);
	}
	/* It ends in the user half. */
	EXPECT_EQ(t, ukl_poll_wait(o.poll, (void *)-4096UL, 4096, 0), -EFAULT);
	for (int i = 0; i < ARRAY_SIZE(numbers); i++) {
		EXPECT_EQ(t, ukl_poll_wait(o.poll, &event, numbers[i], 0), -EINVAL);
		EXPECT_EQ(t, ukl_poll_wait(o.poll, &event, numbers[i], UKL_FOREVER), -EINVAL);
	}
	/* The event was lost to none of them. */
	EXPECT_EQ(t, ukl_poll_wait(o.poll, &event, 1, 0), 1);
	EXPECT_EQ(t, event.token, 1);
	one_close(t, &o);
	return 0;
}

static int no_more_than_there_is(struct test *t)
{
	struct ukl_event events[4];
	struct one o;

	if (!one_open(t, &o))
		return 0;
	memset(events, 0x55, sizeof(events));
	EXPECT_EQ(t, ukl_poll_add(o.poll, o.pair.server, EPOLLOUT, 1), 0);
	EXPECT_EQ(t, ukl_poll_wait(o.poll, events, 4, UKL_FOREVER), 1);
	for (int i = 1; i < 4; i++)
		EXPECT_TRUE(t, !memchr_inv(&events[i], 0x55, sizeof(events[i])));
	one_close(t, &o);
	return 0;
}

static int time_outs(struct test *t)
{
	static const s64 times[] = { 1, NSEC_PER_USEC, NSEC_PER_MSEC, 120 * NSEC_PER_MSEC };
	struct ukl_event event;
	struct one o;

	if (!one_open(t, &o))
		return 0;
	/* An empty set, and one with something in it that is not ready. */
	for (int i = 0; i < 2; i++) {
		EXPECT_EQ(t, ukl_poll_wait(o.poll, &event, 1, 0), 0);
		for (int j = 0; j < ARRAY_SIZE(times); j++) {
			s64 start = ukl_clock_monotonic();

			EXPECT_EQ(t, ukl_poll_wait(o.poll, &event, 1, times[j]), 0);
			EXPECT_TRUE(t, ukl_clock_monotonic() - start >= times[j]);
		}
		if (!i)
			EXPECT_EQ(t, ukl_poll_add(o.poll, o.pair.server, EPOLLIN, 1), 0);
	}
	/* What is ready does not wait. */
	send_byte(t, o.pair.client, o.pair.server);
	EXPECT_EQ(t, ukl_poll_wait(o.poll, &event, 1, 0), 1);
	EXPECT_EQ(t, ukl_poll_wait(o.poll, &event, 1, 1), 1);
	EXPECT_EQ(t, ukl_poll_wait(o.poll, &event, 1, UKL_FOREVER), 1);
	EXPECT_EQ(t, ukl_poll_wait(o.poll, &event, 1, S64_MAX), 1);
	one_close(t, &o);
	return 0;
}

/* Waits that do not end by themselves in a lifetime. */
static int waits_for_ever(struct test *t)
{
	static const s64 times[] = {
		UKL_FOREVER, -2, S64_MIN, S64_MAX, S64_MAX - 1, 1000000 * NSEC_PER_SEC,
	};
	struct waiter w;
	struct one o;

	if (!one_open(t, &o))
		return 0;
	EXPECT_EQ(t, ukl_poll_add(o.poll, o.pair.server, EPOLLIN, 1), 0);
	for (int i = 0; i < ARRAY_SIZE(times); i++) {
		if (!waiter_start(t, &w, o.poll, times[i]))
			return 0;
		send_byte(t, o.pair.client, o.pair.server);
		EXPECT_EQ(t, waiter_end(t, &w), 1);
		EXPECT_EQ(t, w.events[0].token, 1);
		EXPECT_EQ(t, w.events[0].events, EPOLLIN);
		recv_byte(t, o.pair.server);
	}
	one_close(t, &o);
	return 0;
}

/* Takes what @max allows from the set until there were @n events; each block of them has all. */
static void take_turns(struct test *t, struct ukl_poll *poll, int max, int n, int blocks)
{
	struct ukl_event events[8];
	unsigned int seen = 0;
	int had = 0, got;

	while (had < n * blocks && !t->failures) {
		got = ukl_poll_wait(poll, events, max, 0);
		EXPECT_TRUE(t, got > 0 && got <= max);
		if (got <= 0)
			return;
		for (int i = 0; i < got; i++) {
			EXPECT_TRUE(t, !(seen & BIT(events[i].token)));
			EXPECT_EQ(t, events[i].events, EPOLLIN);
			seen |= BIT(events[i].token);
			if (++had % n == 0) {
				EXPECT_EQ(t, seen, GENMASK(n - 1, 0));
				seen = 0;
			}
		}
	}
}

static int all_get_their_turn(struct test *t)
{
	enum { N = 20 };
	struct ukl_poll *poll = ukl_poll_create();
	struct ukl_event events[N + 4];
	struct crowd crowd;

	if (!EXPECT_OK(t, poll) || !crowd_open(t, &crowd, N))
		return 0;
	for (int i = 0; i < N; i++) {
		EXPECT_EQ(t, ukl_poll_add(poll, crowd.near[i], EPOLLIN, i), 0);
		send_byte(t, crowd.far[i], crowd.near[i]);
	}
	for (int max = 1; max <= 8; max++)
		take_turns(t, poll, max, N, 3);
	/* All at once, and none of them twice. */
	EXPECT_EQ(t, ukl_poll_wait(poll, events, N + 4, 0), N);
	/* One that becomes ready while the others always are waits no longer than they do. */
	recv_byte(t, crowd.near[N - 1]);
	EXPECT_EQ(t, ukl_poll_wait(poll, events, N, 0), N - 1);
	take_turns(t, poll, 1, N - 1, 1);
	send_byte(t, crowd.far[N - 1], crowd.near[N - 1]);
	take_turns(t, poll, 1, N, 1);
	EXPECT_EQ(t, ukl_poll_close(poll), 0);
	crowd_close(t, &crowd);
	return 0;
}

static int edges_that_do_not_fit(struct test *t)
{
	enum { N = 20 };
	struct ukl_poll *poll = ukl_poll_create();
	struct crowd crowd;

	if (!EXPECT_OK(t, poll) || !crowd_open(t, &crowd, N))
		return 0;
	for (int i = 0; i < N; i++)
		EXPECT_EQ(t, ukl_poll_add(poll, crowd.near[i], EPOLLIN | EDGE, i), 0);
	for (int max = 1; max <= 8; max++) {
		for (int i = 0; i < N; i++)
			send_byte(t, crowd.far[i], crowd.near[i]);
		take_turns(t, poll, max, N, 1);
		EXPECT_QUIET(t, poll);
	}
	EXPECT_EQ(t, ukl_poll_close(poll), 0);
	crowd_close(t, &crowd);
	return 0;
}

/* Nothing comes after the one event, whatever happens, until it is asked for again. */
static int reported_once(struct test *t)
{
	for (int i = 0; i < ARRAY_SIZE(modes); i++) {
		__poll_t once = EPOLLIN | EPOLLONESHOT | modes[i];
		struct one o;

		if (!one_open(t, &o))
			return 0;
		EXPECT_EQ(t, ukl_poll_add(o.poll, o.pair.server, once, 7), 0);
		EXPECT_QUIET(t, o.poll);
		send_byte(t, o.pair.client, o.pair.server);
		EXPECT_EVENT(t, o.poll, 7, EPOLLIN);
		EXPECT_QUIET(t, o.poll);
		send_byte(t, o.pair.client, o.pair.server);
		EXPECT_QUIET(t, o.poll);
		EXPECT_EQ(t, ukl_poll_modify(o.poll, o.pair.server, once, 8), 0);
		EXPECT_EVENT(t, o.poll, 8, EPOLLIN);
		/* EPOLLHUP, which is an event whether it is asked for or not. */
		EXPECT_EQ(t, ukl_shutdown(o.pair.server, SHUT_RDWR), 0);
		EXPECT_QUIET(t, o.poll);
		EXPECT_EQ(t, ukl_poll_modify(o.poll, o.pair.server, EPOLLONESHOT, 9), 0);
		EXPECT_EVENT(t, o.poll, 9, EPOLLHUP);
		EXPECT_QUIET(t, o.poll);
		one_close(t, &o);
	}
	return 0;
}

/* The wake-up was used up: the next wait takes its time. */
static void expect_no_wake(struct test *t, struct ukl_poll *poll)
{
	s64 start = ukl_clock_monotonic();
	struct ukl_event event;

	EXPECT_EQ(t, ukl_poll_wait(poll, &event, 1, MOMENT), 0);
	EXPECT_TRUE(t, ukl_clock_monotonic() - start >= MOMENT);
}

static int wake_before_a_wait(struct test *t)
{
	struct ukl_event event;
	struct one o;

	if (!one_open(t, &o))
		return 0;
	EXPECT_EQ(t, ukl_poll_add(o.poll, o.pair.server, EPOLLIN, 1), 0);
	for (int i = 1; i < 4; i++) {
		/* Several count as one. */
		for (int j = 0; j < i; j++)
			ukl_poll_wake(o.poll);
		EXPECT_EQ(t, ukl_poll_wait(o.poll, &event, 1, UKL_FOREVER), 0);
		expect_no_wake(t, o.poll);
	}
	/* A wait that does not wait is one that it ends. */
	ukl_poll_wake(o.poll);
	EXPECT_EQ(t, ukl_poll_wait(o.poll, &event, 1, 0), 0);
	expect_no_wake(t, o.poll);
	/* With what is ready. */
	send_byte(t, o.pair.client, o.pair.server);
	ukl_poll_wake(o.poll);
	EXPECT_EQ(t, ukl_poll_wait(o.poll, &event, 1, UKL_FOREVER), 1);
	recv_byte(t, o.pair.server);
	expect_no_wake(t, o.poll);
	one_close(t, &o);
	return 0;
}

/** struct waker - calls ukl_poll_wake() from somewhere */
struct waker {
	struct ukl_poll *poll;
	struct hrtimer timer;
	struct completion done;
};

static enum hrtimer_restart wake_from_timer(struct hrtimer *timer)
{
	ukl_poll_wake(container_of(timer, struct waker, timer)->poll);
	return HRTIMER_NORESTART;
}

static int wake_from_kthread(void *data)
{
	struct waker *waker = data;

	ukl_poll_wake(waker->poll);
	kthread_complete_and_exit(&waker->done, 0);
}

static int wake_from_thread(void *data)
{
	ukl_poll_wake(data);
	return ukl_null();
}

static void wake_by(struct test *t, struct waker *waker, int means)
{
	struct task_struct *task;
	struct ukl_thread *thread;
	unsigned long flags;

	switch (means) {
	case 0:
		ukl_poll_wake(waker->poll);
		break;
	case 1:
		thread = ukl_thread_spawn(wake_from_thread, waker->poll, 0);
		if (EXPECT_OK(t, thread))
			EXPECT_EQ(t, ukl_thread_join(thread, NULL), 0);
		break;
	case 2:
		init_completion(&waker->done);
		task = kthread_run(wake_from_kthread, waker, "ukl_test_wake");
		if (EXPECT_OK(t, task))
			wait_for_completion(&waker->done);
		break;
	case 3:
	case 4:
		hrtimer_setup(&waker->timer, wake_from_timer, CLOCK_MONOTONIC,
			      means == 3 ? HRTIMER_MODE_REL_HARD : HRTIMER_MODE_REL_SOFT);
		hrtimer_start(&waker->timer, us_to_ktime(100),
			      means == 3 ? HRTIMER_MODE_REL_HARD : HRTIMER_MODE_REL_SOFT);
		break;
	case 5:
		local_irq_save(flags);
		ukl_poll_wake(waker->poll);
		local_irq_restore(flags);
		break;
	}
}

static int wake_from_anywhere(struct test *t)
{
	struct ukl_event event;
	struct waker waker;
	struct waiter w;
	struct one o;

	if (!one_open(t, &o))
		return 0;
	waker.poll = o.poll;
	EXPECT_EQ(t, ukl_poll_add(o.poll, o.pair.server, EPOLLIN, 1), 0);
	for (int means = 0; means < 6; means++) {
		/* Of another thread, */
		if (!waiter_start(t, &w, o.poll, UKL_FOREVER))
			return 0;
		wake_by(t, &waker, means);
		EXPECT_EQ(t, waiter_end(t, &w), 0);
		if (means == 3 || means == 4)
			hrtimer_cancel(&waker.timer);
		/* and of this one: before it waits or while it does. */
		wake_by(t, &waker, means);
		EXPECT_EQ(t, ukl_poll_wait(o.poll, &event, 1, UKL_FOREVER), 0);
		if (means == 3 || means == 4)
			hrtimer_cancel(&waker.timer);
		expect_no_wake(t, o.poll);
	}
	one_close(t, &o);
	return 0;
}

static int wake_ends_one_wait(struct test *t)
{
	enum { N = 3 };
	struct waiter w[N];
	struct one o;

	if (!one_open(t, &o))
		return 0;
	for (int i = 0; i < N; i++)
		if (!waiter_start(t, &w[i], o.poll, UKL_FOREVER))
			return 0;
	for (int woken = 1; woken <= N; woken++) {
		ukl_poll_wake(o.poll);
		for (int tries = 0; tries < 200 && waiters_done(w, N) < woken; tries++)
			;
		EXPECT_EQ(t, waiters_done(w, N), woken);
	}
	for (int i = 0; i < N; i++)
		EXPECT_EQ(t, waiter_end(t, &w[i]), 0);
	expect_no_wake(t, o.poll);
	one_close(t, &o);
	return 0;
}

static int event_goes_to_one_waiter(struct test *t)
{
	enum { N = 3 };
	struct waiter w[N];
	struct one o;

	if (!one_open(t, &o))
		return 0;
	EXPECT_EQ(t, ukl_poll_add(o.poll, o.pair.server, EPOLLIN | EDGE, 1), 0);
	for (int i = 0; i < N; i++)
		if (!waiter_start(t, &w[i], o.poll, UKL_FOREVER))
			return 0;
	for (int told = 1; told <= N; told++) {
		send_byte(t, o.pair.client, o.pair.server);
		for (int tries = 0; tries < 200 && waiters_done(w, N) < told; tries++)
			;
		EXPECT_EQ(t, waiters_done(w, N), told);
	}
	for (int i = 0; i < N; i++) {
		EXPECT_EQ(t, waiter_end(t, &w[i]), 1);
		EXPECT_EQ(t, w[i].events[0].token, 1);
		EXPECT_EQ(t, w[i].events[0].events, EPOLLIN);
	}
	EXPECT_QUIET(t, o.poll);
	one_close(t, &o);
	return 0;
}

/** struct sharing - threads that take edges from one set */
struct sharing {
	struct test *t;
	struct ukl_poll *poll;
	atomic_t seen[64];
	bool end;
};

static int share(void *data)
{
	struct sharing *s = data;
	struct ukl_event events[2];
	int n;

	do {
		n = ukl_poll_wait(s->poll, events, 2, UKL_FOREVER);
		for (int i = 0; i < n; i++)
			atomic_inc(&s->seen[events[i].token]);
	} while (n > 0 || (!n && !READ_ONCE(s->end)));
	/* On to the next one. */
	ukl_poll_wake(s->poll);
	return n;
}

/* Many edges, many threads: each edge is told to one of them, and none is lost. */
static int edges_are_shared(struct test *t)
{
	enum { N = 64, THREADS = 4, ROUNDS = 50 };
	struct ukl_thread *threads[THREADS];
	struct sharing *s = kzalloc(sizeof(*s), GFP_KERNEL);
	struct crowd crowd;
	int status;

	s->poll = ukl_poll_create();
	if (!EXPECT_OK(t, s->poll) || !crowd_open(t, &crowd, N))
		return 0;
	for (int i = 0; i < N; i++)
		EXPECT_EQ(t, ukl_poll_add(s->poll, crowd.near[i], EPOLLIN | EDGE, i), 0);
	for (int i = 0; i < THREADS; i++) {
		threads[i] = ukl_thread_spawn(share, s, 0);
		if (!EXPECT_OK(t, threads[i]))
			return 0;
	}
	for (int round = 1; round <= ROUNDS && !t->failures; round++) {
		for (int i = 0; i < N; i++)
			EXPECT_EQ(t, ukl_tcp_send(crowd.far[i], "x", 1, 0), 1);
		/* The next edge would be the same one if it came before this one was told. */
		for (int i = 0; i < N; i++) {
			for (int tries = 0; tries < 10000; tries++) {
				if (atomic_read(&s->seen[i]) >= round)
					break;
				fsleep(500);
			}
			EXPECT_EQ(t, atomic_read(&s->seen[i]), round);
		}
	}
	WRITE_ONCE(s->end, true);
	ukl_poll_wake(s->poll);
	for (int i = 0; i < THREADS; i++) {
		EXPECT_EQ(t, ukl_thread_join(threads[i], &status), 0);
		EXPECT_EQ(t, status, 0);
	}
	for (int i = 0; i < N; i++)
		EXPECT_EQ(t, atomic_read(&s->seen[i]), ROUNDS);
	EXPECT_EQ(t, ukl_poll_close(s->poll), 0);
	crowd_close(t, &crowd);
	kfree(s);
	return 0;
}

/*
 * In level mode, each wait is told while it lasts: whether the socket can be looked at with the set
 * locked or, as for urgent data, has to be asked.
 */
static int level_goes_to_all_waiters(struct test *t)
{
	static const __poll_t wanted[] = { EPOLLIN, EPOLLIN | EPOLLPRI };
	enum { N = 3 };

	for (int mode = 0; mode < ARRAY_SIZE(wanted); mode++) {
		struct waiter w[N];
		struct one o;

		if (!one_open(t, &o))
			return 0;
		EXPECT_EQ(t, ukl_poll_add(o.poll, o.pair.server, wanted[mode], 1), 0);
		for (int i = 0; i < N; i++)
			if (!waiter_start(t, &w[i], o.poll, UKL_FOREVER))
				return 0;
		send_byte(t, o.pair.client, o.pair.server);
		for (int i = 0; i < N; i++) {
			EXPECT_EQ(t, waiter_end(t, &w[i]), 1);
			EXPECT_EQ(t, w[i].events[0].token, 1);
			EXPECT_EQ(t, w[i].events[0].events, EPOLLIN);
		}
		recv_byte(t, o.pair.server);
		EXPECT_QUIET(t, o.poll);
		one_close(t, &o);
	}
	return 0;
}

/** STREAM - bytes that flow while edges are waited for */
#define STREAM	SZ_1M

static int flow_main(void *data)
{
	struct ukl_sock *sock = data;
	char *buf = kzalloc(SZ_32K, GFP_KERNEL);
	u64 random = STREAM;
	size_t sent = 0;
	ssize_t n = buf ? 0 : -ENOMEM;

	while (n >= 0 && sent < STREAM) {
		size_t len = min3(stream_chunk(&random), (size_t)SZ_32K, STREAM - sent);

		n = ukl_tcp_send(sock, buf, len, 0);
		sent += max(n, 0);
	}
	kfree(buf);
	return n < 0 ? n : ukl_shutdown(sock, SHUT_WR);
}

static ssize_t take_all(void *arg, const void *data, size_t len)
{
	return len;
}

/*
 * One receive in place for each edge, or receives until there is nothing: no arrival is lost. Data
 * and the end of the stream may be one edge, of which a receive in place tells the data only.
 */
static void flow_by_edges(struct test *t, bool in_place)
{
	char *buf = kmalloc(SZ_16K, GFP_KERNEL);
	struct ukl_thread *thread;
	struct ukl_event event;
	int status = -1, n;
	size_t got = 0;
	ssize_t len = 1;
	struct one o;

	if (!buf || !one_open(t, &o))
		return;
	EXPECT_EQ(t, ukl_poll_add(o.poll, o.pair.server, EPOLLIN | EPOLLRDHUP | EDGE, 1), 0);
	thread = ukl_thread_spawn(flow_main, o.pair.client, 0);
	if (!EXPECT_OK(t, thread))
		return;
	while (len) {
		n = ukl_poll_wait(o.poll, &event, 1, PATIENCE);
		EXPECT_EQ(t, n, 1);
		if (n != 1)
			break;
		do {
			if (in_place)
				len = ukl_tcp_recv_inplace(o.pair.server, take_all, NULL,
							   MSG_DONTWAIT);
			else
				len = ukl_tcp_recv(o.pair.server, buf, SZ_16K, MSG_DONTWAIT);
			got += max(len, 0);
		} while (len > 0 && (!in_place || event.events & EPOLLRDHUP));
		EXPECT_TRUE(t, len >= 0 || len == -EAGAIN);
	}
	EXPECT_EQ(t, got, STREAM);
	EXPECT_EQ(t, ukl_thread_join(thread, &status), 0);
	EXPECT_EQ(t, status, 0);
	kfree(buf);
	one_close(t, &o);
}

static int no_edge_is_lost(struct test *t)
{
	for (int i = 0; i < 3; i++) {
		flow_by_edges(t, false);
		flow_by_edges(t, true);
	}
	return 0;
}

/* How many of 100 short waits went to sleep. */
static unsigned long sleeps(struct test *t, struct ukl_poll *poll, unsigned int usecs)
{
	unsigned long before, slept = 0;
	struct ukl_event event;

	EXPECT_EQ(t, ukl_poll_spin(poll, usecs), 0);
	for (int i = 0; i < 100; i++) {
		before = current->nvcsw;
		EXPECT_EQ(t, ukl_poll_wait(poll, &event, 1, 500 * NSEC_PER_USEC), 0);
		slept += current->nvcsw != before;
	}
	return slept;
}

static int spinning_does_not_sleep(struct test *t)
{
	unsigned long with, without;
	struct one o;

	if (!one_open(t, &o))
		return 0;
	EXPECT_EQ(t, ukl_poll_add(o.poll, o.pair.server, EPOLLIN, 1), 0);
	/* Others may want the CPU now and then. */
	with = sleeps(t, o.poll, UKL_SPIN_MAX);
	without = sleeps(t, o.poll, 0);
	test_log(t, "of 100 waits, %lu slept after spinning, %lu without\n", with, without);
	EXPECT_TRUE(t, with < 90);
	EXPECT_TRUE(t, without > 50);
	one_close(t, &o);
	return 0;
}

/* Whatever ends a wait ends one that spins first. */
static int spinning_changes_nothing_else(struct test *t)
{
	struct ukl_event event;
	struct waiter w;
	struct one o;

	if (!one_open(t, &o))
		return 0;
	EXPECT_EQ(t, ukl_poll_add(o.poll, o.pair.server, EPOLLIN, 1), 0);
	EXPECT_EQ(t, ukl_poll_spin(o.poll, UKL_SPIN_MAX), 0);
	EXPECT_EQ(t, ukl_poll_wait(o.poll, &event, 1, 0), 0);
	expect_no_wake(t, o.poll);
	ukl_poll_wake(o.poll);
	EXPECT_EQ(t, ukl_poll_wait(o.poll, &event, 1, UKL_FOREVER), 0);
	send_byte(t, o.pair.client, o.pair.server);
	EXPECT_EVENT(t, o.poll, 1, EPOLLIN);
	recv_byte(t, o.pair.server);
	if (waiter_start(t, &w, o.poll, UKL_FOREVER)) {
		send_byte(t, o.pair.client, o.pair.server);
		EXPECT_EQ(t, waiter_end(t, &w), 1);
		recv_byte(t, o.pair.server);
	}
	if (waiter_start(t, &w, o.poll, UKL_FOREVER)) {
		ukl_poll_wake(o.poll);
		EXPECT_EQ(t, waiter_end(t, &w), 0);
	}
	if (waiter_start(t, &w, o.poll, UKL_FOREVER)) {
		EXPECT_EQ(t, ukl_thread_stop(w.thread), 0);
		EXPECT_EQ(t, waiter_end(t, &w), -EINTR);
	}
	one_close(t, &o);
	return 0;
}

static int stop_of_a_waiter(struct test *t)
{
	struct waiter w;
	struct one o;

	if (!one_open(t, &o))
		return 0;
	EXPECT_EQ(t, ukl_poll_add(o.poll, o.pair.server, EPOLLIN | EDGE, 1), 0);
	if (!waiter_start(t, &w, o.poll, UKL_FOREVER))
		return 0;
	EXPECT_EQ(t, ukl_thread_stop(w.thread), 0);
	EXPECT_EQ(t, waiter_end(t, &w), -EINTR);
	/* The set is as good as before, and lost nothing. */
	send_byte(t, o.pair.client, o.pair.server);
	EXPECT_EVENT(t, o.poll, 1, EPOLLIN);
	one_close(t, &o);
	return 0;
}

static int close_ends_all_waits(struct test *t)
{
	enum { N = 4 };
	struct waiter w[N];

	for (int i = 0; i < 2; i++) {
		struct one o;

		if (!one_open(t, &o))
			return 0;
		EXPECT_EQ(t, ukl_poll_add(o.poll, o.pair.server, EPOLLIN, 1), 0);
		if (i)
			EXPECT_EQ(t, ukl_poll_spin(o.poll, UKL_SPIN_MAX), 0);
		for (int j = 0; j < N; j++)
			if (!waiter_start(t, &w[j], o.poll, j % 2 ? UKL_FOREVER : PATIENCE))
				return 0;
		EXPECT_EQ(t, ukl_poll_close(o.poll), 0);
		for (int j = 0; j < N; j++)
			EXPECT_EQ(t, waiter_end(t, &w[j]), -EBADF);
		send_byte(t, o.pair.client, o.pair.server);
		pair_close(t, &o.pair);
	}
	return 0;
}

static int close_of_a_set_leaves_the_sockets(struct test *t)
{
	struct ukl_poll *other = ukl_poll_create();
	struct one o;

	if (!one_open(t, &o) || !EXPECT_OK(t, other))
		return 0;
	EXPECT_EQ(t, ukl_poll_add(o.poll, o.pair.server, EPOLLIN, 1), 0);
	EXPECT_EQ(t, ukl_poll_add(o.poll, o.pair.client, EPOLLIN | EPOLLOUT, 2), 0);
	EXPECT_EQ(t, ukl_poll_add(o.poll, o.pair.listener, EPOLLIN | EDGE, 3), 0);
	/* One has an event that nobody has seen, one has an event that somebody has. */
	EXPECT_EVENT(t, o.poll, 2, EPOLLOUT);
	send_byte(t, o.pair.client, o.pair.server);
	EXPECT_EQ(t, ukl_poll_close(o.poll), 0);
	EXPECT_EQ(t, ukl_poll_add(other, o.pair.client, EPOLLIN, 4), 0);
	EXPECT_EQ(t, ukl_poll_add(other, o.pair.server, EPOLLIN, 5), 0);
	EXPECT_EQ(t, ukl_poll_remove(other, o.pair.listener), -ENOENT);
	EXPECT_EVENT(t, other, 5, EPOLLIN);
	recv_byte(t, o.pair.server);
	send_byte(t, o.pair.server, o.pair.client);
	EXPECT_EVENT(t, other, 4, EPOLLIN);
	pair_close(t, &o.pair);
	EXPECT_EQ(t, ukl_poll_close(other), 0);
	return 0;
}

/* A kernel thread has no descriptors to take it: nothing has happened. */
static int socket_that_is_not_handed_over(struct test *t)
{
	struct ukl_poll *poll = ukl_poll_create();
	struct pair pair;

	if (!EXPECT_OK(t, poll) || !pair_open(t, &pair, 4))
		return 0;
	EXPECT_EQ(t, ukl_poll_add(poll, pair.server, EPOLLIN, 1), 0);
	EXPECT_EQ(t, ukl_sock_to_fd(NULL, pair.server, 0), -EBADF);
	EXPECT_EQ(t, ukl_poll_add(poll, pair.server, EPOLLIN, 2), -EEXIST);
	send_byte(t, pair.client, pair.server);
	EXPECT_EVENT(t, poll, 1, EPOLLIN);
	EXPECT_EQ(t, ukl_poll_remove(poll, pair.server), 0);
	pair_close(t, &pair);
	EXPECT_EQ(t, ukl_poll_close(poll), 0);
	return 0;
}

static int close_of_a_socket_in_a_set(struct test *t)
{
	for (int i = 0; i < ARRAY_SIZE(modes); i++) {
		struct pair other;
		struct waiter w;
		struct one o;

		if (!one_open(t, &o) || !pair_open(t, &other, 4))
			return 0;
		/* With nothing that it would tell, */
		EXPECT_EQ(t, ukl_poll_add(o.poll, o.pair.listener, EPOLLIN | modes[i], 1), 0);
		EXPECT_EQ(t, ukl_close(o.pair.listener), 0);
		EXPECT_QUIET(t, o.poll);
		/* with an event that nobody has seen, */
		EXPECT_EQ(t, ukl_poll_add(o.poll, o.pair.server, EPOLLIN | modes[i], 2), 0);
		send_byte(t, o.pair.client, o.pair.server);
		EXPECT_EQ(t, ukl_close(o.pair.server), 0);
		EXPECT_QUIET(t, o.poll);
		/* with one that somebody has, */
		EXPECT_EQ(t, ukl_poll_add(o.poll, o.pair.client, EPOLLOUT | modes[i], 3), 0);
		EXPECT_EQ(t, poll_until(o.poll, EPOLLOUT) & EPOLLOUT, EPOLLOUT);
		EXPECT_EQ(t, ukl_close(o.pair.client), 0);
		EXPECT_QUIET(t, o.poll);
		/* while somebody waits: not a reason to return. */
		EXPECT_EQ(t, ukl_poll_add(o.poll, other.client, EPOLLIN | modes[i], 4), 0);
		EXPECT_EQ(t, ukl_poll_add(o.poll, other.listener, EPOLLIN | modes[i], 5), 0);
		if (!waiter_start(t, &w, o.poll, UKL_FOREVER))
			return 0;
		EXPECT_EQ(t, ukl_close(other.listener), 0);
		EXPECT_EQ(t, waiters_done(&w, 1), 0);
		send_byte(t, other.server, other.client);
		EXPECT_EQ(t, waiter_end(t, &w), 1);
		EXPECT_EQ(t, w.events[0].token, 4);
		EXPECT_EQ(t, ukl_close(other.client), 0);
		EXPECT_EQ(t, ukl_close(other.server), 0);
		EXPECT_EQ(t, ukl_poll_close(o.poll), 0);
	}
	return 0;
}

static int recv_main(void *data)
{
	struct child *child = data;

	child->result = ukl_tcp_recv(child->sock, child->buf, child->len, 0);
	return child->result;
}

/* A call on a socket in a set is under way when the socket is closed: the last one closes it. */
static int close_under_a_call(struct test *t)
{
	struct child child;
	struct waiter w;
	struct one o;
	char byte;

	if (!one_open(t, &o))
		return 0;
	EXPECT_EQ(t, ukl_poll_add(o.poll, o.pair.server, EPOLLIN, 1), 0);
	child = (struct child){ .sock = o.pair.server, .buf = &byte, .len = 1 };
	if (!waiter_start(t, &w, o.poll, UKL_FOREVER) || !child_start(t, &child, recv_main))
		return 0;
	EXPECT_EQ(t, ukl_close(o.pair.server), 0);
	EXPECT_EQ(t, child_end(t, &child), 0);
	/* It may have been told of the end of the stream, or of nothing. */
	ukl_poll_wake(o.poll);
	EXPECT_TRUE(t, waiter_end(t, &w) >= 0);
	EXPECT_EQ(t, ukl_poll_add(o.poll, o.pair.client, EPOLLOUT, 2), 0);
	EXPECT_EQ(t, poll_until(o.poll, EPOLLOUT) & EPOLLOUT, EPOLLOUT);
	EXPECT_EQ(t, ukl_close(o.pair.client), 0);
	EXPECT_EQ(t, ukl_close(o.pair.listener), 0);
	EXPECT_EQ(t, ukl_poll_close(o.poll), 0);
	return 0;
}

static int close_twice(struct test *t)
{
	struct ukl_poll *poll = ukl_poll_create();
	long word[64] = { };

	if (!EXPECT_OK(t, poll))
		return 0;
	EXPECT_EQ(t, ukl_poll_close(poll), 0);
	EXPECT_EQ(t, ukl_poll_close(poll), -EBADF);
	EXPECT_EQ(t, ukl_poll_close((struct ukl_poll *)word), -EBADF);
	EXPECT_EQ(t, ukl_poll_close((struct ukl_poll *)0x1000), -EBADF);
	EXPECT_TRUE(t, !memchr_inv(word, 0, sizeof(word)));
	return 0;
}

/** struct owner - an application with a set that another one closes */
struct owner {
	struct completion ready, finish;
	struct ukl_poll *poll;
	long closed;
};

static int owner_main(void *data)
{
	struct owner *owner = data;

	owner->poll = ukl_poll_create();
	complete(&owner->ready);
	wait_for_completion(&owner->finish);
	owner->closed = ukl_poll_close(owner->poll);
	return 0;
}

static int foreign_main(void *data)
{
	struct owner *owner = data;
	int error = ukl_poll_close(owner->poll);

	complete_all(&owner->finish);
	return error;
}

static int close_by_another_application(struct test *t)
{
	struct owner owner = { };
	struct ukl_app *app, *other;

	init_completion(&owner.ready);
	init_completion(&owner.finish);
	app = ukl_app_start("owner", owner_main, &owner);
	if (!EXPECT_OK(t, app))
		return 0;
	wait_for_completion(&owner.ready);
	other = ukl_app_start("foreign", foreign_main, &owner);
	if (!EXPECT_OK(t, other))
		complete_all(&owner.finish);
	wait_for_completion(&owner.finish);
	if (!IS_ERR(other))
		EXPECT_EQ(t, ukl_app_stop(other), -EBADF);
	EXPECT_EQ(t, ukl_app_stop(app), 0);
	EXPECT_EQ(t, owner.closed, 0);
	return 0;
}

/** struct left - an application that leaves all it has to its end */
struct left {
	struct test *t;
	struct peer peers[4];
	struct waiter waiters[6];
	struct completion ready;
};

static int leave_all(void *data)
{
	struct left *left = data;
	struct test *t = left->t;
	struct ukl_poll *polls[3];

	for (int i = 0; i < 3; i++) {
		polls[i] = ukl_poll_create();
		EXPECT_OK(t, polls[i]);
	}
	for (int i = 0; i < 4; i++)
		if (peer_open(t, &left->peers[i]))
			EXPECT_EQ(t, ukl_poll_add(polls[i % 2], left->peers[i].sock, EPOLLIN, i),
				  0);
	EXPECT_EQ(t, ukl_poll_spin(polls[1], UKL_SPIN_MAX), 0);
	/* The third set is empty, but somebody waits for it. */
	for (int i = 0; i < 6; i++)
		waiter_start(t, &left->waiters[i], polls[i % 3], UKL_FOREVER);
	EXPECT_EQ(t, ukl_poll_add(polls[2], left->peers[0].listener, EPOLLIN, 9), 0);
	complete(&left->ready);
	return 5;
}

static int stop_with_all_open(struct test *t)
{
	struct left *left = kzalloc(sizeof(*left), GFP_KERNEL);
	struct ukl_app *app;

	left->t = t;
	init_completion(&left->ready);
	app = ukl_app_start("left", leave_all, left);
	if (!EXPECT_OK(t, app)) {
		kfree(left);
		return 0;
	}
	wait_for_completion(&left->ready);
	EXPECT_EQ(t, ukl_app_stop(app), 5);
	for (int i = 0; i < 6; i++)
		EXPECT_EQ(t, left->waiters[i].result, -EINTR);
	for (int i = 0; i < 4; i++) {
		struct msghdr msg = { };
		char byte;
		struct kvec vec = { &byte, 1 };

		/* The other end sees that it was closed. */
		EXPECT_EQ(t, kernel_recvmsg(left->peers[i].far, &msg, &vec, 1, 1, 0), 0);
		peer_close(&left->peers[i]);
	}
	kfree(left);
	return 0;
}

const struct test_case poll_cases[] = {
	{ "poll.level_repeats", level_repeats },
	{ "poll.edge_comes_once", edge_comes_once },
	{ "poll.level_that_went_away", level_that_went_away },
	{ "poll.ready_when_added", ready_when_added },
	{ "poll.room_to_send_again", room_to_send_again },
	{ "poll.end_of_the_stream", end_of_the_stream },
	{ "poll.shutdown_by_oneself", shutdown_by_oneself },
	{ "poll.reset_of_a_connection", reset_of_a_connection },
	{ "poll.urgent_data", urgent_data },
	{ "poll.connections_to_accept", connections_to_accept },
	{ "poll.accepted_is_in_no_set", accepted_is_in_no_set },
	{ "poll.connection_that_is_made", connection_that_is_made },
	{ "poll.connection_that_is_refused", connection_that_is_refused },
	{ "poll.socket_without_connection", socket_without_connection },
	{ "poll.udp", udp },
	{ "poll.unix_datagrams", unix_datagrams },
	{ "poll.unix_stream", unix_stream },
	{ "poll.modify", modify },
	{ "poll.modify_away", modify_away },
	{ "poll.modify_wakes_a_waiter", modify_wakes_a_waiter },
	{ "poll.remove", remove },
	{ "poll.one_set_at_a_time", one_set_at_a_time },
	{ "poll.bad_arguments", bad_arguments },
	{ "poll.bad_room_for_events", bad_room_for_events },
	{ "poll.no_more_than_there_is", no_more_than_there_is },
	{ "poll.time_outs", time_outs },
	{ "poll.waits_for_ever", waits_for_ever },
	{ "poll.all_get_their_turn", all_get_their_turn },
	{ "poll.edges_that_do_not_fit", edges_that_do_not_fit },
	{ "poll.reported_once", reported_once },
	{ "poll.wake_before_a_wait", wake_before_a_wait },
	{ "poll.wake_from_anywhere", wake_from_anywhere },
	{ "poll.wake_ends_one_wait", wake_ends_one_wait },
	{ "poll.event_goes_to_one_waiter", event_goes_to_one_waiter },
	{ "poll.edges_are_shared", edges_are_shared },
	{ "poll.level_goes_to_all_waiters", level_goes_to_all_waiters },
	{ "poll.no_edge_is_lost", no_edge_is_lost },
	{ "poll.spinning_does_not_sleep", spinning_does_not_sleep },
	{ "poll.spinning_changes_nothing_else", spinning_changes_nothing_else },
	{ "poll.stop_of_a_waiter", stop_of_a_waiter },
	{ "poll.close_ends_all_waits", close_ends_all_waits },
	{ "poll.close_of_a_set_leaves_the_sockets", close_of_a_set_leaves_the_sockets },
	{ "poll.socket_that_is_not_handed_over", socket_that_is_not_handed_over },
	{ "poll.close_of_a_socket_in_a_set", close_of_a_socket_in_a_set },
	{ "poll.close_under_a_call", close_under_a_call },
	{ "poll.close_twice", close_twice },
	{ "poll.close_by_another_application", close_by_another_application, TEST_TASK },
	{ "poll.stop_with_all_open", stop_with_all_open, TEST_TASK },
	{ }
};
