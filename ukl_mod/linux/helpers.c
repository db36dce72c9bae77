// SPDX-License-Identifier: GPL-2.0
/*
 * What ukl_linux.ko runs in mode KERNEL, and what is an inline function or a macro of the
 * kernel's.
 */
#include <asm/cpufeature.h>
#include <asm/fsgsbase.h>
#include <linux/anon_inodes.h>
#include <linux/cred.h>
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/indirect_call_wrapper.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/net.h>
#include <linux/random.h>
#include <linux/sched/signal.h>
#include <linux/timekeeping.h>
#include <linux/vmalloc.h>
#include <net/sock.h>
#include <net/tcp.h>
#include <uapi/ukl.h>

#include "../../rust/support/helpers/accept.h"
#include "helpers.h"
#include "staged.h"

/* Reading and writing */

static int nonblock(const struct file *file)
{
	return file->f_flags & O_NONBLOCK ? MSG_DONTWAIT : 0;
}

/* Whether what is in the queues is what is sent and received: no TLS and no BPF on top of it. */
static bool is_tcp(const struct sock *sk)
{
	const struct proto *prot = READ_ONCE(sk->sk_prot);

	return prot->sendmsg == tcp_sendmsg && prot->recvmsg == tcp_prot.recvmsg;
}

/* The socket behind a descriptor. */
static struct socket *socket_of(struct fd f)
{
	if (fd_empty(f))
		return ERR_PTR(-EBADF);
	return sock_from_file(fd_file(f)) ?: ERR_PTR(-ENOTSOCK);
}

/* To tcp_sendmsg(), past the socket layer, if it is TCP. */
static int sock_write(struct socket *sock, struct msghdr *msg, size_t len)
{
	if (unlikely(!is_tcp(sock->sk) || msg->msg_name))
		return sock_sendmsg(sock, msg);
	if (ukl_linux_is_staged(msg, len))
		return ukl_linux_send_staged(sock->sk, msg, len);
	return tcp_sendmsg(sock->sk, msg, len);
}

static int copy_actor(read_descriptor_t *desc, struct sk_buff *skb, unsigned int offset, size_t len)
{
	len = min(len, desc->count);
	if (skb_copy_bits(skb, offset, desc->arg.data, len))
		return -EFAULT;
	desc->arg.data += len;
	desc->count -= len;
	return len;
}

/*
 * Takes what a TCP socket has, without the checks of a copy to user space. 0 if tcp_recvmsg() has
 * to be asked: to wait, also for more (SO_RCVLOWAT), for the end of the stream, for an error.
 */
static int tcp_take(struct sock *sk, void *to, size_t len)
{
	read_descriptor_t desc = { .arg.data = to, .count = len };
	int ret = 0;

	lock_sock(sk);
	if (likely(is_tcp(sk) && !skb_queue_empty(&sk->sk_receive_queue) &&
		   READ_ONCE(sk->sk_rcvlowat) <= 1))
		ret = tcp_read_sock(sk, &desc, copy_actor);
	release_sock(sk);
	return max(ret, 0);
}

/* To tcp_recvmsg(), which is not exported: the protocol knows it. */
static int sock_read(struct socket *sock, struct msghdr *msg, size_t len, int flags)
{
	struct sock *sk = sock->sk;

	if (likely(is_tcp(sk) && !(flags & MSG_ERRQUEUE)))
		return READ_ONCE(sk->sk_prot)->recvmsg(sk, msg, len, flags);
	return sock_recvmsg(sock, msg, flags);
}

/* What kernel_read() and kernel_write() would complain of in the log. */
static int refuse(struct file *file, bool write)
{
	const struct file_operations *ops = file->f_op;

	if (!(file->f_mode & (write ? FMODE_WRITE : FMODE_READ)))
		return -EBADF;
	if (S_ISDIR(file_inode(file)->i_mode))
		return -EISDIR;
	if (write ? !ops->write_iter || ops->write : !ops->read_iter || ops->read)
		return UKL_LINUX_OTHER;
	return 0;
}

static ssize_t transfer(struct file *file, const struct ukl_linux_io *io, loff_t *pos, bool write)
{
	/* A stream has no position. */
	loff_t at = pos ? *pos : 0;
	struct iov_iter iter;
	ssize_t ret;

	iov_iter_kvec(&iter, write ? ITER_SOURCE : ITER_DEST, io->vec, io->count,
		      min_t(size_t, io->len, MAX_RW_COUNT));
	ret = write ? vfs_iter_write(file, &iter, &at, 0) : vfs_iter_read(file, &iter, &at, 0);
	/* As ksys_read() and ksys_write(). */
	if (pos && ret >= 0)
		*pos = at;
	return ret;
}

