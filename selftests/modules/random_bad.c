// SPDX-License-Identifier: GPL-2.0
/* Calls on sockets with bad input, each of which has one error that is promised. */
#include "random.h"

static ssize_t consume(void *arg, const void *data, size_t len)
{
	return len;
}

static void bad_receives(struct actor *a, struct ukl_sock *sock)
{
	u32 any = MSG_DONTWAIT | MSG_PEEK | MSG_WAITALL | MSG_TRUNC;
	u32 tcp = MSG_DONTWAIT | MSG_PEEK | MSG_WAITALL | UKL_NSS;
	struct kvec vec = { bad_pointer(a), 1 };
	char *buf = a->buf;

	switch (pick(a, 15)) {
	case 0:
		refused(a, CALL(a, ukl_recv, bad_handle(a), buf, 1, 0), -ENOTSOCK);
		break;
	case 1:
		refused(a, CALL(a, ukl_recv, sock, bad_pointer(a), 1, 0), -EFAULT);
		break;
	case 2:
		refused(a, CALL(a, ukl_recv, sock, buf, bad_length(a), 0), -EMSGSIZE);
		break;
	case 3:
		refused(a, CALL(a, ukl_recvfrom, sock, buf, 1, bad_bits(a, any), NULL), -EINVAL);
		break;
	case 4:
		refused(a, CALL(a, ukl_recvfrom, sock, bad_pointer(a), 9, 0, NULL), -EFAULT);
		break;
	case 5:
		refused(a, CALL(a, ukl_recvv, sock, &vec, 1, 0), -EFAULT);
		break;
	case 6:
		refused(a, CALL(a, ukl_recvv, sock, &vec, UKL_IOV_MAX + 1 + pick(a, INT_MAX), 0),
			-EINVAL);
		break;
	case 7:
		refused(a, CALL(a, ukl_tcp_recv, sock, bad_pointer(a), 9, 0), -EFAULT);
		break;
	case 8:
		refused(a, CALL(a, ukl_tcp_recv, sock, buf, bad_length(a), 0), -EMSGSIZE);
		break;
	case 9:
		refused(a, CALL(a, ukl_tcp_recv, sock, buf, 1, bad_bits(a, tcp)), -EINVAL);
		break;
	case 10:
		refused(a, CALL(a, ukl_tcp_recvv, sock, bad_pointer(a), 2, 0), -EFAULT);
		break;
	case 11:
		refused(a, CALL(a, ukl_tcp_recvv, bad_handle(a), &vec, 0, 0), -ENOTSOCK);
		break;
	case 12:
		refused(a, CALL(a, ukl_tcp_recv_inplace, sock, NULL, NULL, MSG_DONTWAIT), -EINVAL);
		break;
	case 13:
		refused(a, CALL(a, ukl_tcp_recv_inplace, sock, consume, NULL,
				bad_bits(a, MSG_DONTWAIT | UKL_NSS)), -EINVAL);
		break;
	case 14:
		refused(a, CALL(a, ukl_tcp_exchange, sock, consume, NULL, bad_pointer(a), 0),
			-EFAULT);
		break;
	}
}

static void bad_sends(struct actor *a, struct ukl_sock *sock, bool is_tcp)
{
	u32 any = MSG_DONTWAIT | MSG_MORE | MSG_EOR | MSG_NOSIGNAL;
	u32 tcp = MSG_DONTWAIT | MSG_MORE | MSG_NOSIGNAL | UKL_NSS;
	struct kvec vec[2] = { { a->buf, 1 }, { bad_pointer(a), 1 } };
	const char *data = pattern(0, 0);

	switch (pick(a, is_tcp ? 13 : 12)) {
	case 0:
		refused(a, CALL(a, ukl_send, bad_handle(a), data, 1, 0), -ENOTSOCK);
		break;
	case 1:
		refused(a, CALL(a, ukl_send, sock, bad_pointer(a), 1, 0), -EFAULT);
		break;
	case 2:
		refused(a, CALL(a, ukl_send, sock, data, bad_length(a), 0), -EMSGSIZE);
		break;
	case 3:
		refused(a, CALL(a, ukl_sendto, sock, data, 1, bad_bits(a, any), NULL, 0), -EINVAL);
		break;
	case 4:
		refused(a, CALL(a, ukl_sendto, sock, data, 1, 0, bad_pointer(a), 16), -EFAULT);
		break;
	case 5:
		refused(a, CALL(a, ukl_sendv, sock, vec, 2, 0), -EFAULT);
		break;
	case 6:
		refused(a, CALL(a, ukl_tcp_send, sock, bad_pointer(a), 1, 0), -EFAULT);
		break;
	case 7:
		refused(a, CALL(a, ukl_tcp_send, sock, data, bad_length(a), 0), -EMSGSIZE);
		break;
	case 8:
		refused(a, CALL(a, ukl_tcp_send, sock, data, 1, bad_bits(a, tcp)), -EINVAL);
		break;
	case 9:
		refused(a, CALL(a, ukl_tcp_sendv, sock, vec, 2, 0), -EFAULT);
		break;
	case 10:
		refused(a, CALL(a, ukl_tcp_sendv, sock, vec, UKL_IOV_MAX + 1 + pick(a, INT_MAX),
				0), -EINVAL);
		break;
	case 11:
		refused(a, CALL(a, ukl_tcp_send_pages, sock, data, 1, bad_bits(a, tcp)), -EINVAL);
		break;
	case 12:
		/* Memory whose pages are not the application's to count. */
		refused(a, CALL(a, ukl_tcp_send_pages, sock, a->streams, 1, 0), -EINVAL);
		break;
	}
}

