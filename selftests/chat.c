// SPDX-License-Identifier: GPL-2.0
/*
 * The user-space ends of a chat as samples/chat speaks it.
 *
 *   chat serve PORT      plain server, to test the clients below against
 *   chat talk PORT       clients that talk to each other, leave, break, or do not read
 *   chat crowd PORT N    clients of whom each hears what all others say
 *   chat full PORT N     as many clients as are let in, one more, and one in the place of another
 *   chat hold PORT N     connects, says "ready", then waits until all have been ended
 *
 * Exit status 0 if all was as it should be; else 1 and a line that says what was not.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>

#include "net.h"

#define MAX_CLIENTS	256
#define LINE_SIZE	512
#define OUT_SIZE	16384

/* The server */

struct member {
	int fd;
	char nick[16], line[LINE_SIZE + 1], out[OUT_SIZE + 1];
	size_t line_len, out_len;
};

static struct member *members[MAX_CLIENTS];
static int member_count;

__attribute__((format(printf, 2, 3)))
static void tell(struct member *to, const char *format, ...)
{
	size_t room = OUT_SIZE - to->out_len, len;
	va_list args;

	va_start(args, format);
	len = vsnprintf(to->out + to->out_len, room, format, args);
	va_end(args);
	if (len >= room)
		shutdown(to->fd, SHUT_RDWR);
	else
		to->out_len += len;
}

#define tell_others(from, ...) do {					\
	for (int __i = 0; __i < member_count; __i++)			\
		if (members[__i] != (from))				\
			tell(members[__i], __VA_ARGS__);		\
} while (0)

/* Whether @m stays. */
static bool heard(struct member *m, char *line)
{
	line[strcspn(line, "\r")] = 0;
	if (!strncmp(line, "/nick ", 6)) {
		tell_others(m, "* %s is now %.15s\n", m->nick, line + 6);
		snprintf(m->nick, sizeof(m->nick), "%.15s", line + 6);
		tell(m, "* you are %s\n", m->nick);
	} else if (!strcmp(line, "/who")) {
		for (int i = 0; i < member_count; i++)
			tell(m, "* %s\n", members[i]->nick);
	} else if (!strcmp(line, "/quit")) {
		return false;
	} else if (*line) {
		tell_others(m, "<%s> %s\n", m->nick, line);
	}
	return true;
}

static bool attend(struct member *m, int events)
{
	ssize_t n;
	char *end;

	if (events & POLLOUT) {
		n = send(m->fd, m->out, m->out_len, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n > 0) {
			m->out_len -= n;
			memmove(m->out, m->out + n, m->out_len);
		}
	}
	if (!(events & ~POLLOUT))
		return true;
	n = recv(m->fd, m->line + m->line_len, LINE_SIZE - m->line_len, 0);
	if (n <= 0)
		return false;
	m->line_len += n;
	while ((end = memchr(m->line, '\n', m->line_len))) {
		*end++ = 0;
		if (!heard(m, m->line))
			return false;
		m->line_len -= end - m->line;
		memmove(m->line, end, m->line_len);
	}
	return m->line_len < LINE_SIZE;
}

static int serve(int port)
{
	static struct pollfd fds[MAX_CLIENTS + 1];
	int number = 0;

	fds[MAX_CLIENTS] = (struct pollfd){ .fd = listen_on(6, port, 1), .events = POLLIN };
	for (;;) {
		for (int i = 0; i < MAX_CLIENTS; i++) {
			struct member *m = members[i];

			fds[i].fd = i < member_count ? m->fd : -1;
			fds[i].events = i < member_count && m->out_len ? POLLIN | POLLOUT : POLLIN;
		}
		if (poll(fds, MAX_CLIENTS + 1, -1) < 0)
			fail("poll: %s", strerror(errno));
		for (int i = member_count - 1; i >= 0; i--) {
			struct member *m = members[i];

			if (!fds[i].revents || attend(m, fds[i].revents))
				continue;
			members[i] = members[--member_count];
			tell_others(m, "* %s is gone\n", m->nick);
			close(m->fd);
			free(m);
		}
		if (fds[MAX_CLIENTS].revents) {
			int fd = accept(fds[MAX_CLIENTS].fd, NULL, NULL);
			struct member *m;

			if (member_count == MAX_CLIENTS) {
				close(fd);
				continue;
			}
			m = calloc(1, sizeof(*m));
			m->fd = fd;
			snprintf(m->nick, sizeof(m->nick), "guest%d", ++number);
			tell_others(m, "* %s is here\n", m->nick);
			tell(m, "* you are %s\n", m->nick);
			members[member_count++] = m;
		}
	}
}

/* The clients */

struct person {
	int fd;
	char nick[32], in[65536];
	size_t in_len;
};

