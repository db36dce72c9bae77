// SPDX-License-Identifier: GPL-2.0
/*
 * Processes that die, in every order, with an application in the middle of something. Needs what
 * device.c does.
 *
 *   death            the names of the tests
 *   death TEST       one of them
 *   death -bound     binds the test program and waits
 *
 * Exit status 0 if all was as it should be; else 1 and a line that says what was not.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "device.h"

/* Milliseconds after which an application whose process has died is gone. */
#define GONE 1000

/* What a thread does when its process dies, and the mode that it is in then. */
static const struct {
	const char *command, *mode;
} places[] = {
	{ "sleep", "kernel" },	   { "receive", "kernel" }, { "spin", "app" },
	{ "calls", NULL },	   { "stubborn", NULL },    { "bypass", NULL },
	{ "turns 1000000", NULL },
};

#define PLACES (sizeof(places) / sizeof(*places))

static void gone(pid_t pid, const char *what)
{
	long begin = now_ms(), took;

	while (*look_up(UKL_STATS_APPS, "pid", pid, "pid")) {
		if (now_ms() - begin > 20 * GONE)
			break;
		usleep(5000);
	}
	took = now_ms() - begin;
	if (took > GONE)
		fail("%s: gone after %ld ms, %d are allowed", what, took, GONE);
}

/* Where the output of the application goes: nowhere. */
static void be_quiet(void)
{
	int null = open("/dev/null", O_WRONLY);

	dup2(null, 1);
	close(null);
}

/* In a process of its own: runs the application until it is over. */
static void run_for_good(const char *command)
{
	int fd = start(command);
	struct ukl_run *run = area(fd, 0);

	be_quiet();
	run_on(fd, 0, run);
	_exit(run->exit == UKL_EXIT_FINISHED ? run->finished.status & 127 : 126);
}

/* Waits until thread @tid, or any thread of @pid, is where it should be. */
static void wait_for_place(pid_t pid, unsigned int place)
{
	if (places[place].mode)
		wait_for_mode(pid, places[place].mode);
	else
		for (long begin = now_ms(); !threads_in(pid, NULL); usleep(10000))
			EXPECT(now_ms() - begin < 20000, 1);
	usleep(50000);
}

static void ended_by(pid_t pid, int number, const char *what)
{
	int status;

	EXPECT(waitpid(pid, &status, 0), pid);
	if (!WIFSIGNALED(status) || WTERMSIG(status) != number)
		fail("%s: it ended with %#x", what, status);
	gone(pid, what);
}

static void killed(void)
{
	for (unsigned int i = 0; i < PLACES; i++) {
		pid_t child = fork_child();

		if (!child)
			run_for_good(places[i].command);
		wait_for_place(child, i);
		kill(child, SIGKILL);
		ended_by(child, SIGKILL, places[i].command);
	}
}

/* The default of a signal that the application has not asked for. */
static void terminated(void)
{
	for (unsigned int i = 0; i < PLACES; i++) {
		pid_t child = fork_child();

		if (!child)
			run_for_good(places[i].command);
		wait_for_place(child, i);
		kill(child, SIGTERM);
		ended_by(child, SIGTERM, places[i].command);
	}
}

struct later {
	unsigned int place;
	void (*what)(void);
};

static void *does_later(void *arg)
{
	struct later *later = arg;

	wait_for_place(getpid(), later->place);
	later->what();
	return NULL;
}

/* A process whose other thread does @what while the first is in @place. */
static pid_t with_another(unsigned int place, void (*what)(void))
{
	struct later later = { place, what };
	pid_t child = fork_child();
	pthread_t thread;

	if (child)
		return child;
	EXPECT(pthread_create(&thread, NULL, does_later, &later), 0);
	run_for_good(places[place].command);
	return -1;
}

static void exits_all(void)
{
	_exit(77);
}

static void exit_by_another_thread(void)
{
	for (unsigned int i = 0; i < PLACES; i++) {
		pid_t child = with_another(i, exits_all);

		EXPECT(CHILD_STATUS(child), 77);
		gone(child, places[i].command);
	}
}

static void executes(void)
{
	execl("/proc/self/exe", "death", "-status", "78", NULL);
	_exit(99);
}

static void execve_by_another_thread(void)
{
	for (unsigned int i = 0; i < PLACES; i++) {
		pid_t child = with_another(i, executes);

		EXPECT(CHILD_STATUS(child), 78);
		gone(child, places[i].command);
	}
}

