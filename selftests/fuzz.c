// SPDX-License-Identifier: GPL-2.0
/*
 * Random requests to /dev/ukl: good ones, nearly good ones and nonsense, from many threads of
 * several processes at once that share descriptors, map, unmap and write run areas, and are killed
 * at any time.
 *
 *   fuzz [--seed N] [--seconds N] [--processes N] [--threads N]
 *
 * Prints its seed. What a thread asks for depends on that alone, what comes of it on the machine.
 * Exit status 0 if all were answered by what uapi/ukl.h knows, and each thing was answered in some
 * way; else 1 and a line that says what was not.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <getopt.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/random.h>

#include "device.h"
#include "stream.h"

#define DESCRIPTORS 8
#define MAX_PROCESSES 32
#define MAX_THREADS 16
#define PAGE 4096UL
/* Answers among which there is each kind of exit. */
#define DEEP	20000
/* Milliseconds that a process may take to die, on a machine that has other things to do. */
#define DEATH 60000

enum { OPEN, CLOSE, INFO, BIND, RUN, STOP, STATS, SET, MAP, UNMAP, OTHER, PASS, KINDS };

static const char *const names[KINDS] = {
	"open",	 "close", "info", "bind",  "run",   "stop",
	"stats", "set",	  "map",  "unmap", "other", "pass",
};

/* What is counted over all processes: how many requests of each kind were answered by each errno.
 */
#define ERRNOS 134

struct shared {
	_Atomic unsigned long answers[KINDS][ERRNOS];
	_Atomic unsigned long exits[8];
	_Atomic unsigned long bad;
};

static struct shared *shared;
static unsigned int thread_count = 6;
static long longest_death;

/* What the threads of one process share. */
static struct {
	_Atomic int fd;
	struct ukl_run *_Atomic areas[4];
} slots[DESCRIPTORS];

/* Where random bytes are read from and tables are written to; its last page is a hole. */
static char *memory;
#define MEMORY (64 * PAGE)

struct fuzzer {
	__u64 random;
};

static __u64 roll(struct fuzzer *f, __u64 below)
{
	return stream_random(&f->random) % below;
}

static bool one_in(struct fuzzer *f, unsigned int n)
{
	return !roll(f, n);
}

/* A number that is of interest to somebody. */
static __u64 value(struct fuzzer *f)
{
	switch (roll(f, 8)) {
	case 0:
		return roll(f, 4);
	case 1:
		return 1UL << roll(f, 64);
	case 2:
		return (1UL << roll(f, 64)) - 1;
	case 3:
		return -roll(f, 4200);
	case 4:
		return roll(f, 128 * 1024);
	case 5:
		return roll(f, 64) * PAGE;
	case 6:
		return (unsigned long)memory + roll(f, MEMORY);
	default:
		return stream_random(&f->random);
	}
}

static void answered(unsigned int kind, long ret)
{
	/* Numbers of bytes are good, errnos are known. */
	if (ret >= 0)
		ret = 0;
	if (ret <= -ERRNOS)
		shared->bad++;
	else
		shared->answers[kind][-ret]++;
}

/* As many random bytes as @size, most of them zero. */
static void scribble(struct fuzzer *f, void *to, size_t size)
{
	__u64 *words = to;

	for (unsigned int n = 1 + roll(f, 4); n; n--)
		words[roll(f, size / 8)] = value(f);
}

static void *place(struct fuzzer *f, size_t size)
{
	/* Now and then some of it is not there. */
	if (one_in(f, 16))
		return memory + MEMORY - roll(f, size + 1);
	return memory + roll(f, (MEMORY - size) / 8) * 8;
}

static int random_fd(struct fuzzer *f)
{
	return slots[roll(f, DESCRIPTORS)].fd;
}

