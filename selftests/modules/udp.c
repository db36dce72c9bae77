// SPDX-License-Identifier: GPL-2.0
/* UDP: datagrams, where they come from, what does not fit, errors. */
#include <linux/sizes.h>
#include <linux/slab.h>
#include <net/sock.h>

#include "../stream.h"
#include "test.h"

#define SEED	0x756470ULL

/** DATAGRAM_MAX - bytes of the largest datagram over IPv4 */
#define DATAGRAM_MAX	65507

/** struct ends - two sockets that know each other's address, connected to nobody */
struct ends {
	struct ukl_sock *a, *b;
	union address at_a, at_b;
	int len;
};

static struct ukl_sock *open_end(struct test *t, int family, union address *at, int *len)
{
	struct ukl_sock *sock = ukl_socket(family == 6 ? AF_INET6 : AF_INET, SOCK_DGRAM, 0);

	*len = loopback(at, family, 0);
	if (EXPECT_OK(t, sock)) {
		EXPECT_EQ(t, ukl_bind(sock, &at->any, *len), 0);
		EXPECT_EQ(t, ukl_getsockname(sock, &at->storage), *len);
	}
	return sock;
}

static bool ends_open(struct test *t, struct ends *ends, int family)
{
	ends->a = open_end(t, family, &ends->at_a, &ends->len);
	ends->b = open_end(t, family, &ends->at_b, &ends->len);
	return !IS_ERR(ends->a) && !IS_ERR(ends->b);
}

static void ends_close(struct test *t, struct ends *ends)
{
	EXPECT_EQ(t, ukl_close(ends->a), 0);
	EXPECT_EQ(t, ukl_close(ends->b), 0);
}

static void there_and_back(struct test *t, int family)
{
	union address from;
	struct ends ends;
	char bytes[16];

	if (!ends_open(t, &ends, family))
		return;
	EXPECT_EQ(t, ukl_sendto(ends.a, "ping", 4, 0, &ends.at_b.any, ends.len), 4);
	memset(&from, 0xa5, sizeof(from));
	EXPECT_EQ(t, ukl_recvfrom(ends.b, bytes, 16, 0, &from.storage), 4);
	EXPECT_EQ(t, memcmp(bytes, "ping", 4), 0);
	/* All of it: behind the address are zeros. */
	EXPECT_EQ(t, memcmp(&from, &ends.at_a, sizeof(from)), 0);
	EXPECT_EQ(t, ukl_sendto(ends.b, "pong!", 5, 0, &from.any, ends.len), 5);
	EXPECT_EQ(t, ukl_recvfrom(ends.a, bytes, 16, 0, NULL), 5);
	EXPECT_EQ(t, memcmp(bytes, "pong!", 5), 0);
	EXPECT_EQ(t, ukl_recvfrom(ends.a, bytes, 16, MSG_DONTWAIT, &from.storage), -EAGAIN);
	ends_close(t, &ends);
}

static int over_ipv4(struct test *t)
{
	there_and_back(t, 4);
	return 0;
}

static int over_ipv6(struct test *t)
{
	there_and_back(t, 6);
	return 0;
}

static int what_does_not_fit_is_lost(struct test *t)
{
	struct ends ends;
	char bytes[16] = "";

	if (!ends_open(t, &ends, 4))
		return 0;
	for (int i = 0; i < 4; i++)
		EXPECT_EQ(t, ukl_sendto(ends.a, "0123456789", 10, 0, &ends.at_b.any, ends.len), 10);
	EXPECT_EQ(t, ukl_sendto(ends.a, "next", 4, 0, &ends.at_b.any, ends.len), 4);
	/* Peeking leaves it, with TRUNC its whole length is known. */
	EXPECT_EQ(t, ukl_recv(ends.b, bytes, 4, MSG_PEEK), 4);
	EXPECT_EQ(t, memcmp(bytes, "0123\0", 5), 0);
	EXPECT_EQ(t, ukl_recv(ends.b, bytes, 4, MSG_PEEK | MSG_TRUNC), 10);
	EXPECT_EQ(t, ukl_recv(ends.b, bytes, 0, MSG_PEEK | MSG_TRUNC), 10);
	EXPECT_EQ(t, ukl_recv(ends.b, bytes, 4, 0), 4);
	EXPECT_EQ(t, ukl_recv(ends.b, bytes, 5, MSG_TRUNC), 10);
	EXPECT_EQ(t, memcmp(bytes, "01234\0", 6), 0);
	EXPECT_EQ(t, ukl_recvfrom(ends.b, bytes, 1, MSG_TRUNC | MSG_DONTWAIT, NULL), 10);
	/* With no room at all, it is taken all the same. */
	EXPECT_EQ(t, ukl_recv(ends.b, bytes, 0, 0), 0);
	EXPECT_EQ(t, ukl_recv(ends.b, bytes, 16, 0), 4);
	EXPECT_EQ(t, memcmp(bytes, "next", 4), 0);
	ends_close(t, &ends);
	return 0;
}

