// SPDX-License-Identifier: GPL-2.0
/*
 * load - asks an echo server over loopback, and counts the server's instructions
 *
 * usage: load [-c BUSY] [-i IDLE] [-w WINDOWS] [-n REQUESTS] [-m] [-j JITTER] SERVER PORT
 *        load -i CONNECTIONS -b
 *
 * Opens BUSY connections, of which each has one request of 32 bytes under way, and IDLE ones that
 * are asked only once. Every byte of every answer is compared. After a warm-up, prints for each
 * window:
 *
 *   window REQUESTS INSTRUCTIONS-OF-THE-SERVER INSTRUCTIONS-OF-THE-MACHINE
 *
 * SERVER is as server_open() has it. With one connection the client blocks in recv(), with more in
 * epoll_wait().
 *
 * With -j, the client spins for a random time of up to JITTER instructions before each request.
 *
 * With -m, also by how much the kernel's memory grew for the idle connections, in bytes: "memory
 * CACHE BYTES" for each cache of /proc/slabinfo (objects in use times their size) and for "pages",
 * which is all memory that is neither free nor any cache's: large kmalloc(), vmalloc(), stacks of
 * threads, memory of processes. With -b, the same for connections that nobody has accepted: what
 * the client's side and the bare TCP sockets of the server's side take.
 */
#include <arpa/inet.h>
#include <glob.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include "../server.h"

#define SIZE		32	/* bytes in a request */
#define WINDOWS_MAX	1000
#define USES_MAX	1000
#define EVENTS		128

struct connection {
	int fd;
	uint32_t number;	/* of the connection */
	uint32_t request;	/* of the request under way */
	unsigned int received;	/* bytes of its answer */
};

/* Bytes in use by cache; the last one is not a cache. */
struct memory {
	struct {
		char name[64];
		long bytes;
	} uses[USES_MAX];
	int count;
};

static struct memory before, after;
static unsigned int jitter;

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
	unsigned char data[SIZE];

	connection->request++;
	connection->received = 0;
	fill(connection, data);
	if (send(connection->fd, data, SIZE, MSG_NOSIGNAL) != SIZE)
		err(1, "send");
}

/* Returns whether the answer is complete. */
static bool receive(struct connection *connection)
{
	unsigned char expected[SIZE], data[SIZE + 1];
	ssize_t len = recv(connection->fd, data, sizeof(data), 0);

	if (len < 0)
		err(1, "recv");
	if (!len)
		errx(1, "the server closed a connection");
	fill(connection, expected);
	if (connection->received + len > SIZE)
		errx(1, "the answer is longer than the request");
	if (memcmp(expected + connection->received, data, len))
		errx(1, "the answer is not what was sent");
	connection->received += len;
	return connection->received == SIZE;
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

static void add_use(struct memory *memory, const char *name, long bytes)
{
	if (memory->count == USES_MAX)
		errx(1, "more than %d caches", USES_MAX);
	snprintf(memory->uses[memory->count].name, sizeof(memory->uses[0].name), "%s", name);
	memory->uses[memory->count++].bytes = bytes;
}

/* Gives back the objects that the caches hold for the next caller, which slabinfo has as used. */
static void shrink_caches(void)
{
	glob_t files;

	if (glob("/sys/kernel/slab/*/shrink", 0, NULL, &files))
		errx(1, "/sys/kernel/slab is not there");
	for (size_t i = 0; i < files.gl_pathc; i++) {
		int fd = open(files.gl_pathv[i], O_WRONLY | O_CLOEXEC);

		if (fd < 0 || write(fd, "1", 1) != 1)
			err(1, "%s", files.gl_pathv[i]);
		close(fd);
	}
	globfree(&files);
}

static void look(struct memory *memory)
{
	long pages, caches = 0, free = 0;
	char line[512], name[64];
	FILE *file;

	/* Lets end what was put off. Takes no time in this machine. */
	sleep(2);
	shrink_caches();
	memory->count = 0;
	file = fopen("/proc/slabinfo", "re");
	if (!file)
		err(1, "/proc/slabinfo");
	while (fgets(line, sizeof(line), file)) {
		long used, size, slabs;

		if (line[0] == '#' ||
		    sscanf(line, "%63s %ld %*d %ld %*d %ld : %*s %*d %*d %*d : %*s %*d %ld",
			   name, &used, &size, &pages, &slabs) != 5)
			continue;
		add_use(memory, name, used * size);
		caches += slabs * pages;
	}
	fclose(file);
	if (!memory->count)
		errx(1, "/proc/slabinfo has another format");

	/* Free pages are in the zones' lists and in those of the CPUs. */
	file = fopen("/proc/zoneinfo", "re");
	if (!file)
		err(1, "/proc/zoneinfo");
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, " pages free %ld", &pages) == 1 ||
		    sscanf(line, " count: %ld", &pages) == 1)
			free += pages;
	fclose(file);
	add_use(memory, "pages", -(free + caches) * sysconf(_SC_PAGESIZE));
}

static void print_growth(void)
{
	for (int i = 0; i < after.count; i++) {
		const char *name = after.uses[i].name;
		long bytes = after.uses[i].bytes;

		for (int j = 0; j < before.count; j++)
			if (!strcmp(before.uses[j].name, name))
				bytes -= before.uses[j].bytes;
		if (bytes)
			printf("memory %s %ld\n", name, bytes);
	}
}

int main(int argc, char **argv)
{
	static unsigned long server_times[WINDOWS_MAX], machine_times[WINDOWS_MAX];
	struct rlimit files = { .rlim_cur = 65536, .rlim_max = 65536 };
	unsigned int busy = 1, idle = 0, windows = 5, requests = 1000;
	struct connection *connections;
	bool memory = false, baseline = false;
	struct server server;
	uint16_t port;
	int option, epoll;

	while ((option = getopt(argc, argv, "c:i:w:n:j:mb")) >= 0) {
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
	if (argc - optind != (baseline ? 0 : 2) || !busy || windows > WINDOWS_MAX)
		errx(2, "wrong arguments");
	connections = calloc(busy + idle, sizeof(*connections));
	if (!connections || setrlimit(RLIMIT_NOFILE, &files))
		err(1, "no room for the connections");

	port = baseline ? listen_only() : atoi(argv[optind + 1]);
	open_connections(connections, busy, port, !baseline);
	if (memory || baseline)
		look(&before);
	open_connections(connections + busy, idle, port, !baseline);
	if (memory || baseline) {
		look(&after);
		print_growth();
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
	for (unsigned int window = 0; window < windows; window++)
		printf("window %u %lu %lu\n", requests, server_times[window],
		       machine_times[window]);
	return 0;
}
