// SPDX-License-Identifier: GPL-2.0
/* Sending an application's pages without copying them. */
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/net.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <net/net_namespace.h>

#include "../stream.h"
#include "poll.h"

#define SEED	0x70616765ULL

/* Memory of the module's own. */
static char data_of_a_module[256] = "d";
static const char constant_of_a_module[256] = "c";

/** enum origin - where memory is from */
enum origin {
	PAGE, COMPOUND, VMALLOC, ORIGINS
};

static void *memory_get(enum origin from, size_t len)
{
	switch (from) {
	case PAGE:
		return (void *)__get_free_page(GFP_KERNEL);
	case COMPOUND:
		return (void *)__get_free_pages(GFP_KERNEL | __GFP_COMP, get_order(len));
	default:
		return vmalloc(len);
	}
}

static void memory_put(enum origin from, void *memory, size_t len)
{
	if (from == VMALLOC)
		vfree(memory);
	else if (memory)
		free_pages((unsigned long)memory, from == PAGE ? 0 : get_order(len));
}

static size_t memory_size(enum origin from)
{
	return from == PAGE ? PAGE_SIZE : from == COMPOUND ? SZ_64K : SZ_256K;
}

/* Receives @len bytes and compares them with the stream from @pos on. */
static void recv_stream(struct test *t, struct ukl_sock *sock, size_t pos, size_t len)
{
	char *buf = kmalloc(SZ_16K, GFP_KERNEL);
	size_t end = pos + len;

	while (buf && pos < end) {
		ssize_t n = ukl_tcp_recv(sock, buf, min(end - pos, (size_t)SZ_16K), 0);

		if (n <= 0 || stream_check(buf, n, SEED, pos) != n) {
			EXPECT_TRUE(t, n > 0);
			if (n > 0)
				EXPECT_EQ(t, stream_check(buf, n, SEED, pos), n);
			test_log(t, "at byte %zu of %zu\n", pos, end);
			break;
		}
		pos += n;
	}
	kfree(buf);
}

/* Pages at odd offsets and of odd lengths, alone and across their borders. */
static void pieces(struct test *t, enum origin from, int flags)
{
	static const size_t offsets[] = { 0, 1, 7, 100, 2048, 4095 };
	static const size_t lengths[] = { 1, 2, 99, 1448, 4095, 4096, 4097, 10000, 60000 };
	size_t size = memory_size(from);
	char *memory = memory_get(from, size);
	struct pair pair;

	if (!memory || !pair_open(t, &pair, 4)) {
		EXPECT_TRUE(t, memory);
		return;
	}
	stream_fill(memory, size, SEED, 0);
	for (int i = 0; i < ARRAY_SIZE(offsets) && !t->failures; i++) {
		for (int j = 0; j < ARRAY_SIZE(lengths); j++) {
			size_t at = offsets[i], len = lengths[j];

			if (at + len > size)
				continue;
			if (from == VMALLOC)
				at += SZ_64K + PAGE_SIZE;
			EXPECT_EQ(t, ukl_tcp_send_pages(pair.client, memory + at, len, flags), len);
			recv_stream(t, pair.server, at, len);
		}
	}
	/* All of it. */
	EXPECT_EQ(t, ukl_tcp_send_pages(pair.client, memory, size, flags), size);
	recv_stream(t, pair.server, 0, size);
	memory_put(from, memory, size);
	pair_close(t, &pair);
}

static int pieces_of_memory(struct test *t)
{
	for (enum origin from = 0; from < ORIGINS; from++) {
		pieces(t, from, 0);
		pieces(t, from, UKL_NSS | MSG_NOSIGNAL);
		EXPECT_EQ(t, ukl_bypass(20), 0);
		pieces(t, from, 0);
		EXPECT_EQ(t, ukl_bypass(0), 0);
	}
	return 0;
}

/* Sends a stream with both kinds of sends, in small pieces that segments gather. */
static int mix_main(void *data)
{
	struct child *child = data;
	u64 random = SEED;
	size_t pos = 0;

	while (pos < child->len) {
		size_t len = min(1 + stream_random(&random) % 5000, child->len - pos);
		int flags = stream_random(&random) % 2 ? MSG_MORE : 0;
		ssize_t n;

		if (stream_random(&random) % 2)
			n = ukl_tcp_send(child->sock, child->buf + pos, len, flags);
		else
			n = ukl_tcp_send_pages(child->sock, child->buf + pos, len, flags);
		if (n != len)
			return -EIO;
		pos += len;
	}
	return ukl_shutdown(child->sock, SHUT_WR);
}

