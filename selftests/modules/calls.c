// SPDX-License-Identifier: GPL-2.0
/* Every call there is. */
#include <ukl/extend.h>

#include "calls.h"

#define CALL(expression) \
	(out[n++] = (struct outcome){ #expression, (long)(expression) })

static int nothing(void *data)
{
	return 0;
}

static long nothing_extra(void *arg)
{
	return 0;
}

static int call_null(struct outcome *out)
{
	int n = 0;

	CALL(ukl_null());
	CALL(ukl_null_same_stack());
	return n;
}

static int call_any(struct handles *h, struct outcome *out)
{
	int n = 0;

	CALL(ukl_sock_from_fd(NULL, 0));
	CALL(ukl_file_from_fd(NULL, 0));
	CALL(ukl_sock_to_fd(NULL, h->fresh, 0));
	return n;
}

static int call_all(struct handles *h, struct outcome *out)
{
	union address address;
	int len = loopback(&address, 4, 1), value = 1, n = 0;
	char byte = 0;
	struct kvec vec = { &byte, 1 };

	CALL(ukl_thread_spawn(nothing, NULL, 0));
	CALL(ukl_thread_join(h->thread, NULL));

	CALL(ukl_socket(AF_INET, SOCK_STREAM, 0));
	CALL(ukl_sock_adopt(h->plain));
	CALL(ukl_bind(h->fresh, &address.any, len));
	CALL(ukl_listen(h->fresh, 1));
	CALL(ukl_accept(h->listener, NULL, O_NONBLOCK));
	CALL(ukl_connect(h->fresh, &address.any, len, 0));
	CALL(ukl_sendto(h->sock, &byte, 1, MSG_DONTWAIT, NULL, 0));
	CALL(ukl_recvfrom(h->sock, &byte, 1, MSG_DONTWAIT, NULL));
	CALL(ukl_send(h->sock, &byte, 1, MSG_DONTWAIT));
	CALL(ukl_recv(h->sock, &byte, 1, MSG_DONTWAIT));
	CALL(ukl_sendv(h->sock, &vec, 1, MSG_DONTWAIT));
	CALL(ukl_recvv(h->sock, &vec, 1, MSG_DONTWAIT));
	CALL(ukl_setsockopt(h->sock, SOL_SOCKET, SO_KEEPALIVE, &value, sizeof(value)));
	CALL(ukl_getsockopt(h->sock, SOL_SOCKET, SO_TYPE, &value, sizeof(value)));
	CALL(ukl_getsockname(h->sock, &address.storage));
	CALL(ukl_getpeername(h->sock, &address.storage));

	loopback(&address, 4, 1);
	CALL(ukl_tcp_listen(&address.any, len, 1));
	CALL(ukl_tcp_connect(&address.any, len, UKL_FOREVER));
	CALL(ukl_tcp_send(h->sock, &byte, 1, 0));
	CALL(ukl_tcp_recv(h->sock, &byte, 1, MSG_DONTWAIT));
	CALL(ukl_tcp_sendv(h->sock, &vec, 1, 0));
	CALL(ukl_tcp_recvv(h->sock, &vec, 1, MSG_DONTWAIT));
	CALL(ukl_tcp_nodelay(h->sock, true));

	CALL(ukl_file_open("/", O_RDONLY, 0));
	CALL(ukl_file_read(h->file, &byte, 1));
	CALL(ukl_file_pread(h->file, &byte, 1, 0));
	CALL(ukl_file_size(h->file));

	CALL(ukl_sleep(0));
	CALL(ukl_call(nothing_extra, NULL));
	CALL(ukl_futex_wait(&h->word, 0, 0));
	return n;
}

static int call_back(struct handles *h, struct outcome *out)
{
	char byte = 0;
	int n = 0;

	CALL(ukl_thread_stop(h->thread));
	CALL(ukl_shutdown(h->sock, SHUT_RDWR));
	CALL(ukl_close(h->sock));
	CALL(ukl_file_write(h->file, &byte, 1));
	CALL(ukl_file_pwrite(h->file, &byte, 1, 0));
	CALL(ukl_file_sync(h->file, true));
	CALL(ukl_file_close(h->file));
	CALL(ukl_thread_detach(h->thread));
	return n;
}

void call_each(struct handles *h, struct outcomes *out)
{
	out->alls = call_all(h, out->all);
	out->anys = call_any(h, out->any);
	out->backs = call_back(h, out->back);
	out->nulls = call_null(out->null);
}

void expect_all(struct test *t, const struct outcome *out, int n, long want)
{
	for (int i = 0; i < n; i++) {
		if (out[i].result != want)
			test_log(t, "%s\n", out[i].call);
		EXPECT_EQ(t, out[i].result, want);
	}
}

void expect_each(struct test *t, const struct outcomes *out, long want)
{
	expect_all(t, out->all, out->alls, want);
	expect_all(t, out->any, out->anys, want);
	expect_all(t, out->back, out->backs, want);
	expect_all(t, out->null, out->nulls, want);
}

bool handles_open(struct test *t, struct handles *h)
{
	*h = (struct handles){ };
	if (!peer_open(t, &h->peer))
		return false;
	h->listener = h->peer.listener;
	h->sock = h->peer.sock;
	h->plain = h->peer.far;
	h->fresh = ukl_socket(AF_INET, SOCK_STREAM, 0);
	h->file = ukl_file_open("/tmp/ukl_test.calls", O_RDWR | O_CREAT | O_TRUNC, 0600);
	h->thread = ukl_thread_spawn(nothing, NULL, 0);
	return EXPECT_OK(t, h->fresh) & EXPECT_OK(t, h->file) & EXPECT_OK(t, h->thread);
}

void handles_close(struct test *t, struct handles *h)
{
	union address address;
	char byte;

	EXPECT_EQ(t, ukl_tcp_recv(h->sock, &byte, 1, MSG_DONTWAIT), -EAGAIN);
	EXPECT_EQ(t, kernel_sock_shutdown(h->plain, SHUT_WR), 0);
	EXPECT_EQ(t, ukl_tcp_recv(h->sock, &byte, 1, 0), 0);
	EXPECT_EQ(t, ukl_getpeername(h->fresh, &address.storage), -ENOTCONN);
	EXPECT_EQ(t, ukl_file_size(h->file), 0);
	EXPECT_EQ(t, ukl_thread_join(h->thread, NULL), 0);
	peer_close(&h->peer);
	EXPECT_EQ(t, ukl_close(h->sock), 0);
	EXPECT_EQ(t, ukl_close(h->fresh), 0);
	EXPECT_EQ(t, ukl_close(h->listener), 0);
	EXPECT_EQ(t, ukl_file_close(h->file), 0);
}
