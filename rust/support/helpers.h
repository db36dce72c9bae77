/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What Rust cannot reach by itself: inline functions, macros and per-CPU variables of the kernel.
 * bindgen reads this header, helpers.c defines what it declares. C that differs between versions of
 * the kernel is in these two files.
 */
#ifndef _UKL_SUPPORT_HELPERS_H
#define _UKL_SUPPORT_HELPERS_H

#include <linux/in.h>
#include <linux/net.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/socket.h>
#include <linux/thread_info.h>
#include <linux/workqueue.h>

/* bindgen makes no constant of it before Linux 7.3. */
static const unsigned int UKL_IPPROTO_TCP = IPPROTO_TCP;

/* Sets of thread_info flags. */
static const unsigned long UKL_SIGPENDING_FLAGS = _TIF_SIGPENDING;
static const unsigned long UKL_NOTIFY_FLAGS = _TIF_NOTIFY_SIGNAL;
static const unsigned long UKL_RESCHED_FLAGS = _TIF_NEED_RESCHED | _TIF_NEED_RESCHED_LAZY;

/* What task_local.rs keeps up to date on each CPU: what belongs to the task that runs there. */
struct ukl_task_local {
	const void *value;
	unsigned int budget;
};

/* PREEMPT_NEED_RESCHED as seen in the low word of the preemption count: none since Linux 7.3. */
static const unsigned int PREEMPT_NEED_RESCHED_LOW = (unsigned int)PREEMPT_NEED_RESCHED;
/* The low word of the count in task context with preemption enabled and no reschedule waiting. */
static const unsigned int PREEMPT_ENABLED_LOW = (unsigned int)PREEMPT_ENABLED;

/* What periodic.rs wraps. */
struct ukl_periodic {
	struct delayed_work work;
	void (*tick)(void);
	unsigned int period_ms;
};

void ukl_helper_periodic_start(struct ukl_periodic *periodic, void (*tick)(void),
			       unsigned int period_ms);
void ukl_helper_periodic_stop(struct ukl_periodic *periodic);

struct task_struct *ukl_helper_kthread_create(int (*fn)(void *data), void *data, const char *name);
bool ukl_helper_module_get(void);
void ukl_helper_module_put(void);
void __noreturn ukl_helper_module_put_and_kthread_exit(void);
void ukl_helper_task_notify(struct task_struct *task);
void ukl_helper_preempt_disable(void);
void ukl_helper_preempt_enable(void);
void ukl_helper_clear_notify_signal(void);
void ukl_helper_allow_signal(int signal);

int ukl_helper_bind(struct socket *sock, const void *addr, int len);
int ukl_helper_connect(struct socket *sock, const void *addr, int len, int flags);
bool ukl_helper_is_tcp(struct socket *sock);
void ukl_helper_reuseaddr(struct socket *sock);
int ukl_helper_nodelay(struct socket *sock, bool on);
int ukl_helper_name(struct socket *sock, void *addr, bool peer);
int ukl_helper_tcp_send(struct socket *sock, const void *buf, size_t len, int flags);
int ukl_helper_recv(struct socket *sock, void *buf, size_t len, int flags);

#endif
