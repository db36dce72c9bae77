// SPDX-License-Identifier: GPL-2.0
/*
 * UKL_RUN of /dev/ukl, exit by exit: who may run which thread, what the run area says and what a
 * process may answer. Needs what device.c does.
 *
 *   exits            the names of the tests
 *   exits TEST       one of them
 *   exits -reported
 *
 * Exit status 0 if all was as it should be; else 1 and a line that says what was not.
 */
#define _GNU_SOURCE
#include <limits.h>
#include <pthread.h>
#include <sys/time.h>

#include "device.h"

/* What another thread, or another process, is to ask for. */
struct request {
	int fd;
	unsigned long what, arg;
	long got;
};

static void *requests(void *arg)
{
	struct request *request = arg;

	request->got = ask(request->fd, request->what, request->arg);
	return NULL;
}

static void *requests_until_there(void *arg)
{
	struct request *request = arg;

	do {
		requests(request);
	} while (request->got == -ESRCH);
	return NULL;
}

static long ask_in_a_thread(int fd, unsigned long what, unsigned long arg)
{
	struct request request = { fd, what, arg, 1 };
	pthread_t thread;

	EXPECT(pthread_create(&thread, NULL, requests, &request), 0);
	pthread_join(thread, NULL);
	return request.got;
}

static void numbers(void)
{
	static const unsigned long none[] = { 1, 2, 4095, 4096, 1UL << 32, 1UL << 63, ~0UL };
	int fd = start("exit 5");
	struct ukl_run *run = area(fd, 0);

	for (unsigned int i = 0; i < sizeof(none) / sizeof(*none); i++)
		EXPECT(ask(fd, UKL_RUN, none[i]), -ESRCH);
	EXPECT(FINISHED(fd, 0, run), 5);
	/* That was all. */
	EXPECT(ask(fd, UKL_RUN, 0), -ESRCH);
	EXPECT(ask(fd, UKL_STOP, 0), 0);
	EXPECT(ask(fd, UKL_RUN, 0), -ESRCH);
}

static void statuses(void)
{
	static const int all[] = { 0, 1, -1, 255, 256, INT_MAX, INT_MIN };

	for (unsigned int i = 0; i < sizeof(all) / sizeof(*all); i++) {
		char command[64];
		int fd;

		snprintf(command, sizeof(command), "exit %d", all[i]);
		fd = start(command);
		EXPECT(FINISHED(fd, 0, area(fd, 0)), all[i]);
		close(fd);
	}
}

/* A thread is that of the thread which ran it first, running or not, dead or alive. */
static void whose_thread_it_is(void)
{
	int fd = start("turns 3");
	struct ukl_run *run = area(fd, 0);

	HEAR(fd, 0, run, "0");
	EXPECT(ask_in_a_thread(fd, UKL_RUN, 0), -EPERM);
	HEAR(fd, 0, run, "1");
	close(fd);
	munmap(run, info.run_size);

	fd = start("turns 3");
	run = area(fd, 0);
	EXPECT(ask_in_a_thread(fd, UKL_RUN, 0), 0);
	EXPECT(run->exit, UKL_EXIT_SYSCALL);
	EXPECT(ask(fd, UKL_RUN, 0), -EPERM);
	/* Refused calls leave the run area alone, and STOP is for all. */
	EXPECT(run->exit, UKL_EXIT_SYSCALL);
	EXPECT(ask(fd, UKL_STOP, 0), 0);
	EXPECT(ask_in_a_thread(fd, UKL_STOP, 0), 0);
}

static void *stops_later(void *arg)
{
	int fd = *(int *)arg;

	wait_for_mode(getpid(), "kernel");
	EXPECT(ask(fd, UKL_RUN, 0), -EBUSY);
	EXPECT(ask(fd, UKL_RUN, 0), -EBUSY);
	EXPECT(ask(fd, UKL_RUN, 1), -ESRCH);
	EXPECT(ask(fd, UKL_STOP, 0), 0);
	return NULL;
}

static void busy(void)
{
	int fd = start("sleep");
	struct ukl_run *run = area(fd, 0);
	pthread_t thread;

	HEAR(fd, 0, run, "ready");
	pthread_create(&thread, NULL, stops_later, &fd);
	EXPECT(FINISHED(fd, 0, run), -EINTR);
	pthread_join(thread, NULL);
}

