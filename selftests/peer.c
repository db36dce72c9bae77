// SPDX-License-Identifier: GPL-2.0
/*
 * The user-space end of the socket tests.
 *
 *   peer serve PORT                          plain echo server, to test the clients below against
 *   peer stream connect|listen send|receive FAMILY PORT BYTES SEED
 *                                            one long stream in random chunks (stream.h)
 *   peer echo FAMILY PORT CONNECTIONS BYTES  clients at once; each wants its BYTES back
 *   peer resp FAMILY PORT CONNECTIONS ROUNDS clients at once that talk to a Redis
 *   peer hold FAMILY PORT CONNECTIONS TEXT   sends TEXT on each, waits for an answer on each, says
 *                                            "ready", then waits until all have been ended
 *
 * Exit status 0 if all bytes were right; else 1 and a line that says what was not.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "stream.h"

#define MAX_CONNECTIONS	1024
/* Milliseconds without any progress after which a test has failed. */
#define PATIENCE	60000

__attribute__((format(printf, 1, 2), noreturn))
static void fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	exit(1);
}

static void *allocate(size_t size)
{
	void *p = malloc(size);

	if (!p)
		fail("out of memory");
	return p;
}

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static socklen_t address(struct sockaddr_storage *to, int family, int port, int any)
{
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)to;
	struct sockaddr_in *in = (struct sockaddr_in *)to;

	memset(to, 0, sizeof(*to));
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
static int dial(int family, int port)
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

static int listen_on(int family, int port, int any)
{
	struct sockaddr_storage at;
	socklen_t len = address(&at, family, port, any);
	int fd = socket(at.ss_family, SOCK_STREAM, 0), on = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&at, len) || listen(fd, 1024))
		fail("listen on port %d: %s", port, strerror(errno));
	return fd;
}

static int serve(int port)
{
	struct pollfd fds[MAX_CONNECTIONS + 1];
	char buf[65536];
	int n = 1;

	fds[0] = (struct pollfd){ .fd = listen_on(6, port, 1), .events = POLLIN };
	for (;;) {
		if (poll(fds, n, -1) < 0)
			fail("poll: %s", strerror(errno));
		for (int i = n - 1; i > 0; i--) {
			ssize_t got;

			if (!fds[i].revents)
				continue;
			got = read(fds[i].fd, buf, sizeof(buf));
			for (ssize_t sent = 0, m; sent < got; sent += m) {
				m = send(fds[i].fd, buf + sent, got - sent, MSG_NOSIGNAL);
				if (m < 0) {
					got = 0;
					break;
				}
			}
			if (got <= 0) {
				close(fds[i].fd);
				fds[i] = fds[--n];
			}
		}
		if (fds[0].revents && n <= MAX_CONNECTIONS) {
			int fd = accept(fds[0].fd, NULL, NULL);

			if (fd >= 0)
				fds[n++] = (struct pollfd){ .fd = fd, .events = POLLIN };
		}
	}
}

static int stream(int fd, int sending, size_t bytes, __u64 seed)
{
	char *buf = allocate(STREAM_CHUNK_MAX);
	__u64 random = ~seed;
	size_t pos = 0, good;
	ssize_t n;

	while (pos < bytes) {
		size_t len = stream_chunk(&random);

		if (len > bytes - pos)
			len = bytes - pos;
		if (sending) {
			stream_fill(buf, len, seed, pos);
			for (size_t done = 0; done < len; done += n) {
				n = send(fd, buf + done, len - done, MSG_NOSIGNAL);
				if (n <= 0)
					fail("send at byte %zu: %s", pos + done, strerror(errno));
			}
			pos += len;
		} else {
			n = read(fd, buf, len);
			if (n <= 0)
				fail("receive at byte %zu: %s", pos,
				     n ? strerror(errno) : "end of stream");
			good = stream_check(buf, n, seed, pos);
			if (good != (size_t)n)
				fail("wrong at byte %zu", pos + good);
			pos += n;
		}
	}
	if (sending && shutdown(fd, SHUT_WR))
		fail("shutdown: %s", strerror(errno));
	/* Whoever receives closes when it has seen the end. */
	n = read(fd, buf, 1);
	if (n)
		fail("%s at the end", n < 0 ? strerror(errno) : "more bytes");
	printf("%zu bytes\n", pos);
	return 0;
}

