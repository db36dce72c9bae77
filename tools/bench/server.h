/* SPDX-License-Identifier: GPL-2.0 */
/*
 * server.h - the CPU time that a server has used, be it a process or a ukl application
 *
 * /proc/TID/schedstat begins with the nanoseconds that a thread was on a CPU, to the nanosecond
 * for one that is not running. Under QEMU's -icount shift=0 a nanosecond is an instruction.
 */
#ifndef _UKL_BENCH_SERVER_H
#define _UKL_BENCH_SERVER_H

#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define UKL_THREADS	"/sys/kernel/debug/ukl/threads"
#define THREADS_MAX	64

struct server {
	int schedstat[THREADS_MAX];	/* one for each thread */
	int threads;
};

static inline void server_add(struct server *server, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		err(1, "%s", path);
	if (server->threads == THREADS_MAX)
		errx(1, "the server has more than %d threads", THREADS_MAX);
	server->schedstat[server->threads++] = fd;
}

static inline void server_add_process(struct server *server, const char *pid)
{
	char path[64];
	struct dirent *task;
	DIR *tasks;

	snprintf(path, sizeof(path), "/proc/%s/task", pid);
	tasks = opendir(path);
	if (!tasks)
		err(1, "%s", path);
	while ((task = readdir(tasks))) {
		if (task->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/proc/%s/task/%.20s/schedstat", pid, task->d_name);
		server_add(server, path);
	}
	closedir(tasks);
}

/* A line has the application, its process and the thread, which has run by the time of this. */
static inline void server_add_app(struct server *server, const char *name)
{
	FILE *threads = fopen(UKL_THREADS, "re");
	char line[512], app[64], path[64];
	int tid;

	if (!threads)
		err(1, UKL_THREADS);
	while (fgets(line, sizeof(line), threads)) {
		if (sscanf(line, "%63s %*d %d", app, &tid) != 2 || strcmp(app, name))
			continue;
		snprintf(path, sizeof(path), "/proc/%d/schedstat", tid);
		server_add(server, path);
	}
	fclose(threads);
}

/* @which is a process's id or an application's name. */
static inline void server_open(struct server *server, const char *which)
{
	server->threads = 0;
	if (which[strspn(which, "0123456789")])
		server_add_app(server, which);
	else
		server_add_process(server, which);
	if (!server->threads)
		errx(1, "no thread of %s is there", which);
}

/* The instructions of all of the server's threads. One that ended is an error. */
static inline unsigned long server_time(const struct server *server)
{
	unsigned long total = 0;

	for (int i = 0; i < server->threads; i++) {
		char text[64];
		ssize_t len = pread(server->schedstat[i], text, sizeof(text) - 1, 0);

		if (len < 0)
			err(1, "a thread of the server ended");
		text[len] = 0;
		total += strtoul(text, NULL, 10);
	}
	return total;
}

/* The instructions of the whole machine. */
static inline unsigned long machine_time(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ul + now.tv_nsec;
}

#endif /* _UKL_BENCH_SERVER_H */
