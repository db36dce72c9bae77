// SPDX-License-Identifier: GPL-2.0
/* rare: what system calls come to that servers make hardly ever, as a program that ring 0 and user space run; KTAP */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <linux/futex.h>
#include <net/if.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "result.h"

#define PAGE 4096
#define NSEC_PER_SEC 1000000000LL

static const struct timespec seconds = { 5, 0 }, at_once = { 0, 0 };

static int is_all(const char *at, size_t len, char byte)
{
	for (size_t i = 0; i < len; i++)
		if (at[i] != byte)
			return 0;
	return 1;
}

static char *map(void *at, size_t len, int flags)
{
	return mmap(at, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
}

static void fixed_memory(void)
{
	char *at = map(NULL, 3 * PAGE, 0), *hole = at + PAGE, *others[600];
	int apart = 1;

	memset(at, 1, 3 * PAGE);
	ok(munmap(hole, PAGE) == 0 && map(hole, PAGE, MAP_FIXED) == hole && is_all(hole, PAGE, 0), "MAP_FIXED where nothing is");
	memset(hole, 2, PAGE);
	for (int i = 0; i < 600; i++) {
		others[i] = map(NULL, PAGE, 0);
		apart &= others[i] + PAGE <= at || others[i] >= at + 3 * PAGE;
		memset(others[i], 3, PAGE);
	}
	ok(apart && is_all(hole, PAGE, 2), "nobody else is given that");
	for (int i = 0; i < 600; i++)
		munmap(others[i], PAGE);
	ok(map(hole, PAGE, MAP_FIXED) == hole && is_all(hole, PAGE, 0) && is_all(at, PAGE, 1) && is_all(hole + PAGE, PAGE, 1),
	   "MAP_FIXED where something is");
	memset(hole, 2, PAGE);
	ok(map(hole, PAGE, MAP_FIXED_NOREPLACE) == MAP_FAILED && errno == EEXIST && is_all(hole, PAGE, 2), "MAP_FIXED_NOREPLACE");
	munmap(hole, PAGE);
	ok(map(hole, PAGE, MAP_FIXED_NOREPLACE) == hole && is_all(hole, PAGE, 0), "where nothing is");
	ok(map(hole + 1, PAGE, MAP_FIXED) == MAP_FAILED && errno == EINVAL && map(hole, 0, MAP_FIXED) == MAP_FAILED &&
	   errno == EINVAL, "MAP_FIXED at what is no page, and of nothing");
	munmap(at, 3 * PAGE);
}

static void other_memory(void)
{
	char *at = map(NULL, 4 * PAGE, 0);
	unsigned char in_core[4] = { 0 };

	ok(fails(munmap(at + 1, PAGE), EINVAL) && fails(munmap(at, 0), EINVAL), "munmap() of what is no page, and of nothing");
	ok(mremap(at, PAGE, 0, 0) == MAP_FAILED && errno == EINVAL, "mremap() to nothing");
	ok(mremap(at + 1, PAGE, PAGE, 0) == MAP_FAILED && errno == EINVAL &&
	   mremap(at, PAGE, PAGE, 0x100) == MAP_FAILED && errno == EINVAL, "mremap() of what is no page, with flags that are none");
	ok(mremap(at, PAGE, 2 * PAGE, 0) == MAP_FAILED && errno == ENOMEM, "mremap() that has no room");
	ok(madvise(at, PAGE, MADV_SEQUENTIAL) == 0 && fails(madvise(at, PAGE, 99), EINVAL), "madvise() with a hint, and with none");
	ok(mincore(at, 4 * PAGE, in_core) == 0 && msync(at, 4 * PAGE, MS_SYNC) == 0, "mincore() and msync()");
	munmap(at + PAGE, PAGE);
	ok(fails(mincore(at, 4 * PAGE, in_core), ENOMEM) && fails(msync(at, 4 * PAGE, MS_SYNC), ENOMEM), "of what is not there");
	memset(at, 1, PAGE);
	at[2 * PAGE] = 1;
	ok(fails(madvise(at, 3 * PAGE, MADV_DONTNEED), ENOMEM) && is_all(at, PAGE, 0) && !at[2 * PAGE], "with a hole");
	ok(mlock(at, PAGE) == 0 && munlock(at, PAGE) == 0, "mlock()");
	munmap(at, 4 * PAGE);
}

static void who_one_is(void)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_1, 0 };
	gid_t groups[100], many[3] = { 5, 6, 7 }, before[100];
	int had = getgroups(100, before);
	uint32_t caps[12];

	memset(groups, 0xee, sizeof(groups));
	ok(setgroups(3, many) == 0 && getgroups(0, NULL) == 3, "setgroups()");
	ok(getgroups(3, groups) == 3 && !memcmp(groups, many, sizeof(many)) && is_all((char *)(groups + 3), 97 * 4, 0xee),
	   "getgroups(), and no more than there are");
	ok(getgroups(100, groups) == 3 && is_all((char *)(groups + 3), 97 * 4, 0xee), "with more room than it takes");
	ok(fails(getgroups(2, groups), EINVAL) && fails(getgroups(-1, groups), EINVAL), "with less");
	ok(fails(setgroups(65537, many), EINVAL), "more than there may be");
	ok(setgroups(0, NULL) == 0 && getgroups(100, groups) == 0, "none");
	setgroups(had, before);

	memset(caps, 0xee, sizeof(caps));
	ok(syscall(SYS_capget, &header, caps) == 0 && is_all((char *)(caps + 3), 9 * 4, 0xee), "capget() of version 1");
	header.version = _LINUX_CAPABILITY_VERSION_3;
	ok(syscall(SYS_capget, &header, caps) == 0 && caps[5] != 0xeeeeeeee && is_all((char *)(caps + 6), 6 * 4, 0xee) &&
	   syscall(SYS_capset, &header, caps) == 0, "of version 3, and capset()");
	header.version = 1;
	ok(fails(syscall(SYS_capget, &header, caps), EINVAL) && header.version == _LINUX_CAPABILITY_VERSION_3, "of none");
	ok(fails(syscall(SYS_capget, NULL, caps), EFAULT), "capget() of nobody");
}

static volatile sig_atomic_t caught;

static void handler(int number)
{
	caught = number;
}

static void handle(int number, int flags)
{
	sigaction(number, &(struct sigaction) { .sa_handler = handler, .sa_flags = flags }, NULL);
	caught = 0;
}

static int is_blocked(int number)
{
	sigset_t set;

	sigprocmask(SIG_BLOCK, NULL, &set);
	return sigismember(&set, number);
}

static int is_pending(int number)
{
	sigset_t set;

	sigpending(&set);
	return sigismember(&set, number);
}

