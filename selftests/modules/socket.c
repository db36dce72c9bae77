// SPDX-License-Identifier: GPL-2.0
/* Sockets of any kind by the calls for all of them: make, bind, listen, accept, names. */
#include <linux/if_ether.h>
#include <linux/netlink.h>
#include <linux/nsproxy.h>
#include <net/net_namespace.h>
#include <net/sock.h>

#include "test.h"

static long option(struct ukl_sock *sock, int name)
{
	int value = -1, len = ukl_getsockopt(sock, SOL_SOCKET, name, &value, sizeof(value));

	return len < 0 ? len : value;
}

static int kinds_that_exist(struct test *t)
{
	static const struct {
		int family, type, protocol, want;
	} kinds[] = {
		{ AF_INET, SOCK_STREAM, 0, IPPROTO_TCP },
		{ AF_INET, SOCK_STREAM, IPPROTO_TCP, IPPROTO_TCP },
		{ AF_INET, SOCK_DGRAM, 0, IPPROTO_UDP },
		{ AF_INET, SOCK_RAW, IPPROTO_ICMP, IPPROTO_ICMP },
		{ AF_INET6, SOCK_STREAM, 0, IPPROTO_TCP },
		{ AF_INET6, SOCK_DGRAM, IPPROTO_UDP, IPPROTO_UDP },
		{ AF_UNIX, SOCK_STREAM, 0, 0 },
		{ AF_UNIX, SOCK_DGRAM, 0, 0 },
		{ AF_UNIX, SOCK_SEQPACKET, 0, 0 },
		{ AF_NETLINK, SOCK_RAW, NETLINK_ROUTE, NETLINK_ROUTE },
	};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct ukl_sock *sock;

		sock = ukl_socket(kinds[i].family, kinds[i].type, kinds[i].protocol);
		if (!EXPECT_OK(t, sock)) {
			test_log(t, "kind %zu\n", i);
			continue;
		}
		EXPECT_EQ(t, option(sock, SO_DOMAIN), kinds[i].family);
		EXPECT_EQ(t, option(sock, SO_TYPE), kinds[i].type);
		EXPECT_EQ(t, option(sock, SO_PROTOCOL), kinds[i].want);
		EXPECT_EQ(t, ukl_close(sock), 0);
	}
	return 0;
}

static int families_that_do_not_exist(struct test *t)
{
	static const int families[] = { -1, INT_MIN, AF_UNSPEC, AF_MAX, 0xffff, INT_MAX };

	for (size_t i = 0; i < ARRAY_SIZE(families); i++)
		EXPECT_ERR(t, ukl_socket(families[i], SOCK_STREAM, 0), -EAFNOSUPPORT);
	return 0;
}

static int types_that_do_not_exist(struct test *t)
{
	static const int types[] = {
		-1, INT_MIN, SOCK_PACKET + 1, 15, 16, SOCK_STREAM | SOCK_NONBLOCK,
		SOCK_STREAM | SOCK_CLOEXEC, SOCK_DGRAM | 0x100, INT_MAX,
	};

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		EXPECT_ERR(t, ukl_socket(AF_INET, types[i], 0), -EINVAL);
	/* It exists, but this family does not have it. */
	EXPECT_ERR(t, ukl_socket(AF_INET, SOCK_RDM, 0), -ESOCKTNOSUPPORT);
	EXPECT_ERR(t, ukl_socket(AF_UNIX, SOCK_RDM, 0), -ESOCKTNOSUPPORT);
	return 0;
}

static int protocols_that_do_not_exist(struct test *t)
{
	EXPECT_ERR(t, ukl_socket(AF_INET, SOCK_STREAM, IPPROTO_UDP), -EPROTONOSUPPORT);
	EXPECT_ERR(t, ukl_socket(AF_INET6, SOCK_DGRAM, IPPROTO_TCP), -EPROTONOSUPPORT);
	EXPECT_ERR(t, ukl_socket(AF_UNIX, SOCK_STREAM, 5), -EPROTONOSUPPORT);
	EXPECT_ERR(t, ukl_socket(AF_INET, SOCK_STREAM, -1), -EINVAL);
	EXPECT_ERR(t, ukl_socket(AF_INET, SOCK_STREAM, INT_MAX), -EINVAL);
	return 0;
}

