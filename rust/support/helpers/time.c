// SPDX-License-Identifier: GPL-2.0
/* Sleeping, and waiting for a word of memory. */
#include <linux/hrtimer.h>
#include <linux/sched/signal.h>
#include <linux/timekeeping.h>
#include <linux/wait_bit.h>

#include "helpers.h"

s64 ukl_helper_ktime_get(void)
{
	return ktime_get();
}

s64 ukl_helper_ktime_get_real(void)
{
	return ktime_get_real();
}

/* Until *deadline (NULL: for ever) or a signal. */
int ukl_helper_sleep(ktime_t *deadline)
{
	for (;;) {
		set_current_state(TASK_INTERRUPTIBLE);
		if (signal_pending(current)) {
			__set_current_state(TASK_RUNNING);
			return -ERESTARTSYS;
		}
		if (!schedule_hrtimeout_range(deadline, current->timer_slack_ns, HRTIMER_MODE_ABS))
			return 0;
	}
}

int ukl_helper_futex_wait(const u32 *word, u32 expected, ktime_t *deadline)
{
	struct wait_queue_head *queue = __var_waitqueue((void *)word);
	struct wait_bit_queue_entry wait;
	int err;

	init_wait_var_entry(&wait, (void *)word, WQ_FLAG_EXCLUSIVE);
	err = prepare_to_wait_event(queue, &wait.wq_entry, TASK_INTERRUPTIBLE);
	if (err)
		return err;
	if (READ_ONCE(*word) != expected)
		err = -EAGAIN;
	else if (!schedule_hrtimeout_range(deadline, current->timer_slack_ns, HRTIMER_MODE_ABS))
		err = -ETIMEDOUT;
	else if (signal_pending(current))
		err = -ERESTARTSYS;
	__set_current_state(TASK_RUNNING);
	/* One decision, under the lock that it is woken under: whoever woke it has counted it. */
	spin_lock_irq(&queue->lock);
	if (list_empty(&wait.wq_entry.entry))
		err = 0;
	else
		list_del_init(&wait.wq_entry.entry);
	spin_unlock_irq(&queue->lock);
	return err;
}

int ukl_helper_futex_wake(const u32 *word, int count)
{
	struct wait_bit_key key = __WAIT_BIT_KEY_INITIALIZER((void *)word, -1);
	struct wait_queue_head *queue = __var_waitqueue((void *)word);

	/* Behind the caller's store to the word: pairs with prepare_to_wait_event(). */
	smp_mb();
	/* The barrier is above. */
	if (!waitqueue_active(queue))
		return 0;
	return __wake_up(queue, TASK_NORMAL, count, &key);
}
