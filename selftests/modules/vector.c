// SPDX-License-Identifier: GPL-2.0
/* Several buffers in one call, by the TCP shortcuts and by the calls for any socket. */
#include <linux/sizes.h>
#include <linux/slab.h>

#include "../stream.h"
#include "test.h"

#define SEED	0x766563ULL

/** struct way - one of the two pairs of calls */
struct way {
	ssize_t (*send)(struct ukl_sock *sock, const struct kvec *vec, size_t count, int flags);
	ssize_t (*recv)(struct ukl_sock *sock, const struct kvec *vec, size_t count, int flags);
};

static const struct way ways[] = {
	{ ukl_tcp_sendv, ukl_tcp_recvv },
	{ ukl_sendv, ukl_recvv },
};

/* Cuts @buf into @count parts whose lengths differ. Gives back their sum, at least 1. */
static size_t cut(struct kvec *vec, size_t count, char *buf, u64 random)
{
	size_t sum = 0;

	for (size_t i = 0; i < count; i++) {
		vec[i].iov_base = buf + sum;
		vec[i].iov_len = stream_random(&random) % 20 + !i;
		/* A part of no length may point anywhere. */
		if (!vec[i].iov_len)
			vec[i].iov_base = i % 2 ? NULL : (void *)0x1000;
		sum += vec[i].iov_len;
	}
	return sum;
}

static void parts(struct test *t, struct pair *pair, const struct way *way, size_t count,
		  struct kvec *vec, char *buf)
{
	size_t len = cut(vec, count, buf, count), done = 0;

	stream_fill(buf, len, SEED, count);
	EXPECT_EQ(t, way->send(pair->client, vec, count, 0), len);
	memset(buf, 0, len);
	/* Into other parts than those that were sent. */
	while (done < len) {
		size_t sum = cut(vec, count, buf, ~count), want = min(sum, len - done);

		EXPECT_EQ(t, way->recv(pair->server, vec, count, want == sum ? MSG_WAITALL : 0),
			  want);
		EXPECT_EQ(t, stream_check(buf, want, SEED, count + done), want);
		done += want;
	}
}

static int parts_in_their_order(struct test *t)
{
	static const size_t counts[] = { 1, 2, 3, 7, 100, UKL_IOV_MAX - 1, UKL_IOV_MAX };
	struct kvec *vec = kcalloc(UKL_IOV_MAX, sizeof(*vec), GFP_KERNEL);
	char *buf = kmalloc(SZ_32K, GFP_KERNEL);

	for (int i = 0; vec && buf && i < ARRAY_SIZE(ways) * 2; i++) {
		struct pair pair;

		/* The second way is for unix as well. */
		if (!any_pair_open(t, &pair, i < 2 ? 4 : i == 2 ? 6 : 1))
			break;
		for (size_t k = 0; k < ARRAY_SIZE(counts); k++)
			parts(t, &pair, &ways[i == 0 || i == 2 ? 0 : 1], counts[k], vec, buf);
		pair_close(t, &pair);
	}
	kfree(buf);
	kfree(vec);
	return 0;
}

static int too_many_parts(struct test *t)
{
	static const size_t counts[] = { UKL_IOV_MAX + 1, 4096, INT_MAX, SIZE_MAX / 16, SIZE_MAX };
	struct kvec *vec = kcalloc(UKL_IOV_MAX + 1, sizeof(*vec), GFP_KERNEL);
	struct pair pair;
	char byte = 0;

	if (!vec || !any_pair_open(t, &pair, 4))
		return 0;
	for (size_t i = 0; i <= UKL_IOV_MAX; i++)
		vec[i] = (struct kvec){ &byte, 1 };
	for (size_t w = 0; w < ARRAY_SIZE(ways); w++) {
		for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
			EXPECT_EQ(t, ways[w].send(pair.client, vec, counts[i], 0), -EINVAL);
			EXPECT_EQ(t, ways[w].recv(pair.client, vec, counts[i], MSG_DONTWAIT),
				  -EINVAL);
		}
	}
	EXPECT_EQ(t, ukl_tcp_recv(pair.server, &byte, 1, MSG_DONTWAIT), -EAGAIN);
	pair_close(t, &pair);
	kfree(vec);
	return 0;
}