/* At the file's position. */
static ssize_t file_rw(struct file *file, const struct ukl_linux_io *io, bool write)
{
	int err = refuse(file, write);
	ssize_t ret;

	if (err)
		return err;
	if (file->f_mode & FMODE_STREAM)
		return transfer(file, io, NULL, write);
	if (!(file->f_mode & FMODE_ATOMIC_POS))
		return transfer(file, io, &file->f_pos, write);
	mutex_lock(&file->f_pos_lock);
	ret = transfer(file, io, &file->f_pos, write);
	mutex_unlock(&file->f_pos_lock);
	return ret;
}

static long rw(struct ukl_linux_io *io, bool write)
{
	struct socket *sock;
	struct file *file;

	CLASS(fd, f)(io->fd);
	if (fd_empty(f))
		return -EBADF;
	file = fd_file(f);
	sock = sock_from_file(file);
	if (sock) {
		struct msghdr msg = { .msg_flags = nonblock(file) };

		/* As vfs_readv() and vfs_writev(). */
		if (!io->len)
			return 0;
		iov_iter_kvec(&msg.msg_iter, write ? ITER_SOURCE : ITER_DEST, io->vec, io->count,
			      io->len);
		return write ? sock_write(sock, &msg, io->len) :
			       sock_read(sock, &msg, io->len, msg.msg_flags);
	}
	return file_rw(file, io, write);
}

long ukl_linux_helper_read(void *io)
{
	return rw(io, false);
}

long ukl_linux_helper_write(void *io)
{
	return rw(io, true);
}

/* What is not the hot path of these two has its variables, which are zeroed, out of it. */
static noinline long file_rw_buffer(struct file *file, const struct ukl_linux_buffer *buffer,
				    bool write)
{
	struct ukl_linux_io io = {
		.vec = &buffer->vec,
		.count = 1,
		.len = buffer->vec.iov_len,
	};

	return file_rw(file, &io, write);
}

static noinline long sock_read_buffer(struct socket *sock, struct file *file,
				      const struct ukl_linux_buffer *buffer)
{
	struct msghdr msg = {};

	iov_iter_kvec(&msg.msg_iter, ITER_DEST, &buffer->vec, 1, buffer->vec.iov_len);
	return sock_read(sock, &msg, buffer->vec.iov_len, nonblock(file));
}

long ukl_linux_helper_read_buffer(void *arg)
{
	const struct ukl_linux_buffer *buffer = arg;
	struct socket *sock;

	CLASS(fd, f)(buffer->fd);
	if (fd_empty(f))
		return -EBADF;
	sock = sock_from_file(fd_file(f));
	if (unlikely(!sock))
		return file_rw_buffer(fd_file(f), buffer, false);
	/* As sock_read_iter(). */
	if (unlikely(!buffer->vec.iov_len))
		return 0;
	if (likely(is_tcp(sock->sk))) {
		int ret = tcp_take(sock->sk, buffer->vec.iov_base, buffer->vec.iov_len);

		if (likely(ret))
			return ret;
	}
	return sock_read_buffer(sock, fd_file(f), buffer);
}

/* Sends a message that has nothing but its parts. */
static __always_inline long sock_write_parts(struct socket *sock, int flags,
					     const struct kvec *vec, size_t count, size_t len)
{
	struct msghdr msg = { .msg_flags = flags };

	iov_iter_kvec(&msg.msg_iter, ITER_SOURCE, vec, count, len);
	return sock_write(sock, &msg, len);
}

long ukl_linux_helper_write_buffer(void *arg)
{
	const struct ukl_linux_buffer *buffer = arg;
	struct socket *sock;

	CLASS(fd, f)(buffer->fd);
	if (fd_empty(f))
		return -EBADF;
	sock = sock_from_file(fd_file(f));
	if (unlikely(!sock))
		return file_rw_buffer(fd_file(f), buffer, true);
	return sock_write_parts(sock, nonblock(fd_file(f)), &buffer->vec, 1, buffer->vec.iov_len);
}

