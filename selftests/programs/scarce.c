// SPDX-License-Identifier: GPL-2.0
/* scarce: system calls whose allocations fail, one after the other, as a program in ring 0; KTAP */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <grp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/uio.h>

#include "fail_nth.h"
#include "result.h"

/* The errno of a call that has failed, or 0. */
static long err(long result)
{
	return result == -1 ? -errno : 0;
}

/* Closing takes no memory: EBADE if it fails. */
static void close_it(long *ret, int fd)
{
	if (fd >= 0 && close(fd))
		*ret = -EBADE;
}

static long memory(void)
{
	size_t size = 5 << 20;
	char *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *moved;
	long ret;

	if (at == MAP_FAILED)
		return -errno;
	at[0] = 1;
	moved = mremap(at, size, 2 * size, MREMAP_MAYMOVE);
	ret = moved == MAP_FAILED ? -errno : 0;
	if (!ret && (moved[0] != 1 || moved[2 * size - 1]))
		ret = -EBADE;
	if (munmap(ret == 0 ? moved : at, ret == 0 ? 2 * size : size))
		ret = -EBADE;
	return ret;
}

static long file(void)
{
	struct iovec parts[2] = { { "abc", 3 }, { "defg", 4 } };
	char path[] = "/tmp/scarce", in[8];
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	long ret = err(fd);

	if (!ret)
		ret = err(write(fd, "hello", 5));
	if (!ret)
		ret = err(pwritev(fd, parts, 2, 5));
	if (!ret)
		ret = err(pread(fd, in, 7, 5));
	if (!ret && memcmp(in, "abcdefg", 7))
		ret = -EBADE;
	close_it(&ret, fd);
	return ret;
}

static long proc(void)
{
	int fd = open("/proc/self/status", O_RDONLY);
	long ret = err(fd);
	char in[100];

	if (!ret)
		ret = err(read(fd, in, 100));
	if (!ret)
		ret = err(pread(fd, in, 100, 3));
	close_it(&ret, fd);
	return ret;
}

static long pipes(void)
{
	struct pollfd at = { .events = POLLIN };
	struct timeval timeout = { 0, 0 };
	int fds[2] = { -1, -1 };
	long ret = err(pipe(fds));
	fd_set reads;
	char in[8];

	at.fd = fds[0];
	if (!ret)
		ret = err(write(fds[1], "x", 1));
	if (!ret)
		ret = err(poll(&at, 1, 0));
	if (!ret && at.revents != POLLIN)
		ret = -EBADE;
	FD_ZERO(&reads);
	if (!ret) {
		FD_SET(fds[0], &reads);
		ret = err(select(fds[0] + 1, &reads, NULL, NULL, &timeout));
	}
	if (!ret && !FD_ISSET(fds[0], &reads))
		ret = -EBADE;
	if (!ret)
		ret = err(read(fds[0], in, 8));
	close_it(&ret, fds[0]);
	close_it(&ret, fds[1]);
	return ret;
}

static long set(void)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u64 = 42 };
	int fd = epoll_create1(0), one = eventfd(0, 0), other = timerfd_create(CLOCK_MONOTONIC, 0);
	uint64_t count = 1;
	long ret = err(fd) ?: err(one) ?: err(other);

	if (!ret)
		ret = err(epoll_ctl(fd, EPOLL_CTL_ADD, one, &event));
	if (!ret)
		ret = err(epoll_ctl(fd, EPOLL_CTL_ADD, other, &event));
	if (!ret)
		ret = err(write(one, &count, 8));
	event.data.u64 = 0;
	if (!ret)
		ret = err(epoll_wait(fd, &event, 1, 1000));
	if (!ret && event.data.u64 != 42)
		ret = -EBADE;
	if (!ret)
		ret = err(epoll_ctl(fd, EPOLL_CTL_MOD, one, &event));
	/* What is there is taken out without memory. */
	if (!ret && epoll_ctl(fd, EPOLL_CTL_DEL, one, NULL))
		ret = -EBADE;
	close_it(&ret, one);
	close_it(&ret, fd);
	close_it(&ret, other);
	return ret;
}

static long connection(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } }, from;
	struct iovec parts[2] = { { "abc", 3 }, { "defg", 4 } };
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = 2 };
	int server = socket(AF_INET, SOCK_STREAM, 0), client = -1, fd = -1;
	socklen_t len = sizeof(address), size = sizeof(from);
	struct linger linger = { .l_onoff = 1 };
	long ret = err(server);
	char in[8];

	if (!ret)
		ret = err(bind(server, (void *)&address, len)) ?: err(listen(server, 4)) ?:
		      err(getsockname(server, (void *)&address, &len));
	if (!ret)
		ret = err(client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
	if (!ret)
		ret = err(connect(client, (void *)&address, len));
	if (!ret)
		ret = err(fd = accept(server, (void *)&from, &size));
	if (!ret)
		ret = err(sendmsg(fd, &message, 0)) ?: err(read(client, in, 7)) ?: err(write(client, in, 7)) ?:
		      err(recv(fd, in, 7, 0));
	/* Nothing waits for anything. */
	if (client >= 0)
		setsockopt(client, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	close_it(&ret, client);
	close_it(&ret, fd);
	close_it(&ret, server);
	return ret;
}

static void *thread(void *arg)
{
	return arg;
}

/* Another's allocations do not fail, but those that are made for it. */
static long threads(void)
{
	pthread_t id;
	void *value = NULL;
	int ret = pthread_create(&id, NULL, thread, &id);

	if (ret)
		return -ret;
	return pthread_join(id, &value) || value != &id ? -EBADE : 0;
}

static void handler(int number)
{
	(void)number;
}

/* None is sent: a process whose stack cannot be written to for a handler is ended, by the kernel. */
static long signals(void)
{
	struct sigaction action = { .sa_handler = handler };
	gid_t groups[32];
	sigset_t set;

	sigemptyset(&set);
	return err(sigaction(SIGUSR1, &action, NULL)) ?: err(sigprocmask(SIG_BLOCK, &set, NULL)) ?: err(sigpending(&set)) ?:
	       err(getgroups(32, groups));
}

int main(void)
{
	static const struct {
		const char *name;
		long (*scenario)(void);
	} scenarios[] = {
		{ "memory", memory }, { "a file", file }, { "a file in /proc", proc }, { "a pipe", pipes }, { "an event set", set },
		{ "a connection", connection }, { "a thread", threads }, { "handlers and masks of signals", signals },
	};

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (size_t i = 0; i < sizeof(scenarios) / sizeof(*scenarios); i++) {
		char said[100];
		int good = each_fails(scenarios[i].scenario, said, sizeof(said));

		printf("# %s: %s\n", scenarios[i].name, said);
		ok(good, scenarios[i].name);
	}
	return results();
}