/* Nothing to move: with something to read it is still nothing, and without it does not wait. */
static int no_parts(struct test *t)
{
	struct kvec empty[] = { { NULL, 0 }, { (void *)1, 0 }, { ERR_PTR(-8), 0 } };
	struct pair pair;
	char byte;

	if (!any_pair_open(t, &pair, 4))
		return 0;
	for (int i = 0; i < 2; i++) {
		EXPECT_EQ(t, ukl_tcp_sendv(pair.client, NULL, 0, 0), 0);
		EXPECT_EQ(t, ukl_tcp_sendv(pair.client, empty, 3, 0), 0);
		EXPECT_EQ(t, ukl_tcp_recvv(pair.server, NULL, 0, 0), 0);
		EXPECT_EQ(t, ukl_tcp_recvv(pair.server, empty, 3, 0), 0);
		EXPECT_EQ(t, ukl_sendv(pair.client, NULL, 0, 0), 0);
		EXPECT_EQ(t, ukl_sendv(pair.client, empty, 3, 0), 0);
		EXPECT_EQ(t, ukl_recvv(pair.server, empty, 3, MSG_DONTWAIT), i ? 0 : -EAGAIN);
		EXPECT_EQ(t, ukl_recvv(pair.server, NULL, 0, MSG_DONTWAIT), i ? 0 : -EAGAIN);
		if (!i)
			EXPECT_EQ(t, ukl_tcp_send(pair.client, "x", 1, 0), 1);
		settle();
	}
	EXPECT_EQ(t, ukl_tcp_recv(pair.server, &byte, 1, 0), 1);
	pair_close(t, &pair);
	return 0;
}

static int parts_over_int_max(struct test *t)
{
	struct kvec vecs[][2] = {
		{ { NULL, (size_t)INT_MAX + 1 }, { NULL, 0 } },
		{ { NULL, INT_MAX }, { NULL, 1 } },
		{ { NULL, 1 }, { NULL, INT_MAX } },
		{ { NULL, SIZE_MAX / 2 }, { NULL, SIZE_MAX / 2 } },
		/* In 64 bits they come to 1. */
		{ { NULL, SIZE_MAX / 2 }, { NULL, SIZE_MAX / 2 + 3 } },
	};
	struct pair pair;
	char byte = 0;

	if (!any_pair_open(t, &pair, 4))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(vecs); i++) {
		vecs[i][0].iov_base = &byte;
		vecs[i][1].iov_base = &byte;
		for (size_t w = 0; w < ARRAY_SIZE(ways); w++) {
			long sent = ways[w].send(pair.client, vecs[i], 2, 0);
			long received = ways[w].recv(pair.client, vecs[i], 2, MSG_DONTWAIT);

			/* What is so long that it leaves the kernel half is also a bad address. */
			EXPECT_TRUE(t, sent == -EMSGSIZE || (i > 2 && sent == -EFAULT));
			EXPECT_TRUE(t, received == -EMSGSIZE || (i > 2 && received == -EFAULT));
		}
	}
	EXPECT_EQ(t, ukl_tcp_recv(pair.server, &byte, 1, MSG_DONTWAIT), -EAGAIN);
	pair_close(t, &pair);
	return 0;
}

