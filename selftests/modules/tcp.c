// SPDX-License-Identifier: GPL-2.0
/* TCP: every error that the calls document, and what they promise about the bytes. */
#include <linux/delay.h>
#include <linux/net.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <net/net_namespace.h>
#include <net/sock.h>

#include "../stream.h"
#include "test.h"

#define SEED	0x756b6cULL

/* An address nobody may touch: the last page of the kernel half, where ERR_PTR() values are. */
#define UNTOUCHED	((void *)-8UL)

static int zero_length(struct test *t)
{
	struct pair pair;
	char byte = 'x';

	if (!pair_open(t, &pair, 4))
		return 0;
	EXPECT_EQ(t, ukl_tcp_send(pair.client, NULL, 0, 0), 0);
	EXPECT_EQ(t, ukl_tcp_send(pair.client, UNTOUCHED, 0, 0), 0);
	EXPECT_EQ(t, ukl_tcp_send(pair.client, (void *)1, 0, MSG_DONTWAIT), 0);
	/* Nothing to read: with a length this would block. */
	EXPECT_EQ(t, ukl_tcp_recv(pair.server, NULL, 0, 0), 0);
	EXPECT_EQ(t, ukl_tcp_recv(pair.server, UNTOUCHED, 0, MSG_WAITALL), 0);
	EXPECT_EQ(t, ukl_tcp_recv(pair.server, &byte, 1, MSG_DONTWAIT), -EAGAIN);
	EXPECT_EQ(t, ukl_tcp_send(pair.client, &byte, 1, 0), 1);
	EXPECT_EQ(t, ukl_tcp_recv(pair.server, NULL, 0, 0), 0);
	EXPECT_EQ(t, ukl_tcp_recv(pair.server, &byte, 1, 0), 1);
	pair_close(t, &pair);
	return 0;
}

static int length_over_int_max(struct test *t)
{
	static const size_t lengths[] = {
		(size_t)INT_MAX + 1, UINT_MAX, SZ_8G, SIZE_MAX / 2, SIZE_MAX,
	};
	struct pair pair;
	char byte = 0;

	if (!pair_open(t, &pair, 4))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		EXPECT_EQ(t, ukl_tcp_send(pair.client, &byte, lengths[i], 0), -EMSGSIZE);
		EXPECT_EQ(t, ukl_tcp_recv(pair.client, &byte, lengths[i], MSG_DONTWAIT), -EMSGSIZE);
	}
	EXPECT_EQ(t, ukl_tcp_recv(pair.server, &byte, 1, MSG_DONTWAIT), -EAGAIN);
	pair_close(t, &pair);
	return 0;
}

static int buffer_outside_the_kernel(struct test *t)
{
	void *bad[] = {
		NULL, (void *)1, (void *)0x1000, (void *)0x7ffffffff000, (void *)LONG_MAX,
	};
	struct pair pair;
	char byte = 'x';

	if (!pair_open(t, &pair, 4))
		return 0;
	/* So that a receive has something to write. */
	EXPECT_EQ(t, ukl_tcp_send(pair.server, &byte, 1, 0), 1);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(t, ukl_tcp_send(pair.client, bad[i], 1, 0), -EFAULT);
		EXPECT_EQ(t, ukl_tcp_recv(pair.client, bad[i], 1, 0), -EFAULT);
		EXPECT_EQ(t, ukl_tcp_recv(pair.client, bad[i], SZ_64K, MSG_DONTWAIT), -EFAULT);
	}
	/* It begins in the kernel half and ends in the user half. */
	EXPECT_EQ(t, ukl_tcp_send(pair.client, (void *)-4096UL, 8192, 0), -EFAULT);
	EXPECT_EQ(t, ukl_tcp_recv(pair.client, (void *)-4096UL, 8192, 0), -EFAULT);
	EXPECT_EQ(t, ukl_tcp_recv(pair.client, (void *)0x7ffffffff000, INT_MAX, 0), -EFAULT);

	EXPECT_EQ(t, ukl_tcp_recv(pair.server, &byte, 1, MSG_DONTWAIT), -EAGAIN);
	EXPECT_EQ(t, ukl_tcp_recv(pair.client, &byte, 1, 0), 1);
	pair_close(t, &pair);
	return 0;
}

