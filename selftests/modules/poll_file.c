// SPDX-License-Identifier: GPL-2.0
/* Files in event sets: pipes that the test opens itself, and what a process has handed over. */
#include <linux/completion.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "poll.h"

#define EDGE	EPOLLET

/* Bytes that a pipe holds. */
#define PIPE_SIZE	SZ_64K

static const __poll_t modes[] = { 0, EDGE };

/** struct ends - the ends of a pipe that has a name */
struct ends {
	struct ukl_file *reader, *writer;
	struct ukl_poll *poll;
};

/* ARGUMENTS of all cases: the path of a named pipe. */
static bool ends_open(struct test *t, struct ends *ends)
{
	ends->reader = ukl_file_open(t->args, O_RDONLY | O_NONBLOCK, 0);
	if (!EXPECT_OK(t, ends->reader))
		return false;
	ends->writer = ukl_file_open(t->args, O_WRONLY | O_NONBLOCK, 0);
	if (!EXPECT_OK(t, ends->writer))
		return false;
	ends->poll = ukl_poll_create();
	return EXPECT_OK(t, ends->poll);
}

static void ends_close(struct test *t, struct ends *ends)
{
	if (ends->reader)
		EXPECT_EQ(t, ukl_file_close(ends->reader), 0);
	if (ends->writer)
		EXPECT_EQ(t, ukl_file_close(ends->writer), 0);
	EXPECT_EQ(t, ukl_poll_close(ends->poll), 0);
}

static int pipe(struct test *t)
{
	char *bytes = kmalloc(PIPE_SIZE, GFP_KERNEL);

	for (int i = 0; i < ARRAY_SIZE(modes); i++) {
		struct ends e;

		if (!bytes || !ends_open(t, &e))
			break;
		EXPECT_EQ(t, ukl_poll_add_file(e.poll, e.reader, EPOLLIN | modes[i], 1), 0);
		EXPECT_QUIET(t, e.poll);
		for (int j = 0; j < 3; j++) {
			EXPECT_EQ(t, ukl_file_write(e.writer, "ab", 2), 2);
			EXPECT_EVENT(t, e.poll, 1, EPOLLIN);
			if (modes[i])
				EXPECT_QUIET(t, e.poll);
			else
				EXPECT_EVENT(t, e.poll, 1, EPOLLIN);
			EXPECT_EQ(t, ukl_file_read(e.reader, bytes, 2), 2);
			EXPECT_QUIET(t, e.poll);
		}
		EXPECT_EQ(t, ukl_poll_add_file(e.poll, e.writer, EPOLLOUT | modes[i], 2), 0);
		EXPECT_EVENT(t, e.poll, 2, EPOLLOUT);
		EXPECT_EQ(t, ukl_poll_remove_file(e.poll, e.reader), 0);
		/* Full, and room again. */
		EXPECT_EQ(t, ukl_file_write(e.writer, bytes, PIPE_SIZE), PIPE_SIZE);
		EXPECT_EQ(t, ukl_file_write(e.writer, bytes, 1), -EAGAIN);
		EXPECT_QUIET(t, e.poll);
		EXPECT_EQ(t, ukl_file_read(e.reader, bytes, PIPE_SIZE), PIPE_SIZE);
		EXPECT_EVENT(t, e.poll, 2, EPOLLOUT);
		/* An end that goes is told to the other one in any case. */
		EXPECT_EQ(t, ukl_poll_modify_file(e.poll, e.writer, modes[i], 3), 0);
		EXPECT_QUIET(t, e.poll);
		EXPECT_EQ(t, ukl_file_close(e.reader), 0);
		e.reader = NULL;
		EXPECT_EQ(t, poll_until(e.poll, EPOLLERR), EPOLLERR);
		EXPECT_EQ(t, ukl_file_write(e.writer, bytes, 1), -EPIPE);
		ends_close(t, &e);
	}
	kfree(bytes);
	return 0;
}

