// SPDX-License-Identifier: GPL-2.0
/*
 * load - asks a server over loopback, and counts the server's instructions
 *
 * usage: load [-c BUSY] [-i IDLE] [-w WINDOWS] [-n REQUESTS] [-m] [-s SECONDS] [-j JITTER]
 *             [-q REQUEST -a ANSWER] SERVER PORT
 *        load -i CONNECTIONS -b
 *
 * Opens BUSY connections, of which each has one request of 32 bytes under way, and IDLE ones that
 * are asked only once. Every byte of every answer is compared, with what was sent or, with -q and
 * -a, which every request then is, with ANSWER. After a warm-up, prints for each window:
 *
 *   window REQUESTS INSTRUCTIONS-OF-THE-SERVER INSTRUCTIONS-OF-THE-MACHINE
 *
 * SERVER is as server_open() has it. With one connection the client blocks in recv(), with more in
 * epoll_wait().
 *
 * With -j, the client spins for a random time of up to JITTER instructions before each request.
 *
 * With -m, also by how much the machine's memory had grown, SECONDS after the idle connections
 * were opened, as memory.h has it. With -b, the same for connections that nobody has accepted: what
 * the client's side and the bare TCP sockets of the server's side take.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include "../memory.h"
#include "../server.h"

#define SIZE		32	/* bytes in a request, unless -q says another */
#define SIZE_MAX_ANSWER	4096
#define WINDOWS_MAX	1000
#define EVENTS		128

struct connection {
	int fd;
	uint32_t number;	/* of the connection */
	uint32_t request;	/* of the request under way */
	size_t received;	/* bytes of its answer */
};

static struct memory before, after;
static unsigned int jitter;
static const char *question, *answer;
static size_t answer_size = SIZE;

static void fill(const struct connection *connection, unsigned char *data)
{
	uint32_t state = connection->number * 2654435761u + connection->request * 40503u + 1;

	for (int i = 0; i < SIZE; i++) {
		state = state * 1664525u + 1013904223u;
		data[i] = state >> 24;
	}
}

static void ask(struct connection *connection)
{
	size_t size = question ? strlen(question) : SIZE;
	unsigned char filled[SIZE];

	connection->request++;
	connection->received = 0;
	if (!question)
		fill(connection, filled);
	if (send(connection->fd, question ?: (char *)filled, size, MSG_NOSIGNAL) != (ssize_t)size)
		err(1, "send");
}

/* Returns whether the answer is complete. */
static bool receive(struct connection *connection)
{
	unsigned char filled[SIZE], data[SIZE_MAX_ANSWER + 1];
	ssize_t len = recv(connection->fd, data, answer_size + 1, 0);
	const void *expected = answer ?: (char *)filled;

	if (len < 0)
		err(1, "recv");
	if (!len)
		errx(1, "the server closed a connection");
	if (!answer)
		fill(connection, filled);
	if ((size_t)len > answer_size - connection->received)
		errx(1, "the answer is longer than it should be");
	if (memcmp(expected + connection->received, data, len))
		errx(1, "the answer is not what it should be");
	connection->received += len;
	return connection->received == answer_size;
}

static void open_connections(struct connection *connections, unsigned int count,
			     uint16_t port, bool ask_once)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons(port),
	};
	static uint32_t number;
	int one = 1;

	for (unsigned int i = 0; i < count; i++) {
		struct connection *connection = &connections[i];

		connection->number = number++;
		connection->fd = socket(AF_INET, SOCK_STREAM, 0);
		if (connection->fd < 0 ||
		    connect(connection->fd, (struct sockaddr *)&addr, sizeof(addr)) ||
		    setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)))
			err(1, "cannot connect to port %u", port);
		if (!ask_once)
			continue;
		ask(connection);
		while (!receive(connection))
			;
	}
}

/* A listener that accepts nothing; its port. */
static uint16_t listen_only(void)
{
	struct sockaddr_in6 addr = { .sin6_family = AF_INET6 };
	socklen_t len = sizeof(addr);
	int fd = socket(AF_INET6, SOCK_STREAM, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) || listen(fd, 65535) ||
	    getsockname(fd, (struct sockaddr *)&addr, &len))
		err(1, "cannot listen");
	return ntohs(addr.sin6_port);
}

