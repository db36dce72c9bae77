// SPDX-License-Identifier: GPL-2.0
/* Receiving in place, and answering under the same lock. */
#include <linux/delay.h>
#include <linux/mutex.h>
#include <linux/net.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/tcp.h>
#include <linux/vmalloc.h>
#include <net/sock.h>

#include "../stream.h"
#include "hook.h"
#include "poll.h"

#define SEED	0x696e706cULL

/** enum greed - what a reader takes of what it is shown */
enum greed {
	ALL, NOTHING, ONE, SOME, TOO_MUCH, HUGE, ERROR,
};

/** struct reader - checks what it is shown against a stream, and takes some of it */
struct reader {
	u64 seed, random;
	size_t pos;
	/* ERROR comes from this byte on. */
	size_t limit;
	enum greed greed;
	struct stacks stacks;
	unsigned int calls, wrong, empty, modes[UKL_MODE_APP + 1];
};

static ssize_t look(void *arg, const void *data, size_t len)
{
	struct reader *r = arg;
	ssize_t take = len;

	r->calls++;
	r->modes[ukl_mode()]++;
	stacks_count(&r->stacks, current_stack_pointer);
	if (!len)
		r->empty++;
	if (stream_check(data, len, r->seed, r->pos) != len)
		r->wrong++;
	switch (r->greed) {
	case ALL:
		break;
	case NOTHING:
		take = 0;
		break;
	case ONE:
		take = 1;
		break;
	case SOME:
		take = stream_random(&r->random) % (len + 1);
		break;
	case TOO_MUCH:
		return len + 1;
	case HUGE:
		return SSIZE_MAX;
	case ERROR:
		if (r->pos >= r->limit)
			return -EPROTO;
		break;
	}
	r->pos += take;
	return take;
}

static void expect_right(struct test *t, const struct reader *r)
{
	EXPECT_EQ(t, r->wrong, 0);
	EXPECT_EQ(t, r->empty, 0);
	EXPECT_EQ(t, r->modes[UKL_MODE_APP], 0);
	EXPECT_EQ(t, r->modes[UKL_MODE_NONE], 0);
}

static ssize_t refuse(void *arg, const void *data, size_t len)
{
	unsigned int *calls = arg;

	++*calls;
	return len;
}

/** enum how - how a sender cuts its stream */
enum how {
	WHOLE, CHUNKS, MORE, BYTES, PAGES, SPLICED, HOWS
};

/** struct sender - a thread that sends a stream, and ends its half */
struct sender {
	struct ukl_sock *sock;
	size_t len, pos;
	enum how how;
	u64 seed, random;
	struct ukl_thread *thread;
	ssize_t result;
};

static int send_all(struct sender *s, const void *buf, size_t len, int flags)
{
	while (len) {
		bool pages = s->how == PAGES || s->how == SPLICED;

		s->result = pages ? ukl_tcp_send_pages(s->sock, buf, len, flags) :
				    ukl_tcp_send(s->sock, buf, len, flags);
		if (s->result <= 0)
			return -EIO;
		buf += s->result;
		len -= s->result;
		s->pos += s->result;
	}
	return 0;
}

static int sender_main(void *data)
{
	struct sender *s = data;
	void *buf = vmalloc(s->len + PAGE_SIZE);
	int err = buf ? ukl_tcp_nodelay(s->sock, s->how == BYTES || s->how == CHUNKS) : -ENOMEM;

	if (!err)
		stream_fill(buf, s->len, s->seed, 0);
	while (!err && s->pos < s->len) {
		size_t left = s->len - s->pos, chunk = left;
		int flags = 0;

		switch (s->how) {
		case WHOLE:
		case PAGES:
			break;
		case CHUNKS:
		case SPLICED:
			chunk = stream_chunk(&s->random);
			break;
		case MORE:
			chunk = 1 + stream_random(&s->random) % 3000;
			flags = chunk < left ? MSG_MORE : 0;
			break;
		default:
			chunk = 1;
		}
		err = send_all(s, buf + s->pos, min(chunk, left), flags);
	}
	vfree(buf);
	if (!err)
		err = ukl_shutdown(s->sock, SHUT_WR);
	return err;
}

static bool sender_start(struct test *t, struct sender *s, struct ukl_sock *sock, size_t len,
			 enum how how)
{
	*s = (struct sender){ .sock = sock, .len = len, .how = how, .seed = SEED, .random = len };
	s->thread = ukl_thread_spawn(sender_main, s, 0);
	return EXPECT_OK(t, s->thread);
}

static void sender_end(struct test *t, struct sender *s)
{
	int status = -1;

	EXPECT_EQ(t, ukl_thread_join(s->thread, &status), 0);
	EXPECT_EQ(t, status, 0);
}

/* Receives until the end of the stream; gives back what the last call returned. */
static ssize_t read_all(struct test *t, struct ukl_sock *sock, struct reader *r, int flags)
{
	size_t got = 0;
	ssize_t n;

	do {
		unsigned int before = r->calls;

		n = ukl_tcp_recv_inplace(sock, look, r, flags);
		if (n > 0)
			got += n;
		/* What it says it consumed is what it did. */
		if (n >= 0 && got != r->pos)
			EXPECT_EQ(t, got, r->pos);
		/* It took nothing, and that is not the end of the stream. */
		if (!n && r->calls != before)
			n = 1;
	} while (n > 0 && !t->failures);
	return n;
}

static void stream_of(struct test *t, size_t len, enum how how, enum greed greed, int flags)
{
	struct reader r = { .seed = SEED, .random = len, .greed = greed };
	unsigned int failures = t->failures;
	struct sender s;
	struct pair pair;

	if (!pair_open(t, &pair, how % 2 ? 6 : 4) || !sender_start(t, &s, pair.client, len, how))
		return;
	EXPECT_EQ(t, read_all(t, pair.server, &r, flags), 0);
	EXPECT_EQ(t, r.pos, len);
	expect_right(t, &r);
	sender_end(t, &s);
	pair_close(t, &pair);
	if (t->failures != failures)
		test_log(t, "with %zu bytes, how %d, greed %d\n", len, how, greed);
}

static int bytes_of_any_size(struct test *t)
{
	static const size_t sizes[] = {
		1, 2, 3, 7, 8, 100, 1447, 1448, 1449, 4095, 4096, 4097, 16383, 16384, 32768, 65482,
		65483, 65535, 65536, 65537, SZ_128K + 1, SZ_256K, SZ_1M,
	};

	for (int i = 0; i < ARRAY_SIZE(sizes); i++)
		stream_of(t, sizes[i], WHOLE, ALL, 0);
	return 0;
}

static int bytes_cut_in_any_way(struct test *t)
{
	stream_of(t, SZ_2M, CHUNKS, ALL, 0);
	stream_of(t, SZ_1M + 1, MORE, ALL, 0);
	stream_of(t, 3000, BYTES, ALL, 0);
	stream_of(t, SZ_1M + 3, PAGES, ALL, 0);
	stream_of(t, SZ_2M + 5, SPLICED, ALL, 0);
	return 0;
}

static int bytes_taken_in_any_way(struct test *t)
{
	stream_of(t, SZ_1M, WHOLE, SOME, 0);
	stream_of(t, SZ_1M, CHUNKS, SOME, 0);
	stream_of(t, SZ_512K, MORE, SOME, 0);
	stream_of(t, 2000, BYTES, SOME, 0);
	stream_of(t, SZ_1M, SPLICED, SOME, 0);
	stream_of(t, 5000, WHOLE, ONE, 0);
	stream_of(t, 5000, PAGES, ONE, 0);
	return 0;
}

static int bytes_on_the_same_stack(struct test *t)
{
	stream_of(t, SZ_256K, CHUNKS, SOME, UKL_NSS);
	stream_of(t, SZ_256K, SPLICED, ALL, UKL_NSS);
	return 0;
}

