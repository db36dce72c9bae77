// SPDX-License-Identifier: GPL-2.0
/* calls: what system calls come to, as a program that ring 0 and user space run; KTAP */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "result.h"

static void files(void)
{
	static char big[40000], back[40000];
	char path[] = "/tmp/calls.XXXXXX", in[64];
	struct iovec parts[3] = { { "abc", 3 }, { "", 0 }, { "defg", 4 } };
	struct iovec rest[2] = { { in, 2 }, { in + 2, 10 } };
	int fd = mkstemp(path), other;
	struct stat st;

	ok(fd >= 0 && write(fd, "0123456789", 10) == 10, "write() to a file");
	ok(lseek(fd, 3, SEEK_SET) == 3 && read(fd, in, 4) == 4 && !memcmp(in, "3456", 4), "read() where lseek() says");
	ok(pread(fd, in, 64, 8) == 2 && pwrite(fd, "xy", 2, 0) == 2 && pread(fd, in, 3, 0) == 3 && !memcmp(in, "xy2", 3),
	   "pread() and pwrite()");
	ok(lseek(fd, 0, SEEK_SET) == 0 && writev(fd, parts, 3) == 7 && lseek(fd, 0, SEEK_SET) == 0 &&
	   readv(fd, rest, 2) == 10 && !memcmp(in, "abcdefg789", 10), "readv() and writev()");
	ok(fstat(fd, &st) == 0 && st.st_size == 10 && stat(path, &st) == 0 && st.st_size == 10, "fstat() and stat()");
	for (size_t i = 0; i < sizeof(big); i++)
		big[i] = i * 7 + i / 256;
	ok(pwrite(fd, big, sizeof(big), 0) == sizeof(big) && pread(fd, back, sizeof(back), 0) == sizeof(back) &&
	   !memcmp(big, back, sizeof(big)), "more than the window holds");
	other = open(path, O_RDONLY);
	ok(other >= 0 && fails(write(other, "x", 1), EBADF), "a file that is only for reading");
	ok(ftruncate(fd, 5) == 0 && fsync(fd) == 0 && read(other, in, 64) == 5, "ftruncate() and fsync()");
	close(other);
	other = open(path, O_WRONLY | O_APPEND);
	ok(write(other, "end", 3) == 3 && pread(fd, in, 64, 0) == 8 && !memcmp(in + 5, "end", 3), "O_APPEND");
	close(other);
	ok(close(fd) == 0 && fails(read(fd, in, 1), EBADF) && fails(close(fd), EBADF), "close(), and once only");
	ok(rename(path, "/tmp/calls.other") == 0 && unlink("/tmp/calls.other") == 0 && fails(open(path, O_RDONLY), ENOENT),
	   "rename() and unlink()");
	fd = open("/proc/self/status", O_RDONLY);
	ok(fd >= 0 && read(fd, in, 5) == 5 && !memcmp(in, "Name:", 5), "a file in /proc");
	close(fd);
	fd = open("/tmp", O_RDONLY | O_DIRECTORY);
	ok(fails(read(fd, in, 5), EISDIR), "a directory");
	close(fd);
}

static void bad(void)
{
	char c;

	ok(fails(read(-1, &c, 1), EBADF) && fails(read(1000000, &c, 1), EBADF), "no such descriptor");
	ok(fails(write(1, NULL, 1), EFAULT) && fails(write(1, (void *)4096, 8), EFAULT), "a pointer to user space");
	ok(fails(write(1, (void *)0x00007ffffffff000, 8192), EFAULT), "one that is no address");
	ok(fails(writev(1, (struct iovec[1]) { { &c, 1 } }, 5000), EINVAL), "too many parts");
	ok(fails(open(NULL, O_RDONLY), EFAULT) && fails(stat("", &(struct stat) { 0 }), ENOENT), "paths that are none");
	ok(fails(socket(-1, 0, 0), EAFNOSUPPORT), "a socket of no family");
	ok(fails(mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1 : 0, EINVAL), "no memory at all");
}

