// SPDX-License-Identifier: GPL-2.0
/*
 * Inline functions, macros and per-CPU variables that Rust cannot name. Each function here does one
 * thing of the kernel's and keeps its errors; what it means is told by its safe wrapper.
 */
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/thread_info.h>
#include <linux/tcp.h>
#include <net/sock.h>
#include <net/tcp.h>

#include "helpers.h"

DEFINE_PER_CPU(struct ukl_task_local, ukl_task_local);

static void periodic_work(struct work_struct *work)
{
	struct ukl_periodic *periodic = container_of(to_delayed_work(work), struct ukl_periodic,
						     work);

	periodic->tick();
	schedule_delayed_work(&periodic->work, msecs_to_jiffies(periodic->period_ms));
}

void ukl_helper_periodic_start(struct ukl_periodic *periodic, void (*tick)(void),
			       unsigned int period_ms)
{
	INIT_DELAYED_WORK(&periodic->work, periodic_work);
	periodic->tick = tick;
	periodic->period_ms = period_ms;
	schedule_delayed_work(&periodic->work, msecs_to_jiffies(period_ms));
}

void ukl_helper_periodic_stop(struct ukl_periodic *periodic)
{
	cancel_delayed_work_sync(&periodic->work);
}

struct task_struct *ukl_helper_kthread_create(int (*fn)(void *data), void *data, const char *name)
{
	return kthread_create(fn, data, "%s", name);
}

bool ukl_helper_module_get(void)
{
	return try_module_get(THIS_MODULE);
}

void ukl_helper_module_put(void)
{
	module_put(THIS_MODULE);
}

void __noreturn ukl_helper_module_put_and_kthread_exit(void)
{
	module_put_and_kthread_exit(0);
}

/* Make @task see signal_pending() and wake it: what kthread_stop() does, without its waiting. */
void ukl_helper_task_notify(struct task_struct *task)
{
	set_tsk_thread_flag(task, TIF_NOTIFY_SIGNAL);
	wake_up_process(task);
}

void ukl_helper_preempt_disable(void)
{
	preempt_disable();
}

void ukl_helper_preempt_enable(void)
{
	preempt_enable();
}

void ukl_helper_clear_notify_signal(void)
{
	clear_notify_signal();
}

void ukl_helper_allow_signal(int signal)
{
	allow_signal(signal);
}

/* The void pointers below hide that struct sockaddr became struct sockaddr_unsized in Linux 7.0. */
int ukl_helper_bind(struct socket *sock, const void *addr, int len)
{
	return kernel_bind(sock, (void *)addr, len);
}

int ukl_helper_connect(struct socket *sock, const void *addr, int len, int flags)
{
	return kernel_connect(sock, (void *)addr, len, flags);
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

int ukl_helper_nodelay(struct socket *sock, bool on)
{
	int value = on;

	return sock_common_setsockopt(sock, SOL_TCP, TCP_NODELAY, KERNEL_SOCKPTR(&value),
				      sizeof(value));
}

int ukl_helper_tcp_send(struct socket *sock, const void *buf, size_t len, int flags)
{
	struct kvec vec = { .iov_base = (void *)buf, .iov_len = len };
	struct msghdr msg = { .msg_flags = flags };

	iov_iter_kvec(&msg.msg_iter, ITER_SOURCE, &vec, 1, len);
	return tcp_sendmsg(sock->sk, &msg, len);
}

/* tcp_recvmsg() is not exported; the socket's protocol knows it. */
int ukl_helper_recv(struct socket *sock, void *buf, size_t len, int flags)
{
	struct kvec vec = { .iov_base = buf, .iov_len = len };
	struct sock *sk = sock->sk;
	struct msghdr msg = {};

	iov_iter_kvec(&msg.msg_iter, ITER_DEST, &vec, 1, len);
	return READ_ONCE(sk->sk_prot)->recvmsg(sk, &msg, len, flags);
}