static int bytes_in_a_bypass(struct test *t)
{
	EXPECT_EQ(t, ukl_bypass(UKL_BYPASS_MAX), 0);
	stream_of(t, SZ_256K, CHUNKS, SOME, 0);
	EXPECT_EQ(t, ukl_bypass(UKL_BYPASS_MAX), 0);
	stream_of(t, SZ_256K, SPLICED, ALL, UKL_NSS);
	return 0;
}

static void send_stream(struct test *t, struct ukl_sock *from, struct ukl_sock *to, size_t pos,
			size_t len)
{
	char *buf = kmalloc(len, GFP_KERNEL);

	stream_fill(buf, len, SEED, pos);
	EXPECT_EQ(t, ukl_tcp_send(from, buf, len, 0), len);
	/* Seen under the lock: it is all there. */
	EXPECT_EQ(t, ukl_tcp_recv(to, buf, len, MSG_PEEK | MSG_WAITALL), len);
	kfree(buf);
}

static int partial_consumption(struct test *t)
{
	struct reader r = { .seed = SEED };
	struct pair pair;

	if (!pair_open(t, &pair, 4))
		return 0;
	send_stream(t, pair.client, pair.server, 0, 1000);
	/* Nothing: it is all still there, and that is no reason to wait. */
	r.greed = NOTHING;
	for (int i = 1; i <= 3; i++) {
		EXPECT_EQ(t, ukl_tcp_recv_inplace(pair.server, look, &r, 0), 0);
		EXPECT_EQ(t, r.calls, i);
	}
	/* Fewer than there are end the receive. */
	r.greed = ONE;
	for (int i = 1; i <= 3; i++) {
		EXPECT_EQ(t, ukl_tcp_recv_inplace(pair.server, look, &r, 0), 1);
		EXPECT_EQ(t, r.calls, 3 + i);
		EXPECT_EQ(t, r.pos, i);
	}
	r.greed = ALL;
	EXPECT_EQ(t, ukl_tcp_recv_inplace(pair.server, look, &r, 0), 997);
	EXPECT_EQ(t, ukl_tcp_recv_inplace(pair.server, look, &r, MSG_DONTWAIT), -EAGAIN);
	expect_right(t, &r);
	pair_close(t, &pair);
	return 0;
}

static int errors_of_the_consumer(struct test *t)
{
	struct reader r = { .seed = SEED };
	struct pair pair;

	if (!pair_open(t, &pair, 4))
		return 0;
	send_stream(t, pair.client, pair.server, 0, 1000);
	r.greed = ERROR;
	EXPECT_EQ(t, ukl_tcp_recv_inplace(pair.server, look, &r, 0), -EPROTO);
	EXPECT_EQ(t, ukl_tcp_recv_inplace(pair.server, look, &r, MSG_DONTWAIT), -EPROTO);
	r.greed = TOO_MUCH;
	EXPECT_EQ(t, ukl_tcp_recv_inplace(pair.server, look, &r, 0), -EINVAL);
	r.greed = HUGE;
	EXPECT_EQ(t, ukl_tcp_recv_inplace(pair.server, look, &r, 0), -EINVAL);
	EXPECT_EQ(t, r.calls, 4);
	/* None of that consumed anything. */
	r.greed = ALL;
	EXPECT_EQ(t, ukl_tcp_recv_inplace(pair.server, look, &r, 0), 1000);
	expect_right(t, &r);
	pair_close(t, &pair);
	return 0;
}

/** struct interrupted - a consumer that says it was interrupted, but answers */
struct interrupted {
	struct ukl_reply reply;
	unsigned int calls;
};

static ssize_t is_interrupted(void *arg, const void *data, size_t len)
{
	struct interrupted *in = arg;

	in->calls++;
	in->reply.data = "x";
	in->reply.len = 1;
	return -EINTR;
}

/* One that says it was interrupted is not asked again, nor is its answer sent twice. */
static int interrupted_consumer(struct test *t)
{
	struct interrupted in = { };
	struct pair pair;
	char answers[4];

	if (!pair_open(t, &pair, 4))
		return 0;
	send_stream(t, pair.client, pair.server, 0, 10);
	for (int budget = 0; budget <= 100; budget += 50) {
		EXPECT_EQ(t, ukl_bypass(budget), 0);
		EXPECT_EQ(t, ukl_tcp_recv_inplace(pair.server, is_interrupted, &in, 0), -EINTR);
	}
	EXPECT_EQ(t, in.calls, 3);
	EXPECT_EQ(t, ukl_tcp_exchange(pair.server, is_interrupted, &in, &in.reply, 0), -EINTR);
	EXPECT_EQ(t, in.reply.sent, 1);
	EXPECT_EQ(t, in.calls, 4);
	EXPECT_EQ(t, ukl_tcp_recv(pair.client, answers, sizeof(answers), 0), 1);
	EXPECT_EQ(t, ukl_tcp_recv(pair.client, answers, sizeof(answers), MSG_DONTWAIT), -EAGAIN);
	pair_close(t, &pair);
	return 0;
}

/* What was consumed before an error counts first. */
static int error_after_some(struct test *t)
{
	struct reader r = { .seed = SEED, .greed = ERROR, .limit = 1 };
	void *pages = vmalloc(4 * PAGE_SIZE);
	struct pair pair;
	ssize_t n;

	if (!pages || !pair_open(t, &pair, 4))
		return 0;
	/* Each page is a buffer of its own. */
	stream_fill(pages, 4 * PAGE_SIZE, SEED, 0);
	for (int i = 0; i < 4; i++)
		EXPECT_EQ(t, ukl_tcp_send_pages(pair.client, pages + i * PAGE_SIZE, PAGE_SIZE,
						i < 3 ? MSG_MORE : 0), PAGE_SIZE);
	vfree(pages);
	pages = kmalloc(4 * PAGE_SIZE, GFP_KERNEL);
	EXPECT_EQ(t, ukl_tcp_recv(pair.server, pages, 4 * PAGE_SIZE, MSG_PEEK | MSG_WAITALL),
		  4 * PAGE_SIZE);
	kfree(pages);
	n = ukl_tcp_recv_inplace(pair.server, look, &r, 0);
	test_log(t, "%zd bytes in %u calls\n", n, r.calls);
	EXPECT_EQ(t, r.calls, 2);
	EXPECT_TRUE(t, n > 0 && n < 4 * PAGE_SIZE);
	EXPECT_EQ(t, n, r.pos);
	EXPECT_EQ(t, ukl_tcp_recv_inplace(pair.server, look, &r, 0), -EPROTO);
	r.greed = ALL;
	EXPECT_EQ(t, ukl_tcp_recv_inplace(pair.server, look, &r, 0), 4 * PAGE_SIZE - n);
	expect_right(t, &r);
	pair_close(t, &pair);
	return 0;
}

static int end_of_the_stream(struct test *t)
{
	struct reader r = { .seed = SEED };
	unsigned int calls = 0;
	struct pair pair;

	if (!pair_open(t, &pair, 4))
		return 0;
	EXPECT_EQ(t, ukl_tcp_recv_inplace(pair.server, refuse, &calls, MSG_DONTWAIT), -EAGAIN);
	send_stream(t, pair.client, pair.server, 0, 10);
	EXPECT_EQ(t, ukl_shutdown(pair.client, SHUT_WR), 0);
	EXPECT_EQ(t, ukl_tcp_recv_inplace(pair.server, look, &r, 0), 10);
	for (int i = 0; i < 3; i++)
		EXPECT_EQ(t, ukl_tcp_recv_inplace(pair.server, refuse, &calls,
						  i ? MSG_DONTWAIT : 0), 0);
	EXPECT_EQ(t, calls, 0);
	/* The other half goes on. */
	EXPECT_EQ(t, ukl_tcp_send(pair.server, "x", 1, 0), 1);
	EXPECT_EQ(t, ukl_tcp_recv_inplace(pair.client, refuse, &calls, 0), 1);
	EXPECT_EQ(t, calls, 1);
	EXPECT_EQ(t, ukl_shutdown(pair.client, SHUT_RDWR), 0);
	EXPECT_EQ(t, ukl_tcp_recv_inplace(pair.client, refuse, &calls, 0), 0);
	pair_close(t, &pair);
	return 0;
}