/* More than one datagram does not fill a buffer, whatever WAITALL says. */
static int one_at_a_time(struct test *t)
{
	struct ends ends;
	char bytes[16];

	if (!ends_open(t, &ends, 4))
		return 0;
	for (int i = 0; i < 3; i++)
		EXPECT_EQ(t, ukl_sendto(ends.a, "abc", 3, 0, &ends.at_b.any, ends.len), 3);
	EXPECT_EQ(t, ukl_recv(ends.b, bytes, 16, MSG_WAITALL), 3);
	EXPECT_EQ(t, ukl_recv(ends.b, bytes, 16, 0), 3);
	EXPECT_EQ(t, ukl_recv(ends.b, bytes, 16, 0), 3);
	EXPECT_EQ(t, ukl_recv(ends.b, bytes, 16, MSG_DONTWAIT), -EAGAIN);
	ends_close(t, &ends);
	return 0;
}

static int empty_ones(struct test *t)
{
	union address from;
	struct ends ends;
	char bytes[16];

	if (!ends_open(t, &ends, 4))
		return 0;
	EXPECT_EQ(t, ukl_sendto(ends.a, NULL, 0, 0, &ends.at_b.any, ends.len), 0);
	EXPECT_EQ(t, ukl_sendto(ends.a, "x", 1, 0, &ends.at_b.any, ends.len), 1);
	memset(&from, 0, sizeof(from));
	EXPECT_EQ(t, ukl_recvfrom(ends.b, bytes, 16, 0, &from.storage), 0);
	EXPECT_EQ(t, memcmp(&from, &ends.at_a, sizeof(from)), 0);
	EXPECT_EQ(t, ukl_recvfrom(ends.b, bytes, 16, 0, &from.storage), 1);
	ends_close(t, &ends);
	return 0;
}

static int largest(struct test *t)
{
	char *buf = kmalloc(SZ_64K, GFP_KERNEL);
	struct ends ends;

	if (buf && ends_open(t, &ends, 4)) {
		stream_fill(buf, DATAGRAM_MAX, SEED, 0);
		EXPECT_EQ(t, ukl_sendto(ends.a, buf, DATAGRAM_MAX + 1, 0, &ends.at_b.any,
					ends.len), -EMSGSIZE);
		EXPECT_EQ(t, ukl_sendto(ends.a, buf, SZ_64K, 0, &ends.at_b.any, ends.len),
			  -EMSGSIZE);
		EXPECT_EQ(t, ukl_sendto(ends.a, buf, DATAGRAM_MAX, 0, &ends.at_b.any, ends.len),
			  DATAGRAM_MAX);
		memset(buf, 0, SZ_64K);
		EXPECT_EQ(t, ukl_recv(ends.b, buf, SZ_64K, 0), DATAGRAM_MAX);
		EXPECT_EQ(t, stream_check(buf, DATAGRAM_MAX, SEED, 0), DATAGRAM_MAX);
		EXPECT_EQ(t, ukl_recv(ends.b, buf, SZ_64K, MSG_DONTWAIT), -EAGAIN);
		ends_close(t, &ends);
	}
	kfree(buf);
	return 0;
}

