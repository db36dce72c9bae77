// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/ukl, request by request: what include/uapi/ukl.h promises of all but UKL_RUN, for which see
 * exits.c. Needs ukl.ko and ukl_test_process.ko, loaded with start=0, and root.
 *
 *   device            the names of the tests
 *   device TEST       one of them
 *
 * Exit status 0 if all was as it should be; else 1 and a line that says what was not.
 */
#define _GNU_SOURCE
#include <grp.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <sys/personality.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "device.h"

#define PAGE 4096UL
#define NOBODY 65534
/* Nothing of user space's, in its half of the addresses and in the other. */
#define UNMAPPED 0x1000UL
#define KERNEL 0xffff888000100000UL
#define NONCANONICAL 0x8000000000000000UL

/* A page with nothing behind it: what ends with it ends in the middle of nowhere. */
static char *last_page(void)
{
	char *pages =
		mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (pages == MAP_FAILED || munmap(pages + PAGE, PAGE))
		fail("mmap: %s", strerror(errno));
	return pages;
}

/* Places where @size bytes are not all there. */
static unsigned int bad_places(unsigned long size, unsigned long *places)
{
	unsigned int n = 0;

	places[n++] = 0;
	places[n++] = UNMAPPED;
	places[n++] = KERNEL;
	places[n++] = NONCANONICAL;
	places[n++] = -1UL;
	places[n++] = -size;
	for (unsigned long there = 1; there < size; there += there < 8 ? 1 : 8)
		places[n++] = (unsigned long)last_page() + PAGE - there;
	return n;
}

static void bad_addresses(int fd, unsigned long request, unsigned long size)
{
	unsigned long places[256];

	for (unsigned int i = bad_places(size, places); i--;)
		EXPECT(ask(fd, request, places[i]), -EFAULT);
}

static void node(void)
{
	struct stat is;

	EXPECT(stat(DEVICE, &is), 0);
	EXPECT(S_ISCHR(is.st_mode), 1);
	EXPECT(is.st_mode & 07777, 0600);
	EXPECT(is.st_uid, 0);
	EXPECT(is.st_gid, 0);
	EXPECT(major(is.st_rdev), 10);
}

static void become(uid_t uid)
{
	if (setgroups(0, NULL) || setgid(uid) || setuid(uid))
		fail("setuid: %s", strerror(errno));
	/* That is forgotten with the user. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
}

static void others_may_not_open(void)
{
	pid_t child = fork_child();

	if (!child) {
		become(NOBODY);
		for (int mode = O_RDONLY; mode <= O_RDWR; mode++) {
			EXPECT(open(DEVICE, mode), -1);
			EXPECT(errno, EACCES);
		}
		exit(0);
	}
	EXPECT(CHILD_STATUS(child), 0);
}

static void info_values(void)
{
	int fd = open_device();
	struct ukl_info is;

	memset(&is, 0xff, sizeof(is));
	EXPECT(ASK(fd, UKL_INFO, &is), 0);
	EXPECT(is.version, UKL_ABI_VERSION);
	EXPECT(is.run_size % PAGE, 0);
	EXPECT(is.data_offset >= sizeof(struct ukl_run), 1);
	EXPECT(is.data_offset % 8, 0);
	EXPECT(is.data_offset < is.run_size, 1);
	EXPECT(is.threads_max >= 64, 1);
	EXPECT(is.bypass_max, 65536);
	for (int i = 0; i < 3; i++)
		EXPECT(is.reserved[i], 0);
	bad_addresses(fd, UKL_INFO, sizeof(is));
	/* Where it ends with the page there is nothing wrong. */
	EXPECT(ASK(fd, UKL_INFO, last_page() + PAGE - sizeof(is)), 0);
}

static void layouts(void)
{
	EXPECT(sizeof(struct ukl_info), 32);
	EXPECT(sizeof(struct ukl_bind), 48);
	EXPECT(offsetof(struct ukl_bind, env), 32);
	EXPECT(sizeof(struct ukl_stats), 24);
	EXPECT(sizeof(struct ukl_set), 16);
	EXPECT(offsetof(struct ukl_run, finished), 32);
	EXPECT(offsetof(struct ukl_run, signal), 160);
	EXPECT(sizeof(struct ukl_run), 304);
	EXPECT(UKL_INFO, 0x8020bc00);
	EXPECT(UKL_BIND, 0x4030bc01);
	EXPECT(UKL_RUN, 0xbc02);
	EXPECT(UKL_STOP, 0xbc03);
	EXPECT(UKL_STATS, 0x4018bc04);
	EXPECT(UKL_SET, 0x4010bc05);
}

