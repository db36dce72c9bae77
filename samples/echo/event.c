// SPDX-License-Identifier: GPL-2.0
/*
 * Event loops: a thread waits for all of its connections at once and serves those that are ready.
 *
 * A connection has nothing but its socket, which is its token in the event set, until the client
 * does not read its answers: then what is left of an answer is kept in a struct rest, which takes
 * the socket's place as the token, and the connection is not read from before that is sent.
 */
#include <linux/list.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "echo.h"

#define EVENTS	128

/* Neither receiving nor sending waits, or leaves this stack. */
#define AT_ONCE	(MSG_DONTWAIT | UKL_NSS)

/* Marks the token of a struct rest: a pointer is even. */
#define REST	1

struct loop;

/* How connections are served, and what they are waited for. */
struct variant {
	void (*serve)(struct loop *loop, struct ukl_sock *sock, __poll_t events);
	__poll_t events;
};

struct loop {
	struct server *server;
	const struct variant *variant;
	struct ukl_poll *poll;
	struct ukl_sock *listener;
	struct list_head rests;
	struct ukl_reply reply;
	struct ukl_event events[EVENTS];
	char buffer[BUFFER_SIZE];
};

struct rest {
	struct list_head list;
	struct ukl_sock *sock;
	size_t sent, len;
	char data[] __counted_by(len);
};

static u64 token_of(void *p)
{
	return (uintptr_t)p;
}

static void *pointer_of(u64 token)
{
	return (void *)(uintptr_t)(token & ~(u64)REST);
}

/* Keeps what the client did not take and waits until it takes more. */
static void keep(struct loop *loop, struct ukl_sock *sock, const char *data, size_t len)
{
	struct rest *rest = kmalloc(struct_size(rest, data, len), GFP_KERNEL);

	if (!rest) {
		echo_close(loop->server, sock);
		return;
	}
	rest->sock = sock;
	rest->sent = 0;
	rest->len = len;
	memcpy(rest->data, data, len);
	list_add(&rest->list, &loop->rests);
	ukl_poll_modify(loop->poll, sock, EPOLLOUT, token_of(rest) | REST);
}

static void drop(struct rest *rest)
{
	list_del(&rest->list);
	kfree(rest);
}

/* There is room for more of the rest; when it is out, the connection is one like the others. */
static void serve_rest(struct loop *loop, struct rest *rest)
{
	struct ukl_sock *sock = rest->sock;
	ssize_t n = ukl_tcp_send(sock, rest->data + rest->sent, rest->len - rest->sent, AT_ONCE);

	if (n < 0 && n != -EAGAIN) {
		drop(rest);
		echo_close(loop->server, sock);
		return;
	}
	rest->sent += max(n, 0);
	if (rest->sent == rest->len) {
		drop(rest);
		ukl_poll_modify(loop->poll, sock, loop->variant->events, token_of(sock));
	}
}

/*
 * mode=readiness, level mode: receives once and sends that back. If there is more, the next wait
 * says so.
 */
static void serve_copy(struct loop *loop, struct ukl_sock *sock, __poll_t events)
{
	ssize_t n = ukl_tcp_recv(sock, loop->buffer, BUFFER_SIZE, AT_ONCE), sent;

	if (n == -EAGAIN)
		return;
	sent = n > 0 ? ukl_tcp_send(sock, loop->buffer, n, AT_ONCE) : n;
	if (sent == -EAGAIN)
		sent = 0;
	if (n <= 0 || sent < 0)
		echo_close(loop->server, sock);
	else if (sent < n)
		keep(loop, sock, loop->buffer + sent, n - sent);
}

/*
 * The bytes are only here during this call, so that they have to be copied once. With less consumed
 * than there is, the receive ends.
 */
static ssize_t take(void *arg, const void *data, size_t len)
{
	struct loop *loop = arg;
	struct ukl_reply *reply = &loop->reply;
	size_t n = min(len, BUFFER_SIZE - reply->len);

	memcpy(loop->buffer + reply->len, data, n);
	reply->data = loop->buffer;
	reply->len += n;
	return n;
}