/* What the program is to do. */
static size_t random_arguments(struct fuzzer *f, char *to)
{
	static const char *const commands[] = {
		"exit",	    "args",	 "sleep", "receive", "spin",	 "stubborn", "calls",
		"bypass",   "mixed",	 "join",  "alloc",   "identity", "serve",    "hash",
		"syscall",  "sigaction", "spawn", "stack",   "data",	 "turns",    "nulls",
		"speakers", "busy",	 "fault", "signal",  "over",	 "race",     "thread-exit",
		"tls",	    "call",	 "env",	  "env-hash",
	};
	static const char *const words[] = {
		"0",
		"1",
		"2",
		"7",
		"9",
		"-1",
		"",
		"handle",
		"ignore",
		"wait",
		"same",
		"nested",
		"self",
		"compute",
		"x=y",
		"first",
		"spin",
		"sleep",
		"recv",
		"pause",
		"results",
		"bypassed",
	};
	/* Those that the kernel does not report before they are contained. */
	static const char *const faults[] = { "noncanonical", "ud2", "divide", "abort" };
	struct arguments args = { .size = 0 };
	const char *command = commands[roll(f, sizeof(commands) / sizeof(*commands))];

	add_argument(&args, PROGRAM);
	add_argument(&args, command);
	if (!strcmp(command, "fault") && !one_in(f, 4))
		add_argument(&args, faults[roll(f, sizeof(faults) / sizeof(*faults))]);
	for (unsigned int n = roll(f, 4); n; n--)
		add_argument(&args, words[roll(f, sizeof(words) / sizeof(*words))]);
	memcpy(to, args.bytes, args.size);
	return args.size;
}

static void fuzz_bind(struct fuzzer *f)
{
	struct ukl_bind *bind = place(f, sizeof(*bind)), good;
	char *args = memory + roll(f, 32) * PAGE, *name = memory + roll(f, 60) * PAGE;

	strcpy(name, PROGRAM);
	good = (struct ukl_bind){
		.name = (unsigned long)name,
		.args = (unsigned long)args,
		.args_size = random_arguments(f, args),
		.bypass = one_in(f, 3) ? roll(f, 70000) : 0,
		.stack_size = one_in(f, 3) ? roll(f, 1 << 18) : 0,
		/* That of the arguments is as good as any. */
		.env = (unsigned long)args,
	};
	if (one_in(f, 2))
		good.env_size = good.args_size;
	if (one_in(f, 3))
		scribble(f, &good, sizeof(good));
	/* Not so large that there is no memory for anybody else. */
	if (good.stack_size >> 40 == 0)
		good.stack_size %= 1 << 20;
	/* Whoever else writes there meanwhile, and whether all of it is there or not. */
	if ((char *)bind + sizeof(*bind) <= memory + MEMORY)
		*bind = good;
	answered(BIND, ASK(random_fd(f), UKL_BIND, one_in(f, 50) ? (void *)value(f) : bind));
}

/* Calls that a program may ask for and that cannot hurt whoever makes them. */
static long harmless(const struct ukl_run *run)
{
	switch (run->syscall.nr) {
	case SYS_write:
		return run->syscall.args[2];
	case SYS_getpid:
	case SYS_gettid:
		return syscall(run->syscall.nr);
	default:
		return -ENOSYS;
	}
}

static void fuzz_run(struct fuzzer *f)
{
	unsigned int slot = roll(f, DESCRIPTORS), number = roll(f, 4);
	volatile struct ukl_run *run = slots[slot].areas[number];
	bool mean = one_in(f, 4);
	long ret;

	/* It may go away at any time; see survive(). */
	for (int i = 0; i < 20; i++) {
		if (mean && run)
			scribble(f, (void *)run, one_in(f, 2) ? 64 : sizeof(*run));
		if (one_in(f, 10) && run)
			run->interrupt = 1;
		ret = ask(slots[slot].fd, UKL_RUN, one_in(f, 20) ? value(f) : number);
		answered(RUN, ret);
		if (!run || (ret && ret != -EINTR))
			return;
		shared->exits[run->exit & 7]++;
		run->result = 0;
		if (run->exit == UKL_EXIT_SYSCALL)
			run->result = harmless((const struct ukl_run *)run);
		if (run->exit == UKL_EXIT_THREAD && one_in(f, 4))
			run->result = -EAGAIN;
		if (run->exit == UKL_EXIT_FINISHED || run->exit == UKL_EXIT_FAULT)
			return;
		if (one_in(f, 5)) {
			run->signal.number = 1 + roll(f, 64);
			run->signal.reserved = 0;
			run->signal.mask = 0;
			run->flags = UKL_RUN_SIGNAL;
		}
		if (mean)
			run->result = value(f);
	}
}