/* Whatever is bound, and before the argument is looked at. */
static void unknown_requests(void)
{
	static const unsigned long known[] = { UKL_INFO, UKL_BIND,  UKL_RUN,
					       UKL_STOP, UKL_STATS, UKL_SET };
	int fds[] = { open_device(), start("sleep") };

	for (int bound = 0; bound < 2; bound++) {
		for (unsigned int nr = 6; nr < 256; nr++) {
			EXPECT(ask(fds[bound], _IO(UKL_IOC, nr), 0), -ENOTTY);
			EXPECT(ask(fds[bound], _IOW(UKL_IOC, nr, struct ukl_bind), UNMAPPED),
			       -ENOTTY);
		}
		/* Another direction, size or letter is another request. */
		for (unsigned int i = 0; i < sizeof(known) / sizeof(*known); i++) {
			unsigned long request = known[i];

			EXPECT(ask(fds[bound], request ^ 0x40000000, 0), -ENOTTY);
			EXPECT(ask(fds[bound], request ^ 0x80000000, 0), -ENOTTY);
			EXPECT(ask(fds[bound], request ^ 0x00080000, 0), -ENOTTY);
			EXPECT(ask(fds[bound], request ^ 0x00000100, 0), -ENOTTY);
		}
		EXPECT(ask(fds[bound], 0x5401 /* TCGETS */, 0), -ENOTTY);
	}
}

static void nothing_bound(void)
{
	int fd = open_device();
	char byte = 0;

	EXPECT(ask(fd, UKL_RUN, 0), -ENXIO);
	EXPECT(ask(fd, UKL_STOP, 0), -ENXIO);
	EXPECT(map(fd, 0, PROT_READ | PROT_WRITE, MAP_SHARED) == MAP_FAILED, 1);
	EXPECT(errno, ENXIO);
	EXPECT(read(fd, &byte, 1), -1);
	EXPECT(write(fd, &byte, 1), -1);
}

/* Each of these is refused, and then the descriptor can still be bound. */
static void bind_errors(void)
{
	static char long_name[] =
		"0123456789012345678901234567890123456789012345678901234567890123";
	unsigned long places[256];
	struct arguments args = { .size = 0 };
	struct ukl_bind good, bind;
	int fd = open_device();
	char *page = last_page();

	add_argument(&args, PROGRAM);
	add_argument(&args, "exit");
	good = binding(PROGRAM, &args);
#define REFUSED(errno, ...)                                 \
	do {                                                \
		bind = good;                                \
		__VA_ARGS__;                                \
		EXPECT(ASK(fd, UKL_BIND, &bind), -(errno)); \
	} while (0)
	REFUSED(EINVAL, bind.reserved = 1);
	REFUSED(EINVAL, bind.reserved = 1U << 31);
	REFUSED(EINVAL, bind.bypass = info.bypass_max + 1);
	REFUSED(EINVAL, bind.bypass = ~0U);
	REFUSED(E2BIG, bind.args_size = UKL_ARGS_MAX + 1);
	REFUSED(E2BIG, bind.args_size = ~0U);
	REFUSED(EINVAL, bind.args_size = args.size - 1);
	REFUSED(E2BIG, bind.env = bind.args, bind.env_size = UKL_ARGS_MAX + 1);
	REFUSED(E2BIG, bind.env = bind.args, bind.env_size = ~0U);
	REFUSED(EINVAL, bind.env = bind.args, bind.env_size = args.size - 1);
	REFUSED(EINVAL, bind.stack_size = 1);
	REFUSED(EINVAL, bind.stack_size = 16 * 1024 - 1);
	REFUSED(ENOMEM, bind.stack_size = 1UL << 46);
	REFUSED(ENOENT, bind.name = (unsigned long)"ukl_test_proces");
	REFUSED(ENOENT, bind.name = (unsigned long)"ukl_test_process2");
	REFUSED(ENOENT, bind.name = (unsigned long)&long_name[1]);
	REFUSED(ENAMETOOLONG, bind.name = (unsigned long)long_name);
	REFUSED(EINVAL, bind.name = (unsigned long)"");
	for (unsigned int i = bad_places(1, places); i--;) {
		REFUSED(EFAULT, bind.name = places[i]);
		REFUSED(EFAULT, bind.args = places[i]);
		REFUSED(EFAULT, bind.env = places[i], bind.env_size = 1);
	}
	memset(page, 'x', PAGE);
	for (unsigned int there = 1; there < 20; there++) {
		REFUSED(EFAULT, bind.name = (unsigned long)page + PAGE - there);
		REFUSED(EFAULT, bind.args = (unsigned long)page + PAGE - there);
		REFUSED(EFAULT, bind.env = (unsigned long)page + PAGE - there, bind.env_size = 20);
	}
	for (unsigned long huge = 1UL << 47; huge; huge <<= 1) {
		bind = good;
		bind.stack_size = huge - 1;
		if (ASK(fd, UKL_BIND, &bind) != -ENOMEM)
			EXPECT(ASK(fd, UKL_BIND, &bind), -EINVAL);
	}
	bad_addresses(fd, UKL_BIND, sizeof(bind));
	/* A name that ends where the page does is as good as any. */
	strcpy(page + PAGE - sizeof(PROGRAM), PROGRAM);
	good.name = (unsigned long)page + PAGE - sizeof(PROGRAM);
	EXPECT(ASK(fd, UKL_BIND, &good), 0);
	EXPECT(ASK(fd, UKL_BIND, &good), -EBUSY);
	EXPECT(FINISHED(fd, 0, area(fd, 0)), 0);
	/* Once, also after its end. */
	EXPECT(ASK(fd, UKL_BIND, &good), -EBUSY);
}