static long prw(struct ukl_linux_io *io, bool write)
{
	struct file *file;
	loff_t pos = io->pos;
	int err;

	if (pos < 0)
		return -EINVAL;
	CLASS(fd, f)(io->fd);
	if (fd_empty(f))
		return -EBADF;
	file = fd_file(f);
	if (sock_from_file(file))
		return -ESPIPE;
	err = refuse(file, write);
	if (err)
		return err;
	if (!(file->f_mode & (write ? FMODE_PWRITE : FMODE_PREAD)))
		return -ESPIPE;
	return transfer(file, io, &pos, write);
}

long ukl_linux_helper_pread(void *io)
{
	return prw(io, false);
}

long ukl_linux_helper_pwrite(void *io)
{
	return prw(io, true);
}

long ukl_linux_helper_send(void *arg)
{
	struct ukl_linux_io *io = arg;
	struct socket *sock;

	CLASS(fd, f)(io->fd);
	sock = socket_of(f);
	if (IS_ERR(sock))
		return PTR_ERR(sock);

	struct msghdr msg = {
		.msg_name = io->name,
		.msg_namelen = io->namelen,
		.msg_control = io->control,
		.msg_controllen = io->controllen,
		.msg_flags = (io->flags & ~MSG_INTERNAL_SENDMSG_FLAGS) | nonblock(fd_file(f)),
	};

	iov_iter_kvec(&msg.msg_iter, ITER_SOURCE, io->vec, io->count, io->len);
	if (io->controllen)
		return sock_sendmsg(sock, &msg);
	return sock_write(sock, &msg, io->len);
}

long ukl_linux_helper_send_vector(void *arg)
{
	const struct ukl_linux_vector *vector = arg;
	struct socket *sock;
	int flags;

	CLASS(fd, f)(vector->fd);
	sock = socket_of(f);
	if (IS_ERR(sock))
		return PTR_ERR(sock);
	flags = (vector->flags & ~MSG_INTERNAL_SENDMSG_FLAGS) | nonblock(fd_file(f));
	return sock_write_parts(sock, flags, vector->vec, vector->count, vector->len);
}

long ukl_linux_helper_recv(void *arg)
{
	struct ukl_linux_io *io = arg;
	struct socket *sock;
	long ret;

	CLASS(fd, f)(io->fd);
	sock = socket_of(f);
	if (IS_ERR(sock))
		return PTR_ERR(sock);

	/*
	 * Descriptors are only ever handed to user space (scm_detach_fds()): with no room they
	 * are closed.
	 */
	struct msghdr msg = {
		.msg_name = io->name,
		.msg_control = sock->ops->family == AF_UNIX ? NULL : io->control,
		.msg_controllen = sock->ops->family == AF_UNIX ? 0 : io->controllen,
	};

	iov_iter_kvec(&msg.msg_iter, ITER_DEST, io->vec, io->count, io->len);
	ret = sock_read(sock, &msg, io->len, io->flags | nonblock(fd_file(f)));
	/* It may be run again then, with the same. */
	if (ret < 0)
		return ret;
	io->namelen = msg.msg_namelen;
	io->controllen = msg.msg_control ? (char *)msg.msg_control - (char *)io->control : 0;
	io->msg_flags = msg.msg_flags & ~MSG_CMSG_COMPAT;
	return ret;
}

/* Descriptors */

long ukl_linux_helper_accept(void *arg)
{
	struct ukl_linux_accept *accept = arg;
	struct socket *sock, *connection;
	struct file *file;
	int fd, ret;

	CLASS(fd, f)(accept->fd);
	sock = socket_of(f);
	if (IS_ERR(sock))
		return PTR_ERR(sock);
	/* First, so that no connection is lost for want of one. */
	fd = get_unused_fd_flags(accept->flags & SOCK_CLOEXEC ? O_CLOEXEC : 0);
	if (fd < 0)
		return fd;
	ret = ukl_accept_socket(sock, &connection, fd_file(f)->f_flags & O_NONBLOCK);
	if (ret)
		goto err;
	accept->namelen = connection->ops->getname(connection, accept->name, 2);
	if (accept->namelen < 0) {
		sock_release(connection);
		ret = -ECONNABORTED;
		goto err;
	}
	/* Releases the connection if it fails. */
	file = sock_alloc_file(connection, accept->flags & SOCK_NONBLOCK ? O_NONBLOCK : 0,
			       sock->sk->sk_prot_creator->name);
	if (IS_ERR(file)) {
		ret = PTR_ERR(file);
		goto err;
	}
	fd_install(fd, file);
	return fd;
err:
	put_unused_fd(fd);
	return ret;
}

