// SPDX-License-Identifier: GPL-2.0
/*
 * Clients that a server has to survive, and a plain server to test them against.
 *
 *   hostile serve FAMILY PORT            echo server on epoll
 *   hostile WHAT KIND FAMILY PORT COUNT  COUNT clients of a server of KIND echo or resp (a Redis)
 *
 * WHAT:
 *   reset     break off with a reset at any point, with answers unread
 *   half      say all and end their half, then want all answers and the end of the stream
 *   stall     stop in the middle of a request, and finish it after a while
 *   trickle   say and hear one byte at a time
 *   deaf      say a lot and hear nothing; then half of them break off, half want all answers
 *   vanish    are gone before they have said anything
 *   urgent    send urgent data in between
 *   squeeze   say and hear a lot through buffers of a few KB
 *   churn     come and go one after the other, now and then with a request
 *
 * Meanwhile and afterwards clients that do nothing wrong want right answers in time. Exit status 0
 * if they and, where they have a right to, those others got them; else 1 and a line that says what
 * was not.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>

#include "net.h"
#include "stream.h"

#define REQUEST_MAX	2400
#define VALUE_MAX	1000
#define LINE_MAX_LEN	64

static int resp, family, port;
static __u64 seed = 1;

static unsigned int random_below(unsigned int n)
{
	return stream_random(&seed) % n;
}

/* What a client says and what it wants to hear. */
struct talk {
	char *say, *hear;
	size_t say_len, hear_len, said, heard;
};

__attribute__((format(printf, 3, 4)))
static void append(char *to, size_t *len, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	*len += vsnprintf(to + *len, LINE_MAX_LEN, format, args);
	va_end(args);
}

static void append_bytes(char *to, size_t *len, size_t n, __u64 from)
{
	stream_fill(to + *len, n, from, 0);
	*len += n;
}

/* One more request, of random bytes and length. */
static void request(struct talk *t)
{
	size_t n = 1 + random_below(VALUE_MAX);
	__u64 from = stream_random(&seed);

	if (!resp) {
		append_bytes(t->say, &t->say_len, n, from);
		append_bytes(t->hear, &t->hear_len, n, from);
		return;
	}
	append(t->say, &t->say_len, "*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$%zu\r\n", n);
	append_bytes(t->say, &t->say_len, n, from);
	append(t->say, &t->say_len, "\r\n*1\r\n$4\r\nPING\r\n");
	append(t->hear, &t->hear_len, "+OK\r\n+PONG\r\n");
}

static struct talk talk(int requests)
{
	struct talk t = {
		.say = allocate(requests * REQUEST_MAX), .hear = allocate(requests * REQUEST_MAX),
	};

	while (requests--)
		request(&t);
	return t;
}

/* One with long answers. */
static struct talk long_talk(void)
{
	struct talk t = talk(resp ? 1 : 16000);
	__u64 from = stream_random(&seed);
	char key[16];

	if (!resp)
		return t;
	/* Its own, as each of them sets it to something else. */
	sprintf(key, "%08x", (unsigned int)from);
	t.say = realloc(t.say, 1 << 20);
	t.hear = realloc(t.hear, 8 << 20);
	if (!t.say || !t.hear)
		fail("out of memory");
	append(t.say, &t.say_len, "*3\r\n$3\r\nSET\r\n$8\r\n%s\r\n$%d\r\n", key,
	       VALUE_MAX);
	append_bytes(t.say, &t.say_len, VALUE_MAX, from);
	append(t.say, &t.say_len, "\r\n");
	append(t.hear, &t.hear_len, "+OK\r\n");
	for (int i = 0; i < 5000; i++) {
		append(t.say, &t.say_len, "*2\r\n$3\r\nGET\r\n$8\r\n%s\r\n", key);
		append(t.hear, &t.hear_len, "$%d\r\n", VALUE_MAX);
		append_bytes(t.hear, &t.hear_len, VALUE_MAX, from);
		append(t.hear, &t.hear_len, "\r\n");
	}
	return t;
}

static void forget(struct talk *t)
{
	free(t->say);
	free(t->hear);
}

static int open_one(void)
{
	struct timeval patience = { .tv_sec = PATIENCE / 1000 };
	int fd = dial(family, port);

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	return fd;
}