/* What adopts a socket can look at it: it is in the network namespace of its task. */
static int made_in_the_namespace_of_the_task(struct test *t)
{
	union address address;
	struct socket *socket;
	struct ukl_sock *sock;
	int len;

	EXPECT_EQ(t, sock_create_kern(current->nsproxy->net_ns, AF_INET, SOCK_DGRAM, 0, &socket),
		  0);
	sock = ukl_socket(AF_INET, SOCK_DGRAM, 0);
	if (!EXPECT_OK(t, sock))
		return 0;
	len = loopback(&address, 4, 0);
	EXPECT_EQ(t, ukl_bind(sock, &address.any, len), 0);
	EXPECT_EQ(t, ukl_getsockname(sock, &address.storage), len);
	/* The same port is taken there. */
	EXPECT_EQ(t, kernel_bind(socket, (void *)&address, len), -EADDRINUSE);
	EXPECT_EQ(t, ukl_close(sock), 0);
	EXPECT_EQ(t, kernel_bind(socket, (void *)&address, len), 0);
	sock_release(socket);
	return 0;
}

/* All calls for sockets of any kind, on one handle. */
static void expect_calls(struct test *t, struct ukl_sock *sock, long want)
{
	union address address;
	int len = loopback(&address, 4, 1), value = 0;
	char byte = 0;
	struct kvec vec = { &byte, 1 };

	EXPECT_EQ(t, ukl_bind(sock, &address.any, len), want);
	EXPECT_EQ(t, ukl_listen(sock, 1), want);
	EXPECT_ERR(t, ukl_accept(sock, NULL, O_NONBLOCK), want);
	EXPECT_EQ(t, ukl_connect(sock, &address.any, len, 0), want);
	EXPECT_EQ(t, ukl_sendto(sock, &byte, 1, 0, &address.any, len), want);
	EXPECT_EQ(t, ukl_recvfrom(sock, &byte, 1, MSG_DONTWAIT, NULL), want);
	EXPECT_EQ(t, ukl_send(sock, &byte, 1, 0), want);
	EXPECT_EQ(t, ukl_recv(sock, &byte, 1, MSG_DONTWAIT), want);
	EXPECT_EQ(t, ukl_sendv(sock, &vec, 1, 0), want);
	EXPECT_EQ(t, ukl_recvv(sock, &vec, 1, MSG_DONTWAIT), want);
	EXPECT_EQ(t, ukl_setsockopt(sock, SOL_SOCKET, SO_KEEPALIVE, &value, sizeof(value)), want);
	EXPECT_EQ(t, ukl_getsockopt(sock, SOL_SOCKET, SO_TYPE, &value, sizeof(value)), want);
	EXPECT_EQ(t, ukl_shutdown(sock, SHUT_RDWR), want);
	EXPECT_EQ(t, ukl_getsockname(sock, &address.storage), want);
	EXPECT_EQ(t, ukl_getpeername(sock, &address.storage), want);
	EXPECT_EQ(t, ukl_tcp_sendv(sock, &vec, 1, 0), want);
	EXPECT_EQ(t, ukl_tcp_recvv(sock, &vec, 1, MSG_DONTWAIT), want);
	EXPECT_EQ(t, ukl_sock_to_fd(NULL, sock, 0), want);
	EXPECT_EQ(t, ukl_close(sock), want);
}

static int handles_that_are_none(struct test *t)
{
	expect_calls(t, NULL, -ENOTSOCK);
	expect_calls(t, ERR_PTR(-ENOMEM), -ENOTSOCK);
	expect_calls(t, ERR_PTR(-1), -ENOTSOCK);
	expect_calls(t, ERR_PTR(-MAX_ERRNO), -ENOTSOCK);
	return 0;
}