/* What the application says of its strings, byte by byte. */
static void hash_is(const struct ukl_bind *bind, const struct arguments *strings,
		    unsigned int count)
{
	unsigned long long hash = 0xcbf29ce484222325;
	int fd = open_device();
	char want[128];

	for (size_t i = 0; i < strings->size; i++)
		hash = (hash ^ (unsigned char)strings->bytes[i]) * 0x100000001b3;
	snprintf(want, sizeof(want), "%u %zu %llx", count, strings->size, hash);
	EXPECT(ASK(fd, UKL_BIND, bind), 0);
	HEAR(fd, 0, area(fd, 0), want);
	close(fd);
}

static void arguments_are(const struct arguments *args, unsigned int count)
{
	struct ukl_bind bind = binding(PROGRAM, args);

	hash_is(&bind, args, count);
}

static void environment_is(const struct arguments *env, unsigned int count)
{
	struct arguments args = { .size = 0 };
	struct ukl_bind bind;

	add_argument(&args, PROGRAM);
	add_argument(&args, "env-hash");
	bind = binding(PROGRAM, &args);
	bind.env = (unsigned long)env->bytes;
	bind.env_size = env->size;
	hash_is(&bind, env, count);
}

static void environment_arrives(void)
{
	static struct arguments env;
	struct arguments args = { .size = 0 };
	struct ukl_bind bind;
	unsigned int seed = 1;
	long begin;
	int fd;

	environment_is(&env, 0);
	add_argument(&env, "HOME=/");
	environment_is(&env, 1);
	add_argument(&env, "");
	add_argument(&env, "no value");
	environment_is(&env, 3);
	/* To the last byte. */
	while (env.size < UKL_ARGS_MAX - 1)
		env.bytes[env.size++] = 1 + rand_r(&seed) % 255;
	env.bytes[env.size++] = 0;
	environment_is(&env, 4);
	/* All of them empty, as many as there can be: each is found at once. */
	memset(env.bytes, 0, UKL_ARGS_MAX);
	env.size = UKL_ARGS_MAX;
	begin = now_ms();
	environment_is(&env, UKL_ARGS_MAX);
	EXPECT(now_ms() - begin < 5000, 1);
	/* Both, at the same time, and it is the application's own. */
	memset(&env, 0, sizeof(env));
	add_argument(&env, "A=b");
	add_argument(&args, PROGRAM);
	add_argument(&args, "env");
	bind = binding(PROGRAM, &args);
	bind.env = (unsigned long)env.bytes;
	bind.env_size = env.size;
	fd = open_device();
	EXPECT(ASK(fd, UKL_BIND, &bind), 0);
	memset(&env, 'x', sizeof(env));
	HEAR(fd, 0, area(fd, 0), "A=b");
}

