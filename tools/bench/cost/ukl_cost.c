// SPDX-License-Identifier: GPL-2.0
/*
 * An application on kernel threads that has as many threads as its parameter says, all of which
 * only wait. Its counterpart in C programs is threads.c.
 */
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/module.h>
#include <linux/printk.h>
#include <ukl.h>

static unsigned int threads = 1;
module_param(threads, uint, 0644);
MODULE_PARM_DESC(threads, "how many threads there are to be; more can be asked for later (1)");

static struct ukl_app *app;
static u32 never;

static int wait_forever(void *unused)
{
	while (!ukl_should_stop())
		ukl_futex_wait(&never, 0, UKL_FOREVER);
	return 0;
}

static int cost_main(void *unused)
{
	struct ukl_thread *thread;

	for (unsigned int there = 0; !ukl_should_stop();) {
		if (there == READ_ONCE(threads)) {
			ukl_sleep(10 * NSEC_PER_MSEC);
			continue;
		}
		thread = ukl_thread_spawn(wait_forever, NULL, 0);
		if (IS_ERR(thread)) {
			pr_err("ukl_cost: no thread %u: %pe\n", there, thread);
			return PTR_ERR(thread);
		}
		ukl_thread_detach(thread);
		there++;
	}
	return 0;
}

static int __init ukl_cost_init(void)
{
	app = ukl_app_start("ukl_cost", cost_main, NULL);
	return PTR_ERR_OR_ZERO(app);
}
module_init(ukl_cost_init);

static void __exit ukl_cost_exit(void)
{
	ukl_app_stop(app);
}
module_exit(ukl_cost_exit);

MODULE_DESCRIPTION("Threads that only wait, to see what memory they take");
MODULE_LICENSE("GPL");