/* Every pointer there is, from the user half. */
static void user_pointers(struct test *t, void *bad)
{
	int len = sizeof(struct sockaddr_in), value = 0;
	union address address;
	struct kvec vec = { bad, 1 };
	struct pair pair;
	char byte = 0;

	if (!any_pair_open(t, &pair, 4))
		return;
	loopback(&address, 4, 1);
	EXPECT_EQ(t, ukl_bind(pair.client, bad, len), -EFAULT);
	EXPECT_EQ(t, ukl_connect(pair.client, bad, len, 0), -EFAULT);
	EXPECT_EQ(t, ukl_sendto(pair.client, &byte, 1, 0, bad, len), -EFAULT);
	EXPECT_EQ(t, ukl_sendto(pair.client, bad, 1, 0, NULL, 0), -EFAULT);
	EXPECT_EQ(t, ukl_send(pair.client, bad, 1, 0), -EFAULT);
	EXPECT_EQ(t, ukl_sendv(pair.client, &vec, 1, 0), -EFAULT);
	EXPECT_EQ(t, ukl_sendv(pair.client, bad, 1, 0), -EFAULT);
	EXPECT_EQ(t, ukl_send(pair.server, &byte, 1, 0), 1);
	EXPECT_EQ(t, ukl_recv(pair.client, bad, 1, 0), -EFAULT);
	EXPECT_EQ(t, ukl_recvfrom(pair.client, bad, 1, 0, NULL), -EFAULT);
	if (bad)
		EXPECT_EQ(t, ukl_recvfrom(pair.client, &byte, 1, 0, bad), -EFAULT);
	EXPECT_EQ(t, ukl_recvv(pair.client, &vec, 1, 0), -EFAULT);
	EXPECT_EQ(t, ukl_recvv(pair.client, bad, 1, 0), -EFAULT);
	EXPECT_EQ(t, ukl_setsockopt(pair.client, SOL_SOCKET, SO_KEEPALIVE, bad, sizeof(value)),
		  -EFAULT);
	EXPECT_EQ(t, ukl_getsockopt(pair.client, SOL_SOCKET, SO_TYPE, bad, sizeof(value)),
		  -EFAULT);
	EXPECT_EQ(t, ukl_getsockname(pair.client, bad), -EFAULT);
	EXPECT_EQ(t, ukl_getpeername(pair.client, bad), -EFAULT);
	if (bad)
		EXPECT_ERR(t, ukl_accept(pair.listener, bad, O_NONBLOCK), -EFAULT);
	/* The byte is still there. */
	EXPECT_EQ(t, ukl_recv(pair.client, &byte, 1, 0), 1);
	EXPECT_EQ(t, ukl_recv(pair.server, &byte, 1, MSG_DONTWAIT), -EAGAIN);
	pair_close(t, &pair);
}

static int pointers_of_the_user_half(struct test *t)
{
	user_pointers(t, NULL);
	user_pointers(t, (void *)0x1000);
	user_pointers(t, (void *)0x7fffffffe000);
	return 0;
}

static int lengths_over_int_max(struct test *t)
{
	static const size_t lengths[] = { (size_t)INT_MAX + 1, UINT_MAX, SIZE_MAX / 2 };
	struct pair pair;
	char byte = 0;

	if (!any_pair_open(t, &pair, 4))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		EXPECT_EQ(t, ukl_send(pair.client, &byte, lengths[i], 0), -EMSGSIZE);
		EXPECT_EQ(t, ukl_sendto(pair.client, &byte, lengths[i], 0, NULL, 0), -EMSGSIZE);
		EXPECT_EQ(t, ukl_recv(pair.client, &byte, lengths[i], 0), -EMSGSIZE);
		EXPECT_EQ(t, ukl_recvfrom(pair.client, &byte, lengths[i], 0, NULL), -EMSGSIZE);
	}
	pair_close(t, &pair);
	return 0;
}