static void spin(void)
{
	/* Two instructions a round. */
	unsigned int left = jitter ? rand() % (jitter / 2) + 1 : 0;

	if (left)
		asm volatile("1: dec %0; jnz 1b" : "+r" (left) : : "cc");
}

static void run_one(struct connection *connection, unsigned int requests)
{
	while (requests--) {
		spin();
		ask(connection);
		while (!receive(connection))
			;
	}
}

static void run_many(struct connection *connections, unsigned int count, int epoll,
		     unsigned int requests)
{
	struct epoll_event events[EVENTS];
	unsigned int asked = 0, answered = 0;

	while (asked < count && asked < requests)
		ask(&connections[asked++]);
	while (answered < requests) {
		int ready = epoll_wait(epoll, events, EVENTS, -1);

		if (ready < 0)
			err(1, "epoll_wait");
		for (int i = 0; i < ready; i++) {
			struct connection *connection = events[i].data.ptr;

			if (!receive(connection))
				continue;
			answered++;
			if (asked < requests) {
				ask(connection);
				asked++;
			}
		}
	}
}

static int epoll_of(struct connection *connections, unsigned int count)
{
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	for (unsigned int i = 0; i < count; i++) {
		struct epoll_event event = { .events = EPOLLIN, .data.ptr = &connections[i] };

		if (epoll_ctl(epoll, EPOLL_CTL_ADD, connections[i].fd, &event))
			err(1, "epoll");
	}
	return epoll;
}

int main(int argc, char **argv)
{
	static unsigned long server_times[WINDOWS_MAX], machine_times[WINDOWS_MAX];
	struct rlimit files = { .rlim_cur = 65536, .rlim_max = 65536 };
	unsigned int busy = 1, idle = 0, windows = 5, requests = 1000, wait = 0;
	struct connection *connections;
	bool memory = false, baseline = false;
	struct server server, then;
	uint16_t port;
	int option, epoll;

	while ((option = getopt(argc, argv, "c:i:w:n:j:q:a:s:mb")) >= 0) {
		switch (option) {
		case 'c':
			busy = atoi(optarg);
			break;
		case 'i':
			idle = atoi(optarg);
			break;
		case 'w':
			windows = atoi(optarg);
			break;
		case 'n':
			requests = atoi(optarg);
			break;
		case 'j':
			jitter = atoi(optarg);
			break;
		case 'q':
			question = optarg;
			break;
		case 'a':
			answer = optarg;
			answer_size = strlen(answer);
			break;
		case 's':
			wait = atoi(optarg);
			break;
		case 'm':
			memory = true;
			break;
		case 'b':
			baseline = true;
			break;
		default:
			return 2;
		}
	}
	if (argc - optind != (baseline ? 0 : 2) || !busy || windows > WINDOWS_MAX ||
	    !question != !answer || !answer_size || answer_size > SIZE_MAX_ANSWER)
		errx(2, "wrong arguments");
	connections = calloc(busy + idle, sizeof(*connections));
	if (!connections || setrlimit(RLIMIT_NOFILE, &files))
		err(1, "no room for the connections");

	port = baseline ? listen_only() : atoi(argv[optind + 1]);
	open_connections(connections, busy, port, !baseline);
	if (memory || baseline)
		memory_look(&before);
	open_connections(connections + busy, idle, port, !baseline);
	if (memory || baseline) {
		sleep(wait);
		memory_look(&after);
		memory_print_growth(&before, &after);
	}
	if (baseline)
		return 0;

	epoll = epoll_of(connections, busy);
	/* Window -1 is the warm-up. */
	for (int window = -1; window < (int)windows; window++) {
		unsigned long machine = 0, used = 0;

		if (window == 0)
			server_open(&server, argv[optind]);
		if (window >= 0) {
			used = server_time(&server);
			machine = machine_time();
		}
		if (busy == 1)
			run_one(connections, requests);
		else
			run_many(connections, busy, epoll, requests);
		if (window >= 0) {
			machine_times[window] = machine_time() - machine;
			server_times[window] = server_time(&server) - used;
		}
	}
	/* What a thread did that began meanwhile, such as one of io_uring's, was not counted. */
	server_open(&then, argv[optind]);
	if (then.threads != server.threads)
		errx(1, "the server had %d threads and has %d", server.threads, then.threads);
	for (unsigned int window = 0; window < windows; window++)
		printf("window %u %lu %lu\n", requests, server_times[window],
		       machine_times[window]);
	return 0;
}
