// SPDX-License-Identifier: GPL-2.0
/*
 * Allocations that fail: what a scenario does is done again and again, with its first allocation
 * failing, its second, and so on, until there are no more. It must come to an error that says so,
 * or do without, and leave nothing behind. For kernels with CONFIG_FAULT_INJECTION: others have no
 * cases here.
 */
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/net.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "test.h"

#ifdef CONFIG_FAULT_INJECTION

/* No scenario has as many allocations. */
#define MOST	4000
#define PATIENCE (5LL * NSEC_PER_SEC)

/*
 * What a scenario may come to for want of memory: the network has ENFILE for a socket that cannot
 * be had, and EADDRINUSE for a port.
 */
static bool is_want(long err)
{
	return err == -ENOMEM || err == -ENOBUFS || err == -ENFILE || err == -EADDRINUSE;
}

static int each_fails(struct test *t, long (*scenario)(void))
{
	unsigned int done_without = 0;

	for (unsigned int n = 1; n < MOST; n++) {
		unsigned int left;
		long ret;

		WRITE_ONCE(current->fail_nth, n);
		ret = scenario();
		left = READ_ONCE(current->fail_nth);
		WRITE_ONCE(current->fail_nth, 0);
		if (left) {
			EXPECT_EQ(t, ret, 0);
			EXPECT_TRUE(t, n > 1);
			test_log(t, "%u allocations, and it can do without %u of them\n", n - 1,
				 done_without);
			return 0;
		}
		if (!ret)
			done_without++;
		else if (!is_want(ret))
			test_log(t, "allocation %u fails, and it comes to %ld\n", n, ret);
		EXPECT_TRUE(t, !ret || is_want(ret));
		if (ukl_should_stop())
			return 0;
	}
	EXPECT_TRUE(t, !"it has an end");
	return 0;
}

/* The first error of several, as what follows it has to be done in any case. */
static void also(long *ret, long err)
{
	if (!*ret && err < 0)
		*ret = err;
}

/* Closing does not take memory, so it does not fail. */
static void close_sock(long *ret, struct ukl_sock *sock)
{
	if (!IS_ERR_OR_NULL(sock) && ukl_close(sock))
		*ret = -EBADE;
}

static void close_file(long *ret, struct ukl_file *file)
{
	if (!IS_ERR_OR_NULL(file) && ukl_file_close(file))
		*ret = -EBADE;
}

/* What a connection is for; the far end is waited for. */
static long talk(struct ukl_sock *from, struct ukl_sock *to)
{
	char bytes[64] = "hello";
	struct kvec vec[2] = { { bytes, 5 }, { bytes + 5, 5 } };
	long ret = ukl_send(from, bytes, 10, 0);

	if (ret > 0)
		ret = ukl_recv(to, bytes, sizeof(bytes), 0);
	if (ret > 0)
		ret = ukl_sendv(to, vec, 2, 0);
	if (ret > 0)
		ret = ukl_recvv(from, vec, 2, 0);
	return ret < 0 ? ret : 0;
}

static long accept_and_talk(struct ukl_sock *listener, struct ukl_sock *client,
			    struct ukl_sock **server)
{
	*server = ukl_accept(listener, NULL, 0);
	return IS_ERR(*server) ? PTR_ERR(*server) : talk(client, *server);
}

static long connection(int family)
{
	struct ukl_sock *listener = listen_on(family, 0), *client = NULL, *server = NULL;
	union address address;
	long ret = PTR_ERR_OR_ZERO(listener);
	int len;

	if (!ret) {
		len = ukl_getsockname(listener, &address.storage);
		client = ukl_tcp_connect(&address.any, len, PATIENCE);
		ret = PTR_ERR_OR_ZERO(client);
	}
	if (!ret)
		ret = accept_and_talk(listener, client, &server);
	if (!ret)
		ret = ukl_tcp_nodelay(client, true);
	close_sock(&ret, client);
	close_sock(&ret, server);
	close_sock(&ret, listener);
	return ret;
}

static long tcp4(void)
{
	return connection(4);
}

static long tcp6(void)
{
	return connection(6);
}

