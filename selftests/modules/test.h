/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of ukl_test.ko share: test cases, expectations, pairs of connected sockets.
 */
#ifndef _UKL_TEST_H
#define _UKL_TEST_H

#include <linux/completion.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/mutex.h>
#include <linux/socket.h>
#include <linux/types.h>
#include <ukl.h>

struct test;

/** enum test_kind - who runs a test case */
enum test_kind {
	/** @TEST_APP: the first thread of an application of its own */
	TEST_APP,
	/** @TEST_TASK: the process that asked for it, which is not a UKL thread */
	TEST_TASK,
	/** @TEST_ARGS: as TEST_APP, but not in the list of cases: it wants arguments or a user */
	TEST_ARGS,
};

/** struct test_case - a test case; names are "noun.what_holds" */
struct test_case {
	const char *name;
	int (*run)(struct test *t);
	enum test_kind kind;
};

extern const struct test_case app_cases[];
extern const struct test_case bypass_cases[];
extern const struct test_case fault_cases[];
extern const struct test_case hold_cases[];
extern const struct test_case interrupt_cases[];
extern const struct test_case mode_cases[];
extern const struct test_case rcu_cases[];
extern const struct test_case sock_cases[];
extern const struct test_case spin_cases[];
extern const struct test_case stack_cases[];
extern const struct test_case stop_cases[];
extern const struct test_case stream_cases[];
extern const struct test_case stress_cases[];
extern const struct test_case tcp_cases[];
extern const struct test_case thread_cases[];

/** struct test - one run of a test case */
struct test {
	const struct test_case *tc;
	char *args;
	struct ukl_app *app;
	struct completion ended;
	struct mutex lock; /* for what follows */
	unsigned int failures;
	char *log;
	size_t used;
};

__printf(2, 3) void test_log(struct test *t, const char *format, ...);

void test_equal(struct test *t, const char *file, int line, const char *what, long long got,
		long long want, const char *wanted);

/** EXPECT_EQ() - report unless @got has the value @want */
#define EXPECT_EQ(t, got, want) \
	test_equal(t, __FILE__, __LINE__, #got, (long long)(got), (long long)(want), #want)

/** EXPECT_TRUE() - report unless @cond holds */
#define EXPECT_TRUE(t, cond) \
	test_equal(t, __FILE__, __LINE__, #cond, !!(cond), 1, "true")

/** EXPECT_ERR() - report unless the pointer @ptr is ERR_PTR(@error) */
#define EXPECT_ERR(t, ptr, error) \
	test_equal(t, __FILE__, __LINE__, #ptr, PTR_ERR_OR_ZERO(ptr), error, #error)

/** EXPECT_OK() - report unless the pointer @ptr is a valid one; gives back whether it is */
#define EXPECT_OK(t, ptr) ({						\
	typeof(ptr) __ptr = (ptr);					\
									\
	test_equal(t, __FILE__, __LINE__, #ptr, PTR_ERR_OR_ZERO(__ptr), 0, "a pointer"); \
	!IS_ERR_OR_NULL(__ptr);						\
})

/** struct address - a socket address of any family */
union address {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_storage storage;
};

/** loopback() - the loopback address of @family (4 or 6) with @port; gives back its length */
int loopback(union address *address, int family, u16 port);

/** listen_on() - a listening socket on loopback; @port 0 for any */
struct ukl_sock *listen_on(int family, u16 port);

/** connect_to() - connect to where @listener listens */
struct ukl_sock *connect_to(struct ukl_sock *listener);

/** struct pair - two ends of a connection */
struct pair {
	struct ukl_sock *listener, *client, *server;
};

bool pair_open(struct test *t, struct pair *pair, int family);
void pair_close(struct test *t, struct pair *pair);

/** struct peer - a connection whose far end is not UKL's */
struct peer {
	struct ukl_sock *listener, *sock;
	struct socket *far;
};

bool peer_open(struct test *t, struct peer *peer);
/** peer_reset() - the far end resets the connection and is gone */
void peer_reset(struct peer *peer);
/** peer_close() - the far end closes in good order and is gone */
void peer_close(struct peer *peer);

/** struct child - another thread that makes one call and ends with what it returned */
struct child {
	struct ukl_thread *thread;
	struct ukl_sock *sock;
	void *buf;
	size_t len;
	int flags;
	long result;
};

int child_accept(void *data);
int child_recv(void *data);
int child_send(void *data);

/** child_start() - start @child on @fn and give it time to block */
bool child_start(struct test *t, struct child *child, int (*fn)(void *));
/** child_end() - wait for @child; gives back what its call returned */
long child_end(struct test *t, struct child *child);
/** settle() - time for another thread to get into its call */
void settle(void);

#endif /* _UKL_TEST_H */
