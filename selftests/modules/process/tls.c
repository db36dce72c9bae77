// SPDX-License-Identifier: GPL-2.0
/* The base of %fs: the application's own, whatever the thread does in between. */
#include <linux/string.h>
#include <asm/cpufeature.h>
#include <asm/fsgsbase.h>
#include <asm/unistd_64.h>
#include <uapi/asm/signal.h>

#include "process.h"

/* What a C library has at %fs:0: where that is. */
struct block {
	struct block *self;
	unsigned long number;
};

static struct block *through_fs(void)
{
	struct block *self;

	asm volatile("mov %%fs:0, %0" : "=r" (self));
	return self;
}

static bool is_own(const struct block *own)
{
	return rdfsbase() == (unsigned long)own && through_fs() == own;
}

static void handler(int signal, const void *info, void *arg)
{
	struct block *own;

	/* That of whichever thread it runs on; who sends signals may be faster than it. */
	if (!rdfsbase())
		return;
	own = through_fs();
	own->number += is_own(own);
}

/* Whether signals are left out. */
static bool quiet(void)
{
	return ukl_arg(4);
}

/* Sets one of its own and finds it after calls of each kind; 0 if so, else which did not. */
static int keeps(struct block *own, long rounds)
{
	struct block second = { .self = &second };

	if (rdfsbase())
		return 1;
	own->self = own;
	wrfsbase((unsigned long)own);
	for (long i = 0; i < rounds; i++) {
		unsigned long handled = own->number;

		ukl_null();
		if (!is_own(own))
			return 2;
		ukl_sleep(NSEC_PER_MSEC);
		if (!is_own(own))
			return 3;
		ukl_syscall(__NR_getpid, 0, 0, 0, 0, 0, 0);
		if (!is_own(own))
			return 4;
		if (!quiet())
			ukl_syscall(__NR_tgkill, current->tgid, current->pid, SIGUSR1, 0, 0, 0);
		ukl_null();
		if (!is_own(own) || own->number != handled + !quiet())
			return 5;
		ukl_bypass(10);
		ukl_null();
		if (!is_own(own))
			return 6;
		/* Another one meanwhile, as a thread of a library's own may have. */
		wrfsbase((unsigned long)&second);
		ukl_syscall(__NR_sched_yield, 0, 0, 0, 0, 0, 0);
		if (!is_own(&second))
			return 7;
		wrfsbase((unsigned long)own);
	}
	return 0;
}

static int thread(void *arg)
{
	return keeps(arg, number(2, 1));
}

/* tls ROUNDS [THREADS [quiet]]: on the first thread and others at once; says what each found. */
int command_tls(void)
{
	struct ukl_sigaction action = { .handler = handler };
	struct ukl_thread *threads[8];
	long n = min_t(long, number(3, 2), ARRAY_SIZE(threads));
	struct block *blocks;
	int err, status;

	if (!cpu_feature_enabled(X86_FEATURE_FSGSBASE)) {
		say("no fsgsbase");
		return 0;
	}
	blocks = ukl_alloc((n + 1) * sizeof(*blocks));
	err = PTR_ERR_OR_ZERO(blocks);
	if (!err && !quiet())
		err = ukl_sigaction(SIGUSR1, &action);
	if (err)
		return err;
	for (long i = 0; i < n; i++) {
		threads[i] = ukl_thread_spawn(thread, &blocks[i], 0);
		if (IS_ERR(threads[i]))
			return PTR_ERR(threads[i]);
	}
	err = keeps(&blocks[n], number(2, 1));
	if (err)
		say("the first thread: %d", err);
	for (long i = 0; i < n; i++) {
		err = ukl_thread_join(threads[i], &status) ?: status;
		if (err)
			say("thread %ld: %d", i + 1, err);
	}
	say("done");
	return 0;
}
