// SPDX-License-Identifier: GPL-2.0
#include "pthread_impl.h"

/* A thread's stack is not in its mapping: see patches/threads.patch. */
void __unmapself(void *base, size_t size)
{
	__syscall(SYS_munmap, base, size);
	for (;;)
		__syscall(SYS_exit, 0);
}