static void arguments_arrive(void)
{
	static struct arguments args;
	struct arguments none = { .size = 0 };
	struct ukl_bind bind = binding(PROGRAM, &none);
	unsigned int seed = 1, count;
	struct ukl_run *run;
	int fd;

	/* One long one fills it to the last byte. */
	add_argument(&args, "u");
	add_argument(&args, "hash");
	while (args.size < UKL_ARGS_MAX - 1)
		args.bytes[args.size++] = 1 + rand_r(&seed) % 255;
	args.bytes[args.size++] = 0;
	arguments_are(&args, 3);
	/* Many, some of them empty. */
	args.size = 0;
	add_argument(&args, "");
	add_argument(&args, "hash");
	for (count = 2; count < 2000; count++) {
		for (unsigned int n = rand_r(&seed) % 30; n; n--)
			args.bytes[args.size++] = 1 + rand_r(&seed) % 255;
		args.bytes[args.size++] = 0;
	}
	arguments_are(&args, count);
	/* 64 KiB of nothing: the first two are there, and empty. */
	memset(args.bytes, 0, UKL_ARGS_MAX);
	args.size = UKL_ARGS_MAX;
	bind = binding(PROGRAM, &args);
	fd = open_device();
	EXPECT(ASK(fd, UKL_BIND, &bind), 0);
	EXPECT(FINISHED(fd, 0, area(fd, 0)), -EINVAL);
	close(fd);
	/* None at all, and no address: the program waits, as on a kernel thread. */
	bind = binding(PROGRAM, &none);
	bind.args = 0;
	fd = open_device();
	EXPECT(ASK(fd, UKL_BIND, &bind), 0);
	EXPECT(ask(fd, UKL_STOP, 0), 0);
	run = area(fd, 0);
	EXPECT(FINISHED(fd, 0, run), -EINTR);
	/* What the process does to its memory after that is its own business. */
	args.size = 0;
	add_argument(&args, "u");
	add_argument(&args, "hash");
	bind = binding(PROGRAM, &args);
	fd = open_device();
	EXPECT(ASK(fd, UKL_BIND, &bind), 0);
	memset(&args, 'x', sizeof(args));
	HEAR(fd, 0, area(fd, 0), "2 7 ba18aa69e8325100");
}

/* The stack that a process asked for is there to the last KiB, and what the table says of it. */
static void stack_sizes(void)
{
	static const struct {
		unsigned long asked, is;
	} sizes[] = {
		{ 0, 65536 },	  { 16384, 16384 },	{ 16385, 20480 },
		{ 65536, 65536 }, { 1 << 20, 1 << 20 },
	};

	for (unsigned int i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		struct arguments args = { .size = 0 };
		struct ukl_run *run, *other;
		struct ukl_bind bind;
		int fd = open_device();
		char bytes[32];

		add_argument(&args, PROGRAM);
		add_argument(&args, "stack");
		snprintf(bytes, sizeof(bytes), "%lu", sizes[i].is - 3072);
		add_argument(&args, bytes);
		bind = binding(PROGRAM, &args);
		bind.stack_size = sizes[i].asked;
		EXPECT(ASK(fd, UKL_BIND, &bind), 0);
		EXPECT(FINISHED(fd, 0, area(fd, 0)), 0);
		close(fd);

		/* Threads that ask for none have the same. */
		args.size = 0;
		add_argument(&args, PROGRAM);
		add_argument(&args, "spawn");
		fd = open_device();
		bind = binding(PROGRAM, &args);
		bind.stack_size = sizes[i].asked;
		EXPECT(ASK(fd, UKL_BIND, &bind), 0);
		run = area(fd, 0);
		RUN_TO(fd, 0, run, UKL_EXIT_THREAD);
		EXPECT(run->thread.number, 1);
		run->result = 0;
		EXPECT(atol(look_up(UKL_STATS_THREADS, "tid", gettid(), "stack")), sizes[i].is);
		EXPECT(atol(look_up(UKL_STATS_APPS, "pid", getpid(), "memory")),
		       2 * (sizes[i].is + info.run_size));
		/* The second one ends, and is counted no more. */
		EXPECT(ask(fd, UKL_STOP, 0), 0);
		other = area(fd, 1);
		EXPECT(FINISHED(fd, 1, other), -EINTR);
		EXPECT(atol(look_up(UKL_STATS_APPS, "pid", getpid(), "memory")),
		       sizes[i].is + info.run_size);
		close(fd);
		munmap(run, info.run_size);
		munmap(other, info.run_size);
	}
}

static void *mapped(int fd, unsigned long size, int prot, int flags, unsigned long offset)
{
	return mmap(NULL, size, prot, flags, fd, offset);
}

