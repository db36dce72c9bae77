// SPDX-License-Identifier: GPL-2.0
/*
 * Sockets. The void pointers hide that struct sockaddr became struct sockaddr_unsized in Linux 7.0.
 */
#include <linux/file.h>
#include <linux/filter.h>
#include <linux/net.h>
#include <linux/sched.h>
#include <linux/tcp.h>
#include <net/sock.h>

#include "accept.h"
#include "helpers.h"
#include "init_fs.h"

/* Whether the addresses of a socket are paths. */
static bool has_paths(const struct socket *sock)
{
	return sock->sk->sk_family == AF_UNIX;
}

int ukl_helper_bind(struct socket *sock, const void *addr, int len)
{
	CLASS(init_fs, fs)(has_paths(sock));

	return kernel_bind(sock, (void *)addr, len);
}

int ukl_helper_accept(struct socket *listener, struct socket **connection, int flags)
{
	return ukl_accept_socket(listener, connection, flags);
}

/*
 * The time-out of a connect is that of sending. Nobody sends on a socket that is connecting. One
 * call at a time may have a @timeout that is not 0.
 */
int ukl_helper_connect(struct socket *sock, const void *addr, int len, s64 timeout)
{
	CLASS(init_fs, fs)(has_paths(sock));
	long limit = MAX_SCHEDULE_TIMEOUT, before;
	struct sock *sk = sock->sk;
	int err;

	if (!timeout)
		return kernel_connect(sock, (void *)addr, len, O_NONBLOCK);
	if (timeout > 0)
		limit = min_t(u64, nsecs_to_jiffies64(timeout) + 1, MAX_SCHEDULE_TIMEOUT);
	before = xchg(&sk->sk_sndtimeo, limit);
	err = kernel_connect(sock, (void *)addr, len, 0);
	/* Who has set another one meanwhile keeps it. */
	cmpxchg(&sk->sk_sndtimeo, limit, before);
	/* That is how a connect says that the time-out has passed. */
	return err == -EINPROGRESS || err == -EALREADY ? -ETIMEDOUT : err;
}

int ukl_helper_name(struct socket *sock, void *addr, bool peer)
{
	return peer ? kernel_getpeername(sock, addr) : kernel_getsockname(sock, addr);
}

bool ukl_helper_is_tcp(struct socket *sock)
{
	return sock->sk && sk_is_tcp(sock->sk);
}

void ukl_helper_reuseaddr(struct socket *sock)
{
	sock_set_reuseaddr(sock->sk);
}

int ukl_helper_setsockopt(struct socket *sock, int level, int name, const void *value, int len)
{
	/* Keys in kernel memory make the kernel's own bounds check warn. */
	if (level == SOL_TLS)
		return -EOPNOTSUPP;
	return do_sock_setsockopt(sock, false, level, name, KERNEL_SOCKPTR((void *)value), len);
}

/*
 * The kernel reads options of other levels into user memory only. The length of a filter is in
 * blocks there, and in bytes here; of 0, it only says how long the filter is.
 */
int ukl_helper_getsockopt(struct socket *sock, int name, void *value, int len)
{
	const int unit = name == SO_GET_FILTER ? sizeof(struct sock_filter) : 1;
	int err;

	/* The one option that makes a descriptor: of a table that all kernel threads share. */
	if (name == SO_PEERPIDFD && current->flags & PF_KTHREAD)
		return -EBADF;
	if (len && len < unit)
		return -EINVAL;
	len /= unit;
	err = do_sock_getsockopt(sock, false, SOL_SOCKET, name, KERNEL_SOCKPTR(value),
				 KERNEL_SOCKPTR(&len));
	return err ?: len * unit;
}

int ukl_helper_sendmsg(struct socket *sock, const struct kvec *vec, size_t count, size_t len,
		       int flags, const void *addr, int addrlen)
{
	CLASS(init_fs, fs)(addr && has_paths(sock));
	struct msghdr msg = {
		.msg_name = (void *)addr,
		.msg_namelen = addrlen,
		.msg_flags = flags,
	};

	iov_iter_kvec(&msg.msg_iter, ITER_SOURCE, vec, count, len);
	return sock_sendmsg(sock, &msg);
}

int ukl_helper_recvmsg(struct socket *sock, const struct kvec *vec, size_t count, size_t len,
		       int flags, void *addr)
{
	struct msghdr msg = { .msg_name = addr };

	iov_iter_kvec(&msg.msg_iter, ITER_DEST, vec, count, len);
	return sock_recvmsg(sock, &msg, flags);
}

/* The socket behind a descriptor of the current task, with a reference on its file. */
struct socket *ukl_helper_sockfd_lookup(int fd)
{
	int err = -EBADF;
	struct socket *sock = sockfd_lookup(fd, &err);

	return sock ?: ERR_PTR(err);
}

/* A new descriptor of the current task; kernel threads have none. */
int ukl_helper_unused_fd(int flags)
{
	if (current->flags & PF_KTHREAD)
		return -EBADF;
	return get_unused_fd_flags(flags & O_CLOEXEC);
}

/* Gives a socket, and the reference that the caller has on it, to @fd; frees both on an error. */
int ukl_helper_sock_to_fd(struct socket *sock, int fd, int flags)
{
	struct file *file = sock->file;

	if (!file) {
		file = sock_alloc_file(sock, flags & O_NONBLOCK, NULL);
	} else if (flags & O_NONBLOCK) {
		spin_lock(&file->f_lock);
		file->f_flags |= O_NONBLOCK;
		spin_unlock(&file->f_lock);
	}
	if (IS_ERR(file)) {
		put_unused_fd(fd);
		return PTR_ERR(file);
	}
	fd_install(fd, file);
	return fd;
}

/* A socket has a file if a process made it or was given it; then the file's references count. */
void ukl_helper_sock_put(struct socket *sock)
{
	if (sock->file)
		ukl_helper_file_put(sock->file);
	else
		sock_release(sock);
}