/* Takes the next line that @p hears to @line. */
static void next_line(struct person *p, char *line)
{
	for (;;) {
		struct pollfd fd = { .fd = p->fd, .events = POLLIN };
		char *end = memchr(p->in, '\n', p->in_len);
		ssize_t n;

		if (end) {
			size_t len = end - p->in;

			memcpy(line, p->in, len);
			line[len] = 0;
			p->in_len -= len + 1;
			memmove(p->in, end + 1, p->in_len);
			return;
		}
		if (poll(&fd, 1, PATIENCE) <= 0)
			fail("%s hears nothing", p->nick);
		n = read(p->fd, p->in + p->in_len, sizeof(p->in) - p->in_len);
		if (n <= 0)
			fail("%s is disconnected: %s", p->nick, n ? strerror(errno) : "end");
		p->in_len += n;
	}
}

__attribute__((format(printf, 2, 3)))
static void hears(struct person *p, const char *format, ...)
{
	char want[1024], line[65536];
	va_list args;

	va_start(args, format);
	vsnprintf(want, sizeof(want), format, args);
	va_end(args);
	next_line(p, line);
	if (strcmp(line, want))
		fail("%s hears \"%s\" instead of \"%s\"", p->nick, line, want);
}

static void says(struct person *p, const char *text)
{
	size_t len = strlen(text);

	if (send(p->fd, text, len, MSG_NOSIGNAL) != (ssize_t)len)
		fail("%s cannot speak: %s", p->nick, strerror(errno));
}

static void sees_the_end(struct person *p)
{
	struct pollfd fd = { .fd = p->fd, .events = POLLIN };
	char byte;

	if (poll(&fd, 1, PATIENCE) <= 0)
		fail("%s is still connected", p->nick);
	if (p->in_len || read(p->fd, &byte, 1) > 0)
		fail("%s hears something", p->nick);
	close(p->fd);
}

static struct person *arrive(int family, int port)
{
	struct person *p = calloc(1, sizeof(*p));
	char line[65536];

	snprintf(p->nick, sizeof(p->nick), "a new one");
	p->fd = dial(family, port);
	next_line(p, line);
	if (sscanf(line, "* you are %31s", p->nick) != 1)
		fail("the first line is \"%s\"", line);
	return p;
}

static void is_called(struct person *p, struct person *other, const char *nick)
{
	char text[64];

	snprintf(text, sizeof(text), "/nick %s\r\n", nick);
	says(p, text);
	hears(p, "* you are %s", nick);
	hears(other, "* %s is now %s", p->nick, nick);
	snprintf(p->nick, sizeof(p->nick), "%s", nick);
}

/* @speaker talks until it is told that @sleeper, who does not read, is gone. */
static void talks_until_gone(struct person *speaker, struct person *sleeper, struct person *other)
{
	char text[401], line[65536], want[64];
	size_t said = 0, told = 0, heard = 0;

	memset(text, 'z', 399);
	text[399] = '\n';
	text[400] = 0;
	snprintf(want, sizeof(want), "* %s is gone", sleeper->nick);
	do {
		if (said++ == 200000)
			fail("%s is not thrown out", sleeper->nick);
		says(speaker, text);
		/* The other one keeps up, and misses nothing. */
		next_line(other, line);
		told += !strcmp(line, want);
		heard += strlen(line) == 399 + strlen(speaker->nick) + 3;
	} while (!told);
	while (heard < said) {
		next_line(other, line);
		heard += strlen(line) == 399 + strlen(speaker->nick) + 3;
	}
	hears(speaker, "%s", want);
	printf("thrown out after %zu lines\n", said);
}