/* What a process that has got the descriptor from another one can do. */
static void is_a_stranger(int fd)
{
	struct arguments args = { .size = 0 };
	struct ukl_bind bind = binding(PROGRAM, &args);
	struct ukl_stats stats = { .table = 0 };
	struct ukl_info seen;

	EXPECT(ask(fd, UKL_RUN, 0), -EIO);
	EXPECT(ask(fd, UKL_RUN, 7), -EIO);
	EXPECT(ask(fd, UKL_STOP, 0), -EIO);
	EXPECT(map(fd, 0, PROT_READ | PROT_WRITE, MAP_SHARED) == MAP_FAILED, 1);
	EXPECT(errno, EIO);
	EXPECT(ASK(fd, UKL_BIND, &bind), -EBUSY);
	/* What is about no application in particular is for everybody. */
	EXPECT(ASK(fd, UKL_INFO, &seen), 0);
	EXPECT(ASK(fd, UKL_STATS, &stats) > 0, 1);
}

static void after_fork(void)
{
	int fd = start("turns 2");
	struct ukl_run *run = area(fd, 0);
	pid_t child;

	HEAR(fd, 0, run, "0");
	child = fork_child();
	if (!child) {
		int own = start("exit 6");

		is_a_stranger(fd);
		close(fd);
		/* It has an application of its own if it wants one. */
		exit(FINISHED(own, 0, area(own, 0)));
	}
	EXPECT(CHILD_STATUS(child), 6);
	/* The parent has noticed nothing. */
	HEAR(fd, 0, run, "1");
	EXPECT(FINISHED(fd, 0, run), 0);
}

static void passed_on(void)
{
	int pair[2], fd, go[2];
	struct ukl_run *run;
	pid_t child;
	char byte;

	EXPECT(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	EXPECT(pipe(go), 0);
	child = fork_child();
	if (!child) {
		close(pair[0]);
		close(go[1]);
		close(open_device());
		fd = receive_descriptor(pair[1]);
		is_a_stranger(fd);
		EXPECT(write(pair[1], "x", 1), 1);
		/* Holds it until it is told to let go. */
		EXPECT(read(go[0], &byte, 1), 0);
		exit(0);
	}
	close(pair[1]);
	close(go[0]);
	fd = start("turns 3");
	run = area(fd, 0);
	HEAR(fd, 0, run, "0");
	send_descriptor(pair[0], fd);
	EXPECT(read(pair[0], &byte, 1), 1);
	HEAR(fd, 0, run, "1");
	close(fd);
	munmap(run, info.run_size);
	/* The application is still there, for nobody. */
	EXPECT(atol(look_up(UKL_STATS_APPS, "pid", getpid(), "threads")), 1);
	close(go[1]);
	EXPECT(CHILD_STATUS(child), 0);
	EXPECT(strcmp(look_up(UKL_STATS_APPS, "pid", getpid(), "threads"), ""), 0);
}

/* One that is bound by who got it is his, and not of who opened it. */
static void bound_by_another(void)
{
	int fd = open_device();
	pid_t child = fork_child();

	if (!child) {
		struct arguments args = { .size = 0 };
		struct ukl_bind bind = binding(PROGRAM, &args);

		add_argument(&args, "p");
		add_argument(&args, "exit");
		add_argument(&args, "4");
		bind.args_size = args.size;
		EXPECT(ASK(fd, UKL_BIND, &bind), 0);
		exit(FINISHED(fd, 0, area(fd, 0)));
	}
	EXPECT(CHILD_STATUS(child), 4);
	is_a_stranger(fd);
}

static void after_execve(void)
{
	int fd = start("turns 2");
	struct ukl_run *run = area(fd, 0);
	char number[16];

	HEAR(fd, 0, run, "0");
	EXPECT(fcntl(fd, F_SETFD, 0), 0);
	snprintf(number, sizeof(number), "%d", fd);
	fflush(stdout);
	execl("/proc/self/exe", "exits", "-after-execve", number, NULL);
	fail("execve: %s", strerror(errno));
}

/* What the run area may not ask for; the thread has not run, and can still do so. */
static void bad_run_areas(void)
{
	int fd = start("turns 2");
	struct ukl_run *run = area(fd, 0);

	for (int turn = 0; turn < 2; turn++) {
#define BAD(...)                                      \
	do {                                          \
		__u64 data = run->data;               \
		__s64 result = run->result;           \
		run->exit = 99;                       \
		__VA_ARGS__;                          \
		EXPECT(ask(fd, UKL_RUN, 0), -EINVAL); \
		EXPECT(run->exit, UKL_EXIT_NONE);     \
		memset(run, 0, sizeof(*run));         \
		run->data = data;                     \
		run->result = result;                 \
	} while (0)
		for (unsigned int bit = 1; bit; bit <<= 1) {
			if (bit != UKL_RUN_SIGNAL)
				BAD(run->flags = bit);
			BAD(run->flags = bit | UKL_RUN_SIGNAL);
		}
		BAD(run->flags = UKL_RUN_SIGNAL, run->signal.number = 0);
		BAD(run->flags = UKL_RUN_SIGNAL, run->signal.number = 65);
		BAD(run->flags = UKL_RUN_SIGNAL, run->signal.number = ~0U);
		BAD(run->flags = UKL_RUN_SIGNAL, run->signal.number = 10, run->signal.reserved = 1);
		HEAR(fd, 0, run, turn ? "1" : "0");
	}
	EXPECT(FINISHED(fd, 0, run), 0);
}

/* A signal that the application does not handle changes the mask, and that is all. */
static void signal_of_no_interest(void)
{
	int fd = start("turns 2");
	struct ukl_run *run = area(fd, 0);
	__u64 mask = 0;

	run->flags = UKL_RUN_SIGNAL;
	run->signal.number = SIGUSR1;
	/* SIGKILL and SIGSTOP cannot be blocked, whoever asks. */
	run->signal.mask = ~0UL;
	HEAR(fd, 0, run, "0");
	EXPECT(run->flags, 0);
	EXPECT(syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &mask, 8), 0);
	EXPECT(mask, ~(1UL << (SIGKILL - 1) | 1UL << (SIGSTOP - 1)));
	run->flags = UKL_RUN_SIGNAL;
	run->signal.mask = 0;
	HEAR(fd, 0, run, "1");
	EXPECT(syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &mask, 8), 0);
	EXPECT(mask, 0);
	EXPECT(FINISHED(fd, 0, run), 0);
}

