// SPDX-License-Identifier: GPL-2.0
/*
 * A process that shares its sockets and files with an application: what it does with the ioctls of
 * fds.h, each time in one run of a test that is named.
 *
 *   fds TEST
 *
 * Exit status 0 if all was as it should be; else 1 and a line that says what was not.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "fds.h"
#include "net.h"
#include "stream.h"

#define BYTES	300000

/* The application of this process. */
static int host;

static void expect(const char *what, long got, long want)
{
	if (got != want)
		fail("%s is %ld, expected %ld", what, got, want);
}

#define EXPECT(got, want) expect(#got, (got), (want))

/* What an ioctl gives: a number, or an errno as a negative one. */
static long ask(unsigned int what, unsigned long arg)
{
	long ret = ioctl(host, what, arg);

	return ret < 0 ? -errno : ret;
}

static void start_host(void)
{
	host = open("/sys/kernel/debug/ukl_test/fd", O_RDWR | O_CLOEXEC);
	if (host < 0)
		fail("no application: %s", strerror(errno));
}

static void make_pair(int domain, int type, int *pair)
{
	if (socketpair(domain, type, 0, pair))
		fail("socketpair: %s", strerror(errno));
}

/* A connection over loopback. */
static void make_tcp(int *pair)
{
	struct sockaddr_storage at;
	socklen_t len = sizeof(at);
	int listener = listen_on(4, 0, 0);

	getsockname(listener, (struct sockaddr *)&at, &len);
	pair[0] = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(pair[0], (struct sockaddr *)&at, len))
		fail("connect: %s", strerror(errno));
	pair[1] = accept(listener, NULL, NULL);
	close(listener);
}

/* Whoever has the other end of @fd gives back what comes: BYTES of it at random times. */
static void talk(int fd)
{
	static char out[65536], in[65536];
	size_t said = 0, heard = 0;
	__u64 random = fd;

	while (heard < BYTES) {
		struct pollfd p = { .fd = fd, .events = POLLIN | (said < BYTES ? POLLOUT : 0) };
		ssize_t n;

		if (poll(&p, 1, PATIENCE) <= 0)
			fail("no answer after byte %zu", heard);
		if (p.revents & POLLOUT) {
			size_t len = stream_random(&random) % sizeof(out) + 1;

			if (len > BYTES - said)
				len = BYTES - said;
			stream_fill(out, len, 1, said);
			n = send(fd, out, len, MSG_DONTWAIT | MSG_NOSIGNAL);
			if (n < 0 && errno != EAGAIN)
				fail("send: %s", strerror(errno));
			said += n > 0 ? n : 0;
		}
		if (p.revents & ~POLLOUT) {
			n = recv(fd, in, sizeof(in), MSG_DONTWAIT);
			if (!n)
				fail("the end after byte %zu", heard);
			if (n < 0 && errno != EAGAIN)
				fail("receive: %s", strerror(errno));
			if (n > 0 && stream_check(in, n, 1, heard) != (size_t)n)
				fail("wrong after byte %zu", heard);
			heard += n > 0 ? n : 0;
		}
	}
}

static void sees_the_end(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char byte;

	if (poll(&p, 1, PATIENCE) <= 0 || read(fd, &byte, 1) > 0)
		fail("it is still connected");
	close(fd);
}

/* The talk against a server of user space, so that it is known to be right. */
static void plain(void)
{
	static char buf[65536];
	int pair[2];

	for (int tcp = 0; tcp < 2; tcp++) {
		pid_t child;
		ssize_t n;

		if (tcp)
			make_tcp(pair);
		else
			make_pair(AF_UNIX, SOCK_STREAM, pair);
		child = fork();
		if (!child) {
			close(pair[0]);
			while ((n = read(pair[1], buf, sizeof(buf))) > 0)
				for (ssize_t done = 0; done < n;)
					done += write(pair[1], buf + done, n - done);
			exit(0);
		}
		close(pair[1]);
		talk(pair[0]);
		shutdown(pair[0], SHUT_WR);
		sees_the_end(pair[0]);
		waitpid(child, NULL, 0);
	}
}

