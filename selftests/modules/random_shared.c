// SPDX-License-Identifier: GPL-2.0
/*
 * What all threads use at the same time: connections, a pair of datagram sockets and an event set.
 * Of what others do a thread knows nothing, so that an answer has to be one that is permitted.
 */
#include <linux/rwsem.h>

#include "random.h"

/** PAIRS - pairs of sockets: two TCP, one unix, one of datagrams */
#define PAIRS	4

/** struct shared_pair - two ends; whoever closes them has the lock for writing */
struct shared_pair {
	struct rw_semaphore lock;
	struct ukl_sock *ends[2];
};

static struct shared_pair pairs[PAIRS];
/* Inside of a pair's lock. */
static DECLARE_RWSEM(set_lock);
static struct ukl_poll *set;

static const int send_errors[] = { -EAGAIN, -EPIPE, -ECONNRESET, -ECONNREFUSED, 0 };
static const int recv_errors[] = { -EAGAIN, -ENOTCONN, -ECONNRESET, -EPIPE, -ECONNREFUSED, 0 };
static const int add_errors[] = { -EEXIST, -EBUSY, 0 };
static const int modify_errors[] = { -ENOENT, 0 };
static const int name_errors[] = { -ENOTCONN, 0 };

static bool stream_pair(struct actor *a, struct shared_pair *pair, int family)
{
	struct pair made = { };
	bool open = any_pair_open(a->t, &made, family);

	pair->ends[0] = IS_ERR(made.client) ? NULL : made.client;
	pair->ends[1] = IS_ERR(made.server) ? NULL : made.server;
	if (!IS_ERR_OR_NULL(made.listener))
		answer(a, CALL(a, ukl_close, made.listener), 0, 0);
	a->failed |= !open;
	return open;
}

static bool datagram_pair(struct actor *a, struct shared_pair *pair)
{
	union address at[2];
	int len = 0;

	for (int i = 0; i < 2; i++) {
		pair->ends[i] = CALL(a, ukl_socket, AF_INET, SOCK_DGRAM, 0);
		if (!made_it(a, pair->ends[i]))
			return false;
		len = loopback(&at[i], 4, 0);
		answer(a, CALL(a, ukl_bind, pair->ends[i], &at[i].any, len), 0, 0);
		answer(a, CALL(a, ukl_getsockname, pair->ends[i], &at[i].storage), len, len);
	}
	for (int i = 0; i < 2; i++)
		answer(a, CALL(a, ukl_connect, pair->ends[i], &at[!i].any, len, 0), 0, 0);
	return !a->failed;
}

static bool pair_new(struct actor *a, int i)
{
	static const int families[PAIRS] = { 4, 6, 1, 0 };

	if (families[i])
		return stream_pair(a, &pairs[i], families[i]);
	return datagram_pair(a, &pairs[i]);
}

static void pair_gone(struct actor *a, struct shared_pair *pair)
{
	for (int i = 0; i < 2; i++) {
		if (!IS_ERR_OR_NULL(pair->ends[i]))
			answer(a, CALL(a, ukl_close, pair->ends[i]), 0, 0);
		pair->ends[i] = NULL;
	}
}

static ssize_t consume(void *arg, const void *data, size_t len)
{
	struct actor *a = arg;

	return pick(a, 4) ? len : pick(a, len + 1);
}

static void send_something(struct actor *a, struct ukl_sock *sock, int i)
{
	size_t len = size_up_to(a, i == PAIRS - 1 ? SZ_8K : RUN);
	const char *data = pattern(pick(a, INT_MAX), 0);
	int flags = MSG_DONTWAIT;
	ssize_t n;

	switch (pick(a, i < 2 ? 4 : 2)) {
	case 0:
		n = CALL(a, ukl_send, sock, data, len, flags);
		break;
	case 1:
		n = CALL(a, ukl_sendv, sock, a->vec, cut(a, data, len), flags);
		break;
	case 2:
		n = CALL(a, ukl_tcp_send, sock, data, len, flags);
		break;
	case 3:
		n = CALL(a, ukl_tcp_send_pages, sock, data, len, flags);
		break;
	}
	if (permitted(a, n, send_errors))
		answer(a, n, -MAX_ERRNO, len);
}

