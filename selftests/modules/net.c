// SPDX-License-Identifier: GPL-2.0
/* Connected sockets and threads that block on them, for the test cases. */
#include <linux/delay.h>
#include <linux/net.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
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

int unix_name(union address *address, const char *name)
{
	int len = strlen(name);

	memset(address, 0, sizeof(*address));
	address->un.sun_family = AF_UNIX;
	memcpy(address->un.sun_path, name, len);
	if (name[0] != '@')
		return offsetof(struct sockaddr_un, sun_path) + len + 1;
	address->un.sun_path[0] = 0;
	return offsetof(struct sockaddr_un, sun_path) + len;
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

	return len < 0 ? ERR_PTR(len) : ukl_tcp_connect(&address.any, len, UKL_FOREVER);
}

bool pair_open(struct test *t, struct pair *pair, int family)
{
	pair->listener = listen_on(family, 0);
	if (!EXPECT_OK(t, pair->listener))
		return false;
	pair->client = connect_to(pair->listener);
	if (!EXPECT_OK(t, pair->client))
		return false;
	pair->server = ukl_accept(pair->listener, NULL, 0);
	return EXPECT_OK(t, pair->server);
}

bool any_pair_open(struct test *t, struct pair *pair, int family)
{
	int af = family == 6 ? AF_INET6 : family == 4 ? AF_INET : AF_UNIX;
	union address address;
	int len = loopback(&address, family, 0);

	if (family == 1) {
		/* The kernel chooses a name. */
		address.any.sa_family = AF_UNIX;
		len = sizeof(sa_family_t);
	}
	pair->listener = ukl_socket(af, SOCK_STREAM, 0);
	pair->client = ukl_socket(af, SOCK_STREAM, 0);
	if (!EXPECT_OK(t, pair->listener) || !EXPECT_OK(t, pair->client))
		return false;
	EXPECT_EQ(t, ukl_bind(pair->listener, &address.any, len), 0);
	EXPECT_EQ(t, ukl_listen(pair->listener, 8), 0);
	len = ukl_getsockname(pair->listener, &address.storage);
	EXPECT_EQ(t, ukl_connect(pair->client, &address.any, len, UKL_FOREVER), 0);
	pair->server = ukl_accept(pair->listener, NULL, 0);
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
	peer->sock = ukl_accept(peer->listener, NULL, 0);
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

	child->result = PTR_ERR_OR_ZERO(ukl_accept(child->sock, NULL, child->flags));
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

int child_any_recv(void *data)
{
	struct child *child = data;

	child->result = ukl_recv(child->sock, child->buf, child->len, child->flags);
	return child->result;
}

int child_any_send(void *data)
{
	struct child *child = data;

	child->result = ukl_send(child->sock, child->buf, child->len, child->flags);
	return child->result;
}

int child_recvfrom(void *data)
{
	struct sockaddr_storage from;
	struct child *child = data;

	child->result = ukl_recvfrom(child->sock, child->buf, child->len, child->flags, &from);
	return child->result;
}

int child_recvv(void *data)
{
	struct child *child = data;
	struct kvec vec = { child->buf, child->len };

	child->result = ukl_tcp_recvv(child->sock, &vec, 1, child->flags);
	return child->result;
}

int child_sendv(void *data)
{
	struct child *child = data;
	struct kvec vec = { child->buf, child->len };

	child->result = ukl_tcp_sendv(child->sock, &vec, 1, child->flags);
	return child->result;
}

int child_any_recvv(void *data)
{
	struct child *child = data;
	struct kvec vec = { child->buf, child->len };

	child->result = ukl_recvv(child->sock, &vec, 1, child->flags);
	return child->result;
}

int child_any_sendv(void *data)
{
	struct child *child = data;
	struct kvec vec = { child->buf, child->len };

	child->result = ukl_sendv(child->sock, &vec, 1, child->flags);
	return child->result;
}

int child_connect(void *data)
{
	struct child *child = data;

	child->result = ukl_connect(child->sock, child->buf, child->len, UKL_FOREVER);
	return child->result;
}

void fill_up(struct test *t, struct ukl_sock *sock)
{
	char *buf = kzalloc(SZ_64K, GFP_KERNEL);
	int full = 0;
	ssize_t n;

	if (!buf)
		return;
	/* Room may appear when the other end has taken what is on its way. */
	while (full < 3) {
		n = ukl_send(sock, buf, SZ_64K, MSG_DONTWAIT);
		if (n == -EAGAIN)
			n = ukl_send(sock, buf, 1, MSG_DONTWAIT);
		if (n < 0) {
			EXPECT_EQ(t, n, -EAGAIN);
			full++;
			msleep(20);
		}
	}
	kfree(buf);
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