static int bad_flags(struct test *t)
{
	static const unsigned int send[] = {
		MSG_OOB, MSG_PEEK, MSG_DONTROUTE, MSG_TRUNC, MSG_EOR, MSG_WAITALL, MSG_CONFIRM,
		MSG_ERRQUEUE, MSG_ZEROCOPY, MSG_SPLICE_PAGES, MSG_FASTOPEN, 1U << 31, ~0U,
		MSG_DONTWAIT | MSG_OOB,
	};
	static const unsigned int recv[] = {
		MSG_OOB, MSG_DONTROUTE, MSG_CTRUNC, MSG_TRUNC, MSG_EOR, MSG_ERRQUEUE, MSG_MORE,
		MSG_NOSIGNAL, 1U << 31, ~0U, MSG_DONTWAIT | MSG_TRUNC,
	};
	static const int accept[] = {
		1, SOCK_CLOEXEC, O_NONBLOCK | 1, O_NONBLOCK | SOCK_CLOEXEC, -1,
	};
	struct pair pair;
	char byte = 'x';

	if (!pair_open(t, &pair, 4))
		return 0;
	EXPECT_EQ(t, ukl_tcp_send(pair.server, &byte, 1, 0), 1);
	for (size_t i = 0; i < ARRAY_SIZE(send); i++)
		EXPECT_EQ(t, ukl_tcp_send(pair.client, &byte, 1, send[i]), -EINVAL);
	for (size_t i = 0; i < ARRAY_SIZE(recv); i++)
		EXPECT_EQ(t, ukl_tcp_recv(pair.client, &byte, 1, recv[i]), -EINVAL);
	for (size_t i = 0; i < ARRAY_SIZE(accept); i++)
		EXPECT_ERR(t, ukl_accept(pair.listener, NULL, accept[i]), -EINVAL);
	EXPECT_EQ(t, ukl_tcp_recv(pair.server, &byte, 1, MSG_DONTWAIT), -EAGAIN);
	EXPECT_EQ(t, ukl_tcp_recv(pair.client, &byte, 1, 0), 1);
	pair_close(t, &pair);
	return 0;
}

static int good_flags(struct test *t)
{
	struct pair pair;
	char bytes[3] = "ab";

	if (!pair_open(t, &pair, 4))
		return 0;
	EXPECT_EQ(t, ukl_tcp_send(pair.client, bytes, 1, MSG_MORE | MSG_DONTWAIT), 1);
	EXPECT_EQ(t, ukl_tcp_send(pair.client, bytes + 1, 1, MSG_NOSIGNAL), 1);
	EXPECT_EQ(t, ukl_tcp_recv(pair.server, bytes, 2, MSG_WAITALL | MSG_PEEK), 2);
	EXPECT_EQ(t, ukl_tcp_recv(pair.server, bytes, 2, MSG_WAITALL), 2);
	EXPECT_EQ(t, strcmp(bytes, "ab"), 0);
	pair_close(t, &pair);
	return 0;
}

static int send_after_shutdown(struct test *t)
{
	struct pair pair;
	char byte = 'x';

	if (!pair_open(t, &pair, 4))
		return 0;
	/* As a task that would get it; a kernel thread ignores it otherwise. */
	allow_signal(SIGPIPE);
	EXPECT_EQ(t, ukl_shutdown(pair.client, SHUT_WR), 0);
	for (int i = 0; i < 3; i++)
		EXPECT_EQ(t, ukl_tcp_send(pair.client, &byte, 1, 0), -EPIPE);
	/* No SIGPIPE: a signal would end this thread's calls. */
	EXPECT_EQ(t, signal_pending(current), 0);
	EXPECT_EQ(t, sigismember(&current->pending.signal, SIGPIPE), 0);
	EXPECT_EQ(t, sigismember(&current->signal->shared_pending.signal, SIGPIPE), 0);
	EXPECT_EQ(t, ukl_null(), 0);
	disallow_signal(SIGPIPE);
	pair_close(t, &pair);
	return 0;
}

static int send_to_a_closed_peer(struct test *t)
{
	struct peer peer;
	char byte = 'x';
	ssize_t n = 1;

	if (!peer_open(t, &peer))
		return 0;
	peer_close(&peer);
	/* The first one makes the peer answer with a reset. */
	for (int i = 0; i < 100 && n > 0; i++) {
		n = ukl_tcp_send(peer.sock, &byte, 1, 0);
		fsleep(1000);
	}
	EXPECT_TRUE(t, n == -EPIPE || n == -ECONNRESET);
	EXPECT_EQ(t, ukl_tcp_send(peer.sock, &byte, 1, 0), -EPIPE);
	EXPECT_EQ(t, signal_pending(current), 0);
	EXPECT_EQ(t, ukl_close(peer.sock), 0);
	EXPECT_EQ(t, ukl_close(peer.listener), 0);
	return 0;
}