static void interrupts(void)
{
	int fd = start("turns 2");
	struct ukl_run *run = area(fd, 0);

	for (int turn = 0; turn < 2; turn++) {
		for (unsigned int value = 1; value; value <<= 1) {
			run->interrupt = value;
			RUN_TO(fd, 0, run, UKL_EXIT_SIGNAL);
			/* Cleared, and only once. */
			EXPECT(run->interrupt, 0);
		}
		HEAR(fd, 0, run, turn ? "1" : "0");
	}
	EXPECT(FINISHED(fd, 0, run), 0);
}

static void caught(int number)
{
	(void)number;
}

/* A signal that waits when the thread comes, or comes while it waits, blocks or computes. */
static void signals_interrupt(void)
{
	static const char *const commands[] = { "sleep", "calls", "stubborn", "bypass" };
	struct sigaction action = { .sa_handler = caught };
	struct itimerval soon = { .it_value.tv_usec = 100000 };

	sigaction(SIGALRM, &action, NULL);
	for (unsigned int i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		int fd = start(commands[i]);
		struct ukl_run *run = area(fd, 0);

		HEAR(fd, 0, run, "ready");
		for (int n = 0; n < 5; n++) {
			setitimer(ITIMER_REAL, &soon, NULL);
			RUN_TO(fd, 0, run, UKL_EXIT_SIGNAL);
		}
		close(fd);
		munmap(run, info.run_size);
	}
}

/* Microseconds of CPU time that the one thread of this process has run without a transition. */
static long longest_run(void)
{
	char *line = read_table(UKL_STATS_THREADS);
	long us = -1;
	int pid;

	while ((line = strchr(line, '\n'))) {
		line++;
		if (sscanf(line, "%*s %d %*s %*s %*s %*s %*s %ld", &pid, &us) == 2 &&
		    pid == getpid())
			return us;
	}
	fail("there is no line of process %d", getpid());
}

static void burn(long ms)
{
	struct timespec now;
	long until;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	until = now.tv_sec * 1000 + now.tv_nsec / 1000000 + ms;
	do {
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	} while (now.tv_sec * 1000 + now.tv_nsec / 1000000 < until);
}

/* What a process does before a call of its application is no run of the application. */
static void time_of_the_process(void)
{
	struct sigaction action = { .sa_handler = caught };
	struct itimerval soon = { .it_value.tv_usec = 50000 };
	int fd = start("calls");
	struct ukl_run *run = area(fd, 0);

	sigaction(SIGALRM, &action, NULL);
	HEAR(fd, 0, run, "ready");
	for (int n = 0; n < 8; n++) {
		setitimer(ITIMER_REAL, &soon, NULL);
		RUN_TO(fd, 0, run, UKL_EXIT_SIGNAL);
		burn(600);
	}
	if (longest_run() > 400000)
		fail("it has run for %ld us without a transition", longest_run());
}

/* A signal that is handed over is what the interrupt was about. */
static void signal_and_interrupt(void)
{
	int fd = start("sigaction 10 handle");
	struct ukl_run *run = area(fd, 0);

	RUN_TO(fd, 0, run, UKL_EXIT_SIGACTION);
	run->result = 0;
	HEAR(fd, 0, run, "0");
	run->flags = UKL_RUN_SIGNAL;
	run->signal.number = SIGUSR1;
	run->interrupt = 1;
	HEAR(fd, 0, run, "signal 10");
	EXPECT(run->interrupt, 0);
	EXPECT(FINISHED(fd, 0, run), 0);
}

