// SPDX-License-Identifier: GPL-2.0
/*
 * around SERVER COMMAND... - runs a command and counts the instructions of a server meanwhile
 *
 * SERVER is as server_open() has it. Prints, after what the command printed:
 *
 *   around INSTRUCTIONS-OF-THE-SERVER INSTRUCTIONS-OF-THE-MACHINE
 */
#include <sys/wait.h>
#include "server.h"

int main(int argc, char **argv)
{
	unsigned long machine, used;
	struct server server, then;
	int status;
	pid_t pid;

	if (argc < 3)
		errx(2, "usage: around SERVER COMMAND...");
	server_open(&server, argv[1]);
	used = server_time(&server);
	machine = machine_time();
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (!pid) {
		execvp(argv[2], argv + 2);
		err(127, "%s", argv[2]);
	}
	if (waitpid(pid, &status, 0) != pid || status)
		errx(1, "%s failed", argv[2]);
	machine = machine_time() - machine;
	used = server_time(&server) - used;
	/* A thread that began meanwhile would not have been counted. */
	server_open(&then, argv[1]);
	if (then.threads != server.threads)
		errx(1, "the server had %d threads and has %d", server.threads, then.threads);
	printf("around %lu %lu\n", used, machine);
	return 0;
}