static int end_of_a_pipe(struct test *t)
{
	for (int i = 0; i < ARRAY_SIZE(modes); i++) {
		struct ends e;
		char byte;

		if (!ends_open(t, &e))
			return 0;
		EXPECT_EQ(t, ukl_poll_add_file(e.poll, e.reader, EPOLLIN | modes[i], U64_MAX), 0);
		EXPECT_EQ(t, ukl_file_write(e.writer, "x", 1), 1);
		EXPECT_EVENT(t, e.poll, U64_MAX, EPOLLIN);
		EXPECT_EQ(t, ukl_file_close(e.writer), 0);
		e.writer = NULL;
		EXPECT_EQ(t, poll_until(e.poll, EPOLLHUP), EPOLLIN | EPOLLHUP);
		EXPECT_EQ(t, ukl_file_read(e.reader, &byte, 1), 1);
		EXPECT_EQ(t, ukl_file_read(e.reader, &byte, 1), 0);
		if (!modes[i])
			EXPECT_EVENT(t, e.poll, U64_MAX, EPOLLHUP);
		ends_close(t, &e);
	}
	return 0;
}

static int set_and_file(struct test *t)
{
	struct ukl_poll *other = ukl_poll_create();
	struct pair pair;
	struct ends e;

	if (!ends_open(t, &e) || !EXPECT_OK(t, other) || !pair_open(t, &pair, 4))
		return 0;
	EXPECT_EQ(t, ukl_poll_modify_file(e.poll, e.reader, EPOLLIN, 1), -ENOENT);
	EXPECT_EQ(t, ukl_poll_remove_file(e.poll, e.reader), -ENOENT);
	EXPECT_EQ(t, ukl_poll_add_file(e.poll, e.reader, EPOLLIN, 1), 0);
	EXPECT_EQ(t, ukl_poll_add_file(e.poll, e.reader, EPOLLIN, 2), -EEXIST);
	EXPECT_EQ(t, ukl_poll_add_file(other, e.reader, EPOLLIN, 3), -EBUSY);
	EXPECT_EQ(t, ukl_poll_modify_file(other, e.reader, EPOLLIN, 3), -ENOENT);
	EXPECT_EQ(t, ukl_poll_remove_file(other, e.reader), -ENOENT);
	EXPECT_EQ(t, ukl_poll_modify_file(e.poll, e.reader, EPOLLIN | EPOLLEXCLUSIVE, 4), -EINVAL);
	EXPECT_EQ(t, ukl_poll_add_file(e.poll, e.writer, EPOLLERR, 4), -EINVAL);
	/* What is ready when it is added or modified is an event. */
	EXPECT_EQ(t, ukl_file_write(e.writer, "x", 1), 1);
	EXPECT_EVENT(t, e.poll, 1, EPOLLIN);
	EXPECT_EQ(t, ukl_poll_modify_file(e.poll, e.reader, EPOLLIN | EDGE, 5), 0);
	EXPECT_EVENT(t, e.poll, 5, EPOLLIN);
	EXPECT_QUIET(t, e.poll);
	EXPECT_EQ(t, ukl_poll_remove_file(e.poll, e.reader), 0);
	EXPECT_EQ(t, ukl_poll_remove_file(e.poll, e.reader), -ENOENT);
	EXPECT_EQ(t, ukl_poll_add_file(other, e.reader, EPOLLIN | EDGE, 6), 0);
	EXPECT_EVENT(t, other, 6, EPOLLIN);
	EXPECT_QUIET(t, other);
	/* Beside a socket. */
	EXPECT_EQ(t, ukl_poll_add(other, pair.server, EPOLLIN, 7), 0);
	send_byte(t, pair.client, pair.server);
	EXPECT_EVENT(t, other, 7, EPOLLIN);
	/* The set goes, and both stay. */
	EXPECT_EQ(t, ukl_poll_close(other), 0);
	EXPECT_EQ(t, ukl_poll_add_file(e.poll, e.reader, EPOLLIN, 8), 0);
	EXPECT_EVENT(t, e.poll, 8, EPOLLIN);
	/* The file goes, with an event that somebody has seen. */
	EXPECT_EQ(t, ukl_file_close(e.reader), 0);
	e.reader = NULL;
	EXPECT_QUIET(t, e.poll);
	/* And with one that nobody has. */
	EXPECT_EQ(t, ukl_poll_add_file(e.poll, e.writer, EPOLLOUT, 9), 0);
	EXPECT_EQ(t, ukl_file_close(e.writer), 0);
	e.writer = NULL;
	EXPECT_QUIET(t, e.poll);
	pair_close(t, &pair);
	ends_close(t, &e);
	return 0;
}

