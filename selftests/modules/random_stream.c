// SPDX-License-Identifier: GPL-2.0
/* Connections whose both ends a thread has: what was sent, what was received, what is shut down. */
#include <linux/errno.h>
#include <linux/slab.h>

#include "random.h"

/** STREAMS - connections of a thread: the first half of them TCP over IPv4, then IPv6 and unix */
#define STREAMS		4
/** ROOM - how many bytes that nobody has received surely have room; and in how many sends */
#define ROOM		SZ_16K
#define ROOM_SENDS	24

/**
 * struct flow - one direction of a connection
 * @base: what its bytes are; see pattern()
 * @sent: how many bytes were sent
 * @received: how many of them were received
 * @sends: in how many calls, since all had been received
 * @held: the last ones may wait for more to be sent
 * @ended: the sending half is shut down
 * @deaf: the receiving half is
 */
struct flow {
	u64 base, sent, received;
	unsigned int sends;
	bool held, ended, deaf;
};

/** struct end - one end of a connection */
struct end {
	struct pollable it;
	struct flow *in, *out;
	struct stream *stream;
	union address address;
	int len;
};

/**
 * struct stream - a connection
 * @flows: what each of its ends sends
 * @broken: it may be reset: bytes came for an end that is shut down both ways
 */
struct stream {
	int family;
	struct ukl_sock *listener;
	struct end ends[2];
	struct flow flows[2];
	bool broken;
};

struct streams {
	struct stream all[STREAMS];
};

static bool is_tcp(const struct stream *s)
{
	return s->family != 1;
}

static size_t left(const struct flow *flow)
{
	return flow->sent - flow->received;
}

static bool has_room(const struct flow *flow, size_t len)
{
	return left(flow) + len <= ROOM && flow->sends <= ROOM_SENDS;
}

static bool is_over(const struct stream *s)
{
	return s->flows[0].ended && s->flows[1].ended;
}

static void levels(const struct pollable *it, __poll_t *must, __poll_t *may)
{
	const struct end *end = container_of(it, struct end, it);
	const struct flow *in = end->in, *out = end->out;
	bool over = in->ended || in->deaf;

	*must = 0;
	*may = EPOLLOUT;
	if (end->stream->broken) {
		*may = ~(__force __poll_t)0;
		return;
	}
	if (left(in) || over)
		*may |= EPOLLIN;
	if (over)
		*may |= EPOLLRDHUP;
	if (over && out->ended)
		*may |= EPOLLHUP;
	if ((left(in) && !in->held) || over)
		*must |= EPOLLIN;
	/* The end comes behind the bytes, which may have no room yet. */
	if (in->deaf || (in->ended && !left(in)))
		*must |= EPOLLRDHUP;
	if (!left(out) && !out->ended)
		*must |= EPOLLOUT;
}

static void look_for_break(struct stream *s)
{
	for (int i = 0; i < 2; i++)
		s->broken |= is_tcp(s) && s->flows[i].deaf && s->flows[!i].ended;
}

/* A socket that listens; the calls in one, or one by one. */
static struct ukl_sock *new_listener(struct actor *a, int family, union address *at, int *len)
{
	int af = family == 6 ? AF_INET6 : family == 4 ? AF_INET : AF_UNIX;
	struct ukl_sock *sock;

	*len = loopback(at, family, 0);
	if (family != 1 && pick(a, 2)) {
		sock = CALL(a, ukl_tcp_listen, &at->any, *len, 1 + pick(a, 8));
		if (!made_it(a, sock))
			return NULL;
	} else {
		if (family == 1) {
			at->any.sa_family = AF_UNIX;
			*len = sizeof(sa_family_t);
		}
		sock = CALL(a, ukl_socket, af, SOCK_STREAM, 0);
		if (!made_it(a, sock))
			return NULL;
		answer(a, CALL(a, ukl_bind, sock, &at->any, *len), 0, 0);
		answer(a, CALL(a, ukl_listen, sock, 1 + pick(a, 8)), 0, 0);
	}
	*len = CALL(a, ukl_getsockname, sock, &at->storage);
	answer(a, *len, sizeof(sa_family_t) + 1, sizeof(*at));
	return sock;
}

static struct ukl_sock *new_client(struct actor *a, int family, union address *at, int len)
{
	int af = family == 6 ? AF_INET6 : family == 4 ? AF_INET : AF_UNIX;
	struct ukl_sock *sock;

