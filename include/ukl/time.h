/* SPDX-License-Identifier: GPL-2.0 */
/* ukl/time.h - time, sleeping, and waiting for a word of memory; see ukl.h */
#ifndef _UKL_TIME_H
#define _UKL_TIME_H

#include <linux/types.h>

/* A time-out that never comes. */
#define UKL_FOREVER	(-1)

/**
 * ukl_clock_monotonic() - time since boot that never jumps, without suspend
 *
 * ktime_get(). Not a transition.
 *
 * Context: Any but NMI.
 * Return: Nanoseconds.
 */
s64 ukl_clock_monotonic(void);

/**
 * ukl_clock_realtime() - the time of day
 *
 * ktime_get_real(). Not a transition.
 *
 * Context: Any but NMI.
 * Return: Nanoseconds since 1970-01-01 00:00 UTC.
 */
s64 ukl_clock_realtime(void);

/**
 * ukl_sleep() - wait for a time
 * @ns: nanoseconds; 0 returns at once
 *
 * schedule_hrtimeout(): not shorter than @ns, and longer by little more than the scheduler takes.
 *
 * Context: As all calls; blocks.
 * Return: 0. -EINVAL if @ns is negative, -EINTR if the thread is asked to stop.
 */
int ukl_sleep(s64 ns);

/**
 * ukl_futex_wait() - wait for a change of a word of memory
 * @word: kernel memory, 4-byte aligned
 * @expected: what it has to hold for the wait to begin
 * @timeout: for how long to wait; 0 does not wait
 *
 * What futex(FUTEX_WAIT) is for a process: the word is read after the waiter can be woken, so that
 * a thread that changes it and then calls ukl_futex_wake() wakes every waiter that had seen the
 * old value. Like there, a wait may end without a reason: look at the word again.
 *
 * Context: As all calls; blocks.
 * Return: 0 if woken. -EAGAIN if the word does not hold @expected, -ETIMEDOUT, -EINVAL if it is not
 * aligned, -EFAULT, -EINTR if the thread is asked to stop.
 */
int ukl_futex_wait(const u32 *word, u32 expected, s64 timeout);

/**
 * ukl_futex_wake() - wake threads that wait for a word of memory
 * @word: what they wait for; it is not read, so that it may be gone
 * @count: how many at most, at least 1
 *
 * Not a transition.
 *
 * Context: Any but NMI, also outside of UKL threads and in interrupts, but for hard ones of a
 * kernel with PREEMPT_RT.
 * Return: How many were woken, the longest waiting first. -EINVAL if @count is below 1.
 */
int ukl_futex_wake(const u32 *word, int count);

#endif /* _UKL_TIME_H */
