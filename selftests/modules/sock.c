// SPDX-License-Identifier: GPL-2.0
/* Sockets of any kind: adopt, shutdown, names, close. */
#include <linux/delay.h>
#include <linux/net.h>
#include <linux/slab.h>
#include <linux/tcp.h>
#include <net/net_namespace.h>
#include <net/sock.h>
#include <net/tcp.h>

#include "test.h"

static int bad_handles(struct test *t)
{
	struct ukl_sock *bad[] = { NULL, ERR_PTR(-ENOMEM), ERR_PTR(-1), ERR_PTR(-MAX_ERRNO) };
	union address address;
	char byte = 0;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(t, ukl_tcp_send(bad[i], &byte, 1, 0), -ENOTSOCK);
		EXPECT_EQ(t, ukl_tcp_recv(bad[i], &byte, 1, 0), -ENOTSOCK);
		EXPECT_ERR(t, ukl_accept(bad[i], NULL, 0), -ENOTSOCK);
		EXPECT_EQ(t, ukl_tcp_nodelay(bad[i], true), -ENOTSOCK);
		EXPECT_EQ(t, ukl_shutdown(bad[i], SHUT_WR), -ENOTSOCK);
		EXPECT_EQ(t, ukl_getsockname(bad[i], &address.storage), -ENOTSOCK);
		EXPECT_EQ(t, ukl_getpeername(bad[i], &address.storage), -ENOTSOCK);
		EXPECT_EQ(t, ukl_close(bad[i]), -ENOTSOCK);
	}
	EXPECT_ERR(t, ukl_sock_adopt(NULL), -ENOTSOCK);
	EXPECT_ERR(t, ukl_sock_adopt(ERR_PTR(-ENOMEM)), -ENOTSOCK);
	return 0;
}

/* @accept: what the kernel says to an accept on such a socket. */
static void not_tcp(struct test *t, int family, int type, int protocol, int accept)
{
	struct socket *socket;
	struct ukl_sock *sock;
	union address address;
	char byte = 0;

	EXPECT_EQ(t, sock_create_kern(&init_net, family, type, protocol, &socket), 0);
	sock = ukl_sock_adopt(socket);
	if (!EXPECT_OK(t, sock))
		return;
	EXPECT_EQ(t, ukl_tcp_send(sock, &byte, 1, 0), -EPROTOTYPE);
	EXPECT_EQ(t, ukl_tcp_send(sock, &byte, 0, 0), -EPROTOTYPE);
	EXPECT_EQ(t, ukl_tcp_recv(sock, &byte, 1, 0), -EPROTOTYPE);
	EXPECT_EQ(t, ukl_tcp_recv(sock, &byte, 1, MSG_DONTWAIT), -EPROTOTYPE);
	EXPECT_ERR(t, ukl_accept(sock, NULL, O_NONBLOCK), accept);
	EXPECT_EQ(t, ukl_tcp_nodelay(sock, true), -EPROTOTYPE);
	/* Calls on any socket know it. */
	EXPECT_TRUE(t, ukl_getsockname(sock, &address.storage) > 0);
	EXPECT_EQ(t, address.any.sa_family, family);
	EXPECT_EQ(t, ukl_getpeername(sock, &address.storage), -ENOTCONN);
	EXPECT_EQ(t, ukl_close(sock), 0);
}

static int udp_is_not_tcp(struct test *t)
{
	not_tcp(t, AF_INET, SOCK_DGRAM, IPPROTO_UDP, -EOPNOTSUPP);
	not_tcp(t, AF_INET6, SOCK_DGRAM, IPPROTO_UDP, -EOPNOTSUPP);
	return 0;
}

static int unix_is_not_tcp(struct test *t)
{
	not_tcp(t, AF_UNIX, SOCK_STREAM, 0, -EINVAL);
	not_tcp(t, AF_UNIX, SOCK_DGRAM, 0, -EOPNOTSUPP);
	return 0;
}

static int raw_is_not_tcp(struct test *t)
{
	not_tcp(t, AF_INET, SOCK_RAW, IPPROTO_TCP, -EOPNOTSUPP);
	return 0;
}