/* The descriptor stays open, so that the application stays: with nobody who could run it. */
static void executes_and_keeps(void)
{
	for (int fd = 3; fd < 64; fd++)
		fcntl(fd, F_SETFD, 0);
	execl("/proc/self/exe", "death", "-sleep", NULL);
	_exit(99);
}

static void execve_that_keeps_the_descriptor(void)
{
	for (unsigned int i = 0; i < PLACES; i++) {
		pid_t child = with_another(i, executes_and_keeps);
		long begin = now_ms();
		char path[64], text[64] = "";
		int fd;

		snprintf(path, sizeof(path), "/proc/%d/cmdline", child);
		while (strcmp(text + strlen(text) + 1, "-sleep")) {
			EXPECT(now_ms() - begin < 10000, 1);
			usleep(10000);
			fd = open(path, O_RDONLY);
			memset(text, 0, sizeof(text));
			EXPECT(read(fd, text, sizeof(text) - 16) >= 0, 1);
			close(fd);
		}
		usleep(20000);
		/* It is listed, nobody is in it, and looking at it is harmless. */
		EXPECT(atol(look_up(UKL_STATS_APPS, "pid", child, "pid")), child);
		EXPECT(threads_in(child, "app") + threads_in(child, "kernel"), 0);
		kill(child, SIGKILL);
		ended_by(child, SIGKILL, places[i].command);
	}
}

/* The application itself asks for it. */
static void execve_by_the_application(void)
{
	pid_t child = fork_child();
	char *argv[] = { "death", "-status", "79", NULL };

	if (!child) {
		char command[128];

		snprintf(command, sizeof(command), "syscall %d %#lx %#lx 0", SYS_execve,
			 (unsigned long)"/proc/self/exe", (unsigned long)argv);
		run_for_good(command);
	}
	EXPECT(CHILD_STATUS(child), 79);
	gone(child, "execve");
}

static void exit_by_the_application(void)
{
	pid_t child = fork_child();
	char command[64];

	snprintf(command, sizeof(command), "syscall %d 80", SYS_exit_group);
	if (!child)
		run_for_good(command);
	EXPECT(CHILD_STATUS(child), 80);
	gone(child, "exit_group");
}

static void crashes(void)
{
	volatile int *volatile nowhere = NULL;

	*nowhere = 1;
}

/* A fault in user space, with a core file of all that the process has. */
static void core_dump(void)
{
	struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };

	EXPECT(chdir("/tmp"), 0);
	EXPECT(setrlimit(RLIMIT_CORE, &all), 0);
	for (unsigned int i = 0; i < PLACES; i++) {
		pid_t child = with_another(i, crashes);
		int status;

		EXPECT(waitpid(child, &status, 0), child);
		EXPECT(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV, 1);
		EXPECT(!!WCOREDUMP(status), 1);
		gone(child, places[i].command);
	}
}

static int shared_fd;

static void closes(void)
{
	close(shared_fd);
}

/* A descriptor that is closed meanwhile: the call goes on, the next one has nothing to go on with.
 */
static void closed_by_another_thread(void)
{
	for (unsigned int i = 0; i < PLACES; i++) {
		struct later later = { i, closes };
		pid_t child = fork_child();
		struct ukl_run *run;
		pthread_t thread;

		if (!child) {
			long err;

			shared_fd = start(places[i].command);
			run = area(shared_fd, 0);
			be_quiet();
			EXPECT(pthread_create(&thread, NULL, does_later, &later), 0);
			do {
				err = ask(shared_fd, UKL_RUN, 0);
				if (!err)
					run->result = make_syscall(run);
			} while (!err || err == -EINTR);
			_exit(err == -EBADF ? 81 : 82);
		}
		wait_for_place(child, i);
		usleep(200000);
		if (places[i].mode) {
			/* It is still in there, until a signal takes it out. */
			EXPECT(threads_in(child, places[i].mode), 1);
			kill(child, SIGCONT);
			kill(child, strcmp(places[i].mode, "app") ? SIGSTOP : SIGKILL);
			kill(child, SIGCONT);
		} else if (strcmp(places[i].command, "turns 1000000")) {
			kill(child, SIGSTOP);
			kill(child, SIGCONT);
		}
		if (places[i].mode && !strcmp(places[i].mode, "app")) {
			ended_by(child, SIGKILL, places[i].command);
			continue;
		}
		EXPECT(CHILD_STATUS(child), 81);
		gone(child, places[i].command);
	}
}

