/* SPDX-License-Identifier: GPL-2.0 */
/*
 * hook.h - code of a test inside a call: a connection whose receive is the test's, and what a call
 * finds out there about the stack it runs on.
 */
#ifndef _UKL_TEST_HOOK_H
#define _UKL_TEST_HOOK_H

#include <linux/kprobes.h>
#include <linux/sched/task_stack.h>
#include <net/sock.h>

#include "test.h"

/** struct stacks - how many times something ran on which stack */
struct stacks {
	unsigned int app, task;
};

/** on_task_stack() - whether @address is on the kernel stack of the current task */
static inline bool on_task_stack(unsigned long address)
{
	return address - (unsigned long)task_stack_page(current) < THREAD_SIZE;
}

static inline void stacks_count(struct stacks *stacks, unsigned long sp)
{
	if (on_task_stack(sp))
		stacks->task++;
	else
		stacks->app++;
}

/**
 * struct hook - a connection whose receive calls the test on its way
 * @sock: our end; ukl_tcp_recv() on it comes by
 * @stacks: where receives ran
 * @during: called in each receive, in task context, or NULL
 */
struct hook {
	struct ukl_sock *sock;
	struct stacks stacks;
	void (*during)(struct hook *hook);
	void *data;

	struct ukl_sock *listener, *far;
	struct sock *sk;
	struct proto *proto;
	struct proto ours;
};

bool hook_open(struct test *t, struct hook *hook);
void hook_close(struct test *t, struct hook *hook);

/** hook_recv() - @calls receives that find nothing; where they ran is added to @hook->stacks */
void hook_recv(struct test *t, struct hook *hook, unsigned int calls, int flags);

/** struct trap - counts on which stack the current task enters a function of the kernel */
struct trap {
	struct kprobe probe;
	struct task_struct *task;
	struct stacks stacks;
	/* What calls gave that were made on top of the function. */
	int null, mode;
};

bool trap_set(struct test *t, struct trap *trap, const char *function);
void trap_clear(struct trap *trap);

/**
 * with_stack_left() - call @fn(@data) with @left bytes, or a little less, of application stack left
 *
 * For a thread with a stack of the default size, and one of its first functions.
 */
void with_stack_left(size_t left, void (*fn)(void *data), void *data);

/** pin() - keep the current task on @cpu */
void pin(struct test *t, int cpu);

/** other_cpu() - a CPU that is not @cpu, or @cpu if there is no other */
int other_cpu(int cpu);

#endif /* _UKL_TEST_HOOK_H */