static int parts_outside_the_kernel(struct test *t)
{
	void *bad[] = { NULL, (void *)1, (void *)0x1000, (void *)0x7ffffffff000, (void *)LONG_MAX };
	struct kvec vec[3];
	struct pair pair;
	char bytes[2] = "";

	if (!any_pair_open(t, &pair, 4))
		return 0;
	/* So that a receive has something to write. */
	EXPECT_EQ(t, ukl_tcp_send(pair.server, bytes, 2, 0), 2);
	for (size_t w = 0; w < ARRAY_SIZE(ways); w++) {
		for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
			/* Wherever it is among good ones. */
			for (int at = 0; at < 3; at++) {
				vec[0] = (struct kvec){ bytes, 1 };
				vec[1] = vec[0];
				vec[2] = vec[0];
				vec[at].iov_base = bad[i];
				EXPECT_EQ(t, ways[w].send(pair.client, vec, 3, 0), -EFAULT);
				EXPECT_EQ(t, ways[w].recv(pair.client, vec, 3, 0), -EFAULT);
			}
			/* The array itself. */
			EXPECT_EQ(t, ways[w].send(pair.client, bad[i], 1, 0), -EFAULT);
			EXPECT_EQ(t, ways[w].recv(pair.client, bad[i], 1, 0), -EFAULT);
		}
	}
	EXPECT_EQ(t, ukl_tcp_recv(pair.server, bytes, 1, MSG_DONTWAIT), -EAGAIN);
	EXPECT_EQ(t, ukl_tcp_recv(pair.client, bytes, 2, MSG_WAITALL), 2);
	pair_close(t, &pair);
	return 0;
}

static int flags(struct test *t)
{
	char a[4] = "", b[4] = "";
	struct kvec out[] = { { "abc", 3 }, { "defg", 4 } }, in[] = { { a, 3 }, { b, 3 } };
	struct pair pair;

	if (!any_pair_open(t, &pair, 4))
		return 0;
	for (size_t w = 0; w < ARRAY_SIZE(ways); w++) {
		EXPECT_EQ(t, ways[w].recv(pair.server, in, 2, MSG_DONTWAIT), -EAGAIN);
		EXPECT_EQ(t, ways[w].send(pair.client, out, 2, MSG_MORE | MSG_NOSIGNAL), 7);
		EXPECT_EQ(t, ways[w].send(pair.client, out, 1, MSG_DONTWAIT), 3);
		EXPECT_EQ(t, ways[w].recv(pair.server, in, 2, MSG_PEEK | MSG_WAITALL), 6);
		EXPECT_EQ(t, ways[w].recv(pair.server, in, 2, MSG_WAITALL), 6);
		EXPECT_EQ(t, memcmp(a, "abc", 4), 0);
		EXPECT_EQ(t, memcmp(b, "def", 4), 0);
		/* As many as are there: the rest of the first send, and the second. */
		EXPECT_EQ(t, ways[w].recv(pair.server, in, 1, MSG_WAITALL), 3);
		EXPECT_EQ(t, memcmp(a, "gab", 4), 0);
		EXPECT_EQ(t, ways[w].recv(pair.server, in, 2, 0), 1);
		EXPECT_EQ(t, a[0], 'c');
	}
	EXPECT_EQ(t, ukl_tcp_sendv(pair.client, out, 2, UKL_NSS), 7);
	EXPECT_EQ(t, ukl_tcp_recvv(pair.server, in, 2, UKL_NSS | MSG_WAITALL), 6);
	EXPECT_EQ(t, ukl_shutdown(pair.client, SHUT_WR), 0);
	EXPECT_EQ(t, ukl_tcp_recvv(pair.server, in, 2, 0), 1);
	EXPECT_EQ(t, ukl_tcp_recvv(pair.server, in, 2, 0), 0);
	EXPECT_EQ(t, ukl_recvv(pair.server, in, 2, 0), 0);
	EXPECT_EQ(t, ukl_tcp_sendv(pair.client, out, 2, 0), -EPIPE);
	EXPECT_EQ(t, ukl_sendv(pair.client, out, 2, 0), -EPIPE);
	EXPECT_EQ(t, signal_pending(current), 0);
	pair_close(t, &pair);
	return 0;
}

static int only_for_tcp(struct test *t)
{
	char byte = 0;
	struct kvec vec = { &byte, 1 };
	struct pair pair;

	if (!any_pair_open(t, &pair, 1))
		return 0;
	EXPECT_EQ(t, ukl_tcp_sendv(pair.client, &vec, 1, 0), -EPROTOTYPE);
	EXPECT_EQ(t, ukl_tcp_recvv(pair.client, &vec, 1, 0), -EPROTOTYPE);
	EXPECT_EQ(t, ukl_tcp_sendv(pair.client, NULL, 0, 0), -EPROTOTYPE);
	pair_close(t, &pair);
	return 0;
}