/* The application has it as well; whoever closes last, closes. */
static void taken_over(void)
{
	int pair[2];

	for (int kind = 0; kind < 3; kind++) {
		if (kind)
			make_pair(AF_UNIX, kind == 1 ? SOCK_STREAM : SOCK_SEQPACKET, pair);
		else
			make_tcp(pair);
		EXPECT(ask(FD_ECHO, pair[1]), 0);
		if (kind < 2)
			talk(pair[0]);
		/* The process goes on with it: here it speaks as the application does. */
		EXPECT(write(pair[1], "x", 1), 1);
		EXPECT(read(pair[0], &(char){ 0 }, 1), 1);
		close(pair[1]);
		if (kind < 2)
			talk(pair[0]);
		else
			EXPECT(write(pair[0], "y", 1), 1);
		shutdown(pair[0], SHUT_WR);
		if (kind == 2)
			EXPECT(read(pair[0], &(char){ 0 }, 1), 1);
		sees_the_end(pair[0]);
	}
}

/* What the process does to the socket happens to the application. */
static void shut_down(void)
{
	int pair[2];

	make_tcp(pair);
	EXPECT(ask(FD_ECHO, pair[1]), 0);
	talk(pair[0]);
	EXPECT(shutdown(pair[1], SHUT_RDWR), 0);
	sees_the_end(pair[0]);
	close(pair[1]);
}

static void listener(void)
{
	struct sockaddr_storage at;
	socklen_t len = sizeof(at);
	int fd = listen_on(4, 0, 0), port;

	getsockname(fd, (struct sockaddr *)&at, &len);
	port = ntohs(((struct sockaddr_in *)&at)->sin_port);
	EXPECT(ask(FD_SERVE, fd), 0);
	for (int i = 0; i < 3; i++) {
		int client = dial(4, port);

		talk(client);
		close(client);
		/* The application keeps it. */
		if (!i)
			close(fd);
	}
}

static void handed_over(void)
{
	static const int all[] = { 0, O_CLOEXEC, O_NONBLOCK, O_CLOEXEC | O_NONBLOCK };

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		int fd = ask(FD_HAND, all[i]);
		struct stat stat;

		if (fd < 0)
			fail("no descriptor: %s", strerror(-fd));
		EXPECT(fcntl(fd, F_GETFD), all[i] & O_CLOEXEC ? FD_CLOEXEC : 0);
		EXPECT(fcntl(fd, F_GETFL) & O_NONBLOCK, all[i] & O_NONBLOCK);
		EXPECT(fstat(fd, &stat), 0);
		EXPECT(S_ISSOCK(stat.st_mode), 1);
		talk(fd);
		shutdown(fd, SHUT_WR);
		sees_the_end(fd);
	}
}

/* Over and back again: it is the same one. */
static void there_and_back(void)
{
	int pair[2], again, flags;
	struct stat a, b;

	make_tcp(pair);
	again = ask(FD_AGAIN, pair[1]);
	if (again < 0)
		fail("no descriptor: %s", strerror(-again));
	EXPECT(again != pair[1], 1);
	fstat(pair[1], &a);
	fstat(again, &b);
	EXPECT(a.st_ino == b.st_ino, 1);
	/* One open file: what is set by one descriptor is seen by the other. */
	flags = fcntl(again, F_GETFL);
	fcntl(again, F_SETFL, flags | O_NONBLOCK);
	EXPECT(fcntl(pair[1], F_GETFL), flags | O_NONBLOCK);
	close(pair[1]);
	EXPECT(write(again, "x", 1), 1);
	EXPECT(read(pair[0], &(char){ 0 }, 1), 1);
	close(again);
	sees_the_end(pair[0]);

	/* What the application made and the process has, the application can take over again. */
	again = ask(FD_HAND, 0);
	EXPECT(ask(FD_ADOPT, again), 0);
	talk(again);
	close(again);
}

static void errors(void)
{
	int pair[2], pipes[2], file = open("/dev/null", O_RDWR), path = open("/tmp", O_PATH);

	make_tcp(pair);
	EXPECT(pipe(pipes), 0);
	EXPECT(ask(FD_ADOPT, -1), -EBADF);
	EXPECT(ask(FD_ADOPT, 9999), -EBADF);
	EXPECT(ask(FD_ADOPT, 0x7fffffff), -EBADF);
	EXPECT(ask(FD_ADOPT, pipes[0]), -ENOTSOCK);
	EXPECT(ask(FD_ADOPT, file), -ENOTSOCK);
	EXPECT(ask(FD_ADOPT, path), -EBADF);
	EXPECT(ask(FD_FILE, -1), -EBADF);
	EXPECT(ask(FD_FILE, 9999), -EBADF);
	EXPECT(ask(FD_FILE, path), -EBADF);
	EXPECT(ask(FD_FILE, file), 0);
	EXPECT(ask(FD_HAND, O_APPEND), -EINVAL);
	EXPECT(ask(FD_HAND, ~0U), -EINVAL);
	EXPECT(ask(FD_BUSY, 0), -EBUSY);
	EXPECT(ask(FD_GONE, 0), -EBADF);
	EXPECT(ask(FD_NULL, pair[0]), -EINVAL);
	EXPECT(ask(FD_NO_APP, pair[0]), -EINVAL);
	EXPECT(ask(FD_STOPPED, pair[0]), -EINVAL);
	/* None of them has closed anything. */
	EXPECT(write(pair[0], "x", 1), 1);
	EXPECT(read(pair[1], &(char){ 0 }, 1), 1);
}

