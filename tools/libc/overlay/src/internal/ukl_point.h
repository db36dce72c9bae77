/* SPDX-License-Identifier: GPL-2.0 */
/* Cancellation points that are made in ring 0 by an entry of their own. */
#ifndef _UKL_POINT_H
#define _UKL_POINT_H

#include "pthread_impl.h"

long ukl_linux_read(int fd, void *to, size_t len);
long ukl_linux_write(int fd, const void *from, size_t len);
long ukl_linux_send_vector(int fd, const void *vec, size_t count, int flags);

extern hidden const int __ukl_ring0;
hidden long __cancel(void);

/* Whether it is: in ring 0, and nobody has cancelled the thread, which is syscall_cp's business. */
static inline int __ukl_point(void)
{
	return __ukl_ring0 && !__pthread_self()->cancel;
}

/* What it returns; being cancelled has interrupted it. */
static inline ssize_t __ukl_made(long r)
{
	if (r == -EINTR && __pthread_self()->cancel && __pthread_self()->canceldisable != PTHREAD_CANCEL_DISABLE)
		r = __cancel();
	return __syscall_ret(r);
}

#endif