/* MSG_MORE: parts of one datagram. */
static int in_parts(struct test *t)
{
	struct ends ends;
	char bytes[16];

	if (!ends_open(t, &ends, 4))
		return 0;
	EXPECT_EQ(t, ukl_sendto(ends.a, "ab", 2, MSG_MORE, &ends.at_b.any, ends.len), 2);
	EXPECT_EQ(t, ukl_recv(ends.b, bytes, 16, MSG_DONTWAIT), -EAGAIN);
	EXPECT_EQ(t, ukl_sendto(ends.a, "cde", 3, 0, &ends.at_b.any, ends.len), 3);
	EXPECT_EQ(t, ukl_recv(ends.b, bytes, 16, 0), 5);
	EXPECT_EQ(t, memcmp(bytes, "abcde", 5), 0);
	ends_close(t, &ends);
	return 0;
}

static int nowhere_to_send(struct test *t)
{
	union address address;
	struct ends ends;
	char byte = 0;

	if (!ends_open(t, &ends, 4))
		return 0;
	EXPECT_EQ(t, ukl_send(ends.a, &byte, 1, 0), -EDESTADDRREQ);
	EXPECT_EQ(t, ukl_sendto(ends.a, &byte, 1, 0, NULL, 0), -EDESTADDRREQ);
	EXPECT_EQ(t, ukl_shutdown(ends.a, SHUT_WR), -ENOTCONN);
	for (int bad = -1; bad < ends.len - 1; bad++)
		EXPECT_EQ(t, ukl_sendto(ends.a, &byte, 1, 0, &ends.at_b.any, bad), -EINVAL);
	EXPECT_EQ(t, ukl_sendto(ends.a, &byte, 1, 0, &ends.at_b.any,
				sizeof(address.storage) + 1), -EINVAL);
	loopback(&address, 4, 0);
	EXPECT_EQ(t, ukl_sendto(ends.a, &byte, 1, 0, &address.any, ends.len), -EINVAL);
	address = ends.at_b;
	address.any.sa_family = AF_UNIX;
	EXPECT_EQ(t, ukl_sendto(ends.a, &byte, 1, 0, &address.any, ends.len), -EAFNOSUPPORT);
	EXPECT_EQ(t, ukl_recv(ends.b, &byte, 1, MSG_DONTWAIT), -EAGAIN);
	ends_close(t, &ends);
	return 0;
}

static int connected(struct test *t)
{
	struct ukl_sock *other;
	union address address;
	struct ends ends;
	char bytes[16];
	int len;

	if (!ends_open(t, &ends, 4))
		return 0;
	other = open_end(t, 4, &address, &len);
	EXPECT_EQ(t, ukl_connect(ends.a, &ends.at_b.any, len, UKL_FOREVER), 0);
	EXPECT_EQ(t, ukl_send(ends.a, "abc", 3, 0), 3);
	EXPECT_EQ(t, ukl_recvfrom(ends.b, bytes, 16, 0, &address.storage), 3);
	EXPECT_EQ(t, memcmp(&address, &ends.at_a, len), 0);
	/* Only the peer is heard; others can be spoken to. */
	EXPECT_EQ(t, ukl_sendto(other, "x", 1, 0, &ends.at_a.any, len), 1);
	EXPECT_EQ(t, ukl_sendto(ends.b, "yz", 2, 0, &ends.at_a.any, len), 2);
	EXPECT_EQ(t, ukl_recv(ends.a, bytes, 16, 0), 2);
	EXPECT_EQ(t, ukl_recv(ends.a, bytes, 16, MSG_DONTWAIT), -EAGAIN);
	EXPECT_EQ(t, ukl_getsockname(other, &address.storage), len);
	EXPECT_EQ(t, ukl_sendto(ends.a, "w", 1, 0, &address.any, len), 1);

	EXPECT_EQ(t, ukl_shutdown(ends.a, SHUT_WR), 0);
	EXPECT_EQ(t, ukl_send(ends.a, "x", 1, 0), -EPIPE);
	EXPECT_EQ(t, ukl_shutdown(ends.a, SHUT_RD), 0);
	EXPECT_EQ(t, ukl_recv(ends.a, bytes, 16, 0), 0);
	EXPECT_EQ(t, ukl_close(other), 0);
	ends_close(t, &ends);
	return 0;
}