static void close_with_reset(int fd)
{
	struct linger reset = { .l_onoff = 1 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	close(fd);
}

static void say(int fd, struct talk *t, size_t n)
{
	while (n) {
		ssize_t sent = send(fd, t->say + t->said, n, MSG_NOSIGNAL);

		if (sent <= 0)
			fail("send: %s", strerror(errno));
		t->said += sent;
		n -= sent;
	}
}

/* Takes in what was received, which has to be the next of what is to be heard. */
static void check(struct talk *t, const char *bytes, ssize_t n)
{
	if ((size_t)n > t->hear_len - t->heard || memcmp(t->hear + t->heard, bytes, n))
		fail("wrong bytes after byte %zu of %zu", t->heard, t->hear_len);
	t->heard += n;
}

static void hear(int fd, struct talk *t, size_t n)
{
	char bytes[16384];

	while (n) {
		ssize_t got = recv(fd, bytes, n < sizeof(bytes) ? n : sizeof(bytes), 0);

		if (got <= 0)
			fail("%s after byte %zu of %zu",
			     got ? strerror(errno) : "end of stream", t->heard, t->hear_len);
		check(t, bytes, got);
		n -= got;
	}
}

static void hear_the_end(int fd)
{
	char byte;
	ssize_t got = recv(fd, &byte, 1, 0);

	if (got)
		fail("%s at the end", got < 0 ? strerror(errno) : "more bytes");
}

/* Somebody who does nothing wrong, and says and hears it in order. */
static void good(int requests)
{
	int fd = open_one();

	for (int i = 0; i < requests; i++) {
		struct talk t = talk(1);

		say(fd, &t, t.say_len);
		hear(fd, &t, t.hear_len);
		forget(&t);
	}
	close(fd);
}

static void reset(int count)
{
	enum { AT_ONCE = 50 };
	int fds[AT_ONCE];

	for (int left = count; left > 0; left -= AT_ONCE) {
		for (int i = 0; i < AT_ONCE; i++) {
			struct talk t = talk(1 + random_below(20));
			char bytes[100];

			fds[i] = open_one();
			/* Nothing, a part, or all; in the middle of an answer or not. */
			say(fds[i], &t, random_below(3) ? random_below(t.say_len) : t.say_len);
			if (t.said == t.say_len && random_below(2))
				hear(fds[i], &t, 1 + random_below(t.hear_len));
			else if (!random_below(4))
				recv(fds[i], bytes, sizeof(bytes), MSG_DONTWAIT);
			forget(&t);
		}
		for (int i = 0; i < AT_ONCE; i++)
			close_with_reset(fds[i]);
		good(1);
	}
}

static void half(int count)
{
	struct talk *t = allocate(count * sizeof(*t));
	int *fds = allocate(count * sizeof(*fds));

	for (int i = 0; i < count; i++) {
		fds[i] = open_one();
		t[i] = talk(random_below(10));
		say(fds[i], &t[i], t[i].say_len);
		if (shutdown(fds[i], SHUT_WR))
			fail("shutdown: %s", strerror(errno));
	}
	good(3);
	for (int i = 0; i < count; i++) {
		hear(fds[i], &t[i], t[i].hear_len);
		hear_the_end(fds[i]);
		close(fds[i]);
		forget(&t[i]);
	}
}

static void stall(int count)
{
	struct talk *t = allocate(count * sizeof(*t));
	int *fds = allocate(count * sizeof(*fds));

	for (int i = 0; i < count; i++) {
		fds[i] = open_one();
		t[i] = talk(2);
		/* An echo comes for each byte; elsewhere, a request is not complete. */
		say(fds[i], &t[i], t[i].say_len / 4 + random_below(t[i].say_len / 2));
	}
	good(20);
	for (int i = 0; i < count; i++)
		say(fds[i], &t[i], t[i].say_len - t[i].said);
	for (int i = 0; i < count; i++) {
		hear(fds[i], &t[i], t[i].hear_len);
		close(fds[i]);
		forget(&t[i]);
	}
}

static void trickle(int count)
{
	struct talk *t = allocate(count * sizeof(*t));
	int *fds = allocate(count * sizeof(*fds)), left = count, on = 1;

	for (int i = 0; i < count; i++) {
		fds[i] = open_one();
		setsockopt(fds[i], SOL_TCP, TCP_NODELAY, &on, sizeof(on));
		do {
			t[i] = talk(1);
		} while (t[i].say_len > 150);
	}
	while (left) {
		for (int i = 0; i < count; i++) {
			char byte;

			if (fds[i] < 0)
				continue;
			if (t[i].said < t[i].say_len)
				say(fds[i], &t[i], 1);
			else
				hear(fds[i], &t[i], 1);
			if (recv(fds[i], &byte, 1, MSG_DONTWAIT) == 1)
				check(&t[i], &byte, 1);
			if (t[i].heard == t[i].hear_len) {
				close(fds[i]);
				fds[i] = -1;
				left--;
			}
		}
	}
	good(1);
}

/* Sends as long as it gets anywhere. Says nothing new while the server does not take it. */
static void say_without_hearing(int count, int *fds, struct talk *t)
{
	int quiet = 0;

	while (quiet < 3) {
		int moved = 0;

		for (int i = 0; i < count; i++) {
			ssize_t n = send(fds[i], t[i].say + t[i].said, t[i].say_len - t[i].said,
					 MSG_NOSIGNAL | MSG_DONTWAIT);

			if (n < 0 && errno != EAGAIN)
				fail("send: %s", strerror(errno));
			if (n > 0) {
				t[i].said += n;
				moved = 1;
			}
		}
		quiet = moved ? 0 : quiet + 1;
		usleep(moved ? 1000 : 200000);
	}
}

/* Says the rest and hears all, both at once, as neither may wait for the other. */
static void finish(int fd, struct talk *t)
{
	char bytes[16384];

	while (t->heard < t->hear_len) {
		struct pollfd p = {
			.fd = fd, .events = POLLIN | (t->said < t->say_len ? POLLOUT : 0),
		};
		ssize_t n;

		if (poll(&p, 1, PATIENCE) != 1)
			fail("no progress at byte %zu of %zu", t->heard, t->hear_len);
		if (p.revents & POLLOUT) {
			n = send(fd, t->say + t->said, t->say_len - t->said,
				 MSG_NOSIGNAL | MSG_DONTWAIT);
			if (n < 0 && errno != EAGAIN)
				fail("send: %s", strerror(errno));
			t->said += n > 0 ? n : 0;
		}
		if (p.revents & ~POLLOUT) {
			n = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);
			if (!n || (n < 0 && errno != EAGAIN))
				fail("%s at byte %zu of %zu", n ? strerror(errno) : "end of stream",
				     t->heard, t->hear_len);
			if (n > 0)
				check(t, bytes, n);
		}
	}
}

