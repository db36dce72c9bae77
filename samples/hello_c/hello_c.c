// SPDX-License-Identifier: GPL-2.0
/*
 * hello_c: says where it is, to show that a C program which knows nothing of ukl runs in ring 0
 *
 * Prints its arguments, working directory and environment, then what comes on standard input.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

int main(int argc, char **argv)
{
	char dir[4096], line[256];
	long lines = 0;

	printf("hello from process %d, ring %s\n", getpid(), (long)main < 0 ? "0" : "3");
	for (int i = 0; i < argc; i++)
		printf("argument %d: %s\n", i, argv[i]);
	printf("directory: %s\n", getcwd(dir, sizeof(dir)) ? dir : "?");
	for (char **p = environ; *p; p++)
		printf("environment: %s\n", *p);
	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = 0;
		printf("input %ld: %s\n", ++lines, line);
	}
	printf("%.3f is a third of ten\n", 10 / 3.);
	return ferror(stdin) ? EXIT_FAILURE : EXIT_SUCCESS;
}