static void pipes(void)
{
	struct pollfd set[2];
	int fds[2], event;
	uint64_t count;
	fd_set reads;
	char in[8];

	ok(pipe(fds) == 0, "pipe()");
	set[0] = (struct pollfd) { .fd = fds[0], .events = POLLIN };
	set[1] = (struct pollfd) { .fd = fds[1], .events = POLLOUT };
	ok(poll(set, 2, 0) == 1 && !set[0].revents && set[1].revents == POLLOUT, "poll() of an empty pipe");
	ok(poll(set, 1, 30) == 0, "poll() that times out");
	ok(write(fds[1], "hello", 5) == 5 && poll(set, 1, -1) == 1 && set[0].revents == POLLIN, "poll() of a full one");
	FD_ZERO(&reads);
	FD_SET(fds[0], &reads);
	ok(select(fds[0] + 1, &reads, NULL, NULL, &(struct timeval) { 1, 0 }) == 1 && FD_ISSET(fds[0], &reads), "select()");
	ok(read(fds[0], in, 8) == 5, "read() from a pipe");
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	ok(fails(read(fds[0], in, 8), EAGAIN) && fcntl(fds[0], F_GETFL) & O_NONBLOCK, "one that does not block");
	signal(SIGPIPE, SIG_IGN);
	close(fds[0]);
	ok(fails(write(fds[1], "x", 1), EPIPE), "a pipe that nobody reads");
	close(fds[1]);
	event = eventfd(3, EFD_NONBLOCK);
	ok(read(event, &count, 8) == 8 && count == 3 && fails(read(event, &count, 8), EAGAIN), "eventfd()");
	close(event);
}

static int listener(struct sockaddr_in *address)
{
	socklen_t len = sizeof(*address);
	int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;

	*address = (struct sockaddr_in) { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (void *)address, len) || listen(fd, 10) || getsockname(fd, (void *)address, &len))
		return -1;
	return fd;
}

static void tcp(void)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u64 = 0x1122334455667788 }, events[8];
	struct sockaddr_in address, peer;
	socklen_t len = sizeof(peer), size = sizeof(int);
	int server = listener(&address), client = socket(AF_INET, SOCK_STREAM, 0), fd, set = epoll_create1(EPOLL_CLOEXEC);
	int on = 1, is = 0;
	char in[100];

	ok(server >= 0 && set >= 0, "listen() and epoll_create1()");
	ok(epoll_ctl(set, EPOLL_CTL_ADD, server, &event) == 0 && fails(epoll_ctl(set, EPOLL_CTL_ADD, server, &event), EEXIST),
	   "epoll_ctl(), and once only");
	ok(epoll_wait(set, events, 8, 0) == 0, "epoll_wait() with nothing ready");
	ok(connect(client, (void *)&address, sizeof(address)) == 0, "connect()");
	ok(epoll_wait(set, events, 8, 1000) == 1 && events[0].events == EPOLLIN && events[0].data.u64 == event.data.u64,
	   "epoll_wait() for a connection");
	fd = accept4(server, (void *)&peer, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
	ok(fd >= 0 && len == sizeof(peer) && peer.sin_family == AF_INET && fcntl(fd, F_GETFD) == FD_CLOEXEC, "accept4()");
	ok(fails(accept4(client, NULL, NULL, 0), EINVAL), "accept4() of what does not listen");
	ok(setsockopt(fd, IPPROTO_TCP, 1, &on, sizeof(on)) == 0 && getsockopt(fd, IPPROTO_TCP, 1, &is, &size) == 0 && is == 1,
	   "setsockopt() and getsockopt()");
	ok(fails(read(fd, in, 100), EAGAIN), "read() with nothing there");
	event = (struct epoll_event) { .events = EPOLLIN | EPOLLONESHOT, .data.fd = fd };
	epoll_ctl(set, EPOLL_CTL_ADD, fd, &event);
	ok(write(client, "request", 7) == 7 && epoll_wait(set, events, 8, 1000) == 1 && events[0].data.fd == fd, "epoll_wait()");
	ok(epoll_wait(set, events, 8, 20) == 0, "EPOLLONESHOT");
	ok(read(fd, in, 100) == 7 && !memcmp(in, "request", 7), "read()");
	ok(send(fd, "ab", 2, MSG_MORE) == 2 && write(fd, "cd", 2) == 2 && recv(client, in, 4, MSG_WAITALL) == 4 &&
	   !memcmp(in, "abcd", 4), "send() and recv()");
	event.events = EPOLLIN | EPOLLOUT;
	ok(epoll_ctl(set, EPOLL_CTL_MOD, fd, &event) == 0 && epoll_wait(set, events, 8, 1000) == 1 && events[0].events == EPOLLOUT,
	   "EPOLL_CTL_MOD");
	ok(epoll_ctl(set, EPOLL_CTL_DEL, fd, NULL) == 0 && epoll_wait(set, events, 8, 0) == 0 &&
	   fails(epoll_ctl(set, EPOLL_CTL_DEL, fd, NULL), ENOENT), "EPOLL_CTL_DEL");
	event.events = EPOLLIN;
	epoll_ctl(set, EPOLL_CTL_ADD, fd, &event);
	close(fd);
	ok(read(client, in, 100) == 0, "close() of what is in a set ends the connection");
	ok(epoll_wait(set, events, 8, 0) == 0, "what is closed is in no set");
	ok(fails(epoll_ctl(set, EPOLL_CTL_ADD, fd, &event), EBADF) && fails(epoll_ctl(set, EPOLL_CTL_ADD, set, &event), EINVAL),
	   "what cannot be in a set");
	fd = open("/proc/self/status", O_RDONLY);
	ok(fails(epoll_ctl(set, EPOLL_CTL_ADD, fd, &event), EPERM), "a file that is always ready");
	close(fd);
	close(set);
	ok(fails(epoll_wait(set, events, 8, 0), EBADF) || errno == EINVAL, "a set that is closed");
	close(client);
	close(server);
}