static int always_ready(struct test *t)
{
	static const char *const paths[] = { "/etc/passwd", "/dev/null", "/" };
	struct ukl_poll *poll = ukl_poll_create();

	if (!EXPECT_OK(t, poll))
		return 0;
	for (int i = 0; i < ARRAY_SIZE(paths); i++) {
		struct ukl_file *file = ukl_file_open(paths[i], O_RDONLY, 0);

		if (!EXPECT_OK(t, file))
			return 0;
		EXPECT_EQ(t, ukl_poll_add_file(poll, file, EPOLLIN, 1), -EPERM);
		EXPECT_EQ(t, ukl_poll_add_file(poll, file, EPOLLIN | EDGE, 1), -EPERM);
		EXPECT_EQ(t, ukl_poll_modify_file(poll, file, EPOLLIN, 1), -ENOENT);
		EXPECT_EQ(t, ukl_poll_remove_file(poll, file), -ENOENT);
		EXPECT_EQ(t, ukl_file_close(file), 0);
	}
	EXPECT_QUIET(t, poll);
	EXPECT_EQ(t, ukl_poll_close(poll), 0);
	return 0;
}

/* A file that failed to get in is in no set, and on no wait queue. */
static int two_wait_queues(struct test *t)
{
	struct ukl_file *both = ukl_file_open(t->args, O_RDWR | O_NONBLOCK, 0);
	struct ukl_poll *poll = ukl_poll_create();
	struct ends e;

	if (!EXPECT_OK(t, poll) || !EXPECT_OK(t, both) || !ends_open(t, &e))
		return 0;
	for (int i = 0; i < 3; i++) {
		EXPECT_EQ(t, ukl_poll_add_file(poll, both, EPOLLIN | EPOLLOUT, 1), -EOPNOTSUPP);
		EXPECT_EQ(t, ukl_poll_add_file(e.poll, both, EPOLLIN, 1), -EOPNOTSUPP);
		EXPECT_EQ(t, ukl_poll_modify_file(poll, both, EPOLLIN, 1), -ENOENT);
		EXPECT_EQ(t, ukl_poll_remove_file(poll, both), -ENOENT);
	}
	EXPECT_EQ(t, ukl_file_write(both, "x", 1), 1);
	EXPECT_QUIET(t, poll);
	EXPECT_EQ(t, ukl_file_close(both), 0);
	EXPECT_EQ(t, ukl_file_write(e.writer, "x", 1), 1);
	ends_close(t, &e);
	EXPECT_EQ(t, ukl_poll_close(poll), 0);
	return 0;
}

static int file_wakes_a_waiter(struct test *t)
{
	struct waiter w;
	struct ends e;

	if (!ends_open(t, &e))
		return 0;
	EXPECT_EQ(t, ukl_poll_add_file(e.poll, e.reader, EPOLLIN, 1), 0);
	if (waiter_start(t, &w, e.poll, UKL_FOREVER)) {
		EXPECT_EQ(t, ukl_file_write(e.writer, "x", 1), 1);
		EXPECT_EQ(t, waiter_end(t, &w), 1);
		EXPECT_EQ(t, w.events[0].token, 1);
		EXPECT_EQ(t, w.events[0].events, EPOLLIN);
	}
	EXPECT_EQ(t, ukl_poll_modify_file(e.poll, e.reader, EPOLLPRI, 2), 0);
	if (waiter_start(t, &w, e.poll, UKL_FOREVER)) {
		EXPECT_EQ(t, ukl_poll_close(e.poll), 0);
		EXPECT_EQ(t, waiter_end(t, &w), -EBADF);
	}
	EXPECT_EQ(t, ukl_file_close(e.reader), 0);
	EXPECT_EQ(t, ukl_file_close(e.writer), 0);
	return 0;
}