static int receive_after_shutdown(struct test *t)
{
	struct pair pair;
	char byte;

	if (!pair_open(t, &pair, 4))
		return 0;
	EXPECT_EQ(t, ukl_shutdown(pair.client, SHUT_RD), 0);
	EXPECT_EQ(t, ukl_tcp_recv(pair.client, &byte, 1, 0), 0);
	EXPECT_EQ(t, ukl_tcp_recv(pair.client, &byte, 1, MSG_DONTWAIT), 0);
	EXPECT_EQ(t, ukl_tcp_send(pair.client, "x", 1, 0), 1);
	EXPECT_EQ(t, ukl_tcp_recv(pair.server, &byte, 1, 0), 1);
	pair_close(t, &pair);
	return 0;
}

static int receive_at_the_end(struct test *t)
{
	struct pair pair;
	char bytes[8];

	if (!pair_open(t, &pair, 4))
		return 0;
	EXPECT_EQ(t, ukl_tcp_send(pair.client, "last", 4, 0), 4);
	EXPECT_EQ(t, ukl_close(pair.client), 0);
	EXPECT_EQ(t, ukl_tcp_recv(pair.server, bytes, 8, MSG_WAITALL), 4);
	EXPECT_EQ(t, memcmp(bytes, "last", 4), 0);
	for (int i = 0; i < 3; i++)
		EXPECT_EQ(t, ukl_tcp_recv(pair.server, bytes, 8, 0), 0);
	EXPECT_EQ(t, ukl_close(pair.server), 0);
	EXPECT_EQ(t, ukl_close(pair.listener), 0);
	return 0;
}

static int end_wakes_a_receiver(struct test *t)
{
	struct child child;
	struct peer peer;
	char byte;

	if (!peer_open(t, &peer))
		return 0;
	child = (struct child){ .sock = peer.sock, .buf = &byte, .len = 1 };
	if (!child_start(t, &child, child_recv))
		return 0;
	peer_close(&peer);
	EXPECT_EQ(t, child_end(t, &child), 0);
	EXPECT_EQ(t, ukl_close(peer.sock), 0);
	EXPECT_EQ(t, ukl_close(peer.listener), 0);
	return 0;
}

static int calls_on_a_listener(struct test *t)
{
	struct ukl_sock *listener = listen_on(4, 0);
	char byte = 'x';

	if (!EXPECT_OK(t, listener))
		return 0;
	EXPECT_EQ(t, ukl_tcp_recv(listener, &byte, 1, 0), -ENOTCONN);
	EXPECT_EQ(t, ukl_tcp_recv(listener, &byte, 1, MSG_DONTWAIT), -ENOTCONN);
	EXPECT_EQ(t, ukl_tcp_send(listener, &byte, 1, 0), -EPIPE);
	EXPECT_EQ(t, signal_pending(current), 0);
	EXPECT_EQ(t, ukl_tcp_nodelay(listener, true), 0);
	EXPECT_EQ(t, ukl_close(listener), 0);
	return 0;
}

static int calls_on_an_unconnected_socket(struct test *t)
{
	struct socket *socket;
	struct ukl_sock *sock;
	char byte = 'x';

	EXPECT_EQ(t, sock_create_kern(&init_net, AF_INET, SOCK_STREAM, IPPROTO_TCP, &socket), 0);
	sock = ukl_sock_adopt(socket);
	if (!EXPECT_OK(t, sock))
		return 0;
	EXPECT_EQ(t, ukl_tcp_recv(sock, &byte, 1, 0), -ENOTCONN);
	EXPECT_EQ(t, ukl_tcp_send(sock, &byte, 1, 0), -EPIPE);
	EXPECT_ERR(t, ukl_accept(sock, NULL, 0), -EINVAL);
	EXPECT_EQ(t, ukl_close(sock), 0);
	return 0;
}

static int accept_on_a_connection(struct test *t)
{
	struct pair pair;

	if (!pair_open(t, &pair, 4))
		return 0;
	EXPECT_ERR(t, ukl_accept(pair.client, NULL, 0), -EINVAL);
	EXPECT_ERR(t, ukl_accept(pair.server, NULL, O_NONBLOCK), -EINVAL);
	pair_close(t, &pair);
	return 0;
}

static int accept_with_nobody_there(struct test *t)
{
	struct ukl_sock *listener = listen_on(4, 0), *client;

	if (!EXPECT_OK(t, listener))
		return 0;
	EXPECT_ERR(t, ukl_accept(listener, NULL, O_NONBLOCK), -EAGAIN);
	client = connect_to(listener);
	EXPECT_OK(t, client);
	EXPECT_OK(t, ukl_accept(listener, NULL, O_NONBLOCK));
	EXPECT_ERR(t, ukl_accept(listener, NULL, O_NONBLOCK), -EAGAIN);
	return 0;
}

