/* SPDX-License-Identifier: GPL-2.0 */
/*
 * random.h - what the files of random.calls share: a thread that makes calls at random, what it
 * knows of the objects that it has, and the comparison of answers with that.
 */
#ifndef _UKL_TEST_RANDOM_H
#define _UKL_TEST_RANDOM_H

#include <linux/sizes.h>
#include <linux/time64.h>

#include "../stream.h"
#include "test.h"

/** enum call - the calls that are made; their names are in random.c */
enum call {
	CALL_ukl_null, CALL_ukl_null_same_stack, CALL_ukl_bypass, CALL_ukl_mode,
	CALL_ukl_should_stop, CALL_ukl_thread_spawn, CALL_ukl_thread_join, CALL_ukl_thread_stop,
	CALL_ukl_thread_detach, CALL_ukl_alloc, CALL_ukl_free, CALL_ukl_socket,
	CALL_ukl_sock_adopt, CALL_ukl_sock_from_fd, CALL_ukl_sock_to_fd, CALL_ukl_bind,
	CALL_ukl_listen, CALL_ukl_accept, CALL_ukl_connect, CALL_ukl_sendto, CALL_ukl_recvfrom,
	CALL_ukl_send, CALL_ukl_recv, CALL_ukl_sendv, CALL_ukl_recvv, CALL_ukl_setsockopt,
	CALL_ukl_getsockopt, CALL_ukl_shutdown, CALL_ukl_getsockname, CALL_ukl_getpeername,
	CALL_ukl_close, CALL_ukl_tcp_listen, CALL_ukl_tcp_connect, CALL_ukl_tcp_send,
	CALL_ukl_tcp_recv, CALL_ukl_tcp_sendv, CALL_ukl_tcp_recvv, CALL_ukl_tcp_send_pages,
	CALL_ukl_tcp_recv_inplace, CALL_ukl_tcp_exchange, CALL_ukl_tcp_nodelay,
	CALL_ukl_poll_create, CALL_ukl_poll_add, CALL_ukl_poll_modify, CALL_ukl_poll_remove,
	CALL_ukl_poll_add_file, CALL_ukl_poll_modify_file, CALL_ukl_poll_remove_file,
	CALL_ukl_poll_wait, CALL_ukl_poll_wake, CALL_ukl_poll_spin, CALL_ukl_poll_close,
	CALL_ukl_file_open, CALL_ukl_file_from_fd, CALL_ukl_file_read, CALL_ukl_file_write,
	CALL_ukl_file_pread, CALL_ukl_file_pwrite, CALL_ukl_file_sync, CALL_ukl_file_size,
	CALL_ukl_file_close, CALL_ukl_clock_monotonic, CALL_ukl_clock_realtime, CALL_ukl_sleep,
	CALL_ukl_futex_wait, CALL_ukl_futex_wake,
	CALLS
};

/** RUN - bytes of the pattern that are there from any position on: the most that a call moves */
#define RUN		SZ_64K
/** BUF_SIZE - bytes of a thread's buffer: more than any call is told of */
#define BUF_SIZE	(RUN + 64)
/** PARTS - the most parts of a vectored call */
#define PARTS		24

/**
 * struct pollable - something that may be in an event set
 * @sock: the socket, or
 * @file: the file
 * @levels: what it has to be ready for, and what it may be, as far as its owner knows
 * @set: which of its thread's sets it is in, or -1
 * @events: what it is waited for there
 * @token: what its events have with them
 * @due: an edge of EPOLLIN has to come
 */
struct pollable {
	struct ukl_sock *sock;
	struct ukl_file *file;
	void (*levels)(const struct pollable *it, __poll_t *must, __poll_t *may);
	int set;
	__poll_t events;
	u64 token;
	bool due;
};

/** POLLABLES - the most that a thread has */
#define POLLABLES	24

struct streams;
struct datagrams;
struct sets;
struct files;
struct things;

/** struct actor - a thread that makes calls at random */
struct actor {
	struct test *t;
	struct ukl_thread *thread;
	unsigned int number;
	/* What step it is at, and what its choices are made from: of the seed and these alone. */
	u64 seed, step, random;
	/* The call that is made, or was made last. */
	enum call call;
	bool failed, ended;
	unsigned long made[CALLS], bad[CALLS];
	char *buf;
	struct kvec vec[PARTS];
	struct pollable *pollables[POLLABLES];
	unsigned int n_pollables;
	/* What it has of each sort. */
	struct streams *streams;
	struct datagrams *datagrams;
	struct sets *sets;
	struct files *files;
	struct things *things;
};

