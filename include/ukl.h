/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ukl.h - the C interface of ukl.ko for applications that live in the kernel.
 *
 * An application is a kernel module that depends on ukl.ko. Its code runs on UKL threads: tasks
 * that ukl.ko registered, each with a mode, an application stack and counters. While the
 * application's own code runs, its thread is in mode UKL_MODE_APP; every call below is a transition
 * into the kernel and back (mode UKL_MODE_KERNEL in between) and is a plain procedure call.
 *
 * Unless a function says otherwise:
 *
 *  * it is called from a UKL thread in mode UKL_MODE_APP, in task context with interrupts and
 *    preemption enabled; it may sleep and it may reschedule before it returns;
 *  * any other task gets -EPERM, a call from interrupt context or with preemption or interrupts
 *    disabled gets -EDEADLK, a call made while another call of the same thread is under way gets
 *    -EBUSY;
 *  * once the thread was asked to stop (by ukl_app_stop(), ukl_thread_stop(), SIGTERM or SIGKILL),
 *    it fails with -EINTR without doing anything, so that a loop of calls ends;
 *  * buffers are kernel memory that stays mapped during the call; a pointer into the user half of
 *    the address space, or NULL with a length, gets -EFAULT.
 *
 * Errors are negative errno values; functions that return a pointer return ERR_PTR() and never
 * NULL.
 */
#ifndef _UKL_H
#define _UKL_H

#include <linux/err.h>
#include <linux/in.h>
#include <linux/module.h>
#include <linux/net.h>
#include <linux/socket.h>
#include <linux/types.h>

/**
 * enum ukl_mode - what a UKL thread is doing, in UKL's own numbers
 * @UKL_MODE_NONE: the task is not a UKL thread, or not yet or no longer one
 * @UKL_MODE_KERNEL: kernel code runs on behalf of the application
 * @UKL_MODE_APP: application code runs
 */
enum ukl_mode {
	UKL_MODE_NONE = 0,
	UKL_MODE_KERNEL = 1,
	UKL_MODE_APP = 2,
};

/* Bytes of an application stack if the caller leaves the choice, and of the smallest. */
#define UKL_STACK_DEFAULT	(64 * 1024)
#define UKL_STACK_MIN		(16 * 1024)

/* The largest budget of ukl_bypass(). */
#define UKL_BYPASS_MAX		65536

/*
 * Beside the MSG_* flags of a call, in the place of MSG_CMSG_CLOEXEC, which none takes: stay on the
 * application stack, if at least UKL_NSS_ROOM bytes of it are left; switch to the kernel stack as
 * usual if not.
 */
#define UKL_NSS			0x40000000
#define UKL_NSS_ROOM		(16 * 1024)

struct ukl_app;		/* an application: its threads and its sockets */
struct ukl_thread;	/* a thread that somebody may join */
struct ukl_sock;	/* a socket that belongs to an application */

/* Applications: started and stopped by a module's init and exit functions */

struct ukl_app *__ukl_app_start(struct module *owner, const char *name, int (*main)(void *arg),
				void *arg, size_t stack_size);

/**
 * ukl_app_start() - start an application on a kernel thread
 * @name: shown in debugfs and as the name of its threads, of which the first 15 bytes are visible
 * @main: what its first thread runs, in mode %UKL_MODE_APP on an application stack
 * @arg: handed to @main
 *
 * The first thread has an application stack of %UKL_STACK_DEFAULT bytes. When @main returns, the
 * application's other threads run on; the application ends with ukl_app_stop(). A module that
 * unloads, or fails to load, with its application running has it stopped by ukl.ko, which says so
 * in the kernel log.
 *
 * Context: Task context, not a UKL thread. May sleep.
 * Return: The application, to be given back with ukl_app_stop(). Errors: -EINVAL if @name is NULL
 * or empty or @main is NULL, -EBUSY on a UKL thread, -EINTR if the caller is killed meanwhile,
 * -ENOMEM.
 */
#define ukl_app_start(name, main, arg) \
	__ukl_app_start(THIS_MODULE, (name), (main), (arg), 0)

/**
 * ukl_app_stop() - stop an application and take back all it has
 * @app: from ukl_app_start()
 *
 * Asks all threads to stop, waits until they have ended, takes back the thread handles and closes
 * the sockets that are left. A thread that neither returns nor makes a call makes this wait for as
 * long as it takes.
 *
 * Context: Task context, not a UKL thread. Sleeps.
 * Return: What the first thread returned, 0 if it has not run. -EINVAL if @app is no application
 * that runs, -EBUSY on a UKL thread.
 */
int ukl_app_stop(struct ukl_app *app);

/* Threads */

/**
 * ukl_thread_spawn() - start a thread of the calling application
 * @fn: what it runs, in mode %UKL_MODE_APP
 * @arg: handed to @fn
 * @stack_size: bytes of its application stack, rounded up to whole pages; 0 for %UKL_STACK_DEFAULT
 *
 * Return: A handle, to be given back with ukl_thread_join() or ukl_thread_detach(). Errors: -EINVAL
 * if @fn is NULL or @stack_size is under %UKL_STACK_MIN, -ENOMEM.
 */
