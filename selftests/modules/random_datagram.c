// SPDX-License-Identifier: GPL-2.0
/* Pairs of datagram sockets whose both ends a thread has: what was sent and not received yet. */
#include <linux/net.h>
#include <linux/nsproxy.h>
#include <linux/slab.h>

#include "random.h"

/** DATAGRAMS - pairs of a thread */
#define DATAGRAMS	3
/** WAITING - the most datagrams on their way to an end, and their bytes: few enough to get there */
#define WAITING		6
#define WAITING_BYTES	SZ_32K

/** struct datagram - one that was sent */
struct datagram {
	u64 base;
	size_t len;
};

/** struct mouth - one end, and what is on its way to it */
struct mouth {
	struct pollable it;
	union address address;
	int len;
	struct datagram waiting[WAITING];
	unsigned int n;
	bool connected;
};

struct datagrams {
	struct tube {
		int family;
		struct mouth ends[2];
	} all[DATAGRAMS];
};

static void levels(const struct pollable *it, __poll_t *must, __poll_t *may)
{
	const struct mouth *end = container_of(it, struct mouth, it);

	*must = end->n ? EPOLLIN : 0;
	*may = *must | EPOLLOUT;
}

/* A socket that the kernel made, or the application. */
static struct ukl_sock *new_socket(struct actor *a, int af)
{
	struct socket *socket;
	struct ukl_sock *sock;
	int err;

	if (pick(a, 2)) {
		sock = CALL(a, ukl_socket, af, SOCK_DGRAM, 0);
		return made_it(a, sock) ? sock : NULL;
	}
	err = sock_create_kern(current->nsproxy->net_ns, af, SOCK_DGRAM, 0, &socket);
	if (err) {
		differ(a, "a socket of the kernel's", err, 0);
		return NULL;
	}
	sock = CALL(a, ukl_sock_adopt, socket);
	if (made_it(a, sock))
		return sock;
	sock_release(socket);
	return NULL;
}

static bool tube_open(struct actor *a, struct tube *tube)
{
	int af = tube->family == 6 ? AF_INET6 : tube->family == 4 ? AF_INET : AF_UNIX;

	for (int i = 0; i < 2; i++) {
		struct mouth *end = &tube->ends[i];

		end->n = 0;
		end->connected = false;
		end->it.sock = new_socket(a, af);
		if (!end->it.sock)
			return false;
		pollable_new(a, &end->it);
		end->len = loopback(&end->address, tube->family, 0);
		if (af == AF_UNIX) {
			end->address.any.sa_family = AF_UNIX;
			end->len = sizeof(sa_family_t);
		}
		answer(a, CALL(a, ukl_bind, end->it.sock, &end->address.any, end->len), 0, 0);
		end->len = CALL(a, ukl_getsockname, end->it.sock, &end->address.storage);
		answer(a, end->len, sizeof(sa_family_t) + 1, sizeof(end->address));
	}
	return !a->failed;
}

static void tube_close(struct actor *a, struct tube *tube)
{
	for (int i = 0; i < 2; i++) {
		struct mouth *end = &tube->ends[i];

		if (end->it.sock)
			answer(a, CALL(a, ukl_close, end->it.sock), 0, 0);
		end->it.sock = NULL;
	}
}

static void connect_end(struct actor *a, struct mouth *end, struct mouth *other)
{
	union address name;
	int len;

	answer(a, CALL(a, ukl_connect, end->it.sock, &other->address.any, other->len, 0), 0, 0);
	end->connected = true;
	memset(&name, 0xa5, sizeof(name));
	len = CALL(a, ukl_getpeername, end->it.sock, &name.storage);
	if (answer(a, len, other->len, other->len))
		same(a, &name, &other->address, sizeof(name));
}

static size_t waiting_bytes(const struct mouth *end)
{
	size_t sum = 0;

	for (unsigned int i = 0; i < end->n; i++)
		sum += end->waiting[i].len;
	return sum;
}

static void send_one(struct actor *a, struct mouth *end, struct mouth *to)
{
	struct datagram it = { pick(a, INT_MAX), pick(a, 10) ? size_up_to(a, SZ_8K) : 0 };
	int flags = good_bits(a, MSG_DONTWAIT | MSG_NOSIGNAL);
	struct ukl_sock *sock = end->it.sock;
	const char *data = pattern(it.base, 0);
	long n;

	if (to->n == WAITING || waiting_bytes(to) + it.len > WAITING_BYTES)
		return;
	switch (end->connected ? pick(a, 4) : 0) {
	case 0:
		n = CALL(a, ukl_sendto, sock, data, it.len, flags, &to->address.any, to->len);
		break;
	case 1:
		n = CALL(a, ukl_sendto, sock, data, it.len, flags, NULL, 0);
		break;
	case 2:
		n = CALL(a, ukl_send, sock, data, it.len, flags);
		break;
	case 3:
		n = CALL(a, ukl_sendv, sock, a->vec, cut(a, data, it.len), flags);
		break;
	}
	if (!answer(a, n, it.len, it.len))
		return;
	to->waiting[to->n++] = it;
	pollable_arrived(&to->it);
}

/* Which of those that wait was received: @n is what the call gave for a buffer of @len bytes. */
static int which(struct actor *a, struct mouth *end, size_t len, long n, bool whole)
{
	for (unsigned int i = 0; i < end->n; i++) {
		const struct datagram *it = &end->waiting[i];
		size_t copied = min(len, it->len);

		if (n == (whole ? it->len : copied) &&
		    !memcmp(a->buf, pattern(it->base, 0), copied))
			return i;
	}
	return -1;
}