/* What one client says and what it must hear. */
struct client {
	char *say, *hear;
	size_t say_len, hear_len, said, heard;
};

/* All clients at once, each as fast as the server lets it. */
static void converse(int family, int port, int n, struct client *clients)
{
	struct pollfd *fds = allocate(n * sizeof(*fds));
	static char buf[65536];
	__u64 random = n;
	int left = n;
	size_t total = 0;

	for (int i = 0; i < n; i++) {
		fds[i].fd = dial(family, port);
		fds[i].events = POLLIN | POLLOUT;
		fcntl(fds[i].fd, F_SETFL, O_NONBLOCK);
	}
	while (left) {
		int ready = poll(fds, n, PATIENCE);

		if (ready <= 0)
			fail("%d clients got no answer for %d s", left, PATIENCE / 1000);
		for (int i = 0; i < n; i++) {
			struct client *c = &clients[i];
			ssize_t m;

			if (fds[i].revents & POLLOUT) {
				size_t len = c->say_len - c->said;
				size_t chunk = stream_random(&random) % 16384 + 1;

				m = send(fds[i].fd, c->say + c->said, len < chunk ? len : chunk,
					 MSG_NOSIGNAL);
				if (m < 0 && errno != EAGAIN)
					fail("client %d: send: %s", i, strerror(errno));
				c->said += m > 0 ? m : 0;
				if (c->said == c->say_len) {
					fds[i].events = POLLIN;
					if (shutdown(fds[i].fd, SHUT_WR))
						fail("client %d: shutdown: %s", i, strerror(errno));
				}
			}
			if (!(fds[i].revents & (POLLIN | POLLHUP | POLLERR)))
				continue;
			m = read(fds[i].fd, buf, sizeof(buf));
			if (m < 0 && errno != EAGAIN)
				fail("client %d: receive: %s", i, strerror(errno));
			if (m < 0)
				continue;
			if (!m) {
				if (c->heard != c->hear_len)
					fail("client %d: end of stream after %zu bytes of %zu",
					     i, c->heard, c->hear_len);
				close(fds[i].fd);
				fds[i].fd = -1;
				left--;
				continue;
			}
			if ((size_t)m > c->hear_len - c->heard ||
			    memcmp(buf, c->hear + c->heard, m))
				fail("client %d: wrong bytes after byte %zu of %zu", i, c->heard,
				     c->hear_len);
			c->heard += m;
			total += m;
		}
	}
	printf("%d clients at once, %zu bytes came back\n", n, total);
}

static int echo(int family, int port, int n, size_t bytes)
{
	struct client *clients = calloc(n, sizeof(*clients));

	for (int i = 0; i < n; i++) {
		char *data = allocate(bytes);

		stream_fill(data, bytes, 1000 + i, 0);
		clients[i] = (struct client){ data, data, bytes, bytes, 0, 0 };
	}
	converse(family, port, n, clients);
	return 0;
}

__attribute__((format(printf, 3, 4)))
static void append(char *to, size_t *len, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	*len += vsprintf(to + *len, format, args);
	va_end(args);
}

