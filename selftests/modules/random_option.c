// SPDX-License-Identifier: GPL-2.0
/* Options of sockets: what was set is read back, what the socket is does not change. */
#include <net/sock.h>

#include "random.h"

static void read_back(struct actor *a, struct ukl_sock *sock, int name, int want)
{
	int value = ~want, len = CALL(a, ukl_getsockopt, sock, SOL_SOCKET, name, &value,
				      sizeof(value));

	if (answer(a, len, sizeof(value), sizeof(value)))
		answer(a, value, want, want);
}

static void set_and_read(struct actor *a, struct ukl_sock *sock)
{
	static const int switches[] = { SO_KEEPALIVE, SO_BROADCAST, SO_OOBINLINE, SO_REUSEADDR };
	int value = pick(a, 7), name = SO_PRIORITY, want = value;

	if (pick(a, 3)) {
		name = switches[pick(a, ARRAY_SIZE(switches))];
		want = !!value;
	}
	answer(a, CALL(a, ukl_setsockopt, sock, SOL_SOCKET, name, &value, sizeof(value)), 0, 0);
	read_back(a, sock, name, want);
}

static void bad_input(struct actor *a, struct ukl_sock *sock)
{
	int value = 1, len = sizeof(value);

	switch (pick(a, 10)) {
	case 0:
		refused(a, CALL(a, ukl_setsockopt, sock, SOL_SOCKET, SO_PRIORITY, bad_pointer(a),
				len), -EFAULT);
		break;
	case 1:
		refused(a, CALL(a, ukl_getsockopt, sock, SOL_SOCKET, SO_TYPE, bad_pointer(a), len),
			-EFAULT);
		break;
	case 2:
		refused(a, CALL(a, ukl_setsockopt, sock, SOL_SOCKET, SO_PRIORITY, &value,
				-1 - (int)pick(a, INT_MAX)), -EINVAL);
		break;
	case 3:
		refused(a, CALL(a, ukl_getsockopt, sock, SOL_SOCKET, SO_TYPE, &value,
				-1 - (int)pick(a, INT_MAX)), -EINVAL);
		break;
	case 4:
		refused(a, CALL(a, ukl_setsockopt, sock, SOL_SOCKET, 10000 + pick(a, 99), &value,
				len), -ENOPROTOOPT);
		break;
	case 5:
		refused(a, CALL(a, ukl_getsockopt, sock, SOL_SOCKET, 10000 + pick(a, 99), &value,
				len), -ENOPROTOOPT);
		break;
	case 6:
		refused(a, CALL(a, ukl_getsockopt, sock, SOL_SOCKET + 1 + pick(a, 99), SO_TYPE,
				&value, len), -EOPNOTSUPP);
		break;
	case 7:
		refused(a, CALL(a, ukl_setsockopt, sock, SOL_TLS, 1, &value, len), -EOPNOTSUPP);
		break;
	case 8:
		refused(a, CALL(a, ukl_setsockopt, bad_handle(a), SOL_SOCKET, SO_PRIORITY, &value,
				len), -ENOTSOCK);
		break;
	case 9:
		refused(a, CALL(a, ukl_getsockopt, bad_handle(a), SOL_SOCKET, SO_TYPE, &value, len),
			-ENOTSOCK);
		break;
	}
}

void options_step(struct actor *a, struct ukl_sock *sock, int family, int type, int protocol)
{
	if (!pick(a, 4)) {
		bad_input(a, sock);
		return;
	}
	set_and_read(a, sock);
	switch (pick(a, 5)) {
	case 0:
		read_back(a, sock, SO_TYPE, type);
		break;
	case 1:
		read_back(a, sock, SO_DOMAIN, family);
		break;
	case 2:
		read_back(a, sock, SO_PROTOCOL, protocol);
		break;
	case 3:
		read_back(a, sock, SO_ACCEPTCONN, 0);
		break;
	case 4:
		read_back(a, sock, SO_ERROR, 0);
		break;
	}
}