static void deaf(int count)
{
	struct talk *t = allocate(count * sizeof(*t));
	int *fds = allocate(count * sizeof(*fds)), small = 65536;
	size_t stuck = 0;

	for (int i = 0; i < count; i++) {
		fds[i] = open_one();
		/* So that not much is needed to fill them. */
		setsockopt(fds[i], SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
		setsockopt(fds[i], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
		t[i] = long_talk();
	}
	say_without_hearing(count, fds, t);
	for (int i = 0; i < count; i++)
		stuck += t[i].said < t[i].say_len;
	good(20);
	for (int i = 0; i < count; i++) {
		if (i % 2)
			finish(fds[i], &t[i]);
		else
			close_with_reset(fds[i]);
		if (i % 2)
			close(fds[i]);
		forget(&t[i]);
	}
	printf("%zu of %d could not say all\n", stuck, count);
	/* An echo has to stop listening to who does not listen. */
	if (!resp && !stuck)
		fail("the server has taken all of what nobody heard");
}

static void vanish(int count)
{
	struct sockaddr_storage to;
	socklen_t len = address(&to, family, port, 0);

	for (int i = 0; i < count; i++) {
		int fd = socket(to.ss_family, SOCK_STREAM | SOCK_NONBLOCK, 0);

		if (fd < 0 ||
		    (connect(fd, (struct sockaddr *)&to, len) && errno != EINPROGRESS))
			fail("connect: %s", strerror(errno));
		if (i % 2)
			close_with_reset(fd);
		else
			close(fd);
		if (i % 100 == 99)
			good(1);
	}
}

static void urgent(int count)
{
	for (int i = 0; i < count; i++) {
		struct talk t = talk(2);
		int fd = open_one();
		char byte;

		say(fd, &t, t.say_len / 2);
		if (send(fd, "!", 1, MSG_OOB | MSG_NOSIGNAL) != 1)
			fail("urgent: %s", strerror(errno));
		/* Whether a server goes on after that is its own affair. */
		send(fd, t.say + t.said, t.say_len - t.said, MSG_NOSIGNAL);
		shutdown(fd, SHUT_WR);
		while (recv(fd, &byte, 1, 0) > 0)
			;
		close(fd);
		forget(&t);
	}
	good(1);
}

static void squeeze(int count)
{
	struct talk *t = allocate(count * sizeof(*t));
	int *fds = allocate(count * sizeof(*fds)), small = 2048;

	for (int i = 0; i < count; i++) {
		fds[i] = open_one();
		setsockopt(fds[i], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
		setsockopt(fds[i], SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
		t[i] = talk(20);
	}
	for (int i = 0; i < count; i++) {
		finish(fds[i], &t[i]);
		close(fds[i]);
		forget(&t[i]);
	}
	good(1);
}

static void churn(int count)
{
	long start = now_ms();

	for (int i = 0; i < count; i++) {
		int fd;

		if (i % 16 == 15) {
			good(1);
			continue;
		}
		fd = dial(family, port);
		if (i % 4 == 1 && send(fd, "\r\n", 2, MSG_NOSIGNAL) != 2)
			fail("send: %s", strerror(errno));
		if (i % 4 == 3)
			close(fd);
		else
			close_with_reset(fd);
	}
	printf("%d connections, %ld in a second\n", count, count * 1000L / (now_ms() - start + 1));
}

/* The server */

struct client {
	int fd;
	size_t at, len;
	char buf[16384];
};

static void watch(int epoll, int op, int fd, unsigned int events, void *of)
{
	struct epoll_event event = { .events = events, .data.ptr = of };

	if (epoll_ctl(epoll, op, fd, &event))
		fail("epoll_ctl: %s", strerror(errno));
}

/* Echoes what there is; gives back 0 at the end of the connection. */
static int echo(int epoll, struct client *c)
{
	ssize_t n;

	if (c->at == c->len) {
		n = recv(c->fd, c->buf, sizeof(c->buf), 0);
		if (n < 0)
			return errno == EAGAIN;
		if (!n)
			return 0;
		c->at = 0;
		c->len = n;
	}
	n = send(c->fd, c->buf + c->at, c->len - c->at, MSG_NOSIGNAL);
	if (n < 0 && errno != EAGAIN)
		return 0;
	c->at += n > 0 ? n : 0;
	watch(epoll, EPOLL_CTL_MOD, c->fd, c->at < c->len ? EPOLLOUT : EPOLLIN, c);
	return 1;
}

__attribute__((noreturn))
static void serve(void)
{
	int listener = listen_on(family, port, 1), epoll = epoll_create1(0);
	struct epoll_event events[64];

	fcntl(listener, F_SETFL, O_NONBLOCK);
	watch(epoll, EPOLL_CTL_ADD, listener, EPOLLIN, NULL);
	for (;;) {
		int n = epoll_wait(epoll, events, 64, -1);

		for (int i = 0; i < n; i++) {
			struct client *c = events[i].data.ptr;

			if (c) {
				if (echo(epoll, c))
					continue;
				close(c->fd);
				free(c);
				continue;
			}
			c = allocate(sizeof(*c));
			c->at = 0;
			c->len = 0;
			c->fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
			if (c->fd < 0)
				free(c);
			else
				watch(epoll, EPOLL_CTL_ADD, c->fd, EPOLLIN, c);
		}
	}
}

static const struct {
	const char *name;
	void (*run)(int count);
} ways[] = {
	{ "reset", reset }, { "half", half }, { "stall", stall }, { "trickle", trickle },
	{ "deaf", deaf }, { "vanish", vanish }, { "urgent", urgent }, { "squeeze", squeeze },
	{ "churn", churn }, { }
};

int main(int argc, char **argv)
{
	signal(SIGPIPE, SIG_IGN);
	if (argc == 4 && !strcmp(argv[1], "serve")) {
		family = atoi(argv[2]);
		port = atoi(argv[3]);
		serve();
	}
	for (size_t i = 0; argc == 6 && ways[i].name; i++) {
		long start = now_ms();

		if (strcmp(argv[1], ways[i].name))
			continue;
		resp = !strcmp(argv[2], "resp");
		family = atoi(argv[3]);
		port = atoi(argv[4]);
		ways[i].run(atoi(argv[5]));
		/* And afterwards. */
		good(5);
		printf("%s: %s clients, %ld ms\n", argv[1], argv[5], now_ms() - start);
		return 0;
	}
	fputs("usage: see the comment at the top of the source\n", stderr);
	return 2;
}