/** struct answer - what an application tells the process that woke it */
struct answer {
	u64 what, events, value;
};

/** struct process - an application that a process has given files and a socket */
struct process {
	struct test *t;
	struct completion given, done;
	struct ukl_file *event, *pipe, *epoll, *timer, *answers;
	struct ukl_sock *sock;
};

static u64 take_8_bytes(struct test *t, struct ukl_file *file)
{
	u64 value = 0;

	EXPECT_EQ(t, ukl_file_read(file, &value, sizeof(value)), sizeof(value));
	return value;
}

/* Takes what the event is about, so that it does not come again. */
static u64 take(struct process *p, u64 what)
{
	struct test *t = p->t;
	char byte = 0;

	switch (what) {
	case 'E':
		return take_8_bytes(t, p->event);
	case 'T':
		return take_8_bytes(t, p->timer);
	case 'P':
		EXPECT_EQ(t, ukl_file_read(p->pipe, &byte, 1), 1);
		return byte;
	case 'K':
		/* What is ready in the epoll file is for the process. */
		return 0;
	case 'S':
		/* Either of both may read; the first byte says who. */
		EXPECT_EQ(t, ukl_tcp_recv(p->sock, &byte, 1, MSG_PEEK | MSG_DONTWAIT), 1);
		if (byte == 'a')
			EXPECT_EQ(t, ukl_tcp_recv(p->sock, &byte, 1, MSG_DONTWAIT), 1);
		return byte;
	}
	EXPECT_EQ(t, what, 0);
	return 0;
}

/* Answers each event, until the eventfd says 99. */
static int answer_all(void *data)
{
	struct process *p = data;
	struct test *t = p->t;
	struct ukl_poll *poll = ukl_poll_create();
	struct ukl_event event = { };
	struct answer answer = { };

	wait_for_completion(&p->given);
	if (t->failures)
		goto out;
	EXPECT_EQ(t, ukl_poll_add_file(poll, p->event, EPOLLIN, 'E'), 0);
	EXPECT_EQ(t, ukl_poll_add_file(poll, p->timer, EPOLLIN, 'T'), 0);
	EXPECT_EQ(t, ukl_poll_add_file(poll, p->pipe, EPOLLIN, 'P'), 0);
	EXPECT_EQ(t, ukl_poll_add_file(poll, p->epoll, EPOLLIN | EDGE, 'K'), 0);
	EXPECT_EQ(t, ukl_poll_add(poll, p->sock, EPOLLIN | EDGE, 'S'), 0);
	while (!t->failures && answer.value != 99) {
		int n = ukl_poll_wait(poll, &event, 1, 60 * NSEC_PER_SEC);

		EXPECT_EQ(t, n, 1);
		if (n != 1)
			break;
		answer.what = event.token;
		answer.events = (__force u32)event.events;
		answer.value = take(p, event.token);
		EXPECT_EQ(t, ukl_file_write(p->answers, &answer, sizeof(answer)), sizeof(answer));
	}
out:
	/* Otherwise the process would wait for an answer. */
	if (!IS_ERR_OR_NULL(p->answers))
		EXPECT_EQ(t, ukl_file_close(p->answers), 0);
	complete(&p->done);
	return 0;
}

static struct ukl_file *given(struct test *t, struct ukl_app *app, int fd)
{
	struct ukl_file *file = ukl_file_from_fd(app, fd);

	EXPECT_OK(t, file);
	return file;
}