/* It was interrupted by SIGUSR1, which only its mask let through. */
static int let_through(long result)
{
	return fails(result, EINTR) && caught == SIGUSR1 && is_blocked(SIGUSR1) && !is_pending(SIGUSR1);
}

/* Signals that wait, and that come, are let through by the mask of a wait, and by that only. */
static void masks(int flags, const char *const names[10])
{
	struct epoll_event event = { .events = EPOLLIN };
	int set = epoll_create1(0), pipes[2], fd;
	struct pollfd at = { .events = POLLIN };
	struct itimerval soon = { .it_value.tv_usec = 30000 };
	sigset_t none, blocked;
	fd_set reads;

	pipe(pipes);
	fd = at.fd = pipes[0];
	epoll_ctl(set, EPOLL_CTL_ADD, fd, &event);
	sigemptyset(&none);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR1);
	sigaddset(&blocked, SIGALRM);
	sigprocmask(SIG_BLOCK, &blocked, NULL);

	handle(SIGUSR1, flags);
	raise(SIGUSR1);
	ok(ppoll(&at, 1, &at_once, NULL) == 0 && !caught && is_pending(SIGUSR1), names[0]);
	ok(let_through(ppoll(&at, 1, &seconds, &none)), names[1]);
	handle(SIGUSR1, flags);
	raise(SIGUSR1);
	ok(let_through(epoll_pwait(set, &event, 1, 5000, &none)), names[2]);
	handle(SIGUSR1, flags);
	raise(SIGUSR1);
	FD_ZERO(&reads);
	FD_SET(fd, &reads);
	ok(let_through(pselect(fd + 1, &reads, NULL, NULL, &seconds, &none)) && FD_ISSET(fd, &reads), names[3]);

	/* The same of one that comes while they wait. */
	sigdelset(&blocked, SIGUSR1);
	handle(SIGALRM, flags);
	setitimer(ITIMER_REAL, &soon, NULL);
	ok(fails(ppoll(&at, 1, &seconds, &none), EINTR) && caught == SIGALRM && is_blocked(SIGALRM), names[4]);
	handle(SIGALRM, flags);
	setitimer(ITIMER_REAL, &soon, NULL);
	ok(fails(epoll_pwait(set, &event, 1, 5000, &none), EINTR) && caught == SIGALRM && is_blocked(SIGALRM), names[5]);
	handle(SIGALRM, flags);
	setitimer(ITIMER_REAL, &soon, NULL);
	ok(fails(pselect(fd + 1, &reads, NULL, NULL, &seconds, &none), EINTR) && caught == SIGALRM && is_blocked(SIGALRM),
	   names[6]);

	/* Who is ready is told first. */
	handle(SIGUSR1, flags);
	raise(SIGUSR1);
	write(pipes[1], "x", 1);
	ok(ppoll(&at, 1, &seconds, &none) == 1 && at.revents == POLLIN && is_blocked(SIGUSR1) && !caught && is_pending(SIGUSR1),
	   names[7]);
	ok(epoll_pwait(set, &event, 1, 5000, &none) == 1 && is_blocked(SIGUSR1), names[8]);
	raise(SIGUSR1);
	ok(pselect(fd + 1, &reads, NULL, NULL, &seconds, &none) == 1 && is_blocked(SIGUSR1), names[9]);
	sigprocmask(SIG_SETMASK, &none, NULL);
	close(pipes[0]);
	close(pipes[1]);
	close(set);
}

static void masked_waits(void)
{
	static const char *const names[10] = {
		"ppoll() without a mask leaves a signal that waits", "a signal that waits, and ppoll()", "and epoll_pwait()",
		"and pselect()",
		"one that comes, and ppoll()", "epoll_pwait() then", "pselect() then",
		"what is ready, and ppoll()", "what is ready, and epoll_pwait()", "what is ready, and pselect()",
	}, *const restart[10] = {
		"ppoll() without a mask, SA_RESTART", "SA_RESTART, and ppoll()", "SA_RESTART, and epoll_pwait()",
		"SA_RESTART, and pselect()", "SA_RESTART, one that comes, and ppoll()", "SA_RESTART, and epoll_pwait() then",
		"SA_RESTART, and pselect() then", "SA_RESTART, what is ready, and ppoll()",
		"SA_RESTART, what is ready, and epoll_pwait()", "SA_RESTART, what is ready, and pselect()",
	};
	uint64_t mask = 0;

	masks(0, names);
	masks(SA_RESTART, restart);
	ok(fails(syscall(SYS_ppoll, NULL, 0, &at_once, &mask, 4), EINVAL) &&
	   fails(syscall(SYS_ppoll, NULL, 0, &at_once, 16, 8), EFAULT), "a mask of no size, and one that is not there");
	ok(fails(syscall(SYS_rt_sigprocmask, 77, &mask, NULL, 8), EINVAL) &&
	   fails(syscall(SYS_rt_sigprocmask, SIG_BLOCK, &mask, NULL, 4), EINVAL) &&
	   fails(syscall(SYS_rt_sigsuspend, &mask, 4), EINVAL), "masks that are none");
}

static volatile int was, is;

/* The signals of 1 to 31 that were blocked, by the context, and that are. */
static void looks(int number, siginfo_t *info, void *context)
{
	sigset_t now;

	(void)info;
	caught = number;
	sigprocmask(SIG_BLOCK, NULL, &now);
	for (int i = 1; i < 32; i++) {
		was |= sigismember(&((ucontext_t *)context)->uc_sigmask, i) << i;
		is |= sigismember(&now, i) << i;
	}
}

static void contexts(void)
{
	struct sigaction action = { .sa_sigaction = looks, .sa_flags = SA_SIGINFO };
	sigset_t none, some;

	sigemptyset(&none);
	sigemptyset(&some);
	sigaddset(&some, SIGUSR2);
	sigaddset(&some, SIGHUP);
	sigprocmask(SIG_SETMASK, &some, NULL);
	sigaddset(&action.sa_mask, SIGHUP);
	sigaddset(&action.sa_mask, SIGTERM);
	sigaction(SIGUSR1, &action, NULL);
	raise(SIGUSR1);
	ok(was == (1 << SIGUSR2 | 1 << SIGHUP), "a handler's context has the mask that was");
	ok(is == (was | 1 << SIGTERM | 1 << SIGUSR1) && is_blocked(SIGHUP) && !is_blocked(SIGTERM) && !is_blocked(SIGUSR1),
	   "it blocks what its action says as well");
	was = is = 0;
	action.sa_flags |= SA_NODEFER;
	sigaction(SIGUSR1, &action, NULL);
	raise(SIGUSR1);
	ok(is == (was | 1 << SIGTERM), "but not its own signal with SA_NODEFER");
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGUSR1, SIG_DFL);
	/* As whoever has started this says. */
	ok(sigaction(SIGWINCH, NULL, &action) == 0 && action.sa_handler == SIG_IGN && sigaction(SIGPIPE, NULL, &action) == 0 &&
	   action.sa_handler == SIG_IGN && sigaction(SIGCHLD, NULL, &action) == 0 &&
	   action.sa_handler == SIG_DFL, "what is ignored at the start");
}