struct ukl_thread *ukl_thread_spawn(int (*fn)(void *arg), void *arg, size_t stack_size);

/**
 * ukl_thread_join() - wait for the end of a thread
 * @thread: a handle of the calling application; given back if the call succeeds
 * @status: where what the thread returned goes, or NULL
 *
 * Context: As all calls; blocks.
 * Return: 0. -ESRCH if @thread is no handle of this application's, -EDEADLK if it is the caller,
 * -EINTR if the caller is asked to stop first (the handle stays).
 */
int ukl_thread_join(struct ukl_thread *thread, int *status);

/**
 * ukl_thread_stop() - ask a thread to stop
 * @thread: a handle of the calling application
 *
 * From then on the thread's calls fail with -EINTR, the one it is blocked in as well; it is up to
 * the thread to return. Works also when the caller itself was asked to stop.
 *
 * Return: 0, also if the thread has ended. -ESRCH if @thread is no handle of this application's.
 */
int ukl_thread_stop(struct ukl_thread *thread);

/**
 * ukl_thread_detach() - give back a handle without waiting
 * @thread: a handle of the calling application
 *
 * The thread runs on by itself. Works also when the caller was asked to stop.
 *
 * Return: 0. -ESRCH if @thread is no handle of this application's.
 */
int ukl_thread_detach(struct ukl_thread *thread);

/**
 * ukl_should_stop() - whether the current thread was asked to stop
 *
 * Not a transition: it tests a few words.
 *
 * Context: Any. False for a task that is not a UKL thread.
 */
bool ukl_should_stop(void);

/**
 * ukl_mode() - the mode of the current thread
 *
 * Not a transition.
 *
 * Context: Any. In an interrupt, the mode of the thread that was interrupted; %UKL_MODE_NONE if
 * that was in the middle of a context switch, with preemption disabled, and so not in application
 * code.
 * Return: One of &enum ukl_mode, %UKL_MODE_NONE for a task that is not a UKL thread.
 */
int ukl_mode(void);

/**
 * ukl_null() - a transition that does nothing
 *
 * For a loop that computes for long, to let the scheduler, RCU and stop requests in; and the null
 * call that getppid() is for system calls, to measure. It does not look whether interrupts are
 * disabled: where it reschedules, they are enabled after it.
 *
 * Return: 0.
 */
int ukl_null(void);

/**
 * ukl_null_same_stack() - ukl_null() that stays on the application stack
 *
 * What %UKL_NSS is for other calls.
 *
 * Return: 0.
 */
int ukl_null_same_stack(void);

/**
 * ukl_bypass() - let the next calls bypass the transition work (UKL_BYP)
 * @calls: how many, at most %UKL_BYPASS_MAX; 0 for none from now on
 *
 * The next @calls calls of ukl_null(), ukl_tcp_send() and ukl_tcp_recv() by this thread leave out
 * the work on the way back (rescheduling, stop requests, RCU-tasks), the counting of calls and, if
 * %UKL_NSS_ROOM bytes of application stack are left, the stack switch. A reschedule, signal or stop
 * request that waits ends the bypass early: the call that meets it is made in full. Other calls are
 * always made in full and take nothing from the budget. A new budget replaces what is left.
 * A bypassed ukl_null() does nothing at all: it returns 0 in the middle of another call as well.
 *
 * Return: 0. -EINVAL if @calls is above %UKL_BYPASS_MAX.
 */
int ukl_bypass(unsigned int calls);

/* TCP. What these leave out against the system calls is in Documentation/api.md. */

/**
 * ukl_tcp_listen() - a TCP socket that listens
 * @addr: an address of family AF_INET or AF_INET6; port 0 lets the kernel choose
 * @addrlen: its length in bytes
 * @backlog: how many connections may wait for ukl_tcp_accept()
 *
 * Has SO_REUSEADDR set. An unspecified IPv6 address takes IPv4 connections as well, unless
 * net.ipv6.bindv6only says otherwise.
 *
 * Return: A socket, to be given back with ukl_close(). Errors: -EINVAL for a wrong @addrlen,
 * -EFAULT, -EAFNOSUPPORT for another family, -EADDRINUSE, -EADDRNOTAVAIL, -EACCES, -ENOMEM.
 */
struct ukl_sock *ukl_tcp_listen(const struct sockaddr *addr, int addrlen, int backlog);

/**
 * ukl_tcp_accept() - take a connection
 * @listener: from ukl_tcp_listen()
 * @flags: 0, or O_NONBLOCK for -EAGAIN instead of waiting
 *
 * Context: As all calls; blocks.
 * Return: A socket, to be given back with ukl_close(). Errors: -EINVAL for other @flags and for a
 * socket that does not listen or was shut down, -ENOTSOCK, -EPROTOTYPE, -EAGAIN, -ENOMEM.
 */
struct ukl_sock *ukl_tcp_accept(struct ukl_sock *listener, int flags);