static int between_other_sends(struct test *t)
{
	struct child child = { .buf = vmalloc(SZ_1M), .len = SZ_1M };
	struct pair pair;
	int status = -1;

	if (!child.buf || !pair_open(t, &pair, 6))
		return 0;
	child.sock = pair.client;
	stream_fill(child.buf, SZ_1M, SEED, 0);
	child.thread = ukl_thread_spawn(mix_main, &child, 0);
	if (EXPECT_OK(t, child.thread)) {
		recv_stream(t, pair.server, 0, SZ_1M);
		EXPECT_EQ(t, ukl_thread_join(child.thread, &status), 0);
		EXPECT_EQ(t, status, 0);
	}
	vfree(child.buf);
	pair_close(t, &pair);
	return 0;
}

/* The pages themselves are in the socket, which lets go of them when the peer has got them. */
static int pages_are_referred_to(struct test *t)
{
	struct page *page = alloc_page(GFP_KERNEL);
	struct pair pair;
	int count = 0;

	if (!page || !pair_open(t, &pair, 4))
		return 0;
	stream_fill(page_address(page), PAGE_SIZE, SEED, 0);
	EXPECT_EQ(t, page_count(page), 1);
	EXPECT_EQ(t, ukl_tcp_send_pages(pair.client, page_address(page), PAGE_SIZE, 0), PAGE_SIZE);
	EXPECT_TRUE(t, page_count(page) > 1);
	recv_stream(t, pair.server, 0, PAGE_SIZE);
	/* Its acknowledgment may take a while; nothing else waits for it. */
	for (int i = 0; i < 200; i++) {
		count = page_count(page);
		if (count == 1)
			break;
		settle();
	}
	EXPECT_EQ(t, count, 1);
	pair_close(t, &pair);
	EXPECT_EQ(t, page_count(page), 1);
	/* A copy refers to nothing. */
	if (pair_open(t, &pair, 4)) {
		EXPECT_EQ(t, ukl_tcp_send(pair.client, page_address(page), PAGE_SIZE, 0),
			  PAGE_SIZE);
		EXPECT_EQ(t, page_count(page), 1);
		pair_close(t, &pair);
	}
	__free_page(page);
	return 0;
}

/* Freed before the peer has read, and others have the memory to write to. */
static int freed_at_once(struct test *t)
{
	enum { ROUNDS = 50 };

	for (enum origin from = 0; from < ORIGINS; from++) {
		size_t size = from == VMALLOC ? SZ_16K : from == COMPOUND ? SZ_8K : PAGE_SIZE;
		struct pair pair;

		if (!pair_open(t, &pair, 4))
			return 0;
		for (int i = 0; i < ROUNDS && !t->failures; i++) {
			char *memory = memory_get(from, size), *other;

			if (!memory)
				return 0;
			stream_fill(memory, size, SEED, i * size);
			EXPECT_EQ(t, ukl_tcp_send_pages(pair.client, memory, size, 0), size);
			memory_put(from, memory, size);
			other = memory_get(from, size);
			if (other)
				memset(other, 0xff, from == PAGE ? PAGE_SIZE : size);
			memory_put(from, other, size);
			/* Some of it stays unread for a while. */
			if (i % 8 == 7)
				recv_stream(t, pair.server, (i - 7) * size, 8 * size);
		}
		EXPECT_EQ(t, ukl_shutdown(pair.client, SHUT_WR), 0);
		recv_stream(t, pair.server, ROUNDS / 8 * 8 * size, ROUNDS % 8 * size);
		EXPECT_EQ(t, drain(pair.server), 0);
		pair_close(t, &pair);
	}
	return 0;
}

static int without_waiting(struct test *t)
{
	enum { LEN = SZ_16M };
	char *memory = vmalloc(LEN);
	struct pair pair;
	size_t sent = 0;
	ssize_t n;

	if (!memory || !pair_open(t, &pair, 4))
		return 0;
	stream_fill(memory, LEN, SEED, 0);
	n = ukl_tcp_send_pages(pair.client, memory, LEN, MSG_DONTWAIT);
	EXPECT_TRUE(t, n > 0 && n < LEN);
	for (int quiet = 0; quiet < 2;) {
		if (n > 0) {
			sent += n;
			quiet = 0;
		} else {
			EXPECT_EQ(t, n, -EAGAIN);
			quiet++;
			settle();
		}
		n = ukl_tcp_send_pages(pair.client, memory + sent, LEN - sent, MSG_DONTWAIT);
	}
	EXPECT_EQ(t, n, -EAGAIN);
	test_log(t, "%zu bytes were taken\n", sent);
	vfree(memory);
	EXPECT_EQ(t, ukl_shutdown(pair.client, SHUT_WR), 0);
	recv_stream(t, pair.server, 0, sent);
	EXPECT_EQ(t, ukl_tcp_recv(pair.server, &n, 1, 0), 0);
	pair_close(t, &pair);
	return 0;
}