/* What is said of a handler that is called once. */
static void called_once(void)
{
	struct sigaction before, after;

	handle(SIGUSR1, SA_RESETHAND);
	sigaction(SIGUSR1, NULL, &before);
	raise(SIGUSR1);
	sigaction(SIGUSR1, NULL, &after);
	ok(before.sa_handler == handler && after.sa_handler == SIG_DFL && after.sa_flags & SA_RESETHAND,
	   "SA_RESETHAND: it is told that the handler is gone");
	signal(SIGUSR1, SIG_DFL);
}

/* Again and again, as the first may come before what it is to interrupt. */
static void begin_alarms(void)
{
	struct itimerval often = { .it_value.tv_usec = 30000, .it_interval.tv_usec = 30000 };

	setitimer(ITIMER_REAL, &often, NULL);
}

static void end_alarms(void)
{
	setitimer(ITIMER_REAL, &(struct itimerval) { 0 }, NULL);
}

/* Whether @wait is interrupted by a handler that wants calls to be made again, which is not for those that wait for events. */
static int is_interrupted(long (*wait)(void))
{
	long result;
	int err;

	handle(SIGALRM, SA_RESTART);
	begin_alarms();
	result = wait();
	err = errno;
	end_alarms();
	return result == -1 && err == EINTR && caught == SIGALRM;
}

static long by_poll(void)
{
	return poll(NULL, 0, 5000);
}

static long by_select(void)
{
	struct timeval timeout = { 5, 0 };

	return select(0, NULL, NULL, NULL, &timeout);
}

static long by_epoll(void)
{
	struct epoll_event event;
	int set = epoll_create1(0);
	long result = epoll_wait(set, &event, 1, 5000);
	int err = errno;

	close(set);
	errno = err;
	return result;
}

static long by_nanosleep(void)
{
	struct timespec left = { 0, 0 };

	return nanosleep(&seconds, &left) && left.tv_sec < 5 && left.tv_sec + left.tv_nsec > 0 ? -1 : 0;
}

static long by_sigsuspend(void)
{
	sigset_t none;

	sigemptyset(&none);
	return sigsuspend(&none);
}

/* Of a socket that has a time-out. */
static long by_recv(void)
{
	struct timeval timeout = { 5, 0 };
	int sock = socket(AF_INET, SOCK_DGRAM, 0), err;
	char byte;
	long result;

	setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	result = recv(sock, &byte, 1, 0);
	err = errno;
	close(sock);
	errno = err;
	return result;
}

static pthread_t computing;
static volatile int was_sent;

static void *sends(void *arg)
{
	pthread_kill(computing, SIGALRM);
	was_sent = 1;
	return arg;
}

/* What a handler has seen to while the thread computed is not waited for. */
static int handles_before(void)
{
	struct timespec from, to;
	pthread_t thread;

	handle(SIGALRM, SA_RESTART);
	computing = pthread_self();
	clock_gettime(CLOCK_MONOTONIC, &from);
	pthread_create(&thread, NULL, sends, NULL);
	while (!was_sent)
		;
	if (!caught)
		poll(NULL, 0, 20000);
	clock_gettime(CLOCK_MONOTONIC, &to);
	pthread_join(thread, NULL);
	return caught == SIGALRM && to.tv_sec - from.tv_sec < 15;
}

static int locked;

static void unlocks(int number)
{
	caught = number;
	flock(locked, LOCK_UN);
}

/* What a call that waits for a lock comes to, if a handler with @flags lets go of it. */
static int locks(int flags)
{
	int file = memfd_create("rare", 0), result;
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	locked = open(path, O_RDWR);
	flock(locked, LOCK_EX);
	caught = 0;
	sigaction(SIGALRM, &(struct sigaction) { .sa_handler = unlocks, .sa_flags = flags }, NULL);
	setitimer(ITIMER_REAL, &(struct itimerval) { .it_value.tv_usec = 300000 }, NULL);
	result = flock(file, LOCK_EX) ? errno : 0;
	end_alarms();
	close(locked);
	close(file);
	return caught == SIGALRM ? result : -1;
}

static int feed;

static void feeds(int number)
{
	caught = number;
	write(feed, "fed", 3);
}

static void restarts(void)
{
	int pipes[2], err;
	ssize_t result;
	char in[100];

	ok(is_interrupted(by_poll), "poll() is not made again");
	ok(is_interrupted(by_select), "select() is not");
	ok(is_interrupted(by_epoll), "epoll_wait() is not");
	ok(is_interrupted(by_nanosleep), "nanosleep() is not, and says what is left");
	ok(is_interrupted(by_sigsuspend), "sigsuspend() is not");
	ok(is_interrupted(by_recv), "recv() with a time-out of the socket's is not");
	ok(handles_before(), "nor does poll() wait behind a handler");
	pipe(pipes);
	feed = pipes[1];
	sigaction(SIGALRM, &(struct sigaction) { .sa_handler = feeds, .sa_flags = SA_RESTART }, NULL);
	begin_alarms();
	ok(read(pipes[0], in, 100) > 0, "read() is");
	handle(SIGALRM, 0);
	fcntl(pipes[0], F_SETFL, O_NONBLOCK);
	while (read(pipes[0], in, 100) > 0)
		;
	fcntl(pipes[0], F_SETFL, 0);
	result = read(pipes[0], in, 100);
	err = errno;
	end_alarms();
	ok(result == -1 && err == EINTR, "but not without SA_RESTART");
	ok(locks(SA_RESTART) == 0, "flock() is");
	ok(locks(0) == EINTR, "but not without");
	close(pipes[0]);
	close(pipes[1]);
}