/* ARGUMENTS: descriptors of an eventfd, a timerfd, a pipe, an epoll file, a socket, the answers. */
static int woken_by_a_process(struct test *t)
{
	struct process p = { .t = t };
	struct ukl_app *app;
	int fds[6];

	if (sscanf(t->args, "%d %d %d %d %d %d", &fds[0], &fds[1], &fds[2], &fds[3], &fds[4],
		   &fds[5]) != 6) {
		EXPECT_EQ(t, -EINVAL, 0);
		return 0;
	}
	init_completion(&p.given);
	init_completion(&p.done);
	app = ukl_app_start("answers", answer_all, &p);
	if (!EXPECT_OK(t, app))
		return 0;
	p.event = given(t, app, fds[0]);
	p.timer = given(t, app, fds[1]);
	p.pipe = given(t, app, fds[2]);
	p.epoll = given(t, app, fds[3]);
	p.sock = ukl_sock_from_fd(app, fds[4]);
	EXPECT_OK(t, p.sock);
	p.answers = given(t, app, fds[5]);
	complete(&p.given);
	EXPECT_TRUE(t, wait_for_completion_killable_timeout(&p.done, 90 * HZ) > 0);
	/* All that was given is open, and in the set. */
	EXPECT_EQ(t, ukl_app_stop(app), 0);
	return 0;
}

/** struct twice - an application that was given a socket twice */
struct twice {
	struct test *t;
	struct completion given, done;
	struct ukl_sock *socks[2];
};

static int two_handles(void *data)
{
	struct twice *twice = data;
	struct test *t = twice->t;
	struct ukl_event events[2];
	struct ukl_poll *polls[2];
	char byte;

	wait_for_completion(&twice->given);
	for (int i = 0; i < ARRAY_SIZE(modes) && !t->failures; i++) {
		for (int j = 0; j < 2; j++) {
			polls[j] = ukl_poll_create();
			EXPECT_EQ(t, ukl_poll_add(polls[j], twice->socks[j], EPOLLIN | modes[i],
						  j), 0);
		}
		for (int j = 0; j < 2; j++)
			EXPECT_EVENT(t, polls[j], j, EPOLLIN);
		EXPECT_EQ(t, ukl_poll_add(polls[0], twice->socks[1], EPOLLIN, 2), -EBUSY);
		EXPECT_EQ(t, ukl_poll_close(polls[1]), 0);
		EXPECT_EQ(t, ukl_poll_add(polls[0], twice->socks[1], EPOLLIN | modes[i], 2), 0);
		EXPECT_EQ(t, ukl_poll_wait(polls[0], events, 2, 0), modes[i] ? 1 : 2);
		EXPECT_EQ(t, ukl_poll_close(polls[0]), 0);
	}
	EXPECT_EQ(t, ukl_tcp_recv(twice->socks[0], &byte, 1, MSG_DONTWAIT), 1);
	EXPECT_EQ(t, ukl_tcp_recv(twice->socks[1], &byte, 1, MSG_DONTWAIT), -EAGAIN);
	/* Closing one of them leaves the other as it is. */
	EXPECT_EQ(t, ukl_close(twice->socks[0]), 0);
	EXPECT_EQ(t, ukl_tcp_send(twice->socks[1], "x", 1, 0), 1);
	complete(&twice->done);
	return 0;
}

/* ARGUMENTS: the descriptor of a connection that has received a byte. */
static int one_socket_twice(struct test *t)
{
	struct twice twice = { .t = t };
	struct ukl_app *app;
	int fd;

	if (kstrtoint(t->args, 10, &fd)) {
		EXPECT_EQ(t, -EINVAL, 0);
		return 0;
	}
	init_completion(&twice.given);
	init_completion(&twice.done);
	app = ukl_app_start("twice", two_handles, &twice);
	if (!EXPECT_OK(t, app))
		return 0;
	for (int i = 0; i < 2; i++) {
		twice.socks[i] = ukl_sock_from_fd(app, fd);
		EXPECT_OK(t, twice.socks[i]);
	}
	complete(&twice.given);
	EXPECT_TRUE(t, wait_for_completion_killable_timeout(&twice.done, 60 * HZ) > 0);
	EXPECT_EQ(t, ukl_app_stop(app), 0);
	return 0;
}