/*
 * mode=inplace, edge mode: receives all there is and answers under one lock. What comes later is
 * another edge.
 */
static void serve_inplace(struct loop *loop, struct ukl_sock *sock, __poll_t events)
{
	struct ukl_reply *reply = &loop->reply;
	ssize_t n = ukl_tcp_exchange(sock, take, loop, reply, AT_ONCE);

	if (likely(n > 0 && reply->sent == n)) {
		/* The buffer was too small, or this is the end: look again, in turn. */
		if (n == BUFFER_SIZE || events != EPOLLIN)
			ukl_poll_modify(loop->poll, sock, loop->variant->events, token_of(sock));
		return;
	}
	if (n == -EAGAIN)
		return;
	if (n > 0 && (reply->sent >= 0 || reply->sent == -EAGAIN)) {
		size_t sent = max(reply->sent, 0);

		keep(loop, sock, loop->buffer + sent, n - sent);
		return;
	}
	echo_close(loop->server, sock);
}

/* Takes all connections there are: many clients may come at once. */
static void accept_all(struct loop *loop)
{
	for (;;) {
		struct ukl_sock *sock = echo_accept(loop->server, loop->listener, O_NONBLOCK);

		if (IS_ERR(sock))
			return;
		if (ukl_poll_add(loop->poll, sock, loop->variant->events, token_of(sock)))
			echo_close(loop->server, sock);
	}
}

static void dispatch(struct loop *loop, const struct ukl_event *event)
{
	void *pointer = pointer_of(event->token);

	if (event->token & REST)
		serve_rest(loop, pointer);
	else if (pointer == loop->listener)
		accept_all(loop);
	else
		loop->variant->serve(loop, pointer, event->events);
}

/* The port and the event set of a loop. What is open is closed when the application stops. */
static int loop_open(struct loop *loop, const struct config *config)
{
	int err;

	loop->poll = ukl_poll_create();
	if (IS_ERR(loop->poll))
		return PTR_ERR(loop->poll);
	err = ukl_poll_spin(loop->poll, config->spin_us);
	if (err)
		return err;
	loop->listener = echo_listen(config);
	if (IS_ERR(loop->listener))
		return PTR_ERR(loop->listener);
	return ukl_poll_add(loop->poll, loop->listener, EPOLLIN, token_of(loop->listener));
}

static int loop_main(void *arg)
{
	struct server *server = arg;
	struct loop *loop = kvzalloc(sizeof(*loop), GFP_KERNEL);
	struct rest *rest, *next;
	int n;

	if (!loop)
		return -ENOMEM;
	loop->server = server;
	loop->variant = server->variant;
	INIT_LIST_HEAD(&loop->rests);
	n = loop_open(loop, &server->config);
	while (n >= 0) {
		n = ukl_poll_wait(loop->poll, loop->events, EVENTS, UKL_FOREVER);
		for (int i = 0; i < n; i++)
			dispatch(loop, &loop->events[i]);
	}
	list_for_each_entry_safe(rest, next, &loop->rests, list)
		drop(rest);
	kvfree(loop);
	return n;
}

static int start(struct server *server, const struct variant *variant)
{
	server->variant = variant;
	for (unsigned int i = 1; i < server->config.threads; i++) {
		struct ukl_thread *thread = ukl_thread_spawn(loop_main, server, 0);

		if (IS_ERR(thread))
			return PTR_ERR(thread);
		ukl_thread_detach(thread);
	}
	return loop_main(server);
}

int readiness_main(struct server *server)
{
	static const struct variant readiness = { serve_copy, EPOLLIN };

	return start(server, &readiness);
}

int inplace_main(struct server *server)
{
	static const struct variant inplace = {
		serve_inplace, EPOLLIN | EPOLLRDHUP | EPOLLET,
	};

	return start(server, &inplace);
}
