/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What Rust cannot reach by itself: inline functions, macros and per-CPU variables of the kernel.
 * bindgen reads this header, the C files beside it define what it declares, each the things that
 * the safe wrapper of its name wraps. C that differs between versions of the kernel is in this
 * folder.
 */
#ifndef _UKL_SUPPORT_HELPERS_H
#define _UKL_SUPPORT_HELPERS_H

#include <uapi/linux/eventpoll.h>
#include <linux/fs.h>
#include <linux/in.h>
#include <linux/kallsyms.h>
#include <linux/kdebug.h>
#include <linux/ktime.h>
#include <linux/net.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/socket.h>
#include <linux/thread_info.h>
#include <linux/uio.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

/* Tasks (task.c) */

/* Sets of thread_info flags. */
static const unsigned long UKL_RESUME_FLAGS = _TIF_NOTIFY_RESUME;
static const unsigned long UKL_SIGPENDING_FLAGS = _TIF_SIGPENDING;
static const unsigned long UKL_NOTIFY_FLAGS = _TIF_NOTIFY_SIGNAL;
static const unsigned long UKL_RESCHED_FLAGS = _TIF_NEED_RESCHED | _TIF_NEED_RESCHED_LAZY;
static const unsigned long UKL_RESCHED_NOW_FLAGS = _TIF_NEED_RESCHED;

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
void ukl_helper_clear_notify_resume(void);
void ukl_helper_clear_notify_signal(void);
void ukl_helper_allow_signal(int signal);
bool ukl_helper_module_get_live(struct module *module);
void ukl_helper_module_put_other(struct module *module);
int ukl_helper_guest_work(void);
pid_t ukl_helper_task_vnr(struct task_struct *task);
bool ukl_helper_may_tune(struct task_struct *task);
int ukl_helper_own_file(struct file *file);

/* Coroutines (coroutine.S) */

void ukl_helper_coroutine_resume(void *coroutine);
void ukl_helper_coroutine_suspend(void *coroutine);
void ukl_helper_coroutine_abandon(void *coroutine);
void ukl_helper_coroutine_begin(void);

/* Exceptions and interrupts (fault.c) */

static const unsigned int UKL_SYMBOL_LEN = KSYM_SYMBOL_LEN;
static const unsigned int UKL_NOTIFY_STOP = NOTIFY_STOP;

/* Code of the current task that was interrupted. */
struct ukl_fault {
	struct pt_regs *regs;
	int signal;
	unsigned long ip;
	unsigned long sp;
	unsigned long address;
};

bool ukl_helper_fault(unsigned long event, void *data, struct ukl_fault *fault);
void ukl_helper_interrupt_all(void (*f)(struct ukl_fault *fault));
void ukl_helper_divert(struct ukl_fault *fault, unsigned long ip, unsigned long sp,
		       unsigned long arg);
bool ukl_helper_module_has_code(const struct module *module, unsigned long address);
void ukl_helper_symbol(unsigned long address, char *name);

/* Signals (signal.c) */

u64 ukl_helper_set_signal_mask(u64 mask);
u64 ukl_helper_signal_mask(void);
bool ukl_helper_fatal_signal_pending(struct task_struct *task);

/* Memory shared with a process (area.c) */

int ukl_helper_area_map(void *area, size_t size, struct vm_area_struct *vma);

/* Thread-local storage (tls.c) */

unsigned long ukl_helper_swap_fs_base(unsigned long base);

/* Sockets (net.c) */

/* bindgen makes no constant of it before Linux 7.3. */
static const unsigned int UKL_IPPROTO_TCP = IPPROTO_TCP;

int ukl_helper_bind(struct socket *sock, const void *addr, int len);
int ukl_helper_accept(struct socket *listener, struct socket **connection, int flags);
int ukl_helper_connect(struct socket *sock, const void *addr, int len, s64 timeout);
int ukl_helper_name(struct socket *sock, void *addr, bool peer);
bool ukl_helper_is_tcp(struct socket *sock);
void ukl_helper_reuseaddr(struct socket *sock);
int ukl_helper_setsockopt(struct socket *sock, int level, int name, const void *value, int len);
int ukl_helper_getsockopt(struct socket *sock, int name, void *value, int len);
int ukl_helper_sendmsg(struct socket *sock, const struct kvec *vec, size_t count, size_t len,
		       int flags, const void *addr, int addrlen);
int ukl_helper_recvmsg(struct socket *sock, const struct kvec *vec, size_t count, size_t len,
		       int flags, void *addr);