/** struct signals - an application that was given a signalfd */
struct signals {
	struct test *t;
	struct completion given, done;
	struct ukl_file *file;
	struct ukl_poll *poll;
};

static int add_signals(void *data)
{
	struct signals *s = data;

	return ukl_poll_add_file(s->poll, s->file, EPOLLIN, 1);
}

/*
 * A signalfd waits on the queue of whoever polls it, and that goes with his task: the wake-up says
 * POLLFREE, and the entry has to be off the queue then.
 */
static int wait_for_signals(void *data)
{
	struct signals *s = data;
	struct test *t = s->t;

	s->poll = ukl_poll_create();
	wait_for_completion(&s->given);
	for (int i = 0; !t->failures && i < 4; i++) {
		struct ukl_thread *thread = ukl_thread_spawn(add_signals, s, 0);
		struct ukl_event event;
		int status = -1;

		if (!EXPECT_OK(t, thread))
			break;
		EXPECT_EQ(t, ukl_thread_join(thread, &status), 0);
		EXPECT_EQ(t, status, 0);
		settle();
		EXPECT_TRUE(t, ukl_poll_wait(s->poll, &event, 1, MOMENT) >= 0);
		/* It is still in the set, although nothing will come from it. */
		EXPECT_EQ(t, ukl_poll_modify_file(s->poll, s->file, EPOLLIN, 2), 0);
		EXPECT_TRUE(t, ukl_poll_wait(s->poll, &event, 1, MOMENT) >= 0);
		if (i == 0) {
			EXPECT_EQ(t, ukl_poll_remove_file(s->poll, s->file), 0);
		} else if (i == 1) {
			EXPECT_EQ(t, ukl_poll_close(s->poll), 0);
			s->poll = ukl_poll_create();
		} else if (i == 2) {
			EXPECT_EQ(t, ukl_poll_remove_file(s->poll, s->file), 0);
		}
	}
	/* The last time, both go at the end of the application. */
	complete(&s->done);
	return 0;
}

/* ARGUMENTS: the descriptor of a signalfd. */
static int queue_that_goes_away(struct test *t)
{
	struct signals s = { .t = t };
	struct ukl_app *app;
	int fd;

	if (kstrtoint(t->args, 10, &fd)) {
		EXPECT_EQ(t, -EINVAL, 0);
		return 0;
	}
	init_completion(&s.given);
	init_completion(&s.done);
	app = ukl_app_start("signals", wait_for_signals, &s);
	if (!EXPECT_OK(t, app))
		return 0;
	s.file = given(t, app, fd);
	complete(&s.given);
	EXPECT_TRUE(t, wait_for_completion_killable_timeout(&s.done, 60 * HZ) > 0);
	EXPECT_EQ(t, ukl_app_stop(app), 0);
	return 0;
}

const struct test_case poll_file_cases[] = {
	{ "poll_file.pipe", pipe, TEST_ARGS },
	{ "poll_file.end_of_a_pipe", end_of_a_pipe, TEST_ARGS },
	{ "poll_file.set_and_file", set_and_file, TEST_ARGS },
	{ "poll_file.always_ready", always_ready, TEST_ARGS },
	{ "poll_file.two_wait_queues", two_wait_queues, TEST_ARGS },
	{ "poll_file.file_wakes_a_waiter", file_wakes_a_waiter, TEST_ARGS },
	{ "poll_file.woken_by_a_process", woken_by_a_process, TEST_TASK_ARGS },
	{ "poll_file.one_socket_twice", one_socket_twice, TEST_TASK_ARGS },
	{ "poll_file.queue_that_goes_away", queue_that_goes_away, TEST_TASK_ARGS },
	{ }
};
