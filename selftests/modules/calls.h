/* SPDX-License-Identifier: GPL-2.0 */
/* calls.h - every call there is, for the rules that hold for all of them. */
#ifndef _UKL_TEST_CALLS_H
#define _UKL_TEST_CALLS_H

#include "test.h"

/** struct handles - what to make every call with */
struct handles {
	struct peer peer;
	struct ukl_thread *thread;
	struct ukl_sock *listener, *sock, *fresh;
	struct ukl_file *file;
	struct socket *plain;
	u32 word;
};

/** struct outcome - a call, and what it gave */
struct outcome {
	const char *call;
	long result;
};

/** struct outcomes - what all calls gave */
struct outcomes {
	/** @all: those that are not in the other two */
	struct outcome all[36];
	/** @any: those that a task which is no UKL thread may make as well */
	struct outcome any[4];
	/** @back: those that work also when the thread was asked to stop */
	struct outcome back[8];
	/** @null: those that do nothing; with interrupts disabled, they may enable them */
	struct outcome null[2];
	int alls, anys, backs, nulls;
};

/**
 * call_each() - make every call
 *
 * Neither sleeps nor prints if the calls are refused, so that it can run anywhere.
 */
void call_each(struct handles *h, struct outcomes *out);

/** expect_all() - report each of @n outcomes that is not @want */
void expect_all(struct test *t, const struct outcome *out, int n, long want);

/** expect_each() - report each outcome that is not @want */
void expect_each(struct test *t, const struct outcomes *out, long want);

bool handles_open(struct test *t, struct handles *h);

/** handles_close() - closes them; reports what calls that were refused have done to them */
void handles_close(struct test *t, struct handles *h);

#endif /* _UKL_TEST_CALLS_H */
