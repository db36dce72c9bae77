// SPDX-License-Identifier: GPL-2.0
/*
 * A chat server that lives in the kernel: what a client says, line by line, all others hear.
 * "/nick NAME" changes the speaker's name, "/who" tells who is here, "/quit" ends it.
 *
 * One thread serves all clients. What one has not read yet waits in a buffer of its own; a client
 * that lets it overflow is thrown out, and one that finds MAX_CLIENTS others is not let in.
 */
#include <linux/in6.h>
#include <linux/list.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <ukl.h>

/* Clients at a time, of whom each takes 17 KB. */
#define MAX_CLIENTS	256

#define NICK_SIZE	16
#define LINE_SIZE	512
#define OUT_SIZE	(16 * 1024)

static unsigned short port = 6660;
module_param(port, ushort, 0444);
MODULE_PARM_DESC(port, "TCP port to listen on, for IPv4 and IPv6 (6660); in a process: port=N");

/* What one of possibly several servers has. */
struct room {
	struct ukl_poll *poll;
	struct list_head clients;
	unsigned int count, number;
};

struct client {
	struct list_head list;
	struct room *room;
	struct ukl_sock *sock;
	bool gone;
	char nick[NICK_SIZE], line[LINE_SIZE], out[OUT_SIZE];
	size_t line_len, out_len;
};

/* From now on the client is ignored. The shutdown makes an event, and with that it is let go. */
static void kick(struct client *client)
{
	client->gone = true;
	ukl_shutdown(client->sock, SHUT_RDWR);
}

/* Sends what waits, and sees to it that the rest is sent when there is room. */
static void flush(struct client *client)
{
	ssize_t n = ukl_tcp_send(client->sock, client->out, client->out_len, MSG_DONTWAIT);

	if (n < 0 && n != -EAGAIN)
		kick(client);
	n = max(n, 0);
	client->out_len -= n;
	memmove(client->out, client->out + n, client->out_len);
	ukl_poll_modify(client->room->poll, client->sock,
			client->out_len ? EPOLLIN | EPOLLOUT : EPOLLIN, (uintptr_t)client);
}

__printf(2, 3) static void tell(struct client *client, const char *format, ...)
{
	size_t room = OUT_SIZE - client->out_len, len;
	bool waits = client->out_len;
	va_list args;

	va_start(args, format);
	len = vsnprintf(client->out + client->out_len, room, format, args);
	va_end(args);
	client->out_len += min(len, room);
	if (client->out_len == OUT_SIZE)
		kick(client);
	else if (!waits)
		flush(client);
}

#define tell_others(from, ...) do {					\
	struct client *__from = (from), *__other;			\
									\
	list_for_each_entry(__other, &__from->room->clients, list)	\
		if (__other != __from)					\
			tell(__other, __VA_ARGS__);			\
} while (0)

/* A line that @client said: a command, or something for the others. */
static void heard(struct client *client, const char *line)
{
	char before[NICK_SIZE];
	struct client *other;

	if (!strncmp(line, "/nick ", 6)) {
		strscpy(before, client->nick);
		strscpy(client->nick, line + 6);
		tell(client, "* you are %s\n", client->nick);
		tell_others(client, "* %s is now %s\n", before, client->nick);
	} else if (!strcmp(line, "/who")) {
		list_for_each_entry(other, &client->room->clients, list)
			tell(client, "* %s\n", other->nick);
	} else if (!strcmp(line, "/quit")) {
		kick(client);
	} else if (*line) {
		tell_others(client, "<%s> %s\n", client->nick, line);
	}
}

/* Receives, and takes whole lines out of what is there. */
static void hear(struct client *client)
{
	ssize_t n = ukl_tcp_recv(client->sock, client->line + client->line_len,
				 LINE_SIZE - client->line_len, MSG_DONTWAIT);
	char *end;

	if (n == -EAGAIN)
		return;
	client->line_len += max(n, 0);
	while (!client->gone && (end = memchr(client->line, '\n', client->line_len))) {
		*end++ = 0;
		heard(client, strim(client->line));
		client->line_len -= end - client->line;
		memmove(client->line, end, client->line_len);
	}
	/* The end of the stream, or a line that is too long. */
	if (n <= 0 || client->line_len == LINE_SIZE)
		client->gone = true;
}

static void enter(struct room *room, struct ukl_sock *listener)
{
	struct ukl_sock *sock = ukl_accept(listener, NULL, O_NONBLOCK);
	struct client *client;

	if (IS_ERR(sock))
		return;
	client = room->count < MAX_CLIENTS ? kzalloc_obj(*client) : NULL;
	if (!client || ukl_poll_add(room->poll, sock, EPOLLIN, (uintptr_t)client)) {
		kfree(client);
		ukl_close(sock);
		return;
	}
	client->room = room;
	client->sock = sock;
	snprintf(client->nick, NICK_SIZE, "guest%u", ++room->number);
	list_add_tail(&client->list, &room->clients);
	room->count++;
	tell_others(client, "* %s is here\n", client->nick);
	tell(client, "* you are %s\n", client->nick);
}

static void serve(struct client *client, __poll_t events)
{
	if (events & EPOLLOUT)
		flush(client);
	if (events & ~EPOLLOUT)
		hear(client);
	if (client->gone) {
		list_del(&client->list);
		client->room->count--;
		ukl_close(client->sock);
		tell_others(client, "* %s is gone\n", client->nick);
		kfree(client);
	}
}

static int chat_main(void *arg)
{
	struct sockaddr_in6 addr = { .sin6_family = AF_INET6 };
	struct room room = { .poll = ukl_poll_create() };
	const char *value = ukl_option("port");
	struct client *client, *next;
	u16 number = port;
	struct ukl_event events[64];
	struct ukl_sock *listener;
	int n;

	INIT_LIST_HEAD(&room.clients);
	if (value && kstrtou16(value, 0, &number))
		return -EINVAL;
	addr.sin6_port = htons(number);
	listener = ukl_tcp_listen((struct sockaddr *)&addr, sizeof(addr), SOMAXCONN);
	n = ukl_poll_add(room.poll, listener, EPOLLIN, 0);
	if (n < 0)
		pr_err("chat: cannot listen on port %u: %pe\n", number, listener);
	while (n >= 0) {
		n = ukl_poll_wait(room.poll, events, ARRAY_SIZE(events), UKL_FOREVER);
		for (int i = 0; i < n; i++) {
			client = (struct client *)(uintptr_t)events[i].token;
			if (client)
				serve(client, events[i].events);
			else
				enter(&room, listener);
		}
	}
	list_for_each_entry_safe(client, next, &room.clients, list)
		kfree(client);
	return n;
}

module_ukl_program("chat", chat_main);

MODULE_DESCRIPTION("A chat server that lives in the kernel");
MODULE_LICENSE("GPL");
