/* SPDX-License-Identifier: GPL-2.0 */
/* What the tests of /dev/ukl share: requests, run areas, and a loop that does what is asked for. */
#ifndef _SELFTESTS_DEVICE_H
#define _SELFTESTS_DEVICE_H

#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "../include/uapi/ukl.h"
#include "net.h"

#define DEVICE "/dev/ukl"
#define PROGRAM "ukl_test_process"

static struct ukl_info info;

static inline void expect_at(int line, const char *what, long got, long want)
{
	if (got != want)
		fail("line %d: %s is %ld, expected %ld", line, what, got, want);
}

#define EXPECT(got, want) expect_at(__LINE__, #got, (long)(got), (long)(want))

/* What a request gives: a number, or an errno as a negative one. */
static inline long ask(int fd, unsigned long request, unsigned long arg)
{
	/* Not ioctl(), so that nothing of the C library is between. */
	long ret = syscall(SYS_ioctl, fd, request, arg);

	return ret < 0 ? -errno : ret;
}

#define ASK(fd, request, at) ask((fd), (request), (unsigned long)(at))

static inline int open_device(void)
{
	int fd = open(DEVICE, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		fail("%s: %s", DEVICE, strerror(errno));
	if (!info.run_size && ask(fd, UKL_INFO, (unsigned long)&info))
		fail("UKL_INFO: %s", strerror(errno));
	return fd;
}

/* Arguments of a program, as UKL_BIND wants them. */
struct arguments {
	char bytes[UKL_ARGS_MAX];
	size_t size;
};

static inline void add_argument(struct arguments *to, const char *text)
{
	size_t len = strlen(text) + 1;

	if (to->size + len > sizeof(to->bytes))
		fail("too many arguments");
	memcpy(to->bytes + to->size, text, len);
	to->size += len;
}

static inline struct ukl_bind binding(const char *name, const struct arguments *args)
{
	return (struct ukl_bind){
		.name = (unsigned long)name,
		.args = (unsigned long)args->bytes,
		.args_size = args->size,
	};
}

/* Opens the device for the test program with the words of @command. */
static inline int start(const char *command)
{
	struct arguments args = { .size = 0 };
	struct ukl_bind bind;
	char words[512], *word, *rest;
	int fd = open_device();

	snprintf(words, sizeof(words), "%s", command);
	add_argument(&args, PROGRAM);
	for (word = strtok_r(words, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
		add_argument(&args, word);
	bind = binding(PROGRAM, &args);
	if (ASK(fd, UKL_BIND, &bind))
		fail("UKL_BIND: %s", strerror(errno));
	return fd;
}

static inline void *map(int fd, unsigned long number, int prot, int flags)
{
	return mmap(NULL, info.run_size, prot, flags, fd, number * info.run_size);
}

static inline struct ukl_run *area(int fd, unsigned long number)
{
	struct ukl_run *run = map(fd, number, PROT_READ | PROT_WRITE, MAP_SHARED);

	if (run == MAP_FAILED)
		fail("the run area of thread %lu: %s", number, strerror(errno));
	run->data = (unsigned long)run + info.data_offset;
	return run;
}

/* Runs a thread once; it must have left for @exit. */
static inline void run_to_at(int line, int fd, unsigned long number, struct ukl_run *run,
			     unsigned int exit)
{
	long want = exit == UKL_EXIT_SIGNAL ? -EINTR : 0;
	long got = ask(fd, UKL_RUN, number);

	if (got != want)
		fail("line %d: thread %lu: UKL_RUN gives %ld, expected %ld", line, number, got,
		     want);
	if (run->exit != exit)
		fail("line %d: thread %lu has left for %u, expected %u", line, number, run->exit,
		     exit);
}

#define RUN_TO(fd, number, run, exit) run_to_at(__LINE__, (fd), (number), (run), (exit))

static inline long make_syscall(const struct ukl_run *run)
{
	const __u64 *args = (const __u64 *)run->syscall.args;
	long ret = syscall(run->syscall.nr, args[0], args[1], args[2], args[3], args[4], args[5]);

	return ret < 0 ? -errno : ret;
}

/* Makes the system calls that a thread asks for, until it has left for something else. */
static inline unsigned int run_on(int fd, unsigned long number, struct ukl_run *run)
{
	for (;;) {
		long err = ask(fd, UKL_RUN, number);

		if (err == -EINTR && run->exit == UKL_EXIT_SIGNAL)
			continue;
		if (err)
			fail("thread %lu: UKL_RUN gives %ld", number, err);
		if (run->exit != UKL_EXIT_SYSCALL)
			return run->exit;
		run->result = make_syscall(run);
	}
}

/* The next line that a thread wants to write, without its newline; the write has worked. */
static inline const char *heard_at(int line, int fd, unsigned long number, struct ukl_run *run)
{
	static __thread char text[16384];
	size_t len;

	run_to_at(line, fd, number, run, UKL_EXIT_SYSCALL);
	if (run->syscall.nr != SYS_write)
		fail("line %d: system call %lld instead of a line", line,
		     (long long)run->syscall.nr);
	len = run->syscall.args[2];
	if (!len || len > info.run_size - info.data_offset)
		fail("line %d: a line of %zu bytes", line, len);
	memcpy(text, (char *)run->syscall.args[1], len);
	text[len - 1] = 0;
	run->result = len;
	return text;
}

#define HEARD(fd, number, run) heard_at(__LINE__, (fd), (number), (run))

static inline void hear_at(int line, int fd, unsigned long number, struct ukl_run *run,
			   const char *want)
{
	const char *got = heard_at(line, fd, number, run);

	if (strcmp(got, want))
		fail("line %d: it says \"%s\", expected \"%s\"", line, got, want);
}

#define HEAR(fd, number, run, want) hear_at(__LINE__, (fd), (number), (run), (want))

/* The status of a thread that ends now. */
static inline int finished_at(int line, int fd, unsigned long number, struct ukl_run *run)
{
	run_to_at(line, fd, number, run, UKL_EXIT_FINISHED);
	return run->finished.status;
}

#define FINISHED(fd, number, run) finished_at(__LINE__, (fd), (number), (run))

/* A table, in memory that is the caller's. */
static inline char *read_table(unsigned int table)
{
	struct ukl_stats stats = { .table = table, .size = 1 << 20 };
	char *text = allocate(stats.size + 1);
	int fd = open_device();
	long len;

	stats.buffer = (unsigned long)text;
	len = ASK(fd, UKL_STATS, &stats);
	if (len < 0 || len > (1 << 20))
		fail("UKL_STATS: %ld", len);
	text[len] = 0;
	close(fd);
	return text;
}

/* Column number @column of line number @line, which is cut up for it; NULL if there is none. */
static inline char *cell(char *line, unsigned int column)
{
	while (column-- && line) {
		line = strchr(line, '\t');
		line = line ? line + 1 : NULL;
	}
	if (line)
		line[strcspn(line, "\t\n")] = 0;
	return line;
}

/* Column @name of the line of a table in which column @key is @value, "" if there is none. */
static inline const char *look_up(unsigned int table, const char *key, long value, const char *name)
{
	static __thread char found[64];
	char *text = read_table(table), *at[2] = { NULL, NULL };
	unsigned int columns[2] = { 0, 0 };
	char *next, *line = text;

	found[0] = 0;
	for (unsigned int n = 0; line && *line; n++, line = next) {
		char copy[1024];

		next = strchr(line, '\n');
		if (next)
			*next++ = 0;
		for (unsigned int column = 0; !n; column++) {
			snprintf(copy, sizeof(copy), "%s", line);
			at[0] = cell(copy, column);
			if (!at[0])
				break;
			if (!strcmp(at[0], key))
				columns[0] = column;
			if (!strcmp(at[0], name))
				columns[1] = column;
		}
		if (!n)
			continue;
		snprintf(copy, sizeof(copy), "%s", line);
		at[0] = cell(copy, columns[0]);
		if (!at[0] || atol(at[0]) != value)
			continue;
		snprintf(copy, sizeof(copy), "%s", line);
		at[1] = cell(copy, columns[1]);
		if (at[1] && strlen(at[1]) < sizeof(found))
			strcpy(found, at[1]);
	}
	free(text);
	return found;
}

/* How many threads the process @pid has that are in @mode, in the table. */
static inline unsigned int threads_in(pid_t pid, const char *mode)
{
	char *text = read_table(UKL_STATS_THREADS), *next, *line = text;
	unsigned int count = 0;

	for (; line && *line; line = next) {
		char a[1024], b[1024];

		next = strchr(line, '\n');
		if (next)
			*next++ = 0;
		snprintf(a, sizeof(a), "%s", line);
		snprintf(b, sizeof(b), "%s", line);
		/* app pid tid mode */
		if (atol(cell(a, 1) ?: "0") == pid && (!mode || !strcmp(cell(b, 3) ?: "", mode)))
			count++;
	}
	free(text);
	return count;
}

/* Waits until a thread of @pid is in @mode. */
static inline void wait_for_mode(pid_t pid, const char *mode)
{
	long begin = now_ms();

	while (!threads_in(pid, mode)) {
		if (now_ms() - begin > 20000)
			fail("no thread of %d comes to mode %s", pid, mode);
		usleep(10000);
	}
}

/* A child's exit status; fails if it was ended by a signal. */
static inline int child_status_at(int line, pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		fail("line %d: waitpid: %s", line, strerror(errno));
	if (!WIFEXITED(status))
		fail("line %d: the child ended with %#x", line, status);
	return WEXITSTATUS(status);
}

#define CHILD_STATUS(pid) child_status_at(__LINE__, (pid))

/* Forks; in the child stdio has nothing to say twice, and it ends with a test that has failed. */
static inline pid_t fork_child(void)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0)
		fail("fork: %s", strerror(errno));
	if (!pid)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	return pid;
}

/* Descriptors over a unix socket. */
static inline void send_descriptor(int socket, int fd)
{
	char control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec byte = { .iov_base = "x", .iov_len = 1 };
	struct msghdr message = {
		.msg_iov = &byte,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	if (sendmsg(socket, &message, 0) != 1)
		fail("sendmsg: %s", strerror(errno));
}

static inline int receive_descriptor(int socket)
{
	char control[CMSG_SPACE(sizeof(int))], byte;
	struct iovec place = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr message = {
		.msg_iov = &place,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	int fd;

	if (recvmsg(socket, &message, 0) != 1 || !CMSG_FIRSTHDR(&message))
		fail("recvmsg: %s", strerror(errno));
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fd));
	return fd;
}

#endif /* _SELFTESTS_DEVICE_H */