/* Two ends of a connection, of which the first does not block. */
static void connection(int fds[2])
{
	struct sockaddr_in address;
	int server = listener(&address);

	fds[1] = socket(AF_INET, SOCK_STREAM, 0);
	connect(fds[1], (void *)&address, sizeof(address));
	fds[0] = accept4(server, NULL, NULL, SOCK_NONBLOCK);
	close(server);
}

static int readable(int fd)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

	return poll(&poll_fd, 1, 1000) == 1;
}

/* What read() of a TCP socket may come to. */
static void ends_of_tcp(void)
{
	struct linger linger = { .l_onoff = 1 };
	static char many[100000];
	size_t got = 0;
	char in[100];
	int fds[2];
	ssize_t n;

	connection(fds);
	write(fds[1], "abc", 3);
	ok(readable(fds[0]) && read(fds[0], in, 0) == 0 && read(fds[0], in, 2) == 2 && read(fds[0], in + 2, 98) == 1 &&
	   !memcmp(in, "abc", 3) && fails(read(fds[0], in, 1), EAGAIN), "read() of TCP: in parts");
	write(fds[1], "de", 2);
	shutdown(fds[1], SHUT_WR);
	ok(readable(fds[0]) && read(fds[0], in, 100) == 2 && readable(fds[0]) && read(fds[0], in, 100) == 0 &&
	   read(fds[0], in, 100) == 0, "the end of the stream");
	ok(write(fds[0], "f", 1) == 1 && read(fds[1], in, 100) == 1, "which is open the other way");
	close(fds[0]);
	close(fds[1]);

	connection(fds);
	setsockopt(fds[1], SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	close(fds[1]);
	ok(readable(fds[0]) && fails(read(fds[0], in, 100), ECONNRESET) && read(fds[0], in, 100) == 0, "a reset, once");
	close(fds[0]);

	connection(fds);
	shutdown(fds[0], SHUT_RD);
	ok(read(fds[0], in, 100) == 0, "shutdown() of reading");
	close(fds[0]);
	close(fds[1]);

	connection(fds);
	send(fds[1], "ghi", 3, MSG_OOB);
	ok(readable(fds[0]) && read(fds[0], in, 100) == 2 && recv(fds[0], in, 1, MSG_OOB) == 1 && *in == 'i' &&
	   fails(read(fds[0], in, 100), EAGAIN), "an urgent byte");
	close(fds[0]);
	close(fds[1]);

	connection(fds);
	for (size_t i = 0; i < sizeof(many); i++)
		many[i] = i * 7 >> 3;
	n = write(fds[1], many, sizeof(many));
	while (n > 0 && got < (size_t)n && readable(fds[0])) {
		ssize_t part = read(fds[0], in, 1 + got % 100);

		if (part <= 0 || memcmp(in, many + got, part))
			break;
		got += part;
	}
	ok(n > 0 && got == (size_t)n, "many parts of large pieces");
	close(fds[0]);
	close(fds[1]);

	fds[0] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	ok(fails(read(fds[0], in, 100), ENOTCONN), "what is not connected");
	close(fds[0]);
}

/* An event set and poll(), which asks the kernel, say the same of a socket that is to be read. */
static int agree(int set, int fd, short expected)
{
	struct pollfd at = { .fd = fd, .events = POLLIN | POLLRDHUP };
	struct epoll_event event = { 0 };
	int ready = poll(&at, 1, expected ? 1000 : 0);

	return ready == !!expected && at.revents == expected && epoll_wait(set, &event, 1, 0) == ready &&
	       event.events == (uint32_t)expected;
}

/* watched(): a connection whose first end is in a new set. */
static int watched(int fds[2])
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLRDHUP };
	int set = epoll_create1(0);

	connection(fds);
	epoll_ctl(set, EPOLL_CTL_ADD, fds[0], &event);
	return set;
}

