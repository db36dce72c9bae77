// SPDX-License-Identifier: GPL-2.0
/*
 * Counts the page faults that are taken on a stack which is not the task's own, which is where
 * application code runs, and only that. It does not depend on ukl.ko, so that it can count while
 * that is loaded and unloaded.
 *
 * /sys/module/ukl_test_faults/parameters/
 *   application   page faults in task context on another stack than the task's own
 *   deliberate    those of them that tests made, at an address of theirs
 *   kernel        page faults in kernel mode
 */
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/ptrace.h>
#include <linux/sched/task_stack.h>
#include <linux/tracepoint.h>

/** NOWHERE - where the tests fault on purpose */
#define NOWHERE	((unsigned long)-8L)

static atomic_t application, deliberate, kernel;

static int counter_get(char *buffer, const struct kernel_param *param)
{
	return sysfs_emit(buffer, "%d\n", atomic_read(param->arg));
}

static const struct kernel_param_ops counter_ops = { .get = counter_get };

module_param_cb(application, &counter_ops, &application, 0444);
module_param_cb(deliberate, &counter_ops, &deliberate, 0444);
module_param_cb(kernel, &counter_ops, &kernel, 0444);

static struct tracepoint *tracepoint;

static void fault(void *data, unsigned long address, struct pt_regs *regs, unsigned long error)
{
	atomic_inc(&kernel);
	if (!in_task() || regs->sp - (unsigned long)task_stack_page(current) < THREAD_SIZE)
		return;
	atomic_inc(&application);
	if (address == NOWHERE) {
		atomic_inc(&deliberate);
		return;
	}
	pr_warn_ratelimited("%s/%d took one at %lx, %pS\n", current->comm, current->pid,
			    address, (void *)regs->ip);
}

static void find(struct tracepoint *tp, void *data)
{
	if (!strcmp(tp->name, "page_fault_kernel"))
		tracepoint = tp;
}

static int __init faults_init(void)
{
	for_each_kernel_tracepoint(find, NULL);
	return tracepoint ? tracepoint_probe_register(tracepoint, fault, NULL) : -ENOENT;
}
module_init(faults_init);

static void __exit faults_exit(void)
{
	tracepoint_probe_unregister(tracepoint, fault, NULL);
	tracepoint_synchronize_unregister();
}
module_exit(faults_exit);

MODULE_DESCRIPTION("Counts page faults on application stacks");
MODULE_LICENSE("GPL");
