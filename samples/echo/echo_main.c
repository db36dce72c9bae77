// SPDX-License-Identifier: GPL-2.0
/*
 * An echo server (RFC 862) that lives in the kernel: what a UKL application in C looks like, in
 * three ways to serve many connections.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/in6.h>
#include <linux/kstrtox.h>
#include <linux/string.h>

#include "echo.h"

static bool start = true;
module_param(start, bool, 0444);
MODULE_PARM_DESC(start, "start it on kernel threads when loaded (1)");

static struct config parameters = { .port = 7, .threads = 1 };

module_param_named(port, parameters.port, ushort, 0444);
MODULE_PARM_DESC(port, "TCP port to listen on, for IPv4 and IPv6 (7)");

static char *mode = "blocking";
module_param(mode, charp, 0444);
MODULE_PARM_DESC(mode,
		 "blocking: a thread for each connection; readiness: event loops that receive and send; inplace: event loops that answer in one step");

module_param_named(threads, parameters.threads, uint, 0444);
MODULE_PARM_DESC(threads, "event loops, each with a listener of its own on the port (1)");

module_param_named(spin_us, parameters.spin_us, uint, 0444);
MODULE_PARM_DESC(spin_us, "microseconds that an event loop spins before it sleeps (0)");

/*
 * Connections at a time: with a thread of its own, one takes 100 KB beside its socket; in an event
 * loop 16 KB, and that only while its client does not read.
 */
static const struct {
	const char *mode;
	int (*main)(struct server *server);
	int max_clients;
} variants[] = {
	{ "blocking", blocking_main, 1000 },
	{ "readiness", readiness_main, 12000 },
	{ "inplace", inplace_main, 12000 },
};

static struct ukl_program *program;
static struct ukl_app *app;

static int set(struct ukl_sock *sock, int option)
{
	int on = 1;

	return ukl_setsockopt(sock, SOL_SOCKET, option, &on, sizeof(on));
}

struct ukl_sock *echo_listen(const struct config *config)
{
	struct sockaddr_in6 addr = {
		.sin6_family = AF_INET6,
		.sin6_addr = IN6ADDR_ANY_INIT,
		.sin6_port = htons(config->port),
	};
	struct ukl_sock *listener = ukl_socket(AF_INET6, SOCK_STREAM, 0);
	int err = PTR_ERR_OR_ZERO(listener);

	if (!err)
		err = set(listener, SO_REUSEADDR);
	if (!err && config->threads > 1)
		err = set(listener, SO_REUSEPORT);
	if (!err)
		err = ukl_bind(listener, (struct sockaddr *)&addr, sizeof(addr));
	if (!err)
		err = ukl_listen(listener, SOMAXCONN);
	if (!err)
		return listener;
	pr_err("cannot listen on port %u: %pe\n", config->port, ERR_PTR(err));
	if (!IS_ERR(listener))
		ukl_close(listener);
	return ERR_PTR(err);
}

struct ukl_sock *echo_accept(struct server *server, struct ukl_sock *listener, int flags)
{
	struct ukl_sock *sock = ukl_accept(listener, NULL, flags);

	if (IS_ERR(sock) || atomic_add_unless(&server->clients, 1, server->max_clients))
		return sock;
	ukl_close(sock);
	return ERR_PTR(-EUSERS);
}

void echo_close(struct server *server, struct ukl_sock *sock)
{
	ukl_close(sock);
	atomic_dec(&server->clients);
}

/* The variant that @config says, -EINVAL if it says what cannot be. */
static int find(const struct config *config)
{
	if (!config->threads || config->spin_us > UKL_SPIN_MAX)
		return -EINVAL;
	for (size_t i = 0; i < ARRAY_SIZE(variants); i++) {
		if (!strcmp(config->mode, variants[i].mode))
			return i;
	}
	return -EINVAL;
}

/* The arguments of a process, NAME=VALUE; the parameters stand for those that are missing. */
static int read_arguments(struct config *config)
{
	const char *value;
	int err = 0;

	*config = parameters;
	config->mode = mode;
	value = ukl_option("mode");
	if (value)
		config->mode = value;
	value = ukl_option("port");
	if (value)
		err = kstrtou16(value, 0, &config->port);
	value = ukl_option("threads");
	if (value && !err)
		err = kstrtouint(value, 0, &config->threads);
	value = ukl_option("spin_us");
	if (value && !err)
		err = kstrtouint(value, 0, &config->spin_us);
	return err ? err : find(config);
}

static int echo_main(void *arg)
{
	struct server *server = ukl_alloc(sizeof(*server));
	int variant;

	if (IS_ERR(server))
		return PTR_ERR(server);
	variant = read_arguments(&server->config);
	if (variant < 0)
		return variant;
	server->max_clients = variants[variant].max_clients;
	return variants[variant].main(server);
}

static int __init echo_init(void)
{
	int err;

	parameters.mode = mode;
	err = find(&parameters);
	if (err < 0)
		return err;
	program = ukl_program_register("echo", echo_main, NULL);
	if (IS_ERR(program))
		return PTR_ERR(program);
	if (!start)
		return 0;
	app = ukl_app_start("echo", echo_main, NULL);
	if (!IS_ERR(app))
		return 0;
	ukl_program_unregister(program);
	return PTR_ERR(app);
}
module_init(echo_init);

static void __exit echo_exit(void)
{
	/* Ends all threads, and closes what they left open. */
	if (app)
		ukl_app_stop(app);
	ukl_program_unregister(program);
}
module_exit(echo_exit);

MODULE_DESCRIPTION("An echo server that lives in the kernel");
MODULE_LICENSE("GPL");
