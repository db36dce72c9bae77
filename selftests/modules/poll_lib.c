// SPDX-License-Identifier: GPL-2.0
/* What the tests of event sets share. */
#include <linux/delay.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "poll.h"

void poll_expect(struct test *t, const char *file, int line, struct ukl_poll *poll, u64 token,
		 __poll_t events)
{
	struct ukl_event got[4] = { };
	int n = ukl_poll_wait(poll, got, ARRAY_SIZE(got), events ? PATIENCE : MOMENT);

	test_equal(t, file, line, "number of events", n, !!events, "one if any");
	for (int i = 0; i < n; i++) {
		test_equal(t, file, line, "token", got[i].token, token, "token");
		test_equal(t, file, line, "events", (__force u32)got[i].events,
			   (__force u32)events, "events");
	}
}

__poll_t poll_until(struct ukl_poll *poll, __poll_t wanted)
{
	s64 end = ukl_clock_monotonic() + PATIENCE;
	struct ukl_event got;

	while (ukl_clock_monotonic() < end)
		if (ukl_poll_wait(poll, &got, 1, PATIENCE) == 1 && got.events & wanted)
			return got.events;
	return 0;
}

void send_byte(struct test *t, struct ukl_sock *from, struct ukl_sock *to)
{
	char byte = 'x';

	EXPECT_EQ(t, ukl_tcp_send(from, &byte, 1, 0), 1);
	/* Whoever sees it under the socket's lock comes after all that its arrival does. */
	EXPECT_EQ(t, ukl_tcp_recv(to, &byte, 1, MSG_PEEK), 1);
}

void recv_byte(struct test *t, struct ukl_sock *sock)
{
	char byte = 0;

	EXPECT_EQ(t, ukl_tcp_recv(sock, &byte, 1, MSG_DONTWAIT), 1);
	EXPECT_EQ(t, byte, 'x');
}

size_t fill(struct ukl_sock *sock)
{
	char *buf = kzalloc(SZ_64K, GFP_KERNEL);
	size_t sent = 0, before = 1;
	ssize_t n = 0;

	/* What the peer has taken in makes room again. */
	while (buf && sent != before) {
		before = sent;
		while ((n = ukl_tcp_send(sock, buf, SZ_64K, MSG_DONTWAIT)) > 0)
			sent += n;
		settle();
	}
	kfree(buf);
	return sent;
}

size_t drain(struct ukl_sock *sock)
{
	char *buf = kmalloc(SZ_64K, GFP_KERNEL);
	size_t got = 0;
	ssize_t n;

	while (buf && (n = ukl_tcp_recv(sock, buf, SZ_64K, MSG_DONTWAIT)) > 0)
		got += n;
	kfree(buf);
	return got;
}

bool crowd_open(struct test *t, struct crowd *crowd, unsigned int n)
{
	*crowd = (struct crowd){ .n = n, .listener = listen_on(4, 0) };
	crowd->near = kvcalloc(n, sizeof(*crowd->near), GFP_KERNEL);
	crowd->far = kvcalloc(n, sizeof(*crowd->far), GFP_KERNEL);
	if (!EXPECT_OK(t, crowd->listener) || !crowd->near || !crowd->far)
		return false;
	for (unsigned int i = 0; i < n; i++) {
		crowd->far[i] = connect_to(crowd->listener);
		if (!EXPECT_OK(t, crowd->far[i]))
			return false;
		crowd->near[i] = ukl_accept(crowd->listener, NULL, 0);
		if (!EXPECT_OK(t, crowd->near[i]))
			return false;
	}
	return true;
}

void crowd_close(struct test *t, struct crowd *crowd)
{
	struct linger reset = { .l_onoff = 1 };

	for (unsigned int i = 0; i < crowd->n; i++) {
		if (!IS_ERR_OR_NULL(crowd->far[i])) {
			/* Nothing of thousands of connections should stay behind. */
			EXPECT_EQ(t, ukl_setsockopt(crowd->far[i], SOL_SOCKET, SO_LINGER, &reset,
						    sizeof(reset)), 0);
			EXPECT_EQ(t, ukl_close(crowd->far[i]), 0);
		}
		if (!IS_ERR_OR_NULL(crowd->near[i]))
			EXPECT_EQ(t, ukl_close(crowd->near[i]), 0);
	}
	if (!IS_ERR_OR_NULL(crowd->listener))
		EXPECT_EQ(t, ukl_close(crowd->listener), 0);
	kvfree(crowd->near);
	kvfree(crowd->far);
}

static int waiter_main(void *data)
{
	struct waiter *w = data;

	w->result = ukl_poll_wait(w->poll, w->events, w->max ?: ARRAY_SIZE(w->events), w->timeout);
	/* With its result: pairs with waiters_done(). */
	smp_store_release(&w->done, true);
	return 0;
}

bool waiter_start(struct test *t, struct waiter *w, struct ukl_poll *poll, s64 timeout)
{
	*w = (struct waiter){ .poll = poll, .timeout = timeout };
	w->thread = ukl_thread_spawn(waiter_main, w, 0);
	if (!EXPECT_OK(t, w->thread))
		return false;
	settle();
	EXPECT_EQ(t, READ_ONCE(w->done), false);
	return true;
}

long waiter_end(struct test *t, struct waiter *w)
{
	EXPECT_EQ(t, ukl_thread_join(w->thread, NULL), 0);
	return w->result;
}

unsigned int waiters_done(struct waiter *w, unsigned int n)
{
	unsigned int done = 0;

	settle();
	for (unsigned int i = 0; i < n; i++)
		/* Pairs with waiter_main(). */
		done += smp_load_acquire(&w[i].done);
	return done;
}