static int reset(struct test *t)
{
	unsigned int calls = 0;
	struct peer peer;

	if (!peer_open(t, &peer))
		return 0;
	peer_reset(&peer);
	EXPECT_EQ(t, ukl_tcp_recv_inplace(peer.sock, refuse, &calls, 0), -ECONNRESET);
	/* Told once, as everywhere. */
	EXPECT_EQ(t, ukl_tcp_recv_inplace(peer.sock, refuse, &calls, 0), 0);
	EXPECT_EQ(t, calls, 0);
	EXPECT_EQ(t, ukl_close(peer.sock), 0);
	EXPECT_EQ(t, ukl_close(peer.listener), 0);
	return 0;
}

static int bad_arguments(struct test *t)
{
	struct ukl_sock *bad[] = { NULL, ERR_PTR(-ENOMEM), ERR_PTR(-1), ERR_PTR(-MAX_ERRNO) };
	static const unsigned int flags[] = {
		MSG_PEEK, MSG_WAITALL, MSG_OOB, MSG_TRUNC, MSG_MORE, MSG_NOSIGNAL, MSG_ERRQUEUE,
		1U << 31, ~0U, MSG_DONTWAIT | MSG_PEEK,
	};
	void *places[] = { NULL, (void *)1, (void *)0x1000, (void *)0x7ffffffff000 };
	struct ukl_reply reply = { };
	unsigned int calls = 0;
	struct pair pair;

	if (!pair_open(t, &pair, 4))
		return 0;
	send_byte(t, pair.client, pair.server);
	for (int i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(t, ukl_tcp_recv_inplace(bad[i], refuse, &calls, 0), -ENOTSOCK);
		EXPECT_EQ(t, ukl_tcp_exchange(bad[i], refuse, &calls, &reply, 0), -ENOTSOCK);
	}
	for (int i = 0; i < ARRAY_SIZE(flags); i++) {
		EXPECT_EQ(t, ukl_tcp_recv_inplace(pair.server, refuse, &calls, flags[i]), -EINVAL);
		EXPECT_EQ(t, ukl_tcp_exchange(pair.server, refuse, &calls, &reply, flags[i]),
			  -EINVAL);
	}
	for (int i = 0; i < ARRAY_SIZE(places); i++)
		EXPECT_EQ(t, ukl_tcp_exchange(pair.server, refuse, &calls, places[i], 0), -EFAULT);
	EXPECT_EQ(t, ukl_tcp_recv_inplace(pair.server, NULL, &calls, 0), -EINVAL);
	EXPECT_EQ(t, ukl_tcp_exchange(pair.server, NULL, &calls, &reply, 0), -EINVAL);
	EXPECT_EQ(t, calls, 0);
	recv_byte(t, pair.server);
	/* A listener has no stream. */
	EXPECT_EQ(t, ukl_tcp_recv_inplace(pair.listener, refuse, &calls, 0), -ENOTCONN);
	EXPECT_EQ(t, ukl_tcp_recv_inplace(pair.listener, refuse, &calls, MSG_DONTWAIT), -ENOTCONN);
	EXPECT_EQ(t, ukl_tcp_exchange(pair.listener, refuse, &calls, &reply, 0), -ENOTCONN);
	EXPECT_EQ(t, calls, 0);
	pair_close(t, &pair);
	return 0;
}

static int other_sockets(struct test *t)
{
	static const struct {
		int family, type;
	} kinds[] = {
		{ AF_INET, SOCK_DGRAM }, { AF_INET6, SOCK_DGRAM }, { AF_UNIX, SOCK_STREAM },
		{ AF_UNIX, SOCK_DGRAM },
	};
	void *page = (void *)get_zeroed_page(GFP_KERNEL);
	struct ukl_reply reply = { };
	unsigned int calls = 0;
	struct ukl_sock *sock;

	for (int i = 0; i < ARRAY_SIZE(kinds); i++) {
		sock = ukl_socket(kinds[i].family, kinds[i].type, 0);
		if (!EXPECT_OK(t, sock))
			return 0;
		EXPECT_EQ(t, ukl_tcp_recv_inplace(sock, refuse, &calls, 0), -EPROTOTYPE);
		EXPECT_EQ(t, ukl_tcp_exchange(sock, refuse, &calls, &reply, 0), -EPROTOTYPE);
		EXPECT_EQ(t, ukl_tcp_send_pages(sock, page, 1, 0), -EPROTOTYPE);
		EXPECT_EQ(t, ukl_close(sock), 0);
	}
	sock = ukl_socket(AF_INET, SOCK_STREAM, 0);
	if (EXPECT_OK(t, sock)) {
		EXPECT_EQ(t, ukl_tcp_recv_inplace(sock, refuse, &calls, 0), -ENOTCONN);
		EXPECT_EQ(t, ukl_tcp_exchange(sock, refuse, &calls, &reply, 0), -ENOTCONN);
		EXPECT_EQ(t, ukl_tcp_send_pages(sock, page, 1, 0), -EPIPE);
		EXPECT_EQ(t, ukl_close(sock), 0);
	}
	EXPECT_EQ(t, calls, 0);
	free_page((unsigned long)page);
	return 0;
}

/** struct layered - an application that was given a socket with something on top */
struct layered {
	struct test *t;
	struct completion given, done;
	struct ukl_sock *sock;
};

static int try_layered(void *data)
{
	struct layered *l = data;
	struct test *t = l->t;
	struct ukl_reply reply = { };
	unsigned int calls = 0;

	wait_for_completion(&l->given);
	if (!IS_ERR(l->sock)) {
		EXPECT_EQ(t, ukl_tcp_recv_inplace(l->sock, refuse, &calls, MSG_DONTWAIT),
			  -EOPNOTSUPP);
		EXPECT_EQ(t, ukl_tcp_recv_inplace(l->sock, refuse, &calls, 0), -EOPNOTSUPP);
		EXPECT_EQ(t, ukl_tcp_exchange(l->sock, refuse, &calls, &reply, 0), -EOPNOTSUPP);
		EXPECT_EQ(t, calls, 0);
	}
	complete(&l->done);
	return 0;
}

static ssize_t answer_at_once(void *arg, const void *data, size_t len)
{
	struct ukl_reply *reply = arg;

	reply->data = "in the clear";
	reply->len = 12;
	return len;
}

static int wait_in_place(void *data)
{
	struct layered *l = data;
	unsigned int calls = 0;

	EXPECT_EQ(l->t, ukl_tcp_recv_inplace(l->sock, refuse, &calls, 0), -EOPNOTSUPP);
	EXPECT_EQ(l->t, calls, 0);
	return 0;
}

/* Two threads wait; one says so to the other end, and a while later TLS comes on top. */
static int wait_for_layer(void *data)
{
	struct layered *l = data;
	struct test *t = l->t;
	struct ukl_reply reply = { };
	struct ukl_thread *thread;

	wait_for_completion(&l->given);
	if (!IS_ERR(l->sock)) {
		thread = ukl_thread_spawn(wait_in_place, l, 0);
		EXPECT_OK(t, thread);
		EXPECT_EQ(t, ukl_tcp_send(l->sock, "?", 1, 0), 1);
		EXPECT_EQ(t, ukl_tcp_exchange(l->sock, answer_at_once, &reply, &reply, 0),
			  -EOPNOTSUPP);
		EXPECT_EQ(t, reply.len, 0);
		EXPECT_EQ(t, reply.sent, 0);
		EXPECT_EQ(t, ukl_thread_join(thread, NULL), 0);
	}
	complete(&l->done);
	return 0;
}

