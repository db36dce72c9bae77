// SPDX-License-Identifier: GPL-2.0
/*
 * An echo server (RFC 862) that lives in the kernel: what a UKL application in C looks like.
 *
 * Its first thread accepts; every connection has a thread of its own.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/in6.h>
#include <linux/slab.h>
#include <ukl.h>

static unsigned short port = 7;
module_param(port, ushort, 0444);
MODULE_PARM_DESC(port, "TCP port to listen on, for IPv4 and IPv6");

#define BUFFER_SIZE	(16 * 1024)

static struct ukl_app *app;

static int send_all(struct ukl_sock *sock, const char *data, size_t len)
{
	while (len) {
		ssize_t sent = ukl_tcp_send(sock, data, len, 0);

		if (sent < 0)
			return sent;
		data += sent;
		len -= sent;
	}
	return 0;
}

/* Serves a connection until its client closes it, it breaks, or the thread is asked to stop. */
static int serve(void *arg)
{
	char *buffer = kmalloc(BUFFER_SIZE, GFP_KERNEL);
	struct ukl_sock *sock = arg;
	int err = buffer ? 0 : -ENOMEM;

	while (!err) {
		ssize_t len = ukl_tcp_recv(sock, buffer, BUFFER_SIZE, 0);

		if (len <= 0) {
			err = len;
			break;
		}
		err = send_all(sock, buffer, len);
	}
	kfree(buffer);
	ukl_close(sock);
	return err;
}

static int echo(void *arg)
{
	struct sockaddr_in6 addr = {
		.sin6_family = AF_INET6,
		.sin6_addr = IN6ADDR_ANY_INIT,
		.sin6_port = htons(port),
	};
	struct ukl_sock *listener;

	listener = ukl_tcp_listen((struct sockaddr *)&addr, sizeof(addr), 128);
	if (IS_ERR(listener)) {
		pr_err("cannot listen on port %u: %pe\n", port, listener);
		return PTR_ERR(listener);
	}
	while (!ukl_should_stop()) {
		struct ukl_sock *sock = ukl_tcp_accept(listener, 0);
		struct ukl_thread *thread;

		/* What can go wrong with a connection is no reason to refuse the next one. */
		if (IS_ERR(sock)) {
			ukl_null();
			continue;
		}
		thread = ukl_thread_spawn(serve, sock, 0);
		if (IS_ERR(thread))
			ukl_close(sock);
		else
			ukl_thread_detach(thread);
	}
	return ukl_close(listener);
}

static int __init echo_init(void)
{
	app = ukl_app_start("echo", echo, NULL);
	return PTR_ERR_OR_ZERO(app);
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
