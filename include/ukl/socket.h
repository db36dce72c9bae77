/* SPDX-License-Identifier: GPL-2.0 */
/* ukl/socket.h - sockets of any kind: TCP, UDP, unix and others; see ukl.h */
#ifndef _UKL_SOCKET_H
#define _UKL_SOCKET_H

#include <linux/in.h>
#include <linux/net.h>
#include <linux/socket.h>
#include <linux/types.h>
#include <linux/uio.h>

struct ukl_app;
struct ukl_sock;	/* a socket that belongs to an application */

/**
 * ukl_socket() - make a socket
 * @family: an address family, such as AF_INET, AF_INET6 or AF_UNIX
 * @type: SOCK_STREAM, SOCK_DGRAM or another type that @family has, without SOCK_NONBLOCK and
 *	SOCK_CLOEXEC: waiting is up to each call
 * @protocol: usually 0
 *
 * sock_create(): in the network namespace of the calling task, past the LSM's socket_create hooks.
 *
 * Return: A socket, to be given back with ukl_close(). Errors: -EAFNOSUPPORT, -EINVAL for a @type
 * that does not exist, -ESOCKTNOSUPPORT, -EPROTONOSUPPORT, -EACCES, -EPERM, -ENOMEM.
 */
struct ukl_sock *ukl_socket(int family, int type, int protocol);

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
 * ukl_sock_from_fd() - take over a socket by its descriptor
 * @app: the application that gets it; NULL for that of the calling UKL thread
 * @fd: a descriptor of the calling task
 *
 * The process keeps its descriptor, and both use the socket from then on, as with dup(); it is
 * closed when both have closed it. What a process does to the socket itself (shutdown(), connect(),
 * setsockopt(), reading) happens to the application as well.
 *
 * Context: A UKL thread, or any other task that may sleep: that is how a module takes over a
 * descriptor which a process wrote to one of its files. A kernel thread has no descriptors.
 * Return: A socket, to be given back with ukl_close(). Errors: -EBADF if @fd is not open, -ENOTSOCK
 * if it is no socket, -EINVAL if @app is no application that runs, or NULL outside of UKL threads,
 * -EPERM on a UKL thread of another application, -EINTR if @app is stopping, -ENOMEM.
 */
struct ukl_sock *ukl_sock_from_fd(struct ukl_app *app, int fd);

/**
 * ukl_sock_to_fd() - hand a socket over to the calling process
 * @app: the application that has it; NULL for that of the calling UKL thread
 * @sock: an open socket of @app
 * @flags: any of O_CLOEXEC and O_NONBLOCK
 *
 * If it succeeds, the descriptor has taken the place of the handle, which is gone; to go on using
 * the socket in the application, take it over again with ukl_sock_from_fd(). A socket in an event
 * set is taken out of it.
 *
 * Context: As ukl_sock_from_fd().
 * Return: A descriptor. Errors: -ENOTSOCK, -EBADF if @sock is no open socket of @app's or the
 * calling task is a kernel thread, -EBUSY if a call is under way on it, -EMFILE, -EINVAL for other
 * @flags and as ukl_sock_from_fd(), -EPERM. The handle stays open then. -ENFILE and -ENOMEM: there
 * is no memory for a file or a descriptor; the socket is closed then, as a connection is that
 * accept4() has no descriptor for.
 */
int ukl_sock_to_fd(struct ukl_app *app, struct ukl_sock *sock, int flags);

/**
 * ukl_bind() - give a socket an address
 * @sock: a socket
 * @addr: an address of the socket's family
 * @addrlen: its length in bytes
 *
 * kernel_bind(). A path of AF_UNIX is made with the credentials of the calling task, and stays
 * until somebody unlinks it.
 *
 * Return: 0. -ENOTSOCK, -EFAULT, -EINVAL for a wrong @addrlen or a socket that has an address,
 * -EADDRINUSE, -EADDRNOTAVAIL, -EACCES, -EAFNOSUPPORT; for AF_UNIX those of making a file.
 */
int ukl_bind(struct ukl_sock *sock, const struct sockaddr *addr, int addrlen);

/**
 * ukl_listen() - let a socket take connections
 * @sock: a stream socket that has an address
 * @backlog: how many connections may wait for ukl_accept()
 *
 * Return: 0. -ENOTSOCK, -EOPNOTSUPP for a socket without connections, -EINVAL for one that is
 * connected, -EADDRINUSE.
 */
int ukl_listen(struct ukl_sock *sock, int backlog);

