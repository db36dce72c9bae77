// SPDX-License-Identifier: GPL-2.0
/* The first thread accepts; every connection has a thread of its own, which waits for it. */
#include <linux/slab.h>

#include "echo.h"

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

int blocking_main(const struct config *config)
{
	struct ukl_sock *listener = echo_listen(config);

	if (IS_ERR(listener))
		return PTR_ERR(listener);
	while (!ukl_should_stop()) {
		struct ukl_sock *sock = ukl_accept(listener, NULL, 0);
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