static int child_send_pages(void *data)
{
	struct child *child = data;

	child->result = ukl_tcp_send_pages(child->sock, child->buf, child->len, child->flags);
	return child->result;
}

static int what_ends_a_wait(struct test *t)
{
	enum { LEN = SZ_16M };
	char *memory = vmalloc(LEN);
	struct child child = { .buf = memory, .len = LEN };
	struct peer peer;
	struct pair pair;
	long sent;

	if (!memory)
		return 0;
	stream_fill(memory, LEN, SEED, 0);
	/* Room. */
	if (!pair_open(t, &pair, 4))
		return 0;
	child.sock = pair.client;
	if (!child_start(t, &child, child_send_pages))
		return 0;
	recv_stream(t, pair.server, 0, LEN);
	EXPECT_EQ(t, child_end(t, &child), LEN);
	/* A stop request, and what had been sent by then counts. */
	if (!child_start(t, &child, child_send_pages))
		return 0;
	EXPECT_EQ(t, ukl_thread_stop(child.thread), 0);
	sent = child_end(t, &child);
	EXPECT_TRUE(t, sent > 0 && sent < LEN);
	EXPECT_EQ(t, ukl_shutdown(pair.client, SHUT_WR), 0);
	recv_stream(t, pair.server, 0, sent);
	EXPECT_EQ(t, ukl_tcp_recv(pair.server, &sent, 1, 0), 0);
	EXPECT_EQ(t, ukl_tcp_send_pages(pair.client, memory, 1, 0), -EPIPE);
	pair_close(t, &pair);
	/* Closing the socket. */
	if (!pair_open(t, &pair, 4))
		return 0;
	child.sock = pair.client;
	if (!child_start(t, &child, child_send_pages))
		return 0;
	EXPECT_EQ(t, ukl_close(pair.client), 0);
	sent = child_end(t, &child);
	EXPECT_TRUE(t, sent > 0 && sent < LEN);
	EXPECT_EQ(t, ukl_close(pair.server), 0);
	EXPECT_EQ(t, ukl_close(pair.listener), 0);
	/* A reset. */
	if (!peer_open(t, &peer))
		return 0;
	child.sock = peer.sock;
	if (!child_start(t, &child, child_send_pages))
		return 0;
	peer_reset(&peer);
	sent = child_end(t, &child);
	EXPECT_TRUE(t, sent > 0 && sent < LEN);
	sent = ukl_tcp_send_pages(peer.sock, memory, 1, 0);
	EXPECT_TRUE(t, sent == -ECONNRESET || sent == -EPIPE);
	EXPECT_EQ(t, ukl_tcp_send_pages(peer.sock, memory, 1, 0), -EPIPE);
	EXPECT_EQ(t, ukl_close(peer.sock), 0);
	EXPECT_EQ(t, ukl_close(peer.listener), 0);
	vfree(memory);
	return 0;
}

