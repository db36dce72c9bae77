// SPDX-License-Identifier: GPL-2.0
/*
 * uring_server PORT - the echo server in user space with io_uring
 *
 * One thread; connections are accepted, and requests received, by one multishot request each. What
 * was received is sent from the buffer that it came in, one of a ring of buffers that the kernel
 * picks from. A round is one io_uring_enter() that sends all answers and waits for the next
 * requests, so that one connection costs one system call for a request: a send that takes all says
 * nothing (IOSQE_CQE_SKIP_SUCCESS, MSG_DONTWAIT), for its completion would end the wait. Sockets
 * are in the ring's own table, and have no descriptors.
 *
 * It receives no more from a client that does not take its answers. Prints the server's process id
 * as soon as it listens.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <liburing.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include "daemon.h"

#define SOCKETS		16384
#define BUFFERS		1024	/* a power of two */
#define BUFFER_SIZE	4096
#define HELD_MAX	16	/* buffers of a connection */
#define SQ_SIZE		4096
/* Never full: an end of each receive, accepted connections, and one for each buffer, twice. */
#define CQ_SIZE		65536
#define FLAGS		(IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | \
			 IORING_SETUP_COOP_TASKRUN | IORING_SETUP_NO_SQARRAY | IORING_SETUP_CQSIZE)

/* What a completion is of; user_data is this and the socket. */
enum kind { ACCEPT, RECEIVE, SEND, SEND_WAITING, OTHER };

enum sending {
	IDLE,
	TRIED,		/* goes with the next io_uring_enter(), whole if no completion comes */
	WAITING,	/* for room in the socket; ends with a completion */
};

struct connection {
	enum sending sending;
	bool receiving;
	bool ended;		/* there is nothing more to receive */
	bool starved;		/* waits for a free buffer to receive */
	unsigned int held;	/* buffers that are to be sent, linked by next[] */
	unsigned int first, last;
	unsigned int offset;	/* into the first: what was sent */
};

static struct connection connections[SOCKETS];
static unsigned int next[BUFFERS], length[BUFFERS];
static char buffers[BUFFERS][BUFFER_SIZE] __attribute__((aligned(4096)));

static struct io_uring ring;
static struct io_uring_buf_ring *free_buffers;
static unsigned int free_count = BUFFERS;

/* Connections: with a send of this round and of the one before; those that wait for a buffer. */
static unsigned int lists[2][BUFFERS], *tried = lists[0];
static unsigned int starved[SOCKETS], tried_count, starved_count;

static int listener;
static bool accepting;

static struct io_uring_sqe *request(enum kind kind, unsigned int socket)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);

	if (!sqe) {
		io_uring_submit(&ring);
		sqe = io_uring_get_sqe(&ring);
	}
	if (!sqe)
		errx(1, "no room for a request");
	/* Preparing a request leaves this as it is. */
	io_uring_sqe_set_data64(sqe, (unsigned long)kind << 32 | socket);
	return sqe;
}

static void start_accepting(void)
{
	struct io_uring_sqe *sqe = request(ACCEPT, 0);

	io_uring_prep_multishot_accept_direct(sqe, listener, NULL, NULL, 0);
	accepting = true;
}

static void receive(unsigned int socket)
{
	struct io_uring_sqe *sqe = request(RECEIVE, socket);

	io_uring_prep_recv_multishot(sqe, socket, NULL, 0, 0);
	sqe->flags |= IOSQE_FIXED_FILE | IOSQE_BUFFER_SELECT;
	sqe->buf_group = 0;
	connections[socket].receiving = true;
}

static void stop_receiving(unsigned int socket)
{
	struct io_uring_sqe *sqe = request(OTHER, socket);

	io_uring_prep_cancel64(sqe, (unsigned long)RECEIVE << 32 | socket, 0);
	sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
}