static int port_in_use(struct test *t)
{
	for (int family = 4; family <= 6; family += 2) {
		struct ukl_sock *listener = listen_on(family, 0), *again;
		union address address;
		int len;

		if (!EXPECT_OK(t, listener))
			return 0;
		len = ukl_getsockname(listener, &address.storage);
		EXPECT_ERR(t, ukl_tcp_listen(&address.any, len, 1), -EADDRINUSE);
		EXPECT_ERR(t, ukl_tcp_listen(&address.any, len, 1), -EADDRINUSE);
		EXPECT_EQ(t, ukl_close(listener), 0);
		/* Free again at once. */
		again = ukl_tcp_listen(&address.any, len, 1);
		if (EXPECT_OK(t, again))
			EXPECT_EQ(t, ukl_close(again), 0);
	}
	return 0;
}

/* Connections of a listener that is gone do not keep its port (SO_REUSEADDR). */
static int port_after_connections(struct test *t)
{
	struct ukl_sock *again;
	union address address;
	struct pair pair;
	int len;

	if (!pair_open(t, &pair, 4))
		return 0;
	len = ukl_getsockname(pair.listener, &address.storage);
	/* The server's side closes first and goes through TIME_WAIT. */
	EXPECT_EQ(t, ukl_close(pair.listener), 0);
	EXPECT_EQ(t, ukl_close(pair.server), 0);
	EXPECT_EQ(t, ukl_close(pair.client), 0);
	again = ukl_tcp_listen(&address.any, len, 1);
	if (EXPECT_OK(t, again))
		EXPECT_EQ(t, ukl_close(again), 0);
	return 0;
}

static int connect_to_a_closed_port(struct test *t)
{
	for (int family = 4; family <= 6; family += 2) {
		union address address;
		int len = loopback(&address, family, 1);

		EXPECT_ERR(t, ukl_tcp_connect(&address.any, len, UKL_FOREVER), -ECONNREFUSED);
	}
	return 0;
}

static int connect_to_nowhere(struct test *t)
{
	union address address;
	int len = loopback(&address, 4, 80);

	address.in.sin_addr.s_addr = htonl(0xc0000201); /* 192.0.2.1, for documentation */
	EXPECT_ERR(t, ukl_tcp_connect(&address.any, len, UKL_FOREVER), -ENETUNREACH);
	EXPECT_ERR(t, ukl_tcp_listen(&address.any, len, 1), -EADDRNOTAVAIL);
	return 0;
}

static int bad_address_family(struct test *t)
{
	static const int families[] = {
		AF_UNSPEC, AF_UNIX, AF_NETLINK, AF_PACKET, AF_VSOCK, 0xffff,
	};

	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		union address address;

		loopback(&address, 6, 1);
		address.any.sa_family = families[i];
		EXPECT_ERR(t, ukl_tcp_listen(&address.any, sizeof(address.in6), 1), -EAFNOSUPPORT);
		EXPECT_ERR(t, ukl_tcp_connect(&address.any, sizeof(address.in6), UKL_FOREVER),
			   -EAFNOSUPPORT);
	}
	return 0;
}

static int bad_address_length(struct test *t)
{
	static const int lengths[] = {
		0, 1, 2, 8, sizeof(struct sockaddr_in) - 1, sizeof(struct sockaddr_storage) + 1,
		INT_MAX, -1, INT_MIN,
	};
	union address address;

	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		loopback(&address, 4, 1);
		EXPECT_ERR(t, ukl_tcp_listen(&address.any, lengths[i], 1), -EINVAL);
		EXPECT_ERR(t, ukl_tcp_connect(&address.any, lengths[i], UKL_FOREVER), -EINVAL);
	}
	loopback(&address, 6, 1);
	EXPECT_ERR(t, ukl_tcp_listen(&address.any, sizeof(address.in), 1), -EINVAL);
	EXPECT_ERR(t, ukl_tcp_connect(&address.any, sizeof(address.in), UKL_FOREVER), -EINVAL);
	return 0;
}

static int bad_address_pointer(struct test *t)
{
	int len = sizeof(struct sockaddr_in);

	EXPECT_ERR(t, ukl_tcp_listen(NULL, len, 1), -EFAULT);
	EXPECT_ERR(t, ukl_tcp_connect(NULL, len, UKL_FOREVER), -EFAULT);
	EXPECT_ERR(t, ukl_tcp_listen((void *)0x1000, len, 1), -EFAULT);
	EXPECT_ERR(t, ukl_tcp_connect((void *)0x7fffffffe000, len, UKL_FOREVER), -EFAULT);
	return 0;
}

