// SPDX-License-Identifier: GPL-2.0
/*
 * ukl_test.ko: test cases for ukl.ko, each run by name.
 *
 * /sys/kernel/debug/ukl_test/
 *   cases   the names of the cases that need no arguments, one a line
 *   run     write "NAME [ARGUMENTS]": runs the case and waits for its end
 *   start   write "NAME [ARGUMENTS]": starts the case and does not wait
 *   stop    write anything: stops the case that was started
 *   fd      for the process that opens it, an application to hand descriptors to: see ../fds.h
 *   result  "pass", "fail" or "running", then what the case has to say, one a line
 */
#include <linux/debugfs.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "fd.h"
#include "test.h"

#define LOG_SIZE	8192
/** CASE_LIMIT - seconds after which run gives up on a case, so that the others get their turn */
#define CASE_LIMIT	(IS_ENABLED(CONFIG_KASAN) || IS_ENABLED(CONFIG_KCSAN) ? 300 : 20)
/** CASE_LIMIT_ARGS - the same for cases with arguments, which may ask for a lot */
#define CASE_LIMIT_ARGS	600

static const struct test_case *const suites[] = {
	app_cases, bypass_cases, close_cases, connect_cases, extend_cases, fail_cases, fault_cases,
	fd_cases, file_cases, futex_cases, hold_cases, inplace_cases, interrupt_cases, mode_cases,
	option_cases, pages_cases, poll_cases, poll_file_cases, poll_many_cases, random_cases,
	rcu_cases, rules_cases, sock_cases, socket_cases, spin_cases, stack_cases, stop_cases,
	stream_cases, stress_cases, tcp_cases, thread_cases, time_cases, udp_cases, unix_cases,
	vector_cases,
};

/* One case at a time. */
static DEFINE_MUTEX(slot_lock);
static struct test *slot;
static struct dentry *dir;

void test_log(struct test *t, const char *format, ...)
{
	va_list args;

	mutex_lock(&t->lock);
	va_start(args, format);
	t->used += vscnprintf(t->log + t->used, LOG_SIZE - t->used, format, args);
	va_end(args);
	mutex_unlock(&t->lock);
}

void test_equal(struct test *t, const char *file, int line, const char *what, long long got,
		long long want, const char *wanted)
{
	if (got == want)
		return;
	test_log(t, "%s:%d: %s is %lld, expected %s (%lld)\n", kbasename(file), line, what, got,
		 wanted, want);
	mutex_lock(&t->lock);
	t->failures++;
	mutex_unlock(&t->lock);
}

static void test_free(struct test *t)
{
	if (!t)
		return;
	kfree(t->args);
	kfree(t->log);
	kfree(t);
}

static int test_main(void *data)
{
	struct test *t = data;
	int status = t->tc->run(t);

	complete_all(&t->ended);
	return status;
}

static void test_stop(struct test *t)
{
	unsigned long start = jiffies;
	int status;

	if (IS_ERR_OR_NULL(t->app))
		return;
	status = ukl_app_stop(t->app);
	t->app = NULL;
	test_log(t, "status %d\nstopped in %u ms\n", status, jiffies_to_msecs(jiffies - start));
}

static const struct test_case *find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(suites); i++)
		for (const struct test_case *tc = suites[i]; tc->name; tc++)
			if (!strcmp(tc->name, name))
				return tc;
	return NULL;
}

static struct test *test_new(const char __user *from, size_t len)
{
	struct test *t = kzalloc(sizeof(*t), GFP_KERNEL);
	char *name;

	if (!t)
		return ERR_PTR(-ENOMEM);
	mutex_init(&t->lock);
	init_completion(&t->ended);
	t->log = kzalloc(LOG_SIZE, GFP_KERNEL);
	name = memdup_user_nul(from, len);
	if (!t->log || IS_ERR(name)) {
		test_free(t);
		return ERR_PTR(-ENOMEM);
	}
	/* The name is the first word of args, and stays there. */
	t->args = name;
	strim(name);
	strsep(&name, " ");
	t->tc = find(t->args);
	if (!t->tc) {
		test_free(t);
		return ERR_PTR(-ENOENT);
	}
	if (!name)
		t->args[0] = 0;
	else
		memmove(t->args, name, strlen(name) + 1);
	return t;
}

