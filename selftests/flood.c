// SPDX-License-Identifier: GPL-2.0
/*
 * Faults in applications, one after the other on several threads at once.
 *
 *   flood KIND SIGNAL ROUNDS THREADS
 *
 * ROUNDS applications in all do what KIND says, and have to be ended by SIGNAL; on their first
 * thread and on their second one in turns. Exit status 0 if so; else 1 and a line that says what
 * was not.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdatomic.h>

#include "device.h"

static const char *kind;
static unsigned int want;
static atomic_int left;

static void fault(int round)
{
	struct ukl_run *run, *other = NULL, *at;
	int second = round & 1, fd;
	char command[64];

	snprintf(command, sizeof(command), "fault %s %d", kind, second);
	fd = start(command);
	at = run = area(fd, 0);
	if (second) {
		RUN_TO(fd, 0, run, UKL_EXIT_THREAD);
		run->result = 0;
		at = other = area(fd, 1);
	}
	RUN_TO(fd, second, at, UKL_EXIT_FAULT);
	EXPECT(at->fault.signal, want);
	EXPECT(ask(fd, UKL_RUN, second), -ESRCH);
	if (second) {
		EXPECT(FINISHED(fd, 0, run), -EINTR);
		munmap(other, info.run_size);
	}
	munmap(run, info.run_size);
	close(fd);
}

static void *faults(void *unused)
{
	int round;

	while ((round = atomic_fetch_sub(&left, 1)) > 0)
		fault(round);
	return unused;
}

int main(int argc, char **argv)
{
	pthread_t threads[64];
	int count;

	if (argc != 5)
		fail("usage: see the comment at the top of the source");
	kind = argv[1];
	want = atoi(argv[2]);
	left = atoi(argv[3]);
	count = atoi(argv[4]);
	close(open_device());
	for (int i = 0; i < count; i++)
		EXPECT(pthread_create(&threads[i], NULL, faults, NULL), 0);
	for (int i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	return 0;
}