static int with_layer(struct test *t, int (*main)(void *data))
{
	struct layered l = { .t = t };
	struct ukl_app *app;
	int fd;

	if (kstrtoint(t->args, 10, &fd)) {
		EXPECT_EQ(t, -EINVAL, 0);
		return 0;
	}
	init_completion(&l.given);
	init_completion(&l.done);
	app = ukl_app_start("layered", main, &l);
	if (!EXPECT_OK(t, app))
		return 0;
	l.sock = ukl_sock_from_fd(app, fd);
	EXPECT_OK(t, l.sock);
	complete(&l.given);
	EXPECT_TRUE(t, wait_for_completion_killable_timeout(&l.done, 60 * HZ) > 0);
	EXPECT_EQ(t, ukl_app_stop(app), 0);
	return 0;
}

/*
 * What is in the queue of a socket with TLS or a BPF socket map on top is not what it receives.
 * ARGUMENTS: the descriptor of such a socket, with something in its queue.
 */
static int under_another_layer(struct test *t)
{
	return with_layer(t, try_layered);
}

/* ARGUMENTS: the descriptor of a socket that gets TLS when it has sent a byte. */
static int another_layer_meanwhile(struct test *t)
{
	return with_layer(t, wait_for_layer);
}

static void oob(struct test *t, struct socket *far, char byte)
{
	struct msghdr msg = { .msg_flags = MSG_OOB };
	struct kvec vec = { &byte, 1 };

	EXPECT_EQ(t, kernel_sendmsg(far, &msg, &vec, 1, 1), 1);
}

static void plain(struct test *t, struct socket *far, char *bytes, size_t len)
{
	struct msghdr msg = { };
	struct kvec vec = { bytes, len };

	EXPECT_EQ(t, kernel_sendmsg(far, &msg, &vec, 1, len), len);
}

static ssize_t gather(void *arg, const void *data, size_t len)
{
	char *to = arg;
	size_t have = strlen(to);

	memcpy(to + have, data, min(len, 15 - have));
	return len;
}

static int urgent_data(struct test *t)
{
	struct ukl_reply reply = { };
	char seen[16] = "", bytes[16] = "";
	struct peer peer;

	if (!peer_open(t, &peer))
		return 0;
	plain(t, peer.far, "ab", 2);
	oob(t, peer.far, '!');
	plain(t, peer.far, "cd", 2);
	EXPECT_EQ(t, ukl_tcp_recv(peer.sock, bytes, 2, MSG_PEEK | MSG_WAITALL), 2);
	settle();
	/* Up to the urgent byte, and no further; however often. */
	EXPECT_EQ(t, ukl_tcp_recv_inplace(peer.sock, gather, seen, 0), 2);
	EXPECT_EQ(t, strcmp(seen, "ab"), 0);
	for (int i = 0; i < 2; i++) {
		EXPECT_EQ(t, ukl_tcp_recv_inplace(peer.sock, gather, seen, 0), -EBADMSG);
		EXPECT_EQ(t, ukl_tcp_recv_inplace(peer.sock, gather, seen, MSG_DONTWAIT),
			  -EBADMSG);
		EXPECT_EQ(t, ukl_tcp_exchange(peer.sock, gather, seen, &reply, 0), -EBADMSG);
	}
	/* A plain receive leaves it out. */
	EXPECT_EQ(t, ukl_tcp_recv(peer.sock, bytes, 1, 0), 1);
	EXPECT_EQ(t, bytes[0], 'c');
	EXPECT_EQ(t, ukl_tcp_recv_inplace(peer.sock, gather, seen, 0), 1);
	EXPECT_EQ(t, strcmp(seen, "abd"), 0);
	EXPECT_EQ(t, ukl_tcp_recv_inplace(peer.sock, gather, seen, MSG_DONTWAIT), -EAGAIN);
	/* Nothing but an urgent byte: a plain receive gets past, and finds nothing more. */
	oob(t, peer.far, '!');
	settle();
	EXPECT_EQ(t, ukl_tcp_recv_inplace(peer.sock, gather, seen, 0), -EBADMSG);
	EXPECT_EQ(t, ukl_tcp_recv(peer.sock, bytes, 1, MSG_DONTWAIT), -EAGAIN);
	EXPECT_EQ(t, ukl_tcp_recv_inplace(peer.sock, gather, seen, MSG_DONTWAIT), -EAGAIN);
	plain(t, peer.far, "e", 1);
	EXPECT_EQ(t, ukl_tcp_recv_inplace(peer.sock, gather, seen, 0), 1);
	EXPECT_EQ(t, strcmp(seen, "abde"), 0);
	peer_close(&peer);
	EXPECT_EQ(t, ukl_close(peer.sock), 0);
	EXPECT_EQ(t, ukl_close(peer.listener), 0);
	return 0;
}

static int child_inplace(void *data)
{
	struct child *child = data;

	child->result = ukl_tcp_recv_inplace(child->sock, look, child->buf, child->flags);
	return child->result;
}

static int child_exchange(void *data)
{
	struct child *child = data;
	struct ukl_reply reply = { };

	child->result = ukl_tcp_exchange(child->sock, look, child->buf, &reply, child->flags);
	return child->result;
}

static int (*const readers[])(void *data) = { child_inplace, child_exchange };

static void blocked(struct test *t, int (*fn)(void *data), int flags)
{
	struct reader r = { .seed = SEED };
	struct child child = { .buf = &r, .flags = flags };
	struct peer peer;
	struct pair pair;
	char bytes[8];

	if (!pair_open(t, &pair, 4))
		return;
	child.sock = pair.server;
	/* Bytes end the wait. */
	if (!child_start(t, &child, fn))
		return;
	EXPECT_EQ(t, r.calls, 0);
	stream_fill(bytes, 8, SEED, 0);
	EXPECT_EQ(t, ukl_tcp_send(pair.client, bytes, 8, 0), 8);
	EXPECT_EQ(t, child_end(t, &child), 8);
	expect_right(t, &r);
	/* A stop request does; the connection is as good as before. */
	if (!child_start(t, &child, fn))
		return;
	EXPECT_EQ(t, ukl_thread_stop(child.thread), 0);
	EXPECT_EQ(t, child_end(t, &child), -EINTR);
	send_byte(t, pair.client, pair.server);
	recv_byte(t, pair.server);
	/* The end of the stream does. */
	if (!child_start(t, &child, fn))
		return;
	EXPECT_EQ(t, ukl_shutdown(pair.client, SHUT_WR), 0);
	EXPECT_EQ(t, child_end(t, &child), 0);
	/* A shutdown of our own does. */
	child.sock = pair.client;
	if (!child_start(t, &child, fn))
		return;
	EXPECT_EQ(t, ukl_shutdown(pair.client, SHUT_RD), 0);
	EXPECT_EQ(t, child_end(t, &child), 0);
	pair_close(t, &pair);
	/* Closing it does. */
	if (!pair_open(t, &pair, 4))
		return;
	child.sock = pair.server;
	if (!child_start(t, &child, fn))
		return;
	EXPECT_EQ(t, ukl_close(pair.server), 0);
	EXPECT_EQ(t, child_end(t, &child), 0);
	EXPECT_EQ(t, ukl_close(pair.client), 0);
	EXPECT_EQ(t, ukl_close(pair.listener), 0);
	/* A reset does. */
	if (!peer_open(t, &peer))
		return;
	child.sock = peer.sock;
	if (!child_start(t, &child, fn))
		return;
	peer_reset(&peer);
	EXPECT_EQ(t, child_end(t, &child), -ECONNRESET);
	EXPECT_EQ(t, ukl_close(peer.sock), 0);
	EXPECT_EQ(t, ukl_close(peer.listener), 0);
	EXPECT_EQ(t, r.calls, 1);
}