/* Computes until a handler of a signal waits to be run, where they are not run in the middle of it. */
static void compute(void)
{
	struct timespec from, now;

	clock_gettime(CLOCK_MONOTONIC, &from);
	do {
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while ((now.tv_sec - from.tv_sec) * NSEC_PER_SEC + now.tv_nsec - from.tv_nsec < 1500000);
}

static void *returns(void *arg)
{
	return arg;
}

/* What does not wait is not interrupted, with no SA_RESTART either. */
static void not_interrupted(void)
{
	enum { ROUNDS = 100, SIZE = 5000 };
	struct itimerval often = { .it_value.tv_usec = 1000, .it_interval.tv_usec = 1000 };
	int pipes[2], pair[2], fd, written = 0, moved = 0, none = 0, done = 0;
	static char block[SIZE], in[SIZE];
	pthread_t thread;
	struct stat about;
	FILE *file = tmpfile();

	pipe(pipes);
	socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
	handle(SIGALRM, 0);
	setitimer(ITIMER_REAL, &often, NULL);
	for (int i = 0; i < ROUNDS; i++) {
		compute();
		written += fwrite(block, 1, SIZE, file) == SIZE;
		compute();
		moved += write(pipes[1], block, 100) == 100;
		compute();
		moved += read(pipes[0], in, SIZE) == 100;
		compute();
		moved += send(pair[1], block, 100, 0) == 100;
		compute();
		moved += recv(pair[0], in, SIZE, 0) == 100;
		compute();
		none += fails(recv(pair[0], in, SIZE, MSG_DONTWAIT), EAGAIN);
		compute();
		fd = open("/dev/null", O_RDONLY);
		done += fd >= 0;
		compute();
		done += fstat(fd, &about) == 0;
		compute();
		done += fcntl(fd, F_GETFL) >= 0;
		compute();
		done += signal(SIGUSR1, SIG_IGN) != SIG_ERR && close(fd) == 0;
	}
	for (int i = 0; i < ROUNDS / 10; i++) {
		compute();
		done += !pthread_create(&thread, NULL, returns, NULL) && !pthread_join(thread, NULL);
	}
	end_alarms();
	ok(caught == SIGALRM && written == ROUNDS && !ferror(file), "fwrite() to a file is not interrupted");
	ok(fflush(file) == 0 && lseek(fileno(file), 0, SEEK_END) == ROUNDS * SIZE, "all of it is there");
	ok(moved == 4 * ROUNDS, "what has room and what is there is not");
	ok(none == ROUNDS, "nor is who does not want to wait");
	ok(done == 4 * ROUNDS + ROUNDS / 10, "nor is what cannot wait");
	fclose(file);
	for (int i = 0; i < 2; i++) {
		close(pipes[i]);
		close(pair[i]);
	}
}

static void selecting(void)
{
	struct timeval timeout = { 10, 0 }, short_time = { 0, 20000 };
	fd_set reads, writes, excepts;
	int pipes[2], far, pair[2];
	static char many[100000 / 8];

	pipe(pipes);
	far = dup2(pipes[0], 200);
	FD_ZERO(&reads);
	FD_ZERO(&writes);
	FD_ZERO(&excepts);
	FD_SET(pipes[0], &reads);
	FD_SET(far, &reads);
	FD_SET(pipes[1], &writes);
	FD_SET(pipes[1], &excepts);
	ok(select(far + 1, &reads, &writes, &excepts, &timeout) == 1 && !FD_ISSET(pipes[0], &reads) && !FD_ISSET(far, &reads) &&
	   FD_ISSET(pipes[1], &writes) && !FD_ISSET(pipes[1], &excepts), "select() of what can be written to");
	ok(syscall(SYS_select, 0, NULL, NULL, NULL, &short_time) == 0 && short_time.tv_sec == 0 && short_time.tv_usec == 0 &&
	   syscall(SYS_select, pipes[1] + 1, NULL, &writes, NULL, &timeout) == 1 && timeout.tv_sec < 10 && timeout.tv_sec >= 3,
	   "the system call says how long it would have waited");
	write(pipes[1], "x", 1);
	FD_SET(pipes[0], &reads);
	FD_SET(far, &reads);
	ok(select(far + 1, &reads, &writes, NULL, NULL) == 3 && FD_ISSET(pipes[0], &reads) && FD_ISSET(far, &reads),
	   "of all sorts");
	FD_ZERO(&reads);
	FD_SET(far, &reads);
	ok(select(192, &reads, NULL, NULL, &(struct timeval) { 0, 0 }) == 0 && FD_ISSET(far, &reads), "of fewer than the set has");
	ok(select(far + 1, &reads, NULL, NULL, &(struct timeval) { 0, 0 }) == 1 && FD_ISSET(far, &reads),
	   "of one in the fourth word");
	close(far);
	ok(fails(select(far + 1, &reads, NULL, NULL, &timeout), EBADF) && FD_ISSET(far, &reads), "of what is closed");
	ok(fails(select(-1, NULL, NULL, NULL, &timeout), EINVAL), "of fewer than none");
	ok(select(100000, (void *)many, NULL, NULL, &(struct timeval) { 0, 0 }) == 0, "of more than there can be");
	ok(fails(syscall(SYS_select, 0, NULL, NULL, NULL, &(struct timeval) { 0, -1 }), EINVAL) &&
	   fails(syscall(SYS_pselect6, 0, NULL, NULL, NULL, &(struct timespec) { 0, NSEC_PER_SEC }, NULL), EINVAL),
	   "with a time that is none");
	ok(fails(syscall(SYS_select, 10, 16, NULL, NULL, &timeout), EFAULT), "of a set that is not there");
	close(pipes[0]);
	FD_ZERO(&writes);
	FD_SET(pipes[1], &writes);
	ok(select(pipes[1] + 1, NULL, &writes, NULL, NULL) == 1, "of a pipe that nobody reads");
	close(pipes[1]);
	socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
	close(pair[1]);
	FD_ZERO(&excepts);
	FD_SET(pair[0], &excepts);
	ok(select(pair[0] + 1, NULL, NULL, &excepts, &(struct timeval) { 0, 20000 }) == 0 && !FD_ISSET(pair[0], &excepts),
	   "what has hung up is no exception");
	close(pair[0]);
}

/* Whether something to be read of the connection is an event of the set. */
static int in_set(int set)
{
	struct epoll_event event;

	return epoll_wait(set, &event, 1, 0) == 1;
}

static void sets(void)
{
	struct epoll_event event = { .events = EPOLLIN };
	int set = epoll_create1(0), fds[2], null = open("/dev/null", O_RDONLY), fd;

	socketpair(AF_UNIX, SOCK_STREAM, 0, fds);
	fd = fds[0];
	write(fds[1], "x", 1);
	epoll_ctl(set, EPOLL_CTL_ADD, fd, &event);
	ok(fails(dup2(1000, fd), EBADF) && in_set(set), "dup2() that fails leaves what is in a set");
	ok(dup2(fd, fd) == fd && in_set(set), "dup2() to itself does");
	ok(fails(dup3(null, fd, 0x7777), EINVAL) && fails(dup3(fd, fd, 0), EINVAL) && fails(dup3(1000, fd, 0), EBADF) &&
	   in_set(set), "dup3() that fails does");
	ok(fails(syscall(SYS_close_range, fd, fd, 0x7777), EINVAL) && fails(syscall(SYS_close_range, fd, fd - 1, 0), EINVAL) &&
	   in_set(set), "close_range() that fails does");
	ok(syscall(SYS_close_range, fd, fd, CLOSE_RANGE_CLOEXEC) == 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC && in_set(set),
	   "and one that closes later");
	ok(dup2(null, fd) == fd && !in_set(set), "dup2() takes it out");
	close(fd);
	close(fds[1]);
	socketpair(AF_UNIX, SOCK_STREAM, 0, fds);
	write(fds[1], "x", 1);
	epoll_ctl(set, EPOLL_CTL_ADD, fds[0], &event);
	ok(in_set(set) && dup3(null, fds[0], O_CLOEXEC) == fds[0] && !in_set(set), "dup3() does");
	close(fds[0]);
	close(fds[1]);
	socketpair(AF_UNIX, SOCK_STREAM, 0, fds);
	write(fds[1], "x", 1);
	epoll_ctl(set, EPOLL_CTL_ADD, fds[0], &event);
	ok(in_set(set) && syscall(SYS_close_range, fds[0], fds[0], 0) == 0 && !in_set(set) && fails(close(fds[0]), EBADF),
	   "close_range() does");
	close(fds[1]);
	close(null);
	close(set);
}

/* The two ends of a TCP connection. */
static void connection(int fds[2])
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof(address);
	int server = socket(AF_INET, SOCK_STREAM, 0);

	bind(server, (void *)&address, len);
	listen(server, 1);
	getsockname(server, (void *)&address, &len);
	fds[1] = socket(AF_INET, SOCK_STREAM, 0);
	connect(fds[1], (void *)&address, len);
	fds[0] = accept(server, NULL, NULL);
	close(server);
}