static void send_first(unsigned int socket, enum sending how)
{
	struct connection *connection = &connections[socket];
	struct io_uring_sqe *sqe = request(how == TRIED ? SEND : SEND_WAITING, socket);
	unsigned int buffer = connection->first;

	io_uring_prep_send(sqe, socket, buffers[buffer] + connection->offset,
			   length[buffer] - connection->offset,
			   MSG_NOSIGNAL | MSG_WAITALL | (how == TRIED ? MSG_DONTWAIT : 0));
	sqe->flags |= IOSQE_FIXED_FILE;
	if (how == TRIED) {
		sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
		tried[tried_count++] = socket;
	}
	connection->sending = how;
}

static void close_connection(unsigned int socket)
{
	struct io_uring_sqe *sqe = request(OTHER, socket);

	io_uring_prep_close_direct(sqe, socket);
	sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
	if (!accepting)
		start_accepting();
}

static void give_back(unsigned int buffer)
{
	io_uring_buf_ring_add(free_buffers, buffers[buffer], BUFFER_SIZE, buffer,
			      io_uring_buf_ring_mask(BUFFERS), 0);
	io_uring_buf_ring_advance(free_buffers, 1);
	free_count++;
}

static void drop_first(struct connection *connection)
{
	give_back(connection->first);
	connection->first = next[connection->first];
	connection->held--;
	connection->offset = 0;
}

/* What is next for a connection that has no send under way. */
static void proceed(unsigned int socket)
{
	struct connection *connection = &connections[socket];

	if (connection->held) {
		send_first(socket, TRIED);
	} else if (!connection->receiving) {
		if (connection->ended) {
			close_connection(socket);
		} else if (free_count) {
			receive(socket);
		} else if (!connection->starved) {
			connection->starved = true;
			starved[starved_count++] = socket;
		}
	}
}

/* Nothing more goes to this client. */
static void fail(unsigned int socket)
{
	struct connection *connection = &connections[socket];

	while (connection->held)
		drop_first(connection);
	connection->ended = true;
	connection->sending = IDLE;
	if (connection->receiving)
		stop_receiving(socket);
	else
		proceed(socket);
}

static void accepted(const struct io_uring_cqe *cqe)
{
	accepting = cqe->flags & IORING_CQE_F_MORE;
	if (cqe->res >= 0) {
		connections[cqe->res] = (struct connection) { };
		receive(cqe->res);
	} else if (cqe->res == -ENFILE) {
		/* When one is closed. */
		return;
	} else if (cqe->res != -ECONNABORTED) {
		errno = -cqe->res;
		err(1, "accept");
	}
	if (!accepting)
		start_accepting();
}

static void received(const struct io_uring_cqe *cqe, unsigned int socket)
{
	struct connection *connection = &connections[socket];
	unsigned int buffer = cqe->flags >> IORING_CQE_BUFFER_SHIFT;

	connection->receiving = cqe->flags & IORING_CQE_F_MORE;
	if (cqe->flags & IORING_CQE_F_BUFFER)
		free_count--;
	if (cqe->flags & IORING_CQE_F_BUFFER && (cqe->res <= 0 || connection->ended)) {
		give_back(buffer);
	} else if (cqe->flags & IORING_CQE_F_BUFFER) {
		length[buffer] = cqe->res;
		if (connection->held++)
			next[connection->last] = buffer;
		else
			connection->first = buffer;
		connection->last = buffer;
		if (connection->held == HELD_MAX && connection->receiving)
			stop_receiving(socket);
	}
	if (cqe->res <= 0 && cqe->res != -ENOBUFS && cqe->res != -ECANCELED)
		connection->ended = true;
	if (connection->sending == IDLE)
		proceed(socket);
}