/**
 * ukl_tcp_connect() - a TCP socket that is connected
 * @addr: an address of family AF_INET or AF_INET6
 * @addrlen: its length in bytes
 *
 * Context: As all calls; blocks until connected.
 * Return: A socket, to be given back with ukl_close(). Errors: -EINVAL for a wrong @addrlen,
 * -EFAULT, -EAFNOSUPPORT, -ECONNREFUSED, -ETIMEDOUT, -ENETUNREACH, -EHOSTUNREACH, -ENOMEM.
 */
struct ukl_sock *ukl_tcp_connect(const struct sockaddr *addr, int addrlen);

/**
 * ukl_tcp_send() - the shortcut to tcp_sendmsg()
 * @sock: a connected TCP socket
 * @buf: kernel memory, read during the call
 * @len: bytes, at most INT_MAX; 0 sends nothing
 * @flags: any of MSG_DONTWAIT, MSG_MORE, MSG_NOSIGNAL and %UKL_NSS; SIGPIPE is never raised
 *
 * Context: As all calls; blocks until all is in the socket's buffer, unless MSG_DONTWAIT.
 * Return: How many bytes the socket took: fewer than @len with MSG_DONTWAIT, if the thread was
 * asked to stop, or if the connection broke in the middle. Errors: -EINVAL for other @flags,
 * -EMSGSIZE for a larger @len, -EFAULT, -ENOTSOCK if @sock is NULL or ERR_PTR(), -EPROTOTYPE if it
 * is not TCP, -EAGAIN with MSG_DONTWAIT if there is no room, -EPIPE once the sending half is shut
 * down or for a socket that listens, -ECONNRESET, -ETIMEDOUT, -ENOMEM.
 */
ssize_t ukl_tcp_send(struct ukl_sock *sock, const void *buf, size_t len, int flags);

/**
 * ukl_tcp_recv() - the shortcut to tcp_recvmsg()
 * @sock: a connected TCP socket
 * @buf: kernel memory, written during the call
 * @len: bytes, at most INT_MAX; 0 receives nothing
 * @flags: any of MSG_DONTWAIT, MSG_PEEK, MSG_WAITALL and %UKL_NSS
 *
 * Context: As all calls; blocks until at least a byte is there (with MSG_WAITALL: @len bytes),
 * unless MSG_DONTWAIT.
 * Return: How many bytes are in @buf, 0 at the end of the stream. Errors: -EINVAL for other @flags,
 * -EMSGSIZE for a larger @len, -EFAULT, -ENOTSOCK if @sock is NULL or ERR_PTR(), -EPROTOTYPE if it
 * is not TCP, -EAGAIN with MSG_DONTWAIT if nothing is there, -ENOTCONN for a socket that listens,
 * -ECONNRESET, -ETIMEDOUT.
 */
ssize_t ukl_tcp_recv(struct ukl_sock *sock, void *buf, size_t len, int flags);

/**
 * ukl_tcp_nodelay() - set TCP_NODELAY
 * @sock: a TCP socket
 * @on: whether small segments are sent at once
 *
 * Return: 0. -ENOTSOCK, -EPROTOTYPE.
 */
int ukl_tcp_nodelay(struct ukl_sock *sock, bool on);

/* Sockets of any kind */

/**
 * ukl_sock_adopt() - make a socket of the kernel's one of the application's
 * @socket: from sock_create_kern() or its like; the application's if the call succeeds, still the
 *	caller's if not
 *
 * Return: A socket, to be given back with ukl_close(). Errors: -ENOTSOCK if @socket is NULL or
 * ERR_PTR(), -ENOMEM.
 */
struct ukl_sock *ukl_sock_adopt(struct socket *socket);

/**
 * ukl_shutdown() - end one or both halves of a connection
 * @sock: a socket
 * @how: SHUT_RD, SHUT_WR or SHUT_RDWR
 *
 * Calls that are blocked in that half return. Works also when the thread was asked to stop.
 *
 * Return: 0. -EINVAL for another @how, -ENOTSOCK, -ENOTCONN.
 */
int ukl_shutdown(struct ukl_sock *sock, int how);

/**
 * ukl_getsockname() - the local address of a socket
 * @sock: a socket
 * @addr: where it goes; the bytes behind it are set to 0
 *
 * Return: Its length in bytes. -ENOTSOCK, -EFAULT.
 */
int ukl_getsockname(struct ukl_sock *sock, struct sockaddr_storage *addr);

/**
 * ukl_getpeername() - the address of a socket's peer
 * @sock: a socket
 * @addr: where it goes; the bytes behind it are set to 0
 *
 * Return: Its length in bytes. -ENOTSOCK, -EFAULT, -ENOTCONN.
 */
int ukl_getpeername(struct ukl_sock *sock, struct sockaddr_storage *addr);

/**
 * ukl_close() - close a socket
 * @sock: an open socket of the calling application
 *
 * Calls that other threads have under way on it come back as from a socket that was shut down, and
 * the last of them closes it; no call may begin on it any more. Works also when the thread was
 * asked to stop.
 *
 * Return: 0. -ENOTSOCK if @sock is NULL or ERR_PTR(), -EBADF if it is no open socket of this
 * application's.
 */
int ukl_close(struct ukl_sock *sock);

#endif /* _UKL_H */
