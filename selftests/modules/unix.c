// SPDX-License-Identifier: GPL-2.0
/* Unix sockets: names, streams, records, datagrams. */
#include <linux/slab.h>
#include <net/sock.h>

#include "test.h"

/* Paths that tests/unix.sh removes before and after. */
#define PATH	"/tmp/ukl_test.sock"
#define OTHER	"/tmp/ukl_test.other"

static struct ukl_sock *bound(struct test *t, int type, const char *name)
{
	struct ukl_sock *sock = ukl_socket(AF_UNIX, type, 0);
	union address address;
	int len = unix_name(&address, name);

	if (EXPECT_OK(t, sock))
		EXPECT_EQ(t, ukl_bind(sock, &address.any, len), 0);
	return sock;
}

static long connect_by(struct ukl_sock *sock, const char *name)
{
	union address address;
	int len = unix_name(&address, name);

	return ukl_connect(sock, &address.any, len, UKL_FOREVER);
}

/* Two sockets of @type, the client has a name as well. What each tells of itself and the other. */
static void names(struct test *t, const char *listen, const char *client)
{
	struct ukl_sock *listener = bound(t, SOCK_STREAM, listen);
	struct ukl_sock *near = bound(t, SOCK_STREAM, client), *far;
	union address want, address;
	int len = unix_name(&want, client);

	EXPECT_EQ(t, ukl_listen(listener, 1), 0);
	EXPECT_EQ(t, connect_by(near, listen), 0);
	memset(&address, 0xa5, sizeof(address));
	far = ukl_accept(listener, &address.storage, 0);
	if (!EXPECT_OK(t, far))
		return;
	EXPECT_EQ(t, memcmp(&address, &want, sizeof(address)), 0);
	EXPECT_EQ(t, ukl_getpeername(far, &address.storage), len);
	EXPECT_EQ(t, memcmp(&address, &want, sizeof(address)), 0);
	EXPECT_EQ(t, ukl_getsockname(near, &address.storage), len);
	EXPECT_EQ(t, memcmp(&address, &want, sizeof(address)), 0);
	len = unix_name(&want, listen);
	EXPECT_EQ(t, ukl_getsockname(far, &address.storage), len);
	EXPECT_EQ(t, memcmp(&address, &want, sizeof(address)), 0);
	EXPECT_EQ(t, ukl_getpeername(near, &address.storage), len);
	EXPECT_EQ(t, memcmp(&address, &want, sizeof(address)), 0);
	EXPECT_EQ(t, ukl_close(near), 0);
	EXPECT_EQ(t, ukl_close(far), 0);
	EXPECT_EQ(t, ukl_close(listener), 0);
}

static int names_that_are_abstract(struct test *t)
{
	names(t, "@ukl_test.listener", "@ukl_test.client");
	return 0;
}

static int names_that_are_paths(struct test *t)
{
	names(t, PATH ".1", OTHER ".1");
	return 0;
}

/* The path stays when its socket is gone; an abstract name does not. */
static int what_is_left_of_a_name(struct test *t)
{
	struct ukl_sock *sock = bound(t, SOCK_STREAM, PATH ".2");
	struct ukl_sock *again = ukl_socket(AF_UNIX, SOCK_STREAM, 0);
	union address address;
	int len = unix_name(&address, PATH ".2");

	EXPECT_EQ(t, ukl_listen(sock, 1), 0);
	EXPECT_EQ(t, ukl_bind(again, &address.any, len), -EADDRINUSE);
	EXPECT_EQ(t, ukl_close(sock), 0);
	EXPECT_EQ(t, ukl_bind(again, &address.any, len), -EADDRINUSE);
	EXPECT_EQ(t, connect_by(again, PATH ".2"), -ECONNREFUSED);

	sock = bound(t, SOCK_STREAM, "@ukl_test.gone");
	len = unix_name(&address, "@ukl_test.gone");
	EXPECT_EQ(t, ukl_bind(again, &address.any, len), -EADDRINUSE);
	EXPECT_EQ(t, connect_by(again, "@ukl_test.gone"), -ECONNREFUSED);
	EXPECT_EQ(t, ukl_close(sock), 0);
	EXPECT_EQ(t, ukl_bind(again, &address.any, len), 0);
	EXPECT_EQ(t, ukl_bind(again, &address.any, len), -EINVAL);
	EXPECT_EQ(t, ukl_close(again), 0);
	return 0;
}

static int names_that_cannot_be(struct test *t)
{
	struct ukl_sock *sock = ukl_socket(AF_UNIX, SOCK_STREAM, 0);
	union address address;
	int len = unix_name(&address, "/tmp/no/such/folder");

	EXPECT_EQ(t, ukl_bind(sock, &address.any, len), -ENOENT);
	EXPECT_EQ(t, ukl_connect(sock, &address.any, len, 0), -ENOENT);
	EXPECT_EQ(t, connect_by(sock, "/tmp"), -ECONNREFUSED);
	EXPECT_EQ(t, connect_by(sock, "@ukl_test.nobody"), -ECONNREFUSED);
	/* Longer than any path, and another family. */
	memset(address.un.sun_path, 'x', sizeof(address.un.sun_path));
	EXPECT_EQ(t, ukl_bind(sock, &address.any, sizeof(address.un) + 1), -EINVAL);
	EXPECT_EQ(t, ukl_connect(sock, &address.any, sizeof(address.un) + 1, 0), -EINVAL);
	len = loopback(&address, 4, 1);
	EXPECT_EQ(t, ukl_bind(sock, &address.any, len), -EINVAL);
	EXPECT_EQ(t, ukl_close(sock), 0);
	return 0;
}

