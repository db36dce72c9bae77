// SPDX-License-Identifier: GPL-2.0
/*
 * spare FILE - takes what the machine has to spare, and counts it
 * spare -r FILE - prints what else it did
 *
 * The kernel says to 10 ms how long it was idle. Here a task that runs when nobody else wants to
 * counts in FILE how often it went round a loop of two instructions. Under QEMU's -icount shift=0
 * the time that has passed less those is what all others took in instructions, interrupts included.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int reads = argc == 3 && !strcmp(argv[1], "-r");
	struct sched_param param = { };
	struct timespec now;
	volatile unsigned long *count;
	unsigned long passed;
	int fd;

	if (argc != 2 + reads)
		errx(2, "usage: spare [-r] FILE");
	fd = open(argv[argc - 1], O_RDWR | O_CREAT, 0600);
	if (fd < 0 || ftruncate(fd, sizeof(*count)))
		err(1, "%s", argv[argc - 1]);
	count = mmap(NULL, sizeof(*count), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (count == MAP_FAILED)
		err(1, "mmap");
	if (reads) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		passed = now.tv_sec * 1000000000ul + now.tv_nsec;
		printf("%lu\n", passed - 2 * *count);
		return 0;
	}
	if (sched_setscheduler(0, SCHED_IDLE, &param))
		err(1, "SCHED_IDLE");
	asm volatile("1: incq %0; jmp 1b" : "+m" (*count));
	return 0;
}
