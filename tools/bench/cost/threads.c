// SPDX-License-Identifier: GPL-2.0
/*
 * threads FIRST MORE [STACK] - threads that only wait: for grow, in user space and in ring 0
 *
 * Says "stack BYTES", which the stack of a thread has.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static sem_t begun, never;

static void *wait_forever(void *unused)
{
	sem_post(&begun);
	while (sem_wait(&never))
		;
	return unused;
}

static void fail(const char *what)
{
	perror(what);
	_exit(1);
}

static pthread_t start(int count, const char *stack)
{
	pthread_t thread = pthread_self();
	pthread_attr_t attr;

	if (pthread_attr_init(&attr) || (stack && pthread_attr_setstacksize(&attr, atoi(stack))))
		fail("pthread_attr_setstacksize");
	for (int i = 0; i < count; i++) {
		if (pthread_create(&thread, &attr, wait_forever, NULL))
			fail("pthread_create");
		sem_wait(&begun);
	}
	return thread;
}

int main(int argc, char **argv)
{
	pthread_attr_t attr;
	size_t size = 0;
	char line[16];
	void *stack;

	if (argc < 3 || argc > 4 || sem_init(&begun, 0, 0) || sem_init(&never, 0, 0))
		fail("usage: threads FIRST MORE [STACK]");
	setvbuf(stdout, NULL, _IOLBF, 0);
	start(atoi(argv[1]), argv[3]);
	puts("begun");
	if (!fgets(line, sizeof(line), stdin))
		return 1;
	if (pthread_getattr_np(start(atoi(argv[2]), argv[3]), &attr) ||
	    pthread_attr_getstack(&attr, &stack, &size))
		fail("pthread_getattr_np");
	printf("stack %zu\n", size);
	while (fgets(line, sizeof(line), stdin))
		;
	fflush(stdout);
	_exit(0);
}
