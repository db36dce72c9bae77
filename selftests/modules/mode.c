// SPDX-License-Identifier: GPL-2.0
/* Modes, and where calls may be made. */
#include <linux/irq_work.h>
#include <linux/preempt.h>
#include <linux/string.h>

#include "calls.h"

/** struct host - an application whose handles another task uses */
struct host {
	struct test *t;
	struct handles h;
	struct completion ready, finish, closed;
};

static int host_main(void *data)
{
	struct host *host = data;
	bool open = handles_open(host->t, &host->h);

	complete(&host->ready);
	wait_for_completion(&host->finish);
	if (open)
		handles_close(host->t, &host->h);
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
	struct outcomes out;
	struct host host;
	struct ukl_app *app;

	if (host_start(t, &host, &app)) {
		call_each(&host.h, &out);
		expect_all(t, out.all, out.alls, -EPERM);
		expect_all(t, out.back, out.backs, -EPERM);
		expect_all(t, out.null, out.nulls, -EPERM);
		/* Of no application. */
		expect_all(t, out.any, out.anys, -EINVAL);
		EXPECT_EQ(t, ukl_mode(), UKL_MODE_NONE);
	}
	host_stop(t, &host, app);
	return 0;
}

static int calls_with_preemption_off(struct test *t)
{
	struct outcomes out;
	struct handles h;

	if (!handles_open(t, &h))
		return 0;
	preempt_disable();
	call_each(&h, &out);
	preempt_enable();
	expect_each(t, &out, -EDEADLK);
	EXPECT_EQ(t, ukl_mode(), UKL_MODE_APP);
	handles_close(t, &h);
	return 0;
}

/* The null calls are the exception: they do not look. */
static int calls_with_interrupts_off(struct test *t)
{
	struct outcomes out;
	struct handles h;
	char byte = 0;
	long bypassed;

	if (!handles_open(t, &h))
		return 0;
	local_irq_disable();
	call_each(&h, &out);
	local_irq_enable();
	expect_all(t, out.null, out.nulls, 0);
	expect_all(t, out.all, out.alls, -EDEADLK);
	expect_all(t, out.back, out.backs, -EDEADLK);
	expect_all(t, out.any, out.anys, -EDEADLK);

	EXPECT_EQ(t, ukl_bypass(10), 0);
	local_irq_disable();
	bypassed = ukl_tcp_send(h.sock, &byte, 1, 0);
	local_irq_enable();
	EXPECT_EQ(t, bypassed, -EDEADLK);
	EXPECT_EQ(t, ukl_bypass(0), 0);
	EXPECT_EQ(t, ukl_mode(), UKL_MODE_APP);
	handles_close(t, &h);
	return 0;
}

/** struct stopped - a thread that makes calls when it was asked to stop */
struct stopped {
	struct handles *h;
	struct completion go;
	struct outcomes out;
};

static int stopped_main(void *data)
{
	struct stopped *s = data;

	wait_for_completion(&s->go);
	call_each(s->h, &s->out);
	return 0;
}

static int calls_of_a_stopped_thread(struct test *t)
{
	struct stopped s;
	struct ukl_thread *thread;
	struct handles h;

	if (!handles_open(t, &h))
		return 0;
	s.h = &h;
	init_completion(&s.go);
	thread = ukl_thread_spawn(stopped_main, &s, 0);
	if (!EXPECT_OK(t, thread))
		return 0;
	EXPECT_EQ(t, ukl_thread_stop(thread), 0);
	complete(&s.go);
	EXPECT_EQ(t, ukl_thread_join(thread, NULL), 0);
	expect_all(t, s.out.all, s.out.alls, -EINTR);
	expect_all(t, s.out.null, s.out.nulls, -EINTR);
	expect_all(t, s.out.any, s.out.anys, -EINTR);
	for (int i = 0; i < s.out.backs; i++)
		expect_all(t, &s.out.back[i], 1, strstr(s.out.back[i].call, "write") ? 1 : 0);
	return 0;
}

/** struct interrupt - makes every call from an interrupt */
struct interrupt {
	struct irq_work work;
	struct handles *h;
	struct outcomes out;
	bool in_hardirq, done;
};

static void interrupt_calls(struct irq_work *work)
{
	struct interrupt *interrupt = container_of(work, struct interrupt, work);

	interrupt->in_hardirq = in_hardirq();
	call_each(interrupt->h, &interrupt->out);
	interrupt->done = true;
}

/* Interrupts the current task with calls; -EAGAIN if the interrupt came too late for that. */
static int interrupt_self(struct interrupt *interrupt, struct handles *h)
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

	if (!handles_open(t, &h))
		return 0;
	EXPECT_EQ(t, interrupt_self(&interrupt, &h), 0);
	EXPECT_TRUE(t, interrupt.in_hardirq);
	expect_each(t, &interrupt.out, -EDEADLK);
	EXPECT_EQ(t, ukl_mode(), UKL_MODE_APP);
	EXPECT_EQ(t, ukl_null(), 0);
	handles_close(t, &h);
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
		expect_all(t, interrupt.out.all, interrupt.out.alls, -EPERM);
		expect_all(t, interrupt.out.back, interrupt.out.backs, -EPERM);
		expect_all(t, interrupt.out.null, interrupt.out.nulls, -EPERM);
		expect_all(t, interrupt.out.any, interrupt.out.anys, -EDEADLK);
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
	{ "mode.calls_of_a_stopped_thread", calls_of_a_stopped_thread },
	{ "mode.calls_from_an_interrupt", calls_from_an_interrupt },
	{ "mode.calls_from_an_interrupt_of_a_process", calls_from_an_interrupt_of_a_process,
	  TEST_TASK },
	{ }
};