static int talk(int port)
{
	struct linger reset = { .l_onoff = 1 };
	struct person *anna, *bert, *guest;
	char text[1024], line[65536];
	int small = 4096;

	anna = arrive(4, port);
	bert = arrive(6, port);
	hears(anna, "* %s is here", bert->nick);
	is_called(anna, bert, "anna");
	is_called(bert, anna, "bert");

	/* Nobody hears himself: what bert hears first is the answer to the command. */
	says(bert, "hello\n/who\n");
	hears(anna, "<bert> hello");
	next_line(bert, line);
	next_line(bert, text);
	if ((strcmp(line, "* anna") || strcmp(text, "* bert")) &&
	    (strcmp(line, "* bert") || strcmp(text, "* anna")))
		fail("\"%s\" and \"%s\" are here", line, text);

	/* Lines come in pieces and several at once; empty ones are nothing. */
	says(anna, "in pi");
	usleep(100000);
	says(anna, "eces");
	usleep(100000);
	says(anna, "\none\r\n\ntwo\nand a ");
	hears(bert, "<anna> in pieces");
	hears(bert, "<anna> one");
	hears(bert, "<anna> two");
	says(anna, "half\n");
	hears(bert, "<anna> and a half");

	guest = arrive(4, port);
	hears(anna, "* %s is here", guest->nick);
	hears(bert, "* %s is here", guest->nick);
	says(guest, "bye\n/quit\nnot said\n");
	hears(anna, "<%s> bye", guest->nick);
	hears(anna, "* %s is gone", guest->nick);
	hears(bert, "<%s> bye", guest->nick);
	hears(bert, "* %s is gone", guest->nick);
	sees_the_end(guest);

	/* A line that does not end. */
	guest = arrive(4, port);
	hears(anna, "* %s is here", guest->nick);
	hears(bert, "* %s is here", guest->nick);
	memset(text, 'x', sizeof(text));
	send(guest->fd, text, sizeof(text), MSG_NOSIGNAL);
	hears(anna, "* %s is gone", guest->nick);
	hears(bert, "* %s is gone", guest->nick);
	sees_the_end(guest);

	guest = arrive(6, port);
	hears(anna, "* %s is here", guest->nick);
	hears(bert, "* %s is here", guest->nick);
	setsockopt(guest->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	close(guest->fd);
	hears(anna, "* %s is gone", guest->nick);
	hears(bert, "* %s is gone", guest->nick);

	guest = arrive(4, port);
	setsockopt(guest->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	hears(anna, "* %s is here", guest->nick);
	hears(bert, "* %s is here", guest->nick);
	talks_until_gone(anna, guest, bert);

	says(bert, "still here\n");
	hears(anna, "<bert> still here");
	says(bert, "/quit\n");
	hears(anna, "* bert is gone");
	sees_the_end(bert);
	close(anna->fd);
	return 0;
}

static int crowd(int port, int n)
{
	struct person **crowd = calloc(n, sizeof(*crowd));
	char line[65536], text[64], nick[32];
	int number;

	for (int i = 0; i < n; i++)
		crowd[i] = arrive(i % 2 ? 4 : 6, port);
	for (int i = 0; i < n; i++)
		for (int k = i + 1; k < n; k++)
			hears(crowd[i], "* %s is here", crowd[k]->nick);
	for (int i = 0; i < n; i++) {
		snprintf(text, sizeof(text), "I am number %d\n", i);
		says(crowd[i], text);
	}
	for (int i = 0; i < n; i++) {
		bool *seen = calloc(n, sizeof(*seen));

		for (int k = 1; k < n; k++) {
			next_line(crowd[i], line);
			if (sscanf(line, "<%31[^>]> I am number %d", nick, &number) != 2 ||
			    number < 0 || number >= n || number == i || seen[number] ||
			    strcmp(nick, crowd[number]->nick))
				fail("%s hears \"%s\"", crowd[i]->nick, line);
			seen[number] = true;
		}
		free(seen);
	}
	for (int i = 0; i < n; i++)
		close(crowd[i]->fd);
	printf("%d clients heard each other\n", n);
	return 0;
}

static int full(int port, int n)
{
	struct person **held = calloc(n, sizeof(*held)), one_more = { .nick = "one more" };
	char line[65536], want[64];

	for (int i = 0; i < n; i++)
		held[i] = arrive(i % 2 ? 4 : 6, port);
	one_more.fd = dial(4, port);
	sees_the_end(&one_more);
	snprintf(want, sizeof(want), "* %s is gone", held[0]->nick);
	says(held[0], "/quit\n");
	do
		next_line(held[1], line);
	while (strcmp(line, want));
	hears(held[1], "* %s is here", arrive(4, port)->nick);
	printf("%d clients are let in\n", n);
	return 0;
}

static int hold(int port, int n)
{
	struct person **held = calloc(n, sizeof(*held));

	for (int i = 0; i < n; i++)
		held[i] = arrive(4, port);
	puts("ready");
	fflush(stdout);
	for (int i = 0; i < n; i++) {
		struct person *p = held[i];
		ssize_t m;

		do {
			struct pollfd fd = { .fd = p->fd, .events = POLLIN };

			if (poll(&fd, 1, PATIENCE) <= 0)
				fail("connection %d of %d was not ended", i, n);
			m = read(p->fd, p->in, sizeof(p->in));
		} while (m > 0);
	}
	printf("ended %d\n", n);
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	int port = argc > 2 ? atoi(argv[2]) : 0, n = argc > 3 ? atoi(argv[3]) : 0;

	if (argc == 3 && !strcmp(what, "serve"))
		return serve(port);
	if (argc == 3 && !strcmp(what, "talk"))
		return talk(port);
	if (argc == 4 && n > 0 && !strcmp(what, "crowd"))
		return crowd(port, n);
	if (argc == 4 && n > 1 && !strcmp(what, "full"))
		return full(port, n);
	if (argc == 4 && n > 0 && !strcmp(what, "hold"))
		return hold(port, n);
	fputs("usage: see the comment at the top of the source\n", stderr);
	return 2;
}