static long datagrams(void)
{
	struct ukl_sock *a = ukl_socket(AF_INET, SOCK_DGRAM, 0), *b = NULL;
	union address address;
	char bytes[16] = "hello";
	long ret = PTR_ERR_OR_ZERO(a);
	int len = loopback(&address, 4, 0);

	if (!ret)
		ret = ukl_bind(a, &address.any, len);
	if (!ret) {
		b = ukl_socket(AF_INET, SOCK_DGRAM, 0);
		ret = PTR_ERR_OR_ZERO(b);
	}
	if (!ret) {
		ukl_getsockname(a, &address.storage);
		ret = ukl_sendto(b, bytes, 5, 0, &address.any, len);
	}
	/* It may be lost on the way, as datagrams are. */
	if (ret > 0)
		ret = ukl_recvfrom(a, bytes, sizeof(bytes), MSG_DONTWAIT, &address.storage);
	if (ret == -EAGAIN)
		ret = 0;
	ret = min(ret, 0L);
	close_sock(&ret, a);
	close_sock(&ret, b);
	return ret;
}

static long unix_stream(void)
{
	struct ukl_sock *listener = ukl_socket(AF_UNIX, SOCK_STREAM, 0), *client = NULL;
	struct ukl_sock *server = NULL;
	union address address;
	long ret = PTR_ERR_OR_ZERO(listener);
	int len = unix_name(&address, "@ukl_test.fail");

	if (!ret)
		ret = ukl_bind(listener, &address.any, len);
	if (!ret)
		ret = ukl_listen(listener, 8);
	if (!ret) {
		client = ukl_socket(AF_UNIX, SOCK_STREAM, 0);
		ret = PTR_ERR_OR_ZERO(client);
	}
	if (!ret)
		ret = ukl_connect(client, &address.any, len, PATIENCE);
	if (!ret)
		ret = accept_and_talk(listener, client, &server);
	close_sock(&ret, client);
	close_sock(&ret, server);
	close_sock(&ret, listener);
	return ret;
}

static ssize_t nothing(void *arg, const void *data, size_t len)
{
	return len;
}

/* Readiness, and receiving in place. */
static long events(void)
{
	struct ukl_poll *poll = ukl_poll_create();
	struct ukl_sock *listener = NULL, *client = NULL, *server = NULL;
	struct ukl_event event;
	long ret = PTR_ERR_OR_ZERO(poll);

	if (!ret) {
		listener = listen_on(4, 0);
		ret = PTR_ERR_OR_ZERO(listener);
	}
	if (!ret)
		ret = ukl_poll_add(poll, listener, EPOLLIN, 1);
	if (!ret) {
		client = connect_to(listener);
		ret = PTR_ERR_OR_ZERO(client);
	}
	if (!ret)
		ret = ukl_poll_wait(poll, &event, 1, PATIENCE);
	if (ret > 0) {
		server = ukl_accept(listener, NULL, 0);
		ret = PTR_ERR_OR_ZERO(server);
	}
	if (!ret)
		ret = ukl_poll_add(poll, server, EPOLLIN | EPOLLET, 2);
	if (!ret)
		ret = ukl_poll_modify(poll, listener, 0, 1);
	if (!ret)
		ret = ukl_send(client, "hello", 5, 0);
	if (ret > 0)
		ret = ukl_poll_wait(poll, &event, 1, PATIENCE);
	if (ret > 0)
		ret = ukl_tcp_recv_inplace(server, nothing, NULL, 0);
	if (ret > 0)
		ret = ukl_poll_remove(poll, server);
	close_sock(&ret, client);
	close_sock(&ret, server);
	close_sock(&ret, listener);
	if (!IS_ERR(poll) && ukl_poll_close(poll))
		ret = -EBADE;
	return ret;
}

static long files(void)
{
	const int flags = O_RDWR | O_CREAT | O_TRUNC;
	struct ukl_file *file = ukl_file_open("/tmp/ukl_test.fail", flags, 0600);
	char bytes[16];
	long ret = PTR_ERR_OR_ZERO(file);

	if (!ret)
		ret = ukl_file_write(file, "hello", 5);
	if (ret > 0)
		ret = ukl_file_pwrite(file, "hello", 5, SZ_64K);
	if (ret > 0)
		ret = ukl_file_pread(file, bytes, sizeof(bytes), 0);
	if (ret > 0)
		ret = ukl_file_sync(file, false);
	ret = min(ret, 0L);
	close_file(&ret, file);
	return ret;
}

