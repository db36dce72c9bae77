/* SPDX-License-Identifier: GPL-2.0 */
/* ukl/memory.h - memory that goes with its application; see ukl.h */
#ifndef _UKL_MEMORY_H
#define _UKL_MEMORY_H

#include <linux/types.h>

/**
 * ukl_alloc() - allocate memory for the application
 * @size: bytes, at least 1
 *
 * Zeroed kernel memory, always mapped. It is freed with the application, whatever way that ends, is
 * counted as its memory and, in a process, charged to the process's memory cgroup. kmalloc() and
 * its kin do none of this.
 *
 * Return: The memory, to be given back with ukl_free(). Errors: -ENOMEM, -EINVAL for a @size of 0
 * or one that no memory has.
 */
void *ukl_alloc(size_t size);

/**
 * ukl_free() - give memory back
 * @memory: from ukl_alloc(), by any thread of the application; NULL does nothing
 *
 * Works also when the thread was asked to stop.
 *
 * Return: 0. -EINVAL for what is no memory of this application's.
 */
int ukl_free(const void *memory);

#endif /* _UKL_MEMORY_H */
