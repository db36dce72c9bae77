/* SPDX-License-Identifier: GPL-2.0 */
/* TCP's pages for what a program sends, kept from one message to the next. */
#ifndef _UKL_LINUX_STAGED_H
#define _UKL_LINUX_STAGED_H

#include <linux/sizes.h>
#include <linux/socket.h>

/*
 * From where on a page that has not to be zeroed is worth a reference to it; and up to where, so
 * that it is copied with preemption disabled and what does not fit into the socket's buffer is
 * little.
 */
#define STAGED_MIN	512
#define STAGED_MAX	SZ_16K

struct sock;

static inline bool ukl_linux_is_staged(const struct msghdr *msg, size_t len)
{
	return len >= STAGED_MIN && len <= STAGED_MAX &&
	       !(msg->msg_flags & ~(MSG_DONTWAIT | MSG_NOSIGNAL | MSG_MORE));
}

int ukl_linux_send_staged(struct sock *sk, struct msghdr *msg, size_t len);

#endif /* _UKL_LINUX_STAGED_H */