static void receive_something(struct actor *a, struct ukl_sock *sock, int i)
{
	int flags = MSG_DONTWAIT | good_bits(a, MSG_PEEK);
	size_t len = size_up_to(a, RUN);
	ssize_t n;

	put_guard(a, len);
	switch (pick(a, i < 2 ? 4 : 2)) {
	case 0:
		n = CALL(a, ukl_recv, sock, a->buf, len, flags);
		break;
	case 1:
		n = CALL(a, ukl_recvv, sock, a->vec, cut(a, a->buf, len), flags);
		break;
	case 2:
		n = CALL(a, ukl_tcp_recv, sock, a->buf, len, flags);
		break;
	case 3:
		n = CALL(a, ukl_tcp_recv_inplace, sock, consume, a, MSG_DONTWAIT);
		len = INT_MAX;
		break;
	}
	if (permitted(a, n, recv_errors))
		answer(a, n, -MAX_ERRNO, len);
	if (len <= RUN)
		guard_holds(a, len);
}

static void use_set(struct actor *a, struct ukl_sock *sock)
{
	__poll_t events = EPOLLIN | EPOLLRDHUP;

	events |= (__force __poll_t)good_bits(a, (__force u32)(EPOLLOUT | EPOLLET));
	down_read(&set_lock);
	switch (pick(a, 4)) {
	case 0:
	case 1:
		permitted(a, CALL(a, ukl_poll_add, set, sock, events, 1 + pick(a, 99)), add_errors);
		break;
	case 2:
		permitted(a, CALL(a, ukl_poll_modify, set, sock, events, 1 + pick(a, 99)),
			  modify_errors);
		break;
	case 3:
		permitted(a, CALL(a, ukl_poll_remove, set, sock), modify_errors);
		break;
	}
	up_read(&set_lock);
}

/* While others add, remove and close what is in it. */
static void wait_for_set(struct actor *a)
{
	struct ukl_event events[4] = { };
	int n;

	down_read(&set_lock);
	if (!pick(a, 8))
		CALL(a, ukl_poll_wake, set);
	n = CALL(a, ukl_poll_wait, set, events, 4, pick(a, 2) ? 0 : pick(a, NSEC_PER_MSEC));
	up_read(&set_lock);
	answer(a, n, 0, 4);
	for (int i = 0; i < n && !a->failed; i++)
		if (!events[i].events || !events[i].token || events[i].token > 99)
			differ(a, "a token that was given", events[i].token, 0);
}

static void replace_set(struct actor *a)
{
	down_write(&set_lock);
	answer(a, CALL(a, ukl_poll_close, set), 0, 0);
	set = CALL(a, ukl_poll_create);
	made_it(a, set);
	up_write(&set_lock);
}

static void replace_pair(struct actor *a, int i)
{
	down_write(&pairs[i].lock);
	pair_gone(a, &pairs[i]);
	pair_new(a, i);
	up_write(&pairs[i].lock);
}

static void use_pair(struct actor *a, int i)
{
	struct ukl_sock *sock;
	union address name;

	down_read(&pairs[i].lock);
	sock = pairs[i].ends[pick(a, 2)];
	switch (sock ? pick(a, 32) : 32) {
	case 0 ... 9:
		send_something(a, sock, i);
		break;
	case 10 ... 21:
		receive_something(a, sock, i);
		break;
	case 22 ... 28:
		use_set(a, sock);
		break;
	case 29:
		if (!pick(a, 8))
			permitted(a, CALL(a, ukl_shutdown, sock, pick(a, 3)), name_errors);
		break;
	case 30 ... 31:
		permitted(a, CALL(a, ukl_getpeername, sock, &name.storage), name_errors);
		break;
	}
	up_read(&pairs[i].lock);
}

void shared_step(struct actor *a)
{
	switch (pick(a, 64)) {
	case 0 ... 48:
		use_pair(a, pick(a, PAIRS));
		break;
	case 49 ... 60:
		wait_for_set(a);
		break;
	case 61 ... 62:
		replace_pair(a, pick(a, PAIRS));
		break;
	case 63:
		replace_set(a);
		break;
	}
}

bool shared_open(struct actor *a)
{
	set = CALL(a, ukl_poll_create);
	if (!made_it(a, set))
		return false;
	for (int i = 0; i < PAIRS; i++) {
		init_rwsem(&pairs[i].lock);
		if (!pair_new(a, i))
			return false;
	}
	return true;
}

void shared_close(struct actor *a)
{
	for (int i = 0; i < PAIRS; i++)
		pair_gone(a, &pairs[i]);
	if (!IS_ERR_OR_NULL(set))
		answer(a, CALL(a, ukl_poll_close, set), 0, 0);
	set = NULL;
}