static void completed(const struct io_uring_cqe *cqe)
{
	unsigned int socket = cqe->user_data;
	struct connection *connection = &connections[socket];

	switch (cqe->user_data >> 32) {
	case ACCEPT:
		accepted(cqe);
		break;
	case RECEIVE:
		received(cqe, socket);
		break;
	case SEND:
		/* Did not take all. */
		if (cqe->res < 0 && cqe->res != -EAGAIN) {
			fail(socket);
			break;
		}
		connection->offset += cqe->res > 0 ? cqe->res : 0;
		send_first(socket, WAITING);
		break;
	case SEND_WAITING:
		if (cqe->res < 0 || connection->offset + cqe->res != length[connection->first]) {
			fail(socket);
			break;
		}
		connection->sending = IDLE;
		drop_first(connection);
		proceed(socket);
		break;
	}
}

/* Ends the sends that said nothing. Returns whether there is something to do without waiting. */
static bool end_sends(const unsigned int *sent, unsigned int count)
{
	bool more = false;

	for (unsigned int i = 0; i < count; i++) {
		struct connection *connection = &connections[sent[i]];

		if (connection->sending != TRIED)
			continue;
		connection->sending = IDLE;
		drop_first(connection);
		proceed(sent[i]);
	}
	while (free_count && starved_count) {
		unsigned int socket = starved[--starved_count];

		connections[socket].starved = false;
		receive(socket);
	}
	for (unsigned int i = 0; i < tried_count && !more; i++)
		more = starved_count || connections[tried[i]].held > 1 ||
		       !connections[tried[i]].receiving;
	return more;
}

static void set_up(void)
{
	struct io_uring_params params = { .flags = FLAGS, .cq_entries = CQ_SIZE };
	int ret;

	ret = io_uring_queue_init_params(SQ_SIZE, &ring, &params);
	if (!ret)
		ret = io_uring_register_files_sparse(&ring, SOCKETS);
	if (!ret) {
		ret = io_uring_register_ring_fd(&ring);
		ret = ret < 0 ? ret : 0;
	}
	if (!ret)
		free_buffers = io_uring_setup_buf_ring(&ring, BUFFERS, 0, 0, &ret);
	if (!free_buffers) {
		errno = -ret;
		err(1, "io_uring");
	}
	for (unsigned int i = 0; i < BUFFERS; i++)
		io_uring_buf_ring_add(free_buffers, buffers[i], BUFFER_SIZE, i,
				      io_uring_buf_ring_mask(BUFFERS), i);
	io_uring_buf_ring_advance(free_buffers, BUFFERS);
}

int main(int argc, char **argv)
{
	struct sockaddr_in6 addr = { .sin6_family = AF_INET6 };
	struct rlimit files = { .rlim_cur = 65536, .rlim_max = 65536 };
	bool more = false;
	int one = 1;

	if (argc != 2)
		errx(2, "usage: uring_server PORT");
	addr.sin6_port = htons(atoi(argv[1]));
	listener = socket(AF_INET6, SOCK_STREAM, 0);
	/* Connections inherit TCP_NODELAY. */
	if (listener < 0 || setrlimit(RLIMIT_NOFILE, &files) ||
	    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) ||
	    setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) ||
	    bind(listener, (struct sockaddr *)&addr, sizeof(addr)) || listen(listener, 1024))
		err(1, "cannot listen on port %s", argv[1]);

	go_to_background();
	/* Only the thread that makes the ring may use it. */
	set_up();
	start_accepting();
	for (;;) {
		unsigned int *sent = tried, sent_count = tried_count;
		struct io_uring_cqe *cqe;
		unsigned int head, seen;
		int ret = io_uring_submit_and_wait(&ring, more ? 0 : 1);

		if (ret < 0 && ret != -EINTR) {
			errno = -ret;
			err(1, "io_uring_enter");
		}
		tried = tried == lists[0] ? lists[1] : lists[0];
		tried_count = 0;
		do {
			seen = 0;
			io_uring_for_each_cqe(&ring, head, cqe) {
				completed(cqe);
				seen++;
			}
			io_uring_cq_advance(&ring, seen);
		} while (seen);
		more = end_sends(sent, sent_count);
	}
}
