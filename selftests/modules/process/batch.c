// SPDX-License-Identifier: GPL-2.0
/* Waiting for events beside a thread that does not wait. */
#include <linux/sched.h>
#include "process.h"

#define ROUNDS	200

/** struct pair - two threads that wake each other in turn */
struct pair {
	struct ukl_poll *ours;
	struct ukl_poll *theirs;
};

static int wait_for(struct ukl_poll *poll)
{
	struct ukl_event event;
	int count = ukl_poll_wait(poll, &event, 1, UKL_FOREVER);

	return min(count, 0);
}

static int waker(void *data)
{
	struct pair *pair = data;
	int err = 0;

	for (unsigned int n = 0; !err && n < ROUNDS; n++) {
		ukl_poll_wake(pair->ours);
		err = wait_for(pair->theirs);
	}
	return err;
}

/* batch: says in how many of 200 waits it slept; the other thread has to be on its processor. */
int command_batch(void)
{
	struct pair pair = { .ours = ukl_poll_create(), .theirs = ukl_poll_create() };
	unsigned long slept = current->nvcsw;
	int err = PTR_ERR_OR_ZERO(pair.ours) ?: PTR_ERR_OR_ZERO(pair.theirs), status = 0;
	struct ukl_thread *thread;

	if (err)
		goto close;
	thread = ukl_thread_spawn(waker, &pair, 0);
	if (IS_ERR(thread)) {
		err = PTR_ERR(thread);
		goto close;
	}
	for (unsigned int n = 0; !err && n < ROUNDS; n++) {
		err = wait_for(pair.ours);
		ukl_poll_wake(pair.theirs);
	}
	slept = current->nvcsw - slept;
	err = err ?: ukl_thread_join(thread, &status);
	say("slept %lu", slept);
close:
	if (!IS_ERR(pair.theirs))
		ukl_poll_close(pair.theirs);
	if (!IS_ERR(pair.ours))
		ukl_poll_close(pair.ours);
	return err ?: status;
}
