// SPDX-License-Identifier: GPL-2.0
/*
 * syscalls [quick] - what ukl_bench.c measures, by system calls through libc
 *
 * Prints its samples.
 */
#include <arpa/inet.h>
#include <err.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct end {
	int fd;
};

#include "measure.h"

static inline long write_to(struct end end, const char *buffer, unsigned int size)
{
	return write(end.fd, buffer, size);
}

static inline long read_from(struct end end, char *buffer, unsigned int size)
{
	return read(end.fd, buffer, size);
}

static inline long send_to(struct end end, const char *buffer, unsigned int size)
{
	return sendto(end.fd, buffer, size, 0, NULL, 0);
}

static inline long recv_from(struct end end, char *buffer, unsigned int size)
{
	return recvfrom(end.fd, buffer, size, 0, NULL, NULL);
}

/* As ukl_tcp_listen(), ukl_tcp_connect() and ukl_accept() do it. */
static int open_connection(struct end *ends)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t len = sizeof(addr);
	int listener, one = 1;

	listener = socket(AF_INET, SOCK_STREAM, 0);
	ends[0].fd = socket(AF_INET, SOCK_STREAM, 0);
	if (setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) ||
	    bind(listener, (struct sockaddr *)&addr, sizeof(addr)) || listen(listener, 1) ||
	    getsockname(listener, (struct sockaddr *)&addr, &len) ||
	    connect(ends[0].fd, (struct sockaddr *)&addr, sizeof(addr)))
		err(1, "cannot connect over loopback");
	ends[1].fd = accept(listener, NULL, NULL);
	if (ends[1].fd < 0)
		err(1, "accept");
	for (int i = 0; i < 2; i++)
		if (setsockopt(ends[i].fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)))
			err(1, "TCP_NODELAY");
	close(listener);
	return 0;
}

int main(int argc, char **argv)
{
	bool quick = argc > 1 && !strcmp(argv[1], "quick");
	static char buffer[SIZE_MAX_TCP];

	if (quick)
		rounds = ROUNDS_QUICK;
	measure_overhead();
	measure_null("null.syscall", nothing, getppid);
	for (const struct size *size = sizes; size->name; size++) {
		if (quick && !size->everywhere)
			continue;
		if (!measure_tcp(size, "write", "read", buffer, nothing,
				 write_to, read_from) ||
		    (size->everywhere && !measure_tcp(size, "sendto", "recvfrom", buffer, nothing,
						      send_to, recv_from)))
			errx(1, "a call failed or was cut short, of %u bytes", size->bytes);
	}

	for (unsigned int i = 0; i < result_count; i++) {
		printf("user %s %u", results[i].name, results[i].calls);
		for (int round = 0; round < rounds; round++)
			printf(" %lu", results[i].total[round]);
		putchar('\n');
	}
	return 0;
}