static void mapping_rules(void)
{
	const int both = PROT_READ | PROT_WRITE;
	int fd = start("spawn 2"), child;
	unsigned long size = info.run_size;
	char *run, *again;

#define NO_MAP(err, ...)                                          \
	do {                                                      \
		EXPECT(mapped(fd, __VA_ARGS__) == MAP_FAILED, 1); \
		EXPECT(errno, err);                               \
	} while (0)
	NO_MAP(EINVAL, size - PAGE, both, MAP_SHARED, 0);
	NO_MAP(EINVAL, size + PAGE, both, MAP_SHARED, 0);
	NO_MAP(EINVAL, 2 * size, both, MAP_SHARED, 0);
	NO_MAP(EINVAL, PAGE, both, MAP_SHARED, 0);
	NO_MAP(EINVAL, size, both, MAP_PRIVATE, 0);
	NO_MAP(EINVAL, size, PROT_READ, MAP_PRIVATE, 0);
	NO_MAP(EINVAL, size, both, MAP_SHARED, PAGE);
	NO_MAP(EINVAL, size, both, MAP_SHARED, size - PAGE);
	NO_MAP(ESRCH, size, both, MAP_SHARED, size);
	NO_MAP(ESRCH, size, both, MAP_SHARED, info.threads_max * size);
	NO_MAP(ESRCH, size, both, MAP_SHARED, (1UL << 62) / size * size);
	/* Nothing that can be written is executed: not at once, not later. */
	if (mapped(fd, size, both | PROT_EXEC, MAP_SHARED, 0) != MAP_FAILED)
		fail("a run area can be mapped to be executed");
	EXPECT(personality(READ_IMPLIES_EXEC) >= 0, 1);
	again = mapped(fd, size, both, MAP_SHARED, 0);
	if (again != MAP_FAILED && !mprotect(again, size, both | PROT_EXEC))
		fail("a run area can be executed, with READ_IMPLIES_EXEC");
	personality(0);

	run = mapped(fd, size, both, MAP_SHARED, 0);
	EXPECT(run != MAP_FAILED, 1);
	EXPECT(mprotect(run, size, both | PROT_EXEC), -1);
	EXPECT(errno, EACCES);
	/* It is not larger than it is. */
	EXPECT(mremap(run, size, 2 * size, MREMAP_MAYMOVE) == MAP_FAILED, 1);
	EXPECT(errno, EFAULT);
	/* Several mappings are the same memory, all zero to begin with. */
	again = mapped(fd, size, both, MAP_SHARED, 0);
	EXPECT(again != MAP_FAILED, 1);
	for (unsigned long i = 0; i < size; i++)
		EXPECT(run[i], 0);
	for (unsigned long i = 0; i < size; i += 128)
		run[i] = i / 128;
	for (unsigned long i = 0; i < size; i += 128)
		EXPECT(again[i], (char)(i / 128));
	memset(again, 0, size);
	/* Part of it may go, and one may be moved. */
	EXPECT(munmap(again + PAGE, PAGE), 0);
	EXPECT(munmap(again, PAGE), 0);
	again = mremap(run, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, run + (1UL << 30));
	EXPECT(again != MAP_FAILED, 1);
	((struct ukl_run *)again)->data = (unsigned long)again + info.data_offset;
	/* One that can only be read is fine, and stays so. */
	run = mapped(fd, size, PROT_READ, MAP_SHARED, 0);
	EXPECT(run != MAP_FAILED, 1);
	RUN_TO(fd, 0, (struct ukl_run *)again, UKL_EXIT_THREAD);
	EXPECT(((struct ukl_run *)run)->exit, UKL_EXIT_THREAD);
	/* A child has none of them. */
	child = fork_child();
	if (!child) {
		signal(SIGSEGV, SIG_DFL);
		exit(((volatile struct ukl_run *)again)->exit == UKL_EXIT_THREAD);
	}
	EXPECT(waitpid(child, &child, 0) > 0, 1);
	EXPECT(WIFSIGNALED(child) && WTERMSIG(child) == SIGSEGV, 1);
}

/* A run area stays as long as it is mapped, with nobody behind it. */
static void mapping_outlives_the_thread(void)
{
	int fd = start("exit 3");
	struct ukl_run *run = area(fd, 0);

	EXPECT(FINISHED(fd, 0, run), 3);
	EXPECT(map(fd, 0, PROT_READ | PROT_WRITE, MAP_SHARED) == MAP_FAILED, 1);
	EXPECT(errno, ESRCH);
	close(fd);
	EXPECT(run->finished.status, 3);
	memset(run, 0x55, info.run_size);
	munmap(run, info.run_size);
}