static void fuzz_stats(struct fuzzer *f)
{
	struct ukl_stats *stats = place(f, sizeof(*stats)), good = {
		.table = roll(f, 4),
		.buffer = (unsigned long)memory + roll(f, 32) * PAGE,
		.size = 16 * PAGE,
	};

	if (one_in(f, 3))
		scribble(f, &good, sizeof(good));
	if ((char *)stats + sizeof(*stats) <= memory + MEMORY)
		*stats = good;
	answered(STATS, ASK(random_fd(f), UKL_STATS, one_in(f, 50) ? (void *)value(f) : stats));
}

static void fuzz_set(struct fuzzer *f)
{
	struct ukl_set *set = place(f, sizeof(*set)), good = {
		.tid = getpid() + roll(f, 40) - 20,
		.bypass = roll(f, 70000),
	};

	if (one_in(f, 3))
		scribble(f, &good, sizeof(good));
	if ((char *)set + sizeof(*set) <= memory + MEMORY)
		*set = good;
	answered(SET, ASK(random_fd(f), UKL_SET, one_in(f, 50) ? (void *)value(f) : set));
}

static void fuzz_map(struct fuzzer *f)
{
	unsigned int slot = roll(f, DESCRIPTORS), number = roll(f, 4);
	unsigned long size = info.run_size, offset = number * size;
	int prot = PROT_READ | PROT_WRITE, flags = MAP_SHARED;
	void *at;

	if (one_in(f, 5)) {
		size = one_in(f, 2) ? size : (1 + roll(f, 40)) * PAGE;
		offset = one_in(f, 2) ? offset : value(f) & -PAGE;
		prot = roll(f, 8);
		flags = 1 + roll(f, 2);
	}
	at = mmap(NULL, size, prot, flags, slots[slot].fd, offset);
	answered(MAP, at == MAP_FAILED ? -errno : 0);
	if (at == MAP_FAILED)
		return;
	if (size == info.run_size && prot == (PROT_READ | PROT_WRITE) && flags == MAP_SHARED &&
	    offset == number * size) {
		at = atomic_exchange(&slots[slot].areas[number], at);
		if (at && one_in(f, 2))
			munmap(at, info.run_size);
	} else {
		munmap(at, size);
	}
}

static void fuzz_unmap(struct fuzzer *f)
{
	struct ukl_run *run = atomic_exchange(&slots[roll(f, DESCRIPTORS)].areas[roll(f, 4)], NULL);

	if (run)
		answered(UNMAP, munmap(run, info.run_size) ? -errno : 0);
}

static void fuzz_open(struct fuzzer *f)
{
	int fd = open(DEVICE, O_RDWR | (one_in(f, 2) ? O_CLOEXEC : 0));

	answered(OPEN, fd < 0 ? -errno : 0);
	fd = atomic_exchange(&slots[roll(f, DESCRIPTORS)].fd, fd);
	if (fd >= 0)
		answered(CLOSE, close(fd) ? -errno : 0);
}

/* Another process with the descriptors, for a while. */
static void fuzz_pass(struct fuzzer *f)
{
	pid_t child = fork();

	if (child < 0) {
		answered(PASS, -errno);
		return;
	}
	if (!child) {
		for (int i = 0; i < 20; i++) {
			int fd = random_fd(f);

			ask(fd, one_in(f, 2) ? UKL_RUN : UKL_STOP, roll(f, 4));
			map(fd, roll(f, 4), PROT_READ | PROT_WRITE, MAP_SHARED);
		}
		_exit(0);
	}
	if (one_in(f, 2))
		kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	answered(PASS, 0);
}