static void unwatch(int set, int fds[2])
{
	close(set);
	close(fds[0]);
	close(fds[1]);
}

static void readiness(void)
{
	struct linger linger = { .l_onoff = 1 };
	int fds[2], low = 5, set = watched(fds);
	char in[100];

	ok(agree(set, fds[0], 0), "nothing to read");
	write(fds[1], "abc", 3);
	ok(agree(set, fds[0], POLLIN) && agree(set, fds[0], POLLIN), "something to read");
	ok(read(fds[0], in, 2) == 2 && agree(set, fds[0], POLLIN), "more of it");
	ok(read(fds[0], in, 2) == 1 && agree(set, fds[0], 0), "no more");
	write(fds[1], "abc", 3);
	readable(fds[0]);
	setsockopt(fds[0], SOL_SOCKET, SO_RCVLOWAT, &low, sizeof(low));
	ok(agree(set, fds[0], 0), "less than SO_RCVLOWAT");
	write(fds[1], "de", 2);
	ok(agree(set, fds[0], POLLIN) && read(fds[0], in, 100) == 5 && agree(set, fds[0], 0), "as much as SO_RCVLOWAT");
	shutdown(fds[1], SHUT_WR);
	ok(agree(set, fds[0], POLLIN | POLLRDHUP), "the end of the stream");
	shutdown(fds[0], SHUT_WR);
	ok(agree(set, fds[0], POLLIN | POLLRDHUP | POLLHUP), "the end of both");
	unwatch(set, fds);

	set = watched(fds);
	send(fds[1], "ab!", 3, MSG_OOB);
	ok(agree(set, fds[0], POLLIN) && read(fds[0], in, 100) == 2 && agree(set, fds[0], 0), "an urgent byte behind data");
	unwatch(set, fds);

	set = watched(fds);
	shutdown(fds[0], SHUT_RD);
	ok(agree(set, fds[0], POLLIN | POLLRDHUP), "what is not to be read any more");
	unwatch(set, fds);

	set = watched(fds);
	setsockopt(fds[1], SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	close(fds[1]);
	ok(agree(set, fds[0], POLLIN | POLLRDHUP | POLLERR | POLLHUP), "a reset");
	unwatch(set, fds);
}

static volatile sig_atomic_t broken;

static void on_broken(int number)
{
	(void)number;
	broken++;
}

/* sendmsg() of nothing but a vector has a way of its own, from the C library on. */
static void vectors(void)
{
	static struct iovec many[1025];
	struct iovec parts[3] = { { "abc", 3 }, { "", 0 }, { "defg", 4 } }, nowhere = { NULL, 1 };
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = 3 }, bad = { .msg_iov = &nowhere, .msg_iovlen = 1 };
	struct iovec endless = { parts, SIZE_MAX / 2 + 1 };
	struct msghdr too_long = { .msg_iov = &endless, .msg_iovlen = 1 };
	struct msghdr none = { .msg_iovlen = 1 }, long_one = { .msg_iov = many, .msg_iovlen = 1025 };
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof(address);
	int fds[2], pair[2];
	char in[100];

	connection(fds);
	ok(sendmsg(fds[0], &message, 0) == 7 && read(fds[1], in, 100) == 7 && !memcmp(in, "abcdefg", 7), "sendmsg() of parts");
	ok(sendmsg(fds[0], &message, MSG_MORE) == 7 && write(fds[0], "h", 1) == 1 && recv(fds[1], in, 8, MSG_WAITALL) == 8,
	   "sendmsg() with a flag");
	ok(fails(sendmsg(-1, &message, 0), EBADF), "sendmsg() to nothing");
	pipe(pair);
	ok(fails(sendmsg(pair[1], &message, 0), ENOTSOCK), "sendmsg() to a pipe");
	close(pair[0]);
	close(pair[1]);
	ok(fails(sendmsg(fds[0], &none, 0), EFAULT) && fails(sendmsg(fds[0], &bad, 0), EFAULT) &&
	   fails(sendmsg(fds[0], &long_one, 0), EMSGSIZE), "sendmsg() of what is not there, and of too many parts");
	ok(fails(sendmsg(fds[0], &too_long, 0), EINVAL) && fails(writev(fds[0], &endless, 1), EINVAL) &&
	   fails(readv(fds[0], &endless, 1), EINVAL), "a part that is longer than any");
	signal(SIGPIPE, on_broken);
	shutdown(fds[0], SHUT_WR);
	ok(fails(sendmsg(fds[0], &message, MSG_NOSIGNAL), EPIPE) && !broken && fails(sendmsg(fds[0], &message, 0), EPIPE) &&
	   broken == 1, "sendmsg() behind the end, with SIGPIPE and without");
	ok(fails(write(fds[0], "x", 1), EPIPE) && broken == 2, "write() behind it");
	signal(SIGPIPE, SIG_IGN);
	close(fds[0]);
	close(fds[1]);

	fds[0] = socket(AF_INET, SOCK_DGRAM, 0);
	fds[1] = socket(AF_INET, SOCK_DGRAM, 0);
	bind(fds[1], (void *)&address, len);
	getsockname(fds[1], (void *)&address, &len);
	message.msg_name = &address;
	message.msg_namelen = len;
	ok(sendmsg(fds[0], &message, 0) == 7 && read(fds[1], in, 100) == 7 && !memcmp(in, "abcdefg", 7),
	   "sendmsg() with an address");
	message.msg_name = NULL;
	message.msg_namelen = 0;
	ok(fails(sendmsg(fds[0], &message, 0), EDESTADDRREQ), "and without one");
	close(fds[0]);
	close(fds[1]);
}