/* Closes it so that the other end is reset. */
static void reset(int fd)
{
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &(struct linger) { 1, 0 }, sizeof(struct linger));
	close(fd);
}

static int shared_set, told;

/* Counts the events that it is told. */
static void *listens(void *arg)
{
	struct epoll_event event;

	while (epoll_wait(shared_set, &event, 1, 300) == 1 && event.data.fd)
		__atomic_fetch_add(&told, 1, __ATOMIC_RELAXED);
	return arg;
}

static void once(void)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLONESHOT, .data.fd = 1 }, got;
	int set = epoll_create1(0), fds[2], rounds = 200;
	pthread_t threads[2];

	connection(fds);
	epoll_ctl(set, EPOLL_CTL_ADD, fds[0], &event);
	write(fds[1], "x", 1);
	ok(epoll_wait(set, &got, 1, 5000) == 1 && epoll_wait(set, &got, 1, 20) == 0, "EPOLLONESHOT is one event");
	reset(fds[1]);
	ok(epoll_wait(set, &got, 1, 20) == 0, "and no other, not even of an error");
	ok(epoll_ctl(set, EPOLL_CTL_MOD, fds[0], &event) == 0 && epoll_wait(set, &got, 1, 5000) == 1 && got.events & EPOLLERR &&
	   epoll_wait(set, &got, 1, 20) == 0, "until it is asked for again");
	close(fds[0]);

	shared_set = set;
	connection(fds);
	write(fds[1], "x", 1);
	event.events = EPOLLONESHOT;
	epoll_ctl(set, EPOLL_CTL_ADD, fds[0], &event);
	event.events = EPOLLIN | EPOLLONESHOT;
	for (int i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, listens, NULL);
	for (int i = 1; i <= rounds; i++) {
		epoll_ctl(set, EPOLL_CTL_MOD, fds[0], &event);
		while (__atomic_load_n(&told, __ATOMIC_RELAXED) < i)
			sched_yield();
	}
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	ok(told == rounds, "one of two threads is told it");
	close(fds[0]);
	close(fds[1]);
	close(set);
}

static sigjmp_buf way_out;
static volatile int alarms, refused;

static void closes(int number)
{
	alarms += number == SIGALRM;
	refused += close(dup(0)) != 0;
}

static void leaves(int number)
{
	alarms += number == SIGALRM;
	siglongjmp(way_out, 1);
}

/* Changes a set until so many handlers have run in the middle of it. */
static void change(int set, int fd, int handlers)
{
	struct epoll_event event = { .events = EPOLLIN };

	while (alarms < handlers) {
		refused += epoll_ctl(set, EPOLL_CTL_ADD, fd, &event) && errno != EEXIST;
		refused += epoll_ctl(set, EPOLL_CTL_MOD, fd, &event) != 0;
		refused += epoll_ctl(set, EPOLL_CTL_DEL, fd, NULL) != 0;
	}
}

static void interrupted_sets(void)
{
	struct itimerval often = { .it_value.tv_usec = 2000, .it_interval.tv_usec = 2000 };
	int set = epoll_create1(0), fds[2];

	pipe(fds);
	sigaction(SIGALRM, &(struct sigaction) { .sa_handler = closes, .sa_flags = SA_RESTART }, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	change(set, fds[0], 30);
	ok(!refused, "a handler closes a descriptor while a set is changed");
	alarms = refused = 0;
	if (!sigsetjmp(way_out, 0))
		sigaction(SIGALRM, &(struct sigaction) { .sa_handler = leaves, .sa_flags = SA_RESTART | SA_NODEFER }, NULL);
	change(set, fds[0], 30);
	handle(SIGALRM, SA_RESTART);
	end_alarms();
	ok(!refused, "a handler does not come back");
	close(fds[0]);
	close(fds[1]);
	close(set);
}

static int is_open(int fd)
{
	return fcntl(fd, F_GETFD) != -1;
}

/* In ring 0, one is that of what runs this program. */
static void all_descriptors(void)
{
	int fd = open("/dev/null", O_RDONLY), far = dup2(fd, 600), device = -1, stays = 1;
	char link[64], path[32];
	pthread_t thread;

	for (int i = 3; i < 1024; i++)
		close(i);
	ok(!is_open(fd) && !is_open(far), "all descriptors are closed, one by one");
	fd = open("/dev/null", O_RDONLY);
	far = dup2(fd, 600);
	ok(syscall(SYS_close_range, 3, ~0u, 0) == 0 && !is_open(fd) && !is_open(far), "by close_range()");
	fd = open("/dev/null", O_RDONLY);
	ok(fd >= 3 && pthread_create(&thread, NULL, returns, NULL) == 0 && pthread_join(thread, NULL) == 0,
	   "the program goes on");
	for (int i = 3; i < 1024 && device < 0; i++) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", i);
		if (readlink(path, link, sizeof(link)) == 8 && !memcmp(link, "/dev/ukl", 8))
			device = i;
	}
	if (device >= 0)
		stays = fails(close(device), EBADF) && fails(dup2(fd, device), EBADF) && fails(dup3(fd, device, 0), EBADF) &&
			fails(dup2(device, 600), EBADF) && syscall(SYS_close_range, device, device, 0) == 0 && is_open(device);
	ok(stays, "what runs it stays");
	close(fd);
}

static int ends[2];

