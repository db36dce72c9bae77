// SPDX-License-Identifier: GPL-2.0
/*
 * Sockets and files that go over from a process to an application and back. What a process has to
 * do with it is in fds.c; here is the application's side, and what takes no process.
 */
#include <linux/cleanup.h>
#include <linux/delay.h>
#include <linux/filter.h>
#include <linux/fs.h>
#include <linux/slab.h>

#include "../fds.h"
#include "fd.h"
#include "test.h"

/** struct job - something that the first thread of an application has to do */
struct job {
	long (*fn)(struct job *job);
	struct ukl_sock *sock, *other;
	struct ukl_file *from, *to;
	long result;
};

/** struct host - the application of a process */
struct host {
	struct ukl_app *app;
	struct mutex lock; /* one job at a time */
	struct job *job;
	u32 posted, done;
};

static int host_main(void *data)
{
	struct host *host = data;
	u32 done = 0;
	int err;

	for (;;) {
		err = ukl_futex_wait(&host->posted, done, UKL_FOREVER);
		if (err && err != -EAGAIN)
			return err;
		if (READ_ONCE(host->posted) == done)
			continue;
		host->job->result = host->job->fn(host->job);
		/* The result is there before; pairs with in_app(). */
		smp_store_release(&host->done, ++done);
	}
}

/* Has the application do @fn. The process waits as anybody waits who is no UKL thread. */
static long in_app(struct host *host, struct job *job, long (*fn)(struct job *job))
{
	guard(mutex)(&host->lock);
	job->fn = fn;
	host->job = job;
	/* The job is there before; ukl_futex_wait() has a barrier. */
	smp_store_release(&host->posted, host->posted + 1);
	ukl_futex_wake(&host->posted, 1);
	/* Pairs with host_main(). */
	while (smp_load_acquire(&host->done) != host->posted)
		usleep_range(50, 100);
	return job->result;
}

static int echo_main(void *data)
{
	struct ukl_sock *sock = data;
	char buf[1024];
	ssize_t n;

	do {
		n = ukl_recv(sock, buf, sizeof(buf), 0);
		if (n > 0)
			n = ukl_send(sock, buf, n, 0);
	} while (n > 0);
	ukl_close(sock);
	return n;
}

static int serve_main(void *data)
{
	struct ukl_sock *listener = data, *sock;

	while (!IS_ERR(sock = ukl_accept(listener, NULL, 0))) {
		struct ukl_thread *thread = ukl_thread_spawn(echo_main, sock, 0);

		if (IS_ERR(thread))
			break;
		ukl_thread_detach(thread);
	}
	ukl_close(listener);
	return PTR_ERR_OR_ZERO(sock);
}

static long spawn(int (*fn)(void *data), void *data)
{
	struct ukl_thread *thread = ukl_thread_spawn(fn, data, 0);

	return IS_ERR(thread) ? PTR_ERR(thread) : ukl_thread_detach(thread);
}

static long job_echo(struct job *job)
{
	return spawn(echo_main, job->sock);
}

static long job_serve(struct job *job)
{
	return spawn(serve_main, job->sock);
}

static long job_close(struct job *job)
{
	return ukl_close(job->sock);
}

/* A connection: one end for the process, the other one gives back. */
static long job_connect(struct job *job)
{
	struct ukl_sock *listener = listen_on(4, 0);

	job->sock = connect_to(listener);
	job->other = ukl_accept(listener, NULL, 0);
	ukl_close(listener);
	return spawn(echo_main, job->other);
}

static int block_main(void *data)
{
	char byte;

	return ukl_recv(data, &byte, 1, 0);
}

static long job_block(struct job *job)
{
	long err = job_connect(job) ?: spawn(block_main, job->sock);

	settle();
	return err;
}

static struct ukl_poll *polled;

static long job_poll(struct job *job)
{
	polled = ukl_poll_create();
	return job_connect(job) ?: ukl_poll_add(polled, job->sock, EPOLLIN | EPOLLOUT, 1);
}

static long job_wait(struct job *job)
{
	struct ukl_event event;
	int n = ukl_poll_wait(polled, &event, 1, 50 * NSEC_PER_MSEC);

	ukl_poll_close(polled);
	return n ? -EIO : 0;
}

/** struct copy - from where to where a thread copies */
struct copy {
	struct ukl_file *from, *to;
};

static int copy_main(void *data)
{
	struct copy *copy = data;
	char buf[1024];
	ssize_t n;

	do {
		n = ukl_file_read(copy->from, buf, sizeof(buf));
		if (n > 0)
			n = ukl_file_write(copy->to, buf, n);
	} while (n > 0);
	ukl_file_close(copy->from);
	ukl_file_close(copy->to);
	kfree(copy);
	return n;
}

static long job_copy(struct job *job)
{
	struct copy *copy = kmalloc_obj(*copy);

	if (!copy)
		return -ENOMEM;
	copy->from = job->from;
	copy->to = job->to;
	return spawn(copy_main, copy);
}

static long job_close_file(struct job *job)
{
	return ukl_file_close(job->from);
}