static void receive_one(struct actor *a, struct tube *tube, struct mouth *end, struct mouth *from)
{
	size_t len = pick(a, 10) ? size_up_to(a, SZ_16K) : 0;
	int flags = good_bits(a, MSG_PEEK | MSG_TRUNC | MSG_WAITALL), i;
	struct ukl_sock *sock = end->it.sock;
	union address name;
	long n;

	if (!end->n || !pick(a, 3))
		flags |= MSG_DONTWAIT;
	put_guard(a, len);
	switch (pick(a, 3)) {
	case 0:
		n = CALL(a, ukl_recv, sock, a->buf, len, flags);
		break;
	case 1:
		n = CALL(a, ukl_recvv, sock, a->vec, cut(a, a->buf, len), flags);
		break;
	case 2:
		memset(&name, 0xa5, sizeof(name));
		n = CALL(a, ukl_recvfrom, sock, a->buf, len, flags, &name.storage);
		if (n >= 0)
			same(a, &name, &from->address, sizeof(name));
		break;
	}
	if (!guard_holds(a, len))
		return;
	/* Over loopback as well it takes its time. */
	if (n == -EAGAIN && flags & MSG_DONTWAIT && (tube->family != 1 || !end->n))
		return;
	i = which(a, end, len, n, flags & MSG_TRUNC);
	/* Those that went through another CPU may come first. */
	if (i < 0 || (i && tube->family == 1)) {
		differ(a, "one of %u datagrams, the first of %zu bytes", n, n + 1, end->n,
		       end->n ? end->waiting[0].len : 0);
		return;
	}
	if (flags & MSG_PEEK)
		return;
	end->n--;
	memmove(&end->waiting[i], &end->waiting[i + 1], (end->n - i) * sizeof(end->waiting[0]));
	if (!end->n)
		end->it.due = false;
}

static void bad_input(struct actor *a, struct tube *tube, struct mouth *end, struct mouth *to)
{
	struct ukl_sock *sock = end->it.sock;
	const char *data = pattern(0, 0);
	bool is_unix = tube->family == 1;

	switch (pick(a, 8)) {
	case 0:
		if (!end->connected)
			refused(a, CALL(a, ukl_send, sock, data, 1, 0),
				is_unix ? -ENOTCONN : -EDESTADDRREQ);
		break;
	case 1:
		if (!end->connected)
			refused(a, CALL(a, ukl_getpeername, sock, &to->address.storage), -ENOTCONN);
		break;
	case 2:
		refused(a, CALL(a, ukl_listen, sock, 1), -EOPNOTSUPP);
		break;
	case 3:
		refused_pointer(a, CALL(a, ukl_accept, sock, NULL, O_NONBLOCK), -EOPNOTSUPP);
		break;
	case 4:
		refused(a, CALL(a, ukl_sendto, sock, data, 1, 0, &to->address.any,
				-1 - pick(a, 99)), -EINVAL);
		break;
	case 5:
		/* More than there can be in one. */
		if (!is_unix)
			refused(a, CALL(a, ukl_sendto, sock, data, 65536, 0, &to->address.any,
					to->len), -EMSGSIZE);
		break;
	case 6:
		refused_pointer(a, CALL(a, ukl_sock_adopt, bad_handle(a)), -ENOTSOCK);
		break;
	case 7:
		/* It has one. */
		if (!is_unix)
			refused(a, CALL(a, ukl_bind, sock, &end->address.any, end->len), -EINVAL);
		break;
	}
}

void datagrams_step(struct actor *a)
{
	struct tube *tube = &a->datagrams->all[pick(a, DATAGRAMS)];
	unsigned int side = pick(a, 2);
	struct mouth *end = &tube->ends[side], *other = &tube->ends[!side];
	int af = tube->family == 6 ? AF_INET6 : tube->family == 4 ? AF_INET : AF_UNIX;

	if (!pick(a, 8)) {
		bad_input(a, tube, end, other);
		return;
	}
	switch (pick(a, 40)) {
	case 0 ... 17:
		send_one(a, end, other);
		break;
	case 18 ... 36:
		receive_one(a, tube, end, other);
		break;
	case 37:
		connect_end(a, end, other);
		break;
	case 38:
		options_step(a, end->it.sock, af, SOCK_DGRAM, tube->family == 1 ? 0 : IPPROTO_UDP);
		break;
	case 39:
		tube_close(a, tube);
		tube_open(a, tube);
		break;
	}
}

bool datagrams_open(struct actor *a)
{
	static const int families[DATAGRAMS] = { 4, 6, 1 };
	struct datagrams *datagrams = kzalloc(sizeof(*datagrams), GFP_KERNEL);

	a->datagrams = datagrams;
	if (!a->datagrams)
		return false;
	for (int i = 0; i < DATAGRAMS; i++) {
		struct tube *tube = &a->datagrams->all[i];

		tube->family = families[i];
		for (int k = 0; k < 2; k++) {
			tube->ends[k].it.levels = levels;
			a->pollables[a->n_pollables++] = &tube->ends[k].it;
		}
		if (!tube_open(a, tube))
			return false;
	}
	return true;
}

void datagrams_close(struct actor *a)
{
	for (int i = 0; a->datagrams && i < DATAGRAMS; i++)
		tube_close(a, &a->datagrams->all[i]);
	kfree(a->datagrams);
}