/* Nor is the first of two, which the process caught before the thread went on. */
static void two_signals_and_interrupt(void)
{
	int fd = start("sigaction 10 handle");
	struct ukl_run *run = area(fd, 0);

	RUN_TO(fd, 0, run, UKL_EXIT_SIGACTION);
	run->result = 0;
	HEAR(fd, 0, run, "0");
	for (int i = 0; i < 2; i++) {
		run->flags = UKL_RUN_SIGNAL;
		run->signal.number = SIGUSR1;
		run->interrupt = 1;
		HEAR(fd, 0, run, "signal 10");
	}
	EXPECT(FINISHED(fd, 0, run), 0);
}

static void sigaction_exits(void)
{
	static const int numbers[] = { 0, SIGKILL, SIGSTOP, UKL_SIGNAL_OWN, 65 };
	int fd = start("sigaction 34 handle ignore default handle");
	struct ukl_run *run = area(fd, 0);
	static const struct {
		unsigned int handling;
		long result;
		const char *says;
	} steps[] = {
		{ UKL_SIGNAL_HANDLE, 0, "0" },
		{ UKL_SIGNAL_IGNORE, -EPERM, "-1" },
		{ UKL_SIGNAL_DEFAULT, -EINVAL, "-22" },
		{ UKL_SIGNAL_HANDLE, 0, "0" },
	};

	for (unsigned int i = 0; i < 4; i++) {
		RUN_TO(fd, 0, run, UKL_EXIT_SIGACTION);
		EXPECT(run->sigaction.number, 34);
		EXPECT(run->sigaction.handling, steps[i].handling);
		run->result = steps[i].result;
		HEAR(fd, 0, run, steps[i].says);
		/* What was refused has changed nothing: the handler of the first is still there. */
		run->flags = UKL_RUN_SIGNAL;
		run->signal.number = 34;
		HEAR(fd, 0, run, "signal 34");
	}
	EXPECT(FINISHED(fd, 0, run), 0);
	close(fd);
	for (unsigned int i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		char command[64];

		snprintf(command, sizeof(command), "sigaction %d handle", numbers[i]);
		fd = start(command);
		HEAR(fd, 0, area(fd, 0), "-22");
		close(fd);
	}
}

/* There is a handler until the process has said that it does not catch the signal any more. */
static void handled_to_the_end(void)
{
	int fd = start("sigaction 34 handle default");
	struct ukl_run *run = area(fd, 0);

	RUN_TO(fd, 0, run, UKL_EXIT_SIGACTION);
	run->result = 0;
	HEAR(fd, 0, run, "0");
	RUN_TO(fd, 0, run, UKL_EXIT_SIGACTION);
	EXPECT(run->sigaction.handling, UKL_SIGNAL_DEFAULT);
	run->result = 0;
	run->flags = UKL_RUN_SIGNAL;
	run->signal.number = 34;
	HEAR(fd, 0, run, "signal 34");
	HEAR(fd, 0, run, "0");
	EXPECT(FINISHED(fd, 0, run), 0);
}

/* The number and the arguments come as they were given, and so does what the process says. */
static void syscalls_exit(void)
{
	static const long results[] = {
		0, 1, -1, -EINTR, -4095, -4096, LONG_MAX, LONG_MIN, 0x123456789abcdef0,
	};

	for (unsigned int i = 0; i < sizeof(results) / sizeof(*results); i++) {
		int fd = start("syscall 12345 1 -1 0x7fffffffffffffff 4 5 6");
		struct ukl_run *run = area(fd, 0);
		char want[32];

		RUN_TO(fd, 0, run, UKL_EXIT_SYSCALL);
		EXPECT(run->syscall.nr, 12345);
		EXPECT(run->syscall.args[0], 1);
		EXPECT(run->syscall.args[1], -1);
		EXPECT(run->syscall.args[2], 0x7fffffffffffffff);
		EXPECT(run->syscall.args[3], 4);
		EXPECT(run->syscall.args[4], 5);
		EXPECT(run->syscall.args[5], 6);
		run->result = results[i];
		snprintf(want, sizeof(want), "%ld", results[i]);
		HEAR(fd, 0, run, want);
		EXPECT(FINISHED(fd, 0, run), 0);
		close(fd);
		munmap(run, info.run_size);
	}
}