/* Sets values of any bytes, reads them back, counts: each client on keys of its own. */
static int resp(int family, int port, int n, int rounds)
{
	enum { ROOM = 2 * 1200, VALUE = 1000 };
	struct client *clients = calloc(n, sizeof(*clients));

	for (int i = 0; i < n; i++) {
		struct client *c = &clients[i];
		__u64 random = 77 + i;

		c->say = allocate(rounds * ROOM);
		c->hear = allocate(rounds * ROOM);
		for (int r = 0; r < rounds; r++) {
			int value = stream_random(&random) % VALUE;
			char key[32];
			int len = sprintf(key, "peer:%d:%d:%d", family, i, r % 5);

			append(c->say, &c->say_len, "*3\r\n$3\r\nSET\r\n$%d\r\n%s\r\n$%d\r\n",
			       len, key, value);
			stream_fill(c->say + c->say_len, value, random, 0);
			c->say_len += value;
			append(c->say, &c->say_len, "\r\n*2\r\n$3\r\nGET\r\n$%d\r\n%s\r\n",
			       len, key);
			append(c->hear, &c->hear_len, "+OK\r\n$%d\r\n", value);
			stream_fill(c->hear + c->hear_len, value, random, 0);
			c->hear_len += value;
			append(c->hear, &c->hear_len, "\r\n");

			len = sprintf(key, "peer:%d:%d:n", family, i);
			append(c->say, &c->say_len, "*2\r\n$4\r\nINCR\r\n$%d\r\n%s\r\nPING\r\n",
			       len, key);
			append(c->hear, &c->hear_len, ":%d\r\n+PONG\r\n", r + 1);
		}
		append(c->say, &c->say_len, "*1\r\n$4\r\nQUIT\r\n");
		append(c->hear, &c->hear_len, "+OK\r\n");
	}
	converse(family, port, n, clients);
	return 0;
}

static int hold(int family, int port, int n, const char *text)
{
	int *fds = allocate(n * sizeof(*fds)), ended = 0, reset = 0;
	long first = 0;
	char buf[256];

	for (int i = 0; i < n; i++)
		fds[i] = dial(family, port);
	for (int i = 0; i < n; i++)
		if (send(fds[i], text, strlen(text), MSG_NOSIGNAL) != (ssize_t)strlen(text) ||
		    read(fds[i], buf, sizeof(buf)) <= 0)
			fail("connection %d has no answer", i);
	puts("ready");
	fflush(stdout);
	for (int i = 0; i < n; i++) {
		struct pollfd fd = { .fd = fds[i], .events = POLLIN };

		if (poll(&fd, 1, PATIENCE) <= 0)
			fail("connection %d of %d was not ended", i, n);
		if (!first)
			first = now_ms();
		switch (read(fds[i], buf, sizeof(buf))) {
		case 0:
			ended++;
			break;
		case -1:
			if (errno != ECONNRESET)
				fail("connection %d: %s", i, strerror(errno));
			reset++;
			break;
		default:
			fail("connection %d has more bytes", i);
		}
	}
	printf("ended %d reset %d in %ld ms\n", ended, reset, now_ms() - first);
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	long a[7] = { 0 };

	for (int i = 2; i < argc && i < 9; i++)
		a[i - 2] = strtol(argv[i], NULL, 0);
	if (!strcmp(what, "serve") && argc == 3)
		return serve(a[0]);
	if (!strcmp(what, "stream") && argc == 8) {
		int fd;

		if (!strcmp(argv[2], "connect")) {
			fd = dial(a[2], a[3]);
		} else {
			int listener = listen_on(a[2], a[3], 0);

			fd = accept(listener, NULL, NULL);
			if (fd < 0)
				fail("accept: %s", strerror(errno));
		}
		return stream(fd, !strcmp(argv[3], "send"), a[4], a[5]);
	}
	if (argc == 6 && a[2] > 0 && a[2] <= MAX_CONNECTIONS) {
		if (!strcmp(what, "echo"))
			return echo(a[0], a[1], a[2], a[3]);
		if (!strcmp(what, "resp"))
			return resp(a[0], a[1], a[2], a[3]);
		if (!strcmp(what, "hold"))
			return hold(a[0], a[1], a[2], argv[5]);
	}
	fputs("usage: see the comment at the top of the source\n", stderr);
	return 2;
}