/* The process has nothing of it any more, in the middle of a call: that ends the application. */
static void let_go_of(void)
{
	static const char *const commands[] = { "turns 5", "join 3", "sigaction 10 handle",
						"spawn 2" };

	for (unsigned int i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		int fd = start(commands[i]);
		struct ukl_run *run = area(fd, 0);

		EXPECT(ask(fd, UKL_RUN, 0), 0);
		close(fd);
		munmap(run, info.run_size);
		gone(getpid(), commands[i]);
	}
	/* Bound, and never run. */
	close(start("exit"));
	gone(getpid(), "bound");
}

/* How often a program has gone on without the device. */
static int went_on(void)
{
	FILE *file = fopen("/sys/module/" PROGRAM "/parameters/went_on", "r");
	int count = -1;

	if (!file || fscanf(file, "%d", &count) != 1)
		fail("went_on: %s", strerror(errno));
	fclose(file);
	return count;
}

/* The program itself closes the one descriptor, when nothing else holds the device. */
static void closed_by_the_program(void)
{
	char command[64];
	int before = went_on(), fd = open_device();

	close(fd);
	/* The lowest that is free. */
	snprintf(command, sizeof(command), "call close %d", fd);
	EXPECT(start(command), fd);
	EXPECT(ask(fd, UKL_RUN, 0), 0);
	EXPECT(close(fd), -1);
	EXPECT(went_on(), before + 1);
	gone(getpid(), "closed by the program");
}