/* Nobody is there: the answer to one datagram is the error of the next call, once. */
static int refused(struct test *t)
{
	union address address;
	struct ends ends;
	char byte = 0;

	if (!ends_open(t, &ends, 4))
		return 0;
	address = ends.at_b;
	EXPECT_EQ(t, ukl_close(ends.b), 0);
	EXPECT_EQ(t, ukl_connect(ends.a, &address.any, ends.len, UKL_FOREVER), 0);
	EXPECT_EQ(t, ukl_send(ends.a, &byte, 1, 0), 1);
	EXPECT_EQ(t, ukl_recv(ends.a, &byte, 1, 0), -ECONNREFUSED);
	EXPECT_EQ(t, ukl_recv(ends.a, &byte, 1, MSG_DONTWAIT), -EAGAIN);
	EXPECT_EQ(t, ukl_send(ends.a, &byte, 1, 0), 1);
	settle();
	EXPECT_EQ(t, ukl_send(ends.a, &byte, 1, 0), -ECONNREFUSED);
	EXPECT_EQ(t, ukl_close(ends.a), 0);
	return 0;
}

/* A receiver that is too slow loses datagrams; the sender is not told, none is cut. */
static int overrun(struct test *t)
{
	char *buf = kzalloc(SZ_16K, GFP_KERNEL);
	int small = 1, got = 0;
	struct ends ends;
	ssize_t n;

	if (buf && ends_open(t, &ends, 4)) {
		EXPECT_EQ(t, ukl_setsockopt(ends.b, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)),
			  0);
		for (int i = 0; i < 100; i++)
			EXPECT_EQ(t, ukl_sendto(ends.a, buf, 1000, 0, &ends.at_b.any, ends.len),
				  1000);
		while ((n = ukl_recv(ends.b, buf, SZ_16K, MSG_DONTWAIT)) >= 0) {
			EXPECT_EQ(t, n, 1000);
			got++;
		}
		EXPECT_EQ(t, n, -EAGAIN);
		EXPECT_TRUE(t, got > 0 && got < 100);
		ends_close(t, &ends);
	}
	kfree(buf);
	return 0;
}

static int arrival_wakes_a_receiver(struct test *t)
{
	struct child child;
	struct ends ends;
	char bytes[16];

	if (!ends_open(t, &ends, 4))
		return 0;
	child = (struct child){ .sock = ends.b, .buf = bytes, .len = 16 };
	if (!child_start(t, &child, child_recvfrom))
		return 0;
	EXPECT_EQ(t, ukl_sendto(ends.a, "abc", 3, 0, &ends.at_b.any, ends.len), 3);
	EXPECT_EQ(t, child_end(t, &child), 3);
	ends_close(t, &ends);
	return 0;
}

/* ARGUMENTS: a port. Gives each datagram back, until it is stopped. */
static int serve(struct test *t)
{
	union address at = { .in6.sin6_family = AF_INET6 };
	struct ukl_sock *sock = ukl_socket(AF_INET6, SOCK_DGRAM, 0);
	char *buf = kmalloc(SZ_64K, GFP_KERNEL);
	union address from;
	ssize_t n = 0;
	u16 port;

	if (!buf || !EXPECT_OK(t, sock) || kstrtou16(t->args, 10, &port)) {
		kfree(buf);
		EXPECT_EQ(t, -EINVAL, 0);
		return 1;
	}
	at.in6.sin6_port = htons(port);
	EXPECT_EQ(t, ukl_bind(sock, &at.any, sizeof(at.in6)), 0);
	while (n >= 0) {
		n = ukl_recvfrom(sock, buf, SZ_64K, 0, &from.storage);
		if (n >= 0)
			n = ukl_sendto(sock, buf, n, 0, &from.any, sizeof(from.in6));
	}
	kfree(buf);
	return n;
}

const struct test_case udp_cases[] = {
	{ "udp.over_ipv4", over_ipv4 },
	{ "udp.over_ipv6", over_ipv6 },
	{ "udp.what_does_not_fit_is_lost", what_does_not_fit_is_lost },
	{ "udp.one_at_a_time", one_at_a_time },
	{ "udp.empty_ones", empty_ones },
	{ "udp.largest", largest },
	{ "udp.in_parts", in_parts },
	{ "udp.nowhere_to_send", nowhere_to_send },
	{ "udp.connected", connected },
	{ "udp.refused", refused },
	{ "udp.overrun", overrun },
	{ "udp.arrival_wakes_a_receiver", arrival_wakes_a_receiver },
	{ "udp.serve", serve, TEST_ARGS },
	{ }
};
