// SPDX-License-Identifier: GPL-2.0
/* Starts an application and forgets to stop it. */
#include <linux/delay.h>
#include <linux/in.h>
#include <linux/moduleparam.h>
#include <ukl.h>

static bool fail;
module_param(fail, bool, 0);
MODULE_PARM_DESC(fail, "whether loading the module fails after the application was started");

static char *place = "calls";
module_param(place, charp, 0);
MODULE_PARM_DESC(place, "where its first thread is: calls, accept or application");

static bool started;

static int forgotten(void *data)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	struct ukl_sock *listener;
	int error = 0;

	WRITE_ONCE(started, true);
	if (!strcmp(place, "accept")) {
		listener = ukl_tcp_listen((struct sockaddr *)&address, sizeof(address), 1);
		return PTR_ERR_OR_ZERO(ukl_accept(listener, NULL, 0));
	}
	while (!strcmp(place, "application") && !ukl_should_stop())
		cpu_relax();
	while (!error)
		error = ukl_null();
	return error;
}

static int __init forget_init(void)
{
	struct ukl_app *app = ukl_app_start("forgotten", forgotten, NULL);

	if (IS_ERR(app))
		return PTR_ERR(app);
	while (!READ_ONCE(started))
		fsleep(1000);
	return fail ? -EIO : 0;
}
module_init(forget_init);

static void __exit forget_exit(void)
{
}
module_exit(forget_exit);

MODULE_DESCRIPTION("Unloads without ukl_app_stop()");
MODULE_LICENSE("GPL");
