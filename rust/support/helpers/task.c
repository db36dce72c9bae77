// SPDX-License-Identifier: GPL-2.0
/*
 * Tasks, modules and delayed work. Each function here does one thing of the kernel's that is an
 * inline function, a macro or a per-CPU variable; what it means is told by its safe wrapper.
 */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/entry-virt.h>
#include <linux/fs.h>
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

bool ukl_helper_module_get_live(struct module *module)
{
	if (!module)
		return true;
	return READ_ONCE(module->state) == MODULE_STATE_LIVE && try_module_get(module);
}

void ukl_helper_module_put_other(struct module *module)
{
	module_put(module);
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

void ukl_helper_clear_notify_resume(void)
{
	clear_thread_flag(TIF_NOTIFY_RESUME);
}

void ukl_helper_clear_notify_signal(void)
{
	clear_notify_signal();
}

/* The work that waits before code other than the kernel's goes on: -EINTR if it is a signal. */
int ukl_helper_guest_work(void)
{
	return xfer_to_guest_mode_handle_work();
}

pid_t ukl_helper_task_vnr(struct task_struct *task)
{
	return task_pid_vnr(task);
}

/* Whether the current task may change how @task is scheduled, and the like. */
bool ukl_helper_may_tune(struct task_struct *task)
{
	return uid_eq(current_euid(), task_cred_xxx(task, euid)) || capable(CAP_SYS_NICE);
}

/* For a file that is being opened: its module stays until it is closed. Linux 7.2 forgets it. */
int ukl_helper_own_file(struct file *file)
{
	static struct file_operations fops;

	if (file->f_op->owner)
		return 0;
	if (!try_module_get(THIS_MODULE))
		return -ENODEV;
	/*
	 * Those of the one device, filled once: files that are open use them. Others that are being
	 * opened wait for misc_mtx.
	 */
	if (!fops.owner) {
		fops = *file->f_op;
		fops.owner = THIS_MODULE;
	}
	file->f_op = &fops;
	return 0;
}

void ukl_helper_allow_signal(int signal)
{
	allow_signal(signal);
}
