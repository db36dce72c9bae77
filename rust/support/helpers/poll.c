// SPDX-License-Identifier: GPL-2.0
/* Readiness of sockets and files, and sleeping until a word says that there is some. */
#include <linux/file.h>
#include <linux/hrtimer.h>
#include <linux/net.h>
#include <linux/poll.h>
#include <linux/sched/signal.h>
#include <linux/sched/stat.h>
#include <linux/udp.h>
#include <linux/wait.h>
#include <linux/wait_bit.h>
#include <net/sock.h>
#include <net/tcp.h>

#include "helpers.h"

void ukl_helper_init_waitqueue(struct wait_queue_head *queue)
{
	init_waitqueue_head(queue);
}

unsigned long ukl_helper_lock_queue(struct wait_queue_head *queue)
{
	unsigned long flags;

	spin_lock_irqsave(&queue->lock, flags);
	return flags;
}

void ukl_helper_unlock_queue(struct wait_queue_head *queue, unsigned long flags)
{
	spin_unlock_irqrestore(&queue->lock, flags);
}

void ukl_helper_wake_one_locked(struct wait_queue_head *queue)
{
	/* The queue is locked, so that no barrier is needed. */
	if (waitqueue_active(queue))
		__wake_up_locked(queue, TASK_NORMAL, 1);
}

void ukl_helper_wake_all_locked(struct wait_queue_head *queue)
{
	__wake_up_locked(queue, TASK_NORMAL, 0);
}

/*
 * Sleeps until *word, which is written with the queue locked, is not 0. Gives back 0, -ETIME when
 * the monotonic clock has reached *deadline (NULL: never), or -ERESTARTNOHAND for a signal.
 */
int ukl_helper_wait_word(struct wait_queue_head *queue, const u32 *word, ktime_t *deadline)
{
	DEFINE_WAIT(wait);
	int err = 0;

	/*
	 * A batch task does not take the processor from who wakes it. So it lets others run first,
	 * once: what they do in the meantime takes nobody to wake it. It waits for none of them.
	 */
	if (current->policy == SCHED_BATCH && !single_task_running())
		yield();

	spin_lock_irq(&queue->lock);
	while (!READ_ONCE(*word)) {
		if (list_empty(&wait.entry))
			__add_wait_queue_entry_tail_exclusive(queue, &wait);
		set_current_state(TASK_INTERRUPTIBLE);
		if (signal_pending(current)) {
			err = -ERESTARTNOHAND;
			break;
		}
		spin_unlock_irq(&queue->lock);
		if (!deadline)
			schedule();
		else if (!schedule_hrtimeout_range(deadline, current->timer_slack_ns,
						   HRTIMER_MODE_ABS))
			err = -ETIME;
		spin_lock_irq(&queue->lock);
		if (err)
			break;
	}
	__set_current_state(TASK_RUNNING);
	list_del_init(&wait.entry);
	/* If it was woken and leaves for another reason, somebody else has to look. */
	if (err && READ_ONCE(*word) && waitqueue_active(queue))
		__wake_up_locked(queue, TASK_NORMAL, 1);
	spin_unlock_irq(&queue->lock);
	return err && READ_ONCE(*word) ? 0 : err;
}

/* Whether no other task waits for this CPU. */
bool ukl_helper_single_task_running(void)
{
	return single_task_running();
}

void ukl_helper_smp_mb(void)
{
	/* What it pairs with, the caller says. */
	smp_mb();
}

/* The wait queue that a socket's callbacks (sk_data_ready and so on) wake. */
struct wait_queue_head *ukl_helper_sock_queue(struct socket *sock)
{
	return &sock->wq.wait;
}

/*
 * For an established TCP connection, without TLS and BPF on top, that nothing but its data has
 * happened to, and of which only reading is waited for, what tcp_poll() says comes down to whether
 * there is some.
 */
