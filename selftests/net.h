/* SPDX-License-Identifier: GPL-2.0 */
/* What the programs of the socket tests share: connections, and how to fail. */
#ifndef _SELFTESTS_NET_H
#define _SELFTESTS_NET_H

#include <errno.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* Milliseconds without any progress after which a test has failed. */
#define PATIENCE	60000

__attribute__((format(printf, 1, 2), noreturn))
static inline void fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	exit(1);
}

static inline void *allocate(size_t size)
{
	void *p = malloc(size);

	if (!p)
		fail("out of memory");
	return p;
}

static inline long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static inline socklen_t address(struct sockaddr_storage *to, int family, int port, int any)
{
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)to;
	struct sockaddr_un *un = (struct sockaddr_un *)to;
	struct sockaddr_in *in = (struct sockaddr_in *)to;

	memset(to, 0, sizeof(*to));
	if (family == 1) {
		un->sun_family = AF_UNIX;
		/* In the abstract name space. */
		return offsetof(struct sockaddr_un, sun_path) + 1 +
			sprintf(un->sun_path + 1, "peer.%d", port);
	}
	if (family == 6) {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(port);
		in6->sin6_addr = any ? in6addr_any : in6addr_loopback;
		return sizeof(*in6);
	}
	in->sin_family = AF_INET;
	in->sin_port = htons(port);
	in->sin_addr.s_addr = htonl(any ? INADDR_ANY : INADDR_LOOPBACK);
	return sizeof(*in);
}

/* Servers start in their own time: a refused connection is tried again for a while. */
static inline int dial(int family, int port)
{
	long start = now_ms();

	for (;;) {
		struct sockaddr_storage to;
		socklen_t len = address(&to, family, port, 0);
		int fd = socket(to.ss_family, SOCK_STREAM, 0);

		if (fd >= 0 && !connect(fd, (struct sockaddr *)&to, len))
			return fd;
		if (errno != ECONNREFUSED || now_ms() - start > 10000)
			fail("connect to port %d: %s", port, strerror(errno));
		close(fd);
		usleep(20000);
	}
}

static inline int listen_on(int family, int port, int any)
{
	struct sockaddr_storage at;
	socklen_t len = address(&at, family, port, any);
	int fd = socket(at.ss_family, SOCK_STREAM, 0), on = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&at, len) || listen(fd, 1024))
		fail("listen on port %d: %s", port, strerror(errno));
	return fd;
}

#endif /* _SELFTESTS_NET_H */