static int backlog_of_any_size(struct test *t)
{
	static const int backlogs[] = { 0, 1, -1, INT_MAX, INT_MIN };

	for (size_t i = 0; i < ARRAY_SIZE(backlogs); i++) {
		struct ukl_sock *listener, *client, *server;
		union address address;
		int len = loopback(&address, 4, 0);

		listener = ukl_tcp_listen(&address.any, len, backlogs[i]);
		if (!EXPECT_OK(t, listener))
			return 0;
		client = connect_to(listener);
		EXPECT_OK(t, client);
		server = ukl_accept(listener, NULL, 0);
		EXPECT_OK(t, server);
		EXPECT_EQ(t, ukl_close(listener), 0);
	}
	return 0;
}

static int any_address_takes_both_families(struct test *t)
{
	union address address = { .in6.sin6_family = AF_INET6 };
	struct ukl_sock *listener, *client;

	listener = ukl_tcp_listen(&address.any, sizeof(address.in6), 8);
	if (!EXPECT_OK(t, listener))
		return 0;
	EXPECT_TRUE(t, ukl_getsockname(listener, &address.storage) > 0);
	for (int family = 4; family <= 6; family += 2) {
		union address to;
		int len = loopback(&to, family, ntohs(address.in6.sin6_port));

		client = ukl_tcp_connect(&to.any, len, UKL_FOREVER);
		EXPECT_OK(t, client);
		EXPECT_OK(t, ukl_accept(listener, NULL, 0));
	}
	return 0;
}

static int reset_of_an_idle_connection(struct test *t)
{
	struct peer peer;
	char byte = 'x';

	if (!peer_open(t, &peer))
		return 0;
	peer_reset(&peer);
	EXPECT_EQ(t, ukl_tcp_recv(peer.sock, &byte, 1, 0), -ECONNRESET);
	/* Told once, as everywhere. */
	EXPECT_EQ(t, ukl_tcp_recv(peer.sock, &byte, 1, 0), 0);
	EXPECT_EQ(t, ukl_tcp_send(peer.sock, &byte, 1, 0), -EPIPE);
	EXPECT_EQ(t, signal_pending(current), 0);
	EXPECT_EQ(t, ukl_close(peer.sock), 0);
	EXPECT_EQ(t, ukl_close(peer.listener), 0);
	return 0;
}

static int reset_is_seen_by_a_send(struct test *t)
{
	struct peer peer;
	char byte = 'x';

	if (!peer_open(t, &peer))
		return 0;
	peer_reset(&peer);
	EXPECT_EQ(t, ukl_tcp_send(peer.sock, &byte, 1, 0), -ECONNRESET);
	EXPECT_EQ(t, ukl_tcp_send(peer.sock, &byte, 1, 0), -EPIPE);
	EXPECT_EQ(t, ukl_close(peer.sock), 0);
	EXPECT_EQ(t, ukl_close(peer.listener), 0);
	return 0;
}

static int reset_wakes_a_receiver(struct test *t)
{
	struct child child;
	struct peer peer;
	char bytes[64];

	if (!peer_open(t, &peer))
		return 0;
	child = (struct child){
		.sock = peer.sock, .buf = bytes, .len = sizeof(bytes), .flags = MSG_WAITALL,
	};
	if (!child_start(t, &child, child_recv))
		return 0;
	peer_reset(&peer);
	EXPECT_EQ(t, child_end(t, &child), -ECONNRESET);
	EXPECT_EQ(t, ukl_close(peer.sock), 0);
	EXPECT_EQ(t, ukl_close(peer.listener), 0);
	return 0;
}

static int reset_wakes_a_sender(struct test *t)
{
	void *buf = vzalloc(SZ_64M);
	struct child child;
	struct peer peer;
	long sent;

	if (buf && peer_open(t, &peer)) {
		child = (struct child){ .sock = peer.sock, .buf = buf, .len = SZ_64M };
		if (child_start(t, &child, child_send)) {
			peer_reset(&peer);
			sent = child_end(t, &child);
			/* What went out before counts first, the error comes next. */
			EXPECT_TRUE(t, sent > 0 && sent < SZ_64M);
			sent = ukl_tcp_send(peer.sock, buf, 1, 0);
			EXPECT_TRUE(t, sent == -ECONNRESET || sent == -EPIPE);
		}
		EXPECT_EQ(t, ukl_close(peer.sock), 0);
		EXPECT_EQ(t, ukl_close(peer.listener), 0);
	}
	vfree(buf);
	return 0;
}