static int flags_that_are_refused(struct test *t)
{
	static const unsigned int send[] = {
		MSG_OOB, MSG_PEEK, MSG_DONTROUTE, MSG_TRUNC, MSG_WAITALL, MSG_CONFIRM, MSG_ERRQUEUE,
		MSG_ZEROCOPY, MSG_SPLICE_PAGES, MSG_FASTOPEN, UKL_NSS, 1U << 31, ~0U,
		MSG_DONTWAIT | MSG_OOB,
	};
	static const unsigned int recv[] = {
		MSG_OOB, MSG_DONTROUTE, MSG_CTRUNC, MSG_EOR, MSG_ERRQUEUE, MSG_MORE, MSG_NOSIGNAL,
		UKL_NSS, 1U << 31, ~0U, MSG_DONTWAIT | MSG_OOB,
	};
	static const int accept[] = { 1, O_NONBLOCK | 1, O_NONBLOCK | O_CLOEXEC, O_CLOEXEC, -1 };
	struct pair pair;
	char byte = 0;
	struct kvec vec = { &byte, 1 };

	if (!any_pair_open(t, &pair, 4))
		return 0;
	EXPECT_EQ(t, ukl_send(pair.server, &byte, 1, 0), 1);
	for (size_t i = 0; i < ARRAY_SIZE(send); i++) {
		EXPECT_EQ(t, ukl_send(pair.client, &byte, 1, send[i]), -EINVAL);
		EXPECT_EQ(t, ukl_sendto(pair.client, &byte, 1, send[i], NULL, 0), -EINVAL);
		EXPECT_EQ(t, ukl_sendv(pair.client, &vec, 1, send[i]), -EINVAL);
		if (send[i] != UKL_NSS)
			EXPECT_EQ(t, ukl_tcp_sendv(pair.client, &vec, 1, send[i]), -EINVAL);
	}
	EXPECT_EQ(t, ukl_tcp_sendv(pair.client, &vec, 1, MSG_EOR), -EINVAL);
	for (size_t i = 0; i < ARRAY_SIZE(recv); i++) {
		EXPECT_EQ(t, ukl_recv(pair.client, &byte, 1, recv[i]), -EINVAL);
		EXPECT_EQ(t, ukl_recvfrom(pair.client, &byte, 1, recv[i], NULL), -EINVAL);
		EXPECT_EQ(t, ukl_recvv(pair.client, &vec, 1, recv[i]), -EINVAL);
		if (recv[i] != UKL_NSS)
			EXPECT_EQ(t, ukl_tcp_recvv(pair.client, &vec, 1, recv[i]), -EINVAL);
	}
	EXPECT_EQ(t, ukl_tcp_recvv(pair.client, &vec, 1, MSG_TRUNC), -EINVAL);
	for (size_t i = 0; i < ARRAY_SIZE(accept); i++)
		EXPECT_ERR(t, ukl_accept(pair.listener, NULL, accept[i]), -EINVAL);
	EXPECT_EQ(t, ukl_recv(pair.server, &byte, 1, MSG_DONTWAIT), -EAGAIN);
	EXPECT_EQ(t, ukl_recv(pair.client, &byte, 1, 0), 1);
	pair_close(t, &pair);
	return 0;
}

static int bind_that_cannot_be(struct test *t)
{
	struct ukl_sock *in = ukl_socket(AF_INET, SOCK_STREAM, 0);
	struct ukl_sock *in6 = ukl_socket(AF_INET6, SOCK_STREAM, 0);
	struct ukl_sock *other = ukl_socket(AF_INET, SOCK_STREAM, 0);
	union address address;
	int len;

	if (!EXPECT_OK(t, in) || !EXPECT_OK(t, in6) || !EXPECT_OK(t, other))
		return 0;
	len = loopback(&address, 4, 0);
	for (int bad = -1; bad < len - 1; bad++)
		EXPECT_EQ(t, ukl_bind(in, &address.any, bad), -EINVAL);
	EXPECT_EQ(t, ukl_bind(in, &address.any, sizeof(address.storage) + 1), -EINVAL);
	EXPECT_EQ(t, ukl_bind(in, &address.any, INT_MIN), -EINVAL);
	EXPECT_EQ(t, ukl_bind(in, NULL, 0), -EINVAL);

	address.in.sin_addr.s_addr = htonl(0xc0000201); /* 192.0.2.1, for documentation */
	EXPECT_EQ(t, ukl_bind(in, &address.any, len), -EADDRNOTAVAIL);
	address.any.sa_family = AF_UNIX;
	EXPECT_EQ(t, ukl_bind(in, &address.any, len), -EAFNOSUPPORT);

	len = loopback(&address, 6, 0);
	EXPECT_EQ(t, ukl_bind(in, &address.any, len), -EAFNOSUPPORT);
	EXPECT_EQ(t, ukl_bind(in6, &address.any, sizeof(address.in)), -EINVAL);
	address.any.sa_family = AF_INET;
	EXPECT_EQ(t, ukl_bind(in6, &address.any, len), -EAFNOSUPPORT);

	/* After all that it can still be bound; once. */
	len = loopback(&address, 4, 0);
	EXPECT_EQ(t, ukl_bind(in, &address.any, len), 0);
	EXPECT_EQ(t, ukl_bind(in, &address.any, len), -EINVAL);
	EXPECT_EQ(t, ukl_getsockname(in, &address.storage), len);
	EXPECT_EQ(t, ukl_bind(other, &address.any, len), -EADDRINUSE);
	EXPECT_EQ(t, ukl_close(in), 0);
	EXPECT_EQ(t, ukl_bind(other, &address.any, len), 0);
	EXPECT_EQ(t, ukl_close(other), 0);
	EXPECT_EQ(t, ukl_close(in6), 0);
	return 0;
}