/* The data window is what the process says it is, and all that is behind the head. */
static void data_window(void)
{
	int fd = start("data");
	struct ukl_run *run = area(fd, 0);
	char want[64];

	snprintf(want, sizeof(want), "%u %lx 1", info.run_size - info.data_offset,
		 (unsigned long)run + info.data_offset);
	HEAR(fd, 0, run, want);
	EXPECT(run->syscall.args[1], (unsigned long)run + info.data_offset);
	EXPECT(FINISHED(fd, 0, run), 0);
	close(fd);
	/* Where it is not, the application says so all the same: it is the process's memory. */
	fd = start("turns 1");
	run = map(fd, 0, PROT_READ | PROT_WRITE, MAP_SHARED);
	run->data = 0x5000;
	RUN_TO(fd, 0, run, UKL_EXIT_SYSCALL);
	EXPECT(run->syscall.args[1], 0x5000);
}

/* Threads that the process starts, and those that it does not. */
static void threads(void)
{
	int fd = start("spawn 4"), other;
	struct ukl_run *run = area(fd, 0), *second;
	struct request request;
	pthread_t thread;

	/* The first cannot be started: the program hears why, and its number is free again. */
	RUN_TO(fd, 0, run, UKL_EXIT_THREAD);
	EXPECT(run->thread.number, 1);
	run->result = -EAGAIN;
	HEAR(fd, 0, run, "0 -11");
	EXPECT(ask(fd, UKL_RUN, 1), -ESRCH);
	close(fd);
	munmap(run, info.run_size);

	fd = start("spawn 4");
	run = area(fd, 0);
	for (int i = 1; i <= 4; i++) {
		RUN_TO(fd, 0, run, UKL_EXIT_THREAD);
		EXPECT(run->thread.number, i);
		run->result = 0;
	}
	HEAR(fd, 0, run, "4 0");
	/* A number is not taken before it is run, and by one thread then. */
	second = area(fd, 2);
	request = (struct request){ fd, UKL_RUN, 2, 1 };
	pthread_create(&thread, NULL, requests, &request);
	wait_for_mode(getpid(), "kernel");
	EXPECT(ask(fd, UKL_RUN, 2), -EBUSY);
	EXPECT(ask(fd, UKL_STOP, 0), 0);
	pthread_join(thread, NULL);
	EXPECT(request.got, 0);
	EXPECT(second->exit, UKL_EXIT_FINISHED);
	EXPECT(second->finished.status, -EINTR);
	EXPECT(ask(fd, UKL_RUN, 2), -ESRCH);
	/* One task may run several, one after the other. */
	EXPECT(FINISHED(fd, 1, area(fd, 1)), -EINTR);
	EXPECT(FINISHED(fd, 4, area(fd, 4)), -EINTR);
	EXPECT(FINISHED(fd, 0, run), -EINTR);
	EXPECT(FINISHED(fd, 3, area(fd, 3)), -EINTR);
	EXPECT(ask(fd, UKL_RUN, 3), -ESRCH);

	/* Numbers of those that have ended are taken again. */
	other = start("join 2");
	run = area(other, 0);
	for (int i = 1; i <= 2; i++) {
		RUN_TO(other, 0, run, UKL_EXIT_THREAD);
		EXPECT(run->thread.number, i);
		run->result = 0;
		if (i == 1)
			continue;
		EXPECT(FINISHED(other, 2, area(other, 2)), 3);
		EXPECT(FINISHED(other, 1, area(other, 1)), 3);
	}
	HEAR(other, 0, run, "joined 2");
	EXPECT(FINISHED(other, 0, run), 0);
	close(other);
	other = start("spawn 3");
	run = area(other, 0);
	RUN_TO(other, 0, run, UKL_EXIT_THREAD);
	RUN_TO(other, 0, run, UKL_EXIT_THREAD);
	EXPECT(run->thread.number, 2);
	run->result = -ENOMEM;
	HEAR(other, 0, run, "1 -12");
}

/* A thread that a task runs before its process is told of it. */
static void taken_at_once(void)
{
	for (int round = 0; round < 1000; round++) {
		int fd = start("spawn 1");
		struct ukl_run *run = area(fd, 0);
		struct request request = { fd, UKL_RUN, 1, 1 };
		struct timespec end;
		pthread_t thread;

		pthread_create(&thread, NULL, requests_until_there, &request);
		RUN_TO(fd, 0, run, UKL_EXIT_THREAD);
		if (round & 1)
			usleep(1000);
		EXPECT(ask(fd, UKL_STOP, 0), 0);
		clock_gettime(CLOCK_REALTIME, &end);
		end.tv_sec += 10;
		EXPECT(pthread_timedjoin_np(thread, NULL, &end), 0);
		EXPECT(request.got, 0);
		EXPECT(FINISHED(fd, 0, run), -EINTR);
		EXPECT(atol(look_up(UKL_STATS_APPS, "pid", getpid(), "threads")), 0);
		munmap(run, info.run_size);
		close(fd);
	}
}