/**
 * ukl_accept() - take a connection
 * @listener: a socket that listens
 * @peer: where the address of the other end goes; the bytes behind it are set to 0. Or NULL.
 * @flags: 0, or O_NONBLOCK for -EAGAIN instead of waiting
 *
 * ->accept() of the protocol, as accept4() calls it. A peer that is gone already has a @peer of all
 * zeros.
 *
 * Context: As all calls; blocks.
 * Return: A socket, to be given back with ukl_close(). Errors: -EINVAL for other @flags and for a
 * socket that does not listen or was shut down, -EFAULT, -ENOTSOCK, -EOPNOTSUPP for a socket
 * without connections, -EAGAIN, -ECONNABORTED, -ENOMEM.
 */
struct ukl_sock *ukl_accept(struct ukl_sock *listener, struct sockaddr_storage *peer, int flags);

/**
 * ukl_connect() - connect a socket
 * @sock: a socket
 * @addr: an address of the socket's family
 * @addrlen: its length in bytes
 * @timeout: for how long to wait; 0 does not wait
 *
 * kernel_connect(). A connection that is not there in time goes on being made: wait for EPOLLOUT,
 * or call again; the option SO_ERROR says how it went. A datagram socket only remembers the
 * address.
 *
 * The time-out is the socket's while the call waits, as SO_SNDTIMEO. There is one: of several
 * threads that connect a socket at once the first waits, and for the others @timeout is 0.
 *
 * Context: As all calls; blocks for at most @timeout.
 * Return: 0. -EINPROGRESS if @timeout is 0 and the connection is being made, -EALREADY if it was
 * already, -ETIMEDOUT after @timeout or if the peer does not answer, -EAGAIN for AF_UNIX instead of
 * both if the peer's backlog is full, -EISCONN, -ECONNREFUSED, -ECONNRESET if the socket is shut
 * down meanwhile, -ENETUNREACH, -EHOSTUNREACH, -ENOTSOCK, -EFAULT, -EINVAL for a wrong @addrlen,
 * -EAFNOSUPPORT, -EADDRNOTAVAIL, -ENOMEM.
 */
int ukl_connect(struct ukl_sock *sock, const struct sockaddr *addr, int addrlen, s64 timeout);

/**
 * ukl_sendto() - send to an address
 * @sock: a socket of any kind
 * @buf: kernel memory, read during the call
 * @len: bytes, at most INT_MAX; a datagram may have none
 * @flags: any of MSG_DONTWAIT, MSG_MORE, MSG_EOR and MSG_NOSIGNAL; SIGPIPE is never raised
 * @addr: where to, or NULL for the socket's peer
 * @addrlen: its length in bytes; 0 with NULL
 *
 * sock_sendmsg(), past the LSM's socket_sendmsg hooks. For TCP, ukl_tcp_send() is shorter.
 *
 * Context: As all calls; blocks until the socket took all, unless MSG_DONTWAIT.
 * Return: How many bytes the socket took; a datagram is taken whole or not at all. Errors: -EINVAL
 * for other @flags or a wrong @addrlen, -EMSGSIZE for a larger @len or a datagram that is too
 * large, -EFAULT, -ENOTSOCK, -EDESTADDRREQ and -ENOTCONN without a peer, -EISCONN, -EAGAIN,
 * -EPIPE, -ECONNREFUSED, -ECONNRESET, -ENOBUFS, -ENOMEM and what the protocol has.
 */
ssize_t ukl_sendto(struct ukl_sock *sock, const void *buf, size_t len, int flags,
		   const struct sockaddr *addr, int addrlen);

/**
 * ukl_recvfrom() - receive, and learn from whom
 * @sock: a socket of any kind
 * @buf: kernel memory, written during the call
 * @len: bytes, at most INT_MAX; what does not fit of a datagram is lost
 * @flags: any of MSG_DONTWAIT, MSG_PEEK, MSG_WAITALL and MSG_TRUNC (return how long the datagram
 *	was)
 * @from: where the sender's address goes, all zeros if it has none; or NULL
 *
 * sock_recvmsg(), past the LSM's socket_recvmsg hooks. For TCP, ukl_tcp_recv() is shorter.
 *
 * Context: As all calls; blocks until something is there, unless MSG_DONTWAIT.
 * Return: How many bytes are in @buf; 0 at the end of a stream, after a shutdown, or for an empty
 * datagram. Errors: -EINVAL for other @flags, -EMSGSIZE for a larger @len, -EFAULT, -ENOTSOCK,
 * -ENOTCONN, -EAGAIN, -ECONNREFUSED, -ECONNRESET and what the protocol has.
 */
ssize_t ukl_recvfrom(struct ukl_sock *sock, void *buf, size_t len, int flags,
		     struct sockaddr_storage *from);

