// SPDX-License-Identifier: GPL-2.0
/*
 * The user-space end of the socket tests. FAMILY is 4, 6, or 1 for a unix socket of the name that
 * net.h makes of PORT.
 *
 *   peer serve FAMILY PORT                   plain echo server, to test the clients below against
 *   peer stream connect|listen send|receive FAMILY PORT BYTES SEED
 *                                            one long stream in random chunks (stream.h)
 *   peer echo FAMILY PORT CONNECTIONS BYTES  clients at once; each wants its BYTES back
 *   peer resp FAMILY PORT CONNECTIONS ROUNDS clients at once that talk to a Redis
 *   peer hold FAMILY PORT CONNECTIONS TEXT   sends TEXT on each, waits for an answer on each, says
 *                                            "ready", then waits until all have been ended
 *   peer idle FAMILY PORT CONNECTIONS        opens them, says "ready", waits for the end of its
 *                                            input; then each has to give a byte back
 *   peer stall FAMILY PORT CONNECTIONS BYTES sends BYTES on each to an echo server and reads
 *                                            nothing; when no more goes out says "stalled", waits
 *                                            for the end of its input; then wants all back
 *   peer udp-serve FAMILY PORT               plain echo server for datagrams
 *   peer udp-echo FAMILY PORT COUNT          sends datagrams of many sizes, wants each back
 *
 * Exit status 0 if all bytes were right; else 1 and a line that says what was not.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net.h"
#include "stream.h"

#define MAX_CONNECTIONS	20000

static int serve(int family, int port)
{
	static struct pollfd fds[MAX_CONNECTIONS + 1];
	char buf[65536];
	int n = 1;

	fds[0] = (struct pollfd){ .fd = listen_on(family, port, 1), .events = POLLIN };
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

/* Until whoever started this closes the other end. */
static void wait_for_input(void)
{
	char c;

	while (read(0, &c, 1) > 0)
		;
}

static int idle(int family, int port, int n)
{
	int *fds = allocate(n * sizeof(*fds));
	char byte;

	for (int i = 0; i < n; i++)
		fds[i] = dial(family, port);
	puts("ready");
	fflush(stdout);
	wait_for_input();
	for (int i = 0; i < n; i++)
		if (send(fds[i], "x", 1, MSG_NOSIGNAL) != 1)
			fail("connection %d: %s", i, strerror(errno));
	for (int i = 0; i < n; i++)
		if (read(fds[i], &byte, 1) != 1 || byte != 'x')
			fail("connection %d has no answer", i);
	printf("%d connections gave their byte back\n", n);
	return 0;
}

static int stall(int family, int port, int n, size_t bytes)
{
	struct pollfd *fds = allocate(n * sizeof(*fds));
	size_t *said = calloc(n, sizeof(*said)), *heard = calloc(n, sizeof(*heard)), total = 0;
	char *data = allocate(bytes), *buf = allocate(bytes);

	stream_fill(data, bytes, 7, 0);
	for (int i = 0; i < n; i++) {
		fds[i].fd = dial(family, port);
		fds[i].events = POLLOUT;
		fcntl(fds[i].fd, F_SETFL, O_NONBLOCK);
	}
	/* Nothing goes out for a second, or everything has. */
	while (poll(fds, n, 1000) > 0) {
		for (int i = 0; i < n; i++) {
			ssize_t m;

			if (!fds[i].revents)
				continue;
			m = send(fds[i].fd, data + said[i], bytes - said[i], MSG_NOSIGNAL);
			if (m < 0 && errno != EAGAIN)
				fail("connection %d: send: %s", i, strerror(errno));
			said[i] += m > 0 ? m : 0;
			if (said[i] == bytes)
				fds[i].events = 0;
		}
	}
	puts("stalled");
	fflush(stdout);
	wait_for_input();
	for (int i = 0; i < n; i++)
		fds[i].events = POLLIN;
	for (int left = n; left;) {
		if (poll(fds, n, PATIENCE) <= 0)
			fail("%d connections got no answer for %d s", left, PATIENCE / 1000);
		for (int i = 0; i < n; i++) {
			ssize_t m;

			if (!fds[i].revents)
				continue;
			m = read(fds[i].fd, buf, bytes);
			if (m <= 0)
				fail("connection %d: %s after %zu bytes of %zu", i,
				     m ? strerror(errno) : "end of stream", heard[i], said[i]);
			if ((size_t)m > said[i] - heard[i] || memcmp(buf, data + heard[i], m))
				fail("connection %d: wrong bytes after %zu", i, heard[i]);
			heard[i] += m;
			if (heard[i] < said[i])
				continue;
			total += said[i];
			close(fds[i].fd);
			fds[i].fd = -1;
			left--;
		}
	}
	printf("%d connections, %zu bytes came back\n", n, total);
	return 0;
}