static int what_ends_a_wait(struct test *t)
{
	for (int i = 0; i < ARRAY_SIZE(readers); i++) {
		blocked(t, readers[i], 0);
		blocked(t, readers[i], UKL_NSS);
	}
	return 0;
}

static int beside_other_receives(struct test *t)
{
	struct reader r = { .seed = SEED, .random = 1, .greed = SOME };
	struct pair pair;
	struct sender s;
	char *buf = kmalloc(SZ_32K, GFP_KERNEL);
	ssize_t n;

	if (!buf || !pair_open(t, &pair, 4) ||
	    !sender_start(t, &s, pair.client, SZ_2M, CHUNKS))
		return 0;
	while (r.pos < SZ_2M && !t->failures) {
		size_t len = 1 + stream_random(&r.random) % SZ_32K;

		switch (stream_random(&r.random) % 4) {
		case 0:
			n = ukl_tcp_recv(pair.server, buf, len, 0);
			EXPECT_TRUE(t, n > 0);
			EXPECT_EQ(t, stream_check(buf, n, SEED, r.pos), n);
			r.pos += n;
			break;
		case 1:
			n = ukl_tcp_recv(pair.server, buf, len, MSG_PEEK);
			EXPECT_TRUE(t, n > 0);
			EXPECT_EQ(t, stream_check(buf, n, SEED, r.pos), n);
			break;
		default:
			EXPECT_TRUE(t, ukl_tcp_recv_inplace(pair.server, look, &r, 0) >= 0);
		}
	}
	EXPECT_EQ(t, ukl_tcp_recv_inplace(pair.server, look, &r, 0), 0);
	expect_right(t, &r);
	sender_end(t, &s);
	pair_close(t, &pair);
	kfree(buf);
	return 0;
}

/** struct sharing - two threads that receive from one socket */
struct sharing {
	struct ukl_sock *sock;
	/* Under the lock of the socket. */
	struct reader reader;
	atomic_long_t got;
};

static int share(void *data)
{
	struct sharing *s = data;
	ssize_t n;

	while (s->reader.pos < SZ_2M) {
		n = ukl_tcp_recv_inplace(s->sock, look, &s->reader, 0);
		if (n < 0)
			return n;
		atomic_long_add(n, &s->got);
	}
	return 0;
}

static int two_threads_on_one_socket(struct test *t)
{
	struct sharing sharing = { .reader = { .seed = SEED, .greed = SOME } };
	struct ukl_thread *threads[2];
	struct pair pair;
	struct sender s;
	int status = -1;

	if (!pair_open(t, &pair, 4))
		return 0;
	sharing.sock = pair.server;
	for (int i = 0; i < 2; i++) {
		threads[i] = ukl_thread_spawn(share, &sharing, 0);
		if (!EXPECT_OK(t, threads[i]))
			return 0;
	}
	if (!sender_start(t, &s, pair.client, SZ_2M, CHUNKS))
		return 0;
	for (int i = 0; i < 2; i++) {
		EXPECT_EQ(t, ukl_thread_join(threads[i], &status), 0);
		EXPECT_EQ(t, status, 0);
	}
	EXPECT_EQ(t, atomic_long_read(&sharing.got), SZ_2M);
	expect_right(t, &sharing.reader);
	sender_end(t, &s);
	pair_close(t, &pair);
	return 0;
}

/* Where the consumer runs: in mode KERNEL, on the stack of the call. */
static int stack_and_mode(struct test *t)
{
	for (int i = 0; i < 3; i++) {
		struct reader r = { .seed = SEED };
		struct pair pair;

		if (!pair_open(t, &pair, 4))
			return 0;
		send_stream(t, pair.client, pair.server, 0, 100);
		EXPECT_EQ(t, ukl_bypass(i == 2), 0);
		EXPECT_EQ(t, ukl_tcp_recv_inplace(pair.server, look, &r, i == 1 ? UKL_NSS : 0),
			  100);
		EXPECT_EQ(t, ukl_mode(), UKL_MODE_APP);
		EXPECT_EQ(t, r.modes[UKL_MODE_KERNEL], r.calls);
		/* A bypass may have been cut short. */
		if (i < 2) {
			EXPECT_EQ(t, r.stacks.task, i ? 0 : r.calls);
			EXPECT_EQ(t, r.stacks.app, i ? r.calls : 0);
		}
		pair_close(t, &pair);
	}
	return 0;
}

/** struct inside - what a consumer may do, and what it may not */
struct inside {
	struct pair other;
	struct ukl_poll *poll;
	struct mutex lock; /* for nothing but to be taken */
	long results[24];
	int calls, null;
	bool memory;
};

static int nothing(void *data)
{
	return 0;
}

static ssize_t call_inside(void *arg, const void *data, size_t len)
{
	struct inside *in = arg;
	struct ukl_reply reply = { };
	union address address;
	struct ukl_event event;
	char byte = 'y';
	void *memory;
	int i = 0;

	in->null = ukl_null();
	in->results[i++] = ukl_null_same_stack();
	in->results[i++] = ukl_bypass(1);
	in->results[i++] = PTR_ERR_OR_ZERO(ukl_thread_spawn(nothing, NULL, 0));
	in->results[i++] = PTR_ERR_OR_ZERO(ukl_socket(AF_INET, SOCK_STREAM, 0));
	in->results[i++] = PTR_ERR_OR_ZERO(ukl_accept(in->other.listener, NULL, O_NONBLOCK));
	in->results[i++] = ukl_tcp_send(in->other.client, &byte, 1, 0);
	in->results[i++] = ukl_tcp_send(in->other.client, &byte, 1, UKL_NSS);
	in->results[i++] = ukl_tcp_recv(in->other.client, &byte, 1, MSG_DONTWAIT);
	in->results[i++] = ukl_send(in->other.client, &byte, 1, 0);
	in->results[i++] = ukl_recv(in->other.client, &byte, 1, MSG_DONTWAIT);
	in->results[i++] = ukl_tcp_recv_inplace(in->other.server, call_inside, arg, MSG_DONTWAIT);
	in->results[i++] = ukl_tcp_exchange(in->other.server, call_inside, arg, &reply,
					    MSG_DONTWAIT);
	in->results[i++] = ukl_shutdown(in->other.client, SHUT_RDWR);
	in->results[i++] = ukl_getsockname(in->other.client, &address.storage);
	in->results[i++] = PTR_ERR_OR_ZERO(ukl_poll_create());
	in->results[i++] = ukl_poll_add(in->poll, in->other.client, EPOLLIN, 1);
	in->results[i++] = ukl_poll_wait(in->poll, &event, 1, 0);
	in->results[i++] = PTR_ERR_OR_ZERO(ukl_file_open("/dev/null", O_RDONLY, 0));
	in->results[i++] = ukl_sleep(1);
	in->results[i++] = ukl_close(in->other.client);
	in->results[i++] = ukl_poll_close(in->poll);
	in->calls = i;
	/* What it may do. */
	memory = kmalloc(len + 100, GFP_KERNEL);
	in->memory = memory;
	kfree(memory);
	mutex_lock(&in->lock);
	mutex_unlock(&in->lock);
	return len;
}

