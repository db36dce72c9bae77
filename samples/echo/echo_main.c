// SPDX-License-Identifier: GPL-2.0
/*
 * An echo server (RFC 862) that lives in the kernel: what a UKL application in C looks like, in
 * three ways to serve many connections.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/in6.h>
#include <linux/string.h>

#include "echo.h"

static unsigned short port = 7;
module_param(port, ushort, 0444);
MODULE_PARM_DESC(port, "TCP port to listen on, for IPv4 and IPv6 (7)");

static char *mode = "blocking";
module_param(mode, charp, 0444);
MODULE_PARM_DESC(mode,
		 "blocking: a thread for each connection; readiness: event loops that receive and send; inplace: event loops that answer in one step");

unsigned int threads = 1;
module_param(threads, uint, 0444);
MODULE_PARM_DESC(threads, "event loops, each with a listener of its own on the port (1)");

unsigned int spin_us;
module_param(spin_us, uint, 0444);
MODULE_PARM_DESC(spin_us, "microseconds that an event loop spins before it sleeps (0)");

static const struct {
	const char *mode;
	int (*main)(void *arg);
} variants[] = {
	{ "blocking", blocking_main },
	{ "readiness", readiness_main },
	{ "inplace", inplace_main },
};

static struct ukl_app *app;

static int set(struct ukl_sock *sock, int option)
{
	int on = 1;

	return ukl_setsockopt(sock, SOL_SOCKET, option, &on, sizeof(on));
}

struct ukl_sock *echo_listen(bool shared)
{
	struct sockaddr_in6 addr = {
		.sin6_family = AF_INET6,
		.sin6_addr = IN6ADDR_ANY_INIT,
		.sin6_port = htons(port),
	};
	struct ukl_sock *listener = ukl_socket(AF_INET6, SOCK_STREAM, 0);
	int err = PTR_ERR_OR_ZERO(listener);

	if (!err)
		err = set(listener, SO_REUSEADDR);
	if (!err && shared)
		err = set(listener, SO_REUSEPORT);
	if (!err)
		err = ukl_bind(listener, (struct sockaddr *)&addr, sizeof(addr));
	if (!err)
		err = ukl_listen(listener, SOMAXCONN);
	if (!err)
		return listener;
	pr_err("cannot listen on port %u: %pe\n", port, ERR_PTR(err));
	if (!IS_ERR(listener))
		ukl_close(listener);
	return ERR_PTR(err);
}

static int __init echo_init(void)
{
	if (!threads || spin_us > UKL_SPIN_MAX)
		return -EINVAL;
	for (size_t i = 0; i < ARRAY_SIZE(variants); i++) {
		if (strcmp(mode, variants[i].mode))
			continue;
		app = ukl_app_start("echo", variants[i].main, NULL);
		return PTR_ERR_OR_ZERO(app);
	}
	return -EINVAL;
}
module_init(echo_init);

static void __exit echo_exit(void)
{
	/* Ends all threads, and closes what they left open. */
	ukl_app_stop(app);
}
module_exit(echo_exit);

MODULE_DESCRIPTION("An echo server that lives in the kernel");
MODULE_LICENSE("GPL");