static int end_of_a_stream(struct test *t)
{
	struct pair pair;
	char bytes[8];

	if (!any_pair_open(t, &pair, 1))
		return 0;
	allow_signal(SIGPIPE);
	EXPECT_EQ(t, ukl_send(pair.client, "last", 4, 0), 4);
	EXPECT_EQ(t, ukl_close(pair.client), 0);
	EXPECT_EQ(t, ukl_recv(pair.server, bytes, 8, MSG_WAITALL), 4);
	EXPECT_EQ(t, ukl_recv(pair.server, bytes, 8, 0), 0);
	EXPECT_EQ(t, ukl_recv(pair.server, bytes, 8, 0), 0);
	EXPECT_EQ(t, ukl_send(pair.server, "x", 1, 0), -EPIPE);
	/* No SIGPIPE: a signal would end this thread's calls. */
	EXPECT_EQ(t, signal_pending(current), 0);
	EXPECT_EQ(t, ukl_null(), 0);
	disallow_signal(SIGPIPE);
	EXPECT_EQ(t, ukl_close(pair.server), 0);
	EXPECT_EQ(t, ukl_close(pair.listener), 0);
	return 0;
}

/* The other end goes with bytes that it has not read. */
static int reset_of_a_stream(struct test *t)
{
	struct pair pair;
	char byte;

	if (!any_pair_open(t, &pair, 1))
		return 0;
	EXPECT_EQ(t, ukl_send(pair.client, "x", 1, 0), 1);
	EXPECT_EQ(t, ukl_close(pair.server), 0);
	EXPECT_EQ(t, ukl_recv(pair.client, &byte, 1, 0), -ECONNRESET);
	EXPECT_EQ(t, ukl_recv(pair.client, &byte, 1, 0), 0);
	EXPECT_EQ(t, ukl_send(pair.client, "x", 1, 0), -EPIPE);
	EXPECT_EQ(t, ukl_close(pair.client), 0);
	EXPECT_EQ(t, ukl_close(pair.listener), 0);
	return 0;
}

static int full_stream(struct test *t)
{
	size_t sent = 0, got = 0;
	struct pair pair;
	char *buf;
	ssize_t n;

	if (!any_pair_open(t, &pair, 1))
		return 0;
	buf = kzalloc(SZ_64K, GFP_KERNEL);
	while (buf && (n = ukl_send(pair.client, buf, SZ_64K, MSG_DONTWAIT)) > 0)
		sent += n;
	EXPECT_EQ(t, n, -EAGAIN);
	EXPECT_TRUE(t, sent > 0);
	EXPECT_EQ(t, ukl_shutdown(pair.client, SHUT_WR), 0);
	while (buf && (n = ukl_recv(pair.server, buf, SZ_64K, 0)) > 0)
		got += n;
	EXPECT_EQ(t, got, sent);
	kfree(buf);
	pair_close(t, &pair);
	return 0;
}

/* A socket that keeps its records apart, over a connection. */
static int apart(struct test *t)
{
	struct ukl_sock *listener = bound(t, SOCK_SEQPACKET, "@ukl_test.records");
	struct ukl_sock *near = ukl_socket(AF_UNIX, SOCK_SEQPACKET, 0), *far;
	char bytes[16];

	EXPECT_EQ(t, ukl_listen(listener, 1), 0);
	EXPECT_EQ(t, connect_by(near, "@ukl_test.records"), 0);
	far = ukl_accept(listener, NULL, 0);
	if (!EXPECT_OK(t, far))
		return 0;
	EXPECT_EQ(t, ukl_send(near, "one", 3, MSG_EOR), 3);
	EXPECT_EQ(t, ukl_send(near, "twotwo", 6, 0), 6);
	EXPECT_EQ(t, ukl_send(near, "three", 5, 0), 5);
	EXPECT_EQ(t, ukl_recv(far, bytes, 16, 0), 3);
	EXPECT_EQ(t, ukl_recv(far, bytes, 3, MSG_TRUNC), 6);
	EXPECT_EQ(t, ukl_recv(far, bytes, 16, 0), 5);
	EXPECT_EQ(t, ukl_close(near), 0);
	EXPECT_EQ(t, ukl_recv(far, bytes, 16, 0), 0);
	EXPECT_EQ(t, ukl_close(far), 0);
	EXPECT_EQ(t, ukl_close(listener), 0);
	return 0;
}