static int calls_in_the_consumer(struct test *t)
{
	for (int i = 0; i < 6; i++) {
		struct ukl_reply reply = { };
		struct inside in = { };
		struct pair pair;

		mutex_init(&in.lock);
		in.poll = ukl_poll_create();
		if (!EXPECT_OK(t, in.poll) || !pair_open(t, &pair, 4) ||
		    !pair_open(t, &in.other, 4))
			return 0;
		send_byte(t, pair.client, pair.server);
		EXPECT_EQ(t, ukl_bypass(i % 3 == 2 ? 50 : 0), 0);
		if (i < 3)
			EXPECT_EQ(t, ukl_tcp_recv_inplace(pair.server, call_inside, &in,
							  i == 1 ? UKL_NSS : 0), 1);
		else
			EXPECT_EQ(t, ukl_tcp_exchange(pair.server, call_inside, &in, &reply,
						      i == 4 ? UKL_NSS : 0), 1);
		EXPECT_EQ(t, ukl_bypass(0), 0);
		if (i % 3 == 2)
			EXPECT_TRUE(t, in.null == 0 || in.null == -EBUSY);
		else
			EXPECT_EQ(t, in.null, -EBUSY);
		EXPECT_TRUE(t, in.calls > 20);
		for (int j = 0; j < in.calls; j++) {
			if (in.results[j] != -EBUSY)
				test_log(t, "call %d of them, round %d\n", j, i);
			EXPECT_EQ(t, in.results[j], -EBUSY);
		}
		EXPECT_TRUE(t, in.memory);
		EXPECT_EQ(t, ukl_mode(), UKL_MODE_APP);
		/* None of them did anything. */
		EXPECT_QUIET(t, in.poll);
		send_byte(t, in.other.client, in.other.server);
		EXPECT_EQ(t, drain(in.other.server), 1);
		EXPECT_EQ(t, ukl_poll_close(in.poll), 0);
		pair_close(t, &in.other);
		pair_close(t, &pair);
	}
	return 0;
}

/** struct slow - a consumer that lets another thread close the socket meanwhile */
struct slow {
	struct completion started, go;
	struct ukl_sock *sock;
};

static ssize_t consume_slowly(void *arg, const void *data, size_t len)
{
	struct slow *slow = arg;

	complete(&slow->started);
	wait_for_completion(&slow->go);
	return len;
}

static int slow_main(void *data)
{
	struct slow *slow = data;

	return ukl_tcp_recv_inplace(slow->sock, consume_slowly, slow, 0);
}

static int close_main(void *data)
{
	return ukl_close(data);
}

/* Whoever closes waits for the lock of the socket. */
static int close_during_the_consumer(struct test *t)
{
	struct ukl_thread *reader, *closer;
	int read = -1, closed = -1;
	struct slow slow;
	struct pair pair;

	if (!pair_open(t, &pair, 4))
		return 0;
	init_completion(&slow.started);
	init_completion(&slow.go);
	slow.sock = pair.server;
	send_byte(t, pair.client, pair.server);
	reader = ukl_thread_spawn(slow_main, &slow, 0);
	if (!EXPECT_OK(t, reader))
		return 0;
	wait_for_completion(&slow.started);
	closer = ukl_thread_spawn(close_main, pair.server, 0);
	EXPECT_OK(t, closer);
	settle();
	complete(&slow.go);
	EXPECT_EQ(t, ukl_thread_join(reader, &read), 0);
	EXPECT_EQ(t, read, 1);
	EXPECT_EQ(t, ukl_thread_join(closer, &closed), 0);
	EXPECT_EQ(t, closed, 0);
	EXPECT_EQ(t, ukl_tcp_recv(pair.client, &read, 1, 0), 0);
	EXPECT_EQ(t, ukl_close(pair.client), 0);
	EXPECT_EQ(t, ukl_close(pair.listener), 0);
	return 0;
}

/** struct server - answers requests of REQUEST bytes, as many as there are at once */
struct server {
	struct ukl_sock *sock;
	struct ukl_reply reply;
	struct ukl_thread *thread;
	/* A request that is not complete yet, and the answers of a batch. */
	char part[32], *answers;
	size_t have;
	unsigned long requests, batches, dirty;
	int flags;
	bool bypass;
};

enum { REQUEST = 32, ROOM = SZ_256K };

static void serve(struct server *s, const char *request)
{
	/* Bytes backwards, so that it is not just an echo. */
	for (int i = 0; i < REQUEST; i++)
		s->answers[s->reply.len++] = request[REQUEST - 1 - i];
	s->requests++;
}

static ssize_t parse(void *arg, const void *data, size_t len)
{
	struct server *s = arg;
	size_t at = 0;

	/* At the first call of a receive the length is 0, in the next ones what was made of it. */
	if (s->reply.len % REQUEST)
		s->dirty++;
	s->reply.data = s->answers;
	while (at < len && s->reply.len + REQUEST <= ROOM) {
		size_t n = min(len - at, REQUEST - s->have);

		if (!s->have && n == REQUEST) {
			serve(s, data + at);
		} else {
			memcpy(s->part + s->have, data + at, n);
			s->have += n;
			if (s->have == REQUEST) {
				serve(s, s->part);
				s->have = 0;
			}
		}
		at += n;
	}
	return at;
}

static int server_main(void *data)
{
	struct server *s = data;
	ssize_t n;

	do {
		if (s->bypass)
			ukl_bypass(100);
		/* The call sets it back. */
		s->reply.len = 17;
		s->reply.sent = 17;
		n = ukl_tcp_exchange(s->sock, parse, s, &s->reply, s->flags);
		if (n > 0) {
			ssize_t done = max(s->reply.sent, 0L);

			if (s->reply.sent < 0 && s->reply.sent != -EAGAIN)
				return s->reply.sent;
			s->batches++;
			/* What there was no room for. */
			while (done < s->reply.len) {
				ssize_t more = ukl_tcp_send(s->sock, s->answers + done,
							    s->reply.len - done, 0);

				if (more < 0)
					return more;
				done += more;
			}
		}
	} while (n > 0);
	if (!n && s->reply.sent)
		return -EBADE;
	return n;
}

static bool server_start(struct test *t, struct server *s, struct ukl_sock *sock, int flags,
			 bool bypass)
{
	*s = (struct server){ .sock = sock, .flags = flags, .bypass = bypass };
	s->answers = vmalloc(ROOM);
	if (!s->answers)
		return false;
	s->thread = ukl_thread_spawn(server_main, s, 0);
	return EXPECT_OK(t, s->thread);
}

static void server_end(struct test *t, struct server *s)
{
	int status = -1;

	EXPECT_EQ(t, ukl_thread_join(s->thread, &status), 0);
	EXPECT_EQ(t, status, 0);
	EXPECT_EQ(t, s->dirty, 0);
	vfree(s->answers);
}

/* Checks that @answers are those to @n requests from byte @pos of the stream on. */
static bool answers_are_right(const char *answers, unsigned int n, size_t pos)
{
	char request[REQUEST];

	for (unsigned int i = 0; i < n; i++, pos += REQUEST, answers += REQUEST) {
		stream_fill(request, REQUEST, SEED, pos);
		for (int j = 0; j < REQUEST; j++)
			if (answers[j] != request[REQUEST - 1 - j])
				return false;
	}
	return true;
}

/* A client that sends @batch requests, cut in @cut bytes or not, and wants their answers. */
static void converse(struct test *t, struct ukl_sock *sock, unsigned int rounds,
		     unsigned int batch, size_t cut)
{
	size_t len = batch * REQUEST, pos = 0;
	char *buf = kvmalloc(len, GFP_KERNEL);

	for (unsigned int i = 0; buf && i < rounds && !t->failures; i++, pos += len) {
		stream_fill(buf, len, SEED, pos);
		for (size_t at = 0; at < len; at += cut) {
			size_t n = min(cut, len - at);

			EXPECT_EQ(t, ukl_tcp_send(sock, buf + at, n, 0), n);
		}
		memset(buf, 0, len);
		EXPECT_EQ(t, ukl_tcp_recv(sock, buf, len, MSG_WAITALL), len);
		EXPECT_TRUE(t, answers_are_right(buf, batch, pos));
	}
	kvfree(buf);
}

