/* SPDX-License-Identifier: GPL-2.0 */
/*
 * fail_nth.h: allocations that fail, of a kernel with CONFIG_FAULT_INJECTION: what is asked of it is asked again and
 * again, with the first allocation of the caller failing, the second, and so on, until there are no more. It must come
 * to an error that says so, or do without, and leave nothing behind. Included once.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define MOST 20000

/* /proc/thread-self/fail-nth, which has to be open before allocations fail. */
static int fail_nth_fd = -1;

/* What fails at last may be what this takes itself: nothing fails after that. */
static int set_fail_nth(unsigned int n)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", n);

	return pwrite(fail_nth_fd, text, len, 0) == len || pwrite(fail_nth_fd, text, len, 0) == len;
}

/* Whether there were fewer allocations than it takes for one to fail: this one may be it. */
static int none_failed(void)
{
	char text[16] = "";

	return pread(fail_nth_fd, text, sizeof(text) - 1, 0) <= 0 || atoi(text);
}

/*
 * What may be said for want of memory. A file that cannot be had for that reason is ENFILE, a port EADDRINUSE; and
 * copies from and to user space fail as well.
 */
static int is_want(long err)
{
	return err == -ENOMEM || err == -ENFILE || err == -EAGAIN || err == -EFAULT || err == -ENOBUFS || err == -EADDRINUSE;
}

/* Says in @said, of @size bytes, what it came to. Returns whether that is as it should be. */
static int each_fails(long (*scenario)(void), char *said, size_t size)
{
	unsigned int done_without = 0;

	if (fail_nth_fd < 0)
		fail_nth_fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	if (fail_nth_fd < 0) {
		snprintf(said, size, "this kernel has no fault injection: errno %d", errno);
		return 0;
	}
	for (unsigned int n = 1; n < MOST; n++) {
		long ret;
		int end;

		if (!set_fail_nth(n))
			break;
		ret = scenario();
		end = none_failed();
		if (!set_fail_nth(0))
			break;
		if (end) {
			if (ret)
				snprintf(said, size, "nothing fails, and it comes to %ld", ret);
			else
				snprintf(said, size, "%u allocations, and it can do without %u of them", n - 1, done_without);
			return !ret && n > 1;
		}
		if (!ret) {
			done_without++;
		} else if (!is_want(ret)) {
			snprintf(said, size, "allocation %u fails, and it comes to %ld", n, ret);
			return 0;
		}
	}
	snprintf(said, size, "it has no end: errno %d", errno);
	return 0;
}