static void bad_rest(struct actor *a, struct ukl_sock *sock, struct ukl_sock *listener,
		     const union address *at, int len)
{
	int how = pick(a, 2) ? -1 - pick(a, 99) : 3 + pick(a, 99);
	union address name;

	switch (pick(a, 16)) {
	case 0:
		refused(a, CALL(a, ukl_shutdown, sock, how), -EINVAL);
		break;
	case 1:
		refused(a, CALL(a, ukl_shutdown, bad_handle(a), SHUT_WR), -ENOTSOCK);
		break;
	case 2:
		refused(a, CALL(a, ukl_getsockname, sock, bad_pointer(a)), -EFAULT);
		break;
	case 3:
		refused(a, CALL(a, ukl_getpeername, listener, &name.storage), -ENOTCONN);
		break;
	case 4:
		refused(a, CALL(a, ukl_close, bad_handle(a)), -ENOTSOCK);
		break;
	case 5:
		refused_pointer(a, CALL(a, ukl_accept, listener, NULL, bad_bits(a, O_NONBLOCK)),
				-EINVAL);
		break;
	case 6:
		refused(a, CALL(a, ukl_connect, sock, &at->any, -1 - pick(a, 99), 0), -EINVAL);
		break;
	case 7:
		refused(a, CALL(a, ukl_connect, sock, bad_pointer(a), len, 0), -EFAULT);
		break;
	case 8:
		refused(a, CALL(a, ukl_bind, sock, bad_pointer(a), len), -EFAULT);
		break;
	case 9:
		/* Nobody may hand a kernel thread a descriptor. */
		refused(a, CALL(a, ukl_sock_to_fd, NULL, sock, 0), -EBADF);
		break;
	case 10:
		refused_pointer(a, CALL(a, ukl_tcp_connect, &at->any, len, 0), -EINVAL);
		break;
	case 11:
		refused(a, CALL(a, ukl_tcp_nodelay, bad_handle(a), true), -ENOTSOCK);
		break;
	case 12:
		refused_pointer(a, CALL(a, ukl_tcp_listen, bad_pointer(a), len, 1), -EFAULT);
		break;
	case 13:
		refused_pointer(a, CALL(a, ukl_socket, AF_MAX + pick(a, 99), SOCK_STREAM, 0),
				-EAFNOSUPPORT);
		break;
	case 14:
		refused_pointer(a, CALL(a, ukl_socket, AF_INET, bad_bits(a, 0xf), 0), -EINVAL);
		break;
	case 15:
		refused(a, CALL(a, ukl_listen, bad_handle(a), 1), -ENOTSOCK);
		break;
	}
}

static void not_for_unix(struct actor *a, struct ukl_sock *sock)
{
	struct kvec vec = { a->buf, 1 };

	refused(a, CALL(a, ukl_tcp_send, sock, a->buf, pick(a, 9), 0), -EPROTOTYPE);
	refused(a, CALL(a, ukl_tcp_recv, sock, a->buf, pick(a, 9), 0), -EPROTOTYPE);
	refused(a, CALL(a, ukl_tcp_sendv, sock, &vec, pick(a, 2), 0), -EPROTOTYPE);
	refused(a, CALL(a, ukl_tcp_recvv, sock, &vec, pick(a, 2), 0), -EPROTOTYPE);
	refused(a, CALL(a, ukl_tcp_recv_inplace, sock, consume, NULL, 0), -EPROTOTYPE);
	refused(a, CALL(a, ukl_tcp_nodelay, sock, true), -EPROTOTYPE);
}

void bad_step(struct actor *a, struct ukl_sock *sock, struct ukl_sock *listener,
	      const union address *at, int len)
{
	switch (pick(a, 4)) {
	case 0:
		bad_receives(a, sock);
		break;
	case 1:
		bad_sends(a, sock, at->any.sa_family != AF_UNIX);
		break;
	case 2:
		bad_rest(a, sock, listener, at, len);
		break;
	case 3:
		if (at->any.sa_family == AF_UNIX)
			not_for_unix(a, sock);
		break;
	}
}