static void numbers_are_reused(void)
{
	int fd = start("join 3");
	struct ukl_run *run = area(fd, 0);

	for (int i = 1; i <= 3; i++) {
		RUN_TO(fd, 0, run, UKL_EXIT_THREAD);
		/* Each has ended when the next one is started. */
		EXPECT(run->thread.number, 1);
		EXPECT(FINISHED(fd, 1, area(fd, 1)), 3);
		run->result = 0;
	}
	HEAR(fd, 0, run, "joined 3");
	EXPECT(FINISHED(fd, 0, run), 0);
}

/* As many as UKL_INFO says, with the first one; then there is an error. */
static void most_threads(void)
{
	struct ukl_run *run;
	char want[32];
	int fd;

	fd = start("spawn 100000 16384");
	run = area(fd, 0);
	for (unsigned int i = 1; i < info.threads_max; i++) {
		RUN_TO(fd, 0, run, UKL_EXIT_THREAD);
		EXPECT(run->thread.number, i);
		run->result = 0;
	}
	snprintf(want, sizeof(want), "%u %d", info.threads_max - 1, -EAGAIN);
	HEAR(fd, 0, run, want);
	EXPECT(atol(look_up(UKL_STATS_APPS, "pid", getpid(), "threads")), info.threads_max);
	EXPECT(atol(look_up(UKL_STATS_APPS, "pid", getpid(), "memory")),
	       65536 + 16384L * (info.threads_max - 1) + (long)info.run_size * info.threads_max);
	/* One that goes makes place, which its program does not know. */
	EXPECT(ask(fd, UKL_STOP, 0), 0);
	EXPECT(FINISHED(fd, 100, area(fd, 100)), -EINTR);
	EXPECT(FINISHED(fd, 0, run), -EINTR);
}

struct fault {
	const char *kind;
	unsigned int signal;
	unsigned long address;
};

/* What a fault gives, on the first thread and on another one. */
static void fault_exits(const struct fault *faults, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		char command[64];
		struct ukl_run *run, *other;
		int fd;

		snprintf(command, sizeof(command), "fault %s", faults[i].kind);
		fd = start(command);
		run = area(fd, 0);
		RUN_TO(fd, 0, run, UKL_EXIT_FAULT);
		printf("%s: signal %u address %#llx ip %#llx\n", faults[i].kind, run->fault.signal,
		       (long long)run->fault.address, (long long)run->fault.ip);
		EXPECT(run->fault.signal, faults[i].signal);
		if (faults[i].address == ~0UL)
			EXPECT(run->fault.address >> 40, ~0UL >> 40);
		else
			EXPECT(run->fault.address, faults[i].address);
		EXPECT(run->fault.reserved, 0);
		EXPECT(run->fault.ip >> 40, ~0UL >> 40);
		EXPECT(ask(fd, UKL_RUN, 0), -ESRCH);
		EXPECT(atol(look_up(UKL_STATS_APPS, "pid", getpid(), "threads")), 0);
		close(fd);
		munmap(run, info.run_size);

		snprintf(command, sizeof(command), "fault %s 1", faults[i].kind);
		fd = start(command);
		run = area(fd, 0);
		RUN_TO(fd, 0, run, UKL_EXIT_THREAD);
		run->result = 0;
		other = area(fd, 1);
		RUN_TO(fd, 1, other, UKL_EXIT_FAULT);
		EXPECT(other->fault.signal, faults[i].signal);
		/* And with that the other one is asked to stop. */
		EXPECT(FINISHED(fd, 0, run), -EINTR);
		close(fd);
		munmap(run, info.run_size);
		munmap(other, info.run_size);
	}
}

static void trap_exits(void)
{
	static const struct fault faults[] = {
		{ "noncanonical", SIGSEGV, 0 },
		{ "ud2", SIGILL, 0 },
		{ "divide", SIGFPE, 0 },
		{ "abort", SIGABRT, 0 },
	};

	fault_exits(faults, sizeof(faults) / sizeof(*faults));
}

/* What the kernel reports before it is contained: for a boot in which that may be. */
static void reported_exits(void)
{
	static const struct fault faults[] = {
		{ "bug", SIGILL, 0 },	     { "read", SIGSEGV, 8 },
		{ "write", SIGSEGV, 8 },     { "readonly", SIGSEGV, ~0UL },
		{ "memcpy", SIGSEGV, ~0UL }, { "call", SIGSEGV, 0xffffffff00000000 },
	};

	fault_exits(faults, sizeof(faults) / sizeof(*faults));
}

/* A thread that is asked to stop before it has begun hears of it. */
static void stopped_before(void)
{
	int fd = start("nulls 5");
	struct ukl_run *run = area(fd, 0);

	EXPECT(ask(fd, UKL_STOP, 0), 0);
	/* No line: the call that would make it fails as well. */
	EXPECT(FINISHED(fd, 0, run), -EINTR);
}

