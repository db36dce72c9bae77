/* SPDX-License-Identifier: GPL-2.0 */
/* ukl/tcp.h - TCP: the shortcuts to what the kernel does inside of it; see ukl.h */
#ifndef _UKL_TCP_H
#define _UKL_TCP_H

#include <ukl/socket.h>

/**
 * ukl_tcp_listen() - a TCP socket that listens
 * @addr: an address of family AF_INET or AF_INET6; port 0 lets the kernel choose
 * @addrlen: its length in bytes
 * @backlog: how many connections may wait for ukl_accept()
 *
 * ukl_socket(), SO_REUSEADDR, ukl_bind() and ukl_listen(). An unspecified IPv6 address takes IPv4
 * connections as well, unless net.ipv6.bindv6only says otherwise.
 *
 * Return: A socket, to be given back with ukl_close(). Errors: -EINVAL for a wrong @addrlen,
 * -EFAULT, -EAFNOSUPPORT for another family, -EADDRINUSE, -EADDRNOTAVAIL, -EACCES, -ENOMEM.
 */
struct ukl_sock *ukl_tcp_listen(const struct sockaddr *addr, int addrlen, int backlog);

/**
 * ukl_tcp_connect() - a TCP socket that is connected
 * @addr: an address of family AF_INET or AF_INET6
 * @addrlen: its length in bytes
 * @timeout: for how long to wait, more than 0
 *
 * ukl_socket() and ukl_connect(). For a connection that is made without waiting, use those.
 *
 * Context: As all calls; blocks until connected, for at most @timeout.
 * Return: A socket, to be given back with ukl_close(). Errors: -EINVAL for a wrong @addrlen and a
 * @timeout of 0, -EFAULT, -EAFNOSUPPORT, -ECONNREFUSED, -ETIMEDOUT, -ENETUNREACH, -EHOSTUNREACH,
 * -ENOMEM.
 */
struct ukl_sock *ukl_tcp_connect(const struct sockaddr *addr, int addrlen, s64 timeout);

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
 * ukl_tcp_sendv() - ukl_tcp_send() from several buffers
 * @sock: a connected TCP socket
 * @vec: the buffers, in their order; kernel memory, as what they point to
 * @count: how many, at most %UKL_IOV_MAX
 * @flags: as ukl_tcp_send()
 *
 * Context: As ukl_tcp_send().
 * Return: As ukl_tcp_send(), for their lengths in sum. -EINVAL for a larger @count.
 */
ssize_t ukl_tcp_sendv(struct ukl_sock *sock, const struct kvec *vec, size_t count, int flags);

/**
 * ukl_tcp_recvv() - ukl_tcp_recv() into several buffers
 * @sock: a connected TCP socket
 * @vec: the buffers, filled in their order; kernel memory, as what they point to
 * @count: how many, at most %UKL_IOV_MAX
 * @flags: as ukl_tcp_recv()
 *
 * Context: As ukl_tcp_recv().
 * Return: As ukl_tcp_recv(), for their lengths in sum. -EINVAL for a larger @count.
 */
ssize_t ukl_tcp_recvv(struct ukl_sock *sock, const struct kvec *vec, size_t count, int flags);

/**
 * ukl_tcp_send_pages() - send from the application's pages without copying (MSG_SPLICE_PAGES)
 * @sock: a connected TCP socket
 * @buf: memory made of whole pages with a count of their own: from alloc_pages() (with __GFP_COMP
 *	if more than one) or vmalloc()
 * @len: bytes, at most INT_MAX; neither @buf nor @len need be multiples of a page
 * @flags: as ukl_tcp_send()
 *
 * The socket refers to the pages until the peer has acknowledged them. The bytes must not change
 * before that, or the peer receives the change; the memory may be freed at any time, as each page
 * stays until the last reference on it goes. Pays from a few KiB on. Where the network device takes
 * no fragments, the kernel copies.
 *
 * Context: As ukl_tcp_send().
 * Return: As ukl_tcp_send(). -EINVAL also for memory of another kind, such as that of kmalloc().
 */
ssize_t ukl_tcp_send_pages(struct ukl_sock *sock, const void *buf, size_t len, int flags);

