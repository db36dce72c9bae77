// SPDX-License-Identifier: GPL-2.0
/* ends: a program that ends in the way its argument says, with much of everything open */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static int begun = 41;

static void *spins(void *arg)
{
	for (;;)
		__asm__ volatile("" ::: "memory");
	return arg;
}

static void *sleeps(void *arg)
{
	pause();
	return arg;
}

static void *exits(void *arg)
{
	usleep(50000);
	exit(7);
	return arg;
}

__attribute__((noinline)) void stumble(volatile int *where)
{
	*where = 1;
}

/* Much that nobody reads, and ends. */
static void sends(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof(address);
	int to = socket(AF_INET, SOCK_STREAM, 0), from = socket(AF_INET, SOCK_STREAM, 0);
	static char message[1000];

	bind(to, (void *)&address, len);
	listen(to, 1);
	getsockname(to, (void *)&address, &len);
	if (connect(from, (void *)&address, len))
		exit(1);
	for (int i = 0; i < 400; i++)
		if (send(from, message, sizeof(message), MSG_DONTWAIT) < 0 && errno != EAGAIN)
			exit(1);
	exit(5);
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "";
	pthread_t thread;
	int set = epoll_create1(0);

	if (++begun != 42) {
		printf("the variables are those of another run: %d\n", begun);
		return 3;
	}
	for (int i = 0; i < 50; i++) {
		struct epoll_event event = { .events = EPOLLIN };

		epoll_ctl(set, EPOLL_CTL_ADD, socket(AF_INET, SOCK_DGRAM, 0), &event);
		open("/dev/null", O_RDONLY);
		memset(malloc(100000), 1, 100000);
	}
	pthread_create(&thread, NULL, spins, NULL);
	pthread_create(&thread, NULL, sleeps, NULL);
	printf("ready\n");
	fflush(stdout);
	if (!strcmp(how, "sends"))
		sends();
	if (!strcmp(how, "exit"))
		exit(5);
	if (!strcmp(how, "thread"))
		pthread_create(&thread, NULL, exits, NULL);
	if (!strcmp(how, "null"))
		stumble(NULL);
	if (!strcmp(how, "abort"))
		abort();
	if (!strcmp(how, "fork"))
		return fork() == -1 ? 6 : 1;
	if (!strcmp(how, "unknown"))
		return syscall(463) == -1 && syscall(463) == -1 ? 6 : 1;
	for (;;)
		pause();
}
