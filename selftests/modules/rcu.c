// SPDX-License-Identifier: GPL-2.0
/*
 * What waits for a thread to give way: grace periods of RCU and RCU-tasks, and files that are put,
 * while it makes one call after the other and never sleeps.
 */
#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/rcupdate.h>
#include <linux/rcupdate_wait.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "hook.h"

/** LOOP_SECONDS - how long a thread makes calls */
#define LOOP_SECONDS	10
/** GRACE_SECONDS - how long a grace period may take */
#define GRACE_SECONDS	10

/** enum kind - which calls a thread makes */
enum kind { FULL, SAME_STACK, BYPASS };

/** struct looper - a thread that makes calls */
struct looper {
	enum kind kind;
	int cpu;
	bool stop, started;
	unsigned long calls, slept;
};

static int looper_main(void *data)
{
	struct looper *l = data;
	unsigned long before;
	int error = 0;

	if (set_cpus_allowed_ptr(current, cpumask_of(l->cpu)))
		return 1;
	/* With nobody to preempt it there, it has no quiescent state but those that it reports. */
	sched_set_fifo(current);
	before = current->nvcsw;
	WRITE_ONCE(l->started, true);
	while (!READ_ONCE(l->stop) && !error) {
		switch (l->kind) {
		case FULL:
			error = ukl_null();
			break;
		case SAME_STACK:
			error = ukl_null_same_stack();
			break;
		case BYPASS:
			if (l->calls % UKL_BYPASS_MAX == 0)
				error = ukl_bypass(UKL_BYPASS_MAX);
			if (!error)
				error = ukl_null();
			break;
		}
		l->calls++;
	}
	l->slept = current->nvcsw - before;
	/* The request to stop may come before it sees that it is done. */
	return READ_ONCE(l->stop) ? 0 : error;
}

/** struct grace - a grace period that is waited for */
struct grace {
	const char *name;
	void (*call)(struct rcu_head *head, rcu_callback_t fn);
	unsigned int count, longest;
	bool failed;
};

/* synchronize_rcu() and its like do this, without the limit. Past it @l is stopped. */
static void grace_wait(struct grace *grace, struct looper *l)
{
	unsigned long start = jiffies;
	struct rcu_synchronize rs;

	init_rcu_head_on_stack(&rs.head);
	init_completion(&rs.completion);
	grace->call(&rs.head, wakeme_after_rcu);
	if (!wait_for_completion_timeout(&rs.completion, GRACE_SECONDS * HZ)) {
		grace->failed = true;
		WRITE_ONCE(l->stop, true);
		wait_for_completion(&rs.completion);
	}
	destroy_rcu_head_on_stack(&rs.head);
	grace->longest = max(grace->longest, jiffies_to_msecs(jiffies - start));
	grace->count++;
}

static void grace_periods(struct test *t, enum kind kind)
{
	struct grace graces[] = { { "RCU", call_rcu }, { "RCU-tasks", call_rcu_tasks } };
	struct looper l = { .kind = kind, .cpu = other_cpu(0) };
	unsigned long end = jiffies + LOOP_SECONDS * HZ;
	bool failed = false;
	struct ukl_app *app;

	app = ukl_app_start("looper", looper_main, &l);
	if (!EXPECT_OK(t, app))
		return;
	while (!READ_ONCE(l.started))
		schedule_timeout_uninterruptible(1);
	while (time_before(jiffies, end) && !failed) {
		for (size_t i = 0; i < ARRAY_SIZE(graces); i++) {
			grace_wait(&graces[i], &l);
			failed |= graces[i].failed;
		}
	}
	WRITE_ONCE(l.stop, true);
	EXPECT_EQ(t, ukl_app_stop(app), 0);
	for (size_t i = 0; i < ARRAY_SIZE(graces); i++) {
		test_log(t, "%u grace periods of %s, the longest %u ms\n", graces[i].count,
			 graces[i].name, graces[i].longest);
		EXPECT_EQ(t, graces[i].failed, false);
		EXPECT_TRUE(t, graces[i].count >= 1);
	}
	test_log(t, "%lu calls, slept %lu times\n", l.calls, l.slept);
	EXPECT_TRUE(t, l.calls > 100000);
	EXPECT_EQ(t, l.slept, 0);
}

static int while_calling(struct test *t)
{
	grace_periods(t, FULL);
	return 0;
}

static int while_calling_on_the_same_stack(struct test *t)
{
	grace_periods(t, SAME_STACK);
	return 0;
}

static int while_bypassing(struct test *t)
{
	grace_periods(t, BYPASS);
	return 0;
}

static int released(struct inode *inode, struct file *file)
{
	complete(file->private_data);
	return 0;
}

static const struct file_operations released_ops = { .release = released };

static void put_file(struct test *t, bool bypass)
{
	struct completion *done = kzalloc(sizeof(*done), GFP_KERNEL);
	unsigned long start, end;
	struct file *file;

	init_completion(done);
	file = anon_inode_getfile("[ukl_test]", &released_ops, done, O_RDONLY);
	if (!EXPECT_OK(t, file))
		return;
	EXPECT_EQ(t, completion_done(done), false);
	start = jiffies;
	end = start + HZ;
	fput(file);
	while (!completion_done(done) && time_before(jiffies, end)) {
		if (bypass)
			EXPECT_EQ(t, ukl_bypass(1000), 0);
		for (int i = 0; i < 1000; i++)
			EXPECT_EQ(t, ukl_null(), 0);
	}
	test_log(t, "released after %u ms\n", jiffies_to_msecs(jiffies - start));
	EXPECT_EQ(t, completion_done(done), true);
	/* If it is late, it is still to be written to. */
	if (completion_done(done))
		kfree(done);
}

static int put_while_calling(struct test *t)
{
	put_file(t, false);
	return 0;
}

static int put_while_bypassing(struct test *t)
{
	put_file(t, true);
	return 0;
}

const struct test_case rcu_cases[] = {
	{ "rcu.while_calling", while_calling, TEST_TASK },
	{ "rcu.while_calling_on_the_same_stack", while_calling_on_the_same_stack, TEST_TASK },
	{ "rcu.while_bypassing", while_bypassing, TEST_TASK },
	{ "fput.while_calling", put_while_calling },
	{ "fput.while_bypassing", put_while_bypassing },
	{ }
};