/* Says so when the other end is closed. */
static void *hears(void *arg)
{
	char in;

	return write(ends[1], "x", read(*(int *)arg, &in, 1) == 0) == 1 ? NULL : arg;
}

/* The other end of what is closed hears of it, whatever the thread does next. */
static void closing(void)
{
	struct epoll_event event = { .events = EPOLLIN };
	int set = epoll_create1(0), fds[2];
	pthread_t thread;
	void *said;

	pipe(ends);
	epoll_ctl(set, EPOLL_CTL_ADD, ends[0], &event);
	socketpair(AF_UNIX, SOCK_STREAM, 0, fds);
	pthread_create(&thread, NULL, hears, &fds[1]);
	close(fds[0]);
	ok(epoll_wait(set, &event, 1, 5000) == 1, "close() is heard of at once");
	ok(pthread_join(thread, &said) == 0 && !said, "by who reads");
	close(fds[1]);
	socketpair(AF_UNIX, SOCK_STREAM, 0, fds);
	read(ends[0], &event, 1);
	pthread_create(&thread, NULL, hears, &fds[1]);
	dup2(0, fds[0]);
	ok(epoll_wait(set, &event, 1, 5000) == 1, "so is dup2()");
	pthread_join(thread, &said);
	close(fds[0]);
	close(fds[1]);
	close(ends[0]);
	close(ends[1]);
	close(set);
}

static int raised;

static void count(int number)
{
	raised += number == SIGPIPE;
}

/* Whether it has failed with EPIPE, with so many SIGPIPE. */
static int breaks(long result, int signals)
{
	int were = raised;

	raised = 0;
	return fails(result, EPIPE) && were == signals;
}

/* Who hears of it by a signal that nobody reads what he writes. */
static void broken(void)
{
	struct iovec parts[2] = { { "x", 1 }, { "y", 1 } };
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = 2 };
	int fds[2];

	sigaction(SIGPIPE, &(struct sigaction) { .sa_handler = count }, NULL);
	pipe(fds);
	close(fds[0]);
	ok(breaks(write(fds[1], "x", 1), 1) && breaks(writev(fds[1], parts, 2), 1), "a pipe: one SIGPIPE");
	close(fds[1]);
	socketpair(AF_UNIX, SOCK_STREAM, 0, fds);
	close(fds[0]);
	ok(breaks(write(fds[1], "x", 1), 1) && breaks(writev(fds[1], parts, 2), 1) && breaks(send(fds[1], "x", 1, 0), 1) &&
	   breaks(sendmsg(fds[1], &message, 0), 1), "a stream: one");
	ok(breaks(send(fds[1], "x", 1, MSG_NOSIGNAL), 0) && breaks(sendmsg(fds[1], &message, MSG_NOSIGNAL), 0),
	   "none with MSG_NOSIGNAL");
	close(fds[1]);
	connection(fds);
	shutdown(fds[0], SHUT_WR);
	ok(breaks(write(fds[0], "x", 1), 1) && breaks(writev(fds[0], parts, 2), 1) && breaks(send(fds[0], "x", 1, 0), 1) &&
	   breaks(sendmsg(fds[0], &message, 0), 1), "TCP: one");
	ok(breaks(send(fds[0], "x", 1, MSG_NOSIGNAL), 0) && breaks(sendmsg(fds[0], &message, MSG_NOSIGNAL), 0),
	   "and none with MSG_NOSIGNAL");
	close(fds[0]);
	close(fds[1]);
	socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds);
	close(fds[0]);
	ok(breaks(write(fds[1], "x", 1), 0) && breaks(writev(fds[1], parts, 2), 0) && breaks(send(fds[1], "x", 1, 0), 0),
	   "SOCK_SEQPACKET: none");
	close(fds[1]);
	socketpair(AF_UNIX, SOCK_DGRAM, 0, fds);
	shutdown(fds[1], SHUT_WR);
	ok(breaks(write(fds[1], "x", 1), 0) && breaks(sendmsg(fds[1], &message, 0), 0), "SOCK_DGRAM: none");
	close(fds[0]);
	close(fds[1]);
	signal(SIGPIPE, SIG_IGN);
	pipe(fds);
	close(fds[0]);
	ok(breaks(write(fds[1], "x", 1), 0), "ignored");
	close(fds[1]);
	signal(SIGPIPE, SIG_DFL);
}

static void *sends_two(void *arg)
{
	write(*(int *)arg, "first", 5);
	usleep(50000);
	/* As many as SO_RCVLOWAT says, which wake who has taken the first already. */
	write(*(int *)arg, "and the second", 14);
	return NULL;
}

/* Reading and writing nothing, and not less than a socket is told to. */
static void nothing(void)
{
	struct iovec none = { "", 0 };
	pthread_t thread;
	int fds[2], ten = 10;
	char in[100];

	connection(fds);
	ok(read(fds[0], in, 0) == 0 && readv(fds[0], &none, 1) == 0, "read() of nothing from TCP");
	ok(write(fds[0], in, 0) == 0 && writev(fds[0], &none, 1) == 0, "write() of nothing to it");
	setsockopt(fds[0], SOL_SOCKET, SO_RCVLOWAT, &ten, sizeof(ten));
	pthread_create(&thread, NULL, sends_two, &fds[1]);
	ok(read(fds[0], in, 100) == 19 && !memcmp(in, "firstand the second", 19), "SO_RCVLOWAT");
	pthread_join(thread, NULL);
	close(fds[0]);
	close(fds[1]);
	socketpair(AF_UNIX, SOCK_DGRAM, 0, fds);
	write(fds[1], "datagram", 8);
	ok(read(fds[0], in, 0) == 0 && readv(fds[0], &none, 1) == 0 && read(fds[0], in, 100) == 8,
	   "of a datagram, which is kept");
	ok(writev(fds[1], &none, 1) == 0 && fails(recv(fds[0], in, 100, MSG_DONTWAIT), EAGAIN), "writev() of nothing sends none");
	ok(write(fds[1], in, 0) == 0 && recv(fds[0], in, 100, MSG_DONTWAIT) == 0, "write() does");
	close(fds[0]);
	close(fds[1]);
}

/* Where a file is read and written next, after a write at its end that failed. */
static void kept_position(void)
{
	struct rlimit limit, little;
	char path[] = "/tmp/ukl-rare-XXXXXX", in[10];
	int fd = mkstemp(path);

	unlink(path);
	write(fd, "0123456789", 10);
	lseek(fd, 3, SEEK_SET);
	fcntl(fd, F_SETFL, O_APPEND);
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &limit);
	little = (struct rlimit) { 10, limit.rlim_max };
	setrlimit(RLIMIT_FSIZE, &little);
	ok(fails(write(fd, "x", 1), EFBIG) && lseek(fd, 0, SEEK_CUR) == 3 && read(fd, in, 10) == 7 && !memcmp(in, "3456789", 7),
	   "a write that fails does not move");
	setrlimit(RLIMIT_FSIZE, &limit);
	signal(SIGXFSZ, SIG_DFL);
	ok(write(fd, "x", 1) == 1 && lseek(fd, 0, SEEK_CUR) == 11, "one that does not, does");
	close(fd);
}

