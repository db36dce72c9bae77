/* SPDX-License-Identifier: GPL-2.0 */
/* What the variants of the echo server share. */
#ifndef _ECHO_H
#define _ECHO_H

#include <linux/atomic.h>
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

/* One of several servers. It goes with its application: threads may outlive the first one. */
struct server {
	struct config config;
	int max_clients;
	atomic_t clients;
	/* How its event loops serve, if it has some. */
	const struct variant *variant;
};

/* A socket that listens, on a port that other threads listen on as well if there are some. */
struct ukl_sock *echo_listen(const struct config *config);

/* A connection that waits, as ukl_accept(). One too many is closed at once: -EUSERS. */
struct ukl_sock *echo_accept(struct server *server, struct ukl_sock *listener, int flags);

/* Ends a connection. */
void echo_close(struct server *server, struct ukl_sock *sock);

/* The variants: what the first thread runs. */
int blocking_main(struct server *server);
int readiness_main(struct server *server);
int inplace_main(struct server *server);

#endif /* _ECHO_H */