/* With no room for all, the parts that were taken are those in front. */
static int partial_send(struct test *t)
{
	enum { PARTS = 64 };
	struct kvec *vec = kcalloc(PARTS, sizeof(*vec), GFP_KERNEL);
	char *buf = kmalloc(SZ_64K, GFP_KERNEL);

	for (size_t w = 0; vec && buf && w < ARRAY_SIZE(ways); w++) {
		size_t sent = 0, got = 0;
		struct pair pair;
		ssize_t n;

		if (!any_pair_open(t, &pair, 4))
			break;
		for (;;) {
			stream_fill(buf, SZ_64K, SEED, sent);
			for (int i = 0; i < PARTS; i++)
				vec[i] = (struct kvec){ buf + i * SZ_1K, SZ_1K };
			n = ways[w].send(pair.client, vec, PARTS, MSG_DONTWAIT);
			if (n <= 0)
				break;
			sent += n;
		}
		EXPECT_EQ(t, n, -EAGAIN);
		EXPECT_EQ(t, ukl_shutdown(pair.client, SHUT_WR), 0);
		while ((n = ways[w].recv(pair.server, vec, PARTS, 0)) > 0) {
			EXPECT_EQ(t, stream_check(buf, n, SEED, got), n);
			got += n;
		}
		EXPECT_EQ(t, n, 0);
		EXPECT_EQ(t, got, sent);
		pair_close(t, &pair);
	}
	kfree(buf);
	kfree(vec);
	return 0;
}

/* A datagram is made of all parts, and cut into parts again. */
static int parts_of_a_datagram(struct test *t)
{
	struct ukl_sock *sock = ukl_socket(AF_INET, SOCK_DGRAM, 0);
	char a[2], b[8] = "", c[2] = "";
	struct kvec out[] = { { "ab", 2 }, { NULL, 0 }, { "cdefg", 5 } };
	struct kvec in[] = { { a, 2 }, { b, 4 }, { c, 2 } };
	union address address;
	int len = loopback(&address, 4, 0);

	EXPECT_EQ(t, ukl_bind(sock, &address.any, len), 0);
	EXPECT_EQ(t, ukl_getsockname(sock, &address.storage), len);
	EXPECT_EQ(t, ukl_connect(sock, &address.any, len, 0), 0);
	EXPECT_EQ(t, ukl_sendv(sock, out, 3, 0), 7);
	EXPECT_EQ(t, ukl_sendv(sock, out, 1, 0), 2);
	EXPECT_EQ(t, ukl_recvv(sock, in, 3, 0), 7);
	EXPECT_EQ(t, memcmp(a, "ab", 2), 0);
	EXPECT_EQ(t, memcmp(b, "cdef\0", 5), 0);
	EXPECT_EQ(t, memcmp(c, "g", 2), 0);
	EXPECT_EQ(t, ukl_recvv(sock, in, 3, 0), 2);
	EXPECT_EQ(t, ukl_sendv(sock, out, 3, 0), 7);
	EXPECT_EQ(t, ukl_recvv(sock, in, 1, MSG_TRUNC), 7);
	EXPECT_EQ(t, ukl_recvv(sock, in, 3, MSG_DONTWAIT), -EAGAIN);
	EXPECT_EQ(t, ukl_close(sock), 0);
	return 0;
}

const struct test_case vector_cases[] = {
	{ "vector.parts_in_their_order", parts_in_their_order },
	{ "vector.too_many_parts", too_many_parts },
	{ "vector.no_parts", no_parts },
	{ "vector.parts_over_int_max", parts_over_int_max },
	{ "vector.parts_outside_the_kernel", parts_outside_the_kernel },
	{ "vector.flags", flags },
	{ "vector.only_for_tcp", only_for_tcp },
	{ "vector.partial_send", partial_send },
	{ "vector.parts_of_a_datagram", parts_of_a_datagram },
	{ }
};