static void exchanges(struct test *t, unsigned int rounds, unsigned int batch, size_t cut,
		      int flags, bool bypass)
{
	unsigned long start = jiffies;
	struct server s;
	struct pair pair;

	if (!pair_open(t, &pair, 4) || !server_start(t, &s, pair.server, flags, bypass))
		return;
	EXPECT_EQ(t, ukl_tcp_nodelay(pair.client, true), 0);
	converse(t, pair.client, rounds, batch, cut);
	EXPECT_EQ(t, ukl_shutdown(pair.client, SHUT_WR), 0);
	server_end(t, &s);
	EXPECT_EQ(t, s.requests, rounds * batch);
	test_log(t, "%u requests in %lu batches, %u ms\n", rounds * batch, s.batches,
		 jiffies_to_msecs(jiffies - start));
	pair_close(t, &pair);
}

static int ping_pong(struct test *t)
{
	exchanges(t, 2000, 1, REQUEST, 0, false);
	return 0;
}

static int ping_pong_on_the_same_stack(struct test *t)
{
	exchanges(t, 500, 1, REQUEST, UKL_NSS, false);
	return 0;
}

static int ping_pong_in_a_bypass(struct test *t)
{
	exchanges(t, 500, 1, REQUEST, 0, true);
	return 0;
}

static int batches(struct test *t)
{
	exchanges(t, 20, 100, SIZE_MAX / 2, 0, false);
	exchanges(t, 5, 2000, SIZE_MAX / 2, 0, false);
	exchanges(t, 20, 100, SIZE_MAX / 2, UKL_NSS, false);
	exchanges(t, 20, 100, SIZE_MAX / 2, 0, true);
	return 0;
}

static int requests_cut_in_any_way(struct test *t)
{
	exchanges(t, 20, 1, 1, 0, false);
	exchanges(t, 20, 10, 7, 0, false);
	exchanges(t, 20, 100, 33, 0, false);
	exchanges(t, 20, 100, 1000, 0, true);
	return 0;
}

/** struct once - answers with what it is told, and returns what it is told */
struct once {
	struct ukl_reply reply;
	const void *data;
	size_t len, len_before;
	ssize_t ret;
	unsigned int calls;
};

static ssize_t answer_once(void *arg, const void *data, size_t len)
{
	struct once *once = arg;

	once->calls++;
	once->len_before = once->reply.len;
	once->reply.data = once->data;
	once->reply.len = once->len;
	return once->ret == SSIZE_MAX ? len : once->ret;
}

static ssize_t exchange_once(struct ukl_sock *sock, struct once *once, const void *data,
			     size_t len, ssize_t ret)
{
	*once = (struct once){ .data = data, .len = len, .ret = ret };
	/* What a call finds is none of its business. */
	once->reply = (struct ukl_reply){ (void *)0x1000, SIZE_MAX, 55 };
	return ukl_tcp_exchange(sock, answer_once, once, &once->reply, MSG_DONTWAIT);
}

static int answers_of_any_kind(struct test *t)
{
	struct once once;
	struct pair pair;
	char bytes[16];

	if (!pair_open(t, &pair, 4))
		return 0;
	/* None was asked for. */
	EXPECT_EQ(t, exchange_once(pair.server, &once, "ab", 2, SSIZE_MAX), -EAGAIN);
	EXPECT_EQ(t, once.calls, 0);
	EXPECT_EQ(t, once.reply.sent, 0);
	/* None is given. */
	send_byte(t, pair.client, pair.server);
	EXPECT_EQ(t, exchange_once(pair.server, &once, NULL, 0, SSIZE_MAX), 1);
	EXPECT_EQ(t, once.calls, 1);
	EXPECT_EQ(t, once.len_before, 0);
	EXPECT_EQ(t, once.reply.sent, 0);
	/* One is given, although nothing was consumed; */
	send_byte(t, pair.client, pair.server);
	EXPECT_EQ(t, exchange_once(pair.server, &once, "ab", 2, 0), 0);
	EXPECT_EQ(t, once.reply.sent, 2);
	/* and with an error; */
	EXPECT_EQ(t, exchange_once(pair.server, &once, "cde", 3, -EPROTO), -EPROTO);
	EXPECT_EQ(t, once.reply.sent, 3);
	/* with one that is the consumer's fault; */
	EXPECT_EQ(t, exchange_once(pair.server, &once, "f", 1, 2), -EINVAL);
	EXPECT_EQ(t, once.reply.sent, 1);
	/* and as it should be. */
	EXPECT_EQ(t, exchange_once(pair.server, &once, "gh", 2, SSIZE_MAX), 1);
	EXPECT_EQ(t, once.reply.sent, 2);
	EXPECT_EQ(t, ukl_tcp_recv(pair.client, bytes, 8, MSG_WAITALL), 8);
	EXPECT_EQ(t, memcmp(bytes, "abcdefgh", 8), 0);
	EXPECT_EQ(t, ukl_tcp_recv(pair.client, bytes, 1, MSG_DONTWAIT), -EAGAIN);
	pair_close(t, &pair);
	return 0;
}

static ssize_t answer_with_what_is_there(void *arg, const void *data, size_t len)
{
	struct ukl_reply *reply = arg;

	reply->len = 3;
	return len;
}

/* Where the answer is may be said before; how long it is, in the call only. */
static int answer_from_a_place_of_the_caller(struct test *t)
{
	struct ukl_reply reply = { "abc", 3, 9 };
	unsigned int calls = 0;
	struct pair pair;
	char bytes[4] = "";

	if (!pair_open(t, &pair, 4))
		return 0;
	send_byte(t, pair.client, pair.server);
	EXPECT_EQ(t, ukl_tcp_exchange(pair.server, refuse, &calls, &reply, 0), 1);
	EXPECT_EQ(t, reply.sent, 0);
	for (int i = 0; i < 2; i++) {
		send_byte(t, pair.client, pair.server);
		EXPECT_EQ(t, ukl_tcp_exchange(pair.server, answer_with_what_is_there, &reply,
					      &reply, 0), 1);
		EXPECT_EQ(t, reply.sent, 3);
		EXPECT_EQ(t, ukl_tcp_recv(pair.client, bytes, 3, MSG_WAITALL), 3);
		EXPECT_EQ(t, strcmp(bytes, "abc"), 0);
	}
	EXPECT_EQ(t, ukl_tcp_recv(pair.client, bytes, 1, MSG_DONTWAIT), -EAGAIN);
	pair_close(t, &pair);
	return 0;
}

static int answers_that_cannot_be(struct test *t)
{
	static const size_t lengths[] = { (size_t)INT_MAX + 1, UINT_MAX, SZ_8G, SIZE_MAX };
	const void *bad[] = { NULL, (void *)1, (void *)0x1000, (void *)0x7ffffffff000 };
	struct once once;
	struct pair pair;
	char byte;

	if (!pair_open(t, &pair, 4))
		return 0;
	for (int i = 0; i < ARRAY_SIZE(bad); i++) {
		send_byte(t, pair.client, pair.server);
		EXPECT_EQ(t, exchange_once(pair.server, &once, bad[i], 1, SSIZE_MAX), 1);
		EXPECT_EQ(t, once.reply.sent, -EFAULT);
	}
	for (int i = 0; i < ARRAY_SIZE(lengths); i++) {
		send_byte(t, pair.client, pair.server);
		EXPECT_EQ(t, exchange_once(pair.server, &once, &byte, lengths[i], SSIZE_MAX), 1);
		/* One that leaves the kernel half is wrong in both ways. */
		EXPECT_TRUE(t, once.reply.sent == -EMSGSIZE || once.reply.sent == -EFAULT);
	}
	send_byte(t, pair.client, pair.server);
	EXPECT_EQ(t, exchange_once(pair.server, &once, &byte, (size_t)INT_MAX + 1, SSIZE_MAX), 1);
	EXPECT_EQ(t, once.reply.sent, -EMSGSIZE);
	/* Our half has ended. */
	EXPECT_EQ(t, ukl_shutdown(pair.server, SHUT_WR), 0);
	send_byte(t, pair.client, pair.server);
	EXPECT_EQ(t, exchange_once(pair.server, &once, "x", 1, SSIZE_MAX), 1);
	EXPECT_EQ(t, once.reply.sent, -EPIPE);
	EXPECT_EQ(t, signal_pending(current), 0);
	EXPECT_EQ(t, ukl_tcp_recv(pair.client, &byte, 1, 0), 0);
	pair_close(t, &pair);
	return 0;
}