static int listen_that_cannot_be(struct test *t)
{
	struct ukl_sock *udp = ukl_socket(AF_INET, SOCK_DGRAM, 0);
	struct ukl_sock *name = ukl_socket(AF_UNIX, SOCK_STREAM, 0);
	struct ukl_sock *one = ukl_socket(AF_INET, SOCK_STREAM, 0);
	struct ukl_sock *two = ukl_socket(AF_INET, SOCK_STREAM, 0);
	union address address;
	struct pair pair;
	int len, on = 1;

	if (!any_pair_open(t, &pair, 4))
		return 0;
	EXPECT_EQ(t, ukl_listen(udp, 1), -EOPNOTSUPP);
	EXPECT_EQ(t, ukl_listen(name, 1), -EINVAL);
	EXPECT_EQ(t, ukl_listen(pair.client, 1), -EINVAL);
	/* Two may share a port that is not listened on yet. */
	EXPECT_EQ(t, ukl_setsockopt(one, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), 0);
	EXPECT_EQ(t, ukl_setsockopt(two, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), 0);
	len = loopback(&address, 4, 0);
	EXPECT_EQ(t, ukl_bind(one, &address.any, len), 0);
	EXPECT_EQ(t, ukl_getsockname(one, &address.storage), len);
	EXPECT_EQ(t, ukl_bind(two, &address.any, len), 0);
	EXPECT_EQ(t, ukl_listen(one, 1), 0);
	EXPECT_EQ(t, ukl_listen(two, 1), -EADDRINUSE);
	/* Again: a new backlog. */
	EXPECT_EQ(t, ukl_listen(one, 2), 0);
	EXPECT_EQ(t, option(one, SO_ACCEPTCONN), 1);
	EXPECT_EQ(t, option(two, SO_ACCEPTCONN), 0);
	pair_close(t, &pair);
	return 0;
}

/* With none bound, the kernel chooses a port. */
static int listen_without_an_address(struct test *t)
{
	struct ukl_sock *listener = ukl_socket(AF_INET6, SOCK_STREAM, 0), *client;
	union address address, to;
	int len;

	if (!EXPECT_OK(t, listener))
		return 0;
	EXPECT_EQ(t, ukl_listen(listener, 1), 0);
	EXPECT_TRUE(t, ukl_getsockname(listener, &address.storage) > 0);
	EXPECT_TRUE(t, address.in6.sin6_port);
	len = loopback(&to, 6, ntohs(address.in6.sin6_port));
	client = ukl_tcp_connect(&to.any, len, UKL_FOREVER);
	EXPECT_OK(t, client);
	EXPECT_OK(t, ukl_accept(listener, NULL, 0));
	return 0;
}

static int accept_that_cannot_be(struct test *t)
{
	struct ukl_sock *udp = ukl_socket(AF_INET, SOCK_DGRAM, 0);
	struct ukl_sock *packets = ukl_socket(AF_UNIX, SOCK_DGRAM, 0);
	struct ukl_sock *fresh = ukl_socket(AF_INET, SOCK_STREAM, 0);
	struct ukl_sock *name = ukl_socket(AF_UNIX, SOCK_STREAM, 0);
	struct pair pair;

	if (!any_pair_open(t, &pair, 4))
		return 0;
	EXPECT_ERR(t, ukl_accept(udp, NULL, 0), -EOPNOTSUPP);
	EXPECT_ERR(t, ukl_accept(packets, NULL, 0), -EOPNOTSUPP);
	EXPECT_ERR(t, ukl_accept(fresh, NULL, 0), -EINVAL);
	EXPECT_ERR(t, ukl_accept(name, NULL, 0), -EINVAL);
	EXPECT_ERR(t, ukl_accept(pair.server, NULL, 0), -EINVAL);
	EXPECT_EQ(t, ukl_shutdown(pair.listener, SHUT_RD), 0);
	EXPECT_ERR(t, ukl_accept(pair.listener, NULL, 0), -EINVAL);
	EXPECT_ERR(t, ukl_accept(pair.listener, NULL, O_NONBLOCK), -EINVAL);
	pair_close(t, &pair);
	return 0;
}

static int accept_takes_what_waits(struct test *t)
{
	for (int i = 0; i < 3; i++) {
		int family = i == 0 ? 4 : i == 1 ? 6 : 1;
		struct ukl_sock *clients[3];
		union address address;
		struct pair pair;
		int len;

		if (!any_pair_open(t, &pair, family))
			return 0;
		EXPECT_ERR(t, ukl_accept(pair.listener, NULL, O_NONBLOCK), -EAGAIN);
		len = ukl_getsockname(pair.listener, &address.storage);
		for (int k = 0; k < 3; k++) {
			clients[k] = ukl_socket(address.any.sa_family, SOCK_STREAM, 0);
			EXPECT_EQ(t, ukl_connect(clients[k], &address.any, len, UKL_FOREVER), 0);
		}
		for (int k = 0; k < 3; k++)
			EXPECT_OK(t, ukl_accept(pair.listener, NULL, O_NONBLOCK));
		EXPECT_ERR(t, ukl_accept(pair.listener, NULL, O_NONBLOCK), -EAGAIN);
		pair_close(t, &pair);
	}
	return 0;
}