static void no_descriptor_left(void)
{
	struct rlimit limit, none;
	int fd;

	getrlimit(RLIMIT_NOFILE, &limit);
	none = limit;
	none.rlim_cur = host + 1;
	setrlimit(RLIMIT_NOFILE, &none);
	for (int i = 0; i < 10; i++)
		EXPECT(ask(FD_HAND, 0), -EMFILE);
	setrlimit(RLIMIT_NOFILE, &limit);
	fd = ask(FD_HAND, 0);
	talk(fd);
	close(fd);
}

static void out_of_an_event_set(void)
{
	int fd = ask(FD_POLLED, 0);

	if (fd < 0)
		fail("%s", fd == -EIO ? "the set still knows it" : strerror(-fd));
	talk(fd);
	close(fd);
}

/* A descriptor that is closed by another thread meanwhile, -1 if it is. */
struct victim {
	atomic_int fd;
	atomic_bool over;
};

static void *closer(void *data)
{
	struct victim *victim = data;

	while (!victim->over) {
		if (victim->fd >= 0) {
			close(victim->fd);
			victim->fd = -1;
		}
	}
	return NULL;
}

static void closed_meanwhile(void)
{
	unsigned long taken = 0, gone = 0;
	struct victim victim = { .fd = -1 };
	__u64 random = 1;
	pthread_t thread;

	pthread_create(&thread, NULL, closer, &victim);
	for (int i = 0; i < 3000; i++) {
		int pair[2];
		long err;

		if (i % 2)
			make_tcp(pair);
		else
			make_pair(AF_UNIX, SOCK_STREAM, pair);
		victim.fd = pair[1];
		/* The other thread is somewhere in its close() when this one asks. */
		for (unsigned int n = stream_random(&random) % 2000; n--;)
			__asm__ volatile("");
		err = ask(i % 3 ? FD_ADOPT : FD_FILE, pair[1]);
		if (err && err != -EBADF)
			fail("round %d: %s", i, strerror(-err));
		taken += !err;
		gone += !!err;
		while (victim.fd >= 0)
			sched_yield();
		/* Both have let go of it, or it was gone before. */
		sees_the_end(pair[0]);
	}
	victim.over = true;
	pthread_join(thread, NULL);
	printf("%lu taken over, %lu gone before\n", taken, gone);
	EXPECT(taken > 0, 1);
}

/* Handed over and closed at once, while the other end is in the middle of its call. */
static void handed_and_closed(void)
{
	for (int i = 0; i < 1000; i++) {
		int fd = ask(FD_HAND, O_CLOEXEC);

		if (fd < 0)
			fail("round %d: %s", i, strerror(-fd));
		if (i % 3)
			EXPECT(write(fd, "x", 1), 1);
		if (i % 3 == 2)
			EXPECT(read(fd, &(char){ 0 }, 1), 1);
		close(fd);
	}
}

/* The process ends, the application goes on. */
static void process_ends(void)
{
	int pair[2];
	pid_t child;

	make_tcp(pair);
	child = fork();
	if (!child) {
		int status = ask(FD_ECHO, pair[1]) ? 1 : 0;

		raise(status ? SIGABRT : SIGKILL);
	}
	close(pair[1]);
	waitpid(child, NULL, 0);
	talk(pair[0]);
	shutdown(pair[0], SHUT_WR);
	sees_the_end(pair[0]);
}