static void *run_again(void *arg)
{
	struct request *request = arg;
	struct ukl_run *run = area(request->fd, request->arg);

	while (run_on(request->fd, request->arg, run) != UKL_EXIT_FINISHED)
		fail("thread %lu has left for %u", request->arg, run->exit);
	request->got = run->finished.status;
	munmap(run, info.run_size);
	return NULL;
}

/* Threads of a process that are in the application at once, and stop at once. */
static void many_threads(void)
{
	enum { MANY = 100 };
	struct request requests[MANY + 1];
	pthread_t tasks[MANY + 1];
	int fd = start("spawn 100");
	struct ukl_run *run = area(fd, 0);

	for (int i = 1; i <= MANY; i++) {
		RUN_TO(fd, 0, run, UKL_EXIT_THREAD);
		requests[i] = (struct request){ fd, UKL_RUN, run->thread.number, 1 };
		EXPECT(pthread_create(&tasks[i], NULL, run_again, &requests[i]), 0);
		run->result = 0;
	}
	HEAR(fd, 0, run, "100 0");
	for (long begin = now_ms(); threads_in(getpid(), "kernel") < MANY; usleep(10000))
		EXPECT(now_ms() - begin < 30000, 1);
	EXPECT(ask(fd, UKL_STOP, 0), 0);
	for (int i = 1; i <= MANY; i++) {
		pthread_join(tasks[i], NULL);
		EXPECT(requests[i].got, -EINTR);
	}
	EXPECT(FINISHED(fd, 0, run), -EINTR);
	EXPECT(atol(look_up(UKL_STATS_APPS, "pid", getpid(), "threads")), 0);
}

/* What the application counts is what it did. */
static void counters(void)
{
	int fd = start("nulls 1000");
	struct ukl_run *run = area(fd, 0);

	HEAR(fd, 0, run, "0");
	/* With that of the line. */
	EXPECT(atol(look_up(UKL_STATS_THREADS, "tid", gettid(), "calls")), 1001);
	EXPECT(atol(look_up(UKL_STATS_APPS, "pid", getpid(), "calls")), 1001);
	EXPECT(atol(look_up(UKL_STATS_THREADS, "tid", gettid(), "bypassed")), 0);
}

/* The bypass that it was bound with begins anew after each full transition. */
static void bypass_of_the_binding(void)
{
	struct arguments args = { .size = 0 };
	struct ukl_bind bind;
	struct ukl_run *run;
	int fd = open_device();

	add_argument(&args, PROGRAM);
	add_argument(&args, "nulls");
	add_argument(&args, "1100");
	bind = binding(PROGRAM, &args);
	bind.bypass = 10;
	EXPECT(ASK(fd, UKL_BIND, &bind), 0);
	run = area(fd, 0);
	HEAR(fd, 0, run, "0");
	EXPECT(atol(look_up(UKL_STATS_THREADS, "tid", gettid(), "bypass")), 10);
	EXPECT(atol(look_up(UKL_STATS_THREADS, "tid", gettid(), "bypassed")) >= 900, 1);
	EXPECT(atol(look_up(UKL_STATS_THREADS, "tid", gettid(), "bypassed")) <= 1000, 1);
	EXPECT(atol(look_up(UKL_STATS_THREADS, "tid", gettid(), "calls")) +
		       atol(look_up(UKL_STATS_THREADS, "tid", gettid(), "bypassed")),
	       1101);
}

/* A thread ends now, as the application is over. */
static void over_at(int line, int fd, unsigned long number, struct ukl_run *run, int status)
{
	expect_at(line, "the status", finished_at(line, fd, number, run), status);
	expect_at(line, "over", run->finished.over, 1);
}

#define OVER(fd, number, run, status) over_at(__LINE__, (fd), (number), (run), (status))