/**
 * typedef ukl_consume_t - looks at bytes that were received, where they are
 * @arg: what the caller of the receive gave
 * @data: the next bytes of the stream, in the network's buffer: to be read, in this call only
 * @len: how many, at least 1
 *
 * A message does not have to end where @data ends: what is in front of it and behind it may come in
 * other calls, as the network cut the stream. What is not complete is copied and consumed.
 *
 * Context: The socket is locked, its incoming packets wait. The thread is in mode
 * %UKL_MODE_KERNEL, in the middle of a call, so that every other call fails with -EBUSY (but see
 * ukl_bypass() on ukl_null()); on the stack which the call has switched to, 16 KiB that the kernel
 * has used some of. Must not wait for anything that depends on this socket, nor use it in another
 * way; may allocate memory and take mutexes for a short time. A fault in here is one of the
 * kernel's, and fatal.
 * Return: How many bytes it consumed, from the front. With fewer than @len, the receive ends and
 * the rest stays in the socket. A negative errno ends it as well, with nothing of @data consumed.
 */
typedef ssize_t (*ukl_consume_t)(void *arg, const void *data, size_t len);

/**
 * ukl_tcp_recv_inplace() - receive without copying: the shortcut to tcp_read_sock()
 * @sock: a connected TCP socket
 * @consume: called for what is there, buffer by buffer, until all of it is consumed or it says so
 * @arg: handed to @consume
 * @flags: any of MSG_DONTWAIT and %UKL_NSS
 *
 * Context: As all calls; blocks until at least a byte is there, unless MSG_DONTWAIT.
 * Return: How many bytes were consumed. 0 at the end of the stream, and if @consume wanted nothing
 * of what is there; what it returned, if that was an error and nothing was consumed before. Other
 * errors: -EBADMSG if urgent data comes next, which only ukl_tcp_recv() gets past, -EOPNOTSUPP if
 * TLS or a BPF socket map is on top of the socket, -EINVAL for other @flags or if @consume is NULL
 * or claims more than there was, and those of ukl_tcp_recv() but -EMSGSIZE.
 */
ssize_t ukl_tcp_recv_inplace(struct ukl_sock *sock, ukl_consume_t consume, void *arg, int flags);

/**
 * struct ukl_reply - what ukl_tcp_exchange() answers
 * @data: kernel memory that stays as it is until the call returns; set by the caller or the
 *	consumer
 * @len: how many bytes, at most INT_MAX; set by the consumer, 0 if there is nothing to answer yet
 * @sent: set by ukl_tcp_exchange(): how many bytes the socket took, fewer than @len if there was no
 *	room for more, or a negative errno if it took none
 */
struct ukl_reply {
	const void *data;
	size_t len;
	ssize_t sent;
};

/**
 * ukl_tcp_exchange() - receive in place and answer under one lock: tcp_read_sock() and then
 *	tcp_sendmsg_locked()
 * @sock: a connected TCP socket
 * @consume: as for ukl_tcp_recv_inplace(); it finds @reply through @arg and sets it
 * @arg: handed to @consume
 * @reply: what to answer; only its length is set to 0 before @consume is called
 * @flags: as for ukl_tcp_recv_inplace()
 *
 * When @consume is done with what is there, @reply is sent before the socket is unlocked, also if
 * @consume returned an error. The send does not wait, as that would unlock the socket in the
 *	middle: what there is no room for is left to the caller, who sends it with ukl_tcp_send()
 *	or when the socket is ready for it.
 *
 * Context: As all calls; blocks until at least a byte is there, unless MSG_DONTWAIT.
 * Return: As ukl_tcp_recv_inplace(). -EFAULT also if @reply is NULL; what became of the answer is
 * in its @sent, which is 0 if none was to be sent.
 */
ssize_t ukl_tcp_exchange(struct ukl_sock *sock, ukl_consume_t consume, void *arg,
			 struct ukl_reply *reply, int flags);

/**
 * ukl_tcp_nodelay() - set TCP_NODELAY
 * @sock: a TCP socket
 * @on: whether small segments are sent at once
 *
 * Return: 0. -ENOTSOCK, -EPROTOTYPE.
 */
int ukl_tcp_nodelay(struct ukl_sock *sock, bool on);

#endif /* _UKL_TCP_H */
