/* SPDX-License-Identifier: GPL-2.0 */
/* result.h: the results of a program that ring 0 and user space run; KTAP. Included once. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

static int tests, failed;

/* One result; what it is of is the same in both. */
static void ok(int good, const char *name)
{
	int err = errno;

	printf("%sok %d %s\n", good ? "" : "not ", ++tests, name);
	if (!good)
		printf("# errno %d (%s)\n", err, strerror(err));
	failed += !good;
}

/* Whether a system call has failed, with this errno. */
static inline int fails(long result, int with)
{
	return result == -1 && errno == with;
}

/* The plan, at the end. Returns the exit status. */
static int results(void)
{
	printf("1..%d\n", tests);
	return failed != 0;
}