/* The end of an application is told from the end of a thread, on all of its threads. */
static void over(void)
{
	static const int all[] = { 0, 1, 255, 256, -1, INT_MAX, INT_MIN };
	struct request request;
	struct ukl_run *run, *second;
	pthread_t thread;
	int fd;

	for (unsigned int i = 0; i < sizeof(all) / sizeof(*all); i++) {
		char command[64];

		snprintf(command, sizeof(command), "over deep %d", all[i]);
		fd = start(command);
		run = area(fd, 0);
		HEAR(fd, 0, run, "ready");
		OVER(fd, 0, run, all[i]);
		EXPECT(ask(fd, UKL_RUN, 0), -ESRCH);
		close(fd);
		munmap(run, info.run_size);
	}
	fd = start("exit 3");
	run = area(fd, 0);
	run->finished.over = 99;
	EXPECT(FINISHED(fd, 0, run), 3);
	EXPECT(run->finished.over, 0);
	close(fd);
	munmap(run, info.run_size);

	/* Another thread says so: the first one, which computes, is made to leave. */
	fd = start("over spin 9");
	run = area(fd, 0);
	HEAR(fd, 0, run, "ready");
	RUN_TO(fd, 0, run, UKL_EXIT_THREAD);
	run->result = 0;
	second = area(fd, 1);
	request = (struct request){ fd, UKL_RUN, 0, 1 };
	pthread_create(&thread, NULL, requests, &request);
	/* A thread belongs to who has run it first. */
	pthread_join(thread, NULL);
	EXPECT(request.got, -EPERM);
	request.arg = 1;
	pthread_create(&thread, NULL, requests, &request);
	OVER(fd, 0, run, 9);
	pthread_join(thread, NULL);
	EXPECT(request.got, 0);
	EXPECT(second->exit, UKL_EXIT_FINISHED);
	EXPECT(second->finished.status, 9);
	EXPECT(second->finished.over, 1);
}

/* Threads that have not begun, and one that is in user space, end when they come. */
static void over_before(void)
{
	int fd = start("race 3");
	struct ukl_run *run = area(fd, 0), *other;

	RUN_TO(fd, 0, run, UKL_EXIT_THREAD);
	run->result = 0;
	RUN_TO(fd, 0, run, UKL_EXIT_THREAD);
	run->result = 0;
	other = area(fd, 2);
	OVER(fd, 2, other, 2);
	other = area(fd, 1);
	OVER(fd, 1, other, 2);
	OVER(fd, 0, run, 2);
	EXPECT(ask(fd, UKL_RUN, 3), -ESRCH);
	EXPECT(atol(look_up(UKL_STATS_APPS, "pid", getpid(), "threads")), 0);
}

static unsigned long fs_base(void)
{
	unsigned long base;

	/* ARCH_GET_FS */
	EXPECT(syscall(SYS_arch_prctl, 0x1003, &base), 0);
	return base;
}

/* Whatever the application has there, the process has its own, at each exit. */
static void thread_local_storage(void)
{
	unsigned long own = fs_base();
	int fd = start("tls 20 0 quiet");
	struct ukl_run *run = area(fd, 0);

	while (run_to_at(__LINE__, fd, 0, run, UKL_EXIT_SYSCALL), run->syscall.nr != SYS_write) {
		EXPECT(fs_base(), own);
		run->result = make_syscall(run);
	}
	EXPECT(memcmp((char *)run->syscall.args[1], "done\n", 5), 0);
	EXPECT(FINISHED(fd, 0, run), 0);
	EXPECT(fs_base(), own);
}

static const struct {
	const char *name;
	void (*run)(void);
} tests[] = {
	{ "numbers", numbers },
	{ "statuses", statuses },
	{ "over", over },
	{ "over_before", over_before },
	{ "thread_local_storage", thread_local_storage },
	{ "whose_thread_it_is", whose_thread_it_is },
	{ "busy", busy },
	{ "after_fork", after_fork },
	{ "passed_on", passed_on },
	{ "bound_by_another", bound_by_another },
	{ "after_execve", after_execve },
	{ "bad_run_areas", bad_run_areas },
	{ "signal_of_no_interest", signal_of_no_interest },
	{ "interrupts", interrupts },
	{ "signals_interrupt", signals_interrupt },
	{ "time_of_the_process", time_of_the_process },
	{ "signal_and_interrupt", signal_and_interrupt },
	{ "two_signals_and_interrupt", two_signals_and_interrupt },
	{ "sigaction_exits", sigaction_exits },
	{ "handled_to_the_end", handled_to_the_end },
	{ "syscalls_exit", syscalls_exit },
	{ "data_window", data_window },
	{ "threads", threads },
	{ "taken_at_once", taken_at_once },
	{ "numbers_are_reused", numbers_are_reused },
	{ "most_threads", most_threads },
	{ "trap_exits", trap_exits },
	{ "stopped_before", stopped_before },
	{ "many_threads", many_threads },
	{ "counters", counters },
	{ "bypass_of_the_binding", bypass_of_the_binding },
};

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "-after-execve")) {
		open_device();
		is_a_stranger(atoi(argv[2]));
		return 0;
	}
	if (argc == 2 && !strcmp(argv[1], "-reported")) {
		reported_exits();
		return 0;
	}
	for (size_t i = 0; argc == 2 && i < sizeof(tests) / sizeof(*tests); i++) {
		if (strcmp(argv[1], tests[i].name))
			continue;
		tests[i].run();
		return 0;
	}
	for (size_t i = 0; i < sizeof(tests) / sizeof(*tests); i++)
		puts(tests[i].name);
	return 2;
}