static int bad_arguments(struct test *t)
{
	static const unsigned int flags[] = {
		MSG_OOB, MSG_PEEK, MSG_EOR, MSG_WAITALL, MSG_ZEROCOPY, MSG_SPLICE_PAGES,
		MSG_FASTOPEN, 1U << 31, ~0U, MSG_DONTWAIT | MSG_OOB,
	};
	static const size_t lengths[] = { (size_t)INT_MAX + 1, UINT_MAX, SZ_8G };
	struct ukl_sock *socks[] = { NULL, ERR_PTR(-ENOMEM), ERR_PTR(-1), ERR_PTR(-MAX_ERRNO) };
	void *bad[] = { NULL, (void *)1, (void *)0x1000, (void *)0x7ffffffff000 };
	char *page = (char *)get_zeroed_page(GFP_KERNEL);
	struct pair pair;
	char byte;

	if (!page || !pair_open(t, &pair, 4))
		return 0;
	for (int i = 0; i < ARRAY_SIZE(socks); i++)
		EXPECT_EQ(t, ukl_tcp_send_pages(socks[i], page, 1, 0), -ENOTSOCK);
	for (int i = 0; i < ARRAY_SIZE(flags); i++)
		EXPECT_EQ(t, ukl_tcp_send_pages(pair.client, page, 1, flags[i]), -EINVAL);
	for (int i = 0; i < ARRAY_SIZE(lengths); i++)
		EXPECT_EQ(t, ukl_tcp_send_pages(pair.client, page, lengths[i], 0), -EMSGSIZE);
	for (int i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_EQ(t, ukl_tcp_send_pages(pair.client, bad[i], 1, 0), -EFAULT);
	EXPECT_EQ(t, ukl_tcp_send_pages(pair.client, (void *)-4096UL, 8192, 0), -EFAULT);
	EXPECT_EQ(t, ukl_tcp_send_pages(pair.client, page, 0, 0), 0);
	EXPECT_EQ(t, ukl_tcp_send_pages(pair.client, NULL, 0, 0), 0);
	EXPECT_EQ(t, ukl_tcp_send_pages(pair.listener, page, 1, 0), -EPIPE);
	EXPECT_EQ(t, signal_pending(current), 0);
	EXPECT_EQ(t, ukl_tcp_recv(pair.server, &byte, 1, MSG_DONTWAIT), -EAGAIN);
	free_page((unsigned long)page);
	pair_close(t, &pair);
	return 0;
}

/* Memory whose pages are not the application's to count: none of it is sent, not even in part. */
static int memory_of_another_kind(struct test *t)
{
	static const size_t sizes[] = { 8, 100, 1024, 4096, 8192, SZ_16K, SZ_64K, SZ_1M };
	struct page *loose = alloc_pages(GFP_KERNEL | __GFP_ZERO, 2);
	struct kmem_cache *cache = kmem_cache_create("ukl_test", 200, 0, 0, NULL);
	void *object = cache ? kmem_cache_alloc(cache, GFP_KERNEL) : NULL;
	struct pair pair;
	char byte;

	if (!loose || !object || !pair_open(t, &pair, 4))
		return 0;
	for (int i = 0; i < ARRAY_SIZE(sizes); i++) {
		char *memory = kzalloc(sizes[i], GFP_KERNEL);

		if (!memory)
			return 0;
		EXPECT_EQ(t, ukl_tcp_send_pages(pair.client, memory, sizes[i], 0), -EINVAL);
		EXPECT_EQ(t, ukl_tcp_send_pages(pair.client, memory + 1, 1, 0), -EINVAL);
		kfree(memory);
	}
	EXPECT_EQ(t, ukl_tcp_send_pages(pair.client, object, 200, 0), -EINVAL);
	EXPECT_EQ(t, ukl_tcp_send_pages(pair.client, data_of_a_module, 256, 0), -EINVAL);
	EXPECT_EQ(t, ukl_tcp_send_pages(pair.client, constant_of_a_module, 256, 0), -EINVAL);
	EXPECT_EQ(t, ukl_tcp_send_pages(pair.client, memory_of_another_kind, 16, 0), -EINVAL);
	/* Of the kernel's image. */
	EXPECT_EQ(t, ukl_tcp_send_pages(pair.client, &init_net, 16, 0), -EINVAL);
	EXPECT_EQ(t, ukl_tcp_send_pages(pair.client, page_address(ZERO_PAGE(0)), 16, 0), -EINVAL);
	/* Without __GFP_COMP, only the first page has a count. */
	EXPECT_EQ(t, ukl_tcp_send_pages(pair.client, page_address(loose), 4 * PAGE_SIZE, 0),
		  -EINVAL);
	EXPECT_EQ(t, ukl_tcp_send_pages(pair.client, page_address(loose) + PAGE_SIZE, 1, 0),
		  -EINVAL);
	EXPECT_EQ(t, ukl_tcp_recv(pair.server, &byte, 1, MSG_DONTWAIT), -EAGAIN);
	__free_pages(loose, 2);
	kmem_cache_free(cache, object);
	kmem_cache_destroy(cache);
	pair_close(t, &pair);
	return 0;
}

/* Addresses of vmalloc() with no pages behind them: registers of the interrupt controller. */
static int memory_of_a_device(struct test *t)
{
	void __iomem *registers = ioremap(0xfec00000, PAGE_SIZE);
	struct pair pair;
	char byte;

	if (!registers || !pair_open(t, &pair, 4))
		return 0;
	EXPECT_EQ(t, ukl_tcp_send_pages(pair.client, (__force void *)registers, 16, 0), -EINVAL);
	EXPECT_EQ(t, ukl_tcp_recv(pair.server, &byte, 1, MSG_DONTWAIT), -EAGAIN);
	iounmap(registers);
	pair_close(t, &pair);
	return 0;
}

const struct test_case pages_cases[] = {
	{ "pages.pieces_of_memory", pieces_of_memory },
	{ "pages.between_other_sends", between_other_sends },
	{ "pages.pages_are_referred_to", pages_are_referred_to },
	{ "pages.freed_at_once", freed_at_once },
	{ "pages.without_waiting", without_waiting },
	{ "pages.what_ends_a_wait", what_ends_a_wait },
	{ "pages.bad_arguments", bad_arguments },
	{ "pages.memory_of_another_kind", memory_of_another_kind },
	{ "pages.memory_of_a_device", memory_of_a_device },
	{ }
};