/**
 * ukl_send() - ukl_sendto() the socket's peer
 * @sock: a socket of any kind
 * @buf: kernel memory, read during the call
 * @len: bytes, at most INT_MAX
 * @flags: as ukl_sendto()
 *
 * Context: As ukl_sendto().
 * Return: As ukl_sendto().
 */
ssize_t ukl_send(struct ukl_sock *sock, const void *buf, size_t len, int flags);

/**
 * ukl_recv() - ukl_recvfrom() without the sender's address
 * @sock: a socket of any kind
 * @buf: kernel memory, written during the call
 * @len: bytes, at most INT_MAX
 * @flags: as ukl_recvfrom()
 *
 * Context: As ukl_recvfrom().
 * Return: As ukl_recvfrom().
 */
ssize_t ukl_recv(struct ukl_sock *sock, void *buf, size_t len, int flags);

/* The most parts that a vectored call takes. */
#define UKL_IOV_MAX	1024

/**
 * ukl_sendv() - ukl_send() from several buffers
 * @sock: a socket of any kind
 * @vec: the buffers, in their order; kernel memory, as what they point to
 * @count: how many, at most %UKL_IOV_MAX
 * @flags: as ukl_sendto()
 *
 * Context: As ukl_sendto().
 * Return: As ukl_sendto(), for their lengths in sum. -EINVAL for a larger @count.
 */
ssize_t ukl_sendv(struct ukl_sock *sock, const struct kvec *vec, size_t count, int flags);

/**
 * ukl_recvv() - ukl_recv() into several buffers
 * @sock: a socket of any kind
 * @vec: the buffers, filled in their order; kernel memory, as what they point to
 * @count: how many, at most %UKL_IOV_MAX
 * @flags: as ukl_recvfrom()
 *
 * Context: As ukl_recvfrom().
 * Return: As ukl_recvfrom(), for their lengths in sum. -EINVAL for a larger @count.
 */
ssize_t ukl_recvv(struct ukl_sock *sock, const struct kvec *vec, size_t count, int flags);

/**
 * ukl_setsockopt() - set an option of a socket
 * @sock: a socket
 * @level: SOL_SOCKET, SOL_TCP or another level
 * @name: SO_REUSEADDR, SO_REUSEPORT, SO_SNDBUF, SO_RCVBUF, SO_KEEPALIVE, TCP_KEEPIDLE, ...
 * @value: kernel memory, as the option has it
 * @len: its length in bytes
 *
 * do_sock_setsockopt(): all that setsockopt() knows, with its checks of capabilities.
 *
 * Return: 0. -ENOTSOCK, -EFAULT, -EINVAL, -ENOPROTOOPT for an option that the level does not have,
 * -EPERM, -EDOM, -EBUSY and what the option has; -EOPNOTSUPP for SOL_TLS, whose keys the kernel
 * takes from user memory only.
 */
int ukl_setsockopt(struct ukl_sock *sock, int level, int name, const void *value, int len);

/**
 * ukl_getsockopt() - read an option of a socket
 * @sock: a socket
 * @level: SOL_SOCKET
 * @name: SO_ERROR (which clears it), SO_TYPE, SO_SNDBUF, SO_RCVBUF, SO_ACCEPTCONN, ...
 * @value: kernel memory, where it goes
 * @len: its length in bytes
 *
 * sk_getsockopt(). SO_GET_FILTER has its length in bytes, as others, not in blocks.
 *
 * Return: How many bytes of @value were written; with a @len of 0, how long a filter is. -ENOTSOCK,
 * -EFAULT, -EINVAL for a @len below 0 or a filter that is longer, -ENOPROTOOPT for an option that
 * does not exist, -EOPNOTSUPP for another @level: the kernel reads those into user memory only;
 * -EBADF for SO_PEERPIDFD on a kernel thread, which has no descriptors.
 */
int ukl_getsockopt(struct ukl_sock *sock, int level, int name, void *value, int len);

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
 * the last of them closes it; no call may begin on it any more. One that a signal of the process
 * has interrupted, and that would be made again, is -EBADF. An event set that it is in drops it.
 * Works also when the thread was asked to stop.
 *
 * What waits for another socket of AF_UNIX to take more (ukl_connect() to a full backlog, a
 * datagram to a full queue) does not hear of this: it ends when there is room, with its time-out,
 * or when its thread is asked to stop.
 *
 * Return: 0. -ENOTSOCK if @sock is NULL or ERR_PTR(), -EBADF if it is no open socket of this
 * application's.
 */
int ukl_close(struct ukl_sock *sock);

#endif /* _UKL_SOCKET_H */
