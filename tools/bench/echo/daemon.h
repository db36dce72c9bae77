/* SPDX-License-Identifier: GPL-2.0 */
/* How an echo server goes to the background as soon as it listens. */
#ifndef _UKL_BENCH_DAEMON_H
#define _UKL_BENCH_DAEMON_H

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Goes on in a process of its own, whose id is printed. */
static inline void go_to_background(void)
{
	pid_t pid = fork();

	if (pid < 0)
		err(1, "fork");
	if (pid) {
		printf("%d\n", pid);
		exit(0);
	}
	/* Who reads the id waits for the end of the output. */
	if (!freopen("/dev/null", "w", stdout))
		err(1, "/dev/null");
}

#endif /* _UKL_BENCH_DAEMON_H */