static int do_nothing(void *arg)
{
	return 0;
}

static long threads(void)
{
	struct ukl_thread *thread = ukl_thread_spawn(do_nothing, NULL, SZ_64K);
	long ret = PTR_ERR_OR_ZERO(thread);

	if (!ret)
		ret = ukl_thread_join(thread, NULL);
	return ret;
}

static long memory(void)
{
	void *small = ukl_alloc(100), *large = NULL;
	long ret = PTR_ERR_OR_ZERO(small);

	if (!ret) {
		large = ukl_alloc(SZ_4M);
		ret = PTR_ERR_OR_ZERO(large);
	}
	if (!IS_ERR_OR_NULL(large))
		also(&ret, ukl_free(large));
	if (!IS_ERR_OR_NULL(small))
		also(&ret, ukl_free(small));
	return ret;
}

/* It may be stopped before it has made its call. */
static int once(void *arg)
{
	ukl_null();
	return 0;
}

/* By a process, which is no UKL thread. */
static long application(void)
{
	struct ukl_app *app = ukl_app_start("fail", once, NULL);

	return IS_ERR(app) ? PTR_ERR(app) : ukl_app_stop(app);
}

/* A socket that this process has as well, so that it is there when the application has lost it. */
static long shared_socket(struct file **file)
{
	struct socket *sock;
	int fd = get_unused_fd_flags(O_CLOEXEC);
	int err = fd < 0 ? fd : sock_create(AF_INET, SOCK_STREAM, 0, &sock);

	if (err)
		goto put;
	*file = sock_alloc_file(sock, 0, NULL);
	err = PTR_ERR_OR_ZERO(*file);
	if (err)
		goto put;
	fd_install(fd, *file);
	return fd;
put:
	if (fd >= 0)
		put_unused_fd(fd);
	return err;
}

/* A socket goes over from a process and back: with an error of these, the handle is gone. */
static long descriptors(void)
{
	struct ukl_app *app = ukl_app_start("fail", once, NULL);
	struct ukl_sock *sock = NULL;
	long ret = PTR_ERR_OR_ZERO(app), fd = -1, again = -1;
	struct file *file;

	if (ret)
		return ret;
	fd = shared_socket(&file);
	ret = min(fd, 0L);
	if (!ret) {
		sock = ukl_sock_from_fd(app, fd);
		ret = PTR_ERR_OR_ZERO(sock);
	}
	if (!ret) {
		again = ukl_sock_to_fd(app, sock, 0);
		ret = min(again, 0L);
		if (ukl_sock_to_fd(app, sock, 0) != -EBADF || file_count(file) != 1 + !ret)
			ret = -EBADE;
	}
	if (again >= 0)
		close_fd(again);
	if (fd >= 0)
		close_fd(fd);
	also(&ret, ukl_app_stop(app));
	return ret;
}

#define EACH_FAILS(name, scenario)			\
	static int name(struct test *t)			\
	{						\
		return each_fails(t, scenario);		\
	}

EACH_FAILS(tcp4_fails, tcp4)
EACH_FAILS(tcp6_fails, tcp6)
EACH_FAILS(datagrams_fail, datagrams)
EACH_FAILS(unix_stream_fails, unix_stream)
EACH_FAILS(events_fail, events)
EACH_FAILS(files_fail, files)
EACH_FAILS(threads_fail, threads)
EACH_FAILS(memory_fails, memory)
EACH_FAILS(application_fails, application)
EACH_FAILS(descriptors_fail, descriptors)

#endif /* CONFIG_FAULT_INJECTION */

const struct test_case fail_cases[] = {
#ifdef CONFIG_FAULT_INJECTION
	{ "fail.tcp_over_ipv4", tcp4_fails },
	{ "fail.tcp_over_ipv6", tcp6_fails },
	{ "fail.datagrams", datagrams_fail },
	{ "fail.unix_streams", unix_stream_fails },
	{ "fail.events", events_fail },
	{ "fail.files", files_fail },
	{ "fail.threads", threads_fail },
	{ "fail.memory", memory_fails },
	{ "fail.application", application_fails, TEST_TASK },
	{ "fail.descriptors", descriptors_fail, TEST_TASK },
#endif
	{}
};