static int nothing_to_read(struct test *t)
{
	struct pair pair;
	char byte;

	if (!pair_open(t, &pair, 4))
		return 0;
	EXPECT_EQ(t, ukl_tcp_recv(pair.server, &byte, 1, MSG_DONTWAIT), -EAGAIN);
	EXPECT_EQ(t, ukl_tcp_recv(pair.server, &byte, 1, MSG_DONTWAIT | MSG_PEEK), -EAGAIN);
	EXPECT_EQ(t, ukl_tcp_recv(pair.server, &byte, 1, MSG_DONTWAIT | MSG_WAITALL), -EAGAIN);
	pair_close(t, &pair);
	return 0;
}

/* Fills a connection, then drains it: what each send said it took is what arrives, no more. */
static int full_buffer(struct test *t)
{
	enum { CHUNK = SZ_256K };
	size_t sent = 0, got = 0;
	bool partial = false;
	struct pair pair;
	void *buf;
	ssize_t n;

	if (!pair_open(t, &pair, 4))
		return 0;
	buf = vmalloc(CHUNK);
	if (!buf)
		return 0;
	for (;;) {
		stream_fill(buf, CHUNK, SEED, sent);
		n = ukl_tcp_send(pair.client, buf, CHUNK, MSG_DONTWAIT);
		if (n <= 0)
			break;
		partial |= n < CHUNK;
		sent += n;
	}
	EXPECT_EQ(t, n, -EAGAIN);
	EXPECT_TRUE(t, partial);
	EXPECT_EQ(t, ukl_shutdown(pair.client, SHUT_WR), 0);
	while ((n = ukl_tcp_recv(pair.server, buf, CHUNK, 0)) > 0) {
		EXPECT_EQ(t, stream_check(buf, n, SEED, got), n);
		got += n;
	}
	EXPECT_EQ(t, n, 0);
	EXPECT_EQ(t, got, sent);
	vfree(buf);
	pair_close(t, &pair);
	return 0;
}

/* A send that is stopped half-way says how far it came. */
static int stop_of_a_sender(struct test *t)
{
	size_t got = 0, len = SZ_64M;
	struct child child;
	struct pair pair;
	long sent;
	void *buf;
	ssize_t n;

	if (!pair_open(t, &pair, 4))
		return 0;
	buf = vmalloc(len);
	if (!buf)
		return 0;
	stream_fill(buf, len, SEED, 0);
	child = (struct child){ .sock = pair.client, .buf = buf, .len = len };
	if (!child_start(t, &child, child_send))
		return 0;
	EXPECT_EQ(t, ukl_thread_stop(child.thread), 0);
	sent = child_end(t, &child);
	EXPECT_TRUE(t, sent > 0 && sent < len);
	EXPECT_EQ(t, ukl_shutdown(pair.client, SHUT_WR), 0);
	memset(buf, 0, len);
	while ((n = ukl_tcp_recv(pair.server, buf, SZ_1M, 0)) > 0) {
		EXPECT_EQ(t, stream_check(buf, n, SEED, got), n);
		got += n;
	}
	EXPECT_EQ(t, got, sent);
	vfree(buf);
	pair_close(t, &pair);
	return 0;
}

static int stop_of_a_receiver(struct test *t)
{
	struct child child;
	struct pair pair;
	char byte;

	if (!pair_open(t, &pair, 4))
		return 0;
	child = (struct child){ .sock = pair.server, .buf = &byte, .len = 1 };
	if (!child_start(t, &child, child_recv))
		return 0;
	EXPECT_EQ(t, ukl_thread_stop(child.thread), 0);
	EXPECT_EQ(t, child_end(t, &child), -EINTR);
	/* The connection is as good as before. */
	EXPECT_EQ(t, ukl_tcp_send(pair.client, "x", 1, 0), 1);
	EXPECT_EQ(t, ukl_tcp_recv(pair.server, &byte, 1, 0), 1);
	pair_close(t, &pair);
	return 0;
}

static int stop_of_an_accepter(struct test *t)
{
	struct child child = { .sock = listen_on(4, 0) };

	if (!EXPECT_OK(t, child.sock) || !child_start(t, &child, child_accept))
		return 0;
	EXPECT_EQ(t, ukl_thread_stop(child.thread), 0);
	EXPECT_EQ(t, child_end(t, &child), -EINTR);
	EXPECT_EQ(t, ukl_close(child.sock), 0);
	return 0;
}

static int connecting(void *data)
{
	struct child *child = data;

	child->result = PTR_ERR_OR_ZERO(connect_to(child->sock));
	return child->result;
}

static int stop_of_a_connecter(struct test *t)
{
	struct child child = { };
	union address address;
	int len = loopback(&address, 4, 0);

	/* With its queue full, a listener does not answer. */
	child.sock = ukl_tcp_listen(&address.any, len, 0);
	if (!EXPECT_OK(t, child.sock))
		return 0;
	EXPECT_OK(t, connect_to(child.sock));
	if (!child_start(t, &child, connecting))
		return 0;
	EXPECT_EQ(t, ukl_thread_stop(child.thread), 0);
	EXPECT_EQ(t, child_end(t, &child), -EINTR);
	return 0;
}