struct socket *ukl_helper_sockfd_lookup(int fd);
int ukl_helper_unused_fd(int flags);
int ukl_helper_sock_to_fd(struct socket *sock, int fd, int flags);
void ukl_helper_sock_put(struct socket *sock);

/* TCP (tcp.c) */

/* Who receives in place, and may answer under the same lock. */
struct ukl_tcp_reader {
	ssize_t (*consume)(struct ukl_tcp_reader *reader, const void *data, size_t len);
	/* What to answer, and how many bytes, or ERR_PTR(). NULL if there is never an answer. */
	const void *(*reply)(struct ukl_tcp_reader *reader, size_t *len);
	/* What became of the answer. */
	ssize_t sent;
	bool called;
};

int ukl_helper_nodelay(struct socket *sock, bool on);
int ukl_helper_tcp_send(struct socket *sock, const void *buf, size_t len, int flags);
int ukl_helper_tcp_sendv(struct socket *sock, const struct kvec *vec, size_t count, size_t len,
			 int flags);
int ukl_helper_tcp_send_pages(struct socket *sock, const void *buf, size_t len, int flags);
int ukl_helper_tcp_recv(struct socket *sock, void *buf, size_t len, int flags);
int ukl_helper_tcp_recvv(struct socket *sock, const struct kvec *vec, size_t count, size_t len,
			 int flags);
ssize_t ukl_helper_tcp_read(struct socket *sock, struct ukl_tcp_reader *reader, int flags);

/* Readiness (poll.c) */

/* Sets of events, whose constants bindgen cannot read. */
static const unsigned int UKL_EPOLLET = (__force unsigned int)EPOLLET;
static const unsigned int UKL_EPOLLONESHOT = (__force unsigned int)EPOLLONESHOT;
static const unsigned int UKL_EPOLLPRI = (__force unsigned int)EPOLLPRI;
static const unsigned int UKL_EPOLL_WAITABLE =
	(__force unsigned int)(EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLPRI | EPOLLONESHOT);
static const unsigned int UKL_EPOLL_ALWAYS = (__force unsigned int)(EPOLLERR | EPOLLHUP);
/* One that nobody wakes with. */
static const unsigned int UKL_EPOLL_LOOK = 1U << 26;

void ukl_helper_init_waitqueue(struct wait_queue_head *queue);
unsigned long ukl_helper_lock_queue(struct wait_queue_head *queue);
void ukl_helper_unlock_queue(struct wait_queue_head *queue, unsigned long flags);
void ukl_helper_wake_one_locked(struct wait_queue_head *queue);
void ukl_helper_wake_all_locked(struct wait_queue_head *queue);
int ukl_helper_wait_word(struct wait_queue_head *queue, const u32 *word, ktime_t *deadline);
bool ukl_helper_single_task_running(void);
void ukl_helper_smp_mb(void);
struct wait_queue_head *ukl_helper_sock_queue(struct socket *sock);
int ukl_helper_sock_peek(const struct socket *sock, __poll_t wanted);
__poll_t ukl_helper_sock_poll(struct socket *sock);
bool ukl_helper_file_can_poll(struct file *file);
__poll_t ukl_helper_file_poll(struct file *file);
int ukl_helper_file_attach(struct file *file, struct wait_queue_entry *entry,
			   struct wait_queue_head **queue);
void ukl_helper_detach(struct wait_queue_head **queue, struct wait_queue_entry *entry);
bool ukl_helper_pollfree(void *key, struct wait_queue_head **queue, struct wait_queue_entry *entry);
void ukl_helper_lock_bit(unsigned long *word);
void ukl_helper_unlock_bit(unsigned long *word);

/* Time (time.c) */

s64 ukl_helper_ktime_get(void);
s64 ukl_helper_ktime_get_real(void);
int ukl_helper_sleep(ktime_t *deadline);
int ukl_helper_futex_wait(const u32 *word, u32 expected, ktime_t *deadline);
int ukl_helper_futex_wake(const u32 *word, int count);

/* Files (file.c) */

struct file *ukl_helper_file_open(const char *path, int flags, umode_t mode);
struct file *ukl_helper_file_from_fd(int fd);
void ukl_helper_file_put(struct file *file);
ssize_t ukl_helper_file_rw(struct file *file, void *buf, size_t len, bool write);
ssize_t ukl_helper_file_prw(struct file *file, void *buf, size_t len, loff_t pos, bool write);
loff_t ukl_helper_file_size(struct file *file);
int ukl_helper_file_flush(struct file *file);

#endif
