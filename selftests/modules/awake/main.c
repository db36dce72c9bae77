// SPDX-License-Identifier: GPL-2.0
/*
 * ukl_test_awake.ko: does on purpose what the checkers of a debug kernel are there for, so that a
 * run can tell a checker that finds nothing from one that is asleep. For such a kernel only:
 *
 *   echo NAME >/sys/module/ukl_test_awake/parameters/do
 */
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/timer.h>
#include <linux/vmalloc.h>
#include "wrong.h"

/* What the compiler is not to see through. */
static unsigned int some = 40;

/* More than a pointer that stays behind on a stack or in a register could be to. */
static void leak(void)
{
	for (int i = 0; i < 16; i++) {
		char *lost = kmalloc(some, GFP_KERNEL);

		OPTIMIZER_HIDE_VAR(lost);
	}
}

static noinline void read_behind(const char *memory)
{
	OPTIMIZER_HIDE_VAR(memory);
	if (READ_ONCE(memory[some]))
		pr_debug("there is something\n");
}

static void bounds(void)
{
	char *memory = kmalloc(some, GFP_KERNEL);

	if (memory)
		read_behind(memory);
	kfree(memory);
}

static void rust_bounds(void)
{
	char *memory = kmalloc(some, GFP_KERNEL);

	if (memory && read_in_rust(memory, some))
		pr_debug("there is something\n");
	kfree(memory);
}

static void vmalloc_bounds(void)
{
	char *memory = vmalloc(some);

	if (memory)
		read_behind(memory);
	vfree(memory);
}

static void freed(void)
{
	char *memory = kmalloc(some + 1, GFP_KERNEL), *again = memory;

	OPTIMIZER_HIDE_VAR(again);
	kfree(memory);
	if (memory)
		read_behind(again);
}

static void atomic_sleep(void)
{
	static DEFINE_SPINLOCK(lock);

	spin_lock(&lock);
	might_sleep();
	spin_unlock(&lock);
}

static void locks(void)
{
	static DEFINE_MUTEX(a);
	static DEFINE_MUTEX(b);

	mutex_lock(&a);
	mutex_lock(&b);
	mutex_unlock(&b);
	mutex_unlock(&a);

	mutex_lock(&b);
	mutex_lock(&a);
	mutex_unlock(&a);
	mutex_unlock(&b);
}

static void rcu(void)
{
	static unsigned int __rcu *pointer;

	if (rcu_dereference(pointer))
		pr_debug("there is something\n");
}

static void shift(void)
{
	unsigned int by = some;

	OPTIMIZER_HIDE_VAR(by);
	pr_debug("%d\n", 1 << by);
	some = (1U << by) ? 40 : 41;
}

static void list(void)
{
	LIST_HEAD(head);
	struct list_head entry;

	list_add(&entry, &head);
	entry.next = &entry;
	list_del(&entry);
}

static void timer_function(struct timer_list *timer)
{
}

static void object(void)
{
	struct timer_list *timer = kmalloc(sizeof(*timer), GFP_KERNEL);

	if (!timer)
		return;
	timer_setup(timer, timer_function, 0);
	mod_timer(timer, jiffies + HZ);
	timer_delete(timer);
	timer_setup(timer, timer_function, 0);
	mod_timer(timer, jiffies + 1000 * HZ);
	/* Of an active timer the checker stops it before it goes. */
	kfree(timer);
}

static unsigned long counter;

static noinline void count_in_c(unsigned long *counter)
{
	for (int i = 0; i < 1000; i++) {
		*counter += 1;
		barrier();
	}
}

static int count(void *data)
{
	void (*fn)(unsigned long *counter) = data;

	while (!kthread_should_stop()) {
		fn(&counter);
		cond_resched();
	}
	return 0;
}

static void race_of(void (*fn)(unsigned long *counter))
{
	struct task_struct *a = kthread_run(count, fn, "ukl_awake_a");
	struct task_struct *b = kthread_run(count, fn, "ukl_awake_b");

	msleep(10000);
	if (!IS_ERR(a))
		kthread_stop(a);
	if (!IS_ERR(b))
		kthread_stop(b);
}

static void race(void)
{
	race_of(count_in_c);
}

static void rust_race(void)
{
	race_of(count_in_rust);
}

static const struct {
	const char *name;
	void (*fn)(void);
} actions[] = {
	{ "leak", leak },
	{ "bounds", bounds },
	{ "rust_bounds", rust_bounds },
	{ "vmalloc_bounds", vmalloc_bounds },
	{ "freed", freed },
	{ "atomic_sleep", atomic_sleep },
	{ "locks", locks },
	{ "rcu", rcu },
	{ "shift", shift },
	{ "list", list },
	{ "object", object },
	{ "race", race },
	{ "rust_race", rust_race },
};

static int set_do(const char *value, const struct kernel_param *param)
{
	for (size_t i = 0; i < ARRAY_SIZE(actions); i++) {
		if (sysfs_streq(value, actions[i].name)) {
			actions[i].fn();
			return 0;
		}
	}
	return -EINVAL;
}

static const struct kernel_param_ops do_ops = { .set = set_do };

module_param_cb(do, &do_ops, NULL, 0200);
MODULE_PARM_DESC(do, "what to do wrong");

static int __init awake_init(void)
{
	return IS_ENABLED(CONFIG_KASAN) || IS_ENABLED(CONFIG_KCSAN) ? 0 : -EOPNOTSUPP;
}

static void __exit awake_exit(void)
{
}

module_init(awake_init);
module_exit(awake_exit);
MODULE_DESCRIPTION("Does wrong what the checkers of a debug kernel report");
MODULE_LICENSE("GPL");