/*
 * A listener of MPTCP takes plain TCP as well. Such a connection is TCP in all it does, of which
 * SO_PEEK_OFF is what MPTCP does not have.
 */
static int accept_of_plain_tcp_by_mptcp(struct test *t)
{
	struct ukl_sock *listener = ukl_socket(AF_INET, SOCK_STREAM, IPPROTO_MPTCP);
	struct ukl_sock *client, *server;
	union address address;
	int len, offset = 1;
	char bytes[8];

	if (listener == ERR_PTR(-EPROTONOSUPPORT)) {
		test_log(t, "this kernel has no MPTCP\n");
		return 0;
	}
	len = loopback(&address, 4, 0);
	EXPECT_EQ(t, ukl_bind(listener, &address.any, len), 0);
	EXPECT_EQ(t, ukl_listen(listener, 1), 0);
	EXPECT_EQ(t, ukl_setsockopt(listener, SOL_SOCKET, SO_PEEK_OFF, &offset, sizeof(offset)),
		  -EOPNOTSUPP);
	client = connect_to(listener);
	server = ukl_accept(listener, NULL, 0);
	if (!EXPECT_OK(t, client) || !EXPECT_OK(t, server))
		return 0;
	EXPECT_EQ(t, ukl_setsockopt(server, SOL_SOCKET, SO_PEEK_OFF, &offset, sizeof(offset)), 0);
	EXPECT_EQ(t, ukl_send(client, "plain", 5, 0), 5);
	EXPECT_EQ(t, ukl_recv(server, bytes, 4, MSG_PEEK | MSG_WAITALL), 4);
	EXPECT_EQ(t, memcmp(bytes, "lain", 4), 0);
	EXPECT_EQ(t, ukl_close(server), 0);
	EXPECT_EQ(t, ukl_close(client), 0);
	EXPECT_EQ(t, ukl_close(listener), 0);
	return 0;
}

/* The address of the other end is what that end says; behind it are zeros. */
static void accepted_address(struct test *t, int family)
{
	static const u8 zeros[sizeof(struct sockaddr_storage)];
	union address mine, peer;
	struct ukl_sock *client, *server;
	struct pair pair;
	int len;

	if (!any_pair_open(t, &pair, family))
		return;
	len = ukl_getsockname(pair.listener, &mine.storage);
	client = ukl_socket(mine.any.sa_family, SOCK_STREAM, 0);
	EXPECT_EQ(t, ukl_connect(client, &mine.any, len, UKL_FOREVER), 0);
	memset(&peer, 0xa5, sizeof(peer));
	server = ukl_accept(pair.listener, &peer.storage, 0);
	if (!EXPECT_OK(t, server))
		return;
	memset(&mine, 0xa5, sizeof(mine));
	len = ukl_getsockname(client, &mine.storage);
	EXPECT_TRUE(t, len >= (int)sizeof(sa_family_t));
	EXPECT_EQ(t, memcmp(&peer, &mine, sizeof(peer)), 0);
	EXPECT_EQ(t, memcmp((u8 *)&peer + len, zeros, sizeof(peer) - len), 0);
	memset(&peer, 0xa5, sizeof(peer));
	EXPECT_EQ(t, ukl_getpeername(server, &peer.storage), len);
	EXPECT_EQ(t, memcmp(&peer, &mine, sizeof(peer)), 0);
	EXPECT_EQ(t, ukl_close(client), 0);
	EXPECT_EQ(t, ukl_close(server), 0);
	pair_close(t, &pair);
}

static int accept_tells_the_peer_ipv4(struct test *t)
{
	accepted_address(t, 4);
	return 0;
}

static int accept_tells_the_peer_ipv6(struct test *t)
{
	accepted_address(t, 6);
	return 0;
}

/* A unix client without a name has an address of its family alone. */
static int accept_tells_the_peer_unix(struct test *t)
{
	accepted_address(t, 1);
	return 0;
}