static int is_device(const void *arg, struct file *file, unsigned int fd)
{
	const struct module *owner = file->f_op->owner;

	return S_ISCHR(file_inode(file)->i_mode) && owner && !strcmp(owner->name, "ukl") ? fd : 0;
}

/* That of /dev/ukl, which is none of 0 to 2; -1 if there is none. */
int ukl_linux_helper_device_fd(void)
{
	return iterate_fd(current->files, 3, is_device, NULL) ?: -1;
}

long ukl_linux_helper_close(void *fd)
{
	int err = close_fd(*(int *)fd);

	/* The descriptor is gone, whatever flushing it came to. */
	return err == -ERESTARTSYS || err == -ERESTARTNOINTR || err == -EINTR ? 0 : err;
}

/* Waiting: a handler of a signal ends it, whatever SA_RESTART says (-ERESTARTNOHAND). */

static void block_signals(u64 signals)
{
	sigset_t mask = { .sig = { signals } };

	sigdelsetmask(&mask, sigmask(SIGKILL) | sigmask(SIGSTOP) | sigmask(UKL_SIGNAL_OWN));
	sigprocmask(SIG_SETMASK, &mask, NULL);
}

static void begin_wait(const struct ukl_linux_mask *mask)
{
	if (mask->is_set)
		block_signals(mask->during);
}

/* What has interrupted it, its handler sees with the mask of the wait. */
static long end_wait(const struct ukl_linux_mask *mask, long ret)
{
	if (mask->is_set && ret != -ERESTARTNOHAND)
		block_signals(mask->before);
	return ret;
}

long ukl_linux_helper_mask(void *mask)
{
	begin_wait(mask);
	return signal_pending(current);
}

/* poll() */

static __poll_t look(struct ukl_linux_pollfd *at, poll_table *table, __poll_t always)
{
	__poll_t wanted = demangle_poll((u16)at->events) | always;

	if (at->fd < 0)
		return 0;
	CLASS(fd, f)(at->fd);
	if (fd_empty(f))
		return EPOLLNVAL;
	table->_key = wanted;
	return vfs_poll(fd_file(f), table) & wanted;
}

/* As do_poll() in fs/select.c. */
long ukl_linux_helper_poll(void *arg)
{
	struct ukl_linux_poll *poll = arg;
	__poll_t always = demangle_poll(poll->always);
	ktime_t deadline = poll->deadline, *until = poll->deadline < 0 ? NULL : &deadline;
	bool expired = poll->deadline == 0;
	struct poll_wqueues queues;
	int count = 0;

	begin_wait(&poll->mask);
	poll_initwait(&queues);
	if (expired)
		queues.pt._qproc = NULL;
	for (;;) {
		for (unsigned int i = 0; i < poll->count; i++) {
			__poll_t events = look(&poll->fds[i], &queues.pt, always);

			poll->fds[i].revents = (__force short)mangle_poll(events);
			if (events) {
				count++;
				queues.pt._qproc = NULL;
			}
			cond_resched();
		}
		/* Once is enough. */
		queues.pt._qproc = NULL;
		if (!count) {
			count = queues.error;
			if (signal_pending(current))
				count = -ERESTARTNOHAND;
		}
		if (count || expired)
			break;
		set_current_state(TASK_INTERRUPTIBLE);
		if (!READ_ONCE(queues.triggered))
			expired = !schedule_hrtimeout_range(until, current->timer_slack_ns,
							    HRTIMER_MODE_ABS);
		__set_current_state(TASK_RUNNING);
		/* Before the descriptors are looked at again: pairs with pollwake(). */
		smp_store_mb(queues.triggered, 0);
	}
	poll_freewait(&queues);
	return end_wait(&poll->mask, count);
}

/* Whether a transfer that waits for these events would not: it finds them, or what ends it. */
long ukl_linux_helper_ready(void *arg)
{
	const struct ukl_linux_pollfd *at = arg;
	__poll_t events = demangle_poll((u16)at->events) | EPOLLERR | EPOLLHUP;

	CLASS(fd, f)(at->fd);
	if (fd_empty(f) || fd_file(f)->f_flags & O_NONBLOCK)
		return true;
	return (vfs_poll(fd_file(f), NULL) & events) != 0;
}

/* Time */

