// SPDX-License-Identifier: GPL-2.0
/*
 * first PORT REQUEST ANSWER COMMAND... - instructions from a server's start to its first answer
 * first - ANSWER COMMAND... - the same, to the first bytes that a program prints
 *
 * Prints "first INSTRUCTIONS": those of the whole machine, but for this program's own, which asks
 * again and again. While all others wait, a process of the lowest priority works, so that the clock
 * goes on by instructions; its own are left out, too. Ends the command by SIGTERM.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include "../server.h"

#define TRIES	100000	/* of 0.2 milliseconds */

static pid_t burn(void)
{
	struct sched_param param = { 0 };
	pid_t pid = fork();

	if (pid < 0 || (!pid && sched_setscheduler(0, SCHED_IDLE, &param)))
		err(1, "no process of the lowest priority");
	/* Nor longer than this program. */
	if (!pid)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (!pid)
		asm volatile("");
	return pid;
}

/* Its standard output is @out. */
static pid_t run(char **argv, int out)
{
	pid_t pid = fork();

	if (pid < 0)
		err(1, "fork");
	if (!pid) {
		dup2(out, STDOUT_FILENO);
		execvp(argv[0], argv);
		err(127, "%s", argv[0]);
	}
	close(out);
	return pid;
}

static bool read_answer(int fd, const char *answer)
{
	char data[64];
	size_t size = strlen(answer), got = 0;
	ssize_t len;

	while (got < size) {
		len = read(fd, data + got, size - got);
		if (len <= 0)
			return false;
		got += len;
	}
	if (memcmp(data, answer, size))
		errx(1, "the answer is %.*s", (int)size, data);
	return true;
}

static bool answers(const struct sockaddr_in *addr, const char *request, const char *answer)
{
	ssize_t size = strlen(request);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	bool good = !connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) &&
		    send(fd, request, size, MSG_NOSIGNAL) == size && read_answer(fd, answer);

	close(fd);
	return good;
}

/* What is not to be counted: the process that works when nobody else does, and this one. */
static unsigned long not_counted(const struct server *burner)
{
	struct timespec own;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &own);
	return server_time(burner) + own.tv_sec * 1000000000ul + own.tv_nsec;
}

int main(int argc, char **argv)
{
	bool prints = argc > 1 && !strcmp(argv[1], "-");
	int first = prints ? 3 : 4;
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	unsigned long begun, left_out;
	struct server burner;
	pid_t burning, pid;
	char text[16];
	int out[2], status;

	if (argc <= first || strlen(argv[first - 1]) > 64)
		errx(2, "usage: first PORT REQUEST ANSWER COMMAND...");
	addr.sin_port = htons(atoi(argv[1]));
	if (pipe2(out, O_CLOEXEC))
		err(1, "pipe");
	burning = burn();
	snprintf(text, sizeof(text), "%d", burning);
	server_open(&burner, text);
	usleep(10000);

	begun = machine_time();
	left_out = not_counted(&burner);
	pid = run(argv + first, out[1]);
	if (prints && !read_answer(out[0], argv[2]))
		errx(1, "%s prints nothing", argv[first]);
	for (int try = 0; !prints && !answers(&addr, argv[2], argv[3]); try++) {
		if (try == TRIES || waitpid(pid, &status, WNOHANG))
			errx(1, "%s does not answer", argv[first]);
		usleep(200);
	}
	begun = machine_time() - begun;
	left_out = not_counted(&burner) - left_out;
	kill(burning, SIGKILL);
	waitpid(burning, NULL, 0);
	kill(pid, SIGTERM);
	waitpid(pid, NULL, 0);
	printf("first %lu\n", begun - left_out);
	return 0;
}
