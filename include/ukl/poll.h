/* SPDX-License-Identifier: GPL-2.0 */
/* ukl/poll.h - readiness of many sockets and files; see ukl.h */
#ifndef _UKL_POLL_H
#define _UKL_POLL_H

#include <uapi/linux/eventpoll.h>
#include <linux/types.h>

struct ukl_sock;
struct ukl_file;
struct ukl_poll;	/* an event set: sockets and files that a thread waits for */

/**
 * struct ukl_event - what is ready
 * @events: what for: EPOLLIN, EPOLLOUT, EPOLLRDHUP, EPOLLPRI as asked for; EPOLLERR and EPOLLHUP
 *	also when not asked for
 * @token: what the caller gave with the socket or file
 */
struct ukl_event {
	__poll_t events;
	u64 token;
};

/**
 * ukl_poll_create() - make an event set
 *
 * What epoll_create() is for a process. Sockets and files tell the set themselves when they become
 * ready, from their wait queues, so that waiting costs as much as there is ready, however many are
 * in the set. Being in a set costs a socket no memory.
 *
 * Return: An event set, to be given back with ukl_poll_close(). Errors: -ENOMEM.
 */
struct ukl_poll *ukl_poll_create(void);

/**
 * ukl_poll_add() - put a socket into an event set
 * @poll: an event set
 * @sock: a socket that is in no event set
 * @events: any of EPOLLIN, EPOLLOUT, EPOLLRDHUP, EPOLLPRI, EPOLLET and EPOLLONESHOT
 * @token: handed back with its events
 *
 * EPOLLIN is something to receive, a connection to accept, or the end of the stream; EPOLLOUT is
 * room to send, or the end of connecting. A shutdown(), by oneself as well, and an error are
 * events too.
 *
 * Level mode: ukl_poll_wait() returns the socket as long as it is ready. Edge mode (EPOLLET): once
 * for each time that something arrives or room appears. All of it has to be dealt with then: by
 * receiving or sending until -EAGAIN, or, with a receive in place, by consuming all there is; the
 * end of the stream may come with the last bytes, so ask for EPOLLRDHUP too and, if it is among
 * the events, receive until 0. An edge may turn out to be nothing. If the socket is ready now,
 * that is the first event.
 *
 * EPOLLONESHOT: ukl_poll_wait() returns the socket once, to one thread. Then it returns nothing of
 * it, errors included, until ukl_poll_modify().
 *
 * Return: 0. -ENOTSOCK, -EINVAL if @poll is NULL or ERR_PTR() or for other @events, -EEXIST if it
 * is in this set, -EBUSY if it is in another one, -EBADF if the set is closed meanwhile.
 */
int ukl_poll_add(struct ukl_poll *poll, struct ukl_sock *sock, __poll_t events, u64 token);

/**
 * ukl_poll_modify() - change what a socket is waited for
 * @poll: the event set
 * @sock: a socket in it
 * @events: as ukl_poll_add()
 * @token: as ukl_poll_add()
 *
 * If the socket is ready for @events now, that is an event; so with the same @events as before, an
 * edge is looked for once more.
 *
 * Return: 0. -ENOENT if it is not in the set, and as ukl_poll_add().
 */
int ukl_poll_modify(struct ukl_poll *poll, struct ukl_sock *sock, __poll_t events, u64 token);

/**
 * ukl_poll_remove() - take a socket out of an event set
 * @poll: the event set
 * @sock: a socket in it
 *
 * No wait that begins afterwards returns it. Works also when the thread was asked to stop.
 *
 * Return: 0. -ENOTSOCK, -EINVAL if @poll is NULL or ERR_PTR(), -ENOENT if it is not in the set.
 */
int ukl_poll_remove(struct ukl_poll *poll, struct ukl_sock *sock);

/**
 * ukl_poll_add_file() - put a file into an event set
 * @poll: an event set
 * @file: a file that is in no event set and that poll() can wait for, such as a pipe or an eventfd
 * @events: as ukl_poll_add()
 * @token: as ukl_poll_add()
 *
 * vfs_poll(). So a process can wake an application.
 *
 * Return: 0. -EBADF if @file is NULL or ERR_PTR(), -EPERM for a file that is always ready, such as
 * one on a disk; -EOPNOTSUPP for one that waits in more than one place, such as a pipe that is open
 * for reading and writing; else as ukl_poll_add().
 */
