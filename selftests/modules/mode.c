// SPDX-License-Identifier: GPL-2.0
/* Modes, and where calls may be made. */
#include <linux/irq_work.h>
#include <linux/preempt.h>

#include "test.h"

/** struct handles - what to make every call with */
struct handles {
	struct ukl_thread *thread;
	struct ukl_sock *listener, *sock;
	struct socket *plain;
};

/** CALLS - how many results call_all() gives */
#define CALLS	14

static const char *const call_names[CALLS] = {
	"ukl_null", "ukl_thread_spawn", "ukl_thread_join", "ukl_thread_stop",
	"ukl_tcp_listen", "ukl_tcp_accept", "ukl_tcp_connect", "ukl_tcp_send", "ukl_tcp_recv",
	"ukl_tcp_nodelay", "ukl_sock_adopt", "ukl_shutdown", "ukl_getsockname", "ukl_getpeername",
};

static int nothing(void *data)
{
	return 0;
}

/*
 * Makes every call. None of them may do anything: the handles are as good afterwards as before.
 * Neither sleeps nor prints, so that it can run anywhere.
 */
static void call_all(const struct handles *h, long result[CALLS])
{
	union address address;
	int len = loopback(&address, 4, 1);
	char byte = 0;
	int i = 0;

	result[i++] = ukl_null();
	result[i++] = PTR_ERR_OR_ZERO(ukl_thread_spawn(nothing, NULL, 0));
	result[i++] = ukl_thread_join(h->thread, NULL);
	result[i++] = ukl_thread_stop(h->thread);
	result[i++] = PTR_ERR_OR_ZERO(ukl_tcp_listen(&address.any, len, 1));
	result[i++] = PTR_ERR_OR_ZERO(ukl_tcp_accept(h->listener, O_NONBLOCK));
	result[i++] = PTR_ERR_OR_ZERO(ukl_tcp_connect(&address.any, len));
	result[i++] = ukl_tcp_send(h->sock, &byte, 1, 0);
	result[i++] = ukl_tcp_recv(h->sock, &byte, 1, MSG_DONTWAIT);
	result[i++] = ukl_tcp_nodelay(h->sock, true);
	result[i++] = PTR_ERR_OR_ZERO(ukl_sock_adopt(h->plain));
	result[i++] = ukl_shutdown(h->sock, SHUT_RDWR);
	result[i++] = ukl_getsockname(h->sock, &address.storage);
	result[i++] = ukl_getpeername(h->sock, &address.storage);
}

static void expect_all(struct test *t, const long result[CALLS], long want)
{
	for (int i = 0; i < CALLS; i++) {
		if (result[i] != want)
			test_log(t, "%s gives %ld, expected %ld\n", call_names[i], result[i], want);
		EXPECT_EQ(t, result[i], want);
	}
}

/** struct host - an application whose handles another task uses */
struct host {
	struct test *t;
	struct handles h;
	struct peer peer;
	struct completion ready, finish, closed;
};

static bool handles_open(struct test *t, struct handles *h, struct peer *peer)
{
	if (!peer_open(t, peer))
		return false;
	h->listener = peer->listener;
	h->sock = peer->sock;
	h->plain = peer->far;
	h->thread = ukl_thread_spawn(nothing, NULL, 0);
	return EXPECT_OK(t, h->thread);
}

static void handles_close(struct test *t, struct handles *h, struct peer *peer)
{
	char byte;

	/* Whoever made the calls did nothing to them. */
	EXPECT_EQ(t, ukl_tcp_recv(h->sock, &byte, 1, MSG_DONTWAIT), -EAGAIN);
	EXPECT_EQ(t, ukl_thread_join(h->thread, NULL), 0);
	peer_close(peer);
	EXPECT_EQ(t, ukl_close(h->sock), 0);
	EXPECT_EQ(t, ukl_close(h->listener), 0);
}

static int host_main(void *data)
{
	struct host *host = data;
	bool open = handles_open(host->t, &host->h, &host->peer);

	complete(&host->ready);
	wait_for_completion(&host->finish);
	if (open)
		handles_close(host->t, &host->h, &host->peer);
	complete(&host->closed);
	return 0;
}

static bool host_start(struct test *t, struct host *host, struct ukl_app **app)
{
	host->t = t;
	init_completion(&host->ready);
	init_completion(&host->finish);
	init_completion(&host->closed);
	*app = ukl_app_start("host", host_main, host);
	if (!EXPECT_OK(t, *app))
		return false;
	wait_for_completion(&host->ready);
	return !t->failures;
}

static void host_stop(struct test *t, struct host *host, struct ukl_app *app)
{
	complete(&host->finish);
	if (IS_ERR(app))
		return;
	/* It closes its things before it is asked to stop. */
	wait_for_completion(&host->closed);
	EXPECT_EQ(t, ukl_app_stop(app), 0);
}

static int none_in_a_process(struct test *t)
{
	EXPECT_EQ(t, ukl_mode(), UKL_MODE_NONE);
	EXPECT_EQ(t, ukl_should_stop(), false);
	return 0;
}

static int app_in_an_application(struct test *t)
{
	EXPECT_EQ(t, ukl_mode(), UKL_MODE_APP);
	EXPECT_EQ(t, ukl_null(), 0);
	EXPECT_EQ(t, ukl_mode(), UKL_MODE_APP);
	EXPECT_EQ(t, ukl_tcp_send(NULL, NULL, 0, 0), -ENOTSOCK);
	EXPECT_EQ(t, ukl_mode(), UKL_MODE_APP);
	settle();
	EXPECT_EQ(t, ukl_mode(), UKL_MODE_APP);
	return 0;
}