static int adopted_tcp_works(struct test *t)
{
	struct ukl_sock *listener = listen_on(4, 0), *near, *far;
	union address address;
	struct socket *socket;
	char bytes[6] = "hello";
	int len;

	if (!EXPECT_OK(t, listener))
		return 0;
	len = ukl_getsockname(listener, &address.storage);
	EXPECT_EQ(t, sock_create_kern(&init_net, AF_INET, SOCK_STREAM, IPPROTO_TCP, &socket), 0);
	EXPECT_EQ(t, kernel_connect(socket, (void *)&address, len, 0), 0);
	near = ukl_sock_adopt(socket);
	far = ukl_accept(listener, NULL, 0);
	if (!EXPECT_OK(t, near) || !EXPECT_OK(t, far))
		return 0;
	EXPECT_EQ(t, ukl_tcp_send(near, bytes, 6, 0), 6);
	memset(bytes, 0, sizeof(bytes));
	EXPECT_EQ(t, ukl_tcp_recv(far, bytes, 6, MSG_WAITALL), 6);
	EXPECT_EQ(t, strcmp(bytes, "hello"), 0);

	EXPECT_EQ(t, ukl_tcp_nodelay(near, true), 0);
	EXPECT_TRUE(t, tcp_sk(socket->sk)->nonagle & TCP_NAGLE_OFF);
	EXPECT_EQ(t, ukl_tcp_nodelay(near, false), 0);
	EXPECT_TRUE(t, !(tcp_sk(socket->sk)->nonagle & TCP_NAGLE_OFF));

	EXPECT_EQ(t, ukl_close(near), 0);
	EXPECT_EQ(t, ukl_tcp_recv(far, bytes, 1, 0), 0);
	EXPECT_EQ(t, ukl_close(far), 0);
	EXPECT_EQ(t, ukl_close(listener), 0);
	return 0;
}

static int adopt_that_fails_leaves_the_socket(struct test *t)
{
	struct socket *socket;
	struct ukl_sock *off;

	EXPECT_EQ(t, sock_create_kern(&init_net, AF_INET, SOCK_STREAM, IPPROTO_TCP, &socket), 0);
	preempt_disable();
	off = ukl_sock_adopt(socket);
	preempt_enable();
	EXPECT_ERR(t, off, -EDEADLK);
	EXPECT_EQ(t, kernel_listen(socket, 1), 0);
	sock_release(socket);
	return 0;
}

static void names(struct test *t, int family, int want)
{
	union address address, client, server;
	struct pair pair;

	if (!pair_open(t, &pair, family))
		return;
	EXPECT_EQ(t, ukl_getsockname(pair.client, &client.storage), want);
	EXPECT_EQ(t, ukl_getpeername(pair.server, &address.storage), want);
	EXPECT_EQ(t, memcmp(&address, &client, want), 0);
	EXPECT_EQ(t, ukl_getsockname(pair.server, &server.storage), want);
	EXPECT_EQ(t, ukl_getpeername(pair.client, &address.storage), want);
	EXPECT_EQ(t, memcmp(&address, &server, want), 0);
	EXPECT_TRUE(t, memcmp(&client, &server, want));
	EXPECT_EQ(t, ukl_getsockname(pair.listener, &address.storage), want);
	EXPECT_EQ(t, memcmp(&address, &server, want), 0);

	EXPECT_EQ(t, ukl_getpeername(pair.listener, &address.storage), -ENOTCONN);
	EXPECT_EQ(t, ukl_getsockname(pair.client, NULL), -EFAULT);
	EXPECT_EQ(t, ukl_getpeername(pair.client, (void *)0x1000), -EFAULT);
	pair_close(t, &pair);
}

static int names_of_ipv4(struct test *t)
{
	names(t, 4, sizeof(struct sockaddr_in));
	return 0;
}

static int names_of_ipv6(struct test *t)
{
	names(t, 6, sizeof(struct sockaddr_in6));
	return 0;
}

static int shutdown_each_way(struct test *t)
{
	struct pair pair;
	char byte = 'x';

	if (!pair_open(t, &pair, 4))
		return 0;
	EXPECT_EQ(t, ukl_shutdown(pair.client, SHUT_WR), 0);
	EXPECT_EQ(t, ukl_tcp_recv(pair.server, &byte, 1, 0), 0);
	EXPECT_EQ(t, ukl_tcp_send(pair.server, &byte, 1, 0), 1);
	EXPECT_EQ(t, ukl_tcp_recv(pair.client, &byte, 1, 0), 1);
	EXPECT_EQ(t, ukl_shutdown(pair.client, SHUT_RDWR), 0);
	EXPECT_EQ(t, ukl_tcp_recv(pair.client, &byte, 1, 0), 0);
	EXPECT_EQ(t, ukl_tcp_send(pair.client, &byte, 1, 0), -EPIPE);
	pair_close(t, &pair);
	return 0;
}

static int shutdown_that_cannot_be(struct test *t)
{
	struct socket *socket;
	struct ukl_sock *sock;
	struct pair pair;

	if (!pair_open(t, &pair, 4))
		return 0;
	EXPECT_EQ(t, ukl_shutdown(pair.client, 3), -EINVAL);
	EXPECT_EQ(t, ukl_shutdown(pair.client, -1), -EINVAL);
	EXPECT_EQ(t, ukl_shutdown(pair.client, INT_MAX), -EINVAL);
	pair_close(t, &pair);
	EXPECT_EQ(t, sock_create_kern(&init_net, AF_INET, SOCK_STREAM, IPPROTO_TCP, &socket), 0);
	sock = ukl_sock_adopt(socket);
	if (!EXPECT_OK(t, sock))
		return 0;
	EXPECT_EQ(t, ukl_shutdown(sock, SHUT_WR), -ENOTCONN);
	EXPECT_EQ(t, ukl_close(sock), 0);
	return 0;
}

