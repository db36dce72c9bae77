// SPDX-License-Identifier: GPL-2.0
/*
 * Looks at all threads of a process as a debugger does, and lets them go on.
 *
 *   tracer attach|seize|step PID ROUNDS
 *
 * Exit status 0 if each could be stopped, had registers of user space and went on; else 1 and a
 * line that says what was not.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <elf.h>
#include <stdbool.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>

#include "net.h"

#define MAX_THREADS 256

static pid_t threads[MAX_THREADS];
static int count;

static void call(const char *what, long ret)
{
	if (ret < 0)
		fail("%s: %s", what, strerror(errno));
}

#define CALL(what) call(#what, (what))

static void find_threads(pid_t pid)
{
	struct dirent *entry;
	char path[64];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	if (!dir)
		fail("%s: %s", path, strerror(errno));
	count = 0;
	while (count < MAX_THREADS && (entry = readdir(dir))) {
		if (entry->d_name[0] != '.')
			threads[count++] = atoi(entry->d_name);
	}
	closedir(dir);
}

static int wait_for_stop(pid_t tid)
{
	long begin = now_ms();
	int status;

	while (waitpid(tid, &status, __WALL | WNOHANG) != tid) {
		if (now_ms() - begin > 10000)
			fail("thread %d does not stop", tid);
		usleep(2000);
	}
	if (!WIFSTOPPED(status))
		fail("thread %d ended with %#x", tid, status);
	return status;
}

/* The registers are those of user space: at the system call that it has made. */
static void look_at(pid_t tid, bool in_a_call)
{
	struct user_regs_struct regs;
	struct user_fpregs_struct fpregs;
	struct iovec vector = { &regs, sizeof(regs) };
	unsigned short code;
	siginfo_t what;

	CALL(ptrace(PTRACE_GETREGS, tid, NULL, &regs));
	if (regs.cs != 0x33 || regs.rip >> 47)
		fail("thread %d: cs %llx, ip %llx", tid, regs.cs, regs.rip);
	errno = 0;
	code = ptrace(PTRACE_PEEKTEXT, tid, regs.rip - 2, NULL);
	if (errno)
		fail("thread %d: its code: %s", tid, strerror(errno));
	if (in_a_call && code != 0x050f && code != 0x80cd)
		fail("thread %d is not at a system call but at %x", tid, code);
	CALL(ptrace(PTRACE_GETFPREGS, tid, NULL, &fpregs));
	CALL(ptrace(PTRACE_GETREGSET, tid, NT_PRSTATUS, &vector));
	vector = (struct iovec){ &fpregs, sizeof(fpregs) };
	CALL(ptrace(PTRACE_SETREGS, tid, NULL, &regs));
	ptrace(PTRACE_GETSIGINFO, tid, NULL, &what);
}

static void attach(bool seize, bool in_a_call)
{
	for (int i = 0; i < count; i++) {
		if (seize) {
			CALL(ptrace(PTRACE_SEIZE, threads[i], NULL, NULL));
			CALL(ptrace(PTRACE_INTERRUPT, threads[i], NULL, NULL));
		} else {
			CALL(ptrace(PTRACE_ATTACH, threads[i], NULL, NULL));
		}
	}
	for (int i = 0; i < count; i++)
		wait_for_stop(threads[i]);
	for (int i = 0; i < count; i++)
		look_at(threads[i], in_a_call);
}

/* A step of the first thread: it goes back into the application, and comes out for the tracer. */
static void step(void)
{
	pid_t tid = threads[0];

	for (int i = 0; i < 3; i++) {
		CALL(ptrace(PTRACE_SINGLESTEP, tid, NULL, NULL));
		usleep(20000);
		CALL(ptrace(PTRACE_INTERRUPT, tid, NULL, NULL));
		wait_for_stop(tid);
		look_at(tid, false);
	}
	/* Stops that wait go away, so that none is left when it is let go. */
	do {
		CALL(ptrace(PTRACE_CONT, tid, NULL, NULL));
		usleep(20000);
		CALL(ptrace(PTRACE_INTERRUPT, tid, NULL, NULL));
	} while (wait_for_stop(tid) >> 16 != PTRACE_EVENT_STOP);
}

int main(int argc, char **argv)
{
	int rounds;
	pid_t pid;

	if (argc != 4)
		fail("usage: see the comment at the top of the source");
	pid = atoi(argv[2]);
	rounds = atoi(argv[3]);
	for (int round = 0; round < rounds; round++) {
		bool steps = !strcmp(argv[1], "step");

		find_threads(pid);
		if (!count)
			fail("no threads");
		/* Of the steps before, the last may be at the instruction behind the call. */
		attach(strcmp(argv[1], "attach"), !steps || !round);
		if (steps)
			step();
		for (int i = 0; i < count; i++)
			CALL(ptrace(PTRACE_DETACH, threads[i], NULL, NULL));
		usleep(10000);
	}
	printf("%d threads\n", count);
	return 0;
}