	if (family != 1 && pick(a, 2)) {
		sock = CALL(a, ukl_tcp_connect, &at->any, len, UKL_FOREVER);
		return made_it(a, sock) ? sock : NULL;
	}
	sock = CALL(a, ukl_socket, af, SOCK_STREAM, 0);
	if (!made_it(a, sock))
		return NULL;
	answer(a, CALL(a, ukl_connect, sock, &at->any, len, UKL_FOREVER), 0, 0);
	return sock;
}

static bool same_name(struct actor *a, int got, const union address *name, int len,
		      const union address *want)
{
	return answer(a, got, len, len) && same(a, name, want, sizeof(*name));
}

static bool open_stream(struct actor *a, struct stream *s)
{
	struct end *client = &s->ends[0], *server = &s->ends[1];
	union address peer;
	int len;

	memset(s->flows, 0, sizeof(s->flows));
	s->broken = false;
	s->listener = new_listener(a, s->family, &server->address, &server->len);
	if (!s->listener)
		return false;
	answer(a, PTR_ERR_OR_ZERO(CALL(a, ukl_accept, s->listener, &peer.storage, O_NONBLOCK)),
	       -EAGAIN, -EAGAIN);
	client->it.sock = new_client(a, s->family, &server->address, server->len);
	if (!client->it.sock)
		return false;
	client->len = CALL(a, ukl_getsockname, client->it.sock, &client->address.storage);
	answer(a, client->len, sizeof(sa_family_t), sizeof(peer));
	server->it.sock = CALL(a, ukl_accept, s->listener, &peer.storage, 0);
	if (!made_it(a, server->it.sock))
		return false;
	same(a, &peer, &client->address, sizeof(peer));
	for (int i = 0; i < 2; i++) {
		struct end *end = &s->ends[i];

		end->stream = s;
		end->out = &s->flows[i];
		end->in = &s->flows[!i];
		end->out->base = pick(a, INT_MAX);
		pollable_new(a, &end->it);
		/* Bytes are not to wait for those before them to be acknowledged. */
		if (is_tcp(s))
			answer(a, CALL(a, ukl_tcp_nodelay, end->it.sock, true), 0, 0);
		len = CALL(a, ukl_getpeername, end->it.sock, &peer.storage);
		same_name(a, len, &peer, s->ends[!i].len, &s->ends[!i].address);
	}
	return !a->failed;
}

static void close_sock(struct actor *a, struct ukl_sock **sock)
{
	if (!IS_ERR_OR_NULL(*sock))
		answer(a, CALL(a, ukl_close, *sock), 0, 0);
	*sock = NULL;
}

static void close_stream(struct actor *a, struct stream *s)
{
	struct linger reset = { .l_onoff = 1 };

	/* Not too many connections should stay in TIME_WAIT. */
	if (s->ends[0].it.sock && pick(a, 4))
		answer(a, CALL(a, ukl_setsockopt, s->ends[0].it.sock, SOL_SOCKET, SO_LINGER, &reset,
			       sizeof(reset)), 0, 0);
	close_sock(a, &s->ends[0].it.sock);
	close_sock(a, &s->ends[1].it.sock);
	close_sock(a, &s->listener);
}

static void sent(struct end *end, long n, bool more)
{
	struct flow *flow = end->out;

	if (n <= 0)
		return;
	flow->sent += n;
	flow->sends++;
	flow->held = more && is_tcp(end->stream);
	/* What has no room at the other end comes when there is some: it may be no edge yet. */
	if (has_room(flow, 0))
		pollable_arrived(&end->stream->ends[!(end - end->stream->ends)].it);
}

/* What is held is to be sent, so that one can wait for it. */
static void flush(struct actor *a, struct end *end)
{
	struct stream *s = end->stream;

	if (!end->in->held)
		return;
	answer(a, CALL(a, ukl_tcp_nodelay, s->ends[!(end - s->ends)].it.sock, true), 0, 0);
	end->in->held = false;
}