/* A client that has gone before it was accepted is accepted, and has no address. */
static int accept_of_a_peer_that_is_gone(struct test *t)
{
	static const u8 zeros[sizeof(struct sockaddr_storage)];
	struct ukl_sock *listener = listen_on(4, 0), *server;
	union address address, peer;
	struct socket *socket;
	char byte;
	int len;

	if (!EXPECT_OK(t, listener))
		return 0;
	len = ukl_getsockname(listener, &address.storage);
	EXPECT_EQ(t, sock_create_kern(&init_net, AF_INET, SOCK_STREAM, 0, &socket), 0);
	EXPECT_EQ(t, kernel_connect(socket, (void *)&address, len, 0), 0);
	sock_no_linger(socket->sk);
	sock_release(socket);
	settle();
	memset(&peer, 0xa5, sizeof(peer));
	server = ukl_accept(listener, &peer.storage, 0);
	if (!EXPECT_OK(t, server))
		return 0;
	EXPECT_EQ(t, memcmp(&peer, zeros, sizeof(peer)), 0);
	EXPECT_EQ(t, ukl_recv(server, &byte, 1, 0), -ECONNRESET);
	EXPECT_EQ(t, ukl_close(server), 0);
	EXPECT_EQ(t, ukl_close(listener), 0);
	return 0;
}

/* What moves bytes for any socket does it for each kind of stream. */
static void moves(struct test *t, int family)
{
	struct pair pair;
	char bytes[16] = "";

	if (!any_pair_open(t, &pair, family))
		return;
	EXPECT_EQ(t, ukl_recv(pair.server, bytes, 16, MSG_DONTWAIT), -EAGAIN);
	EXPECT_EQ(t, ukl_recv(pair.server, bytes, 16, MSG_DONTWAIT | MSG_PEEK), -EAGAIN);
	EXPECT_EQ(t, ukl_send(pair.client, "0123456789", 10, MSG_NOSIGNAL), 10);
	EXPECT_EQ(t, ukl_send(pair.client, "", 0, 0), 0);
	EXPECT_EQ(t, ukl_recv(pair.server, bytes, 4, MSG_PEEK), 4);
	EXPECT_EQ(t, memcmp(bytes, "0123\0", 5), 0);
	EXPECT_EQ(t, ukl_recv(pair.server, bytes, 16, MSG_PEEK), 10);
	EXPECT_EQ(t, ukl_recv(pair.server, bytes, 4, MSG_WAITALL), 4);
	EXPECT_EQ(t, memcmp(bytes, "0123456789", 10), 0);
	EXPECT_EQ(t, ukl_recv(pair.server, bytes, 16, 0), 6);
	EXPECT_EQ(t, memcmp(bytes, "456789", 6), 0);

	/* The other way, and to the peer without its address. */
	EXPECT_EQ(t, ukl_sendto(pair.server, "x", 1, MSG_DONTWAIT, NULL, 0), 1);
	EXPECT_EQ(t, ukl_recv(pair.client, bytes, 16, 0), 1);

	/* Each half by itself. */
	EXPECT_EQ(t, ukl_shutdown(pair.client, SHUT_WR), 0);
	EXPECT_EQ(t, ukl_send(pair.client, "x", 1, 0), -EPIPE);
	EXPECT_EQ(t, ukl_recv(pair.server, bytes, 16, 0), 0);
	EXPECT_EQ(t, ukl_send(pair.server, "last", 4, 0), 4);
	EXPECT_EQ(t, ukl_recv(pair.client, bytes, 16, 0), 4);
	EXPECT_EQ(t, ukl_shutdown(pair.client, SHUT_RD), 0);
	EXPECT_EQ(t, ukl_recv(pair.client, bytes, 16, 0), 0);
	EXPECT_EQ(t, signal_pending(current), 0);
	pair_close(t, &pair);
}

static int bytes_over_ipv4(struct test *t)
{
	moves(t, 4);
	return 0;
}

static int bytes_over_ipv6(struct test *t)
{
	moves(t, 6);
	return 0;
}

static int bytes_over_unix(struct test *t)
{
	moves(t, 1);
	return 0;
}

