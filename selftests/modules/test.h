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
#include <linux/un.h>
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
	/** @TEST_TASK_ARGS: as TEST_TASK, but not in the list of cases */
	TEST_TASK_ARGS,
};

/** struct test_case - a test case; names are "noun.what_holds" */
struct test_case {
	const char *name;
	int (*run)(struct test *t);
	enum test_kind kind;
};

extern const struct test_case app_cases[];
extern const struct test_case bypass_cases[];
extern const struct test_case close_cases[];
extern const struct test_case connect_cases[];
extern const struct test_case extend_cases[];
extern const struct test_case fail_cases[];
extern const struct test_case fault_cases[];
extern const struct test_case fd_cases[];
extern const struct test_case file_cases[];
extern const struct test_case futex_cases[];
extern const struct test_case hold_cases[];
extern const struct test_case inplace_cases[];
extern const struct test_case interrupt_cases[];
extern const struct test_case mode_cases[];
extern const struct test_case option_cases[];
extern const struct test_case pages_cases[];
extern const struct test_case poll_cases[];
extern const struct test_case poll_file_cases[];
extern const struct test_case poll_many_cases[];
extern const struct test_case random_cases[];
extern const struct test_case rcu_cases[];
extern const struct test_case rules_cases[];
extern const struct test_case sock_cases[];
extern const struct test_case socket_cases[];
extern const struct test_case spin_cases[];
extern const struct test_case stack_cases[];
extern const struct test_case stop_cases[];
extern const struct test_case stream_cases[];
extern const struct test_case stress_cases[];
extern const struct test_case tcp_cases[];
extern const struct test_case thread_cases[];
extern const struct test_case time_cases[];
extern const struct test_case udp_cases[];
extern const struct test_case unix_cases[];
extern const struct test_case vector_cases[];

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
	struct sockaddr_un un;
	struct sockaddr_storage storage;
};

/** loopback() - the loopback address of @family (4 or 6) with @port; gives back its length */
int loopback(union address *address, int family, u16 port);

/** unix_name() - the unix address of a path, or with @ in front an abstract one; its length */
int unix_name(union address *address, const char *name);

/** listen_on() - a listening socket on loopback; @port 0 for any */
struct ukl_sock *listen_on(int family, u16 port);

/** connect_to() - connect to where @listener listens */
struct ukl_sock *connect_to(struct ukl_sock *listener);

/** struct pair - two ends of a connection */
struct pair {
	struct ukl_sock *listener, *client, *server;
};

bool pair_open(struct test *t, struct pair *pair, int family);
/** any_pair_open() - the same by the calls for any socket; @family 1 for unix */
bool any_pair_open(struct test *t, struct pair *pair, int family);
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
/** child_any_recv() - as child_recv(), by the call for any socket; and so on */
int child_any_recv(void *data);
int child_any_send(void *data);
int child_recvfrom(void *data);
/** child_recvv() - the vectored calls, on one part */
int child_recvv(void *data);
int child_sendv(void *data);
int child_any_recvv(void *data);
int child_any_sendv(void *data);
/** child_connect() - connects @sock to the address of @len bytes in @buf */
int child_connect(void *data);

/** child_start() - start @child on @fn and give it time to block */
bool child_start(struct test *t, struct child *child, int (*fn)(void *));
/** child_end() - wait for @child; gives back what its call returned */
long child_end(struct test *t, struct child *child);
/** child_pending() - whether the call of @child has not returned yet */
static inline bool child_pending(struct child *child)
{
	return READ_ONCE(child->result) == -EL2HLT;
}

/** fill_up() - send on a stream until there is no room, so that the next send blocks */
void fill_up(struct test *t, struct ukl_sock *sock);

/** settle() - time for another thread to get into its call */
void settle(void);

#endif /* _UKL_TEST_H */