static int datagrams(struct test *t)
{
	struct ukl_sock *a = bound(t, SOCK_DGRAM, "@ukl_test.a");
	struct ukl_sock *b = bound(t, SOCK_DGRAM, PATH ".3");
	struct ukl_sock *nameless = ukl_socket(AF_UNIX, SOCK_DGRAM, 0);
	union address at_a, at_b, from, zeros = { };
	int len_a = unix_name(&at_a, "@ukl_test.a"), len_b = unix_name(&at_b, PATH ".3");
	char bytes[16];

	EXPECT_EQ(t, ukl_sendto(a, "hello", 5, 0, &at_b.any, len_b), 5);
	EXPECT_EQ(t, ukl_recvfrom(b, bytes, 16, 0, &from.storage), 5);
	EXPECT_EQ(t, memcmp(&from, &at_a, sizeof(from)), 0);
	EXPECT_EQ(t, ukl_sendto(b, "cut off", 7, 0, &at_a.any, len_a), 7);
	EXPECT_EQ(t, ukl_recvfrom(a, bytes, 3, MSG_TRUNC, &from.storage), 7);
	EXPECT_EQ(t, memcmp(&from, &at_b, sizeof(from)), 0);
	/* Who has no name has no address. */
	EXPECT_EQ(t, ukl_sendto(nameless, "", 0, 0, &at_a.any, len_a), 0);
	EXPECT_EQ(t, ukl_recvfrom(a, bytes, 16, 0, &from.storage), 0);
	EXPECT_EQ(t, memcmp(&from, &zeros, sizeof(from)), 0);
	EXPECT_EQ(t, ukl_send(nameless, "x", 1, 0), -ENOTCONN);
	EXPECT_EQ(t, connect_by(nameless, "@ukl_test.a"), 0);
	EXPECT_EQ(t, ukl_send(nameless, "x", 1, 0), 1);
	EXPECT_EQ(t, ukl_recv(a, bytes, 16, MSG_DONTWAIT), 1);
	EXPECT_EQ(t, ukl_close(a), 0);
	EXPECT_EQ(t, ukl_send(nameless, "x", 1, 0), -ECONNREFUSED);
	EXPECT_EQ(t, connect_by(nameless, "@ukl_test.a"), -ECONNREFUSED);
	EXPECT_EQ(t, ukl_close(b), 0);
	EXPECT_EQ(t, ukl_close(nameless), 0);
	return 0;
}

static int streams_and_datagrams_do_not_mix(struct test *t)
{
	struct ukl_sock *packets = bound(t, SOCK_DGRAM, PATH ".4");
	struct ukl_sock *stream = ukl_socket(AF_UNIX, SOCK_STREAM, 0);

	EXPECT_EQ(t, connect_by(stream, PATH ".4"), -EPROTOTYPE);
	EXPECT_EQ(t, ukl_listen(packets, 1), -EOPNOTSUPP);
	EXPECT_EQ(t, ukl_close(packets), 0);
	EXPECT_EQ(t, ukl_close(stream), 0);
	return 0;
}

/* SO_PEERPIDFD makes a descriptor, and a kernel thread has none of its own. */
static int no_descriptor_of_the_peer(struct test *t)
{
	struct pair pair;
	int fd = -1;

	if (!any_pair_open(t, &pair, 1))
		return 0;
	EXPECT_EQ(t, ukl_getsockopt(pair.server, SOL_SOCKET, SO_PEERPIDFD, &fd, sizeof(fd)),
		  -EBADF);
	EXPECT_EQ(t, fd, -1);
	pair_close(t, &pair);
	return 0;
}

static int serve_one(void *data)
{
	struct ukl_sock *sock = data;
	char buf[512];
	ssize_t n;

	do {
		n = ukl_recv(sock, buf, sizeof(buf), 0);
		if (n > 0)
			n = ukl_send(sock, buf, n, 0);
	} while (n > 0);
	ukl_close(sock);
	return n;
}

/* ARGUMENTS: a name, @ in front if it is abstract. An echo server, until it is stopped. */
static int serve(struct test *t)
{
	struct ukl_sock *listener = bound(t, SOCK_STREAM, t->args), *sock;

	EXPECT_EQ(t, ukl_listen(listener, 128), 0);
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

const struct test_case unix_cases[] = {
	{ "unix.names_that_are_abstract", names_that_are_abstract },
	{ "unix.names_that_are_paths", names_that_are_paths },
	{ "unix.what_is_left_of_a_name", what_is_left_of_a_name },
	{ "unix.names_that_cannot_be", names_that_cannot_be },
	{ "unix.end_of_a_stream", end_of_a_stream },
	{ "unix.reset_of_a_stream", reset_of_a_stream },
	{ "unix.full_stream", full_stream },
	{ "unix.records_stay_apart", apart },
	{ "unix.datagrams", datagrams },
	{ "unix.streams_and_datagrams_do_not_mix", streams_and_datagrams_do_not_mix },
	{ "unix.no_descriptor_of_the_peer", no_descriptor_of_the_peer },
	{ "unix.serve", serve, TEST_ARGS },
	{ }
};