static int close_twice(struct test *t)
{
	struct ukl_sock *sock = listen_on(4, 0);

	if (!EXPECT_OK(t, sock))
		return 0;
	EXPECT_EQ(t, ukl_close(sock), 0);
	EXPECT_EQ(t, ukl_close(sock), -EBADF);
	return 0;
}

static int close_of_what_is_no_socket(struct test *t)
{
	long word = 0;

	EXPECT_EQ(t, ukl_close((struct ukl_sock *)&word), -EBADF);
	EXPECT_EQ(t, ukl_close((struct ukl_sock *)0x1000), -EBADF);
	EXPECT_EQ(t, word, 0);
	return 0;
}

static int close_ends_a_blocked_receive(struct test *t)
{
	struct child child = { };
	struct pair pair;
	char byte;

	if (!pair_open(t, &pair, 4))
		return 0;
	child = (struct child){ .sock = pair.server, .buf = &byte, .len = 1 };
	if (!child_start(t, &child, child_recv))
		return 0;
	EXPECT_EQ(t, ukl_close(pair.server), 0);
	EXPECT_EQ(t, child_end(t, &child), 0);
	EXPECT_EQ(t, ukl_tcp_recv(pair.client, &byte, 1, 0), 0);
	EXPECT_EQ(t, ukl_close(pair.client), 0);
	EXPECT_EQ(t, ukl_close(pair.listener), 0);
	return 0;
}

static int close_ends_a_blocked_accept(struct test *t)
{
	struct child child = { .sock = listen_on(4, 0) };

	if (!EXPECT_OK(t, child.sock) || !child_start(t, &child, child_accept))
		return 0;
	EXPECT_EQ(t, ukl_close(child.sock), 0);
	EXPECT_EQ(t, child_end(t, &child), -EINVAL);
	return 0;
}

/** struct owner - an application with a socket that others know of */
struct owner {
	struct completion ready, finish;
	struct ukl_sock *sock;
	long closed;
};

static int owner_main(void *data)
{
	struct owner *owner = data;

	owner->sock = listen_on(4, 0);
	complete(&owner->ready);
	wait_for_completion(&owner->finish);
	owner->closed = ukl_close(owner->sock);
	return 0;
}

static int foreign_main(void *data)
{
	struct owner *owner = data;
	int error = ukl_close(owner->sock);

	complete(&owner->finish);
	return error;
}

static int close_by_another_application(struct test *t)
{
	struct owner owner = { };
	struct ukl_app *app, *other;

	init_completion(&owner.ready);
	init_completion(&owner.finish);
	app = ukl_app_start("owner", owner_main, &owner);
	if (!EXPECT_OK(t, app))
		return 0;
	wait_for_completion(&owner.ready);
	other = ukl_app_start("foreign", foreign_main, &owner);
	if (!EXPECT_OK(t, other))
		complete(&owner.finish);
	settle();
	if (!IS_ERR(other))
		EXPECT_EQ(t, ukl_app_stop(other), -EBADF);
	EXPECT_EQ(t, ukl_app_stop(app), 0);
	EXPECT_EQ(t, owner.closed, 0);
	return 0;
}

const struct test_case sock_cases[] = {
	{ "sock.bad_handles", bad_handles },
	{ "sock.udp_is_not_tcp", udp_is_not_tcp },
	{ "sock.unix_is_not_tcp", unix_is_not_tcp },
	{ "sock.raw_is_not_tcp", raw_is_not_tcp },
	{ "sock.adopted_tcp_works", adopted_tcp_works },
	{ "sock.adopt_that_fails_leaves_the_socket", adopt_that_fails_leaves_the_socket },
	{ "sock.names_of_ipv4", names_of_ipv4 },
	{ "sock.names_of_ipv6", names_of_ipv6 },
	{ "sock.shutdown_each_way", shutdown_each_way },
	{ "sock.shutdown_that_cannot_be", shutdown_that_cannot_be },
	{ "sock.close_twice", close_twice },
	{ "sock.close_of_what_is_no_socket", close_of_what_is_no_socket },
	{ "sock.close_by_another_application", close_by_another_application, TEST_TASK },
	{ "sock.close_ends_a_blocked_receive", close_ends_a_blocked_receive },
	{ "sock.close_ends_a_blocked_accept", close_ends_a_blocked_accept },
	{ }
};
