/* SPDX-License-Identifier: GPL-2.0 */
/* What the variants of the echo server share. */
#ifndef _ECHO_H
#define _ECHO_H

#include <ukl.h>

/* Bytes that are moved at a time. */
#define BUFFER_SIZE	(16 * 1024)

/* How one of several servers is to serve: the module's parameters, or a process's arguments. */
struct config {
	unsigned short port;
	const char *mode;
	unsigned int threads;
	unsigned int spin_us;
};

/* A socket that listens, on a port that other threads listen on as well if there are some. */
struct ukl_sock *echo_listen(const struct config *config);

/* The variants: what the first thread runs. */
int blocking_main(const struct config *config);
int readiness_main(const struct config *config);
int inplace_main(const struct config *config);

#endif /* _ECHO_H */