/* Vectors of more than a call takes: it takes what it can. */
static void long_vectors(void)
{
	enum { PARTS = 600, SIZE = 4 << 20 };
	static struct iovec parts[PARTS];
	char *at = map(NULL, SIZE, 0);
	int fds[2];

	for (int i = 0; i < PARTS; i++)
		parts[i] = (struct iovec) { at, SIZE };
	pipe(fds);
	fcntl(fds[1], F_SETFL, O_NONBLOCK);
	ok(writev(fds[1], parts, PARTS) == 65536 && readv(fds[0], parts, PARTS) == 65536, "writev() and readv() of 2.5 GB");
	close(fds[0]);
	close(fds[1]);
	socketpair(AF_UNIX, SOCK_STREAM, 0, fds);
	ok(sendmsg(fds[0], &(struct msghdr) { .msg_iov = parts, .msg_iovlen = PARTS }, MSG_DONTWAIT) > 0 &&
	   recvmsg(fds[1], &(struct msghdr) { .msg_iov = parts, .msg_iovlen = PARTS }, 0) > 0, "sendmsg() and recvmsg()");
	parts[1].iov_len = SIZE_MAX;
	ok(fails(writev(fds[0], parts, 2), EINVAL) && fails(readv(fds[0], parts, 2), EINVAL), "of less than nothing");
	close(fds[0]);
	close(fds[1]);
	munmap(at, SIZE);
}

/* Files that only user space can read and write. */
static void proc(void)
{
	int fd = open("/proc/self/status", O_RDONLY), adj = open("/proc/self/oom_score_adj", O_RDWR), pipes[2];
	int comm = open("/proc/thread-self/comm", O_RDWR);
	struct iovec parts[3] = { { "", 0 }, { "7", 1 }, { "8", 1 } };
	char in[64] = "", name[64] = "", out[16];
	struct iovec rest[3] = { { in, 0 }, { in, 3 }, { in + 3, 20 } };

	ok(pread(fd, in, 4, 1) == 4 && !memcmp(in, "ame:", 4), "pread() of /proc");
	ok(preadv(fd, rest, 3, 2) > 0 && !memcmp(in, "me:", 3), "preadv()");
	ok(readv(fd, rest, 3) > 0 && !memcmp(in, "Nam", 3) && readv(fd, rest, 1) == 0, "readv(), and of nothing");
	pread(comm, name, 63, 0);
	ok(pwrite(adj, "5", 1, 0) == 1 && pread(adj, in, 63, 0) == 2 && !memcmp(in, "5\n", 2), "pwrite()");
	ok(pwritev(adj, parts + 1, 2, 0) > 0 && pread(adj, in, 63, 0) == 2 && (*in == '7' || *in == '8'), "pwritev()");
	ok(writev(comm, parts, 3) > 0 && writev(comm, parts, 1) == 0 && pread(comm, in, 63, 0) == 2 && (*in == '7' || *in == '8'),
	   "writev(), and of nothing");
	write(comm, name, strlen(name));
	write(adj, "0", 1);
	ok(fails(pread(fd, in, 4, -1), EINVAL) && fails(preadv(fd, rest, 3, -1), EINVAL), "at less than the beginning");
	pipe(pipes);
	ok(fails(pread(pipes[0], in, 1, 0), ESPIPE) && fails(pwrite(pipes[1], "x", 1, 0), ESPIPE), "of a pipe");
	close(pipes[0]);
	close(pipes[1]);
	ok(fails(pread(fd, NULL, 4, 0), EFAULT) && fails(pwrite(adj, NULL, 4, 0), EFAULT), "from nowhere, and to nowhere");
	snprintf(out, sizeof(out), "%d", getpid());
	ok(readlink("/proc/self", in, 63) == (int)strlen(out) && !memcmp(in, out, strlen(out)), "which process it is of");
	close(fd);
	close(comm);
	close(adj);
}

/* The next descriptor that is given out. */
static int next_fd(void)
{
	int fd = dup(0);

	close(fd);
	return fd;
}

/* What a listener of MPTCP accepts of a peer without is TCP. SO_PEEK_OFF is what MPTCP does not have. */
static void plain_tcp_by_mptcp(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	int server = socket(AF_INET, SOCK_STREAM, IPPROTO_MPTCP), client = socket(AF_INET, SOCK_STREAM, 0), fd, offset = 0;
	socklen_t len = sizeof(address);

	bind(server, (void *)&address, len);
	listen(server, 1);
	getsockname(server, (void *)&address, &len);
	connect(client, (void *)&address, len);
	fd = accept(server, NULL, NULL);
	/* A kernel may have no MPTCP. */
	ok(server < 0 || setsockopt(fd, SOL_SOCKET, SO_PEEK_OFF, &offset, sizeof(offset)) == 0, "accept() of plain TCP by MPTCP");
	close(fd);
	close(client);
	close(server);
}

static void names(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } }, from;
	socklen_t len = sizeof(address), minus = -1, short_one = 4;
	int server = socket(AF_INET, SOCK_STREAM, 0), client[4], fd, before;
	struct ifreq interface = { .ifr_name = "lo" };
	char in[200];
	int count;

	bind(server, (void *)&address, len);
	listen(server, 10);
	getsockname(server, (void *)&address, &len);
	for (int i = 0; i < 4; i++) {
		client[i] = socket(AF_INET, SOCK_STREAM, 0);
		connect(client[i], (void *)&address, sizeof(address));
	}
	before = next_fd();
	ok(fails(accept(server, (void *)&from, NULL), EFAULT) && fails(accept(server, (void *)&from, &minus), EINVAL) &&
	   fails(accept(server, (void *)16, &len), EFAULT) && next_fd() == before, "accept() that fails leaves no descriptor");
	memset(&from, 0xee, sizeof(from));
	fd = accept(server, (void *)&from, &short_one);
	ok(fd == before && short_one == sizeof(from) && from.sin_family == AF_INET && from.sin_addr.s_addr == 0xeeeeeeee,
	   "accept() with little room for a name");
	ok(fails(syscall(SYS_accept4, server, NULL, NULL, 0x7777), EINVAL), "accept4() with flags that are none");
	close(fd);
	for (int i = 0; i < 4; i++)
		close(client[i]);
	close(server);

	plain_tcp_by_mptcp();

	fd = socket(AF_INET, SOCK_DGRAM, 0);
	ok(fails(sendto(fd, "x", 1, 0, (void *)in, 129), EINVAL), "a name that is longer than any");
	ok(ioctl(fd, SIOCGIFFLAGS, &interface) == 0 && interface.ifr_flags & IFF_LOOPBACK, "ioctl() of an interface");
	ok(ioctl(fd, FIONREAD, &count) == 0 && count == 0 && fails(ioctl(fd, 0x7777, 0), ENOTTY),
	   "FIONREAD, and a request of nobody");
	close(fd);
}

