/* SPDX-License-Identifier: GPL-2.0 */
/* Taking a connection. */
#ifndef _UKL_SUPPORT_ACCEPT_H
#define _UKL_SUPPORT_ACCEPT_H

#include <linux/module.h>
#include <linux/net.h>
#include <net/sock.h>

/*
 * kernel_accept(), but as accept() does it: the connection has the listener's operations before
 * ->accept(), which may choose others. MPTCP does for a peer that speaks plain TCP, AF_ALG always;
 * kernel_accept() would put the listener's back.
 */
static inline int ukl_accept_socket(struct socket *listener, struct socket **connection, int flags)
{
	const struct proto_ops *ops = READ_ONCE(listener->ops);
	struct proto_accept_arg arg = { .flags = flags, .kern = true };
	const struct sock *sk = listener->sk;
	struct socket *sock;
	int err;

	err = sock_create_lite(sk->sk_family, sk->sk_type, sk->sk_protocol, &sock);
	if (err < 0)
		return err;
	sock->ops = ops;
	__module_get(ops->owner);
	err = ops->accept(listener, sock, &arg);
	if (err < 0) {
		sock_release(sock);
		return err;
	}
	*connection = sock;
	return 0;
}

#endif