/** CALL() - make a call, which is counted */
#define CALL(a, fn, ...) ({				\
	call_begins(a, CALL_##fn);			\
	fn(__VA_ARGS__);				\
})

static inline void call_begins(struct actor *a, enum call call)
{
	/* Read by the thread that looks after all. */
	WRITE_ONCE(a->call, call);
	a->made[call]++;
}

/** pick() - a number below @n */
static inline unsigned int pick(struct actor *a, unsigned int n)
{
	return stream_random(&a->random) % n;
}

/** size_up_to() - a size from 1 to @max, each order of magnitude as likely as any other */
size_t size_up_to(struct actor *a, size_t max);
/** pattern() - @RUN bytes of the stream that @base says, from position @pos on */
const char *pattern(u64 base, u64 pos);

/** differ() - report what the last call gave, and end the thread; but once */
__printf(2, 5)
void differ(struct actor *a, const char *wanted, long long got, long long want, ...);
/** answer() - the last call has to have given from @low to @high */
bool answer(struct actor *a, long long got, long long low, long long high);
/** either() - the last call has to have given one of two */
bool either(struct actor *a, long long got, long long one, long long other);
/** refused() - the last call was made with bad input, which has to have this error */
bool refused(struct actor *a, long long got, long long error);
/** refused_pointer() - as refused(), for a call that makes something */
static inline bool refused_pointer(struct actor *a, const void *got, long error)
{
	return refused(a, PTR_ERR_OR_ZERO(got), error);
}

/** made_it() - the last call has to have made something; gives back whether it has */
bool made_it(struct actor *a, const void *got);
/** permitted() - the last call may have given no error, or one of those up to a 0 */
bool permitted(struct actor *a, long long got, const int *errors);
/** same() - the @len bytes that the last call gave have to be those of @want */
bool same(struct actor *a, const void *got, const void *want, size_t len);

/** bad_pointer() - NULL, or a pointer into the user half */
void *bad_pointer(struct actor *a);
/** bad_handle() - NULL or an ERR_PTR() */
void *bad_handle(struct actor *a);
/** bad_length() - more than INT_MAX */
size_t bad_length(struct actor *a);
/** bad_bits() - some of the bits of @good, and one that is not */
u32 bad_bits(struct actor *a, u32 good);
/** good_bits() - some of the bits of @good */
u32 good_bits(struct actor *a, u32 good);

/** cut() - cut @len bytes at @buf into parts of a->vec; gives back how many */
size_t cut(struct actor *a, const void *buf, size_t len);
/** put_guard() - bytes behind the @len of a->buf that a call may write; @len up to RUN */
void put_guard(struct actor *a, size_t len);
/** guard_holds() - they are still there */
bool guard_holds(struct actor *a, size_t len);

/** pollable_new() - @it has been opened and is in no set */
void pollable_new(struct actor *a, struct pollable *it);
/** pollable_arrived() - something has been sent to it */
static inline void pollable_arrived(struct pollable *it)
{
	it->due = it->set >= 0 && it->events & EPOLLET && it->events & EPOLLIN;
}

/*
 * The sorts of objects. Each has a function that makes what a thread has of it, one that makes a
 * step with it, and one that gives all back.
 */
bool streams_open(struct actor *a);
void streams_step(struct actor *a);
void streams_close(struct actor *a);

bool datagrams_open(struct actor *a);
void datagrams_step(struct actor *a);
void datagrams_close(struct actor *a);

bool sets_open(struct actor *a);
void sets_step(struct actor *a);
void sets_close(struct actor *a);

bool files_open(struct actor *a);
void files_step(struct actor *a);
void files_close(struct actor *a);

/* Memory, threads, and what needs no object. */
bool things_open(struct actor *a);
void things_step(struct actor *a);
void things_close(struct actor *a);
/** stale_step() - handles that were given back before; no other thread may make one meanwhile */
void stale_step(struct actor *a);

/* What all threads have together; opened by the first thread. */
bool shared_open(struct actor *a);
void shared_step(struct actor *a);
void shared_close(struct actor *a);

/** bad_step() - bad input for calls on a connected socket, and one that listens at @at */
void bad_step(struct actor *a, struct ukl_sock *sock, struct ukl_sock *listener,
	      const union address *at, int len);
/** options_step() - options of a connected socket of some family and type */
void options_step(struct actor *a, struct ukl_sock *sock, int family, int type, int protocol);

#endif /* _UKL_TEST_RANDOM_H */
