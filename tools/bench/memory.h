/* SPDX-License-Identifier: GPL-2.0 */
/*
 * memory.h - what the memory of the whole machine is used for
 *
 * In bytes: for each cache of /proc/slabinfo (objects in use times their size) and for "pages",
 * which is all memory that is neither free nor any cache's: large kmalloc(), vmalloc(), stacks of
 * threads, memory of processes.
 */
#ifndef _UKL_BENCH_MEMORY_H
#define _UKL_BENCH_MEMORY_H

#include <err.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MEMORY_USES_MAX	1000

/* Bytes in use by cache; the last one is not a cache. */
struct memory {
	struct {
		char name[64];
		long bytes;
	} uses[MEMORY_USES_MAX];
	int count;
};

static inline void memory_add(struct memory *memory, const char *name, long bytes)
{
	if (memory->count == MEMORY_USES_MAX)
		errx(1, "more than %d caches", MEMORY_USES_MAX);
	snprintf(memory->uses[memory->count].name, sizeof(memory->uses[0].name), "%s", name);
	memory->uses[memory->count++].bytes = bytes;
}

/* Gives back the objects that the caches hold for the next caller, which slabinfo has as used. */
static inline void memory_shrink_caches(void)
{
	glob_t files;

	if (glob("/sys/kernel/slab/*/shrink", 0, NULL, &files))
		errx(1, "/sys/kernel/slab is not there");
	for (size_t i = 0; i < files.gl_pathc; i++) {
		int fd = open(files.gl_pathv[i], O_WRONLY | O_CLOEXEC);

		if (fd < 0 || write(fd, "1", 1) != 1)
			err(1, "%s", files.gl_pathv[i]);
		close(fd);
	}
	globfree(&files);
}

/* Each CPU counts pages for itself, and adds them up when they are many. */
static inline void memory_add_up(void)
{
	int fd = open("/proc/sys/vm/stat_refresh", O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, "1", 1) != 1)
		err(1, "/proc/sys/vm/stat_refresh");
	close(fd);
}

/* Fills in @memory. */
static inline void memory_look(struct memory *memory)
{
	long pages, caches = 0, free = 0;
	char line[512], name[64];
	FILE *file;

	/* Lets end what was put off. Takes no time in this machine. */
	sleep(2);
	memory_shrink_caches();
	memory_add_up();
	memory->count = 0;
	file = fopen("/proc/slabinfo", "re");
	if (!file)
		err(1, "/proc/slabinfo");
	while (fgets(line, sizeof(line), file)) {
		long used, size, slabs;

		if (line[0] == '#' ||
		    sscanf(line, "%63s %ld %*d %ld %*d %ld : %*s %*d %*d %*d : %*s %*d %ld",
			   name, &used, &size, &pages, &slabs) != 5)
			continue;
		memory_add(memory, name, used * size);
		caches += slabs * pages;
	}
	fclose(file);
	if (!memory->count)
		errx(1, "/proc/slabinfo has another format");

	/* Free pages are in the zones' lists and in those of the CPUs. */
	file = fopen("/proc/zoneinfo", "re");
	if (!file)
		err(1, "/proc/zoneinfo");
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, " pages free %ld", &pages) == 1 ||
		    sscanf(line, " count: %ld", &pages) == 1)
			free += pages;
	fclose(file);
	memory_add(memory, "pages", -(free + caches) * sysconf(_SC_PAGESIZE));
}

static inline void memory_print_growth(const struct memory *before, const struct memory *after)
{
	for (int i = 0; i < after->count; i++) {
		const char *name = after->uses[i].name;
		long bytes = after->uses[i].bytes;

		for (int j = 0; j < before->count; j++)
			if (!strcmp(before->uses[j].name, name))
				bytes -= before->uses[j].bytes;
		if (bytes)
			printf("memory %s %ld\n", name, bytes);
	}
}

#endif /* _UKL_BENCH_MEMORY_H */
