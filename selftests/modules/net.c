// SPDX-License-Identifier: GPL-2.0
/* Connected sockets and threads that block on them, for the test cases. */
#include <linux/delay.h>
#include <linux/net.h>
#include <net/net_namespace.h>
#include <net/sock.h>

#include "test.h"

int loopback(union address *address, int family, u16 port)
{
	memset(address, 0, sizeof(*address));
	if (family == 6) {
		address->in6.sin6_family = AF_INET6;
		address->in6.sin6_addr = in6addr_loopback;
		address->in6.sin6_port = htons(port);
		return sizeof(address->in6);
	}
	address->in.sin_family = AF_INET;
	address->in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	address->in.sin_port = htons(port);
	return sizeof(address->in);
}

struct ukl_sock *listen_on(int family, u16 port)
{
	union address address;
	int len = loopback(&address, family, port);

	return ukl_tcp_listen(&address.any, len, 128);
}

struct ukl_sock *connect_to(struct ukl_sock *listener)
{
	union address address;
	int len = ukl_getsockname(listener, &address.storage);

	return len < 0 ? ERR_PTR(len) : ukl_tcp_connect(&address.any, len);
}

bool pair_open(struct test *t, struct pair *pair, int family)
{
	pair->listener = listen_on(family, 0);
	if (!EXPECT_OK(t, pair->listener))
		return false;
	pair->client = connect_to(pair->listener);
	if (!EXPECT_OK(t, pair->client))
		return false;
	pair->server = ukl_tcp_accept(pair->listener, 0);
	return EXPECT_OK(t, pair->server);
}

void pair_close(struct test *t, struct pair *pair)
{
	EXPECT_EQ(t, ukl_close(pair->client), 0);
	EXPECT_EQ(t, ukl_close(pair->server), 0);
	EXPECT_EQ(t, ukl_close(pair->listener), 0);
}

bool peer_open(struct test *t, struct peer *peer)
{
	union address address;
	int len;

	peer->far = NULL;
	peer->listener = listen_on(4, 0);
	if (!EXPECT_OK(t, peer->listener))
		return false;
	len = ukl_getsockname(peer->listener, &address.storage);
	if (sock_create_kern(&init_net, AF_INET, SOCK_STREAM, IPPROTO_TCP, &peer->far))
		return false;
	/* The type of the address parameter differs between kernels, its layout does not. */
	EXPECT_EQ(t, kernel_connect(peer->far, (void *)&address, len, 0), 0);
	peer->sock = ukl_tcp_accept(peer->listener, 0);
	if (EXPECT_OK(t, peer->sock))
		return true;
	peer_close(peer);
	return false;
}

void peer_reset(struct peer *peer)
{
	sock_no_linger(peer->far->sk);
	peer_close(peer);
}

void peer_close(struct peer *peer)
{
	sock_release(peer->far);
	peer->far = NULL;
}

int child_accept(void *data)
{
	struct child *child = data;

	child->result = PTR_ERR_OR_ZERO(ukl_tcp_accept(child->sock, child->flags));
	return child->result;
}

int child_recv(void *data)
{
	struct child *child = data;

	child->result = ukl_tcp_recv(child->sock, child->buf, child->len, child->flags);
	return child->result;
}

int child_send(void *data)
{
	struct child *child = data;

	child->result = ukl_tcp_send(child->sock, child->buf, child->len, child->flags);
	return child->result;
}

bool child_start(struct test *t, struct child *child, int (*fn)(void *))
{
	/* No call of ours returns this. */
	child->result = -EL2HLT;
	child->thread = ukl_thread_spawn(fn, child, 0);
	if (!EXPECT_OK(t, child->thread))
		return false;
	settle();
	EXPECT_EQ(t, READ_ONCE(child->result), -EL2HLT);
	return true;
}

long child_end(struct test *t, struct child *child)
{
	int status = 0;

	EXPECT_EQ(t, ukl_thread_join(child->thread, &status), 0);
	EXPECT_EQ(t, status, (int)child->result);
	return child->result;
}

void settle(void)
{
	msleep(50);
}