static ssize_t begin(const char __user *from, size_t len, bool wait)
{
	struct test *t;
	long left;
	int limit;

	guard(mutex)(&slot_lock);
	if (slot && slot->app)
		return -EBUSY;
	t = test_new(from, len);
	if (IS_ERR(t))
		return PTR_ERR(t);
	test_free(slot);
	slot = t;

	if (t->tc->kind == TEST_TASK || t->tc->kind == TEST_TASK_ARGS) {
		t->tc->run(t);
		complete_all(&t->ended);
		return len;
	}
	t->app = ukl_app_start(t->tc->name, test_main, t);
	EXPECT_OK(t, t->app);
	if (IS_ERR(t->app) || !wait)
		return len;
	limit = t->tc->kind == TEST_ARGS ? CASE_LIMIT_ARGS : CASE_LIMIT;
	left = wait_for_completion_killable_timeout(&t->ended, limit * HZ);
	if (left <= 0) {
		test_log(t, "no end after %d s\n", limit);
		t->failures++;
	}
	test_stop(t);
	return len;
}

static ssize_t run_write(struct file *file, const char __user *from, size_t len, loff_t *pos)
{
	return begin(from, len, true);
}

static ssize_t start_write(struct file *file, const char __user *from, size_t len, loff_t *pos)
{
	return begin(from, len, false);
}

static ssize_t stop_write(struct file *file, const char __user *from, size_t len, loff_t *pos)
{
	guard(mutex)(&slot_lock);
	if (!slot || !slot->app)
		return -ESRCH;
	test_stop(slot);
	return len;
}

static const struct file_operations run_ops = { .owner = THIS_MODULE, .write = run_write };
static const struct file_operations start_ops = { .owner = THIS_MODULE, .write = start_write };
static const struct file_operations stop_ops = { .owner = THIS_MODULE, .write = stop_write };

static int cases_show(struct seq_file *out, void *unused)
{
	for (size_t i = 0; i < ARRAY_SIZE(suites); i++)
		for (const struct test_case *tc = suites[i]; tc->name; tc++)
			if (tc->kind == TEST_APP || tc->kind == TEST_TASK)
				seq_printf(out, "%s\n", tc->name);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(cases);

static int result_show(struct seq_file *out, void *unused)
{
	guard(mutex)(&slot_lock);
	if (!slot)
		return 0;
	mutex_lock(&slot->lock);
	if (slot->failures)
		seq_puts(out, "fail\n");
	else if (completion_done(&slot->ended))
		seq_puts(out, "pass\n");
	else
		seq_puts(out, "running\n");
	seq_puts(out, slot->log);
	mutex_unlock(&slot->lock);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(result);

static int __init test_init(void)
{
	dir = debugfs_create_dir("ukl_test", NULL);
	debugfs_create_file("cases", 0400, dir, NULL, &cases_fops);
	debugfs_create_file("run", 0200, dir, NULL, &run_ops);
	debugfs_create_file("start", 0200, dir, NULL, &start_ops);
	debugfs_create_file("stop", 0200, dir, NULL, &stop_ops);
	debugfs_create_file("result", 0400, dir, NULL, &result_fops);
	debugfs_create_file("fd", 0600, dir, NULL, &fd_ops);
	return 0;
}
module_init(test_init);

static void __exit test_exit(void)
{
	debugfs_remove(dir);
	if (slot)
		test_stop(slot);
	test_free(slot);
}
module_exit(test_exit);

MODULE_DESCRIPTION("Test cases for ukl.ko");
MODULE_LICENSE("GPL");