int ukl_poll_add_file(struct ukl_poll *poll, struct ukl_file *file, __poll_t events, u64 token);

/**
 * ukl_poll_modify_file() - change what a file is waited for
 * @poll: the event set
 * @file: a file in it
 * @events: as ukl_poll_add()
 * @token: as ukl_poll_add()
 *
 * Return: 0. -EBADF if @file is NULL or ERR_PTR(); else as ukl_poll_modify().
 */
int ukl_poll_modify_file(struct ukl_poll *poll, struct ukl_file *file, __poll_t events, u64 token);

/**
 * ukl_poll_remove_file() - take a file out of an event set
 * @poll: the event set
 * @file: a file in it
 *
 * Works also when the thread was asked to stop.
 *
 * Return: 0. -EBADF if @file is NULL or ERR_PTR(); else as ukl_poll_remove().
 */
int ukl_poll_remove_file(struct ukl_poll *poll, struct ukl_file *file);

/**
 * ukl_poll_wait() - wait until something in an event set is ready
 * @poll: an event set
 * @events: where to put what is ready: kernel memory
 * @max: how many, at least 1
 * @timeout: for how long to wait; 0 does not wait
 *
 * Several threads may wait for one set: an edge goes to one of them, a level to whoever waits
 * while it lasts. What is ready and does not fit comes with the next wait, before what has had its
 * turn. A socket or file is in @events once at most; one that is closed or removed is in no wait
 * that begins afterwards.
 *
 * A batch task (SCHED_BATCH) lets others that want its CPU run first, once: what those make ready
 * takes nobody to wake it.
 *
 * Context: As all calls; blocks, after spinning as ukl_poll_spin() says.
 * Return: How many of @events were filled; 0 after @timeout or ukl_poll_wake(). -EINVAL if @poll is
 * NULL or ERR_PTR() or @max is below 1, -EFAULT, -EBADF if the set is closed meanwhile, -EINTR if
 * the thread is asked to stop, or a handler of a signal has run, whatever its flags (signal(7)).
 */
int ukl_poll_wait(struct ukl_poll *poll, struct ukl_event *events, int max, s64 timeout);

/**
 * ukl_poll_wake() - end a wait
 * @poll: an event set
 *
 * Makes one ukl_poll_wait() return, the one under way or the next, with what is ready or with 0.
 * Calls before that count as one. Not a transition.
 *
 * Context: Any but NMI, also outside of UKL threads and in interrupts, but for hard ones of a
 * kernel with PREEMPT_RT; the caller sees to it that the set is not closed meanwhile.
 */
void ukl_poll_wake(struct ukl_poll *poll);

/* The longest that ukl_poll_spin() allows, in microseconds. */
#define UKL_SPIN_MAX	1000

/**
 * ukl_poll_spin() - let waits spin before they sleep
 * @poll: an event set
 * @usecs: for how many microseconds at most, up to %UKL_SPIN_MAX; 0, as at first, not at all
 *
 * Saves going to sleep and being woken where the next event is near, for CPU time. A wait stops
 * spinning as soon as another task wants the CPU or the thread is asked to stop.
 *
 * Return: 0. -EINVAL if @poll is NULL or ERR_PTR() or @usecs is larger.
 */
int ukl_poll_spin(struct ukl_poll *poll, unsigned int usecs);

/**
 * ukl_poll_close() - close an event set
 * @poll: an event set of the calling application
 *
 * What is in it leaves it and stays open. Waits that other threads have under way fail with -EBADF;
 * no call may begin on it any more. Works also when the thread was asked to stop.
 *
 * Return: 0. -EINVAL if @poll is NULL or ERR_PTR(), -EBADF if it is no event set of this
 * application's.
 */
int ukl_poll_close(struct ukl_poll *poll);

#endif /* _UKL_POLL_H */