static long job_read(struct job *job)
{
	u64 value = 0;
	ssize_t n = ukl_file_read(job->from, &value, sizeof(value));

	ukl_file_close(job->from);
	/* An eventfd gives its count. */
	return n == sizeof(value) ? value : n;
}

static long job_write(struct job *job)
{
	u64 value = 1;
	ssize_t n = ukl_file_write(job->from, &value, sizeof(value));

	ukl_file_close(job->from);
	return n;
}

static long get_filter(struct ukl_sock *sock, void *to, int len)
{
	return ukl_getsockopt(sock, SOL_SOCKET, SO_GET_FILTER, to, len);
}

/* The number of the step that went wrong. Behind the filter there is room that stays as it is. */
static long job_filter(struct job *job)
{
	struct sock_filter blocks[2 * FILTER_LEN];
	const int size = FILTER_LEN * sizeof(*blocks);
	long step = 0;

	memset(blocks, 0x5a, sizeof(blocks));
	if (get_filter(job->sock, NULL, 0) != size)
		step = 1;
	for (int len = 1; len < size && !step; len++)
		if (get_filter(job->sock, blocks, len) != -EINVAL)
			step = 2;
	if (!step && memchr_inv(blocks, 0x5a, sizeof(blocks)))
		step = 3;
	if (!step && get_filter(job->sock, blocks, size) != size)
		step = 4;
	if (!step && get_filter(job->sock, blocks, size + 1) != size)
		step = 5;
	if (!step && (blocks[1].k != 7 || memchr_inv(blocks + FILTER_LEN, 0x5a, size)))
		step = 6;
	ukl_close(job->sock);
	return step;
}

/* Takes the socket @fd over and has the application do @fn with it. */
static long with_sock(struct host *host, int fd, long (*fn)(struct job *job))
{
	struct job job = { .sock = ukl_sock_from_fd(host->app, fd) };

	return IS_ERR(job.sock) ? PTR_ERR(job.sock) : in_app(host, &job, fn);
}

static long with_file(struct host *host, int fd, long (*fn)(struct job *job))
{
	struct job job = { .from = ukl_file_from_fd(host->app, fd) };

	return IS_ERR(job.from) ? PTR_ERR(job.from) : in_app(host, &job, fn);
}

static long hand(struct host *host, int flags)
{
	struct job job = { };
	long fd = in_app(host, &job, job_connect) ?: ukl_sock_to_fd(host->app, job.sock, flags);

	/* If it fails the handle is as good as before. */
	if (fd < 0)
		fd = in_app(host, &job, job_close) ?: fd;
	return fd;
}

static long hand_while_busy(struct host *host)
{
	struct job job = { };
	long fd = in_app(host, &job, job_block) ?: ukl_sock_to_fd(host->app, job.sock, 0);

	return in_app(host, &job, job_close) ?: fd;
}

static long hand_while_polled(struct host *host)
{
	struct job job = { };
	long fd = in_app(host, &job, job_poll) ?: ukl_sock_to_fd(host->app, job.sock, 0);

	return in_app(host, &job, job_wait) ?: fd;
}

static long hand_again(struct host *host)
{
	struct job job = { };
	long fd = in_app(host, &job, job_connect) ?: ukl_sock_to_fd(host->app, job.sock, 0);

	return fd < 0 ? fd : ukl_sock_to_fd(host->app, job.sock, 0);
}

static long take_and_hand_back(struct host *host, int fd)
{
	struct ukl_sock *sock = ukl_sock_from_fd(host->app, fd);

	return IS_ERR(sock) ? PTR_ERR(sock) : ukl_sock_to_fd(host->app, sock, 0);
}

static long copy(struct host *host, unsigned long pair)
{
	struct job job = { .from = ukl_file_from_fd(host->app, pair >> 16) };

	if (IS_ERR(job.from))
		return PTR_ERR(job.from);
	job.to = ukl_file_from_fd(host->app, pair & 0xffff);
	if (IS_ERR(job.to))
		return in_app(host, &job, job_close_file) ?: PTR_ERR(job.to);
	return in_app(host, &job, job_copy);
}

/* What both give for an application that is none. They have to agree. */
static long for_no_app(struct ukl_app *app, int fd)
{
	long sock = PTR_ERR_OR_ZERO(ukl_sock_from_fd(app, fd));
	long file = PTR_ERR_OR_ZERO(ukl_file_from_fd(app, fd));
	long to = ukl_sock_to_fd(app, (struct ukl_sock *)&to, 0);

	return sock == file && sock == to ? sock : -EIO;
}

static long for_a_stopped_app(struct host *host, int fd)
{
	ukl_app_stop(host->app);
	return for_no_app(host->app, fd);
}

