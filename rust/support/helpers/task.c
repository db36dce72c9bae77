// SPDX-License-Identifier: GPL-2.0
/*
 * Tasks, modules and delayed work. Each function here does one thing of the kernel's that is an
 * inline function, a macro or a per-CPU variable; what it means is told by its safe wrapper.
 */
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/thread_info.h>

#include "helpers.h"

DEFINE_PER_CPU(struct ukl_task_local, ukl_task_local);

static void periodic_work(struct work_struct *work)
{
	struct ukl_periodic *periodic = container_of(to_delayed_work(work), struct ukl_periodic,
						     work);

	periodic->tick();
	schedule_delayed_work(&periodic->work, msecs_to_jiffies(periodic->period_ms));
}

void ukl_helper_periodic_start(struct ukl_periodic *periodic, void (*tick)(void),
			       unsigned int period_ms)
{
	INIT_DELAYED_WORK(&periodic->work, periodic_work);
	periodic->tick = tick;
	periodic->period_ms = period_ms;
	schedule_delayed_work(&periodic->work, msecs_to_jiffies(period_ms));
}

void ukl_helper_periodic_stop(struct ukl_periodic *periodic)
{
	cancel_delayed_work_sync(&periodic->work);
}

struct task_struct *ukl_helper_kthread_create(int (*fn)(void *data), void *data, const char *name)
{
	return kthread_create(fn, data, "%s", name);
}

bool ukl_helper_module_get(void)
{
	return try_module_get(THIS_MODULE);
}

void ukl_helper_module_put(void)
{
	module_put(THIS_MODULE);
}

void __noreturn ukl_helper_module_put_and_kthread_exit(void)
{
	module_put_and_kthread_exit(0);
}

/* Make @task see signal_pending() and wake it: what kthread_stop() does, without its waiting. */
void ukl_helper_task_notify(struct task_struct *task)
{
	set_tsk_thread_flag(task, TIF_NOTIFY_SIGNAL);
	wake_up_process(task);
}

void ukl_helper_preempt_disable(void)
{
	preempt_disable();
}

void ukl_helper_preempt_enable(void)
{
	preempt_enable();
}

void ukl_helper_clear_notify_signal(void)
{
	clear_notify_signal();
}

void ukl_helper_allow_signal(int signal)
{
	allow_signal(signal);
}