/* The peer is gone when it is answered: the first answer makes it reset the connection. */
static int answers_to_nobody(struct test *t)
{
	struct once once;
	struct peer peer;
	char byte = 'x';
	ssize_t n = 0;

	if (!peer_open(t, &peer))
		return 0;
	plain(t, peer.far, &byte, 1);
	peer_close(&peer);
	EXPECT_EQ(t, ukl_tcp_recv(peer.sock, &byte, 1, MSG_PEEK), 1);
	settle();
	/* The request is there and the end of the stream is too: it may still want its answer. */
	EXPECT_EQ(t, exchange_once(peer.sock, &once, "x", 1, 0), 0);
	EXPECT_EQ(t, once.reply.sent, 1);
	for (int i = 0; i < 200 && once.reply.sent > 0; i++) {
		fsleep(5000);
		n = exchange_once(peer.sock, &once, "x", 1, 0);
	}
	/* Either was told: the error by the receive, or by the send. */
	EXPECT_TRUE(t, n == 0 || n == -ECONNRESET || n == -EPIPE);
	if (once.calls)
		EXPECT_TRUE(t, once.reply.sent == -EPIPE || once.reply.sent == -ECONNRESET);
	EXPECT_EQ(t, signal_pending(current), 0);
	EXPECT_EQ(t, ukl_close(peer.sock), 0);
	EXPECT_EQ(t, ukl_close(peer.listener), 0);
	return 0;
}

/* An answer that does not fit is sent in part and without waiting; then there is no room at all. */
static int answers_that_do_not_fit(struct test *t)
{
	enum { LEN = SZ_16M };
	void *answer = vmalloc(LEN), *buf = kmalloc(SZ_64K, GFP_KERNEL);
	size_t sent, got = 0;
	struct once once;
	struct pair pair;
	ssize_t n;

	if (!answer || !buf || !pair_open(t, &pair, 4))
		return 0;
	stream_fill(answer, LEN, SEED, 0);
	send_byte(t, pair.client, pair.server);
	EXPECT_EQ(t, exchange_once(pair.server, &once, answer, LEN, SSIZE_MAX), 1);
	sent = once.reply.sent;
	EXPECT_TRUE(t, once.reply.sent > 0 && once.reply.sent < LEN);
	/* More, until there is none for a single byte. */
	for (;;) {
		n = ukl_tcp_send(pair.server, answer + sent, LEN - sent, MSG_DONTWAIT);
		if (n == -EAGAIN) {
			settle();
			n = ukl_tcp_send(pair.server, answer + sent, LEN - sent, MSG_DONTWAIT);
		}
		if (n < 0)
			break;
		sent += n;
	}
	EXPECT_EQ(t, n, -EAGAIN);
	send_byte(t, pair.client, pair.server);
	EXPECT_EQ(t, exchange_once(pair.server, &once, answer + sent, 1, SSIZE_MAX), 1);
	EXPECT_EQ(t, once.reply.sent, -EAGAIN);
	/* Exactly what was said to be sent arrives. */
	EXPECT_EQ(t, ukl_shutdown(pair.server, SHUT_WR), 0);
	while ((n = ukl_tcp_recv(pair.client, buf, SZ_64K, 0)) > 0) {
		EXPECT_EQ(t, stream_check(buf, n, SEED, got), n);
		got += n;
	}
	EXPECT_EQ(t, n, 0);
	EXPECT_EQ(t, got, sent);
	pair_close(t, &pair);
	vfree(answer);
	kfree(buf);
	return 0;
}

/* Requests and answers both larger than what the connection holds, both ways at once. */
static int both_ways_at_once(struct test *t)
{
	enum { LEN = SZ_4M };
	struct sender s;
	struct server server;
	struct pair pair;
	size_t got = 0;
	char *buf = kmalloc(SZ_32K, GFP_KERNEL), left = 0;
	ssize_t n;

	if (!buf || !pair_open(t, &pair, 4) ||
	    !server_start(t, &server, pair.server, 0, false) ||
	    !sender_start(t, &s, pair.client, LEN, CHUNKS))
		return 0;
	while (got < LEN && !t->failures) {
		n = ukl_tcp_recv(pair.client, buf, SZ_32K, MSG_WAITALL);
		EXPECT_EQ(t, n, SZ_32K);
		if (n == SZ_32K)
			EXPECT_TRUE(t, answers_are_right(buf, SZ_32K / REQUEST, got));
		got += n;
	}
	server_end(t, &server);
	sender_end(t, &s);
	EXPECT_EQ(t, server.requests, LEN / REQUEST);
	EXPECT_EQ(t, ukl_tcp_recv(pair.client, &left, 1, MSG_DONTWAIT), -EAGAIN);
	pair_close(t, &pair);
	kfree(buf);
	return 0;
}

const struct test_case inplace_cases[] = {
	{ "inplace.bytes_of_any_size", bytes_of_any_size },
	{ "inplace.bytes_cut_in_any_way", bytes_cut_in_any_way },
	{ "inplace.bytes_taken_in_any_way", bytes_taken_in_any_way },
	{ "inplace.bytes_on_the_same_stack", bytes_on_the_same_stack },
	{ "inplace.interrupted_consumer", interrupted_consumer },
	{ "inplace.bytes_in_a_bypass", bytes_in_a_bypass },
	{ "inplace.partial_consumption", partial_consumption },
	{ "inplace.errors_of_the_consumer", errors_of_the_consumer },
	{ "inplace.error_after_some", error_after_some },
	{ "inplace.end_of_the_stream", end_of_the_stream },
	{ "inplace.reset", reset },
	{ "inplace.bad_arguments", bad_arguments },
	{ "inplace.other_sockets", other_sockets },
	{ "inplace.under_another_layer", under_another_layer, TEST_TASK_ARGS },
	{ "inplace.another_layer_meanwhile", another_layer_meanwhile, TEST_TASK_ARGS },
	{ "inplace.urgent_data", urgent_data },
	{ "inplace.what_ends_a_wait", what_ends_a_wait },
	{ "inplace.beside_other_receives", beside_other_receives },
	{ "inplace.two_threads_on_one_socket", two_threads_on_one_socket },
	{ "inplace.stack_and_mode", stack_and_mode },
	{ "inplace.calls_in_the_consumer", calls_in_the_consumer },
	{ "inplace.close_during_the_consumer", close_during_the_consumer },
	{ "inplace.ping_pong", ping_pong },
	{ "inplace.ping_pong_on_the_same_stack", ping_pong_on_the_same_stack },
	{ "inplace.ping_pong_in_a_bypass", ping_pong_in_a_bypass },
	{ "inplace.batches", batches },
	{ "inplace.requests_cut_in_any_way", requests_cut_in_any_way },
	{ "inplace.answers_of_any_kind", answers_of_any_kind },
	{ "inplace.answer_from_a_place_of_the_caller", answer_from_a_place_of_the_caller },
	{ "inplace.answers_that_cannot_be", answers_that_cannot_be },
	{ "inplace.answers_to_nobody", answers_to_nobody },
	{ "inplace.answers_that_do_not_fit", answers_that_do_not_fit },
	{ "inplace.both_ways_at_once", both_ways_at_once },
	{ }
};