static char byte_of(int connection, size_t number)
{
	return number * 31 + (number >> 8) * 7 + connection;
}

/* Whether what is read next from a connection is what was sent, from byte @at to byte @end. */
static int comes_as_sent(int fd, int connection, size_t at, size_t end)
{
	char in[4096];

	while (at < end) {
		ssize_t count = read(fd, in, sizeof(in) < end - at ? sizeof(in) : end - at);

		if (count <= 0)
			return 0;
		for (ssize_t i = 0; i < count; i++)
			if (in[i] != byte_of(connection, at++))
				return 0;
	}
	return 1;
}

/*
 * Much is under way on many connections when the first byte is read, so that what the kernel copies to is used again
 * for one while another needs it; and the program's own buffer is used again at once.
 */
static void kept_in_flight(void)
{
	enum { CONNECTIONS = 40, ROUNDS = 3 };
	static const size_t sizes[] = { 1, 511, 512, 513, 1024, 4095, 4096, 4097, 10000, 16384, 16385, 40000, 0 };
	static char out[40000];
	static int fds[CONNECTIONS][2];
	static size_t sent[CONNECTIONS];
	size_t total = 0, got;
	int right = 1;

	for (int c = 0; c < CONNECTIONS; c++)
		connection(fds[c]);
	for (int round = 0; round < ROUNDS; round++) {
		size_t before[CONNECTIONS];

		memcpy(before, sent, sizeof(sent));
		for (const size_t *size = sizes; *size; size++) {
			for (int c = 0; c < CONNECTIONS; c++) {
				struct iovec parts[2] = { { out, *size / 3 }, { out + *size / 3, *size - *size / 3 } };
				struct msghdr message = { .msg_iov = parts, .msg_iovlen = 2 };

				for (size_t at = 0; at < *size; at++)
					out[at] = byte_of(c, sent[c] + at);
				got = c % 2 ? sendmsg(fds[c][0], &message, MSG_DONTWAIT) :
					      send(fds[c][0], out, *size, MSG_DONTWAIT);
				memset(out, 0xee, *size);
				if (got == (size_t)-1) {
					right &= errno == EAGAIN;
					continue;
				}
				sent[c] += got;
				total += got;
			}
		}
		for (int c = 0; c < CONNECTIONS; c++)
			right &= comes_as_sent(fds[c][1], c, before[c], sent[c]);
	}
	ok(right && total > 8 << 20, "messages of many sizes on many connections");
	for (int c = 0; c < CONNECTIONS; c++) {
		close(fds[c][0]);
		close(fds[c][1]);
	}
}