static ssize_t send_somehow(struct actor *a, struct end *end, size_t len, int flags)
{
	const char *data = pattern(end->out->base, end->out->sent);
	struct ukl_sock *sock = end->it.sock;

	switch (pick(a, is_tcp(end->stream) ? 6 : 3)) {
	case 0:
		return CALL(a, ukl_send, sock, data, len, flags);
	case 1:
		return CALL(a, ukl_sendto, sock, data, len, flags, NULL, 0);
	case 2:
		return CALL(a, ukl_sendv, sock, a->vec, cut(a, data, len), flags);
	case 3:
		flags |= good_bits(a, UKL_NSS);
		return CALL(a, ukl_tcp_send, sock, data, len, flags);
	case 4:
		flags |= good_bits(a, UKL_NSS);
		return CALL(a, ukl_tcp_sendv, sock, a->vec, cut(a, data, len), flags);
	default:
		flags |= good_bits(a, UKL_NSS);
		return CALL(a, ukl_tcp_send_pages, sock, data, len, flags);
	}
}

static void send_some(struct actor *a, struct end *end)
{
	static const int broken[] = { -EPIPE, -ECONNRESET, -EAGAIN, 0 };
	size_t len = pick(a, 40) ? size_up_to(a, RUN) : 0;
	int flags = good_bits(a, MSG_MORE | MSG_NOSIGNAL);
	struct flow *flow = end->out;
	bool fits;
	long n;

	if (pick(a, 4))
		flags &= ~MSG_MORE;
	fits = has_room(flow, len);
	if (!fits || !pick(a, 3))
		flags |= MSG_DONTWAIT;
	n = send_somehow(a, end, len, flags);
	if (end->stream->broken) {
		if (permitted(a, n, broken))
			answer(a, n, -MAX_ERRNO, len);
	} else if (flow->ended) {
		either(a, n, -EPIPE, len ? -EPIPE : 0);
	} else if (!(flags & MSG_DONTWAIT)) {
		answer(a, n, len, len);
	} else if (n != -EAGAIN) {
		answer(a, n, !!len, len);
	}
	sent(end, n, flags & MSG_MORE);
	look_for_break(end->stream);
	/* There was room, so it only takes time. */
	if (n == -EAGAIN && fits && !end->stream->broken) {
		n = CALL(a, ukl_send, end->it.sock, pattern(flow->base, flow->sent), len, 0);
		answer(a, n, len, len);
		sent(end, n, false);
	}
}

static ssize_t receive_somehow(struct actor *a, struct end *end, size_t len, int flags)
{
	struct ukl_sock *sock = end->it.sock;
	union address from, none = { };
	ssize_t n;

	switch (pick(a, is_tcp(end->stream) ? 5 : 3)) {
	case 0:
		return CALL(a, ukl_recv, sock, a->buf, len, flags);
	case 1:
		n = CALL(a, ukl_recvfrom, sock, a->buf, len, flags, &from.storage);
		/* TCP does not say it, for one knows it. */
		if (n > 0 && is_tcp(end->stream))
			same(a, &from, &none, sizeof(from));
		return n;
	case 2:
		return CALL(a, ukl_recvv, sock, a->vec, cut(a, a->buf, len), flags);
	case 3:
		flags |= good_bits(a, UKL_NSS);
		return CALL(a, ukl_tcp_recv, sock, a->buf, len, flags);
	default:
		flags |= good_bits(a, UKL_NSS);
		return CALL(a, ukl_tcp_recvv, sock, a->vec, cut(a, a->buf, len), flags);
	}
}

static void received(struct end *end, size_t n)
{
	struct flow *flow = end->in;

	flow->received += n;
	if (left(flow))
		return;
	flow->sends = 0;
	flow->held = false;
	end->it.due = false;
}

/* Whether a receive that found nothing, or the end, is right. */
static bool nothing_is_right(struct actor *a, struct end *end, long n, int flags)
{
	static const int broken[] = { -EAGAIN, -ECONNRESET, -EPIPE, -ENOTCONN, 0 };
	const struct flow *flow = end->in;

	if (end->stream->broken)
		return permitted(a, n, broken);
	/* Over loopback as well, bytes and the end of them take their time. */
	if (n == -EAGAIN && flags & MSG_DONTWAIT && is_tcp(end->stream) && !flow->deaf)
		return true;
	if (flow->deaf && is_tcp(end->stream))
		return answer(a, n, 0, 0);
	if (left(flow))
		return answer(a, n, 1, left(flow));
	return answer(a, n, flow->ended ? 0 : -EAGAIN, flow->ended ? 0 : -EAGAIN);
}

