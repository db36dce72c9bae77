// SPDX-License-Identifier: GPL-2.0
/* Waiting for events beside a thread that does not wait. */
#include <linux/sched.h>
#include "process.h"

#define WAKES	20

/** struct pair - a thread that waits, and one that makes it go on as soon as it can */
struct pair {
	struct ukl_poll *poll;
	unsigned int taken;
};

static int waker(void *data)
{
	struct pair *pair = data;

	for (unsigned int n = 1; n <= WAKES; n++) {
		ukl_poll_wake(pair->poll);
		while (READ_ONCE(pair->taken) < n) {
			int err = ukl_null();

			if (err)
				return err;
		}
	}
	return 0;
}

/* batch: says in how many of 20 waits it slept; the other thread is to be on the same processor. */
int command_batch(void)
{
	struct pair pair = { .poll = ukl_poll_create() };
	unsigned long slept = current->nvcsw;
	struct ukl_thread *thread;
	int err = PTR_ERR_OR_ZERO(pair.poll), status;

	if (err)
		return err;
	thread = ukl_thread_spawn(waker, &pair, 0);
	if (IS_ERR(thread)) {
		ukl_poll_close(pair.poll);
		return PTR_ERR(thread);
	}
	while (!err && pair.taken < WAKES) {
		struct ukl_event event;

		err = ukl_poll_wait(pair.poll, &event, 1, UKL_FOREVER);
		WRITE_ONCE(pair.taken, pair.taken + 1);
	}
	slept = current->nvcsw - slept;
	err = err ?: ukl_thread_join(thread, &status);
	ukl_poll_close(pair.poll);
	say("slept %lu", slept);
	return err ?: status;
}