/* Who has been given the descriptor holds what is left when its process is dead. */
static void killed_with_the_descriptor_elsewhere(void)
{
	for (unsigned int i = 0; i < PLACES; i++) {
		struct ukl_run *run;
		struct ukl_set set;
		int pair[2], fd;
		pid_t child;

		EXPECT(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
		child = fork_child();
		if (!child) {
			fd = start(places[i].command);
			send_descriptor(pair[1], fd);
			close(pair[0]);
			close(pair[1]);
			run = area(fd, 0);
			be_quiet();
			run_on(fd, 0, run);
			_exit(99);
		}
		close(pair[1]);
		fd = receive_descriptor(pair[0]);
		close(pair[0]);
		wait_for_place(child, i);
		kill(child, SIGKILL);
		EXPECT(waitpid(child, NULL, 0), child);
		EXPECT(atol(look_up(UKL_STATS_APPS, "pid", child, "pid")), child);
		EXPECT(threads_in(child, "app") + threads_in(child, "kernel"), 0);
		set = (struct ukl_set){ .tid = child, .bypass = 1 };
		EXPECT(ASK(fd, UKL_SET, &set), -ESRCH);
		EXPECT(ask(fd, UKL_RUN, 0), -EIO);
		EXPECT(ask(fd, UKL_STOP, 0), -EIO);
		close(fd);
		gone(child, places[i].command);
	}
}

/* Forks while another thread is in the application; neither child nor parent notices. */
/* The descriptor of the device: another thread may have been faster in taking the first number. */
static int device_descriptor(void)
{
	struct stat device, other;

	stat("/dev/ukl", &device);
	for (int fd = 3; fd < 64; fd++) {
		if (!fstat(fd, &other) && other.st_rdev == device.st_rdev)
			return fd;
	}
	return -1;
}

static void forks(void)
{
	int fd = device_descriptor();

	for (int i = 0; i < 20; i++) {
		pid_t child = fork();

		if (!child)
			_exit(i & 1 ? 0 : ask(fd, UKL_RUN, 0) != -EIO);
		if (child < 0 || CHILD_STATUS(child))
			_exit(83);
	}
	_exit(84);
}

static void fork_meanwhile(void)
{
	for (int fd = 3; fd < 64; fd++)
		close(fd);
	for (unsigned int i = 0; i < PLACES; i++) {
		pid_t child = with_another(i, forks);

		EXPECT(CHILD_STATUS(child), 84);
		gone(child, places[i].command);
	}
}

static void *leaves(void *arg)
{
	int fd = *(int *)arg;
	struct ukl_run *run = area(fd, 1);

	/* In the middle of the application, for a line that it wants to write. */
	ask(fd, UKL_RUN, 1);
	munmap(run, info.run_size);
	syscall(SYS_exit, 0);
	return NULL;
}

/* The task of one thread is gone for good: what it ran stays where it is, and nobody else runs it.
 */
static void end_of_one_task(void)
{
	int fd = start("speakers 2");
	struct ukl_run *run = area(fd, 0);
	struct ukl_set set = { .bypass = 1 };
	pthread_t thread;

	RUN_TO(fd, 0, run, UKL_EXIT_THREAD);
	run->result = 0;
	pthread_create(&thread, NULL, leaves, &fd);
	pthread_join(thread, NULL);
	for (int i = 0; i < 100; i++) {
		/* Its number may be seen as long as it is reaped. */
		EXPECT(ask(fd, UKL_RUN, 1), -EPERM);
		set.tid = 1;
		EXPECT(ASK(fd, UKL_SET, &set), -ESRCH);
	}
	EXPECT(ask(fd, UKL_STOP, 0), 0);
	RUN_TO(fd, 0, run, UKL_EXIT_FINISHED);
	munmap(run, info.run_size);
	close(fd);
	gone(getpid(), "speakers");
}

static int runs_in_child(void *arg)
{
	int fd = *(int *)arg;

	syscall(SYS_ioctl, fd, UKL_RUN, 0);
	syscall(SYS_exit_group, 85);
	return 0;
}

/* A process that shares the address space is as good as a thread, and dies as one. */
static void shared_address_space(void)
{
	static char stack[65536] __attribute__((aligned(16)));

	for (unsigned int i = 0; i < PLACES; i++) {
		int fd = start(places[i].command), status;
		struct ukl_run *run = area(fd, 0);
		pid_t child;

		child = clone(runs_in_child, stack + sizeof(stack), CLONE_VM | SIGCHLD, &fd);
		EXPECT(waitpid(child, &status, 0), child);
		EXPECT(WIFEXITED(status) && WEXITSTATUS(status) == 85, 1);
		EXPECT(run->exit, UKL_EXIT_SYSCALL);
		EXPECT(ask(fd, UKL_RUN, 0), -EPERM);
		munmap(run, info.run_size);
		close(fd);
		gone(getpid(), places[i].command);
	}
}

static void *runs_all(void *arg)
{
	int *at = arg;
	struct ukl_run *run = area(at[0], at[1]);

	run_on(at[0], at[1], run);
	return NULL;
}

/* Threads of all kinds, killed while they are started: at any time. */
static void killed_at_any_time(void)
{
	unsigned int seed = 7;

	for (int round = 0; round < 30; round++) {
		pid_t child = fork_child();

		if (!child) {
			static int numbers[64][2];
			int fd = start("mixed 28");
			struct ukl_run *run = area(fd, 0);
			pthread_t thread;

			be_quiet();
			for (unsigned int exit; (exit = run_on(fd, 0, run)) == UKL_EXIT_THREAD;) {
				int *at = numbers[run->thread.number % 64];

				at[0] = fd;
				at[1] = run->thread.number;
				run->result = -pthread_create(&thread, NULL, runs_all, at);
			}
			_exit(86);
		}
		usleep(rand_r(&seed) % 150000);
		kill(child, SIGKILL);
		ended_by(child, SIGKILL, "mixed");
	}
}

static const struct {
	const char *name;
	void (*run)(void);
} tests[] = {
	{ "killed", killed },
	{ "terminated", terminated },
	{ "exit_by_another_thread", exit_by_another_thread },
	{ "exit_by_the_application", exit_by_the_application },
	{ "execve_by_another_thread", execve_by_another_thread },
	{ "execve_that_keeps_the_descriptor", execve_that_keeps_the_descriptor },
	{ "execve_by_the_application", execve_by_the_application },
	{ "core_dump", core_dump },
	{ "closed_by_another_thread", closed_by_another_thread },
	{ "let_go_of", let_go_of },
	{ "closed_by_the_program", closed_by_the_program },
	{ "killed_with_the_descriptor_elsewhere", killed_with_the_descriptor_elsewhere },
	{ "fork_meanwhile", fork_meanwhile },
	{ "end_of_one_task", end_of_one_task },
	{ "shared_address_space", shared_address_space },
	{ "killed_at_any_time", killed_at_any_time },
};

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "-status"))
		return atoi(argv[2]);
	if (argc == 2 && !strcmp(argv[1], "-sleep"))
		return sleep(60);
	if (argc == 2 && !strcmp(argv[1], "-bound")) {
		start("exit");
		puts("ready");
		fflush(stdout);
		return sleep(60);
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