/* Whether to wait: something has to come. */
static int wait_or_not(struct actor *a, struct end *end)
{
	const struct flow *flow = end->in;

	if (end->stream->broken || !(left(flow) || flow->ended || flow->deaf) || !pick(a, 3))
		return MSG_DONTWAIT;
	flush(a, end);
	return 0;
}

static void receive_some(struct actor *a, struct end *end)
{
	size_t len = pick(a, 40) ? size_up_to(a, RUN) : 0;
	int flags = pick(a, 3) ? 0 : good_bits(a, MSG_PEEK | MSG_WAITALL);
	struct flow *flow = end->in;
	size_t most = min(len, left(flow));
	long n;

	flags |= len ? wait_or_not(a, end) : MSG_DONTWAIT;
	/* What is only looked at makes no room for the rest. */
	if (len > left(flow) || (flags & MSG_PEEK && !has_room(flow, 0)))
		flags &= ~MSG_WAITALL;
	put_guard(a, len);
	n = receive_somehow(a, end, len, flags);
	if (!guard_holds(a, len))
		return;
	if (!len) {
		either(a, n, 0, end->stream->broken && n < 0 ? n : -EAGAIN);
		return;
	}
	if (n <= 0) {
		nothing_is_right(a, end, n, flags);
		return;
	}
	/* All of it, if it was waited for. */
	if (!(flags & MSG_WAITALL) || flags & MSG_DONTWAIT || flow->deaf)
		answer(a, n, 1, most);
	else
		answer(a, n, most, most);
	if (!a->failed && same(a, a->buf, pattern(flow->base, flow->received), n) &&
	    !(flags & MSG_PEEK))
		received(end, n);
}

/**
 * struct consumer - what a receive in place is to do, and has done
 * @wanted: how many bytes it is to consume before it says that it wants no more
 * @error: what it says then, if it has consumed nothing of those that it is shown
 */
struct consumer {
	struct actor *a;
	struct end *end;
	size_t wanted, consumed;
	long error;
	bool called, said_no, nested;
	struct ukl_reply reply;
	size_t reply_len;
};

static ssize_t consume(void *arg, const void *data, size_t len)
{
	struct consumer *c = arg;
	struct flow *flow = c->end->in;
	size_t used = min(len, c->wanted - c->consumed);
	enum call call = c->a->call;

	if (!len || len > left(flow) - c->consumed || c->said_no) {
		differ(c->a, "bytes that were sent", len, left(flow) - c->consumed + 1);
		return -EIO;
	}
	if (!c->called && c->nested) {
		refused(c->a, CALL(c->a, ukl_null_same_stack), -EBUSY);
		refused_pointer(c->a, CALL(c->a, ukl_alloc, 1), -EBUSY);
		answer(c->a, CALL(c->a, ukl_mode), UKL_MODE_KERNEL, UKL_MODE_KERNEL);
		c->a->call = call;
	}
	c->called = true;
	c->reply.len = c->reply_len;
	if (len > RUN)
		used = min(used, RUN);
	same(c->a, data, pattern(flow->base, flow->received + c->consumed), used);
	c->consumed += used;
	c->said_no = used < len;
	return used || !c->error ? used : c->error;
}

/* What the answer of an exchange has come to. */
static void reply_is_right(struct actor *a, struct consumer *c)
{
	struct end *end = c->end;
	long n = c->reply.sent;

	if (!c->called || !c->reply_len)
		answer(a, n, 0, 0);
	else if (end->stream->broken)
		answer(a, n, -MAX_ERRNO, c->reply_len);
	else if (end->out->ended)
		answer(a, n, -EPIPE, -EPIPE);
	else if (n != -EAGAIN)
		answer(a, n, 1, c->reply_len);
	sent(end, n, false);
	look_for_break(end->stream);
}