static bool only_data_matters(const struct sock *sk, __poll_t wanted)
{
	const __poll_t reading = EPOLLIN | EPOLLRDNORM | EPOLLRDHUP | EPOLLHUP | EPOLLERR |
				 EPOLLET | EPOLLONESHOT;

	return !(wanted & ~reading) && READ_ONCE(sk->sk_prot)->recvmsg == tcp_prot.recvmsg &&
	       inet_sk_state_load(sk) == TCP_ESTABLISHED && !READ_ONCE(sk->sk_shutdown) &&
	       READ_ONCE(sk->sk_rcvlowat) <= 1 && !READ_ONCE(tcp_sk(sk)->urg_data) &&
	       !READ_ONCE(sk->sk_err) && skb_queue_empty_lockless(&sk->sk_error_queue);
}

/*
 * What a socket is ready for, of what is @wanted, if that takes no lock and no question to its
 * protocol; else -1.
 */
int ukl_helper_sock_peek(const struct socket *sock, __poll_t wanted)
{
	const struct sock *sk = sock->sk;

	if (unlikely(!only_data_matters(sk, wanted)))
		return -1;
	return READ_ONCE(tcp_sk(sk)->rcv_nxt) != READ_ONCE(tcp_sk(sk)->copied_seq) ?
		       (__force int)((EPOLLIN | EPOLLRDNORM) & wanted) : 0;
}

/* What a socket is ready for. */
__poll_t ukl_helper_sock_poll(struct socket *sock)
{
	struct sock *sk = sock->sk;

	/* udp_poll() wants a file, to look for datagrams with a wrong checksum. */
	if (sk_is_udp(sk)) {
		__poll_t events = datagram_poll(NULL, sock, NULL);

		if (!skb_queue_empty_lockless(&udp_sk(sk)->reader_queue))
			events |= EPOLLIN | EPOLLRDNORM;
		return events;
	}
	return READ_ONCE(sock->ops)->poll ? READ_ONCE(sock->ops)->poll(sock->file, sock, NULL) : 0;
}

bool ukl_helper_file_can_poll(struct file *file)
{
	return file_can_poll(file);
}

__poll_t ukl_helper_file_poll(struct file *file)
{
	return vfs_poll(file, NULL);
}

struct queue_finder {
	poll_table table;
	struct wait_queue_entry *entry;
	struct wait_queue_head **queue;
	int err;
};

static void found_queue(struct file *file, struct wait_queue_head *queue, poll_table *table)
{
	struct queue_finder *finder = container_of(table, struct queue_finder, table);

	if (*finder->queue) {
		finder->err = -EOPNOTSUPP;
		return;
	}
	/* Before the entry can be woken, for a wake-up with POLLFREE. */
	*finder->queue = queue;
	add_wait_queue(queue, finder->entry);
}

/* Puts @entry on the one wait queue of @file, and stores which in *queue. */
int ukl_helper_file_attach(struct file *file, struct wait_queue_entry *entry,
			   struct wait_queue_head **queue)
{
	struct queue_finder finder = { .entry = entry, .queue = queue };

	init_poll_funcptr(&finder.table, found_queue);
	vfs_poll(file, &finder.table);
	return finder.err;
}

/*
 * Takes @entry off *queue. Whoever wakes with POLLFREE has done that himself and set *queue to
 * NULL; the memory of his queue stays for a grace period of RCU.
 */
void ukl_helper_detach(struct wait_queue_head **queue, struct wait_queue_entry *entry)
{
	struct wait_queue_head *from;

	rcu_read_lock();
	/* Pairs with the release of whoever frees the queue. */
	from = smp_load_acquire(queue);
	if (from)
		remove_wait_queue(from, entry);
	rcu_read_unlock();
}

/* For the function of an entry: whether the queue goes away; then the entry is off it. */
bool ukl_helper_pollfree(void *key, struct wait_queue_head **queue, struct wait_queue_entry *entry)
{
	if (likely(!(key_to_poll(key) & POLLFREE)))
		return false;
	list_del_init(&entry->entry);
	/* Behind it the entry may go; pairs with the acquire in ukl_helper_detach(). */
	smp_store_release(queue, NULL);
	return true;
}

/* A lock of one bit that may be slept on, in the lowest bit of a word. */
void ukl_helper_lock_bit(unsigned long *word)
{
	wait_on_bit_lock(word, 0, TASK_UNINTERRUPTIBLE);
}

void ukl_helper_unlock_bit(unsigned long *word)
{
	clear_and_wake_up_bit(0, word);
}