static void fuzz_other(struct fuzzer *f)
{
	unsigned int request = one_in(f, 2) ? _IOC(roll(f, 4), UKL_IOC, roll(f, 8), roll(f, 64)) :
					      value(f);

	/* Those of the kernel's own that would wait, or change the descriptor. */
	if (_IOC_TYPE(request) != UKL_IOC)
		request = (request & ~0xff00U) | UKL_IOC << 8;
	if (request == UKL_RUN)
		return;
	answered(OTHER,
		 ask(random_fd(f), request, one_in(f, 2) ? value(f) : (unsigned long)place(f, 64)));
}

static void *fuzzes(void *arg)
{
	struct fuzzer f = { *(__u64 *)arg };

	for (;;) {
		switch (roll(&f, 40)) {
		case 0 ... 2:
			fuzz_open(&f);
			break;
		case 3 ... 9:
			fuzz_bind(&f);
			break;
		case 10 ... 21:
			fuzz_run(&f);
			break;
		case 22:
			answered(STOP, ask(random_fd(&f), UKL_STOP, value(&f)));
			break;
		case 23 ... 25:
			fuzz_stats(&f);
			break;
		case 26 ... 28:
			fuzz_set(&f);
			break;
		case 29 ... 34:
			fuzz_map(&f);
			break;
		case 35:
			fuzz_unmap(&f);
			break;
		case 36:
			answered(INFO, ASK(random_fd(&f), UKL_INFO,
					   one_in(&f, 3) ? (void *)value(&f) : place(&f, 32)));
			break;
		case 37 ... 38:
			fuzz_other(&f);
			break;
		default:
			if (one_in(&f, 4))
				fuzz_pass(&f);
			break;
		}
	}
	return NULL;
}

/*
 * Memory that another thread has unmapped: whoever gets there begins again, with what comes next. A
 * mapping that is gone, or is another one's now, is part of the game.
 */
static void survive(int number, siginfo_t *what, void *context)
{
	(void)number;
	(void)what;
	(void)context;
	syscall(SYS_exit, 0);
}

static __u64 seeds[MAX_THREADS];

static void be_a_fuzzer(__u64 seed)
{
	struct sigaction action = { .sa_sigaction = survive, .sa_flags = SA_SIGINFO | SA_ONSTACK };
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	pthread_t thread;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (int number = 1; number < 32; number++)
		sigaction(number, &ignore, NULL);
	signal(SIGCHLD, SIG_DFL);
	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
	memory = mmap(NULL, MEMORY + PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		      0);
	munmap(memory + MEMORY, PAGE);
	for (int i = 0; i < DESCRIPTORS; i++)
		slots[i].fd = open(DEVICE, O_RDWR);
	for (unsigned int i = 0; i < thread_count; i++) {
		seeds[i] = seed * MAX_THREADS + i + 1;
		if (pthread_create(&thread, NULL, fuzzes, &seeds[i]))
			_exit(1);
	}
	/* If all of its threads have got lost, there is nothing more to come. */
	syscall(SYS_exit, 0);
}

static void show(const char *path)
{
	char text[4096];
	ssize_t n;
	int fd = open(path, O_RDONLY);

	if (fd < 0)
		return;
	while ((n = read(fd, text, sizeof(text))) > 0)
		fwrite(text, 1, n, stdout);
	close(fd);
}

/* Why a process that was killed is still there. */
static void show_threads(pid_t pid)
{
	char path[300];
	struct dirent *entry;
	DIR *dir;

	printf("process %d is still there:\n", pid);
	show("/sys/kernel/debug/ukl/threads");
	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		printf("%s\n", entry->d_name);
		snprintf(path, sizeof(path), "/proc/%d/task/%s/stat", pid, entry->d_name);
		show(path);
		snprintf(path, sizeof(path), "/proc/%d/task/%s/stack", pid, entry->d_name);
		show(path);
	}
	if (dir)
		closedir(dir);
}

/* Kills a process, which must not mind for long. */
static void end(pid_t pid)
{
	long begin = now_ms();
	bool shown = false;

	if (pid <= 0)
		return;
	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, WNOHANG) != pid) {
		if (now_ms() - begin > DEATH && !shown) {
			show_threads(pid);
			shown = true;
		}
		if (now_ms() - begin > 2 * DEATH)
			fail("process %d does not die", pid);
		usleep(2000);
	}
	begin = now_ms() - begin;
	if (begin > longest_death)
		longest_death = begin;
	if (shown)
		fail("process %d has taken %ld ms to die", pid, begin);
}