static long host_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct host *host = file->private_data;

	switch (cmd) {
	case FD_ECHO:
		return with_sock(host, arg, job_echo);
	case FD_SERVE:
		return with_sock(host, arg, job_serve);
	case FD_FILTER:
		return with_sock(host, arg, job_filter);
	case FD_ADOPT:
		return with_sock(host, arg, job_close);
	case FD_AGAIN:
		return take_and_hand_back(host, arg);
	case FD_HAND:
		return hand(host, arg);
	case FD_BUSY:
		return hand_while_busy(host);
	case FD_POLLED:
		return hand_while_polled(host);
	case FD_GONE:
		return hand_again(host);
	case FD_COPY:
		return copy(host, arg);
	case FD_FILE:
		return with_file(host, arg, job_close_file);
	case FD_READ:
		return with_file(host, arg, job_read);
	case FD_WRITE:
		return with_file(host, arg, job_write);
	case FD_NULL:
		return for_no_app(NULL, arg);
	case FD_NO_APP:
		return for_no_app((struct ukl_app *)host, arg);
	case FD_STOPPED:
		return for_a_stopped_app(host, arg);
	default:
		return -ENOTTY;
	}
}

static int host_open(struct inode *inode, struct file *file)
{
	struct host *host = kzalloc_obj(*host);

	if (!host)
		return -ENOMEM;
	mutex_init(&host->lock);
	host->app = ukl_app_start("fd.host", host_main, host);
	if (IS_ERR(host->app)) {
		int err = PTR_ERR(host->app);

		kfree(host);
		return err;
	}
	file->private_data = host;
	return 0;
}

static int host_release(struct inode *inode, struct file *file)
{
	struct host *host = file->private_data;

	/* It may have been stopped already. */
	ukl_app_stop(host->app);
	kfree(host);
	return 0;
}

const struct file_operations fd_ops = {
	.owner = THIS_MODULE,
	.open = host_open,
	.release = host_release,
	.unlocked_ioctl = host_ioctl,
};

/* A kernel thread has no descriptors. */
static int in_a_kernel_thread(struct test *t)
{
	struct ukl_sock *sock = ukl_socket(AF_INET, SOCK_STREAM, 0);

	for (int fd = -1; fd < 3; fd++) {
		EXPECT_ERR(t, ukl_sock_from_fd(NULL, fd), -EBADF);
		EXPECT_ERR(t, ukl_sock_from_fd(t->app, fd), -EBADF);
		EXPECT_ERR(t, ukl_file_from_fd(NULL, fd), -EBADF);
		EXPECT_ERR(t, ukl_file_from_fd(t->app, fd), -EBADF);
	}
	EXPECT_EQ(t, ukl_sock_to_fd(NULL, sock, 0), -EBADF);
	EXPECT_EQ(t, ukl_sock_to_fd(t->app, sock, O_CLOEXEC), -EBADF);
	/* It stays open. */
	EXPECT_EQ(t, ukl_close(sock), 0);
	EXPECT_EQ(t, ukl_sock_to_fd(NULL, sock, 0), -EBADF);
	EXPECT_EQ(t, ukl_sock_to_fd(NULL, NULL, 0), -ENOTSOCK);
	return 0;
}

static int flags_that_are_refused(struct test *t)
{
	static const int flags[] = { 1, O_APPEND, O_CLOEXEC | O_RDWR, -1, O_NONBLOCK | O_DIRECT };
	struct ukl_sock *sock = ukl_socket(AF_INET, SOCK_STREAM, 0);

	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		EXPECT_EQ(t, ukl_sock_to_fd(NULL, sock, flags[i]), -EINVAL);
	EXPECT_EQ(t, ukl_close(sock), 0);
	return 0;
}

/** struct stranger - a thread of one application that knows another one */
struct stranger {
	struct ukl_app *app;
	struct completion ready;
	long sock, file, to;
};

static int stranger_main(void *data)
{
	struct stranger *s = data;

	wait_for_completion(&s->ready);
	s->sock = PTR_ERR_OR_ZERO(ukl_sock_from_fd(s->app, 0));
	s->file = PTR_ERR_OR_ZERO(ukl_file_from_fd(s->app, 0));
	s->to = ukl_sock_to_fd(s->app, (struct ukl_sock *)s, 0);
	return ukl_null();
}

static int idle_main(void *data)
{
	return ukl_sleep(S64_MAX);
}

static int for_another_application(struct test *t)
{
	struct stranger s = { };
	struct ukl_app *app;

	init_completion(&s.ready);
	s.app = ukl_app_start("idle", idle_main, NULL);
	app = ukl_app_start("stranger", stranger_main, &s);
	if (!EXPECT_OK(t, s.app) || !EXPECT_OK(t, app))
		return 0;
	complete(&s.ready);
	settle();
	EXPECT_EQ(t, ukl_app_stop(app), 0);
	EXPECT_EQ(t, ukl_app_stop(s.app), -EINTR);
	EXPECT_EQ(t, s.sock, -EPERM);
	EXPECT_EQ(t, s.file, -EPERM);
	EXPECT_EQ(t, s.to, -EPERM);
	return 0;
}

const struct test_case fd_cases[] = {
	{ "fd.in_a_kernel_thread", in_a_kernel_thread },
	{ "fd.flags_that_are_refused", flags_that_are_refused },
	{ "fd.for_another_application", for_another_application, TEST_TASK },
	{ }
};