static int peek_leaves_the_data(struct test *t)
{
	struct pair pair;
	char bytes[16];

	if (!pair_open(t, &pair, 4))
		return 0;
	EXPECT_EQ(t, ukl_tcp_send(pair.client, "0123456789", 10, 0), 10);
	for (int i = 0; i < 3; i++) {
		memset(bytes, 0, sizeof(bytes));
		EXPECT_EQ(t, ukl_tcp_recv(pair.server, bytes, 4, MSG_PEEK | MSG_WAITALL), 4);
		EXPECT_EQ(t, memcmp(bytes, "0123\0", 5), 0);
	}
	EXPECT_EQ(t, ukl_tcp_recv(pair.server, bytes, 16, MSG_PEEK), 10);
	EXPECT_EQ(t, ukl_tcp_recv(pair.server, bytes, 4, 0), 4);
	EXPECT_EQ(t, memcmp(bytes, "0123", 4), 0);
	EXPECT_EQ(t, ukl_tcp_recv(pair.server, bytes, 16, MSG_PEEK), 6);
	EXPECT_EQ(t, ukl_tcp_recv(pair.server, bytes, 16, 0), 6);
	EXPECT_EQ(t, memcmp(bytes, "456789", 6), 0);
	EXPECT_EQ(t, ukl_tcp_recv(pair.server, bytes, 16, MSG_PEEK | MSG_DONTWAIT), -EAGAIN);
	EXPECT_EQ(t, ukl_close(pair.client), 0);
	EXPECT_EQ(t, ukl_tcp_recv(pair.server, bytes, 16, MSG_PEEK), 0);
	EXPECT_EQ(t, ukl_close(pair.server), 0);
	EXPECT_EQ(t, ukl_close(pair.listener), 0);
	return 0;
}

static int waitall_waits_for_all(struct test *t)
{
	struct child child;
	struct pair pair;
	char bytes[12] = "";

	if (!pair_open(t, &pair, 4))
		return 0;
	child = (struct child){
		.sock = pair.server, .buf = bytes, .len = 12, .flags = MSG_WAITALL,
	};
	if (!child_start(t, &child, child_recv))
		return 0;
	for (int i = 0; i < 3; i++) {
		EXPECT_EQ(t, READ_ONCE(child.result), -EL2HLT);
		EXPECT_EQ(t, ukl_tcp_send(pair.client, &"abcdefghijkl"[4 * i], 4, 0), 4);
		if (i < 2)
			settle();
	}
	EXPECT_EQ(t, child_end(t, &child), 12);
	EXPECT_EQ(t, memcmp(bytes, "abcdefghijkl", 12), 0);

	/* Without it the first bytes are enough. */
	child = (struct child){ .sock = pair.server, .buf = bytes, .len = 12 };
	if (!child_start(t, &child, child_recv))
		return 0;
	EXPECT_EQ(t, ukl_tcp_send(pair.client, "xyz", 3, 0), 3);
	EXPECT_EQ(t, child_end(t, &child), 3);

	/* The end of the stream ends the wait. */
	child = (struct child){
		.sock = pair.server, .buf = bytes, .len = 12, .flags = MSG_WAITALL,
	};
	if (!child_start(t, &child, child_recv))
		return 0;
	EXPECT_EQ(t, ukl_tcp_send(pair.client, "uvw", 3, 0), 3);
	EXPECT_EQ(t, ukl_close(pair.client), 0);
	EXPECT_EQ(t, child_end(t, &child), 3);
	EXPECT_EQ(t, memcmp(bytes, "uvw", 3), 0);
	EXPECT_EQ(t, ukl_close(pair.server), 0);
	EXPECT_EQ(t, ukl_close(pair.listener), 0);
	return 0;
}

/** struct flow - one direction of a connection, on a thread of its own */
struct flow {
	struct ukl_sock *sock;
	u64 seed;
	size_t total;
	long result;
};

/** FLOW_BUF - bytes a flow moves at a time */
#define FLOW_BUF	SZ_32K

static int flow_out(void *data)
{
	struct flow *flow = data;
	void *buf = kmalloc(FLOW_BUF, GFP_KERNEL);
	u64 random = flow->seed;
	size_t pos = 0;
	ssize_t n = 0;

	while (buf && pos < flow->total) {
		size_t len = min3(stream_chunk(&random), flow->total - pos, (size_t)FLOW_BUF);

		stream_fill(buf, len, flow->seed, pos);
		n = ukl_tcp_send(flow->sock, buf, len, 0);
		if (n < 0)
			break;
		pos += n;
	}
	kfree(buf);
	flow->result = n < 0 ? n : pos;
	return 0;
}

