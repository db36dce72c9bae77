// SPDX-License-Identifier: GPL-2.0
/*
 * epoll_server [-s MICROSECONDS] PORT - the echo server in user space that ukl's are compared with
 *
 * One thread, level-triggered epoll, non-blocking sockets; a request costs one epoll_wait(), or a
 * share of one, a read() and a write(). It reads no more from a client that does not take its
 * answers. Prints the server's process id as soon as it listens.
 *
 * With -s it spins before each answer, by which the harness shows that it sees a slower server.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "daemon.h"

#define EVENTS		128
#define BUFFER_SIZE	(16 * 1024)

struct connection {
	int fd;
	char *pending;		/* what is still to be written: */
	size_t start, end;	/* this part of it */
};

static int epoll;
static long slowed;	/* nanoseconds of an answer */

static long now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000 + time.tv_nsec;
}

static void spin(void)
{
	long start = now();

	while (now() - start < slowed)
		;
}

static void wait_for(struct connection *connection, int op, unsigned int events)
{
	struct epoll_event event = { .events = events, .data.ptr = connection };

	if (epoll_ctl(epoll, op, connection->fd, &event))
		err(1, "epoll_ctl");
}

static void drop(struct connection *connection)
{
	close(connection->fd);
	free(connection->pending);
	free(connection);
}

static void accept_one(int listener)
{
	struct connection *connection;
	int one = 1, fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);

	if (fd < 0)
		return;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	connection = calloc(1, sizeof(*connection));
	if (!connection)
		err(1, "no memory");
	connection->fd = fd;
	wait_for(connection, EPOLL_CTL_ADD, EPOLLIN);
}

static void echo(struct connection *connection)
{
	static char buffer[BUFFER_SIZE];
	ssize_t len, written;

	len = read(connection->fd, buffer, sizeof(buffer));
	if (len < 0 && errno == EAGAIN)
		return;
	if (len <= 0) {
		drop(connection);
		return;
	}
	if (slowed)
		spin();
	written = write(connection->fd, buffer, len);
	if (written == len)
		return;
	if (written < 0) {
		if (errno != EAGAIN) {
			drop(connection);
			return;
		}
		written = 0;
	}
	connection->pending = malloc(len - written);
	if (!connection->pending)
		err(1, "no memory");
	memcpy(connection->pending, buffer + written, len - written);
	connection->start = 0;
	connection->end = len - written;
	wait_for(connection, EPOLL_CTL_MOD, EPOLLOUT);
}

static void write_pending(struct connection *connection)
{
	ssize_t written = write(connection->fd, connection->pending + connection->start,
				connection->end - connection->start);

	if (written < 0) {
		if (errno != EAGAIN)
			drop(connection);
		return;
	}
	connection->start += written;
	if (connection->start < connection->end)
		return;
	free(connection->pending);
	connection->pending = NULL;
	wait_for(connection, EPOLL_CTL_MOD, EPOLLIN);
}

int main(int argc, char **argv)
{
	struct sockaddr_in6 addr = { .sin6_family = AF_INET6 };
	struct rlimit files = { .rlim_cur = 65536, .rlim_max = 65536 };
	struct connection listener = { };
	struct epoll_event events[EVENTS];
	int one = 1, option;

	while ((option = getopt(argc, argv, "s:")) != -1) {
		if (option != 's')
			argc = 0;
		else
			slowed = atol(optarg) * 1000;
	}
	if (argc != optind + 1)
		errx(2, "usage: epoll_server [-s MICROSECONDS] PORT");
	addr.sin6_port = htons(atoi(argv[optind]));
	listener.fd = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK, 0);
	epoll = epoll_create1(0);
	if (epoll < 0 || setrlimit(RLIMIT_NOFILE, &files) ||
	    setsockopt(listener.fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) ||
	    bind(listener.fd, (struct sockaddr *)&addr, sizeof(addr)) ||
	    listen(listener.fd, 1024))
		err(1, "cannot listen on port %s", argv[optind]);
	wait_for(&listener, EPOLL_CTL_ADD, EPOLLIN);

	go_to_background();
	for (;;) {
		int count = epoll_wait(epoll, events, EVENTS, -1);

		for (int i = 0; i < count; i++) {
			struct connection *connection = events[i].data.ptr;

			if (connection == &listener)
				accept_one(listener.fd);
			else if (connection->pending)
				write_pending(connection);
			else
				echo(connection);
		}
	}
}