/* WAITALL by the calls for any socket: nothing less than all, but for the end. */
static void waits_for_all(struct test *t, int family)
{
	struct child child;
	struct pair pair;
	char bytes[12] = "";

	if (!any_pair_open(t, &pair, family))
		return;
	child = (struct child){
		.sock = pair.server, .buf = bytes, .len = 12, .flags = MSG_WAITALL,
	};
	if (!child_start(t, &child, child_any_recv))
		return;
	for (int i = 0; i < 3; i++) {
		EXPECT_TRUE(t, child_pending(&child));
		EXPECT_EQ(t, ukl_send(pair.client, &"abcdefghijkl"[4 * i], 4, 0), 4);
		if (i < 2)
			settle();
	}
	EXPECT_EQ(t, child_end(t, &child), 12);
	EXPECT_EQ(t, memcmp(bytes, "abcdefghijkl", 12), 0);

	if (!child_start(t, &child, child_any_recvv))
		return;
	EXPECT_EQ(t, ukl_send(pair.client, "uvw", 3, 0), 3);
	EXPECT_EQ(t, ukl_shutdown(pair.client, SHUT_WR), 0);
	EXPECT_EQ(t, child_end(t, &child), 3);
	pair_close(t, &pair);
}

static int waitall_over_tcp(struct test *t)
{
	waits_for_all(t, 4);
	return 0;
}

static int waitall_over_unix(struct test *t)
{
	waits_for_all(t, 1);
	return 0;
}

static int calls_without_a_connection(struct test *t)
{
	struct ukl_sock *tcp = ukl_socket(AF_INET, SOCK_STREAM, 0);
	struct ukl_sock *name = ukl_socket(AF_UNIX, SOCK_STREAM, 0);
	union address address;
	char byte = 0;

	if (!EXPECT_OK(t, tcp) || !EXPECT_OK(t, name))
		return 0;
	EXPECT_EQ(t, ukl_send(tcp, &byte, 1, 0), -EPIPE);
	EXPECT_EQ(t, ukl_recv(tcp, &byte, 1, 0), -ENOTCONN);
	EXPECT_EQ(t, ukl_shutdown(tcp, SHUT_RD), -ENOTCONN);
	EXPECT_EQ(t, ukl_getpeername(tcp, &address.storage), -ENOTCONN);
	EXPECT_EQ(t, ukl_send(name, &byte, 1, 0), -ENOTCONN);
	EXPECT_EQ(t, ukl_recv(name, &byte, 1, 0), -EINVAL);
	EXPECT_EQ(t, ukl_getpeername(name, &address.storage), -ENOTCONN);
	EXPECT_EQ(t, ukl_shutdown(tcp, 3), -EINVAL);
	EXPECT_EQ(t, ukl_shutdown(tcp, -1), -EINVAL);
	EXPECT_EQ(t, ukl_close(tcp), 0);
	EXPECT_EQ(t, ukl_close(name), 0);
	return 0;
}

const struct test_case socket_cases[] = {
	{ "socket.kinds_that_exist", kinds_that_exist },
	{ "socket.families_that_do_not_exist", families_that_do_not_exist },
	{ "socket.types_that_do_not_exist", types_that_do_not_exist },
	{ "socket.protocols_that_do_not_exist", protocols_that_do_not_exist },
	{ "socket.made_in_the_namespace_of_the_task", made_in_the_namespace_of_the_task },
	{ "socket.handles_that_are_none", handles_that_are_none },
	{ "socket.pointers_of_the_user_half", pointers_of_the_user_half },
	{ "socket.lengths_over_int_max", lengths_over_int_max },
	{ "socket.flags_that_are_refused", flags_that_are_refused },
	{ "socket.bind_that_cannot_be", bind_that_cannot_be },
	{ "socket.listen_that_cannot_be", listen_that_cannot_be },
	{ "socket.listen_without_an_address", listen_without_an_address },
	{ "socket.accept_that_cannot_be", accept_that_cannot_be },
	{ "socket.accept_takes_what_waits", accept_takes_what_waits },
	{ "socket.accept_of_plain_tcp_by_mptcp", accept_of_plain_tcp_by_mptcp },
	{ "socket.accept_tells_the_peer_ipv4", accept_tells_the_peer_ipv4 },
	{ "socket.accept_tells_the_peer_ipv6", accept_tells_the_peer_ipv6 },
	{ "socket.accept_tells_the_peer_unix", accept_tells_the_peer_unix },
	{ "socket.accept_of_a_peer_that_is_gone", accept_of_a_peer_that_is_gone },
	{ "socket.bytes_over_ipv4", bytes_over_ipv4 },
	{ "socket.bytes_over_ipv6", bytes_over_ipv6 },
	{ "socket.bytes_over_unix", bytes_over_unix },
	{ "socket.waitall_over_tcp", waitall_over_tcp },
	{ "socket.waitall_over_unix", waitall_over_unix },
	{ "socket.calls_without_a_connection", calls_without_a_connection },
	{ }
};
