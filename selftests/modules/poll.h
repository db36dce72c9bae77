/* SPDX-License-Identifier: GPL-2.0 */
/* poll.h - what the tests of event sets share. */
#ifndef _UKL_TEST_POLL_H
#define _UKL_TEST_POLL_H

#include <linux/time64.h>

#include "test.h"

/** PATIENCE - nanoseconds within which comes what has to come, on a slow machine too */
#define PATIENCE	(10 * NSEC_PER_SEC)
/** MOMENT - nanoseconds to see that nothing comes */
#define MOMENT		(50 * NSEC_PER_MSEC)

void poll_expect(struct test *t, const char *file, int line, struct ukl_poll *poll, u64 token,
		 __poll_t events);

/** EXPECT_EVENT() - report unless the next wait returns @events of @token and nothing else */
#define EXPECT_EVENT(t, poll, token, events) \
	poll_expect(t, __FILE__, __LINE__, poll, token, events)

/** EXPECT_QUIET() - report if a wait returns anything */
#define EXPECT_QUIET(t, poll) \
	poll_expect(t, __FILE__, __LINE__, poll, 0, 0)

/** poll_until() - the events of the first that come with any of @wanted among them, or 0 */
__poll_t poll_until(struct ukl_poll *poll, __poll_t wanted);

/** send_byte() - send a byte on @from, and see it arrive at @to */
void send_byte(struct test *t, struct ukl_sock *from, struct ukl_sock *to);
/** recv_byte() - take the byte from the socket that it is in */
void recv_byte(struct test *t, struct ukl_sock *sock);

/** fill() - send until there is no more room, here and at the peer; gives back how many bytes */
size_t fill(struct ukl_sock *sock);
/** drain() - receive all that is there; gives back how many bytes */
size_t drain(struct ukl_sock *sock);

/** struct crowd - connections to one listener */
struct crowd {
	struct ukl_sock *listener, **near, **far;
	unsigned int n;
};

bool crowd_open(struct test *t, struct crowd *crowd, unsigned int n);
void crowd_close(struct test *t, struct crowd *crowd);

/** struct waiter - a thread that waits once, or until it is told to end */
struct waiter {
	struct ukl_poll *poll;
	s64 timeout;
	int max;
	struct ukl_event events[4];
	long result;
	struct ukl_thread *thread;
	bool done;
};

/** waiter_start() - start a thread that waits for @poll; give it time to */
bool waiter_start(struct test *t, struct waiter *w, struct ukl_poll *poll, s64 timeout);
/** waiter_end() - what its wait returned; for a thread that has ended or is about to */
long waiter_end(struct test *t, struct waiter *w);
/** waiters_done() - how many of @n threads have returned, seen after a moment */
unsigned int waiters_done(struct waiter *w, unsigned int n);

#endif /* _UKL_TEST_POLL_H */