static void report(void)
{
	unsigned long all = 0;
	unsigned int missing = 0;

	for (unsigned int kind = 0; kind < KINDS; kind++) {
		unsigned long sum = 0;

		printf("%s:", names[kind]);
		for (unsigned int e = 0; e < ERRNOS; e++) {
			unsigned long n = shared->answers[kind][e];

			sum += n;
			if (n)
				printf(" %s %lu", e ? strerrorname_np(e) : "0", n);
		}
		putchar('\n');
		all += sum;
		missing += !sum;
	}
	printf("longest death: %ld ms\n", longest_death);
	printf("exits:");
	for (unsigned int i = 0; i < 8; i++)
		printf(" %lu", shared->exits[i]);
	putchar('\n');
	if (shared->bad)
		fail("%lu answers are no errno that user space knows", shared->bad);
	if (missing)
		fail("%u kinds of requests were never answered", missing);
	/* Worth something if it has gone deep, for which a slow machine may have no time. */
	if (all < DEEP)
		printf("%lu answers are too few for each kind of exit\n", all);
	else if (!shared->answers[BIND][0] || !shared->exits[UKL_EXIT_FINISHED] ||
		 !shared->exits[UKL_EXIT_SYSCALL] || !shared->exits[UKL_EXIT_THREAD] ||
		 !shared->exits[UKL_EXIT_FAULT] || !shared->exits[UKL_EXIT_SIGACTION])
		fail("some exit was never seen");
	for (unsigned int e = 1; e < ERRNOS; e++) {
		static const int known[] = {
			EPERM,	ENOENT, ESRCH,	EINTR,	EIO,	ENXIO,	      E2BIG,
			EBADF,	EAGAIN, ENOMEM, EACCES, EFAULT, EBUSY,	      EEXIST,
			ENODEV, EINVAL, ENFILE, EMFILE, ENOTTY, ENAMETOOLONG, EOVERFLOW,
		};
		bool is_known = false;

		for (unsigned int i = 0; i < sizeof(known) / sizeof(*known); i++)
			is_known |= known[i] == (int)e;
		for (unsigned int kind = 0; kind < KINDS; kind++) {
			if (!is_known && shared->answers[kind][e])
				fail("%s was answered by %s", names[kind], strerrorname_np(e));
		}
	}
}

int main(int argc, char **argv)
{
	static const struct option options[] = { { "seed", required_argument, NULL, 's' },
						 { "seconds", required_argument, NULL, 't' },
						 { "processes", required_argument, NULL, 'p' },
						 { "threads", required_argument, NULL, 'n' },
						 {} };
	unsigned int processes = 4, seconds = 60;
	pid_t pids[MAX_PROCESSES] = { 0 };
	struct fuzzer f;
	__u64 seed = 0;
	long last;
	int option;

	if (getrandom(&seed, 4, 0) != 4)
		fail("getrandom: %s", strerror(errno));
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 's':
			seed = strtoull(optarg, NULL, 0);
			break;
		case 't':
			seconds = atoi(optarg);
			break;
		case 'p':
			processes = atoi(optarg);
			break;
		case 'n':
			thread_count = atoi(optarg);
			break;
		default:
			return 2;
		}
	}
	if (processes > MAX_PROCESSES || thread_count > MAX_THREADS)
		fail("too many");
	printf("seed %llu\n", (unsigned long long)seed);
	close(open_device());
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (shared == MAP_FAILED)
		fail("mmap: %s", strerror(errno));
	f.random = seed;
	last = now_ms() + 1000L * seconds;
	for (unsigned int life = 0; now_ms() < last; life++) {
		pid_t *pid = &pids[life % processes];

		/* The oldest one dies, in the middle of whatever it does. */
		end(*pid);
		*pid = fork_child();
		if (!*pid)
			be_a_fuzzer(seed + life);
		usleep(50000 + roll(&f, 400000));
	}
	for (unsigned int i = 0; i < processes; i++)
		end(pids[i]);
	report();
	return 0;
}