long ukl_linux_helper_sleep(void *arg)
{
	struct ukl_linux_sleep *sleep = arg;
	ktime_t deadline = sleep->deadline;

	for (;;) {
		set_current_state(TASK_INTERRUPTIBLE);
		if (signal_pending(current)) {
			__set_current_state(TASK_RUNNING);
			return -ERESTARTNOHAND;
		}
		if (!schedule_hrtimeout_range_clock(&deadline, current->timer_slack_ns,
						    HRTIMER_MODE_ABS, sleep->clock))
			return 0;
	}
}

/* Until a handler has run. */
long ukl_linux_helper_pause(void *mask)
{
	begin_wait(mask);
	for (;;) {
		set_current_state(TASK_INTERRUPTIBLE);
		if (signal_pending(current))
			break;
		schedule();
	}
	__set_current_state(TASK_RUNNING);
	return -ERESTARTNOHAND;
}

int ukl_linux_helper_clock(int clock, struct timespec64 *time)
{
	switch (clock) {
	case CLOCK_REALTIME:
		ktime_get_real_ts64(time);
		return 0;
	case CLOCK_MONOTONIC:
		ktime_get_ts64(time);
		return 0;
	case CLOCK_REALTIME_COARSE:
		ktime_get_coarse_real_ts64(time);
		return 0;
	case CLOCK_MONOTONIC_COARSE:
		ktime_get_coarse_ts64(time);
		return 0;
	case CLOCK_MONOTONIC_RAW:
		ktime_get_raw_ts64(time);
		return 0;
	case CLOCK_BOOTTIME:
		ktime_get_boottime_ts64(time);
		return 0;
	default:
		return UKL_LINUX_OTHER;
	}
}

/* Event sets */

static const struct file_operations epoll_fops = {
	.owner = THIS_MODULE,
	.llseek = noop_llseek,
};

long ukl_linux_helper_epoll_create(void *arg)
{
	struct ukl_linux_epoll *epoll = arg;

	return anon_inode_getfd("[eventpoll]", &epoll_fops, NULL,
				O_RDWR | (epoll->flags & O_CLOEXEC));
}

/* The current task */

u64 ukl_linux_helper_blocked(void)
{
	return current->blocked.sig[0];
}

/* These as well. */
void ukl_linux_helper_block(u64 signals)
{
	block_signals(current->blocked.sig[0] | signals);
}

/* What its process ignores. */
u64 ukl_linux_helper_ignored(void)
{
	const struct k_sigaction *action = current->sighand->action;
	u64 ignored = 0;

	guard(spinlock_irq)(&current->sighand->siglock);
	for (int i = 0; i < _NSIG; i++)
		if (action[i].sa.sa_handler == SIG_IGN)
			ignored |= 1ULL << i;
	return ignored;
}

int ukl_linux_helper_tid(void)
{
	return task_pid_vnr(current);
}

int ukl_linux_helper_pid(void)
{
	return task_tgid_vnr(current);
}

int ukl_linux_helper_cpu(void)
{
	return raw_smp_processor_id();
}

/* No descriptor is as large. */
unsigned int ukl_linux_helper_max_fds(void)
{
	guard(rcu)();
	return files_fdtable(current->files)->max_fds;
}

void ukl_linux_helper_ids(struct ukl_linux_ids *ids)
{
	const struct cred *cred = current_cred();

	ids->uid = from_kuid_munged(current_user_ns(), cred->uid);
	ids->euid = from_kuid_munged(current_user_ns(), cred->euid);
	ids->gid = from_kgid_munged(current_user_ns(), cred->gid);
	ids->egid = from_kgid_munged(current_user_ns(), cred->egid);
}

/* The stack that it is on, up to the pages that guard it. */
void ukl_linux_helper_stack(struct ukl_linux_stack *stack)
{
	unsigned long here = current_stack_pointer & PAGE_MASK;

	for (stack->bottom = here; vmalloc_to_page((void *)stack->bottom - PAGE_SIZE);)
		stack->bottom -= PAGE_SIZE;
	for (stack->top = here + PAGE_SIZE; vmalloc_to_page((void *)stack->top);)
		stack->top += PAGE_SIZE;
}

void ukl_linux_helper_random(void *buffer, size_t len)
{
	get_random_bytes(buffer, len);
}

unsigned long ukl_linux_helper_available_pages(void)
{
	return max(si_mem_available(), 0L);
}

bool ukl_linux_helper_has_fsgsbase(void)
{
	return cpu_feature_enabled(X86_FEATURE_FSGSBASE);
}

void ukl_linux_helper_set_fs_base(unsigned long base)
{
	wrfsbase(base);
}

unsigned long ukl_linux_helper_fs_base(void)
{
	return rdfsbase();
}