static void datagrams(void)
{
	struct sockaddr_in address, from;
	socklen_t len = sizeof(from);
	char control[64], in[100], path[] = "/tmp/calls.socket";
	struct iovec part = { in, sizeof(in) };
	struct msghdr message = { .msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &part, .msg_iovlen = 1,
				  .msg_control = control, .msg_controllen = sizeof(control) };
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	int a = socket(AF_INET, SOCK_DGRAM, 0), b = socket(AF_INET, SOCK_DGRAM, 0), pair[2];

	address = (struct sockaddr_in) { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	bind(a, (void *)&address, sizeof(address));
	getsockname(a, (void *)&address, &len);
	ok(sendto(b, "data", 4, 0, (void *)&address, sizeof(address)) == 4 && recvfrom(a, in, 100, 0, (void *)&from, &len) == 4 &&
	   from.sin_family == AF_INET && len == sizeof(from), "sendto() and recvfrom()");
	ok(sendto(a, "back", 4, 0, (void *)&from, len) == 4 && recvmsg(b, &message, 0) == 4 && from.sin_port == address.sin_port &&
	   message.msg_controllen == 0, "recvmsg()");
	part.iov_len = 2;
	sendto(b, "data", 4, 0, (void *)&address, sizeof(address));
	ok(recvmsg(a, &message, 0) == 2 && message.msg_flags & MSG_TRUNC, "a datagram that does not fit");
	close(a);
	close(b);
	ok(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0 && write(pair[0], "x", 1) == 1 && read(pair[1], in, 9) == 1,
	   "socketpair()");
	close(pair[0]);
	close(pair[1]);
	a = socket(AF_UNIX, SOCK_STREAM, 0);
	b = socket(AF_UNIX, SOCK_STREAM, 0);
	unlink(path);
	strcpy(name.sun_path, path);
	ok(bind(a, (void *)&name, sizeof(name)) == 0 && listen(a, 1) == 0 && connect(b, (void *)&name, sizeof(name)) == 0 &&
	   (pair[0] = accept(a, NULL, NULL)) >= 0, "a socket with a path");
	close(pair[0]);
	close(a);
	close(b);
	unlink(path);
}

static void memory(void)
{
	char *page = mmap(NULL, 10000, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *large, *moved;
	size_t zeroes = 0, many = 1 << 22;
	void *all[200];
	int good = 1;

	ok(page != MAP_FAILED && !((unsigned long)page & 4095), "mmap()");
	for (int i = 0; i < 10000; i++)
		zeroes += !page[i];
	ok(zeroes == 10000, "it is zeroed");
	memset(page, 7, 12288);
	ok(munmap(page, 12288) == 0, "munmap()");
	for (int i = 0; i < 200; i++) {
		all[i] = mmap(NULL, 4096 * (1 + i % 7), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		for (int j = 0; j < 4096 * (1 + i % 7); j++)
			good &= !((char *)all[i])[j];
		memset(all[i], i, 4096 * (1 + i % 7));
		if (i % 3 == 2)
			munmap(all[i - 2], 4096 * (1 + (i - 2) % 7));
	}
	ok(good, "what was used before is zeroed again");
	for (int i = 0; i < 200; i++) {
		if (i % 3 || i > 197)
			good &= ((char *)all[i])[0] == (char)i;
	}
	ok(good, "what others have is left alone");
	large = mmap(NULL, many, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	large[0] = 1;
	large[many - 1] = 2;
	moved = mremap(large, many, 4 * many, MREMAP_MAYMOVE);
	ok(moved != MAP_FAILED && moved[0] == 1 && moved[many - 1] == 2 && !moved[4 * many - 1], "mremap() that grows");
	ok(mremap(moved, 4 * many, 4096, 0) == moved && moved[0] == 1, "mremap() that shrinks");
	ok(madvise(moved, 4096, MADV_DONTNEED) == 0 && !moved[0], "madvise()");
	ok(mprotect(moved, 4096, PROT_READ) == 0, "mprotect()");
	munmap(moved, 4096);
	ok(fails((long)mmap(NULL, 1UL << 48, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), ENOMEM),
	   "more than there is");
}

static void times(void)
{
	struct timespec now, then, left;
	struct itimerspec soon = { .it_value.tv_nsec = 20000000 };
	int timer = timerfd_create(CLOCK_MONOTONIC, 0);
	uint64_t count;

	clock_gettime(CLOCK_MONOTONIC, &now);
	ok(nanosleep(&(struct timespec) { 0, 30000000 }, &left) == 0, "nanosleep()");
	clock_gettime(CLOCK_MONOTONIC, &then);
	ok((then.tv_sec - now.tv_sec) * 1000000000 + then.tv_nsec - now.tv_nsec >= 30000000, "as long as asked for");
	ok(clock_gettime(CLOCK_REALTIME, &now) == 0 && now.tv_sec > 1700000000 && time(NULL) - now.tv_sec < 2, "the date");
	ok(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now) == 0, "a clock that user space reads");
	ok(fails(clock_gettime(77, &now), EINVAL), "a clock that is none");
	ok(fails(nanosleep(&(struct timespec) { 0, -1 }, NULL), EINVAL), "a time that is none");
	ok(timerfd_settime(timer, 0, &soon, NULL) == 0 && read(timer, &count, 8) == 8 && count == 1, "timerfd");
	close(timer);
}

static volatile sig_atomic_t caught;

static void handler(int number, siginfo_t *info, void *context)
{
	caught = info && context ? number : -1;
}

static void signals(void)
{
	struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO }, old;
	sigset_t set, was;

	ok(sigaction(SIGUSR1, &action, NULL) == 0 && sigaction(SIGUSR1, NULL, &old) == 0 && old.sa_sigaction == handler,
	   "sigaction()");
	ok(raise(SIGUSR1) == 0 && caught == SIGUSR1, "a signal");
	caught = 0;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, &was);
	kill(getpid(), SIGUSR1);
	ok(!caught, "one that is blocked");
	ok(sigpending(&set) == 0 && sigismember(&set, SIGUSR1), "sigpending()");
	ok(fails(sigsuspend(&was), EINTR) && caught == SIGUSR1, "sigsuspend()");
	sigprocmask(SIG_SETMASK, &was, NULL);
	caught = 0;
	sigaction(SIGALRM, &action, NULL);
	alarm(1);
	ok(fails(pause(), EINTR) && caught == SIGALRM, "pause() and alarm()");
	ok(fails(sigaction(SIGKILL, &action, NULL), EINVAL), "SIGKILL cannot be handled");
}

static void others(void)
{
	struct rlimit limit;
	struct utsname name;
	char bytes[256] = { 0 }, dir[256];

	ok(getrandom(bytes, 255, 0) == 255 && strspn(bytes, "\x01\x02\x03") < 20, "getrandom()");
	ok(uname(&name) == 0 && !strcmp(name.sysname, "Linux"), "uname()");
	ok(getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur > 0, "getrlimit()");
	ok(chdir("/tmp") == 0 && getcwd(dir, sizeof(dir)) && !strcmp(dir, "/tmp"), "chdir() and getcwd()");
	ok(getpid() == gettid() && getppid() > 0, "getpid()");
	ok(fails(syscall(460), ENOSYS) || errno == EINVAL || errno == EPERM || errno == EFAULT, "a system call that there is not");
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	files();
	bad();
	pipes();
	tcp();
	ends_of_tcp();
	readiness();
	vectors();
	kept_in_flight();
	datagrams();
	memory();
	times();
	signals();
	others();
	return results();
}
