// SPDX-License-Identifier: GPL-2.0
/*
 * Allocations that fail (programs/fail_nth.h), of what user space asks for.
 *
 *   fail load            the modules, which are in build/modules and are loaded in this order
 *   fail load MODULE     one of them; those it depends on are loaded before, and stay
 *   fail device          what is asked of /dev/ukl
 *   fail device REQUEST  one of these; ukl.ko and ukl_test_process.ko (start=0) are loaded for it
 *
 * Exit status 0 if all was as it should be; else 1 and a line that says what was not.
 */
#define _GNU_SOURCE
#include "device.h"
#include "programs/fail_nth.h"

static void try_each(long (*scenario)(void))
{
	char said[100];
	int good = each_fails(scenario, said, sizeof(said));

	if (!good)
		fail("%s", said);
	puts(said);
}

static const char *const modules[] = {
	"ukl", "ukl_linux", "ukl_test_process", "hello_c", "kv", NULL
};

static const char *module, *parameters = "";

static int open_module(const char *name)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "build/modules/%s.ko", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		fail("%s: %s", path, strerror(errno));
	return fd;
}

static long load_it(int fd)
{
	return syscall(SYS_finit_module, fd, parameters, 0) ? -errno : 0;
}

static void want(const char *name)
{
	int fd = open_module(name);
	long err = load_it(fd);

	if (err && err != -EEXIST)
		fail("%s.ko does not load: %ld", name, err);
	close(fd);
}

static int module_fd;

static int unload(void)
{
	return syscall(SYS_delete_module, module, O_NONBLOCK);
}

/* What fails may be to read the name of the module that is to go; once. */
static long load_and_unload(void)
{
	long err = load_it(module_fd);

	if (!err && unload() && (errno != EFAULT || unload()))
		fail("it does not unload: %s", strerror(errno));
	return err;
}

static void load(const char *name)
{
	module = name;
	parameters = strcmp(name, "ukl_test_process") && strcmp(name, "hello_c") ? "" : "start=0";
	if (strcmp(name, "ukl"))
		want("ukl");
	if (!strcmp(name, "hello_c"))
		want("ukl_linux");
	module_fd = open_module(name);
	try_each(load_and_unload);
}

static long open_and_close(void)
{
	int fd = open(DEVICE, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	return close(fd) ? -errno : 0;
}

static struct arguments arguments;

/* A program is bound, and @then done. */
static long with_program(long (*then)(int fd))
{
	struct ukl_bind bind = binding(PROGRAM, &arguments);
	int fd = open(DEVICE, O_RDWR | O_CLOEXEC);
	long ret;

	if (fd < 0)
		return -errno;
	ret = ASK(fd, UKL_BIND, &bind);
	if (!ret)
		ret = then(fd);
	close(fd);
	return ret;
}

static long nothing(int fd)
{
	(void)fd;
	return 0;
}

static long bind_it(void)
{
	return with_program(nothing);
}

static long map_area(int fd)
{
	void *at = map(fd, 0, PROT_READ | PROT_WRITE, MAP_SHARED);

	if (at == MAP_FAILED)
		return -errno;
	*(volatile char *)at = 0;
	return munmap(at, info.run_size) ? -errno : 0;
}

static long map_it(void)
{
	return with_program(map_area);
}

static long run_to_end(int fd)
{
	struct ukl_run *run = map(fd, 0, PROT_READ | PROT_WRITE, MAP_SHARED);
	long ret;

	if (run == MAP_FAILED)
		return -errno;
	do {
		ret = ask(fd, UKL_RUN, 0);
		if (!ret && run->exit == UKL_EXIT_SYSCALL)
			run->result = make_syscall(run);
	} while (!ret && run->exit != UKL_EXIT_FINISHED);
	munmap(run, info.run_size);
	return ret;
}

static long run_it(void)
{
	return with_program(run_to_end);
}

static char *table;

static long tables(void)
{
	struct ukl_stats stats = { .table = UKL_STATS_THREADS, .size = 1 << 16 };
	int fd = open(DEVICE, O_RDWR | O_CLOEXEC);
	long ret;

	if (fd < 0)
		return -errno;
	stats.buffer = (unsigned long)table;
	ret = ASK(fd, UKL_STATS, &stats);
	close(fd);
	return ret < 0 ? ret : 0;
}

static const struct {
	const char *name;
	long (*scenario)(void);
} requests[] = {
	{ "open", open_and_close }, { "bind", bind_it }, { "map", map_it },
	{ "run", run_it },	    { "tables", tables },
};

static void device(const char *name)
{
	want("ukl");
	parameters = "start=0";
	want("ukl_test_process");
	close(open_device());
	add_argument(&arguments, PROGRAM);
	add_argument(&arguments, "exit");
	add_argument(&arguments, "5");
	table = allocate(1 << 16);
	memset(table, 1, 1 << 16);
	for (unsigned int i = 0; i < sizeof(requests) / sizeof(*requests); i++)
		if (!strcmp(requests[i].name, name)) {
			try_each(requests[i].scenario);
			return;
		}
	fail("there is no request %s", name);
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "load"))
		for (const char *const *name = modules; *name; name++)
			puts(*name);
	else if (argc == 2 && !strcmp(argv[1], "device"))
		for (unsigned int i = 0; i < sizeof(requests) / sizeof(*requests); i++)
			puts(requests[i].name);
	else if (argc == 3 && !strcmp(argv[1], "load"))
		load(argv[2]);
	else if (argc == 3 && !strcmp(argv[1], "device"))
		device(argv[2]);
	else
		fail("usage: fail load|device [NAME]");
	return 0;
}