static int udp_serve(int family, int port)
{
	static char buf[65536];
	struct sockaddr_storage at, from;
	socklen_t len = address(&at, family, port, 1);
	int fd = socket(at.ss_family, SOCK_DGRAM, 0);

	if (bind(fd, (struct sockaddr *)&at, len))
		fail("bind to port %d: %s", port, strerror(errno));
	for (;;) {
		ssize_t n;

		len = sizeof(from);
		n = recvfrom(fd, buf, sizeof(buf), 0, (struct sockaddr *)&from, &len);
		if (n < 0 || sendto(fd, buf, n, 0, (struct sockaddr *)&from, len) != n)
			fail("datagram of %zd bytes: %s", n, strerror(errno));
	}
}

static int udp_echo(int family, int port, int count)
{
	static const int sizes[] = { 0, 1, 7, 512, 1472, 1473, 9000, 16384, 65507 - 40 };
	static char data[65536], buf[65536];
	struct sockaddr_storage to;
	socklen_t len = address(&to, family, port, 0);
	int fd = socket(to.ss_family, SOCK_DGRAM, 0);
	long start = now_ms();
	size_t total = 0;

	if (connect(fd, (struct sockaddr *)&to, len))
		fail("connect: %s", strerror(errno));
	for (int i = 0; i < count; i++) {
		struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
		ssize_t size = sizes[i % (sizeof(sizes) / sizeof(*sizes))];

		stream_fill(data, size, i, 0);
		if (send(fd, data, size, 0) != size)
			fail("datagram %d of %zd bytes: %s", i, size, strerror(errno));
		if (poll(&poll_fd, 1, PATIENCE) != 1)
			fail("datagram %d of %zd bytes has no answer", i, size);
		errno = 0;
		if (recv(fd, buf, sizeof(buf), 0) != size) {
			/* The first one may have been too early for the server. */
			if (errno != ECONNREFUSED || i || now_ms() - start > 10000)
				fail("datagram %d of %zd bytes: %s", i, size, strerror(errno));
			usleep(20000);
			i--;
			continue;
		}
		if (memcmp(buf, data, size))
			fail("datagram %d of %zd bytes is wrong", i, size);
		total += size;
	}
	printf("%d datagrams, %zu bytes came back\n", count, total);
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	long a[7] = { 0 };

	for (int i = 2; i < argc && i < 9; i++)
		a[i - 2] = strtol(argv[i], NULL, 0);
	if (!strcmp(what, "serve") && argc == 4)
		return serve(a[0], a[1]);
	if (!strcmp(what, "udp-serve") && argc == 4)
		return udp_serve(a[0], a[1]);
	if (!strcmp(what, "udp-echo") && argc == 5)
		return udp_echo(a[0], a[1], a[2]);
	if (!strcmp(what, "idle") && argc == 5 && a[2] > 0 && a[2] <= MAX_CONNECTIONS)
		return idle(a[0], a[1], a[2]);
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
		if (!strcmp(what, "stall"))
			return stall(a[0], a[1], a[2], a[3]);
	}
	fputs("usage: see the comment at the top of the source\n", stderr);
	return 2;
}
