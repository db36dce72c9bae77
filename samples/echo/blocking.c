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

struct client {
	struct server *server;
	struct ukl_sock *sock;
};

/* Serves a connection until its client closes it, it breaks, or the thread is asked to stop. */
static int serve(void *arg)
{
	char *buffer = kmalloc(BUFFER_SIZE, GFP_KERNEL);
	struct client *client = arg;
	int err = buffer ? 0 : -ENOMEM;

	while (!err) {
		ssize_t len = ukl_tcp_recv(client->sock, buffer, BUFFER_SIZE, 0);

		if (len <= 0) {
			err = len;
			break;
		}
		err = send_all(client->sock, buffer, len);
	}
	kfree(buffer);
	echo_close(client->server, client->sock);
	kfree(client);
	return err;
}

/* Starts a thread that serves @sock. */
static int start(struct server *server, struct ukl_sock *sock)
{
	struct client *client = kmalloc_obj(*client);
	struct ukl_thread *thread;

	if (!client)
		return -ENOMEM;
	client->server = server;
	client->sock = sock;
	thread = ukl_thread_spawn(serve, client, 0);
	if (IS_ERR(thread)) {
		kfree(client);
		return PTR_ERR(thread);
	}
	return ukl_thread_detach(thread);
}

int blocking_main(struct server *server)
{
	struct ukl_sock *listener = echo_listen(&server->config);

	if (IS_ERR(listener))
		return PTR_ERR(listener);
	while (!ukl_should_stop()) {
		struct ukl_sock *sock = echo_accept(server, listener, 0);

		/* What can go wrong with a connection is no reason to refuse the next one. */
		if (IS_ERR(sock))
			ukl_null();
		else if (start(server, sock))
			echo_close(server, sock);
	}
	return ukl_close(listener);
}