static void read_in_place(struct actor *a, struct end *end)
{
	struct consumer c = { .a = a, .end = end, .nested = !pick(a, 8) };
	int flags = wait_or_not(a, end) | good_bits(a, UKL_NSS);
	struct ukl_sock *sock = end->it.sock;
	bool answers = pick(a, 2);
	long n;

	c.wanted = pick(a, 4) ? SIZE_MAX : pick(a, 4) ? size_up_to(a, RUN) : 0;
	if (!pick(a, 3))
		c.error = -1L - pick(a, MAX_ERRNO);
	if (answers) {
		c.reply_len = pick(a, 4) ? size_up_to(a, RUN) : 0;
		c.reply.data = pattern(end->out->base, end->out->sent);
		c.reply.len = 12345;
		n = CALL(a, ukl_tcp_exchange, sock, consume, &c, &c.reply, flags);
	} else {
		n = CALL(a, ukl_tcp_recv_inplace, sock, consume, &c, flags);
	}
	if (a->failed)
		return;
	if (!c.called) {
		nothing_is_right(a, end, n, flags);
	} else if (c.consumed) {
		answer(a, n, c.consumed, c.consumed);
	} else {
		/* The kernel's own numbers come as -EINTR. */
		either(a, n, c.error, c.error <= -ERESTARTSYS ? -EINTR : c.error);
	}
	if (answers)
		reply_is_right(a, &c);
	received(end, c.consumed);
}

static void shut_down(struct actor *a, struct end *end)
{
	int how = pick(a, 3);
	bool over = is_tcp(end->stream) && (is_over(end->stream) || end->stream->broken);

	either(a, CALL(a, ukl_shutdown, end->it.sock, how), 0, over ? -ENOTCONN : 0);
	if (how != SHUT_RD) {
		end->out->ended = true;
		end->out->held = false;
	}
	if (how != SHUT_WR)
		end->in->deaf = true;
	/* In a unix socket the other end knows at once. */
	if (!is_tcp(end->stream)) {
		end->out->deaf |= end->out->ended;
		end->in->ended |= end->in->deaf;
	}
	look_for_break(end->stream);
}

static void ask_names(struct actor *a, struct end *end)
{
	struct stream *s = end->stream;
	struct end *other = &s->ends[!(end - s->ends)];
	union address name;
	int len;

	memset(&name, 0xa5, sizeof(name));
	len = CALL(a, ukl_getsockname, end->it.sock, &name.storage);
	/* A connection that has ended may have lost its address. */
	if (is_tcp(s) && (is_over(s) || s->broken))
		answer(a, len, 1, sizeof(name));
	else
		same_name(a, len, &name, end->len, &end->address);
	memset(&name, 0xa5, sizeof(name));
	len = CALL(a, ukl_getpeername, end->it.sock, &name.storage);
	if (len == -ENOTCONN && is_tcp(s) && (is_over(s) || s->broken))
		return;
	same_name(a, len, &name, other->len, &other->address);
}

void streams_step(struct actor *a)
{
	struct stream *s = &a->streams->all[pick(a, STREAMS)];
	struct end *end = &s->ends[pick(a, 2)];
	int af = s->family == 6 ? AF_INET6 : s->family == 4 ? AF_INET : AF_UNIX;

	if (!pick(a, 8)) {
		bad_step(a, end->it.sock, s->listener, &s->ends[1].address, s->ends[1].len);
		return;
	}
	switch (pick(a, 64)) {
	case 0 ... 24:
		send_some(a, end);
		break;
	case 25 ... 46:
		receive_some(a, end);
		break;
	case 47 ... 58:
		if (is_tcp(s))
			read_in_place(a, end);
		else
			receive_some(a, end);
		break;
	case 59:
		shut_down(a, end);
		break;
	case 60:
		ask_names(a, end);
		break;
	case 61:
		if (s->broken)
			break;
		options_step(a, end->it.sock, af, SOCK_STREAM, is_tcp(s) ? IPPROTO_TCP : 0);
		break;
	default:
		/* Not before there was time for more. */
		if (pick(a, s->broken || is_over(s) ? 2 : 8))
			break;
		close_stream(a, s);
		open_stream(a, s);
		break;
	}
}

bool streams_open(struct actor *a)
{
	static const int families[STREAMS] = { 4, 4, 6, 1 };
	struct streams *streams = kzalloc(sizeof(*streams), GFP_KERNEL);

	a->streams = streams;
	if (!a->streams)
		return false;
	for (int i = 0; i < STREAMS; i++) {
		struct stream *s = &a->streams->all[i];

		s->family = families[i];
		for (int k = 0; k < 2; k++) {
			s->ends[k].it.levels = levels;
			a->pollables[a->n_pollables++] = &s->ends[k].it;
		}
		if (!open_stream(a, s))
			return false;
	}
	return true;
}

void streams_close(struct actor *a)
{
	for (int i = 0; a->streams && i < STREAMS; i++)
		close_stream(a, &a->streams->all[i]);
	kfree(a->streams);
}