/* The application ends, the process goes on. */
static void application_ends(void)
{
	int pair[2], pipes[2];

	make_tcp(pair);
	EXPECT(pipe(pipes), 0);
	EXPECT(ask(FD_ECHO, pair[1]), 0);
	/* A thread waits for bytes of a pipe; that does not keep the application. */
	EXPECT(ask(FD_COPY, FD_PAIR(pipes[0], pair[1])), 0);
	talk(pair[0]);
	close(host);
	/* Both are as they were, but for nobody who gives anything back. */
	EXPECT(write(pair[1], "x", 1), 1);
	EXPECT(read(pair[0], &(char){ 0 }, 1), 1);
	EXPECT(write(pipes[1], "x", 1), 1);
	EXPECT(read(pipes[0], &(char){ 0 }, 1), 1);
	close(pair[1]);
	sees_the_end(pair[0]);
}

static void pipes(void)
{
	static char out[65536], in[65536];
	int to[2], from[2];
	size_t done = 0;

	EXPECT(pipe(to), 0);
	EXPECT(pipe(from), 0);
	EXPECT(ask(FD_COPY, FD_PAIR(to[0], from[1])), 0);
	close(to[0]);
	close(from[1]);
	for (int i = 0; i < 10; i++) {
		stream_fill(out, sizeof(out), 3, i * sizeof(out));
		EXPECT(write(to[1], out, sizeof(out)), sizeof(out));
		while (done < (i + 1) * sizeof(in)) {
			ssize_t n = read(from[0], in, sizeof(in));

			if (n <= 0)
				fail("the end after byte %zu", done);
			if (stream_check(in, n, 3, done) != (size_t)n)
				fail("wrong after byte %zu", done);
			done += n;
		}
	}
	/* The end goes through as well: the application has closed both. */
	close(to[1]);
	EXPECT(read(from[0], in, 1), 0);
}

static void event_counts(void)
{
	int event = eventfd(0, 0);
	int now = eventfd(0, EFD_NONBLOCK);
	__u64 value = 41;

	EXPECT(write(event, &value, sizeof(value)), sizeof(value));
	value = 1;
	EXPECT(write(event, &value, sizeof(value)), sizeof(value));
	EXPECT(ask(FD_READ, event), 42);
	EXPECT(ask(FD_READ, now), -EAGAIN);
	EXPECT(ask(FD_WRITE, event), -EINVAL);
}

/* The position is that of the open file: the process sees how far the application came. */
static void regular_file(void)
{
	int fd = memfd_create("file", 0);
	__u64 value = 7;

	EXPECT(write(fd, "12345678", 8), 8);
	EXPECT(ask(FD_WRITE, fd), 8);
	EXPECT(lseek(fd, 0, SEEK_CUR), 16);
	EXPECT(pread(fd, &value, 8, 8), 8);
	EXPECT(value, 1);
	EXPECT(lseek(fd, 8, SEEK_SET), 8);
	EXPECT(ask(FD_READ, fd), 1);
	EXPECT(lseek(fd, 0, SEEK_CUR), 16);
	EXPECT(ask(FD_READ, fd), 0);
}

/* Its length is one of bytes, not of blocks, of which there is room for so many only. */
static void filter(void)
{
	struct sock_filter blocks[FILTER_LEN] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0),
		BPF_STMT(BPF_ALU | BPF_ADD | BPF_K, 7),
		BPF_STMT(BPF_RET | BPF_A, 0),
	};
	struct sock_fprog program = { FILTER_LEN, blocks };
	int pair[2];

	make_tcp(pair);
	EXPECT(setsockopt(pair[1], SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)), 0);
	EXPECT(ask(FD_FILTER, pair[1]), 0);
}

static const struct {
	const char *name;
	void (*run)(void);
} tests[] = {
	{ "plain", plain },
	{ "taken_over", taken_over },
	{ "shut_down", shut_down },
	{ "listener", listener },
	{ "handed_over", handed_over },
	{ "there_and_back", there_and_back },
	{ "errors", errors },
	{ "no_descriptor_left", no_descriptor_left },
	{ "out_of_an_event_set", out_of_an_event_set },
	{ "closed_meanwhile", closed_meanwhile },
	{ "handed_and_closed", handed_and_closed },
	{ "process_ends", process_ends },
	{ "application_ends", application_ends },
	{ "pipes", pipes },
	{ "event_counts", event_counts },
	{ "regular_file", regular_file },
	{ "filter", filter },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc == 2 && i < sizeof(tests) / sizeof(*tests); i++) {
		if (strcmp(argv[1], tests[i].name))
			continue;
		if (i)
			start_host();
		tests[i].run();
		return 0;
	}
	for (size_t i = 0; i < sizeof(tests) / sizeof(*tests); i++)
		puts(tests[i].name);
	return 2;
}