static int mode_main(void *data)
{
	return ukl_mode();
}

static int app_in_a_spawned_thread(struct test *t)
{
	struct ukl_thread *thread = ukl_thread_spawn(mode_main, NULL, 0);
	int status = -1;

	if (EXPECT_OK(t, thread))
		EXPECT_EQ(t, ukl_thread_join(thread, &status), 0);
	EXPECT_EQ(t, status, UKL_MODE_APP);
	return 0;
}

static int calls_from_a_process(struct test *t)
{
	long result[CALLS];
	struct host host;
	struct ukl_app *app;

	if (host_start(t, &host, &app)) {
		call_all(&host.h, result);
		expect_all(t, result, -EPERM);
		EXPECT_EQ(t, ukl_close(host.h.sock), -EPERM);
		EXPECT_EQ(t, ukl_mode(), UKL_MODE_NONE);
	}
	host_stop(t, &host, app);
	return 0;
}

static int calls_with_preemption_off(struct test *t)
{
	long result[CALLS], closed;
	struct handles h;
	struct peer peer;

	if (!handles_open(t, &h, &peer))
		return 0;
	preempt_disable();
	call_all(&h, result);
	closed = ukl_close(h.sock);
	preempt_enable();
	expect_all(t, result, -EDEADLK);
	EXPECT_EQ(t, closed, -EDEADLK);
	EXPECT_EQ(t, ukl_mode(), UKL_MODE_APP);
	handles_close(t, &h, &peer);
	return 0;
}

/* ukl_null() is the exception: it does not look. */
static int calls_with_interrupts_off(struct test *t)
{
	long result[CALLS], closed, bypassed;
	struct handles h;
	struct peer peer;
	char byte = 0;

	if (!handles_open(t, &h, &peer))
		return 0;
	local_irq_disable();
	call_all(&h, result);
	closed = ukl_close(h.sock);
	local_irq_enable();
	EXPECT_EQ(t, result[0], 0);
	result[0] = -EDEADLK;
	expect_all(t, result, -EDEADLK);
	EXPECT_EQ(t, closed, -EDEADLK);

	EXPECT_EQ(t, ukl_bypass(10), 0);
	local_irq_disable();
	bypassed = ukl_tcp_send(h.sock, &byte, 1, 0);
	local_irq_enable();
	EXPECT_EQ(t, bypassed, -EDEADLK);
	EXPECT_EQ(t, ukl_bypass(0), 0);
	EXPECT_EQ(t, ukl_mode(), UKL_MODE_APP);
	handles_close(t, &h, &peer);
	return 0;
}

/** struct interrupt - makes every call from an interrupt */
struct interrupt {
	struct irq_work work;
	const struct handles *h;
	long result[CALLS];
	bool in_hardirq, done;
};

static void interrupt_calls(struct irq_work *work)
{
	struct interrupt *interrupt = container_of(work, struct interrupt, work);

	interrupt->in_hardirq = in_hardirq();
	call_all(interrupt->h, interrupt->result);
	interrupt->done = true;
}

/* Interrupts the current task with calls; -EAGAIN if the interrupt came too late for that. */
static int interrupt_self(struct interrupt *interrupt, const struct handles *h)
{
	bool done;

	init_irq_work(&interrupt->work, interrupt_calls);
	interrupt->h = h;
	interrupt->done = false;
	preempt_disable();
	irq_work_queue(&interrupt->work);
	for (int i = 0; i < 1000000 && !READ_ONCE(interrupt->done); i++)
		cpu_relax();
	done = READ_ONCE(interrupt->done);
	preempt_enable();
	irq_work_sync(&interrupt->work);
	return done ? 0 : -EAGAIN;
}

static int calls_from_an_interrupt(struct test *t)
{
	struct interrupt interrupt;
	struct handles h;
	struct peer peer;

	if (!handles_open(t, &h, &peer))
		return 0;
	EXPECT_EQ(t, interrupt_self(&interrupt, &h), 0);
	EXPECT_TRUE(t, interrupt.in_hardirq);
	expect_all(t, interrupt.result, -EDEADLK);
	EXPECT_EQ(t, ukl_mode(), UKL_MODE_APP);
	EXPECT_EQ(t, ukl_null(), 0);
	handles_close(t, &h, &peer);
	return 0;
}

static int calls_from_an_interrupt_of_a_process(struct test *t)
{
	struct interrupt interrupt;
	struct host host;
	struct ukl_app *app;

	if (host_start(t, &host, &app)) {
		EXPECT_EQ(t, interrupt_self(&interrupt, &host.h), 0);
		EXPECT_TRUE(t, interrupt.in_hardirq);
		expect_all(t, interrupt.result, -EPERM);
	}
	host_stop(t, &host, app);
	return 0;
}

const struct test_case mode_cases[] = {
	{ "mode.none_in_a_process", none_in_a_process, TEST_TASK },
	{ "mode.app_in_an_application", app_in_an_application },
	{ "mode.app_in_a_spawned_thread", app_in_a_spawned_thread },
	{ "mode.calls_from_a_process", calls_from_a_process, TEST_TASK },
	{ "mode.calls_with_preemption_off", calls_with_preemption_off },
	{ "mode.calls_with_interrupts_off", calls_with_interrupts_off },
	{ "mode.calls_from_an_interrupt", calls_from_an_interrupt },
	{ "mode.calls_from_an_interrupt_of_a_process", calls_from_an_interrupt_of_a_process,
	  TEST_TASK },
	{ }
};