static long futex(uint32_t *word, int op, uint32_t value, const void *timeout, uint32_t *other, uint32_t value3)
{
	return syscall(SYS_futex, word, op, value, timeout, other, value3);
}

static void waiting(void)
{
	uint32_t words[2] = { 1, 2 }, *gone = (void *)((uintptr_t)words - (1L << 40));
	struct timespec past = { 1, 0 }, bad = { 0, -1 };

	ok(fails(futex(words, FUTEX_WAIT, 2, NULL, NULL, 0), EAGAIN), "futex(): a word that has another value");
	ok(fails(futex((void *)((char *)words + 1), FUTEX_WAIT, 1, NULL, NULL, 0), EINVAL), "one that is not aligned");
	ok(fails(futex(words, FUTEX_WAIT, 1, &bad, NULL, 0), EINVAL), "for a time that is none");
	ok(fails(futex(words, FUTEX_WAIT, 1, &(struct timespec) { 0, 1000000 }, NULL, 0), ETIMEDOUT), "for a short time");
	ok(fails(futex(words, FUTEX_WAIT_BITSET, 1, &past, NULL, ~0u), ETIMEDOUT) &&
	   fails(futex(words, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME, 1, &past, NULL, ~0u), ETIMEDOUT), "until it was");
	ok(futex(words, FUTEX_WAKE, INT_MAX, NULL, NULL, 0) == 0 && futex(words, FUTEX_WAKE_BITSET, 1, NULL, NULL, ~0u) == 0,
	   "nobody to be woken");
	ok(fails(futex(words, FUTEX_CMP_REQUEUE, 1, (void *)1, words + 1, 2), EAGAIN) &&
	   futex(words, FUTEX_CMP_REQUEUE, 1, (void *)1, words + 1, 1) == 0 &&
	   futex(words, FUTEX_REQUEUE, 1, (void *)1, words + 1, 0) == 0, "nobody to be moved");
	ok(fails(futex((void *)16, FUTEX_WAKE, 1, NULL, NULL, 0), EFAULT), "a word that is not there");
	/* As sem_post() does, if who has waited frees it at once. */
	ok(futex(gone, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0) == 0 &&
	   futex(gone, FUTEX_WAKE_BITSET_PRIVATE, 1, NULL, NULL, ~0u) == 0 &&
	   futex(gone, FUTEX_REQUEUE_PRIVATE, 1, (void *)1, gone + 1, 0) == 0 &&
	   futex(words, FUTEX_CMP_REQUEUE_PRIVATE, 1, (void *)1, gone, 1) == 0, "one that is not there any more");
}

static void clocks(void)
{
	struct timespec now, when = { 0, 0 };
	struct timeval time_of_day;
	unsigned int cpu, node;
	stack_t stack;

	clock_gettime(CLOCK_MONOTONIC, &when);
	when.tv_nsec += 20000000;
	when.tv_sec += when.tv_nsec / NSEC_PER_SEC;
	when.tv_nsec %= NSEC_PER_SEC;
	ok(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &when, NULL) == 0 && clock_gettime(CLOCK_MONOTONIC, &now) == 0 &&
	   (now.tv_sec - when.tv_sec) * NSEC_PER_SEC + now.tv_nsec - when.tv_nsec >= 0, "clock_nanosleep() until then");
	ok(clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &(struct timespec) { 1, 0 }, NULL) == 0, "until it was");
	ok(clock_nanosleep(CLOCK_MONOTONIC, 0, &(struct timespec) { -1, 0 }, NULL) == EINVAL &&
	   clock_nanosleep(77, 0, &at_once, NULL) == EINVAL, "for a time and by a clock that are none");
	ok(gettimeofday(&time_of_day, NULL) == 0 && time(NULL) - time_of_day.tv_sec < 2 && time_of_day.tv_usec < 1000000,
	   "gettimeofday()");
	ok(clock_gettime(CLOCK_BOOTTIME, &now) == 0 && clock_gettime(CLOCK_MONOTONIC_RAW, &now) == 0 &&
	   clock_gettime(CLOCK_REALTIME_COARSE, &now) == 0 && clock_gettime(CLOCK_MONOTONIC_COARSE, &now) == 0, "other clocks");
	ok(syscall(SYS_getcpu, &cpu, &node, NULL) == 0 && cpu < 1024 && node == 0, "getcpu()");
	ok(sigaltstack(NULL, &stack) == 0 && stack.ss_flags & SS_DISABLE, "sigaltstack()");
	ok(fails(syscall(SYS_arch_prctl, 0x7777, 0), EINVAL), "arch_prctl() of nothing");
	ok(syscall(SYS_set_tid_address, NULL) == gettid(), "set_tid_address()");
}

/* Whether this is on the stack that the thread says it has, of which all is there. */
static int is_on_stack(void)
{
	pthread_attr_t attr;
	char *at, here = 1;
	size_t size;

	if (pthread_getattr_np(pthread_self(), &attr) || pthread_attr_getstack(&attr, (void **)&at, &size))
		return 0;
	for (size_t i = 0; i < size; i += PAGE)
		here |= *(volatile char *)(at + i);
	return size >= 2 * PAGE && &here >= at && &here < at + size;
}

static void *knows_stack(void *arg)
{
	return is_on_stack() ? NULL : arg;
}

static void known_stacks(void)
{
	pthread_t thread;
	void *said;

	ok(is_on_stack(), "pthread_getattr_np() of the first thread");
	pthread_create(&thread, NULL, knows_stack, &thread);
	ok(pthread_join(thread, &said) == 0 && !said, "and of another");
}

static void small_stacks(void)
{
	pthread_attr_t attr;
	pthread_t thread;

	pthread_attr_init(&attr);
	ok(pthread_attr_setstacksize(&attr, PTHREAD_STACK_MIN) == 0 && pthread_create(&thread, &attr, returns, NULL) == 0 &&
	   pthread_join(thread, NULL) == 0, "a thread with the smallest stack");
	pthread_attr_destroy(&attr);
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	fixed_memory();
	other_memory();
	who_one_is();
	masked_waits();
	contexts();
	called_once();
	restarts();
	not_interrupted();
	selecting();
	sets();
	once();
	interrupted_sets();
	all_descriptors();
	closing();
	broken();
	nothing();
	kept_position();
	long_vectors();
	proc();
	names();
	waiting();
	clocks();
	known_stacks();
	small_stacks();
	return results();
}