static int flow_in(void *data)
{
	struct flow *flow = data;
	void *buf = kmalloc(FLOW_BUF, GFP_KERNEL);
	u64 random = ~flow->seed;
	size_t pos = 0;
	ssize_t n = 0;

	while (buf && pos < flow->total) {
		size_t len = min3(stream_chunk(&random), flow->total - pos, (size_t)FLOW_BUF);

		n = ukl_tcp_recv(flow->sock, buf, len, 0);
		if (n > 0 && stream_check(buf, n, flow->seed, pos) != n)
			n = -EBADMSG;
		if (n <= 0)
			break;
		pos += n;
	}
	kfree(buf);
	flow->result = n < 0 ? n : pos;
	return 0;
}

static int both_ways_at_once(struct test *t)
{
	int (*mains[])(void *) = { flow_out, flow_in, flow_out, flow_in };
	struct ukl_thread *threads[4];
	struct flow flows[4];
	struct pair pair;

	if (!pair_open(t, &pair, 6))
		return 0;
	for (int i = 0; i < 4; i++) {
		flows[i] = (struct flow){
			.sock = i == 0 || i == 3 ? pair.client : pair.server,
			.seed = SEED + i / 2,
			.total = SZ_8M,
		};
		threads[i] = ukl_thread_spawn(mains[i], &flows[i], 0);
		EXPECT_OK(t, threads[i]);
	}
	for (int i = 0; i < 4; i++) {
		if (IS_ERR(threads[i]))
			continue;
		EXPECT_EQ(t, ukl_thread_join(threads[i], NULL), 0);
		EXPECT_EQ(t, flows[i].result, SZ_8M);
	}
	pair_close(t, &pair);
	return 0;
}

const struct test_case tcp_cases[] = {
	{ "tcp.zero_length", zero_length },
	{ "tcp.length_over_int_max", length_over_int_max },
	{ "tcp.buffer_outside_the_kernel", buffer_outside_the_kernel },
	{ "tcp.bad_flags", bad_flags },
	{ "tcp.good_flags", good_flags },
	{ "tcp.send_after_shutdown", send_after_shutdown },
	{ "tcp.send_to_a_closed_peer", send_to_a_closed_peer },
	{ "tcp.receive_after_shutdown", receive_after_shutdown },
	{ "tcp.receive_at_the_end", receive_at_the_end },
	{ "tcp.end_wakes_a_receiver", end_wakes_a_receiver },
	{ "tcp.calls_on_a_listener", calls_on_a_listener },
	{ "tcp.calls_on_an_unconnected_socket", calls_on_an_unconnected_socket },
	{ "tcp.accept_on_a_connection", accept_on_a_connection },
	{ "tcp.accept_with_nobody_there", accept_with_nobody_there },
	{ "tcp.port_in_use", port_in_use },
	{ "tcp.port_after_connections", port_after_connections },
	{ "tcp.connect_to_a_closed_port", connect_to_a_closed_port },
	{ "tcp.connect_to_nowhere", connect_to_nowhere },
	{ "tcp.bad_address_family", bad_address_family },
	{ "tcp.bad_address_length", bad_address_length },
	{ "tcp.bad_address_pointer", bad_address_pointer },
	{ "tcp.backlog_of_any_size", backlog_of_any_size },
	{ "tcp.any_address_takes_both_families", any_address_takes_both_families },
	{ "tcp.reset_of_an_idle_connection", reset_of_an_idle_connection },
	{ "tcp.reset_is_seen_by_a_send", reset_is_seen_by_a_send },
	{ "tcp.reset_wakes_a_receiver", reset_wakes_a_receiver },
	{ "tcp.reset_wakes_a_sender", reset_wakes_a_sender },
	{ "tcp.nothing_to_read", nothing_to_read },
	{ "tcp.full_buffer", full_buffer },
	{ "tcp.stop_of_a_sender", stop_of_a_sender },
	{ "tcp.stop_of_a_receiver", stop_of_a_receiver },
	{ "tcp.stop_of_an_accepter", stop_of_an_accepter },
	{ "tcp.stop_of_a_connecter", stop_of_a_connecter },
	{ "tcp.peek_leaves_the_data", peek_leaves_the_data },
	{ "tcp.waitall_waits_for_all", waitall_waits_for_all },
	{ "tcp.both_ways_at_once", both_ways_at_once },
	{ }
};