static unsigned int lines(const char *text)
{
	unsigned int n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

static char *whole_file(const char *path)
{
	char *text = allocate(1 << 20);
	size_t len = 0;
	ssize_t n;
	int fd = open(path, O_RDONLY);

	if (fd < 0)
		fail("%s: %s", path, strerror(errno));
	while ((n = read(fd, text + len, (1 << 20) - len - 1)) > 0)
		len += n;
	text[len] = 0;
	close(fd);
	return text;
}

static void tables(void)
{
	static const char *const files[] = { "apps", "threads", "programs" };
	static const char *const begins[] = { "app\tpid\t", "app\tpid\ttid\tmode\t",
					      "program\tmodule\t" };
	int app = start("sleep"), fd = open_device();
	struct ukl_run *run = area(app, 0);
	unsigned long places[256];
	char path[64], *text, *buffer;
	struct ukl_stats stats;
	long len;

	/* A line for a thread that does not move: its process is here. */
	HEAR(app, 0, run, "ready");
	for (unsigned int table = 0; table < 3; table++) {
		text = read_table(table);
		EXPECT(strncmp(text, begins[table], strlen(begins[table])), 0);
		EXPECT(lines(text) >= 2, 1);
		snprintf(path, sizeof(path), "/sys/kernel/debug/ukl/%s", files[table]);
		buffer = whole_file(path);
		if (strcmp(text, buffer))
			fail("%s is not what UKL_STATS says:\n%s%s", path, buffer, text);
		/* All of it or nothing. */
		len = strlen(text);
		memset(buffer, 'x', len + 1);
		stats = (struct ukl_stats){ .table = table, .buffer = (unsigned long)buffer };
		for (stats.size = 0; stats.size < (unsigned long)len; stats.size++) {
			EXPECT(ASK(fd, UKL_STATS, &stats), len);
			EXPECT(strspn(buffer, "x") >= (size_t)len, 1);
		}
		EXPECT(ASK(fd, UKL_STATS, &stats), len);
		EXPECT(memcmp(buffer, text, len), 0);
		EXPECT(buffer[len], 'x');
		/* Without a buffer it says how large one has to be. */
		stats.size = 0;
		stats.buffer = 0;
		EXPECT(ASK(fd, UKL_STATS, &stats), len);
		stats.buffer = KERNEL;
		EXPECT(ASK(fd, UKL_STATS, &stats), len);
		for (unsigned int i = bad_places(16, places); i--;) {
			stats.buffer = places[i];
			for (stats.size = len; stats.size;
			     stats.size = stats.size == ~0UL ? 0 : ~0UL)
				EXPECT(ASK(fd, UKL_STATS, &stats), -EFAULT);
		}
		free(text);
	}
	stats = (struct ukl_stats){ .size = 1 << 20, .buffer = (unsigned long)buffer };
	stats.reserved = 1;
	EXPECT(ASK(fd, UKL_STATS, &stats), -EINVAL);
	stats.reserved = 0;
	for (stats.table = 3; stats.table; stats.table <<= 1)
		EXPECT(ASK(fd, UKL_STATS, &stats), -EINVAL);
	bad_addresses(fd, UKL_STATS, sizeof(stats));
	/* What the lines say. */
	EXPECT(strcmp(look_up(UKL_STATS_APPS, "pid", getpid(), "app"), PROGRAM), 0);
	EXPECT(strcmp(look_up(UKL_STATS_APPS, "pid", getpid(), "carrier"), "process"), 0);
	EXPECT(atol(look_up(UKL_STATS_APPS, "pid", getpid(), "threads")), 1);
	EXPECT(atol(look_up(UKL_STATS_THREADS, "tid", gettid(), "pid")), getpid());
	EXPECT(strcmp(look_up(UKL_STATS_THREADS, "tid", gettid(), "mode"), "none"), 0);
	EXPECT(strcmp(look_up(UKL_STATS_PROGRAMS, "running", 1, "program"), PROGRAM), 0);
	EXPECT(strcmp(look_up(UKL_STATS_PROGRAMS, "running", 1, "module"), PROGRAM), 0);
}

/* A process of @uid with a thread that waits; its pid. */
static pid_t waiting_as(uid_t uid)
{
	int ready[2];
	pid_t child;
	char byte;

	EXPECT(pipe(ready), 0);
	child = fork_child();
	if (!child) {
		int fd = start("sleep");
		struct ukl_run *run = area(fd, 0);

		become(uid);
		HEAR(fd, 0, run, "ready");
		close(ready[1]);
		run_on(fd, 0, run);
		exit(0);
	}
	close(ready[1]);
	EXPECT(read(ready[0], &byte, 1), 0);
	close(ready[0]);
	wait_for_mode(child, "kernel");
	return child;
}

static void end_child(pid_t child)
{
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

static void settings(void)
{
	pid_t ours = waiting_as(0), theirs = waiting_as(NOBODY), child;
	int fd = open_device(), own = start("sleep");
	struct ukl_set set = { .tid = ours, .bypass = 7 };
	__u32 others[] = { 0, 1, getpid(), ~0U, 0x7fffffff };

	EXPECT(ASK(fd, UKL_SET, &set), 0);
	EXPECT(atol(look_up(UKL_STATS_THREADS, "tid", ours, "bypass")), 7);
	EXPECT(atol(look_up(UKL_STATS_THREADS, "tid", theirs, "bypass")), 0);
	set.bypass = info.bypass_max;
	EXPECT(ASK(fd, UKL_SET, &set), 0);
	set.bypass++;
	EXPECT(ASK(fd, UKL_SET, &set), -EINVAL);
	set.bypass = ~0U;
	EXPECT(ASK(fd, UKL_SET, &set), -EINVAL);
	set.bypass = 1;
	set.reserved = 1UL << 40;
	EXPECT(ASK(fd, UKL_SET, &set), -EINVAL);
	set.reserved = 0;
	EXPECT(atol(look_up(UKL_STATS_THREADS, "tid", ours, "bypass")), info.bypass_max);
	/* Nobody, and those that run no application. */
	for (unsigned int i = 0; i < 5; i++) {
		set.tid = others[i];
		EXPECT(ASK(fd, UKL_SET, &set), -ESRCH);
	}
	bad_addresses(fd, UKL_SET, sizeof(set));
	/* Bound, but no thread runs it yet. */
	EXPECT(ask(own, UKL_STOP, 0), 0);
	set.tid = gettid();
	EXPECT(ASK(own, UKL_SET, &set), -ESRCH);
	/* Root may with everybody's, others only with their own; whoever opened the device. */
	set.tid = theirs;
	EXPECT(ASK(fd, UKL_SET, &set), 0);
	child = fork_child();
	if (!child) {
		become(NOBODY);
		set.bypass = 3;
		EXPECT(ASK(fd, UKL_SET, &set), 0);
		set.tid = ours;
		EXPECT(ASK(fd, UKL_SET, &set), -EPERM);
		exit(0);
	}
	EXPECT(CHILD_STATUS(child), 0);
	EXPECT(atol(look_up(UKL_STATS_THREADS, "tid", theirs, "bypass")), 3);
	/* Numbers are those of the caller's namespace. */
	child = fork_child();
	if (!child) {
		EXPECT(unshare(CLONE_NEWPID), 0);
		child = fork_child();
		if (!child) {
			set.tid = ours;
			EXPECT(ASK(fd, UKL_SET, &set), -ESRCH);
			exit(0);
		}
		exit(CHILD_STATUS(child));
	}
	EXPECT(CHILD_STATUS(child), 0);
	end_child(ours);
	set.tid = ours;
	EXPECT(ASK(fd, UKL_SET, &set), -ESRCH);
	end_child(theirs);
}

struct racer {
	pthread_barrier_t *barrier;
	int fd;
	long got;
};

static void *binds(void *arg)
{
	struct arguments args = { .size = 0 };
	struct ukl_bind bind = binding(PROGRAM, &args);
	struct racer *racer = arg;

	pthread_barrier_wait(racer->barrier);
	racer->got = ASK(racer->fd, UKL_BIND, &bind);
	return NULL;
}

static void bind_in_two_threads_at_once(void)
{
	pthread_barrier_t barrier;

	pthread_barrier_init(&barrier, NULL, 4);
	for (int round = 0; round < 100; round++) {
		int fd = open_device(), bound = 0;
		struct racer racers[4];
		pthread_t threads[4];

		for (int i = 0; i < 4; i++) {
			racers[i] = (struct racer){ &barrier, fd, 1 };
			pthread_create(&threads[i], NULL, binds, &racers[i]);
		}
		for (int i = 0; i < 4; i++) {
			pthread_join(threads[i], NULL);
			if (racers[i].got != -EBUSY)
				EXPECT(racers[i].got, 0);
			bound += !racers[i].got;
		}
		EXPECT(bound, 1);
		close(fd);
	}
}

/* Requests of a 32-bit program, which this one makes as well as any, with such addresses. */
static long ask32(int fd, unsigned long request, unsigned long arg)
{
	long ret;

	asm volatile("int $0x80"
		     : "=a"(ret)
		     : "a"(54L), "b"((long)fd), "c"(request), "d"(arg)
		     : "memory", "r8", "r9", "r10", "r11");
	return ret;
}

static void from_a_32_bit_program(void)
{
	struct {
		struct ukl_info info;
		struct ukl_bind bind;
		struct ukl_stats stats;
		struct ukl_set set;
		char name[64], args[64], text[8192];
	} *low = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	struct ukl_run *run;
	int fd = open_device();

	EXPECT(low != MAP_FAILED, 1);
	EXPECT(ask32(fd, UKL_INFO, (unsigned long)&low->info), 0);
	EXPECT(low->info.run_size, info.run_size);
	strcpy(low->name, PROGRAM);
	memcpy(low->args,
	       "p\0exit\0"
	       "9",
	       9);
	low->bind = (struct ukl_bind){
		.name = (unsigned long)low->name,
		.args = (unsigned long)low->args,
		.args_size = 9,
	};
	EXPECT(ask32(fd, UKL_BIND, (unsigned long)&low->bind), 0);
	run = area(fd, 0);
	EXPECT(ask32(fd, UKL_RUN, 0), 0);
	EXPECT(run->exit, UKL_EXIT_FINISHED);
	EXPECT(run->finished.status, 9);
	low->stats.buffer = (unsigned long)low->text;
	low->stats.size = sizeof(low->text);
	EXPECT(ask32(fd, UKL_STATS, (unsigned long)&low->stats) > 0, 1);
	EXPECT(strncmp(low->text, "app\t", 4), 0);
	low->set.tid = 1;
	EXPECT(ask32(fd, UKL_SET, (unsigned long)&low->set), -ESRCH);
	EXPECT(ask32(fd, UKL_STOP, 0), 0);
	EXPECT(ask32(fd, _IO(UKL_IOC, 77), 0), -ENOTTY);
}

/* Many are open at once, and one process runs several applications. */
static void many_descriptors(void)
{
	enum { MANY = 200 };
	struct ukl_run *runs[MANY];
	int fds[MANY];

	for (int i = 0; i < MANY; i++) {
		fds[i] = start("turns 3");
		runs[i] = area(fds[i], 0);
	}
	EXPECT(atol(look_up(UKL_STATS_PROGRAMS, "running", MANY, "running")), MANY);
	for (int turn = 0; turn < 3; turn++) {
		for (int i = 0; i < MANY; i++)
			HEAR(fds[i], 0, runs[i], ((const char *[]){ "0", "1", "2" })[turn]);
	}
	for (int i = MANY - 1; i >= 0; i--)
		EXPECT(FINISHED(fds[i], 0, runs[i]), 0);
	for (int i = 0; i < MANY; i++) {
		munmap(runs[i], info.run_size);
		close(fds[i]);
	}
	EXPECT(lines(read_table(UKL_STATS_APPS)), 1);
}

/* The last descriptor, whichever that is. */
static void duplicates(void)
{
	int fd = start("turns 2"), again = dup(fd), third;
	struct ukl_run *run = area(fd, 0);

	HEAR(fd, 0, run, "0");
	close(fd);
	HEAR(again, 0, run, "1");
	third = fcntl(again, F_DUPFD_CLOEXEC, 100);
	close(again);
	EXPECT(FINISHED(third, 0, run), 0);
	EXPECT(atol(look_up(UKL_STATS_APPS, "pid", getpid(), "pid")), getpid());
	munmap(run, info.run_size);
	close(third);
	EXPECT(lines(read_table(UKL_STATS_APPS)), 1);
}

static const struct {
	const char *name;
	void (*run)(void);
} tests[] = {
	{ "node", node },
	{ "others_may_not_open", others_may_not_open },
	{ "layouts", layouts },
	{ "info_values", info_values },
	{ "unknown_requests", unknown_requests },
	{ "nothing_bound", nothing_bound },
	{ "bind_errors", bind_errors },
	{ "bind_in_two_threads_at_once", bind_in_two_threads_at_once },
	{ "arguments_arrive", arguments_arrive },
	{ "environment_arrives", environment_arrives },
	{ "stack_sizes", stack_sizes },
	{ "mapping_rules", mapping_rules },
	{ "mapping_outlives_the_thread", mapping_outlives_the_thread },
	{ "tables", tables },
	{ "settings", settings },
	{ "from_a_32_bit_program", from_a_32_bit_program },
	{ "many_descriptors", many_descriptors },
	{ "duplicates", duplicates },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc == 2 && i < sizeof(tests) / sizeof(*tests); i++) {
		if (strcmp(argv[1], tests[i].name))
			continue;
		tests[i].run();
		return 0;
	}
	for (size_t i = 0; i < sizeof(tests) / sizeof(*tests); i++)
		puts(tests[i].name);
	return 2;
}
